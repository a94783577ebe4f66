//! `pcemon init`: what may be typed.

use super::rules::How;
use crate::sources::TARGET_TYPES;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Flags of `init`.
#[derive(Debug, Clone, Default, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct InitArgs {
    /// Scheme, host and port of the PCE
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Organisation: the number in the console's URL [default: 1]
    #[arg(long, value_name = "NUMBER")]
    pub org: Option<u64>,
    /// Environment variable with the id of the API key [default: PCE_API_KEY]
    #[arg(long, value_name = "NAME", conflicts_with = "api_key_file")]
    pub api_key_env: Option<String>,
    /// File with the id of the API key
    #[arg(long, value_name = "FILE")]
    pub api_key_file: Option<PathBuf>,
    /// Environment variable with the secret of the API key [default: PCE_API_SECRET]
    #[arg(long, value_name = "NAME", conflicts_with = "api_secret_file")]
    pub api_secret_env: Option<String>,
    /// File with the secret of the API key
    #[arg(long, value_name = "FILE")]
    pub api_secret_file: Option<PathBuf>,
    /// CA certificates that vouch for the PCE's certificate (PEM), when the system does not trust it
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Proxy on the way to the PCE [default: the usual variables]
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,
    /// Where alerts go, as type=TYPE,KEY=VALUE,...; a URL, token or password is given as the NAME of an environment
    /// variable or as file:PATH; one given by value is kept in a file of its own, never in the config. May be repeated
    #[arg(long, value_name = "type=TYPE,...")]
    pub channel: Vec<String>,
    /// Which rules to begin with [default: starter]
    #[arg(long, value_enum, value_name = "WHICH")]
    pub rules: Option<StartingRules>,
    /// Contact nothing: neither check the PCE's certificate nor try the credentials nor read its labels
    #[arg(long)]
    pub offline: bool,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
    /// Something that is added to a config instead.
    #[command(subcommand)]
    pub command: Option<InitCommand>,
}

/// What `init` adds to a config that is there.
#[derive(Debug, Clone, Subcommand)]
pub enum InitCommand {
    /// Add a target to the config: what rules read besides the PCE
    ///
    /// On a terminal, it asks when no pairs are given. The target is tried at once: an unknown certificate is shown with its fingerprint
    /// before anything is sent, and what a token lacks is named with the command that grants it. A secret is given as the NAME of an
    /// environment variable or as file:PATH; one given by value is kept in a file of its own, never in the config. The config is
    /// validated and the change is shown before it is written.
    #[command(after_help = target_help())]
    Target(TargetArgs),
}

/// `pcemon init target`
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// Which type
    #[arg(value_name = "TYPE", value_parser = target_types())]
    pub kind: String,
    /// Keys of the target, for example name=backups from.glob='/var/log/backups-*.ndjson'; labels.KEY=VALUE for a label
    #[arg(value_name = "KEY=VALUE")]
    pub pairs: Vec<String>,
    /// Which rules of the example are put beside it, or switched on where they are [default: starter]
    #[arg(long, value_enum, value_name = "WHICH")]
    pub rules: Option<TargetRules>,
    /// Contact nothing: neither look at its certificate nor try it
    #[arg(long)]
    pub offline: bool,
    /// How it is done
    #[command(flatten)]
    pub how: How,
}

/// Which rules on a new target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TargetRules {
    /// A few, one for each topic, that need nothing of your own
    Starter,
    /// All of the example on this type
    All,
    /// None
    None,
}

fn target_types() -> PossibleValuesParser {
    PossibleValuesParser::new(TARGET_TYPES.iter().map(|kind| PossibleValue::new(kind.name).help(kind.about)))
}

fn target_help() -> String {
    let types: String = TARGET_TYPES.iter().map(|kind| format!("  {:<12}{}\n", kind.name, kind.about)).collect();
    format!(
        "Types of this build:\n{types}\nExamples:\n  pcemon init target proxmox\n  \
         pcemon init target proxmox name=dc1 urls=https://pve1.example.com:8006 token=PVE_TOKEN ca_file=/etc/pcemon/pve-root-ca.pem --yes\n  \
         pcemon init target probe name=shop url=https://shop.example.com\n  \
         pcemon init target records name=backups from.glob='/var/log/backups-*.ndjson' labels.site=taipei --yes"
    )
}

/// Which rules to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StartingRules {
    /// All rules of the example; a dozen are on, one for each topic, and need nothing of your own
    Starter,
    /// All rules of the example, on unless they need values of your own
    All,
    /// Only the PCE's own health
    None,
}
