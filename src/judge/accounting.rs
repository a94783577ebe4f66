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

mod continuing;
mod telling;

use super::coverage::Coverage;
use super::hot::{Hot, Room, Subsets, Timed};
use super::identity::{Detail, pair_key};
use super::pair::{Lead, Leads, Reading, RuleAccount, Sides, Ways};
use super::reading::Learned;
pub use super::sample::Noted;
use super::sample::{CounterSample, Counters, Earlier, Like, Looks, OfPair, Place, is_missing, not_above};
use crate::domain::record::{Flow, NotTold};
use crate::domain::time::{before, utc_day_start};
use hashbrown::HashMap;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use telling::{Counting, Moved};

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
    /// What is not told may mean that it does not belong there.
    pub undecided: bool,
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
    /// The same of a record that came late: nobody knows when between then and now.
    fn late(&mut self, hit: Hit, by: &Ways, since: Timestamp, talk: Talk);
    /// The record's past is unknown: the value of its rule and group is a lower bound.
    fn learning(&mut self, hit: Hit);
    /// The record at hand must wait: keep what is needed to show it later.
    fn keep(&mut self) -> u32;
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
    /// Most that come to be remembered in this run.
    pub most_new: usize,
    /// Most of one pair that are remembered.
    pub most_of_pair: usize,
    /// Whether the time for judging is over.
    pub is_over: fn() -> bool,
    /// How late VENs may report.
    pub lookback: Duration,
    /// What is known of what sources report.
    pub reading: Reading,
}

/// One record as the ledger sees it.
#[derive(Debug)]
struct Seen {
    pair: u64,
    /// Where the pair's looks lie.
    of_pair: OfPair,
    detail: Detail,
    shown: Counters,
    day: i32,
    noted: Noted,
    part: u32,
    first: Timestamp,
    last: Timestamp,
    /// The previous look had everything of its kind.
    was_whole: bool,
    /// A look proves that a record like this without a look was not there.
    absent_at: Option<Timestamp>,
    /// It came late: the look that would have shown it before.
    late_since: Option<Timestamp>,
    /// It began after the previous look, and until then only the other end had told of its pair.
    is_first_of_its_end: bool,
    talk: Talk,
}

impl Seen {
    /// The counters, given what was told of them before: what is not told now is as it was.
    fn told_after(&self, before: Counters) -> Counters {
        [0, 1, 2].map(|counter: usize| if is_missing(self.noted.not_told, counter) { before[counter] } else { self.shown[counter] })
    }

    fn like(&self) -> Like {
        Like { detail: self.detail, not_told: self.noted.not_told }
    }
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
    looks: Looks,
    /// Pairs with very many records.
    hot: HashMap<u64, Box<Hot>>,
    hot_from: usize,
    /// The place that is left for them.
    room: Room,
    subsets: Option<[Subsets; 2]>,
    /// Records that fit no look exactly, held until the answer was seen whole.
    waiting: Vec<(Seen, Vec<Hit>)>,
    coverage: Coverage,
    leads: Leads,
    settled_at: Option<Timestamp>,
    terms: Terms,
    scratch: Vec<u8>,
    counting: Counting,
    /// Records that end before this came late: usual questions do not show them.
    late_before: Option<Timestamp>,
    /// Something that came late was counted.
    pub found_late: bool,
    /// Of some record of this run nothing proves that it is new.
    any_unproven: bool,
    /// Records that were not remembered because of the cap.
    pub over_cap: u64,
    /// Those of them of which there were too many of one pair.
    pub over_pair: u64,
    /// Records of each decision that were left to later runs, because too many were new.
    pub left: [u64; 4],
    /// The deadline came while it was judged: not all was.
    pub too_late: bool,
    /// Records that could not be given a time and were left out.
    pub timeless: u64,
}

/// From so many looks on a pair has an index of them.
const HOT_FROM: usize = 48;

/// Most looks of one pair: more different records of the same addresses, port, protocol and day are not remembered.
pub const MOST_OF_PAIR: usize = 100_000;

/// So many looks of such a pair are gone through one by one for a record that has moved.
const FEW: usize = 64;

/// Most records held back for the end of an answer; past it they are settled at once, as if grown.
const MOST_WAITING: usize = 50_000;

/// Records settled between two looks at the clock.
const SETTLED_A_GLANCE: usize = 64;

/// What the PCE tells times by.
const SECOND: std::time::Duration = std::time::Duration::from_secs(1);

