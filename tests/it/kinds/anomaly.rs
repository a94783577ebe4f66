//! `> 3x`: comparison with what is usual.

use crate::support::tape::{MODES, Tape, fires, instant, minute, notes};
use jiff::SignedDuration;
use serde_json::json;

fn rule(more: &str) -> String {
    format!("[[rules]]\nname = \"Spike\"\nsource = \"traffic\"\nwindow = \"10m\"\n{more}\n")
}

fn web(connections: u64) -> Vec<(&'static str, u16, &'static str, u64)> {
    if connections == 0 { Vec::new() } else { vec![("web-01", 1, "allowed", connections)] }
}

#[test]
fn a_spike_is_seen_after_a_warm_up_that_is_told() {
    for mode in MODES {
        let tape = Tape::new(mode, &rule("warning = \"> 3x\"\ncritical = \"> 10x\"\nbaseline = { samples = 5, min_samples = 3 }"));
        for (time, connections, known) in [("10:00", 100, "0 of 3"), ("10:10", 900, "1 of 3"), ("10:20", 110, "2 of 3")] {
            let report = tape.traffic(time, &web(connections));
            fires(&report, "Spike", &[]);
            notes(&report, "Spike", known);
        }
        let report = tape.traffic("10:30", &web(330));
        fires(&report, "Spike", &[]);
        notes(&report, "Spike", "usual: 110");
        let report = tape.traffic("10:40", &web(700));
        fires(&report, "Spike", &[""]);
        // Median of 100, 900, 110 and 330.
        let rule = report.rule("Spike");
        assert_eq!((&rule["value"], &rule["threshold"], &rule["severity"]), (&json!(700), &json!("> 3x (usual 220)"), &json!("warning")));
        // Every format stays what it is: a multiple is no limit of the value.
        let answer = tape.flows("10:50", &web(9000));
        for (format, has, has_not) in [
            ("nagios", "Spike=9000;;;0", "Spike=9000;3"),
            ("checkmk", "connections=9000;;;0", "=9000;3"),
            ("table", "(usual 330)", ""),
            ("csv", "> 10x (usual 330)", ""),
            ("markdown", "> 10x (usual 330)", ""),
            ("cef", "> 10x (usual 330)", ""),
            ("sarif", "\"level\": \"error\"", "\"level\": \"note\""),
            ("prometheus", "pcemon_rule_value", "threshold"),
        ] {
            let ran = tape.ran("10:50", "flows", Some(&answer), &["--dry-run", "-o", format]).exits(2);
            assert!(ran.out.contains(has), "{format} lacks {has}:\n{}", ran.out);
            assert!(has_not.is_empty() || !ran.out.contains(has_not), "{format} has {has_not}:\n{}", ran.out);
        }
        fires(&tape.check("10:50", "flows", &answer), "Spike", &[""]);
        fires(&tape.traffic("11:00", &web(300)), "Spike", &[]);
    }
}

#[test]
fn anything_is_more_than_a_multiple_of_nothing_unless_there_is_a_floor() {
    for mode in MODES {
        let cases = [("", 0, true, ""), ("", 1, false, "0"), (", floor = 100", 300, true, ""), (", floor = 100", 301, false, "100")];
        for (floor, value, calm, usual) in cases {
            let tape = Tape::new(mode, &rule(&format!("warning = \"> 3x\"\nbaseline = {{ min_samples = 2{floor} }}")));
            tape.traffic("10:00", &[]);
            notes(&tape.traffic("10:10", &[]), "Spike", "1 of 2");
            let report = tape.traffic("10:20", &[]);
            fires(&report, "Spike", &[]);
            notes(&report, "Spike", "usual: 0");
            let report = tape.traffic("10:30", &web(value));
            fires(&report, "Spike", &[""][usize::from(calm)..]);
            if !calm {
                assert_eq!(report.rule("Spike")["threshold"], format!("> 3x (usual {usual})"));
            }
        }
    }
}

#[test]
fn median_mean_and_largest() {
    for (stat, usual) in [("median", "usual: 10"), ("mean", "usual: 40"), ("max", "usual: 100")] {
        let tape =
            Tape::new("delta", &rule(&format!("warning = \"> 3x\"\nbaseline = {{ samples = 3, min_samples = 3, stat = \"{stat}\" }}")));
        for (number, connections) in [500, 10, 100, 10].into_iter().enumerate() {
            tape.traffic(&minute(10 * number as i64), &web(connections));
        }
        notes(&tape.traffic("10:40", &web(20)), "Spike", usual);
    }
}

