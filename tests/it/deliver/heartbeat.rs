//! The dead-man's switch: what it hears of each run.

use super::{rule, webhook};
use crate::support::receivers::{Receiver, Reply};
use crate::support::run_cli::{Bench, URL_TOKEN};
use std::time::Duration;

/// The pings without their common part: `start`, `fail` or nothing.
fn pings(receiver: &Receiver) -> Vec<String> {
    let path = |target: &str| target.split('?').next().unwrap_or_default().to_owned();
    let base = format!("/{URL_TOKEN}/beat");
    let requests = receiver.requests();
    requests.iter().map(|request| path(&request.target).replacen(&base, "", 1).trim_start_matches('/').to_owned()).collect()
}

fn runs(receiver: &Receiver) -> Vec<String> {
    receiver.requests().iter().map(|request| request.target.split("rid=").nth(1).unwrap_or_default().to_owned()).collect()
}

fn bench(beat: &str, hook: &str) -> Bench {
    Bench::new(&format!("[run]\nheartbeat = {{ env = \"beat\" }}\ndeadline = \"4s\"\n{}{}", rule(&["hook"], ""), webhook("hook", "")))
        .url("beat", beat)
        .url("hook", hook)
}

#[test]
fn calm_alerts_and_failed_deliveries_are_a_run_that_works() {
    let (beat, hook) = (Receiver::http([]), Receiver::http([Reply::status(500)]));
    let bench = bench(&beat.url(), &hook.url());
    bench.check(0, &[]);
    bench.check(1, &[("web", 500)]);
    assert_eq!(pings(&beat), ["start", "", "start", ""]);
    let runs = runs(&beat);
    assert!(runs[0] == runs[1] && runs[2] == runs[3] && runs[0] != runs[2], "{runs:?}");
    assert!(beat.requests()[3].body.contains("critical"));
}

#[test]
fn a_source_that_failed_is_a_failure() {
    let (beat, hook) = (Receiver::http([]), Receiver::http([]));
    let bench = bench(&beat.url(), &hook.url());
    bench.check_blind(0);
    assert_eq!(pings(&beat), ["start", "fail"]);
}

#[test]
fn a_run_that_could_not_begin_is_a_failure() {
    let (beat, hook) = (Receiver::http([]), Receiver::http([]));
    let bench = bench(&beat.url(), &hook.url());
    let state = bench.state_folder().join("state.json");
    std::fs::write(&state, "{\"schema\"").unwrap();
    let run = bench.check(0, &[]);
    assert_eq!((run.code, pings(&beat)), (Some(3), vec!["fail".to_owned()]), "{}", run.said());
    // What kind of trouble it is, and no path or name: the service is somebody else's.
    assert_eq!(beat.requests()[0].body, "the state could not be used");

    std::fs::remove_file(&state).unwrap();
    let lock = std::fs::File::create(bench.state_folder().join("state.json.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(bench.check(1, &[]).code, Some(3));
    drop(lock);
    assert_eq!(pings(&beat)[1..], ["fail"]);
    // Another run's word is not this one's: a dry run says nothing at all.
    bench.check_with(2, &[], &["--dry-run"]);
    assert_eq!(pings(&beat).len(), 2);
    let run = bench.run(&["check", "--rule", "nonsense"]);
    assert_eq!((run.code, pings(&beat).last().unwrap().as_str()), (Some(3), "fail"));
}

#[test]
fn a_dead_switch_neither_stops_nor_delays_the_alerts() {
    let beat = Receiver::http(vec![Reply::Hang; 8]);
    let hook = Receiver::http([]);
    let bench = bench(&beat.url(), &hook.url());
    let run = bench.check(0, &[("web", 50)]);
    assert_eq!((run.code, run.deliveries()), (Some(1), vec!["hook sent".to_owned()]), "{}", run.said());
    assert!(run.took < Duration::from_secs(6), "{:?}", run.took);
    assert!(run.json()["warnings"].to_string().contains("heartbeat"), "{}", run.stdout);

    let nobody = Bench::new(&format!("[run]\nheartbeat = {{ env = \"MISSING\" }}\n{}{}", rule(&["hook"], ""), webhook("hook", "")));
    let run = nobody.url("hook", &hook.url()).check(0, &[("web", 50)]);
    assert_eq!(run.deliveries(), ["hook sent"]);
    assert!(run.json()["warnings"].to_string().contains("heartbeat in [run]"), "{}", run.stdout);
}
