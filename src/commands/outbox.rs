//! `pcemon outbox`: messages that wait for delivery, and those that were given up.

use crate::channels::text::badge;
use crate::cli::{Global, OutboxCommand, Which};
use crate::commands::common::listing;
use crate::commands::common::{Exit, Failure as CannotDo, load_config, print_json, state_path};
use crate::domain::alert::{Failure, Notification, NotificationKind};
use crate::domain::summary::summary;
use crate::domain::text::{shorten, visible};
use crate::domain::time::since;
use crate::judge::attempts;
use crate::lang;
use crate::run::output::print;
use crate::state::{State, Store};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Runs the command.
pub fn run(global: &Global, command: &OutboxCommand) -> Exit {
    // The config only says where the state is; without one the flags and the usual places do.
    let config = if global.state.is_some() { None } else { Some(load_config(global)?) };
    let path = state_path(global, config.as_ref())?;
    match command {
        OutboxCommand::List => {
            let notifications = Store::read_only(&path).read()?.map(|state| state.outbox).unwrap_or_default();
            if global.output.as_deref() == Some("json") {
                let messages: Vec<Value> = notifications.iter().map(document).collect();
                print_json(&json!(messages))?;
            } else if notifications.is_empty() {
                let said = tr!("the outbox is empty: every message was delivered\n");
                print(if global.quiet { "" } else { &said })?;
            } else {
                print(&list(&notifications, Timestamp::now(), global.verbose > 0))?;
            }
            Ok(0)
        }
        OutboxCommand::Retry(which) => change(
            &path,
            which,
            global,
            |count| {
                trn!("{count} message will be tried by the next run\n", "{count} messages will be tried by the next run\n", count = count)
            },
            |state, chosen| {
                let last = state.last_run.as_ref().map_or(Timestamp::MIN, |last| last.at);
                let now = Timestamp::now().max(last);
                for notification in state.outbox.iter_mut().filter(|notification| chosen.contains(&notification.id)) {
                    attempts::revive(notification, now);
                }
            },
        ),
        OutboxCommand::Drop(which) => change(
            &path,
            which,
            global,
            |count| trn!("{count} message dropped\n", "{count} messages dropped\n", count = count),
            |state, chosen| {
                attempts::throw_away(&mut state.outbox, &mut state.instances, chosen);
            },
        ),
    }
}

/// A message as programs read it: as the state keeps it, with what follows from that, and summaries in the language of machines.
fn document(notification: &Notification) -> Value {
    let mut document = json!(notification);
    for (place, alert) in notification.alerts.iter().enumerate() {
        document["alerts"][place]["summary"] = json!(lang::for_machines(|| summary(alert, None)));
    }
    let waits = notification.given_up.is_none();
    document["status"] = json!(if waits { "waiting" } else { "given_up" });
    document["next_attempt"] = json!(notification.not_before.max(notification.held_until).filter(|_| waits));
    document["size"] = json!(notification.size());
    document
}

/// The messages one under the other, and what can be done about them.
fn list(notifications: &[Notification], now: Timestamp, whole: bool) -> String {
    let mut out = listing(
        [tr!("id"), tr!("channel"), tr!("content"), tr!("age"), tr!("tries"), tr!("next try")],
        notifications.iter().map(|notification| row(notification, now)).collect(),
    );
    for notification in notifications {
        out.push_str(&format!("\n{}  {}\n", short_id(notification), contents(notification, whole)));
        if let Some(error) = &notification.last_error {
            let error = visible(error);
            let error = if whole { error } else { shorten(&error, 200) };
            out.push_str(&format!("          {}\n", tr!("last error: {error}", error)));
        }
    }
    let given_up = notifications.iter().filter(|notification| notification.given_up.is_some()).count();
    out.push_str(&format!(
        "\n{}\n",
        tr!(
            "{waiting} waiting, {given_up} given up. `pcemon outbox retry ID` makes the next run try a message at once, `pcemon outbox drop ID` deletes it.",
            waiting = notifications.len() - given_up,
            given_up
        )
    ));
    out
}

fn short_id(notification: &Notification) -> String {
    notification.id.chars().take(8).collect()
}

fn row(notification: &Notification, now: Timestamp) -> Vec<String> {
    let alerts = trn!("{count} alert", "{count} alerts", count = notification.size());
    let what = match notification.kind {
        NotificationKind::Firing => alerts,
        NotificationKind::Resolved => tr!("{alerts}, over", alerts),
        NotificationKind::Reminder => tr!("{alerts}, again", alerts),
        NotificationKind::Snapshot => tr!("{alerts}, the whole state", alerts),
        NotificationKind::Test => tr!("a test"),
    };
    let next = match (notification.given_up, notification.not_before.max(notification.held_until)) {
        (Some(at), _) => tr!("given up {time}", time = minutes(at)),
        (None, Some(at)) if notification.held_until.is_some() => tr!("digest {time}", time = minutes(at)),
        (None, Some(at)) if at > now => tr!("from {time}", time = minutes(at)),
        (None, _) => tr!("next run"),
    };
    let tries = match (notification.attempts, notification.failure) {
        (0, _) => tr!("none"),
        (count, Some(Failure::Refused)) => tr!("{count}, refused", count),
        (count, _) => count.to_string(),
    };
    vec![short_id(notification), visible(&notification.channel), what, age(since(now, notification.created)), tries, next]
}

/// `CRITICAL web-01: 120 connections; +3 more`
fn contents(notification: &Notification, whole: bool) -> String {
    let shown = if whole { notification.alerts.len() } else { 2 };
    let mut parts: Vec<String> = notification
        .alerts
        .iter()
        .take(shown)
        .map(|alert| format!("{} {}", badge(alert), shorten(&visible(&summary(alert, None)), if whole { usize::MAX } else { 120 })))
        .collect();
    let more = notification.size().saturating_sub(parts.len());
    if more > 0 {
        parts.push(tr!("+{count} more", count = more));
    }
    parts.join("; ")
}

fn minutes(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// The largest unit says enough.
fn age(span: Duration) -> String {
    match span.as_secs() {
        seconds if seconds < 120 => format!("{seconds}s"),
        seconds if seconds < 7_200 => format!("{}m", seconds / 60),
        seconds if seconds < 172_800 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

fn change(
    path: &std::path::Path,
    which: &Which,
    global: &Global,
    done: impl Fn(usize) -> String,
    act: impl FnOnce(&mut State, &BTreeSet<String>),
) -> Exit {
    let store = Store::lock(path, Duration::from_secs(5))?;
    let Some(mut state) = store.read()? else { return Err(CannotDo(tr!("there is no state at {path}", path = path.display()))) };
    let chosen: BTreeSet<String> = state
        .outbox
        .iter()
        .filter(|notification| which.all || which.id.as_ref().is_some_and(|id| !id.is_empty() && notification.id.starts_with(id.as_str())))
        .map(|notification| notification.id.clone())
        .collect();
    match (&which.id, chosen.len()) {
        (Some(id), 0) => {
            return Err(CannotDo(tr!("no message has an id that starts with '{id}'; see `pcemon outbox list`", id = visible(id))));
        }
        (Some(id), count) if count > 1 => {
            return Err(CannotDo(tr!(
                "{count} messages have an id that starts with '{id}'; give more characters",
                count,
                id = visible(id)
            )));
        }
        _ => {}
    }
    act(&mut state, &chosen);
    store.commit(&mut state, None)?;
    if !global.quiet {
        print(&done(chosen.len()))?;
    }
    Ok(0)
}
