//! Audit events of the PCE: the row, and how a record is read.

use super::json::{amount, count, is_null, list, text, text_value, time, told};
use super::{Allowance, Assembled, Assembler, DecodeError, Decoded, Unreadable, json_of};
use crate::domain::source::{
    Agg, Catalogue, FieldDef, Holds, Input, KeyDef, MetricDef, Nature, Needs, ReadFrom, SourceDef, SourceKind, Takes,
};
use crate::domain::unit::Unit;
use crate::domain::value::{Record, Value};
use jiff::Timestamp;
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};
use std::io::Read;
use xxhash_rust::xxh3::xxh3_64;

/// Event type.
pub const TYPE: u8 = 0;
/// Severity.
pub const SEVERITY: u8 = 1;
/// Success or failure.
pub const STATUS: u8 = 2;
/// Notification types inside the event.
pub const NOTIFICATION: u8 = 3;
/// Names and hrefs of who did it; the first is shown.
pub const ACTOR: u8 = 4;
/// Where the call came from.
pub const SRC_IP: u8 = 5;
/// Which PCE recorded it.
pub const PCE_FQDN: u8 = 6;
/// Names and hrefs of what was changed.
pub const RESOURCE: u8 = 7;
/// Scalars of the notifications.
pub const INFO: u8 = 8;
/// How many workloads a provisioning touched.
pub const WORKLOADS_AFFECTED: u8 = 9;
/// Its id.
pub const HREF: u8 = 10;

const PATTERN: Takes = Takes::Patterns { fold: false, catalogue: Catalogue::Open };

const fn field(name: &'static str, about: &'static str, keys: &'static [KeyDef], key: &'static str) -> FieldDef {
    FieldDef { name, about, holds: Holds::Text, keys, groups: true, needs: Needs::Nothing, told_by_absence: false, key }
}

const fn key(name: &'static str, about: &'static str, takes: Takes, key: &'static str) -> KeyDef {
    KeyDef { name, about, takes, key }
}

const fn metric(name: &'static str, unit: Unit, input: Input, agg: Agg, key: &'static str) -> MetricDef {
    MetricDef { name, unit, kinds: &[], input, agg, must_be_told: false, groups: true, key }
}

/// Syslog's names and the longer ones that other systems use for them.
const SEVERITIES: Takes = Takes::Words {
    value: "SEVERITY",
    known: &["emerg", "alert", "crit", "critical", "err", "error", "warning", "notice", "info", "debug"],
    closed: false,
    synonyms: &[
        ("emergency", "emerg"),
        ("panic", "emerg"),
        ("critical", "crit"),
        ("error", "err"),
        ("warn", "warning"),
        ("informational", "info"),
    ],
};

/// The row.
pub const SOURCE: SourceDef = SourceDef {
    name: "events",
    title: || tr!("events"),
    targets: &[ReadFrom::whole("pce")],
    nature: Nature::Stream { kept_days: 30, most_days: 200 },
    kinds: &[],
    fields: &[
        field(
            "type",
            "Event type",
            &[key(
                "type",
                "Event type, for example user.sign_in or sec_policy.*",
                Takes::Patterns { fold: false, catalogue: Catalogue::EventTypes },
                "Type",
            )],
            "Type",
        ),
        field(
            "severity",
            "Severity",
            &[key("severity", "Severity as the PCE writes it: err, warning, info", SEVERITIES, "Severity")],
            "Severity",
        ),
        FieldDef {
            // Null: the event is nothing that can succeed or fail.
            told_by_absence: true,
            ..field(
                "status",
                "success or failure",
                &[key(
                    "status",
                    "success or failure",
                    Takes::Words { value: "STATUS", known: &["success", "failure"], closed: true, synonyms: &[] },
                    "Status",
                )],
                "Status",
            )
        },
        field(
            "notification",
            "Notification inside the event",
            &[key(
                "notification",
                "Notification inside the event, for example user.login_failed",
                Takes::Patterns { fold: false, catalogue: Catalogue::Notifications },
                "Notification",
            )],
            "",
        ),
        field("actor", "Who did it", &[key("actor", "Who did it: user name, host name or href", PATTERN, "Actor")], "Actor"),
        FieldDef {
            // `action` is null: there was no call.
            told_by_absence: true,
            ..field(
                "src_ip",
                "Where the call came from",
                &[key("src_ip", "Where the call came from: address, CIDR block or range", Takes::Addresses, "SrcIp")],
                "EventSrcIp",
            )
        },
        field(
            "pce_fqdn",
            "Which PCE recorded it",
            &[key("pce_fqdn", "Which PCE recorded it", Takes::Patterns { fold: true, catalogue: Catalogue::Open }, "PceFqdn")],
            "",
        ),
        field("resource", "What was changed", &[key("resource", "Name or href of what was changed", PATTERN, "Resource")], ""),
        FieldDef {
            holds: Holds::Pairs,
            ..field(
                "info",
                "Further facts of its notifications",
                &[key("info", "Fact of a notification, for example user.username=ann", Takes::Pairs, "Info")],
                "Info",
            )
        },
        FieldDef {
            holds: Holds::Number(Unit::Workloads),
            groups: false,
            ..field("workloads_affected", "How many workloads a provisioning touched", &[], "")
        },
        FieldDef { groups: false, ..field("href", "Its id", &[], "") },
    ],
    open_fields: false,
    metrics: &[
        metric("count", Unit::Events, Input::Count, Agg::Sum, "Count"),
        metric("workloads_affected", Unit::Workloads, Input::Number(WORKLOADS_AFFECTED), Agg::Max, "WorkloadsAffected"),
    ],
    flag: "events",
    files: &["events-"],
    key: ("Events", "Events"),
};

