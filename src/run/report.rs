//! One report, in order: read the sources, add them up, compare with the previous report. Judges no rule and sends nothing.

use super::labels::LabelBook;
use super::recorded::RunNote;
use super::recording::RecordedAnswer;
use super::sources::{self, FlowReader};
use super::{Conversation, Cycle, RunError, open_client};
use crate::domain::fault::Fault;
use crate::domain::record::HealthStatus;
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::source::SourceKind;
use crate::domain::text::visible;
use crate::domain::time::{before, utc_day_start};
use crate::pce::Client;
use crate::pce::PceSettings;
use crate::pce::decode::Endpoints;
use crate::report::gather::Gather;
use crate::report::memory::{Memory, compare};
use crate::report::model::{Health, Report, SCHEMA, Source, Span, Traffic};
use crate::report::{events, rules, vens};
use crate::sources::{Ask, EVENTS, HEALTH, MOST_HELD, TRAFFIC, VENS, member};
use crate::state::Store;
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// What a report asks a PCE for.
const READ: [SourceKind; 4] = [TRAFFIC, EVENTS, HEALTH, VENS];

/// What to report on.
#[derive(Debug, Clone)]
pub struct Question {
    /// What its maker calls it.
    pub title: String,
    /// How far back.
    pub since: Duration,
    /// The end; `None`: now.
    pub until: Option<Timestamp>,
    /// The label whose value names an application.
    pub label: String,
}

/// What one source gave, and how that went.
struct Read<T> {
    report: SourceReport,
    answer: Option<T>,
}

/// Makes the report; the memory is what the next one will be compared with.
#[expect(clippy::too_many_lines, reason = "a report's run, told in the order in which it happens")]
pub fn report(cycle: &Cycle<'_>, question: &Question) -> Result<(Report, Memory), RunError> {
    let started = Instant::now();
    let Cycle { config, args, interrupt, .. } = *cycle;
    let wall = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_else(|_| Timestamp::now());
    let now = args.now.unwrap_or(wall);
    let identity = config.identity();
    let store = Store::read_only(&cycle.state_path);
    let state = store.read()?.filter(|state| state.pce == identity);
    let mut warnings = config.warnings.clone();
    let previous = match std::fs::read(store.report_path()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        read => {
            let read = read.map_err(|error| error.to_string()).and_then(|bytes| Memory::parse(&bytes, &identity));
            read.map_err(|error| {
                warnings.push(tr!("nothing to compare with: {path}: {error}", path = store.report_path().display(), error))
            })
            .ok()
        }
    };

    // Recorded answers are a world of their own: what is not recorded is not asked for either.
    let recorded = cycle.is_offline();
    let asked = if recorded { None } else { Some(sources::pce_of(config, &READ).map_err(RunError::Setup)?) };
    let client = match asked {
        None => None,
        Some(settings) => {
            let deadline = started + config.run.deadline;
            let conversation = Conversation { now, started, deadline, record: cycle.recorder.cloned(), interrupt };
            Some(open_client(settings, conversation)?)
        }
    };
    // Where the PCE's clock is not ours, the span follows the PCE's, unless an end was named.
    let follow = args.now.is_none() && question.until.is_none();
    let skew = SignedDuration::from_secs(state.as_ref().and_then(|state| state.last_run.as_ref()).map_or(0, |last| last.clock_skew));
    let now_at = |skew: SignedDuration| now.checked_add(skew).unwrap_or(now);
    let span_at = |skew: SignedDuration| span_of(question, now_at(skew));
    let mut ahead = if follow && client.is_some() { skew } else { SignedDuration::ZERO };

    let on_the_way = match (&client, asked) {
        (Some(client), Some(settings)) => Some(submit(cycle, client, settings, skew, follow, &span_at)),
        _ => None,
    };
    if let Some(Ok(query)) = &on_the_way {
        ahead = query.skew;
    }
    let span = span_at(ahead);
    let [flows, recorded_events, recorded_health, recorded_vens] = READ.map(|source| cycle.recording(source));
    // Whoever did not record the workloads gets a report without what only those tell.
    let second = recorded_vens.is_none_or(|recording| {
        recording
            .of(VENS, None)
            .is_ok_and(|located| !located.is_one() && VENS.files[1..].iter().all(|prefix| located.files(prefix).is_ok()))
    });
    let ask = Ask::all(span.from, span.to, second);
    let records = |source, recording: Option<RecordedAnswer<'_>>| {
        let member = member(source)?;
        match (recording, &client, &member.pce) {
            (Some(recording), _, _) => Some(super::read::recorded(member, recording, &ask, None, MOST_HELD)),
            (None, Some(client), Some(of_pce)) => Some(super::read::from_pce(member, of_pce, client, &ask, MOST_HELD)),
            _ => None,
        }
    };
    let was_read = |report: &SourceReport| matches!(report.status, SourceStatus::Ok | SourceStatus::Partial);
    let (traffic, (events, health, vens)) = std::thread::scope(|scope| {
        let others = scope.spawn(|| {
            // They are gone before the next are read.
            let events = records(EVENTS, recorded_events)
                .map(|answer| (was_read(&answer.report).then(|| events::gather(&answer.records, span)), answer.report));
            let health =
                (recorded_health.is_some() || client.is_some()).then(|| super::read::health(recorded_health, client.as_ref(), now));
            (events, health, records(VENS, recorded_vens))
        });
        let traffic = read_traffic(cycle, question, flows, span, on_the_way, client.as_ref());
        (traffic, others.join().unwrap_or((None, None, None)))
    });
    if interrupt.stop.load(Ordering::SeqCst) {
        interrupt.wait_for_the_end();
        return Err(RunError::Interrupted);
    }
    drop(client);

    let mut read: Vec<SourceReport> = Vec::new();
    let traffic = traffic.and_then(|traffic| {
        read.push(traffic.report);
        traffic.answer
    });
    let events = events.and_then(|(list, report)| {
        read.push(report);
        list
    });
    let health = health.and_then(|(report, clusters)| {
        read.push(report);
        clusters.map(|clusters| clusters.into_iter().map(health_of).collect())
    });
    let vens = vens.and_then(|answer| {
        let gathered = was_read(&answer.report).then(|| vens::gather(&answer.records, ask.second, now_at(ahead)));
        read.push(answer.report);
        gathered
    });
    if let Some(folder) = &args.record {
        warnings.extend(RunNote::of(now, &read).write(folder).err());
    }
    let judged_at = state.as_ref().and_then(|state| state.last_run.as_ref()).map(|last| last.at);
    let mut report = Report {
        schema: SCHEMA,
        title: visible(&question.title),
        generated_at: now,
        version: env!("CARGO_PKG_VERSION"),
        pce: visible(&identity.url),
        org_id: config.pce.as_ref().map(|pce| pce.org_id),
        span,
        complete: read.iter().all(|source| matches!(source.status, SourceStatus::Ok | SourceStatus::Unavailable)),
        sources: read.into_iter().map(source_of).collect(),
        traffic,
        events,
        health,
        vens,
        rules: state.map(|state| rules::standing(&config.rules, &state.instances, judged_at)),
        changes: None,
        warnings: warnings.iter().map(|warning| visible(warning)).collect(),
    };
    compare(&mut report, previous.as_ref());
    let memory = Memory::of(&report, &identity);
    Ok((report, memory))
}

