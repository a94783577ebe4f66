//! `pcemon channel`: look at the channels of the config and try them.

use super::listing;
use crate::app::{Exit, load_config};
use crate::channels::{Outcome, SendContext, test_parcel};
use crate::cli::{ChannelCommand, Global};
use crate::config::fetch_secret;
use crate::config::reader::did_you_mean;
use crate::domain::text::visible;
use crate::domain::time::format_duration;
use crate::run::output::print;
use jiff::Timestamp;

/// Runs the command.
pub fn run(global: &Global, command: &ChannelCommand) -> Exit {
    let config = load_config(global)?;
    match command {
        ChannelCommand::List => {
            let rows = config
                .channels
                .iter()
                .map(|channel| {
                    let common = &channel.common;
                    vec![
                        visible(&common.name),
                        common.kind.to_owned(),
                        if common.enabled { "on" } else { "off" }.to_owned(),
                        format!("from {}", common.min_severity),
                        if common.send_resolved { "yes" } else { "no" }.to_owned(),
                        format_duration(common.timeout),
                        visible(&channel.settings.destination()),
                    ]
                })
                .collect();
            print(&listing(&["channel", "type", "state", "severity", "resolved", "timeout", "destination"], rows))?;
            Ok(0)
        }
        ChannelCommand::Test { name, no_send } => {
            let Some(channel) = config.channels.iter().find(|channel| channel.common.name == *name) else {
                let names: Vec<&str> = config.channels.iter().map(|channel| channel.common.name.as_str()).collect();
                let hint = if names.is_empty() { "the config has no [[channels]]".to_owned() } else { did_you_mean(name, &names) };
                return Err(format!("there is no channel '{}'; {hint}", visible(name)).into());
            };
            let opened = channel.settings.open(&channel.common, &fetch_secret).map_err(|error| format!("channel '{name}': {error}"))?;
            let now = Timestamp::now();
            let pce = config.identity();
            let parcel = test_parcel(name, pce, now);
            if *no_send {
                print(&format!("{}\n", opened.preview(&parcel, now).trim_end()))?;
                return Ok(0);
            }
            match opened.send(&parcel, &SendContext { now, timeout: channel.common.timeout }) {
                Outcome::Delivered => {
                    if !global.quiet {
                        print(&format!("channel '{}' took the test message {}\n", visible(name), parcel.id))?;
                    }
                    Ok(0)
                }
                Outcome::Retry { error, .. } => {
                    Err(format!("channel '{name}' did not take the message; another try may help: {error}").into())
                }
                Outcome::Permanent { error } => Err(format!("channel '{name}' refused the message: {error}").into()),
            }
        }
    }
}
