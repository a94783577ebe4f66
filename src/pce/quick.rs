//! Reads a flow record of the usual shape where it lies, without detours.
//!
//! It accepts only what `serde_json` and [`super::wire`] accept, and makes the same of it. Whatever
//! is rare (other types, numbers with a fraction, `\u` escapes, a key that comes twice, a record
//! that is cut) it leaves alone: the caller then reads the record the thorough way, which alone
//! decides what is unreadable, cut or broken. The tests compare the two.
//!
//! An end of a flow that was met before is recognised by comparing its bytes: a JSON object ends
//! where it ends, whatever follows, so equal bytes are the same end and need not be read again.

use super::endpoints::Endpoints;
use super::wire::Parts;
use crate::domain::record::Interned;
use crate::domain::time::parse_pce_time;
use jiff::Timestamp;
use std::sync::Arc;

/// Deeper nesting under unknown keys is left to the thorough way.
const MOST_DEPTH: u32 = 8;

/// A text inside the record or, when it held escapes, in the scratch buffer.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    from: u32,
    to: u32,
    unescaped: bool,
}

impl Span {
    /// Whether there is a text, be it empty. (None begins at the start of a record: a brace does.)
    fn is_there(self) -> bool {
        self.to != 0 || self.unescaped
    }
}

/// A record, and how long it is.
pub(super) struct Quick<'b> {
    pub(super) parts: Parts<'b>,
    pub(super) src: Arc<Interned>,
    pub(super) dst: Arc<Interned>,
    pub(super) length: usize,
}

/// Reads the record at the start of `bytes`. `None`: read it the thorough way.
pub(super) fn record<'b>(bytes: &'b [u8], endpoints: &mut Endpoints<'_>, scratch: &'b mut String) -> Option<Quick<'b>> {
    scratch.clear();
    let mut cursor = Cursor { bytes, at: 0, scratch };
    let raw = cursor.record(endpoints)?;
    let length = cursor.at;
    let scratch: &'b str = cursor.scratch;
    let text = |span: Span| -> Option<&'b str> {
        let (from, to) = (span.from as usize, span.to as usize);
        if from == to {
            return Some("");
        }
        if span.unescaped { scratch.get(from..to) } else { std::str::from_utf8(bytes.get(from..to)?).ok() }
    };
    let plain = |span: Span| if span.unescaped { None } else { bytes.get(span.from as usize..span.to as usize) };
    let word = |span: Span| plain(span).and_then(usual_word).map_or_else(|| text(span), Some);
    let instant = |span: Span| match plain(span).and_then(usual_moment) {
        Some(at) => Some(Some(at)),
        None => text(span).map(parse_pce_time),
    };
    let parts = Parts {
        port: raw.port,
        proto: raw.proto,
        process: text(raw.process)?,
        service: text(raw.service)?,
        user: text(raw.user)?,
        decision: word(raw.decision?)?,
        direction: word(raw.direction)?,
        state: if raw.state.is_there() { Some(word(raw.state)?) } else { None },
        transmission: word(raw.transmission)?,
        network: text(raw.network)?,
        client_type: word(raw.client_type)?,
        connections: raw.connections?,
        bytes_in: raw.bytes_in,
        bytes_out: raw.bytes_out,
        icmp_type: raw.icmp_type,
        icmp_code: raw.icmp_code,
        first: instant(raw.first)?,
        last: instant(raw.last)?,
    };
    Some(Quick { parts, src: raw.src?, dst: raw.dst?, length })
}

/// What was found so far. An absent text and an empty one mean the same, but for the state.
#[derive(Default)]
struct Raw {
    src: Option<Arc<Interned>>,
    dst: Option<Arc<Interned>>,
    port: Option<u16>,
    proto: Option<i16>,
    process: Span,
    service: Span,
    user: Span,
    connections: Option<u64>,
    decision: Option<Span>,
    first: Span,
    last: Span,
    state: Span,
    direction: Span,
    bytes_in: Option<u64>,
    bytes_out: Option<u64>,
    network: Span,
    client_type: Span,
    transmission: Span,
    icmp_type: Option<u8>,
    icmp_code: Option<u8>,
}

/// Refuses a key that comes twice.
#[derive(Default)]
struct Once(u32);

impl Once {
    fn first(&mut self, number: u32) -> Option<()> {
        let bit = 1 << number;
        let is_first = self.0 & bit == 0;
        self.0 |= bit;
        is_first.then_some(())
    }
}

struct Cursor<'b, 's> {
    bytes: &'b [u8],
    at: usize,
    scratch: &'s mut String,
}

