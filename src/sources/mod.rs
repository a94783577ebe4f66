//! The sources: one row each, and how their answers become records. Adding one is a folder, a row here, fixtures and a
//! page of the documentation; no other file names it.
//!
//! A target only obtains named parts of an answer (bytes); an assembler alone turns parts into records, so that an answer
//! that is asked for and the same answer from a recording mean the same.

pub mod database;
pub mod events;
pub mod health;
pub mod json;
pub mod monitor;
pub mod records;
pub mod traffic;
pub mod vens;

pub use crate::pce::decode::{DecodeError, Decoded};
pub use crate::pce::records::read_records;

use crate::config::reader::Reader;
use crate::domain::metric::SourceKind;
use crate::domain::value::Record;
use crate::pce::{Client, ErrorKind, Listed, PceError};
use jiff::Timestamp;
use std::fmt::Debug;
use std::io::Read;

/// Turns the parts of one answer into records.
pub trait Assembler: Send {
    /// Takes one part; `name` is its file name in a recording. Parts may overlap and come in any order.
    fn part(&mut self, name: &str, body: &mut dyn Read) -> Result<Decoded, DecodeError>;
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
}

/// Flows of the traffic query.
pub const TRAFFIC: SourceKind = SourceKind(&traffic::SOURCE);
/// Audit events.
pub const EVENTS: SourceKind = SourceKind(&events::SOURCE);
/// The PCE's own health.
pub const HEALTH: SourceKind = SourceKind(&health::SOURCE);
/// VENs and the workloads they manage.
pub const VENS: SourceKind = SourceKind(&vens::SOURCE);
/// The PCE's traffic database.
pub const DATABASE: SourceKind = SourceKind(&database::SOURCE);
/// The monitoring itself.
pub const MONITOR: SourceKind = SourceKind(&monitor::SOURCE);

/// All sources, in the order in which they are reported.
pub const SOURCES: [SourceKind; 7] = [TRAFFIC, EVENTS, HEALTH, VENS, DATABASE, SourceKind(&records::SOURCE), MONITOR];

/// Those that are read as records, with how.
pub const MEMBERS: [Member; 5] = [
    Member {
        kind: EVENTS,
        assemble: |_, _| Box::<events::Events>::default(),
        pce: Some(OfPce { ask: |client, ask, take| client.events(ask.from, ask.to, take), not_offered: &[] }),
    },
    Member {
        kind: HEALTH,
        assemble: |_, _| Box::<health::Clusters>::default(),
        pce: Some(OfPce { ask: |client, _, take| client.health(take), not_offered: &[ErrorKind::NotFound, ErrorKind::Forbidden] }),
    },
    Member {
        kind: VENS,
        assemble: |second, _| Box::new(vens::Vens::new(second)),
        pce: Some(OfPce {
            ask: |client, ask, take| client.vens(ask.second, take),
            not_offered: &[ErrorKind::NotFound, ErrorKind::Rejected],
        }),
    },
    Member {
        kind: DATABASE,
        assemble: |_, _| Box::<database::Database>::default(),
        pce: Some(OfPce { ask: |client, _, take| client.database(take), not_offered: &[ErrorKind::NotFound, ErrorKind::Rejected] }),
    },
    Member { kind: SourceKind(&records::SOURCE), assemble: records::assembler, pce: None },
];

/// A type of `[[targets]]`.
pub struct TargetType {
    /// As `type` names it.
    pub name: &'static str,
    /// For help.
    pub about: &'static str,
    /// Reads its own keys; `None` after a complaint.
    pub read: fn(&mut Reader<'_>) -> Option<Box<dyn Settings>>,
}

/// All types of `[[targets]]`.
pub const TARGET_TYPES: [TargetType; 1] =
    [TargetType { name: "records", about: "Records in files: NDJSON, JSON, CSV", read: records::read_settings }];

/// The settings of a target.
pub trait Settings: Debug + Send + Sync {
    /// What makes it another target: its memory starts anew when this changes.
    fn identity(&self) -> String;
    /// Obtains the parts of an answer. The error says who failed.
    fn obtain(&self, ask: &Ask, take: &mut Take<'_>) -> Result<Obtained, String>;
    /// As the type that it is, for its own assembler.
    fn as_any(&self) -> &dyn std::any::Any;
    /// The files it reads, for `doctor`.
    fn examine(&self) -> Result<String, String>;
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
}

/// A source by its name.
pub fn find(name: &str) -> Option<SourceKind> {
    SOURCES.into_iter().find(|source| source.name() == name)
}

/// How a source is read.
pub fn member(source: SourceKind) -> Option<&'static Member> {
    static ALL: [Member; 5] = MEMBERS;
    ALL.iter().find(|member| member.kind == source)
}

/// Sources of which an answer can be asked for or given.
pub fn asked() -> impl Iterator<Item = SourceKind> {
    SOURCES.into_iter().filter(|source| !source.is_run())
}

/// The place of a source in reports.
pub fn rank(source: SourceKind) -> usize {
    SOURCES.iter().position(|one| *one == source).unwrap_or(SOURCES.len())
}
