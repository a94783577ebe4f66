//! Reading the sources and measuring every rule: the traffic query first, the rest while the PCE works on it.

use super::{Cycle, Rules, RunError, sources};
use crate::config::Config;
use crate::domain::metric::SourceKind;
use crate::domain::record::Decision;
use crate::domain::report::{Accounting, SourceReport, SourceStatus};
use crate::domain::rule::{Matcher, Rule};
use crate::domain::time::before;
use crate::judge::accounting::Coverage;
use crate::judge::memory::{Observation, RuleMemory, Span};
use crate::judge::traffic::{Settings as JudgeSettings, TrafficJudge, TrafficMemory};
use crate::judge::{ask, events, health, plan};
use crate::pce::Client;
use crate::pce::decode::Endpoints;
use crate::state::looks::Memory;
use crate::state::{State, Store};
use jiff::{SignedDuration, Timestamp};
use sources::{Events, Fetched, RecordSink};
use std::collections::BTreeMap;
use std::time::Duration;

/// What the run remembers, while it reads.
pub(super) struct Book<'s> {
    pub memory: Memory,
    /// Which events were shown before is known.
    pub events_known: bool,
    pub state: &'s mut State,
}

/// What was read and measured.
pub(super) struct Measurements {
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
pub(super) fn read_and_measure(
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
            anew: false,
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
    if ask.anew {
        looks.clear();
    }
    if delta && marks_of != book.memory.marks_of {
        looks.iter_mut().for_each(|look| look.marks = 0);
    }
    let memory = delta.then(|| TrafficMemory { looks, coverage: ask.coverage.clone() });
    let mut judge = TrafficJudge::new(rules, memory, settings, ask.to);
    let mut endpoints = Endpoints::new(judge.marker());
    let mut sink = RecordSink::new(&mut judge, &mut endpoints);
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
