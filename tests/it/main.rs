//! The one integration binary: behaviour from outside.

mod accounting;
#![allow(clippy::unwrap_used, reason = "a test that panics says where")]

mod sim;
mod sim_estate;
mod sim_server;
//! The one integration test binary.
mod config;
//! The single integration binary.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]
mod render;
mod support {
    pub mod dummy;
    pub mod readers;
//! The single integration test binary.
#![allow(clippy::unwrap_used, missing_docs)]
mod pce;
    pub mod scripted;
}
