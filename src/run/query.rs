//! One question outside of a cycle: the records of a span, chosen by a filter, from the PCE or from a recorded
//! answer. Nothing is remembered and nothing is told to anybody.

use super::interrupt::Interrupt;
use super::snapshots;
use super::sources::{self, FlowReader, Recording};
use super::{Conversation, RunError, open_client};
use crate::cli::adhoc::{SourceArgs, SpanArgs, When};
use crate::config::{Config, PceSettings};
use crate::domain::filter::{EventCondition, Filter, TrafficCondition, VenCondition};
use crate::domain::metric::SourceKind;
use crate::domain::record::{Event, Flow, FlowSink, Health};
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::time::before;
use crate::domain::ven::Ven;
use crate::judge::plan::{Plan, wanted_decisions, wanted_services};
use crate::judge::repeats::Repeats;
use crate::pce::Client;
use crate::pce::decode::Endpoints;
use jiff::{SignedDuration, Timestamp};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

/// A question and its circumstances.
pub struct Query<'q> {
    /// The proven config.
    pub config: &'q Config,
    /// A recorded answer instead of the PCE.
    pub file: Option<&'q Path>,
    /// Flags.
    pub args: &'q SourceArgs,
    /// Signals.
    pub interrupt: &'q Interrupt,
    /// A line about what is going on, for a terminal.
    pub progress: &'q (dyn Fn(&str) + Sync),
}

/// What was found out.
pub struct Answer<T> {
    /// How the source fared.
    pub report: SourceReport,
    /// The span that was looked at; `None`: everything in a recorded answer.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The records, where they are handed over together.
    pub records: T,
}

/// The span that flags ask for, by the PCE's clock: instants are what they are, durations count back from its now.
struct Asked {
    since: When,
    until: Option<When>,
}

impl Asked {
    fn of(args: &SpanArgs, usual: Duration) -> Asked {
        let until = args.until;
        let since = args.since.unwrap_or_else(|| {
            let length = args.window.unwrap_or(usual);
            match until {
                None => When::Ago(length),
                Some(When::Ago(ago)) => When::Ago(ago.saturating_add(length)),
                Some(When::At(at)) => When::At(before(at, length)),
            }
        });
        Asked { since, until }
    }

    fn at(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let at = |when: When| match when {
            When::At(at) => at,
            When::Ago(ago) => before(now, ago),
        };
        (at(self.since), self.until.map_or(now, at))
    }

    /// Proves that it does not end before it begins.
    fn proven(self, now: Timestamp) -> Result<Self, RunError> {
        let (from, to) = self.at(now);
        if from < to {
            return Ok(self);
        }
        Err(RunError::Setup(tr!("the span from {from} to {to} holds no time; --since has to lie before --until", from, to)))
    }
}

impl Query<'_> {
    fn now(&self) -> Timestamp {
        let wall = Timestamp::now();
        self.args.now.unwrap_or_else(|| Timestamp::from_second(wall.as_second()).unwrap_or(wall))
    }

    /// The span to look at; a recorded answer is looked at whole unless flags say otherwise.
    fn asked(&self, args: &SpanArgs, usual: Duration) -> Result<Option<Asked>, RunError> {
        let said = args.since.is_some() || args.until.is_some() || args.window.is_some();
        if self.file.is_some() && !said {
            return Ok(None);
        }
        Asked::of(args, usual).proven(self.now()).map(Some)
    }

    fn client(&self, source: SourceKind) -> Result<(Client, &PceSettings), RunError> {
        let settings = self.config.pce.as_ref().ok_or_else(|| {
            let flag = if source == SourceKind::Traffic { "flows" } else { source.name() };
            RunError::Setup(tr!(
                "{path} has no [pce] to ask; add [pce], or give a recorded answer with --{flag}",
                path = self.config.path.display(),
                flag
            ))
        })?;
        let started = Instant::now();
        let conversation = Conversation {
            now: self.now(),
            started,
            deadline: started + self.config.run.deadline,
            record: self.args.record.clone(),
            interrupt: self.interrupt,
        };
        Ok((open_client(settings, conversation)?, settings))
    }

    fn interrupted(&self) -> Result<(), RunError> {
        if self.interrupt.stop.load(std::sync::atomic::Ordering::SeqCst) {
            self.interrupt.wait_for_the_end();
            return Err(RunError::Interrupted);
        }
        Ok(())
    }
}

