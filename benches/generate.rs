//! Writes a traffic answer the size of a real estate's, with everything in it that has misled such programs before.
//!
//! `generate --records 200000 --now 2026-08-02T12:00:00Z --out flows.json.gz`. Equal arguments give equal bytes. With
//! `--later MINUTES` the same records are sent again as the PCE would show them after that many minutes: half of them
//! have grown. Nothing is kept in memory but the estate, so that answers of any length can be written.
//!
//! The shape of the estate:
//! - `--workloads N`: how many workloads there are; few talk much, most talk little.
//! - `--outside PERCENT`: records with an address from anywhere, as a web server's have: nearly every one is another.
//! - `--pair-records N`: hot pairs, each with N records that differ in process, user and time (a jump host, a batch server).
//! - `--moved PERCENT`: with `--later`, so many records have another state than before, as when connections close.
//! - `--short-lived N --services M`: N Kubernetes workloads that live for some minutes, talking to M services.

use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};

struct Settings {
    records: u64,
    workloads: usize,
    outside: u32,
    pair_records: u64,
    moved: u32,
    short_lived: usize,
    services: usize,
    seed: u64,
    later: i64,
    now: Timestamp,
    out: String,
}

fn settings() -> Result<Settings, Box<dyn Error>> {
    let mut settings = Settings {
        records: 200_000,
        workloads: 4_000,
        outside: 0,
        pair_records: 0,
        moved: 0,
        short_lived: 0,
        services: 300,
        seed: 1,
        later: 0,
        now: "2026-08-02T12:00:00Z".parse()?,
        out: "flows.json.gz".into(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--records" => settings.records = value.parse()?,
            "--workloads" => settings.workloads = value.parse()?,
            "--outside" => settings.outside = value.parse()?,
            "--pair-records" => settings.pair_records = value.parse()?,
            "--moved" => settings.moved = value.parse()?,
            "--short-lived" => settings.short_lived = value.parse()?,
            "--services" => settings.services = value.parse()?,
            "--seed" => settings.seed = value.parse()?,
            "--later" => settings.later = value.parse()?,
            "--now" => settings.now = value.parse()?,
            "--out" => settings.out = value,
            _ => {
                return Err(format!(
                    "{word} is none of --records --workloads --outside --pair-records --moved --short-lived --services --seed --later --now --out"
                )
                .into());
            }
        }
    }
    Ok(settings)
}

/// One end, as it stands in every record that names it.
#[derive(Clone)]
struct Side {
    json: String,
    managed: bool,
    windows: bool,
    kubernetes: bool,
    ipv6: bool,
}

const APPS: [&str; 12] =
    ["shop", "billing", "hr", "crm", "erp", "mail", "wiki", "ci", "monitoring", "backup", "identity", "Büro & \\\"Archiv\\\""];
const ENVS: [&str; 5] = ["prod", "prod-dr", "stage", "test", "dev"];
const ROLES: [&str; 8] = ["web", "app", "db", "cache", "queue", "proxy", "job", "jump"];
const LOCATIONS: [&str; 4] = ["Taipei", "Kaohsiung", "Tokyo", "Frankfurt"];

fn uuid(rng: &mut Rng) -> String {
    uuid::Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid().to_string()
}

fn pick<'t>(rng: &mut Rng, list: &[&'t str]) -> &'t str {
    list[rng.usize(..list.len())]
}

