//! What a syslog message says: RFC 5424 with structured data, or CEF. It knows no sockets.

use crate::channels::text;
use crate::domain::alert::{Alert, Notification};
use crate::domain::entry::AlertState;
use crate::domain::text::visible;
use crate::domain::threshold::Severity;
use std::net::IpAddr;

/// What the message looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Structured data and a sentence.
    Rfc5424,
    /// Common Event Format.
    Cef,
}

/// A facility by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facility(u8);

/// The usual one.
pub const LOCAL0: Facility = Facility(16);

/// Facilities by their names.
pub const FACILITIES: [(&str, Facility); 20] = [
    ("kern", Facility(0)),
    ("user", Facility(1)),
    ("mail", Facility(2)),
    ("daemon", Facility(3)),
    ("auth", Facility(4)),
    ("syslog", Facility(5)),
    ("lpr", Facility(6)),
    ("news", Facility(7)),
    ("uucp", Facility(8)),
    ("cron", Facility(9)),
    ("authpriv", Facility(10)),
    ("ftp", Facility(11)),
    ("local0", LOCAL0),
    ("local1", Facility(17)),
    ("local2", Facility(18)),
    ("local3", Facility(19)),
    ("local4", Facility(20)),
    ("local5", Facility(21)),
    ("local6", Facility(22)),
    ("local7", Facility(23)),
];

/// Enterprise number of the RFC's own examples, as pcemon has none.
const SD_ID: &str = "pcemon@32473";
/// Bytes of one value, so that no value crowds the others out.
const VALUE: usize = 120;

/// One message for each alert in the words of `say`, worst first, none longer than `longest` bytes; one more for what
/// was left out.
pub fn render(
    notification: &Notification,
    format: Format,
    facility: Facility,
    host: &str,
    longest: usize,
    say: &dyn Fn(&Alert) -> String,
) -> Vec<String> {
    let alerts = text::sorted(notification);
    let head = |severity: u8, id: &str| {
        // The time of the message, not of the attempt: a repetition is the same.
        let at = notification.created.strftime("%Y-%m-%dT%H:%M:%S%.6fZ");
        format!("<{}>1 {at} {host} pcemon - {id}", u16::from(facility.0) * 8 + u16::from(severity))
    };
    let mut messages: Vec<String> = alerts
        .iter()
        .map(|alert| {
            let head = head(syslog_severity(alert), word(alert));
            match format {
                Format::Rfc5424 => rfc5424(&head, alert, notification, longest, &say(alert)),
                Format::Cef => cef(&head, alert, notification, longest, say(alert)),
            }
        })
        .collect();
    if notification.left_out > 0 {
        let more = trn!("+{count} more alert", "+{count} more alerts", count = notification.left_out);
        let severity = alerts.first().map_or(4, |alert| syslog_severity(alert));
        let head = head(severity, "more");
        messages.push(match format {
            Format::Rfc5424 => format!("{head} [{SD_ID} id=\"{}\"] \u{feff}{more}", parameter(&notification.id)),
            Format::Cef => {
                let pairs = vec![("deviceExternalId", notification.id.clone()), ("msg", more)];
                cef_line(&head, "more", "More alerts", 5, &pairs, longest)
            }
        });
    }
    messages
}

fn syslog_severity(alert: &Alert) -> u8 {
    match (alert.state, alert.severity) {
        (AlertState::Firing, Severity::Critical) => 2,
        (AlertState::Firing, Severity::Warning) => 4,
        (AlertState::Resolved, _) => 5,
        (AlertState::Firing, Severity::Info) => 6,
    }
}

fn word(alert: &Alert) -> &'static str {
    match alert.state {
        AlertState::Firing => "firing",
        AlertState::Resolved => "resolved",
    }
}

/// An alert in the usual words, on one line.
pub fn sentence(alert: &Alert) -> String {
    tr!(
        "{title}: {value} (threshold {threshold})",
        title = text::title(alert),
        value = text::value(alert),
        threshold = text::threshold(alert)
    )
}

