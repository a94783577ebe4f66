//! `pcemon replay`: recorded runs give the alerts they gave, an export gives its totals, and the numbers are right.

use crate::support::cli::{Bench, Ran, Room, at, knock, knocks};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::{Options, SimEvent};
use serde_json::{Value, json};
use std::fmt::Write as _;

const RULES: &str = r#"
[[rules]]
name = "blocked"
source = "traffic"
match = { decision = ["blocked"] }
group_by = ["src_workload"]
window = "20m"
warning = "> 10"
critical = "> 100"
cooldown = "30m"
notify = ["log"]
[[rules]]
name = "tampering"
source = "events"
match = { type = ["agent.tampering"] }
warning = ">= 1"
notify = ["log"]
"#;

/// What was told: instant, rule, group, severity, reason, value.
type Told = Vec<(String, String, Value, String, String, Option<f64>)>;

fn told_by_runs(lines: &str) -> Told {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |line: &str| {
        let body: Value = serde_json::from_str(line).unwrap();
        let alert = body["alerts"][0].clone();
        let at = text(&body["timestamp"]);
        (at, text(&alert["rule"]), alert["group"].clone(), text(&alert["severity"]), text(&alert["reason"]), alert["value"].as_f64())
    };
    let mut told: Told = lines.lines().map(one).collect();
    told.sort_by_key(|one| format!("{one:?}"));
    told
}

fn told_in_replay(replay: &Value) -> Told {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |moment: &Value| {
        assert_eq!(moment["channels"], json!(["log"]));
        let (severity, reason) = (text(&moment["severity"]), text(&moment["reason"]));
        (text(&moment["at"]), text(&moment["rule"]), moment["group"].clone(), severity, reason, moment["value"].as_f64())
    };
    let mut told: Told = replay["timeline"].as_array().unwrap().iter().map(one).collect();
    told.sort_by_key(|one| format!("{one:?}"));
    told
}

/// Seven runs of the program against a PCE, the fourth of which cannot read traffic; each keeps what the PCE answered.
fn recorded_runs() -> (Bench, Vec<Ran>) {
    let world = knocks(&[
        knock("10:05", "web-01", 22, 50),
        knock("10:12", "web-02", 22, 200),
        knock("10:25", "web-01", 22, 5),
        knock("10:33", "web\u{202e}-\u{1b}[31m03", 22, 30),
        knock("11:05", "web-01", 22, 11),
    ]);
    let tampering = |time: &str| SimEvent {
        arrival: at(time),
        body: json!({
            "href": format!("/orgs/1/events/{time}"), "timestamp": at(time).to_string(), "event_type": "agent.tampering",
            "severity": "err", "status": "success", "created_by": { "system": {} }, "pce_fqdn": "pce", "resource_changes": [], "notifications": [],
        }),
    };
    let options = Options { events: vec![tampering("10:14"), tampering("10:39")], ..Options::new(world, at("10:00")) };
    let bench = Bench::new(options, "");
    let log = bench.room.path("log.ndjson");
    bench.config(&format!("{RULES}[[channels]]\nname = \"log\"\ntype = \"file\"\npath = \"{}\"\n", log.display()));
    std::fs::create_dir(bench.room.path("runs")).unwrap();
    let mut runs = Vec::new();
    for (number, time) in ["10:00", "10:10", "10:20", "10:30", "10:40", "10:50", "11:10"].into_iter().enumerate() {
        let folder = bench.room.path(&format!("runs/{number}"));
        let refused = Fault::new(Endpoint::Submit, .., Action::error(403, "forbidden", "not for you"));
        let faults = if number == 3 { vec![refused] } else { Vec::new() };
        runs.push(bench.check_with(at(time), faults, &["--record", folder.to_str().unwrap()]));
    }
    (bench, runs)
}

#[test]
fn recorded_runs_give_the_alerts_that_they_gave() {
    let (bench, runs) = recorded_runs();
    assert_eq!(runs[3].json().source("traffic")["status"], "failed");
    let told = told_by_runs(&std::fs::read_to_string(bench.room.path("log.ndjson")).unwrap());
    assert!(told.len() >= 6, "{told:#?}");
    let before = (bench.room.files(), bench.sim.requests().len());
    let replay = bench.room.run(&["replay", "runs", "-o", "json"]).exits(0).json().0;
    assert_eq!((bench.room.files(), bench.sim.requests().len()), before, "nothing is written, sent or asked");
    assert_eq!(replay["schema"], "pcemon.replay/1");
    assert_eq!(told_in_replay(&replay), told);
    assert_eq!(
        (&replay["runs"], &replay["from"], &replay["to"]),
        (&json!(7), &json!("2026-11-20T10:00:00Z"), &json!("2026-11-20T11:10:00Z"))
    );
    // The run that could not read traffic could not when it is replayed either; events it had.
    let blocked = &replay["rules"][0];
    assert_eq!((&blocked["runs"], &blocked["unknown"]), (&json!(7), &json!(1)));
    assert_eq!(replay["rules"][1]["unknown"], 0);
    let values: Vec<f64> = runs.iter().map(Ran::json).map(|json| json.rule("blocked").clone()).filter(exact).map(value).collect();
    assert_eq!(blocked["values"]["count"], values.len());
    assert_eq!(blocked["values"]["max"].as_f64().unwrap(), values.iter().copied().fold(0.0, f64::max));
    let firing: std::collections::BTreeSet<(String, String)> =
        told.iter().filter(|one| one.4 == "first").map(|one| (one.0.clone(), one.2.to_string())).collect();
    let fired = blocked["fired"].as_u64().unwrap() + replay["rules"][1]["fired"].as_u64().unwrap();
    assert_eq!(fired as usize, firing.len());
}

