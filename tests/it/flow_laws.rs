//! The laws of `laws.rs` for flows, which have a judge of their own: knowing less is never calmer and never an alert, a
//! number is a number in every notation, the order of records does not matter. Each is tried as plain sums and as increases.

use super::laws::{State, places, remove, rewritten};
use jiff::{SignedDuration, Timestamp};
use pcemon::config::parse;
use pcemon::domain::rule::{Matcher, Rule};
use pcemon::judge::accounting::Closing;
use pcemon::judge::coverage::{Coverage, Scope};
use pcemon::judge::measurement::Measurement;
use pcemon::judge::memory::RuleMemory;
use pcemon::judge::reading::Learned;
use pcemon::judge::traffic::{Settings, TrafficJudge, TrafficMemory};
use pcemon::judge::{ask, plan, records};
use pcemon::pce::decode::{Endpoints, decode_flows};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const NOW: &str = "2026-11-20T10:00:00Z";

/// Places at which the PCE says "none" by leaving something out, by null or by an empty list.
const NONE_BY_ABSENCE: [&str; 14] = [
    "/src/workload",
    "/dst/workload",
    "/src/ip_lists",
    "/dst/ip_lists",
    "/src/fqdn",
    "/dst/fqdn",
    "/dst/virtual_service",
    "/service/process_name",
    "/service/windows_service_name",
    "/service/user_name",
    "/transmission",
    // A name that is null is one that the workload does not have.
    "/src/workload/name null",
    "/src/workload/hostname null",
    "/dst/workload/hostname null",
];

