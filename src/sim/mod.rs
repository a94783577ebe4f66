//! A simulated PCE, for the demo and for tests: a small world of true traffic, what a PCE would
//! answer about it, and a server that answers over real HTTP on loopback. Beside it a simulated Proxmox (`proxmox`)
//! and a simulated Proxmox Backup Server (`pbs`).
//!
//! It follows the PCE's own habits, the awkward ones first: day buckets, both ends reporting, late
//! reports, silent caps. It must never be imported by the program proper; only the demo uses it,
//! and it knows nothing of the program but the plain values of `domain`.

pub mod api;
mod body;
pub mod estate;
mod estate_events;
mod exchange;
pub mod fault;
pub mod fleet;
pub mod generate;
mod host;
mod lists;
mod names;
pub mod options;
pub mod pbs;
pub mod proxmox;
mod query;
pub mod record;
pub mod server;
pub mod world;
