//! How the two ends' reports of one pair become one number.
//!
//! Of each connection both ends may tell, each in its own time. Let `O_b` and `O_r` be what the source told as blocked and
//! as anything else, `N_b` and `N_r` what the destination told. What the source blocked never reached the destination, so
//! it must not be compared with anything the destination told; what the destination blocked had left the source.
//!
//! - If sources also report what the destination drops, `O_r` holds both what arrived and what was dropped there:
//!   the pair has `O_b + max(O_r, N_b + N_r)` connections, which is certain.
//! - If they do not, it has `O_b + N_b + max(O_r, N_r)`, which is possible.
//!
//! The two are equal for rules on blocked connections alone (`O_r = N_r = 0`), for rules without them (`O_b = N_b = 0`),
//! and wherever one end tells alone; they are at most `min(N_b, max(0, O_r - N_r))` apart. Which of them is true is a
//! property of the PCE that is learned from buckets at rest, see [`Reading`].
//!
//! Example: the destination told 500 blocked this morning. At noon enforcement is switched on at the source, which tells 50
//! blocked: `O_b + N_b` has grown by 50, while the larger of 50 and 500 would not have grown at all.
//!
//! `max` takes the smaller end for the late one. That is wrong for good once the two ends change which of them tells (a VEN
//! replaced): the destination told 500 and is silent now, the source tells 50 that are new. So each is counted a second
//! time with *leads* that have aged: what one end had told at least `lookback` ago and the other has not made up
//! for until now is taken for connections that only that end knows (`own`), and no longer compared:
//! `own_O + own_N + max(O - own_O, N - own_N)`. In steady state no lead ages, and both counts are equal. When an end tells of a
//! pair for the first time, and what it tells began after the previous look, no lead of the other end has to be so old: what
//! that end had told by then is something else.
//!
//! Two limits are left. An end that resumes a bucket within `lookback` of the other's last word is taken for the late one until
//! that lead has aged, so that as many connections may be missing that long. And where the destination drops some of a pair and
//! lets others in, a rule without blocked connections counts `max(O_r, N_r)`, which has everything once both ends have told, and
//! may have some of it as late as the later one.

use super::identity::Detail;
use super::sample::{CounterSample, Counters, Like};
use crate::domain::record::NotTold;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
    /// What must be told, so that the rule can be decided: only records that leave out the same of it. Where the records
    /// of a pair leave out different things, the rule may match some of them and not others, and nothing of the pair is certain.
    pub asks: NotTold,
}

impl Selector {
    pub(super) fn takes(&self, look: &CounterSample, like: Like) -> bool {
        let detail = look.detail;
        let missing = |what| look.not_told.any(what);
        if self.missing(look.not_told) != self.missing(like.not_told) {
            return false;
        }
        let like = like.detail;
        (self.decisions & detail.decision_bit() != 0 || missing(NotTold::DECISION))
            && (self.states & detail.state_bit() != 0 || missing(NotTold::STATE))
            && (self.directions & (1 << u8::from(detail.inbound())) != 0 || missing(NotTold::DIRECTION))
            && detail.ends() == like.ends()
            && self.mark.is_none_or(|bit| look.marks & (1 << bit) != 0)
            && (!self.same_process || detail.process() == like.process())
            && (!self.same_user || detail.user() == like.user())
            && (!self.same_decision || detail.decision_bit() == like.decision_bit())
    }

    /// What is missing of what it asks for.
    pub(super) fn missing(&self, not_told: NotTold) -> u64 {
        u64::from(not_told.0 & self.asks.0)
    }

    /// A number that stands for its subset of a pair, the same in every run.
    fn subset(&self, pair: u64, like: Like, mark: u64) -> u64 {
        let missing = self.missing(like.not_told);
        let like = like.detail;
        let mut bytes = [0u8; 48];
        let own = |same: bool, value: u64| if same { value + 1 } else { 0 };
        let decision = own(self.same_decision, u64::from(like.decision_bit()));
        let numbers = [pair, mark, like.ends(), own(self.same_process, like.process()), own(self.same_user, like.user()), decision];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let seed = u64::from(self.decisions) | u64::from(self.states) << 8 | u64::from(self.directions) << 16 | missing << 24;
        xxhash_rust::xxh3::xxh3_64_with_seed(&bytes, seed)
    }
}

