//! One export as a sequence of answers: what a PCE would have answered at each instant of a simulated clock.
//!
//! An export holds totals of whole day buckets. How they came about is not known; it is taken that the connections and
//! bytes of a bucket came evenly between its first and its last detection, and the output says so.

use super::{Answer, GivenAnswers};
use crate::cli::input::Inputs;
use crate::domain::source::SourceKind;
use crate::domain::time::{before, parse_pce_time, pce_format};
use crate::pce::records::read_records;
use crate::sources::{EVENTS, TRAFFIC, json_of};
use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// One record, with the span in which it came about.
struct Row {
    first: Timestamp,
    last: Timestamp,
    /// As it was exported: a tree of values takes many times as much memory.
    text: Box<RawValue>,
}

/// The records of an export, by time.
pub struct Export {
    flows: Option<Vec<Row>>,
    events: Option<Vec<Row>>,
    /// Of sources that tell everything in each answer.
    whole: Vec<((SourceKind, Option<String>), Answer)>,
}

impl Export {
    /// Reads the files that were named.
    pub fn read<S>(inputs: &Inputs<S>) -> Result<Export, String> {
        let (flows, events) = (inputs.of(TRAFFIC), inputs.of(EVENTS));
        let flows = flows.map(|path| rows(path, "/timestamp_range/first_detected", "/timestamp_range/last_detected")).transpose()?;
        let events = events.map(|path| rows(path, "/timestamp", "/timestamp")).transpose()?;
        let mut whole = Vec::new();
        for input in inputs.iter().filter(|input| input.source != TRAFFIC && input.source != EVENTS) {
            let answer = if input.path.as_os_str() == "-" {
                let mut text = Vec::new();
                opened(&input.path)?.read_to_end(&mut text).map_err(|error| tr!("cannot read {path}: {error}", path = "-", error))?;
                Answer::Text(text)
            } else {
                Answer::Path(input.path.clone())
            };
            whole.push(((input.source, input.target.clone()), answer));
        }
        Ok(Export { flows, events, whole })
    }

    /// The first and the last instant of which it tells.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let all = || self.flows.iter().chain(&self.events).flatten();
        Some((all().map(|row| row.first).min()?, all().map(|row| row.last).max()?))
    }

    /// What a PCE would have answered at `now` to a run that looks back as far as `back`.
    pub fn answer(&self, now: Timestamp, back: Duration) -> GivenAnswers {
        let oldest = before(now, back);
        let mut given: GivenAnswers = self.whole.iter().cloned().collect();
        let recent = |row: &&Row| row.first <= now && row.last >= oldest;
        if let Some(flows) = &self.flows {
            let whole = |row: &'_ Row| row.last <= now;
            let told = flows.iter().filter(recent).map(|row| if whole(row) { Cow::Borrowed(row.text.get()) } else { so_far(row, now) });
            given.insert((TRAFFIC, None), Answer::Text(list(told)));
        }
        if let Some(events) = &self.events {
            given.insert((EVENTS, None), Answer::Text(list(events.iter().filter(recent).map(|row| Cow::Borrowed(row.text.get())))));
        }
        given
    }
}

/// A JSON list of these.
fn list<'t>(items: impl Iterator<Item = Cow<'t, str>>) -> Vec<u8> {
    let mut out = vec![b'['];
    for item in items {
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(item.as_bytes());
    }
    out.push(b']');
    out
}

fn opened(path: &Path) -> Result<Box<dyn Read>, String> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let file = std::fs::File::open(path).map_err(|error| tr!("cannot read {path}: {error}", path = path.display(), error))?;
    Ok(Box::new(file))
}

fn rows(path: &Path, first: &str, last: &str) -> Result<Vec<Row>, String> {
    let wrong = |error: String| tr!("{path}: {error}", path = path.display(), error);
    let file = opened(path)?;
    let mut rows = Vec::new();
    let mut timeless = 0u64;
    let at = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).and_then(parse_pce_time);
    read_records(file, &mut |raw| {
        let Some(value) = json_of(raw) else { return false };
        match (at(&value, first), at(&value, last)) {
            (Some(first), Some(last)) => rows.push(Row { first: first.min(last), last: last.max(first), text: raw.to_owned() }),
            _ => timeless += 1,
        }
        true
    })
    .map_err(|error| wrong(error.to_string()))?;
    if timeless > 0 {
        log::warn!(
            "{}",
            trn!(
                "{path}: {count} record has no readable time and is left out",
                "{path}: {count} records have no readable time and are left out",
                count = timeless,
                path = path.display()
            )
        );
    }
    rows.sort_by_key(|row| row.first);
    Ok(rows)
}

/// The record as it stood at `now`, before its last detection.
fn so_far(row: &Row, now: Timestamp) -> Cow<'_, str> {
    let Ok(mut value) = serde_json::from_str::<Value>(row.text.get()) else { return Cow::Borrowed(row.text.get()) };
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
    Cow::Owned(value.to_string())
}
