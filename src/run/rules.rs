//! From what was measured to instances, and from instances to the report's rules. No I/O.

use super::cycle::Rules;
use super::measure::Measurements;
use super::offered;
use crate::config::Config;
use crate::domain::alert::{Contributor, End, Group};
use crate::domain::estimate::Estimate;
use crate::domain::metric::Metric;
use crate::domain::report::{InstanceReport, RuleReport, RuleState, SourceReport, SourceStatus, Suppression};
use crate::domain::rule::{Rule, channels_for};
use crate::domain::threshold::BaselineValue;
use crate::domain::time::Window;
use crate::judge::measurement::{GroupMeasurement, Measurement};
use crate::judge::mute::Mutes;
use crate::judge::transition::{Evaluation, Evidence, Instance, Stage, Verdict, fingerprint, missing, retire, step};
use crate::judge::{outbox, records};
use crate::state::State;
use jiff::Timestamp;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Most instances one rule may have. The worst are kept; that there are more is said.
const MOST_INSTANCES: usize = 10_000;

/// Moves every instance of the judged rules one step. Returns the fingerprints that began to fire or got worse.
/// A rule whose source failed is left as it was; one that was removed or switched off is over.
pub(super) fn judge(state: &mut State, enabled: &[&Rule], selected: &[&Rule], read: &Measurements, now: Timestamp) -> BTreeSet<String> {
    let mut fresh = BTreeSet::new();
    let known: BTreeSet<&str> = enabled.iter().map(|rule| rule.name.as_str()).collect();
    let mut mine: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (fingerprint, instance) in std::mem::take(&mut state.instances) {
        if known.contains(instance.rule.as_str()) {
            mine.entry(instance.rule.clone()).or_default().push(fingerprint.clone());
            state.instances.insert(fingerprint, instance);
        } else if let Some(instance) = retire(instance, End::RuleRemoved, now) {
            state.instances.insert(fingerprint, instance);
        }
    }
    for rule in selected {
        let Some(measurement) = read.measurements.get(&rule.name) else { continue };
        let partial = is_partial(rule, read);
        let mine = mine.remove(&rule.name).unwrap_or_default();
        let followed = mine.iter().filter_map(|fingerprint| Some(sorted(state.instances.get(fingerprint)?.group.clone()))).collect();
        let mut evaluations = evaluations(rule, measurement, partial, now, &followed);
        for fingerprint in mine {
            if evaluations.contains_key(&fingerprint) {
                continue;
            }
            let Some(instance) = state.instances.get(&fingerprint) else { continue };
            // A group that is no longer seen has nothing, or is no more; whether that is certain depends on the answer.
            let unlisted = measurement.unlisted;
            let certain = !partial && unlisted.is_certain();
            if !unlisted.is_gone {
                let evidence = Evidence { usual: BaselineValue::NOTHING, ..unlisted.measured(0, Vec::new()).evidence(partial) };
                let evaluation = evaluation(rule, instance.group.clone(), evidence, window(measurement, now), Vec::new());
                evaluations.insert(fingerprint, evaluation);
            } else if certain && instance.stage != Stage::Resolved {
                // Groups of a expected_groups are missed until they are no longer waited for; others are simply there no more.
                let why = if rule.expected_groups.is_some() { End::Forgotten } else { End::Gone };
                match missing(instance.clone(), why, now) {
                    Some(instance) => state.instances.insert(fingerprint, instance),
                    None => state.instances.remove(&fingerprint),
                };
            }
        }
        // Those that are followed already come first, then the worst.
        let mut evaluations: Vec<(String, Evaluation)> = evaluations.into_iter().collect();
        let falling = rule.thresholds.are_falling();
        evaluations.sort_by(|(a, x), (b, y)| {
            let rank = |fingerprint: &String, evaluation: &Evaluation| {
                (
                    !state.instances.contains_key(fingerprint),
                    std::cmp::Reverse(evaluation.verdict.breach.as_ref().map(|(severity, _)| *severity)),
                )
            };
            rank(a, x).cmp(&rank(b, y)).then(worse_first(falling, worst_end(falling, x.estimate), worst_end(falling, y.estimate)))
        });
        let mut live = 0;
        for (fingerprint, evaluation) in evaluations {
            let previous = state.instances.remove(&fingerprint);
            if previous.is_none() && live >= MOST_INSTANCES {
                continue;
            }
            let before = previous.as_ref().filter(|instance| instance.stage == Stage::Firing).map(|instance| instance.severity);
            if let Some(instance) = step(previous, rule, &evaluation, now) {
                live += 1;
                if instance.stage == Stage::Firing && before.is_none_or(|severity| severity < instance.severity) {
                    fresh.insert(fingerprint.clone());
                }
                state.instances.insert(fingerprint, instance);
            }
        }
    }
    fresh
}

