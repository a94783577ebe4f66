//! A simulated cluster that is watched over several runs, with the rules of the example, and what each run says and sends.

use crate::support::cli::{Checked, Room, at};
use jiff::Timestamp;
use pcemon::sim::proxmox::cluster::{Cluster, Guest};
use pcemon::sim::proxmox::scene;
use pcemon::sim::proxmox::server::Proxmox;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use toml::Value as Toml;

/// What watches, and what is watched.
pub struct Place {
    pub sim: Proxmox,
    pub room: Room,
    /// Alerts that earlier runs sent.
    sent: usize,
}

/// One run.
pub struct Look {
    pub code: i32,
    pub report: Checked,
    /// Rules that are not ok, each with its severity or state and the groups that are not ok.
    pub verdicts: Vec<String>,
    /// What the channel got: the alert's state, its rule and its group.
    pub sent: Vec<String>,
    /// In how many messages.
    pub messages: usize,
}

/// The cluster of the scene; the guest that no backup job has is tagged so that no rule speaks of it.
pub fn calm() -> Cluster {
    let mut cluster = scene::calm(at("12:00"));
    let tags = vec!["nobackup".to_owned()];
    cluster.guests =
        cluster.guests.into_iter().map(|guest| if guest.vmid == 109 { Guest { tags: tags.clone(), ..guest } } else { guest }).collect();
    cluster
}

/// The rules of the example that need no PCE: those on Proxmox, switched on, and the one on targets that cannot be read.
fn rules() -> String {
    let example: toml::Table = include_str!("../../../rules.example.toml").parse().unwrap();
    let mut out = toml::Table::new();
    let rules = example["rules"].as_array().unwrap().iter().filter_map(Toml::as_table);
    // Those on what a backup server tells need one.
    let of_servers = |rule: &toml::Table| rule["name"].as_str().is_some_and(|name| name.starts_with("Backup "));
    let mine = rules.filter(|rule| {
        rule["source"].as_str() == Some("proxmox") && !of_servers(rule)
            || rule.get("metric").and_then(Toml::as_str) == Some("failed_sources")
    });
    let on = mine.map(|rule| {
        let mut rule = rule.clone();
        for key in ["enabled", "runbook", "description"] {
            rule.remove(key);
        }
        Toml::Table(rule)
    });
    out.insert("rules".to_owned(), Toml::Array(on.collect()));
    toml::to_string(&out).unwrap()
}

/// What every rule says when nothing is known.
pub const BLIND: [&str; 17] = [
    "Proxmox quorum: unknown",
    "Proxmox node offline: unknown",
    "Proxmox figures stale: unknown",
    "Guest down: unknown",
    "Storage filling: unknown",
    "Storage inactive: unknown",
    "No vote to spare: unknown",
    "Memory for a failure: unknown",
    "Guest without a backup job: unknown",
    "No recent backup: unknown",
    "Proxmox HA trouble: unknown",
    "Replication failing: unknown",
    "Disk failing: unknown",
    "Disk worn out: unknown",
    "ZFS pool degraded: unknown",
    "Ceph not healthy: unknown",
    "Node certificate expires: unknown",
];

impl Place {
    /// A cluster that is asked at these endpoints, in this order.
    pub fn new(cluster: Cluster, endpoints: &[&str]) -> Place {
        let sim = Proxmox::start(cluster, at("12:00")).unwrap();
        let place = Place { sim, room: Room::new(), sent: 0 };
        place.room.write("ca.pem", place.sim.ca_pem());
        place.token("pcemon@pve!cron=0e8b3c5a-5d1f-4f6e-9a57-2b7f1c9d4e60");
        place.config(endpoints, "ca_file = \"ca.pem\"");
        place
    }

    pub fn token(&self, value: &str) {
        self.room.write("token", format!("{value}\n"));
    }

    /// Writes the config; `trust` says whose certificate is good.
    pub fn config(&self, endpoints: &[&str], trust: &str) {
        let urls = json!(endpoints.iter().map(|node| self.sim.url(node)).collect::<Vec<_>>());
        let state = self.room.state();
        let log = self.room.path("alerts.ndjson");
        self.room.config(&format!(
            "[run]\nstate = {state:?}\nsite = \"test\"\n[[targets]]\nname = \"dc1\"\ntype = \"proxmox\"\nurls = {urls}\ntoken = {{ file = \"token\" }}\n{trust}\n\
             [[channels]]\nname = \"log\"\ntype = \"file\"\npath = {log:?}\n[[routes]]\nchannels = [\"log\"]\n{}",
            rules()
        ));
    }

