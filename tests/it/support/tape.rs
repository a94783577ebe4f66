//! Runs of the real program over recorded answers, at any instant. No PCE, no network.

use super::cli::{Checked, Ran, Room};
use jiff::Timestamp;
use pcemon::state::looks::Memory;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Both ways to count traffic.
pub const MODES: [&str; 2] = ["delta", "as_reported"];

/// A room in which traffic is told as a PCE tells it (`delta`: totals of the day, growing) or as an
/// export that clips does (`as_reported`: what came since the previous answer).
pub struct Tape {
    pub room: Room,
    clipped: bool,
    told: RefCell<BTreeMap<Line, Told>>,
}

/// Source workload, port, decision and day.
type Line = (String, u16, String, i64);

/// What was told of one of them last.
struct Told {
    first: Timestamp,
    last: Timestamp,
    connections: u64,
}

/// Connections of a source workload to a port of the database.
pub type Talk<'t> = (&'t str, u16, &'t str, u64);

/// `2026-11-20T10:00` and the like, or a time of that day.
pub fn instant(text: &str) -> Timestamp {
    let date = if text.contains('T') { String::new() } else { "2026-11-20T".to_owned() };
    format!("{date}{text}:00Z").parse().unwrap()
}

/// Minutes after ten o'clock.
pub fn minute(count: i64) -> String {
    (instant("10:00") + jiff::SignedDuration::from_mins(count)).strftime("%Y-%m-%dT%H:%M").to_string()
}

impl Tape {
    /// `rules` is the config, but for the way traffic is counted.
    pub fn new(accounting: &str, rules: &str) -> Tape {
        let tape = Tape { room: Room::new(), clipped: accounting == "as_reported", told: RefCell::default() };
        tape.config(rules);
        tape
    }

    /// Writes the config anew.
    pub fn config(&self, rules: &str) {
        let accounting = if self.clipped { "as_reported" } else { "delta" };
        self.room.config(&format!("[run]\nstate = \"{}\"\n[traffic]\naccounting = \"{accounting}\"\n{rules}", self.room.state().display()));
    }

    /// One cycle at `now` over this answer of a source (`None`: it cannot be read).
    pub fn ran(&self, now: &str, source: &str, answer: Option<&Value>, more: &[&str]) -> Ran {
        let name = answer.map_or("missing.json", |answer| {
            self.room.write("answer.json", answer.to_string());
            "answer.json"
        });
        let (now, flag) = (instant(now).to_string(), format!("--{source}"));
        let format = if more.contains(&"-o") { &[][..] } else { &["-o", "json"] };
        self.room.run(&[&["check", "--now", &now, &flag, name], format, more].concat())
    }

    pub fn check(&self, now: &str, source: &str, answer: &Value) -> Checked {
        self.ran(now, source, Some(answer), &[]).json()
    }

    /// One cycle in which these connections came since the one before.
    pub fn traffic(&self, now: &str, came: &[Talk<'_>]) -> Checked {
        let answer = self.flows(now, came);
        self.check(now, "flows", &answer)
    }

    /// The same with an answer that is not whole.
    pub fn partial(&self, now: &str, came: &[Talk<'_>]) -> Checked {
        let answer = broken(self.flows(now, came));
        self.check(now, "flows", &answer)
    }

    /// The answer in which these connections came since the one before.
    pub fn flows(&self, now: &str, came: &[Talk<'_>]) -> Value {
        let at = instant(now);
        let mut told = self.told.borrow_mut();
        if self.clipped {
            told.clear();
        }
        for (src, port, decision, connections) in came {
            let line = ((*src).to_owned(), *port, (*decision).to_owned(), at.as_second() / 86_400);
            let told = told.entry(line).or_insert(Told { first: at, last: at, connections: 0 });
            (told.last, told.connections) = (at, told.connections + connections);
        }
        told.iter().map(|(line, told)| record(line, told)).collect()
    }

    /// What the rules remember.
    pub fn memory(&self) -> Memory {
        let config = pcemon::config::load(&self.room.path("rules.toml")).unwrap_or_else(|error| panic!("{}", error.render(false)));
        self.room.load(&config.identity()).unwrap().memory
    }
}

fn record((src, port, decision, _): &Line, told: &Told) -> Value {
    // Workloads have addresses of their own.
    let number = src.bytes().fold(7u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 60_000;
    let workload = |name: &str| json!({ "href": format!("/orgs/1/workloads/{name}"), "name": name, "hostname": name });
    json!({
        "src": { "ip": format!("10.1.{}.{}", number / 250, number % 250 + 1), "workload": workload(src) },
        "dst": { "ip": "10.0.0.2", "workload": workload("db-01") },
        "service": { "port": port, "proto": 6 }, "num_connections": told.connections,
        "policy_decision": decision, "flow_direction": "outbound",
        "timestamp_range": { "first_detected": told.first.to_string(), "last_detected": told.last.to_string() },
    })
}

/// The same answer with a record that nobody can read.
pub fn broken(mut answer: Value) -> Value {
    answer.as_array_mut().unwrap().push(Value::Null);
    answer
}

/// An event of this type by this user.
pub fn event(id: u32, time: &str, actor: &str, kind: &str, severity: &str) -> Value {
    json!({
        "href": format!("/orgs/1/events/{id}"), "timestamp": instant(time).to_string(), "pce_fqdn": "pce.example.com",
        "event_type": kind, "status": "success", "severity": severity,
        "created_by": { "user": { "href": "/users/1", "username": actor } },
        "action": null, "resource_changes": [], "notifications": [],
    })
}

/// A VEN of this version.
pub fn ven(name: &str, version: &str) -> Value {
    json!({ "href": format!("/orgs/1/vens/{name}"), "name": name, "hostname": name, "status": "active", "version": version })
}

/// Fingerprints aside: the state of a rule, and the groups that fire.
pub fn firing(report: &Checked, rule: &str) -> (String, Vec<String>) {
    let rule = report.rule(rule);
    let groups = rule["instances"].as_array().unwrap().iter().filter(|instance| instance["state"] == "firing").map(|instance| {
        let values = instance["group"].as_object().unwrap().values();
        values.map(|value| value.as_str().unwrap_or("-")).collect::<Vec<_>>().join(",")
    });
    let mut groups: Vec<String> = groups.collect();
    groups.sort();
    (rule["state"].as_str().unwrap().to_owned(), groups)
}

/// Demands which groups of a rule fire; without groups, `""` is the rule itself.
#[track_caller]
pub fn fires(report: &Checked, rule: &str, groups: &[&str]) {
    let (state, found) = firing(report, rule);
    assert_eq!(found, groups, "{:#}", report.rule(rule));
    assert_eq!(state == "firing", !groups.is_empty(), "{:#}", report.rule(rule));
}

/// Demands a rule's remark.
#[track_caller]
pub fn notes(report: &Checked, rule: &str, part: &str) {
    let note = report.rule(rule)["note"].as_str().unwrap_or("");
    assert!(note.contains(part), "{part} is not in {note:?}: {:#}", report.rule(rule));
}
