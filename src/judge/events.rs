//! All event rules over the events of one run.
//!
//! An event counts in the run in which the PCE first showed it, so one that arrives late is not
//! lost between two windows. Which were shown before is remembered by a hash of the href.

use super::memory::{Observation, RuleMemory, Span, UNGROUPED, group_key};
use super::tally::{Amount, Tally};
use crate::domain::alert::Talker;
use crate::domain::field::Field;
use crate::domain::metric::Metric;
use crate::domain::record::Event;
use crate::domain::rule::{Matcher, Rule};
use crate::domain::text::visible;
use crate::domain::time::before;
use jiff::Timestamp;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// Events shown before: hash of the href, time of the event.
pub type Shown = BTreeMap<u64, Timestamp>;

/// Judges the events of one answer. `shown` is brought up to date; `span.from` is `None` on the
/// first look, when only events inside a rule's window count. What happened before `oldest` cannot be news: a PCE is
/// not asked for it, and of a recording that goes back further it is not remembered any more that it was shown.
pub fn judge(
    rules: &[&Rule],
    memories: &mut [RuleMemory],
    events: &[Event],
    shown: &mut Shown,
    span: Span,
    oldest: Option<Timestamp>,
) -> Vec<Observation> {
    let in_reach = |event: &&Event| oldest.is_none_or(|oldest| event.timestamp.is_none_or(|at| at >= oldest));
    let fresh: Vec<&Event> = events.iter().filter(in_reach).filter(|event| !shown.contains_key(&href_key(event))).collect();
    let observations = rules
        .iter()
        .zip(memories)
        .map(|(rule, memory)| {
            let mut tally: Tally<(String, String, String)> = Tally::new(Amount::zero(&rule.metric));
            if rule.metric.is_sighting() {
                let mut sightings = std::mem::take(&mut memory.sightings);
                sightings.open(rule.learn, rule.remember, span.to);
                tally.sightings = Some(sightings);
            }
            let start = before(span.to, rule.window);
            let Matcher::Events(filter) = &rule.matcher else {
                return memory.measure(&rule.metric, rule.window, false, tally, span, show);
            };
            tally.matched = events.iter().filter(|event| filter.matches(event)).count() as u64;
            for event in &fresh {
                // On the first look only what happened within the window is news; there is something to learn from all of it.
                let news = rule.metric.is_sighting() || span.from.is_some() || event.timestamp.is_some_and(|at| at > start);
                if news && filter.matches(event) {
                    add(&mut tally, rule, event);
                }
            }
            let span = tally.sightings.as_ref().map_or(span, |sightings| sightings.span(span.to));
            memory.measure(&rule.metric, rule.window, !rule.group_by.is_empty(), tally, span, show)
        })
        .collect();
    for event in events {
        shown.insert(href_key(event), event.timestamp.unwrap_or(span.to));
    }
    observations
}

/// Forgets events that can no longer be shown again.
pub fn forget(shown: &mut Shown, next_from: Timestamp) {
    shown.retain(|_, at| *at >= next_from);
}

fn add(tally: &mut Tally<(String, String, String)>, rule: &Rule, event: &Event) {
    let of = |fields: &[Field]| -> Vec<Option<String>> { fields.iter().map(|field| field_value(field, event)).collect() };
    let values = of(&rule.group_by);
    let key = if values.is_empty() { UNGROUPED } else { group_key(&values) };
    let Some(group) = tally.group(key, || values) else { return };
    let who = || (event.actor().unwrap_or("").to_owned(), event.event_type.clone(), event.status.clone());
    match &rule.metric {
        Metric::New(fields) => return tally.see_new(group, group_key(&of(fields)), who),
        Metric::Changes(fields) => {
            let who = |had: &str, has: &str| (format!("{had} → {has}"), event.event_type.clone(), event.status.clone());
            return tally.see_change(group, key, group_key(&of(fields)), || of(fields), who);
        }
        _ => {}
    }
    let value = match &rule.metric {
        Metric::Distinct(field) => field_value(field, event).map_or(0, |text| xxh3_64(text.as_bytes()).max(1)),
        _ => 0,
    };
    let amount = match rule.metric {
        Metric::WorkloadsAffected => event.workloads_affected.unwrap_or(0),
        _ => 1,
    };
    tally.add(group, amount, value, who);
}

fn show((actor, kind, status): &(String, String, String), value: f64) -> Talker {
    Talker { src: visible(actor), dst: visible(kind), port: None, proto: String::new(), decision: visible(status), value }
}

fn href_key(event: &Event) -> u64 {
    if event.href.is_empty() {
        return xxh3_64(format!("{event:?}").as_bytes());
    }
    xxh3_64(event.href.as_bytes())
}

/// The value of a field, or `None` when the event has no such thing.
pub fn field_value(field: &Field, event: &Event) -> Option<String> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    match field {
        Field::Type => some(&event.event_type),
        Field::Actor => event.actor().map(str::to_owned),
        Field::EventSrcIp => some(&event.src_ip),
        Field::Severity => some(&event.severity),
        _ => None,
    }
}
