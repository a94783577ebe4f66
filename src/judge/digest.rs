//! A message that is gathered over several runs: a digest until its time comes, and what waits behind a message that
//! the channel does not take. Pure.
//!
//! Until it is tried it lies in the outbox like any other message, so that nothing is lost with a run. It says of each
//! instance the latest only, and is written anew in every run: what fires now, and what began and ended meanwhile.
//! Once it was tried it never changes, because a receiver may have seen it.

use super::belief::{Belief, Queue, past};
use super::message::{Over, Policy, Receiver, Statement, alert, notification};
use super::transition::{Instances, Stage};
use crate::domain::alert::{Alert, Counted, End, Notification, NotificationKind, Reason};
use crate::domain::entry::AlertState;
use crate::domain::rule::Rule;
use crate::domain::threshold::Severity;
use crate::lang;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Most alerts that a message keeps although they are over; of more only the number is kept.
const MOST_PAST: usize = 10_000;

/// The messages of one channel that were not tried yet.
#[derive(Default)]
pub(super) struct Open {
    /// A digest whose time has not come.
    held: Option<Notification>,
    /// What waits for its turn.
    waiting: Vec<Notification>,
}

impl Open {
    /// The messages as they are.
    pub fn into_parcels(self) -> impl Iterator<Item = Notification> {
        self.waiting.into_iter().chain(self.held)
    }
}

/// Takes the messages that were not tried yet out of the outbox, by channel.
pub(super) fn take_open(outbox: &mut Vec<Notification>) -> BTreeMap<String, Open> {
    let is_open = |notification: &mut Notification| {
        let is_new = notification.attempts == 0 && !notification.sealed && notification.revived.is_none();
        (is_new || notification.held_until.is_some())
            && notification.given_up.is_none()
            && !matches!(notification.kind, NotificationKind::Snapshot | NotificationKind::Test)
    };
    let mut open: BTreeMap<String, Open> = BTreeMap::new();
    for notification in outbox.extract_if(.., is_open) {
        let slot = open.entry(notification.channel.clone()).or_default();
        if notification.held_until.is_some() && slot.held.is_none() {
            slot.held = Some(notification)
        } else {
            slot.waiting.push(notification)
        }
    }
    open
}

/// When the digest goes out: `None` now.
fn goes_out(channel: &Receiver, held: Option<&Notification>, last_run: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    // A channel that wants no digest any more gets at once what was gathered for it.
    let schedule = &channel.digest.as_ref()?.schedule;
    let missed = held.and_then(|notification| notification.held_until).is_some_and(|until| until <= now);
    let passed = last_run.and_then(|last| schedule.next_after(last)).is_some_and(|instant| instant <= now);
    if missed || passed { None } else { schedule.next_after(now) }
}

/// What a message can be written from.
pub(super) struct Scene<'s> {
    pub channel: &'s Receiver,
    pub rules: &'s BTreeMap<&'s str, &'s Rule>,
    pub instances: &'s Instances,
    pub queue: &'s Queue<'s>,
    pub policy: &'s Policy<'s>,
    pub now: Timestamp,
}

/// The messages for one channel: what is due in this run, and what was gathered before and still has to be said. One,
/// or two when the channel has a digest whose time has not come.
pub(super) fn messages(scene: &Scene<'_>, open: Open, due: Vec<Alert>) -> Vec<Notification> {
    let Scene { channel, policy, now, .. } = *scene;
    let held_until = goes_out(channel, open.held.as_ref(), policy.last_run, now);
    let is_held = held_until.is_some();
    let created = open.held.as_ref().filter(|_| is_held).map_or(now, |held| held.created);
    let mut restated: Restated = Restated::new();
    for alert in &due {
        let newest = restated.entry(alert.fingerprint.clone()).or_insert(alert.since);
        *newest = (*newest).max(alert.since);
    }
    let (mut at_once, mut gathered) = (Kept::default(), Kept::default());
    for notification in open.waiting {
        let kept = if is_held { &mut at_once } else { &mut gathered };
        kept.keep(notification, &restated, scene);
    }
    if let Some(notification) = open.held {
        gathered.keep(notification, &restated, scene);
    }
    let below = channel.digest.as_ref().and_then(|digest| digest.below);
    for alert in due {
        let is_urgent = is_held && below.is_some_and(|below| alert.severity >= below);
        if is_urgent { at_once.alerts.push(alert) } else { gathered.alerts.push(alert) }
    }
    let at_once = at_once.into_parcel(channel, policy, now);
    let gathered = gathered.into_parcel(channel, policy, now).map(|notification| Notification { created, held_until, ..notification });
    at_once.into_iter().chain(gathered).collect()
}

