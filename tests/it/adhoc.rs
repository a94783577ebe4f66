//! `pcemon flows`, `top`, `events` and `health`: real answers of a simulated PCE and recorded ones, in every format.

use crate::support::cli::{Bench, Ran, Room, at};
use jiff::Timestamp;
use pcemon::domain::text::is_hostile;
use pcemon::domain::unit::Unit;
use pcemon::render::Style;
use pcemon::render::sheet::{Cell, Closing, Column, Form, Kind, Sheet, Writer};
use pcemon::sim::estate::{self, Estate};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use unicode_width::UnicodeWidthStr;

const NOW: &str = "2026-11-20T10:10:00Z";

/// The demo's estate, ten minutes into its trouble.
fn bench() -> Bench {
    let Estate { world, events, health, .. } = estate::world(at("10:00"));
    let bench = Bench::new(Options { events, health, ..Options::new(world, at("10:10")) }, "");
    bench.sim.set_now(at("10:10"));
    bench
}

fn ask(bench: &Bench, arguments: &[&str]) -> Ran {
    let mut all = vec![arguments[0], "--now", NOW];
    all.extend(&arguments[1..]);
    bench.room.run(&all)
}

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden/adhoc").join(name);
    if std::env::var_os("PCEMON_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(want == text, "{name} is not what it was; look at it, then rewrite with PCEMON_BLESS=1. It is now:\n{text}");
}

fn parsed(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}\n{}", ran.out, ran.err))
}

