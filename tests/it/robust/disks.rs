//! A disk that fails costs a memory, never a warning.

use crate::support::cli::{Room, at};
use crate::support::receivers::{Receiver, Reply};
use crate::support::run_cli::Bench;
use crate::support::traced;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

const RULES: &str = "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\ngroup_by = [\"src_workload\"]\ncritical = \"> 5\"\nwarning = \"> 1\"\nnotify = [\"soc\"]\n\
    [[channels]]\nname = \"soc\"\ntype = \"webhook\"\nurl = { env = \"HOOK\" }\n";

fn bench(receiver: &Receiver) -> Bench {
    Bench::new(RULES).url("HOOK", &receiver.url())
}

/// What cannot be remembered is judged, said with its code, and sent: once, critical only, with the remark.
#[test]
fn a_state_that_cannot_be_replaced_costs_no_verdict_and_no_message() {
    if !traced::to_be_had() {
        return;
    }
    // The looks are put in their place first, the state after them.
    for fault in
        ["rename:error=ENOSPC", "rename:error=EBUSY:when=2+", "rename:error=EROFS:when=2+", "fsync:error=EIO", "fallocate:error=ENOSPC"]
    {
        let receiver = Receiver::http((0..9).map(|_| Reply::status(200)));
        let bench = bench(&receiver);
        bench.check(0, &[("web-01", 1)]);
        let before = bench.state();
        let ran = traced::run(&bench.cycle(1, &[("web-01", 9), ("web-02", 3)], &[]), &[fault], &[]);
        assert_eq!(ran.code, 2, "{fault}: {}\n{}", ran.out, ran.err);
        let report = ran.json();
        assert_eq!(report.0["status"], "critical", "{fault}");
        assert!(report.0["warnings"].to_string().contains("This run was not stored"), "{fault}: {}", report.0["warnings"]);
        assert_eq!(bench.state()["last_run"], before["last_run"], "{fault}: the state is as it was");
        let sent: Vec<String> = receiver.requests().iter().map(|request| request.body.clone()).collect();
        let last = sent.last().unwrap();
        assert!(last.contains("web-01") && !last.contains("web-02") && last.contains("may be sent again"), "{fault}: {last}");
        // The next run with a sound disk goes on as if this one had never been.
        let ran = bench.check(2, &[("web-01", 9)]);
        assert_eq!((ran.code, ran.deliveries()), (Some(2), vec!["soc sent".to_owned()]), "{fault}: {}", ran.said());
        assert_eq!(std::fs::read_dir(bench.state_folder()).unwrap().count(), 3, "{fault}: nothing is left over");
    }
}

/// Not even the lock can be made: the verdict and what is critical come out all the same.
#[test]
fn a_folder_that_takes_nothing_costs_no_verdict_and_no_message() {
    let receiver = Receiver::http((0..9).map(|_| Reply::status(200)));
    let bench = bench(&receiver);
    bench.record("f.json", &crate::support::run_cli::at(0), &[("web-01", 9)]);
    std::fs::write(bench.path("file"), "").unwrap();
    let blocked = bench.path("file").join("state.json");
    let now = crate::support::run_cli::at(0);
    let ran = bench.run(&["check", "-o", "json", "--now", &now, "--flows", "f.json", "--state", blocked.to_str().unwrap()]);
    assert_eq!(ran.code, Some(2), "{}", ran.said());
    assert!(ran.stdout.contains("This run was not stored"), "{}", ran.stdout);
    assert_eq!(ran.deliveries(), ["soc sent"]);
    // Calm, but without a memory: that is not known to be well.
    bench.record("f.json", &now, &[]);
    let ran = bench.run(&["check", "-o", "json", "--now", &now, "--flows", "f.json", "--state", blocked.to_str().unwrap()]);
    assert_eq!(ran.code, Some(3), "{}", ran.said());
}

