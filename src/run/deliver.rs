//! Sending the messages of the outbox: every channel in a thread of its own, so that a dead, slow or
//! hanging one neither delays the others nor outlives its time-out. What a channel took is written down
//! before the next outcome is looked at.

use crate::channels::text::headline;
use crate::channels::{Channel, Outcome, Part, SendContext};
use crate::config::Config;
use crate::domain::alert::Notification;
use crate::domain::mute::Silence;
use crate::domain::report::{DeliveryReport, DeliveryStatus, RecipientReport, Standing, Waiting};
use crate::judge::attempts::{self, Note, Turn};
use crate::judge::outbox;
use crate::lang::for_machines;
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
    for_machines(|| {
        tr!("the config has no enabled channel of this name; add or enable it, or delete the message with `pcemon outbox drop`")
    })
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
    /// It was tried.
    Tried(Trial),
    /// It was not: the reason.
    Waits(String),
}

struct Trial {
    /// How often it had been tried before.
    attempts: u32,
    outcome: Outcome,
    /// What is to be said of how it was told.
    remark: Option<String>,
    /// Everybody it is for.
    recipients: Vec<String>,
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
    for notification in
        state.outbox.iter_mut().filter(|notification| notification.given_up.is_none() && !channels.contains_key(&notification.channel))
    {
        changed |= notification.last_error.as_ref() != Some(&no_channel());
        notification.last_error = Some(no_channel());
    }
    let begun = attempts::begin(&state.outbox, channels.keys().map(String::as_str), now);
    state.learn(&begun);
    state.remarks.retain(|channel, _| channels.contains_key(channel));
    if !matches!(&begun, Note::Begun { ids } if ids.is_empty()) {
        remember(state, Some(&begun))?;
    }
    let (words, heard) = mpsc::channel();
    for (name, ready) in channels {
        let turn: Vec<Notification> = attempts::turn(&state.outbox, &name, now).into_iter().cloned().collect();
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
            Word::Tried(trial) => {
                let Some(notification) = state.outbox.iter().find(|notification| notification.id == id) else { continue };
                let report = settled(notification, &trial);
                let note = Note::Tried { id: id.clone(), attempts: trial.attempts, at: now, outcome: trial.outcome };
                state.learn(&note);
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
fn send_in_order(messages: Vec<Notification>, ready: &Ready, now: Timestamp, deadline: Instant, words: &mpsc::Sender<Said>) {
    let mut turn = Turn::default();
    let last = messages.len().saturating_sub(1);
    for (place, mut notification) in messages.into_iter().enumerate() {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let word = match (turn.admit(&notification, place == last), &ready.channel) {
                (Err(reason), _) => Word::Waits(reason),
                (Ok(()), _) if left.is_zero() => Word::Waits(tr!("the deadline of the run was reached")),
                (Ok(()), Err(error)) => {
                    turn.close(error);
                    let outcome = Outcome::Retry { error: error.clone(), after: None };
                    Word::Tried(Trial { attempts: notification.attempts, outcome, remark: None, recipients: Vec::new() })
                }
                (Ok(()), Ok(channel)) => {
                    // A fault in one kind of channel is that channel's.
                    let send = || {
                        (channel.send(&notification, &SendContext { now, timeout: ready.timeout.min(left) }), channel.remark(&notification))
                    };
                    let (outcome, remark) = contained(send).unwrap_or_else(|error| (Outcome::Retry { error, after: None }, None));
                    turn.note(&notification, &outcome);
                    Word::Tried(Trial { attempts: notification.attempts, outcome, remark, recipients: channel.recipients() })
                }
            };
            let goes_on = !turn.is_closed() && comes_on(&mut notification, &word);
            let (written, is_written) = mpsc::channel();
            // Nobody listens any more, or what was said could not be written down.
            if words.send(Said { id: notification.id.clone(), word, written }).is_err() || is_written.recv().is_err() {
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
fn comes_on(notification: &mut Notification, word: &Word) -> bool {
    match word {
        Word::Tried(Trial { outcome: Outcome::Partly { taken, rest, .. }, .. }) if matches!(**rest, Outcome::Retry { .. }) => {
            let told = notification.take(taken);
            notification.attempts += 1;
            told.size() > 0 && notification.size() > 0
        }
        _ => false,
    }
}

fn settled(notification: &Notification, trial: &Trial) -> DeliveryReport {
    let (status, said) = match &trial.outcome {
        Outcome::Delivered | Outcome::Warned { .. } => {
            let said: Vec<String> = trial.outcome.localized().map(str::to_owned).into_iter().chain(trial.remark.clone()).collect();
            (DeliveryStatus::Sent, (!said.is_empty()).then(|| said.join("; ")))
        }
        failed => (DeliveryStatus::Queued, failed.localized().map(str::to_owned)),
    };
    DeliveryReport { attempts: trial.attempts + 1, recipients: each(notification, trial, status), ..report(notification, status, said) }
}

/// What became of a message at each of its recipients.
fn each(notification: &Notification, Trial { outcome, recipients, .. }: &Trial, status: DeliveryStatus) -> Vec<RecipientReport> {
    let has_now = |who: &String| matches!(outcome, Outcome::Partly { taken, .. } if taken.contains(&Part::Recipient(who.clone())));
    let of = |who: &String| {
        let refusal = outcome.refused().iter().find(|refusal| refusal.who == *who);
        let status = match refusal {
            _ if has_now(who) || notification.taken_by.contains(who) => DeliveryStatus::Sent,
            Some(_) => DeliveryStatus::Failed,
            None => status,
        };
        RecipientReport { recipient: who.clone(), status, error: refusal.map(|refusal| refusal.why.clone()) }
    };
    recipients.iter().map(of).collect()
}

/// Adds what was not tried in this run, one line for each channel, and turns what was given up in it into failures.
fn finish(state: &State, reports: BTreeMap<String, DeliveryReport>, given_up: &BTreeSet<String>) -> Vec<DeliveryReport> {
    let tried: BTreeSet<String> = reports.keys().cloned().collect();
    let mut all: Vec<DeliveryReport> = reports.into_iter().filter(|(id, _)| !given_up.contains(id)).map(|(_, report)| report).collect();
    let mut waiting: BTreeMap<&str, Vec<&Notification>> = BTreeMap::new();
    for notification in &state.outbox {
        if given_up.contains(&notification.id) {
            let last = notification.last_error.clone().unwrap_or_else(|| tr!("never tried"));
            let error = tr!("given up after {attempts} attempts: {last}", attempts = notification.attempts, last);
            all.push(report(notification, DeliveryStatus::Failed, Some(error)));
        } else if notification.given_up.is_none() && notification.held_until.is_none() && !tried.contains(&notification.id) {
            waiting.entry(&notification.channel).or_default().push(notification);
        }
    }
    for (channel, notifications) in waiting {
        let Some(first) = notifications.first() else { continue };
        let last = first.last_error.clone().unwrap_or_else(|| tr!("not attempted in this run"));
        let error = if notifications.len() == 1 { last } else { tr!("{count} messages wait: {last}", count = notifications.len(), last) };
        all.push(DeliveryReport {
            channel: channel.to_owned(),
            status: DeliveryStatus::Queued,
            alerts: notifications.iter().map(|notification| notification.size()).sum(),
            attempts: notifications.iter().map(|notification| notification.attempts).max().unwrap_or(0),
            error: Some(error),
            recipients: Vec::new(),
            preview: None,
            headline: None,
        });
    }
    // Channels answer in any order; readers want the same one every time.
    all.sort_by(|a, b| a.channel.cmp(&b.channel));
    all
}

fn report(notification: &Notification, status: DeliveryStatus, error: Option<String>) -> DeliveryReport {
    DeliveryReport {
        channel: notification.channel.clone(),
        status,
        alerts: notification.size(),
        attempts: notification.attempts,
        error,
        recipients: Vec::new(),
        preview: None,
        headline: None,
    }
}

/// Messages that arrived, though not in the user's own words: a warning, not a failed delivery.
pub fn other_words(deliveries: &mut [DeliveryReport]) -> Vec<String> {
    let sent = deliveries.iter_mut().filter(|delivery| delivery.status == DeliveryStatus::Sent);
    sent.filter_map(|delivery| Some(tr!("channel '{name}': {error}", name = delivery.channel, error = delivery.error.take()?))).collect()
}

/// What a reader must know of the outbox beyond this run's deliveries.
pub fn remarks(outbox: &[Notification]) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut given_up: BTreeMap<&str, usize> = BTreeMap::new();
    let channels: BTreeSet<&str> = outbox.iter().map(|notification| notification.channel.as_str()).collect();
    for notification in outbox.iter().filter(|notification| notification.given_up.is_some()) {
        *given_up.entry(&notification.channel).or_default() += 1;
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
        remarks.push(tr!(
            "{count} messages wait for '{channel}', no more are added; when it accepts messages again, it gets the alerts that fire then",
            count = outbox::MOST_WAITING,
            channel
        ));
    }
    remarks
}

/// What waits for each channel, and how many silences hold.
pub fn standing(config: &Config, outbox: &[Notification], silences: &[Silence], now: Timestamp) -> Standing {
    let of = |name: &str| {
        let own = || outbox.iter().filter(|notification| notification.channel == name);
        let waiting = || own().filter(|notification| notification.given_up.is_none());
        Waiting {
            channel: name.to_owned(),
            waiting: waiting().count(),
            given_up: own().count() - waiting().count(),
            oldest: waiting().map(|notification| notification.created).min(),
        }
    };
    let enabled = config.channels.iter().filter(|channel| channel.common.enabled);
    Standing {
        outbox: enabled.map(|channel| of(&channel.common.name)).collect(),
        silences: silences.iter().filter(|silence| silence.holds(now)).count(),
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
            recipients: Vec::new(),
            preview: None,
            headline: None,
        })
    };
    channels.iter().filter_map(report).collect()
}

/// What would be sent, exactly, secrets hidden.
pub fn preview(outbox: &[Notification], channels: &ReadyChannels, now: Timestamp) -> Vec<DeliveryReport> {
    let show = |notification: &Notification, ready: &Ready| match &ready.channel {
        Ok(channel) => (Some(channel.preview(notification, now)), channel.remark(notification)),
        Err(error) => (None, Some(error.clone())),
    };
    let sent = channels.iter().flat_map(|(name, ready)| {
        attempts::turn(outbox, name, now).into_iter().map(move |notification| {
            let (preview, error) = show(notification, ready);
            DeliveryReport { preview, headline: Some(headline(notification)), ..report(notification, DeliveryStatus::DryRun, error) }
        })
    });
    let nowhere = outbox.iter().filter(|notification| notification.given_up.is_none() && !channels.contains_key(&notification.channel));
    sent.chain(nowhere.map(|notification| report(notification, DeliveryStatus::Queued, Some(no_channel())))).collect()
}
