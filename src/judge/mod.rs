//! Judgement, pure: records and memory in, verdicts out. No I/O, no clock; `now` is an argument.

pub mod accounting;
pub mod ask;
mod digest;
pub mod events;
pub mod exit;
pub mod health;
pub mod identity;
pub mod memory;
pub mod mute;
pub mod outbox;
pub mod plan;
pub mod tally;
pub mod traffic;
pub mod transition;
