//! Reading VENs and the traffic database: from the PCE, or from recorded answers.

use super::sources::{Fetched, Recording, failed, with_unreadable};
use crate::domain::metric::SourceKind;
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::ven::{Database, Inventory};
use crate::pce::database::parse_database;
use crate::pce::vens::VenRecords;

/// Reads recorded VENs, and the workloads they manage when rules ask for what only those tell.
pub fn vens_from_file(recording: Recording<'_>, workloads: bool) -> Fetched<Inventory> {
    let mut report = SourceReport { status: SourceStatus::Ok, error: None, ..failed(SourceKind::Vens, String::new()) };
    let mut records = VenRecords::default();
    let read = || -> Result<(), String> {
        let mut files = recording.files("vens-")?;
        if recording.folder().is_some() && workloads {
            // A run that did not need them has not recorded any.
            files.extend(recording.files("workloads-").unwrap_or_default());
        }
        for file in files {
            let decoded = records.read(file.open()?).map_err(|error| format!("{}: {error}", file.name()))?;
            report.records += decoded.rows;
            report.unreadable += decoded.unreadable;
        }
        Ok(())
    };
    let mut read = read;
    if let Err(error) = read() {
        return Fetched { report: failed(SourceKind::Vens, error), answer: None };
    }
    let lacking = workloads && records.lacks_workloads();
    if lacking {
        report.status = SourceStatus::Partial;
        report.error = Some(format!("{} holds no workloads, and only those tell enforcement, sync_state and online", recording.name()));
    }
    Fetched { report: with_unreadable(report), answer: Some(records.join(workloads && !lacking)) }
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
