//! One monitoring cycle, in order. The wall clock is read here and nowhere else.

mod choose;
mod cycle;
pub mod deliver;
pub mod doctor;
mod error;
pub mod explain;
pub mod export;
mod given;
mod held;
pub mod interrupt;
pub mod labels;
mod late;
mod measure;
mod names;
pub mod offered;
pub mod output;
pub mod query;
mod read;
pub mod recorded;
pub mod recording;
pub mod report;
mod rows;
mod rules;
pub mod simulate;
pub mod sources;
pub mod trace;
mod unremembered;

use crate::cli::{CheckArgs, FailOn};
use crate::config::{Config, TargetConfig};
use crate::domain::counted;
use crate::domain::fault::{Fault, Party};
use crate::domain::mute::Silence;
use crate::domain::report::{Report, RunInfo, SourceReport, SourceStatus, Status};
use crate::domain::rule::Rule;
use crate::domain::source::SourceKind;
use crate::domain::time::since;
use crate::files::recorder::Recorder;
use crate::heartbeat::Heartbeat;
use crate::judge::attempts::Note;
use crate::judge::message::{Policy, Receiver};
use crate::judge::mute::{self, Muting};
use crate::judge::{exit, outbox, snapshot};
use crate::lang::in_english;
use crate::pce::PceSettings;
use crate::pce::{Client, ClientOptions, RealPace};
use crate::process::panics::contained;
use crate::process::patience;
use crate::settings::fetch_secret;
use crate::sources::TRAFFIC;
use crate::state::looks::{Memory, Packed};
use crate::state::silences::SilenceFile;
use crate::state::{LastRun, Loaded, State, StateError, Store, TargetState, heal};
use choose::{choose, needed_sources};
pub use cycle::Cycle;
use cycle::{Rules, begun};
use deliver::{Ready, ReadyChannels};
pub use error::RunError;
use explain::Notified;
pub use given::{Answer, GivenAnswers};
use interrupt::Interrupt;
use jiff::{SignedDuration, Timestamp};
use measure::{Measurements, RunMemory, read_and_measure};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Runs one cycle and returns everything it learned. The dead-man's switch hears of a run that failed, too.
pub fn check(cycle: &Cycle<'_>) -> Result<Report, RunError> {
    let started = Instant::now();
    let (heartbeat, trouble) = match open_heartbeat(cycle) {
        Ok(heartbeat) => (heartbeat, None),
        // It exists to be missed: without a ping its service raises the alarm, and the alerts of this run still go out.
        Err(error) => (None, Some(error)),
    };
    let run_id = uuid::Uuid::now_v7().to_string();
    let result =
        contained(|| cycle_once(cycle, started, &run_id, heartbeat.as_ref(), trouble)).unwrap_or_else(|fault| Err(RunError::Fault(fault)));
    // Paths, hosts and names of an error are nothing that a service outside needs to know.
    if let (Some(heartbeat), Err(error)) = (&heartbeat, &result)
        && let Err(trouble) = heartbeat.fail(&run_id, error.kind())
    {
        log::warn!("heartbeat: {trouble}");
    }
    result
}

