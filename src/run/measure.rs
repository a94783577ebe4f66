//! Reading the sources and measuring every rule: the traffic query first, the rest while the PCE works on it.

use super::cycle::{Cycle, Rules};
use super::error::RunError;
use super::labels::LabelBook;
use super::late::{self, Further, Others};
use super::read::{self, Batch, Inputs, Wanted};
use super::recording::not_asked;
use super::trace::{SourceSpan, TracingSink};
use super::{offered, sources};
use crate::config::Config;
use crate::domain::console;
use crate::domain::fault::{Fault, Party};
use crate::domain::record::FlowSink;
use crate::domain::report::{Accounting, SourceReport, SourceStatus};
use crate::domain::rule::{Matcher, Rule};
use crate::domain::source::SourceKind;
use crate::domain::time::{before, utc_day_start};
use crate::domain::value::{Record, Value};
use crate::judge::accounting::MOST_OF_PAIR;
use crate::judge::coverage::{Coverage, Scope};
use crate::judge::late::Told;
use crate::judge::measurement::{Measurement, Span};
use crate::judge::memory::RuleMemory;
use crate::judge::message::Pages;
use crate::judge::records::StreamLook;
use crate::judge::traffic::{Settings as JudgeSettings, TrafficJudge, TrafficMemory};
use crate::judge::transition::Instance;
use crate::judge::{ask, plan, ratio, records};
use crate::pce::Client;
use crate::pce::decode::Endpoints;
use crate::process::panics::contained;
use crate::process::patience;
use crate::sources::monitor::Monitor;
use crate::sources::{Ask, MONITOR, TRAFFIC, VENS, vens};
use crate::state::looks::Memory;
use crate::state::{State, heal};
use jiff::{SignedDuration, Timestamp};
use sources::FlowReader;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// What the run remembers, while it reads.
pub(super) struct RunMemory<'s> {
    pub memory: Memory,
    /// Which events were shown before is known.
    pub events_known: bool,
    pub state: &'s mut State,
    /// The memory as the previous run left it.
    pub reload: &'s dyn Fn() -> Result<Memory, RunError>,
}

/// What was read and measured.
pub(super) struct Measurements {
    /// One for each source that was needed.
    pub sources: Vec<SourceReport>,
    /// By rule name, for every rule whose source was read.
    pub measurements: BTreeMap<String, Measurement>,
    /// Rules that miss nothing although their source was not read whole.
    pub spared: BTreeSet<String>,
    /// Rules on recorded flows that nothing can be compared with: what they learn is no calm.
    pub uncompared: BTreeSet<String>,
    /// Targets of which nothing was given, while others of their source were.
    pub not_given: Vec<(SourceKind, String, u32)>,
    /// What targets want to be known in their next run, by source and target.
    pub memories: BTreeMap<(SourceKind, String), String>,
    /// Pages of the PCE's console for what rules found.
    pub pages: Pages,
}

impl Measurements {
    /// How a source fared.
    pub fn source(&self, source: SourceKind) -> Option<&SourceReport> {
        self.sources.iter().find(|report| report.source == source)
    }
}