impl Ledger {
    /// A ledger with what the previous run left. `known` need not be sorted.
    pub fn new(mut known: Vec<CounterSample>, coverage: Coverage, aging: Aging, terms: Terms) -> Self {
        for look in &mut known {
            (look.part, look.unproven) = (0, false);
        }
        if !known.is_sorted_by_key(|look| (look.pair, look.detail)) {
            known.sort_unstable_by_key(|look| (look.pair, look.detail));
        }
        let settled_at = settle(&mut known, &coverage, aging.settled_at, terms);
        let room = Room::beside(known.len());
        Self {
            looks: Looks::new(known),
            hot: HashMap::new(),
            hot_from: HOT_FROM,
            room,
            subsets: None,
            waiting: Vec::new(),
            coverage,
            leads: Leads::new(aging.leads),
            settled_at,
            terms,
            scratch: Vec::new(),
            counting: Counting::default(),
            late_before: None,
            found_late: false,
            any_unproven: false,
            over_cap: 0,
            over_pair: 0,
            left: [0; 4],
            too_late: false,
            timeless: 0,
        }
    }

    /// With an index of every pair that has so many looks.
    #[cfg(test)]
    pub(super) fn indexed_from(self, hot_from: usize, room: Room) -> Self {
        Self { hot_from, room, ..self }
    }

    /// Asks for what comes late, too: records that end before this.
    pub fn late_before(&mut self, usual: Timestamp) {
        self.late_before = Some(usual);
    }

    /// Looks a record up. `None`: nothing about it has grown, or it has no time, and it is done with. Otherwise it must be
    /// given to [`Ledger::take`].
    pub fn recognise(&mut self, flow: &Flow<'_>, part: u32, noted: Noted) -> Option<Recognised> {
        let (Some(first), Some(last)) = (flow.first, flow.last) else {
            self.timeless += 1;
            return None;
        };
        let start_day = day_of(first);
        let (pair, detail) = (pair_key(flow, i64::from(start_day)), Detail::of(flow, first, &mut self.scratch));
        let day = start_day.max(day_of(crate::domain::time::before(last, MIDNIGHT_SLACK)));
        let late = self.late_before.is_some_and(|usual| last < usual);
        if late && day < self.coverage.forgotten_before {
            // Whether any of it is new nobody can know, and the usual question would not have shown it.
            return None;
        }
        let mut record = Seen {
            pair,
            of_pair: self.looks.of(pair),
            detail,
            shown: [flow.connections, flow.bytes_in, flow.bytes_out],
            day,
            noted,
            part: part + 1,
            first,
            last,
            was_whole: false,
            absent_at: None,
            late_since: self.coverage.swept(flow).filter(|_| late),
            is_first_of_its_end: false,
            talk: Talk::Current,
        };
        self.index_if_hot(&record);
        let place = self.exact(&record);
        if let Some(place) = place
            && self.looks.at(place).shown == record.told_after(self.looks.at(place).shown)
            && !(1..3).any(|counter| is_missing(self.looks.at(place).not_told, counter) && !is_missing(noted.not_told, counter))
        {
            self.change(place, &record, |look| {
                (look.marks, look.not_told) = (noted.marks, noted.not_told);
                (look.part, look.day) = (record.part, look.day.max(record.day));
            });
            return None;
        }
        record.was_whole = self.coverage.was_whole(flow);
        record.absent_at = self.coverage.proved_absent(flow, first, day, late);
        Some(Recognised { record, place })
    }

    /// Takes one record that is new or has grown. `hits` are the rules that count it.
    pub fn take(&mut self, recognised: Recognised, hits: &[Hit], rules: &[RuleAccount], out: &mut dyn Increases) {
        let Recognised { mut record, place } = recognised;
        record.is_first_of_its_end = place.is_none() && self.is_first_of_its_end(&record);
        if let Some(place) = place {
            self.grow(place, &record, hits, rules, out);
        } else if self.waiting.len() < MOST_WAITING && (record.is_first_of_its_end || self.may_continue(&record)) {
            if !hits.is_empty() {
                record.talk = Talk::Kept(out.keep());
            }
            self.waiting.push((record, hits.to_vec()));
        } else {
            self.settle(record, hits, rules, out);
        }
    }

    /// Settles what waited. Call once, when the whole answer was seen.
    pub fn end_of_answer(&mut self, rules: &[RuleAccount], out: &mut dyn Increases) {
        let mut waiting = std::mem::take(&mut self.waiting);
        // Whoever is most like what it may have been chooses first, or it would find its own look taken.
        waiting.sort_by_cached_key(|(record, _)| {
            let likeness = self.heir(record).map_or(0, |(likeness, _)| likeness);
            (record.pair, record.is_first_of_its_end, std::cmp::Reverse(likeness), record.detail, record.part, record.shown)
        });
        for (number, (mut record, hits)) in waiting.into_iter().enumerate() {
            self.too_late = self.too_late || number % SETTLED_A_GLANCE == 0 && (self.terms.is_over)();
            if self.too_late {
                return;
            }
            record.of_pair = self.looks.of(record.pair);
            self.settle(record, &hits, rules, out);
        }
    }

