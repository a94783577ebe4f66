//! What a delivery and a failure mean, and which message is tried when. Pure.

use super::snapshot;
use super::transition::{Instances, Told};
use crate::domain::alert::{AlertState, Failure, Parcel, ParcelKind};
use crate::domain::outcome::{Outcome, Part};
use crate::domain::time::{after, since};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Most messages kept of one channel after they were given up.
pub const MOST_GIVEN_UP: usize = 100;
/// Longest pause that a channel can ask for.
const LONGEST_WISH: Duration = Duration::from_secs(86_400);

/// What a run learns while it sends; kept in a journal until the next commit of the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// These messages are about to be sent.
    Begun {
        /// Their ids.
        ids: Vec<String>,
    },
    /// A message was tried.
    Tried {
        /// Its id.
        id: String,
        /// How often it had been tried before.
        attempts: u32,
        /// When.
        at: Timestamp,
        /// What became of it.
        outcome: Outcome,
    },
}

/// Writes a note down. A note that was written down before changes nothing.
pub fn apply(outbox: &mut Vec<Parcel>, instances: &mut Instances, note: &Note) {
    match note {
        Note::Begun { ids } => outbox.iter_mut().filter(|parcel| ids.contains(&parcel.id)).for_each(|parcel| parcel.sealed = true),
        Note::Tried { id, attempts, at, outcome } => {
            let Some(place) = outbox.iter().position(|parcel| parcel.id == *id && parcel.attempts == *attempts) else { return };
            match outcome {
                Outcome::Delivered | Outcome::Warned { .. } => drop(delivered(outbox, place, instances, *at)),
                Outcome::Partly { taken, rest } => {
                    taken_in_part(outbox, place, taken, instances, *at);
                    failed(&mut outbox[place], rest, *at);
                    drop_empty(outbox);
                }
                Outcome::Retry { .. } | Outcome::Permanent { .. } => failed(&mut outbox[place], outcome, *at),
            }
        }
    }
}

/// The messages that are about to be tried at these channels and were not before. They keep their words from now on.
pub fn begin<'n>(outbox: &[Parcel], channels: impl Iterator<Item = &'n str>, now: Timestamp) -> Note {
    let fresh = |parcel: &&Parcel| parcel.attempts == 0 && !parcel.sealed;
    let ids = channels.flat_map(|channel| turn(outbox, channel, now)).filter(fresh).map(|parcel| parcel.id.clone()).collect();
    Note::Begun { ids }
}

/// A message was not tried in this run: the reason. What was only about to be sent may be written anew.
pub fn put_off(outbox: &mut [Parcel], id: &str, reason: String, begun: &Note) {
    let is_fresh = matches!(begun, Note::Begun { ids } if ids.iter().any(|begun| begun == id));
    for parcel in outbox.iter_mut().filter(|parcel| parcel.id == id) {
        parcel.sealed &= !(is_fresh && parcel.attempts == 0);
        parcel.last_error = Some(reason.clone());
    }
}

/// A channel took the message at this place of the outbox: only now is it remembered as told, and
/// only now is cooldown spent.
pub fn delivered(outbox: &mut Vec<Parcel>, place: usize, instances: &mut Instances, now: Timestamp) -> Parcel {
    let mut parcel = outbox.remove(place);
    parcel.attempts += 1;
    let older = &mut outbox[..place];
    overtake(&parcel, older);
    // The channel works: whatever it did not take before is at fault itself, and waits for no other any more.
    for other in older.iter_mut().filter(|other| other.channel == parcel.channel && other.failure == Some(Failure::Broken)) {
        (other.failure, other.not_before) = (Some(Failure::Refused), None);
    }
    drop_empty(outbox);
    // Once somebody has it, it counts as told.
    if parcel.taken_by.is_empty() {
        mark_told(&parcel, instances, now);
    }
    parcel
}

/// A channel took some parts of the message at this place and not the rest. Alerts that were taken are remembered as told
/// and leave the message. When a recipient has it, all of it counts as told, and the others get it by and by.
fn taken_in_part(outbox: &mut [Parcel], place: usize, parts: &[Part], instances: &mut Instances, now: Timestamp) {
    let is_first = outbox[place].taken_by.is_empty();
    let mut taken = outbox[place].take(parts);
    if !outbox[place].taken_by.is_empty() {
        taken = Parcel { taken_by: BTreeSet::new(), ..outbox[place].clone() };
    }
    overtake(&taken, &mut outbox[..place]);
    if is_first {
        mark_told(&taken, instances, now);
    }
}

/// Messages that have nothing left to say.
fn drop_empty(outbox: &mut Vec<Parcel>) {
    outbox.retain(|parcel| parcel.size() > 0 || parcel.kind == ParcelKind::Snapshot);
}

