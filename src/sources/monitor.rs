//! The monitoring itself: the row, and the records of a run. What could not be read, what was not delivered, how far
//! apart the runs are.

use crate::domain::estimate::Estimate;
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::source::{Agg, FieldDef, Holds, Input, KeyDef, MetricDef, Nature, Needs, SourceDef, SourceKind};
use crate::domain::time::since;
use crate::domain::unit::Unit;
use crate::domain::value::{Record, Value};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

const SOURCE_NAME: u8 = 0;
const FAILED: u8 = 1;
const PARTIAL: u8 = 2;
const UNDELIVERED: u8 = 3;
const GAP: u8 = 4;
const CLOCK_SKEW: u8 = 5;
const TARGET: u8 = 6;

const READ: u8 = 0;
const RUN: u8 = 1;

const NO_KEYS: &[KeyDef] = &[];

const fn field(name: &'static str, about: &'static str, holds: Holds, groups: bool, key: &'static str) -> FieldDef {
    FieldDef { name, about, holds, keys: NO_KEYS, groups, needs: Needs::Nothing, told_by_absence: false, key }
}

const fn metric(name: &'static str, unit: Unit, kinds: &'static [&'static str], slot: u8, agg: Agg, key: &'static str) -> MetricDef {
    MetricDef { name, unit, kinds, input: Input::Number(slot), agg, must_be_told: false, groups: matches!(agg, Agg::Sum), key }
}

/// The row.
pub const SOURCE: SourceDef = SourceDef {
    name: "self",
    title: || tr!("monitoring"),
    targets: &[],
    nature: Nature::Snapshot,
    kinds: &["source", "run"],
    fields: &[
        field("source", "A source that this run read", Holds::Text, true, "Source"),
        field("failed_sources", "Could not be read", Holds::Number(Unit::Sources), false, ""),
        field("partial_sources", "Was not read whole", Holds::Number(Unit::Sources), false, ""),
        field("undelivered", "Messages that earlier runs could not deliver", Holds::Number(Unit::Messages), false, ""),
        field("gap", "Time since the run before", Holds::Number(Unit::Seconds), false, ""),
        field("clock_skew", "How far the PCE's clock is from this machine's", Holds::Number(Unit::Seconds), false, ""),
        field("target", "The target that a source was read from", Holds::Text, true, "Target"),
    ],
    open_fields: false,
    metrics: &[
        metric("failed_sources", Unit::Sources, &["source"], FAILED, Agg::Sum, "FailedSources"),
        metric("partial_sources", Unit::Sources, &["source"], PARTIAL, Agg::Sum, "PartialSources"),
        metric("undelivered", Unit::Messages, &["run"], UNDELIVERED, Agg::Max, "Undelivered"),
        metric("gap", Unit::Seconds, &["run"], GAP, Agg::Max, "Gap"),
        metric("clock_skew", Unit::Seconds, &["run"], CLOCK_SKEW, Agg::Max, "ClockSkew"),
    ],
    flag: "",
    files: &[],
    key: ("Monitor", "Everything"),
};

/// What a run knows of itself.
#[derive(Debug, Clone, Copy)]
pub struct Monitor<'m> {
    /// How the sources fared that were read.
    pub sources: &'m [SourceReport],
    /// Messages that earlier runs could not deliver.
    pub undelivered: usize,
    /// The run before.
    pub previous: Option<Timestamp>,
    /// The PCE's clock minus ours; `None` when no PCE was asked.
    pub skew: Option<SignedDuration>,
    /// When this run looks.
    pub now: Timestamp,
}

/// The records of a run.
pub fn records(monitor: &Monitor<'_>) -> Vec<Record> {
    let number = |value: Option<f64>| value.map_or(Value::Absent, |value| Value::Number(Estimate::exact(value)));
    let mut run = Record { kind: RUN, ..Record::of(SourceKind(&SOURCE), xxh3_64(b"run")) };
    run.set(UNDELIVERED, number(Some(monitor.undelivered as f64)));
    run.set(GAP, number(monitor.previous.map(|at| since(monitor.now, at).as_secs_f64())));
    run.set(CLOCK_SKEW, number(monitor.skew.map(|skew| skew.as_secs_f64().abs())));
    let read = monitor.sources.iter().map(|source| {
        let id = xxh3_64(format!("{}@{}", source.source, source.target).as_bytes());
        let mut record = Record { kind: READ, ..Record::of(SourceKind(&SOURCE), id) };
        let is = |status: SourceStatus| number(Some(f64::from(u8::from(source.status == status))));
        record.set(SOURCE_NAME, Value::text(source.source.name()));
        record.set(TARGET, Value::text(source.target.clone()));
        record.set(FAILED, is(SourceStatus::Failed));
        record.set(PARTIAL, is(SourceStatus::Partial));
        record.name = source.source.name().to_owned();
        record.detail = source.trouble().map(crate::lang::in_english).unwrap_or_default();
        record.word = source.status.name().to_owned();
        record.target = Arc::from(source.target.as_str());
        record
    });
    read.chain([run]).collect()
}
