//! One monitoring cycle, in order. The wall clock is read here and nowhere else.

pub mod deliver;
pub mod interrupt;
pub mod output;
mod rules;
pub mod sources;

use crate::cli::{CheckArgs, FailOn};
use crate::config::{Config, fetch_secret};
use crate::domain::alert::PceIdentity;
use crate::domain::metric::SourceKind;
use crate::domain::record::Decision;
use crate::domain::report::{Accounting, Report, RunInfo, SourceReport, SourceStatus, Status};
use crate::domain::rule::{Matcher, Rule};
use crate::domain::time::{before, since};
use crate::heartbeat::Heartbeat;
use crate::judge::accounting::Coverage;
use crate::judge::memory::{Observation, RuleMemory, Span};
use crate::judge::outbox::{Addressee, Policy};
use crate::judge::traffic::{Settings as JudgeSettings, TrafficJudge, TrafficMemory};
use crate::judge::{ask, events, exit, health, outbox, plan};
use crate::pce::decode::Endpoints;
use crate::pce::{Client, ClientOptions, RealPace};
use crate::state::looks::Memory;
use crate::state::{LastRun, Loaded, State, StateError, Store};
use deliver::{Ready, ReadyChannels};
use globset::Glob;
use interrupt::Interrupt;
use jiff::{SignedDuration, Timestamp};
use sources::{Events, Fetched, JudgeSink};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Everything a cycle is given.
pub struct Cycle<'c> {
    /// The proven config.
    pub config: &'c Config,
    /// Flags.
    pub args: &'c CheckArgs,
    /// Where the state is.
    pub state_path: PathBuf,
    /// Signals.
    pub interrupt: &'c Interrupt,
    /// A line about what is going on, for a terminal.
    pub progress: &'c (dyn Fn(&str) + Sync),
}

/// Why a cycle could not be run at all. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Something the config or the flags name cannot be used.
    #[error("{0}")]
    Setup(String),
    /// The state cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// A signal came.
    #[error("interrupted; the state is as it was")]
    Interrupted,
}

/// The rules of a run, sorted out.
struct Rules<'c> {
    /// Enabled ones, in the order of the config.
    enabled: Vec<&'c Rule>,
    /// Those that are judged in this run: all enabled ones whose source is read.
    selected: Vec<&'c Rule>,
}

