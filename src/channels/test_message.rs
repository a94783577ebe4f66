//! The message of `channel test`.

use super::text;
use crate::domain::alert::{Alert, Contributor, Notification, NotificationKind, PceIdentity, Reason};
use crate::domain::entry::AlertState;
use crate::domain::threshold::Severity;
use crate::domain::time::{Window, before};
use crate::domain::unit::Unit;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// A message that says it is a test, for `channel test`. Each one is a message of its own.
pub fn test_notification(channel: &str, pce: PceIdentity, now: Timestamp) -> Notification {
    let alert = Alert {
        fingerprint: "0".repeat(64),
        rule: tr!("Test message"),
        severity: Severity::Info,
        state: AlertState::Firing,
        reason: Reason::Test,
        value: Some(1.0),
        value_max: Some(1.0),
        lower_bound: false,
        unit: Unit::Connections,
        threshold: "> 0".to_owned(),
        window: Window { from: before(now, Duration::from_secs(600)), to: now },
        group: vec![("src_workload".to_owned(), Some("example-workload".to_owned()))],
        target: Some("pce".to_owned()),
        labels: BTreeMap::new(),
        summary: tr!("This is a test. Nothing happened."),
        description: Some(tr!(
            "This is a test of the channel '{name}' (`pcemon channel test`). Nothing happened.",
            name = text::name(channel)
        )),
        runbook: None,
        console: None,
        since: now,
        top: vec![Contributor {
            src: "example-workload".to_owned(),
            dst: "example-database".to_owned(),
            port: Some(5432),
            proto: "tcp".to_owned(),
            decision: "allowed".to_owned(),
            value: 1.0,
        }],
        resolved_at: None,
        told_as: None,
        end: None,
    };
    Notification {
        id: Uuid::new_v4().to_string(),
        channel: channel.to_owned(),
        pce,
        alerts: vec![alert],
        ..Notification::empty(NotificationKind::Test, now)
    }
}
