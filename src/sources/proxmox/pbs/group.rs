//! A group of backups: those of one guest or host, in one namespace of one datastore. Two clusters may have a guest of the same
//! number: they are told apart by namespace and owner.

use super::super::line::{epoch, num, seconds, text, told_text};
use super::super::out::{Out, blank, judged, verdict};
use super::super::row::{kind, slot};
use super::super::upid;
use super::server::{Server, VERIFY, namespaces_of, of_namespace, unseen_of};
use crate::domain::value::{Record, Value};
use jiff::Timestamp;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What the backups of a group say of their verification.
#[derive(Default)]
struct Proof {
    failed: usize,
    good: usize,
    all: usize,
    /// When the latest verification began.
    last: Option<Timestamp>,
    /// When the oldest backup was made.
    oldest: Option<Timestamp>,
}

/// Type and id of a group.
type Key = (String, String);

/// Makes the records of a datastore.
pub(super) fn tell(server: &Server<'_>, store: &str, item: &Json, out: &mut Out<'_>) {
    if let Some(why) = server.lacks(&format!("/datastore/{store}")) {
        // Of backups of others nothing would be told.
        return unseen_of(kind::BACKUP, store, &why, out);
    }
    if let Some(error) = text(item, "error") {
        return unseen_of(kind::BACKUP, store, &error, out);
    }
    let namespaces = match server.list(&namespaces_of(store)) {
        Ok(all) => all.iter().map(|one| text(one, "ns").unwrap_or_default()).collect(),
        // Older versions have one for each datastore.
        Err(_) if server.is_older(&namespaces_of(store)) => vec![String::new()],
        Err(why) => return unseen_of(kind::BACKUP, store, &why, out),
    };
    for namespace in namespaces {
        if let Err(why) = of(server, store, &namespace, out) {
            unseen_of(kind::BACKUP, store, &why, out);
        }
    }
}

fn key(item: &Json) -> Option<Key> {
    Some((text(item, "backup-type")?, text(item, "backup-id")?))
}

fn of(server: &Server<'_>, store: &str, namespace: &str, out: &mut Out<'_>) -> Result<(), String> {
    let path = if namespace.is_empty() { format!("/datastore/{store}") } else { format!("/datastore/{store}/{namespace}") };
    if let Some(why) = server.lacks(&path) {
        return Err(why);
    }
    let groups = server.list(&of_namespace(store, "groups", namespace))?;
    let proofs = proofs(server, store, namespace);
    for item in &groups {
        let Some(key) = key(item) else {
            unseen_of(kind::BACKUP, store, &tr!("a group of backups comes without its name"), out);
            continue;
        };
        let proof = proofs.as_ref().map(|all| all.get(&key)).map_err(String::as_str);
        out.put(record(server, (store, namespace), (&key, item), proof));
    }
    Ok(())
}

/// What the backups of each group say.
fn proofs(server: &Server<'_>, store: &str, namespace: &str) -> Result<BTreeMap<Key, Proof>, String> {
    let mut all: BTreeMap<Key, Proof> = BTreeMap::new();
    for item in server.list(&of_namespace(store, "snapshots", namespace))? {
        let proof = all.entry(key(&item).ok_or_else(|| tr!("a backup comes without its name"))?).or_default();
        proof.all += 1;
        proof.oldest = match (proof.oldest, epoch(&item, "backup-time")) {
            (Some(known), Some(made)) => Some(known.min(made)),
            (known, made) => known.or(made),
        };
        let Some(verified) = item.get("verification").filter(|told| told.is_object()) else { continue };
        match text(verified, "state").as_deref() {
            Some("ok") => proof.good += 1,
            // What is not good is not good, whatever it is called.
            _ => proof.failed += 1,
        }
        proof.last = proof.last.max(verified.get("upid").and_then(Json::as_str).and_then(upid::began));
    }
    Ok(all)
}

fn record(
    server: &Server<'_>,
    (store, namespace): (&str, &str),
    (key, item): (&Key, &Json),
    proof: Result<Option<&Proof>, &str>,
) -> Record {
    let (of, id) = key;
    let place = if namespace.is_empty() { store.to_owned() } else { format!("{store}/{namespace}") };
    let mut record = blank(kind::BACKUP, &format!("backup/{place}/{of}/{id}"));
    let comment = text(item, "comment");
    record.name = comment.as_ref().map_or_else(|| format!("{of}/{id} ({place})"), |comment| format!("{of}/{id} {comment} ({place})"));
    record.set(slot::STORAGE, Value::text(store));
    record.set(slot::NAMESPACE, if namespace.is_empty() { Value::Absent } else { Value::text(namespace) });
    record.set(slot::OWNER, told_text(item, "owner"));
    record.set(slot::GUEST, Value::text(comment.unwrap_or_else(|| id.clone())));
    let kind_of_guest = match of.as_str() {
        "vm" => "qemu",
        "ct" => "lxc",
        other => other,
    };
    record.set(slot::GUEST_TYPE, Value::text(kind_of_guest));
    record.set(slot::VMID, if of == "host" { Value::Absent } else { Value::text(id.clone()) });
    let now = server.at;
    let since = |at: Option<Timestamp>| Value::number(at.zip(now).map(|(at, now)| seconds(now, at).max(0.0)));
    record.set(slot::BACKUP_AGE, since(epoch(item, "last-backup")));
    record.set(slot::BACKUPS, Value::number(num(item, "backup-count")));
    let none = Proof::default();
    match proof {
        Ok(proof) => {
            let proof = proof.unwrap_or(&none);
            record.set(slot::VERIFY_AGE, since(proof.last.or(proof.oldest)));
            let (status, own, detail) = verified(server, store, proof);
            judged(&mut record, Value::text(status), own, detail);
        }
        Err(why) => {
            record.details.push((slot::VERIFY_AGE, why.to_owned()));
            judged(&mut record, Value::NotTold, Value::NotTold, why.to_owned());
        }
    }
    record
}

/// Whether the backups of a group are good: the word, the verdict, and why.
fn verified(server: &Server<'_>, store: &str, proof: &Proof) -> (&'static str, Value, String) {
    if proof.failed > 0 {
        let why = tr!("{count} of {all} backups failed their verification", count = proof.failed, all = proof.all);
        return ("failed", verdict(2), why);
    }
    if proof.good > 0 {
        return ("ok", verdict(0), String::new());
    }
    // None was ever verified. It is in order where a job is still to come to it.
    let jobs = server.list(VERIFY).unwrap_or_default();
    let coming = jobs.iter().filter(|job| text(job, "store").as_deref() == Some(store)).find_map(|job| {
        let next = epoch(job, "next-run").filter(|next| server.at.is_some_and(|now| *next >= now))?;
        let began = epoch(job, "last-run-endtime");
        proof.oldest.filter(|oldest| began.is_none_or(|began| *oldest > began)).map(|_| next)
    });
    match coming {
        Some(next) => ("unverified", verdict(0), tr!("not verified yet; the next verification is at {next}", next)),
        None => ("unverified", Value::NotTold, tr!("never verified: whether it can be restored is not known (a verify job proves it)")),
    }
}
