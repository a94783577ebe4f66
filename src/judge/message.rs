//! What is said of an alert, and the message that carries it. Pure.

use super::mute::{Mutes, title};
use super::transition::Instance;
use crate::domain::alert::{Alert, AlertState, Appetite, Counted, End, Parcel, ParcelKind, PceIdentity, Reason};
use crate::domain::calendar::Digest;
use crate::domain::metric::Unit;
use crate::domain::rule::{Route, Rule, channels_for};
use crate::domain::text::{quantity, visible};
use crate::domain::threshold::{self, Severity};
use crate::domain::time::{format_duration, since};
use jiff::Timestamp;
use std::time::Duration;

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

impl Addressee {
    /// Whether alerts of this rule and severity are to be told here.
    pub(super) fn wants(&self, rule: &Rule, severity: Severity, routes: &[Route]) -> bool {
        severity >= self.min_severity && channels_for(rule, severity, routes).contains(&self.name.as_str())
    }
}

/// What is said of one alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statement {
    /// That it fires, and why that is told now.
    Firing {
        reason: Reason,
        /// The severity the channel believes it has, when that is another one.
        told_as: Option<Severity>,
    },
    /// That it is over.
    Over(Over),
}

/// The end of an alert, for one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Over {
    /// The firing that is over.
    pub episode: Timestamp,
    /// The severity it is remembered by.
    pub severity: Severity,
    /// When it was over, if that is another instant than now.
    pub at: Option<Timestamp>,
    /// Why.
    pub end: End,
}

pub(super) fn alert(fingerprint: &str, instance: &Instance, rule: Option<&Rule>, statement: Statement) -> Alert {
    let unit = rule.map_or(Unit::Values, Rule::unit);
    let alert = Alert {
        fingerprint: fingerprint.to_owned(),
        rule: instance.rule.clone(),
        severity: instance.severity,
        state: AlertState::Firing,
        reason: Reason::First,
        value: instance.value,
        value_max: instance.estimate().value_max(),
        lower_bound: instance.lower_bound,
        unit,
        threshold: instance.threshold.clone(),
        window: instance.window,
        group: instance.group.clone(),
        labels: rule.map(|rule| rule.labels.clone()).unwrap_or_default(),
        summary: summary(instance, statement, unit),
        description: rule.and_then(|rule| rule.description.clone()),
        runbook: rule.and_then(|rule| rule.runbook.clone()),
        since: instance.fired_at.unwrap_or(instance.since),
        top: instance.top.clone(),
        resolved_at: None,
        told_as: None,
        end: None,
    };
    match statement {
        Statement::Firing { reason, told_as } => Alert { reason, told_as, ..alert },
        Statement::Over(Over { episode, severity, at, end }) => Alert {
            severity,
            state: AlertState::Resolved,
            reason: Reason::Resolved,
            since: episode,
            resolved_at: at,
            end: Some(end),
            ..alert
        },
    }
}

/// One line for people, free of control characters.
fn summary(instance: &Instance, statement: Statement, unit: Unit) -> String {
    let mut what = visible(&title(instance));
    if let Some(value) = instance.value {
        let value = quantity(value, unit);
        what = match (instance.lower_bound, instance.value_max) {
            (false, _) => tr!("{what}: {value}", what, value),
            (true, None) => tr!("{what}: at least {value}", what, value),
            (true, Some(most)) => tr!("{what}: {value} to {most}", what, value, most = quantity(most, unit)),
        };
    }
    let end = match statement {
        Statement::Firing { .. } => {
            let threshold = threshold::said(&instance.threshold);
            let length = since(instance.window.to, instance.window.from);
            return if length.is_zero() {
                tr!("{what}, threshold {threshold}", what, threshold)
            } else {
                tr!("{what}, threshold {threshold} in {window}", what, threshold, window = format_duration(length))
            };
        }
        Statement::Over(over) => over.end,
    };
    match end {
        End::Recovered => tr!("{what}, over", what),
        End::Gone => tr!("{what}, over: nothing is seen of it any more", what),
        End::Forgotten => tr!("{what}, over: missing for so long that it is no longer waited for", what),
        End::RuleRemoved => tr!("{what}, over: the rule was removed or switched off", what),
        End::Milder => {
            tr!("{what}, over for this channel: it fires on, but only as {severity}", what, severity = instance.severity.said())
        }
        End::Elsewhere => tr!("{what}, over for this channel: it fires on, but is told elsewhere now", what),
    }
}

/// A message that tells these, and more of which only the number is left; `None` when there is nothing to tell.
pub(super) fn parcel(
    channel: &Addressee,
    mut alerts: Vec<Alert>,
    more: Vec<Counted>,
    policy: &Policy<'_>,
    now: Timestamp,
) -> Option<Parcel> {
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
