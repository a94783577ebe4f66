//! What a cycle is given, and the rules that take part in it.

use super::given::GivenAnswers;
use super::interrupt::Interrupt;
use super::trace::Trace;
use crate::cli::CheckArgs;
use crate::config::Config;
use crate::domain::report::RunInfo;
use crate::domain::rule::Rule;
use crate::files::recorder::Recorder;
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;

/// Everything a cycle is given.
pub struct Cycle<'c> {
    /// The proven config.
    pub config: &'c Config,
    /// Flags.
    pub args: &'c CheckArgs,
    /// Where the state is.
    pub state_path: PathBuf,
    /// Signals.
    pub interrupt: &'c Interrupt,
    /// A line about what is going on, for a terminal.
    pub progress: &'c (dyn Fn(&str) + Sync),
    /// Answers that are given instead of asked for.
    pub given: Option<&'c GivenAnswers>,
    /// Keeps the reasons, when somebody asks for them.
    pub trace: Option<&'c Trace>,
    /// Keeps the raw answers, when somebody asks for them.
    pub recorder: Option<&'c Recorder>,
}

/// What is known of a run when it begins.
pub(super) fn begun(config: &Config, id: String, now: Timestamp, dry_run: bool) -> RunInfo {
    let identity = config.identity();
    RunInfo {
        id,
        started_at: now,
        finished_at: now,
        duration: Duration::ZERO,
        pce: identity.url,
        org_id: config.pce.as_ref().map(|pce| pce.org_id),
        site: identity.site,
        dry_run,
    }
}

/// The rules of a run, sorted out.
pub(super) struct Rules<'c> {
    /// Enabled ones, in the order of the config.
    pub enabled: Vec<&'c Rule>,
    /// Those that are judged in this run: all enabled ones whose source is read.
    pub selected: Vec<&'c Rule>,
    /// Those that would be judged, had an answer of their source been given.
    pub not_judged: Vec<&'c Rule>,
}
