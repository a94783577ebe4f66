//! Each connection once: both ends of a pair tell of it, and what they tell is brought together day by day, as the report
//! does it.

use crate::domain::record::{Direction, Flow};
use crate::judge::identity::flow_pair;
use crate::report::ends::{Each, paired};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// Pairs that are told apart: what the table of so many takes, some 100 MB, is room enough for two whole answers of a PCE.
/// What comes later is counted as it is reported.
pub(super) const MOST_PAIRS: usize = 450_000;
const DAY: i64 = 86_400;

/// A pair on one UTC day, with whatever else keeps its records apart.
pub(super) type Key = (u64, i64, u64);

/// What both ends of one pair told.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    connections: [Each; 2],
    bytes: [Each; 2],
}

/// Connections and bytes of one decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) connections: u64,
    pub(super) bytes: u64,
}

impl Told {
    fn add(&mut self, flow: &Flow<'_>) {
        let (side, decision) = (side(flow), flow.decision as usize);
        let connections = &mut self.connections[side][decision];
        *connections = connections.saturating_add(flow.connections);
        let volume = &mut self.bytes[side][decision];
        *volume = volume.saturating_add(bytes(flow));
    }

    /// By decision, each connection under the one that took effect.
    pub(super) fn once(&self) -> [Amount; 4] {
        let connections = paired(&self.connections[0], &self.connections[1]);
        let bytes = paired(&self.bytes[0], &self.bytes[1]);
        std::array::from_fn(|place| Amount { connections: connections[place], bytes: bytes[place] })
    }

    /// Which end stands for a decision in a list: the one whose number is nearest to what there was; the source's if both are.
    pub(super) fn speaker(&self, decision: usize, connections: u64) -> usize {
        let apart = |side: usize| self.connections[side][decision].abs_diff(connections);
        let silent = |side: usize| self.connections[side][decision] == 0;
        usize::from(silent(0) && !silent(1) || !silent(1) && apart(1) < apart(0))
    }
}

/// Which end told a record: 0 the source, 1 the destination.
pub(super) fn side(flow: &Flow<'_>) -> usize {
    usize::from(flow.direction == Direction::Inbound)
}

/// What the ends told, pair by pair.
#[derive(Debug)]
pub(super) struct Ends<T> {
    pairs: HashMap<Key, (T, Told)>,
}

impl<T> Default for Ends<T> {
    fn default() -> Self {
        Self { pairs: HashMap::new() }
    }
}

impl<T> Ends<T> {
    /// Takes a record; `about` is made of the first of its pair, `apart` keeps more than a pair apart. `None`: there is no
    /// room for another pair, or the record has no time.
    pub(super) fn add(&mut self, flow: &Flow<'_>, apart: u64, about: impl FnOnce() -> T) -> Option<Key> {
        let key = (flow_pair(flow), flow.first?.as_second().div_euclid(DAY), apart);
        let room = self.pairs.len() < MOST_PAIRS;
        match self.pairs.entry(key) {
            Entry::Occupied(mut met) => met.get_mut().1.add(flow),
            Entry::Vacant(_) if !room => return None,
            Entry::Vacant(new) => new.insert((about(), Told::default())).1.add(flow),
        }
        Some(key)
    }

    /// What was told of a pair.
    pub(super) fn of(&self, key: &Key) -> Option<&Told> {
        self.pairs.get(key).map(|(_, told)| told)
    }

    /// All pairs, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = (&T, &Told)> {
        self.pairs.values().map(|(about, told)| (about, told))
    }
}

pub(super) fn bytes(flow: &Flow<'_>) -> u64 {
    flow.bytes_in.saturating_add(flow.bytes_out)
}
