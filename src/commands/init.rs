//! `pcemon init`: a first config, from flags and, where a person sits, from answers.

use super::{answer, attended};
use crate::app::{Exit, Failure, refused};
use crate::channels::KINDS;
use crate::cli::{Global, InitArgs, StartingRules};
use crate::config::reader::did_you_mean;
use crate::config::reference::EXAMPLE;
use crate::config::shape::{Shape, Want};
use crate::config::{self, Config};
use crate::domain::text::visible;
use crate::edit::save::create;
use crate::edit::values::{new_table, shape_of_channel, split_pairs};
use crate::edit::{Block, Sheet};
use crate::run::output::print;
use std::io::Write;
use std::path::{Path, PathBuf};
use toml_edit::Value;

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
    let pce = if asking { ask_pce(global, args)? } else { pce_from_flags(args)? };
    let mut channels: Vec<Chosen> = args.channel.iter().map(|text| channel_from_flag(text)).collect::<Result<_, _>>()?;
    if asking && channels.is_empty() {
        channels = ask_channels(global)?;
    }
    let rules = match args.rules {
        Some(rules) => rules,
        None if asking => ask_rules()?,
        None => StartingRules::Starter,
    };
    let mut text = String::from("# `pcemon rules example` explains every key; `pcemon rules schema` lets an editor help.\n\n");
    text.push_str(&pce);
    text.push_str("\n[defaults]\nwindow = \"10m\"\ncooldown = \"30m\"\n\n");
    text.push_str(&rules_text(rules)?);
    text.push_str(&channels_text(&channels));
    let config = config::parse(&path, &text).map_err(|error| refused(global, &error))?;
    if !config.warnings.is_empty() && !channels.iter().any(|channel| channel.plain) {
        return Err(Failure(tr!(
            "nothing was written; the config would warn on every run:\n{warnings}",
            warnings = config.warnings.join("\n")
        )));
    }
    create(&path, &text, args.force)?;
    for warning in &config.warnings {
        log::warn!("{warning}");
    }
    if !global.quiet {
        print(&next_steps(&path, &config))?;
    }
    Ok(0)
}

/// A channel as it was chosen.
struct Chosen {
    name: String,
    text: String,
    /// A secret stands in it, because that was asked for.
    plain: bool,
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn pce_text(url: &str, org: &str, key: &str, secret: &str) -> String {
    format!("[pce]\nurl = {}\norg_id = {org}\napi_key = {key}\napi_secret = {secret}\n", quoted(url))
}

fn pce_from_flags(args: &InitArgs) -> Result<String, Failure> {
    let (Some(url), Some(org)) = (&args.url, args.org) else {
        return Err(Failure(tr!("say where the PCE is: --url https://pce.example.com:8443 --org 1 (on a terminal, `pcemon init` asks)")));
    };
    Ok(pce_text(url, &org.to_string(), &key_place(args)?, &secret_place(args)?))
}

fn key_place(args: &InitArgs) -> Result<String, Failure> {
    place_of(args.api_key_env.as_deref(), args.api_key_file.as_deref(), "PCE_API_KEY")
}

fn secret_place(args: &InitArgs) -> Result<String, Failure> {
    place_of(args.api_secret_env.as_deref(), args.api_secret_file.as_deref(), "PCE_API_SECRET")
}

fn place_of(variable: Option<&str>, file: Option<&Path>, usual: &str) -> Result<String, Failure> {
    match file {
        Some(path) => Ok(secret_of(&format!("file:{}", path.display()))?.0),
        None => Ok(secret_of(variable.unwrap_or(usual))?.0),
    }
}

/// A secret as it is written in the config, and whether it stands there itself: `NAME`, `file:PATH` or `plain:TEXT`.
fn secret_of(text: &str) -> Result<(String, bool), Failure> {
    if let Some(path) = text.strip_prefix("file:") {
        return Ok((format!("{{ file = {} }}", quoted(path)), false));
    }
    if let Some(plain) = text.strip_prefix("plain:") {
        return Ok((plain.to_owned(), true));
    }
    if text.contains("://") {
        return Ok((text.to_owned(), false));
    }
    let is_name =
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        // It is not repeated: it may well be the secret.
        let message =
            tr!("a secret is given as the name of an environment variable, as file:PATH, or, to write it into the config, as plain:TEXT");
        return Err(Failure(message));
    }
    Ok((format!("{{ env = {} }}", quoted(text)), false))
}

/// `type=slack,url=SLACK_WEBHOOK_URL`
fn channel_from_flag(text: &str) -> Result<Chosen, Failure> {
    let kind = text.split(',').find_map(|piece| piece.trim().strip_prefix("type=")).unwrap_or_default();
    let shape = shape_of_channel(kind).ok_or_else(|| no_kind(kind))?;
    channel(kind, &shape, split_pairs(text, |name| want(&shape, name).is_some())?)
}

