//! A label of the PCE.

/// A label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its id.
    pub href: String,
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}
