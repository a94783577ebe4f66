//! Anything with fields: records in files and on standard input, as NDJSON, JSON or CSV.
//!
//! The whole answer is read in every run, and a record counts at its own time: a rule's window is counted anew from what
//! the files hold. A line that is no record makes the answer partial, because what it would have said is not known.

mod format;
mod settings;

pub use settings::{Format, From, RecordSettings, read_settings};

use super::{Allowance, Assembled, Assembler, DecodeError, Decoded, Settings};
use crate::domain::source::{Agg, Input, MetricDef, Nature, ReadFrom, SourceDef, SourceKind};
use crate::domain::unit::Unit;
use crate::domain::value::{Record, Value};
use format::Limits;
use std::io::Read;

/// The row.
pub const SOURCE: SourceDef = SourceDef {
    name: "records",
    title: || tr!("records"),
    targets: &[ReadFrom::whole("records")],
    nature: Nature::Window,
    kinds: &[],
    fields: &[],
    open_fields: true,
    metrics: &[MetricDef {
        name: "count",
        unit: Unit::Records,
        kinds: &[],
        input: Input::Count,
        agg: Agg::Sum,
        must_be_told: false,
        groups: true,
        key: "",
    }],
    flag: "records",
    files: &["records-"],
    key: ("Records", "Records"),
};

/// Most bad lines that are shown.
const SHOWN: usize = 3;

/// Reads the parts of one target.
pub struct Records {
    format: Format,
    limits: Limits,
    time: String,
    records: Vec<Record>,
    rows: u64,
    /// Lines that are no record: how many, and the first few with their reasons.
    bad: (u64, Vec<String>),
    /// More came than is read.
    cut: bool,
    /// What there is place for; somebody who says how many records are read has thought of it.
    allowance: Option<Allowance>,
}

/// An assembler for a target, or with the usual settings for an answer that is given without one.
pub fn assembler(_second: bool, settings: Option<&dyn Settings>) -> Box<dyn Assembler> {
    let own = settings.and_then(|settings| settings.as_any().downcast_ref::<RecordSettings>());
    Box::new(Records {
        format: own.map_or(Format::Auto, |own| own.format),
        limits: Limits { most: own.map_or(settings::MOST, |own| own.max_records), line: settings::LINE },
        time: own.map_or_else(|| settings::TIME.to_owned(), |own| own.time.clone()),
        records: Vec::new(),
        rows: 0,
        bad: (0, Vec::new()),
        cut: false,
        allowance: own.is_none_or(|own| own.max_records == settings::MOST).then(Allowance::default),
    })
}

impl Assembler for Records {
    fn part(&mut self, name: &str, body: &mut dyn Read) -> Result<Decoded, DecodeError> {
        let body = crate::pce::inflate(body).map_err(|error| DecodeError::Format(error.to_string()))?;
        let format = self.format.of(name);
        let before = (self.rows, self.bad.0);
        let room = self.limits.most.saturating_sub(self.records.len() as u64);
        let mut taken = 0;
        let read = format::read(format, body, self.limits.line, &mut |fields| {
            self.rows += 1;
            match fields {
                Ok(fields) if taken < room => {
                    taken += 1;
                    let mut record = record(fields, &self.time);
                    let bytes = record.close();
                    if self.allowance.as_mut().is_none_or(|allowance| allowance.takes(bytes)) {
                        self.records.push(record);
                    }
                }
                Ok(_) => self.cut = true,
                Err(reason) => {
                    self.bad.0 += 1;
                    if self.bad.1.len() < SHOWN {
                        self.bad.1.push(format!("{name} {reason}"));
                    }
                }
            }
            (taken < room || !self.cut) && !self.allowance.as_ref().is_some_and(|allowance| allowance.is_full)
        });
        read.map_err(DecodeError::Format)?;
        Ok(Decoded { rows: self.rows - before.0, unreadable: self.bad.0 - before.1 })
    }

    fn limit(&mut self, bytes: usize) {
        self.allowance = self.allowance.take().map(|_| Allowance::of(bytes));
    }

    fn finish(self: Box<Self>) -> Assembled {
        let most = self.records.len();
        let full = self.allowance.as_ref().is_some_and(|allowance| allowance.is_full);
        let full = full.then(|| {
            tr!(
                "only the first {most} records are read, for which there is memory: a `max_records` of the target takes what it needs",
                most
            )
        });
        let cut = self.cut.then(|| tr!("only the first {most} records are read: raise max_records", most = self.limits.most)).or(full);
        let bad = (!self.bad.1.is_empty()).then(|| self.bad.1.join("; "));
        let missing = [cut, bad].into_iter().flatten().reduce(|all, more| format!("{all}; {more}"));
        let held = self.allowance.as_ref().map_or(0, Allowance::held);
        Assembled { records: self.records, rows: self.rows, unreadable: self.bad.0, missing, held, ..Assembled::default() }
    }
}

/// A record made of its fields. One with a time that cannot be read is in no window for certain.
fn record(fields: Vec<(String, Value)>, time: &str) -> Record {
    let id = fields.iter().fold(0u64, |id, (name, value)| xxhash_rust::xxh3::xxh3_64_with_seed(format!("{name}={value:?}").as_bytes(), id));
    let at = fields.iter().find(|(name, _)| name == time).and_then(|(_, value)| moment(value));
    let name = ["name", "host", "id"].iter().find_map(|key| fields.iter().find(|(name, _)| name == key)?.1.as_text().map(str::to_owned));
    let detail = fields.iter().filter(|(key, _)| key != time).filter_map(|(key, value)| match value.group() {
        crate::domain::value::GroupValue::Known(Some(text)) => Some(format!("{key}={text}")),
        _ => None,
    });
    let detail = detail.take(6).collect::<Vec<_>>().join(" ");
    let name = name.unwrap_or_else(|| detail.clone());
    let detail = if name == detail { String::new() } else { detail };
    Record { at, name, detail, open: fields, ..Record::of(SourceKind(&SOURCE), id) }
}

/// RFC 3339, or seconds or milliseconds since 1970.
fn moment(value: &Value) -> Option<jiff::Timestamp> {
    match value {
        Value::Text(text) => crate::domain::time::parse_pce_time(text),
        Value::Number(number) if number.is_exact() => {
            let seconds = if number.low.abs() > 1e11 { number.low / 1000.0 } else { number.low };
            jiff::Timestamp::from_second(seconds as i64).ok()
        }
        _ => None,
    }
}
