//! `markdown` (GitHub-flavoured): for step summaries, tickets, chats. Nothing foreign becomes markup.

use super::Style;
use super::words::{self, Badness, NOTHING};
use crate::domain::report::{InstanceReport, Report, Suppression};
use crate::domain::text::visible;
use crate::domain::threshold::Severity;

/// Instances shown per rule.
const INSTANCES: usize = 20;

/// The whole report.
pub fn render(report: &Report, style: &Style) -> String {
    let mut out = format!("## pcemon: {}\n\n{}\n\n", report.status.name(), escape(&words::verdict(report)));
    out.push_str(&format!("{}\n", about(report, style)));
    rules(&mut out, report, style);
    instances(&mut out, report, style);
    sources(&mut out, report);
    deliveries(&mut out, report);
    if !report.warnings.is_empty() {
        out.push_str(&format!("\n### {}\n\n", tr!("Warnings")));
        for warning in &report.warnings {
            out.push_str(&format!("- {}\n", escape(&visible(warning))));
        }
    }
    out
}

fn about(report: &Report, style: &Style) -> String {
    let mut parts = vec![tr!("Run {id}", id = code(&report.run.id)), escape(&words::full_time(report.run.started_at, style))];
    if !report.run.pce.is_empty() {
        parts.push(format!("PCE {}", code(&report.run.pce)));
    }
    parts.join(" · ")
}

fn rules(out: &mut String, report: &Report, style: &Style) {
    let rows = words::worst_first(&report.rules)
        .into_iter()
        .filter(|rule| style.verbose || !matches!(Badness::of_rule(rule), Badness::Disabled | Badness::NotJudged))
        .map(|rule| {
            let mut remarks: Vec<String> = [&rule.error, &rule.note].into_iter().flatten().map(|text| escape(&visible(text))).collect();
            if let Some(top) = rule.top.first() {
                remarks.insert(0, code(&words::talker(top)));
            }
            vec![
                rule.state.localized(),
                severity(rule.severity),
                escape(&visible(&rule.name)),
                escape(&words::value_of_what(rule.estimate(), rule.unit)),
                code(&words::threshold(&rule.threshold)),
                escape(&words::window(rule)),
                remarks.join("<br>"),
            ]
        })
        .collect();
    table(
        out,
        &tr!("Rules"),
        &[tr!("State"), tr!("Severity"), tr!("Rule"), tr!("Value"), tr!("Threshold"), tr!("Window"), tr!("Top talker, remarks")],
        rows,
    );
}

fn instances(out: &mut String, report: &Report, style: &Style) {
    let mut rows = Vec::new();
    for rule in words::worst_first(&report.rules) {
        let grouped: Vec<&InstanceReport> = rule.instances.iter().filter(|instance| !instance.group.is_empty()).collect();
        for one in grouped.iter().take(INSTANCES) {
            let since = one.since.map_or_else(|| NOTHING.to_owned(), |at| words::clock(at, report.run.finished_at, &style.timezone));
            rows.push(vec![
                one.state.localized(),
                severity(one.severity),
                escape(&visible(&rule.name)),
                code(&words::named_group(&one.group)),
                escape(&words::value_of_what(one.estimate(), rule.unit)),
                escape(&since),
                one.suppressed_by.map(Suppression::localized).unwrap_or_default(),
            ]);
        }
        if grouped.len() > INSTANCES {
            let more = tr!("+{count} more", count = grouped.len() - INSTANCES);
            rows.push(vec![String::new(), String::new(), escape(&visible(&rule.name)), more, String::new(), String::new(), String::new()]);
        }
    }
    table(
        out,
        &tr!("Instances"),
        &[tr!("State"), tr!("Severity"), tr!("Rule"), tr!("Group"), tr!("Value"), tr!("Since"), tr!("Suppressed")],
        rows,
    );
}

fn sources(out: &mut String, report: &Report) {
    let rows = report.sources.iter().map(|source| {
        vec![
            source.source.localized(),
            source.status.localized(),
            source.records.to_string(),
            source.queries.to_string(),
            source.bytes.to_string(),
            escape(&visible(source.trouble().unwrap_or_default())),
        ]
    });
    table(
        out,
        &tr!("Sources"),
        &[tr!("Source"), tr!("Status"), tr!("Records"), tr!("Queries"), tr!("Bytes"), tr!("Error")],
        rows.collect(),
    );
}

fn deliveries(out: &mut String, report: &Report) {
    let rows = report.deliveries.iter().map(|delivery| {
        vec![
            escape(&visible(&delivery.channel)),
            escape(&delivery.status.localized()),
            delivery.alerts.to_string(),
            delivery.attempts.to_string(),
            escape(&visible(delivery.error.as_deref().unwrap_or_default())),
            delivery.preview.as_deref().map(|text| text.lines().map(code).collect::<Vec<_>>().join("<br>")).unwrap_or_default(),
        ]
    });
    table(
        out,
        &tr!("Deliveries"),
        &[tr!("Channel"), tr!("Status"), tr!("Alerts"), tr!("Attempts"), tr!("Error"), tr!("Preview")],
        rows.collect(),
    );
}

fn table(out: &mut String, title: &str, header: &[String], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    out.push_str(&format!("\n### {title}\n\n| {} |\n|{}\n", header.join(" | "), " --- |".repeat(header.len())));
    for row in rows {
        out.push_str(&format!("| {} |\n", row.join(" | ")));
    }
}

fn severity(severity: Option<Severity>) -> String {
    severity.map_or_else(|| NOTHING.to_owned(), Severity::localized)
}

/// Prose: what could begin markup, a mention or a link becomes a character reference, which never does.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let refer = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '@' | '#' | '!' | '$' => true,
            // Only a scheme makes a link; a colon in a sentence or a time is no harm.
            ':' => chars.peek() == Some(&'/'),
            _ => false,
        };
        if refer {
            out.push_str(&format!("&#{};", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Names: shown as code, where GitHub looks for neither mentions nor links.
pub(super) fn code(text: &str) -> String {
    let text = words::or_nothing(text);
    // A code span has no escapes, and a pipe or a backslash before one would end the cell.
    if text.contains(['`', '|', '\\']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("<code>{}</code>", escape(&text))
    } else {
        format!("`{text}`")
    }
}