fn exact(rule: &Value) -> bool {
    rule["lower_bound"] == false && rule["error"].is_null() && rule["value"].is_number()
}

fn value(rule: Value) -> f64 {
    rule["value"].as_f64().unwrap()
}

#[test]
fn people_read_a_timeline_and_are_told_of_what_was_incomplete() {
    let (bench, _) = recorded_runs();
    let note = bench.room.path("runs/2/run.json");
    let text = std::fs::read_to_string(&note).unwrap();
    std::fs::write(&note, text.replacen("\"ok\"", "\"partial\"", 1)).unwrap();
    let out = bench.room.run(&["replay", "runs"]).exits(0).out;
    assert!(out.starts_with("7 runs from 2026-11-20 10:00 to 2026-11-20 11:10\n\n"), "{out}");
    assert!(out.contains("src_workload=web\\u{202e}-\\u{1b}[31m03") && !out.contains(['\u{202e}', '\u{1b}']), "{out}");
    assert!(out.contains("log would have got "), "{out}");
    assert!(
        out.contains("The answer of 2026-11-20T10:20:00Z was incomplete, and what is missing in it is not known in the replay either."),
        "{out}"
    );
    let folders = ["runs/0", "runs/1", "runs/2"];
    let some = bench.room.run(&[&["replay", "-o", "json"], &folders[..]].concat()).exits(0).json().0;
    assert_eq!(some["runs"], 3);
}

#[test]
fn rules_of_today_are_replayed_also_those_that_are_switched_off() {
    let (bench, _) = recorded_runs();
    let log = bench.room.path("log.ndjson").display().to_string();
    let off = RULES.replace("> 10\"", "> 1000000\"").replace("critical = \"> 100\"\n", "enabled = false\n");
    bench.config(&format!("{off}[[channels]]\nname = \"log\"\ntype = \"file\"\npath = \"{log}\"\n"));
    let replay = bench.room.run(&["replay", "runs", "-o", "json", "--rule", "blo*"]).exits(0).json().0;
    assert_eq!(replay["rules"].as_array().unwrap().len(), 1);
    assert_eq!((&replay["rules"][0]["name"], &replay["rules"][0]["fired"]), (&json!("blocked"), &json!(0)));
    assert_eq!(replay["timeline"], json!([]));
    let without = bench.room.run(&["replay", "runs", "-o", "json"]).exits(0).json().0;
    assert_eq!(without["rules"][0]["name"], "tampering");
}

/// A room with rules and nobody to tell.
fn room(rules: &str) -> Room {
    let room = Room::new();
    room.config(rules);
    room
}

const COUNTING: &str = "[[rules]]\nname = \"conns\"\nsource = \"traffic\"\nwindow = \"2h\"\nwarning = \"> 50\"\n";

fn bucket(number: u64, first: &str, last: &str, connections: u64) -> Value {
    json!({
        "src": { "ip": format!("10.0.0.{number}") }, "dst": { "ip": "10.9.9.9" }, "service": { "port": 443, "proto": 6 },
        "num_connections": connections, "dst_bi": 1000 * connections, "dst_bo": 0, "policy_decision": "allowed", "flow_direction": "outbound",
        "timestamp_range": { "first_detected": first, "last_detected": last },
    })
}