fn label(rng: &mut Rng, key: &str, values: &[&str]) -> String {
    let index = rng.usize(..values.len());
    format!(r#"{{"href":"/orgs/1/labels/{}","key":"{key}","value":"{}"}}"#, 1_000 + index * 7 + key.len() * 131, values[index])
}

fn workload(rng: &mut Rng, number: usize) -> Side {
    let kubernetes = number % 23 == 7;
    let managed = kubernetes || number % 17 != 3;
    let windows = !kubernetes && number % 4 == 1;
    let ipv6 = number % 29 == 5;
    let ip = if ipv6 {
        format!("2001:db8:{:x}::{:x}", number / 200, number % 200 + 1)
    } else {
        format!("10.{}.{}.{}", 20 + number / 60_000, number / 250 % 240, number % 250 + 1)
    };
    let mut labels = Vec::new();
    for (key, values) in [("role", &ROLES[..]), ("app", &APPS[..]), ("env", &ENVS[..]), ("loc", &LOCATIONS[..])] {
        if rng.u8(..20) != 0 {
            labels.push(label(rng, key, values));
        }
    }
    if number % 11 == 2 {
        labels.push(label(rng, "Quarantine", &["yes"]));
    }
    let name = format!("{}-{number:05}", pick(rng, &ROLES));
    let (name_json, host_json) = match number % 6 {
        0 => ("null".to_owned(), format!(r#""{name}.corp.example.com""#)),
        _ if kubernetes || !managed => (format!(r#""{name}""#), "null".to_owned()),
        _ => (format!(r#""{name}""#), format!(r#""{name}.corp.example.com""#)),
    };
    let kind = if kubernetes { "kubernetes_workloads" } else { "workloads" };
    let mode = if managed { pick(rng, &["full", "selective", "visibility_only", "idle"]) } else { "unmanaged_by_this_release" };
    let os = if kubernetes || !managed {
        "unknown"
    } else if windows {
        "windows"
    } else {
        "linux"
    };
    let fqdn = if number.is_multiple_of(7) { format!(r#","fqdn":"{name}.svc.example.com""#) } else { String::new() };
    Side {
        json: format!(
            r#"{{"ip":"{ip}","workload":{{"href":"/orgs/1/{kind}/{}","name":{name_json},"hostname":{host_json},"managed":{managed},"enforcement_mode":"{mode}","os_type":"{os}","endpoint":{},"labels":[{}]}}{fqdn}}}"#,
            uuid(rng),
            windows && number.is_multiple_of(3),
            labels.join(",")
        ),
        managed,
        windows,
        kubernetes,
        ipv6,
    }
}

fn stranger(rng: &mut Rng, number: usize) -> Side {
    let ipv6 = number % 13 == 4;
    let ip = if ipv6 {
        format!("2001:db8:ffff::{number:x}")
    } else {
        format!("198.{}.{}.{}", 18 + number % 2, number / 250 % 250, number % 250 + 1)
    };
    let list =
        |id: usize, name: &str, size: u64| format!(r#"{{"href":"/orgs/1/sec_policy/draft/ip_lists/{id}","name":"{name}","size":{size}}}"#);
    let lists = [
        list(1, "Any (0.0.0.0/0 and ::/0)", 4_294_967_296),
        list(55, "Internet", 4_278_124_288),
        list(71, "Partners Asia", 65_536),
        list(72, "CDN \\u2013 edge", 1_048_576),
        list(73, "Sinkhole", 256),
    ];
    let shown = rng.usize(..=lists.len());
    let mut json = format!(r#"{{"ip":"{ip}""#);
    if shown > 0 {
        let _ = write!(json, r#","ip_lists":[{}]"#, lists[..shown].join(","));
    }
    if !number.is_multiple_of(3) {
        let _ = write!(json, r#","fqdn":"host-{number}.cdn.example.net""#);
    }
    json.push('}');
    Side { json, managed: false, windows: false, kubernetes: false, ipv6 }
}

/// An address that is met once.
fn passer_by(rng: &mut Rng) -> Side {
    let ipv6 = rng.u8(..6) == 0;
    let ip = if ipv6 {
        format!("2001:db8:{:x}:{:x}::{:x}", rng.u16(0x1000..), rng.u16(..), rng.u32(1..))
    } else {
        // Not 10., 127. or above 223.
        format!("{}.{}.{}.{}", 11 + rng.u8(..110), rng.u8(..), rng.u8(..), 1 + rng.u8(..254))
    };
    let json = format!(
        r#"{{"ip":"{ip}","ip_lists":[{{"href":"/orgs/1/sec_policy/draft/ip_lists/1","name":"Any (0.0.0.0/0 and ::/0)","size":4294967296}}]}}"#
    );
    Side { json, managed: false, windows: false, kubernetes: false, ipv6 }
}

/// A Kubernetes workload: `service` lives on, the rest for minutes, with an address of a small range that others bear later.
fn pod(rng: &mut Rng, number: usize, service: bool) -> Side {
    let (second, name) = if service { (96, "svc") } else { (100 + number / 60_000, "pod") };
    let ip = format!("10.{second}.{}.{}", number / 250 % 240, number % 250 + 1);
    let (app, env) = (pick(rng, &APPS[..11]), pick(rng, &ENVS));
    let labels = [label(rng, "role", &ROLES), label(rng, "app", &APPS), label(rng, "env", &ENVS)].join(",");
    Side {
        json: format!(
            r#"{{"ip":"{ip}","workload":{{"href":"/orgs/1/kubernetes_workloads/{}","name":"{name}-{app}-{env}-{:08x}-{number:05}","hostname":null,"managed":true,"enforcement_mode":"full","os_type":"unknown","endpoint":false,"labels":[{labels}]}}}}"#,
            uuid(rng),
            rng.u32(..)
        ),
        managed: true,
        windows: false,
        kubernetes: true,
        ipv6: false,
    }
}

struct Estate {
    workloads: Vec<Side>,
    strangers: Vec<Side>,
    short_lived: Vec<Side>,
    services: Vec<Side>,
    networks: Vec<String>,
}

impl Estate {
    fn new(rng: &mut Rng, settings: &Settings) -> Self {
        let workloads = settings.workloads.max(2);
        let networks = ["Corporate", "External", "k8s container network"]
            .map(|name| format!(r#"{{"href":"/orgs/1/networks/{}","name":"{name}"}}"#, uuid(rng)));
        Self {
            workloads: (0..workloads).map(|number| workload(rng, number)).collect(),
            strangers: (0..workloads / 2).map(|number| stranger(rng, number)).collect(),
            networks: networks.into(),
            // A stream of their own: the other workloads are the same with and without them.
            short_lived: (0..settings.short_lived).map(|number| pod(&mut Rng::with_seed(number as u64), number, false)).collect(),
            services: (0..settings.services.max(1)).map(|number| pod(&mut Rng::with_seed(!(number as u64)), number, true)).collect(),
        }
    }

    /// Who talks to whom; the last says whether the destination is not ours.
    fn ends(&self, rng: &mut Rng, settings: &Settings) -> (Cow<'_, Side>, Cow<'_, Side>, bool) {
        if settings.outside > 0 && rng.u32(..100) < settings.outside {
            let (ours, theirs) = (Cow::Borrowed(self.someone(rng)), Cow::Owned(passer_by(rng)));
            return if rng.bool() { (ours, theirs, true) } else { (theirs, ours, false) };
        }
        if !self.short_lived.is_empty() && rng.u8(..10) != 0 {
            let (src, dst) = (&self.short_lived[rng.usize(..self.short_lived.len())], &self.services[rng.usize(..self.services.len())]);
            return (Cow::Borrowed(src), Cow::Borrowed(dst), false);
        }
        let kind = rng.u8(..100);
        let src = if kind < 6 { &self.strangers[rng.usize(..self.strangers.len())] } else { self.someone(rng) };
        let dst = if kind > 60 { &self.strangers[rng.usize(..self.strangers.len())] } else { self.someone(rng) };
        (Cow::Borrowed(src), Cow::Borrowed(dst), kind > 60)
    }

    /// Few talk much, most talk little.
    fn someone(&self, rng: &mut Rng) -> &Side {
        let spread = rng.f64() * rng.f64();
        &self.workloads[((spread * self.workloads.len() as f64) as usize).min(self.workloads.len() - 1)]
    }
}

/// What both ends' records of one conversation share.
struct Talk<'e> {
    src: Cow<'e, Side>,
    dst: Cow<'e, Side>,
    port: Option<u16>,
    proto: u8,
    decision: &'static str,
    first: Timestamp,
    last: Timestamp,
    connections: u64,
    bytes: [u64; 2],
    network: usize,
}

const PORTS: [u16; 16] = [443, 443, 443, 80, 53, 22, 3306, 5432, 1433, 8443, 389, 88, 445, 3389, 9200, 27017];

fn talk<'e>(estate: &'e Estate, rng: &mut Rng, settings: &Settings) -> Talk<'e> {
    let (src, dst, outward) = estate.ends(rng, settings);
    let icmp = rng.u8(..50) == 0;
    let proto = if icmp { if dst.ipv6 { 58 } else { 1 } } else { [6, 6, 6, 6, 17, 17, 47][rng.usize(..7)] };
    let port = match proto {
        1 | 58 | 47 => None,
        _ if rng.u8(..5) == 0 => Some(rng.u16(1024..)),
        _ => Some(PORTS[rng.usize(..PORTS.len())]),
    };
    let day = settings.now.as_second().rem_euclid(86_400);
    let first_second = rng.i64(0..day.max(2));
    // One in six was seen once only: its range has no width.
    let width = if rng.u8(..6) == 0 { 0 } else { rng.i64(0..=day - first_second) };
    let at = |second: i64| settings.now - SignedDuration::from_secs(day - second);
    let mut last = at(first_second + width);
    let mut connections = 1 + rng.u64(..300) * u64::from(width > 0);
    let scale = [0, 2_000, 2_000_000, 3_000_000_000_000][rng.usize(..4)];
    let mut bytes = [rng.u64(..=scale), rng.u64(..=scale)];
    let decision =
        ["allowed", "allowed", "allowed", "allowed", "potentially_blocked", "potentially_blocked", "blocked", "unknown"][rng.usize(..8)];
    let grows = rng.bool();
    if settings.later > 0 && grows {
        last = settings.now + SignedDuration::from_mins(settings.later) - SignedDuration::from_secs(30);
        connections += 2;
        bytes = bytes.map(|count| count + count / 64);
    }
    let network = if src.kubernetes { 2 } else { usize::from(outward) };
    Talk { src, dst, port, proto, decision, first: at(first_second), last, connections, bytes, network }
}

/// Another conversation of the same pair on the same port: other times, other counters.
fn again<'e>(talk: &Talk<'e>, rng: &mut Rng, settings: &Settings) -> Talk<'e> {
    let day = settings.now.as_second().rem_euclid(86_400).max(2);
    let first_second = rng.i64(0..day);
    let first = settings.now - SignedDuration::from_secs(day - first_second);
    let mut last = first + SignedDuration::from_secs(rng.i64(0..=day - first_second));
    let mut connections = 1 + rng.u64(..30);
    let mut bytes = talk.bytes.map(|most| rng.u64(..=most));
    if settings.later > 0 && rng.bool() {
        last = settings.now + SignedDuration::from_mins(settings.later) - SignedDuration::from_secs(30);
        connections += 2;
        bytes = bytes.map(|count| count + count / 64);
    }
    Talk { src: talk.src.clone(), dst: talk.dst.clone(), first, last, connections, bytes, ..*talk }
}

/// How a record tells of a conversation.
struct How {
    inbound: bool,
    /// It has a process and a user of its own, as in a hot pair.
    variant: Option<u64>,
    /// Its state is another one than before.
    moved: bool,
}

/// The record of one end.
fn record(out: &mut String, talk: &Talk<'_>, how: &How, estate: &Estate, rng: &mut Rng) {
    let How { inbound, variant, moved } = *how;
    let reporter = if inbound { &*talk.dst } else { &*talk.src };
    let snapshot = reporter.kubernetes;
    let _ = write!(out, r#"{{"src":{},"dst":{},"service":{{"#, talk.src.json, talk.dst.json);
    if let Some(port) = talk.port {
        let _ = write!(out, r#""port":{port},"#);
    }
    let _ = write!(out, r#""proto":{}"#, talk.proto);
    if let Some(variant) = variant {
        let _ = write!(out, r#","process_name":"/opt/batch/releases/{}/bin/worker","user_name":"svc-{}""#, variant % 4_001, variant % 97);
    } else if reporter.managed && !snapshot {
        let name = if reporter.windows {
            pick(
                rng,
                &[
                    r"C:\\Windows\\System32\\svchost.exe",
                    r"C:\\Program Files\\Vendor\\agent.exe",
                    "System",
                    r"C:\\Windows\\System32\\lsass.exe",
                ],
            )
        } else {
            pick(rng, &["/usr/sbin/sshd", "mysqld", "/usr/bin/python3.12", "nginx", "java"])
        };
        let _ = write!(out, r#","process_name":"{name}""#);
        if reporter.windows && rng.bool() {
            let _ = write!(out, r#","windows_service_name":"{}""#, pick(rng, &["wuauserv", "TermService", "Dnscache"]));
        }
        if rng.u8(..3) != 0 {
            let _ = write!(out, r#","user_name":"{}""#, pick(rng, &["root", "mysql", r"CORP\\svc-backup", "王小明", "www-data"]));
        }
    }
    out.push('}');
    if snapshot {
        out.push_str(r#","icmp_type":0,"icmp_code":0,"boundary_decision":null"#);
    } else if matches!(talk.proto, 1 | 58) {
        out.push_str(r#","icmp_type":8,"icmp_code":0"#);
    }
    let state =
        if snapshot { "snapshot" } else { pick(rng, &["active", "closed", "closed", "timed out", "new", "", "half_open_as_of_26"]) };
    let state = if moved && !snapshot { "incomplete" } else { state };
    // The two ends never quite agree.
    let apart = u64::from(inbound) * (talk.connections / 100);
    let _ = write!(
        out,
        r#","num_connections":{},"state":"{state}","timestamp_range":{{"first_detected":"{}","last_detected":"{}"}},"dst_bi":{},"dst_bo":{},"policy_decision":"{}","flow_direction":"{}","client_type":"{}","network":{},"caps":{},"seq_id":{}"#,
        talk.connections + apart,
        talk.first,
        talk.last,
        talk.bytes[0],
        talk.bytes[1] + apart,
        if rng.u16(..500) == 0 { "allowed_across_boundary" } else { talk.decision },
        if inbound { "inbound" } else { "outbound" },
        if reporter.windows { "endpoint" } else { "server" },
        estate.networks[talk.network],
        if snapshot { "[]" } else { r#"["write"]"# },
        rng.u32(..150_000),
    );
    match rng.u8(..40) {
        0 => out.push_str(r#","transmission":"broadcast""#),
        1 => out.push_str(r#","transmission":null"#),
        2 => out.push_str(r#","a_key_of_tomorrow":{"nested":[1,2.5e3,{"deep":null}],"text":"\u00e9\n"}"#),
        _ => {}
    }
    out.push('}');
}

fn main() -> Result<(), Box<dyn Error>> {
    let settings = settings()?;
    let mut rng = Rng::with_seed(settings.seed);
    let estate = Estate::new(&mut rng, &settings);
    let mut out = GzEncoder::new(BufWriter::new(File::create(&settings.out)?), Compression::default());
    let (mut written, mut plain) = (0u64, 1u64);
    let mut text = String::new();
    out.write_all(b"[")?;
    while written < settings.records {
        // Every conversation has its own chance, so that a later answer holds the same ones.
        let chance = |number: u64| Rng::with_seed(settings.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number));
        let mut own = chance(written);
        let talk = talk(&estate, &mut own, &settings);
        let directions: &[bool] = match (talk.src.managed, talk.dst.managed) {
            (true, true) => &[false, true],
            (false, true) => &[true],
            _ => &[false],
        };
        let conversations = settings.pair_records.div_ceil(directions.len() as u64).max(1);
        for variant in 0..conversations {
            let hot = (settings.pair_records > 0).then_some(variant);
            let other = hot.map(|variant| again(&talk, &mut chance(written ^ variant << 40), &settings));
            for inbound in directions {
                if written == settings.records {
                    break;
                }
                text.clear();
                if written > 0 {
                    text.push(',');
                }
                let moved = settings.later > 0 && settings.moved > 0 && Rng::with_seed(written).u32(..100) < settings.moved;
                let how = How { inbound: *inbound, variant: hot, moved };
                record(&mut text, other.as_ref().unwrap_or(&talk), &how, &estate, &mut own);
                out.write_all(text.as_bytes())?;
                plain += text.len() as u64;
                written += 1;
            }
        }
    }
    out.write_all(b"]")?;
    out.finish()?.flush()?;
    let mut stderr = std::io::stderr();
    writeln!(stderr, "{}: {written} records, {} MB of JSON, {} bytes a record", settings.out, plain / 1_000_000, plain / written.max(1))?;
    Ok(())
}
