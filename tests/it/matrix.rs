//! What pcemon's alerting can do, and the test that shows it. Each name is a test of this binary.
//!
//! | semantics | shown by |
//! |---|---|
//! | threshold, aggregation | `every_comparison_fires_exactly_when_it_holds` `over_two_days_every_value_is_the_truth` `increases_are_the_truth` |
//! | ratio with min denominator | `a_share_of_enough_fires_stays_and_ends` `each_group_has_a_share_of_its_own` `a_ratio_is_the_naive_quotient` |
//! | spike, baseline | `a_spike_is_seen_after_a_warm_up_that_is_told` `the_same_hour_of_other_days` `anything_is_more_than_a_multiple_of_nothing_unless_there_is_a_floor` |
//! | absence, flatline | `a_rule_without_groups_misses_everything_at_once` `who_was_seen_is_missed_until_seen_again_or_forgotten` `who_is_expected_is_missed_at_once_also_when_never_seen` |
//! | new term | `what_was_never_seen_counts_once_after_learning` `what_is_new_is_new_to_its_group` |
//! | change | `a_value_that_a_group_did_not_have_before` `vens_that_change_and_vens_that_are_new` |
//! | cardinality | `different_values_are_counted_by_group` |
//! | frequency in a sliding window | `a_window_slides_over_the_events_of_several_runs` |
//! | pending (`for`) | `pending_must_hold_and_firing_is_kept` `runs_that_are_far_apart_fire_all_the_same` |
//! | keep_firing_for, recovery | `pending_must_hold_and_firing_is_kept` `recovery_says_when_it_is_over` |
//! | no data, errors | `a_failed_source_resolves_nothing_begins_nothing_and_is_made_up_for` `a_partial_answer_may_confirm_a_breach_but_never_ends_one` `not_knowing_is_unknown_when_nothing_fires` |
//! | resolved notification | `first_reminder_escalation_end_and_a_new_episode` `an_alert_that_was_over_before_it_arrived_is_told_whole` |
//! | repeat interval | `first_reminder_escalation_end_and_a_new_episode` `a_cooldown_of_nothing_reminds_in_every_run` |
//! | exponential re-alert | `reminders_become_rare_up_to_a_limit` |
//! | grouping | `a_thousand_groups_are_one_message` |
//! | digest | `a_digest_tells_the_latest_of_everything_once` `digest_days_and_the_zone_of_the_run` |
//! | dedup per receiver | `nothing_is_lost_repeated_or_out_of_order` `a_channel_hears_only_what_it_wants` |
//! | inhibition | `an_alert_that_explains_others_keeps_them_quiet` |
//! | silences | `a_silenced_alert_is_followed_told_to_nobody_and_does_not_count` `an_acknowledged_alert_is_quiet_until_it_is_over` |
//! | time windows | `a_maintenance_window_holds_back_what_fires_within_it` `a_window_follows_the_clocks_of_its_zone` |
//! | label routing | `routes_decide_unless_the_rule_does` |
//! | persistent outbox, retry | `killed_at_any_message_nothing_is_lost` `given_up_loudly_and_revived` |
//! | dead-man's switch | `calm_alerts_and_failed_deliveries_are_a_run_that_works` `a_source_that_failed_is_a_failure` |
//! | templates | `every_text_channel_speaks_the_users_words` `a_template_that_fails_falls_back_to_the_usual_words` |
//! | replay, backtest | `recorded_runs_give_the_alerts_that_they_gave` `an_export_ends_with_its_totals_and_says_what_was_assumed` |
//! | rule unit tests | `a_test_counts_what_check_counts` `what_differs_is_said_with_its_line` `the_example_is_tested_rule_by_rule` |
//! | explain | `third_the_records_and_what_kept_the_others_out` `fourth_values_and_thresholds` `fifth_the_life_and_sixth_who_is_told` |
//! | dry run | `a_dry_run_writes_nothing_at_all` `a_dry_run_shows_everything_and_does_nothing` |
//!
//! Escalation in steps of time to other people is left to PagerDuty and its like; a worse severity is told at once
//! (`first_reminder_escalation_end_and_a_new_episode`).
//!
//! And what must never happen:
//!
//! | mistake | shown by |
//! |---|---|
//! | an HTTP 500 resolves | `a_failed_source_resolves_nothing_begins_nothing_and_is_made_up_for` `a_source_that_fails_ends_nothing_and_begins_nothing` |
//! | two objects under one rule mask each other | `objects_under_one_rule_live_their_own_lives` |
//! | a second alert after a resolve is dropped | `first_reminder_escalation_end_and_a_new_episode` |
//! | the cooldown of one group mutes another | `a_group_is_not_muted_by_another_one` |
//! | a deleted object stays for ever | `who_was_seen_is_missed_until_seen_again_or_forgotten` `vens_that_change_and_vens_that_are_new` `a_ven_that_is_unpaired_ends_its_alert` |
//! | a counter reset looks like a spike | `a_counter_that_was_reset_is_no_spike` `a_counter_that_shrank_was_corrected` |
//! | a maintenance window is off by an hour at a DST change | `a_window_follows_the_clocks_of_its_zone` `a_calendar_is_never_off` `a_schedule_is_never_off` |
//! | a pause between runs looks like a spike | `a_pause_between_runs_is_no_spike` |

