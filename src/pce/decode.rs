//! Flow records from a byte stream: inflate, find each record where it lies, hand it to a sink.
//!
//! Takes any `Read`; knows nothing of HTTP, rules or state. Memory does not grow with the stream:
//! one buffer, and the endpoints met so far up to a cap. A stream that is cut, in its compression
//! or in its JSON, is an error and never a short answer.

use super::wire;
use crate::domain::record::{Endpoint, FlowSink, Interned};
use flate2::read::MultiGzDecoder;
use serde::de::IgnoredAny;
use std::collections::HashMap;
use std::io::{self, Read};
use std::rc::Rc;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

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
    #[error("the gzip stream is cut or damaged after {rows} records ({cause})")]
    Gzip {
        /// Records read before.
        rows: u64,
        /// What the decompressor said.
        cause: String,
    },
    /// The JSON ends too early.
    #[error("the answer is cut: it ends inside the list, after {rows} records")]
    Cut {
        /// Records read before.
        rows: u64,
    },
    /// This is not a list of JSON objects.
    #[error("{0}")]
    Format(String),
}

const BUFFER: usize = 256 * 1024;
/// No record is this long; a stream that claims so is not what it should be.
const LONGEST_RECORD: usize = 16 * 1024 * 1024;
/// Endpoints remembered at once. Past it all are forgotten and met again.
const MOST_ENDPOINTS: usize = 16 * 1024;

/// Undoes gzip where the bytes say so, whatever a header said; twice at most (a gzip file sent with
/// a gzip encoding). A network failure inside keeps its name.
pub fn inflate<'r>(reader: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut reader: Box<dyn Read + 'r> = Box::new(Source(reader));
    for _ in 0..2 {
        let (head, rest) = peek(reader)?;
        let whole = io::Cursor::new(head).chain(rest);
        if head != [0x1f, 0x8b] {
            return Ok(Box::new(whole));
        }
        reader = Box::new(Gunzip(MultiGzDecoder::new(whole)));
    }
    Ok(reader)
}

fn peek<'r>(mut reader: Box<dyn Read + 'r>) -> io::Result<(ArrayHead, Box<dyn Read + 'r>)> {
    let mut head = ArrayHead { bytes: [0; 2], length: 0 };
    while head.length < 2 {
        match reader.read(&mut head.bytes[head.length..]) {
            Ok(0) => break,
            Ok(count) => head.length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((head, reader))
}

/// The first bytes of a stream, at most two.
#[derive(Clone, Copy)]
struct ArrayHead {
    bytes: [u8; 2],
    length: usize,
}

impl AsRef<[u8]> for ArrayHead {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl PartialEq<[u8; 2]> for ArrayHead {
    fn eq(&self, other: &[u8; 2]) -> bool {
        self.as_ref() == other
    }
}

/// Marks errors that come from below the decompressor, so that they are not called bad gzip.
struct Source<R>(R);

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct FromSource(io::Error);

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            if error.kind() == io::ErrorKind::Interrupted { error } else { io::Error::new(error.kind(), FromSource(error)) }
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct BadGzip(io::Error);

struct Gunzip<R>(R);

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            let foreign = error.kind() == io::ErrorKind::Interrupted
                || error.get_ref().is_some_and(|inner| inner.is::<FromSource>() || inner.is::<BadGzip>());
            if foreign { error } else { io::Error::new(error.kind(), BadGzip(error)) }
        })
    }
}

fn named(error: io::Error, rows: u64) -> DecodeError {
    if error.get_ref().is_some_and(|inner| inner.is::<BadGzip>()) {
        return DecodeError::Gzip { rows, cause: error.to_string() };
    }
    DecodeError::Read(error)
}

/// Tests every end condition of the rules on an endpoint.
type Marker<'m> = Box<dyn Fn(&Endpoint) -> Box<[u64]> + 'm>;

/// Parses endpoints once and tests the rules' end conditions on them once.
pub struct Endpoints<'m> {
    seen: HashMap<u128, Rc<Interned>>,
    mark: Marker<'m>,
    seed: u64,
    nothing: Rc<Interned>,
}

impl<'m> Endpoints<'m> {
    /// `mark` tests an endpoint's conditions; see `judge::plan`.
    pub fn new(mark: impl Fn(&Endpoint) -> Box<[u64]> + 'm) -> Self {
        let nothing =
            Rc::new(Interned { marks: mark(&Endpoint::default()), endpoint: Endpoint::default(), ip_key: xxh3_64(b""), href_key: 0 });
        // A seed of the run's own: nobody outside can prepare two endpoints that hash alike.
        let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0u8);
        Self { seen: HashMap::new(), mark: Box::new(mark), seed, nothing }
    }

    fn intern(&mut self, raw: Option<&str>) -> Result<Rc<Interned>, serde_json::Error> {
        let Some(raw) = raw else { return Ok(Rc::clone(&self.nothing)) };
        let key = xxh3_128_with_seed(raw.as_bytes(), self.seed);
        if let Some(known) = self.seen.get(&key) {
            return Ok(Rc::clone(known));
        }
        let endpoint = wire::endpoint(raw)?;
        let interned = Rc::new(Interned {
            marks: (self.mark)(&endpoint),
            ip_key: xxh3_64(endpoint.ip_text.as_bytes()),
            href_key: endpoint.workload.as_ref().map_or(0, |workload| xxh3_64(workload.href.as_bytes())),
            endpoint,
        });
        if self.seen.len() >= MOST_ENDPOINTS {
            self.seen.clear();
        }
        self.seen.insert(key, Rc::clone(&interned));
        Ok(interned)
    }
}

