//! VEN rules over one answer of the PCE. What is new or different is counted over the rule's window; all else
//! is what holds now.

use super::memory::{Measured, Observation, RuleMemory, UNGROUPED, Unlisted, group_key};
use super::tally::{Amount, Tally, merge_talkers};
use crate::domain::alert::Talker;
use crate::domain::estimate::Estimate;
use crate::domain::field::Field;
use crate::domain::filter::VenCondition;
use crate::domain::metric::Metric;
use crate::domain::rule::{Matcher, Rule};
use crate::domain::text::visible;
use crate::domain::ven::{Inventory, Ven};
use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

/// Whether a rule asks for what only workloads tell.
pub fn needs_workloads(rule: &Rule) -> bool {
    let Matcher::Vens(filter) = &rule.matcher else { return false };
    let counted: &[Field] = match &rule.metric {
        Metric::Distinct(field) => std::slice::from_ref(field),
        Metric::New(fields) | Metric::Changes(fields) => fields,
        _ => &[],
    };
    filter.all.iter().chain(&filter.none).any(|(_, condition)| condition.is_of_workload())
        || rule.group_by.iter().chain(counted).any(|field| field.is_of_workload())
}

/// Measures one rule. `known` are groups that have an instance: one whose VENs are still there but match no
/// more has nothing; one whose VENs are gone is not listed at all.
pub fn observe(rule: &Rule, inventory: &Inventory, known: &[Vec<Option<String>>], memory: &mut RuleMemory, now: Timestamp) -> Observation {
    let mut tally: Tally<(String, String, String)> = Tally::new(Amount::zero(&rule.metric));
    let Matcher::Vens(filter) = &rule.matcher else { return observation(tally, 0) };
    if rule.group_by.is_empty() {
        tally.group(UNGROUPED, Vec::new);
    }
    if rule.metric.is_sighting() {
        let mut sightings = std::mem::take(&mut memory.sightings);
        sightings.open(rule.learn, rule.remember, now);
        tally.sightings = Some(sightings);
    }
    // What is not known of a VEN shall neither be matched nor escape `exclude`.
    let skips_unknown = needs_workloads(rule) && !inventory.workloads_whole;
    let asks_for_heartbeats = rule.metric == Metric::HeartbeatAge
        || filter.all.iter().chain(&filter.none).any(|(_, c)| matches!(c, VenCondition::HeartbeatOlder(_)));
    let mut silent = 0;
    for ven in inventory.vens.iter().filter(|ven| !skips_unknown || ven.workload.is_some()) {
        let of = |fields: &[Field]| -> Vec<Option<String>> { fields.iter().map(|field| ven.field(field).map(str::to_owned)).collect() };
        let values = of(&rule.group_by);
        let matches = filter.matches(ven, now);
        if !matches && (values.is_empty() || !known.contains(&values)) {
            continue;
        }
        let Some(group) = tally.group(group_key(&values), || values) else { continue };
        if !matches {
            continue;
        }
        tally.matched += 1;
        silent += u64::from(asks_for_heartbeats && ven.last_heartbeat.is_none());
        let who = || (ven.display_name().to_owned(), describe(ven), ven.status.clone());
        match &rule.metric {
            Metric::New(fields) => {
                tally.see_new(group, group_key(&of(fields)), who);
                continue;
            }
            Metric::Changes(fields) => {
                let subject = xxh3_64(ven.href.as_bytes());
                let name = || ven.display_name().to_owned();
                let who = |had: &str, has: &str| (name(), format!("{had} → {has}"), ven.status.clone());
                tally.see_change(group, subject, group_key(&of(fields)), || of(fields), who);
                continue;
            }
            _ => {}
        }
        let amount = match rule.metric {
            Metric::HeartbeatAge => ven.heartbeat_age(now).map_or(0, |age| age.as_secs()),
            _ => 1,
        };
        let value = match &rule.metric {
            Metric::Distinct(field) => ven.field(field).map_or(0, |text| xxh3_64(text.as_bytes()).max(1)),
            _ => 0,
        };
        tally.add(group, amount, value, who);
    }
    if let Some(sightings) = &tally.sightings {
        let span = sightings.span(now);
        return memory.measure(&rule.metric, rule.window, !rule.group_by.is_empty(), tally, span, show);
    }
    observation(tally, silent)
}

fn observation(tally: Tally<(String, String, String)>, silent: u64) -> Observation {
    let (matched, overflow) = (tally.matched, tally.overflow);
    let groups: Vec<Measured> = tally
        .groups
        .into_iter()
        .map(|group| {
            let counted = Estimate::exact(group.amount.size() as f64);
            let estimate = if overflow { counted.or_more() } else { counted };
            Measured { top: group.top.talkers(show, 1.0), ..Measured::of(group.key, group.group, estimate) }
        })
        .collect();
    Observation {
        top: merge_talkers(groups.iter().flat_map(|group| group.top.iter().cloned())),
        groups,
        covers: None,
        matched,
        note: (silent > 0).then(|| format!("of {silent} VENs the PCE does not say when it last heard of them")),
        trouble: None,
        unlisted: if overflow { Unlisted::GONE.up_to(f64::INFINITY) } else { Unlisted::GONE },
    }
}

fn show((name, what, status): &(String, String, String), value: f64) -> Talker {
    Talker { src: visible(name), dst: visible(what), port: None, proto: String::new(), decision: visible(status), value }
}

/// The last word of a VEN and what it is, for people.
fn describe(ven: &Ven) -> String {
    let heard =
        ven.last_heartbeat.map_or_else(|| "never heard of".to_owned(), |at| format!("last heard of {}", at.strftime("%Y-%m-%d %H:%M:%SZ")));
    let conditions = ven.conditions.join(" ");
    [heard.as_str(), ven.version.as_str(), conditions.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}
