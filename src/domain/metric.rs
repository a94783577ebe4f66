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
    /// The VENs and the workloads they manage.
    Vens,
    /// The PCE's traffic database.
    Database,
    /// The monitoring itself.
    Monitor,
}

impl SourceKind {
    /// All sources, in the order they are reported.
    pub const ALL: [SourceKind; 6] =
        [SourceKind::Traffic, SourceKind::Events, SourceKind::Health, SourceKind::Vens, SourceKind::Database, SourceKind::Monitor];
    /// Those that the PCE is asked for, and that can be recorded.
    pub const ASKED: [SourceKind; 5] =
        [SourceKind::Traffic, SourceKind::Events, SourceKind::Health, SourceKind::Vens, SourceKind::Database];

    /// The name used in the config and in every output.
    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Traffic => "traffic",
            SourceKind::Events => "events",
            SourceKind::Health => "health",
            SourceKind::Vens => "vens",
            SourceKind::Database => "database",
            SourceKind::Monitor => "self",
        }
    }

    /// Whether an answer says how things are now. A rule on it has no window, and what is not in it is gone.
    pub fn is_snapshot(self) -> bool {
        match self {
            SourceKind::Traffic | SourceKind::Events => false,
            SourceKind::Health | SourceKind::Vens | SourceKind::Database | SourceKind::Monitor => true,
        }
    }

    /// The word for people.
    pub fn said(self) -> String {
        match self {
            SourceKind::Traffic => tr!("traffic"),
            SourceKind::Events => tr!("events"),
            SourceKind::Health => tr!("health"),
            SourceKind::Vens => tr!("VENs"),
            SourceKind::Database => tr!("database"),
            SourceKind::Monitor => tr!("monitoring"),
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
    /// Combinations of values never seen before.
    New(Vec<Field>),
    /// How often a value appeared that the group did not have at the look before.
    Changes(Vec<Field>),
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
    /// How many VENs match.
    Vens,
    /// How long the most silent of them has been silent.
    HeartbeatAge,
    /// How full the traffic database is, of what it may hold.
    Used,
    /// How large it is.
    Size,
    /// Days of traffic it holds.
    Days,
    /// Days it holds, of those it may hold.
    DaysUsed,
    /// What waits to be taken into it.
    Backlog,
    /// Files that wait to be taken into it.
    BacklogFiles,
    /// Sources that rules need and that could not be read in this run.
    FailedSources,
    /// Sources that could not be read whole.
    PartialSources,
    /// Messages that earlier runs could not deliver.
    Undelivered,
    /// Time since the run before.
    Gap,
    /// How far the PCE's clock is from this machine's, either way.
    ClockSkew,
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
    /// VENs.
    Vens,
    /// Days.
    Days,
    /// Files.
    Files,
    /// Sources.
    Sources,
    /// Messages.
    Messages,
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
            Unit::Vens => "vens",
            Unit::Days => "days",
            Unit::Files => "files",
            Unit::Sources => "sources",
            Unit::Messages => "messages",
        }
    }
}

impl Unit {
    /// The largest value a plain metric of this unit can have. (A quotient of two counts can be more than 1.)
    pub fn highest(self) -> Option<f64> {
        match self {
            Unit::Ratio => Some(1.0),
            Unit::Status => Some(2.0),
            _ => None,
        }
    }
}

impl Metric {
    /// The metrics without a parameter, with the source they belong to.
    pub const PLAIN: [(SourceKind, Metric, &'static str); 27] = [
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
        (SourceKind::Vens, Metric::Vens, "count"),
        (SourceKind::Vens, Metric::HeartbeatAge, "heartbeat_age"),
        (SourceKind::Database, Metric::Used, "used"),
        (SourceKind::Database, Metric::Size, "size"),
        (SourceKind::Database, Metric::Days, "days"),
        (SourceKind::Database, Metric::DaysUsed, "days_used"),
        (SourceKind::Database, Metric::Backlog, "backlog"),
        (SourceKind::Database, Metric::BacklogFiles, "backlog_files"),
        (SourceKind::Monitor, Metric::FailedSources, "failed_sources"),
        (SourceKind::Monitor, Metric::PartialSources, "partial_sources"),
        (SourceKind::Monitor, Metric::Undelivered, "undelivered"),
        (SourceKind::Monitor, Metric::Gap, "gap"),
        (SourceKind::Monitor, Metric::ClockSkew, "clock_skew"),
    ];

    /// What a rule of this source measures when it does not say.
    pub fn default_for(source: SourceKind) -> Metric {
        match source {
            SourceKind::Traffic => Metric::Connections,
            SourceKind::Events => Metric::Count,
            SourceKind::Health => Metric::Status,
            SourceKind::Vens => Metric::Vens,
            SourceKind::Database => Metric::Used,
            SourceKind::Monitor => Metric::FailedSources,
        }
    }

    /// The base unit of its values.
    pub fn unit(&self) -> Unit {
        match self {
            Metric::Connections => Unit::Connections,
            Metric::Flows => Unit::Flows,
            Metric::Bytes | Metric::BytesIn | Metric::BytesOut | Metric::Size | Metric::Backlog => Unit::Bytes,
            Metric::Bandwidth | Metric::Throughput => Unit::BitsPerSecond,
            Metric::Distinct(_) | Metric::New(_) | Metric::Changes(_) => Unit::Values,
            Metric::Count => Unit::Events,
            Metric::WorkloadsAffected => Unit::Workloads,
            Metric::Status => Unit::Status,
            Metric::Cpu | Metric::Memory | Metric::Disk | Metric::Used | Metric::DaysUsed => Unit::Ratio,
            Metric::ReplicationLag | Metric::HeartbeatAge | Metric::Gap | Metric::ClockSkew => Unit::Seconds,
            Metric::Vens => Unit::Vens,
            Metric::Days => Unit::Days,
            Metric::BacklogFiles => Unit::Files,
            Metric::FailedSources | Metric::PartialSources => Unit::Sources,
            Metric::Undelivered => Unit::Messages,
        }
    }

    /// Whether it needs what was seen, not how much: every record counts, also one that did not grow.
    pub fn is_sighting(&self) -> bool {
        matches!(self, Metric::New(_) | Metric::Changes(_))
    }

    /// The name used in the config and in every output.
    pub fn name(&self) -> String {
        match self {
            Metric::Distinct(field) => format!("distinct:{field}"),
            Metric::New(fields) => format!("new:{}", list(fields)),
            Metric::Changes(fields) => format!("changes:{}", list(fields)),
            other => {
                Metric::PLAIN.iter().find(|(_, metric, _)| metric == other).map_or_else(String::new, |(_, _, name)| (*name).to_owned())
            }
        }
    }
}

fn list(fields: &[Field]) -> String {
    fields.iter().map(Field::to_string).collect::<Vec<_>>().join(",")
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}
