//! A notification as plain text: what the mail's text part, chat channels and previews share.
//!
//! Every text from the outside is made visible and bounded here. It knows no channel's limits.

use crate::domain::alert::{Alert, Contributor, End, Group, Notification, NotificationKind, PceIdentity, Reason, Standing};
use crate::domain::entry::AlertState;
use crate::domain::text::{counted, prefix_within, quantity, said_by_source, shorten, visible};
use crate::domain::threshold::{self, Severity};
pub use crate::domain::time::{for_people, minute_for_people};
use crate::domain::unit::Unit;
use jiff::Timestamp;

/// Longest name (rule, group value, workload) shown.
pub const NAME: usize = 120;
/// Longest description shown.
pub const DESCRIPTION: usize = 1000;
/// Longest link shown; a longer one is left out, because half a link is none.
pub const LINK: usize = 500;
/// Contributors shown with an alert.
pub const TALKERS: usize = 5;
/// Group fields shown with an alert.
const GROUP_FIELDS: usize = 8;
/// Lines of a description shown.
const DESCRIPTION_LINES: usize = 20;

/// A name on one line, made harmless.
pub fn name(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { shorten(&visible(&shorten(text, NAME)), NAME) }
}

/// A description, line by line.
pub fn description(alert: &Alert) -> Vec<String> {
    let text = shorten(alert.description.as_deref().unwrap_or(""), DESCRIPTION);
    text.trim().lines().take(DESCRIPTION_LINES).map(|line| shorten(&visible(line), DESCRIPTION)).collect()
}

/// The runbook, if it is a link that can be shown.
pub fn runbook(alert: &Alert) -> Option<&str> {
    alert.runbook.as_deref().filter(|link| is_link(link))
}

/// The page of the PCE's console, if there is one.
pub fn console(alert: &Alert) -> Option<&str> {
    alert.console.as_deref().filter(|link| is_link(link))
}

/// Whether a text is a web address that can be shown whole.
pub fn is_link(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://"))
        && text.chars().count() <= LINK
        && !text.contains(char::is_whitespace)
        && visible(text) == text
}

/// `CRITICAL`, `RESOLVED`, ...
pub fn badge(alert: &Alert) -> String {
    match alert.state {
        AlertState::Resolved => tr!("RESOLVED"),
        AlertState::Firing => severity(alert.severity),
    }
}

fn severity(severity: Severity) -> String {
    match severity {
        Severity::Critical => tr!("CRITICAL"),
        Severity::Warning => tr!("WARNING"),
        Severity::Info => tr!("INFO"),
    }
}

/// Why it is told now, when that is not plain from the badge.
pub fn note(alert: &Alert) -> Option<String> {
    match alert.reason {
        Reason::Reminder => Some(tr!("reminder")),
        Reason::Escalated => Some(tr!("got worse")),
        Reason::Eased => Some(tr!("got milder")),
        Reason::Test => Some(tr!("test")),
        Reason::Resolved => alert.end.and_then(why_over),
        Reason::First => None,
    }
}

/// Why an alert is over, when it did not simply recover.
fn why_over(end: End) -> Option<String> {
    match end {
        End::Recovered => None,
        End::Gone => Some(tr!("nothing is seen of it any more")),
        End::Forgotten => Some(tr!("no longer expected")),
        End::RuleRemoved => Some(tr!("the rule was removed or switched off")),
        End::Milder => Some(tr!("still firing, but below min_severity of this channel")),
        End::Elsewhere => Some(tr!("still firing, but sent to other channels now")),
    }
}

/// `src_workload=web-01, port=-`, or nothing for a rule without groups.
pub fn group(group: &Group) -> String {
    let mut parts: Vec<String> = group
        .iter()
        .take(GROUP_FIELDS)
        .map(|(key, value)| format!("{}={}", name(key), value.as_deref().map_or_else(|| "-".to_owned(), name)))
        .collect();
    if group.len() > GROUP_FIELDS {
        parts.push("…".to_owned());
    }
    parts.join(", ")
}

/// Values of the group only, for a subject.
fn group_values(group: &Group) -> String {
    let values: Vec<String> = group.iter().take(GROUP_FIELDS).filter_map(|(_, value)| value.as_deref().map(name)).collect();
    values.join(", ")
}

/// `≥ 1,234 connections`, or `no value`.
pub fn value(alert: &Alert) -> String {
    let Some(number) = alert.value else { return tr!("no value") };
    match (alert.lower_bound, alert.value_max) {
        (false, _) => with_unit(number, alert.unit),
        (true, None) => format!("≥ {}", with_unit(number, alert.unit)),
        (true, Some(most)) => tr!("{low} to {high}", low = quantity(number, alert.unit), high = with_unit(most, alert.unit)),
    }
}

