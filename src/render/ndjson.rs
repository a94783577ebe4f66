//! `ndjson`: the parts of `json`, one object per line, for log shippers and `grep`.

use super::Style;
use super::json::{Delivery, Rule, Run, SCHEMA, Source, to_text};
use crate::domain::report::Report;
use serde::Serialize;

/// One line for the run, each source, rule, delivery and warning, and a last one with the verdict.
pub fn render(report: &Report, _: &Style) -> String {
    let mut lines = vec![line("run", &Opening { schema: SCHEMA, run: Run::of(&report.run) })];
    lines.extend(report.sources.iter().map(|source| line("source", &Source::of(source))));
    lines.extend(report.rules.iter().map(|rule| line("rule", &Rule::of(rule))));
    lines.extend(report.deliveries.iter().map(|delivery| line("delivery", &Delivery::of(delivery))));
    lines.extend(report.warnings.iter().map(|text| line("warning", &Warning { text })));
    lines.push(line("end", &Closing { id: &report.run.id, status: report.status.name(), exit_code: report.exit_code }));
    lines.concat()
}

#[derive(Serialize)]
struct Tagged<'a, T> {
    r#type: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

#[derive(Serialize)]
struct Opening<'a> {
    schema: &'static str,
    #[serde(flatten)]
    run: Run<'a>,
}

#[derive(Serialize)]
struct Warning<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Closing<'a> {
    id: &'a str,
    status: &'static str,
    exit_code: u8,
}

fn line<T: Serialize>(kind: &'static str, body: &T) -> String {
    let mut text = to_text(serde_json::to_string(&Tagged { r#type: kind, body }));
    text.push('\n');
    text
}
