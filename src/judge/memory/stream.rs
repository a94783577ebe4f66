//! A rule's window over what happened, each at its own time.

use super::super::tally::merge_contributors;
use super::{
    ANYWHERE, Cell, GroupMeasurement, MOST_DESCRIBED, MOST_REMEMBERED, Measurement, Number, RuleMemory, Slot, Span, Tops, UNGROUPED,
    Unlisted, gathered, rule_top,
};
use crate::domain::alert::Contributor;
use crate::domain::estimate::Estimate;
use crate::domain::time::before;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// What happened at one time, for one rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// Which group, by its hash, with its values.
    pub group: (u64, Vec<Option<String>>),
    /// It is not told to which group it belongs: it stands for one in that of those of which nothing is told.
    pub anywhere: bool,
    /// What it adds.
    pub amount: Estimate,
    /// A value that is counted once, by its hash; 0: none.
    pub value: u64,
    /// Who or what it was.
    pub talker: Contributor,
}

/// How much matched, and when one looked.
#[derive(Clone, Copy)]
struct Seen {
    matched: u64,
    span: Span,
    is_largest: bool,
}

/// How the happenings of a window become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Together {
    /// Added up.
    Sum,
    /// The largest counts.
    Max,
    /// Different values are counted.
    Values,
}

impl RuleMemory {
    /// Adds what happened, each at its own time, and measures the window that ends now. Where more time than a window has
    /// passed since the run before, the windows that end with what happened in between are looked at as well, so that
    /// everything is judged at least once; the one with the most counts.
    pub fn measure_stream(
        &mut self,
        (window, grouped, together): (Duration, bool, Together),
        happened: Vec<Happening>,
        matched: u64,
        span: Span,
    ) -> Measurement {
        let start = before(span.to, window);
        let previous = span.from.unwrap_or(start);
        if span.from.is_none() {
            (self.groups, self.slots, self.values) = Default::default();
        }
        self.slots.retain(|slot| slot.at > before(previous.min(start), window));
        // What many slots would hold is kept no finer than a thousandth of the window.
        let grain = (window.as_secs() / 1_000).max(1) as i64;
        let mut by_time: BTreeMap<Timestamp, Vec<Happening>> = BTreeMap::new();
        for one in happened {
            let second = one.at.as_second() + i64::from(one.at.subsec_nanosecond() > 0);
            let rounded = Timestamp::from_second(second.div_euclid(grain) * grain + if second.rem_euclid(grain) > 0 { grain } else { 0 });
            by_time.entry(rounded.unwrap_or(span.to).min(span.to)).or_default().push(one);
        }
        let between: Vec<Timestamp> = by_time.keys().copied().filter(|at| *at <= start && *at > previous).collect();
        let mut tops = Tops::new();
        for (at, list) in by_time {
            for one in list.iter().filter(|one| one.amount.is_exact()) {
                let top = tops.entry(one.group.0).or_default();
                top.push(one.talker.clone());
                if top.len() > MOST_DESCRIBED {
                    *top = merge_contributors(top.drain(..), together == Together::Max);
                }
            }
            self.add_slot(at, list, together);
        }
        self.slots.sort_by_key(|slot| slot.at);
        self.cover(previous, span.to);
        self.merge_if_many(together == Together::Max);
        let now = self.window_value(span.to, window, together, grouped);
        let worst = between.into_iter().map(|at| (at, self.window_value(at, window, together, grouped)));
        let mut best = (span.to, now);
        let size = |values: &BTreeMap<u64, Estimate>| values.values().map(|value| value.low).fold(0.0, f64::max);
        let mut groups = best.1.clone();
        for (at, values) in worst {
            for (key, value) in &values {
                let mine = groups.entry(*key).or_insert(Estimate::ZERO);
                *mine = mine.larger(*value);
            }
            if size(&values) > size(&best.1) {
                best = (at, values);
            }
        }
        self.sweep(before(previous.min(start), window));
        self.streamed(groups, tops, (best.0, window), Seen { matched, span, is_largest: together == Together::Max })
    }