/// Takes the answers of one span, which may overlap: an event is known by its href, wherever it comes again.
#[derive(Default)]
pub struct Events {
    records: Vec<Record>,
    /// Where each is, by its id.
    places: HashMap<u64, usize>,
    unreadable: Unreadable,
    allowance: Allowance,
    /// There was no place for what happened from here on.
    left_from: Option<Timestamp>,
    left: u64,
}

impl Events {
    fn take(&mut self, mut record: Record) {
        if self.is_left(&record) {
            self.left += 1;
        } else if let Some(place) = self.places.get(&record.id) {
            self.records[*place] = record;
        } else {
            let bytes = record.close();
            if self.allowance.is_full {
                self.left += 1;
                return;
            }
            if !self.allowance.takes(bytes) {
                self.make_room();
                if self.is_left(&record) || !self.allowance.takes(bytes) {
                    self.left += 1;
                    return;
                }
            }
            self.places.insert(record.id, self.records.len());
            self.records.push(record);
        }
    }

    fn is_left(&self, record: &Record) -> bool {
        self.left_from.is_some_and(|from| record.at.is_some_and(|at| at >= from))
    }

    /// Leaves the latest quarter to the next run, where what happened can be told apart by its time.
    fn make_room(&mut self) {
        let mut times: Vec<Option<Timestamp>> = self.records.iter().map(|record| record.at).collect();
        times.sort_unstable();
        let from = times.get(times.len() / 4 * 3).copied().flatten();
        let Some(from) = from.filter(|from| times.first().is_some_and(|first| *first < Some(*from))) else { return };
        self.left_from = Some(from);
        let all = std::mem::take(&mut self.records);
        for mut record in all {
            if self.is_left(&record) {
                self.left += 1;
                self.allowance.gives_back(record.close());
            } else {
                self.records.push(record);
            }
        }
        self.places = self.records.iter().enumerate().map(|(place, record)| (record.id, place)).collect();
    }
}

impl Assembler for Events {
    fn part(&mut self, _name: &str, body: &mut dyn Read) -> Result<Decoded, DecodeError> {
        super::read_records(body, &mut |raw| {
            let record = json_of(raw).and_then(|json| record(&json));
            let known = record.is_some();
            match record {
                Some(record) => self.take(record),
                None => self.unreadable.add(raw),
            }
            known
        })
    }

    fn limit(&mut self, bytes: usize) {
        self.allowance = Allowance::of(bytes);
    }

    fn finish(self: Box<Self>) -> Assembled {
        let unreadable = self.unreadable.count();
        let missing = match self.left_from {
            Some(from) => Some(tr!("more came than is kept of an answer: what happened from {from} on is left to the next run", from)),
            None => self.allowance.remark(),
        };
        Assembled {
            rows: self.records.len() as u64 + self.left + unreadable,
            records: self.records,
            unreadable,
            missing,
            left_from: self.left_from,
            memory: None,
            held: self.allowance.held(),
        }
    }
}

