//! Sending the messages of the outbox: every channel in a thread of its own, so that a dead, slow or
//! hanging one neither delays the others nor outlives its time-out. What a channel took is committed
//! before the next outcome is looked at.

use crate::channels::{Channel, Outcome, SendContext};
use crate::domain::alert::Parcel;
use crate::domain::report::{DeliveryReport, DeliveryStatus};
use crate::judge::outbox;
use crate::state::{State, StateError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A channel that is ready, with its time-out.
pub struct Ready {
    /// The channel, or why it cannot be opened (a secret that cannot be read).
    pub channel: Result<Box<dyn Channel>, String>,
    /// Time-out of one attempt.
    pub timeout: Duration,
}

/// Enabled channels by name.
pub type ReadyChannels = BTreeMap<String, Ready>;

/// Tries every message that is due. `commit` is called after each outcome; its failure ends the
/// sending, because what cannot be remembered would be repeated.
pub fn send_all(
    state: &mut State,
    channels: ReadyChannels,
    give_up_after: Duration,
    now: Timestamp,
    deadline: Instant,
    commit: &mut dyn FnMut(&mut State) -> Result<(), StateError>,
) -> Result<Vec<DeliveryReport>, StateError> {
    let (outcomes, results) = mpsc::channel();
    let mut waiting = 0;
    for (name, ready) in channels {
        let due: Vec<Parcel> =
            state.outbox.iter().filter(|parcel| parcel.channel == name && outbox::is_due(parcel, now)).cloned().collect();
        if due.is_empty() {
            continue;
        }
        waiting += due.len();
        let outcomes = outcomes.clone();
        let Ready { channel, timeout } = ready;
        // Not joined: a thread that hangs despite its time-out must not keep the process.
        std::thread::spawn(move || {
            let mut failed = None;
            for parcel in due {
                let left = deadline.saturating_duration_since(Instant::now());
                let outcome = match (&channel, &failed) {
                    // Behind a failed message the next ones wait: order is kept, and one time-out is enough.
                    (_, Some(error)) => Outcome::Retry { error: format!("not tried behind a failed message ({error})"), after: None },
                    (Err(error), None) => Outcome::Retry { error: error.clone(), after: None },
                    (Ok(_), None) if left.is_zero() => Outcome::Retry { error: "the run's deadline came first".to_owned(), after: None },
                    (Ok(channel), None) => channel.send(&parcel, &SendContext { now, timeout: timeout.min(left) }),
                };
                if let Outcome::Retry { error, .. } | Outcome::Permanent { error } = &outcome {
                    failed.get_or_insert_with(|| error.clone());
                }
                if outcomes.send((parcel.id, outcome)).is_err() {
                    return;
                }
            }
        });
    }
    drop(outcomes);
    let mut reports = Vec::new();
    while waiting > 0 {
        let patience = deadline.saturating_duration_since(Instant::now()) + Duration::from_secs(2);
        let Ok((id, outcome)) = results.recv_timeout(patience) else { break };
        waiting -= 1;
        if let Some(report) = settle(state, &id, outcome, now) {
            reports.push(report);
            commit(state)?;
        }
    }
    if outbox::give_up(&mut state.outbox, give_up_after, now) > 0 {
        commit(state)?;
    }
    Ok(finish(state, reports, now))
}

fn settle(state: &mut State, id: &str, outcome: Outcome, now: Timestamp) -> Option<DeliveryReport> {
    let place = state.outbox.iter().position(|parcel| parcel.id == id)?;
    let tried = !matches!(&outcome, Outcome::Retry { error, .. } if error.starts_with("not tried"));
    state.outbox[place].attempts += u32::from(tried);
    let (error, after, permanent) = match outcome {
        Outcome::Delivered => {
            let parcel = state.outbox.remove(place);
            outbox::delivered(&parcel, &mut state.instances, now);
            return Some(report(&parcel, DeliveryStatus::Sent, None));
        }
        Outcome::Retry { error, after } => (error, after, false),
        Outcome::Permanent { error } => (error, None, true),
    };
    let parcel = &mut state.outbox[place];
    if tried {
        outbox::failed(parcel, error.clone(), after, permanent, now);
    } else {
        parcel.last_error = Some(error.clone());
    }
    Some(report(parcel, DeliveryStatus::Queued, Some(error)))
}

/// Adds what was not tried in this run, and turns what was given up in it into failures.
fn finish(state: &State, reports: Vec<DeliveryReport>, now: Timestamp) -> Vec<DeliveryReport> {
    let mut all = reports;
    // Reports carry no id: what was queued is told again below from the outbox, which knows the end of it.
    all.retain(|report| report.status == DeliveryStatus::Sent);
    for parcel in &state.outbox {
        match parcel.given_up {
            Some(at) if at == now => {
                let error =
                    format!("given up after {} attempts: {}", parcel.attempts, parcel.last_error.as_deref().unwrap_or("never tried"));
                all.push(report(parcel, DeliveryStatus::Failed, Some(error)));
            }
            Some(_) => {}
            None => all.push(report(parcel, DeliveryStatus::Queued, parcel.last_error.clone())),
        }
    }
    all
}

fn report(parcel: &Parcel, status: DeliveryStatus, error: Option<String>) -> DeliveryReport {
    DeliveryReport {
        channel: parcel.channel.clone(),
        status,
        alerts: parcel.alerts.len() + parcel.left_out,
        attempts: parcel.attempts,
        error,
        preview: None,
    }
}

/// Channels that cannot be opened, whether or not there is something to tell: the next alert would be stuck.
pub fn broken(channels: &ReadyChannels) -> Vec<DeliveryReport> {
    let report = |(name, ready): (&String, &Ready)| {
        let error = ready.channel.as_ref().err()?.clone();
        Some(DeliveryReport {
            channel: name.clone(),
            status: DeliveryStatus::Failed,
            alerts: 0,
            attempts: 0,
            error: Some(error),
            preview: None,
        })
    };
    channels.iter().filter_map(report).collect()
}

/// What would be sent, exactly, secrets hidden.
pub fn preview(outbox: &[Parcel], channels: &ReadyChannels, now: Timestamp) -> Vec<DeliveryReport> {
    outbox
        .iter()
        .filter(|parcel| outbox::is_due(parcel, now))
        .map(|parcel| {
            let shown = channels.get(&parcel.channel).map(|ready| match &ready.channel {
                Ok(channel) => Ok(channel.preview(parcel, now)),
                Err(error) => Err(error.clone()),
            });
            let (preview, error) = match shown {
                Some(Ok(text)) => (Some(text), None),
                Some(Err(error)) => (None, Some(error)),
                None => (None, Some("the channel is not in the config any more".to_owned())),
            };
            DeliveryReport { preview, ..report(parcel, DeliveryStatus::DryRun, error) }
        })
        .collect()
}
