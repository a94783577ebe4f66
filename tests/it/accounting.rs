//! The numbers are true: a world of true connections, told the way a PCE tells it, run after run.

use jiff::Timestamp;
use pcemon::domain::field::Field;
use pcemon::domain::filter::{Filter, Pattern, TrafficCondition};
use pcemon::domain::metric::Metric;
use pcemon::domain::record::{Decision, Direction};
use pcemon::domain::rule::{Matcher, Rule};
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
    let matcher = Matcher::Traffic(Filter { all: named(all), none: named(none) });
    Rule { group_by, window, cooldown: Duration::ZERO, ..Rule::counting(name, pcemon::sources::TRAFFIC, metric, matcher) }
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
        self.run_twisted(cases, world, now, shuffle, true, &|records| records)
    }

    /// A run whose answer is changed on its way; `whole` says whether it claims to be complete.
    fn run_twisted(
        &mut self,
        cases: &[Case],
        world: &World,
        now: Timestamp,
        shuffle: u64,
        whole: bool,
        twist: &dyn Fn(Vec<serde_json::Value>) -> Vec<serde_json::Value>,
    ) -> Vec<Observation> {
        let memory = self.memory.take().unwrap();
        let ask = ask::increases(memory.coverage.clone(), Vec::new(), minutes(120), self.lookback, minutes(24 * 60), now);
        let rules: Vec<&Rule> = cases.iter().map(|case| &case.rule).collect();
        let looks = if ask.anew { Vec::new() } else { memory.looks };
        let memory = TrafficMemory { coverage: ask.coverage.clone(), looks };
        let mut judge =
            TrafficJudge::new(&rules, Some(memory), Settings { lookback: self.lookback, cap: 1_000_000, may_repeat: true }, now);
        let mut endpoints = Endpoints::new(judge.marker());
        let mut records = world.record_set(now, ask.from, ask.to);
        fastrand::Rng::with_seed(shuffle).shuffle(&mut records);
        let records = twist(records.iter().map(FlowRecord::to_json).collect());
        let answer = serde_json::to_vec(&records).unwrap();
        let decoded = decode_flows(answer.as_slice(), &mut endpoints, &mut judge).unwrap();
        assert_eq!((decoded.rows, decoded.unreadable), (records.len() as u64, 0));
        let outcome = judge.finish(&mut self.rules, ask.span, ask.covered(whole), ask.next_from(whole, self.lookback));
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
            measured.insert(group.group.clone(), (group.estimate.low, !group.estimate.is_exact()));
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
            // Learning is short. What belongs to the day before the first look's own can come to life once more while
            // it is still asked for: at the latest in the first look that begins after the lookback has passed.
            if elapsed >= 120 + slack + 95 {
                prop_assert!(observations.iter().all(|observation| observation.groups.iter().all(|group| group.estimate.is_exact())), "still learning after {elapsed} minutes");
                prop_assert!(exact >= cases.len() / 2);
            }
            now = after(now, minutes(*gap));
            elapsed += gap;
        }
    }
}