    /// Changes the cluster.
    #[track_caller]
    pub fn change(&self, change: impl FnOnce(&mut Cluster)) {
        self.sim.change(change).unwrap();
    }

    /// A run at this time of the day; the cluster is told the time, too.
    #[track_caller]
    pub fn look(&mut self, time: &str) -> Look {
        self.look_at(at(time))
    }

    #[track_caller]
    pub fn look_at(&mut self, now: Timestamp) -> Look {
        self.sim.set_now(now).unwrap();
        let ran = self.room.run(&["check", "-o", "json", "--now", &now.to_string()]);
        let report = ran.json();
        let text = std::fs::read_to_string(self.room.path("alerts.ndjson")).unwrap_or_default();
        let all: Vec<(String, String)> = text.lines().map(alert).collect();
        let (ids, sent): (BTreeSet<String>, Vec<String>) = all[self.sent..].iter().cloned().unzip();
        self.sent = all.len();
        let rules = report.0["rules"].as_array().unwrap();
        let verdicts = rules.iter().filter(|rule| rule["state"] != "ok").map(verdict).collect();
        Look { code: ran.code, report, verdicts, sent, messages: ids.len() }
    }

    /// Several runs in which all is well and nothing is sent.
    #[track_caller]
    pub fn is_calm(&mut self, times: &[&str]) {
        for time in times {
            self.look(time).says(0, &[], &[]);
        }
    }
}

impl Look {
    /// Demands the exit code, the rules that are not ok, and the messages.
    #[track_caller]
    pub fn says(&self, code: i32, verdicts: &[&str], sent: &[&str]) -> &Look {
        let sorted = |mut list: Vec<String>| {
            list.sort();
            list
        };
        let owned = |list: &[&str]| sorted(list.iter().map(|&one| one.to_owned()).collect());
        let (ours, messages) = (sorted(self.verdicts.clone()), sorted(self.sent.clone()));
        let (theirs, expected) = (owned(verdicts), owned(sent));
        assert_eq!((self.code, &ours, &messages), (code, &theirs, &expected), "{}", self.reasons());
        self
    }

    /// Demands that the report contains these words.
    #[track_caller]
    pub fn contains(&self, words: &[&str]) -> &Look {
        let text = self.report.0.to_string();
        for word in words {
            assert!(text.contains(word), "'{word}' is not in {}", self.reasons());
        }
        self
    }

    /// What the report says of rules that are not ok and of its sources.
    fn reasons(&self) -> String {
        let rules: Vec<&Value> = self.report.0["rules"].as_array().unwrap().iter().filter(|rule| rule["state"] != "ok").collect();
        format!("{:#} {:#}", json!(rules), self.report.0["sources"])
    }
}

/// `Guest down: critical web-01`, `Guest down: unknown`.
fn verdict(rule: &Value) -> String {
    let name = rule["name"].as_str().unwrap();
    let word = if rule["state"] == "firing" { &rule["severity"] } else { &rule["state"] };
    let firing = rule["instances"].as_array().into_iter().flatten().filter(|one| one["state"] == rule["state"]);
    let mut groups: Vec<String> = firing.map(|one| group(&one["group"])).filter(|group| !group.is_empty()).collect();
    groups.sort();
    [&format!("{name}: {}", word.as_str().unwrap()), &groups.join(" ")].map(String::as_str).join(" ").trim_end().to_owned()
}

fn group(group: &Value) -> String {
    let values = group.as_object().into_iter().flatten().map(|(_, value)| value.as_str().unwrap_or("-").to_owned());
    values.collect::<Vec<_>>().join("/")
}

/// The message's id, and `firing Guest down web-01`.
fn alert(line: &str) -> (String, String) {
    let line: Value = serde_json::from_str(line).unwrap();
    let [alert] = line["alerts"].as_array().unwrap().as_slice() else { panic!("{line:#}") };
    let what = line["type"].as_str().unwrap().trim_start_matches("alert.");
    let said = format!("{what} {} {}", alert["rule"].as_str().unwrap(), group(&alert["group"])).trim_end().to_owned();
    (line["id"].as_str().unwrap().to_owned(), said)
}