    /// The looks to keep for the next run, sorted, and the day before which everything was forgotten.
    pub fn into_looks(mut self, closing: Closing, learned: &mut Learned) -> (Vec<CounterSample>, Aging, i32) {
        let forget_before = day_of(crate::domain::time::before(closing.next_from, MIDNIGHT_SLACK)).max(self.coverage.forgotten_before);
        let looked_at = self.coverage.looked_at.map_or(0, |at| u32::try_from(at.as_second()).unwrap_or(0));
        for look in self.looks.known_mut() {
            if look.part != 0 {
                look.unseen_since = 0;
            } else if look.unseen_since == 0 && (closing.narrowed || !closing.whole[look.detail.decision()]) {
                // It may have been left out.
                look.unseen_since = looked_at;
            }
        }
        drop(self.hot);
        let mut looks = self.looks.into_sorted();
        if closing.whole == [true; 4] && !closing.narrowed {
            learned.learn(&looks, forget_before);
        }
        looks.retain(|look| look.day >= forget_before);
        let aging = Aging { leads: self.leads.into_map(forget_before), settled_at: self.settled_at };
        (looks, aging, forget_before)
    }

    fn settle(&mut self, mut record: Seen, hits: &[Hit], rules: &[RuleAccount], out: &mut dyn Increases) {
        // Asked again in parts, the same record may have waited twice: the first has settled by now.
        if let Some(place) = self.exact(&record).or_else(|| self.heir(&record).map(|(_, place)| place)) {
            self.grow(place, &record, hits, rules, out);
        } else if self.looks.len() >= self.terms.cap || self.looks.count(record.of_pair) >= self.terms.most_of_pair {
            self.over_cap += 1;
            self.over_pair += u64::from(self.looks.len() < self.terms.cap);
            hits.iter().for_each(|hit| out.learning(*hit));
        } else if self.looks.fresh() >= self.terms.most_new {
            // As if the answer had been cut before it.
            self.left[record.detail.decision()] += 1;
            hits.iter().for_each(|hit| out.learning(*hit));
        } else {
            // Even where nothing proves that it is new, it came to be known after it began.
            let began = if record.day < self.coverage.forgotten_before { Timestamp::MIN } else { record.first };
            // What began at that very second is part of what came since: a span does not hold its own beginning.
            let since = record.absent_at.map_or(before(began, SECOND), |at| at.max(began));
            // By now all that the answer holds of this end is known.
            record.is_first_of_its_end = record.is_first_of_its_end && self.is_first_of_its_end(&record);
            if record.absent_at.is_none() {
                record.late_since = None;
                self.compare_by_time();
            }
            self.count_before(&record, hits, rules);
            self.remember(&record);
            self.tell(&record, Moved { from: [0; 3], to: record.shown, since }, hits, rules, out);
        }
    }

    /// From now on records of which nothing proves that they are new are compared only where they count.
    fn compare_by_time(&mut self) {
        if !self.any_unproven {
            self.any_unproven = true;
            self.subsets = None;
            self.hot.values_mut().for_each(|hot| hot.forget_sums());
        }
    }

