//! What the PCE reports, in the program's own terms: flows, events, health.

use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;

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

    /// Reads the PCE's name.
    pub fn parse(text: &str) -> Option<Direction> {
        [Direction::Inbound, Direction::Outbound].into_iter().find(|direction| direction.name() == text)
    }
}

/// What a flow record, or one end of it, does not tell. A field that is not told is not one that has no value: whether it
/// satisfies a condition cannot be decided.
///
/// Some fields say "none" by their absence, because that is how the PCE says it, and are never in here: the workload of an
/// end that is none, its IP lists, its domain name, the process, service and user of the reporter, a transmission of
/// `unicast`, the port of a protocol without ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NotTold(pub u32);

impl NotTold {
    /// Nothing is missing.
    pub const NOTHING: NotTold = NotTold(0);

    /// An end's address, or an address that can be read as one.
    pub const IP: NotTold = NotTold(1);
    /// Whether there is a workload at an end, and with that all about it.
    pub const WORKLOAD: NotTold = NotTold(1 << 1);
    /// Name or host name of a workload.
    pub const NAME: NotTold = NotTold(1 << 2);
    /// A workload's labels, or some of them.
    pub const LABELS: NotTold = NotTold(1 << 3);
    /// Whether a VEN manages it.
    pub const MANAGED: NotTold = NotTold(1 << 4);
    /// Its enforcement mode.
    pub const ENFORCEMENT: NotTold = NotTold(1 << 5);
    /// Its operating system.
    pub const OS: NotTold = NotTold(1 << 6);
    /// The name of some IP list.
    pub const IP_LISTS: NotTold = NotTold(1 << 7);
    /// The domain name: there is nothing at all about the end.
    pub const FQDN: NotTold = NotTold(1 << 8);
    /// Everything about an end.
    pub const END: NotTold = NotTold(Self::ENDS);
    const ENDS: u32 = 0x1ff;

    /// Which of two ends that both may have reported did.
    pub const REPORTING_END: NotTold = NotTold(1 << 9);
    /// What decides whether two records of a pair speak of the same connections.
    pub const PAIRING: NotTold =
        Self::DECISION.and(Self::REPORTING_END).and(Self::PORT).and(Self::PROTO).and(Self::IP.of_src()).and(Self::IP.of_dst());

    /// The port of a protocol that has ports.
    pub const PORT: NotTold = NotTold(1 << 20);
    /// The protocol.
    pub const PROTO: NotTold = NotTold(1 << 21);
    /// The policy decision: a word that this program has never heard of.
    pub const DECISION: NotTold = NotTold(1 << 22);
    /// Which end reported.
    pub const DIRECTION: NotTold = NotTold(1 << 23);
    /// The state of the connection.
    pub const STATE: NotTold = NotTold(1 << 24);
    /// The network.
    pub const NETWORK: NotTold = NotTold(1 << 25);
    /// The kind of reporter.
    pub const CLIENT_TYPE: NotTold = NotTold(1 << 26);
    /// Bytes to the destination.
    pub const BYTES_IN: NotTold = NotTold(1 << 27);
    /// Bytes from the destination.
    pub const BYTES_OUT: NotTold = NotTold(1 << 28);
    /// Both of these.
    pub const BYTES: NotTold = Self::BYTES_IN.and(Self::BYTES_OUT);
    /// Process, service and user of the reporter: there is nothing at all about the service.
    pub const REPORTER: NotTold = NotTold(1 << 29);

    /// Whether any of these is missing.
    pub fn any(self, of: NotTold) -> bool {
        self.0 & of.0 != 0
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: NotTold) -> NotTold {
        NotTold(self.0 | other.0)
    }

    /// Of what is missing these only.
    #[must_use]
    pub const fn only(self, these: NotTold) -> NotTold {
        NotTold(self.0 & these.0)
    }

    /// What is missing beside these.
    #[must_use]
    pub const fn but_for(self, these: NotTold) -> NotTold {
        NotTold(self.0 & !these.0)
    }

    /// This one if it is missing.
    #[must_use]
    pub fn when(self, missing: bool) -> NotTold {
        if missing { self } else { NotTold::NOTHING }
    }

