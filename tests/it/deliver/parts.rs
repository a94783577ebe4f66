//! A message never shuts its channel: what was taken is remembered, part by part, and the fault of one is its own.

use super::{heard, rule, webhook};
use crate::support::closed::ClosedPort;
use crate::support::receivers::{Receiver, Reply, Request, yes_of};
use crate::support::run_cli::Bench;
use serde_json::Value;
use std::collections::BTreeMap;

fn pager(more: &str) -> String {
    format!(
        "[[channels]]\nname = \"pager\"\ntype = \"pagerduty\"\nrouting_key = {{ env = \"LINE_TOKEN\" }}\nbase_url = {{ env = \"pager\" }}\ntimeout = \"1s\"\n{more}\n"
    )
}

fn bench(receiver: &Receiver, channel: &str) -> Bench {
    let config = format!("{}{}", rule(&["pager"], ""), pager(channel));
    Bench::new(&config).url("pager", &receiver.url())
}

/// `trigger`s and `resolve`s by key, in order of arrival.
fn events(receiver: &Receiver) -> Vec<(String, String)> {
    let event = |request: &Request| {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        (text("event_action"), text("dedup_key"))
    };
    receiver.requests().iter().map(event).collect()
}

fn many(count: usize) -> Vec<(String, u64)> {
    (0..count).map(|number| (format!("web-{number:03}"), 50)).collect()
}

fn flows(many: &[(String, u64)]) -> Vec<(&str, u64)> {
    many.iter().map(|(name, connections)| (name.as_str(), *connections)).collect()
}

/// N23: a message of many requests goes on where it ended, in the same run when its time-out came first.
#[test]
fn a_long_message_goes_on_where_its_time_out_came() {
    let yes = yes_of("pagerduty");
    let script: Vec<Reply> = [vec![yes.clone(); 50], vec![Reply::Hang], vec![yes.clone(); 50], vec![Reply::Hang]].concat();
    let receiver = Receiver::of_kind("pagerduty", script);
    let bench = bench(&receiver, "");
    let many = many(121);
    let run = bench.check(0, &flows(&many));
    assert_eq!(run.deliveries(), ["pager sent"], "{}", run.said());
    assert_eq!(run.json()["deliveries"][0]["alerts"], 121);
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for (action, key) in events(&receiver) {
        assert_eq!(action, "trigger");
        *count.entry(key).or_default() += 1;
    }
    // Those that hung may have been seen, and come once more; no other one does.
    assert_eq!((count.len(), receiver.requests().len()), (121, 123));
    bench.check(10, &flows(&many));
    assert_eq!(receiver.requests().len(), 123);
}

/// N23: a limit of so many a minute is kept, and the next run goes on behind what was taken.
#[test]
fn a_long_message_goes_on_behind_a_limit() {
    let yes = yes_of("pagerduty");
    let limit = Reply::status(429).header("retry-after", "60");
    let script: Vec<Reply> = [vec![yes.clone(); 60], vec![limit.clone()], vec![yes.clone(); 60], vec![limit]].concat();
    let receiver = Receiver::of_kind("pagerduty", script);
    let bench = bench(&receiver, "");
    let mut many = many(121);
    let run = bench.check(0, &flows(&many));
    assert_eq!((run.deliveries(), run.code), (vec!["pager queued".to_owned()], Some(1)), "{}", run.said());
    assert!(run.stdout.contains("60 of 121 were accepted"), "{}", run.stdout);
    assert_eq!(bench.run(&["outbox", "list"]).stdout.matches("61 alerts").count(), 1);
    // What was taken is told: it counts as notified, and an end or a rise of it is news.
    many[0].1 = 500;
    bench.check(1, &flows(&many));
    let run = bench.check(2, &flows(&many));
    assert_eq!(run.deliveries().last().map(String::as_str), Some("pager sent"), "{}", run.said());
    let triggers = events(&receiver).len();
    assert_eq!(triggers, 121 + 2 + 1, "each once, two that were told to wait, and the one that got worse");
    let mut bodies: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in receiver.requests() {
        let key = serde_json::from_str::<Value>(&request.body).unwrap()["dedup_key"].as_str().unwrap().to_owned();
        bodies.entry(key).or_default().push(request.body.clone());
    }
    let repeated = bodies.values().filter(|all| all.len() == 2 && all[0] == all[1]).count();
    assert_eq!((bodies.len(), repeated), (121, 2), "what is tried again is word for word the same");
}

