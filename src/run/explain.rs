//! What a cycle decided, kept with everything that led to it. A run that nobody asks for reasons carries no witness,
//! and its hot path is the same.

use super::measure::Measurements;
use super::rules::{evidence, is_partial, worse_first};
use super::sources::{self, FlowReader, Recording};
use crate::config::Config;
use crate::domain::alert::{Group, Parcel, ParcelKind, Reason};
use crate::domain::asks::{RecordAt, Trial, try_all};
use crate::domain::estimate::Truth;
use crate::domain::metric::SourceKind;
use crate::domain::record::{Flow, FlowSink, proto_name};
use crate::domain::report::{RuleReport, SourceReport, Suppression};
use crate::domain::rule::{Matcher, Route, Rule, channels_for};
use crate::domain::text::visible;
use crate::domain::threshold::{Severity, Usual};
use crate::domain::time::after;
use crate::domain::value::Record;
use crate::judge::memory::Measured;
use crate::judge::mute::Mutes;
use crate::judge::outbox::{self, Instances};
use crate::judge::sieve::Sieve;
use crate::judge::traffic::TrafficJudge;
use crate::judge::transition::{Instance, Stage, fingerprint};
use crate::pce::decode::Endpoints;
use crate::state::State;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Records of `--record-file` that are tried.
pub const MOST_TRIED: usize = 20;

/// Stands beside a cycle and keeps its reasons.
#[derive(Debug, Default)]
pub struct Witness {
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    sieves: BTreeMap<String, Vec<Sieve>>,
    looks: BTreeMap<SourceKind, Look>,
    before: Instances,
    stories: Vec<Story>,
}

/// How a source was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The look before; `None`: this is the first.
    pub previous: Option<Timestamp>,
    /// The pause since then was too long: this look begins anew.
    pub anew: bool,
    /// What the PCE was asked to leave out, in words; empty: nothing.
    pub only: String,
}

/// Why one rule is as it is.
#[derive(Debug, Clone)]
pub struct Story {
    /// The rule.
    pub rule: Rule,
    /// What the cycle reports of it.
    pub report: RuleReport,
    /// How its source fared.
    pub source: Option<SourceReport>,
    /// How its source was looked at; `None` for a snapshot.
    pub look: Option<Look>,
    /// Its records, and for a quotient those it is divided by.
    pub sieves: Vec<Sieve>,
    /// Its groups, those with an instance first, then the worst; without `group_by` one.
    pub groups: Vec<GroupStory>,
    /// Where an alert of each severity goes.
    pub routing: Vec<Routing>,
}

/// Why one group of a rule is as it is.
#[derive(Debug, Clone)]
pub struct GroupStory {
    /// Which.
    pub group: Group,
    /// What was measured; `None`: it was not seen.
    pub measured: Option<Measured>,
    /// Whether the answer was incomplete.
    pub partial: bool,
    /// What each threshold says of it, the worst first.
    pub answers: Vec<(Severity, String, Truth)>,
    /// What `recovery` says of it.
    pub recovery: Option<Truth>,
    /// Where its instance was before this run.
    pub before: Option<Stage>,
    /// Its instance after this run.
    pub instance: Option<Instance>,
    /// What each channel hears of it, or why it does not.
    pub told: Vec<(String, Telling)>,
}

/// Where an alert of one severity goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    /// The severity.
    pub severity: Severity,
    /// Numbers of the `[[routes]]` that take it, counted from 1; `None`: the rule's own `notify` decides.
    pub routes: Option<Vec<usize>>,
    /// The channels.
    pub channels: Vec<String>,
}

