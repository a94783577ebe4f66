//! Peers that drip: whatever they do, in every phase, the run is over by its deadline and the grace, says what it knows, and
//! frees its lock.

use crate::support::cli::{Ran, Room, at, knocks};
use pcemon::sim::options::Options;
use pcemon::sim::server::Sim;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Deadline of the runs here; the grace after it; and what a busy machine may take beyond that.
pub(super) const DEADLINE: Duration = Duration::from_secs(2);
const GRACE: Duration = Duration::from_secs(5);
const BUSY: Duration = Duration::from_secs(8);

/// A peer that says something at once and then a byte for ever, every tenth of a second.
struct Drip {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Drip {
    fn start(first: &'static str, byte: u8) -> Drip {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, over) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let ends = Arc::clone(&over);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let (mut stream, ends) = (stream.unwrap(), Arc::clone(&ends));
                std::thread::spawn(move || {
                    let mut asked = [0; 4096];
                    // Servers of mail speak first; the others hear the beginning of the question.
                    if !first.starts_with("220") {
                        let _ = stream.read(&mut asked);
                    }
                    let mut going = stream.write_all(first.as_bytes()).is_ok();
                    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
                    while going && !ends.load(Ordering::SeqCst) {
                        let _ = stream.read(&mut asked);
                        going = stream.write_all(&[byte]).is_ok();
                    }
                });
            }
        });
        Drip { address, over }
    }
}

impl Drop for Drip {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// Phases of an HTTP exchange at which a peer may begin to drip.
pub(super) const PHASES: [(&str, &str); 7] = [
    ("status line", "HTTP/1.1 2"),
    ("headers", "HTTP/1.1 200 OK\r\nx: "),
    ("interim answers", "HTTP/1.1 103 Early Hints\r\nx: "),
    ("body", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n["),
    ("chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n["),
    ("chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ("trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\nx: "),
];

pub(super) fn in_time(what: &str, room: &Room, arguments: &[&str]) -> Ran {
    ends_in_time(what, || room.run(arguments))
}

pub(super) fn ends_in_time(what: &str, run: impl FnOnce() -> Ran) -> Ran {
    let begun = Instant::now();
    let ran = run();
    let took = begun.elapsed();
    assert!(took < DEADLINE + GRACE + BUSY, "{what}: {took:?}\n{}\n{}", ran.out, ran.err);
    assert!(!ran.out.is_empty() || !ran.err.is_empty(), "{what}: not a word");
    ran
}

pub(super) fn free(room: &Room, what: &str) {
    // A run that came to its end before it needed a lock holds none.
    let Ok(lock) = std::fs::File::open(room.path("state/state.json.lock")) else { return };
    assert!(lock.try_lock().is_ok(), "{what}: the lock is held");
}

pub(super) fn pce(address: &str, more: &str) -> String {
    format!("[pce]\nurl = \"{address}\"\norg_id = 1\napi_key = {{ env = \"PCE_KEY\" }}\napi_secret = {{ env = \"PCE_SECRET\" }}\n{more}")
}

pub(super) fn config(room: &Room, pce: &str, more: &str) {
    room.config(&format!("{pce}[run]\nstate = \"{}\"\ndeadline = \"{}s\"\n{more}", room.state().display(), DEADLINE.as_secs()));
}

pub(super) const RULES: &str =
    "[[rules]]\nname = \"Health\"\nsource = \"health\"\n[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\nwarning = \"> 1\"\n";

#[test]
fn a_pce_that_drips_in_any_phase() {
    std::thread::scope(|scope| {
        for (phase, first) in PHASES {
            scope.spawn(move || {
                let drip = Drip::start(first, b'0');
                let room = Room::new();
                config(&room, &pce(&format!("http://{}", drip.address), ""), RULES);
                let ran = in_time(phase, &room, &["check", "-o", "json"]).exits(3);
                assert_eq!(ran.json().0["status"], "unknown", "{phase}");
                free(&room, phase);
                for command in [&["health"][..], &["flows"], &["doctor"], &["report", "-o", "json"], &["explain", "Health"]] {
                    in_time(&format!("{phase}, {command:?}"), &room, command);
                }
            });
        }
    });
}

#[test]
fn a_proxy_that_drips() {
    for first in ["HTTP/1.1 2", "HTTP/1.1 200 Connection established\r\nx: "] {
        let drip = Drip::start(first, b'0');
        let room = Room::new();
        let proxy = format!("proxy = \"http://{}\"\n", drip.address);
        config(&room, &pce("https://pce.example.com:8443", &proxy), RULES);
        let ran = in_time(first, &room, &["check", "-o", "json"]).exits(3);
        assert_eq!(ran.json().0["status"], "unknown", "{first}");
        free(&room, first);
        in_time(first, &room, &["doctor"]);
        in_time(first, &room, &["vens"]);
    }
}

/// The verdict is known and a receiver drips: what is critical is said.
#[test]
fn receivers_that_drip_cost_no_verdict() {
    let health = r#"[{"status":"critical","type":"standalone","fqdn":"pce.example.com","notifications":[],"nodes":[]}]"#;
    let rules = "[[rules]]\nname = \"Health\"\nsource = \"health\"\nnotify = [\"x\"]\n";
    let mail = "type = \"email\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]\nsmtp = { host = \"127.0.0.1\", port = PORT, tls = \"none\" }\n";
    let hook = "type = \"webhook\"\nurl = \"http://127.0.0.1:PORT/\"\n";
    let mut table: Vec<(&str, &str, &'static str)> = PHASES.iter().map(|(phase, first)| (*phase, hook, *first)).collect();
    table.extend([("greeting", mail, "220"), ("EHLO", mail, "220 mail.example.com\r\n250-"), ("lines", mail, "220-mail\r\n220-")]);
    std::thread::scope(|scope| {
        for (phase, channel, first) in table {
            scope.spawn(move || {
                let drip = Drip::start(first, b'0');
                let room = Room::new();
                room.write("health.json", health);
                let channel = channel.replace("PORT", &drip.address.port().to_string());
                config(&room, "", &format!("{rules}[[channels]]\nname = \"x\"\ntimeout = \"1m\"\n{channel}"));
                let ran = in_time(phase, &room, &["check", "--health", "health.json", "-o", "json"]).exits(2);
                assert_eq!(ran.json().rule("Health")["state"], "firing", "{phase}");
                free(&room, phase);
                in_time(phase, &room, &["channel", "test", "x"]);
            });
        }
    });
}

/// Whatever the service does, and whenever it begins to: the verdict comes out as if it had said yes.
#[test]
fn a_heartbeat_that_drips_costs_nothing_but_time() {
    std::thread::scope(|scope| {
        for (phase, first) in PHASES {
            scope.spawn(move || {
                let drip = Drip::start(first, b'0');
                let sim = Sim::start(Options::new(knocks(&[]), at("10:00"))).unwrap();
                let room = Room::new();
                let beat = format!("heartbeat = \"http://{}/ping\"\n", drip.address);
                config(&room, &pce(&sim.url(), ""), &format!("{beat}{RULES}"));
                let ran = in_time(phase, &room, &["check", "--now", "2026-11-20T10:00:00Z", "-o", "json"]).exits(0);
                // Behind a head that says yes the rest is of no interest.
                let heard = first.contains("200 OK\r\n\r\n") || first.contains("200 OK\r\nContent") || first.contains("200 OK\r\nTransfer");
                assert_eq!(ran.json().0["warnings"].to_string().contains("heartbeat"), !heard, "{phase}: {}", ran.out);
                free(&room, phase);
            });
        }
    });
}
