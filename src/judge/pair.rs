//! How the two ends' reports of one pair become one number.

use super::identity::Detail;
use super::look::{Counters, Look};

/// Which records of a pair belong together for one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Selector {
    /// Decisions the rule counts, one bit each.
    pub decisions: u8,
    /// States it counts, one bit each.
    pub states: u8,
    /// Reporters it counts: bit 0 outbound, bit 1 inbound.
    pub directions: u8,
    /// Only records that the rule with this mark counts (rules on fields that only one end knows).
    pub mark: Option<u8>,
    /// Groups by process: only records with the same process as the one at hand.
    pub same_process: bool,
    /// Groups by user: only records with the same user.
    pub same_user: bool,
    /// Groups by decision: only records with the same decision.
    pub same_decision: bool,
}

impl Selector {
    pub(super) fn takes(&self, look: &Look, like: Detail) -> bool {
        let detail = look.detail;
        self.decisions & detail.decision_bit() != 0
            && self.states & detail.state_bit() != 0
            && self.directions & (1 << u8::from(detail.inbound())) != 0
            && detail.ends() == like.ends()
            && self.mark.is_none_or(|bit| look.marks & (1 << bit) != 0)
            && (!self.same_process || detail.process() == like.process())
            && (!self.same_user || detail.user() == like.user())
            && (!self.same_decision || detail.decision_bit() == like.decision_bit())
    }
}

/// What an increase is, counted in each of the ways that cannot be ruled out.
pub type Ways = [Counters; 1];

/// What the two ends told of one rule's subset of a pair.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sides {
    /// By reporter: the source, the destination.
    told: [Counters; 2],
}

impl Sides {
    /// Adds what a record shows.
    pub(super) fn add(&mut self, look: &Look) {
        let side = &mut self.told[usize::from(look.detail.inbound())];
        for (sum, shown) in side.iter_mut().zip(look.shown) {
            *sum = sum.saturating_add(shown);
        }
    }

    /// A record has moved from one reading to the next.
    pub(super) fn moved(&mut self, detail: Detail, from: Counters, to: Counters) {
        let side = &mut self.told[usize::from(detail.inbound())];
        for (sum, (from, to)) in side.iter_mut().zip(from.into_iter().zip(to)) {
            *sum = sum.saturating_sub(from).saturating_add(to);
        }
    }

    /// Each connection once.
    pub(super) fn count(&self) -> Ways {
        [[0, 1, 2].map(|counter: usize| self.told[0][counter].max(self.told[1][counter]))]
    }
}
