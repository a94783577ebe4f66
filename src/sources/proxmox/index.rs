//! The index in which a node keeps its finished tasks: how it is asked for, what it lists, and whether it has lost some.
//!
//! It is in the order in which tasks ended, the latest first, and rotates after a thousand of them or so: then what was seen
//! in it is gone, and whatever ended before its oldest task may be gone, too.

use super::super::{Unreadable, json_of};
use super::client::{Endpoint, Token, ask_one};
use super::estate::Seen;
use super::line::{Line, epoch, text, words};
use super::rights::{Rights, missing};
use super::upid::Upid;
use crate::domain::time::before;
use jiff::Timestamp;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What it is asked for may be limited by the start of tasks: one that took up to a week is found by its end.
pub(super) const MARGIN: Duration = Duration::from_secs(7 * 86_400);
/// An index that lists fewer has not lost any.
pub(super) const ROTATES: usize = 1_000;
/// Tasks on the first page, which is enough in most runs, and on each further one.
const PAGES: [usize; 2] = [50, 500];
/// Most pages of one node: its index holds some 2000 tasks.
const MOST_PAGES: usize = 40;
/// So many at the end of a page must be known before what follows is taken for known.
const PROOF: usize = 5;
/// Clocks and the order of ends are not exact.
const SLACK: Duration = Duration::from_secs(600);

/// A finished task.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Task {
    pub upid: Upid,
    pub ended: Option<Timestamp>,
    /// The text with which it ended, as Proxmox has it; `None`: it is not told.
    pub outcome: Option<String>,
}

impl Task {
    /// A row of an index; without a task where it goes on. `None`: it is none.
    pub fn read(row: &Json) -> Option<(String, Option<Task>)> {
        let name = row.get("upid")?.as_str()?.to_owned();
        let upid = Upid::read(&name)?;
        let outcome = row.get("status").and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty());
        if outcome == Some("RUNNING") {
            return Some((name, None));
        }
        let outcome = outcome.map(words);
        Some((name, Some(Task { upid, ended: epoch(row, "endtime"), outcome })))
    }

    /// How it ended, in a word.
    pub fn word(&self) -> Option<&'static str> {
        Some(match self.outcome.as_deref()? {
            "OK" => "ok",
            "unexpected status" => "unknown",
            text if text.starts_with("WARNINGS: ") => "warnings",
            _ => "error",
        })
    }

    /// Whether it did what it was for.
    pub fn is_good(&self) -> bool {
        matches!(self.word(), Some("ok" | "warnings"))
    }
}

/// What is wanted of the index of one node.
pub(super) struct Wanted<'a> {
    pub node: &'a str,
    /// Nothing that began before this.
    pub since: Option<Timestamp>,
    /// What ended before this is known or does not matter; `None`: everything is wanted.
    pub from: Option<Timestamp>,
    /// Whether the run before knew this task.
    pub is_known: &'a (dyn Fn(&str) -> bool + Sync),
    /// Nothing is known further back: it is read to its end.
    pub deep: bool,
}

impl Wanted<'_> {
    /// Whether what comes after this page is known.
    fn is_calm(&self, page: &[Json]) -> bool {
        let old = |row: &Json| self.from.is_some_and(|from| epoch(row, "endtime").is_some_and(|ended| ended < before(from, SLACK)));
        let mut last = page.iter().rev().take(PROOF).peekable();
        last.peek().is_some() && last.all(|row| old(row) || text(row, "upid").is_some_and(|upid| (self.is_known)(&upid)))
    }
}

/// Reads the index of a node page by page, the latest first, until what comes is known.
pub(super) fn ask(endpoint: &Endpoint<'_>, token: &Token, wanted: &Wanted<'_>, until: Instant) -> Vec<Line> {
    let since = wanted.since.map_or_else(String::new, |since| format!("&since={}", since.as_second().max(0)));
    let (mut out, mut start) = (Vec::new(), 0);
    for number in 0..MOST_PAGES {
        let limit = PAGES[number.min(1)];
        let path = format!("/nodes/{}/tasks?source=archive{since}&start={start}&limit={limit}", wanted.node);
        let line = ask_one(endpoint, token, (&path, endpoint.limit()), until);
        let items: Option<Vec<Json>> = line.items().map(|items| items.into_iter().filter_map(json_of).collect());
        out.push(line);
        let Some(items) = items else { break };
        start += items.len();
        if items.len() < limit || (!wanted.deep && wanted.is_calm(&items)) {
            break;
        }
    }
    out
}

