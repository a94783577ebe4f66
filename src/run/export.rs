//! One export as a sequence of answers: what a PCE would have answered at each instant of a simulated clock.
//!
//! An export holds totals of whole day buckets. How they came about is not known; it is taken that the connections and
//! bytes of a bucket came evenly between its first and its last detection, and the output says so.
//!
//! All of an export is kept, because each answer may hold any of it.

use super::rows::{Made, Rows, nanos};
use super::{Answer, GivenAnswers};
use crate::cli::input::Inputs;
use crate::domain::source::SourceKind;
use crate::domain::time::{before, parse_pce_time};
use crate::pce::records::read_records;
use crate::sources::{EVENTS, TRAFFIC, json_of};
use jiff::Timestamp;
use serde_json::Value;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The records of an export, with their times.
pub struct Export {
    flows: Option<Arc<Rows>>,
    events: Option<Arc<Rows>>,
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
        Ok(Export { flows: flows.map(Arc::new), events: events.map(Arc::new), whole })
    }

    /// The first and the last instant of which it tells.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let spans = || self.flows.iter().chain(&self.events).filter_map(|rows| rows.span());
        let at = |nanos: i64| Timestamp::from_nanosecond(i128::from(nanos)).ok();
        Some((at(spans().map(|span| span.0).min()?)?, at(spans().map(|span| span.1).max()?)?))
    }

    /// What a PCE would have answered at `now` to a run that looks back as far as `back`.
    pub fn answer(&self, now: Timestamp, back: Duration) -> GivenAnswers {
        let span = (nanos(before(now, back)), nanos(now));
        let mut given: GivenAnswers = self.whole.iter().cloned().collect();
        let mut give = |source, rows: &Option<Arc<Rows>>, grows| {
            if let Some(rows) = rows {
                given.insert((source, None), Answer::Made(Made::of(Arc::clone(rows), span, now, grows)));
            }
        };
        give(TRAFFIC, &self.flows, true);
        give(EVENTS, &self.events, false);
        given
    }
}

fn opened(path: &Path) -> Result<Box<dyn Read>, String> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let file = std::fs::File::open(path).map_err(|error| tr!("cannot read {path}: {error}", path = path.display(), error))?;
    Ok(Box::new(file))
}

fn rows(path: &Path, first: &str, last: &str) -> Result<Rows, String> {
    let wrong = |error: String| tr!("{path}: {error}", path = path.display(), error);
    let file = opened(path)?;
    let mut rows = Rows::default();
    let mut timeless = 0u64;
    let at = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).and_then(parse_pce_time);
    read_records(file, &mut |raw| {
        let Some(value) = json_of(raw) else { return false };
        match (at(&value, first), at(&value, last)) {
            (Some(first), Some(last)) => rows.push((first, last), raw.get()),
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
    Ok(rows)
}
