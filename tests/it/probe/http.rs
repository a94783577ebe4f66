//! Answers of every kind, from servers that mean well and from others.

use super::{CHECK, DOWN, answering, goes, only, outcome, request, serve, target};
use crate::support::cli::Room;
use std::io::{Read, Write};
use std::sync::Mutex;
use std::sync::mpsc;

#[test]
fn expectations_of_status_body_header_and_json() {
    let at = answering(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 37\r\n\r\n{\"db\":{\"state\":\"up\"},\"queue\":3,\"x\":1}",
    );
    let url = format!("url = \"http://{at}/health\"\n");
    let record = goes(
        &format!(
            "{url}expect = {{ status = [200], body = \"queue\", json = {{ \"/db/state\" = \"up\", \"/queue\" = \"3\" }}, header = {{ content-type = \"json\" }} }}"
        ),
        "ok",
        "",
    );
    assert_eq!((&record["numbers"]["http_status"], &record["numbers"]["size"]), (&200.0.into(), &37.0.into()));
    for phase in ["latency", "resolve", "connect", "first_byte", "transfer"] {
        assert!(record["numbers"][phase].is_number(), "{phase}: {record}");
    }
    assert_eq!(record["numbers"]["tls"], serde_json::Value::Null);
    goes(&format!("{url}expect = {{ status = \"3xx\" }}"), "status", "status 200, expected is 300-399");
    goes(&format!("{url}expect = {{ json = {{ \"/db/state\" = \"down\" }} }}"), "body", "'up', expected is 'down'");
    goes(&format!("{url}expect = {{ not_body = \"/que+/\" }}"), "body", "must not be");
    goes(&format!("{url}expect = {{ header = {{ x-none = \"a\" }} }}"), "header", "no header x-none");
    goes(&format!("url = \"http://{}/\"", answering("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")), "status", "401");
    goes(
        &format!("url = \"http://{}/\"\nexpect = {{ status = 401 }}", answering("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")),
        "ok",
        "",
    );
    goes(&format!("url = \"http://{}/\"", answering("HTTP/1.1 204 None\r\n\r\n")), "ok", "");
    goes(&format!("url = \"http://{}/\"\nmethod = \"HEAD\"", answering("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")), "ok", "");
    goes(
        &format!(
            "url = \"http://{}/\"\nexpect = {{ body = \"abcdef\" }}",
            answering(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3;x=y\r\ndef\r\n0\r\n\r\n"
            )
        ),
        "ok",
        "",
    );
    goes(
        &format!("url = \"http://{}/\"\nexpect = {{ body = \"\u{fffd}\" }}", answering(b"HTTP/1.0 200 OK\r\n\r\n\xff\xfe".to_vec())),
        "ok",
        "",
    );
}

#[test]
fn answers_that_are_none() {
    for (answer, wanted, part) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"[..], "closed", "rest of the body"),
        (b"<html>hello</html>", "protocol", "does not speak HTTP/1"),
        (b"HTTP/1.1 20", "closed", "within the head"),
        (b"", "closed", "without an answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "protocol", "no length"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "protocol", "gzip"),
        (b"\x1b]0;owned\x07 hello\r\n", "protocol", "does not speak"),
    ] {
        let record = goes(&format!("url = \"http://{}/\"", answering(answer)), wanted, part);
        assert!(!record.to_string().contains("\\u001b"), "{record}");
    }
}

/// Every read is bounded, in bytes and in time.
#[test]
fn what_never_ends_is_ended() {
    let endless = serve(|mut stream| {
        request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nbegin");
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
    });
    goes(&format!("url = \"http://{endless}/\"\nexpect = {{ body = \"begin\" }}"), "ok", "");
    // What lies beyond is not known, and not absent.
    let room = Room::new();
    room.config(&format!("{}{DOWN}", target("t", &format!("url = \"http://{endless}/\"\nexpect = {{ not_body = \"error\" }}"))));
    let report = room.run(&CHECK).exits(3).json();
    assert!(report.0.to_string().contains("only its first MiB is read"), "{:#}", report.0);
}

#[test]
fn what_comes_drop_by_drop_has_the_time_of_one_attempt() {
    let slow = serve(|mut stream| {
        request(&mut stream);
        let mut byte = [0u8; 1];
        // One byte each time the other side's patience of a read could begin anew.
        stream.set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
        while stream.write_all(b"H").is_ok() {
            if matches!(stream.read(&mut byte), Ok(0)) {
                return;
            }
        }
    });
    let begun = std::time::Instant::now();
    let record = only(&format!("url = \"http://{slow}/\"\ntimeout = \"500ms\""));
    assert!(matches!(outcome(&record).0, "timeout" | "protocol"), "{record}");
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
    let bomb = {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(&vec![0u8; 64 << 20]).unwrap();
        let packed = packed.finish().unwrap();
        let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len()).into_bytes();
        answer.extend_from_slice(&packed);
        answering(answer)
    };
    let record = goes(&format!("url = \"http://{bomb}/\""), "ok", "");
    assert_eq!(record["numbers"]["size"], f64::from(1 << 20));
}

