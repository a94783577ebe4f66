//! `pcemon state`: what is remembered between runs.

use super::asked;
use crate::app::{Exit, Failure, load_config, state_path};
use crate::cli::{Global, StateCommand};
use crate::domain::text::visible;
use crate::judge::transition::Stage;
use crate::run::output::print;
use crate::state::{State, Store};
use std::fmt::Write as _;
use std::time::Duration;

/// Runs the command.
pub fn run(global: &Global, command: &StateCommand) -> Exit {
    let config = if global.state.is_some() { None } else { Some(load_config(global)?) };
    let path = state_path(global, config.as_ref())?;
    match command {
        StateCommand::Show => {
            let store = Store::read_only(&path);
            let Some(state) = store.read()? else { return Err(Failure(format!("there is no state at {}", path.display()))) };
            if global.output.as_deref() == Some("json") {
                let text = serde_json::to_string_pretty(&state).map_err(|error| error.to_string())?;
                print(&format!("{text}\n"))?;
            } else {
                print(&summary(&store, &state))?;
            }
            Ok(0)
        }
        StateCommand::Reset { yes } => {
            if !yes && !asked(&format!("Forget everything in {}? Firing alerts will be told again. [y/N] ", path.display()))? {
                return Err(Failure("nothing was changed; say yes, or use --yes".to_owned()));
            }
            let store = Store::lock(&path, Duration::from_secs(5))?;
            let existed = store.reset()?;
            if !global.quiet {
                print(&format!(
                    "{}\n",
                    if existed { format!("{} was removed", path.display()) } else { format!("there was no state at {}", path.display()) }
                ))?;
            }
            Ok(0)
        }
    }
}

fn summary(store: &Store, state: &State) -> String {
    let mut out = String::new();
    let (json, looks) = store.sizes(state.generation);
    let or_never = |at: Option<jiff::Timestamp>| at.map_or_else(|| "never".to_owned(), |at| format!("{at:.0}"));
    let count = |stage: Stage| state.instances.values().filter(|instance| instance.stage == stage).count();
    let given_up = state.outbox.iter().filter(|parcel| parcel.given_up.is_some()).count();
    let pce =
        if state.pce.url.is_empty() { "none (recorded files)".to_owned() } else { format!("{} org {}", state.pce.url, state.pce.org_id) };
    let _infallible = writeln!(out, "state       {}", store.path().display());
    let _infallible = writeln!(out, "pce         {}", visible(&pce));
    let _infallible = writeln!(out, "last run    {}", or_never(state.last_run.as_ref().map(|run| run.at)));
    let _infallible = writeln!(
        out,
        "traffic     looked at {}, every bucket known since {}",
        or_never(state.traffic.looked_at),
        or_never(state.traffic.since.iter().flatten().max().copied())
    );
    let _infallible = writeln!(out, "events      read up to {}", or_never(state.events.read_to));
    let _infallible = writeln!(
        out,
        "instances   {} firing, {} pending, {} resolved but not yet told",
        count(Stage::Firing),
        count(Stage::Pending),
        count(Stage::Resolved)
    );
    let _infallible = writeln!(out, "outbox      {} waiting, {given_up} given up", state.outbox.len() - given_up);
    let _infallible = writeln!(out, "size        {json} bytes, and {looks} bytes of looks (generation {})", state.generation);
    out
}
