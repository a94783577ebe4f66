//! The whole answer: whom it is about, what of it can be believed, and each kind in its turn.

use super::line::{Line, call, flag, num, own, seconds, text};
use super::memory::{MOST, Memory};
use super::out::Out;
use super::rights::{Rights, Sight, of_call};
use super::row::kind;
use crate::domain::text::{shorten, visible};
use crate::domain::value::Value;
use jiff::Timestamp;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// What an answer says before its records are made.
pub(super) struct Estate<'a> {
    pub lines: &'a BTreeMap<String, Line>,
    pub rights: Rights,
    pub memory: Memory,
    /// When it was looked.
    pub at: Option<Timestamp>,
    /// The token's name.
    pub token: String,
    /// Items of the list of resources, by type; `None`: there is no such list.
    pub resources: Option<BTreeMap<String, Vec<Json>>>,
    /// Types that nobody knows.
    pub others: usize,
    /// Nodes by name.
    pub nodes: BTreeMap<String, Seen>,
    pub state: Quorum,
    /// Nodes that the config expects.
    pub expected: Vec<String>,
}

/// What is known of a node before its record is made.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub online: Option<bool>,
    /// It gave the answer.
    pub local: bool,
    /// Its guests are unknown although it is online: its statistics stopped.
    pub silent: bool,
    /// The cluster forgot what it said of itself, although it is online.
    pub forgotten: bool,
    /// It was asked, and does not see its cluster.
    pub alone: bool,
    pub uptime: Option<f64>,
}

/// What the answering node says of its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Quorum {
    /// The cluster has a majority.
    Yes(String),
    /// It has none: statements on other nodes are worth nothing.
    No(String),
    /// A node for itself.
    Standalone,
    /// It looks like a node for itself and was a cluster before.
    Lost(String),
    /// Nobody says.
    Unknown(String),
}

impl Quorum {
    /// The cluster's name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Quorum::Yes(name) | Quorum::No(name) | Quorum::Lost(name) => Some(name),
            Quorum::Standalone | Quorum::Unknown(_) => None,
        }
    }
}

/// What `/cluster/status` says.
pub(super) fn quorum(line: Option<&Line>, before: Option<&str>) -> Quorum {
    let unknown = || line.map_or_else(|| tr!("{call} was not asked", call = call::STATUS), Line::why);
    let Some(items) = line.and_then(Line::items).filter(|items| !items.is_empty()) else { return Quorum::Unknown(unknown()) };
    let items: Vec<Json> = items.iter().filter_map(|raw| super::super::json_of(raw)).collect();
    let Some(cluster) = items.iter().find(|item| text(item, "type").as_deref() == Some("cluster")) else {
        if items.iter().any(|item| text(item, "type").is_none()) {
            return Quorum::Unknown(unknown());
        }
        return before.map_or(Quorum::Standalone, |name| Quorum::Lost(name.to_owned()));
    };
    let name = text(cluster, "name").unwrap_or_default();
    match flag(cluster, "quorate") {
        Some(true) => Quorum::Yes(name),
        Some(false) => Quorum::No(name),
        None => Quorum::Unknown(tr!("{call} does not say whether there is quorum", call = call::STATUS)),
    }
}

/// The nodes that `/cluster/status` lists.
pub(super) fn members(line: Option<&Line>) -> BTreeMap<String, Seen> {
    let items = line.and_then(Line::items).unwrap_or_default();
    let nodes = items.into_iter().filter_map(super::super::json_of).filter(|item| text(item, "type").as_deref() == Some("node"));
    nodes
        .filter_map(|item| {
            let seen = Seen { online: flag(&item, "online"), local: flag(&item, "local").unwrap_or(false), ..Seen::default() };
            Some((text(&item, "name")?, seen))
        })
        .collect()
}

/// The node that has answered.
pub(super) fn local(nodes: &BTreeMap<String, Seen>) -> &str {
    nodes.iter().find(|(_, seen)| seen.local).map_or("?", |(name, _)| name.as_str())
}

/// What is said of a node that looks like one without a cluster, and belongs to one.
pub(super) fn is_alone(node: &str, cluster: &str) -> String {
    tr!(
        "node {local} looks like a node without a cluster, but belongs to {name}: pmxcfs does not answer there (systemctl status pve-cluster)",
        local = node,
        name = cluster
    )
}

