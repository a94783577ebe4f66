//! The source `self`: what could not be read, what was not delivered, how far apart the runs are.

use crate::support::cli::{Bench, Ran, Room, at};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use pcemon::sim::world::World;
use serde_json::{Value, json};

const RULES: &str = r#"
[[rules]]
name = "traffic"
source = "traffic"
warning = "> 1000000"
notify = []
[[rules]]
name = "events"
source = "events"
warning = "> 1000000"
notify = []
[[rules]]
name = "PCE unreachable"
source = "self"
group_by = ["source"]
critical = ">= 1"
for = "1m"
notify = ["log"]
"#;

fn bench(rules: &str) -> Bench {
    let bench = Bench::new(Options::new(World::default(), at("10:00")), "");
    let log = bench.room.path("log.ndjson");
    bench.config(&format!("{rules}[[channels]]\nname = \"log\"\ntype = \"file\"\npath = \"{}\"\n", log.display()));
    bench
}

fn refused() -> Vec<Fault> {
    vec![Fault::new(Endpoint::Submit, .., Action::error(500, "internal", "out of order"))]
}

/// Reason, severity, group and why of every alert that was told.
fn told(bench: &Bench) -> Vec<(String, String, Value, String)> {
    let text = std::fs::read_to_string(bench.room.path("log.ndjson")).unwrap_or_default();
    let one = |line: &str| {
        let alert = serde_json::from_str::<Value>(line).unwrap()["alerts"][0].clone();
        let text = |key: &str| alert[key].as_str().unwrap().to_owned();
        let why = alert["top"][0]["dst"].as_str().unwrap_or("").to_owned();
        (text("reason"), text("severity"), alert["group"].clone(), why)
    };
    text.lines().map(one).collect()
}

#[test]
fn a_pce_that_cannot_be_read_is_told_of_after_the_second_run_and_its_end_as_well() {
    let bench = bench(RULES);
    assert_eq!(bench.check(at("10:00"), &[]).exits(0).json().value("PCE unreachable"), 0.0);
    let first = bench.check_with(at("10:05"), refused(), &[]).exits(3);
    let rule = first.json().rule("PCE unreachable").clone();
    assert_eq!((&rule["state"], &rule["instances"][0]["group"]), (&json!("pending"), &json!({ "source": "traffic" })), "{rule:#}");
    assert_eq!(told(&bench), []);
    let second = bench.check_with(at("10:10"), refused(), &[]).exits(2);
    assert_eq!(second.json().source("traffic")["status"], "failed");
    assert_eq!(second.json().rule("traffic")["state"], "unknown", "what depends on it is unknown as before");
    assert_eq!((second.json().source("self")["status"].as_str(), second.json().source("self")["records"].as_u64()), (Some("ok"), Some(2)));
    let [(reason, severity, group, why)] = &told(&bench)[..] else { panic!("{:?}", told(&bench)) };
    assert_eq!((reason.as_str(), severity.as_str(), group), ("first", "critical", &json!({ "source": "traffic" })));
    assert!(why.contains("500"), "{why}");
    bench.check(at("10:15"), &[]).exits(0);
    let [_, (reason, _, group, _)] = &told(&bench)[..] else { panic!("{:?}", told(&bench)) };
    assert_eq!((reason.as_str(), group), ("resolved", &json!({ "source": "traffic" })));
}

#[test]
fn without_groups_it_counts_sources_and_a_run_for_one_rule_proves_nothing() {
    let rules = RULES.replace("group_by = [\"source\"]\n", "").replace("for = \"1m\"\n", "");
    let bench = bench(&rules);
    let ran = bench.check_with(at("10:00"), refused(), &[]).exits(2).json();
    assert_eq!((ran.value("PCE unreachable"), &ran.rule("PCE unreachable")["top"][0]["src"]), (1.0, &json!("traffic")));
    // Neither source is read here, so nobody can say that they can be read again.
    let alone = bench.check(at("10:05"), &["--rule", "PCE*"]).json();
    assert_eq!((&alone.rule("PCE unreachable")["state"], &alone.rule("PCE unreachable")["lower_bound"]), (&json!("firing"), &json!(true)));
    assert_eq!(bench.check(at("10:10"), &[]).exits(0).json().value("PCE unreachable"), 0.0);
}

