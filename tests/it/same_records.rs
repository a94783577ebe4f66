//! What a rule shows of itself speaks of the same records: value, group and largest contributors are those of one group
//! over one span, in every format.

use crate::support::cli::Room;
use serde_json::{Value, json};

/// What one address has told so far today, blocked.
fn told(src: &str, dst: &str, connections: u64, last: &str) -> Value {
    json!({ "src": { "ip": src }, "dst": { "ip": dst }, "service": { "port": 445, "proto": 6 }, "num_connections": connections,
        "state": "closed", "timestamp_range": { "first_detected": "2026-11-20T01:00:00Z", "last_detected": last },
        "policy_decision": "blocked", "flow_direction": "inbound" })
}

const RULE: &str =
    "[[rules]]\nname = \"Scan\"\nsource = \"traffic\"\nmatch = { decision = [\"blocked\"] }\nwindow = \"1h\"\ncritical = \"> 100\"\n";

/// Runs at 10:00, 10:10 and 10:20 over what was told by then, and gives back the last one's output in a format.
fn after(room: &Room, looks: &[Vec<Value>], format: &str) -> String {
    let _ = std::fs::remove_dir_all(room.path("state"));
    let state = room.state().display().to_string();
    let mut out = String::new();
    for (number, look) in looks.iter().enumerate() {
        room.write("flows.json", json!(look).to_string());
        let now = format!("2026-11-20T10:{number}0:00Z");
        out = room.run(&["check", "--state", &state, "--flows", "flows.json", "--now", &now, "-o", format]).out;
    }
    out
}

/// The scanner has done its damage ten minutes ago; in the last look an innocent one is the loudest of all.
fn looks() -> [Vec<Value>; 3] {
    let all = |scanner, innocent: u64, last: &str| {
        vec![told("10.0.0.66", "10.0.9.1", scanner, last), told("10.0.0.1", "10.0.9.2", innocent, last)]
    };
    [all(5, 5, "2026-11-20T09:50:00Z"), all(505, 8, "2026-11-20T10:08:00Z"), all(506, 80, "2026-11-20T10:18:00Z")]
}

#[test]
fn a_rule_stands_for_its_worst_group_in_every_format() {
    let room = Room::new();
    room.config(&format!("{RULE}group_by = [\"src_ip\"]\n"));
    let report: Value = serde_json::from_str(&after(&room, &looks(), "json")).unwrap();
    let rule = &report["rules"][0];
    assert_eq!((&rule["state"], &rule["value"]), (&json!("firing"), &json!(501)));
    assert_eq!(rule["instances"][0]["group"]["src_ip"], "10.0.0.66");
    assert_eq!(rule["top"], rule["instances"][0]["top"]);
    assert_eq!(rule["top"][0]["src"], "10.0.0.66");
    for format in ["table", "markdown", "junit", "csv", "nagios", "github", "checkmk", "sarif", "cef", "tap"] {
        let text = after(&room, &looks(), format);
        assert!(!text.contains("10.0.0.1 ") && !text.contains("10.0.9.2"), "{format}:\n{text}");
    }
}

#[test]
fn the_contributors_of_a_rule_are_those_of_its_window() {
    let room = Room::new();
    room.config(RULE);
    let report: Value = serde_json::from_str(&after(&room, &looks(), "json")).unwrap();
    let rule = &report["rules"][0];
    assert_eq!(rule["value"], 576);
    for top in [&rule["top"], &rule["instances"][0]["top"]] {
        let shares: Vec<(&Value, &Value)> = top.as_array().unwrap().iter().map(|one| (&one["src"], &one["value"])).collect();
        assert_eq!(shares, [(&json!("10.0.0.66"), &json!(501)), (&json!("10.0.0.1"), &json!(75))]);
    }
}

/// A disk rule names the node whose disk it is, not the replication that is behind.
#[test]
fn a_health_rule_names_what_its_value_is_of() {
    let room = Room::new();
    room.write(
        "health.json",
        json!([{ "status": "critical", "fqdn": "pce.example",
            "nodes": [
                { "hostname": "core0", "ip_address": "10.0.0.5", "cpu": { "percent": 10 }, "disk": [{ "location": "/", "value": { "status": "normal", "percent": 40 } }] },
                { "hostname": "data0", "ip_address": "10.0.0.6", "cpu": { "percent": 55 }, "disk": [{ "location": "/data", "value": { "status": "critical", "percent": 97 } }] }],
            "network": { "replication": [{ "type": "intracluster", "details": { "fqdn": "data1" }, "value": { "status": "warning", "lag_seconds": 90 } }] } }])
        .to_string(),
    );
    for (metric, limit, src, dst, value) in [
        ("disk", "> 90%", "data0", "disk /data critical 97 %", json!(0.97)),
        ("cpu", "> 50%", "data0", "", json!(0.55)),
        ("replication_lag", "> 60", "intracluster data1", "replication intracluster data1: warning 90 s behind", json!(90)),
    ] {
        room.config(&format!("[[rules]]\nname = \"R\"\nsource = \"health\"\nmetric = \"{metric}\"\ncritical = \"{limit}\"\n"));
        let _ = std::fs::remove_dir_all(room.path("state"));
        let state = room.state().display().to_string();
        let ran = room.run(&["check", "--state", &state, "--health", "health.json", "--now", "2026-11-20T10:00:00Z", "-o", "json"]);
        let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error} {} {}", ran.out, ran.err));
        let top = &report["rules"][0]["top"][0];
        assert_eq!((&top["src"], &top["dst"], &top["value"]), (&json!(src), &json!(dst), &value), "{metric}: {report}");
    }
}
