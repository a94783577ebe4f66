//! The process itself: panics that stay where they happened, children that end with it, how long it may live, and that its
//! memory stays its own.
//!
//! Knows nothing of what the program is about.

pub mod aloud;
pub mod children;
pub mod panics;
pub mod patience;
pub mod secrecy;
pub mod worker;
