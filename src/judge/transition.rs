//! The life of an alert instance: quiet, pending, firing, resolved. Pure; every step has a reason.

use crate::domain::alert::{Contributor, End, Group};
use crate::domain::estimate::{Estimate, Truth};
use crate::domain::rule::Rule;
use crate::domain::text::quantity;
use crate::domain::threshold::{BaselineValue, Severity, Threshold};
use crate::domain::time::{Window, since};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;

/// A pause between two evaluations that is longer than this interrupts a pending instance:
/// nobody watched, so nobody can say that it held.
const PENDING_OUTLIVES: Duration = Duration::from_secs(3600);

/// Where an instance is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The threshold is crossed, but not for long enough.
    Pending,
    /// It fires.
    Firing,
    /// It is over; kept until every channel that heard of it has heard that.
    Resolved,
}

/// What a channel was told of an instance, and took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationLog {
    /// When it was delivered last.
    pub at: Timestamp,
    /// The severity it was told last.
    pub severity: Severity,
    /// Which episode: when that firing began.
    pub episode: Timestamp,
    /// How often it was repeated in that episode.
    #[serde(default)]
    pub reminders: u32,
    /// It was told that it is over, too; kept by snapshots, which say it more than once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
    /// Since when it has been milder than was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milder_since: Option<Timestamp>,
    /// Muted since it was told: when it is not muted any more, that it still fires is told at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub muted: bool,
}

impl NotificationLog {
    /// It is told now that it fires.
    pub fn firing(at: Timestamp, severity: Severity, episode: Timestamp, reminders: u32) -> Self {
        Self { at, severity, episode, reminders, ended: false, milder_since: None, muted: false }
    }
}

/// All instances that are not ok, by fingerprint.
pub type Instances = BTreeMap<String, Instance>;

/// The firing before this one, as long as somebody may not have heard of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// When it began.
    pub fired_at: Timestamp,
    /// When it was over.
    pub resolved_at: Timestamp,
    /// Why it was over.
    pub end: End,
}

/// One alert instance: a rule, or one group of a rule, that is not ok.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Rule name.
    pub rule: String,
    /// Which group.
    #[serde(with = "crate::domain::alert::group_serde")]
    pub group: Group,
    /// Where it is in its life.
    pub stage: Stage,
    /// How bad it is now (for a resolved one: was).
    pub severity: Severity,
    /// When the threshold was crossed.
    pub since: Timestamp,
    /// When it began to fire.
    pub fired_at: Option<Timestamp>,
    /// Since when it would be over, were it not for `keep_firing_for`.
    pub quiet_since: Option<Timestamp>,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
    /// Why it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
    /// The firing before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
    /// When it was evaluated last.
    pub evaluated_at: Timestamp,
    /// Its value then: what was certain.
    pub value: Option<f64>,
    /// Whether the true value may have been higher.
    pub lower_bound: bool,
    /// How high it may have been; `None`: as high as the value, or nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_max: Option<f64>,
    /// The threshold it crossed, as written.
    pub threshold: String,
    /// What the value covers.
    pub window: Window,
    /// Largest contributors.
    pub top: Vec<Contributor>,
    /// Whether a long pause already made it begin to wait anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// How many evaluations in a row did not find its group.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missing: u8,
    /// What each channel was told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<String, NotificationLog>,
}

impl Instance {
    /// The interval that held its value when it was evaluated last.
    pub fn estimate(&self) -> Estimate {
        Estimate::written(self.value, self.lower_bound, self.value_max)
    }

    fn keep(&mut self, estimate: Estimate) {
        self.value = estimate.value();
        self.lower_bound = !estimate.is_exact();
        self.value_max = estimate.value_max().filter(|_| self.lower_bound);
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for a reference
fn is_zero(count: &u8) -> bool {
    *count == 0
}

/// What the thresholds say of a value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    /// The worst severity that is certain, and its threshold.
    pub breach: Option<(Severity, String)>,
    /// The worst severity that cannot be ruled out.
    pub open: Option<Severity>,
    /// Something is open that is not only being learned: the rule's state is not known.
    pub is_unknown: bool,
    /// Not crossed any more, and not recovered either.
    pub holds_on: bool,
}

/// A value with all that is known about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The interval that holds the value.
    pub estimate: Estimate,
    /// The same interval if there were nothing in what is still being learned.
    pub besides_learning: Estimate,
    /// Too little to judge by: no threshold is met.
    pub unjudged: bool,
    /// What is usual.
    pub usual: BaselineValue,
}