#[expect(clippy::too_many_lines, reason = "the cycle, told in the order in which it happens")]
fn cycle_once(
    cycle: &Cycle<'_>,
    started: Instant,
    run_id: &str,
    heartbeat: Option<&Heartbeat>,
    heartbeat_trouble: Option<String>,
) -> Result<Report, RunError> {
    // Whole seconds, as the PCE counts them.
    let wall = Timestamp::now();
    let wall = Timestamp::from_second(wall.as_second()).unwrap_or(wall);
    let Cycle { config, args, interrupt, .. } = *cycle;
    let now = args.now.unwrap_or(wall);
    let deadline = started + config.run.deadline;
    patience::set_reading(reading_ends(started, deadline));
    let rules = choose(cycle)?;
    let needed = needed_sources(&rules);
    let identity = config.identity();
    let run = begun(config, run_id.to_owned(), now, args.dry_run);

    // Everything that can fail before the first request fails here.
    let from_pce: Vec<SourceKind> = {
        let asked = |source: &SourceKind| source.is_of_pce() && cycle.recording(*source).is_none();
        needed.iter().copied().filter(asked).collect()
    };
    let mut client = if from_pce.is_empty() {
        None
    } else {
        let settings = sources::pce_of(config, &from_pce).map_err(RunError::Setup)?;
        Some(open_client(settings, Conversation { now, started, deadline, record: cycle.recorder.cloned(), interrupt })?)
    };
    let channels = open_channels(config);
    let (store, mut unwritable) = open_store(cycle)?;
    let Loaded { state, memory, memory_lost } = store.load(&identity)?;
    let silence_file = SilenceFile::beside(&cycle.state_path);
    let mut warnings = config.warnings.clone();
    // Notified twice is better than not at all.
    let silences = silence_file.read().unwrap_or_else(|error| {
        warnings.push(tr!("{error}; until then nothing is silenced", error));
        Vec::new()
    });
    warnings.extend(heartbeat_trouble);
    if let Some(heartbeat) = heartbeat
        && let Err(error) = heartbeat.start(&run.id)
    {
        warnings.push(format!("heartbeat: {error}"));
    }

    let mark = client.as_mut().filter(|_| from_pce.contains(&TRAFFIC)).and_then(|client| sweep(client, &store));
    let known = RunInput { state, memory, memory_lost, silences: silences.clone() };
    let reload = || Ok(store.load(&identity)?.memory);
    let RunOutcome { mut report, mut state, memory, left_nothing } = decide(cycle, &rules, &needed, run, known, client, &reload, warnings)?;

    if let Some(mark) = mark.filter(|_| left_nothing) {
        store.nothing_left(&mark);
    }
    if let Some(folder) = &args.record {
        let note = recorded::RunNote::of(report.run.started_at, &report.sources);
        report.warnings.extend(note.write(folder).err());
    }

    // Remember, tell, remember what was told.
    so_far(cycle, &report);
    let judged = started.elapsed();
    log::info!("queried and evaluated {} rules in {:.1} s", report.rules.len(), judged.as_secs_f64());
    let broken = deliver::broken(&channels);
    if args.dry_run {
        report.deliveries = deliver::preview(&state.outbox, &channels, now);
    } else {
        if unwritable.is_none() {
            let _writing = interrupt.writing();
            unwritable = store.commit(&mut state, Some(memory)).err();
        }
        match unwritable {
            None => tell(cycle, &store, &mut state, channels, (now, deadline), &mut report)?,
            Some(error) => tell_unremembered(cycle, &error, &mut state, channels, (now, deadline), &mut report)?,
        }
        if silences.iter().any(|silence| silence.holds(now) && mute::has_served(silence, &state.instances)) {
            end_served(&silence_file, &state, now).unwrap_or_else(|error| report.warnings.push(error.to_string()));
        }
        report.warnings.extend(deliver::other_words(&mut report.deliveries));
        report.warnings.extend(deliver::remarks(&state.outbox));
        rules::mark_notified(&mut report.rules, &state);
    }
    log::info!(
        "remembered and sent in {:.1} s: {} messages",
        (started.elapsed().saturating_sub(judged)).as_secs_f64(),
        report.deliveries.len()
    );
    report.standing = Some(deliver::standing(config, &state.outbox, &silences, now));
    report.deliveries.extend(broken);
    so_far(cycle, &report);
    finish_report(&mut report, args, wall, started);
    if let Some(heartbeat) = heartbeat {
        ping(heartbeat, &mut report);
    }
    Ok(report)
}