/// Hands every flow that the filter chooses to `each`, until that has seen enough. A record that comes twice, because
/// the query had to be asked in parts, is handed over once; nothing else is paired or added up.
pub fn flows(
    query: &Query<'_>,
    span: &SpanArgs,
    filter: &Filter<TrafficCondition>,
    each: &mut dyn FnMut(&Flow<'_>) -> ControlFlow<()>,
) -> Result<Answer<()>, RunError> {
    let asked = query.asked(span, Duration::from_secs(3_600))?;
    let now = query.now();
    let plan = Plan::new([filter]);
    let mut endpoints = Endpoints::new(plan.marker());
    let may_repeat = query.file.is_none_or(Path::is_dir);
    let mut chosen =
        Chosen { plan, matching: Vec::new(), span: None, repeats: may_repeat.then(Repeats::default), timeless: 0, enough: false, each };
    let report = if let Some(file) = query.file {
        chosen.span = asked.map(|asked| asked.at(now));
        let mut reader = FlowReader::new(&mut chosen, &mut endpoints);
        let report = sources::flows_from_file(Recording::Path(file), &mut reader);
        SourceReport { unreadable: reader.unreadable, ..report }
    } else if let Some(asked) = asked {
        let (client, settings) = query.client(SourceKind::Traffic)?;
        let (decisions, services) = (wanted_decisions([filter]), wanted_services([filter]));
        let at = |skew: SignedDuration| asked.at(now.checked_add(skew).unwrap_or(now));
        (query.progress)("submitting the traffic query");
        let follow = query.args.now.is_none();
        let submitted = sources::submit_traffic(&client, settings, SignedDuration::ZERO, follow, &services, &|skew| {
            let (from, to) = at(skew);
            (from, to, decisions.clone())
        });
        match submitted {
            Ok(on_the_way) => {
                let span = at(on_the_way.skew);
                chosen.span = Some(span);
                let mut reader = FlowReader::new(&mut chosen, &mut endpoints);
                let report = sources::collect_traffic(&client, on_the_way, &mut reader, span, query.progress);
                SourceReport { unreadable: reader.unreadable, ..report }
            }
            Err(error) => sources::failed(SourceKind::Traffic, error),
        }
    } else {
        sources::failed(SourceKind::Traffic, tr!("not asked for"))
    };
    query.interrupted()?;
    let mut report = report;
    report.unreadable += chosen.timeless;
    if chosen.enough {
        // Whoever reads has what it wanted: the rest is not missing.
        report = SourceReport { status: SourceStatus::Ok, error: None, ..report };
    }
    Ok(Answer { report: sources::with_unreadable(report), span: chosen.span, records: () })
}

/// Flows on their way to whoever asked.
struct Chosen<'c> {
    plan: Plan,
    matching: Vec<u32>,
    span: Option<(Timestamp, Timestamp)>,
    repeats: Option<Repeats>,
    timeless: u64,
    enough: bool,
    each: &'c mut dyn FnMut(&Flow<'_>) -> ControlFlow<()>,
}

impl FlowSink for Chosen<'_> {
    fn begin_part(&mut self, part: u32) {
        if let Some(repeats) = &mut self.repeats {
            repeats.begin_part(part);
        }
    }

    fn flow(&mut self, flow: &Flow<'_>) {
        self.plan.matching(flow, &mut self.matching);
        if self.enough || self.matching.is_empty() || self.repeats.as_mut().is_some_and(|repeats| repeats.is_one(flow)) {
            return;
        }
        if let Some((from, to)) = self.span {
            let (Some(first), Some(last)) = (flow.first, flow.last) else {
                self.timeless += 1;
                return;
            };
            if last <= from || first > to {
                return;
            }
        }
        self.enough = (self.each)(flow).is_break();
    }

    fn enough(&self) -> bool {
        self.enough
    }
}

