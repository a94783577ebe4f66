//! `nagios`: the Monitoring Plugins convention, for Nagios, Icinga, Naemon and their kin.

use super::Style;
use super::words::{self, Badness, Unique};
use crate::domain::metric::Unit;
use crate::domain::report::{DeliveryStatus, Report, RuleReport, RuleState};
use crate::domain::text::visible;
use crate::domain::threshold::{Op, Threshold};

/// Instances told per rule in the long output.
const INSTANCES: usize = 10;
/// Characters of a label that some front ends tell apart.
const SIGNIFICANT: usize = 19;

/// First line with performance data, then one line per thing that is not ok.
pub fn render(report: &Report, _: &Style) -> String {
    // The verdict's own first word would say the status twice.
    let verdict = words::verdict(report);
    let told = verdict.split_once(": ").map_or(verdict.as_str(), |(_, rest)| rest);
    let mut first = format!("PCEMON {}: {told}", report.status.name().to_uppercase());
    for trouble in report.sources.iter().filter_map(words::source_trouble) {
        first.push_str(&format!("; {trouble}"));
    }
    let mut out = format!("{} | {}\n", plain(&first), performance(report));
    for line in long_output(report) {
        out.push_str(&plain(&line));
        out.push('\n');
    }
    out
}

fn long_output(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for rule in words::worst_first(&report.rules) {
        if matches!(Badness::of_rule(rule), Badness::Ok | Badness::Disabled) {
            continue;
        }
        lines.push(format!("{}: {}", visible(&rule.name), words::sentence(rule)));
        let grouped = rule.instances.iter().filter(|instance| !instance.group.is_empty());
        lines.extend(
            grouped
                .clone()
                .take(INSTANCES)
                .map(|instance| format!("  {} {}", Badness::of_instance(instance).word(), words::instance_sentence(rule, instance))),
        );
        let more = grouped.count().saturating_sub(INSTANCES);
        if more > 0 {
            lines.push(format!("  +{more} more"));
        }
    }
    for delivery in &report.deliveries {
        if matches!(delivery.status, DeliveryStatus::Failed | DeliveryStatus::Queued) {
            let error = delivery.error.as_deref().map_or_else(String::new, |error| format!(": {}", visible(error)));
            lines.push(format!("delivery to {} {}{error}", visible(&delivery.channel), delivery.status.name()));
        }
    }
    lines.extend(report.warnings.iter().map(|text| format!("note: {}", visible(text))));
    lines
}

/// `|` begins performance data wherever it stands.
fn plain(text: &str) -> String {
    text.replace('|', "/")
}

fn performance(report: &Report) -> String {
    let mut labels = Unique::new();
    let mut parts: Vec<String> = Vec::new();
    let count = |badness: Badness| report.rules.iter().filter(|rule| Badness::of_rule(rule) == badness).count();
    for badness in [Badness::Critical, Badness::Warning, Badness::Unknown, Badness::Ok] {
        parts.push(format!("{}={};;;0", label(&mut labels, badness.word()), count(badness)));
    }
    parts.push(format!("{}={:.3}s;;;0", label(&mut labels, "duration"), report.run.duration.as_secs_f64()));
    // In the order of the config, so that a label does not move to another rule from run to run.
    for rule in report.rules.iter().filter(|rule| rule.state != RuleState::Disabled) {
        parts.push(format!("{}={}", label(&mut labels, &visible(&rule.name)), measured(rule)));
    }
    parts.join(" ")
}

fn label(labels: &mut Unique, wanted: &str) -> String {
    let clean: String = wanted.chars().map(|c| if matches!(c, '=' | '\'' | '|' | ';') { '_' } else { c }).collect();
    let name = labels.name(&clean, SIGNIFICANT);
    if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty() { name } else { format!("'{name}'") }
}

fn measured(rule: &RuleReport) -> String {
    let (scale, unit) = match rule.unit {
        Unit::Bytes => (1.0, "B"),
        Unit::Seconds => (1.0, "s"),
        Unit::Ratio => (100.0, "%"),
        _ => (1.0, ""),
    };
    let value =
        rule.value.filter(|value| value.is_finite()).map_or_else(|| "U".to_owned(), |value| format!("{}{unit}", number(value * scale)));
    // A multiple of what is usual is no limit of the value.
    let limit = |threshold: &Option<Threshold>| threshold.as_ref().filter(|threshold| !threshold.relative).map(|own| range(own, scale));
    let range = |threshold: &Option<Threshold>| limit(threshold).unwrap_or_default();
    format!("{value};{};{};0", range(&rule.thresholds.warning), range(&rule.thresholds.critical))
}

/// Up to nine decimals, so that a ratio times a hundred does not show the dust of binary fractions.
fn number(value: f64) -> String {
    let text = format!("{value:.9}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The values that alert, as a range: without `@` those outside of it, with `@` those inside, ends included.
fn range(threshold: &Threshold, scale: f64) -> String {
    let at = number(threshold.value * scale);
    match threshold.op {
        Op::Above => at,
        Op::AtLeast => format!("@{at}:"),
        Op::Below => format!("{at}:"),
        Op::AtMost => format!("@~:{at}"),
        Op::Equal => format!("@{at}:{at}"),
        Op::Unequal => format!("{at}:{at}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_alert_exactly_when_the_threshold_holds() {
        // The convention's own reading of a range.
        let alerts = |range: &str, value: f64| {
            let (inside, range) = range.strip_prefix('@').map_or((false, range), |rest| (true, rest));
            let (start, end) = range.split_once(':').unwrap_or(("0", range));
            let start = if start == "~" { f64::NEG_INFINITY } else { start.parse().unwrap() };
            let end = if end.is_empty() { f64::INFINITY } else { end.parse().unwrap() };
            (start..=end).contains(&value) == inside
        };
        for text in ["> 10", ">= 10", "< 10", "<= 10", "== 10", "!= 10"] {
            let threshold = Threshold::parse(text, Unit::Events).unwrap();
            for value in [0.0, 9.0, 9.5, 10.0, 10.5, 11.0] {
                assert_eq!(alerts(&range(&threshold, 1.0), value), threshold.holds(value), "{text} {value}");
            }
        }
        assert_eq!(range(&Threshold::parse(">= 90 %", Unit::Ratio).unwrap(), 100.0), "@90:");
    }
}
