//! What is remembered of a rule between runs: the increases of each run, for as long as the rule's window needs.

mod stream;
mod sum;

pub use stream::{Happening, Together};
use sum::{Number, Sum};

use super::history::History;
use super::measurement::{ANYWHERE, GroupMeasurement, Measurement, Span, UNGROUPED, Unlisted};
use super::share::Shares;
use super::sightings::Sightings;
use super::tally::{Amount, GroupTally, Tally, merge_contributors};
use crate::domain::alert::Contributor;
use crate::domain::estimate::Estimate;
use crate::domain::metric::Metric;
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

/// Groups of one run whose largest contributors are remembered for as long as the window needs them: those that grew most.
const MOST_REMEMBERED: usize = 16;

/// Looks that are no further apart come regularly.
const REGULAR: Duration = Duration::from_secs(3 * 3_600);

/// By then a rule should have learned.
const LEARNT: Duration = Duration::from_secs(86_400);

/// What one run added to one rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Slot {
    /// When the run looked.
    at: Timestamp,
    /// When the look before it was: everything that arrived in `(from, at]` is in here.
    from: Timestamp,
    /// Some of it may have arrived since then already, when earlier looks left something out.
    reach: Option<Timestamp>,
    /// Something that came late is missing, and nobody knows of which group.
    misses: bool,
    /// Groups that grew, and those whose growth is a lower bound.
    cells: BTreeMap<u64, Cell>,
    /// Largest contributors of the groups that grew most.
    tops: Tops,
}

/// Largest contributors by group.
type Tops = BTreeMap<u64, Vec<Contributor>>;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Cell {
    value: Number,
    learning: bool,
}

/// What is remembered of one rule.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RuleMemory {
    /// The values of each group's fields.
    groups: BTreeMap<u64, Vec<Option<String>>>,
    slots: Vec<Slot>,
    /// What came late: each may have arrived at any time between the look that would have shown it and its own.
    late: Vec<Slot>,
    /// Since when looks that came regularly have left it a lower bound.
    learning_since: Option<Timestamp>,
    /// For metrics that count different values: when each was last seen, by group.
    values: BTreeMap<u64, BTreeMap<u64, Timestamp>>,
    /// The same of values that may have been seen.
    possible: BTreeMap<u64, BTreeMap<u64, Timestamp>>,
    /// For metrics that ask what was ever seen.
    pub sightings: Sightings,
    /// Who is missed when silent, and what is usual.
    pub history: History,
    /// What each run counted of each record, for a share of it over the window.
    pub shares: Shares,
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
    top: Vec<Contributor>,
}

impl From<FirstRuleMemory> for RuleMemory {
    fn from(first: FirstRuleMemory) -> Self {
        let FirstRuleMemory { groups, slots, values, sightings, history } = first;
        let slot = |FirstSlot { at, from, cells, top }: FirstSlot| Slot {
            at,
            from,
            reach: None,
            misses: false,
            cells,
            tops: BTreeMap::from([(UNGROUPED, top)]),
        };
        Self {
            groups,
            slots: slots.into_iter().map(slot).collect(),
            late: Vec::new(),
            learning_since: None,
            values,
            possible: BTreeMap::new(),
            sightings,
            history,
            shares: Shares::default(),
        }
    }
}

