//! Whatever the PCE calls its workloads, what is sent keeps every limit and stays what it is.

use super::contract::{http_kinds, http_settings, willing};
use super::{context, open, single};
use crate::support::budget;
use crate::support::receivers::{ReceivedMail, Receiver, Request, SmtpReceiver};
use base64::Engine;
use pcemon::channels::Outcome;
use pcemon::domain::alert::{Alert, Contributor, Notification, Reason, Standing};
use pcemon::domain::entry::AlertState;
use pcemon::domain::threshold::Severity;
use pcemon::domain::unit::Unit;
use pcemon::lang::{self, Language};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        vec(any::<char>(), 0..200).prop_map(String::from_iter),
        Just("web-01\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>".to_owned()),
        Just("<img src=x onerror='alert(1)'>\"&amp;</td></table>".to_owned()),
        Just("\u{202e}evil\u{0}\u{1b}]0;x\u{7}\u{feff}".to_owned()),
        Just(".\r\nQUIT\r\n".to_owned()),
        Just("=?utf-8?q?spoof?=".to_owned()),
        Just("W".repeat(10_000)),
        Just("資".repeat(10_000)),
        Just("😀".repeat(10_000)),
        Just("\n".repeat(10_000)),
        Just("\u{7}".repeat(10_000)),
        Just(String::new()),
    ]
}

fn alert() -> impl Strategy<Value = Alert> {
    let texts = (hostile(), hostile(), hostile(), option::of(hostile()), option::of(hostile()), hostile());
    let lists = (
        vec((hostile(), option::of(hostile())), 0..12),
        vec((hostile(), hostile(), hostile(), any::<Option<u16>>(), any::<f64>()), 0..8),
        vec((hostile(), hostile()), 0..4),
    );
    let picks = (0..3_usize, any::<bool>(), any::<Option<f64>>(), prop_oneof![Just(Unit::Bytes), Just(Unit::Status), Just(Unit::Events)]);
    (texts, lists, picks).prop_map(|((rule, fingerprint, threshold, description, runbook, summary), (group, top, labels), picks)| {
        let (severity, resolved, value, unit) = picks;
        Alert {
            fingerprint,
            rule,
            severity: Severity::ALL[severity],
            state: if resolved { AlertState::Resolved } else { AlertState::Firing },
            reason: if resolved { Reason::Resolved } else { Reason::Reminder },
            value,
            unit,
            threshold,
            group,
            labels: BTreeMap::from_iter(labels),
            summary,
            description,
            runbook,
            top: top
                .into_iter()
                .map(|(src, dst, decision, port, value)| Contributor { proto: decision.clone(), src, dst, port, decision, value })
                .collect(),
            ..super::alert()
        }
    })
}

/// A notification whose `Debug` does not fill the screen.
pub(super) struct Hostile(pub Notification);

impl std::fmt::Debug for Hostile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let texts: Vec<String> =
            self.0.alerts.iter().map(|alert| format!("{:?}", (&alert.rule, &alert.group)).chars().take(200).collect()).collect();
        write!(f, "{} alerts, first {:?}", texts.len(), texts.first())
    }
}

pub(super) fn notification() -> impl Strategy<Value = Hostile> {
    (vec(alert(), 0..5), prop_oneof![Just(1_usize), Just(15)], hostile(), prop_oneof![Just(0_usize), Just(usize::MAX)]).prop_map(
        |(alerts, times, text, left_out)| {
            let mut notification = Notification { alerts: vec![alerts; times].concat(), left_out, channel: text.clone(), ..single() };
            notification.standing = vec![Standing {
                rule: text.clone(),
                severity: Severity::Warning,
                group: vec![(text.clone(), Some(text.clone()))],
                since: notification.created,
            }];
            notification.pce.url = text;
            Hostile(notification)
        },
    )
}

/// What the checks look for in the language of this process: the window of a told alert, what counts the others, the
/// link to a runbook. The test of the languages runs this test once more with the variable set.
struct Words {
    window: &'static str,
    more: fn(usize) -> String,
    counts: &'static str,
    runbook: &'static str,
}