/// Whole days are UTC days, of which a PCE keeps totals, up to the last midnight; anything else stays as typed.
fn span_of(question: &Question, now: Timestamp) -> Span {
    let days = question.since.as_secs().is_multiple_of(86_400) && question.since.subsec_nanos() == 0;
    let to = match question.until {
        Some(until) => until,
        None if days => utc_day_start(now),
        None => now,
    };
    Span { from: before(to, question.since), to }
}

fn submit(
    cycle: &Cycle<'_>,
    client: &Client,
    settings: &PceSettings,
    skew: SignedDuration,
    follow: bool,
    span_at: &dyn Fn(SignedDuration) -> Span,
) -> Result<sources::TrafficOnTheWay, Fault> {
    (cycle.progress)(&tr!("submitting the traffic query"));
    let assumed = if follow { skew } else { SignedDuration::ZERO };
    sources::submit_traffic(client, settings, assumed, follow, &[], &|skew| {
        let span = span_at(skew);
        (span.from, span.to, Vec::new())
    })
    .map_err(Fault::from)
}

fn read_traffic(
    cycle: &Cycle<'_>,
    question: &Question,
    flows: Option<RecordedAnswer<'_>>,
    span: Span,
    on_the_way: Option<Result<sources::TrafficOnTheWay, Fault>>,
    client: Option<&Client>,
) -> Option<Read<Traffic>> {
    // Only an answer in parts can hold a record twice.
    let mut gather = Gather::new(span, &question.label, flows.is_none_or(|recording| recording.folder().is_some()));
    let mut labels = LabelBook::new(flows, client);
    let mut endpoints = Endpoints::new(|_| Box::new([])).with_labels(|href| labels.find(href));
    let mut reader = FlowReader::new(&mut gather, &mut endpoints);
    let mut report = match (flows, on_the_way, client) {
        (Some(recording), _, _) => sources::flows_from_file(recording, &mut reader),
        (None, Some(Ok(query)), Some(client)) => sources::collect_traffic(client, query, &mut reader, (span.from, span.to), cycle.progress),
        (None, Some(Err(fault)), _) => SourceReport::failed(TRAFFIC, fault),
        _ => return None,
    };
    report.unreadable = reader.unreadable;
    drop(endpoints);
    if let Some(trouble) = labels.trouble.filter(|_| report.is_read()) {
        report = report.lacking(trouble);
    }
    if report.status == SourceStatus::Failed {
        // Half an answer would look like a calm day.
        return Some(Read { report, answer: None });
    }
    let traffic = gather.finish();
    report.unreadable += traffic.timeless;
    Some(Read { report: sources::with_unreadable(report), answer: Some(traffic) })
}

fn source_of(report: SourceReport) -> Source {
    Source {
        source: report.source.name(),
        status: report.status.name(),
        records: report.records,
        unreadable: report.unreadable,
        queries: report.queries,
        bytes: report.bytes,
        error: report.error.map(|fault| visible(&fault.message)),
    }
}

fn health_of(health: crate::domain::record::Health) -> Health {
    Health {
        fqdn: visible(&health.fqdn),
        status: match health.status {
            HealthStatus::Normal => "normal",
            HealthStatus::Warning => "warning",
            HealthStatus::Critical => "critical",
        },
        cpu: health.cpu,
        memory: health.memory,
        disk: health.disk,
        replication_lag: health.replication_lag,
        notes: health.notes.iter().map(|note| visible(note)).collect(),
    }
}
