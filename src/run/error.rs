//! Why a cycle could not be run.

use crate::state::StateError;

/// Why a cycle could not be run at all. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Something the config or the flags name cannot be used.
    #[error("{0}")]
    Setup(String),
    /// The state cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// A signal came.
    #[error("{}", tr!("interrupted; the state is unchanged"))]
    Interrupted,
    /// A fault of this program.
    #[error("{0}")]
    Fault(String),
}

impl RunError {
    /// What kind of trouble it is, without anything that the config or the machine calls by name.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            RunError::Setup(_) => "the run could not begin: the config or the flags name something that cannot be used",
            RunError::State(StateError::Locked { .. }) => "another run was not over yet",
            RunError::State(_) => "the state could not be used",
            RunError::Interrupted => "the run was interrupted",
            RunError::Fault(_) => "the run ended by an internal fault",
        }
    }
}
