//! What the token may see. Lists are filtered by rights, not refused: an empty one proves nothing by itself.

use super::line::{Line, call, words};
use super::row::{KINDS, kind};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The rights of the token: by path, those that are held there and whether they hold below.
#[derive(Debug, Default)]
pub(super) struct Rights {
    paths: Option<BTreeMap<String, BTreeMap<String, bool>>>,
    /// Why they are not known.
    pub why: String,
}

/// How far a list shows all that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sight {
    /// Everything.
    Whole,
    /// What the token is for; what lies beside is not ours.
    Part,
    /// Nothing, for this reason.
    Nothing(String),
}

impl Rights {
    pub fn of(line: Option<&Line>) -> Rights {
        let Some(line) = line else { return Rights { paths: None, why: tr!("the rights of the token are not known") } };
        let Some(Json::Object(map)) = line.whole() else { return Rights { paths: None, why: line.why() } };
        let mut paths: BTreeMap<String, BTreeMap<String, bool>> = BTreeMap::new();
        for (path, rights) in map {
            let Json::Object(rights) = rights else { continue };
            let held = rights.into_iter().filter_map(|(right, value)| {
                let spread = match &value {
                    Json::Bool(flag) => f64::from(u8::from(*flag)),
                    other => super::super::json::number(other)?,
                };
                Some((right, spread >= 1.0))
            });
            paths.insert(path, held.collect());
        }
        Rights { paths: Some(paths), why: String::new() }
    }

    /// Whether the token has no right at all.
    pub fn are_none(&self) -> bool {
        self.paths.as_ref().is_some_and(|paths| paths.values().all(BTreeMap::is_empty))
    }

    /// Whether a right holds on a path: there itself, or handed down from above.
    pub fn has(&self, right: &str, path: &str) -> bool {
        let Some(paths) = &self.paths else { return false };
        if let Some(own) = paths.get(path) {
            return own.contains_key(right);
        }
        let mut rest = path;
        while let Some((above, _)) = rest.rsplit_once('/') {
            let at = if above.is_empty() { "/" } else { above };
            if let Some(own) = paths.get(at) {
                return own.get(right).copied().unwrap_or(false);
            }
            rest = above;
        }
        false
    }

    /// Whether a right is held anywhere on this path or below it.
    fn anywhere(&self, right: &str, under: &[&str]) -> bool {
        let is_under = |path: &str| under.iter().any(|under| path == *under || path.starts_with(&format!("{under}/")));
        self.paths.iter().flatten().any(|(path, own)| is_under(path) && own.contains_key(right))
    }

    /// How much of the guests, storages or nodes can be seen; `token` is told what to do.
    pub fn sight(&self, kind: u8, token: &str) -> Sight {
        let (right, path, parts): (&str, &str, &[&str]) = match kind {
            kind::GUEST => ("VM.Audit", "/vms", &["/vms", "/pool"]),
            kind::STORAGE => ("Datastore.Audit", "/storage", &["/storage", "/pool"]),
            kind::DATASTORE | kind::BACKUP => ("Datastore.Audit", "/datastore", &["/datastore"]),
            _ => ("Sys.Audit", "/nodes", &["/nodes"]),
        };
        if self.paths.is_none() {
            return Sight::Nothing(self.why.clone());
        }
        if self.has(right, path) && self.spreads(right, path) {
            return Sight::Whole;
        }
        if self.anywhere(right, parts) {
            return Sight::Part;
        }
        Sight::Nothing(missing(right, path, token))
    }

    fn spreads(&self, right: &str, path: &str) -> bool {
        let Some(paths) = &self.paths else { return false };
        paths.get(path).map_or_else(|| self.has(right, path), |own| own.get(right).copied().unwrap_or(false))
    }

    /// Rights that tell of guests, storages and nodes, with their paths: what is lost of them is noticed.
    pub fn seeing(&self) -> impl Iterator<Item = String> {
        let pairs = self.paths.iter().flatten().flat_map(|(path, own)| own.keys().map(move |right| (right, path)));
        pairs.filter(|(right, _)| right.ends_with(".Audit")).map(|(right, path)| format!("{right} {}", words(path)))
    }
}

