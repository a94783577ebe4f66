//! What the kinds remember between runs.

use crate::support::cli::listing;
use crate::support::tape::{MODES, Tape, fires, minute, notes};
use pcemon::state::looks::{Memory, decode, encode};

/// One rule of each kind that remembers.
const RULES: &str = r#"
[[rules]]
name = "Share"
source = "traffic"
match = { decision = ["blocked"] }
ratio_to = { decision = ["blocked", "allowed"] }
window = "10m"
warning = "> 2x"
baseline = { min_samples = 2, samples = 3 }
[[rules]]
name = "Spike"
source = "traffic"
group_by = ["src_workload"]
window = "10m"
warning = "> 3x"
critical = "< 0.1x"
baseline = { min_samples = 2, samples = 3, floor = 5 }
[[rules]]
name = "Silent"
source = "traffic"
group_by = ["src_workload"]
window = "10m"
critical = "< 1"
[[rules]]
name = "New"
source = "traffic"
metric = "new:src_workload,port"
learn = "0s"
window = "10m"
info = ">= 1"
[[rules]]
name = "Changed"
source = "traffic"
metric = "changes:decision"
group_by = ["src_workload"]
window = "10m"
warning = ">= 1"
"#;

fn story(tape: &Tape) {
    for number in 0..3 {
        tape.traffic(&minute(10 * number), &[("web-01", 1, "allowed", 90), ("web-01", 2, "blocked", 10), ("web-02", 1, "allowed", 50)]);
    }
}

#[test]
fn the_memory_of_every_kind_survives_its_file() {
    for mode in MODES {
        let tape = Tape::new(mode, RULES);
        story(&tape);
        let memory = tape.memory();
        assert_eq!(memory.rules.len(), 6, "one for each rule and each divisor");
        let bytes = encode(memory.clone()).unwrap();
        let again: Memory = decode(&bytes).unwrap();
        assert_eq!(again, memory, "{mode}");
        assert_eq!(encode(again).unwrap(), bytes, "equal contents are equal bytes");
    }
}

#[test]
fn a_dry_run_and_a_failed_source_change_nothing_that_is_remembered() {
    for mode in MODES {
        let tape = Tape::new(mode, RULES);
        story(&tape);
        let (files, memory) = (listing(&tape.room.path("state")), tape.memory());
        let answer = tape.flows("10:30", &[("web-01", 1, "blocked", 900), ("new-01", 7, "allowed", 1)]);
        let dry = tape.ran("10:30", "flows", Some(&answer), &["--dry-run"]);
        assert_eq!(listing(&tape.room.path("state")), files, "{mode}");
        tape.ran("10:30", "flows", None, &[]).exits(3);
        assert_eq!(tape.memory().rules, memory.rules, "{mode}");
        assert_eq!(tape.memory().looks, memory.looks, "{mode}");
        // And what the dry run saw is what the run sees.
        assert_eq!(tape.ran("10:30", "flows", Some(&answer), &[]).json().rule("New"), dry.json().rule("New"), "{mode}");
    }
}

/// What is counted is the same under another name, threshold or floor.
#[test]
fn a_new_name_or_threshold_keeps_what_was_learned_another_window_begins_anew() {
    for mode in MODES {
        let tape = Tape::new(mode, RULES);
        story(&tape);
        let same = [("web-01", 1, "allowed", 90), ("web-01", 2, "blocked", 10), ("web-02", 1, "allowed", 50)];
        let renamed =
            RULES.replace("name = \"", "name = \"My ").replace("> 3x", "> 4x").replace("floor = 5", "floor = 6").replace("> 2x", "> 5x");
        tape.config(&renamed);
        let report = tape.traffic("10:30", &same);
        for rule in ["My Share", "My Spike", "My Silent", "My New", "My Changed"] {
            fires(&report, rule, &[]);
            assert!(!report.rule(rule)["note"].as_str().unwrap_or("").contains("learning"), "{mode} {:#}", report.rule(rule));
        }
        let report = tape.traffic("10:40", &[("web-02", 1, "allowed", 260), ("web-02", 9, "blocked", 1)]);
        fires(&report, "My Spike", &["web-01", "web-02"]);
        fires(&report, "My Silent", &["web-01"]);
        fires(&report, "My New", &[""]);
        fires(&report, "My Changed", &["web-02"]);
        // Values of ten minutes say nothing of thirty; who is silent and what is new stays known.
        tape.config(&renamed.replace("10m", "30m"));
        let report = tape.traffic("10:50", &same);
        notes(&report, "My Spike", if mode == "delta" { "counted only since" } else { "0 of 2" });
        fires(&report, "My Silent", &[]);
        assert_eq!(report.rule("My New")["value"], 1, "{mode}: what was new twenty minutes ago");
    }
}

/// Nothing stays in the future when the clock goes back.
#[test]
fn a_clock_that_goes_back_loses_little_and_keeps_nothing_for_ever() {
    let tape = Tape::new("as_reported", &RULES.replace("critical = \"< 1\"", "critical = \"< 1\"\nremember = \"4h\""));
    let same = [("web-01", 1, "allowed", 90), ("web-02", 1, "allowed", 50)];
    for number in 0..3 {
        tape.traffic(&minute(60 * 24 * 300 + 10 * number), &same);
    }
    let report = tape.traffic("10:00", &same[..1]);
    fires(&report, "Silent", &["web-02"]);
    notes(&report, "Spike", "0 of 2");
    fires(&report, "New", &[]);
    for number in 1..26 {
        tape.traffic(&minute(10 * number), &same[..1]);
    }
    fires(&tape.traffic("14:30", &same[..1]), "Silent", &[]);
}
