//! What to ask the PCE for, and what its answer lets the next run rely on. Pure.

use super::accounting::Closing;
use super::coverage::{Coverage, Proof, Scope};
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
    /// What is asked for beyond them.
    pub scope: Scope,
    /// The pause since the previous look was too long to be bridged: this look is like the very first,
    /// and what was remembered of the earlier ones must not be compared with.
    pub anew: bool,
}

/// What a question depends on beside the past.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Decisions that some rule counts; empty: all.
    pub decisions: Vec<Decision>,
    /// Services that some rule counts.
    pub scope: Scope,
    /// The longest window of a rule.
    pub longest_window: Duration,
    /// How late VENs may report.
    pub lookback: Duration,
    /// A pause between two looks that can still be bridged.
    pub max_gap: Duration,
}

/// How far a first look goes back at most: older buckets may be weekly ones.
const FURTHEST: Duration = Duration::from_secs(6 * 86_400);

/// Plans the query of a run that counts increases.
///
/// In steady state it goes back `lookback` before the previous whole answer, because VENs report late. The first look, one
/// after a pause longer than `max_gap`, and one that asks for decisions or services not asked for before go back to the
/// start of the UTC day, so that the next run knows every bucket.
pub fn increases(coverage: Coverage, wanted: &Wanted, now: Timestamp) -> Ask {
    let Wanted { decisions, scope, longest_window, lookback, max_gap } = wanted.clone();
    let mut coverage = coverage;
    coverage.clamp_to(now);
    let day_start = utc_day_start(now).min(before(now, lookback));
    // Going back to the start of the day leaves a hole behind the previous look: what came in it is not known.
    let leaves_a_hole = |at: Timestamp| since(now, at) > max_gap && day_start > before(at, lookback);
    let anew = coverage.looked_at.is_some_and(leaves_a_hole);
    if anew {
        coverage = Coverage { forgotten_before: coverage.forgotten_before, ..Coverage::default() };
    }
    let first = day_start.min(before(now, longest_window.saturating_add(lookback))).max(before(now, FURTHEST));
    let mut from = now;
    for decision in Decision::ALL {
        let known = &mut coverage.proofs[decision as usize];
        let vouches = |proof: &Proof| !leaves_a_hole(proof.at) && (proof.scope != Scope::Recorded || scope == Scope::Recorded);
        *known = known.take().filter(vouches);
        if decisions.is_empty() || decisions.contains(&decision) {
            from = from.min(match known {
                // What a look that was not whole left out is learned like everything at the first.
                None => first,
                Some(proof) if proof.scope.holds(&scope) => before(proof.at, lookback),
                Some(proof) => before(proof.at, lookback).min(day_start),
            });
        }
    }
    Ask { from, to: now, span: Span { from: coverage.looked_at, to: now }, coverage, decisions, scope, anew }
}

impl Ask {
    /// Which decisions are asked for.
    fn asked(&self) -> [bool; 4] {
        Decision::ALL.map(|decision| self.decisions.is_empty() || self.decisions.contains(&decision))
    }

    /// What holds after the answer. Of a decision that came whole, everything that overlapped the query is known; one
    /// that did not proves nothing, and the next run asks for it from the same place again.
    fn covered(&self, whole: [bool; 4]) -> Coverage {
        let mut coverage = self.coverage.clone();
        for ((known, asked), whole) in coverage.proofs.iter_mut().zip(self.asked()).zip(whole) {
            if asked && whole {
                let since = match known {
                    None => self.from,
                    Some(proof) if proof.scope.holds(&self.scope) => proof.since,
                    Some(proof) => proof.since.max(self.from),
                };
                *known = Some(Proof { since, at: self.to, scope: self.scope.clone() });
            }
        }
        coverage.looked_at = Some(self.to);
        coverage.scope = self.scope.clone();
        coverage
    }

    /// What the next run may rely on, and what becomes of the looks. `whole`: decisions that came whole, if asked for.
    pub fn close(&self, whole: [bool; 4], lookback: Duration) -> (Coverage, Closing) {
        let asked = self.asked();
        let covered = self.covered(whole);
        let closing = Closing {
            next_from: covered.next_from(&asked, self.from, lookback).min(self.to),
            whole: [0, 1, 2, 3].map(|number: usize| whole[number] && asked[number]),
            narrowed: !self.scope.holds(&self.coverage.scope),
        };
        (covered, closing)
    }
}
