//! Proxmox VE: clusters, their nodes, guests and storages, and what stands around them.
//!
//! A target hands over one line for each call (`line.rs`), in any order; what they mean is decided here alone, so that a
//! recorded answer means the same as a live one. Never calm by ignorance: a kind of which nothing is proven, because nobody
//! asked, a right is missing or a node is silent, has a record that is unseen in its place.

mod client;
mod cluster;
mod estate;
mod guest;
mod line;
mod memory;
mod node;
mod rights;
mod round;
mod row;
mod settings;
mod storage;
mod wide;

pub use row::SOURCE;
pub use settings::{ProxmoxSettings, read_settings};

use super::{Allowance, Assembled, Assembler, DecodeError, Decoded, Settings, Unreadable, read_records};
use crate::domain::source::SourceKind;
use crate::domain::value::{Record, Value};
use estate::Estate;
use line::Line;
use row::{KINDS, slot};
use std::collections::BTreeMap;
use std::io::Read;
use xxhash_rust::xxh3::xxh3_64;

/// Reads what a target answered.
#[derive(Default)]
pub struct Answers {
    /// By call: what comes twice counts once.
    lines: BTreeMap<String, Line>,
    unreadable: Unreadable,
    allowance: Allowance,
}

/// An assembler; every answer says all that there is to know.
pub fn assembler(_second: bool, _settings: Option<&dyn Settings>) -> Box<dyn Assembler> {
    Box::<Answers>::default()
}

impl Assembler for Answers {
    fn part(&mut self, _name: &str, body: &mut dyn Read) -> Result<Decoded, DecodeError> {
        read_records(body, &mut |raw| {
            let Some(line) = Line::read(raw) else {
                self.unreadable.add(raw);
                return false;
            };
            if self.allowance.takes(raw.get().len()) {
                self.lines.entry(line.call.clone()).or_insert(line);
            }
            true
        })
    }

    fn finish(self: Box<Self>) -> Assembled {
        let Answers { lines, mut unreadable, allowance } = *self;
        let mut out = Out { records: Vec::new(), unreadable: &mut unreadable, allowance, cluster: Value::NotTold };
        let mut estate = Estate::of(&lines);
        let memory = estate.tell(&mut out);
        let Out { mut records, allowance, .. } = out;
        let unreadable = unreadable.count();
        let full = allowance.remark();
        if unreadable > 0 || full.is_some() {
            let why = full.clone().unwrap_or_else(|| tr!("{count} parts of the answer could not be read", count = unreadable));
            records.extend((0u8..).take(KINDS.len()).map(|kind| unseen(kind, None, &why)));
        }
        let told = records.iter().filter(|record| !record.unseen).count() as u64;
        Assembled { records, rows: told + unreadable, unreadable, missing: full, memory, ..Assembled::default() }
    }
}

/// Where records go.
struct Out<'o> {
    records: Vec<Record>,
    unreadable: &'o mut Unreadable,
    allowance: Allowance,
    /// The cluster that all of them belong to.
    cluster: Value,
}

impl Out<'_> {
    /// Takes a record.
    fn put(&mut self, mut record: Record) {
        record.set(slot::CLUSTER, self.cluster.clone());
        if self.allowance.takes(record.close()) {
            self.records.push(record);
        }
    }

    /// Notes that something of a kind is not told, of one node or of all.
    fn unseen(&mut self, kind: u8, node: Option<&str>, why: &str) {
        let mut record = unseen(kind, node, why);
        record.set(slot::CLUSTER, self.cluster.clone());
        self.records.push(record);
    }
}

/// What stands for records that are not told.
fn unseen(kind: u8, node: Option<&str>, why: &str) -> Record {
    let mut record = blank(kind, &format!("unseen {}", node.unwrap_or_default()));
    record.unseen = true;
    record.name = node.unwrap_or_default().to_owned();
    why.clone_into(&mut record.detail);
    record.set(slot::ID, Value::NotTold);
    if let Some(node) = node {
        record.set(slot::NODE, Value::Text(node.to_owned()));
    }
    record
}

/// A record of this kind and identity.
fn blank(kind: u8, id: &str) -> Record {
    let name = KINDS.get(usize::from(kind)).copied().unwrap_or_default();
    let mut record = Record::of(SourceKind(&SOURCE), xxh3_64(format!("{name}\n{id}").as_bytes()));
    record.kind = kind;
    record.none = row::none_of(kind);
    record.set(slot::ID, Value::text(id));
    record
}

/// What a record says of itself: the word of its state, the number of its verdict, and why.
fn judged(record: &mut Record, status: Value, verdict: Value, detail: String) {
    record.word = status.as_text().unwrap_or_default().to_owned();
    record.set(slot::STATUS, status);
    record.set(slot::VERDICT, verdict);
    record.detail = detail;
}

/// A verdict.
fn verdict(number: u8) -> Value {
    Value::number(Some(f64::from(number)))
}
