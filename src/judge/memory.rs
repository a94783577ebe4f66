//! What is remembered of a rule between runs: the increases of each run, for as long as the rule's window needs.

mod stream;

pub use stream::{Happening, Together};

use super::history::History;
use super::sightings::Sightings;
use super::tally::{Amount, GroupTally, Tally, merge_talkers};
use super::transition::Evidence;
use crate::domain::alert::Talker;
use crate::domain::estimate::Estimate;
use crate::domain::metric::Metric;
use crate::domain::threshold::Usual;
use crate::domain::time::{before, since};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Most runs kept apart in one rule's memory; older neighbours are then merged, which keeps every
/// total and makes only the far edge of the window coarser.
const MOST_SLOTS: usize = 1_500;

/// Groups of a rule that are shown with their largest contributors.
const MOST_DESCRIBED: usize = 500;

/// What one run added to one rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Slot {
    /// When the run looked.
    at: Timestamp,
    /// When the look before it was: everything that arrived in `(from, at]` is in here.
    from: Timestamp,
    /// Some of it may have arrived since then already, when earlier looks left something out.
    reach: Option<Timestamp>,
    /// Groups that grew, and those whose growth is a lower bound.
    cells: BTreeMap<u64, Cell>,
    /// Largest contributors.
    top: Vec<Talker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Cell {
    value: Number,
    learning: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Number {
    Sum(u64),
    Max(f64),
    /// The values are kept beside the slots.
    Values,
    /// A sum of which this much is certain, and this much cannot be ruled out.
    Between(f64, f64),
    /// The largest: certain, and what cannot be ruled out.
    MaxBetween(f64, f64),
    /// The values are kept beside the slots, and so many more cannot be ruled out.
    ValuesOr(u64),
    /// A sum, in each of the ways that are open.
    Ways([u64; 4]),
}

/// What is remembered of one rule.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RuleMemory {
    /// The values of each group's fields.
    groups: BTreeMap<u64, Vec<Option<String>>>,
    slots: Vec<Slot>,
    /// For metrics that count different values: when each was last seen, by group.
    values: BTreeMap<u64, BTreeMap<u64, Timestamp>>,
    /// The same of values that may have been seen.
    possible: BTreeMap<u64, BTreeMap<u64, Timestamp>>,
    /// For metrics that ask what was ever seen.
    pub sightings: Sightings,
    /// Who is missed when silent, and what is usual.
    pub history: History,
}

/// What pcemon 0.1 remembered of a rule.
#[derive(Debug, Deserialize)]
pub struct FirstRuleMemory {
    groups: BTreeMap<u64, Vec<Option<String>>>,
    slots: Vec<FirstSlot>,
    values: BTreeMap<u64, BTreeMap<u64, Timestamp>>,
    sightings: Sightings,
    history: History,
}

#[derive(Debug, Deserialize)]
struct FirstSlot {
    at: Timestamp,
    from: Timestamp,
    cells: BTreeMap<u64, Cell>,
    top: Vec<Talker>,
}

impl From<FirstRuleMemory> for RuleMemory {
    fn from(first: FirstRuleMemory) -> Self {
        let FirstRuleMemory { groups, slots, values, sightings, history } = first;
        let slot = |FirstSlot { at, from, cells, top }: FirstSlot| Slot { at, from, reach: None, cells, top };
        Self { groups, slots: slots.into_iter().map(slot).collect(), values, possible: BTreeMap::new(), sightings, history }
    }
}

/// What a rule measured, for one of its groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Stable hash of the group's values.
    pub key: u64,
    /// The values, in the order of `group_by`.
    pub group: Vec<Option<String>>,
    /// The interval that holds the value, in base units.
    pub estimate: Estimate,
    /// The same interval if there were nothing in what is still being learned.
    pub besides_learning: Estimate,
    /// Too little to judge by.
    pub unjudged: bool,
    /// What is usual here.
    pub usual: Usual,
    /// Of a quotient: what was divided, and by what.
    pub parts: Option<(f64, f64)>,
    /// Largest contributors in this run.
    pub top: Vec<Talker>,
}

