//! Ad-hoc questions: what the records of a source are, without judging or remembering anything.
//!
//! One file for each command. They share how a question is asked (`ask`) and how rows are shown (`listing`).

pub mod events;
pub mod flows;
pub mod health;
mod listing;
mod once;
pub mod show;
pub mod top;
pub mod vens;

use crate::cli::Global;
use crate::cli::adhoc::SourceArgs;
use crate::cli::input::Inputs;
use crate::commands::common::{Exit, Failure, config_or_none, style};
use crate::commands::waiting::Waiting;
use crate::config::Config;
use crate::domain::report::{Accounting, SourceReport, SourceStatus};
use crate::render::Style;
use crate::run::interrupt::Interrupt;
use crate::run::query::Query;
use jiff::Timestamp;

/// What a plain sum of flow records is, said with every one of them; for machines.
const AS_REPORTED: &str =
    "numbers are as reported: totals of whole UTC days, not clipped to the span, and both ends of a connection report it";

/// The same where each connection is counted once; for machines.
const ONCE: &str = "each connection once, whichever end reports it; numbers are totals of whole UTC days, not clipped to the span";

/// Reads the config and what it needs, asks, and hands over to `show`.
fn ask<S>(global: &Global, inputs: &Inputs<S>, args: &SourceArgs, show: impl FnOnce(&Query<'_>, &Style) -> Exit) -> Exit {
    let config: Config = config_or_none(global, !inputs.is_empty())?;
    inputs.proven(|source| config.targets_of(source))?;
    let inputs = inputs.widened();
    // Most of them are about rules and channels, which have no part in this.
    for warning in &config.warnings {
        log::info!("{warning}");
    }
    if inputs.is_empty() && config.pce.as_ref().is_some_and(|pce| pce.insecure_skip_verify) {
        log::warn!(
            "{}",
            tr!("insecure_skip_verify in [pce]: the PCE's certificate is not checked; a man in the middle can read the API key")
        );
    }
    let interrupt = Interrupt::listen().map_err(|error| tr!("cannot listen for signals: {error}", error))?;
    interrupt.ends_by(std::time::Instant::now() + config.run.deadline).map_err(|error| tr!("cannot start the watchdog: {error}", error))?;
    let recorder = crate::run::recorded::open(args.record.as_deref(), &inputs)?;
    let line = Waiting::new(global);
    let progress = |text: &str| line.show(text);
    let style = style(global, &config);
    let result = show(
        &Query { config: &config, inputs: &inputs, recorder: recorder.as_ref(), args, interrupt: &interrupt, progress: &progress },
        &style,
    );
    line.clear();
    result
}

/// The exit: 0 when the answer is whole.
fn exit_code(report: &SourceReport) -> Exit {
    let error = report.trouble().map_or_else(|| tr!("no reason is known"), str::to_owned);
    match report.status {
        SourceStatus::Ok => Ok(0),
        SourceStatus::Partial => Err(Failure(tr!("{source} are incomplete: {error}", source = report.source, error))),
        SourceStatus::Failed | SourceStatus::Unavailable => {
            Err(Failure(tr!("{source} could not be had: {error}", source = report.source, error)))
        }
    }
}

/// The same for people.
fn counted_how(raw: bool) -> String {
    if !raw {
        return tr!("each connection once, whichever end reports it; numbers are totals of whole UTC days, not clipped to the span");
    }
    tr!("numbers are as reported: totals of whole UTC days, not clipped to the span, and both ends of a connection report it")
}

/// The keys that say what traffic numbers mean.
fn accounting(raw: bool) -> Vec<(&'static str, serde_json::Value)> {
    let (ends, note) = if raw { ("both", AS_REPORTED) } else { ("once", ONCE) };
    vec![("accounting", Accounting::AsReported.name().into()), ("ends", ends.into()), ("note", note.into())]
}

/// The keys that say which span was looked at.
fn span_facts(span: Option<(Timestamp, Timestamp)>) -> Vec<(&'static str, serde_json::Value)> {
    let text = |at: Option<Timestamp>| at.map_or(serde_json::Value::Null, |at| at.to_string().into());
    vec![("from", text(span.map(|span| span.0))), ("to", text(span.map(|span| span.1)))]
}

/// Records that do not say what they were to be chosen by are neither in nor out.
fn undecided_note(count: u64) -> Option<String> {
    (count > 0).then(|| {
        trn!(
            "{count} more record lacks a field of the filter; it may match",
            "{count} more records lack a field of the filter; they may match",
            count = count
        )
    })
}

/// The same for people.
fn span_note(span: Option<(Timestamp, Timestamp)>, style: &Style) -> Option<String> {
    let (from, to) = span?;
    let text = |at: Timestamp| at.to_zoned(style.timezone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string();
    Some(tr!("from {from} to {to}", from = text(from), to = text(to)))
}
