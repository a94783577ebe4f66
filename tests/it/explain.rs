//! `pcemon explain` and `check --explain`: the story of a rule, part by part, with the numbers of `check`.

use crate::support::cli::{Bench, Ran, Room, at, knock, knocks};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use serde_json::{Value, json};

const RULES: &str = r#"
[traffic]
accounting = "as_reported"
[[channels]]
name = "soc"
type = "file"
path = "ROOM/soc.ndjson"
[[channels]]
name = "pager"
type = "file"
path = "ROOM/pager.ndjson"
min_severity = "critical"
[[routes]]
match = { severity = ["critical"] }
channels = ["pager"]
continue = true
[[routes]]
channels = ["soc"]

[[rules]]
name = "blocked"
source = "traffic"
match = { decision = ["blocked"], port = [22] }
exclude = { src_ip = ["10.9.0.0/16"] }
group_by = ["src_workload"]
warning = "> 10"
critical = "> 100"
for = "5m"
cooldown = "30m"
[[rules]]
name = "off"
source = "traffic"
enabled = false
warning = "> 1000"
notify = ["pager"]
[[rules]]
name = "mostly blocked"
source = "traffic"
match = { decision = ["blocked"] }
ratio_to = { }
warning = "> 90 %"
notify = []
"#;

fn record(src: &str, ip: &str, port: u16, decision: &str, connections: u64) -> Value {
    let workload = json!({ "href": format!("/orgs/1/workloads/{src}"), "name": src, "hostname": "" });
    let workload = if src.is_empty() { Value::Null } else { workload };
    json!({
        "src": { "ip": ip, "workload": workload }, "dst": { "ip": "10.0.0.2" }, "service": { "port": port, "proto": 6 },
        "num_connections": connections, "policy_decision": decision, "flow_direction": "outbound",
        "timestamp_range": { "first_detected": "2026-11-20T09:55:00Z", "last_detected": "2026-11-20T10:45:00Z" },
    })
}

/// Two that match, and five that do not: for the decision, for both, for the port, for `exclude`, and with a hostile name.
fn records() -> Vec<Value> {
    vec![
        record("web-01", "10.0.0.1", 22, "blocked", 50),
        record("web-02", "10.0.0.1", 22, "blocked", 7),
        record("web-03", "10.0.0.1", 22, "allowed", 5),
        record("web-03", "10.0.0.1", 80, "allowed", 6),
        record("web-03", "10.0.0.1", 80, "blocked", 3),
        record("", "10.9.0.1", 22, "blocked", 9),
        record("evil\u{202e}\u{1b}[31m", "10.0.0.1", 22, "allowed", 1),
    ]
}

fn room() -> Room {
    let room = Room::new();
    let folder = room.path("").display().to_string();
    room.config(&RULES.replace("ROOM", folder.trim_end_matches('/')));
    room.write("flows.json", json!(records()).to_string());
    room
}

fn run(room: &Room, command: &[&str], time: &str, more: &[&str]) -> Ran {
    let now = at(time).to_string();
    let common = ["--flows", "flows.json", "--state", "state.json", "--now", now.as_str()];
    room.run(&[command, &common, more].concat())
}

fn explained(room: &Room, time: &str) -> String {
    run(room, &["explain", "blocked"], time, &[]).exits(0).out
}

/// The lines below a numbered heading.
#[track_caller]
fn part(story: &str, number: usize) -> Vec<&str> {
    let begins = |line: &str, number: usize| line.starts_with(&format!("{number} "));
    let lines: Vec<&str> =
        story.lines().skip_while(|line| !begins(line, number)).skip(1).take_while(|line| !begins(line, number + 1)).collect();
    assert!(!lines.is_empty(), "no part {number} in\n{story}");
    lines
}

#[test]
fn first_the_rule_is_said_in_words() {
    let story = explained(&room(), "10:00");
    assert!(story.starts_with("blocked (line 20): pending warning\n1 The rule\n"), "{story}");
    let want = [
        "    connections of traffic, within 10m, one alert for each src_workload",
        "    match decision = blocked",
        "    match port = 22",
        "    exclude src_ip = 10.9.0.0-10.9.255.255",
        "    thresholds: critical > 100, warning > 10",
        "    for 5m, cooldown 30m",
    ];
    assert_eq!(part(&story, 1), want);
}

