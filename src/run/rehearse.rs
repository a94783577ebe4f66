//! A cycle with nobody outside: answers are given, the clock is given, and every message counts as delivered at once.
//! Unit tests of rules and replays run through here; reading, measuring, judging and making messages are the same.

use super::{Cycle, Decided, Known, Rules, RunError, decide, rules};
use crate::config::Config;
use crate::domain::alert::Parcel;
use crate::domain::metric::SourceKind;
use crate::domain::report::{DeliveryReport, DeliveryStatus, Report, RunInfo};
use crate::judge::{exit, outbox};
use crate::state::State;
use crate::state::looks::Memory;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What is remembered from one rehearsed cycle to the next.
#[derive(Debug)]
pub struct Kept {
    state: State,
    memory: Memory,
    cycles: u64,
}

impl Kept {
    /// Nothing yet.
    pub fn new(config: &Config) -> Self {
        Self { state: State::new(config.identity()), memory: Memory::default(), cycles: 0 }
    }
}

/// What one rehearsed cycle came to.
#[derive(Debug)]
pub struct Rehearsed {
    /// As `check` would have reported it.
    pub report: Report,
    /// The messages that the channels got.
    pub told: Vec<Parcel>,
}

/// Rehearses one cycle at `now` on the answers of `cycle.given`. Only rules of those sources take part.
/// Messages to a channel of `down` fail.
pub fn rehearse(cycle: &Cycle<'_>, kept: &mut Kept, down: &BTreeSet<String>, now: Timestamp) -> Result<Rehearsed, RunError> {
    let config = cycle.config;
    let enabled: Vec<_> = config.rules.iter().filter(|rule| rule.enabled).collect();
    // The monitoring itself is always there.
    let own = enabled.iter().any(|rule| rule.source.is_run()).then_some(crate::sources::MONITOR);
    let sources: Vec<SourceKind> = cycle.given.into_iter().flatten().map(|(source, _)| *source).chain(own).collect();
    let selected = enabled.iter().copied().filter(|rule| sources.contains(&rule.source)).collect();
    let rules = Rules { enabled, selected };
    kept.cycles += 1;
    let identity = config.identity();
    let run = RunInfo {
        id: format!("rehearsal-{}", kept.cycles),
        started_at: now,
        finished_at: now,
        duration: Duration::ZERO,
        pce: identity.url.clone(),
        org_id: config.pce.as_ref().map(|pce| pce.org_id),
        dry_run: true,
    };
    // What a failed source has half read is taken back from here.
    let before = kept.memory.clone();
    let memory = std::mem::take(&mut kept.memory);
    let known = Known { state: kept.state.clone(), memory, memory_lost: None, silences: Vec::new() };
    let reload = || Ok(before.clone());
    let Decided { mut report, mut state, memory, .. } = decide(cycle, &rules, &sources, run, known, None, &reload, Vec::new())?;
    let (told, deliveries) = deliver(config, &mut state, down, now);
    report.deliveries = deliveries;
    rules::mark_notified(&mut report.rules, &state);
    report.status = exit::status(&report, false);
    report.exit_code = exit::exit_code(&report, false, exit::FailOn::Unknown);
    (kept.state, kept.memory) = (state, memory);
    Ok(Rehearsed { report, told })
}

fn deliver(config: &Config, state: &mut State, down: &BTreeSet<String>, now: Timestamp) -> (Vec<Parcel>, Vec<DeliveryReport>) {
    let mut told = Vec::new();
    let mut reports: BTreeMap<String, DeliveryReport> = BTreeMap::new();
    for channel in config.channels.iter().filter(|channel| channel.common.enabled) {
        let name = &channel.common.name;
        let turn: Vec<String> = outbox::turn(&state.outbox, name, now).into_iter().map(|parcel| parcel.id.clone()).collect();
        for id in turn {
            let Some(place) = state.outbox.iter().position(|parcel| parcel.id == id) else { continue };
            let alerts = state.outbox[place].size();
            let failed = down.contains(name);
            let report = reports.entry(name.clone()).or_insert_with(|| DeliveryReport {
                channel: name.clone(),
                status: if failed { DeliveryStatus::Failed } else { DeliveryStatus::Sent },
                alerts: 0,
                attempts: 0,
                error: failed.then(|| "the channel is down".to_owned()),
                preview: None,
            });
            (report.alerts, report.attempts) = (report.alerts + alerts, report.attempts + 1);
            if failed {
                let parcel = &mut state.outbox[place];
                parcel.attempts += 1;
                outbox::failed(parcel, "the channel is down".to_owned(), None, false, now);
                break;
            }
            told.push(outbox::delivered(&mut state.outbox, place, &mut state.instances, now));
        }
    }
    outbox::give_up(&mut state.outbox, config.run.give_up_after, now);
    (told, reports.into_values().collect())
}
