//! The command line: what may be typed. Choices come from the tables of formats and channels.

pub mod adhoc;
mod completing;
mod forms;
mod help;
mod init;
pub mod input;
mod manage;
mod rules;
pub mod show;
mod trial;
mod values;

pub use init::{InitArgs, InitCommand, StartingRules, TargetArgs, TargetRules};
pub use manage::{ChannelCommand, OutboxCommand, SilenceArgs, SilenceCommand, StateCommand, Which};
pub use rules::{How, RuleKeys, RulesCommand, Switch};
pub use trial::{ExplainArgs, ReplayArgs, TestArgs};
pub use values::Out;

use crate::domain::time::parse_duration;
use crate::render::Perfdata;
use adhoc::{EventsArgs, FlowsArgs, HealthArgs, TopArgs, VensArgs};
use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use input::Inputs;
use jiff::Timestamp;
use show::ShowArgs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use trial::{EXPLAIN_EXAMPLES, REPLAY_EXAMPLES, TEST_HELP};
use values::{COMMON_HEADING, names_of_formats, no_format, parse_now};

const EXIT_CODES: &str = "\
Exit codes:
  0  OK
  1  WARNING
  2  CRITICAL
  3  UNKNOWN: data incomplete or unreachable, delivery failed, another run holds the lock, bad arguments, bad config
  2 outranks 1, 1 outranks 3, 3 outranks 0; with --strict 3 outranks 1.
  An alert that is silenced, in a maintenance window or inhibited by another one does not count; one in cooldown does.";

/// How to begin, for those who see the program for the first time.
const BEGIN: &str = "\
To start:
  pcemon demo                            see it work, without any setup
  pcemon init                            write a first config; `pcemon rules example` shows every key
  pcemon rules validate                  check the config, without any connection
  pcemon check --dry-run                 query the PCE; store nothing, send nothing
  pcemon check                           a real run, every few minutes from cron";

const INIT_EXAMPLES: &str = "\
Examples:
  pcemon init
  pcemon init --url https://pce.example.com:8443 --org 1 --rules starter --config rules.toml
  pcemon init --url https://pce.example.com:8443 --org 1 --api-secret-file /etc/pcemon/api_secret \\
      --channel type=slack,url=SLACK_WEBHOOK_URL --rules all
  pcemon init target records         add a target to an existing config";

/// Monitor an Illumio PCE: one run, one verdict, reliable alerts.
///
/// Queries the PCE for traffic, events and health, evaluates your rules, stores its state, sends notifications, prints the
/// result and exits. Run it regularly from cron, a systemd timer, CI or Ansible.
#[derive(Debug, Parser)]
#[command(name = "pcemon", version, long_version = long_version(), after_help = format!("{BEGIN}\n\n{EXIT_CODES}"), arg_required_else_help = true, max_term_width = 110)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = COMMON_HEADING)]
pub struct Global {
    /// Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]
    #[arg(short, long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// State file [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]
    #[arg(long, global = true, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Format of the result on standard output [default: table]
    #[arg(short, long, global = true, value_name = "FORMAT", value_parser = formats())]
    pub output: Option<String>,
    /// Also write the result to a file, as FORMAT=PATH; may be repeated. `report` also takes a PATH alone
    #[arg(long, global = true, value_name = "FORMAT=PATH", value_parser = parse_out)]
    pub out: Vec<Out>,
    /// Print nothing when the exit code is 0, else only what is not ok
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Show every rule and, in a dry run, the messages; more detail on standard error (-vv: every request)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Colours in the table
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Language of output for people [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = languages())]
    pub lang: Option<String>,
    /// Format of the messages on standard error
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub log_format: LogFormat,
}

