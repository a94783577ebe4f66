//! Pairs with very many records: what would be looked up among all of them is found at once.
//!
//! A jump host or a batch server makes thousands of records of one pair and day, by process, user and time. Looking at all
//! of them for each of them would cost the square, so from a certain number on a pair has an index of its looks: by
//! identity, those that no record has claimed yet by their beginning, and what each subset of them adds up to. The index
//! follows every change of a look; what it says is what going through all looks would say.

use super::accounting::RuleAccount;
use super::identity::Detail;
use super::look::Look;
use super::pair::{Selector, Sides};
use hashbrown::HashMap;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Where a look of the pair lies: among the known ones, or (with the highest bit) among its fresh ones.
pub(super) type Spot = u32;

/// The different subsets of a pair's records that the rules count.
#[derive(Debug)]
pub(super) struct Subsets {
    accounts: Vec<RuleAccount>,
    of_rule: Vec<usize>,
    /// At the very first look: the run's instant, near which what began within a rule's window counts.
    first_look: Option<Timestamp>,
}

impl Subsets {
    pub(super) fn of(rules: &[RuleAccount], first_look: Option<Timestamp>) -> Self {
        let mut accounts: Vec<RuleAccount> = Vec::new();
        let same =
            |a: &RuleAccount, b: &RuleAccount| a.selector == b.selector && (first_look.is_none() || a.window_start == b.window_start);
        let of_rule = rules.iter().map(|rule| {
            accounts.iter().position(|account| same(account, rule)).unwrap_or_else(|| {
                accounts.push(*rule);
                accounts.len() - 1
            })
        });
        let of_rule = of_rule.collect();
        Self { accounts, of_rule, first_look }
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
    pub(super) fn holds(&self, subset: usize, look: &Look, like: Detail) -> bool {
        self.accounts.get(subset).is_some_and(|account| {
            let in_time = self.first_look.is_none_or(|near| look.detail.first_near(near) > account.window_start.as_second());
            in_time && account.selector.takes(look, like)
        })
    }

    fn key(&self, subset: usize, detail: Detail) -> Option<(u32, u64)> {
        Some((u32::try_from(subset).ok()?, likeness(&self.accounts.get(subset)?.selector, detail)))
    }
}

/// What all records that a selector counts together have in common.
fn likeness(selector: &Selector, detail: Detail) -> u64 {
    let part = |wanted: bool, value: u64| if wanted { value } else { 0 };
    detail.ends()
        | part(selector.same_process, detail.process()) << 8
        | part(selector.same_user, detail.user()) << 20
        | part(selector.same_decision, u64::from(detail.decision_bit())) << 30
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
    /// What each subset adds up to; made when it is asked for.
    sums: Option<HashMap<(u32, u64), Sides>>,
}

impl Hot {
    pub(super) fn new<'l>(looks: impl Iterator<Item = (Spot, &'l Look)>) -> Self {
        let mut hot = Hot { first: HashMap::new(), more: HashMap::new(), open: Default::default(), base: Detail(0), sums: None };
        for (number, (spot, look)) in looks.enumerate() {
            if number == 0 {
                hot.base = look.detail;
            }
            hot.enter(spot, look);
        }
        hot
    }

    fn class(detail: Detail) -> usize {
        usize::from(detail.inbound()) << 2 | detail.decision()
    }

    fn enter(&mut self, spot: Spot, look: &Look) {
        if let Some(taken) = self.first.get(&look.detail) {
            debug_assert_ne!(*taken, spot);
            self.more.entry(look.detail).or_default().push(spot);
        } else {
            self.first.insert(look.detail, spot);
        }
        if look.part == 0 {
            self.open[Self::class(look.detail)].insert((self.base.seconds_until(look.detail), spot));
        }
    }

    fn leave(&mut self, spot: Spot, look: &Look) {
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
        }
    }

    /// A look came to be known.
    pub(super) fn added(&mut self, spot: Spot, look: &Look, subsets: Option<&Subsets>) {
        self.enter(spot, look);
        if let (Some(sums), Some(subsets)) = (&mut self.sums, subsets) {
            add(sums, subsets, look);
        }
    }

    /// A look is no longer what it was.
    pub(super) fn changed(&mut self, spot: Spot, old: &Look, new: &Look, subsets: Option<&Subsets>) {
        if old.detail != new.detail || (old.part == 0) != (new.part == 0) {
            self.leave(spot, old);
            self.enter(spot, new);
        }
        if (old.detail, old.marks, old.shown, old.settled) != (new.detail, new.marks, new.shown, new.settled)
            && let (Some(sums), Some(subsets)) = (&mut self.sums, subsets)
        {
            for subset in 0..subsets.accounts.len() {
                if subsets.holds(subset, old, old.detail)
                    && let Some(sides) = subsets.key(subset, old.detail).and_then(|key| sums.get_mut(&key))
                {
                    sides.remove(old);
                }
            }
            add(sums, subsets, new);
        }
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

    /// What a subset adds up to for a record like this.
    pub(super) fn sides<'l>(&mut self, subset: usize, like: Detail, subsets: &Subsets, looks: impl Iterator<Item = &'l Look>) -> Sides {
        let sums = self.sums.get_or_insert_with(|| {
            let mut sums = HashMap::new();
            looks.for_each(|look| add(&mut sums, subsets, look));
            sums
        });
        subsets.key(subset, like).and_then(|key| sums.get(&key)).copied().unwrap_or_default()
    }
}