impl Evidence {
    /// A value of which this much is known, none of it to be learned.
    pub fn of(estimate: Estimate) -> Self {
        Self { estimate, besides_learning: estimate, unjudged: false, usual: BaselineValue::NotAsked }
    }

    /// What a threshold says of it.
    pub fn answer(&self, threshold: &Threshold) -> Truth {
        self.judge(self.estimate, threshold)
    }

    /// Whether a threshold cannot be judged, and not only because something is still being learned.
    fn is_unknown(&self, threshold: &Threshold) -> bool {
        self.judge(self.besides_learning, threshold) == Truth::Unknown && self.usual != BaselineValue::Learning
    }

    fn judge(&self, estimate: Estimate, threshold: &Threshold) -> Truth {
        if self.unjudged { Truth::No } else { threshold.judge_against(estimate, self.usual) }
    }
}

impl Verdict {
    /// Judges a value by a rule's thresholds.
    pub fn of(rule: &Rule, evidence: &Evidence) -> Verdict {
        // Where there is nothing to compare with, nothing is held on to either.
        let compares = |recovery: &Threshold| !recovery.relative || evidence.usual.counted(recovery.op) != Some(0.0);
        let held = |recovery: &Threshold| !evidence.unjudged && compares(recovery) && !evidence.answer(recovery).is_yes();
        let mut verdict = Verdict { holds_on: rule.recovery.as_ref().is_some_and(held), ..Verdict::default() };
        for (severity, threshold) in rule.thresholds.worst_first() {
            match evidence.answer(threshold) {
                Truth::Yes => {
                    let usual = evidence.usual.counted(threshold.op).filter(|_| threshold.relative);
                    let usual = usual.map_or_else(String::new, |usual| format!(" (usual {})", quantity(usual, rule.unit())));
                    verdict.breach = Some((severity, format!("{threshold}{usual}")));
                    break;
                }
                Truth::Unknown => {
                    verdict.open = verdict.open.or(Some(severity));
                    verdict.is_unknown |= evidence.is_unknown(threshold);
                }
                Truth::No => {}
            }
        }
        verdict
    }
}

/// One group's value in this run, with its verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Which group.
    pub group: Group,
    /// The interval that holds its value.
    pub estimate: Estimate,
    /// What the thresholds say.
    pub verdict: Verdict,
    /// What the value covers.
    pub window: Window,
    /// Largest contributors.
    pub top: Vec<Contributor>,
}

/// One evaluation of one instance at `now`. `None`: nothing to remember.
pub fn step(previous: Option<Instance>, rule: &Rule, evaluation: &Evaluation, now: Timestamp) -> Option<Instance> {
    let live = previous.as_ref().filter(|instance| instance.stage != Stage::Resolved);
    match (&evaluation.verdict.breach, live) {
        (Some((severity, threshold)), _) => {
            let mut instance = match (previous.clone(), live.is_some()) {
                (Some(instance), true) => instance,
                (resolved, _) => begin(rule, evaluation, resolved, *severity, now),
            };
            let interrupted = since(now, instance.evaluated_at) > PENDING_OUTLIVES;
            // Once: when every pause is that long, waiting anew each time would mean to wait for ever.
            if instance.stage == Stage::Pending && interrupted && !instance.interrupted {
                (instance.since, instance.interrupted) = (now, true);
            }
            // A milder certainty does not lower an alert while the worse cannot be ruled out.
            let stays = instance.stage == Stage::Firing
                && evaluation.verdict.open.is_some_and(|open| open >= instance.severity)
                && *severity < instance.severity;
            if !stays {
                (instance.severity, instance.threshold) = (*severity, threshold.clone());
            }
            instance.quiet_since = None;
            observe(&mut instance, evaluation, now);
            if instance.stage == Stage::Pending && since(now, instance.since) >= rule.pending_for {
                instance.stage = Stage::Firing;
                instance.fired_at = Some(now);
            }
            Some(instance)
        }
        // Not known: nothing begins and nothing ends. The group is there, though.
        (None, _) if evaluation.verdict.open.is_some() => previous.map(|instance| Instance { missing: 0, ..instance }),
        (None, None) => previous,
        (None, Some(live)) if live.stage == Stage::Pending => give_up_pending(live.clone()),
        (None, Some(live)) => {
            let mut instance = live.clone();
            observe(&mut instance, evaluation, now);
            if evaluation.verdict.holds_on {
                instance.quiet_since = None;
                return Some(instance);
            }
            let quiet_since = *instance.quiet_since.get_or_insert(now);
            if since(now, quiet_since) >= rule.keep_firing_for {
                end(&mut instance, End::Recovered, now);
            }
            Some(instance)
        }
    }
}

