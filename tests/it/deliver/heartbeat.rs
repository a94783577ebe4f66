//! The dead-man's switch: what it hears of each run.

use super::{rule, webhook};
use crate::support::cli::{Bench, Ran, at, knock, knocks};
use crate::support::receivers::{Receiver, Reply};
use crate::support::run_cli;
use crate::support::tls::{Certificate, Server};
use jiff::Timestamp;
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use std::time::{Duration, Instant};

const SECRET_PATH: &str = "planted-url-token-5ECRET-7";

/// The pings without their common part: `start`, `fail` or nothing.
fn pings(receiver: &Receiver) -> Vec<String> {
    let path = |target: &str| target.split('?').next().unwrap_or_default().to_owned();
    let base = format!("/{SECRET_PATH}/beat");
    let requests = receiver.requests();
    requests.iter().map(|request| path(&request.target).replacen(&base, "", 1).trim_start_matches('/').to_owned()).collect()
}

fn runs(receiver: &Receiver) -> Vec<String> {
    receiver.requests().iter().map(|request| request.target.split("rid=").nth(1).unwrap_or_default().to_owned()).collect()
}

/// A PCE at which `web` knocks at 10:08, asked by runs that ping and tell.
struct Watched {
    bench: Bench,
    beat: String,
    hook: String,
}

impl Watched {
    fn new(beat: &str, hook: &str) -> Watched {
        let config = "[run]\nheartbeat = { env = \"beat\" }\ndeadline = \"6s\"\n".to_owned() + &rule(&["hook"], "") + &webhook("hook", "");
        let bench = Bench::new(Options::new(knocks(&[knock("10:08", "web", 22, 500)]), at("10:00")), &config);
        Watched { bench, beat: beat.to_owned(), hook: hook.to_owned() }
    }

    fn run(&self, now: Timestamp, more: &[&str]) -> Ran {
        let mut command = self.bench.command(now, more);
        for (name, value) in run_cli::SECRETS {
            command.env(name, value);
        }
        command.env("PCE_KEY", "api_1f2e3d4c5b6a79880").env("beat", format!("{}/{SECRET_PATH}/beat", self.beat));
        let ran = Ran::of(command.env("hook", format!("{}/{SECRET_PATH}/hook", self.hook)));
        assert!(!format!("{}{}", ran.out, ran.err).contains(SECRET_PATH), "{}\n{}", ran.out, ran.err);
        ran
    }

    fn check(&self, time: &str) -> Ran {
        self.run(at(time), &[])
    }
}

#[test]
fn calm_alerts_and_failed_deliveries_are_a_run_that_works() {
    let (beat, hook) = (Receiver::http([]), Receiver::http([Reply::status(500)]));
    let watched = Watched::new(&beat.url(), &hook.url());
    watched.check("10:00").exits(0);
    watched.check("10:10").exits(2);
    assert_eq!(hook.requests().len(), 1);
    assert_eq!(pings(&beat), ["start", "", "start", ""]);
    let runs = runs(&beat);
    assert!(runs[0] == runs[1] && runs[2] == runs[3] && runs[0] != runs[2], "{runs:?}");
    assert!(beat.requests()[3].body.contains("critical"));
}

#[test]
fn a_source_that_failed_is_a_failure() {
    let (beat, hook) = (Receiver::http([]), Receiver::http([]));
    let watched = Watched::new(&beat.url(), &hook.url());
    watched.bench.sim.set_faults(vec![Fault::new(Endpoint::Submit, .., Action::error(406, "input_validation_error", "No"))]);
    watched.check("10:00").exits(3);
    assert_eq!(pings(&beat), ["start", "fail"]);
}

/// A verdict over recorded answers is no sign that the living PCE was watched.
#[test]
fn recorded_answers_are_no_sign_of_life() {
    let (beat, hook) = (Receiver::http([]), Receiver::http([]));
    let watched = Watched::new(&beat.url(), &hook.url());
    watched.bench.room.write("f.json", "[]");
    for more in [&["--flows", "f.json"][..], &["--input", "traffic=f.json"], &["--flows", "no-such-file.json"], &["--health", "f.json"]] {
        let ran = watched.run(at("10:00"), more);
        assert_eq!(pings(&beat), Vec::<String>::new(), "{more:?}");
        assert!(ran.err.contains("the heartbeat is not called"), "{more:?}: {}", ran.err);
    }
    watched.check("10:10");
    assert_eq!(pings(&beat), ["start", ""]);
    // What is found in them is told to people all the same.
    let recorded = run_cli::Bench::new(&format!("{}{}", rule(&["hook"], ""), webhook("hook", ""))).url("hook", &hook.url());
    assert_eq!(recorded.check(0, &[("web", 500)]).deliveries(), ["hook sent"]);
}

#[test]
fn a_run_that_could_not_begin_is_a_failure() {
    let (beat, hook) = (Receiver::http([]), Receiver::http([]));
    let watched = Watched::new(&beat.url(), &hook.url());
    let state = watched.bench.room.state();
    std::fs::create_dir(state.parent().unwrap()).unwrap();
    std::fs::write(&state, "{\"schema\"").unwrap();
    watched.check("10:00").exits(3);
    assert_eq!(pings(&beat), ["fail"]);
    // What kind of trouble it is, and no path or name: the service is somebody else's.
    assert_eq!(beat.requests()[0].body, "the state could not be used");

    std::fs::remove_file(&state).unwrap();
    let lock = std::fs::File::create(state.with_file_name("state.json.lock")).unwrap();
    lock.lock().unwrap();
    watched.check("10:10").exits(3);
    drop(lock);
    assert_eq!(pings(&beat)[1..], ["fail"]);
    // Another run's word is not this one's: a dry run says nothing at all.
    watched.run(at("10:20"), &["--dry-run"]);
    assert_eq!(pings(&beat).len(), 2);
    // Nor does a run of some rules, whatever becomes of it.
    watched.run(at("10:20"), &["--rule", "nonsense"]).exits(3);
    assert_eq!(pings(&beat), ["fail", "fail"]);
}

