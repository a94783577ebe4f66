//! `pcemon state`: what is remembered between runs.

use crate::app::{Exit, Failure, load_config, state_path};
use crate::cli::{Global, StateCommand};
use crate::domain::text::visible;
use crate::judge::transition::Stage;
use crate::render::grid::{Column, lay_out};
use crate::run::output::print;
use crate::state::{State, Store};
use std::io::IsTerminal;
use std::time::Duration;

/// Runs the command.
pub fn run(global: &Global, command: &StateCommand) -> Exit {
    let config = if global.state.is_some() { None } else { Some(load_config(global)?) };
    let path = state_path(global, config.as_ref())?;
    match command {
        StateCommand::Show => {
            let store = Store::read_only(&path);
            let Some(state) = store.read()? else { return Err(Failure(tr!("there is no state at {path}", path = path.display()))) };
            if global.output.as_deref() == Some("json") {
                let text = serde_json::to_string_pretty(&state).map_err(|error| error.to_string())?;
                print(&format!("{text}\n"))?;
            } else {
                print(&summary(&store, &state))?;
            }
            Ok(0)
        }
        StateCommand::Reset { yes } => {
            if !yes && !asked(&tr!("Forget everything in {path}? Firing alerts will be told again. [y/N] ", path = path.display()))? {
                return Err(Failure(tr!("nothing was changed; say yes, or use --yes")));
            }
            let store = Store::lock(&path, Duration::from_secs(5))?;
            let existed = store.reset()?;
            if !global.quiet {
                let path = path.display();
                let said = if existed { tr!("{path} was removed", path) } else { tr!("there was no state at {path}", path) };
                print(&format!("{said}\n"))?;
            }
            Ok(0)
        }
    }
}

fn summary(store: &Store, state: &State) -> String {
    let (json, looks) = store.sizes(state.generation);
    let or_never = |at: Option<jiff::Timestamp>| at.map_or_else(|| tr!("never"), |at| format!("{at:.0}"));
    let count = |stage: Stage| state.instances.values().filter(|instance| instance.stage == stage).count();
    let given_up = state.outbox.iter().filter(|parcel| parcel.given_up.is_some()).count();
    let pce = match state.pce.url.as_str() {
        "" => tr!("none (recorded files)"),
        url => format!("{url} org {}", state.pce.org_id),
    };
    let rows = [
        (tr!("state file"), store.path().display().to_string()),
        ("pce".to_owned(), visible(&pce)),
        (tr!("last run"), or_never(state.last_run.as_ref().map(|run| run.at))),
        (
            tr!("traffic"),
            tr!(
                "looked at {at}, every bucket known since {since}",
                at = or_never(state.traffic.looked_at),
                since = or_never(state.traffic.since.iter().flatten().max().copied())
            ),
        ),
        (tr!("events"), tr!("read up to {time}", time = or_never(state.events.read_to))),
        (
            tr!("instances"),
            tr!(
                "{firing} firing, {pending} pending, {resolved} resolved but not yet told",
                firing = count(Stage::Firing),
                pending = count(Stage::Pending),
                resolved = count(Stage::Resolved)
            ),
        ),
        (tr!("outbox"), tr!("{waiting} waiting, {given_up} given up", waiting = state.outbox.len() - given_up, given_up)),
        (
            tr!("size"),
            tr!("{json} bytes, and {looks} bytes of looks (generation {generation})", json, looks, generation = state.generation),
        ),
    ];
    lay_out(&[Column::Fixed, Column::Text], None, rows.into_iter().map(|(name, text)| vec![name, text]).collect(), None).join("\n") + "\n"
}

fn asked(question: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    print(question)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|error| Failure(tr!("cannot read the answer: {error}", error)))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