#[expect(clippy::too_many_arguments, clippy::too_many_lines, reason = "everything that a run has, and what it is to fill")]
pub(super) fn read_and_measure(
    cycle: &Cycle<'_>,
    rules: &Rules<'_>,
    needed: &[SourceKind],
    client: Option<&Client>,
    book: &mut RunMemory<'_>,
    now: Timestamp,
    warnings: &mut Vec<String>,
) -> Result<Measurements, RunError> {
    let Cycle { config, args, .. } = *cycle;
    // A rule that divides is measured as two.
    let of = |source: SourceKind| -> Vec<&Rule> {
        rules.enabled.iter().filter(|rule| rule.source == source).flat_map(|rule| rule.counted()).collect()
    };
    // With --now the windows are where the user put them; otherwise they follow the PCE's clock.
    let follow = args.now.is_none();
    let remembered = book.state.last_run.as_ref().map_or(0, |last| last.clock_skew);
    let assumed = SignedDuration::from_secs(if follow { remembered } else { 0 });

    // The traffic query first: the PCE works on it while the rest is asked for.
    let traffic_rules = of(TRAFFIC);
    let traffic_needed = needed.contains(&TRAFFIC);
    let filters: Vec<_> =
        traffic_rules.iter().filter_map(|rule| if let Matcher::Traffic(filter) = &rule.matcher { Some(filter) } else { None }).collect();
    let decisions = plan::wanted_decisions(filters.iter().copied());
    let services = plan::wanted_services(filters.iter().copied());
    let recorded = cycle.recording(TRAFFIC).is_some();
    let wanted = ask::Wanted {
        decisions,
        scope: if recorded { Scope::Recorded } else { Scope::of(&services) },
        longest_window: traffic_rules.iter().map(|rule| rule.window).max().unwrap_or_default(),
        lookback: config.traffic.lookback,
        max_gap: config.traffic.max_gap,
    };
    let coverage = book.state.traffic.coverage();
    let plan_ask = |skew: SignedDuration| {
        let (mut coverage, at) = (coverage.clone(), shifted(now, skew));
        coverage.clamp_to(at);
        plan_traffic(config, coverage, &wanted, at)
    };
    let live = client.filter(|_| !recorded && traffic_needed);
    let on_the_way = match (live, config.pce.as_ref()) {
        (Some(client), Some(settings)) => {
            (cycle.progress)(&tr!("submitting the traffic query"));
            let submitted = sources::submit_traffic(client, settings, assumed, follow, &services, &|skew| {
                let ask = plan_ask(skew);
                (ask.from, ask.to, ask.decisions)
            });
            Some(submitted.map_err(Fault::from))
        }
        _ => None,
    };
    let skew = match (&on_the_way, client) {
        (Some(Ok(query)), _) => query.skew,
        (_, Some(_)) => assumed,
        (_, None) => SignedDuration::ZERO,
    };
    heal::counted(book.state, &mut book.memory, shifted(now, skew));

    let mut out = Measurements {
        sources: Vec::new(),
        measurements: BTreeMap::new(),
        spared: BTreeSet::new(),
        uncompared: BTreeSet::new(),
        not_given: cycle.not_given(),
        memories: BTreeMap::new(),
        pages: Pages::new(),
    };
    let at = shifted(now, skew);
    let ask = ask_of(config, book, rules, at);
    let inputs = Inputs::of(cycle, book.state.targets.clone(), wanted_of(rules, at));
    inputs.make_place(book.memory.looks.len());
    // What is given need not be waited for: one after the other is read, judged and let go.
    let is_given = cycle.is_offline();
    let (traffic_report, read) = std::thread::scope(|scope| {
        let mut others = Others::new((!is_given).then(|| scope.spawn(|| read::all(&inputs, needed, client, &ask))));
        let traffic = traffic_needed.then(|| {
            let further = match (live, config.pce.as_ref()) {
                (Some(client), Some(settings)) => Some(Further { client, settings, services: &services, progress: cycle.progress }),
                _ => None,
            };
            let watched = late::is_watched(needed);
            let mut told = || if watched { late::told(others.read()) } else { Told::default() };
            let asking = Asking { ask: plan_ask(skew), on_the_way, further, told: &mut told };
            measure_traffic(cycle, &traffic_rules, asking, book, &mut out, warnings)
        });
        (traffic, others.into_read())
    });
    out.sources.extend(traffic_report.transpose()?);
    inputs.make_place(book.memory.looks.len());
    let one_by_one = read::members(needed)
        .filter(|_| is_given)
        .filter_map(|member| contained(|| read::one(&inputs, member, client, &ask)).map_err(|fault| log::error!("{fault}")).ok());
    for mut batch in read.into_iter().chain(one_by_one) {
        offered::is_missed(book.state, &mut batch.reports);
        measure_batch(cycle, rules, batch, book, (ask, at), &mut out);
        inputs.make_place(book.memory.looks.len());
    }
    // A thread that died has read nothing.
    for source in needed.iter().filter(|source| !source.is_run()) {
        if out.source(*source).is_none() {
            let text = tr!("reading {source} failed unexpectedly", source);
            out.sources.push(SourceReport::failed(*source, Fault::of(Party::Program, text)));
        }
    }
    if needed.contains(&MONITOR) {
        measure_monitor(cycle, rules, client, book, now, &mut out);
    }
    // What no rule counts any more is forgotten.
    let counted: Vec<&Rule> = rules.enabled.iter().flat_map(|rule| rule.counted()).collect();
    let keys: std::collections::BTreeSet<u64> = memory_keys(&counted).into_iter().collect();
    book.memory.rules.retain(|key, _| keys.contains(key));
    Ok(out)
}

