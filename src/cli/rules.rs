//! `pcemon rules ...`: what may be typed. The flags for a rule's keys are those that the example documents.

use super::completing;
use crate::config::reference;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use std::path::PathBuf;

/// `pcemon rules ...`
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// One line for each rule
    #[command(after_help = "Example:\n  pcemon rules list -c rules.toml")]
    List,
    /// One rule with its defaults, its line in the config, and the channels that are notified
    #[command(after_help = "Examples:\n  pcemon rules show \"VEN tampering\"\n  pcemon rules show \"VEN tampering\" -o json")]
    Show {
        /// Name of the rule
        #[arg(add = ArgValueCompleter::new(completing::rules))]
        name: String,
    },
    /// Validate the config without any connection; reports all mistakes at once
    #[command(after_help = "Examples:\n  pcemon rules validate\n  pcemon rules validate -c new-rules.toml")]
    Validate,
    /// Add a rule after the last one
    ///
    /// The rule is given by flags, one for each key, or as TOML with --from. Separate list items with commas. The whole
    /// file is validated before anything is written; everything else in it stays as it is.
    #[command(after_help = "\
Examples:
  pcemon rules add --name \"SSH to databases\" --source traffic --match \"port=22/tcp,dst_label=role=DB\" --warning \"> 5\"
  pcemon rules add --name Logins --source events --match \"{ status = ['failure'] }\" --critical \">= 5\" --notify soc --yes
  pcemon rules add --from new-rule.toml --dry-run")]
    Add {
        /// The rule's keys
        #[command(flatten)]
        keys: RuleKeys,
        /// Take the rule from a file with a `[[rules]]` table, - for standard input
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        /// How it is done
        #[command(flatten)]
        how: How,
    },
    /// Change keys of a rule; without --set and --unset, opens it in $VISUAL or $EDITOR
    #[command(after_help = "\
Examples:
  pcemon rules edit \"Port scan\" --set \"warning=>= 50\" --set window=1h
  pcemon rules edit \"Port scan\" --set exclude.src_ip=192.0.2.10,192.0.2.11 --unset critical --yes
  pcemon rules edit \"Port scan\"")]
    Edit {
        /// Name of the rule
        #[arg(add = ArgValueCompleter::new(completing::rules))]
        name: String,
        /// Set a key; KEY may be in a table, for example match.port
        #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
        set: Vec<(String, String)>,
        /// Remove a key, so that its default applies
        #[arg(long, value_name = "KEY")]
        unset: Vec<String>,
        /// How it is done
        #[command(flatten)]
        how: How,
    },
    /// Remove a rule from the config, with the comment right above it
    #[command(after_help = "Example:\n  pcemon rules remove \"Port scan\"")]
    Remove {
        /// Name of the rule
        #[arg(add = ArgValueCompleter::new(completing::rules))]
        name: String,
        /// How it is done
        #[command(flatten)]
        how: How,
    },
    /// Why a rule fires or does not: the same as `pcemon explain`
    #[command(after_help = super::trial::EXPLAIN_EXAMPLES)]
    Explain(super::trial::ExplainArgs),
    /// Unit tests of rules: the same as `pcemon test`
    #[command(after_help = super::trial::TEST_HELP)]
    Test(super::trial::TestArgs),
    /// Backtest the rules: the same as `pcemon replay`
    #[command(after_help = super::trial::REPLAY_EXAMPLES)]
    Replay(super::trial::ReplayArgs),
    /// Enable rules
    #[command(after_help = "Examples:\n  pcemon rules enable \"Port scan\"\n  pcemon rules enable \"VEN*\" --yes")]
    Enable(Switch),
    /// Disable rules; they stay in the config
    #[command(after_help = "Examples:\n  pcemon rules disable \"Port scan\"\n  pcemon rules disable \"VEN*\" --yes")]
    Disable(Switch),
    /// Convert the settings of the older Python monitor
    ///
    /// Reads its config.json and writes a config for pcemon. Differences in meaning are listed on standard
    /// error, and as JSON with -o json. Secrets are not copied: the config names variables, and the output lists them.
    #[command(after_help = "\
