//! What stands around guests and storages. Each kind has its own calls; a call that was not made, was refused or not
//! answered leaves something unseen in the place of its records.

use super::estate::{Estate, Quorum};
use super::line::{Line, call, epoch, flag, num, optional_flag, seconds, share, text, told_text, words};
use super::out::{Out, blank, judged, verdict};
use super::rights::of_call;
use super::row::{kind, slot};
use crate::domain::value::{Record, Value};
use serde_json::Value as Json;

/// The call of each kind that is made at every node.
pub(super) const OF_NODES: [(u8, &str); 7] = [
    (kind::CERTIFICATE, "certificates/info"),
    (kind::SUBSCRIPTION, "subscription"),
    (kind::REPLICATION, "replication"),
    (kind::SERVICE, "services"),
    (kind::UPDATE, "apt/update"),
    (kind::POOL, "disks/zfs"),
    (kind::DISK, "disks/list"),
];

/// The call of each kind that is made once.
pub(super) const OF_CLUSTER: [(u8, &str); 4] =
    [(kind::HA, call::HA), (kind::BACKUP_JOB, call::BACKUP), (kind::QDEVICE, call::QDEVICE), (kind::CEPH, call::CEPH)];

/// HA says so every ten seconds; a sign older than this is none.
const SILENT: f64 = 30.0;

pub(super) fn tell(estate: &Estate<'_>, out: &mut Out<'_>) {
    // A node without its cluster knows nothing of the others, and /etc/pve is empty there.
    let alone = matches!(estate.state, Quorum::Lost(_)).then(|| estate.hidden(kind::CLUSTER).unwrap_or_default());
    for (of, path) in OF_NODES {
        if estate.nodes.is_empty() {
            out.unseen(of, None, &tr!("no node is known"));
        }
        // Replications of guests that may not be seen are left out without a word.
        let hidden = alone.clone().or_else(|| (of == kind::REPLICATION).then(|| estate.hidden(kind::GUEST)).flatten());
        if let Some(why) = hidden {
            out.unseen(of, None, &why);
        }
        for (node, seen) in &estate.nodes {
            let line = estate.lines.get(&format!("/nodes/{node}/{path}"));
            let mut items = line.and_then(Line::items);
            // One thing is not a list of them.
            let one = line.and_then(Line::whole).filter(Json::is_object);
            match (&mut items, one) {
                (Some(items), _) => {
                    let items: Vec<Json> = items.iter().filter_map(|raw| super::super::json_of(raw)).collect();
                    of_node(estate, of, node, &items, out);
                }
                (None, Some(one)) => of_node(estate, of, node, std::slice::from_ref(&one), out),
                (None, None) if line.is_some_and(|line| is_not_there(of, line)) => {}
                (None, None) => {
                    let offline = seen.online == Some(false);
                    out.unseen(of, Some(node), &why(estate, line, node, offline));
                }
            }
        }
    }
    for (of, path) in OF_CLUSTER {
        let line = estate.lines.get(path);
        if of == kind::QDEVICE && estate.state == Quorum::Standalone {
            continue;
        }
        if let Some(why) = &alone {
            out.unseen(of, None, why);
            continue;
        }
        match line.filter(|line| line.told().is_some()) {
            Some(line) => of_cluster(estate, of, line, out),
            None if line.is_some_and(|line| is_not_there(of, line)) => {}
            None => out.unseen(of, None, &why(estate, line, "", false)),
        }
    }
}

/// Whether an error says that there is no such thing here.
fn is_not_there(of: u8, line: &Line) -> bool {
    match (of, line.status) {
        (kind::POOL | kind::CEPH, 500) => {
            ["not installed", "not initialized", "not init", "no such file"].iter().any(|part| line.error.to_lowercase().contains(part))
        }
        // An older version has no such call.
        (_, 501) => true,
        _ => false,
    }
}

fn why(estate: &Estate<'_>, line: Option<&Line>, node: &str, offline: bool) -> String {
    match line {
        _ if offline => super::index::offline(node),
        None if node.is_empty() => tr!("it was not asked for"),
        None => tr!("node {node} was not asked for it", node),
        Some(line) if line.status == 403 => of_call(&line.call, &estate.token).unwrap_or_else(|| line.why()),
        Some(line) => line.why(),
    }
}

