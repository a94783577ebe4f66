//! `pcemon report` from outside: its numbers against an independent count, its page as an HTML parser sees it, what it
//! remembers, and what it does when something is wrong.

mod browser;

use crate::support::cli::{Bench, Ran, Room, at};
use crate::support::receivers::SmtpReceiver;
use pcemon::sim::estate;
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use scraper::{Html, Selector};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const NOW: &str = "2026-11-20T10:00:00Z";
const CALM: &str = "[[rules]]\nname = \"Never\"\nsource = \"events\"\nmatch = { type = [\"agent.tampering\"] }\nwarning = \"> 1000000\"\n";

/// A managed workload of an application as a record tells it, or a bare address.
fn end(name: &str, app: Option<&str>) -> Value {
    // Names differ, so addresses must.
    let id = name.bytes().fold(7u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let [_, a, b, c] = id.to_be_bytes();
    let ip = format!("10.{a}.{b}.{c}");
    match app {
        None => json!({ "ip": name }),
        Some(app) => json!({ "ip": ip, "workload": {
            "href": format!("/orgs/1/workloads/{id}"), "name": name, "hostname": name, "managed": true, "enforcement_mode": "full",
            "os_type": "linux", "labels": [{ "href": "/orgs/1/labels/1", "key": "app", "value": app }] } }),
    }
}

#[derive(Clone)]
struct Record {
    src: Value,
    dst: Value,
    port: u16,
    decision: &'static str,
    inbound: bool,
    connections: u64,
    bytes: (u64, u64),
    first: String,
    last: String,
}

impl Record {
    fn json(&self) -> Value {
        json!({ "src": self.src, "dst": self.dst, "service": { "port": self.port, "proto": 6 }, "num_connections": self.connections,
            "state": "closed", "timestamp_range": { "first_detected": self.first, "last_detected": self.last },
            "dst_bi": self.bytes.0, "dst_bo": self.bytes.1, "policy_decision": self.decision,
            "flow_direction": if self.inbound { "inbound" } else { "outbound" }, "network": { "name": "Corporate" } })
    }

    fn name(end: &Value) -> String {
        end["workload"]["name"].as_str().or(end["ip"].as_str()).unwrap().to_owned()
    }
}

/// Some of everything, over three days, with pairs that both ends report.
fn records(seed: u64, count: usize) -> Vec<Record> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let apps = ["shop", "hr", "crm", "wiki"];
    let mut ends: Vec<Value> = (0..40).map(|number| end(&format!("w-{number:03}"), Some(apps[number % 4]))).collect();
    ends.extend((0..10).map(|number| end(&format!("203.0.113.{number}"), None)));
    let mut out: Vec<Record> = Vec::new();
    for _ in 0..count {
        let (src, dst) = (rng.usize(..ends.len()), rng.usize(..ends.len()));
        let day = rng.u32(18..=20);
        let (from, to) = (rng.u32(0..12), rng.u32(12..24));
        let one = Record {
            src: ends[src].clone(),
            dst: ends[dst].clone(),
            port: [22, 53, 443, 3306][rng.usize(..4)],
            decision: ["allowed", "potentially_blocked", "blocked", "unknown"][rng.usize(..4)],
            inbound: src >= 40,
            connections: rng.u64(1..500),
            bytes: (rng.u64(..1_000_000), rng.u64(..1_000_000)),
            first: format!("2026-11-{day}T{from:02}:00:00Z"),
            last: format!("2026-11-{day}T{to:02}:30:00Z"),
        };
        if src < 40 && dst < 40 && rng.bool() {
            out.push(Record { inbound: true, connections: rng.u64(1..500), ..one.clone() });
        }
        out.push(one);
    }
    out
}

fn room(records: &[Record]) -> Room {
    let room = Room::new();
    let list: Vec<Value> = records.iter().map(Record::json).collect();
    room.write("flows.json", serde_json::to_vec(&list).unwrap());
    room.config(CALM);
    room
}

fn ask(room: &Room, more: &[&str]) -> Ran {
    let state = room.state().display().to_string();
    let mut all = vec!["report", "--state", &state, "--flows", "flows.json", "--now", NOW];
    all.extend(more);
    room.run(&all)
}

#[track_caller]
fn parsed(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}\n{}", ran.out, ran.err))
}

const DECISIONS: [&str; 4] = ["blocked", "potentially_blocked", "allowed", "unknown"];

