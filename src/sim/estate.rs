//! The demo's estate: a shop, a payroll, their data centre, and ten bad minutes.
//!
//! Until `start` all is quiet. What goes wrong begins just after and has reached the PCE ten
//! minutes later, so a look at `start` and one at `start + 10m` show the difference.

use super::estate_events;
use super::fleet::SimVen;
use super::options::SimEvent;
use super::world::{Host, IpList, Point, Report, Workload, World, plus};
use crate::domain::record::Decision;
use crate::domain::time::utc_day_start;
use jiff::Timestamp;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Everything that the demo's PCE knows.
#[derive(Debug, Clone)]
pub struct Estate {
    /// Traffic.
    pub world: World,
    /// Audit events.
    pub events: Vec<SimEvent>,
    /// The answer of `/health`.
    pub health: Value,
    /// VENs.
    pub vens: Vec<SimVen>,
    /// The answer about the traffic database.
    pub database: Value,
}

/// The demo's rules, as a config file without `[pce]`.
pub fn demo_rules() -> &'static str {
    include_str!("demo_rules.toml")
}

/// The estate whose trouble begins at `start`. Always the same for the same `start`.
pub fn world(start: Timestamp) -> Estate {
    let mut builder = Builder { start, hosts: hosts(), points: Vec::new(), rng: fastrand::Rng::with_seed(40) };
    builder.ordinary();
    builder.trouble();
    let world = World::new(builder.hosts, builder.points);
    Estate {
        events: estate_events::events(start),
        health: estate_events::health(start),
        vens: estate_events::vens(&world, start),
        database: estate_events::database(start),
        world,
    }
}

/// Name, role, app, env, enforcement mode, operating system.
const WORKLOADS: [(&str, &str, &str, &str, &str, &str); 36] = [
    ("web-01", "web", "shop", "prod", "full", "linux"),
    ("web-02", "web", "shop", "prod", "full", "linux"),
    ("web-03", "web", "shop", "prod", "full", "linux"),
    ("web-04", "web", "shop", "prod", "full", "linux"),
    ("app-01", "app", "shop", "prod", "full", "linux"),
    ("app-02", "app", "shop", "prod", "full", "linux"),
    ("app-03", "app", "shop", "prod", "full", "linux"),
    ("app-04", "app", "shop", "prod", "full", "linux"),
    ("db-01", "db", "shop", "prod", "full", "linux"),
    ("db-02", "db", "shop", "prod", "full", "linux"),
    ("cache-01", "cache", "shop", "prod", "full", "linux"),
    ("dev-web-01", "web", "shop", "dev", "visibility_only", "linux"),
    ("dev-app-01", "app", "shop", "dev", "visibility_only", "linux"),
    ("dev-db-01", "db", "shop", "dev", "visibility_only", "linux"),
    ("dev-ci-01", "ci", "shop", "dev", "visibility_only", "linux"),
    ("pay-web-01", "web", "payroll", "prod", "selective", "windows"),
    ("pay-web-02", "web", "payroll", "prod", "selective", "windows"),
    ("pay-app-01", "app", "payroll", "prod", "selective", "windows"),
    ("pay-app-02", "app", "payroll", "prod", "selective", "windows"),
    ("pay-db-01", "db", "payroll", "prod", "full", "windows"),
    ("ledger-db-01", "db", "payroll", "prod", "selective", "linux"),
    ("hr-file-01", "file", "payroll", "prod", "selective", "windows"),
    ("dns-01", "dns", "infra", "prod", "full", "linux"),
    ("dns-02", "dns", "infra", "prod", "full", "linux"),
    ("dc-01", "dc", "infra", "prod", "full", "windows"),
    ("dc-02", "dc", "infra", "prod", "full", "windows"),
    ("backup-01", "backup", "infra", "prod", "full", "linux"),
    ("ntp-01", "ntp", "infra", "prod", "full", "linux"),
    ("mon-01", "monitoring", "infra", "prod", "full", "linux"),
    ("log-01", "log", "infra", "prod", "full", "linux"),
    ("jump-01", "jump", "infra", "prod", "full", "linux"),
    ("patch-01", "patch", "infra", "prod", "full", "windows"),
    ("k8s-frontend", "frontend", "catalog", "prod", "visibility_only", "unknown"),
    ("k8s-catalog", "catalog", "catalog", "prod", "visibility_only", "unknown"),
    ("k8s-cart", "cart", "catalog", "prod", "visibility_only", "unknown"),
    ("k8s-crawler", "crawler", "catalog", "dev", "visibility_only", "unknown"),
];