/// What a message keeps of the runs before, beside what is due in this one.
#[derive(Default)]
struct Kept {
    alerts: Vec<Alert>,
    counted: Vec<Counted>,
    /// How many there were beyond those.
    uncounted: usize,
}

/// Of which instances this run has something to say, and of which of their firings: the newest.
type Restated = BTreeMap<String, Timestamp>;

/// What becomes of a line that was gathered before.
enum Fate {
    /// It is said elsewhere, or not to be said.
    Gone,
    /// As it was.
    Stays,
    /// It began and ended meanwhile.
    Over(Over),
}

impl Kept {
    fn keep(&mut self, notification: Notification, restated: &Restated, scene: &Scene<'_>) {
        self.uncounted += notification.left_out.saturating_sub(notification.counted.len());
        for old in notification.alerts {
            match fate((&old.fingerprint, old.state, old.severity, old.since), restated, scene) {
                Fate::Gone => {}
                Fate::Stays => self.alerts.push(old),
                Fate::Over(over) => self.alerts.push(ended(old, over, scene)),
            }
        }
        for old in notification.counted {
            match fate((&old.fingerprint, old.state, old.severity, old.since), restated, scene) {
                Fate::Gone => {}
                Fate::Stays => self.counted.push(old),
                Fate::Over(_) => self.counted.push(Counted { state: AlertState::Resolved, ..old }),
            }
        }
        let mut past = 0;
        let before = self.counted.len();
        self.counted.retain(|counted| {
            past += usize::from(counted.state == AlertState::Resolved);
            counted.state == AlertState::Firing || past <= MOST_PAST
        });
        self.uncounted += before - self.counted.len();
    }

    fn into_parcel(self, channel: &Receiver, policy: &Policy<'_>, now: Timestamp) -> Option<Notification> {
        let mut notification = notification(channel, self.alerts, self.counted, policy, now)?;
        notification.left_out += self.uncounted;
        Some(notification)
    }
}

fn fate(line: (&str, AlertState, Severity, Timestamp), restated: &Restated, scene: &Scene<'_>) -> Fate {
    let Scene { channel, instances, queue, policy, .. } = *scene;
    let (fingerprint, state, severity, episode) = line;
    let instance = instances.get(fingerprint);
    // Of what is known there, or said anew in this run, everything that has to be said is said.
    let is_known = queue.belief(&channel.name, fingerprint, instance).is_some_and(|belief| belief.episode == episode);
    if is_known || restated.get(fingerprint).is_some_and(|newest| *newest >= episode) {
        return Fate::Gone;
    }
    let fires_on = instance.is_some_and(|instance| instance.stage == Stage::Firing && instance.fired_at == Some(episode));
    if fires_on && policy.mutes.of(fingerprint).is_some() {
        return Fate::Gone;
    }
    if state == AlertState::Resolved || !channel.send_resolved {
        return Fate::Stays;
    }
    match instance {
        // It fires on, but would not be told here any more.
        Some(_) if fires_on => Fate::Over(Over { episode, severity, at: None, end: End::Milder }),
        Some(instance) => Fate::Over(past(instance, Belief { episode, severity, certain: false, heard: false })),
        None => Fate::Over(Over { episode, severity, at: None, end: End::Recovered }),
    }
}

/// The line that says that it is over: with what is known of the firing itself, not of one that came later.
fn ended(old: Alert, over: Over, scene: &Scene<'_>) -> Alert {
    match scene.instances.get(&old.fingerprint).filter(|instance| instance.fired_at == Some(over.episode)) {
        Some(instance) => alert(&old.fingerprint, instance, scene.rules.get(old.rule.as_str()).copied(), Statement::Over(over)),
        None => Alert {
            state: AlertState::Resolved,
            reason: Reason::Resolved,
            resolved_at: over.at.or(Some(scene.now)),
            end: Some(over.end),
            summary: lang::for_machines(|| tr!("{what}, over", what = old.summary)),
            ..old
        },
    }
}
