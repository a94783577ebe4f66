//! VENs and the workloads they manage: the row, and how records are read and joined.

use super::json::{flag, labels, list, text, text_value, time, told};
use super::{Allowance, Assembled, Assembler, DecodeError, Decoded, Unreadable, json_of};
use crate::domain::source::{
    Agg, Catalogue, FieldDef, Holds, Input, KeyDef, MetricDef, Nature, Needs, ReadFrom, SourceDef, SourceKind, Takes,
};
use crate::domain::unit::Unit;
use crate::domain::value::{Record, Value};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use xxhash_rust::xxh3::xxh3_64;

/// Name, else host name.
pub const VEN: u8 = 0;
/// Labels.
pub const LABEL: u8 = 1;
/// Status.
pub const STATUS: u8 = 2;
/// Version.
pub const VERSION: u8 = 3;
/// What the PCE says about the operating system, the shortest name first.
pub const OS: u8 = 4;
/// Enforcement mode of its workload.
pub const ENFORCEMENT: u8 = 5;
/// Whether its policy is in step.
pub const SYNC_STATE: u8 = 6;
/// Conditions it is in.
pub const CONDITION: u8 = 7;
/// Whether the PCE hears of it.
pub const ONLINE: u8 = 8;
/// Kind of VEN.
pub const VEN_TYPE: u8 = 9;
/// The PCE it talks to.
pub const ACTIVE_PCE: u8 = 10;
/// Addresses of its interfaces.
pub const IP: u8 = 11;
/// When the PCE last heard of it, else since when it could have.
pub const SILENT_SINCE: u8 = 12;
/// Host name.
pub const HOSTNAME: u8 = 13;
/// Its id.
pub const HREF: u8 = 14;
/// When the PCE last heard of it.
pub const LAST_HEARTBEAT: u8 = 15;
/// The id of its workload.
pub const WORKLOAD: u8 = 16;

const FOLDED: Takes = Takes::Patterns { fold: true, catalogue: Catalogue::Open };

const fn field(name: &'static str, about: &'static str, keys: &'static [KeyDef], groups: bool, key: &'static str) -> FieldDef {
    FieldDef { name, about, holds: Holds::Text, keys, groups, needs: Needs::Nothing, told_by_absence: false, key }
}

const fn key(name: &'static str, about: &'static str, takes: Takes, key: &'static str) -> KeyDef {
    KeyDef { name, about, takes, key }
}

