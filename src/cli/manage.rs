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
    /// One line for each message that waits or was given up
    #[command(after_help = "Example:\n  pcemon outbox list")]
    List,
    /// Have the next run try messages without waiting longer, also those that were given up
    #[command(after_help = "Examples:\n  pcemon outbox retry 6f1c\n  pcemon outbox retry --all")]
    Retry(Which),
    /// Delete messages; their alerts are sent again while they fire
    #[command(after_help = "Examples:\n  pcemon outbox drop 6f1c\n  pcemon outbox drop --all")]
    Drop(Which),
}

/// Which ones.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// The id, or the beginning of one
    pub id: Option<String>,
    /// All of them
    #[arg(long)]
    pub all: bool,
}

/// `pcemon silence ...`
#[derive(Debug, Subcommand)]
pub enum SilenceCommand {
    /// Silence alerts: they are tracked as always, send no messages, and do not count for the exit code
    ///
    /// Works while a run is going on; the next run knows of it. What still fires when the silence ends is sent then.
    /// The end of an alert is sent as always, to the channels that were notified of it.
    #[command(after_help = "\
Matchers (all of one silence must fit; PROPERTY=GLOB or PROPERTY!=GLOB):
  rule  source  severity  label.KEY  group.FIELD    an empty GLOB is for alerts that have no such thing

Examples:
  pcemon silence add --match rule='Blocked*' --match group.src_workload='web*' --for 2h --reason 'switch replacement'
  pcemon silence add --match label.team=db --match severity!=critical --until 2026-11-21T06:00:00Z --reason 'migration' --by anna
  pcemon silence add --fingerprint 3f2a9c --for 1d --reason 'known, ticket 4711'    until that one alert is over, a day at the most")]
    Add(SilenceArgs),
    /// One line for each silence in force
    #[command(after_help = "Examples:\n  pcemon silence list\n  pcemon silence list --all -o json")]
    List {
        /// Also those that ended within the last 7 days
        #[arg(long)]
        all: bool,
        /// Take this as the present time (RFC 3339)
        #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
        now: Option<Timestamp>,
    },
    /// End silences now
    #[command(after_help = "Examples:\n  pcemon silence expire 6f1c\n  pcemon silence expire --all")]
    Expire {
        /// Which ones.
        #[command(flatten)]
        which: Which,
        /// Take this as the present time (RFC 3339)
        #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
        now: Option<Timestamp>,
    },
}

/// Flags of `silence add`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["matchers", "fingerprint"])))]
#[command(group(clap::ArgGroup::new("end").required(true).args(["lasts", "until"])))]
pub struct SilenceArgs {
    /// Which alerts, for example rule='Blocked*' or severity!=critical; may be repeated, all must fit
    #[arg(long = "match", value_name = "MATCHER")]
    pub matchers: Vec<String>,
    /// One alert that fires, by its fingerprint or the beginning of it (see `pcemon state show`), until it is over
    #[arg(long, value_name = "FP")]
    pub fingerprint: Option<String>,
    /// How long, for example 2h
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    pub lasts: Option<Duration>,
    /// Until when (RFC 3339)
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
    pub until: Option<Timestamp>,
    /// Why, for those who wonder
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Who wants it
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Take this as the present time (RFC 3339)
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
    pub now: Option<Timestamp>,
}

/// `pcemon state ...`
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// What is remembered, and every alert with its fingerprint, for people or as JSON (-o json)
    #[command(after_help = "Example:\n  pcemon state show")]
    Show {
        /// Take this as the present time (RFC 3339)
        #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
        now: Option<Timestamp>,
    },
    /// Forget everything but silences: firing alerts are sent again, traffic numbers learn anew
    #[command(after_help = "Examples:\n  pcemon state reset --yes\n  pcemon state reset --target backups --yes")]
    Reset {
        /// Forget only what this target was, so that another one may take its name
        #[arg(long, value_name = "NAME")]
        target: Option<String>,
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
}
