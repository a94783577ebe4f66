//! Hard to break: clocks, disks, peers, enemies.

mod children;
mod clocks;
mod clocks_model;
mod disks;
mod drips;
mod faults;
mod files;
mod limits;
mod memory;
mod mutated;
mod peers;
mod secrets;
