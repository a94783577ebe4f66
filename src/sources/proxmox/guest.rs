//! Guests: virtual machines and containers. Whoever is one is told by its number alone; names vanish, and guests move.

use super::backups::Backups;
use super::estate::{Estate, Quorum};
use super::line::{Line, call, epoch, flag, list, num, optional_flag, optional_text, seconds, share, text};
use super::memory::Guest;
use super::out::{Out, blank, judged, verdict};
use super::row::{kind, slot};
use crate::domain::estimate::Estimate;
use crate::domain::value::{Record, Value};
use jiff::Timestamp;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Tasks that stop a guest because somebody wants it.
pub(super) const STOPS: [&str; 5] = ["qmstop", "qmshutdown", "vzstop", "vzshutdown", "hastop"];
/// So long after its start a node may be busy starting guests.
const STARTING: f64 = 600.0;
/// Clocks and looks are not exact to the second.
const SLACK: f64 = 10.0;
/// So long a lock explains a state where tasks may not be read: a killed task leaves its lock behind.
const HELD: f64 = 86_400.0;

/// Tasks of one answer.
const PAGE: usize = 50;

/// Places of what is measured of a guest that runs.
const MEASURED: [u8; 8] =
    [slot::CPU, slot::MEMORY, slot::MEMORY_BYTES, slot::UPTIME, slot::NET_IN, slot::NET_OUT, slot::DISK_READ, slot::DISK_WRITE];

/// The call that tells what a node is at work on.
pub(super) fn at_work(node: &str) -> String {
    format!("/nodes/{node}/tasks?source=active")
}

/// Whether what a guest shows may be the work of something else, so that its state before holds; how that is said.
pub(super) fn is_held(status: Option<&str>, lock: Option<&str>) -> Option<String> {
    match (status, lock) {
        (None | Some("running" | "unknown"), _) => None,
        (Some("prelaunch"), Some("backup")) => Some(tr!("it is being backed up")),
        (Some("inmigrate" | "postmigrate" | "finish-migrate" | "restore-vm" | "save-vm" | "prelaunch"), _) | (_, Some("migrate")) => {
            Some(tr!("it is being moved or prepared"))
        }
        (_, Some(lock @ ("backup" | "snapshot" | "snapshot-delete" | "rollback"))) => Some(tr!("it is locked: {lock}", lock)),
        _ => None,
    }
}

/// Makes the records; what is to be remembered of each guest.
pub(super) fn tell(estate: &Estate<'_>, backups: &Backups, out: &mut Out<'_>) -> BTreeMap<String, Guest> {
    let hidden = estate.hidden(kind::GUEST);
    if let Some(why) = &hidden {
        out.unseen(kind::GUEST, None, why);
    }
    let coverage = Coverage::of(estate);
    let mut kept: BTreeMap<String, Guest> = BTreeMap::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (kind_of_guest, item) in ["qemu", "lxc"].iter().flat_map(|of| estate.items(of).iter().map(move |item| (*of, item))) {
        let number = text(item, "vmid").or_else(|| Some(text(item, "id")?.split_once('/')?.1.to_owned()));
        let Some(vmid) = number else {
            out.unseen(kind::GUEST, None, &tr!("a guest comes without its number"));
            continue;
        };
        if !seen.insert(vmid.clone()) {
            continue;
        }
        let look = Look { estate, item, vmid: &vmid, kind: kind_of_guest, known: estate.memory.guests.get(&vmid) };
        let (record, guest) = look.tell(&coverage, backups);
        out.put(record);
        kept.insert(vmid, guest);
    }
    for (vmid, known) in estate.memory.guests.iter().filter(|(vmid, _)| !seen.contains(*vmid)) {
        // Gone from one answer may be a mistake; from two whole ones it is no more.
        let missed = known.missed.saturating_add(u8::from(hidden.is_none()));
        if missed >= 2 {
            continue;
        }
        let mut record = blank(kind::GUEST, &format!("{}/{vmid}", known.kind));
        name(&mut record, vmid, &known.name);
        record.set(slot::VMID, Value::text(vmid.clone()));
        record.set(slot::GUEST_TYPE, Value::text(known.kind.clone()));
        record.set(slot::NODE, Value::text(known.node.clone()));
        let why = tr!("it is not in the answer any more");
        judged(&mut record, Value::text("unknown"), Value::NotTold, why);
        out.put(record);
        kept.insert(vmid.clone(), Guest { missed, ..known.clone() });
    }
    kept
}