/// Each group is compared with itself. One that was never seen is known to have had nothing, once the rule has looked for long enough.
#[test]
fn groups_are_compared_with_themselves_and_silence_counts() {
    let rules = "group_by = [\"src_workload\"]\nwarning = \"> 3x\"\nbaseline = { samples = 4, min_samples = 3, floor = 20 }";
    let tape = Tape::new("delta", &rule(rules));
    for number in 0..4 {
        let report = tape.traffic(&minute(10 * number), &[("web-01", 1, "allowed", 1000), ("web-02", 1, "allowed", 10)]);
        fires(&report, "Spike", &[]);
    }
    let report = tape.traffic("10:40", &[("web-01", 1, "allowed", 2900), ("web-02", 1, "allowed", 61), ("new-01", 1, "allowed", 61)]);
    fires(&report, "Spike", &["new-01", "web-02"]);
    // Who fires and falls silent has nothing, which is not too much. The others go on.
    let report = tape.traffic("10:50", &[("web-01", 1, "allowed", 5000)]);
    fires(&report, "Spike", &["web-01"]);
}

#[test]
fn a_fall_is_seen_also_when_nothing_comes_any_more() {
    for mode in MODES {
        let rules = "group_by = [\"src_workload\"]\ncritical = \"< 0.2x\"\nrecovery = \"> 0.5x\"\nbaseline = { samples = 3, min_samples = 3, floor = 50 }";
        let tape = Tape::new(mode, &rule(rules));
        let usual = [("web-01", 1, "allowed", 100), ("web-02", 1, "allowed", 5), ("web-03", 1, "allowed", 100)];
        for number in 0..4 {
            tape.traffic(&minute(10 * number), &usual);
        }
        // What is usually below the floor may fall as it likes.
        let report = tape.traffic("10:40", &[("web-03", 1, "allowed", 19)]);
        fires(&report, "Spike", &["web-01", "web-03"]);
        let rule = report.rule("Spike");
        assert_eq!((&rule["value"], &rule["threshold"]), (&json!(0), &json!("< 0.2x (usual 100)")), "{mode}: less is worse");
        // In between it holds on; then it recovers.
        fires(&tape.traffic("10:50", &[("web-01", 1, "allowed", 45), ("web-03", 1, "allowed", 60)]), "Spike", &["web-01"]);
        // What stays away for ever becomes usual, is forgotten, and its alert ends.
        for number in 6..24 {
            tape.traffic(&minute(10 * number), &[("web-03", 1, "allowed", 100)]);
        }
        fires(&tape.traffic("14:00", &[("web-03", 1, "allowed", 100)]), "Spike", &[]);
    }
}

#[test]
fn the_same_hour_of_other_days() {
    let rules = rule("warning = \"> 3x\"\nbaseline = { against = \"same_hour\", samples = 4, min_samples = 2 }").replace("10m", "30m");
    let day = |day: i64, time: &str| {
        let at = instant(time) + SignedDuration::from_hours(24 * day);
        at.strftime("%Y-%m-%dT%H:%M").to_string()
    };
    let tape = Tape::new("as_reported", &rules);
    // Quiet nights, busy noons, runs that are not quite regular.
    for number in 0..3 {
        for (time, connections) in [("02:00", 10), ("02:29", 10), ("12:00", 1000), ("12:31", 1000)] {
            let report = tape.traffic(&day(number, time), &web(connections));
            fires(&report, "Spike", &[]);
            if number < 2 {
                notes(&report, "Spike", &format!("{number} of 2"));
            }
        }
    }
    let report = tape.traffic(&day(3, "02:10"), &web(500));
    fires(&report, "Spike", &[""]);
    assert_eq!(report.rule("Spike")["threshold"], "> 3x (usual 10)");
    tape.traffic(&day(3, "11:35"), &web(1000));
    let report = tape.traffic(&day(3, "12:05"), &web(1100));
    fires(&report, "Spike", &[]);
    notes(&report, "Spike", "usual: 1,000");
    // A day without runs says nothing; at a time of day that was never looked at nothing is known.
    fires(&tape.traffic(&day(5, "12:01"), &web(1000)), "Spike", &[]);
    let report = tape.traffic(&day(6, "07:00"), &web(100_000));
    fires(&report, "Spike", &[]);
    notes(&report, "Spike", "0 of 2");
}

