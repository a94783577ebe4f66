//! Traffic records in, what a report says of them out: one pass, bounded memory.
//!
//! A PCE keeps one total for each flow and UTC day. What lies in the span whole counts; what lies across its edge (a span
//! that does not begin at midnight, an old bucket of a week) can only be said to be at most so much. A connection that both
//! ends report counts once (`ends`). That needs one entry for each pair and day, [`MOST_FLOWS`] at the most; records
//! beyond are counted as reported, which is said. What is ranked lies in [`Heavy`] maps of a fixed size.

use super::ends::{Each, paired};
use super::heavy::{Amounts, Heavy};
use super::model::{
    Application, Bucket, ByDecision, Group, Matrix, Name, Pair, Point, ROWS, Ranked, Ranking, Service, Span, Sum, Timeline, Traffic, Volume,
};
use crate::domain::record::{Decision, Direction, Endpoint, Flow, FlowSink, Interned, proto_name};
use crate::domain::text::visible;
use crate::judge::repeats::Repeats;
use hashbrown::{HashMap, HashSet};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Pairs and days whose two ends are told apart.
pub const MOST_FLOWS: usize = 1_000_000;
/// Groups the matrix shows, without the rest.
const GROUPS: usize = 12;
/// Services and sources shown of an application.
const FEW: usize = 3;

/// A bucket's last report may come this much after its day.
const SLACK: SignedDuration = SignedDuration::from_secs(crate::judge::accounting::MIDNIGHT_SLACK.as_secs() as i64);
const DAY: i64 = 86_400;

/// Which bucket an instant belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    span: Span,
    bucket: Bucket,
}

impl Axis {
    /// Hours for up to two days, else UTC days.
    pub fn new(span: Span) -> Self {
        let long = span.to.duration_since(span.from).as_hours() > 48;
        Self { span, bucket: if long { Bucket::Day } else { Bucket::Hour } }
    }

    fn days(span: Span) -> Self {
        Self { span, bucket: Bucket::Day }
    }

    fn seconds(self) -> i64 {
        match self.bucket {
            Bucket::Hour => 3_600,
            Bucket::Day => DAY,
        }
    }

    fn number(self, at: Timestamp) -> i64 {
        at.as_second().div_euclid(self.seconds())
    }

    /// The bucket of an instant; what lies outside belongs to the first or the last.
    pub fn index(self, at: Timestamp) -> usize {
        // The span ends before its last instant: a whole hour has no bucket of its own at its end.
        let end = self.span.to.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(self.span.to);
        let at = at.clamp(self.span.from, end.max(self.span.from));
        usize::try_from(self.number(at) - self.number(self.span.from)).unwrap_or(0)
    }

    fn start(self, index: usize) -> Timestamp {
        Timestamp::from_second((self.number(self.span.from) + index as i64) * self.seconds()).unwrap_or(self.span.from)
    }

    /// All buckets.
    pub fn timeline<T>(self, mut value: impl FnMut(usize) -> T) -> Timeline<T> {
        let points = (0..=self.index(self.span.to)).map(|index| Point { at: self.start(index), value: value(index) });
        Timeline { bucket: self.bucket, points: points.collect() }
    }
}

/// How a record's bucket lies to a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lies {
    Outside,
    /// All of it happened in the span.
    Inside,
    /// Some of it may have happened outside.
    Across,
}

fn lies(span: Span, first: Timestamp, last: Timestamp) -> Lies {
    // The PCE's buckets are UTC days; what was told of a day shortly after it belongs to it.
    let last = if span.is_whole_days() { first.max(last.checked_sub(SLACK).unwrap_or(last)) } else { last };
    if last < span.from || first >= span.to {
        Lies::Outside
    } else if first >= span.from && last <= span.to {
        Lies::Inside
    } else {
        Lies::Across
    }
}

/// What was told of a pair with one decision: by its source, by its destination.
#[derive(Debug, Clone, Copy)]
struct Told {
    decision: u8,
    connections: [u64; 2],
    bytes: [u64; 2],
}