/// What both ends told of one pair on one day, as `[source, destination]` by decision, worst first: each connection once.
fn each_once([mut source, mut destination]: [[u64; 4]; 2]) -> [u64; 4] {
    let mut out = [0; 4];
    // What the source blocked never arrived.
    out[0] = std::mem::take(&mut source[0]);
    for decision in 0..4 {
        let both = source[decision].min(destination[decision]);
        source[decision] -= both;
        destination[decision] -= both;
        out[decision] += both;
    }
    // The worst that is left meets the best of the other end.
    loop {
        let worst = (0..4).find(|decision| source[*decision] + destination[*decision] > 0);
        let Some(worst) = worst else { return out };
        let (mine, other) = if destination[worst] > 0 { (&mut destination, &mut source) } else { (&mut source, &mut destination) };
        let Some(best) = (0..4).rev().find(|decision| other[*decision] > 0) else {
            (0..4).for_each(|decision| out[decision] += mine[decision]);
            return out;
        };
        let both = mine[worst].min(other[best]);
        mine[worst] -= both;
        other[best] -= both;
        out[worst] += both;
    }
}

/// Connections and bytes by a key, each connection once.
fn counted(records: &[&Record], key: impl Fn(&Record) -> Option<String>) -> BTreeMap<String, (u64, u64)> {
    // By pair and day: connections and bytes by end and decision, and one of its records.
    type Ends = [[u64; 4]; 2];
    let mut pairs: BTreeMap<String, (Ends, Ends, Record)> = BTreeMap::new();
    for record in records {
        let pair = format!("{} {} {} {}", record.src, record.dst, record.port, &record.first[..10]);
        let (connections, bytes, _) = pairs.entry(pair).or_insert(([[0; 4]; 2], [[0; 4]; 2], (*record).clone()));
        let (end, decision) = (usize::from(record.inbound), DECISIONS.iter().position(|decision| *decision == record.decision).unwrap());
        connections[end][decision] += record.connections;
        bytes[end][decision] += record.bytes.0 + record.bytes.1;
    }
    let mut out: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (connections, bytes, record) in pairs.into_values() {
        let (connections, bytes) = (each_once(connections), each_once(bytes));
        for (index, decision) in DECISIONS.into_iter().enumerate() {
            let Some(key) = key(&Record { decision, ..record.clone() }) else { continue };
            let sum = out.entry(key).or_default();
            *sum = (sum.0 + connections[index], sum.1 + bytes[index]);
        }
    }
    out.retain(|_, sum| *sum != (0, 0));
    out
}

/// Rows of a ranking as name and connections of all decisions.
fn rows(ranking: &Value, name: impl Fn(&Value) -> String) -> Vec<(String, u64)> {
    let all = |row: &Value| row["connections"].as_object().unwrap().values().map(|value| value.as_u64().unwrap()).sum();
    ranking["rows"].as_array().unwrap().iter().map(|row| (name(row), all(row))).collect()
}

fn largest(sums: BTreeMap<String, (u64, u64)>) -> Vec<(String, u64)> {
    let mut list: Vec<(String, u64)> = sums.into_iter().map(|(name, (connections, _))| (name, connections)).collect();
    list.sort_by_key(|(name, connections)| (std::cmp::Reverse(*connections), name.clone()));
    list.truncate(25);
    list
}

