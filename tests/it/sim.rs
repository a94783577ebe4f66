//! The simulated PCE keeps the PCE's habits: what other tests build on must itself be true.

use crate::support::budget;
use jiff::Timestamp;
use pcemon::domain::record::{Decision, Direction};
use pcemon::domain::time::{Window, after, before, utc_day_start};
use pcemon::sim::generate::{Outage, Params};
use pcemon::sim::record::FlowRecord;
use pcemon::sim::world::{PointView, World};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

fn whole(upto: Timestamp) -> Window {
    Window { from: Timestamp::MIN, to: upto }
}

/// What makes two records the same bucket, as a reader of the wire can tell.
fn identity(record: &FlowRecord) -> String {
    let mut json = record.to_json();
    let object = json.as_object_mut().unwrap();
    for key in ["num_connections", "dst_bi", "dst_bo", "timestamp_range", "seq_id"] {
        object.remove(key).unwrap();
    }
    format!("{} {json}", utc_day_start(record.first))
}

fn params() -> impl Strategy<Value = Params> {
    let hosts = (1u32..6, 0u32..4, 0u32..3, any::<bool>());
    let traffic = (0u32..5, 0u32..6, 0u32..5, 0u32..3, 0u32..3, 0u32..2);
    let reporting = (0u32..30, prop_oneof![Just(0u32), Just(5), Just(10)], prop_oneof![Just(0u32), Just(10)]);
    let outages = prop::collection::vec((0u32..6, 0u32..300, 1u32..120), 0..3);
    (any::<u64>(), 0u32..1_440, 1u32..600, hosts, traffic, reporting, outages).prop_map(
        |(
            seed,
            start,
            length,
            (managed, unmanaged, kubernetes, ipv6),
            (long_lived, short, blocked, nat, icmp, broadcast),
            reporting,
            outages,
        )| {
            let (max_lag_minutes, report_minutes, late_percent) = reporting;
            Params {
                seed,
                start: after(at("2026-11-19T00:00:00Z"), minutes(u64::from(start))),
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
                broadcast,
                max_lag_minutes,
                report_minutes,
                outages: outages.into_iter().map(|(host, from_minute, minutes)| Outage { host, from_minute, minutes }).collect(),
                late_percent,
            }
        },
    )
}