fn add(sums: &mut HashMap<(u32, u64), Sides>, subsets: &Subsets, look: &Look) {
    for subset in 0..subsets.accounts.len() {
        if subsets.holds(subset, look, look.detail)
            && let Some(key) = subsets.key(subset, look.detail)
        {
            sums.entry(key).or_default().add(look);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::accounting::{Aging, Closing, Hit, Increases, Ledger, Talk, Terms};
    use super::super::coverage::{Coverage, Proof};
    use super::super::pair::{Own, Reading, Ways};
    use super::super::reading::Learned;
    use super::*;
    use crate::domain::record::{Decision, Direction, Endpoint, Flow, Interned};
    use proptest::prelude::*;
    use std::rc::Rc;

    #[derive(Debug, Default, PartialEq)]
    struct Heard(Vec<(Hit, Option<(Ways, Timestamp)>)>, u32);

    impl Increases for Heard {
        fn grown(&mut self, hit: Hit, by: &Ways, since: Timestamp, _: Talk) {
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

    /// One record, by small numbers: how many minutes into the day it began, who, decision, direction, state, end, count, marks.
    type Told = (u8, u8, u8, bool, u8, u8, u64, u8);

    fn start() -> Timestamp {
        "2026-11-20T00:00:00Z".parse().unwrap()
    }

    fn at(minutes: i64) -> Timestamp {
        start() + jiff::SignedDuration::from_mins(minutes)
    }

    fn rules() -> Vec<RuleAccount> {
        let all =
            Selector { decisions: 15, states: 255, directions: 3, mark: None, same_process: false, same_user: false, same_decision: false };
        [
            all,
            Selector { same_process: true, ..all },
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
    fn heard(looks: &[Vec<Told>], index_from: usize) -> (Vec<Heard>, Vec<Look>) {
        let end = |ip: &str, href: u8| {
            let (name, endpoint) = (Rc::from(ip), Endpoint { ip_text: ip.to_owned(), ..Endpoint::default() });
            let ip_key = xxhash_rust::xxh3::xxh3_64(ip.as_bytes());
            Rc::new(Interned { endpoint, name, marks: Box::new([]), ip_key, href_key: u64::from(href) })
        };
        let rules = rules();
        let (mut known, mut coverage, mut aging, mut all) = (Vec::new(), Coverage::default(), Aging::default(), Vec::new());
        for (number, look) in looks.iter().enumerate() {
            let now = at(120 + 10 * number as i64);
            let terms = Terms { now, cap: 1_000, lookback: std::time::Duration::from_secs(600), reading: Reading::Unknown };
            let mut ledger =
                Ledger::new(std::mem::take(&mut known), coverage.clone(), std::mem::take(&mut aging), terms).indexed_from(index_from);
            let mut out = Heard::default();
            for (minute, who, decision, inbound, state, href, count, marks) in look {
                let flow = Flow {
                    src: end("10.0.0.1", *href),
                    dst: end("10.0.0.2", 7),
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
                };
                let hits: Vec<Hit> = (0..rules.len() as u32).map(|rule| Hit { rule, group: 0, value: 0 }).collect();
                if let Some(recognised) = ledger.recognise(&flow, 0, u64::from(*marks)) {
                    ledger.take(recognised, &hits, &rules, &mut out);
                }
            }
            ledger.end_of_answer(&rules, &mut out);
            all.push(out);
            let closing = Closing { next_from: start(), whole: [true; 4], narrowed: false };
            let forgotten_before;
            (known, aging, forgotten_before) = ledger.into_looks(closing, &mut Learned::default());
            let proof = Proof { since: start(), at: now, scope: coverage.scope.clone() };
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

        /// With the index from the first look on, from the fourth, and without: the same is said and remembered.
        #[test]
        fn an_index_changes_nothing(
            looks in prop::collection::vec(prop::collection::vec((0u8..4, 0u8..6, 0u8..3, any::<bool>(), 0u8..3, 0u8..2, 1u64..9, 0u8..2), 0..24), 1..5),
        ) {
            let plain = heard(&looks, usize::MAX);
            prop_assert_eq!(&heard(&looks, 0), &plain);
            prop_assert_eq!(&heard(&looks, 4), &plain);
        }
    }

    /// Twice the records of a pair take about twice the work, not four times.
    #[test]
    fn the_index_finds_without_searching() {
        let look = |number: u32| Look {
            pair: 1 << 8,
            detail: Detail(u64::from(number & 0xfff) << 18 | u64::from(number >> 12) << 8),
            shown: [1, 2, 3],
            settled: [[0; 3]; 2],
            day: 0,
            unseen_since: 0,
            marks: 0,
            part: 0,
        };
        let looks: Vec<Look> = (0..20_000).map(look).collect();
        let mut hot = Hot::new((0..).zip(&looks));
        let subsets = Subsets::of(&rules(), None);
        for (spot, look) in (0..).zip(&looks) {
            assert_eq!(hot.alike(look.detail).collect::<Vec<_>>(), [spot]);
            let seen = Look { part: 1, shown: [2, 2, 3], ..look.clone() };
            hot.sides(0, look.detail, &subsets, looks.iter());
            hot.changed(spot, look, &seen, Some(&subsets));
        }
        assert!(hot.open.iter().all(BTreeSet::is_empty));
        let ways = hot.sides(0, Detail(0), &subsets, std::iter::empty()).count(&Own::default(), Reading::Unknown);
        assert_eq!(ways[0][0], 40_000);
    }
}
