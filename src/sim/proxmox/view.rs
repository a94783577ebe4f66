//! The cluster in the eyes of one node: who is online, who has the majority, and how old the figures are.

use super::cluster::{Cluster, Guest, Node};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// How long pmxcfs keeps figures that nobody renews.
const KEPT: SignedDuration = SignedDuration::from_mins(5);

/// What one node knows at a time.
pub(super) struct View<'c> {
    pub(super) cluster: &'c Cluster,
    /// The node that was asked.
    pub(super) own: &'c Node,
    pub(super) now: Timestamp,
}

impl<'c> View<'c> {
    pub(super) fn has_pmxcfs(&self) -> bool {
        self.own.pmxcfs_down_since.is_none_or(|since| since > self.now)
    }

    /// Whether it answers as a member of a cluster.
    pub(super) fn is_member(&self) -> bool {
        self.cluster.name.is_some() && self.has_pmxcfs()
    }

    /// The nodes that it knows.
    pub(super) fn nodes(&self) -> Vec<&'c Node> {
        if self.has_pmxcfs() { self.cluster.nodes.iter().collect() } else { vec![self.own] }
    }

    /// Since when it has not heard from a node: it is gone, or on the other side.
    fn lost_since(&self, node: &Node) -> Option<Timestamp> {
        let split = self.cluster.split.as_ref().and_then(|(since, minority)| {
            let inside = |name: &str| minority.iter().any(|one| one == name);
            (inside(&node.name) != inside(&self.own.name)).then_some(*since)
        });
        [node.down_since, split].into_iter().flatten().filter(|since| *since <= self.now).min()
    }

    pub(super) fn is_online(&self, node: &Node) -> bool {
        self.lost_since(node).is_none()
    }

    /// When the figures were told that it has of a node; `None`: they are too old to be kept.
    pub(super) fn heard(&self, node: &Node) -> Option<Timestamp> {
        if !self.has_pmxcfs() {
            return None;
        }
        let silent = [self.lost_since(node), node.silent_since, node.pmxcfs_down_since];
        let until = silent.into_iter().flatten().fold(self.now, Timestamp::min);
        (self.now.duration_since(until) <= KEPT).then_some(until)
    }

    /// Where it believes a guest to be.
    pub(super) fn place<'g>(&self, guest: &'g Guest) -> &'g str {
        match (&guest.moved, &self.cluster.split) {
            (Some((when, from)), Some((since, minority))) if when >= since && minority.contains(&self.own.name) => from,
            _ => &guest.node,
        }
    }

    pub(super) fn node(&self, name: &str) -> Option<&'c Node> {
        self.cluster.nodes.iter().find(|node| node.name == name)
    }

    /// The guests that it knows, each with its place.
    pub(super) fn guests(&self) -> impl Iterator<Item = (&'c Guest, &'c str)> {
        let known = if self.has_pmxcfs() { self.cluster.guests.as_slice() } else { &[] };
        known.iter().map(|guest| (guest, self.place(guest)))
    }

    pub(super) fn is_quorate(&self) -> bool {
        let votes = |nodes: &mut dyn Iterator<Item = &Node>| nodes.map(|node| node.votes).sum::<u64>();
        let arbiter = u64::from(self.cluster.qdevice.as_object().is_some_and(|told| !told.is_empty()));
        let all = votes(&mut self.cluster.nodes.iter()) + arbiter;
        let in_minority = self.cluster.split.as_ref().is_some_and(|(since, names)| *since <= self.now && names.contains(&self.own.name));
        let arbiter_votes = self.cluster.qdevice["State"] == "Connected" && !in_minority;
        let here = votes(&mut self.cluster.nodes.iter().filter(|node| self.is_online(node))) + u64::from(arbiter_votes);
        here * 2 > all
    }
}

/// Lays keys over a record; what is laid over wins.
pub(super) fn lay(mut record: Value, over: &serde_json::Map<String, Value>) -> Value {
    if let Value::Object(record) = &mut record {
        record.extend(over.clone());
    }
    record
}

/// Whole seconds from one instant to a later one.
pub(super) fn seconds(from: Timestamp, until: Timestamp) -> u64 {
    u64::try_from(until.duration_since(from).as_secs()).unwrap_or(0)
}