fn of_node(estate: &Estate<'_>, of: u8, node: &str, items: &[Json], out: &mut Out<'_>) {
    for (number, item) in items.iter().enumerate() {
        let made = match of {
            kind::DISK => disk(node, item),
            kind::POOL => pool(node, item),
            kind::REPLICATION => replication(estate, node, item),
            kind::CERTIFICATE => certificate(estate, node, item, items),
            kind::SERVICE => service(estate, node, item),
            kind::UPDATE => update(node, item),
            _ => subscription(estate, node, item),
        };
        match made {
            Made::Record(record) => {
                let mut record = *record;
                record.set(slot::NODE, Value::text(words(node)));
                out.put(record);
            }
            Made::Nothing => {}
            Made::Unknown => out.unseen(of, Some(node), &tr!("item {number} of node {node} cannot be told apart", number, node)),
        }
    }
}

/// What an item comes to.
enum Made {
    Record(Box<Record>),
    /// There is no such thing here.
    Nothing,
    /// It does not say which it is.
    Unknown,
}

impl Made {
    fn of(record: Record) -> Made {
        Made::Record(Box::new(record))
    }
}

fn disk(node: &str, item: &Json) -> Made {
    let Some(path) = text(item, "devpath") else { return Made::Unknown };
    // A disk that was moved to another slot is the same disk.
    let serial = text(item, "serial").filter(|serial| serial != "unknown");
    let mut record = blank(kind::DISK, &format!("disk/{node}/{}", serial.as_deref().unwrap_or(&path)));
    record.name = format!("{path} ({node})");
    record.set(slot::DISK, Value::text(path));
    record.set(slot::MODEL, told_text(item, "model"));
    record.set(slot::SIZE, Value::number(num(item, "size")));
    // What is left of it, as a number, a text, or N/A for what does not wear out.
    let wear = match item.get("wearout") {
        None | Some(Json::Null) => Value::NotTold,
        Some(Json::String(text)) if text.trim().eq_ignore_ascii_case("n/a") => Value::Absent,
        Some(_) => num(item, "wearout").map_or(Value::NotTold, |left| Value::number(Some((100.0 - left.clamp(0.0, 100.0)) / 100.0))),
    };
    record.set(slot::WEAR, wear);
    let health = text(item, "health");
    let own = match health.as_deref() {
        Some("PASSED" | "OK") => verdict(0),
        Some(text) if text.starts_with("FAILED") => verdict(2),
        // Controllers in between, and disks without SMART, say nothing of it.
        Some("UNKNOWN" | "SMART Disabled") => Value::Absent,
        _ => Value::NotTold,
    };
    let detail = text(item, "model").unwrap_or_default();
    judged(&mut record, health.map_or(Value::NotTold, Value::Text), own, detail);
    Made::of(record)
}

fn pool(node: &str, item: &Json) -> Made {
    let Some(name) = text(item, "name") else { return Made::Unknown };
    let mut record = blank(kind::POOL, &format!("zfs/{node}/{name}"));
    record.name = format!("{name} ({node})");
    record.set(slot::POOL, Value::text(name));
    record.set(slot::USED, Value::number(share(num(item, "alloc"), num(item, "size"))));
    record.set(slot::FRAGMENTATION, Value::number(num(item, "frag").map(|percent| percent / 100.0)));
    let health = text(item, "health");
    let own = match health.as_deref() {
        Some("ONLINE") => verdict(0),
        Some("DEGRADED") => verdict(1),
        Some(_) => verdict(2),
        None => Value::NotTold,
    };
    judged(&mut record, health.map_or(Value::NotTold, Value::Text), own, String::new());
    Made::of(record)
}

