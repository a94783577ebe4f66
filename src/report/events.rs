//! Events in, what a report says of them out.

use super::gather::Axis;
use super::model::{BySeverity, EventType, Events, ROWS, Span};
use crate::domain::text::visible;
use crate::domain::value::Record;
use crate::sources::events::{SEVERITY, STATUS, TYPE};
use std::collections::BTreeMap;

/// Which of the four columns a severity belongs to.
fn column<'c>(severity: &str, counts: &'c mut BySeverity) -> &'c mut u64 {
    match severity.to_ascii_lowercase().as_str() {
        "emerg" | "emergency" | "alert" | "crit" | "critical" | "err" | "error" | "fatal" => &mut counts.error,
        "warning" | "warn" => &mut counts.warning,
        "notice" | "info" | "informational" | "debug" => &mut counts.info,
        _ => &mut counts.other,
    }
}

/// Adds up the events of a span.
pub fn gather(list: &[Record], span: Span) -> Events {
    let axis = Axis::new(span);
    let (mut total, mut failures) = (BySeverity::default(), 0);
    let mut buckets: BTreeMap<usize, BySeverity> = BTreeMap::new();
    let mut types: BTreeMap<&str, (BySeverity, u64)> = BTreeMap::new();
    let within = |event: &&Record| event.at.is_some_and(|at| span.from <= at && at <= span.to);
    for event in list.iter().filter(within) {
        let failed = u64::from(event.slot(STATUS).as_text() == Some("failure"));
        failures += failed;
        *column(event.slot(SEVERITY).as_text().unwrap_or(""), &mut total) += 1;
        *column(event.slot(SEVERITY).as_text().unwrap_or(""), buckets.entry(event.at.map_or(0, |at| axis.index(at))).or_default()) += 1;
        let (counts, failed_of_type) = types.entry(event.slot(TYPE).as_text().unwrap_or("")).or_default();
        *column(event.slot(SEVERITY).as_text().unwrap_or(""), counts) += 1;
        *failed_of_type += failed;
    }
    let mut sorted: Vec<EventType> =
        types.into_iter().map(|(name, (counts, failures))| EventType { name: visible(name), failures, counts }).collect();
    sorted.sort_by_key(|one| std::cmp::Reverse(one.counts.all()));
    let more_types = sorted.len().saturating_sub(ROWS) as u64;
    sorted.truncate(ROWS);
    Events {
        count: total.all(),
        failures,
        total,
        timeline: axis.timeline(|index| buckets.get(&index).copied().unwrap_or_default()),
        types: sorted,
        more_types,
    }
}
