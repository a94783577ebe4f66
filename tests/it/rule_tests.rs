//! `pcemon test`: files of tests, what they say when they fail, and that they count as `check` does.

use crate::support::cli::{Bench, Ran, Room, at, knock, knocks};
use pcemon::sim::options::Options;
use quick_junit::TestCaseStatus;
use serde_json::{Value, json};

const RULES: &str = r#"
[[channels]]
name = "soc"
type = "file"
path = "/nonexistent/soc.ndjson"
[[channels]]
name = "pager"
type = "file"
path = "/nonexistent/pager.ndjson"
min_severity = "critical"

[[rules]]
name = "blocked"
source = "traffic"
match = { decision = ["blocked"] }
group_by = ["src_workload"]
warning = "> 10"
critical = "> 100"
cooldown = "30m"
notify = ["soc", "pager"]
[[rules]]
name = "logins"
source = "events"
match = { type = ["user.sign_in"], status = ["failure"] }
window = "30m"
for = "10m"
warning = ">= 2"
notify = ["soc"]
[[rules]]
name = "health"
source = "health"
notify = ["soc"]
[[rules]]
name = "offline"
source = "vens"
match = { offline = true }
group_by = ["ven"]
warning = ">= 1"
notify = ["soc"]
[[rules]]
name = "full"
source = "database"
warning = "> 80%"
notify = ["soc"]
[[rules]]
name = "off"
source = "traffic"
enabled = false
info = "> 0"
notify = []
"#;

/// A room with the rules above and this file of tests.
fn room(tests: &str) -> Room {
    let room = Room::new();
    room.config(RULES);
    room.write("rules.test.toml", format!("config = \"rules.toml\"\n{tests}"));
    room
}

fn tested(room: &Room, more: &[&str]) -> Ran {
    room.run(&[&["test", "rules.test.toml"], more].concat())
}

const PASSING: &str = r#"
[[test]]
name = "a database is knocked at"
rules = ["blocked"]
start = "2026-03-01T08:00:00Z"
flow = { dst = "db-01", port = 3306, decision = "blocked" }
[[test.step]]
at = "0m"
flows = [{ src = "web-01", connections = 11 }, { src = "web-02", connections = 10 }]
expect.firing = [{ rule = "blocked", group = { src_workload = "web-01" }, severity = "warning", value = 11 }]
expect.pending = []
expect.sent = [{ rule = "blocked", group = { src_workload = "web-01" }, channel = "soc", reason = "first", value = 11 }]
expect.exit_code = 1
[[test.step]]
at = "2026-03-01T08:05:00Z"
flows = [{ src = "web-01", connections = 100 }]
expect.sent = [
  { rule = "blocked", group = { src_workload = "web-01" }, channel = "soc", reason = "escalated" },
  { rule = "blocked", group = { src_workload = "web-01" }, channel = "pager", reason = "first" },
]
expect.values = [{ rule = "blocked", value = 111 }]
expect.exit_code = 2
[[test.step]]
at = "10m"
failed = ["traffic"]
expect.sent = []
expect.firing = [{ rule = "blocked", group = { src_workload = "web-01" }, severity = "critical" }]
expect.exit_code = 2
[[test.step]]
at = "36m"
flows = [{ src = "web-01", connections = 101 }]
down = ["pager"]
expect.sent = [{ rule = "blocked", group = { src_workload = "web-01" }, channel = "soc", reason = "reminder" }]
[[test.step]]
at = "1h 30m"
expect.firing = []
expect.sent = [
  { rule = "blocked", group = { src_workload = "web-01" }, channel = "soc", reason = "resolved" },
  { rule = "blocked", group = { src_workload = "web-01" }, channel = "pager", reason = "reminder" },
  { rule = "blocked", group = { src_workload = "web-01" }, channel = "pager", reason = "resolved" },
]
expect.exit_code = 0

[[test]]
name = "logins wait"
rules = ["log*"]
[[test.step]]
at = "0m"
events = [{ type = "user.sign_in", status = "failure" }, { type = "user.sign_in", status = "failure", actor = "eve@example.com" }]
expect.pending = [{ rule = "logins", value = 2 }]
expect.firing = []
[[test.step]]
at = "10m"
expect.firing = [{ rule = "logins", severity = "warning", value = 2 }]
[[test.step]]
at = "31m"
expect.firing = []

