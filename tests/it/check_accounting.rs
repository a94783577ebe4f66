//! The numbers of the program itself, over HTTP and from run to run, are the truth about a world.

use crate::accounting::{Key, Right, truth};
use crate::support::cli::{Bench, Checked, Room, at, knock, knocks};
use jiff::Timestamp;
use pcemon::domain::record::Decision;
use pcemon::domain::time::{Window, after};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::generate::{Outage, Params};
use pcemon::sim::options::{Life, Options};
use pcemon::sim::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// A rule in words, and what it should count.
struct Case {
    name: &'static str,
    rule: &'static str,
    field: Option<&'static str>,
    key: Key,
    number: fn(&Right, f64) -> f64,
}

const CASES: &[Case] = &[
    Case { name: "all", rule: "", field: None, key: |_| Some(vec![]), number: |truth, _| truth.sums.connections as f64 },
    Case {
        name: "blocked",
        rule: "match = { decision = [\"blocked\"] }",
        field: None,
        key: |view| (view.report.decision == Decision::Blocked).then(Vec::new),
        number: |truth, _| truth.sums.connections as f64,
    },
    Case {
        name: "flows",
        rule: "metric = \"flows\"",
        field: None,
        key: |_| Some(vec![]),
        number: |truth, _| truth.sums.flows.len() as f64,
    },
    Case {
        name: "throughput",
        rule: "metric = \"throughput\"",
        field: None,
        key: |_| Some(vec![]),
        number: |truth, seconds| truth.sums.bytes() as f64 * 8.0 / seconds,
    },
    Case {
        name: "bytes by source",
        rule: "metric = \"bytes\"\ngroup_by = [\"src_ip\"]",
        field: Some("src_ip"),
        key: |view| Some(vec![Some(view.src.ip.to_string())]),
        number: |truth, _| truth.sums.bytes() as f64,
    },
    Case {
        name: "ports by source",
        rule: "metric = \"distinct:port\"\ngroup_by = [\"src_ip\"]",
        field: Some("src_ip"),
        key: |view| Some(vec![Some(view.src.ip.to_string())]),
        number: |truth, _| truth.ports as f64,
    },
    Case {
        name: "by decision",
        rule: "group_by = [\"decision\"]",
        field: Some("decision"),
        key: |view| Some(vec![Some(view.report.decision.name().to_owned())]),
        number: |truth, _| truth.sums.connections as f64,
    },
];

const WINDOWS: [u64; 3] = [10, 30, 120];

/// Every group with anything is an instance of severity info, so that all values are told.
fn rules() -> String {
    let mut text = String::from("[defaults]\ncooldown = \"2h\"\n");
    for minutes in WINDOWS {
        for Case { name, rule, .. } in CASES {
            let zero = if rule.contains("throughput") { "> 0 bps" } else { "> 0" };
            text.push_str(&format!(
                "[[rules]]\nname = \"{name} in {minutes}m\"\nsource = \"traffic\"\nwindow = \"{minutes}m\"\ninfo = \"{zero}\"\n{rule}\n"
            ));
        }
    }
    text
}

fn span(rule: &Value) -> Window {
    let instant = |key: &str| serde_json::from_value(rule[key].clone()).unwrap_or_else(|_| panic!("no {key} in {rule:#}"));
    Window { from: instant("covers_from"), to: instant("covers_to") }
}

