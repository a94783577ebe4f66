//! The numbers are true: a world of true connections, told the way a PCE tells it, run after run.

use crate::support::budget;
use jiff::Timestamp;
use pcemon::domain::estimate::Estimate;
use pcemon::domain::field::Field;
use pcemon::domain::filter::{End, EndCondition, Filter, Pattern, PortRange, TrafficCondition};
use pcemon::domain::metric::Metric;
use pcemon::domain::record::{Decision, Direction, FlowSink};
use pcemon::domain::rule::{Matcher, Rule};
use pcemon::domain::time::{Window, after, before, utc_day_start};
use pcemon::judge::ask;
use pcemon::judge::coverage::Scope;
use pcemon::judge::late::Told;
use pcemon::judge::measurement::Measurement;
use pcemon::judge::memory::RuleMemory;
use pcemon::judge::plan;
use pcemon::judge::reading::Learned;
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

/// What is asked for: everything.
pub fn wanted(longest_window: u64, lookback: Duration) -> ask::Wanted {
    ask::Wanted {
        decisions: Vec::new(),
        scope: Scope::Everything,
        longest_window: minutes(longest_window),
        lookback,
        max_gap: minutes(24 * 60),
    }
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
    rules: BTreeMap<String, RuleMemory>,
    lookback: Duration,
    learned: Learned,
    /// What the other sources tell of what comes late.
    told: Told,
    /// Something was late of which nobody can know how much.
    missed: bool,
}

impl Driver {
    fn new(lookback: Duration) -> Self {
        Self {
            memory: Some(TrafficMemory::default()),
            rules: BTreeMap::new(),
            lookback,
            learned: Learned::default(),
            told: Told::default(),
            missed: false,
        }
    }

    fn run(&mut self, cases: &[Case], world: &World, now: Timestamp, shuffle: u64) -> Vec<Measurement> {
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
    ) -> Vec<Measurement> {
        self.run_some(&cases.iter().collect::<Vec<_>>(), world, now, shuffle, whole, twist)
    }

