//! pcemon: one look at an Illumio PCE, one verdict, alerts that arrive.

#[macro_use]
extern crate pcemon_engine;
pub use pcemon_engine::{domain, files, http, judge, lang, pce, process, settings, sources, state, tr, trn};

pub mod app;
pub mod channels;
pub mod cli;
pub mod commands;
pub mod config;
pub mod edit;
pub mod heartbeat;
pub mod import;
pub mod render;
pub mod report;
pub mod run;
pub mod schemas;
pub mod sim;
