//! What the PCE reports, in the program's own terms: flows, events, health.

use jiff::Timestamp;
use std::net::IpAddr;
use std::rc::Rc;

/// Reported policy decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Decision {
    /// Policy allows it.
    Allowed,
    /// Would be blocked if the workload were enforced.
    PotentiallyBlocked,
    /// Blocked.
    Blocked,
    /// Not known to the PCE, or a value this program has never heard of.
    Unknown,
}

impl Decision {
    /// All decisions, as the PCE's query takes them.
    pub const ALL: [Decision; 4] = [Decision::Allowed, Decision::PotentiallyBlocked, Decision::Blocked, Decision::Unknown];

    /// The PCE's name.
    pub fn name(self) -> &'static str {
        match self {
            Decision::Allowed => "allowed",
            Decision::PotentiallyBlocked => "potentially_blocked",
            Decision::Blocked => "blocked",
            Decision::Unknown => "unknown",
        }
    }

    /// Reads the PCE's name.
    pub fn parse(text: &str) -> Option<Decision> {
        Decision::ALL.into_iter().find(|decision| decision.name() == text)
    }
}

/// The end of a connection that reported the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Reported by the destination.
    Inbound,
    /// Reported by the source (also the reading when an old PCE does not say).
    Outbound,
}

impl Direction {
    /// The PCE's name.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        }
    }
}

/// A workload as a flow record describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Workload {
    /// Its href; may be a `kubernetes_workloads` one.
    pub href: String,
    /// Name; empty when the PCE has none.
    pub name: String,
    /// Host name; empty when the PCE has none.
    pub hostname: String,
    /// `(key, value)` pairs, any keys, any number.
    pub labels: Vec<(String, String)>,
    /// Whether a VEN manages it; `None` on PCEs that do not say.
    pub managed: Option<bool>,
    /// `idle visibility_only selective full`, or whatever comes.
    pub enforcement: String,
    /// `linux windows unknown`, or whatever comes.
    pub os: String,
}

/// One end of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endpoint {
    /// The address as text, as sent.
    pub ip_text: String,
    /// The address; `None` when the text is not one (the PCE may write `FILTERED`).
    pub ip: Option<IpAddr>,
    /// The workload, if the PCE knows one.
    pub workload: Option<Workload>,
    /// Names of the IP lists that the PCE mentions (it names a few, not all).
    pub ip_lists: Vec<String>,
    /// Domain name, if the VEN learned one.
    pub fqdn: String,
}

impl Endpoint {
    /// What people call it: workload name, else host name, else address.
    pub fn display_name(&self) -> &str {
        let workload = self.workload.as_ref();
        [workload.map(|workload| workload.name.as_str()), workload.map(|workload| workload.hostname.as_str()), Some(self.ip_text.as_str())]
            .into_iter()
            .flatten()
            .find(|name| !name.is_empty())
            .unwrap_or("")
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.workload.as_ref()?.labels.iter().find(|(have, _)| have == key).map(|(_, value)| value.as_str())
    }

    /// Whether a VEN manages this end. On PCEs that do not say, having a workload means yes.
    pub fn is_managed(&self) -> bool {
        self.workload.as_ref().is_some_and(|workload| workload.managed.unwrap_or(true))
    }
}

/// One flow record: the totals of one day bucket as the PCE holds them now.
#[derive(Debug, Clone)]
pub struct Flow<'a> {
    /// The end that opened the connection.
    pub src: Rc<Interned>,
    /// The end that was connected to.
    pub dst: Rc<Interned>,
    /// Destination port; `None` for protocols without ports.
    pub port: Option<u16>,
    /// IANA protocol number; -1 when the PCE does not say.
    pub proto: i16,
    /// Process on the reporting side, or empty.
    pub process: &'a str,
    /// Windows service on the reporting side, or empty.
    pub service: &'a str,
    /// User on the reporting side, or empty.
    pub user: &'a str,
    /// Reported policy decision.
    pub decision: Decision,
    /// Which end reported.
    pub direction: Direction,
    /// `active`, `closed`, `timed out`, `snapshot` and others, or empty.
    pub state: &'a str,
    /// `broadcast`, `multicast`; `unicast` also when absent.
    pub transmission: &'a str,
    /// Network name, or empty.
    pub network: &'a str,
    /// `server`, `endpoint`, ..., or empty.
    pub client_type: &'a str,
    /// Connections reported so far in this bucket.
    pub connections: u64,
    /// Bytes received by the destination so far in this bucket.
    pub bytes_in: u64,
    /// Bytes sent by the destination so far in this bucket.
    pub bytes_out: u64,
    /// ICMP type and code; 0 for other protocols (the PCE sends 0/0 with TCP too).
    pub icmp: u16,
    /// When the bucket's first connection was seen; `None` when the time cannot be read.
    pub first: Option<Timestamp>,
    /// When its last was seen.
    pub last: Option<Timestamp>,
}