/// A number that stands for a bucket record, the same in every run.
fn bucket_of(record: &serde_json::Value) -> u64 {
    let first = record["timestamp_range"]["first_detected"].as_str().unwrap();
    let text = format!("{}{}{}{}{}", record["src"]["ip"], record["dst"]["ip"], record["service"], record["flow_direction"], &first[..10]);
    text.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

/// Worlds without what no reader of the wire could tell apart: one state for all, nothing blocked at one end only.
fn plain_params() -> impl Strategy<Value = Params> {
    params().prop_map(|params| Params { blocked: 0, nat: 0, kubernetes: 0, outages: Vec::new(), ..params })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 1_000, ..ProptestConfig::default() })]

    /// The PCE may rename the state of a bucket, learn its workload or forget its process: it is the same bucket all the same.
    #[test]
    fn what_changes_inside_a_bucket_is_not_counted_again(params in plain_params(), gaps in prop::collection::vec(1u64..95, 2..16), what in 0usize..3) {
        // While a workload changes its name, the ends of its pairs are compared anew: exact when neither lags behind.
        let params = if what == 1 { Params { max_lag_minutes: 0, report_minutes: 0, ..params } } else { params };
        let world = of_one_state(&World::generate(&params));
        // Rules on what the twist changes are left out: their answer changes with it.
        let cases: Vec<Case> = cases().into_iter().filter(|case| !case.rule.name.contains("process")).collect();
        let mut driver = Driver::new(&cases, minutes(45));
        let mut now = after(params.start, minutes(90));
        for (index, gap) in gaps.iter().enumerate() {
            let twist = |mut records: Vec<serde_json::Value>| {
                for record in &mut records {
                    // Both ends of a pair name the same workload at the same time.
                    let pair = bucket_of(&serde_json::json!({ "flow_direction": "", "service": "", "src": record["src"], "dst": record["dst"], "timestamp_range": record["timestamp_range"] }));
                    let flipped = (if what == 1 { pair } else { bucket_of(record) } >> (index % 40)) & 1 == 0;
                    match what {
                        0 => record["state"] = if flipped { "closed" } else { "active" }.into(),
                        1 if flipped => { record["src"].as_object_mut().unwrap().remove("workload"); }
                        2 if flipped => { record["service"].as_object_mut().unwrap().remove("process_name"); }
                        _ => {}
                    }
                }
                records
            };
            let observations = driver.run_twisted(&cases, &world, now, index as u64, true, &twist);
            compare(&cases, &observations, &world)?;
            now = after(now, minutes(*gap));
        }
    }

    /// An answer that is short of records, and says so, costs nothing: the next whole one makes up for it.
    #[test]
    fn an_incomplete_answer_is_made_up_for(params in params(), gaps in prop::collection::vec(1u64..60, 3..14), missing in any::<u64>()) {
        let world = World::generate(&params);
        let cases = cases();
        let slack = if params.outages.is_empty() { 45 } else { 300 };
        let mut driver = Driver::new(&cases, minutes(slack));
        let mut now = after(params.start, minutes(90));
        for (index, gap) in gaps.iter().enumerate() {
            let whole = index == 0 || (missing >> (index % 60)) & 1 == 0;
            let keep = |mut records: Vec<serde_json::Value>| {
                if !whole {
                    records.retain(|record| !(bucket_of(record) ^ missing).is_multiple_of(3));
                }
                records
            };
            let observations = driver.run_twisted(&cases, &world, now, index as u64, whole, &keep);
            // A short answer is marked as such by the run; what it claims is checked when it is made up for.
            if whole {
                compare(&cases, &observations, &world)?;
            }
            now = after(now, minutes(*gap));
        }
    }

    /// Late data moves `first_detected` back and comes out of order. With one reporter the numbers stay exact.
    #[test]
    fn late_data_of_one_reporter_is_counted_when_it_comes(params in plain_params(), gaps in prop::collection::vec(1u64..95, 2..16)) {
        let world = World::generate(&Params { managed: 1, unmanaged: 3, late_percent: 20, ..params.clone() });
        let cases = cases();
        let mut driver = Driver::new(&cases, minutes(26 * 60));
        let mut now = after(params.start, minutes(90));
        for (index, gap) in gaps.iter().enumerate() {
            let observations = driver.run(&cases, &world, now, index as u64);
            compare(&cases, &observations, &world)?;
            now = after(now, minutes(*gap));
        }
    }

    /// Records that nothing on the wire tells apart are counted by their sum.
    #[test]
    fn records_with_one_identity_are_summed(params in plain_params(), gaps in prop::collection::vec(1u64..95, 2..12)) {
        let world = World::generate(&params);
        let cases = cases();
        let mut driver = Driver::new(&cases, minutes(45));
        let mut now = after(params.start, minutes(90));
        for (index, gap) in gaps.iter().enumerate() {
            let observations = driver.run_twisted(&cases, &world, now, index as u64, true, &|records| records.into_iter().flat_map(halves).collect());
            compare(&cases, &observations, &world)?;
            now = after(now, minutes(*gap));
        }
    }
}

/// One record told as two of the same identity.
fn halves(record: serde_json::Value) -> Vec<serde_json::Value> {
    let (mut one, mut other) = (record.clone(), record);
    for key in ["num_connections", "dst_bi", "dst_bo"] {
        let total = one[key].as_u64().unwrap();
        one[key] = (total - total / 3).into();
        other[key] = (total / 3).into();
    }
    vec![one, other]
}

/// The same world at a PCE that does not keep states apart.
fn of_one_state(world: &World) -> World {
    let mut points = world.points().to_vec();
    for report in points.iter_mut().flat_map(|point| [&mut point.by_src, &mut point.by_dst]).flatten() {
        report.state = "active".into();
    }
    World::new(world.hosts().iter().map(|host| (**host).clone()).collect(), points)
}

