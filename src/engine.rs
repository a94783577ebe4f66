//! What pcemon asks, judges and remembers: everything below the cycle. The program on top of it is the crate `pcemon`.
//!
//! It is a crate of its own so that it is compiled while the program's other dependencies are, and optimised more.

#[macro_use]
pub mod lang;

pub mod domain;
pub mod files;
pub mod http;
pub mod judge;
pub mod pce;
pub mod process;
pub mod settings;
pub mod sources;
pub mod state;
