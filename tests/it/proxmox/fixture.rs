//! A cluster of two nodes as it answers: something of every kind, of which some is well and some is not.

use serde_json::{Value, json};

/// When it answers.
pub const NOW: &str = "2026-11-20T10:00:00Z";
/// The same in seconds since 1970.
pub const SECOND: i64 = 1_795_168_800;

/// One line of an answer.
pub fn line(call: &str, data: &Value) -> Value {
    json!({ "call": call, "at": NOW, "status": 200, "data": data })
}

/// What a token with the role of an auditor may see.
pub fn permissions() -> Value {
    line("/access/permissions", &json!({ "/": { "Sys.Audit": 1, "VM.Audit": 1, "Datastore.Audit": 1 } }))
}

/// A cluster with a quorum; nodes and whether each is online. The first has answered.
pub fn status(quorate: u8, nodes: &[(&str, u8)]) -> Value {
    let cluster = json!({ "type": "cluster", "id": "cluster", "name": "lab", "nodes": nodes.len(), "quorate": quorate, "version": 4 });
    let nodes = nodes.iter().enumerate().map(|(place, (name, online))| {
        json!({ "type": "node", "id": format!("node/{name}"), "name": name, "nodeid": place + 1, "ip": format!("192.0.2.{}", place + 1),
            "local": u8::from(place == 0), "online": online, "level": "" })
    });
    line("/cluster/status", &std::iter::once(cluster).chain(nodes).collect())
}

/// A node as the list of resources has it.
pub fn node(name: &str, more: Value) -> Value {
    let plain = json!({ "type": "node", "id": format!("node/{name}"), "node": name, "status": "online", "cpu": 0.1, "maxcpu": 8,
        "mem": 16_000_000_000_u64, "maxmem": 64_000_000_000_u64, "disk": 20_000_000_000_u64, "maxdisk": 100_000_000_000_u64,
        "uptime": 864_000, "level": "" });
    with(plain, more)
}

/// A guest as the list of resources has it.
pub fn guest(kind: &str, vmid: u32, node: &str, more: Value) -> Value {
    let plain = json!({ "type": kind, "id": format!("{kind}/{vmid}"), "vmid": vmid, "name": format!("vm{vmid}"), "node": node,
        "status": "running", "cpu": 0.02, "maxcpu": 2, "mem": 1_000_000_000_u64, "maxmem": 4_000_000_000_u64, "disk": 0,
        "maxdisk": 32_000_000_000_u64, "uptime": 7_200, "netin": 9_000, "netout": 8_000, "diskread": 7_000, "diskwrite": 6_000,
        "template": 0 });
    with(plain, more)
}

/// A storage as the list of resources has it.
pub fn storage(name: &str, node: &str, more: Value) -> Value {
    let plain = json!({ "type": "storage", "id": format!("storage/{node}/{name}"), "storage": name, "node": node, "status": "available",
        "disk": 50_000_000_000_u64, "maxdisk": 100_000_000_000_u64, "plugintype": "dir", "content": "images,backup", "shared": 0 });
    with(plain, more)
}

/// The same with other keys; null takes one away.
pub fn with(mut plain: Value, more: Value) -> Value {
    if let (Some(all), Value::Object(more)) = (plain.as_object_mut(), more) {
        for (key, value) in more {
            if value.is_null() {
                all.remove(&key);
            } else {
                all.insert(key, value);
            }
        }
    }
    plain
}

/// The whole answer.
pub fn rows() -> Vec<Value> {
    let mut rows = vec![
        permissions(),
        status(1, &[("pve1", 1), ("pve2", 1)]),
        line(
            "/cluster/resources",
            &json!([
                node("pve1", json!({ "cpu": 0.97, "hastate": "online" })),
                node("pve2", json!({})),
                guest("qemu", 100, "pve1", json!({ "tags": "prod;web", "pool": "shop", "lock": "backup" })),
                guest("lxc", 101, "pve2", json!({ "disk": 30_000_000_000_u64 })),
                guest("qemu", 102, "pve2", json!({ "status": "stopped", "hastate": "started", "uptime": 0 })),
                storage("local", "pve1", json!({ "disk": 96_000_000_000_u64 })),
                storage("nfs", "pve1", json!({ "shared": 1 })),
                storage("nfs", "pve2", json!({ "shared": 1 })),
            ]),
        ),
        line("views", &json!([{ "endpoint": "pve1:8006", "state": "quorate", "online": ["pve1", "pve2"] }])),
        line(
            "memory",
            &json!({ "at": "2026-11-20T09:55:00Z", "cluster": "lab",
                "guests": { "100": { "name": "vm100", "kind": "qemu", "node": "pve1", "status": "running", "at": "2026-11-20T09:55:00Z",
                    "first": "2026-11-19T00:00:00Z", "ran": "2026-11-20T09:55:00Z", "uptime": 6_900, "counters": [1_000, 1_000, 1_000, 1_000],
                    "wanted": true } },
                "nodes": { "pve1": { "uptime": 863_700, "since": "2026-11-20T09:55:00Z" } } }),
        ),
        line("/cluster/config/qdevice", &json!({ "State": "Not connected", "QNetd host": "192.0.2.9" })),
        line("/cluster/config/nodes", &json!([{ "node": "pve1", "quorum_votes": "1" }, { "node": "pve2", "quorum_votes": "1" }])),
        line("/cluster/backup", &json!([{ "id": "backup-1", "enabled": 1, "vmid": "100", "schedule": "21:00" }])),
        line(
            "/cluster/ha/status/current",
            &json!([
                { "type": "quorum", "id": "quorum", "node": "pve1", "status": "OK" },
                { "type": "lrm", "id": "lrm:pve1", "node": "pve1", "status": "pve1 (active)", "timestamp": SECOND - 40 },
                { "type": "lrm", "id": "lrm:pve2", "node": "pve2", "status": "pve2 (active)", "timestamp": SECOND - 3 },
                { "type": "service", "id": "service:vm:102", "node": "pve2", "state": "started", "status": "vm:102 (pve2, started)" },
            ]),
        ),
        line(
            "/cluster/ceph/status",
            &json!({ "health": { "status": "HEALTH_WARN", "checks": { "OSD_DOWN": { "severity": "HEALTH_WARN", "summary": { "message": "1 osds down" } } } },
                "osdmap": { "osdmap": { "num_osds": 3, "num_up_osds": 2 } },
                "pgmap": { "bytes_used": 10, "bytes_total": 100, "pgs_by_state": [{ "state_name": "active+undersized+degraded", "count": 7 }] } }),
        ),
    ];
    for (node, health) in [("pve1", "PASSED"), ("pve2", "FAILED!")] {
        rows.extend(of_node(node, health));
    }
    rows
}

