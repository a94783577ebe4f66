//! Ad-hoc questions: what the records of a source are, without judging or remembering anything.
//!
//! One file for each command. They share how a question is asked (`ask`) and how rows are shown (`listing`).

pub mod events;
pub mod flows;
pub mod health;
mod listing;
pub mod top;
pub mod vens;

use crate::app::{Exit, Failure, config_or_none, style};
use crate::cli::Global;
use crate::cli::adhoc::SourceArgs;
use crate::commands::waiting::Waiting;
use crate::config::Config;
use crate::domain::report::{Accounting, SourceReport, SourceStatus};
use crate::render::Style;
use crate::run::interrupt::Interrupt;
use crate::run::query::Query;
use jiff::Timestamp;
use std::path::Path;

/// What a plain sum of flow records is, said with every one of them; for machines.
const AS_REPORTED: &str =
    "numbers are as reported: totals of whole UTC days, not clipped to the span, and both ends of a connection report it";

/// Reads the config and what it needs, asks, and hands over to `show`.
fn ask(global: &Global, file: Option<&Path>, args: &SourceArgs, show: impl FnOnce(&Query<'_>, &Style) -> Exit) -> Exit {
    let config: Config = config_or_none(global, file.is_some())?;
    // Most of them are about rules and channels, which have no part in this.
    for warning in &config.warnings {
        log::info!("{warning}");
    }
    if file.is_none() && config.pce.as_ref().is_some_and(|pce| pce.insecure_skip_verify) {
        log::warn!(
            "{}",
            tr!("insecure_skip_verify in [pce]: the PCE's certificate is not checked; whoever stands in between can read the API key")
        );
    }
    let interrupt = Interrupt::listen().map_err(|error| tr!("cannot listen for signals: {error}", error))?;
    interrupt.ends_by(std::time::Instant::now() + config.run.deadline).map_err(|error| tr!("cannot start the watchdog: {error}", error))?;
    let line = Waiting::new(global);
    let progress = |text: &str| line.show(text);
    let style = style(global, &config);
    let result = show(&Query { config: &config, file, args, interrupt: &interrupt, progress: &progress }, &style);
    line.clear();
    result
}

/// The exit: 0 when the answer is whole.
fn conclude(report: &SourceReport) -> Exit {
    let error = report.error.clone().unwrap_or_else(|| tr!("no reason is known"));
    match report.status {
        SourceStatus::Ok => Ok(0),
        SourceStatus::Partial => Err(Failure(tr!("{source} are not whole: {error}", source = report.source, error))),
        SourceStatus::Failed | SourceStatus::Unavailable => {
            Err(Failure(tr!("{source} could not be had: {error}", source = report.source, error)))
        }
    }
}

/// The same for people.
fn as_reported() -> String {
    tr!("numbers are as reported: totals of whole UTC days, not clipped to the span, and both ends of a connection report it")
}

/// The keys that say what traffic numbers mean.
fn accounting() -> Vec<(&'static str, serde_json::Value)> {
    vec![("accounting", Accounting::AsReported.name().into()), ("note", AS_REPORTED.into())]
}

/// The keys that say which span was looked at.
fn span_facts(span: Option<(Timestamp, Timestamp)>) -> Vec<(&'static str, serde_json::Value)> {
    let text = |at: Option<Timestamp>| at.map_or(serde_json::Value::Null, |at| at.to_string().into());
    vec![("from", text(span.map(|span| span.0))), ("to", text(span.map(|span| span.1)))]
}

/// The same for people.
fn span_note(span: Option<(Timestamp, Timestamp)>, style: &Style) -> Option<String> {
    let (from, to) = span?;
    let text = |at: Timestamp| at.to_zoned(style.timezone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string();
    Some(tr!("from {from} to {to}", from = text(from), to = text(to)))
}
