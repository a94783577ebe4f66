//! What is told to nobody: maintenance windows, alerts that explain others, and reminders that become rare.

use super::{RULE, heard, rule, webhook};
use crate::support::receivers::Receiver;
use crate::support::run_cli::{Bench, Run, at};
use serde_json::Value;

/// One webhook `hook`, the rule of all these tests with further keys, and more config.
fn hooked(rule_more: &str, more: &str) -> (Bench, Receiver) {
    let receiver = Receiver::http([]);
    let config = format!("{}{}{more}", rule(&["hook"], rule_more), webhook("hook", ""));
    (Bench::new(&config).url("hook", &receiver.url()), receiver)
}

/// The minute of the bench's clock.
fn minute(time: &str) -> i64 {
    let start: jiff::Timestamp = at(0).parse().unwrap();
    time.parse::<jiff::Timestamp>().unwrap().duration_since(start).as_mins()
}

/// `suppressed_by: reason` of the only instance of a rule.
fn muted(run: &Run, rule: &str) -> String {
    let json = run.json();
    let rule = json["rules"].as_array().unwrap().iter().find(|one| one["name"] == rule).unwrap();
    let instance = &rule["instances"][0];
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    format!("{}: {}", text(&instance["suppressed_by"]), text(&instance["suppressed_reason"]))
}

#[test]
fn a_maintenance_window_holds_back_what_fires_within_it() {
    let window = "[[maintenance]]\nname = \"Patch day\"\nmatch = { rule = [\"Block*\"], severity = [\"warning\"] }\n\
                  times = [\"11:00-12:00\"]\nweekdays = [\"fri\"]\ntimezone = \"UTC\"\n";
    let (bench, receiver) = hooked("", window);
    let run = bench.check(60, &[("web", 50)]);
    assert_eq!((run.code, muted(&run, "Blocked").as_str()), (Some(0), "silence: maintenance window 'Patch day'"), "{}", run.said());
    assert_eq!((run.json()["status"].as_str(), run.json()["rules"][0]["state"].as_str()), (Some("ok"), Some("firing")));
    // Another severity is none of the window's business.
    assert_eq!(bench.check(70, &[("web", 500)]).code, Some(2));
    let run = bench.check(80, &[("web", 50)]);
    assert_eq!(run.code, Some(0), "{}", run.said());
    let flows = bench.path("flows.json");
    let table = bench.run(&["check", "--dry-run", "--now", &at(80), "--flows", flows.to_str().unwrap()]);
    assert!(table.stdout.contains("(silence)") && table.stdout.contains("maintenance window 'Patch day'"), "{}", table.stdout);
    assert!(table.stdout.contains("OK: 1 muted"), "{}", table.stdout);
    // The window is over: what fires is told, and what was told as critical meanwhile is a reminder.
    assert_eq!(bench.check(120, &[("web", 50), ("db", 50)]).code, Some(1));
    assert_eq!(heard(&receiver), [vec!["first critical web"], vec!["first warning db", "reminder warning web"]]);
}

#[test]
fn a_window_follows_the_clocks_of_its_zone() {
    let story = [
        // Berlin skips from 02:00 to 03:00 in March, and has the hour from 02:00 twice in October.
        ("Europe/Berlin", "2026-03-28T01:00:00Z", true),
        ("Europe/Berlin", "2026-03-29T00:59:00Z", false),
        ("Europe/Berlin", "2026-03-29T01:00:00Z", false),
        ("Europe/Berlin", "2026-03-30T00:00:00Z", true),
        ("Europe/Berlin", "2026-10-24T23:59:00Z", false),
        ("Europe/Berlin", "2026-10-25T00:00:00Z", true),
        ("Europe/Berlin", "2026-10-25T01:59:00Z", true),
        ("Europe/Berlin", "2026-10-25T02:00:00Z", false),
        ("America/New_York", "2026-03-07T07:00:00Z", true),
        ("America/New_York", "2026-03-08T06:59:00Z", false),
        ("America/New_York", "2026-03-08T07:00:00Z", false),
        ("America/New_York", "2026-03-09T06:00:00Z", true),
        ("America/New_York", "2026-11-01T06:59:00Z", false),
        ("America/New_York", "2026-11-01T07:00:00Z", true),
        ("America/New_York", "2026-11-02T07:00:00Z", true),
    ];
    for (zone, time, want) in story {
        let window = format!("[run]\ntimezone = \"{zone}\"\n[[maintenance]]\nname = \"Night\"\ntimes = [\"02:00-03:00\"]\n");
        let (bench, _receiver) = hooked("", &window);
        let run = bench.check(minute(time), &[("web", 50)]);
        assert_eq!(run.code, Some(if want { 0 } else { 1 }), "{zone} {time}: {}", run.said());
    }
}