fn mark_told(parcel: &Parcel, instances: &mut Instances, now: Timestamp) {
    for (fingerprint, state, severity, episode) in parcel.contents() {
        let Some(instance) = instances.get_mut(fingerprint) else { continue };
        let known = instance.told.get(&parcel.channel).copied();
        match state {
            AlertState::Firing => {
                // A message of an older episode that was late must not hide that the newer one was told.
                let is_present = instance.fired_at == Some(episode);
                if is_present || known.is_none_or(|told| Some(told.episode) != instance.fired_at) {
                    // Getting worse is news and no repetition, but it does not make the repetitions frequent again.
                    let reminders = known
                        .filter(|told| told.episode == episode)
                        .map_or(0, |told| told.reminders.saturating_add(u32::from(severity <= told.severity)));
                    instance.told.insert(parcel.channel.clone(), Told::firing(now, severity, episode, reminders));
                }
            }
            AlertState::Resolved => {
                if parcel.kind == ParcelKind::Snapshot {
                    snapshot::ended(instance, &parcel.channel, now);
                } else if known.is_some_and(|told| told.episode == episode) {
                    instance.told.remove(&parcel.channel);
                }
            }
        }
    }
}

/// What a message that was overtaken said of an alert is stale once a younger message told of the same one.
fn overtake(parcel: &Parcel, before_it: &mut [Parcel]) {
    let told: BTreeSet<&str> = parcel.contents().map(|(fingerprint, _, _, _)| fingerprint).collect();
    for older in before_it.iter_mut().filter(|older| older.channel == parcel.channel && older.given_up.is_none()) {
        let counted = older.counted.len();
        older.alerts.retain(|alert| !told.contains(alert.fingerprint.as_str()));
        older.counted.retain(|counted| !told.contains(counted.fingerprint.as_str()));
        older.left_out = older.left_out.saturating_sub(counted - older.counted.len());
    }
}

/// A message was not taken, or not by all: when it is tried next. Doubles from a minute to an hour; the service's
/// own wish is honoured within a day; what is the message's own fault is tried every hour.
pub fn failed(parcel: &mut Parcel, outcome: &Outcome, now: Timestamp) {
    const LONGEST: Duration = Duration::from_secs(3600);
    parcel.attempts += 1;
    let doubled = Duration::from_secs(60).saturating_mul(1 << parcel.attempts.saturating_sub(1).min(6)).min(LONGEST);
    let own_fault = parcel.failure == Some(Failure::Refused);
    let (failure, pause) = match outcome {
        Outcome::Retry { after: Some(wish), .. } => (Failure::Asked, (*wish).min(LONGEST_WISH)),
        Outcome::Retry { .. } if !own_fault => (Failure::Broken, doubled),
        _ => (Failure::Refused, LONGEST),
    };
    parcel.failure = Some(failure);
    parcel.not_before = Some(after(now, pause));
    parcel.last_error = outcome.said().map(str::to_owned);
}

/// Whether a message's own time has come.
pub fn is_due(parcel: &Parcel, now: Timestamp) -> bool {
    parcel.given_up.is_none() && parcel.not_before.is_none_or(|instant| instant <= now)
}

/// The messages that are tried at one channel in this run, in order. A channel that asked to be left
/// alone is. Otherwise the first message that is due takes those before it along, so that news never
/// waits for the pause of an older message and never overtakes it either. One that the channel refused
/// has an hour of its own: it waits for no other and takes none along.
pub fn turn<'o>(outbox: &'o [Parcel], channel: &str, now: Timestamp) -> Vec<&'o Parcel> {
    let ready = |parcel: &&Parcel| parcel.channel == channel && parcel.given_up.is_none() && parcel.held_until.is_none();
    let mine: Vec<&Parcel> = outbox.iter().filter(ready).collect();
    let left_alone = mine.iter().any(|parcel| parcel.failure == Some(Failure::Asked) && !is_due(parcel, now));
    if left_alone {
        return Vec::new();
    }
    let refused = |parcel: &Parcel| parcel.failure == Some(Failure::Refused);
    let others_go = mine.iter().any(|parcel| !refused(parcel) && is_due(parcel, now));
    mine.into_iter().filter(|parcel| if refused(parcel) { is_due(parcel, now) } else { others_go }).collect()
}

/// After so many failures of the message in front another one is tried; behind more failing ones, after more.
fn patience(failing: u32) -> u32 {
    3 << failing.min(6)
}

/// One channel's turn: whether a message is tried after what became of those before it.
///
/// Order is kept, and one time-out is enough: behind a message that failed the others wait. But one message must not
/// shut its channel: when it has failed several times, the next is tried, and if that goes through the fault is the
/// first one's. At most two failing messages are tried in a turn.
#[derive(Debug, Default)]
pub struct Turn {
    closed: Option<String>,
    refused_in_a_row: u32,
    /// Messages in front that failed often, tried or not.
    failing: u32,
    tried_in_vain: u32,
    works: bool,
}

impl Turn {
    /// Whether this message is tried, or why it waits. `is_last`: none comes after it.
    pub fn admit(&mut self, parcel: &Parcel, is_last: bool) -> Result<(), String> {
        if let Some(error) = &self.closed {
            return Err(tr!("waits behind a message that failed ({error})", error));
        }
        let is_old = parcel.failure != Some(Failure::Refused) && parcel.attempts >= patience(self.failing);
        if self.failing > 0 && is_old && !self.works && !is_last {
            self.failing += 1;
            return Err(parcel.last_error.clone().unwrap_or_default());
        }
        Ok(())
    }