/// What rules want of each source.
fn wanted_of(rules: &Rules<'_>, now: Timestamp) -> BTreeMap<SourceKind, Wanted> {
    let mut all: BTreeMap<SourceKind, Wanted> = BTreeMap::new();
    for rule in rules.enabled.iter().flat_map(|rule| rule.counted()) {
        let wanted = all.entry(rule.source).or_default();
        wanted.kinds |= rule.kinds(now);
        wanted.fields |= rule.fields();
        wanted.window = wanted.window.max(rule.window);
        wanted.each.insert(rule.kinds(now));
    }
    all
}

/// What the sources are asked for: of a stream as far back as rules and what was missed need.
fn ask_of(config: &Config, book: &RunMemory<'_>, rules: &Rules<'_>, now: Timestamp) -> Ask {
    let streams = rules.enabled.iter().filter(|rule| rule.source.is_stream());
    let longest = streams.map(|rule| rule.window).max().unwrap_or_default();
    let from = match book.state.events.read_to.filter(|_| book.events_known) {
        Some(read_to) => before(read_to.min(now), config.events.lookback),
        None => before(now, longest),
    };
    Ask::all(from, now, rules.enabled.iter().flat_map(|rule| rule.counted()).any(Rule::needs_second))
}

/// Measures the rules on the records of one source.
fn measure_batch(
    cycle: &Cycle<'_>,
    rules: &Rules<'_>,
    batch: Batch,
    book: &mut RunMemory<'_>,
    (ask, at): (Ask, Timestamp),
    out: &mut Measurements,
) {
    let Batch { source, reports, records, whole_until, memories, tells_gaps } = batch;
    out.memories.extend(memories);
    let mut whole = reports.iter().all(|report| report.status == SourceStatus::Ok);
    let read = reports.iter().any(|report| matches!(report.status, SourceStatus::Ok | SourceStatus::Partial));
    out.sources.extend(reports);
    if !read {
        return;
    }
    if tells_gaps && !whole && reports_are(&out.sources, source, |report| report.unreadable == 0 && report.is_read()) {
        // What is missing is among the records: whom that does not touch misses nothing.
        whole = true;
        out.spared.extend(rules.enabled.iter().filter(|rule| rule.source == source).map(|rule| rule.name.clone()));
    }
    let own: Vec<&Rule> = rules.enabled.iter().filter(|rule| rule.source == source).flat_map(|rule| rule.counted()).collect();
    if let Some(trace) = cycle.trace {
        let previous = book.state.events.read_to.filter(|_| book.events_known);
        if source.is_stream() {
            trace.looked(source, SourceSpan { previous, anew: false, only: String::new() });
        }
        trace.records(&own, &records, at);
    }
    let answer = records::Answer { records: &records, incomplete: !whole, now: at };
    let (keys, mut memories) = take_memories(&mut book.memory, &own);
    let measured = if source.is_stream() {
        let from = book.state.events.read_to.filter(|_| book.events_known).map(|from| from.min(at));
        if from == Some(at) {
            memories.iter_mut().for_each(|memory| memory.clamp_to(at));
        }
        let span = Span { from, to: at };
        // By the clock that windows follow.
        let previous_run = book.state.last_run.as_ref().map(|last| shifted(last.at, SignedDuration::from_secs(last.clock_skew)));
        let look = StreamLook { span, oldest: from.map(|_| ask.from), previous_run: previous_run.filter(|_| from.is_some()) };
        own.iter().zip(&mut memories).map(|(rule, memory)| records::stream(rule, answer, memory, &book.memory.shown, look)).collect()
    } else {
        let state = &book.state;
        own.iter().zip(&mut memories).map(|(rule, memory)| records::snapshot(rule, answer, &groups_of(state, rule), memory)).collect()
    };
    finish_measurement(&own, measured, &mut memories, &|_| whole, at, &mut out.measurements);
    if source == VENS && cycle.recording(source).is_none() {
        add_pages(&cycle.config.identity().url, &own, &records, out);
    }
    book.memory.rules.extend(keys.into_iter().zip(memories));
    if source.is_stream() {
        records::remember(&mut book.memory.shown, &records, at);
        // The watermark moves only past what was read whole, and never back.
        let from = book.state.events.read_to.filter(|_| book.events_known).map(|from| from.min(at));
        let read_to = whole_until.unwrap_or(at).min(at).max(from.unwrap_or(Timestamp::MIN));
        book.state.events.read_to = Some(read_to);
        let lookback = cycle.config.events.lookback.saturating_add(Duration::from_secs(60));
        records::forget(&mut book.memory.shown, before(read_to, lookback));
    }
}