fn lines(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn tables_are_what_they_were() {
    let bench = bench();
    for (name, arguments) in [
        ("flows.txt", &["flows", "--decision", "blocked", "--sort", "connections", "--limit", "8"][..]),
        (
            "flows-columns.md",
            &[
                "flows",
                "--dst-label",
                "role=db",
                "--sort",
                "bytes",
                "--limit",
                "3",
                "--columns",
                "dst,dst_label:app,bytes,src_labels",
                "-o",
                "markdown",
            ],
        ),
        ("flows.csv", &["flows", "--decision", "blocked", "--sort", "connections", "--limit", "2", "-o", "csv"]),
        ("flows.json", &["flows", "--decision", "blocked", "--sort", "connections", "--limit", "2", "-o", "json"]),
        ("top-talkers.txt", &["top"]),
        ("top-pairs.txt", &["top", "pairs", "--by", "bytes"]),
        ("top-ports.txt", &["top", "ports", "--by", "blocked", "--limit", "3"]),
        ("top-labels.json", &["top", "labels", "--key", "role", "--limit", "2", "-o", "json"]),
        ("events.txt", &["events"]),
        ("events.csv", &["events", "--type", "user.*", "--limit", "2", "-o", "csv"]),
        ("health.txt", &["health"]),
        ("health.json", &["health", "-o", "json"]),
    ] {
        golden(name, &ask(&bench, arguments).exits(0).out);
    }
}

#[test]
fn the_default_of_top_fits_one_screen() {
    let ran = ask(&bench(), &["top"]).exits(0);
    assert!(ran.out.lines().count() <= 24, "{}", ran.out);
}

/// What the PCE was asked for by the last traffic query.
fn last_query(bench: &Bench) -> Value {
    bench.sim.requests().iter().rev().find(|request| request.method == "POST").unwrap().json()
}

#[test]
fn what_the_pce_can_filter_by_is_asked_of_it() {
    let bench = bench();
    let all = lines(&ask(&bench, &["flows", "-o", "ndjson"]).exits(0));
    let query = last_query(&bench);
    assert_eq!((&query["policy_decisions"], &query["services"]["include"]), (&json!([]), &json!([])));
    assert_eq!((&query["start_date"], &query["end_date"]), (&json!("2026-11-20T09:10:00Z"), &json!("2026-11-20T10:10:00Z")));

    let arguments = ["flows", "-o", "ndjson", "--decision", "blocked,allowed", "--port", "3306/tcp", "--port", "53"];
    let some = lines(&ask(&bench, &arguments).exits(0));
    let query = last_query(&bench);
    assert_eq!(query["policy_decisions"], json!(["allowed", "blocked"]));
    assert_eq!(query["services"]["include"].as_array().unwrap().len(), 4, "{query}");
    let want: Vec<&Value> = all
        .iter()
        .filter(|row| ["allowed", "blocked"].iter().any(|word| row["decision"] == *word))
        .filter(|row| row["port"] == 3306 || row["port"] == 53)
        .collect();
    assert!(!want.is_empty() && want.len() < all.len());
    assert_eq!(some.iter().collect::<Vec<_>>(), want);
}

#[test]
fn every_way_to_choose_says_the_same() {
    let bench = bench();
    let rows = |arguments: &[&str]| {
        let mut all = vec!["flows", "--raw", "-o", "ndjson"];
        all.extend(arguments);
        lines(&ask(&bench, &all).exits(0))
    };
    let all = rows(&[]);
    let blocked = rows(&["--decision", "blocked", "--src-workload", "dev-*"]);
    assert_eq!(blocked.len(), 3);
    assert_eq!(rows(&["--match", "{ decision = \"blocked\", src_workload = [\"dev-*\"] }"]), blocked);
    assert_eq!(rows(&["--match", "src_workload = [\"dev-*\"]", "--decision", "blocked"]), blocked);
    let rest = rows(&["--not-decision", "blocked"]);
    assert_eq!(rows(&["--exclude", "decision = \"blocked\""]), rest);
    assert_eq!(rest.len() + rows(&["--decision", "blocked"]).len(), all.len());
    let managed = rows(&["--src-managed", "--dst-managed=false"]);
    assert!(!managed.is_empty() && managed.iter().all(|row| row["src_managed"] == true && row["dst_managed"] == false));
    assert!(rows(&["--connection-state", "timed out"]).iter().all(|row| row["state"] == "timed out"));
    assert_eq!(rows(&["--src-ip", "10.0.0.0/8", "--not-src-ip", "10.0.0.0/9,10.128.0.0/9"]).len(), 0);
}

#[test]
fn mistakes_are_told_all_at_once_and_nobody_is_asked() {
    let bench = bench();
    let ran = ask(&bench, &["flows", "--decision", "blokced", "--not-port", "http", "--match", "dst_lable = \"role=DB\""]).exits(3);
    for part in [
        "error: --decision: `decision` in the query cannot be 'blokced'\n  help: did you mean `blocked`?",
        "error: --not-port: `port` in the query: 'http' is not a port",
        "error: --match: unknown key `dst_lable` in the query\n  help: did you mean `dst_label`?",
    ] {
        assert!(ran.err.contains(part), "{part} is not in\n{}", ran.err);
    }
    for (arguments, part) in [
        (&["flows", "--columns", "last,destination"][..], "there is no column 'destination'"),
        (&["flows", "-o", "sarif"], "[possible values: table, json, ndjson, csv, markdown]"),
        (&["flows", "--since", "1h", "--until", "2h"], "is empty; --since must be before"),
        (&["flows", "--since", "yesterday"], "neither a timestamp nor a duration"),
        (&["flows", "--since", "1h", "--window", "1h"], "cannot be used with"),
        (&["flows", "--port", "22", "--not-port", "22"], "is excluded again"),
        (&["events", "--status", "sucess"], "did you mean `success`?"),
        (&["top", "--out", "csv=/nowhere/x.csv"], "/nowhere"),
        (&["top", "labels", "--key", ""], "--key"),
    ] {
        let ran = ask(&bench, arguments).exits(3);
        assert!(ran.err.contains(part) && ran.out.is_empty(), "{part} is not in\n{}", ran.err);
    }
    assert_eq!(bench.sim.requests().len(), 0);
}

#[test]
fn columns_are_listed_and_chosen() {
    let bench = bench();
    let help = bench.room.run(&["flows", "--columns", "help"]).exits(0).out;
    let names: Vec<&str> = help.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    let row = &lines(&ask(&bench, &["flows", "-o", "ndjson", "--limit", "1"]).exits(0))[0];
    for name in row.as_object().unwrap().keys() {
        assert!(names.contains(&name.as_str()), "{name} is not in\n{help}");
    }
    let ran = ask(&bench, &["flows", "-o", "csv", "--columns", "bytes,dst_label:role,src", "--sort", "bytes", "--limit", "1"]).exits(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0] == "bytes,dst_label:role,src" && lines[1].contains(",db,app-"), "{lines:?}");
    assert!(ran.err.contains("note: 1 of 349 flows shown") && ran.err.contains("each connection once"), "{}", ran.err);
    assert_eq!(ask(&bench, &["flows", "-q", "-o", "csv", "--columns", "src", "--limit", "1"]).exits(0).err, "");
}