    /// Takes down what became of a message.
    pub fn note(&mut self, parcel: &Parcel, outcome: &Outcome) {
        match outcome {
            Outcome::Delivered | Outcome::Warned { .. } => self.works(),
            Outcome::Partly { rest, .. } => {
                self.works();
                if let Outcome::Retry { error, after: Some(_) } = &**rest {
                    self.closed = Some(error.clone());
                }
            }
            Outcome::Retry { error, after: None } if parcel.failure != Some(Failure::Refused) => {
                let often = parcel.attempts + 1 >= patience(self.failing);
                (self.failing, self.tried_in_vain) = (self.failing + 1, self.tried_in_vain + 1);
                if !often || (self.tried_in_vain > 1 && !self.works) {
                    self.closed = Some(error.clone());
                }
            }
            Outcome::Retry { error, after: Some(_) } => self.closed = Some(error.clone()),
            // A refused message is that message's fault; two in a row are the channel's.
            Outcome::Permanent { error } | Outcome::Retry { error, .. } => {
                self.refused_in_a_row += 1;
                if self.refused_in_a_row == 2 {
                    self.closed = Some(error.clone());
                }
            }
        }
    }

    fn works(&mut self) {
        (self.works, self.refused_in_a_row, self.failing) = (true, 0, 0);
    }

    /// No other message is tried any more, for this reason.
    pub fn close(&mut self, error: &str) {
        self.closed = Some(error.to_owned());
    }

    /// Whether no other message is tried any more.
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }
}

/// Marks messages that waited too long as given up and returns their ids. Of those given up earlier
/// only the youngest are kept.
pub fn give_up(outbox: &mut Vec<Parcel>, give_up_after: Duration, now: Timestamp) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for parcel in outbox.iter_mut().filter(|parcel| parcel.given_up.is_none()) {
        // A digest does not age before its time.
        let begun = parcel.revived.unwrap_or(parcel.created).max(parcel.held_until.unwrap_or(Timestamp::MIN));
        if since(now, begun) > give_up_after {
            parcel.given_up = Some(now);
            ids.insert(parcel.id.clone());
        }
    }
    let mut kept: BTreeMap<String, usize> = BTreeMap::new();
    for parcel in outbox.iter().filter(|parcel| parcel.given_up.is_some()) {
        *kept.entry(parcel.channel.clone()).or_default() += 1;
    }
    outbox.retain(|parcel| match kept.get_mut(&parcel.channel) {
        Some(count) if parcel.given_up.is_some() && *count > MOST_GIVEN_UP => {
            *count -= 1;
            false
        }
        _ => true,
    });
    ids
}

/// The clock stepped back: what lies in the future is moved to now, or it would mute, hold or keep
/// for as long as the clock was wrong. The beginning of an episode is its name and stays.
pub fn clamp_to(instances: &mut Instances, outbox: &mut [Parcel], now: Timestamp) {
    for instance in instances.values_mut() {
        instance.since = instance.since.min(now);
        instance.evaluated_at = instance.evaluated_at.min(now);
        instance.quiet_since = instance.quiet_since.map(|at| at.min(now));
        for told in instance.told.values_mut() {
            told.at = told.at.min(now);
            told.milder_since = told.milder_since.map(|at| at.min(now));
        }
    }
    for parcel in outbox {
        // How long it was to wait cannot be told any more; one try too many does no harm.
        parcel.not_before = None;
        if parcel.created > now {
            parcel.held_until = parcel.held_until.map(|at| at.min(now));
            // What was not tried yet is written anew anyway.
            if parcel.attempts == 0 && !parcel.sealed { parcel.created = now } else { parcel.revived = Some(now) }
        }
        parcel.revived = parcel.revived.map(|at| at.min(now));
        parcel.given_up = parcel.given_up.map(|at| at.min(now));
    }
}

/// Somebody wants messages tried at once, also those that were given up; their age counts anew.
pub fn revive(parcel: &mut Parcel, now: Timestamp) {
    parcel.not_before = None;
    parcel.failure = None;
    parcel.given_up = None;
    parcel.held_until = None;
    parcel.revived = Some(now);
}

/// Takes messages out of the outbox. What they said of alerts that fire is told again in a new
/// message; that an alert is over is not, because the message that would say so was thrown away.
pub fn throw_away(outbox: &mut Vec<Parcel>, instances: &mut Instances, chosen: &BTreeSet<String>) {
    for parcel in outbox.iter().filter(|parcel| chosen.contains(&parcel.id)) {
        for (fingerprint, state, _, episode) in parcel.contents() {
            let Some(instance) = instances.get_mut(fingerprint) else { continue };
            if state == AlertState::Resolved && instance.told.get(&parcel.channel).is_some_and(|told| told.episode == episode) {
                instance.told.remove(&parcel.channel);
            }
        }
    }
    outbox.retain(|parcel| !chosen.contains(&parcel.id));
}
