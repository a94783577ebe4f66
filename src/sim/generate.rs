//! Worlds out of a seed: every awkward habit of real traffic, each with its own knob.

use super::world::{Host, IpList, Point, Report, Workload, World};
use crate::domain::record::Decision;
use jiff::Timestamp;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// What to generate. Plain numbers, so that a property test can make and shrink them; equal
/// parameters always give the same world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    /// Everything that is left to chance follows from this.
    pub seed: u64,
    /// The first instant at which something may happen.
    pub start: Timestamp,
    /// For how long things happen.
    pub minutes: u32,
    /// Hosts with a VEN.
    pub managed: u32,
    /// Hosts without: some unmanaged workloads, some in IP lists, some altogether unknown.
    pub unmanaged: u32,
    /// Kubernetes workloads; traffic that they report is of state `snapshot`.
    pub kubernetes: u32,
    /// Every third host has an IPv6 address.
    pub ipv6: bool,
    /// Connections that last; each adds one to the count in every report interval.
    pub long_lived: u32,
    /// Conversations of a few short connections.
    pub short: u32,
    /// Conversations that policy blocks, in turn at the source (the other end never hears of it)
    /// and at the destination (the source thinks it went through).
    pub blocked: u32,
    /// Conversations whose destination sees another source address.
    pub nat: u32,
    /// Pings, which have no port.
    pub icmp: u32,
    /// Conversations with everybody on the wire at once.
    pub broadcast: u32,
    /// Longest way from a VEN to the PCE. A VEN's reports keep their order.
    pub max_lag_minutes: u32,
    /// How often a VEN reports; 0: at once.
    pub report_minutes: u32,
    /// VENs cut off from the PCE.
    pub outages: Vec<Outage>,
    /// Out of a hundred reports, how many come hours late and out of order.
    pub late_percent: u32,
}

/// A VEN that cannot reach the PCE for a while; what it has to tell comes afterwards, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// Which host, counted round.
    pub host: u32,
    /// When it begins, in minutes after the start.
    pub from_minute: u32,
    /// How long it lasts.
    pub minutes: u32,
}

impl Params {
    /// A small estate over some hours, nothing going wrong.
    pub fn small(seed: u64, start: Timestamp) -> Params {
        Params {
            seed,
            start,
            minutes: 180,
            managed: 6,
            unmanaged: 3,
            kubernetes: 0,
            ipv6: false,
            long_lived: 6,
            short: 10,
            blocked: 4,
            nat: 0,
            icmp: 2,
            broadcast: 0,
            max_lag_minutes: 15,
            report_minutes: 5,
            outages: Vec::new(),
            late_percent: 0,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    LongLived,
    Short,
    BlockedAtSource,
    BlockedAtDestination,
    Nat,
    Icmp,
    Broadcast,
}

impl World {
    /// Makes a world.
    pub fn generate(params: &Params) -> World {
        Generator { params, rng: fastrand::Rng::with_seed(params.seed), hosts: hosts(params), points: Vec::new() }.run()
    }
}

struct Generator<'p> {
    params: &'p Params,
    rng: fastrand::Rng,
    hosts: Vec<Host>,
    points: Vec<Point>,
}

impl Generator<'_> {
    fn run(mut self) -> World {
        let params = self.params;
        let blocked_at_source = params.blocked.div_ceil(2);
        let plan = [
            (Kind::LongLived, params.long_lived),
            (Kind::Short, params.short),
            (Kind::BlockedAtSource, blocked_at_source),
            (Kind::BlockedAtDestination, params.blocked - blocked_at_source),
            (Kind::Nat, params.nat),
            (Kind::Icmp, params.icmp),
            (Kind::Broadcast, params.broadcast),
        ];
        let real_hosts = self.hosts.len();
        if real_hosts >= 2 {
            for (kind, count) in plan {
                for _ in 0..count {
                    self.conversation(kind, real_hosts);
                }
            }
        }
        self.deliver();
        World::new(self.hosts, self.points)
    }

