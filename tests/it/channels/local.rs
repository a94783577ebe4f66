//! Channels that speak no HTTP: a program, a file, syslog.

use super::limits::{Hostile, notification};
use super::payloads::same;
use super::{context, digest, error_of, now, open, read, single};
use crate::support::budget;
use pcemon::channels::{Outcome, SendContext};
use pcemon::domain::alert::Notification;
use proptest::prelude::*;
use serde_json::Value;
use std::io::Read;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

fn is_retry(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Retry { .. })
}

#[cfg(unix)]
fn shell(script: &str) -> String {
    format!("command = [\"/bin/sh\", \"-c\", '''{script}''', \"argument-S3CRET-1\"]")
}

#[cfg(unix)]
#[test]
fn a_program_gets_the_parcel_and_its_exit_code_counts() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("got.json");
    let channel = open("exec", &shell(&format!("cat > {}; echo noise", out.display())));
    assert_eq!(channel.send(&digest(), &context()), Outcome::Delivered);
    let got: Value = serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!((&got["schema"], &got["id"]), (&"pcemon.alert/1".into(), &digest().id.into()));
    assert_eq!(got["alerts"].as_array().unwrap().len(), 3);

    // Whether it reads its input or not, and however much it says, is its own business.
    for (script, words) in [
        ("exit 75", "requests a retry"),
        ("echo not now >&2; exit 75", "not now"),
        ("kill -9 $$", "signal"),
        ("exit 3", "exit code 3"),
        ("printf \"no: $0 \\033[31m\" >&2; exit 1", "no: [hidden] \\u{1b}[31m"),
        ("head -c 1000000 /dev/zero | tr \"\\0\" x >&2; exit 1", "exit code 1 and said: xxx"),
    ] {
        let outcome = open("exec", &shell(script)).send(&single(), &context());
        assert_eq!(is_retry(&outcome), script.contains("75") || script.contains("kill"), "{script}: {outcome:?}");
        assert!(error_of(&outcome).contains(words) && !error_of(&outcome).contains("S3CRET"), "{script}: {outcome:?}");
    }
    let outcome = open("exec", "command = \"/nowhere/program\"").send(&single(), &context());
    assert!(matches!(&outcome, Outcome::Permanent { error } if error.contains("/nowhere/program")), "{outcome:?}");
    // More than a pipe holds, and nobody reads it.
    let big = Notification { alerts: vec![super::alert(); 300], ..single() };
    assert_eq!(open("exec", &shell("exit 0")).send(&big, &context()), Outcome::Delivered);
}

#[cfg(unix)]
#[test]
fn a_program_that_is_not_done_in_time_is_killed_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let pid = dir.path().join("pid");
    let channel = open("exec", &shell(&format!("sleep 600 & echo $! > {}; wait", pid.display())));
    let begun = Instant::now();
    let outcome = channel.send(&single(), &SendContext { now: now(), timeout: Duration::from_millis(300) });
    assert!(is_retry(&outcome) && error_of(&outcome).contains("killed"), "{outcome:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    let child = std::fs::read_to_string(&pid).unwrap();
    // Gone, or dead and waiting to be reaped by whoever inherited it; the kernel may need a moment for that.
    let begun = Instant::now();
    loop {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        if state.is_empty() || state.contains(") Z ") || state.contains(") X ") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{state}");
        std::thread::yield_now();
    }
}

#[cfg(unix)]
#[test]
fn what_is_shown_of_a_program_hides_its_arguments() {
    let (settings, problems) = read("exec", &shell("exit 0"));
    let settings = settings.unwrap();
    assert_eq!(problems, []);
    let shown = open("exec", &shell("exit 0")).preview(&single(), now());
    assert!(shown.starts_with("/bin/sh [hidden] [hidden] [hidden]\n\n{\"schema\""), "{shown}");
    for text in [format!("{settings:?}"), settings.destination(), shown] {
        assert!(text.contains("/bin/sh") && !text.contains("S3CRET") && !text.contains("exit 0"), "{text}");
    }
}

