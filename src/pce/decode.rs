//! Flow records from a byte stream: inflate, find each record where it lies, hand it to a sink.
//!
//! Takes any `Read`; knows nothing of HTTP, rules or state. Memory does not grow with the stream:
//! a few buffers, and the endpoints met so far up to a cap. A stream that is cut, in its compression
//! or in its JSON, is an error and never a short answer.

use super::batch::{self, Handover, Unwanted};
use super::bounds::{LONGEST_RECORD, too_late};
pub use super::endpoints::Endpoints;
use super::inflate::BadGzip;
use super::pump::{self, Chunk, Chunks, ROOM};
use super::{quick, wire};
use crate::domain::record::{FlowOf, FlowSink, Interned};
use crate::process::patience;
use serde::de::IgnoredAny;
use std::io::{self, Read};
use std::sync::Arc;
use std::thread::{Builder, available_parallelism, scope};

/// How much a stream held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decoded {
    /// Records, readable or not.
    pub rows: u64,
    /// Records that are JSON but not flow records this program understands.
    pub unreadable: u64,
}

/// Why a stream could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The source of the bytes failed (network, disk).
    #[error("{0}")]
    Read(#[source] io::Error),
    /// The compressed stream is cut or damaged.
    #[error("{}", tr!("the gzip stream is cut or damaged after {rows} records ({cause})", rows, cause))]
    Gzip {
        /// Records read before.
        rows: u64,
        /// What the decompressor said.
        cause: String,
    },
    /// The JSON ends too early.
    #[error("{}", tr!("the answer is cut: it ends inside the list, after {rows} records", rows))]
    Cut {
        /// Records read before.
        rows: u64,
    },
    /// This is not a list of JSON objects.
    #[error("{0}")]
    Format(String),
    /// The sink wants no more.
    #[error("whoever reads it has seen enough")]
    Enough,
}

/// Records between two looks at the clock.
const RECORDS_A_GLANCE: u64 = 64;

/// A failed read: of the source, or of the compression.
pub(super) fn named(error: io::Error, rows: u64) -> DecodeError {
    if error.get_ref().is_some_and(|inner| inner.is::<BadGzip>()) {
        return DecodeError::Gzip { rows, cause: error.to_string() };
    }
    DecodeError::Read(error)
}

/// Reads every record of a stream: a JSON array on one line or many, or one object after the other, plain or gzip.
///
/// Inflating, reading and judging go on side by side where there is more than one processor. The sink sees the same records
/// in the same order on any number of them, up to the same error.
pub fn decode_flows(stream: impl Read + Send, endpoints: &mut Endpoints<'_>, sink: &mut dyn FlowSink) -> Result<Decoded, DecodeError> {
    decode_on(available_parallelism().map_or(1, usize::from), stream, endpoints, sink)
}