/// What holds of the instances in this run alone.
pub(super) struct Novelty<'n> {
    /// Instances that began to fire or got worse.
    pub fresh: &'n BTreeSet<String>,
    /// Instances that some channel is being told of.
    pub telling: &'n BTreeSet<String>,
    /// Instances that are told to nobody.
    pub mutes: &'n Mutes,
    /// The run's instant.
    pub now: Timestamp,
}

/// One report for each rule of the config that takes part in this run, in the config's order.
pub(super) fn reports(state: &State, config: &Config, rules: &Rules<'_>, read: &Measurements, novelty: &Novelty<'_>) -> Vec<RuleReport> {
    let mut by_rule: BTreeMap<&str, Vec<(&String, &Instance)>> = BTreeMap::new();
    for (fingerprint, instance) in &state.instances {
        if instance.stage != Stage::Resolved {
            by_rule.entry(instance.rule.as_str()).or_default().push((fingerprint, instance));
        }
    }
    config
        .rules
        .iter()
        .filter(|rule| !rule.enabled || rules.selected.iter().chain(&rules.not_judged).any(|chosen| chosen.name == rule.name))
        .map(|rule| {
            let mut report = blank(rule, config);
            if !rule.enabled {
                return report;
            }
            if rules.not_judged.iter().any(|other| other.name == rule.name) {
                not_judged(&mut report, rule);
                return report;
            }
            let instances = by_rule.remove(rule.name.as_str()).unwrap_or_default();
            let measurement = read.measurements.get(&rule.name);
            report.instances = instances
                .iter()
                .map(|(fingerprint, instance)| {
                    let shown = instance_report(fingerprint, instance, rule, config, novelty);
                    match measurement {
                        Some(measurement) if instance.evaluated_at != novelty.now => undecided(shown, rule, measurement),
                        _ => shown,
                    }
                })
                .collect();
            report.instances.sort_by(|a, b| {
                // What is muted comes after what is not: the rule stands for the worst that counts.
                let rank = |instance: &InstanceReport| (instance.state == RuleState::Firing, !instance.is_muted(), instance.severity);
                let worse = worse_first(rule.thresholds.are_falling(), a.value, b.value);
                rank(b).cmp(&rank(a)).then(worse).then_with(|| a.group.cmp(&b.group))
            });
            fill(&mut report, rule, read);
            report
        })
        .collect()
}

/// A rule of whose source nothing was given. Whatever is remembered of it is as it was.
fn not_judged(report: &mut RuleReport, rule: &Rule) {
    report.state = RuleState::NotJudged;
    report.note = Some(tr!("no answer of {source} was given", source = rule.source.localized()));
}

/// A rule of which nothing can be said.
pub(super) fn unknown(rule: &Rule, config: &Config, error: &str) -> RuleReport {
    let mut report = blank(rule, config);
    if rule.enabled {
        report.state = RuleState::Unknown;
        report.error = Some(error.to_owned());
    }
    report
}

/// After sending: which instances some channel has been told of.
pub(super) fn mark_notified(reports: &mut [RuleReport], state: &State) {
    for instance in reports.iter_mut().flat_map(|report| &mut report.instances) {
        instance.notified = state.instances.get(&instance.fingerprint).is_some_and(outbox::in_cooldown);
    }
}

