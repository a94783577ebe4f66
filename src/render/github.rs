//! `github`: workflow commands that become annotations in GitHub Actions, and a step summary.

use super::words::{self, Badness};
use super::{Style, markdown};
use crate::domain::report::{Report, RuleReport};
use crate::domain::text::visible;

/// GitHub shows this many annotations of each level per step and drops the rest without a word.
const LIMIT: usize = 10;
/// GitHub refuses a step summary above one MiB.
const SUMMARY_LIMIT: usize = 1_000_000;

/// Annotations, worst first, then one plain line with the verdict.
pub fn render(report: &Report, style: &Style) -> String {
    let mut annotations: Vec<(&'static str, String)> = Vec::new();
    for source in &report.sources {
        if let Some(trouble) = words::source_trouble(source) {
            annotations.push(("error", command("error", "title=pcemon source", &trouble)));
        }
    }
    for rule in words::worst_first(&report.rules) {
        let level = match Badness::of_rule(rule) {
            Badness::Critical | Badness::Unknown => "error",
            Badness::Warning => "warning",
            Badness::Info => "notice",
            Badness::Muted | Badness::Pending | Badness::Ok | Badness::NotJudged | Badness::Disabled => continue,
        };
        annotations.push((level, command(level, &place(rule, style), &format!("{}: {}", visible(&rule.name), words::sentence(rule)))));
    }
    for delivery in &report.deliveries {
        if let Some(error) = &delivery.error {
            let text = tr!(
                "delivery to {channel} {status}: {error}",
                channel = visible(&delivery.channel),
                status = delivery.status.localized(),
                error = visible(error)
            );
            annotations.push(("warning", command("warning", "title=pcemon delivery", &text)));
        }
    }
    annotations.extend(report.warnings.iter().map(|text| ("notice", command("notice", "title=pcemon", &visible(text)))));
    let mut out = String::new();
    let mut left_out = 0;
    for level in ["error", "warning", "notice"] {
        let lines: Vec<&String> = annotations.iter().filter(|(have, _)| *have == level).map(|(_, line)| line).collect();
        left_out += lines.len().saturating_sub(LIMIT);
        for line in lines.into_iter().take(LIMIT) {
            out.push_str(line);
            out.push('\n');
        }
    }
    // Not a command: it begins with the status.
    out.push_str(&words::verdict(report));
    if left_out > 0 {
        out.push_str(&tr!(" (+{count} more not annotated)", count = left_out));
    }
    out.push('\n');
    out
}

/// Markdown for the file that `GITHUB_STEP_SUMMARY` names.
pub fn step_summary(report: &Report, style: &Style) -> String {
    let mut text = markdown::render(report, style);
    if text.len() > SUMMARY_LIMIT {
        // Whole lines, so that no table row and no code span is cut open.
        let end = text.char_indices().map(|(index, _)| index).take_while(|index| *index <= SUMMARY_LIMIT).last().unwrap_or(0);
        let end = text[..end].rfind('\n').map_or(0, |line| line + 1);
        text.truncate(end);
        text.push_str(&format!("\n{}\n", tr!("The rest was left out: a step summary may have one MiB.")));
    }
    text
}

fn place(rule: &RuleReport, style: &Style) -> String {
    let line = if rule.line > 0 { format!("line={},", rule.line) } else { String::new() };
    format!("file={},{line}title={}", property(&visible(&style.config_path)), property(&visible(&rule.name)))
}

fn command(level: &str, properties: &str, message: &str) -> String {
    format!("::{level} {properties}::{}", data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