/// The state under its lock, proven to be replaceable; or why nothing can be remembered, which keeps nothing from being judged and told.
fn open_store(cycle: &Cycle<'_>) -> Result<(Store, Option<StateError>), RunError> {
    if cycle.args.dry_run {
        return Ok((Store::read_only(&cycle.state_path), None));
    }
    let store = match Store::lock(&cycle.state_path, cycle.args.lock_wait) {
        Ok(store) => store,
        Err(error @ StateError::Unwritable { .. }) => return Ok((Store::read_only(&cycle.state_path), Some(error))),
        Err(error) => return Err(error.into()),
    };
    match store.prove() {
        Ok(()) => Ok((store, None)),
        Err(error @ StateError::Unwritable { .. }) => Ok((store, Some(error))),
        Err(error) => Err(error.into()),
    }
}

/// Gives the queries of this run the mark of the state, and deletes what a killed run with that mark has left at the PCE. The mark,
/// unless something may still be there.
fn sweep(client: &mut Client, store: &Store) -> Option<String> {
    let (mark, left) = store.mark()?;
    client.set_mark(&mark);
    match if left { client.sweep() } else { Ok(0) } {
        Ok(0) => {}
        Ok(count) => log::info!("{count} queries of a killed run were deleted at the PCE"),
        Err(error) => {
            log::warn!("{}", tr!("queries of a killed run may still be at the PCE: {error}", error));
            return None;
        }
    }
    Some(mark)
}

/// For whoever has to end the run early: what is known by now, which is not all.
fn so_far(cycle: &Cycle<'_>, report: &Report) {
    let mut report = report.clone();
    report.incomplete = true;
    report.status = exit::status(&report, cycle.args.strict);
    report.exit_code = exit::exit_code(&report, cycle.args.strict, fail_on(cycle.args.fail_on));
    cycle.interrupt.knows(report);
}

/// Sends what is due, and remembers each message that was taken before the next is looked at.
fn tell(
    cycle: &Cycle<'_>,
    store: &Store,
    state: &mut State,
    channels: ReadyChannels,
    (now, deadline): (Timestamp, Instant),
    report: &mut Report,
) -> Result<(), RunError> {
    let mut trouble = None;
    let mut remember = |state: &mut State, note: Option<&Note>| {
        let _writing = cycle.interrupt.writing();
        let written = match note {
            Some(note) => store.note(note),
            None => store.commit(state, None),
        };
        // What was taken was taken: the rest of the messages is not held back for a disk that broke just now.
        trouble = written.err().map(|error| error.to_string()).or(trouble.take());
        Ok(())
    };
    report.deliveries = deliver::send_all(state, channels, cycle.config.run.give_up_after, now, deadline, &mut remember)?;
    if let Some(error) = trouble {
        report.incomplete = true;
        report.warnings.push(tr!("{error}. The messages of this run were not recorded and may be sent again", error));
    }
    Ok(())
}

/// Sends what is critical, once to each channel, when nothing can be remembered.
fn tell_unremembered(
    cycle: &Cycle<'_>,
    error: &StateError,
    state: &mut State,
    channels: ReadyChannels,
    (now, deadline): (Timestamp, Instant),
    report: &mut Report,
) -> Result<(), RunError> {
    report.incomplete = true;
    report
        .warnings
        .push(tr!("{error}. This run was not stored; critical alerts were sent once to each channel and may be sent again", error));
    unremembered::only_critical(&mut state.outbox);
    report.deliveries = deliver::send_all(state, channels, cycle.config.run.give_up_after, now, deadline, &mut |_, _| Ok(()))?;
    Ok(())
}

/// What this run could not judge, in words, for a service that asks how everything stands.
fn unknown(rules: &Rules<'_>, read: &Measurements) -> Vec<String> {
    let failed = |source: &&SourceReport| matches!(source.status, SourceStatus::Failed | SourceStatus::Partial);
    let sources = read.sources.iter().filter(failed).map(|source| {
        let how = if source.status == SourceStatus::Failed { "could not be read" } else { "was not read whole" };
        format!("{} {how}", source.source)
    });
    let trouble = |rule: &&Rule| {
        let trouble = read.measurements.get(&rule.name)?.trouble.as_ref()?;
        Some(format!("{}: {}", rule.name, in_english(trouble)))
    };
    sources.chain(rules.selected.iter().filter_map(trouble)).collect()
}

