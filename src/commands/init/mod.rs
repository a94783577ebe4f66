//! `pcemon init`: a first config, from flags and, where a person sits, from answers.

mod ask;
mod channels;
mod pce;
mod secrets;

use super::attended;
use crate::app::{Exit, Failure, refused};
use crate::cli::{Global, InitArgs, StartingRules};
use crate::config::reference::EXAMPLE;
use crate::config::{self, Config};
use crate::domain::text::visible;
use crate::edit::save::create;
use crate::edit::{Block, Sheet};
use crate::run::output::print;
use ask::question;
use channels::Chosen;
use secrets::Keeper;
use std::path::{Path, PathBuf};
use toml_edit::Value;

/// The rules that are on at first: one for each topic, none that needs a name of the reader's estate.
const STARTER: [&str; 15] = [
    "VEN tampering",
    "VEN cloned",
    "Policy deployment failed",
    "VENs that are offline",
    "VEN policy not in sync",
    "Login failures",
    "API authentication failures",
    "API key changed",
    "Permissions changed",
    "Large provisioning",
    "PCE health",
    "Traffic database nearly full",
    "PCE unreachable",
    "Messages are not delivered",
    "Port scan",
];

/// A rule that lets a part of the config be proven on its own.
const SOME_RULE: &str = "\n[[rules]]\nname = \"x\"\nsource = \"health\"\n";

/// Runs the command.
pub fn run(global: &Global, args: &InitArgs) -> Exit {
    let path = global.config.clone().unwrap_or_else(|| PathBuf::from("rules.toml"));
    if path.exists() && !args.force {
        return Err(Failure(tr!("{path} is there already; nothing was written (use --force to write over it)", path = path.display())));
    }
    let asking = attended() && args.url.is_none();
    if asking {
        print(&tr!("A few questions; Ctrl-C leaves everything as it is. Secrets are not asked for, only where they are.\n\n"))?;
    }
    let keeper = Keeper::beside(&path)?;
    let pce = if asking { pce::ask(global, args, &keeper, &path)? } else { pce::from_flags(args, &keeper)? };
    let mut channels: Vec<Chosen> = args.channel.iter().map(|text| channels::from_flag(text, &keeper)).collect::<Result<_, _>>()?;
    if asking && channels.is_empty() {
        channels = channels::ask(global, &keeper)?;
    }
    let rules = match args.rules {
        Some(rules) => rules,
        None if asking => ask_rules()?,
        None => StartingRules::Starter,
    };
    let mut text = String::from("# `pcemon rules example` explains every key; `pcemon rules schema` lets an editor help.\n\n");
    text.push_str(&pce.text());
    text.push_str("\n[defaults]\nwindow = \"10m\"\ncooldown = \"30m\"\n\n");
    text.push_str(&rules_text(rules, pce.offers_health)?);
    text.push_str(&channels::text(&channels));
    let config = config::parse(&path, &text).map_err(|error| refused(global, &error))?;
    if !config.warnings.is_empty() {
        return Err(Failure(tr!(
            "nothing was written; the config would warn on every run:\n{warnings}",
            warnings = config.warnings.join("\n")
        )));
    }
    let places = pce.places().into_iter().chain(channels.iter().flat_map(|channel| &channel.places));
    let kept = secrets::write(places, args.force)?;
    if let Err(error) = create(&path, &text, args.force) {
        for file in kept {
            // What was written a moment ago belongs to a config that is not there.
            let _ = std::fs::remove_file(file);
        }
        return Err(error.into());
    }
    if !global.quiet {
        print(&next_steps(&path, &config, &kept))?;
    }
    Ok(0)
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The rules of the example, with its comments: all, a dozen of them on, or the PCE's health alone.
fn rules_text(which: StartingRules, offers_health: Option<bool>) -> Result<String, Failure> {
    let mut text = EXAMPLE.to_owned();
    let unwanted = |block: &Block| {
        let is_health = block.source.as_deref() == Some("health");
        // What the PCE does not offer would be unknown for ever.
        (offers_health == Some(false) && is_health) || (which == StartingRules::None && !is_health)
    };
    loop {
        let sheet = Sheet::read(&text)?;
        let Some(block) = sheet.rules().iter().find(|block| unwanted(block)) else { break };
        text = sheet.without(block);
    }
    let sheet = Sheet::read(&text)?;
    if which == StartingRules::Starter {
        let off: Vec<String> = sheet
            .rules()
            .iter()
            .filter(|block| !STARTER.contains(&block.name.as_str()))
            .map(|block| sheet.text_of(block).to_owned())
            .collect();
        for block in off.iter().filter(|block| !block.contains("\nenabled = false\n")) {
            if let Some((head, tail)) = block.split_once("\nsource = ") {
                text = text.replace(block.as_str(), &format!("{head}\nenabled = false\nsource = {tail}"));
            }
        }
    }
    // Links into a wiki and addresses that are not there help nobody.
    let is_placeholder =
        |line: &str| line.starts_with("runbook = \"https://wiki.example.com/") || line == "exclude = { src_ip = [\"192.0.2.10\"] }\n";
    let text: String = text.split_inclusive('\n').filter(|line| !is_placeholder(line)).collect();
    let sheet = Sheet::read(&text)?;
    Ok(sheet.section(which == StartingRules::None).to_owned())
}

fn next_steps(path: &Path, config: &Config, kept: &[PathBuf]) -> String {
    let at = if path == Path::new("rules.toml") { String::new() } else { format!(" -c {}", visible(&path.display().to_string())) };
    let rules = config.rules.iter().filter(|rule| rule.enabled).count();
    let mut out = tr!(
        "{path} was written: {rules} rules on, {channels} channels. Next:\n",
        path = visible(&path.display().to_string()),
        rules,
        channels = config.channels.len()
    );
    for file in kept {
        out.push_str(&tr!("  {path} holds what was given by value; only you may read it\n", path = visible(&file.display().to_string())));
    }
    let sources = config.pce.iter().flat_map(|pce| [&pce.api_key, &pce.api_secret]).filter(|source| config::fetch_secret(source).is_err());
    let places: Vec<String> = sources.map(|source| source.describe()).collect();
    if !places.is_empty() {
        out.push_str(&tr!(
            "  put the API key's id and secret where the config looks for them: {places}\n",
            places = visible(&places.join(", "))
        ));
    }
    out.push_str(&tr!("  pcemon rules validate{at}    # contacts nobody\n", at));
    out.push_str(&tr!("  pcemon doctor{at}            # asks the PCE and reaches the channels, part by part\n", at));
    for channel in &config.channels {
        out.push_str(&format!(
            "  pcemon channel test {}{at}   # {}\n",
            visible(&channel.common.name),
            visible(&channel.settings.destination())
        ));
    }
    if config.rules.iter().any(|rule| !rule.enabled) {
        out.push_str(&tr!("  pcemon rules list{at}        # the rest is off; for example: pcemon rules enable 'VEN suspended'{at}\n", at));
    }
    out.push_str(&tr!("  pcemon check --dry-run{at}   # asks the PCE; remembers and sends nothing\n", at));
    out.push_str(&tr!("  pcemon check{at}             # every few minutes, from cron or a timer\n", at));
    out
}

fn ask_rules() -> Result<StartingRules, Failure> {
    let text = tr!("\nWhich rules: starter (a dozen on, the rest off), all, or none (only the PCE's health)");
    question(&text, Some("starter"), |given| match given {
        "starter" => Ok(StartingRules::Starter),
        "all" => Ok(StartingRules::All),
        "none" => Ok(StartingRules::None),
        _ => Err(Failure(tr!("starter, all or none"))),
    })
}
