//! `pcemon silence`: have alerts told to nobody for a while.

use crate::cli::{Global, SilenceArgs, SilenceCommand, Which};
use crate::commands::common::listing;
use crate::commands::common::{Exit, Failure, load_config, print_json, state_path};
use crate::config::Config;
use crate::domain::mute::{Matcher, Property, Silence, Target, WrongMatcher};
use crate::domain::rule::Rule;
use crate::domain::text::{shorten, visible};
use crate::domain::time::after;
use crate::judge::mute::title;
use crate::judge::transition::Stage;
use crate::run::output::print;
use crate::settings::reader::{did_you_mean, meant};
use crate::state::Store;
use crate::state::silences::SilenceFile;
use jiff::Timestamp;
use serde_json::json;
use std::path::Path;

/// Runs the command.
pub fn run(global: &Global, command: &SilenceCommand) -> Exit {
    match command {
        SilenceCommand::Add(args) => add(global, args),
        SilenceCommand::List { all, now } => list(global, *all, present(*now)),
        SilenceCommand::Expire { which, now } => expire(global, which, present(*now)),
    }
}

/// Whole seconds, as a run counts them: what begins now is in force for a run that begins in the same second.
fn present(now: Option<Timestamp>) -> Timestamp {
    let wall = now.unwrap_or_else(Timestamp::now);
    Timestamp::from_second(wall.as_second()).unwrap_or(wall)
}

/// The file, found like the state it lies beside.
fn file(global: &Global) -> Result<SilenceFile, Failure> {
    let config = if global.state.is_some() { None } else { Some(load_config(global)?) };
    Ok(SilenceFile::beside(&state_path(global, config.as_ref())?))
}

fn add(global: &Global, args: &SilenceArgs) -> Exit {
    let config = load_config(global)?;
    let path = state_path(global, Some(&config))?;
    let now = present(args.now);
    let until = match (args.until, args.lasts) {
        (Some(until), _) => until,
        (None, lasts) => after(now, lasts.unwrap_or_default()),
    };
    if until <= now {
        return Err(tr!("the silence would end at {until}, which is not after {now}; give an end in the future", until, now).into());
    }
    let reason = line("--reason", &args.reason)?;
    let by = args.by.as_deref().map(|by| line("--by", by)).transpose()?;
    let target = match &args.fingerprint {
        Some(fingerprint) => acknowledge(&path, fingerprint)?,
        None => Target::Matchers(args.matchers.iter().map(|text| matcher(text)).collect::<Result<_, Failure>>()?),
    };
    let silence = Silence { id: uuid::Uuid::new_v4().to_string(), target, from: now, until, reason, by };
    warn_of_nothing(&silence, &config);
    let shown = tr!("silence {id} until {until}: {what}\n", id = silence.short_id(), until, what = silence.what());
    SilenceFile::beside(&path).change(now, |silences| {
        silences.push(silence);
        Ok::<_, Failure>(())
    })?;
    if !global.quiet {
        print(&shown)?;
    }
    Ok(0)
}

/// A text that says something and stays on its line.
fn line(flag: &str, text: &str) -> Result<String, Failure> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 500 || text.chars().any(char::is_control) {
        return Err(tr!("{flag} must be one line of 1 to 500 characters", flag).into());
    }
    Ok(text.to_owned())
}

fn matcher(text: &str) -> Result<Matcher, Failure> {
    Matcher::parse(text, &crate::sources::SOURCES).map_err(|WrongMatcher { message, word, choices }| {
        let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
        let hint = word.map_or_else(String::new, |word| format!("; {}", did_you_mean(&word, &choices)));
        Failure(format!("--match '{}': {}{hint}", visible(text), visible(&message)))
    })
}

