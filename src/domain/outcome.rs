//! What became of one attempt to hand a message to a channel, whole or in parts.

use super::alert::AlertState;
use jiff::Timestamp;
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
    },
    /// The service works, but took the message only in part, in this attempt or in earlier ones. What it took is
    /// remembered part by part and not sent again: alerts leave the message ([`Part::Alert`]), recipients are
    /// added to `Parcel::taken_by` ([`Part::Recipient`]).
    Partly {
        /// What it took in this attempt; may be empty when only what failed before was tried again.
        taken: Vec<Part>,
        /// What became of the rest: [`Outcome::Retry`] or [`Outcome::Permanent`].
        rest: Box<Outcome>,
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

/// A part of a message that a service takes or refuses by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// One alert, of a service that is told each of them in a request of its own.
    Alert(Entry),
    /// One of those who get the whole message, by the address in the config.
    Recipient(String),
}

/// What a message says of one alert: at most one of a kind in a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// Identity of the instance.
    pub fingerprint: String,
    /// Since when it fires: which episode.
    pub since: Timestamp,
    /// Firing or over.
    pub state: AlertState,
}

impl Outcome {
    /// What went wrong, or what people should know.
    pub fn said(&self) -> Option<&str> {
        match self {
            Outcome::Delivered => None,
            Outcome::Warned { warning } => Some(warning),
            Outcome::Partly { rest, .. } => rest.said(),
            Outcome::Retry { error, .. } | Outcome::Permanent { error } => Some(error),
        }
    }
}
