//! Reading every source but the flows: from its targets, or from recorded answers.

use super::choose::sole_target;
use super::cycle::Cycle;
use super::recorded::targets_in;
use super::recording::{Located, RecordedAnswer, not_asked};
use super::sources::with_unreadable;
use crate::cli::input::Inputs as GivenInputs;
use crate::config::{Config, TargetConfig};
use crate::domain::fault::{Fault, Party};
use crate::domain::record::Health;
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::source::{Nature, SourceKind};
use crate::domain::time::before;
use crate::domain::value::Record;
use crate::files::recorder::{Kept, Recorder};
use crate::judge::sample::CounterSample;
use crate::pce::Client;
use crate::sources::health::Clusters;
use crate::sources::{Ask, Assembled, Assembler, HEALTH, Held, MOST_HELD, Member, OfPce, Settings, asked, member};
use crate::state::TargetState;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Bytes of looks that leave all the place for records that there is: those of some 400,000 flows.
const USUAL_LOOKS: usize = 32 << 20;
/// Place for records that there is however many looks there are.
const LEAST_HELD: usize = 16 << 20;
/// Place that an answer has whatever came before it.
const LEAST_ANSWER: usize = 1 << 20;

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
    /// What its targets want to be known in their next run.
    pub memories: Vec<((SourceKind, String), String)>,
    /// What is missing is among the records.
    pub tells_gaps: bool,
}

/// A target's name, and its settings where the config has them.
pub(super) type Named<'t> = (&'t str, Option<&'t dyn Settings>);

/// One answer.
pub(super) struct Answer {
    pub report: SourceReport,
    pub records: Vec<Record>,
    pub whole_until: Option<Timestamp>,
    pub memory: Option<String>,
    /// Bytes that the records take, roughly.
    pub held: usize,
}

/// What a run reads from: answers that are given, and targets.
pub(super) struct Inputs<'i> {
    recorded: Vec<(SourceKind, Option<&'i str>, RecordedAnswer<'i>)>,
    targets: &'i [TargetConfig],
    /// What was not given is not asked for.
    offline: bool,
    /// Keeps what targets answer.
    recorder: Option<&'i Recorder>,
    /// What the targets were when they last answered, by name.
    known: BTreeMap<String, TargetState>,
    /// What rules want of each source; of a source that is not listed all.
    wanted: BTreeMap<SourceKind, Wanted>,
    /// Bytes of records that there is place for beside those that are held already.
    place: AtomicUsize,
}

/// What rules want of a source.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// The kinds of record that they name, one bit each.
    pub kinds: u32,
    /// The same of each rule.
    pub each: BTreeSet<u32>,
    /// The fields that they name, one bit each.
    pub fields: u128,
    /// The longest window.
    pub window: Duration,
}

impl<'i> Inputs<'i> {
    pub fn of(cycle: &'i Cycle<'_>, known: BTreeMap<String, TargetState>, wanted: BTreeMap<SourceKind, Wanted>) -> Inputs<'i> {
        let targets = &cycle.config.targets;
        let whole = asked().filter_map(|source| Some((source, None, cycle.recording(source)?)));
        let single = asked().flat_map(|source| {
            targets.iter().filter_map(move |target| Some((source, Some(target.name.as_str()), cycle.recording_of(source, &target.name)?)))
        });
        Inputs {
            recorded: whole.chain(single).collect(),
            targets,
            offline: cycle.is_offline(),
            recorder: cycle.recorder,
            known,
            wanted,
            place: MOST_HELD.into(),
        }
    }

    /// What a question outside of a cycle reads from.
    pub fn given(config: &'i Config, inputs: &'i GivenInputs, recorder: Option<&'i Recorder>) -> Inputs<'i> {
        let recorded = inputs.iter().map(|input| (input.source, input.target.as_deref(), RecordedAnswer::Path(&input.path)));
        let (known, wanted) = (BTreeMap::new(), BTreeMap::new());
        Inputs {
            recorded: recorded.collect(),
            targets: &config.targets,
            offline: !inputs.is_empty(),
            recorder,
            known,
            wanted,
            place: MOST_HELD.into(),
        }
    }

    /// Nothing that was read before is held any more; so many looks are.
    pub fn make_place(&self, looks: usize) {
        // What rules remember of so many flows takes as much again.
        let beside = (looks * size_of::<CounterSample>()).saturating_sub(USUAL_LOOKS) * 2;
        self.place.store(MOST_HELD.saturating_sub(beside).max(LEAST_HELD), Relaxed);
    }

    /// How many bytes of records an answer of a source may have. What happened is left to the next run where it does not fit,
    /// so it takes no more than half from those that are read after it and held with it.
    fn place_for(&self, source: SourceKind) -> usize {
        let place = self.place.load(Relaxed);
        (if source.is_stream() && !self.offline { place / 2 } else { place }).max(LEAST_ANSWER)
    }

    fn is_another(&self, target: &TargetConfig) -> bool {
        self.known.get(&target.name).is_some_and(|known| known.identity != target.settings.identity())
    }

    /// The targets that a source is read from, where they can tell anything of these kinds.
    fn of_type(&self, source: SourceKind, kinds: u32) -> Vec<&'i TargetConfig> {
        let tells = |target: &&TargetConfig| target.enabled && may_tell(source, target.target_type, kinds);
        self.targets.iter().filter(tells).collect()
    }

    fn recording(&self, source: SourceKind, target: Option<&str>) -> Option<RecordedAnswer<'i>> {
        self.recorded.iter().find(|(of, name, _)| *of == source && *name == target).map(|(_, _, recording)| *recording)
    }
}

