//! `pcemon explain`: why a rule fires or does not, step by step.

mod machine;
mod words;

use crate::app::{Exit, UNKNOWN, load_config, state_path, style};
use crate::cli::{CheckArgs, ExplainArgs, Global};
use crate::commands::waiting::Waiting;
use crate::config::Config;
use crate::config::reader::did_you_mean;
use crate::domain::alert::Group;
use crate::domain::report::{Report, RuleState, SourceStatus};
use crate::domain::rule::Rule;
use crate::domain::text::visible;
use crate::render::Style;
use crate::run::explain::{Story, Witness, try_records};
use crate::run::interrupt::Interrupt;
use crate::run::{self, Cycle, output};
use jiff::Timestamp;
use std::io::Write;
use std::path::PathBuf;

/// Runs the command.
pub fn run(global: &Global, args: &ExplainArgs) -> Exit {
    let as_json = match global.output.as_deref() {
        None | Some("table") => false,
        Some("json") => true,
        Some(other) => {
            return Err(tr!(
                "an explanation cannot be shown as '{name}'; {hint}",
                name = other,
                hint = did_you_mean(other, &["table", "json"])
            )
            .into());
        }
    };
    let mut config = load_config(global)?;
    let names: Vec<&str> = config.rules.iter().map(|rule| rule.name.as_str()).collect();
    let Some(place) = names.iter().position(|name| *name == args.rule) else {
        return Err(
            tr!("no rule is called '{pattern}'; {hint}", pattern = visible(&args.rule), hint = did_you_mean(&args.rule, &names)).into()
        );
    };
    let was_enabled = std::mem::replace(&mut config.rules[place].enabled, true);
    let rule = config.rules[place].clone();
    let style = style(global, &config);
    if let Some(file) = &args.record_file {
        let now = args.now.unwrap_or_else(Timestamp::now);
        let tried = try_records(&rule, file, now)?;
        output::print(&if as_json { machine::tried(&rule, was_enabled, &tried) } else { words::tried(&rule, was_enabled, &tried) })?;
        return Ok(0);
    }
    let wanted = wanted_group(&rule, &args.group)?;
    let (report, mut story) = witnessed(global, &config, &rule, args)?;
    if let Some(wanted) = &wanted {
        let has = |group: &Group| wanted.iter().all(|pair| group.contains(pair));
        if !story.groups.iter().any(|one| has(&one.group)) {
            let known: Vec<String> = story.groups.iter().take(10).map(|one| words::group(&one.group)).collect();
            let (group, rule) = (words::group(wanted), visible(&rule.name));
            let message = if known.is_empty() {
                tr!("no group {group} of rule '{rule}'; none was seen", group, rule)
            } else {
                tr!("no group {group} of rule '{rule}'; seen were: {known}", group, rule, known = known.join("; "))
            };
            return Err(message.into());
        }
        story.groups.retain(|one| has(&one.group));
    }
    let now = report.run.started_at;
    output::print(&if as_json {
        machine::story(&story, was_enabled, &report)
    } else {
        words::story(&story, &words::Telling { was_enabled, now, style: &style, short: false })
    })?;
    let read = story.source.as_ref().is_some_and(|source| matches!(source.status, SourceStatus::Ok | SourceStatus::Partial));
    Ok(if read { 0 } else { UNKNOWN })
}

/// One dry cycle, judged for this rule alone. The others are counted along: what is remembered between runs depends on
/// what all of them ask for.
fn witnessed(global: &Global, config: &Config, rule: &Rule, args: &ExplainArgs) -> Result<(Report, Story), crate::app::Failure> {
    super::one_from_stdin([&args.flows, &args.events, &args.health, &args.vens, &args.database])?;
    let check = CheckArgs {
        dry_run: true,
        // What the monitoring says of itself depends on everything that is read.
        rule: (!rule.source.is_run()).then(|| globset::escape(&rule.name)),
        flows: args.flows.clone(),
        events: args.events.clone(),
        health: args.health.clone(),
        vens: args.vens.clone(),
        database: args.database.clone(),
        now: args.now,
        ..CheckArgs::default()
    };
    let interrupt = Interrupt::listen().map_err(|error| tr!("cannot listen for signals: {error}", error))?;
    interrupt.ends_by(std::time::Instant::now() + config.run.deadline).map_err(|error| tr!("cannot start the watchdog: {error}", error))?;
    let line = Waiting::new(global);
    let progress = |text: &str| line.show(text);
    let witness = Witness::default();
    let state_path: PathBuf = state_path(global, Some(config))?;
    let cycle =
        Cycle { config, args: &check, state_path, interrupt: &interrupt, progress: &progress, given: None, witness: Some(&witness) };
    let result = run::check(&cycle);
    line.clear();
    let report = result?;
    let story = witness.stories().into_iter().find(|story| story.rule.name == rule.name).ok_or_else(|| tr!("the rule was not judged"))?;
    Ok((report, story))
}

/// The group that the flags name.
fn wanted_group(rule: &Rule, flags: &[String]) -> Result<Option<Group>, String> {
    let fields: Vec<String> = rule.group_by.iter().map(ToString::to_string).collect();
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let one = |flag: &String| -> Result<(String, Option<String>), String> {
        let (field, value) = flag
            .split_once('=')
            .ok_or_else(|| tr!("--group '{flag}' has no =; write for example src_workload=web-01", flag = visible(flag)))?;
        if !fields.contains(&field) {
            let (key, rule) = (visible(field), visible(&rule.name));
            return Err(tr!("'{key}' is not in group_by of rule '{rule}'; {hint}", key, rule, hint = did_you_mean(&key, &fields)));
        }
        Ok((field.to_owned(), Some(value.to_owned()).filter(|value| value != "-")))
    };
    let group: Group = flags.iter().map(one).collect::<Result<_, String>>()?;
    Ok(Some(group).filter(|group| !group.is_empty()))
}

/// After the result of a check: why each rule that is not ok is not, or of all with `-v`. It joins a table on standard
/// output and keeps away from any other format.
pub fn after_check(global: &Global, config: &Config, report: &Report, stories: &[Story]) -> Result<(), String> {
    let style = style(global, config);
    let on_stdout = global.output.as_deref().is_none_or(|format| format == "table");
    let style = Style { color: false, ..style };
    let telling = words::Telling { was_enabled: true, now: report.run.started_at, style: &style, short: true };
    let told = stories.iter().filter(|story| !global.quiet || story.report.state != RuleState::Ok);
    let text: String = told
        .filter(|story| global.verbose > 0 || !matches!(story.report.state, RuleState::Ok | RuleState::Disabled))
        .map(|story| format!("\n{}", words::story(story, &telling)))
        .collect();
    if on_stdout {
        return output::print(&text);
    }
    let _nobody_left_to_tell = std::io::stderr().lock().write_all(text.as_bytes());
    Ok(())
}