/// Runs one cycle and returns everything it learned.
pub fn check(cycle: &Cycle<'_>) -> Result<Report, RunError> {
    let started = Instant::now();
    let wall = Timestamp::now();
    let Cycle { config, args, interrupt, .. } = *cycle;
    let now = args.now.unwrap_or(wall);
    let deadline = started + config.run.deadline;
    let rules = choose(config, args)?;
    let needed = needed_sources(&rules);
    let identity = config.pce.as_ref().map_or_else(PceIdentity::default, |pce| PceIdentity {
        url: pce.url.as_str().trim_end_matches('/').to_owned(),
        org_id: pce.org_id,
    });
    let run = RunInfo {
        id: uuid::Uuid::now_v7().to_string(),
        started_at: now,
        finished_at: now,
        duration: Duration::ZERO,
        pce: identity.url.clone(),
        org_id: config.pce.as_ref().map(|pce| pce.org_id),
        dry_run: args.dry_run,
    };

    // Everything that can fail before the first request fails here.
    let from_pce: Vec<SourceKind> = needed.iter().copied().filter(|source| file_of(args, *source).is_none()).collect();
    let client = if from_pce.is_empty() { None } else { Some(open_client(cycle, &from_pce, now, started, deadline)?) };
    let channels = open_channels(config);
    let heartbeat = open_heartbeat(config, args)?;
    let store = if args.dry_run { Store::read_only(&cycle.state_path) } else { Store::lock(&cycle.state_path, args.lock_wait)? };
    let Loaded { mut state, memory, memory_lost } = store.load(&identity)?;
    let mut warnings = config.warnings.clone();
    warnings.extend(memory_lost.clone());
    if memory_lost.is_some() {
        state.traffic = Default::default();
    }
    if let Some(heartbeat) = &heartbeat
        && let Err(error) = heartbeat.start(&run.id)
    {
        warnings.push(format!("heartbeat: {error}"));
    }

    let mut book = Book { memory, events_known: memory_lost.is_none(), state: &mut state };
    let read = read_and_measure(cycle, &rules, &needed, client.as_ref(), &store, &mut book, now, &mut warnings)?;
    if interrupt.stop.load(std::sync::atomic::Ordering::SeqCst) {
        interrupt.wait_for_the_end();
        return Err(RunError::Interrupted);
    }
    let memory = book.memory;
    if let Some(client) = &client {
        let skew = sources::measured_skew(client);
        if skew.as_secs().abs() > 60 {
            warnings.push(format!(
                "the PCE's clock is {} of this machine's by {:#}; windows follow the PCE's",
                if skew.is_negative() { "behind" } else { "ahead" },
                skew.abs()
            ));
        }
        state.last_run =
            Some(LastRun { id: run.id.clone(), at: now, version: env!("CARGO_PKG_VERSION").to_owned(), clock_skew: skew.as_secs() });
    } else {
        let clock_skew = state.last_run.as_ref().map_or(0, |last| last.clock_skew);
        state.last_run = Some(LastRun { id: run.id.clone(), at: now, version: env!("CARGO_PKG_VERSION").to_owned(), clock_skew });
    }
    drop(client);

    // Decide.
    let fresh = rules::judge(&mut state, &rules.enabled, &rules.selected, &read, now);
    let addressees: Vec<Addressee> = config
        .channels
        .iter()
        .filter(|channel| channel.common.enabled)
        .map(|channel| Addressee {
            name: channel.common.name.clone(),
            min_severity: channel.common.min_severity,
            send_resolved: channel.common.send_resolved,
        })
        .collect();
    let policy = Policy {
        channels: &addressees,
        routes: &config.routes,
        max_alerts: config.run.max_alerts,
        pce: &identity,
        new_id: &|| uuid::Uuid::new_v4().to_string(),
    };
    let parcels = outbox::due(&rules.enabled, &mut state.instances, &state.outbox, &policy, now);
    let telling: std::collections::BTreeSet<String> = parcels.iter().flat_map(outbox::fingerprints).collect();
    state.outbox.extend(parcels);
    let mut report = Report {
        run,
        status: Status::Ok,
        exit_code: 0,
        sources: read.sources.clone(),
        rules: rules::reports(&state, config, &rules.selected, &read, &rules::Novelty { fresh: &fresh, telling: &telling, now }),
        deliveries: Vec::new(),
        warnings,
    };

    // Remember, tell, remember what was told.
    if args.dry_run {
        report.deliveries = deliver::preview(&state.outbox, &channels, now);
    } else {
        {
            let _writing = interrupt.writing();
            store.commit(&mut state, Some(&memory))?;
        }
        let mut commit = |state: &mut State| {
            let _writing = interrupt.writing();
            store.commit(state, None)
        };
        let broken = deliver::broken(&channels);
        report.deliveries = deliver::send_all(&mut state, channels, config.run.give_up_after, now, deadline, &mut commit)?;
        report.deliveries.extend(broken);
        let given_up = state.outbox.iter().filter(|parcel| parcel.given_up.is_some()).count();
        if given_up > 0 {
            report
                .warnings
                .push(format!("{given_up} message(s) could not be delivered in time and were given up; see `pcemon outbox list`"));
        }
        rules::mark_notified(&mut report.rules, &state);
    }
    conclude(&mut report, args, wall, started);
    if let Some(heartbeat) = &heartbeat {
        ping(heartbeat, &mut report);
    }
    Ok(report)
}

/// A report for a cycle that could not be run: every rule unknown, so that no consumer takes silence for calm.
pub fn report_of_failure(config: &Config, args: &CheckArgs, error: &str) -> Report {
    let now = args.now.unwrap_or_else(Timestamp::now);
    let mut report = Report {
        run: RunInfo {
            id: uuid::Uuid::now_v7().to_string(),
            started_at: now,
            finished_at: now,
            duration: Duration::ZERO,
            pce: config.pce.as_ref().map_or_else(String::new, |pce| pce.url.as_str().trim_end_matches('/').to_owned()),
            org_id: config.pce.as_ref().map(|pce| pce.org_id),
            dry_run: args.dry_run,
        },
        status: Status::Unknown,
        exit_code: 3,
        sources: Vec::new(),
        rules: config.rules.iter().map(|rule| rules::unknown(rule, config, error)).collect(),
        deliveries: Vec::new(),
        warnings: vec![error.to_owned()],
    };
    report.status = Status::Unknown;
    report
}

