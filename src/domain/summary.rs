//! One line about an alert. Stored in English, so that what machines read is the same in every language; people get it in theirs.

use super::alert::{Alert, End};
use super::entry::AlertState;
use super::text::{quantity, shorten, visible};
use super::threshold::{self, Severity};
use super::time::{format_duration, since};

/// Longest name in it, in characters.
const PART: usize = 200;
/// Group fields in it.
const FIELDS: usize = 8;

/// The line, free of control characters. `milder` is what it fires as now, when that is less than its channel wants.
pub fn summary(alert: &Alert, milder: Option<Severity>) -> String {
    let mut what = visible(&title(alert));
    if let Some(value) = alert.value {
        let value = quantity(value, alert.unit);
        what = match (alert.lower_bound, alert.value_max) {
            (false, _) => tr!("{what}: {value}", what, value),
            (true, None) => tr!("{what}: at least {value}", what, value),
            (true, Some(most)) => tr!("{what}: {value} to {most}", what, value, most = quantity(most, alert.unit)),
        };
    }
    let end = match (alert.state, alert.end) {
        (AlertState::Resolved, end) => end.unwrap_or(End::Recovered),
        (AlertState::Firing, _) => {
            let threshold = threshold::said(&shorten(&alert.threshold, PART));
            let length = since(alert.window.to, alert.window.from);
            return if length.is_zero() {
                tr!("{what}, threshold {threshold}", what, threshold)
            } else {
                tr!("{what}, threshold {threshold} in {window}", what, threshold, window = format_duration(length))
            };
        }
    };
    match (end, milder) {
        (End::Recovered, _) => tr!("{what}, over", what),
        (End::Gone, _) => tr!("{what}, over: nothing is seen of it any more", what),
        (End::Forgotten, _) => tr!("{what}, over: missing for so long that it is no longer expected", what),
        (End::RuleRemoved, _) => tr!("{what}, over: the rule was removed or switched off", what),
        (End::Milder, Some(severity)) => {
            tr!("{what}, over for this channel: it fires on, but only as {severity}", what, severity = severity.localized())
        }
        (End::Milder, None) => tr!("{what}, over for this channel: it fires on with a lower severity", what),
        (End::Elsewhere, _) => tr!("{what}, over for this channel: it fires on, but is sent elsewhere now", what),
    }
}

fn title(alert: &Alert) -> String {
    let rule = shorten(&alert.rule, PART);
    if alert.group.is_empty() {
        return rule;
    }
    let group: Vec<String> = alert.group.iter().take(FIELDS).map(|(_, value)| shorten(value.as_deref().unwrap_or("-"), PART)).collect();
    format!("{rule} ({})", group.join(", "))
}
