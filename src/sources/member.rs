//! What a source is to the rest of the program: how its answer is had, and how that becomes records. It must never know
//! which sources there are.

use crate::domain::fault::{Fault, Party};
use crate::domain::source::SourceKind;
use crate::domain::value::Record;
use crate::http::pin::Pin;
use crate::pce::decode::{DecodeError, Decoded};
use crate::pce::{Client, ErrorKind, Listed, PceError};
use crate::settings::reader::Reader;
use jiff::Timestamp;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt::Debug;
use std::io::Read;
use std::path::Path;
use url::Url;
use xxhash_rust::xxh3::xxh3_128;

/// Turns the parts of one answer into records.
pub trait Assembler: Send {
    /// Takes one part; `name` is its file name in a recording. Parts may overlap and come in any order.
    fn part(&mut self, name: &str, body: &mut dyn Read) -> Result<Decoded, DecodeError>;
    /// Keeps no more than so many bytes of records; called before the first part. One that keeps little has no limit.
    fn limit(&mut self, _bytes: usize) {}
    /// All records, each once.
    fn finish(self: Box<Self>) -> Assembled;
}

/// What an answer comes to.
#[derive(Debug, Default)]
pub struct Assembled {
    /// The records.
    pub records: Vec<Record>,
    /// What came, readable or not.
    pub rows: u64,
    /// What could not be read.
    pub unreadable: u64,
    /// Why it is not whole, for people.
    pub missing: Option<String>,
    /// Of a stream: what happened from here on was left for the next run.
    pub left_from: Option<Timestamp>,
    /// What the target's next run is to know.
    pub memory: Option<String>,
    /// Bytes that the records take, roughly.
    pub held: usize,
}

/// How much memory the records may take that a process holds at the same time, of all sources together, in bytes: some 60,000
/// VENs with everything that a PCE tells of them.
pub const MOST_HELD: usize = 96 << 20;

/// What is left of it.
#[derive(Debug)]
pub struct Allowance {
    most: usize,
    held: usize,
    /// Something was left out.
    pub is_full: bool,
}

impl Default for Allowance {
    fn default() -> Self {
        Self::of(MOST_HELD)
    }
}

impl Allowance {
    /// Place for so many bytes.
    pub fn of(most: usize) -> Self {
        Self { most, held: 0, is_full: false }
    }

    /// How much of it is taken.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Whether there is place for this much more.
    pub fn takes(&mut self, bytes: usize) -> bool {
        match self.held.checked_add(bytes).filter(|held| *held <= self.most) {
            Some(held) => self.held = held,
            None => self.is_full = true,
        }
        !self.is_full
    }

    /// This much is needed no more.
    pub fn gives_back(&mut self, bytes: usize) {
        (self.held, self.is_full) = (self.held.saturating_sub(bytes), false);
    }

    /// Why the answer is not whole, if it is not.
    pub fn remark(&self) -> Option<String> {
        self.is_full.then(|| tr!("more came than the {size} MiB that are kept of an answer: the rest was left out", size = self.most >> 20))
    }
}

/// Records that could not be read, each once: a part that broke off comes again.
#[derive(Debug, Default)]
pub struct Unreadable {
    seen: HashSet<u128>,
    more: u64,
}

/// So many are told apart.
const MOST_UNREADABLE: usize = 100_000;

