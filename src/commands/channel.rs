//! `pcemon channel`: look at the channels of the config and try them.

use crate::channels::{ChannelConfig, Outcome, SendContext, test_notification};
use crate::cli::{ChannelCommand, Global};
use crate::commands::common::{Exit, load_config};
use crate::commands::common::{listing, print_json};
use crate::domain::text::visible;
use crate::domain::time::format_duration;
use crate::lang;
use crate::run::interrupt::Interrupt;
use crate::run::output::print;
use crate::settings::fetch_secret;
use crate::settings::reader::did_you_mean;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Runs the command.
pub fn run(global: &Global, command: &ChannelCommand) -> Exit {
    let config = load_config(global)?;
    match command {
        ChannelCommand::List if global.output.as_deref() == Some("json") => {
            let one = |channel: &ChannelConfig| {
                let common = &channel.common;
                json!({
                    "name": common.name, "type": common.kind, "enabled": common.enabled, "min_severity": common.min_severity.name(),
                    "send_resolved": common.send_resolved, "timeout": format_duration(common.timeout),
                    "destination": lang::for_machines(|| channel.settings.destination()),
                })
            };
            let channels: Vec<Value> = config.channels.iter().map(one).collect();
            print_json(&json!({ "schema": "pcemon.channel_list/1", "channels": channels }))?;
            Ok(0)
        }
        ChannelCommand::List => {
            let rows = config
                .channels
                .iter()
                .map(|channel| {
                    let common = &channel.common;
                    vec![
                        visible(&common.name),
                        common.kind.to_owned(),
                        if common.enabled { tr!("on") } else { tr!("off") },
                        tr!("from {severity}", severity = common.min_severity.localized()),
                        if common.send_resolved { tr!("yes") } else { tr!("no") },
                        format_duration(common.timeout),
                        visible(&channel.settings.destination()),
                    ]
                })
                .collect();
            let head = [tr!("channel"), tr!("type"), tr!("state"), tr!("severity"), tr!("resolved"), tr!("timeout"), tr!("destination")];
            print(&listing(head, rows))?;
            Ok(0)
        }
        ChannelCommand::Test { name, no_send } => {
            let Some(channel) = config.channels.iter().find(|channel| channel.common.name == *name) else {
                let names: Vec<&str> = config.channels.iter().map(|channel| channel.common.name.as_str()).collect();
                let hint = if names.is_empty() { tr!("the config has no [[channels]]") } else { did_you_mean(name, &names) };
                return Err(tr!("there is no channel '{name}'; {hint}", name = visible(name), hint).into());
            };
            let interrupt = Interrupt::listen().map_err(|error| tr!("cannot listen for signals: {error}", error))?;
            let deadline = std::time::Instant::now() + config.run.deadline;
            interrupt.ends_by(deadline).map_err(|error| tr!("cannot start the watchdog: {error}", error))?;
            let opened =
                channel.settings.open(&channel.common, &fetch_secret).map_err(|error| tr!("channel '{name}': {error}", name, error))?;
            let now = Timestamp::now();
            let pce = config.identity();
            let notification = test_notification(name, pce, now);
            if *no_send {
                print(&format!("{}\n", opened.preview(&notification, now).trim_end()))?;
                return Ok(0);
            }
            let outcome = opened.send(&notification, &SendContext { now, timeout: channel.common.timeout });
            match outcome {
                Outcome::Delivered | Outcome::Warned { .. } => {
                    if let Some(warning) = outcome.localized() {
                        log::warn!("{}", tr!("channel '{name}': {error}", name = visible(name), error = warning));
                    }
                    if !global.quiet {
                        print(&tr!("channel '{name}' accepted the test message {id}\n", name = visible(name), id = notification.id))?;
                    }
                    Ok(0)
                }
                Outcome::Retry { error, .. } => {
                    Err(tr!("channel '{name}' did not accept the message; a retry may help: {error}", name, error).into())
                }
                Outcome::Permanent { error } => Err(tr!("channel '{name}' refused the message: {error}", name, error).into()),
                Outcome::Partly { rest, .. } => {
                    let error = rest.localized().unwrap_or_default();
                    Err(tr!("channel '{name}' accepted only a part of the message: {error}", name, error).into())
                }
            }
        }
    }
}
