//! Records on their way out.

use super::super::{Allowance, Unreadable};
use super::row::{KINDS, SOURCE, none_of, slot};
use crate::domain::source::SourceKind;
use crate::domain::value::{Record, Value};
use xxhash_rust::xxh3::xxh3_64;

/// Where records go.
pub(super) struct Out<'o> {
    pub records: Vec<Record>,
    pub unreadable: &'o mut Unreadable,
    pub allowance: Allowance,
    /// The cluster that all of them belong to.
    pub cluster: Value,
}

impl Out<'_> {
    /// Takes a record.
    pub fn put(&mut self, mut record: Record) {
        record.set(slot::CLUSTER, self.cluster.clone());
        if !record.details.is_empty() {
            // Where reasons are told apart, that of the verdict is one of them.
            record.details.extend([slot::VERDICT, slot::DOWN].map(|slot| (slot, record.detail.clone())));
        }
        if self.allowance.takes(record.close()) {
            self.records.push(record);
        }
    }

    /// Notes that something of a kind is not told, of one node or of all.
    pub fn unseen(&mut self, kind: u8, node: Option<&str>, why: &str) {
        let mut record = unseen(kind, node, why);
        record.set(slot::CLUSTER, self.cluster.clone());
        self.records.push(record);
    }
}

/// What stands for records that are not told.
pub(super) fn unseen(kind: u8, node: Option<&str>, why: &str) -> Record {
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
pub(super) fn blank(kind: u8, id: &str) -> Record {
    let name = KINDS.get(usize::from(kind)).copied().unwrap_or_default();
    let mut record = Record::of(SourceKind(&SOURCE), xxh3_64(format!("{name}\n{id}").as_bytes()));
    record.kind = kind;
    record.none = none_of(kind);
    record.set(slot::ID, Value::text(id));
    record
}

/// What a record says of itself: the word of its state, the number of its verdict, and why.
pub(super) fn judged(record: &mut Record, status: Value, verdict: Value, detail: String) {
    record.word = status.as_text().unwrap_or_default().to_owned();
    record.set(slot::STATUS, status);
    record.set(slot::VERDICT, verdict);
    record.detail = detail;
}

/// A verdict.
pub(super) fn verdict(number: u8) -> Value {
    Value::number(Some(f64::from(number)))
}
