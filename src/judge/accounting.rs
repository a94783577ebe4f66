//! What arrived since the previous look.
//!
//! The PCE answers any window with the totals of whole day buckets and tells of a managed pair
//! twice. This module keeps the counters of every bucket record as they were at the previous run
//! (a *look*) and says how much each matched subset of a pair's records has grown since.
//!
//! - **Pair**: everything the PCE reports of one (source address, destination address, port,
//!   protocol) in one UTC day. Its records differ in reporter, decision, state, process and so on.
//! - **Count of a pair**: for any subset of its records, the larger of what the source's side and
//!   the destination's side have reported. An increase is the count after minus the count before,
//!   so it does not matter which end comes first in an answer, and the end that is late adds nothing.
//! - **Identity of a record** survives what can change inside a bucket: its state, its endpoint's
//!   href, its process, and a `first_detected` that moves back because of late data. A record that
//!   fits no look exactly waits until the whole answer was seen; then it takes over a look that
//!   nobody claimed and that it can have grown from, or it is new.
//!
//! Two limits follow from what the PCE tells. Where one pair and day holds connections that only
//! one end reports (dropped at the source) beside others that both report, the late end can hide as
//! many of the former as it is behind; they are counted when it catches up. Where a bucket goes on
//! under another workload, what one end had told before the other is counted once more.

use super::identity::{Detail, pair_key};
use crate::domain::record::{Decision, Flow};
use crate::domain::time::utc_day_start;
use hashbrown::HashMap;
use jiff::Timestamp;
use std::time::Duration;

/// Connections, bytes in, bytes out.
pub type Counters = [u64; 3];

/// A bucket's last record may end this much after its day's midnight.
pub const MIDNIGHT_SLACK: Duration = Duration::from_secs(3600);

/// One record at the previous look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Which pair.
    pub pair: u64,
    /// Which of its records.
    pub detail: Detail,
    /// The counters, as the PCE showed them.
    pub shown: Counters,
    /// What was counted before the counters restarted; almost always zero.
    pub carried: Counters,
    /// The last UTC day (since the epoch) on which the bucket can still grow.
    pub day: i32,
    /// Which of the rules that look at a reporter's own fields count this record.
    pub marks: u64,
    /// 0: not seen in this run; n + 1: seen in part n of the answer.
    pub part: u32,
}

impl Look {
    fn counted(&self, counter: usize) -> u64 {
        self.carried[counter].saturating_add(self.shown[counter])
    }
}

/// Which records of a pair belong together for one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Selector {
    /// Decisions the rule counts, one bit each.
    pub decisions: u8,
    /// States it counts, one bit each.
    pub states: u8,
    /// Reporters it counts: bit 0 outbound, bit 1 inbound.
    pub directions: u8,
    /// Only records that the rule with this mark counts (rules on fields that only one end knows).
    pub mark: Option<u8>,
    /// Groups by process: only records with the same process as the one at hand.
    pub same_process: bool,
    /// Groups by user: only records with the same user.
    pub same_user: bool,
    /// Groups by decision: only records with the same decision.
    pub same_decision: bool,
}

impl Selector {
    fn takes(&self, look: &Look, like: Detail) -> bool {
        let detail = look.detail;
        self.decisions & detail.decision_bit() != 0
            && self.states & detail.state_bit() != 0
            && self.directions & (1 << u8::from(detail.inbound())) != 0
            && detail.ends() == like.ends()
            && self.mark.is_none_or(|bit| look.marks & (1 << bit) != 0)
            && (!self.same_process || detail.process() == like.process())
            && (!self.same_user || detail.user() == like.user())
            && (!self.same_decision || detail.decision_bit() == like.decision_bit())
    }
}

/// What a run knows about the past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// For each decision: every bucket that overlapped the span from here to the previous look was
    /// seen at that look. `None`: never asked for.
    pub since: [Option<Timestamp>; 4],
    /// Looks of buckets that could grow until before this UTC day were forgotten.
    pub forgotten_before: i32,
    /// When the previous complete look was.
    pub looked_at: Option<Timestamp>,
}

