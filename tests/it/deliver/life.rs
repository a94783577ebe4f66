//! From the first message of an alert to the last.

use super::{heard, rule, webhook};
use crate::support::receivers::{Receiver, Reply};
use crate::support::run_cli::{self, Bench};
use serde_json::Value;

/// One webhook `hook` and the rule with these further keys.
fn hooked(channel: &str, rule_more: &str) -> (Bench, Receiver) {
    let receiver = Receiver::http([]);
    let bench = Bench::new(&format!("{}{}", rule(&["hook"], rule_more), webhook("hook", channel))).url("hook", &receiver.url());
    (bench, receiver)
}

/// What was heard since the last call.
struct Ear<'r>(&'r Receiver, usize);

impl Ear<'_> {
    fn new_messages(&mut self) -> Vec<Vec<String>> {
        let all = heard(self.0);
        let new = all[self.1..].to_vec();
        self.1 = all.len();
        new
    }
}

#[test]
fn first_reminder_escalation_end_and_a_new_episode() {
    let (bench, receiver) = hooked("", "");
    let mut ear = Ear(&receiver, 0);
    let story: [(i64, u64, &[&str]); 14] = [
        (0, 5, &[]),
        (10, 50, &["first warning web"]),
        (20, 60, &[]), // muted
        (39, 60, &[]), // still muted
        (40, 60, &["reminder warning web"]),
        (50, 500, &["escalated critical web"]), // at once, ten minutes after the reminder
        (60, 500, &[]),
        (70, 60, &[]),  // better is not news
        (79, 500, &[]), // nor is what was told as critical already
        (80, 60, &["reminder warning web"]),
        (81, 500, &["escalated critical web"]),
        (82, 5, &["resolved critical web"]),
        (83, 50, &["first warning web"]), // a new episode is told at once
        (84, 0, &["resolved warning web"]),
    ];
    for (minute, connections, want) in story {
        let run = bench.check(minute, &[("web", connections)]);
        let want: Vec<Vec<String>> = if want.is_empty() { Vec::new() } else { vec![want.iter().map(|text| (*text).to_owned()).collect()] };
        assert_eq!(ear.new_messages(), want, "minute {minute}");
        let code = if connections > 100 { 2 } else { i32::from(connections > 10) };
        assert_eq!(run.code, Some(code), "minute {minute}: {}", run.said());
    }
}

#[test]
fn a_group_is_not_muted_by_another_one() {
    let (bench, receiver) = hooked("", "");
    bench.check(0, &[("a", 50)]);
    bench.check(5, &[("a", 50), ("b", 50)]);
    bench.check(6, &[("a", 50), ("b", 50), ("c", 500)]);
    bench.check(30, &[("a", 50), ("b", 50), ("c", 500)]);
    bench.check(35, &[("b", 5), ("c", 500)]);
    assert_eq!(
        heard(&receiver),
        [
            vec!["first warning a"],
            vec!["first warning b"],
            vec!["first critical c"],
            vec!["reminder warning a"],
            vec!["resolved warning a", "resolved warning b"]
        ]
    );
}

#[test]
fn a_source_that_fails_ends_nothing_and_begins_nothing() {
    let (bench, receiver) = hooked("", "");
    bench.check(0, &[("web", 50)]);
    for minute in [5, 10, 15] {
        let run = bench.check_blind(minute);
        // The alert still counts, although nobody knows whether it still holds.
        assert_eq!(run.code, Some(1), "{}", run.said());
        assert_eq!(run.json()["sources"][0]["status"], "failed");
    }
    bench.check(20, &[("web", 5)]);
    assert_eq!(heard(&receiver), [vec!["first warning web"], vec!["resolved warning web"]]);
}

#[test]
fn pending_must_hold_and_firing_is_kept() {
    let (bench, receiver) = hooked("", "for = \"10m\"\nkeep_firing_for = \"10m\"");
    let mut ear = Ear(&receiver, 0);
    let story: [(i64, u64, &[&str]); 11] = [
        (0, 50, &[]),
        (5, 5, &[]), // interrupted
        (6, 50, &[]),
        (15, 50, &[]),
        (16, 50, &["first warning web"]),
        (20, 5, &[]),
        (25, 50, &[]), // held again before it was over
        (27, 5, &[]),
        (36, 5, &[]),
        (37, 5, &["resolved warning web"]),
        (38, 5, &[]),
    ];
    for (minute, connections, want) in story {
        bench.check(minute, &[("web", connections)]);
        let want: Vec<Vec<String>> = if want.is_empty() { Vec::new() } else { vec![want.iter().map(|text| (*text).to_owned()).collect()] };
        assert_eq!(ear.new_messages(), want, "minute {minute}");
    }
}

