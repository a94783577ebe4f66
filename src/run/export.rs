//! One export as a sequence of answers: what a PCE would have answered at each instant of a simulated clock.
//!
//! An export holds totals of whole day buckets. How they came about is not known; it is taken that the connections and
//! bytes of a bucket came evenly between its first and its last detection, and the output says so.
//!
//! All of an export is kept, because each answer may hold any of it: as text, in blocks, and those of a large one compressed.

use super::{Answer, GivenAnswers};
use crate::cli::input::Inputs;
use crate::domain::source::SourceKind;
use crate::domain::time::{before, parse_pce_time, pce_format};
use crate::pce::records::read_records;
use crate::sources::{EVENTS, TRAFFIC, json_of};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::{GzEncoder, ZlibEncoder};
use jiff::Timestamp;
use serde_json::Value;
use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

/// Bytes of records that lie together.
const BLOCK: usize = 256 << 10;
/// Bytes that are kept as they are; what comes then is compressed.
const PLAIN: usize = 16 << 20;

/// The span in which a record came about, and how long its text is.
struct Row {
    first: i64,
    last: i64,
    length: u32,
}

/// Some records, as they were exported: a tree of values takes many times as much memory.
#[derive(Default)]
struct Block {
    rows: Vec<Row>,
    text: Vec<u8>,
    packed: bool,
}

/// The records of an export.
#[derive(Default)]
struct Rows {
    blocks: Vec<Block>,
    /// Bytes of all texts before they were compressed.
    bytes: usize,
}

/// The records of an export, with their times.
pub struct Export {
    flows: Option<Rows>,
    events: Option<Rows>,
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
        let all = || self.flows.iter().chain(&self.events).flat_map(|rows| &rows.blocks).flat_map(|block| &block.rows);
        let at = |nanos: i64| Timestamp::from_nanosecond(i128::from(nanos)).ok();
        Some((at(all().map(|row| row.first).min()?)?, at(all().map(|row| row.last).max()?)?))
    }

    /// What a PCE would have answered at `now` to a run that looks back as far as `back`.
    pub fn answer(&self, now: Timestamp, back: Duration) -> GivenAnswers {
        let (oldest, at) = (nanos(before(now, back)), nanos(now));
        let mut given: GivenAnswers = self.whole.iter().cloned().collect();
        if let Some(flows) = &self.flows {
            let told = |row: &Row, text: &'_ [u8], out: &mut dyn Write| {
                if row.last <= at { out.write_all(text) } else { out.write_all(&so_far(row, text, now)) }
            };
            given.insert((TRAFFIC, None), Answer::Text(flows.list(oldest, at, told)));
        }
        if let Some(events) = &self.events {
            given.insert((EVENTS, None), Answer::Text(events.list(oldest, at, |_, text, out| out.write_all(text))));
        }
        given
    }
}

impl Block {
    /// The texts of its records, one after the other.
    fn text(&self) -> Cow<'_, [u8]> {
        if !self.packed {
            return Cow::Borrowed(&self.text);
        }
        let mut text = Vec::with_capacity(BLOCK);
        // It was compressed here.
        let _ = ZlibDecoder::new(self.text.as_slice()).read_to_end(&mut text);
        Cow::Owned(text)
    }

    fn pack(&mut self) {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        if packed.write_all(&self.text).is_ok()
            && let Ok(text) = packed.finish()
        {
            (self.text, self.packed) = (text, true);
        }
        self.text.shrink_to_fit();
        self.rows.shrink_to_fit();
    }
}

impl Rows {
    fn push(&mut self, (first, last): (Timestamp, Timestamp), text: &str) {
        let Ok(length) = u32::try_from(text.len()) else { return };
        self.bytes += text.len();
        if self.blocks.last().is_none_or(|block| block.text.len() + text.len() > BLOCK) {
            if self.bytes > PLAIN {
                self.blocks.last_mut().into_iter().for_each(Block::pack);
            }
            self.blocks.push(Block::default());
        }
        let Some(block) = self.blocks.last_mut() else { return };
        block.rows.push(Row { first: nanos(first.min(last)), last: nanos(last.max(first)), length });
        block.text.extend_from_slice(text.as_bytes());
    }

    /// A JSON list of what lies within the span, each record as it is to be told; compressed when it would be large.
    fn list(&self, oldest: i64, now: i64, told: impl Fn(&Row, &[u8], &mut dyn Write) -> io::Result<()>) -> Vec<u8> {
        let is_recent = |row: &Row| row.first <= now && row.last >= oldest;
        let mut out: Box<dyn Text> =
            if self.bytes > PLAIN { Box::new(GzEncoder::new(Vec::new(), Compression::fast())) } else { Box::new(Vec::new()) };
        let mut is_first = true;
        // Writing to memory does not fail.
        let _ = out.write_all(b"[");
        for block in self.blocks.iter().filter(|block| block.rows.iter().any(is_recent)) {
            let text = block.text();
            let mut rest = &text[..];
            for row in &block.rows {
                let Some((record, behind)) = rest.split_at_checked(row.length as usize) else { break };
                rest = behind;
                if is_recent(row) {
                    let _ = if is_first { Ok(()) } else { out.write_all(b",") }.and_then(|()| told(row, record, &mut *out));
                    is_first = false;
                }
            }
        }
        let _ = out.write_all(b"]");
        out.whole()
    }
}

/// Where a text is written to.
trait Text: Write {
    fn whole(self: Box<Self>) -> Vec<u8>;
}

impl Text for Vec<u8> {
    fn whole(self: Box<Self>) -> Vec<u8> {
        *self
    }
}

impl Text for GzEncoder<Vec<u8>> {
    fn whole(self: Box<Self>) -> Vec<u8> {
        self.finish().unwrap_or_default()
    }
}

fn nanos(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX })
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

/// The record as it stood at `now`, before its last detection.
fn so_far<'t>(row: &Row, text: &'t [u8], now: Timestamp) -> Cow<'t, [u8]> {
    let Ok(mut value) = serde_json::from_slice::<Value>(text) else { return Cow::Borrowed(text) };
    let seconds = |from: i64, to: i64| to.saturating_sub(from) as f64 / 1e9;
    let whole = seconds(row.first, row.last);
    let share = if whole > 0.0 { seconds(row.first, nanos(now)) / whole } else { 1.0 };
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
    Cow::Owned(value.to_string().into_bytes())
}