[[test]]
name = "snapshots stay until they are said anew"
rules = ["health", "offline", "full"]
[[test.step]]
at = "0m"
health = { status = "critical", fqdn = "pce.example.com" }
vens = [{ hostname = "web-01", online = false }, { hostname = "web-02" }]
database = { flows_size_gb = 90, flows_size_gb_limit = 100 }
expect.firing = [
  { rule = "health", severity = "critical" },
  { rule = "offline", group = { ven = "web-01" } },
  { rule = "full", value = 0.9 },
]
[[test.step]]
at = "10m"
database = { flows_size_gb = 80, flows_size_gb_limit = 100 }
expect.firing = [{ rule = "health" }, { rule = "offline", group = { ven = "web-01" } }]

[[test]]
name = "a recorded answer"
rules = ["blocked"]
[[test.step]]
at = "2026-11-20T10:00:00Z"
flows_file = "flows.json"
expect.values = [{ rule = "blocked", value = 40 }]

[[test]]
name = "a rule that is switched off"
rules = ["off"]
[[test.step]]
at = "0m"
flows = [{ src = "a", dst = "b" }]
expect.firing = [{ rule = "off", severity = "info" }]
"#;

fn recorded() -> String {
    json!([{
        "src": { "ip": "10.0.0.1", "workload": { "href": "/orgs/1/workloads/a", "name": "a", "hostname": "" } },
        "dst": { "ip": "10.0.0.2" }, "service": { "port": 22, "proto": 6 }, "num_connections": 40, "policy_decision": "blocked",
        "flow_direction": "outbound",
        "timestamp_range": { "first_detected": "2026-11-20T09:55:00Z", "last_detected": "2026-11-20T09:59:00Z" },
    }])
    .to_string()
}

#[test]
fn every_key_of_a_step_does_what_it_says() {
    let room = room(PASSING);
    room.write("flows.json", recorded());
    let before = room.files();
    let ran = tested(&room, &[]).exits(0);
    assert!(ran.out.ends_with("5 passed, 0 failed\n"), "{}", ran.out);
    assert!(ran.out.starts_with("ok   rules.test.toml:3  a database is knocked at\n"), "{}", ran.out);
    assert_eq!(ran.err, "");
    assert_eq!(room.files(), before, "nothing is written");
    assert_eq!(tested(&room, &["-q"]).exits(0).out, "");
    let one = tested(&room, &["--test", "*wait*", "-o", "json"]).exits(0).json().0;
    assert_eq!((one["schema"].as_str(), &one["passed"]), (Some("pcemon.test/1"), &json!(1)));
    assert_eq!(one["tests"][0]["name"], "logins wait");
}

const FAILING: &str = r#"
[[test]]
name = "too much, too little and something else"
rules = ["blocked", "logins"]
[[test.step]]
at = "0m"
flows = [{ src = "web-01", dst = "db", decision = "blocked", connections = 200 }]
expect.firing = [
  { rule = "blocked", group = { src_workload = "web-02" } },
  { rule = "blocked", group = { src_workload = "web-01" }, severity = "warning", value = 200 },
]
expect.pending = [{ rule = "logins" }]
expect.sent = []
expect.values = [{ rule = "blocked", value = 201 }]
expect.exit_code = 0
[[test]]
name = "passes # and | is <odd> & \u001b[31mred\u202e"
rules = ["blocked"]
[[test.step]]
at = "0m"
expect.firing = []
"#;

