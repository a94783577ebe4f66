//! Flags of the ad-hoc commands: which records, which span, in which shape. The flags that choose records
//! are made from the keys of `match` in the config, so that there is one list of them.

use super::input::{Inputs, OfHealth, TakesInputs};
use super::values::parse_now;
use crate::config::conditions::{TRUE_OR_FALSE, keys};
use crate::config::flags::Asked;
use crate::domain::source::SourceKind;
use crate::domain::time::parse_duration;
use clap::builder::Str;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use jiff::Timestamp;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::time::Duration;

/// `pcemon flows`
#[derive(Debug, Clone, Args)]
pub struct FlowsArgs {
    /// Recorded answers.
    #[command(flatten)]
    pub inputs: Inputs<Flows>,
    /// Order, the largest or latest first [default: last; with --raw as the PCE sends them]
    #[arg(long, value_enum, value_name = "COLUMN")]
    pub sort: Option<FlowOrder>,
    /// Show every record as the PCE sent it: both ends of a connection report it, and the column `direction` shows which one did
    #[arg(long)]
    pub raw: bool,
    /// Rows and columns.
    #[command(flatten)]
    pub shape: Shape,
    /// Span of time.
    #[command(flatten)]
    pub span: SpanArgs,
    /// Where from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Which records.
    #[command(flatten)]
    pub which: MatchArgs<Flows>,
}

/// Orders of flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FlowOrder {
    /// Bytes both ways
    Bytes,
    /// Connections
    Connections,
    /// Mean rate over the record's own span
    Bandwidth,
    /// First detected
    First,
    /// Last detected
    Last,
}

/// `pcemon top`
#[derive(Debug, Clone, Args)]
pub struct TopArgs {
    /// What to rank
    #[arg(value_enum, default_value_t = Ranked::Talkers, value_name = "WHAT")]
    pub what: Ranked,
    /// What to rank by
    #[arg(long, value_enum, default_value_t = Measure::Connections, value_name = "MEASURE")]
    pub by: Measure,
    /// Label key for `top labels`, for example app, role, env or loc
    #[arg(long, value_name = "KEY", default_value = "app")]
    pub key: String,
    /// Rows shown; 0 shows all
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub limit: usize,
    /// Add the records up as the PCE sent them: a connection that both ends report counts twice
    #[arg(long)]
    pub raw: bool,
    /// Recorded answers.
    #[command(flatten)]
    pub inputs: Inputs<Flows>,
    /// Span of time.
    #[command(flatten)]
    pub span: SpanArgs,
    /// Where from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Which records.
    #[command(flatten)]
    pub which: MatchArgs<Flows>,
}

/// What `top` ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ranked {
    /// Sources
    Talkers,
    /// Destinations
    Destinations,
    /// Source and destination
    Pairs,
    /// Destination port and protocol
    Ports,
    /// Processes on the reporting side
    Processes,
    /// Label of the source and label of the destination (--key)
    Labels,
}

impl Ranked {
    /// As typed.
    pub fn name(self) -> &'static str {
        match self {
            Ranked::Talkers => "talkers",
            Ranked::Destinations => "destinations",
            Ranked::Pairs => "pairs",
            Ranked::Ports => "ports",
            Ranked::Processes => "processes",
            Ranked::Labels => "labels",
        }
    }
}

/// What `top` ranks by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Measure {
    /// Connections
    Connections,
    /// Bytes both ways
    Bytes,
    /// Connections that policy blocked
    Blocked,
}

impl Measure {
    /// As typed.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Connections => "connections",
            Measure::Bytes => "bytes",
            Measure::Blocked => "blocked",
        }
    }
}

/// `pcemon events`
#[derive(Debug, Clone, Args)]
pub struct EventsArgs {
    /// Recorded answers.
    #[command(flatten)]
    pub inputs: Inputs<Events>,
    /// Rows and columns.
    #[command(flatten)]
    pub shape: Shape,
    /// Span of time.
    #[command(flatten)]
    pub span: SpanArgs,
    /// Where from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Which records.
    #[command(flatten)]
    pub which: MatchArgs<Events>,
}

/// `pcemon health`
#[derive(Debug, Clone, Args)]
pub struct HealthArgs {
    /// Recorded answers.
    #[command(flatten)]
    pub inputs: Inputs<OfHealth>,
    /// Where from.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// `pcemon vens`
#[derive(Debug, Clone, Args)]
pub struct VensArgs {
    /// Recorded answers.
    #[command(flatten)]
    pub inputs: Inputs<Vens>,
    /// Rows and columns.
    #[command(flatten)]
    pub shape: Shape,
    /// Where from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Which records.
    #[command(flatten)]
    pub which: MatchArgs<Vens>,
}

/// Where answers come from and go to.
#[derive(Debug, Clone, Args)]
pub struct SourceArgs {
    /// Use this as the current time (RFC 3339)
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
    pub now: Option<Timestamp>,
    /// Store the raw answers of the PCE in this folder, compressed
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
}

/// Which rows and columns are shown.
#[derive(Debug, Clone, Args)]
pub struct Shape {
    /// Reverse the order
    #[arg(long)]
    pub reverse: bool,
    /// Rows shown; 0 shows all [default: 50 in a table or a sorted list, otherwise all]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Columns, in this order; `--columns help` lists them [default: a few in a table, otherwise all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub columns: Vec<String>,
}

/// The span of time that is looked at.
#[derive(Debug, Clone, Args)]
pub struct SpanArgs {
    /// Start: a timestamp (RFC 3339), or a duration before now (2h)
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub since: Option<When>,
    /// End: a timestamp (RFC 3339), or a duration before now [default: now]
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub until: Option<When>,
    /// Duration before the end [default: 1h for traffic, 24h for events; with a recorded answer everything in it]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, conflicts_with = "since")]
    pub window: Option<Duration>,
}

impl SpanArgs {
    /// Whether any of them was given.
    pub fn is_said(&self) -> bool {
        self.since.is_some() || self.until.is_some() || self.window.is_some()
    }
}

/// An instant as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// This one.
    At(Timestamp),
    /// So long before now.
    Ago(Duration),
}

