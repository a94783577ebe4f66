//! `pcemon channel`, `outbox`, `silence` and `state`: what may be typed.

use super::completing;
use super::values::parse_now;
use crate::domain::time::parse_duration;
use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use jiff::Timestamp;
use std::time::Duration;

/// `pcemon channel ...`
#[derive(Debug, Subcommand)]
pub enum ChannelCommand {
    /// One line for each channel
    #[command(after_help = "Example:\n  pcemon channel list")]
    List,
    /// Send a test message to one channel
    #[command(after_help = "Examples:\n  pcemon channel test soc\n  pcemon channel test soc --no-send")]
    Test {
        /// Name of the channel
        #[arg(add = ArgValueCompleter::new(completing::channels))]
        name: String,
        /// Only show what would be sent
        #[arg(long)]
        no_send: bool,
    },
}

/// `pcemon outbox ...`
#[derive(Debug, Subcommand)]
pub enum OutboxCommand {
    /// One line for each message that waits or could not be delivered
    #[command(after_help = "Example:\n  pcemon outbox list")]
    List,
    /// Retry messages in the next run, including those that could not be delivered
    #[command(after_help = "Examples:\n  pcemon outbox retry 6f1c\n  pcemon outbox retry --all")]
    Retry(Which),
    /// Delete messages; alerts that still fire are sent again
    #[command(after_help = "Examples:\n  pcemon outbox drop 6f1c\n  pcemon outbox drop --all")]
    Drop(Which),
}

/// Which ones.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// The id, or its first characters
    pub id: Option<String>,
    /// All of them
    #[arg(long)]
    pub all: bool,
}

/// `pcemon silence ...`
#[derive(Debug, Subcommand)]
pub enum SilenceCommand {
    /// Silence alerts: they are still tracked, but send no messages and do not affect the exit code
    ///
    /// Can be used while a run is active; the silence applies from the next run. An alert that still fires when the silence ends
    /// is sent then. The end of an alert is still sent to the channels that were notified of its start.
    #[command(after_help = "\
Matchers (all of a silence must match; PROPERTY=GLOB or PROPERTY!=GLOB):
  rule  source  severity  label.KEY  group.FIELD    an empty GLOB matches alerts without the property

Examples:
  pcemon silence add --match rule='Blocked*' --match group.src_workload='web*' --for 2h --reason 'switch replacement'
  pcemon silence add --match label.team=db --match severity!=critical --until 2026-11-21T06:00:00Z --reason 'migration' --by anna
  pcemon silence add --fingerprint 3f2a9c --for 1d --reason 'known, ticket 4711'    until this alert ends, at most one day")]
    Add(SilenceArgs),
    /// One line for each silence in force
    #[command(after_help = "Examples:\n  pcemon silence list\n  pcemon silence list --all -o json")]
    List {
        /// Include those that ended within the last 7 days
        #[arg(long)]
        all: bool,
        /// Use this as the current time (RFC 3339)
        #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
        now: Option<Timestamp>,
    },
    /// End silences now
    #[command(after_help = "Examples:\n  pcemon silence expire 6f1c\n  pcemon silence expire --all")]
    Expire {
        /// Which ones.
        #[command(flatten)]
        which: Which,
        /// Use this as the current time (RFC 3339)
        #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
        now: Option<Timestamp>,
    },
}

/// Flags of `silence add`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["matchers", "fingerprint"])))]
#[command(group(clap::ArgGroup::new("end").required(true).args(["lasts", "until"])))]
pub struct SilenceArgs {
    /// Which alerts, for example rule='Blocked*' or severity!=critical; may be repeated, all must match
    #[arg(long = "match", value_name = "MATCHER")]
    pub matchers: Vec<String>,
    /// One firing alert, by its fingerprint or the first characters of it (see `pcemon state show`), until it ends
    #[arg(long, value_name = "FP")]
    pub fingerprint: Option<String>,
    /// Duration, for example 2h
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    pub lasts: Option<Duration>,
    /// End (RFC 3339)
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
    pub until: Option<Timestamp>,
    /// Reason, shown in lists and results
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Who creates it
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Use this as the current time (RFC 3339)
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
    pub now: Option<Timestamp>,
}

/// `pcemon state ...`
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// Show the state, with all alerts and their fingerprints; -o json prints the whole file
    #[command(after_help = "Example:\n  pcemon state show")]
    Show {
        /// Use this as the current time (RFC 3339)
        #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
        now: Option<Timestamp>,
    },
    /// Delete everything except silences: firing alerts are sent again, traffic values are learned anew
    #[command(after_help = "Examples:\n  pcemon state reset --yes\n  pcemon state reset --target backups --yes")]
    Reset {
        /// Forget only the identity of this target, so that another one can have its name
        #[arg(long, value_name = "NAME")]
        target: Option<String>,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
}
