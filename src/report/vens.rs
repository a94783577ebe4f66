//! VENs in, what a report says of them out.

use super::model::{Count, ROWS, SilentVen, Vens};
use crate::domain::text::visible;
use crate::domain::ven::{Inventory, Ven};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A VEN sends a heartbeat every five minutes; one that missed so many is silent.
const SILENT_SECONDS: u64 = 3_600;

/// Adds up the VENs of an answer.
pub fn gather(inventory: &Inventory, now: Timestamp) -> Vens {
    let vens = &inventory.vens;
    let silence = |ven: &Ven| ven.heartbeat_age(now).map(|age| age.as_secs()).filter(|age| ven.status == "active" && *age > SILENT_SECONDS);
    let mut silent: Vec<SilentVen> = vens
        .iter()
        .filter_map(|ven| {
            silence(ven).map(|seconds| SilentVen { name: visible(ven.display_name()), last_heartbeat: ven.last_heartbeat, seconds })
        })
        .collect();
    silent.sort_by(|a, b| b.seconds.cmp(&a.seconds).then_with(|| a.name.cmp(&b.name)));
    let silent_count = silent.len() as u64;
    silent.truncate(ROWS);
    Vens {
        count: vens.len() as u64,
        status: counts(vens.iter().map(|ven| ven.status.as_str())),
        versions: counts(vens.iter().map(|ven| ven.version.as_str())),
        conditions: counts(vens.iter().flat_map(|ven| ven.conditions.iter().map(String::as_str))),
        enforcement: inventory
            .workloads_whole
            .then(|| counts(vens.iter().filter_map(|ven| ven.workload.as_ref()).map(|workload| workload.enforcement.as_str()))),
        silent_count,
        silent,
    }
}

/// How often each word comes, the most frequent first; the rare ones together.
fn counts<'w>(words: impl Iterator<Item = &'w str>) -> Vec<Count> {
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    for word in words {
        *counted.entry(word).or_default() += 1;
    }
    let mut list: Vec<Count> = counted
        .into_iter()
        .map(|(name, count)| Count { name: if name.is_empty() { "-".to_owned() } else { visible(name) }, count })
        .collect();
    list.sort_by_key(|one| std::cmp::Reverse(one.count));
    list.truncate(ROWS);
    list
}
