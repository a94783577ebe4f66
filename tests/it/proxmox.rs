//! Proxmox VE: what its answers mean, and how it is asked.

mod asked;
pub mod fixture;
mod source;
