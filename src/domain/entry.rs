//! What a message says of one alert, and the parts of a message that a service takes or refuses by themselves.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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

/// Firing or over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// It holds.
    Firing,
    /// It no longer holds.
    Resolved,
}
