//! `pcemon init`: a first config, from flags and, where a person sits, from answers.

mod ask;
mod certificate;
mod channels;
mod draft;
mod labels;
mod pce;
mod rules;
mod secrets;
mod target;

use crate::cli::{Global, InitArgs, InitCommand, StartingRules};
use crate::commands::common::attended;
use crate::commands::common::{Exit, Failure, refused};
use crate::config::{self, Config};
use crate::domain::counted;
use crate::domain::text::{for_a_shell, visible};
use crate::edit::save::create;
use crate::files;
use crate::lang::{self, Language};
use crate::run::interrupt::Interrupt;
use crate::run::output::print;
use ask::{complain, question, quoted};
use channels::Chosen;
use draft::{Asking, Draft};
use pce::Pce;
use rules::Rules;
use secrets::Keeper;
use std::path::{Path, PathBuf};

/// Runs the command.
pub fn run(global: &Global, args: &InitArgs) -> Exit {
    if let Some(InitCommand::Target(target)) = &args.command {
        return target::run(global, target);
    }
    let path = global.config.clone().unwrap_or_else(|| PathBuf::from("rules.toml"));
    may_be_written(&path, args.force)?;
    let is_asking = attended() && args.url.is_none();
    let interrupt = Interrupt::listen().map_err(|error| tr!("cannot listen for signals: {error}", error))?;
    interrupt.says(tr!("interrupted; no config was written"));
    let keeper = Keeper::beside(&path)?;
    let Answers { pce, channels, rules } = if is_asking {
        let draft = Draft::beside(&path, &interrupt);
        ask_all(Asking { global, keeper: &keeper, draft: &draft }, args, &path).map_err(|Failure(said)| Failure(draft.farewell(&said)))?
    } else {
        Answers {
            pce: pce::from_flags(global, args, &keeper, &interrupt)?,
            channels: channels_of(args, &keeper)?,
            rules: Rules { which: args.rules.unwrap_or(StartingRules::Starter), databases: None },
        }
    };
    let text = written(&pce, &rules, &channels)?;
    let config = config::parse(&path, &text).map_err(|error| refused(global, &error))?;
    if !config.warnings.is_empty() {
        return Err(Failure(tr!(
            "nothing was written; the config would warn on every run:\n{warnings}",
            warnings = config.warnings.join("\n")
        )));
    }
    let places = pce.places().into_iter().chain(channels.iter().flat_map(|channel| &channel.places));
    let kept = secrets::write(places, args.force)?;
    let draft = Draft::beside(&path, &interrupt);
    let path = match put(&path, &text, args.force, is_asking) {
        Ok(path) => path,
        Err(error) => {
            for file in kept {
                // What was written a moment ago belongs to a config that is not there.
                let _ = std::fs::remove_file(file);
            }
            return Err(error);
        }
    };
    draft.done();
    if !global.quiet {
        print(&next_steps(&path, &config, &kept))?;
    }
    Ok(0)
}

/// What a config is made of.
struct Answers {
    pce: Pce,
    channels: Vec<Chosen>,
    rules: Rules,
}

/// Asks for all of it, in order; what an earlier run was told is offered again.
fn ask_all(asking: Asking<'_>, args: &InitArgs, path: &Path) -> Result<Answers, Failure> {
    print(&tr!("A few questions. Secrets are not needed, only where they are stored. Ctrl-C writes no config and keeps the answers.\n"))?;
    if !asking.draft.is_empty() {
        print(&tr!("The answers of the last attempt are offered again: Enter accepts the value in brackets.\n"))?;
    }
    print("\n")?;
    let pce = pce::ask(asking, args, path)?;
    let channels = channels_of(args, asking.keeper)?;
    let channels = if channels.is_empty() { channels::ask(asking)? } else { channels };
    Ok(Answers { rules: rules::ask(asking.draft, args.rules, &pce)?, pce, channels })
}

fn channels_of(args: &InitArgs, keeper: &Keeper) -> Result<Vec<Chosen>, Failure> {
    args.channel.iter().map(|text| channels::from_flag(text, keeper)).collect()
}

/// Says before the first question what would be said after the last.
fn may_be_written(path: &Path, force: bool) -> Result<(), Failure> {
    if path.exists() && !force {
        return Err(Failure(tr!("{path} exists; nothing was written (use --force to overwrite it)", path = path.display())));
    }
    files::prove_replaceable(path, 0).map_err(|error| Failure(tr!("cannot write {path}: {error}", path = path.display(), error)))
}

