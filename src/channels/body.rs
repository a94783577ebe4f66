//! The program's own body, schema `pcemon.alert/1`: what the webhook posts, a program reads and the file gathers.

use super::text;
use crate::domain::alert::{Alert, Contributor, End, Group, Notification, Reason, group_serde};
use crate::domain::entry::AlertState;
use crate::domain::text::shorten;
use crate::domain::threshold::Severity;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Longest text carried; names of workloads and rules are far shorter, and nobody may blow a message up.
const TEXT: usize = 2000;

#[derive(Serialize)]
struct Body<'a> {
    schema: &'static str,
    r#type: &'static str,
    id: &'a str,
    timestamp: String,
    pce: Pce<'a>,
    alerts: Vec<Entry<'a>>,
    left_out: usize,
}

#[derive(Serialize)]
struct Pce<'a> {
    url: &'a str,
    org_id: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    site: &'a str,
}

#[derive(Serialize)]
struct Entry<'a> {
    fingerprint: &'a str,
    key: String,
    rule: String,
    severity: Severity,
    state: AlertState,
    reason: Reason,
    #[serde(serialize_with = "maybe_number")]
    value: Option<f64>,
    #[serde(serialize_with = "maybe_number")]
    value_max: Option<f64>,
    lower_bound: bool,
    unit: &'static str,
    threshold: &'a str,
    window: Span,
    #[serde(with = "group_serde")]
    group: Group,
    /// Where it was seen.
    pce: Option<String>,
    target: Option<String>,
    labels: &'a BTreeMap<String, String>,
    summary: String,
    description: Option<String>,
    runbook: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    console: Option<&'a str>,
    since: String,
    /// Why it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<End>,
    top: Vec<Top>,
}

#[derive(Serialize)]
struct Span {
    from: String,
    to: String,
}

#[derive(Serialize)]
struct Top {
    src: String,
    dst: String,
    port: Option<u16>,
    proto: String,
    decision: String,
    #[serde(serialize_with = "number")]
    value: f64,
}

/// The body of one notification under its stable id; the same on every attempt.
pub fn body(notification: &Notification, id: &str) -> String {
    // Texts and numbers under text keys: nothing here can fail to serialise.
    serde_json::to_string(&model(notification, id)).unwrap_or_default()
}

/// The same as a value, for templates.
pub fn value(notification: &Notification, id: &str) -> serde_json::Value {
    serde_json::to_value(model(notification, id)).unwrap_or_default()
}

fn model<'p>(notification: &'p Notification, id: &'p str) -> Body<'p> {
    Body {
        schema: "pcemon.alert/1",
        r#type: notification.kind.name(),
        id,
        timestamp: notification.created.to_string(),
        pce: Pce { url: &notification.pce.url, org_id: notification.pce.org_id, site: &notification.pce.site },
        alerts: notification.alerts.iter().map(|alert| entry(alert, notification)).collect(),
        left_out: notification.left_out,
    }
}

fn entry<'p>(alert: &'p Alert, notification: &Notification) -> Entry<'p> {
    Entry {
        fingerprint: &alert.fingerprint,
        key: notification.pce.key(&alert.fingerprint),
        rule: shorten(&alert.rule, TEXT),
        severity: alert.severity,
        state: alert.state,
        reason: alert.reason,
        value: alert.value,
        value_max: if alert.lower_bound { alert.value_max } else { alert.value },
        lower_bound: alert.lower_bound,
        unit: alert.unit.name(),
        threshold: &alert.threshold,
        window: Span { from: alert.window.from.to_string(), to: alert.window.to.to_string() },
        group: alert.group.iter().map(|(key, value)| (key.clone(), value.as_deref().map(|value| shorten(value, TEXT)))).collect(),
        pce: notification.pce.place(),
        target: alert.target.as_deref().map(|target| shorten(target, TEXT)),
        labels: &alert.labels,
        summary: shorten(&alert.summary, TEXT),
        description: alert.description.as_deref().map(|text| shorten(text, TEXT)),
        runbook: alert.runbook.as_deref(),
        console: text::console(alert),
        since: notification.began(alert).to_string(),
        end: alert.end,
        top: alert.top.iter().map(top).collect(),
    }
}

fn top(talker: &Contributor) -> Top {
    Top {
        src: shorten(&talker.src, TEXT),
        dst: shorten(&talker.dst, TEXT),
        port: talker.port,
        proto: shorten(&talker.proto, TEXT),
        decision: shorten(&talker.decision, TEXT),
        value: talker.value,
    }
}

/// Whole numbers are written without a fraction; what is no number becomes `null`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serialize_with wants")]
fn number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    // Up to 2^53 every whole number is exact in both types.
    if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

fn maybe_number<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => number(value, serializer),
        None => serializer.serialize_none(),
    }
}
