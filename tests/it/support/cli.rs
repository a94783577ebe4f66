//! The built program in a room of its own: an environment with nothing in it, a folder that is gone
//! afterwards, and a simulated PCE that tells at the end whether it was only read.

use jiff::Timestamp;
use pcemon::domain::alert::PceIdentity;
use pcemon::domain::record::Decision;
use pcemon::sim::fault::Fault;
use pcemon::sim::options::Options;
use pcemon::sim::server::Sim;
use pcemon::sim::world::{Host, Point, Report, Workload, World};
use pcemon::state::{Loaded, Store};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// An instant of the day on which most tests play.
pub fn at(time: &str) -> Timestamp {
    let seconds = if time.len() == 5 { ":00" } else { "" };
    format!("2026-11-20T{time}{seconds}Z").parse().unwrap()
}

/// A folder with a config, a state and the program's whole environment.
pub struct Room {
    dir: tempfile::TempDir,
}

impl Room {
    pub fn new() -> Room {
        let room = Room { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir(room.path("tmp")).unwrap();
        room
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The state file; its folder holds nothing else.
    pub fn state(&self) -> PathBuf {
        self.path("state/state.json")
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Writes the config.
    pub fn config(&self, text: &str) {
        self.write("rules.toml", text);
    }

    /// The program with an empty environment but for a home and a place for temporary files.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pcemon"));
        command.env_clear().current_dir(self.dir.path()).args(arguments).stdin(Stdio::null());
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env(name, self.dir.path());
        }
        command.env("TMPDIR", self.path("tmp")).env("PCE_KEY", "api_1f2e3d4c5b6a79880").env("PCE_SECRET", "simulated-secret");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Every file below the folder with its text; folders with none.
    pub fn files(&self) -> BTreeMap<PathBuf, String> {
        listing(self.dir.path())
    }

    /// What the state holds, read the way a run reads it.
    pub fn load(&self, pce: &PceIdentity) -> Result<Loaded, String> {
        Store::read_only(&self.state()).load(pce).map_err(|error| error.to_string())
    }
}

/// Every file below a folder with its text; what is no text is escaped.
pub fn listing(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(listing(&path));
            found.insert(path, String::new());
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap().escape_ascii().to_string());
        }
    }
    found
}

/// How a run ended and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(command: &mut Command) -> Ran {
        Ran::from(command.output().unwrap())
    }

    pub fn from(output: std::process::Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs with these bytes on standard input.
    pub fn fed(command: &mut Command, bytes: &[u8]) -> Ran {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    }

    /// Demands an exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Standard output as the JSON report.
    #[track_caller]
    pub fn json(&self) -> Checked {
        match serde_json::from_str(&self.out) {
            Ok(value) => Checked(value),
            Err(error) => panic!("{error}: stdout:\n{}\nstderr:\n{}", self.out, self.err),
        }
    }
}

/// A report in the form of `-o json`.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked(pub Value);

impl Checked {
    #[track_caller]
    pub fn rule(&self, name: &str) -> &Value {
        let rules = self.0["rules"].as_array().unwrap();
        rules.iter().find(|rule| rule["name"] == name).unwrap_or_else(|| panic!("no rule {name} in {:#}", self.0))
    }

    #[track_caller]
    pub fn value(&self, name: &str) -> f64 {
        let rule = self.rule(name);
        rule["value"].as_f64().unwrap_or_else(|| panic!("no value in {rule:#}"))
    }

    pub fn source(&self, name: &str) -> &Value {
        let sources = self.0["sources"].as_array().unwrap();
        sources.iter().find(|source| source["source"] == name).unwrap()
    }

    /// What must be equal when the same is judged twice: everything but the run's own name and times.
    pub fn judgement(&self) -> Value {
        let mut rules = self.0["rules"].clone();
        // The key of an instance names the PCE, which is another one when the same is judged elsewhere.
        for instance in rules.as_array_mut().unwrap().iter_mut().flat_map(|rule| rule["instances"].as_array_mut().unwrap()) {
            instance.as_object_mut().unwrap().remove("key");
        }
        rules
    }
}

/// A room with a simulated PCE. When it is dropped, the PCE has only been read and nothing is left at it.
pub struct Bench {
    pub room: Room,
    pub sim: Sim,
    /// Whether a killed run may have left its query behind.
    pub may_leave_queries: bool,
}

impl Bench {
    /// `text` is the config below `[pce]`.
    pub fn new(options: Options, text: &str) -> Bench {
        let bench = Bench { room: Room::new(), sim: Sim::start(options).unwrap(), may_leave_queries: false };
        bench.config(text);
        bench
    }

