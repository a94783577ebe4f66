//! What is remembered of a rule's groups beyond its window: who is missed when silent, and what is usual.

use super::memory::{Measured, Observation, group_key};
use crate::domain::rule::{Against, Baseline, Rule, Stat};
use crate::domain::text::quantity;
use crate::domain::threshold::Usual;
use crate::domain::time::{before, since};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Most groups that one rule misses when silent.
const MOST_MISSED: usize = 10_000;
/// Most groups whose usual value one rule knows.
const MOST_USUAL: usize = 2_000;
/// A pause longer than this is no reason to forget a group: nobody looked.
const NOBODY_LOOKED: Duration = Duration::from_secs(2 * 3600);
/// Values for `same_hour` are kept no denser than this.
const SPARSEST: Duration = Duration::from_secs(1800);
const DAY: i64 = 86_400;

/// A group that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    group: Vec<Option<String>>,
    seen: Timestamp,
}

/// What is remembered of a rule's groups beyond its window.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct History {
    looked: Option<Timestamp>,
    roll: BTreeMap<u64, Known>,
    /// Values at the end of earlier windows, as seconds and value, oldest first; by group.
    samples: BTreeMap<u64, Vec<(i64, f64)>>,
    /// The window in seconds that the samples are of: those of another one say nothing.
    of_window: u64,
}

impl History {
    /// Adds the groups that are silent, and what is usual for each group. `whole`: the answer was.
    pub fn complete(&mut self, rule: &Rule, observation: &mut Observation, whole: bool, now: Timestamp) {
        if rule.roll.is_some() {
            self.call_the_roll(rule, observation, now);
        } else {
            self.roll.clear();
        }
        match &rule.baseline {
            Some(baseline) => self.compare(rule, baseline, observation, whole, now),
            None => self.samples.clear(),
        }
        self.looked = Some(now);
    }

    /// Groups that are remembered or expected and show nothing get the value zero.
    fn call_the_roll(&mut self, rule: &Rule, observation: &mut Observation, now: Timestamp) {
        let Some(roll) = &rule.roll else { return };
        let pause = self.looked.map_or(Duration::ZERO, |looked| since(now, looked));
        let pause = if pause > NOBODY_LOOKED { pause } else { Duration::ZERO };
        let oldest = before(now, rule.remember.saturating_add(pause));
        if roll.expect.is_empty() {
            for measured in observation.groups.iter().filter(|measured| measured.value.is_some_and(|value| value > 0.0)) {
                if self.roll.len() < MOST_MISSED || self.roll.contains_key(&measured.key) {
                    self.roll.insert(measured.key, Known { group: measured.group.clone(), seen: now });
                } else {
                    observation.trouble = Some(format!("more than {MOST_MISSED} groups: which of them are silent is not known of all"));
                }
            }
            self.roll.retain(|_, known| known.seen >= oldest);
            if !pause.is_zero() {
                self.roll.values_mut().for_each(|known| known.seen = crate::domain::time::after(known.seen, pause).min(now));
            }
        } else {
            // A rule that names its groups watches no others.
            let expected: BTreeMap<u64, &Vec<Option<String>>> = roll.expect.iter().map(|group| (group_key(group), group)).collect();
            observation.groups.retain(|measured| expected.contains_key(&measured.key));
            self.roll = expected.into_iter().map(|(key, group)| (key, Known { group: group.clone(), seen: now })).collect();
        }
        let present: std::collections::BTreeSet<u64> = observation.groups.iter().map(|measured| measured.key).collect();
        let silent = self.roll.iter().filter(|(key, _)| !present.contains(key)).map(|(key, known)| Measured {
            lower_bound: observation.absent_may_be_more,
            ..Measured::of(*key, known.group.clone(), Some(0.0))
        });
        observation.groups.extend(silent.collect::<Vec<_>>());
        observation.groups.sort_by_key(|measured| measured.key);
        // What is neither seen nor remembered any more is over, not silent.
        observation.unlisted_is_gone = true;
    }