/// A record as sent, by hand: destination's last octet, reporter, span, connections.
fn by_hand(dst: u8, direction: &str, first: &str, last: &str, connections: u64) -> serde_json::Value {
    let end = |ip: String| serde_json::json!({ "ip": ip, "workload": { "href": format!("/orgs/1/workloads/{ip}"), "name": ip, "managed": true, "labels": [] } });
    serde_json::json!({
        "src": end("10.0.0.1".to_owned()), "dst": end(format!("10.0.1.{dst}")), "service": { "port": 443, "proto": 6 },
        "num_connections": connections, "policy_decision": "allowed", "state": "active", "flow_direction": direction,
        "timestamp_range": { "first_detected": first, "last_detected": last }, "dst_bi": 0, "dst_bo": 0,
    })
}

/// Looks by hand: what one rule measures over runs with the given answers.
struct Hand {
    rule: Rule,
    memory: TrafficMemory,
    numbers: Vec<RuleMemory>,
    cap: usize,
}

impl Hand {
    fn new() -> Self {
        let rule = rule("all", Metric::Connections, vec![], vec![], vec![], minutes(10));
        Self { rule, memory: TrafficMemory::default(), numbers: vec![RuleMemory::default()], cap: 1_000 }
    }

    /// Value, whether it is a lower bound, and records that were not remembered.
    fn look(&mut self, now: &str, records: &[serde_json::Value]) -> (f64, bool, u64) {
        let now: Timestamp = now.parse().unwrap();
        let memory = std::mem::take(&mut self.memory);
        let ask = ask::increases(memory.coverage.clone(), Vec::new(), minutes(10), minutes(30), minutes(24 * 60), now);
        let looks = if ask.anew { Vec::new() } else { memory.looks };
        let memory = TrafficMemory { coverage: ask.coverage.clone(), looks };
        let settings = Settings { lookback: minutes(30), cap: self.cap, may_repeat: false };
        let mut judge = TrafficJudge::new(&[&self.rule], Some(memory), settings, now);
        let mut endpoints = Endpoints::new(judge.marker());
        decode_flows(serde_json::to_vec(&records).unwrap().as_slice(), &mut endpoints, &mut judge).unwrap();
        let outcome = judge.finish(&mut self.numbers, ask.span, ask.covered(true), ask.next_from(true, minutes(30)));
        self.memory = outcome.memory.unwrap();
        let [group] = &outcome.observations[0].groups[..] else { panic!("one group") };
        (group.estimate.low, !group.estimate.is_exact(), outcome.over_cap)
    }
}

#[test]
fn a_counter_that_went_down_restarted_at_both_ends() {
    let mut hand = Hand::new();
    let both = |last: &str, out: u64, inn: u64| {
        ["outbound", "inbound"].map(|side| by_hand(1, side, "2026-11-20T01:00:00Z", last, if side == "inbound" { inn } else { out }))
    };
    hand.look("2026-11-20T09:00:00Z", &both("2026-11-20T08:59:00Z", 100, 100));
    assert_eq!(hand.look("2026-11-20T09:10:00Z", &both("2026-11-20T09:09:00Z", 103, 103)), (3.0, false, 0));
    // Both restart; one end is two reports behind.
    assert_eq!(hand.look("2026-11-20T09:20:00Z", &both("2026-11-20T09:19:00Z", 5, 3)), (5.0, false, 0));
    assert_eq!(hand.look("2026-11-20T09:30:00Z", &both("2026-11-20T09:29:00Z", 6, 6)), (1.0, false, 0));
}

#[test]
fn a_bucket_may_pass_midnight_and_the_next_day_has_its_own() {
    let mut hand = Hand::new();
    let old = |last: &str, count: u64| by_hand(1, "outbound", "2026-11-19T08:00:00Z", last, count);
    let new = |last: &str, count: u64| by_hand(1, "outbound", "2026-11-20T00:01:32Z", last, count);
    hand.look("2026-11-19T23:50:00Z", &[old("2026-11-19T23:49:00Z", 200)]);
    assert_eq!(hand.look("2026-11-20T00:00:00Z", &[old("2026-11-19T23:58:00Z", 202)]), (2.0, false, 0));
    assert_eq!(hand.look("2026-11-20T00:10:00Z", &[old("2026-11-20T00:01:32Z", 203), new("2026-11-20T00:06:00Z", 4)]), (5.0, false, 0));
    assert_eq!(hand.look("2026-11-20T00:20:00Z", &[old("2026-11-20T00:01:32Z", 203), new("2026-11-20T00:16:00Z", 6)]), (2.0, false, 0));
    // Looks of yesterday are forgotten when its buckets can no longer come back.
    for minute in [40, 50] {
        hand.look(&format!("2026-11-20T01:{minute}:00Z"), &[new("2026-11-20T01:30:00Z", 6)]);
    }
    assert_eq!(hand.memory.looks.len(), 1);
}

