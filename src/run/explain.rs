//! What a cycle decided, kept with everything that led to it. A run that nobody asks for reasons carries no trace,
//! and its hot path is the same.

use super::measure::Measurements;
use super::recording::RecordedAnswer;
use super::rules::{evidence, is_partial, worse_first};
use super::sources::{self, FlowReader};
use super::trace::{Explanation, GroupExplanation, NotifyReason, Routing, Trace, describe_flow, describe_record};
use crate::config::Config;
use crate::domain::alert::{Group, Notification, NotificationKind, Reason};
use crate::domain::asks::{RecordAt, Trial, try_all};
use crate::domain::estimate::Truth;
use crate::domain::record::{Flow, FlowSink};
use crate::domain::report::RuleReport;
use crate::domain::rule::{Matcher, Route, Rule, channels_for};
use crate::domain::text::visible;
use crate::domain::threshold::{BaselineValue, Severity};
use crate::domain::time::after;
use crate::domain::value::Record;
use crate::judge::measurement::GroupMeasurement;
use crate::judge::mute::Mutes;
use crate::judge::outbox;
use crate::judge::transition::Instances;
use crate::judge::transition::{Instance, Stage, fingerprint};
use crate::pce::decode::Endpoints;
use crate::state::State;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;

/// Records of `--record-file` that are tried.
pub const MOST_TRIED: usize = 20;

/// What this run tells.
pub(super) struct Notified<'t> {
    pub state: &'t State,
    /// The messages made in this run.
    pub notifications: &'t [Notification],
    pub mutes: &'t Mutes,
}

impl Trace {
    /// After the messages were made: the story of every rule that was judged.
    pub(super) fn collect_explanations(
        &self,
        config: &Config,
        rules: &[&Rule],
        read: &Measurements,
        telling: &Notified<'_>,
        reports: &[RuleReport],
    ) {
        let mut log = self.log();
        let before = std::mem::take(&mut log.before);
        let explanations = rules.iter().filter_map(|rule| {
            let report = reports.iter().find(|report| report.name == rule.name)?.clone();
            Some(Explanation {
                groups: groups(config, rule, read, &before, telling),
                routing: routing(rule, &config.routes),
                source: read.source(rule.source).cloned(),
                look: log.looks.get(&rule.source).cloned(),
                match_stats: log.match_stats.get(&rule.name).cloned().unwrap_or_default(),
                report,
                rule: (*rule).clone(),
            })
        });
        log.explanations = explanations.collect();
    }
}

fn groups(config: &Config, rule: &Rule, read: &Measurements, before: &Instances, telling: &Notified<'_>) -> Vec<GroupExplanation> {
    let state = telling.state;
    let partial = is_partial(rule, read);
    let measured = read.measurements.get(&rule.name).map(|measurement| measurement.groups.as_slice()).unwrap_or_default();
    let named = |measured: &GroupMeasurement| -> Group {
        rule.group_by.iter().map(ToString::to_string).zip(measured.group.iter().cloned()).collect()
    };
    let mut all: BTreeMap<String, (Group, Option<&GroupMeasurement>)> = measured
        .iter()
        .map(|measured| (named(measured), Some(measured)))
        .map(|(group, one)| (fingerprint(&rule.name, &group), (group, one)))
        .collect();
    for (fingerprint, instance) in before.iter().chain(&state.instances).filter(|(_, instance)| instance.rule == rule.name) {
        all.entry(fingerprint.clone()).or_insert_with(|| (instance.group.clone(), None));
    }
    let mut explanations: Vec<GroupExplanation> = all
        .into_iter()
        .map(|(fingerprint, (group, measured))| {
            let evidence = measured.map(|measured| evidence(rule, measured, partial));
            let answer = |threshold| evidence.as_ref().map_or(Truth::Unknown, |evidence| evidence.answer(threshold));
            let instance = state.instances.get(&fingerprint).cloned();
            GroupExplanation {
                answers: rule
                    .thresholds
                    .worst_first()
                    .map(|(severity, threshold)| (severity, threshold.text.clone(), answer(threshold)))
                    .collect(),
                recovery: rule.recovery.as_ref().map(answer),
                told: instance.as_ref().map(|instance| told(config, rule, &fingerprint, instance, telling)).unwrap_or_default(),
                before: before.get(&fingerprint).map(|instance| instance.stage),
                instance,
                group,
                measured: measured.cloned(),
                partial,
            }
        })
        .collect();
    let falling = rule.thresholds.are_falling();
    let rank = |story: &GroupExplanation| story.instance.as_ref().map(|instance| (instance.stage == Stage::Firing, instance.severity));
    let value = |story: &GroupExplanation| story.measured.as_ref().and_then(|measured| measured.estimate.value());
    explanations
        .sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| worse_first(falling, value(a), value(b))).then_with(|| a.group.cmp(&b.group)));
    explanations
}

/// Where alerts of a rule go, for each severity that it can have.
fn routing(rule: &Rule, routes: &[Route]) -> Vec<Routing> {
    let one = |severity: Severity| Routing {
        severity,
        routes: rule.notify.is_none().then(|| taken(rule, severity, routes)),
        channels: channels_for(rule, severity, routes).into_iter().map(str::to_owned).collect(),
    };
    rule.severities().into_iter().map(one).collect()
}

fn taken(rule: &Rule, severity: Severity, routes: &[Route]) -> Vec<usize> {
    let mut out = Vec::new();
    for (number, route) in (1..).zip(routes) {
        if route.selector.takes(rule, severity) {
            out.push(number);
            if !route.continue_matching {
                break;
            }
        }
    }
    out
}

