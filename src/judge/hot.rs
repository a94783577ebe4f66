//! Pairs with very many records: what would be looked up among all of them is found at once.
//!
//! A jump host or a batch server makes thousands of records of one pair and day, by process, user and time. Looking at all
//! of them for each of them would cost the square, so from a certain number on a pair has an index of its looks: by
//! identity, those that no record has claimed yet by their beginning, and what each subset of them adds up to. The index
//! follows every change of a look; what it says is what going through all looks would say.
//!
//! All indexes together may take a certain place. What finds none is gone through after all, which takes longer.

use super::identity::Detail;
use super::pair::{Part, RuleAccount, Selector, Sides, add_to, part_of, take_from};
use super::sample::{CounterSample, Counters, Like, Spot, not_above};
use crate::domain::record::NotTold;
use hashbrown::HashMap;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The different subsets of a pair's records that the rules count.
#[derive(Debug)]
pub(super) struct Subsets {
    accounts: Vec<RuleAccount>,
    of_rule: Vec<usize>,
    /// Where some looks are compared only with their like: when that is.
    timed: Option<Timed>,
}

/// What decides whether a record counts of which nothing proves that it is new.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timed {
    /// The run's instant.
    pub now: Timestamp,
    /// The previous look.
    pub looked_at: Option<Timestamp>,
    /// Looks of earlier days were forgotten.
    pub forgotten_before: i32,
}

impl Subsets {
    /// Those of pairs of which all is told, where rules need not be told apart by what they ask for, and those of the others.
    pub(super) fn both(rules: &[RuleAccount], timed: Option<Timed>) -> [Self; 2] {
        [true, false].map(|all_told| Self::of(rules, timed, all_told))
    }

    fn of(rules: &[RuleAccount], timed: Option<Timed>, all_told: bool) -> Self {
        let mut accounts: Vec<RuleAccount> = Vec::new();
        let asks = |selector: Selector| {
            if all_told { Selector { asks: NotTold::NOTHING, ..selector } } else { selector }
        };
        let times = |account: &RuleAccount| (account.window_start, account.kept_from);
        let same = |a: &RuleAccount, b: &RuleAccount| a.selector == b.selector && (timed.is_none() || times(a) == times(b));
        let of_rule = rules.iter().map(|rule| RuleAccount { selector: asks(rule.selector), ..*rule }).map(|rule| {
            accounts.iter().position(|account| same(account, &rule)).unwrap_or_else(|| {
                accounts.push(rule);
                accounts.len() - 1
            })
        });
        let of_rule = of_rule.collect();
        Self { accounts, of_rule, timed }
    }

    /// The number of a rule's subset.
    pub(super) fn of_rule(&self, rule: u32) -> Option<usize> {
        self.of_rule.get(rule as usize).copied()
    }

    /// What is counted by a subset.
    pub(super) fn account(&self, subset: usize) -> Option<&RuleAccount> {
        self.accounts.get(subset)
    }

    /// Whether a subset holds this look, when the record at hand is like `like`.
    pub(super) fn holds(&self, subset: usize, look: &CounterSample, like: Like) -> bool {
        self.accounts.get(subset).is_some_and(|account| {
            // What does not count is left out of what is compared, or the other end's share of it would count instead.
            let counts = |Timed { now, looked_at, forgotten_before }: Timed| {
                let began = Timestamp::from_second(look.detail.first_near(now)).unwrap_or(Timestamp::MIN);
                look.day >= forgotten_before && account.counts(began, looked_at)
            };
            (!look.unproven || self.timed.is_none_or(counts)) && account.selector.takes(look, like)
        })
    }

    fn key(&self, subset: usize, like: Like) -> Option<SumKey> {
        Some((u32::try_from(subset).ok()?, likeness(&self.accounts.get(subset)?.selector, like)))
    }

    /// What the looks of a pair add up to for a record like this.
    pub(super) fn sum<'l>(&self, subset: usize, like: Like, looks: impl Iterator<Item = &'l CounterSample>) -> Sides {
        let mut sides = Sides::default();
        looks.filter(|look| self.holds(subset, look, like)).for_each(|look| sides.add(look));
        sides
    }
}