/// Source, destination, port and protocol on one UTC day.
#[derive(Debug)]
struct Pairing {
    src: u32,
    dst: u32,
    port: Port,
    across: bool,
    told: Told,
    /// With other decisions; rare.
    others: Vec<Told>,
}

impl Pairing {
    fn add(&mut self, decision: u8, side: usize, connections: u64, bytes: u64) {
        let told = if self.told.decision == decision {
            &mut self.told
        } else {
            let others = &mut self.others;
            let index = others.iter().position(|told| told.decision == decision).unwrap_or_else(|| {
                others.push(Told { decision, connections: [0; 2], bytes: [0; 2] });
                others.len() - 1
            });
            &mut others[index]
        };
        told.connections[side] = told.connections[side].saturating_add(connections);
        told.bytes[side] = told.bytes[side].saturating_add(bytes);
    }

    /// Each connection once; by decision: flows, connections, bytes.
    fn counted(&self) -> [Volume; 4] {
        let (mut connections, mut bytes, mut told_of) = ([Each::default(); 2], [Each::default(); 2], [false; 4]);
        for told in std::iter::once(&self.told).chain(&self.others) {
            let decision = told.decision as usize;
            told_of[decision] = true;
            for side in 0..2 {
                connections[side][decision] = told.connections[side];
                bytes[side][decision] = told.bytes[side];
            }
        }
        let (connections, bytes) = (paired(&connections[0], &connections[1]), paired(&bytes[0], &bytes[1]));
        // A record of no connection is a flow all the same.
        let silent = connections == Each::default();
        std::array::from_fn(|decision| Volume {
            flows: u64::from(connections[decision] > 0 || (silent && told_of[decision])),
            connections: connections[decision],
            bytes: bytes[decision],
        })
    }
}

/// One end, for the rankings.
struct Side {
    name: Arc<str>,
    place: Place,
    managed: bool,
}

/// A group while records stream by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Label(Arc<str>),
    Unlabelled,
    Unmanaged,
}

impl Place {
    fn group(&self) -> Group {
        match self {
            Place::Label(value) => Group::Label(visible(value)),
            Place::Unlabelled => Group::Unlabelled,
            Place::Unmanaged => Group::Unmanaged,
        }
    }
}

type Port = (Option<u16>, i16);

/// Adds up flow records.
pub struct Gather {
    span: Span,
    axis: Axis,
    label: String,
    labels: HashSet<Arc<str>>,
    sides: Vec<Side>,
    /// Which side has this address and this workload.
    side_of: HashMap<(u64, u64), u32>,
    pairs: HashMap<(u64, i64), Pairing>,
    most_flows: usize,
    /// Records met so far, when an answer may come in parts.
    repeats: Option<Repeats>,
    sums: Sums,
    covers: Option<Span>,
    records: u64,
    timeless: u64,
    across: u64,
    as_reported: u64,
}

/// What was counted so far.
struct Sums {
    inside: [Volume; 4],
    all: [Volume; 4],
    /// By UTC day; `None` once something may belong to it in part.
    days: Vec<Option<[Volume; 4]>>,
    talkers: Heavy<Arc<str>>,
    blocked: Heavy<(Arc<str>, Arc<str>, Port)>,
    ports: Heavy<Port>,
    breaks: Heavy<Place>,
    breaks_at: Heavy<(Place, Port)>,
    breaks_with: Heavy<(Place, Place)>,
    matrix: Heavy<(Place, Place)>,
    unmanaged: Heavy<Arc<str>>,
}

impl Sums {
    fn new(days: usize) -> Self {
        let by_connections: fn(&Amounts) -> (u64, u64) = |amounts| (amounts.all(), amounts.bytes);
        Self {
            inside: Default::default(),
            all: Default::default(),
            days: vec![Some(Default::default()); days],
            talkers: Heavy::new(|amounts| (amounts.bytes, amounts.all())),
            blocked: Heavy::new(by_connections),
            ports: Heavy::new(by_connections),
            breaks: Heavy::new(by_connections),
            breaks_at: Heavy::new(by_connections),
            breaks_with: Heavy::new(by_connections),
            matrix: Heavy::new(by_connections),
            unmanaged: Heavy::new(by_connections),
        }
    }

