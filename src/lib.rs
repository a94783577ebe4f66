//! pcemon: one look at an Illumio PCE, one verdict, alerts that arrive.

pub mod channels;
pub mod config;
pub mod domain;
pub mod heartbeat;
pub mod http;
pub mod judge;
pub mod pce;
pub mod render;
pub mod sim;
pub mod state;
