//! `pcemon replay`: the rules of today over recorded runs, or over one export with a simulated clock: what would have
//! fired, how often somebody would have been told, and which thresholds would have been right.

mod story;

use crate::cli::{CheckArgs, Global, ReplayArgs};
use crate::commands::common::{Exit, load_config};
use crate::config::Config;
use crate::domain::glob;
use crate::domain::report::Accounting;
use crate::domain::rule::Rule;
use crate::domain::time::{after, since};
use crate::run::export::Export;
use crate::run::interrupt::Interrupt;
use crate::run::simulate::{SimulationState, simulate};
use crate::run::{Cycle, GivenAnswers, output, recorded};
use crate::settings::reader::did_you_mean;
use crate::sources::TRAFFIC;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use story::Story;

/// More steps than this are a mistake in the span or in the step.
const MOST_STEPS: u64 = 200_000;

/// Runs the command.
pub fn run(global: &Global, args: &ReplayArgs) -> Exit {
    let form = story::form(global.output.as_deref())?;
    let mut config = load_config(global)?;
    let warnings = std::mem::take(&mut config.warnings);
    warnings.iter().for_each(|warning| log::info!("{warning}"));
    args.inputs.proven(|source| config.targets_of(source))?;
    config.rules = chosen(&config, args.rule.as_deref())?;
    let interrupt = Interrupt::listen().map_err(|error| tr!("cannot listen for signals: {error}", error))?;
    let mut story = Story::default();
    let mut kept = SimulationState::new(&config);
    let mut look = |story: &mut Story, now: Timestamp, given: &GivenAnswers| -> Result<(), String> {
        let check = CheckArgs { now: Some(now), ..CheckArgs::default() };
        let cycle = Cycle {
            config: &config,
            args: &check,
            state_path: PathBuf::new(),
            interrupt: &interrupt,
            progress: &|_| {},
            given: Some(given),
            trace: None,
            recorder: None,
        };
        let rehearsed = simulate(&cycle, &mut kept, &BTreeSet::new(), now).map_err(|error| error.to_string())?;
        story.add(now, &rehearsed);
        Ok(())
    };
    if args.folders.is_empty() {
        let export = Export::read(&args.inputs)?;
        let (from, to) = span(args, &export)?;
        for (number, now) in (0u64..).zip(clock(from, to, args.step)?) {
            // The first look learns from everything.
            let back = if number == 0 { Duration::MAX } else { reach(&config, args.step) };
            look(&mut story, now, &export.answer(now, back))?;
        }
        if args.inputs.of(TRAFFIC).is_some() {
            story.notes.push(tr!(
                "An export holds totals of whole day buckets: their connections and bytes are taken to have come evenly between first and last detection."
            ));
        }
    } else {
        for (folder, note) in recorded::find(&args.folders)? {
            look(&mut story, note.at, &note.given(&folder))?;
            if note.sources.iter().any(|source| source.status == "partial") {
                story.notes.push(tr!(
                    "The answer of {at} was incomplete, and what is missing in it is not known in the replay either.",
                    at = note.at
                ));
            }
        }
    }
    output::print(&form(&story, &config))?;
    Ok(0)
}

/// The enabled rules, or those that were asked for.
fn chosen(config: &Config, pattern: Option<&str>) -> Result<Vec<Rule>, String> {
    let Some(pattern) = pattern else { return Ok(config.rules.iter().filter(|rule| rule.enabled).cloned().collect()) };
    let glob = glob::matcher(pattern, false).map_err(|error| tr!("'{pattern}' is not a valid pattern: {error}", pattern, error))?;
    let rules: Vec<Rule> = config
        .rules
        .iter()
        .filter(|rule| rule.name == pattern || glob.is_match(&rule.name))
        .map(|rule| Rule { enabled: true, ..rule.clone() })
        .collect();
    if rules.is_empty() {
        let names: Vec<&str> = config.rules.iter().map(|rule| rule.name.as_str()).collect();
        return Err(tr!("no rule is called '{pattern}'; {hint}", pattern, hint = did_you_mean(pattern, &names)));
    }
    Ok(rules)
}

fn span(args: &ReplayArgs, export: &Export) -> Result<(Timestamp, Timestamp), String> {
    let told = export.span();
    let from = args.from.or(told.map(|(first, _)| first));
    let to = args.to.or(told.map(|(_, last)| after(last, args.step)));
    from.zip(to).ok_or_else(|| tr!("the export holds no record with a time that is read here; give --from and --to"))
}

/// Every instant at which a run would have looked.
fn clock(from: Timestamp, to: Timestamp, step: Duration) -> Result<Vec<Timestamp>, String> {
    if step.is_zero() || to < from {
        return Err(tr!("nothing lies between --from and --to; give a step longer than 0s and an end after the start"));
    }
    let steps = since(to, from).as_secs() / step.as_secs().max(1);
    if steps > MOST_STEPS {
        return Err(tr!("{steps} steps are too many; give a longer --step, or --from and --to", steps));
    }
    Ok((0..=steps).map(|number| after(from, Duration::from_secs(number * step.as_secs().max(1)))).collect())
}

/// How far back a run asks. Of what lies further back one that counts increases does not remember that it was seen.
fn reach(config: &Config, step: Duration) -> Duration {
    let longest = match config.traffic.accounting {
        Accounting::Delta => Duration::ZERO,
        Accounting::AsReported => config.rules.iter().map(|rule| rule.window).max().unwrap_or_default(),
    };
    longest.saturating_add(config.traffic.lookback.max(config.events.lookback)).saturating_add(step)
}
