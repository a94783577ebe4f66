//! The story of a rule for people: six numbered parts, in the order in which a cycle decides.

use crate::domain::alert::Group;
use crate::domain::asks::Wanted;
use crate::domain::filter::Filter;
use crate::domain::metric::SourceKind;
use crate::domain::report::{Accounting, RuleState};
use crate::domain::rule::{Matcher, Rule};
use crate::domain::text::{quantity, visible};
use crate::domain::threshold::Answer;
use crate::domain::time::{after, format_duration, since};
use crate::judge::sieve::{Mesh, Sieve};
use crate::judge::transition::{Instance, Stage};
use crate::render::Style;
use crate::render::{clock, named_group, value_of_what};
use crate::run::explain::{self, GroupStory, MOST_TRIED, Story, Tried};
use jiff::Timestamp;

/// Groups that a person is shown.
const MOST_GROUPS: usize = 10;
const FEW_GROUPS: usize = 3;

/// How a story is told.
pub struct Telling<'t> {
    /// Whether the rule takes part in `check`.
    pub was_enabled: bool,
    /// The run's instant.
    pub now: Timestamp,
    /// The reader's wishes.
    pub style: &'t Style,
    /// Without the rule itself and without examples.
    pub short: bool,
}

impl Telling<'_> {
    fn clock(&self, at: Timestamp) -> String {
        clock(at, self.now, &self.style.timezone)
    }

    fn left(&self, end: Timestamp) -> String {
        format_duration(since(end, self.now))
    }
}

/// A group for people; a rule without `group_by` has none.
pub fn group(group: &Group) -> String {
    if group.is_empty() { "the rule".to_owned() } else { named_group(group) }
}

fn push(out: &mut String, indent: usize, text: impl AsRef<str>) {
    out.push_str(&format!("{:indent$}{}\n", "", text.as_ref()));
}

/// The whole story.
pub fn story(story: &Story, telling: &Telling<'_>) -> String {
    let Story { rule, report, .. } = story;
    let severity = report.severity.map_or(String::new(), |severity| format!(" {severity}"));
    let mut out = format!("{} (line {}): {}{severity}\n", visible(&rule.name), rule.line, report.state.name());
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
    push(out, 0, "1 The rule");
    let by = rule.group_by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let each = if by.is_empty() { String::new() } else { format!(", one alert for each {by}") };
    let over = if rule.source.is_snapshot() && !rule.metric.is_sighting() {
        "now".to_owned()
    } else {
        format!("within {}", format_duration(rule.window))
    };
    push(out, 4, format!("{} of {}, {over}{each}", visible(&rule.metric.name()), rule.source));
    if !was_enabled {
        push(out, 4, "It is disabled: `check` leaves it out. This is what it would do.");
    }
    filter(out, &rule.matcher, "match", "exclude");
    if let Some(ratio) = &rule.ratio {
        filter(out, &ratio.over.matcher, "ratio_to", "exclude");
        if ratio.min_total > 0.0 {
            push(out, 4, format!("not judged below a total of {}", quantity(ratio.min_total, rule.metric.unit())));
        }
    }
    let thresholds: Vec<String> = rule.thresholds.worst_first().map(|(severity, threshold)| format!("{severity} {threshold}")).collect();
    push(
        out,
        4,
        if thresholds.is_empty() {
            "thresholds: the PCE's own status".to_owned()
        } else {
            format!("thresholds: {}", thresholds.join(", "))
        },
    );
    let mut times = vec![format!("for {}", format_duration(rule.hold)), format!("cooldown {}", format_duration(rule.cooldown))];
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
        Matcher::Events(filter) => lines(out, filter, wanted, unwanted),
        Matcher::Vens(filter) => lines(out, filter, wanted, unwanted),
        Matcher::Everything => {}
    }
}

fn asked(out: &mut String, story: &Story, telling: &Telling<'_>) {
    push(out, 0, "2 What was asked and covered");
    let Some(source) = &story.source else {
        push(out, 4, format!("{} was not read", story.rule.source));
        return;
    };
    let span = match (source.from, source.to) {
        (Some(from), Some(to)) => format!(", asked for {} – {}", telling.clock(from), telling.clock(to)),
        _ => String::new(),
    };
    let error = source.error.as_ref().map_or(String::new(), |error| format!(": {}", visible(error)));
    push(out, 4, format!("{} {}{span}, {} records{error}", source.source, source.status.name(), source.records));
    if let Some(look) = &story.look {
        if !look.only.is_empty() {
            push(out, 4, format!("all rules together ask for no more than: {}", visible(&look.only)));
        }
        let before = match look.previous {
            None if look.anew => "the look before is too long ago to build upon: this one begins anew".to_owned(),
            None => "the first look: nothing to compare with".to_owned(),
            Some(at) => format!("the look before was at {}", telling.clock(at)),
        };
        // Plain sums compare with nothing.
        if story.report.accounting != Some(Accounting::AsReported) {
            push(out, 4, before);
        }
    }
    match story.report.accounting {
        Some(Accounting::Delta) => push(out, 4, "counted: what each record grew since the look before (delta)"),
        Some(Accounting::AsReported) => push(out, 4, "counted: what the PCE reported, as it is (as_reported)"),
        None => {}
    }
    if let (Some(from), Some(to)) = (story.report.covers_from, story.report.covers_to) {
        push(out, 4, format!("the value covers {} – {} ({})", telling.clock(from), telling.clock(to), format_duration(since(to, from))));
    }
    for text in [&story.report.error, &story.report.note].into_iter().flatten() {
        push(out, 4, visible(text));
    }
}