fn rfc5424(head: &str, alert: &Alert, notification: &Notification, longest: usize, said: &str) -> String {
    let mut data = vec![
        ("id", notification.id.clone()),
        ("fingerprint", alert.fingerprint.clone()),
        ("key", text::key(&alert.fingerprint, &notification.pce)),
        ("rule", alert.rule.clone()),
        ("severity", alert.severity.name().to_owned()),
        ("state", word(alert).to_owned()),
        ("since", text::time(notification.began(alert))),
        ("threshold", alert.threshold.clone()),
        ("unit", alert.unit.name().to_owned()),
        ("pce", notification.pce.url.clone()),
        ("org_id", notification.pce.org_id.to_string()),
        ("group", text::group(&alert.group)),
    ];
    if let Some(value) = alert.value.filter(|value| value.is_finite()) {
        data.push(("value", value.to_string()));
    }
    let pairs: Vec<String> =
        data.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| format!(" {name}=\"{}\"", parameter(text))).collect();
    let start = format!("{head} [{SD_ID}{}] \u{feff}", pairs.concat());
    let message = text::cut(said, longest.saturating_sub(start.len()), char::len_utf8);
    format!("{start}{message}")
}

/// A value of structured data, bounded and escaped.
fn parameter(text: &str) -> String {
    let special = |c: char| matches!(c, '"' | '\\' | ']');
    escape(&text::cut(&visible(text), VALUE, |c| c.len_utf8() + usize::from(special(c))), special)
}

fn cef(head: &str, alert: &Alert, notification: &Notification, longest: usize, said: String) -> String {
    let severity = match (alert.state, alert.severity) {
        (AlertState::Resolved, _) => 1,
        (AlertState::Firing, Severity::Info) => 3,
        (AlertState::Firing, Severity::Warning) => 6,
        (AlertState::Firing, Severity::Critical) => 9,
    };
    let mut pairs = vec![
        ("rt", notification.created.as_millisecond().to_string()),
        ("externalId", alert.fingerprint.clone()),
        ("deviceExternalId", notification.id.clone()),
        ("outcome", word(alert).to_owned()),
        ("start", notification.began(alert).as_millisecond().to_string()),
        ("msg", said),
        ("cs2", alert.threshold.clone()),
        ("cs2Label", "threshold".to_owned()),
        ("cs3", notification.pce.url.clone()),
        ("cs3Label", "pce".to_owned()),
        ("cs4", text::key(&alert.fingerprint, &notification.pce)),
        ("cs4Label", "key".to_owned()),
        ("cs5", notification.pce.org_id.to_string()),
        ("cs5Label", "org".to_owned()),
    ];
    if !alert.group.is_empty() {
        pairs.extend([("cs1", text::group(&alert.group)), ("cs1Label", "group".to_owned())]);
    }
    if let Some(value) = alert.value.filter(|value| value.is_finite()) {
        pairs.extend([("cfp1", value.to_string()), ("cfp1Label", alert.unit.name().to_owned())]);
    }
    if let Some(top) = alert.top.first() {
        // `src` and `dst` take addresses only.
        let end = |text: &str, address, name| (if text.parse::<IpAddr>().is_ok() { address } else { name }, text.to_owned());
        pairs.extend([end(&top.src, "src", "shost"), end(&top.dst, "dst", "dhost")]);
        pairs.extend(top.port.map(|port| ("dpt", port.to_string())));
        pairs.extend([("proto", top.proto.clone()), ("act", top.decision.clone())]);
    }
    cef_line(head, &alert.rule, &alert.rule, severity, &pairs, longest)
}

/// As many pairs as fit; the most telling ones come first.
fn cef_line(head: &str, id: &str, name: &str, severity: u8, pairs: &[(&str, String)], longest: usize) -> String {
    let field = |text: &str| bounded(text, |c| matches!(c, '\\' | '|'));
    let mut out = format!("{head} - CEF:0|pcemon|pcemon|{}|{}|{}|{severity}|", env!("CARGO_PKG_VERSION"), field(id), field(name));
    let mut first = true;
    for (key, text) in pairs.iter().filter(|(_, text)| !text.is_empty()) {
        let gap = if first { "" } else { " " };
        let pair = format!("{gap}{key}={}", bounded(text, |c| matches!(c, '\\' | '=')));
        if out.len() + pair.len() > longest {
            break;
        }
        out.push_str(&pair);
        first = false;
    }
    out
}

/// Longer than in structured data: CEF has no text beside its values.
fn bounded(text: &str, special: impl Fn(char) -> bool + Copy) -> String {
    escape(&text::cut(&visible(text), 3 * VALUE, |c| c.len_utf8() + usize::from(special(c))), special)
}

fn escape(text: &str, special: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if special(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
