//! The row of `traffic`: flows, whose totals grow. Their fields, keys and metrics are those of the flow judge, which
//! reads a hundred thousand records a second and tests every condition once for each end of a connection.

use crate::domain::source::{Nature, ReadFrom, SourceDef};

/// The row.
pub const SOURCE: SourceDef = SourceDef {
    name: "traffic",
    title: || tr!("traffic"),
    targets: &[ReadFrom::whole("pce")],
    nature: Nature::Flows,
    kinds: &[],
    fields: &[],
    open_fields: false,
    metrics: &[],
    flag: "flows",
    files: &["traffic-", "labels-"],
    key: ("Traffic", "Traffic"),
};
