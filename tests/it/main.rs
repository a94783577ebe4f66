//! The one integration binary: behaviour from outside.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs, reason = "a test that panics says where")]

mod accounting;
mod adhoc;
mod calendar;
mod channels;
mod check;
mod check_accounting;
mod check_failures;
mod check_state;
mod config;
mod database;
mod definitions;
mod deliver;
mod docs;
mod doctor;
mod explain;
mod generated;
mod import;
mod init;
mod kinds;
mod lang;
mod laws;
mod matrix;
mod orders;
mod outputs;
mod packaging;
mod pce;
mod records;
mod render;
mod replay;
mod report;
mod robust;
mod rule_tests;
mod rules_edit;
mod same_records;
mod schema;
mod self_watch;
mod sim;
mod sim_estate;
mod sim_server;
mod tidy;
mod vens;
mod wild;

mod support {
    pub mod cli;
    pub mod dummy;
    pub mod pce;
    pub mod readers;
    pub mod receivers;
    pub mod run_cli;
    pub mod schemas;
    pub mod scripted;
    pub mod tape;
    pub mod traced;
}
