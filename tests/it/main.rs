//! The single integration test binary.
#![allow(clippy::unwrap_used, missing_docs)]

mod pce;
mod support {
    pub mod pce;
    pub mod scripted;
}