/// What a channel hears of an instance in this run, or why it does not. The one place to extend when something else
/// can keep an alert from being told.
#[derive(Debug, Clone, PartialEq)]
pub enum Telling {
    /// It is told now.
    Now(Reason),
    /// A message about it waits in the outbox.
    Waits {
        /// Attempts so far.
        attempts: u32,
        /// Not tried before.
        until: Option<Timestamp>,
        /// What went wrong.
        error: Option<String>,
    },
    /// It is told to nobody: a silence, a maintenance window, or another alert that explains it.
    Muted {
        /// What kind of reason.
        by: Suppression,
        /// Which one; foreign text in it is not escaped.
        why: String,
    },
    /// Gathered for a digest.
    Digest {
        /// When that goes out.
        until: Timestamp,
    },
    /// The channel hears in every run of everything that fires.
    EveryRun,
    /// Told before; again when the cooldown is over.
    Cooldown {
        /// When it was told.
        at: Timestamp,
        /// When it is told again.
        again: Timestamp,
    },
    /// The channel wants worse alerts only.
    TooMild(Severity),
    /// The channel is switched off.
    Disabled,
    /// Too many messages wait for it.
    Full,
    /// Nothing fires, so there is nothing to tell.
    Nothing,
}

/// What this run tells.
pub(super) struct Told<'t> {
    pub state: &'t State,
    /// The messages made in this run.
    pub parcels: &'t [Parcel],
    pub mutes: &'t Mutes,
}

impl Witness {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was learned of each rule that was judged, in the order of the config.
    pub fn stories(self) -> Vec<Story> {
        self.log.into_inner().unwrap_or_else(PoisonError::into_inner).stories
    }

    pub(super) fn before(&self, instances: &Instances) {
        self.log().before.clone_from(instances);
    }

    pub(super) fn looked(&self, source: SourceKind, look: Look) {
        self.log().looks.insert(source, look);
    }

    /// Counts records beside the judge.
    pub(super) fn records(&self, rules: &[&Rule], records: &[Record], now: Timestamp) {
        for rule in rules {
            let Matcher::Records(filter) = &rule.matcher else { continue };
            if filter.all.is_empty()
                && filter.none.is_empty()
                && rule.source.fields.iter().all(|field| field.keys.is_empty())
                && !rule.source.open_fields
            {
                continue;
            }
            let mut sieve = Sieve::of(filter);
            let own = records.iter().filter(|record| rule.reads(&record.target));
            own.for_each(|record| sieve.take(filter, &RecordAt { source: rule.source, record, now }, &describe_record));
            self.log().sieves.entry(rule.name.clone()).or_default().push(sieve);
        }
    }

    /// After the messages were made: the story of every rule that was judged.
    pub(super) fn conclude(&self, config: &Config, rules: &[&Rule], read: &Measurements, telling: &Told<'_>, reports: &[RuleReport]) {
        let mut log = self.log();
        let before = std::mem::take(&mut log.before);
        let stories = rules.iter().filter_map(|rule| {
            let report = reports.iter().find(|report| report.name == rule.name)?.clone();
            Some(Story {
                groups: groups(config, rule, read, &before, telling),
                routing: routing(rule, &config.routes),
                source: read.source(rule.source).cloned(),
                look: log.looks.get(&rule.source).cloned(),
                sieves: log.sieves.get(&rule.name).cloned().unwrap_or_default(),
                report,
                rule: (*rule).clone(),
            })
        });
        log.stories = stories.collect();
    }
}

/// The judge with the sieves of its rules beside it.
pub(super) struct Beside<'b, 'r> {
    judge: &'b mut TrafficJudge<'r>,
    rules: &'b [&'r Rule],
    sieves: Vec<Sieve>,
}

impl<'b, 'r> Beside<'b, 'r> {
    pub fn new(judge: &'b mut TrafficJudge<'r>, rules: &'b [&'r Rule]) -> Self {
        let sieve = |rule: &&Rule| if let Matcher::Traffic(filter) = &rule.matcher { Sieve::of(filter) } else { Sieve::default() };
        Self { judge, rules, sieves: rules.iter().map(sieve).collect() }
    }

    pub fn keep(self, witness: &Witness) {
        let mut log = witness.log();
        for (rule, sieve) in self.rules.iter().zip(self.sieves) {
            log.sieves.entry(rule.name.clone()).or_default().push(sieve);
        }
    }
}

