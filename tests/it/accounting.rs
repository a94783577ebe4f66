//! The numbers are true: a world of true connections, told the way a PCE tells it, run after run.

use jiff::Timestamp;
use pcemon::domain::field::Field;
use pcemon::domain::filter::{Filter, Pattern, TrafficCondition};
use pcemon::domain::metric::{Metric, SourceKind};
use pcemon::domain::record::{Decision, Direction};
use pcemon::domain::rule::{Matcher, Rule};
use pcemon::domain::threshold::Thresholds;
use pcemon::domain::time::{Window, after};
use pcemon::judge::ask;
use pcemon::judge::memory::{Observation, RuleMemory};
use pcemon::judge::traffic::{Settings, TrafficJudge, TrafficMemory};
use pcemon::pce::decode::{Endpoints, decode_flows};
use pcemon::sim::generate::{Outage, Params};
use pcemon::sim::record::FlowRecord;
use pcemon::sim::world::{PointView, Truth, World};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

fn rule(
    name: &str,
    metric: Metric,
    all: Vec<TrafficCondition>,
    none: Vec<TrafficCondition>,
    group_by: Vec<Field>,
    window: Duration,
) -> Rule {
    let named = |list: Vec<TrafficCondition>| list.into_iter().map(|condition| (String::new(), condition)).collect();
    Rule {
        name: name.to_owned(),
        source: SourceKind::Traffic,
        metric,
        matcher: Matcher::Traffic(Filter { all: named(all), none: named(none) }),
        group_by,
        window,
        thresholds: Thresholds::default(),
        hold: Duration::ZERO,
        keep_firing_for: Duration::ZERO,
        cooldown: Duration::ZERO,
        notify: None,
        labels: BTreeMap::new(),
        description: None,
        runbook: None,
        enabled: true,
        line: 1,
    }
}