#[test]
fn orders_are_kept_and_turned_round() {
    let bench = bench();
    for (order, column) in [("bytes", "bytes"), ("connections", "connections"), ("bandwidth", "bandwidth")] {
        let sorted = |more: &[&str]| -> Vec<f64> {
            let mut arguments = vec!["flows", "-o", "ndjson", "--sort", order];
            arguments.extend(more);
            lines(&ask(&bench, &arguments).exits(0)).iter().map(|row| row[column].as_f64().unwrap_or(-1.0)).collect()
        };
        let all = sorted(&["--limit", "0"]);
        assert_eq!(all.len(), 349);
        assert!(all.is_sorted_by(|a, b| a >= b), "{order}: {all:?}");
        assert_eq!(sorted(&["--limit", "7"]), all[..7]);
        assert_eq!(sorted(&[]).len(), 50);
        let turned = sorted(&["--limit", "0", "--reverse"]);
        assert!(turned.is_sorted(), "{order}: {turned:?}");
    }
    let times: Vec<String> = lines(&ask(&bench, &["flows", "-o", "ndjson", "--sort", "last", "--limit", "0"]).exits(0))
        .iter()
        .map(|row| row["last"].as_str().unwrap().to_owned())
        .collect();
    assert!(times.is_sorted_by(|a, b| a >= b));
}