fn replication(estate: &Estate<'_>, node: &str, item: &Json) -> Made {
    let Some(job) = text(item, "id") else { return Made::Unknown };
    // Only the node that sends knows how it goes.
    if text(item, "source").is_some_and(|source| source != node) {
        return Made::Nothing;
    }
    let mut record = blank(kind::REPLICATION, &format!("replication/{job}"));
    let vmid = text(item, "guest").or_else(|| job.split_once('-').map(|(vmid, _)| vmid.to_owned()));
    let known = vmid.as_ref().and_then(|vmid| estate.memory.guests.get(vmid)).map(|guest| guest.name.clone());
    record.name = format!("{job} -> {}", text(item, "target").unwrap_or_else(|| "?".to_owned()));
    record.set(slot::GUEST, known.filter(|name| !name.is_empty()).or_else(|| vmid.clone()).map_or(Value::NotTold, Value::Text));
    record.set(slot::VMID, vmid.map_or(Value::NotTold, Value::Text));
    record.set(slot::JOB, Value::text(job));
    let last = epoch(item, "last_sync");
    let never = num(item, "last_sync") == Some(0.0);
    record.set(
        slot::AGE,
        match (last, estate.at) {
            (Some(last), Some(at)) => Value::number(Some(seconds(at, last).max(0.0))),
            _ => Value::NotTold,
        },
    );
    let failures = num(item, "fail_count");
    record.set(slot::FAILURES, Value::number(failures));
    record.set(slot::DURATION, if item.get("duration").is_none() && never { Value::Absent } else { Value::number(num(item, "duration")) });
    let error = text(item, "error").unwrap_or_default();
    if matches!(optional_flag(item, "disable"), Value::Flag(true)) {
        [slot::AGE, slot::FAILURES, slot::DURATION].into_iter().for_each(|slot| record.set(slot, Value::Absent));
        judged(&mut record, Value::text("disabled"), verdict(0), tr!("switched off"));
        return Made::of(record);
    }
    let (status, own) = match failures {
        None => (Value::NotTold, Value::NotTold),
        Some(0.0) if never => (Value::text("never"), verdict(0)),
        Some(0.0) => (Value::text("ok"), verdict(0)),
        Some(count) if count < 3.0 => (Value::text("failing"), verdict(1)),
        Some(_) => (Value::text("failing"), verdict(2)),
    };
    judged(&mut record, status, own, error);
    Made::of(record)
}

fn certificate(estate: &Estate<'_>, node: &str, item: &Json, all: &[Json]) -> Made {
    let Some(file) = text(item, "filename") else { return Made::Unknown };
    // Only what is served can expire in anybody's face; a CA lives for ten years.
    let own = all.iter().any(|one| text(one, "filename").as_deref() == Some("pveproxy-ssl.pem"));
    let served = if own { "pveproxy-ssl.pem" } else { "pve-ssl.pem" };
    if file != served {
        return Made::Nothing;
    }
    let mut record = blank(kind::CERTIFICATE, &format!("certificate/{node}/{file}"));
    record.name = format!("{file} ({node})");
    record.set(slot::CHECK, Value::text(file));
    let (begin, end) = (epoch(item, "notbefore"), epoch(item, "notafter"));
    let left = end.zip(estate.at).map(|(end, at)| seconds(end, at));
    record.set(slot::CERT_EXPIRY, Value::number(left));
    let life = begin.zip(end).map(|(begin, end)| seconds(end, begin)).filter(|life| *life > 0.0);
    record.set(slot::CERT_LIFE, Value::number(left.zip(life).map(|(left, life)| (left / life).clamp(-1.0, 1.0))));
    let detail = end.map_or_else(String::new, |end| tr!("valid until {end}", end = format!("{end:.0}")));
    judged(&mut record, Value::Absent, Value::Absent, detail);
    Made::of(record)
}

fn service(estate: &Estate<'_>, node: &str, item: &Json) -> Made {
    let Some(name) = text(item, "service").or_else(|| text(item, "name")) else { return Made::Unknown };
    let (state, active, unit) = (text(item, "state"), text(item, "active-state"), text(item, "unit-state"));
    if unit.as_deref() == Some("not-found") {
        return Made::Nothing;
    }
    let mut record = blank(kind::SERVICE, &format!("service/{node}/{name}"));
    record.name = format!("{name} ({node})");
    record.set(slot::SERVICE, Value::text(name.clone()));
    let enabled = unit.as_deref().map(|unit| unit.starts_with("enabled"));
    let alone = name == "corosync" && estate.state == Quorum::Standalone;
    let own = match (state.as_deref(), active.as_deref(), enabled) {
        (Some("running"), _, _) => verdict(0),
        (_, Some("failed"), _) if !alone => verdict(2),
        (Some("dead" | "failed" | "exited"), _, Some(true)) if !alone => verdict(2),
        (Some("dead" | "failed" | "exited"), _, Some(false)) | (Some(_), Some(_), Some(_)) => verdict(0),
        _ => Value::NotTold,
    };
    let status = state.or(active).map_or(Value::NotTold, Value::Text);
    judged(&mut record, status, own, text(item, "desc").unwrap_or_default());
    Made::of(record)
}

