//! Rules on the PCE's traffic database, from its answer to the verdict.

use crate::support::cli::{Bench, Room, at};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use pcemon::sim::world::World;
use serde_json::{Value, json};

/// One rule for each metric. None of them fires but where a test wants it to.
const RULES: &str = r#"
[[rules]]
name = "used"
source = "database"
warning = ">= 85 %"
critical = ">= 95 %"
[[rules]]
name = "size"
source = "database"
metric = "size"
warning = "> 100 GB"
[[rules]]
name = "days"
source = "database"
metric = "days"
warning = "< 30"
critical = "< 7d"
[[rules]]
name = "days used"
source = "database"
metric = "days_used"
warning = ">= 99 %"
[[rules]]
name = "backlog"
source = "database"
metric = "backlog"
warning = "> 1 GB"
[[rules]]
name = "backlog files"
source = "database"
metric = "backlog_files"
warning = "> 1000"
"#;

fn bench(database: &Value) -> Bench {
    let mut options = Options::new(World::default(), at("10:00"));
    options.database = database.clone();
    Bench::new(options, RULES)
}

fn nearly_full() -> Value {
    json!({
        "org_id": 1, "flows_days": 24, "flows_days_limit": 90, "flows_oldest_day": "2026-10-27", "flows_size_gb": 12.0, "flows_size_gb_limit": 15.0,
        "server": { "num_flows_days": 24, "num_flows_days_limit": 90, "flows_oldest_day": "2026-10-27", "flows_size_gb": 9.6, "flows_size_gb_limit": 10.0 },
        "endpoint": { "num_flows_days": 0, "num_flows_days_limit": 90, "flows_oldest_day": null, "flows_size_gb": 0, "flows_size_gb_limit": 5.0 },
        "backlog": { "total_disk_used_gb": 2.5, "total_file_count": 1200 },
    })
}

#[test]
fn the_worst_part_counts_and_an_empty_one_does_not() {
    let bench = bench(&nearly_full());
    let checked = bench.check(at("10:00"), &[]).exits(2).json();
    for (rule, value, unit, state) in [
        ("used", 0.96, "ratio", "firing"),
        ("size", 12e9, "bytes", "ok"),
        ("days", 24.0, "days", "firing"),
        ("days used", 24.0 / 90.0, "ratio", "ok"),
        ("backlog", 2.5e9, "bytes", "firing"),
        ("backlog files", 1200.0, "files", "firing"),
    ] {
        let told = checked.rule(rule);
        assert!((checked.value(rule) - value).abs() < 1e-9 * value, "{told:#}");
        assert_eq!((told["unit"].as_str(), told["state"].as_str(), &told["window"]), (Some(unit), Some(state), &Value::Null), "{told:#}");
    }
    assert_eq!((checked.rule("used")["severity"].as_str(), checked.rule("days")["severity"].as_str()), (Some("critical"), Some("warning")));
    assert_eq!(checked.rule("used")["top"][0]["src"], "server traffic");
    assert_eq!(checked.source("database")["status"], "ok");
}

#[test]
fn what_the_pce_does_not_report_is_unknown_and_not_zero() {
    let bench = bench(&json!({ "flows_days": 40, "flows_size_gb": null, "server": {}, "backlog": null }));
    let checked = bench.check(at("10:00"), &[]).exits(3).json();
    assert_eq!((checked.rule("days")["state"].as_str(), checked.value("days")), (Some("ok"), 40.0));
    for rule in ["used", "size", "days used", "backlog", "backlog files"] {
        let told = checked.rule(rule);
        assert_eq!((told["state"].as_str(), &told["value"]), (Some("unknown"), &Value::Null), "{told:#}");
        assert!(told["error"].as_str().unwrap().contains("does not report"), "{told:#}");
    }
}

#[test]
fn an_answer_that_is_not_had_neither_fires_nor_resolves() {
    let bench = bench(&nearly_full());
    bench.check(at("10:00"), &[]).exits(2);
    for (action, status, told) in [
        (Action::error(403, "forbidden_error", "Forbidden"), "failed", "Global Viewer"),
        (Action::error(404, "not_found_error", "Not found"), "failed", "it could be read before; not offered by this PCE"),
        (Action::error(406, "input_validation_error", "No"), "failed", "it could be read before; not offered by this PCE"),
        (Action::html(200), "failed", "an HTML page came"),
        (Action::Answer { status: 200, headers: Vec::new(), body: b"{\"status\":\"normal\"}".to_vec() }, "failed", "does not describe"),
    ] {
        let checked = bench.check_with(at("10:05"), vec![Fault::new(Endpoint::Database, .., action)], &[]).exits(2).json();
        let source = checked.source("database");
        assert_eq!(source["status"], status, "{source:#}");
        assert!(source["error"].as_str().unwrap().contains(told), "{told}: {source:#}");
        assert_eq!(checked.rule("used")["instances"][0]["state"], "firing", "{:#}", checked.rule("used"));
        assert_eq!(checked.rule("size")["state"], "unknown");
    }
    bench.sim.set_database(pcemon::sim::fleet::database());
    let checked = bench.check(at("10:10"), &[]).exits(0).json();
    assert!(checked.0["rules"].as_array().unwrap().iter().all(|rule| rule["state"] == "ok"), "{:#}", checked.0["rules"]);
}

#[test]
fn a_recorded_answer_says_the_same() {
    let bench = bench(&nearly_full());
    let live = bench.check(at("10:00"), &["--dry-run", "--record", "answers"]).exits(2).json();
    let calls = bench.sim.requests().len();
    for path in ["answers", "answers/database", "answers/database/database.json.gz"] {
        let again = bench.check(at("10:00"), &["--dry-run", "--database", path]).exits(2).json();
        assert_eq!(again.judgement(), live.judgement());
    }
    assert_eq!(bench.sim.requests().len(), calls, "a recorded answer asks nobody");
    let room = Room::new();
    room.config(RULES);
    room.run(&["check", "--dry-run"]).exits(3);
    let ran = room.run(&["check", "--dry-run", "--database", "no-such-file"]).exits(3);
    assert!(ran.out.contains("no-such-file"), "{}", ran.out);
}