#[test]
fn runs_that_are_far_apart_fire_all_the_same() {
    let (bench, receiver) = hooked("", "for = \"10m\"");
    for minute in [0, 120, 240] {
        bench.check(minute, &[("web", 50)]);
    }
    assert_eq!(heard(&receiver), [vec!["first warning web"]]);
}

#[test]
fn a_channel_hears_only_what_it_wants() {
    let (calm, picky) = (Receiver::http([]), Receiver::http([]));
    let config = format!(
        "{}{}{}",
        rule(&["calm", "picky"], ""),
        webhook("calm", "send_resolved = false"),
        webhook("picky", "min_severity = \"critical\"")
    );
    let bench = Bench::new(&config).url("calm", &calm.url()).url("picky", &picky.url());
    bench.check(0, &[("web", 50)]);
    bench.check(1, &[("web", 500)]);
    bench.check(2, &[("web", 5)]);
    bench.check(3, &[("web", 50)]);
    bench.check(4, &[("web", 5)]);
    assert_eq!(heard(&calm), [vec!["first warning web"], vec!["escalated critical web"], vec!["first warning web"]]);
    // The second episode was never critical: its end is not told where its beginning was not.
    assert_eq!(heard(&picky), [vec!["first critical web"], vec!["resolved critical web"]]);
}

#[test]
fn routes_decide_unless_the_rule_does() {
    let (all, pager, other) = (Receiver::http([]), Receiver::http([]), Receiver::http([]));
    let routes = "[[routes]]\nmatch = { severity = [\"critical\"], labels = [\"team=db\"] }\nchannels = [\"pager\"]\ncontinue = true\n\
                  [[routes]]\nmatch = { rule = [\"Block*\"] }\nchannels = [\"all\"]\n[[routes]]\nchannels = [\"other\"]\n";
    let quiet = super::RULE.replace("\"Blocked\"", "\"Only for the exit code\"");
    let config = format!(
        "{}labels = {{ team = \"db\" }}\n{quiet}notify = []\n{}{}{}{routes}",
        super::RULE,
        webhook("all", ""),
        webhook("pager", ""),
        webhook("other", "")
    );
    let bench = Bench::new(&config).url("all", &all.url()).url("pager", &pager.url()).url("other", &other.url());
    bench.check(0, &[("web", 50)]);
    let run = bench.check(1, &[("web", 500)]);
    bench.check(2, &[]);
    assert_eq!(heard(&all), [vec!["first warning web"], vec!["escalated critical web"], vec!["resolved critical web"]]);
    assert_eq!(heard(&pager), [vec!["first critical web"], vec!["resolved critical web"]]);
    assert_eq!(heard(&other), Vec::<Vec<String>>::new());
    let silent = &run.json()["rules"][1];
    assert_eq!((&silent["state"], &silent["instances"][0]["notified"]), (&"firing".into(), &false.into()));
}

#[test]
fn a_rule_that_reaches_no_channel_is_an_error() {
    let bench = Bench::new(&format!("{}{}", super::RULE, webhook("hook", ""))).url("hook", "http://127.0.0.1:9");
    let run = bench.check(0, &[("web", 50)]);
    assert_eq!(run.code, Some(3));
    assert!(run.stderr.contains("rule `Blocked` reaches no channel") && run.stdout.is_empty(), "{}", run.said());
}

#[test]
fn a_thousand_groups_are_one_message() {
    let (bench, receiver) = hooked("", "");
    let names: Vec<String> = (0..1000).map(|number| format!("web-{number:04}")).collect();
    let flows: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 50)).collect();
    let run = bench.check(0, &flows);
    assert_eq!(run.json()["deliveries"][0]["alerts"], 1000);
    let told = heard(&receiver);
    assert_eq!((told.len(), told[0].len(), told[0].last().unwrap().as_str()), (1, 51, "+950"));
    // Those that were only counted were told as well.
    bench.check(10, &flows);
    assert_eq!(heard(&receiver).len(), 1);
    bench.check(20, &[]);
    assert_eq!(heard(&receiver)[1].last().unwrap(), "+950");
    bench.check(30, &[]);
    assert_eq!(heard(&receiver).len(), 2);
}

