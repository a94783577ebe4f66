//! `< 1`: who is silent.

use crate::support::cli::Room;
use crate::support::tape::{MODES, Tape, event, fires, minute};
use serde_json::json;

fn silent(more: &str) -> String {
    format!("[[rules]]\nname = \"Silent\"\nsource = \"traffic\"\nwindow = \"20m\"\ncritical = \"< 1\"\n{more}\n")
}

const BY_SOURCE: &str = "group_by = [\"src_workload\"]";

#[test]
fn a_rule_without_groups_misses_everything_at_once() {
    for mode in MODES {
        let tape = Tape::new(mode, &silent(""));
        fires(&tape.traffic("10:00", &[("web-01", 1, "allowed", 3)]), "Silent", &[]);
        fires(&tape.traffic("10:21", &[]), "Silent", &[""]);
        fires(&tape.traffic("10:31", &[]), "Silent", &[""]);
        fires(&tape.traffic("10:41", &[("web-02", 1, "allowed", 1)]), "Silent", &[]);
    }
}

#[test]
fn who_was_seen_is_missed_until_seen_again_or_forgotten() {
    for mode in MODES {
        let tape = Tape::new(mode, &silent(&format!("{BY_SOURCE}\nremember = \"4h\"")));
        let both = [("web-01", 1, "allowed", 3), ("web-02", 1, "allowed", 5)];
        fires(&tape.traffic("10:00", &both), "Silent", &[]);
        fires(&tape.traffic("10:19", &both[..1]), "Silent", &["web-02"][..usize::from(mode == "as_reported")]);
        let report = tape.traffic("10:40", &both[..1]);
        fires(&report, "Silent", &["web-02"]);
        // The rule's value is that of the worst: less is worse.
        assert_eq!((report.value("Silent"), &report.rule("Silent")["groups"]), (0.0, &json!(2)), "{mode}");
        fires(&tape.traffic("11:00", &both), "Silent", &[]);
        for number in 4..15 {
            fires(&tape.traffic(&minute(20 * number), &both[..1]), "Silent", &["web-02"]);
        }
        // After four hours it is no more; one answer might have left it out, two did not.
        fires(&tape.traffic("15:01", &both[..1]), "Silent", &["web-02"]);
        let report = tape.traffic("15:21", &both[..1]);
        fires(&report, "Silent", &[]);
        assert_eq!(report.rule("Silent")["groups"], 1, "{mode}");
        fires(&tape.traffic("15:41", &both[..1]), "Silent", &[]);
    }
}

/// While nobody looks nobody is forgotten; where the runs are always that far apart, somebody is in the end.
#[test]
fn a_pause_in_running_is_no_reason_to_forget() {
    let day = |days: i64| minute(days * 24 * 60);
    let tape = Tape::new("as_reported", &silent(&format!("{BY_SOURCE}\nremember = \"4d\"")));
    let both = [("web-01", 1, "allowed", 3), ("web-02", 1, "allowed", 5)];
    tape.traffic(&day(0), &both);
    fires(&tape.traffic(&day(30), &both[..1]), "Silent", &["web-02"]);
    for number in 31..34 {
        fires(&tape.traffic(&day(number), &both[..1]), "Silent", &["web-02"]);
    }
    tape.traffic(&day(34), &both[..1]);
    fires(&tape.traffic(&day(35), &both[..1]), "Silent", &[]);
}

#[test]
fn who_is_expected_is_missed_at_once_also_when_never_seen() {
    for mode in MODES {
        let rules = silent(&format!("{BY_SOURCE}\nexpect = [\"web-01\", \"web-02\"]"));
        let tape = Tape::new(mode, &rules);
        let report = tape.traffic("10:00", &[("web-01", 1, "allowed", 3), ("other-01", 1, "allowed", 3)]);
        fires(&report, "Silent", &["web-02"]);
        assert_eq!(report.rule("Silent")["groups"], 2, "{mode}: others are not watched");
        fires(&tape.traffic("10:20", &[("web-01", 1, "allowed", 3), ("web-02", 1, "allowed", 1)]), "Silent", &[]);
        fires(&tape.traffic("10:41", &[]), "Silent", &["web-01", "web-02"]);
        // A name that is not expected any more is over.
        tape.config(&rules.replace(", \"web-02\"", ""));
        tape.traffic("10:51", &[]);
        fires(&tape.traffic("11:01", &[]), "Silent", &["web-01"]);
    }
}

/// A rule that joins later has not seen its window yet: silence is not certain before.
#[test]
fn nobody_is_missed_before_the_window_was_watched() {
    let tape = Tape::new("delta", "[[rules]]\nname = \"Other\"\nsource = \"traffic\"\nwindow = \"10m\"\ninfo = \"> 1000000\"\n");
    tape.traffic("10:00", &[("web-01", 1, "allowed", 3)]);
    tape.config(&format!(
        "[[rules]]\nname = \"Other\"\nsource = \"traffic\"\nwindow = \"10m\"\ninfo = \"> 1000000\"\n{}",
        silent(&format!("{BY_SOURCE}\nexpect = [\"web-02\"]"))
    ));
    fires(&tape.traffic("10:10", &[("web-01", 1, "allowed", 3)]), "Silent", &[]);
    fires(&tape.traffic("10:20", &[("web-01", 1, "allowed", 3)]), "Silent", &["web-02"]);
}