    /// Counts what a pair adds up to; `day` is that of its bucket, `None` when it lies across the span's edge.
    fn add(&mut self, src: &Side, dst: &Side, port: Port, volumes: &[Volume; 4], day: Option<usize>) {
        let mut more = Amounts::default();
        for (decision, volume) in volumes.iter().enumerate() {
            self.all[decision].add(*volume);
            if let Some(day) = day {
                self.inside[decision].add(*volume);
                if let Some(Some(day)) = self.days.get_mut(day) {
                    day[decision].add(*volume);
                }
            }
            more.flows += volume.flows;
            more.connections[decision] = volume.connections;
            more.bytes = more.bytes.saturating_add(volume.bytes);
        }
        let only = |decision: Decision| {
            let Volume { flows, connections, bytes } = volumes[decision as usize];
            let mut only = Amounts { flows, bytes, ..Amounts::default() };
            only.connections[decision as usize] = connections;
            (flows > 0).then_some(only)
        };
        self.talkers.add(Arc::clone(&src.name), &more);
        if !src.managed {
            self.unmanaged.add(Arc::clone(&src.name), &more);
        }
        if let Some(blocked) = only(Decision::Blocked) {
            self.blocked.add((Arc::clone(&src.name), Arc::clone(&dst.name), port), &blocked);
            self.ports.add(port, &blocked);
        }
        if let Some(breaks) = only(Decision::PotentiallyBlocked) {
            // Enforcement happens where a VEN is: what leaves the estate breaks for its source.
            let (app, peer) = if dst.place == Place::Unmanaged { (&src.place, &dst.place) } else { (&dst.place, &src.place) };
            self.breaks.add(app.clone(), &breaks);
            self.breaks_at.add((app.clone(), port), &breaks);
            self.breaks_with.add((app.clone(), peer.clone()), &breaks);
        }
        self.matrix.add((src.place.clone(), dst.place.clone()), &more);
    }
}

impl Gather {
    /// Counts what overlaps the span; `label` names an application, and records `may_repeat` in later parts of an answer.
    pub fn new(span: Span, label: &str, may_repeat: bool) -> Self {
        let axis = Axis::days(span);
        let mut sums = Sums::new(axis.index(span.to) + 1);
        // Of a day that the span holds only in part nobody knows how much was when.
        for (index, day) in sums.days.iter_mut().enumerate() {
            let start = axis.start(index);
            if start < span.from || start.as_second() + DAY > span.to.as_second() {
                *day = None;
            }
        }
        Self {
            span,
            axis,
            label: label.to_owned(),
            labels: HashSet::new(),
            sides: Vec::new(),
            side_of: HashMap::new(),
            pairs: HashMap::new(),
            most_flows: MOST_FLOWS,
            repeats: may_repeat.then(Repeats::default),
            sums,
            covers: None,
            records: 0,
            timeless: 0,
            across: 0,
            as_reported: 0,
        }
    }

    /// Takes one record that overlaps the span.
    fn take(&mut self, flow: &Flow<'_>, first: Timestamp, across: bool) {
        let (decision, port) = (flow.decision as u8, (flow.port, flow.proto));
        let bytes = flow.bytes_in.saturating_add(flow.bytes_out);
        let key = (pair_key(flow), first.as_second().div_euclid(DAY));
        let side = usize::from(flow.direction == Direction::Inbound);
        if let Some(pairing) = self.pairs.get_mut(&key) {
            pairing.across |= across;
            pairing.add(decision, side, flow.connections, bytes);
            return;
        }
        if self.pairs.len() >= self.most_flows {
            self.as_reported += 1;
            let (src, dst) = (self.make_side(flow.src), self.make_side(flow.dst));
            let mut volumes = [Volume::default(); 4];
            volumes[decision as usize] = Volume { flows: 1, connections: flow.connections, bytes };
            let day = (!across).then(|| self.axis.index(first));
            self.sums.add(&src, &dst, port, &volumes, day);
            return;
        }
        let told = Told { decision, connections: [0; 2], bytes: [0; 2] };
        let mut pairing = Pairing { src: self.side(flow.src), dst: self.side(flow.dst), port, across, told, others: Vec::new() };
        pairing.add(decision, side, flow.connections, bytes);
        self.pairs.insert(key, pairing);
    }

