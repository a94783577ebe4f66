//! Calls about the whole cluster, answered by the node that is asked from what it knows.

use super::ask::{Answer, Ask, Fail, version as numbers};
use super::cluster::{Ceph, Guest, Node, Storage};
use super::metrics::{guest_figures, node_figures};
use super::view::lay;
use serde_json::{Map, Value, json};

pub(super) fn version(ask: &Ask<'_>) -> Answer {
    let version = &ask.view.cluster.version;
    let release: Vec<String> = numbers(version).iter().take(2).map(u32::to_string).collect();
    Ok(json!({ "version": version, "release": release.join("."), "repoid": "b1a2c3d4e5f60718" }).into())
}

pub(super) fn permissions(ask: &Ask<'_>) -> Answer {
    match ask.request.parameter("userid") {
        Some(other) if other != ask.who.id() && other != ask.who.user => Err(Fail::Denied("/access".to_owned(), "Sys.Audit".to_owned())),
        _ => Ok(ask.rights.told(ask.request.parameter("path")).into()),
    }
}

pub(super) fn resources(ask: &Ask<'_>) -> Answer {
    let wanted = ask.request.parameter("type");
    let is = |kind: &str| wanted.is_none_or(|wanted| wanted == kind);
    let mut all = Vec::new();
    if is("pool") {
        let mine = ask.view.cluster.pools.iter().filter(|pool| ask.rights.may(&format!("/pool/{}", pool.name), "Pool.Audit"));
        all.extend(mine.map(|pool| json!({ "id": format!("/pool/{}", pool.name), "pool": pool.name, "type": "pool" })));
    }
    if is("vm") {
        let pools: std::collections::BTreeMap<u32, &str> =
            ask.view.cluster.pools.iter().flat_map(|pool| pool.guests.iter().map(|vmid| (*vmid, pool.name.as_str()))).collect();
        all.extend(ask.view.guests().filter(|(guest, _)| sees_guest(ask, guest.vmid)).map(|(guest, node)| {
            let record = guest_record(ask, guest, node);
            match pools.get(&guest.vmid) {
                Some(pool) => lay(record, &Map::from_iter([("pool".to_owned(), json!(pool))])),
                None => record,
            }
        }));
    }
    if is("node") {
        all.extend(ask.view.nodes().into_iter().map(|node| node_record(ask, node)));
    }
    if is("storage") && ask.view.has_pmxcfs() {
        for storage in ask.view.cluster.storages.iter().filter(|one| one.enabled && sees_storage(ask, one)) {
            let places = ask.view.nodes().into_iter().filter(|node| storage.is_on(&node.name));
            all.extend(places.map(|node| storage_record(ask, storage, node)));
        }
    }
    if is("sdn") && ask.view.has_pmxcfs() && numbers(&ask.view.cluster.version) >= vec![8] {
        all.extend(ask.view.nodes().into_iter().filter(|node| ask.view.is_online(node)).map(|node| {
            json!({ "id": format!("sdn/{}/localnetwork", node.name), "sdn": "localnetwork", "node": node.name, "type": "sdn", "status": "ok" })
        }));
    }
    Ok(Value::Array(all).into())
}

pub(super) fn sees_guest(ask: &Ask<'_>, vmid: u32) -> bool {
    ask.rights.may(&format!("/vms/{vmid}"), "VM.Audit")
}

pub(super) fn sees_storage(ask: &Ask<'_>, storage: &Storage) -> bool {
    ask.rights.may(&format!("/storage/{}", storage.name), "Datastore.Audit")
}

fn guest_record(ask: &Ask<'_>, guest: &Guest, place: &str) -> Value {
    let mut record = Map::from_iter([
        ("id".to_owned(), json!(format!("{}/{}", guest.kind.word(), guest.vmid))),
        ("vmid".to_owned(), json!(guest.vmid)),
        ("node".to_owned(), json!(place)),
        ("type".to_owned(), json!(guest.kind.word())),
        ("status".to_owned(), json!("unknown")),
    ]);
    let heard = ask.view.node(place).and_then(|node| ask.view.heard(node));
    if let Some(heard) = heard {
        record.extend(guest_figures(guest, heard, numbers(&ask.view.cluster.version) >= vec![9]));
    }
    // These come from the config, not from the figures.
    record.extend(guest.lock.iter().map(|lock| ("lock".to_owned(), json!(lock))));
    record.extend(guest.ha.iter().map(|state| ("hastate".to_owned(), json!(state))));
    if !guest.tags.is_empty() {
        record.insert("tags".to_owned(), json!(guest.tags.join(";")));
    }
    if heard.is_some() { lay(Value::Object(record), &guest.overlay) } else { Value::Object(record) }
}