    /// Writes the config anew. `text` may begin with more keys of `[pce]` and have a `[run]` of its own.
    pub fn config(&self, text: &str) {
        let state = format!("[run]\nstate = \"{}\"\n", self.room.state().display());
        let text = if text.contains("[run]\n") { text.replace("[run]\n", &state) } else { format!("{text}\n{state}") };
        self.room.config(&format!("{}{text}", pce_table(&self.sim.url())));
    }

    /// One cycle at `now`, its report as JSON.
    pub fn check(&self, now: Timestamp, more: &[&str]) -> Ran {
        Ran::of(&mut self.command(now, more))
    }

    /// The same, not yet started.
    pub fn command(&self, now: Timestamp, more: &[&str]) -> Command {
        self.sim.set_now(now);
        let now = now.to_string();
        let arguments = ["check", "-o", "json", "--now", now.as_str()];
        self.room.command(&[&arguments, more].concat())
    }

    /// The same while this goes wrong.
    pub fn check_with(&self, now: Timestamp, faults: Vec<Fault>, more: &[&str]) -> Ran {
        self.sim.set_faults(faults);
        let ran = self.check(now, more);
        self.sim.set_faults(Vec::new());
        ran
    }

    pub fn pce(&self) -> PceIdentity {
        PceIdentity { url: self.sim.url(), org_id: 1, ..PceIdentity::default() }
    }

    pub fn loaded(&self) -> Loaded {
        self.room.load(&self.pce()).unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for request in self.sim.requests() {
            let queries = "/api/v2/orgs/1/traffic_flows/async_queries";
            let allowed = match request.method.as_str() {
                "GET" => true,
                "POST" => request.path == queries,
                "DELETE" => [queries, "/api/v2/orgs/1/jobs"]
                    .iter()
                    .filter_map(|list| request.path.strip_prefix(list))
                    .any(|id| id.len() > 1 && !id[1..].contains('/')),
                _ => false,
            };
            assert!(allowed, "{} {}", request.method, request.path);
        }
        assert!(self.may_leave_queries || self.sim.queries_left() == 0, "a query is left behind");
    }
}

/// `[pce]` for a simulated PCE; the credentials come from the environment.
pub fn pce_table(url: &str) -> String {
    format!("[pce]\nurl = \"{url}\"\norg_id = 1\napi_key = {{ env = \"PCE_KEY\" }}\napi_secret = {{ env = \"PCE_SECRET\" }}\n")
}

/// Connections from a workload to the database that policy blocks at their source, known to the PCE at once.
#[derive(Debug, Clone, Copy)]
pub struct Knock<'k> {
    pub time: &'k str,
    pub src: &'k str,
    pub port: u16,
    pub connections: u64,
}

pub fn knock<'k>(time: &'k str, src: &'k str, port: u16, connections: u64) -> Knock<'k> {
    Knock { time, src, port, connections }
}

/// A managed workload of this name, also when the name is a strange one.
pub fn workload(name: &str, last_byte: u8) -> Host {
    Host {
        ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last_byte)),
        workload: Some(Workload {
            href: format!("/orgs/1/workloads/{last_byte}"),
            name: Some(name.to_owned()),
            hostname: Some(name.to_owned()),
            labels: vec![("role".to_owned(), "web".to_owned())],
            managed: true,
            enforcement_mode: "full".to_owned(),
            os_type: "linux".to_owned(),
            endpoint: false,
        }),
        ip_lists: Vec::new(),
        fqdn: String::new(),
    }
}

/// A world in which only this happens.
pub fn knocks(list: &[Knock<'_>]) -> World {
    let mut hosts = vec![workload("db-01", 1)];
    let mut points = Vec::new();
    for knock in list {
        let known = hosts.iter().position(|host| host.workload.as_ref().is_some_and(|own| own.name.as_deref() == Some(knock.src)));
        let src = known.unwrap_or_else(|| {
            hosts.push(workload(knock.src, hosts.len() as u8 + 1));
            hosts.len() - 1
        });
        let report = Report {
            arrival: at(knock.time),
            decision: Decision::Blocked,
            state: "".into(),
            process: "".into(),
            service: "".into(),
            user: "".into(),
        };
        points.push(Point {
            at: at(knock.time),
            src,
            dst: 0,
            nat_src: None,
            port: Some(knock.port),
            proto: 6,
            network: "Corporate".into(),
            transmission: "".into(),
            connections: knock.connections,
            bytes_in: 0,
            bytes_out: 0,
            by_src: Some(report),
            by_dst: None,
        });
    }
    World::new(hosts, points)
}

/// Waits, without a pause, until something holds; gives up after a minute.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::yield_now();
    }
}
