//! The PCE's lists of VENs and of workloads -> [`Inventory`], and how to have them. The reading knows no HTTP.

use super::collection::{Collected, Collection, collect};
use super::decode::{DecodeError, Decoded};
use super::error::{ErrorKind, PceError};
use super::records::read_records;
use super::traffic::{AnswerSink, BodyError};
use super::{Client, VensAnswer};
use crate::domain::time::parse_pce_time;
use crate::domain::ven::{Inventory, Ven, VenWorkload};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;

/// Records of VENs and workloads, in any order, until they are joined.
#[derive(Debug, Default)]
pub struct VenRecords {
    /// VENs by href, each with the hrefs of its workloads.
    vens: BTreeMap<String, (Ven, Vec<String>)>,
    /// Workloads by href, each with the href of its VEN.
    workloads: BTreeMap<String, (String, VenWorkload)>,
    /// Records that are neither.
    pub unreadable: u64,
}

impl VenRecords {
    /// Reads a list, or several after each other.
    pub fn read(&mut self, body: impl Read) -> Result<Decoded, DecodeError> {
        let decoded = read_records(body, &mut |raw| serde_json::from_str::<Value>(raw.get()).is_ok_and(|value| self.take(&value)))?;
        self.unreadable += decoded.unreadable;
        Ok(decoded)
    }

    /// Records so far, readable or not.
    pub fn len(&self) -> u64 {
        self.vens.len() as u64 + self.workloads.len() as u64 + self.unreadable
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there are VENs, but no workload that they could manage.
    pub fn lacks_workloads(&self) -> bool {
        self.workloads.is_empty() && !self.vens.is_empty()
    }

    fn take(&mut self, value: &Value) -> bool {
        let href = text(value, "href");
        match href.rsplit('/').nth(1) {
            Some("vens") => {
                let new = ven(href.clone(), value);
                // A list that changes while it is read may name one twice: the newer word counts.
                if self.vens.get(&href).is_none_or(|(old, _)| old.last_heartbeat <= new.0.last_heartbeat) {
                    self.vens.insert(href, new);
                }
            }
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
        let vens = self
            .vens
            .into_values()
            .map(|(mut ven, own)| {
                let found = of_ven.get(ven.href.as_str()).copied();
                let named = || own.iter().find_map(|href| self.workloads.get(href).map(|(_, workload)| workload));
                ven.workload = found.or_else(named).cloned();
                ven
            })
            .collect();
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

/// The lists, as the PCE names them.
const VENS: Collection = Collection { name: "vens", query: &[] };
const WORKLOADS: Collection = Collection { name: "workloads", query: &[("managed", "true")] };

/// Takes one list; a part takes the place of the one before.
struct Sink(VenRecords);

impl AnswerSink for Sink {
    fn part(&mut self, _part: u32, body: &mut (dyn Read + Send)) -> Result<u64, BodyError> {
        let mut fresh = VenRecords::default();
        let decoded = fresh.read(body).map_err(|error| match error {
            DecodeError::Read(error) => BodyError::Network(error.to_string()),
            error => BodyError::Content(error.to_string()),
        })?;
        self.0 = fresh;
        Ok(decoded.rows)
    }
}

/// Has all VENs, and the workloads when they are wanted.
pub(super) fn fetch(client: &Client, workloads: bool) -> Result<VensAnswer, PceError> {
    let list = |list: &Collection| -> Result<(VenRecords, Collected), PceError> {
        let mut sink = Sink(VenRecords::default());
        let collected = collect(client, list, &mut sink).map_err(explained)?;
        Ok((sink.0, collected))
    };
    let (mut records, mut collected) = list(&VENS)?;
    let mut whole = false;
    if workloads {
        match list(&WORKLOADS) {
            Ok((found, more)) => {
                whole = more.missing.is_none();
                collected.queries += more.queries;
                collected.bytes += more.bytes;
                collected.missing = [collected.missing, more.missing].into_iter().flatten().reduce(|all, more| format!("{all}; {more}"));
                records.workloads = found.workloads;
                records.unreadable += found.unreadable;
            }
            Err(error) if error.kind == ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let told = format!("enforcement, sync_state and online are not known, because the workloads could not be read: {error}");
                collected.missing = Some(collected.missing.map_or(told.clone(), |missing| format!("{missing}; {told}")));
            }
        }
    }
    Ok(VensAnswer {
        records: records.len(),
        unreadable: records.unreadable,
        queries: collected.queries,
        bytes: collected.bytes,
        missing: collected.missing,
        inventory: records.join(whole),
    })
}

/// A refusal, with what to do about it.
fn explained(error: PceError) -> PceError {
    match error.kind {
        ErrorKind::Forbidden => {
            error.hint("the key needs a role that may view VENs and workloads, such as Global Viewer; check org_id, too")
        }
        _ => error,
    }
}