/// A service that chokes on one alert of a message gets the others, and their ends.
#[test]
fn one_alert_that_chokes_the_service_keeps_no_other_back() {
    let yes = yes_of("pagerduty");
    let receiver = Receiver::deciding(move |request| if request.body.contains("web-002") { Reply::status(500) } else { yes.clone() });
    let bench = bench(&receiver, "");
    let mut many = many(5);
    let run = bench.check(0, &flows(&many));
    assert_eq!(run.deliveries(), ["pager queued"], "{}", run.said());
    let taken = |action: &str| {
        let chokes = |request: &&Request| !request.body.contains("web-002");
        receiver.requests().iter().filter(chokes).filter(|request| request.body.contains(&format!("\"event_action\":\"{action}\""))).count()
    };
    assert_eq!(taken("trigger"), 4);
    // A new one, and the end of an old one.
    many.push(("web-009".to_owned(), 500));
    many[4].1 = 5;
    bench.check(1, &flows(&many));
    assert_eq!((taken("trigger"), taken("resolve")), (5, 1));
}

/// N77: a receiver that chokes on one message is not shut by it.
#[test]
fn a_message_that_chokes_the_receiver_holds_up_no_other_for_long() {
    let receiver = Receiver::deciding(|request| Reply::status(if request.body.contains("p\u{f6}ison") { 500 } else { 200 }));
    let bench = Bench::new(&format!("{}{}", rule(&["hook"], ""), webhook("hook", ""))).url("hook", &receiver.url());
    let taken =
        || -> Vec<String> { heard(&receiver).into_iter().filter(|told| !told.iter().any(|one| one.contains("ison"))).flatten().collect() };
    for minute in 0..4 {
        bench.check(minute, &[("p\u{f6}ison", 500)]);
    }
    // It has failed several times: the next message is tried, too, and goes through.
    let run = bench.check(5, &[("p\u{f6}ison", 500), ("web", 500)]);
    assert_eq!(taken(), ["first critical web"], "{}", run.said());
    // From now on it is the message's own fault: the others do not even wait for it.
    let tries = receiver.requests().len();
    let run = bench.check(10, &[("p\u{f6}ison", 500), ("web", 5)]);
    assert_eq!(taken(), ["first critical web", "resolved critical web"], "{}", run.said());
    assert!(receiver.requests().len() <= tries + 2);
    assert!(bench.run(&["outbox", "list"]).stdout.contains("refused"));
    // It is over: the message is still tried now and then, and given up in the end.
    let run = bench.check(3 * 24 * 60, &[]);
    assert!(run.deliveries().contains(&"hook failed".to_owned()), "{}", run.said());
}

/// N77: while the service is down, one more message at most is tried in vain.
#[test]
fn a_dead_service_is_not_tried_message_by_message() {
    let receiver = Receiver::http(vec![Reply::status(503); 500]);
    let bench = Bench::new(&format!("{}{}", rule(&["hook"], ""), webhook("hook", ""))).url("hook", &receiver.url());
    for number in 0..40 {
        let name = format!("web-{number}");
        let before = receiver.requests().len();
        bench.check(10 * number, &[(name.as_str(), 50)]);
        assert!(receiver.requests().len() <= before + 2, "{number}");
    }
    let waiting = bench.state()["outbox"].as_array().unwrap().len();
    assert!(waiting <= 5, "{waiting} messages wait");
}

