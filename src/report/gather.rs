//! Traffic records in, what a report says of them out: one pass, bounded memory.
//!
//! A flow that both ends report is counted once, with the larger of the two reports, as the accounting of `check` does.
//! That needs one entry for each flow and day, [`MOST_FLOWS`] at the most; records beyond are counted as reported, which
//! is said. What is ranked lies in [`Heavy`] maps of a fixed size.

use super::heavy::{Amounts, Heavy};
use super::model::{
    Application, Bucket, ByDecision, Group, Matrix, Name, Pair, Point, ROWS, Ranked, Ranking, Service, Span, Timeline, Traffic, Volume,
};
use crate::domain::record::{Decision, Direction, Endpoint, Flow, FlowSink, proto_name};
use crate::domain::text::visible;
use crate::judge::identity::flow_key;
use crate::judge::repeats::Repeats;
use hashbrown::{HashMap, HashSet};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Flows whose two ends are told apart.
pub const MOST_FLOWS: usize = 1_000_000;
/// Groups the matrix shows, without the rest.
const GROUPS: usize = 12;
/// Services and sources shown of an application.
const FEW: usize = 3;

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

    fn seconds(self) -> i64 {
        match self.bucket {
            Bucket::Hour => 3_600,
            Bucket::Day => 86_400,
        }
    }

    fn number(self, at: Timestamp) -> i64 {
        at.as_second().div_euclid(self.seconds())
    }

    /// The bucket of an instant; what lies outside belongs to the first or the last.
    pub fn index(self, at: Timestamp) -> usize {
        // The span ends before its last instant: a whole hour has no bucket of its own at its end.
        let end = self.span.to.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(self.span.to);
        let at = at.clamp(self.span.from, end.max(self.span.from));
        usize::try_from(self.number(at) - self.number(self.span.from)).unwrap_or(0)
    }

    /// All buckets.
    pub fn timeline<T>(self, mut value: impl FnMut(usize) -> T) -> Timeline<T> {
        let points = (0..=self.index(self.span.to)).map(|index| Point {
            at: Timestamp::from_second((self.number(self.span.from) + index as i64) * self.seconds()).unwrap_or(self.span.from),
            value: value(index),
        });
        Timeline { bucket: self.bucket, points: points.collect() }
    }
}

/// What the two ends told of one flow on one day.
#[derive(Debug, Clone, Copy)]
struct Reported {
    connections: [u64; 2],
    bytes: [u64; 2],
    bucket: u32,
    decision: u8,
}

impl Reported {
    /// The larger of the two reports.
    fn counted(&self) -> (u64, u64) {
        (self.connections[0].max(self.connections[1]), self.bytes[0].max(self.bytes[1]))
    }
}

/// A group while records stream by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Label(Rc<str>),
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
    axis: Axis,
    label: String,
    labels: HashSet<Rc<str>>,
    flows: HashMap<(u64, i32), Reported>,
    most_flows: usize,
    /// Records met so far, when an answer may come in parts.
    repeats: Option<Repeats>,
    buckets: Vec<[Volume; 4]>,
    talkers: Heavy<Rc<str>>,
    pairs: Heavy<(Rc<str>, Rc<str>, Port)>,
    ports: Heavy<Port>,
    breaks: Heavy<Place>,
    breaks_at: Heavy<(Place, Port)>,
    breaks_with: Heavy<(Place, Place)>,
    matrix: Heavy<(Place, Place)>,
    unmanaged: Heavy<Rc<str>>,
    covers: Option<Span>,
    records: u64,
    timeless: u64,
    as_reported: u64,
}

impl Gather {
    /// Counts what overlaps the span; `label` names an application, and records `may_repeat` in later parts of an answer.
    pub fn new(span: Span, label: &str, may_repeat: bool) -> Self {
        let axis = Axis::new(span);
        let by_connections: fn(&Amounts) -> (u64, u64) = |amounts| (amounts.all(), amounts.bytes);
        Self {
            buckets: vec![<[Volume; 4]>::default(); axis.index(span.to) + 1],
            axis,
            label: label.to_owned(),
            labels: HashSet::new(),
            flows: HashMap::new(),
            most_flows: MOST_FLOWS,
            repeats: may_repeat.then(Repeats::default),
            talkers: Heavy::new(|amounts| (amounts.bytes, amounts.all())),
            pairs: Heavy::new(by_connections),
            ports: Heavy::new(by_connections),
            breaks: Heavy::new(by_connections),
            breaks_at: Heavy::new(by_connections),
            breaks_with: Heavy::new(by_connections),
            matrix: Heavy::new(by_connections),
            unmanaged: Heavy::new(by_connections),
            covers: None,
            records: 0,
            timeless: 0,
            as_reported: 0,
        }
    }

