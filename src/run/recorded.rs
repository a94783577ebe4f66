//! What a run that keeps the raw answers notes about itself, so that it can be replayed: when it looked and how its
//! sources fared.

use super::error::RunError;
use crate::cli::input::Inputs;
use crate::domain::fault::{Fault, Party};
use crate::domain::record::Decision;
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::source::SourceKind;
use crate::files::recorder::{NOTE as FILE, Recorder};
use crate::sources::{PCE, recorded_as};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const SCHEMA: &str = "pcemon.run/1";

/// Makes the folder of `--record` ready.
pub fn open<S>(folder: Option<&Path>, inputs: &Inputs<S>) -> Result<Option<Recorder>, RunError> {
    let Some(folder) = folder else { return Ok(None) };
    if !inputs.is_empty() {
        return Err(RunError::Setup(tr!("--record stores answers of the PCE; with recorded answers the PCE is not queried")));
    }
    let opened = Recorder::new(folder, recorded_as);
    opened.map(Some).map_err(|error| RunError::Setup(tr!("cannot record into {dir}: {error}", dir = folder.display(), error)))
}

/// The note beside the recorded answers of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunNote {
    schema: String,
    /// When it looked.
    pub at: Timestamp,
    /// How each source fared.
    pub sources: Vec<SourceNote>,
}

/// How one source fared at one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceNote {
    /// Its name.
    pub source: String,
    /// The target; absent in recordings from before there were targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `ok partial failed unavailable`.
    pub status: String,
    /// What was wrong.
    pub error: Option<String>,
    /// Who failed; absent in recordings from before that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    /// Of flows that are not whole: the decisions of which rows are missing; empty: of any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub short: Vec<String>,
    /// Of a stream: up to here everything was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole_until: Option<Timestamp>,
}

impl SourceNote {
    fn of(report: &SourceReport) -> SourceNote {
        let short = Decision::ALL.into_iter().filter(|decision| report.short[*decision as usize]);
        SourceNote {
            source: report.source.name().to_owned(),
            target: Some(report.target.clone()),
            status: report.status.name().to_owned(),
            error: report.error.as_ref().map(|fault| fault.message.clone()),
            party: report.error.as_ref().map(|fault| fault.party.name().to_owned()),
            short: short.map(|decision| decision.name().to_owned()).collect(),
            whole_until: report.whole_until,
        }
    }

    fn is(&self, status: SourceStatus) -> bool {
        self.status == status.name()
    }

    fn is_of(&self, source: SourceKind, target: Option<&str>) -> bool {
        self.source == source.name() && target.is_none_or(|target| self.target.as_deref() == Some(target))
    }

    /// Why there is nothing to read, when there is not.
    pub(super) fn unread(&self) -> Option<(SourceStatus, Fault)> {
        let status = [SourceStatus::Failed, SourceStatus::Unavailable].into_iter().find(|status| self.is(*status))?;
        Some((status, self.fault().unwrap_or_else(|| Fault::of(Party::Target, self.status.clone()))))
    }

    fn fault(&self) -> Option<Fault> {
        let party = self.party.as_deref().and_then(Party::named).unwrap_or(Party::Target);
        self.error.clone().map(|message| Fault { party, message })
    }

    /// What the run that recorded an answer knew of its completeness holds again.
    pub(super) fn holds(&self, report: SourceReport) -> SourceReport {
        if !self.is(SourceStatus::Partial) || report.status == SourceStatus::Failed {
            return report;
        }
        let unsaid = || Fault::of(Party::Target, tr!("it was not whole when it was recorded"));
        let error = self.fault().or(report.error).unwrap_or_else(unsaid);
        let short = Decision::ALL.map(|decision| self.short.iter().any(|name| name == decision.name()));
        SourceReport { status: SourceStatus::Partial, error: Some(error), short, ..report }
    }
}