impl Global {
    /// The files of `--out` with the formats of a run; a path without a format is refused.
    pub fn out_files(&self) -> Result<Vec<(&'static crate::render::Format, &Path)>, String> {
        let one = |out: &'_ Out| match &out.format {
            Some(format) => crate::render::find(format).ok_or_else(|| no_format(format, &names_of_formats())),
            None => Err(format!(
                "--out {}: write FORMAT=PATH, for example json=result.json",
                crate::domain::text::visible(&out.path.display().to_string())
            )),
        };
        self.out.iter().map(|out| one(out).map(|format| (format, out.path.as_path()))).collect()
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Form of the messages on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object per line
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// One monitoring cycle: query the PCE, evaluate the rules, store the state, notify, print, exit
    ///
    /// The exit code is the verdict (see `pcemon --help`). The first run has nothing to compare the PCE's day totals with:
    /// its traffic numbers are lower bounds, shown with ≥, until the next run.
    #[command(after_help = "\
Examples:
  pcemon check                                  one cycle with the default config
  pcemon check --dry-run                        the same; nothing is written, nothing is sent
  pcemon check -q                               for cron: prints only what is not ok
  pcemon check -q --fail-on new                 for cron: only what is new
  pcemon check -o nagios                        as a monitoring plugin
  pcemon check --flows flows.json.gz --dry-run  evaluate a recorded answer, without a connection
  pcemon check --out json=result.json --fail-on critical")]
    Check(CheckArgs),
    /// What happened in a span of time, as one HTML file with plots, as Markdown, CSV or JSON
    ///
    /// Queries the PCE for traffic, events and health, and compares them with the previous report. Evaluates no rules. With
    /// --mail, sends the report. Exits with 0, or with 3 when a source could not be read completely, a file could not be
    /// written, or a mail could not be sent.
    #[command(after_help = "\
Examples:
  pcemon report --out report.html                    the last whole UTC day (or `since` in [report])
  pcemon report --since 7d --out week.html --mail    the last week, also by mail to `mail` in [report]
  pcemon report --format md                          Markdown on standard output
  pcemon report --out r.html --out numbers.json      several files from one query
  pcemon report --flows recorded/ --events recorded/ --now 2026-11-20T10:00:00Z --out report.html")]
    Report(ReportArgs),
    /// Two cycles against a simulated PCE inside this program; needs no setup and leaves no files behind
    ///
    /// Always exits with 0; the last line gives the exit code of a real run.
    #[command(
        after_help = "Examples:\n  pcemon demo\n  pcemon demo --with proxmox\n  pcemon demo --report demo.html\n  pcemon demo -o json"
    )]
    Demo(DemoArgs),
    /// Flows of the PCE or of a recorded answer, chosen by the keys of a rule's `match`
    ///
    /// Shows each connection once, the newest first; --raw shows every record as the PCE sent it, with the end that reported
    /// it. The PCE stores totals of whole UTC days, so a time span selects records but does not clip their counters. For what
    /// arrived within a span, use `pcemon check`.
    ///
    /// Exits with 0 when the answer is complete, with 3 when it is missing or partial.
    #[command(after_help = "\
Examples:
  pcemon flows --decision blocked --dst-label role=DB --port 3306,1433/tcp
  pcemon flows --since 6h --src-ip 10.0.0.0/8 --not-dst-ip 10.0.0.0/8 --sort bytes
  pcemon flows --flows answer.json.gz --columns last,src,dst,dst_label:role,bytes
  pcemon flows -o ndjson --window 24h
  pcemon flows --match 'decision = [\"blocked\"], dst_label = [\"env=prod\"]' -o csv")]
    Flows(FlowsArgs),
    /// Who talks most: talkers, destinations, pairs, ports, processes or labels, on one screen
    ///
    /// Each connection counts once, whichever end reports it; totals are those of whole UTC days (see `pcemon flows --help`).
    /// Exits with 0 when the answer is complete, with 3 when it is missing or partial.
    #[command(after_help = "\
