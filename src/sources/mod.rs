//! The sources: one row each, and how their answers become records. Adding one is a folder, a row here, fixtures and a
//! page of the documentation; no other file names it.
//!
//! A target only obtains named parts of an answer (bytes); an assembler alone turns parts into records, so that an answer
//! that is asked for and the same answer from a recording mean the same.

pub mod database;
pub mod events;
pub mod health;
pub mod json;
mod member;
pub mod monitor;
pub mod probe;
pub mod proxmox;
pub mod records;
pub mod traffic;
pub mod vens;

pub use crate::pce::decode::{DecodeError, Decoded};
pub use crate::pce::records::read_records;

pub use member::{
    Allowance, Ask, Assembled, Assembler, Held, MOST_HELD, Member, Obtained, OfPce, Settings, SourceTable, Take, TargetType, Trust,
    Unreadable, json_of,
};

use crate::domain::source::SourceKind;
use crate::pce::ErrorKind;

/// The type of the target that a PCE is, and its name.
pub const PCE: &str = "pce";

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
pub const SOURCES: [SourceKind; 10] = [
    TRAFFIC,
    EVENTS,
    HEALTH,
    VENS,
    DATABASE,
    SourceKind(&probe::SOURCE),
    SourceKind(&proxmox::SOURCE),
    SourceKind(&proxmox::tasks::SOURCE),
    SourceKind(&records::SOURCE),
    MONITOR,
];

/// Those that are read as records, with how.
pub const MEMBERS: [Member; 8] = [
    Member {
        kind: EVENTS,
        assemble: |_, _| Box::<events::Events>::default(),
        pce: Some(OfPce { ask: |client, ask, take| client.events(ask.from, ask.to, take), not_offered: &[] }),
        tells_gaps: false,
    },
    Member {
        kind: HEALTH,
        assemble: |_, _| Box::<health::Clusters>::default(),
        pce: Some(OfPce { ask: |client, _, take| client.health(take), not_offered: &[ErrorKind::NotFound, ErrorKind::Forbidden] }),
        tells_gaps: false,
    },
    Member {
        kind: VENS,
        assemble: |second, _| Box::new(vens::Vens::new(second)),
        pce: Some(OfPce {
            ask: |client, ask, take| client.vens(ask.second, take),
            not_offered: &[ErrorKind::NotFound, ErrorKind::Rejected],
        }),
        tells_gaps: false,
    },
    Member {
        kind: DATABASE,
        assemble: |_, _| Box::<database::Database>::default(),
        pce: Some(OfPce { ask: |client, _, take| client.database(take), not_offered: &[ErrorKind::NotFound, ErrorKind::Rejected] }),
        tells_gaps: false,
    },
    Member { kind: SourceKind(&probe::SOURCE), assemble: probe::assembler, pce: None, tells_gaps: false },
    Member { kind: SourceKind(&proxmox::SOURCE), assemble: proxmox::assembler, pce: None, tells_gaps: true },
    Member { kind: SourceKind(&proxmox::tasks::SOURCE), assemble: proxmox::tasks::assembler, pce: None, tells_gaps: true },
    Member { kind: SourceKind(&records::SOURCE), assemble: records::assembler, pce: None, tells_gaps: false },
];

/// All types of `[[targets]]`.
pub const TARGET_TYPES: [TargetType; 4] = [
    TargetType { name: "probe", about: "Services: HTTP, TCP, TLS, ping, DNS", read: probe::read_settings, asks: &["url"] },
    TargetType { name: "proxmox", about: "Proxmox VE: clusters, nodes, guests, storages", read: proxmox::read_settings, asks: &[] },
    TargetType { name: "pbs", about: "Proxmox Backup Server: datastores, backups", read: proxmox::read_backup_server, asks: &[] },
    TargetType { name: "records", about: "Records in files: NDJSON, JSON, CSV", read: records::read_settings, asks: &[] },
];

/// Tables of the config that hold for all targets of a type.
pub const TABLES: [SourceTable; 1] =
    [SourceTable { name: "probe", about: "What holds for all targets of type probe.", read: probe::read_table }];

/// A source by its name.
pub fn find(name: &str) -> Option<SourceKind> {
    SOURCES.into_iter().find(|source| source.name() == name)
}

/// How a source is read.
pub fn member(source: SourceKind) -> Option<&'static Member> {
    static ALL: [Member; 8] = MEMBERS;
    ALL.iter().find(|member| member.kind == source)
}

/// Sources of which an answer can be asked for or given.
pub fn asked() -> impl Iterator<Item = SourceKind> {
    SOURCES.into_iter().filter(|source| !source.is_run())
}

/// The source that a file of a recording is of, by its name: `vens-0.json.gz`, `health.json.gz`.
pub fn recorded_as(name: &str) -> Option<&'static str> {
    let is_end = |text: &str| {
        let plain = text.strip_suffix(".gz").unwrap_or(text);
        matches!(plain, ".json" | ".ndjson" | ".csv")
    };
    let of = |prefix: &str| {
        let Some(rest) = name.strip_prefix(prefix) else { return false };
        let end = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        is_end(end) && (rest.len() > end.len()) == prefix.ends_with('-')
    };
    asked().find(|source| source.files.iter().any(|prefix| of(prefix))).map(|source| source.0.name)
}

/// The place of a source in reports.
pub fn rank(source: SourceKind) -> usize {
    SOURCES.iter().position(|one| *one == source).unwrap_or(SOURCES.len())
}
