//! Channels from outside: what goes over the wire, what an answer is taken for, what never gets out.

mod contract;
mod identity;
mod limits;
mod local;
mod mail;
mod payloads;
mod real_monitors;
pub(crate) mod real_parts;
pub(crate) mod real_services;
mod settings;
mod severity;
mod templates;
mod tls;
mod yes;

use jiff::Timestamp;
use pcemon::channels::{Channel, Common, KINDS, Outcome, SendContext, Settings};
use pcemon::domain::alert::{Alert, Contributor, Notification, NotificationKind, PceIdentity, Reason, Standing};
use pcemon::domain::entry::AlertState;
use pcemon::domain::secret::{Secret, SecretSource};
use pcemon::domain::threshold::Severity;
use pcemon::domain::time::Window;
use pcemon::domain::unit::Unit;
use pcemon::settings::reader::{Level, Problem, Problems, Reader};
use std::collections::BTreeMap;
use std::time::Duration;

/// Reads the settings of one kind as the config does, all keys of the kind alone.
fn read(kind: &str, toml: &str) -> (Option<Box<dyn Settings>>, Vec<Problem>) {
    let table = toml::de::DeTable::parse(toml).unwrap();
    let problems = Problems::default();
    let mut reader = Reader::new(table.get_ref(), 0..0, format!("channel '{kind}'"), &problems);
    let settings = (KINDS.iter().find(|have| have.name == kind).unwrap().read)(&mut reader);
    reader.finish();
    (settings, problems.into_sorted())
}

/// What a config is refused for; a secret that stands in it only warns.
fn errors(problems: Vec<Problem>) -> Vec<Problem> {
    problems.into_iter().filter(|problem| problem.level == Level::Error).collect()
}

fn common(kind: &str) -> Common {
    Common {
        name: "soc".to_owned(),
        kind: KINDS.iter().find(|have| have.name == kind).unwrap().name,
        min_severity: Severity::Info,
        send_resolved: true,
        timeout: Duration::from_secs(60),
        enabled: true,
        digest: None,
    }
}

/// `{ env = "X" }` gives the value of X in this table.
const ENVIRONMENT: [(&str, &str); 8] = [
    ("TOPIC", "topic-S3CRET-7"),
    ("TOKEN", "token-S3CRET-1"),
    ("PASSWORD", "password-S3CRET-2"),
    ("KEY", "whsec_a2V5LVMzQ1JFVC1rZXktUzNDUkVULWtleS1TM0NSRVQ="),
    ("OLD_KEY", "old-key-S3CRET-4"),
    ("AUTHORIZATION", "Bearer bearer-S3CRET-5"),
    ("TWO_LINES", "first-S3CRET\nsecond"),
    ("BAD_KEY", "whsec_***"),
];

fn resolve(source: &SecretSource) -> Result<Secret, String> {
    match source {
        SecretSource::Plain(secret) => Ok(secret.clone()),
        SecretSource::Env(name) => ENVIRONMENT
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| Secret::new(*value))
            .ok_or_else(|| format!("{name} is not set")),
        other => Err(other.describe()),
    }
}

fn open(kind: &str, toml: &str) -> Box<dyn Channel> {
    let (settings, problems) = read(kind, toml);
    assert_eq!(errors(problems), []);
    settings.unwrap().open(&common(kind), &resolve).unwrap()
}

fn now() -> Timestamp {
    "2026-11-20T10:00:05Z".parse().unwrap()
}

fn context() -> SendContext {
    SendContext { now: now(), timeout: Duration::from_secs(60) }
}

fn alert() -> Alert {
    Alert {
        fingerprint: "0123456789abcdef0123456789abcdef".to_owned(),
        rule: "Blocked traffic to databases".to_owned(),
        severity: Severity::Critical,
        state: AlertState::Firing,
        reason: Reason::First,
        value: Some(1234.0),
        value_max: None,
        lower_bound: true,
        unit: Unit::Connections,
        threshold: "> 100".to_owned(),
        window: Window { from: "2026-11-20T09:50:00Z".parse().unwrap(), to: "2026-11-20T10:00:00Z".parse().unwrap() },
        group: vec![("src_workload".to_owned(), Some("web-01".to_owned())), ("port".to_owned(), None)],
        target: Some("pce".to_owned()),
        labels: BTreeMap::from([("team".to_owned(), "db".to_owned())]),
        summary: "1,234 connections from web-01".to_owned(),
        description: Some("Somebody knocks at the databases.\nAsk the owner.".to_owned()),
        runbook: Some("https://wiki.example.com/db-blocked".to_owned()),
        console: None,
        since: "2026-11-20T09:55:00Z".parse().unwrap(),
        top: vec![Contributor {
            src: "web-01".to_owned(),
            dst: "db-01".to_owned(),
            port: Some(3306),
            proto: "tcp".to_owned(),
            decision: "blocked".to_owned(),
            value: 900.5,
        }],
        resolved_at: None,
        told_as: None,
        end: None,
    }
}

/// One critical alert, one that is over and one reminder, and two that did not fit.
fn digest() -> Notification {
    let resolved = Alert {
        fingerprint: "fedcba9876543210fedcba9876543210".to_owned(),
        rule: "登入失敗 <Login failures>".to_owned(),
        severity: Severity::Warning,
        state: AlertState::Resolved,
        reason: Reason::Resolved,
        value: Some(0.0),
        lower_bound: false,
        unit: Unit::Events,
        threshold: ">= 5".to_owned(),
        group: vec![("severity".to_owned(), Some("err".to_owned()))],
        labels: BTreeMap::new(),
        description: None,
        runbook: None,
        top: Vec::new(),
        ..alert()
    };
    let reminder = Alert {
        fingerprint: "00000000000000000000000000000001".to_owned(),
        rule: "Backup volume".to_owned(),
        severity: Severity::Warning,
        reason: Reason::Reminder,
        value: None,
        unit: Unit::Bytes,
        threshold: "< 1 GB".to_owned(),
        group: Vec::new(),
        top: Vec::new(),
        ..alert()
    };
    let standing = Standing {
        rule: "Port scan <b>".to_owned(),
        severity: Severity::Critical,
        group: vec![("src_ip".to_owned(), Some("10.0.0.9".to_owned()))],
        since: "2026-11-19T23:10:00Z".parse().unwrap(),
    };
    Notification { alerts: vec![resolved, reminder, alert()], left_out: 2, standing: vec![standing], standing_more: 3, ..single() }
}

fn single() -> Notification {
    Notification {
        id: "0190f5fe-7c00-7a00-8000-000000000001".to_owned(),
        channel: "soc".to_owned(),
        pce: PceIdentity { url: "https://pce.example.com:8443".to_owned(), org_id: 1, ..PceIdentity::default() },
        alerts: vec![alert()],
        ..Notification::empty(NotificationKind::Firing, "2026-11-20T10:00:00Z".parse().unwrap())
    }
}

fn error_of(outcome: &Outcome) -> &str {
    outcome.localized().unwrap_or_default()
}
