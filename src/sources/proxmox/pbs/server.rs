//! What an answer says before its records are made, and the calls that it is made of.

use super::super::line::{Line, call, own, words};
use super::super::out::{Out, unseen};
use super::super::rights::{Rights, Sight, missing};
use super::super::row::{kind, slot};
use super::memory::Memory;
use crate::domain::text::{shorten, visible};
use crate::domain::value::Value;
use jiff::Timestamp;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// How full each datastore is.
pub(super) const USAGE: &str = "/status/datastore-usage";
/// Which datastores there are, and which of them are in maintenance.
pub(super) const STORES: &str = "/admin/datastore";
/// When garbage was collected last.
pub(super) const GARBAGE: &str = "/admin/gc";
/// The jobs that verify backups.
pub(super) const VERIFY: &str = "/admin/verify";
/// Its version.
pub(super) const VERSION: &str = "/version";

/// The call that lists the namespaces of a datastore.
pub(super) fn namespaces_of(store: &str) -> String {
    format!("{STORES}/{store}/namespace")
}

/// A call about one namespace; that at the top has no name.
pub(super) fn of_namespace(store: &str, what: &str, namespace: &str) -> String {
    let query = if namespace.is_empty() { String::new() } else { format!("?ns={namespace}") };
    format!("{STORES}/{store}/{what}{query}")
}

/// What was asked for, and by whom.
pub(super) fn asked(lines: &BTreeMap<String, Line>) -> Json {
    lines.get(own::ASKED).and_then(Line::whole).unwrap_or_default()
}

/// What an answer says before its records are made.
pub(super) struct Server<'a> {
    pub lines: &'a BTreeMap<String, Line>,
    pub rights: Rights,
    pub token: String,
    pub memory: Memory,
    pub at: Option<Timestamp>,
}

impl<'a> Server<'a> {
    pub fn of(lines: &'a BTreeMap<String, Line>) -> Server<'a> {
        Server {
            lines,
            rights: Rights::of(lines.get(call::PERMISSIONS)),
            token: asked(lines).get("token").and_then(Json::as_str).map(|name| shorten(&visible(name), 200)).unwrap_or_default(),
            memory: Memory::read(lines.get(own::MEMORY).and_then(Line::told).map(RawValue::get)),
            at: lines.get(USAGE).and_then(|line| line.at).or_else(|| lines.values().filter_map(|line| line.at).max()),
        }
    }

    /// The items of a list, or why there is none.
    pub fn list(&self, path: &str) -> Result<Vec<Json>, String> {
        let line = self.lines.get(path).ok_or_else(|| tr!("{call} was not asked", call = path))?;
        let items = line.items().ok_or_else(|| line.why())?;
        items
            .into_iter()
            .map(|raw| super::super::super::json_of(raw).ok_or_else(|| tr!("{call}: an item cannot be read", call = path)))
            .collect()
    }

    /// Whether this version does not have the call.
    pub fn is_older(&self, path: &str) -> bool {
        self.lines.get(path).is_some_and(|line| matches!(line.status, 404 | 501))
    }

    /// The right without which nothing of a place is told, if the token does not have it.
    pub fn lacks(&self, path: &str) -> Option<String> {
        (!self.rights.has("Datastore.Audit", path)).then(|| missing("Datastore.Audit", path, &self.token))
    }

    /// Why there may be datastores that are not listed.
    pub fn hidden(&self) -> Option<String> {
        if let Err(why) = self.list(USAGE) {
            return Some(why);
        }
        if let Sight::Nothing(why) = self.rights.sight(kind::DATASTORE, &self.token) {
            return Some(why);
        }
        let lost = self.memory.rights.iter().find(|before| {
            let (name, path) = before.split_once(' ').unwrap_or((before, ""));
            path.starts_with("/datastore") && name == "Datastore.Audit" && !self.rights.has(name, path)
        })?;
        Some(tr!("the token lost a right that it had: {lost}; give it back, or forget it with `pcemon state reset --target`", lost))
    }
}

/// Notes that something of a datastore is not told.
pub(super) fn unseen_of(kind: u8, store: &str, why: &str, out: &mut Out<'_>) {
    let mut record = unseen(kind, None, why);
    record.id ^= xxh3_64(store.as_bytes());
    record.name = words(store);
    record.set(slot::CLUSTER, Value::Absent);
    record.set(slot::STORAGE, Value::text(words(store)));
    out.records.push(record);
}
