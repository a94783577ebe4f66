//! Reading every source but the flows: from its targets, or from recorded answers.

use super::Cycle;
use super::sources::{Recording, failed, with_unreadable};
use crate::config::{Config, TargetConfig};
use crate::domain::metric::SourceKind;
use crate::domain::record::Health;
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::value::Record;
use crate::pce::Client;
use crate::sources::health::Clusters;
use crate::sources::{Ask, Assembled, Assembler, HEALTH, Member, OfPce, Settings, asked, member};
use jiff::Timestamp;
use std::io::Read;
use std::sync::Arc;

/// The records of one source, of all its targets.
#[derive(Debug)]
pub struct Batch {
    /// Which source.
    pub source: SourceKind,
    /// How each target fared.
    pub reports: Vec<SourceReport>,
    /// What was read.
    pub records: Vec<Record>,
    /// Of a stream: up to here everything was read.
    pub whole_until: Option<Timestamp>,
}

/// One answer.
pub(super) struct Answer {
    pub report: SourceReport,
    pub records: Vec<Record>,
    pub whole_until: Option<Timestamp>,
}

/// What a run reads from: answers that are given, and targets.
pub(super) struct Inputs<'i> {
    recorded: Vec<(SourceKind, Option<&'i str>, Recording<'i>)>,
    targets: &'i [TargetConfig],
}

impl<'i> Inputs<'i> {
    pub fn of(cycle: &'i Cycle<'_>) -> Inputs<'i> {
        let targets = &cycle.config.targets;
        let whole = asked().filter_map(|source| Some((source, None, cycle.recording(source)?)));
        let single = asked().flat_map(|source| {
            targets.iter().filter_map(move |target| Some((source, Some(target.name.as_str()), cycle.recording_of(source, &target.name)?)))
        });
        Inputs { recorded: whole.chain(single).collect(), targets }
    }

    fn recording(&self, source: SourceKind, target: Option<&str>) -> Option<Recording<'i>> {
        self.recorded.iter().find(|(of, name, _)| *of == source && *name == target).map(|(_, _, recording)| *recording)
    }
}

/// Reads all that are needed, but the flows and the run itself.
pub(super) fn all(inputs: &Inputs<'_>, needed: &[SourceKind], client: Option<&Client>, ask: &Ask) -> Vec<Batch> {
    let members = asked().filter(|source| needed.contains(source)).filter_map(member);
    members.map(|member| one(inputs, member, client, ask)).collect()
}

fn one(inputs: &Inputs<'_>, member: &Member, client: Option<&Client>, ask: &Ask) -> Batch {
    let source = member.kind;
    let mut batch = Batch { source, reports: Vec::new(), records: Vec::new(), whole_until: None };
    let mut take = |answer: Answer, target: &str, labels: &Arc<Vec<(String, String)>>| {
        let name: Arc<str> = Arc::from(target);
        batch.reports.push(SourceReport { target: target.to_owned(), ..answer.report });
        batch.records.extend(answer.records.into_iter().map(|record| Record {
            target: Arc::clone(&name),
            target_labels: Arc::clone(labels),
            ..record
        }));
        batch.whole_until = batch.whole_until.or(answer.whole_until);
    };
    let none = Arc::default();
    // An answer that is given for the source as a whole stands for all of its targets.
    if let Some(recording) = inputs.recording(source, None) {
        take(recorded(member, recording, ask, None), source.target_type, &none);
        return batch;
    }
    if let Some(of_pce) = &member.pce {
        let answer = match client {
            Some(client) => from_pce(member, of_pce, client, ask),
            None => failure(source, tr!("not asked for")),
        };
        take(answer, source.target_type, &none);
        return batch;
    }
    for target in inputs.targets.iter().filter(|target| target.target_type == source.target_type && target.enabled) {
        let labels = Arc::new(target.labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect());
        let answer = match inputs.recording(source, Some(&target.name)) {
            Some(recording) => recorded(member, recording, ask, Some(&*target.settings)),
            None => from_target(member, &*target.settings, ask),
        };
        take(answer, &target.name, &labels);
    }
    if batch.reports.is_empty() {
        let error = tr!("no target of type {name}: add [[targets]] with type = \"{name}\"", name = source.target_type);
        batch.reports.push(failed(source, error));
    }
    batch
}

