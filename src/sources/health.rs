//! The PCE's own health: the row, and records of clusters, nodes and replications.

use super::{Assembled, Assembler, DecodeError, Decoded};
use crate::domain::estimate::Estimate;
use crate::domain::record::{Health, HealthStatus};
use crate::domain::source::{Agg, FieldDef, Holds, Input, KeyDef, MetricDef, Nature, Needs, ReadFrom, SourceDef, SourceKind};
use crate::domain::unit::Unit;
use crate::domain::value::{Record, Value};
use std::io::Read;
use xxhash_rust::xxh3::xxh3_64;

const NAME: u8 = 0;
const STATUS: u8 = 1;
const CPU: u8 = 2;
const MEMORY: u8 = 3;
const DISK: u8 = 4;
const LAG: u8 = 5;

const CLUSTER: u8 = 0;
const NODE: u8 = 1;
const REPLICATION: u8 = 2;

const NO_KEYS: &[KeyDef] = &[];

const fn field(name: &'static str, about: &'static str, holds: Holds) -> FieldDef {
    FieldDef { name, about, holds, keys: NO_KEYS, groups: false, needs: Needs::Nothing, told_by_absence: false, key: "" }
}

const fn metric(name: &'static str, unit: Unit, kinds: &'static [&'static str], input: Input, key: &'static str) -> MetricDef {
    MetricDef { name, unit, kinds, input, agg: Agg::Max, must_be_told: true, groups: true, key }
}

/// The row.
pub const SOURCE: SourceDef = SourceDef {
    name: "health",
    title: || tr!("health"),
    targets: &[ReadFrom::whole("pce")],
    nature: Nature::Snapshot,
    kinds: &["cluster", "node", "replication"],
    fields: &[
        field("name", "Cluster, node or replication", Holds::Text),
        field("status", "The PCE's own verdict: 0 normal, 1 warning, 2 critical", Holds::Number(Unit::Status)),
        field("cpu", "CPU of a node", Holds::Number(Unit::Ratio)),
        field("memory", "Memory of a node", Holds::Number(Unit::Ratio)),
        field("disk", "Fullest disk of a node", Holds::Number(Unit::Ratio)),
        field("replication_lag", "Lag of a replication", Holds::Number(Unit::Seconds)),
    ],
    open_fields: false,
    metrics: &[
        metric("status", Unit::Status, &["cluster"], Input::Status(STATUS), "Status"),
        metric("cpu", Unit::Ratio, &["node"], Input::Number(CPU), "Cpu"),
        metric("memory", Unit::Ratio, &["node"], Input::Number(MEMORY), "Memory"),
        metric("disk", Unit::Ratio, &["node"], Input::Number(DISK), "Disk"),
        metric("replication_lag", Unit::Seconds, &["replication"], Input::Number(LAG), "ReplicationLag"),
    ],
    flag: "health",
    files: &["health"],
    key: ("Health", "Everything"),
};

/// Reads health answers.
#[derive(Default)]
pub struct Clusters(pub Vec<Health>);

impl Assembler for Clusters {
    fn part(&mut self, _name: &str, body: &mut dyn Read) -> Result<Decoded, DecodeError> {
        let found = crate::pce::health::parse_health(body).map_err(DecodeError::Format)?;
        let rows = found.len() as u64;
        self.0.extend(found);
        Ok(Decoded { rows, unreadable: 0 })
    }

    fn finish(self: Box<Self>) -> Assembled {
        let rows = self.0.len() as u64;
        Assembled { rows, records: self.0.iter().flat_map(records).collect(), ..Assembled::default() }
    }
}

/// The records of one cluster: itself, its nodes, its replications.
fn records(health: &Health) -> Vec<Record> {
    let one = |kind: u8, name: &str, detail: String, word: &str| {
        let id = xxh3_64(format!("{kind}/{}/{name}", health.fqdn).as_bytes());
        let mut record = Record { kind, name: name.to_owned(), detail, word: word.to_owned(), ..Record::of(SourceKind(&SOURCE), id) };
        record.set(NAME, Value::text(name));
        record
    };
    let mut cluster = one(CLUSTER, &health.fqdn, health.notes.join("; "), &health.status_text);
    let status = match health.status {
        HealthStatus::Normal => 0.0,
        HealthStatus::Warning => 1.0,
        HealthStatus::Critical => 2.0,
    };
    // A word that is missing is not good, and may be the worst.
    let status = if health.status_text.is_empty() { Estimate { low: 1.0, high: 2.0 } } else { Estimate::exact(status) };
    cluster.set(STATUS, Value::Number(status));
    let mut out = vec![cluster];
    for node in &health.nodes {
        let own = |note: &String| {
            let (about, what) = note.strip_prefix("node ")?.split_once(": ")?;
            (about.split(' ').next() == Some(node.name.as_str())).then(|| what.to_owned())
        };
        let notes: Vec<String> = health.notes.iter().filter_map(own).collect();
        let mut record = one(NODE, &node.name, notes.join("; "), &node.status);
        record.details = [(CPU, "cpu"), (MEMORY, "memory"), (DISK, "disk")]
            .into_iter()
            .flat_map(|(slot, word)| {
                let own: Vec<&String> = notes.iter().filter(|note| note.starts_with(word)).collect();
                if own.is_empty() { vec![(slot, String::new())] } else { own.into_iter().map(|note| (slot, note.clone())).collect() }
            })
            .collect();
        record.set(CPU, Value::number(node.cpu));
        record.set(MEMORY, Value::number(node.memory));
        record.set(
            DISK,
            match (node.disk, node.disks_whole) {
                (Some(disk), false) => Value::Number(Estimate { low: disk, high: 1.0_f64.max(disk) }),
                (disk, _) => Value::number(disk),
            },
        );
        out.push(record);
    }
    for link in &health.replications {
        let note = health.notes.iter().find(|note| note.starts_with(&format!("replication {}:", link.name)));
        let mut record = one(REPLICATION, &link.name, note.cloned().unwrap_or_default(), &link.status);
        record.set(LAG, Value::number(link.lag));
        out.push(record);
    }
    out
}
