//! `tap`: Test Anything Protocol 14, a test point per source, rule and delivery.

use super::Style;
use super::json::to_text;
use super::words::{self, Badness};
use crate::domain::report::{DeliveryStatus, Report, RuleReport, SourceStatus};
use crate::domain::text::visible;

/// Instances told per rule.
const INSTANCES: usize = 20;

/// The whole report.
pub fn render(report: &Report, _: &Style) -> String {
    let mut points: Vec<Point> = report
        .sources
        .iter()
        .map(|source| Point {
            ok: words::is_whole(source),
            name: format!("source {}", source.source),
            skip: (source.status == SourceStatus::Unavailable).then_some("unavailable"),
            details: words::source_trouble(source).map(|text| vec![("message", Detail::Text(text))]).unwrap_or_default(),
        })
        .collect();
    points.extend(report.rules.iter().map(rule));
    points.extend(report.deliveries.iter().map(|delivery| Point {
        ok: matches!(delivery.status, DeliveryStatus::Sent | DeliveryStatus::DryRun),
        name: format!("delivery to {}", visible(&delivery.channel)),
        skip: (delivery.status == DeliveryStatus::DryRun).then_some("dry run"),
        details: delivery.error.iter().map(|error| ("message", Detail::Text(visible(error)))).collect(),
    }));
    let mut out = format!("TAP version 14\n1..{}\n", points.len());
    for (index, point) in points.iter().enumerate() {
        point.write(index + 1, &mut out);
    }
    out.push_str(&format!("# {}\n", words::verdict(report)));
    out
}

struct Point {
    ok: bool,
    name: String,
    skip: Option<&'static str>,
    details: Vec<(&'static str, Detail)>,
}

enum Detail {
    Text(String),
    List(Vec<String>),
}

impl Point {
    fn write(&self, number: usize, out: &mut String) {
        let name = self.name.replace('\\', "\\\\").replace('#', "\\#");
        out.push_str(&format!("{} {number} - {name}", if self.ok { "ok" } else { "not ok" }));
        if let Some(skip) = self.skip {
            out.push_str(&format!(" # SKIP {skip}"));
        }
        out.push('\n');
        if self.details.is_empty() {
            return;
        }
        out.push_str("  ---\n");
        for (key, detail) in &self.details {
            match detail {
                Detail::Text(text) => out.push_str(&format!("  {key}: {}\n", quoted(text))),
                Detail::List(texts) => {
                    out.push_str(&format!("  {key}:\n"));
                    texts.iter().for_each(|text| out.push_str(&format!("    - {}\n", quoted(text))));
                }
            }
        }
        out.push_str("  ...\n");
    }
}

fn rule(rule: &RuleReport) -> Point {
    let badness = Badness::of_rule(rule);
    let ok = badness.service_state() == 0;
    let mut details = Vec::new();
    if badness != Badness::Disabled {
        details.push(("message", Detail::Text(words::sentence(rule))));
        details.push(("severity", Detail::Text(badness.word().to_owned())));
    }
    let told: Vec<String> =
        rule.instances.iter().filter(|one| !one.group.is_empty()).take(INSTANCES).map(|one| words::instance_sentence(rule, one)).collect();
    if !told.is_empty() {
        details.push(("instances", Detail::List(told)));
    }
    Point {
        ok,
        name: visible(&rule.name),
        skip: matches!(badness, Badness::Disabled | Badness::NotJudged).then_some(badness.word()),
        details,
    }
}

/// A JSON string is a YAML string.
fn quoted(text: &str) -> String {
    to_text(serde_json::to_string(text))
}
