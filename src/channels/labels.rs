//! An alert as labels and annotations, as Prometheus and Alertmanager have them.

use super::text;
use crate::domain::alert::{Alert, PceIdentity};
use crate::domain::text::shorten;
use crate::lang::for_machines;
use std::collections::BTreeMap;

/// Longest label or annotation value.
const TEXT: usize = 2000;

/// Labels or annotations.
pub type Map = BTreeMap<String, String>;

/// Identity goes into labels, the value never does: a label that changes makes another alert of it. Two PCEs under
/// equal rules are told apart by `pce` and `org`.
pub fn labels(alert: &Alert, pce: &PceIdentity) -> Map {
    let mut map =
        Map::from([("alertname".to_owned(), shorten(&alert.rule, TEXT)), ("severity".to_owned(), alert.severity.name().to_owned())]);
    if let Some(place) = pce.place() {
        map.insert("pce".to_owned(), shorten(&place, TEXT));
        map.insert("org".to_owned(), pce.org_id.to_string());
    }
    for (key, value) in &alert.group {
        let value = value.as_deref().unwrap_or("");
        let name = label_name(key);
        let name = if map.contains_key(&name) { format!("group_{name}") } else { name };
        if !value.is_empty() {
            map.insert(name, shorten(value, TEXT));
        }
    }
    for (key, value) in &alert.labels {
        if !value.is_empty() {
            map.entry(label_name(key)).or_insert_with(|| shorten(value, TEXT));
        }
    }
    map
}

/// What people read.
pub fn annotations(alert: &Alert) -> Map {
    let mut map = Map::from([
        ("summary".to_owned(), shorten(&alert.summary, TEXT)),
        ("value".to_owned(), for_machines(|| text::value(alert))),
        ("threshold".to_owned(), alert.threshold.clone()),
    ]);
    if let Some(description) = &alert.description {
        map.insert("description".to_owned(), shorten(description, TEXT));
    }
    if let Some(runbook) = &alert.runbook {
        map.insert("runbook_url".to_owned(), runbook.clone());
    }
    map
}

/// `[a-zA-Z_][a-zA-Z0-9_]*`, the only names every receiver takes.
fn label_name(key: &str) -> String {
    let mut name: String = key.chars().take(TEXT).map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}