fn conclude(report: &mut Report, args: &CheckArgs, wall: Timestamp, started: Instant) {
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

fn choose<'c>(config: &'c Config, args: &CheckArgs) -> Result<Rules<'c>, RunError> {
    let enabled: Vec<&Rule> = config.rules.iter().filter(|rule| rule.enabled).collect();
    let Some(pattern) = &args.rule else {
        return Ok(Rules { selected: enabled.clone(), enabled });
    };
    let glob = Glob::new(pattern)
        .map_err(|error| RunError::Setup(format!("--rule '{pattern}' is no valid pattern: {}", error.kind())))?
        .compile_matcher();
    let selected: Vec<&Rule> = enabled.iter().copied().filter(|rule| glob.is_match(&rule.name)).collect();
    if selected.is_empty() {
        let names: Vec<&str> = enabled.iter().map(|rule| rule.name.as_str()).collect();
        return Err(RunError::Setup(format!(
            "--rule '{pattern}' matches no enabled rule; {}",
            crate::config::reader::did_you_mean(pattern, &names)
        )));
    }
    Ok(Rules { enabled, selected })
}

fn needed_sources(rules: &Rules<'_>) -> Vec<SourceKind> {
    SourceKind::ALL.into_iter().filter(|source| rules.selected.iter().any(|rule| rule.source == *source)).collect()
}

fn file_of(args: &CheckArgs, source: SourceKind) -> Option<&PathBuf> {
    match source {
        SourceKind::Traffic => args.flows.as_ref(),
        SourceKind::Events => args.events.as_ref(),
        SourceKind::Health => args.health.as_ref(),
    }
}

fn open_client(
    cycle: &Cycle<'_>,
    from_pce: &[SourceKind],
    now: Timestamp,
    started: Instant,
    deadline: Instant,
) -> Result<Client, RunError> {
    let settings = sources::pce_of(cycle.config, from_pce).map_err(RunError::Setup)?;
    let key = fetch_secret(&settings.api_key).map_err(|error| RunError::Setup(format!("api_key of [pce]: {error}")))?;
    let secret = fetch_secret(&settings.api_secret).map_err(|error| RunError::Setup(format!("api_secret of [pce]: {error}")))?;
    // Something of the deadline is kept for telling what was found.
    let reserve = (deadline - started) / 10;
    let options = ClientOptions {
        now,
        deadline: deadline - reserve.min(Duration::from_secs(60)),
        stop: Arc::clone(&cycle.interrupt.stop),
        record: cycle.args.record.clone(),
        pace: Arc::new(RealPace),
    };
    let client = Client::new(settings, key, secret, options).map_err(|error| RunError::Setup(error.to_string()))?;
    cycle.interrupt.cleans_with(client.cleaner());
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

fn open_heartbeat(config: &Config, args: &CheckArgs) -> Result<Option<Heartbeat>, RunError> {
    let Some(source) = config.run.heartbeat.as_ref().filter(|_| !args.dry_run) else { return Ok(None) };
    let open = || Heartbeat::new(&fetch_secret(source)?);
    open().map(Some).map_err(|error| RunError::Setup(format!("heartbeat in [run]: {error}")))
}

/// Success means that the run completed and its sources were read, whatever it found.
fn ping(heartbeat: &Heartbeat, report: &mut Report) {
    let read = report.sources.iter().all(|source| matches!(source.status, SourceStatus::Ok | SourceStatus::Unavailable));
    let summary = format!("{}: {} rules, {} sources", report.status.name(), report.rules.len(), report.sources.len());
    let result = if read { heartbeat.success(&report.run.id, &summary) } else { heartbeat.fail(&report.run.id, &summary) };
    if let Err(error) = result {
        report.warnings.push(format!("heartbeat: {error}"));
    }
}

/// What the run remembers, while it reads.
struct Book<'s> {
    memory: Memory,
    /// Which events were shown before is known.
    events_known: bool,
    state: &'s mut State,
}

