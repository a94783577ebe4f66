//! Health rules over one snapshot: no window, no memory.

use super::memory::{Measured, Observation, UNGROUPED, Unlisted};
use super::transition::{Evidence, Verdict};
use crate::domain::alert::Talker;
use crate::domain::estimate::Estimate;
use crate::domain::metric::Metric;
use crate::domain::record::{Health, HealthStatus};
use crate::domain::rule::Rule;
use crate::domain::text::visible;
use crate::domain::threshold::{PCE_CRITICAL, PCE_NOT_NORMAL, Severity};

/// Measures one health rule. The worst cluster of a Supercluster counts.
pub fn observe(rule: &Rule, clusters: &[Health]) -> Observation {
    let values: Vec<(f64, &Health)> = clusters.iter().filter_map(|cluster| Some((value(&rule.metric, cluster)?, cluster))).collect();
    let worst = values.iter().map(|(value, _)| *value).max_by(f64::total_cmp);
    let mut top: Vec<Talker> = clusters.iter().flat_map(|cluster| contributors(&rule.metric, cluster)).collect();
    top.sort_by(|a, b| b.value.total_cmp(&a.value));
    Observation {
        groups: vec![Measured { top: top.clone(), ..Measured::of(UNGROUPED, Vec::new(), Estimate::known(worst)) }],
        covers: None,
        matched: clusters.len() as u64,
        top,
        note: clusters
            .iter()
            .find_map(|cluster| cluster.listen_only_since.as_ref().map(|at| tr!("in listen-only mode since {at}", at = visible(at)))),
        unlisted: Unlisted::ZERO,
        trouble: worst.is_none().then(|| tr!("the PCE does not report {metric}", metric = rule.metric)),
    }
}

/// The verdict of a health rule: its thresholds, or the PCE's own status when it has none.
pub fn verdict(rule: &Rule, evidence: &Evidence) -> Verdict {
    if rule.metric != Metric::Status || rule.thresholds.worst_first().next().is_some() {
        return Verdict::of(rule, evidence);
    }
    let breach = |severity, text: &str| Verdict { breach: Some((severity, text.to_owned())), ..Verdict::default() };
    match evidence.estimate {
        Estimate { low, .. } if low >= 2.0 => breach(Severity::Critical, PCE_CRITICAL),
        Estimate { low, high } if low >= 1.0 => {
            Verdict { open: (high > low).then_some(Severity::Critical), ..breach(Severity::Warning, PCE_NOT_NORMAL) }
        }
        Estimate { high, .. } if high >= 1.0 => Verdict { open: Some(Severity::Critical), is_unknown: true, ..Verdict::default() },
        _ => Verdict::default(),
    }
}

/// What a cluster's value is made of: its nodes, its links, or all that it says.
fn contributors(metric: &Metric, cluster: &Health) -> Vec<Talker> {
    let word = match metric {
        Metric::Cpu => "cpu",
        Metric::Memory => "memory",
        Metric::Disk => "disk",
        _ => "",
    };
    let nodes = cluster.nodes.iter().filter_map(|node| {
        let value = match metric {
            Metric::Cpu => node.cpu?,
            Metric::Memory => node.memory?,
            Metric::Disk => node.disk?,
            _ => return None,
        };
        let own = |note: &String| {
            let (about, what) = note.strip_prefix("node ")?.split_once(": ")?;
            (about.split(' ').next() == Some(node.name.as_str()) && what.starts_with(word)).then(|| what.to_owned())
        };
        let notes: Vec<String> = cluster.notes.iter().filter_map(own).collect();
        Some(contributor(&node.name, &notes, &node.status, value))
    });
    let nodes: Vec<Talker> = nodes.filter(|talker| talker.value > 0.0).collect();
    let whole = value(metric, cluster).filter(|value| *value > 0.0);
    match (whole, metric) {
        (None, _) => Vec::new(),
        (Some(_), Metric::Cpu | Metric::Memory | Metric::Disk) if !nodes.is_empty() => nodes,
        (Some(value), Metric::Status) => vec![contributor(&cluster.fqdn, &cluster.notes, &cluster.status_text, value)],
        (Some(value), _) => {
            let kind = if *metric == Metric::ReplicationLag { "replication" } else { word };
            let notes: Vec<String> = cluster.notes.iter().filter(|note| note.contains(kind)).cloned().collect();
            vec![contributor(&cluster.fqdn, &notes, &cluster.status_text, value)]
        }
    }
}

fn contributor(name: &str, notes: &[String], status: &str, value: f64) -> Talker {
    Talker { src: visible(name), dst: visible(&notes.join("; ")), port: None, proto: String::new(), decision: visible(status), value }
}

fn value(metric: &Metric, cluster: &Health) -> Option<f64> {
    match metric {
        Metric::Status => Some(match cluster.status {
            HealthStatus::Normal => 0.0,
            HealthStatus::Warning => 1.0,
            HealthStatus::Critical => 2.0,
        }),
        Metric::Cpu => cluster.cpu,
        Metric::Memory => cluster.memory,
        Metric::Disk => cluster.disk,
        Metric::ReplicationLag => cluster.replication_lag,
        _ => None,
    }
}
