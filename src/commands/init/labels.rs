//! The labels of a PCE: what there is, and which of them an example means.

use crate::domain::text::visible;
use crate::pce::Label;
use std::collections::{BTreeMap, BTreeSet};

/// Values that mean the same at another PCE.
const SYNONYMS: [(&str, &[&str]); 4] = [
    ("db", &["db", "database", "databases"]),
    ("dev", &["dev", "development"]),
    ("prod", &["prod", "production", "prd"]),
    ("test", &["test", "testing"]),
];

/// Values of a key that are listed.
const FEW: usize = 5;

/// `role=db`
pub fn written(label: &Label) -> String {
    format!("{}={}", label.key, label.value)
}

/// The label of this PCE that an example means: another spelling of it, or a word for the same.
pub fn of_this_pce(example: &str, labels: &[Label]) -> Option<String> {
    let (key, value) = example.split_once('=')?;
    let value = value.to_lowercase();
    let same = [value.as_str()];
    let words = SYNONYMS.iter().find(|(word, _)| *word == value).map_or(&same[..], |(_, words)| words);
    let of_key = || labels.iter().filter(|label| label.key.eq_ignore_ascii_case(key));
    words.iter().find_map(|word| of_key().find(|label| label.value.to_lowercase() == *word)).map(written)
}

/// What labels there are, a line for each key, for people who are going to write rules.
pub fn label_lines(labels: &[Label]) -> Vec<String> {
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for label in labels {
        keys.entry(&label.key).or_default().insert(&label.value);
    }
    let line = |(key, values): (&str, BTreeSet<&str>)| {
        let some = values.iter().take(FEW).map(|value| visible(value)).collect::<Vec<_>>().join(", ");
        let more = if values.len() > FEW { ", …" } else { "" };
        trn!(
            "{key} ({count} value): {values}",
            "{key} ({count} values): {values}",
            count = values.len(),
            key = visible(key),
            values = some + more
        )
    };
    keys.into_iter().map(line).collect()
}
