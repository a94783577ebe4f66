//! Laws that every source passes, walked from the table: knowing less is never calmer, a number is a number in every
//! notation, a name matches itself, and the order of parts and records does not matter.

use crate::proxmox::{fixture, pbs, tasks};
use jiff::Timestamp;
use pcemon::config::parse;
use pcemon::domain::rule::Rule;
use pcemon::domain::source::SourceKind;
use pcemon::domain::value::{Record, Value as Told};
use pcemon::judge::measurement::Span;
use pcemon::judge::memory::RuleMemory;
use pcemon::judge::records::{self, Answer, Shown, StreamLook};
use pcemon::sources::{self, Assembled, SOURCES};
use serde_json::{Value, json};
use std::path::Path;

/// A source with records of every kind, and rules of which some fire on them and some do not.
struct World {
    source: SourceKind,
    rows: Vec<Value>,
    rules: &'static str,
    /// Paths at which this source says "none" by null.
    none_by_null: &'static [&'static str],
    /// Paths that it tells or not, depending on what there is.
    none_by_absence: &'static [&'static str],
}

const NOW: &str = "2026-11-20T10:00:00Z";

fn worlds() -> Vec<World> {
    vec![events(), vens(), health(), database(), probes(), proxmox(), proxmox_backup_server(), proxmox_tasks(), own_records()]
}

