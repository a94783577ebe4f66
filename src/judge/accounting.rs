//! What arrived since the previous look.
//!
//! The PCE answers any window with the totals of whole day buckets and tells of a managed pair
//! twice. This module keeps the counters of every bucket record as they were at the previous run
//! (a *look*) and says how much each matched subset of a pair's records has grown since.
//!
//! - **Pair**: everything the PCE reports of one (source address, destination address, port,
//!   protocol) in one UTC day. Its records differ in reporter, decision, state, process and so on.
//! - **Count of a pair**: what the two ends told, each connection once; see [`super::pair`]. An increase is the count
//!   after minus the count before, so it does not matter which end comes first in an answer, and the end that is late
//!   adds nothing.
//! - **Identity of a record** survives what can change inside a bucket: its state, its endpoint's
//!   href, its process, and a `first_detected` that moves back because of late data. A record that
//!   fits no look exactly waits until the whole answer was seen; then it takes over a look that
//!   nobody claimed and that it can have grown from, or it is new.
//! - **When an increase arrived**: since the previous look, where that one had the record or proves that it was not
//!   there. Of a record that it may have left out (cut, not asked for) it is only known that the increase came since
//!   it was seen last, or since it began: the rule then says that its value covers the longer span, or, where that
//!   reaches beyond what it still knows, that it is learning.
//!
//!   Example, looks at 10:00 (whole), 10:10 (cut) and 10:20 (whole): a record shown with 5, not at all, and with 9 adds 4
//!   to the look at 10:20, whose span is then (10:00, 10:20]. One that was shown with 5, 7 and 9 adds 2 and 2.
//! - **A counter that shrank** while its bucket began at the same instant was corrected (a PCE restored from a backup):
//!   it adds nothing, and the value is a lower bound.
//!
//! One limit follows from what the PCE tells: where a bucket goes on under another workload, what one end had told
//! before the other is counted once more.

use super::coverage::Coverage;
use super::hot::{Hot, Spot, Subsets};
use super::identity::{Detail, pair_key};
use super::look::{Counters, Index, Look};
use super::pair::{Lead, Leads, Own, Reading, Selector, Sides, Ways};
use super::reading::Learned;
use crate::domain::record::Flow;
use crate::domain::time::utc_day_start;
use hashbrown::HashMap;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// A bucket's last record may end this much after its day's midnight.
pub const MIDNIGHT_SLACK: Duration = Duration::from_secs(3600);

/// One matched rule of a record: whom its increase belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Rule number.
    pub rule: u32,
    /// Group number within the rule.
    pub group: u32,
    /// The value of `distinct:` or `flows`, hashed.
    pub value: u64,
}

/// Whom an increase is shown under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Talk {
    /// The record at hand.
    Current,
    /// A record that waited, by the number the judge gave it.
    Kept(u32),
}

/// What the accounting tells about one record.
pub trait Increases {
    /// A rule's subset of the record's pair has grown; the increase came after `since`.
    fn grown(&mut self, hit: Hit, by: &Ways, since: Timestamp, talk: Talk);
    /// The record's past is unknown: the value of its rule and group is a lower bound.
    fn learning(&mut self, hit: Hit);
    /// The record at hand must wait: keep what is needed to show it later.
    fn keep(&mut self) -> u32;
}

/// What the accounting needs to know of a rule.
#[derive(Debug, Clone, Copy)]
pub struct RuleAccount {
    /// Which records of a pair belong together.
    pub selector: Selector,
    /// The start of the rule's window in this run.
    pub window_start: Timestamp,
    /// The same, less what VENs may be late: what happened since then may have arrived within the window.
    pub late_start: Timestamp,
    /// What the rule counted from here on is still there, although its window may begin later.
    pub kept_from: Option<Timestamp>,
    /// The marks of earlier looks say nothing of this rule yet.
    pub unmarked: bool,
    /// What its mark stands for in every run; 0 without one.
    pub mark_of: u64,
}

/// How leads of one end over the other age, carried from run to run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aging {
    /// The leads that have aged, by subset of a pair.
    pub leads: BTreeMap<u64, Lead>,
    /// When the looks last kept their counters in between.
    pub settled_at: Option<Timestamp>,
}