fn flow(number: u32, more: Value) -> Value {
    let mut row = json!({
        "src": { "ip": format!("10.0.0.{number}"), "workload": {
            "href": format!("/orgs/1/workloads/{number}"), "name": format!("web-0{number}"), "hostname": format!("web-0{number}.example.com"),
            "labels": [{ "href": "/orgs/1/labels/1", "key": "role", "value": "web" }, { "href": "/orgs/1/labels/2", "key": "env", "value": "prod" }],
            "managed": true, "enforcement_mode": "full", "os_type": "linux", "endpoint": false } },
        "dst": { "ip": "192.0.2.9", "fqdn": "updates.example.com", "ip_lists": [{ "href": "/orgs/1/sec_policy/draft/ip_lists/5", "name": "Internet" }] },
        "service": { "port": 443, "proto": 6, "process_name": "curl", "windows_service_name": "wuauserv", "user_name": "ann" },
        "num_connections": 40, "state": "closed", "policy_decision": "blocked", "flow_direction": "outbound", "client_type": "server",
        "timestamp_range": { "first_detected": "2026-11-20T09:51:00Z", "last_detected": "2026-11-20T09:58:00Z" },
        "dst_bi": 4000, "dst_bo": 70000, "transmission": "broadcast",
        "network": { "href": "/orgs/1/networks/1", "name": "Corporate" }, "caps": [], "seq_id": number,
    });
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

fn rows() -> Vec<Value> {
    vec![
        flow(1, json!({})),
        flow(
            2,
            json!({ "dst": { "ip": "10.0.1.7", "workload": { "href": "/orgs/1/workloads/17", "name": "db-01", "hostname": "db-01",
                "labels": [{ "href": "/orgs/1/labels/3", "key": "role", "value": "db" }], "managed": false, "enforcement_mode": "idle", "os_type": "windows" } },
                "policy_decision": "allowed", "service": { "port": 3306, "proto": 17 }, "flow_direction": "inbound", "client_type": "endpoint" }),
        ),
        flow(
            3,
            json!({ "dst": { "ip": "10.0.1.8", "virtual_service": { "href": "/orgs/1/sec_policy/active/virtual_services/1", "name": "shop" } },
                "state": "active", "service": { "proto": 1 } }),
        ),
    ]
}

const RULES: &str = r#"
[[rules]]
name = "role"
source = "traffic"
window = "30m"
match = { src_label = ["role=web", "env=prod"] }
warning = ">= 120"
[[rules]]
name = "not to the database"
source = "traffic"
window = "30m"
exclude = { dst_label = ["role=db"] }
warning = ">= 80"
[[rules]]
name = "addresses"
source = "traffic"
window = "30m"
match = { src_ip = ["10.0.0.0/24"], dst_ip = ["192.0.2.9"] }
warning = ">= 40"
[[rules]]
name = "neither there nor there"
source = "traffic"
window = "30m"
exclude = { any_ip = ["10.0.1.0/24"] }
warning = ">= 40"
[[rules]]
name = "names"
source = "traffic"
window = "30m"
match = { src_workload = ["web-0*"] }
warning = ">= 120"
[[rules]]
name = "host names"
source = "traffic"
window = "30m"
match = { src_workload = ["web-0?.example.com"] }
warning = ">= 120"
[[rules]]
name = "a virtual service"
source = "traffic"
window = "30m"
match = { dst_workload = ["shop"] }
warning = ">= 40"
[[rules]]
name = "managed"
source = "traffic"
window = "30m"
match = { src_managed = true, dst_managed = false }
warning = ">= 120"
[[rules]]
name = "idle"
source = "traffic"
window = "30m"
match = { dst_enforcement = ["idle"], dst_os = ["windows"] }
warning = ">= 40"
[[rules]]
name = "not full"
source = "traffic"
window = "30m"
exclude = { src_enforcement = ["idle"] }
warning = ">= 120"
[[rules]]
name = "any end"
source = "traffic"
window = "30m"
match = { any_label = ["role=db"] }
warning = ">= 40"
[[rules]]
name = "lists"
source = "traffic"
window = "30m"
match = { dst_ip_list = ["Internet"], fqdn = ["*.example.com"] }
warning = ">= 40"
[[rules]]
name = "ports"
source = "traffic"
window = "30m"
match = { port = [443, "3306/udp"] }
warning = ">= 80"
[[rules]]
name = "protocols"
source = "traffic"
window = "30m"
exclude = { proto = ["icmp"] }
warning = ">= 80"
[[rules]]
name = "blocked"
source = "traffic"
window = "30m"
match = { decision = ["blocked"] }
warning = ">= 80"
[[rules]]
name = "not allowed"
source = "traffic"
window = "30m"
exclude = { decision = ["allowed"] }
warning = ">= 80"
[[rules]]
name = "told by the source"
source = "traffic"
window = "30m"
match = { direction = ["outbound"], state = ["closed"] }
warning = ">= 40"
[[rules]]
name = "reporter"
source = "traffic"
window = "30m"
match = { process = ["curl"], user = ["ann"], service = ["wu*"] }
warning = ">= 40"
[[rules]]
name = "network"
source = "traffic"
window = "30m"
match = { network = ["Corp*"], client_type = ["server"], transmission = ["broadcast"] }
warning = ">= 80"
[[rules]]
name = "by role"
source = "traffic"
window = "30m"
group_by = ["src_label:role"]
warning = ">= 120"
[[rules]]
name = "by name"
source = "traffic"
window = "30m"
group_by = ["dst_workload"]
warning = ">= 40"
[[rules]]
name = "by address and port"
source = "traffic"
window = "30m"
group_by = ["dst_ip", "port"]
warning = ">= 40"
[[rules]]
name = "by decision"
source = "traffic"
window = "30m"
group_by = ["decision"]
warning = ">= 80"
[[rules]]
name = "destinations"
source = "traffic"
window = "30m"
metric = "distinct:dst_workload"
warning = ">= 3"
[[rules]]
name = "ports of each"
source = "traffic"
window = "30m"
metric = "distinct:port"
group_by = ["src_label:env"]
warning = ">= 2"
[[rules]]
name = "bytes"
source = "traffic"
window = "30m"
metric = "bytes"
warning = ">= 200 kB"
[[rules]]
name = "bytes out"
source = "traffic"
window = "30m"
metric = "bytes_out"
group_by = ["src_workload"]
warning = ">= 60 kB"
[[rules]]
name = "flows"
source = "traffic"
window = "30m"
metric = "flows"
match = { src_label = ["role=web"] }
warning = ">= 3"
[[rules]]
name = "few of the database"
source = "traffic"
window = "30m"
match = { dst_label = ["role=db"] }
warning = "< 1"
[[rules]]
name = "few not of the web"
source = "traffic"
window = "30m"
exclude = { src_label = ["role=web"] }
warning = "< 1"
[[rules]]
name = "few from elsewhere"
source = "traffic"
window = "30m"
match = { src_ip = ["172.16.0.0/12"] }
warning = "< 1"
[[rules]]
name = "idle sources"
source = "traffic"
window = "30m"
match = { src_enforcement = ["idle"] }
warning = ">= 1"
[[rules]]
name = "snapshots"
source = "traffic"
window = "30m"
match = { state = ["snapshot"] }
warning = ">= 1"
[[rules]]
name = "all there is"
source = "traffic"
window = "30m"
warning = ">= 100"
"#;

/// How the numbers come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    AsReported,
    Increases,
}

