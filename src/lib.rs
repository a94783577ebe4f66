//! pcemon: one look at an Illumio PCE, one verdict, alerts that arrive.

#[macro_use]
pub mod lang;

pub mod app;
pub mod channels;
pub mod cli;
pub mod commands;
pub mod config;
pub mod domain;
pub mod edit;
pub mod files;
pub mod heartbeat;
pub mod http;
pub mod import;
pub mod judge;
pub mod pce;
pub mod process;
pub mod render;
pub mod report;
pub mod run;
pub mod schemas;
pub mod settings;
pub mod sim;
pub mod sources;
pub mod state;
