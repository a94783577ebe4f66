//! `pcemon explain`: which rule is meant, and what the latest runs found, out of the state.

use crate::support::cli::{Bench, Ran, at, knock, knocks};
use crate::support::schemas::Validator;
use pcemon::sim::options::Options;
use serde_json::{Value, json};

const RULES: &str = r#"
[traffic]
accounting = "as_reported"
[[channels]]
name = "soc"
type = "file"
path = "ROOM/soc.ndjson"
[[rules]]
name = "Blocked traffic to databases"
source = "traffic"
match = { decision = ["blocked"] }
group_by = ["src_workload"]
window = "10m"
critical = "> 5"
notify = ["soc"]
[[rules]]
name = "Blocked by mistake"
source = "traffic"
warning = "> 1000"
notify = []
"#;

fn bench() -> Bench {
    let bench = Bench::new(Options::new(knocks(&[knock("09:55", "web-01", 3306, 9), knock("10:04", "web-01", 3306, 20)]), at("09:50")), "");
    bench.config(&RULES.replace("ROOM", &bench.room.path("").display().to_string()));
    for time in ["09:50", "09:56", "10:05"] {
        bench.check(at(time), &[]);
    }
    bench
}

fn explain(bench: &Bench, arguments: &[&str]) -> Ran {
    bench.room.run(&[&["explain"], arguments].concat())
}

#[test]
fn a_part_of_a_name_is_enough_when_only_one_rule_has_it() {
    let bench = bench();
    for typed in ["databases", "DATABASES", "Blocked traffic to databases", "blocked traffic to databases"] {
        let ran = explain(&bench, &[typed, "--now", "2026-11-20T10:06:00Z"]).exits(0);
        assert!(ran.out.starts_with("Blocked traffic to databases"), "{}", ran.out);
    }
    let ran = explain(&bench, &["blocked"]).exits(3);
    assert!(ran.err.contains("Blocked traffic to databases, Blocked by mistake"), "{}", ran.err);
    let many: String = (0..60).map(|n| format!("[[rules]]\nname = \"number {n}\"\nsource = \"events\"\nwarning = \">= 1\"\n")).collect();
    bench.config(&many);
    let ran = explain(&bench, &["number"]).exits(3);
    assert!(ran.err.matches("number ").count() <= 5 && ran.err.contains("and 55 more"), "{}", ran.err);
    let ran = explain(&bench, &["nothing like it"]).exits(3);
    assert!(!ran.err.contains("number ") && ran.err.contains("pcemon rules list"), "{}", ran.err);
    let ran = bench.room.run(&["check", "--rule", "zzz", "--dry-run"]).exits(3);
    assert!(ran.err.matches("number ").count() <= 5, "{}", ran.err);
}

#[test]
fn the_last_runs_are_told_without_the_pce() {
    let bench = bench();
    let asked = bench.sim.requests().len();
    let ran = explain(&bench, &["databases", "--last"]).exits(0);
    for words in [
        "Blocked traffic to databases (line ",
        "firing critical in the run of 10:05:00",
        "10:05:00  firing critical, 29 connections, threshold > 5",
        "09:56:00  firing critical, 9 connections, threshold > 5",
        "09:50:00  ok, 0 connections",
        "src_workload=web-01: firing since 09:56:00, critical > 5, 29 connections",
        "soc was notified at ",
        "top web-01 → db-01 3306/tcp",
    ] {
        assert!(ran.out.contains(words), "{words} in\n{}", ran.out);
    }
    // The rule that was ok is not worth a word unless it is named.
    let ran = explain(&bench, &["--last"]).exits(0);
    assert!(ran.out.contains("databases") && !ran.out.contains("by mistake"), "{}", ran.out);
    let ran = explain(&bench, &["mistake", "--last"]).exits(0);
    assert!(
        ran.out.contains("ok in the run of 10:05:00") && ran.out.contains("10:05:00  ok, 29 connections, threshold > 1000"),
        "{}",
        ran.out
    );
    // A time in the recent past.
    let ran = explain(&bench, &["databases", "--last", "--at", "2026-11-20T09:53:00Z"]).exits(0);
    assert!(ran.out.contains("ok at 09:53:00"), "{}", ran.out);
    let ran = explain(&bench, &["databases", "--last", "--at", "2026-11-20T08:00:00Z"]).exits(3);
    assert!(ran.out.contains("no longer stored"), "{}", ran.out);
    let json: Value = serde_json::from_str(&explain(&bench, &["--last", "-o", "json"]).exits(0).out).unwrap();
    let schema = pcemon::schemas::find("explain_last").unwrap();
    let complaints = Validator::new(serde_json::from_str(&(schema.text)()).unwrap()).complaints(&json);
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert_eq!(json["rules"][0]["then"]["value"], json!(29.0), "{json:#}");
    assert_eq!(bench.sim.requests().len(), asked, "nobody was asked");
    // Nothing is remembered before the first run.
    bench.room.run(&["state", "reset", "--yes"]).exits(0);
    let ran = explain(&bench, &["--last"]).exits(3);
    assert!(ran.err.contains("there is no state"), "{}", ran.err);
}

#[test]
fn names_are_completed() {
    let bench = bench();
    let mut command = bench.room.command(&["--", "pcemon", "explain", "Blocked b"]);
    command.env("PCEMON_COMPLETE", "fish");
    let ran = Ran::of(&mut command);
    assert!(ran.out.contains("Blocked by mistake"), "{}{}", ran.out, ran.err);
}
