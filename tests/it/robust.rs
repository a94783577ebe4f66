//! Hard to break: clocks, disks, peers, enemies.

mod children;
mod clocks;
mod disks;
mod files;
mod limits;
mod peers;
mod secrets;
