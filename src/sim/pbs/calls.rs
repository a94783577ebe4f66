//! What the server answers.

use super::world::{Backup, Store, World};
use crate::sim::exchange::Request;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Data, or status and text of a refusal.
pub(super) type Answer = Result<Value, (u16, String)>;

/// The name of a task: one number more than with Proxmox VE.
fn upid(kind: &str, id: &str, began: Timestamp) -> String {
    format!("UPID:backup:00000ABC:0012D687:0000001F:{:08X}:{kind}:{id}:root@pam:", began.as_second())
}

fn denied(path: &str, right: &str) -> (u16, String) {
    (403, format!("permission check failed - missing {right} on {path}"))
}

impl World {
    pub(super) fn answer(&self, request: &Request, path: &str, now: Timestamp) -> Answer {
        let (id, secret) = &self.token;
        if request.header("authorization") != Some(format!("PBSAPIToken={id}:{secret}").as_str()) {
            return Err((401, "authentication failed - invalid credentials".to_owned()));
        }
        if request.method != "GET" || self.lacks.iter().any(|lacking| path == lacking) {
            return Err((404, format!("Path '/api2/json/{path}' not found.")));
        }
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["version"] => Ok(json!({ "version": self.version, "release": "1", "repoid": "abcdef0123456789" })),
            ["access", "permissions"] => Ok(self.permissions()),
            ["status", "datastore-usage"] => Ok(self.seen().map(|store| self.usage(store)).collect()),
            ["admin", "datastore"] => Ok(self.seen().map(listed).collect()),
            ["admin", "gc"] => Ok(self.audited().map(|store| garbage(store, now)).collect()),
            ["admin", "verify"] => Ok(self.jobs()),
            ["admin", "datastore", name, what] => {
                let store = self.seen().find(|store| store.name == *name);
                let store = store.ok_or_else(|| denied(&format!("/datastore/{name}"), "Datastore.Audit"))?;
                if let Some(mode) = store.maintenance.as_deref().filter(|mode| !mode.starts_with("read-only")) {
                    return Err((400, format!("datastore '{name}' is in {mode} maintenance mode")));
                }
                let namespace = request.parameter("ns").unwrap_or_default();
                match *what {
                    "namespace" => Ok(self.namespaces(store)),
                    "groups" => Ok(groups(&self.backups(store, namespace)?)),
                    "snapshots" => Ok(self.backups(store, namespace)?.into_iter().map(snapshot).collect()),
                    _ => Err((404, format!("Path '/api2/json/{path}' not found."))),
                }
            }
            _ => Err((404, format!("Path '/api2/json/{path}' not found."))),
        }
    }

    fn permissions(&self) -> Value {
        let usual = ["/", "/access", "/datastore", "/remote", "/system"].into_iter().map(str::to_owned);
        let stores = self.stores.iter().map(|store| format!("/datastore/{}", store.name));
        let rows = usual.chain(stores).chain(self.grants.iter().map(|(at, ..)| at.clone()));
        let rows = rows.map(|path| (self.at(&path), path)).filter(|(held, _)| !held.is_empty());
        let rows =
            rows.map(|(held, path)| (path, held.into_iter().map(|(right, below)| (right, json!(below))).collect::<Map<_, _>>().into()));
        Value::Object(rows.collect())
    }

    /// The datastores of which anything may be seen.
    fn seen(&self) -> impl Iterator<Item = &Store> {
        self.stores.iter().filter(|store| {
            let path = format!("/datastore/{}", store.name);
            let below = store.namespaces.iter().any(|namespace| self.may(&format!("{path}/{namespace}"), "Datastore.Audit"));
            self.may(&path, "Datastore.Audit") || self.may(&path, "Datastore.Backup") || below
        })
    }

    fn audited(&self) -> impl Iterator<Item = &Store> {
        self.stores.iter().filter(|store| self.may(&format!("/datastore/{}", store.name), "Datastore.Audit"))
    }

    fn usage(&self, store: &Store) -> Value {
        let path = format!("/datastore/{}", store.name);
        if !self.may(&path, "Datastore.Audit") && !self.may(&path, "Datastore.Backup") {
            return json!({ "store": store.name });
        }
        if let Some(mode) = store.maintenance.as_deref().filter(|mode| !mode.starts_with("read-only")) {
            return json!({ "store": store.name, "error": format!("datastore '{}' is in {mode} maintenance mode", store.name) });
        }
        let mut status = json!({ "index-file-count": 12, "pending-bytes": store.pending, "pending-chunks": 7, "still-bad": store.bad });
        if let Some((began, _, _)) = store.garbage.as_ref().filter(|(.., outcome)| outcome == "OK") {
            status["upid"] = json!(upid("garbage_collection", &store.name, *began));
        }
        let mut row = json!({ "store": store.name, "mount-status": "nonremovable", "total": store.total, "used": store.used,
            "avail": store.total - store.used, "gc-status": status, "history": [0.4, 0.5] });
        if let Some(full) = store.full {
            row["estimated-full-date"] = json!(full);
        }
        row
    }

    fn jobs(&self) -> Value {
        let mine = self.jobs.iter().filter(|job| self.may(&format!("/datastore/{}", job.store), "Datastore.Audit"));
        mine.map(|job| {
            let mut row = json!({ "id": format!("v-{}", job.store), "store": job.store, "schedule": "sat 03:00" });
            if let Some(ended) = job.ended {
                row["last-run-endtime"] = json!(ended.as_second());
                row["last-run-state"] = json!("OK");
            }
            if let Some(next) = job.next {
                row["next-run"] = json!(next.as_second());
            }
            row
        })
        .collect()
    }

    fn namespaces(&self, store: &Store) -> Value {
        let path = |namespace: &str| {
            if namespace.is_empty() { format!("/datastore/{}", store.name) } else { format!("/datastore/{}/{namespace}", store.name) }
        };
        let all = std::iter::once("").chain(store.namespaces.iter().map(String::as_str));
        all.filter(|namespace| self.may(&path(namespace), "Datastore.Audit")).map(|namespace| json!({ "ns": namespace })).collect()
    }

    /// The backups of a namespace that may be seen: without the right to audit only one's own.
    fn backups<'s>(&self, store: &'s Store, namespace: &str) -> Result<Vec<&'s Backup>, (u16, String)> {
        let path =
            if namespace.is_empty() { format!("/datastore/{}", store.name) } else { format!("/datastore/{}/{namespace}", store.name) };
        let all = self.may(&path, "Datastore.Audit");
        if !all && !self.may(&path, "Datastore.Backup") {
            return Err(denied(&path, "Datastore.Audit"));
        }
        Ok(store.backups.iter().filter(|one| one.namespace == namespace && (all || one.owner == self.token.0)).collect())
    }
}

