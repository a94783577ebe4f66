//! Channels that hear everything at once, now and then.

use super::{heard, id, rule, webhook};
use crate::support::receivers::{Receiver, Reply};
use crate::support::run_cli::Bench;

/// A webhook with a digest at noon UTC; the bench's clock begins at ten.
fn daily(receiver: &Receiver, channel: &str, run: &str) -> Bench {
    let config = format!("{run}{}{}", rule(&["hook"], ""), webhook("hook", &format!("digest = [\"12:00\"]\n{channel}")));
    Bench::new(&config).url("hook", &receiver.url())
}

const NOON: i64 = 120;
const NEXT: i64 = NOON + 24 * 60;

#[test]
fn a_digest_tells_the_latest_of_everything_once() {
    let receiver = Receiver::http([]);
    let bench = daily(&receiver, "", "");
    let run = bench.check(0, &[("web", 50), ("db", 50), ("mail", 50)]);
    // Waiting for its time is no trouble.
    assert_eq!((run.deliveries(), run.code), (Vec::<String>::new(), Some(1)), "{}", run.said());
    let listed = bench.run(&["outbox", "list"]).stdout;
    assert!(listed.contains("3 alerts") && listed.contains("digest 2026-11-20 12:00Z"), "{listed}");
    bench.check(30, &[("db", 500), ("mail", 5)]);
    bench.check(60, &[("db", 60), ("mail", 70)]);
    assert_eq!(bench.check(NOON - 1, &[("db", 500), ("mail", 70)]).deliveries(), Vec::<String>::new());
    // The first run after noon is a little late.
    assert_eq!(bench.check(NOON + 3, &[("db", 500), ("mail", 70)]).deliveries(), ["hook sent"]);
    assert_eq!(heard(&receiver), [vec!["first critical db", "first warning mail", "resolved warning web"]]);

    // The next day: a reminder of what still fires, and the end of what was told.
    bench.check(NOON + 60, &[("db", 500)]);
    bench.check(NOON + 65, &[("db", 500)]);
    assert_eq!(receiver.requests().len(), 1);
    bench.check(NEXT, &[("db", 500)]);
    assert_eq!(heard(&receiver)[1..], [vec!["reminder critical db", "resolved warning mail"]]);
    bench.check(NEXT + 10, &[]);
    bench.check(NEXT + 24 * 60, &[]);
    assert_eq!(heard(&receiver)[2..], [vec!["resolved critical db"]]);
    bench.check(NEXT + 24 * 60 + 1, &[]);
    let state = bench.state();
    assert_eq!((&state["instances"], &state["outbox"]), (&serde_json::json!({}), &serde_json::json!([])));
}

#[test]
fn what_becomes_due_in_the_run_of_the_digest_is_in_it() {
    let receiver = Receiver::http([]);
    let bench = daily(&receiver, "", "");
    bench.check(0, &[]);
    assert_eq!(bench.check(NOON + 3, &[("web", 50)]).deliveries(), ["hook sent"]);
    // Nothing to tell, nothing is sent.
    bench.check(NOON + 4, &[("web", 50)]);
    assert_eq!(bench.check(NEXT - 1, &[("web", 50)]).deliveries(), Vec::<String>::new());
    assert_eq!(heard(&receiver), [vec!["first warning web"]]);
}

#[test]
fn the_worst_need_not_wait() {
    let receiver = Receiver::http([]);
    let bench = daily(&receiver, "digest_below = \"critical\"", "");
    bench.check(0, &[("web", 50), ("db", 500)]);
    bench.check(10, &[("web", 500), ("db", 500), ("mail", 50)]);
    bench.check(20, &[("web", 500), ("mail", 50)]);
    bench.check(NOON, &[("web", 60), ("mail", 50)]);
    assert_eq!(
        heard(&receiver),
        [
            vec!["first critical db"],
            vec!["first critical web"],
            vec!["resolved critical db"],
            vec!["first warning mail", "reminder warning web"]
        ]
    );
}

