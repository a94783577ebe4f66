//! Which alerts are due at which channel. Pure.
//!
//! A channel is remembered as told only after it took the message. Until then the message waits in the outbox. The
//! messages of one channel go out in the order in which they were made; one whose fault it is that it is not taken is
//! overtaken. A message that was tried keeps its id and its words; behind it waits one more, which is written anew in
//! every run (`digest`).

use super::belief::{self, Queue};
use super::message::{Policy, alert};
use super::transition::{Instance, Instances, Stage};
use super::{digest, snapshot};
use crate::domain::alert::{Alert, Notification, NotificationKind, Reason, SendMode, Standing};
use crate::domain::entry::AlertState;
use crate::domain::rule::Rule;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Most messages that wait for one channel after they were tried. Behind so many no more are written.
pub const MOST_WAITING: usize = 100;
/// Alerts named in a message that fire on beside it.
const MOST_STANDING: usize = 5;

/// The messages that are due at `now`, to be put behind those of the outbox: at most one for each channel,
/// and one more for a channel that has a digest. Those that were not tried yet are taken out of the outbox and written
/// anew. Instances that nobody needs to hear of any more are dropped.
pub fn due(
    rules: &[&Rule],
    instances: &mut Instances,
    outbox: &mut Vec<Notification>,
    policy: &Policy<'_>,
    now: Timestamp,
) -> Vec<Notification> {
    let by_name: BTreeMap<&str, &Rule> = rules.iter().map(|rule| (rule.name.as_str(), *rule)).collect();
    belief::observe(instances, policy, now);
    let mut open = digest::take_open(outbox);
    let queue = Queue::of(outbox);
    let mut notifications = Vec::new();
    for channel in policy.channels {
        if channel.send_mode != SendMode::Changes {
            notifications.extend(snapshot::take(channel, &by_name, instances, outbox, policy, now));
            continue;
        }
        let open = open.remove(&channel.name).unwrap_or_default();
        if is_full(outbox, &channel.name) {
            notifications.extend(open.into_parcels());
            continue;
        }
        let scene = digest::Scene { channel, rules: &by_name, instances, queue: &queue, policy, now };
        notifications.extend(digest::messages(&scene, open, alerts(&scene)));
    }
    // Their channels are gone; what was gathered for them waits like any other message.
    notifications.extend(
        open.into_values().flat_map(digest::Open::into_parcels).map(|notification| Notification { held_until: None, ..notification }),
    );
    for notification in notifications.iter_mut().filter(|notification| notification.kind != NotificationKind::Snapshot) {
        stand_beside(notification, instances, policy);
    }
    // Also what was given up: somebody may let it be tried once more.
    let waiting = outbox.iter().chain(&notifications).flat_map(|notification| {
        let firing = notification.contents().filter(|(_, state, _, _)| *state == AlertState::Firing);
        firing.map(|(fingerprint, _, _, _)| (notification.channel.as_str(), fingerprint))
    });
    forget(instances, &waiting.collect(), policy, now);
    notifications
}

/// Notes in a message what fires on beside it and was sent to its channel before: news is read against what stands.
fn stand_beside(notification: &mut Notification, instances: &Instances, policy: &Policy<'_>) {
    let told = |instance: &Instance| {
        let told = instance.told.get(&notification.channel);
        instance.stage == Stage::Firing && told.is_some_and(|told| !told.ended && Some(told.episode) == instance.fired_at)
    };
    let named: BTreeSet<&str> = notification.contents().map(|(fingerprint, _, _, _)| fingerprint).collect();
    let others = instances.iter().filter(|(fingerprint, instance)| {
        told(instance) && !named.contains(fingerprint.as_str()) && policy.mutes.of(fingerprint).is_none()
    });
    let mut standing: Vec<Standing> = others
        .map(|(_, instance)| Standing {
            rule: instance.rule.clone(),
            severity: instance.severity,
            group: instance.group.clone(),
            since: instance.fired_at.unwrap_or(instance.since),
        })
        .collect();
    standing.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| (&a.rule, &a.group).cmp(&(&b.rule, &b.group))));
    notification.standing_more = standing.len().saturating_sub(MOST_STANDING);
    standing.truncate(MOST_STANDING);
    notification.standing = standing;
}

/// What one channel must hear of every instance.
fn alerts(scene: &digest::Scene<'_>) -> Vec<Alert> {
    let digest::Scene { channel, rules, instances, queue, policy, now } = *scene;
    let mut alerts = Vec::new();
    for (fingerprint, instance) in instances {
        let rule = rules.get(instance.rule.as_str()).copied();
        let belief = queue.belief(&channel.name, fingerprint, Some(instance));
        let is_muted = policy.mutes.of(fingerprint).is_some();
        let statements = belief::statements(instance, rule, channel, (belief, is_muted), policy, now);
        alerts.extend(statements.into_iter().map(|statement| alert(fingerprint, instance, rule, statement)));
    }
    alerts
}

/// The instances a message tells something new of, or reminds of.
pub fn fingerprints(notification: &Notification) -> impl Iterator<Item = String> {
    let repeated = |alert: &&Alert| notification.kind == NotificationKind::Snapshot && alert.reason == Reason::Reminder;
    let repeated: BTreeSet<&str> = notification.alerts.iter().filter(repeated).map(|alert| alert.fingerprint.as_str()).collect();
    let told = notification.contents().map(|(fingerprint, _, _, _)| fingerprint).filter(|fingerprint| !repeated.contains(fingerprint));
    told.map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Whether a firing instance is quiet only because its channels were told recently.
pub fn in_cooldown(instance: &Instance) -> bool {
    instance.stage == Stage::Firing && instance.told.values().any(|told| Some(told.episode) == instance.fired_at)
}

/// Whether so many messages wait for a channel that no more are made.
pub fn is_full(outbox: &[Notification], channel: &str) -> bool {
    outbox.iter().filter(|notification| notification.channel == channel && notification.given_up.is_none()).count() >= MOST_WAITING
}

/// Drops resolved instances that no channel needs to hear of, and what was told to channels that are gone. `waiting`
/// says which channels and instances a message waits for.
fn forget(instances: &mut Instances, waiting: &BTreeSet<(&str, &str)>, policy: &Policy<'_>, now: Timestamp) {
    let channels = policy.channels;
    let listening: BTreeSet<&str> = channels.iter().map(|channel| channel.name.as_str()).collect();
    let hears_end: BTreeSet<&str> = channels.iter().filter(|channel| channel.send_resolved).map(|channel| channel.name.as_str()).collect();
    instances.retain(|fingerprint, instance| {
        instance.told.retain(|channel, _| listening.contains(channel.as_str()));
        if instance.stage != Stage::Resolved {
            return true;
        }
        // They are told of an end until they took it, even if the alert was about to fire anew in between.
        instance.told.retain(|channel, told| hears_end.contains(channel.as_str()) && !snapshot::is_past(told, policy.run_interval, now));
        !instance.told.is_empty() || channels.iter().any(|channel| waiting.contains(&(channel.name.as_str(), fingerprint.as_str())))
    });
}