#[test]
fn silence_of_an_answer_that_is_not_whole_is_none() {
    for mode in MODES {
        let tape = Tape::new(mode, &silent(BY_SOURCE));
        let both = [("web-01", 1, "allowed", 3), ("web-02", 1, "allowed", 5)];
        tape.traffic("10:00", &both);
        let before = tape.memory().rules;
        tape.ran("10:20", "flows", None, &[]).exits(3);
        assert_eq!(tape.memory().rules, before, "{mode}");
        let report = tape.partial("10:41", &both[..1]);
        assert_eq!((&report.rule("Silent")["state"], &report.rule("Silent")["instances"]), (&json!("unknown"), &json!([])), "{mode}");
        fires(&tape.traffic("11:02", &both[..1]), "Silent", &["web-02"]);
        // That it was seen is certain, whatever else was left out.
        fires(&tape.partial("11:12", &both[1..]), "Silent", &[]);
        fires(&tape.traffic("11:33", &both[..1]), "Silent", &["web-02"][..usize::from(mode == "as_reported")]);
        fires(&tape.traffic("11:54", &both[..1]), "Silent", &["web-02"]);
        fires(&tape.partial("12:04", &both[..1]), "Silent", &["web-02"]);
    }
}

#[test]
fn events_that_stay_away() {
    let rules = "[[rules]]\nname = \"No events\"\nsource = \"events\"\nwindow = \"1h\"\ncritical = \"< 1\"\n\
        [[rules]]\nname = \"Job\"\nsource = \"events\"\nmatch = { type = [\"user.sign_in\"] }\ngroup_by = [\"actor\"]\nwindow = \"1h\"\nwarning = \"< 1\"\nexpect = [\"backup@example.com\"]\n";
    let tape = Tape::new("delta", rules);
    let login = event(1, "09:31", "backup@example.com", "user.sign_in", "info");
    let report = tape.check("10:00", "events", &json!([login]));
    fires(&report, "No events", &[]);
    fires(&report, "Job", &[]);
    let other = event(2, "10:20", "alice@example.com", "user.sign_in", "info");
    // An event belongs to the window in which it happened.
    fires(&tape.check("10:30", "events", &json!([other])), "Job", &[]);
    let report = tape.check("11:01", "events", &json!([]));
    fires(&report, "No events", &[]);
    fires(&report, "Job", &["backup@example.com"]);
    let report = tape.check("11:31", "events", &json!([]));
    fires(&report, "No events", &[""]);
    fires(&tape.check("11:41", "events", &json!([event(3, "11:40", "backup@example.com", "user.sign_in", "info")])), "Job", &[]);
}

/// Nothing is zero where it would have been added up: a certificate that nobody presents any more has not expired, and whose
/// alert stood is over; what a rule names in `expect` is missed.
#[test]
fn a_certificate_that_is_gone_has_not_expired() {
    let room = Room::new();
    let rules = |more: &str| {
        format!(
            "[[rules]]\nname = \"Expires\"\nsource = \"probe\"\nmetric = \"cert_expiry\"\ngroup_by = [\"probe\"]\nwarning = \"< 14d\"\n{more}\n"
        )
    };
    room.config(&rules(""));
    let probe = |name: &str, until: &str| {
        json!({"probe": name, "id": name, "type": "tls", "outcome": "ok",
               "certificate": {"not_before": "2025-12-01T00:00:00Z", "not_after": until, "path_not_after": until}})
    };
    let (near, far) = (probe("near", "2026-01-10T00:00:00Z"), probe("far", "2026-06-01T00:00:00Z"));
    let check = |lines: &[&serde_json::Value], now: &str| {
        let at = |line: &&serde_json::Value| {
            let mut line = (*line).clone();
            line["at"] = json!(now);
            format!("{line}\n")
        };
        room.write("probe.ndjson", lines.iter().map(at).collect::<String>());
        room.run(&["check", "-o", "json", "--state", "state", "--input", "probe=probe.ndjson", "--now", now]).json()
    };
    fires(&check(&[&near, &far], "2026-01-05T00:00:00Z"), "Expires", &["near"]);
    fires(&check(&[&near], "2026-01-05T01:00:00Z"), "Expires", &["near"]);
    fires(&check(&[&far], "2026-01-05T02:00:00Z"), "Expires", &["near"]);
    fires(&check(&[&far], "2026-01-05T03:00:00Z"), "Expires", &[]);
    // Still there, and the rule looks at it no more: it has not expired by that either.
    room.config(&rules("exclude = { outcome = [\"certificate\"] }"));
    fires(&check(&[&near, &far], "2026-01-05T03:10:00Z"), "Expires", &["near"]);
    let mut beside = near.clone();
    beside["outcome"] = json!("certificate");
    fires(&check(&[&beside, &far], "2026-01-05T03:20:00Z"), "Expires", &["near"]);
    fires(&check(&[&beside, &far], "2026-01-05T03:30:00Z"), "Expires", &[]);
    room.config(&rules("expect = [\"far\", \"other\"]"));
    fires(&check(&[&far], "2026-01-05T04:00:00Z"), "Expires", &["other"]);
}
