//! `pcemon state`: what is remembered between runs.

use crate::cli::{Global, StateCommand};
use crate::commands::common::{Exit, Failure, load_config, state_path};
use crate::commands::common::{asked, listing};
use crate::config::Config;
use crate::domain::mute::Silence;
use crate::domain::rule::Rule;
use crate::domain::text::{shorten, visible};
use crate::judge::mute::{self, Muting};
use crate::judge::transition::{Instance, Stage};
use crate::render::grid::{Column, lay_out};
use crate::run::output::print;
use crate::settings::reader::did_you_mean;
use crate::state::silences::SilenceFile;
use crate::state::{State, Store};
use std::time::Duration;

/// Runs the command.
pub fn run(global: &Global, command: &StateCommand) -> Exit {
    let config = if global.state.is_some() { None } else { Some(load_config(global)?) };
    let path = state_path(global, config.as_ref())?;
    match command {
        StateCommand::Show { now } => {
            let store = Store::read_only(&path);
            let Some(state) = store.read()? else { return Err(Failure(tr!("there is no state at {path}", path = path.display()))) };
            if global.output.as_deref() == Some("json") {
                let text = serde_json::to_string_pretty(&state).map_err(|error| error.to_string())?;
                print(&format!("{text}\n"))?;
            } else {
                let now = now.unwrap_or_else(jiff::Timestamp::now);
                let silences = SilenceFile::beside(&path).read()?;
                let in_force = silences.iter().filter(|silence| silence.holds(now)).count();
                print(&summary(&store, &state, in_force))?;
                // What is muted can only be told with the rules; with --state alone there may be none.
                let config = config.or_else(|| load_config(global).ok());
                print(&alerts(&state, config.as_ref(), &silences, now))?;
            }
            Ok(0)
        }
        StateCommand::Reset { yes, target: Some(target) } => {
            let (name, shown) = (visible(target), path.display());
            let store = Store::lock(&path, Duration::from_secs(5))?;
            let state = store.read()?.ok_or_else(|| Failure(tr!("there is no state at {path}", path = shown)))?;
            let mut state = store.load(&state.pce)?.state;
            if state.targets.remove(target).is_none() {
                let names: Vec<&str> = state.targets.keys().map(String::as_str).collect();
                return Err(Failure(tr!(
                    "{path} remembers no target {name}; {hint}",
                    path = shown,
                    name,
                    hint = did_you_mean(target, &names)
                )));
            }
            if !yes && !asked(&tr!("Forget the identity of target {name}? [y/N] ", name))? {
                return Err(Failure(tr!("nothing was changed; answer y, or use --yes")));
            }
            store.commit(&mut state, None)?;
            if !global.quiet {
                print(&format!("{}\n", tr!("target {name} is forgotten; the next run records its new identity", name)))?;
            }
            Ok(0)
        }
        StateCommand::Reset { yes, target: None } => {
            if !yes && !asked(&tr!("Delete {path}? Firing alerts will be sent again. [y/N] ", path = path.display()))? {
                return Err(Failure(tr!("nothing was changed; answer y, or use --yes")));
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

fn summary(store: &Store, state: &State, silences: usize) -> String {
    let (json, looks) = store.sizes(state.generation);
    let or_never = |at: Option<jiff::Timestamp>| at.map_or_else(|| tr!("never"), |at| format!("{at:.0}"));
    let count = |stage: Stage| state.instances.values().filter(|instance| instance.stage == stage).count();
    let given_up = state.outbox.iter().filter(|notification| notification.given_up.is_some()).count();
    let pce = match state.pce.url.as_str() {
        "" if !state.pce.site.is_empty() => tr!("none, site {site}", site = state.pce.site),
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
                "last read {at}, every bucket known since {since}",
                at = or_never(state.traffic.looked_at),
                since = or_never(state.traffic.coverage().proofs.iter().flatten().map(|proof| proof.since).max())
            ),
        ),
        (tr!("targets"), targets(state)),
        (tr!("events"), tr!("read up to {time}", time = or_never(state.events.read_to))),
        (
            tr!("instances"),
            tr!(
                "{firing} firing, {pending} pending, {resolved} resolved but not yet sent",
                firing = count(Stage::Firing),
                pending = count(Stage::Pending),
                resolved = count(Stage::Resolved)
            ),
        ),
        (tr!("silences"), tr!("{count} in force", count = silences)),
        (tr!("outbox"), tr!("{waiting} waiting, {given_up} given up", waiting = state.outbox.len() - given_up, given_up)),
        (
            tr!("size"),
            tr!("{json} bytes, and {looks} bytes of counters (generation {generation})", json, looks, generation = state.generation),
        ),
    ];
    lay_out(&[Column::Fixed, Column::Text], None, rows.into_iter().map(|(name, text)| vec![name, text]).collect(), None).join("\n") + "\n"
}

/// The targets that gave a whole answer.
fn targets(state: &State) -> String {
    let names: Vec<String> = state.targets.keys().map(|name| visible(name)).collect();
    if names.is_empty() { tr!("none") } else { names.join(", ") }
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
            if instance.stage == Stage::Firing { tr!("firing") } else { tr!("pending") },
            instance.severity.localized(),
            shorten(&visible(&mute::title(instance)), 120),
            format!("{:.0}", instance.fired_at.unwrap_or(instance.since)),
            visible(why),
        ]
    };
    let rows: Vec<_> = state.instances.iter().filter(|(_, instance)| instance.stage != Stage::Resolved).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let head = [tr!("fingerprint"), tr!("state"), tr!("severity"), tr!("alert"), tr!("since"), tr!("muted by")];
    format!("\n{}", listing(head, rows))
}
