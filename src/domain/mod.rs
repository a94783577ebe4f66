//! Ground floor: plain values. Nothing here opens a file, a socket or reads a clock.

pub mod alert;
pub mod asks;
pub mod calendar;
pub mod condition;
pub mod counted;
pub mod entry;
pub mod estimate;
pub mod fault;
pub mod field;
pub mod filter;
pub mod glob;
pub mod metric;
pub mod mute;
pub mod outcome;
pub mod record;
pub mod report;
pub mod rule;
pub mod secret;
pub mod source;
pub mod spelling;
pub mod summary;
pub mod text;
pub mod threshold;
pub mod time;
pub mod unit;
pub mod value;