fn blank(rule: &Rule, config: &Config) -> RuleReport {
    RuleReport {
        name: rule.name.clone(),
        source: rule.source,
        metric: rule.metric.name(),
        unit: rule.unit(),
        window: rule.span(),
        state: RuleState::Disabled,
        severity: None,
        value: None,
        value_max: None,
        lower_bound: false,
        covers_from: None,
        covers_to: None,
        accounting: rule.source.is_flows().then_some(config.traffic.accounting),
        thresholds: rule.thresholds.clone(),
        threshold: mildest(rule),
        groups: 0,
        matched: 0,
        instances: Vec::new(),
        top: Vec::new(),
        error: None,
        note: None,
        line: rule.line,
    }
}

fn mildest(rule: &Rule) -> String {
    rule.thresholds.worst_first().last().map_or_else(|| rule.own_status().to_owned(), |(_, threshold)| threshold.text.clone())
}

fn instance_report(fingerprint: &str, instance: &Instance, rule: &Rule, config: &Config, novelty: &Novelty<'_>) -> InstanceReport {
    let notified = outbox::in_cooldown(instance);
    let is_firing = instance.stage == Stage::Firing;
    let reaches_somebody = !channels_for(rule, instance.severity, &config.routes).is_empty();
    let mute = novelty.mutes.of(fingerprint);
    let cooldown = notified && reaches_somebody && !novelty.telling.contains(fingerprint);
    InstanceReport {
        fingerprint: fingerprint.to_owned(),
        group: instance.group.clone(),
        state: if is_firing { RuleState::Firing } else { RuleState::Pending },
        severity: Some(instance.severity),
        value: instance.value,
        value_max: instance.estimate().value_max(),
        lower_bound: instance.lower_bound,
        threshold: instance.threshold.clone(),
        since: Some(instance.fired_at.unwrap_or(instance.since)),
        notified,
        suppressed_by: mute.map(|mute| mute.by).or(cooldown.then_some(Suppression::Cooldown)),
        suppressed_reason: mute.map(|mute| mute.why.clone()),
        is_new: novelty.fresh.contains(fingerprint),
        top: instance.top.clone(),
    }
}

/// An instance that this run could not decide on: it stays what it was, its value is what was seen now.
fn undecided(mut report: InstanceReport, rule: &Rule, measurement: &Measurement) -> InstanceReport {
    let value_of = |name: String| report.group.iter().find(|(key, _)| *key == name).and_then(|(_, value)| value.clone());
    let values: Vec<Option<String>> = rule.group_by.iter().map(|field| value_of(field.to_string())).collect();
    let measured = measurement.groups.iter().find(|measured| measured.group == values);
    let seen = measured.map_or(Estimate::ZERO, |measured| measured.estimate);
    (report.value, report.value_max, report.lower_bound) = (seen.value(), seen.value_max(), true);
    report
}

