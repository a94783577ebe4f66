//! What one run tells the next: how far the index of each node is known, and which tasks were in it.

use super::super::super::json::{count, number};
use super::super::index::Task;
use super::super::upid::Upid;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Most tasks that are remembered.
pub(super) const MOST: usize = 20_000;

/// Everything that is remembered of a target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// The cluster that it was ever seen to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// By name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub nodes: BTreeMap<String, Node>,
    /// Finished tasks by their UPID: when each ended, and how.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tasks: BTreeMap<String, (Json, Json)>,
}

/// How far the index of a node is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    /// Everything that ended from here on is remembered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Up to here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// The index was read to its end for a window that begins here: it holds no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried: Option<Timestamp>,
    /// So many tasks were in it when some were lost.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "loose")]
    pub holds: Option<u64>,
}

/// A number in any notation; what is none is not known.
fn loose<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(count(&Json::deserialize(from)?))
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

    /// The tasks that are remembered, by UPID.
    pub fn known(&self) -> BTreeMap<String, Task> {
        let read = |(text, (ended, outcome)): (&String, &(Json, Json))| {
            let ended = number(ended).and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
            Some((text.clone(), Task { upid: Upid::read(text)?, ended, outcome: outcome.as_str().map(str::to_owned) }))
        };
        self.tasks.iter().filter_map(read).collect()
    }

    /// The UPIDs that are remembered of one node.
    pub fn of_node(&self, node: &str) -> BTreeSet<&str> {
        let prefix = format!("UPID:{node}:");
        self.tasks.keys().map(String::as_str).filter(|text| text.starts_with(&prefix)).collect()
    }
}
