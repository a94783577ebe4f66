//! `pcemon test`: rules against records at given times. The cycle is the one of `check`; only the answers, the clock and
//! the channels are given.

mod answers;
mod outcome;

use crate::cli::{CheckArgs, Global, TestArgs};
use crate::commands::common::{Exit, Failure, colors};
use crate::config::cases::{self, Case, Suite};
use crate::config::{self, Config};
use crate::domain::glob::matcher;
use crate::domain::rule::Rule;
use crate::domain::text::visible;
use crate::run::interrupt::Interrupt;
use crate::run::simulate::{SimulationState, simulate};
use crate::run::{Cycle, output};
use crate::settings::reader::did_you_mean;
use answers::World;
use globset::GlobMatcher;
use outcome::{Outcome, compare};
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The exit code when a test failed.
const FAILED: u8 = 1;

/// Runs the command.
pub fn run(global: &Global, args: &TestArgs) -> Exit {
    let format = outcome::format(global.output.as_deref())?;
    let out_files = global.out_files()?;
    for (format, path) in &out_files {
        outcome::format(Some(format.name))?;
        output::prove_writable(path)?;
    }
    // Everything that is wrong with the files is said before the first test runs.
    let mut suites = Vec::new();
    let mut wrong = String::new();
    for path in &args.files {
        match cases::read(path) {
            Ok(suite) => suites.push((path, suite)),
            Err(error) => wrong.push_str(&error.render(colors(global.color, std::io::stderr().is_terminal()))),
        }
    }
    if !wrong.is_empty() {
        return Err(Failure(wrong));
    }
    let interrupt = Interrupt::listen().map_err(|error| tr!("cannot listen for signals: {error}", error))?;
    let mut outcomes = Vec::new();
    for (path, suite) in &suites {
        outcomes.extend(run_suite(global, path, suite, args.test.as_deref(), &interrupt)?);
    }
    if outcomes.is_empty() {
        return Err(tr!("no test has a name that matches {pattern}", pattern = args.test.as_deref().unwrap_or_default()).into());
    }
    let failed = outcomes.iter().any(|outcome| !outcome.faults.is_empty());
    if !global.quiet || failed {
        output::print(&format(&outcomes))?;
    }
    for (format, path) in &out_files {
        output::write_file(path, &outcome::format(Some(format.name))?(&outcomes))?;
    }
    Ok(if failed { FAILED } else { 0 })
}

fn run_suite(global: &Global, path: &Path, suite: &Suite, pattern: Option<&str>, interrupt: &Interrupt) -> Result<Vec<Outcome>, Failure> {
    let config_path: PathBuf = match (&suite.config, &global.config) {
        (_, Some(given)) => given.clone(),
        (Some(named), None) => named.clone(),
        (None, None) => config::find(None)?,
    };
    let mut config =
        config::load(&config_path).map_err(|error| Failure(error.render(colors(global.color, std::io::stderr().is_terminal()))))?;
    let glob = |pattern: &str| matcher(pattern, false).map_err(|error| tr!("'{pattern}' is not a valid pattern: {error}", pattern, error));
    let wanted = pattern.map(glob).transpose()?;
    config.warnings.clear();
    let rules = config.rules.clone();
    let cases: Vec<&Case> = suite.cases.iter().filter(|case| wanted.as_ref().is_none_or(|wanted| wanted.is_match(&case.name))).collect();
    let mut wrong = Vec::new();
    for case in &cases {
        let complaint = |error: String| {
            tr!("{path}:{line}: test '{name}': {error}", path = path.display(), line = case.line, name = visible(&case.name), error)
        };
        match only(&rules, case, &glob) {
            Ok(rules) => wrong.extend(mistakes(&config, &rules, case).into_iter().map(complaint)),
            Err(error) => wrong.push(complaint(error)),
        }
    }
    if !wrong.is_empty() {
        return Err(Failure(wrong.join("\n")));
    }
    let mut out = Vec::new();
    for case in cases {
        let began = Instant::now();
        // Once more: those of thousands of tests are not kept until it is their turn.
        config.rules = only(&rules, case, &glob)?;
        let faults = run_case(&config, case, interrupt)?;
        out.push(Outcome {
            file: path.to_path_buf(),
            name: case.name.clone(),
            line: case.line,
            steps: case.steps.len(),
            faults,
            took: began.elapsed(),
        });
    }
    Ok(out)
}