/// Puts what was measured, and the worst of the instances, into a rule's report.
fn fill(report: &mut RuleReport, rule: &Rule, read: &Measurements) {
    report.state = RuleState::Ok;
    let source = read.source(rule.source);
    let Some(measurement) = read.measurements.get(&rule.name) else {
        if offered::is_not_offered(source) {
            (report.state, report.note) =
                (RuleState::NotJudged, Some(tr!("this PCE does not offer {source}", source = rule.source.localized())));
            worst(report);
            return;
        }
        report.state = RuleState::Unknown;
        report.error =
            Some(source.and_then(SourceReport::trouble).map_or_else(|| tr!("{source} was not read", source = rule.source), str::to_owned));
        worst(report);
        return;
    };
    let partial = is_partial(rule, read);
    report.matched = measurement.matched;
    report.groups = measurement.groups.len() as u64;
    (report.covers_from, report.covers_to) = measurement.covers.map_or((None, None), |(from, to)| (Some(from), Some(to)));
    // A grouped rule's contributors are those of the group that it stands for: the loudest of all may be innocent.
    report.top = match worst_group(rule, &measurement.groups) {
        Some(worst) if !rule.group_by.is_empty() => worst.top.clone(),
        _ => measurement.top.clone(),
    };
    report.note = measurement.note.clone();
    let measured = worst_group(rule, &measurement.groups);
    let mut estimate = measured.map_or(measurement.unlisted.estimate, |measured| measured.estimate);
    if !rule.thresholds.are_falling() {
        // Another group may have more than the one whose value is certain.
        estimate.high = measurement.groups.iter().fold(estimate.high, |high, measured| high.max(measured.estimate.high));
    }
    let estimate = if partial { estimate.or_more() } else { estimate };
    (report.value, report.value_max, report.lower_bound) = (estimate.value(), estimate.value_max(), !estimate.is_exact());
    let verdicts: Vec<Verdict> = measurement.groups.iter().map(|measured| verdict(rule, &evidence(rule, measured, partial))).collect();
    let undecided = verdicts.iter().any(|verdict| verdict.breach.is_none() && verdict.open.is_some());
    let is_unknown = verdicts.iter().any(|verdict| verdict.breach.is_none() && verdict.is_unknown);
    let crossing = verdicts.iter().filter(|verdict| verdict.breach.is_some()).count();
    if crossing > MOST_INSTANCES {
        report.note = Some(tr!(
            "{crossing} groups cross a threshold, more than have an alert of their own; the worst {most} do",
            crossing,
            most = MOST_INSTANCES
        ));
    }
    if let Some(trouble) = &measurement.trouble {
        (report.state, report.error) = (RuleState::Unknown, Some(trouble.clone()));
    } else if let Some(target) = lacks(rule, read) {
        (report.state, report.note) = (RuleState::NotJudged, Some(tr!("no answer of target {target} was given", target)));
    } else if partial && (undecided || !rule.group_by.is_empty()) {
        let missing = incomplete(rule, read).or(source).and_then(SourceReport::trouble).unwrap_or_default();
        (report.state, report.error) = (RuleState::Unknown, Some(tr!("the answer is incomplete: {missing}", missing)));
    } else if is_unknown {
        let why = measurement.note.clone().unwrap_or_else(|| tr!("what is not known could cross a threshold"));
        (report.state, report.error) = (RuleState::Unknown, Some(why));
    } else if only_learned(rule, read, undecided) {
        let why = tr!(
            "recorded answers alone give nothing to compare with: day totals show increases only from the second answer on. Set accounting = \"as_reported\" in [traffic], or give a folder of recorded runs to `pcemon replay`"
        );
        (report.state, report.error) = (RuleState::Unknown, Some(why));
    }
    worst(report);
    // The instance it stands for may be certain while another group may have more.
    if !rule.thresholds.are_falling() && report.value.is_some() && estimate.high > report.value_max.unwrap_or(f64::INFINITY) {
        (report.value_max, report.lower_bound) = (estimate.value_max(), true);
    }
}

/// A rule's state, value and contributors are those of its worst instance.
fn worst(report: &mut RuleReport) {
    let Some(instance) = report.instances.first() else { return };
    let rank = |state: RuleState| match state {
        RuleState::Firing => 4,
        RuleState::Unknown => 3,
        RuleState::Pending => 2,
        RuleState::Ok => 1,
        RuleState::Disabled | RuleState::NotJudged => 0,
    };
    if rank(instance.state) > rank(report.state) {
        report.state = instance.state;
    }
    (report.severity, report.value) = (instance.severity, instance.value);
    (report.value_max, report.lower_bound) = (instance.value_max, instance.lower_bound);
    report.threshold.clone_from(&instance.threshold);
    report.top.clone_from(&instance.top);
}

/// The order of values from bad to good; what is not known comes last.
pub(super) fn worse_first(falling: bool, a: Option<f64>, b: Option<f64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if falling => a.total_cmp(&b),
        (Some(a), Some(b)) => b.total_cmp(&a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// The group whose value is nearest to a threshold, or furthest beyond it.
fn worst_group<'o>(rule: &Rule, groups: &'o [GroupMeasurement]) -> Option<&'o GroupMeasurement> {
    let falling = rule.thresholds.are_falling();
    groups.iter().min_by(|a, b| worse_first(falling, worst_end(falling, a.estimate), worst_end(falling, b.estimate)))
}