/// Compares every value of a report with the truth. Returns how many were exact. `learned`: what is not exact has an upper
/// end, which holds. (So small an estate never tells whether sources report what destinations block.) Also returns how many were not.
fn compare(report: &Checked, world: &World, learned: bool) -> (usize, usize) {
    let (mut exact, mut intervals) = (0, 0);
    for minutes in WINDOWS {
        for case in CASES {
            let rule = report.rule(&format!("{} in {minutes}m", case.name));
            let window = span(rule);
            let seconds = (minutes as f64 * 60.0).max(window.to.duration_since(window.from).as_secs_f64());
            let right: BTreeMap<Option<String>, f64> = truth(world, window, case.key)
                .into_iter()
                .map(|(key, truth)| (key.into_iter().next().flatten(), (case.number)(&truth, seconds)))
                .filter(|(_, number)| *number > 0.0)
                .collect();
            let bounds = |of: &Value| (of["value"].as_f64().unwrap(), of["lower_bound"] == true, of["value_max"].as_f64());
            let told: BTreeMap<Option<String>, (f64, bool, Option<f64>)> = match case.field {
                None => [(None, bounds(rule))].into(),
                Some(field) => rule["instances"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|instance| {
                        let group = instance["group"][field].as_str().map(str::to_owned);
                        (group, bounds(instance))
                    })
                    .collect(),
            };
            for (key, (value, lower_bound, value_max)) in &told {
                let want = right.get(key).copied().unwrap_or(0.0);
                if *lower_bound {
                    assert!(*value <= want * (1.0 + 1e-9), "{key:?} of {rule:#} is no lower bound of {want}");
                    if let Some(most) = value_max {
                        assert!(want <= most * (1.0 + 1e-9), "{key:?} of {rule:#} has no upper end for {want}");
                    }
                    assert!(!learned || value_max.is_some(), "still learning: {rule:#}");
                    intervals += usize::from(learned);
                } else {
                    exact += 1;
                    assert!((value - want).abs() <= 1e-6 * want.max(1.0), "{key:?}: {value}, truth {want}: {rule:#}");
                }
            }
            if learned {
                let silent: Vec<_> = right.keys().filter(|key| !told.contains_key(*key)).collect();
                assert!(silent.is_empty(), "{silent:?} are missing in {rule:#}");
            }
        }
    }
    (exact, intervals)
}

/// Two days of a small estate, watched at irregular times; now and then the PCE fails.
fn watched(seed: u64) {
    let start: Timestamp = "2026-11-19T09:20:00Z".parse().unwrap();
    let outages = if seed.is_multiple_of(2) {
        vec![Outage { host: 1, from_minute: 600, minutes: 90 }, Outage { host: 2, from_minute: 1_700, minutes: 45 }]
    } else {
        Vec::new()
    };
    // Late reports have to be asked for: a report waits for its VEN's turn, for the end of an outage, and on its way.
    let lookback = if outages.is_empty() { "45m" } else { "5h" };
    let world = World::generate(&Params {
        minutes: 2 * 1_440,
        long_lived: 8,
        short: 40,
        blocked: 10,
        kubernetes: 1,
        nat: 2,
        ipv6: seed == 3,
        outages,
        ..Params::small(seed, start)
    });
    let world = if seed == 4 { world.passing_midnight() } else { world };
    let config = |deadline: &str| format!("[run]\ndeadline = \"{deadline}\"\n[traffic]\nlookback = \"{lookback}\"\n{}", rules());
    let bench = Bench::new(Options { life: Life::Polls(0), ..Options::new(world.clone(), start) }, &config("5m"));
    let mut rng = fastrand::Rng::with_seed(seed);
    let first = after(start, minutes(rng.u64(60..600)));
    let end = after(start, minutes(2 * 1_440));
    let (mut now, mut exact, mut intervals, mut runs, mut missed) = (first, 0, 0, 0, 0);
    while now < end {
        runs += 1;
        if runs % 13 == 7 {
            bench.config(&config("1s"));
            let fault = Fault::new(Endpoint::Submit, .., Action::error(500, "internal_error", "Something went wrong"));
            bench.check_with(now, vec![fault], &[]).exits(3);
            bench.config(&config("5m"));
            missed += 1;
        } else {
            let learned = now.duration_since(first).as_secs() >= 2 * 3_600;
            let (equal, between) = compare(&bench.check(now, &[]).exits(0).json(), &world, learned);
            exact += equal;
            intervals += between;
        }
        now = after(now, minutes(rng.u64(4..95)));
    }
    assert!(runs > 30 && missed >= 2 && exact > 1_000, "{runs} runs, {missed} missed, {exact} exact values");
    assert!(intervals * 10 < exact, "{exact} exact values, {intervals} intervals");
}

#[test]
fn over_two_days_every_value_is_the_truth() {
    std::thread::scope(|scope| {
        for seed in 1..=4 {
            std::thread::Builder::new().name(format!("seed {seed}")).spawn_scoped(scope, move || watched(seed)).unwrap();
        }
    });
}