/// F7: what waits behind an outage is one message, which says what fires now and what began and ended meanwhile.
#[test]
fn after_an_outage_one_message_says_what_fires_now_and_what_ended() {
    let receiver = Receiver::http([Reply::status(503)]);
    let bench = Bench::new(&format!("{}{}", rule(&["hook"], ""), webhook("hook", ""))).url("hook", &receiver.url());
    bench.check(0, &[("web", 50)]);
    // Sixty runs while nobody listens: each begins an alert and ends the one before.
    let names: Vec<String> = (0..59).map(|number| format!("db-{number:02}")).collect();
    let closed = ClosedPort::new();
    let bench = bench.url("hook", &format!("http://{closed}"));
    for (number, name) in (1..).zip(&names) {
        bench.check(10 * number, &[("web", 50), (name, 50)]);
    }
    let bench = bench.url("hook", &receiver.url());
    let run = bench.check(600, &[("web", 50), ("db-58", 500)]);
    let told = heard(&receiver)[1..].to_vec();
    assert!(told.len() <= 6, "{} messages: {told:?}", told.len());
    assert_eq!(told[0], ["first warning web"], "{}", run.said());
    let all: Vec<String> = told.concat();
    assert!(all.contains(&"first critical db-58".to_owned()) || all.contains(&"escalated critical db-58".to_owned()), "{all:?}");
    let ended = all.iter().filter(|one| one.starts_with("resolved")).count();
    assert!(ended >= 45, "{all:?}");
    assert_eq!(run.deliveries().iter().filter(|one| *one == "hook sent").count(), told.len());
}

/// F9: what was delivered before a crash is written down message by message, beside the state.
#[test]
fn outcomes_are_written_beside_the_state_and_folded_in() {
    let receiver = Receiver::http([]);
    let bench = Bench::new(&format!("{}{}", rule(&["hook"], ""), webhook("hook", ""))).url("hook", &receiver.url());
    bench.check(0, &[("web", 50)]);
    let journal = bench.state_folder().join("state.json.deliveries");
    assert!(!journal.exists(), "the state holds it");
    // A run that was killed after its message was taken: the state is that before the sending.
    bench.check(10, &[("web", 500)]);
    let mut state = bench.state();
    let told = state["instances"].as_object().unwrap().values().next().unwrap().clone();
    let (key, mut instance) =
        state["instances"].as_object().unwrap().iter().next().map(|(key, value)| (key.clone(), value.clone())).unwrap();
    instance["told"]["hook"]["severity"] = "warning".into();
    state["instances"][&key] = instance;
    let alert: Value = serde_json::from_str(&receiver.requests()[1].body).unwrap();
    state["outbox"] = serde_json::json!([{
        "id": alert["id"], "channel": "hook", "kind": "alert.firing", "created": alert["timestamp"], "pce": state["pce"], "alerts": [{
            "fingerprint": key, "rule": "Blocked", "severity": "critical", "state": "firing", "reason": "escalated", "value": 500.0,
            "unit": told["unit"].as_str().unwrap_or("connections"), "threshold": "> 100", "window": told["window"], "group": told["group"],
            "labels": {}, "summary": "s", "description": null, "runbook": null, "since": told["fired_at"], "top": []
        }]
    }]);
    std::fs::write(bench.state_folder().join("state.json"), state.to_string()).unwrap();
    let lines = [
        serde_json::json!({ "begun": { "ids": [alert["id"]] } }).to_string(),
        serde_json::json!({ "tried": { "id": alert["id"], "attempts": 0, "at": alert["timestamp"], "outcome": "delivered" } }).to_string(),
        // Cut off in the middle of a letter.
        "{\"tried\":{\"id\":\"\u{9edd}".to_owned(),
    ];
    let mut bytes = lines.join("\n").into_bytes();
    bytes.pop();
    std::fs::write(&journal, bytes).unwrap();
    assert_eq!(bench.run(&["outbox", "list"]).stdout, "the outbox is empty: every message was delivered\n");
    bench.check(11, &[("web", 500)]);
    assert_eq!(heard(&receiver), [["first warning web"], ["escalated critical web"]], "nothing is told twice");
    assert!(!journal.exists());
}
