//! What a rule shows of itself speaks of the same records: value, group and largest contributors are those of one group
//! over one span, in every format.

use crate::support::cli::{Ran, Room};
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;

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

/// A small estate with a busy pair, and the same ten minutes later: much has grown, something is new, some has another state.
fn estate(seed: u64) -> [String; 2] {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut looks = [Vec::new(), Vec::new()];
    for number in 0..rng.u64(50..600) {
        let (src, dst) = if rng.bool() { (1, 2) } else { (rng.u8(1..40), rng.u8(41..50)) };
        let minute = rng.u8(0..60);
        let row = |count: u64, state: &str| {
            json!({ "src": { "ip": format!("10.0.0.{src}") }, "dst": { "ip": format!("10.0.0.{dst}") }, "num_connections": count,
                "service": { "port": 443, "proto": 6, "process_name": format!("p{}", number % 7) }, "state": state, "dst_bi": count * 10, "dst_bo": 1,
                "timestamp_range": { "first_detected": format!("2026-11-20T09:{minute:02}:{:02}Z", number % 60), "last_detected": "2026-11-20T09:59:59Z" },
                "policy_decision": if number % 3 == 0 { "blocked" } else { "allowed" },
                "flow_direction": if number % 2 == 0 { "inbound" } else { "outbound" } })
        };
        let count = rng.u64(1..100);
        if rng.u8(..10) > 0 {
            looks[0].push(row(count, "active"));
        }
        looks[1].push(row(count + rng.u64(..3), if rng.u8(..4) == 0 { "closed" } else { "active" }));
    }
    looks.map(|look| json!(look).to_string())
}

/// On one core or on all of them, in one piece or in many, from a file or a pipe, plain or compressed: the same is said.
#[test]
fn neither_cores_nor_pieces_change_what_is_said() {
    let rules = format!(
        "{RULE}group_by = [\"src_ip\"]\n[[rules]]\nname = \"Bytes\"\nsource = \"traffic\"\nmetric = \"bytes\"\nwindow = \"10m\"\ninfo = \"> 1\"\n\
         [[rules]]\nname = \"Ports\"\nsource = \"traffic\"\nmetric = \"distinct:process\"\ngroup_by = [\"dst_ip\"]\ninfo = \"> 1\"\n"
    );
    let allowed = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let core = allowed.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")?.trim().split([',', '-']).next().map(str::to_owned));
    let pinned =
        core.filter(|core| std::process::Command::new("taskset").args(["-c", core, "true"]).status().is_ok_and(|status| status.success()));
    if pinned.is_none() {
        eprintln!("taskset is not on this machine: one core is not compared with several");
    }
    for seed in 0..8 {
        let looks = estate(seed);
        let said = |core: Option<&String>, way: &str| {
            let room = Room::new();
            room.config(&rules);
            let state = room.state().display().to_string();
            let mut said = Vec::new();
            for (look, now) in looks.iter().zip(["2026-11-20T10:00:00Z", "2026-11-20T10:10:00Z"]) {
                let input = if way.starts_with("file") { "flows.json" } else { "-" };
                let inner = room.command(&["check", "--state", &state, "--flows", input, "--now", now, "-o", "json"]);
                let mut command = match core {
                    None => inner,
                    Some(core) => {
                        let mut command = std::process::Command::new("taskset");
                        command.args(["-c", core]).arg(inner.get_program()).args(inner.get_args()).current_dir(room.path("")).env_clear();
                        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
                        command
                    }
                };
                let mut bytes = look.clone().into_bytes();
                if way.ends_with("gzip") {
                    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                    encoder.write_all(&bytes).unwrap();
                    bytes = encoder.finish().unwrap();
                }
                let ran = if way.starts_with("file") {
                    room.write("flows.json", &bytes);
                    Ran::of(&mut command)
                } else {
                    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
                    let mut pipe = child.stdin.take().unwrap();
                    bytes.chunks(1 + 997 * (seed as usize + 1)).for_each(|piece| pipe.write_all(piece).unwrap());
                    drop(pipe);
                    Ran::from(child.wait_with_output().unwrap())
                };
                said.push((ran.code, ran.json().judgement()));
            }
            said
        };
        let plain = said(None, "file");
        assert!(plain[1].1.as_array().unwrap().iter().all(|rule| rule["value"].as_f64().is_some()), "{plain:#?}");
        for (core, way) in [(None, "file, gzip"), (None, "pieces"), (pinned.as_ref(), "file"), (pinned.as_ref(), "pieces, gzip")] {
            assert_eq!(said(core, way), plain, "seed {seed}, core {core:?}, {way}");
        }
    }
}