/// What was read and measured.
pub(crate) struct Measurements {
    /// One for each source that was needed.
    pub sources: Vec<SourceReport>,
    /// By rule name, for every rule whose source was read.
    pub observations: BTreeMap<String, Observation>,
}

impl Measurements {
    /// How a source fared.
    pub fn source(&self, source: SourceKind) -> Option<&SourceReport> {
        self.sources.iter().find(|report| report.source == source)
    }
}

#[allow(clippy::too_many_arguments)]
fn read_and_measure(
    cycle: &Cycle<'_>,
    rules: &Rules<'_>,
    needed: &[SourceKind],
    client: Option<&Client>,
    store: &Store,
    book: &mut Book<'_>,
    now: Timestamp,
    warnings: &mut Vec<String>,
) -> Result<Measurements, RunError> {
    let Cycle { config, args, .. } = *cycle;
    let of = |source: SourceKind| -> Vec<&Rule> { rules.enabled.iter().copied().filter(|rule| rule.source == source).collect() };
    // With --now the windows are where the user put them; otherwise they follow the PCE's clock.
    let follow = args.now.is_none();
    let remembered = book.state.last_run.as_ref().map_or(0, |last| last.clock_skew);
    let assumed = SignedDuration::from_secs(if follow { remembered } else { 0 });

    // The traffic query first: the PCE works on it while the rest is asked for.
    let traffic_rules = of(SourceKind::Traffic);
    let traffic_needed = needed.contains(&SourceKind::Traffic);
    let filters: Vec<_> =
        traffic_rules.iter().filter_map(|rule| if let Matcher::Traffic(filter) = &rule.matcher { Some(filter) } else { None }).collect();
    let decisions = plan::wanted_decisions(filters.iter().copied());
    let services = plan::wanted_services(filters.iter().copied());
    let asked_for = if args.flows.is_some() { RECORDED.to_owned() } else { scope_of(&services) };
    let longest = traffic_rules.iter().map(|rule| rule.window).max().unwrap_or_default();
    let mut coverage = book.state.traffic.coverage();
    // Once everything was asked for, less is known as well; any other change begins anew.
    if book.state.traffic.scope != asked_for && !book.state.traffic.scope.is_empty() {
        coverage.since = [None; 4];
    }
    let plan_ask = |skew: SignedDuration| plan_traffic(config, coverage.clone(), decisions.clone(), longest, shifted(now, skew));
    let live = client.filter(|_| args.flows.is_none() && traffic_needed);
    let on_the_way = match (live, config.pce.as_ref()) {
        (Some(client), Some(settings)) => {
            (cycle.progress)("submitting the traffic query");
            Some(sources::submit_traffic(client, settings, assumed, follow, &services, &|skew| {
                let ask = plan_ask(skew);
                (ask.from, ask.to, ask.decisions)
            }))
        }
        _ => None,
    };
    let skew = match (&on_the_way, client) {
        (Some(Ok(query)), _) => query.skew,
        (_, Some(_)) => assumed,
        (_, None) => SignedDuration::ZERO,
    };

    let event_rules = of(SourceKind::Events);
    let event_span = event_span(config, book, &event_rules, shifted(now, skew));
    let mut out = Measurements { sources: Vec::new(), observations: BTreeMap::new() };
    let (traffic_report, fetched_events, fetched_health) = std::thread::scope(|scope| {
        let others = scope.spawn(|| {
            let events = needed.contains(&SourceKind::Events).then(|| match (&args.events, client) {
                (Some(path), _) => sources::events_from_file(path, event_span.1),
                (None, Some(client)) => sources::events_from_pce(client, event_span.0, event_span.1),
                (None, None) => Fetched { report: sources::failed(SourceKind::Events, "not asked for".to_owned()), answer: None },
            });
            let health = needed.contains(&SourceKind::Health).then(|| match (&args.health, client) {
                (Some(path), _) => sources::health_from_file(path),
                (None, Some(client)) => sources::health_from_pce(client),
                (None, None) => Fetched { report: sources::failed(SourceKind::Health, "not asked for".to_owned()), answer: None },
            });
            (events, health)
        });
        let traffic = traffic_needed.then(|| {
            let ask = plan_ask(skew);
            measure_traffic(cycle, &traffic_rules, ask, asked_for, on_the_way, client, book, store, &mut out.observations, warnings)
        });
        let (events, health) = others.join().unwrap_or((None, None));
        (traffic, events, health)
    });
    out.sources.extend(traffic_report.transpose()?);
    if let Some(fetched) = fetched_events {
        out.sources.push(fetched.report);
        if let Some(answer) = fetched.answer {
            measure_events(config, &event_rules, answer, event_span.1, book, &mut out.observations);
        }
    } else if needed.contains(&SourceKind::Events) {
        out.sources.push(sources::failed(SourceKind::Events, "reading the events failed unexpectedly".to_owned()));
    }
    if let Some(fetched) = fetched_health {
        out.sources.push(fetched.report);
        if let Some(clusters) = fetched.answer {
            for rule in of(SourceKind::Health) {
                out.observations.insert(rule.name.clone(), health::observe(rule, &clusters));
            }
        }
    }
    // What no rule counts any more is forgotten.
    let keys: std::collections::BTreeSet<u64> = memory_keys(&rules.enabled).into_iter().map(|(_, key)| key).collect();
    book.memory.rules.retain(|key, _| keys.contains(key));
    Ok(out)
}

