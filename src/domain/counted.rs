//! Numbers with what they count, for sentences that hold several of them.

/// Rules.
pub fn rules(count: usize) -> String {
    trn!("{count} rule", "{count} rules", count = count)
}

/// Channels.
pub fn channels(count: usize) -> String {
    trn!("{count} channel", "{count} channels", count = count)
}

/// Warnings.
pub fn warnings(count: usize) -> String {
    trn!("{count} warning", "{count} warnings", count = count)
}

/// Failures.
pub fn failures(count: usize) -> String {
    trn!("{count} failure", "{count} failures", count = count)
}

/// Sources.
pub fn sources(count: usize) -> String {
    trn!("{count} source", "{count} sources", count = count)
}

/// Records.
pub fn records(count: u64) -> String {
    trn!("{count} record", "{count} records", count = count)
}
