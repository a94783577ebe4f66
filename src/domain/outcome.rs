//! What became of one attempt to hand a message to a channel, whole or in parts.

use super::entry::Part;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The service took responsibility for all of it.
    Delivered,
    /// The same, and people should know something about it: a service behind it failed, an address was refused for
    /// good. The message is not sent again, to nobody.
    Warned {
        /// What to say, without secrets.
        warning: String,
        /// Recipients that it refused for good.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused: Vec<Refusal>,
    },
    /// The service works, but took the message only in part, in this attempt or in earlier ones. What it took is
    /// remembered part by part and not sent again: alerts leave the message ([`Part::Alert`]), recipients are
    /// added to `Notification::taken_by` ([`Part::Recipient`]).
    Partly {
        /// What it took in this attempt; may be empty when only what failed before was tried again.
        taken: Vec<Part>,
        /// What became of the rest: [`Outcome::Retry`] or [`Outcome::Permanent`].
        rest: Box<Outcome>,
        /// Recipients that it refused for good.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused: Vec<Refusal>,
    },
    /// Worth another try, not before `after` if the service said so.
    Retry {
        /// What went wrong, without secrets.
        error: String,
        /// The service's own wish.
        after: Option<Duration>,
    },
    /// Another try would fail the same way.
    Permanent {
        /// What went wrong, without secrets.
        error: String,
    },
}

/// A recipient that a service refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The address in the config.
    pub who: String,
    /// What the service said, without secrets.
    pub why: String,
}

impl Outcome {
    /// Taken, with something to know about it.
    pub fn warned(warning: String) -> Outcome {
        Outcome::Warned { warning, refused: Vec::new() }
    }

    /// Recipients that the service refused for good, beside others.
    pub fn refused(&self) -> &[Refusal] {
        match self {
            Outcome::Warned { refused, .. } | Outcome::Partly { refused, .. } => refused,
            Outcome::Delivered | Outcome::Retry { .. } | Outcome::Permanent { .. } => &[],
        }
    }

    /// What went wrong, or what people should know.
    pub fn localized(&self) -> Option<&str> {
        match self {
            Outcome::Delivered => None,
            Outcome::Warned { warning, .. } => Some(warning),
            Outcome::Partly { rest, .. } => rest.localized(),
            Outcome::Retry { error, .. } | Outcome::Permanent { error } => Some(error),
        }
    }
}