/// What is known before a cycle decides.
#[derive(Debug)]
pub struct RunInput {
    /// Instances, outbox, cursors.
    pub state: State,
    /// Looks and what rules remember.
    pub memory: Memory,
    /// Why the memory is not the one that belongs to the state.
    pub memory_lost: Option<String>,
    /// What people asked not to be told.
    pub silences: Vec<Silence>,
}

/// What a cycle has decided, before anybody is told.
struct RunOutcome {
    /// Without deliveries and exit code.
    report: Report,
    /// With the new messages in its outbox.
    state: State,
    memory: Packed,
    /// Nothing of this run is left at the PCE.
    left_nothing: bool,
}

/// The deciding part of a cycle: read, measure, judge, and make the messages that are due.
#[expect(clippy::too_many_arguments, clippy::too_many_lines, reason = "the middle of the cycle, told in the order in which it happens")]
fn decide(
    cycle: &Cycle<'_>,
    rules: &Rules<'_>,
    needed: &[SourceKind],
    run: RunInfo,
    known: RunInput,
    client: Option<Client>,
    reload: &dyn Fn() -> Result<Memory, RunError>,
    mut warnings: Vec<String>,
) -> Result<RunOutcome, RunError> {
    let Cycle { config, interrupt, .. } = *cycle;
    let RunInput { mut state, memory, memory_lost, silences } = known;
    let now = run.started_at;
    let identity = config.identity();
    warnings.extend(memory_lost.clone());
    if heal::to_now(&mut state, now) {
        warnings.push(tr!("the clock was set back since the previous run; timestamps in the future were set to now"));
    }
    // Nobody can say what a run without its memory has not seen.
    let mut incomplete = memory_lost.is_some();
    if memory_lost.is_some() {
        state.traffic = Default::default();
    }
    let cursors = (state.traffic.clone(), state.events.clone());
    offered::recall(&mut state, &rules.enabled);
    let mut book = RunMemory { memory, events_known: memory_lost.is_none(), state: &mut state, reload };
    let mut read = read_and_measure(cycle, rules, needed, client.as_ref(), &mut book, now, &mut warnings)?;
    let absurd = client.as_ref().and_then(Client::clock_skew).filter(|skew| skew.unsigned_abs() > config.traffic.max_gap);
    if let Some(skew) = absurd.filter(|_| cycle.args.now.is_none()) {
        // An answer from another time: what it says is confirmed by nothing, and where the run stands is not moved by it.
        incomplete = true;
        warnings.push(distrust(&mut read, rules, skew));
        (book.state.traffic, book.state.events) = cursors;
        book.memory = reload()?;
    }
    if interrupt.stop.load(std::sync::atomic::Ordering::SeqCst) {
        interrupt.wait_for_the_end();
        return Err(RunError::Interrupted);
    }
    // A large memory takes a fifth once it is packed, and nothing of a dry run is stored.
    let RunMemory { memory, .. } = book;
    let memory = if cycle.args.dry_run { Packed::default() } else { Packed::of(memory).map_err(RunError::Fault)? };
    bind_targets(cycle, &mut read, &mut state);
    offered::remember(&mut state, &read.sources);
    warnings.extend(offered::remarks(&read.sources, rules));
    if let Some(client) = client.as_ref() {
        names_that_are_not_there(rules, client, &mut state, &mut warnings);
    }
    let clock_skew = match &client {
        Some(client) => {
            let skew = sources::measured_skew(client);
            if skew.as_secs().abs() > 60 {
                let span = format!("{:#}", skew.abs());
                // A clock that nobody followed was told of already.
                let told = absurd.is_some() && cycle.args.now.is_none();
                warnings.extend((!told).then(|| {
                    if skew.is_negative() {
                        tr!("the PCE's clock is behind this machine's by {span}; windows follow the PCE's", span)
                    } else {
                        tr!("the PCE's clock is ahead of this machine's by {span}; windows follow the PCE's", span)
                    }
                }));
            }
            if absurd.is_some() { 0 } else { skew.as_secs() }
        }
        None => state.last_run.as_ref().map_or(0, |last| last.clock_skew),
    };
    // Recorded answers are from whom they are said to be from.
    let answered = |report: &SourceReport| matches!(report.status, SourceStatus::Ok | SourceStatus::Partial | SourceStatus::Unavailable);
    state.bound |= client.is_none() || read.sources.iter().any(|report| !report.source.is_run() && answered(report));
    let last_run = state.last_run.as_ref().map(|last| last.at);
    let remembered = |last: &LastRun| last.run_interval.map(Duration::from_secs);
    let run_interval = state.last_run.as_ref().map(|last| snapshot::run_interval(last.at, remembered(last), now));
    state.last_run = Some(LastRun {
        id: run.id.clone(),
        at: now,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        clock_skew,
        run_interval: run_interval.map(|run_interval| run_interval.as_secs()),
    });
    let left_nothing = client.is_none_or(|client| client.leaves_nothing());

    if let Some(trace) = cycle.trace {
        trace.before(&state.instances);
    }
    let fresh = rules::judge(&mut state, &rules.enabled, &rules.selected, &read, now);
    let muting = Muting { maintenance: &config.maintenance, inhibitions: &config.inhibitions, silences: &silences };
    let mutes = mute::mutes(&rules.enabled, &state.instances, &muting, now);
    let receivers: Vec<Receiver> = config
        .channels
        .iter()
        .filter(|channel| channel.common.enabled)
        .map(|channel| Receiver {
            name: channel.common.name.clone(),
            min_severity: channel.common.min_severity,
            send_resolved: channel.common.send_resolved,
            send_mode: channel.settings.send_mode(),
            digest: channel.common.digest.clone(),
        })
        .collect();
    let unknown = unknown(rules, &read);
    let policy = Policy {
        channels: &receivers,
        routes: &config.routes,
        max_alerts: config.run.max_alerts,
        pce: &identity,
        run_interval: run_interval.unwrap_or(snapshot::ASSUMED_RUN_INTERVAL),
        unknown: &unknown,
        new_id: &|| uuid::Uuid::new_v4().to_string(),
        mutes: &mutes,
        last_run,
        pages: &read.pages,
    };
    let notifications = outbox::due(&rules.enabled, &mut state.instances, &mut state.outbox, &policy, now);
    let telling: std::collections::BTreeSet<String> = notifications.iter().flat_map(outbox::fingerprints).collect();
    let novelty = rules::Novelty { fresh: &fresh, telling: &telling, mutes: &mutes, now };
    let reports = rules::reports(&state, config, rules, &read, &novelty);
    if let Some(trace) = cycle.trace {
        trace.collect_explanations(
            config,
            &rules.selected,
            &read,
            &Notified { state: &state, notifications: &notifications, mutes: &mutes },
            &reports,
        );
    }
    snapshot::add(&mut state.outbox, notifications, &receivers);
    state.recent.add(&reports, &config.rules.iter().map(|rule| rule.name.as_str()).collect(), now);
    let report = Report {
        run,
        status: Status::Ok,
        exit_code: 0,
        sources: read.sources.clone(),
        rules: reports,
        deliveries: Vec::new(),
        warnings,
        incomplete,
        standing: None,
    };
    Ok(RunOutcome { report, state, memory, left_nothing })
}

