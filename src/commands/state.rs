//! `pcemon state`: what is remembered between runs.

use super::listing;
use crate::app::{Exit, Failure, load_config, state_path};
use crate::cli::{Global, StateCommand};
use crate::config::Config;
use crate::domain::mute::Silence;
use crate::domain::rule::Rule;
use crate::domain::text::{shorten, visible};
use crate::judge::mute::{self, Muting};
use crate::judge::transition::{Instance, Stage};
use crate::run::output::print;
use crate::state::silences::SilenceFile;
use crate::state::{State, Store};
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::Duration;

/// Runs the command.
pub fn run(global: &Global, command: &StateCommand) -> Exit {
    let config = if global.state.is_some() { None } else { Some(load_config(global)?) };
    let path = state_path(global, config.as_ref())?;
    match command {
        StateCommand::Show { now } => {
            let store = Store::read_only(&path);
            let Some(state) = store.read()? else { return Err(Failure(format!("there is no state at {}", path.display()))) };
            if global.output.as_deref() == Some("json") {
                let text = serde_json::to_string_pretty(&state).map_err(|error| error.to_string())?;
                print(&format!("{text}\n"))?;
            } else {
                let now = now.unwrap_or_else(jiff::Timestamp::now);
                let silences = SilenceFile::beside(&path).read()?;
                print(&summary(&store, &state))?;
                print(&format!("silences    {} in force\n", silences.iter().filter(|silence| silence.holds(now)).count()))?;
                // What is muted can only be told with the rules; with --state alone there may be none.
                let config = config.or_else(|| load_config(global).ok());
                print(&alerts(&state, config.as_ref(), &silences, now))?;
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

/// Every alert that is not over, with what keeps it from being told.
fn alerts(state: &State, config: Option<&Config>, silences: &[Silence], now: jiff::Timestamp) -> String {
    let mutes = config.map(|config| {
        let rules: Vec<&Rule> = config.rules.iter().filter(|rule| rule.enabled).collect();
        let muting = Muting { maintenance: &config.maintenance, inhibitions: &config.inhibitions, silences };
        mute::mutes(&rules, &state.instances, &muting, now)
    });
    let row = |(fingerprint, instance): (&String, &Instance)| {
        let why = mutes.as_ref().and_then(|mutes| mutes.of(fingerprint)).map_or("-", |mute| mute.why.as_str());
        vec![
            fingerprint.chars().take(12).collect(),
            if instance.stage == Stage::Firing { "firing" } else { "pending" }.to_owned(),
            instance.severity.to_string(),
            shorten(&visible(&mute::title(instance)), 120),
            format!("{:.0}", instance.fired_at.unwrap_or(instance.since)),
            visible(why),
        ]
    };
    let rows: Vec<_> = state.instances.iter().filter(|(_, instance)| instance.stage != Stage::Resolved).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\n{}", listing(&["fingerprint", "state", "severity", "alert", "since", "muted by"], rows))
}

fn asked(question: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    print(question)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|error| Failure(format!("cannot read the answer: {error}")))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