/// The console's page of each VEN that a rule found by name. A name that two of them have leads nowhere.
fn add_pages(pce: &str, rules: &[&Rule], records: &[Record], out: &mut Measurements) {
    let mut hrefs: HashMap<&str, Option<&str>> = HashMap::new();
    for record in records {
        if let Value::Texts(names, _) = record.slot(vens::VEN)
            && let Some(name) = names.first()
        {
            let href = record.slot(vens::WORKLOAD).as_text();
            hrefs.entry(name).and_modify(|href| *href = None).or_insert(href);
        }
    }
    for rule in rules {
        let Some(measurement) = out.measurements.get(&rule.name) else { continue };
        let fields: Vec<String> = rule.group_by.iter().map(ToString::to_string).collect();
        let Some(place) = fields.iter().position(|field| field == vens::SOURCE.fields[usize::from(vens::VEN)].name) else { continue };
        for found in &measurement.groups {
            let href = found.group[place].as_deref().and_then(|name| hrefs.get(name).copied().flatten());
            if let Some(page) = href.and_then(|href| console::page(pce, href)) {
                let group = fields.iter().cloned().zip(found.group.iter().cloned()).collect();
                out.pages.insert((rule.name.clone(), group), page);
            }
        }
    }
}

fn reports_are(all: &[SourceReport], source: SourceKind, are: impl Fn(&SourceReport) -> bool) -> bool {
    all.iter().filter(|report| report.source == source).all(are)
}