/// What a test says that cannot be: records of no known form, and names of rules, groups and channels that do not exist.
fn mistakes(config: &Config, rules: &[Rule], case: &Case) -> Vec<String> {
    let mut wrong = Vec::new();
    let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    let by_name: BTreeMap<&str, &Rule> = rules.iter().map(|rule| (rule.name.as_str(), rule)).collect();
    let channels: Vec<&str> = config.channels.iter().map(|channel| channel.common.name.as_str()).collect();
    let mut world = World::of(&case.steps, config);
    for (number, step) in (1..).zip(&case.steps) {
        if let Err(error) = world.step(step) {
            wrong.push(tr!("step {number} (line {line}): {error}", number, line = step.line, error));
        }
        let mut line_of = |line: usize, text: String| wrong.push(tr!("line {line}: {text}", line, text));
        let no_channel =
            |name: &str| tr!("there is no channel '{name}'; {hint}", name = visible(name), hint = did_you_mean(name, &channels));
        for name in step.down.iter().filter(|name| !channels.contains(&name.as_str())) {
            line_of(step.line, no_channel(name));
        }
        for wanted in step.expect.all() {
            let Some(rule) = by_name.get(wanted.rule.as_str()) else {
                let hint = did_you_mean(&wanted.rule, &names);
                line_of(wanted.line, tr!("no rule of this test is called '{name}'; {hint}", name = visible(&wanted.rule), hint));
                continue;
            };
            let fields: Vec<String> = rule.group_by.iter().map(ToString::to_string).collect();
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            if let Some(key) = wanted.group.keys().find(|key| !fields.contains(&key.as_str())) {
                let hint = did_you_mean(key, &fields);
                let rule = visible(&rule.name);
                line_of(wanted.line, tr!("'{key}' is not in group_by of rule '{rule}'; {hint}", key = visible(key), rule, hint));
            }
            if let Some(name) = wanted.channel.as_ref().filter(|name| !channels.contains(&name.as_str())) {
                line_of(wanted.line, no_channel(name));
            }
        }
    }
    wrong
}

fn run_case(config: &Config, case: &Case, interrupt: &Interrupt) -> Result<Vec<outcome::Fault>, String> {
    let mut world = World::of(&case.steps, config);
    let mut kept = SimulationState::new(config);
    let mut faults = Vec::new();
    for (number, step) in (1..).zip(&case.steps) {
        let given = world.step(step).map_err(|error| tr!("step {number} (line {line}): {error}", number, line = step.line, error))?;
        let args = CheckArgs { now: Some(step.at), ..CheckArgs::default() };
        let cycle = Cycle {
            config,
            args: &args,
            state_path: PathBuf::new(),
            interrupt,
            progress: &|_| {},
            given: Some(&given),
            trace: None,
            recorder: None,
        };
        let rehearsed = simulate(&cycle, &mut kept, &step.down, step.at).map_err(|error| error.to_string())?;
        faults.extend(compare(&rehearsed, &step.expect, number, step.line));
    }
    Ok(faults)
}

/// The rules that a test is about.
fn only(rules: &[Rule], case: &Case, glob: &dyn Fn(&str) -> Result<GlobMatcher, String>) -> Result<Vec<Rule>, String> {
    if case.rules.is_empty() {
        return Ok(rules.to_vec());
    }
    let mut chosen = BTreeSet::new();
    let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    for pattern in &case.rules {
        let matcher = glob(pattern)?;
        let mut found = names.iter().filter(|name| **name == pattern || matcher.is_match(name)).peekable();
        if found.peek().is_none() {
            return Err(tr!(
                "no rule is called '{pattern}'; {hint}",
                pattern,
                hint = visible(&crate::edit::nearest_rules(pattern, &names))
            ));
        }
        chosen.extend(found.copied());
    }
    // A test of a rule that is switched off is a test all the same.
    let chosen = rules.iter().filter(|rule| chosen.contains(rule.name.as_str())).cloned();
    Ok(chosen.map(|rule| Rule { enabled: true, ..rule }).collect())
}
