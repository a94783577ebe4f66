//! What the latest runs found of each rule, so that somebody who asks later can be told without asking again.

use crate::domain::estimate::Estimate;
use crate::domain::report::{RuleReport, RuleState};
use crate::domain::threshold::Severity;
use crate::lang::in_english;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Stretches that are kept of one rule.
const MOST: usize = 12;
/// Characters of a reason that are kept.
const REASON: usize = 200;

/// By rule, oldest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Recent(BTreeMap<String, Vec<Stretch>>);

/// Runs in a row that found the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// The first of them.
    pub from: Timestamp,
    /// The last.
    pub to: Timestamp,
    /// Name of the rule's state.
    pub state: String,
    /// How bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What was certain of its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// How high it may have been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_max: Option<f64>,
    /// Whether it may have been higher.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lower_bound: bool,
    /// The threshold that was crossed, or the mildest one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub threshold: String,
    /// Why it could not be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Stretch {
    fn of(report: &RuleReport, now: Timestamp) -> Stretch {
        Stretch {
            from: now,
            to: now,
            state: report.state.name().to_owned(),
            severity: report.severity,
            value: report.value,
            value_max: report.value_max.filter(|_| report.lower_bound),
            lower_bound: report.lower_bound,
            threshold: report.threshold.clone(),
            error: report.error.as_deref().map(|error| in_english(error).chars().take(REASON).collect()),
        }
    }

    fn is_like(&self, other: &Stretch) -> bool {
        Stretch { from: other.from, to: other.to, ..self.clone() } == *other
    }

    /// The interval that held its value.
    pub fn estimate(&self) -> Estimate {
        Estimate::written(self.value, self.lower_bound, self.value_max)
    }

    /// The state; `None`: of a later version.
    pub fn state(&self) -> Option<RuleState> {
        RuleState::ALL.into_iter().find(|state| state.name() == self.state)
    }
}

impl Recent {
    /// Adds what a run found of these rules, and forgets those that are no more.
    pub fn add(&mut self, reports: &[RuleReport], rules: &BTreeSet<&str>, now: Timestamp) {
        self.0.retain(|name, _| rules.contains(name.as_str()));
        for report in reports {
            let stretches = self.0.entry(report.name.clone()).or_default();
            // A clock that was set back leaves nothing of the future.
            stretches.retain(|stretch| stretch.to <= now);
            let new = Stretch::of(report, now);
            match stretches.last_mut() {
                Some(last) if last.is_like(&new) => last.to = now,
                _ => stretches.push(new),
            }
            let surplus = stretches.len().saturating_sub(MOST);
            stretches.drain(..surplus);
        }
    }

    /// What is kept of a rule, newest first.
    pub fn of(&self, rule: &str) -> impl Iterator<Item = &Stretch> {
        self.0.get(rule).into_iter().flatten().rev()
    }
}