fn settings() -> Settings {
    Settings {
        lookback: Duration::from_secs(600),
        cap: 1_000,
        most_new: usize::MAX,
        is_over: || false,
        may_repeat: true,
        learned: Learned::default(),
    }
}

/// Reads an answer. `None`: it cannot be read.
fn read(judge: &mut TrafficJudge<'_>, text: &str) -> Option<bool> {
    let mut endpoints = Endpoints::new(judge.marker());
    decode_flows(text.as_bytes(), &mut endpoints, judge).ok().map(|decoded| decoded.unreadable > 0)
}

/// What each rule says of these records: as they are, or as what has grown since a look at the same records, all of them
/// told whole and smaller.
fn judge(how: How, rules: &[Rule], text: &str) -> Vec<State> {
    let now: Timestamp = NOW.parse().unwrap();
    let rules: Vec<&Rule> = rules.iter().collect();
    let mut own = vec![RuleMemory::default(); rules.len()];
    if how == How::AsReported {
        let mut judge = TrafficJudge::new(&rules, None, settings(), now);
        let Some(partial) = read(&mut judge, text) else { return vec![State::Unknown; rules.len()] };
        let closing = Closing { next_from: now, whole: [!partial; 4], narrowed: false };
        let span = pcemon::judge::measurement::Span { from: None, to: now };
        let outcome = judge.finish(&mut own, span, Coverage::default(), closing);
        return states(&rules, &outcome.measurements, partial || outcome.timeless > 0);
    }
    let filters: Vec<_> =
        rules.iter().map(|rule| if let Matcher::Traffic(filter) = &rule.matcher { filter } else { unreachable!() }).collect();
    let scope = Scope::of(&plan::wanted_services(filters.iter().copied()));
    let wanted = ask::Wanted {
        decisions: plan::wanted_decisions(filters.iter().copied()),
        scope,
        ..super::accounting::wanted(30, Duration::from_secs(600))
    };
    let (mut memory, mut out) = (TrafficMemory::default(), Vec::new());
    let earlier: Vec<Value> = rows().into_iter().map(smaller).collect();
    let looks = [(now - SignedDuration::from_mins(5), Value::from(earlier).to_string()), (now, text.to_owned())];
    for (at, text) in looks {
        let ask = ask::increases(memory.coverage.clone(), &wanted, at);
        let taken = TrafficMemory { coverage: ask.coverage.clone(), ..memory };
        let mut judge = TrafficJudge::new(&rules, Some(taken), settings(), at);
        let Some(partial) = read(&mut judge, &text) else { return vec![State::Unknown; rules.len()] };
        let (covered, closing) = ask.close([!partial; 4], &ask::Beside { lookback: Duration::from_secs(600), ..Default::default() });
        let outcome = judge.finish(&mut own, ask.span, covered, closing);
        memory = outcome.memory.unwrap();
        out = states(&rules, &outcome.measurements, partial || outcome.timeless > 0);
    }
    out
}

/// The record as it was a while ago.
fn smaller(mut row: Value) -> Value {
    for (key, then) in [("num_connections", 0), ("dst_bi", 0), ("dst_bo", 0)] {
        row[key] = json!(then);
    }
    row["timestamp_range"]["last_detected"] = row["timestamp_range"]["first_detected"].clone();
    row
}

fn states(rules: &[&Rule], measurements: &[Measurement], partial: bool) -> Vec<State> {
    let one = |(rule, observation): (&&Rule, &Measurement)| {
        let verdicts: Vec<_> = observation.groups.iter().map(|group| records::verdict(rule, &group.evidence(partial))).collect();
        if verdicts.iter().any(|verdict| verdict.breach.is_some()) {
            State::Firing
        } else if observation.trouble.is_some()
            || verdicts.iter().any(|verdict| verdict.open.is_some() || verdict.is_unknown)
            || (!rule.group_by.is_empty() && (partial || !observation.unlisted.is_certain()))
        {
            State::Unknown
        } else {
            State::Ok
        }
    };
    rules.iter().zip(measurements).map(one).collect()
}

