//! Rules on VENs, from the PCE's lists to the verdict.

use crate::support::cli::{Bench, Ran, Room, at, until};
use crate::support::receivers::SmtpReceiver;
use pcemon::domain::value::Record;
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::fleet::SimVen;
use pcemon::sim::options::{Life, Options};
use pcemon::sim::world::World;
use pcemon::sources::Assembler;
use pcemon::sources::vens::Vens;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::process::Stdio;

/// A VEN that is well.
fn ven(number: usize) -> SimVen {
    SimVen {
        number,
        workload: format!("/orgs/1/workloads/{number}"),
        name: Some(format!("web-{number:04}")),
        hostname: Some(format!("web-{number:04}.example.com")),
        ip: format!("10.1.{}.{}", number / 250, number % 250),
        labels: vec![("role".to_owned(), "web".to_owned())],
        status: "active".to_owned(),
        version: "25.2.10-1000".to_owned(),
        kind: "server".to_owned(),
        os: "linux".to_owned(),
        active_pce: "pce.example.com".to_owned(),
        enforcement: "full".to_owned(),
        sync_state: "applied".to_owned(),
        conditions: Vec::new(),
        silent_since: None,
    }
}

fn silent(number: usize, since: &str) -> SimVen {
    SimVen { silent_since: Some(at(since)), ..ven(number) }
}

fn fleet(count: usize) -> Vec<SimVen> {
    (1..=count).map(ven).collect()
}

fn bench(vens: Vec<SimVen>, rules: &str) -> Bench {
    Bench::new(Options { vens, ..Options::new(World::default(), at("10:00")) }, rules)
}

const OFFLINE: &str = r#"
[[rules]]
name = "all"
source = "vens"
info = "> 100000"
[[rules]]
name = "offline"
source = "vens"
match = { offline = true }
group_by = ["ven"]
warning = ">= 1"
"#;

fn asked(bench: &Bench, path: &str) -> Vec<bool> {
    let of = |request: &pcemon::sim::api::Request| request.path == format!("/api/v2/orgs/1/{path}");
    bench.sim.requests().iter().filter(|request| of(request)).map(|request| request.header("prefer") == Some("respond-async")).collect()
}