const ENGLISH: Words = Words { window: "window ", more: |count| format!("+{count} more"), counts: " more", runbook: "|runbook>" };
const CHINESE: Words =
    Words { window: "時間窗 ", more: |count| format!("另有 {count} 項"), counts: "另有 ", runbook: "|處理手冊>" };

fn words() -> Words {
    if lang::current() == Language::English { ENGLISH } else { CHINESE }
}

fn check_json(body: &str, alerts: usize) {
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(value["alerts"].as_array().unwrap().len(), alerts);
}

fn check_line(body: &str, notification: &Notification) {
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    let messages = value["messages"].as_array().unwrap();
    assert!((1..=5).contains(&messages.len()));
    let mut blocks = 0;
    for message in messages {
        let text = message["text"].as_str().unwrap();
        assert!((1..=5000).contains(&text.encode_utf16().count()));
        assert!(!text.contains(['\r', '\u{1b}', '\u{202e}', '\0']));
        blocks += text.matches(&format!("\n{}", words().window)).count();
    }
    let last = messages.last().unwrap()["text"].as_str().unwrap();
    let unseen = (notification.alerts.len() - blocks).saturating_add(notification.left_out);
    assert_eq!(last.ends_with(&format!("\n\n{}", (words().more)(unseen))), unseen > 0, "{blocks} of {} {last}", notification.alerts.len());
}

/// The limits that each service documents.
fn check(kind: &str, requests: &[Request], notification: &Notification) {
    let bodies: Vec<Value> = requests.iter().map(|request| serde_json::from_str(&request.body).unwrap()).collect();
    match kind {
        "webhook" => check_json(&requests[0].body, notification.alerts.len()),
        "line" => check_line(&requests[0].body, notification),
        "slack" => check_slack(&bodies[0], notification),
        "teams" => check_teams(&requests[0].body, &bodies[0], notification),
        "alertmanager" => check_alertmanager(&bodies[0], notification),
        "pagerduty" => check_pagerduty(&bodies, notification),
        "discord" => check_discord(&bodies[0], notification),
        "telegram" => {
            assert!((1..=4096).contains(&units(&bodies[0]["text"])));
            assert_eq!(bodies[0].get("parse_mode"), None);
            check_count(bodies[0]["text"].as_str().unwrap(), notification);
        }
        "ntfy" => {
            let message = bodies[0]["message"].as_str().unwrap();
            assert!((1..=4096).contains(&message.len()) && bodies[0]["title"].as_str().unwrap().len() <= 250);
            check_count(message, notification);
        }
        "opsgenie" => check_opsgenie(requests, &bodies, notification),
        "servicenow" => {
            let records = bodies[0]["records"].as_array().unwrap();
            assert_eq!(records.len(), notification.alerts.len());
            for record in records {
                assert!(units(&record["description"]) <= 4000 && units(&record["message_key"]) <= 1024);
                assert!(units(&record["node"]) <= 100 && units(&record["resource"]) <= 100 && units(&record["metric_name"]) <= 100);
                assert!(serde_json::from_str::<Value>(record["additional_info"].as_str().unwrap()).unwrap().is_object());
            }
        }
        "whatsapp" => {
            let text = &bodies[0]["template"]["components"][0]["parameters"][0]["text"];
            assert!((1..=1024).contains(&units(text)), "{text}");
            assert!(!text.as_str().unwrap().contains(['\n', '\t', '\r']) && !text.as_str().unwrap().contains("    "));
        }
        "apprise" => {
            assert!(bodies[0]["title"].as_str().unwrap().chars().count() <= 250);
            let told = bodies[0]["body"].as_str().unwrap();
            assert!(told.chars().count() <= 10_000);
            check_count(told, notification);
        }
        "icinga" => {
            let output = bodies[0]["plugin_output"].as_str().unwrap();
            assert!((1..=8000).contains(&output.chars().count()) && !output.contains(['|', '\r', '\u{1b}', '\u{202e}', '\0']));
            assert!((0..=2).contains(&bodies[0]["exit_status"].as_i64().unwrap()));
        }
        other => panic!("add the limits of '{other}'"),
    }
}

