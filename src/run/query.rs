//! One question outside of a cycle: the records of a span, chosen by a filter, from the PCE or from a recorded
//! answer. Nothing is remembered and nothing is told to anybody.

use super::held;
use super::interrupt::Interrupt;
use super::labels::LabelBook;
use super::read;
use super::recorded::RunNote;
use super::recording::{RecordedAnswer, not_asked};
use super::sources::{self, FlowReader};
use super::{Conversation, RunError, open_client};
use crate::cli::adhoc::{SourceArgs, SpanArgs, When};
use crate::cli::input::Inputs;
use crate::config::Config;
use crate::domain::condition::{Condition, Place};
use crate::domain::estimate::Truth;
use crate::domain::fault::{Fault, Party};
use crate::domain::filter::{Filter, TrafficCondition};
use crate::domain::record::{Flow, FlowSink, Health};
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::source::Needs;
use crate::domain::source::SourceKind;
use crate::domain::time::before;
use crate::domain::value::Record;
use crate::files::recorder::Recorder;
use crate::judge::plan::{Plan, wanted_decisions, wanted_services};
use crate::judge::repeats::Repeats;
use crate::pce::PceSettings;
use crate::pce::decode::Endpoints;
use crate::pce::{Client, ErrorKind};
use crate::sources::{Ask, HEALTH, TRAFFIC, member};
use jiff::{SignedDuration, Timestamp};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

/// A question and its circumstances.
pub struct Query<'q> {
    /// The proven config.
    pub config: &'q Config,
    /// Recorded answers instead of asking.
    pub inputs: &'q Inputs,
    /// Keeps the raw answers, when somebody asks for them.
    pub recorder: Option<&'q Recorder>,
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

/// Records that were chosen.
pub struct Found {
    /// Of a stream the newest first, else by name.
    pub records: Vec<Record>,
    /// When one looked.
    pub now: Timestamp,
    /// How many do not say what they were to be chosen by.
    pub undecided: u64,
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
        Err(RunError::Setup(tr!("the span from {from} to {to} is empty; --since must be before --until", from, to)))
    }
}