fn records(out: &mut String, story: &Story, short: bool) {
    push(out, 0, "3 Records");
    if matches!(story.rule.matcher, Matcher::Everything) {
        push(out, 4, format!("{}: a rule on {} looks at all of it", story.report.matched, story.rule.source));
        return;
    }
    for (sieve, name) in story.sieves.iter().zip(["", "ratio_to: "]) {
        push(out, 4, format!("{name}{} seen, {} matched", sieve.seen, sieve.matched));
        kept_out(out, sieve, short);
    }
    if story.sieves.is_empty() {
        push(out, 4, "none was read");
    }
}

fn kept_out(out: &mut String, sieve: &Sieve, short: bool) {
    for (meshes, word) in [(&sieve.failed, "failed"), (&sieve.excluded, "left out by exclude")] {
        for mesh in meshes.iter().filter(|mesh| mesh.first > 0) {
            let Mesh { key, wanted, first, only, .. } = mesh;
            push(out, 6, format!("{first} {word} {key} = {wanted} ({only} of them by nothing else)"));
            for sample in mesh.samples.iter().filter(|_| !short) {
                push(out, 8, format!("{}: {key} is {}", sample.record, sample.found));
            }
        }
    }
}

fn values(out: &mut String, story: &Story, telling: &Telling<'_>) {
    push(out, 0, "4 Values and thresholds");
    let unit = story.rule.unit();
    let most = if telling.short { FEW_GROUPS } else { MOST_GROUPS };
    if story.groups.is_empty() {
        push(out, 4, "no group was seen");
    }
    for one in story.groups.iter().take(most) {
        let Some(measured) = &one.measured else {
            push(out, 4, format!("{}: not seen in this run", group(&one.group)));
            continue;
        };
        let bound = measured.lower_bound || one.partial;
        let parts = measured.parts.map_or(String::new(), |(part, whole)| {
            let unit = story.rule.metric.unit();
            format!(" ({} of {})", quantity(part, unit), quantity(whole, unit))
        });
        push(out, 4, format!("{}: {}{parts}", group(&one.group), value_of_what(measured.value, unit, bound)));
        if one.partial {
            push(out, 6, "a lower bound: the answer is incomplete");
        } else if measured.lower_bound {
            push(out, 6, "a lower bound: see the remark above");
        }
        if measured.unjudged {
            push(out, 6, "too little to judge by");
        }
        if let Some((usual, floor)) = explain::usual(measured) {
            let floor = if floor > 0.0 { format!(", counts as at least {}", quantity(floor, unit)) } else { String::new() };
            push(out, 6, format!("usual is {}{floor}", quantity(usual, unit)));
        } else if story.rule.baseline.is_some() {
            push(out, 6, "what is usual is not known yet");
        }
        for (severity, threshold, answer) in &one.answers {
            push(out, 6, format!("{severity} {threshold}: {}", yes_no(*answer)));
        }
        if let Some(answer) = one.recovery {
            push(out, 6, format!("recovery: {}", yes_no(answer)));
        }
    }
    if story.groups.len() > most {
        push(out, 4, format!("and {} more groups", story.groups.len() - most));
    }
}

/// How an answer is said.
pub fn yes_no(answer: Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::Unknown => "unknown",
    }
}

/// How a stage is said.
pub fn stage(stage: Option<Stage>) -> &'static str {
    match stage {
        None => "ok",
        Some(Stage::Pending) => "pending",
        Some(Stage::Firing) => "firing",
        Some(Stage::Resolved) => "resolved",
    }
}

fn alive(one: &GroupStory) -> bool {
    one.instance.is_some() || one.before.is_some()
}

fn life(out: &mut String, story: &Story, telling: &Telling<'_>) {
    push(out, 0, "5 Life");
    let most = if telling.short { FEW_GROUPS } else { MOST_GROUPS };
    let mut any = false;
    for one in story.groups.iter().filter(|one| alive(one)).take(most) {
        any = true;
        let now = one.instance.as_ref().map(|instance| instance.stage);
        push(out, 4, format!("{}: {}, before this run {}", group(&one.group), stage(now), stage(one.before)));
        if let Some(instance) = &one.instance {
            stages(out, &story.rule, instance, telling);
        }
    }
    if !any {
        push(
            out,
            4,
            if story.report.state == RuleState::Unknown { "nothing begins and nothing ends: it cannot be said" } else { "all is quiet" },
        );
    }
}