/// Measures the rules on the monitoring itself, when all else was read.
fn measure_monitor(
    cycle: &Cycle<'_>,
    rules: &Rules<'_>,
    client: Option<&Client>,
    book: &mut RunMemory<'_>,
    now: Timestamp,
    out: &mut Measurements,
) {
    let wanted = |source: &SourceKind| rules.enabled.iter().any(|rule| rule.source == *source);
    let read = out.sources.clone();
    let all = crate::sources::asked().filter(wanted).all(|source| read.iter().any(|report| report.source == source));
    let monitor = Monitor {
        sources: &read,
        undelivered: book
            .state
            .outbox
            .iter()
            .filter(|notification| notification.given_up.is_none() && notification.held_until.is_none())
            .count(),
        previous: book.state.last_run.as_ref().map(|last| last.at),
        skew: client.and_then(Client::clock_skew),
        now,
    };
    let records = crate::sources::monitor::records(&monitor);
    let report =
        SourceReport { status: SourceStatus::Ok, records: read.len() as u64, target: String::new(), ..SourceReport::blank(MONITOR) };
    let batch = Batch { source: MONITOR, reports: vec![report], records, whole_until: None, memories: Vec::new(), tells_gaps: false };
    let ask = Ask::all(now, now, false);
    measure_batch(cycle, rules, batch, book, (ask, now), out);
    if all {
        return;
    }
    // Unknown for sources that this run did not read.
    for rule in rules.enabled.iter().filter(|rule| rule.source == MONITOR && rule.metric.adds_up()) {
        if let Some(measurement) = out.measurements.get_mut(&rule.name) {
            measurement.note = Some("this run reads only the sources of the chosen rules".to_owned());
            measurement.unlisted = measurement.unlisted.learning(true);
            if rule.group_by.is_empty() {
                measurement.groups.iter_mut().for_each(|group| group.estimate = group.estimate.or_more());
            }
        }
    }
}

/// The groups of a rule that have an instance.
fn groups_of(state: &State, rule: &Rule) -> Vec<Vec<Option<String>>> {
    let values = |instance: &Instance| instance.group.iter().map(|(_, value)| value.clone()).collect();
    state.instances.values().filter(|instance| instance.rule == rule.name).map(values).collect()
}

fn shifted(now: Timestamp, skew: SignedDuration) -> Timestamp {
    now.checked_add(skew).unwrap_or(now)
}

fn plan_traffic(config: &Config, coverage: Coverage, wanted: &ask::Wanted, now: Timestamp) -> ask::Ask {
    match config.traffic.accounting {
        Accounting::Delta => ask::increases(coverage, wanted, now),
        Accounting::AsReported => ask::Ask {
            from: before(now, wanted.longest_window.saturating_add(wanted.lookback)),
            to: now,
            span: Span { from: None, to: now },
            coverage,
            decisions: wanted.decisions.clone(),
            scope: wanted.scope.clone(),
            usual_from: before(now, wanted.longest_window.saturating_add(wanted.lookback)),
            anew: false,
        },
    }
}

/// The memory of each rule is kept under what it counts, so that a new name or threshold loses
/// nothing. Rules that count the same are told apart by their order.
fn memory_keys(rules: &[&Rule]) -> Vec<u64> {
    let mut met: BTreeMap<u64, u64> = BTreeMap::new();
    rules
        .iter()
        .map(|rule| {
            let definition = rule.definition();
            let nth = met.entry(definition).or_default();
            *nth += 1;
            definition.wrapping_add(*nth - 1)
        })
        .collect()
}

fn take_memories(memory: &mut Memory, rules: &[&Rule]) -> (Vec<u64>, Vec<RuleMemory>) {
    memory_keys(rules).into_iter().map(|key| (key, memory.rules.remove(&key).unwrap_or_default())).unzip()
}

/// The traffic question of a run, on its way.
struct Asking<'a> {
    ask: ask::Ask,
    on_the_way: Option<Result<sources::TrafficOnTheWay, Fault>>,
    /// How to ask once more; `None`: the answer is recorded.
    further: Option<Further<'a>>,
    /// What the other sources tell of what comes late, once they are read.
    told: &'a mut dyn FnMut() -> Told,
}

