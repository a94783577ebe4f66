//! What is shipped for running the program again and again is read by those who will read it.

use std::io::Write;
use std::path::{Path, PathBuf};
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
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    // What stands in a file as a list: the arguments in the manner of exec.
    let listed = |file: &str, before: &str| -> Vec<String> {
        let text = read(file);
        let list = text.lines().find_map(|line| line.trim().strip_prefix(before)).unwrap_or_else(|| panic!("{file}: no {before}"));
        serde_json::from_str(list).unwrap_or_else(|error| panic!("{file}: {list}: {error}"))
    };
    let cron = read("packaging/cron.d/pcemon");
    let cron = words(cron.lines().find(|line| line.starts_with("*/5 ")).unwrap()).split_off(6);
    // What the config names comes from a file of its own.
    let cron = cron.split(|word| word == "&&").next_back().unwrap().to_vec();
    let service = read("packaging/systemd/pcemon.service");
    let service = words(service.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap());
    let image = [listed("packaging/docker/Dockerfile", "ENTRYPOINT "), listed("packaging/docker/Dockerfile", "CMD ")].concat();
    let pod = [listed("packaging/docker/Dockerfile", "ENTRYPOINT "), listed("packaging/kubernetes/cronjob.yaml", "args: ")].concat();
    let mut lines = vec![cron, service, image, pod];
    for (file, before) in [
        ("packaging/github/pcemon.yml", "run: "),
        ("packaging/gitlab/pcemon.gitlab-ci.yml", "- "),
        ("packaging/README.md", "command[check_pce]="),
        ("packaging/README.md", "ansible.builtin.command: "),
        ("packaging/README.md", "sudo "),
        ("packaging/README.md", ""),
    ] {
        let text = read(file);
        let found = text.lines().filter_map(|line| line.trim().strip_prefix(before)).map(words);
        let found: Vec<_> = found.filter(|words| words.first().is_some_and(|word| word == "pcemon" || word.ends_with("/pcemon"))).collect();
        // Prose may begin a line with the name; a command line has an option.
        let found: Vec<_> = found.into_iter().filter(|words| words.iter().any(|word| word.starts_with("--"))).collect();
        assert!(!found.is_empty(), "{file}: no line with {before}pcemon");
        lines.extend(found);
    }
    for words in lines {
        assert!(words[0].ends_with("pcemon"), "{words:?}");
        pcemon::cli::command().try_get_matches_from(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    }
    assert!(read("packaging/systemd/pcemon.service").contains("\nSuccessExitStatus=1 2\n"));
}

/// A program of the Python environment with tests/real/requirements-packaging.txt, or nothing where there is none.
fn tool(name: &str) -> Option<Command> {
    let Some(parts) = std::env::var_os("PCEMON_REAL_PARTS") else {
        assert!(std::env::var_os("PCEMON_REQUIRE_REAL").is_none(), "PCEMON_REQUIRE_REAL, but PCEMON_REAL_PARTS is not set");
        let said = format!("\nNOT RUN: {name} needs PCEMON_REAL_PARTS, with tests/real/requirements-packaging.txt\n");
        std::io::stderr().write_all(said.as_bytes()).unwrap();
        return None;
    };
    let mut command = Command::new(Path::new(&parts).join("bin").join(name));
    command.current_dir(root());
    Some(command)
}

/// Runs a reader on the file as it is shipped, and on one with a mistake, which it must see.
fn reads(reader: &str, arguments: &[&str], file: &str, right: &str, wrong: &str) {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.yaml");
    let text = read(file);
    assert!(text.contains(right), "{file}: {right}");
    std::fs::write(&broken, text.replacen(right, wrong, 1)).unwrap();
    for (path, good) in [(root().join(file), true), (broken, false)] {
        let Some(mut command) = tool(reader) else { return };
        let output = command.args(arguments).arg(&path).output().unwrap();
        assert_eq!(output.status.success(), good, "{reader} {}: {}", path.display(), said(&output));
    }
}

