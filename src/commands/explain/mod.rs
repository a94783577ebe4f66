//! `pcemon explain`: why a rule fires or does not, step by step.

mod last;
mod machine;
mod words;

use crate::cli::{CheckArgs, ExplainArgs, Global};
use crate::commands::common::{Exit, Failure, UNKNOWN, load_config, state_path, style};
use crate::commands::waiting::Waiting;
use crate::config::Config;
use crate::domain::alert::Group;
use crate::domain::report::{Report, RuleState, SourceStatus};
use crate::domain::rule::Rule;
use crate::domain::text::visible;
use crate::render::Style;
use crate::run::explain::try_records;
use crate::run::interrupt::Interrupt;
use crate::run::trace::{Explanation, Trace};
use crate::run::{self, Cycle, output};
use crate::settings::reader::{did_you_mean, few};
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
    let chosen = args.rule.as_deref().map(|typed| meant(typed, &names)).transpose()?;
    if args.last {
        return last::run(global, args, &config, chosen, as_json);
    }
    let Some(place) = chosen else { return Err(tr!("name a rule; `pcemon rules list` shows them").into()) };
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
        words::story(&story, &words::Wording { was_enabled, now, style: &style, short: false })
    })?;
    let read = story.source.as_ref().is_some_and(|source| matches!(source.status, SourceStatus::Ok | SourceStatus::Partial));
    Ok(if read { 0 } else { UNKNOWN })
}

/// The rule with this name, in whatever case, or the only one whose name contains it.
fn meant(typed: &str, names: &[&str]) -> Result<usize, Failure> {
    let folded = typed.to_lowercase();
    let exact = names.iter().position(|name| *name == typed).or_else(|| names.iter().position(|name| name.to_lowercase() == folded));
    if let Some(place) = exact {
        return Ok(place);
    }
    let within: Vec<usize> = (0..names.len()).filter(|place| names[*place].to_lowercase().contains(&folded)).collect();
    let pattern = visible(typed);
    match within[..] {
        [place] => Ok(place),
        [] => Err(tr!("no rule is called '{pattern}'; {hint}", pattern, hint = visible(&crate::edit::nearest_rules(typed, names))).into()),
        _ => {
            let found: Vec<&str> = within.iter().map(|place| names[*place]).collect();
            Err(tr!("several rules have '{pattern}' in their name: {names}", pattern, names = visible(&few(&found))).into())
        }
    }
}

/// One dry cycle, judged for this rule alone. The others are counted along: what is remembered between runs depends on
/// what all of them ask for.
fn witnessed(global: &Global, config: &Config, rule: &Rule, args: &ExplainArgs) -> Result<(Report, Explanation), Failure> {
    args.inputs.proven(|source| config.targets_of(source))?;
    let check = CheckArgs {
        dry_run: true,
        // What the monitoring says of itself depends on everything that is read.
        rule: (!rule.source.is_run()).then(|| globset::escape(&rule.name)),
        inputs: args.inputs.clone(),
        now: args.now,
        ..CheckArgs::default()
    };
    let interrupt = Interrupt::listen().map_err(|error| tr!("cannot listen for signals: {error}", error))?;
    interrupt.ends_by(std::time::Instant::now() + config.run.deadline).map_err(|error| tr!("cannot start the watchdog: {error}", error))?;
    let line = Waiting::new(global);
    let progress = |text: &str| line.show(text);
    let trace = Trace::default();
    let state_path: PathBuf = state_path(global, Some(config))?;
    let cycle = Cycle {
        config,
        args: &check,
        state_path,
        interrupt: &interrupt,
        progress: &progress,
        given: None,
        trace: Some(&trace),
        recorder: None,
    };
    let result = run::check(&cycle);
    line.clear();
    let report = result?;
    let story =
        trace.explanations().into_iter().find(|story| story.rule.name == rule.name).ok_or_else(|| tr!("the rule was not judged"))?;
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
pub fn after_check(global: &Global, config: &Config, report: &Report, explanations: &[Explanation]) -> Result<(), String> {
    let style = style(global, config);
    let on_stdout = global.output.as_deref().is_none_or(|format| format == "table");
    let style = Style { color: false, ..style };
    let telling = words::Wording { was_enabled: true, now: report.run.started_at, style: &style, short: true };
    let told = explanations.iter().filter(|story| !global.quiet || story.report.state != RuleState::Ok);
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
