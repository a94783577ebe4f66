//! Sending the messages of the outbox: every channel in a thread of its own, so that a dead, slow or
//! hanging one neither delays the others nor outlives its time-out. What a channel took is written down
//! before the next outcome is looked at.

use crate::channels::{Channel, Outcome, SendContext};
use crate::domain::alert::Parcel;
use crate::domain::report::{DeliveryReport, DeliveryStatus};
use crate::judge::attempts::{self, Note, Turn};
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

/// What a thread says of one message, and where it waits until that was written down: the next message is not sent
/// before, so that a crash leaves one in doubt at most.
struct Said {
    id: String,
    word: Word,
    written: mpsc::Sender<()>,
}

enum Word {
    /// It was tried for the so-manieth time; what became of it, and what is to be said of how it was told.
    Tried(u32, Outcome, Option<String>),
    /// It was not: the reason.
    Waits(String),
}

/// Remembers what a run learned while it sent: a note at once, the whole state (`None`) when all is sent. When that fails
/// the sending ends, because what cannot be remembered would be repeated.
pub type Remember<'r> = dyn FnMut(&mut State, Option<&Note>) -> Result<(), StateError> + 'r;

/// Tries every message whose turn it is.
pub fn send_all(
    state: &mut State,
    channels: ReadyChannels,
    give_up_after: Duration,
    now: Timestamp,
    deadline: Instant,
    remember: &mut Remember<'_>,
) -> Result<Vec<DeliveryReport>, StateError> {
    let mut changed = false;
    for parcel in state.outbox.iter_mut().filter(|parcel| parcel.given_up.is_none() && !channels.contains_key(&parcel.channel)) {
        changed |= parcel.last_error.as_ref() != Some(&no_channel());
        parcel.last_error = Some(no_channel());
    }
    let begun = attempts::begin(&state.outbox, channels.keys().map(String::as_str), now);
    attempts::apply(&mut state.outbox, &mut state.instances, &begun);
    if !matches!(&begun, Note::Begun { ids } if ids.is_empty()) {
        remember(state, Some(&begun))?;
    }
    let (words, heard) = mpsc::channel();
    for (name, ready) in channels {
        let turn: Vec<Parcel> = attempts::turn(&state.outbox, &name, now).into_iter().cloned().collect();
        if turn.is_empty() {
            continue;
        }
        changed = true;
        let words = words.clone();
        // Not joined: a thread that hangs despite its time-out must not keep the process.
        std::thread::spawn(move || send_in_order(turn, &ready, now, deadline, &words));
    }
    drop(words);
    let mut reports: BTreeMap<String, DeliveryReport> = BTreeMap::new();
    // Until every thread has said its last word, or one hangs.
    while let Ok(said) = heard.recv_timeout(deadline.saturating_duration_since(Instant::now()) + Duration::from_secs(1)) {
        let Said { id, word, written } = said;
        match word {
            Word::Waits(reason) => attempts::put_off(&mut state.outbox, &id, reason, &begun),
            Word::Tried(attempts, outcome, remark) => {
                let Some(parcel) = state.outbox.iter().find(|parcel| parcel.id == id) else { continue };
                let report = settled(parcel, attempts, &outcome, remark);
                let note = Note::Tried { id: id.clone(), attempts, at: now, outcome };
                attempts::apply(&mut state.outbox, &mut state.instances, &note);
                remember(state, Some(&note))?;
                // A message that went out in several parts is told of as one.
                let alerts = reports.get(&id).map_or(0, |before| before.alerts).max(report.alerts);
                reports.insert(id, DeliveryReport { alerts, ..report });
            }
        }
        // The thread may be gone; that is its business.
        let _ = written.send(());
    }
    let given_up = attempts::give_up(&mut state.outbox, give_up_after, now);
    if changed || !given_up.is_empty() {
        remember(state, None)?;
    }
    Ok(finish(state, reports, &given_up))
}

/// One channel's messages, one after the other.
fn send_in_order(messages: Vec<Parcel>, ready: &Ready, now: Timestamp, deadline: Instant, words: &mpsc::Sender<Said>) {
    let mut turn = Turn::default();
    let last = messages.len().saturating_sub(1);
    for (place, mut parcel) in messages.into_iter().enumerate() {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let word = match (turn.admit(&parcel, place == last), &ready.channel) {
                (Err(reason), _) => Word::Waits(reason),
                (Ok(()), _) if left.is_zero() => Word::Waits(tr!("the run's deadline came first")),
                (Ok(()), Err(error)) => {
                    turn.close(error);
                    Word::Tried(parcel.attempts, Outcome::Retry { error: error.clone(), after: None }, None)
                }
                (Ok(()), Ok(channel)) => {
                    // A fault in one kind of channel is that channel's.
                    let send = || (channel.send(&parcel, &SendContext { now, timeout: ready.timeout.min(left) }), channel.remark(&parcel));
                    let (outcome, remark) = contained(send).unwrap_or_else(|error| (Outcome::Retry { error, after: None }, None));
                    turn.note(&parcel, &outcome);
                    Word::Tried(parcel.attempts, outcome, remark)
                }
            };
            let goes_on = !turn.is_closed() && comes_on(&mut parcel, &word);
            let (written, is_written) = mpsc::channel();
            // Nobody listens any more, or what was said could not be written down.
            if words.send(Said { id: parcel.id.clone(), word, written }).is_err() || is_written.recv().is_err() {
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
        Word::Tried(_, Outcome::Partly { taken, rest }, _) if matches!(**rest, Outcome::Retry { .. }) => {
            let told = parcel.take(taken);
            parcel.attempts += 1;
            told.size() > 0 && parcel.size() > 0
        }
        _ => false,
    }
}

fn settled(parcel: &Parcel, attempts: u32, outcome: &Outcome, remark: Option<String>) -> DeliveryReport {
    let (status, said) = match outcome {
        Outcome::Delivered | Outcome::Warned { .. } => {
            let said: Vec<String> = outcome.said().map(str::to_owned).into_iter().chain(remark).collect();
            (DeliveryStatus::Sent, (!said.is_empty()).then(|| said.join("; ")))
        }
        failed => (DeliveryStatus::Queued, failed.said().map(str::to_owned)),
    };
    DeliveryReport { attempts: attempts + 1, ..report(parcel, status, said) }
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
        attempts::turn(outbox, name, now).into_iter().map(move |parcel| {
            let (preview, error) = show(parcel, ready);
            DeliveryReport { preview, ..report(parcel, DeliveryStatus::DryRun, error) }
        })
    });
    let nowhere = outbox.iter().filter(|parcel| parcel.given_up.is_none() && !channels.contains_key(&parcel.channel));
    sent.chain(nowhere.map(|parcel| report(parcel, DeliveryStatus::Queued, Some(no_channel())))).collect()
}
