//! What goes wrong at an endpoint, and how Proxmox words a refusal.

use jiff::SignedDuration;
use std::ops::{Bound, RangeBounds};
use std::time::Duration;

/// What happens instead of the proper answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The connection is accepted and closed without a byte, as for an address that `DENY_FROM` names.
    Deny,
    /// The request is read, the connection closes.
    Drop,
    /// The request is read, no answer comes.
    Hang,
    /// A page of something in between.
    Html(u16),
    /// This status, reason and body.
    Answer(u16, String, String),
    /// The whole length is announced, half is sent.
    Cut,
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Node of the endpoint; empty: all.
    pub endpoint: String,
    /// How the path begins behind `/api2/json/`; empty: all calls.
    pub path: String,
    /// First call of this path at the endpoint, counted from 1.
    pub first: usize,
    /// Last call.
    pub last: usize,
    /// What.
    pub action: Action,
}

impl Fault {
    /// `Fault::new("pve1", "cluster/status", 1..=2, ...)` is about the first two calls, `..` about all of them.
    pub fn new(endpoint: &str, path: &str, calls: impl RangeBounds<usize>, action: Action) -> Fault {
        let first = match calls.start_bound() {
            Bound::Included(first) => *first,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 1,
        };
        let last = match calls.end_bound() {
            Bound::Included(last) => *last,
            Bound::Excluded(after) => after.saturating_sub(1),
            Bound::Unbounded => usize::MAX,
        };
        Fault { endpoint: endpoint.to_owned(), path: path.to_owned(), first, last, action }
    }

    pub(super) fn strikes(&self, endpoint: &str, path: &str, call: usize) -> bool {
        (self.endpoint.is_empty() || self.endpoint == endpoint) && path.starts_with(&self.path) && (self.first..=self.last).contains(&call)
    }
}

/// Where the reason of a refusal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    /// In the status line and as `message` (8.3 and later).
    Message,
    /// In the status line, with `{"data":null}`.
    DataNull,
    /// In the status line alone.
    PhraseOnly,
}

/// Habits of the servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Habits {
    /// Where the reason of a refusal stands.
    pub wording: Wording,
    /// Whether a failed login has a body; plain text, if it has.
    pub login_body: bool,
    /// How long a failed login is kept waiting; three seconds in the field.
    pub login_delay: Duration,
    /// How long a connection may be idle.
    pub idle: Duration,
    /// How many requests a connection may carry.
    pub requests: usize,
    /// Whether answers come in chunks instead of with a length.
    pub chunked: bool,
    /// By how much the clock of a node differs: node, difference.
    pub skew: Vec<(String, SignedDuration)>,
    /// How long the list of storages takes for each that is not to be had.
    pub mount: Duration,
}

impl Default for Habits {
    fn default() -> Self {
        Habits {
            wording: Wording::Message,
            login_body: false,
            login_delay: Duration::ZERO,
            idle: Duration::from_secs(5),
            requests: 100,
            chunked: false,
            skew: Vec::new(),
            mount: Duration::ZERO,
        }
    }
}
