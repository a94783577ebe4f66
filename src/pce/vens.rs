//! The PCE's lists of VENs and of workloads -> [`Inventory`]. The reading knows no HTTP.

use super::decode::{DecodeError, Decoded};
use super::records::read_records;
use crate::domain::time::parse_pce_time;
use crate::domain::ven::{Inventory, Ven, VenWorkload};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;

/// Records of VENs and workloads, in any order, until they are joined.
#[derive(Debug, Default)]
pub struct VenRecords {
    /// VENs, each with the hrefs of its workloads.
    vens: Vec<(Ven, Vec<String>)>,
    /// Workloads by href, each with the href of its VEN.
    workloads: BTreeMap<String, (String, VenWorkload)>,
}

impl VenRecords {
    /// Reads a list, or several after each other.
    pub fn read(&mut self, body: impl Read) -> Result<Decoded, DecodeError> {
        read_records(body, &mut |raw| serde_json::from_str::<Value>(raw.get()).is_ok_and(|value| self.take(&value)))
    }

    /// Whether workloads came without which some VEN cannot be described.
    pub fn lacks_workloads(&self) -> bool {
        self.workloads.is_empty() && !self.vens.is_empty()
    }

    /// What is read of another list.
    pub fn absorb(&mut self, other: VenRecords) {
        self.vens.extend(other.vens);
        self.workloads.extend(other.workloads);
    }

    fn take(&mut self, value: &Value) -> bool {
        let href = text(value, "href");
        match href.rsplit('/').nth(1) {
            Some("vens") => self.vens.push(ven(href, value)),
            Some("workloads") => {
                let of = value.get("ven").map_or_else(String::new, |ven| text(ven, "href"));
                self.workloads.insert(href, (of, workload(value)));
            }
            _ => return false,
        }
        true
    }

    /// Joins VENs and workloads. The outcome does not depend on the order in which they came.
    pub fn join(self, workloads_whole: bool) -> Inventory {
        let mut of_ven: HashMap<&str, &VenWorkload> = HashMap::new();
        for (ven, workload) in self.workloads.values().filter(|(ven, _)| !ven.is_empty()) {
            of_ven.entry(ven).or_insert(workload);
        }
        let mut vens: Vec<Ven> = self
            .vens
            .into_iter()
            .map(|(mut ven, own)| {
                let found = of_ven.get(ven.href.as_str()).copied();
                let named = || own.iter().find_map(|href| self.workloads.get(href).map(|(_, workload)| workload));
                ven.workload = found.or_else(named).cloned();
                ven
            })
            .collect();
        // A list that grows while it is read may name one twice: the newer word counts.
        vens.sort_by(|a, b| a.href.cmp(&b.href).then(b.last_heartbeat.cmp(&a.last_heartbeat)));
        vens.dedup_by(|later, kept| later.href == kept.href);
        Inventory { vens, workloads_whole }
    }
}

fn ven(href: String, value: &Value) -> (Ven, Vec<String>) {
    let own = list(value, "workloads");
    let interfaces = list(value, "interfaces").iter().chain(own.iter().flat_map(|workload| list(workload, "interfaces")));
    let mut addresses: Vec<_> = interfaces.filter_map(|interface| text(interface, "address").parse().ok()).collect();
    addresses.sort();
    addresses.dedup();
    let labels = match labels(value) {
        labels if labels.is_empty() => own.iter().map(self::labels).find(|labels| !labels.is_empty()).unwrap_or_default(),
        labels => labels,
    };
    let mut conditions: Vec<String> = list(value, "conditions").iter().map(condition).filter(|name| !name.is_empty()).collect();
    conditions.sort();
    conditions.dedup();
    let ven = Ven {
        href,
        name: text(value, "name"),
        hostname: text(value, "hostname"),
        status: text(value, "status"),
        version: text(value, "version"),
        os: ["os_id", "os_platform", "os_detail"].iter().map(|key| text(value, key)).filter(|name| !name.is_empty()).collect(),
        ven_type: text(value, "ven_type"),
        active_pce: text(value, "active_pce_fqdn"),
        labels,
        addresses,
        conditions,
        last_heartbeat: value.get("last_heartbeat_at").and_then(Value::as_str).and_then(parse_pce_time),
        workload: None,
    };
    (ven, own.iter().map(|workload| text(workload, "href")).collect())
}

fn labels(value: &Value) -> Vec<(String, String)> {
    let pair = |label: &Value| (text(label, "key"), text(label, "value"));
    list(value, "labels").iter().map(pair).filter(|(key, _)| !key.is_empty()).collect()
}

fn condition(value: &Value) -> String {
    value.get("latest_event").map_or_else(String::new, |event| text(event, "notification_type"))
}

fn workload(value: &Value) -> VenWorkload {
    let status = value.pointer("/agent/status").unwrap_or(&Value::Null);
    VenWorkload {
        enforcement: text(value, "enforcement_mode"),
        sync_state: text(status, "security_policy_sync_state"),
        online: value.get("online").and_then(Value::as_bool),
    }
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or("").to_owned()
}
