//! The report as a plain value: what `--format json` writes, and what every other format reads.
//!
//! Foreign text in it is harmless already (`domain::text::visible`); numbers are in base units.

use super::heavy::Amounts;
use crate::domain::record::Decision;
use crate::domain::unit::Unit;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the shape.
pub const SCHEMA: &str = "pcemon.report/1";
/// Rows a ranking keeps.
pub const ROWS: usize = 25;

/// Everything a report says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Version of the shape.
    pub schema: &'static str,
    /// What its maker calls it.
    pub title: String,
    /// When it was made.
    pub generated_at: Timestamp,
    /// Which version made it.
    pub version: &'static str,
    /// Base URL; empty when everything came from files.
    pub pce: String,
    /// Organisation.
    pub org_id: Option<u64>,
    /// What was asked for.
    pub span: Span,
    /// Whether every source was read whole.
    pub complete: bool,
    /// What was read.
    pub sources: Vec<Source>,
    /// Traffic; `None` when it was not read.
    pub traffic: Option<Traffic>,
    /// Events; `None` when they were not read.
    pub events: Option<Events>,
    /// The PCE's own health; `None` when it was not read.
    pub health: Option<Vec<Health>>,
    /// VENs; `None` when they were not read.
    pub vens: Option<Vens>,
    /// Rules as the previous check left them; `None` when no check has run.
    pub rules: Option<Rules>,
    /// What changed since the previous report; `None` when there is none to compare with.
    pub changes: Option<Changes>,
    /// What the reader must know beyond that.
    pub warnings: Vec<String>,
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Start.
    pub from: Timestamp,
    /// End.
    pub to: Timestamp,
}

impl Span {
    /// Whether it is made of whole UTC days: of those a PCE keeps totals.
    pub fn is_whole_days(&self) -> bool {
        let at_midnight = |at: Timestamp| at.as_second().rem_euclid(86_400) == 0 && at.subsec_nanosecond() == 0;
        at_midnight(self.from) && at_midnight(self.to) && self.from < self.to
    }
}

/// What one source gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Source {
    /// Which one.
    pub source: &'static str,
    /// `ok partial failed unavailable`.
    pub status: &'static str,
    /// Records read.
    pub records: u64,
    /// Records that could not be understood.
    pub unreadable: u64,
    /// Queries it took.
    pub queries: u32,
    /// Bytes received.
    pub bytes: u64,
    /// What went wrong or is missing.
    pub error: Option<String>,
}

/// Something for each policy decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ByDecision<T> {
    /// Policy allows it.
    pub allowed: T,
    /// Would be blocked at enforcement.
    pub potentially_blocked: T,
    /// Blocked.
    pub blocked: T,
    /// Not known to the PCE.
    pub unknown: T,
}

impl<T: Copy> ByDecision<T> {
    /// From values in the order of `Decision::ALL`.
    pub fn of([allowed, potentially_blocked, blocked, unknown]: [T; 4]) -> Self {
        Self { allowed, potentially_blocked, blocked, unknown }
    }

    /// In the order of `Decision::ALL`.
    pub fn values(&self) -> [T; 4] {
        [self.allowed, self.potentially_blocked, self.blocked, self.unknown]
    }

    /// The value of one decision.
    pub fn get(&self, decision: Decision) -> T {
        self.values()[decision as usize]
    }
}

/// Flows, connections, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Volume {
    /// Different flows (source, destination, port, protocol, decision, UTC day).
    pub flows: u64,
    /// Connections.
    pub connections: u64,
    /// Bytes both ways.
    pub bytes: u64,
}

impl Volume {
    /// Adds another.
    pub fn add(&mut self, more: Volume) {
        self.flows = self.flows.saturating_add(more.flows);
        self.connections = self.connections.saturating_add(more.connections);
        self.bytes = self.bytes.saturating_add(more.bytes);
    }
}

/// What certainly happened in the span, and what is known to be no more than so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sum {
    /// Different flows.
    pub flows: u64,
    /// Connections.
    pub connections: u64,
    /// Bytes both ways.
    pub bytes: u64,
    /// No more flows than this.
    pub flows_max: u64,
    /// No more connections than this.
    pub connections_max: u64,
    /// No more bytes than this.
    pub bytes_max: u64,
}

/// What the traffic adds up to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Traffic {
    /// Records that belong to the span.
    pub records: u64,
    /// Records without a readable time; counted nowhere.
    pub timeless: u64,
    /// Records of whose totals an unknown part happened outside the span: 0 for whole UTC days, as a rule.
    pub across: u64,
    /// From the first to the last detection of the records: the PCE sends totals of whole days.
    pub covers: Option<Span>,
    /// Records beyond those that both ends' reports could be told apart for; counted as reported.
    pub counted_as_reported: u64,
    /// All of it.
    pub total: ByDecision<Sum>,
    /// By UTC day; `null` for a day of which the span, or what was told, holds only a part.
    pub timeline: Timeline<ByDecision<Option<Volume>>>,
    /// Sources by volume.
    pub talkers: Ranking<Name>,
    /// Source, destination and service that are blocked, by connections.
    pub blocked_pairs: Ranking<Pair>,
    /// Services that are blocked, by connections.
    pub blocked_ports: Ranking<Service>,
    /// Which label names an application.
    pub label: String,
    /// What would break at enforcement, by application of the destination; where that has no VEN and no label, of the source.
    pub potentially_blocked: Ranking<Application>,
    /// Application to application.
    pub matrix: Matrix,
    /// Sources without a VEN, by connections.
    pub unmanaged: Ranking<Name>,
}