/// Whoever looks at one rule by hand says nothing of the others, which nobody may have looked at for days.
#[test]
fn some_rules_are_no_sign_of_life() {
    let (beat, hook) = (Receiver::http([]), Receiver::http([]));
    let watched = Watched::new(&beat.url(), &hook.url());
    for more in [&["--rule", "*"][..], &["--rule", "*", "-v"]] {
        let ran = watched.run(at("10:00"), more).exits(0);
        assert_eq!(pings(&beat), Vec::<String>::new(), "{more:?}");
        assert_eq!(ran.err.contains("the heartbeat is not called, because it covers all rules"), more.len() == 3, "{}", ran.err);
    }
    watched.check("10:10");
    assert_eq!(pings(&beat), ["start", ""]);
}

/// The table for a service with a CA of its own.
#[test]
fn a_table_takes_a_ca_of_the_service() {
    let service = Server::of_authority(&Certificate::default());
    let hook = Receiver::http([]);
    let watched = Watched::new(&service.url(), &hook.url());
    watched.bench.room.write("ca.pem", &service.ca);
    let ca = watched.bench.room.path("ca.pem").display().to_string();
    for (more, trusted) in [(format!("ca_file = \"{ca}\"\n"), true), (String::new(), false)] {
        let config = format!("[heartbeat]\nurl = {{ env = \"beat\" }}\n{more}{}{}", rule(&["hook"], ""), webhook("hook", ""));
        watched.bench.config(&config);
        let ran = watched.check("10:00");
        let warnings = ran.json().0["warnings"].to_string();
        assert_eq!(!warnings.contains("heartbeat: "), trusted, "{warnings}");
        assert_eq!(warnings.contains("certificate was refused"), !trusted, "{warnings}");
    }
}

#[test]
fn what_is_wrong_with_a_table_is_said() {
    let room = crate::support::cli::Room::new();
    for (text, wanted) in [
        (
            "[run]\nheartbeat = { env = \"A\" }\n[heartbeat]\nurl = { env = \"A\" }\n",
            "3:1: error: `heartbeat` is set both in [run] and as a table",
        ),
        ("[heartbeat]\nca_file = \"/ca.pem\"\n", "1:1: error: [heartbeat] has no `url`"),
        ("[heartbeat]\nurl = \"ftp://example.com\"\n", "2:7: error: `url` in [heartbeat] is not an http(s) URL"),
        ("[heartbeat]\nurl = { env = \"A\" }\ncert_file = \"/c.pem\"\n", "1:1: error: [heartbeat] has no `key_file`"),
        ("[heartbeat]\nurl = { env = \"A\" }\nca_flie = \"/c.pem\"\n", "did you mean `ca_file`"),
    ] {
        room.config(text);
        let said = room.run(&["rules", "validate"]).exits(3).err;
        let (place, words) = wanted.split_once(" error: ").unwrap_or(("", wanted));
        assert!(said.contains(words), "{words} is not in {said}");
        let line = place.split(':').next().unwrap_or_default();
        assert!(line.is_empty() || said.contains(&format!("rules.toml:{line}:")), "{place} is not in {said}");
    }
    room.config("[heartbeat]\n[[rules]]\nname = \"a\"\nsource = \"health\"\n");
    room.run(&["rules", "validate"]).exits(0);
}

#[test]
fn a_dead_switch_neither_stops_nor_delays_the_alerts() {
    let beat = Receiver::http(vec![Reply::Hang; 8]);
    let hook = Receiver::http([]);
    let watched = Watched::new(&beat.url(), &hook.url());
    let begun = Instant::now();
    let ran = watched.check("10:10").exits(2);
    assert_eq!((ran.json().0["deliveries"][0]["status"].as_str(), hook.requests().len()), (Some("sent"), 1), "{}", ran.out);
    // The deadline, the grace, and what a busy machine may take beyond that.
    assert!(begun.elapsed() < Duration::from_secs(6 + 5 + 5), "{:?}", begun.elapsed());
    assert!(ran.json().0["warnings"].to_string().contains("heartbeat"), "{}", ran.out);

    let config = "[run]\nheartbeat = { env = \"MISSING\" }\n".to_owned() + &rule(&["hook"], "") + &webhook("hook", "");
    watched.bench.config(&config);
    let ran = watched.check("10:15").exits(2);
    assert!(ran.json().0["warnings"].to_string().contains("heartbeat in [run]"), "{}", ran.out);
}

/// A service that repeats what it was sent: each run looks through its output for it.
#[test]
fn what_the_service_repeats_is_hidden() {
    for status in [302, 401, 404, 429, 500] {
        let parrot = Reply::status(status).body(&format!("/{SECRET_PATH}/beat {SECRET_PATH}")).header("x-secret", SECRET_PATH);
        let (beat, hook) = (Receiver::http(vec![parrot; 9]), Receiver::http([]));
        let watched = Watched::new(&beat.url(), &hook.url());
        for more in [&["-vv"][..], &["-vv", "--log-format", "json"]] {
            let ran = watched.run(at("10:00"), more).exits(0);
            assert!(ran.json().0["warnings"].to_string().contains("heartbeat"), "{status}: {}", ran.out);
        }
        let state = std::fs::read_to_string(watched.bench.room.state()).unwrap();
        assert!(beat.requests().len() >= 4 && !state.contains(SECRET_PATH), "{status}");
    }
}
