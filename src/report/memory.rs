//! What a report remembers for the next one: its amounts, its front rows, how the rules stood. A few kilobytes.

use super::model::{Board, Change, Changes, Moment, Moved, Named, Ranking, Report, RuleChange, Span, Standing, Total};
use super::rules;
use crate::domain::alert::PceIdentity;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SCHEMA: &str = "pcemon.report-memory/2";
/// Earlier reports whose rules are remembered.
const MOMENTS: usize = 30;
/// Rows that count as the front of a ranking.
pub const FRONT: usize = 10;

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    schema: String,
    pce: PceIdentity,
    at: Timestamp,
    span: Span,
    /// Whether everything was read, and all that was counted happened in the span.
    whole: bool,
    totals: BTreeMap<Total, u64>,
    rankings: BTreeMap<Board, Vec<String>>,
    /// `None`: no check had run.
    standing: Option<BTreeMap<String, Standing>>,
    history: Vec<Moment>,
}

impl Memory {
    /// What this report leaves behind.
    pub fn of(report: &Report, pce: &PceIdentity) -> Memory {
        Memory {
            schema: SCHEMA.to_owned(),
            pce: pce.clone(),
            at: report.generated_at,
            span: report.span,
            whole: is_whole(report),
            totals: totals(report),
            rankings: rankings(report),
            standing: standing(report),
            history: report.rules.as_ref().map(|rules| rules.history.clone()).unwrap_or_default(),
        }
    }

    /// Reads it; the error says why it cannot be used.
    pub fn parse(bytes: &[u8], pce: &PceIdentity) -> Result<Memory, String> {
        let memory: Memory = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if memory.schema != SCHEMA {
            return Err(format!("it has the schema {}", crate::domain::text::visible(&memory.schema)));
        }
        if memory.pce != *pce {
            return Err("it belongs to another PCE".to_owned());
        }
        Ok(memory)
    }

    /// As text.
    pub fn text(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec_pretty(self).map_err(|error| error.to_string())
    }
}

/// Puts into the report what only the previous one knows: the history of the rules and what changed.
pub fn compare(report: &mut Report, previous: Option<&Memory>) {
    if let Some(rules) = &mut report.rules {
        let now = rules::moment(rules, report.generated_at);
        rules.history = previous.map(|memory| memory.history.clone()).unwrap_or_default();
        rules.history.retain(|moment| moment.at < now.at);
        rules.history.push(now);
        let surplus = rules.history.len().saturating_sub(MOMENTS);
        rules.history.drain(..surplus);
    }
    report.changes = previous.map(|memory| changes(report, memory));
}

fn changes(report: &Report, previous: &Memory) -> Changes {
    let length = |span: Span| span.to.duration_since(span.from);
    let comparable = previous.whole && is_whole(report) && length(previous.span) == length(report.span);
    let totals = totals(report)
        .into_iter()
        .filter(|_| comparable)
        .filter_map(|(what, now)| Some(Change { what, before: *previous.totals.get(&what)?, now }))
        .collect();
    let rankings = rankings(report)
        .into_iter()
        .filter(|_| comparable)
        .filter_map(|(ranking, now)| {
            let before = previous.rankings.get(&ranking)?;
            let new: Vec<String> = now.iter().take(FRONT).filter(|name| !before.contains(name)).cloned().collect();
            let gone: Vec<String> = before.iter().take(FRONT).filter(|name| !now.contains(name)).cloned().collect();
            (!new.is_empty() || !gone.is_empty()).then_some(Moved { ranking, new, gone })
        })
        .collect();
    let rules = match (&previous.standing, standing(report)) {
        (Some(before), Some(now)) => now
            .into_iter()
            .filter_map(|(rule, now)| {
                let before = before.get(&rule).copied().unwrap_or(Standing::Ok);
                (before != now).then_some(RuleChange { rule, before, now })
            })
            .collect(),
        _ => Vec::new(),
    };
    Changes { since: previous.at, span: previous.span, comparable, totals, rankings, rules }
}

/// Whether the numbers are those of the whole span and of nothing else.
fn is_whole(report: &Report) -> bool {
    report.complete && report.traffic.as_ref().is_none_or(|traffic| traffic.across == 0)
}

fn totals(report: &Report) -> BTreeMap<Total, u64> {
    let mut totals = BTreeMap::new();
    if let Some(traffic) = &report.traffic {
        let all = &traffic.total;
        totals.insert(Total::Allowed, all.allowed.connections);
        totals.insert(Total::PotentiallyBlocked, all.potentially_blocked.connections);
        totals.insert(Total::Blocked, all.blocked.connections);
        totals.insert(Total::Unknown, all.unknown.connections);
        totals.insert(Total::Bytes, all.values().iter().fold(0, |sum, volume| sum.saturating_add(volume.bytes)));
    }
    if let Some(events) = &report.events {
        totals.insert(Total::Events, events.count);
        totals.insert(Total::EventErrors, events.total.error);
    }
    totals
}

fn rankings(report: &Report) -> BTreeMap<Board, Vec<String>> {
    fn names<T: Named>(ranking: &Ranking<T>) -> Vec<String> {
        ranking.rows.iter().map(|row| row.what.line()).collect()
    }
    let Some(traffic) = &report.traffic else { return BTreeMap::new() };
    BTreeMap::from([
        (Board::Talkers, names(&traffic.talkers)),
        (Board::BlockedPairs, names(&traffic.blocked_pairs)),
        (Board::BlockedPorts, names(&traffic.blocked_ports)),
        (Board::PotentiallyBlocked, names(&traffic.potentially_blocked)),
        (Board::Unmanaged, names(&traffic.unmanaged)),
    ])
}

fn standing(report: &Report) -> Option<BTreeMap<String, Standing>> {
    report.rules.as_ref().map(|rules| rules.rules.iter().map(|rule| (rule.name.clone(), rule.state)).collect())
}