fn parse_when(text: &str) -> Result<When, String> {
    if let Ok(at) = text.parse() {
        return Ok(When::At(at));
    }
    parse_duration(text)
        .map(When::Ago)
        .map_err(|_| format!("'{text}' is neither a timestamp nor a duration; write for example 2026-11-20T10:00:00Z, 90m or 2h"))
}

/// A source whose records can be chosen by flags.
pub trait Chosen {
    /// Which.
    const SOURCE: SourceKind;
    /// Heading of the flags in help.
    const HEADING: &'static str;
}

/// Flow records.
#[derive(Debug, Clone)]
pub struct Flows;
impl Chosen for Flows {
    const SOURCE: SourceKind = crate::sources::TRAFFIC;
    const HEADING: &'static str = "Which flows (lists with commas; each also as --not-..., which leaves out)";
}

/// Audit events.
#[derive(Debug, Clone)]
pub struct Events;
impl Chosen for Events {
    const SOURCE: SourceKind = crate::sources::EVENTS;
    const HEADING: &'static str = "Which events (lists with commas; each also as --not-..., which leaves out)";
}

/// VENs.
#[derive(Debug, Clone)]
pub struct Vens;
impl Chosen for Vens {
    const SOURCE: SourceKind = crate::sources::VENS;
    const HEADING: &'static str = "Which VENs (lists with commas; each also as --not-..., which leaves out)";
}

/// The flags that choose records.
#[derive(Debug, Clone)]
pub struct MatchArgs<S> {
    /// What they asked for, in the order of the keys.
    pub asked: Vec<Asked>,
    source: PhantomData<S>,
}

/// Flags that mean something else to the commands that choose records.
const TAKEN: [&str; 16] = [
    "config", "output", "out", "quiet", "verbose", "color", "lang", "input", "now", "record", "reverse", "limit", "columns", "since",
    "until", "window",
];

/// The flag of a key: its own name with dashes, unless that is taken.
fn flag_of(key: &str) -> String {
    match key {
        // `--state` is the state file of every command.
        "state" => "connection-state".to_owned(),
        taken if TAKEN.contains(&taken) => format!("match-{taken}"),
        free => free.replace('_', "-"),
    }
}

/// Argument id and flag for each side of a key.
fn sides(key: &str) -> [(String, String, bool); 2] {
    let flag = flag_of(key);
    [(format!("match.{key}"), flag.clone(), false), (format!("exclude.{key}"), format!("not-{flag}"), true)]
}

const TABLES: [(&str, &str, bool, &str); 2] = [
    ("match-table", "match", false, "Conditions written as in the config: 'decision = [\"blocked\"], port = [3306]'"),
    ("exclude-table", "exclude", true, "Conditions that leave out, written as in the config"),
];

impl<S: Chosen> TakesInputs for S {
    fn sources() -> Vec<SourceKind> {
        vec![S::SOURCE]
    }
}

/// Adds the flags that choose records of a source.
pub(super) fn with_match(command: Command, source: SourceKind, heading: &'static str) -> Command {
    let mut command = command;
    let arg = |id: String, flag: String, takes: &'static str| {
        let arg = Arg::new(id).long(Str::from(flag)).value_name(takes).help_heading(heading).action(ArgAction::Append);
        if takes == TRUE_OR_FALSE { arg.num_args(0..=1).default_missing_value("true") } else { arg }
    };
    for key in keys(source) {
        for (id, flag, exclude) in sides(&key.name) {
            // Twice as many flags would hide the first half of them.
            command = command.arg(arg(id, flag, key.takes).help(key.about.clone()).hide(exclude));
        }
    }
    TABLES.into_iter().fold(command, |command, (id, flag, _, help)| command.arg(arg(id.to_owned(), flag.to_owned(), "TOML").help(help)))
}

/// What the flags that choose records of a source asked for, in the order of the keys.
pub(super) fn asked_by(matches: &ArgMatches, source: SourceKind) -> Vec<Asked> {
    let mut asked = Vec::new();
    let mut add = |id: &str, flag: &str, key: Option<&str>, exclude: bool| {
        if let Some(values) = matches.get_many::<String>(id) {
            let values = values.cloned().collect();
            asked.push(Asked { flag: format!("--{flag}"), key: key.map(str::to_owned), values, exclude });
        }
    };
    for key in keys(source) {
        for (id, flag, exclude) in sides(&key.name) {
            add(&id, &flag, Some(&key.name), exclude);
        }
    }
    for (id, flag, exclude, _) in TABLES {
        add(id, flag, None, exclude);
    }
    asked
}

impl<S: Chosen> Args for MatchArgs<S> {
    fn augment_args(command: Command) -> Command {
        with_match(command, S::SOURCE, S::HEADING)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: Chosen> FromArgMatches for MatchArgs<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self { asked: asked_by(matches, S::SOURCE), source: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
