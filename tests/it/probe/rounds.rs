//! Many probes: side by side, in time, tried again; and what is not known when our own network is gone.

use super::{CHECK, DOWN, answering, records, request, saying, serve, serve_on, target};
use crate::support::cli::Room;
use crate::support::closed::ClosedPort;
use serde_json::json;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Two hundred of which twenty hang: as long as one that hangs, not as long as twenty.
#[test]
fn those_that_hang_hold_up_nobody() {
    let mut urls = Vec::new();
    let good = |mut stream: std::net::TcpStream| {
        request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    };
    for number in 0..200 {
        let address = format!("127.0.{}.{}", 1 + number / 100, 1 + number % 100);
        let at = if number % 10 == 0 {
            // Takes connections and never says a word.
            serve_on(&address, |mut stream| drop(std::io::copy(&mut stream, &mut std::io::sink())))
        } else {
            serve_on(&address, good)
        };
        urls.push(format!("\"http://{at}/\""));
    }
    for (attempts, most) in [(1, 1.5), (2, 2.5)] {
        let timeout = Duration::from_secs(4);
        let room = Room::new();
        let keys = format!(
            "[[targets]]\nname = \"many\"\ntype = \"probe\"\ntimeout = \"4s\"\nattempts = {attempts}\nurls = [{}]\n",
            urls.join(",")
        );
        room.config(&format!("{keys}[[rules]]\nname = \"down\"\nsource = \"probe\"\ncritical = \">= 1\"\n"));
        let begun = Instant::now();
        let report = room.run(&CHECK).exits(2).json();
        let took = begun.elapsed();
        assert_eq!(report.value("down"), 20.0);
        assert!(took < timeout.mul_f64(most) + Duration::from_secs(1), "{attempts}: {took:?}");
        assert!(took >= timeout, "{took:?}");
    }
}

#[test]
fn a_first_failure_is_kept_though_the_second_attempt_works() {
    let count = AtomicUsize::new(0);
    let at = serve(move |mut stream| {
        request(&mut stream);
        let status = if count.fetch_add(1, Ordering::SeqCst) == 0 { "503 No" } else { "200 OK" };
        let _ = stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes());
    });
    let room = Room::new();
    let unstable =
        "[[rules]]\nname = \"unstable\"\nsource = \"probe\"\nmetric = \"failures\"\ngroup_by = [\"probe\"]\nwarning = \">= 1\"\n";
    room.config(&format!("[[targets]]\nname = \"web\"\ntype = \"probe\"\nurl = \"http://{at}/\"\n{DOWN}{unstable}"));
    let report = room.run(&CHECK).exits(1).json();
    assert_eq!((&report.rule("down")["state"], &report.rule("unstable")["state"]), (&json!("ok"), &json!("firing")));
    assert!(report.rule("unstable")["top"][0].to_string().contains("up after 1 failed attempt"), "{:#}", report.rule("unstable"));
    // Both fail.
    let closed = ClosedPort::new();
    room.config(&format!("[[targets]]\nname = \"web\"\ntype = \"probe\"\nurl = \"tcp://{closed}\"\n{DOWN}{unstable}"));
    let report = room.run(&[&CHECK[..], &["--state", "other.json"]].concat()).exits(2).json();
    assert_eq!((report.value("down"), report.value("unstable")), (1.0, 2.0));
}

/// Our own outage is one UNKNOWN with a sentence, not an alert for each service; what fires keeps firing.
#[test]
fn canaries_tell_our_outage_from_theirs() {
    let up = saying(b"");
    let closed = ClosedPort::new();
    let gone = ClosedPort::new();
    let config = |canary: String, web: String| {
        format!(
            "[probe]\ncanaries = [\"gateway\"]\n{}{}{DOWN}",
            target("gateway", &format!("url = \"tcp://{canary}\"")),
            target("web", &web)
        )
    };
    let one_down = format!("urls = [\"tcp://{closed}\"]");
    let room = Room::new();
    room.config(&config(up.to_string(), one_down.clone()));
    let report = room.run(&CHECK).exits(2).json();
    assert_eq!(report.rule("down")["instances"][0]["group"]["probe"], "web");
    // The canary fails as well: nobody is accused, nobody recovers.
    room.config(&config(gone.to_string(), one_down));
    let report = room.run(&[&CHECK[..4], &["2026-11-20T10:05:00Z"]].concat()).json();
    let rule = report.rule("down");
    assert!(report.0.to_string().contains("this machine is cut off: no canary (gateway)"), "{:#}", report.0);
    let firing: Vec<_> = rule["instances"].as_array().unwrap().iter().filter(|one| one["state"] == "firing").collect();
    assert_eq!(firing.len(), 1, "{rule:#}");
    for source in report.0["sources"].as_array().unwrap() {
        assert_eq!((&source["status"], &source["party"]), (&json!("failed"), &json!("network")), "{source:#}");
    }
    // On a state that knows nothing it is UNKNOWN.
    let report = room.run(&[&CHECK[..], &["--state", "other.json"]].concat()).exits(3).json();
    assert_eq!(report.rule("down")["state"], "unknown");
}

