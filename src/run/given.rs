//! Answers that are given instead of asked for.
//!
//! A run with recorded answers is offline: what was not given is not asked for, and its rules are not judged.

use super::recorded::{RunNote, SourceNote};
use super::recording::RecordedAnswer;
use super::rows::Made;
use crate::domain::fault::Fault;
use crate::domain::report::SourceStatus;
use crate::domain::source::SourceKind;
use crate::sources::{PCE, asked};
use std::path::{Path, PathBuf};

/// An answer that is given.
#[derive(Debug, Clone)]
pub enum Answer {
    /// As the PCE would send it.
    Text(Vec<u8>),
    /// As it was recorded.
    Path(PathBuf),
    /// Made of an export.
    Made(Made),
    /// There is none, for this reason.
    Failed(Fault),
    /// Whoever was asked does not offer it.
    Unavailable(Fault),
}

/// Answers by source and target; without a target: of all its targets.
pub type GivenAnswers = std::collections::BTreeMap<(SourceKind, Option<String>), Answer>;

impl Answer {
    pub(super) fn recording(&self) -> RecordedAnswer<'_> {
        match self {
            Answer::Text(text) => RecordedAnswer::Text(text),
            Answer::Path(path) => RecordedAnswer::Path(path),
            Answer::Made(made) => RecordedAnswer::Made(made),
            Answer::Failed(error) => RecordedAnswer::Failed(SourceStatus::Failed, error),
            Answer::Unavailable(error) => RecordedAnswer::Failed(SourceStatus::Unavailable, error),
        }
    }
}

impl RunNote {
    /// The recorded answers, to be given again.
    pub fn given(&self, folder: &Path) -> GivenAnswers {
        let one = |note: &SourceNote| {
            let source = asked().find(|source| source.name() == note.source)?;
            let target = note.target.clone().filter(|target| target != PCE);
            let answer = match note.unread() {
                None => Answer::Path(folder.to_path_buf()),
                Some((SourceStatus::Unavailable, why)) => Answer::Unavailable(why),
                Some((_, why)) => Answer::Failed(why),
            };
            Some(((source, target), answer))
        };
        self.sources.iter().filter_map(one).collect()
    }
}
