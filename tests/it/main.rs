//! The single integration binary.

#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

mod render;

mod support {
    pub mod dummy;
    pub mod readers;
}
