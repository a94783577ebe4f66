//! A simulated Proxmox VE, for the demo and for tests: a cluster as plain values that change with an injected time, what
//! each of its nodes would answer about it, and an endpoint for each node over TLS on loopback.
//!
//! It is built from what Proxmox does, not from what pcemon reads: lists are filtered instead of refused, figures carry no
//! time and freeze before they vanish, a node without pmxcfs looks like a healthy lone host, and a minority calls everybody
//! else offline in good faith.

pub mod access;
mod ask;
mod backups;
pub mod cluster;
mod clusterwide;
mod export;
pub mod fault;
mod guests;
mod metrics;
mod nodes;
mod rights;
mod routes;
pub mod scene;
pub mod server;
pub mod task;
mod tasks;
pub mod tls;
mod view;
