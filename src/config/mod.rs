//! The configuration: text in, proven values or all complaints at once out.
//!
//! It never talks to the PCE, never fetches a secret while reading, and never lets a half-read file through:
//! either everything is proven or nothing is returned.

pub mod cases;
pub mod catalogue;
pub mod conditions;
pub mod defaults;
pub mod error;
pub mod flags;
pub mod paths;
pub mod reference;
pub mod schema;
pub mod shape;

mod calendar;
mod channels;
mod declared;
mod document;
mod kinds;
mod lint;
mod load;
mod mask;
mod model;
mod mutes;
mod pce;
mod report;
mod routes;
mod rules;
mod run;
mod selector;
mod sources;
mod tables;
mod targets;
mod thresholds;

pub use error::{ConfigError, Located};
pub use load::{LONGEST, is_open_to_all, load, parse, shown, usable_part};
pub use model::{Config, EventSettings, HeartbeatSettings, RunSettings, TargetConfig, TrafficSettings};
pub use paths::{default_paths, find};
pub use report::ReportSettings;
