//! True traffic, and what a PCE knows of it at a given instant. Pure: no socket, no file, no clock.
//!
//! A [`Point`] is the smallest thing that really happened. Each end with a VEN may report it, each
//! at its own time. The PCE adds the reports up in buckets of one UTC day and never says anything
//! smaller; [`World::truth`] keeps the answer that a careful reader should arrive at anyway.

pub use super::host::{Host, IpList, Workload};
use super::record::FlowRecord;
use crate::domain::record::{Decision, Direction};
use crate::domain::time::{Window, utc_day_start};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

/// One measurement: a connection, or one interval of a long one. Hosts are indexes into the world's list.
#[derive(Debug, Clone)]
pub struct Point {
    /// When it happened.
    pub at: Timestamp,
    /// Who opened the connection.
    pub src: usize,
    /// Who was connected to.
    pub dst: usize,
    /// The address that the destination sees in the place of `src`, when something translates it.
    pub nat_src: Option<usize>,
    /// Destination port; `None` for protocols without.
    pub port: Option<u16>,
    /// IANA protocol number.
    pub proto: u8,
    /// Network name.
    pub network: Arc<str>,
    /// `broadcast`, `multicast`, or empty for unicast.
    pub transmission: Arc<str>,
    /// Connections, normally 1.
    pub connections: u64,
    /// Bytes received by the destination.
    pub bytes_in: u64,
    /// Bytes sent by the destination.
    pub bytes_out: u64,
    /// The source's report; `None` when nobody reports there.
    pub by_src: Option<Report>,
    /// The destination's report; `None` when nobody reports there, or it never got that far.
    pub by_dst: Option<Report>,
}

/// How one end reports a point.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Report {
    /// When the PCE came to know it.
    pub arrival: Timestamp,
    /// What this end's policy said.
    pub decision: Decision,
    /// `active closed timed out snapshot`, or anything.
    pub state: Arc<str>,
    /// Process at this end, or empty.
    pub process: Arc<str>,
    /// Windows service at this end, or empty.
    pub service: Arc<str>,
    /// User at this end, or empty.
    pub user: Arc<str>,
}

/// A point as one of its ends reported it: what a filter over [`World::truth`] looks at.
#[derive(Debug, Clone, Copy)]
pub struct PointView<'w> {
    /// The source as this end sees it.
    pub src: &'w Host,
    /// The destination.
    pub dst: &'w Host,
    /// Which end speaks.
    pub direction: Direction,
    /// Its report.
    pub report: &'w Report,
    /// What happened.
    pub point: &'w Point,
}

/// What tells flows apart: source, destination, port, protocol, decision.
pub type FlowKey = (IpAddr, IpAddr, Option<u16>, u8, Decision);

/// The right answer for a span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Truth {
    /// Connections.
    pub connections: u64,
    /// Bytes received by destinations.
    pub bytes_in: u64,
    /// Bytes sent by destinations.
    pub bytes_out: u64,
    /// Different flows.
    pub flows: BTreeSet<FlowKey>,
}

impl Truth {
    /// All bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes_in + self.bytes_out
    }

    /// Adds the answer for a span that does not overlap this one.
    pub fn merge(&mut self, other: &Truth) {
        self.connections += other.connections;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.flows.extend(other.flows.iter().copied());
    }
}

/// What makes the PCE keep two records apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct BucketKey {
    day: Timestamp,
    src: usize,
    dst: usize,
    port: Option<u16>,
    proto: u8,
    decision: Decision,
    state: Arc<str>,
    network: Arc<str>,
    transmission: Arc<str>,
    inbound: bool,
    process: Arc<str>,
    user: Arc<str>,
    service: Arc<str>,
}

#[derive(Debug, Clone)]
struct Arrival {
    at: Timestamp,
    bucket: usize,
    point: usize,
}

/// True traffic between hosts.
#[derive(Debug, Clone, Default)]
pub struct World {
    hosts: Vec<Arc<Host>>,
    points: Vec<Point>,
    buckets: Vec<BucketKey>,
    arrivals: Vec<Arrival>,
    /// For each bucket the one of the next day, when buckets are to pass midnight.
    successors: Vec<Option<usize>>,
}