/// The alert that fires and has this fingerprint.
fn acknowledge(path: &Path, wanted: &str) -> Result<Target, Failure> {
    let instances = Store::read_only(path).read()?.map(|state| state.instances).unwrap_or_default();
    let mut found = instances.into_iter().filter(|(fingerprint, instance)| {
        instance.stage == Stage::Firing && !wanted.is_empty() && fingerprint.starts_with(&wanted.to_lowercase())
    });
    let shown = visible(wanted);
    match (found.next(), found.next()) {
        (Some((fingerprint, instance)), None) => {
            Ok(Target::Alert { fingerprint, episode: instance.fired_at.unwrap_or(instance.since), summary: title(&instance) })
        }
        (None, _) => Err(tr!("no firing alert has a fingerprint that starts with '{shown}'; see `pcemon state show`", shown).into()),
        (Some(_), Some(_)) => Err(tr!("several alerts have a fingerprint that starts with '{shown}'; give more characters", shown).into()),
    }
}

/// A silence for nothing is mostly a slip; it may also be for a rule that is still to come.
fn warn_of_nothing(silence: &Silence, config: &Config) {
    let rules: Vec<&Rule> = config.rules.iter().filter(|rule| rule.enabled).collect();
    if rules.iter().any(|rule| silence.could_take(rule)) {
        return;
    }
    let Target::Matchers(matchers) = &silence.target else { return };
    let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    let hint = matchers
        .iter()
        .filter(|matcher| matcher.property == Property::Rule && !matcher.differs)
        .filter(|matcher| !names.iter().any(|name| matcher.pattern.matches(name)))
        .find_map(|matcher| meant(matcher.pattern.text(), &names));
    let hint = hint.map_or_else(String::new, |hint| format!("; {}", visible(&hint)));
    log::warn!("{}", tr!("no alert of any enabled rule can match this silence{hint}", hint));
}

fn list(global: &Global, all: bool, now: Timestamp) -> Exit {
    let mut silences = file(global)?.read()?;
    silences.retain(|silence| all || now < silence.until);
    silences.sort_by(|a, b| (a.until, &a.id).cmp(&(b.until, &b.id)));
    if global.output.as_deref() == Some("json") {
        print_json(&json!(silences))?;
    } else if silences.is_empty() {
        print(&if global.quiet { String::new() } else { tr!("no silence is in force\n") })?;
    } else {
        let rows = silences.iter().map(|silence| row(silence, now)).collect();
        let head = [tr!("id"), tr!("state"), tr!("until"), tr!("by"), tr!("mutes"), tr!("reason")];
        print(&listing(head, rows))?;
    }
    Ok(0)
}

fn row(silence: &Silence, now: Timestamp) -> Vec<String> {
    let state = match silence.holds(now) {
        true => tr!("in force"),
        false if now < silence.from => tr!("later"),
        false => tr!("ended"),
    };
    vec![
        visible(silence.short_id()),
        state,
        silence.until.to_string(),
        silence.by.as_deref().map_or_else(|| "-".to_owned(), visible),
        silence.what(),
        shorten(&visible(&silence.reason), 120),
    ]
}

fn expire(global: &Global, which: &Which, now: Timestamp) -> Exit {
    let count = file(global)?.change(now, |silences| {
        let fits = |silence: &Silence| {
            now < silence.until && (which.all || which.id.as_ref().is_some_and(|id| !id.is_empty() && silence.id.starts_with(id.as_str())))
        };
        let chosen: Vec<&mut Silence> = silences.iter_mut().filter(|silence| fits(silence)).collect();
        let count = chosen.len();
        match &which.id {
            Some(id) if count == 0 => {
                return Err(Failure(format!(
                    "no silence in force has an id that begins with '{}'; see `pcemon silence list`",
                    visible(id)
                )));
            }
            Some(id) if count > 1 => {
                return Err(Failure(tr!(
                    "{count} silences have an id that starts with '{id}'; give more characters",
                    count,
                    id = visible(id)
                )));
            }
            _ => {}
        }
        for silence in chosen {
            silence.until = now;
            silence.from = silence.from.min(now);
        }
        Ok(count)
    })?;
    if !global.quiet {
        print(&trn!("{count} silence ended\n", "{count} silences ended\n", count = count))?;
    }
    Ok(0)
}
