//! Messages that wait: given up, revived, thrown away, without a channel, too many of them.

use super::{heard, id, rule, tells, webhook};
use crate::support::receivers::{Receiver, Reply};
use crate::support::run_cli::{Bench, at};

fn failing(times: usize) -> Receiver {
    Receiver::http(vec![Reply::status(503); times])
}

fn bench(receiver: &Receiver, run: &str) -> Bench {
    Bench::new(&format!("{run}{}{}", rule(&["hook"], ""), webhook("hook", ""))).url("hook", &receiver.url())
}

fn warnings(run: &crate::support::run_cli::Run) -> String {
    run.json()["warnings"].to_string()
}

#[test]
fn given_up_loudly_and_revived() {
    let receiver = failing(2);
    let bench = bench(&receiver, "[run]\ngive_up_after = \"1h\"\n");
    assert_eq!(bench.check(0, &[("web", 50)]).deliveries(), ["hook queued"]);
    let waiting = bench.run(&["outbox", "list"]).stdout;
    assert!(waiting.contains("1 alert") && waiting.contains("WARNING Blocked (web): 50") && waiting.contains("answered 503"), "{waiting}");
    assert!(waiting.contains("1 waiting, 0 given up"), "{waiting}");

    let run = bench.check(61, &[]);
    assert_eq!((run.deliveries(), run.code), (vec!["hook failed".to_owned()], Some(3)), "{}", run.said());
    assert!(run.stdout.contains("given up after 2 attempts") && warnings(&run).contains("pcemon outbox list"), "{}", run.stdout);
    let run = bench.check(62, &[]);
    assert_eq!((run.deliveries(), run.code), (Vec::<String>::new(), Some(0)), "{}", run.said());
    assert!(warnings(&run).contains("never arrived"), "{}", run.stdout);
    assert!(bench.run(&["outbox", "list"]).stdout.contains("0 waiting, 1 given up"));

    let ids = [id(&receiver.requests()[0]), id(&receiver.requests()[1])];
    let run = bench.run(&["outbox", "retry", &ids[0][..8]]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), "1 message will be tried by the next run\n"));
    let run = bench.check(63, &[]);
    assert_eq!(run.deliveries(), ["hook sent"]);
    assert!(!warnings(&run).contains("never arrived"));
    let requests = receiver.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| id(request) == ids[0] && request.body == requests[0].body));
    assert_eq!(bench.run(&["outbox", "list"]).stdout, "the outbox is empty: every message was delivered\n");
}

#[test]
fn what_was_dropped_is_told_anew_only_while_it_fires() {
    let receiver = failing(1);
    let bench = bench(&receiver, "");
    bench.check(0, &[("web", 50)]);
    assert_eq!(bench.run(&["outbox", "drop", "--all"]).stdout, "1 message dropped\n");
    assert_eq!(bench.check(1, &[("web", 50)]).deliveries(), ["hook sent"]);
    let requests = receiver.requests();
    assert_ne!(id(&requests[0]), id(&requests[1]));

    let receiver = Receiver::http([Reply::status(200), Reply::status(503)]);
    let bench = self::bench(&receiver, "");
    bench.check(0, &[("web", 50)]);
    assert_eq!(bench.check(1, &[]).deliveries(), ["hook queued"]);
    bench.run(&["outbox", "drop", "--all"]);
    assert_eq!(bench.check(2, &[]).deliveries(), Vec::<String>::new());
    assert_eq!(receiver.requests().len(), 2);
    let run = bench.run(&["outbox", "drop", "nonsense"]);
    assert_eq!(run.code, Some(3));
    assert!(run.stderr.contains("no message has an id that starts with 'nonsense'"), "{}", run.stderr);
}

#[test]
fn a_message_whose_channel_is_gone_is_said_until_it_is_given_up() {
    for gone in ["", "enabled = false"] {
        let (receiver, other) = (failing(1), Receiver::http([]));
        let bench = bench(&receiver, "").url("other", &other.url());
        bench.check(0, &[("web", 50)]);
        let hook = if gone.is_empty() { String::new() } else { webhook("hook", gone) };
        let run = "[run]\ngive_up_after = \"1h\"\n";
        bench.configure(&format!("{run}{}{hook}{}", rule(&["other"], ""), webhook("other", "")));
        let run = bench.check(10, &[("web", 50)]);
        assert_eq!(run.deliveries(), ["hook queued", "other sent"]);
        assert!(run.stdout.contains("no enabled channel of this name"), "{}", run.stdout);
        assert!(bench.run(&["outbox", "list"]).stdout.contains("no enabled channel of this name"));
        assert_eq!(bench.check(20, &[("web", 5)]).code, Some(3));
        let run = bench.check(61, &[]);
        assert_eq!((run.deliveries(), run.code), (vec!["hook failed".to_owned()], Some(3)));
        assert_eq!(receiver.requests().len(), 1);
    }
}

#[test]
fn a_dead_channel_collects_a_bounded_number_of_messages_and_says_so() {
    let receiver = failing(1000);
    let bench = bench(&receiver, "[run]\ngive_up_after = \"30d\"\n");
    // What the outbox would be after a hundred runs, without making them.
    bench.check(0, &[("a", 50)]);
    let path = bench.state_folder().join("state.json");
    let mut state = bench.state();
    let first = state["outbox"][0].clone();
    for number in 0..99 {
        let mut more = first.clone();
        more["id"] = format!("0190f5fe-7c00-7a00-8000-{number:012}").into();
        more["alerts"][0]["fingerprint"] = format!("{number:064}").into();
        state["outbox"].as_array_mut().unwrap().push(more);
    }
    std::fs::write(&path, state.to_string()).unwrap();
    let run = bench.check(10, &[("a", 50), ("b", 50)]);
    assert_eq!(run.deliveries(), ["hook queued", "hook queued"]);
    assert!(run.stdout.contains("99 messages wait") && warnings(&run).contains("no more are added"), "{}", run.stdout);
    assert_eq!(bench.state()["outbox"].as_array().unwrap().len(), 100);
    // One attempt in each run, however many wait.
    assert_eq!(receiver.requests().len(), 2);
    bench.run(&["outbox", "drop", "--all"]);
    bench.check(11, &[("a", 50), ("b", 50)]);
    assert_eq!(tells(&receiver.requests()[2]), ["first warning a", "first warning b"]);
}