use crate::support::tape::{MODES, Tape, broken, event, fires};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] }).collect()
}

/// The table does not outlive what it names.
#[test]
fn every_test_in_the_table_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut tests = BTreeSet::new();
    for file in rust_files(&folder) {
        let text = std::fs::read_to_string(file).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let name = line.strip_prefix("fn ").and_then(|rest| rest.split('(').next());
            tests.extend(name.filter(|_| index > 0 && lines[index - 1] == "#[test]").map(str::to_owned));
        }
    }
    let text = std::fs::read_to_string(folder.join("matrix.rs")).unwrap();
    let rows: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("//! |")).filter(|row| row.contains('`')).collect();
    assert!(rows.len() >= 28, "only {} rows", rows.len());
    for row in rows {
        let named = row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2);
        for name in named {
            assert!(tests.contains(name), "there is no test {name}: |{row}");
        }
    }
}

#[test]
fn every_comparison_fires_exactly_when_it_holds() {
    let holds: [(&str, [bool; 3]); 6] = [
        ("> 10", [false, false, true]),
        (">= 10", [false, true, true]),
        ("< 10", [true, false, false]),
        ("<= 10", [true, true, false]),
        ("== 10", [false, true, false]),
        ("!= 10", [true, false, true]),
    ];
    let mut rules = String::new();
    for (threshold, _) in holds {
        rules.push_str(&format!("[[rules]]\nname = \"{threshold}\"\nsource = \"traffic\"\nwindow = \"10m\"\nwarning = \"{threshold}\"\n"));
    }
    for mode in MODES {
        let tape = Tape::new(mode, &rules);
        for (index, connections) in [9, 10, 11].into_iter().enumerate() {
            let report = tape.traffic(&format!("10:{index}0"), &[("web-01", 1, "allowed", connections)]);
            for (threshold, holds) in holds {
                fires(&report, threshold, &[""][..usize::from(holds[index])]);
                assert_eq!(report.value(threshold), connections as f64);
            }
        }
    }
}

#[test]
fn different_values_are_counted_by_group() {
    let rules = "[[rules]]\nname = \"Scan\"\nsource = \"traffic\"\nmetric = \"distinct:port\"\ngroup_by = [\"src_workload\"]\nwindow = \"20m\"\ncritical = \">= 5\"\n";
    let tape = Tape::new("delta", rules);
    let ports = |src: &'static str, ports: std::ops::Range<u16>| ports.map(move |port| (src, port, "blocked", 7)).collect::<Vec<_>>();
    fires(&tape.traffic("10:00", &[ports("web-01", 1..4), ports("web-02", 1..3)].concat()), "Scan", &[]);
    // The same ports again are the same values, two more make five, and some of them leave with the window.
    fires(&tape.traffic("10:10", &[ports("web-01", 3..6), ports("web-02", 1..3)].concat()), "Scan", &["web-01"]);
    fires(&tape.traffic("10:19", &ports("web-01", 3..5)), "Scan", &["web-01"]);
    fires(&tape.traffic("10:31", &ports("web-01", 3..5)), "Scan", &[]);
}

