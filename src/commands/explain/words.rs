//! The story of a rule for people: six numbered parts, in the order in which a cycle decides.

use crate::domain::alert::Group;
use crate::domain::asks::Wanted;
use crate::domain::counted;
use crate::domain::estimate::Truth;
use crate::domain::filter::Filter;
use crate::domain::report::{Accounting, RuleState};
use crate::domain::rule::{Matcher, Rule};
use crate::domain::text::{quantity, visible};
use crate::domain::threshold;
use crate::domain::time::{after, format_duration, since};
use crate::judge::match_stats::{ConditionStats, MatchStats};
use crate::judge::transition::{Instance, Stage};
use crate::render::Style;
use crate::render::{clock, named_group, value_of_what};
use crate::run::explain::{self, MOST_TRIED, Tried};
use crate::run::trace::{self, Explanation, GroupExplanation};
use jiff::Timestamp;

/// Groups that a person is shown.
const MOST_GROUPS: usize = 10;
const FEW_GROUPS: usize = 3;

/// How a story is told.
pub struct Wording<'t> {
    /// Whether the rule takes part in `check`.
    pub was_enabled: bool,
    /// The run's instant.
    pub now: Timestamp,
    /// The reader's wishes.
    pub style: &'t Style,
    /// Without the rule itself and without examples.
    pub short: bool,
}

impl Wording<'_> {
    fn clock(&self, at: Timestamp) -> String {
        clock(at, self.now, &self.style.timezone)
    }

    fn left(&self, end: Timestamp) -> String {
        format_duration(since(end, self.now))
    }
}

/// A group for people; a rule without `group_by` has none.
pub fn group(group: &Group) -> String {
    if group.is_empty() { tr!("the rule") } else { named_group(group) }
}

fn push(out: &mut String, indent: usize, text: impl AsRef<str>) {
    out.push_str(&format!("{:indent$}{}\n", "", text.as_ref()));
}

/// The whole story.
pub fn story(story: &Explanation, telling: &Wording<'_>) -> String {
    let Explanation { rule, report, .. } = story;
    let state = report.state.localized();
    let state = report.severity.map_or(state.clone(), |severity| format!("{state} {}", severity.localized()));
    let mut out = String::new();
    push(&mut out, 0, tr!("{rule} (line {line}): {state}", rule = visible(&rule.name), line = rule.line, state));
    if !telling.short {
        in_words(&mut out, rule, telling.was_enabled);
    }
    asked(&mut out, story, telling);
    records(&mut out, story, telling.short);
    values(&mut out, story, telling);
    life(&mut out, story, telling);
    notification(&mut out, story, telling);
    out
}

fn in_words(out: &mut String, rule: &Rule, was_enabled: bool) {
    push(out, 0, tr!("1 The rule"));
    let by = rule.group_by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let over = rule.span().map_or_else(|| tr!("now"), |span| tr!("within {span}", span = format_duration(span)));
    let (metric, source) = (visible(&rule.metric.name()), rule.source);
    let measured = if by.is_empty() {
        tr!("{metric} of {source}, {over}", metric, source, over)
    } else {
        tr!("{metric} of {source}, {over}, one alert for each {fields}", metric, source, over, fields = by)
    };
    push(out, 4, measured);
    if !was_enabled {
        push(out, 4, tr!("It is disabled: `check` leaves it out. This is what it would do."));
    }
    filter(out, &rule.matcher, "match", "exclude");
    if let Some(ratio) = &rule.ratio {
        filter(out, &ratio.over.matcher, "ratio_to", "exclude");
        if ratio.min_total > 0.0 {
            push(out, 4, tr!("not judged below a total of {total}", total = quantity(ratio.min_total, rule.metric.unit())));
        }
    }
    let thresholds: Vec<String> =
        rule.thresholds.worst_first().map(|(severity, threshold)| format!("{} {threshold}", severity.localized())).collect();
    push(
        out,
        4,
        if thresholds.is_empty() {
            tr!("thresholds: {thresholds}", thresholds = threshold::said(rule.own_status()))
        } else {
            tr!("thresholds: {thresholds}", thresholds = thresholds.join(", "))
        },
    );
    let mut times = vec![format!("for {}", format_duration(rule.pending_for)), format!("cooldown {}", format_duration(rule.cooldown))];
    if !rule.keep_firing_for.is_zero() {
        times.push(format!("keep_firing_for {}", format_duration(rule.keep_firing_for)));
    }
    times.extend(rule.recovery.as_ref().map(|recovery| format!("recovery {recovery}")));
    push(out, 4, times.join(", "));
}