#[test]
fn knowing_less_of_a_flow_is_never_calmer_and_never_an_alert() {
    let rules = parse(Path::new("rules.toml"), RULES).unwrap().rules;
    let (mut walked, mut unknown, mut wrong) = (0, 0, Vec::new());
    for how in [How::AsReported, How::Increases] {
        let whole = judge(how, &rules, &Value::from(rows()).to_string());
        for (rule, state) in rules.iter().zip(&whole) {
            let calm = ["few of the database", "few from elsewhere", "idle sources", "snapshots"].contains(&rule.name.as_str());
            let calm = calm && rule.name != "few from elsewhere";
            assert_eq!(*state, if calm { State::Ok } else { State::Firing }, "{how:?} {}", rule.name);
        }
        for (number, row) in rows().iter().enumerate() {
            let mut all = Vec::new();
            places(row, "", &mut all);
            for path in all {
                for what in ["dropped", "null", "garbled", "href"] {
                    let mut changed = rows();
                    let at = changed[number].pointer(&path).unwrap().clone();
                    let says_none = |path: &str| NONE_BY_ABSENCE.contains(&path);
                    match what {
                        "dropped" | "null" if says_none(&path) || says_none(&format!("{path} {what}")) => continue,
                        "dropped" => remove(&mut changed[number], &path),
                        "null" => *changed[number].pointer_mut(&path).unwrap() = Value::Null,
                        // A text is another text as good as any, but for the words that only the PCE chooses.
                        "garbled"
                            if at.is_string()
                                && !["/policy_decision", "/flow_direction"].contains(&path.as_str())
                                && !path.ends_with("/ip") =>
                        {
                            continue;
                        }
                        "garbled" => *changed[number].pointer_mut(&path).unwrap() = json!("?"),
                        _ if !at.is_object() => continue,
                        _ => *changed[number].pointer_mut(&path).unwrap() = json!({ "href": "/orgs/1/x/1" }),
                    }
                    walked += 1;
                    let now = judge(how, &rules, &Value::from(changed).to_string());
                    for ((rule, before), after) in rules.iter().zip(&whole).zip(now) {
                        unknown += usize::from(after == State::Unknown);
                        if after != *before && after != State::Unknown {
                            wrong.push(format!("{how:?} record {number} {path} {what}: `{}` was {before:?} and is {after:?}", rule.name));
                        }
                    }
                }
            }
        }
    }
    assert!(walked > 500, "only {walked} places were walked");
    assert!(unknown > 1_000, "only {unknown} answers are unknown");
    assert!(wrong.is_empty(), "{} of {walked}:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is missing only matters to rules that ask for it.
#[test]
fn rules_that_do_not_ask_for_the_missing_stay_as_they_were() {
    let rules = parse(Path::new("rules.toml"), RULES).unwrap().rules;
    for how in [How::AsReported, How::Increases] {
        let whole = judge(how, &rules, &Value::from(rows()).to_string());
        for (path, asking) in [
            ("/src/workload/labels", vec!["role", "by role", "ports of each", "flows", "few not of the web", "any end"]),
            ("/network", vec!["network"]),
            ("/client_type", vec!["network"]),
            ("/flow_direction", vec!["told by the source"]),
            ("/state", vec!["told by the source", "snapshots"]),
            ("/dst_bi", vec!["bytes"]),
            ("/src/workload/enforcement_mode", vec!["not full", "idle sources"]),
            ("/src/workload/managed", vec!["managed"]),
        ] {
            let mut changed = rows();
            changed.iter_mut().for_each(|row| remove(row, path));
            let now = judge(how, &rules, &Value::from(changed).to_string());
            for ((rule, before), after) in rules.iter().zip(&whole).zip(now) {
                if asking.contains(&rule.name.as_str()) {
                    continue;
                }
                assert_eq!(*before, after, "{how:?} {path}: {}", rule.name);
            }
        }
    }
}

#[test]
fn a_number_of_a_flow_is_a_number_in_every_notation() {
    let rules = parse(Path::new("rules.toml"), RULES).unwrap().rules;
    let rows = Value::from(rows());
    for how in [How::AsReported, How::Increases] {
        let whole = judge(how, &rules, &rows.to_string());
        for form in 0..3 {
            let text = rewritten(&rows, form);
            assert_eq!(judge(how, &rules, &text), whole, "{how:?} in form {form}: {text}");
        }
    }
}

#[test]
fn the_order_of_flows_does_not_matter() {
    let rules = parse(Path::new("rules.toml"), RULES).unwrap().rules;
    for how in [How::AsReported, How::Increases] {
        let whole = judge(how, &rules, &Value::from(rows()).to_string());
        let mut backwards = rows();
        backwards.reverse();
        assert_eq!(judge(how, &rules, &Value::from(backwards).to_string()), whole);
        let lines: String = rows().iter().map(|row| format!("{row}\n")).collect();
        assert_eq!(judge(how, &rules, &lines), whole);
    }
}
