//! `pcemon show`: the records of any source, by its row. What an answer does not say is shown as that.

use crate::support::cli::{Bench, Ran, Room, at};
use pcemon::sim::estate::{self, Estate};
use pcemon::sim::options::Options;
use pcemon::sources::{MONITOR, SOURCES};
use serde_json::{Value, json};

const NOW: [&str; 2] = ["--now", "2026-11-20T10:00:00Z"];

fn shown(room: &Room, words: &[&str]) -> Value {
    room.run(&[&["show"][..], words, &NOW, &["-o", "json"]].concat()).exits(0).json().0
}

fn bench() -> Bench {
    let Estate { world, events, health, vens, database } = estate::world(at("10:00"));
    let options = Options { events, health, vens, database, ..Options::new(world, at("10:10")) };
    let bench = Bench::new(options, "");
    bench.sim.set_now(at("10:10"));
    bench
}

#[test]
fn every_source_of_a_pce_is_shown_in_every_form() {
    let bench = bench();
    for source in SOURCES.into_iter().filter(|source| source.is_of_pce()) {
        let name = source.name();
        let at = ["--now", "2026-11-20T10:10:00Z"];
        let run = |more: &[&str]| bench.room.run(&[&["show", name][..], &at, more].concat()).exits(0);
        let document = run(&["-o", "json", "--limit", "0"]).json().0;
        assert_eq!((&document["schema"], &document["source_name"]), (&json!("pcemon.show/1"), &json!(name)));
        let records = document["records"].as_array().unwrap();
        assert!(!records.is_empty(), "{name}");
        for record in records {
            let keys: Vec<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys.len(), 10, "{record:#}");
            assert_eq!(record["target"], "pce");
            let told = ["fields", "numbers"].map(|key| record[key].as_object().unwrap().len()).iter().sum::<usize>();
            assert!(told > 1, "{record:#}");
        }
        let lines = run(&["-o", "ndjson"]).out;
        let each: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(&each, records, "{name}: a record is a line");
        let csv = run(&["-o", "csv"]).out;
        assert_eq!(csv.lines().count(), records.len() + 1, "{csv}");
        for field in source.fields {
            assert!(csv.lines().next().unwrap().split(',').any(|column| column == field.name), "{name}: {}", field.name);
        }
        let one = csv.lines().next().unwrap().split(',').next().unwrap().to_owned();
        assert!(run(&["-o", "csv", "--columns", &one]).out.starts_with(&format!("{one}\r\n")));
        for form in ["table", "markdown"] {
            assert!(run(&["-o", form]).out.lines().count() > 2);
        }
        let help = bench.room.run(&["show", name, "--help"]).exits(0).out;
        for field in source.fields {
            assert!(help.contains(field.name) && help.contains(field.about), "{name}: {}", field.name);
        }
        let refused = bench.room.run(&["show", name, "-o", "json", "--columns", &one]).exits(3);
        assert!(refused.err.contains("--columns is for tables and CSV"), "{}", refused.err);
    }
}

#[test]
fn the_run_itself_is_no_answer_of_anybody() {
    let ran = Room::new().run(&["show", MONITOR.name()]).exits(3);
    assert!(ran.err.contains("self"), "{}", ran.err);
    assert!(Room::new().run(&["show"]).exits(3).err.contains("vens"));
}