    /// A run with some of the rules only: the PCE is asked for what they count, and the others are forgotten.
    fn run_some(
        &mut self,
        cases: &[&Case],
        world: &World,
        now: Timestamp,
        shuffle: u64,
        whole: bool,
        twist: &dyn Fn(Vec<serde_json::Value>) -> Vec<serde_json::Value>,
    ) -> Vec<Measurement> {
        let memory = self.memory.take().unwrap();
        let rules: Vec<&Rule> = cases.iter().map(|case| &case.rule).collect();
        let filters: Vec<_> =
            rules.iter().map(|rule| if let Matcher::Traffic(filter) = &rule.matcher { filter } else { unreachable!() }).collect();
        let services = plan::wanted_services(filters.iter().copied());
        let decisions = plan::wanted_decisions(filters.iter().copied());
        let wanted = ask::Wanted { decisions, scope: Scope::of(&services), ..wanted(120, self.lookback) };
        let mut ask = ask::increases(memory.coverage.clone(), &wanted, now);
        let remembered = std::mem::take(&mut self.rules);
        let mut own: Vec<RuleMemory> = rules.iter().map(|rule| remembered.get(&rule.name).cloned().unwrap_or_default()).collect();
        let mut memory = TrafficMemory { coverage: ask.coverage.clone(), ..memory };
        if ask.anew {
            memory.looks.clear();
        }
        let mut judge = TrafficJudge::new(
            &rules,
            Some(memory),
            Settings {
                lookback: self.lookback,
                cap: 1_000_000,
                most_new: usize::MAX,
                is_over: || false,
                may_repeat: true,
                learned: self.learned,
            },
            now,
        );
        let mut endpoints = Endpoints::new(judge.marker());
        let mut answer = |judge: &mut TrafficJudge<'_>, from: Timestamp, to: Timestamp| {
            let mut records = world.record_set(now, from, to);
            records.retain(|record| {
                let serves = |service: &plan::WantedService| {
                    let within = |(from, to)| record.port.is_some_and(|port| from <= port && port <= to);
                    service.proto == i16::from(record.proto) && service.ports.is_none_or(within)
                };
                (wanted.decisions.is_empty() || wanted.decisions.contains(&record.decision))
                    && (services.is_empty() || services.iter().any(serves))
            });
            fastrand::Rng::with_seed(shuffle).shuffle(&mut records);
            let records = twist(records.iter().map(FlowRecord::to_json).collect());
            let answer = serde_json::to_vec(&records).unwrap();
            let decoded = decode_flows(answer.as_slice(), &mut endpoints, judge).unwrap();
            assert_eq!((decoded.rows, decoded.unreadable), (records.len() as u64, 0));
        };
        ask.late_before().into_iter().for_each(|usual| judge.late_before(usual));
        answer(&mut judge, ask.from, ask.to);
        let beside = ask::Beside { told: std::mem::take(&mut self.told), lookback: self.lookback };
        if let Some((from, to)) = ask.reach_back_for(&beside) {
            judge.begin_part(1);
            judge.late_before(ask.usual_from);
            answer(&mut judge, from, to);
        }
        let (covered, closing) = ask.close([whole; 4], &beside);
        self.missed = covered.misses_what_is_late();
        let mut outcome = judge.finish(&mut own, ask.span, covered, closing);
        if let Some(memory) = outcome.memory.as_mut().filter(|_| outcome.found_late) {
            memory.coverage.late.found(utc_day_start(now), now, self.lookback);
        }
        self.memory = outcome.memory;
        self.learned = outcome.learned;
        self.rules = rules.iter().map(|rule| rule.name.clone()).zip(own).collect();
        assert_eq!((outcome.timeless, outcome.over_cap), (0, 0));
        outcome.measurements
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
fn compare(cases: &[Case], measurements: &[Measurement], world: &World) -> Result<usize, TestCaseError> {
    compare_some(&cases.iter().collect::<Vec<_>>(), measurements, world)
}

fn compare_some(cases: &[&Case], measurements: &[Measurement], world: &World) -> Result<usize, TestCaseError> {
    let mut exact = 0;
    for (case, observation) in cases.iter().zip(measurements) {
        let (from, to) = observation.covers.unwrap();
        let truth = truth(world, Window { from, to }, case.key);
        let seconds = case.rule.window.as_secs_f64().max(to.duration_since(from).as_secs_f64());
        let measured: BTreeMap<Vec<Option<String>>, Estimate> =
            observation.groups.iter().map(|group| (group.group.clone(), group.estimate)).collect();
        let keys: std::collections::BTreeSet<_> = truth.keys().chain(measured.keys()).cloned().collect();
        for key in keys {
            let want = truth.get(&key).map_or(0.0, |truth| (case.number)(truth, seconds));
            let have = measured.get(&key).copied().unwrap_or(observation.unlisted.estimate);
            let slack = 1e-6 * want.max(1.0);
            exact += usize::from(have.is_exact());
            prop_assert!(
                have.low <= want + slack && want <= have.high + slack,
                "{} {key:?}: {have:?}, truth {want} in {from}..{to}",
                case.rule.name
            );
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
    #![proptest_config(ProptestConfig { cases: budget::cases(96), max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    /// Over runs at irregular times, every value that is not marked as a lower bound is the truth by
    /// arrival, and every marked one is a lower bound of it.
    #[test]
    fn increases_are_the_truth(params in params(), unreported in any::<bool>(), first in 0u64..2_000, gaps in prop::collection::vec(1u64..95, 1..24), shuffle in any::<u64>()) {
        let world = World::generate(&params);
        let world = if unreported { with_drops_unreported(&world) } else { world };
        let cases = cases();
        // A report waits for its VEN's next turn and then travels: both are within the lookback.
        let slack = if params.outages.is_empty() { 45 } else { 300 };
        let mut driver = Driver::new(minutes(slack));
        let mut now = after(params.start, minutes(first));
        let mut elapsed = 0;
        for (index, gap) in gaps.iter().enumerate() {
            let measurements = driver.run(&cases, &world, now, shuffle.wrapping_add(index as u64));
            let exact = compare(&cases, &measurements, &world)?;
            // Learning is short. What belongs to the day before the first look's own can come to life once more while
            // it is still asked for: at the latest in the first look that begins after the lookback has passed.
            if elapsed >= 120 + slack + 95 {
                // Where destinations drop, rules that mix decisions have two readings.
                let is_mixed = |case: &Case| !["blocked", "not blocked", "flows", "by decision"].iter().any(|name| case.rule.name.starts_with(name));
                for (case, observation) in cases.iter().zip(&measurements) {
                    let allowed = |estimate: Estimate| estimate.is_exact() || params.blocked > 0 && is_mixed(case) && estimate.high.is_finite();
                    let inexact = observation.groups.iter().find(|group| !allowed(group.estimate));
                    prop_assert!(inexact.is_none(), "{}: still learning after {elapsed} minutes: {inexact:?}", case.rule.name);
                }
                prop_assert!(exact >= cases.len() / 2);
            }
            now = after(now, minutes(*gap));
            elapsed += gap;
        }
    }
}

/// When the VEN of a host was last heard of at `now`: up to now, or up to the beginning of its outage.
fn heard(params: &Params, host: u32, now: Timestamp) -> Timestamp {
    let mut heard = now;
    for _ in &params.outages {
        for outage in params.outages.iter().filter(|outage| outage.host % params.managed.max(1) == host) {
            let from = after(params.start, minutes(u64::from(outage.from_minute)));
            let to = after(from, minutes(u64::from(outage.minutes)));
            if from <= heard && heard < to {
                heard = from;
            }
        }
    }
    heard
}

/// What the lists of VENs and of the database say at `now`: every VEN within its outages is silent, and nothing waits.
fn all_told(params: &Params, now: Timestamp) -> Told {
    let vens = (0..params.managed).map(|host| (u64::from(host), heard(params, host, now))).collect();
    Told { vens: Some(vens), waiting: Some(0) }
}

/// Worlds whose VENs are cut off for longer than the lookback.
fn cut_off() -> impl Strategy<Value = Params> {
    let outages = prop::collection::vec((0u32..6, 0u32..2_000, 30u32..700), 1..6);
    (params(), outages, 0u32..12).prop_map(|(params, outages, max_lag_minutes)| Params {
        managed: params.managed.max(2),
        max_lag_minutes,
        outages: outages.into_iter().map(|(host, from_minute, minutes)| Outage { host, from_minute, minutes }).collect(),
        ..params
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(96), max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    /// VENs that are cut off for longer than the lookback are told of by the list of VENs: every interval holds the truth, and
    /// rules on blocked connections, which only one end tells, are exact.
    #[test]
    fn what_vens_tell_late_is_counted_when_it_comes(params in cut_off(), first in 0u64..2_000, gaps in prop::collection::vec(1u64..95, 1..30), shuffle in any::<u64>()) {
        // Of what was late before the first look nobody tells.
        let outages = params.outages.iter().map(|outage| Outage { from_minute: outage.from_minute + first as u32, ..*outage });
        let params = Params { outages: outages.collect(), minutes: params.minutes + 500, ..params.clone() };
        let world = World::generate(&params);
        let cases = cases();
        // Half of it is for the ordinary delay of a VEN: it waits for its turn, and then it travels.
        let mut driver = Driver::new(minutes(45));
        let (mut now, mut elapsed, mut missed) = (after(params.start, minutes(first)), 0, false);
        for (index, gap) in gaps.iter().enumerate() {
            driver.told = all_told(&params, now);
            let measurements = driver.run(&cases, &world, now, shuffle.wrapping_add(index as u64));
            missed |= driver.missed;
            compare(&cases, &measurements, &world)?;
            if elapsed >= 120 + 45 + 95 && !missed {
                for (case, observation) in cases.iter().zip(&measurements).filter(|(case, _)| case.rule.name.starts_with("blocked")) {
                    prop_assert!(observation.groups.iter().all(|group| group.estimate.is_exact()), "{}: {:?}", case.rule.name, observation.groups);
                }
            }
            now = after(now, minutes(*gap));
            elapsed += gap;
        }
    }

    /// Where nobody tells, it is found within an hour, and a window that is long enough holds all of it.
    #[test]
    fn what_nobody_tells_of_is_found_within_the_hour(params in cut_off(), gaps in prop::collection::vec(1u64..60, 1..30), shuffle in any::<u64>()) {
        let start = utc_day_start(params.start);
        let outages = params.outages.iter().map(|outage| Outage { from_minute: outage.from_minute / 4, minutes: outage.minutes / 2, ..*outage });
        let params = Params { start, minutes: params.minutes.clamp(100, 500), outages: outages.collect(), ..params.clone() };
        let world = World::generate(&params);
        let day: Vec<Case> = cases().into_iter().filter(|case| case.rule.window == minutes(10) && case.rule.name.starts_with("blocked")).collect();
        let day: Vec<Case> = day.into_iter().map(|case| Case { rule: Rule { window: minutes(1_300), ..case.rule }, ..case }).collect();
        let mut driver = Driver::new(minutes(45));
        let mut now = after(start, minutes(1));
        driver.run(&day, &world, before(start, minutes(1)), shuffle);
        for (index, gap) in gaps.iter().enumerate() {
            driver.run(&day, &world, now, shuffle.wrapping_add(index as u64));
            now = after(now, minutes(*gap)).min(after(start, minutes(1_150)));
        }
        // Everything has arrived long since.
        let end = after(start, minutes(1_290));
        for look in [60, 1, 0] {
            let measurements = driver.run(&day, &world, before(end, minutes(look)), shuffle);
            let (from, to) = measurements[0].covers.unwrap();
            let want: f64 = truth(&world, Window { from, to }, day[0].key).values().map(|truth| (day[0].number)(truth, 1.0)).sum();
            prop_assert!(look > 0 || measurements[0].groups[0].estimate == Estimate::exact(want), "{:?}, truth {want}", measurements[0].groups);
        }
    }
}

/// The same world with all its connections on one port, so that a pair holds several kinds of them.
fn on_one_port(world: &World) -> World {
    let mut points = world.points().to_vec();
    for point in &mut points {
        point.port = point.port.map(|_| 443);
    }
    World::new(world.hosts().iter().map(|host| (**host).clone()).collect(), points)
}

/// The same world with VENs that do not report, at the source, what the destination drops.
fn with_drops_unreported(world: &World) -> World {
    let mut points = world.points().to_vec();
    for point in &mut points {
        let dropped = point.by_dst.as_ref().is_some_and(|report| report.decision == Decision::Blocked);
        if dropped && point.by_src.as_ref().is_some_and(|report| report.decision != Decision::Blocked) {
            point.by_src = None;
        }
    }
    World::new(world.hosts().iter().map(|host| (**host).clone()).collect(), points)
}

/// A number that stands for a bucket record, the same in every run.
fn bucket_of(record: &serde_json::Value) -> u64 {
    let first = record["timestamp_range"]["first_detected"].as_str().unwrap();
    let text = format!("{}{}{}{}{}", record["src"]["ip"], record["dst"]["ip"], record["service"], record["flow_direction"], &first[..10]);
    text.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

/// A number that stands for both ends' records of a pair.
fn pair_of(record: &serde_json::Value) -> u64 {
    let plain = serde_json::json!({ "flow_direction": "", "service": "", "src": record["src"], "dst": record["dst"], "timestamp_range": record["timestamp_range"] });
    bucket_of(&plain)
}

/// Leaves something out of a record: what makes it the record that it is always (`always`), anything else now and then.
fn leave_out(record: &mut serde_json::Value, always: u64, now: u64) {
    if always.is_multiple_of(11) {
        record["policy_decision"] = "blocked_by_moon".into();
    }
    if always.is_multiple_of(7) {
        record["service"].as_object_mut().unwrap().remove("port");
    }
    if now.is_multiple_of(5) {
        record.as_object_mut().unwrap().remove(["dst_bi", "dst_bo"][(now / 5 % 2) as usize]);
    }
    for (end, what) in [("src", now / 10), ("dst", now / 100)] {
        let Some(workload) = record[end]["workload"].as_object_mut() else { continue };
        match what % 9 {
            0 => drop(workload.remove("labels")),
            1 => drop(workload.insert("labels".to_owned(), serde_json::json!([{ "href": "/orgs/1/labels/1" }]))),
            2 => drop(workload.remove("managed")),
            3 => {
                let href = workload["href"].clone();
                record[end]["workload"] = serde_json::json!({ "href": href });
            }
            _ => {}
        }
    }
}

/// Rules on what only workloads have.
fn label_cases() -> Vec<Case> {
    let role = |end: End, value: &str| {
        TrafficCondition::End(end, EndCondition::Labels(BTreeMap::from([("role".to_owned(), vec![Pattern::new(value, false).unwrap()])])))
    };
    let managed = TrafficCondition::End(End::Src, EndCondition::Managed(true));
    let connections: fn(&Right, f64) -> f64 = |truth, _| truth.sums.connections as f64;
    type Row = (&'static str, Vec<TrafficCondition>, Vec<TrafficCondition>, Vec<Field>, Key);
    let cases: [Row; 4] = [
        ("to databases", vec![role(End::Dst, "db")], vec![], vec![], |view| (view.dst.label("role") == Some("db")).then(Vec::new)),
        ("not from the web", vec![], vec![role(End::Src, "web")], vec![], |view| (view.src.label("role") != Some("web")).then(Vec::new)),
        ("by role", vec![], vec![], vec![Field::DstLabel("role".to_owned())], |view| Some(vec![view.dst.label("role").map(str::to_owned)])),
        ("from managed ones", vec![managed], vec![], vec![], |view| view.src.is_managed().then(Vec::new)),
    ];
    let case = |(name, all, none, group_by, key): Row| Case {
        rule: rule(name, Metric::Connections, all, none, group_by, minutes(60)),
        key,
        number: connections,
    };
    cases.into_iter().map(case).collect()
}

/// Worlds without what no reader of the wire could tell apart: one state for all, nothing blocked at one end only.
fn plain_params() -> impl Strategy<Value = Params> {
    params().prop_map(|params| Params { blocked: 0, nat: 0, kubernetes: 0, outages: Vec::new(), ..params })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(48), max_shrink_iters: 1_000, ..ProptestConfig::default() })]

    /// The PCE may rename the state of a bucket, learn its workload or forget its process: it is the same bucket all the same.
    #[test]
    fn what_changes_inside_a_bucket_is_not_counted_again(params in plain_params(), gaps in prop::collection::vec(1u64..95, 2..16), what in 0usize..3) {
        // While a workload changes its name, the ends of its pairs are compared anew: exact when neither lags behind.
        let params = if what == 1 { Params { max_lag_minutes: 0, report_minutes: 0, ..params } } else { params };
        let world = of_one_state(&World::generate(&params));
        // Rules on what the twist changes are left out: their answer changes with it.
        let cases: Vec<Case> = cases().into_iter().filter(|case| !case.rule.name.contains("process")).collect();
        let mut driver = Driver::new(minutes(45));
        let mut now = after(params.start, minutes(90));
        for (index, gap) in gaps.iter().enumerate() {
            let twist = |mut records: Vec<serde_json::Value>| {
                for record in &mut records {
                    // Both ends of a pair name the same workload at the same time.
                    let pair = pair_of(record);
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
            let measurements = driver.run_twisted(&cases, &world, now, index as u64, true, &twist);
            compare(&cases, &measurements, &world)?;
            now = after(now, minutes(*gap));
        }
    }

    /// An answer that is short of records, and says so, costs nothing: the next whole one makes up for it. That holds of
    /// the first, too; and what a key says that never sees some of the pairs is certain.
    #[test]
    fn an_incomplete_answer_is_made_up_for(params in params(), gaps in prop::collection::vec(1u64..60, 3..14), missing in any::<u64>(), never in any::<bool>()) {
        let world = World::generate(&params);
        let cases = cases();
        let slack = if params.outages.is_empty() { 45 } else { 300 };
        let mut driver = Driver::new(minutes(slack));
        let mut now = after(params.start, minutes(90));
        let mut was_whole = false;
        for (index, gap) in gaps.iter().enumerate() {
            let whole = !never && (missing >> (index % 60)) & 1 == 0;
            was_whole |= whole;
            let keep = |mut records: Vec<serde_json::Value>| {
                if !whole {
                    // Now and then the same are left out, now and then others. One end alone only where a whole look came
                    // before: of a connection that the other end told earlier, an answer never had whole knows nothing.
                    let salt = if never { 0 } else { index as u64 / 2 };
                    let cut = |record: &serde_json::Value| salt ^ if was_whole { bucket_of(record) } else { pair_of(record) };
                    records.retain(|record| !(cut(record) ^ missing).is_multiple_of(3));
                }
                records
            };
            let mut measurements = driver.run_twisted(&cases, &world, now, index as u64, whole, &keep);
            if never {
                // The run knows that there may be more.
                for observation in &mut measurements {
                    observation.groups.iter_mut().for_each(|group| group.estimate = group.estimate.or_more());
                    observation.unlisted.estimate = observation.unlisted.estimate.or_more();
                }
            }
            if whole || never {
                compare(&cases, &measurements, &world)?;
            }
            now = after(now, minutes(*gap));
        }
    }

    /// Whatever records leave out, and whenever: the interval holds what is true, of rules that ask for it and of others.
    #[test]
    fn what_is_not_told_is_within_the_interval(params in params(), gaps in prop::collection::vec(1u64..95, 2..14), which in any::<u64>()) {
        let world = World::generate(&params);
        let cases: Vec<Case> = cases().into_iter().chain(label_cases()).collect();
        let slack = if params.outages.is_empty() { 45 } else { 300 };
        let mut driver = Driver::new(minutes(slack));
        let mut now = after(params.start, minutes(90));
        for (index, gap) in gaps.iter().enumerate() {
            let twist = |mut records: Vec<serde_json::Value>| {
                for record in &mut records {
                    let (pair, bucket) = (pair_of(record) ^ which, bucket_of(record) ^ which);
                    leave_out(record, pair, bucket ^ (index as u64 / 2).wrapping_mul(0x9e37_79b9_7f4a_7c15));
                }
                records
            };
            let measurements = driver.run_twisted(&cases, &world, now, index as u64, true, &twist);
            compare(&cases, &measurements, &world)?;
            now = after(now, minutes(*gap));
        }
    }

    /// Whatever rules come and go, and with them what the PCE is asked for, what the others count stays true.
    #[test]
    fn rules_may_come_and_go(params in params(), runs in prop::collection::vec((1u64..60, any::<u64>()), 3..14)) {
        let world = World::generate(&params);
        let ports = |from: u16, to: u16| TrafficCondition::Port(vec![PortRange { from, to, proto: Some(6) }]);
        let mut cases: Vec<Case> = cases().into_iter().filter(|case| case.rule.window == minutes(30)).collect();
        let port: Key = |view| view.point.port.is_some_and(|port| port <= 1_023 && view.point.proto == 6).then(Vec::new);
        let high: Key = |view| view.point.port.is_some_and(|port| (400..=9_000).contains(&port) && view.point.proto == 6).then(Vec::new);
        let number: fn(&Right, f64) -> f64 = |truth, _| truth.sums.connections as f64;
        for (name, condition, key) in [("low ports", ports(0, 1_023), port), ("high ports", ports(400, 9_000), high)] {
            let own = |window: u64| rule(&format!("{name} in {window}"), Metric::Connections, vec![condition.clone()], vec![], vec![], minutes(window));
            cases.extend([10, 120].map(|window| Case { rule: own(window), key, number }));
        }
        let slack = if params.outages.is_empty() { 45 } else { 300 };
        let mut driver = Driver::new(minutes(slack));
        let mut now = after(params.start, minutes(90));
        for (index, (gap, chosen)) in runs.iter().enumerate() {
            // Often only rules on some ports, so that the question becomes narrow.
            let narrow = chosen.is_multiple_of(2);
            let mut some: Vec<&Case> = cases
                .iter()
                .enumerate()
                .filter(|(number, case)| (chosen >> (number + 1)) & 1 == 1 && (!narrow || case.rule.name.contains("ports in")))
                .map(|(_, case)| case)
                .collect();
            if some.is_empty() {
                some.push(&cases[0]);
            }
            let measurements = driver.run_some(&some, &world, now, index as u64, true, &|records| records);
            compare_some(&some, &measurements, &world)?;
            now = after(now, minutes(*gap));
        }
    }

    /// On one port connections are allowed, dropped at the source and dropped at the destination: where no end is late, the
    /// interval holds the truth whether sources report what destinations drop or not, and rules on blocked are exact.
    #[test]
    fn what_either_end_drops_is_counted_once(params in params(), unreported in any::<bool>(), gaps in prop::collection::vec(1u64..95, 2..16)) {
        let params = Params { max_lag_minutes: 0, report_minutes: 0, nat: 0, outages: Vec::new(), blocked: params.blocked + 2, ..params };
        let world = on_one_port(&World::generate(&params));
        let world = if unreported { with_drops_unreported(&world) } else { world };
        let cases = cases();
        let mut driver = Driver::new(minutes(45));
        let mut now = after(params.start, minutes(90));
        for (index, gap) in gaps.iter().enumerate() {
            let measurements = driver.run(&cases, &world, now, index as u64);
            compare(&cases, &measurements, &world)?;
            for (case, observation) in cases.iter().zip(&measurements).filter(|(case, _)| case.rule.name.starts_with("blocked")) {
                let width = |estimate: Estimate| if estimate.high.is_finite() { estimate.high - estimate.low } else { 0.0 };
                prop_assert!(observation.groups.iter().all(|group| width(group.estimate) == 0.0), "{}", case.rule.name);
            }
            now = after(now, minutes(*gap));
        }
    }

    /// The same where ends are late: what rules without blocked connections count is at most late, never lost or doubled, so that
    /// a window over everything holds the truth once both ends have told.
    #[test]
    fn what_is_dropped_beside_what_is_not_is_counted_once_both_ends_have_told(params in params(), unreported in any::<bool>(), gaps in prop::collection::vec(1u64..95, 2..16)) {
        let start = utc_day_start(params.start);
        let params = Params { start, minutes: params.minutes.clamp(10, 600), nat: 0, outages: Vec::new(), blocked: params.blocked + 2, ..params };
        let world = on_one_port(&World::generate(&params));
        let world = if unreported { with_drops_unreported(&world) } else { world };
        let day: Vec<Case> = cases().into_iter().filter(|case| case.rule.name == "not blocked in 600s").collect();
        let day: Vec<Case> = day.into_iter().map(|case| Case { rule: Rule { window: minutes(1_300), ..case.rule }, ..case }).collect();
        let mut driver = Driver::new(minutes(45));
        driver.run(&day, &world, before(start, minutes(1)), 0);
        let mut now = start;
        for (index, gap) in gaps.iter().enumerate() {
            now = after(now, minutes(*gap)).min(after(start, minutes(900)));
            driver.run(&day, &world, now, index as u64);
        }
        let measurements = driver.run(&day, &world, after(start, minutes(1_000)), 0);
        let (from, to) = measurements[0].covers.unwrap();
        let want: f64 = truth(&world, Window { from, to }, day[0].key).values().map(|truth| (day[0].number)(truth, 1.0)).sum();
        let have = measurements[0].groups[0].estimate;
        prop_assert!(have.low <= want && want <= have.high, "{have:?}, truth {want}");
    }

    /// Late data moves `first_detected` back and comes out of order. With one reporter the numbers stay exact.
    #[test]
    fn late_data_of_one_reporter_is_counted_when_it_comes(params in plain_params(), gaps in prop::collection::vec(1u64..95, 2..16)) {
        let world = World::generate(&Params { managed: 1, unmanaged: 3, late_percent: 20, ..params.clone() });
        let cases = cases();
        let mut driver = Driver::new(minutes(26 * 60));
        let mut now = after(params.start, minutes(90));
        for (index, gap) in gaps.iter().enumerate() {
            let measurements = driver.run(&cases, &world, now, index as u64);
            compare(&cases, &measurements, &world)?;
            now = after(now, minutes(*gap));
        }
    }

    /// Records that nothing on the wire tells apart are counted by their sum.
    #[test]
    fn records_with_one_identity_are_summed(params in plain_params(), gaps in prop::collection::vec(1u64..95, 2..12)) {
        let world = World::generate(&params);
        let cases = cases();
        let mut driver = Driver::new(minutes(45));
        let mut now = after(params.start, minutes(90));
        for (index, gap) in gaps.iter().enumerate() {
            let measurements = driver.run_twisted(&cases, &world, now, index as u64, true, &|records| records.into_iter().flat_map(halves).collect());
            compare(&cases, &measurements, &world)?;
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
    learned: Learned,
    /// The latest value.
    estimate: Estimate,
}

impl Hand {
    fn new() -> Self {
        Self::of(minutes(10))
    }

    fn of(window: Duration) -> Self {
        let rule = rule("all", Metric::Connections, vec![], vec![], vec![], window);
        Self {
            rule,
            memory: TrafficMemory::default(),
            numbers: vec![RuleMemory::default()],
            cap: 1_000,
            learned: Learned::default(),
            estimate: Estimate::ZERO,
        }
    }

    /// What is known of the value.
    fn interval(&mut self, now: &str, records: &[serde_json::Value]) -> (f64, f64) {
        self.look(now, records);
        (self.estimate.low, self.estimate.high)
    }

    /// Value, whether it is a lower bound, and records that were not remembered.
    fn look(&mut self, now: &str, records: &[serde_json::Value]) -> (f64, bool, u64) {
        self.look_at(now, true, records)
    }

    fn look_at(&mut self, now: &str, whole: bool, records: &[serde_json::Value]) -> (f64, bool, u64) {
        let now: Timestamp = now.parse().unwrap();
        let memory = std::mem::take(&mut self.memory);
        let ask = ask::increases(memory.coverage.clone(), &wanted(10, minutes(30)), now);
        let mut memory = TrafficMemory { coverage: ask.coverage.clone(), ..memory };
        if ask.anew {
            memory.looks.clear();
        }
        let settings = Settings {
            lookback: minutes(30),
            cap: self.cap,
            most_new: usize::MAX,
            is_over: || false,
            may_repeat: false,
            learned: self.learned,
        };
        let mut judge = TrafficJudge::new(&[&self.rule], Some(memory), settings, now);
        let mut endpoints = Endpoints::new(judge.marker());
        decode_flows(serde_json::to_vec(&records).unwrap().as_slice(), &mut endpoints, &mut judge).unwrap();
        let (covered, closing) = ask.close([whole; 4], &ask::Beside { lookback: minutes(30), ..Default::default() });
        let outcome = judge.finish(&mut self.numbers, ask.span, covered, closing);
        self.memory = outcome.memory.unwrap();
        self.learned = outcome.learned;
        let [group] = &outcome.measurements[0].groups[..] else { panic!("one group") };
        self.estimate = group.estimate;
        (group.estimate.low, !group.estimate.is_exact(), outcome.over_cap)
    }
}

/// A record as sent, with its decision.
fn decided(decision: &str, direction: &str, first: &str, last: &str, connections: u64) -> serde_json::Value {
    let time = |time: &str| format!("2026-11-20T{time}:00Z");
    let mut record = by_hand(9, direction, &time(first), &time(last), connections);
    record["policy_decision"] = decision.into();
    record
}

/// The worst false calm there was: enforcement is switched on at the source, and what it drops never reaches the
/// destination, which had told more in the morning.
#[test]
fn what_the_source_drops_is_not_compared_with_what_the_destination_told() {
    let mut hand = Hand::new();
    hand.rule =
        rule("blocked", Metric::Connections, vec![TrafficCondition::Decision(vec![Decision::Blocked])], vec![], vec![], minutes(10));
    let inbound = decided("blocked", "inbound", "06:00", "11:55", 500);
    hand.look("2026-11-20T12:00:00Z", std::slice::from_ref(&inbound));
    for (look, told) in [("12:10", 50), ("12:20", 100), ("12:30", 150)] {
        let outbound = decided("blocked", "outbound", "12:01", &format!("12:{}9", told / 50 - 1), told);
        assert_eq!(hand.interval(&format!("2026-11-20T{look}:00Z"), &[inbound.clone(), outbound]), (50.0, 50.0), "{look}");
    }
}

/// A rule on all decisions has two readings where the destination drops, until it is learned which of them is true.
#[test]
fn what_destinations_drop_is_an_interval_until_it_is_learned_whether_sources_report_it() {
    for reported in [true, false] {
        let mut hand = Hand::new();
        // Each look: 100 more that are allowed, 30 more that the destination drops.
        let records = |look: u64| {
            let last = format!("{:02}:{:02}", 9 + look / 6, look % 6 * 10);
            [
                decided("allowed", "outbound", "08:00", &last, if reported { look * 130 + 10 } else { look * 100 + 5 }),
                decided("allowed", "inbound", "08:00", &last, look * 100 + 5),
                decided("blocked", "inbound", "08:00", &last, look * 30 + 5),
            ]
        };
        let now = |look: u64| format!("2026-11-20T{:02}:{:02}:30Z", 9 + look / 6, look % 6 * 10);
        hand.look(&now(0), &records(0));
        let interval = hand.interval(&now(1), &records(1));
        // What the source told is 130 of which 30 were dropped, or may be 130 that arrived and 30 more.
        assert_eq!(interval, if reported { (130.0, 160.0) } else { (130.0, 130.0) });
        // At rest for longer than VENs may be late: it is learned, and the next increase is exact.
        for look in ["10:00", "10:40", "11:20"] {
            hand.look(&format!("2026-11-20T{look}:00Z"), &records(1));
        }
        assert_eq!(hand.interval("2026-11-20T11:30:00Z", &records(15)), (14.0 * 130.0, 14.0 * 130.0), "{:?}", hand.learned);
    }
}

/// One end falls silent and the other begins: nobody can say whether they speak of the same connections, until leads
/// have aged.
#[test]
fn ends_that_change_their_minds_make_an_interval_instead_of_calm() {
    let mut hand = Hand::new();
    let minute = |total: u64| format!("{:02}:{:02}", 8 + total / 60, total % 60);
    let told = |direction: &str, first: u64, last: u64, count: u64| decided("allowed", direction, &minute(first), &minute(last), count);
    let at = |total: u64| format!("2026-11-20T{}:30Z", minute(total));
    hand.look(&at(0), &[told("inbound", 0, 0, 10)]);
    // The destination tells ten a look for three hours, then the source does.
    for look in 1..=18 {
        assert_eq!(hand.interval(&at(10 * look), &[told("inbound", 0, 10 * look, 10 + 10 * look)]).0, 10.0);
    }
    let inbound = told("inbound", 0, 180, 190);
    let mut widest = 0.0f64;
    for look in 22..=40 {
        let outbound = told("outbound", 191, 10 * look, 10 * (look - 21));
        let (low, high) = hand.interval(&at(10 * look), &[inbound.clone(), outbound]);
        // What the destination told within the last lookback may be what the source tells first.
        assert!(look < 25 || low <= 10.0 && 10.0 <= high, "{low} to {high}");
        widest = widest.max(high - low);
    }
    assert_eq!(widest, 10.0);
    // Both tell again: each connection once, and no interval any more.
    for look in 41..=48 {
        let both = [told("inbound", 0, 10 * look, 190 + 10 * (look - 40)), told("outbound", 191, 10 * look, 10 * (look - 21))];
        let (low, high) = hand.interval(&at(10 * look), &both);
        assert!(low <= 10.0 && 10.0 <= high, "{low} to {high}");
    }
}

/// The destination told 500 up to the look before, which are too young to have aged; then the source begins to tell.
#[test]
fn what_a_new_end_tells_is_not_hidden_behind_what_the_other_told_lately() {
    let mut hand = Hand::new();
    hand.look("2026-11-20T11:50:00Z", &[decided("allowed", "inbound", "11:41", "11:49", 10)]);
    let inbound = decided("allowed", "inbound", "11:41", "11:59", 510);
    assert_eq!(hand.interval("2026-11-20T12:00:00Z", std::slice::from_ref(&inbound)), (500.0, 500.0));
    for (look, told) in [("12:10", 50), ("12:20", 100), ("12:30", 150)] {
        let outbound = decided("allowed", "outbound", "12:01", &format!("12:{}9", told / 50 - 1), told);
        let now = format!("2026-11-20T{look}:00Z");
        for records in [vec![inbound.clone(), outbound.clone()], vec![outbound, inbound.clone()]] {
            let (memory, numbers) = (hand.memory.looks.clone(), hand.numbers.clone());
            let (coverage, aging) = (hand.memory.coverage.clone(), hand.memory.aging.clone());
            assert_eq!(hand.interval(&now, &records), (0.0, 50.0), "{look}");
            if records[0] != inbound {
                break;
            }
            // The same again in another order.
            (hand.memory.looks, hand.numbers, hand.memory.coverage, hand.memory.aging) = (memory, numbers, coverage, aging);
        }
    }
}

/// Two records of one pair that differ in their network, and forget their process at the same time.
#[test]
fn a_record_that_changed_finds_its_own_look_beside_others_that_fit() {
    let record = |network: &str, process: &str, first: &str, connections: u64, bytes: u64| {
        let mut record = decided("allowed", "outbound", first, "08:30", connections);
        record["network"] = serde_json::json!({ "href": "/orgs/1/networks/1", "name": network });
        record["service"]["process_name"] = process.into();
        record["dst_bi"] = bytes.into();
        record
    };
    let mut hand = Hand::new();
    hand.look("2026-11-20T08:40:00Z", &[record("Corporate", "p", "08:00", 5, 90), record("External", "p", "08:10", 7, 50)]);
    let now = [record("Corporate", "", "08:00", 8, 100), record("External", "", "08:10", 7, 50)];
    assert_eq!(hand.interval("2026-11-20T08:50:00Z", &now), (3.0, 3.0));
}

#[test]
fn a_counter_that_shrank_was_corrected() {
    let mut hand = Hand::new();
    let both = |last: &str, out: u64, inn: u64| {
        ["outbound", "inbound"].map(|side| by_hand(1, side, "2026-11-20T01:00:00Z", last, if side == "inbound" { inn } else { out }))
    };
    hand.look("2026-11-20T09:00:00Z", &both("2026-11-20T08:59:00Z", 100, 100));
    assert_eq!(hand.look("2026-11-20T09:10:00Z", &both("2026-11-20T09:09:00Z", 103, 103)), (3.0, false, 0));
    // The PCE was restored from a backup: what came since is not known, and is no alarm.
    assert_eq!(hand.look("2026-11-20T09:20:00Z", &both("2026-11-20T09:19:00Z", 60, 58)), (0.0, true, 0));
    assert_eq!(hand.look("2026-11-20T09:30:00Z", &both("2026-11-20T09:29:00Z", 61, 61)), (1.0, false, 0));
}

#[test]
fn after_a_first_answer_that_was_cut_looks_and_window_are_kept() {
    let began = |dst: u8, last: &str, count: u64| by_hand(dst, "outbound", "2026-11-20T08:52:00Z", last, count);
    let mut hand = Hand::new();
    // 121 are seen, the second pair is cut off.
    assert_eq!(hand.look_at("2026-11-20T09:00:00Z", false, &[began(1, "2026-11-20T08:59:00Z", 121)]).0, 121.0);
    // What was counted stays counted; what was cut off began before the window, so that only some of it may have come in it.
    let (value, lower_bound, _) =
        hand.look("2026-11-20T09:05:00Z", &[began(1, "2026-11-20T09:04:00Z", 181), began(2, "2026-11-20T09:04:00Z", 40)]);
    assert_eq!((value, lower_bound), (181.0, true));
    // Looked at early enough, all of it did.
    let mut hand = Hand::new();
    hand.look_at("2026-11-20T09:00:00Z", false, &[began(1, "2026-11-20T08:59:00Z", 121)]);
    let (value, lower_bound, _) =
        hand.look("2026-11-20T09:01:00Z", &[began(1, "2026-11-20T09:00:30Z", 181), began(2, "2026-11-20T09:00:30Z", 40)]);
    assert_eq!((value, lower_bound), (221.0, false));
    // The other end of what was counted is no second connection.
    let mut hand = Hand::new();
    let end = |side: &str, last: &str, count: u64| by_hand(1, side, "2026-11-20T08:52:00Z", last, count);
    assert_eq!(hand.look_at("2026-11-20T09:00:00Z", false, &[end("outbound", "2026-11-20T08:59:00Z", 720)]).0, 720.0);
    let both = [end("outbound", "2026-11-20T08:59:00Z", 720), end("inbound", "2026-11-20T08:59:00Z", 720)];
    assert_eq!(hand.look("2026-11-20T09:01:00Z", &both).0, 720.0);
}

#[test]
fn a_key_that_never_sees_everything_builds_a_window_all_the_same() {
    let mut hand = Hand::of(minutes(60));
    let mut values = Vec::new();
    for look in 0..9u64 {
        let now = after("2026-11-20T09:00:00Z".parse().unwrap(), minutes(10 * look));
        let record = by_hand(1, "outbound", "2026-11-20T01:00:00Z", &now.to_string(), 1_000 + 120 * look);
        values.push(hand.look_at(&now.to_string(), false, &[record]).0);
    }
    assert_eq!(values, [0.0, 120.0, 240.0, 360.0, 480.0, 600.0, 720.0, 720.0, 720.0]);
}

#[test]
fn a_rate_after_a_cut_answer_is_over_the_time_it_took() {
    let mut hand = Hand::new();
    hand.rule = rule("rate", Metric::Bandwidth, vec![], vec![], vec![], minutes(10));
    let at = |dst: u8, last: &str, bytes: u64| {
        let mut record = by_hand(dst, "outbound", "2026-11-20T01:00:00Z", last, 1);
        record["dst_bi"] = bytes.into();
        record
    };
    hand.look("2026-11-20T09:00:00Z", &[at(1, "2026-11-20T08:59:00Z", 1_000), at(2, "2026-11-20T08:59:00Z", 1_000)]);
    hand.look_at("2026-11-20T09:10:00Z", false, &[at(1, "2026-11-20T09:09:00Z", 2_000)]);
    // 75,000 bytes in ten minutes, and 75,000 in twenty.
    let grown = |dst: u8, bytes: u64| at(dst, "2026-11-20T09:19:00Z", bytes);
    assert_eq!(hand.look("2026-11-20T09:20:00Z", &[grown(1, 77_000), grown(2, 1_000)]).0, 1_000.0);
    let mut hand = Hand { rule: hand.rule, ..Hand::new() };
    hand.look("2026-11-20T09:00:00Z", &[at(1, "2026-11-20T08:59:00Z", 1_000), at(2, "2026-11-20T08:59:00Z", 1_000)]);
    hand.look_at("2026-11-20T09:10:00Z", false, &[at(1, "2026-11-20T09:09:00Z", 2_000)]);
    assert_eq!(hand.look("2026-11-20T09:20:00Z", &[grown(1, 2_000), grown(2, 76_000)]).0, 500.0);
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

/// Judging ends when its time is over, also after the last record was read: what waited for the end of the answer is not settled.
#[test]
fn judging_looks_at_the_clock() {
    for (is_over, too_late) in [((|| false) as fn() -> bool, false), (|| true, true)] {
        let mut hand = Hand::new();
        hand.look("2026-11-20T10:00:00Z", &[by_hand(1, "outbound", "2026-11-20T09:00:00Z", "2026-11-20T09:59:00Z", 5)]);
        let now: Timestamp = "2026-11-20T10:10:00Z".parse().unwrap();
        let memory = std::mem::take(&mut hand.memory);
        let settings = Settings { lookback: minutes(30), cap: 9, most_new: 9, is_over, may_repeat: false, learned: Learned::default() };
        let mut judge = TrafficJudge::new(&[&hand.rule], Some(memory), settings, now);
        let mut endpoints = Endpoints::new(judge.marker());
        // The same record, closed by now: which one it was is only known at the end.
        let mut record = by_hand(1, "outbound", "2026-11-20T09:00:00Z", "2026-11-20T10:09:00Z", 9);
        record["state"] = "closed".into();
        decode_flows(serde_json::to_vec(&[record]).unwrap().as_slice(), &mut endpoints, &mut judge).unwrap();
        assert_eq!(judge.settle().too_late, too_late);
    }
}
