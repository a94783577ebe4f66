//! What one run adds to one rule, group by group, and who contributed most.

use super::sightings::Sightings;
use crate::domain::alert::Contributor;
use crate::domain::metric::Metric;
use hashbrown::{HashMap, HashSet};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Groups one rule may have in one run. More are not told apart any more, which is said.
pub const MOST_GROUPS: usize = 50_000;
/// Different values one rule may hold in one run.
pub const MOST_VALUES: usize = 1_000_000;

/// What a metric adds up.
#[derive(Debug, Clone, PartialEq)]
pub enum Amount {
    /// A plain sum.
    Sum(u64),
    /// The largest single number.
    Max(u64),
    /// Bytes of each flow; the fastest counts.
    PerFlow(HashMap<u64, u64>),
    /// Different values, hashed.
    Values(HashSet<u64>),
}

impl Amount {
    /// Nothing yet, for a metric.
    pub fn zero(metric: &Metric) -> Amount {
        match metric {
            Metric::Bandwidth => Amount::PerFlow(HashMap::new()),
            Metric::Flows | Metric::Distinct(_) => Amount::Values(HashSet::new()),
            // Those of records are judged by intervals (`judge::records`); what is seen is counted here.
            Metric::Connections
            | Metric::Bytes
            | Metric::BytesIn
            | Metric::BytesOut
            | Metric::Throughput
            | Metric::New(_)
            | Metric::Changes(_)
            | Metric::Row(_)
            | Metric::Over(..) => Amount::Sum(0),
        }
    }
}

impl Amount {
    /// How much it is, for telling large groups from small ones.
    pub fn size(&self) -> u64 {
        match self {
            Amount::Sum(amount) | Amount::Max(amount) => *amount,
            Amount::PerFlow(flows) => flows.values().copied().max().unwrap_or(0),
            Amount::Values(values) => values.len() as u64,
        }
    }
}

/// One group of one rule in one run.
#[derive(Debug)]
pub struct GroupTally<T> {
    /// Stable hash of the group's values.
    pub key: u64,
    /// The values, in the order of `group_by`.
    pub group: Vec<Option<String>>,
    /// What it adds up to.
    pub amount: Amount,
    /// What it adds up to in each way that is open, once they differ.
    pub ways: Option<[u64; 4]>,
    /// Beyond what it certainly adds up to: what flows may have more, and values that may have been seen.
    pub beyond: HashMap<u64, u64>,
    /// What may belong to it beside all that, depending on what is not told.
    pub possible: u64,
    /// What it adds up to is not told of some record that belongs to it, or may.
    pub unbounded: bool,
    /// Some record's past is unknown.
    pub learning: bool,
    /// Largest contributors.
    pub top: Top<T>,
}

/// One rule in one run. `T` is what is kept of a contributor until it is shown.
#[derive(Debug)]
pub struct Tally<T> {
    zero: Amount,
    /// Groups, in the order they were met.
    pub groups: Vec<GroupTally<T>>,
    numbers: HashMap<u64, u32>,
    /// Records that matched.
    pub matched: u64,
    /// More groups or values came than can be held.
    pub overflow: bool,
    values: usize,
    /// The earliest instant since when something of it may have arrived.
    pub reach: Option<Timestamp>,
    /// Something that came late is missing.
    pub misses: bool,
    /// What was counted from here on must be kept: a later look may still make up for what is missing in it.
    pub kept_from: Option<Timestamp>,
    /// What came late, and since when it may have: nobody knows when between then and now.
    pub late: Option<(Timestamp, Box<Tally<T>>)>,
    /// For metrics that ask what was ever seen: lent by the rule's memory for this run.
    pub sightings: Option<Sightings>,
}

impl<T> Tally<T> {
    /// An empty tally whose groups begin at `zero`.
    pub fn new(zero: Amount) -> Self {
        Self {
            zero,
            groups: Vec::new(),
            numbers: HashMap::new(),
            matched: 0,
            overflow: false,
            values: 0,
            reach: None,
            misses: false,
            kept_from: None,
            late: None,
            sightings: None,
        }
    }