#[test]
fn a_weekly_bucket_adds_nothing() {
    let mut hand = Hand::new();
    let daily = by_hand(1, "outbound", "2026-11-20T08:00:00Z", "2026-11-20T08:59:00Z", 9);
    hand.look("2026-11-20T09:00:00Z", &[]);
    hand.look("2026-11-20T09:10:00Z", std::slice::from_ref(&daily));
    let weekly = by_hand(2, "outbound", "2026-11-09T00:10:00Z", "2026-11-15T23:50:00Z", 5_000);
    // Its past is unknown: it is learning, and the value says that it may be more.
    assert_eq!(hand.look("2026-11-20T09:20:00Z", &[daily.clone(), weekly.clone()]), (0.0, true, 0));
    hand.look("2026-11-20T09:30:00Z", &[daily.clone(), weekly.clone()]);
    assert_eq!(hand.look("2026-11-20T09:40:00Z", &[daily, weekly]).0, 0.0);
}

#[test]
fn the_cap_is_loud_and_counts_nothing_twice() {
    let mut hand = Hand::new();
    let records = |count: u64| -> Vec<serde_json::Value> {
        (1..=5).map(|dst| by_hand(dst, "outbound", "2026-11-20T08:00:00Z", "2026-11-20T08:59:00Z", count)).collect()
    };
    hand.cap = 3;
    hand.look("2026-11-20T09:00:00Z", &records(10));
    let (value, lower_bound, over_cap) = hand.look("2026-11-20T09:10:00Z", &records(11));
    assert_eq!((value, lower_bound, over_cap), (3.0, true, 2));
    // With room again, what was left out is learned, not taken for new.
    hand.cap = 100;
    let (value, lower_bound, over_cap) = hand.look("2026-11-20T09:20:00Z", &records(12));
    assert_eq!((value, lower_bound, over_cap), (3.0, true, 0));
    assert_eq!(hand.look("2026-11-20T09:30:00Z", &records(13)).0, 5.0);
}

#[test]
fn the_first_look_says_what_it_cannot_know() {
    let mut hand = Hand::new();
    let within = by_hand(1, "outbound", "2026-11-20T08:55:00Z", "2026-11-20T08:59:00Z", 4);
    let before = by_hand(2, "outbound", "2026-11-20T03:00:00Z", "2026-11-20T08:59:00Z", 900);
    let long_over = by_hand(3, "outbound", "2026-11-20T03:00:00Z", "2026-11-20T04:00:00Z", 900);
    assert_eq!(Hand::new().look("2026-11-20T09:00:00Z", &[within.clone(), long_over.clone()]), (4.0, false, 0));
    assert_eq!(hand.look("2026-11-20T09:00:00Z", &[within, before, long_over]), (4.0, true, 0));
}

#[test]
fn after_a_pause_that_cannot_be_bridged_counting_begins_anew() {
    let mut hand = Hand::new();
    let known = |day: u8, last: &str, count: u64| {
        by_hand(1, "outbound", &format!("2026-11-{day}T00:05:00Z"), &format!("2026-11-{day}T{last}:00Z"), count)
    };
    hand.look("2026-11-16T09:00:00Z", &[known(16, "08:59", 100)]);
    assert_eq!(hand.look("2026-11-16T09:10:00Z", &[known(16, "09:09", 103)]), (3.0, false, 0));
    // A pause of an hour is bridged: the value says that it covers the hour.
    assert_eq!(hand.look("2026-11-16T10:10:00Z", &[known(16, "10:09", 110)]), (7.0, false, 0));
    // Four days are not: the bucket began before the window, so that the value is a lower bound.
    let over_midnight = by_hand(1, "outbound", "2026-11-19T00:05:00Z", "2026-11-20T00:01:00Z", 5_000);
    assert_eq!(hand.look("2026-11-20T09:00:00Z", &[over_midnight, known(20, "08:59", 900)]), (0.0, true, 0));
    assert_eq!(hand.look("2026-11-20T09:11:00Z", &[known(20, "09:10", 904)]), (4.0, false, 0));
}
