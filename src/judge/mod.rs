//! Judgement, pure: records and memory in, verdicts out. No I/O, no clock; `now` is an argument.

pub mod accounting;
pub mod ask;
pub mod coverage;
mod digest;
pub mod exit;
pub mod history;
mod hot;
pub mod identity;
pub mod look;
pub mod memory;
pub mod mute;
pub mod outbox;
pub mod pair;
pub mod plan;
pub mod ratio;
pub mod reading;
pub mod records;
pub mod repeats;
pub mod sieve;
pub mod sightings;
pub mod snapshot;
pub mod tally;
pub mod traffic;
pub mod transition;
