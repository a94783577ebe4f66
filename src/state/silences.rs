//! Silences, in a file of their own beside the state: people add and end them also while a run holds the state.

use super::{StateError, beside, wait_for_lock, write_durably};
use crate::domain::mute::{SILENCES_KEPT, Silence};
use crate::domain::text::visible;
use crate::domain::time::after;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The version of the file's shape.
const SCHEMA: &str = "pcemon.silences/1";
/// How long to wait for somebody else who changes the file; that takes moments.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Serialize, Deserialize)]
struct Shape {
    schema: String,
    silences: Vec<Silence>,
}

/// The silences of one state file.
#[derive(Debug)]
pub struct SilenceFile {
    path: PathBuf,
}

impl SilenceFile {
    /// The file beside this state file.
    pub fn beside(state: &Path) -> Self {
        Self { path: beside(state, ".silences") }
    }

    /// All silences, also those that are over; none when there is no file.
    pub fn read(&self) -> Result<Vec<Silence>, StateError> {
        let bytes = match crate::files::read_regular(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => return Ok(Vec::new()),
            Err(error) => return Err(StateError::io(tr!("read the silences"), &self.path, error)),
        };
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let damaged = |error: serde_json::Error| StateError::SilencesDamaged {
            path: self.path.display().to_string(),
            cause: visible(&error.to_string()),
        };
        let head: Head = serde_json::from_slice(&bytes).map_err(damaged)?;
        if head.schema != SCHEMA {
            return Err(StateError::SilencesNewer { path: self.path.display().to_string(), found: visible(&head.schema) });
        }
        serde_json::from_slice::<Shape>(&bytes).map(|shape| shape.silences).map_err(damaged)
    }

    /// Changes the silences under their lock. What was over for a week is dropped.
    pub fn change<T, E: From<StateError>>(&self, now: Timestamp, act: impl FnOnce(&mut Vec<Silence>) -> Result<T, E>) -> Result<T, E> {
        let _lock = wait_for_lock(&self.path, PATIENCE, |path| {
            StateError::io(tr!("change"), path, tr!("another pcemon is changing it; try again in a moment"))
        })?;
        let mut silences = self.read()?;
        let result = act(&mut silences)?;
        silences.retain(|silence| after(silence.until, SILENCES_KEPT) > now);
        let shape = Shape { schema: SCHEMA.to_owned(), silences };
        let bytes = serde_json::to_vec_pretty(&shape).map_err(|error| StateError::io(tr!("write"), &self.path, error))?;
        write_durably(&self.path, &bytes)?;
        Ok(result)
    }
}
