//! Why an attempt failed, in a word for machines and a sentence for people.

/// Outcomes of a service that is not there as expected.
pub(super) const DOWN: [&str; 17] = [
    "resolve",
    "refused",
    "timeout",
    "unreachable",
    "reset",
    "closed",
    "protocol",
    "tls",
    "starttls",
    "certificate",
    "status",
    "body",
    "header",
    "banner",
    "rcode",
    "answer",
    "redirect",
];

/// Outcomes that say nothing of the service: the network of this machine, its rights, its time, or the program failed.
pub(super) const UNKNOWN: [&str; 4] = ["own_network", "own_fault", "not_permitted", "no_time"];

/// Every outcome, that of success first.
pub(super) const OUTCOMES: [&str; 1 + DOWN.len() + UNKNOWN.len()] = {
    let mut all = ["ok"; 1 + DOWN.len() + UNKNOWN.len()];
    let mut place = 0;
    while place < DOWN.len() {
        all[1 + place] = DOWN[place];
        place += 1;
    }
    while place < DOWN.len() + UNKNOWN.len() {
        all[1 + place] = UNKNOWN[place - DOWN.len()];
        place += 1;
    }
    all
};

/// Outcomes that a network in between, ours among them, can be the reason of.
pub(super) const OF_THE_WAY: [&str; 7] = ["resolve", "refused", "timeout", "unreachable", "reset", "closed", "tls"];

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// One of [`DOWN`] or [`UNKNOWN`].
    pub outcome: &'static str,
    /// A sentence for people.
    pub why: String,
    /// The sentence names the proxy already.
    pub of_proxy: bool,
}

impl Failure {
    pub fn of(outcome: &'static str, why: impl Into<String>) -> Failure {
        Failure { outcome, why: why.into(), of_proxy: false }
    }

    /// What a proxy did or said.
    pub fn of_proxy(outcome: &'static str, why: impl Into<String>) -> Failure {
        Failure { of_proxy: true, ..Failure::of(outcome, why) }
    }
}