Examples:
  pcemon top
  pcemon top pairs --by bytes --window 24h
  pcemon top ports --by blocked --dst-label env=prod
  pcemon top labels --key role -o json")]
    Top(TopArgs),
    /// Audit events of the PCE or of a recorded answer, newest first
    ///
    /// Exits with 0 when the answer is complete, with 3 when it is missing or partial.
    #[command(after_help = "\
Examples:
  pcemon events --window 7d --type 'sec_policy.*'
  pcemon events --status failure --notification user.login_failed
  pcemon events --severity err,warning --not-actor system -o csv")]
    Events(EventsArgs),
    /// VENs of the PCE or of a recorded answer, by name
    ///
    /// Exits with 0 when the answer is complete, with 3 when it is missing or partial.
    #[command(after_help = "\
Examples:
  pcemon vens --offline --label env=prod
  pcemon vens --heartbeat-older 1h --columns ven,heartbeat_age,conditions
  pcemon vens --not-enforcement full -o csv
  pcemon vens --vens recorded.json --not-version '25.2.*' -o json")]
    Vens(VensArgs),
    /// The PCE's own health: clusters and their nodes
    ///
    /// Exits with 0 when the PCE reported its health, good or bad, and with 3 when it did not. Rules on health are evaluated by
    /// `pcemon check`.
    #[command(after_help = "Examples:\n  pcemon health\n  pcemon health -o json\n  pcemon health --health recorded.json")]
    Health(HealthArgs),
    /// Records of any source, as table, JSON, NDJSON, CSV or Markdown
    ///
    /// Queries the targets of the source, or reads a recorded answer. Evaluates no rules and stores nothing. The flags that
    /// select records are the keys of a rule's `match`.
    #[command(after_help = "\
Examples:
  pcemon show vens --offline -o csv
  pcemon show records --target backups --match 'status = [\"failed\"]'
  pcemon show database --input database=recorded.json -o json")]
    Show(ShowArgs),
    /// Write a first config, from questions or flags
    ///
    /// On a terminal, it asks for what the flags do not give. It does not overwrite a file without --force. Secrets stay where
    /// they are: the config names the variable or file that holds them.
    #[command(after_help = INIT_EXAMPLES)]
    Init(InitArgs),
    /// Check the whole setup and give advice on what is wrong
    ///
    /// Checks config, secrets, files, the connection to the PCE, credentials, permissions, clocks, traffic, state and channels.
    /// Stores nothing and sends no messages. On the PCE it makes small requests and two small traffic queries, which it deletes
    /// again.
    ///
    /// Exits with 0 when all is well, 1 with warnings, 3 when a run cannot work.
    #[command(after_help = "\
Examples:
  pcemon doctor
  pcemon doctor --offline
  pcemon doctor -o json --timeout 30s")]
    Doctor(DoctorArgs),
    /// List, validate and change the rules of the config
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Why a rule fires or does not, step by step
    ///
    /// Runs the cycle of `check` for one rule as a dry run: nothing is stored and nothing is sent. The rule may be disabled.
    /// With --last, nothing is run: the findings of the latest runs are read from the state. Exits with 0, or with 3 when the
    /// source of the rule could not be read or the state has no findings.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Unit tests of rules: records at given times, and the expected alerts
    ///
    /// Runs the cycle of `check` on the records of each test, with a simulated clock and simulated channels: nothing is queried,
    /// written or sent. Exits with 0 when all tests pass, 1 when one fails, 3 when a file cannot be used.
    #[command(after_help = TEST_HELP)]
    Test(TestArgs),
    /// Backtest the rules: what would have fired, how many messages would have been sent, which thresholds fit
    ///
    /// Runs the cycle of `check` over recorded runs, or over one export with a simulated clock. Nothing is queried,
    /// written or sent. Folders are those of `check --record`, one for each run, or a folder that contains such folders.
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArgs),
    /// List the channels of the config and test them
    #[command(subcommand)]
    Channel(ChannelCommand),
    /// Messages that wait for delivery or could not be delivered
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Mute alerts for a while
    #[command(subcommand)]
    Silence(SilenceCommand),
    /// The state that is stored between runs
    #[command(subcommand)]
    State(StateCommand),
    /// Print the JSON Schema of a machine-readable document
    ///
    /// The name is that of the `schema` key in the document, without its version; `rules` is the config.
    #[command(after_help = "Examples:\n  pcemon schema --list\n  pcemon schema check > check.schema.json")]
    Schema {
        /// Name of the document
        #[arg(required_unless_present = "list", value_parser = PossibleValuesParser::new(crate::schemas::SCHEMAS.iter().map(|schema| schema.name)))]
        name: Option<String>,
        /// Print the names, one per line
        #[arg(long, conflicts_with = "name")]
        list: bool,
    },
    /// Print shell completions
    #[command(after_help = "Example:\n  pcemon completions bash > /etc/bash_completion.d/pcemon")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write all pages into a folder
    #[command(after_help = "Examples:\n  pcemon man | man -l -\n  pcemon man --out-dir /usr/local/share/man/man1")]
    Man {
        /// Write all pages into this folder
        #[arg(long, value_name = "DIR")]
        out_dir: Option<PathBuf>,
    },
}