/// Whether sources also report, as anything but blocked, what the destination drops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reading {
    /// Not known yet: both are counted.
    #[default]
    Unknown,
    /// They do.
    Reported,
    /// They do not.
    Unreported,
}

/// A number counted in each of the ways that cannot be ruled out: as if sources reported what destinations drop, as if they
/// did not, and both once more with leads that have aged. Where a way is ruled out, another one stands in its place.
pub type Ways = [Counters; 4];

/// What only one end knows of a subset of a pair, by reading and end.
pub type Own = [[Counters; 2]; 2];

/// The leads of one subset of a pair that have aged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// The last UTC day on which the pair can still grow.
    pub day: i32,
    /// What only one end knows.
    pub own: Own,
}

const NOTHING: Counters = [0; 3];

/// What the two ends told of one rule's subset of a pair.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sides {
    /// By reporter (the source, the destination), then anything else and blocked.
    told: [[Counters; 2]; 2],
    /// The same, as it was at least `lookback` ago.
    aged: [[Counters; 2]; 2],
}

/// What one end told of blocked connections, or of the others: now, and at least `lookback` ago.
pub(super) type Part = [Counters; 2];

/// The parts of [`Sides`].
pub(super) const PARTS: u32 = 4;

/// The part of [`Sides`] that a record belongs to.
pub(super) fn part_of(detail: Detail) -> u32 {
    let (end, blocked) = place_of(detail);
    (2 * end + blocked) as u32
}

/// Adds what a record shows.
pub(super) fn add_to(part: &mut Part, look: &CounterSample) {
    *part = [plus(part[0], look.shown), plus(part[1], look.settled()[0])];
}

/// Takes away what a record shows.
pub(super) fn take_from(part: &mut Part, look: &CounterSample) {
    *part = [minus(part[0], look.shown), minus(part[1], look.settled()[0])];
}

impl Sides {
    /// Those of these parts.
    pub(super) fn of(part: impl Fn(u32) -> Part) -> Sides {
        let mut sides = Sides::default();
        for number in 0..PARTS {
            let (end, blocked) = (number as usize / 2, number as usize % 2);
            [sides.told[end][blocked], sides.aged[end][blocked]] = part(number);
        }
        sides
    }

    /// Adds what a record shows.
    pub(super) fn add(&mut self, look: &CounterSample) {
        let (end, blocked) = place_of(look.detail);
        let mut part = [self.told[end][blocked], self.aged[end][blocked]];
        add_to(&mut part, look);
        [self.told[end][blocked], self.aged[end][blocked]] = part;
    }

    /// A record has moved from one reading to the next; whether it is among these or not.
    pub(super) fn moved(&mut self, detail: Detail, from: Counters, to: Counters) {
        let (end, blocked) = place_of(detail);
        self.told[end][blocked] = minus(plus(self.told[end][blocked], minus(to, from)), minus(from, to));
    }

    /// Whether the end that did not report this record told anything, so that there is something to compare.
    pub(super) fn compares(&self, detail: Detail) -> bool {
        self.told[1 - usize::from(detail.inbound())] != [NOTHING; 2]
    }

    /// Whatever the other end told is nothing that this record's end has yet to make up for.
    pub(super) fn lead_has_aged(&mut self, detail: Detail) {
        let other = 1 - usize::from(detail.inbound());
        self.aged[other] = self.told[other];
    }