const fn words(value: &'static str, known: &'static [&'static str]) -> Takes {
    Takes::Words { value, known, closed: false, synonyms: &[] }
}

/// The row.
pub const SOURCE: SourceDef = SourceDef {
    name: "vens",
    title: || tr!("VENs"),
    targets: &[ReadFrom::whole("pce")],
    nature: Nature::Snapshot,
    kinds: &[],
    fields: &[
        field("ven", "VEN", &[key("ven", "VEN, by name or host name", FOLDED, "Ven")], true, "Ven"),
        FieldDef { holds: Holds::Pairs, ..field("label", "Label", &[key("label", "Label", Takes::Pairs, "Labels")], true, "Label") },
        field(
            "status",
            "Status",
            &[key("status", "active, suspended or uninstalled", words("STATUS", &["active", "suspended", "uninstalled"]), "Status")],
            true,
            "Status",
        ),
        field(
            "version",
            "Version of the VEN",
            &[key("version", "Version of the VEN", Takes::Patterns { fold: false, catalogue: Catalogue::Open }, "Version")],
            true,
            "Version",
        ),
        field("os", "Operating system", &[key("os", "Operating system", FOLDED, "Os")], true, "Os"),
        FieldDef {
            needs: Needs::Second,
            ..field(
                "enforcement",
                "Enforcement mode of its workload",
                &[key(
                    "enforcement",
                    "Enforcement: idle, visibility_only, selective, full",
                    words("MODE", &["idle", "visibility_only", "selective", "full"]),
                    "Enforcement",
                )],
                true,
                "Enforcement",
            )
        },
        FieldDef {
            needs: Needs::Second,
            ..field(
                "sync_state",
                "Whether its policy is in step",
                &[key(
                    "sync_state",
                    "Policy sync state: applied, synced, syncing, staged",
                    Takes::Words { value: "STATE", known: &["applied", "synced", "syncing", "staged"], closed: false, synonyms: &[] },
                    "SyncState",
                )],
                true,
                "SyncState",
            )
        },
        FieldDef {
            needs: Needs::Second,
            ..field(
                "condition",
                "Health condition",
                &[key(
                    "condition",
                    "Health condition, for example agent.missed_heartbeats",
                    Takes::Patterns { fold: false, catalogue: Catalogue::Notifications },
                    "Condition",
                )],
                false,
                "",
            )
        },
        FieldDef {
            holds: Holds::Flag,
            needs: Needs::Second,
            ..field(
                "online",
                "Whether the PCE receives its heartbeats",
                &[
                    key("online", "Online", Takes::Flag { opposite: false }, "Online"),
                    key("offline", "Offline", Takes::Flag { opposite: true }, "Online"),
                ],
                false,
                "",
            )
        },
        field(
            "ven_type",
            "Kind of VEN",
            &[key(
                "ven_type",
                "server, endpoint or containerized-ven",
                Takes::Words {
                    value: "TYPE",
                    known: &["server", "endpoint", "containerized-ven", "containerized_ven"],
                    closed: false,
                    synonyms: &[("containerized_ven", "containerized-ven")],
                },
                "VenType",
            )],
            true,
            "VenType",
        ),
        field("active_pce", "PCE it reports to", &[key("active_pce", "PCE it reports to", FOLDED, "ActivePce")], true, "ActivePce"),
        field("ip", "Addresses", &[key("ip", "Address, CIDR block or a-b range", Takes::Addresses, "Ip")], false, ""),
        FieldDef {
            holds: Holds::Time,
            ..field(
                "silent_since",
                "Since its last heartbeat, else since it was paired",
                &[key("heartbeat_older", "Last heartbeat older than this", Takes::Older, "HeartbeatOlder")],
                false,
                "",
            )
        },
        field("hostname", "Host name", &[], false, ""),
        field("href", "Its id", &[], false, ""),
        FieldDef { holds: Holds::Time, ..field("last_heartbeat", "Last heartbeat", &[], false, "") },
        field("workload", "The id of its workload", &[], false, ""),
    ],
    open_fields: false,
    metrics: &[
        MetricDef {
            name: "count",
            unit: Unit::Vens,
            kinds: &[],
            input: Input::Count,
            agg: Agg::Sum,
            must_be_told: false,
            groups: true,
            key: "Vens",
        },
        MetricDef {
            name: "heartbeat_age",
            unit: Unit::Seconds,
            kinds: &[],
            input: Input::Age(SILENT_SINCE),
            agg: Agg::Max,
            must_be_told: false,
            groups: true,
            key: "HeartbeatAge",
        },
    ],
    flag: "vens",
    files: &["vens-", "workloads-"],
    key: ("Vens", "Vens"),
};

/// When each VEN was last heard of, by its id.
pub fn heard(records: &[Record]) -> Vec<(u64, jiff::Timestamp)> {
    let heard = |record: &Record| if let Value::Time(at) = record.slot(LAST_HEARTBEAT) { Some((record.id, *at)) } else { None };
    records.iter().filter_map(heard).collect()
}

/// VENs and workloads, in any order, until they are joined.
#[derive(Default)]
pub struct Vens {
    vens: Vec<Ven>,
    /// Where each VEN is, by its id.
    places: HashMap<u64, usize>,
    /// Workloads by href, each with the href of its VEN.
    workloads: BTreeMap<String, (String, Workload)>,
    unreadable: Unreadable,
    allowance: Allowance,
    /// What there was no place for.
    left: u64,
    /// A rule names what only workloads tell.
    wants_workloads: bool,
}

struct Ven {
    record: Record,
    /// Hrefs of its workloads; `None`: it does not say.
    workloads: Option<Vec<String>>,
}

/// What only the workload of a VEN tells.
#[derive(Default)]
struct Workload {
    enforcement: Value,
    sync_state: Value,
    online: Value,
    conditions: Vec<String>,
    labels: Value,
    last_heartbeat: Option<jiff::Timestamp>,
}

impl Workload {
    /// How many bytes it takes in memory, roughly.
    fn weight(&self) -> usize {
        let labels = if let Value::Pairs(labels, _) = &self.labels { labels.len() } else { 0 };
        size_of::<(String, String, Workload)>() + 160 + 64 * self.conditions.len() + 160 * labels
    }
}

impl Vens {
    /// For rules that name what only workloads tell, or not.
    pub fn new(wants_workloads: bool) -> Vens {
        Vens { wants_workloads, ..Vens::default() }
    }

    fn take(&mut self, json: &Json) -> bool {
        let href = text(json, "href");
        match href.rsplit('/').nth(1) {
            Some("vens") => {
                let mut new = ven(&href, json);
                let heard = |ven: &Ven| if let Value::Time(at) = ven.record.slot(LAST_HEARTBEAT) { Some(*at) } else { None };
                let bytes = new.record.close() + new.workloads.iter().flatten().map(|href| 48 + href.capacity()).sum::<usize>();
                match self.places.get(&new.record.id) {
                    // A list that changes while it is read may name one twice: the newer word counts.
                    Some(place) if heard(&self.vens[*place]) <= heard(&new) => self.vens[*place] = new,
                    Some(_) => {}
                    None if self.allowance.takes(bytes) => {
                        self.places.insert(new.record.id, self.vens.len());
                        self.vens.push(new);
                    }
                    None => self.left += 1,
                }
            }
            Some("workloads") => {
                let of = json.get("ven").map_or_else(String::new, |ven| text(ven, "href"));
                let workload = workload(json);
                if self.allowance.takes(workload.weight() + href.capacity() + of.capacity()) {
                    self.workloads.insert(href, (of, workload));
                } else {
                    self.left += 1;
                }
            }
            _ => return false,
        }
        true
    }
}

impl Assembler for Vens {
    fn part(&mut self, _name: &str, body: &mut dyn Read) -> Result<Decoded, DecodeError> {
        super::read_records(body, &mut |raw| {
            let known = json_of(raw).is_some_and(|json| self.take(&json));
            if !known {
                self.unreadable.add(raw);
            }
            known
        })
    }

    fn limit(&mut self, bytes: usize) {
        self.allowance = Allowance::of(bytes);
    }

    /// Joins VENs and workloads. The outcome does not depend on the order in which they came.
    fn finish(self: Box<Self>) -> Assembled {
        let unreadable = self.unreadable.count();
        let rows = self.vens.len() as u64 + self.workloads.len() as u64 + self.left + unreadable;
        let lacking = self.wants_workloads && self.workloads.is_empty() && !self.vens.is_empty();
        let lacking = lacking.then(|| tr!("it holds no workloads, and only workloads have enforcement, sync_state and online"));
        let Vens { mut vens, workloads, allowance, .. } = *self;
        let mut of_ven: HashMap<&str, (&str, &Workload)> = HashMap::new();
        for (href, (ven, workload)) in workloads.iter().filter(|(_, (ven, _))| !ven.is_empty()) {
            of_ven.entry(ven).or_insert((href, workload));
        }
        let href = |ven: &Ven| ven.record.slot(HREF).as_text().unwrap_or_default().to_owned();
        vens.sort_by(|a, b| a.record.slot(HREF).as_text().cmp(&b.record.slot(HREF).as_text()));
        let joined = |ven: Ven| {
            let named = || ven.workloads.iter().flatten().find_map(|href| workloads.get(href).map(|(_, own)| (href.as_str(), own)));
            let workload = of_ven.get(href(&ven).as_str()).copied().or_else(named);
            let none = ven.workloads.as_ref().is_some_and(Vec::is_empty);
            let mut record = ven.record;
            let only = || ven.workloads.iter().flatten().next().map(String::as_str);
            match workload.map(|(href, _)| href).or_else(only) {
                Some(href) => record.set(WORKLOAD, Value::text(href)),
                None if none => record.set(WORKLOAD, Value::Absent),
                None => {}
            }
            let workload = workload.map(|(_, workload)| workload);
            join(&mut record, workload, none);
            record.close();
            record
        };
        let records = vens.into_iter().map(joined).collect();
        let missing = [allowance.remark(), lacking].into_iter().flatten().reduce(|all, more| format!("{all}; {more}"));
        Assembled { rows, records, unreadable, missing, held: allowance.held(), ..Assembled::default() }
    }
}

fn ven(href: &str, json: &Json) -> Ven {
    let own = list(json, "workloads");
    let mut record = Record::of(SourceKind(&SOURCE), xxh3_64(href.as_bytes()));
    let (name, hostname) = (text(json, "name"), text(json, "hostname"));
    let names: Vec<String> = [name, hostname.clone()].into_iter().filter(|name| !name.is_empty()).collect();
    record.name = names.first().cloned().unwrap_or_else(|| href.to_owned());
    record.word = text(json, "status");
    // Without a name it is known by its id alone. Whether a name that is not told would match nobody knows; null is none.
    let is_told = |key: &str| json.get(key).is_some_and(|name| name.is_string() || name.is_null());
    let whole = !names.is_empty() && is_told("name") && is_told("hostname");
    record.set(VEN, Value::Texts(if names.is_empty() { vec![href.to_owned()] } else { names }, whole));
    record.set(HOSTNAME, Value::text(hostname));
    record.set(HREF, Value::text(href));
    record.set(LABEL, labels(json, "labels"));
    record.set(STATUS, text_value(json, "status"));
    record.set(VERSION, text_value(json, "version"));
    let os: Vec<String> = ["os_id", "os_platform", "os_detail"].iter().map(|key| text(json, key)).filter(|name| !name.is_empty()).collect();
    // The detail is a text that a VEN may have none of; what it runs on, it always knows.
    let no_detail = matches!(json.get("os_detail"), Some(Json::Null));
    let all_told = os.len() == 3 || (no_detail && os.len() == 2);
    record.set(OS, if os.is_empty() { Value::NotTold } else { Value::Texts(os, all_told) });
    record.set(VEN_TYPE, text_value(json, "ven_type"));
    record.set(ACTIVE_PCE, text_value(json, "active_pce_fqdn"));
    let interfaces: Vec<&Json> =
        list(json, "interfaces").iter().chain(own.iter().flat_map(|workload| list(workload, "interfaces"))).collect();
    let mut addresses: Vec<std::net::IpAddr> = interfaces.iter().filter_map(|one| text(one, "address").parse().ok()).collect();
    addresses.sort();
    addresses.dedup();
    let whole = !interfaces.is_empty() && interfaces.iter().all(|one| text(one, "address").parse::<std::net::IpAddr>().is_ok());
    record.set(IP, if addresses.is_empty() { Value::NotTold } else { Value::Addresses(addresses, whole) });
    if let Some(Json::Array(conditions)) = json.get("conditions") {
        let mut names: Vec<String> = conditions.iter().map(condition).collect();
        let whole = names.iter().all(|name| !name.is_empty());
        names.retain(|name| !name.is_empty());
        names.sort();
        names.dedup();
        record.set(CONDITION, Value::Texts(names, whole));
    }
    let heard = ["last_heartbeat_at", "last_heartbeat_on"].iter().find_map(|key| time(json, key));
    record.set(LAST_HEARTBEAT, heard.map_or(Value::NotTold, Value::Time));
    // One that was never heard of has been silent since it was paired.
    let since = heard.or_else(|| ["created_at", "managed_since"].iter().find_map(|key| time(json, key)));
    record.set(SILENT_SINCE, since.map_or(Value::NotTold, Value::Time));
    let workloads = match json.get("workloads") {
        Some(Json::Array(list)) => Some(list.iter().map(|workload| text(workload, "href")).collect()),
        _ => None,
    };
    if record.slot(LABEL) == &Value::NotTold || record.slot(LABEL) == &Value::Pairs(Vec::new(), true) {
        let of_own = own
            .iter()
            .map(|workload| labels(workload, "labels"))
            .find(|labels| matches!(labels, Value::Pairs(list, _) if !list.is_empty()));
        if let Some(labels) = of_own {
            record.set(LABEL, labels);
        }
    }
    Ven { record, workloads }
}

fn condition(json: &Json) -> String {
    json.get("latest_event").map_or_else(String::new, |event| text(event, "notification_type"))
}

fn workload(json: &Json) -> Workload {
    let status = json.pointer("/agent/status").unwrap_or(&Json::Null);
    let health = list(status, "agent_health").iter().map(|one| text(one, "type"));
    let errors = ["errors", "warnings"].iter().flat_map(|key| told(status, "agent_health_errors").map_or(&[][..], |all| list(all, key)));
    let errors = errors.map(|error| error.as_str().map_or_else(|| text(error, "type"), str::to_owned));
    Workload {
        enforcement: text_value(json, "enforcement_mode"),
        sync_state: text_value(status, "security_policy_sync_state"),
        online: flag(json, "online").map_or(Value::NotTold, Value::Flag),
        conditions: health.chain(errors).filter(|name| !name.is_empty()).collect(),
        labels: labels(json, "labels"),
        last_heartbeat: time(status, "last_heartbeat_on"),
    }
}

/// Adds what only the workload tells. `none`: the VEN itself says that it manages none.
fn join(record: &mut Record, workload: Option<&Workload>, none: bool) {
    if let Some(workload) = workload {
        record.set(ENFORCEMENT, workload.enforcement.clone());
        record.set(SYNC_STATE, workload.sync_state.clone());
        record.set(ONLINE, workload.online.clone());
        if record.slot(LABEL) == &Value::NotTold {
            record.set(LABEL, workload.labels.clone());
        }
        if !workload.conditions.is_empty() {
            let (mut all, whole) = match record.slot(CONDITION) {
                Value::Texts(list, whole) => (list.clone(), *whole),
                _ => (Vec::new(), false),
            };
            all.extend(workload.conditions.iter().cloned());
            all.sort();
            all.dedup();
            record.set(CONDITION, Value::Texts(all, whole));
        }
        if let (Value::NotTold, Some(at)) = (record.slot(LAST_HEARTBEAT).clone(), workload.last_heartbeat) {
            record.set(LAST_HEARTBEAT, Value::Time(at));
            record.set(SILENT_SINCE, Value::Time(at));
        }
    } else if none {
        for slot in [ENFORCEMENT, SYNC_STATE, ONLINE] {
            record.set(slot, Value::Absent);
        }
    }
    record.detail = describe(record);
}

/// The last word of a VEN and what it is, for people.
fn describe(record: &Record) -> String {
    let heard = match record.slot(LAST_HEARTBEAT) {
        Value::Time(at) => format!("last heartbeat {}", at.strftime("%Y-%m-%d %H:%M:%SZ")),
        _ => "no heartbeat yet".to_owned(),
    };
    let version = record.slot(VERSION).as_text().unwrap_or("");
    let conditions = record.slot(CONDITION).texts().join(" ");
    [heard.as_str(), version, conditions.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}