fn update(node: &str, item: &Json) -> Made {
    let Some(package) = text(item, "Package") else { return Made::Unknown };
    let mut record = blank(kind::UPDATE, &format!("update/{node}/{package}"));
    record.name = format!("{package} ({node})");
    record.set(slot::CHECK, Value::text(package));
    record.set(slot::VERSION, told_text(item, "Version"));
    judged(&mut record, Value::Absent, Value::Absent, text(item, "OldVersion").unwrap_or_default());
    Made::of(record)
}

fn subscription(estate: &Estate<'_>, node: &str, item: &Json) -> Made {
    let mut record = blank(kind::SUBSCRIPTION, &format!("subscription/{node}"));
    record.name = node.to_owned();
    let status = text(item, "status").map(|status| status.to_lowercase());
    let own = match status.as_deref() {
        Some("active" | "new") => verdict(0),
        // The normal state at home.
        Some("notfound") => Value::Absent,
        Some(_) => verdict(1),
        None => Value::NotTold,
    };
    let due = text(item, "nextduedate").and_then(|date| format!("{date}T00:00:00Z").parse::<jiff::Timestamp>().ok());
    let left = due.zip(estate.at).map(|(due, at)| seconds(due, at));
    let none = status.as_deref() == Some("notfound");
    record.set(slot::EXPIRY, if none { Value::Absent } else { Value::number(left) });
    let detail = text(item, "message").unwrap_or_default();
    judged(&mut record, status.map_or(Value::NotTold, Value::Text), own, detail);
    Made::of(record)
}

fn of_cluster(estate: &Estate<'_>, of: u8, line: &Line, out: &mut Out<'_>) {
    let listed = line.items();
    if listed.is_none() && matches!(of, kind::HA | kind::BACKUP_JOB) {
        out.unseen(of, None, &tr!("{call}: the answer is not a list", call = line.call));
    }
    let items = || listed.iter().flatten().filter_map(|raw| super::super::json_of(raw));
    match of {
        kind::HA => items().for_each(|item| ha(estate, &item, out)),
        kind::BACKUP_JOB => items().for_each(|item| backup_job(&item, out)),
        kind::QDEVICE => qdevice(line, out),
        _ => ceph(line, out),
    }
}

fn ha(estate: &Estate<'_>, item: &Json, out: &mut Out<'_>) {
    let (Some(of), Some(id)) = (text(item, "type"), text(item, "id")) else {
        out.unseen(kind::HA, None, &tr!("a part of HA comes without its name"));
        return;
    };
    if of == "quorum" {
        return;
    }
    let mut record = blank(kind::HA, &format!("ha/{of}/{id}"));
    record.name.clone_from(&id);
    record.set(slot::CHECK, Value::text(of.clone()));
    record.set(slot::NODE, told_text(item, "node"));
    let age = epoch(item, "timestamp").zip(estate.at).map(|(sign, at)| seconds(at, sign));
    let state = text(item, "state").or_else(|| text(item, "status").filter(|_| of != "service"));
    let words = text(item, "status").unwrap_or_default();
    if of == "service" {
        record.set(slot::AGE, Value::Absent);
        let own = match state.as_deref() {
            Some("error" | "fence") => verdict(2),
            Some("recovery") => verdict(1),
            Some(_) => verdict(0),
            None => Value::NotTold,
        };
        judged(&mut record, state.map_or(Value::NotTold, Value::Text), own, words);
    } else if of == "fencing" {
        record.set(slot::AGE, Value::Absent);
        record.set(slot::NODE, Value::Absent);
        judged(&mut record, state.map_or(Value::NotTold, Value::Text), Value::Absent, words);
    } else {
        // A node that is known to be off is told as a node.
        let off = text(item, "node").is_some_and(|node| estate.nodes.get(&node).is_some_and(|seen| seen.online == Some(false)));
        let idle = words.contains("idle") || words.contains("maintenance");
        record.set(slot::AGE, if idle { Value::Absent } else { Value::number(age.map(|age| age.max(0.0))) });
        let (own, detail) = match age {
            Some(age) if age > SILENT && !idle && !off => {
                (verdict(2), tr!("no sign for {seconds} s: {words}", seconds = age.round(), words))
            }
            Some(_) => (verdict(0), words),
            None if idle => (verdict(0), words),
            None => (Value::NotTold, words),
        };
        judged(&mut record, state.map_or(Value::NotTold, Value::Text), own, detail);
    }
    out.put(record);
}

