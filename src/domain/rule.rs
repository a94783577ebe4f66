//! A rule, as proven by the config: what to count, when it is too much, whom to tell.

use super::field::Field;
use super::filter::{EventCondition, Filter, TrafficCondition};
use super::metric::{Metric, SourceKind};
use super::threshold::{Severity, Thresholds};
use std::collections::BTreeMap;
use std::time::Duration;

/// Which records a rule counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Matcher {
    /// Flow records.
    Traffic(Filter<TrafficCondition>),
    /// Audit events.
    Events(Filter<EventCondition>),
    /// Health has nothing to choose from.
    Health,
}

/// A proven rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Unique; the rule's identity in the state.
    pub name: String,
    /// Where its records come from.
    pub source: SourceKind,
    /// What it measures.
    pub metric: Metric,
    /// Which records it counts.
    pub matcher: Matcher,
    /// One alert instance for each combination; empty: one for the rule.
    pub group_by: Vec<Field>,
    /// Over how much time.
    pub window: Duration,
    /// When it is too much. A health `status` rule without any follows the PCE's own status.
    pub thresholds: Thresholds,
    /// Must hold this long before it fires (`for`).
    pub hold: Duration,
    /// Stays firing this long after it last held.
    pub keep_firing_for: Duration,
    /// No repeated notification sooner.
    pub cooldown: Duration,
    /// Each repeated notification makes the wait for the next one longer by this factor.
    pub cooldown_backoff: f64,
    /// The longest such wait.
    pub cooldown_max: Duration,
    /// Channels by name; `None`: the routes decide; empty: nobody, on purpose.
    pub notify: Option<Vec<String>>,
    /// For routes and receivers.
    pub labels: BTreeMap<String, String>,
    /// For the person who is woken.
    pub description: Option<String>,
    /// Where to read what to do.
    pub runbook: Option<String>,
    /// Whether it takes part.
    pub enabled: bool,
    /// Line of its `[[rules]]` in the config.
    pub line: usize,
}

impl Rule {
    /// A stable fingerprint of *what is counted* (not of thresholds, names or windows): what is
    /// remembered under one fingerprint keeps its meaning when a rule is renamed or its threshold moves.
    pub fn definition(&self) -> u64 {
        // Debug output of plain values is stable within one version of the state file's format.
        let text = format!("{:?}|{:?}|{:?}|{:?}", self.source, self.metric, self.matcher, self.group_by);
        xxhash_rust::xxh3::xxh3_64(text.as_bytes())
    }

    /// The severities its alerts can have.
    pub fn severities(&self) -> Vec<Severity> {
        let set: Vec<Severity> = self.thresholds.worst_first().map(|(severity, _)| severity).collect();
        if set.is_empty() && self.metric == Metric::Status { vec![Severity::Critical, Severity::Warning] } else { set }
    }

    /// How long to wait after a notification until it is repeated, when it was repeated so often already.
    pub fn pause(&self, reminders: u32) -> Duration {
        let grown = self.cooldown.as_secs_f64() * self.cooldown_backoff.powf(f64::from(reminders));
        Duration::try_from_secs_f64(grown).unwrap_or(Duration::MAX).min(self.cooldown_max.max(self.cooldown))
    }
}

/// Which alerts: all that are given must fit.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    /// Any of these severities; empty: all.
    pub severities: Vec<Severity>,
    /// Rule name patterns; empty: all.
    pub rules: Vec<super::filter::Pattern>,
    /// `key=value` pairs, same key or, different keys and; empty: all.
    pub labels: BTreeMap<String, Vec<String>>,
    /// Any of these sources; empty: all.
    pub sources: Vec<SourceKind>,
}

impl Selector {
    /// Whether it takes every alert.
    pub fn is_empty(&self) -> bool {
        self.severities.is_empty() && self.rules.is_empty() && self.labels.is_empty() && self.sources.is_empty()
    }

    /// Whether it takes an alert of this rule and severity.
    pub fn takes(&self, rule: &Rule, severity: Severity) -> bool {
        (self.severities.is_empty() || self.severities.contains(&severity))
            && (self.sources.is_empty() || self.sources.contains(&rule.source))
            && (self.rules.is_empty() || self.rules.iter().any(|pattern| pattern.matches(&rule.name)))
            && self.labels.iter().all(|(key, values)| rule.labels.get(key).is_some_and(|have| values.contains(have)))
    }

    /// Whether it takes some alert of the rule.
    pub fn could_take(&self, rule: &Rule) -> bool {
        rule.severities().into_iter().any(|severity| self.takes(rule, severity))
    }
}

/// Where alerts go when the rule does not say: ordered, first match wins unless `continue`.
#[derive(Debug, Clone, Default)]
pub struct Route {
    /// Which alerts it takes.
    pub selector: Selector,
    /// Where to.
    pub channels: Vec<String>,
    /// Go on to the next route after a match.
    pub go_on: bool,
}

/// The channels an alert of this rule and severity goes to, before each channel's own `min_severity`.
pub fn channels_for<'a>(rule: &'a Rule, severity: Severity, routes: &'a [Route]) -> Vec<&'a str> {
    let mut out: Vec<&str> = Vec::new();
    if let Some(named) = &rule.notify {
        out.extend(named.iter().map(String::as_str));
    } else {
        for route in routes {
            if route.selector.takes(rule, severity) {
                out.extend(route.channels.iter().map(String::as_str));
                if !route.go_on {
                    break;
                }
            }
        }
    }
    let mut seen = Vec::new();
    out.retain(|name| {
        !seen.contains(name) && {
            seen.push(*name);
            true
        }
    });
    out
}
