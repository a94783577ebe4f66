//! What is shipped for running the program again and again is read by those who will read it.

use std::path::PathBuf;
use std::process::{Command, Output};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The units in a folder of their own, with the program that was built in place of the installed one.
fn units() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let service = read("packaging/systemd/pcemon.service");
    let own = format!("ExecStart={} ", env!("CARGO_BIN_EXE_pcemon"));
    assert!(service.contains("ExecStart=/usr/bin/pcemon "), "{service}");
    let service = service.replace("ExecStart=/usr/bin/pcemon ", &own).replace("Documentation=man:pcemon(1)\n", "");
    std::fs::write(folder.path().join("pcemon.service"), service).unwrap();
    let timer = read("packaging/systemd/pcemon.timer").replace("Documentation=man:pcemon(1)\n", "");
    std::fs::write(folder.path().join("pcemon.timer"), timer).unwrap();
    folder
}

/// Runs systemd-analyze, or says that it is not there; where the real programs are demanded that is a failure.
fn analyze(arguments: &[&str]) -> Option<Output> {
    match Command::new("systemd-analyze").args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) => {
            assert!(std::env::var_os("PCEMON_REQUIRE_REAL").is_none(), "systemd-analyze: {error}");
            None
        }
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn systemd_understands_the_units() {
    let folder = units();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let Some(output) = analyze(&["verify", "--man=no", &path("pcemon.service"), &path("pcemon.timer")]) else { return };
    // It also speaks of other units of the machine; nothing may be said of these.
    let said = said(&output);
    assert!(!said.contains("pcemon."), "{said}");
    // A wrong line would be seen.
    let broken = read("packaging/systemd/pcemon.service").replace("ProtectSystem=strict", "ProtectSystem=quite");
    std::fs::write(folder.path().join("pcemon.service"), broken).unwrap();
    let output = analyze(&["verify", "--man=no", &path("pcemon.service")]).unwrap();
    let said = self::said(&output);
    assert!(said.contains("ProtectSystem") || said.contains("quite"), "{said}");
}

#[test]
fn the_unit_is_walled_in() {
    let folder = units();
    let path = folder.path().join("pcemon.service").display().to_string();
    let Some(output) = analyze(&["security", "--offline=true", "--threshold=20", &path]) else { return };
    // Exposure from 0 to 100 tenths; 20 is what systemd calls OK.
    assert!(output.status.success(), "{}", said(&output));
}

/// The command lines that are shipped are command lines of this program, and the exit codes mean what the unit says.
#[test]
fn the_shipped_command_lines_are_understood() {
    let cron = read("packaging/cron.d/pcemon");
    let line = cron.lines().find(|line| line.starts_with("*/5 ")).unwrap();
    let cron: Vec<&str> = line.split_whitespace().skip(6).collect();
    let service = read("packaging/systemd/pcemon.service");
    let service = service.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let service: Vec<&str> = service.split_whitespace().collect();
    for words in [cron, service] {
        assert!(words[0].ends_with("pcemon"), "{words:?}");
        pcemon::cli::command().try_get_matches_from(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    }
    assert!(read("packaging/systemd/pcemon.service").contains("\nSuccessExitStatus=1 2\n"));
}