#[test]
fn kubernetes_has_a_schema_for_it() {
    let file = "packaging/kubernetes/cronjob.yaml";
    reads("kubernetes-validate", &["--strict", "--no-warn"], file, "concurrencyPolicy:", "concurrencePolicy:");
}

#[test]
fn the_pipelines_keep_to_their_schemas() {
    let arguments = |schema| ["--builtin-schema", schema];
    reads("check-jsonschema", &arguments("vendor.github-workflows"), "packaging/github/pcemon.yml", "runs-on:", "run-on:");
    let file = "packaging/gitlab/pcemon.gitlab-ci.yml";
    reads("check-jsonschema", &arguments("vendor.gitlab-ci"), file, "exit_codes: [1]", "exit_codes: [one]");
}

/// The playbook, into a folder: once, once more without a change, and never a broken config over one that works.
#[test]
fn ansible_installs_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let given = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
    given("api_key", "api_1");
    given("api_secret", "s3cret");
    let secrets = "api_key = { file = \"/run/credentials/pcemon.service/api_key\" }\n\
                   api_secret = { file = \"/run/credentials/pcemon.service/api_secret\" }\n";
    let config = format!(
        "[pce]\nurl = \"https://pce.example.com:8443\"\norg_id = 1\n{secrets}[[rules]]\nname = \"PCE health\"\nsource = \"health\"\n"
    );
    given("rules.toml", &config);
    given("broken.toml", &config.replace("source", "sauce"));
    let play = |config: &str, more: &[&str]| -> Option<Output> {
        let mut command = tool("ansible-playbook")?;
        let python = Path::new(&std::env::var_os("PCEMON_REAL_PARTS").unwrap()).join("bin/python");
        command.env("HOME", folder.path()).env("ANSIBLE_HOME", path("ansible")).env("ANSIBLE_REMOTE_TMP", path("ansible/tmp"));
        command.env("ANSIBLE_NOCOLOR", "1").env("LC_ALL", "C.UTF-8");
        command.args(["-i", "localhost,", "-c", "local", "packaging/ansible/pcemon.yml"]).args(more);
        let values = serde_json::json!({
            "ansible_python_interpreter": python,
            "pcemon_binary": env!("CARGO_BIN_EXE_pcemon"),
            "pcemon_config": path(config),
            "pcemon_api_key_file": path("api_key"),
            "pcemon_api_secret_file": path("api_secret"),
            "pcemon_prefix": path("root dir"),
            "pcemon_become": false,
            "pcemon_timer": false,
        });
        Some(command.arg("-e").arg(values.to_string()).output().unwrap())
    };
    let Some(first) = play("rules.toml", &[]) else { return };
    assert!(first.status.success() && said(&first).contains("changed=5 "), "{}", said(&first));
    assert!(!said(&first).contains("s3cret"), "{}", said(&first));
    let again = play("rules.toml", &[]).unwrap();
    assert!(again.status.success() && said(&again).contains("changed=0 "), "{}", said(&again));
    let broken = play("broken.toml", &[]).unwrap();
    assert!(!broken.status.success() && said(&broken).contains("did you mean"), "{}", said(&broken));
    let etc = path("root dir").join("etc");
    assert_eq!(std::fs::read_to_string(etc.join("pcemon/rules.toml")).unwrap(), config);
    assert!(etc.join("systemd/system/pcemon.timer").exists());
    let syntax = play("rules.toml", &["--syntax-check"]).unwrap();
    assert!(syntax.status.success(), "{}", said(&syntax));
}

