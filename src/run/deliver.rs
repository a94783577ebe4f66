//! Sending the messages of the outbox: every channel in a thread of its own, so that a dead, slow or
//! hanging one neither delays the others nor outlives its time-out. What a channel took is committed
//! before the next outcome is looked at.

use crate::channels::{Channel, Outcome, SendContext};
use crate::domain::alert::Parcel;
use crate::domain::report::{DeliveryReport, DeliveryStatus};
use crate::judge::outbox;
use crate::process::panics::contained;
use crate::state::{State, StateError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A channel that is ready, with its time-out.
pub struct Ready {
    /// The channel, or why it cannot be opened (a secret that cannot be read).
    pub channel: Result<Box<dyn Channel>, String>,
    /// Time-out of one attempt.
    pub timeout: Duration,
}

/// What is said of a message whose channel was removed or switched off.
fn no_channel() -> String {
    tr!("the config has no channel of this name that is enabled; bring it back, or throw the message away with `pcemon outbox drop`")
}

/// Enabled channels by name.
pub type ReadyChannels = BTreeMap<String, Ready>;

/// What a thread says of one message.
enum Word {
    /// It was tried; what is to be said of how it was told.
    Tried(Outcome, Option<String>),
    /// It was not: the reason.
    Waits(String),
}

/// Tries every message whose turn it is. `commit` is called after each outcome; its failure ends the
/// sending, because what cannot be remembered would be repeated.
pub fn send_all(
    state: &mut State,
    channels: ReadyChannels,
    give_up_after: Duration,
    now: Timestamp,
    deadline: Instant,
    commit: &mut dyn FnMut(&mut State) -> Result<(), StateError>,
) -> Result<Vec<DeliveryReport>, StateError> {
    let mut nowhere = false;
    for parcel in state.outbox.iter_mut().filter(|parcel| parcel.given_up.is_none() && !channels.contains_key(&parcel.channel)) {
        nowhere |= parcel.last_error.as_ref() != Some(&no_channel());
        parcel.last_error = Some(no_channel());
    }
    let (words, heard) = mpsc::channel();
    for (name, ready) in channels {
        let turn: Vec<Parcel> = outbox::turn(&state.outbox, &name, now).into_iter().cloned().collect();
        if turn.is_empty() {
            continue;
        }
        let words = words.clone();
        // Not joined: a thread that hangs despite its time-out must not keep the process.
        std::thread::spawn(move || send_in_order(turn, &ready, now, deadline, &words));
    }
    drop(words);
    let mut reports: BTreeMap<String, DeliveryReport> = BTreeMap::new();
    // Until every thread has said its last word, or one hangs.
    while let Ok((id, word)) = heard.recv_timeout(deadline.saturating_duration_since(Instant::now()) + Duration::from_secs(1)) {
        let tried = matches!(word, Word::Tried(..));
        let Some(report) = settle(state, &id, word, now) else { continue };
        if tried {
            reports.insert(id, report);
        }
        commit(state)?;
        nowhere = false;
    }
    let given_up = outbox::give_up(&mut state.outbox, give_up_after, now);
    if nowhere || !given_up.is_empty() {
        commit(state)?;
    }
    Ok(finish(state, reports, &given_up))
}

/// One channel's messages, one after the other.
fn send_in_order(turn: Vec<Parcel>, ready: &Ready, now: Timestamp, deadline: Instant, words: &mpsc::Sender<(String, Word)>) {
    let mut closed: Option<String> = None;
    let mut refused = 0;
    for mut parcel in turn {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let word = match (&ready.channel, &closed) {
                (_, Some(error)) => Word::Waits(tr!("waits behind a message that failed ({error})", error)),
                (_, None) if left.is_zero() => Word::Waits(tr!("the run's deadline came first")),
                (Err(error), None) => Word::Tried(Outcome::Retry { error: error.clone(), after: None }, None),
                (Ok(channel), None) => {
                    // A fault in one kind of channel is that channel's.
                    let send = || (channel.send(&parcel, &SendContext { now, timeout: ready.timeout.min(left) }), channel.remark(&parcel));
                    let (outcome, remark) = contained(send).unwrap_or_else(|error| (Outcome::Retry { error, after: None }, None));
                    Word::Tried(outcome, remark)
                }
            };
            match &word {
                // Order is kept, and one time-out is enough.
                Word::Tried(Outcome::Retry { error, .. }, _) => closed = Some(error.clone()),
                // A refused message is that message's fault; two in a row are the channel's.
                Word::Tried(Outcome::Permanent { error }, _) => {
                    refused += 1;
                    if refused == 2 {
                        closed = Some(error.clone());
                    }
                }
                // The service works, unless it asks for a pause.
                Word::Tried(Outcome::Partly { rest, .. }, _) => {
                    refused = 0;
                    if let Outcome::Retry { error, after: Some(_) } = &**rest {
                        closed = Some(error.clone());
                    }
                }
                Word::Tried(Outcome::Delivered | Outcome::Warned { .. }, _) => refused = 0,
                Word::Waits(_) => {}
            }
            let goes_on = closed.is_none() && comes_on(&mut parcel, &word);
            if words.send((parcel.id.clone(), word)).is_err() {
                return;
            }
            if !goes_on {
                break;
            }
        }
    }
}

