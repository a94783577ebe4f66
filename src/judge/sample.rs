//! One bucket record as it was seen, and where the looks of a pair lie among all.

use super::identity::Detail;
use crate::domain::record::NotTold;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Connections, bytes in, bytes out.
pub type Counters = [u64; 3];

/// One record at the previous look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterSample {
    /// Which pair.
    pub pair: u64,
    /// Which of its records.
    pub detail: Detail,
    /// The counters, as the PCE showed them.
    pub shown: Counters,
    /// The counters as they were at two earlier looks: at least `lookback` ago, and in between.
    pub settled: [Counters; 2],
    /// The last UTC day (since the epoch) on which the bucket can still grow.
    pub day: i32,
    /// When it was seen last, in seconds, where a later look may have left it out; 0: it was at rest or seen since.
    pub unseen_since: u32,
    /// Which of the rules that look at a reporter's own fields count this record.
    pub marks: u64,
    /// 0: not seen in this run; n + 1: seen in part n of the answer.
    pub part: u32,
    /// What it does not tell, as far as some rule asks for it.
    pub not_told: NotTold,
    /// First seen in this run, and nothing proves that it was not there before.
    pub unproven: bool,
}

/// What the records of a pair must have in common, so that a rule counts them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Like {
    pub detail: Detail,
    pub not_told: NotTold,
}

impl CounterSample {
    pub(super) fn like(&self) -> Like {
        Like { detail: self.detail, not_told: self.not_told }
    }
}

/// What the rules note of a record.
#[derive(Debug, Clone, Copy)]
pub struct Noted {
    /// The reporter-side rules that count it, or may.
    pub marks: u64,
    /// What it does not tell, as far as some rule asks for it.
    pub not_told: NotTold,
}

/// Whether a counter is not told.
pub(super) fn is_missing(not_told: NotTold, counter: usize) -> bool {
    not_told.any([NotTold::NOTHING, NotTold::BYTES_IN, NotTold::BYTES_OUT][counter])
}

/// Whether no counter has shrunk.
pub(super) fn not_above(old: &Counters, new: &Counters) -> bool {
    old.iter().zip(new).all(|(old, new)| old <= new)
}

/// Where the looks of a pair lie among all. The keys are hashes, evenly spread, so a table over
/// their first bits leads to a handful of looks.
#[derive(Debug)]
pub(super) struct Index {
    starts: Vec<u32>,
    shift: u32,
}

impl Index {
    pub(super) fn new(looks: &[CounterSample]) -> Self {
        // About four looks for each entry.
        let bits = (looks.len() / 4).max(2).ilog2().clamp(1, 24);
        let shift = u64::BITS - bits;
        let mut starts = vec![0u32; (1 << bits) + 1];
        for look in looks {
            starts[(look.pair >> shift) as usize + 1] += 1;
        }
        let mut before = 0u32;
        for start in &mut starts {
            before = before.saturating_add(*start);
            *start = before;
        }
        Self { starts, shift }
    }

    /// From the first to behind the last look of a pair.
    pub(super) fn find(&self, looks: &[CounterSample], pair: u64) -> (usize, usize) {
        let entry = (pair >> self.shift) as usize;
        let (low, high) = (self.starts[entry] as usize, self.starts[entry + 1] as usize);
        let start = low + looks[low..high].partition_point(|look| look.pair < pair);
        (start, start + looks[start..high].partition_point(|look| look.pair == pair))
    }
}

/// A look in a few bytes: among the known ones, or (with the highest bit) among those that came in this run.
pub(super) type Spot = u32;

const FRESH: Spot = 1 << 31;

/// Where a look lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Known(u32),
    Fresh(u32),
}

impl Place {
    pub(super) fn of(spot: Spot) -> Self {
        if spot & FRESH == 0 { Place::Known(spot) } else { Place::Fresh(spot & !FRESH) }
    }

    pub(super) fn spot(self) -> Spot {
        match self {
            Place::Known(index) => index,
            Place::Fresh(index) => index | FRESH,
        }
    }
}

/// Looks first seen in this run. They lie one behind the other as they came, so that one takes little more than itself; each
/// knows the one of its pair before it.
#[derive(Debug, Default)]
struct Fresh {
    looks: Vec<CounterSample>,
    /// For each: the one of its pair before it, and how many of the pair there are up to here.
    chain: Vec<(Option<std::num::NonZeroU32>, u32)>,
    /// The last one of each pair.
    last: HashTable<u32>,
    /// The run's own: nobody outside can prepare pairs that hash alike.
    seed: DefaultHashBuilder,
}

