//! `nagios`: the Monitoring Plugins convention, for Nagios, Icinga, Naemon and their kin.

use super::words::{self, Badness, Unique};
use super::{Perfdata, Style};
use crate::domain::report::{DeliveryStatus, Report, RuleReport, RuleState, SourceStatus};
use crate::domain::text::{shorten, visible};
use crate::domain::threshold::{Op, Threshold};
use crate::domain::unit::Unit;

/// Instances told per rule in the long output.
const INSTANCES: usize = 10;
/// Characters of a label that some front ends tell apart.
const SIGNIFICANT: usize = 19;

/// Bytes of the first line's words: with the counts behind them the line fits into the kilobyte that NRPE carries.
const FIRST_LINE: usize = 700;
/// Characters that one source's trouble takes of it.
const TROUBLE: usize = 120;

/// The verdict and the worst problems by name, with performance data; one line for each thing that is not ok; and at the end the
/// performance data of the rules, so that a transport that cuts loses graphs and no problem.
pub fn render(report: &Report, style: &Style) -> String {
    let (counts, rules) = performance(report);
    let mut out = first_line(report);
    if style.perfdata != Perfdata::None {
        out.push_str(&format!(" | {}", counts.join(" ")));
    }
    out.push('\n');
    let mut lines: Vec<String> = long_output(report).iter().map(|line| plain(line)).collect();
    if style.perfdata == Perfdata::Rules && !rules.is_empty() {
        // The rest of the performance data begins behind the last line of the text.
        // On that line, and right behind the bar: Icinga reads no further lines of it, and takes a second blank for part of a name.
        lines.push(format!("{} |{}", plain(&words::counts(report)), rules.join(" ")));
    }
    for line in lines {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// What a pager shows: the status, what is wrong by name, how much is well.
fn first_line(report: &Report) -> String {
    let of = |wanted: &[Badness]| -> Vec<String> {
        words::worst_first(&report.rules).into_iter().filter(|rule| wanted.contains(&Badness::of_rule(rule))).map(problem).collect()
    };
    let mut problems = of(&[Badness::Critical]);
    // What was not read at all before what was read in part: the line may end early.
    let (failed, other): (Vec<_>, Vec<_>) = report.sources.iter().partition(|source| source.status == SourceStatus::Failed);
    let trouble = failed.into_iter().chain(other).filter_map(words::source_trouble);
    problems.extend(trouble.map(|text| ascii(&shorten(&text, TROUBLE))));
    problems.extend(of(&[Badness::Warning, Badness::Unknown, Badness::Info]));
    let undelivered = |status| report.deliveries.iter().filter(move |delivery| delivery.status == status).count();
    for (status, words) in [(DeliveryStatus::Failed, "failed"), (DeliveryStatus::Queued, "queued")] {
        match undelivered(status) {
            0 => {}
            1 => problems.push(format!("1 delivery {words}")),
            count => problems.push(format!("{count} deliveries {words}")),
        }
    }
    let ok = report.rules.iter().filter(|rule| Badness::of_rule(rule) == Badness::Ok).count();
    let end = if report.run.dry_run { format!("{ok} ok, dry run") } else { format!("{ok} ok") };
    let mut line = format!("PCEMON {} - ", report.status.name().to_uppercase());
    let all = problems.len();
    for (number, problem) in problems.into_iter().enumerate() {
        if line.len() + problem.len() > FIRST_LINE {
            line.push_str(&format!("{} more; ", all - number));
            break;
        }
        line.push_str(&problem);
        line.push_str(if number + 1 == all { "; " } else { ", " });
    }
    line + &end
}

/// A rule that is not ok: its name, its value, the threshold.
fn problem(rule: &RuleReport) -> String {
    // A name in other letters would be nothing but question marks on a pager; its place can be looked up.
    let name = visible(&rule.name);
    let name = if name.is_ascii() { shorten(&name, 80) } else { format!("rule in line {}", rule.line) };
    let mut text = ascii(&name);
    if rule.state == RuleState::Unknown {
        text.push_str(" unknown");
    } else if rule.value.is_some() {
        text.push_str(&format!(" {}", ascii(&words::value(rule.estimate(), rule.unit))));
    }
    if !rule.threshold.is_empty() && rule.state != RuleState::Unknown {
        text.push_str(&format!(" ({})", ascii(&words::threshold(&rule.threshold))));
    }
    text
}

/// Every sign one byte, and none that begins performance data.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '≥' => out.push_str(">="),
            '≤' => out.push_str("<="),
            '→' => out.push_str("->"),
            '–' | '—' => out.push('-'),
            '…' => out.push_str("..."),
            '\u{a0}' => out.push(' '),
            c if c.is_ascii() => out.push(c),
            _ => out.push('?'),
        }
    }
    out
}

fn long_output(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for rule in words::worst_first(&report.rules) {
        if matches!(Badness::of_rule(rule), Badness::Ok | Badness::NotJudged | Badness::Disabled) {
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

/// Counts and run time, and the rules' values.
fn performance(report: &Report) -> (Vec<String>, Vec<String>) {
    let mut labels = Unique::new();
    let mut counts: Vec<String> = Vec::new();
    let count = |badness: Badness| report.rules.iter().filter(|rule| Badness::of_rule(rule) == badness).count();
    for badness in [Badness::Critical, Badness::Warning, Badness::Unknown, Badness::Ok] {
        counts.push(format!("{}={};;;0", label(&mut labels, badness.word()), count(badness)));
    }
    counts.push(format!("{}={:.3}s;;;0", label(&mut labels, "duration"), report.run.duration.as_secs_f64()));
    // In the order of the config, so that a label does not move to another rule from run to run.
    let rules = report
        .rules
        .iter()
        .filter(|rule| !matches!(rule.state, RuleState::Disabled | RuleState::NotJudged))
        .map(|rule| format!("{}={}", label(&mut labels, &visible(&rule.name)), measured(rule)))
        .collect();
    (counts, rules)
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
