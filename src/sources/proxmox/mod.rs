//! Proxmox VE: clusters, their nodes, guests and storages, and what stands around them.
//!
//! A target hands over one line for each call (`line.rs`), in any order; what they mean is decided here alone, so that a
//! recorded answer means the same as a live one. Never calm by ignorance: a kind of which nothing is proven, because nobody
//! asked, a right is missing or a node is silent, has a record that is unseen in its place.

mod backups;
mod client;
mod cluster;
mod estate;
mod examine;
mod guest;
mod index;
mod line;
mod memory;
mod node;
mod out;
mod pbs;
mod rights;
mod round;
mod row;
mod settings;
mod storage;
mod target;
pub mod tasks;
mod upid;
mod wide;

pub use row::SOURCE;
pub use settings::{ProxmoxSettings, read_backup_server, read_settings};

use super::{Allowance, Assembled, Assembler, DecodeError, Decoded, Settings};
use crate::domain::value::Value;
use backups::Backups;
use estate::Estate;
use line::Lines;
use out::{Out, unseen};
use row::kind;
use std::io::Read;
use std::ops::Range;

/// Reads what a target answered.
#[derive(Default)]
pub struct Answers(Lines);

/// An assembler; every answer says all that there is to know.
pub fn assembler(_second: bool, _settings: Option<&dyn Settings>) -> Box<dyn Assembler> {
    Box::<Answers>::default()
}

impl Assembler for Answers {
    fn part(&mut self, _name: &str, body: &mut dyn Read) -> Result<Decoded, DecodeError> {
        self.0.read(body)
    }

    fn limit(&mut self, bytes: usize) {
        self.0.allowance = Allowance::of(bytes);
    }

    fn finish(self: Box<Self>) -> Assembled {
        let Lines { by_call: lines, mut unreadable, allowance } = self.0;
        let mut out = Out { records: Vec::new(), unreadable: &mut unreadable, allowance, cluster: Value::NotTold };
        if pbs::is_one(&lines) {
            let memory = pbs::tell(&lines, &mut out);
            return whole(out, memory, pbs::KINDS_OF_IT);
        }
        let mut estate = Estate::of(&lines);
        out.cluster = estate.cluster();
        estate.read_resources(&mut out);
        cluster::tell(&estate, &mut out);
        node::tell(&estate, &mut out);
        let backups = Backups::of(&estate);
        let kept = guest::tell(&estate, &backups, &mut out);
        storage::tell(&estate, &mut out);
        wide::tell(&estate, &mut out);
        let memory = estate.remember(kept, (backups.indexes, backups.last));
        whole(out, memory, 0..kind::DATASTORE)
    }
}

/// Everything, and what stands for what could not be read.
fn whole(out: Out<'_>, memory: Option<String>, kinds: Range<u8>) -> Assembled {
    let Out { mut records, allowance, unreadable, .. } = out;
    let unreadable = unreadable.count();
    let full = allowance.remark();
    if unreadable > 0 || full.is_some() {
        let why = full.clone().unwrap_or_else(|| tr!("{count} parts of the answer could not be read", count = unreadable));
        records.extend(kinds.map(|kind| unseen(kind, None, &why)));
    }
    let told = records.iter().filter(|record| !record.unseen).count() as u64;
    Assembled { records, rows: told + unreadable, unreadable, missing: full, memory, held: allowance.held(), ..Assembled::default() }
}
