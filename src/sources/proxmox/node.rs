//! Nodes: their state, their figures, and whether these move.

use super::estate::{Estate, Quorum, Seen};
use super::line::{Line, num, optional_text, share, text, words};
use super::out::{Out, blank, judged, verdict};
use super::rights::missing;
use super::row::{kind, slot};
use crate::domain::estimate::Estimate;
use crate::domain::value::{Record, Value};
use serde_json::Value as Json;

/// The cluster forgets figures that are older.
const FORGOTTEN: f64 = 300.0;

pub(super) fn tell(estate: &Estate<'_>, out: &mut Out<'_>) {
    if matches!(estate.state, Quorum::Lost(_)) || estate.resources.is_none() || estate.nodes.is_empty() {
        let why = estate.hidden(kind::NODE).unwrap_or_else(|| missing("Sys.Audit", "/nodes", &estate.token));
        out.unseen(kind::NODE, None, &why);
    }
    let blank_item = Json::Null;
    let item_of = |name: &str| estate.items("node").iter().find(|item| text(item, "node").as_deref() == Some(name));
    let known: Vec<&str> = estate.memory.nodes.keys().chain(&estate.expected).map(String::as_str).collect();
    let gone: Vec<&str> = known.into_iter().filter(|name| !estate.nodes.contains_key(*name)).collect();
    for (name, seen) in &estate.nodes {
        let item = item_of(name).unwrap_or(&blank_item);
        let record = one(estate, name, seen, item);
        out.put(record);
    }
    if matches!(estate.state, Quorum::Lost(_)) || estate.resources.is_none() {
        return;
    }
    let mut done: Vec<&str> = Vec::new();
    for name in gone {
        if done.contains(&name) {
            continue;
        }
        done.push(name);
        let mut record = blank(kind::NODE, &format!("node/{name}"));
        record.name = words(name);
        record.set(slot::NODE, Value::text(words(name)));
        if estate.expected.iter().any(|expected| expected == name) {
            judged(&mut record, Value::text("missing"), verdict(2), tr!("expect_nodes names it, and the cluster does not list it"));
            out.put(record);
        }
    }
}

fn one(estate: &Estate<'_>, name: &str, seen: &Seen, item: &Json) -> Record {
    let mut record = blank(kind::NODE, &format!("node/{name}"));
    record.name = words(name);
    record.set(slot::NODE, Value::text(words(name)));
    let ha = optional_text(item, "hastate");
    let believed = estate.believes(name);
    let (status, own, mut detail) = match (believed, seen.online, ha.as_text()) {
        (false, _, _) => (Value::NotTold, Value::NotTold, tr!("the endpoint that answered is cut off from it, or from everything")),
        (_, _, Some("fence" | "gone")) => (Value::text("offline"), verdict(2), tr!("HA fences it or has given it up")),
        (_, _, Some("maintenance")) => (Value::text("maintenance"), verdict(0), tr!("in maintenance")),
        (_, Some(true), _) if seen.alone => {
            (Value::text("online"), verdict(1), tr!("pmxcfs does not answer there (systemctl status pve-cluster)"))
        }
        (_, Some(true), _) => (Value::text("online"), verdict(0), String::new()),
        (_, Some(false), _) => (Value::text("offline"), verdict(2), tr!("offline: the cluster does not hear of it")),
        (_, None, _) => (Value::NotTold, Value::NotTold, tr!("the cluster does not know whether it is online")),
    };
    record.set(slot::HA_STATE, ha);
    let online = believed && seen.online == Some(true);
    let forgotten = forgotten(estate, name, seen);
    if forgotten {
        detail = tr!("its statistics stopped (pvestatd or pmxcfs): nothing is known of it, nor of its guests");
    } else if online && seen.silent {
        detail = tr!("its statistics stopped, and nothing is known of its guests: look at pvestatd on it, often a storage hangs");
    }
    let absent = !online && believed && seen.online == Some(false);
    let figures = [
        (slot::CPU, num(item, "cpu")),
        (slot::MEMORY, share(num(item, "mem"), num(item, "maxmem"))),
        (slot::DISK_USED, share(num(item, "disk"), num(item, "maxdisk"))),
        (slot::UPTIME, seen.uptime),
    ];
    for (slot, number) in figures {
        // A node that is off has no figures; of one that may not be looked at they are not told.
        record.set(slot, if absent { Value::Absent } else { Value::number(number.filter(|_| online)) });
    }
    record.set(slot::STALE, if absent { Value::Absent } else { stale(estate, name, seen, online) });
    if online && seen.uptime.is_none() {
        let why = if forgotten { detail.clone() } else { missing("Sys.Audit", &format!("/nodes/{name}"), &estate.token) };
        record.details =
            [slot::CPU, slot::MEMORY, slot::DISK_USED, slot::UPTIME, slot::STALE].into_iter().map(|slot| (slot, why.clone())).collect();
    }
    more(estate, name, absent, &mut record);
    judged(&mut record, status, own, detail);
    record
}

/// Whether its figures are gone although it is online, and not for lack of a right.
fn forgotten(estate: &Estate<'_>, name: &str, seen: &Seen) -> bool {
    seen.forgotten && estate.believes(name) && estate.rights.has("Sys.Audit", &format!("/nodes/{name}"))
}

/// Since when its figures do not move.
fn stale(estate: &Estate<'_>, name: &str, seen: &Seen, online: bool) -> Value {
    if forgotten(estate, name, seen) {
        return Value::Number(Estimate::at_least(FORGOTTEN));
    }
    if seen.uptime.is_none() || estate.at.is_none() || !online {
        return Value::NotTold;
    }
    match estate.frozen(name) {
        Some(since) if seen.silent => Value::Number(Estimate::at_least(since.max(FORGOTTEN))),
        None if seen.silent => Value::Number(Estimate::at_least(FORGOTTEN)),
        since => Value::number(Some(since.unwrap_or(0.0))),
    }
}

/// What one more question to the node tells.
fn more(estate: &Estate<'_>, name: &str, absent: bool, record: &mut Record) {
    let slots = [slot::LOAD, slot::IOWAIT, slot::SWAP, slot::VERSION];
    if absent {
        slots.into_iter().for_each(|slot| record.set(slot, Value::Absent));
        return;
    }
    let line = estate.lines.get(&format!("/nodes/{name}/status"));
    let Some(json) = line.and_then(Line::whole) else {
        if let Some(line) = line {
            let why = if line.status == 403 { missing("Sys.Audit", &format!("/nodes/{name}"), &estate.token) } else { line.why() };
            record.details.extend(slots.into_iter().map(|slot| (slot, why.clone())));
        }
        return;
    };
    let load = json.get("loadavg").and_then(Json::as_array).and_then(|list| list.first()).and_then(super::super::json::number);
    let cpus = json.get("cpuinfo").and_then(|info| num(info, "cpus")).filter(|cpus| *cpus > 0.0);
    record.set(slot::LOAD, Value::number(load.zip(cpus).map(|(load, cpus)| load / cpus)));
    record.set(slot::IOWAIT, Value::number(num(&json, "wait")));
    if let Some(swap) = json.get("swap") {
        let total = num(swap, "total");
        record.set(slot::SWAP, if total == Some(0.0) { Value::Absent } else { Value::number(share(num(swap, "used"), total)) });
    }
    let version = text(&json, "pveversion");
    let version = version.map(|version| version.split('/').nth(1).map_or_else(|| version.clone(), str::to_owned));
    record.set(slot::VERSION, version.map_or(Value::NotTold, Value::Text));
}