    fn grow(&mut self, place: Place, record: &Seen, hits: &[Hit], rules: &[RuleAccount], out: &mut dyn Increases) {
        let (had, shown) = (self.looks.at(place).not_told, record.told_after(self.looks.at(place).shown));
        self.rename_ends(place, record);
        // Whatever makes the record count under a rule made it count before: its old counters belong to the same subset.
        let Noted { marks, not_told } = record.noted;
        // A counter that was not told before is learned anew.
        let came_to_be_told = [0, 1, 2].map(|counter: usize| is_missing(had, counter) && !is_missing(not_told, counter));
        self.change(place, record, |look| {
            (look.detail, look.marks, look.not_told) = (record.detail, marks, not_told);
            for (counter, _) in came_to_be_told.iter().enumerate().filter(|(_, came)| **came) {
                let mut told = look.shown;
                told[counter] = shown[counter];
                look.show(told);
            }
        });
        if came_to_be_told.contains(&true) {
            hits.iter().for_each(|hit| out.learning(*hit));
        }
        let look = self.looks.at(place);
        // Seen twice in one run (asked again in parts): the later answer knows more, never less.
        let again = look.part != 0;
        let (old, unseen_since) = (look.shown, look.unseen_since);
        let new = if again { [0, 1, 2].map(|counter: usize| old[counter].max(shown[counter])) } else { shown };
        self.count_before(record, hits, rules);
        let shrank = !not_above(&old, &new);
        self.change(place, record, |look| {
            if shrank {
                look.earlier = Earlier::Nothing;
            }
            look.show(new);
            (look.part, look.day) = (record.part, look.day.max(record.day));
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
        let seen_at = record.late_since.map_or(seen_at, |since| seen_at.min(since));
        self.tell(record, Moved { from: old, to: new, since: seen_at }, hits, rules, out);
    }

    /// A bucket that carries on under another workload (paired or unpaired since), or of which more or less is told now,
    /// takes along what the other end last said of it, or the two would no longer be compared.
    fn rename_ends(&mut self, place: Place, record: &Seen) {
        let (old, new) = (self.looks.at(place).detail, record.detail);
        // Each record has counters of its own.
        let described = |not_told: NotTold| not_told.but_for(NotTold::BYTES);
        let (had, has) = (described(self.looks.at(place).not_told), described(record.noted.not_told));
        if old.ends() == new.ends() && had == has {
            return;
        }
        for other in (record.of_pair.known.0..record.of_pair.known.1).map(Place::Known) {
            let look = self.looks.at(other);
            if look.part == 0 && look.detail.ends() == old.ends() && described(look.not_told) == had {
                let not_told = has.and(look.not_told.only(NotTold::BYTES));
                self.change(other, record, |look| (look.detail, look.not_told) = (look.detail.with_ends_of(new), not_told));
            }
        }
    }

    fn remember(&mut self, record: &Seen) {
        let Seen { pair, detail, shown, day, part, noted: Noted { marks, not_told }, .. } = *record;
        let unproven = record.absent_at.is_none();
        let look = CounterSample { pair, detail, shown, earlier: Earlier::Nothing, day, unseen_since: 0, marks, part, not_told, unproven };
        let place = self.looks.push(look);
        self.room.shrink();
        if let Some(hot) = self.hot.get_mut(&pair) {
            if self.coverage.looked_at.is_some_and(|at| record.first < at) {
                hot.told_before(detail.inbound());
            }
            if !hot.added(place.spot(), self.looks.at(place), self.subsets.as_ref(), &mut self.room) {
                self.hot.remove(&pair);
            }
        }
    }

    /// Makes the index of a pair that has come to have very many looks.
    fn index_if_hot(&mut self, record: &Seen) {
        let count = self.looks.count(record.of_pair);
        if count < self.hot_from || self.hot.contains_key(&record.pair) {
            return;
        }
        if self.room.take_for(count) {
            let hot = Hot::new(
                self.places(record).map(|place| (place.spot(), self.looks.at(place))),
                self.had_told(record),
                FEW.min(self.hot_from),
            );
            self.hot.insert(record.pair, Box::new(hot));
        }
    }

    /// Changes a look, and what is known of its pair with it.
    fn change(&mut self, place: Place, record: &Seen, edit: impl FnOnce(&mut CounterSample)) {
        let look = self.looks.at_mut(place);
        match self.hot.get_mut(&record.pair) {
            None => edit(look),
            Some(hot) => {
                let old = look.clone();
                edit(look);
                hot.changed(place.spot(), &old, look, self.subsets.as_ref());
            }
        }
    }

    fn places(&self, record: &Seen) -> impl Iterator<Item = Place> {
        self.looks.places(record.of_pair)
    }
}

/// A rule on blocked connections alone: there is nothing to compare.
const BLOCKED: u8 = 1 << crate::domain::record::Decision::Blocked as u8;

/// Lets the counters of the looks settle: each look knows what it showed at least `lookback` before the previous look, so
/// that whatever came since then is too late for it. Returns when that was done last. After a look that left something out
/// nothing settles: who is behind cannot be told from who was cut.
fn settle(known: &mut [CounterSample], coverage: &Coverage, settled_at: Option<Timestamp>, terms: Terms) -> Option<Timestamp> {
    let looked_at = coverage.looked_at?;
    let whole = coverage.proofs.iter().flatten().any(|proof| proof.at == looked_at);
    let is_past = |at: Timestamp| crate::domain::time::since(looked_at, at) >= terms.lookback;
    if !whole || !settled_at.is_none_or(is_past) {
        return settled_at;
    }
    known.iter_mut().for_each(CounterSample::settle);
    Some(looked_at)
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
