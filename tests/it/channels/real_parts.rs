//! The same channels against programs that others wrote: aiosmtpd, Python's mail parser, the library
//! of Standard Webhooks.
//!
//! `PCEMON_REAL_PARTS` names a Python environment with `tests/real/requirements.txt` installed. Without
//! it these tests say that they did not run; with `PCEMON_REQUIRE_REAL=1` they fail then.

use super::{ENVIRONMENT, alert, context, digest, error_of, open, single};
use crate::support::receivers::Receiver;
use pcemon::channels::{Outcome, SendContext};
use pcemon::domain::alert::Notification;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A command that runs one of the scripts, or nothing when the parts are missing.
fn script(name: &str) -> Option<Command> {
    let Some(directory) = std::env::var_os("PCEMON_REAL_PARTS") else {
        assert!(
            std::env::var_os("PCEMON_REQUIRE_REAL").is_none_or(|value| value != "1"),
            "PCEMON_REQUIRE_REAL=1, but PCEMON_REAL_PARTS is not set"
        );
        // Not by a macro: what those write is swallowed when the test passes.
        let said = format!("\nNOT RUN: {name} needs PCEMON_REAL_PARTS, a Python environment with tests/real/requirements.txt\n");
        std::io::stderr().write_all(said.as_bytes()).unwrap();
        return None;
    };
    let mut command = Command::new(Path::new(&directory).join("bin/python"));
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real").join(name));
    Some(command)
}

/// The mail server, and where it keeps its certificates and mails.
pub(crate) struct MailServer {
    process: Child,
    directory: tempfile::TempDir,
    ports: Value,
}