    /// Adds one slot of a stream.
    fn add_slot(&mut self, at: Timestamp, list: Vec<Happening>, together: Together) {
        let mut cells: BTreeMap<u64, Cell> = BTreeMap::new();
        let mut tops = Tops::new();
        let to_any = |one: &Happening| Happening { group: (ANYWHERE, Vec::new()), ..one.clone() };
        let anywhere: Vec<Happening> = list.iter().filter(|one| one.anywhere).map(to_any).collect();
        for one in list.into_iter().chain(anywhere) {
            let (key, values) = one.group;
            self.groups.entry(key).or_insert(values);
            let sure = one.amount.is_exact();
            let value = match together {
                Together::Values if sure && one.value != 0 => {
                    let seen = self.values.entry(key).or_default().entry(one.value).or_insert(at);
                    *seen = (*seen).max(at);
                    Number::Values
                }
                Together::Values => Number::ValuesOr(u64::from(one.amount.high > 0.0)),
                Together::Sum => Number::Between(one.amount.low, one.amount.high),
                Together::Max => Number::MaxBetween(one.amount.low, one.amount.high),
            };
            let cell = cells.entry(key).or_insert(Cell { value: value.nothing(), learning: false });
            let both = value.added_to(cell.value.added_to(Estimate::ZERO));
            cell.value = match together {
                Together::Values => Number::ValuesOr(both.high as u64),
                Together::Sum => Number::Between(both.low, both.high),
                Together::Max => Number::MaxBetween(both.low, both.high),
            };
            if sure && (tops.len() < MOST_REMEMBERED || tops.contains_key(&key)) {
                let top = tops.entry(key).or_default();
                *top = merge_contributors(top.drain(..).chain([one.talker]), together == Together::Max);
            }
        }
        for cell in cells.values_mut() {
            // What is exact is kept as it always was.
            cell.value = match cell.value {
                Number::Between(low, high) if low == high && low.fract() == 0.0 => Number::Sum(low as u64),
                Number::MaxBetween(low, high) if low == high => Number::Max(low),
                Number::ValuesOr(0) => Number::Values,
                value => value,
            };
        }
        self.slots.push(Slot { at, from: at, reach: None, misses: false, cells, tops });
    }

    /// Says that everything between two runs was seen.
    fn cover(&mut self, from: Timestamp, to: Timestamp) {
        let mut reach = from;
        for slot in self.slots.iter_mut().filter(|slot| slot.at > from) {
            slot.from = reach.min(slot.at);
            reach = slot.at;
        }
        if reach < to {
            self.slots.push(Slot { at: to, from: reach, reach: None, misses: false, cells: BTreeMap::new(), tops: Tops::new() });
        }
    }

    /// The value of each group in the window that ends at `at`.
    fn window_value(&self, at: Timestamp, window: Duration, together: Together, grouped: bool) -> BTreeMap<u64, Estimate> {
        let start = before(at, window);
        let mut values: BTreeMap<u64, Estimate> = BTreeMap::new();
        for slot in self.slots.iter().filter(|slot| slot.at > start && slot.at <= at) {
            for (group, cell) in &slot.cells {
                let value = values.entry(*group).or_insert(Estimate::ZERO);
                *value = cell.value.added_to(*value);
            }
        }
        if together == Together::Values {
            for (group, seen) in &self.values {
                let count = seen.values().filter(|seen| **seen > start).count();
                if count > 0 {
                    let value = values.entry(*group).or_insert(Estimate::ZERO);
                    *value = value.plus(Estimate::exact(count as f64));
                }
            }
        }
        if !grouped {
            values.entry(UNGROUPED).or_insert(Estimate::ZERO);
        }
        values
    }

    /// Forgets groups and values that no slot needs any more.
    fn sweep(&mut self, oldest: Timestamp) {
        for values in self.values.values_mut() {
            values.retain(|_, seen| *seen > oldest);
        }
        self.values.retain(|_, values| !values.is_empty());
        let needed: std::collections::BTreeSet<u64> =
            self.slots.iter().flat_map(|slot| slot.cells.keys().copied()).chain(self.values.keys().copied()).collect();
        self.groups.retain(|key, _| needed.contains(key));
    }

    /// The measurement of a stream's window.
    fn streamed(&self, mut values: BTreeMap<u64, Estimate>, latest: Tops, (at, window): (Timestamp, Duration), seen: Seen) -> Measurement {
        let Seen { matched, span, is_largest } = seen;
        let anywhere = values.remove(&ANYWHERE).map_or(0.0, |value| value.high);
        let start = before(at, window);
        let (covered_from, _) = self.covered_from(Timestamp::MIN, at);
        let short = covered_from > start;
        let within = |slot: &&Slot| slot.at > start && slot.at <= at;
        let mut tops = gathered(Tops::new(), self.slots.iter().filter(within).map(|slot| &slot.tops), is_largest);
        for (key, top) in latest {
            // A slot does not hold all groups of a crowded second.
            tops.entry(key).or_insert_with(|| merge_contributors(top, is_largest));
        }
        let top = rule_top(&tops, !values.contains_key(&UNGROUPED), is_largest);
        let groups = values
            .into_iter()
            .map(|(key, estimate)| {
                let group = self.groups.get(&key).cloned().unwrap_or_default();
                let top = tops.remove(&key).unwrap_or_default();
                GroupMeasurement { top, ..GroupMeasurement::of(key, group, estimate) }
                    .learning(short)
                    .or_from_anywhere(anywhere, is_largest)
            })
            .collect();
        let note = short.then(|| tr!("counted only since this rule or its memory began; exact once the window has passed"));
        let covers = Some((covered_from.max(start), at.min(span.to)));
        Measurement { groups, covers, matched, top, note, trouble: None, unlisted: Unlisted::ZERO.learning(short).up_to(anywhere) }
    }
}