#[test]
fn a_file_grows_by_whole_lines() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts.ndjson");
    // A disk that was full tore the last line.
    std::fs::write(&path, "{\"torn\":").unwrap();
    let channel = open("file", &format!("path = '{}'", path.display()));
    assert_eq!(channel.send(&digest(), &context()), Outcome::Delivered);
    let first = std::fs::read_to_string(&path).unwrap();
    assert_eq!(channel.send(&digest(), &context()), Outcome::Delivered);
    let both = std::fs::read_to_string(&path).unwrap();
    assert_eq!(both.strip_prefix(&first).unwrap(), first.strip_prefix("{\"torn\":\n").unwrap());
    let lines: Vec<&str> = first.lines().skip(1).collect();
    assert_eq!(lines.len(), 3);
    for (line, alert) in lines.iter().zip(&digest().alerts) {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&value["id"], value["alerts"].as_array().unwrap().len()), (&digest().id.into(), 1));
        assert_eq!(value["alerts"][0]["fingerprint"], alert.fingerprint.as_str());
    }
    assert_eq!(serde_json::from_str::<Value>(lines[2]).unwrap()["left_out"], 2);
    same("file.txt", &channel.preview(&digest(), now()).replace(&path.display().to_string(), "/alerts.ndjson"));
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_says_why() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts.ndjson");
    let channel = open("file", &format!("path = '{}'", path.display()));
    assert_eq!(channel.send(&single(), &context()), Outcome::Delivered);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let held = std::fs::File::open(&path).unwrap();
    held.lock().unwrap();
    let outcome = channel.send(&single(), &context());
    assert!(is_retry(&outcome) && error_of(&outcome).contains("another process"), "{outcome:?}");
    drop(held);
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    let outcome = open("file", &format!("path = '{}'", dir.path().display())).send(&single(), &context());
    assert!(matches!(&outcome, Outcome::Permanent { error } if error.contains("not a regular file")), "{outcome:?}");
    let outcome = open("file", &format!("path = '{}/none/x'", dir.path().display())).send(&single(), &context());
    assert!(is_retry(&outcome) && error_of(&outcome).contains("none/x"), "{outcome:?}");
}

/// What a syslog server on TCP does with its one connection.
enum Fate {
    Takes,
    TurnsAway,
    Hangs,
}

fn tcp(fate: Fate) -> (u16, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        match fate {
            Fate::Takes => {
                stream.read_to_end(&mut bytes).unwrap();
                sender.send(bytes).unwrap();
            }
            Fate::TurnsAway => {}
            // Open for longer than anybody waits.
            Fate::Hangs => std::thread::park_timeout(Duration::from_secs(10)),
        }
    });
    (port, receiver)
}

/// Takes a stream of counted octets apart.
fn unframe(mut bytes: &[u8]) -> Vec<String> {
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let gap = bytes.iter().position(|byte| *byte == b' ').unwrap();
        let length: usize = std::str::from_utf8(&bytes[..gap]).unwrap().parse().unwrap();
        messages.push(String::from_utf8(bytes[gap + 1..gap + 1 + length].to_vec()).unwrap());
        bytes = &bytes[gap + 1 + length..];
    }
    messages
}

fn over_tcp(notification: &Notification, more: &str) -> Vec<String> {
    let (port, received) = tcp(Fate::Takes);
    let channel = open("syslog", &format!("address = \"127.0.0.1:{port}\"\ntransport = \"tcp\"\n{more}"));
    assert_eq!(channel.send(notification, &context()), Outcome::Delivered);
    unframe(&received.recv().unwrap())
}

fn over_udp(notification: &Notification, more: &str) -> Vec<String> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let channel = open("syslog", &format!("address = \"{}\"\n{more}", socket.local_addr().unwrap()));
    assert_eq!(channel.send(notification, &context()), Outcome::Delivered);
    let mut buffer = vec![0; 70_000];
    let count = notification.alerts.len() + usize::from(notification.left_out > 0);
    (0..count)
        .map(|_| {
            let length = socket.recv(&mut buffer).unwrap();
            String::from_utf8(buffer[..length].to_vec()).unwrap()
        })
        .collect()
}