impl Fresh {
    fn last(&self, pair: u64) -> Option<u32> {
        if self.looks.is_empty() {
            return None;
        }
        self.last.find(self.seed.hash_one(pair), |last| self.looks[*last as usize].pair == pair).copied()
    }

    /// Those of a pair, given the last one, which comes first.
    fn back_from(&self, last: Option<u32>) -> impl Iterator<Item = u32> {
        // The number of the first look of all would be 0, so each is linked by its number and one.
        std::iter::successors(last, |look| self.chain[*look as usize].0.map(|before| before.get() - 1))
    }

    fn push(&mut self, look: CounterSample) -> u32 {
        let Self { looks, chain, last, seed } = self;
        let (number, pair) = (looks.len() as u32, look.pair);
        looks.push(look);
        let entry =
            last.entry(seed.hash_one(pair), |last| looks[*last as usize].pair == pair, |last| seed.hash_one(looks[*last as usize].pair));
        match entry {
            hashbrown::hash_table::Entry::Occupied(mut entry) => {
                let before = std::mem::replace(entry.get_mut(), number);
                chain.push((std::num::NonZeroU32::new(before + 1), chain[before as usize].1 + 1));
            }
            hashbrown::hash_table::Entry::Vacant(entry) => {
                entry.insert(number);
                chain.push((None, 1));
            }
        }
        number
    }
}

/// Where the looks of a pair lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfPair {
    /// Those of the previous run: from the first to behind the last. They stay where they are until the end.
    pub(super) known: (u32, u32),
    /// The last one that came in this run.
    last: Option<u32>,
}

/// The looks of an estate: those of the previous run, sorted by pair, and those that came in this one.
#[derive(Debug)]
pub(super) struct Looks {
    known: Vec<CounterSample>,
    index: Index,
    fresh: Fresh,
}

impl Looks {
    /// `known` is sorted by pair.
    pub(super) fn new(known: Vec<CounterSample>) -> Self {
        Self { index: Index::new(&known), known, fresh: Fresh::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len() + self.fresh.looks.len()
    }

    /// How many came in this run.
    pub(super) fn fresh(&self) -> usize {
        self.fresh.looks.len()
    }

    /// Where the looks of a pair lie by now.
    pub(super) fn of(&self, pair: u64) -> OfPair {
        let (from, to) = self.index.find(&self.known, pair);
        OfPair { known: (from as u32, to as u32), last: self.fresh.last(pair) }
    }

    /// How many looks a pair has.
    pub(super) fn count(&self, of: OfPair) -> usize {
        (of.known.1 - of.known.0) as usize + of.last.map_or(0, |last| self.fresh.chain[last as usize].1 as usize)
    }

    pub(super) fn places(&self, of: OfPair) -> impl Iterator<Item = Place> {
        (of.known.0..of.known.1).map(Place::Known).chain(self.fresh.back_from(of.last).map(Place::Fresh))
    }

    pub(super) fn at(&self, place: Place) -> &CounterSample {
        match place {
            Place::Known(index) => &self.known[index as usize],
            Place::Fresh(index) => &self.fresh.looks[index as usize],
        }
    }

    pub(super) fn at_mut(&mut self, place: Place) -> &mut CounterSample {
        match place {
            Place::Known(index) => &mut self.known[index as usize],
            Place::Fresh(index) => &mut self.fresh.looks[index as usize],
        }
    }

    pub(super) fn push(&mut self, look: CounterSample) -> Place {
        Place::Fresh(self.fresh.push(look))
    }

    pub(super) fn known_mut(&mut self) -> &mut [CounterSample] {
        &mut self.known
    }

    /// All of them, sorted.
    pub(super) fn into_sorted(self) -> Vec<CounterSample> {
        let Self { mut known, fresh: Fresh { looks: mut fresh, .. }, .. } = self;
        fresh.sort_unstable_by_key(|look| (look.pair, look.detail));
        if known.is_empty() {
            return fresh;
        }
        known.append(&mut fresh);
        // Two sorted runs: the stable sort merges them in one pass.
        known.sort_by_key(|look| (look.pair, look.detail));
        known
    }
}