/// Its name, else its last known name, else its number.
fn name(record: &mut Record, vmid: &str, name: &str) {
    let shown = if name.is_empty() { vmid } else { name };
    record.name = if name.is_empty() { vmid.to_owned() } else { format!("{name} ({vmid})") };
    record.set(slot::GUEST, Value::text(shown));
}

/// One guest in one answer.
struct Look<'a> {
    estate: &'a Estate<'a>,
    item: &'a Json,
    vmid: &'a str,
    kind: &'static str,
    known: Option<&'a Guest>,
}

impl Look<'_> {
    fn tell(&self, coverage: &Coverage, backups: &Backups) -> (Record, Guest) {
        let Look { estate, item, vmid, known, .. } = *self;
        let mut record = blank(kind::GUEST, &format!("{}/{vmid}", self.kind));
        let before = known.cloned().unwrap_or_default();
        let own_name = text(item, "name").unwrap_or_else(|| before.name.clone());
        name(&mut record, vmid, &own_name);
        record.set(slot::VMID, Value::text(vmid));
        record.set(slot::GUEST_TYPE, Value::text(self.kind));
        let node = text(item, "node");
        record.set(slot::NODE, node.clone().map_or(Value::NotTold, Value::Text));
        let ha = optional_text(item, "hastate");
        let lock = optional_text(item, "lock");
        record.set(slot::HA_STATE, ha.clone());
        record.set(slot::LOCK, lock.clone());
        // A cluster that has heard nothing of its node leaves this out, too; a template is never made a guest again.
        let was = known.is_some_and(|known| known.template) && item.get("template").is_none();
        record.set(slot::TEMPLATE, if was { Value::Flag(true) } else { optional_flag(item, "template") });
        record.set(slot::POOL, optional_text(item, "pool"));
        record.set(slot::TAG, list(item, "tags", Value::Texts(Vec::new(), true)));
        let heard = node.as_deref().is_some_and(|node| estate.hears(node));
        let status = text(item, "status").filter(|status| heard && status != "unknown");
        let held = self.held(status.as_deref(), lock.as_text(), node.as_deref());
        let state = match (&held, status.as_deref()) {
            // A guest that was only made ready does not run.
            (Held::LeftBehind(..), Some("prelaunch")) => Some("stopped".to_owned()),
            (Held::By(..), Some(shown)) => {
                let before = known.map(|known| known.status.clone()).filter(|status| !status.is_empty());
                before.or_else(|| (shown == "prelaunch").then(|| "stopped".to_owned()))
            }
            _ => status.clone(),
        };
        let stop = self.stop(state.as_deref(), &before, node.as_deref());
        self.verdicts(&mut record, (status.as_deref(), state.as_deref()), &ha, &stop, held.words());
        // Of one that is held, or whose node's figures stopped, nothing is measured now: what comes next counts from before.
        let frozen = node.as_deref().filter(|node| estate.frozen(node).is_some());
        let running = status.as_deref() == Some("running") && frozen.is_none();
        let measured = running || state.as_deref().is_some_and(|state| state != "running");
        let uptime = num(item, "uptime").filter(|_| running);
        let moved = known.is_some_and(|known| !known.node.is_empty() && Some(&known.node) != node.as_ref());
        match (state.as_deref().filter(|_| measured), frozen) {
            (Some(state), _) => self.figures(&mut record, state, (uptime, moved)),
            (None, Some(node)) => self.unmeasured(&mut record, &tr!("statistics of node {node} stopped (pvestatd)", node)),
            (None, None) => {
                let why = record.detail.clone();
                self.unmeasured(&mut record, &why);
            }
        }
        let template = matches!(record.slot(slot::TEMPLATE), Value::Flag(true));
        record.set(slot::UNPROTECTED, coverage.unprotected(vmid, node.as_deref(), record.slot(slot::POOL), template));
        record.details.extend(coverage.jobs.as_ref().err().map(|why| (slot::UNPROTECTED, why.clone())));
        // Nobody was given a right by which it is seen only now.
        let came = known.map_or_else(|| estate.memory.began.is_some() && !estate.gained(), |known| known.came);
        self.since_backup(&mut record, backups, (before.first, came), template);
        let counters = running.then(|| self.counters()).flatten();
        let at = if measured { estate.at } else { before.at };
        let kept = Guest {
            name: own_name,
            kind: self.kind.to_owned(),
            node: node.unwrap_or(before.node),
            status: state.clone().unwrap_or(before.status),
            at,
            first: before.first.or(estate.at),
            ran: if running { estate.at } else { before.ran },
            uptime: if measured { uptime } else { before.uptime },
            counters: if measured { counters } else { before.counters },
            wanted: match (state.as_deref(), &stop) {
                (Some("running"), _) => true,
                (Some("stopped"), Stop::Purpose(_)) => false,
                _ => before.wanted,
            },
            held: held.since(),
            template,
            came,
            missed: 0,
        };
        (record, kept)
    }

    /// Whether what it shows is the work of something else, and its state before holds.
    fn held(&self, status: Option<&str>, lock: Option<&str>, node: Option<&str>) -> Held {
        let (Some(why), Some(now)) = (is_held(status, lock), self.estate.at) else { return Held::No };
        if self.known.is_none() && status == Some("stopped") {
            return Held::No;
        }
        let since = self.known.and_then(|known| known.held);
        match node.and_then(|node| self.is_at_work(node)) {
            Some(true) => Held::By(None, why),
            // It may have ended between two answers: two looks tell.
            Some(false) if since.is_some() => Held::LeftBehind(since, why),
            None if since.is_some_and(|since| seconds(now, since) > HELD) => Held::LeftBehind(since, why),
            _ => Held::By(since.or(Some(now)), why),
        }
    }

    /// Whether a task is at work on it. Of those of others only an auditor of the node is told.
    fn is_at_work(&self, node: &str) -> Option<bool> {
        let items = self.estate.lines.get(&at_work(node))?.items()?;
        let whole = self.estate.rights.has("Sys.Audit", &format!("/nodes/{node}")) && items.len() < PAGE;
        let mine = |task: &Json| match (text(task, "id"), text(task, "type").as_deref()) {
            // A backup of several guests names none.
            (None, of) => of == Some("vzdump"),
            (Some(id), _) => id == self.vmid,
        };
        let runs = |task: &Json| epoch(task, "endtime").is_none() && matches!(text(task, "status").as_deref(), None | Some("RUNNING"));
        let found = items.into_iter().filter_map(super::super::json_of).any(|task| mine(&task) && runs(&task));
        if found || whole { Some(found) } else { None }
    }

    /// Why it does not run, as far as the tasks of its node say.
    fn stop(&self, state: Option<&str>, before: &Guest, node: Option<&str>) -> Stop {
        if state != Some("stopped") || !before.wanted {
            return Stop::Expected;
        }
        let Some(node) = node else { return Stop::Unexpected };
        let call = format!("/nodes/{node}/tasks?vmid={}", self.vmid);
        let Some(line) = self.estate.lines.get(&call) else { return Stop::Unexpected };
        let Some(items) = line.items() else { return Stop::NotTold(line.why()) };
        let tasks: Vec<Json> = items.into_iter().filter_map(super::super::json_of).collect();
        let since = before.ran;
        let after = |task: &&Json| {
            let began = epoch(task, "starttime");
            began.zip(since).is_none_or(|(began, since)| seconds(began, since) > -60.0)
        };
        let stops = |task: &&Json| text(task, "type").is_some_and(|of| STOPS.contains(&of.as_str()));
        match tasks.iter().filter(after).find(stops) {
            None => Stop::Unexpected,
            Some(task) => {
                let user = text(task, "user").unwrap_or_default();
                let node_back = self.estate.nodes.get(node).and_then(|seen| seen.uptime);
                // A node that goes down stops its guests, too; when it is back they are started again.
                let whole = self.estate.lines.get(&format!("/nodes/{node}/tasks?typefilter=stopall"));
                let by_node = whole.and_then(Line::items).into_iter().flatten().filter_map(super::super::json_of).any(|all| {
                    let (began, ended, own) = (epoch(&all, "starttime"), epoch(&all, "endtime"), epoch(task, "starttime"));
                    began.zip(own).is_some_and(|(began, own)| own >= began && ended.is_none_or(|ended| own <= ended))
                });
                match (by_node, node_back) {
                    (true, Some(uptime)) if uptime > STARTING => Stop::Unexpected,
                    (true, _) => Stop::Expected,
                    (false, _) => Stop::Purpose(user),
                }
            }
        }
    }

    fn verdicts(&self, record: &mut Record, (status, state): (Option<&str>, Option<&str>), ha: &Value, stop: &Stop, held: String) {
        let wants = matches!(ha.as_text(), Some("started" | "request_start"));
        let broken = ha.as_text() == Some("error");
        let (own, down, mut detail) = match state {
            None => (Value::NotTold, Value::NotTold, self.why_unknown(status)),
            Some("running") => (verdict(0), verdict(0), String::new()),
            Some("stopped") => match stop {
                _ if wants => (verdict(2), verdict(1), tr!("stopped, and HA wants it to run")),
                Stop::Unexpected => (verdict(2), verdict(1), tr!("stopped, and nobody stopped it on purpose")),
                Stop::NotTold(why) => (verdict(2), verdict(1), tr!("stopped; whether on purpose is not told: {why}", why)),
                Stop::Purpose(user) => (verdict(0), verdict(0), tr!("stopped by {user}", user)),
                Stop::Expected => (verdict(0), verdict(0), tr!("stopped")),
            },
            Some("paused" | "suspended") => (verdict(1), verdict(0), tr!("paused")),
            Some(error @ ("io-error" | "internal-error" | "guest-panicked" | "watchdog")) => {
                (verdict(2), verdict(1), tr!("it does not run: {error}", error))
            }
            Some(other) => (Value::NotTold, Value::NotTold, tr!("what '{other}' means is not known", other)),
        };
        if !held.is_empty() {
            detail = if detail.is_empty() { held } else { format!("{detail}; {held}") };
        }
        if broken {
            detail = tr!("HA has given it up: its state there is error");
        }
        record.set(slot::DOWN, down);
        let shown = status.or(state).map_or(Value::text("unknown"), Value::text);
        let own = if broken { verdict(2) } else { own };
        judged(record, if status.is_none() { Value::NotTold } else { shown }, own, detail);
        if record.word.is_empty() {
            "unknown".clone_into(&mut record.word);
        }
    }

    fn why_unknown(&self, status: Option<&str>) -> String {
        let node = text(self.item, "node").unwrap_or_default();
        let seen = self.estate.nodes.get(&node);
        match (status, seen) {
            (Some(status), _) => tr!("its state before it was {status} is not known", status),
            (None, Some(seen)) if seen.online == Some(false) => tr!("its node {node} is offline", node),
            (None, Some(seen)) if seen.silent => tr!("statistics of node {node} stopped (pvestatd)", node),
            _ if matches!(self.estate.state, Quorum::No(_) | Quorum::Lost(_)) => tr!("the endpoint that answered is cut off from its node"),
            _ => tr!("the cluster has heard nothing of it for 5 minutes"),
        }
    }

    fn since_backup(&self, record: &mut Record, backups: &Backups, (first, came): (Option<Timestamp>, bool), template: bool) {
        if template {
            // Nothing in it changes.
            record.set(slot::BACKUP_AGE, Value::Absent);
            return;
        }
        let (age, why) = backups.age(self.estate, self.vmid, first.or(self.estate.at).filter(|_| came));
        record.set(slot::BACKUP_AGE, age);
        record.details.extend(why.map(|why| (slot::BACKUP_AGE, why)));
    }

    fn counters(&self) -> Option<[f64; 4]> {
        let read = ["netin", "netout", "diskread", "diskwrite"].map(|key| num(self.item, key));
        let all: Option<Vec<f64>> = read.into_iter().collect();
        all?.try_into().ok()
    }

    /// Nothing is measured of it now, for this reason.
    fn unmeasured(&self, record: &mut Record, why: &str) {
        let mut slots = MEASURED.to_vec();
        slots.push(slot::RESTARTS);
        if self.kind == "lxc" {
            slots.push(slot::DISK_USED);
        } else {
            record.set(slot::DISK_USED, Value::Absent);
        }
        record.details = slots.into_iter().map(|slot| (slot, why.to_owned())).collect();
    }

    fn figures(&self, record: &mut Record, state: &str, (uptime, moved): (Option<f64>, bool)) {
        if self.kind == "qemu" {
            // Proxmox does not look into virtual disks: it always says 0.
            record.set(slot::DISK_USED, Value::Absent);
        }
        if state == "stopped" {
            MEASURED.into_iter().for_each(|slot| record.set(slot, Value::Absent));
            record.set(slot::DISK_USED, Value::Absent);
            record.set(slot::RESTARTS, verdict(0));
            return;
        }
        let (used, whole) = (num(self.item, "mem"), num(self.item, "maxmem"));
        // More than it has is what the host spends on it; of its own view only the limits are known.
        let memory = match share(used, whole) {
            Some(share) if share > 1.0 => Value::Number(Estimate { low: 0.0, high: 1.0 }),
            share => Value::number(share),
        };
        record.set(slot::CPU, Value::number(num(self.item, "cpu")));
        record.set(slot::MEMORY, memory);
        record.set(slot::MEMORY_BYTES, Value::number(used));
        record.set(slot::UPTIME, Value::number(uptime));
        if self.kind == "lxc" {
            record.set(slot::DISK_USED, Value::number(share(num(self.item, "disk"), num(self.item, "maxdisk"))));
        }
        self.since_before(record, uptime, moved);
    }

    /// Rates and restarts: what lies between the run before and this one.
    fn since_before(&self, record: &mut Record, uptime: Option<f64>, moved: bool) {
        let slots = [slot::NET_IN, slot::NET_OUT, slot::DISK_READ, slot::DISK_WRITE];
        let Some(known) = self.known.filter(|known| known.status == "running") else {
            record.set(slot::RESTARTS, verdict(0));
            let why = tr!("a rate is known from the second run on");
            record.details = slots.into_iter().map(|slot| (slot, why.clone())).collect();
            slots.into_iter().for_each(|slot| record.learns(slot));
            return;
        };
        let span = self.estate.at.zip(known.at).map(|(now, before)| seconds(now, before)).filter(|span| *span >= 1.0);
        let (Some(span), Some(uptime), Some(before)) = (span, uptime, known.uptime) else { return };
        let again = uptime + SLACK < before + span && uptime < before;
        record.set(slot::RESTARTS, verdict(u8::from(again && !moved)));
        if again || moved {
            let why = tr!("it was started anew or moved since the previous run: what it had counted before is gone");
            record.details = slots.into_iter().map(|slot| (slot, why.clone())).collect();
            slots.into_iter().for_each(|slot| record.learns(slot));
        }
        let (Some(now), Some(then)) = (self.counters(), known.counters) else { return };
        for ((slot, now), then) in slots.into_iter().zip(now).zip(then) {
            // Counters begin anew with the guest and with its process on another node; then they hold a part of what was.
            let whole = !again && !moved && now >= then;
            let rate = 8.0 * if whole { now - then } else { now } / span;
            record.set(slot, Value::Number(if whole { Estimate::exact(rate) } else { Estimate::at_least(rate) }));
        }
    }
}

