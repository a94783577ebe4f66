//! The single integration binary.

mod render;

mod support {
    pub mod dummy;
}