fn filter(out: &mut String, matcher: &Matcher, wanted: &str, unwanted: &str) {
    fn lines<C: Wanted>(out: &mut String, filter: &Filter<C>, wanted: &str, unwanted: &str) {
        for (word, conditions) in [(wanted, &filter.all), (unwanted, &filter.none)] {
            for (key, condition) in conditions {
                push(out, 4, format!("{word} {key} = {}", condition.wanted()));
            }
        }
    }
    match matcher {
        Matcher::Traffic(filter) => lines(out, filter, wanted, unwanted),
        Matcher::Records(filter) => lines(out, filter, wanted, unwanted),
    }
}

fn asked(out: &mut String, story: &Explanation, telling: &Wording<'_>) {
    push(out, 0, tr!("2 The query and what it covered"));
    let Some(source) = &story.source else {
        push(out, 4, tr!("{source} was not read", source = story.rule.source));
        return;
    };
    let (name, status, records) = (source.source, source.status.localized(), counted::records(source.records));
    let answer = match (source.from, source.to) {
        (Some(from), Some(to)) => {
            let (from, to) = (telling.clock(from), telling.clock(to));
            tr!("{name} {status}, queried {from} – {to}, {records}", name, status, from, to, records)
        }
        _ => tr!("{name} {status}, {records}", name, status, records),
    };
    let answer = source.trouble().map_or(answer.clone(), |error| tr!("{text}: {error}", text = answer, error = visible(error)));
    push(out, 4, answer);
    if let Some(look) = &story.look {
        if !look.only.is_empty() {
            push(out, 4, tr!("all rules together need only: {what}", what = visible(&look.only)));
        }
        let before = match look.previous {
            None if look.anew => tr!("the previous run is too long ago to compare with: values are learned anew"),
            None => tr!("the first run: nothing to compare with"),
            Some(at) => tr!("the previous run was at {at}", at = telling.clock(at)),
        };
        // Plain sums compare with nothing.
        if story.report.accounting != Some(Accounting::AsReported) {
            push(out, 4, before);
        }
    }
    match story.report.accounting {
        Some(Accounting::Delta) => push(out, 4, tr!("counted: the increase of each record since the previous run (delta)")),
        Some(Accounting::AsReported) => push(out, 4, tr!("counted: what the PCE reported, unchanged (as_reported)")),
        None => {}
    }
    if let (Some(from), Some(to)) = (story.report.covers_from, story.report.covers_to) {
        let span = format_duration(since(to, from));
        push(out, 4, tr!("the value covers {from} – {to} ({span})", from = telling.clock(from), to = telling.clock(to), span));
    }
    for text in [&story.report.error, &story.report.note].into_iter().flatten() {
        push(out, 4, visible(text));
    }
}

fn records(out: &mut String, story: &Explanation, short: bool) {
    push(out, 0, tr!("3 Records"));
    if story.match_stats.is_empty() && story.rule.matcher.records().is_some() {
        push(out, 4, tr!("{matched}: a rule on {source} covers all of it", matched = story.report.matched, source = story.rule.source));
        return;
    }
    for (match_stats, name) in story.match_stats.iter().zip(["", "ratio_to: "]) {
        push(out, 4, format!("{name}{}", tr!("{seen} seen, {matched} matched", seen = match_stats.seen, matched = match_stats.matched)));
        kept_out(out, match_stats, short);
    }
    if story.match_stats.is_empty() {
        push(out, 4, tr!("none was read"));
    }
}

fn kept_out(out: &mut String, match_stats: &MatchStats, short: bool) {
    if match_stats.undecided > 0 {
        push(out, 6, tr!("{count} lack a field of `match`: they may match", count = match_stats.undecided));
    }
    for (meshes, is_exclude) in [(&match_stats.failed, false), (&match_stats.excluded, true)] {
        for mesh in meshes.iter().filter(|mesh| mesh.first > 0) {
            let ConditionStats { key, wanted, first, only, .. } = mesh;
            let line = if is_exclude {
                tr!("{first} left out by exclude {key} = {wanted} ({only} of them by nothing else)", first, key, wanted, only)
            } else {
                tr!("{first} failed {key} = {wanted} ({only} of them by nothing else)", first, key, wanted, only)
            };
            push(out, 6, line);
            for sample in mesh.samples.iter().filter(|_| !short) {
                push(out, 8, tr!("{record}: {key} is {found}", record = sample.record, key, found = sample.found));
            }
        }
    }
}

