//! `new:` and `changes:`.

use crate::support::tape::{MODES, Tape, broken, event, fires, minute, notes, ven};
use serde_json::{Value, json};

fn fresh(more: &str) -> String {
    format!(
        "[[rules]]\nname = \"New\"\nsource = \"traffic\"\nmetric = \"new:src_workload,port\"\nwindow = \"30m\"\ninfo = \">= 1\"\n{more}\n"
    )
}

#[test]
fn what_was_never_seen_counts_once_after_learning() {
    for mode in MODES {
        let tape = Tape::new(mode, &fresh("learn = \"1h\""));
        let report = tape.traffic("10:00", &[("web-01", 1, "allowed", 3)]);
        fires(&report, "New", &[]);
        notes(&report, "New", "learning");
        assert_eq!(report.value("New"), 0.0);
        fires(&tape.traffic("10:50", &[("web-01", 2, "allowed", 3)]), "New", &[]);
        fires(&tape.traffic("11:00", &[("web-01", 2, "allowed", 3), ("web-01", 1, "allowed", 3)]), "New", &[]);
        let report = tape.traffic("11:10", &[("web-01", 3, "allowed", 3), ("web-02", 1, "allowed", 3)]);
        fires(&report, "New", &[""]);
        assert_eq!((report.value("New"), &report.rule("New")["unit"]), (2.0, &json!("values")), "{mode}");
        // It stays for its window, counted once, and is over then. What comes again is not new.
        let report = tape.traffic("11:20", &[("web-01", 3, "allowed", 3)]);
        fires(&report, "New", &[""]);
        assert_eq!(report.value("New"), 2.0, "{mode}");
        assert_eq!(tape.traffic("11:39", &[("web-09", 3, "allowed", 3)]).value("New"), 3.0);
        assert_eq!(tape.traffic("11:41", &[]).value("New"), 1.0);
        fires(&tape.traffic("12:10", &[("web-01", 1, "allowed", 3), ("web-02", 1, "allowed", 3)]), "New", &[]);
    }
}

#[test]
fn what_is_new_is_new_to_its_group() {
    for mode in MODES {
        let rules = "[[rules]]\nname = \"New\"\nsource = \"traffic\"\nmetric = \"new:port\"\ngroup_by = [\"src_workload\"]\nlearn = \"0s\"\nwindow = \"10m\"\nwarning = \">= 1\"\n";
        let tape = Tape::new(mode, rules);
        fires(&tape.traffic("10:00", &[("web-01", 1, "allowed", 3), ("web-02", 2, "allowed", 3)]), "New", &[]);
        fires(&tape.traffic("10:10", &[("web-01", 2, "allowed", 3), ("web-02", 2, "allowed", 9)]), "New", &["web-01"]);
        fires(&tape.traffic("10:20", &[("web-01", 2, "allowed", 3), ("web-02", 1, "allowed", 3)]), "New", &["web-02"]);
        fires(&tape.traffic("10:30", &[("web-01", 1, "allowed", 3)]), "New", &[]);
    }
}

#[test]
fn what_was_not_seen_for_long_is_new_again_but_not_because_nobody_looked() {
    let tape = Tape::new("as_reported", &fresh("learn = \"0s\"\nremember = \"8h\""));
    let (one, two) = (("web-01", 1, "allowed", 3), ("web-02", 1, "allowed", 3));
    tape.traffic("10:00", &[one, two]);
    for hour in 1..8 {
        fires(&tape.traffic(&minute(60 * hour), &[one]), "New", &[]);
    }
    for hour in 8..10 {
        tape.traffic(&minute(60 * hour), &[one]);
    }
    fires(&tape.traffic(&minute(600), &[one, two]), "New", &[""]);
    // Nobody looked for a month.
    fires(&tape.traffic(&minute(30 * 24 * 60), &[one, two]), "New", &[]);
}

/// A first answer that is not whole is none to learn from, and what it left out is not new afterwards.
#[test]
fn an_answer_that_is_not_whole_makes_nothing_new() {
    for mode in MODES {
        let tape = Tape::new(mode, &fresh("learn = \"0s\""));
        let all = [("web-01", 1, "allowed", 3), ("web-02", 1, "allowed", 3)];
        tape.partial("10:00", &all[..1]);
        fires(&tape.traffic("10:10", &all), "New", &[]);
        let before = tape.memory().rules;
        tape.ran("10:20", "flows", None, &[]).exits(3);
        assert_eq!(tape.memory().rules, before, "{mode}");
        // What is seen for the first time is new, whatever else is missing; it does not end early either.
        fires(&tape.partial("10:30", &[("web-03", 1, "allowed", 3)]), "New", &[""]);
        fires(&tape.partial("10:40", &all), "New", &[""]);
        fires(&tape.traffic("11:10", &all), "New", &[]);
    }
}

const CHANGES: &str = "[[rules]]\nname = \"Changed\"\nsource = \"traffic\"\nmetric = \"changes:decision\"\ngroup_by = [\"src_workload\"]\nwindow = \"20m\"\nwarning = \">= 1\"\n";