/// Reads every record of a stream: a JSON array on one line or many, or one object after the other,
/// plain or gzip.
pub fn decode_flows(stream: impl Read, endpoints: &mut Endpoints<'_>, sink: &mut dyn FlowSink) -> Result<Decoded, DecodeError> {
    let reader = inflate(stream).map_err(|error| named(error, 0))?;
    let mut scanner = Scanner { reader, buffer: vec![0; BUFFER], start: 0, end: 0, at_end: false, decoded: Decoded::default() };
    scanner.run(endpoints, sink)?;
    Ok(scanner.decoded)
}

struct Scanner<'r> {
    reader: Box<dyn Read + 'r>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    decoded: Decoded,
}

impl Scanner<'_> {
    fn run(&mut self, endpoints: &mut Endpoints<'_>, sink: &mut dyn FlowSink) -> Result<(), DecodeError> {
        match self.skip_blank()? {
            Some(0xef) if self.starts_with_mark()? => self.start += 3,
            _ => {}
        }
        match self.skip_blank()? {
            Some(b'[') => {
                self.start += 1;
                self.array(endpoints, sink)?;
                match self.skip_blank()? {
                    None => Ok(()),
                    Some(_) => Err(DecodeError::Format(format!("there is more after the end of the list ({} records)", self.decoded.rows))),
                }
            }
            Some(b'{') => self.sequence(endpoints, sink),
            None => Err(DecodeError::Format("there is nothing in it; an empty answer would be []".to_owned())),
            Some(b'<') => Err(DecodeError::Format("this is HTML, not JSON: a proxy or a login page answered".to_owned())),
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'"' => {
                Err(DecodeError::Format("this is not a list of JSON records; it looks like CSV or plain text".to_owned()))
            }
            Some(_) => Err(DecodeError::Format("this is not a list of JSON records".to_owned())),
        }
    }

    fn array(&mut self, endpoints: &mut Endpoints<'_>, sink: &mut dyn FlowSink) -> Result<(), DecodeError> {
        if self.skip_blank()? == Some(b']') {
            self.start += 1;
            return Ok(());
        }
        loop {
            self.record(endpoints, sink)?;
            match self.skip_blank()? {
                Some(b',') => self.start += 1,
                Some(b']') => {
                    self.start += 1;
                    return Ok(());
                }
                None => return Err(DecodeError::Cut { rows: self.decoded.rows }),
                Some(_) => return Err(self.bad_json("a comma or ] was expected")),
            }
        }
    }

    fn sequence(&mut self, endpoints: &mut Endpoints<'_>, sink: &mut dyn FlowSink) -> Result<(), DecodeError> {
        loop {
            self.record(endpoints, sink)?;
            if self.skip_blank()? == Some(b',') {
                self.start += 1;
            }
            if self.skip_blank()?.is_none() {
                return Ok(());
            }
        }
    }

    /// Parses the record that begins at `start`; fetches more bytes and begins again when it is cut by the buffer's end.
    fn record(&mut self, endpoints: &mut Endpoints<'_>, sink: &mut dyn FlowSink) -> Result<(), DecodeError> {
        loop {
            if self.skip_blank()?.is_none() {
                return Err(DecodeError::Cut { rows: self.decoded.rows });
            }
            let bytes = &self.buffer[self.start..self.end];
            let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<wire::RawFlow<'_>>();
            let (length, readable) = match stream.next() {
                Some(Ok(raw)) => {
                    let length = stream.byte_offset();
                    let readable = raw.is_complete()
                        && match (endpoints.intern(raw.src()), endpoints.intern(raw.dst())) {
                            (Ok(src), Ok(dst)) => {
                                sink.flow(&raw.flow(src, dst));
                                true
                            }
                            _ => false,
                        };
                    (Some(length), readable)
                }
                Some(Err(error)) if error.is_data() => (self.skipped_length()?, false),
                Some(Err(error)) if error.is_eof() => (None, false),
                Some(Err(error)) => return Err(self.bad_json(&error.to_string())),
                None => (None, false),
            };
            match length {
                Some(length) => {
                    self.start += length;
                    self.decoded.rows += 1;
                    if !readable {
                        self.decoded.unreadable += 1;
                    }
                    return Ok(());
                }
                None if self.at_end => return Err(DecodeError::Cut { rows: self.decoded.rows }),
                None => self.fill()?,
            }
        }
    }

    /// The length of a value that is JSON but no flow record; `None` when it is cut.
    fn skipped_length(&self) -> Result<Option<usize>, DecodeError> {
        let mut stream = serde_json::Deserializer::from_slice(&self.buffer[self.start..self.end]).into_iter::<IgnoredAny>();
        match stream.next() {
            Some(Ok(_)) => Ok(Some(stream.byte_offset())),
            Some(Err(error)) if !error.is_eof() => Err(self.bad_json(&error.to_string())),
            Some(Err(_)) | None => Ok(None),
        }
    }

    fn bad_json(&self, cause: &str) -> DecodeError {
        DecodeError::Format(format!("not JSON after {} records: {cause}", self.decoded.rows))
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

    /// Moves what is left to the front and reads on behind it.
    fn fill(&mut self) -> Result<(), DecodeError> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            if self.buffer.len() >= LONGEST_RECORD {
                return Err(DecodeError::Format(format!("a record is longer than {} MiB", LONGEST_RECORD >> 20)));
            }
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        // Fill as far as possible: every refill parses one cut record again.
        while self.end < self.buffer.len() && !self.at_end {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.at_end = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(named(error, self.decoded.rows)),
            }
        }
        Ok(())
    }
}
