//! What is said of an alert, and the message that carries it. Pure.

use super::mute::Mutes;
use super::transition::Instance;
use crate::domain::alert::{Alert, Counted, End, Group, Notification, NotificationKind, PceIdentity, Reason, SendMode};
use crate::domain::calendar::Digest;
use crate::domain::entry::AlertState;
use crate::domain::rule::{Route, Rule, channels_for};
use crate::domain::summary::summary;
use crate::domain::threshold::Severity;
use crate::domain::unit::Unit;
use crate::lang;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the outbox needs to know of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// Milder alerts are not told here.
    pub min_severity: Severity,
    /// Whether it wants to hear that an alert is over.
    pub send_resolved: bool,
    /// News only, or everything that fires on every run, however many.
    pub send_mode: SendMode,
    /// When it hears everything at once; `None`: in every run what is due.
    pub digest: Option<Digest>,
}

/// Pages of the PCE's console, by rule and by what its groups are about.
pub type Pages = BTreeMap<(String, Group), String>;

/// How messages are made.
pub struct Policy<'p> {
    /// Enabled channels.
    pub channels: &'p [Receiver],
    /// Where alerts go when the rule does not say.
    pub routes: &'p [Route],
    /// Most alerts in one message.
    pub max_alerts: usize,
    /// Which PCE.
    pub pce: &'p PceIdentity,
    /// How far apart runs seem to be.
    pub run_interval: Duration,
    /// What this run could not judge, in words.
    pub unknown: &'p [String],
    /// A stable new id.
    pub new_id: &'p dyn Fn() -> String,
    /// What is told to nobody.
    pub mutes: &'p Mutes,
    /// The run before this one.
    pub last_run: Option<Timestamp>,
    /// Pages of the console.
    pub pages: &'p Pages,
}

impl Receiver {
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
        target: target(instance, rule),
        labels: rule.map(|rule| rule.labels.clone()).unwrap_or_default(),
        summary: String::new(),
        description: rule.and_then(|rule| rule.description.clone()),
        runbook: rule.and_then(|rule| rule.runbook.clone()),
        console: None,
        since: instance.fired_at.unwrap_or(instance.since),
        top: instance.top.clone(),
        resolved_at: None,
        told_as: None,
        end: None,
    };
    let alert = match statement {
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
    };
    let summary = lang::for_machines(|| summary(&alert, Some(instance.severity)));
    Alert { summary, ..alert }
}

/// The target that an instance was seen at: the one its group names, else the only one that its rule reads.
fn target(instance: &Instance, rule: Option<&Rule>) -> Option<String> {
    if let Some((_, name)) = instance.group.iter().find(|(field, _)| field == "target") {
        return name.clone();
    }
    rule.and_then(Rule::only_target).map(str::to_owned)
}

/// A message that tells these, and more of which only the number is left; `None` when there is nothing to tell.
pub(super) fn notification(
    channel: &Receiver,
    mut alerts: Vec<Alert>,
    more: Vec<Counted>,
    policy: &Policy<'_>,
    now: Timestamp,
) -> Option<Notification> {
    if alerts.is_empty() && more.is_empty() {
        return None;
    }
    for alert in &mut alerts {
        let page = policy.pages.get(&(alert.rule.clone(), alert.group.clone()));
        alert.console = page.cloned().or_else(|| alert.console.take());
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
        Some(0) | None => NotificationKind::Firing,
        Some(1) => NotificationKind::Reminder,
        Some(_) => NotificationKind::Resolved,
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
    Some(Notification {
        id: (policy.new_id)(),
        channel: channel.name.clone(),
        pce: policy.pce.clone(),
        alerts,
        left_out: counted.len(),
        counted,
        ..Notification::empty(kind, now)
    })
}
