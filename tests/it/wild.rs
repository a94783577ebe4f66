//! What real payloads showed: where the world differs from the expected shape, it is not called calm.

use crate::support::cli::Room;
use crate::support::tape::{Tape, instant};
use serde_json::{Value, json};

fn event(number: u32, more: Value) -> Value {
    let mut event = json!({
        "href": format!("/orgs/1/events/{number}"), "timestamp": "2026-11-20T09:55:00Z", "event_type": "agent.tampering",
        "severity": "err", "status": "failure", "pce_fqdn": "pce.example.com", "created_by": { "user": { "username": "ann" } },
        "action": null, "notifications": [], "resource_changes": [],
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

fn rule(source: &str, rest: &str) -> String {
    format!("[[rules]]\nname = \"r\"\nsource = \"{source}\"\n{rest}\n")
}

/// State and value of the one rule over one answer.
fn judged(flag: &str, rule: &str, answer: &Value) -> (String, Value, Value) {
    let tape = Tape::new("delta", rule);
    let report = tape.ran("10:00", flag, Some(answer), &["--dry-run"]).json();
    let rule = report.rule("r");
    (rule["state"].as_str().unwrap().to_owned(), rule["value"].clone(), rule["value_max"].clone())
}

/// W1: an event without a readable timestamp belongs to no window for certain, and is not calm.
#[test]
fn an_event_without_a_readable_timestamp_is_not_calm() {
    let tampering = rule("events", "match = { type = [\"agent.tampering\"] }\nwarning = \">= 1\"");
    for timestamp in [json!(null), json!("not-a-timestamp"), json!("2026-11-20T10: 01: 02Z"), json!(1_795_000_000)] {
        let found = judged("events", &tampering, &json!([event(1, json!({ "timestamp": timestamp }))]));
        assert_eq!(found, ("unknown".to_owned(), json!(0), json!(1)), "{timestamp}");
    }
    let mut without = event(1, json!({}));
    without.as_object_mut().unwrap().remove("timestamp");
    assert_eq!(judged("events", &tampering, &json!([without])).0, "unknown");
    // A rule that it does not concern stays as it is.
    let other = rule("events", "match = { type = [\"user.*\"] }\nwarning = \">= 1\"");
    assert_eq!(judged("events", &other, &json!([event(1, json!({ "timestamp": null }))])).0, "ok");
}

/// W2: as a PCE sends events to a SIEM.
#[test]
fn events_in_the_form_of_a_siem_are_read() {
    let tampering = rule("events", "match = { type = [\"agent.tampering\"] }\nwarning = \">= 1\"");
    let mut siem = event(1, json!({ "version": 2, "time": "2026-11-20T09:59:00Z" }));
    siem.as_object_mut().unwrap().remove("timestamp");
    assert_eq!(judged("events", &tampering, &json!([siem])).0, "firing");
}

/// W4: the caller's address stands in a notification where the action has none.
#[test]
fn the_callers_address_is_that_of_the_notification_where_the_action_has_none() {
    let from = rule("events", "match = { src_ip = [\"203.0.113.0/24\"] }\nwarning = \">= 1\"");
    let told = json!([{ "notification_type": "user.login_failed", "info": { "src_ip": "203.0.113.9" } }]);
    for action in [json!(null), json!({ "src_ip": "FILTERED" }), json!({ "src_ip": null })] {
        let found = judged("events", &from, &json!([event(1, json!({ "action": action, "notifications": told }))]));
        assert_eq!(found.0, "firing", "{action}");
    }
    // Hidden, and nothing else tells it.
    assert_eq!(judged("events", &from, &json!([event(1, json!({ "action": { "src_ip": "FILTERED" } }))])).0, "unknown");
    // The facts of a notification can be matched and grouped.
    let account = rule("events", "match = { info = [\"src_ip=203.0.113.9\"] }\ngroup_by = [\"info:src_ip\"]\nwarning = \">= 1\"");
    assert_eq!(judged("events", &account, &json!([event(1, json!({ "notifications": told }))])).0, "firing");
}

/// W7: one severity has several names.
#[test]
fn synonyms_of_a_severity_are_one_word() {
    for (asked, sent) in
        [("error", "err"), ("err", "error"), ("crit", "critical"), ("warning", "warn"), ("emerg", "emergency"), ("err", "ERROR")]
    {
        let found = judged(
            "events",
            &rule("events", &format!("match = {{ severity = [\"{asked}\"] }}\nwarning = \">= 1\"")),
            &json!([event(1, json!({ "severity": sent }))]),
        );
        assert_eq!(found.0, "firing", "{asked} {sent}");
    }
}

/// W16: what the program prints matches itself.
#[test]
fn a_name_with_a_backslash_matches_itself() {
    let admin = json!({ "user": { "username": "LAB\\Administrator" } });
    let asks = rule("events", "match = { actor = ['LAB\\Administrator'] }\nwarning = \">= 1\"");
    assert_eq!(judged("events", &asks, &json!([event(1, json!({ "created_by": admin }))])).0, "firing");
    let leaves_out = rule("events", "exclude = { actor = ['LAB\\Administrator'] }\nwarning = \">= 1\"");
    assert_eq!(judged("events", &leaves_out, &json!([event(1, json!({ "created_by": admin }))])).0, "ok");
}

fn ven(number: u32, more: Value) -> Value {
    let mut ven = json!({
        "href": format!("/orgs/1/vens/{number}"), "hostname": format!("web-0{number}"), "status": "active", "labels": [], "conditions": [],
        "last_heartbeat_at": "2026-11-20T09:59:00Z", "workloads": [{ "href": format!("/orgs/1/workloads/{number}") }],
    });
    ven.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ven
}

fn workload(number: u32, more: Value) -> Value {
    let mut workload = json!({
        "href": format!("/orgs/1/workloads/{number}"), "ven": { "href": format!("/orgs/1/vens/{number}") }, "online": true,
        "enforcement_mode": "full", "agent": { "status": { "security_policy_sync_state": "synced", "agent_health": [] } },
    });
    workload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    workload
}

/// A name that is missing or no text may be any; null says that there is none but the host name.
#[test]
fn a_ven_whose_name_is_not_told_may_be_any() {
    let named = rule("vens", "match = { ven = [\"payments\"] }\nwarning = \">= 1\"");
    assert_eq!(judged("vens", &named, &json!([ven(1, json!({ "name": "payments" }))])).0, "firing");
    for name in [json!(12.5), json!({ "href": "/orgs/1/x" })] {
        assert_eq!(judged("vens", &named, &json!([ven(1, json!({ "name": name }))])).0, "unknown", "{name}");
    }
    assert_eq!(judged("vens", &named, &json!([ven(1, json!({}))])).0, "unknown");
    for name in [json!(null), json!("other")] {
        assert_eq!(judged("vens", &named, &json!([ven(1, json!({ "name": name }))])).0, "ok", "{name}");
    }
}

/// W19: a VEN that was never heard of is silent since it was paired.
#[test]
fn a_ven_that_was_never_heard_of_is_silent_since_it_was_paired() {
    let never = ven(1, json!({ "last_heartbeat_at": null, "created_at": "2026-11-01T10:00:00Z" }));
    let older = rule("vens", "match = { heartbeat_older = \"1h\" }\nwarning = \">= 1\"");
    assert_eq!(judged("vens", &older, &json!([never])).0, "firing");
    let age = judged("vens", &rule("vens", "metric = \"heartbeat_age\"\nwarning = \"> 1d\""), &json!([never]));
    assert_eq!((age.0.as_str(), age.1), ("firing", json!(19 * 86_400)));
    // Without that nobody knows.
    assert_eq!(judged("vens", &older, &json!([ven(1, json!({ "last_heartbeat_at": null }))])).0, "unknown");
}

/// W21: a key with a narrow scope sees a VEN and not its workload.
#[test]
fn what_a_key_may_not_see_is_neither_online_nor_offline() {
    let estate = json!([ven(1, json!({})), workload(1, json!({})), ven(2, json!({}))]);
    for (rest, value, most) in [
        ("match = { offline = true }\nwarning = \">= 1\"", 0, 1),
        ("exclude = { enforcement = [\"full\"] }\nwarning = \">= 1\"", 0, 1),
        ("match = { sync_state = [\"staged\"] }\nwarning = \">= 1\"", 0, 1),
    ] {
        assert_eq!(judged("vens", &rule("vens", rest), &estate), ("unknown".to_owned(), json!(value), json!(most)), "{rest}");
    }
    // Where it cannot change the answer it does not matter, and a rule may opt out.
    assert_eq!(judged("vens", &rule("vens", "match = { offline = true }\nwarning = \">= 2\""), &estate).0, "ok");
    assert_eq!(judged("vens", &rule("vens", "match = { offline = true }\nundecided = \"no\"\nwarning = \">= 1\""), &estate).0, "ok");
}

/// W22: what a workload says of its agent's health is a condition.
#[test]
fn the_health_of_an_agent_is_a_condition() {
    let any = rule("vens", "match = { condition = [\"*\"] }\nwarning = \">= 1\"");
    let sick = json!({ "agent": { "status": { "agent_health": [{ "type": "security_policy_refresh_failure", "severity": "err" }] } } });
    assert_eq!(judged("vens", &any, &json!([ven(1, json!({})), workload(1, sick)])).0, "firing");
    let errors = json!({ "agent": { "status": { "agent_health_errors": { "errors": ["tampering_error"], "warnings": [] } } } });
    assert_eq!(judged("vens", &any, &json!([ven(1, json!({})), workload(1, errors)])).0, "firing");
    assert_eq!(judged("vens", &any, &json!([ven(1, json!({})), workload(1, json!({}))])).0, "ok");
}

/// W23: the worst of several of which one is silent is a lower bound.
#[test]
fn a_node_that_says_nothing_makes_the_worst_a_lower_bound() {
    let node = |name: &str, disk: Value| json!({ "hostname": name, "disk": [{ "location": "/", "value": { "percent": disk } }] });
    let health = |nodes: Vec<Value>| json!([{ "status": "normal", "fqdn": "pce.example.com", "nodes": nodes }]);
    let disk = rule("health", "metric = \"disk\"\nwarning = \">= 90 %\"");
    assert_eq!(
        judged("health", &disk, &health(vec![node("core0", json!(40)), node("core1", json!("?"))])),
        ("unknown".to_owned(), json!(0.4), json!(1))
    );
    assert_eq!(judged("health", &disk, &health(vec![node("core0", json!(95)), node("core1", json!("?"))])).0, "firing");
    assert_eq!(judged("health", &disk, &health(vec![node("core0", json!(40)), node("core1", json!(50))])).0, "ok");
    let lag = rule("health", "metric = \"replication_lag\"\nwarning = \"> 60 s\"");
    let replication = |lag: Value| {
        json!([{ "status": "critical", "fqdn": "a", "network": { "replication": [
        { "type": "x", "value": { "status": "normal", "lag_seconds": 4 } }, { "type": "y", "value": { "status": "critical", "lag_seconds": lag } }] } }])
    };
    assert_eq!(judged("health", &lag, &replication(json!(null))).0, "unknown");
    assert_eq!(judged("health", &lag, &replication(json!(5))).0, "ok");
}

/// W12: the recording of a query that was split holds the cut answer and its parts; judged again each event counts once,
/// and what was partial stays partial.
#[test]
fn a_recording_is_judged_as_its_run_was() {
    let room = Room::new();
    room.config(&rule("events", "match = { type = [\"agent.tampering\"] }\nwindow = \"1h\"\nwarning = \">= 100\""));
    let part = |from: u32, to: u32| Value::from((from..to).map(|number| event(number, json!({}))).collect::<Vec<_>>()).to_string();
    std::fs::create_dir(room.path("answers")).unwrap();
    room.write("answers/events-0.json", part(0, 40));
    room.write("answers/events-1.json", part(0, 25));
    room.write("answers/events-2.json", part(25, 60));
    let check = || room.run(&["check", "--dry-run", "-o", "json", "--now", "2026-11-20T10:00:00Z", "--events", "answers"]);
    assert_eq!(check().exits(0).json().value("r"), 60.0);
    room.write(
        "answers/run.json",
        json!({ "schema": "pcemon.run/1", "at": "2026-11-20T10:00:00Z", "sources": [{ "source": "events", "status": "partial", "error": "cut at 09:30" }] }).to_string(),
    );
    let report = check().exits(3).json();
    assert_eq!((&report.source("events")["status"], &report.rule("r")["state"]), (&json!("partial"), &json!("unknown")));
    assert!(report.source("events")["error"].as_str().unwrap().contains("cut at 09:30"));
}

/// B2: an event counts at the time at which it happened, also where runs are further apart than the window.
#[test]
fn events_count_in_the_window_in_which_they_happened() {
    let offline = rule("events", "match = { type = [\"agent.*\"] }\nwindow = \"30m\"\ncritical = \">= 10\"");
    let tape = Tape::new("delta", &offline);
    tape.check("09:05", "events", &json!([]));
    let at = |number: u32, time: &str| event(number, json!({ "timestamp": instant(time).to_string() }));
    let mut list: Vec<Value> = (0..3).map(|number| at(number, "09:10")).collect();
    list.extend((3..11).map(|number| at(number, "09:50")));
    let report = tape.check("10:00", "events", &json!(list));
    assert_eq!((&report.rule("r")["value"], &report.rule("r")["state"]), (&json!(8), &json!("ok")), "{}", report.rule("r"));
    // What happened between two runs that are further apart than the window is judged all the same.
    let tape = Tape::new("delta", &rule("events", "match = { type = [\"agent.*\"] }\nwindow = \"10m\"\ncritical = \">= 1\""));
    tape.check("09:00", "events", &json!([]));
    assert_eq!(tape.check("10:00", "events", &json!([at(1, "09:20")])).rule("r")["state"], "firing");
    // One that an earlier run should have seen and was not shown counts as of that run.
    let tape = Tape::new("delta", &rule("events", "match = { type = [\"agent.*\"] }\nwindow = \"10m\"\ncritical = \">= 1\""));
    tape.check("09:50", "events", &json!([]));
    assert_eq!(tape.check("09:55", "events", &json!([at(1, "09:41")])).rule("r")["state"], "firing");
}
