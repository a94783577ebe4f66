//! The PCE's traffic database: the row, and records of the whole, its parts and what waits to be taken in.

use super::json::{amount, number, text, told};
use super::{Assembled, Assembler, DecodeError, Decoded};
use crate::domain::source::{Agg, FieldDef, Holds, Input, KeyDef, MetricDef, Nature, Needs, ReadFrom, SourceDef, SourceKind};
use crate::domain::unit::Unit;
use crate::domain::value::{Record, Value};
use serde_json::Value as Json;
use std::io::Read;
use xxhash_rust::xxh3::xxh3_64;

const NAME: u8 = 0;
const USED: u8 = 1;
const SIZE: u8 = 2;
const DAYS: u8 = 3;
const DAYS_USED: u8 = 4;
const BACKLOG: u8 = 5;
const BACKLOG_FILES: u8 = 6;

const PART: u8 = 0;
const WAITING: u8 = 1;

/// What the PCE means by a GB.
const GB: f64 = 1e9;
const NO_KEYS: &[KeyDef] = &[];

const fn field(name: &'static str, about: &'static str, holds: Holds) -> FieldDef {
    FieldDef { name, about, holds, keys: NO_KEYS, groups: false, needs: Needs::Nothing, told_by_absence: false, key: "" }
}

const fn metric(name: &'static str, unit: Unit, kinds: &'static [&'static str], slot: u8, agg: Agg, key: &'static str) -> MetricDef {
    MetricDef { name, unit, kinds, input: Input::Number(slot), agg, must_be_told: true, groups: true, key }
}

/// The row.
pub const SOURCE: SourceDef = SourceDef {
    name: "database",
    title: || tr!("database"),
    targets: &[ReadFrom::whole("pce")],
    nature: Nature::Snapshot,
    kinds: &["part", "backlog"],
    fields: &[
        field("name", "The whole, or the part for one kind of VEN", Holds::Text),
        field("used", "How full it is", Holds::Number(Unit::Ratio)),
        field("size", "How large it is", Holds::Number(Unit::Bytes)),
        field("days", "Days of traffic it holds", Holds::Number(Unit::Days)),
        field("days_used", "Days it holds, of those it may hold", Holds::Number(Unit::Ratio)),
        field("backlog", "What waits to be taken in", Holds::Number(Unit::Bytes)),
        field("backlog_files", "Files that wait to be taken in", Holds::Number(Unit::Files)),
    ],
    open_fields: false,
    metrics: &[
        metric("used", Unit::Ratio, &["part"], USED, Agg::Max, "Used"),
        metric("size", Unit::Bytes, &["part"], SIZE, Agg::Max, "Size"),
        metric("days", Unit::Days, &["part"], DAYS, Agg::Min, "Days"),
        metric("days_used", Unit::Ratio, &["part"], DAYS_USED, Agg::Max, "DaysUsed"),
        metric("backlog", Unit::Bytes, &["backlog"], BACKLOG, Agg::Max, "Backlog"),
        metric("backlog_files", Unit::Files, &["backlog"], BACKLOG_FILES, Agg::Max, "BacklogFiles"),
    ],
    flag: "database",
    files: &["database"],
    key: ("Database", "Everything"),
};

/// How much waits to be taken in: files, or megabytes where only those are told.
pub fn waiting(records: &[Record]) -> Option<u64> {
    let record = records.iter().find(|record| record.kind == WAITING)?;
    let amount = |slot: u8| if let Value::Number(number) = record.slot(slot) { number.value() } else { None };
    amount(BACKLOG_FILES).or_else(|| amount(BACKLOG).map(|bytes| bytes / 1e6)).map(|amount| amount.max(0.0) as u64)
}

/// Reads answers about the database.
#[derive(Default)]
pub struct Database {
    records: Vec<Record>,
    rows: u64,
    allowance: super::Allowance,
}

impl Assembler for Database {
    fn part(&mut self, _name: &str, body: &mut dyn Read) -> Result<Decoded, DecodeError> {
        let decoded = super::read_records(body, &mut |raw| {
            let mut records = super::json_of(raw).map(|json| records(&json)).unwrap_or_default();
            let known = !records.is_empty() && self.allowance.takes(records.iter_mut().map(Record::close).sum());
            records.truncate(if known { usize::MAX } else { 0 });
            self.records.extend(records);
            known
        })?;
        if decoded.unreadable > 0 || decoded.rows == 0 {
            return Err(DecodeError::Format(tr!("it does not describe a traffic database")));
        }
        self.rows += decoded.rows;
        Ok(decoded)
    }

    fn limit(&mut self, bytes: usize) {
        self.allowance = super::Allowance::of(bytes);
    }

    fn finish(self: Box<Self>) -> Assembled {
        Assembled { rows: self.rows, records: self.records, held: self.allowance.held(), ..Assembled::default() }
    }
}

/// The records of one database; none: it is no database.
fn records(json: &Json) -> Vec<Record> {
    let named = |name: &str| told(json, name).filter(|part| part.is_object());
    let backlog = named("backlog");
    let says_something = |json: &Json| of(json, SIZES).or(of(json, DAYS_HELD)).is_some();
    // A PCE tells the parts apart or not; one that is told in another form is a part of which nothing is known.
    let parts: Vec<(&str, &Json)> = ["server", "endpoint"].into_iter().filter_map(|name| Some((name, told(json, name)?))).collect();
    if backlog.is_none() && !says_something(json) && !parts.iter().any(|(_, part)| says_something(part)) {
        return Vec::new();
    }
    let whole = says_something(json).then(|| part("all traffic", json)).flatten();
    let mut out: Vec<Record> =
        whole.into_iter().chain(parts.into_iter().filter_map(|(name, json)| part(&format!("{name} traffic"), json))).collect();
    if let Some(backlog) = backlog {
        let mut record = Record { kind: WAITING, name: "backlog".to_owned(), ..Record::of(SourceKind(&SOURCE), xxh3_64(b"backlog")) };
        record.set(NAME, Value::text("backlog"));
        record.set(BACKLOG, amount(of(backlog, &["total_disk_used_gb"]).map(|gigabytes| gigabytes * GB)));
        record.set(BACKLOG_FILES, amount(of(backlog, &["total_file_count"])));
        out.push(record);
    }
    if out.is_empty() {
        // It holds nothing, and says so.
        out.extend(part("all traffic", &Json::Null));
    }
    out
}

const SIZES: &[&str] = &["flows_size_gb"];
const DAYS_HELD: &[&str] = &["flows_days", "num_flows_days"];

/// One part. Where there are no endpoints, their part is empty for ever, and left out.
fn part(name: &str, json: &Json) -> Option<Record> {
    let size = of(json, SIZES).map(|gigabytes| gigabytes * GB);
    let size_limit = of(json, &["flows_size_gb_limit"]).map(|gigabytes| gigabytes * GB);
    let days = of(json, DAYS_HELD);
    let days_limit = of(json, &["flows_days_limit", "num_flows_days_limit"]);
    if size.or(days).is_some() && size.unwrap_or(0.0) <= 0.0 && days.unwrap_or(0.0) <= 0.0 {
        return None;
    }
    let share = |of: Option<f64>, limit: Option<f64>| Some(of? / limit.filter(|limit| *limit > 0.0)?);
    let oldest = text(json, "flows_oldest_day");
    let detail = if oldest.is_empty() { String::new() } else { format!("since {oldest}") };
    let mut record = Record { kind: PART, name: name.to_owned(), detail, ..Record::of(SourceKind(&SOURCE), xxh3_64(name.as_bytes())) };
    record.set(NAME, Value::text(name));
    record.set(USED, amount(share(size, size_limit)));
    record.set(SIZE, amount(size));
    record.set(DAYS, amount(days));
    record.set(DAYS_USED, amount(share(days, days_limit)));
    Some(record)
}

/// The first of these keys that holds a number. A negative one is no amount of anything.
fn of(json: &Json, keys: &[&str]) -> Option<f64> {
    keys.iter().filter_map(|key| json.get(key)).find_map(number).filter(|number| *number >= 0.0)
}
