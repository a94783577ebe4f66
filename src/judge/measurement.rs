//! What a rule's records came to: the value of each group, and what may be known of groups that did not come.

use super::transition::Evidence;
use crate::domain::alert::Contributor;
use crate::domain::estimate::Estimate;
use crate::domain::threshold::BaselineValue;
use jiff::Timestamp;

/// What a rule measured, for one of its groups.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupMeasurement {
    /// Stable hash of the group's values.
    pub key: u64,
    /// The values, in the order of `group_by`.
    pub group: Vec<Option<String>>,
    /// The interval that holds the value, in base units.
    pub estimate: Estimate,
    /// The same interval if there were nothing in what is still being learned.
    pub besides_learning: Estimate,
    /// Too little to judge by.
    pub unjudged: bool,
    /// What is usual here.
    pub usual: BaselineValue,
    /// Of a quotient: what was divided, and by what.
    pub parts: Option<(f64, f64)>,
    /// Largest contributors in this run.
    pub top: Vec<Contributor>,
}

impl GroupMeasurement {
    /// What can be judged by. `partial`: the source's answer was not whole, so there may be more.
    pub fn evidence(&self, partial: bool) -> Evidence {
        let GroupMeasurement { estimate, besides_learning, unjudged, usual, .. } = *self;
        if partial {
            let (estimate, besides_learning) = (estimate.or_more(), besides_learning.or_more());
            return Evidence { estimate, besides_learning, unjudged, usual };
        }
        Evidence { estimate, besides_learning, unjudged, usual }
    }

    /// A value of which this much is known, none of it to be learned.
    pub fn of(key: u64, group: Vec<Option<String>>, estimate: Estimate) -> Self {
        Self {
            key,
            group,
            estimate,
            besides_learning: estimate,
            unjudged: false,
            usual: BaselineValue::NotAsked,
            parts: None,
            top: Vec::new(),
        }
    }

    /// The same, with what may belong to any group: what has no group at all is counted in the one of those already.
    #[must_use]
    pub(super) fn or_from_anywhere(self, anywhere: f64, is_largest: bool) -> Self {
        if anywhere == 0.0 || self.group.iter().all(Option::is_none) {
            return self;
        }
        let more = |estimate: Estimate| Estimate {
            high: if is_largest { estimate.high.max(anywhere) } else { estimate.high + anywhere },
            ..estimate
        };
        Self { estimate: more(self.estimate), besides_learning: more(self.besides_learning), ..self }
    }

    /// The same, with more to be expected of what is still being learned.
    #[must_use]
    pub fn learning(self, learning: bool) -> Self {
        if learning { Self { estimate: self.estimate.or_more(), ..self } } else { self }
    }
}

/// What holds of a group that an measurement does not list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unlisted {
    /// How much it may have.
    pub estimate: Estimate,
    /// The same if there were nothing in what is still being learned.
    pub besides_learning: Estimate,
    /// It is no more, instead of being at nothing, if it certainly has nothing.
    pub is_gone: bool,
}

impl Unlisted {
    /// It has nothing.
    pub const ZERO: Unlisted = Unlisted { estimate: Estimate::ZERO, besides_learning: Estimate::ZERO, is_gone: false };
    /// It is no more.
    pub const GONE: Unlisted = Unlisted { is_gone: true, ..Unlisted::ZERO };

    /// It has up to this much.
    #[must_use]
    pub fn up_to(self, high: f64) -> Unlisted {
        let most = Estimate { low: 0.0, high };
        Unlisted { estimate: self.estimate.hull(most), besides_learning: self.besides_learning.hull(most), ..self }
    }

    /// What it has is still being learned.
    #[must_use]
    pub fn learning(self, learning: bool) -> Unlisted {
        if learning { Unlisted { estimate: self.estimate.or_more(), ..self } } else { self }
    }

    /// Whether it certainly has nothing.
    pub fn is_certain(&self) -> bool {
        self.estimate.is_exact()
    }

    /// As a group of its own.
    pub fn measured(&self, key: u64, group: Vec<Option<String>>) -> GroupMeasurement {
        let Unlisted { estimate, besides_learning, .. } = *self;
        GroupMeasurement { besides_learning, ..GroupMeasurement::of(key, group, estimate) }
    }
}

/// What a rule measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// Every group with a value; without `group_by` always exactly one.
    pub groups: Vec<GroupMeasurement>,
    /// What the values cover; `None` for a snapshot.
    pub covers: Option<(Timestamp, Timestamp)>,
    /// Records that matched in this run.
    pub matched: u64,
    /// Largest contributors over the window.
    pub top: Vec<Contributor>,
    /// Something for people: learning, a shorter or longer span.
    pub note: Option<String>,
    /// Something that makes the rule's answer incomplete.
    pub trouble: Option<String>,
    /// What holds of groups that are not listed.
    pub unlisted: Unlisted,
}

impl Measurement {
    /// Whether of some group, listed or not, no upper end is known.
    pub(super) fn is_lower_bound(&self) -> bool {
        let estimates = self.groups.iter().map(|group| &group.estimate).chain([&self.unlisted.estimate]);
        estimates.into_iter().any(|estimate| estimate.high == f64::INFINITY)
    }
}

/// The span whose increases a run reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The previous look; `None` on the very first.
    pub from: Option<Timestamp>,
    /// This look.
    pub to: Timestamp,
}

/// The group key of a rule without `group_by`.
pub const UNGROUPED: u64 = 0;

/// Stands for what belongs to some group, and it is not told to which. It is no group, and never listed.
pub const ANYWHERE: u64 = 1;

/// The key of a group: a hash of its values that tells absence from an empty text.
pub fn group_key(values: &[Option<String>]) -> u64 {
    if values.is_empty() {
        return UNGROUPED;
    }
    let mut bytes = Vec::new();
    for value in values {
        match value {
            None => bytes.push(0),
            Some(text) => {
                bytes.push(1);
                bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
        }
    }
    xxhash_rust::xxh3::xxh3_64(&bytes)
}