    fn conversation(&mut self, kind: Kind, real_hosts: usize) {
        let src = self.rng.usize(..real_hosts);
        let dst = (src + 1 + self.rng.usize(..real_hosts - 1)) % real_hosts;
        let dst = if kind == Kind::Broadcast { self.broadcast_address() } else { dst };
        let nat_src = (kind == Kind::Nat).then(|| {
            self.hosts.push(Host::unknown(IpAddr::V4(Ipv4Addr::new(100, 64, 0, (self.hosts.len() % 250) as u8))));
            self.hosts.len() - 1
        });
        let is_icmp = kind == Kind::Icmp;
        let proto = match (is_icmp, self.hosts[dst].ip.is_ipv6()) {
            (true, false) => 1,
            (true, true) => 58,
            _ => [6, 6, 6, 17][self.rng.usize(..4)],
        };
        // What is blocked or translated has ports of its own: of one pair, port and day the two ends tell of the same
        // connections or only one end tells of them, not of some this way and some that way.
        let ports: &[u16] = match kind {
            Kind::BlockedAtSource => &[23, 135, 139, 445, 3389],
            Kind::BlockedAtDestination => &[21, 25, 111, 2049, 5900],
            Kind::Nat => &[8080, 9200, 9443],
            _ => &[22, 53, 80, 443, 1433, 3306, 5432, 8443, 27017],
        };
        let port = (!is_icmp).then(|| ports[self.rng.usize(..ports.len())]);
        let network: Arc<str> = ["Corporate", "External"][usize::from(self.rng.u8(..8) == 0)].into();
        let (at_src, at_dst) = match kind {
            Kind::BlockedAtSource => (Some(Decision::Blocked), None),
            Kind::BlockedAtDestination => (Some(Decision::Allowed), Some(Decision::Blocked)),
            _ => {
                let decision = [Decision::Allowed, Decision::Allowed, Decision::PotentiallyBlocked, Decision::Unknown][self.rng.usize(..4)];
                (Some(decision), Some(decision))
            }
        };
        let times = self.times(kind);
        let count = times.len();
        for (index, at) in times.into_iter().enumerate() {
            let is_last = index + 1 == count;
            let state = match kind {
                Kind::LongLived if is_last && self.rng.bool() => "closed",
                Kind::LongLived => "active",
                Kind::BlockedAtSource | Kind::BlockedAtDestination => "",
                _ if self.rng.u8(..4) == 0 => "timed out",
                _ => "closed",
            };
            let bytes = if at_dst == Some(Decision::Blocked) || at_dst.is_none() { 0 } else { 2_000_000 };
            let by_src = at_src.and_then(|decision| draft(&self.hosts[src], decision, state, false));
            let by_dst = at_dst.and_then(|decision| draft(&self.hosts[dst], decision, state, true));
            self.points.push(Point {
                at,
                src,
                dst,
                nat_src,
                port,
                proto,
                network: network.clone(),
                transmission: if kind == Kind::Broadcast { "broadcast".into() } else { "".into() },
                connections: 1,
                bytes_in: self.rng.u64(..=bytes),
                bytes_out: self.rng.u64(..=bytes),
                by_src,
                by_dst,
            });
        }
    }

    fn broadcast_address(&mut self) -> usize {
        let everybody = IpAddr::V4(Ipv4Addr::BROADCAST);
        if let Some(index) = self.hosts.iter().position(|host| host.ip == everybody) {
            return index;
        }
        self.hosts.push(Host::unknown(everybody));
        self.hosts.len() - 1
    }

    /// When the points of one conversation happen, in order.
    fn times(&mut self, kind: Kind) -> Vec<Timestamp> {
        let length = i64::from(self.params.minutes.max(1)) * 60;
        let offsets = if kind == Kind::LongLived {
            let every = i64::from(if self.params.report_minutes == 0 { 5 } else { self.params.report_minutes }) * 60;
            let begin = self.rng.i64(0..length);
            let end = self.rng.i64(begin..length) + 1;
            (begin..end).step_by(every as usize).collect()
        } else {
            let mut offsets: Vec<i64> = (0..self.rng.usize(1..=12)).map(|_| self.rng.i64(0..length)).collect();
            offsets.sort_unstable();
            offsets
        };
        offsets.into_iter().map(|seconds| plus(self.params.start, seconds)).collect()
    }