    /// Each connection once, in every way that is open.
    pub(super) fn count(&self, own: &Own, reading: Reading) -> Ways {
        let [[source_rest, source_blocked], [destination_rest, destination_blocked]] = self.told;
        let count = |reported: bool, own: &[Counters; 2]| {
            let (alone, destination) = if reported {
                (source_blocked, plus(destination_blocked, destination_rest))
            } else {
                (plus(source_blocked, destination_blocked), destination_rest)
            };
            plus(alone, larger(plus(source_rest, own[1]), plus(destination, own[0])))
        };
        let plain = [NOTHING; 2];
        if destination_blocked == NOTHING && *own == Own::default() {
            // All ways are one.
            return [count(true, &plain); 4];
        }
        match reading {
            Reading::Unknown => [count(true, &plain), count(false, &plain), count(true, &own[0]), count(false, &own[1])],
            Reading::Reported => [count(true, &plain), count(true, &plain), count(true, &own[0]), count(true, &own[0])],
            Reading::Unreported => [count(false, &plain), count(false, &plain), count(false, &own[1]), count(false, &own[1])],
        }
    }

    /// Takes the leads that have aged for what only one end knows.
    fn age(&self, own: &mut Own) {
        if self.aged == [[NOTHING; 2]; 2] {
            return;
        }
        let parts = |told: &[[Counters; 2]; 2]| {
            let [[source, _], [rest, blocked]] = *told;
            [[source, plus(rest, blocked)], [source, rest]]
        };
        for ((told, aged), own) in parts(&self.told).into_iter().zip(parts(&self.aged)).zip(own) {
            for counter in 0..3 {
                for (end, other) in [(0, 1), (1, 0)] {
                    // What the other end told and this one may yet have to make up for, or has.
                    let made_up = told[other][counter].saturating_sub(own[other][counter]);
                    let lead = aged[end][counter].saturating_sub(own[end][counter]);
                    own[end][counter] = own[end][counter].saturating_add(lead.saturating_sub(made_up));
                }
            }
        }
    }
}

/// What only one end knows, of all subsets for which it is anything.
#[derive(Debug, Default)]
pub(super) struct Leads {
    known: hashbrown::HashMap<u64, Lead>,
}

impl Leads {
    pub(super) fn new(known: std::collections::BTreeMap<u64, Lead>) -> Self {
        Self { known: known.into_iter().collect() }
    }

    /// What only one end knows of a subset by now. Called before the subset grows: what grows now is never aged.
    pub(super) fn of(&mut self, sides: &Sides, selector: &Selector, look: (u64, Like, i32), mark: u64) -> Own {
        let (pair, like, day) = look;
        let key = || selector.subset(pair, like, mark);
        let known = if self.known.is_empty() { None } else { self.known.get(&key()) };
        let mut own = known.map_or_else(Own::default, |lead| lead.own);
        sides.age(&mut own);
        if own != Own::default() {
            self.known.insert(key(), Lead { day, own });
        }
        own
    }

    /// Those to keep.
    pub(super) fn into_map(self, forget_before: i32) -> std::collections::BTreeMap<u64, Lead> {
        self.known.into_iter().filter(|(_, lead)| lead.day >= forget_before).collect()
    }
}

fn place_of(detail: Detail) -> (usize, usize) {
    (usize::from(detail.inbound()), usize::from(detail.is_blocked()))
}

fn each(a: Counters, b: Counters, of: impl Fn(u64, u64) -> u64) -> Counters {
    [of(a[0], b[0]), of(a[1], b[1]), of(a[2], b[2])]
}

fn plus(a: Counters, b: Counters) -> Counters {
    each(a, b, u64::saturating_add)
}

fn minus(a: Counters, b: Counters) -> Counters {
    each(a, b, u64::saturating_sub)
}

fn larger(a: Counters, b: Counters) -> Counters {
    each(a, b, u64::max)
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

impl RuleAccount {
    /// Whether what came after this counts in the rule's window.
    pub(super) fn counts(&self, since: Timestamp, looked_at: Option<Timestamp>) -> bool {
        looked_at.is_some_and(|at| since >= at) || since > self.window_start || self.kept_from.is_some_and(|from| since >= from)
    }
}