/// What answers in spite of a canary that does not is judged; the rest of the same target is unknown by itself.
#[test]
fn who_answers_is_judged_all_the_same() {
    let gone = ClosedPort::new();
    let wrong = answering("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    let good = saying(b"");
    let room = Room::new();
    room.config(&format!(
        "[probe]\ncanaries = [\"gateway\"]\n{}{}{DOWN}",
        target("gateway", &format!("url = \"tcp://{gone}\"")),
        target("web", &format!("urls = [\"http://{wrong}/\", \"tcp://{good}\", \"tcp://{}\"]", ClosedPort::new()))
    ));
    let ran = room.run(&["show", "probe", "-o", "ndjson", "--target", "web"]);
    let mut all: Vec<_> = records(&ran.out).iter().map(|one| one["fields"]["outcome"].as_str().unwrap().to_owned()).collect();
    all.sort();
    assert_eq!(all, ["ok", "own_network", "status"], "{}{}", ran.out, ran.err);
    let report = room.run(&CHECK).exits(2).json();
    let rule = report.rule("down");
    let states: Vec<_> = rule["instances"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states.iter().filter(|state| *state == "firing").count(), 1, "{rule:#}");
}

/// What the deadline of the run leaves no time for is not down.
#[test]
fn no_time_is_not_down() {
    let quiet = serve(|mut stream| drop(std::io::copy(&mut stream, &mut std::io::sink())));
    let room = Room::new();
    let keys = format!("[run]\ndeadline = \"3s\"\n{}{DOWN}", target("t", &format!("url = \"http://{quiet}/\"\ntimeout = \"60s\"")));
    room.config(&keys);
    let begun = Instant::now();
    let report = room.run(&CHECK).exits(3).json();
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(report.rule("down")["state"], "unknown");
    assert!(report.0.to_string().contains("no time left for it"), "{:#}", report.0);
}

/// Another address is another service: its alert begins anew, and the one of the old address ends.
#[test]
fn another_address_is_another_probe() {
    let (a, b) = (ClosedPort::new(), saying(b""));
    let room = Room::new();
    room.config(&format!("{}{DOWN}", target("t", &format!("url = \"tcp://{a}\""))));
    room.run(&CHECK).exits(2);
    room.config(&format!("{}{DOWN}", target("renamed", &format!("url = \"tcp://{b}\""))));
    room.run(&[&CHECK[..4], &["2026-11-20T10:05:00Z"]].concat());
    let report = room.run(&[&CHECK[..4], &["2026-11-20T10:10:00Z"]].concat()).exits(0).json();
    assert_eq!(report.rule("down")["instances"], json!([]));
}

#[test]
fn a_dead_address_of_a_name_does_not_matter_and_each_family_can_be_asked() {
    // `localhost` is ::1 and 127.0.0.1; only one of them answers.
    let at = saying(b"");
    let all = super::shown(&target("t", &format!("url = \"tcp://localhost:{}\"", at.port())));
    assert_eq!((all[0]["fields"]["outcome"].as_str(), all[0]["fields"]["ip_version"].as_str()), (Some("ok"), Some("4")), "{all:#?}");
    let both = super::shown(&target("t", &format!("url = \"tcp://127.0.0.1:{}\"\nip = \"both\"", at.port())));
    let outcomes: Vec<_> =
        both.iter().map(|one| (one["fields"]["probe"].as_str().unwrap(), one["fields"]["outcome"].as_str().unwrap())).collect();
    assert!(outcomes.contains(&("t/v4", "ok")) && outcomes.contains(&("t/v6", "resolve")), "{outcomes:?}");
    let six = serve_on("::1", |mut stream| drop(std::io::copy(&mut stream, &mut std::io::sink())));
    super::goes(&format!("url = \"tcp://{six}\""), "ok", "");
}

/// Told to end in the middle of five hundred probes that hang, it ends, and what it remembers is whole.
#[test]
fn a_signal_in_the_middle_ends_it() {
    use std::io::Read;
    let (sender, receiver) = std::sync::mpsc::channel();
    let sender = std::sync::Mutex::new(sender);
    let quiet = serve(move |mut stream| {
        let _ = sender.lock().unwrap().send(());
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let room = Room::new();
    let urls: Vec<String> =
        (0..500).map(|number| format!("\"http://127.1.{}.{}:{}/\"", number / 250, number % 250 + 1, quiet.port())).collect();
    let good = saying(b"");
    room.config(&format!("{}{DOWN}", target("t", &format!("url = \"tcp://{good}\""))));
    room.run(&CHECK).exits(0);
    room.config(&format!("{}{DOWN}", target("t", &format!("urls = [\"http://{quiet}/\", {}]\ntimeout = \"60s\"", urls.join(", ")))));
    let mut child = room.command(&CHECK).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    receiver.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let begun = Instant::now();
    let status = child.wait().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20), "{status:?}");
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_ne!(status.code(), Some(0), "{said}");
    room.run(&["state", "show"]).exits(0);
}