#[test]
fn second_what_was_asked_and_covered() {
    let want = [
        "    traffic ok, 7 records",
        "    counted: what the PCE reported, unchanged (as_reported)",
        "    the value covers 09:50:00 – 10:00:00 (10m)",
    ];
    assert_eq!(part(&explained(&room(), "10:00"), 2), want);
}

#[test]
fn second_a_live_pce_is_asked_and_the_look_before_is_named() {
    let rules =
        "[[rules]]\nname = \"blocked\"\nsource = \"traffic\"\nmatch = { decision = [\"blocked\"], port = [22] }\nwarning = \"> 10\"\n";
    let bench = Bench::new(Options::new(knocks(&[knock("09:55", "web-01", 22, 5), knock("10:05", "web-01", 22, 20)]), at("10:00")), rules);
    let explain = |time: &str, more: &[&str]| {
        bench.sim.set_now(at(time));
        bench.room.run(&[&["explain", "blocked", "--now", &at(time).to_string()], more].concat())
    };
    let first = explain("10:00", &[]).exits(0).out;
    assert!(part(&first, 2).contains(&"    the first run: nothing to compare with"), "{first}");
    assert!(part(&first, 2).iter().any(|line| line.contains("need only: blocked; services 6/22-22")), "{first}");
    bench.check(at("10:00"), &[]);
    let before = bench.room.files();
    let second = explain("10:10", &["-o", "json"]).exits(0).json().0;
    assert_eq!(bench.room.files(), before, "nothing is remembered");
    assert_eq!(second["look"]["previous"], "2026-11-20T10:00:00Z");
    assert_eq!(second["value"], 20.0);
    let third = explain("10:10", &[]).exits(0).out;
    assert!(part(&third, 2).contains(&"    the previous run was at 10:00:00"), "{third}");
    bench.sim.set_faults(vec![Fault::new(Endpoint::Submit, .., Action::error(403, "forbidden", "not for you"))]);
    let failed = explain("10:10", &[]).exits(3).out;
    assert!(part(&failed, 2)[0].starts_with("    traffic failed") && failed.contains("not for you"), "{failed}");
    assert_eq!(part(&failed, 5), ["    unknown: no alert starts or ends"]);
}

#[test]
fn third_the_records_and_what_kept_the_others_out() {
    let want = [
        "    7 seen, 2 matched",
        "      3 failed decision = blocked (2 of them by nothing else)",
        "        web-03 → 10.0.0.2 22/tcp allowed, 5 connections: decision is allowed",
        "        evil\\u{202e}\\u{1b}[31m → 10.0.0.2 22/tcp allowed, 1 connections: decision is allowed",
        "        web-03 → 10.0.0.2 80/tcp allowed, 6 connections: decision is allowed",
        "      1 failed port = 22 (1 of them by nothing else)",
        "        web-03 → 10.0.0.2 80/tcp blocked, 3 connections: port is 80/tcp",
        "      1 left out by exclude src_ip = 10.9.0.0-10.9.255.255 (1 of them by nothing else)",
        "        10.9.0.1 → 10.0.0.2 22/tcp blocked, 9 connections: src_ip is 10.9.0.1",
    ];
    assert_eq!(part(&explained(&room(), "10:00"), 3), want);
}

#[test]
fn near_misses_are_sampled_before_what_would_not_have_matched_anyway() {
    let room = Room::new();
    room.config(
        "[[rules]]\nname = \"db\"\nsource = \"traffic\"\nmatch = { dst_label = [\"role=DB\"], decision = [\"blocked\"] }\nwarning = \"> 10\"\n",
    );
    // Five to the web first, then what the rule is about, but for one letter.
    let flow = |n: usize| {
        let (role, decision) = if n < 5 { ("web", "allowed") } else { ("db", "blocked") };
        json!({
            "src": { "ip": format!("10.0.0.{n}") }, "service": { "port": 3306, "proto": 6 }, "num_connections": 1, "policy_decision": decision,
            "dst": { "ip": "10.1.0.1", "workload": { "href": "/w/1", "name": role, "labels": [{ "href": "/l/1", "key": "role", "value": role }] } },
            "timestamp_range": { "first_detected": "2026-11-20T09:55:00Z", "last_detected": "2026-11-20T09:56:00Z" },
        })
    };
    room.write("flows.json", json!((0..7).map(flow).collect::<Vec<_>>()).to_string());
    let now = ["--now", "2026-11-20T10:00:00Z", "--flows", "flows.json"];
    let out = room.run(&[&["explain", "db"][..], &now].concat()).exits(0).out;
    assert!(out.contains("7 failed dst_label = role=DB (2 of them by nothing else)"), "{out}");
    let shown: Vec<&str> = out.lines().filter(|line| line.contains(": dst_label is ")).collect();
    assert!(shown.len() == 3 && shown[0].contains("role=db") && shown[1].contains("role=db"), "{shown:#?}");
    let json = room.run(&[&["explain", "db", "-o", "json"][..], &now].concat()).exits(0).json().0;
    let only: Vec<_> = json["records"]["failed"][0]["samples"].as_array().unwrap().iter().map(|sample| sample["only"].clone()).collect();
    assert_eq!(only, [true, true, false], "{json:#}");
}