impl MailServer {
    pub(crate) fn start() -> Option<MailServer> {
        let directory = tempfile::tempdir().unwrap();
        let mut command = script("smtp_server.py")?;
        command.arg(directory.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports = serde_json::from_str(&line).unwrap_or_else(|error| panic!("the mail server did not start: {error} {line}"));
        Some(MailServer { process, directory, ports })
    }

    pub(crate) fn settings(&self, tls: &str, ca: &str, password: &str) -> String {
        format!(
            "from = \"pcemon@example.com\"\nto = [\"soc@example.com\", \"boss@example.com\"]\n\
             smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"{tls}\", user = \"pcemon\", password = {{ env = \"{password}\" }}, \
             ca_file = '{}' }}",
            self.ports[tls],
            self.directory.path().join(ca).display()
        )
    }

    fn send(&self, tls: &str, ca: &str, password: &str, notification: &Notification) -> Outcome {
        open("email", &self.settings(tls, ca, password)).send(notification, &context())
    }

    pub(crate) fn path(&self, number: u32, extension: &str) -> PathBuf {
        self.directory.path().join(format!("{number}.{extension}"))
    }

    /// The mail as Python reads it.
    pub(crate) fn mail(&self, number: u32) -> Value {
        let output = script("read_mail.py").unwrap().arg(self.path(number, "eml")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It ends with its standard input; waiting reaps it.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

pub(crate) fn header<'a>(mail: &'a Value, name: &str) -> &'a str {
    let headers = mail["headers"].as_array().unwrap();
    headers.iter().find(|pair| pair[0] == name).map_or("", |pair| pair[1].as_str().unwrap())
}

#[test]
fn a_mail_arrives_over_tls_with_a_login() {
    let Some(server) = MailServer::start() else { return };
    for (number, tls) in [(1, "starttls"), (2, "implicit")] {
        assert_eq!(server.send(tls, "ca.pem", "PASSWORD", &digest()), Outcome::Delivered, "{tls}");
        let facts: Value = serde_json::from_slice(&std::fs::read(server.path(number, "json")).unwrap()).unwrap();
        assert_eq!(
            facts,
            json!({ "from": "pcemon@example.com", "to": ["soc@example.com", "boss@example.com"], "tls": true, "login": true })
        );
        let mail = server.mail(number);
        assert_eq!(mail["defects"], json!([]));
        assert_eq!(mail["types"], json!(["multipart/alternative", "text/plain", "text/html"]));
        // As long as a phone shows.
        assert_eq!(header(&mail, "Subject"), "[pcemon] CRITICAL: 5 alerts — Blocked traffic to databases, Backup volume, 登入…");
        assert_eq!(header(&mail, "Auto-Submitted"), "auto-generated");
        for part in ["plain", "text"] {
            let text = mail[part].as_str().unwrap();
            assert!(
                text.contains("登入失敗 <Login failures>") && text.contains("+2 more") && text.contains("≥ 1,234 connections"),
                "{text}"
            );
        }
    }
}

#[test]
fn a_certificate_of_an_unknown_ca_is_refused_and_named() {
    let Some(server) = MailServer::start() else { return };
    for tls in ["starttls", "implicit"] {
        let outcome = server.send(tls, "other-ca.pem", "PASSWORD", &single());
        assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
        let error = error_of(&outcome);
        assert!(error.contains("certificate was refused") && error.contains("127.0.0.1") && error.contains("ca_file"), "{error}");
        assert!(!error.contains("S3CRET"), "{error}");
    }
    assert!(!server.path(1, "eml").exists());

    // The HTTP channels judge certificates in the same words; the handshake comes before the first byte of HTTP.
    let webhook = |ca: &str| {
        let ca = server.directory.path().join(ca);
        open("webhook", &format!("url = \"https://127.0.0.1:{}/\"\nca_file = '{}'", server.ports["implicit"], ca.display()))
    };
    let refused = webhook("other-ca.pem").send(&single(), &context());
    assert!(error_of(&refused).contains("certificate was refused"), "{refused:?}");
    let accepted = webhook("ca.pem").send(&single(), &context());
    assert!(!error_of(&accepted).contains("certificate"), "{accepted:?}");
}

#[test]
fn a_wrong_password_is_not_tried_again() {
    let Some(server) = MailServer::start() else { return };
    for tls in ["starttls", "implicit"] {
        let outcome = server.send(tls, "ca.pem", "TOKEN", &single());
        assert!(matches!(outcome, Outcome::Permanent { .. }), "{outcome:?}");
        let error = error_of(&outcome);
        assert!(error.contains("check user and password") && !error.contains("S3CRET"), "{error}");
    }
    assert!(!server.path(1, "eml").exists());
}

#[test]
fn a_hostile_name_stays_a_name() {
    let Some(server) = MailServer::start() else { return };
    let name = "web\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script><img src=x onerror=alert(1)>\u{202e}\u{0}";
    let mut hostile = alert();
    hostile.rule = name.to_owned();
    hostile.group = vec![("src_workload".to_owned(), Some(name.to_owned())), ("process".to_owned(), Some("x".repeat(10_000)))];
    hostile.runbook = Some("javascript:alert(1)".to_owned());
    hostile.top[0].src = name.to_owned();
    let notification = Notification { alerts: vec![hostile], ..single() };
    assert_eq!(server.send("starttls", "ca.pem", "PASSWORD", &notification), Outcome::Delivered);
    let mail = server.mail(1);
    assert_eq!(mail["defects"], json!([]));
    assert_eq!(header(&mail, "Bcc"), "");
    assert_eq!(header(&mail, "To"), "soc@example.com, boss@example.com");
    let subject = header(&mail, "Subject");
    assert!(subject.chars().count() <= 150 && subject.contains("web\\u{d}\\u{a}Bcc"), "{subject}");
    assert_eq!(mail["types"], json!(["multipart/alternative", "text/plain", "text/html"]));
    let tags = mail["tags"].as_array().unwrap();
    for tag in ["script", "img", "onerror"] {
        assert!(!tags.contains(&json!(tag)), "{tags:?}");
    }
    assert_eq!(mail["links"], json!(["https://pce.example.com:8443"]));
    let text = mail["text"].as_str().unwrap();
    assert!(text.contains("<script>alert(1)</script>") && !text.contains('\u{202e}') && text.len() < 5_000, "{text}");
}

#[test]
fn another_library_verifies_the_signature() {
    let Some(mut right) = script("verify_webhook.py") else { return };
    let receiver = Receiver::http([]);
    let channel = open("webhook", &format!("url = \"{}\"\nsecret = [{{ env = \"OLD_KEY\" }}, {{ env = \"KEY\" }}]", receiver.url()));
    // The library compares with the real clock.
    let context = SendContext { now: jiff::Timestamp::now(), ..context() };
    assert_eq!(channel.send(&digest(), &context), Outcome::Delivered);
    let request = &receiver.requests()[0];
    let headers: serde_json::Map<String, Value> =
        request.headers.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect();
    let given = |body: &str| json!({ "headers": headers, "body": body }).to_string();
    let key = ENVIRONMENT.iter().find(|(name, _)| *name == "KEY").unwrap().1;

    assert_eq!(run(right.arg(key), &given(&request.body)), (true, "alert.firing".to_owned()));
    let mut tampered = script("verify_webhook.py").unwrap();
    assert!(!run(tampered.arg(key), &given(&request.body.replace("1234", "1"))).0);
    let mut wrong = script("verify_webhook.py").unwrap();
    assert!(!run(wrong.arg("whsec_d3JvbmcgS2V5IHdyb25nIGtleQ=="), &given(&request.body)).0);
}

/// Whether it ended well, and what it said.
fn run(command: &mut Command, input: &str) -> (bool, String) {
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
