//! The body that Prometheus Alertmanager sends to its webhook receivers, version 4.

use crate::channels::labels::{Map, annotations, labels};
use crate::channels::text;
use crate::domain::alert::{Alert, AlertState, Parcel};
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

/// The body of one parcel; the same on every attempt.
pub fn body(parcel: &Parcel) -> String {
    let alerts: Vec<Entry<'_>> = parcel.alerts.iter().map(|alert| entry(alert, parcel)).collect();
    let firing = parcel.alerts.iter().any(|alert| alert.state == AlertState::Firing);
    let body = Body {
        version: "4",
        group_key: group_key(parcel),
        truncated_alerts: parcel.left_out,
        status: if firing { AlertState::Firing } else { AlertState::Resolved },
        receiver: &parcel.channel,
        group_labels: Map::new(),
        common_labels: common(alerts.iter().map(|alert| &alert.labels)),
        common_annotations: common(alerts.iter().map(|alert| &alert.annotations)),
        external_url: &parcel.pce.url,
        alerts,
    };
    // Texts and numbers under text keys: nothing here can fail to serialise.
    serde_json::to_string(&body).unwrap_or_default()
}

/// Receivers hold messages with one key for news about one thing: never those of two PCEs.
fn group_key(parcel: &Parcel) -> String {
    let quoted = |text: &str| text::name(text).replace('\\', "\\\\").replace('"', "\\\"");
    let pce = parcel.pce.place().map(|place| format!(",pce=\"{}\",org=\"{}\"", quoted(&place), parcel.pce.org_id));
    format!("{{}}:{{channel=\"{}\"{}}}", quoted(&parcel.channel), pce.unwrap_or_default())
}

fn entry<'a>(alert: &'a Alert, parcel: &'a Parcel) -> Entry<'a> {
    Entry {
        status: alert.state,
        labels: labels(alert, &parcel.pce),
        annotations: annotations(alert),
        starts_at: alert.since.to_string(),
        ends_at: match alert.state {
            AlertState::Firing => NEVER.to_owned(),
            AlertState::Resolved => parcel.created.to_string(),
        },
        generator_url: &parcel.pce.url,
        fingerprint: &alert.fingerprint,
        key: text::key(&alert.fingerprint, &parcel.pce),
    }
}

fn common<'a>(mut maps: impl Iterator<Item = &'a Map>) -> Map {
    let mut shared = maps.next().cloned().unwrap_or_default();
    for map in maps {
        shared.retain(|key, value| map.get(key) == Some(value));
    }
    shared
}