/// A target is what it was when it first answered whole. One that is configured no more is forgotten.
fn bind_targets(cycle: &Cycle<'_>, read: &mut Measurements, state: &mut State) {
    let targets = &cycle.config.targets;
    state.targets.retain(|name, _| targets.iter().any(|target| target.name == *name));
    if cycle.is_offline() {
        return;
    }
    let blank = |target: &TargetConfig| TargetState { identity: target.settings.identity(), memory: BTreeMap::new() };
    let whole = |name: &str| read.sources.iter().any(|report| report.target == name && report.status == SourceStatus::Ok);
    for target in targets.iter().filter(|target| whole(&target.name)) {
        state.targets.entry(target.name.clone()).or_insert_with(|| blank(target));
    }
    for ((source, name), memory) in std::mem::take(&mut read.memories) {
        if let Some(target) = targets.iter().find(|target| target.name == name) {
            let known = state.targets.entry(name).or_insert_with(|| blank(target));
            known.memory.insert(source.name().to_owned(), memory);
        }
    }
}

/// Says of names in rules that nothing at the PCE bears them: at first, and when the rules name something else.
fn names_that_are_not_there(rules: &Rules<'_>, client: &Client, state: &mut State, warnings: &mut Vec<String>) {
    let wanted = names::Wanted::of(rules.enabled.iter().copied());
    if state.names == Some(wanted.mark()) {
        return;
    }
    if let Some(missing) = names::find_out(&wanted, client) {
        state.names = Some(wanted.mark());
        warnings.extend(missing);
    }
}