fn failure(source: SourceKind, error: String) -> Answer {
    Answer { report: failed(source, error), records: Vec::new(), whole_until: None }
}

fn finished(source: SourceKind, assembled: Assembled, base: SourceReport, missing: Option<String>) -> Answer {
    let error = [missing, assembled.missing].into_iter().flatten().reduce(|all, more| format!("{all}; {more}"));
    let report = SourceReport {
        source,
        status: if error.is_some() { SourceStatus::Partial } else { SourceStatus::Ok },
        records: assembled.rows,
        unreadable: assembled.unreadable,
        error,
        ..base
    };
    Answer { report: with_unreadable(report), records: assembled.records, whole_until: None }
}

/// How far an assembler got: the report without its records, why it is not whole, and how far a stream was read.
type Fed = Result<(SourceReport, Option<String>, Option<Timestamp>), Box<SourceReport>>;

/// Has the PCE's answer read by an assembler.
#[allow(clippy::result_large_err, reason = "one report for each source")]
fn listed(source: SourceKind, of_pce: &OfPce, client: &Client, ask: &Ask, assembler: &mut dyn Assembler) -> Fed {
    let span = source.is_stream().then_some((ask.from, ask.to));
    let base = SourceReport { from: span.map(|span| span.0), to: span.map(|span| span.1), queries: 1, ..failed(source, String::new()) };
    match (of_pce.ask)(client, ask, &mut |name: &str, body: &mut dyn Read| assembler.part(name, body)) {
        Ok(listed) => {
            let base = SourceReport { queries: listed.queries, bytes: listed.bytes, ..base };
            Ok((base, listed.missing, listed.whole_until.map(|at| at.min(ask.to))))
        }
        Err(error) if of_pce.not_offered.contains(&error.kind) => Err(Box::new(SourceReport {
            status: SourceStatus::Unavailable,
            error: Some(tr!("not offered by this PCE: {message}", message = error.message)),
            ..base
        })),
        Err(error) => Err(Box::new(SourceReport { error: Some(error.to_string()), ..base })),
    }
}

/// Has a recorded answer read by an assembler. What the run that recorded it knew of its completeness holds again.
#[allow(clippy::result_large_err, reason = "one report for each source")]
fn replayed(source: SourceKind, recording: Recording<'_>, ask: &Ask, assembler: &mut dyn Assembler) -> Fed {
    let note = recording.folder().and_then(|folder| super::recorded::RunNote::read(folder).ok().flatten());
    let noted = note.as_ref().and_then(|note| note.sources.iter().find(|one| one.source == source.name()));
    let mut read = || -> Result<(), String> {
        for (place, prefix) in source.files.iter().enumerate() {
            // A single file holds both lists; a run that did not need the second one has not recorded any.
            if place > 0 && (recording.folder().is_none() || !ask.second) {
                continue;
            }
            let files = match recording.files(prefix) {
                Err(_) if place > 0 => continue,
                files => files?,
            };
            for file in files {
                assembler.part(&file.name(), &mut file.open()?).map_err(|error| format!("{}: {error}", file.name()))?;
            }
        }
        Ok(())
    };
    read().map_err(|error| Box::new(failed(source, error)))?;
    let partial = noted.filter(|note| note.status == SourceStatus::Partial.name());
    let missing = partial.map(|note| note.error.clone().unwrap_or_else(|| tr!("it was not whole when it was recorded")));
    Ok((failed(source, String::new()), missing, source.is_stream().then_some(ask.to)))
}