const LAPTOPS: [&str; 4] = ["lt-0921", "lt-0922", "lt-0923", "lt-0924"];

/// Address, IP list, domain name.
const OUTSIDE: [(&str, &str, &str); 7] = [
    ("198.51.100.9", "Internet", "updates.vendor.example"),
    ("203.0.113.66", "Internet", ""),
    ("203.0.113.20", "Partners", "api.partner.example"),
    ("192.0.2.11", "Internet", ""),
    ("192.0.2.58", "Internet", ""),
    ("192.0.2.140", "Internet", ""),
    ("10.99.1.7", "", ""),
];

fn hosts() -> Vec<Host> {
    let servers = WORKLOADS.iter().enumerate().map(|(index, (name, role, app, env, mode, os))| {
        let kubernetes = name.starts_with("k8s-");
        let labels = [("role", *role), ("app", *app), ("env", *env), ("loc", "dc1"), ("os", *os)];
        let ip = Ipv4Addr::new(10, if kubernetes { 85 } else { 20 }, 1, index as u8 + 10);
        managed(name, ip, kubernetes, &labels[..if kubernetes { 4 } else { 5 }], (mode, os))
    });
    let laptops = LAPTOPS.iter().enumerate().map(|(index, name)| {
        let ip = Ipv4Addr::new(172, 30, 9, index as u8 + 21);
        let mut host = managed(name, ip, false, &[("os", "WinPC"), ("loc", "office")], ("visibility_only", "windows"));
        if let Some(workload) = &mut host.workload {
            workload.endpoint = true;
        }
        host
    });
    let outside = OUTSIDE.iter().map(|(ip, list, fqdn)| {
        let mut host = Host::unknown(ip.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
        host.fqdn = (*fqdn).to_owned();
        host.ip_lists = match *list {
            "Internet" => vec![IpList { id: 55, name: "Internet".to_owned(), size: 4_278_124_288 }],
            "Partners" => vec![IpList { id: 61, name: "Partners".to_owned(), size: 256 }],
            _ => Vec::new(),
        };
        host
    });
    servers.chain(laptops).chain(outside).collect()
}

fn managed(name: &str, ip: Ipv4Addr, kubernetes: bool, labels: &[(&str, &str)], (mode, os): (&str, &str)) -> Host {
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes());
    let collection = if kubernetes { "kubernetes_workloads" } else { "workloads" };
    // The PCE knows some workloads by their host name only.
    let nameless = name == "dc-02";
    let workload = Workload {
        href: format!("/orgs/1/{collection}/{id}"),
        name: (!nameless).then(|| name.trim_start_matches("k8s-").to_owned()),
        hostname: (!kubernetes).then(|| if nameless { name.to_owned() } else { format!("{name}.corp.example") }),
        labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        managed: true,
        enforcement_mode: mode.to_owned(),
        os_type: os.to_owned(),
        endpoint: false,
    };
    Host { ip: IpAddr::V4(ip), workload: Some(workload), ip_lists: Vec::new(), fqdn: String::new() }
}

struct Builder {
    start: Timestamp,
    hosts: Vec<Host>,
    points: Vec<Point>,
    rng: fastrand::Rng,
}