#[test]
fn a_rule_about_the_monitoring_needs_no_pce_at_all() {
    let room = Room::new();
    room.config(
        "[[rules]]\nname = \"gap\"\nsource = \"self\"\nmetric = \"gap\"\nwarning = \"> 30m\"\n\
         [[rules]]\nname = \"skew\"\nsource = \"self\"\nmetric = \"clock_skew\"\nwarning = \"> 1m\"\n\
         [[rules]]\nname = \"waiting\"\nsource = \"self\"\nmetric = \"undelivered\"\nwarning = \">= 1\"\n",
    );
    let check = |time: &str| -> Ran { room.run(&["check", "-o", "json", "--state", "state.json", "--now", &at(time).to_string()]) };
    let first = check("10:00").exits(0).json();
    assert_eq!((&first.rule("gap")["value"], &first.rule("skew")["value"]), (&Value::Null, &Value::Null));
    assert_eq!(first.value("waiting"), 0.0);
    assert_eq!(check("10:20").exits(0).json().value("gap"), 1200.0);
    let late = check("10:51").exits(1).json();
    assert_eq!((late.value("gap"), &late.rule("gap")["state"], &late.rule("gap")["unit"]), (1860.0, &json!("firing"), &json!("seconds")));
    assert_eq!(check("10:52").exits(0).json().value("gap"), 60.0);
}

#[test]
fn messages_of_earlier_runs_that_wait_are_counted() {
    let rules = RULES.replace("for = \"1m\"\n", "")
        + "[[rules]]\nname = \"waiting\"\nsource = \"self\"\nmetric = \"undelivered\"\nwarning = \">= 1\"\nnotify = []\n";
    let bench = bench(&rules);
    // A folder stands where the file should be: nothing can be delivered.
    std::fs::create_dir(bench.room.path("log.ndjson")).unwrap();
    let first = bench.check_with(at("10:00"), refused(), &[]).json();
    assert_eq!(first.value("waiting"), 0.0, "this run's own messages are not late");
    let second = bench.check_with(at("10:05"), refused(), &[]).json();
    assert_eq!((second.value("waiting"), &second.rule("waiting")["unit"]), (1.0, &json!("messages")));
}

#[test]
fn the_clock_of_a_live_pce_is_compared_either_way() {
    let rules = "[[rules]]\nname = \"health\"\nsource = \"health\"\nnotify = []\n[[rules]]\nname = \"skew\"\nsource = \"self\"\nmetric = \"clock_skew\"\nwarning = \"> 1m\"\nnotify = []\n";
    for (date, want) in [("10:05:00", 300.0), ("09:55:00", 300.0), ("10:00:00", 0.0)] {
        let bench = bench(rules);
        let faults = vec![Fault::new(Endpoint::Health, .., Action::Date(at(date)))];
        let ran = bench.check_with(at("10:00"), faults, &[]);
        assert_eq!(ran.json().value("skew"), want, "{date}");
        assert_eq!(ran.code, i32::from(want > 60.0), "{date}");
    }
}

#[test]
fn only_what_makes_sense_can_be_asked_of_it() {
    let room = Room::new();
    let rule = |keys: &str| room.config(&format!("[[rules]]\nname = \"x\"\nsource = \"self\"\n{keys}\n"));
    let cases = [
        ("metric = \"gap\"\ngroup_by = [\"source\"]\nwarning = \"> 1h\"", "gap is one number"),
        ("metric = \"distinct:source\"\nwarning = \"> 1\"", "unknown metric `distinct:source`"),
        ("metric = \"fialed_sources\"\nwarning = \"> 1\"", "did you mean `failed_sources`?"),
        ("group_by = [\"sorce\"]\nwarning = \"> 1\"", "did you mean `source`?"),
        ("match = { source = [\"traffic\"] }\nwarning = \"> 1\"", "`match` means nothing"),
    ];
    for (keys, said) in cases {
        rule(keys);
        let ran = room.run(&["rules", "validate"]).exits(3);
        assert!(ran.err.contains(said), "{keys}: {}", ran.err);
    }
}

#[test]
fn tests_and_replays_know_it_as_well() {
    let room = Room::new();
    let channel = "[[channels]]\nname = \"log\"\ntype = \"file\"\npath = \"/nonexistent/log\"\n";
    room.config(&format!("{RULES}{channel}"));
    room.write(
        "self.test.toml",
        r#"config = "rules.toml"
[[test]]
name = "unreachable"
[[test.step]]
at = "0m"
failed = ["traffic"]
expect.pending = [{ rule = "PCE unreachable", group = { source = "traffic" } }]
expect.exit_code = 3
[[test.step]]
at = "5m"
failed = ["traffic"]
expect.sent = [{ rule = "PCE unreachable", group = { source = "traffic" }, channel = "log", reason = "first" }]
[[test.step]]
at = "10m"
expect.firing = []
expect.sent = [{ rule = "PCE unreachable", group = { source = "traffic" }, reason = "resolved" }]
"#,
    );
    let ran = room.run(&["test", "self.test.toml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    room.write("wrong.toml", "[[test]]\nname = \"x\"\n[[test.step]]\nat = \"0m\"\nfailed = [\"self\"]\n");
    assert!(room.run(&["test", "wrong.toml"]).exits(3).err.contains("'self' is no source"));
}
