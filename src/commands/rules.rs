//! `pcemon rules`: look at the rules of the config.

use super::listing;
use crate::app::{Exit, load_config};
use crate::cli::{Global, RulesCommand};
use crate::domain::text::visible;
use crate::domain::time::format_duration;
use crate::run::output::print;

/// The documented example, as it is shipped.
pub const EXAMPLE: &str = include_str!("../../rules.example.toml");

/// Runs the command.
pub fn run(global: &Global, command: &RulesCommand) -> Exit {
    match command {
        RulesCommand::Example => print(EXAMPLE)?,
        RulesCommand::Validate => {
            let config = load_config(global)?;
            for warning in &config.warnings {
                log::warn!("{warning}");
            }
            if !global.quiet {
                let (rules, channels) = (config.rules.iter().filter(|rule| rule.enabled).count(), config.channels.len());
                print(&tr!(
                    "{path}: valid; {rules} rules enabled, {channels} channels, {warnings} warnings\n",
                    path = config.path.display(),
                    rules,
                    channels,
                    warnings = config.warnings.len()
                ))?;
            }
        }
        RulesCommand::List => {
            let config = load_config(global)?;
            let rows = config
                .rules
                .iter()
                .map(|rule| {
                    let thresholds: Vec<String> =
                        rule.thresholds.worst_first().map(|(severity, threshold)| format!("{severity} {threshold}")).collect();
                    vec![
                        visible(&rule.name),
                        if rule.enabled { tr!("on") } else { tr!("off") },
                        rule.source.to_string(),
                        rule.metric.to_string(),
                        format_duration(rule.window),
                        if thresholds.is_empty() { tr!("the PCE's own status") } else { thresholds.join(", ") },
                    ]
                })
                .collect();
            let head = [tr!("rule"), tr!("state"), tr!("source"), tr!("metric"), tr!("window"), tr!("thresholds")];
            print(&listing(head, rows))?;
        }
    }
    Ok(0)
}