/// A day at an estate of forty hosts, looked at every ten minutes in the afternoon: what the rules say of the last ten
/// minutes when they count increases, and what they say when they add up what the PCE sends.
#[test]
fn plain_sums_of_what_the_pce_sends_are_far_from_the_truth() {
    let start = at("00:00");
    let world = World::generate(&Params {
        minutes: 18 * 60,
        managed: 30,
        unmanaged: 10,
        long_lived: 120,
        short: 300,
        blocked: 40,
        max_lag_minutes: 5,
        ..Params::small(2026, start)
    });
    let rules = "[[rules]]\nname = \"Connections\"\nsource = \"traffic\"\nwindow = \"10m\"\nwarning = \"> 500\"\n\
        [[rules]]\nname = \"Bytes\"\nsource = \"traffic\"\nmetric = \"bytes\"\nwindow = \"10m\"\nwarning = \"> 2 GB\"\n";
    let world = &world;
    let numbers = |accounting: &str, code: i32| {
        let bench = Bench::new(Options::new(world.clone(), start), &format!("[traffic]\naccounting = \"{accounting}\"\n{rules}"));
        bench.check(at("15:40"), &[]);
        bench.check(at("15:50"), &[]).exits(code);
        let report = bench.check(at("16:00"), &[]).exits(code).json();
        ["Connections", "Bytes"].map(|name| {
            let rule = report.rule(name);
            assert_eq!((&rule["accounting"], span(rule).from, &rule["lower_bound"]), (&json!(accounting), at("15:50"), &json!(false)));
            report.value(name)
        })
    };
    let truth = world.truth(Window { from: at("15:50"), to: at("16:00") }, &|_| true);
    let truth = [truth.connections as f64, truth.bytes() as f64];
    // One is calm, the other one raises an alarm over the whole day.
    let (delta, as_reported) = (numbers("delta", 0), numbers("as_reported", 1));
    assert_eq!(delta, truth);
    assert!(as_reported[0] > 20.0 * truth[0] && as_reported[1] > 20.0 * truth[1], "{as_reported:?} against {truth:?}");
    // The numbers of the manual.
    assert_eq!((truth, as_reported), ([72.0, 139_759_243.0], [2_239.0, 4_513_600_697.0]));
}

fn story() -> World {
    knocks(&[
        knock("08:00", "web-01", 3306, 1_000),
        knock("10:05", "web-01", 3306, 20),
        knock("10:12", "web-01", 3306, 7),
        knock("10:12", "web-02", 22, 5),
        knock("10:18", "web-01", 3306, 2),
    ])
}

fn blocked(name: &str, threshold: &str, port: &str) -> String {
    format!(
        "[[rules]]\nname = \"{name}\"\nsource = \"traffic\"\nmatch = {{ decision = [\"blocked\"]{port} }}\nwindow = \"30m\"\nwarning = \"{threshold}\"\n"
    )
}

#[test]
fn a_new_name_or_threshold_keeps_the_numbers_a_new_question_begins_anew() {
    let bench = Bench::new(Options::new(story(), at("09:40")), &blocked("Old", "> 500", ""));
    for time in ["09:40", "10:10"] {
        bench.check(at(time), &[]).exits(0);
    }
    // Another name, another threshold: it fires at once with what was counted under the old ones.
    bench.config(&blocked("New", "> 25", ""));
    let report = bench.check(at("10:15"), &[]).exits(1).json();
    let rule = report.rule("New");
    assert_eq!((&rule["value"], &rule["lower_bound"], span(rule).from), (&json!(32), &json!(false), at("09:40")), "{rule:#}");

    // A rule beside it that asks something else knows nothing from before the previous look, and says so.
    bench.config(&format!("{}{}", blocked("New", "> 25", ""), blocked("Databases", "> 25", ", port = [\"3306/tcp\"]")));
    let report = bench.check(at("10:20"), &[]).exits(1).json();
    assert_eq!(report.value("New"), 34.0);
    let rule = report.rule("Databases");
    assert_eq!((&rule["value"], &rule["lower_bound"], span(rule).from), (&json!(2), &json!(true), at("10:15")), "{rule:#}");
    assert!(rule["note"].as_str().is_some(), "{rule:#}");

    // The same name with another question begins anew as well.
    bench.config(&blocked("New", "> 25", ", port = [\"22/tcp\"]"));
    let rule = bench.check(at("10:21"), &[]).json().rule("New").clone();
    assert_eq!((&rule["value"], &rule["lower_bound"]), (&json!(0), &json!(true)), "{rule:#}");
    // And what was not asked for since is not taken for new when it is asked for again.
    bench.config(&blocked("New", "> 25", ""));
    let rule = bench.check(at("10:22"), &[]).json().rule("New").clone();
    assert!(rule["value"].as_f64().unwrap() <= 34.0, "{rule:#}");
}