impl FlowSink for Beside<'_, '_> {
    fn begin_part(&mut self, part: u32) {
        self.judge.begin_part(part);
    }

    fn flow(&mut self, flow: &Flow<'_>) {
        for (rule, sieve) in self.rules.iter().zip(&mut self.sieves) {
            if let Matcher::Traffic(filter) = &rule.matcher {
                sieve.take(filter, flow, &describe_flow);
            }
        }
        self.judge.flow(flow);
    }
}

fn describe_flow(flow: &Flow<'_>) -> String {
    let port = flow.port.map_or(String::new(), |port| format!("{port}/"));
    format!(
        "{} → {} {port}{} {}, {} connections",
        visible(flow.src.endpoint.display_name()),
        visible(flow.dst.endpoint.display_name()),
        proto_name(flow.proto),
        flow.decision.name(),
        flow.connections
    )
}

fn describe_record(at: &RecordAt<'_>) -> String {
    let Record { name, detail, at: time, .. } = at.record;
    // An event is known by what happened, a thing by its name.
    let (first, second) = if at.source.is_stream() { (detail, name) } else { (name, detail) };
    if !at.source.is_stream() {
        return visible(first);
    }
    let who = if second.is_empty() { String::new() } else { format!(" by {}", visible(second)) };
    let when = time.map_or(String::new(), |time| format!(" at {time}"));
    format!("{}{who}{when}", visible(first))
}

fn groups(config: &Config, rule: &Rule, read: &Measurements, before: &Instances, telling: &Told<'_>) -> Vec<GroupStory> {
    let state = telling.state;
    let partial = is_partial(rule, read);
    let measured = read.observations.get(&rule.name).map(|observation| observation.groups.as_slice()).unwrap_or_default();
    let named =
        |measured: &Measured| -> Group { rule.group_by.iter().map(ToString::to_string).zip(measured.group.iter().cloned()).collect() };
    let mut all: BTreeMap<String, (Group, Option<&Measured>)> = measured
        .iter()
        .map(|measured| (named(measured), Some(measured)))
        .map(|(group, one)| (fingerprint(&rule.name, &group), (group, one)))
        .collect();
    for (fingerprint, instance) in before.iter().chain(&state.instances).filter(|(_, instance)| instance.rule == rule.name) {
        all.entry(fingerprint.clone()).or_insert_with(|| (instance.group.clone(), None));
    }
    let mut stories: Vec<GroupStory> = all
        .into_iter()
        .map(|(fingerprint, (group, measured))| {
            let evidence = measured.map(|measured| evidence(rule, measured, partial));
            let answer = |threshold| evidence.as_ref().map_or(Truth::Unknown, |evidence| evidence.answer(threshold));
            let instance = state.instances.get(&fingerprint).cloned();
            GroupStory {
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
    let falls = rule.thresholds.fall();
    let rank = |story: &GroupStory| story.instance.as_ref().map(|instance| (instance.stage == Stage::Firing, instance.severity));
    let value = |story: &GroupStory| story.measured.as_ref().and_then(|measured| measured.estimate.value());
    stories.sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| worse_first(falls, value(a), value(b))).then_with(|| a.group.cmp(&b.group)));
    stories
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
            if !route.go_on {
                break;
            }
        }
    }
    out
}