#[test]
fn fourth_values_and_thresholds() {
    let want = [
        "    src_workload=web-01: 50 connections",
        "      critical > 100: no",
        "      warning > 10: yes",
        "    src_workload=web-02: 7 connections",
        "      critical > 100: no",
        "      warning > 10: no",
    ];
    let room = room();
    assert_eq!(part(&explained(&room, "10:00"), 4), want);
    let one = run(&room, &["explain", "blocked"], "10:00", &["--group", "src_workload=web-02"]).exits(0).out;
    assert_eq!(part(&one, 4), want[3..]);
    let ratio = run(&room, &["explain", "mostly blocked"], "10:00", &[]).exits(0).out;
    assert_eq!(part(&ratio, 4), ["    the rule: 85.2 % (69 of 81)", "      warning > 90 %: no"]);
    assert!(part(&ratio, 3).contains(&"    ratio_to: 7 seen, 7 matched"), "{ratio}");
}

#[test]
fn fifth_the_life_and_sixth_who_is_told() {
    let room = room();
    let pending = explained(&room, "10:00");
    assert_eq!(
        part(&pending, 5),
        [
            "    src_workload=web-01: pending, before this run ok",
            "      warning > 10 since 10:00:00",
            "      fires when it has held for 5m: 5m left"
        ]
    );
    assert_eq!(
        part(&pending, 6),
        [
            "    critical goes to pager, soc ([[routes]] number 1, 2)",
            "    warning goes to soc ([[routes]] number 2)",
            "    src_workload=web-01 to soc: nothing to send"
        ]
    );
    run(&room, &["check"], "10:00", &[]);
    let firing = explained(&room, "10:06");
    assert_eq!(part(&firing, 5)[0], "    src_workload=web-01: firing, before this run pending");
    assert_eq!(part(&firing, 6)[2], "    src_workload=web-01 to soc: notified now (first)");
    run(&room, &["check"], "10:06", &[]).exits(1);
    let muted = explained(&room, "10:10");
    let left = "    src_workload=web-01 to soc: notified at 10:06:00, cooldown: next reminder at 10:36:00 (26m left)";
    assert_eq!(part(&muted, 6)[2], left);
    assert_eq!(part(&explained(&room, "10:36"), 6)[2], "    src_workload=web-01 to soc: notified now (reminder)");
    // A person silences it.
    let silence = [
        "silence",
        "add",
        "--match",
        "rule=blocked",
        "--for",
        "1h",
        "--reason",
        "planned",
        "--state",
        "state.json",
        "--now",
        "2026-11-20T10:10:00Z",
    ];
    room.run(&silence).exits(0);
    let silenced = explained(&room, "10:36");
    assert!(part(&silenced, 6)[2].starts_with("    src_workload=web-01 to soc: muted (silence): silence "), "{silenced}");
    room.write("flows.json", "[]");
    let over = explained(&room, "10:37");
    assert_eq!(part(&over, 5)[0], "    src_workload=web-01: resolved, before this run firing");
    assert!(part(&over, 6).contains(&"    src_workload=web-01 to soc: notified now (resolved)"), "{over}");
}

