//! The client of the PCE: what it is asked, how patiently, and what is left behind there (nothing).
//!
//! The PCE is only ever read, except for traffic queries, which are submitted (POST) and deleted
//! again (DELETE), and jobs that list things, which are deleted too. This room knows nothing of rules, state or channels.

mod answer;
mod ask;
mod batch;
mod body;
mod bounds;
mod client;
mod collection;
pub mod decode;
mod download;
mod endpoints;
mod error;
pub mod events;
mod exchange;
mod gather;
pub mod health;
mod inflate;
mod job;
mod label;
pub mod labels;
mod member;
mod names;
mod pace;
pub mod probe;
mod pump;
mod queries;
mod query;
mod quick;
pub mod records;
mod settings;
mod split;
pub mod traffic;
pub mod vens;
mod wire;

pub use client::{Client, ClientOptions, Listed, Take, is_loopback};
pub use error::{ErrorKind, PceError};
pub use exchange::ca_setting;
pub use inflate::inflate;
pub use label::Label;
pub use pace::{Pace, RealPace};
pub use queries::Cleaner;
pub use settings::PceSettings;