#[test]
fn an_export_ends_with_its_totals_and_says_what_was_assumed() {
    let room = room(COUNTING);
    let flows = json!([
        bucket(1, "2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z", 61),
        bucket(2, "2026-11-20T10:17:00Z", "2026-11-20T10:17:00Z", 3),
        bucket(3, "2026-11-20T10:30:00Z", "2026-11-20T11:03:00Z", 36),
    ]);
    room.write("export.json", flows.to_string());
    let replay = room.run(&["replay", "--flows", "export.json", "--step", "7m", "-o", "json"]).exits(0).json().0;
    let values = &replay["rules"][0]["values"];
    assert_eq!(values["max"], 100.0, "{replay:#}");
    assert_eq!(values["min"], 1.0, "the first detection was a connection");
    assert!(replay["notes"][0].as_str().unwrap().contains("taken to have come evenly"), "{replay:#}");
    let crossed = replay["timeline"].as_array().unwrap().len();
    assert_eq!(crossed, 0, "there is no channel, so nobody is told");
    assert_eq!(replay["rules"][0]["fired"], 1);
    let out = room.run(&["replay", "--flows", "export.json", "--step", "7m"]).exits(0).out;
    assert!(out.contains("No message would have been sent.") && out.contains("taken to have come evenly"), "{out}");
    // Half an hour in, half of the first bucket has come: 30.5, cut to 30, with the three of the second and one of the third.
    let half = [
        "replay",
        "--flows",
        "export.json",
        "--from",
        "2026-11-20T10:00:00Z",
        "--to",
        "2026-11-20T10:30:00Z",
        "--step",
        "10m",
        "-o",
        "json",
    ];
    assert_eq!(room.run(&half).exits(0).json().0["rules"][0]["values"]["max"], 34.0);
}

/// The smallest of the values that at least this share of them does not exceed.
fn naive(values: &[f64], share: f64) -> f64 {
    let enough = |limit: f64| values.iter().filter(|value| **value <= limit).count() as f64 >= share * values.len() as f64;
    values.iter().copied().filter(|limit| enough(*limit)).fold(f64::INFINITY, f64::min)
}

#[test]
fn percentiles_are_those_of_the_values() {
    let room = room("[[rules]]\nname = \"count\"\nsource = \"events\"\nwindow = \"10m\"\nwarning = \"> 1000\"\n");
    // Run number n looks at minute 10 n and sees what came in the ten minutes before it.
    let counts: Vec<u64> = (0..120u64).map(|number| (number * 7919) % 23 + u64::from(number == 77) * 40).collect();
    let start = at("00:00");
    let mut lines = String::new();
    for (number, count) in counts.iter().enumerate() {
        for event in 0..*count {
            let moment = start + jiff::SignedDuration::from_secs(600 * number as i64 - 1);
            let body = json!({ "href": format!("/orgs/1/events/{number}-{event}"), "timestamp": moment.to_string(), "event_type": "x" });
            writeln!(lines, "{body}").unwrap();
        }
    }
    room.write("events.ndjson", &lines);
    let (from, to) = (start.to_string(), (start + jiff::SignedDuration::from_secs(600 * 119)).to_string());
    let replay = room.run(&["replay", "--events", "events.ndjson", "--from", &from, "--to", &to, "-o", "json"]).exits(0).json().0;
    let values: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
    let rule = &replay["rules"][0];
    assert_eq!(rule["values"]["count"], 120, "{replay:#}");
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)] {
        assert_eq!(rule["values"][name].as_f64().unwrap(), naive(&values, share), "{name}");
    }
    assert_eq!(rule["values"]["min"], values.iter().copied().fold(f64::INFINITY, f64::min));
    let limit = rule["suggestion"]["value"].as_f64().unwrap();
    assert_eq!(rule["suggestion"]["op"], ">");
    let above = values.iter().filter(|value| **value > limit).count();
    assert_eq!(above, 1, "one run in a hundred of 120 crosses > {limit}");
}

#[test]
fn what_cannot_be_replayed_is_said() {
    let room = room(COUNTING);
    room.write("export.json", json!([bucket(1, "2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z", 60)]).to_string());
    std::fs::create_dir_all(room.path("empty")).unwrap();
    std::fs::create_dir_all(room.path("strange")).unwrap();
    room.write("strange/run.json", r#"{"schema":"pcemon.run/9","at":"2026-11-20T10:00:00Z","sources":[]}"#);
    room.write("timeless.json", "[]");
    let cases: [(&[&str], &str); 8] = [
        (&["empty"], "empty contains no recorded run; record runs with `pcemon check --record FOLDER`"),
        (&["missing"], "cannot read the folder missing"),
        (&["strange"], "strange/run.json has the schema pcemon.run/9"),
        (&["--flows", "timeless.json"], "holds no record with a time"),
        (&["--flows", "export.json", "--step", "0s"], "give a step longer than 0s"),
        (&["--flows", "export.json", "--to", "2026-11-20T09:00:00Z"], "an end after the start"),
        (&["--flows", "export.json", "--rule", "cons"], "no rule is called 'cons'; did you mean `conns`?"),
        (&["--flows", "export.json", "-o", "csv"], "[possible values: table, json]"),
    ];
    for (arguments, said) in cases {
        let ran = room.run(&[&["replay"], arguments].concat()).exits(3);
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.out, "");
    }
    let long = room.run(&["replay", "--flows", "export.json", "--from", "1990-01-01T00:00:00Z", "--step", "1s"]).exits(3);
    assert!(long.err.contains("steps are too many"), "{}", long.err);
}