fn listed(store: &Store) -> Value {
    let mut row = json!({ "store": store.name, "mount-status": "nonremovable" });
    if let Some(mode) = &store.maintenance {
        row["maintenance"] = json!(mode);
    }
    row
}

fn garbage(store: &Store, now: Timestamp) -> Value {
    let mut row = json!({ "store": store.name, "schedule": "daily", "next-run": now.as_second() + 3_600, "pending-bytes": store.pending });
    if let Some((began, ended, outcome)) = &store.garbage {
        row["last-run-upid"] = json!(upid("garbage_collection", &store.name, *began));
        row["last-run-endtime"] = json!(ended.as_second());
        row["last-run-state"] = json!(outcome);
    }
    row
}

fn groups(backups: &[&Backup]) -> Value {
    let mut all: BTreeMap<(&str, &str), Vec<&Backup>> = BTreeMap::new();
    for backup in backups {
        all.entry((&backup.kind, &backup.id)).or_default().push(backup);
    }
    let row = |((kind, id), list): ((&str, &str), Vec<&Backup>)| {
        let last = list.iter().map(|one| one.at.as_second()).max();
        json!({ "backup-type": kind, "backup-id": id, "last-backup": last, "backup-count": list.len(), "owner": list.first().map(|one| &one.owner),
            "files": ["index.json.blob", "drive-scsi0.img.fidx"] })
    };
    all.into_iter().map(row).collect()
}

fn snapshot(backup: &Backup) -> Value {
    let mut row = json!({ "backup-type": backup.kind, "backup-id": backup.id, "backup-time": backup.at.as_second(), "owner": backup.owner,
        "size": 32_u64 << 30, "protected": false, "files": [{ "filename": "drive-scsi0.img.fidx", "size": 32_u64 << 30, "crypt-mode": "none" }] });
    if let Some((at, good)) = backup.verified {
        row["verification"] = json!({ "state": if good { "ok" } else { "failed" }, "upid": upid("verificationjob", "store", at) });
    }
    row
}
