//! The one integration binary: behaviour from outside.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs, reason = "a test that panics says where")]
#![allow(clippy::too_many_lines, clippy::too_many_arguments, reason = "a test reads as the story that it tells")]

mod accounting;
mod adhoc;
mod calendar;
mod channels;
mod check;
mod check_accounting;
mod check_failures;
mod check_state;
mod circles;
mod config;
mod database;
mod defaults;
mod definitions;
mod deliver;
mod demo;
mod docs;
mod doctor;
mod explain;
mod explain_last;
mod flow_laws;
mod generated;
mod help;
mod import;
mod init;
mod kinds;
mod lang;
mod late;
mod laws;
mod listings;
mod matrix;
mod monitoring;
mod names;
mod offline;
mod orders;
mod outputs;
mod packaging;
mod pce;
mod probe;
mod proxmox;
mod recording;

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
mod show;
mod sim;
mod sim_estate;
mod sim_proxmox;
mod sim_server;
mod targets;
mod tidy;
mod vens;
mod verbose;
mod wild;
mod wild_flows;
mod wild_ways;

mod support {
    pub mod budget;
    pub mod cli;
    pub mod closed;
    pub mod dummy;
    pub mod pce;
    pub mod readers;
    pub mod receivers;
    pub mod run_cli;
    pub mod schemas;
    pub mod scripted;
    pub mod tape;
    pub mod tls;
    pub mod traced;
}
