//! Rules on the traffic database over one answer of the PCE: no window, no memory.

use super::memory::{Measured, Observation, UNGROUPED, Unlisted};
use crate::domain::alert::Talker;
use crate::domain::estimate::Estimate;
use crate::domain::metric::Metric;
use crate::domain::rule::Rule;
use crate::domain::text::visible;
use crate::domain::ven::{Database, DatabasePart};

/// Measures one rule. Of parts that the PCE tells apart the worst counts: the fullest, but the one
/// that reaches back least.
pub fn observe(rule: &Rule, databases: &[Database]) -> Observation {
    let mut values: Vec<(f64, String, String)> = Vec::new();
    for database in databases {
        for part in database.parts.iter().filter(|part| !part.is_empty()) {
            values.extend(value(&rule.metric, part).map(|value| (value, name(part), part.oldest_day.clone())));
        }
        let waiting = match rule.metric {
            Metric::Backlog => database.backlog,
            Metric::BacklogFiles => database.backlog_files,
            _ => None,
        };
        values.extend(waiting.map(|value| (value, "backlog".to_owned(), String::new())));
    }
    values.sort_by(|a, b| b.0.total_cmp(&a.0));
    if rule.metric == Metric::Days {
        values.reverse();
    }
    let top: Vec<Talker> = values
        .iter()
        .map(|(value, name, oldest_day)| Talker {
            src: name.clone(),
            dst: if oldest_day.is_empty() { String::new() } else { format!("since {}", visible(oldest_day)) },
            port: None,
            proto: String::new(),
            decision: String::new(),
            value: *value,
        })
        .collect();
    let worst = values.first().map(|(value, _, _)| *value);
    Observation {
        groups: vec![Measured { top: top.clone(), ..Measured::of(UNGROUPED, Vec::new(), Estimate::known(worst)) }],
        covers: None,
        matched: databases.len() as u64,
        top,
        note: None,
        unlisted: Unlisted::ZERO,
        trouble: worst.is_none().then(|| format!("the PCE does not report {}", rule.metric)),
    }
}

fn name(part: &DatabasePart) -> String {
    if part.name.is_empty() { "all traffic".to_owned() } else { format!("{} traffic", part.name) }
}

fn value(metric: &Metric, part: &DatabasePart) -> Option<f64> {
    let share = |of: Option<f64>, limit: Option<f64>| Some(of? / limit.filter(|limit| *limit > 0.0)?);
    match metric {
        Metric::Used => share(part.size, part.size_limit),
        Metric::DaysUsed => share(part.days, part.days_limit),
        Metric::Size => part.size,
        Metric::Days => part.days,
        _ => None,
    }
}
