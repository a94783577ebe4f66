//! Proxmox: what its answers mean, how it is asked, and the simulated cluster read by programs that others wrote.

mod asked;
mod backups;
mod clients;
mod endpoints;
pub mod fixture;
pub mod pbs;
mod place;
mod scenarios;
mod scenarios_around;
mod simulated;
mod source;
pub mod tasks;
