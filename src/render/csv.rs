//! `csv` (RFC 4180): one row per rule and one per instance that is not ok, safe to open in a spreadsheet.

use super::Style;
use super::words;
use crate::domain::report::{InstanceReport, Report, RuleReport};
use crate::domain::text::is_hostile;
use crate::domain::time::format_duration;
use jiff::Timestamp;

const HEADER: [&str; 31] = [
    "run_id",
    "started_at",
    "status",
    "kind",
    "rule",
    "source",
    "metric",
    "state",
    "severity",
    "value",
    "unit",
    "lower_bound",
    "threshold",
    "window",
    "covers_from",
    "covers_to",
    "accounting",
    "groups",
    "matched",
    "group",
    "fingerprint",
    "since",
    "notified",
    "suppressed_by",
    "is_new",
    "top",
    "error",
    "note",
    "pce",
    "org_id",
    "key",
];

/// The whole report.
pub fn render(report: &Report, _: &Style) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let rows = report.rules.iter().flat_map(|rule| {
        std::iter::once(row(report, rule, None)).chain(rule.instances.iter().map(move |instance| row(report, rule, Some(instance))))
    });
    // Rows are of one length and go to memory; neither of which can fail.
    let written = writer.write_record(HEADER).and_then(|()| rows.map(|row| writer.write_record(row)).collect::<Result<Vec<()>, _>>());
    let bytes = writer.into_inner().unwrap_or_default();
    debug_assert!(written.is_ok());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn row(report: &Report, rule: &RuleReport, instance: Option<&InstanceReport>) -> [String; HEADER.len()] {
    let (state, severity, value, lower_bound, top) = match instance {
        None => (rule.state, rule.severity, rule.value, rule.lower_bound, &rule.top),
        Some(one) => (one.state, one.severity, one.value, one.lower_bound, &one.top),
    };
    [
        guarded(&report.run.id),
        report.run.started_at.to_string(),
        report.status.name().to_owned(),
        if instance.is_none() { "rule" } else { "instance" }.to_owned(),
        guarded(&rule.name),
        rule.source.name().to_owned(),
        guarded(&rule.metric),
        state.name().to_owned(),
        severity.map_or_else(String::new, |severity| severity.name().to_owned()),
        value.map_or_else(String::new, |value| value.to_string()),
        rule.unit.name().to_owned(),
        lower_bound.to_string(),
        guarded(&rule.threshold),
        rule.window.map_or_else(String::new, format_duration),
        time(rule.covers_from),
        time(rule.covers_to),
        rule.accounting.map_or("", |accounting| accounting.name()).to_owned(),
        if instance.is_none() { rule.groups.to_string() } else { String::new() },
        if instance.is_none() { rule.matched.to_string() } else { String::new() },
        instance.map_or_else(String::new, |one| guarded(&words::named_group(&one.group))),
        instance.map_or_else(String::new, |one| guarded(&one.fingerprint)),
        instance.map_or_else(String::new, |one| time(one.since)),
        instance.map_or_else(String::new, |one| one.notified.to_string()),
        instance.and_then(|one| one.suppressed_by).map_or("", |suppression| suppression.name()).to_owned(),
        instance.map_or_else(String::new, |one| one.is_new.to_string()),
        guarded(&top.iter().map(words::talker).collect::<Vec<_>>().join("; ")),
        if instance.is_none() { guarded(rule.error.as_deref().unwrap_or_default()) } else { String::new() },
        if instance.is_none() { guarded(rule.note.as_deref().unwrap_or_default()) } else { String::new() },
        guarded(&report.run.pce),
        report.run.org_id.map_or_else(String::new, |org| org.to_string()),
        instance.map_or_else(String::new, |one| guarded(&report.run.identity().key(&one.fingerprint))),
    ]
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| at.to_string())
}

/// Text that a spreadsheet will not take for a formula, wherever it parts the line: in half of Europe a semicolon
/// separates, and then neither the quotes nor the beginning of the field are where they were written. Full-width signs
/// count: some spreadsheets read them too.
pub fn guarded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    // Whether a field may begin here in some reader's eyes.
    let mut begins = true;
    for c in text.chars() {
        let hidden = matches!(c, '\t' | '\r' | '\n');
        if begins && (matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') || (hidden && out.is_empty())) {
            out.push('\'');
            begins = false;
        }
        if is_hostile(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
        begins = matches!(c, ';' | '；') || hidden || (begins && (c.is_whitespace() || c == '"' || c == '\''));
    }
    out
}