/// Reads all that are needed, but the flows and the run itself.
pub(super) fn all(inputs: &Inputs<'_>, needed: &[SourceKind], client: Option<&Client>, ask: &Ask) -> Vec<Batch> {
    members(needed).map(|member| one(inputs, member, client, ask)).collect()
}

/// The sources of which [`all`] reads.
pub(super) fn members(needed: &[SourceKind]) -> impl Iterator<Item = &'static Member> {
    asked().filter(|source| needed.contains(source)).filter_map(member)
}

/// Reads one source.
pub(super) fn one(inputs: &Inputs<'_>, member: &Member, client: Option<&Client>, ask: &Ask) -> Batch {
    let source = member.kind;
    let wanted = inputs.wanted.get(&source);
    let (kinds, fields) = wanted.map_or((ask.kinds, ask.fields), |wanted| (wanted.kinds, wanted.fields));
    // What counts its windows anew in every run is asked for as far back as they reach.
    let from = wanted.filter(|_| source.nature == Nature::Window).map_or(ask.from, |wanted| before(ask.to, wanted.window));
    let ask = &Ask { source: Some(source), kinds, fields, from, ..*ask };
    let (reports, records, memories) = (Vec::new(), Vec::new(), Vec::new());
    let mut batch = Batch { source, reports, records, whole_until: None, memories, tells_gaps: member.tells_gaps };
    let mut take = |answer: Answer, target: &str, labels: &Arc<Vec<(String, String)>>| {
        let name: Arc<str> = Arc::from(target);
        let of_type = inputs.targets.iter().find(|known| known.name == target).map_or(u32::MAX, |known| source.kinds_of(known.target_type));
        batch.reports.push(SourceReport { target: target.to_owned(), kinds: of_type, whole_until: answer.whole_until, ..answer.report });
        batch.memories.extend(answer.memory.map(|memory| ((source, target.to_owned()), memory)));
        let left = inputs.place.load(Relaxed).saturating_sub(answer.held);
        inputs.place.store(left, Relaxed);
        let mut records = answer.records;
        for record in &mut records {
            (record.target, record.target_labels) = (Arc::clone(&name), Arc::clone(labels));
        }
        // Nothing is copied where there is only one answer.
        if batch.records.is_empty() {
            batch.records = records;
        } else {
            batch.records.append(&mut records);
        }
        batch.whole_until = batch.whole_until.or(answer.whole_until);
    };
    let none = Arc::default();
    // An answer that is given for the source as a whole stands for all of its targets.
    if let Some(recording) = inputs.recording(source, None) {
        let kept =
            if member.pce.is_some() { Vec::new() } else { recording.folder().map(|folder| targets_in(folder, source)).unwrap_or_default() };
        match sole_target(inputs.targets, source).filter(|_| kept.is_empty()) {
            // What is of the only target can be of no other.
            Some(target) => {
                let named = Some((target.name.as_str(), Some(&*target.settings)));
                take(recorded(member, recording, ask, named, inputs.place_for(source)), &target.name, &target_labels(target));
            }
            None if kept.is_empty() => take(recorded(member, recording, ask, None, inputs.place_for(source)), source.target_type(), &none),
            None => {}
        }
        let configured = inputs.of_type(source, ask.kinds);
        for name in &kept {
            let target = configured.iter().find(|target| target.name == *name);
            let labels = target.map_or_else(Arc::default, |target| target_labels(target));
            let named = Some((name.as_str(), target.map(|target| &*target.settings)));
            take(recorded(member, recording, ask, named, inputs.place_for(source)), name, &labels);
        }
        for target in configured.iter().filter(|target| !kept.is_empty() && !kept.contains(&target.name)) {
            let error = tr!("the recorded run holds no answer of target {target}", target = target.name);
            take(failure(source, Fault::of(Party::File, error)), &target.name, &target_labels(target));
        }
        return batch;
    }
    if let Some(of_pce) = &member.pce {
        let answer = match client {
            Some(client) => from_pce(member, of_pce, client, ask, inputs.place_for(source)),
            None => failure(source, not_asked()),
        };
        take(answer, source.target_type(), &none);
        return batch;
    }
    let mut together = at_once(inputs, source, ask);
    for target in inputs.of_type(source, ask.kinds) {
        let answer = match inputs.recording(source, Some(&target.name)) {
            Some(recording) => recorded(member, recording, ask, Some((&target.name, Some(&*target.settings))), inputs.place_for(source)),
            None if inputs.offline => continue,
            None if inputs.is_another(target) => failure(source, another(target)),
            None => {
                let memory = inputs.known.get(&target.name).and_then(|known| known.memory.get(source.name()));
                target.settings.recall(memory.map(String::as_str));
                from_target(member, target, ask, inputs, together.remove(target.name.as_str()))
            }
        };
        take(answer, &target.name, &target_labels(target));
    }
    if batch.reports.is_empty() && inputs.offline {
        batch.reports.push(SourceReport::failed(source, Fault::of(Party::Config, tr!("not given"))));
    } else if !inputs.offline {
        batch.reports.extend(without_target(inputs, source, ask.kinds));
    }
    batch
}