fn stages(out: &mut String, rule: &Rule, instance: &Instance, telling: &Telling<'_>) {
    push(out, 6, format!("{} {} since {}", instance.severity, visible(&instance.threshold), telling.clock(instance.since)));
    match instance.stage {
        Stage::Pending => {
            let left = telling.left(after(instance.since, rule.hold));
            push(out, 6, format!("fires when it has held for {}: {left} left", format_duration(rule.hold)));
        }
        Stage::Firing => {
            if let Some(at) = instance.fired_at {
                push(out, 6, format!("fires since {}", telling.clock(at)));
            }
            if let Some(quiet) = instance.quiet_since {
                let left = telling.left(after(quiet, rule.keep_firing_for));
                push(out, 6, format!("crossed no more since {}, kept firing: {left} left", telling.clock(quiet)));
            }
            if instance.missing > 0 {
                push(out, 6, "its group was not found; over when the next run does not find it either");
            }
        }
        Stage::Resolved => {
            if let Some(at) = instance.resolved_at {
                push(out, 6, format!("over since {}; kept until every channel that heard of it has heard that", telling.clock(at)));
            }
        }
    }
}

fn notification(out: &mut String, story: &Story, telling: &Telling<'_>) {
    push(out, 0, "6 Who is told");
    for routing in &story.routing {
        let channels: Vec<String> = routing.channels.iter().map(|channel| visible(channel)).collect();
        let channels = if channels.is_empty() { "nobody".to_owned() } else { channels.join(", ") };
        let by = match &routing.routes {
            None => "notify of the rule".to_owned(),
            Some(routes) if routes.is_empty() => "no route takes it".to_owned(),
            Some(routes) => format!("[[routes]] number {}", routes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        };
        push(out, 4, format!("{} goes to {channels} ({by})", routing.severity));
    }
    let most = if telling.short { FEW_GROUPS } else { MOST_GROUPS };
    for one in story.groups.iter().filter(|one| !one.told.is_empty()).take(most) {
        for (channel, told) in &one.told {
            push(out, 4, format!("{} to {}: {}", group(&one.group), visible(channel), tells(told, telling)));
        }
    }
}

fn tells(told: &explain::Telling, telling: &Telling<'_>) -> String {
    match told {
        explain::Telling::Now(reason) => format!("told now ({})", reason.name()),
        explain::Telling::Waits { attempts, until, error } => {
            let next = until.map_or("in the next run".to_owned(), |at| format!("not before {}", telling.clock(at)));
            let error = error.as_ref().map_or(String::new(), |error| format!(": {}", visible(error)));
            format!("a message waits in the outbox, {attempts} attempts, tried again {next}{error}")
        }
        explain::Telling::Cooldown { at, again } => {
            format!("told at {}, cooldown: next reminder at {} ({} left)", telling.clock(*at), telling.clock(*again), telling.left(*again))
        }
        explain::Telling::Muted { by, why } => format!("muted ({}): {}", by.name(), visible(why)),
        explain::Telling::Digest { until } => format!("gathered for a digest that goes out at {}", telling.clock(*until)),
        explain::Telling::EveryRun => "told in every run while it fires".to_owned(),
        explain::Telling::TooMild(min) => format!("below its min_severity {min}"),
        explain::Telling::Disabled => "the channel is switched off".to_owned(),
        explain::Telling::Full => "too many messages wait for it already".to_owned(),
        explain::Telling::Nothing => "nothing to tell".to_owned(),
    }
}

/// Records of a file, condition by condition.
pub fn tried(rule: &Rule, was_enabled: bool, records: &[Tried]) -> String {
    let mut out = format!("{} (line {})\n", visible(&rule.name), rule.line);
    in_words(&mut out, rule, was_enabled);
    for (number, one) in (1..).zip(records) {
        push(&mut out, 0, format!("record {number}: {}", one.record));
        for trial in &one.conditions {
            let word = if trial.exclude { "exclude" } else { "match" };
            let mark = if trial.keeps_out() { "NO" } else { "ok" };
            push(&mut out, 4, format!("{mark} {word} {}: wanted {}, found {}", trial.key, trial.wanted, trial.found));
        }
        push(&mut out, 4, if one.matches { "matches" } else { "does not match" });
    }
    if records.len() >= MOST_TRIED {
        push(&mut out, 0, format!("the first {MOST_TRIED} records were tried"));
    }
    if rule.source == SourceKind::Traffic && rule.ratio.is_some() {
        push(&mut out, 0, "the divisor (ratio_to) was not tried");
    }
    out
}
