//! Reading VENs and the traffic database: from the PCE, or from recorded answers.

use super::sources::{Fetched, Recording, failed, with_unreadable};
use crate::domain::metric::SourceKind;
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::ven::{Database, Inventory};
use crate::pce::database::parse_database;
use crate::pce::vens::VenRecords;
use crate::pce::{Client, ErrorKind, PceError};

/// Reads recorded VENs, and the workloads they manage when rules ask for what only those tell.
pub fn vens_from_file(recording: Recording<'_>, workloads: bool) -> Fetched<Inventory> {
    let mut report = SourceReport { status: SourceStatus::Ok, error: None, ..failed(SourceKind::Vens, String::new()) };
    let mut records = VenRecords::default();
    let mut read = || -> Result<(), String> {
        let mut files = recording.files("vens-")?;
        if recording.folder().is_some() && workloads {
            // A run that did not need them has not recorded any.
            files.extend(recording.files("workloads-").unwrap_or_default());
        }
        for file in files {
            records.read(file.open()?).map_err(|error| format!("{}: {error}", file.name()))?;
        }
        Ok(())
    };
    if let Err(error) = read() {
        return Fetched { report: failed(SourceKind::Vens, error), answer: None };
    }
    (report.records, report.unreadable) = (records.len(), records.unreadable);
    let lacking = workloads && records.lacks_workloads();
    if lacking {
        report.status = SourceStatus::Partial;
        report.error =
            Some(tr!("{name} holds no workloads, and only those tell enforcement, sync_state and online", name = recording.name()));
    }
    Fetched { report: with_unreadable(report), answer: Some(records.join(workloads && !lacking)) }
}

/// Asks the PCE for its VENs.
pub fn vens_from_pce(client: &Client, workloads: bool) -> Fetched<Inventory> {
    match client.vens(workloads) {
        Ok(answer) => {
            let report = SourceReport {
                status: if answer.missing.is_some() { SourceStatus::Partial } else { SourceStatus::Ok },
                records: answer.records,
                unreadable: answer.unreadable,
                queries: answer.queries,
                bytes: answer.bytes,
                error: answer.missing,
                ..failed(SourceKind::Vens, String::new())
            };
            Fetched { report: with_unreadable(report), answer: Some(answer.inventory) }
        }
        Err(error) => refused(SourceKind::Vens, &error),
    }
}

/// Asks the PCE for its traffic database.
pub fn database_from_pce(client: &Client) -> Fetched<Vec<Database>> {
    match client.database() {
        Ok(list) => {
            let base = failed(SourceKind::Database, String::new());
            let report = SourceReport { status: SourceStatus::Ok, records: list.len() as u64, queries: 1, error: None, ..base };
            Fetched { report, answer: Some(list) }
        }
        Err(error) => refused(SourceKind::Database, &error),
    }
}

/// A source that was not had: the PCE does not know it, or would not or could not tell.
fn refused<T>(source: SourceKind, error: &PceError) -> Fetched<T> {
    let base = SourceReport { queries: 1, ..failed(source, error.to_string()) };
    let report = match error.kind {
        ErrorKind::NotFound | ErrorKind::Rejected => SourceReport {
            status: SourceStatus::Unavailable,
            error: Some(tr!("not offered by this PCE: {message}", message = error.message)),
            ..base
        },
        _ => base,
    };
    Fetched { report, answer: None }
}

/// Reads a recorded answer about the traffic database.
pub fn database_from_file(recording: Recording<'_>) -> Fetched<Vec<Database>> {
    let read = || -> Result<Vec<Database>, String> {
        let mut list = Vec::new();
        for file in recording.files("database")? {
            list.extend(parse_database(file.open()?).map_err(|error| format!("{}: {error}", file.name()))?);
        }
        Ok(list)
    };
    match read() {
        Ok(list) => {
            let base = failed(SourceKind::Database, String::new());
            let report = SourceReport { status: SourceStatus::Ok, records: list.len() as u64, error: None, ..base };
            Fetched { report, answer: Some(list) }
        }
        Err(error) => Fetched { report: failed(SourceKind::Database, error), answer: None },
    }
}