/// The end of an interval that is nearest to a threshold, as far as it is certain.
fn worst_end(falling: bool, estimate: Estimate) -> Option<f64> {
    if falling { estimate.value_max().or(estimate.value()) } else { estimate.value() }
}

/// Whether some of what a rule counts was not read. A target that failed touches the rules that read it and no others.
pub(super) fn is_partial(rule: &Rule, read: &Measurements) -> bool {
    (incomplete(rule, read).is_some() && !read.spared.contains(&rule.name)) || lacks(rule, read).is_some()
}

/// The first target of a rule of which nothing was given, while another one was.
fn lacks<'r>(rule: &Rule, read: &'r Measurements) -> Option<&'r str> {
    let missing = |(source, target, kinds): &&(_, String, u32)| *source == rule.source && rule.depends_on(target) && rule.wants(*kinds);
    read.not_given.iter().find(missing).map(|(_, target, _)| target.as_str())
}

/// Whether a rule only learned from recorded answers that give nothing to compare with: that it crosses no threshold says nothing.
fn only_learned(rule: &Rule, read: &Measurements, undecided: bool) -> bool {
    read.uncompared.contains(&rule.name) && (undecided || matches!(rule.metric, Metric::New(_)))
}

/// The first target of a rule that was not read whole.
fn incomplete<'r>(rule: &Rule, read: &'r Measurements) -> Option<&'r SourceReport> {
    let missing = |report: &&SourceReport| matches!(report.status, SourceStatus::Partial | SourceStatus::Failed);
    let matters = |report: &&SourceReport| report.source == rule.source && rule.depends_on(&report.target) && rule.wants(report.kinds);
    read.sources.iter().filter(matters).find(missing)
}

fn verdict(rule: &Rule, evidence: &Evidence) -> Verdict {
    records::verdict(rule, evidence)
}

/// What a group of this rule can be judged by. Of a quotient an answer that is not whole says nothing.
pub(super) fn evidence(rule: &Rule, measured: &GroupMeasurement, partial: bool) -> Evidence {
    let evidence = measured.evidence(partial);
    if partial && rule.ratio.is_some() {
        return Evidence { estimate: Estimate::ANY, besides_learning: Estimate::ANY, unjudged: false, ..evidence };
    }
    evidence
}

fn window(measurement: &Measurement, now: Timestamp) -> Window {
    match measurement.covers {
        Some((from, to)) => Window { from, to },
        None => Window { from: now, to: now },
    }
}

fn evaluation(rule: &Rule, group: Group, evidence: Evidence, window: Window, top: Vec<Contributor>) -> Evaluation {
    Evaluation { verdict: verdict(rule, &evidence), group, estimate: evidence.estimate, window, top }
}

/// What there is to say of groups that cross a threshold or have an instance: of all others nothing changes.
fn evaluations(
    rule: &Rule,
    measurement: &Measurement,
    partial: bool,
    now: Timestamp,
    followed: &BTreeSet<Group>,
) -> BTreeMap<String, Evaluation> {
    let one = |measured: &GroupMeasurement| {
        let evidence = evidence(rule, measured, partial);
        let verdict = verdict(rule, &evidence);
        let crosses = verdict.breach.is_some();
        if !crosses && followed.is_empty() {
            return None;
        }
        let group: Group = rule.group_by.iter().map(ToString::to_string).zip(measured.group.iter().cloned()).collect();
        if !crosses && !followed.contains(&sorted(group.clone())) {
            return None;
        }
        let (estimate, window, top) = (evidence.estimate, window(measurement, now), measured.top.clone());
        Some((fingerprint(&rule.name, &group), Evaluation { verdict, group, estimate, window, top }))
    };
    measurement.groups.iter().filter_map(one).collect()
}

/// The same group, however the config orders its fields.
fn sorted(mut group: Group) -> Group {
    group.sort();
    group
}