/// Five failures in ten minutes, in whichever runs they came, and no five of any longer time.
#[test]
fn a_window_slides_over_the_events_of_several_runs() {
    let rules = "[[rules]]\nname = \"Logins\"\nsource = \"events\"\ngroup_by = [\"actor\"]\nwindow = \"10m\"\ncritical = \">= 5\"\n";
    let tape = Tape::new("delta", rules);
    let mut id = 0;
    let mut failures = |time: &str, who: &[(&str, u32)]| -> Value {
        let mut list = Vec::new();
        for (actor, count) in who {
            for _ in 0..*count {
                id += 1;
                list.push(event(id, time, actor, "user.sign_in", "err"));
            }
        }
        Value::Array(list)
    };
    let mut check = |time: &str, who: &[(&str, u32)]| tape.check(time, "events", &failures(time, who));
    fires(&check("10:00", &[("eve", 3), ("bob", 1)]), "Logins", &[]);
    fires(&check("10:05", &[("eve", 1), ("bob", 1)]), "Logins", &[]);
    let report = check("10:09", &[("eve", 1), ("bob", 1)]);
    fires(&report, "Logins", &["eve"]);
    assert_eq!(report.value("Logins"), 5.0);
    // The three of ten o'clock have left the window; two are left, and bob never had five within it.
    fires(&check("10:15", &[("bob", 2)]), "Logins", &[]);
    fires(&check("10:20", &[("bob", 2)]), "Logins", &["bob"][..0]);
    fires(&check("10:22", &[("bob", 1)]), "Logins", &["bob"]);
    fires(&check("10:40", &[]), "Logins", &[]);
}

#[test]
fn objects_under_one_rule_live_their_own_lives() {
    let rules = "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\ngroup_by = [\"src_workload\"]\nwindow = \"10m\"\nwarning = \"> 10\"\ncritical = \"> 100\"\n";
    for mode in MODES {
        let tape = Tape::new(mode, rules);
        fires(&tape.traffic("10:00", &[("web-01", 1, "blocked", 500), ("web-02", 1, "blocked", 5)]), "Blocked", &["web-01"]);
        let report = tape.traffic("10:10", &[("web-01", 1, "blocked", 500), ("web-02", 1, "blocked", 50)]);
        fires(&report, "Blocked", &["web-01", "web-02"]);
        // The worst first; the one that is new is said to be, the other is not.
        let list: Vec<(&Value, &Value, &Value)> = report.rule("Blocked")["instances"]
            .as_array()
            .unwrap()
            .iter()
            .map(|instance| (&instance["group"]["src_workload"], &instance["severity"], &instance["is_new"]))
            .collect();
        assert_eq!(
            list,
            [(&json!("web-01"), &json!("critical"), &json!(false)), (&json!("web-02"), &json!("warning"), &json!(true))],
            "{mode}"
        );
        // What an answer does not hold for certain ends nobody; then one ends, and the other goes on.
        let answer = broken(tape.flows("10:20", &[("web-02", 1, "blocked", 50)]));
        fires(&tape.check("10:20", "flows", &answer), "Blocked", &["web-01", "web-02"]);
        fires(&tape.traffic("10:30", &[("web-02", 1, "blocked", 50)]), "Blocked", &["web-02"]);
        fires(&tape.traffic("10:40", &[("web-01", 1, "blocked", 50)]), "Blocked", &["web-01"]);
    }
}
