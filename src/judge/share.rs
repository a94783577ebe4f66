//! A share over a window of what each run counts: of all attempts of a probe those that failed, as `availability`.
//!
//! What a run counted is remembered for each record, in steps of a part of the window. Until there is enough of it the share
//! is being learned: it may be anything, begins no alert and ends none.

use super::measurement::Span;
use crate::domain::estimate::Estimate;
use crate::domain::value::{Record, Value};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Steps of a window: what a run counted leaves it to this part of the window exactly.
const STEPS: i64 = 120;
/// The latest part before the window is remembered for so long, in seconds: it tells that a record is not new.
const REMEMBERED: i64 = 30 * 86_400;
/// Parts that one rule remembers, of all records together.
const MOST_PARTS: usize = 1_000_000;
/// With so many samples it is judged before half of the window is over.
pub(super) const ENOUGH: u64 = 10;

/// What was counted in one step of the window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Part {
    /// The latest run in it, in seconds.
    at: i64,
    all: u64,
    /// Certainly failed, and what cannot be ruled out.
    bad: (u64, u64),
}

/// What a rule remembers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Shares {
    looked: Option<Timestamp>,
    /// By record, oldest first.
    parts: BTreeMap<u64, Vec<Part>>,
}

/// The share of each record.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// What is left of the whole by what failed.
    rest: BTreeMap<u64, Estimate>,
    /// Of which too little is known yet.
    learning: BTreeSet<u64>,
}

impl Shown {
    /// What a record measures.
    pub fn of(&self, record: u64) -> Estimate {
        self.rest.get(&record).copied().unwrap_or(ANYTHING)
    }

    /// Whether that is still being learned.
    pub fn is_learning(&self, record: u64) -> bool {
        self.learning.contains(&record)
    }
}

/// No share is known.
const ANYTHING: Estimate = Estimate { low: 0.0, high: 1.0 };

/// An amount: the least and the most it can be. `None`: it is not told.
fn amount(value: &Value) -> Option<(u64, u64)> {
    let whole = |number: f64| number.max(0.0).round() as u64;
    match value {
        Value::Number(number) if number.low.is_finite() && number.high.is_finite() => Some((whole(number.low), whole(number.high))),
        Value::Absent => Some((0, 0)),
        _ => None,
    }
}

impl Shares {
    /// Adds what a run counted, and says what came of it in the window that ends now.
    pub(super) fn look<'r>(&mut self, records: impl Iterator<Item = &'r Record>, (bad, all): (u8, u8), window: Span) -> Shown {
        let (from, now) = (window.from.map_or(i64::MIN, Timestamp::as_second), window.to.as_second());
        let length = now.saturating_sub(from).max(1);
        let step = (length / STEPS).max(1);
        self.parts.retain(|_, parts| {
            // A clock that was set back leaves nothing in the future.
            parts.retain(|part| part.at <= now && part.at > now.saturating_sub(REMEMBERED.max(length)));
            let before = parts.partition_point(|part| part.at <= from);
            parts.drain(..before.saturating_sub(1));
            !parts.is_empty()
        });
        let again = self.looked.replace(window.to) == Some(window.to);
        let mut kept: usize = self.parts.values().map(Vec::len).sum();
        let mut shown = Shown::default();
        for record in records.filter(|record| !record.unseen) {
            let (least, most) = amount(record.slot(all)).unwrap_or_default();
            // That nothing was tried, or that it is not told how often, says nothing.
            let tried = Some(least).filter(|tried| *tried > 0 && *tried == most);
            if let Some(all) = tried.filter(|_| !again && kept < MOST_PARTS) {
                let (least, most) = amount(record.slot(bad)).unwrap_or((0, all));
                let bad = (least.min(all), most.min(all));
                let parts = self.parts.entry(record.id).or_default();
                match parts.last_mut().filter(|last| last.at.div_euclid(step) == now.div_euclid(step)) {
                    Some(last) => {
                        last.at = now;
                        last.all = last.all.saturating_add(all);
                        last.bad = (last.bad.0.saturating_add(bad.0), last.bad.1.saturating_add(bad.1));
                    }
                    None => {
                        parts.push(Part { at: now, all, bad });
                        kept += 1;
                    }
                }
            }
            let Some(parts) = self.parts.get(&record.id) else {
                // It is new, and nothing could be tried; or there is no room for it, and nothing will ever be known.
                if kept < MOST_PARTS {
                    shown.learning.insert(record.id);
                }
                continue;
            };
            let sum = |of: fn(&Part) -> u64| parts.iter().filter(|part| part.at > from).map(of).fold(0, u64::saturating_add);
            let (all, least, most) = (sum(|part| part.all), sum(|part| part.bad.0), sum(|part| part.bad.1));
            let is_known = parts.first().is_some_and(|part| part.at <= now.saturating_sub(length / 2));
            if all < ENOUGH && !is_known {
                shown.learning.insert(record.id);
                continue;
            }
            if all == 0 {
                continue;
            }
            let rest = |bad: u64| (all - bad.min(all)) as f64 / all as f64;
            shown.rest.insert(record.id, Estimate { low: rest(most), high: rest(least) });
        }
        shown
    }

    /// Nothing of it lies in the future.
    pub fn clamp_to(&mut self, now: Timestamp) {
        self.looked = self.looked.map(|at| at.min(now));
        self.parts.values_mut().flatten().for_each(|part| part.at = part.at.min(now.as_second()));
    }
}