#[test]
fn the_first_look_counts_what_began_within_the_window_and_learns_the_rest() {
    let bench = Bench::new(Options::new(story(), at("10:10")), &blocked("Blocked", "> 500", ""));
    let rule = bench.check(at("10:13"), &[]).exits(0).json().rule("Blocked").clone();
    // web-02 began within the window; of web-01's thousand nobody knows yet when they came.
    assert_eq!((&rule["value"], &rule["lower_bound"]), (&json!(5), &json!(true)), "{rule:#}");
    assert!(rule["note"].as_str().unwrap().contains("learning"), "{rule:#}");
    let rule = bench.check(at("10:20"), &[]).exits(0).json().rule("Blocked").clone();
    assert_eq!((&rule["value"], &rule["lower_bound"]), (&json!(7), &json!(true)), "{rule:#}");
    let rule = bench.check(at("10:44"), &[]).exits(0).json().rule("Blocked").clone();
    assert_eq!((&rule["value"], &rule["lower_bound"]), (&json!(2), &json!(false)), "{rule:#}");
}

#[test]
fn the_upper_end_of_a_grouped_rule_is_that_of_its_worst_group() {
    let world = knocks(&[knock("08:00", "web-02", 22, 9), knock("10:05", "web-01", 22, 50), knock("10:06", "web-02", 22, 1)]);
    let rules = blocked("By host", "> 20", "").replace("warning", "group_by = [\"src_workload\"]\nwarning");
    let bench = Bench::new(Options::new(world, at("10:10")), &rules);
    // One group is certain and fires; of the other nobody knows how much of its ten came within the window.
    let report = bench.check(at("10:10"), &[]).exits(1).json();
    let rule = report.rule("By host");
    assert_eq!(
        (&rule["state"], &rule["value"], &rule["value_max"], &rule["lower_bound"]),
        (&json!("firing"), &json!(50), &Value::Null, &json!(true)),
        "{rule:#}"
    );
    let instance = &rule["instances"][0];
    assert_eq!((&instance["value"], &instance["value_max"], &instance["lower_bound"]), (&json!(50), &json!(50), &json!(false)), "{rule:#}");
    // Once that is known, the rule is as certain as its worst group.
    let report = bench.check(at("10:41"), &[]).exits(0).json();
    assert_eq!((&report.rule("By host")["value_max"], &report.rule("By host")["lower_bound"]), (&json!(0), &json!(false)));
}

/// More pairs than may be remembered: some are learned anew at every look, for ever.
#[test]
fn a_rule_that_learns_for_a_day_is_unknown() {
    let template = knocks(&[knock("10:05", "web-01", 1, 1)]);
    let mut points = Vec::new();
    for (hour, port) in (0..28u64).flat_map(|hour| (1..=1_010u16).map(move |port| (hour, port))) {
        let mut point = template.points()[0].clone();
        (point.at, point.port) = (after(point.at, minutes(60 * hour)), Some(port));
        point.by_src.as_mut().unwrap().arrival = point.at;
        points.push(point);
    }
    let world = World::new(template.hosts().iter().map(|host| (**host).clone()).collect(), points);
    let rules = format!("[traffic]\nmax_looks = 1000\n{}", blocked("Blocked", "> 5000", ""));
    let bench = Bench::new(Options::new(world, at("10:10")), &rules);
    for hour in 0..=26 {
        let ran = bench.check(after(at("10:10"), minutes(60 * hour)), &[]);
        let rule = ran.json().rule("Blocked").clone();
        let state = if hour < 24 { "ok" } else { "unknown" };
        assert_eq!((&rule["state"], ran.code), (&json!(state), if state == "ok" { 0 } else { 3 }), "hour {hour}: {rule:#}");
        assert!(hour == 0 || rule["value_max"].is_null(), "hour {hour}: {rule:#}");
        assert!(state == "ok" || rule["error"].as_str().unwrap().contains("after a day"), "{rule:#}");
    }
}

#[test]
fn an_answer_recorded_for_narrow_rules_does_not_vouch_for_what_it_left_out() {
    let bench = Bench::new(Options::new(story(), at("10:00")), &blocked("Ssh", "> 500", ", port = [\"22/tcp\"]"));
    let folder = bench.room.path("recorded");
    let folder = folder.to_str().unwrap();
    bench.check(at("10:10"), &["--record", folder]).exits(0);
    bench.check(at("10:10"), &["--flows", folder]).exits(0);
    // Now everything is asked of the PCE: the thousand of this morning are none of these ten minutes.
    bench.config(&blocked("All", "> 500", ""));
    let rule = bench.check(at("10:20"), &[]).exits(0).json().rule("All").clone();
    assert!(rule["value"].as_f64().unwrap() <= 34.0, "{rule:#}");
}

