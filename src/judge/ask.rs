//! What to ask the PCE for, and what its answer lets the next run rely on. Pure.

use super::accounting::Closing;
use super::coverage::{Coverage, Proof, Scope};
use super::late::{Late, Told};
use super::measurement::Span;
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
    /// Without what may come late the question would begin here.
    pub usual_from: Timestamp,
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
/// start of the UTC day, so that the next run knows every bucket. What comes later than `lookback` is asked for as far back
/// as it may reach; see [`super::late`].
pub fn increases(coverage: Coverage, wanted: &Wanted, now: Timestamp) -> Ask {
    let Wanted { decisions, scope, longest_window, lookback, max_gap } = wanted.clone();
    let mut coverage = coverage;
    coverage.clamp_to(now);
    let day_start = utc_day_start(now).min(before(now, lookback));
    // Going back to the start of the day leaves a hole behind the previous look: what came in it is not known.
    let leaves_a_hole = |at: Timestamp| since(now, at) > max_gap && day_start > before(at, lookback);
    let anew = coverage.looked_at.is_some_and(leaves_a_hole);
    if anew {
        coverage = Coverage { forgotten_before: coverage.forgotten_before, late: coverage.late, ..Coverage::default() };
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
    let span = Span { from: coverage.looked_at, to: now };
    let mut ask = Ask { from, to: now, span, coverage, decisions, scope, usual_from: from, anew };
    if ask.scope != Scope::Recorded
        && let Some(further) = ask.coverage.late.ask_from(ask.coverage.looked_at, now)
    {
        ask.reach_back(further);
    }
    ask
}

/// What is told of what comes late, beside the answer.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// What the other sources tell.
    pub told: Told,
    /// How late VENs may report.
    pub lookback: Duration,
}

impl Ask {
    /// Asks from further back, as far as there are looks to compare with.
    fn reach_back(&mut self, from: Timestamp) {
        if self.coverage.looked_at.is_some() {
            self.from = self.from.min(from.max(self.coverage.kept_from()));
        }
    }

    /// Asks from further back where what the other sources tell makes that necessary: from where on.
    pub fn reach_back_for(&mut self, beside: &Beside) -> Option<(Timestamp, Timestamp)> {
        let had = self.from;
        let since = self.late(beside).arriving_since()?;
        self.reach_back(since);
        (self.from < had).then_some((self.from, had))
    }

    /// Before this, records are late: the usual question would not show them.
    pub fn late_before(&self) -> Option<Timestamp> {
        (self.from < self.usual_from).then_some(self.usual_from)
    }

    fn late(&self, beside: &Beside) -> Late {
        self.coverage.late.told(&beside.told, self.coverage.looked_at, self.to, beside.lookback)
    }

    /// Which decisions are asked for.
    fn asked(&self) -> [bool; 4] {
        Decision::ALL.map(|decision| self.decisions.is_empty() || self.decisions.contains(&decision))
    }

    /// What holds after the answer. Of a decision that came whole, everything that overlapped the query is known; one
    /// that did not proves nothing, and the next run asks for it from the same place again.
    fn covered(&self, whole: [bool; 4], beside: &Beside) -> Coverage {
        let mut coverage = self.coverage.clone();
        coverage.late = self.late(beside);
        let reached = coverage.late.arriving_since().is_none_or(|since| self.from <= since.max(coverage.kept_from()));
        let whole_day = self.from <= utc_day_start(self.to).max(coverage.kept_from());
        let swept = self.scope == Scope::Recorded || reached && (whole_day || beside.told.is_all());
        if whole_day && whole == [true; 4] {
            coverage.late.asked_for_the_day(self.to);
        }
        for ((known, asked), whole) in coverage.proofs.iter_mut().zip(self.asked()).zip(whole) {
            if asked && whole {
                let since = match known {
                    None => self.from,
                    Some(proof) if proof.scope.holds(&self.scope) => proof.since,
                    Some(proof) => proof.since.max(self.from),
                };
                let swept = if swept { None } else { known.as_ref().map(Proof::swept) };
                *known = Some(Proof { since, at: self.to, scope: self.scope.clone(), swept });
            }
        }
        coverage.looked_at = Some(self.to);
        coverage.scope = self.scope.clone();
        coverage
    }

    /// What the next run may rely on, and what becomes of the looks. `whole`: decisions that came whole, if asked for.
    pub fn close(&self, whole: [bool; 4], beside: &Beside) -> (Coverage, Closing) {
        let asked = self.asked();
        let covered = self.covered(whole, beside);
        let next_from = covered.next_from(&asked, self.usual_from, beside.lookback).min(self.to);
        let closing = Closing {
            next_from: covered.late.keep_from(self.to, beside.lookback).map_or(next_from, |from| from.min(next_from)),
            whole: [0, 1, 2, 3].map(|number: usize| whole[number] && asked[number]),
            narrowed: !self.scope.holds(&self.coverage.scope),
        };
        (covered, closing)
    }
}
