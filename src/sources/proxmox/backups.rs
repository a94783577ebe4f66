//! When each guest was backed up last: from the finished backup tasks of every node. One that had several guests names them
//! in its log alone; a finished log never changes, so it is read once.
//!
//! A task that was not read may hold a newer backup of any guest, and so may one that an index has lost: then the age is an
//! interval. Of a guest without any backup the age counts from where all tasks are known, or from when the guest was first
//! seen.

use super::super::{Unreadable, json_of};
use super::client::{Endpoint, Token, ask_one, each};
use super::estate::Estate;
use super::index::{self, Index, ROTATES, Task};
use super::line::{Line, seconds, text, words};
use super::memory::{Indexed, MOST, Memory};
use crate::domain::estimate::Estimate;
use crate::domain::value::Value;
use jiff::Timestamp;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Lines of one page of a log, and most pages of it.
const LINES: usize = 5_000;
const MOST_LOG: usize = 10;
/// Logs that are read in one run; the latest come first.
const MOST_LOGS: usize = 50;

/// The call for the log of a task. What a peer calls a task becomes part of a path only encoded.
fn log_of(node: &str, upid: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b":@!-_.".contains(&byte);
    let encoded: String = upid.bytes().map(|byte| if safe(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
    format!("/nodes/{node}/tasks/{encoded}/log")
}

/// Whether it is a backup.
fn is_backup(task: &Task) -> bool {
    task.upid.kind == "vzdump"
}

/// Asks for what came to the indexes of these nodes, and for the logs that were not read yet.
pub(super) fn ask(endpoint: &Endpoint<'_>, token: &Token, nodes: &[&str], memory: &Memory, until: Instant) -> Vec<Line> {
    let pages = |node: &&str| {
        let from = memory.backups.get(*node).and_then(|known| known.to);
        index::ask(endpoint, token, &index::Wanted { node, since: None, from, is_known: &|_| false, deep: from.is_none() }, until)
    };
    let pages = each(nodes, &pages);
    let mut wanted: Vec<(&str, String, Timestamp)> = Vec::new();
    for (node, pages) in nodes.iter().zip(&pages) {
        let read = memory.backups.get(*node).map(|known| &known.read);
        let rows = pages.iter().filter_map(Line::items).flatten().filter_map(json_of);
        let tasks = rows.filter_map(|row| Task::read(&row)).filter_map(|(name, task)| Some((name, task?)));
        let unread =
            |(name, task): &(String, Task)| is_backup(task) && task.upid.vmid().is_none() && !read.is_some_and(|read| read.contains(name));
        wanted.extend(tasks.filter(unread).filter_map(|(name, task)| Some((*node, name, task.ended?))));
    }
    wanted.sort_by_key(|(_, _, ended)| std::cmp::Reverse(*ended));
    wanted.truncate(MOST_LOGS);
    let logs = each(&wanted, &|(node, name, _): &(&str, String, Timestamp)| log(endpoint, token, &log_of(node, name), until));
    pages.into_iter().flatten().map(brief).chain(logs).collect()
}

/// Of a task that is no backup only its name and its end matter here.
fn brief(line: Line) -> Line {
    let Some(items) = line.items() else { return line };
    let kept = items.into_iter().map(|raw| {
        let short = json_of(raw).filter(|row| Task::read(row).is_some_and(|(_, task)| task.is_some_and(|task| !is_backup(&task))));
        let keys = |row: &Json| ["upid", "endtime"].iter().filter_map(|key| Some(((*key).to_owned(), row.get(key)?.clone()))).collect();
        short.map_or_else(|| raw.get().to_owned(), |row| Json::Object(keys(&row)).to_string())
    });
    let text = format!("[{}]", kept.collect::<Vec<String>>().join(","));
    Line { data: RawValue::from_string(text).ok(), ..line }
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
        out.asked = estate.lines.keys().any(|call| call.contains("/tasks?source=archive"))
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
        // What is no task of this node is told with the source of tasks; here it can be a backup.
        let mut unreadable = Unreadable::default();
        let of = (node, estate.nodes.get(node));
        let index = Index::of(estate.lines, (&estate.rights, &estate.token), of, &mut unreadable)?;
        if let Some(why) = index.broken {
            return Err(why);
        }
        if unreadable.count() > 0 {
            return Err(tr!("{count} tasks of node {node} could not be read", count = unreadable.count(), node));
        }
        if let Some((name, _)) = index.tasks.iter().find(|(_, task)| is_backup(task) && task.ended.is_none()) {
            return Err(tr!("when task {upid} ended is not told", upid = words(name)));
        }
        let known = self.indexes.remove(node).unwrap_or_default();
        let oldest = index.oldest();
        let gone = match (&known.last, known.to) {
            (Some(last), _) => index.has_lost(last),
            // It was empty. It may have filled and rotated meanwhile.
            (None, Some(_)) => index.tasks.len() >= ROTATES,
            (None, None) => false,
        };
        let from = known.from.filter(|_| !gone).or(oldest).unwrap_or(now);
        let lost = if gone { Some(from) } else { known.lost };
        let (mut read, mut pending) = (BTreeSet::new(), false);
        for (name, task) in index.tasks.iter().filter(|(_, task)| is_backup(task)) {
            let Some(ended) = task.ended else { continue };
            match task.upid.vmid() {
                Some(vmid) => self.good(vmid, ended, task.is_good()),
                None if known.read.contains(name) => drop(read.insert(name.clone())),
                None => match self.read_log(estate, (node, name), ended) {
                    Ok(()) => drop(read.insert(name.clone())),
                    Err(why) => {
                        pending = true;
                        self.miss(ended, why);
                    }
                },
            }
        }
        let last = index.tasks.iter().max_by_key(|(_, task)| task.ended).map(|(name, _)| name.clone()).or(known.last);
        // What is still to be read must be listed again.
        let to = if pending { known.to } else { Some(now) };
        self.indexes.insert(node.to_owned(), Indexed { from: Some(from), to, last, lost, read, off: None });
        Ok(from)
    }

    /// What the log of a backup of several guests says of each.
    fn read_log(&mut self, estate: &Estate<'_>, (node, name): (&str, &str), ended: Timestamp) -> Result<(), String> {
        let line = estate.lines.get(&log_of(node, name));
        let line = line.ok_or_else(|| tr!("logs of backups on node {node} are still to be read", node))?;
        for item in line.items().ok_or_else(|| line.why())?.into_iter().filter_map(json_of) {
            if let Some((vmid, good)) = outcome(&text(&item, "t").unwrap_or_default()) {
                self.good(vmid, ended, good);
            }
        }
        Ok(())
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
        // What an index lost is newer than what is known to be good, or it does not matter.
        let lost = self.indexes.iter().filter_map(|(node, known)| Some((known.lost?, node))).max();
        let lost = lost.map(|(until, node)| (until, tr!("the task index of node {node} has lost what ended before {until}", node, until)));
        let unread = [self.unread.clone(), lost].into_iter().flatten().max_by_key(|(until, _)| *until);
        let (age, note) = match unread {
            Some((until, why)) if age(until) <= sure.low => (Estimate { low: age(until), ..sure }, Some(why)),
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