Examples:
  pcemon rules import config.json > rules.toml
  pcemon rules import config.json --to rules.toml
  pcemon rules import config.json -o json | jq .differences")]
    Import {
        /// Its config.json, - for standard input
        file: PathBuf,
        /// Write the config here instead of to standard output; the file must not exist
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        /// Copy keys and passwords into the config as plain text
        #[arg(long)]
        keep_secrets: bool,
    },
    /// Print a JSON Schema of the config, for editors
    ///
    /// An editor with TOML support (Taplo, Even Better TOML) then completes and checks while you type. Name the schema
    /// in the first line of the config: #:schema ./rules.schema.json
    #[command(after_help = "Example:\n  pcemon rules schema > rules.schema.json")]
    Schema,
    /// Print a documented example config
    #[command(after_help = "Examples:\n  pcemon rules example > rules.toml\n  pcemon rules example --tests > rules.test.toml")]
    Example {
        /// Print the tests of its rules instead, for `pcemon test`
        #[arg(long)]
        tests: bool,
    },
}

/// How a change is made.
#[derive(Debug, Clone, Copy, Args)]
pub struct How {
    /// Do not ask for confirmation; required without a terminal
    #[arg(short, long)]
    pub yes: bool,
    /// Only show what would change
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
}

/// `pcemon rules enable|disable`
#[derive(Debug, Args)]
pub struct Switch {
    /// Names of rules, or patterns with * ? [..] {a,b}
    #[arg(value_name = "NAME", required = true, add = ArgValueCompleter::new(completing::rules))]
    pub names: Vec<String>,
    /// How it is done
    #[command(flatten)]
    pub how: How,
}

/// The keys of a rule with their values as typed, in the order of the example.
#[derive(Debug, Clone, Default)]
pub struct RuleKeys(pub Vec<(String, String)>);

impl FromArgMatches for RuleKeys {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut keys = Self::default();
        keys.update_from_arg_matches(matches)?;
        Ok(keys)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for key in keys() {
            let values = matches.get_many::<String>(&id(key.key)).into_iter().flatten();
            self.0.extend(values.map(|value| (key.key.to_owned(), value.clone())));
        }
        Ok(())
    }
}

impl Args for RuleKeys {
    fn augment_args(command: Command) -> Command {
        keys().into_iter().fold(command, |command, key| {
            // A list, a map or a table may be given piece by piece.
            let action = if key.value.starts_with(['[', '{']) { ArgAction::Append } else { ArgAction::Set };
            let mut arg = Arg::new(id(key.key))
                .long(key.key.replace('_', "-"))
                .value_name(placeholder(key.value))
                .help(key.text.clone())
                .help_heading("Keys of the rule")
                .action(action)
                .allow_hyphen_values(true)
                .conflicts_with("from");
            if key.key == "labels" {
                arg = arg.visible_alias("label");
            }
            if key.key == "notify" {
                arg = arg.add(ArgValueCompleter::new(completing::channels));
            }
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn keys() -> Vec<reference::Entry> {
    let mut list: Vec<reference::Entry> = reference::entries().into_iter().filter(|entry| entry.table == "rule").collect();
    for entry in &mut list {
        if let Some(text) = reference::sentence(entry.key) {
            entry.text = text.replace("are listed below", "are in `man pcemon.toml`");
        }
        if entry.text.is_empty() {
            entry.text = format!("For example {}", entry.value);
        }
        // Help begins like a sentence.
        entry.text = entry.text.chars().take(1).flat_map(char::to_uppercase).chain(entry.text.chars().skip(1)).collect();
    }
    list
}

/// Apart from the ids of other flags.
fn id(key: &str) -> String {
    format!("key {key}")
}

fn placeholder(value: &str) -> &'static str {
    match value.chars().next() {
        Some('[') => "VALUE,...",
        Some('{') => "KEY=VALUE,...",
        Some('t' | 'f') => "true|false",
        _ => "VALUE",
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, for example window=10m")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}
