//! What is looked at, and what was found.

use crate::config::Config;
use crate::domain::text::visible;
use crate::run::interrupt::Interrupt;
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;

/// How a part fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Not looked at, for a reason.
    Skipped,
    /// Right.
    Ok,
    /// A run works, but not as it might.
    Warn,
    /// A run cannot work.
    Fail,
}

impl Verdict {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Skipped => "skipped",
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its name for machines.
    pub check: &'static str,
    /// How it fares.
    pub verdict: Verdict,
    /// What was looked at, for people.
    pub what: String,
    /// What was found; free of secrets and of characters a terminal obeys.
    pub detail: String,
    /// What to do about it.
    pub advice: Option<String>,
}

/// What is looked at.
pub struct Subject<'p> {
    /// The proven config, or every complaint about it.
    pub config: Result<&'p Config, Vec<String>>,
    /// What can be used of it.
    pub usable: Option<&'p Config>,
    /// The config file, if one was found.
    pub config_path: Option<PathBuf>,
    /// Where the state is, or why there is no place for it.
    pub state_path: Result<PathBuf, String>,
    /// Contact nobody.
    pub offline: bool,
    /// How long one answer may take.
    pub timeout: Duration,
    /// The present instant, when it is not the wall clock's.
    pub now: Option<Timestamp>,
    /// Signals.
    pub interrupt: &'p Interrupt,
    /// A line about what is going on, for a terminal.
    pub progress: &'p (dyn Fn(&str) + Sync),
}

/// The findings so far.
#[derive(Default)]
pub(super) struct Findings(pub(super) Vec<Finding>);

impl Findings {
    pub(super) fn add(&mut self, check: &'static str, what: &str, verdict: Verdict, detail: impl Into<String>, advice: Option<&str>) {
        let detail = visible(&detail.into());
        self.0.push(Finding { check, verdict, what: visible(what), detail, advice: advice.map(str::to_owned) });
    }

    pub(super) fn ok(&mut self, check: &'static str, what: &str, detail: impl Into<String>) {
        self.add(check, what, Verdict::Ok, detail, None);
    }

    pub(super) fn warn(&mut self, check: &'static str, what: &str, detail: impl Into<String>, advice: &str) {
        self.add(check, what, Verdict::Warn, detail, Some(advice));
    }

    pub(super) fn fail(&mut self, check: &'static str, what: &str, detail: impl Into<String>, advice: &str) {
        self.add(check, what, Verdict::Fail, detail, Some(advice));
    }

    pub(super) fn skip(&mut self, check: &'static str, what: &str, why: &str) {
        self.add(check, what, Verdict::Skipped, why, None);
    }
}

/// A span for people: the two largest units.
pub(super) fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    let rounded = match seconds {
        0..7_200 => seconds,
        7_200..172_800 => seconds / 60 * 60,
        _ => seconds / 3_600 * 3_600,
    };
    crate::domain::time::format_duration(Duration::from_secs(rounded))
}
