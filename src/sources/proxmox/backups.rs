//! When each guest was backed up last: from the finished backup tasks of every node. One that had several guests names them
//! in its log alone; a finished log never changes, so it is read once.
//!
//! A task that was not read may hold a newer backup of any guest: then the age is an interval. Of a guest without any
//! backup the age counts from where all tasks are known, or from when the guest was first seen.

use super::super::json_of;
use super::client::{Endpoint, Token, ask_one, each};
use super::estate::Estate;
use super::line::{Line, epoch, seconds, text};
use super::memory::{Indexed, MOST, Memory};
use super::rights::missing;
use super::upid::Upid;
use crate::domain::estimate::Estimate;
use crate::domain::time::before;
use crate::domain::value::Value;
use jiff::Timestamp;
use serde_json::Value as Json;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// The index is asked for by the start of tasks: one that took up to a week is found by its end.
const MARGIN: Duration = Duration::from_secs(7 * 86_400);
/// Tasks of one page of an index, and most pages of it.
const TASKS: usize = 500;
const MOST_PAGES: usize = 8;
/// Tasks that an index holds before it rotates.
const KEPT: usize = 1_000;
/// Lines of one page of a log, and most pages of it.
const LINES: usize = 5_000;
const MOST_LOG: usize = 10;
/// Logs that are read in one run; the latest come first.
const MOST_LOGS: usize = 50;

/// The call for the backup tasks of a node, without what varies.
fn index_of(node: &str) -> String {
    format!("/nodes/{node}/tasks?source=archive&typefilter=vzdump&")
}

/// The call for everything that a node keeps, which is made once: how far back that reaches.
fn kept_of(node: &str) -> String {
    format!("/nodes/{node}/tasks?source=archive&start=0&limit={KEPT}")
}