#[test]
fn redirects_are_followed_and_credentials_stay() {
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    let other = serve(move |mut stream| {
        sender.lock().unwrap().send(request(&mut stream)).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let (own_sender, own_receiver) = mpsc::channel();
    let own_sender = Mutex::new(own_sender);
    let first = serve(move |mut stream| {
        own_sender.lock().unwrap().send(request(&mut stream)).unwrap();
        let _ = stream
            .write_all(format!("HTTP/1.1 302 Found\r\nLocation: http://{other}/in?token=hunter3\r\nContent-Length: 0\r\n\r\n").as_bytes());
    });
    let room = Room::new();
    let keys = format!(
        "url = \"http://{first}/?key=hunter4\"\nheaders = {{ Authorization = {{ env = \"SHOP\" }} }}\nexpect = {{ body = \"nothing\" }}"
    );
    room.config(&format!("{}{DOWN}", target("shop", &keys)));
    let mut command = room.command(&[&CHECK[..], &["--record", "kept", "-v"]].concat());
    let ran = crate::support::cli::Ran::of(command.env("SHOP", "Bearer hunter2-token").env("http_proxy", "http://127.0.0.1:1/"));
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(own_receiver.recv().unwrap().contains("Authorization: Bearer hunter2-token"));
    let head = receiver.recv().unwrap();
    assert!(head.starts_with("GET /in?token=hunter3 ") && !head.contains("hunter2"), "{head}");
    for (path, text) in room.files() {
        assert!(!text.contains("hunter") || path.ends_with("rules.toml"), "{}: {text}", path.display());
    }
    assert!(!format!("{}{}", ran.out, ran.err).contains("hunter"), "{}{}", ran.out, ran.err);
    // A loop ends, and what is named is not followed.
    let round = answering("HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
    goes(&format!("url = \"http://{round}/\""), "redirect", "after 5 redirects");
    let record = goes(&format!("url = \"http://{round}/\"\nexpect = {{ status = [301] }}"), "ok", "");
    assert_eq!(record["numbers"]["redirects"], 0.0);
    goes(&format!("url = \"http://{round}/\"\nmax_redirects = 0"), "status", "301");
    goes(&format!("url = \"http://{}/\"", answering("HTTP/1.1 301 M\r\nLocation: file:///etc/passwd\r\n\r\n")), "redirect", "file:");
}

#[test]
fn a_header_that_would_inject_another_is_refused() {
    let at = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let room = Room::new();
    room.config(&format!("{}{DOWN}", target("t", &format!("url = \"http://{at}/\"\nheaders = {{ X-Any = {{ env = \"EVIL\" }} }}"))));
    let mut command = room.command(&CHECK);
    let ran = crate::support::cli::Ran::of(command.env("EVIL", "a\r\nX-Other: hunter2"));
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(ran.out.contains("header X-Any contains characters") && !ran.out.contains("hunter2"), "{}", ran.out);
}

/// A proxy for tests: what it was asked, and this answer; behind a good one it hands the connection on to `to`.
fn proxy(answer: &'static str, to: Option<std::net::SocketAddr>) -> (std::net::SocketAddr, mpsc::Receiver<String>) {
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    let at = serve(move |mut stream| {
        let head = request(&mut stream);
        let tunnel = head.starts_with("CONNECT ");
        sender.lock().unwrap().send(head.clone()).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        let Some(to) = to else { return };
        let mut inner = std::net::TcpStream::connect(to).unwrap();
        if !tunnel {
            inner.write_all(head.as_bytes()).unwrap();
        }
        let (mut from, mut back) = (stream.try_clone().unwrap(), inner.try_clone().unwrap());
        let there = std::thread::spawn(move || drop(std::io::copy(&mut from, &mut inner)));
        let _ = std::io::copy(&mut back, &mut stream);
        let _ = stream.shutdown(std::net::Shutdown::Both);
        let _ = there.join();
    });
    (at, receiver)
}

const MADE: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

#[test]
fn through_a_proxy() {
    let service = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let (plain, asked) = proxy("", Some(service));
    let record = goes(&format!("url = \"http://{service}/health?x=1\"\nproxy = \"http://{plain}\""), "ok", "");
    assert!(asked.recv().unwrap().starts_with(&format!("GET http://{service}/health?x=1 HTTP/1.1\r\nHost: {service}\r\n")));
    // The address of the proxy is not that of the service.
    assert_eq!(record["fields"]["address"], serde_json::Value::Null, "{record}");
    let ssh = serve(|mut stream| drop(stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").and_then(|()| stream.read(&mut [0u8; 64]))));
    let (tunnel, asked) = proxy(MADE, Some(ssh));
    let record = goes(&format!("url = \"ssh://ssh.example.com:2222\"\nproxy = \"http://{tunnel}\""), "ok", "");
    assert_eq!(record["fields"]["banner"], "SSH-2.0-OpenSSH_9.2");
    // The name is the proxy's to resolve.
    assert!(asked.recv().unwrap().starts_with("CONNECT ssh.example.com:2222 HTTP/1.1\r\n"));
    let (tunnel, _asked) = proxy(MADE, Some(super::saying(b"no TLS here\r\n")));
    goes(&format!("url = \"tls://db.example.com:5432\"\nproxy = \"http://{tunnel}\""), "tls", &format!("through the proxy {tunnel}:"));
}

/// What the proxy alone is to blame for says nothing of the service.
#[test]
fn a_proxy_that_fails_is_not_the_service() {
    let closed = crate::support::closed::ClosedPort::new();
    let url = "url = \"https://shop.example.com/\"";
    for (answer, wanted, part) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "own_fault", "password"),
        ("HTTP/1.1 403 Forbidden by rule 17\r\n\r\n", "own_fault", "Forbidden by rule 17"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "own_fault", "400"),
        ("SSH-2.0-x\r\n\r\n", "own_fault", "SSH-2.0-x"),
        ("", "own_network", "instead of making a tunnel"),
        ("closed", "own_network", "cannot be reached"),
        ("HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_DNS_FAIL 0\r\n\r\n", "unreachable", "503"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "unreachable", "for shop.example.com:443"),
        ("HTTP/1.1 504 Gateway Timeout\r\n\r\n", "timeout", "504"),
    ] {
        let room = Room::new();
        let (at, _asked) = proxy(answer, None);
        let at = if answer == "closed" { closed.to_string() } else { at.to_string() };
        let good = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        let targets = target("t", &format!("{url}\nproxy = \"http://{at}\"")) + &target("u", &format!("url = \"http://{good}/\""));
        room.config(&format!("{targets}{DOWN}"));
        let report = room.run(&CHECK).json();
        let down = !wanted.starts_with("own");
        assert_eq!(report.rule("down")["state"], if down { "firing" } else { "unknown" }, "{answer}: {:#}", report.0);
        assert!(report.0.to_string().contains(part), "{answer}: {:#}", report.0);
    }
    let room = Room::new();
    room.config(&format!("{}{DOWN}", target("t", &format!("{url}\nproxy = \"http://me:hunter2@proxy.example.com:3128\""))));
    let ran = room.run(&CHECK).exits(3);
    assert!(ran.err.contains("asks for a password is not supported") && !ran.err.contains("hunter2"), "{}", ran.err);
    room.config(&format!("{}{DOWN}", target("t", "url = \"ping://192.0.2.1\"\nproxy = \"http://proxy.example.com:3128\"")));
    assert!(room.run(&CHECK).exits(3).err.contains("`proxy`"));
}
