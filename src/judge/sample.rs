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
    /// The counters, as the PCE showed them; changed by `CounterSample::show`.
    pub shown: Counters,
    /// The counters as they were at two earlier looks: at least `lookback` ago, and in between.
    pub earlier: Earlier,
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

/// The counters of two earlier looks, next to those of now: most have not moved, or were not there. There is one of a million
/// records, so it takes what it must.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Earlier {
    /// They were zero.
    #[default]
    Nothing,
    /// At the newer of the two they were what they are, before that zero.
    Newer,
    /// They were what they are.
    Same,
    /// By how much they have grown since the newer of the two, and from the older to that; what is small takes no place of its own.
    Close([[u16; 3]; 2]),
    /// The same.
    Near(Box<[[u32; 3]; 2]>),
    /// The counters themselves, older and newer.
    Far(Box<[Counters; 2]>),
}

const ZERO: Counters = [0; 3];

impl CounterSample {
    /// No record at all.
    const NONE: CounterSample = CounterSample {
        pair: 0,
        detail: Detail(0),
        shown: ZERO,
        earlier: Earlier::Nothing,
        day: 0,
        unseen_since: 0,
        marks: 0,
        part: 0,
        not_told: NotTold::NOTHING,
        unproven: false,
    };

    /// The counters as they were at least `lookback` ago, and in between.
    pub fn settled(&self) -> [Counters; 2] {
        match &self.earlier {
            Earlier::Nothing => [ZERO; 2],
            Earlier::Newer => [ZERO, self.shown],
            Earlier::Same => [self.shown; 2],
            Earlier::Close(grown) => self.before(grown.map(|grown| grown.map(u64::from))),
            Earlier::Near(grown) => self.before(grown.map(|grown| grown.map(u64::from))),
            Earlier::Far(settled) => **settled,
        }
    }

    fn before(&self, [since, until]: [Counters; 2]) -> [Counters; 2] {
        let less = |counters: Counters, grown: Counters| [0, 1, 2].map(|counter: usize| counters[counter].wrapping_sub(grown[counter]));
        let newer = less(self.shown, since);
        [less(newer, until), newer]
    }

    /// Says what they were, in the one way in which that is kept.
    pub fn set_settled(&mut self, settled: [Counters; 2]) {
        let [older, newer] = settled;
        self.earlier = if settled == [ZERO; 2] {
            Earlier::Nothing
        } else if settled == [self.shown; 2] {
            Earlier::Same
        } else if older == ZERO && newer == self.shown {
            Earlier::Newer
        } else {
            let grown = |after: Counters, before: Counters| [0, 1, 2].map(|counter: usize| after[counter].wrapping_sub(before[counter]));
            let grown = [grown(self.shown, newer), grown(newer, older)];
            match grown.iter().flatten().max() {
                Some(most) if *most <= u64::from(u16::MAX) => Earlier::Close(grown.map(|grown| grown.map(|by| by as u16))),
                Some(most) if *most <= u64::from(u32::MAX) => Earlier::Near(Box::new(grown.map(|grown| grown.map(|by| by as u32)))),
                _ => Earlier::Far(Box::new(settled)),
            }
        };
    }

    /// The counters have moved.
    pub(super) fn show(&mut self, shown: Counters) {
        if shown != self.shown {
            let settled = self.settled();
            self.shown = shown;
            self.set_settled(settled);
        }
    }

    /// One more look is over: what is shown is what the newer one showed.
    pub(super) fn settle(&mut self) {
        match &self.earlier {
            Earlier::Same => {}
            Earlier::Newer => self.earlier = Earlier::Same,
            _ => self.set_settled([self.settled()[1], self.shown]),
        }
    }
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

/// From so many on the place for more grows by a part of what there is.
const MANY: usize = 1 << 17;

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
        if looks.len() == looks.capacity() && looks.len() >= MANY {
            // Twice as much would be more than a machine may have to spare. A large step at first makes it a piece of memory of its
            // own, which grows without a hole being left behind.
            looks.reserve_exact((3 * MANY).saturating_sub(looks.len()).max(looks.len() / 8));
            chain.reserve_exact(looks.capacity() - chain.len());
        }
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
        let key = |look: &CounterSample| (look.pair, look.detail);
        fresh.sort_unstable_by_key(key);
        if known.is_empty() {
            return fresh;
        }
        // What moved has stayed in its pair.
        if !known.is_sorted_by_key(key) {
            known.chunk_by_mut(|a, b| a.pair == b.pair).filter(|pair| pair.len() > 1).for_each(|pair| pair.sort_by_key(key));
        }
        merge(&mut known, &mut fresh, key);
        known
    }
}

/// Puts sorted looks among sorted ones, behind those that are their equals; from the end on, so that nothing is copied aside.
fn merge<K: Ord>(known: &mut Vec<CounterSample>, fresh: &mut [CounterSample], key: impl Fn(&CounterSample) -> K) {
    let (mut had, mut more) = (known.len(), fresh.len());
    known.reserve_exact(more);
    known.resize(had + more, CounterSample::NONE);
    while more > 0 {
        let to = had + more - 1;
        if had > 0 && key(&known[had - 1]) > key(&fresh[more - 1]) {
            known.swap(had - 1, to);
            had -= 1;
        } else {
            std::mem::swap(&mut known[to], &mut fresh[more - 1]);
            more -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counters() -> impl Strategy<Value = Counters> {
        prop_oneof![Just(ZERO), prop::array::uniform3(0u64..4), prop::array::uniform3(0u64..1 << 20), any::<Counters>()]
    }

    proptest! {
        #[test]
        fn what_was_is_told_whatever_is_shown_since(shown in prop::collection::vec(counters(), 1..8), steps in prop::collection::vec(any::<bool>(), 8)) {
            let mut look = CounterSample::NONE;
            let mut settled = [ZERO; 2];
            for (shown, settles) in shown.into_iter().zip(steps) {
                look.show(shown);
                prop_assert_eq!((look.shown, look.settled()), (shown, settled));
                if settles {
                    look.settle();
                    settled = [settled[1], shown];
                }
                let mut other = CounterSample { shown, ..CounterSample::NONE };
                other.set_settled(settled);
                // There is one way to keep it.
                prop_assert_eq!((look.settled(), &look.earlier), (settled, &other.earlier));
            }
        }

        #[test]
        fn looks_are_merged_as_a_stable_sort_would(mut known in prop::collection::vec(0u64..20, 0..30), mut fresh in prop::collection::vec(0u64..20, 0..30)) {
            known.sort_unstable();
            fresh.sort_unstable();
            let look = |marks: u64| move |pair: &u64| CounterSample { pair: *pair, marks, ..CounterSample::NONE };
            let mut merged: Vec<CounterSample> = known.iter().map(look(1)).collect();
            let mut more: Vec<CounterSample> = fresh.iter().map(look(2)).collect();
            let mut wanted = [merged.clone(), more.clone()].concat();
            wanted.sort_by_key(|look| look.pair);
            merge(&mut merged, &mut more, |look| look.pair);
            prop_assert_eq!(merged, wanted);
        }
    }
}
