//! The share of good attempts over a window: what it is, when it is known, and what it does to an alert.

use super::{DOWN, target};
use crate::support::cli::{Checked, Room};
use crate::support::closed::ClosedPort;
use serde_json::{Value, json};

const RULE: &str = "[[rules]]\nname = \"unstable\"\nsource = \"probe\"\nmetric = \"availability\"\ngroup_by = [\"probe\"]\nwindow = \"1h\"\nwarning = \"< 95 %\"\ncritical = \"< 80 %\"\n";

/// What one run found of a probe, at a minute of a day.
struct Tape {
    room: Room,
}

fn at(minute: u64) -> String {
    format!("2026-01-{:02}T{:02}:{:02}:00Z", 5 + minute / 1440, minute / 60 % 24, minute % 60)
}

impl Tape {
    fn new() -> Tape {
        let room = Room::new();
        room.config(RULE);
        Tape { room }
    }

    fn lines(&self, minute: u64, lines: &[Value]) -> Checked {
        self.room.write("probe.ndjson", lines.iter().map(|line| format!("{line}\n")).collect::<String>());
        self.room.run(&["check", "-o", "json", "--state", "state", "--input", "probe=probe.ndjson", "--now", &at(minute)]).json()
    }

    fn run(&self, minute: u64, outcome: &str, attempts: u64, failures: u64) -> Checked {
        self.lines(minute, &[line("shop", outcome, attempts, failures)])
    }
}

fn line(probe: &str, outcome: &str, attempts: u64, failures: u64) -> Value {
    json!({"probe": probe, "type": "http", "outcome": outcome, "attempts": attempts, "failures": failures})
}

#[track_caller]
fn state(report: &Checked) -> String {
    let rule = report.rule("unstable");
    let firing = rule["instances"].as_array().unwrap().iter().find(|one| one["state"] == "firing");
    match firing {
        Some(one) => format!("{} {}", rule["state"].as_str().unwrap(), one["severity"].as_str().unwrap()),
        None => rule["state"].as_str().unwrap().to_owned(),
    }
}

#[test]
fn it_is_learned_then_judged_and_what_leaves_the_window_counts_no_more() {
    let tape = Tape::new();
    for run in 0..6 {
        let report = tape.run(5 * run, if run == 0 { "timeout" } else { "ok" }, 1, u64::from(run == 0));
        assert_eq!(state(&report), "ok", "{run}: {:#}", report.rule("unstable"));
        assert!(report.rule("unstable")["note"].to_string().contains("learning"), "{run}: {:#}", report.rule("unstable"));
    }
    // Half of the window: one of seven, one of eight, ...
    for run in 6..12u32 {
        let report = tape.run(u64::from(5 * run), "ok", 1, 0);
        let value = report.value("unstable");
        assert!((value - f64::from(run) / f64::from(run + 1)).abs() < 1e-9, "{run}: {value}");
        assert_eq!(state(&report), "firing warning", "{run}");
        assert_eq!(report.rule("unstable")["window"], "1h");
    }
    // An hour later the failure counts no more.
    let report = tape.run(60, "ok", 1, 0);
    assert_eq!((report.value("unstable"), state(&report).as_str()), (1.0, "ok"));
}

/// Ten samples are enough; a second run at the same instant adds nothing; a clock that was set back loses what is in the future.
#[test]
fn samples_count_once() {
    let tape = Tape::new();
    assert_eq!(state(&tape.run(0, "timeout", 2, 2)), "ok");
    for _ in 0..6 {
        assert_eq!(state(&tape.run(1, "timeout", 2, 2)), "ok");
    }
    assert_eq!(state(&tape.run(2, "ok", 6, 0)), "firing critical");
    assert!((tape.run(3, "ok", 10, 0).value("unstable") - 0.8).abs() < 1e-9);
    let report = tape.run(1, "ok", 12, 0);
    assert!((report.value("unstable") - 14.0 / 18.0).abs() < 0.03, "{:#}", report.rule("unstable"));
}

/// Where runs are an hour apart the second is judged: not to know is no state to remain in.
#[test]
fn runs_that_are_far_apart_are_judged_too() {
    let tape = Tape::new();
    assert_eq!(state(&tape.run(0, "timeout", 2, 2)), "ok");
    assert_eq!(state(&tape.run(90, "timeout", 2, 2)), "firing critical");
    assert_eq!(state(&tape.run(180, "ok", 2, 1)), "firing critical");
    assert_eq!(state(&tape.run(270, "ok", 1, 0)), "ok");
}

