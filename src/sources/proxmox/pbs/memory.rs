//! What one run tells the next of a backup server.

use super::super::memory::loose_count;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most datastores that are remembered.
pub(super) const MOST: usize = 2_000;

/// Everything that is remembered of a target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// Rights that were held.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub rights: BTreeSet<String>,
    /// Datastores by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stores: BTreeMap<String, Store>,
}

/// A datastore as it was last seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Store {
    /// When it was first seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Timestamp>,
    /// Whole answers in a row without it.
    #[serde(deserialize_with = "loose_count")]
    pub missed: u8,
}

impl Memory {
    /// Reads what was written; what cannot be read is not remembered.
    pub fn read(text: Option<&str>) -> Memory {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// How it is written.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
