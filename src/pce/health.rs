//! The PCE's health answer -> [`Health`]. Knows no HTTP.
//!
//! The PCE's own verdict is trusted; what cannot be read is an error, never good health.

use super::body::plain_bytes;
use super::error::line;
use crate::domain::record::{Health, HealthNode, HealthStatus, Replication};
use serde_json::Value;
use std::io::Read;

/// Larger answers make no sense.
pub(super) const LIMIT: u64 = 16 << 20;

/// Reads a health answer: an array, one object, or one object a line; gzip or plain.
pub fn parse_health(json: impl Read) -> Result<Vec<Health>, String> {
    let bytes = plain_bytes(json, LIMIT).map_err(|error| tr!("the health answer cannot be read: {error}", error))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut clusters = Vec::new();
    for value in serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}')).into_iter::<Value>() {
        match value.map_err(|error| tr!("the health answer is not JSON: {error}", error))? {
            Value::Array(items) => clusters.extend(items),
            other => clusters.push(other),
        }
    }
    if clusters.is_empty() {
        return Err(tr!("the health answer is empty"));
    }
    clusters.iter().map(cluster).collect()
}

fn cluster(value: &Value) -> Result<Health, String> {
    if !["status", "nodes", "fqdn"].iter().any(|key| value.get(key).is_some()) {
        return Err(tr!("the health answer does not describe a PCE: {value}", value = line(&value.to_string())));
    }
    let status_text = text(value, "status");
    let nodes = list(value, "nodes");
    let replication = value.get("network").map_or(&[][..], |network| list(network, "replication"));
    let mut notes: Vec<String> = list(value, "notifications").iter().map(notification).filter(|note| !note.is_empty()).collect();
    notes.extend(nodes.iter().flat_map(node_notes));
    notes.extend(replication.iter().filter_map(replication_note));
    let disks = nodes.iter().flat_map(|node| list(node, "disk"));
    Ok(Health {
        fqdn: text(value, "fqdn"),
        status: match status_text.to_ascii_lowercase().as_str() {
            "normal" => HealthStatus::Normal,
            "critical" => HealthStatus::Critical,
            _ => HealthStatus::Warning,
        },
        cpu: worst(nodes.iter().filter_map(|node| percent(node.get("cpu")?))),
        memory: worst(nodes.iter().filter_map(|node| percent(node.get("memory")?))),
        disk: worst(disks.filter_map(|disk| percent(disk.get("value").unwrap_or(disk)))),
        replication_lag: worst(replication.iter().filter_map(|link| number(link.get("value")?.get("lag_seconds")?))),
        notes,
        listen_only_since: value.get("listen_only_mode_enabled_at").and_then(Value::as_str).filter(|at| !at.is_empty()).map(str::to_owned),
        nodes: nodes.iter().filter(|node| node.is_object()).map(node_of).collect(),
        replications: replication.iter().map(replication_of).collect(),
        status_text,
    })
}

fn node_of(node: &Value) -> HealthNode {
    let disks = || list(node, "disk").iter().map(|disk| disk.get("value").unwrap_or(disk));
    let parts = ["cpu", "memory", "services"].iter().filter_map(|key| node.get(*key)).chain(disks());
    let words: Vec<String> = parts.map(|part| text(part, "status")).filter(|word| !word.is_empty()).collect();
    let badness = |word: &String| match word.to_ascii_lowercase().as_str() {
        "normal" => 0,
        "critical" => 2,
        _ => 1,
    };
    HealthNode {
        name: [text(node, "hostname"), text(node, "ip_address")].into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
        kind: text(node, "type"),
        status: words.into_iter().max_by_key(badness).unwrap_or_default(),
        cpu: node.get("cpu").and_then(percent),
        memory: node.get("memory").and_then(percent),
        disk: worst(disks().filter_map(percent)),
        disks_whole: disks().all(|disk| percent(disk).is_some()),
    }
}

fn replication_of(link: &Value) -> Replication {
    let value = link.get("value").unwrap_or(&Value::Null);
    Replication {
        name: replication_name(link),
        status: text(value, "status"),
        lag: value.get("lag_seconds").and_then(number).filter(|lag| *lag >= 0.0),
    }
}

fn replication_name(link: &Value) -> String {
    let details = link.get("details").unwrap_or(&Value::Null);
    joined([text(link, "type"), text(details, "database_name"), text(details, "fqdn"), text(details, "replica_fqdn")], " ")
}

fn notification(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => joined([text(value, "status"), text(value, "token"), text(value, "message")], ": "),
    }
}

fn node_notes(node: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |about: &str, status: &str, detail: String| {
        if !status.is_empty() && !status.eq_ignore_ascii_case("normal") {
            notes.push(joined([about.to_owned(), status.to_owned(), detail], " "));
        }
    };
    for key in ["cpu", "memory"] {
        if let Some(value) = node.get(key) {
            note(key, &text(value, "status"), percent_text(value));
        }
    }
    for disk in list(node, "disk") {
        let value = disk.get("value").unwrap_or(disk);
        note(&joined(["disk".to_owned(), text(disk, "location")], " "), &text(value, "status"), percent_text(value));
    }
    if let Some(services) = node.get("services") {
        let down: Vec<&str> = services
            .get("services")
            .into_iter()
            .flat_map(|services| ["not_running", "partial", "unknown"].into_iter().flat_map(|key| list(services, key)))
            .filter_map(Value::as_str)
            .collect();
        let detail = if down.is_empty() { String::new() } else { format!("(not running: {})", down.join(", ")) };
        note("services", &text(services, "status"), detail);
    }
    if let Some(level) = node.get("runlevel").and_then(Value::as_i64).filter(|level| *level != 5) {
        notes.push(format!("runlevel {level} instead of 5"));
    }
    let name = joined([text(node, "hostname"), text(node, "ip_address")], " ");
    notes.into_iter().map(|note| if name.is_empty() { format!("node: {note}") } else { format!("node {name}: {note}") }).collect()
}

