//! Figures of a node and of a guest as pvestatd told them at a time.

use super::cluster::{Guest, Kind, Node};
use super::view::seconds;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

fn keys(pairs: Value) -> Map<String, Value> {
    match pairs {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Load of a guest's processors at a time.
pub(super) fn load(guest: &Guest, at: Timestamp) -> f64 {
    let spike = guest.spikes.iter().find(|(from, until, _)| *from <= at && at < *until);
    spike.map_or(guest.cpu, |(_, _, load)| *load)
}

/// Bytes received, sent, read, written since they were last set back.
pub(super) fn counters(guest: &Guest, at: Timestamp) -> [u64; 4] {
    guest.rates.map(|rate| if guest.is_up() { rate * seconds(guest.counted, at) } else { 0 })
}

pub(super) fn uptime(guest: &Guest, at: Timestamp) -> u64 {
    if guest.is_up() { seconds(guest.started, at) } else { 0 }
}

pub(super) fn guest_figures(guest: &Guest, at: Timestamp, since_nine: bool) -> Map<String, Value> {
    let up = guest.is_up();
    let [received, sent, read, written] = counters(guest, at);
    let mut figures = keys(json!({
        "name": guest.name, "status": guest.state, "template": u8::from(guest.template), "uptime": uptime(guest, at),
        "cpu": if up { load(guest, at) } else { 0.0 }, "maxcpu": guest.cpus,
        "mem": if up { guest.memory_used } else { 0 }, "maxmem": guest.memory,
        "disk": if guest.kind == Kind::Lxc { guest.disk_used } else { 0 }, "maxdisk": guest.disk,
        "netin": received, "netout": sent, "diskread": read, "diskwrite": written
    }));
    if since_nine {
        figures.insert("memhost".to_owned(), json!(if up { guest.memory_used + (100 << 20) } else { 0 }));
    }
    figures
}

/// What is left of a node that is gone are its sizes.
pub(super) fn node_figures(node: &Node, at: Timestamp, online: bool) -> Map<String, Value> {
    let mut figures = keys(json!({ "maxcpu": node.cpus, "maxmem": node.memory, "maxdisk": node.root }));
    if online {
        figures.extend(keys(json!({
            "uptime": seconds(node.booted, at), "cpu": node.cpu, "mem": node.memory_used, "disk": node.root_used
        })));
    }
    figures
}