/// What a pass depends on beside the past.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The instant of this look.
    pub now: Timestamp,
    /// Most records remembered.
    pub cap: usize,
    /// How late VENs may report.
    pub lookback: Duration,
    /// What is known of what sources report.
    pub reading: Reading,
}

/// One record as the ledger sees it.
#[derive(Debug)]
struct Seen {
    pair: u64,
    /// Where the pair's looks of the previous run lie.
    known: (usize, usize),
    detail: Detail,
    shown: Counters,
    day: i32,
    marks: u64,
    part: u32,
    first: Timestamp,
    last: Timestamp,
    /// The previous look had everything of its kind.
    was_whole: bool,
    /// A look proves that a record like this without a look was not there.
    absent_at: Option<Timestamp>,
    talk: Talk,
}

/// A record that is new or has grown, and the look it continues.
#[derive(Debug)]
pub struct Recognised {
    record: Seen,
    place: Option<Place>,
}

/// What becomes of the looks at the end of a run.
#[derive(Debug, Clone, Copy)]
pub struct Closing {
    /// The earliest instant the next run can ask for.
    pub next_from: Timestamp,
    /// Decisions of which this answer left nothing out.
    pub whole: [bool; 4],
    /// Less was asked for than at the previous look.
    pub narrowed: bool,
}

/// The looks of one estate, carried from run to run.
#[derive(Debug)]
pub struct Ledger {
    /// Known at the previous look, sorted by pair.
    known: Vec<Look>,
    index: Index,
    /// First seen in this run; by pair.
    fresh: HashMap<u64, Vec<Look>>,
    fresh_count: usize,
    /// Pairs with very many records.
    hot: HashMap<u64, Hot>,
    hot_from: usize,
    subsets: Option<Subsets>,
    /// Records that fit no look exactly, held until the answer was seen whole.
    waiting: Vec<(Seen, Vec<Hit>)>,
    coverage: Coverage,
    leads: Leads,
    settled_at: Option<Timestamp>,
    terms: Terms,
    scratch: Vec<u8>,
    /// What the pair at hand told before its record moved, for each different subset; and the subset of each hit.
    counted: (Vec<(usize, Sides, Ways)>, Vec<usize>),
    /// Records that were not remembered because of the cap.
    pub over_cap: u64,
    /// Records that could not be given a time and were left out.
    pub timeless: u64,
}

/// From so many looks on a pair has an index of them.
const HOT_FROM: usize = 48;

/// Most records held back for the end of an answer; past it they are settled at once, as if grown.
const MOST_WAITING: usize = 50_000;

impl Ledger {
    /// A ledger with what the previous run left. `known` need not be sorted.
    pub fn new(mut known: Vec<Look>, coverage: Coverage, aging: Aging, terms: Terms) -> Self {
        for look in &mut known {
            look.part = 0;
        }
        if !known.is_sorted_by_key(|look| (look.pair, look.detail)) {
            known.sort_unstable_by_key(|look| (look.pair, look.detail));
        }
        let settled_at = settle(&mut known, &coverage, aging.settled_at, terms);
        Self {
            index: Index::new(&known),
            known,
            fresh: HashMap::new(),
            fresh_count: 0,
            hot: HashMap::new(),
            hot_from: HOT_FROM,
            subsets: None,
            waiting: Vec::new(),
            coverage,
            leads: Leads::new(aging.leads),
            settled_at,
            terms,
            scratch: Vec::new(),
            counted: Default::default(),
            over_cap: 0,
            timeless: 0,
        }
    }

    /// With an index of every pair that has so many looks.
    #[cfg(test)]
    pub(super) fn indexed_from(self, hot_from: usize) -> Self {
        Self { hot_from, ..self }
    }

    /// Whether this is the very first look: nothing was ever covered.
    fn is_first(&self) -> bool {
        self.coverage.looked_at.is_none()
    }