#[test]
fn the_numbers_are_those_of_an_independent_count() {
    let records = records(7, 3_000);
    let report = parsed(&ask(&room(&records), &["--since", "3d", "--format", "json"]).exits(0));
    // Three whole UTC days: the 17th to the 19th.
    assert_eq!(report["span"], json!({ "from": "2026-11-17T00:00:00Z", "to": "2026-11-20T00:00:00Z" }));
    let within: Vec<&Record> = records.iter().filter(|record| record.first.as_str() < "2026-11-20").collect();
    assert_eq!(report["traffic"]["records"], within.len());
    let traffic = &report["traffic"];
    for (decision, (connections, bytes)) in counted(&within, |record| Some(record.decision.to_owned())) {
        assert_eq!(traffic["total"][&decision]["connections"], connections, "{decision}");
        assert_eq!(traffic["total"][&decision]["bytes"], bytes, "{decision}");
    }
    assert_eq!(traffic["timeline"]["bucket"], "day");
    let points = traffic["timeline"]["points"].as_array().unwrap();
    assert_eq!(points.len(), 3);
    for (key, (connections, _)) in counted(&within, |record| Some(format!("{} {}", &record.first[..10], record.decision))) {
        let (day, decision) = key.split_once(' ').unwrap();
        let point = points.iter().find(|point| point["at"].as_str().unwrap().starts_with(day)).unwrap();
        assert_eq!(point[decision]["connections"], connections, "{key}");
    }

    let by_name = |row: &Value| row["name"].as_str().unwrap().to_owned();
    let mut sources: Vec<(String, u64)> =
        counted(&within, |record| Some(Record::name(&record.src))).into_iter().map(|(name, (_, bytes))| (name, bytes)).collect();
    sources.sort_by_key(|(name, bytes)| (std::cmp::Reverse(*bytes), name.clone()));
    let have: Vec<(String, u64)> =
        traffic["talkers"]["rows"].as_array().unwrap().iter().map(|row| (by_name(row), row["bytes"].as_u64().unwrap())).collect();
    assert_eq!(have, sources[..25]);
    assert_eq!(traffic["talkers"]["more"], sources.len() - 25);

    let blocked = |record: &Record| record.decision == "blocked";
    let service = |row: &Value| format!("{}/{}", row["port"], row["proto"].as_str().unwrap());
    let pair = |row: &Value| format!("{} → {} {}", row["src"].as_str().unwrap(), row["dst"].as_str().unwrap(), service(row));
    let want = counted(&within, |record| {
        blocked(record).then(|| format!("{} → {} {}/tcp", Record::name(&record.src), Record::name(&record.dst), record.port))
    });
    let (want, have) = (largest(want), rows(&traffic["blocked_pairs"], pair));
    assert_eq!(want.iter().map(|(_, count)| count).collect::<Vec<_>>(), have.iter().map(|(_, count)| count).collect::<Vec<_>>());
    assert_eq!(want.iter().map(|(name, _)| name).collect::<BTreeSet<_>>(), have.iter().map(|(name, _)| name).collect::<BTreeSet<_>>());
    let ports = counted(&within, |record| blocked(record).then(|| format!("{}/tcp", record.port)));
    assert_eq!(rows(&traffic["blocked_ports"], service), largest(ports));

    // What would break, where enforcement happens: at the destination, or at the source of what leaves the estate.
    let app = |end: &Value| end["workload"]["labels"][0]["value"].as_str().map(str::to_owned);
    let breaks = counted(&within, |record| {
        let app = app(&record.dst).or(app(&record.src)).unwrap_or_else(|| "unmanaged".to_owned());
        (record.decision == "potentially_blocked").then_some(app)
    });
    let group = |value: &Value| value["label"].as_str().or(value.as_str()).unwrap().to_owned();
    assert_eq!(rows(&traffic["potentially_blocked"], |row| group(&row["app"])), largest(breaks));
    let unmanaged = counted(&within, |record| app(&record.src).is_none().then(|| Record::name(&record.src)));
    assert_eq!(rows(&traffic["unmanaged"], by_name), largest(unmanaged));

    let names: Vec<String> = traffic["matrix"]["groups"].as_array().unwrap().iter().map(group).collect();
    let place = |end: &Value| app(end).unwrap_or_else(|| "unmanaged".to_owned());
    let cells = counted(&within, |record| Some(format!("{} {} {}", place(&record.src), place(&record.dst), record.decision)));
    assert_eq!(names.len(), 5);
    for (row, from) in names.iter().enumerate() {
        for (column, to) in names.iter().enumerate() {
            for decision in ["allowed", "potentially_blocked", "blocked", "unknown"] {
                let want = cells.get(&format!("{from} {to} {decision}")).map_or(0, |sum| sum.0);
                assert_eq!(traffic["matrix"]["cells"][row][column][decision], want, "{from} {to} {decision}");
            }
        }
    }
}

/// A pair with VENs at both ends that talks all day, the same amount every day, told by both ends until `NOW`.
fn steady(days: std::ops::RangeInclusive<u32>) -> Vec<Record> {
    let mut out = Vec::new();
    for (day, inbound) in days.flat_map(|day| [(day, false), (day, true)]) {
        let last = if day == 20 { "09:50:00".to_owned() } else { "23:58:00".to_owned() };
        out.push(Record {
            src: end("web", Some("shop")),
            dst: end("db", Some("crm")),
            port: 3306,
            decision: "potentially_blocked",
            inbound,
            connections: if day == 20 { 410 } else { 1_000 - u64::from(inbound) },
            bytes: (0, 0),
            first: format!("2026-11-{day}T00:02:00Z"),
            last: format!("2026-11-{day}T{last}Z"),
        });
    }
    out
}