    /// Decides when each report reaches the PCE.
    fn deliver(&mut self) {
        let params = self.params;
        let every = i64::from(params.report_minutes) * 60;
        let max_lag = i64::from(params.max_lag_minutes) * 60;
        let phases: Vec<i64> = self.hosts.iter().map(|_| self.rng.i64(0..=every.max(1)) % every.max(1)).collect();
        let mut latest = vec![Timestamp::MIN; self.hosts.len()];
        self.points.sort_by_key(|point| point.at);
        for point in &mut self.points {
            let ends = [(point.src, &mut point.by_src), (point.dst, &mut point.by_dst)];
            for (host, report) in ends {
                let Some(report) = report else { continue };
                let mut told = point.at;
                if every > 0 {
                    let phase = phases[host];
                    let after_phase = point.at.as_second() - phase;
                    told = plus(point.at, every - after_phase.rem_euclid(every));
                }
                // An outage may end within another one.
                for _ in 0..params.outages.len() {
                    for outage in params.outages.iter().filter(|outage| outage.host as usize % params.managed.max(1) as usize == host) {
                        let from = plus(params.start, i64::from(outage.from_minute) * 60);
                        let to = plus(from, i64::from(outage.minutes) * 60);
                        if from <= told && told < to {
                            told = to;
                        }
                    }
                }
                let arrival = plus(told, self.rng.i64(0..=max_lag));
                if self.rng.u32(..100) < params.late_percent {
                    report.arrival = plus(arrival, self.rng.i64(3_600..=6 * 3_600));
                } else {
                    report.arrival = arrival.max(latest[host]);
                    latest[host] = report.arrival;
                }
            }
        }
    }
}

/// A report without its arrival; `None` when nobody is there to report.
fn draft(host: &Host, decision: Decision, state: &str, inbound: bool) -> Option<Report> {
    let workload = host.workload.as_ref().filter(|workload| workload.managed)?;
    let is_kubernetes = workload.href.contains("/kubernetes_workloads/");
    let (process, service, user) = match (workload.os_type.as_str(), inbound) {
        ("linux", true) => ("serverd", "", "daemon"),
        ("linux", false) => ("", "", "root"),
        ("windows", true) => ("svchost.exe", "TermService", "SYSTEM"),
        ("windows", false) => ("svchost.exe", "", ""),
        _ => ("", "", ""),
    };
    Some(Report {
        arrival: Timestamp::MIN,
        decision,
        state: if is_kubernetes { "snapshot".into() } else { state.into() },
        process: process.into(),
        service: service.into(),
        user: user.into(),
    })
}

fn hosts(params: &Params) -> Vec<Host> {
    let mut out = Vec::new();
    let address = |index: u32| {
        let [_, _, high, low] = (index + 1).to_be_bytes();
        if params.ipv6 && index % 3 == 2 {
            IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, index as u16 + 1))
        } else {
            IpAddr::V4(Ipv4Addr::new(10, 20, high, low))
        }
    };
    for index in 0..params.managed + params.unmanaged + params.kubernetes {
        let ip = address(index);
        let is_kubernetes = index >= params.managed + params.unmanaged;
        if index < params.managed || is_kubernetes {
            out.push(Host {
                ip,
                workload: Some(workload(params.seed, index, true, is_kubernetes)),
                ip_lists: Vec::new(),
                fqdn: String::new(),
            });
            continue;
        }
        let mut host = Host::unknown(ip);
        match index % 3 {
            0 => host.workload = Some(workload(params.seed, index, false, false)),
            1 => {
                host.ip_lists = vec![IpList { id: 55, name: "Internet".to_owned(), size: 4_278_124_288 }];
                host.fqdn = format!("host-{index}.example.net");
            }
            _ => {}
        }
        out.push(host);
    }
    out
}

fn workload(seed: u64, index: u32, managed: bool, kubernetes: bool) -> Workload {
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, format!("{seed}/{index}").as_bytes());
    let pair = |key: &str, values: &[&str]| (key.to_owned(), values[index as usize % values.len()].to_owned());
    let collection = if kubernetes { "kubernetes_workloads" } else { "workloads" };
    Workload {
        href: format!("/orgs/1/{collection}/{id}"),
        name: match index % 5 {
            3 => None,
            4 => Some(String::new()),
            _ => Some(format!("w-{index:03}")),
        },
        hostname: (!kubernetes && managed).then(|| format!("w-{index:03}.corp.example")),
        labels: match index % 4 {
            0 => Vec::new(),
            _ => vec![pair("env", &["prod", "dev"]), pair("role", &["web", "db", "cache"]), pair("Net", &["dmz"])],
        },
        managed,
        enforcement_mode: ["full", "selective", "visibility_only", "idle"][index as usize % 4].to_owned(),
        os_type: if kubernetes || !managed { "unknown" } else { ["linux", "windows"][index as usize % 2] }.to_owned(),
        endpoint: managed && !kubernetes && index % 7 == 6,
    }
}

fn plus(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
