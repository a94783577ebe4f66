//! What a run that keeps the raw answers notes about itself, so that it can be replayed: when it looked and how its
//! sources fared.

use super::{Answer, Given};
use crate::domain::report::{Report, SourceStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const SCHEMA: &str = "pcemon.run/1";
const FILE: &str = "run.json";

/// The note beside the recorded answers of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunNote {
    schema: String,
    /// When it looked.
    pub at: Timestamp,
    /// How each source fared.
    pub sources: Vec<SourceNote>,
}

/// How one source fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceNote {
    /// Its name.
    pub source: String,
    /// `ok partial failed unavailable`.
    pub status: String,
    /// What was wrong.
    pub error: Option<String>,
}

impl RunNote {
    /// What is noted of a run.
    pub fn of(report: &Report) -> RunNote {
        let note = |source: &crate::domain::report::SourceReport| SourceNote {
            source: source.source.name().to_owned(),
            status: source.status.name().to_owned(),
            error: source.error.clone(),
        };
        RunNote { schema: SCHEMA.to_owned(), at: report.run.started_at, sources: report.sources.iter().map(note).collect() }
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
            serde_json::from_str(&text).map_err(|error| tr!("{path} is no note of a run: {error}", path = path.display(), error))?;
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

    /// The recorded answers, to be given again.
    pub fn given(&self, folder: &Path) -> Given {
        let one = |note: &SourceNote| {
            let source = crate::sources::asked().find(|source| source.name() == note.source)?;
            let read = [SourceStatus::Ok, SourceStatus::Partial].iter().any(|status| status.name() == note.status);
            let reason = || note.error.clone().unwrap_or_else(|| note.status.clone());
            Some((source, if read { Answer::Path(folder.to_path_buf()) } else { Answer::Failed(reason()) }))
        };
        self.sources.iter().filter_map(one).collect()
    }
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
                "{path} holds no recorded run; record runs with `pcemon check --record FOLDER`, each into a folder of its own",
                path = folder.display()
            ));
        }
    }
    runs.sort_by(|a, b| (a.1.at, &a.0).cmp(&(b.1.at, &b.0)));
    Ok(runs)
}