fn looks(params: &Params) -> Vec<Timestamp> {
    (0..12).map(|index| after(params.start, minutes(index * u64::from(params.minutes) / 8 + index * 7))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(96), ..ProptestConfig::default() })]

    #[test]
    fn equal_parameters_make_equal_worlds(params in params()) {
        let now = after(params.start, minutes(2_000));
        let records = |world: World| world.record_set(now, Timestamp::MIN, Timestamp::MAX);
        prop_assert_eq!(records(World::generate(&params)), records(World::generate(&params)));
    }

    #[test]
    fn truth_of_parts_adds_up_to_truth_of_the_whole(params in params()) {
        let world = World::generate(&params);
        let filters: [&dyn Fn(&PointView<'_>) -> bool; 3] = [
            &|_| true,
            &|view| view.report.decision == Decision::Blocked,
            &|view| view.direction == Direction::Inbound,
        ];
        for filter in filters {
            let mut sum = world.truth(whole(params.start), filter);
            for pair in looks(&params).windows(2) {
                sum.merge(&world.truth(Window { from: pair[0], to: pair[1] }, filter));
            }
            prop_assert_eq!(&sum, &world.truth(whole(*looks(&params).last().unwrap()), filter));
        }
    }

    #[test]
    fn record_totals_are_the_sums_of_the_points_known(params in params()) {
        let world = World::generate(&params);
        for now in looks(&params) {
            let mut known: [u64; 3] = [0; 3];
            for point in world.points() {
                for report in [&point.by_src, &point.by_dst].into_iter().flatten() {
                    if report.arrival <= now {
                        known[0] += point.connections;
                        known[1] += point.bytes_in;
                        known[2] += point.bytes_out;
                    }
                }
            }
            let records = world.record_set(now, Timestamp::MIN, Timestamp::MAX);
            let sum = |field: fn(&FlowRecord) -> u64| records.iter().map(field).sum::<u64>();
            prop_assert_eq!(known, [sum(|r| r.connections), sum(|r| r.bytes_in), sum(|r| r.bytes_out)]);
            for record in &records {
                prop_assert_eq!(utc_day_start(record.first), utc_day_start(record.last));
                prop_assert!(record.first <= record.last && record.last <= now && record.connections > 0);
            }
            let names: Vec<String> = records.iter().map(identity).collect();
            let mut unique = names.clone();
            unique.sort();
            unique.dedup();
            prop_assert_eq!(unique.len(), names.len(), "two records of one bucket");
        }
    }

    #[test]
    fn buckets_only_grow_and_never_begin_later(params in params()) {
        let world = World::generate(&params);
        let mut earlier: BTreeMap<String, FlowRecord> = BTreeMap::new();
        for now in looks(&params) {
            let records: BTreeMap<String, FlowRecord> =
                world.record_set(now, Timestamp::MIN, Timestamp::MAX).into_iter().map(|record| (identity(&record), record)).collect();
            for (name, old) in &earlier {
                let new = &records[name];
                prop_assert!(new.first <= old.first && new.last >= old.last);
                prop_assert!(new.connections >= old.connections && new.bytes_in >= old.bytes_in && new.bytes_out >= old.bytes_out);
                prop_assert_eq!(new.seq_id, old.seq_id);
            }
            earlier = records;
        }
    }

    #[test]
    fn a_window_selects_and_does_not_clip(params in params()) {
        let world = World::generate(&params);
        for now in looks(&params) {
            let every: BTreeMap<String, FlowRecord> =
                world.record_set(now, Timestamp::MIN, Timestamp::MAX).into_iter().map(|record| (identity(&record), record)).collect();
            for length in [5, 30, 120] {
                let from = before(now, minutes(length));
                let got = world.record_set(now, from, now);
                for record in &got {
                    prop_assert_eq!(record, &every[&identity(record)]);
                }
                let want = every.values().filter(|record| record.last >= from && record.first <= now).count();
                prop_assert_eq!(got.len(), want);
            }
        }
    }

    // What a careful reader of records can achieve: the end that is ahead knows all that the other knows.
    #[test]
    fn the_end_that_is_ahead_knows_the_truth(mut params in params()) {
        (params.late_percent, params.nat, params.blocked) = (0, 0, 0);
        let world = World::generate(&params);
        for now in looks(&params) {
            let mut pairs: BTreeMap<_, [u64; 2]> = BTreeMap::new();
            for record in world.record_set(now, Timestamp::MIN, Timestamp::MAX) {
                let sums = pairs.entry((record.src.ip, record.dst.ip, record.port, record.proto)).or_default();
                sums[usize::from(record.direction == Direction::Inbound)] += record.bytes_in;
            }
            let read: u64 = pairs.values().map(|[outbound, inbound]| outbound.max(inbound)).sum();
            prop_assert_eq!(read, world.truth(whole(now), &|_| true).bytes_in);
        }
    }

    #[test]
    fn a_ven_reports_in_order_unless_told_otherwise(mut params in params()) {
        params.late_percent = 0;
        let world = World::generate(&params);
        let mut latest: BTreeMap<usize, Timestamp> = BTreeMap::new();
        let limit = minutes(u64::from(params.max_lag_minutes + params.report_minutes) + params.outages.iter().map(|o| u64::from(o.minutes)).sum::<u64>());
        for point in world.points() {
            for (host, report) in [(point.src, &point.by_src), (point.dst, &point.by_dst)] {
                let Some(report) = report else { continue };
                prop_assert!(world.hosts()[host].is_managed());
                prop_assert!(report.arrival >= point.at && report.arrival <= after(point.at, limit));
                let before = latest.insert(host, report.arrival);
                prop_assert!(before.is_none_or(|before| before <= report.arrival));
            }
        }
    }
}

#[test]
fn a_managed_pair_is_reported_twice_and_counts_once() {
    let params = Params { managed: 2, unmanaged: 0, blocked: 0, icmp: 0, ..Params::small(7, at("2026-11-20T01:00:00Z")) };
    let world = World::generate(&params);
    let end = at("2026-11-20T12:00:00Z");
    let records = world.record_set(end, Timestamp::MIN, end);
    let count = |direction| records.iter().filter(|record| record.direction == direction).map(|record| record.connections).sum::<u64>();
    assert!(count(Direction::Inbound) > 50);
    assert_eq!(count(Direction::Inbound), count(Direction::Outbound));
    assert_eq!(world.truth(whole(end), &|_| true).connections, count(Direction::Inbound));
}

