//! What a mail says, in words: the same sentences for its text part and its HTML part.

use crate::channels::text;
use crate::domain::alert::{Alert, Notification, Reason};
use crate::domain::entry::AlertState;
use crate::domain::text::{for_a_shell, shorten};
use crate::domain::time::{format_duration, minute_for_people, since, span_for_people};
use crate::domain::unit::Unit;

/// The target that every PCE has: named where there are others.
const PCE: &str = "pce";

/// What a list of mails shows behind the subject.
pub fn preview(alert: &Alert) -> String {
    shorten(&format!("{} · {}", finding(alert), text::description(alert).first().cloned().unwrap_or_default()), 120)
}

/// What the message is about, in small: how many of which kind, from where, when.
pub fn below_the_headline(notification: &Notification) -> String {
    let at = minute_for_people(notification.created);
    let place = notification.pce.place().map(|place| text::name(&place));
    let note = notification.alerts.first().filter(|_| notification.size() == 1).and_then(text::note);
    [text::news(notification), note, place, Some(at)].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// `≥ 1,234 connections, threshold > 100`
pub fn finding(alert: &Alert) -> String {
    if alert.unit == Unit::Status {
        // "Threshold not normal" says nothing that the status does not.
        return tr!("status {value}", value = text::value(alert));
    }
    tr!("{value}, threshold {threshold}", value = text::value(alert), threshold = text::threshold(alert))
}

/// What else there is to know of an alert: a label and a value each.
pub fn facts(notification: &Notification, alert: &Alert) -> Vec<(String, String)> {
    let since_when = notification.began(alert);
    let mut facts = Vec::new();
    let group = text::group(&alert.group);
    if !group.is_empty() {
        facts.push((tr!("group"), group));
    }
    facts.extend(alert.target.as_ref().filter(|target| *target != PCE).map(|target| (tr!("target"), text::name(target))));
    if alert.window.from < alert.window.to {
        facts.push((tr!("counted"), span_for_people(alert.window.from, alert.window.to)));
    }
    match (alert.state, alert.resolved_at) {
        (AlertState::Firing, _) if matches!(alert.reason, Reason::First | Reason::Test) => {
            facts.push((tr!("since"), minute_for_people(since_when)));
        }
        (AlertState::Firing, _) => {
            let length = format_duration(since(alert.window.to, since_when));
            facts.push((tr!("since"), tr!("{time}, for {length}", time = minute_for_people(since_when), length)));
        }
        (AlertState::Resolved, at) => {
            let at = at.unwrap_or(alert.window.to).max(since_when);
            let length = format_duration(since(at, since_when));
            facts.push((tr!("fired"), tr!("{span}, for {length}", span = span_for_people(since_when, at), length)));
        }
    }
    if let (AlertState::Resolved, Some(note)) = (alert.state, text::note(alert)) {
        facts.push((tr!("reason"), note));
    }
    facts
}

/// A command that shows why.
pub fn next_step(alert: &Alert) -> String {
    format!("pcemon explain {}", for_a_shell(&text::name(&alert.rule)))
}

/// Who sent it, and by which channel: where somebody changes what is sent.
pub fn signature(notification: &Notification) -> String {
    tr!("Sent by pcemon {version}, channel {channel}.", version = env!("CARGO_PKG_VERSION"), channel = text::name(&notification.channel))
}

/// The text part with the first `shown` alerts, ending in a line end.
pub fn whole(notification: &Notification, shown: usize) -> String {
    let mut parts = vec![below_the_headline(notification)];
    let alone = notification.size() == 1;
    let mut left = shown;
    for (what, alerts) in text::arranged(notification) {
        if left > 0 && !alone {
            parts.push(what.heading(alerts.len()));
        }
        parts.extend(alerts.iter().take(left).map(|alert| block(notification, alert)));
        left = left.saturating_sub(alerts.len());
    }
    parts.extend(text::more(notification.alerts.len().saturating_sub(shown).saturating_add(notification.left_out)));
    if let Some((heading, lines)) = text::standing(notification) {
        parts.push(format!("{heading}\n  {}", lines.join("\n  ")));
    }
    parts.extend(text::origin(notification));
    parts.push(signature(notification));
    format!("{}\n", parts.join("\n\n"))
}

/// One alert, several lines.
fn block(notification: &Notification, alert: &Alert) -> String {
    let mut lines = vec![text::title(alert), finding(alert)];
    lines.extend(text::description(alert));
    lines.extend(facts(notification, alert).into_iter().map(|(label, value)| tr!("{label}: {value}", label, value)));
    if !text::contributors(alert).is_empty() {
        lines.push(tr!("top:"));
        lines.extend(text::contributors(alert).iter().map(|one| format!("  {}", text::talker(one, alert.unit))));
    }
    lines.extend(text::links(alert));
    lines.push(next_step(alert));
    lines.join("\n")
}