    /// The number of an end.
    fn side(&mut self, end: &Interned) -> u32 {
        let key = (end.ip_key, end.href_key);
        if let Some(known) = self.side_of.get(&key) {
            return *known;
        }
        let side = self.make_side(end);
        self.sides.push(side);
        let number = (self.sides.len() - 1) as u32;
        self.side_of.insert(key, number);
        number
    }

    fn make_side(&mut self, end: &Interned) -> Side {
        Side { name: Arc::clone(&end.name), place: self.place(&end.endpoint), managed: end.endpoint.is_managed() }
    }

    fn place(&mut self, end: &Endpoint) -> Place {
        match end.label(&self.label) {
            Some(value) => {
                if let Some(known) = self.labels.get(value) {
                    return Place::Label(Arc::clone(known));
                }
                let value: Arc<str> = value.into();
                if self.labels.len() < super::heavy::MOST {
                    self.labels.insert(Arc::clone(&value));
                }
                Place::Label(value)
            }
            None if end.is_managed() => Place::Unlabelled,
            None => Place::Unmanaged,
        }
    }

    /// What it all adds up to.
    pub fn finish(mut self) -> Traffic {
        // Sorted, so that equal answers make equal reports also where not everything could be counted.
        let mut pairs: Vec<((u64, i64), Pairing)> = std::mem::take(&mut self.pairs).into_iter().collect();
        pairs.sort_unstable_by_key(|(key, _)| *key);
        for ((_, day), pairing) in &pairs {
            let day = (!pairing.across).then(|| self.axis.index(Timestamp::from_second(day * DAY).unwrap_or(self.span.from)));
            let (src, dst) = (&self.sides[pairing.src as usize], &self.sides[pairing.dst as usize]);
            self.sums.add(src, dst, pairing.port, &pairing.counted(), day);
        }
        let sums = self.sums;
        let upper_bound = self.across > 0;
        let total = std::array::from_fn(|decision| {
            let (Volume { flows, connections, bytes }, all) = (sums.inside[decision], sums.all[decision]);
            Sum { flows, connections, bytes, flows_max: all.flows, connections_max: all.connections, bytes_max: all.bytes }
        });
        Traffic {
            records: self.records,
            timeless: self.timeless,
            across: self.across,
            covers: self.covers,
            counted_as_reported: self.as_reported,
            total: ByDecision::of(total),
            timeline: self.axis.timeline(|index| {
                ByDecision::of(match sums.days[index] {
                    Some(volumes) => volumes.map(Some),
                    None => [None; 4],
                })
            }),
            talkers: Ranking { upper_bound, ..ranking(sums.talkers, |name| Name { name: named(&name) }) },
            blocked_pairs: Ranking {
                upper_bound,
                ..ranking(sums.blocked, |(src, dst, port)| Pair { src: named(&src), dst: named(&dst), service: service(port) })
            },
            blocked_ports: Ranking { upper_bound, ..ranking(sums.ports, service) },
            label: visible(&self.label),
            potentially_blocked: {
                let (mut services, mut peers): (BTreeMap<Group, Vec<Service>>, BTreeMap<Group, Vec<Group>>) = Default::default();
                for ((app, port), _) in sums.breaks_at.into_sorted() {
                    few(services.entry(app.group()).or_default(), service(port));
                }
                for ((app, peer), _) in sums.breaks_with.into_sorted() {
                    few(peers.entry(app.group()).or_default(), peer.group());
                }
                let ranking = ranking(sums.breaks, |app| {
                    let app = app.group();
                    Application { services: services.remove(&app).unwrap_or_default(), peers: peers.remove(&app).unwrap_or_default(), app }
                });
                Ranking { upper_bound, ..ranking }
            },
            matrix: matrix(sums.matrix),
            unmanaged: Ranking { upper_bound, ..ranking(sums.unmanaged, |name| Name { name: named(&name) }) },
        }
    }
}