#[test]
fn what_is_not_told_is_neither_empty_nor_zero() {
    let room = Room::new();
    let vens = json!([
        { "href": "/orgs/1/vens/1", "name": "told", "hostname": "told.example.com", "status": "active", "version": "25.2",
          "labels": [{ "href": "/l/1", "key": "role", "value": "web" }], "last_heartbeat_on": "2026-11-20T09:00:00Z" },
        { "href": "/orgs/1/vens/2", "name": "silent", "hostname": null, "status": null },
        { "href": "/orgs/1/vens/3", "name": "half", "hostname": null, "status": "active", "labels": [{ "href": "/l/2" }] },
    ]);
    room.write("vens.json", vens.to_string());
    let ran = room.run(&[&["show", "vens", "--input", "vens=vens.json", "-o", "json"][..], &NOW].concat());
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.code, 3, "the list of workloads is missing: {}", ran.err);
    let record = |name: &str| document["records"].as_array().unwrap().iter().find(|record| record["name"] == name).unwrap();
    let not_told = |name: &str, field: &str| record(name)["not_told"].as_array().unwrap().contains(&json!(field));
    let told = record("told");
    assert_eq!((&told["labels"], &told["numbers"]["heartbeat_age"]), (&json!({ "role": "web" }), &json!(3600.0)), "{told:#}");
    assert!(not_told("told", "online") && told["fields"].get("online").is_none(), "{told:#}");
    let silent = record("silent");
    for field in ["status", "version", "os", "label", "heartbeat_age", "last_heartbeat", "ip"] {
        assert!(not_told("silent", field), "{field}: {silent:#}");
        assert!(silent["fields"].get(field).is_none() && silent["numbers"].get(field).is_none(), "{silent:#}");
    }
    assert!(not_told("half", "label"), "a label that is told by its href alone is not told: {:#}", record("half"));
    let cells = |form: &str| {
        room.run(
            &[
                &["show", "vens", "--input", "vens=vens.json", "-o", form, "--columns", "ven,status,online,heartbeat_age,label:role"][..],
                &NOW,
            ]
            .concat(),
        )
        .out
    };
    let csv = cells("csv");
    assert!(csv.contains("silent,?,?,?,?") && csv.contains("told; told.example.com,active,?,3600,web"), "{csv}");
    let table = cells("table");
    assert!(table.contains("?: missing from the answer"), "{table}");
    // Chosen by what they do not say, they are neither in nor out.
    let ran = room.run(&[&["show", "vens", "--input", "vens=vens.json", "--status", "active", "-o", "json"][..], &NOW].concat());
    let chosen: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&chosen["matched"], &chosen["undecided"]), (&json!(2), &json!(1)), "{chosen:#}");
    for command in ["show", "vens"] {
        let words = if command == "show" { vec!["show", "vens"] } else { vec!["vens"] };
        let ran = room.run(&[&words[..], &["--input", "vens=vens.json", "--status", "active"], &NOW].concat());
        assert!(ran.out.contains("1 more record lacks a field of the filter"), "{}", ran.out);
    }
}

#[test]
fn a_number_of_another_kind_is_neither_told_nor_missing() {
    let bench = bench();
    let document = bench.room.run(&["show", "health", "-o", "json", "--now", "2026-11-20T10:10:00Z"]).exits(0).json().0;
    let of_kind = |kind: &str| document["records"].as_array().unwrap().iter().find(|record| record["kind"] == kind).unwrap().clone();
    let (cluster, node) = (of_kind("cluster"), of_kind("node"));
    assert!(cluster["numbers"].get("cpu").is_none() && !cluster["not_told"].as_array().unwrap().contains(&json!("cpu")), "{cluster:#}");
    assert!(node["numbers"].get("cpu").is_some() && node["numbers"].get("status").is_none(), "{node:#}");
}

const TARGETS: &str = r#"
[[targets]]
name = "backups"
type = "records"
from = { file = "backups.ndjson" }
labels = { tenant = "acme" }
[[targets]]
name = "gone"
type = "records"
from = { file = "gone.ndjson" }
"#;

fn targets() -> Room {
    let room = Room::new();
    room.config(TARGETS);
    let lines = [
        json!({ "host": "db-01", "status": "failed", "size": 3, "timestamp": "2026-11-20T03:00:00Z" }),
        json!({ "host": "db-02", "status": "done", "timestamp": "2026-11-20T04:00:00Z" }),
        json!({ "host": "db-03", "size": 5, "timestamp": "2026-11-12T04:00:00Z" }),
    ];
    room.write("backups.ndjson", lines.map(|line| format!("{line}\n")).concat());
    room
}

#[test]
fn records_of_targets_are_chosen_by_target_and_by_what_they_say() {
    let room = targets();
    // One target cannot be read: what the other one says is shown, and that it is not all.
    let ran = room.run(&[&["show", "records", "-o", "json"][..], &NOW].concat()).exits(3);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&document["source"]["status"], document["records"].as_array().unwrap().len()), (&json!("partial"), 3), "{document:#}");
    assert!(document["source"]["error"].as_str().unwrap().contains("gone.ndjson"), "{document:#}");
    room.write("gone.ndjson", "");
    let all = shown(&room, &["records"]);
    assert_eq!(all["records"][0]["name"], "db-02", "the newest first: {all:#}");
    assert_eq!((&all["records"][1]["fields"]["status"], &all["records"][1]["numbers"]["size"]), (&json!("failed"), &json!(3.0)));
    let failed = shown(&room, &["records", "--target", "back*", "--match", "status = [\"failed\"]"]);
    assert_eq!((&failed["matched"], &failed["undecided"]), (&json!(1), &json!(1)), "{failed:#}");
    assert_eq!(shown(&room, &["records", "--target", "gone"])["matched"], 0);
    assert_eq!(shown(&room, &["records", "--target-label", "tenant=acme", "--window", "1d"])["matched"], 2);
    let csv = room.run(&["show", "records", "-o", "csv"]).exits(0).out;
    assert!(csv.starts_with("target,at,name,host,size,status,timestamp\r\n"), "{csv}");
    let csv = room.run(&["show", "records", "-o", "csv", "--columns", "host,size,target_label:tenant"]).exits(0).out;
    assert_eq!(csv, "host,size,target_label:tenant\r\ndb-02,?,acme\r\ndb-01,3,acme\r\ndb-03,5,acme\r\n");
    let table = room.run(&["show", "records"]).exits(0).out;
    assert!(table.contains("host=db-01") && table.contains("backups"), "{table}");
}