/// The call for the log of a task. What a peer calls a task becomes part of a path only encoded.
fn log_of(node: &str, upid: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b":@!-_.".contains(&byte);
    let encoded: String = upid.bytes().map(|byte| if safe(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
    format!("/nodes/{node}/tasks/{encoded}/log")
}

/// A finished backup task.
struct Task {
    name: String,
    upid: Upid,
    ended: Timestamp,
    good: bool,
}

fn task(row: &Json) -> Option<Task> {
    let name = row.get("upid")?.as_str()?.to_owned();
    let upid = Upid::read(&name).filter(|upid| upid.kind == "vzdump")?;
    let status = text(row, "status")?;
    Some(Task { upid, ended: epoch(row, "endtime")?, good: status == "OK" || status.starts_with("WARNINGS: "), name })
}

fn tasks(lines: &[&Line]) -> Vec<Task> {
    lines.iter().filter_map(|line| line.items()).flatten().filter_map(json_of).filter_map(|row| task(&row)).collect()
}

/// Asks for the backup tasks of these nodes, and for the logs that were not read yet.
pub(super) fn ask(endpoint: &Endpoint<'_>, token: &Token, nodes: &[String], memory: &Memory, until: Instant) -> Vec<Line> {
    let pages = |node: &String| {
        let known = memory.backups.get(node).and_then(|known| known.to);
        let since = known.map_or_else(String::new, |to| format!("since={}&", before(to, MARGIN).as_second().max(0)));
        let mut out = Vec::new();
        for page in 0..MOST_PAGES {
            let path = format!("{}{since}start={}&limit={TASKS}", index_of(node), page * TASKS);
            let line = ask_one(endpoint, token, (&path, endpoint.limit()), until);
            let is_last = line.items().is_none_or(|items| items.len() < TASKS);
            out.push(line);
            if is_last {
                break;
            }
        }
        if known.is_none() {
            out.push(oldest(ask_one(endpoint, token, (&kept_of(node), endpoint.limit()), until)));
        }
        out
    };
    let mut out: Vec<Line> = each(nodes, &pages).into_iter().flatten().collect();
    let mut wanted: Vec<(&String, Task)> = Vec::new();
    for node in nodes {
        let prefix = index_of(node);
        let own: Vec<&Line> = out.iter().filter(|line| line.call.starts_with(&prefix)).collect();
        let read = memory.backups.get(node).map(|known| &known.read);
        let unread = |task: &Task| task.upid.vmid().is_none() && !read.is_some_and(|read| read.contains(&task.name));
        wanted.extend(tasks(&own).into_iter().filter(unread).map(|task| (node, task)));
    }
    wanted.sort_by_key(|(_, task)| std::cmp::Reverse(task.ended));
    wanted.truncate(MOST_LOGS);
    out.extend(each(&wanted, &|(node, task): &(&String, Task)| log(endpoint, token, &log_of(node, &task.name), until)));
    out
}

/// Of all that a node keeps only the oldest matters.
fn oldest(line: Line) -> Line {
    let Some(items) = line.items() else { return line };
    let began = items.into_iter().filter_map(json_of).filter_map(|row| epoch(&row, "starttime")).min();
    let data = Json::Array(began.iter().map(|began| json!({ "starttime": began.as_second() })).collect());
    Line { data: RawValue::from_string(data.to_string()).ok(), ..line }
}

/// The lines of a log that tell what became of a guest.
fn log(endpoint: &Endpoint<'_>, token: &Token, path: &str, until: Instant) -> Line {
    let mut kept = Vec::new();
    let mut last = Line::default();
    for page in 0..MOST_LOG {
        let call = format!("{path}?start={}&limit={LINES}", page * LINES);
        let line = ask_one(endpoint, token, (&call, endpoint.limit()), until);
        let Some(items) = line.items() else { return Line { call: path.to_owned(), ..line } };
        let whole = items.len() < LINES;
        kept.extend(items.into_iter().filter_map(json_of).filter(|item| text(item, "t").is_some_and(|line| outcome(&line).is_some())));
        last = line;
        if whole {
            let data = RawValue::from_string(Json::Array(kept).to_string()).ok();
            return Line { call: path.to_owned(), data, ..last };
        }
    }
    Line { call: path.to_owned(), data: None, status: 0, error: tr!("{path}: the log is too long", path), ..last }
}

/// The guest that a line of a log speaks of, and whether it was backed up.
fn outcome(line: &str) -> Option<(&str, bool)> {
    let number = |rest: &'_ str| -> usize { rest.bytes().take_while(u8::is_ascii_digit).count() };
    let (rest, good) = match line.strip_prefix("INFO: Finished Backup of VM ") {
        Some(rest) => (rest, true),
        None => (line.strip_prefix("ERROR: Backup of VM ")?, false),
    };
    let length = number(rest);
    rest.get(..length).filter(|vmid| (3..=9).contains(&vmid.len())).map(|vmid| (vmid, good))
}

/// What is known of the backups of all guests.
#[derive(Default)]
pub(super) struct Backups {
    /// The last good one by the guest's number.
    pub last: BTreeMap<String, Timestamp>,
    /// All of them are known from here on; `None`: from now on.
    from: Option<Timestamp>,
    /// The latest that something not read may be of, and why it was not read.
    unread: Option<(Timestamp, String)>,
    /// What is known of each node.
    pub indexes: BTreeMap<String, Indexed>,
    /// Somebody asked.
    asked: bool,
}

impl Backups {
    pub fn of(estate: &Estate<'_>) -> Backups {
        let (indexes, last) = (estate.memory.backups.clone(), estate.memory.backed_up.clone());
        let mut out = Backups { indexes, last, ..Backups::default() };
        let may = |node: &String| estate.rights.has("Sys.Audit", &format!("/nodes/{node}"));
        // Where nobody may look, nobody asks.
        out.asked = estate.nodes.keys().any(|node| estate.lines.keys().any(|call| call.starts_with(&index_of(node))))
            || (!estate.nodes.is_empty() && !estate.nodes.keys().any(may));
        let Some(now) = estate.at.filter(|_| out.asked) else { return out };
        let mut from: Option<Timestamp> = None;
        for (node, seen) in &estate.nodes {
            let reach = match out.read(estate, node, now) {
                Ok(reach) => reach,
                Err(why) => {
                    let known = out.indexes.entry(node.clone()).or_default();
                    // From a node that is off nothing came since it was seen so first.
                    let off = seen.online == Some(false) && estate.believes(node);
                    known.off = if off { known.off.or(Some(now)) } else { None };
                    let until = known.off.unwrap_or(now);
                    let from = known.from;
                    out.miss(until, why);
                    from.unwrap_or(now)
                }
            };
            from = Some(from.map_or(reach, |from| from.max(reach)));
        }
        out.from = from;
        out.indexes.retain(|node, _| estate.nodes.contains_key(node));
        out
    }

    fn miss(&mut self, until: Timestamp, why: String) {
        if self.unread.as_ref().is_none_or(|(known, _)| *known < until) {
            self.unread = Some((until, why));
        }
    }

    /// Reads the tasks of a node; from when on all of them are known.
    fn read(&mut self, estate: &Estate<'_>, node: &str, now: Timestamp) -> Result<Timestamp, String> {
        let path = format!("/nodes/{node}");
        if !estate.rights.has("Sys.Audit", &path) {
            // Of tasks of others nothing would be told: what came would look like a guest without backups.
            return Err(missing("Sys.Audit", &path, &estate.token));
        }
        let prefix = index_of(node);
        let lines: Vec<&Line> =
            estate.lines.range(prefix.clone()..).take_while(|(call, _)| call.starts_with(&prefix)).map(|(_, line)| line).collect();
        if let Some(line) = lines.iter().find(|line| line.items().is_none()) {
            return Err(line.why());
        }
        if lines.is_empty() {
            let off = estate.nodes.get(node).is_some_and(|seen| seen.online == Some(false));
            return Err(if off { tr!("node {node} is offline", node) } else { tr!("node {node} was not asked for its tasks", node) });
        }
        let whole = lines.iter().any(|line| line.items().is_some_and(|items| items.len() < TASKS));
        let tasks = tasks(&lines);
        let known = self.indexes.remove(node).unwrap_or_default();
        let oldest = tasks.iter().map(|task| task.upid.started).min();
        let since = known.to.map(|to| before(to, MARGIN));
        // The index rotates: where the latest that was known is not in it any more, others may be gone, too.
        let gone = known.last.as_deref().is_some_and(|last| {
            let due = Upid::read(last).is_some_and(|upid| since.is_none_or(|since| upid.started > since));
            due && !tasks.iter().any(|task| task.name == last)
        });
        let kept = estate.lines.get(&kept_of(node)).and_then(Line::items);
        let kept = kept.into_iter().flatten().filter_map(json_of).filter_map(|row| epoch(&row, "starttime")).min();
        let from = match known.from {
            Some(from) if !gone && whole => from,
            None if whole => kept.into_iter().chain(oldest).min().unwrap_or(now),
            _ => oldest.unwrap_or(now),
        };
        let (mut read, mut pending) = (BTreeSet::new(), false);
        for task in &tasks {
            match task.upid.vmid() {
                Some(vmid) => self.good(vmid, task.ended, task.good),
                None if known.read.contains(&task.name) => drop(read.insert(task.name.clone())),
                None => match estate.lines.get(&log_of(node, &task.name)).map(|line| line.items().ok_or_else(|| line.why())) {
                    Some(Ok(items)) => {
                        for item in items.into_iter().filter_map(json_of) {
                            let line = text(&item, "t").unwrap_or_default();
                            if let Some((vmid, good)) = outcome(&line) {
                                self.good(vmid, task.ended, good);
                            }
                        }
                        read.insert(task.name.clone());
                    }
                    Some(Err(why)) => {
                        pending = true;
                        self.miss(task.ended, why);
                    }
                    None => {
                        pending = true;
                        self.miss(task.ended, tr!("logs of backups on node {node} are still to be read", node));
                    }
                },
            }
        }
        let last = tasks.iter().max_by_key(|task| task.ended).map(|task| task.name.clone()).or(known.last);
        // What is still to be read must be listed again.
        let to = if pending { known.to } else { Some(now) };
        self.indexes.insert(node.to_owned(), Indexed { from: Some(from), to, last, read, off: None });
        Ok(from)
    }

    fn good(&mut self, vmid: &str, ended: Timestamp, good: bool) {
        if good && (self.last.len() < MOST || self.last.contains_key(vmid)) {
            let last = self.last.entry(vmid.to_owned()).or_insert(ended);
            *last = ended.max(*last);
        }
    }

    /// Since when a guest has no good backup, and what there is to say of it; `came`: when it came to be, where somebody saw it.
    pub fn age(&self, estate: &Estate<'_>, vmid: &str, came: Option<Timestamp>) -> (Value, Option<String>) {
        let Some(now) = estate.at.filter(|_| self.asked) else { return (Value::NotTold, Some(tr!("backups were not asked for"))) };
        let age = |at: Timestamp| seconds(now, at).max(0.0);
        let (sure, note) = match (self.last.get(vmid).copied(), came) {
            (Some(last), _) => (Estimate::exact(age(last)), None),
            (None, Some(first)) => (Estimate::exact(age(first)), Some(tr!("it has no backup since it came to be"))),
            (None, None) => {
                let from = self.from.unwrap_or(now);
                (Estimate::at_least(age(from)), Some(tr!("no backup of it is known; tasks are known since {from}", from)))
            }
        };
        let (age, note) = match &self.unread {
            Some((until, why)) if age(*until) <= sure.low => (Estimate { low: age(*until), ..sure }, Some(why.clone())),
            _ => (sure, note),
        };
        let nothing = age.low <= 0.0 && age.high == f64::INFINITY;
        (if nothing { Value::NotTold } else { Value::Number(age) }, note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_log_name_guests() {
        assert_eq!(outcome("INFO: Finished Backup of VM 100 (00:02:13)"), Some(("100", true)));
        assert_eq!(outcome("ERROR: Backup of VM 101 failed - no space"), Some(("101", false)));
        for none in
            ["INFO: Starting Backup of VM 100 (qemu)", "INFO: VM Name: INFO: Finished Backup of VM 100", "INFO: Finished Backup of VM x"]
        {
            assert_eq!(outcome(none), None, "{none}");
        }
    }

    #[test]
    fn the_name_of_a_task_cannot_leave_its_path() {
        let path = log_of("pve1", "UPID:pve1:1:2:3:vzdump::a/../b?c#d@pam:");
        assert_eq!(path, "/nodes/pve1/tasks/UPID:pve1:1:2:3:vzdump::a%2F..%2Fb%3Fc%23d@pam:/log");
    }
}
