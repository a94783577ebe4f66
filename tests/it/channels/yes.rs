//! What counts as delivered: each service's own yes, and nothing else.

use super::contract::{Verdict, http_kinds, http_settings, verdict, willing};
use super::{context, open, single};
use crate::support::receivers::{Receiver, Reply, yes_of};
use crate::support::run_cli::Bench;
use pcemon::channels::Outcome;

/// Portals, login pages and proxies answer 200; services say no under 200. Only the service's own yes is one.
#[test]
fn only_the_services_own_yes_counts_as_delivered() {
    let page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>ok</body></html>";
    let html = |status: u16, body: &str| Reply::status(status).header("content-type", "text/html; charset=utf-8").body(body);
    let json = |body: &str| Reply::status(200).header("content-type", "application/json").body(body);
    let pages = [
        html(200, page),
        html(202, page),
        html(201, "\u{feff}\n <!-- portal --><HTML><body>ok"),
        html(200, "<meta http-equiv=refresh content='0;url=https://portal.example.com/'>"),
        html(200, "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\"><html/>"),
        html(200, "<script>location='https://portal.example.com'</script>{\"ok\":true,\"id\":\"x\"}"),
    ];
    let noes = [
        json(r#"{"ok":false,"error_code":500,"description":"no"}"#),
        json(r#"{"ok":false,"error":"invalid_payload"}"#),
        json(r#"{"success":false}"#),
        json(r#"{"status":"error","message":"no"}"#),
    ];
    let words = [
        Reply::status(200).body("invalid_payload"),
        Reply::status(200).body("Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"),
        Reply::status(200).body("The service is being maintained."),
        json("{}"),
        json("[]"),
        json(r#"{"message":"Too many requests"}"#),
        json(r#"{"id":42,"ok":1,"status":"queued","requestId":null,"messages":[],"event":"message"}"#),
    ];
    for kind in http_kinds() {
        // What is no yes of any service may be one of a webhook, whose words are its owner's.
        let others: &[Reply] = if kind == "webhook" { &[] } else { &words };
        for reply in pages.iter().chain(&noes).chain(others) {
            let receiver = Receiver::http([reply.clone()]);
            let outcome = open(kind, &http_settings(kind, &receiver.url()).unwrap()).send(&single(), &context());
            assert_eq!(verdict(&outcome), Verdict::Retry, "{kind} {reply:?}: {outcome:?}");
        }
        let receiver = willing(kind);
        let channel = open(kind, &http_settings(kind, &receiver.url()).unwrap());
        assert_eq!(channel.send(&single(), &context()), Outcome::Delivered, "{kind}");
    }
    // Services that speak like these.
    for (kind, reply) in [
        ("slack", json(r#"{"ok":true}"#)),
        ("slack", json(r#"{"success":true}"#)),
        ("teams", Reply::status(200).body("1")),
        ("webhook", Reply::status(200).body("<p>thanks</p>")),
        ("webhook", Reply::status(204)),
        ("servicenow", json(r#"{"records":[{"sys_id":"a1b2","__status":"success"}]}"#)),
        ("alertmanager", json(r#"{"status":"success"}"#)),
        ("line", Reply::status(409).body(r#"{"message":"The retry key is already accepted"}"#)),
    ] {
        let receiver = Receiver::http([reply.clone()]);
        let outcome = open(kind, &http_settings(kind, &receiver.url()).unwrap()).send(&single(), &context());
        assert_eq!(outcome, Outcome::Delivered, "{kind} {reply:?}");
    }
    // A long answer, and one that breaks off before its yes.
    let long = format!(r#"{{"content":"{}","id":"1309876543210"}}"#, "\\ud83d\\ude00".repeat(6000));
    let receiver = Receiver::http([json(&long), json(&long[..5000])]);
    let channel = open("discord", &http_settings("discord", &receiver.url()).unwrap());
    assert_eq!(channel.send(&single(), &context()), Outcome::Delivered);
    assert_eq!(verdict(&channel.send(&single(), &context())), Verdict::Retry);
}

/// `channel test` believes nothing else either.
#[test]
fn a_channel_test_is_not_taken_by_a_login_page() {
    let page = Reply::status(200).header("content-type", "text/html").body("<!doctype html><title>Sign in</title>");
    let receiver = Receiver::http([page, yes_of("slack")]);
    let config = "[[channels]]\nname = \"chat\"\ntype = \"slack\"\nurl = { env = \"chat\" }\n";
    let bench = Bench::new(config).url("chat", &receiver.url());
    let run = bench.run(&["channel", "test", "chat"]);
    assert!(
        run.code != Some(0) && run.said().contains("a web page") && !run.said().contains("accepted the test message"),
        "{}",
        run.said()
    );
    let run = bench.run(&["channel", "test", "chat"]);
    assert!(run.code == Some(0) && run.said().contains("accepted the test message"), "{}", run.said());
    assert_eq!(receiver.requests().len(), 2);
}
