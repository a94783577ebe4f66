//! Silences of people: what they keep quiet, what they do not, and their file.

use super::{heard, rule, webhook};
use crate::support::receivers::Receiver;
use crate::support::run_cli::{Bench, Run, at};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

fn hooked() -> (Bench, Receiver) {
    let receiver = Receiver::http([]);
    let config = format!("{}{}", rule(&["hook"], "labels = { team = \"db\" }"), webhook("hook", ""));
    (Bench::new(&config).url("hook", &receiver.url()), receiver)
}

/// `silence add` at this minute.
fn add(bench: &Bench, minute: i64, arguments: &[&str]) -> Run {
    let now = at(minute);
    bench.run(&[&["silence", "add", "--reason", "switch replacement", "--now", &now], arguments].concat())
}

fn list(bench: &Bench, minute: i64, more: &[&str]) -> String {
    let now = at(minute);
    let run = bench.run(&[&["silence", "list", "--now", &now], more].concat());
    assert_eq!(run.code, Some(0), "{}", run.said());
    run.stdout
}

#[test]
fn a_silenced_alert_is_followed_told_to_nobody_and_does_not_count() {
    let (bench, receiver) = hooked();
    let run = add(&bench, 0, &["--match", "group.src_workload=WEB*", "--match", "label.team=db", "--for", "1h", "--by", "anna"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{}", run.said());
    assert!(run.stdout.contains("until 2026-11-20T11:00:00Z: group.src_workload=WEB*, label.team=db"), "{}", run.stdout);
    let run = bench.check(0, &[("web-1", 50)]);
    assert_eq!((run.code, run.deliveries()), (Some(0), Vec::new()), "{}", run.said());
    let instance = &run.json()["rules"][0]["instances"][0];
    assert_eq!((instance["state"].as_str(), instance["suppressed_by"].as_str()), (Some("firing"), Some("silence")));
    let reason = instance["suppressed_reason"].as_str().unwrap();
    assert!(reason.contains("by anna until 2026-11-20T11:00:00Z: switch replacement"), "{reason}");
    for fail_on in ["never", "critical", "warning", "unknown", "new"] {
        assert_eq!(bench.check_with(1, &[("web-1", 500)], &["--dry-run", "--fail-on", fail_on]).code, Some(0), "{fail_on}");
    }
    // Another alert of the rule counts, and is what the rule shows; nor does it matter that the silenced one is worse.
    let run = bench.check(5, &[("web-1", 500), ("db", 50)]);
    assert_eq!((run.code, run.json()["rules"][0]["severity"].as_str()), (Some(1), Some("warning")), "{}", run.said());
    assert_eq!(bench.check(59, &[("web-1", 500), ("db", 50)]).code, Some(1));
    // The end of the silence is exclusive; what still fires is told then.
    assert_eq!(bench.check(60, &[("web-1", 500), ("db", 50)]).code, Some(2));
    assert_eq!(heard(&receiver), [vec!["first warning db"], vec!["reminder warning db"], vec!["first critical web-1"]]);
}

#[test]
fn the_end_of_what_was_told_is_told_and_of_nothing_else() {
    let (bench, receiver) = hooked();
    bench.check(0, &[("web", 50)]);
    add(&bench, 1, &["--match", "rule=Blocked", "--until", &at(600)]);
    // Worse, and one that begins and ends in silence.
    assert_eq!(bench.check(5, &[("web", 500), ("db", 500)]).code, Some(0));
    bench.check(40, &[("web", 500), ("db", 5)]);
    bench.check(50, &[]);
    bench.check(51, &[]);
    assert_eq!(heard(&receiver), [vec!["first warning web"], vec!["resolved critical web"]]);
    assert_eq!(bench.state()["instances"], serde_json::json!({}));
}

#[test]
fn an_acknowledged_alert_is_quiet_until_it_is_over() {
    let (bench, receiver) = hooked();
    let run = bench.check(0, &[("web", 50), ("db", 50)]);
    let json = run.json();
    let instances = json["rules"][0]["instances"].as_array().unwrap();
    let web = instances.iter().find(|one| one["group"]["src_workload"] == "web").unwrap();
    let fingerprint = web["fingerprint"].as_str().unwrap();
    let shown = bench.run(&["state", "show", "--now", &at(1)]).stdout;
    assert!(shown.contains(&fingerprint[..12]) && shown.contains("Blocked (web)"), "{shown}");

    let none = add(&bench, 1, &["--fingerprint", "zzz", "--for", "1d"]);
    assert!(none.code == Some(3) && none.stderr.contains("pcemon state show"), "{}", none.said());
    let run = add(&bench, 1, &["--fingerprint", &fingerprint[..10], "--for", "1d"]);
    assert_eq!(run.code, Some(0), "{}", run.said());
    let shown = bench.run(&["state", "show", "--now", &at(2)]).stdout;
    assert!(shown.contains("1 in force") && shown.contains("acknowledged, silence"), "{shown}");

    bench.check(40, &[("web", 500), ("db", 50)]);
    bench.check_blind(41);
    assert!(list(&bench, 42, &[]).contains("in force"));
    // Over: its end is told, the silence has served, and the next time is told at once.
    bench.check(50, &[("db", 50)]);
    assert_eq!(list(&bench, 51, &[]), "no silence is in force\n");
    assert!(list(&bench, 51, &["--all"]).contains("ended"));
    bench.check(55, &[("web", 50), ("db", 50)]);
    let want = [
        vec!["first warning db", "first warning web"],
        vec!["reminder warning db"],
        vec!["resolved critical web"],
        vec!["first warning web"],
    ];
    assert_eq!(heard(&receiver), want);
}

#[test]
fn matchers_can_differ_and_ask_for_nothing() {
    let (bench, receiver) = hooked();
    add(&bench, 0, &["--match", "severity!=critical", "--match", "label.owner=", "--match", "source=traffic", "--for", "1h"]);
    assert_eq!(bench.check(0, &[("web", 50), ("db", 500)]).code, Some(2));
    assert_eq!(heard(&receiver), [vec!["first critical db"]]);
}

#[test]
fn silences_are_listed_ended_and_forgotten_after_a_week() {
    let (bench, receiver) = hooked();
    assert_eq!(list(&bench, 0, &[]), "no silence is in force\n");
    add(&bench, 0, &["--match", "rule=Blocked", "--for", "1h"]);
    add(&bench, 0, &["--match", "rule!=X", "--for", "30d", "--by", "anna"]);
    let all: Value = serde_json::from_str(&list(&bench, 1, &["-o", "json"])).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(all[0]["target"]["matchers"], serde_json::json!(["rule=Blocked"]));
    let ids = [0, 1].map(|index| all[index]["id"].as_str().unwrap()[..8].to_owned());
    let shown = list(&bench, 1, &[]);
    assert!(
        shown.contains(&ids[0]) && shown.contains("anna") && shown.contains("rule!=X") && shown.contains("switch replacement"),
        "{shown}"
    );

    let expire = |minute: i64, what: &str| bench.run(&["silence", "expire", what, "--now", &at(minute)]);
    assert_eq!(expire(2, &ids[1]).stdout, "1 silence ended\n");
    let again = expire(2, &ids[1]);
    assert!(again.code == Some(3) && again.stderr.contains("pcemon silence list"), "{}", again.said());
    assert_eq!(expire(3, "--all").stdout, "1 silence ended\n");
    assert_eq!(bench.check(4, &[("web", 50)]).code, Some(1));
    assert_eq!(heard(&receiver).len(), 1);
    let week = 7 * 24 * 60;
    assert_eq!(list(&bench, week, &["--all"]).lines().count(), 3);
    // Forgotten with the next change of the file.
    add(&bench, week + 3, &["--match", "rule=Blocked", "--for", "1h"]);
    assert_eq!(list(&bench, week + 3, &["--all"]).lines().count(), 2);
}

#[test]
fn what_cannot_be_meant_is_said_with_a_suggestion() {
    let (bench, _receiver) = hooked();
    let hour = ["--for", "1h"];
    for (arguments, part) in [
        (vec!["--match", "rul=x"], "did you mean `rule`?"),
        (vec!["--match", "group.src_worklaod=x"], "did you mean `group.src_workload`?"),
        (vec!["--match", "src_workload=web"], "did you mean `group.src_workload`?"),
        (vec!["--match", "severity=critcal"], "did you mean `critical`?"),
        (vec!["--match", "source=trafic"], "did you mean `traffic`?"),
        (vec!["--match", "Blocked"], "has no `=`"),
        (vec!["--match", "rule=[a"], "not a valid pattern"),
        (vec!["--match", "\u{1b}[31m=x"], "\\u{1b}"),
        (vec![], "required"),
    ] {
        let run = add(&bench, 0, &[&arguments[..], &hour[..]].concat());
        assert!(run.code == Some(3) && run.stderr.contains(part), "{arguments:?}: {}", run.said());
    }
    for (end, part) in [(vec![], "--for"), (vec!["--for", "0s"], "in the future"), (vec!["--until", &at(0)], "in the future")] {
        let run = add(&bench, 0, &[&["--match", "rule=Blocked"], &end[..]].concat());
        assert!(run.code == Some(3) && run.stderr.contains(part), "{end:?}: {}", run.said());
    }
    let run = bench.run(&["silence", "add", "--match", "rule=Blocked", "--for", "1h", "--reason", " "]);
    assert!(run.code == Some(3) && run.stderr.contains("--reason"), "{}", run.said());
    assert_eq!(list(&bench, 0, &["--all"]), "no silence is in force\n");
    // One for a rule that is still to come is taken.
    for (matcher, part) in [("rule=Blokced", "did you mean `Blocked`?"), ("group.port=443", "can match"), ("label.team=web", "can match")] {
        let run = add(&bench, 0, &["--match", matcher, "--for", "1h"]);
        assert!(run.code == Some(0) && run.stderr.contains(part), "{matcher}: {}", run.said());
    }
    assert_eq!(list(&bench, 0, &[]).lines().count(), 4);
}

#[test]
fn a_run_that_holds_the_state_does_not_keep_anybody_from_silencing() {
    let (bench, receiver) = hooked();
    bench.check(0, &[]);
    let lock = std::fs::File::options().write(true).open(bench.state_folder().join("state.json.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(bench.check(1, &[("web", 50)]).code, Some(3));
    assert_eq!(add(&bench, 1, &["--match", "rule=Blocked", "--for", "1h"]).code, Some(0));
    drop(lock);
    assert_eq!(bench.check(2, &[("web", 50)]).code, Some(0));
    assert_eq!(heard(&receiver).len(), 0);
    let file = bench.state_folder().join("state.json.silences");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(serde_json::from_slice::<Value>(&std::fs::read(&file).unwrap()).unwrap()["schema"], "pcemon.silences/1");
}

#[test]
fn silences_that_cannot_be_read_silence_nothing_and_are_left_as_they_are() {
    let (bench, receiver) = hooked();
    add(&bench, 0, &["--match", "rule=Blocked", "--for", "1h"]);
    let file = bench.state_folder().join("state.json.silences");
    let good = std::fs::read_to_string(&file).unwrap();
    let wrong = [
        (good[..good.len() / 2].to_owned(), "cannot be read"),
        (good.replace("pcemon.silences/1", "pcemon.silences/2"), "pcemon.silences/2"),
        (good.replace("rule=Blocked", "colour=red"), "no `colour`"),
        (String::new(), "cannot be read"),
    ];
    for (text, part) in wrong {
        std::fs::write(&file, &text).unwrap();
        for run in [
            bench.run(&["silence", "list"]),
            add(&bench, 1, &["--match", "rule=Blocked", "--for", "1h"]),
            bench.run(&["silence", "expire", "--all"]),
        ] {
            assert!(run.code == Some(3) && run.said().contains(part) && run.said().contains("state.json.silences"), "{}", run.said());
        }
        let run = bench.check_with(1, &[("web", 50)], &["--dry-run"]);
        let warnings = run.json()["warnings"].to_string();
        assert!(run.code == Some(1) && warnings.contains(part) && warnings.contains("nothing is silenced"), "{}", run.said());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
    assert_eq!(heard(&receiver).len(), 0);
    // Told once too often is better than not at all.
    assert_eq!(bench.check(2, &[("web", 50)]).code, Some(1));
    assert_eq!(heard(&receiver).len(), 1);
    std::fs::write(&file, &good).unwrap();
    assert_eq!(bench.check(3, &[("web", 50)]).code, Some(0));
}

#[test]
fn a_dry_run_ends_no_silence() {
    let (bench, _receiver) = hooked();
    let run = bench.check(0, &[("web", 50)]);
    let fingerprint = run.json()["rules"][0]["instances"][0]["fingerprint"].as_str().unwrap().to_owned();
    add(&bench, 1, &["--fingerprint", &fingerprint, "--for", "1d"]);
    bench.check_with(5, &[], &["--dry-run"]);
    assert!(list(&bench, 6, &[]).contains("in force"));
}