/// How far into the next day a bucket can reach.
const PAST_MIDNIGHT: i64 = 600;

impl World {
    /// A world of these hosts and points. Panics when a point names a host that is not there.
    pub fn new(hosts: Vec<Host>, points: Vec<Point>) -> World {
        // The PCE knows hosts by address and href, not by our index.
        let mut first_index = BTreeMap::new();
        let canonical: Vec<usize> =
            hosts.iter().enumerate().map(|(index, host)| *first_index.entry((host.ip, host.href().to_owned())).or_insert(index)).collect();
        let mut ids: HashMap<BucketKey, usize> = HashMap::new();
        let mut buckets: Vec<BucketKey> = Vec::new();
        let mut arrivals = Vec::new();
        for (index, point) in points.iter().enumerate() {
            for (inbound, report) in [(false, &point.by_src), (true, &point.by_dst)] {
                let Some(report) = report else { continue };
                let src = if inbound { point.nat_src.unwrap_or(point.src) } else { point.src };
                let key = BucketKey {
                    day: utc_day_start(point.at),
                    src: canonical[src],
                    dst: canonical[point.dst],
                    port: point.port,
                    proto: point.proto,
                    decision: report.decision,
                    state: report.state.clone(),
                    network: point.network.clone(),
                    transmission: point.transmission.clone(),
                    inbound,
                    process: report.process.clone(),
                    user: report.user.clone(),
                    service: report.service.clone(),
                };
                let bucket = *ids.entry(key).or_insert_with_key(|key| {
                    buckets.push(key.clone());
                    buckets.len() - 1
                });
                arrivals.push(Arrival { at: report.arrival, bucket, point: index });
            }
        }
        arrivals.sort_by_key(|arrival| arrival.at);
        World { hosts: hosts.into_iter().map(Arc::new).collect(), points, buckets, arrivals, successors: Vec::new() }
    }

    /// The same world at a PCE whose buckets end with the first report after midnight, an instant
    /// that they share with the next day's bucket. Seen on a real one; counts do not change.
    pub fn passing_midnight(mut self) -> World {
        let ids: HashMap<&BucketKey, usize> = self.buckets.iter().enumerate().map(|(id, key)| (key, id)).collect();
        let day = jiff::SignedDuration::from_hours(24);
        let successors = self
            .buckets
            .iter()
            .map(|key| ids.get(&BucketKey { day: key.day.checked_add(day).unwrap_or(key.day), ..key.clone() }).copied())
            .collect();
        self.successors = successors;
        self
    }

    /// All hosts.
    pub fn hosts(&self) -> &[Arc<Host>] {
        &self.hosts
    }