#[test]
fn a_digest_that_fails_never_changes_and_keeps_its_id() {
    let receiver = Receiver::http([Reply::status(503), Reply::status(200)]);
    let bench = daily(&receiver, "", "");
    bench.check(0, &[("web", 50)]);
    assert_eq!(bench.check(NOON, &[("web", 50)]).deliveries(), ["hook queued"]);
    assert_eq!(bench.check(NOON + 5, &[("web", 500), ("db", 50)]).deliveries(), ["hook sent"]);
    let requests = receiver.requests();
    assert_eq!((requests.len(), id(&requests[0]), &requests[0].body), (2, id(&requests[1]), &requests[1].body));
    bench.check(NEXT, &[("web", 500), ("db", 50)]);
    assert_eq!(heard(&receiver)[2..], [vec!["escalated critical web", "first warning db"]]);
}

#[test]
fn a_digest_is_bounded_and_counts_the_rest() {
    let receiver = Receiver::http([]);
    let bench = daily(&receiver, "", "[run]\nmax_alerts = 1\n");
    bench.check(0, &[("a", 50), ("b", 50), ("c", 500)]);
    bench.check(5, &[("c", 500), ("d", 50)]);
    bench.check(NOON, &[("c", 500), ("d", 50)]);
    assert_eq!(heard(&receiver), [vec!["first critical c", "+3"]]);
    // What was only counted was told: its end follows.
    bench.check(NEXT, &[("c", 500)]);
    assert_eq!(heard(&receiver)[1..], [vec!["reminder critical c", "+1"]]);
}

#[test]
fn a_silence_takes_an_alert_out_of_the_digest() {
    let receiver = Receiver::http([]);
    let bench = daily(&receiver, "", "");
    bench.check(0, &[("web", 50), ("db", 50)]);
    let now = crate::support::run_cli::at(1);
    bench.run(&["silence", "add", "--match", "group.src_workload=web", "--for", "3h", "--reason", "known", "--now", &now]);
    bench.check(5, &[("web", 50), ("db", 50)]);
    bench.check(NOON, &[("web", 50), ("db", 50)]);
    bench.check(NOON + 120, &[("web", 50), ("db", 50)]);
    bench.check(NEXT, &[("web", 50), ("db", 50)]);
    assert_eq!(heard(&receiver), [vec!["first warning db"], vec!["first warning web", "reminder warning db"]]);
}

#[test]
fn what_was_gathered_is_told_at_once_when_somebody_wants_it() {
    // By hand.
    let receiver = Receiver::http([]);
    let bench = daily(&receiver, "", "");
    bench.check(0, &[("web", 50)]);
    bench.run(&["outbox", "retry", "--all"]);
    assert_eq!(bench.check(1, &[("web", 50)]).deliveries(), ["hook sent"]);
    // By the config.
    let receiver = Receiver::http([]);
    let bench = daily(&receiver, "", "");
    bench.check(0, &[("web", 50), ("db", 50)]);
    bench.configure(&format!("{}{}", rule(&["hook"], ""), webhook("hook", "")));
    bench.check(1, &[("web", 500)]);
    assert_eq!(heard(&receiver), [vec!["first critical web", "resolved warning db"]]);
}

#[test]
fn digest_days_and_the_zone_of_the_run() {
    let receiver = Receiver::http([]);
    // Monday 08:00 in Taipei is midnight in Greenwich; the bench begins on a Friday.
    let bench = daily(&receiver, "digest_weekdays = [\"mon\"]", "[run]\ntimezone = \"Asia/Taipei\"\ngive_up_after = \"1h\"\n");
    bench.configure(&format!(
        "[run]\ntimezone = \"Asia/Taipei\"\ngive_up_after = \"1h\"\n{}{}",
        rule(&["hook"], ""),
        webhook("hook", "digest = [\"08:00\"]\ndigest_weekdays = [\"mon\"]")
    ));
    let monday = 2 * 24 * 60 + 14 * 60;
    for minute in [0, 24 * 60, 48 * 60, monday - 1] {
        assert_eq!(bench.check(minute, &[("web", 50)]).deliveries(), Vec::<String>::new(), "{minute}");
    }
    assert_eq!(bench.check(monday, &[("web", 50)]).deliveries(), ["hook sent"]);
}
