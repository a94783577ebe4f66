//! The unit a number is kept in, and how it is written.

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
    /// Records.
    Records,
    /// A number of which nothing more is known.
    Plain,
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
            Unit::Records => "records",
            Unit::Plain => "value",
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
