//! Where alerts go. One file for each kind of channel and one row in [`KINDS`].
//!
//! A channel is settings, a pure payload and a send; it says whether a failure is worth another try.
//! It knows nothing of rules, state, cooldown or other channels.

use crate::config::reader::Reader;
use crate::domain::alert::Parcel;
use crate::domain::secret::{Secret, SecretSource};
use crate::domain::threshold::Severity;
use jiff::Timestamp;
use std::time::Duration;

/// What every channel has.
#[derive(Debug, Clone)]
pub struct Common {
    /// Unique name.
    pub name: String,
    /// Kind of channel, one of [`KINDS`].
    pub kind: &'static str,
    /// Milder alerts are not told here.
    pub min_severity: Severity,
    /// Whether it wants to hear that an alert is over.
    pub send_resolved: bool,
    /// Time-out of one attempt, from connect to answer.
    pub timeout: Duration,
    /// Whether it takes part.
    pub enabled: bool,
}

/// A channel as the config describes it: everything but the secrets, which are fetched when a run begins.
#[derive(Debug)]
pub struct ChannelConfig {
    /// What every channel has.
    pub common: Common,
    /// What this kind has.
    pub settings: Box<dyn Settings>,
}

/// The proven settings of one channel.
pub trait Settings: std::fmt::Debug {
    /// Fetches the secrets and makes the channel ready to send.
    fn open(&self, common: &Common, secrets: &dyn Fn(&SecretSource) -> Result<Secret, String>) -> Result<Box<dyn Channel>, String>;
    /// Where it sends, for listings, without secrets (a host name, an address).
    fn destination(&self) -> String;
}

/// What the outside world gives a send.
#[derive(Debug, Clone, Copy)]
pub struct SendContext {
    /// Now, as the run decides it (`--now` included).
    pub now: Timestamp,
    /// Real time left for this attempt.
    pub timeout: Duration,
}

/// A channel ready to send.
pub trait Channel: Send {
    /// One attempt to deliver. Never panics, never outlives `context.timeout` by more than a moment, never puts a secret into the outcome.
    fn send(&self, parcel: &Parcel, context: &SendContext) -> Outcome;
    /// Exactly what would be sent, secrets hidden, for people.
    fn preview(&self, parcel: &Parcel, now: Timestamp) -> String;
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The service took responsibility.
    Delivered,
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

/// One kind of channel.
pub struct Kind {
    /// The `type` in the config.
    pub name: &'static str,
    /// One line for listings and the manual.
    pub summary: &'static str,
    /// Reads the settings of this kind; complains through the reader.
    pub read: fn(&mut Reader<'_>) -> Option<Box<dyn Settings>>,
}

/// All kinds of channel this version has.
pub const KINDS: &[Kind] = &[];
