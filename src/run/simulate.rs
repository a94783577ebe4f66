//! A cycle with nobody outside: answers are given, the clock is given, and every message counts as delivered at once.
//! Unit tests of rules and replays run through here; reading, measuring, judging and making messages are the same.

use super::cycle::{Cycle, Rules, begun};
use super::error::RunError;
use super::{Answer, RunInput, RunOutcome, decide, rules};
use crate::config::Config;
use crate::domain::alert::Notification;
use crate::domain::outcome::Outcome;
use crate::domain::report::{DeliveryReport, DeliveryStatus, Report};
use crate::domain::source::SourceKind;
use crate::judge::{attempts, exit};
use crate::state::State;
use crate::state::looks::{Memory, Packed};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What is remembered from one rehearsed cycle to the next.
#[derive(Debug)]
pub struct SimulationState {
    state: State,
    /// As it would be on disk, which takes a fifth of the place; `None`: nothing is remembered yet.
    memory: Option<Packed>,
    cycles: u64,
}

impl SimulationState {
    /// Nothing yet.
    pub fn new(config: &Config) -> Self {
        Self { state: State::new(config.identity()), memory: None, cycles: 0 }
    }
}

/// What one rehearsed cycle came to.
#[derive(Debug)]
pub struct Simulated {
    /// As `check` would have reported it.
    pub report: Report,
    /// The messages that the channels got.
    pub told: Vec<Notification>,
}

/// Rehearses one cycle at `now` on the answers of `cycle.given`. Only rules of those sources take part.
/// Messages to a channel of `down` fail.
pub fn simulate(cycle: &Cycle<'_>, kept: &mut SimulationState, down: &BTreeSet<String>, now: Timestamp) -> Result<Simulated, RunError> {
    let config = cycle.config;
    let enabled: Vec<_> = config.rules.iter().filter(|rule| rule.enabled).collect();
    // The monitoring itself is always there.
    let own = enabled.iter().any(|rule| rule.source.is_run()).then_some(crate::sources::MONITOR);
    let sources: Vec<SourceKind> = cycle.given.into_iter().flatten().map(|((source, _), _)| *source).chain(own).collect();
    let selected = enabled.iter().copied().filter(|rule| sources.contains(&rule.source)).collect();
    let rules = Rules { enabled, selected, not_judged: Vec::new() };
    kept.cycles += 1;
    let run = begun(config, format!("rehearsal-{}", kept.cycles), now, true);
    let mut before = kept.memory.take();
    let unpacked = |before: Option<&Packed>| before.map_or_else(|| Ok(Memory::default()), Packed::memory).map_err(RunError::Fault);
    // What a failed source has half read is taken back from here, as from the file. What was read before does not fail.
    let is_proven = cycle.given.is_some_and(|given| given.values().all(|answer| matches!(answer, Answer::Made(_))));
    let memory = match before.take_if(|_| is_proven) {
        Some(packed) => packed.into_memory().map_err(RunError::Fault)?,
        None => unpacked(before.as_ref())?,
    };
    let reload = || match is_proven {
        true => Err(RunError::Fault(tr!("what was read at first cannot be read now"))),
        false => unpacked(before.as_ref()),
    };
    let state = std::mem::replace(&mut kept.state, State::new(config.identity()));
    let known = RunInput { state, memory, memory_lost: None, silences: Vec::new() };
    let RunOutcome { mut report, mut state, memory, .. } = decide(cycle, &rules, &sources, run, known, None, &reload, Vec::new())?;
    let (told, deliveries) = deliver(config, &mut state, down, now);
    report.deliveries = deliveries;
    rules::mark_notified(&mut report.rules, &state);
    report.status = exit::status(&report, false);
    report.exit_code = exit::exit_code(&report, false, exit::FailOn::Unknown);
    kept.state = state;
    kept.memory = Some(memory);
    Ok(Simulated { report, told })
}

fn deliver(config: &Config, state: &mut State, down: &BTreeSet<String>, now: Timestamp) -> (Vec<Notification>, Vec<DeliveryReport>) {
    let mut told = Vec::new();
    let mut reports: BTreeMap<String, DeliveryReport> = BTreeMap::new();
    for channel in config.channels.iter().filter(|channel| channel.common.enabled) {
        let name = &channel.common.name;
        let turn: Vec<String> = attempts::turn(&state.outbox, name, now).into_iter().map(|notification| notification.id.clone()).collect();
        for id in turn {
            let Some(place) = state.outbox.iter().position(|notification| notification.id == id) else { continue };
            let alerts = state.outbox[place].size();
            let failed = down.contains(name);
            let report = reports.entry(name.clone()).or_insert_with(|| DeliveryReport {
                channel: name.clone(),
                status: if failed { DeliveryStatus::Failed } else { DeliveryStatus::Sent },
                alerts: 0,
                attempts: 0,
                error: failed.then(|| "the channel is down".to_owned()),
                recipients: Vec::new(),
                preview: None,
                headline: None,
            });
            (report.alerts, report.attempts) = (report.alerts + alerts, report.attempts + 1);
            if failed {
                let outcome = Outcome::Retry { error: "the channel is down".to_owned(), after: None };
                attempts::failed(&mut state.outbox[place], &outcome, now);
                break;
            }
            told.push(attempts::delivered(&mut state.outbox, place, &mut state.instances, now));
        }
    }
    attempts::give_up(&mut state.outbox, config.run.give_up_after, now);
    (told, reports.into_values().collect())
}