impl<'b> Cursor<'b, '_> {
    fn record(&mut self, endpoints: &mut Endpoints<'_>) -> Option<Raw> {
        let mut raw = Raw::default();
        let mut once = Once::default();
        self.literal(b'{')?;
        if self.peek()? == b'}' {
            return None;
        }
        loop {
            match self.key()? {
                b"src" => {
                    once.first(0)?;
                    raw.src = Some(self.end(endpoints)?);
                }
                b"dst" => {
                    once.first(1)?;
                    raw.dst = Some(self.end(endpoints)?);
                }
                b"service" => {
                    once.first(2)?;
                    self.service(&mut raw)?;
                }
                b"num_connections" => {
                    once.first(3)?;
                    raw.connections = self.number()?;
                }
                b"policy_decision" => {
                    once.first(4)?;
                    raw.decision = Some(self.text()?);
                }
                b"timestamp_range" => {
                    once.first(5)?;
                    self.range(&mut raw)?;
                }
                b"state" => {
                    once.first(6)?;
                    raw.state = self.text_or_null()?;
                }
                b"flow_direction" => {
                    once.first(7)?;
                    raw.direction = self.text_or_null()?;
                }
                b"dst_bi" => {
                    once.first(8)?;
                    raw.bytes_in = self.number()?;
                }
                b"dst_bo" => {
                    once.first(9)?;
                    raw.bytes_out = self.number()?;
                }
                b"network" => {
                    once.first(10)?;
                    self.network(&mut raw)?;
                }
                b"client_type" => {
                    once.first(11)?;
                    raw.client_type = self.text_or_null()?;
                }
                b"transmission" => {
                    once.first(12)?;
                    raw.transmission = self.text_or_null()?;
                }
                b"icmp_type" => {
                    once.first(13)?;
                    raw.icmp_type = self.small()?;
                }
                b"icmp_code" => {
                    once.first(14)?;
                    raw.icmp_code = self.small()?;
                }
                _ => self.skip(0)?,
            }
            if self.at_end_of_object()? {
                return Some(raw);
            }
        }
    }

    fn service(&mut self, raw: &mut Raw) -> Option<()> {
        let mut once = Once::default();
        self.object(|cursor, key| {
            match key {
                b"port" => {
                    once.first(0)?;
                    raw.port = cursor.small()?;
                }
                b"proto" => {
                    once.first(1)?;
                    raw.proto = cursor.small()?;
                }
                b"process_name" => {
                    once.first(2)?;
                    raw.process = cursor.text_or_null()?;
                }
                b"windows_service_name" => {
                    once.first(3)?;
                    raw.service = cursor.text_or_null()?;
                }
                b"user_name" => {
                    once.first(4)?;
                    raw.user = cursor.text_or_null()?;
                }
                _ => cursor.skip(0)?,
            }
            Some(())
        })
    }

    fn range(&mut self, raw: &mut Raw) -> Option<()> {
        let mut once = Once::default();
        self.object(|cursor, key| {
            match key {
                b"first_detected" => {
                    once.first(0)?;
                    raw.first = cursor.text_or_null()?;
                }
                b"last_detected" => {
                    once.first(1)?;
                    raw.last = cursor.text_or_null()?;
                }
                _ => cursor.skip(0)?,
            }
            Some(())
        })
    }

    fn network(&mut self, raw: &mut Raw) -> Option<()> {
        let mut once = Once::default();
        self.object(|cursor, key| {
            match key {
                b"name" => {
                    once.first(0)?;
                    raw.network = cursor.text_or_null()?;
                }
                _ => cursor.skip(0)?,
            }
            Some(())
        })
    }

    /// One end of the flow: one met before, by its bytes, or a new one.
    fn end(&mut self, endpoints: &mut Endpoints<'_>) -> Option<Arc<Interned>> {
        if self.peek()? != b'{' {
            return None;
        }
        let rest = self.bytes.get(self.at..)?;
        if let Some((interned, length)) = endpoints.met(rest) {
            self.at += length;
            return Some(interned);
        }
        let from = self.at;
        if let Some(parts) = self.endpoint() {
            let text = self.bytes.get(from..self.at)?;
            // What was skipped has to be text, too.
            std::str::from_utf8(text).ok()?;
            return Some(endpoints.remember_parts(text, parts));
        }
        let (interned, length) = endpoints.meet(rest)?;
        self.at = from + length;
        Some(interned)
    }

    fn object(&mut self, mut each: impl FnMut(&mut Self, &'b [u8]) -> Option<()>) -> Option<()> {
        self.literal(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            let key = self.key()?;
            each(self, key)?;
            if self.at_end_of_object()? {
                return Some(());
            }
        }
    }

    fn at_end_of_object(&mut self) -> Option<bool> {
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b',' => Some(false),
            b'}' => Some(true),
            _ => None,
        }
    }

    /// The next byte that is not white space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    #[inline]
    fn literal(&mut self, byte: u8) -> Option<()> {
        if self.peek()? != byte {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// A key of plain ASCII, and the colon after it.
    #[inline]
    fn key(&mut self) -> Option<&'b [u8]> {
        self.literal(b'"')?;
        let from = self.at;
        loop {
            match *self.bytes.get(self.at)? {
                b'"' => break,
                b'\\' | 0..0x20 | 0x80.. => return None,
                _ => self.at += 1,
            }
        }
        let key = &self.bytes[from..self.at];
        self.at += 1;
        self.literal(b':')?;
        Some(key)
    }

    /// Past a text without escapes; `None` where it has one.
    #[inline]
    fn plain_end(&mut self) -> Option<u8> {
        loop {
            match *self.bytes.get(self.at)? {
                byte @ (b'"' | b'\\') => return Some(byte),
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
    }

    #[inline]
    fn text(&mut self) -> Option<Span> {
        self.literal(b'"')?;
        let from = self.at;
        if self.plain_end()? == b'"' {
            let span = Span { from: u32::try_from(from).ok()?, to: u32::try_from(self.at).ok()?, unescaped: false };
            self.at += 1;
            return Some(span);
        }
        let scratch_from = self.scratch.len();
        let mut piece = from;
        loop {
            let stop = self.plain_end()?;
            self.scratch.push_str(std::str::from_utf8(&self.bytes[piece..self.at]).ok()?);
            self.at += 1;
            if stop == b'"' {
                break;
            }
            self.scratch.push(match *self.bytes.get(self.at)? {
                byte @ (b'"' | b'\\' | b'/') => char::from(byte),
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                _ => return None,
            });
            self.at += 1;
            piece = self.at;
        }
        Some(Span { from: u32::try_from(scratch_from).ok()?, to: u32::try_from(self.scratch.len()).ok()?, unescaped: true })
    }

    fn text_or_null(&mut self) -> Option<Span> {
        if self.peek()? == b'n' { self.word(b"null").map(|()| Span::default()) } else { self.text() }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        if !self.bytes.get(self.at..)?.starts_with(word) {
            return None;
        }
        self.at += word.len();
        Some(())
    }

    /// A whole number that is not negative, or `null`.
    #[inline]
    fn number(&mut self) -> Option<Option<u64>> {
        if self.peek()? == b'n' {
            self.word(b"null")?;
            return Some(None);
        }
        let from = self.at;
        let mut value = 0u64;
        loop {
            let byte = *self.bytes.get(self.at)?;
            if !byte.is_ascii_digit() {
                break;
            }
            value = value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
            self.at += 1;
        }
        let digits = &self.bytes[from..self.at];
        // A fraction, an exponent or a leading zero.
        let unusual = matches!(self.bytes[self.at], b'.' | b'e' | b'E') || digits.is_empty() || (digits.len() > 1 && digits[0] == b'0');
        (!unusual).then_some(Some(value))
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Option<Option<T>> {
        match self.number()? {
            None => Some(None),
            Some(value) => T::try_from(value).ok().map(Some),
        }
    }

    /// Past any value.
    fn skip(&mut self, depth: u32) -> Option<()> {
        match self.peek()? {
            b'"' => {
                self.at += 1;
                (self.plain_end()? == b'"').then_some(())?;
                self.at += 1;
                Some(())
            }
            b'0'..=b'9' => self.number().map(|_| ()),
            b'n' => self.word(b"null"),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            _ if depth >= MOST_DEPTH => None,
            b'{' => self.object(|cursor, _| cursor.skip(depth + 1)),
            b'[' => self.list_or_null(|cursor| cursor.skip(depth + 1)),
            _ => None,
        }
    }
}

/// Words that stand in nearly every record, so that they need not be checked for being UTF-8.
fn usual_word(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        b"inbound" => "inbound",
        b"outbound" => "outbound",
        b"allowed" => "allowed",
        b"blocked" => "blocked",
        b"potentially_blocked" => "potentially_blocked",
        b"unknown" => "unknown",
        b"active" => "active",
        b"closed" => "closed",
        b"timed out" => "timed out",
        b"snapshot" => "snapshot",
        b"server" => "server",
        b"endpoint" => "endpoint",
        _ => return None,
    })
}

/// Reads `2026-08-02T00:06:11Z`, the form nearly every time has.
fn usual_moment(text: &[u8]) -> Option<Timestamp> {
    let text: &[u8; 20] = text.try_into().ok()?;
    if (text[4], text[7], text[10], text[13], text[16], text[19]) != (b'-', b'-', b'T', b':', b':', b'Z') {
        return None;
    }
    let digit = |at: usize| text[at].is_ascii_digit().then(|| i64::from(text[at] - b'0'));
    let two = |at: usize| Some(digit(at)? * 10 + digit(at + 1)?);
    let (year, month, day) = (two(0)? * 100 + two(2)?, two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    // Days beyond the 28th depend on the month, and a leap second is special.
    let usual = (1970..=9000).contains(&year)
        && (1..=12).contains(&month)
        && day >= 1
        && day <= month_length(year, month)
        && hour < 24
        && minute < 60
        && second < 60;
    if !usual {
        return None;
    }
    // Days since the epoch of the proleptic Gregorian calendar, the year beginning in March.
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (shifted_year / 400, shifted_year % 400);
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468;
    Timestamp::from_second(days * 86_400 + hour * 3_600 + minute * 60 + second).ok()
}

fn month_length(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

mod ends;

#[cfg(test)]
mod tests;