/// Whether a channel took some alerts of a message, so that it may take more at once: a long message needs several
/// time-outs.
fn comes_on(parcel: &mut Parcel, word: &Word) -> bool {
    match word {
        Word::Tried(Outcome::Partly { taken, rest }, _) if matches!(**rest, Outcome::Retry { .. }) => {
            let told = parcel.take(taken);
            parcel.attempts += 1;
            told.size() > 0 && parcel.size() > 0
        }
        _ => false,
    }
}

fn settle(state: &mut State, id: &str, word: Word, now: Timestamp) -> Option<DeliveryReport> {
    let place = state.outbox.iter().position(|parcel| parcel.id == id)?;
    let (outcome, remark) = match word {
        Word::Tried(outcome, remark) => (outcome, remark),
        Word::Waits(reason) => {
            let parcel = &mut state.outbox[place];
            parcel.last_error = Some(reason);
            return Some(report(parcel, DeliveryStatus::Queued, parcel.last_error.clone()));
        }
    };
    let warning = outcome.said().map(str::to_owned);
    let rest = match outcome {
        Outcome::Delivered | Outcome::Warned { .. } => {
            let parcel = outbox::delivered(&mut state.outbox, place, &mut state.instances, now);
            let said: Vec<String> = [warning, remark].into_iter().flatten().collect();
            return Some(report(&parcel, DeliveryStatus::Sent, (!said.is_empty()).then(|| said.join("; "))));
        }
        Outcome::Partly { taken, rest } => {
            outbox::taken_in_part(&mut state.outbox, place, &taken, &mut state.instances, now);
            *rest
        }
        failed => failed,
    };
    let (error, after, permanent) = match rest {
        Outcome::Retry { error, after } => (error, after, false),
        other => (other.said().unwrap_or_default().to_owned(), None, true),
    };
    let parcel = &mut state.outbox[place];
    parcel.attempts += 1;
    outbox::failed(parcel, error.clone(), after, permanent, now);
    Some(report(parcel, DeliveryStatus::Queued, Some(error)))
}