#[test]
fn recorded_answers_of_targets_are_shown() {
    let room = targets();
    room.write("other.json", json!([{ "host": "web-09" }]).to_string());
    for input in ["records=other.json", "records@backups=other.json"] {
        let ran = room.run(&["show", "records", "-o", "csv", "--columns", "host", "--input", input]).exits(0);
        assert_eq!(ran.out, "host\r\nweb-09\r\n", "{input}: {}", ran.err);
    }
    let fed =
        Ran::fed(&mut room.command(&["show", "records", "-o", "csv", "--columns", "host", "--input", "records=-"]), b"[{\"host\":\"a\"}]")
            .exits(0);
    assert_eq!(fed.out, "host\r\na\r\n");
    let ran = room.run(&["show", "records", "--input", "vens=other.json"]).exits(3);
    assert!(ran.err.contains("this command does not read 'vens'"), "{}", ran.err);
}

/// A flow that leaves something out: whoever shows it says so, and nothing becomes a zero or a no.
#[test]
fn what_a_flow_does_not_tell_is_named() {
    let whole = json!({
        "src": { "ip": "10.0.0.1", "workload": {
            "href": "/orgs/1/workloads/a", "name": "web-01", "managed": true, "enforcement_mode": "full", "os_type": "linux",
            "labels": [{ "href": "/orgs/1/labels/1", "key": "role", "value": "web" }],
        } },
        "dst": { "ip": "10.0.0.2", "fqdn": "db.example.com" },
        "service": { "port": 443, "proto": 6, "process_name": "nginx" },
        "num_connections": 3, "state": "closed", "dst_bi": 10, "dst_bo": 20,
        "timestamp_range": { "first_detected": "2026-11-20T09:00:00Z", "last_detected": "2026-11-20T09:05:00Z" },
        "policy_decision": "allowed", "flow_direction": "outbound", "network": { "name": "Corporate" }, "client_type": "server",
    });
    let room = Room::new();
    let of = |flow: &Value| {
        room.write("flows.json", json!([flow]).to_string());
        shown(&room, &["traffic", "--input", "traffic=flows.json"])["records"][0].clone()
    };
    let told = of(&whole);
    assert_eq!(told["not_told"], json!([]), "{told:#}");
    assert_eq!((&told["numbers"]["bytes_in"], &told["fields"]["src_enforcement"]), (&json!(10), &json!("full")), "{told:#}");
    for (path, missing, gone) in [
        ("/dst_bi", ["bytes_in", "bytes", "bandwidth"].as_slice(), ("numbers", "bytes_in")),
        ("/src/workload/enforcement_mode", &["src_enforcement"], ("fields", "src_enforcement")),
        ("/src/workload/labels", &["src_labels"], ("fields", "src_labels")),
        ("/src/workload/managed", &["src_managed"], ("fields", "src_managed")),
        ("/network", &["network"], ("fields", "network")),
        ("/state", &["state"], ("fields", "state")),
        ("/service", &["process", "service", "user", "port", "proto"], ("fields", "process")),
    ] {
        let (parent, key) = path.rsplit_once('/').unwrap();
        let mut flow = whole.clone();
        flow.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).unwrap();
        let shown = of(&flow);
        let mut names: Vec<&str> = missing.to_vec();
        names.sort_unstable();
        assert_eq!(shown["not_told"], json!(names), "{path}: {shown:#}");
        assert!(shown[gone.0].get(gone.1).is_none(), "{path}: {shown:#}");
        assert!(told[gone.0].get(gone.1).is_some(), "{path}: {told:#}");
        let csv = room
            .run(&[&["show", "traffic", "--input", "traffic=flows.json", "-o", "csv", "--columns", gone.1][..], &NOW].concat())
            .exits(0)
            .out;
        assert_eq!(csv.lines().nth(1), Some("?"), "{path}: {csv}");
    }
}