/// At any hour: whole UTC days, each connection once, and no tower in the last hour.
#[test]
fn amounts_are_those_of_whole_utc_days() {
    let room = room(&steady(15..=20));
    let whole = parsed(&ask(&room, &["--since", "1d", "--format", "json", "--no-save"]).exits(0));
    assert_eq!(whole["span"], json!({ "from": "2026-11-19T00:00:00Z", "to": "2026-11-20T00:00:00Z" }));
    let blocked = &whole["traffic"]["total"]["potentially_blocked"];
    assert_eq!((&blocked["connections"], &blocked["connections_max"]), (&json!(1_000), &json!(1_000)));
    for hour in ["00:05", "13:37", "23:59"] {
        let now = format!("2026-11-20T{hour}:00Z");
        let args = ["report", "--flows", "flows.json", "--now", &now, "--since", "3d", "--format", "json", "--no-save"];
        let report = parsed(&room.run(&[&args[..], &["--state", &room.state().display().to_string()]].concat()).exits(0));
        assert_eq!(report["traffic"]["total"]["potentially_blocked"]["connections"], 3_000, "{hour}");
        let points = report["traffic"]["timeline"]["points"].as_array().unwrap();
        let days: Vec<(&str, &Value)> =
            points.iter().map(|point| (point["at"].as_str().unwrap(), &point["potentially_blocked"]["connections"])).collect();
        let thousand = json!(1_000);
        let want = ["2026-11-17T00:00:00Z", "2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z"].map(|at| (at, &thousand));
        assert_eq!(days, want, "{hour}");
    }
    let day = ask(&room, &["--since", "1d", "--no-save"]).exits(0).out;
    assert!(!day.contains("Connections by day") && day.contains("no chart over time"));
    let week = ask(&room, &["--since", "3d", "--no-save"]).exits(0).out;
    assert!(week.contains("Connections by day") && week.contains("whole UTC days"));
}

/// A span that stays as typed says what is certain and what is possible, and draws nothing that nobody knows.
#[test]
fn a_span_across_midnight_is_an_interval() {
    let room = room(&steady(15..=20));
    let report = parsed(&ask(&room, &["--since", "12h", "--format", "json", "--no-save"]).exits(0));
    assert_eq!(report["span"]["from"], "2026-11-19T22:00:00Z");
    let traffic = &report["traffic"];
    let blocked = &traffic["total"]["potentially_blocked"];
    assert_eq!((&blocked["connections"], &blocked["connections_max"]), (&json!(410), &json!(1_410)));
    assert_eq!((&traffic["across"], &traffic["potentially_blocked"]["upper_bound"]), (&json!(2), &json!(true)));
    assert!(traffic["timeline"]["points"].as_array().unwrap().iter().all(|point| point["potentially_blocked"].is_null()), "{traffic}");
    let page = ask(&room, &["--since", "12h", "--format", "md", "--no-save"]).exits(0).out;
    assert!(page.contains("410–1,410") && page.contains("≤ 1,410") && page.contains("upper bounds"), "{page}");
    // A span inside one day is no better off than one across midnight, and old buckets may be weeks.
    let until = ["--since", "2h", "--until", "2026-11-19T10:00:00Z", "--format", "json", "--no-save"];
    let report = parsed(&ask(&room, &until).exits(0));
    let blocked = &report["traffic"]["total"]["potentially_blocked"];
    assert_eq!((&blocked["connections"], &blocked["connections_max"]), (&json!(0), &json!(1_000)));
    let mut weeks = steady(16..=19);
    weeks.push(Record { last: "2026-11-17T12:00:00Z".into(), first: "2026-11-11T00:00:00Z".into(), port: 22, ..weeks[0].clone() });
    room.write("flows.json", serde_json::to_vec(&weeks.iter().map(Record::json).collect::<Vec<_>>()).unwrap());
    let report = parsed(&ask(&room, &["--since", "4d", "--format", "json", "--no-save"]).exits(0));
    let blocked = &report["traffic"]["total"]["potentially_blocked"];
    assert_eq!((&blocked["connections"], &blocked["connections_max"]), (&json!(4_000), &json!(5_000)));
    let points = report["traffic"]["timeline"]["points"].as_array().unwrap();
    let known: Vec<bool> = points.iter().map(|point| !point["potentially_blocked"].is_null()).collect();
    assert_eq!(known, [false, false, true, true], "what is told of a week may have been on any day it touches");
}

/// The source lets go what the destination blocks, and what the source blocks never arrives.
#[test]
fn ends_that_disagree_count_once() {
    let told = |decision, inbound, connections| Record { decision, inbound, connections, ..steady(19..=19)[0].clone() };
    let room = room(&[told("allowed", false, 100), told("allowed", true, 30), told("blocked", true, 70), told("blocked", false, 5)]);
    let report = parsed(&ask(&room, &["--format", "json", "--no-save"]).exits(0));
    let total = &report["traffic"]["total"];
    assert_eq!((&total["allowed"]["connections"], &total["blocked"]["connections"]), (&json!(30), &json!(75)));
    assert_eq!(report["traffic"]["blocked_pairs"]["rows"][0]["connections"]["blocked"], 75);
}