/// Every alert is told or counted, by the windows that were told.
fn check_count(text: &str, notification: &Notification) {
    let blocks = text.matches(&format!("{}2026-11-20T09:50:00Z", words().window)).count();
    let unseen = (notification.alerts.len() - blocks).saturating_add(notification.left_out);
    // Of an alert that was cut the window may be gone.
    let more = |count: usize| text.contains(&(words().more)(count));
    assert!(more(unseen) || more(unseen - unseen.min(1)) || unseen <= 1 && !text.contains(words().counts), "{blocks} {unseen} {text}");
    assert!(!text.contains(['\r', '\u{1b}', '\u{202e}', '\0']));
}

fn units(value: &Value) -> usize {
    value.as_str().unwrap().encode_utf16().count()
}

fn check_slack(body: &Value, notification: &Notification) {
    assert!((1..=4000).contains(&units(&body["text"])));
    let blocks = body["blocks"].as_array().unwrap();
    assert!((1..=50).contains(&blocks.len()));
    let mut all = 0;
    let mut told = String::new();
    for block in blocks {
        let text = match block["type"].as_str().unwrap() {
            "header" => &block["text"],
            "section" => &block["text"],
            _ => &block["elements"][0],
        };
        let most = if block["type"] == "header" { 150 } else { 3000 };
        assert!((1..=most).contains(&units(&text["text"])), "{text}");
        all += units(&text["text"]);
        let text_itself = text["text"].as_str().unwrap();
        if text["type"] == "mrkdwn" {
            assert_eq!(text["verbatim"], true);
            // The only thing in angle brackets is the link that the program makes.
            for piece in text_itself.split('<').skip(1) {
                assert!(piece.starts_with("http") && piece.contains(words().runbook), "{piece}");
            }
            assert_eq!(text_itself.matches('<').count(), text_itself.matches('>').count());
        } else {
            assert_eq!(text["type"], "plain_text");
        }
        told.push_str(text_itself);
        told.push('\n');
    }
    assert!(all <= 13_000, "{all}");
    check_count(&told, notification);
}

fn check_teams(raw: &str, body: &Value, notification: &Notification) {
    assert!(raw.len() <= 20_000, "{}", raw.len());
    let card = &body["attachments"][0]["content"];
    let items = card["body"].as_array().unwrap();
    // Text runs know no Markdown; nothing else carries text.
    let told: Vec<&str> = items.iter().map(|item| item["inlines"][0]["text"].as_str().unwrap()).collect();
    assert!(items.iter().all(|item| item["type"] == "RichTextBlock" && item["inlines"][0]["type"] == "TextRun"));
    assert!(card["actions"].as_array().unwrap().len() <= 3);
    check_count(&told.join("\n"), notification);
}

