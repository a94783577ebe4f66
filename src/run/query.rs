//! One question outside of a cycle: the records of a span, chosen by a filter, from the PCE or from a recorded
//! answer. Nothing is remembered and nothing is told to anybody.

use super::interrupt::Interrupt;
use super::read;
use super::sources::{self, FlowReader, Recording};
use super::{Conversation, RunError, open_client};
use crate::cli::adhoc::{SourceArgs, SpanArgs, When};
use crate::config::{Config, PceSettings};
use crate::domain::condition::{Condition, Place};
use crate::domain::filter::{Filter, TrafficCondition};
use crate::domain::metric::SourceKind;
use crate::domain::record::{Flow, FlowSink, Health};
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::source::Needs;
use crate::domain::time::before;
use crate::domain::value::Record;
use crate::judge::plan::{Plan, wanted_decisions, wanted_services};
use crate::judge::repeats::Repeats;
use crate::pce::Client;
use crate::pce::decode::Endpoints;
use crate::sources::{Ask, HEALTH, TRAFFIC, member};
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
            let flag = source.flag;
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
        let (client, settings) = query.client(TRAFFIC)?;
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
            Err(error) => sources::failed(TRAFFIC, error),
        }
    } else {
        sources::failed(TRAFFIC, tr!("not asked for"))
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

/// The records that the filter chooses, and when they were looked at: of a stream the newest first, else by name.
/// `second`: what only the second list of the source tells is wanted, too.
pub fn records(
    query: &Query<'_>,
    source: SourceKind,
    span: Option<&SpanArgs>,
    second: bool,
    filter: &Filter<Condition>,
) -> Result<Answer<(Vec<Record>, Timestamp)>, RunError> {
    let Some(member) = member(source) else { return Err(RunError::Setup(tr!("{source} is not read as records", source))) };
    let asked = match span {
        Some(span) => query.asked(span, Duration::from_secs(86_400))?,
        None => None,
    };
    let mut now = query.now();
    let of = |slot: u8| source.fields.get(usize::from(slot)).is_some_and(|field| field.needs == Needs::Second);
    let named = filter.all.iter().chain(&filter.none).any(|(_, condition)| matches!(condition.place, Place::Slot(slot) if of(slot)));
    let ask = |span: Option<(Timestamp, Timestamp)>, now| {
        let (from, to) = span.unwrap_or((now, now));
        Ask { from, to, second: second || named }
    };
    let mut within = asked.as_ref().map(|asked| asked.at(now));
    let answer = match (query.file, &member.pce) {
        (Some(file), _) => read::recorded(member, Recording::Path(file), &ask(within, now), None),
        (None, Some(of_pce)) => {
            let (client, _) = query.client(source)?;
            (query.progress)(&tr!("asking for {what}", what = source.said()));
            let mut answer = read::from_pce(member, of_pce, &client, &ask(within, now));
            // Durations count back from the PCE's now, which its first answer tells.
            let skew = sources::measured_skew(&client);
            if query.args.now.is_none() && !skew.is_zero() {
                now = now.checked_add(skew).unwrap_or(now);
                let shifted = asked.as_ref().map(|asked| asked.at(now));
                if source.is_stream() && shifted != within {
                    within = shifted;
                    answer = read::from_pce(member, of_pce, &client, &ask(within, now));
                }
            }
            answer
        }
        (None, None) => read::of_targets(query.config, member, &ask(within, now)),
    };
    query.interrupted()?;
    let (mut report, mut records) = (answer.report, answer.records);
    records.retain(|record| filter.truth(source, record, now).is_yes());
    if let Some((from, to)) = within {
        let timeless = records.iter().filter(|record| record.at.is_none()).count() as u64;
        if timeless > 0 {
            let text = tr!("{timeless} events have no readable time", timeless);
            report.unreadable += timeless;
            report.status = SourceStatus::Partial;
            report.error = Some(report.error.map_or(text.clone(), |error| format!("{error}; {text}")));
        }
        records.retain(|record| record.at.is_some_and(|at| from < at && at <= to));
    }
    if source.is_stream() {
        records.sort_by_key(|record| std::cmp::Reverse(record.at));
    } else {
        records.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(Answer { report, span: within, records: (records, now) })
}

/// The PCE's health, cluster by cluster.
pub fn health(query: &Query<'_>) -> Result<Answer<Vec<Health>>, RunError> {
    let client = if query.file.is_none() { Some(query.client(HEALTH)?.0) } else { None };
    (query.progress)("asking for health");
    let (report, clusters) = read::health(query.file.map(Recording::Path), client.as_ref(), query.now());
    query.interrupted()?;
    Ok(Answer { report, span: None, records: clusters.unwrap_or_default() })
}
