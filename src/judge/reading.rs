//! Whether sources report what destinations drop: learned from buckets at rest, where no end is late any more.
//!
//! Where the destination of a pair told `N_b` blocked and the source told `O_r` as anything else, `O_r - N_r` (the destination
//! told `N_r` as anything else) is near `N_b` if sources report what the destination drops, and near 0 if they do not.
//!
//! Example: the source told 130 allowed, the destination 100 allowed and 30 blocked: all 30 were reported by both.

use super::pair::Reading;
use super::sample::CounterSample;
use serde::{Deserialize, Serialize};

/// How many connections of the kind tell enough.
const ENOUGH: u64 = 20;
/// What was learned long ago weighs less than this.
const LONG_AGO: u64 = 100_000;

/// What buckets at rest tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sample {
    /// Connections that destinations blocked, of pairs whose source reports.
    pub blocked: u64,
    /// How many of them the sources reported as well.
    pub reported: u64,
}

/// What is learned of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Learned {
    /// From buckets that are forgotten.
    pub past: Sample,
    /// From those that are remembered.
    pub present: Sample,
}

impl Learned {
    /// All of it.
    pub fn sample(&self) -> Sample {
        let Learned { past, present } = self;
        Sample { blocked: past.blocked.saturating_add(present.blocked), reported: past.reported.saturating_add(present.reported) }
    }

    /// What it says.
    pub fn reading(&self) -> Reading {
        let Sample { blocked, reported } = self.sample();
        let share = reported as f64 / blocked.max(1) as f64;
        match share {
            _ if blocked < ENOUGH => Reading::Unknown,
            share if share >= 0.9 => Reading::Reported,
            share if share <= 0.1 => Reading::Unreported,
            _ => Reading::Unknown,
        }
    }

    /// Looks at the buckets that are at rest, once a whole answer came. `looks` are sorted by pair; those that can grow until
    /// before the day are forgotten afterwards.
    pub fn learn(&mut self, looks: &[CounterSample], forget_before: i32) {
        let (mut present, mut forgets) = (Sample::default(), false);
        if self.past.blocked > LONG_AGO {
            self.past = Sample { blocked: self.past.blocked / 2, reported: self.past.reported / 2 };
        }
        for pair in looks.chunk_by(|a, b| a.pair == b.pair) {
            if !pair.iter().any(|look| look.detail.inbound() && look.detail.is_blocked()) {
                continue;
            }
            let Some(sample) = sample(pair) else { continue };
            let is_past = pair.iter().all(|look| look.day < forget_before);
            forgets |= is_past;
            let into = if is_past { &mut self.past } else { &mut present };
            into.blocked = into.blocked.saturating_add(sample.blocked);
            into.reported = into.reported.saturating_add(sample.reported);
        }
        // What moves again has not become untrue.
        if forgets || present.blocked >= self.present.blocked {
            self.present = present;
        }
    }
}

/// What one pair tells; `None` while it moves, or when its source does not report.
fn sample(pair: &[CounterSample]) -> Option<Sample> {
    let at_rest = |look: &CounterSample| look.settled()[0] == look.shown && look.unseen_since == 0;
    if !pair.iter().all(at_rest) || !pair.iter().any(|look| !look.detail.inbound()) {
        return None;
    }
    let told = |inbound: bool, blocked: bool| {
        let told = pair.iter().filter(|look| look.detail.inbound() == inbound && look.detail.is_blocked() == blocked);
        told.fold(0u64, |sum, look| sum.saturating_add(look.shown[0]))
    };
    let (blocked, lead) = (told(true, true), told(false, false).saturating_sub(told(true, false)));
    Some(Sample { blocked, reported: lead.min(blocked) })
}