impl Traffic {
    /// Days whose volume is known.
    pub fn known_days(&self) -> usize {
        self.timeline.points.iter().filter(|point| point.value.allowed.is_some()).count()
    }

    /// Whether every amount of every ranking is exact.
    pub fn rankings_are_exact(&self) -> bool {
        self.talkers.exact
            && self.blocked_pairs.exact
            && self.blocked_ports.exact
            && self.potentially_blocked.exact
            && self.matrix.exact
            && self.unmanaged.exact
    }
}

/// A row of buckets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline<T> {
    /// `hour` or `day` (UTC).
    pub bucket: Bucket,
    /// Every bucket of the span, also empty ones.
    pub points: Vec<Point<T>>,
}

/// How long a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// An hour.
    Hour,
    /// A UTC day.
    Day,
}

/// One bucket.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point<T> {
    /// When it begins.
    pub at: Timestamp,
    /// What it holds.
    #[serde(flatten)]
    pub value: T,
}

/// The largest of something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranking<T> {
    /// Largest first.
    pub rows: Vec<Ranked<T>>,
    /// How many more there are; a lower bound when `exact` is false.
    pub more: u64,
    /// Whether every amount is exact.
    pub exact: bool,
    /// Otherwise: the most that an amount can be too low by.
    pub too_low_by: u64,
    /// Whether some of it may have happened outside the span.
    pub upper_bound: bool,
}

/// One row of a ranking.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranked<T> {
    /// What it is.
    #[serde(flatten)]
    pub what: T,
    /// Different flows.
    pub flows: u64,
    /// Connections.
    pub connections: ByDecision<u64>,
    /// Bytes both ways.
    pub bytes: u64,
}

impl<T> Ranked<T> {
    /// From what was added up.
    pub fn new(what: T, amounts: &Amounts) -> Self {
        Self { what, flows: amounts.flows, connections: ByDecision::of(amounts.connections), bytes: amounts.bytes }
    }

    /// Connections of all decisions.
    pub fn all(&self) -> u64 {
        self.connections.values().iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

/// How the things of a ranking are told apart from report to report.
pub trait Named {
    /// One line.
    fn line(&self) -> String;
}

/// A workload or an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Name {
    /// What people call it.
    pub name: String,
}

impl Named for Name {
    fn line(&self) -> String {
        self.name.clone()
    }
}

/// A port and a protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// `None` for protocols without ports.
    pub port: Option<u16>,
    /// Its short name.
    pub proto: String,
}

impl Named for Service {
    fn line(&self) -> String {
        self.port.map_or_else(|| self.proto.clone(), |port| format!("{port}/{}", self.proto))
    }
}

/// Who wanted to talk to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// Source.
    pub src: String,
    /// Destination.
    pub dst: String,
    /// To which service.
    #[serde(flatten)]
    pub service: Service,
}

impl Named for Application {
    fn line(&self) -> String {
        match &self.app {
            Group::Label(value) => value.clone(),
            // Parentheses cannot be told from a label's; these two are never compared with what a person wrote.
            Group::Unlabelled => "(unlabelled)".to_owned(),
            Group::Unmanaged => "(unmanaged)".to_owned(),
            Group::Other => "(other)".to_owned(),
        }
    }
}

impl Named for Pair {
    fn line(&self) -> String {
        format!("{} → {} {}", self.src, self.dst, self.service.line())
    }
}

/// What a label says of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The label's value.
    Label(String),
    /// A managed workload without the label.
    Unlabelled,
    /// No VEN and no label.
    Unmanaged,
    /// Smaller groups together.
    Other,
}

/// An application that would lose traffic at enforcement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Application {
    /// Which one.
    pub app: Group,
    /// Its services that would be blocked, largest first, a few.
    pub services: Vec<Service>,
    /// Those at the other end, largest first, a few.
    pub peers: Vec<Group>,
}

/// Who talks to whom, group by group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Matrix {
    /// Groups, the busiest first; `Other` last when there are more.
    pub groups: Vec<Group>,
    /// `cells[source][destination]`: connections by decision.
    pub cells: Vec<Vec<ByDecision<u64>>>,
    /// Whether every cell is exact.
    pub exact: bool,
}

/// What the events add up to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Events {
    /// Events of the span.
    pub count: u64,
    /// Those whose status is `failure`.
    pub failures: u64,
    /// By severity.
    pub total: BySeverity,
    /// Over time.
    pub timeline: Timeline<BySeverity>,
    /// By type, most frequent first.
    pub types: Vec<EventType>,
    /// How many more types there are.
    pub more_types: u64,
}

