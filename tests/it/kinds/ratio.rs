//! `ratio_to` and `recovery`.

use crate::support::tape::{MODES, Tape, fires, notes};
use serde_json::json;

const RULES: &str = r#"
[[rules]]
name = "Share"
source = "traffic"
match = { decision = ["blocked"] }
ratio_to = { decision = ["blocked", "allowed"] }
min_total = 50
window = "10m"
warning = "> 20 %"
critical = "> 80 %"
[[rules]]
name = "Share by source"
source = "traffic"
match = { decision = ["blocked"] }
ratio_to = { port = [1, 2] }
min_total = 10
group_by = ["src_workload"]
window = "10m"
warning = "> 20 %"
"#;

#[test]
fn a_share_of_enough_fires_stays_and_ends() {
    for mode in MODES {
        let tape = Tape::new(mode, RULES);
        // Nearly half, but of too little.
        let report = tape.traffic("10:00", &[("web-01", 1, "allowed", 10), ("web-01", 2, "blocked", 9)]);
        fires(&report, "Share", &[]);
        notes(&report, "Share", "9 of 19");
        assert!((report.value("Share") - 9.0 / 19.0).abs() < 1e-9);
        let report = tape.traffic("10:10", &[("web-01", 1, "allowed", 60), ("web-01", 2, "blocked", 39), ("web-02", 2, "blocked", 1)]);
        fires(&report, "Share", &[""]);
        let rule = report.rule("Share");
        assert_eq!((&rule["value"], &rule["unit"], &rule["threshold"]), (&json!(0.4), &json!("ratio"), &json!("> 20 %")), "{mode}");
        // Contributors have shares of the same total, largest first.
        assert_eq!((&rule["top"][0]["src"], &rule["top"][0]["value"]), (&json!("web-01"), &json!(0.39)));
        let report = tape.traffic("10:20", &[("web-01", 1, "allowed", 6), ("web-01", 2, "blocked", 54)]);
        assert_eq!(report.rule("Share")["severity"], "critical");
        assert_eq!(report.value("Share"), 0.9);
        let report = tape.traffic("10:30", &[("web-01", 1, "allowed", 99), ("web-01", 2, "blocked", 1)]);
        fires(&report, "Share", &[]);
        assert_eq!(report.value("Share"), 0.01);
        // Of nothing at all there is no share, and that is no error.
        let report = tape.traffic("10:40", &[]);
        let rule = report.rule("Share");
        assert_eq!((&rule["value"], &rule["state"], &rule["error"]), (&json!(null), &json!("ok"), &json!(null)), "{mode}");
    }
}

#[test]
fn each_group_has_a_share_of_its_own() {
    for mode in MODES {
        let tape = Tape::new(mode, RULES);
        let all = [("web-01", 1, "allowed", 90), ("web-01", 2, "blocked", 10), ("web-02", 1, "allowed", 5), ("web-02", 2, "blocked", 15)];
        let report = tape.traffic("10:00", &[&all[..], &[("web-03", 2, "blocked", 3), ("web-04", 1, "allowed", 30)]].concat());
        fires(&report, "Share by source", &["web-02"]);
        let rule = report.rule("Share by source");
        assert_eq!((&rule["value"], &rule["groups"]), (&json!(0.75), &json!(4)), "{mode}");
        // Another group's calm does not hide it, and its own total going away ends it after the second look.
        fires(&tape.traffic("10:10", &[("web-01", 1, "allowed", 1000), ("web-02", 2, "blocked", 20)]), "Share by source", &["web-02"]);
        fires(&tape.traffic("10:20", &[("web-01", 1, "allowed", 1000)]), "Share by source", &["web-02"]);
        fires(&tape.traffic("10:30", &[("web-01", 1, "allowed", 1000)]), "Share by source", &[]);
    }
}

/// What is missing could be on either side of the line.
#[test]
fn an_answer_that_is_not_whole_neither_begins_nor_ends_a_share() {
    for mode in MODES {
        let tape = Tape::new(mode, RULES);
        let calm = [("web-01", 1, "allowed", 99), ("web-01", 2, "blocked", 1)];
        let bad = [("web-01", 1, "allowed", 50), ("web-01", 2, "blocked", 50)];
        tape.traffic("10:00", &calm);
        let report = tape.partial("10:10", &bad);
        assert_eq!((&report.rule("Share")["state"], &report.rule("Share")["severity"]), (&json!("unknown"), &json!(null)), "{mode}");
        fires(&tape.traffic("10:20", &bad), "Share", &[""]);
        fires(&tape.partial("10:30", &calm), "Share", &[""]);
        let blind = tape.ran("10:40", "flows", None, &[]).json();
        assert_eq!(blind.rule("Share")["instances"].as_array().unwrap().len(), 1);
        fires(&tape.traffic("10:50", &calm), "Share", &[]);
    }
}

/// `recovery` keeps an alert until its own condition holds, `keep_firing_for` counts from there.
#[test]
fn recovery_says_when_it_is_over() {
    let rules = "[[rules]]\nname = \"Up\"\nsource = \"traffic\"\ngroup_by = [\"src_workload\"]\nwindow = \"10m\"\nwarning = \"> 100\"\nrecovery = \"< 50\"\nkeep_firing_for = \"15m\"\n\
        [[rules]]\nname = \"Low\"\nsource = \"traffic\"\nwindow = \"10m\"\ncritical = \"< 10\"\nrecovery = \">= 100\"\n";
    for mode in MODES {
        let tape = Tape::new(mode, rules);
        for (time, connections, up, low) in [
            ("10:00", 60, false, false),
            ("10:10", 101, true, false),
            // Below the threshold, above the recovery.
            ("10:20", 70, true, false),
            ("10:30", 50, true, false),
            // Recovered, and kept for a quarter of an hour.
            ("10:40", 9, true, true),
            ("10:50", 60, true, true),
            ("11:00", 40, true, true),
            ("11:10", 99, true, true),
            ("11:20", 40, true, true),
            ("11:30", 30, true, true),
            ("11:40", 30, false, true),
            ("11:50", 100, false, false),
        ] {
            let report = tape.traffic(time, &[("web-01", 1, "allowed", connections)]);
            fires(&report, "Up", &["web-01"][..usize::from(up)]);
            fires(&report, "Low", &[""][..usize::from(low)]);
        }
        // Silence is below the recovery as well.
        fires(&tape.traffic("12:00", &[("web-01", 1, "allowed", 500)]), "Up", &["web-01"]);
        fires(&tape.traffic("12:10", &[]), "Up", &["web-01"]);
        fires(&tape.traffic("12:30", &[]), "Up", &[]);
    }
}