/// Whether something else explains what a guest shows; since when without a task that is seen, and what.
enum Held {
    No,
    By(Option<Timestamp>, String),
    /// Only the lock is left of it.
    LeftBehind(Option<Timestamp>, String),
}

impl Held {
    fn words(&self) -> String {
        match self {
            Held::No => String::new(),
            Held::By(_, why) => why.clone(),
            Held::LeftBehind(_, why) => tr!("{why}, but no task is at work on it: the lock was left behind (qm unlock, pct unlock)", why),
        }
    }

    fn since(&self) -> Option<Timestamp> {
        match self {
            Held::No => None,
            Held::By(since, _) | Held::LeftBehind(since, _) => *since,
        }
    }
}

/// Why a guest does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stop {
    /// It did not run before, or nobody wants it to.
    Expected,
    /// Somebody stopped it.
    Purpose(String),
    /// It stopped by itself.
    Unexpected,
    /// The tasks may not be read.
    NotTold(String),
}

/// Which guests the enabled backup jobs have.
struct Coverage {
    /// The jobs, or why they are not known.
    jobs: Result<Vec<Json>, String>,
}

impl Coverage {
    fn of(estate: &Estate<'_>) -> Coverage {
        let line = estate.lines.get(call::BACKUP);
        let items = line.and_then(Line::items).ok_or_else(|| estate.why(call::BACKUP));
        let jobs = items.map(|items| items.into_iter().filter_map(super::super::json_of).collect());
        Coverage { jobs }
    }