/// What we cannot know of neither begins nor ends anything, and counts for neither side.
#[test]
fn our_own_outage_is_not_the_services() {
    let tape = Tape::new();
    (0..12).for_each(|run| drop(tape.run(5 * run, "ok", 1, 0)));
    for (run, unknown) in (12..18).zip(["own_network", "no_time", "own_network", "not_permitted", "own_network", "something new"]) {
        let report = tape.run(5 * run, unknown, 1, 1);
        assert_eq!(state(&report), "unknown", "{unknown}: {:#}", report.rule("unstable"));
    }
    // That much certainly failed.
    let report = tape.run(90, "refused", 4, 4);
    assert_eq!(state(&report), "firing critical", "{:#}", report.rule("unstable"));
    // 4 of 15, whatever became of the others.
    for run in 19..23 {
        assert_eq!(state(&tape.run(5 * run, "own_network", 1, 1)), "firing critical", "{run}");
    }
    let report = tape.lines(115, &[]);
    assert_eq!(report.rule("unstable")["instances"][0]["state"], "firing", "one answer may have left it out");
}

/// Of several probes in one group the worst one speaks; what does not tell its attempts is not known.
#[test]
fn groups_and_what_is_not_told() {
    let tape = Tape::new();
    tape.room.config(&RULE.replace("group_by = [\"probe\"]\n", ""));
    let report = tape.lines(0, &[line("good", "ok", 20, 0), line("bad", "timeout", 20, 5)]);
    assert_eq!((report.value("unstable"), state(&report).as_str()), (0.75, "firing critical"));
    let silent = json!({"probe": "silent", "outcome": "ok"});
    let report = tape.lines(5, &[line("good", "ok", 20, 0), silent.clone()]);
    assert_eq!(report.rule("unstable")["instances"][0]["state"], "firing", "{:#}", report.rule("unstable"));
    let tape = Tape::new();
    let report = tape.lines(0, &[line("good", "ok", 20, 0), silent]);
    assert_eq!(state(&report), "ok", "new, and nothing tried yet: {:#}", report.rule("unstable"));
}

/// Against a model that keeps every attempt.
#[test]
fn it_is_what_a_list_of_all_attempts_says() {
    let mut seed = 7u64;
    let mut random = |most: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % most
    };
    let tape = Tape::new();
    let mut all: Vec<(u64, u64, u64)> = Vec::new();
    let mut minute = 0;
    for _ in 0..60 {
        minute += 1 + random(9);
        let attempts = 1 + random(3);
        let failures = random(attempts + 1).min(random(attempts + 1));
        all.push((minute, attempts, failures));
        let report = tape.run(minute, if failures == attempts { "timeout" } else { "ok" }, attempts, failures);
        let within: Vec<_> = all.iter().filter(|(at, ..)| at + 60 > minute).collect();
        let (tried, failed) = within.iter().fold((0, 0), |sum, (_, tried, failed)| (sum.0 + tried, sum.1 + failed));
        if tried >= 10 {
            let truth = (tried - failed) as f64 / tried as f64;
            assert!((report.value("unstable") - truth).abs() < 1e-9, "{minute}: {truth} {:#}", report.rule("unstable"));
        }
    }
    assert!(minute > 180);
}

/// Over a socket: nobody listens, and ten attempts of two runs say so.
#[test]
fn a_closed_port_is_available_at_no_time() {
    let room = Room::new();
    let closed = ClosedPort::new();
    let keys = target("t", &format!("url = \"tcp://{closed}\"")).replace("attempts = 1", "attempts = 5");
    room.config(&format!("{keys}{DOWN}{RULE}"));
    let check = |now: &str| room.run(&["check", "-o", "json", "--state", "state", "--now", now]).exits(2).json();
    assert_eq!(state(&check(&at(0))), "ok");
    let report = check(&at(5));
    assert_eq!((report.value("unstable"), state(&report).as_str()), (0.0, "firing critical"), "{:#}", report.rule("unstable"));
    let top = report.rule("unstable")["top"][0].to_string();
    assert!(top.contains("refused"), "{top}");
}
