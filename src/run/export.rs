//! One export as a sequence of answers: what a PCE would have answered at each instant of a simulated clock.
//!
//! An export holds totals of whole day buckets. How they came about is not known; it is taken that the connections and
//! bytes of a bucket came evenly between its first and its last detection, and the output says so.

use super::{Answer, Given};
use crate::domain::time::{before, parse_pce_time, pce_format};
use crate::pce::records::read_records;
use crate::sources::{EVENTS, TRAFFIC};
use jiff::Timestamp;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// One record, with the span in which it came about.
struct Row {
    first: Timestamp,
    last: Timestamp,
    value: Value,
}

/// The records of an export, by time.
pub struct Export {
    flows: Option<Vec<Row>>,
    events: Option<Vec<Row>>,
}

impl Export {
    /// Reads the files that were named.
    pub fn read(flows: Option<&Path>, events: Option<&Path>) -> Result<Export, String> {
        let flows = flows.map(|path| rows(path, "/timestamp_range/first_detected", "/timestamp_range/last_detected")).transpose()?;
        let events = events.map(|path| rows(path, "/timestamp", "/timestamp")).transpose()?;
        Ok(Export { flows, events })
    }

    /// The first and the last instant of which it tells.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let all = || self.flows.iter().chain(&self.events).flatten();
        Some((all().map(|row| row.first).min()?, all().map(|row| row.last).max()?))
    }

    /// What a PCE would have answered at `now` to a run that looks back as far as `back`.
    pub fn answer(&self, now: Timestamp, back: Duration) -> Given {
        let oldest = before(now, back);
        let mut given = Given::new();
        let recent = |row: &&Row| row.first <= now && row.last >= oldest;
        if let Some(flows) = &self.flows {
            let list: Value = flows.iter().filter(recent).map(|row| so_far(row, now)).collect();
            given.insert(TRAFFIC, Answer::Text(list.to_string().into_bytes()));
        }
        if let Some(events) = &self.events {
            let list: Value = events.iter().filter(recent).map(|row| row.value.clone()).collect();
            given.insert(EVENTS, Answer::Text(list.to_string().into_bytes()));
        }
        given
    }
}

fn rows(path: &Path, first: &str, last: &str) -> Result<Vec<Row>, String> {
    let wrong = |error: String| tr!("{path}: {error}", path = path.display(), error);
    let file = std::fs::File::open(path).map_err(|error| tr!("cannot read {path}: {error}", path = path.display(), error))?;
    let mut rows = Vec::new();
    let mut timeless = 0u64;
    let at = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).and_then(parse_pce_time);
    read_records(file, &mut |raw| {
        let Ok(value) = serde_json::from_str::<Value>(raw.get()) else { return false };
        match (at(&value, first), at(&value, last)) {
            (Some(first), Some(last)) => rows.push(Row { first: first.min(last), last: last.max(first), value }),
            _ => timeless += 1,
        }
        true
    })
    .map_err(|error| wrong(error.to_string()))?;
    if timeless > 0 {
        log::warn!("{}", tr!("{path}: {count} records have no readable time and are left out", path = path.display(), count = timeless));
    }
    rows.sort_by_key(|row| row.first);
    Ok(rows)
}

/// The record as it stood at `now`.
fn so_far(row: &Row, now: Timestamp) -> Value {
    let mut value = row.value.clone();
    if row.last <= now {
        return value;
    }
    let whole = row.last.duration_since(row.first).as_secs_f64();
    let share = if whole > 0.0 { now.duration_since(row.first).as_secs_f64() / whole } else { 1.0 };
    for counter in ["num_connections", "dst_bi", "dst_bo"] {
        if let Some(number) = value.get_mut(counter)
            && let Some(total) = number.as_u64()
        {
            // At least one: the first detection was a connection.
            *number = Value::from(((total as f64 * share) as u64).max(u64::from(counter == "num_connections" && total > 0)));
        }
    }
    if let Some(last) = value.pointer_mut("/timestamp_range/last_detected") {
        *last = Value::from(pce_format(now));
    }
    value
}