/// What came in five hours is no spike of ten minutes.
#[test]
fn a_pause_between_runs_is_no_spike() {
    let tape = Tape::new("delta", &rule("warning = \"> 3x\"\nbaseline = { min_samples = 3 }"));
    for number in 0..5 {
        tape.traffic(&minute(10 * number), &web(100));
    }
    let report = tape.traffic("15:40", &web(3000));
    fires(&report, "Spike", &[]);
    notes(&report, "Spike", "of this length");
    assert_eq!(report.value("Spike"), 3000.0);
    // Back in step, it knows what it knew.
    fires(&tape.traffic("15:50", &web(100)), "Spike", &[]);
    fires(&tape.traffic("16:00", &web(301)), "Spike", &[""]);
}

/// Runs that are always further apart than the window, or never on the minute, learn all the same.
#[test]
fn irregular_and_sparse_runs_learn_too() {
    let tape = Tape::new("delta", &rule("warning = \"> 3x\"\nbaseline = { min_samples = 4 }"));
    for hour in 0..5 {
        tape.traffic(&minute(60 * hour + [0, 1, -1][hour as usize % 3]), &web(600));
    }
    fires(&tape.traffic("15:00", &web(1900)), "Spike", &[""]);
    // A run that comes a moment early covers its own window and the one before: two lengths, each with its own past.
    let tape = Tape::new("delta", &rule("warning = \"> 3x\"\nbaseline = { min_samples = 4, samples = 4 }"));
    let mut now = 0;
    for number in 0..24 {
        let report = tape.traffic(&minute(now), &web(100));
        fires(&report, "Spike", &[]);
        assert!(number < 18 || report.rule("Spike")["note"].as_str().unwrap().starts_with("usual"), "{:#}", report.rule("Spike"));
        now += [11, 9, 10][number % 3];
    }
    fires(&tape.traffic(&minute(now), &web(900)), "Spike", &[""]);
}

#[test]
fn neither_a_partial_nor_a_failed_answer_teaches_resolves_or_invents() {
    for mode in MODES {
        let tape = Tape::new(mode, &rule("warning = \"> 3x\"\nbaseline = { samples = 3, min_samples = 3 }"));
        for number in 0..3 {
            tape.traffic(&minute(10 * number), &web(100));
        }
        let before = tape.memory().rules;
        tape.ran("10:25", "flows", None, &[]).exits(3);
        assert_eq!(tape.memory().rules, before, "{mode}");
        // Too much is too much, whatever is missing; too little may be missing something.
        fires(&tape.partial("10:30", &web(900)), "Spike", &[""]);
        fires(&tape.partial("10:40", &[]), "Spike", &[""]);
        let blind = tape.ran("10:50", "flows", None, &[]).json();
        assert_eq!(blind.rule("Spike")["instances"][0]["state"], "firing", "{mode}");
        // Nothing of that became usual.
        tape.traffic("11:20", &web(100));
        tape.traffic("11:30", &web(100));
        let report = tape.traffic("11:40", &web(100));
        fires(&report, "Spike", &[]);
        notes(&report, "Spike", "usual: 100");
        assert_eq!(tape.partial("11:50", &web(10)).rule("Spike")["state"], "unknown", "{mode}");
    }
}

/// A counter that shrank with the same first detection was corrected (a PCE restored from a backup): it adds nothing, and is
/// learned anew.
#[test]
fn a_counter_that_was_reset_is_no_spike() {
    let tape = Tape::new("delta", &rule("warning = \"> 3x\"\nbaseline = { min_samples = 3 }"));
    let mut answer = json!(null);
    for number in 0..5 {
        answer = tape.flows(&minute(10 * number), &web(1000));
        tape.check(&minute(10 * number), "flows", &answer);
    }
    assert_eq!(answer[0]["num_connections"], 5000);
    answer[0]["num_connections"] = json!(900);
    answer[0]["timestamp_range"]["last_detected"] = json!("2026-11-20T10:49:00Z");
    let report = tape.check("10:50", "flows", &answer);
    fires(&report, "Spike", &[]);
    assert_eq!((report.value("Spike"), &report.rule("Spike")["lower_bound"]), (0.0, &json!(true)));
}
