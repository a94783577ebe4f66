//! Turns what a test says of the world into the answers a PCE would give: flows become day buckets, events get an
//! identity, snapshots stay until they are said anew.

use crate::config::Config;
use crate::config::cases::{Step, plain};
use crate::domain::fault::{Fault, Party};
use crate::domain::record::{Decision, Direction, proto_number};
use crate::domain::source::SourceKind;
use crate::domain::text::visible;
use crate::domain::time::{before, parse_duration, utc_day_start};
use crate::run::{Answer, GivenAnswers};
use crate::settings::reader::did_you_mean;
use crate::sim::record::{FlowRecord, label_href};
use crate::sim::world::{Host, IpList, Workload};
use crate::sources::{DATABASE, EVENTS, TRAFFIC, VENS};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

/// What happened in a step happened one second before the run looked.
const BEFORE_THE_LOOK: Duration = Duration::from_secs(1);
/// Buckets older than this are not told any more.
const KEPT: Duration = Duration::from_secs(2 * 86_400);

/// The keys of an inline flow.
const FLOW_KEYS: [&str; 29] = [
    "src",
    "dst",
    "src_ip",
    "dst_ip",
    "src_labels",
    "dst_labels",
    "src_managed",
    "dst_managed",
    "src_enforcement",
    "dst_enforcement",
    "src_os",
    "dst_os",
    "src_ip_lists",
    "dst_ip_lists",
    "src_fqdn",
    "dst_fqdn",
    "port",
    "proto",
    "decision",
    "process",
    "user",
    "service",
    "state",
    "direction",
    "transmission",
    "network",
    "connections",
    "bytes_in",
    "bytes_out",
];
/// The keys of an inline event.
const EVENT_KEYS: [&str; 9] =
    ["type", "severity", "status", "actor", "src_ip", "notifications", "workloads_affected", "pce_fqdn", "resource"];

/// The world of one test.
#[derive(Default)]
pub struct World {
    buckets: BTreeMap<(Timestamp, String), FlowRecord>,
    events: Vec<(Timestamp, Value)>,
    snapshots: BTreeMap<SourceKind, Value>,
    /// Sources that some step of the test speaks of.
    sources: BTreeSet<SourceKind>,
    /// How far before the last look a run asks for flows and for events.
    lookback: BTreeMap<SourceKind, Duration>,
    /// When each source was read last.
    looked: BTreeMap<SourceKind, Timestamp>,
}

impl World {
    /// An empty world of a test with these steps, read by runs with this config.
    pub fn of(steps: &[Step], config: &Config) -> World {
        let mut sources = BTreeSet::new();
        for step in steps {
            sources.extend(step.snapshots.keys().chain(step.files.keys()).chain(&step.failed));
            sources.extend((!step.flows.is_empty()).then_some(TRAFFIC));
            sources.extend((!step.events.is_empty()).then_some(EVENTS));
        }
        // What happened in a step lies before its look.
        let events = config.events.lookback.saturating_add(BEFORE_THE_LOOK);
        let lookback = BTreeMap::from([(TRAFFIC, config.traffic.lookback), (EVENTS, events)]);
        World { sources, lookback, ..World::default() }
    }

    /// What the PCE answers at a step.
    pub fn step(&mut self, step: &Step) -> Result<GivenAnswers, String> {
        let happened = before(step.at, BEFORE_THE_LOOK);
        for flow in &step.flows {
            self.add_flow(flow, happened)?;
        }
        for event in &step.events {
            self.add_event(event, happened)?;
        }
        self.snapshots.extend(step.snapshots.iter().map(|(source, value)| (*source, value.clone())));
        let oldest = before(step.at, KEPT);
        self.buckets.retain(|_, record| record.last >= oldest);
        let mut given = GivenAnswers::new();
        for source in &self.sources {
            let answer = if step.failed.contains(source) {
                Answer::Failed(Fault::of(Party::File, "the test says that it cannot be read"))
            } else if let Some(path) = step.files.get(source) {
                Answer::Path(path.clone())
            } else {
                Answer::Text(self.answer(*source, step.at).to_string().into_bytes())
            };
            given.insert((*source, None), answer);
        }
        let read = self.sources.iter().filter(|source| !step.failed.contains(source));
        self.looked.extend(read.map(|source| (*source, step.at)));
        Ok(given)
    }

    fn answer(&self, source: SourceKind, now: Timestamp) -> Value {
        // A PCE is asked for no more than that; of what lies further back a run does not remember that it was seen.
        let back = self.lookback.get(&source).copied().unwrap_or(Duration::MAX);
        let oldest = self.looked.get(&source).map_or(Timestamp::MIN, |at| before(*at, back));
        match source {
            source if source == TRAFFIC => self.buckets.values().filter(|record| record.last >= oldest).map(FlowRecord::to_json).collect(),
            // They come in the order of time.
            source if source == EVENTS => {
                let known = self.events.partition_point(|(at, _)| *at < oldest);
                self.events[known..].iter().map(|(_, event)| event.clone()).collect()
            }
            source if source == VENS => complete_vens(self.snapshots.get(&source), now),
            _ => match self.snapshots.get(&source) {
                Some(Value::Array(list)) => Value::Array(list.clone()),
                Some(one) if source == DATABASE => one.clone(),
                Some(one) => json!([one]),
                None => json!([]),
            },
        }
    }

