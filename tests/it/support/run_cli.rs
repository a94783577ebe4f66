//! Sequences of runs of the real program over recorded flows, each at an instant of its own.
//!
//! Every run and every listing is searched for the planted secrets: the output, the messages and all
//! files in the folder of the state.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Name and value of every planted secret; the config takes them by `{ env = "NAME" }`.
pub const SECRETS: [(&str, &str); 6] = [
    ("PCE_API_KEY", "api_planted-key-5ECRET-1"),
    ("PCE_API_SECRET", "planted-secret-5ECRET-2"),
    ("SMTP_PASSWORD", "planted-password-5ECRET-3"),
    ("WEBHOOK_SECRET", "whsec_cGxhbnRlZC13ZWJob29rLTVFQ1JFVC00"),
    ("LINE_TOKEN", "planted-line-token-5ECRET-5"),
    ("HEADER_TOKEN", "Bearer planted-header-5ECRET-6"),
];
/// Part of every URL that is a secret as a whole.
pub const URL_TOKEN: &str = "planted-url-token-5ECRET-7";

/// What a run did.
#[derive(Debug)]
pub struct Run {
    /// Exit code; `None`: killed.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

impl Run {
    /// The result as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.stdout, self.stderr))
    }

    /// `channel status` of every delivery, in order.
    pub fn deliveries(&self) -> Vec<String> {
        let json = self.json();
        let list = json["deliveries"].as_array().unwrap().iter();
        list.map(|delivery| format!("{} {}", delivery["channel"].as_str().unwrap(), delivery["status"].as_str().unwrap())).collect()
    }

    /// Everything it said.
    pub fn said(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

/// A folder with a config, a state and recorded flows.
pub struct Bench {
    folder: tempfile::TempDir,
    /// Further variables of the program's environment, secrets as well.
    variables: Vec<(String, String)>,
}

impl Bench {
    /// A bench with this config below a `[pce]` that no run asks.
    pub fn new(config: &str) -> Bench {
        let bench = Bench { folder: tempfile::tempdir().unwrap(), variables: Vec::new() };
        std::fs::create_dir(bench.state_folder()).unwrap();
        bench.configure(config);
        bench
    }

    /// Makes a URL with a secret path known to the program as `{ env = "NAME" }`.
    #[must_use]
    pub fn url(self, name: &str, origin: &str) -> Bench {
        self.secret(name, &format!("{origin}/{URL_TOKEN}/{name}"))
    }

    /// Makes another secret known to the program as `{ env = "NAME" }`.
    #[must_use]
    pub fn secret(mut self, name: &str, value: &str) -> Bench {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces the config.
    pub fn configure(&self, config: &str) {
        let pce = "[pce]\nurl = \"https://pce.example.com:8443\"\norg_id = 1\n\
                   api_key = { env = \"PCE_API_KEY\" }\napi_secret = { env = \"PCE_API_SECRET\" }\n";
        let traffic = "[traffic]\naccounting = \"as_reported\"\n";
        std::fs::write(self.path("rules.toml"), format!("{pce}{traffic}{config}")).unwrap();
    }

    /// A file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder that holds the state and nothing else.
    pub fn state_folder(&self) -> PathBuf {
        self.path("state")
    }

    /// The state as it is on the disk.
    pub fn state(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.state_folder().join("state.json")).unwrap()).unwrap()
    }

    /// A command of the program in a scrubbed environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pcemon"));
        command.env_clear().env("HOME", self.folder.path()).envs(SECRETS).envs(self.variables.iter().cloned());
        command.current_dir(self.folder.path()).arg("-c").arg(self.path("rules.toml"));
        command.arg("--state").arg(self.state_folder().join("state.json")).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end and searches everything for secrets.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.finish(Instant::now(), self.command(arguments).spawn().unwrap())
    }

    /// Waits for a command and searches everything for secrets.
    pub fn finish(&self, begun: Instant, child: Child) -> Run {
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let run = Run { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr), took: begun.elapsed() };
        self.no_secret_in(&run);
        run
    }

    /// The command of one cycle at `minute`, with these connections of each workload.
    pub fn cycle(&self, minute: i64, flows: &[(&str, u64)], more: &[&str]) -> Command {
        let now = at(minute);
        self.record("flows.json", &now, flows);
        let flows = self.path("flows.json");
        let mut arguments = vec!["check", "-vv", "-o", "json", "--now", &now, "--flows", flows.to_str().unwrap()];
        if minute % 2 == 1 {
            arguments.extend(["--log-format", "json"]);
        }
        arguments.extend(more);
        self.command(&arguments)
    }

    /// Writes down these connections of each workload, seen at `now`.
    pub fn record(&self, name: &str, now: &str, flows: &[(&str, u64)]) {
        std::fs::write(self.path(name), recorded(now, flows)).unwrap();
    }

    /// One cycle.
    pub fn check(&self, minute: i64, flows: &[(&str, u64)]) -> Run {
        self.check_with(minute, flows, &[])
    }

    /// One cycle with further arguments.
    pub fn check_with(&self, minute: i64, flows: &[(&str, u64)], more: &[&str]) -> Run {
        self.finish(Instant::now(), self.cycle(minute, flows, more).spawn().unwrap())
    }

    /// One cycle whose source cannot be read.
    pub fn check_blind(&self, minute: i64) -> Run {
        self.run(&["check", "-vv", "-o", "json", "--now", &at(minute), "--flows", "no-such-file.json"])
    }

    fn no_secret_in(&self, run: &Run) {
        let mut places = vec![("stdout".to_owned(), run.stdout.clone()), ("stderr".to_owned(), run.stderr.clone())];
        places.extend(files_below(&self.state_folder()));
        let own = self.variables.iter().map(|(_, value)| value.as_str());
        let planted = SECRETS.iter().map(|(_, secret)| *secret).chain([URL_TOKEN]).chain(own);
        for secret in planted {
            // The part that follows a scheme or a prefix is as secret as the whole.
            let bare = secret.trim_start_matches("Bearer ").trim_start_matches("whsec_");
            for (place, text) in &places {
                assert!(!text.contains(bare), "{secret} in {place}:\n{text}");
            }
        }
    }
}

/// Every file below a folder, as text.
fn files_below(folder: &Path) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(files_below(&path));
        } else if let Ok(bytes) = std::fs::read(&path) {
            out.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    out
}

/// The instant of a minute of the test.
pub fn at(minute: i64) -> String {
    let start: jiff::Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    (start + jiff::SignedDuration::from_mins(minute)).to_string()
}

fn recorded(now: &str, flows: &[(&str, u64)]) -> String {
    let rows: Vec<Value> = flows
        .iter()
        .map(|(workload, connections)| {
            json!({
                "src": { "ip": "10.0.0.1", "workload": { "href": format!("/orgs/1/workloads/{workload}"), "name": workload, "hostname": "" } },
                "dst": { "ip": "10.0.0.2" },
                "service": { "port": 3306, "proto": 6 },
                "num_connections": connections,
                "policy_decision": "blocked",
                "flow_direction": "outbound",
                "timestamp_range": { "first_detected": now, "last_detected": now },
            })
        })
        .collect();
    Value::Array(rows).to_string()
}

/// A copy of a folder of plain files.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        // A file that is renamed away meanwhile belongs to a commit that is not done.
        if entry.path().is_file() {
            let _ = std::fs::copy(entry.path(), to.join(entry.file_name()));
        }
    }
}