fn with_unit(number: f64, unit: Unit) -> String {
    counted(&shorten(&quantity(number, unit), 60), number, unit)
}

/// `web-01 -> db-01 3306/tcp blocked: 900 connections`
pub fn talker(talker: &Contributor, unit: Unit) -> String {
    let who = contributor(talker, unit);
    // A status stands in what is said of it.
    if unit == Unit::Status { who } else { format!("{who}: {}", share(talker, unit)) }
}

/// Who contributes most. What is over has nobody: its value is of now, and those were of then.
pub fn contributors(alert: &Alert) -> &[Contributor] {
    let shown = if alert.state == AlertState::Resolved { 0 } else { alert.top.len().min(TALKERS) };
    &alert.top[..shown]
}

/// How much of the value a contributor makes.
pub fn share(talker: &Contributor, unit: Unit) -> String {
    with_unit(talker.value, unit)
}

/// `web-01 -> db-01 3306/tcp blocked`
pub fn contributor(talker: &Contributor, unit: Unit) -> String {
    let service = match (talker.port, talker.proto.as_str()) {
        (Some(port), "") => format!(" {port}"),
        (Some(port), proto) => format!(" {port}/{}", name(proto)),
        (None, "") => String::new(),
        (None, proto) => format!(" {}", name(proto)),
    };
    let decision = if talker.decision.is_empty() || unit == Unit::Status { String::new() } else { format!(" {}", name(&talker.decision)) };
    let [src, dst] = [&talker.src, &talker.dst].map(|text| name(&said_by_source(text)));
    let between = if service.is_empty() { ": " } else { " -> " };
    format!("{src}{between}{dst}{service}{decision}")
}

/// Seconds precision in UTC, for machines; people get [`for_people`].
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `[CRITICAL] rule — group (reminder)`
pub fn title(alert: &Alert) -> String {
    let mut out = format!("[{}] {}", badge(alert), name(&alert.rule));
    let group = group(&alert.group);
    if !group.is_empty() {
        out.push_str(&format!(" — {group}"));
    }
    if let Some(note) = note(alert) {
        out.push_str(&format!(" ({note})"));
    }
    out
}

/// What a message says of an alert: that it is new, or what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It began.
    New,
    /// It got worse.
    Worse,
    /// It got milder.
    Milder,
    /// It fires on.
    Still,
    /// It is over.
    Over,
}

impl News {
    const ALL: [News; 5] = [News::New, News::Worse, News::Milder, News::Still, News::Over];

    fn of(alert: &Alert) -> News {
        match alert.reason {
            Reason::First | Reason::Test => News::New,
            Reason::Escalated => News::Worse,
            Reason::Eased => News::Milder,
            Reason::Reminder => News::Still,
            Reason::Resolved => News::Over,
        }
    }

    fn word(self) -> String {
        match self {
            News::New => tr!("new"),
            News::Worse => tr!("got worse"),
            News::Milder => tr!("got milder"),
            News::Still => tr!("still firing"),
            News::Over => tr!("over"),
        }
    }

    /// The line above its alerts.
    pub fn heading(self, count: usize) -> String {
        match self {
            News::New => tr!("New ({count})", count),
            News::Worse => tr!("Worse ({count})", count),
            News::Milder => tr!("Milder ({count})", count),
            News::Still => tr!("Still firing ({count})", count),
            News::Over => tr!("Over ({count})", count),
        }
    }
}

/// The alerts of a message by what is said of them, worst first.
pub fn arranged(notification: &Notification) -> Vec<(News, Vec<&Alert>)> {
    let alerts = sorted(notification);
    let under = |news: News| alerts.iter().copied().filter(|alert| News::of(alert) == news).collect::<Vec<_>>();
    News::ALL.into_iter().map(|news| (news, under(news))).filter(|(_, alerts)| !alerts.is_empty()).collect()
}

/// `2 new, 1 got worse, 3 still firing, 1 over`: what is news in a message of several alerts; nothing for one.
pub fn news(notification: &Notification) -> Option<String> {
    if notification.alerts.len() < 2 {
        return None;
    }
    let told: Vec<String> = arranged(notification).into_iter().map(|(news, alerts)| format!("{} {}", alerts.len(), news.word())).collect();
    Some(told.join(&tr!(", ")))
}

