//! Finished tasks of Proxmox VE, each at the time when it ended: backups, starts and stops, migrations.
//!
//! The list of the cluster holds 25 tasks of each node; whoever reads that misses failures. So the index of each node is
//! read, until what comes is known from the run before. It rotates after a thousand tasks or so: a gap is noticed, because
//! a task that was seen is not in it any more. Of a node that is offline, silent or not to be looked at, nothing is known:
//! a record that is unseen stands in its place, and its window begins where its tasks are known again.

mod memory;
mod round;
mod row;

pub(super) use round::run;
pub use row::SOURCE;

use super::super::{Allowance, Assembled, Assembler, DecodeError, Decoded, Settings, Unreadable, json_of};
use super::estate::{Quorum, Seen, members, quorum};
use super::index::{Index, MARGIN, ROTATES, Task};
use super::line::{Line, Lines, call, own, seconds, text, words};
use super::rights::{Rights, Sight};
use super::row::kind;
use crate::domain::source::SourceKind;
use crate::domain::text::{shorten, visible};
use crate::domain::time::before;
use crate::domain::value::{Record, Value};
use jiff::Timestamp;
use memory::{MOST, Memory, Node};
use row::slot;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use xxhash_rust::xxh3::xxh3_64;

/// Reads what a target answered.
#[derive(Default)]
pub struct Answers(Lines);

/// An assembler; every answer says all that there is to know.
pub fn assembler(_second: bool, _settings: Option<&dyn Settings>) -> Box<dyn Assembler> {
    Box::<Answers>::default()
}

impl Assembler for Answers {
    fn part(&mut self, _name: &str, body: &mut dyn Read) -> Result<Decoded, DecodeError> {
        self.0.read(body)
    }

    fn limit(&mut self, bytes: usize) {
        self.0.allowance = Allowance::of(bytes);
    }

    fn finish(self: Box<Self>) -> Assembled {
        let Lines { by_call: lines, mut unreadable, mut allowance } = self.0;
        let mut look = Look::of(&lines);
        let indexes: BTreeMap<String, Result<Index, String>> =
            look.nodes.keys().map(|node| (node.clone(), look.index(node, &mut unreadable))).collect();
        let mut gaps: Vec<(Option<String>, Option<Timestamp>, String)> = Vec::new();
        if let Some(why) = look.hidden() {
            gaps.push((None, None, why));
        }
        let mut kept: BTreeMap<String, Node> = look.memory.nodes.clone();
        for (node, index) in indexes {
            let index = match index {
                Ok(index) => index,
                Err(why) => {
                    gaps.push((Some(node), None, why));
                    continue;
                }
            };
            let reach = look.reach(&node, &index);
            if let Some(from) = reach.from.filter(|from| look.from.is_none_or(|wanted| *from > wanted)) {
                let why =
                    tr!("tasks of node {node} that ended before {from} are not known: its index does not reach back so far", node, from);
                gaps.push((Some(node.clone()), Some(from), why));
            }
            // Of what came, that which the run before did not know although it looked.
            let looked = look.memory.nodes.get(&node).and_then(|known| known.to);
            for (upid, task) in index.tasks {
                let late = looked.zip(task.ended).is_some_and(|(looked, ended)| ended > looked) && !look.known.contains_key(&upid);
                look.late.extend(late.then(|| upid.clone()));
                look.known.insert(upid, task);
            }
            kept.insert(node, reach);
        }
        let memory = look.remember(kept);
        let mut records: Vec<Record> = Vec::new();
        for (upid, task) in &look.known {
            let mut record = look.record(upid, task);
            if allowance.takes(record.close()) {
                records.push(record);
            }
        }
        let (unreadable, full) = (unreadable.count(), allowance.remark());
        if unreadable > 0 || full.is_some() {
            let why = full.clone().unwrap_or_else(|| tr!("{count} parts of the answer could not be read", count = unreadable));
            gaps.push((None, None, why));
        }
        let told = records.len() as u64;
        records.extend(gaps.into_iter().map(|(node, at, why)| look.unseen(node.as_deref(), at, &why)));
        Assembled { records, rows: told + unreadable, unreadable, missing: full, memory, held: allowance.held(), ..Assembled::default() }
    }
}

/// What an answer says before its records are made.
struct Look<'a> {
    lines: &'a BTreeMap<String, Line>,
    rights: Rights,
    token: String,
    memory: Memory,
    state: Quorum,
    nodes: BTreeMap<String, Seen>,
    /// Names of guests by their numbers.
    guests: BTreeMap<String, String>,
    /// All guests that there are have their names there.
    named: bool,
    /// Windows reach back to here.
    from: Option<Timestamp>,
    at: Option<Timestamp>,
    /// All tasks that are known, by UPID.
    known: BTreeMap<String, Task>,
    /// Those that the run before did not know.
    late: BTreeSet<String>,
}