    /// Looks a record up; `marks` are the reporter-side rules that count it. `None`: nothing about it
    /// has grown, or it has no time, and it is done with. Otherwise it must be given to [`Ledger::take`].
    pub fn recognise(&mut self, flow: &Flow<'_>, part: u32, marks: u64) -> Option<Recognised> {
        let (Some(first), Some(last)) = (flow.first, flow.last) else {
            self.timeless += 1;
            return None;
        };
        let start_day = day_of(first);
        let (pair, detail) = (pair_key(flow, i64::from(start_day)), Detail::of(flow, first, &mut self.scratch));
        let day = start_day.max(day_of(crate::domain::time::before(last, MIDNIGHT_SLACK)));
        let mut record = Seen {
            pair,
            known: self.known_of(pair),
            detail,
            shown: [flow.connections, flow.bytes_in, flow.bytes_out],
            day,
            marks,
            part: part + 1,
            first,
            last,
            was_whole: false,
            absent_at: None,
            talk: Talk::Current,
        };
        self.index_if_hot(&record);
        let place = self.exact(&record);
        if let Some(place) = place
            && self.look(place).shown == record.shown
        {
            self.change(place, &record, |look| (look.marks, look.part, look.day) = (marks, record.part, look.day.max(record.day)));
            return None;
        }
        record.was_whole = self.coverage.was_whole(flow);
        record.absent_at = self.coverage.proved_absent(flow, first, day);
        Some(Recognised { record, place })
    }

    /// Takes one record that is new or has grown. `hits` are the rules that count it.
    pub fn take(&mut self, recognised: Recognised, hits: &[Hit], rules: &[RuleAccount], out: &mut dyn Increases) {
        let Recognised { mut record, place } = recognised;
        if let Some(place) = place {
            self.grow(place, &record, hits, rules, out);
        } else if self.waiting.len() < MOST_WAITING && self.may_continue(&record) {
            if !hits.is_empty() {
                record.talk = Talk::Kept(out.keep());
            }
            self.waiting.push((record, hits.to_vec()));
        } else {
            self.settle(&record, hits, rules, out);
        }
    }

