//! Which alerts are due at which channel, and what a delivery or a failure means. Pure.
//!
//! A channel is remembered as told only after it took the message. Until then the message waits in
//! the outbox, is never made a second time, and keeps its id through every attempt. The messages of one
//! channel go out in the order in which they were made; only one that the channel refused is overtaken.

use super::mute::{Mutes, title};
use super::transition::{Instance, Stage, Told};
use super::{digest, snapshot};
use crate::domain::alert::{Alert, AlertState, Appetite, Counted, Failure, Parcel, ParcelKind, PceIdentity, Reason};
use crate::domain::calendar::Digest;
use crate::domain::metric::Unit;
use crate::domain::outcome::Part;
use crate::domain::rule::{Route, Rule, channels_for};
use crate::domain::text::{quantity, visible};
use crate::domain::threshold::{self, Severity};
use crate::domain::time::{after, format_duration, since};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Most messages that wait for one channel. Behind so many, alerts are not written down as further
/// messages: those that still fire are told when the channel takes messages again.
pub const MOST_WAITING: usize = 100;
/// Most messages kept of one channel after they were given up.
pub const MOST_GIVEN_UP: usize = 100;
/// Longest pause that a channel can ask for.
const LONGEST_WISH: Duration = Duration::from_secs(86_400);

/// All instances that are not ok, by fingerprint.
pub type Instances = BTreeMap<String, Instance>;

/// What the outbox needs to know of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// Its name.
    pub name: String,
    /// Milder alerts are not told here.
    pub min_severity: Severity,
    /// Whether it wants to hear that an alert is over.
    pub send_resolved: bool,
    /// News only, or everything that fires on every run, however many.
    pub appetite: Appetite,
    /// When it hears everything at once; `None`: in every run what is due.
    pub digest: Option<Digest>,
}

/// How messages are made.
pub struct Policy<'p> {
    /// Enabled channels.
    pub channels: &'p [Addressee],
    /// Where alerts go when the rule does not say.
    pub routes: &'p [Route],
    /// Most alerts in one message.
    pub max_alerts: usize,
    /// Which PCE.
    pub pce: &'p PceIdentity,
    /// How far apart runs seem to be.
    pub rhythm: Duration,
    /// What this run could not judge, in words.
    pub unknown: &'p [String],
    /// A stable new id.
    pub new_id: &'p dyn Fn() -> String,
    /// What is told to nobody.
    pub mutes: &'p Mutes,
    /// The run before this one.
    pub last_run: Option<Timestamp>,
}

/// The messages that are due at `now`, to be put behind those of the outbox: at most one for each channel,
/// and one more for a channel that has a digest. A digest that is still gathered is taken out of the outbox
/// and is among them. Instances that nobody needs to hear of any more are dropped.
pub fn due(rules: &[&Rule], instances: &mut Instances, outbox: &mut Vec<Parcel>, policy: &Policy<'_>, now: Timestamp) -> Vec<Parcel> {
    let by_name: BTreeMap<&str, &Rule> = rules.iter().map(|rule| (rule.name.as_str(), *rule)).collect();
    let mut open = digest::take_open(outbox);
    let waiting = Waiting::of(&*outbox);
    let mut parcels = Vec::new();
    for channel in policy.channels {
        if channel.appetite != Appetite::News {
            parcels.extend(snapshot::take(channel, &by_name, instances, outbox, policy, now));
            continue;
        }
        let held = open.remove(&channel.name);
        if is_full(outbox, &channel.name) {
            parcels.extend(held);
            continue;
        }
        let mut alerts: Vec<Alert> = Vec::new();
        for (fingerprint, instance) in instances.iter() {
            let rule = by_name.get(instance.rule.as_str()).copied();
            if instance.stage == Stage::Firing && policy.mutes.of(fingerprint).is_some() {
                continue;
            }
            let queued = waiting.get(&channel.name, fingerprint, instance.fired_at);
            if let Some(reason) = reason(instance, rule, channel, policy.routes, queued, now) {
                alerts.push(alert(fingerprint, instance, rule, reason));
            }
        }
        let at_once =
            |alert: &Alert| channel.digest.as_ref().is_none_or(|digest| digest.below.is_some_and(|below| alert.severity >= below));
        if channel.digest.is_none() && held.is_none() {
            parcels.extend(parcel(channel, alerts, Vec::new(), policy, now));
            continue;
        }
        let again: BTreeSet<String> = alerts.iter().map(|alert| alert.fingerprint.clone()).collect();
        let held_until = digest::goes_out(channel, held.as_ref(), policy.last_run, now);
        let (mut urgent, mut gathered) = (Vec::new(), Vec::new());
        for alert in alerts {
            if held_until.is_some() && at_once(&alert) { urgent.push(alert) } else { gathered.push(alert) }
        }
        parcels.extend(parcel(channel, urgent, Vec::new(), policy, now));
        let created = held.as_ref().filter(|_| held_until.is_some()).map_or(now, |held| held.created);
        let mut counted = Vec::new();
        if let Some(held) = held {
            let over = |fingerprint: &str, instance: &Instance| {
                alert(fingerprint, instance, by_name.get(instance.rule.as_str()).copied(), Reason::Resolved)
            };
            let kept = digest::keep(held, &again, channel, instances, policy.mutes, &over);
            gathered.extend(kept.alerts);
            counted = kept.counted;
        }
        parcels.extend(parcel(channel, gathered, counted, policy, now).map(|parcel| Parcel { created, held_until, ..parcel }));
    }
    // Their channels are gone; what was gathered for them waits like any other message.
    parcels.extend(open.into_values().map(|parcel| Parcel { held_until: None, ..parcel }));
    let waiting = Waiting::of(outbox.iter().chain(&parcels));
    forget(instances, &waiting, policy, now);
    parcels
}