impl<'a> Look<'a> {
    fn of(lines: &'a BTreeMap<String, Line>) -> Look<'a> {
        let asked = lines.get(own::ASKED).and_then(Line::whole).unwrap_or_default();
        let memory = Memory::read(lines.get(own::MEMORY).and_then(Line::told).map(RawValue::get));
        let status = lines.get(call::STATUS);
        let state = quorum(status, memory.cluster.as_deref());
        let mut nodes = members(status);
        let rights = Rights::of(lines.get(call::PERMISSIONS));
        let mut guests = BTreeMap::new();
        let items = lines.get(call::RESOURCES).and_then(Line::items);
        let mut named = items.is_some() && rights.sight(kind::GUEST, "") == Sight::Whole;
        for item in items.into_iter().flatten().filter_map(json_of) {
            match text(&item, "type").as_deref() {
                Some("node") => {
                    let Some(name) = text(&item, "node") else { continue };
                    let seen = nodes.entry(name).or_default();
                    seen.online = seen.online.or(text(&item, "status").map(|status| status == "online"));
                }
                Some("qemu" | "lxc") => match text(&item, "vmid").filter(|vmid| vmid.parse::<u32>().is_ok()).zip(text(&item, "name")) {
                    Some((vmid, name)) => drop(guests.insert(vmid, name)),
                    None => named = false,
                },
                Some(_) => {}
                None => named = false,
            }
        }
        Look {
            lines,
            rights,
            named,
            // By its own words the name of the token would be hidden: it is how its secret begins.
            token: asked.get("token").and_then(Json::as_str).map(|name| shorten(&visible(name), 200)).unwrap_or_default(),
            state,
            nodes,
            guests,
            from: asked.get("from").and_then(Json::as_str).and_then(|from| from.parse().ok()),
            at: lines.get(own::ASKED).and_then(|line| line.at).or_else(|| lines.values().filter_map(|line| line.at).max()),
            known: memory.known(),
            memory,
            late: BTreeSet::new(),
        }
    }

    /// Why nothing is known of all nodes there may be.
    fn hidden(&self) -> Option<String> {
        if let Quorum::Lost(name) = &self.state {
            return Some(tr!(
                "the node that answered looks like one without a cluster, but belongs to {name}: pmxcfs does not answer there",
                name
            ));
        }
        let listed = |call: &str| {
            self.lines.get(call).is_some_and(|line| {
                line.items().is_some_and(|items| items.iter().all(|raw| json_of(raw).is_some_and(|item| item.get("type").is_some())))
            })
        };
        if self.nodes.is_empty() || !(listed(call::STATUS) || listed(call::RESOURCES)) {
            let line = [call::STATUS, call::RESOURCES].into_iter().find_map(|call| self.lines.get(call));
            return Some(
                line.map_or_else(
                    || tr!("no node is known"),
                    |line| if line.told().is_none() { line.why() } else { tr!("no node is known") },
                ),
            );
        }
        None
    }

    /// What the index of a node lists, or why it is not known.
    fn index(&self, node: &str, unreadable: &mut Unreadable) -> Result<Index, String> {
        Index::of(self.lines, (&self.rights, &self.token), (node, self.nodes.get(node)), unreadable)
    }

    /// From when on everything is known of a node that was read.
    fn reach(&self, node: &str, index: &Index) -> Node {
        let oldest = index.oldest();
        let before = self.memory.nodes.get(node);
        let holds = before.and_then(|before| before.holds).map_or(ROTATES, |holds| ROTATES.min(holds as usize));
        let lost = index.tasks.len() >= holds || !index.whole;
        // Before this the index says nothing.
        let low = if lost { oldest } else { self.from };
        let since = self.from.map(|from| self::before(from, MARGIN));
        let own = self.known.iter().filter(|(_, task)| task.upid.node == node);
        let anchor = own
            .filter(|(_, task)| since.is_none_or(|since| task.upid.started >= since))
            .filter(|(_, task)| before.and_then(|before| before.from).is_none_or(|from| task.ended.is_some_and(|ended| ended >= from)))
            .max_by_key(|(_, task)| task.ended);
        let gone = anchor.is_some_and(|(upid, _)| index.has_lost(upid));
        let joined = before
            .is_some_and(|before| anchor.is_some() && !gone || !lost || before.to.zip(oldest).is_some_and(|(to, oldest)| oldest < to));
        let from = match before.and_then(|before| before.from) {
            // What was seen is not in it any more: what came before the oldest that is may be anything.
            _ if gone => oldest.or(self.at),
            Some(known) if joined => Some(low.map_or(known, |low| known.min(low))),
            _ => low,
        };
        let tried = if index.whole { self.from } else { before.and_then(|before| before.tried) };
        let held = before.and_then(|before| before.holds);
        let holds =
            if gone && index.whole { Some(held.map_or(index.tasks.len() as u64, |held| held.min(index.tasks.len() as u64))) } else { held };
        Node { from, to: self.at, tried, holds }
    }

    /// What the next run is to know.
    fn remember(&mut self, mut nodes: BTreeMap<String, Node>) -> Option<String> {
        if matches!(self.state, Quorum::Lost(_) | Quorum::No(_)) || self.hidden().is_some() {
            return None;
        }
        nodes.retain(|name, _| self.nodes.contains_key(name));
        let cluster = self.state.name().map(str::to_owned).or_else(|| self.memory.cluster.clone());
        let wanted = |task: &&Task| self.from.is_none_or(|from| task.ended.is_some_and(|ended| ended >= from));
        let mut ends: Vec<Timestamp> = self.known.values().filter(wanted).filter_map(|task| task.ended).collect();
        ends.sort_unstable_by(|a, b| b.cmp(a));
        let cut = ends.get(MOST).copied();
        let kept = self.known.iter().filter(|(_, task)| wanted(task) && task.ended.is_some_and(|ended| cut.is_none_or(|cut| ended > cut)));
        let tasks = kept.map(|(upid, task)| {
            let outcome = task.outcome.clone().map_or(Json::Null, Json::String);
            (upid.clone(), (Json::from(task.ended.map_or(0, Timestamp::as_second)), outcome))
        });
        let tasks = tasks.collect();
        for node in nodes.values_mut() {
            node.from = node.from.max(cut).max(self.from);
        }
        Some(Memory { cluster, nodes, tasks }.text())
    }

    fn cluster(&self) -> Value {
        match (&self.state, self.state.name()) {
            (_, Some(name)) => Value::text(name),
            (Quorum::Unknown(_), None) => self.memory.cluster.clone().map_or(Value::NotTold, Value::Text),
            _ => Value::Absent,
        }
    }

    fn record(&self, name: &str, task: &Task) -> Record {
        let Task { upid, ended, outcome } = task;
        let word = task.word();
        let mut record = Record::of(SourceKind(&SOURCE), xxh3_64(name.as_bytes()));
        record.at = *ended;
        record.late = self.late.contains(name);
        record.set(slot::TASK_TYPE, Value::text(upid.kind.clone()));
        record.set(slot::USER, Value::text(upid.user.clone()));
        record.set(slot::CLUSTER, self.cluster());
        record.set(slot::NODE, Value::text(upid.node.clone()));
        let guest = upid.vmid().map(|vmid| (vmid, self.guests.get(vmid).map_or(vmid, String::as_str)));
        record.set(slot::VMID, guest.map_or(Value::Absent, |(vmid, _)| Value::text(vmid)));
        // A guest that is gone is known by its number; the name of one that is not shown is not told.
        let told = |(vmid, name): (&str, &str)| if self.named || vmid != name { Value::text(name) } else { Value::NotTold };
        record.set(slot::GUEST, guest.map_or(Value::Absent, told));
        record.set(slot::STATUS, word.map_or(Value::NotTold, Value::text));
        record.set(slot::MESSAGE, outcome.as_deref().map_or(Value::NotTold, |text| Value::text(words(text))));
        record.set(slot::UPID, Value::text(words(name)));
        record.set(slot::DURATION, Value::number(ended.map(|ended| seconds(ended, upid.started).max(0.0))));
        let subject =
            guest.map_or_else(|| upid.id.clone(), |(vmid, name)| if vmid == name { vmid.to_owned() } else { format!("{name} ({vmid})") });
        record.name = format!("{} {subject}", upid.kind).trim_end().to_owned();
        record.word = word.unwrap_or_default().to_owned();
        let message = outcome.as_deref().filter(|text| *text != "OK").map(|text| format!(": {}", words(text))).unwrap_or_default();
        record.detail = tr!("on {node} by {user}{message}", node = upid.node, user = upid.user, message);
        record
    }

    /// What stands for tasks that are not told: of a node or of all, up to a point in time or to this day.
    fn unseen(&self, node: Option<&str>, at: Option<Timestamp>, why: &str) -> Record {
        let mut record = Record::of(SourceKind(&SOURCE), xxh3_64(format!("unseen {}", node.unwrap_or_default()).as_bytes()));
        (record.unseen, record.at) = (true, at);
        record.name = node.unwrap_or_default().to_owned();
        why.clone_into(&mut record.detail);
        record.set(slot::CLUSTER, self.cluster());
        if let Some(node) = node {
            record.set(slot::NODE, Value::text(words(node)));
        }
        record
    }
}
