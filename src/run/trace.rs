//! What stands beside a cycle and keeps its reasons, and what the reasons of one rule are.

use crate::domain::alert::{Group, Reason};
use crate::domain::asks::RecordAt;
use crate::domain::estimate::Truth;
use crate::domain::record::{Flow, FlowSink, proto_name};
use crate::domain::report::{RuleReport, SourceReport, Suppression};
use crate::domain::rule::{Matcher, Rule};
use crate::domain::source::SourceKind;
use crate::domain::text::visible;
use crate::domain::threshold::Severity;
use crate::domain::value::Record;
use crate::judge::match_stats::MatchStats;
use crate::judge::measurement::GroupMeasurement;
use crate::judge::traffic::TrafficJudge;
use crate::judge::transition::{Instance, Instances, Stage};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Stands beside a cycle and keeps its reasons.
#[derive(Debug, Default)]
pub struct Trace {
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
pub(super) struct Log {
    pub match_stats: BTreeMap<String, Vec<MatchStats>>,
    pub looks: BTreeMap<SourceKind, SourceSpan>,
    pub before: Instances,
    pub explanations: Vec<Explanation>,
}

/// How a source was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSpan {
    /// The look before; `None`: this is the first.
    pub previous: Option<Timestamp>,
    /// The pause since then was too long: this look begins anew.
    pub anew: bool,
    /// What the PCE was asked to leave out, in words; empty: nothing.
    pub only: String,
}

/// Why one rule is as it is.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The rule.
    pub rule: Rule,
    /// What the cycle reports of it.
    pub report: RuleReport,
    /// How its source fared.
    pub source: Option<SourceReport>,
    /// How its source was looked at; `None` for a snapshot.
    pub look: Option<SourceSpan>,
    /// Its records, and for a quotient those it is divided by.
    pub match_stats: Vec<MatchStats>,
    /// Its groups, those with an instance first, then the worst; without `group_by` one.
    pub groups: Vec<GroupExplanation>,
    /// Where an alert of each severity goes.
    pub routing: Vec<Routing>,
}

/// Why one group of a rule is as it is.
#[derive(Debug, Clone)]
pub struct GroupExplanation {
    /// Which.
    pub group: Group,
    /// What was measured; `None`: it was not seen.
    pub measured: Option<GroupMeasurement>,
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
    pub told: Vec<(String, NotifyReason)>,
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
pub enum NotifyReason {
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

impl Trace {
    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was learned of each rule that was judged, in the order of the config.
    pub fn explanations(self) -> Vec<Explanation> {
        self.log.into_inner().unwrap_or_else(PoisonError::into_inner).explanations
    }

    pub(super) fn before(&self, instances: &Instances) {
        self.log().before.clone_from(instances);
    }

    pub(super) fn looked(&self, source: SourceKind, look: SourceSpan) {
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
            let mut match_stats = MatchStats::of(filter);
            let own = records.iter().filter(|record| !record.unseen && rule.reads(&record.target));
            own.for_each(|record| match_stats.take(filter, &RecordAt { source: rule.source, record, now }, &describe_record));
            self.log().match_stats.entry(rule.name.clone()).or_default().push(match_stats);
        }
    }
}

/// The judge with the match_stats of its rules beside it.
pub(super) struct TracingSink<'b, 'r> {
    judge: &'b mut TrafficJudge<'r>,
    rules: &'b [&'r Rule],
    match_stats: Vec<MatchStats>,
}

impl<'b, 'r> TracingSink<'b, 'r> {
    pub fn new(judge: &'b mut TrafficJudge<'r>, rules: &'b [&'r Rule]) -> Self {
        let match_stats =
            |rule: &&Rule| if let Matcher::Traffic(filter) = &rule.matcher { MatchStats::of(filter) } else { MatchStats::default() };
        Self { judge, rules, match_stats: rules.iter().map(match_stats).collect() }
    }

    pub fn keep(self, trace: &Trace) {
        let mut log = trace.log();
        for (rule, match_stats) in self.rules.iter().zip(self.match_stats) {
            log.match_stats.entry(rule.name.clone()).or_default().push(match_stats);
        }
    }
}

impl FlowSink for TracingSink<'_, '_> {
    fn begin_part(&mut self, part: u32) {
        self.judge.begin_part(part);
    }

    fn late_before(&mut self, usual: Timestamp) {
        self.judge.late_before(usual);
    }

    fn flow(&mut self, flow: &Flow<'_>) {
        for (rule, match_stats) in self.rules.iter().zip(&mut self.match_stats) {
            if let Matcher::Traffic(filter) = &rule.matcher {
                match_stats.take(filter, flow, &describe_flow);
            }
        }
        self.judge.flow(flow);
    }
}

pub(super) fn describe_flow(flow: &Flow<'_>) -> String {
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

pub(super) fn describe_record(at: &RecordAt<'_>) -> String {
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