impl Unreadable {
    /// One more, unless it came before.
    pub fn add(&mut self, raw: &RawValue) {
        if self.seen.len() < MOST_UNREADABLE {
            self.seen.insert(xxh3_128(raw.get().as_bytes()));
        } else {
            self.more += 1;
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.seen.len() as u64 + self.more
    }
}

/// More values than this in one record are no record; in memory each takes many times its letters.
const MOST_VALUES: usize = 200_000;

/// A record as JSON; `None`: it is none, or holds more than any does.
pub fn json_of(raw: &RawValue) -> Option<Json> {
    let text = raw.get();
    if text.len() > MOST_VALUES && text.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() > MOST_VALUES {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// What a run wants to know of a source.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// Of a stream: from when on.
    pub from: Timestamp,
    /// Of a stream: until when.
    pub to: Timestamp,
    /// Some rule names what only the second list of the source tells.
    pub second: bool,
    /// Which source it is about, where a target is read by several.
    pub source: Option<SourceKind>,
    /// The kinds of record that rules name, one bit each.
    pub kinds: u32,
    /// The fields that rules name, one bit each.
    pub fields: u128,
}

impl Ask {
    /// Everything that there is between two points in time.
    pub fn all(from: Timestamp, to: Timestamp, second: bool) -> Ask {
        Ask { from, to, second, source: None, kinds: u32::MAX, fields: u128::MAX }
    }
}

/// Where the parts of an answer go.
pub type Take<'t> = dyn FnMut(&str, &mut dyn Read) -> Result<Decoded, DecodeError> + 't;

/// How a PCE is asked for a source.
#[derive(Clone, Copy)]
pub struct OfPce {
    /// Asks, and hands the parts over.
    pub ask: fn(&Client, &Ask, &mut Take<'_>) -> Result<Listed, PceError>,
    /// Refusals that mean that this PCE does not offer it.
    pub not_offered: &'static [ErrorKind],
}

/// A source with how its answers are had and read.
#[derive(Clone, Copy)]
pub struct Member {
    /// The row.
    pub kind: SourceKind,
    /// Makes an assembler; whether the second list is wanted, and the settings of the target.
    pub assemble: fn(bool, Option<&dyn Settings>) -> Box<dyn Assembler>,
    /// How a PCE is asked.
    pub pce: Option<OfPce>,
    /// What an answer lacks is among its records, as records that are unseen: where it is not whole, only rules that those
    /// touch are concerned.
    pub tells_gaps: bool,
}

/// A type of `[[targets]]`.
pub struct TargetType {
    /// As `type` names it.
    pub name: &'static str,
    /// For help.
    pub about: &'static str,
    /// Reads its own keys; `None` after a complaint.
    pub read: fn(&mut Reader<'_>) -> Option<Box<dyn Settings>>,
    /// Keys that `init target` asks for, beside those that nothing works without.
    pub asks: &'static [&'static str],
}

/// How the certificates of a target are judged.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'s> {
    /// Its endpoints.
    pub urls: &'s [Url],
    /// A CA beside those of the system.
    pub ca_file: Option<&'s Path>,
    /// Certificates that are known.
    pub pins: &'s [Pin],
    /// The name that certificates must bear, if it is not that of the URL.
    pub server_name: Option<&'s str>,
}

/// The settings of a target.
pub trait Settings: Debug + Send + Sync {
    /// What makes it another target: its memory starts anew when this changes.
    fn identity(&self) -> String;
    /// What the run before wanted to be known.
    fn recall(&self, _memory: Option<&str>) {}
    /// Obtains the parts of an answer.
    fn obtain(&self, ask: &Ask, take: &mut Take<'_>) -> Result<Obtained, Fault>;
    /// Asks several targets of this type at the same time; an answer for each, in their order. `None`: each is asked by itself.
    fn together(&self, _all: &[&dyn Settings], _ask: &Ask) -> Option<Vec<Held>> {
        None
    }
    /// How its certificates are judged, where fingerprints can be given for them.
    fn trust(&self) -> Option<Trust<'_>> {
        None
    }
    /// As the type that it is, for its own assembler.
    fn as_any(&self) -> &dyn std::any::Any;
    /// What it is read from, tried once, for `doctor`. `kinds`: the kinds of record that rules want of it, one bit each; none: no
    /// rule is known yet. `now`: the time of whoever asks.
    fn examine(&self, kinds: u32, now: Timestamp) -> Result<String, String>;
}

/// The answer of one of several targets that were asked together, until somebody takes it.
#[derive(Debug)]
pub struct Held {
    /// Its parts, each with the name of a file.
    pub parts: Vec<(String, Vec<u8>)>,
    /// How obtaining it went.
    pub obtained: Result<Obtained, Fault>,
}

impl Held {
    /// Hands the parts over.
    pub fn hand_over(self, take: &mut Take<'_>) -> Result<Obtained, Fault> {
        for (name, body) in &self.parts {
            take(name, &mut body.as_slice()).map_err(|error| Fault::of(Party::Program, format!("{name}: {error}")))?;
        }
        self.obtained
    }
}

/// A table of the config that holds for all targets of one type.
pub struct SourceTable {
    /// As it is called.
    pub name: &'static str,
    /// What it is about, in a sentence.
    pub about: &'static str,
    /// Reads it, and tells it to the targets that it is about.
    pub read: fn(&mut Reader<'_>, &[(&str, &dyn Settings)]),
}

impl Trust<'_> {
    /// Whether a certificate with this fingerprint is known.
    pub fn knows(&self, fingerprint: &str) -> bool {
        Pin::read(fingerprint).is_ok_and(|pin| self.pins.contains(&pin))
    }
}

/// How obtaining went.
#[derive(Debug, Default)]
pub struct Obtained {
    /// Questions asked, or files read.
    pub queries: u32,
    /// Bytes read.
    pub bytes: u64,
    /// Why it is not whole, for people.
    pub missing: Option<String>,
    /// Of a stream: up to here everything was read.
    pub whole_until: Option<Timestamp>,
}