#[test]
fn a_rule_that_is_gone_ends_its_alerts() {
    for change in ["removed", "switched off"] {
        let (bench, receiver) = hooked("", "");
        bench.check(0, &[("web", 50)]);
        let other = super::RULE.replace("\"Blocked\"", "\"Another\"").replace("> 10\"", "> 1000\"").replace("> 100\"", "> 2000\"");
        let old = if change == "removed" { String::new() } else { rule(&["hook"], "enabled = false") };
        bench.configure(&format!("{old}{other}notify = [\"hook\"]\n{}", webhook("hook", "")));
        bench.check(1, &[("web", 50)]);
        bench.check(2, &[("web", 50)]);
        assert_eq!(heard(&receiver), [vec!["first warning web"], vec!["resolved warning web"]], "{change}");
        assert!(receiver.requests()[1].body.contains("the rule was removed or switched off"));
    }
}

#[test]
fn a_run_of_one_rule_leaves_the_others_as_they_are() {
    let receiver = Receiver::http([]);
    let second = rule(&["hook"], "").replace("\"Blocked\"", "\"Second\"");
    let bench = Bench::new(&format!("{}{second}{}", rule(&["hook"], ""), webhook("hook", ""))).url("hook", &receiver.url());
    bench.check(0, &[("web", 50)]);
    assert_eq!(heard(&receiver), [vec!["first warning web", "first warning web"]]);
    let run = bench.check_with(1, &[("web", 5)], &["--rule", "Second"]);
    assert_eq!(run.json()["rules"].as_array().unwrap().len(), 1);
    assert_eq!(heard(&receiver)[1..], [vec!["resolved warning web"]]);
    assert!(receiver.requests()[1].body.contains("Second"));
    bench.check(2, &[("web", 5)]);
    assert_eq!(heard(&receiver).len(), 3);
    assert!(receiver.requests()[2].body.contains("Blocked"));
}

#[test]
fn a_clock_that_goes_back_mutes_nothing_for_long() {
    let (bench, receiver) = hooked("", "");
    // Ten years ahead, by mistake.
    let ahead = 10 * 365 * 24 * 60;
    bench.check(ahead, &[("web", 50)]);
    let run = bench.check(0, &[("web", 50)]);
    assert!(run.stdout.contains("the clock was set back"), "{}", run.stdout);
    bench.check(29, &[("web", 50)]);
    bench.check(30, &[("web", 50)]);
    bench.check(31, &[("web", 5)]);
    // An episode that begins earlier than the one before it is remembered as well as any other.
    bench.check(32, &[("web", 50)]);
    bench.check(33, &[("web", 50)]);
    assert_eq!(
        heard(&receiver),
        [vec!["first warning web"], vec!["reminder warning web"], vec!["resolved warning web"], vec!["first warning web"]]
    );
}

/// Clocks that were ahead, runs with `--now`, messages that waited meanwhile: no receiver is told of a beginning that is yet to come.
#[test]
fn no_alert_begins_later_than_it_is_told() {
    for ahead in [7, 3 * 24 * 60, 10 * 365 * 24 * 60] {
        for format in ["alertmanager", "pcemon"] {
            let receiver = Receiver::http([200, 503, 503, 503].map(Reply::status));
            let text = format!("{}{}", rule(&["hook"], ""), webhook("hook", &format!("format = \"{format}\"\n")));
            let bench = Bench::new(&text).url("hook", &receiver.url());
            // Told while the clock was ahead; and one that was refused then and waits.
            bench.check(ahead, &[("web", 50)]);
            bench.check(ahead + 5, &[("web", 50), ("db", 50)]);
            let mut told = receiver.requests().len();
            for minute in [0, 1, 31, 33, 70] {
                bench.check(minute, &[("web", if minute == 33 { 5 } else { 50 }), ("db", 50)]);
                for request in &receiver.requests()[told..] {
                    let body: Value = serde_json::from_str(&request.body).unwrap();
                    for alert in body["alerts"].as_array().unwrap() {
                        let began: jiff::Timestamp = alert["startsAt"].as_str().or(alert["since"].as_str()).unwrap().parse().unwrap();
                        assert!(began <= run_cli::at(minute).parse().unwrap(), "{format}, {ahead} ahead, at {minute}: {alert:#}");
                    }
                }
                told = receiver.requests().len();
            }
            assert!(told > 2, "{told}");
        }
    }
}
