//! Channels whose service forgets: what fires is told on every run, and nothing is lost when it is not there.

use crate::support::receivers::{Receiver, Reply};
use crate::support::run_cli::{Bench, at};
use jiff::Timestamp;
use serde_json::Value;

fn alertmanager(more: &str) -> String {
    format!("[[channels]]\nname = \"am\"\ntype = \"alertmanager\"\nurls = {{ env = \"am\" }}\n{more}\n")
}

fn bench(receiver: &Receiver, channel: &str) -> Bench {
    Bench::new(&format!("{}{}", super::rule(&["am"], ""), alertmanager(channel))).url("am", &receiver.url())
}

fn minute(text: &Value) -> i64 {
    let at: Timestamp = text.as_str().unwrap().parse().unwrap();
    (at.as_second() - self::at(0).parse::<Timestamp>().unwrap().as_second()) / 60
}

/// Each request as `web warning 0-40`: workload, severity, from when to when, in minutes of the test; sorted.
fn told(receiver: &Receiver) -> Vec<Vec<String>> {
    let alert = |alert: &Value| {
        let label = |name: &str| alert["labels"][name].as_str().unwrap();
        format!("{} {} {}-{}", label("src_workload"), label("severity"), minute(&alert["startsAt"]), minute(&alert["endsAt"]))
    };
    let request = |body: &str| -> Vec<String> {
        let alerts: Value = serde_json::from_str(body).unwrap();
        let mut all: Vec<String> = alerts.as_array().unwrap().iter().map(alert).collect();
        all.sort();
        all
    };
    receiver.requests().iter().map(|have| request(&have.body)).collect()
}

#[test]
fn what_fires_is_told_on_every_run_and_its_end_for_three() {
    let receiver = Receiver::http([]);
    let bench = bench(&receiver, "");
    // Minute, connections of each workload, what is told.
    type Step = (i64, &'static [(&'static str, u64)], &'static [&'static str]);
    let story: [Step; 9] = [
        // Nobody knows yet how far apart runs are.
        (0, &[("web", 50)], &["web warning 0-240"]),
        (10, &[("web", 50)], &["web warning 0-50"]),
        (20, &[("web", 50), ("db", 500)], &["db critical 20-60", "web warning 0-60"]),
        (30, &[("web", 50)], &["db critical 20-30", "web warning 0-70"]),
        (40, &[("web", 50)], &["db critical 20-30", "web warning 0-80"]),
        (50, &[("web", 5)], &["db critical 20-30", "web warning 0-50"]),
        (60, &[], &["web warning 0-50"]),
        (70, &[], &["web warning 0-50"]),
        (80, &[], &[]),
    ];
    let mut wanted: Vec<Vec<String>> = Vec::new();
    for (minute, flows, want) in story {
        let run = bench.check(minute, flows);
        if !want.is_empty() {
            wanted.push(want.iter().map(|text| (*text).to_owned()).collect());
            assert_eq!(run.deliveries(), ["am sent"], "minute {minute}");
        }
        assert_eq!(told(&receiver), wanted, "minute {minute}");
        assert_eq!(bench.state()["outbox"], serde_json::json!([]), "minute {minute}");
    }
    assert_eq!(bench.state()["instances"], serde_json::json!({}), "everybody has heard everything");
}

#[test]
fn the_old_severity_ends_whichever_way_it_changed() {
    let receiver = Receiver::http([]);
    let bench = bench(&receiver, "");
    for (minute, connections) in [(0, 50), (10, 500), (20, 500), (30, 50), (40, 50)] {
        bench.check(minute, &[("web", connections)]);
    }
    assert_eq!(
        told(&receiver)[1..],
        [
            vec!["web critical 0-50", "web warning 0-10"],
            vec!["web critical 0-60"],
            vec!["web critical 0-30", "web warning 0-70"],
            vec!["web warning 0-80"],
        ]
    );
}

#[test]
fn an_alert_too_mild_for_the_channel_is_over_there() {
    let receiver = Receiver::http([]);
    let bench = bench(&receiver, "min_severity = \"critical\"");
    for (minute, connections) in [(0, 500), (10, 50), (20, 500)] {
        bench.check(minute, &[("web", connections)]);
    }
    assert_eq!(told(&receiver), [["web critical 0-240"], ["web critical 0-10"], ["web critical 0-60"]]);
}

#[test]
fn a_failed_snapshot_is_replaced_by_one_that_says_everything() {
    let down = vec![Reply::status(503); 3];
    let receiver = Receiver::http([vec![Reply::status(200)], down].concat());
    let bench = bench(&receiver, "");
    bench.check(0, &[("web", 50)]);
    // It gets worse, another one begins and the first one ends while nobody listens.
    for (minute, flows) in [(10, &[("web", 500), ("db", 50)][..]), (20, &[("db", 50)]), (30, &[("db", 50)])] {
        let run = bench.check(minute, flows);
        assert_eq!(run.deliveries(), ["am queued"], "minute {minute}: {}", run.said());
        assert_ne!(run.code, Some(0), "minute {minute}");
        assert_eq!(bench.state()["outbox"].as_array().unwrap().len(), 1, "minute {minute}");
    }
    assert_eq!(bench.state()["outbox"][0]["attempts"], 3);
    assert!(bench.run(&["outbox", "list"]).stdout.contains("the whole state"));
    assert_eq!(bench.check(40, &[("db", 50)]).deliveries(), ["am sent"]);
    // Told as warning, and it may have been told as critical: both end.
    assert_eq!(told(&receiver).last().unwrap(), &["db warning 10-80", "web critical 0-20", "web warning 0-20"]);
    assert_eq!(bench.state()["outbox"], serde_json::json!([]));
}