fn no_kind(kind: &str) -> Failure {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    Failure(tr!("there is no type of channel '{kind}'; {hint}", kind = visible(kind), hint = did_you_mean(kind, &names)))
}

/// What kind of value a key takes; `smtp.host` is one of a table.
fn want(shape: &Shape, path: &str) -> Option<Want> {
    match path.split_once('.') {
        Some((table, key)) => want(&shape.table(table)?, key),
        None => shape.get(path).map(|key| key.want.clone()),
    }
}

fn channel(kind: &str, shape: &Shape, mut pairs: Vec<(String, String)>) -> Result<Chosen, Failure> {
    let mut plain = false;
    for (key, value) in &mut pairs {
        if matches!(want(shape, key), Some(Want::Secret | Want::Secrets)) {
            let (written, is_plain) = secret_of(value)?;
            *value = written;
            plain |= is_plain;
        }
    }
    if !pairs.iter().any(|(key, _)| key == "name") {
        pairs.push(("name".to_owned(), kind.to_owned()));
    }
    let name = pairs.iter().find(|(key, _)| key == "name").map(|(_, name)| name.clone()).unwrap_or_default();
    Ok(Chosen { name, text: new_table("channels", &pairs, shape)?, plain })
}

fn channels_text(channels: &[Chosen]) -> String {
    let mut text: String = channels.iter().map(|channel| format!("\n{}", channel.text)).collect();
    if !channels.is_empty() {
        let names: Vec<String> = channels.iter().map(|channel| quoted(&channel.name)).collect();
        text.push_str(&format!(
            "\n# Everything goes everywhere; see [[routes]] in the example.\n[[routes]]\nchannels = [{}]\n",
            names.join(", ")
        ));
    }
    text
}

/// The rules of the example, with its comments: all, those that are on, or the PCE's health alone.
fn rules_text(which: StartingRules) -> Result<String, Failure> {
    let mut text = EXAMPLE.to_owned();
    let unwanted = |sheet: &Sheet, block: &Block| match which {
        StartingRules::All => false,
        StartingRules::Starter => sheet.text_of(block).contains("\nenabled = false\n"),
        StartingRules::None => block.source.as_deref() != Some("health"),
    };
    loop {
        let sheet = Sheet::read(&text)?;
        let Some(block) = sheet.rules().iter().find(|block| unwanted(&sheet, block)) else { break };
        text = sheet.without(block);
    }
    // Links into a wiki that is not there help nobody.
    let is_placeholder = |line: &str| line.starts_with("runbook = \"https://wiki.example.com/");
    let text: String = text.split_inclusive('\n').filter(|line| !is_placeholder(line)).collect();
    let sheet = Sheet::read(&text)?;
    Ok(sheet.section(which == StartingRules::None).to_owned())
}

fn next_steps(path: &Path, config: &Config) -> String {
    let at = if path == Path::new("rules.toml") { String::new() } else { format!(" -c {}", visible(&path.display().to_string())) };
    let rules = config.rules.iter().filter(|rule| rule.enabled).count();
    let mut out = tr!(
        "{path} was written: {rules} rules on, {channels} channels. Next:\n",
        path = visible(&path.display().to_string()),
        rules,
        channels = config.channels.len()
    );
    let sources = config.pce.iter().flat_map(|pce| [&pce.api_key, &pce.api_secret]);
    let places: Vec<String> = sources.map(|source| source.describe()).collect();
    out.push_str(&tr!(
        "  put the API key's id and secret where the config looks for them: {places}\n",
        places = visible(&places.join(", "))
    ));
    for channel in &config.channels {
        out.push_str(&format!(
            "  pcemon channel test {}{at}   # {}\n",
            visible(&channel.common.name),
            visible(&channel.settings.destination())
        ));
    }
    out.push_str(&format!("  pcemon rules list{at}\n"));
    out.push_str(&tr!("  pcemon check --dry-run{at}   # asks the PCE; remembers and sends nothing\n", at));
    out.push_str(&tr!("  pcemon check{at}             # every few minutes, from cron or a timer\n", at));
    out
}

/// Why questions led to nothing.
enum Trouble {
    /// Nobody answers, so nobody can be asked again.
    Over(Failure),
    /// The answers will not do; others may.
    Wrong(Failure),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Trouble::Wrong(failure)
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Over(failure) | Trouble::Wrong(failure) => failure,
        }
    }
}

/// What a person answers.
fn asked(question: &str) -> Result<String, Trouble> {
    answer(question).map_err(Trouble::Over)
}