impl Measured {
    /// What can be judged by. `partial`: the source's answer was not whole, so there may be more.
    pub fn evidence(&self, partial: bool) -> Evidence {
        let Measured { estimate, besides_learning, unjudged, usual, .. } = *self;
        if partial {
            let (estimate, besides_learning) = (estimate.or_more(), besides_learning.or_more());
            return Evidence { estimate, besides_learning, unjudged, usual };
        }
        Evidence { estimate, besides_learning, unjudged, usual }
    }

    /// A value of which this much is known, none of it to be learned.
    pub fn of(key: u64, group: Vec<Option<String>>, estimate: Estimate) -> Self {
        Self { key, group, estimate, besides_learning: estimate, unjudged: false, usual: Usual::NotAsked, parts: None, top: Vec::new() }
    }

    /// The same, with more to be expected of what is still being learned.
    #[must_use]
    pub fn learning(self, learning: bool) -> Self {
        if learning { Self { estimate: self.estimate.or_more(), ..self } } else { self }
    }
}

/// What holds of a group that an observation does not list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unlisted {
    /// How much it may have.
    pub estimate: Estimate,
    /// The same if there were nothing in what is still being learned.
    pub besides_learning: Estimate,
    /// It is no more, instead of being at nothing, if it certainly has nothing.
    pub is_gone: bool,
}

impl Unlisted {
    /// It has nothing.
    pub const ZERO: Unlisted = Unlisted { estimate: Estimate::ZERO, besides_learning: Estimate::ZERO, is_gone: false };
    /// It is no more.
    pub const GONE: Unlisted = Unlisted { is_gone: true, ..Unlisted::ZERO };

    /// It has up to this much.
    #[must_use]
    pub fn up_to(self, high: f64) -> Unlisted {
        let most = Estimate { low: 0.0, high };
        Unlisted { estimate: self.estimate.hull(most), besides_learning: self.besides_learning.hull(most), ..self }
    }

    /// What it has is still being learned.
    #[must_use]
    pub fn learning(self, learning: bool) -> Unlisted {
        if learning { Unlisted { estimate: self.estimate.or_more(), ..self } } else { self }
    }

    /// Whether it certainly has nothing.
    pub fn is_certain(&self) -> bool {
        self.estimate.is_exact()
    }

    /// As a group of its own.
    pub fn measured(&self, key: u64, group: Vec<Option<String>>) -> Measured {
        let Unlisted { estimate, besides_learning, .. } = *self;
        Measured { besides_learning, ..Measured::of(key, group, estimate) }
    }
}

/// What a rule measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Every group with a value; without `group_by` always exactly one.
    pub groups: Vec<Measured>,
    /// What the values cover; `None` for a snapshot.
    pub covers: Option<(Timestamp, Timestamp)>,
    /// Records that matched in this run.
    pub matched: u64,
    /// Largest contributors over the window.
    pub top: Vec<Talker>,
    /// Something for people: learning, a shorter or longer span.
    pub note: Option<String>,
    /// Something that makes the rule's answer incomplete.
    pub trouble: Option<String>,
    /// What holds of groups that are not listed.
    pub unlisted: Unlisted,
}

/// The span whose increases a run reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The previous look; `None` on the very first.
    pub from: Option<Timestamp>,
    /// This look.
    pub to: Timestamp,
}

