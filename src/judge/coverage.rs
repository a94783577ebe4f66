//! What the answers so far prove: which buckets were seen, of which decisions, for which question.
//!
//! A record without an earlier look is *new* when it would have been seen at the previous look, had it been there. That
//! can be said of a decision whose answer was whole, for the services that were asked for then. Everything else is kept
//! apart for each decision, so that an answer that was cut in `allowed`, or a rule that is added, costs the others nothing.

use super::late::Late;
use super::plan::WantedService;
use crate::domain::record::Flow;
use crate::domain::time::before;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// What the PCE was asked for beyond the decisions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Scope {
    /// Every service.
    #[default]
    Everything,
    /// What a recorded answer was asked for is not known: it vouches for other recorded ones and for no PCE.
    Recorded,
    /// These services.
    Services(Vec<WantedService>),
}

impl Scope {
    /// The question for these services; none: all of them.
    pub fn of(services: &[WantedService]) -> Scope {
        if services.is_empty() { Scope::Everything } else { Scope::Services(services.to_vec()) }
    }

    /// Whether everything that `other` asks for is asked for by this one, too.
    pub fn holds(&self, other: &Scope) -> bool {
        match (self, other) {
            (Scope::Everything, _) | (Scope::Recorded, Scope::Recorded) => true,
            (Scope::Services(mine), Scope::Services(theirs)) => {
                theirs.iter().all(|wanted| mine.iter().any(|have| service_holds(have, wanted)))
            }
            _ => false,
        }
    }

    /// Whether a flow is asked for. What came of a recorded answer was.
    fn has(&self, flow: &Flow<'_>) -> bool {
        match self {
            Scope::Everything | Scope::Recorded => true,
            Scope::Services(list) => list.iter().any(|service| {
                service.proto == flow.proto
                    && service.ports.is_none_or(|(from, to)| flow.port.is_some_and(|port| from <= port && port <= to))
            }),
        }
    }

    fn read(text: &str) -> Option<Scope> {
        let service = |text: &str| {
            let (proto, ports) = match text.split_once('/') {
                None => (text, None),
                Some((proto, ports)) => {
                    let (from, to) = ports.split_once('-')?;
                    (proto, Some((from.parse().ok()?, to.parse().ok()?)))
                }
            };
            Some(WantedService { proto: proto.parse().ok()?, ports })
        };
        match text {
            "" => Some(Scope::Everything),
            RECORDED => Some(Scope::Recorded),
            list => list.split(' ').map(service).collect::<Option<Vec<_>>>().map(Scope::Services),
        }
    }
}

const RECORDED: &str = "recorded";

fn service_holds(have: &WantedService, wanted: &WantedService) -> bool {
    have.proto == wanted.proto
        && match (have.ports, wanted.ports) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some((from, to)), Some((low, high))) => from <= low && high <= to,
        }
}

impl fmt::Display for Scope {
    /// Empty: everything; as the state file has always had it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Everything => Ok(()),
            Scope::Recorded => f.write_str(RECORDED),
            Scope::Services(list) => {
                for (number, WantedService { proto, ports }) in list.iter().enumerate() {
                    f.write_str(if number > 0 { " " } else { "" })?;
                    match ports {
                        None => write!(f, "{proto}")?,
                        Some((from, to)) => write!(f, "{proto}/{from}-{to}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Scope::read(&text).ok_or_else(|| serde::de::Error::custom("not a list of services"))
    }
}

/// What the whole answers proved of one decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Every bucket that overlapped the span from here to the previous whole answer was seen.
    pub since: Timestamp,
    /// When that answer came.
    pub at: Timestamp,
    /// What it was asked for.
    pub scope: Scope,
    /// When a look came last that would have shown whatever came late; none: the one above would have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swept: Option<Timestamp>,
}

impl Proof {
    /// When a look came last that would have shown whatever came late.
    pub(super) fn swept(&self) -> Timestamp {
        self.swept.map_or(self.at, |swept| swept.min(self.at))
    }
}

/// What a run knows about the past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// For each decision; `None`: never had whole.
    pub proofs: [Option<Proof>; 4],
    /// Looks of buckets that could grow until before this UTC day were forgotten.
    pub forgotten_before: i32,
    /// When the previous look was, whole or not; `None` on the very first.
    pub looked_at: Option<Timestamp>,
    /// What it was asked for.
    pub scope: Scope,
    /// What comes later than `lookback`.
    pub late: Late,
}

impl Coverage {
    /// Whether the previous look had everything of this flow's kind.
    pub(super) fn was_whole(&self, flow: &Flow<'_>) -> bool {
        let proof = self.proofs[flow.decision as usize].as_ref();
        proof.is_some_and(|proof| Some(proof.at) == self.looked_at && proof.scope.has(flow))
    }