/// What fires on beside the message: a heading, and a line for each of the first few.
pub fn standing(notification: &Notification) -> Option<(String, Vec<String>)> {
    let count = notification.standing.len().saturating_add(notification.standing_more);
    if count == 0 {
        return None;
    }
    let line = |standing: &Standing| {
        let group = group(&standing.group);
        let of = if group.is_empty() { String::new() } else { format!(" — {group}") };
        let since = minute_for_people(standing.since);
        tr!("[{severity}] {rule}{of}, since {since}", severity = severity(standing.severity), rule = name(&standing.rule), of, since)
    };
    let mut lines: Vec<String> = notification.standing.iter().map(line).collect();
    lines.extend(more(notification.standing_more));
    Some((trn!("{count} more alert is firing, sent before:", "{count} more alerts are firing, sent before:", count = count), lines))
}

/// One alert, several lines, without a line end at its end.
pub fn body(notification: &Notification, alert: &Alert) -> String {
    let mut lines = vec![title(alert)];
    lines.push(tr!("{value} (threshold {threshold})", value = value(alert), threshold = threshold(alert)));
    lines.push(tr!("window {window}", window = window(alert)));
    lines.push(match alert.state {
        AlertState::Resolved => tr!("fired since {time}", time = for_people(notification.began(alert))),
        AlertState::Firing => tr!("since {time}", time = for_people(notification.began(alert))),
    });
    if !contributors(alert).is_empty() {
        lines.push(tr!("top:"));
        lines.extend(contributors(alert).iter().map(|one| format!("  {}", talker(one, alert.unit))));
    }
    lines.extend(description(alert));
    lines.join("\n")
}

/// The same with its links behind it.
pub fn block(notification: &Notification, alert: &Alert) -> String {
    let lines: Vec<String> = std::iter::once(body(notification, alert)).chain(links(alert)).collect();
    lines.join("\n")
}

/// A line for each page to go on from: that of the PCE's console, the runbook.
pub fn links(alert: &Alert) -> impl Iterator<Item = String> {
    let console = console(alert).map(|link| tr!("in the PCE's console: {link}", link));
    console.into_iter().chain(runbook(alert).map(|link| tr!("runbook: {link}", link)))
}

/// What was crossed, for people.
pub fn threshold(alert: &Alert) -> String {
    name(&threshold::said(&alert.threshold))
}

/// From when to when was counted, for people.
pub fn window(alert: &Alert) -> String {
    tr!("{from} to {to}", from = for_people(alert.window.from), to = for_people(alert.window.to))
}

/// Worst first: firing before resolved, worse before milder, else in the notification's own order.
pub fn sorted(notification: &Notification) -> Vec<&Alert> {
    let mut alerts: Vec<&Alert> = notification.alerts.iter().collect();
    alerts.sort_by_key(|alert| (alert.state == AlertState::Resolved, std::cmp::Reverse(alert.severity)));
    alerts
}