    /// What a source does not tell, as part of what its flow does not tell.
    #[must_use]
    pub const fn of_src(self) -> NotTold {
        NotTold(self.0 & Self::ENDS)
    }

    /// The same of a destination.
    #[must_use]
    pub const fn of_dst(self) -> NotTold {
        NotTold((self.0 & Self::ENDS) << 10)
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
    /// Names of the virtual service and the virtual server behind the address.
    pub virtual_names: Vec<String>,
    /// What is not told of it.
    pub not_told: NotTold,
}

impl Endpoint {
    /// What people call it: workload name, else host name, else virtual service or server, else address.
    pub fn display_name(&self) -> &str {
        self.names().chain([self.ip_text.as_str()]).find(|name| !name.is_empty()).unwrap_or("")
    }

    /// The names it has, the one people use first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let of_workload = self.workload.iter().flat_map(|workload| [workload.name.as_str(), workload.hostname.as_str()]);
        of_workload.chain(self.virtual_names.iter().map(String::as_str)).filter(|name| !name.is_empty())
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

/// One flow record: the totals of one day bucket as the PCE holds them now. `E` holds an end, `T` a text, so that a record can
/// be kept while it goes from one thread to another.
#[derive(Debug, Clone)]
pub struct FlowOf<E, T> {
    /// The end that opened the connection.
    pub src: E,
    /// The end that was connected to.
    pub dst: E,
    /// Destination port; `None` for protocols without ports.
    pub port: Option<u16>,
    /// IANA protocol number; -1 when the PCE does not say.
    pub proto: i16,
    /// Process on the reporting side, or empty.
    pub process: T,
    /// Windows service on the reporting side, or empty.
    pub service: T,
    /// User on the reporting side, or empty.
    pub user: T,
    /// Reported policy decision.
    pub decision: Decision,
    /// Which end reported.
    pub direction: Direction,
    /// `active`, `closed`, `timed out`, `snapshot` and others, or empty.
    pub state: T,
    /// `broadcast`, `multicast`; `unicast` also when absent.
    pub transmission: T,
    /// Network name, or empty.
    pub network: T,
    /// `server`, `endpoint`, ..., or empty.
    pub client_type: T,
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
    /// What is not told of the flow itself; see [`Flow::not_told`] for all.
    pub own_not_told: NotTold,
}

/// A flow record to look at.
pub type Flow<'a> = FlowOf<&'a Interned, &'a str>;

impl<E, T> FlowOf<E, T> {
    /// The same record with its ends and texts held in another way.
    pub fn held<'s, F, U>(&'s self, mut end: impl FnMut(&'s E) -> F, mut text: impl FnMut(&'s T) -> U) -> FlowOf<F, U> {
        FlowOf {
            src: end(&self.src),
            dst: end(&self.dst),
            process: text(&self.process),
            service: text(&self.service),
            user: text(&self.user),
            state: text(&self.state),
            transmission: text(&self.transmission),
            network: text(&self.network),
            client_type: text(&self.client_type),
            port: self.port,
            proto: self.proto,
            decision: self.decision,
            direction: self.direction,
            connections: self.connections,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            icmp: self.icmp,
            first: self.first,
            last: self.last,
            own_not_told: self.own_not_told,
        }
    }
}

impl Flow<'_> {
    /// What is not told of the flow and of both its ends.
    pub fn not_told(&self) -> NotTold {
        let both_report = self.own_not_told.any(NotTold::DIRECTION) && self.src.endpoint.is_managed() && self.dst.endpoint.is_managed();
        let ends = self.src.endpoint.not_told.of_src().and(self.dst.endpoint.not_told.of_dst());
        self.own_not_told.and(ends).and(NotTold::REPORTING_END.when(both_report))
    }
}

/// Takes one flow record at a time.
pub trait FlowSink {
    /// One flow record.
    fn flow(&mut self, flow: &Flow<'_>);
    /// Another part of the answer begins; records of earlier parts may come again.
    fn begin_part(&mut self, _part: u32) {}
    /// The question reaches further back than the usual one, which would have begun here.
    fn late_before(&mut self, _usual: jiff::Timestamp) {}
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
    pub name: Arc<str>,
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

/// Protocols that have ports, as far as the PCE reports them.
pub const WITH_PORTS: [i16; 3] = [6, 17, 132];