/// With the name of this machine, which is another one everywhere, and the version taken out.
fn steady(messages: &[String]) -> String {
    let lines: Vec<String> = messages
        .iter()
        .map(|message| {
            let mut words: Vec<&str> = message.splitn(4, ' ').collect();
            words[2] = "HOST";
            words.join(" ").replace(env!("CARGO_PKG_VERSION"), "VERSION")
        })
        .collect();
    format!("{}\n", lines.join("\n"))
}

#[test]
fn syslog_messages() {
    for (name, more) in [("syslog", ""), ("syslog-cef", "format = \"cef\"\nfacility = \"authpriv\"")] {
        let stream = over_tcp(&digest(), more);
        assert_eq!(stream, over_udp(&digest(), more));
        same(&format!("{name}.txt"), &steady(&stream));
    }
}

#[test]
fn a_syslog_server_that_does_not_take_the_stream_is_tried_again() {
    let send = |port: u16, timeout: u64| {
        let channel = open("syslog", &format!("address = \"127.0.0.1:{port}\"\ntransport = \"tcp\""));
        let outcome = channel.send(&single(), &SendContext { now: now(), timeout: Duration::from_millis(timeout) });
        assert!(is_retry(&outcome) && error_of(&outcome).contains(&format!("127.0.0.1:{port}")), "{outcome:?}");
        error_of(&outcome).to_owned()
    };
    let (port, _received) = tcp(Fate::TurnsAway);
    send(port, 10_000);
    let (port, _received) = tcp(Fate::Hangs);
    assert!(send(port, 300).contains("in time"));
    send(1, 10_000);
}

/// `<PRI>1 TIME HOST APP PROCID MSGID [SD] MSG`, to the letter.
fn check_rfc5424(message: &str, longest: usize) {
    assert!(message.len() <= longest, "{} {message}", message.len());
    assert!(!message.chars().any(char::is_control), "{message:?}");
    let words: Vec<&str> = message.splitn(7, ' ').collect();
    assert!(words[0].starts_with('<') && words[0].ends_with(">1"), "{message}");
    assert_eq!((words[1], words[3], words[4]), ("2026-11-20T10:00:00.000000Z", "pcemon", "-"));
    assert!(["firing", "resolved", "more"].contains(&words[5]));
    let mut chars = words[6].strip_prefix("[pcemon@32473").unwrap().chars();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => assert!(quoted && matches!(chars.next(), Some('"' | '\\' | ']')), "{message}"),
            '"' => quoted = !quoted,
            ']' if !quoted => break,
            _ => {}
        }
    }
    assert!(chars.as_str().starts_with(" \u{feff}"), "{message}");
}

fn check_cef(message: &str, longest: usize) {
    assert!(message.len() <= longest && !message.chars().any(char::is_control), "{message:?}");
    let cef = message.split_once(" - CEF:0|").unwrap().1;
    // Seven fields of the head: six bars that are not escaped.
    let bars =
        cef.char_indices().filter(|(at, c)| *c == '|' && (cef[..*at].len() - cef[..*at].trim_end_matches('\\').len()).is_multiple_of(2));
    assert!(bars.count() >= 6, "{cef}");
    assert!(cef.starts_with("pcemon|pcemon|"), "{cef}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(16), failure_persistence: None, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn any_text_stays_one_line(Hostile(notification) in notification()) {
        for message in over_tcp(&notification, "") {
            check_rfc5424(&message, 8000);
        }
        // More datagrams than that may be lost before they are read, which is what UDP is like.
        let few = Notification { alerts: notification.alerts.iter().take(20).cloned().collect(), ..notification.clone() };
        for message in over_udp(&few, "") {
            check_rfc5424(&message, 2048);
        }
        for message in over_udp(&few, "format = \"cef\"") {
            check_cef(&message, 2048);
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("alerts.ndjson");
        prop_assert_eq!(open("file", &format!("path = '{}'", path.display())).send(&notification, &context()), Outcome::Delivered);
        let lines = read_lines(&path);
        prop_assert_eq!(lines.len(), notification.alerts.len().max(1));
    }
}

fn read_lines(path: &Path) -> Vec<Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