/// What waits in the outbox for one instance at one channel.
#[derive(Debug, Clone, Copy, Default)]
struct Queued {
    firing: Option<Severity>,
    resolved: bool,
}

struct Waiting<'o>(BTreeMap<(&'o str, &'o str, Timestamp), Queued>);

impl<'o> Waiting<'o> {
    fn of(outbox: impl IntoIterator<Item = &'o Parcel>) -> Self {
        let mut map: BTreeMap<(&str, &str, Timestamp), Queued> = BTreeMap::new();
        for parcel in outbox.into_iter().filter(|parcel| parcel.given_up.is_none()) {
            for (fingerprint, state, severity, since) in contents(parcel) {
                let queued = map.entry((&parcel.channel, fingerprint, since)).or_default();
                match state {
                    AlertState::Firing => queued.firing = queued.firing.max(Some(severity)),
                    AlertState::Resolved => queued.resolved = true,
                }
            }
        }
        Waiting(map)
    }

    fn get(&self, channel: &str, fingerprint: &str, episode: Option<Timestamp>) -> Queued {
        episode.and_then(|episode| self.0.get(&(channel, fingerprint, episode)).copied()).unwrap_or_default()
    }
}

fn contents(parcel: &Parcel) -> impl Iterator<Item = (&str, AlertState, Severity, Timestamp)> {
    let shown = parcel.alerts.iter().map(|alert| (alert.fingerprint.as_str(), alert.state, alert.severity, alert.since));
    shown.chain(parcel.counted.iter().map(|counted| (counted.fingerprint.as_str(), counted.state, counted.severity, counted.since)))
}