    /// Says of each group what is usual for it, and keeps this run's value for later.
    fn compare(&mut self, rule: &Rule, baseline: &Baseline, observation: &mut Observation, whole: bool, now: Timestamp) {
        if self.of_window != rule.window.as_secs() {
            self.of_window = rule.window.as_secs();
            self.samples.clear();
        }
        let window = i64::try_from(rule.window.as_secs()).unwrap_or(i64::MAX);
        let at = now.as_second();
        let (spacing, reach) = match baseline.against {
            Against::Previous => (window, window.saturating_mul(baseline.samples as i64 + 2)),
            Against::SameHour => (window.max(SPARSEST.as_secs() as i64), DAY * (baseline.samples as i64 + 1)),
        };
        let mut note = None;
        for measured in &mut observation.groups {
            let samples = self.samples.get(&measured.key).map_or(&[][..], Vec::as_slice);
            let chosen = choose(samples, baseline, at, window, spacing);
            measured.usual = if chosen.len() < baseline.min_samples {
                note = Some(format!("learning what is usual: {} of {} earlier windows", chosen.len(), baseline.min_samples));
                Usual::Learning
            } else {
                let usual = stat(baseline.stat, chosen).max(baseline.floor);
                if usual > 0.0 { Usual::Is(usual) } else { Usual::Nothing }
            };
            if let (Usual::Is(usual), true) = (measured.usual, rule.group_by.is_empty()) {
                note = Some(format!("usual: {}", quantity(usual, rule.unit())));
            }
        }
        observation.note = observation.note.take().or(note);
        // A clock that was set back must not leave samples of the future.
        let oldest = at.saturating_sub(reach);
        for samples in self.samples.values_mut() {
            samples.retain(|(taken, _)| *taken >= oldest && *taken <= at);
        }
        if whole {
            self.keep(observation, at, spacing);
        }
        self.samples.retain(|_, samples| samples.iter().any(|(_, value)| *value > 0.0));
    }

    fn keep(&mut self, observation: &Observation, at: i64, spacing: i64) {
        let is_time = |samples: &[(i64, f64)]| samples.last().is_none_or(|(taken, _)| at.saturating_sub(*taken) >= spacing);
        let exact: BTreeMap<u64, f64> = observation
            .groups
            .iter()
            .filter(|measured| !measured.lower_bound && !measured.uncertain)
            .filter_map(|measured| Some((measured.key, measured.value?)))
            .collect();
        let inexact: std::collections::BTreeSet<u64> =
            observation.groups.iter().map(|measured| measured.key).filter(|key| !exact.contains_key(key)).collect();
        for (key, samples) in &mut self.samples {
            let silent = !observation.absent_may_be_more && !inexact.contains(key);
            let value = exact.get(key).copied().or(silent.then_some(0.0));
            if let Some(value) = value.filter(|_| is_time(samples)) {
                samples.push((at, value));
            }
        }
        for (key, value) in exact {
            if self.samples.len() < MOST_USUAL && !self.samples.contains_key(&key) {
                self.samples.insert(key, vec![(at, value)]);
            }
        }
    }
}

/// The earlier values to compare with. None of them overlaps the present window.
fn choose(samples: &[(i64, f64)], baseline: &Baseline, at: i64, window: i64, spacing: i64) -> Vec<f64> {
    let ended = || samples.iter().rev().filter(|(taken, _)| at.saturating_sub(*taken) >= window);
    match baseline.against {
        Against::Previous => ended().take(baseline.samples).map(|(_, value)| *value).collect(),
        Against::SameHour => (1..=baseline.samples as i64)
            .filter_map(|days| {
                let wanted = at - days * DAY;
                let (taken, value) = ended().min_by_key(|(taken, _)| (taken - wanted).abs())?;
                ((taken - wanted).abs() <= spacing).then_some(*value)
            })
            .collect(),
    }
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
