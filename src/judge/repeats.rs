//! Which records of an answer were told before. A query that had to be asked again in parts brings a record
//! that belongs to two parts twice, and so does a download that broke off.

use super::identity::flow_key;
use crate::domain::record::{Direction, Flow};
use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// The records met so far, each as a hash with the part it first came in (some twenty bytes a record).
#[derive(Debug, Default)]
pub struct Repeats {
    met: HashMap<u64, u32>,
    part: u32,
    scratch: Vec<u8>,
}

impl Repeats {
    /// Another part begins.
    pub fn begin_part(&mut self, part: u32) {
        self.part = part;
    }

    /// Whether an earlier part told this record. Within one part nothing is a repetition: the PCE keeps
    /// records apart by more than is looked at here.
    pub fn is_one(&mut self, flow: &Flow<'_>) -> bool {
        self.scratch.clear();
        self.scratch.extend_from_slice(&flow_key(flow).to_le_bytes());
        self.scratch.extend_from_slice(&flow.first.map_or(0, |first| first.as_nanosecond()).to_le_bytes());
        self.scratch.push(u8::from(flow.direction == Direction::Inbound));
        for text in [flow.state, flow.process, flow.user] {
            self.scratch.extend_from_slice(&(text.len() as u64).to_le_bytes());
            self.scratch.extend_from_slice(text.as_bytes());
        }
        *self.met.entry(xxh3_64(&self.scratch)).or_insert(self.part) != self.part
    }
}