/// The instances a message tells something new of, or reminds of.
pub fn fingerprints(parcel: &Parcel) -> impl Iterator<Item = String> {
    let repeated = |alert: &&Alert| parcel.kind == ParcelKind::Snapshot && alert.reason == Reason::Reminder;
    let repeated: BTreeSet<&str> = parcel.alerts.iter().filter(repeated).map(|alert| alert.fingerprint.as_str()).collect();
    let told = contents(parcel).map(|(fingerprint, _, _, _)| fingerprint).filter(|fingerprint| !repeated.contains(fingerprint));
    told.map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Why this channel must hear of this instance now, if it must.
fn reason(
    instance: &Instance,
    rule: Option<&Rule>,
    channel: &Addressee,
    routes: &[Route],
    queued: Queued,
    now: Timestamp,
) -> Option<Reason> {
    let told = instance.told.get(&channel.name).filter(|told| Some(told.episode) == instance.fired_at);
    match instance.stage {
        Stage::Pending => None,
        Stage::Resolved => (told.is_some() && channel.send_resolved && !queued.resolved).then_some(Reason::Resolved),
        Stage::Firing => {
            let rule = rule?;
            let wanted =
                instance.severity >= channel.min_severity && channels_for(rule, instance.severity, routes).contains(&channel.name.as_str());
            if !wanted || queued.firing.is_some_and(|severity| severity >= instance.severity) {
                return None;
            }
            match told {
                // Worse than what waits there undelivered: that counts as rising too.
                None if queued.firing.is_some() => Some(Reason::Escalated),
                None => Some(Reason::First),
                Some(told) if instance.severity > told.severity => Some(Reason::Escalated),
                Some(told) if since(now, told.at) >= rule.pause(told.reminders) => Some(Reason::Reminder),
                Some(_) => None,
            }
        }
    }
}

/// Whether a firing instance is quiet only because its channels were told recently.
pub fn in_cooldown(instance: &Instance) -> bool {
    instance.stage == Stage::Firing && instance.told.values().any(|told| Some(told.episode) == instance.fired_at)
}

pub(super) fn alert(fingerprint: &str, instance: &Instance, rule: Option<&Rule>, reason: Reason) -> Alert {
    let state = if reason == Reason::Resolved { AlertState::Resolved } else { AlertState::Firing };
    let unit = rule.map_or(Unit::Values, Rule::unit);
    Alert {
        fingerprint: fingerprint.to_owned(),
        rule: instance.rule.clone(),
        severity: instance.severity,
        state,
        reason,
        value: instance.value,
        value_max: instance.estimate().value_max(),
        lower_bound: instance.lower_bound,
        unit,
        threshold: instance.threshold.clone(),
        window: instance.window,
        group: instance.group.clone(),
        labels: rule.map(|rule| rule.labels.clone()).unwrap_or_default(),
        summary: summary(instance, rule, state, unit),
        description: rule.and_then(|rule| rule.description.clone()),
        runbook: rule.and_then(|rule| rule.runbook.clone()),
        since: instance.fired_at.unwrap_or(instance.since),
        top: instance.top.clone(),
        resolved_at: instance.resolved_at.filter(|_| state == AlertState::Resolved),
        told_as: None,
        end: None,
    }
}

/// One line for people, free of control characters.
fn summary(instance: &Instance, rule: Option<&Rule>, state: AlertState, unit: Unit) -> String {
    let mut what = visible(&title(instance));
    if let Some(value) = instance.value {
        let value = quantity(value, unit);
        what = match (instance.lower_bound, instance.value_max) {
            (false, _) => tr!("{what}: {value}", what, value),
            (true, None) => tr!("{what}: at least {value}", what, value),
            (true, Some(most)) => tr!("{what}: {value} to {most}", what, value, most = quantity(most, unit)),
        };
    }
    match (state, rule) {
        (AlertState::Resolved, None) => tr!("{what}, over: the rule was removed or switched off", what),
        (AlertState::Resolved, Some(_)) => tr!("{what}, over", what),
        (AlertState::Firing, _) => {
            let threshold = threshold::said(&instance.threshold);
            let length = since(instance.window.to, instance.window.from);
            if length.is_zero() {
                tr!("{what}, threshold {threshold}", what, threshold)
            } else {
                tr!("{what}, threshold {threshold} in {window}", what, threshold, window = format_duration(length))
            }
        }
    }
}

/// A message that tells these, and more of which only the number is left; `None` when there is nothing to tell.
fn parcel(channel: &Addressee, mut alerts: Vec<Alert>, more: Vec<Counted>, policy: &Policy<'_>, now: Timestamp) -> Option<Parcel> {
    if alerts.is_empty() && more.is_empty() {
        return None;
    }
    let news = |alert: &Alert| match alert.reason {
        Reason::First | Reason::Escalated | Reason::Test => 0,
        Reason::Eased | Reason::Reminder => 1,
        Reason::Resolved => 2,
    };
    alerts.sort_by(|a, b| {
        (a.state == AlertState::Resolved, std::cmp::Reverse(a.severity), news(a), &a.rule, &a.group).cmp(&(
            b.state == AlertState::Resolved,
            std::cmp::Reverse(b.severity),
            news(b),
            &b.rule,
            &b.group,
        ))
    });
    let kind = match alerts.iter().map(news).min() {
        Some(0) | None => ParcelKind::Firing,
        Some(1) => ParcelKind::Reminder,
        Some(_) => ParcelKind::Resolved,
    };
    let counted: Vec<Counted> = alerts
        .split_off(alerts.len().min(policy.max_alerts.max(1)))
        .into_iter()
        .map(|alert| Counted {
            fingerprint: alert.fingerprint,
            severity: alert.severity,
            state: alert.state,
            since: alert.since,
            told_as: alert.told_as,
        })
        .chain(more)
        .collect();
    Some(Parcel {
        id: (policy.new_id)(),
        channel: channel.name.clone(),
        pce: policy.pce.clone(),
        alerts,
        left_out: counted.len(),
        counted,
        ..Parcel::empty(kind, now)
    })
}

/// Whether so many messages wait for a channel that no more are made.
pub fn is_full(outbox: &[Parcel], channel: &str) -> bool {
    outbox.iter().filter(|parcel| parcel.channel == channel && parcel.given_up.is_none()).count() >= MOST_WAITING
}

/// A channel took the message at this place of the outbox: only now is it remembered as told, and
/// only now is cooldown spent.
pub fn delivered(outbox: &mut Vec<Parcel>, place: usize, instances: &mut Instances, now: Timestamp) -> Parcel {
    let mut parcel = outbox.remove(place);
    parcel.attempts += 1;
    overtake(&parcel, &mut outbox[..place]);
    outbox.retain(|other| other.size() > 0 || other.kind == ParcelKind::Snapshot);
    mark_told(&parcel, instances, now);
    parcel
}

/// A channel took some parts of the message at this place and not the rest: what was taken is remembered as told
/// and leaves the message; recipients that have it do not get it again.
pub fn taken_in_part(outbox: &mut [Parcel], place: usize, parts: &[Part], instances: &mut Instances, now: Timestamp) {
    let taken = outbox[place].take(parts);
    overtake(&taken, &mut outbox[..place]);
    mark_told(&taken, instances, now);
}

fn mark_told(parcel: &Parcel, instances: &mut Instances, now: Timestamp) {
    for (fingerprint, state, severity, episode) in contents(parcel) {
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
                    instance.told.insert(parcel.channel.clone(), Told { at: now, severity, episode, reminders, ended: false });
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

/// What a refused message said of an alert is stale once a younger message told of the same one.
fn overtake(parcel: &Parcel, before_it: &mut [Parcel]) {
    let told: BTreeSet<(&str, Timestamp)> = contents(parcel).map(|(fingerprint, _, _, episode)| (fingerprint, episode)).collect();
    for older in before_it.iter_mut().filter(|older| older.channel == parcel.channel && older.given_up.is_none()) {
        older.alerts.retain(|alert| !told.contains(&(alert.fingerprint.as_str(), alert.since)));
        older.counted.retain(|counted| !told.contains(&(counted.fingerprint.as_str(), counted.since)));
        older.left_out = older.counted.len();
    }
}

/// A message was not taken: when it is tried next. Doubles from a minute to an hour; the service's
/// own wish is honoured within a day; what was refused is tried every hour.
pub fn failed(parcel: &mut Parcel, error: String, wish: Option<Duration>, permanent: bool, now: Timestamp) {
    const LONGEST: Duration = Duration::from_secs(3600);
    let doubled = Duration::from_secs(60).saturating_mul(1 << parcel.attempts.saturating_sub(1).min(6)).min(LONGEST);
    let (failure, pause) = match wish {
        Some(wish) => (Failure::Asked, wish.min(LONGEST_WISH)),
        None if permanent => (Failure::Refused, LONGEST),
        None => (Failure::Broken, doubled),
    };
    parcel.failure = Some(failure);
    parcel.not_before = Some(after(now, pause));
    parcel.last_error = Some(error);
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
        }
    }
    for parcel in outbox {
        // How long it was to wait cannot be told any more; one try too many does no harm.
        parcel.not_before = None;
        if parcel.created > now {
            parcel.revived = Some(now);
            parcel.held_until = parcel.held_until.map(|at| at.min(now));
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
        for (fingerprint, state, _, episode) in contents(parcel) {
            let Some(instance) = instances.get_mut(fingerprint) else { continue };
            if state == AlertState::Resolved && instance.told.get(&parcel.channel).is_some_and(|told| told.episode == episode) {
                instance.told.remove(&parcel.channel);
            }
        }
    }
    outbox.retain(|parcel| !chosen.contains(&parcel.id));
}

/// Drops resolved instances that no channel needs to hear of, and what was told to channels that are gone.
fn forget(instances: &mut Instances, waiting: &Waiting<'_>, policy: &Policy<'_>, now: Timestamp) {
    let channels = policy.channels;
    let listening: BTreeSet<&str> = channels.iter().map(|channel| channel.name.as_str()).collect();
    let hears_end: BTreeSet<&str> = channels.iter().filter(|channel| channel.send_resolved).map(|channel| channel.name.as_str()).collect();
    // They are told of an end until they took it, even if the alert fired anew in between.
    let whole: BTreeSet<&str> =
        channels.iter().filter(|channel| channel.appetite != Appetite::News).map(|channel| channel.name.as_str()).collect();
    instances.retain(|fingerprint, instance| {
        instance.told.retain(|channel, _| listening.contains(channel.as_str()));
        if instance.stage != Stage::Resolved {
            return true;
        }
        instance.told.retain(|channel, told| {
            let of_interest = Some(told.episode) == instance.fired_at || whole.contains(channel.as_str());
            hears_end.contains(channel.as_str()) && of_interest && !snapshot::is_past(told, policy.rhythm, now)
        });
        let undelivered = channels.iter().any(|channel| waiting.get(&channel.name, fingerprint, instance.fired_at).firing.is_some());
        undelivered || !instance.told.is_empty()
    });
}
