//! Recorded answers make a run offline: nobody is asked, no credential is needed, what was not given is not judged, and
//! what cannot be compared with anything is no calm.

use crate::support::cli::{Ran, Room, at, pce_table};
use serde_json::{Value, json};

const CHECK: [&str; 5] = ["check", "-o", "json", "--now", "2026-11-20T10:00:00Z"];

/// A PCE that nobody may ask: the port is closed, and the secret is nowhere.
fn pce() -> String {
    pce_table("http://127.0.0.1:9").replace("PCE_SECRET", "A_SECRET_THAT_IS_NOWHERE")
}

const RULES: &str = r#"
[[rules]]
name = "Blocked"
source = "traffic"
match = { decision = ["blocked"] }
window = "10m"
critical = "> 10"
[[rules]]
name = "Tampering"
source = "events"
match = { type = ["agent.tampering"] }
warning = ">= 1"
[[rules]]
name = "Silent VENs"
source = "vens"
match = { offline = true }
warning = ">= 1"
"#;

/// A flow with this many connections, first and last detected then.
fn flow(first: &str, last: &str, connections: u64) -> Value {
    json!({
        "src": { "ip": "10.0.0.1" }, "dst": { "ip": "10.0.0.2" }, "service": { "port": 3306, "proto": 6 },
        "num_connections": connections, "policy_decision": "blocked", "flow_direction": "inbound",
        "timestamp_range": { "first_detected": at(first).to_string(), "last_detected": at(last).to_string() },
    })
}

fn room(rules: &str) -> Room {
    let room = Room::new();
    room.config(rules);
    room
}

fn with_flows(rules: &str, flows: &[Value]) -> Room {
    let room = room(rules);
    room.write("flows.json", json!(flows).to_string());
    room
}

fn judged(room: &Room, more: &[&str]) -> Ran {
    room.run(&[&CHECK[..], more].concat())
}