impl FlowSink for Gather {
    fn begin_part(&mut self, part: u32) {
        if let Some(repeats) = &mut self.repeats {
            repeats.begin_part(part);
        }
    }

    fn flow(&mut self, flow: &Flow<'_>) {
        let (Some(first), Some(last)) = (flow.first, flow.last) else {
            self.timeless += 1;
            return;
        };
        let lies = lies(self.span, first, last);
        if lies == Lies::Outside || self.repeats.as_mut().is_some_and(|repeats| repeats.is_one(flow)) {
            return;
        }
        self.records += 1;
        let across = lies == Lies::Across;
        if across {
            self.across += 1;
            // Whatever day it touches is no longer known.
            let (from, to) = (self.axis.index(first), self.axis.index(last));
            self.sums.days[from..=to].fill(None);
        }
        let covers = self.covers.get_or_insert(Span { from: first, to: last });
        *covers = Span { from: covers.from.min(first), to: covers.to.max(last) };
        self.take(flow, first, across);
    }
}

/// Addresses, port and protocol: what both ends of a pair tell alike.
fn pair_key(flow: &Flow<'_>) -> u64 {
    let mut bytes = [0u8; 22];
    bytes[..8].copy_from_slice(&flow.src.ip_key.to_le_bytes());
    bytes[8..16].copy_from_slice(&flow.dst.ip_key.to_le_bytes());
    bytes[16..20].copy_from_slice(&flow.port.map_or(-1, i32::from).to_le_bytes());
    bytes[20..].copy_from_slice(&flow.proto.to_le_bytes());
    xxh3_64(&bytes)
}

fn few<T>(list: &mut Vec<T>, one: T) {
    if list.len() < FEW {
        list.push(one);
    }
}

fn named(name: &str) -> String {
    if name.is_empty() { "-".to_owned() } else { visible(name) }
}

fn service((port, proto): Port) -> Service {
    // The PCE does not always say which protocol.
    Service { port, proto: if proto < 0 { "?".to_owned() } else { proto_name(proto) } }
}

fn ranking<K: std::hash::Hash + Eq + Ord + Clone, T>(heavy: Heavy<K>, mut show: impl FnMut(K) -> T) -> Ranking<T> {
    let (exact, too_low_by) = (heavy.is_exact(), heavy.lost());
    let sorted = heavy.into_sorted();
    let more = sorted.len().saturating_sub(ROWS) as u64;
    let rows = sorted.into_iter().take(ROWS).map(|(key, amounts)| Ranked::new(show(key), &amounts)).collect();
    Ranking { rows, more, exact, too_low_by, upper_bound: false }
}

/// The busiest groups, and one for the rest.
fn matrix(heavy: Heavy<(Place, Place)>) -> Matrix {
    let exact = heavy.is_exact();
    let cells = heavy.into_sorted();
    let mut busy: BTreeMap<Group, u64> = BTreeMap::new();
    for ((from, to), amounts) in &cells {
        let ends: BTreeSet<Group> = [from.group(), to.group()].into();
        for end in ends {
            let sum = busy.entry(end).or_default();
            *sum = sum.saturating_add(amounts.all());
        }
    }
    let mut groups: Vec<(Group, u64)> = busy.into_iter().collect();
    groups.sort_by_key(|(_, sum)| std::cmp::Reverse(*sum));
    let rest = groups.len() > GROUPS + 1;
    groups.truncate(if rest { GROUPS } else { GROUPS + 1 });
    let mut groups: Vec<Group> = groups.into_iter().map(|(group, _)| group).collect();
    if rest {
        groups.push(Group::Other);
    }
    let index = |place: &Place| {
        let group = place.group();
        groups.iter().position(|have| *have == group).unwrap_or(groups.len() - 1)
    };
    let mut table = vec![vec![Amounts::default(); groups.len()]; groups.len()];
    for ((from, to), amounts) in &cells {
        table[index(from)][index(to)].add(amounts);
    }
    let cells = table.into_iter().map(|row| row.into_iter().map(|amounts| ByDecision::of(amounts.connections)).collect()).collect();
    Matrix { groups, cells, exact }
}