fn values(out: &mut String, story: &Explanation, telling: &Wording<'_>) {
    push(out, 0, tr!("4 Values and thresholds"));
    let unit = story.rule.unit();
    let most = if telling.short { FEW_GROUPS } else { MOST_GROUPS };
    if story.groups.is_empty() {
        push(out, 4, tr!("no group was seen"));
    }
    for one in story.groups.iter().take(most) {
        let Some(measured) = &one.measured else {
            push(out, 4, tr!("{group}: not seen in this run", group = group(&one.group)));
            continue;
        };
        let estimate = measured.evidence(one.partial).estimate;
        let (name, value) = (group(&one.group), value_of_what(estimate, unit));
        let line = match measured.parts {
            None => tr!("{group}: {value}", group = name, value),
            Some((part, whole)) => {
                let unit = story.rule.metric.unit();
                let (part, whole) = (quantity(part, unit), quantity(whole, unit));
                tr!("{group}: {value} ({part} of {whole})", group = name, value, part, whole)
            }
        };
        push(out, 4, line);
        if one.partial {
            push(out, 6, tr!("a lower bound: the answer is incomplete"));
        } else if !estimate.is_exact() {
            push(out, 6, tr!("not known exactly: see the remark above"));
        }
        if measured.unjudged {
            push(out, 6, tr!("too few values to evaluate"));
        }
        if let Some((usual, floor)) = explain::usual(measured) {
            let usual = quantity(usual, unit);
            let line = if floor > 0.0 {
                tr!("usual is {usual}, counts as at least {floor}", usual, floor = quantity(floor, unit))
            } else {
                tr!("usual is {usual}", usual)
            };
            push(out, 6, line);
        } else if story.rule.baseline.is_some() {
            push(out, 6, tr!("the usual value is not known yet"));
        }
        for (severity, threshold, answer) in &one.answers {
            let severity = severity.localized();
            push(out, 6, tr!("{severity} {threshold}: {answer}", severity, threshold, answer = said(*answer)));
        }
        if let Some(answer) = one.recovery {
            push(out, 6, tr!("recovery: {answer}", answer = said(answer)));
        }
    }
    if story.groups.len() > most {
        push(out, 4, trn!("and {count} more group", "and {count} more groups", count = story.groups.len() - most));
    }
}

/// How an answer is said.
fn said(answer: Truth) -> String {
    match answer {
        Truth::Yes => tr!("yes"),
        Truth::No => tr!("no"),
        Truth::Unknown => tr!("unknown"),
    }
}

/// How a stage is said.
fn stage(stage: Option<Stage>) -> String {
    match stage {
        None => tr!("ok"),
        Some(Stage::Pending) => tr!("pending"),
        Some(Stage::Firing) => tr!("firing"),
        Some(Stage::Resolved) => tr!("resolved"),
    }
}

fn alive(one: &GroupExplanation) -> bool {
    one.instance.is_some() || one.before.is_some()
}

fn life(out: &mut String, story: &Explanation, telling: &Wording<'_>) {
    push(out, 0, tr!("5 Life"));
    let most = if telling.short { FEW_GROUPS } else { MOST_GROUPS };
    let mut any = false;
    for one in story.groups.iter().filter(|one| alive(one)).take(most) {
        any = true;
        let now = one.instance.as_ref().map(|instance| instance.stage);
        let (now, before) = (stage(now), stage(one.before));
        push(out, 4, tr!("{group}: {now}, before this run {before}", group = group(&one.group), now, before));
        if let Some(instance) = &one.instance {
            stages(out, &story.rule, instance, telling);
        }
    }
    if !any {
        push(out, 4, if story.report.state == RuleState::Unknown { tr!("unknown: no alert starts or ends") } else { tr!("all is quiet") });
    }
}

fn stages(out: &mut String, rule: &Rule, instance: &Instance, telling: &Wording<'_>) {
    let (severity, threshold) = (instance.severity.localized(), visible(&instance.threshold));
    push(out, 6, tr!("{severity} {threshold} since {at}", severity, threshold, at = telling.clock(instance.since)));
    match instance.stage {
        Stage::Pending => {
            let left = telling.left(after(instance.since, rule.pending_for));
            push(out, 6, tr!("fires when it has held for {hold}: {left} left", hold = format_duration(rule.pending_for), left));
        }
        Stage::Firing => {
            if let Some(at) = instance.fired_at {
                push(out, 6, tr!("fires since {at}", at = telling.clock(at)));
            }
            if let Some(quiet) = instance.quiet_since {
                let left = telling.left(after(quiet, rule.keep_firing_for));
                push(out, 6, tr!("not crossed since {at}, kept firing: {left} left", at = telling.clock(quiet), left));
            }
            if instance.missing > 0 {
                push(out, 6, tr!("its group was not found; the alert ends if the next run does not find it either"));
            }
        }
        Stage::Resolved => {
            if let Some(at) = instance.resolved_at {
                push(out, 6, tr!("ended at {at}; kept until every notified channel has received its end", at = telling.clock(at)));
            }
        }
    }
}

