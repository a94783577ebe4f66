//! What a rule measures, and in which unit the number is.

use super::field::Field;
use super::source::{Agg, Input, MetricDef};
use std::fmt;

use super::source::SourceKind;
use super::unit::Unit;

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
    /// A metric of a source's row.
    Row(&'static MetricDef),
    /// A field of records that is not in the row.
    Over(Agg, String),
}

impl Metric {
    /// The metrics of flows.
    pub const OF_FLOWS: [(Metric, &'static str); 7] = [
        (Metric::Connections, "connections"),
        (Metric::Flows, "flows"),
        (Metric::Bytes, "bytes"),
        (Metric::BytesIn, "bytes_in"),
        (Metric::BytesOut, "bytes_out"),
        (Metric::Bandwidth, "bandwidth"),
        (Metric::Throughput, "throughput"),
    ];

    /// The row of its source's table, where it is of one.
    pub fn row(&self) -> Option<&'static MetricDef> {
        if let Metric::Row(def) = self { Some(def) } else { None }
    }

    /// The names of a source's metrics, the usual one first.
    pub fn names(source: SourceKind) -> Vec<&'static str> {
        if source.is_flows() {
            return Metric::OF_FLOWS.iter().map(|(_, name)| *name).collect();
        }
        source.metrics.iter().map(|def| def.name).collect()
    }

    /// The metric of this name.
    pub fn find(source: SourceKind, name: &str) -> Option<Metric> {
        if source.is_flows() {
            return Metric::OF_FLOWS.iter().find(|(_, have)| *have == name).map(|(metric, _)| metric.clone());
        }
        source.metrics.iter().find(|def| def.name == name).map(Metric::Row)
    }

    /// What a rule of this source measures when it does not say.
    pub fn default_for(source: SourceKind) -> Metric {
        source.metrics.first().map_or(Metric::Connections, Metric::Row)
    }

    /// How the memory of rules is keyed: the names of earlier versions.
    pub fn key(&self) -> String {
        let fields = |fields: &[Field]| fields.iter().map(Field::key).collect::<Vec<_>>().join(", ");
        match self {
            Metric::Distinct(field) => format!("Distinct({})", field.key()),
            Metric::New(list) => format!("New([{}])", fields(list)),
            Metric::Changes(list) => format!("Changes([{}])", fields(list)),
            Metric::Row(def) => if def.key.is_empty() { def.name } else { def.key }.to_owned(),
            Metric::Over(agg, field) => format!("{}:{field}", agg.name()),
            flows => format!("{flows:?}"),
        }
    }

    /// Whether a rule without thresholds follows the record's own verdict.
    pub fn follows_status(&self) -> bool {
        matches!(self, Metric::Row(def) if matches!(def.input, Input::Status(_)))
    }

    /// Whether it is counted over a window, also where the source says how things are now.
    pub fn has_window(&self) -> bool {
        matches!(self, Metric::Row(def) if def.input.has_window())
    }

    /// Whether the values of several records add up.
    pub fn adds_up(&self) -> bool {
        match self {
            Metric::New(_) | Metric::Changes(_) => false,
            Metric::Row(def) => def.agg == Agg::Sum && def.groups,
            Metric::Over(agg, _) => *agg == Agg::Sum,
            _ => true,
        }
    }

    /// The base unit of its values.
    pub fn unit(&self) -> Unit {
        match self {
            Metric::Connections => Unit::Connections,
            Metric::Flows => Unit::Flows,
            Metric::Bytes | Metric::BytesIn | Metric::BytesOut => Unit::Bytes,
            Metric::Bandwidth | Metric::Throughput => Unit::BitsPerSecond,
            Metric::Distinct(_) | Metric::New(_) | Metric::Changes(_) => Unit::Values,
            Metric::Row(def) => def.unit,
            Metric::Over(..) => Unit::Plain,
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
            Metric::Row(def) => def.name.to_owned(),
            Metric::Over(_, field) => field.clone(),
            flows => Metric::OF_FLOWS.iter().find(|(metric, _)| metric == flows).map_or_else(String::new, |(_, name)| (*name).to_owned()),
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
