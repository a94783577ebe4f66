//! The largest of many, in bounded memory.
//!
//! Everything is counted exactly as long as there are no more than [`MOST`] different things. When there are more, the
//! smaller half is dropped and only its sum is kept. What is dropped and comes again is counted from there on, so a
//! shown amount may be too low, never too high; by how much at the most is known and told.

use hashbrown::HashMap;
use std::hash::Hash;

/// Different things counted at once.
pub const MOST: usize = 40_000;

/// What is added up for each thing: one number for each decision, and what goes with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts {
    /// Different flows.
    pub flows: u64,
    /// Connections by decision, in the order of `Decision::ALL`.
    pub connections: [u64; 4],
    /// Bytes both ways.
    pub bytes: u64,
}

impl Amounts {
    /// Connections of all decisions.
    pub fn all(&self) -> u64 {
        self.connections.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Adds another amount.
    pub fn add(&mut self, more: &Amounts) {
        self.flows = self.flows.saturating_add(more.flows);
        self.bytes = self.bytes.saturating_add(more.bytes);
        for (sum, count) in self.connections.iter_mut().zip(more.connections) {
            *sum = sum.saturating_add(count);
        }
    }
}

/// What decides who is larger.
pub type Weight = fn(&Amounts) -> (u64, u64);

/// Amounts by thing.
#[derive(Debug)]
pub struct Heavy<K> {
    counted: HashMap<K, Amounts>,
    weight: Weight,
    most: usize,
    dropped: u64,
    /// The most that any one thing can have lost.
    lost: u64,
}

impl<K: Hash + Eq + Ord + Clone> Heavy<K> {
    /// Nothing counted yet.
    pub fn new(weight: Weight) -> Self {
        Self::with_room(weight, MOST)
    }

    fn with_room(weight: Weight, most: usize) -> Self {
        Self { counted: HashMap::new(), weight, most, dropped: 0, lost: 0 }
    }

    /// Adds to a thing; `key` is asked only when it is not counted yet.
    pub fn add(&mut self, key: K, more: &Amounts) {
        self.counted.entry(key).or_default().add(more);
        if self.counted.len() > self.most {
            self.drop_the_smaller_half();
        }
    }

    fn drop_the_smaller_half(&mut self) {
        let keep = self.most / 2;
        let all: Vec<(K, Amounts)> = self.counted.drain().collect();
        let sorted = self.sorted(all);
        // What is dropped twice loses twice.
        self.lost = self.lost.saturating_add(sorted.get(keep).map_or(0, |(_, amounts)| (self.weight)(amounts).0));
        self.dropped += (sorted.len() - keep) as u64;
        self.counted.extend(sorted.into_iter().take(keep));
    }

    /// Largest first; equals in the order of their keys, so that equal input makes an equal report.
    fn sorted(&self, mut list: Vec<(K, Amounts)>) -> Vec<(K, Amounts)> {
        list.sort_unstable_by(|(a_key, a), (b_key, b)| (self.weight)(b).cmp(&(self.weight)(a)).then_with(|| a_key.cmp(b_key)));
        list
    }

    /// Whether every amount is exact.
    pub fn is_exact(&self) -> bool {
        self.dropped == 0
    }

    /// The most that a shown amount can be too low by.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// All that is counted, largest first, without what weighs nothing.
    pub fn into_sorted(mut self) -> Vec<(K, Amounts)> {
        let all: Vec<(K, Amounts)> = self.counted.drain().filter(|(_, amounts)| (self.weight)(amounts) != (0, 0)).collect();
        self.sorted(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn weight(amounts: &Amounts) -> (u64, u64) {
        (amounts.all(), 0)
    }

    fn one(count: u64) -> Amounts {
        Amounts { flows: 1, connections: [count, 0, 0, 0], bytes: 0 }
    }

    proptest! {
        /// Exact with room; without, never too high and too low by no more than it says.
        #[test]
        fn amounts_are_never_too_high(list in prop::collection::vec((0u8..60, 1u64..1000), 0..400), room in 2usize..80) {
            let mut heavy = Heavy::with_room(weight, room);
            let mut truth: BTreeMap<u8, u64> = BTreeMap::new();
            for (key, count) in list {
                heavy.add(key, &one(count));
                *truth.entry(key).or_default() += count;
            }
            prop_assert_eq!(heavy.is_exact(), truth.len() <= room);
            let lost = heavy.lost();
            let shown: BTreeMap<u8, u64> = heavy.into_sorted().into_iter().map(|(key, amounts)| (key, amounts.all())).collect();
            for (key, count) in truth {
                let have = shown.get(&key).copied().unwrap_or(0);
                prop_assert!(have <= count && count <= have + lost, "{} {} {} {}", key, have, count, lost);
            }
        }
    }
}
