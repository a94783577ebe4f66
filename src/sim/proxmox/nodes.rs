//! Calls about one node, carried out by it.

use super::ask::{Answer, Ask, Fail};
use super::cluster::{Guest, Node, Storage};
use super::clusterwide::{sees_guest, sees_storage};
use super::metrics::node_figures;
use super::view::{lay, seconds};
use serde_json::{Value, json};

pub(super) fn list(ask: &Ask<'_>) -> Answer {
    let rows = ask.view.nodes().into_iter().map(|node| {
        let online = ask.view.is_online(node) || !ask.view.is_member();
        let mut row = json!({ "node": node.name, "id": format!("node/{}", node.name), "type": "node", "status": if online { "online" } else { "offline" }, "level": "" });
        if let Some((_, pin, _)) = ask.certificates.iter().find(|(name, ..)| *name == node.name) {
            row["ssl_fingerprint"] = json!(pin);
        }
        match ask.view.heard(node).filter(|_| ask.rights.may(&format!("/nodes/{}", node.name), "Sys.Audit")) {
            Some(heard) => lay(row, &node_figures(node, heard, online)),
            None => row,
        }
    });
    Ok(Value::Array(rows.collect()).into())
}

pub(super) fn status(ask: &Ask<'_>) -> Answer {
    let node = ask.node();
    let load = format!("{:.2}", node.load);
    Ok(json!({
        "uptime": seconds(node.booted, ask.view.now), "loadavg": [load, load, load], "wait": node.iowait, "idle": 0,
        // Worked out since the worker's previous look, of which there is none at first.
        "cpu": if ask.call <= 3 { 0.0 } else { node.cpu },
        "cpuinfo": { "cpus": node.cpus, "cores": node.cpus / 2, "sockets": 1, "model": "AMD EPYC 7302P", "mhz": "3000.000", "user_hz": 100 },
        "memory": { "total": node.memory, "used": node.memory_used, "free": node.memory - node.memory_used, "available": node.memory - node.memory_used },
        "swap": { "total": node.swap, "used": node.swap_used, "free": node.swap - node.swap_used },
        "rootfs": { "total": node.root, "used": node.root_used, "avail": node.root - node.root_used, "free": node.root - node.root_used },
        "kversion": "Linux 6.14.8-2-pve #1 SMP PREEMPT_DYNAMIC PMX 6.14.8-2", "pveversion": format!("pve-manager/{}/b1a2c3d4e5f60718", ask.view.cluster.version),
        "current-kernel": { "sysname": "Linux", "release": "6.14.8-2-pve", "machine": "x86_64", "version": "#1 SMP PREEMPT_DYNAMIC PMX 6.14.8-2" },
        "boot-info": { "mode": "efi", "secureboot": 0 }, "ksm": { "shared": 0 }
    })
    .into())
}

pub(super) fn disks(ask: &Ask<'_>) -> Answer {
    let mut disks = ask.node().disks.clone();
    if ask.flag("skipsmart") {
        for disk in disks.iter_mut().filter_map(Value::as_object_mut) {
            disk.insert("health".to_owned(), json!("UNKNOWN"));
            disk.insert("wearout".to_owned(), json!("N/A"));
        }
    }
    Ok(Value::Array(disks).into())
}

fn with_zfs(node: &Node) -> Result<&Vec<Value>, Fail> {
    node.zfs.as_ref().ok_or_else(|| Fail::Failed("zfsutils-linux not installed".to_owned()))
}

pub(super) fn zfs(ask: &Ask<'_>) -> Answer {
    Ok(Value::Array(with_zfs(ask.node())?.clone()).into())
}

pub(super) fn zfs_pool(ask: &Ask<'_>) -> Answer {
    with_zfs(ask.node())?;
    let name = ask.var(1);
    let found = ask.node().zfs_details.iter().find(|(have, _)| have == name);
    found
        .map(|(_, told)| told.clone().into())
        .ok_or_else(|| Fail::Failed(format!("command '/sbin/zpool status -P {name}' failed: exit code 1")))
}

pub(super) fn services(ask: &Ask<'_>) -> Answer {
    Ok(Value::Array(ask.node().services.clone()).into())
}