/// What a flow is, apart from who takes part and when.
#[derive(Clone, Copy)]
struct Kind {
    port: Option<u16>,
    proto: u8,
    state: &'static str,
    /// What the two ends say; they rarely disagree.
    decisions: (Decision, Decision),
    /// Process at the source, process and user at the destination.
    who: (&'static str, &'static str, &'static str),
}

const fn allowed(port: u16, proto: u8, process: &'static str, user: &'static str) -> Kind {
    Kind { port: Some(port), proto, state: "active", decisions: (Decision::Allowed, Decision::Allowed), who: ("", process, user) }
}

impl Builder {
    /// What goes on all day.
    fn ordinary(&mut self) {
        let named = |prefix: &str| -> Vec<usize> { (0..WORKLOADS.len()).filter(|index| WORKLOADS[*index].0.starts_with(prefix)).collect() };
        let servers: Vec<usize> = (0..WORKLOADS.len()).filter(|index| !WORKLOADS[*index].0.starts_with("k8s-")).collect();
        let windows: Vec<usize> = (0..WORKLOADS.len()).filter(|index| WORKLOADS[*index].5 == "windows").collect();
        let laptops: Vec<usize> = (WORKLOADS.len()..WORKLOADS.len() + LAPTOPS.len()).collect();
        let outside = |index: usize| vec![WORKLOADS.len() + LAPTOPS.len() + index];
        let customers = [outside(3), outside(4), outside(5)].concat();
        let everyone = [servers.clone(), laptops.clone()].concat();
        let both = |one: &str, other: &str| [named(one), named(other)].concat();
        let ping = Kind { port: None, ..allowed(0, 1, "", "") };
        let snapshot = Kind { state: "snapshot", decisions: (Decision::Unknown, Decision::Unknown), ..allowed(80, 6, "", "") };
        // Source, destination, what, bytes towards the destination and back in five minutes.
        let plan = [
            (customers, named("web-0"), allowed(443, 6, "nginx", "www-data"), 400_000, 9_000_000),
            (named("web-0"), named("app-0"), allowed(8080, 6, "java", "shop"), 2_000_000, 6_000_000),
            (named("app-0"), named("db-0"), allowed(3306, 6, "mysqld", "mysql"), 9_000_000, 60_000_000),
            (named("app-0"), named("cache-"), allowed(6379, 6, "redis-server", "redis"), 3_000_000, 20_000_000),
            (both("dev-web", "dev-ci"), named("dev-app"), allowed(8080, 6, "java", "shop"), 40_000, 90_000),
            (named("dev-app"), named("dev-db"), allowed(3306, 6, "mysqld", "mysql"), 50_000, 200_000),
            (laptops.clone(), named("pay-web"), allowed(443, 6, "w3wp.exe", "SYSTEM"), 60_000, 800_000),
            (named("pay-web"), named("pay-app"), allowed(8443, 6, "payroll.exe", "svc-pay"), 500_000, 900_000),
            (named("pay-app"), named("pay-db"), allowed(1433, 6, "sqlservr.exe", "svc-sql"), 4_000_000, 30_000_000),
            (named("pay-app"), named("ledger-db"), allowed(5432, 6, "postgres", "postgres"), 1_000_000, 8_000_000),
            (named("pay-app"), outside(2), allowed(443, 6, "", ""), 90_000, 60_000),
            (everyone.clone(), named("dns-0"), allowed(53, 17, "named", "bind"), 20_000, 60_000),
            (both("web-", "app-"), named("ntp-"), allowed(123, 17, "chronyd", "chrony"), 500, 500),
            (windows.clone(), named("dc-0"), allowed(389, 6, "lsass.exe", "SYSTEM"), 60_000, 200_000),
            (windows.clone(), named("dc-0"), allowed(88, 6, "lsass.exe", "SYSTEM"), 20_000, 20_000),
            (servers.clone(), named("log-"), allowed(6514, 6, "syslog-ng", "syslog"), 700_000, 4_000),
            (named("mon-"), servers.clone(), allowed(9100, 6, "node_exporter", "nobody"), 5_000, 300_000),
            (named("mon-"), servers.clone(), ping, 840, 840),
            (named("jump-"), both("web-", "db-"), allowed(22, 6, "sshd", "root"), 8_000, 30_000),
            (laptops, outside(0), allowed(443, 6, "", ""), 50_000, 2_000_000),
            (named("patch-"), outside(0), allowed(443, 6, "", ""), 90_000, 4_000_000),
            (named("k8s-frontend"), both("k8s-catalog", "k8s-cart"), snapshot, 900_000, 5_000_000),
            (named("k8s-crawler"), named("k8s-frontend"), snapshot, 60_000, 700_000),
            (outside(6), named("dev-web"), allowed(443, 6, "nginx", "www-data"), 9_000, 20_000),
        ];
        for (sources, destinations, kind, bytes_in, bytes_out) in plan {
            for &src in &sources {
                for &dst in destinations.iter().filter(|dst| **dst != src) {
                    self.all_day(src, dst, kind, bytes_in, bytes_out);
                }
            }
        }
        // The night's backup: all of it in one hour, hours of database traffic in one number.
        let backup = self.host("backup-01");
        let night = utc_day_start(self.start);
        for dst in both("db-0", "pay-db") {
            for minute in (60..120).step_by(5).map(|minute| minute * 60 + dst as i64) {
                let at = plus(night, minute);
                if at < plus(self.start, -3_600) {
                    self.add(at, backup, dst, allowed(8080, 6, "bacula-fd", "root"), 12, 30_000_000, 9_000_000_000);
                }
            }
        }
    }

