//! Calls about one guest, and the guests of one node, from the node's own look at its processes.

use super::ask::{Answer, Ask, Fail};
use super::cluster::{Guest, Kind};
use super::clusterwide::sees_guest;
use super::metrics::{counters, load, uptime};
use super::nodes::guests_here;
use serde_json::{Map, Value, json};

pub(super) fn machines(ask: &Ask<'_>) -> Answer {
    of_kind(ask, Kind::Qemu)
}

pub(super) fn containers(ask: &Ask<'_>) -> Answer {
    of_kind(ask, Kind::Lxc)
}

fn of_kind(ask: &Ask<'_>, kind: Kind) -> Answer {
    let full = ask.flag("full");
    let rows = guests_here(ask).filter(|guest| guest.kind == kind).map(|guest| row(ask, guest, full));
    Ok(Value::Array(rows.collect()).into())
}

fn row(ask: &Ask<'_>, guest: &Guest, full: bool) -> Value {
    let [received, sent, read, written] = counters(guest, ask.view.now);
    let up = guest.is_up();
    let mut row = json!({
        "vmid": guest.vmid, "name": guest.name, "status": if up { "running" } else { "stopped" }, "uptime": uptime(guest, ask.view.now),
        "cpus": guest.cpus, "maxmem": guest.memory, "maxdisk": guest.disk, "netin": received, "netout": sent, "diskread": read, "diskwrite": written,
        "mem": if up { guest.memory_used } else { 0 }, "disk": if guest.kind == Kind::Lxc { guest.disk_used } else { 0 },
        // Worked out since the worker's previous look, of which there is none at first.
        "cpu": if up && ask.call > 3 { load(guest, ask.view.now) } else { 0.0 }
    });
    if guest.kind == Kind::Lxc {
        row["type"] = json!("lxc");
        row["swap"] = json!(0);
        // As older versions sent it.
        row["vmid"] = json!(guest.vmid.to_string());
    } else if full {
        row["qmpstatus"] = json!(guest.state);
    }
    if up {
        row["pid"] = json!(100_000 + guest.vmid);
    }
    for (name, value) in [("lock", guest.lock.clone()), ("tags", Some(guest.tags.join(";")).filter(|tags| !tags.is_empty()))] {
        if let Some(value) = value {
            row[name] = json!(value);
        }
    }
    if guest.template {
        row["template"] = json!(1);
    }
    row
}

/// The guest that the path names, if the asker may see it and it is on this node.
fn named<'a>(ask: &'a Ask<'_>, privilege: &str) -> Result<&'a Guest, Fail> {
    let vmid: u32 = ask.var(1).parse().map_err(|_| Fail::Parameter("vmid".to_owned(), "type check ('integer') failed".to_owned()))?;
    let path = format!("/vms/{vmid}");
    // Up to version 8 the guest agent was VM.Monitor's.
    let older = privilege == "VM.GuestAgent.Audit" && ask.rights.may(&path, "VM.Monitor");
    if !older && !ask.rights.may(&path, privilege) {
        return Err(Fail::Denied(path, privilege.to_owned()));
    }
    let kind = if ask.request.path.contains("/lxc/") { Kind::Lxc } else { Kind::Qemu };
    let folder = if kind == Kind::Lxc { "lxc" } else { "qemu-server" };
    let here = ask.view.guests().find(|(guest, place)| guest.vmid == vmid && guest.kind == kind && *place == ask.node().name);
    let missing = || Fail::Failed(format!("Configuration file 'nodes/{}/{folder}/{vmid}.conf' does not exist", ask.node().name));
    here.map(|(guest, _)| guest).ok_or_else(missing)
}

pub(super) fn config(ask: &Ask<'_>) -> Answer {
    let guest = named(ask, "VM.Audit")?;
    let mut told = Map::new();
    let name = if guest.kind == Kind::Lxc { "hostname" } else { "name" };
    told.insert(name.to_owned(), json!(guest.name));
    told.insert("memory".to_owned(), json!((guest.memory >> 20).to_string()));
    told.insert("cores".to_owned(), json!(guest.cpus));
    told.insert("digest".to_owned(), json!(format!("{:040x}", guest.vmid)));
    if guest.onboot {
        told.insert("onboot".to_owned(), json!(1));
    }
    match guest.kind {
        Kind::Lxc => told.insert("rootfs".to_owned(), json!(format!("local:subvol-{}-disk-0,size=32G", guest.vmid))),
        Kind::Qemu => told.insert("scsi0".to_owned(), json!(format!("local:vm-{}-disk-0,size=32G", guest.vmid))),
    };
    told.extend(guest.lock.iter().map(|lock| ("lock".to_owned(), json!(lock))));
    told.extend(guest.config.clone());
    Ok(Value::Object(told).into())
}

pub(super) fn current(ask: &Ask<'_>) -> Answer {
    let guest = named(ask, "VM.Audit")?;
    let mut told = row(ask, guest, true);
    told["ha"] = match &guest.ha {
        Some(state) => json!({ "managed": 1, "state": state }),
        None => json!({ "managed": 0 }),
    };
    Ok(told.into())
}

pub(super) fn snapshots(ask: &Ask<'_>) -> Answer {
    let guest = named(ask, "VM.Audit")?;
    let mut all: Vec<Value> = guest
        .snapshots
        .iter()
        .map(|(name, at)| json!({ "name": name, "snaptime": at.as_second(), "description": "", "vmstate": 0 }))
        .collect();
    // No snapshot: where the guest is now.
    all.push(json!({ "name": "current", "description": "You are here!", "digest": "0f1e2d", "running": u8::from(guest.is_up()) }));
    Ok(Value::Array(all).into())
}

pub(super) fn file_systems(ask: &Ask<'_>) -> Answer {
    let guest = named(ask, "VM.GuestAgent.Audit")?;
    let agent = guest.config.get("agent").map(|agent| agent.as_str().map_or_else(|| agent.to_string(), str::to_owned));
    match agent {
        None => Err(Fail::Failed("No QEMU guest agent configured".to_owned())),
        Some(_) if !guest.is_up() => Err(Fail::Failed(format!("VM {} is not running", guest.vmid))),
        Some(agent) if agent.starts_with('1') || agent.contains("enabled=1") => Ok(json!({ "result": [
            { "name": "sda1", "mountpoint": "/", "type": "ext4", "total-bytes": guest.disk, "used-bytes": guest.disk / 2, "disk": [{ "dev": "/dev/sda1" }] },
            { "name": "tmpfs", "mountpoint": "/run", "type": "tmpfs", "total-bytes": 1 << 20, "used-bytes": 1 << 20, "disk": [] }
        ] })
        .into()),
        Some(_) => Err(Fail::Failed("QEMU guest agent is not running".to_owned())),
    }
}

/// Whether anybody may see this guest; used where a list names guests by number.
pub(super) fn may_see(ask: &Ask<'_>, vmid: u32) -> bool {
    sees_guest(ask, vmid)
}