/// A state and a memory that version 0.1 wrote at 09:20 are continued ten minutes later, and nothing is learned anew.
#[test]
fn what_version_0_1_remembered_is_continued() {
    let room = Room::new();
    std::fs::create_dir(room.path("state")).unwrap();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/upgrade-0.1");
    for (from, to) in [
        ("rules.toml", "rules.toml"),
        ("flows-3.json", "flows.json"),
        ("state.json", "state/state.json"),
        ("state.json.looks-3", "state/state.json.looks-3"),
    ] {
        room.write(to, std::fs::read(folder.join(from)).unwrap());
    }
    let state = room.state();
    let ran = room.run(&[
        "check",
        "-c",
        "rules.toml",
        "--state",
        state.to_str().unwrap(),
        "--flows",
        "flows.json",
        "--now",
        "2026-11-20T09:30:00Z",
        "-o",
        "json",
    ]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let seen: Vec<(&str, f64, bool, &str)> = report["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            let text = |key: &str| rule[key].as_str().unwrap_or_else(|| panic!("{rule:#}"));
            (text("name"), rule["value"].as_f64().unwrap(), rule["lower_bound"] == true, &text("covers_from")[11..16])
        })
        .collect();
    // As version 0.1 itself goes on.
    let want = [
        ("Blocked", 43.0, false, "09:00"),
        ("Bytes by source", 13_500.0, false, "09:00"),
        ("By sshd", 3.0, false, "09:00"),
        ("Ports", 2.0, false, "09:00"),
        ("Fastest flow", 60.0, false, "09:00"),
        ("Silent", 4.0, false, "09:20"),
        ("Never seen", 3.0, false, "09:00"),
        ("More than usual", 26.0, false, "09:20"),
    ];
    assert_eq!(seen, want, "{report:#}");
    assert_eq!(report["warnings"], json!([]));
}

/// A rule that comes or goes changes what the PCE is asked for. What the old question covered stays covered.
#[test]
fn a_rule_that_is_added_or_removed_costs_the_others_nothing() {
    let world = knocks(&[
        knock("08:00", "web-01", 3306, 1_000),
        knock("10:05", "web-01", 3306, 30),
        knock("10:12", "web-03", 3306, 400),
        knock("10:22", "web-04", 3306, 5),
    ]);
    let databases = || blocked("Databases", "> 400", ", port = [\"3306/tcp\"]");
    let bench = Bench::new(Options::new(world, at("10:00")), &databases());
    for time in ["10:00", "10:10"] {
        bench.check(at(time), &[]).exits(0);
    }
    bench.config(&format!("{}{}", databases(), blocked("Ssh", "> 1000", ", port = [\"22/tcp\"]")));
    let rule = bench.check(at("10:20"), &[]).exits(1).json().rule("Databases").clone();
    assert_eq!((&rule["value"], &rule["lower_bound"], &rule["state"]), (&json!(430), &json!(false), &json!("firing")), "{rule:#}");
    bench.config(&databases());
    let rule = bench.check(at("10:30"), &[]).exits(1).json().rule("Databases").clone();
    assert_eq!((&rule["value"], &rule["lower_bound"]), (&json!(435), &json!(false)), "{rule:#}");
}

/// Only the decisions that rows are missing of are partial.
#[test]
fn a_rule_on_blocked_is_not_unknown_because_allowed_was_cut() {
    let rules = format!(
        "{}[[rules]]\nname = \"Allowed\"\nsource = \"traffic\"\nmatch = {{ decision = [\"allowed\"] }}\nwarning = \"> 500\"\n",
        blocked("Blocked", "> 30", "")
    );
    let mut points = story().points().to_vec();
    let mut allowed = points[0].clone();
    allowed.by_src.as_mut().unwrap().decision = Decision::Allowed;
    points.push(allowed);
    let world = World::new(story().hosts().iter().map(|host| (**host).clone()).collect(), points);
    let bench = Bench::new(Options::new(world, at("09:40")), &rules);
    // Asked as a whole, then for `allowed`, then for `blocked`, three queries a run.
    let cut = |run: usize| vec![Fault::new(Endpoint::Submit, 3 * run + 1..=3 * run + 2, Action::Unseen(7))];
    for (run, time) in ["09:40", "10:10", "10:15"].into_iter().enumerate() {
        let ran = bench.check_with(at(time), cut(run), &[]);
        let report = ran.json();
        assert_eq!(report.source("traffic")["status"], "partial");
        assert_eq!(report.rule("Allowed")["state"], "unknown", "{:#}", report.0);
        let rule = report.rule("Blocked");
        assert_eq!(rule["lower_bound"], false, "{rule:#}");
        let (value, state) = match time {
            "09:40" => (0, "ok"),
            "10:10" => (20, "ok"),
            _ => (32, "firing"),
        };
        assert_eq!((&rule["value"], &rule["state"]), (&json!(value), &json!(state)), "{rule:#}");
    }
    // The window has passed: the alert is over, although `allowed` is cut still.
    assert_eq!(bench.check_with(at("10:50"), cut(3), &[]).exits(3).json().rule("Blocked")["state"], "ok");
}

/// A first answer that was cut keeps its looks and its window: nothing is forgotten, and no alert ends by that.
#[test]
fn an_alert_survives_the_answer_after_a_first_one_that_was_cut() {
    let world = knocks(&[knock("10:05", "web-01", 3306, 121), knock("10:12", "web-01", 3306, 60)]);
    let bench = Bench::new(Options::new(world, at("10:10")), &blocked("Blocked", "> 100", ""));
    let cut = vec![Fault::new(Endpoint::Submit, .., Action::Unseen(7))];
    let report = bench.check_with(at("10:10"), cut, &[]).json();
    assert_eq!((report.value("Blocked"), &report.rule("Blocked")["state"]), (121.0, &json!("firing")));
    let rule = bench.check(at("10:15"), &[]).exits(1).json().rule("Blocked").clone();
    assert_eq!((&rule["value"], &rule["state"]), (&json!(181), &json!("firing")), "{rule:#}");
}

/// Of an answer with more new records than one run takes, the rest is left to the next ones: it is said, nothing is calm because of
/// it, and in the end every connection was counted once.
#[test]
fn a_run_begins_to_remember_no_more_than_it_may() {
    let mut list: Vec<_> = (1..=2_500).map(|port| knock("09:00", "web-01", port, 1)).collect();
    list.extend((1..=2_500).map(|port| knock("10:35", "web-01", port, 2)));
    // All new within one pause: 1,000 of them are counted at once, the others as soon as there is room.
    list.extend((3_001..=4_500).map(|port| knock("10:46", "web-01", port, 3)));
    let rules = format!("[traffic]\nmax_new_looks = 1000\n{}", blocked("Blocked", "> 100000", "").replace("10m", "1h"));
    let rules =
        format!("{rules}[[rules]]\nname = \"Allowed\"\nsource = \"traffic\"\nmatch = {{ decision = [\"allowed\"] }}\nwarning = \"> 1\"\n");
    let bench = Bench::new(Options::new(knocks(&list), at("10:00")), &rules);
    for (time, left) in [("10:10", Some(1_500)), ("10:20", Some(500)), ("10:30", None), ("10:40", None)] {
        let ran = bench.check(at(time), &[]).exits(if left.is_some() { 3 } else { 0 });
        let report = ran.json();
        let (source, rule) = (report.source("traffic"), report.rule("Blocked"));
        assert_eq!(source["status"], if left.is_some() { "partial" } else { "ok" }, "{time}: {source:#}");
        assert_eq!(rule["state"], if left.is_some() { "unknown" } else { "ok" }, "{time}: {rule:#}");
        // What was not cut is judged.
        assert_eq!(report.rule("Allowed")["state"], "ok", "{time}");
        if let Some(left) = left {
            let said = source["error"].as_str().unwrap();
            assert!(said.contains(&format!("{left} new records")) && said.contains("max_new_looks"), "{time}: {said}");
        }
    }
    // Ten minutes ago 2,500 pairs had grown by two each.
    let before = bench.check(at("10:45"), &[]).exits(0).json().value("Blocked");
    assert_eq!(before, 5_000.0);
    let report = bench.check(at("10:50"), &[]).exits(3).json();
    assert_eq!(report.rule("Blocked")["value"].as_f64().unwrap() - before, 3_000.0, "{:#}", report.rule("Blocked"));
    let report = bench.check(at("11:00"), &[]).json();
    assert_eq!(report.rule("Blocked")["value"].as_f64().unwrap() - before, 4_500.0, "{:#}", report.rule("Blocked"));
    assert_eq!(report.source("traffic")["status"], "ok");
}