pub type Key = fn(&PointView<'_>) -> Option<Vec<Option<String>>>;

/// A rule, what it should count, and how the truth is read off.
struct Case {
    rule: Rule,
    key: Key,
    number: fn(&Right, f64) -> f64,
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn cases() -> Vec<Case> {
    let blocked = || TrafficCondition::Decision(vec![Decision::Blocked]);
    let mut list = Vec::new();
    for window in [10, 30, 120] {
        let window = minutes(window);
        let mut add = |name: &str,
                       metric: Metric,
                       all: Vec<TrafficCondition>,
                       none: Vec<TrafficCondition>,
                       group_by: Vec<Field>,
                       key: Key,
                       number: fn(&Right, f64) -> f64| {
            list.push(Case { rule: rule(&format!("{name} in {window:?}"), metric, all, none, group_by, window), key, number });
        };
        add("all", Metric::Connections, vec![], vec![], vec![], |_| Some(vec![]), |truth, _| truth.sums.connections as f64);
        add(
            "blocked",
            Metric::Connections,
            vec![blocked()],
            vec![],
            vec![],
            |view| (view.report.decision == Decision::Blocked).then(Vec::new),
            |truth, _| truth.sums.connections as f64,
        );
        add(
            "not blocked",
            Metric::Bytes,
            vec![],
            vec![blocked()],
            vec![],
            |view| (view.report.decision != Decision::Blocked).then(Vec::new),
            |truth, _| truth.sums.bytes() as f64,
        );
        add(
            "bytes by source",
            Metric::Bytes,
            vec![],
            vec![],
            vec![Field::SrcIp],
            |view| Some(vec![Some(view.src.ip.to_string())]),
            |truth, _| truth.sums.bytes() as f64,
        );
        add(
            "throughput",
            Metric::Throughput,
            vec![],
            vec![],
            vec![],
            |_| Some(vec![]),
            |truth, seconds| truth.sums.bytes() as f64 * 8.0 / seconds,
        );
        add("flows", Metric::Flows, vec![], vec![], vec![], |_| Some(vec![]), |truth, _| truth.sums.flows.len() as f64);
        add(
            "ports by source",
            Metric::Distinct(Field::Port),
            vec![],
            vec![],
            vec![Field::SrcIp],
            |view| Some(vec![Some(view.src.ip.to_string())]),
            |truth, _| truth.ports as f64,
        );
        add(
            "seen by the destination",
            Metric::BytesIn,
            vec![TrafficCondition::Direction(vec![Direction::Inbound])],
            vec![],
            vec![],
            |view| (view.direction == Direction::Inbound).then(Vec::new),
            |truth, _| truth.sums.bytes_in as f64,
        );
        add(
            "with a process",
            Metric::BytesOut,
            vec![TrafficCondition::Process(vec![Pattern::new("*", false).unwrap()])],
            vec![],
            vec![],
            |view| (!view.report.process.is_empty()).then(Vec::new),
            |truth, _| truth.sums.bytes_out as f64,
        );
        add(
            "by decision",
            Metric::Connections,
            vec![],
            vec![],
            vec![Field::Decision],
            |view| Some(vec![Some(view.report.decision.name().to_owned())]),
            |truth, _| truth.sums.connections as f64,
        );
        add(
            "by process",
            Metric::Connections,
            vec![],
            vec![],
            vec![Field::Process],
            |view| Some(vec![some(&view.report.process)]),
            |truth, _| truth.sums.connections as f64,
        );
    }
    list
}

/// Several runs over one world, the way the program does them.
struct Driver {
    memory: Option<TrafficMemory>,
    rules: Vec<RuleMemory>,
    lookback: Duration,
}

impl Driver {
    fn new(cases: &[Case], lookback: Duration) -> Self {
        Self { memory: Some(TrafficMemory::default()), rules: cases.iter().map(|_| RuleMemory::default()).collect(), lookback }
    }

    fn run(&mut self, cases: &[Case], world: &World, now: Timestamp, shuffle: u64) -> Vec<Observation> {
        let memory = self.memory.take().unwrap();
        let ask = ask::increases(memory.coverage.clone(), Vec::new(), minutes(120), self.lookback, minutes(24 * 60), now);
        let rules: Vec<&Rule> = cases.iter().map(|case| &case.rule).collect();
        let memory = TrafficMemory { coverage: ask.coverage.clone(), ..memory };
        let mut judge =
            TrafficJudge::new(&rules, Some(memory), Settings { lookback: self.lookback, cap: 1_000_000, may_repeat: true }, now);
        let mut endpoints = Endpoints::new(judge.marker());
        let mut records = world.record_set(now, ask.from, ask.to);
        fastrand::Rng::with_seed(shuffle).shuffle(&mut records);
        let answer = serde_json::to_vec(&records.iter().map(FlowRecord::to_json).collect::<Vec<_>>()).unwrap();
        let decoded = decode_flows(answer.as_slice(), &mut endpoints, &mut judge).unwrap();
        assert_eq!((decoded.rows, decoded.unreadable), (records.len() as u64, 0));
        let outcome = judge.finish(&mut self.rules, ask.span, ask.covered(true), ask.next_from(true, self.lookback));
        self.memory = outcome.memory;
        assert_eq!((outcome.timeless, outcome.over_cap), (0, 0));
        outcome.observations
    }
}

/// What a rule should have measured.
#[derive(Default)]
pub struct Right {
    pub sums: Truth,
    /// Different ports of the connections that became known.
    pub ports: usize,
}

/// The truth in the PCE's terms: behind an address translation the two ends speak of different flows.
pub fn truth(world: &World, span: Window, key: Key) -> BTreeMap<Vec<Option<String>>, Right> {
    let mut merged: BTreeMap<Vec<Option<String>>, Right> = BTreeMap::new();
    let translated = |view: &PointView<'_>| view.point.nat_src.is_some() && view.direction == Direction::Inbound;
    for ((key, _), truth) in world.truth_by(span, &|view| Some((key(view)?, translated(view)))) {
        merged.entry(key).or_default().sums.merge(&truth);
    }
    for ((key, port, _), truth) in world.truth_by(span, &|view| Some((key(view)?, view.point.port, translated(view)))) {
        if port.is_some() && truth.connections > 0 {
            merged.entry(key).or_default().ports += 1;
        }
    }
    merged
}

/// Compares every value that claims to be exact with the truth; returns how many did.
fn compare(cases: &[Case], observations: &[Observation], world: &World) -> Result<usize, TestCaseError> {
    let mut exact = 0;
    for (case, observation) in cases.iter().zip(observations) {
        let (from, to) = observation.covers.unwrap();
        let truth = truth(world, Window { from, to }, case.key);
        let seconds = case.rule.window.as_secs_f64().max(to.duration_since(from).as_secs_f64());
        let mut measured: BTreeMap<Vec<Option<String>>, (f64, bool)> = BTreeMap::new();
        for group in &observation.groups {
            measured.insert(group.group.clone(), (group.value.unwrap(), group.lower_bound));
        }
        let keys: std::collections::BTreeSet<_> = truth.keys().chain(measured.keys()).cloned().collect();
        for key in keys {
            let want = truth.get(&key).map_or(0.0, |truth| (case.number)(truth, seconds));
            let (have, lower_bound) = measured.get(&key).copied().unwrap_or((0.0, false));
            if lower_bound {
                prop_assert!(have <= want + 1e-6, "{} {key:?}: {have} is no lower bound of {want} in {from}..{to}", case.rule.name);
            } else {
                exact += 1;
                prop_assert!(
                    (have - want).abs() <= 1e-6 * want.max(1.0),
                    "{} {key:?}: {have}, truth {want} in {from}..{to}",
                    case.rule.name
                );
            }
        }
    }
    Ok(exact)
}

fn params() -> impl Strategy<Value = Params> {
    let hosts = (1u32..6, 0u32..4, 0u32..3, any::<bool>());
    let traffic = (0u32..6, 0u32..10, 0u32..6, 0u32..3, 0u32..3);
    let reporting = (0u32..30, prop_oneof![Just(0u32), Just(5), Just(10)]);
    let outages = prop::collection::vec((0u32..6, 0u32..300, 1u32..120), 0..3);
    (any::<u64>(), 0u32..1_440, 1u32..4_000, hosts, traffic, reporting, outages).prop_map(
        |(
            seed,
            start,
            length,
            (managed, unmanaged, kubernetes, ipv6),
            (long_lived, short, blocked, nat, icmp),
            (max_lag_minutes, report_minutes),
            outages,
        )| Params {
            seed,
            start: after("2026-11-19T00:00:00Z".parse().unwrap(), minutes(u64::from(start))),
            minutes: length,
            managed,
            unmanaged,
            kubernetes,
            ipv6,
            long_lived,
            short,
            blocked,
            nat,
            icmp,
            max_lag_minutes,
            report_minutes,
            outages: outages.into_iter().map(|(host, from_minute, minutes)| Outage { host, from_minute, minutes }).collect(),
            late_percent: 0,
            broadcast: 0,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    /// Over runs at irregular times, every value that is not marked as a lower bound is the truth by
    /// arrival, and every marked one is a lower bound of it.
    #[test]
    fn increases_are_the_truth(params in params(), first in 0u64..2_000, gaps in prop::collection::vec(1u64..95, 1..24), shuffle in any::<u64>()) {
        let world = World::generate(&params);
        let cases = cases();
        // A report waits for its VEN's next turn and then travels: both are within the lookback.
        let slack = if params.outages.is_empty() { 45 } else { 300 };
        let mut driver = Driver::new(&cases, minutes(slack));
        let mut now = after(params.start, minutes(first));
        let mut elapsed = 0;
        for (index, gap) in gaps.iter().enumerate() {
            let observations = driver.run(&cases, &world, now, shuffle.wrapping_add(index as u64));
            let exact = compare(&cases, &observations, &world)?;
            // Learning is short: two hours after the first look the longest window is exact too.
            if elapsed >= 120 {
                prop_assert!(observations.iter().all(|observation| observation.groups.iter().all(|group| !group.lower_bound)), "still learning after {elapsed} minutes");
                prop_assert!(exact >= cases.len() / 2);
            }
            now = after(now, minutes(*gap));
            elapsed += gap;
        }
    }
}
