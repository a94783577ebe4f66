//! `pcemon show SOURCE`: one subcommand for each source, with flags made of its row.

use super::adhoc::{Shape, SourceArgs, SpanArgs, asked_by, with_match};
use super::input::{Inputs, of_input, with_inputs};
use crate::config::flags::Asked;
use crate::domain::source::SourceKind;
use crate::domain::source::{Holds, Input};
use crate::sources::{asked, find};
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches};

/// `pcemon show SOURCE`
#[derive(Debug, Clone)]
pub struct ShowArgs {
    /// Which source.
    pub source: SourceKind,
    /// Which of its records.
    pub asked: Vec<Asked>,
    /// Recorded answers.
    pub inputs: Inputs,
    /// Rows and columns.
    pub shape: Shape,
    /// Span of time; of records that have no time of their own: none.
    pub span: Option<SpanArgs>,
    /// Where from.
    pub from: SourceArgs,
}

const HEADING: &str = "Which records (lists with commas; each also as --not-..., which leaves out)";

/// Whether records have a time of their own.
fn has_time(source: SourceKind) -> bool {
    !source.is_snapshot()
}

/// The words in help, for one source.
fn about(source: SourceKind) -> String {
    let mut lines = vec!["Fields, numbers, and the keys of `match` for them:".to_owned()];
    if source.is_flows() {
        lines = vec!["Fields are the columns of `pcemon flows --columns help`.".to_owned()];
    }
    for field in source.fields {
        let unit = match field.holds {
            Holds::Number(unit) if !unit.name().is_empty() => format!(" ({})", unit.name()),
            _ => String::new(),
        };
        let keys: Vec<&str> = field.keys.iter().map(|key| key.name).collect();
        let keys = if keys.is_empty() { String::new() } else { format!(" [{}]", keys.join(", ")) };
        lines.push(format!("  {:<20} {}{unit}{keys}", field.name, field.about));
    }
    for metric in source.metrics.iter().filter(|metric| matches!(metric.input, Input::Age(_))) {
        lines.push(format!("  {:<20} How long ago that was ({})", metric.name, metric.unit.name()));
    }
    if source.open_fields {
        lines.push(
            "  Any name that a record has is a field: --columns NAME shows it, --match 'NAME = [\"VALUE\"]' chooses by it.".to_owned(),
        );
    }
    lines.push(format!("\nExamples:\n  pcemon show {source} -o json\n  pcemon show {source} --input {source}=answer.json"));
    lines.join("\n")
}

fn subcommand(source: SourceKind) -> Command {
    let command = Shape::augment_args(with_inputs(Command::new(source.name()), &[source], false));
    let command = if has_time(source) { SpanArgs::augment_args(command) } else { command };
    with_match(SourceArgs::augment_args(command), source, HEADING)
        .about(format!("Records of the source `{source}`"))
        .long_about(format!(
            "Records of the source `{source}`\n\nWhat is missing from the answer is shown as `?`, in JSON as `not_told`; `-` is none. Exits with \
             0 when the answer is complete, with 3 when it is missing or partial."
        ))
        .after_help(about(source))
}

impl Args for ShowArgs {
    fn augment_args(command: Command) -> Command {
        asked()
            .fold(command, |command, source| command.subcommand(subcommand(source)))
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommand_value_name("SOURCE")
            .subcommand_help_heading("Sources")
            .disable_help_subcommand(true)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ShowArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let missing = || clap::Error::raw(ErrorKind::MissingSubcommand, "show: name a source\n");
        let (name, matches) = matches.subcommand().ok_or_else(missing)?;
        let source = find(name).ok_or_else(missing)?;
        Ok(Self {
            source,
            asked: asked_by(matches, source),
            inputs: of_input(matches)?,
            shape: Shape::from_arg_matches(matches)?,
            span: if has_time(source) { Some(SpanArgs::from_arg_matches(matches)?) } else { None },
            from: SourceArgs::from_arg_matches(matches)?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