#[test]
fn a_point_counts_when_its_first_matching_report_arrives() {
    let params =
        Params { managed: 2, unmanaged: 0, blocked: 40, long_lived: 0, short: 0, icmp: 0, ..Params::small(3, at("2026-11-20T01:00:00Z")) };
    let world = World::generate(&params);
    let point = world
        .points()
        .iter()
        .find(|point| matches!((&point.by_src, &point.by_dst), (Some(src), Some(dst)) if src.arrival < dst.arrival && dst.decision == Decision::Blocked))
        .unwrap();
    let [src, dst] = [point.by_src.as_ref().unwrap().arrival, point.by_dst.as_ref().unwrap().arrival];
    let this = |view: &PointView<'_>| std::ptr::eq(view.point, point);
    assert_eq!(world.truth(whole(src), &this).connections, 1);
    assert_eq!(world.truth(Window { from: src, to: dst }, &this).connections, 0);
    // The second report tells of another flow, but of no other connection.
    assert_eq!(world.truth(Window { from: src, to: dst }, &this).flows.len(), 1);
    let blocked = |view: &PointView<'_>| this(view) && view.report.decision == Decision::Blocked;
    assert_eq!(world.truth(whole(src), &blocked).connections, 0);
    assert_eq!(world.truth(Window { from: src, to: dst }, &blocked).connections, 1);
    let by = world.truth_by(whole(dst), &|view| this(view).then_some(view.report.decision));
    assert_eq!(by.values().map(|truth| truth.connections).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn the_generator_makes_every_awkward_thing() {
    let params = Params {
        kubernetes: 4,
        ipv6: true,
        nat: 8,
        blocked: 12,
        icmp: 6,
        short: 60,
        long_lived: 20,
        late_percent: 10,
        broadcast: 2,
        minutes: 600,
        ..Params::small(1, at("2026-11-19T20:00:00Z"))
    };
    let world = World::generate(&params);
    let end = at("2026-11-21T00:00:00Z");
    let records = world.record_set(end, Timestamp::MIN, end);
    let has = |what: &str, test: &dyn Fn(&FlowRecord) -> bool| assert!(records.iter().any(test), "{what}");
    has("snapshot", &|r| {
        &*r.state == "snapshot"
            && r.to_json()["icmp_type"] == 0
            && r.to_json()["boundary_decision"].is_null()
            && r.to_json()["caps"] == serde_json::json!([])
    });
    has("ipv6", &|r| r.dst.ip.is_ipv6());
    has("ping without port", &|r| {
        r.port.is_none() && r.to_json()["service"].get("port").is_none() && r.to_json().get("icmp_type").is_some()
    });
    has("blocked at source", &|r| r.decision == Decision::Blocked && r.direction == Direction::Outbound);
    has("blocked at destination", &|r| r.decision == Decision::Blocked && r.direction == Direction::Inbound);
    has("translated source", &|r| r.src.ip.to_string().starts_with("100.64.") && r.direction == Direction::Inbound);
    has("broadcast", &|r| r.to_json()["transmission"] == "broadcast");
    has("address only", &|r| r.to_json()["src"].as_object().unwrap().len() == 1);
    has("ip list", &|r| !r.dst.ip_lists.is_empty());
    has("null name", &|r| r.to_json()["src"]["workload"].get("name").is_some_and(serde_json::Value::is_null));
    has("first day", &|r| utc_day_start(r.first) == at("2026-11-19T00:00:00Z"));
    has("second day", &|r| utc_day_start(r.first) == at("2026-11-20T00:00:00Z"));
    let moved = {
        let now = at("2026-11-20T02:00:00Z");
        let old: BTreeMap<String, Timestamp> = world.record_set(now, Timestamp::MIN, now).iter().map(|r| (identity(r), r.first)).collect();
        records.iter().any(|r| old.get(&identity(r)).is_some_and(|first| r.first < *first))
    };
    assert!(moved, "late data moves the beginning of a bucket");
    let numbers: std::collections::BTreeSet<u64> = records.iter().map(|r| r.seq_id).collect();
    assert!(numbers.len() < records.len(), "seq_id is no identity");
}

#[test]
fn buckets_may_share_the_instant_after_midnight() {
    let params = Params { long_lived: 12, ..Params::small(2, at("2026-11-19T22:00:00Z")) };
    let plain = World::generate(&params);
    let passing = World::generate(&params).passing_midnight();
    let end = at("2026-11-20T06:00:00Z");
    let midnight = at("2026-11-20T00:00:00Z");
    let records = |world: &World| world.record_set(end, Timestamp::MIN, end);
    let (plain_records, passing_records) = (records(&plain), records(&passing));
    let mut passed = 0;
    for (old, new) in plain_records.iter().zip(&passing_records) {
        assert_eq!((identity(old), old.connections, old.first), (identity(new), new.connections, new.first));
        if new.last != old.last {
            assert!(old.first < midnight && midnight <= new.last);
            assert!(passing_records.iter().any(|next| next.first == new.last && (&next.src, &next.dst) == (&new.src, &new.dst)));
            passed += 1;
        }
    }
    assert!(passed > 3 && plain_records.len() == passing_records.len(), "{passed}");
    // Such a bucket is selected by a window of the new day, too.
    let count = |world: &World| world.record_set(end, midnight, end).len();
    assert_eq!(count(&passing), count(&plain) + passed);
}