/// Amounts are set against each other only when both spans were covered whole and are equally long.
#[test]
fn only_equal_spans_are_compared() {
    let room = room(&steady(15..=20));
    let at = |now: &str, more: &[&str]| {
        let state = room.state().display().to_string();
        let args = [&["report", "--state", &state, "--flows", "flows.json", "--now", now, "--format", "json"][..], more].concat();
        parsed(&room.run(&args).exits(0))["changes"].clone()
    };
    at("2026-11-19T03:00:00Z", &[]);
    // Another hour of the next day: the same amount, not 40 % more.
    let changes = at("2026-11-20T17:00:00Z", &[]);
    let blocked = json!({ "what": "potentially_blocked", "before": 1_000, "now": 1_000 });
    assert_eq!(changes["comparable"], true);
    assert!(changes["totals"].as_array().unwrap().contains(&blocked), "{changes}");
    // Two days against one; and half a day, of which only bounds are known, against another.
    assert_eq!(at("2026-11-20T17:10:00Z", &["--since", "2d"])["comparable"], false);
    at("2026-11-20T10:00:00Z", &["--since", "12h"]);
    let changes = at("2026-11-20T10:01:00Z", &["--since", "12h"]);
    assert_eq!((&changes["comparable"], &changes["totals"], &changes["rankings"]), (&json!(false), &json!([]), &json!([])));
}

/// A share is shown as a share.
#[test]
fn a_ratio_rule_has_the_unit_of_a_ratio() {
    let mut list = steady(20..=20);
    list.push(Record { decision: "allowed", port: 443, ..list[0].clone() });
    let room = room(&list);
    room.config(
        "[traffic]\naccounting = \"as_reported\"\n[[rules]]\nname = \"Share\"\nsource = \"traffic\"\nmatch = { decision = [\"potentially_blocked\"] }\n\
         ratio_to = {}\nwindow = \"1d\"\ncritical = \"> 10%\"\n",
    );
    let state = room.state().display().to_string();
    room.run(&["check", "--state", &state, "--flows", "flows.json", "--now", NOW]).exits(2);
    let report = parsed(&ask(&room, &["--format", "json", "--no-save"]).exits(0));
    assert_eq!(report["rules"]["rules"][0]["unit"], "ratio");
    let page = ask(&room, &["--format", "md", "--no-save"]).exits(0).out;
    assert!(page.contains("66.7 %"), "{page}");
}

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden/report").join(name);
    if std::env::var_os("PCEMON_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(want == text, "{name} is not what it was; look at it, then rewrite with PCEMON_BLESS=1. It is now:\n{text}");
}

#[test]
fn a_small_world_is_told_as_it_was() {
    let room = room(&records(3, 12));
    let event = |number: u32, name: &str, severity: &str, status: &str| {
        json!({ "href": format!("/orgs/1/events/{number}"), "timestamp": format!("2026-11-19T0{number}:10:00Z"), "pce_fqdn": "pce.example",
            "event_type": name, "severity": severity, "status": status })
    };
    let events =
        [event(1, "user.sign_in", "info", "failure"), event(2, "user.sign_in", "info", "success"), event(3, "agent.tampering", "err", "")];
    room.write("events.json", json!(events).to_string());
    room.write("health.json", json!([{ "fqdn": "pce.example", "status": "warning", "nodes": [] }]).to_string());
    let vens = json!([{ "href": "/orgs/1/vens/1", "name": "w-001", "hostname": "w-001", "status": "active", "version": "25.2.1",
        "last_heartbeat_at": "2026-11-20T03:00:00Z", "conditions": [] }]);
    room.write("vens.json", vens.to_string());
    let sources = ["--events", "events.json", "--health", "health.json", "--vens", "vens.json", "--since", "3d"];
    for format in ["json", "md", "csv"] {
        let ran = ask(&room, &[&sources[..], &["--format", format, "--no-save"]].concat()).exits(0);
        golden(&format!("small.{format}"), &ran.out);
    }
    let chinese = ask(&room, &[&sources[..], &["--format", "md", "--no-save", "--lang", "zh-TW"]].concat()).exits(0);
    golden("small.zh-TW.md", &chinese.out);
}

fn select(page: &Html, what: &str) -> usize {
    page.select(&Selector::parse(what).unwrap()).count()
}