    /// Settles what waited. Call once, when the whole answer was seen.
    pub fn end_of_answer(&mut self, rules: &[RuleAccount], out: &mut dyn Increases) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort_by_key(|(record, _)| (record.pair, record.detail, record.part, record.shown));
        for (record, hits) in waiting {
            self.settle(&record, &hits, rules, out);
        }
    }

    /// The looks to keep for the next run, sorted, and the day before which everything was forgotten.
    pub fn into_looks(mut self, closing: Closing, learned: &mut Learned) -> (Vec<Look>, Aging, i32) {
        let forget_before = day_of(crate::domain::time::before(closing.next_from, MIDNIGHT_SLACK)).max(self.coverage.forgotten_before);
        let looked_at = self.coverage.looked_at.map_or(0, |at| u32::try_from(at.as_second()).unwrap_or(0));
        for look in &mut self.known {
            if look.part != 0 {
                look.unseen_since = 0;
            } else if look.unseen_since == 0 && (closing.narrowed || !closing.whole[look.detail.decision()]) {
                // It may have been left out.
                look.unseen_since = looked_at;
            }
        }
        let mut fresh: Vec<Look> = self.fresh.into_values().flatten().collect();
        fresh.sort_unstable_by_key(|look| (look.pair, look.detail));
        self.known.extend(fresh);
        // Two sorted runs: the stable sort merges them in one pass.
        self.known.sort_by_key(|look| (look.pair, look.detail));
        if closing.whole == [true; 4] && !closing.narrowed {
            learned.learn(&self.known, forget_before);
        }
        self.known.retain(|look| look.day >= forget_before);
        let aging = Aging { leads: self.leads.into_map(forget_before), settled_at: self.settled_at };
        (self.known, aging, forget_before)
    }

    /// The look this record continues when nothing about it has moved. Of several alike the one
    /// whose counters are nearest from below; one that went down was corrected.
    fn exact(&self, record: &Seen) -> Option<Place> {
        let alike = |place: &Place| {
            let look = self.look(*place);
            look.detail == record.detail && look.part != record.part
        };
        match self.hot.get(&record.pair) {
            Some(hot) => self.nearest(record, || hot.alike(record.detail).map(|spot| Place::of(record.pair, spot)).filter(alike)),
            None => self.nearest(record, || self.places(record).filter(alike)),
        }
    }

    fn nearest<I: Iterator<Item = Place>>(&self, record: &Seen, alike: impl Fn() -> I) -> Option<Place> {
        alike()
            .filter(|place| not_above(&self.look(*place).shown, &record.shown))
            .max_by_key(|place| (self.look(*place).shown, *place))
            .or_else(|| alike().min_by_key(|place| (self.look(*place).shown, *place)))
    }

    /// Looks that this record may have grown from although something about it moved. Whatever is fresh was claimed when it came.
    fn unclaimed(&self, record: &Seen) -> impl Iterator<Item = Place> {
        let detail = record.detail;
        (record.known.0..record.known.1).map(Place::Known).filter(move |place| {
            let look = self.look(*place);
            look.part == 0
                && look.detail.inbound() == detail.inbound()
                && look.detail.decision_bit() == detail.decision_bit()
                && detail.seconds_until(look.detail) >= 0
        })
    }

    fn may_continue(&self, record: &Seen) -> bool {
        match self.hot.get(&record.pair) {
            Some(hot) => hot.open(record.detail).next().is_some(),
            None => self.unclaimed(record).next().is_some(),
        }
    }

    fn settle(&mut self, record: &Seen, hits: &[Hit], rules: &[RuleAccount], out: &mut dyn Increases) {
        // Asked again in parts, the same record may have waited twice: the first has settled by now.
        if let Some(place) = self.exact(record).or_else(|| self.heir(record)) {
            self.grow(place, record, hits, rules, out);
        } else if self.known.len() + self.fresh_count >= self.terms.cap {
            self.over_cap += 1;
            hits.iter().for_each(|hit| out.learning(*hit));
        } else {
            // Even where nothing proves that it is new, it came to be known after it began.
            let began = if record.day < self.coverage.forgotten_before { Timestamp::MIN } else { record.first };
            let since = record.absent_at.map_or(began, |at| at.max(began));
            self.count_before(record, hits, rules);
            self.remember(record);
            self.tell(record, ([0; 3], record.shown), since, hits, rules, out);
        }
    }

    /// The unclaimed look this record has most likely grown from.
    fn heir(&self, record: &Seen) -> Option<Place> {
        let fits = |place: &Place| not_above(&self.look(*place).shown, &record.shown);
        let likely = |place: &Place| {
            let (old, new) = (self.look(*place).detail, record.detail);
            let alike = u8::from(old.rest() == new.rest()) + u8::from(old.ends() == new.ends()) + u8::from(old.state() == new.state());
            // Of those equal in everything that matters the last one, wherever they stand.
            (alike, self.look(*place).shown, *place)
        };
        match self.hot.get(&record.pair) {
            Some(hot) => hot.open(record.detail).map(|spot| Place::of(record.pair, spot)).filter(fits).max_by_key(likely),
            None => self.unclaimed(record).filter(fits).max_by_key(likely),
        }
    }

    fn grow(&mut self, place: Place, record: &Seen, hits: &[Hit], rules: &[RuleAccount], out: &mut dyn Increases) {
        self.rename_ends(place, record);
        // Whatever makes the record count under a rule made it count before: its old counters belong to the same subset.
        self.change(place, record, |look| (look.detail, look.marks) = (record.detail, record.marks));
        let look = self.look(place);
        // Seen twice in one run (asked again in parts): the later answer knows more, never less.
        let again = look.part != 0;
        let (old, unseen_since) = (look.shown, look.unseen_since);
        let new = if again { [0, 1, 2].map(|counter: usize| old[counter].max(record.shown[counter])) } else { record.shown };
        self.count_before(record, hits, rules);
        let shrank = !not_above(&old, &new);
        self.change(place, record, |look| {
            (look.shown, look.part, look.day) = (new, record.part, look.day.max(record.day));
            if shrank {
                look.settled = [[0; 3]; 2];
            }
        });
        if shrank {
            hits.iter().for_each(|hit| out.learning(*hit));
        }
        let seen_at = if unseen_since == 0 || record.was_whole {
            self.coverage.looked_at.unwrap_or(record.first)
        } else {
            let seen_at = Timestamp::from_second(i64::from(unseen_since)).unwrap_or(Timestamp::MIN);
            record.absent_at.map_or(seen_at, |at| at.max(seen_at))
        };
        self.tell(record, (old, new), seen_at, hits, rules, out);
    }

    /// A bucket that carries on under another workload (paired or unpaired since) takes along what the
    /// other end last said of it, or the two would no longer be compared.
    fn rename_ends(&mut self, place: Place, record: &Seen) {
        let (old, new) = (self.look(place).detail, record.detail);
        if old.ends() == new.ends() {
            return;
        }
        for other in (record.known.0..record.known.1).map(Place::Known) {
            let look = self.look(other);
            if look.part == 0 && look.detail.ends() == old.ends() {
                self.change(other, record, |look| look.detail = look.detail.with_ends_of(new));
            }
        }
    }

    /// What the pair tells before something changes, for each hit's subset. Must be followed by [`Ledger::tell`].
    fn count_before(&mut self, record: &Seen, hits: &[Hit], rules: &[RuleAccount]) {
        let (mut counted, mut numbers) = std::mem::take(&mut self.counted);
        counted.clear();
        numbers.clear();
        // At the very first look only what began within a rule's window is compared with its like.
        let first_look = self.is_first().then_some(self.terms.now);
        let subsets = self.subsets.take().unwrap_or_else(|| Subsets::of(rules, first_look));
        let mut hot = self.hot.remove(&record.pair);
        for hit in hits {
            let Some(subset) = subsets.of_rule(hit.rule) else {
                numbers.push(usize::MAX);
                continue;
            };
            let number = counted.iter().position(|(other, ..)| *other == subset).unwrap_or_else(|| {
                let looks = self.places(record).map(|place| self.look(place));
                let sides = match &mut hot {
                    Some(hot) => hot.sides(subset, record.detail, &subsets, looks),
                    None => {
                        let mut sides = Sides::default();
                        looks.filter(|look| subsets.holds(subset, look, record.detail)).for_each(|look| sides.add(look));
                        sides
                    }
                };
                counted.push((subset, sides, Ways::default()));
                counted.len() - 1
            });
            numbers.push(number);
        }
        self.hot.extend(hot.map(|hot| (record.pair, hot)));
        self.subsets = Some(subsets);
        self.counted = (counted, numbers);
    }

    /// Tells what the pair has grown by, now that its record has moved; all of that came after `since`.
    fn tell(
        &mut self,
        record: &Seen,
        (from, to): (Counters, Counters),
        since: Timestamp,
        hits: &[Hit],
        rules: &[RuleAccount],
        out: &mut dyn Increases,
    ) {
        let (mut counted, numbers) = std::mem::take(&mut self.counted);
        let reading = self.terms.reading;
        for (subset, sides, by) in &mut counted {
            let Some(rule) = self.subsets.as_ref().and_then(|subsets| subsets.account(*subset)) else { continue };
            let compares = rule.selector.decisions != BLOCKED && sides.compares(record.detail);
            let look = (record.pair, record.detail, record.day);
            let own = if compares { self.leads.of(sides, &rule.selector, look, rule.mark_of) } else { Own::default() };
            let before = sides.count(&own, reading);
            sides.moved(record.detail, from, to);
            *by = grown(&before, &sides.count(&own, reading));
        }
        let looked_at = self.coverage.looked_at;
        for (hit, number) in hits.iter().zip(&numbers) {
            let (Some(rule), Some((.., by))) = (rules.get(hit.rule as usize), counted.get(*number)) else { continue };
            let counts =
                looked_at.is_some_and(|at| since >= at) || since > rule.window_start || rule.kept_from.is_some_and(|from| since >= from);
            if !counts || (rule.unmarked && looked_at.is_some()) {
                // What ended long before the window cannot have arrived in it.
                if looked_at.is_some() || record.last > rule.late_start {
                    out.learning(*hit);
                }
            } else if *by != Ways::default() {
                out.grown(*hit, by, looked_at.map_or(since, |at| at.min(since)), record.talk);
            }
        }
        self.counted = (counted, numbers);
    }

    fn remember(&mut self, record: &Seen) {
        let Seen { pair, detail, shown, day, marks, part, .. } = *record;
        self.fresh_count += 1;
        let look = Look { pair, detail, shown, settled: [[0; 3]; 2], day, unseen_since: 0, marks, part };
        let looks = self.fresh.entry(pair).or_default();
        if let Some(hot) = self.hot.get_mut(&pair) {
            hot.added(Place::fresh_spot(looks.len()), &look, self.subsets.as_ref());
        }
        looks.push(look);
    }

    /// Makes the index of a pair that has come to have very many looks.
    fn index_if_hot(&mut self, record: &Seen) {
        let known = record.known.1 - record.known.0;
        let fresh = if self.fresh.is_empty() { 0 } else { self.fresh.get(&record.pair).map_or(0, Vec::len) };
        if known + fresh >= self.hot_from && !self.hot.contains_key(&record.pair) {
            let hot = Hot::new(self.places(record).map(|place| (place.spot(), self.look(place))));
            self.hot.insert(record.pair, hot);
        }
    }

    /// Changes a look, and what is known of its pair with it.
    fn change(&mut self, place: Place, record: &Seen, edit: impl FnOnce(&mut Look)) {
        let look = self.look_mut(place);
        let old = look.clone();
        edit(look);
        let new = look.clone();
        if let Some(hot) = self.hot.get_mut(&record.pair) {
            hot.changed(place.spot(), &old, &new, self.subsets.as_ref());
        }
    }

    /// Where the looks of a pair from the previous run lie. They stay where they are until the end.
    fn known_of(&self, pair: u64) -> (usize, usize) {
        self.index.find(&self.known, pair)
    }

    fn places(&self, record: &Seen) -> impl Iterator<Item = Place> + use<> {
        let pair = record.pair;
        let fresh = if self.fresh.is_empty() { 0 } else { self.fresh.get(&pair).map_or(0, Vec::len) };
        (record.known.0..record.known.1).map(Place::Known).chain((0..fresh).map(move |index| Place::Fresh(pair, index)))
    }

    fn look(&self, place: Place) -> &Look {
        match place {
            Place::Known(index) => &self.known[index],
            Place::Fresh(pair, index) => &self.fresh[&pair][index],
        }
    }

    fn look_mut(&mut self, place: Place) -> &mut Look {
        match place {
            Place::Known(index) => &mut self.known[index],
            Place::Fresh(pair, index) => match self.fresh.get_mut(&pair) {
                Some(looks) => &mut looks[index],
                None => unreachable!("a place is only made for a pair that is there"),
            },
        }
    }
}