#[expect(clippy::too_many_lines, reason = "everything that traffic touches, in the order in which it does")]
fn measure_traffic(
    cycle: &Cycle<'_>,
    rules: &[&Rule],
    asking: Asking<'_>,
    book: &mut RunMemory<'_>,
    out: &mut Measurements,
    warnings: &mut Vec<String>,
) -> Result<SourceReport, RunError> {
    let config = cycle.config;
    let Asking { mut ask, on_the_way, further, told } = asking;
    let delta = config.traffic.accounting == Accounting::Delta;
    let mut beside = ask::Beside { told: Told::default(), lookback: config.traffic.lookback };
    let mut looks = if delta { std::mem::take(&mut book.memory.looks) } else { Vec::new() };
    let settings = JudgeSettings {
        lookback: config.traffic.lookback,
        cap: config.traffic.max_looks,
        most_new: config.traffic.max_new_looks,
        is_over: patience::is_over,
        // A folder holds the parts of a query that was asked again in parts.
        may_repeat: cycle.recording(TRAFFIC).is_none_or(|recording| recording.folder().is_some()),
        learned: book.state.traffic.learned,
    };
    if ask.anew {
        looks.clear();
    }
    let (keys, mut own) = take_memories(&mut book.memory, rules);
    // A rehearsal begins with nothing on purpose.
    if !cycle.args.inputs.is_empty() {
        let first_look = delta && ask.span.from.is_none();
        let nothing = rules.iter().zip(&own).filter(|(_, memory)| first_look || **memory == RuleMemory::default());
        out.uncompared.extend(nothing.map(|(rule, _)| rule.name.clone()));
    }
    let (marked, aging) = (std::mem::take(&mut book.memory.marked), std::mem::take(&mut book.memory.aging));
    let memory = delta.then(|| TrafficMemory { looks, coverage: ask.coverage.clone(), marked, aging });
    let mut judge = TrafficJudge::new(rules, memory, settings, ask.to);
    for (number, (rule, memory)) in rules.iter().zip(&mut own).enumerate().filter(|(_, (rule, _))| rule.metric.is_sighting()) {
        memory.sightings.open(rule.learn, rule.remember, ask.to);
        judge.lend(number, std::mem::take(&mut memory.sightings));
    }
    let mut labels = LabelBook::new(cycle.recording(TRAFFIC), further.as_ref().map(|further| further.client));
    let mut endpoints = Endpoints::new(judge.marker()).with_labels(|href| labels.find(href));
    if let Some(trace) = cycle.trace {
        let asked: Vec<&str> = ask.decisions.iter().map(|decision| decision.name()).collect();
        let only =
            [asked.join(" "), ask.scope.to_string()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; services ");
        // A recorded answer was asked for by somebody else.
        let only = if cycle.recording(TRAFFIC).is_some() { String::new() } else { only };
        trace.looked(TRAFFIC, SourceSpan { previous: ask.span.from, anew: ask.anew, only });
    }
    let span = (ask.from, ask.to);
    let read = |sink: &mut dyn FlowSink| {
        if let Some(usual) = ask.late_before() {
            sink.late_before(usual);
        }
        let mut reader = FlowReader::new(sink, &mut endpoints);
        let mut report = match (cycle.recording(TRAFFIC), on_the_way, &further) {
            (Some(recording), _, _) => sources::flows_from_file(recording, &mut reader),
            (None, Some(Ok(query)), Some(further)) => sources::collect_traffic(further.client, query, &mut reader, span, cycle.progress),
            (None, Some(Err(fault)), _) => SourceReport::failed(TRAFFIC, fault),
            _ => SourceReport::failed(TRAFFIC, not_asked()),
        };
        if let Some(further) = further.filter(|_| delta) {
            beside.told = told();
            report = further.ask(&mut ask, &beside, &mut reader, report);
        }
        (SourceReport { unreadable: reader.unreadable, ..report }, reader.short)
    };
    let (report, short) = match cycle.trace {
        None => read(&mut judge),
        Some(trace) => {
            let mut beside = TracingSink::new(&mut judge, rules);
            let report = read(&mut beside);
            beside.keep(trace);
            report
        }
    };
    drop(endpoints);
    warnings.extend(labels.trouble.map(|fault| fault.message));
    let (mut report, short) = sources::as_settled(report, short, judge.settle(), config.traffic.max_new_looks);
    if matches!(report.status, SourceStatus::Failed) {
        // The memory may hold half an answer: that of the previous run is the one that counts.
        let kept = (book.reload)()?;
        if delta {
            (book.memory.looks, book.memory.marked, book.memory.aging) = (kept.looks, kept.marked, kept.aging);
        }
        book.memory.rules.extend(kept.rules.into_iter().filter(|(key, _)| keys.contains(key)));
        return Ok(report);
    }
    // What cannot be read may be of any decision.
    let nothing = report.unreadable > 0 || (report.status != SourceStatus::Ok && short == [false; 4]);
    let whole = short.map(|short| !short && !nothing);
    if ask.span.from.is_some_and(|from| from >= ask.to) {
        own.iter_mut().for_each(|memory| memory.clamp_to(ask.to));
    }
    let (covered, closing) = ask.close(whole, &beside);
    let outcome = judge.finish(&mut own, ask.span, covered, closing);
    report.unreadable += outcome.timeless;
    let report = sources::with_unreadable(report);
    if outcome.over_pair > 0 {
        warnings.push(tr!(
            "{count} records could not be stored: more than {most} different ones of the same addresses, port and day; values stay lower bounds",
            count = outcome.over_pair,
            most = MOST_OF_PAIR
        ));
    }
    if outcome.over_cap > outcome.over_pair {
        warnings.push(tr!(
            "{count} records could not be stored: [traffic] max_looks = {max_looks} is reached; raise it, or values stay lower bounds",
            count = outcome.over_cap - outcome.over_pair,
            max_looks = config.traffic.max_looks
        ));
    }
    let spared = |rule: &Rule| {
        let has_all = |filter| plan::decisions_of(filter).iter().all(|decision| whole[*decision as usize]);
        rule.counted().all(|counted| matches!(&counted.matcher, Matcher::Traffic(filter) if has_all(filter)))
    };
    if report.status != SourceStatus::Ok && outcome.timeless == 0 {
        out.spared.extend(rules.iter().filter(|rule| spared(rule)).map(|rule| rule.name.clone()));
    }
    let whole = |rule: &Rule| report.status == SourceStatus::Ok || out.spared.contains(&rule.name);
    finish_measurement(rules, outcome.measurements, &mut own, &whole, ask.to, &mut out.measurements);
    book.memory.rules.extend(keys.into_iter().zip(own));
    if let Some(mut memory) = outcome.memory {
        if outcome.found_late {
            memory.coverage.late.found(utc_day_start(ask.to), ask.to, config.traffic.lookback);
        }
        (book.memory.looks, book.memory.marked, book.memory.aging) = (memory.looks, memory.marked, memory.aging);
        book.state.traffic = crate::state::TrafficCursor::of(memory.coverage, outcome.learned);
    }
    Ok(report)
}

/// From what each rule and each divisor measured to one measurement for each rule: quotients are made, silent
/// groups are missed, and what is usual is said.
fn finish_measurement(
    counted: &[&Rule],
    measured: Vec<Measurement>,
    memories: &mut [RuleMemory],
    whole: &dyn Fn(&Rule) -> bool,
    now: Timestamp,
    measurements: &mut BTreeMap<String, Measurement>,
) {
    let mut each = counted.iter().zip(measured).zip(memories);
    while let Some(((rule, part), memory)) = each.next() {
        let divisor = rule.ratio.as_ref().and_then(|ratio| Some((ratio, each.next()?)));
        let mut measurement = match divisor {
            Some((ratio, ((_, total), _))) => ratio::divide(rule, ratio, part, &total),
            None => part,
        };
        memory.sightings.close(whole(rule));
        memory.history.complete(rule, &mut measurement, whole(rule), now);
        measurements.insert(rule.name.clone(), measurement);
    }
}