fn told(config: &Config, rule: &Rule, fingerprint: &str, instance: &Instance, telling: &Told<'_>) -> Vec<(String, Telling)> {
    let Told { state, parcels, mutes } = *telling;
    let own = |parcel: &Parcel| -> Option<Reason> {
        let alert = parcel.alerts.iter().find(|alert| alert.fingerprint == fingerprint).map(|alert| alert.reason);
        // Of what is only counted the reason is not written down.
        alert.or_else(|| parcel.counted.iter().any(|counted| counted.fingerprint == fingerprint).then_some(Reason::First))
    };
    let channel = |name: &str| {
        if let Some((parcel, reason)) =
            parcels.iter().filter(|parcel| parcel.channel == name).find_map(|parcel| Some((parcel, own(parcel)?)))
        {
            return match (parcel.held_until, reason) {
                (Some(until), _) => Telling::Digest { until },
                (None, Reason::Reminder) if parcel.kind == ParcelKind::Snapshot => Telling::EveryRun,
                (None, reason) => Telling::Now(reason),
            };
        }
        let Some(common) = config.channels.iter().map(|channel| &channel.common).find(|common| common.name == name && common.enabled)
        else {
            return Telling::Disabled;
        };
        let waits = |parcel: &&Parcel| parcel.channel == name && parcel.given_up.is_none() && own(parcel).is_some();
        let heard = instance.told.get(name).filter(|told| Some(told.episode) == instance.fired_at);
        match (state.outbox.iter().find(waits), mutes.of(fingerprint), heard) {
            (Some(parcel), _, _) => {
                Telling::Waits { attempts: parcel.attempts, until: parcel.not_before, error: parcel.last_error.clone() }
            }
            _ if instance.stage != Stage::Firing => Telling::Nothing,
            (None, Some(mute), _) => Telling::Muted { by: mute.by, why: mute.why.clone() },
            _ if instance.severity < common.min_severity => Telling::TooMild(common.min_severity),
            (None, None, Some(told)) => Telling::Cooldown { at: told.at, again: after(told.at, rule.pause(told.reminders)) },
            (None, None, None) if outbox::is_full(&state.outbox, name) => Telling::Full,
            (None, None, None) => Telling::Nothing,
        }
    };
    let mut names: Vec<&str> = channels_for(rule, instance.severity, &config.routes);
    // Whoever heard of it hears of its end, wherever its alerts go by now.
    for parcel in parcels.iter().filter(|parcel| own(parcel) == Some(Reason::Resolved)) {
        if !names.contains(&parcel.channel.as_str()) {
            names.push(&parcel.channel);
        }
    }
    names.into_iter().map(|name| (name.to_owned(), channel(name))).collect()
}

/// What is usual, as far as it is known: the number, and what it counts as at least.
pub fn usual(measured: &Measured) -> Option<(f64, f64)> {
    if let Usual::Is { usual, floor } = measured.usual { Some((usual, floor)) } else { None }
}

/// One record of `--record-file`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tried {
    /// The record, safe to show.
    pub record: String,
    /// Whether the rule counts it.
    pub matches: bool,
    /// Condition by condition.
    pub conditions: Vec<Trial>,
}

/// Tries the first records of a file on a rule, condition by condition.
pub fn try_records(rule: &Rule, file: &Path, now: Timestamp) -> Result<Vec<Tried>, String> {
    let recording = Recording::Path(file);
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
            let ask = crate::sources::Ask { from: now, to: now, second: false };
            let answer = super::read::recorded(member, recording, &ask, None);
            let one = |record: &Record| {
                let at = RecordAt { source: rule.source, record, now };
                tried(describe_record(&at), try_all(filter, &at))
            };
            (answer.records.iter().take(MOST_TRIED).map(one).collect(), answer.report)
        }
        Matcher::Records(_) => {
            return Err(tr!(
                "rule '{name}' chooses no records: it looks at all that {source} says",
                name = visible(&rule.name),
                source = rule.source
            ));
        }
    };
    match report.error {
        Some(error) => Err(error),
        None if tried.is_empty() => Err(tr!("{path} holds no record", path = visible(&file.display().to_string()))),
        None => Ok(tried),
    }
}

fn tried(record: String, conditions: Vec<Trial>) -> Tried {
    Tried { record, matches: !conditions.iter().any(Trial::keeps_out), conditions }
}