/// A rule on blocked connections alone: there is nothing to compare.
const BLOCKED: u8 = 1 << crate::domain::record::Decision::Blocked as u8;

/// Lets the counters of the looks settle: each look knows what it showed at least `lookback` before the previous look, so
/// that whatever came since then is too late for it. Returns when that was done last. After a look that left something out
/// nothing settles: who is behind cannot be told from who was cut.
fn settle(known: &mut [Look], coverage: &Coverage, settled_at: Option<Timestamp>, terms: Terms) -> Option<Timestamp> {
    let looked_at = coverage.looked_at?;
    let whole = coverage.proofs.iter().flatten().any(|proof| proof.at == looked_at);
    let is_past = |at: Timestamp| crate::domain::time::since(looked_at, at) >= terms.lookback;
    if !whole || !settled_at.is_none_or(is_past) {
        return settled_at;
    }
    known.iter_mut().for_each(|look| look.settled = [look.settled[1], look.shown]);
    Some(looked_at)
}

/// Where a look lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Known(usize),
    Fresh(u64, usize),
}

impl Place {
    const FRESH: Spot = 1 << 31;

    fn of(pair: u64, spot: Spot) -> Self {
        if spot & Self::FRESH == 0 { Place::Known(spot as usize) } else { Place::Fresh(pair, (spot & !Self::FRESH) as usize) }
    }

    fn spot(self) -> Spot {
        match self {
            Place::Known(index) => index as Spot,
            Place::Fresh(_, index) => Self::fresh_spot(index),
        }
    }

    fn fresh_spot(index: usize) -> Spot {
        index as Spot | Self::FRESH
    }
}

fn not_above(old: &Counters, new: &Counters) -> bool {
    old.iter().zip(new).all(|(old, new)| old <= new)
}

fn grown(before: &Ways, after: &Ways) -> Ways {
    let mut by = Ways::default();
    for ((by, before), after) in by.iter_mut().zip(before).zip(after) {
        *by = [0, 1, 2].map(|counter: usize| after[counter].saturating_sub(before[counter]));
    }
    by
}

/// UTC day since the epoch.
pub fn day_of(at: Timestamp) -> i32 {
    i32::try_from(utc_day_start(at).as_second() / 86_400).unwrap_or(0)
}
