//! The one integration test binary.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod channels;
mod support;