    fn unprotected(&self, vmid: &str, node: Option<&str>, pool: &Value, template: bool) -> Value {
        let Ok(jobs) = &self.jobs else { return Value::NotTold };
        if template {
            return verdict(0);
        }
        let mut unsure = false;
        for job in jobs {
            match covers(job, vmid, node, pool) {
                Some(true) => return verdict(0),
                Some(false) => {}
                None => unsure = true,
            }
        }
        if unsure { Value::NotTold } else { verdict(1) }
    }
}

/// Whether a job has a guest. A disabled one has nobody.
fn covers(job: &Json, vmid: &str, node: Option<&str>, pool: &Value) -> Option<bool> {
    let enabled = if job.get("enabled").is_none() { Some(true) } else { flag(job, "enabled") };
    if !enabled? {
        return Some(false);
    }
    if let Some(bound) = text(job, "node")
        && Some(bound.as_str()) != node
    {
        return node.map(|_| false);
    }
    let listed = |key: &str| -> bool {
        let number = || text(job, key).is_some_and(|one| one == vmid);
        // As it came: such a list may be long.
        job.get(key).and_then(Json::as_str).map_or_else(number, |list| list.split([',', ';', ' ']).any(|one| one == vmid))
    };
    if matches!(flag(job, "all"), Some(true)) {
        return Some(!listed("exclude"));
    }
    if let Some(wanted) = text(job, "pool") {
        return match pool {
            Value::Text(own) => Some(*own == wanted && !listed("exclude")),
            Value::Absent => Some(false),
            _ => None,
        };
    }
    // One of another kind, or of a newer version, has none of these.
    job.get("vmid")?;
    Some(listed("vmid"))
}
