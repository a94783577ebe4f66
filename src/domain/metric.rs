//! What a rule measures, and in which unit the number is.

use super::field::Field;
use std::fmt;

/// Where the records of a rule come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// Flow records of the traffic query.
    Traffic,
    /// Audit events.
    Events,
    /// The PCE's own health.
    Health,
}

impl SourceKind {
    /// All sources, in the order they are reported.
    pub const ALL: [SourceKind; 3] = [SourceKind::Traffic, SourceKind::Events, SourceKind::Health];

    /// The name used in the config and in every output.
    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Traffic => "traffic",
            SourceKind::Events => "events",
            SourceKind::Health => "health",
        }
    }

    /// The word for people.
    pub fn said(self) -> String {
        match self {
            SourceKind::Traffic => tr!("traffic"),
            SourceKind::Events => tr!("events"),
            SourceKind::Health => tr!("health"),
        }
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a rule measures.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Connections in the window.
    Connections,
    /// Distinct (src, dst, port, proto, decision) seen in the window.
    Flows,
    /// Volume both ways.
    Bytes,
    /// Volume received by the destination.
    BytesIn,
    /// Volume sent by the destination.
    BytesOut,
    /// Mean rate of the fastest single flow between two looks.
    Bandwidth,
    /// All matched bytes over the window's length.
    Throughput,
    /// How many different values of a field (traffic or events).
    Distinct(Field),
    /// Events in the window.
    Count,
    /// The largest number of workloads one provisioning touched.
    WorkloadsAffected,
    /// The PCE's own verdict: 0 normal, 1 warning, 2 critical.
    Status,
    /// Busiest node's CPU.
    Cpu,
    /// Fullest node's memory.
    Memory,
    /// Fullest disk.
    Disk,
    /// Longest database replication lag.
    ReplicationLag,
}

/// The unit a value is kept in. Values are always in the base unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Connections.
    Connections,
    /// Distinct flows.
    Flows,
    /// Bytes.
    Bytes,
    /// Bits per second.
    #[serde(rename = "bits_per_second")]
    BitsPerSecond,
    /// Different values.
    Values,
    /// Audit events.
    Events,
    /// Workloads.
    Workloads,
    /// 0 normal, 1 warning, 2 critical.
    Status,
    /// 0..1, shown as a percentage.
    Ratio,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// The name in machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Connections => "connections",
            Unit::Flows => "flows",
            Unit::Bytes => "bytes",
            Unit::BitsPerSecond => "bits_per_second",
            Unit::Values => "values",
            Unit::Events => "events",
            Unit::Workloads => "workloads",
            Unit::Status => "status",
            Unit::Ratio => "ratio",
            Unit::Seconds => "seconds",
        }
    }
}

impl Metric {
    /// The metrics without a parameter, with the source they belong to.
    pub const PLAIN: [(SourceKind, Metric, &'static str); 14] = [
        (SourceKind::Traffic, Metric::Connections, "connections"),
        (SourceKind::Traffic, Metric::Flows, "flows"),
        (SourceKind::Traffic, Metric::Bytes, "bytes"),
        (SourceKind::Traffic, Metric::BytesIn, "bytes_in"),
        (SourceKind::Traffic, Metric::BytesOut, "bytes_out"),
        (SourceKind::Traffic, Metric::Bandwidth, "bandwidth"),
        (SourceKind::Traffic, Metric::Throughput, "throughput"),
        (SourceKind::Events, Metric::Count, "count"),
        (SourceKind::Events, Metric::WorkloadsAffected, "workloads_affected"),
        (SourceKind::Health, Metric::Status, "status"),
        (SourceKind::Health, Metric::Cpu, "cpu"),
        (SourceKind::Health, Metric::Memory, "memory"),
        (SourceKind::Health, Metric::Disk, "disk"),
        (SourceKind::Health, Metric::ReplicationLag, "replication_lag"),
    ];

    /// What a rule of this source measures when it does not say.
    pub fn default_for(source: SourceKind) -> Metric {
        match source {
            SourceKind::Traffic => Metric::Connections,
            SourceKind::Events => Metric::Count,
            SourceKind::Health => Metric::Status,
        }
    }

    /// The base unit of its values.
    pub fn unit(&self) -> Unit {
        match self {
            Metric::Connections => Unit::Connections,
            Metric::Flows => Unit::Flows,
            Metric::Bytes | Metric::BytesIn | Metric::BytesOut => Unit::Bytes,
            Metric::Bandwidth | Metric::Throughput => Unit::BitsPerSecond,
            Metric::Distinct(_) => Unit::Values,
            Metric::Count => Unit::Events,
            Metric::WorkloadsAffected => Unit::Workloads,
            Metric::Status => Unit::Status,
            Metric::Cpu | Metric::Memory | Metric::Disk => Unit::Ratio,
            Metric::ReplicationLag => Unit::Seconds,
        }
    }

    /// The name used in the config and in every output.
    pub fn name(&self) -> String {
        match self {
            Metric::Distinct(field) => format!("distinct:{field}"),
            other => {
                Metric::PLAIN.iter().find(|(_, metric, _)| metric == other).map_or_else(String::new, |(_, _, name)| (*name).to_owned())
            }
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}