/// What is known of the backup tasks of each node, and when the last good backup of each guest ended.
type BackupMemory = (BTreeMap<String, super::memory::Indexed>, BTreeMap<String, Timestamp>);

/// Figures that do not move for longer than this between two runs are frozen.
const FROZEN: f64 = 20.0;

impl<'a> Estate<'a> {
    pub fn of(lines: &'a BTreeMap<String, Line>) -> Estate<'a> {
        let asked = lines.get(own::ASKED).and_then(Line::whole).unwrap_or_default();
        let memory = Memory::read(lines.get(own::MEMORY).and_then(Line::told).map(RawValue::get));
        let state = quorum(lines.get(call::STATUS), memory.cluster.as_deref());
        let at = lines.get(call::RESOURCES).and_then(|line| line.at).or_else(|| lines.values().filter_map(|line| line.at).max());
        let expected = asked.get("expect_nodes").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        Estate {
            lines,
            rights: Rights::of(lines.get(call::PERMISSIONS)),
            at,
            token: asked.get("token").and_then(Json::as_str).map(|name| shorten(&visible(name), 200)).unwrap_or_default(),
            resources: None,
            others: 0,
            nodes: members(lines.get(call::STATUS)),
            state,
            expected: expected.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
            memory,
        }
    }

    /// The cluster that everything belongs to.
    pub fn cluster(&self) -> Value {
        match (&self.state, self.state.name()) {
            (_, Some(name)) => Value::text(name),
            (Quorum::Unknown(_), None) => self.memory.cluster.clone().map_or(Value::NotTold, Value::Text),
            _ => Value::Absent,
        }
    }

    /// Reads the list of resources.
    pub fn read_resources(&mut self, out: &mut Out<'_>) {
        let Some(items) = self.lines.get(call::RESOURCES).and_then(Line::items) else { return };
        let mut by_type: BTreeMap<String, Vec<Json>> = BTreeMap::new();
        for raw in items {
            let Some(item) = super::super::json_of(raw) else {
                out.unreadable.add(raw);
                continue;
            };
            match text(&item, "type").as_deref() {
                Some(kind @ ("node" | "qemu" | "lxc" | "storage")) => by_type.entry(kind.to_owned()).or_default().push(item),
                Some("pool" | "sdn" | "network") => {}
                Some(_) => self.others += 1,
                None => out.unreadable.add(raw),
            }
        }
        for item in by_type.get("node").into_iter().flatten() {
            let Some(name) = text(item, "node") else { continue };
            let online = match text(item, "status").as_deref() {
                Some("online") => Some(true),
                Some("offline") => Some(false),
                _ => None,
            };
            let uptime = num(item, "uptime");
            let seen = self.nodes.entry(name).or_default();
            seen.forgotten = seen.online == Some(true) && online.is_none() && uptime.is_none();
            (seen.online, seen.uptime) = (seen.online.or(online), uptime);
        }
        for name in self.alone() {
            if let Some(seen) = self.nodes.get_mut(&name) {
                seen.alone = true;
            }
        }
        for (name, seen) in &mut self.nodes {
            let own = |kind: &str| by_type.get(kind).into_iter().flatten().filter(|item| text(item, "node").as_deref() == Some(name));
            let mut guests = own("qemu").chain(own("lxc")).peekable();
            seen.silent = seen.online == Some(true)
                && guests.peek().is_some()
                && guests.all(|guest| text(guest, "status").as_deref() == Some("unknown"));
        }
        self.resources = Some(by_type);
    }

    /// Why a call for the whole cluster told nothing.
    pub fn why(&self, call: &str) -> String {
        let Some(line) = self.lines.get(call) else { return tr!("{call} was not asked", call) };
        of_call(call, &self.token).filter(|_| line.status == 403).unwrap_or_else(|| line.why())
    }

    /// The nodes that were asked and do not see their cluster.
    fn alone(&self) -> Vec<String> {
        let views = self.lines.get(own::VIEWS).and_then(Line::items).unwrap_or_default();
        let views = views.into_iter().filter_map(super::super::json_of);
        views.filter(|view| text(view, "state").as_deref() == Some("lost")).filter_map(|view| text(&view, "node")).collect()
    }

    /// Whether the cluster hears of a node: of one that is offline it repeats for minutes what it heard last.
    pub fn hears(&self, node: &str) -> bool {
        self.believes(node) && self.nodes.get(node).is_none_or(|seen| seen.online != Some(false))
    }

    /// Since when the figures of a node do not move, in seconds.
    pub fn frozen(&self, node: &str) -> Option<f64> {
        let (seen, known) = (self.nodes.get(node)?, self.memory.nodes.get(node)?);
        let since = known.since.filter(|_| seen.uptime.is_some() && known.uptime == seen.uptime)?;
        Some(seconds(self.at?, since)).filter(|since| *since > FROZEN)
    }

    /// The items of one type.
    pub fn items(&self, kind: &str) -> &[Json] {
        self.resources.as_ref().and_then(|all| all.get(kind)).map_or(&[], Vec::as_slice)
    }

    /// Whether the answer can be believed about this node: of others a node without quorum knows nothing.
    pub fn believes(&self, node: &str) -> bool {
        match self.state {
            Quorum::Yes(_) | Quorum::Standalone => true,
            Quorum::No(_) => self.nodes.get(node).is_some_and(|seen| seen.local),
            Quorum::Lost(_) => false,
            // Without the right to ask there is no reason to doubt.
            Quorum::Unknown(_) => true,
        }
    }

    /// Why something of a kind in the list of resources is not told; `None`: all of it is.
    pub fn hidden(&self, of: u8) -> Option<String> {
        if self.resources.is_none() {
            let line = self.lines.get(call::RESOURCES);
            return Some(line.map_or_else(|| tr!("{call} was not asked", call = call::RESOURCES), Line::why));
        }
        match &self.state {
            Quorum::Lost(name) => {
                return Some(is_alone(local(&self.nodes), name));
            }
            Quorum::No(name) => {
                return Some(tr!("the endpoint that answered is in a minority of {name}: of other nodes it knows nothing", name));
            }
            _ => {}
        }
        if of == kind::NODE {
            return None;
        }
        if let Sight::Nothing(why) = self.rights.sight(of, &self.token) {
            return Some(why);
        }
        let lost = self.lost(if of == kind::GUEST { "VM.Audit " } else { "Datastore.Audit " });
        lost.map(|lost| {
            tr!("the token lost a right that it had: {lost}; give it back, or forget it with `pcemon state reset --target`", lost)
        })
    }

    /// A right that was held at the run before, and is not any more.
    fn lost(&self, right: &str) -> Option<&str> {
        let held: BTreeSet<String> = self.rights.seeing().collect();
        let (name, _) = right.split_once(' ')?;
        let mut missing = self.memory.rights.iter().filter(|before| before.starts_with(right) && !held.contains(*before));
        // A right that is handed down from above is not lost with its own line.
        missing.find(|before| before.split_once(' ').is_some_and(|(_, path)| !self.rights.has(name, path))).map(String::as_str)
    }

    /// Whether the token has a right that it did not have before.
    pub fn gained(&self) -> bool {
        self.rights.seeing().any(|right| !self.memory.rights.contains(&right))
    }

    /// What the next run is to know.
    pub fn remember(&self, kept: BTreeMap<String, super::memory::Guest>, backups: BackupMemory) -> Option<String> {
        let at = self.at?;
        // An answer that cannot be believed teaches nothing.
        if self.resources.is_none() || matches!(self.state, Quorum::Lost(_) | Quorum::No(_)) {
            return None;
        }
        let mut memory = self.memory.clone();
        memory.at = Some(at);
        memory.began = memory.began.or(Some(at));
        (memory.backups, memory.backed_up) = backups;
        if let Quorum::Yes(name) = &self.state {
            memory.cluster = Some(name.clone());
        }
        memory.rights.extend(self.rights.seeing());
        memory.guests = kept.into_iter().take(MOST).collect();
        let mut nodes = BTreeMap::new();
        for (name, seen) in self.nodes.iter().take(MOST) {
            let Some(uptime) = seen.uptime else {
                nodes.extend(memory.nodes.get(name).map(|known| (name.clone(), known.clone())));
                continue;
            };
            let before = memory.nodes.get(name).filter(|known| known.uptime == Some(uptime)).and_then(|known| known.since);
            nodes.insert(name.clone(), super::memory::Node { uptime: Some(uptime), since: before.or(Some(at)) });
        }
        memory.nodes = nodes;
        Some(memory.text())
    }
}