#[test]
fn what_differs_is_said_with_its_line() {
    let ran = tested(&room(FAILING), &[]).exits(1);
    let want = "\
FAIL rules.test.toml:3  too much, too little and something else
       step 1 (line 6), firing: - expected, + found
         - rule \"blocked\" src_workload=web-02  (line 10)
         - rule \"blocked\" src_workload=web-01, severity warning, value 200  (line 11)
         + rule \"blocked\" src_workload=web-01, severity critical, value 200
       step 1 (line 6), pending: - expected, + found
         - rule \"logins\"  (line 13)
       step 1 (line 6), sent: - expected, + found
         + rule \"blocked\" src_workload=web-01, severity critical, value 200, channel soc, reason first
         + rule \"blocked\" src_workload=web-01, severity critical, value 200, channel pager, reason first
       step 1 (line 6), values: - expected, + found
         - rule \"blocked\", value 201  (line 15)
         + rule \"blocked\", value 200
       step 1 (line 6), exit_code: - expected, + found
         - 0
         + 2
ok   rules.test.toml:17  passes # and | is <odd> & \\u{1b}[31mred\\u{202e}
1 passed, 1 failed
";
    assert_eq!(ran.out, want);
}

#[test]
fn other_tools_can_read_it() {
    let room = room(FAILING);
    let ran = tested(&room, &["-o", "junit", "--out", "tap=out.tap", "--out", "json=out.json"]).exits(1);
    let xml = quick_junit::Report::deserialize_from_str(&ran.out).unwrap();
    assert_eq!((xml.tests, xml.failures, xml.errors), (2, 1, 0));
    let [suite] = xml.test_suites.as_slice() else { panic!("{xml:?}") };
    let [failed, passed] = suite.test_cases.as_slice() else { panic!("{suite:?}") };
    assert!(matches!(passed.status, TestCaseStatus::Success { .. }));
    let TestCaseStatus::NonSuccess { description: Some(text), .. } = &failed.status else { panic!("{failed:?}") };
    assert!(text.as_str().contains("- rule \"logins\"  (line 13)"), "{text:?}");
    assert_eq!(passed.name.as_str(), "passes # and | is <odd> & \\u{1b}[31mred\\u{202e}");

    let tap = std::fs::read_to_string(room.path("out.tap")).unwrap();
    let lines: Vec<&str> = tap.lines().filter(|line| !line.starts_with("# ")).collect();
    assert_eq!(lines[..3], ["TAP version 13", "1..2", "not ok 1 - too much, too little and something else"]);
    assert_eq!(lines[3..], ["ok 2 - passes \\# and | is <odd> & \\u{1b}[31mred\\u{202e}"]);

    let json: Value = serde_json::from_str(&std::fs::read_to_string(room.path("out.json")).unwrap()).unwrap();
    assert_eq!((&json["passed"], &json["failed"]), (&json!(1), &json!(1)));
    let faults = json["tests"][0]["faults"].as_array().unwrap();
    let what: Vec<&str> = faults.iter().map(|fault| fault["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["firing", "pending", "sent", "values", "exit_code"]);
    assert_eq!(json["tests"][1]["passed"], true);

    let refused = tested(&room, &["-o", "csv"]).exits(3);
    assert!(refused.err.contains("[possible values: table, json, junit, tap]"), "{}", refused.err);
}

/// A test with one step of these keys; the step begins in line 6.
fn with_step(keys: &str) -> String {
    format!("[[test]]\nname = \"t\"\nrules = [\"blocked\"]\n[[test.step]]\nat = \"0m\"\n{keys}\n")
}

#[test]
fn every_mistake_is_said_with_line_and_suggestion() {
    // What is in the step, what is said of it, and what could have been meant.
    let cases: [(String, &[&str]); 18] = [
        (with_step("flws = []"), &["rules.test.toml:7:", "flws", "flows"]),
        (with_step("expect.fireing = []"), &["rules.test.toml:7:", "fireing", "firing"]),
        (with_step("expect.firing = [{ rul = \"blocked\" }]"), &["rules.test.toml:7:", "rul", "rule"]),
        (with_step("expect.firing = [{ rule = \"blocked\", severity = \"critcal\" }]"), &["rules.test.toml:7:", "`critical`"]),
        (with_step("expect.sent = [{ rule = \"blocked\", reason = \"frist\" }]"), &["rules.test.toml:7:", "`first`"]),
        (with_step("expect.firing = [{ rule = \"blocked\", value = \"many\" }]"), &["rules.test.toml:7:", "must be a number"]),
        (with_step("expect.exit_code = 4"), &["rules.test.toml:7:", "exit_code"]),
        (with_step("failed = [\"trafic\"]"), &["rules.test.toml:7:", "'trafic' is no source", "`traffic`"]),
        (with_step("[[test.step]]\nat = \"soon\""), &["rules.test.toml:8:", "'soon' is no time", "write for example 10m"]),
        (with_step("[[test.step]]\nat = \"0m\""), &["rules.test.toml:7:", "is not later than the one before it"]),
        ("[[test]]\nname = \"t\"\nstart = \"noon\"\n".to_owned(), &["rules.test.toml:4:", "'noon' is no time", "has no [[test.step]]"]),
        (String::new(), &["the file has no [[test]]"]),
        (with_step("expect.firing = [{ rule = \"blokced\" }]"), &["line 7: no rule of this test is called 'blokced'", "`blocked`"]),
        (
            with_step("expect.firing = [{ rule = \"blocked\", group = { src_worklaod = \"a\" } }]"),
            &["line 7: 'src_worklaod' is not in group_by of rule 'blocked'", "`src_workload`"],
        ),
        (with_step("expect.sent = [{ rule = \"blocked\", channel = \"sock\" }]"), &["line 7: there is no channel 'sock'", "`soc`"]),
        (with_step("down = [\"pagr\"]"), &["line 5: there is no channel 'pagr'", "`pager`"]),
        (
            with_step("flows = [{ src = \"a\", dts = \"b\" }]"),
            &["rules.test.toml:2: test 't': step 1 (line 5): unknown key `dts` in a flow", "`dst`"],
        ),
        (with_step("flows = [{ src = \"a\", decision = \"bocked\" }]"), &["'bocked' is not a policy decision", "`blocked`"]),
    ];
    for (tests, wanted) in cases {
        let ran = tested(&room(&tests), &[]).exits(3);
        assert_eq!(ran.out, "", "{tests}");
        for text in wanted {
            assert!(ran.err.contains(text), "{text} is not said of\n{tests}\n{}", ran.err);
        }
    }
    let ran = tested(&room(&with_step("expect.firing = []").replace("[\"blocked\"]", "[\"bloked\"]")), &[]).exits(3);
    assert!(ran.err.contains("no rule is called 'bloked'; did you mean `blocked`?"), "{}", ran.err);
    let ran = tested(&room(&with_step("")), &["--test", "x*"]).exits(3);
    assert!(ran.err.contains("no test has a name that matches x*"), "{}", ran.err);
    let ran = room("").run(&["test", "missing.toml"]).exits(3);
    assert!(ran.err.contains("missing.toml"), "{}", ran.err);
}

/// A file that only a mistake makes so long is refused before it is read; a pipe is read like a file.
#[test]
fn a_file_of_tests_has_a_longest_length() {
    let long = PASSING.repeat((2 << 20) / PASSING.len() + 1);
    let ran = tested(&room(&long), &[]).exits(3);
    assert!(ran.err.contains("rules.test.toml are longer than 2097152 bytes") && ran.err.contains("events_file"), "{}", ran.err);
    let room = room("");
    let mut piped = std::process::Command::new("bash");
    let binary = room.command(&[]).get_program().to_owned();
    piped.args(["-c", "exec \"$0\" test -c rules.toml <(cat passing.toml)"]).arg(binary).current_dir(room.path(""));
    room.write("passing.toml", with_step("expect.firing = []"));
    let ran = Ran::of(&mut piped).exits(0);
    assert!(ran.out.contains("1 passed, 0 failed"), "{}", ran.out);
}

/// Each look is told what its run asks for: everything since the look before it and what lies within `lookback`, once.
#[test]
fn events_are_told_from_where_they_were_read() {
    let tests = r#"
[[test]]
name = "events of a look that failed come with the next"
rules = ["events"]
[[test.step]]
at = "0m"
events = [{ type = "user.sign_in", actor = "a@example.com" }]
expect.values = [{ rule = "events", value = 1 }]
[[test.step]]
at = "3h"
events = [{ type = "user.sign_in", actor = "b@example.com" }]
failed = ["events"]
[[test.step]]
at = "4h"
events = [{ type = "user.sign_in", actor = "c@example.com" }]
expect.values = [{ rule = "events", value = 2 }]
[[test.step]]
at = "9h"
expect.values = [{ rule = "events", value = 0 }]
"#;
    let room = Room::new();
    room.config("[[rules]]\nname = \"events\"\nsource = \"events\"\nwindow = \"2h\"\nwarning = \"> 5\"\n");
    room.write("rules.test.toml", tests);
    let ran = room.run(&["test", "-c", "rules.toml", "rules.test.toml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

#[test]
fn two_mistakes_are_said_in_one_go() {
    let both = format!("{}{}", with_step("down = [\"pagr\"]"), with_step("flows = [{ sorce = \"a\" }]").replace("\"t\"", "\"u\""));
    let ran = tested(&room(&both), &[]).exits(3);
    assert!(ran.err.contains("'pagr'") && ran.err.contains("`sorce`"), "{}", ran.err);
}

/// The same connections, told by the simulated PCE in its day buckets and late, and written into a test.
#[test]
fn a_test_counts_what_check_counts() {
    let minutes = [10, 20, 30, 40, 50];
    let connections = [3, 8, 0, 30, 1];
    let time = |minute: u64| format!("10:{:02}:59", minute - 1);
    let times: Vec<String> = minutes.iter().map(|minute| time(*minute)).collect();
    let list: Vec<_> =
        times.iter().zip(connections).filter(|(_, count)| *count > 0).map(|(time, count)| knock(time, "web-01", 3306, count)).collect();
    let rules =
        "[[rules]]\nname = \"blocked\"\nsource = \"traffic\"\nmatch = { decision = [\"blocked\"] }\nwindow = \"20m\"\nwarning = \"> 25\"\n";
    let bench = Bench::new(Options::new(knocks(&list), at("10:00")), rules);
    let mut tests = "config = \"rules.toml\"\n[[test]]\nname = \"same\"\nstart = \"2026-11-20T10:00:00Z\"\n\
                     flow = { src = \"web-01\", dst = \"db-01\", port = 3306, decision = \"blocked\" }\n"
        .to_owned();
    let mut values = Vec::new();
    for (minute, count) in minutes.into_iter().zip(connections) {
        let checked = bench.check(at(&format!("10:{minute}")), &[]);
        let value = checked.json().value("blocked");
        values.push(value);
        tests.push_str(&format!("[[test.step]]\nat = \"{minute}m\"\n"));
        if count > 0 {
            tests.push_str(&format!("flows = [{{ connections = {count} }}]\n"));
        }
        tests.push_str(&format!("expect.values = [{{ rule = \"blocked\", value = {value} }}]\nexpect.exit_code = {}\n", checked.code));
    }
    assert_eq!(values, [3.0, 11.0, 8.0, 30.0, 31.0]);
    bench.room.write("same.toml", &tests);
    let ran = bench.room.run(&["test", "same.toml"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
}

/// Rules of the example that nothing shows to work.
#[test]
fn the_example_is_tested_rule_by_rule() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let room = Room::new();
    for name in ["rules.example.toml", "rules.example.test.toml"] {
        room.write(name, std::fs::read_to_string(root.join(name)).unwrap());
    }
    let ran = room.run(&["test", "rules.example.test.toml"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
    let tests = room.run(&["rules", "example", "--tests"]).exits(0).out;
    assert_eq!(tests, std::fs::read_to_string(room.path("rules.example.test.toml")).unwrap());
    let config = pcemon::config::load(&room.path("rules.example.toml")).unwrap_or_else(|error| panic!("{}", error.render(false)));
    let untested: Vec<&str> = config
        .rules
        .iter()
        .filter(|rule| rule.enabled && !tests.contains(&format!("{{ rule = \"{}\"", rule.name)))
        .map(|rule| rule.name.as_str())
        .collect();
    // Nobody can simulate messages that wait: a rehearsed channel of the example is never down.
    assert_eq!(untested, ["Messages are not delivered"]);
}