fn backup_job(item: &Json, out: &mut Out<'_>) {
    let Some(id) = text(item, "id") else {
        out.unseen(kind::BACKUP_JOB, None, &tr!("a backup job comes without its name"));
        return;
    };
    let mut record = blank(kind::BACKUP_JOB, &format!("backup/{id}"));
    record.name.clone_from(&id);
    record.set(slot::JOB, Value::text(id));
    let enabled = if item.get("enabled").is_none() { Some(true) } else { flag(item, "enabled") };
    let status = enabled.map_or(Value::NotTold, |enabled| Value::text(if enabled { "enabled" } else { "disabled" }));
    let detail = text(item, "schedule").unwrap_or_default();
    judged(&mut record, status, Value::Absent, detail);
    out.put(record);
}

fn qdevice(line: &Line, out: &mut Out<'_>) {
    let Some(Json::Object(map)) = line.whole() else {
        out.unseen(kind::QDEVICE, None, &line.why());
        return;
    };
    if map.is_empty() {
        return;
    }
    let item = Json::Object(map);
    let mut record = blank(kind::QDEVICE, "qdevice");
    record.name = text(&item, "QNetd host").unwrap_or_else(|| "qdevice".to_owned());
    record.set(slot::NODE, Value::Absent);
    let state = text(&item, "State");
    let own = match state.as_deref() {
        Some("Connected") => verdict(0),
        Some(_) => verdict(1),
        None => Value::NotTold,
    };
    let detail = if own == verdict(1) { tr!("the vote of the device is missing") } else { String::new() };
    judged(&mut record, state.map_or(Value::NotTold, Value::Text), own, detail);
    out.put(record);
}

fn ceph(line: &Line, out: &mut Out<'_>) {
    let Some(whole) = line.whole() else {
        out.unseen(kind::CEPH, None, &line.why());
        return;
    };
    let severity = |text: Option<&str>| match text {
        Some("HEALTH_OK") => verdict(0),
        Some("HEALTH_WARN") => verdict(1),
        Some("HEALTH_ERR") => verdict(2),
        _ => Value::NotTold,
    };
    let health = whole.get("health").cloned().unwrap_or_default();
    let mut record = blank(kind::CEPH, "ceph");
    "ceph".clone_into(&mut record.name);
    record.set(slot::CHECK, Value::Absent);
    let map = whole.get("osdmap").map(|map| map.get("osdmap").unwrap_or(map));
    let osds = map.and_then(|map| num(map, "num_osds").zip(num(map, "num_up_osds")));
    record.set(slot::OSDS_DOWN, Value::number(osds.map(|(all, up)| (all - up).max(0.0))));
    let pgs = whole.get("pgmap");
    let degraded = pgs.and_then(|pgs| pgs.get("pgs_by_state")).and_then(Json::as_array).map(|states| {
        let of = |state: &&Json| text(state, "state_name").is_some_and(|name| name.contains("degraded"));
        states.iter().filter(of).filter_map(|state| num(state, "count")).sum::<f64>()
    });
    record.set(slot::PGS_DEGRADED, Value::number(degraded));
    record.set(slot::USED, Value::number(pgs.and_then(|pgs| share(num(pgs, "bytes_used"), num(pgs, "bytes_total")))));
    // Checks that somebody muted are not ours to complain of: each other one is a record of its own.
    let checks = health.get("checks").and_then(Json::as_object);
    let muted = |check: &Json| matches!(optional_flag(check, "muted"), Value::Flag(true));
    let status = text(&health, "status");
    let all_muted = checks.is_some_and(|checks| !checks.is_empty() && checks.values().all(muted));
    let own = if all_muted { verdict(0) } else { severity(status.as_deref()) };
    judged(&mut record, status.map_or(Value::NotTold, Value::Text), own, String::new());
    out.put(record);
    for (name, check) in checks.into_iter().flatten().filter(|(_, check)| !muted(check)) {
        let mut record = blank(kind::CEPH, &format!("ceph/{}", words(name)));
        record.name = words(name);
        record.set(slot::CHECK, Value::text(words(name)));
        [slot::OSDS_DOWN, slot::PGS_DEGRADED, slot::USED].into_iter().for_each(|slot| record.set(slot, Value::Absent));
        let status = text(check, "severity");
        let detail = check.get("summary").and_then(|summary| text(summary, "message")).unwrap_or_default();
        let own = severity(status.as_deref());
        judged(&mut record, status.map_or(Value::NotTold, Value::Text), own, detail);
        out.put(record);
    }
}
