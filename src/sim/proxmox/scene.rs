//! A cluster with a story: three nodes, one fails, the quorum holds, HA moves guests, and a backup goes wrong.

use super::cluster::{Cluster, Covers, Guest, Job, Kind, Pool, Storage};
use super::task::Task;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The demo's rules on it.
pub fn demo_rules() -> &'static str {
    include_str!("demo_rules.toml")
}

/// All is well: three nodes, ten guests, a shared storage, a nightly backup that worked.
pub fn calm(now: Timestamp) -> Cluster {
    let mut cluster = Cluster::new("taipei", 3, now);
    let since = |days: i64| now - SignedDuration::from_hours(24 * days);
    let vm = |vmid: u32, name: &str, node: &str| Guest::vm(vmid, name, node, since(12));
    let ha = |guest: Guest| Guest { ha: Some("started".to_owned()), ..guest };
    cluster.guests = vec![
        ha(vm(101, "web-01", "pve1")),
        ha(vm(102, "web-02", "pve2")),
        ha(vm(103, "db-01", "pve2")),
        Guest { cpu: 0.4, ..vm(104, "db-02", "pve3") },
        vm(105, "mail-01", "pve3"),
        vm(106, "build-01", "pve2"),
        Guest::ct(107, "dns-01", "pve1", since(30)),
        Guest::ct(108, "dns-02", "pve3", since(30)),
        Guest { state: "stopped".to_owned(), onboot: false, ..vm(109, "old-erp", "pve1") },
        Guest { state: "stopped".to_owned(), onboot: false, template: true, ..vm(900, "debian-13", "pve1") },
    ];
    cluster.pools = vec![Pool { name: "web".to_owned(), guests: vec![101, 102], storages: Vec::new() }];
    cluster.storages.extend([
        Storage { used: 780 << 30, ..Storage::new("nfs", "nfs", "images,backup", true) },
        Storage::new("local-zfs", "zfspool", "images,rootdir", false),
    ]);
    cluster.jobs = vec![Job { exclude: vec![109], ..Job::nightly("backup-nightly", Covers::All, "nfs") }];
    cluster.ha_master = Some("pve1".to_owned());
    for (name, hours) in [("pve1", 10), ("pve2", 10), ("pve3", 10)] {
        let here: Vec<u32> = cluster.guests.iter().filter(|guest| guest.node == name && guest.vmid < 109).map(|guest| guest.vmid).collect();
        cluster.tasks.push(Task::backup(name, &here, &[], now - SignedDuration::from_hours(hours)));
    }
    for node in &mut cluster.nodes {
        let pool = json!({ "name": "rpool", "size": 1_000_000_000_000_u64, "alloc": 412_000_000_000_u64, "free": 588_000_000_000_u64, "frag": 11, "dedup": 1.0, "health": "ONLINE" });
        node.zfs = Some(vec![pool]);
    }
    cluster
}

/// What has happened in the ten minutes before `now`: pve2 failed, HA started its guests elsewhere, one guest is lost with
/// its node, and an extra backup of a guest went wrong.
pub fn fail(cluster: &mut Cluster, now: Timestamp) {
    if let Some(node) = cluster.node("pve2") {
        node.down_since = Some(now - MINUTE * 7);
        "fence".clone_into(&mut node.ha_state);
    }
    for (vmid, to) in [(102, "pve1"), (103, "pve3")] {
        if let Some(guest) = cluster.guest(vmid) {
            guest.migrate(to, now - MINUTE * 4);
            guest.start(now - MINUTE * 4);
            let kind = if guest.kind == Kind::Qemu { "qmstart" } else { "vzstart" };
            cluster.tasks.push(Task::new(to, kind, &vmid.to_string(), now - MINUTE * 4));
        }
    }
    let start = now - MINUTE * 3;
    let mut task = Task::backup("pve3", &[104], &[(104, "job failed with err -5 - Input/output error")], start);
    task.end = Some(start + MINUTE);
    cluster.tasks.push(task);
}