/// Asks until the part of the config that comes of it is right.
fn until_right<T>(global: &Global, mut ask: impl FnMut() -> Result<T, Trouble>, text: impl Fn(&T) -> String) -> Result<T, Failure> {
    loop {
        let Failure(said) = match ask() {
            Ok(given) => match config::parse(Path::new("answers"), &format!("{}{SOME_RULE}", text(&given))) {
                Ok(_) => return Ok(given),
                Err(error) => refused(global, &error),
            },
            Err(Trouble::Over(failure)) => return Err(failure),
            Err(Trouble::Wrong(failure)) => failure,
        };
        let _nobody_left_to_tell = writeln!(std::io::stderr().lock(), "{}\n", said.trim_end());
    }
}

fn or_usual(question: &str, usual: &str) -> Result<String, Trouble> {
    let given = asked(&format!("{question} [{usual}]: "))?;
    Ok(if given.is_empty() { usual.to_owned() } else { given })
}

fn ask_pce(global: &Global, args: &InitArgs) -> Result<String, Failure> {
    let ask = || {
        let url = asked(&tr!("URL of the PCE (https://pce.example.com:8443): "))?;
        let org = match args.org {
            Some(org) => org.to_string(),
            None => or_usual(&tr!("Organisation, the number in the console's URL"), "1")?,
        };
        let org = org.parse::<u64>().map_err(|_| Failure(tr!("the organisation is a number")))?.to_string();
        let key = if args.api_key_env.is_some() || args.api_key_file.is_some() {
            key_place(args)?
        } else {
            secret_of(&or_usual(&tr!("Variable with the API key's id, or file:PATH"), "PCE_API_KEY")?)?.0
        };
        let secret = if args.api_secret_env.is_some() || args.api_secret_file.is_some() {
            secret_place(args)?
        } else {
            secret_of(&or_usual(&tr!("Variable with the API key's secret, or file:PATH"), "PCE_API_SECRET")?)?.0
        };
        Ok(pce_text(&url, &org, &key, &secret))
    };
    until_right(global, ask, Clone::clone)
}

fn ask_channels(global: &Global) -> Result<Vec<Chosen>, Failure> {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let mut out: Vec<Chosen> = Vec::new();
    loop {
        let question = if out.is_empty() { tr!("Where shall alerts go? Nothing for none.") } else { tr!("Where else? Nothing for none.") };
        let kind = answer(&format!("\n{question}\n  {}\n: ", names.join(" ")))?;
        if kind.is_empty() {
            return Ok(out);
        }
        let Some(shape) = shape_of_channel(&kind) else {
            let _nobody_left_to_tell = writeln!(std::io::stderr().lock(), "{}", no_kind(&kind).0);
            continue;
        };
        let taken: Vec<String> = out.iter().map(|channel| channel.name.clone()).collect();
        let ask = || {
            let name = or_usual(&tr!("Name of the channel"), &kind)?;
            if taken.contains(&name) {
                return Err(Failure(tr!("there is a channel '{name}' already", name = visible(&name))).into());
            }
            let mut pairs = vec![("name".to_owned(), name), ("type".to_owned(), kind.clone())];
            ask_keys(&shape, "", &mut pairs)?;
            Ok(channel(&kind, &shape, pairs)?)
        };
        let text = |channel: &Chosen| format!("{}\n[[routes]]\nchannels = [{}]\n", channel.text, quoted(&channel.name));
        out.push(until_right(global, ask, text)?);
    }
}

/// Asks for what the channel cannot do without; of a table, for all of it.
fn ask_keys(shape: &Shape, prefix: &str, pairs: &mut Vec<(String, String)>) -> Result<(), Trouble> {
    for (key, known) in shape.keys.iter().filter(|(key, _)| !matches!(key.as_str(), "name" | "type")) {
        let path = format!("{prefix}{key}");
        match &known.want {
            Want::Table(inner) if known.required => ask_keys(&inner.borrow(), &format!("{path}."), pairs)?,
            Want::Unsaid | Want::Table(_) | Want::Tables(_) => {}
            want if known.required || !prefix.is_empty() => {
                let how = match want {
                    Want::Secret | Want::Secrets => tr!(" (name of a variable, or file:PATH)"),
                    _ if known.closed => format!(" ({})", known.words.join(", ")),
                    _ => String::new(),
                };
                let optional = if known.required { String::new() } else { tr!(", if any") };
                let given = asked(&format!("{path}{how}{optional}: "))?;
                if !given.is_empty() {
                    pairs.push((path, given));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn ask_rules() -> Result<StartingRules, Failure> {
    let question = tr!("\nWhich rules: starter (need nothing of your own), all, or none (only the PCE's health)");
    loop {
        match or_usual(&question, "starter")?.as_str() {
            "starter" => return Ok(StartingRules::Starter),
            "all" => return Ok(StartingRules::All),
            "none" => return Ok(StartingRules::None),
            _ => {}
        }
    }
}
