//! Flow records from a byte stream: inflate, find each record where it lies, hand it to a sink.
//!
//! Takes any `Read`; knows nothing of HTTP, rules or state. Memory does not grow with the stream:
//! a few buffers, and the endpoints met so far up to a cap. A stream that is cut, in its compression
//! or in its JSON, is an error and never a short answer.

use super::bounds::{LONGEST_RECORD, too_late};
pub use super::endpoints::Endpoints;
use super::inflate::BadGzip;
use super::pump::{self, Chunk, Pumped, ROOM};
use super::{quick, wire};
use crate::domain::record::FlowSink;
use crate::process::patience;
use serde::de::IgnoredAny;
use std::io::{self, Read};

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

/// Reads every record of a stream: a JSON array on one line or many, or one object after the other,
/// plain or gzip. The stream is read and inflated on a thread of its own.
pub fn decode_flows(stream: impl Read + Send, endpoints: &mut Endpoints<'_>, sink: &mut dyn FlowSink) -> Result<Decoded, DecodeError> {
    std::thread::scope(|scope| {
        let pumped = pump::start(scope, stream).map_err(DecodeError::Read)?;
        let mut scanner =
            Scanner { pumped, buffer: Vec::new(), start: 0, end: 0, at_end: false, decoded: Decoded::default(), scratch: String::new() };
        scanner.run(endpoints, sink)?;
        Ok(scanner.decoded)
    })
}

/// Reads the record at the start of these bytes with everything that JSON allows; its length, and
/// whether it is a flow record at all. Errors are those of JSON: mistakes and cuts.
fn thorough(bytes: &[u8], endpoints: &mut Endpoints<'_>, sink: &mut dyn FlowSink) -> Result<(usize, bool), serde_json::Error> {
    let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<wire::RawFlow<'_>>();
    match stream.next() {
        Some(Ok(raw)) => {
            let length = stream.byte_offset();
            if raw.is_complete()
                && let (Ok(src), Ok(dst)) = (endpoints.intern(raw.src()), endpoints.intern(raw.dst()))
            {
                sink.flow(&raw.flow(src, dst));
                return Ok((length, true));
            }
            Ok((length, false))
        }
        Some(Err(error)) if !error.is_data() => Err(error),
        // JSON, but no flow record; how long is it?
        Some(Err(_)) | None => {
            let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
            match stream.next() {
                Some(Err(error)) => Err(error),
                Some(Ok(_)) | None => Ok((stream.byte_offset(), false)),
            }
        }
    }
}

struct Scanner {
    pumped: Pumped,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    decoded: Decoded,
    /// Texts of the record at hand that held escapes.
    scratch: String,
}

