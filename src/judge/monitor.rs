//! Rules on the monitoring itself: what could not be read, what was not delivered, how far apart the runs are.

use super::memory::{Measured, Observation, UNGROUPED, Unlisted, group_key};
use crate::domain::alert::Talker;
use crate::domain::estimate::Estimate;
use crate::domain::metric::{Metric, SourceKind};
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::rule::Rule;
use crate::domain::text::visible;
use crate::domain::time::since;
use jiff::{SignedDuration, Timestamp};

/// What a run knows of itself.
#[derive(Debug, Clone, Copy)]
pub struct Monitor<'m> {
    /// How the sources fared that were read.
    pub sources: &'m [SourceReport],
    /// Whether that is every source that some rule needs.
    pub all: bool,
    /// Messages that earlier runs could not deliver.
    pub undelivered: usize,
    /// The run before.
    pub previous: Option<Timestamp>,
    /// The PCE's clock minus ours; `None` when no PCE was asked.
    pub skew: Option<SignedDuration>,
    /// This run's instant.
    pub now: Timestamp,
}

/// Measures one rule.
pub fn observe(rule: &Rule, monitor: &Monitor<'_>) -> Observation {
    let counted = match rule.metric {
        Metric::FailedSources => SourceStatus::Failed,
        Metric::PartialSources => SourceStatus::Partial,
        _ => return single(rule, monitor),
    };
    let is_counted = |source: &&SourceReport| source.status == counted;
    let read = || monitor.sources.iter().filter(|source| source.source != SourceKind::Monitor);
    let measured = |key, group, list: Vec<&SourceReport>| {
        let top = list.iter().copied().filter(is_counted).map(talker).collect();
        let count = list.iter().copied().filter(is_counted).count() as f64;
        // Unknown for sources that this run did not read.
        Measured { top, ..Measured::of(key, group, Estimate::exact(count)) }.learning(!monitor.all && rule.group_by.is_empty())
    };
    let groups: Vec<Measured> = if rule.group_by.is_empty() {
        vec![measured(UNGROUPED, Vec::new(), read().collect())]
    } else {
        let one = |source: &'_ SourceReport| vec![Some(source.source.name().to_owned())];
        read().map(|source| measured(group_key(&one(source)), one(source), vec![source])).collect()
    };
    Observation {
        top: read().filter(is_counted).map(talker).collect(),
        groups,
        covers: None,
        matched: read().count() as u64,
        note: (!monitor.all).then(|| "this run reads only the sources of the chosen rules".to_owned()),
        trouble: None,
        unlisted: Unlisted::GONE.learning(!monitor.all),
    }
}

fn talker(source: &SourceReport) -> Talker {
    let why = source.error.as_deref().map(visible).unwrap_or_default();
    Talker {
        src: source.source.name().to_owned(),
        dst: why,
        port: None,
        proto: String::new(),
        decision: source.status.name().to_owned(),
        value: 1.0,
    }
}

/// The metrics that are one number.
fn single(rule: &Rule, monitor: &Monitor<'_>) -> Observation {
    let (value, note) = match rule.metric {
        Metric::Gap => (monitor.previous.map(|at| since(monitor.now, at).as_secs_f64()), "there was no run before this one"),
        Metric::ClockSkew => (monitor.skew.map(|skew| skew.as_secs_f64().abs()), "no PCE was asked, so its clock is not known"),
        _ => (Some(monitor.undelivered as f64), ""),
    };
    Observation {
        // Without a run before this one, or a PCE, there is nothing to measure yet.
        groups: vec![Measured {
            besides_learning: Estimate::exact(value.unwrap_or(0.0)),
            ..Measured::of(UNGROUPED, Vec::new(), Estimate::known(value))
        }],
        covers: None,
        matched: 1,
        top: Vec::new(),
        note: value.is_none().then(|| note.to_owned()),
        trouble: None,
        unlisted: Unlisted::ZERO,
    }
}