/// What a recorded answer was asked for is not known: it vouches for other recorded ones and for no PCE.
const RECORDED: &str = "recorded";

/// How the state remembers what the PCE was asked for; empty: everything.
fn scope_of(services: &[plan::WantedService]) -> String {
    let one = |service: &plan::WantedService| match service.ports {
        None => service.proto.to_string(),
        Some((from, to)) => format!("{}/{from}-{to}", service.proto),
    };
    services.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn shifted(now: Timestamp, skew: SignedDuration) -> Timestamp {
    now.checked_add(skew).unwrap_or(now)
}

fn plan_traffic(config: &Config, coverage: Coverage, decisions: Vec<Decision>, longest: Duration, now: Timestamp) -> ask::Ask {
    let settings = &config.traffic;
    match settings.accounting {
        Accounting::Delta => ask::increases(coverage, decisions, longest, settings.lookback, settings.max_gap, now),
        Accounting::AsReported => ask::Ask {
            from: before(now, longest.saturating_add(settings.lookback)),
            to: now,
            span: Span { from: None, to: now },
            coverage,
            decisions,
        },
    }
}

/// The memory of each rule is kept under what it counts, so that a new name or threshold loses
/// nothing. Rules that count the same are told apart by their order.
fn memory_keys<'r>(rules: &[&'r Rule]) -> Vec<(&'r str, u64)> {
    let mut met: BTreeMap<u64, u64> = BTreeMap::new();
    rules
        .iter()
        .map(|rule| {
            let definition = rule.definition();
            let nth = met.entry(definition).or_default();
            *nth += 1;
            (rule.name.as_str(), definition.wrapping_add(*nth - 1))
        })
        .collect()
}

fn take_memories(memory: &mut Memory, rules: &[&Rule]) -> Vec<(u64, RuleMemory)> {
    memory_keys(rules).into_iter().map(|(_, key)| (key, memory.rules.remove(&key).unwrap_or_default())).collect()
}