/// An answer whose clock is farther from ours than what the accounting bridges: what it counts is dropped, what it shows may
/// confirm an alert and never end one.
fn distrust(read: &mut Measurements, rules: &Rules<'_>, skew: SignedDuration) -> String {
    let span = format!("{:#}", skew.abs());
    let why = if skew.is_negative() {
        tr!(
            "the clock of the PCE is behind this machine's by {span}: its answer is not counted and not stored. Correct the clock that is wrong",
            span
        )
    } else {
        tr!(
            "the clock of the PCE is ahead of this machine's by {span}: its answer is not counted and not stored. Correct the clock that is wrong",
            span
        )
    };
    let counts = |source: SourceKind| source.is_flows() || source.is_stream();
    for report in read.sources.iter_mut().filter(|report| !report.source.is_run()) {
        report.status = if counts(report.source) { SourceStatus::Failed } else { SourceStatus::Partial };
        report.error = Fault::together(report.error.take().into_iter().chain([Fault::of(Party::Target, why.clone())]));
    }
    for rule in rules.enabled.iter().filter(|rule| counts(rule.source)) {
        read.measurements.remove(&rule.name);
    }
    why
}

/// A report for a cycle that could not be run: every rule unknown, so that no consumer takes silence for calm.
pub fn report_of_failure(config: &Config, args: &CheckArgs, error: &str) -> Report {
    let now = args.now.unwrap_or_else(Timestamp::now);
    Report {
        run: begun(config, uuid::Uuid::now_v7().to_string(), now, args.dry_run),
        status: Status::Unknown,
        exit_code: 3,
        sources: Vec::new(),
        rules: config.rules.iter().map(|rule| rules::unknown(rule, config, error)).collect(),
        deliveries: Vec::new(),
        warnings: vec![error.to_owned()],
        incomplete: true,
        standing: None,
    }
}

/// An alert that somebody acknowledged is over: the next one shall be told again.
fn end_served(file: &SilenceFile, state: &State, now: Timestamp) -> Result<(), StateError> {
    file.change(now, |silences| {
        for silence in silences.iter_mut().filter(|silence| silence.holds(now) && mute::has_served(silence, &state.instances)) {
            silence.until = now;
        }
        Ok(())
    })
}

fn finish_report(report: &mut Report, args: &CheckArgs, wall: Timestamp, started: Instant) {
    report.status = exit::status(report, args.strict);
    report.exit_code = exit::exit_code(report, args.strict, fail_on(args.fail_on));
    report.run.duration = started.elapsed();
    report.run.finished_at = crate::domain::time::after(report.run.started_at, since(Timestamp::now(), wall));
}

