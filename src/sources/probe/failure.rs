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

/// Outcomes that a network in between, ours among them, can be the reason of.
pub(super) const OF_THE_WAY: [&str; 7] = ["resolve", "refused", "timeout", "unreachable", "reset", "closed", "tls"];

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// One of [`DOWN`], or of the outcomes that say nothing of the service.
    pub outcome: &'static str,
    /// A sentence for people.
    pub why: String,
}

impl Failure {
    pub fn of(outcome: &'static str, why: impl Into<String>) -> Failure {
        Failure { outcome, why: why.into() }
    }
}
