//! Probes of services, against servers on loopback that answer as tests want them to.

mod availability;
mod certificates;
mod differential;
mod dns;
mod http;
mod ping;
mod real;
mod rounds;
mod starttls;

use crate::support::cli::Room;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// Serves every connection in a thread of its own, on a free port of an address.
fn serve_on(address: &str, serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let at = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = Arc::clone(&serve);
            std::thread::spawn(move || serve(stream));
        }
    });
    at
}

fn serve(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    serve_on("127.0.0.1", serve)
}

/// The head of a request.
fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut one = [0u8; 1];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut one).is_ok_and(|count| count > 0) {
        bytes.push(one[0]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Answers every request with these bytes.
fn answering(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer = answer.into();
    serve(move |mut stream| {
        request(&mut stream);
        let _ = stream.write_all(&answer);
    })
}

/// Says something to whoever comes, and waits until they go.
fn saying(word: &'static [u8]) -> SocketAddr {
    serve(move |mut stream| {
        let _ = stream.write_all(word);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    })
}

/// A target.
fn target(name: &str, keys: &str) -> String {
    let timeout = if keys.contains("timeout = ") { "" } else { "timeout = \"5s\"\n" };
    format!("[[targets]]\nname = \"{name}\"\ntype = \"probe\"\nattempts = 1\n{timeout}{keys}\n")
}

const SHOW: [&str; 6] = ["show", "probe", "-o", "ndjson", "--now", "2026-11-20T10:00:00Z"];
const CHECK: [&str; 5] = ["check", "-o", "json", "--now", "2026-11-20T10:00:00Z"];

/// The records that a config leads to.
fn shown(config: &str) -> Vec<Value> {
    let room = Room::new();
    room.config(config);
    records(&room.run(&SHOW).out)
}

fn records(out: &str) -> Vec<Value> {
    out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(|one| one["fields"].is_object()).collect()
}

/// The only record.
fn only(keys: &str) -> Value {
    let all = shown(&target("t", keys));
    assert_eq!(all.len(), 1, "{all:#?}");
    all[0].clone()
}

fn outcome(record: &Value) -> (&str, &str) {
    (record["fields"]["outcome"].as_str().unwrap_or(""), record["fields"]["reason"].as_str().unwrap_or(""))
}

/// How a probe went, with a part of the reason.
#[track_caller]
fn goes(keys: &str, wanted: &str, part: &str) -> Value {
    let record = only(keys);
    let (outcome, reason) = outcome(&record);
    assert!(outcome == wanted && reason.contains(part), "{keys}\n{outcome}: {reason}");
    record
}

const DOWN: &str = "[[rules]]\nname = \"down\"\nsource = \"probe\"\ngroup_by = [\"probe\"]\ncritical = \">= 1\"\n";

#[test]
fn a_check_without_a_pce_from_end_to_end() {
    let good = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let closed = crate::support::closed::ClosedPort::new();
    let room = Room::new();
    room.config(&format!("{}{DOWN}", target("web", &format!("urls = [\"http://{good}/\", \"tcp://{closed}\"]"))));
    let report = room.run(&[&CHECK[..], &["--record", "kept"]].concat()).exits(2).json();
    let rule = report.rule("down");
    assert_eq!((rule["value"].as_f64(), rule["groups"].as_u64()), (Some(1.0), Some(2)), "{rule:#}");
    assert_eq!(rule["instances"][0]["group"]["probe"], format!("web/{closed}"));
    assert!(rule["top"][0].to_string().contains("refuses the connection"), "{rule:#}");
    // The recorded answer means the same, whole and for the one target; and with nobody at the port any more.
    drop(closed);
    for input in ["probe=kept", "probe@web=kept"] {
        let again = room.run(&[&CHECK[..], &["--state", "other.json", "--input", input]].concat()).exits(2).json();
        assert_eq!(again.rule("down")["instances"][0]["group"], rule["instances"][0]["group"], "{input}");
    }
    let told = room.run(&["explain", "down", "--now", "2026-11-20T10:00:00Z"]);
    assert!(told.out.contains("down") && told.code != 3, "{}{}", told.out, told.err);
    let found = room.run(&["doctor"]);
    assert!(found.out.contains("target web"), "{}", found.out);
}

/// Without thresholds a rule follows the outcome.
#[test]
fn the_outcome_is_a_status() {
    let silent = saying(b"hello\r\n");
    let room = Room::new();
    let rule = "[[rules]]\nname = \"own\"\nsource = \"probe\"\nmetric = \"status\"\n";
    room.config(&format!("{}{rule}", target("t", &format!("url = \"tcp://{silent}\"\nexpect = {{ banner = \"bye\" }}"))));
    let report = room.run(&CHECK).exits(2).json();
    assert_eq!(report.rule("own")["severity"], "critical");
}

#[test]
fn banners_in_pieces_and_wrong_ones() {
    let pieces = serve(|mut stream| {
        for part in [&b"SSH"[..], b"-2.0-", b"Open\x1b[31mSSH\r\n"] {
            let _ = stream.write_all(part).and_then(|()| stream.flush());
        }
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let record = goes(&format!("url = \"ssh://{pieces}\""), "ok", "");
    assert_eq!(record["numbers"]["down"], 0.0);
    assert!(!record.to_string().contains('\u{1b}'), "{record}");
    let mail = saying(b"220 mx.example.com ESMTP\r\n");
    let record = goes(&format!("url = \"smtp://{mail}\""), "ok", "");
    assert_eq!(record["fields"]["banner"], "220 mx.example.com ESMTP");
    goes(&format!("url = \"ssh://{mail}\"\ntimeout = \"300ms\""), "banner", "220 mx.example.com");
    goes(&format!("url = \"ssh://{}\"", serve(drop)), "closed", "without a word");
    let quiet = saying(b"");
    goes(&format!("url = \"ssh://{quiet}\"\ntimeout = \"300ms\""), "timeout", "within 0.3 s");
    goes(&format!("url = \"tcp://{quiet}\""), "ok", "");
    let endless = serve(|mut stream| while stream.write_all(&[b'x'; 4096]).is_ok() {});
    goes(&format!("url = \"ssh://{endless}\""), "banner", "xxx");
}

#[test]
fn what_is_wrong_with_a_target_is_said_in_one_go() {
    let room = Room::new();
    room.config(&format!(
        "[probe]\ncanaries = [\"gatway\"]\n{}{}{}{}{}",
        target("gateway", "url = \"ping://192.0.2.1\""),
        target("x", "url = \"ping://192.0.2.1\"\nexpect = { status = [999], banner = \"x\" }\nheaders = { Host = \"x\", \"a b\" = \"y\" }"),
        target("a", "urls = [\"htp://x/\", \"tcp://x\", \"https://me:hunter2@x/\"]"),
        target("b", "url = \"https://x/\"\nurls = [\"https://y/\"]\nip = \"5\"\nstarttls = \"smpt\""),
        target("c", "url = \"https://x/\"\nexpect = { json = { \"a.b\" = \"1\" }, body = \"/(/\", rcode = \"NXDOMAIN\" }"),
    ));
    let ran = room.run(&["rules", "validate"]);
    let all = format!("{}{}", ran.out, ran.err);
    for part in [
        "no target of type probe is called 'gatway'",
        "did you mean `gateway`",
        "is not a status",
        "`expect.banner` in target `x` means nothing",
        "the header `Host` is set by pcemon itself",
        "`a b` is not the name of a header",
        "no kind of probe",
        "port is missing",
        "credentials do not belong into an address",
        "there is one of them",
        "did you mean `smtp`",
        "not a JSON pointer",
        "not a valid expression",
        "`expect.rcode`",
    ] {
        assert!(all.contains(part), "{part}\n{all}");
    }
    assert!(!all.contains("hunter2"), "{all}");
    assert_eq!(ran.code, 3);
}