impl Scanner {
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
                    Some(_) => {
                        Err(DecodeError::Format(tr!("there is more after the end of the list ({rows} records)", rows = self.decoded.rows)))
                    }
                }
            }
            Some(b'{') => self.sequence(endpoints, sink),
            None => Err(DecodeError::Format(tr!("there is nothing in it; an empty answer would be []"))),
            Some(b'<') => Err(DecodeError::Format(tr!("this is HTML, not JSON: a proxy or a login page answered"))),
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'"' => {
                Err(DecodeError::Format(tr!("this is not a list of JSON records; it looks like CSV or plain text")))
            }
            Some(_) => Err(DecodeError::Format(tr!("this is not a list of JSON records"))),
        }
    }

    fn array(&mut self, endpoints: &mut Endpoints<'_>, sink: &mut dyn FlowSink) -> Result<(), DecodeError> {
        if self.skip_blank()? == Some(b']') {
            self.start += 1;
            return Ok(());
        }
        loop {
            self.record(endpoints, sink)?;
            self.continue_matching(sink)?;
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

    fn sequence(&mut self, endpoints: &mut Endpoints<'_>, sink: &mut dyn FlowSink) -> Result<(), DecodeError> {
        loop {
            self.record(endpoints, sink)?;
            self.continue_matching(sink)?;
            if self.skip_blank()? == Some(b',') {
                self.start += 1;
            }
            if self.skip_blank()?.is_none() {
                return Ok(());
            }
        }
    }

    /// Whether there is somebody who wants more, and time for it: judging takes time, too.
    fn continue_matching(&self, sink: &dyn FlowSink) -> Result<(), DecodeError> {
        if sink.enough() {
            return Err(DecodeError::Enough);
        }
        if self.decoded.rows.is_multiple_of(RECORDS_A_GLANCE) && patience::is_over() {
            return Err(DecodeError::Read(too_late()));
        }
        Ok(())
    }

    /// Parses the record that begins at `start`; fetches more bytes and begins again when it is cut by the buffer's end.
    fn record(&mut self, endpoints: &mut Endpoints<'_>, sink: &mut dyn FlowSink) -> Result<(), DecodeError> {
        // A number cut behind its point or its `e` is a mistake to the parser, not a cut: a mistake
        // counts when it is still there with more bytes behind it.
        let mut mistaken_at = None;
        loop {
            if self.skip_blank()?.is_none() {
                return Err(DecodeError::Cut { rows: self.decoded.rows });
            }
            let bytes = &self.buffer[self.start..self.end];
            if let Some((flow, length)) = quick::record(bytes, endpoints, &mut self.scratch) {
                sink.flow(&flow);
                self.start += length;
                self.decoded.rows += 1;
                return Ok(());
            }
            match thorough(bytes, endpoints, sink) {
                Ok((length, readable)) => {
                    self.start += length;
                    self.decoded.rows += 1;
                    if !readable {
                        self.decoded.unreadable += 1;
                    }
                    return Ok(());
                }
                Err(error) if !error.is_eof() => {
                    let at = Some((error.line(), error.column()));
                    if self.at_end || mistaken_at == at {
                        return Err(self.bad_json(&error.to_string()));
                    }
                    mistaken_at = at;
                }
                Err(_) if self.at_end => return Err(DecodeError::Cut { rows: self.decoded.rows }),
                Err(_) => {}
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
            self.pumped.give_back(std::mem::replace(&mut self.buffer, chunk.bytes));
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
            self.pumped.give_back(chunk.bytes);
        }
        (self.start, self.end) = (0, long.len());
        self.pumped.give_back(std::mem::replace(&mut self.buffer, long));
        Ok(())
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk>, DecodeError> {
        let chunk = self.pumped.next().map_err(|error| named(error, self.decoded.rows))?;
        self.at_end = chunk.is_none();
        Ok(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::Flow;
    use std::io::Write;

    #[derive(Default)]
    struct Sums {
        flows: u64,
        connections: u64,
        longest: usize,
    }

    impl FlowSink for Sums {
        fn flow(&mut self, flow: &Flow<'_>) {
            self.flows += 1;
            self.connections += flow.connections;
            self.longest = self.longest.max(flow.process.len());
        }
    }

    fn record(number: u64, length: usize) -> String {
        format!(
            r#"{{"src":{{"ip":"10.0.0.{}"}},"dst":{{"ip":"10.0.1.1"}},"service":{{"process_name":"{}"}},"num_connections":{number},"policy_decision":"allowed"}}"#,
            number % 7,
            "x".repeat(length)
        )
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn decode(bytes: &[u8]) -> (Sums, Result<Decoded, DecodeError>) {
        let mut sums = Sums::default();
        let decoded = decode_flows(bytes, &mut Endpoints::new(|_| Box::new([])), &mut sums);
        (sums, decoded)
    }

    /// Records of every length against the ends of the chunks, and the room before them.
    #[test]
    fn records_are_whole_wherever_chunks_end() {
        let mut rng = fastrand::Rng::with_seed(7);
        let lengths: Vec<usize> =
            (0..600).map(|_| [rng.usize(..500), rng.usize(..3_000), rng.usize(..90_000)][rng.usize(..3)]).chain([1_200_000, 3]).collect();
        let records: Vec<String> = (0u64..).zip(&lengths).map(|(number, length)| record(number, *length)).collect();
        for text in [format!("[{}]", records.join(",")), format!(" [ {}\n]\n", records.join(" ,\n ")), records.join("\n")] {
            for bytes in [text.clone().into_bytes(), gzip(&text)] {
                let (sums, decoded) = decode(&bytes);
                assert_eq!(decoded.unwrap(), Decoded { rows: 602, unreadable: 0 });
                assert_eq!((sums.flows, sums.connections, sums.longest), (602, 602 * 601 / 2, 1_200_000));
            }
        }
        let whole = format!("[{}]", records.join(","));
        let packed = gzip(&whole);
        for cut in [1, 2, 9, packed.len() / 2, packed.len() - 1] {
            assert!(decode(&packed[..packed.len() - cut]).1.is_err(), "{cut}");
        }
        for cut in [1, 2, 300_000, whole.len() - 1] {
            assert!(matches!(decode(&whole.as_bytes()[..whole.len() - cut]).1, Err(DecodeError::Cut { .. })), "{cut}");
        }
    }

    /// A chunk that ends inside a number, a word or an escape is no mistake; a mistake stays one.
    #[test]
    fn a_cut_anywhere_in_a_record_is_mended() {
        let tail = r#"{"src":{"ip":"10.0.0.9"},"dst":{"ip":"10.0.1.1"},"x":[-2.5e-3,1E+2,0.1,null,true,"\u00e9\n王"],"dst_bi":"no","num_connections":5,"policy_decision":"allowed"}"#;
        let good = tail.replace(r#""dst_bi":"no","#, "");
        let bare = record(1, 0).len();
        for (tail, unreadable) in [(tail, 1), (good.as_str(), 0)] {
            for inside in 0..=tail.len() {
                // The first chunk holds 256 KiB: the bracket, a long record, the comma, and `inside` bytes of the next.
                let text = format!("[{},{tail}]", record(1, (256 << 10) - 2 - inside - bare));
                let (_, decoded) = decode(text.as_bytes());
                assert_eq!(decoded.unwrap(), Decoded { rows: 2, unreadable }, "{inside}");
                let broken = text.replace("0.1,", "0.,");
                assert!(matches!(decode(broken.as_bytes()).1, Err(DecodeError::Format(_))), "{inside}");
            }
        }
    }

    #[test]
    fn a_source_that_fails_is_named() {
        struct Failing(usize);
        impl Read for Failing {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let text = b"[{\"src\":";
                if self.0 == text.len() {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "the line is dead"));
                }
                buffer[0] = text[self.0];
                self.0 += 1;
                Ok(1)
            }
        }
        let error = decode_flows(Failing(0), &mut Endpoints::new(|_| Box::new([])), &mut Sums::default()).unwrap_err();
        assert!(matches!(&error, DecodeError::Read(cause) if cause.to_string().contains("the line is dead")), "{error}");
    }
}