fn check_alertmanager(body: &Value, notification: &Notification) {
    let alerts = body.as_array().unwrap();
    assert!(alerts.len() >= notification.alerts.len());
    for alert in alerts {
        for (name, value) in alert["labels"].as_object().unwrap() {
            assert!(name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'), "{name}");
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{name}");
            assert!(value.as_str().unwrap().chars().count() <= 2000);
        }
        assert!(alert["startsAt"].as_str() <= alert["endsAt"].as_str());
        assert!(alert["generatorURL"].as_str().is_none_or(|url| url.starts_with("http")));
    }
}

fn check_discord(body: &Value, notification: &Notification) {
    assert!((1..=2000).contains(&units(&body["content"])));
    assert_eq!(body["allowed_mentions"]["parse"], serde_json::json!([]));
    let embeds = body["embeds"].as_array().unwrap();
    assert!(embeds.len() <= 10);
    let mut told = body["content"].as_str().unwrap().to_owned();
    let mut all = 0;
    for embed in embeds {
        assert!((1..=256).contains(&units(&embed["title"])) && units(&embed["description"]) <= 4096);
        all += units(&embed["title"]) + units(&embed["description"]);
        told.push_str(embed["description"].as_str().unwrap());
    }
    assert!(all <= 6000, "{all}");
    // No sign of Markdown stands without its backslash.
    let mut chars = told.chars();
    while let Some(c) = chars.next() {
        assert!(!"*_~`|<>#[]()@".contains(c), "{c} {told}");
        if c == '\\' {
            chars.next();
        }
    }
    check_count(&told, notification);
}

fn check_opsgenie(requests: &[Request], bodies: &[Value], notification: &Notification) {
    assert_eq!(requests.iter().filter(|request| request.method == "POST").count(), notification.alerts.len());
    for (request, body) in requests.iter().zip(bodies) {
        if request.method == "PUT" {
            assert!(request.target.ends_with("/priority?identifierType=alias"), "{}", request.target);
        } else if request.target == "/v2/alerts" {
            assert!((1..=130).contains(&units(&body["message"])) && units(&body["description"]) <= 15_000);
            assert!((1..=512).contains(&units(&body["alias"])) && units(&body["entity"]) <= 512);
            assert!(body["details"].as_object().unwrap().values().map(units).sum::<usize>() <= 8000);
        } else {
            assert!(request.target.ends_with("/close?identifierType=alias"), "{}", request.target);
        }
    }
}

fn check_pagerduty(bodies: &[Value], notification: &Notification) {
    assert_eq!(bodies.len(), notification.alerts.len());
    for body in bodies {
        assert!((1..=255).contains(&body["dedup_key"].as_str().unwrap().chars().count()));
        assert!(body.to_string().len() <= 512 * 1024);
        if body["event_action"] == "trigger" {
            assert!((1..=1024).contains(&body["payload"]["summary"].as_str().unwrap().chars().count()));
            assert!((1..=255).contains(&body["payload"]["source"].as_str().unwrap().chars().count()));
        }
    }
}

const HEADERS: [&str; 21] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Pcemon-Id",
    "X-Pcemon-Type",
    "X-Pcemon-Severity",
    "X-Pcemon-Alerts",
    "X-Pcemon-Fingerprint",
    "X-Pcemon-Key",
    "Importance",
    "X-Priority",
    "Cc",
    "Content-Transfer-Encoding",
];

fn check_mail(mail: &ReceivedMail) {
    assert_eq!(mail.to, ["<soc@example.com>"]);
    assert!(mail.data.is_ascii());
    assert!(mail.data.len() < 400_000, "{}", mail.data.len());
    for line in mail.data.split("\r\n") {
        assert!(line.len() <= 998 && !line.contains(['\r', '\n', '\0', '\u{1b}']), "{:.200?}", line);
    }
    let (head, body) = mail.data.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut seen = Vec::new();
    for line in unfolded.split("\r\n") {
        let name = line.split_once(':').unwrap().0;
        assert!(HEADERS.contains(&name) && !seen.contains(&name), "{line}");
        seen.push(name);
    }
    let parts: Vec<&str> = body.split("--pcemon-0190f5fe7c007a008000000000000001").collect();
    assert_eq!(parts.len(), 4, "{body}");
    let html = decode(parts[2]);
    // Outside of the few tags that the program writes there is no markup.
    for piece in html.split('<').skip(1) {
        let tag = piece.split(['>', ' ']).next().unwrap().trim_start_matches('/');
        let tags = ["!DOCTYPE", "html", "head", "meta", "body", "div", "p", "span", "table", "tr", "td", "a"];
        assert!(tags.contains(&tag), "<{piece}");
    }
    assert_eq!(html.matches('<').count(), html.matches('>').count());
    assert!(!html.contains(['\0', '\u{1b}', '\u{202e}']), "{html}");
}