impl Query<'_> {
    fn now(&self) -> Timestamp {
        let wall = Timestamp::now();
        self.args.now.unwrap_or_else(|| Timestamp::from_second(wall.as_second()).unwrap_or(wall))
    }

    /// The span to look at; a recorded answer is looked at whole unless flags say otherwise.
    fn asked(&self, args: &SpanArgs, usual: Duration) -> Result<Option<Asked>, RunError> {
        if !self.inputs.is_empty() && !args.is_said() {
            return Ok(None);
        }
        Asked::of(args, usual).proven(self.now()).map(Some)
    }

    fn client(&self, source: SourceKind) -> Result<(Client, &PceSettings), RunError> {
        let settings = self.config.pce.as_ref().ok_or_else(|| {
            RunError::Setup(tr!(
                "{path} has no [pce]; add it, or give a recorded answer with --input {source}=FILE",
                path = self.config.path.display(),
                source
            ))
        })?;
        let started = Instant::now();
        let conversation = Conversation {
            now: self.now(),
            started,
            deadline: started + self.config.run.deadline,
            record: self.recorder.cloned(),
            interrupt: self.interrupt,
        };
        Ok((open_client(settings, conversation)?, settings))
    }

    /// Notes beside the raw answers how the source fared.
    fn noted(&self, reports: &[SourceReport]) {
        if let Some(folder) = &self.args.record
            && let Err(error) = RunNote::of(self.now(), reports).write(folder)
        {
            log::warn!("{error}");
        }
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
    let file = query.inputs.of(TRAFFIC);
    let client = if file.is_none() && asked.is_some() { Some(query.client(TRAFFIC)?) } else { None };
    let mut labels = LabelBook::new(file.map(RecordedAnswer::Path), client.as_ref().map(|(client, _)| client));
    let mut endpoints = Endpoints::new(plan.marker()).with_labels(|href| labels.find(href));
    let may_repeat = file.is_none_or(Path::is_dir);
    let mut chosen = Chosen {
        plan,
        matching: Vec::new(),
        undecided: Vec::new(),
        span: None,
        repeats: may_repeat.then(Repeats::default),
        timeless: 0,
        left_out: 0,
        enough: false,
        each,
    };
    let report = if let Some(file) = file {
        chosen.span = asked.map(|asked| asked.at(now));
        let mut reader = FlowReader::new(&mut chosen, &mut endpoints);
        let report = sources::flows_from_file(RecordedAnswer::Path(file), &mut reader);
        SourceReport { unreadable: reader.unreadable, ..report }
    } else if let (Some(asked), Some((client, settings))) = (asked, &client) {
        let (decisions, services) = (wanted_decisions([filter]), wanted_services([filter]));
        let held = held::oldest(client, asked.at(now).0, now);
        let at = |skew: SignedDuration| {
            let (from, to) = asked.at(now.checked_add(skew).unwrap_or(now));
            (held.map_or(from, |oldest| oldest.max(from)), to)
        };
        say_what_is_held(held, asked.at(now))?;
        (query.progress)(&tr!("submitting the traffic query"));
        let follow = query.args.now.is_none();
        let submitted = sources::submit_traffic(client, settings, SignedDuration::ZERO, follow, &services, &|skew| {
            let (from, to) = at(skew);
            (from, to, decisions.clone())
        });
        match submitted {
            Ok(on_the_way) => {
                let span = at(on_the_way.skew);
                chosen.span = Some(span);
                let mut reader = FlowReader::new(&mut chosen, &mut endpoints);
                let report = sources::collect_traffic(client, on_the_way, &mut reader, span, query.progress);
                SourceReport { unreadable: reader.unreadable, ..report }
            }
            Err(error) if error.kind == ErrorKind::Rejected && held::is_long_ago(at(SignedDuration::ZERO).0, now) => {
                let hint = tr!("the PCE stores about {days} days of traffic; use --since {days}d", days = held::USUAL_DAYS);
                SourceReport::failed(TRAFFIC, error.hint(hint).into())
            }
            Err(error) => SourceReport::failed(TRAFFIC, error.into()),
        }
    } else {
        SourceReport::failed(TRAFFIC, not_asked())
    };
    query.interrupted()?;
    drop(endpoints);
    let mut report = report;
    if let Some(trouble) = labels.trouble {
        report = report.lacking(trouble);
    }
    query.noted(std::slice::from_ref(&report));
    report.unreadable += chosen.timeless;
    if chosen.left_out > 0 {
        let text = trn!(
            "{count} flow lacks a field of the filter and is left out",
            "{count} flows lack a field of the filter and are left out",
            count = chosen.left_out
        );
        report = report.lacking(Fault::of(Party::Target, text));
    }
    if chosen.enough {
        // Whoever reads has what it wanted: the rest is not missing.
        report = SourceReport { status: SourceStatus::Ok, error: None, ..report };
    }
    Ok(Answer { report: sources::with_unreadable(report), span: chosen.span, records: () })
}

/// Says that the PCE holds less than what is asked for; an error when it holds none of it.
fn say_what_is_held(held: Option<Timestamp>, (from, to): (Timestamp, Timestamp)) -> Result<(), RunError> {
    let Some(oldest) = held.filter(|oldest| *oldest > from) else { return Ok(()) };
    let day = oldest.strftime("%Y-%m-%d").to_string();
    if to <= oldest {
        return Err(RunError::Setup(tr!("the PCE stores traffic since {day}; there is nothing to query before that day", day)));
    }
    log::warn!("{}", tr!("the PCE stores traffic since {day}; older traffic was not queried", day));
    Ok(())
}