fn of_node(node: &str, health: &str) -> Vec<Value> {
    let own = |path: &str, data: &Value| line(&format!("/nodes/{node}/{path}"), data);
    let replications = if node == "pve1" {
        json!([{ "id": "100-0", "guest": "100", "target": "pve2", "source": "pve1", "last_sync": SECOND - 600, "fail_count": 3, "duration": 4.2,
            "error": "no route to host" }])
    } else {
        json!([])
    };
    vec![
        own(
            "status",
            &json!({ "loadavg": ["4.00", "3.00", "2.00"], "cpuinfo": { "cpus": 8 }, "wait": 0.4, "swap": { "total": 1_000, "used": 10 },
                "pveversion": "pve-manager/9.2.11/abcdef" }),
        ),
        own(
            "disks/list",
            &json!([{ "devpath": "/dev/sda", "model": "SSD", "serial": format!("S-{node}"), "size": 1_000, "health": health, "wearout": 12 }]),
        ),
        own("disks/zfs", &json!([{ "name": "rpool", "size": 1_000, "alloc": 100, "free": 900, "frag": 7, "health": "DEGRADED" }])),
        own(
            "services",
            &json!([{ "service": "pvestatd", "name": "pvestatd", "state": "dead", "active-state": "inactive", "unit-state": "enabled", "desc": "PVE Status" }]),
        ),
        own("certificates/info", &json!([{ "filename": "pve-ssl.pem", "notbefore": SECOND - 8_640_000, "notafter": SECOND + 86_400 }])),
        own("subscription", &json!({ "status": "expired", "nextduedate": "2026-11-01" })),
        own("replication", &replications),
        own("apt/update", &json!([{ "Package": "pve-manager", "OldVersion": "9.2.10", "Version": "9.2.11", "Origin": "Proxmox" }])),
    ]
}

/// Places where Proxmox says "none" by leaving a key out.
pub const NONE: &[&str] = &[
    "data/0/hastate",
    "data/2/tags",
    "data/2/pool",
    "data/2/lock",
    "data/4/hastate",
    "data/0/shared",
    "data/5/shared",
    "data/6/shared",
    "data/7/shared",
    "data/0/enabled",
    "data/0/error",
];

/// Rules on it.
pub const RULES: &str = r#"
[[rules]]
name = "quorum"
source = "proxmox"
match = { kind = ["cluster"] }
group_by = ["cluster"]
[[rules]]
name = "nodes"
source = "proxmox"
match = { kind = ["node"] }
group_by = ["node"]
[[rules]]
name = "cpu"
source = "proxmox"
metric = "cpu"
match = { kind = ["node"] }
warning = "> 90 %"
[[rules]]
name = "guest cpu"
source = "proxmox"
metric = "cpu"
match = { kind = ["guest"] }
warning = "> 90 %"
[[rules]]
name = "down"
source = "proxmox"
metric = "down"
group_by = ["guest"]
warning = ">= 1"
[[rules]]
name = "unprotected"
source = "proxmox"
metric = "unprotected"
warning = ">= 2"
[[rules]]
name = "storage"
source = "proxmox"
metric = "used"
match = { kind = ["storage"] }
group_by = ["storage", "node"]
warning = "> 95 %"
[[rules]]
name = "margin"
source = "proxmox"
metric = "votes_margin"
warning = "< 1"
[[rules]]
name = "disks"
source = "proxmox"
match = { kind = ["disk"] }
group_by = ["node", "disk"]
[[rules]]
name = "wear"
source = "proxmox"
metric = "wear"
warning = "> 80 %"
[[rules]]
name = "pools"
source = "proxmox"
match = { kind = ["pool"] }
[[rules]]
name = "ha"
source = "proxmox"
match = { kind = ["ha"] }
[[rules]]
name = "replication"
source = "proxmox"
match = { kind = ["replication"] }
[[rules]]
name = "ceph"
source = "proxmox"
match = { kind = ["ceph"] }
[[rules]]
name = "certificates"
source = "proxmox"
metric = "cert_expiry"
warning = "< 3d"
[[rules]]
name = "services"
source = "proxmox"
match = { kind = ["service"] }
group_by = ["node", "service"]
[[rules]]
name = "updates"
source = "proxmox"
metric = "count"
match = { kind = ["update"] }
warning = ">= 3"
[[rules]]
name = "subscription"
source = "proxmox"
match = { kind = ["subscription"] }
[[rules]]
name = "qdevice"
source = "proxmox"
match = { kind = ["qdevice"] }
[[rules]]
name = "traffic"
source = "proxmox"
metric = "net_in"
match = { vmid = ["100"] }
warning = "> 1 Mbps"
[[rules]]
name = "iowait"
source = "proxmox"
metric = "iowait"
warning = "> 30 %"
"#;