    /// The number of a group, made when it is met for the first time. `None` when there are too many.
    pub fn group(&mut self, key: u64, group: impl FnOnce() -> Vec<Option<String>>) -> Option<u32> {
        if let Some(number) = self.numbers.get(&key) {
            return Some(*number);
        }
        if self.groups.len() >= MOST_GROUPS {
            self.overflow = true;
            return None;
        }
        let number = self.groups.len() as u32;
        self.groups.push(GroupTally {
            key,
            group: group(),
            amount: self.zero.clone(),
            ways: None,
            beyond: HashMap::new(),
            possible: 0,
            unbounded: false,
            learning: false,
            top: Top::default(),
        });
        self.numbers.insert(key, number);
        Some(number)
    }

    /// What is added next may have arrived since then.
    pub fn reach(&mut self, since: Timestamp) {
        self.reach = Some(self.reach.map_or(since, |reach| reach.min(since)));
    }

    /// The tally of what came late since then, and the number of a group in it.
    pub fn late(&mut self, group: u32, since: Timestamp) -> Option<(&mut Tally<T>, u32)> {
        let GroupTally { key, group, .. } = self.groups.get(group as usize)?;
        let (from, late) = self.late.get_or_insert_with(|| (since, Box::new(Tally::new(self.zero.clone()))));
        *from = (*from).min(since);
        let number = late.group(*key, || group.clone())?;
        Some((late, number))
    }

    /// Counts a combination of values in a group, given by its hash, if it was never seen before.
    pub fn see_new(&mut self, group: u32, values: u64, contributor: impl FnOnce() -> T) {
        let Some(key) = self.groups.get(group as usize).map(|tally| tally.key) else { return };
        let combination = values.rotate_left(1) ^ key;
        if self.sightings.as_mut().is_some_and(|sightings| sightings.is_new(combination)) {
            self.add(group, 1, 0, contributor);
        }
    }

    /// Counts values that a subject did not have before. The contributor is made of what it had and what it has.
    pub fn see_change(
        &mut self,
        group: u32,
        subject: u64,
        values: u64,
        texts: impl FnOnce() -> Vec<Option<String>>,
        contributor: impl FnOnce(&str, &str) -> T,
    ) {
        let text = || texts().iter().map(|value| value.as_deref().unwrap_or("-")).collect::<Vec<_>>().join(" / ");
        if let Some((had, has)) = self.sightings.as_mut().and_then(|sightings| sightings.change(subject, values, text)) {
            self.add(group, 1, 0, || contributor(&had, &has));
        }
    }

    /// Adds an increase that was counted in several ways: what is common to all is certain.
    pub fn add_ways(&mut self, group: u32, ways: [u64; 4], value: u64, contributor: impl FnOnce() -> T) {
        let least = ways.into_iter().min().unwrap_or(0);
        let most = ways.into_iter().max().unwrap_or(0);
        let Some(tally) = self.groups.get_mut(group as usize) else { return };
        match &tally.amount {
            Amount::Sum(sum) if least != most || tally.ways.is_some() => {
                let have = tally.ways.get_or_insert([*sum; 4]);
                have.iter_mut().zip(ways).for_each(|(have, way)| *have = have.saturating_add(way));
            }
            Amount::PerFlow(_) | Amount::Values(_) if value != 0 && most > least => {
                if tally.beyond.len() < MOST_VALUES {
                    *tally.beyond.entry(value).or_default() += most - least;
                } else {
                    self.overflow = true;
                }
                if least == 0 {
                    return;
                }
            }
            _ => {}
        }
        // Who contributed is shown by what may be.
        self.add_shown(group, least, most, value, contributor);
    }

    /// Adds what may belong to a group.
    pub fn add_possible(&mut self, group: u32, amount: u64, value: u64) {
        let Some(tally) = self.groups.get_mut(group as usize) else { return };
        match &tally.amount {
            Amount::Sum(_) => tally.possible = tally.possible.saturating_add(amount),
            Amount::Max(_) => tally.possible = tally.possible.max(amount),
            Amount::PerFlow(_) | Amount::Values(_) if value == 0 || amount == 0 => {}
            Amount::PerFlow(_) | Amount::Values(_) if tally.beyond.len() < MOST_VALUES => {
                *tally.beyond.entry(value).or_default() += amount;
            }
            Amount::PerFlow(_) | Amount::Values(_) => self.overflow = true,
        }
    }

