//! The story of a rule for machines.

use crate::domain::alert::Group;
use crate::domain::asks::Wanted;
use crate::domain::estimate::{Estimate, Truth};
use crate::domain::filter::Filter;
use crate::domain::report::Report;
use crate::domain::rule::{Matcher, Rule};
use crate::domain::time::{after, format_duration};
use crate::judge::transition::Stage;
use crate::run::explain::{self, Tried};
use crate::run::trace::{Explanation, GroupExplanation, NotifyReason};
use serde_json::{Map, Value, json};

const SCHEMA: &str = "pcemon.explain/1";

fn yes_no(answer: Truth) -> &'static str {
    match answer {
        Truth::Yes => "yes",
        Truth::No => "no",
        Truth::Unknown => "unknown",
    }
}

fn stage(stage: Option<Stage>) -> &'static str {
    match stage {
        None => "ok",
        Some(Stage::Pending) => "pending",
        Some(Stage::Firing) => "firing",
        Some(Stage::Resolved) => "resolved",
    }
}

fn group(group: &Group) -> Value {
    Value::Object(group.iter().map(|(key, value)| (key.clone(), json!(value))).collect())
}

fn rule(rule: &Rule, was_enabled: bool) -> Value {
    fn side<C: Wanted>(conditions: &[(String, C)]) -> Value {
        Value::Object(conditions.iter().map(|(key, condition)| (key.clone(), json!(condition.wanted()))).collect::<Map<_, _>>())
    }
    fn both<C: Wanted>(filter: &Filter<C>) -> (Value, Value) {
        (side(&filter.all), side(&filter.none))
    }
    let sides = |matcher: &Matcher| match matcher {
        Matcher::Traffic(filter) => both(filter),
        Matcher::Records(filter) => both(filter),
    };
    let (wanted, unwanted) = sides(&rule.matcher);
    let thresholds: Map<String, Value> =
        rule.thresholds.worst_first().map(|(severity, threshold)| (severity.name().to_owned(), json!(threshold.text))).collect();
    json!({
        "name": rule.name, "line": rule.line, "enabled": was_enabled, "source": rule.source.name(), "metric": rule.metric.name(),
        "unit": rule.unit().name(), "match": wanted, "exclude": unwanted,
        "ratio_to": rule.ratio.as_ref().map(|ratio| sides(&ratio.over.matcher).0),
        "group_by": rule.group_by.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "window": format_duration(rule.window), "thresholds": thresholds, "recovery": rule.recovery.as_ref().map(|recovery| &recovery.text),
        "for": format_duration(rule.pending_for), "keep_firing_for": format_duration(rule.keep_firing_for), "cooldown": format_duration(rule.cooldown),
    })
}

/// The whole story.
pub fn story(story: &Explanation, was_enabled: bool, report: &Report) -> String {
    let Explanation { report: found, source, look, match_stats, routing, groups, .. } = story;
    let text = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string());
    let whole = json!({
        "schema": SCHEMA,
        "now": report.run.started_at.to_string(),
        "rule": rule(&story.rule, was_enabled),
        "state": found.state.name(), "severity": found.severity.map(|severity| severity.name()),
        "value": found.value, "value_max": found.value_max, "lower_bound": found.lower_bound, "matched": found.matched,
        "source": source.as_ref().map(|source| json!({
            "source": source.source.name(), "status": source.status.name(), "records": source.records, "unreadable": source.unreadable,
            "from": text(source.from), "to": text(source.to), "error": source.trouble(), "party": source.error.as_ref().map(|fault| fault.party.name()),
        })),
        "look": look.as_ref().map(|look| json!({ "previous": text(look.previous), "anew": look.anew, "only": look.only })),
        "accounting": found.accounting.map(|accounting| accounting.name()),
        "covers_from": text(found.covers_from), "covers_to": text(found.covers_to), "error": found.error, "note": found.note,
        "records": match_stats.first(), "ratio_to": match_stats.get(1),
        "groups": groups.iter().map(|one| one_group(story, one)).collect::<Vec<_>>(),
        "routing": routing.iter().map(|routing| json!({
            "severity": routing.severity.name(), "routes": routing.routes, "channels": routing.channels,
        })).collect::<Vec<_>>(),
        "warnings": report.warnings,
    });
    crate::commands::common::machine_text(whole)
}