    /// A conversation that goes on since yesterday, with one report every five minutes. Further
    /// back than two hours an hour is one point; nobody can tell from the outside.
    fn all_day(&mut self, src: usize, dst: usize, kind: Kind, bytes_in: u64, bytes_out: u64) {
        let phase = self.rng.i64(0..300);
        let recent = plus(self.start, -7_200 + phase);
        let mut at = plus(recent, -3_600);
        while at >= plus(utc_day_start(self.start), -6 * 3_600) {
            self.add(at, src, dst, kind, 12, bytes_in * 12, bytes_out * 12);
            at = plus(at, -3_600);
        }
        for step in 0..34 {
            let part = self.rng.u64(60..=140);
            self.add(plus(recent, step * 300), src, dst, kind, 1, bytes_in * part / 100, bytes_out * part / 100);
        }
    }

    /// Ten bad minutes.
    fn trouble(&mut self) {
        let blocked = |port: u16| Kind {
            decisions: (Decision::Allowed, Decision::Blocked),
            state: "timed out",
            who: ("", "", ""),
            ..allowed(port, 6, "", "")
        };
        // A build server of the developers knocks at the databases of production. It has no policy
        // of its own, so only the other end says that it was blocked.
        let ci = self.host("dev-ci-01");
        for (name, port, count) in [("db-01", 3306, 260), ("db-02", 3306, 180), ("ledger-db-01", 5432, 90)] {
            let dst = self.host(name);
            for knock in 0..count {
                self.add(plus(self.start, 20 + knock * 300 / count), ci, dst, blocked(port), 1, 0, 0);
            }
        }
        // A file server looks for open doors.
        let (scanner, dc) = (self.host("hr-file-01"), self.host("dc-01"));
        for step in 0..64 {
            self.add(plus(self.start, 60 + i64::from(step) * 3), scanner, dc, blocked(8_000 + 17 * step), 1, 0, 0);
        }
        // A payroll server sends gigabytes to an address nobody knows.
        let (payroll, stranger) = (self.host("pay-app-02"), WORKLOADS.len() + LAPTOPS.len() + 1);
        let upload = Kind { who: ("rclone.exe", "", ""), ..allowed(443, 6, "", "") };
        for (step, megabytes) in (0..).zip([610, 740, 720, 735, 705, 690]) {
            self.add(plus(self.start, 25 + step * 50), payroll, stranger, upload, 1, megabytes * 1_000_000, 2_000_000);
        }
        // The shop reads the ledger, which is not enforced yet.
        let ledger = self.host("ledger-db-01");
        for (name, count) in [("web-02", 24), ("web-03", 11)] {
            let src = self.host(name);
            let kind = Kind {
                decisions: (Decision::PotentiallyBlocked, Decision::PotentiallyBlocked),
                state: "closed",
                ..allowed(5432, 6, "postgres", "postgres")
            };
            for step in 0..count {
                self.add(plus(self.start, 40 + step * 9), src, ledger, kind, 1, 3_000, 9_000);
            }
        }
    }

    fn host(&self, name: &str) -> usize {
        WORKLOADS.iter().position(|workload| workload.0 == name).expect("every name used here stands in WORKLOADS")
    }

    #[allow(clippy::too_many_arguments, reason = "one row of a table of traffic")]
    fn add(&mut self, at: Timestamp, src: usize, dst: usize, kind: Kind, connections: u64, bytes_in: u64, bytes_out: u64) {
        let report = |host: usize, decision: Decision, process: &str, user: &str| {
            // Every VEN takes its own, steady time, so its reports stay in order.
            let arrival = plus(at, 45 + (host as i64 * 37) % 180);
            let report =
                Report { arrival, decision, state: kind.state.into(), process: process.into(), service: "".into(), user: user.into() };
            self.hosts[host].is_managed().then_some(report)
        };
        let by_src = report(src, kind.decisions.0, kind.who.0, "");
        let by_dst = report(dst, kind.decisions.1, kind.who.1, kind.who.2);
        let network = match (kind.state, self.hosts[src].is_managed() && self.hosts[dst].is_managed()) {
            ("snapshot", _) => "k8s container network",
            (_, true) => "Corporate",
            (_, false) => "External",
        };
        self.points.push(Point {
            at,
            src,
            dst,
            nat_src: None,
            port: kind.port,
            proto: kind.proto,
            network: Arc::from(network),
            transmission: Arc::from(""),
            connections,
            bytes_in,
            bytes_out,
            by_src,
            by_dst,
        });
    }
}