    /// Adds to a group: `amount` for sums, `value` for different values and for telling flows apart
    /// (0 stands for "the record has no such value").
    pub fn add(&mut self, group: u32, amount: u64, value: u64, contributor: impl FnOnce() -> T) {
        self.add_shown(group, amount, amount, value, contributor);
    }

    fn add_shown(&mut self, group: u32, amount: u64, shown: u64, value: u64, contributor: impl FnOnce() -> T) {
        // With few groups there is room to keep more than is shown, so that the same contributor's parts add up.
        let most = if self.groups.len() > FEW_GROUPS { SHOWN } else { KEPT };
        let is_crowded = self.groups.len() > MANY_GROUPS;
        let Some(tally) = self.groups.get_mut(group as usize) else { return };
        match &mut tally.amount {
            Amount::Sum(sum) => *sum = sum.saturating_add(amount),
            Amount::Max(largest) => *largest = (*largest).max(amount),
            Amount::PerFlow(flows) => {
                if let Some(bytes) = flows.get_mut(&value) {
                    *bytes = bytes.saturating_add(amount);
                } else if self.values < MOST_VALUES {
                    self.values += 1;
                    flows.insert(value, amount);
                } else {
                    self.overflow = true;
                }
            }
            Amount::Values(values) => {
                if value != 0 && !values.contains(&value) {
                    if self.values < MOST_VALUES {
                        self.values += 1;
                        values.insert(value);
                    } else {
                        self.overflow = true;
                    }
                }
            }
        }
        if is_crowded && tally.top.kept.is_empty() {
            // Most of very many groups have one contributor.
            tally.top.kept.reserve_exact(1);
        }
        tally.top.offer(most, shown, contributor);
    }
}

const KEPT: usize = 24;
const FEW_GROUPS: usize = 64;
const MANY_GROUPS: usize = 10_000;
/// Contributors shown.
pub const SHOWN: usize = 5;

/// The largest contributions met so far.
#[derive(Debug)]
pub struct Top<T> {
    kept: Vec<(u64, T)>,
    smallest: u64,
}

impl<T> Default for Top<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), smallest: 0 }
    }
}

impl<T> Top<T> {
    fn offer(&mut self, most: usize, amount: u64, contributor: impl FnOnce() -> T) {
        if self.kept.len() > most {
            self.kept.sort_by_key(|(amount, _)| std::cmp::Reverse(*amount));
            self.kept.truncate(most);
            self.kept.shrink_to_fit();
            self.smallest = self.kept.last().map_or(0, |(amount, _)| *amount);
        }
        if self.kept.len() < most {
            self.kept.push((amount, contributor()));
        } else if amount > self.smallest {
            if let Some(place) = self.kept.iter().position(|(have, _)| *have == self.smallest) {
                self.kept[place] = (amount, contributor());
            }
        } else {
            return;
        }
        if self.kept.len() == most {
            self.smallest = self.kept.iter().map(|(amount, _)| *amount).min().unwrap_or(0);
        }
    }

    /// The contributors for people: contributions of the same one added up, largest first.
    pub fn talkers(&self, show: impl Fn(&T, f64) -> Contributor, scale: f64) -> Vec<Contributor> {
        merge_contributors(self.kept.iter().map(|(amount, contributor)| show(contributor, *amount as f64 * scale)), false)
    }
}

/// Adds up contributions of the same talker, or takes the largest of them; the largest few come first.
pub fn merge_contributors(talkers: impl IntoIterator<Item = Contributor>, is_largest: bool) -> Vec<Contributor> {
    let mut merged: BTreeMap<(String, String, Option<u16>, String, String), f64> = BTreeMap::new();
    for talker in talkers {
        let value = merged.entry((talker.src, talker.dst, talker.port, talker.proto, talker.decision)).or_default();
        *value = if is_largest { value.max(talker.value) } else { *value + talker.value };
    }
    let mut list: Vec<Contributor> = merged
        .into_iter()
        .map(|((src, dst, port, proto, decision), value)| Contributor { src, dst, port, proto, decision, value })
        .collect();
    list.sort_by(|a, b| b.value.total_cmp(&a.value));
    list.truncate(SHOWN);
    list
}
