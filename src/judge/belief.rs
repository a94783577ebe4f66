//! What a channel believes of an alert, and what it must hear so that this becomes true. Pure.
//!
//! It believes what it took last, and, as messages go out in order, what the messages that wait for it will say.
//! Nothing is told that changes nothing, but for reminders.

use super::message::{Over, Policy, Receiver, Statement};
use super::transition::{Instance, Instances, Stage};
use crate::domain::alert::{End, Notification, NotificationKind, Reason, SendMode};
use crate::domain::entry::AlertState;
use crate::domain::rule::Rule;
use crate::domain::threshold::Severity;
use crate::domain::time::since;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// A fall of the severity is told after it has lasted for so long: a quick down and up is no news.
pub const SETTLED: Duration = Duration::from_secs(900);

/// What a channel believes to fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Belief {
    /// Since when.
    pub episode: Timestamp,
    /// How bad.
    pub severity: Severity,
    /// All of this was told; otherwise a message that says so waits.
    pub certain: bool,
    /// It was told of this firing at least.
    pub heard: bool,
}

/// What the messages that wait will have said last, by channel and instance.
pub(super) struct Queue<'o>(BTreeMap<(&'o str, &'o str), (AlertState, Severity, Timestamp)>);

impl<'o> Queue<'o> {
    /// Reads the messages in order. One that some recipients have already counts as told.
    pub fn of(outbox: &'o [Notification]) -> Self {
        let mut last = BTreeMap::new();
        let waits = |notification: &&Notification| {
            notification.given_up.is_none() && notification.kind != NotificationKind::Snapshot && notification.taken_by.is_empty()
        };
        for notification in outbox.iter().filter(waits) {
            // What begins anew in the same message comes after what ended.
            for wanted in [AlertState::Resolved, AlertState::Firing] {
                for (fingerprint, state, severity, episode) in notification.contents().filter(|(_, state, _, _)| *state == wanted) {
                    last.insert((notification.channel.as_str(), fingerprint), (state, severity, episode));
                }
            }
        }
        Self(last)
    }

    /// What this channel will believe when it has taken everything that waits.
    pub fn belief(&self, channel: &str, fingerprint: &str, instance: Option<&Instance>) -> Option<Belief> {
        let told = instance.and_then(|instance| instance.told.get(channel)).filter(|told| !told.ended);
        match self.0.get(&(channel, fingerprint)) {
            Some((AlertState::Resolved, _, _)) => None,
            Some((AlertState::Firing, severity, episode)) => {
                let heard = told.is_some_and(|told| told.episode == *episode);
                Some(Belief { episode: *episode, severity: *severity, certain: false, heard })
            }
            None => told.map(|told| Belief { episode: told.episode, severity: told.severity, certain: true, heard: true }),
        }
    }
}

/// Writes down what time does to what was told: how long an alert has been milder, and whether it was muted.
pub(super) fn observe(instances: &mut Instances, policy: &Policy<'_>, now: Timestamp) {
    let is_news = |name: &str| policy.channels.iter().any(|channel| channel.name == name && channel.send_mode == SendMode::Changes);
    for (fingerprint, instance) in instances.iter_mut().filter(|(_, instance)| instance.stage == Stage::Firing) {
        let muted = policy.mutes.of(fingerprint).is_some();
        let (severity, fired_at) = (instance.severity, instance.fired_at);
        for (_, told) in instance.told.iter_mut().filter(|(name, told)| is_news(name) && Some(told.episode) == fired_at) {
            told.muted |= muted;
            if severity < told.severity {
                told.milder_since.get_or_insert(now);
            } else if told.milder_since.is_some_and(|at| since(now, at) < SETTLED) {
                told.milder_since = None;
            }
        }
    }
}

/// What this channel must hear of this instance now; an end comes before a new beginning.
pub(super) fn statements(
    instance: &Instance,
    rule: Option<&Rule>,
    channel: &Receiver,
    (belief, is_muted): (Option<Belief>, bool),
    policy: &Policy<'_>,
    now: Timestamp,
) -> Vec<Statement> {
    let firing = rule.filter(|_| instance.stage == Stage::Firing);
    let wanting = firing.filter(|rule| channel.wants(rule, instance.severity, policy.routes));
    let begins = || wanting.filter(|_| !is_muted).map(|_| Statement::Firing { reason: Reason::First, told_as: None });
    let Some(belief) = belief else { return begins().into_iter().collect() };
    let told = instance.told.get(&channel.name).filter(|_| belief.certain);
    let Some(rule) = firing.filter(|_| Some(belief.episode) == instance.fired_at) else {
        let begins = begins();
        // Of what it may never hear of it need not hear that it is over, unless something new comes behind it.
        let over = (channel.send_resolved && (belief.heard || begins.is_some())).then(|| Statement::Over(past(instance, belief)));
        return over.into_iter().chain(begins).collect();
    };
    let is_milder = instance.severity < belief.severity;
    let milder_for = told.and_then(|told| told.milder_since).map_or(Duration::ZERO, |at| since(now, at));
    if wanting.is_none() {
        // Hysteresis is the rule's.
        let over = channel.send_resolved && belief.heard && (!is_milder || milder_for >= rule.keep_firing_for);
        let end = if is_milder { End::Milder } else { End::Elsewhere };
        return if over {
            vec![Statement::Over(Over { episode: belief.episode, severity: belief.severity, at: None, end })]
        } else {
            Vec::new()
        };
    }
    let told_as = Some(belief.severity).filter(|severity| *severity != instance.severity);
    let reason = match told {
        _ if is_muted => None,
        _ if instance.severity > belief.severity => Some(Reason::Escalated),
        None => None,
        // It was milder for long, and nobody was there to say so.
        Some(_) if !is_milder && milder_for >= SETTLED => Some(Reason::Escalated),
        Some(told) if told.muted || since(now, told.at) >= rule.repeat_interval(told.reminders) => Some(Reason::Reminder),
        Some(_) if is_milder && milder_for >= SETTLED => Some(Reason::Eased),
        Some(_) => None,
    };
    reason.map(|reason| Statement::Firing { reason, told_as }).into_iter().collect()
}

/// The end of a firing that is over.
pub(super) fn past(instance: &Instance, belief: Belief) -> Over {
    let Belief { episode, severity, .. } = belief;
    if instance.stage == Stage::Resolved && instance.fired_at == Some(episode) {
        let end = instance.end.unwrap_or(End::Recovered);
        return Over { episode, severity: instance.severity, at: instance.resolved_at, end };
    }
    match instance.earlier.filter(|earlier| earlier.fired_at == episode) {
        Some(earlier) => Over { episode, severity, at: Some(earlier.resolved_at), end: earlier.end },
        None => Over { episode, severity, at: None, end: End::Recovered },
    }
}