impl RuleMemory {
    /// Adds what this run saw, and measures the rule's window.
    #[expect(clippy::too_many_arguments, reason = "a rule's terms, what a run adds to it, and how that is shown")]
    pub fn measure<T>(
        &mut self,
        metric: &Metric,
        window: Duration,
        grouped: bool,
        mut tally: Tally<T>,
        span: Span,
        show: impl Fn(&T, f64) -> Contributor,
    ) -> Measurement {
        if let Some(sightings) = tally.sightings.take() {
            tally.overflow |= sightings.is_full();
            self.sightings = sightings;
        }
        let start = before(span.to, window);
        if span.from.is_none() {
            // A first look counts everything that began within the window; nothing before it may count again.
            (self.groups, self.slots, self.late, self.values, self.possible) = Default::default();
        }
        let kept_from = [span.from, tally.kept_from].into_iter().flatten().min();
        self.forget(kept_from.map_or(start, |from| from.min(start)));
        let matched = tally.matched;
        let overflow = tally.overflow;
        let interval = span.from.map(|from| since(span.to, from).as_secs_f64()).filter(|seconds| *seconds > 0.0);
        let mut tops = Tops::new();
        let from = span.from.unwrap_or(start);
        let reach = tally.reach.filter(|reach| *reach < from);
        let mut slot = Slot { at: span.to, from, reach, misses: tally.misses, cells: BTreeMap::new(), tops: Tops::new() };
        // Of thousands of groups only the largest are described: nobody is shown more.
        let mut sizes: Vec<u64> = tally.groups.iter().map(|group| group.amount.size()).collect();
        sizes.sort_unstable_by_key(|size| std::cmp::Reverse(*size));
        let largest = |most: usize| sizes.get(most - 1).copied().unwrap_or(0);
        let (described_from, remembered_from) = (largest(MOST_DESCRIBED), largest(MOST_REMEMBERED));
        let scale = contributor_scale(metric, interval);
        for group in tally.groups {
            let value = self.number(&group, span.to, interval);
            if value.is_none() && !group.learning && grouped {
                continue;
            }
            self.groups.entry(group.key).or_insert_with(|| group.group.clone());
            if value.is_some() || group.learning {
                slot.cells.insert(group.key, Cell { value: value.unwrap_or(Number::Sum(0)), learning: group.learning });
            }
            let size = group.amount.size();
            if size >= described_from && tops.len() < MOST_DESCRIBED {
                let talkers = group.top.talkers(&show, scale);
                if size >= remembered_from && slot.tops.len() < MOST_REMEMBERED && !talkers.is_empty() {
                    slot.tops.insert(group.key, talkers.clone());
                }
                tops.insert(group.key, talkers);
            }
        }
        if let Some((since, late)) = tally.late.take() {
            let more = self.take_late(*late, Span { from: Some(since), to: span.to }, (metric, interval), &show);
            add_tops(&mut tops, more, is_largest(metric));
        }
        // A second run at the same instant continues the first one's slot.
        self.slots.push(slot);
        self.merge_if_many(is_largest(metric));
        let measurement = self.observe(metric, window, grouped, matched, overflow, span, tops);
        self.no_calm_of_a_lower_bound(measurement, window, span)
    }

    /// To have been a lower bound for a day, although looks came regularly, is not to know, whatever the cause: what crosses
    /// no threshold by that is not calm. The net under all other nets.
    fn no_calm_of_a_lower_bound(&mut self, mut measurement: Measurement, window: Duration, span: Span) -> Measurement {
        let regular = span.from.is_some_and(|from| since(span.to, from) <= REGULAR);
        let is_bound = measurement.is_lower_bound();
        self.learning_since = self.learning_since.filter(|_| regular).or(Some(span.to)).filter(|_| is_bound);
        let too_long = LEARNT.max(window.saturating_add(REGULAR));
        if self.learning_since.is_some_and(|at| since(span.to, at) >= too_long) {
            measurement.groups.iter_mut().for_each(|group| group.besides_learning = group.estimate);
            measurement.unlisted.besides_learning = measurement.unlisted.estimate;
            let why = measurement.note.take().unwrap_or_default();
            measurement.note = Some(tr!("still a lower bound after a day of regular runs ({why})", why));
        }
        measurement
    }

