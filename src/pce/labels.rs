//! The PCE's labels: what they are called, by their address. Old PCEs tell no more of a workload's labels in a flow than
//! where they are to be found.

use super::client::{Client, Listed, Take};
use super::collection::{Collection, collect};
use super::decode::{DecodeError, Decoded};
use super::error::{ErrorKind, PceError};
use super::names::{labels_of, read_rows};
use super::records::read_records;
use super::vens::Sink;
use serde::Deserialize;
use std::collections::HashMap;
use std::io::Read;

/// The list, as the PCE names it.
const LABELS: Collection = Collection { name: "labels", query: &[] };
/// Labels that are remembered. A PCE carries some tens of thousands.
const MOST_LABELS: usize = 500_000;

/// Key and value of each label, by its address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    known: HashMap<String, (String, String)>,
}

#[derive(Deserialize)]
struct RawLabel {
    href: Option<String>,
    key: Option<String>,
    value: Option<String>,
}

impl Labels {
    /// Key and value of the label at this address.
    pub fn get(&self, href: &str) -> Option<&(String, String)> {
        self.known.get(href)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.known.values().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Reads a list of labels, or a part of one.
    pub fn read(&mut self, body: &mut dyn Read) -> Result<Decoded, DecodeError> {
        read_records(body, &mut |raw| {
            let Ok(RawLabel { href: Some(href), key: Some(key), value: Some(value) }) = serde_json::from_str(raw.get()) else {
                return false;
            };
            if self.known.len() < MOST_LABELS {
                self.known.insert(href, (key, value));
            }
            true
        })
    }
}

impl Client {
    /// Asks for all labels.
    pub fn labels(&self, take: &mut Take<'_>) -> Result<Listed, PceError> {
        fetch(self, take)
    }
}

/// Has the whole list.
fn fetch(client: &Client, take: &mut Take<'_>) -> Result<Listed, PceError> {
    let mut rows = Vec::new();
    // What is read for one purpose need not be asked for again for another.
    let mut keep = |name: &str, body: &mut dyn Read| {
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes).map_err(DecodeError::Read)?;
        rows = read_rows(&mut bytes.as_slice())?.0;
        take(name, &mut bytes.as_slice())
    };
    let collected = collect(client, &LABELS, &mut Sink(LABELS.name, &mut keep)).map_err(|error| match error.kind {
        ErrorKind::Forbidden => error.hint("the key needs a role that may view labels, such as Global Viewer; check org_id, too"),
        _ => error,
    })?;
    if collected.missing.is_none() {
        client.labels.get_or_init(|| labels_of(&rows));
    }
    Ok(Listed { queries: collected.queries, bytes: collected.bytes, whole_until: None, missing: collected.missing })
}