impl RuleMemory {
    /// Adds what this run saw, and measures the rule's window.
    pub fn measure<T>(
        &mut self,
        metric: &Metric,
        window: Duration,
        grouped: bool,
        mut tally: Tally<T>,
        span: Span,
        show: impl Fn(&T, f64) -> Talker,
    ) -> Observation {
        if let Some(sightings) = tally.sightings.take() {
            tally.overflow |= sightings.is_full();
            self.sightings = sightings;
        }
        let start = before(span.to, window);
        if span.from.is_none() {
            // A first look counts everything that began within the window; nothing before it may count again.
            (self.groups, self.slots, self.values, self.possible) = Default::default();
        }
        let kept_from = [span.from, tally.kept_from].into_iter().flatten().min();
        self.forget(kept_from.map_or(start, |from| from.min(start)));
        let matched = tally.matched;
        let overflow = tally.overflow;
        let interval = span.from.map(|from| since(span.to, from).as_secs_f64()).filter(|seconds| *seconds > 0.0);
        let mut tops: BTreeMap<u64, Vec<Talker>> = BTreeMap::new();
        let from = span.from.unwrap_or(start);
        let reach = tally.reach.filter(|reach| *reach < from);
        let mut slot = Slot { at: span.to, from, reach, cells: BTreeMap::new(), top: Vec::new() };
        // Of thousands of groups only the largest are described: nobody is shown more.
        let mut sizes: Vec<u64> = tally.groups.iter().map(|group| group.amount.size()).collect();
        sizes.sort_unstable_by_key(|size| std::cmp::Reverse(*size));
        let described_from = sizes.get(MOST_DESCRIBED - 1).copied().unwrap_or(0);
        for group in tally.groups {
            let value = self.number(&group, span.to, interval);
            if value.is_none() && !group.learning && grouped {
                continue;
            }
            self.groups.entry(group.key).or_insert_with(|| group.group.clone());
            if value.is_some() || group.learning {
                slot.cells.insert(group.key, Cell { value: value.unwrap_or(Number::Sum(0)), learning: group.learning });
            }
            // A rate of one flow over the interval; bytes for the others.
            let scale = match (metric, interval) {
                (Metric::Bandwidth, Some(seconds)) => 8.0 / seconds,
                (Metric::Throughput, _) => 8.0 / window.as_secs_f64().max(f64::MIN_POSITIVE),
                _ => 1.0,
            };
            if group.amount.size() >= described_from && tops.len() < MOST_DESCRIBED {
                let talkers = group.top.talkers(&show, scale);
                slot.top = merge_talkers(slot.top.drain(..).chain(talkers.iter().cloned()));
                tops.insert(group.key, talkers);
            }
        }
        // A second run at the same instant continues the first one's slot.
        self.slots.push(slot);
        self.merge_if_many();
        self.observe(metric, window, grouped, matched, overflow, span, &tops)
    }