fn node_record(ask: &Ask<'_>, node: &Node) -> Value {
    let mut record = Map::from_iter([
        ("id".to_owned(), json!(format!("node/{}", node.name))),
        ("node".to_owned(), json!(node.name)),
        ("type".to_owned(), json!("node")),
        ("status".to_owned(), json!("unknown")),
    ]);
    let heard = ask.view.heard(node);
    let online = ask.view.is_online(node);
    let may = ask.rights.may(&format!("/nodes/{}", node.name), "Sys.Audit");
    if let Some(heard) = heard {
        record.insert("level".to_owned(), json!(node.subscription["level"].as_str().unwrap_or("")));
        if online {
            record.insert("status".to_owned(), json!("online"));
        }
        if may {
            record.extend(node_figures(node, heard, online));
        }
    }
    if ask.view.is_member() && !online {
        record.insert("status".to_owned(), json!("offline"));
    }
    if ask.view.cluster.ha_master.is_some() && ask.view.has_pmxcfs() && numbers(&ask.view.cluster.version) >= vec![8, 2, 9] {
        record.insert("hastate".to_owned(), json!(node.ha_state));
    }
    lay(Value::Object(record), &node.overlay)
}

fn storage_record(ask: &Ask<'_>, storage: &Storage, node: &Node) -> Value {
    let mut record = json!({
        "id": format!("storage/{}/{}", node.name, storage.name), "storage": storage.name, "node": node.name, "type": "storage",
        "plugintype": storage.plugin, "content": storage.content, "shared": u8::from(storage.shared), "status": "unknown"
    });
    let active = !storage.inactive_on.contains(&node.name);
    if ask.view.heard(node).is_some() && active {
        record["status"] = json!("available");
        record["disk"] = json!(storage.used);
        record["maxdisk"] = json!(storage.size);
    }
    record
}

pub(super) fn status(ask: &Ask<'_>) -> Answer {
    let level = |node: &Node| node.subscription["level"].as_str().unwrap_or("").to_owned();
    let Some(name) = ask.view.cluster.name.as_ref().filter(|_| ask.view.is_member()) else {
        let node = ask.view.own;
        return Ok(json!([{
            "type": "node", "id": format!("node/{}", node.name), "name": node.name, "ip": node.address, "local": 1, "nodeid": 0,
            "online": 1, "level": level(node)
        }])
        .into());
    };
    let nodes = ask.view.nodes();
    let mut all = vec![json!({
        "type": "cluster", "id": "cluster", "name": name, "nodes": nodes.len(), "version": 5, "quorate": u8::from(ask.view.is_quorate())
    })];
    all.extend(nodes.iter().enumerate().map(|(at, node)| {
        json!({
            "type": "node", "id": format!("node/{}", node.name), "name": node.name, "nodeid": at + 1, "ip": node.address,
            "local": u8::from(node.name == ask.view.own.name), "online": u8::from(ask.view.is_online(node)), "level": level(node)
        })
    }));
    Ok(Value::Array(all).into())
}

pub(super) fn config_nodes(ask: &Ask<'_>) -> Answer {
    if !ask.view.is_member() {
        return Ok(json!([]).into());
    }
    let row = |(at, node): (usize, &&Node)| {
        json!({
            "node": node.name, "name": node.name, "nodeid": (at + 1).to_string(), "quorum_votes": node.votes.to_string(),
            "ring0_addr": node.address
        })
    };
    Ok(Value::Array(ask.view.nodes().iter().enumerate().map(row).collect()).into())
}

pub(super) fn qdevice(ask: &Ask<'_>) -> Answer {
    Ok(ask.view.cluster.qdevice.clone().into())
}

pub(super) fn ceph(ask: &Ask<'_>) -> Answer {
    match &ask.view.cluster.ceph {
        Ceph::NotInstalled => Err(Fail::Failed("binary not installed: /usr/bin/ceph-mon".to_owned())),
        Ceph::NotInitialized => Err(Fail::Failed("pveceph configuration not initialized".to_owned())),
        Ceph::Status(told) => Ok(told.clone().into()),
    }
}

