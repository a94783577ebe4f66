//! A whole run that sends a mail through a real mail server, read back by a real mail program's parser.

use super::rule;
use crate::channels::real_parts::{MailServer, header};
use crate::support::run_cli::Bench;
use serde_json::{Value, json};

/// A host name that tries everything: mark-up, line ends, a forged header, invisible signs, ten kilobytes.
fn hostile() -> String {
    let attack = "web\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script><img src=x onerror=alert(1)>\u{202e}\u{0}\u{1b}[2J";
    format!("{attack}{}", "x".repeat(10_000))
}

fn bench(server: &MailServer) -> Bench {
    let channel = format!("[[channels]]\nname = \"mail\"\ntype = \"email\"\n{}\n", server.settings("starttls", "ca.pem", "REAL_PASSWORD"));
    Bench::new(&format!("{}{channel}", rule(&["mail"], ""))).secret("REAL_PASSWORD", "password-S3CRET-2")
}

#[test]
fn a_hostile_host_name_reaches_the_reader_as_a_name() {
    let Some(server) = MailServer::start() else { return };
    let bench = bench(&server);
    let name = hostile();
    let run = bench.check(0, &[(&name, 500), ("db-01", 50)]);
    assert_eq!((run.code, run.deliveries()), (Some(2), vec!["mail sent".to_owned()]), "{}", run.stderr);
    assert!(!run.stderr.contains(['\u{1b}', '\u{202e}']));
    let facts: Value = serde_json::from_slice(&std::fs::read(server.path(1, "json")).unwrap()).unwrap();
    assert_eq!(facts["to"], json!(["soc@example.com", "boss@example.com"]));

    let mail = server.mail(1);
    assert_eq!(mail["defects"], json!([]));
    assert_eq!((header(&mail, "Bcc"), header(&mail, "To")), ("", "soc@example.com, boss@example.com"));
    assert!(header(&mail, "Subject").starts_with("[pcemon] CRITICAL: "), "{}", header(&mail, "Subject"));
    assert!(!header(&mail, "Message-ID").is_empty());
    let tags = mail["tags"].as_array().unwrap();
    assert!(["script", "img", "onerror"].iter().all(|tag| !tags.contains(&json!(tag))), "{tags:?}");
    for part in ["plain", "text"] {
        let text = mail[part].as_str().unwrap();
        assert!(text.contains("db-01") && text.contains("<script>alert(1)</script>"), "{text}");
        assert!(!text.contains(['\u{202e}', '\u{1b}']) && text.len() < 20_000, "{} bytes", text.len());
    }

    // The end comes in another mail, and in the listing of what waits the name is harmless, too.
    bench.check(1, &[]);
    assert!(header(&server.mail(2), "Subject").contains("RESOLVED"), "{}", header(&server.mail(2), "Subject"));
    assert!(!server.path(3, "eml").exists());
}

#[test]
fn a_hostile_host_name_waits_harmlessly() {
    let refused = crate::support::receivers::SmtpReceiver::start(&[(".", "451 later")]);
    let smtp = format!("smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}", refused.port());
    let channel = format!("[[channels]]\nname = \"mail\"\ntype = \"email\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]\n{smtp}\n");
    let bench = Bench::new(&format!("{}{channel}", rule(&["mail"], "")));
    assert_eq!(bench.check(0, &[(&hostile(), 500)]).deliveries(), ["mail queued"]);
    let list = bench.run(&["outbox", "list"]).stdout;
    assert!(list.contains("451 later") && list.contains("<script>") && list.len() < 2_000, "{list}");
    assert!(!list.contains(['\r', '\u{202e}', '\u{1b}']), "{list:?}");
}

/// What is new is read against what stands: a mail names the alerts that fire on beside it and were sent before, and no others.
#[test]
fn a_mail_names_what_fires_on_beside_its_news() {
    let server = crate::support::receivers::SmtpReceiver::start(&[]);
    let smtp = format!("smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}", server.port());
    let channel = format!("[[channels]]\nname = \"mail\"\ntype = \"email\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]\n{smtp}\n");
    let bench = Bench::new(&format!("[run]\ntimezone = \"Asia/Taipei\"\n{}{channel}", rule(&["mail"], "")));
    let text = |number: usize| {
        let mail = server.mails()[number].data.clone();
        mail.replace("=\r\n", "").replace("=3D", "=").replace("=E2=80=93", "-").replace("=C2=B7", "|")
    };
    bench.check(0, &[("web-01", 500)]);
    assert!(!text(0).contains("sent before"), "{}", text(0));
    bench.check(5, &[("web-01", 500), ("web-02", 50)]);
    let second = text(1);
    for part in ["1 more alert is firing, sent before:", "[CRITICAL] Blocked", "src_workload=web-01, since 2026-11-20 18:00 (UTC+08:00)"] {
        assert_eq!(second.matches(part).count(), 2, "{part} stands in text and HTML: {second}");
    }
    assert!(second.contains("Subject: [pcemon] WARNING Blocked"), "{second}");
    // What is over stands no more.
    bench.check(60, &[("web-01", 1), ("web-02", 1), ("web-03", 50)]);
    let third = text(2);
    assert!(!third.contains("sent before") && third.contains("New (1)") && third.contains("Over (2)"), "{third}");
    assert!(!third.contains("<img") && !third.contains("src=\"") && !third.contains("@import"), "{third}");
}

/// What is over has a value of now, and nobody who makes it: who made it then stood in the mail of then.
#[test]
fn what_is_over_lists_nobody() {
    let server = crate::support::receivers::SmtpReceiver::start(&[]);
    let smtp = format!("smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}", server.port());
    let channel = format!("[[channels]]\nname = \"mail\"\ntype = \"email\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]\n{smtp}\n");
    let bench = Bench::new(&format!("{}{channel}", rule(&["mail"], "")));
    let preview = |run: &crate::support::run_cli::Run| run.json()["deliveries"][0]["preview"].as_str().unwrap().to_owned();
    let firing = preview(&bench.check_with(0, &[("web-1", 500)], &["--dry-run"]));
    assert!(firing.contains("top:") && firing.contains("500 connections"), "{firing}");
    assert_eq!(bench.check(0, &[("web-1", 500)]).deliveries(), ["mail sent"]);
    let over = preview(&bench.check_with(45, &[], &["--dry-run"]));
    assert!(over.contains("RESOLVED") && !over.contains("top:") && !over.contains("500 connections"), "{over}");
}