fn decode_on(
    processors: usize,
    stream: impl Read + Send,
    endpoints: &mut Endpoints<'_>,
    sink: &mut dyn FlowSink,
) -> Result<Decoded, DecodeError> {
    if processors == 1 {
        let chunks = pump::here(stream).map_err(|error| named(error, 0))?;
        return Scanner::new(chunks, endpoints, Straight(sink)).run();
    }
    scope(|scope| {
        let chunks = pump::start(scope, stream).map_err(DecodeError::Read)?;
        let (handover, batches) = batch::between();
        let scanner = Scanner::new(chunks, endpoints, handover);
        let reader = Builder::new().name("read".to_owned()).spawn_scoped(scope, move || scanner.run()).map_err(DecodeError::Read)?;
        let mut rows = 0u64;
        batches.each(|flow| {
            sink.flow(flow);
            rows += 1;
            continue_matching(sink, rows)
        })?;
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Whether there is somebody who wants more, and time for it: judging takes time, too.
fn continue_matching(sink: &dyn FlowSink, rows: u64) -> Result<(), DecodeError> {
    if sink.enough() {
        return Err(DecodeError::Enough);
    }
    in_time(rows)
}

fn in_time(rows: u64) -> Result<(), DecodeError> {
    if rows.is_multiple_of(RECORDS_A_GLANCE) && patience::is_over() {
        return Err(DecodeError::Read(too_late()));
    }
    Ok(())
}

/// Where the records go.
trait Taker {
    /// One more record.
    fn take(&mut self, flow: FlowOf<Arc<Interned>, &str>) -> Result<(), DecodeError>;
    /// After each record, readable or not.
    fn go_on(&self, rows: u64) -> Result<(), DecodeError>;
    /// More bytes are waited for, or there are none.
    fn pause(&mut self) -> Result<(), DecodeError>;
}

/// Right to the sink.
struct Straight<'s>(&'s mut dyn FlowSink);

impl Taker for Straight<'_> {
    fn take(&mut self, flow: FlowOf<Arc<Interned>, &str>) -> Result<(), DecodeError> {
        self.0.flow(&flow.held(|end| &**end, |text| *text));
        Ok(())
    }

    fn go_on(&self, rows: u64) -> Result<(), DecodeError> {
        continue_matching(self.0, rows)
    }

    fn pause(&mut self) -> Result<(), DecodeError> {
        Ok(())
    }
}

impl From<Unwanted> for DecodeError {
    fn from(Unwanted: Unwanted) -> Self {
        DecodeError::Enough
    }
}

impl Taker for Handover {
    fn take(&mut self, flow: FlowOf<Arc<Interned>, &str>) -> Result<(), DecodeError> {
        Ok(self.push(flow)?)
    }

    fn go_on(&self, rows: u64) -> Result<(), DecodeError> {
        in_time(rows)
    }

    fn pause(&mut self) -> Result<(), DecodeError> {
        Ok(self.flush()?)
    }
}

/// Why a record could not be read, or not be handed on.
enum Unreadable {
    Json(serde_json::Error),
    Taker(DecodeError),
}

/// Reads the record at the start of these bytes with everything that JSON allows; its length, and
/// whether it is a flow record at all. Errors are those of JSON: mistakes and cuts.
fn thorough(bytes: &[u8], endpoints: &mut Endpoints<'_>, taker: &mut dyn Taker) -> Result<(usize, bool), Unreadable> {
    let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<wire::RawFlow<'_>>();
    match stream.next() {
        Some(Ok(raw)) => {
            let length = stream.byte_offset();
            if raw.is_complete()
                && let (Ok(src), Ok(dst)) = (endpoints.intern(raw.src()), endpoints.intern(raw.dst()))
            {
                taker.take(wire::flow_of(raw.parts(), src, dst)).map_err(Unreadable::Taker)?;
                return Ok((length, true));
            }
            Ok((length, false))
        }
        Some(Err(error)) if !error.is_data() => Err(Unreadable::Json(error)),
        // JSON, but no flow record; how long is it?
        Some(Err(_)) | None => {
            let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
            match stream.next() {
                Some(Err(error)) => Err(Unreadable::Json(error)),
                Some(Ok(_)) | None => Ok((stream.byte_offset(), false)),
            }
        }
    }
}

struct Scanner<'e, 'm, C, T> {
    chunks: C,
    endpoints: &'e mut Endpoints<'m>,
    taker: T,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    decoded: Decoded,
    /// Texts of the record at hand that held escapes.
    scratch: String,
}

impl<'e, 'm, C: Chunks, T: Taker> Scanner<'e, 'm, C, T> {
    fn new(chunks: C, endpoints: &'e mut Endpoints<'m>, taker: T) -> Self {
        Self {
            chunks,
            endpoints,
            taker,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            at_end: false,
            decoded: Decoded::default(),
            scratch: String::new(),
        }
    }

    fn run(mut self) -> Result<Decoded, DecodeError> {
        let read = self.read();
        // What was read before an error counts.
        self.taker.pause()?;
        read.map(|()| self.decoded)
    }

    fn read(&mut self) -> Result<(), DecodeError> {
        match self.skip_blank()? {
            Some(0xef) if self.starts_with_mark()? => self.start += 3,
            _ => {}
        }
        match self.skip_blank()? {
            Some(b'[') => {
                self.start += 1;
                self.array()?;
                match self.skip_blank()? {
                    None => Ok(()),
                    Some(_) => {
                        Err(DecodeError::Format(tr!("there is more after the end of the list ({rows} records)", rows = self.decoded.rows)))
                    }
                }
            }
            Some(b'{') => self.sequence(),
            None => Err(DecodeError::Format(tr!("there is nothing in it; an empty answer would be []"))),
            Some(b'<') => Err(DecodeError::Format(tr!("this is HTML, not JSON: a proxy or a login page answered"))),
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'"' => {
                Err(DecodeError::Format(tr!("this is not a list of JSON records; it looks like CSV or plain text")))
            }
            Some(_) => Err(DecodeError::Format(tr!("this is not a list of JSON records"))),
        }
    }

    fn array(&mut self) -> Result<(), DecodeError> {
        if self.skip_blank()? == Some(b']') {
            self.start += 1;
            return Ok(());
        }
        loop {
            self.record()?;
            self.taker.go_on(self.decoded.rows)?;
            match self.skip_blank()? {
                Some(b',') => self.start += 1,
                Some(b']') => {
                    self.start += 1;
                    return Ok(());
                }
                None => return Err(DecodeError::Cut { rows: self.decoded.rows }),
                Some(_) => return Err(self.bad_json(&tr!("a comma or ] was expected"))),
            }
        }
    }

    fn sequence(&mut self) -> Result<(), DecodeError> {
        loop {
            self.record()?;
            self.taker.go_on(self.decoded.rows)?;
            if self.skip_blank()? == Some(b',') {
                self.start += 1;
            }
            if self.skip_blank()?.is_none() {
                return Ok(());
            }
        }
    }

    /// Parses the record that begins at `start`; fetches more bytes and begins again when it is cut by the buffer's end.
    fn record(&mut self) -> Result<(), DecodeError> {
        // A number cut behind its point or its `e` is a mistake to the parser, not a cut: a mistake
        // counts when it is still there with more bytes behind it.
        let mut mistaken_at = None;
        loop {
            if self.skip_blank()?.is_none() {
                return Err(DecodeError::Cut { rows: self.decoded.rows });
            }
            let bytes = &self.buffer[self.start..self.end];
            if let Some(quick) = quick::record(bytes, self.endpoints, &mut self.scratch) {
                self.start += quick.length;
                self.decoded.rows += 1;
                return self.taker.take(wire::flow_of(quick.parts, quick.src, quick.dst));
            }
            match thorough(bytes, self.endpoints, &mut self.taker) {
                Ok((length, readable)) => {
                    self.start += length;
                    self.decoded.rows += 1;
                    if !readable {
                        self.decoded.unreadable += 1;
                    }
                    return Ok(());
                }
                Err(Unreadable::Taker(error)) => return Err(error),
                Err(Unreadable::Json(error)) if !error.is_eof() => {
                    let at = Some((error.line(), error.column()));
                    if self.at_end || mistaken_at == at {
                        return Err(self.bad_json(&error.to_string()));
                    }
                    mistaken_at = at;
                }
                Err(Unreadable::Json(_)) if self.at_end => return Err(DecodeError::Cut { rows: self.decoded.rows }),
                Err(Unreadable::Json(_)) => {}
            }
            self.fill()?;
        }
    }

    fn bad_json(&self, cause: &str) -> DecodeError {
        DecodeError::Format(tr!("not JSON after {rows} records: {cause}", rows = self.decoded.rows, cause))
    }

    fn starts_with_mark(&mut self) -> Result<bool, DecodeError> {
        while self.end - self.start < 3 && !self.at_end {
            self.fill()?;
        }
        Ok(self.buffer[self.start..self.end].starts_with(b"\xef\xbb\xbf"))
    }

    /// Moves to the next byte that is not white space and returns it.
    fn skip_blank(&mut self) -> Result<Option<u8>, DecodeError> {
        loop {
            match self.buffer[self.start..self.end].iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
                Some(offset) => {
                    self.start += offset;
                    return Ok(Some(self.buffer[self.start]));
                }
                None => {
                    self.start = self.end;
                    if self.at_end {
                        return Ok(None);
                    }
                    self.fill()?;
                }
            }
        }
    }

    /// Goes on to the next chunk; what is left of this one moves before it.
    fn fill(&mut self) -> Result<(), DecodeError> {
        let rest = self.end - self.start;
        if rest <= ROOM {
            let Some(mut chunk) = self.next_chunk()? else { return Ok(()) };
            chunk.bytes[ROOM - rest..ROOM].copy_from_slice(&self.buffer[self.start..self.end]);
            (self.start, self.end) = (ROOM - rest, chunk.end);
            self.chunks.give_back(std::mem::replace(&mut self.buffer, chunk.bytes));
            return Ok(());
        }
        // A record longer than the room: gather until there is twice as much, so that it is not begun again too often.
        if rest >= LONGEST_RECORD {
            return Err(DecodeError::Format(tr!("a record is longer than {most} MiB", most = LONGEST_RECORD >> 20)));
        }
        let mut long = self.buffer[self.start..self.end].to_vec();
        while long.len() < 2 * rest
            && let Some(chunk) = self.next_chunk()?
        {
            long.extend_from_slice(&chunk.bytes[ROOM..chunk.end]);
            self.chunks.give_back(chunk.bytes);
        }
        (self.start, self.end) = (0, long.len());
        self.chunks.give_back(std::mem::replace(&mut self.buffer, long));
        Ok(())
    }

    /// What was read is handed on first: the next bytes may be long in coming.
    fn next_chunk(&mut self) -> Result<Option<Chunk>, DecodeError> {
        self.taker.pause()?;
        let chunk = self.chunks.next().map_err(|error| named(error, self.decoded.rows))?;
        self.at_end = chunk.is_none();
        Ok(chunk)
    }
}

#[cfg(test)]
mod tests;
