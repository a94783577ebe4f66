//! The process itself: panics that stay where they happened, children that end with it, and how long it may live.
//!
//! Knows nothing of what the program is about.

pub mod children;
pub mod panics;
pub mod patience;
pub mod worker;
