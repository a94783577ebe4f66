//! `pcemon rules`: look at the rules of the config and change them.

pub(super) mod change;
mod import;
mod show;

use crate::cli::{Global, RulesCommand};
use crate::commands::common::{Exit, load_config};
use crate::commands::common::{listing, print_json};
use crate::config::reference::{EXAMPLE, EXAMPLE_TESTS};
use crate::config::schema;
use crate::domain::counted;
use crate::domain::rule::Rule;
use crate::domain::text::visible;
use crate::domain::time::format_duration;
use crate::run::output::print;
use serde_json::{Map, Value, json};

/// Runs the command.
pub fn run(global: &Global, command: &RulesCommand) -> Exit {
    match command {
        RulesCommand::Example { tests } => print(if *tests { EXAMPLE_TESTS } else { EXAMPLE })?,
        RulesCommand::Schema => print(&schema::text())?,
        RulesCommand::Show { name } => return show::run(global, name),
        RulesCommand::Add { keys, from, how } => return change::add(global, keys, from.as_deref(), *how),
        RulesCommand::Edit { name, set, unset, how } => return change::edit(global, name, set, unset, *how),
        RulesCommand::Remove { name, how } => return change::remove(global, name, *how),
        RulesCommand::Enable(switch) => return change::switch(global, switch, true),
        RulesCommand::Disable(switch) => return change::switch(global, switch, false),
        RulesCommand::Explain(args) => return crate::commands::explain::run(global, args),
        RulesCommand::Test(args) => return crate::commands::test::run(global, args),
        RulesCommand::Replay(args) => return crate::commands::replay::run(global, args),
        RulesCommand::Import { file, to, keep_secrets } => return import::run(global, file, to.as_deref(), *keep_secrets),
        RulesCommand::Validate => {
            let config = load_config(global)?;
            for warning in &config.warnings {
                log::warn!("{warning}");
            }
            if global.output.as_deref() == Some("json") {
                let count = config.rules.iter().filter(|rule| rule.enabled).count();
                print_json(&json!({
                    "schema": "pcemon.validation/1", "file": config.path.display().to_string(), "valid": true, "rules": config.rules.len(),
                    "enabled": count, "channels": config.channels.len(), "warnings": config.warnings,
                }))?;
            } else if !global.quiet {
                let (rules, channels) = (config.rules.iter().filter(|rule| rule.enabled).count(), config.channels.len());
                print(&tr!(
                    "{path}: valid; {rules} enabled, {channels}, {warnings}\n",
                    path = config.path.display(),
                    rules = counted::rules(rules),
                    channels = counted::channels(channels),
                    warnings = counted::warnings(config.warnings.len())
                ))?;
            }
        }
        RulesCommand::List => {
            let config = load_config(global)?;
            if global.output.as_deref() == Some("json") {
                let rules: Vec<Value> = config.rules.iter().map(as_json).collect();
                print_json(&json!({ "schema": "pcemon.rule_list/1", "rules": rules }))?;
                return Ok(0);
            }
            let rows = config
                .rules
                .iter()
                .map(|rule| {
                    vec![
                        visible(&rule.name),
                        if rule.enabled { tr!("on") } else { tr!("off") },
                        rule.source.to_string(),
                        rule.metric.to_string(),
                        rule.span().map_or_else(|| "-".to_owned(), format_duration),
                        show::thresholds(rule),
                    ]
                })
                .collect();
            let head = [tr!("rule"), tr!("state"), tr!("source"), tr!("metric"), tr!("window"), tr!("thresholds")];
            print(&listing(head, rows))?;
        }
    }
    Ok(0)
}

fn as_json(rule: &Rule) -> Value {
    let thresholds: Map<String, Value> =
        rule.thresholds.worst_first().map(|(severity, threshold)| (severity.name().to_owned(), json!(threshold.to_string()))).collect();
    json!({
        "name": rule.name, "enabled": rule.enabled, "source": rule.source.name(), "metric": rule.metric.name(),
        "unit": rule.metric.unit().name(), "window": rule.span().map(format_duration), "thresholds": thresholds,
        "group_by": rule.group_by.iter().map(ToString::to_string).collect::<Vec<_>>(), "line": rule.line,
    })
}
