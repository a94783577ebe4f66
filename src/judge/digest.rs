//! A digest: one message that is gathered over many runs and goes out at its time. Pure.
//!
//! Until then it lies in the outbox like any other message, so that nothing is lost with a run. It says of
//! each instance the latest only, and is written anew in every run until it is closed; after that it never
//! changes, because a receiver may have seen it.

use super::mute::Mutes;
use super::outbox::{Addressee, Instances};
use super::transition::{Instance, Stage};
use crate::domain::alert::{Alert, AlertState, Counted, Parcel, Reason};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Takes the digests that are still open out of the outbox, by channel.
pub(super) fn take_open(outbox: &mut Vec<Parcel>) -> BTreeMap<String, Parcel> {
    let is_open = |parcel: &mut Parcel| parcel.held_until.is_some() && parcel.given_up.is_none();
    outbox.extract_if(.., is_open).map(|parcel| (parcel.channel.clone(), parcel)).collect()
}

/// When the digest goes out: `None` now.
pub(super) fn goes_out(channel: &Addressee, held: Option<&Parcel>, last_run: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    // A channel that wants no digest any more gets at once what was gathered for it.
    let schedule = &channel.digest.as_ref()?.schedule;
    let missed = held.and_then(|parcel| parcel.held_until).is_some_and(|until| until <= now);
    let passed = last_run.and_then(|last| schedule.next_after(last)).is_some_and(|instant| instant <= now);
    if missed || passed { None } else { schedule.next_after(now) }
}

/// What a digest keeps of the runs before, beside what is due in this one.
pub(super) struct Kept {
    pub alerts: Vec<Alert>,
    pub counted: Vec<Counted>,
}

/// What was gathered and still has to be said, with its latest state. `again` are the instances that this run
/// has something to say of.
pub(super) fn keep(
    held: Parcel,
    again: &BTreeSet<String>,
    channel: &Addressee,
    instances: &Instances,
    mutes: &Mutes,
    over: &dyn Fn(&str, &Instance) -> Alert,
) -> Kept {
    let fate = |fingerprint: &str, episode: Timestamp, reason: Option<Reason>| {
        if again.contains(fingerprint) {
            return Fate::Gone;
        }
        let Some(instance) = instances.get(fingerprint).filter(|instance| instance.fired_at == Some(episode)) else { return Fate::Stays };
        let told = instance.told.get(&channel.name).is_some_and(|told| told.episode == episode);
        match instance.stage {
            Stage::Firing if mutes.of(fingerprint).is_some() => Fate::Gone,
            Stage::Resolved if channel.send_resolved && !told => Fate::Over(instance),
            Stage::Resolved if told && reason != Some(Reason::Resolved) => Fate::Gone,
            _ => Fate::Stays,
        }
    };
    let mut kept = Kept { alerts: Vec::new(), counted: Vec::new() };
    for alert in held.alerts {
        match fate(&alert.fingerprint, alert.since, Some(alert.reason)) {
            Fate::Gone => {}
            Fate::Stays => kept.alerts.push(alert),
            Fate::Over(instance) => kept.alerts.push(over(&alert.fingerprint, instance)),
        }
    }
    for counted in held.counted {
        match fate(&counted.fingerprint, counted.since, None) {
            Fate::Gone => {}
            Fate::Stays => kept.counted.push(counted),
            Fate::Over(_) => kept.counted.push(Counted { state: AlertState::Resolved, ..counted }),
        }
    }
    kept
}

enum Fate<'i> {
    /// It is said elsewhere, or not to be said.
    Gone,
    /// As it was.
    Stays,
    /// It began and ended since the last digest.
    Over(&'i Instance),
}