fn names(rule: &Value) -> Vec<String> {
    let mut names: Vec<String> =
        rule["instances"].as_array().unwrap().iter().map(|one| one["group"]["ven"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn twelve_hundred_come_as_a_file_and_a_recording_says_the_same() {
    let mut vens = fleet(1_200);
    vens[1_100] = silent(1_101, "08:00");
    let bench = bench(vens, OFFLINE);
    let live = bench.check(at("10:00"), &["--record", "answers"]).exits(1).json();
    assert_eq!(live.value("all"), 1_200.0);
    assert_eq!(live.rule("all")["unit"], "vens");
    assert_eq!(names(live.rule("offline")), ["web-1101"]);
    assert_eq!((asked(&bench, "vens"), asked(&bench, "workloads")), (vec![false, true], vec![false, true]));
    let source = live.source("vens");
    assert_eq!((source["status"].as_str(), source["records"].as_u64()), (Some("ok"), Some(2_400)), "{source:#}");
    assert_eq!(bench.sim.queries_left(), 0, "the jobs are deleted");

    let again = Bench::new(Options::new(World::default(), at("10:00")), OFFLINE);
    let answers = bench.room.path("answers");
    let replayed = again.check(at("10:00"), &["--vens", answers.to_str().unwrap()]).exits(1).json();
    assert_eq!(replayed.judgement(), live.judgement());
    assert_eq!(replayed.source("vens")["records"], 2_400);
    assert!(again.sim.requests().is_empty(), "a recorded answer asks nobody");
}

#[test]
fn only_as_much_is_asked_for_as_the_rules_need() {
    let bench = bench(fleet(499), "[[rules]]\nname = \"all\"\nsource = \"vens\"\ninfo = \"> 1\"\n");
    assert_eq!(bench.check(at("10:00"), &[]).exits(0).json().value("all"), 499.0);
    assert_eq!((asked(&bench, "vens"), asked(&bench, "workloads")), (vec![false], vec![]));
    // Exactly as many as one answer holds: the PCE says that there are no more.
    bench.sim.set_vens(fleet(500));
    assert_eq!(bench.check(at("10:05"), &[]).exits(0).json().value("all"), 500.0);
    assert_eq!(asked(&bench, "vens"), vec![false, false]);
}

#[test]
fn a_job_that_comes_to_nothing_leaves_the_alerts_as_they_are() {
    let mut vens = fleet(600);
    vens[9] = silent(10, "08:00");
    vens[549] = silent(550, "08:00");
    let bench = bench(vens.clone(), &OFFLINE.replace("offline = true", "heartbeat_older = \"1h\""));
    assert_eq!(names(bench.check(at("10:00"), &[]).exits(1).json().rule("offline")), ["web-0010", "web-0550"]);
    // Both are well again, but of the second nobody can know.
    vens[9] = ven(10);
    vens[549] = ven(550);
    bench.sim.set_vens(vens.clone());
    for (endpoint, action, told) in [
        (Endpoint::Job, Action::QueryState("failed".to_owned()), "ended as 'failed'"),
        (Endpoint::Job, Action::QueryState("Done".to_owned()), "without a file"),
        (Endpoint::Job, Action::ResultHref("https://elsewhere.example/datafiles/1".to_owned()), "another host"),
        (Endpoint::Job, Action::error(404, "not_found_error", "Gone"), "404"),
        (Endpoint::Datafile, Action::TruncatePacked, "cannot be read"),
        (Endpoint::Datafile, Action::DropMidBody, "is incomplete"),
        (Endpoint::Datafile, Action::html(200), "HTML"),
    ] {
        let checked = bench.check_with(at("10:05"), vec![Fault::new(endpoint, .., action)], &[]).exits(1).json();
        let source = checked.source("vens");
        assert_eq!((source["status"].as_str(), source["partial"].as_bool()), (Some("partial"), Some(true)), "{source:#}");
        let error = source["error"].as_str().unwrap();
        assert!(error.contains(told) && error.contains("only the first 500 of 600 vens"), "{told}: {error}");
        assert_eq!(names(checked.rule("offline")), ["web-0010", "web-0550"], "{told}");
        assert_eq!((checked.value("all"), checked.rule("all")["lower_bound"].as_bool()), (500.0, Some(true)));
        assert_eq!(bench.sim.queries_left(), 0, "{told}");
    }
    assert!(bench.check(at("10:10"), &[]).exits(0).json().rule("offline")["instances"].as_array().unwrap().is_empty());
}

#[test]
fn an_answer_at_once_is_as_good_as_a_job() {
    let everything: Vec<Value> = fleet(700).iter().map(|ven| ven.to_json(at("10:00"))).collect();
    let whole = |rows: &[Value], headers: Vec<(String, String)>| {
        let body = Value::Array(rows.to_vec()).to_string().into_bytes();
        vec![Fault::new(Endpoint::Vens, 2..=2, Action::Answer { status: 200, headers, body })]
    };
    let rules = "[[rules]]\nname = \"all\"\nsource = \"vens\"\ninfo = \"> 1\"\n";
    let first = bench(fleet(700), rules);
    let checked = first.check_with(at("10:00"), whole(&everything, Vec::new()), &[]).exits(0).json();
    assert_eq!((checked.value("all"), checked.source("vens")["status"].as_str()), (700.0, Some("ok")));
    // An answer that is cut at the same place as before is no better.
    let second = bench(fleet(700), rules);
    let cut = whole(&everything[..500], vec![("X-Total-Count".to_owned(), "700".to_owned())]);
    let checked = second.check_with(at("10:00"), cut, &[]).exits(3).json();
    assert_eq!((checked.value("all"), checked.source("vens")["status"].as_str()), (500.0, Some("partial")));
    // Whatever does not look like a job is neither asked nor deleted.
    let third = bench(fleet(700), rules);
    for place in ["/orgs/1/workloads/7", "/orgs/2/jobs/7", "https://elsewhere.example/api/v2/orgs/1/jobs/7", ""] {
        let headers = vec![("Location".to_owned(), place.to_owned())];
        let calls = third.sim.requests().iter().filter(|request| request.path.ends_with("/vens")).count();
        let answer = Action::Answer { status: 202, headers, body: Vec::new() };
        let faults = vec![Fault::new(Endpoint::Vens, calls + 2..=calls + 2, answer)];
        let checked = third.check_with(at("10:00"), faults, &[]).exits(3).json();
        assert_eq!(checked.source("vens")["status"], "partial", "{place}: {:#}", checked.source("vens"));
    }
    assert!(third.sim.requests().iter().all(|request| request.path.ends_with("/vens")));
}

#[test]
fn refusals_say_what_to_do_and_change_nothing() {
    let bench = bench(vec![ven(1), silent(2, "08:00")], OFFLINE);
    bench.check(at("10:00"), &[]).exits(1);
    for (action, status, told) in [
        (Action::error(403, "forbidden_error", "Forbidden"), "failed", "a role that may view VENs"),
        (Action::error(404, "not_found_error", "Not found"), "failed", "it could be read before; not offered by this PCE"),
        (Action::error(406, "input_validation_error", "No"), "failed", "it could be read before; not offered by this PCE"),
    ] {
        let checked = bench.check_with(at("10:05"), vec![Fault::new(Endpoint::Vens, .., action)], &[]).exits(1).json();
        let source = checked.source("vens");
        assert_eq!(source["status"], status);
        assert!(source["error"].as_str().unwrap().contains(told), "{source:#}");
        assert_eq!(names(checked.rule("offline")), ["web-0002"]);
        assert_eq!(checked.rule("all")["state"], "unknown");
    }
}

#[test]
fn a_ven_that_is_unpaired_ends_its_alert() {
    let bench = bench(vec![ven(1), silent(2, "08:00"), silent(3, "09:30")], OFFLINE);
    assert_eq!(names(bench.check(at("10:00"), &[]).exits(1).json().rule("offline")), ["web-0002"]);
    // Silent for an hour, the other one is offline as well.
    assert_eq!(names(bench.check(at("10:40"), &[]).exits(1).json().rule("offline")), ["web-0002", "web-0003"]);
    bench.sim.set_vens(vec![ven(1), silent(3, "09:30")]);
    // One answer may leave something out; the second without it is believed.
    assert_eq!(names(bench.check(at("10:45"), &[]).exits(1).json().rule("offline")), ["web-0002", "web-0003"]);
    assert_eq!(names(bench.check(at("10:50"), &[]).exits(1).json().rule("offline")), ["web-0003"]);
    // One that is heard of again is well at once.
    bench.sim.set_vens(vec![ven(1), ven(3)]);
    assert!(names(bench.check(at("10:55"), &[]).exits(0).json().rule("offline")).is_empty());
}

/// One that is well and one for each thing that can be different.
fn menagerie() -> Vec<SimVen> {
    let text = str::to_owned;
    vec![
        ven(1),
        SimVen {
            name: None,
            hostname: Some(text("DB-02.example.com")),
            labels: vec![(text("role"), text("db")), (text("env"), text("prod"))],
            ..ven(2)
        },
        SimVen { status: text("suspended"), ..ven(3) },
        SimVen { version: text("24.5.0-7"), ..ven(4) },
        SimVen { os: text("Windows Server 2022"), enforcement: text("visibility_only"), ..ven(5) },
        SimVen { sync_state: text("staged"), ..ven(6) },
        SimVen { conditions: vec![text("agent.upgrade_time_out"), text("agent.missed_heartbeats")], ..ven(7) },
        SimVen { kind: text("endpoint"), active_pce: text("pce-eu.example.com"), ..ven(8) },
        SimVen { ip: text("2001:db8::9"), ..ven(9) },
        silent(10, "09:30"),
        SimVen { workload: String::new(), ..silent(11, "07:00") },
    ]
}

#[test]
fn every_match_key() {
    let cases = [
        (r#"ven = ["WEB-0001", "db-*"]"#, 2),
        (r#"ven = ["web-0001.example.com"]"#, 1),
        (r#"label = ["role=d*"]"#, 1),
        (r#"label = ["role=db", "role=web", "env=prod"]"#, 1),
        (r#"status = ["suspended"]"#, 1),
        (r#"version = ["24.*"]"#, 1),
        (r#"os = ["*windows*"]"#, 1),
        (r#"enforcement = ["visibility_only"]"#, 1),
        (r#"sync_state = ["staged"]"#, 1),
        (r#"condition = ["agent.upgrade_*"]"#, 1),
        ("online = true", 10),
        ("online = false", 0),
        ("offline = false", 10),
        (r#"ven_type = ["endpoint"]"#, 1),
        (r#"active_pce = ["PCE-EU.*"]"#, 1),
        (r#"ip = ["2001:db8::/32"]"#, 1),
        (r#"ip = ["10.1.0.1-10.1.0.3"]"#, 3),
        (r#"heartbeat_older = "20m""#, 2),
        (r#"heartbeat_older = "1h""#, 1),
        (r#"heartbeat_older = "30m", status = ["active"]"#, 1),
    ];
    let rule = |key: &str, index: usize, matches: &str| {
        format!("[[rules]]\nname = \"{key} {index}\"\nsource = \"vens\"\n{key} = {{ {matches} }}\ninfo = \"> 1000\"\n")
    };
    let rules: String =
        cases.iter().enumerate().map(|(index, (matches, _))| rule("match", index, matches) + &rule("exclude", index, matches)).collect();
    let bench = bench(menagerie(), &rules);
    let checked = bench.check(at("10:00"), &[]).exits(0).json();
    for (index, (matches, count)) in cases.iter().enumerate() {
        assert_eq!(checked.value(&format!("match {index}")), f64::from(*count), "{matches}");
        // In `exclude` each key leaves out by itself; one case names two.
        if !matches.contains("status = [\"active\"]") {
            assert_eq!(checked.value(&format!("exclude {index}")), f64::from(11 - *count), "{matches}");
        }
    }
}

#[test]
fn every_metric_and_field() {
    let fields = ["ven", "status", "version", "os", "enforcement", "sync_state", "ven_type", "active_pce", "label:env"];
    let groups = [11, 2, 2, 2, 3, 3, 2, 2, 2];
    let distinct = [11, 2, 2, 2, 2, 2, 2, 2, 1];
    let mut rules =
        "[[rules]]\nname = \"age\"\nsource = \"vens\"\nmetric = \"heartbeat_age\"\nwarning = \"> 2h\"\ncritical = \"> 3h\"\n".to_owned();
    for field in fields {
        rules += &format!("[[rules]]\nname = \"by {field}\"\nsource = \"vens\"\ngroup_by = [\"{field}\"]\ninfo = \">= 1\"\n");
        rules += &format!("[[rules]]\nname = \"distinct {field}\"\nsource = \"vens\"\nmetric = \"distinct:{field}\"\ninfo = \"> 100\"\n");
    }
    let bench = bench(menagerie(), &rules);
    let checked = bench.check(at("10:00"), &[]).exits(1).json();
    for ((field, groups), distinct) in fields.iter().zip(groups).zip(distinct) {
        let by = checked.rule(&format!("by {field}"));
        assert_eq!(by["groups"], groups, "{by:#}");
        let counted: f64 = by["instances"].as_array().unwrap().iter().map(|one| one["value"].as_f64().unwrap()).sum();
        assert_eq!(counted, 11.0, "{by:#}");
        assert_eq!(checked.value(&format!("distinct {field}")), f64::from(distinct), "{field}");
    }
    let age = checked.rule("age");
    assert_eq!((checked.value("age"), age["unit"].as_str(), age["severity"].as_str()), (10_800.0, Some("seconds"), Some("warning")));
    assert_eq!(age["top"][0]["src"], "web-0011");
}

#[test]
fn what_is_not_known_of_a_workload_is_no_reason_to_alert() {
    let rules = r#"
[[rules]]
name = "not full"
source = "vens"
exclude = { enforcement = ["full"] }
warning = ">= 1"
[[rules]]
name = "silent"
source = "vens"
match = { heartbeat_older = "1h" }
warning = ">= 1"
"#;
    let bench = bench(vec![ven(1), silent(2, "08:00")], rules);
    let faults = vec![Fault::new(Endpoint::Workloads, .., Action::error(403, "forbidden_error", "Forbidden"))];
    let checked = bench.check_with(at("10:00"), faults, &[]).exits(1).json();
    assert_eq!((checked.rule("not full")["state"].as_str(), checked.value("not full")), (Some("unknown"), 0.0));
    assert_eq!((checked.rule("silent")["state"].as_str(), checked.value("silent")), (Some("firing"), 1.0));
    let error = checked.source("vens")["error"].as_str().unwrap();
    assert!(error.contains("workloads could not be read") && error.contains("403"), "{error}");
}

#[test]
fn recorded_lists_in_any_form() {
    let room = Room::new();
    room.config(OFFLINE);
    let now = at("10:00");
    let (vens, workloads): (Vec<Value>, Vec<Value>) =
        [ven(1), silent(2, "08:00")].iter().map(|ven| (ven.to_json(now), ven.workload_json(now))).unzip();
    let check = |file: &str| room.run(&["check", "--dry-run", "-o", "json", "--now", "2026-11-20T10:00:00Z", "--vens", file]);
    let lines = vens.iter().chain(&workloads).map(|one| format!("{one}\n")).collect::<String>();
    room.write("lines.json", lines);
    room.write("lists.json", format!("{}\n{}", Value::from(workloads.clone()), Value::from(vens.clone())));
    for file in ["lines.json", "lists.json"] {
        let checked = check(file).exits(1).json();
        assert_eq!((checked.value("all"), names(checked.rule("offline"))), (2.0, vec!["web-0002".to_owned()]));
    }
    // Without workloads the rule that needs them cannot be judged; the other one can.
    room.write("vens.json", Value::from(vens.clone()).to_string());
    let checked = check("vens.json").exits(3).json();
    assert_eq!((checked.rule("offline")["state"].as_str(), checked.value("all")), (Some("unknown"), 2.0));
    assert!(checked.source("vens")["error"].as_str().unwrap().contains("holds no workloads"));
    // Records that cannot be read make the rest a lower bound.
    let mut strange = vens;
    strange.extend(workloads);
    strange.extend([json!(null), json!({ "href": "/orgs/1/labels/3" }), json!({ "name": "no href" })]);
    room.write("strange.json", Value::from(strange).to_string());
    let checked = check("strange.json").exits(1).json();
    let source = checked.source("vens");
    assert_eq!((source["status"].as_str(), source["records"].as_u64()), (Some("partial"), Some(7)), "{source:#}");
    assert!(source["error"].as_str().unwrap().contains("3 of 7 records could not be read"));
    room.write("cut.json", "[{\"href\":\"/orgs/1/vens/1\"},{");
    assert!(check("cut.json").exits(3).out.contains("the answer is cut"));
}

#[test]
fn a_heartbeat_that_nobody_knows_is_told_and_not_made_up() {
    let room = Room::new();
    room.config("[[rules]]\nname = \"old\"\nsource = \"vens\"\nmetric = \"heartbeat_age\"\nwarning = \"> 90s\"\n");
    room.write("vens.json", r#"[{"href":"/orgs/1/vens/1","last_heartbeat_at":null},{"href":"/orgs/1/vens/2","last_heartbeat_at":"2026-11-20T09:58:00.479909Z"}]"#);
    let ran = room.run(&["check", "--dry-run", "-o", "json", "--now", "2026-11-20T10:00:00Z", "--vens", "vens.json"]).exits(1);
    let checked = ran.json();
    assert_eq!(checked.value("old"), 119.0);
    let table = room.run(&["check", "--dry-run", "--now", "2026-11-20T10:00:00Z", "--vens", "vens.json"]).exits(1);
    assert!(table.out.contains("1 of 2 records have no `heartbeat_age`"), "{}", table.out);
}

#[test]
fn a_group_without_a_single_match_is_missed_by_a_rule_that_wants_some() {
    let rules = r#"
[[rules]]
name = "web servers online"
source = "vens"
match = { online = true }
group_by = ["label:role"]
critical = "< 2"
"#;
    let bench = bench(vec![ven(1), ven(2)], rules);
    bench.check(at("10:00"), &[]).exits(0);
    bench.sim.set_vens(vec![silent(1, "08:00"), silent(2, "08:00")]);
    let checked = bench.check(at("10:05"), &[]).exits(2).json();
    assert_eq!((checked.value("web servers online"), checked.rule("web servers online")["groups"].as_u64()), (0.0, Some(1)));
    bench.check(at("10:10"), &[]).exits(2);
}

#[test]
fn an_interrupted_run_deletes_its_job() {
    let options = Options { vens: fleet(600), life: Life::Polls(100_000), ..Options::new(World::default(), at("10:00")) };
    let bench = Bench::new(options, OFFLINE);
    let child = bench.command(at("10:00"), &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("a job is polled", || bench.sim.requests().iter().any(|request| request.path.contains("/jobs/")));
    let sent = std::process::Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    assert!(sent.success());
    Ran::from(child.wait_with_output().unwrap()).exits(3);
    assert_eq!(bench.sim.queries_left(), 0);
    assert!(bench.sim.requests().iter().any(|request| request.method == "DELETE"));
}

#[test]
fn hostile_names_are_shown_and_not_obeyed() {
    let hostile = SimVen { name: Some("web\u{1b}[31m\u{202e}x".to_owned()), ..silent(1, "08:00") };
    let bench = bench(vec![hostile], OFFLINE);
    bench.check(at("10:00"), &[]).exits(1);
    let Ran { out, .. } = bench.room.run(&["check", "--dry-run", "--now", "2026-11-20T10:00:00Z"]);
    assert!(out.contains("web\\u{1b}[31m\\u{202e}x") && !out.contains('\u{1b}') && !out.contains('\u{202e}'), "{out}");
}

fn inventory(rows: &[Value]) -> Vec<Record> {
    let mut records = Box::new(Vens::new(true));
    records.part("vens", &mut Value::from(rows.to_vec()).to_string().as_bytes()).unwrap();
    records.finish().records
}

/// Any JSON at all, with the words of VENs in it.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        "[a-z0-9./:-]{0,12}",
        Just("/orgs/1/vens/1".to_owned()),
        Just("/orgs/1/workloads/1".to_owned()),
        Just("2026-11-20T10:00:00Z".to_owned()),
    ];
    let key = proptest::sample::select(vec![
        "href",
        "name",
        "labels",
        "key",
        "value",
        "interfaces",
        "address",
        "conditions",
        "latest_event",
        "notification_type",
        "workloads",
        "ven",
        "agent",
        "status",
        "security_policy_sync_state",
        "online",
        "last_heartbeat_at",
        "os_id",
    ]);
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from), word.prop_map(Value::from)];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let key = key.clone().prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..7).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_answer_makes_the_reader_panic(rows in proptest::collection::vec(any_json(), 0..12), cut in 0usize..400) {
        let text = Value::from(rows.clone()).to_string();
        let mut records = Box::new(Vens::new(true));
        prop_assert_eq!(records.part("vens", &mut text.as_bytes()).unwrap().rows, rows.len() as u64);
        let _ = records.finish();
        let cut: String = text.chars().take(cut).collect();
        let read = Vens::new(true).part("vens", &mut cut.as_bytes());
        prop_assert!(read.is_ok() == (cut == text), "{} {:?}", cut, read);
    }

    #[test]
    fn the_order_of_the_records_does_not_matter(
        rows in (1usize..20).prop_map(|count| {
            let vens = menagerie().into_iter().cycle().take(count).enumerate().map(|(index, ven)| SimVen { number: index + 1, ..ven });
            vens.flat_map(|ven| [ven.to_json(at("10:00")), ven.workload_json(at("10:00"))]).collect::<Vec<_>>()
        }).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        prop_assert_eq!(inventory(&rows.0), inventory(&rows.1));
    }
}

#[test]
fn the_command_lists_what_its_flags_choose() {
    let bench = bench(menagerie(), "");
    let ask = |more: &[&str]| bench.room.run(&[&["vens", "--now", "2026-11-20T10:00:00Z"], more].concat());
    let listed = |more: &[&str]| -> Vec<String> {
        let ran = ask(&[more, &["-o", "json"]].concat()).exits(0);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(report["schema"], "pcemon.vens/1");
        report["vens"].as_array().unwrap().iter().map(|ven| ven["ven"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(listed(&[]).len(), 11);
    assert_eq!(listed(&["--heartbeat-older", "20m", "--status", "active"]), ["web-0010", "web-0011"]);
    assert_eq!(listed(&["--not-version", "25.*"]), ["web-0004"]);
    assert_eq!(listed(&["--enforcement", "visibility_only", "--os", "*windows*"]), ["web-0005"]);
    assert_eq!(listed(&["--match", "label = [\"env=prod\"]"]), ["DB-02.example.com"]);
    let table = ask(&["--columns", "ven,heartbeat_age,conditions", "--ven", "web-0007,web-0010"]).exits(0);
    assert!(table.out.contains("30m") && table.out.contains("agent.upgrade_time_out"), "{}", table.out);
    // Without a column or a key that needs them the workloads are left alone.
    let before = asked(&bench, "workloads").len();
    ask(&["--columns", "ven,version"]).exits(0);
    assert_eq!(asked(&bench, "workloads").len(), before);
    let wrong = ask(&["--heartbeat-older", "soon"]).exits(3);
    assert!(wrong.err.contains("--heartbeat-older"), "{}", wrong.err);
    bench.sim.set_faults(vec![Fault::new(Endpoint::Vens, .., Action::error(403, "forbidden_error", "Forbidden"))]);
    let refused = ask(&[]).exits(3);
    assert!(refused.err.contains("could not be had") && refused.err.contains("Global Viewer"), "{}", refused.err);
}

/// An alert on one VEN leads to its workload in the PCE's console. An href that is none leads nowhere, and neither does a
/// recorded answer: nobody knows whose it is.
#[test]
fn an_alert_leads_to_the_console() {
    let id = "f8b9a4c2-0d6e-4b6c-9d0a-1f2e3d4c5b6a";
    let vens = vec![
        SimVen { workload: format!("/orgs/1/workloads/{id}"), ..silent(1, "08:00") },
        SimVen { workload: format!("/orgs/1/workloads/{id}\"><b>x</b>/../../evil"), ..silent(2, "08:00") },
        SimVen { workload: "https://evil.example.com/orgs/1/workloads/x".to_owned(), ..silent(3, "08:00") },
    ];
    let alone = &OFFLINE[OFFLINE.rfind("[[rules]]").unwrap()..];
    let mail = SmtpReceiver::start(&[]);
    let bench = bench(vens, "");
    let told = bench.room.path("told.ndjson");
    let config = format!(
        "{alone}notify = [\"mail\", \"file\"]\n\
         [[channels]]\nname = \"mail\"\ntype = \"email\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]\nsmtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}\n\
         [[channels]]\nname = \"file\"\ntype = \"file\"\npath = \"{}\"\n",
        mail.port(),
        told.display()
    );
    bench.config(&config);
    bench.check(at("10:00"), &["--record", "answers"]).exits(1);
    let page = format!("{}/#/workloads/{id}", bench.sim.url());
    let alerts = |text: &str| -> Vec<(String, Value)> {
        let of = |alert: &Value| (alert["group"]["ven"].as_str().unwrap().to_owned(), alert["console"].clone());
        let bodies = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut all: Vec<_> = bodies.flat_map(|body| body["alerts"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    };
    let links = alerts(&std::fs::read_to_string(&told).unwrap());
    // The second workload is refused as a whole: nobody knows whether its VEN is offline, and the source is partial.
    let wanted = [("web-0001", json!(page)), ("web-0003", Value::Null)];
    assert_eq!(links, wanted.map(|(name, link)| (name.to_owned(), link)));
    let mails = mail.mails();
    let text = mails[0].data.replace("=\r\n", "").replace("=3D", "=");
    assert!(text.contains(&format!("in the PCE's console: {page}\r\n")), "{text}");
    assert!(text.contains(&format!("href=\"{page}\">In the PCE&#39;s console</a>")), "{text}");
    assert_eq!(text.matches("/#/").count(), 2, "{text}");
    assert!(!text.contains("evil") && !text.contains("<b>x"), "{text}");

    let again = Bench::new(Options::new(World::default(), at("10:00")), "");
    let told = again.room.path("told.ndjson");
    again.config(&format!("{alone}notify = [\"file\"]\n[[channels]]\nname = \"file\"\ntype = \"file\"\npath = \"{}\"\n", told.display()));
    again.check(at("10:00"), &["--vens", bench.room.path("answers").to_str().unwrap()]).exits(1);
    assert!(alerts(&std::fs::read_to_string(&told).unwrap()).iter().all(|(_, link)| link.is_null()));
}