/// Whether targets of a type can tell anything of these kinds.
fn may_tell(source: SourceKind, target_type: &str, kinds: u32) -> bool {
    let told = source.kinds_of(target_type);
    if source.kinds.is_empty() { told != 0 } else { told & kinds != 0 }
}

/// What is said for rules of which no target that there is could tell anything.
fn without_target(inputs: &Inputs<'_>, source: SourceKind, all: u32) -> Vec<SourceReport> {
    let each = inputs.wanted.get(&source).map(|wanted| wanted.each.clone()).filter(|each| !each.is_empty());
    let lonely = each.unwrap_or_else(|| BTreeSet::from([all])).into_iter().filter(|kinds| inputs.of_type(source, *kinds).is_empty());
    let mut by_type: BTreeMap<&'static str, u32> = BTreeMap::new();
    for kinds in lonely {
        let of = source.targets.iter().find(|of| may_tell(source, of.target_type, kinds));
        *by_type.entry(of.map_or(source.target_type(), |of| of.target_type)).or_default() |= kinds;
    }
    let failed = |(name, kinds): (&str, u32)| {
        let error = tr!("no target of type {name}: add [[targets]] with type = \"{name}\"", name);
        let kinds = if source.kinds.is_empty() { u32::MAX } else { kinds };
        SourceReport { target: name.to_owned(), kinds, ..SourceReport::failed(source, Fault::of(Party::Config, error)) }
    };
    by_type.into_iter().map(failed).collect()
}

/// Asks all targets of a source at the same time, where that is how its type asks.
fn at_once<'i>(inputs: &Inputs<'i>, source: SourceKind, ask: &Ask) -> BTreeMap<&'i str, Held> {
    let live =
        |target: &&TargetConfig| !inputs.offline && inputs.recording(source, Some(&target.name)).is_none() && !inputs.is_another(target);
    let targets: Vec<&TargetConfig> = inputs.of_type(source, ask.kinds).into_iter().filter(live).collect();
    let settings: Vec<&dyn Settings> = targets.iter().map(|target| &*target.settings).collect();
    let held = settings.first().and_then(|first| first.together(&settings, ask)).unwrap_or_default();
    targets.iter().map(|target| target.name.as_str()).zip(held).collect()
}

/// Why a target that has become another one is not read.
fn another(target: &TargetConfig) -> Fault {
    let text = tr!(
        "target {name} is not the same as before; the state belongs to the other one. If the change is intended: pcemon state reset --target {name}",
        name = target.name
    );
    Fault::of(Party::Config, text)
}