    /// For a flow whose bucket can grow until `day` and has no look: when a look proved that it was not there. `late`: the
    /// usual question does not show it.
    pub(super) fn proved_absent(&self, flow: &Flow<'_>, first: Timestamp, day: i32, late: bool) -> Option<Timestamp> {
        let proof = self.proofs[flow.decision as usize].as_ref()?;
        let at = if late { proof.swept() } else { proof.at };
        (first >= proof.since && day >= self.forgotten_before && proof.scope.has(flow)).then_some(at)
    }

    /// Since when something of a flow that the usual question does not show may have arrived.
    pub(super) fn swept(&self, flow: &Flow<'_>) -> Option<Timestamp> {
        self.proofs[flow.decision as usize].as_ref().map(Proof::swept)
    }

    /// Whether something may be arriving of days whose looks are forgotten, so that nobody knows how much of it is new.
    pub fn misses_what_is_late(&self) -> bool {
        self.late.arriving_since().is_some_and(|since| since < self.kept_from())
    }

    /// The first instant of the days whose looks are not forgotten.
    pub(super) fn kept_from(&self) -> Timestamp {
        Timestamp::from_second(i64::from(self.forgotten_before) * 86_400).unwrap_or(Timestamp::MIN)
    }

    /// A clock was wrong: what lies in the future was looked at now. When something was forgotten by such a clock, what is
    /// left says nothing: the coverage begins anew, and the looks that belong to it must go. Whether that is so.
    pub fn clamp_to(&mut self, now: Timestamp) -> bool {
        let anew = i64::from(self.forgotten_before) > now.as_second().div_euclid(86_400)
            || self.proofs.iter().flatten().any(|proof| proof.since > now);
        if anew {
            *self = Coverage { late: std::mem::take(&mut self.late), ..Coverage::default() };
        }
        self.late.clamp_to(now);
        self.looked_at = self.looked_at.map(|at| at.min(now));
        for proof in self.proofs.iter_mut().flatten() {
            proof.at = proof.at.min(now);
            proof.swept = proof.swept.map(|swept| swept.min(now));
        }
        anew
    }

    /// From when on the looks of these decisions follow each other so that what one of them missed can still be made
    /// up for: a rule must keep what it counted since then.
    pub fn made_up_from(&self, decisions: u8) -> Option<Timestamp> {
        let of = |number: usize| self.proofs[number].as_ref().filter(|_| decisions & (1 << number) != 0).map(|proof| proof.at);
        (0..4).filter_map(of).min()
    }

    /// The earliest instant that the next run must ask for, given how late VENs may report.
    pub(super) fn next_from(&self, asked: &[bool; 4], from: Timestamp, lookback: std::time::Duration) -> Timestamp {
        let of = |number: usize| self.proofs[number].as_ref().map_or(from, |proof| before(proof.at, lookback));
        (0..4).filter(|number| asked[*number]).map(of).min().unwrap_or(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        Scope::read(text).unwrap()
    }

    #[test]
    fn a_scope_is_written_as_it_is_read() {
        for text in ["", "recorded", "6/443-443", "1 6/22-22 17/53-99"] {
            assert_eq!(scope(text).to_string(), text);
        }
        for text in ["x", "6/443", "6/a-b", " "] {
            assert_eq!(Scope::read(text), None, "{text}");
        }
    }

    #[test]
    fn what_one_question_holds_of_another() {
        for (wide, narrow, holds) in [
            ("", "6/1-2", true),
            ("", "recorded", true),
            ("recorded", "", false),
            ("recorded", "recorded", true),
            ("6/1-2", "", false),
            ("6/1-9 17", "6/2-3 17/5-5", true),
            ("6/1-9", "6/2-10", false),
            ("6/1-9", "6", false),
        ] {
            assert_eq!(scope(wide).holds(&scope(narrow)), holds, "{wide} {narrow}");
        }
    }
}