/// What cannot be read now may be whole: nothing is replaced by less.
#[test]
fn a_memory_that_cannot_be_read_is_not_taken_for_lost() {
    if !traced::to_be_had() {
        return;
    }
    let receiver = Receiver::http((0..9).map(|_| Reply::status(200)));
    let bench = bench(&receiver);
    bench.check(0, &[("web-01", 1)]);
    bench.check(1, &[("web-01", 1)]);
    let files = |bench: &Bench| -> Vec<(PathBuf, Vec<u8>)> {
        let mut files: Vec<_> = std::fs::read_dir(bench.state_folder())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = files(&bench);
    let looks = bench.state_folder().join("state.json.looks-2");
    assert!(looks.exists(), "{before:?}");
    for error in ["EIO", "EACCES", "EMFILE"] {
        for path in [&looks, &bench.state_folder().join("state.json")] {
            let command = bench.cycle(2, &[("web-01", 9)], &[]);
            let ran = traced::run(&command, &[&format!("openat:error={error}")], &[path]);
            assert_eq!(ran.code, 3, "{error}: {}\n{}", ran.out, ran.err);
            assert_eq!(files(&bench), before, "{error}: nothing was changed");
        }
    }
    assert_eq!(bench.check(2, &[("web-01", 9)]).code, Some(2));
}

/// A side output that cannot be written never stops the watching.
#[test]
fn a_broken_textfile_stops_nothing() {
    let receiver = Receiver::http((0..9).map(|_| Reply::status(200)));
    let bench = bench(&receiver);
    bench.configure(&format!("[run]\ntextfile = \"{}/gone/pcemon.prom\"\n{RULES}", bench.path("").display()));
    let ran = bench.check(0, &[("web-01", 9)]);
    assert_eq!((ran.code, ran.deliveries()), (Some(2), vec!["soc sent".to_owned()]), "{}", ran.said());
    assert!(ran.stderr.contains("gone") && ran.stderr.contains("The run continues"), "{}", ran.stderr);
    let ran = bench.check(1, &[("web-01", 2)]);
    assert_eq!(ran.code, Some(1), "{}", ran.said());
    let ran = bench.check(2, &[]);
    assert_eq!(ran.code, Some(3), "what did not reach its file is known to nobody: {}", ran.said());
    let doctor = bench.run(&["doctor", "--offline"]);
    assert!(doctor.stdout.contains("gone"), "{}", doctor.said());
    let validate = bench.run(&["rules", "validate"]);
    assert!(validate.said().contains("gone"), "{}", validate.said());
}

/// A wrong organisation that never answered is a corrected mistake, not another PCE.
#[test]
fn a_state_belongs_to_the_first_pce_that_answered() {
    let room = Room::new();
    let rules = "[[rules]]\nname = \"Health\"\nsource = \"health\"\n";
    let config = |url: &str| {
        let pce =
            format!("[pce]\nurl = \"{url}\"\norg_id = 1\napi_key = {{ env = \"PCE_KEY\" }}\napi_secret = {{ env = \"PCE_SECRET\" }}\n");
        room.config(&format!("{pce}[run]\nstate = \"{}\"\ndeadline = \"5s\"\n{rules}", room.state().display()));
    };
    config("http://127.0.0.1:9");
    room.run(&["check"]).exits(3);
    assert!(room.state().exists());
    let sim = pcemon::sim::server::Sim::start(pcemon::sim::options::Options::new(crate::support::cli::knocks(&[]), at("10:00"))).unwrap();
    config(&sim.url());
    room.run(&["check", "--now", "2026-11-20T10:00:00Z"]).exits(0);
    // Now it is bound.
    config("http://127.0.0.1:9");
    let ran = room.run(&["check"]).exits(3);
    assert!(ran.err.contains("belongs to"), "{}", ran.err);
}

/// Whoever runs the command, the files stay their owner's.
#[test]
fn roots_files_belong_to_the_owner_of_the_folder() {
    use std::os::unix::fs::{MetadataExt, chown};
    let receiver = Receiver::http((0..9).map(|_| Reply::status(200)));
    let bench = bench(&receiver);
    let folder = bench.state_folder();
    if chown(&folder, Some(12_345), Some(12_346)).is_err() {
        eprintln!("NOT TESTED: only root can give files away");
        assert!(std::env::var_os("PCEMON_REQUIRE_REAL").is_none(), "these tests have to run as root here");
        return;
    }
    bench.check(0, &[("web-01", 1)]);
    bench.run(&["silence", "add", "--rule", "Nothing", "--for", "1h", "--comment", "x"]);
    bench.check(1, &[("web-01", 1)]);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let (path, found) = {
            let entry = entry.unwrap();
            (entry.path(), entry.metadata().unwrap())
        };
        assert_eq!((found.uid(), found.gid(), found.permissions().mode() & 0o777), (12_345, 12_346, 0o600), "{}", path.display());
    }
    // Silences that cannot be read silence nothing, and are told of.
    std::fs::write(folder.join("state.json.silences"), "{").unwrap();
    let ran = bench.check(2, &[("web-01", 9)]);
    assert_eq!((ran.code, ran.deliveries()), (Some(2), vec!["soc sent".to_owned()]), "{}", ran.said());
    assert!(ran.stdout.contains("nothing is silenced"), "{}", ran.stdout);
}