fn end(instance: &mut Instance, end: End, now: Timestamp) {
    (instance.stage, instance.resolved_at, instance.end) = (Stage::Resolved, Some(now), Some(end));
}

/// A pending instance that comes to nothing leaves what was before it: somebody may still have to hear of that end.
fn give_up_pending(instance: Instance) -> Option<Instance> {
    let Some(earlier) = instance.earlier else {
        // A state of an older version says only what was told.
        let fired_at = instance.told.values().map(|told| told.episode).max()?;
        let resolved_at = Some(instance.since);
        return Some(Instance { stage: Stage::Resolved, fired_at: Some(fired_at), resolved_at, ..instance });
    };
    Some(Instance {
        stage: Stage::Resolved,
        fired_at: Some(earlier.fired_at),
        resolved_at: Some(earlier.resolved_at),
        end: Some(earlier.end),
        earlier: None,
        ..instance
    })
}

/// One evaluation of an instance whose group is no more, for this reason: over after the second in a row, because one
/// answer may leave something out.
pub fn missing(mut instance: Instance, why: End, now: Timestamp) -> Option<Instance> {
    instance.evaluated_at = now;
    instance.missing = instance.missing.saturating_add(1);
    if instance.missing < 2 && instance.stage != Stage::Pending {
        return Some(instance);
    }
    (instance.value, instance.lower_bound, instance.value_max) = (None, false, None);
    retire(instance, why, now)
}

/// The end of an instance that is evaluated no more, for this reason.
pub fn retire(mut instance: Instance, why: End, now: Timestamp) -> Option<Instance> {
    match instance.stage {
        Stage::Pending => give_up_pending(instance),
        Stage::Resolved => Some(instance),
        Stage::Firing => {
            end(&mut instance, why, now);
            Some(instance)
        }
    }
}

fn begin(rule: &Rule, evaluation: &Evaluation, resolved: Option<Instance>, severity: Severity, now: Timestamp) -> Instance {
    let earlier = resolved.as_ref().and_then(|instance| {
        let (fired_at, resolved_at) = instance.fired_at.zip(instance.resolved_at)?;
        Some(Earlier { fired_at, resolved_at, end: instance.end.unwrap_or(End::Recovered) })
    });
    Instance {
        rule: rule.name.clone(),
        group: evaluation.group.clone(),
        stage: Stage::Pending,
        severity,
        since: now,
        fired_at: None,
        quiet_since: None,
        resolved_at: None,
        end: None,
        earlier,
        evaluated_at: now,
        value: None,
        lower_bound: false,
        value_max: None,
        threshold: String::new(),
        window: evaluation.window,
        top: Vec::new(),
        interrupted: false,
        missing: 0,
        told: resolved.map(|instance| instance.told).unwrap_or_default(),
    }
}

fn observe(instance: &mut Instance, evaluation: &Evaluation, now: Timestamp) {
    instance.evaluated_at = now;
    instance.missing = 0;
    instance.keep(evaluation.estimate);
    instance.window = evaluation.window;
    // Nothing new in this run: the talkers of the last run that had some still explain the value.
    if !evaluation.top.is_empty() {
        instance.top = evaluation.top.clone();
    }
}

/// Identity of an instance: rule and group, not severity and not value.
pub fn fingerprint(rule: &str, group: &Group) -> String {
    let mut sorted: Vec<&(String, Option<String>)> = group.iter().collect();
    sorted.sort();
    let mut hash = Sha256::new();
    hash.update(b"v1");
    let mut text = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    text(rule);
    for (key, value) in sorted {
        text(key);
        match value {
            None => text("-"),
            Some(value) => {
                text("+");
                text(value);
            }
        }
    }
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    hash.finalize().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