#[test]
fn a_value_that_a_group_did_not_have_before() {
    let tape = Tape::new("as_reported", CHANGES);
    fires(&tape.traffic("10:00", &[("web-01", 1, "allowed", 3), ("web-02", 1, "allowed", 3)]), "Changed", &[]);
    fires(&tape.traffic("10:10", &[("web-01", 1, "blocked", 3), ("web-02", 1, "allowed", 3)]), "Changed", &["web-01"]);
    // Once; for its window.
    let report = tape.traffic("10:20", &[("web-01", 1, "blocked", 3), ("new-01", 1, "blocked", 3)]);
    fires(&report, "Changed", &["web-01"]);
    assert_eq!(report.value("Changed"), 1.0);
    fires(&tape.traffic("10:31", &[("web-01", 1, "blocked", 3), ("web-02", 1, "allowed", 3)]), "Changed", &[]);
    // Half of what it had, in an answer that is not whole, is no change, nor is the other half afterwards.
    let mixed = [("web-01", 1, "blocked", 3), ("web-01", 1, "allowed", 3)];
    fires(&tape.traffic("11:00", &mixed), "Changed", &["web-01"]);
    fires(&tape.partial("11:25", &mixed[..1]), "Changed", &["web-01"]);
    fires(&tape.traffic("11:35", &mixed), "Changed", &[]);
    fires(&tape.traffic("11:45", &mixed[..1]), "Changed", &[]);
    fires(&tape.traffic("11:55", &mixed), "Changed", &["web-01"]);
}

fn vens(list: &[(&str, &str)]) -> Value {
    list.iter().map(|(name, version)| ven(name, version)).collect()
}

#[test]
fn vens_that_change_and_vens_that_are_new() {
    let rules = "[[rules]]\nname = \"Upgraded\"\nsource = \"vens\"\nmetric = \"changes:version\"\nwindow = \"1h\"\nwarning = \">= 1\"\n\
        [[rules]]\nname = \"New VEN\"\nsource = \"vens\"\nmetric = \"new:ven\"\nlearn = \"0s\"\nwindow = \"1h\"\ninfo = \">= 1\"\n\
        [[rules]]\nname = \"Gone\"\nsource = \"vens\"\ngroup_by = [\"ven\"]\nremember = \"4h\"\ncritical = \"< 1\"\n";
    let tape = Tape::new("delta", rules);
    let check = |time: &str, list: &[(&str, &str)]| tape.check(time, "vens", &vens(list));
    let report = check("10:00", &[("web-01", "25.1"), ("web-02", "25.1")]);
    ["Upgraded", "New VEN", "Gone"].iter().for_each(|rule| fires(&report, rule, &[]));
    let report = check("10:10", &[("web-01", "25.2"), ("web-02", "25.1"), ("web-03", "25.2")]);
    fires(&report, "Upgraded", &[""]);
    let top = &report.rule("Upgraded")["top"][0];
    assert_eq!((&top["src"], &top["dst"]), (&json!("web-01"), &json!("25.1 → 25.2")));
    fires(&report, "New VEN", &[""]);
    let report = check("10:20", &[("web-01", "25.2"), ("web-03", "25.2")]);
    assert_eq!((report.value("Upgraded"), report.value("New VEN")), (1.0, 1.0));
    fires(&report, "Gone", &["web-02"]);
    // A list that is not whole neither hides a VEN nor brings one back.
    let partial = tape.check("10:30", "vens", &broken(vens(&[("web-01", "25.2")])));
    fires(&partial, "Gone", &["web-02"]);
    let report = check("11:15", &[("web-01", "25.2"), ("web-03", "25.2")]);
    ["Upgraded", "New VEN"].iter().for_each(|rule| fires(&report, rule, &[]));
    fires(&report, "Gone", &["web-02"]);
    // Removed on purpose: after `remember`, and two lists without it, nobody waits for it any more.
    for time in ["12:00", "13:00", "14:00"] {
        fires(&check(time, &[("web-01", "25.2"), ("web-03", "25.2")]), "Gone", &["web-02"]);
    }
    check("14:25", &[("web-01", "25.2"), ("web-03", "25.2")]);
    fires(&check("14:35", &[("web-01", "25.2"), ("web-03", "25.2")]), "Gone", &[]);
}

#[test]
fn events_of_a_new_kind_and_by_somebody_new() {
    let rules = "[[rules]]\nname = \"New admin\"\nsource = \"events\"\nmetric = \"new:actor,type\"\nlearn = \"0s\"\nwindow = \"1h\"\nwarning = \">= 1\"\n\
        [[rules]]\nname = \"Graver\"\nsource = \"events\"\nmetric = \"changes:severity\"\ngroup_by = [\"actor\"]\nwindow = \"1h\"\nwarning = \">= 1\"\n";
    let tape = Tape::new("delta", rules);
    let first = event(1, "09:50", "alice@example.com", "rule_set.update", "info");
    let report = tape.check("10:00", "events", &json!([first]));
    ["New admin", "Graver"].iter().for_each(|rule| fires(&report, rule, &[]));
    // Told again, an event is no second one.
    let again = event(2, "10:05", "alice@example.com", "rule_set.update", "info");
    let report = tape.check("10:10", "events", &json!([first, again]));
    ["New admin", "Graver"].iter().for_each(|rule| fires(&report, rule, &[]));
    let news = event(3, "10:15", "mallory@example.com", "rule_set.update", "info");
    let graver = event(4, "10:16", "alice@example.com", "rule_set.update", "err");
    let report = tape.check("10:20", "events", &json!([again, news, graver]));
    fires(&report, "New admin", &[""]);
    fires(&report, "Graver", &["alice@example.com"]);
    assert_eq!((report.value("New admin"), report.value("Graver")), (1.0, 1.0));
    let report = tape.check("11:25", "events", &json!([]));
    ["New admin", "Graver"].iter().for_each(|rule| fires(&report, rule, &[]));
}
