//! The PCE: how to ask it and how to read what it says.

pub mod decode;
mod wire;