#[test]
fn a_closed_pipe_ends_an_endless_answer() {
    let room = Room::new();
    let record = json!({ "src": { "ip": "10.0.0.1" }, "dst": { "ip": "10.0.0.2" }, "service": { "port": 80, "proto": 6 },
        "num_connections": 1, "policy_decision": "allowed", "flow_direction": "outbound",
        "timestamp_range": { "first_detected": NOW, "last_detected": NOW } })
    .to_string();
    for format in ["ndjson", "csv"] {
        let mut command = room.command(&["flows", "--raw", "--flows", "-", "-o", format]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let block = format!("{record}\n").repeat(1000);
        // It ends when nobody reads any more; before that there is always more.
        let feeding = std::thread::spawn(move || while std::io::Write::write_all(&mut input, block.as_bytes()).is_ok() {});
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.contains("10.0.0.1") || first.starts_with("first,last"), "{first}");
        let ran = Ran::from(child.wait_with_output().unwrap()).exits(0);
        assert_eq!(ran.err, "");
        feeding.join().unwrap();
    }
    // A limit ends it as well.
    let mut command = room.command(&["flows", "--raw", "--flows", "-", "-o", "ndjson", "--limit", "3"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || while std::io::Write::write_all(&mut input, format!("{record}\n").as_bytes()).is_ok() {});
    let ran = Ran::from(child.wait_with_output().unwrap()).exits(0);
    assert_eq!(lines(&ran).len(), 3);
    feeding.join().unwrap();
}

#[test]
fn a_closed_pipe_is_no_failure_with_a_live_pce_either() {
    let bench = bench();
    let mut command = bench.room.command(&["flows", "--now", NOW, "-o", "ndjson"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with('{'), "{first}");
    Ran::from(child.wait_with_output().unwrap()).exits(0);
}

#[test]
fn recorded_answers_are_looked_at_whole_or_in_a_span() {
    let bench = bench();
    let record = bench.room.path("raw");
    let record = record.to_str().unwrap();
    let live = lines(&ask(&bench, &["flows", "--raw", "-o", "ndjson", "--record", record]).exits(0));
    // No config and no PCE.
    let room = Room::new();
    for path in [record.to_owned(), format!("{record}/traffic"), format!("{record}/traffic/traffic-0.json.gz")] {
        assert_eq!(lines(&room.run(&["flows", "--raw", "--flows", &path, "-o", "ndjson"]).exits(0)), live);
    }
    let early = lines(
        &room.run(&["flows", "--raw", "--flows", record, "-o", "ndjson", "--until", "2026-11-20T00:00:30Z", "--window", "1d"]).exits(0),
    );
    assert!(!early.is_empty() && early.len() < live.len(), "{}", early.len());
    assert!(early.iter().all(|row| row["first"].as_str().unwrap() <= "2026-11-20T00:00:30Z"));
    let bytes = std::fs::read(format!("{record}/traffic/traffic-0.json.gz")).unwrap();
    let fed = Ran::fed(&mut room.command(&["top", "--flows", "-", "-o", "json"]), &bytes).exits(0);
    assert_eq!(parsed(&fed)["total"]["records"], live.len());
    // The other sources too.
    let events = lines(&ask(&bench, &["events", "-o", "ndjson", "--record", record]).exits(0));
    assert_eq!(lines(&room.run(&["events", "--events", record, "-o", "ndjson"]).exits(0)), events);
    assert_eq!(lines(&room.run(&["events", "--events", record, "-o", "ndjson", "--since", "2026-11-20T10:03:30Z"]).exits(0)).len(), 5);
    let health = ask(&bench, &["health", "--record", record]).exits(0).out;
    assert_eq!(room.run(&["health", "--health", record]).exits(0).out, health);
    // Without either there is nothing to ask.
    let ran = room.run(&["flows"]).exits(3);
    assert!(ran.err.contains("rules.toml"), "{}", ran.err);
    let ran = room.run(&["flows", "--flows", "nowhere.json"]).exits(3);
    assert!(ran.err.contains("nowhere.json") && ran.out.is_empty(), "{}", ran.err);
}

#[test]
fn an_answer_in_parts_is_told_once() {
    let bench = bench();
    let all = lines(&ask(&bench, &["flows", "-o", "ndjson", "--limit", "0", "--sort", "bytes"]).exits(0));
    // The query is cut short without a word; its parts overlap with what was read before.
    bench.sim.set_faults(vec![Fault::new(Endpoint::Submit, 2..=2, Action::Cap(100))]);
    let ran = ask(&bench, &["flows", "-o", "json", "--limit", "0", "--sort", "bytes"]).exits(0);
    let json = parsed(&ran);
    assert!(json["source"]["queries"].as_u64().unwrap() > 1, "{}", json["source"]);
    assert_eq!(json["matched"], all.len());
    let key = |row: &Value| row.to_string();
    let (mut a, mut b): (Vec<String>, Vec<String>) =
        (all.iter().map(key).collect(), json["flows"].as_array().unwrap().iter().map(key).collect());
    a.sort();
    b.sort();
    assert_eq!(a, b);
}

#[test]
fn what_is_not_whole_is_said_and_exits_with_three() {
    let bench = bench();
    bench.sim.set_faults(vec![Fault::new(Endpoint::Submit, .., Action::RegionSilent("east.example".to_owned()))]);
    let ran = ask(&bench, &["flows", "-o", "json"]).exits(3);
    assert_eq!(parsed(&ran)["source"]["partial"], true);
    assert!(parsed(&ran)["matched"].as_u64().unwrap() > 300 && ran.err.contains("east.example"), "{}", ran.err);

    bench.sim.set_faults(vec![Fault::new(Endpoint::Submit, .., Action::error(403, "forbidden_error", "Forbidden"))]);
    let ran = ask(&bench, &["flows"]).exits(3);
    assert!(ran.out.is_empty() && ran.err.contains("403"), "{}\n{}", ran.out, ran.err);
    let ran = ask(&bench, &["top", "-o", "json"]).exits(3);
    assert_eq!((&parsed(&ran)["source"]["status"], &parsed(&ran)["top"]), (&json!("failed"), &json!([])));
    assert_eq!(ask(&bench, &["flows", "-o", "csv"]).exits(3).out, "");

    bench.sim.set_faults(vec![Fault::new(Endpoint::Events, .., Action::error(403, "forbidden_error", "Forbidden"))]);
    assert!(ask(&bench, &["events"]).exits(3).out.is_empty());
    bench.sim.set_faults(vec![Fault::new(Endpoint::Health, .., Action::error(404, "not_found_error", "Not found"))]);
    let ran = ask(&bench, &["health"]).exits(3);
    assert!(ran.err.contains("not offered"), "{}", ran.err);
    bench.sim.set_faults(Vec::new());
}

#[test]
fn spans_follow_the_clock_of_the_pce() {
    let bench = bench();
    // Ours stands at some other time: durations count back from the PCE's now.
    let ran = bench.room.run(&["flows", "-o", "json", "--window", "20m"]).exits(0);
    let json = parsed(&ran);
    let at = |key: &str| json[key].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert!(at("to").duration_since(NOW.parse().unwrap()).as_secs().abs() < 120, "{json}");
    assert!(json["matched"].as_u64().unwrap() > 0);
    let ran = bench.room.run(&["events", "-o", "json", "--window", "5m"]).exits(0);
    let json = parsed(&ran);
    assert!(!json["events"].as_array().unwrap().is_empty(), "{json}");
}

#[test]
fn results_go_to_files_whole_or_not_at_all() {
    let bench = bench();
    let (csv, json) = (bench.room.path("out.csv"), bench.room.path("out.json"));
    let (to_csv, to_json) = (format!("csv={}", csv.display()), format!("json={}", json.display()));
    ask(&bench, &["flows", "--out", &to_csv, "--out", &to_json]).exits(0);
    assert_eq!(std::fs::read_to_string(&csv).unwrap().lines().count(), 350);
    let value: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(value["shown"], 349);
    bench.sim.set_faults(vec![Fault::new(Endpoint::Download, .., Action::html(200))]);
    ask(&bench, &["flows", "--out", &to_csv]).exits(3);
    assert_eq!(std::fs::read_to_string(&csv).unwrap().lines().count(), 350, "an old result is better than half a new one");
    bench.sim.set_faults(Vec::new());
    assert!(bench.room.files().keys().all(|path| !path.to_string_lossy().ends_with(".part")));
}

#[test]
fn names_are_harmless_in_every_format() {
    let room = Room::new();
    let evil = "=cmd|' /C calc'!A0\u{1b}[31m\u{202e}\r\n<script>|`@here`";
    let flows = json!([{ "src": { "ip": "10.0.0.1", "workload": { "href": "/orgs/1/workloads/1", "name": evil, "hostname": "", "labels": [{ "href": "/l/1", "key": "role", "value": evil }] } },
        "dst": { "ip": "10.0.0.2", "fqdn": evil }, "service": { "port": 80, "proto": 6, "process_name": evil, "user_name": evil },
        "num_connections": 3, "policy_decision": "allowed", "flow_direction": "outbound",
        "timestamp_range": { "first_detected": NOW, "last_detected": NOW } }]);
    let events = json!([{ "href": "/orgs/1/events/1", "timestamp": NOW, "event_type": "user.sign_in", "status": "failure", "severity": "err",
        "created_by": { "user": { "username": evil } }, "resource_changes": [{ "resource": { "label": { "value": evil } } }] }]);
    let health = json!([{ "status": "warning", "fqdn": evil, "notifications": [evil], "nodes": [{ "hostname": evil, "type": evil }] }]);
    for (name, value) in [("flows", &flows), ("events", &events), ("health", &health)] {
        room.write(&format!("{name}.json"), value.to_string());
    }
    for format in ["table", "json", "ndjson", "csv", "markdown"] {
        for arguments in [
            &["flows", "--flows", "flows.json", "--columns", "src,src_labels,src_label:role,dst_fqdn,process,user"][..],
            &["top", "talkers", "--flows", "flows.json"],
            &["top", "pairs", "--flows", "flows.json"],
            &["top", "labels", "--key", "role", "--flows", "flows.json"],
            &["top", "processes", "--flows", "flows.json"],
            &["events", "--events", "events.json"],
            &["health", "--health", "health.json"],
        ] {
            let mut all = arguments.to_vec();
            all.extend(["-o", format]);
            let out = room.run(&all).exits(0).out;
            let bad = out.chars().find(|c| is_hostile(*c) && !matches!(c, '\n' | '\r'));
            assert_eq!(bad, None, "{all:?}\n{out}");
            assert!(out.contains("calc"), "{all:?}\n{out}");
            match format {
                "markdown" => assert!(!out.contains("<script>"), "{out}"),
                "csv" => {
                    let mut reader = csv::Reader::from_reader(out.as_bytes());
                    for row in reader.records() {
                        assert!(row.unwrap().iter().all(|cell| !cell.starts_with('=')), "{out}");
                    }
                }
                "json" => assert!(serde_json::from_str::<Value>(&out).is_ok()),
                _ => {}
            }
        }
    }
}

#[test]
fn machines_get_whole_numbers_and_no_bars() {
    let bench = bench();
    let ran = ask(&bench, &["top", "pairs", "--by", "bytes", "-o", "json", "--limit", "0"]).exits(0);
    let json = parsed(&ran);
    let sum: u64 = json["top"].as_array().unwrap().iter().map(|row| row["bytes"].as_u64().unwrap()).sum();
    assert_eq!(json["total"]["bytes"].as_u64(), Some(sum));
    let csv = ask(&bench, &["top", "ports", "-o", "csv"]).exits(0).out;
    assert!(csv.starts_with("rank,name,connections,blocked,bytes,share,records\r\n"), "{csv}");
}

#[test]
fn tables_keep_to_the_width_of_the_terminal() {
    let column = |name: &str, kind| Column { name: name.to_owned(), title: name.to_owned(), kind };
    let columns = vec![column("src", Kind::Text), column("dst", Kind::Text), column("bytes", Kind::Number), column("labels", Kind::Text)];
    let sheet = Sheet { schema: "test/1", rows: "rows", columns, facts: Vec::new() };
    let row = [
        Cell::Text("a-workload-of-a-long-name.corp.example.com".to_owned()),
        Cell::Text("資料庫伺服器-0001-台北-主要".to_owned()),
        Cell::Count(18_446_744_073_709_551_615, Unit::Bytes),
        Cell::Pairs(vec![("role".to_owned(), "db".to_owned()), ("env".to_owned(), "production".to_owned())]),
    ];
    for width in [40, 60, 80, 120] {
        let style = Style { width: Some(width), ..Style::default() };
        let mut writer = Writer::new(&sheet, Form::Table, &style);
        writer.row(&row);
        let text = writer.end(&Closing {
            facts: Vec::new(),
            notes: vec!["a note that is a good deal longer than any narrow terminal is wide, so that it wraps".to_owned()],
        });
        for line in text.lines() {
            assert!(line.width() <= usize::from(width), "{} of {width}: {line}", line.width());
        }
    }
    // Machines get every digit.
    let style = Style::default();
    let mut writer = Writer::new(&sheet, Form::Ndjson, &style);
    assert!(writer.row(&row).contains("18446744073709551615"));
}

/// A21: both ends of a connection report it, and it counts once, the newest first; `--raw` is the PCE's own view.
#[test]
fn a_connection_is_listed_and_counted_once() {
    let record = |src: &str, direction: &str, decision: &str, connections: u64, last: &str| {
        let end = |name: &str, ip: &str| json!({ "ip": ip, "workload": { "href": format!("/orgs/1/workloads/{name}"), "name": name, "managed": true } });
        json!({
            "src": end(src, if src == "web-01" { "10.0.0.1" } else { "10.0.0.3" }), "dst": end("db-01", "10.0.0.2"),
            "service": { "port": 3306, "proto": 6 }, "num_connections": connections, "policy_decision": decision, "flow_direction": direction,
            "dst_bi": 10 * connections, "dst_bo": 0,
            "timestamp_range": { "first_detected": "2026-11-20T08:00:00Z", "last_detected": format!("2026-11-20T{last}:00Z") },
        })
    };
    let room = Room::new();
    room.write(
        "flows.json",
        json!([
            // Both ends tell the same, the destination a little late.
            record("web-01", "outbound", "allowed", 10, "09:00"),
            record("web-01", "inbound", "allowed", 8, "08:59"),
            // The destination blocks what the source let go.
            record("web-02", "outbound", "allowed", 10, "09:30"),
            record("web-02", "inbound", "allowed", 4, "09:30"),
            record("web-02", "inbound", "blocked", 6, "09:31"),
        ])
        .to_string(),
    );
    let run = |arguments: &[&str]| {
        let ran = room.run(&[arguments, &["--flows", "flows.json", "--now", NOW, "-o", "json"]].concat()).exits(0);
        serde_json::from_str::<Value>(&ran.out).unwrap()
    };
    let flows = run(&["flows"]);
    let rows: Vec<(&str, &str, u64)> = flows["flows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["src"].as_str().unwrap(), row["decision"].as_str().unwrap(), row["connections"].as_u64().unwrap()))
        .collect();
    assert_eq!(rows, [("web-02", "blocked", 6), ("web-02", "allowed", 4), ("web-01", "allowed", 10)]);
    assert_eq!((&flows["connections"], &flows["bytes"], &flows["ends"]), (&json!(20), &json!(200), &json!("once")));
    let raw = run(&["flows", "--raw"]);
    assert_eq!((raw["flows"].as_array().unwrap().len(), &raw["connections"], &raw["ends"]), (5, &json!(38), &json!("both")));
    let table = room.run(&["flows", "--raw", "--flows", "flows.json"]).exits(0).out;
    assert!(table.contains("DIRECTION") && table.contains("inbound") && table.contains("outbound"), "{table}");
    assert!(!room.run(&["flows", "--flows", "flows.json"]).exits(0).out.contains("DIRECTION"));
    let top = run(&["top"]);
    let talkers: Vec<(&str, u64, u64)> = top["top"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["name"].as_str().unwrap(), row["connections"].as_u64().unwrap(), row["blocked"].as_u64().unwrap()))
        .collect();
    assert_eq!(talkers, [("web-01", 10, 0), ("web-02", 10, 6)]);
    assert_eq!(top["total"], json!({ "connections": 20, "bytes": 200, "blocked": 6, "records": 5 }));
    assert_eq!(run(&["top", "--raw"])["total"]["connections"], json!(38));
    // Each end knows its own process only; in total the connection is one.
    assert_eq!(run(&["top", "processes"])["total"]["connections"], json!(20));
}