/// Flags of `demo`.
#[derive(Debug, Clone, Default, Args)]
pub struct DemoArgs {
    /// Write the report of the simulated day to this file, as `pcemon report` does
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Simulate this beside the PCE as well
    #[arg(long, value_enum, value_name = "WHAT")]
    pub with: Option<DemoWith>,
    /// Use this as the current time (RFC 3339)
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
    pub now: Option<Timestamp>,
}

/// What the demo simulates beside the PCE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DemoWith {
    /// A Proxmox cluster of three nodes, of which one fails
    Proxmox,
}

/// Flags of `check`.
#[derive(Debug, Clone, Default, Args)]
pub struct CheckArgs {
    /// Write no state and send nothing; show what would be sent
    #[arg(long)]
    pub dry_run: bool,
    /// Evaluate only the rules whose name matches (* ? [..] {a,b})
    #[arg(long, value_name = "GLOB", add = ArgValueCompleter::new(completing::rules))]
    pub rule: Option<String>,
    /// Recorded answers.
    #[command(flatten)]
    pub inputs: Inputs,
    /// Use this as the current time (RFC 3339) for all decisions of the run
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
    pub now: Option<Timestamp>,
    /// Store the raw answers of the PCE in this folder, compressed
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
    /// What makes the exit code differ from 0
    #[arg(long, value_enum, default_value_t = FailOn::Unknown, value_name = "WHAT")]
    pub fail_on: FailOn,
    /// Let UNKNOWN outrank WARNING in the verdict
    #[arg(long)]
    pub strict: bool,
    /// Explain every rule that is not ok; with -v every rule
    #[arg(long)]
    pub explain: bool,
    /// Performance data of the format nagios
    #[arg(long, value_enum, default_value_t = Perfdata::Rules, value_name = "WHICH")]
    pub perfdata: Perfdata,
    /// How long to wait for another run to end, for example 2m
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_duration)]
    pub lock_wait: Duration,
}

/// Flags of `report`.
#[derive(Debug, Clone, Default, Args)]
pub struct ReportArgs {
    /// How far back, up to 90d: 7d means the last seven whole UTC days, 12h means the last 12 hours [default: `since` in `[report]`, else 1d]
    #[arg(long, value_name = "DURATION", value_parser = parse_report_span)]
    pub since: Option<Duration>,
    /// The end of the span (RFC 3339) [default: the last midnight in UTC; now, if --since is not a number of days]
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
    pub until: Option<Timestamp>,
    /// Format on standard output, and of files whose extension does not tell it [default: html]
    #[arg(long, value_name = "FORMAT", value_parser = report_formats())]
    pub format: Option<String>,
    /// Title of the report [default: `title` in `[report]`]
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Key of the label that identifies an application [default: `label` in `[report]`, else app]
    #[arg(long, value_name = "KEY")]
    pub label: Option<String>,
    /// Send the report to the channels that `mail` in `[report]` names
    #[arg(long)]
    pub mail: bool,
    /// Do not store this report for comparison: the next one is compared with the one before it
    #[arg(long)]
    pub no_save: bool,
    /// Recorded answers.
    #[command(flatten)]
    pub inputs: Inputs<input::Reported>,
    /// Use this as the current time (RFC 3339)
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
    pub now: Option<Timestamp>,
    /// Store the raw answers of the PCE in this folder, compressed
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
}

