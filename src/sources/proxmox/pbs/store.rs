//! A datastore: how full it is, when it will be full, and when garbage was collected in it.

use super::super::line::{epoch, num, seconds, share, text};
use super::super::out::{Out, blank, judged, verdict};
use super::super::row::{kind, slot};
use super::super::upid;
use super::server::{GARBAGE, STORES, Server};
use crate::domain::estimate::Estimate;
use crate::domain::value::{Record, Value};
use jiff::Timestamp;
use serde_json::Value as Json;

fn record(store: &str) -> Record {
    let mut record = blank(kind::DATASTORE, &format!("datastore/{store}"));
    record.name = store.to_owned();
    record.set(slot::STORAGE, Value::text(store));
    record
}

/// The record of one that is not listed any more.
pub(super) fn gone(store: &str, why: &str, out: &mut Out<'_>) {
    let mut record = record(store);
    judged(&mut record, Value::text("unknown"), Value::NotTold, why.to_owned());
    out.put(record);
}

/// Makes its record. `first`: when it was first seen.
pub(super) fn tell(server: &Server<'_>, store: &str, item: &Json, first: Option<Timestamp>, out: &mut Out<'_>) {
    let mut record = record(store);
    let (status, own, detail) = state(server, store, item);
    let (used, whole) = (num(item, "used"), num(item, "total"));
    record.set(slot::USED, Value::number(share(used, whole)));
    record.set(slot::FREE, Value::number(num(item, "avail")));
    if whole.is_none() || used.is_none() {
        record.details.extend([slot::USED, slot::FREE].map(|slot| (slot, detail.clone())));
    }
    match full(server, item) {
        Ok(left) => record.set(slot::FILL_TIME, left),
        Err(why) => record.details.push((slot::FILL_TIME, if whole.is_none() { detail.clone() } else { why })),
    }
    let (age, why) = garbage(server, store, item, first);
    record.set(slot::GC_AGE, age);
    record.details.extend(why.map(|why| (slot::GC_AGE, why)));
    let pending = item.get("gc-status").and_then(|gc| num(gc, "pending-bytes"));
    record.set(slot::PENDING, Value::number(pending));
    judged(&mut record, status, own, detail);
    out.put(record);
}

/// Whether backups can be written and read: the word, the verdict, and why.
fn state(server: &Server<'_>, store: &str, item: &Json) -> (Value, Value, String) {
    let listed = server.list(STORES);
    let maintenance = listed.as_ref().map(|all| {
        let own = all.iter().find(|one| text(one, "store").as_deref() == Some(store));
        own.and_then(|own| text(own, "maintenance"))
    });
    let said = maintenance.as_ref().ok().cloned().flatten();
    let error = text(item, "error");
    if let Some(mode) = said {
        // Nobody writes while it is only read; nobody does anything in the other modes.
        let own = verdict(if mode.starts_with("read-only") && error.is_none() { 1 } else { 2 });
        return (Value::text("maintenance"), own, tr!("in maintenance: {mode}", mode));
    }
    if let Some(error) = error {
        return (Value::text("error"), verdict(2), error);
    }
    if text(item, "mount-status").as_deref() == Some("notmounted") {
        return (Value::text("notmounted"), verdict(1), tr!("it is not mounted"));
    }
    if num(item, "total").is_none() {
        let why = server.lacks(&format!("/datastore/{store}")).unwrap_or_else(|| tr!("its figures are not told"));
        return (Value::text("unknown"), Value::NotTold, why);
    }
    if let Err(why) = maintenance.map_err(Clone::clone) {
        return (Value::text("unknown"), Value::NotTold, why);
    }
    match item.get("gc-status").and_then(|gc| num(gc, "still-bad")).filter(|bad| *bad > 0.0) {
        Some(bad) => (Value::text("damaged"), verdict(1), tr!("{count} damaged chunks are in it", count = bad)),
        None => (Value::text("available"), verdict(0), String::new()),
    }
}

/// How long until it is full. What is not told is no "never".
fn full(server: &Server<'_>, item: &Json) -> Result<Value, String> {
    let estimate = num(item, "estimated-full-date").ok_or_else(|| tr!("it has too few figures for an estimate yet"))?;
    let at = server.at.ok_or_else(|| tr!("when it was looked is not known"))?;
    // In the past, or never: it does not fill up.
    let left = epoch(item, "estimated-full-date").map(|full| seconds(full, at)).filter(|left| *left > 0.0);
    match left {
        Some(left) => Ok(Value::number(Some(left))),
        None if estimate <= at.as_second() as f64 => Ok(Value::Absent),
        None => Err(tr!("its estimate cannot be read")),
    }
}

/// Since when garbage was not collected, and what there is to say of it.
fn garbage(server: &Server<'_>, store: &str, item: &Json, first: Option<Timestamp>) -> (Value, Option<String>) {
    let Some(now) = server.at else { return (Value::NotTold, None) };
    let since = |at: Timestamp| seconds(now, at).max(0.0);
    let jobs = server.list(GARBAGE);
    let job = jobs.as_ref().ok().and_then(|all| all.iter().find(|one| text(one, "store").as_deref() == Some(store)));
    let ended = job.and_then(|job| epoch(job, "last-run-endtime"));
    let outcome = job.and_then(|job| text(job, "last-run-state"));
    if let (Some(ended), Some("OK")) = (ended, outcome.as_deref()) {
        return (Value::number(Some(since(ended))), None);
    }
    let failed = outcome.filter(|outcome| outcome != "OK").map(|outcome| tr!("the last garbage collection ended with: {outcome}", outcome));
    // The name of the last one that came to its end is kept with the datastore.
    let status = item.get("gc-status").filter(|status| status.is_object());
    let last = status.and_then(|status| status.get("upid")).and_then(Json::as_str);
    if let Some(began) = last.and_then(upid::began) {
        return (Value::number(Some(since(began))), failed);
    }
    let untold = || server.lacks(&format!("/datastore/{store}")).unwrap_or_else(|| tr!("when garbage was collected is not told"));
    match (status, last, failed) {
        (_, None, Some(failed)) => (Value::NotTold, Some(failed)),
        (Some(_), None, None) if job.is_some() || server.is_older(GARBAGE) => {
            let known = first.map_or(0.0, since);
            let age = if known > 0.0 { Value::Number(Estimate::at_least(known)) } else { Value::NotTold };
            (age, Some(tr!("garbage was never collected: give it a gc-schedule, or run proxmox-backup-manager garbage-collection start")))
        }
        _ => (Value::NotTold, Some(jobs.err().filter(|_| !server.is_older(GARBAGE)).unwrap_or_else(untold))),
    }
}