/// An answer from which something was left out that may belong to it.
/// Flows on their way to whoever asked.
struct Chosen<'c> {
    plan: Plan,
    matching: Vec<u32>,
    undecided: Vec<u32>,
    span: Option<(Timestamp, Timestamp)>,
    repeats: Option<Repeats>,
    timeless: u64,
    /// Flows that do not tell what the filter asks for.
    left_out: u64,
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
        self.plan.matching(flow, &mut self.matching, &mut self.undecided);
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
        if !self.undecided.is_empty() {
            self.left_out += 1;
            return;
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
) -> Result<Answer<Found>, RunError> {
    let Some(member) = member(source) else { return Err(RunError::Setup(tr!("{source} is not read as records", source))) };
    // What tells everything in each answer is looked at whole, unless flags say otherwise.
    let asked = match span.filter(|span| source.is_stream() || span.is_said()) {
        Some(span) => query.asked(span, Duration::from_secs(86_400))?,
        None => None,
    };
    let mut now = query.now();
    let of = |slot: u8| source.fields.get(usize::from(slot)).is_some_and(|field| field.needs == Needs::Second);
    let named = filter.all.iter().chain(&filter.none).any(|(_, condition)| matches!(condition.place, Place::Slot(slot) if of(slot)));
    let ask = |span: Option<(Timestamp, Timestamp)>, now| {
        let (from, to) = span.unwrap_or((now, now));
        Ask { kinds: filter.kinds(source, now), ..Ask::all(from, to, second || named) }
    };
    let mut within = asked.as_ref().map(|asked| asked.at(now));
    let inputs = read::Inputs::given(query.config, query.inputs, query.recorder);
    let batch = match &member.pce {
        Some(_) if query.inputs.is_empty() => {
            let (client, _) = query.client(source)?;
            (query.progress)(&tr!("querying {what}", what = source.localized()));
            let mut batch = read::one(&inputs, member, Some(&client), &ask(within, now));
            // Durations count back from the PCE's now, which its first answer tells.
            let skew = sources::measured_skew(&client);
            if query.args.now.is_none() && !skew.is_zero() {
                now = now.checked_add(skew).unwrap_or(now);
                let shifted = asked.as_ref().map(|asked| asked.at(now));
                if source.is_stream() && shifted != within {
                    within = shifted;
                    batch = read::one(&inputs, member, Some(&client), &ask(within, now));
                }
            }
            batch
        }
        _ => read::one(&inputs, member, None, &ask(within, now)),
    };
    query.interrupted()?;
    query.noted(&batch.reports);
    let (mut report, mut records) = (read::together(source, batch.reports), batch.records);
    // That something is not told is said by the report; a record it is not.
    records.retain(|record| !record.unseen);
    let mut undecided = 0;
    records.retain(|record| {
        let truth = filter.truth(source, record, now);
        undecided += u64::from(truth == Truth::Unknown);
        truth.is_yes()
    });
    if let Some((from, to)) = within {
        let timeless = records.iter().filter(|record| record.at.is_none()).count() as u64;
        if timeless > 0 {
            let text = if source.is_stream() {
                trn!("{timeless} event has no readable time", "{timeless} events have no readable time", timeless = timeless)
            } else {
                trn!("{timeless} record has no readable time", "{timeless} records have no readable time", timeless = timeless)
            };
            report.unreadable += timeless;
            report = report.lacking(Fault::of(Party::Target, text));
        }
        records.retain(|record| record.at.is_some_and(|at| from < at && at <= to));
    }
    if source.is_snapshot() {
        records.sort_by(|a, b| (&a.target, &a.name).cmp(&(&b.target, &b.name)));
    } else {
        records.sort_by_key(|record| std::cmp::Reverse(record.at));
    }
    Ok(Answer { report, span: within, records: Found { records, now, undecided } })
}

/// The PCE's health, cluster by cluster.
pub fn health(query: &Query<'_>) -> Result<Answer<Vec<Health>>, RunError> {
    let client = if query.inputs.is_empty() { Some(query.client(HEALTH)?.0) } else { None };
    (query.progress)(&tr!("querying {what}", what = HEALTH.localized()));
    let (report, clusters) = read::health(query.inputs.of(HEALTH).map(RecordedAnswer::Path), client.as_ref(), query.now());
    query.interrupted()?;
    query.noted(std::slice::from_ref(&report));
    Ok(Answer { report, span: None, records: clusters.unwrap_or_default() })
}
