//! VENs in, what a report says of them out.

use super::model::{Count, ROWS, SilentVen, Vens};
use crate::domain::text::visible;
use crate::domain::time::since;
use crate::domain::value::{Record, Value};
use crate::sources::vens::{CONDITION, ENFORCEMENT, LAST_HEARTBEAT, SILENT_SINCE, STATUS, VERSION};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A VEN sends a heartbeat every five minutes; one that missed so many is silent.
const SILENT_SECONDS: u64 = 3_600;

/// Adds up the VENs of an answer.
pub fn gather(vens: &[Record], workloads: bool, now: Timestamp) -> Vens {
    let time = |ven: &Record, slot: u8| if let Value::Time(at) = ven.slot(slot) { Some(*at) } else { None };
    let text = |ven: &'_ Record, slot: u8| ven.slot(slot).as_text().unwrap_or("").to_owned();
    let silence = |ven: &Record| {
        let age = time(ven, SILENT_SINCE).map(|at| since(now, at).as_secs());
        age.filter(|age| text(ven, STATUS) == "active" && *age > SILENT_SECONDS)
    };
    let mut silent: Vec<SilentVen> = vens
        .iter()
        .filter_map(|ven| {
            silence(ven).map(|seconds| SilentVen { name: visible(&ven.name), last_heartbeat: time(ven, LAST_HEARTBEAT), seconds })
        })
        .collect();
    silent.sort_by(|a, b| b.seconds.cmp(&a.seconds).then_with(|| a.name.cmp(&b.name)));
    let silent_count = silent.len() as u64;
    silent.truncate(ROWS);
    Vens {
        count: vens.len() as u64,
        status: counts(vens.iter().map(|ven| text(ven, STATUS))),
        versions: counts(vens.iter().map(|ven| text(ven, VERSION))),
        conditions: counts(vens.iter().flat_map(|ven| ven.slot(CONDITION).texts().iter().cloned())),
        enforcement: workloads
            .then(|| counts(vens.iter().filter(|ven| ven.slot(ENFORCEMENT) != &Value::NotTold).map(|ven| text(ven, ENFORCEMENT)))),
        silent_count,
        silent,
    }
}

/// How often each word comes, the most frequent first; the rare ones together.
fn counts(words: impl Iterator<Item = String>) -> Vec<Count> {
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for word in words {
        *counted.entry(word).or_default() += 1;
    }
    let mut list: Vec<Count> = counted
        .into_iter()
        .map(|(name, count)| Count { name: if name.is_empty() { "-".to_owned() } else { visible(&name) }, count })
        .collect();
    list.sort_by_key(|one| std::cmp::Reverse(one.count));
    list.truncate(ROWS);
    list
}
