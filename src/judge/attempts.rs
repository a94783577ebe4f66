//! What a delivery and a failure mean, and which message is tried when. Pure.

use super::snapshot;
use super::transition::{Instances, NotificationLog};
use crate::domain::alert::{Failure, Notification, NotificationKind};
use crate::domain::entry::AlertState;
use crate::domain::entry::Part;
use crate::domain::outcome::Outcome;
use crate::domain::time::{after, since};
use crate::lang::in_english;
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
pub fn apply(outbox: &mut Vec<Notification>, instances: &mut Instances, note: &Note) {
    match note {
        Note::Begun { ids } => {
            outbox.iter_mut().filter(|notification| ids.contains(&notification.id)).for_each(|notification| notification.sealed = true)
        }
        Note::Tried { id, attempts, at, outcome } => {
            let Some(place) = outbox.iter().position(|notification| notification.id == *id && notification.attempts == *attempts) else {
                return;
            };
            match outcome {
                Outcome::Delivered | Outcome::Warned { .. } => drop(delivered(outbox, place, instances, *at)),
                Outcome::Partly { taken, rest, .. } => {
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
pub fn begin<'n>(outbox: &[Notification], channels: impl Iterator<Item = &'n str>, now: Timestamp) -> Note {
    let fresh = |notification: &&Notification| notification.attempts == 0 && !notification.sealed;
    let ids = channels.flat_map(|channel| turn(outbox, channel, now)).filter(fresh).map(|notification| notification.id.clone()).collect();
    Note::Begun { ids }
}

/// A message was not tried in this run: the reason. What was only about to be sent may be written anew.
pub fn put_off(outbox: &mut [Notification], id: &str, reason: String, begun: &Note) {
    let is_fresh = matches!(begun, Note::Begun { ids } if ids.iter().any(|begun| begun == id));
    for notification in outbox.iter_mut().filter(|notification| notification.id == id) {
        notification.sealed &= !(is_fresh && notification.attempts == 0);
        notification.last_error = Some(in_english(&reason));
    }
}

/// A channel took the message at this place of the outbox: only now is it remembered as told, and
/// only now is cooldown spent.
pub fn delivered(outbox: &mut Vec<Notification>, place: usize, instances: &mut Instances, now: Timestamp) -> Notification {
    let mut notification = outbox.remove(place);
    notification.attempts += 1;
    let older = &mut outbox[..place];
    overtake(&notification, older);
    // The channel works: whatever it did not take before is at fault itself, and waits for no other any more.
    for other in older.iter_mut().filter(|other| other.channel == notification.channel && other.failure == Some(Failure::Broken)) {
        (other.failure, other.not_before) = (Some(Failure::Refused), None);
    }
    drop_empty(outbox);
    // Once somebody has it, it counts as told.
    if notification.taken_by.is_empty() {
        mark_told(&notification, instances, now);
    }
    notification
}

/// A channel took some parts of the message at this place and not the rest. Alerts that were taken are remembered as told
/// and leave the message. When a recipient has it, all of it counts as told, and the others get it by and by.
fn taken_in_part(outbox: &mut [Notification], place: usize, parts: &[Part], instances: &mut Instances, now: Timestamp) {
    let is_first = outbox[place].taken_by.is_empty();
    let mut taken = outbox[place].take(parts);
    if !outbox[place].taken_by.is_empty() {
        taken = Notification { taken_by: BTreeSet::new(), ..outbox[place].clone() };
    }
    overtake(&taken, &mut outbox[..place]);
    if is_first {
        mark_told(&taken, instances, now);
    }
}

/// Messages that have nothing left to say.
fn drop_empty(outbox: &mut Vec<Notification>) {
    outbox.retain(|notification| notification.size() > 0 || notification.kind == NotificationKind::Snapshot);
}

fn mark_told(notification: &Notification, instances: &mut Instances, now: Timestamp) {
    for (fingerprint, state, severity, episode) in notification.contents() {
        let Some(instance) = instances.get_mut(fingerprint) else { continue };
        let known = instance.told.get(&notification.channel).copied();
        match state {
            AlertState::Firing => {
                // A message of an older episode that was late must not hide that the newer one was told.
                let is_present = instance.fired_at == Some(episode);
                if is_present || known.is_none_or(|told| Some(told.episode) != instance.fired_at) {
                    // Getting worse is news and no repetition, but it does not make the repetitions frequent again.
                    let reminders = known
                        .filter(|told| told.episode == episode)
                        .map_or(0, |told| told.reminders.saturating_add(u32::from(severity <= told.severity)));
                    instance.told.insert(notification.channel.clone(), NotificationLog::firing(now, severity, episode, reminders));
                }
            }
            AlertState::Resolved => {
                if notification.kind == NotificationKind::Snapshot {
                    snapshot::ended(instance, &notification.channel, now);
                } else if known.is_some_and(|told| told.episode == episode) {
                    instance.told.remove(&notification.channel);
                }
            }
        }
    }
}

/// What a message that was overtaken said of an alert is stale once a younger message told of the same one.
fn overtake(notification: &Notification, before_it: &mut [Notification]) {
    let told: BTreeSet<&str> = notification.contents().map(|(fingerprint, _, _, _)| fingerprint).collect();
    for older in before_it.iter_mut().filter(|older| older.channel == notification.channel && older.given_up.is_none()) {
        let counted = older.counted.len();
        older.alerts.retain(|alert| !told.contains(alert.fingerprint.as_str()));
        older.counted.retain(|counted| !told.contains(counted.fingerprint.as_str()));
        older.left_out = older.left_out.saturating_sub(counted - older.counted.len());
    }
}

/// A message was not taken, or not by all: when it is tried next. Doubles from a minute to an hour; the service's
/// own wish is honoured within a day; what is the message's own fault is tried every hour.
pub fn failed(notification: &mut Notification, outcome: &Outcome, now: Timestamp) {
    const LONGEST: Duration = Duration::from_secs(3600);
    notification.attempts += 1;
    let doubled = Duration::from_secs(60).saturating_mul(1 << notification.attempts.saturating_sub(1).min(6)).min(LONGEST);
    let own_fault = notification.failure == Some(Failure::Refused);
    let (failure, pause) = match outcome {
        Outcome::Retry { after: Some(wish), .. } => (Failure::Asked, (*wish).min(LONGEST_WISH)),
        Outcome::Retry { .. } if !own_fault => (Failure::Broken, doubled),
        _ => (Failure::Refused, LONGEST),
    };
    notification.failure = Some(failure);
    notification.not_before = Some(after(now, pause));
    notification.last_error = outcome.localized().map(in_english);
}

/// Whether a message's own time has come.
pub fn is_due(notification: &Notification, now: Timestamp) -> bool {
    notification.given_up.is_none() && notification.not_before.is_none_or(|instant| instant <= now)
}

/// The messages that are tried at one channel in this run, in order. A channel that asked to be left
/// alone is. Otherwise the first message that is due takes those before it along, so that news never
/// waits for the pause of an older message and never overtakes it either. One that the channel refused
/// has an hour of its own: it waits for no other and takes none along.
pub fn turn<'o>(outbox: &'o [Notification], channel: &str, now: Timestamp) -> Vec<&'o Notification> {
    let ready = |notification: &&Notification| {
        notification.channel == channel && notification.given_up.is_none() && notification.held_until.is_none()
    };
    let mine: Vec<&Notification> = outbox.iter().filter(ready).collect();
    let left_alone = mine.iter().any(|notification| notification.failure == Some(Failure::Asked) && !is_due(notification, now));
    if left_alone {
        return Vec::new();
    }
    let refused = |notification: &Notification| notification.failure == Some(Failure::Refused);
    let others_go = mine.iter().any(|notification| !refused(notification) && is_due(notification, now));
    mine.into_iter().filter(|notification| if refused(notification) { is_due(notification, now) } else { others_go }).collect()
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
    pub fn admit(&mut self, notification: &Notification, is_last: bool) -> Result<(), String> {
        if let Some(error) = &self.closed {
            return Err(tr!("waits behind a message that failed ({error})", error));
        }
        let is_old = notification.failure != Some(Failure::Refused) && notification.attempts >= patience(self.failing);
        if self.failing > 0 && is_old && !self.works && !is_last {
            self.failing += 1;
            return Err(notification.last_error.clone().unwrap_or_default());
        }
        Ok(())
    }

    /// Takes down what became of a message.
    pub fn note(&mut self, notification: &Notification, outcome: &Outcome) {
        match outcome {
            Outcome::Delivered | Outcome::Warned { .. } => self.works(),
            Outcome::Partly { rest, .. } => {
                self.works();
                if let Outcome::Retry { error, after: Some(_) } = &**rest {
                    self.closed = Some(error.clone());
                }
            }
            Outcome::Retry { error, after: None } if notification.failure != Some(Failure::Refused) => {
                let often = notification.attempts + 1 >= patience(self.failing);
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
pub fn give_up(outbox: &mut Vec<Notification>, give_up_after: Duration, now: Timestamp) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for notification in outbox.iter_mut().filter(|notification| notification.given_up.is_none()) {
        // A digest does not age before its time.
        let begun = notification.revived.unwrap_or(notification.created).max(notification.held_until.unwrap_or(Timestamp::MIN));
        if since(now, begun) > give_up_after {
            notification.given_up = Some(now);
            ids.insert(notification.id.clone());
        }
    }
    let mut kept: BTreeMap<String, usize> = BTreeMap::new();
    for notification in outbox.iter().filter(|notification| notification.given_up.is_some()) {
        *kept.entry(notification.channel.clone()).or_default() += 1;
    }
    outbox.retain(|notification| match kept.get_mut(&notification.channel) {
        Some(count) if notification.given_up.is_some() && *count > MOST_GIVEN_UP => {
            *count -= 1;
            false
        }
        _ => true,
    });
    ids
}

/// The clock stepped back: what lies in the future is moved to now, or it would mute, hold or keep
/// for as long as the clock was wrong. The beginning of an episode is its name and stays.
pub fn clamp_to(instances: &mut Instances, outbox: &mut [Notification], now: Timestamp) {
    for instance in instances.values_mut() {
        instance.since = instance.since.min(now);
        instance.evaluated_at = instance.evaluated_at.min(now);
        instance.quiet_since = instance.quiet_since.map(|at| at.min(now));
        for told in instance.told.values_mut() {
            told.at = told.at.min(now);
            told.milder_since = told.milder_since.map(|at| at.min(now));
        }
    }
    for notification in outbox {
        // How long it was to wait cannot be told any more; one try too many does no harm.
        notification.not_before = None;
        if notification.created > now {
            notification.held_until = notification.held_until.map(|at| at.min(now));
            // What was not tried yet is written anew anyway.
            if notification.attempts == 0 && !notification.sealed { notification.created = now } else { notification.revived = Some(now) }
        }
        notification.revived = notification.revived.map(|at| at.min(now));
        notification.given_up = notification.given_up.map(|at| at.min(now));
    }
}

/// Somebody wants messages tried at once, also those that were given up; their age counts anew.
pub fn revive(notification: &mut Notification, now: Timestamp) {
    notification.not_before = None;
    notification.failure = None;
    notification.given_up = None;
    notification.held_until = None;
    notification.revived = Some(now);
}

/// Takes messages out of the outbox. What they said of alerts that fire is told again in a new
/// message; that an alert is over is not, because the message that would say so was thrown away.
pub fn throw_away(outbox: &mut Vec<Notification>, instances: &mut Instances, chosen: &BTreeSet<String>) {
    for notification in outbox.iter().filter(|notification| chosen.contains(&notification.id)) {
        for (fingerprint, state, _, episode) in notification.contents() {
            let Some(instance) = instances.get_mut(fingerprint) else { continue };
            if state == AlertState::Resolved && instance.told.get(&notification.channel).is_some_and(|told| told.episode == episode) {
                instance.told.remove(&notification.channel);
            }
        }
    }
    outbox.retain(|notification| !chosen.contains(&notification.id));
}
