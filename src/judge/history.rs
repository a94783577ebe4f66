//! What is remembered of a rule's groups beyond its window: who is missed when silent, and what is usual.

use super::measurement::{GroupMeasurement, Measurement, group_key};
use super::sightings::unwatched;
use crate::domain::rule::{Against, Baseline, Rule, Stat};
use crate::domain::text::quantity;
use crate::domain::threshold::BaselineValue;
use crate::domain::time::{after, before, since};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Most groups that one rule misses when silent.
const MOST_MISSED: usize = 10_000;
/// Most values that one rule keeps to know what is usual.
const MOST_VALUES: usize = 1_000_000;
/// Values for `same_hour` are kept no denser than this, in seconds.
const HALF_AN_HOUR: i64 = 1_800;
/// How far from the same time of day a value for `same_hour` may be, in seconds.
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// A group that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    group: Vec<Option<String>>,
    seen: Timestamp,
}

/// The values of all groups at the end of an earlier window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sample {
    /// When, in seconds.
    at: i64,
    /// How many seconds the values cover.
    covers: i64,
    /// By group; groups that are not listed had nothing, unless `listed_only`.
    values: BTreeMap<u64, f64>,
    /// Groups whose value was not known exactly.
    inexact: BTreeSet<u64>,
    /// Nothing is known of groups that are not listed.
    listed_only: bool,
}

impl Sample {
    fn value(&self, group: u64) -> Option<f64> {
        let nothing = !self.listed_only && !self.inexact.contains(&group);
        self.values.get(&group).copied().or(nothing.then_some(0.0))
    }

    /// Whether it covers about as much: a value of an hour says nothing of ten minutes.
    fn is_like(&self, covers: i64) -> bool {
        self.covers.max(covers).saturating_mul(2) <= self.covers.min(covers).saturating_mul(3)
    }
}

/// What is remembered of a rule's groups beyond its window.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct History {
    looked: Option<Timestamp>,
    expected_groups: BTreeMap<u64, Known>,
    /// Oldest first.
    samples: Vec<Sample>,
    /// For rules that ask for less than usual: the groups of the samples.
    groups: BTreeMap<u64, Vec<Option<String>>>,
    /// The window in seconds that the samples are of: those of another one say nothing.
    of_window: u64,
}

impl History {
    /// Adds the groups that are silent, and what is usual for each group. `whole`: the answer was.
    pub fn complete(&mut self, rule: &Rule, measurement: &mut Measurement, whole: bool, now: Timestamp) {
        if rule.expected_groups.is_some() {
            self.add_missing_groups(rule, measurement, now);
        } else {
            self.expected_groups.clear();
        }
        match &rule.baseline {
            Some(baseline) => self.compare(rule, baseline, measurement, whole, now),
            None => (self.samples, self.groups) = Default::default(),
        }
        self.looked = Some(now);
    }

    /// Groups that are remembered or expected and show nothing get the value zero.
    fn add_missing_groups(&mut self, rule: &Rule, measurement: &mut Measurement, now: Timestamp) {
        let Some(expected_groups) = &rule.expected_groups else { return };
        if expected_groups.expect.is_empty() {
            let pause = self.looked.map_or(Duration::ZERO, |looked| since(now, looked));
            let younger = unwatched(pause, rule.remember);
            let oldest = before(now, rule.remember);
            self.expected_groups.retain(|_, known| {
                // A clock that was set back leaves nothing in the future.
                known.seen = after(known.seen, younger).min(now);
                known.seen >= oldest
            });
            for measured in measurement.groups.iter().filter(|measured| measured.estimate.low > 0.0) {
                if self.expected_groups.len() < MOST_MISSED || self.expected_groups.contains_key(&measured.key) {
                    self.expected_groups.insert(measured.key, Known { group: measured.group.clone(), seen: now });
                } else {
                    measurement.trouble = Some(tr!(
                        "more than {most_missed} groups: it is not known for all of them whether they are missing",
                        most_missed = MOST_MISSED
                    ));
                }
            }
        } else {
            // A rule that names its groups watches no others.
            let expected: BTreeMap<u64, &Vec<Option<String>>> =
                expected_groups.expect.iter().map(|group| (group_key(group), group)).collect();
            measurement.groups.retain(|measured| expected.contains_key(&measured.key));
            self.expected_groups = expected.into_iter().map(|(key, group)| (key, Known { group: group.clone(), seen: now })).collect();
        }
        list_silent(measurement, self.expected_groups.iter().map(|(key, known)| (*key, &known.group)));
        // What is neither seen nor remembered any more is over, not silent.
        measurement.unlisted.is_gone = true;
    }