    /// All points, whether the PCE knows them yet or not.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// What a query over `[from, to]` returns when the PCE is asked at `known_at`. The window only
    /// selects: a record always carries the totals of its whole bucket, as far as they are known.
    pub fn record_set(&self, known_at: Timestamp, from: Timestamp, to: Timestamp) -> Vec<FlowRecord> {
        #[derive(Clone, Copy)]
        struct Sum {
            connections: u64,
            bytes_in: u64,
            bytes_out: u64,
            first: Timestamp,
            last: Timestamp,
        }
        let known = self.arrivals.partition_point(|arrival| arrival.at <= known_at);
        let mut sums: Vec<Option<Sum>> = vec![None; self.buckets.len()];
        for arrival in &self.arrivals[..known] {
            let point = &self.points[arrival.point];
            let sum =
                sums[arrival.bucket].get_or_insert(Sum { connections: 0, bytes_in: 0, bytes_out: 0, first: point.at, last: point.at });
            sum.connections += point.connections;
            sum.bytes_in += point.bytes_in;
            sum.bytes_out += point.bytes_out;
            sum.first = sum.first.min(point.at);
            sum.last = sum.last.max(point.at);
        }
        for (id, successor) in self.successors.iter().enumerate() {
            let Some(next) = successor.and_then(|next| sums[next]) else { continue };
            if let Some(sum) = &mut sums[id]
                && next.first.as_second().rem_euclid(86_400) < PAST_MIDNIGHT
            {
                sum.last = next.first;
            }
        }
        let mut records: Vec<FlowRecord> = self
            .buckets
            .iter()
            .zip(sums)
            .enumerate()
            .filter_map(|(id, (key, sum))| Some((id, key, sum?)))
            .filter(|(_, _, sum)| sum.first <= to && from <= sum.last)
            .map(|(id, key, sum)| FlowRecord {
                src: self.hosts[key.src].clone(),
                dst: self.hosts[key.dst].clone(),
                port: key.port,
                proto: key.proto,
                decision: key.decision,
                state: key.state.clone(),
                network: key.network.clone(),
                transmission: key.transmission.clone(),
                direction: if key.inbound { Direction::Inbound } else { Direction::Outbound },
                process: key.process.clone(),
                user: key.user.clone(),
                service: key.service.clone(),
                connections: sum.connections,
                bytes_in: sum.bytes_in,
                bytes_out: sum.bytes_out,
                first: sum.first,
                last: sum.last,
                seq_id: (id / 2) as u64,
            })
            .collect();
        // The PCE promises no order; neither does this, but it is the same every time.
        records.sort_by_cached_key(|record| xxhash_rust::xxh3::xxh3_64(&record.seq_id.to_le_bytes()));
        records
    }

    /// The right answer for what reached the PCE within the span: every point that a matching report
    /// made known counts once, when its first matching report arrived, however many ends reported it.
    ///
    /// Where an address is translated the two reports name different sources, and no reader can know
    /// that they tell of one connection. A test of a reader that has NAT in its world keeps the ends
    /// apart with [`World::truth_by`] and adds them up.
    pub fn truth(&self, span: Window, filter: &dyn Fn(&PointView<'_>) -> bool) -> Truth {
        self.truth_by(span, &|view| filter(view).then_some(())).remove(&()).unwrap_or_default()
    }

    /// As [`World::truth`], for each value of a key; `None` leaves the report out.
    pub fn truth_by<K: Ord + Clone>(&self, span: Window, key: &dyn Fn(&PointView<'_>) -> Option<K>) -> BTreeMap<K, Truth> {
        let mut out: BTreeMap<K, Truth> = BTreeMap::new();
        for point in &self.points {
            let mut keyed: Vec<(K, PointView<'_>)> =
                self.views(point).into_iter().flatten().filter_map(|view| Some((key(&view)?, view))).collect();
            keyed.sort_by_key(|(_, view)| view.report.arrival);
            let mut counted: Vec<K> = Vec::new();
            let mut seen: Vec<(K, Decision)> = Vec::new();
            for (key, view) in keyed {
                let decision = view.report.decision;
                let within = span.from < view.report.arrival && view.report.arrival <= span.to;
                let is_first = !counted.contains(&key);
                let is_new_flow = !seen.contains(&(key.clone(), decision));
                if within && (is_first || is_new_flow) {
                    let truth = out.entry(key.clone()).or_default();
                    if is_first {
                        truth.connections += point.connections;
                        truth.bytes_in += point.bytes_in;
                        truth.bytes_out += point.bytes_out;
                    }
                    if is_new_flow {
                        truth.flows.insert((view.src.ip, view.dst.ip, point.port, point.proto, decision));
                    }
                }
                seen.push((key.clone(), decision));
                counted.push(key);
            }
        }
        out
    }

    /// The reports of a point: the source's, the destination's.
    pub fn views<'w>(&'w self, point: &'w Point) -> [Option<PointView<'w>>; 2] {
        let view = |report: &'w Option<Report>, direction: Direction, src: usize| {
            report.as_ref().map(|report| PointView { src: &self.hosts[src], dst: &self.hosts[point.dst], direction, report, point })
        };
        [view(&point.by_src, Direction::Outbound, point.src), view(&point.by_dst, Direction::Inbound, point.nat_src.unwrap_or(point.src))]
    }
}

pub(super) fn plus(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
