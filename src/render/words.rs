//! The phrases that several formats share, so that all of them say the same thing.
//!
//! Everything that comes out of here is one line, free of control characters. It knows no format:
//! quoting and escaping are the format's own business.

use super::Style;
use crate::domain::alert::{Contributor, Group};
use crate::domain::estimate::Estimate;
use crate::domain::report::{Accounting, DeliveryStatus, InstanceReport, Report, RuleReport, RuleState, SourceReport, SourceStatus};
use crate::domain::text::{counted, quantity, said_by_source, visible};
use crate::domain::threshold::{self, Severity};
use crate::domain::time::{format_duration, since};
use crate::domain::unit::Unit;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::time::Duration;

/// What stands for something that is not there.
pub const NOTHING: &str = "-";

/// What a reader makes of a state and its severity, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Badness {
    /// Firing, critical.
    Critical,
    /// Firing, warning.
    Warning,
    /// Cannot be said.
    Unknown,
    /// Firing, info.
    Info,
    /// Firing, and told to nobody: it does not count.
    Muted,
    /// Not yet for long enough.
    Pending,
    /// Calm.
    Ok,
    /// Not looked at in this run.
    NotJudged,
    /// Switched off.
    Disabled,
}

impl Badness {
    const ALL: [Badness; 9] = [
        Badness::Critical,
        Badness::Warning,
        Badness::Unknown,
        Badness::Info,
        Badness::Muted,
        Badness::Pending,
        Badness::Ok,
        Badness::NotJudged,
        Badness::Disabled,
    ];

    /// Reads state and severity together.
    pub fn of(state: RuleState, severity: Option<Severity>) -> Badness {
        match (state, severity) {
            (RuleState::Firing, Some(Severity::Info)) => Badness::Info,
            (RuleState::Firing, Some(Severity::Warning)) => Badness::Warning,
            // A firing rule without a severity must not look milder than it may be.
            (RuleState::Firing, Some(Severity::Critical) | None) => Badness::Critical,
            (RuleState::Unknown, _) => Badness::Unknown,
            (RuleState::Pending, _) => Badness::Pending,
            (RuleState::Ok, _) => Badness::Ok,
            (RuleState::NotJudged, _) => Badness::NotJudged,
            (RuleState::Disabled, _) => Badness::Disabled,
        }
    }

    /// Of a rule; of one that fires, what still counts of it.
    pub fn of_rule(rule: &RuleReport) -> Badness {
        let mut firing = rule.instances.iter().filter(|instance| instance.state == RuleState::Firing).peekable();
        let is_muted = rule.state == RuleState::Firing && firing.peek().is_some() && firing.all(InstanceReport::is_muted);
        if is_muted { Badness::Muted } else { Badness::of(rule.state, rule.severity) }
    }

    /// Of an instance.
    pub fn of_instance(instance: &InstanceReport) -> Badness {
        if instance.is_muted() { Badness::Muted } else { Badness::of(instance.state, instance.severity) }
    }

    /// One word, the same in every language.
    pub fn word(self) -> &'static str {
        match self {
            Badness::Critical => "critical",
            Badness::Warning => "warning",
            Badness::Unknown => "unknown",
            Badness::Info => "info",
            Badness::Muted => "muted",
            Badness::Pending => "pending",
            Badness::Ok => "ok",
            Badness::NotJudged => "not judged",
            Badness::Disabled => "disabled",
        }
    }

    /// The same for people.
    pub fn localized(self) -> String {
        match self {
            Badness::Critical => tr!("critical"),
            Badness::Warning => tr!("warning"),
            Badness::Unknown => tr!("unknown"),
            Badness::Info => tr!("info"),
            Badness::Pending => tr!("pending"),
            Badness::Muted => tr!("muted"),
            Badness::Ok => tr!("ok"),
            Badness::NotJudged => tr!("not judged"),
            Badness::Disabled => tr!("disabled"),
        }
    }

    /// The state of a monitoring service: 0 to 3.
    pub fn service_state(self) -> u8 {
        match self {
            Badness::Critical => 2,
            Badness::Warning => 1,
            Badness::Unknown => 3,
            Badness::Info | Badness::Muted | Badness::Pending | Badness::Ok | Badness::NotJudged | Badness::Disabled => 0,
        }
    }
}

/// Rules worst first, else in the order of the config.
pub fn worst_first(rules: &[RuleReport]) -> Vec<&RuleReport> {
    let mut sorted: Vec<&RuleReport> = rules.iter().collect();
    sorted.sort_by_key(|rule| Badness::of_rule(rule));
    sorted
}