fn replication_note(link: &Value) -> Option<String> {
    let value = link.get("value")?;
    let status = text(value, "status");
    if status.is_empty() || status.eq_ignore_ascii_case("normal") {
        return None;
    }
    let lag = value.get("lag_seconds").and_then(number).map_or(String::new(), |lag| format!("{lag} s behind"));
    Some(joined([format!("replication {}:", replication_name(link)), status, lag], " "))
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or("").to_owned()
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().trim_end_matches('%').trim().parse().ok()).filter(|number| number.is_finite())
}

/// `{"percent": 12}` or a bare number -> 0.12.
fn percent(value: &Value) -> Option<f64> {
    Some(number(value.get("percent").unwrap_or(value))? / 100.0)
}

fn percent_text(value: &Value) -> String {
    percent(value).map_or(String::new(), |ratio| format!("{:.0} %", ratio * 100.0))
}

fn worst(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.reduce(f64::max)
}

fn joined<const N: usize>(parts: [String; N], separator: &str) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORMAL: &str = r#"{"status":"normal","type":"standalone","fqdn":"pce.example.com","available_seconds":864060,"listen_only_mode_enabled_at":null,
      "notifications":[],
      "nodes":[{"hostname":"core0","ip_address":"10.0.0.5","type":"core","runlevel":5,"cpu":{"status":"normal","percent":12},"memory":{"status":"normal","percent":61},
        "disk":[{"location":"/","value":{"status":"normal","percent":40}},{"location":"/data","value":{"status":"normal","percent":55}}],
        "services":{"status":"normal","services":{"running":["agent_service"],"not_running":[]}}},
       {"hostname":"core1","cpu":{"percent":30}}],
      "network":{"replication":[{"type":"intracluster","value":{"status":"normal","lag_seconds":0}},{"type":"intracluster","value":{"status":"normal","lag_seconds":4}}]}}"#;

    #[test]
    fn a_healthy_cluster() {
        for body in [NORMAL.to_owned(), format!("[{NORMAL}]"), format!("{}\n", NORMAL.replace('\n', ""))] {
            let clusters = parse_health(body.as_bytes()).unwrap();
            assert_eq!(clusters.len(), 1);
            let health = &clusters[0];
            assert_eq!(
                (health.fqdn.as_str(), health.status, health.status_text.as_str()),
                ("pce.example.com", HealthStatus::Normal, "normal")
            );
            assert_eq!((health.cpu, health.memory, health.disk, health.replication_lag), (Some(0.30), Some(0.61), Some(0.55), Some(4.0)));
            assert!(health.notes.is_empty() && health.listen_only_since.is_none(), "{health:?}");
            let core0 = &health.nodes[0];
            assert_eq!(
                (core0.name.as_str(), core0.kind.as_str(), core0.status.as_str(), core0.disk),
                ("core0", "core", "normal", Some(0.55))
            );
            assert_eq!((health.nodes.len(), health.nodes[1].status.as_str(), health.nodes[1].cpu), (2, "", Some(0.30)));
        }
    }

    #[test]
    fn trouble_is_told() {
        let body = r#"[{"status":"critical","fqdn":"a","listen_only_mode_enabled_at":"2026-08-03T06:00:00Z",
          "notifications":[{"status":"warning","token":"memory","message":"low"},"bare words",{}],
          "nodes":[{"hostname":"core0","runlevel":1,"memory":{"status":"warning","percent":"97"},"disk":[{"location":"/","value":{"status":"critical","percent":99}}],
             "services":{"status":"critical","services":{"not_running":["web"],"partial":["db"]}}},null,{}],
          "network":{"replication":[{"type":"intercluster","details":{"fqdn":"b"},"value":{"status":"warning","lag_seconds":90.5}}]}},
          {"status":"error","fqdn":"b","nodes":null,"network":null,"notifications":null}]"#;
        let clusters = parse_health(body.as_bytes()).unwrap();
        assert_eq!(clusters[0].status, HealthStatus::Critical);
        assert_eq!(clusters[0].memory, Some(0.97));
        assert_eq!(clusters[0].listen_only_since.as_deref(), Some("2026-08-03T06:00:00Z"));
        assert_eq!(
            clusters[0].notes,
            [
                "warning: memory: low",
                "bare words",
                "node core0: memory warning 97 %",
                "node core0: disk / critical 99 %",
                "node core0: services critical (not running: web, db)",
                "node core0: runlevel 1 instead of 5",
                "replication intercluster b: warning 90.5 s behind",
            ]
        );
        assert_eq!((clusters[0].nodes.len(), clusters[0].nodes[0].status.as_str()), (2, "critical"));
        assert_eq!((clusters[1].status, clusters[1].status_text.as_str()), (HealthStatus::Warning, "error"));
    }

    #[test]
    fn what_cannot_be_read_is_never_healthy() {
        for body in
            ["", "[]", "null", "true", "<html>", "[{}]", r#"{"error":"x"}"#, r#"[{"status":"normal"}"#, r#"[{"status":"normal"},7]"#]
        {
            assert!(parse_health(body.as_bytes()).is_err(), "{body}");
        }
        for body in [r#"{"fqdn":"x"}"#, r#"{"status":null}"#, r#"{"status":5}"#, r#"{"status":"Degraded"}"#] {
            assert_eq!(parse_health(body.as_bytes()).unwrap()[0].status, HealthStatus::Warning, "{body}");
        }
    }
}