impl Coverage {
    /// A clock was wrong: what lies in the future was looked at now. When something was forgotten by such a clock, what is
    /// left says nothing: the coverage begins anew, and the looks that belong to it must go. Whether that is so.
    pub fn clamp_to(&mut self, now: Timestamp) -> bool {
        let anew = i64::from(self.forgotten_before) > now.as_second().div_euclid(86_400) || self.since.iter().flatten().any(|at| *at > now);
        if anew {
            *self = Coverage::default();
        }
        self.looked_at = self.looked_at.map(|at| at.min(now));
        anew
    }
}

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
    /// A rule's subset of the record's pair has grown.
    fn grown(&mut self, hit: Hit, by: Counters, talk: Talk);
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
    /// The start of the rule's window in this run; matters only on the very first.
    pub window_start: Timestamp,
    /// The same, less what VENs may be late: what happened since then may have arrived within the window.
    pub late_start: Timestamp,
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
    decision: Decision,
    talk: Talk,
}

/// A record that is new or has grown, and the look it continues.
#[derive(Debug)]
pub struct Recognised {
    record: Seen,
    place: Option<Place>,
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
    /// Records that fit no look exactly, held until the answer was seen whole.
    waiting: Vec<(Seen, Vec<Hit>)>,
    coverage: Coverage,
    now: Timestamp,
    cap: usize,
    scratch: Vec<u8>,
    counted: Counted,
    /// Records that were not remembered because of the cap.
    pub over_cap: u64,
    /// Records that could not be given a time and were left out.
    pub timeless: u64,
}

/// Scratch for counting a pair before and after.
#[derive(Debug, Default)]
struct Counted {
    before: Vec<Counters>,
    after: Vec<Counters>,
    /// Rules whose count is known already.
    done: Vec<(RuleAccount, Counters)>,
}

/// Most records held back for the end of an answer; past it they are settled at once, as if grown.
const MOST_WAITING: usize = 50_000;

impl Ledger {
    /// A ledger at `now`, with what the previous run left. `known` need not be sorted.
    pub fn new(mut known: Vec<Look>, coverage: Coverage, now: Timestamp, cap: usize) -> Self {
        for look in &mut known {
            look.part = 0;
        }
        if !known.is_sorted_by_key(|look| (look.pair, look.detail)) {
            known.sort_unstable_by_key(|look| (look.pair, look.detail));
        }
        Self {
            index: Index::new(&known),
            known,
            fresh: HashMap::new(),
            fresh_count: 0,
            waiting: Vec::new(),
            coverage,
            now,
            cap,
            scratch: Vec::new(),
            counted: Counted::default(),
            over_cap: 0,
            timeless: 0,
        }
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
        let record = Seen {
            pair,
            known: self.known_of(pair),
            detail,
            shown: [flow.connections, flow.bytes_in, flow.bytes_out],
            day: start_day.max(day_of(crate::domain::time::before(last, MIDNIGHT_SLACK))),
            marks,
            part: part + 1,
            first,
            last,
            decision: flow.decision,
            talk: Talk::Current,
        };
        let place = self.exact(&record);
        if let Some(place) = place {
            let look = self.look_mut(place);
            if look.shown == record.shown {
                (look.marks, look.part, look.day) = (marks, record.part, look.day.max(record.day));
                return None;
            }
        }
        Some(Recognised { record, place })
    }