/// Takes one flow record at a time.
pub trait FlowSink {
    /// One flow record.
    fn flow(&mut self, flow: &Flow<'_>);
    /// Another part of the answer begins; records of earlier parts may come again.
    fn begin_part(&mut self, _part: u32) {}
    /// Whether it wants no more of them. Reading ends then, which is no failure.
    fn enough(&self) -> bool {
        false
    }
}

/// An endpoint as met in this run: parsed once, its conditions tested once, however many records name it.
#[derive(Debug, PartialEq, Eq)]
pub struct Interned {
    /// The endpoint itself.
    pub endpoint: Endpoint,
    /// What people call it; shared, so that whoever keeps the name need not keep the endpoint.
    pub name: Rc<str>,
    /// One bit for each distinct end condition of the rules; see `judge::plan`.
    pub marks: Box<[u64]>,
    /// Stable hash of the address as sent.
    pub ip_key: u64,
    /// Stable hash of the workload's href, or 0 without a workload.
    pub href_key: u64,
}

/// The PCE's verdict on itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HealthStatus {
    /// All is well.
    Normal,
    /// Something needs a look (also: a word this program does not know).
    Warning,
    /// Something is down.
    Critical,
}

/// Health of one PCE cluster (one per member of a Supercluster).
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// Which cluster.
    pub fqdn: String,
    /// Its own verdict.
    pub status: HealthStatus,
    /// The word it used.
    pub status_text: String,
    /// Busiest node's CPU, 0..1.
    pub cpu: Option<f64>,
    /// Fullest node's memory, 0..1.
    pub memory: Option<f64>,
    /// Fullest disk, 0..1.
    pub disk: Option<f64>,
    /// Longest replication lag, in seconds.
    pub replication_lag: Option<f64>,
    /// What it says about itself, for people.
    pub notes: Vec<String>,
    /// Set while in listen-only mode.
    pub listen_only_since: Option<String>,
    /// Its nodes, as far as it names them.
    pub nodes: Vec<HealthNode>,
    /// Its replications.
    pub replications: Vec<Replication>,
}

/// Health of one node of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthNode {
    /// Host name, else address.
    pub name: String,
    /// `core`, `data0`, ..., or empty.
    pub kind: String,
    /// The worst word it has for a part of itself, or empty.
    pub status: String,
    /// CPU, 0..1.
    pub cpu: Option<f64>,
    /// Memory, 0..1.
    pub memory: Option<f64>,
    /// Fullest disk, 0..1.
    pub disk: Option<f64>,
    /// Whether every disk says how full it is.
    pub disks_whole: bool,
}

/// One replication of a cluster's databases.
#[derive(Debug, Clone, PartialEq)]
pub struct Replication {
    /// What is replicated where.
    pub name: String,
    /// The word it has for itself, or empty.
    pub status: String,
    /// How far it is behind, in seconds; `None`: it does not say.
    pub lag: Option<f64>,
}

/// The short name of a protocol, or its number.
pub fn proto_name(proto: i16) -> String {
    PROTOCOLS.iter().find(|(number, _)| *number == proto).map_or_else(|| proto.to_string(), |(_, name)| (*name).to_owned())
}

/// Reads a protocol name or number.
pub fn proto_number(text: &str) -> Option<i16> {
    let lower = text.to_ascii_lowercase();
    PROTOCOLS.iter().find(|(_, name)| *name == lower).map(|(number, _)| *number).or_else(|| lower.parse::<u8>().ok().map(i16::from))
}

/// IANA numbers of the protocols that have a name here.
pub const PROTOCOLS: [(i16, &str); 10] =
    [(1, "icmp"), (2, "igmp"), (4, "ipip"), (6, "tcp"), (17, "udp"), (47, "gre"), (50, "esp"), (51, "ah"), (58, "icmpv6"), (132, "sctp")];