/// Adds what was not tried in this run, one line for each channel, and turns what was given up in it into failures.
fn finish(state: &State, reports: BTreeMap<String, DeliveryReport>, given_up: &BTreeSet<String>) -> Vec<DeliveryReport> {
    let tried: BTreeSet<String> = reports.keys().cloned().collect();
    let mut all: Vec<DeliveryReport> = reports.into_iter().filter(|(id, _)| !given_up.contains(id)).map(|(_, report)| report).collect();
    let mut waiting: BTreeMap<&str, Vec<&Parcel>> = BTreeMap::new();
    for parcel in &state.outbox {
        if given_up.contains(&parcel.id) {
            let last = parcel.last_error.clone().unwrap_or_else(|| tr!("never tried"));
            let error = tr!("given up after {attempts} attempts: {last}", attempts = parcel.attempts, last);
            all.push(report(parcel, DeliveryStatus::Failed, Some(error)));
        } else if parcel.given_up.is_none() && parcel.held_until.is_none() && !tried.contains(&parcel.id) {
            waiting.entry(&parcel.channel).or_default().push(parcel);
        }
    }
    for (channel, parcels) in waiting {
        let Some(first) = parcels.first() else { continue };
        let last = first.last_error.clone().unwrap_or_else(|| tr!("not tried in this run"));
        let error = if parcels.len() == 1 { last } else { tr!("{count} messages wait: {last}", count = parcels.len(), last) };
        all.push(DeliveryReport {
            channel: channel.to_owned(),
            status: DeliveryStatus::Queued,
            alerts: parcels.iter().map(|parcel| parcel.size()).sum(),
            attempts: parcels.iter().map(|parcel| parcel.attempts).max().unwrap_or(0),
            error: Some(error),
            preview: None,
        });
    }
    // Channels answer in any order; readers want the same one every time.
    all.sort_by(|a, b| a.channel.cmp(&b.channel));
    all
}

fn report(parcel: &Parcel, status: DeliveryStatus, error: Option<String>) -> DeliveryReport {
    DeliveryReport { channel: parcel.channel.clone(), status, alerts: parcel.size(), attempts: parcel.attempts, error, preview: None }
}

/// Messages that arrived, though not in the user's own words: a warning, not a failed delivery.
pub fn other_words(deliveries: &mut [DeliveryReport]) -> Vec<String> {
    let sent = deliveries.iter_mut().filter(|delivery| delivery.status == DeliveryStatus::Sent);
    sent.filter_map(|delivery| Some(tr!("channel '{name}': {error}", name = delivery.channel, error = delivery.error.take()?))).collect()
}

/// What a reader must know of the outbox beyond this run's deliveries.
pub fn remarks(outbox: &[Parcel]) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut given_up: BTreeMap<&str, usize> = BTreeMap::new();
    let channels: BTreeSet<&str> = outbox.iter().map(|parcel| parcel.channel.as_str()).collect();
    for parcel in outbox.iter().filter(|parcel| parcel.given_up.is_some()) {
        *given_up.entry(&parcel.channel).or_default() += 1;
    }
    for (channel, count) in given_up {
        remarks.push(trn!(
            "{count} message to '{channel}' was given up and never arrived; see `pcemon outbox list`, then `pcemon outbox retry` or `drop`",
            "{count} messages to '{channel}' were given up and never arrived; see `pcemon outbox list`, then `pcemon outbox retry` or `drop`",
            count = count,
            channel
        ));
    }
    for channel in channels.into_iter().filter(|channel| outbox::is_full(outbox, channel)) {
        remarks.push(tr!("{count} messages wait for '{channel}', no more are added; it hears of what fires when it takes messages again, and never of what is over by then", count = outbox::MOST_WAITING, channel));
    }
    remarks
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
    let show = |parcel: &Parcel, ready: &Ready| match &ready.channel {
        Ok(channel) => (Some(channel.preview(parcel, now)), channel.remark(parcel)),
        Err(error) => (None, Some(error.clone())),
    };
    let sent = channels.iter().flat_map(|(name, ready)| {
        outbox::turn(outbox, name, now).into_iter().map(move |parcel| {
            let (preview, error) = show(parcel, ready);
            DeliveryReport { preview, ..report(parcel, DeliveryStatus::DryRun, error) }
        })
    });
    let nowhere = outbox.iter().filter(|parcel| parcel.given_up.is_none() && !channels.contains_key(&parcel.channel));
    sent.chain(nowhere.map(|parcel| report(parcel, DeliveryStatus::Queued, Some(no_channel())))).collect()
}