fn told(config: &Config, rule: &Rule, fingerprint: &str, instance: &Instance, telling: &Notified<'_>) -> Vec<(String, NotifyReason)> {
    let Notified { state, notifications, mutes } = *telling;
    let own = |notification: &Notification| -> Option<Reason> {
        let alert = notification.alerts.iter().find(|alert| alert.fingerprint == fingerprint).map(|alert| alert.reason);
        // Of what is only counted the reason is not written down.
        alert.or_else(|| notification.counted.iter().any(|counted| counted.fingerprint == fingerprint).then_some(Reason::First))
    };
    let channel = |name: &str| {
        if let Some((notification, reason)) = notifications
            .iter()
            .filter(|notification| notification.channel == name)
            .find_map(|notification| Some((notification, own(notification)?)))
        {
            return match (notification.held_until, reason) {
                (Some(until), _) => NotifyReason::Digest { until },
                (None, Reason::Reminder) if notification.kind == NotificationKind::Snapshot => NotifyReason::EveryRun,
                (None, reason) => NotifyReason::Now(reason),
            };
        }
        let Some(common) = config.channels.iter().map(|channel| &channel.common).find(|common| common.name == name && common.enabled)
        else {
            return NotifyReason::Disabled;
        };
        let waits =
            |notification: &&Notification| notification.channel == name && notification.given_up.is_none() && own(notification).is_some();
        let heard = instance.told.get(name).filter(|told| Some(told.episode) == instance.fired_at);
        match (state.outbox.iter().find(waits), mutes.of(fingerprint), heard) {
            (Some(notification), _, _) => NotifyReason::Waits {
                attempts: notification.attempts,
                until: notification.not_before,
                error: notification.last_error.clone(),
            },
            _ if instance.stage != Stage::Firing => NotifyReason::Nothing,
            (None, Some(mute), _) => NotifyReason::Muted { by: mute.by, why: mute.why.clone() },
            _ if instance.severity < common.min_severity => NotifyReason::TooMild(common.min_severity),
            (None, None, Some(told)) => NotifyReason::Cooldown { at: told.at, again: after(told.at, rule.repeat_interval(told.reminders)) },
            (None, None, None) if outbox::is_full(&state.outbox, name) => NotifyReason::Full,
            (None, None, None) => NotifyReason::Nothing,
        }
    };
    let mut names: Vec<&str> = channels_for(rule, instance.severity, &config.routes);
    // Whoever heard of it hears of its end, wherever its alerts go by now.
    for notification in notifications.iter().filter(|notification| own(notification) == Some(Reason::Resolved)) {
        if !names.contains(&notification.channel.as_str()) {
            names.push(&notification.channel);
        }
    }
    names.into_iter().map(|name| (name.to_owned(), channel(name))).collect()
}

/// What is usual, as far as it is known: the number, and what it counts as at least.
pub fn usual(measured: &GroupMeasurement) -> Option<(f64, f64)> {
    if let BaselineValue::Is { usual, floor } = measured.usual { Some((usual, floor)) } else { None }
}

/// One record of `--record-file`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tried {
    /// The record, safe to show.
    pub record: String,
    /// Whether the rule counts it.
    pub matches: Option<bool>,
    /// Condition by condition.
    pub conditions: Vec<Trial>,
}

/// Tries the first records of a file on a rule, condition by condition.
pub fn try_records(rule: &Rule, file: &Path, now: Timestamp) -> Result<Vec<Tried>, String> {
    let recording = RecordedAnswer::Path(file);
    let (tried, report) = match &rule.matcher {
        Matcher::Traffic(filter) => {
            struct First<'f>(&'f mut dyn FnMut(&Flow<'_>), usize);
            impl FlowSink for First<'_> {
                fn flow(&mut self, flow: &Flow<'_>) {
                    if self.1 < MOST_TRIED {
                        self.1 += 1;
                        (self.0)(flow);
                    }
                }
                fn enough(&self) -> bool {
                    self.1 >= MOST_TRIED
                }
            }
            let mut out = Vec::new();
            let mut each = |flow: &Flow<'_>| out.push(tried(describe_flow(flow), try_all(filter, flow)));
            let mut endpoints = Endpoints::new(|_| Box::default());
            let mut first = First(&mut each, 0);
            let mut report = sources::flows_from_file(recording, &mut FlowReader::new(&mut first, &mut endpoints));
            if first.enough() {
                report.error = None;
            }
            (out, report)
        }
        Matcher::Records(filter) if !filter.all.is_empty() || !filter.none.is_empty() => {
            let Some(member) = crate::sources::member(rule.source) else {
                return Err(tr!("{source} is not read from a file", source = rule.source));
            };
            let ask = crate::sources::Ask::all(now, now, false);
            let answer = super::read::recorded(member, recording, &ask, None, crate::sources::MOST_HELD);
            let one = |record: &Record| {
                let at = RecordAt { source: rule.source, record, now };
                tried(describe_record(&at), try_all(filter, &at))
            };
            (answer.records.iter().take(MOST_TRIED).map(one).collect(), answer.report)
        }
        Matcher::Records(_) => {
            return Err(tr!(
                "rule '{name}' chooses no records: it covers all of {source}",
                name = visible(&rule.name),
                source = rule.source
            ));
        }
    };
    match report.error {
        Some(fault) => Err(fault.message),
        None if tried.is_empty() => Err(tr!("{path} contains no record", path = visible(&file.display().to_string()))),
        None => Ok(tried),
    }
}

fn tried(record: String, conditions: Vec<Trial>) -> Tried {
    let kept_out = conditions.iter().any(Trial::keeps_out);
    let matches = if !kept_out && conditions.iter().any(Trial::is_undecided) { None } else { Some(!kept_out) };
    Tried { record, matches, conditions }
}