#[test]
fn a_window_can_be_for_once() {
    let window =
        "[[maintenance]]\nname = \"Move\"\nfrom = 2026-11-20T11:00:00Z\nto = \"2026-11-20T20:00:00\"\ntimezone = \"Asia/Taipei\"\n";
    let (bench, receiver) = hooked("", window);
    // 20:00 in Taipei is 12:00 in Greenwich.
    assert_eq!([60, 119, 120].map(|minute| bench.check(minute, &[("web", 50)]).code), [Some(0), Some(0), Some(1)]);
    assert_eq!(heard(&receiver), [vec!["first warning web"]]);
}

#[test]
fn an_alert_that_explains_others_keeps_them_quiet() {
    let more = "[[rules]]\nname = \"Down\"\nsource = \"traffic\"\nmetric = \"connections\"\ncritical = \"> 1000\"\nnotify = [\"hook\"]\n\
                [[inhibit]]\nsource = { rule = [\"Down\"] }\ntarget = { source = [\"traffic\"], severity = [\"warning\", \"critical\"] }\n";
    let (bench, receiver) = hooked("", more);
    bench.check(0, &[("web", 50)]);
    // Both get worse at once: only the cause is told. It is on both sides and does not keep itself quiet.
    let run = bench.check(1, &[("web", 2000)]);
    assert_eq!((run.code, muted(&run, "Blocked"), muted(&run, "Down")), (Some(2), "inhibited: 'Down' fires".into(), "-: -".into()));
    // A cause that is silenced explains all the same.
    bench.run(&["silence", "add", "--match", "rule=Down", "--for", "1h", "--reason", "known", "--now", &at(2)]);
    let run = bench.check(40, &[("web", 2000)]);
    assert_eq!((run.code, run.deliveries(), muted(&run, "Blocked")), (Some(0), Vec::new(), "inhibited: 'Down' fires".into()));
    // The cause is over, and what it explained is not.
    assert_eq!(bench.check(41, &[("web", 500)]).code, Some(2));
    assert_eq!(
        heard(&receiver),
        [vec!["first warning web"], vec!["first critical -"], vec!["escalated critical web", "resolved critical -"]]
    );
}

#[test]
fn reminders_become_rare_up_to_a_limit() {
    let (bench, receiver) = hooked("", "");
    let keys = "cooldown = \"10m\"\ncooldown_backoff = 2\ncooldown_max = \"30m\"\n";
    let config = format!("{}notify = [\"hook\"]\n{}", RULE.replace("cooldown = \"30m\"\n", keys), webhook("hook", ""));
    bench.configure(&config);
    let mut told = Vec::new();
    let mut tell = |minute: i64, connections: u64| {
        let before = receiver.requests().len();
        bench.check(minute, &[("web", connections)]);
        for message in &heard(&receiver)[before..] {
            told.push(format!("{minute}: {}", message.join(", ")));
        }
    };
    (0..=125).step_by(5).for_each(|minute| tell(minute, 50));
    // Getting worse is told at once; the pauses stay as long as they were.
    (130..=165).step_by(5).for_each(|minute| tell(minute, 500));
    // The next time everything begins anew.
    tell(170, 5);
    (175..=185).step_by(5).for_each(|minute| tell(minute, 50));
    assert_eq!(
        told,
        [
            "0: first warning web",
            "10: reminder warning web",
            "30: reminder warning web",
            "60: reminder warning web",
            "90: reminder warning web",
            "120: reminder warning web",
            "130: escalated critical web",
            "160: reminder critical web",
            "170: resolved critical web",
            "175: first warning web",
            "185: reminder warning web",
        ]
    );
    // A state of a version that did not count reminders is read, and counts from none.
    let path = bench.state_folder().join("state.json");
    let state = std::fs::read_to_string(&path).unwrap();
    assert!(state.contains("\"reminders\": 1"), "{state}");
    std::fs::write(&path, state.replace(",\n          \"reminders\": 1", "")).unwrap();
    assert_eq!(bench.check(195, &[("web", 50)]).deliveries(), ["hook sent"]);
}

#[test]
fn a_cooldown_of_nothing_reminds_in_every_run() {
    let (bench, receiver) = hooked("", "");
    let rule = RULE.replace("cooldown = \"30m\"\n", "cooldown = \"0s\"\ncooldown_backoff = 3.5\n");
    bench.configure(&format!("{rule}notify = [\"hook\"]\n{}", webhook("hook", "")));
    (0..4).for_each(|minute| drop(bench.check(minute, &[("web", 50)])));
    assert_eq!(heard(&receiver).len(), 4);
}
