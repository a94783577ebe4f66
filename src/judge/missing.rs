//! What the records of a rule do not say, for people: how many, and what it is that they leave out most often.

use super::fields::is_not_told;
use crate::domain::estimate::Truth;
use crate::domain::metric::Metric;
use crate::domain::record::{Flow, NotTold};
use crate::domain::rule::{Matcher, Rule};
use crate::domain::text::visible;
use std::collections::BTreeMap;

/// Flows looked at more closely. What is missing in so many is missing in the others, too.
const MOST_EXAMINED: u64 = 5_000;

/// What a rule was not told.
#[derive(Debug, Default)]
pub(super) struct Missing {
    count: u64,
    keys: BTreeMap<String, u64>,
}

impl Missing {
    /// Counts a flow of which something is not told; `undecided`: so that nobody can say whether it matches.
    pub(super) fn add(&mut self, rule: &Rule, flow: &Flow<'_>, undecided: bool) {
        self.count += 1;
        if self.count > MOST_EXAMINED {
            return;
        }
        if let (true, Matcher::Traffic(filter)) = (undecided, &rule.matcher) {
            let conditions = filter.all.iter().chain(&filter.none);
            for (key, _) in conditions.filter(|(_, condition)| condition.truth(flow) == Truth::Unknown) {
                *self.keys.entry(key.clone()).or_default() += 1;
            }
        }
        let value = match &rule.metric {
            Metric::Distinct(field) => std::slice::from_ref(field),
            Metric::New(fields) | Metric::Changes(fields) => fields.as_slice(),
            _ => &[],
        };
        for field in rule.group_by.iter().chain(value).filter(|field| is_not_told(field, flow)) {
            *self.keys.entry(field.to_string()).or_default() += 1;
        }
        if self.keys.is_empty() {
            let is_pairing = flow.not_told().any(NotTold::REPORTING_END);
            self.keys.insert(if is_pairing { "direction".to_owned() } else { rule.metric.name() }, 1);
        }
    }

    /// "2 of 72 flows do not say `dst_label`"
    pub(super) fn note(&self, all: u64) -> Option<String> {
        let key = self.keys.iter().max_by_key(|(_, count)| **count).map(|(key, _)| visible(key))?;
        let count = self.count;
        Some(tr!("{count} of {all} flows have no `{key}`", count, all, key))
    }
}