    /// What this record adds to what is known of its flow.
    fn increase(&mut self, flow: &Flow<'_>, first: Timestamp, last: Timestamp) -> Amounts {
        let decision = flow.decision as usize;
        // A bucket's totals belong to its day; within a day only the last detection says when.
        let bucket = self.axis.index(if self.axis.bucket == Bucket::Day { first } else { last });
        let bytes = flow.bytes_in.saturating_add(flow.bytes_out);
        let day = i32::try_from(first.as_second().div_euclid(86_400)).unwrap_or_default();
        let mut amounts = Amounts::default();
        let key = (flow_key(flow), day);
        if !self.flows.contains_key(&key) && self.flows.len() >= self.most_flows {
            self.as_reported += 1;
            self.buckets[bucket][decision].add(Volume { flows: 1, connections: flow.connections, bytes });
            amounts.connections[decision] = flow.connections;
            return Amounts { flows: 1, bytes, ..amounts };
        }
        let fresh = Reported { connections: [0; 2], bytes: [0; 2], bucket: bucket as u32, decision: decision as u8 };
        let reported = self.flows.entry(key).or_insert_with(|| {
            amounts.flows = 1;
            fresh
        });
        let before = reported.counted();
        let side = usize::from(flow.direction == Direction::Inbound);
        reported.connections[side] = reported.connections[side].saturating_add(flow.connections);
        reported.bytes[side] = reported.bytes[side].saturating_add(bytes);
        reported.bucket = reported.bucket.max(bucket as u32);
        let after = reported.counted();
        amounts.connections[decision] = after.0 - before.0;
        Amounts { bytes: after.1 - before.1, ..amounts }
    }

    fn place(&mut self, end: &Endpoint) -> Place {
        match end.label(&self.label) {
            Some(value) => {
                if let Some(known) = self.labels.get(value) {
                    return Place::Label(Rc::clone(known));
                }
                let value: Rc<str> = value.into();
                if self.labels.len() < super::heavy::MOST {
                    self.labels.insert(Rc::clone(&value));
                }
                Place::Label(value)
            }
            None if end.is_managed() => Place::Unlabelled,
            None => Place::Unmanaged,
        }
    }

    /// What it all adds up to.
    pub fn finish(mut self) -> Traffic {
        std::mem::take(&mut self.flows).into_values().for_each(|reported| {
            let (connections, bytes) = reported.counted();
            self.buckets[reported.bucket as usize][reported.decision as usize].add(Volume { flows: 1, connections, bytes });
        });
        let mut total = [Volume::default(); 4];
        for bucket in &self.buckets {
            total.iter_mut().zip(bucket).for_each(|(sum, volume)| sum.add(*volume));
        }
        Traffic {
            records: self.records,
            timeless: self.timeless,
            covers: self.covers,
            counted_as_reported: self.as_reported,
            total: ByDecision::of(total),
            timeline: self.axis.timeline(|index| ByDecision::of(self.buckets[index])),
            talkers: ranking(self.talkers, |name| Name { name: named(&name) }),
            blocked_pairs: ranking(self.pairs, |(src, dst, port)| Pair { src: named(&src), dst: named(&dst), service: service(port) }),
            blocked_ports: ranking(self.ports, service),
            label: visible(&self.label),
            potentially_blocked: {
                let (mut services, mut peers): (BTreeMap<Group, Vec<Service>>, BTreeMap<Group, Vec<Group>>) = Default::default();
                for ((app, port), _) in self.breaks_at.into_sorted() {
                    few(services.entry(app.group()).or_default(), service(port));
                }
                for ((app, peer), _) in self.breaks_with.into_sorted() {
                    few(peers.entry(app.group()).or_default(), peer.group());
                }
                ranking(self.breaks, |app| {
                    let app = app.group();
                    Application { services: services.remove(&app).unwrap_or_default(), peers: peers.remove(&app).unwrap_or_default(), app }
                })
            },
            matrix: matrix(self.matrix),
            unmanaged: ranking(self.unmanaged, |name| Name { name: named(&name) }),
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
        let Span { from, to } = self.axis.span;
        if last < from || first > to || self.repeats.as_mut().is_some_and(|repeats| repeats.is_one(flow)) {
            return;
        }
        self.records += 1;
        let covers = self.covers.get_or_insert(Span { from: first, to: last });
        *covers = Span { from: covers.from.min(first), to: covers.to.max(last) };
        let more = self.increase(flow, first, last);
        if more == Amounts::default() {
            return;
        }
        let (src, dst) = (&flow.src, &flow.dst);
        let (from, to) = (self.place(&src.endpoint), self.place(&dst.endpoint));
        let port = (flow.port, flow.proto);
        self.talkers.add(Rc::clone(&src.name), &more);
        if !src.endpoint.is_managed() {
            self.unmanaged.add(Rc::clone(&src.name), &more);
        }
        match flow.decision {
            Decision::Blocked => {
                self.pairs.add((Rc::clone(&src.name), Rc::clone(&dst.name), port), &more);
                self.ports.add(port, &more);
            }
            Decision::PotentiallyBlocked => {
                // Enforcement happens where a VEN is: what leaves the estate breaks for its source.
                let (app, peer) = if to == Place::Unmanaged { (&from, &to) } else { (&to, &from) };
                self.breaks.add(app.clone(), &more);
                self.breaks_at.add((app.clone(), port), &more);
                self.breaks_with.add((app.clone(), peer.clone()), &more);
            }
            Decision::Allowed | Decision::Unknown => {}
        }
        self.matrix.add((from, to), &more);
    }
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
    Ranking { rows, more, exact, too_low_by }
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