#[allow(clippy::too_many_arguments)]
fn measure_traffic(
    cycle: &Cycle<'_>,
    rules: &[&Rule],
    ask: ask::Ask,
    scope: String,
    on_the_way: Option<Result<sources::TrafficOnTheWay, String>>,
    client: Option<&Client>,
    book: &mut Book<'_>,
    store: &Store,
    observations: &mut BTreeMap<String, Observation>,
    warnings: &mut Vec<String>,
) -> Result<SourceReport, RunError> {
    let Cycle { config, args, .. } = *cycle;
    let delta = config.traffic.accounting == Accounting::Delta;
    let mut looks = if delta { std::mem::take(&mut book.memory.looks) } else { Vec::new() };
    let settings = JudgeSettings { lookback: config.traffic.lookback, cap: config.traffic.max_looks, may_repeat: args.flows.is_none() };
    let marks_of = TrafficJudge::marks_of(rules);
    if delta && marks_of != book.memory.marks_of {
        looks.iter_mut().for_each(|look| look.marks = 0);
    }
    let memory = delta.then(|| TrafficMemory { looks, coverage: ask.coverage.clone() });
    let mut judge = TrafficJudge::new(rules, memory, settings, ask.to);
    let mut endpoints = Endpoints::new(judge.marker());
    let mut sink = JudgeSink::new(&mut judge, &mut endpoints);
    let mut report = match (&args.flows, on_the_way, client) {
        (Some(path), _, _) => sources::flows_from_file(path, &mut sink),
        (None, Some(Ok(query)), Some(client)) => sources::collect_traffic(client, query, &mut sink, (ask.from, ask.to), cycle.progress),
        (None, Some(Err(error)), _) => sources::failed(SourceKind::Traffic, error),
        _ => sources::failed(SourceKind::Traffic, "not asked for".to_owned()),
    };
    report.unreadable = sink.unreadable;
    if matches!(report.status, SourceStatus::Failed) {
        // The looks may hold half an answer: those of the previous run are the ones that count.
        if delta {
            book.memory.looks = store.load(&book.state.pce)?.memory.looks;
        }
        return Ok(report);
    }
    let whole = report.status == SourceStatus::Ok && report.unreadable == 0;
    let mut memories = if delta { take_memories(&mut book.memory, rules) } else { Vec::new() };
    let mut own: Vec<RuleMemory> = if delta {
        memories.iter_mut().map(|(_, memory)| std::mem::take(memory)).collect()
    } else {
        vec![RuleMemory::default(); rules.len()]
    };
    if ask.span.from.is_some_and(|from| from >= ask.to) {
        own.iter_mut().for_each(|memory| memory.clamp_to(ask.to));
    }
    let outcome = judge.finish(&mut own, ask.span, ask.covered(whole), ask.next_from(whole, config.traffic.lookback));
    report.unreadable += outcome.timeless;
    let report = sources::with_unreadable(report);
    if outcome.over_cap > 0 {
        warnings.push(format!(
            "{} records could not be remembered: [traffic] max_looks = {} is reached; raise it, or the numbers stay lower bounds",
            outcome.over_cap, config.traffic.max_looks
        ));
    }
    for (rule, observation) in rules.iter().zip(outcome.observations) {
        observations.insert(rule.name.clone(), observation);
    }
    if let Some(memory) = outcome.memory {
        book.memory.looks = memory.looks;
        book.memory.marks_of = marks_of;
        let Coverage { since, forgotten_before, looked_at } = memory.coverage;
        book.state.traffic = crate::state::TrafficCursor { since, forgotten_before, looked_at, scope };
        book.memory.rules.extend(memories.into_iter().map(|(key, _)| key).zip(own));
    }
    Ok(report)
}

/// The span of events to ask for.
fn event_span(config: &Config, book: &Book<'_>, rules: &[&Rule], now: Timestamp) -> (Timestamp, Timestamp) {
    let longest = rules.iter().map(|rule| rule.window).max().unwrap_or_default();
    match book.state.events.read_to.filter(|_| book.events_known) {
        Some(read_to) => (before(read_to.min(now), config.events.lookback), now),
        None => (before(now, longest), now),
    }
}

fn measure_events(
    config: &Config,
    rules: &[&Rule],
    answer: Events,
    to: Timestamp,
    book: &mut Book<'_>,
    observations: &mut BTreeMap<String, Observation>,
) {
    let from = book.state.events.read_to.filter(|_| book.events_known).map(|from| from.min(to));
    let memories = take_memories(&mut book.memory, rules);
    let (keys, mut own): (Vec<u64>, Vec<RuleMemory>) = memories.into_iter().unzip();
    if from == Some(to) {
        own.iter_mut().for_each(|memory| memory.clamp_to(to));
    }
    let found = events::judge(rules, &mut own, &answer.list, &mut book.memory.shown, Span { from, to });
    for (rule, observation) in rules.iter().zip(found) {
        observations.insert(rule.name.clone(), observation);
    }
    book.memory.rules.extend(keys.into_iter().zip(own));
    // The watermark moves only past what was read whole, and never back.
    let read_to = answer.whole_until.min(to).max(from.unwrap_or(Timestamp::MIN));
    book.state.events.read_to = Some(read_to);
    events::forget(&mut book.memory.shown, before(read_to, config.events.lookback.saturating_add(Duration::from_secs(60))));
}