    /// Says of each group what is usual for it, and keeps this run's values for later.
    fn compare(&mut self, rule: &Rule, baseline: &Baseline, measurement: &mut Measurement, whole: bool, now: Timestamp) {
        let at = now.as_second();
        let window = seconds(rule.window);
        let covers = measurement.covers.map_or(window, |(from, to)| seconds(since(to, from)).max(window));
        if self.of_window != rule.window.as_secs() {
            self.of_window = rule.window.as_secs();
            (self.samples, self.groups) = Default::default();
        }
        // A clock that was set back must not leave samples of the future.
        self.samples.retain(|sample| sample.at <= at);
        let listed_only = !measurement.unlisted.is_certain() || measurement.unlisted.is_gone;
        let asks_for_less = rule.thresholds.worst_first().any(|(_, threshold)| threshold.relative && threshold.is_falling());
        if asks_for_less && !measurement.unlisted.is_gone {
            list_silent(measurement, self.groups.iter().map(|(key, group)| (*key, group)));
        }
        let chosen = choose(&self.samples, baseline, at, covers);
        let mut note = None;
        for measured in &mut measurement.groups {
            let values: Vec<f64> = chosen.iter().filter_map(|sample| sample.value(measured.key)).take(baseline.samples).collect();
            if values.len() < baseline.min_samples {
                let known = values.len();
                note = Some(tr!(
                    "learning the usual value: {known} of {wanted} earlier windows of this length",
                    known,
                    wanted = baseline.min_samples
                ));
                measured.usual = BaselineValue::Learning;
                continue;
            }
            let usual = stat(baseline.stat, values);
            measured.usual = BaselineValue::Is { usual, floor: baseline.floor };
            if rule.group_by.is_empty() {
                let value = quantity(usual, rule.unit());
                note = Some(if usual < baseline.floor {
                    tr!("usual: {value}, below the floor of {floor}", value, floor = quantity(baseline.floor, rule.unit()))
                } else {
                    tr!("usual: {value}", value)
                });
            }
        }
        measurement.note = measurement.note.take().or(note);
        // Room for windows of several lengths: each is compared with those like it.
        let (spacing, most) = match baseline.against {
            Against::Previous => (covers - covers / 10, 4 * baseline.samples + 4),
            Against::SameHour => (HALF_AN_HOUR - HALF_AN_HOUR / 10, (baseline.samples + 1) * (DAY / HALF_AN_HOUR) as usize * 10 / 9),
        };
        let last = self.samples.iter().rev().find(|sample| sample.is_like(covers));
        if whole && last.is_none_or(|last| at - last.at >= spacing) {
            self.samples.extend(sample(measurement, listed_only, MOST_VALUES / most, (at, covers)));
        }
        self.samples.drain(..self.samples.len().saturating_sub(most));
        if baseline.against == Against::SameHour {
            self.samples.retain(|sample| sample.at >= at - DAY * (baseline.samples as i64 + 1));
        }
        if asks_for_less {
            let used: BTreeSet<u64> = self.samples.iter().flat_map(|sample| sample.values.keys().copied()).collect();
            self.groups.extend(measurement.groups.iter().map(|measured| (measured.key, measured.group.clone())));
            self.groups.retain(|key, _| used.contains(key));
        } else {
            self.groups.clear();
        }
    }
}

/// Adds groups that were not seen, at zero.
fn list_silent<'h>(measurement: &mut Measurement, groups: impl Iterator<Item = (u64, &'h Vec<Option<String>>)>) {
    let present: BTreeSet<u64> = measurement.groups.iter().map(|measured| measured.key).collect();
    let unlisted = measurement.unlisted;
    let silent = groups.filter(|(key, _)| !present.contains(key));
    measurement.groups.extend(silent.map(|(key, group)| unlisted.measured(key, group.clone())));
    measurement.groups.sort_by_key(|measured| measured.key);
}

/// What this look says of each group, for later looks. Of too many groups the largest are kept, and nothing is said of the rest.
fn sample(measurement: &Measurement, listed_only: bool, most: usize, (at, covers): (i64, i64)) -> Option<Sample> {
    let is_exact = |measured: &&GroupMeasurement| measured.estimate.is_exact() && !measured.unjudged;
    let exact = measurement.groups.iter().filter(is_exact).map(|measured| (measured.key, measured.estimate.low));
    let mut values: Vec<(u64, f64)> = exact.collect();
    let inexact: BTreeSet<u64> = {
        let known: BTreeSet<u64> = values.iter().map(|(key, _)| *key).collect();
        measurement.groups.iter().map(|measured| measured.key).filter(|key| !known.contains(key)).collect()
    };
    if values.is_empty() && (listed_only || !inexact.is_empty()) {
        return None;
    }
    values.retain(|(_, value)| listed_only || *value > 0.0);
    let listed_only = listed_only || values.len() > most || inexact.len() > most;
    values.sort_by(|a, b| b.1.total_cmp(&a.1));
    values.truncate(most);
    Some(Sample { at, covers, values: values.into_iter().collect(), inexact: inexact.into_iter().take(most).collect(), listed_only })
}

/// The earlier samples to compare with, the latest first. None of them overlaps what is judged, give or take
/// a tenth: runs are never exactly as far apart as they should be.
fn choose<'s>(samples: &'s [Sample], baseline: &Baseline, at: i64, covers: i64) -> Vec<&'s Sample> {
    let ended = || samples.iter().rev().filter(|sample| at - sample.at >= covers - covers / 10 && sample.is_like(covers));
    match baseline.against {
        Against::Previous => ended().collect(),
        Against::SameHour => (1..=baseline.samples as i64)
            .filter_map(|days| {
                let away = |sample: &Sample| (sample.at - (at - days * DAY)).abs();
                ended().min_by_key(|sample| away(sample)).filter(|sample| away(sample) <= HOUR)
            })
            .collect(),
    }
}

fn seconds(span: Duration) -> i64 {
    i64::try_from(span.as_secs()).unwrap_or(i64::MAX / 4)
}

fn stat(stat: Stat, mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let count = values.len();
    match stat {
        _ if count == 0 => 0.0,
        Stat::Median if count.is_multiple_of(2) => (values[count / 2 - 1] + values[count / 2]) / 2.0,
        Stat::Median => values[count / 2],
        Stat::Mean => values.iter().sum::<f64>() / count as f64,
        Stat::Max => values[count - 1],
    }
}