/// Flags of `doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Contact nothing: check only what is on this machine
    #[arg(long)]
    pub offline: bool,
    /// How long one answer may take
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub timeout: Duration,
    /// Use this as the current time (RFC 3339)
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
    pub now: Option<Timestamp>,
}

/// What makes the exit code differ from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum FailOn {
    /// Nothing: 0 also when rules fire or data is missing
    Never,
    /// Only critical
    Critical,
    /// Critical and warning, not unknown
    Warning,
    /// Critical, warning and unknown
    #[default]
    Unknown,
    /// What began to fire or got worse in this run, and unknown
    New,
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(
        crate::render::FORMATS.iter().map(|format| clap::builder::PossibleValue::new(format.name).help(format.summary)),
    )
}

fn languages() -> PossibleValuesParser {
    PossibleValuesParser::new(crate::lang::LANGUAGES.map(|(name, _)| name))
}

fn report_formats() -> PossibleValuesParser {
    PossibleValuesParser::new(
        crate::report::FORMATS.iter().map(|format| clap::builder::PossibleValue::new(format.name).help(format.summary)),
    )
}

/// Only so that the root knows the flag; each command takes its own formats ([`forms`]).
fn parse_out(text: &str) -> Result<Out, String> {
    Ok(Out { format: None, path: PathBuf::from(text) })
}

fn parse_report_span(text: &str) -> Result<Duration, String> {
    let span = parse_duration(text)?;
    let within = (Duration::from_secs(60)..=crate::domain::time::LONGEST_REPORT).contains(&span);
    if within { Ok(span) } else { Err("it must lie between 1m and 90d: the PCE keeps flows for 90 days".to_owned()) }
}

/// What `--version` says beside the number: what this binary was built from and for, and which files it reads and writes.
fn long_version() -> String {
    let or_unknown = |text: &'static str| if text.is_empty() { "unknown" } else { text };
    let (commit, date) = env!("PCEMON_COMMIT").split_once(' ').unwrap_or((env!("PCEMON_COMMIT"), ""));
    format!(
        "{}\ncommit: {}\ncommit-date: {}\ntarget: {}\nprofile: {}\nstate: {}, looks version {}",
        env!("CARGO_PKG_VERSION"),
        or_unknown(commit),
        or_unknown(date),
        or_unknown(env!("PCEMON_TARGET")),
        env!("PCEMON_PROFILE"),
        crate::state::SCHEMA,
        crate::state::LOOKS_VERSION,
    )
}

/// The command as clap sees it, for completions and manual: without what depends on the build.
pub fn command() -> clap::Command {
    forms::fitted(Cli::command().long_version(env!("CARGO_PKG_VERSION")))
}

/// Understands a command line.
pub fn parse(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Cli, clap::Error> {
    let arguments: Vec<std::ffi::OsString> = arguments.into_iter().collect();
    // How help is laid out is of no consequence for a line that is understood.
    let understood = forms::fitted(Cli::command()).try_get_matches_from(&arguments).ok();
    if let Some(Ok(cli)) = understood.map(|matches| Cli::from_arg_matches(&matches)) {
        return Ok(cli);
    }
    let mut command = help::laid_out(forms::fitted(Cli::command()));
    let matches = command.try_get_matches_from_mut(&arguments).map_err(help::hinted)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}
