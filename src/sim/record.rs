//! One flow record, exactly as the PCE writes it.

use super::host::{Host, IpList, Workload};
use crate::domain::record::{Decision, Direction};
use crate::domain::time::pce_format;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// One record: the totals of a whole day bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRecord {
    /// Source as the reporting end sees it.
    pub src: Arc<Host>,
    /// Destination.
    pub dst: Arc<Host>,
    /// Destination port; `None` for protocols without.
    pub port: Option<u16>,
    /// IANA protocol number.
    pub proto: u8,
    /// Reported decision.
    pub decision: Decision,
    /// Connection state.
    pub state: Arc<str>,
    /// Network name.
    pub network: Arc<str>,
    /// `broadcast`, `multicast`, or empty for unicast.
    pub transmission: Arc<str>,
    /// Which end reported.
    pub direction: Direction,
    /// Process at the reporting end, or empty.
    pub process: Arc<str>,
    /// User at the reporting end, or empty.
    pub user: Arc<str>,
    /// Windows service at the reporting end, or empty.
    pub service: Arc<str>,
    /// Connections so far.
    pub connections: u64,
    /// Bytes received by the destination so far.
    pub bytes_in: u64,
    /// Bytes sent by the destination so far.
    pub bytes_out: u64,
    /// First event known.
    pub first: Timestamp,
    /// Last event known.
    pub last: Timestamp,
    /// A number that looks like an identity and is none.
    pub seq_id: u64,
}

const ICMP: [u8; 2] = [1, 58];

impl FlowRecord {
    /// The end that reported.
    pub fn reporter(&self) -> &Host {
        match self.direction {
            Direction::Inbound => &self.dst,
            Direction::Outbound => &self.src,
        }
    }

    /// The record as the download sends it.
    pub fn to_json(&self) -> Value {
        let is_snapshot = &*self.state == "snapshot";
        let of_endpoint = self.reporter().workload.as_ref().is_some_and(|workload| workload.endpoint);
        let mut service = json!({ "proto": self.proto });
        if let Some(port) = self.port {
            service["port"] = json!(port);
        }
        for (key, text) in [("process_name", &self.process), ("windows_service_name", &self.service), ("user_name", &self.user)] {
            if !text.is_empty() {
                service[key] = json!(**text);
            }
        }
        let mut out = json!({
            "src": endpoint_json(&self.src),
            "dst": endpoint_json(&self.dst),
            "service": service,
            "num_connections": self.connections,
            "state": *self.state,
            "timestamp_range": { "first_detected": pce_format(self.first), "last_detected": pce_format(self.last) },
            "dst_bi": self.bytes_in,
            "dst_bo": self.bytes_out,
            "policy_decision": self.decision.name(),
            "flow_direction": self.direction.name(),
            "client_type": if of_endpoint { "endpoint" } else { "server" },
            "network": network_json(&self.network),
            "caps": if is_snapshot { json!([]) } else { json!(["write"]) },
            "seq_id": self.seq_id,
        });
        if is_snapshot {
            out["boundary_decision"] = Value::Null;
        }
        if is_snapshot || ICMP.contains(&self.proto) {
            // Snapshot rows carry 0/0 whatever their protocol.
            out["icmp_type"] = json!(if is_snapshot { 0 } else { 8 });
            out["icmp_code"] = json!(0);
        }
        if !self.transmission.is_empty() {
            out["transmission"] = json!(*self.transmission);
        }
        out
    }

    /// The first line of the CSV download.
    pub const CSV_HEAD: &str = "Source IP,Source Name,Source Hostname,Destination IP,Destination Name,Destination Hostname,Port,Protocol,\
        Process,Username,Num Flows,Bytes In,Bytes Out,Connection State,Reported Policy Decision,Reported by,Network,First Detected,Last Detected";

    /// The record as a line of the CSV download.
    pub fn to_csv(&self) -> String {
        let name = |host: &Host| host.workload.as_ref().and_then(|workload| workload.name.clone()).unwrap_or_default();
        let hostname = |host: &Host| host.workload.as_ref().and_then(|workload| workload.hostname.clone()).unwrap_or_default();
        let cells = [
            self.src.ip.to_string(),
            name(&self.src),
            hostname(&self.src),
            self.dst.ip.to_string(),
            name(&self.dst),
            hostname(&self.dst),
            self.port.map(|port| port.to_string()).unwrap_or_default(),
            self.proto.to_string(),
            self.process.to_string(),
            self.user.to_string(),
            self.connections.to_string(),
            self.bytes_in.to_string(),
            self.bytes_out.to_string(),
            self.state.to_string(),
            self.decision.name().to_owned(),
            self.direction.name().to_owned(),
            self.network.to_string(),
            pce_format(self.first),
            pce_format(self.last),
        ];
        cells.map(|cell| if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }).join(",")
    }
}

/// The href of a label; the same for equal labels everywhere.
pub fn label_href(key: &str, value: &str) -> String {
    format!("/orgs/1/labels/{}", xxh3_64(format!("{key}={value}").as_bytes()) % 1_000_000_007)
}

/// Leaves of the labels in a record only where they are to be found.
pub fn leave_hrefs(row: &mut Value) {
    for end in ["src", "dst"] {
        let labels = row[end]["workload"].get_mut("labels").and_then(Value::as_array_mut);
        for label in labels.into_iter().flatten().filter_map(Value::as_object_mut) {
            label.retain(|key, _| key == "href");
        }
    }
}

fn endpoint_json(host: &Host) -> Value {
    let mut out = json!({ "ip": host.ip.to_string() });
    if let Some(workload) = &host.workload {
        out["workload"] = workload_json(workload);
    } else if !host.ip_lists.is_empty() {
        out["ip_lists"] = host.ip_lists.iter().map(ip_list_json).collect();
    }
    if !host.fqdn.is_empty() {
        out["fqdn"] = json!(host.fqdn);
    }
    out
}

fn workload_json(workload: &Workload) -> Value {
    let labels: Vec<Value> =
        workload.labels.iter().map(|(key, value)| json!({ "href": label_href(key, value), "key": key, "value": value })).collect();
    json!({
        "href": workload.href,
        "name": workload.name,
        "hostname": workload.hostname,
        "labels": labels,
        "managed": workload.managed,
        "enforcement_mode": workload.enforcement_mode,
        "os_type": workload.os_type,
        "endpoint": workload.endpoint,
    })
}

fn ip_list_json(list: &IpList) -> Value {
    json!({ "href": format!("/orgs/1/sec_policy/draft/ip_lists/{}", list.id), "name": list.name, "size": list.size })
}

fn network_json(name: &str) -> Value {
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes());
    json!({ "href": format!("/orgs/1/networks/{id}"), "name": name })
}