/// What the Dockerfile copies is there, and it is enough for Cargo and for what the sources include.
#[test]
fn the_image_gets_all_it_needs() {
    let Some(mut python) = tool("python") else { return };
    let script = "import json, sys\nfrom dockerfile_parse import DockerfileParser as P\n\
                  print(json.dumps([[s['instruction'], s['value']] for s in P(path=sys.argv[1]).structure if s['instruction'] != 'COMMENT']))";
    let output = python.args(["-c", script, "packaging/docker/Dockerfile"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let steps: Vec<(String, String)> = serde_json::from_slice(&output.stdout).unwrap();
    let of = |kind: &str| steps.iter().filter(|(step, _)| step == kind).map(|(_, value)| value.as_str()).collect::<Vec<_>>();
    let copied: Vec<&str> = of("COPY").into_iter().filter(|value| !value.starts_with("--from")).collect();
    let sources: Vec<&str> = copied.iter().flat_map(|value| value.split(' ').rev().skip(1)).collect();
    assert!(sources.contains(&"schema") && sources.contains(&"build.rs"), "{sources:?}");
    for source in &sources {
        assert!(root().join(source).exists(), "the Dockerfile copies {source}");
    }
    let manifest: toml::Value = toml::from_str(&read("Cargo.toml")).unwrap();
    let minimum = manifest["workspace"]["package"]["rust-version"].as_str().unwrap();
    let bases = of("FROM");
    assert_eq!((bases[0], *bases.last().unwrap()), (format!("rust:{minimum}-alpine AS build").as_str(), "scratch"));
    let user = *of("USER").last().unwrap();
    assert!(user.split(':').all(|part| part.parse::<u32>().is_ok_and(|number| number > 0)), "{user}");
    for kind in ["lib", "bin", "bench", "example"] {
        let targets = manifest[kind].as_array().cloned().unwrap_or_else(|| vec![manifest[kind].clone()]);
        for target in targets {
            let path = target.get("path").map_or("benches", |path| path.as_str().unwrap());
            assert!(sources.iter().any(|source| Path::new(path).starts_with(source)), "{path} is not copied");
        }
    }
    // Only what is outside of src can be missing.
    for file in files(&root().join("src")) {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        for include in text.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let path = file.parent().unwrap().join(include).canonicalize().unwrap_or_else(|error| panic!("{include}: {error}"));
            let path = path.strip_prefix(root().canonicalize().unwrap()).unwrap();
            assert!(sources.iter().any(|source| path.starts_with(source)), "{} is not copied", path.display());
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Every file of the Debian package is there, under a name that `cargo deb` will find.
#[test]
fn the_debian_package_has_its_files() {
    let manifest: toml::Value = toml::from_str(&read("Cargo.toml")).unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let mut sources: Vec<&str> = deb["assets"].as_array().unwrap().iter().map(|asset| asset[0].as_str().unwrap()).collect();
    assert!(sources.contains(&"target/release/pcemon"));
    sources.retain(|source| !source.starts_with("target/"));
    sources.push(deb["license-file"][0].as_str().unwrap());
    // The units are found by their name in this folder, so that removing the package stops the timer.
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let unit = format!("{}/{}", text(&deb["maintainer-scripts"]), text(&deb["systemd-units"]["unit-name"]));
    let units = [format!("{unit}.service"), format!("{unit}.timer")];
    sources.extend(units.iter().map(String::as_str));
    assert!(sources.len() > 10);
    for source in sources {
        let path = root().join(source);
        let pattern = globset::Glob::new(path.to_str().unwrap()).unwrap().compile_matcher();
        let found = std::fs::read_dir(path.parent().unwrap()).unwrap().any(|entry| pattern.is_match(entry.unwrap().path()));
        assert!(found, "there is no {source}");
    }
}

/// The release recipe refuses a binary that says on which machine it was built.
#[test]
fn a_path_of_the_machine_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let look = |bytes: &[u8]| {
        let file = folder.path().join("binary");
        std::fs::write(&file, bytes).unwrap();
        let mut command = Command::new(root().join("packaging/release"));
        command.arg("paths").arg(&file).env("HOME", &home).env_remove("CARGO_HOME").env_remove("RUSTUP_HOME");
        command.output().unwrap()
    };
    let clean = look(b"\x7fELF\0src/app.rs\0/rust/library/core/src/panicking.rs\0\xff");
    assert!(clean.status.success(), "{}", said(&clean));
    for path in [root().join("src/app.rs"), home.join(".cargo/registry/src/index/x-1/src/lib.rs"), home.join(".rustup/x")] {
        let found = look(format!("\x7fELF\0{}\0", path.display()).as_bytes());
        assert!(!found.status.success() && said(&found).contains("holds the path"), "{}", path.display());
    }
}