/// Events by severity; what the PCE's words mean is a small table in `events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct BySeverity {
    /// `err` and worse.
    pub error: u64,
    /// `warning`.
    pub warning: u64,
    /// `info` and milder.
    pub info: u64,
    /// Words this version does not know, or none.
    pub other: u64,
}

impl BySeverity {
    /// Worst first.
    pub fn values(&self) -> [u64; 4] {
        [self.error, self.warning, self.info, self.other]
    }

    /// All of them.
    pub fn all(&self) -> u64 {
        self.values().iter().sum()
    }
}

/// One type of event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventType {
    /// `resource.verb`.
    #[serde(rename = "type")]
    pub name: String,
    /// How often it failed.
    pub failures: u64,
    /// By severity.
    #[serde(flatten)]
    pub counts: BySeverity,
}

/// One cluster of the PCE.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Health {
    /// Which one.
    pub fqdn: String,
    /// `normal warning critical`.
    pub status: &'static str,
    /// Busiest node, 0..1.
    pub cpu: Option<f64>,
    /// Fullest node, 0..1.
    pub memory: Option<f64>,
    /// Fullest disk, 0..1.
    pub disk: Option<f64>,
    /// Longest replication lag, in seconds.
    pub replication_lag: Option<f64>,
    /// What it says about itself.
    pub notes: Vec<String>,
}

/// What the VENs add up to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Vens {
    /// All of them.
    pub count: u64,
    /// By status.
    pub status: Vec<Count>,
    /// By version.
    pub versions: Vec<Count>,
    /// By the conditions they are in.
    pub conditions: Vec<Count>,
    /// By enforcement; `None` when the workloads were not read.
    pub enforcement: Option<Vec<Count>>,
    /// Active ones that sent no heartbeat for an hour.
    pub silent_count: u64,
    /// The longest silent of them.
    pub silent: Vec<SilentVen>,
}

/// How often something is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// What.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// An active VEN without a heartbeat.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SilentVen {
    /// Which one.
    pub name: String,
    /// When the PCE last heard of it.
    pub last_heartbeat: Option<Timestamp>,
    /// For how long it has been silent.
    pub seconds: u64,
}

/// The rules, as the state remembers them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rules {
    /// When they were judged last.
    pub judged_at: Option<Timestamp>,
    /// In the order of badness, then of the config.
    pub rules: Vec<Rule>,
    /// Earlier reports, oldest first, this one last.
    pub history: Vec<Moment>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// How it stood when it was judged last.
    pub state: Standing,
    /// Its thresholds, as written.
    pub thresholds: String,
    /// Value of its worst instance that is not ok.
    pub value: Option<f64>,
    /// Unit of the value.
    pub unit: Unit,
    /// Since when it fires or waits.
    pub since: Option<Timestamp>,
    /// Instances that fire.
    pub firing: u64,
    /// Instances that wait.
    pub pending: u64,
    /// Largest contributor of the worst instance.
    pub top: Option<String>,
}

/// How a rule stands, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It fires.
    Critical,
    /// It fires.
    Warning,
    /// It fires.
    Info,
    /// Above its threshold, not yet for long enough.
    Pending,
    /// Calm.
    Ok,
    /// Switched off.
    Disabled,
}

impl Standing {
    /// Whether it fires.
    pub fn fires(self) -> bool {
        matches!(self, Standing::Critical | Standing::Warning | Standing::Info)
    }
}

/// How the rules stood when a report was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// Those that were not ok, by name.
    pub rules: Vec<(String, Standing)>,
}

/// What changed since the previous report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changes {
    /// When that was made.
    pub since: Timestamp,
    /// What it covered.
    pub span: Span,
    /// Whether both cover spans of the same length whole: only then is anything compared.
    pub comparable: bool,
    /// Amounts, before and now.
    pub totals: Vec<Change>,
    /// What came into the front rows and what left them.
    pub rankings: Vec<Moved>,
    /// Rules whose state changed.
    pub rules: Vec<RuleChange>,
}

/// One amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which one.
    pub what: Total,
    /// Then.
    pub before: u64,
    /// Now.
    pub now: u64,
}

/// The amounts that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Total {
    /// Connections that policy allows.
    Allowed,
    /// Connections that would be blocked.
    PotentiallyBlocked,
    /// Connections that were blocked.
    Blocked,
    /// Connections not known to the PCE.
    Unknown,
    /// Bytes both ways.
    Bytes,
    /// Events.
    Events,
    /// Events of severity `err` and worse.
    EventErrors,
}

/// Which ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Board {
    /// Sources by volume.
    Talkers,
    /// Blocked source, destination and service.
    BlockedPairs,
    /// Blocked services.
    BlockedPorts,
    /// Applications that would break.
    PotentiallyBlocked,
    /// Sources without a VEN.
    Unmanaged,
}

/// Who moved in a ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Which one.
    pub ranking: Board,
    /// In front now, not in the previous report at all.
    pub new: Vec<String>,
    /// In front then, not in this report at all.
    pub gone: Vec<String>,
}

/// A rule that stands differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleChange {
    /// Its name.
    pub rule: String,
    /// Then.
    pub before: Standing,
    /// Now.
    pub now: Standing,
}