    /// Keeps what came late. It is certain for windows that hold all of the span in which it may have arrived. Returns whose it is.
    fn take_late<T>(
        &mut self,
        tally: Tally<T>,
        span: Span,
        (metric, interval): (&Metric, Option<f64>),
        show: &impl Fn(&T, f64) -> Contributor,
    ) -> Tops {
        let from = span.from.unwrap_or(span.to);
        let (scale, mut tops) = (contributor_scale(metric, interval), Tops::new());
        let mut slot = Slot { at: span.to, from, reach: None, misses: false, cells: BTreeMap::new(), tops: Tops::new() };
        let certain_at = from.checked_add(jiff::SignedDuration::from_nanos(1)).unwrap_or(from);
        for group in &tally.groups {
            if let Amount::Values(values) = &group.amount {
                let seen = self.values.entry(group.key).or_default();
                values.iter().for_each(|value| {
                    seen.entry(*value).and_modify(|at| *at = (*at).max(certain_at)).or_insert(certain_at);
                });
                let possible = values.iter().chain(group.beyond.keys()).map(|value| (*value, span.to));
                self.possible.entry(group.key).or_default().extend(possible);
                let value = if group.unbounded { Number::ValuesOr(u64::MAX) } else { Number::Values };
                slot.cells.insert(group.key, Cell { value, learning: false });
            } else if let Some(value) = self.number(group, span.to, interval) {
                slot.cells.insert(group.key, Cell { value, learning: false });
            }
            self.groups.entry(group.key).or_insert_with(|| group.group.clone());
            if tops.len() < MOST_DESCRIBED {
                tops.insert(group.key, group.top.talkers(show, scale));
            }
        }
        slot.tops = tops.iter().take(MOST_REMEMBERED).map(|(key, top)| (*key, top.clone())).collect();
        self.late.push(slot);
        tops
    }

