//! What the demo's PCE says about itself and its VENs: audit events, health, the VENs, the traffic database.

use super::fleet::{self, SimVen};
use super::options::SimEvent;
use super::world::World;
use super::world::plus;
use jiff::Timestamp;
use serde_json::{Value, json};

const NO_ID: &str = "00000000-0000-4aaa-8bbb-999988887777";

/// The audit events around `start`.
pub(super) fn events(start: Timestamp) -> Vec<SimEvent> {
    let mut out: Vec<SimEvent> = Vec::new();
    // Seconds after the start, how late, and the parts that differ.
    let mut add = |seconds: i64, late: i64, kind: &str, severity: &str, parts: Value| {
        let at = plus(start, seconds);
        let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, format!("{kind}{seconds}").as_bytes());
        let mut body = json!({
            "href": format!("/orgs/1/events/{id}"),
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "pce_fqdn": "pce.demo.example",
            "created_by": { "system": {} },
            "event_type": kind,
            "status": null,
            "severity": severity,
            "action": null,
            "resource_changes": [],
            "notifications": [],
        });
        if let (Some(body), Value::Object(parts)) = (body.as_object_mut(), parts) {
            body.extend(parts);
        }
        out.push(SimEvent { arrival: plus(at, late), body });
    };
    let agent = |name: &str| json!({ "agent": { "href": "/orgs/1/agents/212", "hostname": name }, "ven": { "href": "/orgs/1/vens/212", "hostname": name } });
    let user = |name: &str| json!({ "user": { "href": "/users/7", "username": name } });
    let action = |endpoint: &str, code: u16, from: &str| json!({ "uuid": NO_ID, "api_endpoint": endpoint, "api_method": "POST", "http_status_code": code, "src_ip": from, "errors": [] });
    let sign_in = "/login/users/authenticate";
    let alice = "alice@corp.example";
    add(
        -7_000,
        2,
        "user.sign_in",
        "info",
        json!({ "created_by": user(alice), "status": "success", "action": action(sign_in, 200, "10.20.1.40") }),
    );
    add(-5_400, 2, "rule_set.update", "info", json!({ "created_by": user(alice), "status": "success" }));
    for (seconds, name) in [(-4_100, "app-01"), (-2_300, "pay-web-02"), (-900, "db-02"), (80, "web-04"), (410, "dns-01")] {
        add(seconds, 3, "agent.update", "info", json!({ "created_by": agent(name), "status": "success" }));
    }
    add(-1_800, 1, "system_task.prune_old_log_events", "info", json!({ "status": "success" }));
    // Happened before the first look, seen only after it.
    add(-60, 150, "user.sign_out", "info", json!({ "created_by": user("carol@corp.example"), "status": "success" }));
    add(
        150,
        4,
        "agent.tampering",
        "err",
        json!({ "created_by": agent("web-02.corp.example"), "notifications": [{ "uuid": NO_ID, "notification_type": "workload.oob_policy_changes", "info": null }] }),
    );
    for attempt in 0..5 {
        let info = json!({ "associated_user": { "supplied_username": "bob@corp.example" } });
        add(
            190 + attempt * 11,
            2,
            "user.sign_in",
            "err",
            json!({
                "status": "failure",
                "action": action(sign_in, 302, "198.51.100.77"),
                "notifications": [{ "uuid": NO_ID, "notification_type": "user.login_failed", "info": info }],
            }),
        );
    }
    let changes = json!({ "workloads_affected": { "before": 0, "after": 240 } });
    let resource = json!({ "sec_policy": { "href": "/orgs/1/sec_policy/118", "commit_message": "open reporting", "version": 118, "modified_objects": {} } });
    add(
        330,
        2,
        "sec_policy.create",
        "info",
        json!({
            "created_by": user(alice),
            "status": "success",
            "action": action("/api/v2/orgs/1/sec_policy", 201, "10.20.1.40"),
            "resource_changes": [{ "uuid": NO_ID, "resource": resource, "changes": changes, "change_type": "create" }],
        }),
    );
    out
}

/// A PCE whose disk fills up.
pub(super) fn health(start: Timestamp) -> Value {
    let generated_at = start.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let node = |name: &str, kind: &str, cpu: u8, memory: u8, disk: u8| {
        let verdict = |percent: u8| json!({ "status": if percent >= 90 { "warning" } else { "normal" }, "percent": percent });
        json!({
            "hostname": name, "ip_address": "10.20.0.5", "type": kind, "runlevel": 5, "uptime_seconds": 864_120,
            "cpu": verdict(cpu), "memory": verdict(memory), "disk": [{ "location": "/", "value": verdict(disk) }],
            "services": { "status": "normal", "services": { "running": ["agent_service"], "not_running": [], "partial": [], "optional": [], "unknown": [] } },
            "generated_at": generated_at,
        })
    };
    let replication = |database: &str, lag: u32| {
        json!({
            "type": "intracluster",
            "details": { "database_name": database, "primary_fqdn": "data0", "replica_fqdn": "data1" },
            "value": { "status": "normal", "lag_seconds": lag },
        })
    };
    json!([{
        "status": "warning", "type": "standalone", "fqdn": "pce.demo.example", "available_seconds": 864_060, "listen_only_mode_enabled_at": null,
        "notifications": [{ "status": "warning", "token": "disk", "message": "Disk usage of data0 is high (91 %)" }],
        "nodes": [node("core0", "core", 12, 61, 40), node("core1", "core", 9, 58, 38), node("data0", "data0", 31, 72, 91), node("data1", "data1", 18, 66, 63)],
        "network": { "replication": [replication("agent", 0), replication("traffic", 2)] },
        "generated_at": generated_at,
    }])
}

/// VENs of which two are not well: one has been silent for almost an hour, one is suspended.
pub(super) fn vens(world: &World, start: Timestamp) -> Vec<SimVen> {
    let mut vens = fleet::of_world(world);
    for ven in &mut vens {
        ven.active_pce = "pce.demo.example".to_owned();
        match ven.name.as_deref() {
            Some("patch-01") => ven.silent_since = Some(plus(start, -3_180)),
            Some("hr-file-01") => ven.status = "suspended".to_owned(),
            Some("pay-db-01") => {
                ven.version = "24.2.20-2021".to_owned();
                ven.conditions = vec!["agent.upgrade_time_out".to_owned()];
            }
            _ => {}
        }
    }
    vens
}

/// A traffic database that fills up.
pub(super) fn database(start: Timestamp) -> Value {
    let oldest = plus(start, -61 * 86_400).strftime("%Y-%m-%d").to_string();
    let mut database = fleet::database();
    for (part, size) in [("", 13.4), ("server", 8.8)] {
        let part = if part.is_empty() { &mut database } else { &mut database[part] };
        part["flows_size_gb"] = json!(size);
        part["flows_oldest_day"] = json!(oldest);
    }
    database
}