fn notification(out: &mut String, story: &Explanation, telling: &Wording<'_>) {
    push(out, 0, tr!("6 Who is notified"));
    for routing in &story.routing {
        let channels: Vec<String> = routing.channels.iter().map(|channel| visible(channel)).collect();
        let channels = if channels.is_empty() { tr!("nobody") } else { channels.join(", ") };
        let by = match &routing.routes {
            None => tr!("notify of the rule"),
            Some(routes) if routes.is_empty() => tr!("no route matches"),
            Some(routes) => {
                tr!("[[routes]] number {numbers}", numbers = routes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            }
        };
        push(out, 4, tr!("{severity} goes to {channels} ({why})", severity = routing.severity.localized(), channels, why = by));
    }
    let most = if telling.short { FEW_GROUPS } else { MOST_GROUPS };
    for one in story.groups.iter().filter(|one| !one.told.is_empty()).take(most) {
        for (channel, told) in &one.told {
            let (group, channel) = (group(&one.group), visible(channel));
            push(out, 4, tr!("{group} to {channel}: {told}", group, channel, told = tells(told, telling)));
        }
    }
}

fn tells(told: &trace::NotifyReason, telling: &Wording<'_>) -> String {
    match told {
        trace::NotifyReason::Now(reason) => tr!("notified now ({reason})", reason = reason.localized()),
        trace::NotifyReason::Waits { attempts, until, error } => {
            let next = until.map_or_else(|| tr!("in the next run"), |at| tr!("not before {at}", at = telling.clock(at)));
            let waits = tr!("a message waits in the outbox, {attempts} attempts, tried again {next}", attempts, next);
            error.as_ref().map_or(waits.clone(), |error| tr!("{text}: {error}", text = waits, error = visible(error)))
        }
        trace::NotifyReason::Cooldown { at, again } => {
            let (at, left, again) = (telling.clock(*at), telling.left(*again), telling.clock(*again));
            tr!("notified at {at}, cooldown: next reminder at {again} ({left} left)", at, again, left)
        }
        trace::NotifyReason::Muted { by, why } => tr!("muted ({reason}): {why}", reason = by.localized(), why = visible(why)),
        trace::NotifyReason::Digest { until } => tr!("gathered for a digest that goes out at {at}", at = telling.clock(*until)),
        trace::NotifyReason::EveryRun => tr!("notified in every run while it fires"),
        trace::NotifyReason::TooMild(min) => tr!("below its min_severity {min}", min = min.localized()),
        trace::NotifyReason::Disabled => tr!("the channel is switched off"),
        trace::NotifyReason::Full => tr!("too many messages wait for it already"),
        trace::NotifyReason::Nothing => tr!("nothing to send"),
    }
}

/// Records of a file, condition by condition.
pub fn tried(rule: &Rule, was_enabled: bool, records: &[Tried]) -> String {
    let mut out = String::new();
    push(&mut out, 0, tr!("{rule} (line {line})", rule = visible(&rule.name), line = rule.line));
    in_words(&mut out, rule, was_enabled);
    for (number, one) in (1..).zip(records) {
        push(&mut out, 0, tr!("record {number}: {record}", number, record = one.record));
        for trial in &one.conditions {
            let word = if trial.exclude { "exclude" } else { "match" };
            let mark = match (trial.keeps_out(), trial.is_undecided()) {
                (true, _) => tr!("NO"),
                (false, true) => "?".to_owned(),
                (false, false) => tr!("ok"),
            };
            let (key, wanted, found) = (&trial.key, &trial.wanted, &trial.found);
            push(&mut out, 4, format!("{mark} {word} {}", tr!("{key}: wanted {wanted}, found {found}", key, wanted, found)));
        }
        push(
            &mut out,
            4,
            match one.matches {
                Some(true) => tr!("matches"),
                Some(false) => tr!("does not match"),
                None => tr!("undecided"),
            },
        );
    }
    if records.len() >= MOST_TRIED {
        push(&mut out, 0, tr!("the first {count} records were tested", count = MOST_TRIED));
    }
    if rule.source.is_flows() && rule.ratio.is_some() {
        push(&mut out, 0, tr!("the divisor (ratio_to) was not tested"));
    }
    out
}