/// The events that the filter chooses, newest first.
pub fn events(query: &Query<'_>, span: &SpanArgs, filter: &Filter<EventCondition>) -> Result<Answer<Vec<Event>>, RunError> {
    let asked = query.asked(span, Duration::from_secs(86_400))?;
    let now = query.now();
    let (fetched, span) = match (query.file, asked) {
        (Some(file), asked) => (sources::events_from_file(Recording::Path(file), now), asked.map(|asked| asked.at(now))),
        (None, Some(asked)) => {
            let (client, _) = query.client(SourceKind::Events)?;
            (query.progress)("asking for events");
            let mut span = asked.at(now);
            let mut fetched = sources::events_from_pce(&client, span.0, span.1);
            // Durations count back from the PCE's now, which its first answer tells.
            let skew = sources::measured_skew(&client);
            if query.args.now.is_none() && !skew.is_zero() {
                let shifted = asked.at(now.checked_add(skew).unwrap_or(now));
                if shifted != span {
                    span = shifted;
                    fetched = sources::events_from_pce(&client, span.0, span.1);
                }
            }
            (fetched, Some(span))
        }
        (None, None) => {
            let report = sources::failed(SourceKind::Events, tr!("not asked for"));
            return Ok(Answer { report, span: None, records: Vec::new() });
        }
    };
    query.interrupted()?;
    let mut report = fetched.report;
    let mut records = fetched.answer.map(|answer| answer.list).unwrap_or_default();
    records.retain(|event| filter.matches(event));
    if let Some((from, to)) = span {
        let timeless = records.iter().filter(|event| event.timestamp.is_none()).count() as u64;
        if timeless > 0 {
            let text = tr!("{timeless} events have no readable time", timeless);
            report.unreadable += timeless;
            report.status = SourceStatus::Partial;
            report.error = Some(report.error.map_or(text.clone(), |error| format!("{error}; {text}")));
        }
        records.retain(|event| event.timestamp.is_some_and(|at| from < at && at <= to));
    }
    records.sort_by_key(|event| std::cmp::Reverse(event.timestamp));
    Ok(Answer { report, span, records })
}

/// The VENs that the filter chooses, by name, and the instant at which they were looked at. `workloads`: what
/// only those tell is wanted, too.
pub fn vens(query: &Query<'_>, workloads: bool, filter: &Filter<VenCondition>) -> Result<Answer<(Vec<Ven>, Timestamp)>, RunError> {
    let workloads = workloads || filter.all.iter().chain(&filter.none).any(|(_, condition)| condition.is_of_workload());
    let mut now = query.now();
    let fetched = match query.file {
        Some(file) => snapshots::vens_from_file(Recording::Path(file), workloads),
        None => {
            let (client, _) = query.client(SourceKind::Vens)?;
            (query.progress)("asking for VENs");
            let fetched = snapshots::vens_from_pce(&client, workloads);
            if query.args.now.is_none() {
                now = now.checked_add(sources::measured_skew(&client)).unwrap_or(now);
            }
            fetched
        }
    };
    query.interrupted()?;
    let mut vens = fetched.answer.map(|inventory| inventory.vens).unwrap_or_default();
    vens.retain(|ven| filter.matches(ven, now));
    vens.sort_by(|a, b| a.display_name().cmp(b.display_name()));
    Ok(Answer { report: fetched.report, span: None, records: (vens, now) })
}

/// The PCE's health.
pub fn health(query: &Query<'_>) -> Result<Answer<Vec<Health>>, RunError> {
    let fetched = match query.file {
        Some(file) => sources::health_from_file(Recording::Path(file)),
        None => {
            let (client, _) = query.client(SourceKind::Health)?;
            (query.progress)("asking for health");
            sources::health_from_pce(&client)
        }
    };
    query.interrupted()?;
    Ok(Answer { report: fetched.report, span: None, records: fetched.answer.unwrap_or_default() })
}