fn one_group(story: &Explanation, one: &GroupExplanation) -> Value {
    let rule = &story.rule;
    let measured = one.measured.as_ref();
    let estimate: Option<Estimate> = measured.map(|measured| measured.evidence(one.partial).estimate);
    let answers: Map<String, Value> = one
        .answers
        .iter()
        .map(|(severity, threshold, answer)| (severity.name().to_owned(), json!({ "threshold": threshold, "crossed": yes_no(*answer) })))
        .collect();
    let instance = one.instance.as_ref().map(|instance| {
        let fires_at = (instance.stage == Stage::Pending).then(|| after(instance.since, rule.pending_for).to_string());
        let over_at = instance.quiet_since.map(|quiet| after(quiet, rule.keep_firing_for).to_string());
        json!({
            "severity": instance.severity.name(), "threshold": instance.threshold, "since": instance.since.to_string(),
            "fired_at": instance.fired_at.map(|at| at.to_string()), "fires_at": fires_at, "over_at": over_at,
            "resolved_at": instance.resolved_at.map(|at| at.to_string()),
        })
    });
    json!({
        "group": group(&one.group),
        "value": estimate.and_then(|estimate| estimate.value()),
        "value_max": estimate.and_then(|estimate| estimate.value_max()),
        "lower_bound": estimate.map(|estimate| !estimate.is_exact()),
        "unjudged": measured.map(|measured| measured.unjudged),
        "part": measured.and_then(|measured| measured.parts).map(|parts| parts.0),
        "total": measured.and_then(|measured| measured.parts).map(|parts| parts.1),
        "usual": measured.and_then(explain::usual).map(|usual| usual.0),
        "thresholds": answers, "recovery": one.recovery.map(yes_no),
        "before": stage(one.before), "state": stage(one.instance.as_ref().map(|instance| instance.stage)), "instance": instance,
        "channels": one.told.iter().map(|(channel, told)| channel_told(channel, told)).collect::<Vec<_>>(),
    })
}

fn channel_told(channel: &str, told: &NotifyReason) -> Value {
    let mut out = json!({ "channel": channel });
    let (word, more) = match told {
        NotifyReason::Now(reason) => ("now", json!({ "reason": reason.name() })),
        NotifyReason::Waits { attempts, until, error } => {
            ("waits", json!({ "attempts": attempts, "not_before": until.map(|at| at.to_string()), "error": error }))
        }
        NotifyReason::Cooldown { at, again } => ("cooldown", json!({ "told_at": at.to_string(), "next_reminder": again.to_string() })),
        NotifyReason::Muted { by, why } => ("muted", json!({ "by": by.name(), "why": why })),
        NotifyReason::Digest { until } => ("digest", json!({ "until": until.to_string() })),
        NotifyReason::EveryRun => ("every_run", json!({})),
        NotifyReason::TooMild(min) => ("below_min_severity", json!({ "min_severity": min.name() })),
        NotifyReason::Disabled => ("disabled", json!({})),
        NotifyReason::Full => ("full", json!({})),
        NotifyReason::Nothing => ("nothing", json!({})),
    };
    out["told"] = json!(word);
    if let (Value::Object(out), Value::Object(more)) = (&mut out, more) {
        out.extend(more);
    }
    out
}

/// Records of a file, condition by condition.
pub fn tried(of: &Rule, was_enabled: bool, records: &[Tried]) -> String {
    crate::commands::common::machine_text(json!({ "schema": SCHEMA, "rule": rule(of, was_enabled), "tried": records }))
}