    /// Takes one record that is new or has grown. `hits` are the rules that count it.
    pub fn take(&mut self, recognised: Recognised, hits: &[Hit], rules: &[RuleAccount], out: &mut dyn Increases) {
        let Recognised { mut record, place } = recognised;
        if let Some(place) = place {
            self.grow(place, &record, hits, rules, out);
        } else if self.waiting.len() < MOST_WAITING && self.unclaimed(&record).next().is_some() {
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

    /// The looks to keep for the next run, sorted, and the day before which everything was
    /// forgotten. `next_from` is the earliest instant the next run can ask for.
    pub fn into_looks(mut self, next_from: Timestamp) -> (Vec<Look>, i32) {
        let forget_before = day_of(crate::domain::time::before(next_from, MIDNIGHT_SLACK)).max(self.coverage.forgotten_before);
        let mut fresh: Vec<Look> = self.fresh.into_values().flatten().collect();
        fresh.sort_unstable_by_key(|look| (look.pair, look.detail));
        self.known.extend(fresh);
        self.known.retain(|look| look.day >= forget_before);
        // Two sorted runs: the stable sort merges them in one pass.
        self.known.sort_by_key(|look| (look.pair, look.detail));
        (self.known, forget_before)
    }

    /// The look this record continues when nothing about it has moved. Of several alike the one
    /// whose counters are nearest from below; one that went down has restarted.
    fn exact(&self, record: &Seen) -> Option<Place> {
        let alike = || {
            self.places(record).filter(|place| {
                let look = self.look(*place);
                look.detail == record.detail && look.part != record.part
            })
        };
        alike()
            .filter(|place| not_above(&self.look(*place).shown, &record.shown))
            .max_by_key(|place| self.look(*place).shown)
            .or_else(|| alike().min_by_key(|place| self.look(*place).shown))
    }

    /// Looks that this record may have grown from although something about it moved.
    fn unclaimed(&self, record: &Seen) -> impl Iterator<Item = Place> {
        let detail = record.detail;
        self.places(record).filter(move |place| {
            let look = self.look(*place);
            look.part == 0
                && look.detail.inbound() == detail.inbound()
                && look.detail.decision_bit() == detail.decision_bit()
                && detail.seconds_until(look.detail) >= 0
        })
    }

    fn settle(&mut self, record: &Seen, hits: &[Hit], rules: &[RuleAccount], out: &mut dyn Increases) {
        // Asked again in parts, the same record may have waited twice: the first has settled by now.
        if let Some(place) = self.exact(record).or_else(|| self.heir(record)) {
            self.grow(place, record, hits, rules, out);
        } else if self.known.len() + self.fresh_count >= self.cap {
            self.over_cap += 1;
            hits.iter().for_each(|hit| out.learning(*hit));
        } else if self.is_first() {
            // The very first look: what began within a rule's window counts whole for that rule.
            let near = Some(self.now);
            let rule = |hit: &Hit| rules.get(hit.rule as usize);
            let (inside, outside): (Vec<Hit>, Vec<Hit>) =
                hits.iter().partition(|hit| rule(hit).is_some_and(|rule| record.first > rule.window_start));
            self.count_before(record, &inside, rules, near);
            self.remember(record);
            self.tell(record, &inside, rules, near, out);
            outside.into_iter().filter(|hit| rule(hit).is_some_and(|rule| record.last > rule.late_start)).for_each(|hit| out.learning(hit));
        } else if self.is_covered(record) {
            self.count_before(record, hits, rules, None);
            self.remember(record);
            self.tell(record, hits, rules, None, out);
        } else {
            self.remember(record);
            hits.iter().for_each(|hit| out.learning(*hit));
        }
    }

    /// Whether a record without a look must be new: had it been there at the previous look, it would have been seen.
    fn is_covered(&self, record: &Seen) -> bool {
        self.coverage.since[record.decision as usize].is_some_and(|since| record.first >= since)
            && record.day >= self.coverage.forgotten_before
    }

    /// The unclaimed look this record has most likely grown from.
    fn heir(&self, record: &Seen) -> Option<Place> {
        self.unclaimed(record).filter(|place| not_above(&self.look(*place).shown, &record.shown)).max_by_key(|place| {
            let (old, new) = (self.look(*place).detail, record.detail);
            let alike = u8::from(old.rest() == new.rest()) + u8::from(old.ends() == new.ends()) + u8::from(old.state() == new.state());
            (alike, self.look(*place).shown)
        })
    }

    fn grow(&mut self, place: Place, record: &Seen, hits: &[Hit], rules: &[RuleAccount], out: &mut dyn Increases) {
        self.rename_ends(place, record);
        // Whatever makes the record count under a rule made it count before: its old counters belong to the same subset.
        let look = self.look_mut(place);
        (look.detail, look.marks) = (record.detail, record.marks);
        self.count_before(record, hits, rules, None);
        let look = self.look_mut(place);
        // Seen twice in one run (asked again in parts): the later answer knows more, never less.
        let again = look.part != 0;
        for (counter, new) in record.shown.iter().enumerate() {
            if *new < look.shown[counter] {
                if again {
                    continue;
                }
                look.carried[counter] = look.carried[counter].saturating_add(look.shown[counter]);
            }
            look.shown[counter] = *new;
        }
        (look.part, look.day) = (record.part, look.day.max(record.day));
        self.tell(record, hits, rules, None, out);
    }

    /// A bucket that carries on under another workload (paired or unpaired since) takes along what the
    /// other end last said of it, or the two would no longer be compared.
    fn rename_ends(&mut self, place: Place, record: &Seen) {
        let (old, new) = (self.look(place).detail, record.detail);
        if old.ends() == new.ends() {
            return;
        }
        for other in self.places(record).collect::<Vec<_>>() {
            let look = self.look_mut(other);
            if look.part == 0 && look.detail.ends() == old.ends() {
                look.detail = look.detail.with_ends_of(new);
            }
        }
    }

    /// Counts the pair again and tells what it has grown by.
    fn tell(&mut self, record: &Seen, hits: &[Hit], rules: &[RuleAccount], first_look: Option<Timestamp>, out: &mut dyn Increases) {
        let Counted { before, mut after, mut done } = std::mem::take(&mut self.counted);
        self.counts(record, hits, rules, first_look, &mut done, &mut after);
        for ((hit, before), after) in hits.iter().zip(&before).zip(&after) {
            let by = [0, 1, 2].map(|counter: usize| after[counter].saturating_sub(before[counter]));
            if by != [0; 3] {
                out.grown(*hit, by, record.talk);
            }
        }
        self.counted = Counted { before, after, done };
    }

    /// For each hit, the count of its rule's subset of the pair: the larger of the two sides.
    fn counts(
        &self,
        record: &Seen,
        hits: &[Hit],
        rules: &[RuleAccount],
        first_look: Option<Timestamp>,
        done: &mut Vec<(RuleAccount, Counters)>,
        out: &mut Vec<Counters>,
    ) {
        done.clear();
        out.clear();
        for hit in hits {
            let Some(rule) = rules.get(hit.rule as usize) else {
                out.push([0; 3]);
                continue;
            };
            let same =
                |other: &RuleAccount| other.selector == rule.selector && (first_look.is_none() || other.window_start == rule.window_start);
            if let Some((_, counters)) = done.iter().find(|(other, _)| same(other)) {
                out.push(*counters);
                continue;
            }
            let mut sides = [[0u64; 3]; 2];
            for place in self.places(record) {
                let look = self.look(place);
                let in_time = first_look.is_none_or(|near| look.detail.first_near(near) > rule.window_start.as_second());
                if in_time && rule.selector.takes(look, record.detail) {
                    let side = &mut sides[usize::from(look.detail.inbound())];
                    for (counter, sum) in side.iter_mut().enumerate() {
                        *sum = sum.saturating_add(look.counted(counter));
                    }
                }
            }
            let counters = [0, 1, 2].map(|counter: usize| sides[0][counter].max(sides[1][counter]));
            done.push((*rule, counters));
            out.push(counters);
        }
    }

    /// Counts the pair before something changes. Must be followed by [`Ledger::tell`].
    fn count_before(&mut self, record: &Seen, hits: &[Hit], rules: &[RuleAccount], first_look: Option<Timestamp>) {
        let Counted { mut before, mut done, after } = std::mem::take(&mut self.counted);
        self.counts(record, hits, rules, first_look, &mut done, &mut before);
        self.counted = Counted { before, after, done };
    }

    fn remember(&mut self, record: &Seen) {
        let Seen { pair, detail, shown, day, marks, part, .. } = *record;
        self.fresh_count += 1;
        self.fresh.entry(pair).or_default().push(Look { pair, detail, shown, carried: [0; 3], day, marks, part });
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

/// Where a look lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Known(usize),
    Fresh(u64, usize),
}

fn not_above(old: &Counters, new: &Counters) -> bool {
    old.iter().zip(new).all(|(old, new)| old <= new)
}

/// UTC day since the epoch.
pub fn day_of(at: Timestamp) -> i32 {
    i32::try_from(utc_day_start(at).as_second() / 86_400).unwrap_or(0)
}

/// Where the looks of a pair lie among all. The keys are hashes, evenly spread, so a table over
/// their first bits leads to a handful of looks.
#[derive(Debug)]
struct Index {
    starts: Vec<u32>,
    shift: u32,
}

impl Index {
    fn new(looks: &[Look]) -> Self {
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
    fn find(&self, looks: &[Look], pair: u64) -> (usize, usize) {
        let entry = (pair >> self.shift) as usize;
        let (low, high) = (self.starts[entry] as usize, self.starts[entry + 1] as usize);
        let start = low + looks[low..high].partition_point(|look| look.pair < pair);
        (start, start + looks[start..high].iter().take_while(|look| look.pair == pair).count())
    }
}