    /// What a group adds in this run.
    fn number<T>(&mut self, group: &GroupTally<T>, now: Timestamp, interval: Option<f64>) -> Option<Number> {
        match &group.amount {
            Amount::Sum(_) if group.ways.is_some_and(|ways| ways != [ways[0]; 4]) => group.ways.map(Number::Ways),
            Amount::Sum(sum) => Some(Number::Sum(group.ways.map_or(*sum, |ways| ways[0]))).filter(|number| *number != Number::Sum(0)),
            Amount::Max(0) => None,
            Amount::Max(largest) => Some(Number::Max(*largest as f64)),
            Amount::PerFlow(flows) => {
                let seconds = interval?;
                let rate = |bytes: u64| bytes as f64 * 8.0 / seconds;
                let certain = flows.values().max().copied().unwrap_or(0);
                let beyond = group.beyond.iter().map(|(flow, more)| flows.get(flow).copied().unwrap_or(0).saturating_add(*more)).max();
                let (certain, most) = (rate(certain), rate(beyond.map_or(certain, |most| most.max(certain))));
                (most > 0.0).then_some(if most > certain { Number::MaxBetween(certain, most) } else { Number::Max(certain) })
            }
            Amount::Values(values) => {
                if values.is_empty() && group.beyond.is_empty() {
                    return None;
                }
                self.values.entry(group.key).or_default().extend(values.iter().map(|value| (*value, now)));
                if !group.beyond.is_empty() {
                    let possible = group.beyond.keys().filter(|value| !values.contains(*value));
                    self.possible.entry(group.key).or_default().extend(possible.map(|value| (*value, now)));
                }
                Some(Number::Values)
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn observe(
        &self,
        metric: &Metric,
        window: Duration,
        grouped: bool,
        matched: u64,
        overflow: bool,
        span: Span,
        tops: &BTreeMap<u64, Vec<Talker>>,
    ) -> Observation {
        let start = before(span.to, window);
        let begin = self.begin(start);
        let (whole_from, covered_from) = self.covered_from(begin, span.to);
        let short = whole_from > start.min(covered_from);
        let length = window.as_secs_f64().max(since(span.to, covered_from).as_secs_f64());
        let mut sums: BTreeMap<u64, (Sum, bool)> = BTreeMap::new();
        for slot in self.slots.iter().filter(|slot| slot.at > begin) {
            for (group, cell) in &slot.cells {
                let (sum, learning) = sums.entry(*group).or_default();
                *learning |= cell.learning;
                sum.add(cell.value);
            }
        }
        let seen = |values: &BTreeMap<u64, Timestamp>| values.values().filter(|seen| **seen > begin).count();
        for group in self.values.keys().chain(self.possible.keys()) {
            let known = |value: &u64| self.values.get(group).and_then(|values| values.get(value)).is_some_and(|seen| *seen > begin);
            let certain = self.values.get(group).map_or(0, seen);
            let possible =
                self.possible.get(group).map_or(0, |values| values.iter().filter(|(value, seen)| **seen > begin && !known(value)).count());
            if certain + possible > 0 {
                let (sum, _) = sums.entry(*group).or_default();
                // A group of both maps is met twice, and means the same each time.
                sum.values = Estimate { low: certain as f64, high: (certain + possible) as f64 };
            }
        }
        if !grouped {
            sums.entry(UNGROUPED).or_default();
        }
        let no_rate_yet = *metric == Metric::Bandwidth && span.from.is_none_or(|from| from >= span.to);
        let window_top = merge_talkers(self.slots.iter().filter(|slot| slot.at > begin).flat_map(|slot| slot.top.iter().cloned()));
        let any_learning = sums.values().any(|(_, learning)| *learning);
        let apart = sums.values().find_map(|(sum, _)| sum.apart());
        let groups = sums
            .into_iter()
            .map(|(key, (sum, learning))| {
                let counted = match metric {
                    Metric::Throughput => sum.estimate().times(8.0 / length.max(f64::MIN_POSITIVE)),
                    _ => sum.estimate(),
                };
                let certain = if no_rate_yet { Estimate::ZERO } else { counted };
                let certain = if overflow { certain.or_more() } else { certain };
                let top = if grouped { tops.get(&key).cloned().unwrap_or_default() } else { window_top.clone() };
                let measured = Measured { top, ..Measured::of(key, self.groups.get(&key).cloned().unwrap_or_default(), certain) };
                if no_rate_yet { Measured { estimate: Estimate::ANY, ..measured } } else { measured.learning(learning || short) }
            })
            .collect();
        let learning_until = self.sightings.learning_until().filter(|_| matches!(metric, Metric::New(_)));
        let note = if let Some(until) = learning_until {
            Some(tr!("learning what is known, until {until}; nothing counts as new before", until))
        } else if no_rate_yet {
            Some(tr!("learning: a rate needs two looks, the next run knows it"))
        } else if any_learning {
            Some(tr!(
                "learning: some flows began before the window and their earlier count is not known yet; exact once the window has passed"
            ))
        } else if short {
            Some(tr!("counted only since this rule or its memory began; exact once the window has passed"))
        } else {
            apart.map(|apart| apart.said())
        };
        Observation {
            groups,
            covers: Some((covered_from, span.to)),
            matched,
            top: window_top,
            note,
            unlisted: if overflow { Unlisted::ZERO.up_to(f64::INFINITY) } else { Unlisted::ZERO.learning(short) },
            trouble: overflow.then(|| tr!("more groups or values than can be told apart: the rest is not counted")),
        }
    }

    /// What a span that begins at `start` is only true together with begins here: where a look made up for what earlier
    /// ones left out, as long as one of them is needed, so are the others.
    fn begin(&self, start: Timestamp) -> Timestamp {
        let newest_first = self.slots.iter().rev();
        newest_first.fold(start, |begin, slot| if slot.at > begin { begin.min(slot.begins()) } else { begin })
    }

    /// From when on the slots behind `begin` hold everything up to `to`, and since when some of it may have arrived.
    fn covered_from(&self, begin: Timestamp, to: Timestamp) -> (Timestamp, Timestamp) {
        let (mut whole, mut from) = (to, to);
        for slot in self.slots.iter().rev().take_while(|slot| slot.at > begin) {
            if slot.at < from {
                break;
            }
            if slot.at >= whole {
                whole = whole.min(slot.from);
            }
            from = from.min(slot.begins());
        }
        (whole, from)
    }

    /// Drops what lies before `start`.
    fn forget(&mut self, start: Timestamp) {
        let begin = self.begin(start);
        self.slots.retain(|slot| slot.at > begin);
        for values in [&mut self.values, &mut self.possible] {
            values.values_mut().for_each(|seen| seen.retain(|_, seen| *seen > begin));
            values.retain(|_, seen| !seen.is_empty());
        }
        let needed: std::collections::BTreeSet<u64> = self
            .slots
            .iter()
            .flat_map(|slot| slot.cells.keys().copied())
            .chain(self.values.keys().copied())
            .chain(self.possible.keys().copied())
            .collect();
        self.groups.retain(|key, _| needed.contains(key));
    }

    fn merge_if_many(&mut self) {
        if self.slots.len() <= MOST_SLOTS {
            return;
        }
        let mut merged: Vec<Slot> = Vec::with_capacity(self.slots.len());
        for (index, slot) in std::mem::take(&mut self.slots).into_iter().enumerate() {
            match merged.last_mut() {
                Some(last) if index < MOST_SLOTS / 2 && index % 2 == 1 && last.at >= slot.from => last.absorb(slot),
                _ => merged.push(slot),
            }
        }
        self.slots = merged;
    }

    /// Clock stepped back: what lies in the future is moved to now, so that it is neither lost nor kept for ever.
    pub fn clamp_to(&mut self, now: Timestamp) {
        for slot in &mut self.slots {
            slot.at = slot.at.min(now);
            slot.from = slot.from.min(now);
            slot.reach = slot.reach.filter(|reach| *reach < slot.from);
        }
        for seen in self.values.values_mut().chain(self.possible.values_mut()).flat_map(|values| values.values_mut()) {
            *seen = (*seen).min(now);
        }
    }
}

/// Measures a tally that stands for itself: plain sums of what was sent, nothing remembered.
pub fn measure_alone<T>(
    metric: &Metric,
    window: Duration,
    grouped: bool,
    tally: Tally<T>,
    now: Timestamp,
    show: impl Fn(&T, f64) -> Talker,
) -> Observation {
    let mut memory = RuleMemory::default();
    memory.measure(metric, window, grouped, tally, Span { from: Some(before(now, window)), to: now }, show)
}

impl Slot {
    /// The earliest instant since when something of it may have arrived.
    fn begins(&self) -> Timestamp {
        self.reach.map_or(self.from, |reach| reach.min(self.from))
    }

    fn absorb(&mut self, newer: Slot) {
        self.at = newer.at;
        self.reach = self.reach.into_iter().chain(newer.reach).min().filter(|reach| *reach < self.from);
        for (group, cell) in newer.cells {
            let mine = self.cells.entry(group).or_insert(Cell { value: cell.value.nothing(), learning: false });
            mine.learning |= cell.learning;
            mine.value = match (mine.value, cell.value) {
                (Number::Sum(a), Number::Sum(b)) => Number::Sum(a.saturating_add(b)),
                (Number::Max(a), Number::Max(b)) => Number::Max(a.max(b)),
                (Number::ValuesOr(a), Number::ValuesOr(b)) => Number::ValuesOr(a.saturating_add(b)),
                (Number::ValuesOr(a), Number::Values) | (Number::Values, Number::ValuesOr(a)) => Number::ValuesOr(a),
                (a @ (Number::Max(_) | Number::MaxBetween(..)), b) | (a, b @ Number::MaxBetween(..)) => {
                    let both = b.added_to(a.added_to(Estimate::ZERO));
                    Number::MaxBetween(both.low, both.high)
                }
                (a @ (Number::Sum(_) | Number::Between(..)), b @ (Number::Sum(_) | Number::Between(..))) => {
                    let both = b.added_to(a.added_to(Estimate::ZERO));
                    Number::Between(both.low, both.high)
                }
                (a @ (Number::Sum(_) | Number::Ways(_)), b @ (Number::Sum(_) | Number::Ways(_))) => {
                    let (a, b) = (a.ways(), b.ways());
                    Number::Ways([0, 1, 2, 3].map(|way: usize| a[way].saturating_add(b[way])))
                }
                (_, value) => value,
            };
        }
        self.top = merge_talkers(self.top.drain(..).chain(newer.top));
    }
}

impl Number {
    /// Nothing of the same sort.
    fn nothing(self) -> Number {
        match self {
            Number::Sum(_) | Number::Between(..) | Number::Ways(_) => Number::Sum(0),
            Number::Max(_) | Number::MaxBetween(..) => Number::Max(0.0),
            Number::Values | Number::ValuesOr(_) => Number::Values,
        }
    }

    /// A window's value with this slot in it. Different values are counted beside the slots.
    fn added_to(self, value: Estimate) -> Estimate {
        match self {
            Number::Sum(sum) => value.plus(Estimate::exact(sum as f64)),
            Number::Between(low, high) => value.plus(Estimate { low, high }),
            Number::Max(largest) => value.larger(Estimate::exact(largest)),
            Number::MaxBetween(low, high) => value.larger(Estimate { low, high }),
            Number::Values => value,
            Number::Ways(ways) => {
                let (least, most) = (ways.into_iter().min().unwrap_or(0), ways.into_iter().max().unwrap_or(0));
                value.plus(Estimate { low: least as f64, high: most as f64 })
            }
            Number::ValuesOr(more) => value.plus(Estimate { low: 0.0, high: more as f64 }),
        }
    }

    fn ways(self) -> [u64; 4] {
        match self {
            Number::Sum(sum) => [sum; 4],
            Number::Ways(ways) => ways,
            _ => [0; 4],
        }
    }
}

/// What a window adds up to.
#[derive(Debug, Clone, Copy)]
struct Sum {
    ways: [f64; 4],
    /// Different values.
    values: Estimate,
    /// All else.
    other: Estimate,
}

impl Default for Sum {
    fn default() -> Self {
        Self { ways: [0.0; 4], values: Estimate::ZERO, other: Estimate::ZERO }
    }
}

/// What sets the ways of counting apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apart {
    /// What sources report of what destinations drop.
    Reading,
    /// Which end tells.
    Ends,
}

impl Apart {
    fn said(self) -> String {
        match self {
            Apart::Reading => tr!(
                "between two values: whether sources report what destinations block is not known yet; the doctor says what is learned of it"
            ),
            Apart::Ends => tr!(
                "between two values: one end of some flows fell silent and the other began to report, so nobody can say whether they speak of the same connections"
            ),
        }
    }
}

impl Sum {
    fn add(&mut self, number: Number) {
        match number {
            Number::Sum(_) | Number::Ways(_) => self.ways.iter_mut().zip(number.ways()).for_each(|(have, way)| *have += way as f64),
            other => self.other = other.added_to(self.other),
        }
    }

    fn estimate(&self) -> Estimate {
        let low = self.ways.into_iter().fold(f64::INFINITY, f64::min);
        let high = self.ways.into_iter().fold(0.0, f64::max);
        Estimate { low, high }.plus(self.values).plus(self.other)
    }

    fn apart(&self) -> Option<Apart> {
        let [reported, unreported, reported_aged, _] = self.ways;
        if reported != unreported {
            return Some(Apart::Reading);
        }
        (reported != reported_aged || !self.values.is_exact()).then_some(Apart::Ends)
    }
}

/// The group key of a rule without `group_by`.
pub const UNGROUPED: u64 = 0;

/// The key of a group: a hash of its values that tells absence from an empty text.
pub fn group_key(values: &[Option<String>]) -> u64 {
    if values.is_empty() {
        return UNGROUPED;
    }
    let mut bytes = Vec::new();
    for value in values {
        match value {
            None => bytes.push(0),
            Some(text) => {
                bytes.push(1);
                bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
        }
    }
    xxhash_rust::xxh3::xxh3_64(&bytes)
}