/// Writes the config; whoever has answered many questions is asked for another place when it cannot be written here.
fn put(path: &Path, text: &str, force: bool, asking: bool) -> Result<PathBuf, Failure> {
    match create(path, text, force) {
        Ok(()) => Ok(path.to_path_buf()),
        Err(error) if asking => {
            complain(&error);
            question(&tr!("Another path for the config?"), None, |given| {
                let elsewhere = PathBuf::from(given);
                create(&elsewhere, text, force)?;
                Ok(elsewhere)
            })
        }
        Err(error) => Err(error.into()),
    }
}

/// The whole config.
fn written(pce: &Pce, rules: &Rules, channels: &[Chosen]) -> Result<String, Failure> {
    let mut text = tr!("# `pcemon rules example` explains every key; `pcemon rules schema` lets an editor help.\n\n");
    text.push_str(&pce.text());
    text.push_str(&run_table());
    text.push_str("\n[defaults]\nwindow = \"10m\"\ncooldown = \"30m\"\n\n");
    let lines = labels::label_lines(pce.labels.as_deref().unwrap_or_default());
    if !lines.is_empty() {
        text.push_str(&tr!("# The labels of this PCE, for src_label, dst_label and label:\n"));
        text.push_str(&lines.iter().map(|line| format!("#   {line}\n")).collect::<String>());
        text.push('\n');
    }
    text.push_str(&rules::text(rules, pce)?);
    text.push_str(&channels::text(channels));
    Ok(text)
}

/// What cron does not know of whoever sits here: their language and their clock.
fn run_table() -> String {
    let mut out = String::new();
    if lang::current() != Language::English {
        out.push_str(&format!("language = {}\n", quoted(lang::current().name())));
    }
    let zone = jiff::tz::TimeZone::system();
    if let Some(name) = zone.iana_name().filter(|name| !matches!(*name, "UTC" | "Etc/UTC" | "Etc/Unknown")) {
        out.push_str(&format!("timezone = {}\n", quoted(name)));
    }
    if out.is_empty() { out } else { format!("\n[run]\n{out}") }
}

fn next_steps(path: &Path, config: &Config, kept: &[PathBuf]) -> String {
    let at = if path == Path::new("rules.toml") { String::new() } else { format!(" -c {}", visible(&path.display().to_string())) };
    let rules = config.rules.iter().filter(|rule| rule.enabled).count();
    let mut out = tr!(
        "{path} was written: {rules} on, {channels}. Next:\n",
        path = visible(&path.display().to_string()),
        rules = counted::rules(rules),
        channels = counted::channels(config.channels.len())
    );
    for file in kept {
        out.push_str(&tr!(
            "  {path} contains the values that were given directly (permissions 0600)\n",
            path = visible(&file.display().to_string())
        ));
    }
    let sources =
        config.pce.iter().flat_map(|pce| [&pce.api_key, &pce.api_secret]).filter(|source| crate::settings::fetch_secret(source).is_err());
    let places: Vec<String> = sources.map(|source| source.describe()).collect();
    if !places.is_empty() {
        out.push_str(&tr!(
            "  put the API key's id and secret where the config expects them: {places}\n",
            places = visible(&places.join(&tr!(", ")))
        ));
    }
    out.push_str(&tr!("  pcemon rules validate{at}    # makes no connection\n", at));
    out.push_str(&tr!("  pcemon doctor{at}            # tests connection, credentials and channels\n", at));
    for channel in &config.channels {
        out.push_str(&format!(
            "  pcemon channel test {}{at}   # {}\n",
            visible(&channel.common.name),
            visible(&channel.settings.destination())
        ));
    }
    if let Some(off) = config.rules.iter().find(|rule| !rule.enabled) {
        let name = for_a_shell(&off.name);
        out.push_str(&tr!("  pcemon rules list{at}        # the rest is off; for example: pcemon rules enable {name}{at}\n", at, name));
    }
    out.push_str(&tr!("  pcemon check --dry-run{at}   # queries the PCE; stores and sends nothing\n", at));
    out.push_str(&tr!("  pcemon check{at}             # every few minutes, from cron or a timer\n", at));
    out
}
