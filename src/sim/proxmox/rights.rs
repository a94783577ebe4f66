//! What somebody may see at a path, from the lines of the access lists and the pools.

use super::access::{Entry, Who};
use super::cluster::Cluster;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Privileges at a path, and whether each holds below it, too.
type Held = BTreeMap<String, bool>;

/// What one may see, with the pools of the guests looked up once.
pub(super) struct Rights<'c> {
    cluster: &'c Cluster,
    who: &'c Who,
    pools: BTreeMap<String, Vec<&'c str>>,
}

impl<'c> Rights<'c> {
    pub(super) fn new(cluster: &'c Cluster, who: &'c Who) -> Rights<'c> {
        let mut pools: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for pool in &cluster.pools {
            let guests = pool.guests.iter().map(|vmid| format!("/vms/{vmid}"));
            for path in guests.chain(pool.storages.iter().map(|name| format!("/storage/{name}"))) {
                pools.entry(path).or_default().push(&pool.name);
            }
        }
        Rights { cluster, who, pools }
    }

    /// Whether one has this privilege at this path.
    pub(super) fn may(&self, path: &str, privilege: &str) -> bool {
        self.at(path).contains_key(privilege)
    }

    /// Everything one has at this path.
    fn at(&self, path: &str) -> Held {
        let of = |who: &str| {
            let mut held = self.listed(path, who);
            for pool in self.pools.get(path).into_iter().flatten() {
                held.extend(self.listed(&format!("/pool/{pool}"), who));
            }
            held
        };
        let user = of(&self.who.user);
        match &self.who.token {
            Some(token) if self.who.separated => {
                let mut held = of(token);
                held.retain(|privilege, _| user.contains_key(privilege));
                held
            }
            _ => user,
        }
    }

    /// From the root downwards: the entry that is nearest replaces those above it.
    fn listed(&self, path: &str, who: &str) -> Held {
        let mut held = Held::new();
        let above = std::iter::once("/").chain(path.match_indices('/').skip(1).map(|(at, _)| &path[..at])).chain([path]);
        let mut seen = BTreeSet::new();
        for prefix in above.filter(|prefix| seen.insert((*prefix).to_owned())) {
            let here = self.cluster.access.entries.iter().filter(|entry| entry.who == who && entry.path == prefix);
            let here: Vec<_> = here.filter(|entry| entry.propagate || prefix == path).collect();
            if !here.is_empty() {
                held = here.iter().flat_map(|entry| entry.privileges.iter().map(|one| (one.clone(), entry.propagate))).collect();
            }
        }
        held
    }

    /// What `/access/permissions` tells. Paths with nothing are left out; one that is asked for is not.
    pub(super) fn told(&self, path: Option<&str>) -> Value {
        let row =
            |held: Held| -> Value { held.into_iter().map(|(one, below)| (one, json!(u8::from(below)))).collect::<Map<_, _>>().into() };
        if let Some(path) = path {
            return json!({ path: row(self.at(path)) });
        }
        let top = ["/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"];
        let own = |entry: &&Entry| entry.who == self.who.user || Some(&entry.who) == self.who.token.as_ref();
        let mut paths: BTreeSet<String> = top.iter().map(|&path| path.to_owned()).collect();
        paths.extend(self.cluster.access.entries.iter().filter(own).map(|entry| entry.path.clone()));
        paths.extend(self.pools.keys().cloned());
        let rows = paths.into_iter().map(|path| (self.at(&path), path)).filter(|(held, _)| !held.is_empty());
        rows.map(|(held, path)| (path, row(held))).collect::<Map<_, _>>().into()
    }
}