fn target_labels(target: &TargetConfig) -> Arc<Vec<(String, String)>> {
    Arc::new(target.labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
}

fn failure(source: SourceKind, fault: Fault) -> Answer {
    nothing(SourceReport::failed(source, fault))
}

fn nothing(report: SourceReport) -> Answer {
    Answer { report, records: Vec::new(), whole_until: None, memory: None, held: 0 }
}

fn finished(source: SourceKind, assembled: Assembled, base: SourceReport, missing: Option<String>) -> Answer {
    let error = Fault::together([missing, assembled.missing].into_iter().flatten().map(|text| Fault::of(Party::Target, text)));
    let report = SourceReport {
        source,
        status: if error.is_some() { SourceStatus::Partial } else { SourceStatus::Ok },
        records: assembled.rows,
        unreadable: assembled.unreadable,
        error,
        ..base
    };
    let Assembled { records, memory, held, .. } = assembled;
    Answer { report: with_unreadable(report), records, whole_until: None, memory, held }
}

/// How far an assembler got: the report without its records, why it is not whole, and how far a stream was read.
type Fed = Result<(SourceReport, Option<String>, Option<Timestamp>), Box<SourceReport>>;

/// Has the PCE's answer read by an assembler.
#[allow(clippy::result_large_err, reason = "one report for each source")]
fn listed(source: SourceKind, of_pce: &OfPce, client: &Client, ask: &Ask, assembler: &mut dyn Assembler) -> Fed {
    let span = source.is_stream().then_some((ask.from, ask.to));
    let base = SourceReport { from: span.map(|span| span.0), to: span.map(|span| span.1), queries: 1, ..SourceReport::blank(source) };
    match (of_pce.ask)(client, ask, &mut |name: &str, body: &mut dyn Read| assembler.part(name, body)) {
        Ok(listed) => {
            let base = SourceReport { queries: listed.queries, bytes: listed.bytes, ..base };
            Ok((base, listed.missing, listed.whole_until.map(|at| at.min(ask.to))))
        }
        Err(error) if of_pce.not_offered.contains(&error.kind) => Err(Box::new(SourceReport {
            status: SourceStatus::Unavailable,
            error: Some(Fault::of(error.party, tr!("not offered by this PCE: {message}", message = error.message))),
            ..base
        })),
        Err(error) => Err(Box::new(SourceReport { error: Some(error.into()), ..base })),
    }
}

/// Has a recorded answer read by an assembler.
#[allow(clippy::result_large_err, reason = "one report for each source")]
fn replayed(source: SourceKind, located: &Located<'_>, ask: &Ask, assembler: &mut dyn Assembler) -> Fed {
    let mut read = || -> Result<(), Fault> {
        for (place, prefix) in source.files.iter().enumerate() {
            // A single file holds both lists; a run that did not need the second one has not recorded any.
            if place > 0 && (located.is_one() || !ask.second) {
                continue;
            }
            let files = match located.files(prefix) {
                Err(_) if place > 0 => continue,
                files => files?,
            };
            for file in files {
                let wrong = |error| Fault::of(Party::File, format!("{}: {error}", file.name()));
                assembler.part(&file.name(), &mut file.open()?).map_err(wrong)?;
            }
        }
        Ok(())
    };
    read().map_err(|fault| Box::new(SourceReport::failed(source, fault)))?;
    let noted = located.note.as_ref().and_then(|note| note.whole_until);
    Ok((SourceReport::blank(source), None, source.is_stream().then(|| noted.unwrap_or(ask.to).min(ask.to))))
}

fn answer_of(source: SourceKind, fed: Fed, assembler: Box<dyn Assembler>) -> Answer {
    match fed {
        Ok((base, missing, whole_until)) => {
            let assembled = assembler.finish();
            let whole_until = whole_until.into_iter().chain(assembled.left_from).min();
            Answer { whole_until, ..finished(source, assembled, base, missing) }
        }
        Err(report) => nothing(*report),
    }
}

/// Asks the PCE.
pub(super) fn from_pce(member: &Member, of_pce: &OfPce, client: &Client, ask: &Ask, place: usize) -> Answer {
    let mut assembler = (member.assemble)(ask.second, None);
    assembler.limit(place);
    let begun = Instant::now();
    if member.kind.is_stream() {
        log::info!("{}: querying {} to {}", member.kind, ask.from, ask.to);
    } else {
        log::info!("{}: querying all", member.kind);
    }
    let fed = listed(member.kind, of_pce, client, ask, &mut *assembler);
    let answer = answer_of(member.kind, fed, assembler);
    let SourceReport { records, queries, bytes, .. } = answer.report;
    log::info!("{}: {records} records in {bytes} bytes, requests: {queries}, {:.1} s", member.kind, begun.elapsed().as_secs_f64());
    answer
}

/// Reads a recorded answer; of the target with these settings, if there is one. There is place for so many bytes of records.
pub(super) fn recorded(member: &Member, recording: RecordedAnswer<'_>, ask: &Ask, target: Option<Named<'_>>, place: usize) -> Answer {
    let source = member.kind;
    let located = match recording.of(source, target.map(|(name, _)| name)) {
        Ok(located) => located,
        Err(report) => return nothing(*report),
    };
    let mut assembler = (member.assemble)(ask.second, target.and_then(|(_, settings)| settings));
    assembler.limit(place);
    let fed = replayed(source, &located, ask, &mut *assembler);
    let answer = answer_of(source, fed, assembler);
    Answer { report: located.held_by(answer.report), ..answer }
}

/// Asks any other target.
fn from_target(member: &Member, target: &TargetConfig, ask: &Ask, inputs: &Inputs<'_>, held: Option<Held>) -> Answer {
    let (source, recorder) = (member.kind, inputs.recorder);
    let mut assembler = (member.assemble)(ask.second, Some(&*target.settings));
    assembler.limit(inputs.place_for(source));
    let mut number = 0;
    let mut take = |name: &str, body: &mut dyn Read| {
        let Some(recorder) = recorder else { return assembler.part(name, body) };
        // How it is written is known by the end of its name.
        let plain = name.strip_suffix(".gz").unwrap_or(name);
        let end = ["csv", "json"].into_iter().find(|end| plain.ends_with(&format!(".{end}"))).unwrap_or("ndjson");
        let mut recording = recorder.begin_of(&target.name, &format!("{}{number}.{end}.gz", source.files[0]));
        number += 1;
        let mut kept = Kept::new(body, &mut recording);
        let taken = assembler.part(name, &mut kept);
        // What an assembler did not look at is part of the answer all the same.
        let rest = std::io::copy(&mut kept, &mut std::io::sink());
        if rest.is_ok() {
            recording.finish()
        } else {
            recording.discard()
        }
        taken
    };
    let obtained = match held {
        Some(held) => held.hand_over(&mut take),
        None => target.settings.obtain(ask, &mut take),
    };
    match obtained {
        Ok(obtained) => {
            let base = SourceReport { queries: obtained.queries, bytes: obtained.bytes, ..SourceReport::blank(source) };
            let assembled = assembler.finish();
            let left_from = assembled.left_from;
            let whole_until = source.is_stream().then(|| obtained.whole_until.into_iter().chain(left_from).fold(ask.to, Timestamp::min));
            Answer { whole_until, ..finished(source, assembled, base, obtained.missing) }
        }
        Err(fault) => failure(source, fault),
    }
}

/// How a source fared, all of its targets together: as bad as the worst, and with its name where there are several.
pub(super) fn together(source: SourceKind, reports: Vec<SourceReport>) -> SourceReport {
    let several = reports.len() > 1;
    let mut reports = reports.into_iter().map(|report| match report.error {
        Some(fault) if several => SourceReport { error: Some(fault.said(|error| format!("{}: {error}", report.target))), ..report },
        error => SourceReport { error, ..report },
    });
    let Some(mut all) = reports.next() else { return SourceReport::failed(source, not_asked()) };
    for report in reports {
        if all.status != report.status {
            all.status = if all.is_read() || report.is_read() { SourceStatus::Partial } else { SourceStatus::Failed };
        }
        all.records += report.records;
        all.unreadable += report.unreadable;
        all.queries += report.queries;
        all.bytes += report.bytes;
        all.error = Fault::together([all.error.take(), report.error].into_iter().flatten());
    }
    if several {
        all.target = source.target_type().to_owned();
    }
    all
}

/// The PCE's health as it tells it, for people.
pub(super) fn health(
    recording: Option<RecordedAnswer<'_>>,
    client: Option<&Client>,
    now: Timestamp,
) -> (SourceReport, Option<Vec<Health>>) {
    let ask = Ask::all(now, now, false);
    let mut clusters = Clusters::default();
    let mut note = None;
    let of_pce = member(HEALTH).and_then(|member| member.pce);
    let fed = match (recording, client, of_pce) {
        (Some(recording), _, _) => match recording.of(HEALTH, None) {
            Ok(located) => {
                let fed = replayed(HEALTH, &located, &ask, &mut clusters);
                note = located.note;
                fed
            }
            Err(report) => Err(report),
        },
        (None, Some(client), Some(of_pce)) => listed(HEALTH, &of_pce, client, &ask, &mut clusters),
        _ => Err(Box::new(SourceReport::failed(HEALTH, not_asked()))),
    };
    match fed {
        Ok((base, missing, _)) => {
            let status = if missing.is_some() { SourceStatus::Partial } else { SourceStatus::Ok };
            let records = clusters.0.len() as u64;
            let report = SourceReport { status, records, error: missing.map(|text| Fault::of(Party::Target, text)), ..base };
            (note.map_or_else(|| report.clone(), |note| note.holds(report.clone())), Some(clusters.0))
        }
        Err(report) => (*report, None),
    }
}
