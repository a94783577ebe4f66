//! The records of an export as text, in blocks, and those of a large one compressed; and answers that are made of them while
//! they are read, block by block: none is ever held as a whole.

use crate::domain::time::pce_format;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use jiff::Timestamp;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

/// Bytes of records that lie together.
const BLOCK: usize = 256 << 10;
/// So many bytes are kept as they are; more are compressed.
const PLAIN: usize = 16 << 20;

/// The span in which a record came about, and how long its text is.
#[derive(Clone, Copy)]
struct Row {
    first: i64,
    last: i64,
    length: u32,
}

/// Bytes of a row where it is packed.
const ROW: usize = 20;

/// Some records, as they were exported: a tree of values takes many times as much memory.
struct Block {
    /// The earliest and the latest instant of which they tell.
    span: (i64, i64),
    count: u32,
    kept: Kept,
}

enum Kept {
    Plain(Vec<Row>, Vec<u8>),
    /// The same, one behind the other.
    Packed(Vec<u8>),
}

/// The records of an export.
#[derive(Default)]
pub struct Rows {
    blocks: Vec<Block>,
    /// Bytes of all texts before they were compressed.
    bytes: usize,
}

impl Block {
    fn of(row: Row) -> Block {
        Block { span: (row.first, row.last), count: 0, kept: Kept::Plain(Vec::new(), Vec::new()) }
    }

    /// Its records, and their texts one after the other.
    fn content(&self) -> (Cow<'_, [Row]>, Cow<'_, [u8]>) {
        let packed = match &self.kept {
            Kept::Plain(rows, text) => return (Cow::Borrowed(rows), Cow::Borrowed(text)),
            Kept::Packed(packed) => packed,
        };
        let mut rows = vec![0; self.count as usize * ROW];
        let mut text = Vec::with_capacity(BLOCK);
        // It was packed here.
        let mut packed = ZlibDecoder::new(packed.as_slice());
        let _ = packed.read_exact(&mut rows).and_then(|()| packed.read_to_end(&mut text));
        let number = |row: &[u8], from: usize| row.get(from..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| i64::from_le_bytes(*bytes));
        let length = |row: &[u8]| row.last_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let row = |row: &[u8]| Row { first: number(row, 0), last: number(row, 8), length: length(row) };
        (Cow::Owned(rows.chunks_exact(ROW).map(row).collect()), Cow::Owned(text))
    }

    fn pack(&mut self) {
        let Kept::Plain(rows, text) = &self.kept else { return };
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        let heads = rows.iter().flat_map(|row| {
            let mut head = [0; ROW];
            head[..8].copy_from_slice(&row.first.to_le_bytes());
            head[8..16].copy_from_slice(&row.last.to_le_bytes());
            head[16..].copy_from_slice(&row.length.to_le_bytes());
            head
        });
        let heads: Vec<u8> = heads.collect();
        // Writing to memory does not fail.
        if packed.write_all(&heads).and_then(|()| packed.write_all(text)).is_ok()
            && let Ok(mut packed) = packed.finish()
        {
            packed.shrink_to_fit();
            self.kept = Kept::Packed(packed);
        }
    }
}

impl Rows {
    /// From when to when they tell.
    pub fn span(&self) -> Option<(i64, i64)> {
        self.blocks.iter().map(|block| block.span).reduce(|all, span| (all.0.min(span.0), all.1.max(span.1)))
    }

    /// Adds a record.
    pub fn push(&mut self, (first, last): (Timestamp, Timestamp), record: &str) {
        let Ok(length) = u32::try_from(record.len()) else { return };
        let row = Row { first: nanos(first.min(last)), last: nanos(last.max(first)), length };
        self.bytes += record.len();
        let is_full = |block: &Block| !matches!(&block.kept, Kept::Plain(_, text) if text.len() + record.len() <= BLOCK);
        if self.blocks.last().is_none_or(is_full) {
            if self.bytes > PLAIN {
                let packed = self.blocks.iter().rposition(|block| matches!(block.kept, Kept::Packed(_))).map_or(0, |last| last + 1);
                self.blocks[packed..].iter_mut().for_each(Block::pack);
            }
            self.blocks.push(Block::of(row));
        }
        let Some(block) = self.blocks.last_mut() else { return };
        block.span = (block.span.0.min(row.first), block.span.1.max(row.last));
        block.count += 1;
        if let Kept::Plain(rows, text) = &mut block.kept {
            rows.push(row);
            text.extend_from_slice(record.as_bytes());
        }
    }
}

/// An answer that is made of an export while it is read: a JSON list of what lies within a span, each record as it is told then.
#[derive(Clone)]
pub struct Made {
    rows: Arc<Rows>,
    /// From when to when.
    span: (i64, i64),
    now: Timestamp,
    /// What goes on has got so far only.
    grows: bool,
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Made").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Made {
    /// What is told at `now` of what lies within the span.
    pub fn of(rows: Arc<Rows>, span: (i64, i64), now: Timestamp, grows: bool) -> Made {
        Made { rows, span, now, grows }
    }

    /// Its text.
    pub fn text(&self) -> impl Read + Send + '_ {
        MadeText { of: self, blocks: self.rows.blocks.iter(), text: vec![b'['], at: 0, is_first: true, has_ended: false }
    }

    /// Adds what it tells of a block.
    fn tell(&self, block: &Block, is_first: &mut bool, out: &mut Vec<u8>) {
        let (oldest, now) = self.span;
        let is_recent = |row: &Row| row.first <= now && row.last >= oldest;
        if block.span.0 > now || block.span.1 < oldest {
            return;
        }
        let (rows, text) = block.content();
        let mut rest = &text[..];
        for row in rows.iter() {
            let Some((record, behind)) = rest.split_at_checked(row.length as usize) else { break };
            rest = behind;
            if is_recent(row) {
                out.extend_from_slice(if std::mem::take(is_first) { b"" } else { b"," });
                let told = if self.grows && row.last > now { so_far(row, record, self.now) } else { Cow::Borrowed(record) };
                out.extend_from_slice(&told);
            }
        }
    }
}

struct MadeText<'m> {
    of: &'m Made,
    blocks: std::slice::Iter<'m, Block>,
    text: Vec<u8>,
    /// So much of the text was read.
    at: usize,
    is_first: bool,
    has_ended: bool,
}

impl Read for MadeText<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.has_ended {
            self.text.clear();
            self.at = 0;
            match self.blocks.next() {
                Some(block) => self.of.tell(block, &mut self.is_first, &mut self.text),
                None => {
                    self.text.push(b']');
                    self.has_ended = true;
                }
            }
        }
        let read = (&self.text[self.at..]).read(into)?;
        self.at += read;
        Ok(read)
    }
}

/// Nanoseconds since 1970.
pub fn nanos(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX })
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
