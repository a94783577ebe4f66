//! Which firing alerts are told to nobody, and why. Pure.
//!
//! Muting is about telling alone: an instance is followed as always. The order is that of Alertmanager:
//! other alerts, then maintenance windows, then silences; the first that applies is the one that is named.

use super::transition::{Instance, Instances, Stage};
use crate::domain::mute::{Inhibition, Maintenance, Silence, Subject, Target};
use crate::domain::report::Suppression;
use crate::domain::rule::Rule;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Everything that can mute.
#[derive(Debug, Clone, Copy)]
pub struct Muting<'m> {
    /// Planned times.
    pub maintenance: &'m [Maintenance],
    /// Alerts that explain others.
    pub inhibitions: &'m [Inhibition],
    /// What people asked for.
    pub silences: &'m [Silence],
}

/// Why one alert is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mute {
    /// What kind of reason.
    pub by: Suppression,
    /// Which one, for people; foreign text in it is not escaped.
    pub why: String,
}

/// The muted instances.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mutes(BTreeMap<String, Mute>);

impl Mutes {
    /// Why this instance is not told; `None`: it may be.
    pub fn of(&self, fingerprint: &str) -> Option<&Mute> {
        self.0.get(fingerprint)
    }
}

/// The instances that fire and are told to nobody at `now`. That something is over is never muted: it closes
/// what was opened.
pub fn mutes(rules: &[&Rule], instances: &Instances, muting: &Muting<'_>, now: Timestamp) -> Mutes {
    let by_name: BTreeMap<&str, &Rule> = rules.iter().map(|rule| (rule.name.as_str(), *rule)).collect();
    let firing: Vec<Firing<'_>> = instances
        .iter()
        .filter(|(_, instance)| instance.stage == Stage::Firing)
        .filter_map(|(fingerprint, instance)| {
            let rule = by_name.get(instance.rule.as_str())?;
            let subject = Subject { rule, severity: instance.severity, group: &instance.group };
            Some(Firing { fingerprint, instance, subject })
        })
        .collect();
    let mut muted = BTreeMap::new();
    for inhibition in muting.inhibitions {
        inhibit(inhibition, &firing, &mut muted);
    }
    let maintenance: Vec<&Maintenance> = muting.maintenance.iter().filter(|window| window.holds(now)).collect();
    let silences: Vec<&Silence> = muting.silences.iter().filter(|silence| silence.holds(now)).collect();
    for one in &firing {
        if muted.contains_key(one.fingerprint) {
            continue;
        }
        let window = maintenance.iter().find(|window| window.selector.takes(one.subject.rule, one.subject.severity));
        let silence = || silences.iter().find(|silence| silence.takes(&one.subject, one.fingerprint, one.instance.fired_at));
        let why = match window {
            Some(window) => Some(tr!("maintenance window '{name}'", name = window.name)),
            None => silence().map(|silence| describe(silence)),
        };
        if let Some(why) = why {
            muted.insert(one.fingerprint.to_owned(), Mute { by: Suppression::Silence, why });
        }
    }
    Mutes(muted)
}

/// Whether a silence that was made for one alert has served: the alert is over.
pub fn has_served(silence: &Silence, instances: &Instances) -> bool {
    match &silence.target {
        Target::Matchers(_) => false,
        Target::Alert { fingerprint, episode, .. } => {
            instances.get(fingerprint).is_none_or(|instance| instance.stage != Stage::Firing || instance.fired_at != Some(*episode))
        }
    }
}

struct Firing<'i> {
    fingerprint: &'i str,
    instance: &'i Instance,
    subject: Subject<'i>,
}

/// What fires on the source's side with the same values.
#[derive(Default)]
struct Sources<'f> {
    /// The first that is only a source.
    pure: Option<&'f Firing<'f>>,
    /// The first that is a target as well.
    both: Option<&'f Firing<'f>>,
}

fn inhibit(inhibition: &Inhibition, firing: &[Firing<'_>], muted: &mut BTreeMap<String, Mute>) {
    let values =
        |one: &Firing<'_>| -> Vec<String> { inhibition.equal.iter().map(|property| property.of(&one.subject).to_owned()).collect() };
    let is_source = |one: &Firing<'_>| inhibition.source.takes(one.subject.rule, one.subject.severity);
    let is_target = |one: &Firing<'_>| inhibition.target.takes(one.subject.rule, one.subject.severity);
    let mut sources: BTreeMap<Vec<String>, Sources<'_>> = BTreeMap::new();
    for one in firing.iter().filter(|one| is_source(one)) {
        let slots = sources.entry(values(one)).or_default();
        let slot = if is_target(one) { &mut slots.both } else { &mut slots.pure };
        slot.get_or_insert(one);
    }
    for one in firing.iter().filter(|one| is_target(one)) {
        let Some(slots) = sources.get(&values(one)) else { continue };
        // What is on both sides is not muted by its like, or two such alerts would mute each other.
        let source = slots.pure.or(slots.both.filter(|_| !is_source(one)));
        if let Some(source) = source {
            let mute = Mute { by: Suppression::Inhibited, why: tr!("'{alert}' fires", alert = title(source.instance)) };
            muted.entry(one.fingerprint.to_owned()).or_insert(mute);
        }
    }
}

/// The rule and what it is about: `Blocked (web-01, 443)`.
pub fn title(instance: &Instance) -> String {
    if instance.group.is_empty() {
        return instance.rule.clone();
    }
    let group: Vec<&str> = instance.group.iter().map(|(_, value)| value.as_deref().unwrap_or("-")).collect();
    format!("{} ({})", instance.rule, group.join(", "))
}

fn describe(silence: &Silence) -> String {
    let (id, until, reason) = (silence.short_id(), silence.until, &silence.reason);
    match (&silence.target, &silence.by) {
        (Target::Alert { .. }, None) => tr!("acknowledged, silence {id} until {until}: {reason}", id, until, reason),
        (Target::Alert { .. }, Some(by)) => tr!("acknowledged, silence {id} by {by} until {until}: {reason}", id, by, until, reason),
        (Target::Matchers(_), None) => tr!("silence {id} until {until}: {reason}", id, until, reason),
        (Target::Matchers(_), Some(by)) => tr!("silence {id} by {by} until {until}: {reason}", id, by, until, reason),
    }
}
