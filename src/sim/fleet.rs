//! The VENs of the simulated PCE and the workloads they manage, as the PCE lists them.

use super::record::label_href;
use super::world::{Host, World};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A VEN and its workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimVen {
    /// Number in its href.
    pub number: usize,
    /// Href of its workload; empty: it manages none.
    pub workload: String,
    /// Name; `None` is sent as null.
    pub name: Option<String>,
    /// Host name; `None` is sent as null.
    pub hostname: Option<String>,
    /// Address of its only interface.
    pub ip: String,
    /// Any keys, in any order.
    pub labels: Vec<(String, String)>,
    /// `active suspended uninstalled`, or anything.
    pub status: String,
    /// Version of its software.
    pub version: String,
    /// `server` or `endpoint`.
    pub kind: String,
    /// `linux windows unknown`.
    pub os: String,
    /// The PCE it talks to.
    pub active_pce: String,
    /// Enforcement mode of the workload.
    pub enforcement: String,
    /// `applied`, or anything.
    pub sync_state: String,
    /// Notification types of its conditions.
    pub conditions: Vec<String>,
    /// When it was last heard of; `None`: it is well and reports every five minutes.
    pub silent_since: Option<Timestamp>,
}

/// How long the PCE waits before it calls a VEN offline.
const OFFLINE: SignedDuration = SignedDuration::from_hours(1);

impl SimVen {
    /// A VEN that is well, on a host of the world; `None`: there is none.
    pub fn of(host: &Host, number: usize) -> Option<SimVen> {
        let workload = host.workload.as_ref().filter(|workload| workload.managed && workload.href.contains("/workloads/"))?;
        Some(SimVen {
            number,
            workload: workload.href.clone(),
            name: workload.name.clone(),
            hostname: workload.hostname.clone(),
            ip: host.ip.to_string(),
            labels: workload.labels.clone(),
            status: "active".to_owned(),
            version: "25.2.10-1000".to_owned(),
            kind: if workload.endpoint { "endpoint" } else { "server" }.to_owned(),
            os: workload.os_type.clone(),
            active_pce: "pce.example.com".to_owned(),
            enforcement: workload.enforcement_mode.clone(),
            sync_state: "applied".to_owned(),
            conditions: Vec::new(),
            silent_since: None,
        })
    }

    /// Its address at the PCE.
    pub fn href(&self) -> String {
        format!("/orgs/1/vens/{}", self.number)
    }

    fn heard_of(&self, now: Timestamp) -> Timestamp {
        let ago = SignedDuration::from_secs(self.number as i64 * 37 % 300);
        self.silent_since.unwrap_or_else(|| now.checked_sub(ago).unwrap_or(now))
    }

    /// As `/vens` lists it.
    pub fn to_json(&self, now: Timestamp) -> Value {
        let heard_of = self.heard_of(now).strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let condition = |kind: &String| {
            json!({
                "first_reported_timestamp": heard_of,
                "latest_event": { "href": "/orgs/1/events/1", "notification_type": kind, "severity": "warning", "info": {}, "timestamp": heard_of },
            })
        };
        let workloads: Vec<Value> = match self.workload.as_str() {
            "" => Vec::new(),
            href => vec![json!({ "href": href, "name": self.name, "hostname": self.hostname })],
        };
        json!({
            "href": self.href(), "name": self.name, "hostname": self.hostname, "uid": format!("uid-{}", self.number),
            "os_id": self.os, "os_detail": null, "os_platform": self.os, "version": self.version, "status": self.status,
            "activation_type": "pairing_key", "active_pce_fqdn": self.active_pce, "target_pce_fqdn": null, "ven_type": self.kind,
            "labels": self.labels_json(), "interfaces": [{ "name": "eth0", "address": self.ip }], "workloads": workloads,
            "container_cluster": null, "last_heartbeat_at": heard_of, "last_goodbye_at": null,
            "conditions": self.conditions.iter().map(condition).collect::<Vec<_>>(),
        })
    }

    /// As `/workloads` lists the workload it manages.
    pub fn workload_json(&self, now: Timestamp) -> Value {
        let online = now.duration_since(self.heard_of(now)) < OFFLINE;
        json!({
            "href": self.workload, "name": self.name, "hostname": self.hostname, "managed": true, "online": online, "deleted": false,
            "enforcement_mode": self.enforcement, "visibility_level": "flow_summary", "labels": self.labels_json(),
            "agent": { "href": format!("/orgs/1/agents/{}", self.number), "status": { "security_policy_sync_state": self.sync_state } },
            "ven": { "href": self.href(), "hostname": self.hostname, "name": self.name, "status": self.status },
        })
    }

    fn labels_json(&self) -> Vec<Value> {
        self.labels.iter().map(|(key, value)| json!({ "href": label_href(key, value), "key": key, "value": value })).collect()
    }
}

/// A VEN that is well on every managed host of a world.
pub fn of_world(world: &World) -> Vec<SimVen> {
    world.hosts().iter().enumerate().filter_map(|(index, host)| SimVen::of(host, index + 1)).collect()
}

/// A traffic database with room.
pub fn database() -> Value {
    json!({
        "org_id": 1, "flows_days": 61, "flows_days_limit": 90, "flows_oldest_day": "2026-09-21", "flows_size_gb": 6.2, "flows_size_gb_limit": 15.0,
        "server": { "num_flows_days": 61, "num_flows_days_limit": 90, "flows_oldest_day": "2026-09-21", "flows_size_gb": 6.2, "flows_size_gb_limit": 10.0 },
        "endpoint": { "num_flows_days": 0, "num_flows_days_limit": 90, "flows_oldest_day": null, "flows_size_gb": 0.0, "flows_size_gb_limit": 5.0 },
        "backlog": { "total_disk_used_gb": 0.02, "total_file_count": 3 }, "updated_at": "2026-11-20T10:00:00Z",
    })
}