/// How many rules are how bad, worst first, without those that are none.
pub fn tally(rules: &[RuleReport]) -> Vec<(Badness, usize)> {
    Badness::ALL
        .into_iter()
        .map(|badness| (badness, rules.iter().filter(|rule| Badness::of_rule(rule) == badness).count()))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// `1 critical, 2 warning, 5 ok` and what else explains the verdict.
pub fn counts(report: &Report) -> String {
    let mut parts: Vec<String> = tally(&report.rules).iter().map(|(badness, count)| format!("{count} {}", badness.localized())).collect();
    if parts.is_empty() {
        parts.push(tr!("no rules"));
    }
    for status in [SourceStatus::Failed, SourceStatus::Partial] {
        let count = report.sources.iter().filter(|source| source.status == status).count();
        if count > 0 {
            parts.push(trn!("{count} source {status}", "{count} sources {status}", count = count, status = status.localized()));
        }
    }
    for status in [DeliveryStatus::Failed, DeliveryStatus::Queued] {
        let count = report.deliveries.iter().filter(|delivery| delivery.status == status).count();
        if count > 0 {
            parts.push(trn!("{count} delivery {status}", "{count} deliveries {status}", count = count, status = status.localized()));
        }
    }
    parts.join(&tr!(", "))
}

/// The one line that says it all: `CRITICAL: 1 critical, 5 ok — traffic counted as increases`.
pub fn verdict(report: &Report) -> String {
    let mut line = format!("{}: {}", report.status.name().to_uppercase(), counts(report));
    if let Some(accounting) = accounting(report) {
        line.push_str(&format!(" — {accounting}"));
    }
    if report.run.dry_run {
        line.push_str(" — ");
        line.push_str(&tr!("dry run, nothing was sent"));
    }
    if report.exit_code != report.status.exit_code() {
        line.push_str(" — ");
        line.push_str(&tr!("exit code {code}", code = report.exit_code));
    }
    line
}

/// How the traffic numbers of this report were counted: `traffic counted as increases`.
pub fn accounting(report: &Report) -> Option<String> {
    // Of a source that was not read nothing was counted, whatever is remembered of its rules.
    let mut failed = report.sources.iter().filter(|source| source.source.is_flows()).peekable();
    if failed.peek().is_some() && failed.all(|source| !source.is_read()) {
        return None;
    }
    let judged = |rule: &&RuleReport| !matches!(rule.state, RuleState::NotJudged | RuleState::Disabled);
    let has = |accounting: Accounting| report.rules.iter().filter(judged).any(|rule| rule.accounting == Some(accounting));
    match (has(Accounting::Delta), has(Accounting::AsReported)) {
        (false, false) => None,
        (true, false) => Some(tr!("traffic counted as increases")),
        (false, true) => Some(tr!("traffic summed as reported")),
        (true, true) => Some(tr!("traffic counted as increases and summed as reported")),
    }
}

/// A value for people: `1,234`, `≥ 1,234`, `3 to 5`, `1.2 GB`, `-`.
pub fn value(estimate: Estimate, unit: Unit) -> String {
    match (estimate.value(), estimate.value_max()) {
        (None, _) => NOTHING.to_owned(),
        (Some(value), _) if estimate.is_exact() => quantity(value, unit),
        (Some(value), None) => format!("≥ {}", quantity(value, unit)),
        (Some(value), Some(most)) => tr!("{low} to {high}", low = quantity(value, unit), high = quantity(most, unit)),
    }
}

/// The same with the thing that was counted: `1,234 connections`.
pub fn value_of_what(estimate: Estimate, unit: Unit) -> String {
    let text = value(estimate, unit);
    match estimate.value_max().or(estimate.value()) {
        Some(amount) if estimate.value().is_some() => counted(&text, amount, unit),
        _ => text,
    }
}

/// The values of a group: `web-01, 3306`.
pub fn group(group: &Group) -> String {
    group.iter().map(|(_, value)| value.as_deref().map_or_else(|| NOTHING.to_owned(), or_nothing)).collect::<Vec<_>>().join(", ")
}

/// Fields and values of a group: `src_workload=web-01, port=3306`.
pub fn named_group(group: &Group) -> String {
    let pair = |(key, value): &(String, Option<String>)| {
        format!("{}={}", visible(key), value.as_deref().map_or_else(|| NOTHING.to_owned(), or_nothing))
    };
    group.iter().map(pair).collect::<Vec<_>>().join(", ")
}

/// Who talked to whom: `web-01 → db-01 3306/tcp`.
pub fn talker(talker: &Contributor) -> String {
    let mut out = or_nothing(&said_by_source(&talker.src));
    if !talker.dst.is_empty() {
        // An arrow is for what flows; of anything else the second part says what the first did or is.
        out.push_str(if talker.proto.is_empty() && talker.port.is_none() { ": " } else { " → " });
        out.push_str(&visible(&said_by_source(&talker.dst)));
    }
    match (talker.port, talker.proto.as_str()) {
        (Some(port), "") => out.push_str(&format!(" {port}")),
        (Some(port), proto) => out.push_str(&format!(" {port}/{}", visible(proto))),
        (None, "") => {}
        (None, proto) => out.push_str(&format!(" {}", visible(proto))),
    }
    out
}

/// The span a value really covers, when that is not the window (give or take a tenth).
pub fn other_span(rule: &RuleReport) -> Option<Duration> {
    let covered = since(rule.covers_to?, rule.covers_from?);
    let window = rule.window?;
    (covered.abs_diff(window) > window / 10).then_some(covered)
}

/// The window: `10m`, or `10m (covers 45m)`, or `-`.
pub fn window(rule: &RuleReport) -> String {
    match (rule.window, other_span(rule)) {
        (None, _) => NOTHING.to_owned(),
        (Some(window), None) => format_duration(window),
        (Some(window), Some(covered)) => {
            tr!("{window} (covers {covered})", window = format_duration(window), covered = format_duration(covered))
        }
    }
}

/// What a rule found, in one sentence without its name.
pub fn sentence(rule: &RuleReport) -> String {
    let mut parts = vec![match rule.state {
        RuleState::Disabled => return tr!("disabled"),
        RuleState::NotJudged => {
            return rule
                .note
                .as_ref()
                .map_or_else(|| rule.state.localized(), |why| format!("{}: {}", rule.state.localized(), visible(why)));
        }
        RuleState::Firing => Badness::of_rule(rule).localized(),
        other => other.localized(),
    }];
    if rule.value.is_some() {
        parts.push(value_of_what(rule.estimate(), rule.unit));
    }
    if !rule.threshold.is_empty() {
        parts.push(tr!("threshold {threshold}", threshold = threshold(&rule.threshold)));
    }
    if rule.window.is_some() {
        parts.push(tr!("window {window}", window = window(rule)));
    }
    let grouped = rule.instances.iter().filter(|instance| !instance.group.is_empty()).count();
    if grouped > 0 {
        parts.push(trn!(
            "{bad} of {groups} group not ok",
            "{bad} of {groups} groups not ok",
            groups = rule.groups.max(grouped as u64),
            bad = grouped
        ));
    }
    if let Some(top) = rule.top.first() {
        parts.push(tr!("top {talker}", talker = talker(top)));
    }
    if let Some(accounting) = rule.accounting {
        parts.push(tr!("counted as {accounting}", accounting = accounting.name()));
    }
    let mut out = parts.join(&tr!(", "));
    for remark in [&rule.error, &rule.note].into_iter().flatten() {
        out.push_str(&tr!("; "));
        out.push_str(&visible(remark));
    }
    out
}

/// What an instance is about, in one sentence without the rule's name.
pub fn instance_sentence(rule: &RuleReport, instance: &InstanceReport) -> String {
    let mut parts = Vec::new();
    if !instance.group.is_empty() {
        parts.push(named_group(&instance.group));
    }
    parts.push(value_of_what(instance.estimate(), rule.unit));
    if !instance.threshold.is_empty() {
        parts.push(tr!("threshold {threshold}", threshold = threshold(&instance.threshold)));
    }
    if rule.window.is_some() {
        parts.push(tr!("window {window}", window = window(rule)));
    }
    if let Some(top) = instance.top.first() {
        parts.push(tr!("top {talker}", talker = talker(top)));
    }
    if let Some(accounting) = rule.accounting {
        parts.push(tr!("counted as {accounting}", accounting = accounting.name()));
    }
    if let Some(suppression) = instance.suppressed_by {
        let reason = instance.suppressed_reason.as_deref().map_or_else(String::new, |reason| format!(" ({})", visible(reason)));
        parts.push(tr!("not notified: {reason}", reason = suppression.localized() + &reason));
    }
    parts.join(&tr!(", "))
}

/// Whether a source was read whole, or is not offered at all.
pub fn is_whole(source: &SourceReport) -> bool {
    matches!(source.status, SourceStatus::Ok | SourceStatus::Unavailable)
}

/// What is wrong with a source, in one line; `None` when nothing is.
pub fn source_trouble(source: &SourceReport) -> Option<String> {
    if is_whole(source) {
        return None;
    }
    let (name, status) = (source.source.localized(), source.status.localized());
    Some(match source.trouble() {
        Some(error) => tr!("{source} {status}: {error}", source = name, status, error = visible(error)),
        None => tr!("{source} {status}", source = name, status),
    })
}

/// A time for people, as short as it can be understood next to `now`.
pub fn clock(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    let format = if at.date() == now.to_zoned(zone.clone()).date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M" };
    at.strftime(format).to_string()
}

/// A time for people, in full.
pub fn full_time(at: Timestamp, style: &Style) -> String {
    at.to_zoned(style.timezone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// A threshold for people, or the sign for nothing.
pub fn threshold(text: &str) -> String {
    or_nothing(&threshold::said(text))
}

/// Harmless text, or the sign for nothing.
pub fn or_nothing(text: &str) -> String {
    if text.is_empty() { NOTHING.to_owned() } else { visible(text) }
}

/// Names as they come, each made different from all before it: some formats lose or refuse what is named twice.
pub struct Unique(Vec<String>);

impl Unique {
    /// Nothing named yet.
    pub fn new() -> Unique {
        Unique(Vec::new())
    }

    /// The name itself, or with a number in front when its first `significant` characters were there before.
    pub fn name(&mut self, wanted: &str, significant: usize) -> String {
        let head = |text: &str| text.chars().take(significant).collect::<String>();
        let name = std::iter::once(wanted.to_owned())
            .chain((2..).map(|number: u32| format!("{number} {wanted}")))
            .find(|name| !self.0.contains(&head(name)))
            .unwrap_or_default();
        self.0.push(head(&name));
        name
    }
}