    fn add_flow(&mut self, flow: &BTreeMap<String, Value>, at: Timestamp) -> Result<(), String> {
        known("flow", flow, &FLOW_KEYS)?;
        let text = |key: &str| flow.get(key).and_then(plain).unwrap_or_default();
        let number = |key: &str, usual: u64| match flow.get(key) {
            None => Ok(usual),
            Some(value) => value.as_u64().ok_or_else(|| tr!("`{key}` of a flow must be a whole number of zero or more", key)),
        };
        let word = |key: &str, usual: &str| Some(text(key)).filter(|text| !text.is_empty()).unwrap_or_else(|| usual.to_owned());
        let decision = word("decision", "allowed");
        let decision = Decision::parse(&decision).ok_or_else(|| {
            let hint = did_you_mean(&decision, &Decision::ALL.map(Decision::name));
            tr!("'{decision}' is not a policy decision; {hint}", decision = visible(&decision), hint)
        })?;
        let direction = word("direction", Direction::Inbound.name());
        let direction = [Direction::Inbound, Direction::Outbound].into_iter().find(|known| known.name() == direction).ok_or_else(|| {
            let hint = did_you_mean(&direction, &[Direction::Inbound.name(), Direction::Outbound.name()]);
            tr!("'{direction}' is not a direction; {hint}", direction = visible(&direction), hint)
        })?;
        let proto = word("proto", "tcp");
        let proto =
            proto_number(&proto).and_then(|proto| u8::try_from(proto).ok()).ok_or_else(|| tr!("'{proto}' is not a protocol", proto))?;
        let port = flow.get("port").map(|port| port.as_u64().and_then(|port| u16::try_from(port).ok()));
        let port = port.map(|port| port.ok_or_else(|| tr!("`port` of a flow must be a number from 0 to 65535"))).transpose()?;
        let record = FlowRecord {
            src: Arc::new(host(flow, "src")?),
            dst: Arc::new(host(flow, "dst")?),
            port,
            proto,
            decision,
            state: word("state", "closed").into(),
            network: word("network", "Corporate").into(),
            transmission: text("transmission").into(),
            direction,
            process: text("process").into(),
            user: text("user").into(),
            service: text("service").into(),
            connections: 0,
            bytes_in: 0,
            bytes_out: 0,
            first: at,
            last: at,
            seq_id: 0,
        };
        let identity = format!("{:?}", FlowRecord { first: Timestamp::UNIX_EPOCH, last: Timestamp::UNIX_EPOCH, ..record.clone() });
        let bucket = self.buckets.entry((utc_day_start(at), identity)).or_insert(record);
        bucket.connections += number("connections", 1)?;
        bucket.bytes_in += number("bytes_in", 0)?;
        bucket.bytes_out += number("bytes_out", 0)?;
        bucket.last = at;
        Ok(())
    }

    fn add_event(&mut self, event: &BTreeMap<String, Value>, at: Timestamp) -> Result<(), String> {
        known("event", event, &EVENT_KEYS)?;
        let text = |key: &str| event.get(key).and_then(plain);
        let id = uuid::Uuid::from_u64_pair(1, self.events.len() as u64);
        let actor = text("actor").map_or_else(
            || json!({ "system": {} }),
            |name| if name.contains('@') { json!({ "user": { "username": name } }) } else { json!({ "agent": { "hostname": name } }) },
        );
        let notifications: Vec<Value> = match event.get("notifications") {
            None => Vec::new(),
            Some(Value::Array(list)) => list.iter().map(|kind| json!({ "notification_type": kind, "info": null })).collect(),
            Some(_) => return Err(tr!("`notifications` of an event must be a list")),
        };
        let mut changes = Vec::new();
        if let Some(affected) = event.get("workloads_affected") {
            changes
                .push(json!({ "resource": { "sec_policy": {} }, "changes": { "workloads_affected": { "before": 0, "after": affected } } }));
        }
        if let Some(name) = text("resource") {
            changes.push(json!({ "resource": { "workload": { "name": name, "href": name } }, "changes": {} }));
        }
        let kind = text("type").ok_or_else(|| tr!("an event of the test has no `type`"))?;
        let body = json!({
            "href": format!("/orgs/1/events/{id}"),
            "timestamp": at.to_string(),
            "pce_fqdn": text("pce_fqdn").unwrap_or_else(|| "pce.example.com".to_owned()),
            "created_by": actor,
            "event_type": kind,
            "status": text("status"),
            "severity": text("severity").unwrap_or_else(|| "info".to_owned()),
            "action": text("src_ip").map(|ip| json!({ "src_ip": ip })),
            "resource_changes": changes,
            "notifications": notifications,
        });
        self.events.push((at, body));
        Ok(())
    }
}

