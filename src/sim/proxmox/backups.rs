//! Backup jobs, whom they cover in Proxmox's own view, and replication.

use super::ask::{Answer, Ask, Fail};
use super::cluster::{Covers, Guest, Job};
use super::guests::may_see;
use serde_json::{Value, json};

pub(super) fn jobs(ask: &Ask<'_>) -> Answer {
    let list = |ids: &[u32]| ids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let row = |job: &Job| {
        let mut row = json!({
            "id": job.id, "type": "vzdump", "schedule": job.schedule, "storage": job.storage, "mode": "snapshot", "compress": "zstd",
            "next-run": next(job, ask.view.now.as_second())
        });
        match &job.covers {
            Covers::All => row["all"] = json!(1),
            Covers::Listed(ids) => row["vmid"] = json!(list(ids)),
            Covers::Pool(name) => row["pool"] = json!(name),
        }
        if !job.exclude.is_empty() {
            row["exclude"] = json!(list(&job.exclude));
        }
        if let Some(enabled) = job.enabled {
            row["enabled"] = json!(u8::from(enabled));
        }
        if let Some(node) = &job.node {
            row["node"] = json!(node);
        }
        row
    };
    Ok(Value::Array(ask.view.cluster.jobs.iter().map(row).collect()).into())
}

/// The next time that its clock shows `HH:MM`; the simulated nodes live in UTC.
fn next(job: &Job, now: i64) -> i64 {
    let parse = |text: &str| text.parse::<i64>().ok();
    let of_day = job.schedule.split_once(':').and_then(|(hour, minute)| Some(parse(hour)? * 3600 + parse(minute)? * 60)).unwrap_or(0);
    let today = now - now.rem_euclid(86_400) + of_day;
    if today > now { today } else { today + 86_400 }
}

/// Proxmox counts what a job would cover, whether or not the job is switched on; and it lists templates.
pub(super) fn not_backed_up(ask: &Ask<'_>) -> Answer {
    let cluster = ask.view.cluster;
    let covered = |guest: &Guest, job: &Job| {
        !job.exclude.contains(&guest.vmid)
            && job.node.as_ref().is_none_or(|node| *node == guest.node)
            && match &job.covers {
                Covers::All => true,
                Covers::Listed(ids) => ids.contains(&guest.vmid),
                Covers::Pool(name) => cluster.pool_of(guest.vmid) == Some(name.as_str()),
            }
    };
    let bare = cluster.guests.iter().filter(|guest| may_see(ask, guest.vmid) && !cluster.jobs.iter().any(|job| covered(guest, job)));
    let rows = bare.map(|guest| json!({ "vmid": guest.vmid, "name": guest.name, "type": guest.kind.word() }));
    Ok(Value::Array(rows.collect()).into())
}

fn guest_of(record: &Value) -> u32 {
    record["guest"].as_u64().and_then(|vmid| u32::try_from(vmid).ok()).unwrap_or(0)
}

pub(super) fn replication_jobs(ask: &Ask<'_>) -> Answer {
    let mine = ask.view.cluster.replication.iter().filter(|(_, record)| may_see(ask, guest_of(record)));
    let rows = mine.map(|(node, record)| {
        json!({ "id": record["id"], "guest": record["guest"], "jobnum": 0, "type": "local", "source": node, "target": record["target"], "schedule": "*/15" })
    });
    Ok(Value::Array(rows.collect()).into())
}

/// Only the source knows how it went.
pub(super) fn replication(ask: &Ask<'_>) -> Answer {
    let here = ask.view.cluster.replication.iter().filter(|(node, _)| *node == ask.node().name);
    Ok(Value::Array(here.filter(|(_, record)| may_see(ask, guest_of(record))).map(|(_, record)| record.clone()).collect()).into())
}

pub(super) fn replication_status(ask: &Ask<'_>) -> Answer {
    let here = ask.view.cluster.replication.iter().filter(|(node, _)| *node == ask.node().name);
    let found = here.map(|(_, record)| record).find(|record| record["id"] == ask.var(1) && may_see(ask, guest_of(record)));
    found.map(|record| record.clone().into()).ok_or_else(|| Fail::Failed(format!("no such replication job '{}'", ask.var(1))))
}