fn fail_on(flag: FailOn) -> exit::FailOn {
    match flag {
        FailOn::Never => exit::FailOn::Never,
        FailOn::Critical => exit::FailOn::Critical,
        FailOn::Warning => exit::FailOn::Warning,
        FailOn::Unknown => exit::FailOn::Unknown,
        FailOn::New => exit::FailOn::New,
    }
}

/// What a conversation with the PCE needs beside the config.
pub struct Conversation<'c> {
    /// The run's clock.
    pub now: Timestamp,
    /// When it began.
    pub started: Instant,
    /// When it has to be over.
    pub deadline: Instant,
    /// Keep the raw answers here.
    pub record: Option<Recorder>,
    /// Signals.
    pub interrupt: &'c Interrupt,
}

/// Something of the deadline is kept for telling what was found.
fn reading_ends(started: Instant, deadline: Instant) -> Instant {
    deadline - ((deadline - started) / 10).min(Duration::from_secs(60))
}

/// Fetches the credentials and makes a client; asks nothing yet.
pub fn open_client(settings: &PceSettings, conversation: Conversation<'_>) -> Result<Client, RunError> {
    let Conversation { now, started, deadline, record, interrupt } = conversation;
    let key = fetch_secret(&settings.api_key).map_err(|error| RunError::Setup(tr!("api_key of [pce]: {error}", error)))?;
    let secret = fetch_secret(&settings.api_secret).map_err(|error| RunError::Setup(tr!("api_secret of [pce]: {error}", error)))?;
    let options = ClientOptions {
        now,
        deadline: reading_ends(started, deadline),
        stop: Arc::clone(&interrupt.stop),
        record,
        pace: Arc::new(RealPace),
    };
    let client = Client::new(settings, key, secret, options).map_err(|error| RunError::Setup(error.to_string()))?;
    interrupt.cleans_with(client.cleaner());
    Ok(client)
}

/// Opens every enabled channel. One that cannot be opened keeps its messages and is told of.
pub fn open_channels(config: &Config) -> ReadyChannels {
    config
        .channels
        .iter()
        .filter(|channel| channel.common.enabled)
        .map(|channel| {
            let opened = channel.settings.open(&channel.common, &fetch_secret);
            (channel.common.name.clone(), Ready { channel: opened, timeout: channel.common.timeout })
        })
        .collect()
}

/// The dead-man's switch, unless nobody was asked or only for some rules: neither a verdict over recorded answers nor one of a
/// part is a sign that the whole config is watched.
fn open_heartbeat(cycle: &Cycle<'_>) -> Result<Option<Heartbeat>, String> {
    let Cycle { config, args, .. } = *cycle;
    let whole = !args.dry_run && !cycle.is_offline() && args.rule.is_none();
    let Some(settings) = config.run.heartbeat.as_ref().filter(|_| whole) else { return Ok(None) };
    // A ping is tried twice, before the work and after it: together a small part of the deadline.
    let patience = (config.run.deadline / 20).clamp(Duration::from_millis(500), Duration::from_secs(10));
    let named = |error: String| format!("{}: {error}", settings.place);
    let heartbeat = fetch_secret(&settings.url).and_then(|url| Heartbeat::new(&url)).map_err(named)?;
    Ok(Some(heartbeat.with_trust(settings.trust.clone()).with_timeout(patience)))
}

/// Success means that the run completed and its sources were read, whatever it found.
fn ping(heartbeat: &Heartbeat, report: &mut Report) {
    let read = report.sources.iter().all(|source| matches!(source.status, SourceStatus::Ok | SourceStatus::Unavailable));
    let summary = tr!(
        "{status}: {rules}, {sources}",
        status = report.status.name(),
        rules = counted::rules(report.rules.len()),
        sources = counted::sources(report.sources.len())
    );
    let result = if read { heartbeat.success(&report.run.id, &summary) } else { heartbeat.fail(&report.run.id, &summary) };
    if let Err(error) = result {
        report.warnings.push(format!("heartbeat: {error}"));
    }
}
