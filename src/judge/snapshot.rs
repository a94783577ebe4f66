//! What fires at `now`, whole, for a channel whose service forgets what it is not told again. Pure.
//!
//! Every run makes a new snapshot, and it takes the place of one that was not delivered: it says all that one
//! said, as far as it is still true. What is over is said until the service took it, and then for some runs more,
//! because a service may forget what it took a moment ago. What each channel was told is remembered as for any
//! other message.

use super::belief::{Belief, past};
use super::message::{Over, Policy, Receiver, Statement, alert};
use super::transition::{Instance, Instances, NotificationLog, Stage};
use crate::domain::alert::{Alert, End, Failure, Notification, NotificationKind, Reason, SendMode};
use crate::domain::entry::AlertState;
use crate::domain::rule::Rule;
use crate::domain::time::{after, since};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// How far apart runs are taken to be before there were two of them.
pub const ASSUMED_RUN_INTERVAL: Duration = Duration::from_secs(3600);
/// Runs that may be missed or late before a snapshot no longer holds.
const RUNS_KEPT: u32 = 4;
/// The least and the most that it holds.
const LEAST_KEPT: Duration = Duration::from_secs(600);
const MOST_KEPT: Duration = Duration::from_secs(7 * 86_400);
/// For how many runs, and at least how long, the end of an alert is said.
const RUNS_ENDING: u32 = 3;
const LEAST_ENDING: Duration = Duration::from_secs(300);

/// How far apart runs seem to be, from the instant of the previous one and what it took for the distance. A run
/// in between, by hand, makes it shorter only by half, so that nothing expires before the next regular run.
pub fn run_interval(previous: Timestamp, remembered: Option<Duration>, now: Timestamp) -> Duration {
    since(now, previous).max(remembered.unwrap_or_default() / 2)
}

/// The snapshot for one channel. `None`: nothing fires, and the channel does not want to hear that.
pub(super) fn take(
    channel: &Receiver,
    rules: &BTreeMap<&str, &Rule>,
    instances: &Instances,
    outbox: &[Notification],
    policy: &Policy<'_>,
    now: Timestamp,
) -> Option<Notification> {
    let entry = |(fingerprint, instance): (&String, &Instance)| {
        let rule = rules.get(instance.rule.as_str()).copied();
        entry(fingerprint, instance, rule, channel, policy, now)
    };
    let mut alerts: Vec<Alert> = instances.iter().filter_map(entry).collect();
    if alerts.is_empty() && channel.send_mode != SendMode::Full {
        return None;
    }
    let rank = |alert: &Alert| (alert.state == AlertState::Resolved, std::cmp::Reverse(alert.severity));
    alerts.sort_by(|a, b| (rank(a), &a.rule, &a.group).cmp(&(rank(b), &b.rule, &b.group)));
    let mut notification = Notification {
        id: (policy.new_id)(),
        channel: channel.name.clone(),
        pce: policy.pce.clone(),
        alerts,
        expires: Some(after(now, policy.run_interval.saturating_mul(RUNS_KEPT).clamp(LEAST_KEPT, MOST_KEPT))),
        unknown: policy.unknown.to_vec(),
        ..Notification::empty(NotificationKind::Snapshot, now)
    };
    if let Some(older) = outbox.iter().rev().find(|older| is_replaced(older, channel) && older.given_up.is_none()) {
        notification.attempts = older.attempts;
        notification.last_error.clone_from(&older.last_error);
        // What is new is tried at once, unless the service asked for a pause.
        if older.failure == Some(Failure::Asked) {
            (notification.failure, notification.not_before) = (older.failure, older.not_before);
        }
    }
    Some(notification)
}

/// Puts new messages into the outbox, snapshots in the place of older ones.
pub fn add(outbox: &mut Vec<Notification>, notifications: Vec<Notification>, channels: &[Receiver]) {
    outbox.retain(|older| !channels.iter().any(|channel| is_replaced(older, channel)));
    outbox.extend(notifications);
}

fn is_replaced(older: &Notification, channel: &Receiver) -> bool {
    channel.send_mode != SendMode::Changes && older.kind == NotificationKind::Snapshot && older.channel == channel.name
}

/// What the snapshot says of one instance, if anything.
fn entry(
    fingerprint: &str,
    instance: &Instance,
    rule: Option<&Rule>,
    channel: &Receiver,
    policy: &Policy<'_>,
    now: Timestamp,
) -> Option<Alert> {
    let told = instance.told.get(&channel.name);
    let held = told.filter(|told| !told.ended);
    let wanted = rule.is_some_and(|rule| channel.wants(rule, instance.severity, policy.routes));
    if instance.stage == Stage::Firing && wanted {
        // What the service holds already is told on even when it is muted, or it would look over.
        if held.is_none() && policy.mutes.of(fingerprint).is_some() {
            return None;
        }
        let reason = match held.filter(|told| Some(told.episode) == instance.fired_at) {
            None => Reason::First,
            Some(told) if instance.severity > told.severity => Reason::Escalated,
            Some(_) => Reason::Reminder,
        };
        let told_as = held.map(|told| told.severity).filter(|severity| *severity != instance.severity);
        return Some(alert(fingerprint, instance, rule, Statement::Firing { reason, told_as }));
    }
    let told = told.filter(|told| channel.send_resolved && !is_past(told, policy.run_interval, now))?;
    let over = if instance.stage == Stage::Firing && Some(told.episode) == instance.fired_at {
        // It fires on, but no longer for this channel.
        let end = if instance.severity < told.severity { End::Milder } else { End::Elsewhere };
        Over { episode: told.episode, severity: told.severity, at: None, end }
    } else {
        past(instance, Belief { episode: told.episode, severity: told.severity, certain: true, heard: true })
    };
    let over = Over { at: over.at.or(told.ended.then_some(told.at)), ..over };
    let told_as = Some(told.severity).filter(|severity| *severity != over.severity);
    Some(Alert { told_as, ..alert(fingerprint, instance, rule, Statement::Over(over)) })
}

/// Whether the end of an alert was said often enough.
pub(super) fn is_past(told: &NotificationLog, run_interval: Duration, now: Timestamp) -> bool {
    told.ended && since(now, told.at) >= run_interval.saturating_mul(RUNS_ENDING).clamp(LEAST_ENDING, MOST_KEPT)
}

/// A channel took the end of an alert; it hears it some runs more.
pub(super) fn ended(instance: &mut Instance, channel: &str, now: Timestamp) {
    if let Some(told) = instance.told.get_mut(channel)
        && !told.ended
    {
        (told.ended, told.at) = (true, now);
    }
}
