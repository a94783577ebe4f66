//! How a table of the config is read: key by key, with every complaint gathered, and with what the readers ask for written down.
//!
//! Channels, sources and the config itself read their own keys with it. It must never know which of them there are.

pub mod reader;
pub mod secrets;
pub mod shape;

pub use secrets::{fetch_secret, fetch_secret_with};
