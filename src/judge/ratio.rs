//! Rules whose value is a quotient: the same metric over two matches.

use super::measurement::{GroupMeasurement, Measurement, Unlisted};
use super::tally::merge_contributors;
use crate::domain::estimate::Estimate;
use crate::domain::rule::{Ratio, Rule};
use crate::domain::text::quantity;
use std::collections::BTreeMap;

/// Divides what a rule measured by what its `ratio_to` measured, group by group. A group whose total is
/// too small is shown but not judged; one of which either part is a lower bound cannot be judged. Contributors
/// are shown with their own share of the total.
pub fn divide(rule: &Rule, ratio: &Ratio, part: Measurement, total: &Measurement) -> Measurement {
    let mut parts: BTreeMap<u64, GroupMeasurement> = part.groups.into_iter().map(|measured| (measured.key, measured)).collect();
    for group in &total.groups {
        parts.entry(group.key).or_insert_with(|| part.unlisted.measured(group.key, group.group.clone()));
    }
    let totals: BTreeMap<u64, &GroupMeasurement> = total.groups.iter().map(|measured| (measured.key, measured)).collect();
    let unit = rule.metric.unit();
    let mut top = part.top;
    let mut note = part.note.or_else(|| total.note.clone());
    let groups: Vec<GroupMeasurement> = parts
        .into_values()
        .map(|mut measured| {
            let nothing = total.unlisted.measured(measured.key, Vec::new());
            let whole = totals.get(&measured.key).copied().unwrap_or(&nothing);
            let counted = (measured.estimate.value(), whole.estimate.value());
            let enough = |total: f64| total > 0.0 && total >= ratio.min_total;
            let quotient = |part: Estimate, total: Estimate| match (enough(total.low), enough(total.high)) {
                (true, _) => part.over(total),
                // It may be too little to be judged, so nothing is known.
                (false, true) => Estimate::ANY,
                // It is too little: whatever the quotient is, it is not judged.
                (false, false) if total.is_exact() && total.low > 0.0 => part.over(total),
                (false, false) => Estimate::ZERO,
            };
            measured.unjudged = !enough(whole.estimate.high);
            measured.besides_learning = quotient(measured.besides_learning, whole.besides_learning);
            measured.estimate = quotient(measured.estimate, whole.estimate);
            let (Some(part), Some(whole)) = counted else { return measured };
            measured.parts = Some((part, whole));
            if rule.group_by.is_empty() {
                note = note.take().or_else(|| Some(tr!("{part} of {whole}", part = quantity(part, unit), whole = quantity(whole, unit))));
            }
            if whole <= 0.0 && measured.unjudged {
                measured.estimate = Estimate::ANY;
            }
            let share = if whole > 0.0 { 1.0 / whole } else { 0.0 };
            measured.top.iter_mut().for_each(|talker| talker.value *= share);
            if rule.group_by.is_empty() {
                top.iter_mut().for_each(|talker| talker.value *= share);
            }
            measured
        })
        .collect();
    if !rule.group_by.is_empty() {
        top = merge_contributors(groups.iter().flat_map(|measured| measured.top.iter().cloned()), false);
    }
    Measurement {
        groups,
        matched: part.matched,
        covers: part.covers,
        top,
        note,
        trouble: part.trouble.or_else(|| total.trouble.clone()),
        unlisted: match (part.unlisted.is_certain(), total.unlisted.is_certain()) {
            (true, true) => Unlisted::GONE,
            _ => Unlisted::GONE.learning(true),
        },
    }
}
