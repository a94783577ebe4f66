//! Rules whose value is a quotient: the same metric over two matches.

use super::memory::{Measured, Observation};
use super::tally::merge_talkers;
use crate::domain::rule::{Ratio, Rule};
use crate::domain::text::quantity;
use std::collections::BTreeMap;

/// Divides what a rule measured by what its `ratio_to` measured, group by group. A group whose total is
/// too small is shown but not judged; one of which either part is a lower bound cannot be judged. Contributors
/// are shown with their own share of the total.
pub fn divide(rule: &Rule, ratio: &Ratio, part: Observation, total: &Observation) -> Observation {
    let mut parts: BTreeMap<u64, Measured> = part.groups.into_iter().map(|measured| (measured.key, measured)).collect();
    for group in &total.groups {
        let nothing = || Measured { lower_bound: part.absent_may_be_more, ..Measured::of(group.key, group.group.clone(), Some(0.0)) };
        parts.entry(group.key).or_insert_with(nothing);
    }
    let totals: BTreeMap<u64, &Measured> = total.groups.iter().map(|measured| (measured.key, measured)).collect();
    let unit = rule.metric.unit();
    let mut top = part.top;
    let mut note = part.note.or_else(|| total.note.clone());
    let groups: Vec<Measured> = parts
        .into_values()
        .map(|mut measured| {
            let whole = totals.get(&measured.key);
            let whole_value = whole.map_or(Some(0.0), |whole| whole.value);
            // More on either side moves the quotient either way.
            measured.uncertain |= measured.lower_bound || whole.map_or(total.absent_may_be_more, |whole| whole.lower_bound);
            measured.lower_bound = false;
            let (Some(part), Some(whole)) = (measured.value, whole_value) else {
                measured.value = None;
                return measured;
            };
            measured.parts = Some((part, whole));
            if rule.group_by.is_empty() {
                note = note.take().or_else(|| Some(tr!("{part} of {whole}", part = quantity(part, unit), whole = quantity(whole, unit))));
            }
            measured.value = if whole > 0.0 { Some(part / whole) } else { None };
            let share = if whole > 0.0 { 1.0 / whole } else { 0.0 };
            measured.top.iter_mut().for_each(|talker| talker.value *= share);
            if rule.group_by.is_empty() {
                top.iter_mut().for_each(|talker| talker.value *= share);
            }
            measured.unjudged = !measured.uncertain && (whole <= 0.0 || whole < ratio.min_total);
            measured
        })
        .collect();
    if !rule.group_by.is_empty() {
        top = merge_talkers(groups.iter().flat_map(|measured| measured.top.iter().cloned()));
    }
    Observation {
        groups,
        matched: part.matched,
        covers: part.covers,
        top,
        note,
        trouble: part.trouble.or_else(|| total.trouble.clone()),
        absent_may_be_more: part.absent_may_be_more || total.absent_may_be_more,
        unlisted_is_gone: true,
    }
}