impl RunNote {
    /// What is noted of a run.
    pub fn of(at: Timestamp, sources: &[SourceReport]) -> RunNote {
        let own = sources.iter().filter(|report| !report.source.is_run());
        RunNote { schema: SCHEMA.to_owned(), at, sources: own.map(SourceNote::of).collect() }
    }

    /// Writes it beside the answers.
    pub fn write(&self, folder: &Path) -> Result<(), String> {
        let path = folder.join(FILE);
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        super::output::write_file(&path, &format!("{text}\n"))
    }

    /// Reads the note of a folder; `None` when the folder holds none.
    pub fn read(folder: &Path) -> Result<Option<RunNote>, String> {
        let path = folder.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(tr!("cannot read {path}: {error}", path = path.display(), error)),
        };
        let note: RunNote =
            serde_json::from_str(&text).map_err(|error| tr!("{path} is not the note of a run: {error}", path = path.display(), error))?;
        if note.schema != SCHEMA {
            return Err(tr!(
                "{path} has the schema {schema}, this version reads {known}",
                path = path.display(),
                schema = note.schema,
                known = SCHEMA
            ));
        }
        Ok(Some(note))
    }
}

/// Where in a folder the answer of a source is, and what was noted of it. A folder is that of a run, which has one for each
/// source and target (one that version 0.1 recorded has all files side by side), or that of the source itself.
pub(super) fn locate(folder: &Path, source: SourceKind, target: Option<&str>) -> (PathBuf, Option<SourceNote>) {
    let own = target.map_or_else(|| source.name().to_owned(), |target| format!("{source}@{target}"));
    let inside = Some(folder.join(own)).filter(|path| path.is_dir());
    let note_of = |folder: &Path| RunNote::read(folder).ok().flatten();
    let note = note_of(folder).or_else(|| note_of(folder.parent()?));
    // The folder of a source says by its name which target it is of.
    let named = folder.file_name().and_then(|name| name.to_str()).and_then(|name| name.split_once('@'));
    let target = target.or(named.filter(|(name, _)| *name == source.name()).map(|(_, target)| target));
    let note = note.and_then(|note| note.sources.into_iter().find(|note| note.is_of(source, target)));
    (inside.unwrap_or_else(|| folder.to_path_buf()), note)
}

/// The targets of a source that the folder of a run holds answers of, or knows to have failed.
pub(super) fn targets_in(folder: &Path, source: SourceKind) -> Vec<String> {
    let noted = RunNote::read(folder).ok().flatten().map(|note| note.sources).unwrap_or_default();
    let noted = noted.into_iter().filter(|note| note.source == source.name()).filter_map(|note| note.target);
    let kept = std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| {
        let name = entry.ok()?.file_name();
        let (of, target) = name.to_str()?.split_once('@')?;
        (of == source.name()).then(|| target.to_owned())
    });
    let all: std::collections::BTreeSet<String> = noted.chain(kept).filter(|target| target != PCE).collect();
    all.into_iter().collect()
}

/// The recorded runs in these folders, or in the folders within them, by time.
pub fn find(folders: &[PathBuf]) -> Result<Vec<(PathBuf, RunNote)>, String> {
    let mut runs = Vec::new();
    for folder in folders {
        if let Some(note) = RunNote::read(folder)? {
            runs.push((folder.clone(), note));
            continue;
        }
        let before = runs.len();
        let entries =
            std::fs::read_dir(folder).map_err(|error| tr!("cannot read the folder {path}: {error}", path = folder.display(), error))?;
        for entry in entries {
            let path = entry.map_err(|error| tr!("cannot read the folder {path}: {error}", path = folder.display(), error))?.path();
            if path.is_dir()
                && let Some(note) = RunNote::read(&path)?
            {
                runs.push((path, note));
            }
        }
        if runs.len() == before {
            return Err(tr!(
                "{path} contains no recorded run; record runs with `pcemon check --record FOLDER`, one folder for each run",
                path = folder.display()
            ));
        }
    }
    runs.sort_by(|a, b| (a.1.at, &a.0).cmp(&(b.1.at, &b.0)));
    Ok(runs)
}