#[test]
fn a_snapshot_that_says_nothing_any_more_is_thrown_away() {
    let receiver = Receiver::http([Reply::status(503)]);
    let bench = bench(&receiver, "");
    assert_eq!(bench.check(0, &[("web", 50)]).deliveries(), ["am queued"]);
    let run = bench.check(10, &[]);
    assert_eq!((run.deliveries(), run.code), (Vec::<String>::new(), Some(0)));
    assert_eq!(bench.state()["outbox"], serde_json::json!([]));
    bench.check(20, &[]);
    assert_eq!((receiver.requests().len(), &bench.state()["instances"]), (1, &serde_json::json!({})));
}

#[test]
fn a_service_that_asks_for_a_pause_gets_it() {
    let receiver = Receiver::http([Reply::status(429).header("Retry-After", "900")]);
    let bench = bench(&receiver, "");
    bench.check(0, &[("web", 50)]);
    assert_eq!(bench.check(10, &[("web", 50)]).deliveries(), ["am queued"]);
    assert_eq!(receiver.requests().len(), 1);
    assert_eq!(bench.check(20, &[("web", 50)]).deliveries(), ["am sent"]);
}

#[test]
fn a_run_by_hand_does_not_make_alerts_expire_before_the_next_regular_one() {
    let receiver = Receiver::http([]);
    let bench = bench(&receiver, "");
    for minute in [0, 60, 61, 62, 120] {
        bench.check(minute, &[("web", 50)]);
    }
    let ends: Vec<String> = told(&receiver).concat();
    assert_eq!(ends, ["web warning 0-240", "web warning 0-300", "web warning 0-181", "web warning 0-122", "web warning 0-352"]);
}

#[test]
fn other_channels_hear_only_news_and_cooldown_is_as_it_was() {
    let (am, hook) = (Receiver::http([]), Receiver::http([]));
    let config = format!("{}{}{}", super::rule(&["am", "hook"], ""), alertmanager(""), super::webhook("hook", ""));
    let bench = Bench::new(&config).url("am", &am.url()).url("hook", &hook.url());
    for minute in [0, 10, 20, 30, 40] {
        let run = bench.check(minute, &[("web", 50)]);
        let instance = run.json()["rules"][0]["instances"][0].clone();
        let want = if [0, 30].contains(&minute) { Value::Null } else { "cooldown".into() };
        assert_eq!((&instance["notified"], &instance["suppressed_by"]), (&true.into(), &want), "minute {minute}");
    }
    bench.check(50, &[]);
    assert_eq!(super::heard(&hook), [["first warning web"], ["reminder warning web"], ["resolved warning web"]]);
    assert_eq!(am.requests().len(), 6);
}

#[test]
fn icinga_hears_on_every_run_how_everything_stands() {
    let taken = Reply::status(200).body(r#"{"results":[{"code":200.0,"status":"ok"}]}"#);
    let receiver = Receiver::http([vec![taken.clone(); 2], vec![Reply::status(503)], vec![taken; 9]].concat());
    let channel = "[[channels]]\nname = \"icinga\"\ntype = \"icinga\"\nurl = { env = \"icinga\" }\nuser = \"pcemon\"\n\
                   password = { env = \"SMTP_PASSWORD\" }\nhost = \"pce\"\nservice = \"pcemon\"\n";
    let bench = Bench::new(&format!("{}{channel}", super::rule(&["icinga"], ""))).url("icinga", &receiver.url());
    bench.check(0, &[]);
    bench.check(10, &[("web", 50)]);
    bench.check(20, &[("web", 500)]);
    bench.check(30, &[("web", 50), ("db", 500)]);
    bench.check_blind(40);
    bench.check(50, &[]);
    bench.check_blind(60);
    let said = |request: &crate::support::receivers::Request| -> (i64, i64, String) {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let first = body["plugin_output"].as_str().unwrap().lines().next().unwrap().to_owned();
        (body["exit_status"].as_i64().unwrap(), body["ttl"].as_i64().unwrap(), first)
    };
    let want = [
        (0, 4 * 3600, "PCEMON OK: nothing fires"),
        (1, 2400, "PCEMON WARNING: 1 warning"),
        (2, 2400, "PCEMON CRITICAL: 1 critical"),
        (2, 2400, "PCEMON CRITICAL: 1 critical, 1 warning"),
        (2, 2400, "PCEMON CRITICAL: 1 critical, 1 warning; traffic could not be read"),
        (0, 2400, "PCEMON OK: nothing fires"),
        (3, 2400, "PCEMON UNKNOWN: nothing fires; traffic could not be read"),
    ];
    let got: Vec<_> = receiver.requests().iter().map(said).collect();
    assert_eq!(got, want.map(|(code, ttl, text)| (code, ttl, text.to_owned())));
}