/// Reads one event; `None` when it is none.
pub fn record(json: &Json) -> Option<Record> {
    let event_type = text(json, "event_type");
    let href = text(json, "href");
    if href.is_empty() && event_type.is_empty() {
        return None;
    }
    // Something must tell it from others when the same event is read again.
    let id = if href.is_empty() { xxh3_64(json.to_string().as_bytes()) } else { xxh3_64(href.as_bytes()) };
    let mut record = Record::of(SourceKind(&SOURCE), id);
    // As a PCE tells it, and as it sends it on to a SIEM.
    record.at = time(json, "timestamp").or_else(|| time(json, "time"));
    record.set(TYPE, Value::text(event_type.clone()));
    record.set(SEVERITY, text_value(json, "severity"));
    record.set(STATUS, if is_null(json, "status") { Value::Absent } else { text_value(json, "status") });
    record.set(ACTOR, json.get("created_by").map_or(Value::NotTold, actors));
    record.set(SRC_IP, src_ip(json));
    record.set(PCE_FQDN, text_value(json, "pce_fqdn"));
    record.set(HREF, Value::text(href));
    match json.get("notifications") {
        Some(Json::Array(notifications)) => {
            let names: Vec<String> = notifications.iter().map(|item| text(item, "notification_type")).collect();
            let whole = names.iter().all(|name| !name.is_empty());
            record.set(NOTIFICATION, Value::Texts(unique(names), whole));
            // Which facts a notification has depends on its type: one that is missing is not told.
            record.set(INFO, Value::Pairs(notifications.iter().flat_map(facts).collect(), notifications.is_empty()));
        }
        _ => record.set(INFO, Value::NotTold),
    }
    if let Some(Json::Array(changes)) = json.get("resource_changes") {
        let named = |change: &Json| told(change, "resource").is_some();
        let names = unique(changes.iter().filter_map(|change| change.get("resource")).flat_map(names_of_each));
        record.set(RESOURCE, Value::Texts(names, changes.iter().all(named)));
        let affected = changes.iter().filter_map(affected).max();
        // An event that provisions nothing touches no workloads.
        let provisions = event_type.starts_with("sec_policy.");
        record.set(
            WORKLOADS_AFFECTED,
            affected.map_or(if provisions { Value::NotTold } else { Value::Absent }, |count| amount(Some(count as f64))),
        );
    }
    record.name = record.slot(ACTOR).as_text().unwrap_or("").to_owned();
    record.word = record.slot(STATUS).as_text().unwrap_or("").to_owned();
    record.detail = event_type;
    Some(record)
}

/// The address of the action, else that of a notification. What is no address stands for one that is hidden.
fn src_ip(json: &Json) -> Value {
    let is_address = |text: &String| text.parse::<std::net::IpAddr>().is_ok();
    let of_action = json.get("action").map(|action| text(action, "src_ip")).filter(is_address);
    let of_notification =
        || list(json, "notifications").iter().filter_map(|item| item.get("info")).map(|info| text(info, "src_ip")).find(is_address);
    match of_action.or_else(of_notification) {
        Some(address) => Value::Text(address),
        None if is_null(json, "action") => Value::Absent,
        None => Value::NotTold,
    }
}

/// The scalars of a notification's `info`, those of inner tables by `outer.inner`.
fn facts(notification: &Json) -> Vec<(String, String)> {
    fn scalar(json: &Json) -> Option<String> {
        match json {
            Json::String(text) if !text.is_empty() => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            Json::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }
    let Some(Json::Object(info)) = notification.get("info") else { return Vec::new() };
    let inner = |(key, value): (&String, &Json)| match value {
        Json::Object(inner) => inner.iter().filter_map(|(name, value)| Some((format!("{key}.{name}"), scalar(value)?))).collect(),
        other => scalar(other).map(|text| (key.clone(), text)).into_iter().collect::<Vec<_>>(),
    };
    info.iter().flat_map(inner).collect()
}

/// Names first, hrefs after them: the first actor is the one shown.
fn actors(created_by: &Json) -> Value {
    let system = created_by.get("system").is_some().then(|| "system".to_owned());
    let mut found = names_of_each(created_by);
    found.retain(|name| !name.is_empty());
    let is_href = |name: &String| name.starts_with("/orgs/") || name.starts_with("/users/");
    found.sort_by_key(is_href);
    // Who is known only by an id, or by something that is no description, may have any name.
    let described = created_by.as_object().is_some_and(|kinds| kinds.values().all(Json::is_object));
    let named = described && (system.is_some() || found.iter().any(|name| !is_href(name)));
    let all = unique(system.into_iter().chain(found));
    if all.is_empty() { Value::NotTold } else { Value::Texts(all, named) }
}

/// `{"user": {"href", "username"}, ...}` -> the names and hrefs of all that is inside.
fn names_of_each(value: &Json) -> Vec<String> {
    match value {
        Json::String(text) => vec![text.clone()],
        Json::Object(kinds) => kinds
            .values()
            .flat_map(|thing| match thing {
                Json::String(text) => vec![text.clone()],
                thing => ["username", "hostname", "name", "value", "href"].iter().map(|key| text(thing, key)).collect(),
            })
            .collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => Vec::new(),
    }
}

fn affected(change: &Json) -> Option<u64> {
    fn inner(value: &Json) -> Option<u64> {
        match value {
            Json::Number(_) | Json::String(_) => count(value),
            // Seen as an object too; its numbers are shares of the whole.
            Json::Object(fields) => {
                fields.values().filter_map(inner).reduce(u64::saturating_add).or((!fields.is_empty()).then_some(fields.len() as u64))
            }
            Json::Array(items) => Some(items.len() as u64),
            Json::Null | Json::Bool(_) => None,
        }
    }
    let value = change.get("changes")?.get("workloads_affected")?;
    match value.get("after") {
        Some(after) => inner(after),
        None => inner(value),
    }
}

fn unique(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    names.into_iter().filter(|name| !name.is_empty() && seen.insert(name.clone())).collect()
}