fn known(what: &str, values: &BTreeMap<String, Value>, keys: &[&str]) -> Result<(), String> {
    match values.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(tr!("unknown key `{key}` in a {what}; {hint}", key = visible(key), what, hint = did_you_mean(key, keys))),
        None => Ok(()),
    }
}

/// One end of a flow: an address, or a workload whose address follows from its name.
fn host(flow: &BTreeMap<String, Value>, end: &str) -> Result<Host, String> {
    let get = |key: &str| flow.get(&format!("{end}_{key}"));
    let text = |key: &str| get(key).and_then(plain);
    let name = flow.get(end).and_then(plain).unwrap_or_else(|| end.to_owned());
    let hash = xxh3_64(name.as_bytes());
    let [_, b, c, d, ..] = hash.to_le_bytes();
    let made_up = IpAddr::V4(Ipv4Addr::new(10, b, c, d));
    let as_address = name.parse::<IpAddr>().ok();
    let ip = match text("ip") {
        Some(ip) => ip.parse().map_err(|_| tr!("'{ip}' is not an address", ip))?,
        None => as_address.unwrap_or(made_up),
    };
    let labels: Vec<(String, String)> = match get("labels") {
        None => Vec::new(),
        Some(Value::Object(map)) => map.iter().filter_map(|(key, value)| Some((key.clone(), plain(value)?))).collect(),
        Some(_) => return Err(tr!("`{end}_labels` of a flow must be a table, for example {{ role = \"db\" }}", end)),
    };
    let ip_lists = match get("ip_lists") {
        Some(Value::Array(list)) => list.iter().filter_map(plain).zip(1..).map(|(name, id)| IpList { id, name, size: 1 }).collect(),
        _ => Vec::new(),
    };
    let managed = get("managed").and_then(Value::as_bool).unwrap_or(true);
    // An address without anything that only a workload has is just an address.
    let workload = (as_address.is_none() || !labels.is_empty()).then(|| Workload {
        href: format!("/orgs/1/workloads/{}", uuid::Uuid::from_u64_pair(hash, 0)),
        name: Some(name.clone()),
        hostname: Some(name.clone()),
        labels,
        managed,
        enforcement_mode: text("enforcement").unwrap_or_else(|| "full".to_owned()),
        os_type: text("os").unwrap_or_else(|| "linux".to_owned()),
        endpoint: false,
    });
    Ok(Host { ip, workload, ip_lists, fqdn: text("fqdn").unwrap_or_default() })
}

/// VENs of a test in the PCE's own fields, with what only identifies them left out, and with short words for what their
/// workloads and their heartbeats say.
fn complete_vens(said: Option<&Value>, now: Timestamp) -> Value {
    let mut vens: Vec<Value> = match said {
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    let mut workloads = Vec::new();
    for ven in vens.iter_mut().filter_map(Value::as_object_mut) {
        let name = ven.get("hostname").or_else(|| ven.get("name")).and_then(plain).unwrap_or_default();
        let id = uuid::Uuid::from_u64_pair(xxh3_64(name.as_bytes()), 1);
        ven.entry("href").or_insert_with(|| json!(format!("/orgs/1/vens/{id}")));
        ven.entry("status").or_insert_with(|| json!("active"));
        // What a test does not mention its VEN does not have.
        for none in ["labels", "conditions"] {
            ven.entry(none).or_insert_with(|| json!([]));
        }
        ven.entry("ven_type").or_insert_with(|| json!("server"));
        if !ven.contains_key("heartbeat_age") {
            ven.entry("last_heartbeat_at").or_insert_with(|| json!(now.to_string()));
        }
        if let Some(Value::Object(labels)) = ven.get("labels").cloned() {
            let one = |(key, value): (&String, &Value)| json!({ "key": key, "value": value, "href": label_href(key, &value.to_string()) });
            ven.insert("labels".to_owned(), labels.iter().map(one).collect());
        }
        if let Some(age) = ven.remove("heartbeat_age").as_ref().and_then(plain).and_then(|age| parse_duration(&age).ok()) {
            ven.insert("last_heartbeat_at".to_owned(), json!(before(now, age).to_string()));
        }
        let mut take = |key: &str, usual: Value| ven.remove(key).unwrap_or(usual);
        let (enforcement, sync, online) =
            (take("enforcement", json!("full")), take("sync_state", json!("synced")), take("online", json!(true)));
        workloads.push(json!({
            "href": format!("/orgs/1/workloads/{id}"),
            "ven": { "href": ven.get("href") },
            "enforcement_mode": enforcement,
            "online": online,
            "agent": { "status": { "security_policy_sync_state": sync } },
        }));
    }
    vens.extend(workloads);
    Value::Array(vens)
}