fn events() -> World {
    let event = |number: u32, kind: &str, more: Value| {
        let mut row = json!({
            "href": format!("/orgs/1/events/{number}"), "timestamp": format!("2026-11-20T09:5{number}:00Z"), "event_type": kind,
            "severity": "err", "status": "failure", "pce_fqdn": "pce.example.com",
            "created_by": { "user": { "href": "/users/1", "username": "ann" } }, "action": { "src_ip": "192.0.2.7" },
            "notifications": [{ "notification_type": "user.login_failed", "info": { "src_ip": "192.0.2.9", "tries": 3 } }],
            "resource_changes": [{ "resource": { "label": { "href": "/orgs/1/labels/1", "value": "db" } },
                "changes": { "workloads_affected": { "before": 0, "after": 120 } } }],
        });
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    World {
        source: sources::EVENTS,
        rows: vec![
            event(1, "user.sign_in", json!({})),
            event(2, "sec_policy.create", json!({ "status": "success", "severity": "info", "notifications": [] })),
            event(
                3,
                "agent.tampering",
                json!({ "action": null, "created_by": { "ven": { "href": "/orgs/1/vens/1", "hostname": "web-01" } } }),
            ),
        ],
        none_by_null: &["status", "action"],
        none_by_absence: &[],
        rules: r#"
[[rules]]
name = "type"
source = "events"
match = { type = ["agent.*"] }
warning = ">= 1"
[[rules]]
name = "failed by ann"
source = "events"
match = { status = ["failure"], actor = ["ann"], severity = ["error"] }
warning = ">= 1"
[[rules]]
name = "from outside"
source = "events"
match = { src_ip = ["192.0.2.0/24"], notification = ["user.login_failed"] }
warning = ">= 1"
[[rules]]
name = "all but the PCE's own"
source = "events"
exclude = { pce_fqdn = ["other.example.com"], resource = ["nothing"] }
warning = ">= 3"
[[rules]]
name = "tries"
source = "events"
match = { info = ["tries=3"] }
warning = ">= 2"
[[rules]]
name = "provisioned"
source = "events"
metric = "workloads_affected"
warning = ">= 100"
[[rules]]
name = "actors"
source = "events"
metric = "distinct:actor"
warning = ">= 2"
[[rules]]
name = "by address"
source = "events"
group_by = ["src_ip"]
warning = ">= 2"
[[rules]]
name = "few"
source = "events"
match = { type = ["user.*"] }
warning = "< 1"
[[rules]]
name = "few excluded"
source = "events"
exclude = { actor = ["web-*"] }
warning = "< 2"
"#,
    }
}

fn vens() -> World {
    let ven = |number: u32, more: Value| {
        let mut row = json!({
            "href": format!("/orgs/1/vens/{number}"), "name": format!("web-0{number}"), "hostname": format!("web-0{number}.example.com"),
            "status": "active", "version": "25.2.1", "os_id": "linux", "os_platform": "centos", "ven_type": "server",
            "active_pce_fqdn": "pce.example.com", "labels": [{ "href": "/orgs/1/labels/1", "key": "role", "value": "web" }],
            "interfaces": [{ "name": "eth0", "address": format!("10.0.0.{number}") }],
            "conditions": [{ "latest_event": { "notification_type": "agent.missed_heartbeats" } }],
            "last_heartbeat_at": "2026-11-20T08:00:00Z", "created_at": "2026-11-01T08:00:00Z",
            "workloads": [{ "href": format!("/orgs/1/workloads/{number}") }],
        });
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let workload = |number: u32, online: bool, mode: &str| {
        json!({ "href": format!("/orgs/1/workloads/{number}"), "ven": { "href": format!("/orgs/1/vens/{number}") }, "online": online,
            "enforcement_mode": mode, "agent": { "status": { "security_policy_sync_state": "staged" } } })
    };
    World {
        source: sources::VENS,
        rows: vec![
            ven(1, json!({})),
            ven(2, json!({ "last_heartbeat_at": "2026-11-20T09:59:00Z", "conditions": [], "version": "21.5.0" })),
            workload(1, false, "selective"),
            workload(2, true, "full"),
        ],
        none_by_null: &[],
        none_by_absence: &[],
        rules: r#"
[[rules]]
name = "offline"
source = "vens"
match = { offline = true, status = ["active"] }
warning = ">= 1"
[[rules]]
name = "not in full enforcement"
source = "vens"
exclude = { enforcement = ["full"] }
warning = ">= 1"
[[rules]]
name = "staged web"
source = "vens"
match = { sync_state = ["staged"], label = ["role=web"], os = ["linux"], ven_type = ["server"] }
warning = ">= 2"
[[rules]]
name = "silent"
source = "vens"
match = { heartbeat_older = "1h" }
warning = ">= 1"
[[rules]]
name = "age"
source = "vens"
metric = "heartbeat_age"
warning = "> 90m"
[[rules]]
name = "conditions"
source = "vens"
match = { condition = ["*"] }
warning = ">= 1"
[[rules]]
name = "old versions"
source = "vens"
exclude = { version = ["25.*"] }
group_by = ["version"]
warning = ">= 1"
[[rules]]
name = "net"
source = "vens"
match = { ip = ["10.0.0.0/24"], active_pce = ["pce.example.com"], ven = ["web-*"] }
warning = ">= 2"
[[rules]]
name = "by role"
source = "vens"
group_by = ["label:role"]
warning = ">= 2"
[[rules]]
name = "few online"
source = "vens"
match = { online = true }
warning = "< 2"
[[rules]]
name = "few with a name"
source = "vens"
match = { ven = ["web-0*"] }
warning = "< 2"
[[rules]]
name = "versions"
source = "vens"
metric = "distinct:version"
warning = ">= 2"
"#,
    }
}

fn health() -> World {
    World {
        source: sources::HEALTH,
        rows: vec![json!({
            "status": "critical", "fqdn": "pce.example.com", "notifications": [],
            "nodes": [
                { "hostname": "core0", "cpu": { "percent": 97 }, "memory": { "percent": 50 }, "disk": [{ "location": "/", "value": { "percent": 99 } }] },
                { "hostname": "core1", "cpu": { "percent": 20 }, "memory": { "percent": 96 }, "disk": [{ "location": "/", "value": { "percent": 10 } }] },
            ],
            "network": { "replication": [{ "type": "intracluster", "value": { "status": "normal", "lag_seconds": 90 } }] },
        })],
        none_by_null: &[],
        none_by_absence: &[],
        rules: r#"
[[rules]]
name = "status"
source = "health"
[[rules]]
name = "cpu"
source = "health"
metric = "cpu"
warning = ">= 90 %"
[[rules]]
name = "memory"
source = "health"
metric = "memory"
warning = ">= 90 %"
[[rules]]
name = "disk"
source = "health"
metric = "disk"
warning = ">= 90 %"
[[rules]]
name = "lag"
source = "health"
metric = "replication_lag"
warning = "> 30 s"
"#,
    }
}

fn database() -> World {
    World {
        source: sources::DATABASE,
        rows: vec![json!({
            "flows_size_gb": 12, "flows_size_gb_limit": 20, "flows_days": 60, "flows_days_limit": 90,
            "server": { "flows_size_gb": 9.6, "flows_size_gb_limit": 10, "num_flows_days": 24, "num_flows_days_limit": 90 },
            "backlog": { "total_disk_used_gb": 2.5, "total_file_count": 1200 },
        })],
        none_by_null: &[],
        none_by_absence: &["server"],
        rules: r#"
[[rules]]
name = "used"
source = "database"
warning = ">= 85 %"
[[rules]]
name = "days"
source = "database"
metric = "days"
warning = "< 30"
[[rules]]
name = "backlog"
source = "database"
metric = "backlog"
warning = "> 1 GB"
[[rules]]
name = "files"
source = "database"
metric = "backlog_files"
warning = "> 1000"
"#,
    }
}

/// What has none of a fact says so by null in these lines, which are our own.
const NONE_OF_A_PROBE: &[&str] = &[
    "latency",
    "resolve",
    "connect",
    "tls",
    "first_byte",
    "transfer",
    "http_status",
    "size",
    "redirects",
    "banner",
    "answer",
    "answers",
    "rcode",
    "ttl",
    "serial",
    "method",
    "loss",
    "rtt",
    "jitter",
    "certificate",
    "port",
    "reason",
    "probe",
    "type",
    "outcome",
    "url",
    "host",
    "ip_version",
    "attempts",
    "failures",
    "certificate/issuer",
    "certificate/subject",
    "certificate/tls_version",
];

fn probes() -> World {
    let line = |name: &str, kind: &str, outcome: &str, more: Value| {
        let mut row = json!({
            "probe": name, "id": format!("id-{name}"), "type": kind, "url": format!("{kind}://{name}"), "host": name, "port": "443",
            "at": NOW, "outcome": outcome, "reason": null, "attempts": 2, "failures": 0, "address": "192.0.2.1", "ip_version": "4",
            "latency": 0.2, "resolve": 0.01, "connect": 0.02, "tls": null, "first_byte": null, "transfer": null, "http_status": null,
            "size": null, "redirects": null, "banner": null, "answer": null, "answers": null, "rcode": null, "ttl": null,
            "serial": null, "method": null, "loss": null, "rtt": null, "jitter": null, "certificate": null,
        });
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let certificate = json!({ "subject": "CN=shop", "issuer": "CN=ca", "tls_version": "1.3", "not_before": "2026-09-01T00:00:00Z",
        "not_after": "2026-11-25T00:00:00Z", "path_not_after": "2026-11-25T00:00:00Z", "sent_not_after": "2026-11-22T00:00:00Z" });
    World {
        source: sources::find("probe").unwrap(),
        rows: vec![
            line(
                "shop",
                "http",
                "ok",
                json!({ "tls": 0.03, "first_byte": 0.1, "transfer": 0.04, "http_status": 200, "size": 10,
                "redirects": 1, "certificate": certificate, "failures": 1 }),
            ),
            line("db", "tcp", "refused", json!({ "reason": "refused", "banner": "SSH-2.0-x", "failures": 2 })),
            line("gateway", "ping", "ok", json!({ "method": "raw", "loss": 0.4, "rtt": 0.002, "jitter": 0.001 })),
            line("zone", "dns", "ok", json!({ "answer": ["a", "b"], "answers": 2, "rcode": "NOERROR", "ttl": 60, "serial": 7 })),
        ],
        none_by_null: NONE_OF_A_PROBE,
        none_by_absence: &[],
        rules: r#"
[[rules]]
name = "down"
source = "probe"
warning = ">= 1"
[[rules]]
name = "status"
source = "probe"
metric = "status"
[[rules]]
name = "tcp is up"
source = "probe"
match = { type = ["tcp"], outcome = ["ok"] }
metric = "count"
warning = "< 1"
[[rules]]
name = "shop down"
source = "probe"
match = { url = ["http://shop"] }
warning = ">= 1"
[[rules]]
name = "all up but the database"
source = "probe"
exclude = { host = ["db"] }
warning = ">= 1"
[[rules]]
name = "expires"
source = "probe"
metric = "cert_expiry"
warning = "< 14d"
[[rules]]
name = "expires very soon"
source = "probe"
metric = "cert_expiry"
warning = "< 3d"
[[rules]]
name = "not renewed"
source = "probe"
metric = "cert_life"
warning = "< 10 %"
[[rules]]
name = "lost"
source = "probe"
metric = "loss"
warning = "> 20 %"
[[rules]]
name = "slow"
source = "probe"
metric = "latency"
warning = "> 1s"
[[rules]]
name = "failures"
source = "probe"
metric = "failures"
warning = ">= 3"
[[rules]]
name = "answers"
source = "probe"
metric = "answers"
warning = "< 2"
[[rules]]
name = "net"
source = "probe"
match = { address = ["192.0.2.0/24"] }
metric = "count"
warning = ">= 4"
[[rules]]
name = "outcomes"
source = "probe"
metric = "distinct:outcome"
warning = ">= 2"
"#,
    }
}

fn proxmox() -> World {
    World {
        source: sources::find("proxmox").unwrap(),
        rows: fixture::rows(),
        none_by_null: fixture::NONE,
        none_by_absence: fixture::NONE,
        rules: fixture::RULES,
    }
}

fn proxmox_backup_server() -> World {
    World {
        source: sources::find("proxmox").unwrap(),
        rows: pbs::rows(),
        none_by_null: pbs::NONE,
        none_by_absence: pbs::NONE,
        rules: pbs::RULES,
    }
}

fn proxmox_tasks() -> World {
    World {
        source: sources::find("proxmox_tasks").unwrap(),
        rows: tasks::rows(),
        none_by_null: tasks::NONE,
        none_by_absence: tasks::NONE,
        rules: tasks::RULES,
    }
}

fn own_records() -> World {
    World {
        source: sources::find("records").unwrap(),
        rows: vec![
            json!({ "timestamp": "2026-11-20T09:55:00Z", "host": "db-01", "status": "failed", "ok": false, "seconds": 120, "inner": { "step": "copy" } }),
            json!({ "timestamp": "2026-11-20T09:56:00Z", "host": "db-02", "status": "done", "ok": true, "seconds": 4, "inner": { "step": "end" } }),
        ],
        none_by_null: &[],
        none_by_absence: &[],
        rules: r#"
[[rules]]
name = "failed"
source = "records"
match = { status = ["failed"] }
warning = ">= 1"
[[rules]]
name = "not ok"
source = "records"
match = { ok = false }
warning = ">= 1"
[[rules]]
name = "all but the end"
source = "records"
exclude = { "inner.step" = ["end"] }
warning = ">= 1"
[[rules]]
name = "long"
source = "records"
metric = "max:seconds"
warning = "> 60"
[[rules]]
name = "hosts"
source = "records"
metric = "distinct:host"
warning = ">= 2"
[[rules]]
name = "by host"
source = "records"
match = { status = ["failed"] }
group_by = ["host"]
warning = ">= 1"
[[rules]]
name = "few"
source = "records"
match = { status = ["done"] }
warning = "< 1"
"#,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Ok,
    Unknown,
    Firing,
}

fn read(source: SourceKind, text: &str) -> Option<Assembled> {
    let member = sources::member(source).unwrap();
    let mut assembler = (member.assemble)(true, None);
    assembler.part("part.json", &mut text.as_bytes()).ok()?;
    Some(assembler.finish())
}

/// What each rule says of these records; everything is unknown when the answer cannot be read.
fn judge(world: &World, rules: &[Rule], text: &str) -> Vec<State> {
    let now: Timestamp = NOW.parse().unwrap();
    let Some(assembled) = read(world.source, text) else { return vec![State::Unknown; rules.len()] };
    let partial = assembled.unreadable > 0 || assembled.missing.is_some();
    rules.iter().map(|rule| state(rule, &assembled.records, partial, now)).collect()
}

fn state(rule: &Rule, list: &[Record], partial: bool, now: Timestamp) -> State {
    let answer = Answer { records: list, incomplete: partial, now };
    let mut memory = RuleMemory::default();
    let observation = if rule.source.is_stream() {
        let from = now - jiff::SignedDuration::from_mins(10);
        let look = StreamLook { span: Span { from: Some(from), to: now }, oldest: None, previous_run: Some(from) };
        records::stream(rule, answer, &mut memory, &Shown::new(), look)
    } else {
        records::snapshot(rule, answer, &[], &mut memory)
    };
    let verdicts: Vec<_> = observation.groups.iter().map(|group| records::verdict(rule, &group.evidence(partial))).collect();
    let unlisted = rule.group_by.is_empty() || observation.unlisted.is_certain();
    if verdicts.iter().any(|verdict| verdict.breach.is_some()) {
        State::Firing
    } else if observation.trouble.is_some()
        || verdicts.iter().any(|verdict| verdict.open.is_some())
        || !unlisted
        || (partial && !rule.group_by.is_empty())
    {
        State::Unknown
    } else {
        State::Ok
    }
}

/// Every place of a JSON value, as a path.
pub fn places(value: &Value, path: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                out.push(path.clone());
                places(inner, &path, out);
            }
        }
        Value::Array(list) => list.iter().enumerate().for_each(|(index, inner)| places(inner, &format!("{path}/{index}"), out)),
        _ => {}
    }
}

pub fn remove(value: &mut Value, path: &str) {
    let (parent, key) = path.rsplit_once('/').unwrap();
    if let Some(Value::Object(map)) = value.pointer_mut(parent) {
        map.remove(&key.replace("~1", "/").replace("~0", "~"));
    }
}

#[test]
fn knowing_less_is_never_calmer_and_never_an_alert() {
    let mut walked = 0;
    let mut wrong = Vec::new();
    for world in worlds() {
        let rules = parse(Path::new("rules.toml"), world.rules).unwrap().rules;
        let whole = judge(&world, &rules, &Value::from(world.rows.clone()).to_string());
        assert!(whole.contains(&State::Firing) && !whole.contains(&State::Unknown), "{}: {whole:?}", world.source);
        for (number, row) in world.rows.iter().enumerate() {
            let mut all = Vec::new();
            places(row, "", &mut all);
            for path in all {
                for what in ["dropped", "null", "garbled", "href"] {
                    let mut rows = world.rows.clone();
                    let at = rows[number].pointer(&path).unwrap().clone();
                    match what {
                        "dropped" | "null" if world.none_by_absence.contains(&path.trim_start_matches('/')) => continue,
                        "dropped" => remove(&mut rows[number], &path),
                        "null" if world.none_by_null.contains(&path.trim_start_matches('/')) => continue,
                        "null" => *rows[number].pointer_mut(&path).unwrap() = Value::Null,
                        // A text is another text as good as any; a number or a list that is none is not told.
                        "garbled" if at.is_string() || path.contains("/info/") => continue,
                        "garbled" => *rows[number].pointer_mut(&path).unwrap() = json!("?"),
                        _ if !at.is_object() => continue,
                        _ => *rows[number].pointer_mut(&path).unwrap() = json!({ "href": "/orgs/1/x/1" }),
                    }
                    walked += 1;
                    let now = judge(&world, &rules, &Value::from(rows).to_string());
                    for ((rule, before), after) in rules.iter().zip(&whole).zip(now) {
                        if after != *before && after != State::Unknown {
                            wrong.push(format!(
                                "{} record {number} {path} {what}: `{}` was {before:?} and is {after:?}",
                                world.source, rule.name
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(walked > 300, "only {walked} places were walked");
    assert!(wrong.is_empty(), "{} of {walked}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The value with its numbers in another notation.
pub fn rewritten(value: &Value, form: usize) -> String {
    match value {
        Value::Number(number) if form == 0 => format!("{number}{}", if number.is_f64() { "" } else { ".0" }),
        Value::Number(number) if form == 1 => format!("{number}e0"),
        Value::Number(number) => format!("\"{number}\""),
        Value::Array(list) => format!("[{}]", list.iter().map(|inner| rewritten(inner, form)).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, inner)| format!("{}:{}", json!(key), rewritten(inner, form)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// 3, 3.0, 3e0 and "3" are the same number wherever a number is read.
#[test]
fn a_number_is_a_number_in_every_notation() {
    for world in worlds() {
        let rules = parse(Path::new("rules.toml"), world.rules).unwrap().rules;
        let rows = Value::from(world.rows.clone());
        let whole = judge(&world, &rules, &rows.to_string());
        for form in 0..3 {
            // What a fact of a notification looks like is a text.
            let text = rewritten(&rows, form).replace("\"tries\":3.0", "\"tries\":3").replace("\"tries\":3e0", "\"tries\":3");
            assert_eq!(judge(&world, &rules, &text), whole, "{} in form {form}: {text}", world.source);
        }
    }
}

/// For every text that a record holds, a condition that asks for just this text holds.
#[test]
fn a_name_matches_itself() {
    let now: Timestamp = NOW.parse().unwrap();
    let hostile = ["LAB\\Administrator", "c:\\windows\\system32\\", "a[b", "{x", "*?", "web{1,2}", "err\\*"];
    for name in hostile {
        let row = json!([{ "href": "/e/1", "timestamp": "2026-11-20T09:59:00Z", "event_type": "user.update", "status": "failure", "severity": "err",
            "created_by": { "user": { "username": name } }, "resource_changes": [], "notifications": [], "action": null, "pce_fqdn": name }]);
        let rule = format!("[[rules]]\nname = \"x\"\nsource = \"events\"\nmatch = {{ actor = [{0}] }}\nwarning = \">= 1\"\n", json!(name));
        let Ok(config) = parse(Path::new("rules.toml"), &rule) else {
            // What is no glob and holds glob characters is refused with a message, not ignored.
            assert!(name.contains(['[', '{']), "{name}");
            continue;
        };
        let list = read(sources::EVENTS, &row.to_string()).unwrap().records;
        assert_eq!(state(&config.rules[0], &list, false, now), State::Firing, "{name}");
    }
    for world in worlds() {
        let list = read(world.source, &Value::from(world.rows.clone()).to_string()).unwrap().records;
        for (slot, field) in (0u8..).zip(world.source.fields) {
            for key in field.keys {
                for text in list.iter().flat_map(|record| record.slot(slot).texts().to_vec()) {
                    let counted = world.source.metrics.iter().any(|metric| metric.name == "count");
                    let metric = if counted { "metric = \"count\"\n" } else { "" };
                    let rule = format!(
                        "[[rules]]\nname = \"x\"\nsource = \"{}\"\n{metric}match = {{ {} = [{}] }}\nwarning = \">= 1\"\n",
                        world.source,
                        key.name,
                        json!(text)
                    );
                    let config = parse(Path::new("rules.toml"), &rule).unwrap_or_else(|error| panic!("{rule}: {error}"));
                    assert_eq!(state(&config.rules[0], &list, false, now), State::Firing, "{rule}");
                }
            }
        }
    }
}

/// Records in any order, a part twice, an answer in two parts: the same verdict.
#[test]
fn the_order_of_records_and_parts_does_not_matter() {
    for world in worlds() {
        let rules = parse(Path::new("rules.toml"), world.rules).unwrap().rules;
        let whole = judge(&world, &rules, &Value::from(world.rows.clone()).to_string());
        let mut backwards = world.rows.clone();
        backwards.reverse();
        assert_eq!(judge(&world, &rules, &Value::from(backwards).to_string()), whole, "{}", world.source);
        let lines: String = world.rows.iter().map(|row| format!("{row}\n")).collect();
        assert_eq!(judge(&world, &rules, &lines), whole, "{} as lines", world.source);
    }
    // What is known by an identity counts once, however often it comes.
    for world in [events(), vens()] {
        let now: Timestamp = NOW.parse().unwrap();
        let rules = parse(Path::new("rules.toml"), world.rules).unwrap().rules;
        let member = sources::member(world.source).unwrap();
        let mut assembler = (member.assemble)(true, None);
        let text = Value::from(world.rows.clone()).to_string();
        for part in [&text, &text] {
            assembler.part("part.json", &mut part.as_bytes()).unwrap();
        }
        let twice = assembler.finish();
        let states: Vec<State> = rules.iter().map(|rule| state(rule, &twice.records, false, now)).collect();
        assert_eq!(states, judge(&world, &rules, &text), "{} twice", world.source);
    }
}

/// Every field and metric of the table is told by some fixture here.
#[test]
fn every_field_and_metric_is_told_by_a_fixture() {
    let worlds = worlds();
    for source in SOURCES.into_iter().filter(|source| !source.is_flows() && !source.is_run()) {
        let own = worlds.iter().filter(|world| world.source == source);
        let list: Vec<Record> = own.flat_map(|world| read(source, &Value::from(world.rows.clone()).to_string()).unwrap().records).collect();
        assert!(!list.is_empty(), "{source} has no fixture");
        for (slot, field) in (0u8..).zip(source.fields) {
            assert!(list.iter().any(|record| record.slot(slot) != &Told::NotTold), "{source}: no fixture tells {}", field.name);
        }
        for kind in source.kinds {
            assert!(list.iter().any(|record| source.kinds[usize::from(record.kind)] == *kind), "{source}: no fixture is a {kind}");
        }
    }
}