#[test]
fn a_recorded_answer_is_judged_without_credentials_and_without_asking_anybody() {
    let room = with_flows(&format!("{}{RULES}", pce()), &[flow("09:55", "09:58", 50)]);
    let ran = judged(&room, &["--flows", "flows.json"]).exits(2);
    let report = ran.json();
    assert_eq!((report.value("Blocked"), &report.rule("Blocked")["state"]), (50.0, &json!("firing")));
    for name in ["Tampering", "Silent VENs"] {
        let rule = report.rule(name);
        assert_eq!((&rule["state"], &rule["value"], &rule["error"]), (&json!("not_judged"), &Value::Null, &Value::Null), "{rule:#}");
    }
    let sources = report.0["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 1, "{sources:#?}");
    assert!(!ran.err.contains("A_SECRET"), "{}", ran.err);
}

#[test]
fn what_is_not_judged_does_not_count_and_is_told_in_one_line() {
    let room = with_flows(&format!("{}{RULES}", pce()), &[flow("09:55", "09:58", 5)]);
    judged(&room, &["--flows", "flows.json"]).exits(0);
    let table = room.run(&["check", "--dry-run", "--now", "2026-11-20T10:00:00Z", "--flows", "flows.json"]).exits(0).out;
    assert!(table.contains("2 rules not judged: no answer of VENs, events was given"), "{table}");
    assert_eq!(table.matches("not judged").count(), 2, "one line and the verdict: {table}");
    let said = |format: &str| {
        room.run(&["check", "--dry-run", "-o", format, "--now", "2026-11-20T10:00:00Z", "--flows", "flows.json"]).exits(0).out
    };
    assert!(said("junit").contains("<skipped message=\"not judged\"/>"), "{}", said("junit"));
    assert!(said("tap").contains("Tampering # SKIP not judged"), "{}", said("tap"));
    assert!(!said("prometheus").contains("Tampering"), "{}", said("prometheus"));
    for format in ["nagios", "checkmk", "github", "sarif", "cef", "csv", "ndjson", "markdown"] {
        said(format);
    }
    // An alert of theirs is neither over nor told of.
    room.write(
        "events.json",
        json!([{ "href": "/e/1", "event_type": "agent.tampering", "timestamp": "2026-11-20T09:59:00Z" }]).to_string(),
    );
    judged(&room, &["--events", "events.json"]).exits(1);
    let words = room.run(&["check", "--dry-run", "--now", "2026-11-20T10:00:00Z", "--events", "events.json"]).out;
    assert!(table.contains("traffic counted as increases") && !words.contains("traffic counted"), "no traffic was judged: {words}");
    let before = room.run(&["state", "show"]).exits(0).out;
    judged(&room, &["--flows", "flows.json"]).exits(0);
    assert!(before.contains("Tampering") && room.run(&["state", "show"]).exits(0).out.contains("Tampering"), "{before}");
}

#[test]
fn totals_that_cannot_be_compared_with_anything_are_no_calm() {
    // Blocked all day long: how much of it came in the last ten minutes, one answer alone cannot tell.
    let room = with_flows(&format!("{}{RULES}", pce()), &[flow("01:00", "09:59", 50_000)]);
    let report = judged(&room, &["--flows", "flows.json", "--dry-run"]).exits(3).json();
    let rule = report.rule("Blocked");
    assert_eq!((&rule["state"], &rule["lower_bound"]), (&json!("unknown"), &json!(true)), "{rule:#}");
    for word in ["as_reported", "pcemon replay"] {
        assert!(rule["error"].as_str().unwrap().contains(word), "{rule:#}");
    }
    // What is certain is said all the same.
    let report = with_flows(RULES, &[flow("01:00", "09:59", 50_000), flow("09:55", "09:59", 20)]);
    judged(&report, &["--flows", "flows.json"]).exits(2);
    // A second answer is compared with the first one.
    judged(&room, &["--flows", "flows.json"]).exits(3);
    room.write("flows.json", json!([flow("01:00", "10:05", 50_005)]).to_string());
    let second = room.run(&[&CHECK[..4], &["2026-11-20T10:10:00Z", "--flows", "flows.json"]].concat()).exits(0).json();
    assert_eq!(second.value("Blocked"), 5.0);
    // As it was reported it counts at once.
    room.config(&format!("[traffic]\naccounting = \"as_reported\"\n{RULES}"));
    let own = room.path("own.json").display().to_string();
    judged(&room, &["--flows", "flows.json", "--state", &own]).exits(2);
}

#[test]
fn what_was_never_seen_before_is_not_known_from_one_answer() {
    let rules = "[[rules]]\nname = \"New\"\nsource = \"traffic\"\nmetric = \"new:src_ip\"\ngroup_by = [\"dst_ip\"]\nwarning = \">= 1\"\n";
    for accounting in ["delta", "as_reported"] {
        let room = with_flows(&format!("[traffic]\naccounting = \"{accounting}\"\n{rules}"), &[flow("09:55", "09:58", 5)]);
        let report = judged(&room, &["--flows", "flows.json"]).exits(3).json();
        assert_eq!(report.rule("New")["state"], "unknown", "{accounting}: {:#}", report.0);
    }
}

#[test]
fn answers_that_no_rule_is_about_are_refused() {
    let room = with_flows(&format!("{}{RULES}", pce()), &[]);
    room.write("health.json", "[]");
    let ran = judged(&room, &["--health", "health.json"]).exits(3);
    assert!(ran.err.contains("no enabled rule uses the recorded answers") && ran.err.contains("--input traffic=FILE"), "{}", ran.err);
    judged(&room, &["--flows", "flows.json", "--rule", "Tampering"]).exits(3);
    let ran = room.run(&["explain", "Tampering", "--flows", "flows.json"]).exits(3);
    assert!(ran.err.contains("--input events=FILE"), "{}", ran.err);
}

#[test]
fn of_several_targets_those_that_were_given_are_judged() {
    let rules = r#"
[[targets]]
name = "a"
type = "records"
from = { file = "nowhere-a.json" }
[[targets]]
name = "b"
type = "records"
from = { file = "nowhere-b.json" }
[[rules]]
name = "both"
source = "records"
match = { level = ["error"] }
warning = ">= 1"
[[rules]]
name = "a alone"
source = "records"
targets = ["a"]
match = { level = ["error"] }
warning = ">= 5"
[[rules]]
name = "b alone"
source = "records"
match = { target = ["b"], level = ["error"] }
warning = ">= 1"
"#;
    let room = room(rules);
    let record = |level: &str| json!([{ "level": level, "timestamp": "2026-11-20T09:59:00Z" }]).to_string();
    room.write("quiet.json", record("info"));
    room.write("loud.json", record("error"));
    let state = |report: &crate::support::cli::Checked, name: &str| report.rule(name)["state"].as_str().unwrap().to_owned();
    let quiet = judged(&room, &["--dry-run", "--input", "records@a=quiet.json"]).exits(0).json();
    assert_eq!(["both", "a alone", "b alone"].map(|name| state(&quiet, name)), ["not_judged", "ok", "not_judged"], "{:#}", quiet.0);
    let loud = judged(&room, &["--dry-run", "--input", "records@a=loud.json"]).exits(1).json();
    assert_eq!(["both", "a alone", "b alone"].map(|name| state(&loud, name)), ["firing", "ok", "not_judged"], "{:#}", loud.0);
    let targets: Vec<_> = loud.0["sources"].as_array().unwrap().iter().map(|source| source["target"].clone()).collect();
    assert_eq!(targets, ["a"]);
}

#[test]
fn one_way_to_give_a_recorded_answer_for_every_command() {
    let room = with_flows(RULES, &[flow("09:55", "09:58", 50)]);
    let event = json!([{ "href": "/orgs/1/events/1", "event_type": "agent.tampering", "timestamp": "2026-11-20T09:59:00Z" }]);
    room.write("events.json", event.to_string());
    room.write("vens.json", json!([{ "href": "/orgs/1/vens/1", "name": "web-01", "status": "active" }]).to_string());
    room.write("health.json", json!([{ "status": "normal", "type": "standalone", "fqdn": "pce.example.com", "nodes": [] }]).to_string());
    let now = ["--now", "2026-11-20T10:00:00Z"];
    for (command, older, inputs) in [
        (&["flows", "-o", "json"][..], "flows", ["traffic", "traffic@pce"]),
        (&["top", "-o", "json"], "flows", ["traffic", "flows"]),
        (&["events", "-o", "json"], "events", ["events", "events@pce"]),
        (&["vens", "-o", "json"], "vens", ["vens", "vens@pce"]),
        (&["health", "-o", "json"], "health", ["health", "health@pce"]),
        (&["report", "--format", "json", "--no-save"], "events", ["events", "events@pce"]),
        (&["explain", "Tampering", "-o", "json"], "events", ["events", "events@pce"]),
    ] {
        let file = format!("{older}.json");
        let run = |more: &[&str]| room.run(&[command, &now, more].concat()).out;
        let want = run(&[&format!("--{older}"), &file]);
        let same =
            |text: &str| text.lines().filter(|line| !line.contains("duration") && !line.contains("\"id\"")).collect::<Vec<_>>().join("\n");
        for input in inputs {
            assert_eq!(same(&run(&["--input", &format!("{input}={file}")])), same(&want), "{command:?}");
            assert!(want.contains("pcemon."), "{want}");
        }
        // Two answers for one thing, standard input twice, a source it does not know: refused when typed.
        for wrong in [
            &["--input", &format!("{}={file}", inputs[0]), &format!("--{older}"), &file][..],
            &["--input", "nosuch=x.json"],
            &["--input", "records"],
            &["--input", "records="],
            &["--input", "self=x.json"],
        ] {
            let ran = room.run(&[command, wrong].concat()).exits(3);
            assert!(ran.out.is_empty() && !ran.err.is_empty(), "{command:?} {wrong:?}: {} {}", ran.out, ran.err);
        }
    }
    for command in [&["check"][..], &["report"], &["explain", "Tampering"], &["replay"]] {
        let ran = room.run(&[command, &["--flows", "-", "--input", "events=-"]].concat()).exits(3);
        assert!(ran.err.contains("only one of the recorded answers can be standard input"), "{command:?}: {}", ran.err);
        let ran = room.run(&[command, &["--input", "events@lab=x.json"]].concat()).exits(3);
        assert!(ran.err.contains("leave @TARGET out"), "{command:?}: {}", ran.err);
    }
    let ran = room.run(&["events", "--input", "vens=vens.json"]).exits(3);
    assert!(ran.err.contains("this command does not read 'vens'"), "{}", ran.err);
}

#[test]
fn a_target_that_is_not_there_is_named_and_guessed() {
    let room = room(
        "[[targets]]\nname = \"lab\"\ntype = \"records\"\nfrom = { file = \"x\" }\n[[rules]]\nname = \"r\"\nsource = \"records\"\nwarning = \">= 1\"\n",
    );
    for command in ["check", "explain"] {
        let command = if command == "explain" { vec![command, "r"] } else { vec![command] };
        let ran = room.run(&[&command[..], &["--input", "records@lba=x.json"]].concat()).exits(3);
        assert!(ran.err.contains("did you mean `lab`"), "{}", ran.err);
    }
}

#[test]
fn records_with_times_of_their_own_are_replayed() {
    let room =
        room("[[rules]]\nname = \"errors\"\nsource = \"records\"\nmatch = { level = [\"error\"] }\nwindow = \"10m\"\nwarning = \">= 2\"\n");
    let lines: String = ["09:01", "09:31", "09:33", "09:35"]
        .map(|time| format!("{}\n", json!({ "level": "error", "timestamp": at(time).to_string() })))
        .concat();
    room.write("app.ndjson", &lines);
    let span = ["--from", "2026-11-20T09:00:00Z", "--to", "2026-11-20T10:00:00Z", "--step", "10m", "-o", "json"];
    let story = room.run(&[&["replay", "--input", "records=app.ndjson"][..], &span].concat()).exits(0).json().0;
    assert_eq!((&story["runs"], &story["rules"][0]["fired"]), (&json!(7), &json!(1)), "{story:#}");
    assert_eq!(story["rules"][0]["values"]["max"].as_f64(), Some(3.0));
    let piped = Ran::fed(&mut room.command(&[&["replay", "--input", "records=-"][..], &span].concat()), lines.as_bytes()).exits(0).json().0;
    assert_eq!(piped["rules"], story["rules"]);
    let ran = room.run(&["replay", "--input", "records=app.ndjson"]).exits(3);
    assert!(ran.err.contains("give --from and --to"), "{}", ran.err);
    let ran = room.run(&["replay", "--input", "vens=app.ndjson"]).exits(3);
    assert!(ran.err.contains("this command does not read 'vens'"), "{}", ran.err);
}

#[test]
fn an_answer_without_a_target_is_of_the_only_one_and_of_none_where_there_are_several() {
    let target = |name: &str| {
        format!(
            "[[targets]]\nname = \"{name}\"\ntype = \"records\"\nfrom = {{ file = \"nowhere\" }}\nlabels = {{ tenant = \"{name}-inc\" }}\n"
        )
    };
    let rule = "[[rules]]\nname = \"errors\"\nsource = \"records\"\ntargets = [\"a\"]\nmatch = { level = [\"error\"] }\ngroup_by = [\"target_label:tenant\"]\nwarning = \">= 1\"\n";
    let room = room(&format!("{}{rule}", target("a")));
    room.write("app.json", json!([{ "level": "error", "timestamp": "2026-11-20T09:59:00Z" }]).to_string());
    let input = ["--dry-run", "--input", "records=app.json"];
    let report = judged(&room, &input).exits(1).json();
    assert_eq!(report.rule("errors")["instances"][0]["group"], json!({ "target_label:tenant": "a-inc" }));
    // Of which of two it is nobody can say: the rule of one of them is not calm by that.
    room.config(&format!("{}{}{rule}", target("a"), target("b")));
    let ran = judged(&room, &input).exits(3);
    assert!(ran.err.contains("no enabled rule uses the recorded answers"), "{}", ran.err);
    judged(&room, &["--dry-run", "--input", "records@a=app.json"]).exits(1);
}

#[test]
fn a_file_that_no_rule_is_about_is_said_and_metrics_of_the_living_stay() {
    let textfile = |room: &Room| format!("[run]\ntextfile = \"{}\"\n{RULES}", room.path("pcemon.prom").display());
    let room = with_flows("", &[flow("09:55", "09:58", 5)]);
    room.config(&textfile(&room));
    room.write("health.json", "[]");
    room.write("pcemon.prom", "before");
    let ran = judged(&room, &["--flows", "flows.json", "--health", "health.json"]).exits(0);
    assert!(ran.err.contains("--input health: no enabled rule uses it"), "{}", ran.err);
    assert!(ran.err.contains("the textfile is left as it is"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(room.path("pcemon.prom")).unwrap(), "before");
}
