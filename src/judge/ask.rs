//! What to ask the PCE for, and what its answer lets the next run rely on. Pure.

use super::accounting::Coverage;
use super::memory::Span;
use crate::domain::record::Decision;
use crate::domain::time::{before, since, utc_day_start};
use jiff::Timestamp;
use std::time::Duration;

/// The question of one run, for increases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Start of the query.
    pub from: Timestamp,
    /// End of the query.
    pub to: Timestamp,
    /// Which increases the answer reports.
    pub span: Span,
    /// What the looks cover as of now.
    pub coverage: Coverage,
    /// Decisions asked for; empty: all.
    pub decisions: Vec<Decision>,
    /// The pause since the previous look was too long to be bridged: this look is like the very first,
    /// and what was remembered of the earlier ones must not be compared with.
    pub anew: bool,
}

/// How far a first look goes back at most: older buckets may be weekly ones.
const FURTHEST: Duration = Duration::from_secs(6 * 86_400);

/// Plans the query of a run that counts increases.
///
/// In steady state it goes back `lookback` before the previous complete look, because VENs report
/// late. The first look, one after a pause longer than `max_gap`, and one that asks for decisions
/// not asked for before go back to the start of the UTC day, so that the next run knows every bucket.
pub fn increases(
    coverage: Coverage,
    decisions: Vec<Decision>,
    longest_window: Duration,
    lookback: Duration,
    max_gap: Duration,
    now: Timestamp,
) -> Ask {
    let mut coverage = coverage;
    // The clock was set back: what was looked at in the future was looked at now.
    coverage.looked_at = coverage.looked_at.map(|at| at.min(now));
    let asked = |decision: Decision| decisions.is_empty() || decisions.contains(&decision);
    let day_start = utc_day_start(now).min(before(now, lookback));
    // Going back to the start of the day leaves a hole behind the previous look: what came in it is not known.
    let anew = coverage.looked_at.is_some_and(|at| since(now, at) > max_gap && day_start > before(at, lookback));
    if anew {
        coverage = Coverage { forgotten_before: coverage.forgotten_before, ..Coverage::default() };
    }
    let widened = Decision::ALL.into_iter().any(|decision| asked(decision) && coverage.since[decision as usize].is_none());
    let from = match coverage.looked_at {
        None => day_start.min(before(now, longest_window.saturating_add(lookback))).max(before(now, FURTHEST)),
        Some(at) if widened => before(at, lookback).min(day_start),
        Some(at) => before(at, lookback),
    };
    Ask { from, to: now, span: Span { from: coverage.looked_at, to: now }, coverage, decisions, anew }
}

impl Ask {
    /// What holds after the answer: with a whole one, everything that overlapped the query is known.
    /// An incomplete one proves nothing, and the next run asks from the same place again.
    pub fn covered(&self, whole: bool) -> Coverage {
        let mut coverage = self.coverage.clone();
        if !whole {
            return coverage;
        }
        for decision in Decision::ALL {
            let known = &mut coverage.since[decision as usize];
            let asked = self.decisions.is_empty() || self.decisions.contains(&decision);
            *known = if asked { Some(known.unwrap_or(self.from)) } else { None };
        }
        coverage.looked_at = Some(self.to);
        coverage
    }

    /// The earliest instant that the run after this one can ask for.
    pub fn next_from(&self, whole: bool, lookback: Duration) -> Timestamp {
        let looked_at = if whole { self.to } else { self.coverage.looked_at.unwrap_or(self.from) };
        before(looked_at, lookback).min(self.to)
    }
}