pub(super) fn ha(ask: &Ask<'_>) -> Answer {
    let (view, now) = (&ask.view, ask.view.now);
    let quorate = view.is_quorate();
    let mut all = vec![json!({
        "id": "quorum", "type": "quorum", "node": view.own.name, "status": if quorate { "OK" } else { "No quorum on node!" },
        "quorate": u8::from(quorate)
    })];
    let Some(master) = view.cluster.ha_master.as_ref().filter(|_| view.has_pmxcfs()) else { return Ok(Value::Array(all).into()) };
    let told = |node: &Node| {
        let silent = [node.down_since, node.lrm_silent_since].into_iter().flatten().fold(now, jiff::Timestamp::min);
        // It writes every five seconds.
        silent.as_second() - silent.as_second() % 5
    };
    let state = |node: &Node, active: &str| {
        let dead = now.as_second() - told(node) > 30;
        let state = if dead { "old timestamp - dead?" } else { active };
        format!("{} ({state}, {})", node.name, jiff::Timestamp::from_second(told(node)).unwrap_or(now).strftime("%a %b %e %T %Y"))
    };
    if let Some(node) = view.node(master) {
        all.push(json!({ "id": "master", "type": "master", "node": master, "status": state(node, "active"), "timestamp": told(node) }));
    }
    for node in view.nodes() {
        let word = if node.ha_state == "maintenance" { "maintenance mode" } else { "active" };
        all.push(json!({
            "id": format!("lrm:{}", node.name), "type": "lrm", "node": node.name, "status": state(node, word), "timestamp": told(node)
        }));
    }
    for guest in &view.cluster.guests {
        if let Some(state) = &guest.ha {
            let sid = format!("{}:{}", guest.kind.short(), guest.vmid);
            all.push(json!({
                "id": format!("service:{sid}"), "type": "service", "sid": sid, "node": guest.node, "state": state, "crm_state": state,
                "request_state": if state == "stopped" { "stopped" } else { "started" }, "max_restart": 1, "max_relocate": 1,
                "status": format!("{sid} ({}, {state})", guest.node)
            }));
        }
    }
    if numbers(&view.cluster.version) >= vec![9, 1] {
        all.push(json!({ "id": "fencing", "type": "fencing", "node": master, "status": format!("fencing ({})", view.cluster.ha_armed), "armed-state": view.cluster.ha_armed }));
    }
    Ok(Value::Array(all).into())
}

pub(super) fn storages(ask: &Ask<'_>) -> Answer {
    let rows = ask.view.cluster.storages.iter().filter(|one| sees_storage(ask, one)).map(|one| {
        let mut row = json!({ "storage": one.name, "type": one.plugin, "content": one.content, "digest": "0f1e2d" });
        if one.shared {
            row["shared"] = json!(1);
        }
        if !one.enabled {
            row["disable"] = json!(1);
        }
        if let Some(nodes) = &one.nodes {
            row["nodes"] = json!(nodes.join(","));
        }
        row
    });
    Ok(Value::Array(rows.collect()).into())
}

pub(super) fn pools(ask: &Ask<'_>) -> Answer {
    let wanted = ask.request.parameter("poolid");
    let mine = ask.view.cluster.pools.iter().filter(|pool| ask.rights.may(&format!("/pool/{}", pool.name), "Pool.Audit"));
    let rows = mine.filter(|pool| wanted.is_none_or(|wanted| wanted == pool.name)).map(|pool| match wanted {
        Some(_) => json!({ "poolid": pool.name, "members": members(ask, &pool.name) }),
        None => json!({ "poolid": pool.name }),
    });
    Ok(Value::Array(rows.collect()).into())
}

pub(super) fn pool(ask: &Ask<'_>) -> Answer {
    let path = format!("/pool/{}", ask.var(0));
    if !ask.rights.may(&path, "Pool.Audit") {
        return Err(Fail::Denied(path, "Pool.Audit".to_owned()));
    }
    Ok(json!({ "members": members(ask, ask.var(0)) }).into())
}

fn members(ask: &Ask<'_>, name: &str) -> Vec<Value> {
    let Some(pool) = ask.view.cluster.pools.iter().find(|pool| pool.name == name) else { return Vec::new() };
    let inside = ask.view.guests().filter(|(guest, _)| pool.guests.contains(&guest.vmid));
    inside.map(|(guest, node)| guest_record(ask, guest, node)).collect()
}
