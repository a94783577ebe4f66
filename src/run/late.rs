//! What comes late: told by the lists of VENs and of the database, and asked for by a question of its own.

use super::read::Batch;
use super::sources::{self, FlowReader};
use crate::domain::fault::Fault;
use crate::domain::report::{SourceReport, SourceStatus};
use crate::judge::ask;
use crate::judge::late::Told;
use crate::judge::plan::WantedService;
use crate::pce::Client;
use crate::pce::PceSettings;
use crate::sources::{DATABASE, VENS, database, vens};
use jiff::{SignedDuration, Timestamp};
use std::thread::ScopedJoinHandle;

/// The other sources, which are read while the PCE works on the traffic query.
pub(super) struct Others<'s> {
    reading: Option<ScopedJoinHandle<'s, Vec<Batch>>>,
    read: Vec<Batch>,
}

impl<'s> Others<'s> {
    pub fn new(reading: Option<ScopedJoinHandle<'s, Vec<Batch>>>) -> Self {
        Self { reading, read: Vec::new() }
    }

    /// What was read, once it is.
    pub fn read(&mut self) -> &[Batch] {
        if let Some(reading) = self.reading.take() {
            // A thread that died has read nothing.
            self.read = reading.join().unwrap_or_default();
        }
        &self.read
    }

    /// The same, for good.
    pub fn into_read(mut self) -> Vec<Batch> {
        self.read();
        self.read
    }
}

/// What the other sources tell of it.
pub(super) fn told(batches: &[Batch]) -> Told {
    let whole = |source| {
        let batch = batches.iter().find(|batch| batch.source == source)?;
        batch.reports.iter().all(|report| report.status == SourceStatus::Ok).then_some(batch.records.as_slice())
    };
    Told { vens: whole(VENS).map(vens::heard), waiting: whole(DATABASE).and_then(database::waiting) }
}

/// How to ask once more.
pub(super) struct Further<'f> {
    pub client: &'f Client,
    pub settings: &'f PceSettings,
    pub services: &'f [WantedService],
    pub progress: &'f (dyn Fn(&str) + Sync),
}

impl Further<'_> {
    /// Asks for what came late, where that is told only now; `report` is how the usual question fared.
    pub fn ask(&self, ask: &mut ask::Ask, beside: &ask::Beside, reader: &mut FlowReader<'_, '_>, report: SourceReport) -> SourceReport {
        if report.status == SourceStatus::Failed {
            return report;
        }
        let Some(span) = ask.reach_back_for(beside) else { return report };
        (self.progress)(&tr!("submitting a traffic query for late data"));
        reader.further(ask.usual_from);
        let late = self.collect(span, ask, reader);
        let told = |fault: &Fault| fault.said(|error| tr!("late data could not be queried completely: {error}", error));
        let errors = [report.error.clone(), late.error.as_ref().map(told)];
        SourceReport {
            status: if late.status == SourceStatus::Ok { report.status } else { SourceStatus::Partial },
            records: report.records + late.records,
            queries: report.queries + late.queries,
            bytes: report.bytes + late.bytes,
            from: Some(span.0),
            error: Fault::together(errors.into_iter().flatten()),
            ..report
        }
    }

    fn collect(&self, span: (Timestamp, Timestamp), ask: &ask::Ask, reader: &mut FlowReader<'_, '_>) -> SourceReport {
        let query = |_: SignedDuration| (span.0, span.1, ask.decisions.clone());
        match sources::submit_traffic(self.client, self.settings, SignedDuration::ZERO, false, self.services, &query) {
            Ok(query) => sources::collect_traffic(self.client, query, reader, span, self.progress),
            Err(error) => SourceReport::failed(crate::sources::TRAFFIC, error.into()),
        }
    }
}

/// Whether anybody was asked who can tell of what is late.
pub(super) fn is_watched(needed: &[crate::domain::source::SourceKind]) -> bool {
    needed.contains(&VENS) || needed.contains(&DATABASE)
}
