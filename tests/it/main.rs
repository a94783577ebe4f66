//! The one integration binary: behaviour from outside.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs, reason = "a test that panics says where")]

mod accounting;
mod channels;
mod config;
mod generated;
mod pce;
mod render;
mod sim;
mod sim_estate;
mod sim_server;
mod tidy;

mod support {
    pub mod dummy;
    pub mod pce;
    pub mod readers;
    pub mod receivers;
    pub mod scripted;
}
