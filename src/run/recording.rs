//! Answers that were recorded: a file, a folder of a run, standard input, or a text, with what is known of their completeness.

use super::recorded::{self, SourceNote};
use super::rows::Made;
use crate::domain::fault::{Fault, Party};
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::source::SourceKind;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Why a source that nobody asked holds nothing.
pub(super) fn not_asked() -> Fault {
    Fault::of(Party::Config, tr!("not queried"))
}

/// An answer that was recorded, instead of one that is asked for.
#[derive(Debug, Clone, Copy)]
pub enum RecordedAnswer<'r> {
    /// A file, a folder of `--record`, or `-` for standard input.
    Path(&'r Path),
    /// The answer itself.
    Text(&'r [u8]),
    /// One that is made while it is read.
    Made(&'r Made),
    /// There was none, for this reason.
    Failed(SourceStatus, &'r Fault),
}

/// One file of a recording.
pub(super) enum RecordedPart<'r> {
    Path(PathBuf),
    Text(&'r [u8]),
    Made(&'r Made),
}

impl<'r> RecordedAnswer<'r> {
    /// The folder, when it is one.
    pub(super) fn folder(&self) -> Option<&'r Path> {
        if let RecordedAnswer::Path(path) = self { Some(*path).filter(|path| path.is_dir()) } else { None }
    }

    /// The answer of one source and target in it, with what was noted of it; or why there is none.
    pub(super) fn of(self, source: SourceKind, target: Option<&str>) -> Result<Located<'r>, Box<SourceReport>> {
        let none = |status, fault: Fault| Box::new(SourceReport { status, ..SourceReport::failed(source, fault) });
        let (place, note) = match self {
            RecordedAnswer::Failed(status, fault) => return Err(none(status, fault.clone())),
            RecordedAnswer::Text(text) => (Place::Text(text), None),
            RecordedAnswer::Made(made) => (Place::Made(made), None),
            RecordedAnswer::Path(path) if !path.is_dir() => (Place::File(path.to_path_buf()), None),
            RecordedAnswer::Path(path) => {
                let (folder, note) = recorded::locate(path, source, target);
                (Place::Folder(folder), note)
            }
        };
        match note.as_ref().and_then(SourceNote::unread) {
            Some((status, fault)) => Err(none(status, fault)),
            None => Ok(Located { place, note }),
        }
    }
}

/// Where the answer of one source is.
enum Place<'r> {
    File(PathBuf),
    Folder(PathBuf),
    Text(&'r [u8]),
    Made(&'r Made),
}

/// The recorded answer of one source and target.
pub(super) struct Located<'r> {
    place: Place<'r>,
    /// What the run that recorded it knew of it.
    pub note: Option<SourceNote>,
}

impl<'r> Located<'r> {
    /// Whether it is one file, which holds everything.
    pub(super) fn is_one(&self) -> bool {
        !matches!(self.place, Place::Folder(_))
    }

    /// What is known of its completeness, put upon what reading it gave.
    pub(super) fn held_by(&self, report: SourceReport) -> SourceReport {
        match &self.note {
            Some(note) => note.holds(report),
            None => report,
        }
    }

    /// The files it stands for; in a folder those whose name begins like this.
    pub(super) fn files(&self, prefix: &str) -> Result<Vec<RecordedPart<'r>>, Fault> {
        let path = match &self.place {
            Place::Text(text) => return Ok(vec![RecordedPart::Text(text)]),
            Place::Made(made) => return Ok(vec![RecordedPart::Made(made)]),
            Place::File(path) => return Ok(vec![RecordedPart::Path(path.clone())]),
            Place::Folder(path) => path,
        };
        let wrong = |error: io::Error| Fault::of(Party::File, tr!("cannot read the folder {path}: {error}", path = path.display(), error));
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            let is_answer = |name: &str| name.starts_with(prefix) && [".json", ".ndjson", ".csv"].iter().any(|end| name.contains(end));
            if entry.file_name().to_str().is_some_and(is_answer) && entry.path().is_file() {
                files.push(entry.path());
            }
        }
        // traffic-10 comes after traffic-9.
        files.sort_by_key(|file| (file.as_os_str().len(), file.clone()));
        if files.is_empty() {
            let why = tr!("the folder {path} holds no {prefix}*.json.gz of --record", path = path.display(), prefix);
            return Err(Fault::of(Party::File, why));
        }
        Ok(files.into_iter().map(RecordedPart::Path).collect())
    }
}

impl<'r> RecordedPart<'r> {
    /// Opens it; `-` is standard input.
    pub(super) fn open(&self) -> Result<Box<dyn Read + Send + 'r>, Fault> {
        match self {
            RecordedPart::Text(text) => Ok(Box::new(*text)),
            RecordedPart::Made(made) => Ok(Box::new(made.text())),
            RecordedPart::Path(path) if path.as_os_str() == "-" => Ok(Box::new(io::stdin())),
            RecordedPart::Path(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(Fault::of(Party::File, tr!("cannot read {path}: {error}", path = path.display(), error))),
            },
        }
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> String {
        if let RecordedPart::Path(path) = self { path.display().to_string() } else { tr!("the given answer") }
    }
}
