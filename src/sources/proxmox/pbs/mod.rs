//! Proxmox Backup Server: its datastores, and the groups of backups in them.
//!
//! Lists leave out what a token may not see, so a right is proven before a list is believed. What is not told of a datastore
//! (no right, maintenance, an estimate that it cannot make yet, a garbage collection that never ran) is not known, with its
//! reason.

mod group;
mod memory;
mod round;
mod server;
mod store;

pub(super) use round::{examine, run};

use super::line::{Line, text};
use super::out::Out;
use super::row::kind;
use crate::domain::value::Value;
use memory::{MOST, Store};
use serde_json::Value as Json;
use server::{Server, USAGE, asked, unseen_of};
use std::collections::BTreeMap;
use std::ops::Range;

/// The kinds of record that it tells.
pub(super) const KINDS_OF_IT: Range<u8> = kind::DATASTORE..kind::BACKUP + 1;

/// Whether an answer is of a Proxmox Backup Server.
pub(super) fn is_one(lines: &BTreeMap<String, Line>) -> bool {
    lines.contains_key(USAGE) || asked(lines).get("type").and_then(Json::as_str) == Some("pbs")
}

/// Makes the records; what the next run is to know.
pub(super) fn tell(lines: &BTreeMap<String, Line>, out: &mut Out<'_>) -> Option<String> {
    let server = Server::of(lines);
    // A backup server belongs to no cluster.
    out.cluster = Value::Absent;
    let hidden = server.hidden();
    for kind in KINDS_OF_IT.filter(|_| hidden.is_some()) {
        out.unseen(kind, None, hidden.as_deref().unwrap_or_default());
    }
    let stores = server.list(USAGE).unwrap_or_default();
    let mut kept: BTreeMap<String, Store> = BTreeMap::new();
    for item in &stores {
        let Some(name) = text(item, "store") else {
            KINDS_OF_IT.for_each(|kind| out.unseen(kind, None, &tr!("a datastore comes without its name")));
            continue;
        };
        let known = server.memory.stores.get(&name).cloned().unwrap_or_default();
        let first = known.first.or(server.at);
        store::tell(&server, &name, item, first, out);
        group::tell(&server, &name, item, out);
        kept.insert(name, Store { first, missed: 0 });
    }
    for (name, known) in server.memory.stores.iter().filter(|(name, _)| !kept.contains_key(*name)).collect::<Vec<_>>() {
        // Gone from one answer may be a mistake; from two whole ones it is no more.
        let missed = known.missed.saturating_add(u8::from(hidden.is_none()));
        if missed < 2 {
            let why = tr!("it is not in the answer any more");
            store::gone(name, &why, out);
            unseen_of(kind::BACKUP, name, &why, out);
            kept.insert(name.clone(), Store { missed, ..known.clone() });
        }
    }
    // An answer that cannot be believed teaches nothing.
    server.list(USAGE).ok()?;
    let mut memory = server.memory;
    memory.rights.extend(server.rights.seeing());
    memory.stores = kept.into_iter().take(MOST).collect();
    Some(memory.text())
}
