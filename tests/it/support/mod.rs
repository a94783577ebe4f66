//! What several tests share.

pub mod receivers;
