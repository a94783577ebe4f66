//! Targets in the state and in what leaves the program: what each was, and where an alert was seen.

use crate::support::cli::Room;
use serde_json::{Value, json};

const CHECK: [&str; 5] = ["check", "-o", "json", "--now", "2026-11-20T10:00:00Z"];

fn config(room: &Room, a: &str) -> String {
    let log = room.path("log.ndjson").display().to_string();
    format!(
        r#"
[run]
site = "taipei"
[[targets]]
name = "a"
type = "records"
from = {{ file = "{a}" }}
[[targets]]
name = "b"
type = "records"
from = {{ file = "b.json" }}
[[channels]]
name = "log"
type = "file"
path = "{log}"
[[routes]]
channels = ["log"]
[[rules]]
name = "of a"
source = "records"
targets = ["a"]
match = {{ level = ["error"] }}
warning = ">= 1"
[[rules]]
name = "of b"
source = "records"
targets = ["b"]
match = {{ level = ["error"] }}
group_by = ["host"]
warning = ">= 1"
[[rules]]
name = "of each"
source = "records"
match = {{ level = ["error"] }}
group_by = ["target"]
critical = ">= 1"
"#
    )
}

fn room() -> Room {
    let room = Room::new();
    room.config(&config(&room, "a.json"));
    let record = json!([{ "host": "h1", "level": "error", "timestamp": "2026-11-20T09:59:00Z" }]).to_string();
    for file in ["a.json", "b.json", "other.json"] {
        room.write(file, &record);
    }
    room
}

fn remembered(room: &Room) -> Value {
    room.run(&["state", "show", "-o", "json"]).exits(0).json().0
}

#[test]
fn a_target_that_became_another_one_fails_alone_until_that_is_meant() {
    let room = room();
    room.run(&CHECK).exits(2);
    assert_eq!(remembered(&room)["targets"], json!({ "a": { "identity": "a.json" }, "b": { "identity": "b.json" } }));
    assert!(room.run(&["state", "show"]).exits(0).out.contains("a, b"));
    room.config(&config(&room, "other.json"));
    let ran = room.run(&CHECK).exits(2);
    let report = ran.json();
    let status = |name: &str| {
        let sources = report.0["sources"].as_array().unwrap();
        sources.iter().find(|source| source["target"] == name).unwrap().clone()
    };
    assert_eq!((&status("a")["status"], &status("b")["status"]), (&json!("failed"), &json!("ok")));
    assert!(status("a")["error"].as_str().unwrap().contains("pcemon state reset --target a"), "{:#}", status("a"));
    assert!(!report.rule("of a")["error"].is_null(), "{:#}", report.rule("of a"));
    assert!(report.rule("of b")["error"].is_null(), "what reads another target is as before: {:#}", report.rule("of b"));
    // A recorded answer is nobody's.
    room.run(&[&CHECK[..], &["--state", "own.json", "--input", "records@a=b.json"]].concat()).exits(2);
    // Meant.
    let wrong = room.run(&["state", "reset", "--target", "aa", "--yes"]).exits(3);
    assert!(
        wrong.err.contains("remembers no target aa") && wrong.err.contains("did you mean") || wrong.err.contains("use one of: a, b"),
        "{}",
        wrong.err
    );
    let unsaid = room.run(&["state", "reset", "--target", "a"]).exits(3);
    assert!(unsaid.err.contains("nothing was changed"), "{}", unsaid.err);
    let alerts = remembered(&room)["instances"].clone();
    room.run(&["state", "reset", "--target", "a", "--yes"]).exits(0);
    assert_eq!(remembered(&room)["instances"], alerts, "nothing else is forgotten");
    let report = room.run(&CHECK).exits(2).json();
    assert!(report.rule("of a")["error"].is_null(), "{:#}", report.rule("of a"));
    assert_eq!(remembered(&room)["targets"]["a"]["identity"], "other.json");
    // What is configured no more is forgotten.
    room.config(&config(&room, "other.json").replace("name = \"b\"\n", "name = \"c\"\n").replace("[\"b\"]", "[\"c\"]"));
    room.run(&CHECK).exits(2);
    let targets = remembered(&room)["targets"].clone();
    assert_eq!(targets.as_object().unwrap().keys().collect::<Vec<_>>(), ["a", "c"]);
}

#[test]
fn a_target_that_never_answered_whole_binds_nothing() {
    let room = room();
    room.write("a.json", "[{\"level\":");
    room.run(&CHECK);
    assert!(remembered(&room)["targets"].get("a").is_none());
    room.config(&config(&room, "other.json"));
    let report = room.run(&CHECK).exits(2).json();
    assert!(report.rule("of a")["error"].is_null(), "{:#}", report.rule("of a"));
}

#[test]
fn an_alert_says_where_it_was_seen() {
    let room = room();
    let report = room.run(&CHECK).exits(2).json();
    assert_eq!(report.0["run"]["site"], "taipei");
    let log = std::fs::read_to_string(room.path("log.ndjson")).unwrap();
    let mut seen: Vec<(String, Value, Value)> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .flat_map(|body| {
            assert_eq!(body["pce"]["site"], "taipei");
            body["alerts"].as_array().unwrap().clone()
        })
        .map(|alert| (alert["rule"].as_str().unwrap().to_owned(), alert["target"].clone(), alert["pce"].clone()))
        .collect();
    seen.sort_by_key(|one| format!("{one:?}"));
    let want = |rule: &str, target: &str| (rule.to_owned(), json!(target), json!("taipei"));
    assert_eq!(seen, [want("of a", "a"), want("of b", "b"), want("of each", "a"), want("of each", "b")]);
}

#[test]
fn a_site_names_a_state_without_a_pce() {
    let room = room();
    let key = |report: &crate::support::cli::Checked| report.rule("of a")["instances"][0]["key"].as_str().unwrap().to_owned();
    let unnamed = config(&room, "a.json").replace("[run]\nsite = \"taipei\"\n", "");
    room.config(&unnamed);
    let nameless = key(&room.run(&CHECK).exits(2).json());
    // A state without a name takes the first that it is given, and no other then.
    room.config(&config(&room, "a.json"));
    let taipei = key(&room.run(&CHECK).exits(2).json());
    assert_ne!(nameless, taipei);
    room.config(&config(&room, "a.json").replace("taipei", "berlin"));
    let ran = room.run(&CHECK).exits(3);
    assert!(ran.err.contains("taipei") && ran.err.contains("berlin"), "{}", ran.err);
    let prometheus = |room: &Room| room.run(&["check", "--dry-run", "-o", "prometheus", "--now", "2026-11-20T10:00:00Z"]).out;
    room.config(&config(&room, "a.json"));
    assert!(prometheus(&room).contains("pce=\"taipei\""), "{}", prometheus(&room));
    // With a PCE the PCE is the name; and not everything is one.
    room.config(&config(&room, "a.json").replace(
        "[run]\n",
        "[pce]\nurl = \"https://pce.example.com:8443\"\norg_id = 1\napi_key = { env = \"PCE_KEY\" }\napi_secret = { env = \"PCE_SECRET\" }\n[run]\n",
    ));
    let ran = room.run(&["rules", "validate"]).exits(3);
    assert!(ran.err.contains("`site` in [run] is for a config without [pce]"), "{}", ran.err);
    room.config(&config(&room, "a.json").replace("taipei", "a b"));
    room.run(&["rules", "validate"]).exits(3);
}