/// One line that says what the notification is about, without the name of the program.
pub fn headline(notification: &Notification) -> String {
    let alerts = sorted(notification);
    let total = alerts.len().saturating_add(notification.left_out);
    let marked = |text: String| match notification.kind {
        NotificationKind::Test => tr!("TEST {text}", text),
        NotificationKind::Reminder => tr!("still {text}", text),
        NotificationKind::Firing | NotificationKind::Resolved | NotificationKind::Snapshot => text,
    };
    let Some(worst) = alerts.first() else { return marked(trn!("{count} alert", "{count} alerts", count = total)) };
    let badge = marked(badge(worst));
    if total == 1 {
        let group = group_values(&worst.group);
        let of = if group.is_empty() { String::new() } else { format!(" — {group}") };
        return format!("{badge} {}{of}", name(&worst.rule));
    }
    let mut rules: Vec<String> = Vec::new();
    for alert in &alerts {
        let rule = name(&alert.rule);
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    tr!("{badge}: {count} alerts — {rules}", badge, count = total, rules = rules.join(", "))
}

/// `PCE https://pce.example.com:8443, organisation 1`, or nothing when everything came from files.
pub fn origin(notification: &Notification) -> Option<String> {
    (!notification.pce.url.is_empty())
        .then(|| tr!("PCE {url}, organisation {id}", url = name(&notification.pce.url), id = notification.pce.org_id))
}

/// `+3 more`, or nothing.
pub fn more(count: usize) -> Option<String> {
    (count > 0).then(|| tr!("+{count} more", count))
}

/// How many of the alerts can be told in full, at most `most` and about `bytes` of text, at least one.
pub fn fitting(notification: &Notification, alerts: &[&Alert], most: usize, bytes: usize) -> usize {
    let mut used = 0;
    let fits = |alert: &&&Alert| {
        used += block(notification, alert).len();
        used <= bytes
    };
    alerts.iter().take(most).take_while(fits).count().max(alerts.len().min(1))
}

/// The size of a text in a service's own unit, which `cost` gives for each character.
pub fn size(text: &str, cost: impl Fn(char) -> usize) -> usize {
    text.chars().map(cost).sum()
}

/// Cuts a text to `room` units between signs, with `…` at its end when something was cut.
pub fn cut(text: &str, room: usize, cost: impl Fn(char) -> usize) -> String {
    if size(text, &cost) <= room {
        return text.to_owned();
    }
    let Some(left) = room.checked_sub(cost('…')) else { return String::new() };
    format!("{}…", &text[..prefix_within(text, left, &cost)])
}

/// A text in pieces of at most `room` units, cut at line ends where that is possible, and what `most` pieces do not hold.
pub fn pieces(text: &str, room: usize, most: usize, cost: impl Fn(char) -> usize) -> (Vec<String>, &str) {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && out.len() < most {
        let fits = prefix_within(rest, room, &cost);
        let end = (fits < rest.len()).then_some(fits);
        let piece = match end {
            None => rest,
            Some(end) => match rest[..end].rfind('\n') {
                Some(line_end) if line_end > 0 => &rest[..line_end],
                // A room smaller than a single sign holds nothing.
                _ if end == 0 => break,
                _ => &rest[..end],
            },
        };
        out.push(piece.to_owned());
        rest = rest[piece.len()..].trim_start_matches('\n');
    }
    (out, rest)
}

/// Units kept free for "+N more".
pub const MORE: usize = 40;

/// The notification as one text of at most `room` units: headline, origin, alerts worst first, and how many were left out.
pub fn packed(notification: &Notification, room: usize, cost: impl Fn(char) -> usize) -> String {
    let mut head = cut(&headline(notification), room / 4, &cost);
    if let Some(origin) = origin(notification) {
        head.push('\n');
        head.push_str(&cut(&origin, room / 4, &cost));
    }
    let (body, told) = blocks(notification, room.saturating_sub(size(&head, &cost)), &cost);
    let unseen = (notification.alerts.len() - told).saturating_add(notification.left_out);
    let parts = [Some(head), (!body.is_empty()).then_some(body), more(unseen)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// As many alerts as fit beside "+N more", and how many these are. The first one is always told, if need be cut.
pub fn blocks(notification: &Notification, room: usize, cost: impl Fn(char) -> usize) -> (String, usize) {
    let gap = size("\n\n", &cost);
    let mut left = room.saturating_sub(MORE);
    let mut out: Vec<String> = Vec::new();
    for alert in sorted(notification) {
        let whole = block(notification, alert);
        let block = if out.is_empty() { cut(&whole, left.saturating_sub(gap), &cost) } else { whole };
        let Some(rest) = left.checked_sub(size(&block, &cost) + gap) else { break };
        left = rest;
        out.push(block);
    }
    (out.join("\n\n"), out.len())
}

/// A name for services that identify a thing by a short key.
pub fn key(fingerprint: &str, pce: &PceIdentity) -> String {
    pce.key(fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_in_the_unit_of_the_service() {
        assert_eq!(cut("😀😀😀", 6, char::len_utf16), "😀😀😀");
        assert_eq!(cut("😀😀😀", 5, char::len_utf16), "😀😀…");
        assert_eq!(cut("a😀b", 3, char::len_utf16), "a…");
        assert_eq!(cut("資料庫", 8, char::len_utf8), "資…");
        assert_eq!(cut("資料庫", 2, char::len_utf8), "");
        assert_eq!(cut("abc", 2, |_| 1), "a…");
    }

    #[test]
    fn keys_never_meet() {
        let pce = |url: &str, org_id| PceIdentity { url: url.to_owned(), org_id, ..PceIdentity::default() };
        let files = pce("", 1);
        assert_eq!(key("0123abcd", &files), "0123abcd");
        let odd = ["", "a b", "資", &"x".repeat(201), &"x".repeat(202)].map(|fingerprint| key(fingerprint, &files));
        for (index, one) in odd.iter().enumerate() {
            assert!(one.len() == 36 && !odd[..index].contains(one), "{odd:?}");
        }
        let of = [pce("https://a:8443", 1), pce("https://a:8443", 2), pce("https://b:8443", 1)].map(|pce| key("0123abcd", &pce));
        for (index, one) in of.iter().enumerate() {
            assert!(one.starts_with("0123abcd-") && one.len() == 21 && !of[..index].contains(one), "{of:?}");
        }
    }
}
