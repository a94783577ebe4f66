//! `checkmk`: a local check, one service per rule and one for the run.

use super::Style;
use super::words::{self, Badness, Unique};
use crate::domain::report::{Report, RuleReport, RuleState};
use crate::domain::text::visible;
use crate::domain::threshold::{Op, Threshold};

/// Instances told per rule.
const INSTANCES: usize = 10;

/// `STATE "service" metrics details`, once per line. Rules that are switched off stay, lest their services go missing.
pub fn render(report: &Report, _: &Style) -> String {
    let mut names = Unique::new();
    let mut troubles = vec![words::verdict(report)];
    troubles.extend(report.sources.iter().filter_map(words::source_trouble));
    let run = format!(
        "{} \"{}\" duration={:.3};;;0 {}",
        report.status.exit_code(),
        service(&mut names, "pcemon"),
        report.run.duration.as_secs_f64(),
        details(&troubles)
    );
    let rules = report.rules.iter().map(|rule| {
        let name = service(&mut names, &format!("pcemon {}", visible(&rule.name)));
        format!("{} \"{name}\" {} {}", Badness::of_rule(rule).service_state(), metric(rule), details(&told(rule)))
    });
    std::iter::once(run).chain(rules).map(|line| line + "\n").collect()
}

fn told(rule: &RuleReport) -> Vec<String> {
    let mut lines = vec![words::sentence(rule)];
    let grouped = rule.instances.iter().filter(|instance| !instance.group.is_empty());
    lines.extend(
        grouped
            .clone()
            .take(INSTANCES)
            .map(|instance| format!("{} {}", Badness::of_instance(instance).word(), words::instance_sentence(rule, instance))),
    );
    let more = grouped.count().saturating_sub(INSTANCES);
    if more > 0 {
        lines.push(format!("+{more} more"));
    }
    lines
}

/// Lines joined by the two characters that Checkmk reads as a line end; there is no escape for a backslash, so no other may stay.
fn details(lines: &[String]) -> String {
    lines.iter().map(|line| line.replace(['\\', '|'], "/")).collect::<Vec<_>>().join("\\n")
}

/// Characters that no service name may have become `_`.
fn service(names: &mut Unique, wanted: &str) -> String {
    let clean: String = wanted.chars().map(|c| if "`;~!$%^&*|\\'\"<>?,()=".contains(c) { '_' } else { c }).collect();
    // Two blanks in a row are one to Checkmk.
    names.name(&clean.split_whitespace().collect::<Vec<_>>().join(" "), usize::MAX)
}

fn metric(rule: &RuleReport) -> String {
    let Some(value) = rule.value.filter(|value| value.is_finite() && rule.state != RuleState::Disabled) else {
        return "-".to_owned();
    };
    // Only upper levels can be said in one number, and a multiple of what is usual is none of the value's.
    let level = |threshold: &Option<Threshold>| match threshold {
        Some(Threshold { op: Op::Above | Op::AtLeast, value, relative: false, .. }) => value.to_string(),
        _ => String::new(),
    };
    format!("{}={value};{};{};0", rule.unit.name(), level(&rule.thresholds.warning), level(&rule.thresholds.critical))
}