/// What all records that a selector counts together have in common.
fn likeness(selector: &Selector, like: Like) -> u64 {
    let detail = like.detail;
    let part = |wanted: bool, value: u64| if wanted { value } else { 0 };
    detail.ends()
        | part(selector.same_process, detail.process()) << 8
        | part(selector.same_user, detail.user()) << 20
        | part(selector.same_decision, u64::from(detail.decision_bit())) << 30
        | selector.missing(like.not_told) << 34
}

/// A subset, and what its looks have in common.
type SumKey = (u32, u64);
/// What each subset adds up to, by the parts of [`Sides`].
type Sums = HashMap<(SumKey, u32), Part>;

/// Open looks by which part may have moved and by all the others, then by their counters.
type MovedLooks = BTreeMap<(u8, u64, Counters, Spot), Detail>;

/// Bytes that a look takes in an index, roughly: by itself, in each subset, and where looks are found that have moved.
const OF_LOOK: usize = 96;
const OF_SUM: usize = 160;
const OF_MOVED: usize = 600;

/// From so many looks on a pair may have an index although others have taken half of the place.
const VERY_HOT: usize = 512;
/// Bytes that all indexes together may take; with very many looks, which take memory themselves, less.
const MOST: usize = 64 << 20;
const LEAST: usize = 16 << 20;

/// The place that is left for indexes.
#[derive(Debug)]
pub(super) struct Room {
    left: usize,
    /// What is kept for those who need it most.
    kept: usize,
}

impl Room {
    /// What there is beside so many looks.
    pub(super) fn beside(looks: usize) -> Self {
        let left = MOST.saturating_sub(looks * size_of::<CounterSample>() / 2).max(LEAST);
        Self { left, kept: left / 2 }
    }

    /// So much, whatever else there is.
    #[cfg(test)]
    pub(super) fn of(left: usize) -> Self {
        Self { left, kept: left / 2 }
    }

    /// A look came to be known.
    pub(super) fn shrink(&mut self) {
        if self.left > LEAST {
            self.left -= size_of::<CounterSample>() / 2;
        }
    }