#[test]
fn the_numbers_are_those_of_check_and_nothing_is_written() {
    let room = room();
    let before = room.files();
    let story = run(&room, &["explain", "blocked"], "10:00", &["-o", "json"]).exits(0).json().0;
    let checked = run(&room, &["check"], "10:00", &["--dry-run", "-o", "json"]).json();
    assert_eq!(room.files(), before);
    let rule = checked.rule("blocked");
    for key in ["lower_bound", "matched", "state", "severity", "covers_from", "covers_to", "accounting"] {
        assert_eq!(story[key], rule[key], "{key}");
    }
    assert_eq!((&story["schema"], &story["records"]["matched"]), (&json!("pcemon.explain/1"), &rule["matched"]));
    assert_eq!(story["records"]["seen"], checked.source("traffic")["records"]);
    assert_eq!(story["value"].as_f64(), rule["value"].as_f64());
    assert_eq!(story["groups"][0]["value"].as_f64(), rule["instances"][0]["value"].as_f64());
    assert_eq!(story["groups"].as_array().unwrap().len(), 2);
    assert_eq!(story["groups"][0]["thresholds"]["warning"], json!({ "threshold": "> 10", "crossed": "yes" }));
    assert_eq!(story["routing"][1], json!({ "severity": "warning", "routes": [2], "channels": ["soc"] }));
    let ratio = run(&room, &["explain", "mostly blocked"], "10:00", &["-o", "json"]).exits(0).json().0;
    assert_eq!((&ratio["groups"][0]["part"], &ratio["groups"][0]["total"]), (&json!(69.0), &json!(81.0)));
    assert_eq!(ratio["ratio_to"]["matched"], 7);
}

#[test]
fn a_disabled_rule_is_explained_and_an_unknown_one_is_guessed() {
    let room = room();
    let off = run(&room, &["explain", "off"], "10:00", &[]).exits(0).out;
    assert!(part(&off, 1).iter().any(|line| line.contains("It is disabled")), "{off}");
    assert_eq!(part(&off, 6), ["    warning goes to pager (notify of the rule)"]);
    let cases: [(&[&str], &str); 4] = [
        (&["explain", "blokced"], "no rule is called 'blokced'; did you mean `blocked`?"),
        (
            &["explain", "blocked", "--group", "src_worklaod=x"],
            "'src_worklaod' is not in group_by of rule 'blocked'; did you mean `src_workload`?",
        ),
        (&["explain", "blocked", "--group", "src_workload=x"], "no group src_workload=x of rule 'blocked'; seen were: src_workload=web-01"),
        (&["explain", "blocked", "-o", "csv"], "[possible values: table, json]"),
    ];
    for (command, said) in cases {
        let ran = run(&room, command, "10:00", &[]).exits(3);
        assert!(ran.err.contains(said), "{command:?}: {}", ran.err);
    }
}

#[test]
fn records_of_a_file_are_tried_condition_by_condition() {
    let room = room();
    room.write("one.json", records()[5].to_string());
    let ran = room.run(&["explain", "blocked", "--record-file", "one.json"]).exits(0).out;
    let want = "\
record 1: 10.9.0.1 → 10.0.0.2 22/tcp blocked, 9 connections
    ok match decision: wanted blocked, found blocked
    ok match port: wanted 22, found 22/tcp
    NO exclude src_ip: wanted 10.9.0.0-10.9.255.255, found 10.9.0.1
    does not match
";
    assert!(ran.ends_with(want), "{ran}");
    let lines: String = records().iter().map(|record| format!("{record}\n")).collect();
    let packed = crate::support::scripted::gzip(lines.as_bytes());
    let tried = Ran::fed(&mut room.command(&["explain", "blocked", "--record-file", "-", "-o", "json"]), &packed).exits(0).json().0;
    let verdicts: Vec<bool> = tried["tried"].as_array().unwrap().iter().map(|one| one["matches"].as_bool().unwrap()).collect();
    assert_eq!(verdicts, [true, true, false, false, false, false, false]);
    let many: Vec<Value> = (0..50).map(|_| records()[0].clone()).collect();
    room.write("many.json", json!(many).to_string());
    let ran = room.run(&["explain", "blocked", "--record-file", "many.json"]).exits(0).out;
    assert!(ran.ends_with("the first 20 records were tested\n") && !ran.contains("record 21"), "{ran}");
    assert!(room.run(&["explain", "blocked", "--record-file", "missing.json"]).exits(3).err.contains("missing.json"));
    room.write("none.json", "[]");
    assert!(room.run(&["explain", "blocked", "--record-file", "none.json"]).exits(3).err.contains("none.json contains no record"));
}

