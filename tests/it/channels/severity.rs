//! What a service makes of a second event about the same alert, worse or milder than the first.

use super::contract::{Verdict, http_settings, verdict, willing};
use super::{alert, context, error_of, open, single};
use crate::support::receivers::{Receiver, Reply, Request, yes_of};
use pcemon::channels::Outcome;
use pcemon::domain::alert::{Alert, Notification, Reason};
use pcemon::domain::entry::AlertState;
use pcemon::domain::threshold::Severity;
use serde_json::Value;
use std::collections::BTreeMap;

fn told(reason: Reason, severity: Severity, told_as: Option<Severity>) -> Notification {
    let state = if reason == Reason::Resolved { AlertState::Resolved } else { AlertState::Firing };
    Notification { alerts: vec![Alert { reason, severity, state, told_as, ..alert() }], ..single() }
}

/// Open alerts and their priority, as Opsgenie's documentation has it: creating an open alias only counts it up.
fn opsgenie(requests: &[Request]) -> BTreeMap<String, String> {
    let mut open = BTreeMap::new();
    for request in requests {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let parts: Vec<&str> = request.target.split(['/', '?']).collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["", "v2", "alerts"]) => {
                let priority = body["priority"].as_str().unwrap().to_owned();
                open.entry(body["alias"].as_str().unwrap().to_owned()).or_insert(priority);
            }
            ("POST", ["", "v2", "alerts", alias, "close", _]) => _ = open.remove(*alias),
            ("PUT", ["", "v2", "alerts", alias, "priority", "identifierType=alias"]) => {
                if let Some(priority) = open.get_mut(*alias) {
                    *priority = body["priority"].as_str().unwrap().to_owned();
                }
            }
            other => panic!("{other:?}"),
        }
    }
    open
}

#[test]
fn opsgenie_follows_an_alert_up_down_and_to_its_end() {
    let receiver = willing("opsgenie");
    let channel = open("opsgenie", &http_settings("opsgenie", &receiver.url()).unwrap());
    let (warning, critical) = (Severity::Warning, Severity::Critical);
    for (notification, want) in [
        (told(Reason::First, warning, None), Some("P3")),
        (told(Reason::Escalated, critical, Some(warning)), Some("P1")),
        (told(Reason::Reminder, critical, None), Some("P1")),
        (told(Reason::Reminder, warning, Some(critical)), Some("P3")),
        // An alias that was left open, because this channel does not hear of ends.
        (told(Reason::First, critical, None), Some("P1")),
        (told(Reason::Resolved, critical, None), None),
        (told(Reason::First, critical, None), Some("P1")),
    ] {
        assert_eq!(channel.send(&notification, &context()), Outcome::Delivered);
        let open = opsgenie(&receiver.requests());
        assert_eq!(open.values().map(String::as_str).collect::<Vec<_>>(), want.into_iter().collect::<Vec<_>>(), "{notification:?}");
    }
}

#[test]
fn an_alert_without_its_priority_is_not_quite_told() {
    let rise = told(Reason::Escalated, Severity::Critical, Some(Severity::Warning));
    // Worth another try, and then as a whole: a repetition is the same alert.
    let receiver = Receiver::of_kind("opsgenie", [yes_of("opsgenie"), Reply::status(503)]);
    let channel = open("opsgenie", &http_settings("opsgenie", &receiver.url()).unwrap());
    assert_eq!(verdict(&channel.send(&rise, &context())), Verdict::Retry);
    assert_eq!(channel.send(&rise, &context()), Outcome::Delivered);
    assert_eq!(receiver.requests().len(), 4);
    // A key that may not change alerts: the alert itself arrived.
    let receiver = Receiver::of_kind("opsgenie", [yes_of("opsgenie"), Reply::status(403)]);
    let channel = open("opsgenie", &http_settings("opsgenie", &receiver.url()).unwrap());
    let outcome = channel.send(&rise, &context());
    assert!(matches!(&outcome, Outcome::Warned { warning, .. } if warning.contains("403")), "{outcome:?}");
}

/// The other services that hold one thing for each alert take the severity of the last event.
#[test]
fn a_rise_carries_its_severity_to_every_service_that_holds_alerts() {
    for (kind, place, want) in [
        ("pagerduty", "/payload/severity", "critical"),
        ("servicenow", "/records/0/severity", "1"),
        ("alertmanager", "/0/labels/severity", "critical"),
    ] {
        let receiver = willing(kind);
        let channel = open(kind, &http_settings(kind, &receiver.url()).unwrap());
        let mut key = Vec::new();
        for notification in
            [told(Reason::First, Severity::Warning, None), told(Reason::Escalated, Severity::Critical, Some(Severity::Warning))]
        {
            assert_eq!(channel.send(&notification, &context()), Outcome::Delivered, "{kind}");
            let body: Value = serde_json::from_str(&receiver.requests().pop().unwrap().body).unwrap();
            key.push([&body["dedup_key"], &body["records"][0]["message_key"]].map(Clone::clone));
            if notification.alerts[0].reason == Reason::Escalated {
                assert_eq!(body.pointer(place).unwrap(), want, "{kind}: {body}");
                // Where the severity is part of the identity, the milder one ends.
                let over = body[1]["endsAt"].as_str().is_some_and(|end| end <= "2026-11-20T10:00:00Z");
                assert_eq!(over, kind == "alertmanager", "{kind}: {body}");
            }
        }
        assert_eq!(key[0], key[1], "{kind}");
    }
}

/// 424 says that some services behind the key took the message: nobody is told again because of the others.
#[test]
fn apprise_tells_nobody_twice() {
    let some = r#"{"error":"One or more notification could not be sent","details":[["INFO","x","Sent Slack notification."],["WARNING","x","Failed to send"]]}"#;
    let none = r#"{"error":"One or more notification could not be sent","details":[["WARNING","x","Failed to send Slack notification"]]}"#;
    let tagless = r#"{"error":"One or more notification could not be sent","details":[]}"#;
    for (body, retry) in [(some, false), ("", false), (none, true), (tagless, true)] {
        let receiver = Receiver::http([Reply::status(424).body(body)]);
        let outcome = open("apprise", &http_settings("apprise", &receiver.url()).unwrap()).send(&single(), &context());
        assert_eq!(matches!(outcome, Outcome::Warned { .. }), !retry, "{body}: {outcome:?}");
        assert_eq!(verdict(&outcome) == Verdict::Retry, retry, "{body}: {outcome:?}");
        assert!(outcome.localized().is_some_and(|said| said.contains("424")), "{outcome:?} {}", error_of(&outcome));
        assert_eq!(receiver.requests()[0].header("x-apprise-log-level"), Some("INFO"));
    }
}
