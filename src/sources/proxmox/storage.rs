//! Storages. One that nodes share comes once for each of them, and is one.

use super::estate::Estate;
use super::line::{Line, flag, list, num, optional_flag, share, text, told_text};
use super::out::{Out, blank, judged, verdict};
use super::row::{kind, slot};
use crate::domain::value::Value;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A storage as one node sees it.
struct Side<'a> {
    node: String,
    item: &'a Json,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Available,
    /// Not for this node.
    Disabled,
    Unknown,
    Inactive,
}

pub(super) fn tell(estate: &Estate<'_>, out: &mut Out<'_>) {
    if let Some(why) = estate.hidden(kind::STORAGE) {
        out.unseen(kind::STORAGE, None, &why);
    }
    let mut all: BTreeMap<String, Vec<Side<'_>>> = BTreeMap::new();
    for item in estate.items("storage") {
        let (Some(name), Some(node)) = (text(item, "storage"), text(item, "node")) else {
            out.unseen(kind::STORAGE, None, &tr!("a storage comes without its name or node"));
            continue;
        };
        let shared = match optional_flag(item, "shared") {
            Value::Flag(shared) => shared,
            _ => false,
        };
        let key = if shared { format!("storage/{name}") } else { format!("storage/{node}/{name}") };
        let state = state(estate, &node, &name, item);
        all.entry(key).or_default().push(Side { node, item, state });
    }
    for (key, mut sides) in all {
        // A node that is offline says nothing of a storage that others have, too.
        if sides.iter().any(|side| estate.hears(&side.node)) {
            sides.retain(|side| estate.hears(&side.node));
        }
        one(&key, &sides, out);
    }
}

/// What the node itself says goes before what the cluster heard of it.
fn state(estate: &Estate<'_>, node: &str, name: &str, item: &Json) -> State {
    let line = estate.lines.get(&format!("/nodes/{node}/storage"));
    let own = line.and_then(Line::items).into_iter().flatten().filter_map(super::super::json_of);
    let own = own.into_iter().find(|own| text(own, "storage").as_deref() == Some(name));
    let asked = own.map(|own| (flag(&own, "enabled"), flag(&own, "active")));
    match asked {
        Some((Some(false), _)) => return State::Disabled,
        Some((Some(true), Some(true))) => return State::Available,
        Some((Some(true), Some(false))) => return State::Inactive,
        _ => {}
    }
    match text(item, "status").as_deref() {
        Some("available") if estate.hears(node) => State::Available,
        _ => State::Unknown,
    }
}

fn one(key: &str, sides: &[Side<'_>], out: &mut Out<'_>) {
    let Some(first) = sides.first() else { return };
    // Any node's figures are those of a storage that is shared.
    let best = sides.iter().filter(|side| num(side.item, "maxdisk").is_some()).min_by_key(|side| side.state).unwrap_or(first);
    let mut record = blank(kind::STORAGE, key);
    let shared = matches!(optional_flag(first.item, "shared"), Value::Flag(true));
    let name = text(first.item, "storage").unwrap_or_default();
    record.name = if shared { name.clone() } else { format!("{name} ({})", first.node) };
    record.set(slot::STORAGE, Value::text(name));
    record.set(slot::NODE, if shared { Value::Absent } else { Value::text(first.node.clone()) });
    record.set(slot::SHARED, optional_flag(first.item, "shared"));
    record.set(slot::STORAGE_TYPE, told_text(best.item, "plugintype"));
    record.set(slot::CONTENT, list(best.item, "content", Value::NotTold));
    let of = |wanted: State| -> Vec<&str> { sides.iter().filter(|side| side.state == wanted).map(|side| side.node.as_str()).collect() };
    let (inactive, unknown) = (of(State::Inactive), of(State::Unknown));
    let (status, own, detail) = if !inactive.is_empty() {
        let why = tr!("enabled but not active on {nodes}: it cannot be reached or mounted there", nodes = inactive.join(", "));
        (Value::text("inactive"), verdict(2), why)
    } else if !unknown.is_empty() {
        let why = tr!("node {nodes} says nothing of it", nodes = unknown.join(", "));
        (Value::text("unknown"), Value::NotTold, why)
    } else if sides.iter().all(|side| side.state == State::Disabled) {
        (Value::text("disabled"), verdict(0), String::new())
    } else {
        (Value::text("available"), verdict(0), String::new())
    };
    let (used, whole) = (num(best.item, "disk"), num(best.item, "maxdisk"));
    let trusted = best.state == State::Available;
    if trusted && whole == Some(0.0) {
        // Some types have no size: iSCSI, ESXi.
        record.set(slot::USED, Value::Absent);
        record.set(slot::FREE, Value::Absent);
    } else if best.state == State::Disabled {
        record.set(slot::USED, Value::Absent);
        record.set(slot::FREE, Value::Absent);
    } else if trusted {
        record.set(slot::USED, Value::number(share(used, whole)));
        record.set(slot::FREE, Value::number(whole.zip(used).map(|(whole, used)| (whole - used).max(0.0))));
    }
    judged(&mut record, status, own, detail);
    out.put(record);
}