fn answer_of(source: SourceKind, fed: Fed, assembler: Box<dyn Assembler>) -> Answer {
    match fed {
        Ok((base, missing, whole_until)) => Answer { whole_until, ..finished(source, assembler.finish(), base, missing) },
        Err(report) => Answer { report: *report, records: Vec::new(), whole_until: None },
    }
}

/// Asks the PCE.
pub(super) fn from_pce(member: &Member, of_pce: &OfPce, client: &Client, ask: &Ask) -> Answer {
    let mut assembler = (member.assemble)(ask.second, None);
    let fed = listed(member.kind, of_pce, client, ask, &mut *assembler);
    answer_of(member.kind, fed, assembler)
}

/// Reads a recorded answer.
pub(super) fn recorded(member: &Member, recording: Recording<'_>, ask: &Ask, settings: Option<&dyn Settings>) -> Answer {
    let mut assembler = (member.assemble)(ask.second, settings);
    let fed = replayed(member.kind, recording, ask, &mut *assembler);
    answer_of(member.kind, fed, assembler)
}

/// Asks any other target.
fn from_target(member: &Member, settings: &dyn Settings, ask: &Ask) -> Answer {
    let source = member.kind;
    let mut assembler = (member.assemble)(ask.second, Some(settings));
    let obtained = settings.obtain(ask, &mut |name: &str, body: &mut dyn Read| assembler.part(name, body));
    match obtained {
        Ok(obtained) => {
            let base = SourceReport { queries: obtained.queries, bytes: obtained.bytes, ..failed(source, String::new()) };
            finished(source, assembler.finish(), base, obtained.missing)
        }
        Err(error) => failure(source, error),
    }
}

/// Asks all targets of a source that is no PCE's, outside of a cycle.
pub(super) fn of_targets(config: &Config, member: &Member, ask: &Ask) -> Answer {
    let source = member.kind;
    let mut all = failure(source, tr!("no target of type {name}: add [[targets]] with type = \"{name}\"", name = source.target_type));
    let mut first = true;
    for target in config.targets.iter().filter(|target| target.target_type == source.target_type && target.enabled) {
        let answer = from_target(member, &*target.settings, ask);
        let (name, labels) = (Arc::from(target.name.as_str()), Arc::new(target.labels.clone().into_iter().collect::<Vec<_>>()));
        all.records.extend(answer.records.into_iter().map(|record| Record {
            target: Arc::clone(&name),
            target_labels: Arc::clone(&labels),
            ..record
        }));
        let report = answer.report;
        if first {
            all.report = report;
            first = false;
            continue;
        }
        all.report.records += report.records;
        all.report.unreadable += report.unreadable;
        if report.status != SourceStatus::Ok {
            (all.report.status, all.report.error) =
                (SourceStatus::Partial, Some(format!("{}: {}", target.name, report.error.unwrap_or_default())));
        }
    }
    all
}

/// The PCE's health as it tells it, for people.
pub(super) fn health(recording: Option<Recording<'_>>, client: Option<&Client>, now: Timestamp) -> (SourceReport, Option<Vec<Health>>) {
    let ask = Ask { from: now, to: now, second: false };
    let mut clusters = Clusters::default();
    let of_pce = member(HEALTH).and_then(|member| member.pce);
    let fed = match (recording, client, of_pce) {
        (Some(recording), _, _) => replayed(HEALTH, recording, &ask, &mut clusters),
        (None, Some(client), Some(of_pce)) => listed(HEALTH, &of_pce, client, &ask, &mut clusters),
        _ => Err(Box::new(failed(HEALTH, tr!("not asked for")))),
    };
    match fed {
        Ok((base, missing, _)) => {
            let status = if missing.is_some() { SourceStatus::Partial } else { SourceStatus::Ok };
            let records = clusters.0.len() as u64;
            (SourceReport { status, records, error: missing, ..base }, Some(clusters.0))
        }
        Err(report) => (*report, None),
    }
}
