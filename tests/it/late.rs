//! A VEN that was cut off for longer than `lookback` tells late, and what it tells is counted all the same.

use crate::support::cli::{Bench, at, knock, knocks};
use jiff::Timestamp;
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::fleet::{self, SimVen};
use pcemon::sim::options::Options;
use pcemon::sim::world::World;
use serde_json::{Value, json};

/// Forty blocked connections at 09:35, of which the PCE hears at 10:13, and one a look that it hears of at once.
fn story() -> World {
    let times: Vec<String> = (0..24).map(|look| format!("{:02}:{:02}", 8 + look / 6, look % 6 * 10 + 5)).collect();
    let mut list: Vec<_> = times.iter().map(|time| knock(time, "web-02", 22, 1)).collect();
    list.push(knock("09:35", "web-01", 3306, 40));
    let world = knocks(&list);
    let mut points = world.points().to_vec();
    for point in points.iter_mut().filter(|point| point.connections == 40) {
        point.by_src.as_mut().unwrap().arrival = at("10:13");
    }
    World::new(world.hosts().iter().map(|host| (**host).clone()).collect(), points)
}

fn rules(window: &str) -> String {
    format!(
        "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\nmatch = {{ decision = [\"blocked\"] }}\nwindow = \"{window}\"\nwarning = \"> 20\"\n"
    )
}

const WATCHED: &str = "[[rules]]\nname = \"VENs\"\nsource = \"vens\"\ninfo = \"> 1000\"\n\
    [[rules]]\nname = \"Backlog\"\nsource = \"database\"\nmetric = \"backlog_files\"\nwarning = \"> 1000000\"\n";

/// The VENs while `web-01` is not heard of.
fn cut_off(world: &World, since: &str) -> Vec<SimVen> {
    let mut vens = fleet::of_world(world);
    for ven in vens.iter_mut().filter(|ven| ven.name.as_deref() == Some("web-01")) {
        ven.silent_since = Some(at(since));
    }
    vens
}

fn interval(rule: &Value) -> (Option<f64>, Option<f64>) {
    (rule["value"].as_f64(), rule["value_max"].as_f64())
}

/// A look every ten minutes.
fn looks(from: &str, to: &str) -> Vec<Timestamp> {
    let ten = jiff::SignedDuration::from_mins(10);
    std::iter::successors(Some(at(from)), |now| now.checked_add(ten).ok()).take_while(|now| *now <= at(to)).collect()
}

#[test]
fn a_ven_that_comes_back_is_asked_for_from_when_it_fell_silent() {
    let world = story();
    let bench = Bench::new(Options::new(world.clone(), at("09:00")), &format!("{}{WATCHED}", rules("10m")));
    for now in looks("09:00", "10:10") {
        // It is heard of until 09:33.
        bench.sim.set_vens(if now < at("09:40") { fleet::of_world(&world) } else { cut_off(&world, "09:33") });
        let report = bench.check(now, &[]).exits(0).json();
        assert!(now == at("09:00") || interval(report.rule("Blocked")) == (Some(1.0), Some(1.0)), "{now}: {:#}", report.rule("Blocked"));
    }
    bench.sim.set_vens(fleet::of_world(&world));
    let report = bench.check(at("10:20"), &[]).exits(1).json();
    assert_eq!(interval(report.rule("Blocked")), (Some(41.0), Some(41.0)), "{:#}", report.rule("Blocked"));
    assert_eq!(report.rule("Blocked")["covers_from"], "2026-11-20T10:10:00Z");
    // It may have more to tell for as long as VENs may be late; then the question is the usual one again.
    let asked = |now: &str| bench.check(at(now), &[]).exits(0).json().source("traffic")["from"].clone();
    assert_eq!(asked("10:30"), "2026-11-20T09:03:00Z");
    // An hour has passed since the whole day was asked for.
    assert_eq!(asked("10:40"), "2026-11-20T00:00:00Z");
    assert_eq!(asked("10:51"), "2026-11-20T09:03:00Z");
    assert_eq!(asked("10:58"), "2026-11-20T10:21:00Z");
}