/// A part of the mail as the reader sees it.
fn decode(part: &str) -> String {
    let (head, body) = part.split_once("\r\n\r\n").unwrap();
    if head.contains("base64") {
        let bytes = base64::engine::general_purpose::STANDARD.decode(body.replace("\r\n", "")).unwrap();
        return String::from_utf8(bytes).unwrap();
    }
    if !head.contains("quoted-printable") {
        return body.to_owned();
    }
    let mut bytes = Vec::new();
    let body = body.replace("=\r\n", "");
    let mut rest = body.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if std::env::var_os("PCEMON_TEST_LANGUAGE").is_some() { 8 } else { budget::cases(32) }, failure_persistence: None, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn any_text_keeps_every_limit(Hostile(notification) in notification()) {
        if let Ok(language) = std::env::var("PCEMON_TEST_LANGUAGE") {
            lang::start(Language::named(&language));
        }
        for kind in http_kinds() {
            let receiver = willing(kind);
            let channel = open(kind, &http_settings(kind, &receiver.url()).unwrap());
            prop_assert_eq!(channel.send(&notification, &context()), Outcome::Delivered);
            let preview = channel.preview(&notification, super::now());
            prop_assert!(!preview.contains(['\r', '\u{1b}', '\u{202e}', '\0']), "{}", preview);
            check(kind, &receiver.requests(), &notification);
        }
        let receiver = Receiver::http([]);
        let channel = open("webhook", &format!("url = \"{}\"\nformat = \"alertmanager\"", receiver.url()));
        prop_assert_eq!(channel.send(&notification, &context()), Outcome::Delivered);
        check_json(&receiver.requests()[0].body, notification.alerts.len());

        let server = SmtpReceiver::start(&[]);
        let toml = format!(
            "from = \"pcemon@example.com\"\nto = \"soc@example.com\"\nsmtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}",
            server.port()
        );
        let channel = open("email", &toml);
        prop_assert_eq!(channel.send(&notification, &context()), Outcome::Delivered);
        check_mail(&server.mails()[0]);
        let preview = channel.preview(&notification, super::now());
        prop_assert!(!preview.contains(['\r', '\u{1b}', '\u{202e}', '\0']), "{}", preview);
        let subject = preview.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap();
        prop_assert!(subject.chars().count() <= 150);
    }
}

/// A clock that was ahead and has been set back since: no message, whatever its form, tells of a beginning later than itself.
#[test]
fn nothing_begins_later_than_it_is_told() {
    let since = "2036-11-20T09:55:00Z".parse().unwrap();
    let firing = Alert { since, ..super::alert() };
    let over = Alert { fingerprint: "f".repeat(32), state: AlertState::Resolved, reason: Reason::Resolved, since, ..super::alert() };
    let notification = Notification { alerts: vec![firing, over], ..single() };
    for kind in http_kinds() {
        let receiver = willing(kind);
        let channel = open(kind, &http_settings(kind, &receiver.url()).unwrap());
        assert_eq!(channel.send(&notification, &context()), Outcome::Delivered, "{kind}");
        let said: Vec<String> =
            receiver.requests().iter().map(|request| request.body.clone()).chain([channel.preview(&notification, super::now())]).collect();
        assert!(!said.is_empty() && !said.iter().any(|text| text.contains("2036")), "{kind}: {said:#?}");
    }
    let server = SmtpReceiver::start(&[]);
    let toml = format!(
        "from = \"pcemon@example.com\"\nto = \"soc@example.com\"\nsmtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}",
        server.port()
    );
    assert_eq!(open("email", &toml).send(&notification, &context()), Outcome::Delivered);
    let mail = server.mails()[0].data.clone();
    let (_, body) = mail.split_once("\r\n\r\n").unwrap();
    for part in body.split("--pcemon-0190f5fe7c007a008000000000000001").filter(|part| part.contains("\r\n\r\n")) {
        let text = decode(part);
        assert!(text.contains("2026-11-20 10:00") && !text.contains("2036"), "{text}");
    }
}