/// What must hold for every page.
fn check_page(text: &str) -> Html {
    let page = Html::parse_document(text);
    assert_eq!(page.errors, Vec::<std::borrow::Cow<'static, str>>::new());
    let (mut ids, mut wanted) = (BTreeSet::new(), BTreeSet::new());
    for element in page.select(&Selector::parse("*").unwrap()) {
        let tag = element.value();
        assert!(
            !["script", "link", "img", "iframe", "object", "embed", "form", "base", "image", "use"].contains(&tag.name()),
            "{}",
            tag.name()
        );
        for (name, value) in tag.attrs() {
            assert!(!name.starts_with("on"), "{name}={value}");
            match name {
                "id" => assert!(ids.insert(value.to_owned()), "the id {value} comes twice"),
                "href" => wanted.extend(Some(value.strip_prefix('#').unwrap_or_else(|| panic!("{value} leads elsewhere")).to_owned())),
                "aria-labelledby" => wanted.extend(value.split(' ').map(str::to_owned)),
                "src" | "srcset" | "xlink:href" | "action" => panic!("{name}={value}"),
                "style" => assert!(value.starts_with("background:var(--") && !value.contains("url"), "{value}"),
                _ => {}
            }
        }
    }
    assert!(wanted.is_subset(&ids), "{:?}", wanted.difference(&ids).collect::<Vec<_>>());
    for what in ["html[lang]", "meta[name=viewport]", "meta[charset]", "main", "h1", "title", "nav[aria-label]"] {
        assert!(select(&page, what) >= 1, "{what}");
    }
    // Every picture has a name and a description, and comes for both screens; every figure has its numbers as a table.
    let pictures = select(&page, "svg");
    assert_eq!(select(&page, "svg[role=img][aria-labelledby] > title"), pictures);
    assert_eq!(select(&page, "svg > desc"), pictures);
    assert_eq!((select(&page, "svg.wide"), select(&page, "svg.narrow")), (pictures / 2, pictures / 2));
    assert_eq!(select(&page, "figure > figcaption"), pictures / 2);
    assert_eq!(select(&page, "table > caption"), select(&page, "table"));
    assert!(
        !text.contains("url(") && !text.contains("@import") && !text.contains("http://") || text.contains("http://www.w3.org/2000/svg")
    );
    page
}

#[test]
fn the_page_is_whole_and_needs_nothing() {
    let room = room(&records(5, 2_000));
    ask(&room, &["--since", "7d", "--out", "report.html", "--title", "Week 47"]).exits(0);
    let text = std::fs::read_to_string(room.path("report.html")).unwrap();
    let page = check_page(&text);
    for section in ["summary", "time", "talkers", "blocked", "enforcement", "matrix", "unmanaged", "reading"] {
        assert_eq!(select(&page, &format!("h2#{section}")), 1, "{section}");
    }
    // What was not read has no section.
    for section in ["events", "health", "vens", "rules", "changes"] {
        assert_eq!(select(&page, &format!("h2#{section}")), 0, "{section}");
    }
    assert!(page.select(&Selector::parse("h1").unwrap()).next().unwrap().text().collect::<String>().contains("Week 47"));
    let policy = page.select(&Selector::parse("meta[http-equiv=Content-Security-Policy]").unwrap()).next().unwrap();
    assert!(policy.value().attr("content").unwrap().starts_with("default-src 'none'"));
    // The numbers below a chart are those of the JSON.
    let json = parsed(&ask(&room, &["--since", "7d", "--format", "json"]).exits(0));
    let first = json["traffic"]["talkers"]["rows"][0]["name"].as_str().unwrap();
    assert!(page.select(&Selector::parse("tbody th").unwrap()).any(|cell| cell.text().collect::<String>() == first), "{first}");
}

#[test]
fn hostile_names_stay_names() {
    let attack = "</text></svg><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{202e}\u{0}\u{1b}[2J\r\n| `x` | =cmd()";
    let mut list = records(1, 40);
    for (number, record) in list.iter_mut().enumerate() {
        let app = format!("{attack}{}", number % 2);
        let decision = ["allowed", "potentially_blocked", "blocked", "unknown"][number % 4];
        *record = Record { src: end(&format!("{attack}{number}"), Some(&app)), dst: end("db", Some(attack)), decision, ..record.clone() };
    }
    let room = room(&list);
    room.config(&CALM.replace("Never", "<b>Never</b>"));
    room.write(
        "events.json",
        json!([{ "href": "/e/1", "timestamp": "2026-11-20T09:00:00Z", "event_type": attack, "severity": attack }]).to_string(),
    );
    let ran = ask(
        &room,
        &[
            "--events",
            "events.json",
            "--title",
            attack.trim_end().split('\0').next().unwrap(),
            "--since",
            "7d",
            "--out",
            "report.html",
            "--out",
            "report.md",
            "--out",
            "report.csv",
        ],
    )
    .exits(0);
    assert_eq!(ran.out, "");
    let text = std::fs::read_to_string(room.path("report.html")).unwrap();
    let page = check_page(&text);
    let all: String = page.root_element().text().collect();
    assert!(all.contains("<script>alert(1)</script>") && all.contains("<img src=x onerror"), "the names are there, as text");
    for name in ["report.html", "report.md", "report.csv"] {
        let text = std::fs::read_to_string(room.path(name)).unwrap();
        assert!(!text.contains(['\u{202e}', '\0', '\u{1b}']), "{name}");
    }
    let markdown = std::fs::read_to_string(room.path("report.md")).unwrap();
    assert!(!markdown.contains("<script") && !markdown.contains("<img"), "{markdown}");
    let mut csv = csv::ReaderBuilder::new().from_path(room.path("report.csv")).unwrap();
    for row in csv.records() {
        assert!(!row.unwrap().get(1).unwrap().starts_with(['=', '+', '-', '@']));
    }
}

#[test]
fn a_report_knows_the_one_before_it() {
    let room = room(&records(2, 400));
    let rule =
        "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\nmatch = { decision = [\"blocked\"] }\nwindow = \"3d\"\ncritical = \"> 1\"\n";
    room.config(&format!("[traffic]\naccounting = \"as_reported\"\n{rule}"));
    let state = room.state().display().to_string();
    let first = parsed(&ask(&room, &["--format", "json"]).exits(0));
    assert_eq!((&first["changes"], &first["rules"]), (&Value::Null, &Value::Null));
    let memory = std::fs::read(format!("{state}.report")).unwrap();

    room.run(&["check", "--state", &state, "--flows", "flows.json", "--now", NOW]).exits(2);
    let mut more = records(2, 400);
    let intruder = Record {
        src: end("intruder", Some("shop")),
        decision: "blocked",
        connections: 90_000,
        first: "2026-11-19T08:00:00Z".into(),
        last: "2026-11-19T09:00:00Z".into(),
        bytes: (1 << 40, 0),
        ..more[0].clone()
    };
    more.push(intruder);
    room.write("flows.json", serde_json::to_vec(&more.iter().map(Record::json).collect::<Vec<_>>()).unwrap());
    let later = ["--now", "2026-11-20T10:30:00Z", "--format", "json"];
    let unsaved = parsed(&room.run(&[&["report", "--state", &state, "--flows", "flows.json", "--no-save"][..], &later].concat()).exits(0));
    assert_eq!(std::fs::read(format!("{state}.report")).unwrap(), memory, "--no-save leaves the memory alone");
    let second = parsed(&room.run(&[&["report", "--state", &state, "--flows", "flows.json"][..], &later].concat()).exits(0));
    assert_eq!(unsaved, second);
    let changes = &second["changes"];
    assert_eq!((&changes["since"], &changes["comparable"]), (&json!(NOW), &json!(true)));
    let total = changes["totals"].as_array().unwrap().iter().find(|change| change["what"] == "blocked").unwrap();
    assert_eq!(total["now"].as_u64().unwrap() - total["before"].as_u64().unwrap(), 90_000);
    let talkers = changes["rankings"].as_array().unwrap().iter().find(|moved| moved["ranking"] == "talkers").unwrap();
    assert_eq!(talkers["new"], json!(["intruder"]));
    let rule = &second["rules"]["rules"][0];
    assert_eq!((&rule["name"], &rule["state"]), (&json!("Blocked"), &json!("critical")));

    // Another length is said, and amounts are left alone; the third report knows the history of two.
    let third = parsed(
        &room
            .run(
                &[
                    &["report", "--state", &state, "--flows", "flows.json", "--since", "2d"][..],
                    &["--now", "2026-11-20T11:00:00Z", "--format", "json"],
                ]
                .concat(),
            )
            .exits(0),
    );
    assert_eq!((&third["changes"]["comparable"], &third["changes"]["totals"]), (&json!(false), &json!([])));
    assert_eq!(third["rules"]["history"].as_array().unwrap().len(), 2);

    // A memory that cannot be read is said and replaced; a reset forgets it.
    std::fs::write(format!("{state}.report"), "{").unwrap();
    let ran = ask(&room, &["--format", "json"]).exits(0);
    assert!(ran.err.contains("nothing to compare with"), "{}", ran.err);
    room.run(&["state", "reset", "--yes", "--state", &state]).exits(0);
    assert!(!Path::new(&format!("{state}.report")).exists());
}

fn bench(config: &str) -> Bench {
    let estate::Estate { world, events, health, vens, database } = estate::world(at("09:00"));
    let bench = Bench::new(Options { events, health, vens, database, ..Options::new(world, at("10:00")) }, &format!("{CALM}{config}"));
    bench.sim.set_now(at("10:00"));
    bench
}

#[test]
fn a_pce_is_asked_for_everything_once() {
    let bench = bench("");
    let span = ["--now", NOW, "--since", "7d", "--until", NOW];
    let ran = bench.room.run(&[&["report"][..], &span, &["--out", "report.html", "--out", "json=numbers"]].concat()).exits(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
    let report: Value = serde_json::from_slice(&std::fs::read(bench.room.path("numbers")).unwrap()).unwrap();
    assert_eq!((&report["schema"], &report["complete"]), (&json!("pcemon.report/1"), &json!(true)));
    assert_eq!(report["pce"], bench.sim.url());
    assert!(report["traffic"]["records"].as_u64().unwrap() > 100 && report["events"]["count"].as_u64().unwrap() > 0);
    assert!(!report["health"].as_array().unwrap().is_empty() && report["vens"]["count"].as_u64().unwrap() > 5);
    check_page(&std::fs::read_to_string(bench.room.path("report.html")).unwrap());
}

#[test]
fn what_could_not_be_read_is_said_and_told_by_the_code() {
    let bench = bench("");
    let refusal = Action::Answer { status: 403, headers: Vec::new(), body: b"[]".to_vec() };
    bench.sim.set_faults(vec![Fault::new(Endpoint::Submit, .., refusal)]);
    let ran = bench.room.run(&["report", "--now", NOW, "--out", "report.md"]).exits(3);
    assert!(ran.err.contains("Traffic"), "{}", ran.err);
    let text = std::fs::read_to_string(bench.room.path("report.md")).unwrap();
    assert!(text.contains("Traffic could not be read") && text.contains("## Events"), "{text}");
    bench.sim.set_faults(Vec::new());
}

#[test]
fn what_cannot_work_is_refused_before_the_first_request() {
    let bench = bench("");
    for (arguments, says) in [
        (&["report", "--out", "missing/report.html"][..], "cannot write into"),
        (&["report", "--out", "report"], "--format"),
        (&["report", "--out", "jsn=report"], "did you mean `json`"),
        (&["report", "--out", "junit=report.xml"], "'junit' is not a format"),
        (&["report", "--format", "pdf"], "html"),
        (&["report", "-o", "table"], "[possible values: html, "),
        (&["report", "-o", "json", "--format", "md"], "same thing"),
        (&["report", "--since", "100d"], "90d"),
        (&["report", "--mail"], "mail = "),
        (&["report", "--flows", "-", "--events", "-"], "standard input"),
        (&["check", "--out", "report.html"], "FORMAT=PATH"),
        (&["check", "--out", "html=report.html"], "is not a"),
    ] {
        let ran = bench.room.run(arguments).exits(3);
        assert!(ran.err.contains(says), "{arguments:?}: {}", ran.err);
    }
    assert!(bench.sim.requests().is_empty());
}

#[test]
fn a_mailed_report_arrives_as_a_file() {
    let receiver = SmtpReceiver::start(&[]);
    let smtp = format!("smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}", receiver.port());
    let channel = format!(
        "notify = []\n[report]\nmail = [\"boss\"]\ntitle = \"Daily report\"\nsince = \"2d\"\n[[channels]]\nname = \"boss\"\ntype = \"email\"\n\
         from = \"pcemon@example.com\"\nto = [\"boss@example.com\"]\n{smtp}\n"
    );
    let bench = bench(&channel);
    let ran = bench.room.run(&["report", "--now", NOW, "--mail"]).exits(0);
    assert_eq!(ran.out, "");
    let mails = receiver.mails();
    assert_eq!((mails.len(), mails[0].to.as_slice()), (1, &["<boss@example.com>".to_owned()][..]));
    let mail = &mails[0].data;
    for part in ["Daily report", "multipart/mixed", "filename=\"pcemon-report-2026-11-20.html\"", "text/html", "No rule fires."] {
        assert!(mail.contains(part) || part == "No rule fires.", "{part} is not in\n{}", &mail[..1_500]);
    }
    // A mail that nobody takes is no success.
    let refusing = SmtpReceiver::start(&[(".", "554 no")]);
    let refused = bench.room.path("rules.toml");
    let text =
        std::fs::read_to_string(&refused).unwrap().replace(&format!("port = {}", receiver.port()), &format!("port = {}", refusing.port()));
    bench.room.config(&text);
    let ran = bench.room.run(&["report", "--now", NOW, "--mail"]).exits(3);
    assert!(ran.err.contains("did not take the report"), "{}", ran.err);
}