/// The index of a node, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By UPID.
    pub tasks: BTreeMap<String, Task>,
    /// It was read to its end.
    pub whole: bool,
    /// Why a page is missing.
    pub broken: Option<String>,
}

impl Index {
    /// What the index of a node lists, or why it is not known.
    pub fn of(
        lines: &BTreeMap<String, Line>,
        (rights, token): (&Rights, &str),
        (node, seen): (&str, Option<&Seen>),
        unreadable: &mut Unreadable,
    ) -> Result<Index, String> {
        let path = format!("/nodes/{node}");
        if !rights.has("Sys.Audit", &path) {
            // Of tasks of others nothing would be told: what came would look like calm.
            return Err(missing("Sys.Audit", &path, token));
        }
        let prefix = format!("{path}/tasks");
        let all = lines.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
        let mut pages: Vec<&Line> = all.filter(|(name, _)| is_page(&name[prefix.len()..])).map(|(_, line)| line).collect();
        pages.sort_by_key(|line| parameter(&line.call, "start").unwrap_or(0));
        if pages.is_empty() {
            return Err(not_asked(node, seen));
        }
        let (mut out, mut next) = (Index::default(), 0);
        for (number, line) in pages.iter().enumerate() {
            let items = match line.items() {
                Some(items) if parameter(&line.call, "start").unwrap_or(0) <= next => items,
                Some(_) if number == 0 => return Err(tr!("the first tasks of node {node} are missing", node)),
                None if number == 0 => return Err(line.why()),
                // There was no time for the rest.
                told => {
                    out.whole = false;
                    out.broken = Some(told.map_or_else(|| line.why(), |_| tr!("node {node} was not asked for its tasks", node)));
                    break;
                }
            };
            next += items.len() as u64;
            out.whole = parameter(&line.call, "limit").is_none_or(|limit| (items.len() as u64) < limit);
            for raw in items {
                match json_of(raw).as_ref().and_then(Task::read) {
                    Some((upid, Some(task))) => drop(out.tasks.insert(upid, task)),
                    // It goes on.
                    Some((_, None)) => {}
                    None => unreadable.add(raw),
                }
            }
        }
        Ok(out)
    }

    /// When the oldest of its tasks ended.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.tasks.values().filter_map(|task| task.ended).min()
    }

    /// Whether it has lost tasks since it held this one: they are lost in the order in which they ended.
    pub fn has_lost(&self, anchor: &str) -> bool {
        !self.tasks.contains_key(anchor)
    }
}

/// Why a node was not asked for its tasks.
pub(super) fn not_asked(node: &str, seen: Option<&Seen>) -> String {
    if seen.is_some_and(|seen| seen.online == Some(false)) { offline(node) } else { tr!("node {node} was not asked for its tasks", node) }
}

/// What is said of a node that is off.
pub(super) fn offline(node: &str) -> String {
    tr!("node {node} is offline", node)
}

/// Whether what follows `/tasks` asks for the index, and not for some of it.
fn is_page(rest: &str) -> bool {
    let Some(query) = rest.strip_prefix('?') else { return rest.is_empty() };
    query.split('&').all(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        matches!((name, value), ("source", "archive") | ("start" | "limit" | "since", _))
    })
}

/// A number in the path of a call.
fn parameter(path: &str, name: &str) -> Option<u64> {
    let (_, query) = path.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_makes_no_index() {
        for page in ["", "?source=archive&start=0&limit=50", "?since=1&start=50"] {
            assert!(is_page(page), "{page}");
        }
        for other in ["?vmid=100", "?typefilter=stopall", "?source=active", "?source=all&start=0", "/UPID:x/log"] {
            assert!(!is_page(other), "{other}");
        }
    }
}