#[test]
fn an_alert_that_was_over_before_it_arrived_is_told_whole() {
    let receiver = failing(1);
    let bench = bench(&receiver, "");
    bench.check(0, &[("web", 50)]);
    bench.check(10, &[]);
    bench.check(20, &[]);
    bench.check(30, &[]);
    assert_eq!(heard(&receiver), [vec!["first warning web"], vec!["first warning web"], vec!["resolved warning web"]]);
    assert_eq!(bench.state()["instances"], serde_json::json!({}));
}

#[test]
fn news_takes_waiting_messages_along_in_order() {
    // The pause after the third failure is four minutes; the worse news comes one minute after it.
    let receiver = failing(3);
    let bench = bench(&receiver, "");
    for minute in [0, 1, 3] {
        bench.check(minute, &[("web", 50)]);
    }
    assert_eq!(bench.check(4, &[("web", 50)]).deliveries(), ["hook queued"]);
    assert_eq!(receiver.requests().len(), 3);
    assert_eq!(bench.check(5, &[("web", 500)]).deliveries(), ["hook sent", "hook sent"]);
    assert_eq!(heard(&receiver)[3..], [vec!["first warning web"], vec!["escalated critical web"]]);
}

#[test]
fn a_refused_message_does_not_hold_up_the_others() {
    let receiver = Receiver::http([Reply::status(422)]);
    let bench = bench(&receiver, "");
    bench.check(0, &[("a", 50)]);
    assert!(bench.run(&["outbox", "list"]).stdout.contains("1, refused"));
    assert_eq!(bench.check(1, &[("a", 50), ("b", 50)]).deliveries(), ["hook sent", "hook queued"]);
    // What got worse is told in a message of its own; the refused one has nothing left to say.
    assert_eq!(bench.check(2, &[("a", 500), ("b", 50)]).deliveries(), ["hook sent"]);
    assert_eq!(heard(&receiver), [vec!["first warning a"], vec!["first warning b"], vec!["escalated critical a"]]);
    bench.check(3, &[("a", 5), ("b", 50)]);
    assert_eq!(heard(&receiver)[3], ["resolved critical a"]);
}

#[test]
fn a_dry_run_shows_everything_and_does_nothing() {
    let receiver = Receiver::http([]);
    let bench =
        bench(&receiver, &format!("[run]\ntextfile = \"metrics.prom\"\nheartbeat = \"{}/ping-5ECRET-heartbeat\"\n", receiver.url()));
    let shown = bench.check_with(0, &[("web", 50)], &["--dry-run"]);
    assert_eq!((shown.deliveries(), shown.code), (vec!["hook dry_run".to_owned()], Some(1)));
    let flows = bench.path("flows.json");
    let table = bench.run(&["check", "--dry-run", "-v", "--now", &at(0), "--flows", flows.to_str().unwrap()]);
    let summary = bench.run(&["check", "--dry-run", "--now", &at(0), "--flows", flows.to_str().unwrap()]);
    assert!(
        summary.stdout.contains("hook  1 message, 1 alert")
            && summary.stdout.contains("(-v shows the messages)")
            && !summary.stdout.contains("authorization"),
        "{}",
        summary.stdout
    );
    for run in [&shown, &table] {
        let text = run.said();
        assert!(text.contains("first") && text.contains("[hidden]") && text.contains("authorization") && text.contains("web"), "{text}");
    }
    assert_eq!(std::fs::read_dir(bench.state_folder()).unwrap().count(), 0);
    assert!(!bench.path("metrics.prom").exists());
    assert_eq!(receiver.requests(), []);
    // It shows exactly what the next run sends: the same alerts in the same words.
    let body = |text: &str| text.split("\"alerts\"").nth(1).unwrap().split("\"left_out\"").next().unwrap().to_owned();
    let shown: serde_json::Value = shown.json();
    let preview = shown["deliveries"][0]["preview"].as_str().unwrap().to_owned();
    bench.check(0, &[("web", 50)]);
    let sent = receiver.requests().into_iter().find(|request| request.header("webhook-id").is_some()).unwrap();
    assert_eq!(body(&preview), body(&sent.body));
}

#[test]
fn a_refused_message_takes_no_other_along() {
    let script = [400, 503, 503, 503, 503, 400].map(Reply::status);
    let receiver = Receiver::http(script);
    let bench = bench(&receiver, "");
    bench.check(0, &[("a", 50)]);
    // Another message that fails again and again; its pauses double.
    for minute in [50, 52, 55, 59] {
        bench.check(minute, &[("a", 50), ("b", 50)]);
    }
    assert_eq!(receiver.requests().len(), 5);
    // The hour of the refused one: the other still has its pause.
    bench.check(60, &[("a", 50), ("b", 50)]);
    let ids: Vec<String> = receiver.requests().iter().map(id).collect();
    assert_eq!(ids.len(), 6);
    assert_eq!((&ids[5], &ids[4]), (&ids[0], &ids[1]));
    // And the other way round.
    assert_eq!(bench.check(68, &[("a", 50), ("b", 50)]).deliveries(), ["hook sent", "hook queued"]);
    assert_eq!(receiver.requests().len(), 7);
}