    /// Takes so much, if there is as much.
    fn take(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    /// Takes what an index of a pair with so many looks needs at first.
    pub(super) fn take_for(&mut self, looks: usize) -> bool {
        (looks >= VERY_HOT || self.left > self.kept) && self.take(looks.saturating_mul(OF_LOOK))
    }
}

/// The index of one pair.
#[derive(Debug)]
pub(super) struct Hot {
    /// By identity; the few that share one stand in `more`.
    first: HashMap<Detail, Spot>,
    more: HashMap<Detail, Vec<Spot>>,
    /// Looks that no record of this run has claimed, by reporter and decision, by seconds after `base`.
    open: [BTreeSet<(i64, Spot)>; 8],
    base: Detail,
    /// How many looks each end has.
    ends: [u32; 2],
    /// How many looks leave out anything.
    untold: u32,
    /// Whether the source and the destination tell of it from before the previous look.
    had_told: [bool; 2],
    /// The open ones by all but one part of their identity; made when there are many and one is asked for that has moved.
    moved: Option<MovedLooks>,
    few: usize,
    /// How many looks leave out what, by their ends; made when it is asked for.
    left_out: Option<BTreeMap<(u64, NotTold), u32>>,
    /// Something was left out: rules are told apart by what they ask for. It stays so, that nothing is added up over and over.
    by_asks: bool,
    /// What each subset adds up to; made when it is asked for.
    sums: Option<Sums>,
    /// How many looks there are.
    looks: usize,
}

impl Hot {
    /// `few` open looks are gone through one by one.
    pub(super) fn new<'l>(looks: impl Iterator<Item = (Spot, &'l CounterSample)>, had_told: [bool; 2], few: usize) -> Self {
        let mut hot = Hot {
            first: HashMap::new(),
            more: HashMap::new(),
            open: Default::default(),
            base: Detail(0),
            ends: [0; 2],
            untold: 0,
            had_told,
            few,
            moved: None,
            left_out: None,
            by_asks: false,
            sums: None,
            looks: 0,
        };
        for (number, (spot, look)) in looks.enumerate() {
            if number == 0 {
                hot.base = look.detail;
            }
            hot.enter(spot, look);
            hot.looks += 1;
        }
        hot
    }

    fn class(detail: Detail) -> usize {
        usize::from(detail.inbound()) << 2 | detail.decision()
    }

    fn enter(&mut self, spot: Spot, look: &CounterSample) {
        self.ends[usize::from(look.detail.inbound())] += 1;
        if look.not_told != NotTold::NOTHING {
            self.untold += 1;
            self.tell_apart();
        }
        if let Some(left_out) = &mut self.left_out {
            *left_out.entry((look.detail.ends(), look.not_told)).or_default() += 1;
        }
        if let Some(taken) = self.first.get(&look.detail) {
            debug_assert_ne!(*taken, spot);
            self.more.entry(look.detail).or_default().push(spot);
        } else {
            self.first.insert(look.detail, spot);
        }
        if look.part == 0 {
            self.open[Self::class(look.detail)].insert((self.base.seconds_until(look.detail), spot));
            if let Some(moved) = &mut self.moved {
                enter_moved(moved, spot, look);
            }
        }
    }

    fn leave(&mut self, spot: Spot, look: &CounterSample) {
        self.ends[usize::from(look.detail.inbound())] -= 1;
        self.untold -= u32::from(look.not_told != NotTold::NOTHING);
        if let Some(count) = self.left_out.as_mut().and_then(|left_out| left_out.get_mut(&(look.detail.ends(), look.not_told))) {
            *count -= 1;
        }
        let others = self.more.get_mut(&look.detail);
        if self.first.get(&look.detail) == Some(&spot) {
            match others.and_then(|others| (!others.is_empty()).then(|| others.remove(0))) {
                Some(next) => self.first.insert(look.detail, next),
                None => self.first.remove(&look.detail),
            };
        } else if let Some(others) = others {
            others.retain(|other| *other != spot);
        }
        if look.part == 0 {
            self.open[Self::class(look.detail)].remove(&(self.base.seconds_until(look.detail), spot));
            if let Some(moved) = &mut self.moved {
                leave_moved(moved, spot, look);
            }
        }
    }

    /// An end tells of it from before the previous look.
    pub(super) fn told_before(&mut self, inbound: bool) {
        self.had_told[usize::from(inbound)] = true;
    }

    /// Whether only the other end tells of the pair from before the previous look.
    pub(super) fn is_first_of_its_end(&self, detail: Detail) -> bool {
        let own = usize::from(detail.inbound());
        !self.had_told[own] && self.had_told[1 - own]
    }

    /// Whether no look of the other end is there.
    pub(super) fn tells_alone(&self, inbound: bool) -> bool {
        self.ends[1 - usize::from(inbound)] == 0
    }

    /// Whether no look leaves out anything.
    pub(super) fn is_told(&self) -> bool {
        self.untold == 0
    }

    /// From now on rules are told apart by what they ask for.
    pub(super) fn tell_apart(&mut self) {
        if !self.by_asks {
            self.by_asks = true;
            self.sums = None;
        }
    }

    /// Whether they are.
    pub(super) fn is_by_asks(&self) -> bool {
        self.by_asks
    }

    /// A look came to be known. Whether there was room for it; if not, the index is of no more use.
    pub(super) fn added(&mut self, spot: Spot, look: &CounterSample, subsets: Option<&[Subsets; 2]>, room: &mut Room) -> bool {
        self.enter(spot, look);
        self.looks += 1;
        if let (Some(sums), Some(subsets)) = (&mut self.sums, subsets) {
            let subsets = &subsets[usize::from(self.by_asks)];
            if room.take(subsets.accounts.len() * OF_SUM) {
                add(sums, subsets, look);
            } else {
                self.sums = None;
            }
        }
        room.take(OF_LOOK)
    }

    /// A look is no longer what it was.
    pub(super) fn changed(&mut self, spot: Spot, old: &CounterSample, new: &CounterSample, subsets: Option<&[Subsets; 2]>) {
        if old.like() != new.like() || (old.part == 0) != (new.part == 0) {
            self.leave(spot, old);
            self.enter(spot, new);
        }
        if (old.like(), old.marks, old.shown, &old.earlier) != (new.like(), new.marks, new.shown, &new.earlier)
            && let (Some(sums), Some(subsets)) = (&mut self.sums, subsets)
        {
            let subsets = &subsets[usize::from(self.by_asks)];
            for subset in 0..subsets.accounts.len() {
                if subsets.holds(subset, old, old.like())
                    && let Some(key) = subsets.key(subset, old.like())
                    && let Some(part) = sums.get_mut(&(key, part_of(old.detail)))
                {
                    take_from(part, old);
                }
            }
            add(sums, subsets, new);
        }
    }

    /// What looks of the same ends leave out.
    pub(super) fn left_out<'l>(&mut self, ends: u64, looks: impl Iterator<Item = &'l CounterSample>) -> Vec<NotTold> {
        let left_out = self.left_out.get_or_insert_with(|| {
            let mut left_out = BTreeMap::new();
            looks.for_each(|look| *left_out.entry((look.detail.ends(), look.not_told)).or_default() += 1);
            left_out
        });
        let of_ends = left_out.range((ends, NotTold(0))..=(ends, NotTold(u32::MAX))).filter(|(_, count)| **count > 0);
        of_ends.map(|((_, not_told), _)| *not_told).collect()
    }

    /// The subsets are no longer what they were.
    pub(super) fn forget_sums(&mut self) {
        self.sums = None;
    }

    /// Looks of this identity.
    pub(super) fn alike(&self, detail: Detail) -> impl Iterator<Item = Spot> {
        let more = self.more.get(&detail).map_or(&[][..], Vec::as_slice);
        self.first.get(&detail).into_iter().chain(more).copied()
    }

    /// Looks that nobody claimed, of the same reporter and decision, that began no earlier.
    pub(super) fn open(&self, detail: Detail) -> impl Iterator<Item = Spot> {
        self.open[Self::class(detail)].range((self.base.seconds_until(detail), 0)..).map(|(_, spot)| *spot)
    }

    /// The open look that is most like a record of which something has moved, and has counters that it can have grown from;
    /// of several the one with the most. `look` finds them.
    pub(super) fn likeliest<'l>(
        &mut self,
        detail: Detail,
        shown: Counters,
        look: impl Fn(Spot) -> &'l CounterSample,
        room: &mut Room,
    ) -> Option<(u32, Spot)> {
        let (open, from) = (&self.open[Self::class(detail)], self.base.seconds_until(detail));
        let among = |from: i64, to: i64| {
            let fitting = open.range((from, 0)..=(to, Spot::MAX)).map(|(_, spot)| (look(*spot), *spot));
            let fitting = fitting.filter(|(look, _)| not_above(&look.shown, &shown));
            fitting.map(|(look, spot)| (look.detail.likeness(detail), look.shown, spot)).max()
        };
        let is_few = open.len() < self.few;
        if !is_few && self.moved.is_none() && room.take(self.open.iter().map(BTreeSet::len).sum::<usize>() * OF_MOVED) {
            let mut moved = MovedLooks::new();
            self.open.iter().flatten().for_each(|(_, spot)| enter_moved(&mut moved, *spot, look(*spot)));
            self.moved = Some(moved);
        }
        let found = if let Some(moved) = self.moved.as_ref().filter(|_| !is_few) {
            let but_for = |part: u8| {
                let others = detail.but_for(usize::from(part));
                let fits = |((_, _, have, _), other): &(&(u8, u64, Counters, Spot), &Detail)| {
                    not_above(have, &shown) && self.base.seconds_until(**other) >= from
                };
                let alike = moved.range((part, others, [0; 3], 0)..=(part, others, shown, Spot::MAX));
                let ((_, _, have, spot), other) = alike.rev().find(fits)?;
                Some((other.likeness(detail), *have, *spot))
            };
            // One that began at the same instant is more like it than any other, however much else has moved.
            let same_beginning = (0..5).filter_map(but_for).max().or_else(|| among(from, from));
            same_beginning.or_else(|| but_for(5)).or_else(|| among(from.saturating_add(1), i64::MAX))
        } else {
            among(from, i64::MAX)
        };
        found.map(|(likeness, _, spot)| (likeness, spot))
    }

    /// What a subset adds up to for a record like this.
    pub(super) fn sides<'l>(
        &mut self,
        subset: usize,
        like: Like,
        subsets: &Subsets,
        looks: impl Iterator<Item = &'l CounterSample>,
        room: &mut Room,
    ) -> Sides {
        if self.sums.is_none() {
            if !room.take(self.looks * subsets.accounts.len() * OF_SUM) {
                return subsets.sum(subset, like, looks);
            }
            let mut sums = HashMap::new();
            looks.for_each(|look| add(&mut sums, subsets, look));
            self.sums = Some(sums);
        }
        let (Some(sums), Some(key)) = (&self.sums, subsets.key(subset, like)) else { return Sides::default() };
        Sides::of(|part| sums.get(&(key, part)).copied().unwrap_or_default())
    }
}