#[test]
fn every_other_source_is_explained_as_well() {
    let room = Room::new();
    room.config(
        "[[rules]]\nname = \"e\"\nsource = \"events\"\nmatch = { type = [\"user.*\"], status = [\"failure\"] }\nwarning = \">= 1\"\n\
         [[rules]]\nname = \"v\"\nsource = \"vens\"\nmatch = { offline = true }\nwarning = \">= 1\"\n\
         [[rules]]\nname = \"h\"\nsource = \"health\"\n\
         [[rules]]\nname = \"d\"\nsource = \"database\"\nwarning = \"> 80 %\"\n\
         [[rules]]\nname = \"s\"\nsource = \"self\"\nwarning = \">= 1\"\n",
    );
    let event = |kind: &str, status: &str| json!({ "href": format!("/e/{kind}/{status}"), "timestamp": "2026-11-20T09:59:00Z", "event_type": kind, "status": status, "severity": "info" });
    room.write(
        "events.json",
        json!([event("user.sign_in", "failure"), event("user.sign_in", "success"), event("agent.x", "failure")]).to_string(),
    );
    let ven = |name: &str, online: bool| {
        [
            json!({ "href": format!("/orgs/1/vens/{name}"), "hostname": name, "status": "active" }),
            json!({ "href": format!("/orgs/1/workloads/{name}"), "ven": { "href": format!("/orgs/1/vens/{name}") }, "online": online, "enforcement_mode": "full" }),
        ]
    };
    room.write("vens.json", json!([ven("a", true), ven("b", false)].concat()).to_string());
    room.write("health.json", json!([{ "status": "warning", "fqdn": "pce.example.com" }]).to_string());
    room.write("database.json", json!({ "flows_size_gb": 90, "flows_size_gb_limit": 100 }).to_string());
    let files = ["--events", "events.json", "--vens", "vens.json", "--health", "health.json", "--database", "database.json"];
    let explain = |rule: &str| {
        room.run(&[&["explain", rule, "--state", "state.json", "--now", "2026-11-20T10:00:00Z"], &files[..]].concat()).exits(0).out
    };
    let events = explain("e");
    assert!(part(&events, 3).contains(&"    3 seen, 1 matched"), "{events}");
    assert!(part(&events, 3).contains(&"      1 failed type = user.* (1 of them by nothing else)"), "{events}");
    assert!(part(&explain("v"), 3).contains(&"    2 seen, 1 matched"));
    let health = explain("h");
    assert!(health.starts_with("h (line 11): firing warning\n"), "{health}");
    assert!(part(&health, 1).contains(&"    thresholds: the PCE's own status"), "{health}");
    assert_eq!(part(&explain("d"), 4), ["    the rule: 90 %", "      warning > 80 %: yes"]);
    assert_eq!(part(&explain("s"), 4)[0], "    the rule: 0 sources");
}

#[test]
fn check_explains_what_is_not_ok_and_keeps_other_formats_clean() {
    let room = room();
    let table = run(&room, &["check"], "10:00", &["--dry-run", "--explain"]).out;
    assert!(table.contains("\nblocked (line 20): pending warning\n2 The query and"), "{table}");
    assert!(!table.contains("mostly blocked (line"), "it is ok: {table}");
    let all = run(&room, &["check"], "10:00", &["--dry-run", "--explain", "-v"]).out;
    assert!(all.contains("mostly blocked (line"), "{all}");
    let ran = run(&room, &["check"], "10:00", &["--dry-run", "--explain", "-o", "json"]);
    let plain = run(&room, &["check"], "10:00", &["--dry-run", "-o", "json"]);
    assert_eq!(ran.json().judgement(), plain.json().judgement());
    assert!(ran.err.contains("blocked (line 20): pending warning"), "{}", ran.err);
}

/// A second source that asks for standard input would find it empty, and emptiness reads as calm.
#[test]
fn standard_input_is_one_source_only() {
    let room = room();
    for command in [&["check", "--dry-run"][..], &["explain", "blocked"]] {
        let ran = room.run(&[command, &["--vens", "-", "--database", "-"]].concat()).exits(3);
        assert!(ran.err.contains("only one of the recorded answers can be standard input"), "{}", ran.err);
    }
}
