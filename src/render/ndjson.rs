//! `ndjson`: the parts of `json`, one object per line, for log shippers and `grep`.

use super::Style;
use super::json::{Delivery, Rule, Run, SCHEMA, Source, to_text};
use crate::domain::report::{Report, RunInfo};
use serde::Serialize;

/// One line for the run, each source, rule, delivery and warning, and a last one with the verdict.
pub fn render(report: &Report, _: &Style) -> String {
    let (run, pce) = (&report.run, report.run.identity());
    let opening = Tagged { r#type: "run", body: &Opening { schema: SCHEMA, run: Run::of(run) } };
    let mut lines = vec![text(&opening)];
    lines.extend(report.sources.iter().map(|source| line("source", run, &Source::of(source))));
    lines.extend(report.rules.iter().map(|rule| line("rule", run, &Rule::of(rule, &pce))));
    lines.extend(report.deliveries.iter().map(|delivery| line("delivery", run, &Delivery::of(delivery))));
    lines.extend(report.warnings.iter().map(|text| line("warning", run, &Warning { text })));
    lines.push(line("end", run, &Closing { id: &run.id, status: report.status.name(), exit_code: report.exit_code }));
    lines.concat()
}

#[derive(Serialize)]
struct Tagged<'a, T> {
    r#type: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

/// A line that is read alone: it says which PCE it is about.
#[derive(Serialize)]
struct Alone<'a, T> {
    r#type: &'static str,
    pce: &'a str,
    org_id: Option<u64>,
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

fn line<T: Serialize>(kind: &'static str, run: &RunInfo, body: &T) -> String {
    text(&Alone { r#type: kind, pce: &run.pce, org_id: run.org_id, body })
}

fn text<T: Serialize>(line: &T) -> String {
    let mut text = to_text(serde_json::to_string(line));
    text.push('\n');
    text
}