fn enter_moved(moved: &mut MovedLooks, spot: Spot, look: &CounterSample) {
    for part in 0..Detail::PARTS.len() {
        moved.insert((part as u8, look.detail.but_for(part), look.shown, spot), look.detail);
    }
}

fn leave_moved(moved: &mut MovedLooks, spot: Spot, look: &CounterSample) {
    for part in 0..Detail::PARTS.len() {
        moved.remove(&(part as u8, look.detail.but_for(part), look.shown, spot));
    }
}

fn add(sums: &mut Sums, subsets: &Subsets, look: &CounterSample) {
    for subset in 0..subsets.accounts.len() {
        if subsets.holds(subset, look, look.like())
            && let Some(key) = subsets.key(subset, look.like())
        {
            add_to(sums.entry((key, part_of(look.detail))).or_default(), look);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::accounting::{Aging, Closing, Hit, Increases, Ledger, Noted, Talk, Terms};
    use super::super::coverage::{Coverage, Proof};
    use super::super::pair::{Own, Reading, Ways};
    use super::super::reading::Learned;
    use super::*;
    use crate::domain::record::{Decision, Direction, Endpoint, Flow, Interned};
    use proptest::prelude::*;

    #[derive(Debug, Default, PartialEq)]
    struct Heard(Vec<(Hit, Option<(Ways, Timestamp)>)>, u32);

    impl Increases for Heard {
        fn grown(&mut self, hit: Hit, by: &Ways, since: Timestamp, _: Talk) {
            self.0.push((hit, Some((*by, since))));
        }

        fn late(&mut self, hit: Hit, by: &Ways, since: Timestamp, _: Talk) {
            self.0.push((hit, Some((*by, since))));
        }

        fn learning(&mut self, hit: Hit) {
            self.0.push((hit, None));
        }

        fn keep(&mut self) -> u32 {
            self.1 += 1;
            self.1
        }
    }

    /// One record, by small numbers: how many minutes into the day it began, who, decision, direction, state, end, count,
    /// marks and what it does not tell.
    type Told = (u8, u8, u8, bool, u8, u8, u64, (u8, bool));

    fn start() -> Timestamp {
        "2026-11-20T00:00:00Z".parse().unwrap()
    }

    fn at(minutes: i64) -> Timestamp {
        start() + jiff::SignedDuration::from_mins(minutes)
    }

    fn rules() -> Vec<RuleAccount> {
        let all = Selector {
            decisions: 15,
            states: 255,
            directions: 3,
            mark: None,
            same_process: false,
            same_user: false,
            same_decision: false,
            asks: NotTold::NOTHING,
        };
        [
            all,
            Selector { same_process: true, asks: NotTold::LABELS, ..all },
            Selector { same_user: true, same_decision: true, ..all },
            Selector { decisions: 0b0110, mark: Some(0), ..all },
            Selector { states: 0b110, directions: 2, ..all },
        ]
        .into_iter()
        .zip([100, 90, 100, 50, 0])
        .map(|(selector, minutes)| RuleAccount {
            selector,
            window_start: at(minutes),
            late_start: at(minutes - 30),
            kept_from: None,
            unmarked: false,
            mark_of: 0,
        })
        .collect()
    }

    /// What is heard over some looks, and what is remembered after the last.
    fn heard(looks: &[Vec<Told>], index_from: usize, room: usize) -> (Vec<Heard>, Vec<CounterSample>) {
        let end = |ip: &str, href: u8| {
            let endpoint = Endpoint { ip_text: ip.to_owned(), ..Endpoint::default() };
            let ip_key = xxhash_rust::xxh3::xxh3_64(ip.as_bytes());
            Interned { endpoint, name: ip.into(), marks: Box::new([]), ip_key, href_key: u64::from(href) }
        };
        let rules = rules();
        let (mut known, mut coverage, mut aging, mut all) = (Vec::new(), Coverage::default(), Aging::default(), Vec::new());
        for (number, look) in looks.iter().enumerate() {
            let now = at(120 + 10 * number as i64);
            let terms = Terms {
                now,
                cap: 1_000,
                most_new: 1_000,
                most_of_pair: 1_000,
                is_over: || false,
                lookback: std::time::Duration::from_secs(600),
                reading: Reading::Unknown,
            };
            let mut ledger = Ledger::new(std::mem::take(&mut known), coverage.clone(), std::mem::take(&mut aging), terms)
                .indexed_from(index_from, Room::of(room));
            let mut out = Heard::default();
            for (minute, who, decision, inbound, state, href, count, (marks, labels_missing)) in look {
                let flow = Flow {
                    src: &end("10.0.0.1", *href),
                    dst: &end("10.0.0.2", 7),
                    port: Some(443),
                    proto: 6,
                    process: ["a", "b", "c"][usize::from(*who % 3)],
                    service: "",
                    user: ["x", "y"][usize::from(*who / 3 % 2)],
                    decision: Decision::ALL[usize::from(*decision)],
                    direction: if *inbound { Direction::Inbound } else { Direction::Outbound },
                    state: ["", "active", "closed"][usize::from(*state)],
                    transmission: "",
                    network: "",
                    client_type: "",
                    connections: count + number as u64,
                    bytes_in: 0,
                    bytes_out: count / 2,
                    icmp: 0,
                    first: Some(at(i64::from(*minute))),
                    last: Some(now),
                    own_not_told: NotTold::NOTHING,
                };
                let noted = Noted { marks: u64::from(*marks), not_told: NotTold::LABELS.when(*labels_missing) };
                let hits: Vec<Hit> = (0..rules.len() as u32).map(|rule| Hit { rule, group: 0, value: 0, undecided: false }).collect();
                if let Some(recognised) = ledger.recognise(&flow, 0, noted) {
                    ledger.take(recognised, &hits, &rules, &mut out);
                }
            }
            ledger.end_of_answer(&rules, &mut out);
            all.push(out);
            let closing = Closing { next_from: start(), whole: [true; 4], narrowed: false };
            let forgotten_before;
            (known, aging, forgotten_before) = ledger.into_looks(closing, &mut Learned::default());
            let proof = Proof { since: start(), at: now, scope: coverage.scope.clone(), swept: None };
            coverage = Coverage {
                proofs: [const { None }; 4].map(|_: Option<Proof>| Some(proof.clone())),
                forgotten_before,
                looked_at: Some(now),
                ..coverage
            };
        }
        (all, known)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        /// With the index from the first look on, from the fourth, with room for a part of it, and without: the same is said and remembered.
        #[test]
        fn an_index_changes_nothing(
            looks in prop::collection::vec(prop::collection::vec((0u8..4, 0u8..6, 0u8..3, any::<bool>(), 0u8..3, 0u8..2, 1u64..9, (0u8..2, prop::bool::weighted(0.2))), 0..24), 1..5),
            room in 0usize..12_000,
        ) {
            let plain = heard(&looks, usize::MAX, 0);
            prop_assert_eq!(&heard(&looks, 0, usize::MAX), &plain);
            prop_assert_eq!(&heard(&looks, 4, usize::MAX), &plain);
            // With room for some of it only.
            prop_assert_eq!(&heard(&looks, 0, room), &plain);
        }
    }

    /// A sample of the one pair there is.
    fn sample(detail: Detail, shown: [u64; 3]) -> CounterSample {
        CounterSample {
            pair: 1 << 8,
            detail,
            shown,
            earlier: Default::default(),
            day: 0,
            unseen_since: 0,
            marks: 0,
            part: 0,
            not_told: NotTold::NOTHING,
            unproven: false,
        }
    }

    /// Twice the records of a pair take about twice the work, not four times.
    #[test]
    fn the_index_finds_without_searching() {
        let look = |number: u32| sample(Detail(u64::from(number & 0xfff) << 18 | u64::from(number >> 12) << 8), [1, 2, 3]);
        let looks: Vec<CounterSample> = (0..20_000).map(look).collect();
        let mut hot = Hot::new((0..).zip(&looks), [false; 2], 64);
        let subsets = Subsets::both(&rules(), None);
        for (spot, look) in (0..).zip(&looks) {
            assert_eq!(hot.alike(look.detail).collect::<Vec<_>>(), [spot]);
            let seen = CounterSample { part: 1, shown: [2, 2, 3], ..look.clone() };
            hot.sides(0, look.like(), &subsets[0], looks.iter(), &mut Room::of(usize::MAX));
            hot.changed(spot, look, &seen, Some(&subsets));
        }
        assert!(hot.open.iter().all(BTreeSet::is_empty));
        let ways = hot
            .sides(0, Like { detail: Detail(0), not_told: NotTold::NOTHING }, &subsets[0], std::iter::empty(), &mut Room::of(0))
            .count(&Own::default(), Reading::Unknown);
        assert_eq!(ways[0][0], 40_000);
    }

    /// A pair of which every record moves: each finds what it was at once.
    #[test]
    fn what_has_moved_is_found_without_searching() {
        let number = |value: u64, part: usize| Detail::PARTS[part] & value << Detail::PARTS[part].trailing_zeros();
        let look = |at: u32| {
            let detail = Detail(number(2 * u64::from(at) + 1, 5) | number(u64::from(at), 2) | number(u64::from(at) / 7, 3));
            sample(detail, [u64::from(at % 50), 0, 0])
        };
        for (part, likeness) in [(0, 12), (1, 12), (2, 12), (3, 12), (4, 12), (5, 5)] {
            let visited = |many: u32| {
                let looks: Vec<CounterSample> = (0..many).map(look).collect();
                let mut hot = Hot::new((0..).zip(&looks), [false; 2], 64);
                let visited = std::cell::Cell::new(0);
                for (spot, look) in (0..).zip(&looks) {
                    // A beginning can only move back.
                    let moved = if part == 5 { number(2 * u64::from(spot), 5) } else { number(5, part) };
                    let record = Detail(look.detail.but_for(part) | moved);
                    let found = hot.likeliest(
                        record,
                        [60, 1, 1],
                        |spot| {
                            visited.set(visited.get() + 1);
                            &looks[spot as usize]
                        },
                        &mut Room::of(usize::MAX),
                    );
                    assert_eq!(found, Some((if look.detail == record { 13 } else { likeness }, spot)));
                    let seen = CounterSample { part: 1, ..look.clone() };
                    hot.changed(spot, look, &seen, None);
                }
                visited.get()
            };
            let (once, twice) = (visited(2_000), visited(4_000));
            assert!(twice <= 3 * once, "part {part}: {once}, {twice}");
        }
    }
}
