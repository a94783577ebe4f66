//! `pcemon rules`: look at the rules of the config.

use super::listing;
use crate::app::{Exit, load_config};
use crate::cli::{Global, RulesCommand};
use crate::domain::text::visible;
use crate::domain::time::format_duration;
use crate::run::output::print;

/// The documented example, as it is shipped.
pub const EXAMPLE: &str = crate::config::reference::EXAMPLE;

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
                print(&format!(
                    "{}: valid; {rules} rules enabled, {channels} channels, {} warnings\n",
                    config.path.display(),
                    config.warnings.len()
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
                        if rule.enabled { "on" } else { "off" }.to_owned(),
                        rule.source.to_string(),
                        rule.metric.to_string(),
                        format_duration(rule.window),
                        if thresholds.is_empty() { "the PCE's own status".to_owned() } else { thresholds.join(", ") },
                    ]
                })
                .collect();
            print(&listing(&["rule", "state", "source", "metric", "window", "thresholds"], rows))?;
        }
    }
    Ok(0)
}