#[test]
fn where_the_question_about_what_is_late_fails_the_answer_is_not_whole() {
    let world = story();
    let bench = Bench::new(Options::new(world.clone(), at("09:00")), &format!("{}{WATCHED}", rules("10m")));
    bench.check(at("09:30"), &[]).exits(0);
    bench.sim.set_vens(cut_off(&world, "09:33"));
    for now in looks("09:40", "10:10") {
        bench.check(now, &[]).exits(0);
    }
    bench.sim.set_vens(fleet::of_world(&world));
    // The second query of this run.
    let submitted = bench.sim.requests().iter().filter(|request| request.method == "POST").count();
    let fault = Fault::new(Endpoint::Submit, submitted + 2.., Action::error(406, "input_validation_error", "No such thing"));
    let report = bench.check_with(at("10:20"), vec![fault], &[]).exits(3).json();
    let rule = report.rule("Blocked");
    assert_eq!((&rule["state"], interval(rule)), (&json!("unknown"), (Some(1.0), None)), "{rule:#}");
    assert_eq!(report.source("traffic")["status"], "partial");
    // The next run makes up for it.
    let report = bench.check(at("10:30"), &[]).exits(1).json();
    assert_eq!(report.value("Blocked"), 42.0, "{:#}", report.rule("Blocked"));
}

#[test]
fn a_backlog_of_the_database_is_asked_for_as_far_back_as_it_reaches() {
    let world = story();
    let bench = Bench::new(Options::new(world.clone(), at("09:00")), &format!("{}{WATCHED}", rules("10m")));
    let waits = |files: u64| {
        let mut database = fleet::database();
        database["backlog"] = json!({ "total_disk_used_gb": files as f64 / 100.0, "total_file_count": files });
        database
    };
    for now in looks("09:00", "10:10") {
        bench.sim.set_database(waits(if now < at("09:40") { 3 } else { 900 }));
        bench.check(now, &[]).exits(0);
    }
    bench.sim.set_database(waits(4));
    let report = bench.check(at("10:20"), &[]).exits(1).json();
    assert_eq!(interval(report.rule("Blocked")), (Some(41.0), Some(41.0)), "{:#}", report.rule("Blocked"));
}

#[test]
fn where_nobody_tells_of_a_backlog_it_is_found_once_an_hour() {
    for (window, code, value) in [("10m", 3, (1.0, 41.0)), ("2h", 1, (52.0, 52.0))] {
        let bench = Bench::new(Options::new(story(), at("09:00")), &rules(window));
        let mut from = Vec::new();
        for now in looks("09:00", "11:50") {
            let ran = bench.check(now, &[]);
            let report = ran.json();
            from.push(report.source("traffic")["from"].as_str().unwrap()[11..16].to_owned());
            let rule = report.rule("Blocked");
            if now == at("11:00") {
                // The last look that would have shown it was the one at 10:00.
                assert_eq!((ran.code, interval(rule)), (code, (Some(value.0), Some(value.1))), "{rule:#}");
                assert!(
                    window == "2h"
                        || rule["error"].as_str().unwrap_or_default().contains("late")
                        || rule["note"].as_str().unwrap_or_default().contains("late"),
                    "{rule:#}"
                );
            }
            if now == at("11:20") && window == "10m" {
                assert_eq!(interval(rule), (Some(1.0), Some(1.0)), "{rule:#}");
            }
        }
        // What is late is looked for until none comes any more.
        let hourly = ["00:00", "08:30", "08:40", "08:50", "09:00", "09:10", "00:00", "09:30", "09:40", "09:50", "10:00", "10:10", "00:00"];
        assert_eq!(from[..13], hourly);
        assert_eq!(from[13..], ["00:00", "00:00", "00:00", "00:00", "11:10"]);
    }
}