/// The sentence about a right that is missing, with the line that grants it.
pub(super) fn missing(right: &str, path: &str, token: &str) -> String {
    let token = if token.is_empty() { "USER@REALM!TOKEN" } else { token };
    let user = token.split('!').next().unwrap_or_default();
    if path.starts_with("/datastore") || path.starts_with("/system") {
        return tr!(
            "the token needs {right} on {path}: proxmox-backup-manager acl update / Audit --auth-id '{token}' (and the same with --auth-id {user})",
            right,
            path,
            token,
            user
        );
    }
    let role = if right == "Sys.Modify" { "PVEAdmin" } else { "PVEAuditor" };
    tr!(
        "the token needs {right} on {path}: pveum acl modify / --tokens '{token}' --roles {role} (and the same with --users {user})",
        right,
        path,
        token,
        role,
        user
    )
}

/// The right that a refused call needed, if it is known.
pub(super) fn of_call(path: &str, token: &str) -> Option<String> {
    let mut parts = path.trim_start_matches('/').splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("cluster"), _, _) if [call::STATUS, call::HA, call::BACKUP, call::QDEVICE, call::VOTES, call::CEPH].contains(&path) => {
            Some(missing("Sys.Audit", "/", token))
        }
        (Some("nodes"), Some(_), Some(rest)) if rest.starts_with("disks/zfs") => Some(missing("Sys.Audit", "/", token)),
        (Some("nodes"), Some(node), Some("apt/update")) => Some(missing("Sys.Modify", &format!("/nodes/{node}"), token)),
        (Some("nodes"), Some(node), Some(_)) => Some(missing("Sys.Audit", &format!("/nodes/{node}"), token)),
        _ => None,
    }
}

/// The kind by its number, for people.
pub(super) fn name(kind: u8) -> &'static str {
    KINDS.get(usize::from(kind)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use serde_json::value::RawValue;

    fn rights(data: &Json) -> Rights {
        let line = Line { status: 200, data: Some(RawValue::from_string(data.to_string()).unwrap()), ..Line::default() };
        Rights::of(Some(&line))
    }

    #[test]
    fn rights_are_handed_down_and_cut_off() {
        let all = rights(&json!({ "/": { "VM.Audit": 1, "Sys.Audit": "1", "Datastore.Audit": true } }));
        for kind in [kind::GUEST, kind::STORAGE, kind::NODE] {
            assert_eq!(all.sight(kind, ""), Sight::Whole, "{kind}");
        }
        assert!(all.has("Sys.Audit", "/nodes/pve1") && !all.has("Sys.Modify", "/nodes/pve1"));
        let flat = rights(&json!({ "/": { "VM.Audit": 0 } }));
        assert!(flat.has("VM.Audit", "/") && matches!(flat.sight(kind::GUEST, "a@pve!t"), Sight::Nothing(_)));
        let pool = rights(&json!({ "/vms/100": { "VM.Audit": 1 }, "/pool/web": { "VM.Audit": 1 } }));
        assert_eq!(pool.sight(kind::GUEST, ""), Sight::Part);
        let cut = rights(&json!({ "/": { "VM.Audit": 1 }, "/vms": {} }));
        assert!(matches!(cut.sight(kind::GUEST, ""), Sight::Nothing(_)));
    }

    #[test]
    fn what_is_missing_is_named_with_the_line_that_grants_it() {
        let none = rights(&json!({}));
        assert!(none.are_none());
        let Sight::Nothing(why) = none.sight(kind::GUEST, "pcemon@pve!cron") else { panic!() };
        assert!(
            why.contains("VM.Audit on /vms") && why.contains("pveum acl modify / --tokens 'pcemon@pve!cron' --roles PVEAuditor"),
            "{why}"
        );
        assert!(why.contains("--users pcemon@pve"), "{why}");
        assert!(of_call("/nodes/pve1/apt/update", "").unwrap().contains("Sys.Modify on /nodes/pve1"));
        assert!(matches!(Rights::of(None).sight(kind::GUEST, ""), Sight::Nothing(_)));
    }
}