    /// What a group adds in this run.
    fn number<T>(&mut self, group: &GroupTally<T>, now: Timestamp, interval: Option<f64>) -> Option<Number> {
        let most = if group.unbounded { f64::INFINITY } else { 0.0 };
        match &group.amount {
            Amount::Sum(sum) if group.unbounded || group.possible > 0 => {
                let possible = if group.unbounded { u64::MAX } else { group.possible };
                Some(Number::WaysOr(group.ways.unwrap_or([*sum; 4]), possible))
            }
            Amount::Max(largest) if group.unbounded || group.possible > *largest => {
                Some(Number::MaxBetween(*largest as f64, most.max(group.possible as f64)))
            }
            Amount::Sum(_) if group.ways.is_some_and(|ways| ways != [ways[0]; 4]) => group.ways.map(Number::Ways),
            Amount::Sum(sum) => Some(Number::Sum(group.ways.map_or(*sum, |ways| ways[0]))).filter(|number| *number != Number::Sum(0)),
            Amount::Max(0) => None,
            Amount::Max(largest) => Some(Number::Max(*largest as f64)),
            Amount::PerFlow(flows) => {
                let seconds = interval?;
                let rate = |bytes: u64| bytes as f64 * 8.0 / seconds;
                let certain = flows.values().max().copied().unwrap_or(0);
                let beyond = group.beyond.iter().map(|(flow, more)| flows.get(flow).copied().unwrap_or(0).saturating_add(*more)).max();
                let most = most.max(rate(beyond.map_or(certain, |most| most.max(certain))));
                let certain = rate(certain);
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

    #[expect(
        clippy::too_many_arguments,
        clippy::too_many_lines,
        reason = "the same, once it was added; one thought, from the slots to what is said of them"
    )]
    fn observe(
        &self,
        metric: &Metric,
        window: Duration,
        grouped: bool,
        matched: u64,
        overflow: bool,
        span: Span,
        tops: Tops,
    ) -> Measurement {
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
        for slot in self.late.iter().filter(|slot| slot.at > begin) {
            for (group, cell) in &slot.cells {
                let (sum, _) = sums.entry(*group).or_default();
                if slot.from >= begin { sum.add(cell.value) } else { sum.add_possible(cell.value) }
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
        let mut tops = self.contributors(begin, span.to, tops, is_largest(metric));
        let misses = self.slots.iter().any(|slot| slot.at > begin && slot.misses);
        let any_learning = sums.values().any(|(_, learning)| *learning);
        let apart = sums.values().find_map(|(sum, _)| sum.apart());
        let is_open = sums.values().any(|(sum, _)| sum.possible > 0.0);
        let per_window = 8.0 / length.max(f64::MIN_POSITIVE);
        let scaled = |estimate: Estimate| if *metric == Metric::Throughput { estimate.times(per_window) } else { estimate };
        if *metric == Metric::Throughput {
            tops.values_mut().flatten().for_each(|talker| talker.value *= per_window);
        }
        let window_top = rule_top(&tops, grouped, is_largest(metric));
        let (anywhere, any_is_learned) =
            sums.remove(&ANYWHERE).map_or((0.0, false), |(sum, learning)| (scaled(sum.estimate()).high, learning));
        let groups: Vec<GroupMeasurement> = sums
            .into_iter()
            .map(|(key, (sum, learning))| {
                let counted = scaled(sum.estimate());
                let certain = if no_rate_yet { Estimate::ZERO } else { counted };
                let certain = if overflow { certain.or_more() } else { certain };
                let top = tops.remove(&key).unwrap_or_default();
                let measured =
                    GroupMeasurement { top, ..GroupMeasurement::of(key, self.groups.get(&key).cloned().unwrap_or_default(), certain) };
                let known = measured.learning(learning || short || misses || any_is_learned);
                if no_rate_yet { GroupMeasurement { estimate: Estimate::ANY, ..known } } else { known }
            })
            .map(|measured| measured.or_from_anywhere(anywhere, *metric == Metric::Bandwidth))
            .collect();
        let learning_until = self.sightings.learning_until().filter(|_| matches!(metric, Metric::New(_)));
        let note = if let Some(until) = learning_until {
            Some(tr!("learning what is normal, until {until}; nothing counts as new before", until))
        } else if no_rate_yet {
            Some(tr!("learning: a rate needs two runs, the next one has it"))
        } else if any_learning {
            Some(tr!(
                "learning: some flows began before the window and their earlier count is not known yet; exact once the window has passed"
            ))
        } else if short {
            Some(tr!("counted only since this rule or its memory began; exact once the window has passed"))
        } else if misses {
            Some(tr!(
                "learning: VENs that had been silent since an earlier day report again, and what they report of that day is not counted"
            ))
        } else if is_open {
            Some(tr!("between two values: some flows in the window lack the fields that decide whether they count, or what of them is new"))
        } else {
            apart.map(|apart| apart.localized())
        };
        Measurement {
            groups,
            covers: Some((covered_from, span.to)),
            matched,
            top: window_top,
            note,
            unlisted: Unlisted::ZERO.learning(short || misses || any_is_learned).up_to(if overflow { f64::INFINITY } else { anywhere }),
            trouble: overflow.then(|| tr!("too many groups or values: the rest is not counted")),
        }
    }

    /// The largest contributors of each group to the window. `latest`: those of the run at `to`, which its slot holds for some
    /// groups only.
    fn contributors(&self, begin: Timestamp, to: Timestamp, latest: Tops, is_largest: bool) -> Tops {
        let older = self.slots.iter().chain(&self.late).filter(|slot| slot.at > begin && slot.at < to);
        gathered(latest, older.map(|slot| &slot.tops), is_largest)
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
        self.late.retain(|slot| slot.at > begin);
        for values in [&mut self.values, &mut self.possible] {
            values.values_mut().for_each(|seen| seen.retain(|_, seen| *seen > begin));
            values.retain(|_, seen| !seen.is_empty());
        }
        let needed: std::collections::BTreeSet<u64> = self
            .slots
            .iter()
            .chain(&self.late)
            .flat_map(|slot| slot.cells.keys().copied())
            .chain(self.values.keys().copied())
            .chain(self.possible.keys().copied())
            .collect();
        self.groups.retain(|key, _| needed.contains(key));
    }

    fn merge_if_many(&mut self, is_largest: bool) {
        if self.slots.len() <= MOST_SLOTS {
            return;
        }
        let mut merged: Vec<Slot> = Vec::with_capacity(self.slots.len());
        for (index, slot) in std::mem::take(&mut self.slots).into_iter().enumerate() {
            match merged.last_mut() {
                Some(last) if index < MOST_SLOTS / 2 && index % 2 == 1 && last.at >= slot.from => last.absorb(slot, is_largest),
                _ => merged.push(slot),
            }
        }
        self.slots = merged;
    }

    /// Clock stepped back: what lies in the future is moved to now, so that it is neither lost nor kept for ever.
    pub fn clamp_to(&mut self, now: Timestamp) {
        self.learning_since = self.learning_since.map(|at| at.min(now));
        self.shares.clamp_to(now);
        for slot in self.slots.iter_mut().chain(&mut self.late) {
            slot.at = slot.at.min(now);
            slot.from = slot.from.min(now);
            slot.reach = slot.reach.filter(|reach| *reach < slot.from);
        }
        for seen in self.values.values_mut().chain(self.possible.values_mut()).flat_map(|values| values.values_mut()) {
            *seen = (*seen).min(now);
        }
    }
}

/// Adds what others contributed.
fn add_tops(tops: &mut Tops, more: Tops, is_largest: bool) {
    for (key, more) in more {
        let top = tops.entry(key).or_default();
        *top = merge_contributors(top.drain(..).chain(more), is_largest);
    }
}

/// The contributors of several runs, added up before any is left out.
fn gathered<'t>(latest: Tops, older: impl Iterator<Item = &'t Tops>, is_largest: bool) -> Tops {
    let mut all = latest;
    for (key, top) in older.flatten() {
        all.entry(*key).or_default().extend(top.iter().cloned());
    }
    all.into_iter().map(|(key, top)| (key, merge_contributors(top, is_largest))).collect()
}

/// The contributors of a rule as a whole: of one without groups those of its only one.
fn rule_top(tops: &Tops, grouped: bool, is_largest: bool) -> Vec<Contributor> {
    if grouped {
        merge_contributors(tops.iter().filter(|(key, _)| **key != ANYWHERE).flat_map(|(_, top)| top.iter().cloned()), is_largest)
    } else {
        tops.get(&UNGROUPED).cloned().unwrap_or_default()
    }
}

/// Whether the value of the metric is the largest of its parts, not their sum.
fn is_largest(metric: &Metric) -> bool {
    *metric == Metric::Bandwidth
}

/// What a contributor's amount is multiplied by: a rate of one flow over the interval, the amount itself for the others.
fn contributor_scale(metric: &Metric, interval: Option<f64>) -> f64 {
    match (metric, interval) {
        (Metric::Bandwidth, Some(seconds)) => 8.0 / seconds,
        _ => 1.0,
    }
}

/// Measures a tally that stands for itself: plain sums of what was sent, nothing remembered.
pub fn measure_alone<T>(
    metric: &Metric,
    window: Duration,
    grouped: bool,
    tally: Tally<T>,
    now: Timestamp,
    show: impl Fn(&T, f64) -> Contributor,
) -> Measurement {
    let mut memory = RuleMemory::default();
    memory.measure(metric, window, grouped, tally, Span { from: Some(before(now, window)), to: now }, show)
}

impl Slot {
    /// The earliest instant since when something of it may have arrived.
    fn begins(&self) -> Timestamp {
        self.reach.map_or(self.from, |reach| reach.min(self.from))
    }

    fn absorb(&mut self, newer: Slot, is_largest: bool) {
        self.at = newer.at;
        self.misses |= newer.misses;
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
                (a, b) if a.is_of_ways() && b.is_of_ways() => {
                    let ways = [0, 1, 2, 3].map(|way: usize| a.ways()[way].saturating_add(b.ways()[way]));
                    match a.possible().saturating_add(b.possible()) {
                        0 => Number::Ways(ways),
                        possible => Number::WaysOr(ways, possible),
                    }
                }
                (_, value) => value,
            };
        }
        add_tops(&mut self.tops, newer.tops, is_largest);
        while self.tops.len() > MOST_REMEMBERED {
            let most = |top: &[Contributor]| top.first().map_or(0.0, |talker| talker.value);
            let least = self.tops.iter().min_by(|(_, a), (_, b)| most(a).total_cmp(&most(b))).map(|(key, _)| *key);
            least.map(|key| self.tops.remove(&key));
        }
    }
}
