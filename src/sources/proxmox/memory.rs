//! What one run tells the next: it travels with the answers, so that a recording says the same as the run that made it.

use super::super::json::number;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Most guests, nodes and rights that are remembered.
pub(super) const MOST: usize = 20_000;

/// Everything that is remembered of a target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// When it was last looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// When it was looked first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began: Option<Timestamp>,
    /// The cluster that it was ever seen to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Kinds of which something may be seen, by the rights that were held.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub rights: BTreeSet<String>,
    /// By number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub guests: BTreeMap<String, Guest>,
    /// By name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub nodes: BTreeMap<String, Node>,
    /// What is known of the backup tasks of each node.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub backups: BTreeMap<String, Indexed>,
    /// When the last good backup of each guest ended.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub backed_up: BTreeMap<String, Timestamp>,
}

/// What is known of the backup tasks of a node.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Indexed {
    /// All of them are known from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// When they were asked for last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// The latest task of any kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// The index has lost tasks since it was looked at: what ended before this may be among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<Timestamp>,
    /// Those of several guests whose logs were read.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub read: BTreeSet<String>,
    /// Since when the node is offline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off: Option<Timestamp>,
}

/// A guest as it was last seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Guest {
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// qemu or lxc.
    pub kind: String,
    /// Where it was.
    pub node: String,
    /// Its last state that was certain.
    pub status: String,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// When it was first seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Timestamp>,
    /// When it was last seen to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ran: Option<Timestamp>,
    /// Since it was started.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "loose")]
    pub uptime: Option<f64>,
    /// Received, sent, read and written.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "loose_four")]
    pub counters: Option<[f64; 4]>,
    /// It ran, and nobody stopped it on purpose since.
    pub wanted: bool,
    /// Since when something that is not seen at work explains its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Timestamp>,
    /// It is a template.
    #[serde(skip_serializing_if = "is_false")]
    pub template: bool,
    /// It came to be while somebody looked.
    #[serde(skip_serializing_if = "is_false")]
    pub came: bool,
    /// Whole answers in a row without it.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "loose_count")]
    pub missed: u8,
}

/// A number in any notation; what is none is not known.
fn loose<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    Ok(number(&Json::deserialize(from)?))
}

fn loose_four<'de, D: Deserializer<'de>>(from: D) -> Result<Option<[f64; 4]>, D::Error> {
    let json = Json::deserialize(from)?;
    let numbers: Option<Vec<f64>> = json.as_array().and_then(|list| list.iter().map(number).collect());
    Ok(numbers.and_then(|numbers| numbers.try_into().ok()))
}

pub(super) fn loose_count<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    Ok(number(&Json::deserialize(from)?).map_or(0, |count| count.clamp(0.0, 9.0) as u8))
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// A node as it was last seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    /// Since it was started.
    #[serde(deserialize_with = "loose")]
    pub uptime: Option<f64>,
    /// Since when it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
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
