//! `pcemon outbox`: messages that wait for delivery, and those that were given up.

use super::listing;
use crate::app::{Exit, Failure, load_config, state_path};
use crate::cli::{Global, OutboxCommand, Which};
use crate::domain::alert::Parcel;
use crate::domain::text::{shorten, visible};
use crate::run::output::print;
use crate::state::{State, Store};
use std::time::Duration;

/// Runs the command.
pub fn run(global: &Global, command: &OutboxCommand) -> Exit {
    // The config only says where the state is; without one the flags and the usual places do.
    let config = if global.state.is_some() { None } else { Some(load_config(global)?) };
    let path = state_path(global, config.as_ref())?;
    match command {
        OutboxCommand::List => {
            let parcels = Store::read_only(&path).read()?.map(|state| state.outbox).unwrap_or_default();
            if global.output.as_deref() == Some("json") {
                let text = serde_json::to_string_pretty(&parcels).map_err(|error| error.to_string())?;
                print(&format!("{text}\n"))?;
            } else if parcels.is_empty() {
                print(if global.quiet { "" } else { "the outbox is empty\n" })?;
            } else {
                print(&listing(
                    &["id", "channel", "kind", "alerts", "made", "tries", "next try", "last error"],
                    parcels.iter().map(row).collect(),
                ))?;
            }
            Ok(0)
        }
        OutboxCommand::Retry(which) => change(&path, which, global, "will be tried by the next run", |state, chosen| {
            for parcel in state.outbox.iter_mut().filter(|parcel| chosen.contains(&parcel.id)) {
                parcel.not_before = None;
                if parcel.given_up.take().is_some() {
                    // The age limit counts anew, or the next run would give it up again.
                    parcel.created = jiff::Timestamp::now();
                }
            }
        }),
        OutboxCommand::Drop(which) => {
            change(&path, which, global, "dropped", |state, chosen| state.outbox.retain(|parcel| !chosen.contains(&parcel.id)))
        }
    }
}

fn row(parcel: &Parcel) -> Vec<String> {
    let next = match (parcel.given_up, parcel.not_before) {
        (Some(at), _) => format!("given up {at:.0}"),
        (None, Some(at)) => format!("{at:.0}"),
        (None, None) => "next run".to_owned(),
    };
    vec![
        parcel.id.chars().take(8).collect(),
        visible(&parcel.channel),
        parcel.kind.name().to_owned(),
        (parcel.alerts.len() + parcel.left_out).to_string(),
        format!("{:.0}", parcel.created),
        parcel.attempts.to_string(),
        next,
        shorten(&visible(parcel.last_error.as_deref().unwrap_or("-")), 80),
    ]
}

fn change(path: &std::path::Path, which: &Which, global: &Global, done: &str, act: impl FnOnce(&mut State, &[String])) -> Exit {
    let store = Store::lock(path, Duration::from_secs(5))?;
    let Some(mut state) = store.read()? else { return Err(Failure(format!("there is no state at {}", path.display()))) };
    let chosen: Vec<String> = state
        .outbox
        .iter()
        .filter(|parcel| which.all || which.id.as_ref().is_some_and(|id| !id.is_empty() && parcel.id.starts_with(id.as_str())))
        .map(|parcel| parcel.id.clone())
        .collect();
    match (&which.id, chosen.len()) {
        (Some(id), 0) => return Err(Failure(format!("no message has an id that begins with '{}'; see `pcemon outbox list`", visible(id)))),
        (Some(id), count) if count > 1 => {
            return Err(Failure(format!("{count} messages have an id that begins with '{}'; write more of it", visible(id))));
        }
        _ => {}
    }
    act(&mut state, &chosen);
    store.commit(&mut state, None)?;
    if !global.quiet {
        print(&format!("{} message(s) {done}\n", chosen.len()))?;
    }
    Ok(0)
}
