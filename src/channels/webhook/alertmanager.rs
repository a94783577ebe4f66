//! The body that Prometheus Alertmanager sends to its webhook receivers, version 4.

use crate::channels::labels::{Map, annotations, labels};
use crate::channels::text;
use crate::domain::alert::{Alert, Notification};
use crate::domain::entry::AlertState;
use serde::Serialize;

/// What Alertmanager writes for "not over yet".
const NEVER: &str = "0001-01-01T00:00:00Z";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    version: &'static str,
    group_key: String,
    truncated_alerts: usize,
    status: AlertState,
    receiver: &'a str,
    group_labels: Map,
    common_labels: Map,
    common_annotations: Map,
    #[serde(rename = "externalURL")]
    external_url: &'a str,
    alerts: Vec<Entry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    status: AlertState,
    labels: Map,
    annotations: Map,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: &'a str,
    fingerprint: &'a str,
    key: String,
}

/// The body of one notification; the same on every attempt.
pub fn body(notification: &Notification) -> String {
    let alerts: Vec<Entry<'_>> = notification.alerts.iter().map(|alert| entry(alert, notification)).collect();
    let firing = notification.alerts.iter().any(|alert| alert.state == AlertState::Firing);
    let body = Body {
        version: "4",
        group_key: group_key(notification),
        truncated_alerts: notification.left_out,
        status: if firing { AlertState::Firing } else { AlertState::Resolved },
        receiver: &notification.channel,
        group_labels: Map::new(),
        common_labels: common(alerts.iter().map(|alert| &alert.labels)),
        common_annotations: common(alerts.iter().map(|alert| &alert.annotations)),
        external_url: &notification.pce.url,
        alerts,
    };
    // Texts and numbers under text keys: nothing here can fail to serialise.
    serde_json::to_string(&body).unwrap_or_default()
}

/// Receivers hold messages with one key for news about one thing: never those of two PCEs.
fn group_key(notification: &Notification) -> String {
    let quoted = |text: &str| text::name(text).replace('\\', "\\\\").replace('"', "\\\"");
    let pce = notification.pce.place().map(|place| format!(",pce=\"{}\",org=\"{}\"", quoted(&place), notification.pce.org_id));
    format!("{{}}:{{channel=\"{}\"{}}}", quoted(&notification.channel), pce.unwrap_or_default())
}

fn entry<'a>(alert: &'a Alert, notification: &'a Notification) -> Entry<'a> {
    Entry {
        status: alert.state,
        labels: labels(alert, &notification.pce),
        annotations: annotations(alert),
        starts_at: notification.began(alert).to_string(),
        ends_at: match alert.state {
            AlertState::Firing => NEVER.to_owned(),
            AlertState::Resolved => notification.created.to_string(),
        },
        generator_url: &notification.pce.url,
        fingerprint: &alert.fingerprint,
        key: text::key(&alert.fingerprint, &notification.pce),
    }
}

fn common<'a>(mut maps: impl Iterator<Item = &'a Map>) -> Map {
    let mut shared = maps.next().cloned().unwrap_or_default();
    for map in maps {
        shared.retain(|key, value| map.get(key) == Some(value));
    }
    shared
}