pub(super) fn certificates(ask: &Ask<'_>) -> Answer {
    let mut all = Vec::new();
    if let Some((name, pin, end)) = ask.certificates.iter().find(|(name, ..)| *name == ask.node().name) {
        all.push(json!({
            "filename": "pve-ssl.pem", "subject": format!("/OU=PVE Cluster Node/O=Proxmox Virtual Environment/CN={name}.example.com"),
            "notbefore": end.as_second() - 730 * 86_400, "notafter": end.as_second(), "fingerprint": pin, "san": [name, "localhost", "127.0.0.1"],
            "public-key-type": "id-ecPublicKey", "public-key-bits": 256
        }));
    }
    all.extend(ask.node().certificates.iter().cloned());
    Ok(Value::Array(all).into())
}

pub(super) fn subscription(ask: &Ask<'_>) -> Answer {
    let mut told = ask.node().subscription.clone();
    if !ask.rights.may(&format!("/nodes/{}", ask.node().name), "Sys.Audit") {
        told = json!({ "status": told["status"] });
    }
    Ok(told.into())
}

pub(super) fn updates(ask: &Ask<'_>) -> Answer {
    Ok(Value::Array(ask.node().updates.clone()).into())
}

fn storage_row(node: &Node, storage: &Storage) -> Value {
    let on = storage.enabled && storage.is_on(&node.name);
    let active = on && !storage.inactive_on.contains(&node.name);
    let (size, used) = if active { (storage.size, storage.used) } else { (0, 0) };
    let mut row = json!({
        "storage": storage.name, "type": storage.plugin, "content": storage.content, "shared": u8::from(storage.shared),
        "enabled": u8::from(on), "active": u8::from(active), "total": size, "used": used, "avail": size.saturating_sub(used)
    });
    if active && size > 0 {
        row["used_fraction"] = json!(used as f64 / size as f64);
    }
    row
}

pub(super) fn storages(ask: &Ask<'_>) -> Answer {
    let enabled_only = ask.flag("enabled");
    let mine = ask.view.cluster.storages.iter().filter(|one| sees_storage(ask, one));
    let rows = mine.map(|one| storage_row(ask.node(), one)).filter(|row| !enabled_only || row["enabled"] == 1);
    Ok(Value::Array(rows.collect()).into())
}

pub(super) fn content(ask: &Ask<'_>) -> Answer {
    let name = ask.var(1);
    let path = format!("/storage/{name}");
    if !["Datastore.Audit", "Datastore.AllocateSpace", "Datastore.Allocate"].iter().any(|one| ask.rights.may(&path, one)) {
        return Err(Fail::Denied(path, "Datastore.Audit|Datastore.AllocateSpace".to_owned()));
    }
    let storage = ask.view.cluster.storages.iter().find(|one| one.name == name);
    let storage = storage.ok_or_else(|| Fail::Failed(format!("storage '{name}' does not exist")))?;
    if storage.inactive_on.contains(&ask.node().name) {
        return Err(Fail::Failed(format!("storage '{name}' is not online")));
    }
    // Backups are left out for whoever could not restore them.
    let may = |row: &&Value| {
        let own = row["vmid"]
            .as_u64()
            .is_some_and(|vmid| ask.rights.may(&path, "Datastore.AllocateSpace") && ask.rights.may(&format!("/vms/{vmid}"), "VM.Backup"));
        own || ask.rights.may(&path, "Datastore.Allocate")
    };
    Ok(Value::Array(storage.backups.iter().filter(may).cloned().collect()).into())
}

pub(super) fn history(ask: &Ask<'_>) -> Answer {
    let Some(node) = ask.view.node(ask.var(0)) else { return Ok(json!([]).into()) };
    let heard = ask.view.heard(node).unwrap_or(ask.view.now);
    let row = json!({
        "time": heard.as_second() - heard.as_second() % 60, "cpu": node.cpu, "iowait": node.iowait, "loadavg": node.load,
        "memtotal": node.memory, "memused": node.memory_used, "netin": 120_000.5, "netout": 80_000.25,
        "pressurecpusome": 0.5, "pressureiosome": 0.2, "pressureiofull": 0.1, "pressurememorysome": 0.0, "pressurememoryfull": 0.0
    });
    Ok(json!([row]).into())
}

/// Guests of a node that the asker may see.
pub(super) fn guests_here<'a>(ask: &'a Ask<'_>) -> impl Iterator<Item = &'a Guest> {
    let name = ask.node().name.as_str();
    ask.view.guests().filter(move |(guest, place)| *place == name && sees_guest(ask, guest.vmid)).map(|(guest, _)| guest)
}
