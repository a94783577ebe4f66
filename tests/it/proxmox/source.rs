//! Parts in, records out: what Proxmox's answers mean.

use super::fixture::{NOW, SECOND, guest, line, node, permissions, status, storage, with};
use pcemon::domain::value::{Record, Value as Told};
use pcemon::sources::{self, Assembled};
use serde_json::{Value, json};

/// What an answer comes to.
fn assembled(rows: &[Value]) -> Assembled {
    let source = sources::find("proxmox").unwrap();
    let mut assembler = (sources::member(source).unwrap().assemble)(true, None);
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    assembler.part("proxmox.ndjson", &mut text.as_bytes()).unwrap();
    assembler.finish()
}

fn field<'r>(record: &'r Record, name: &str) -> &'r Told {
    record.slot(sources::find("proxmox").unwrap().field(name).unwrap().0)
}

fn number(record: &Record, name: &str) -> Option<f64> {
    if let Told::Number(number) = field(record, name) { number.value().filter(|_| number.is_exact()) } else { None }
}

fn text(record: &Record, name: &str) -> String {
    field(record, name).as_text().unwrap_or_default().to_owned()
}

fn kind(record: &Record) -> &'static str {
    sources::find("proxmox").unwrap().kinds[usize::from(record.kind)]
}

/// The records of a kind, and why some of it is not told.
fn of(rows: &[Value], wanted: &str) -> (Vec<Record>, Vec<String>) {
    let (unseen, seen): (Vec<Record>, Vec<Record>) =
        assembled(rows).records.into_iter().filter(|record| kind(record) == wanted).partition(|record| record.unseen);
    (seen, unseen.into_iter().map(|record| record.detail).collect())
}

fn resources(items: &[Value]) -> Value {
    line("/cluster/resources", &Value::from(items.to_vec()))
}

/// A cluster of two nodes with these resources beside them.
fn cluster(items: &[Value]) -> Vec<Value> {
    let nodes = [node("pve1", json!({})), node("pve2", json!({}))];
    let all: Vec<Value> = nodes.iter().chain(items).cloned().collect();
    vec![permissions(), status(1, &[("pve1", 1), ("pve2", 1)]), resources(&all)]
}

fn remembered(guests: &Value) -> Value {
    line("memory", &json!({ "at": "2026-11-20T09:55:00Z", "cluster": "lab", "guests": guests }))
}

fn running(more: Value) -> Value {
    let plain = json!({ "name": "web", "kind": "qemu", "node": "pve1", "status": "running", "at": "2026-11-20T09:55:00Z",
        "first": "2026-11-19T00:00:00Z", "ran": "2026-11-20T09:55:00Z", "uptime": 1_000, "counters": [1_000, 1_000, 1_000, 1_000], "wanted": true });
    with(plain, more)
}

/// A token without rights sees nothing, and nothing is calm.
#[test]
fn empty_without_proof_is_not_calm() {
    let empty = [line("/access/permissions", &json!({})), json!({ "call": "/cluster/status", "status": 403 }), resources(&[])];
    for wanted in sources::find("proxmox").unwrap().targets[0].kinds {
        let (seen, why) = of(&empty, wanted);
        assert!(seen.is_empty() && !why.is_empty(), "{wanted}");
    }
    assert!(of(&empty, "guest").1[0].contains("VM.Audit on /vms: pveum acl modify"), "{:?}", of(&empty, "guest").1);
    assert!(of(&empty, "cluster").1[0].contains("Sys.Audit on /"), "{:?}", of(&empty, "cluster").1);
    // With the right, an empty list is what it says.
    assert_eq!(of(&cluster(&[]), "guest"), (vec![], vec![]));
    // Without any line nothing is told at all.
    let nothing = [line("asked", &json!({}))];
    for wanted in sources::find("proxmox").unwrap().targets[0].kinds {
        assert!(!of(&nothing, wanted).1.is_empty(), "{wanted}");
    }
}

/// A token for one pool sees that pool; a right that was lost is told.
#[test]
fn narrow_and_shrinking_rights() {
    let mut rows = cluster(&[guest("qemu", 100, "pve1", json!({}))]);
    rows[0] = line("/access/permissions", &json!({ "/pool/web": { "VM.Audit": 1 }, "/vms/100": { "VM.Audit": 1 } }));
    assert_eq!(of(&rows, "guest").1, Vec::<String>::new());
    rows.push(line("memory", &json!({ "rights": ["VM.Audit /vms/100", "VM.Audit /vms/200"] })));
    assert!(of(&rows, "guest").1[0].contains("VM.Audit /vms/200"), "{:?}", of(&rows, "guest").1);
}

/// Figures of a node that may not be looked at are not told; those of one that is off are none.
#[test]
fn figures_that_are_not_told() {
    let mut rows = cluster(&[]);
    let bare = json!({ "type": "node", "node": "pve1", "id": "node/pve1", "status": "online" });
    rows[2] = resources(&[bare, node("pve2", json!({ "status": "offline", "cpu": null, "mem": null, "uptime": null }))]);
    rows[1] = status(1, &[("pve1", 1), ("pve2", 0)]);
    let (nodes, _) = of(&rows, "node");
    assert_eq!((field(&nodes[0], "cpu"), number(&nodes[0], "verdict")), (&Told::NotTold, Some(0.0)));
    assert_eq!((field(&nodes[1], "cpu"), number(&nodes[1], "verdict")), (&Told::Absent, Some(2.0)));
    assert!(nodes[0].details.iter().any(|(_, why)| why.contains("Sys.Audit on /nodes/pve1")), "{:?}", nodes[0].details);
}

/// Unknown is neither down nor well, and keeps its name.
#[test]
fn a_guest_whose_node_died_keeps_its_name() {
    let bare = json!({ "type": "qemu", "id": "qemu/100", "vmid": 100, "node": "pve1", "status": "unknown" });
    let mut rows = cluster(&[bare]);
    rows.push(remembered(&json!({ "100": running(json!({})) })));
    let (guests, _) = of(&rows, "guest");
    assert_eq!((text(&guests[0], "guest"), number(&guests[0], "down"), number(&guests[0], "verdict")), ("web".to_owned(), None, None));
    assert_eq!((field(&guests[0], "cpu"), field(&guests[0], "status")), (&Told::NotTold, &Told::NotTold));
    // The node is there and says nothing: its statistics stopped.
    let (nodes, _) = of(&rows, "node");
    assert!(matches!(field(&nodes[0], "stale"), Told::Number(stale) if stale.low >= 300.0));
    assert!(nodes[0].detail.contains("pvestatd") && guests[0].detail.contains("pvestatd"), "{} {}", nodes[0].detail, guests[0].detail);
    // What is remembered is as it was: after the reboot it is the same guest.
    let memory: Value = serde_json::from_str(&assembled(&rows).memory.unwrap()).unwrap();
    assert_eq!((&memory["guests"]["100"]["status"], &memory["guests"]["100"]["wanted"]), (&json!("running"), &json!(true)));
}

/// Figures that do not move.
#[test]
fn frozen_figures_have_an_age() {
    let mut rows = cluster(&[]);
    rows.push(line("memory", &json!({ "cluster": "lab", "nodes": { "pve1": { "uptime": 864_000, "since": "2026-11-20T09:58:00Z" }, "pve2": { "uptime": 863_000, "since": "2026-11-20T09:58:00Z" } } })));
    let (nodes, _) = of(&rows, "node");
    assert_eq!((number(&nodes[0], "stale"), number(&nodes[1], "stale")), (Some(120.0), Some(0.0)));
}

/// Pmxcfs down looks like a node without a cluster.
#[test]
fn a_cluster_that_looks_like_a_lone_node() {
    let lone = line("/cluster/status", &json!([{ "type": "node", "name": "pve1", "nodeid": 0, "local": 1, "online": 1 }]));
    let rows = [permissions(), lone.clone(), resources(&[node("pve1", json!({}))])];
    assert_eq!(of(&rows, "cluster"), (vec![], vec![]));
    assert_eq!(of(&rows, "guest").1, Vec::<String>::new());
    let mut rows = rows.to_vec();
    rows.push(remembered(&json!({ "100": running(json!({})) })));
    let (clusters, _) = of(&rows, "cluster");
    assert_eq!((text(&clusters[0], "cluster"), number(&clusters[0], "verdict")), ("lab".to_owned(), None));
    let (guests, why) = of(&rows, "guest");
    assert!(why[0].contains("pmxcfs"), "{why:?}");
    assert_eq!((guests.len(), number(&guests[0], "down")), (1, None));
    assert_eq!(assembled(&rows).memory, None);
    // One that joins a cluster is none of these.
    let joined = cluster(&[]);
    assert_eq!(number(&of(&joined, "cluster").0[0], "verdict"), Some(0.0));
}

/// A minority knows nothing of the others.
#[test]
fn a_minority_is_not_believed() {
    let mut rows = cluster(&[guest("qemu", 100, "pve2", json!({}))]);
    rows[1] = status(0, &[("pve1", 1), ("pve2", 0), ("pve3", 0)]);
    rows.push(line("views", &json!([{ "endpoint": "a", "online": ["pve1"] }, { "endpoint": "b", "online": ["pve2"] }])));
    let (clusters, _) = of(&rows, "cluster");
    assert_eq!((number(&clusters[0], "verdict"), number(&clusters[0], "views")), (Some(2.0), Some(2.0)));
    let (nodes, _) = of(&rows, "node");
    let verdicts: Vec<Option<f64>> = nodes.iter().map(|node| number(node, "verdict")).collect();
    assert_eq!(verdicts, [Some(0.0), None, None]);
    let (guests, why) = of(&rows, "guest");
    assert!(number(&guests[0], "verdict").is_none() && why[0].contains("minority"), "{why:?}");
}

/// A stopped guest that is backed up is a stopped guest.
#[test]
fn a_backup_starts_nothing() {
    let backed_up = guest("qemu", 100, "pve1", json!({ "status": "prelaunch", "lock": "backup", "uptime": 0 }));
    for (memory, down, verdict) in [
        (json!({}), Some(0.0), Some(0.0)),
        (json!({ "100": running(json!({ "status": "stopped", "wanted": false })) }), Some(0.0), Some(0.0)),
    ] {
        let mut rows = cluster(std::slice::from_ref(&backed_up));
        rows.push(remembered(&memory));
        let (guests, _) = of(&rows, "guest");
        assert_eq!((number(&guests[0], "down"), number(&guests[0], "verdict"), number(&guests[0], "restarts")), (down, verdict, Some(0.0)));
        let memory: Value = serde_json::from_str(&assembled(&rows).memory.unwrap()).unwrap();
        assert_eq!((&memory["guests"]["100"]["status"], &memory["guests"]["100"]["wanted"]), (&json!("stopped"), &json!(false)));
    }
}

/// Moved and restarted guests, and what their counters say.
#[test]
fn rates_begin_anew_with_the_guest() {
    let look = |more: Value| {
        let mut rows = cluster(&[guest("qemu", 100, "pve1", more)]);
        rows.push(remembered(&json!({ "100": running(json!({})) })));
        of(&rows, "guest").0.remove(0)
    };
    let same = look(json!({ "uptime": 1_300, "netin": 301_000 }));
    assert_eq!((number(&same, "net_in"), number(&same, "restarts")), (Some(8_000.0), Some(0.0)));
    let again = look(json!({ "uptime": 100, "netin": 300_000 }));
    assert!(matches!(field(&again, "net_in"), Told::Number(rate) if rate.low == 8_000.0 && rate.high == f64::INFINITY));
    assert_eq!(number(&again, "restarts"), Some(1.0));
    let moved = look(json!({ "uptime": 1_300, "node": "pve2", "netin": 300 }));
    assert!(matches!(field(&moved, "net_in"), Told::Number(rate) if rate.low == 8.0));
    assert_eq!((number(&moved, "restarts"), moved.id), (Some(0.0), same.id));
    let first = of(&cluster(&[guest("qemu", 100, "pve1", json!({}))]), "guest").0.remove(0);
    assert_eq!(field(&first, "net_in"), &Told::NotTold);
}

/// Gone from one answer is a doubt, gone from two whole ones is gone.
#[test]
fn guests_that_are_gone() {
    let mut rows = cluster(&[]);
    rows.push(remembered(&json!({ "100": running(json!({})) })));
    let first = assembled(&rows);
    let memory: Value = serde_json::from_str(&first.memory.unwrap()).unwrap();
    assert_eq!((of(&rows, "guest").0.len(), &memory["guests"]["100"]["missed"]), (1, &json!(1)));
    *rows.last_mut().unwrap() = line("memory", &memory);
    assert_eq!(of(&rows, "guest").0, vec![]);
    // Without the right to see it there is no such thing as gone.
    rows[0] = line("/access/permissions", &json!({ "/": { "Sys.Audit": 1 } }));
    let memory: Value = serde_json::from_str(&assembled(&rows).memory.unwrap()).unwrap();
    assert_eq!((of(&rows, "guest").0.len(), &memory["guests"]["100"]["missed"]), (1, &json!(1)));
}

/// Who stops a guest on purpose is no reason for an alert.
#[test]
fn stopped_on_purpose_or_not() {
    let look = |tasks: Option<Value>| {
        let mut rows = cluster(&[guest("qemu", 100, "pve1", json!({ "status": "stopped", "uptime": 0 }))]);
        rows.push(remembered(&json!({ "100": running(json!({})) })));
        rows.extend(tasks.map(|tasks| line("/nodes/pve1/tasks?vmid=100", &tasks)));
        of(&rows, "guest").0.remove(0)
    };
    let by = |at: i64| json!([{ "type": "qmshutdown", "user": "alice@pam", "starttime": at, "endtime": at + 5, "status": "OK" }]);
    let alice = look(Some(by(SECOND - 100)));
    assert_eq!((number(&alice, "down"), alice.detail.contains("alice@pam")), (Some(0.0), true));
    for died in [look(None), look(Some(json!([]))), look(Some(by(SECOND - 4_000)))] {
        assert_eq!((number(&died, "down"), number(&died, "verdict")), (Some(1.0), Some(2.0)), "{}", died.detail);
    }
}

/// Names, and odd types.
#[test]
fn odd_names_and_types() {
    let odd = json!({ "vmid": "100", "name": format!("a\n\u{1b}[2J{}", "x".repeat(10_000)), "uptime": null, "cpu": "0.03", "template": "1", "disk": "" });
    let twin = guest("qemu", 101, "pve2", json!({ "name": "twin" }));
    let (guests, why) =
        of(&cluster(&[guest("qemu", 100, "pve1", odd), twin.clone(), with(twin, json!({ "vmid": 102, "name": null }))]), "guest");
    assert_eq!((guests.len(), why.len()), (3, 0));
    assert_eq!(
        (number(&guests[0], "cpu"), field(&guests[0], "template"), field(&guests[0], "uptime")),
        (Some(0.03), &Told::Flag(true), &Told::NotTold)
    );
    assert!(text(&guests[0], "guest").len() < 300 && !text(&guests[0], "guest").contains(['\n', '\u{1b}']));
    assert_eq!(text(&guests[2], "guest"), "102");
}

/// Memory beyond the limit, and disks that nobody looks into.
#[test]
fn figures_that_mislead() {
    let items = [
        guest("qemu", 100, "pve1", json!({ "mem": 5_000_000_000_u64, "cpu": 1.03 })),
        guest("lxc", 101, "pve1", json!({ "disk": 16_000_000_000_u64 })),
    ];
    let (guests, _) = of(&cluster(&items), "guest");
    assert!(matches!(field(&guests[0], "memory"), Told::Number(memory) if !memory.is_exact()));
    assert_eq!((number(&guests[0], "cpu"), number(&guests[0], "memory_bytes")), (Some(1.03), Some(5e9)));
    assert_eq!((field(&guests[0], "disk_used"), number(&guests[1], "disk_used")), (&Told::Absent, Some(0.5)));
}

/// Storages of every kind.
#[test]
fn storages() {
    let mut rows = cluster(&[
        storage("iscsi", "pve1", json!({ "disk": 0, "maxdisk": 0 })),
        storage("nfs", "pve1", json!({ "shared": 1 })),
        storage("nfs", "pve2", json!({ "shared": true, "status": "unknown", "disk": null, "maxdisk": null })),
        storage("other", "pve2", json!({ "status": "unknown", "disk": null, "maxdisk": null })),
    ]);
    let look = |rows: &[Value]| -> Vec<(String, Option<f64>, Option<f64>)> {
        of(rows, "storage").0.iter().map(|one| (text(one, "status"), number(one, "verdict"), number(one, "used"))).collect()
    };
    let word = |text: &str| text.to_owned();
    assert_eq!(look(&rows), [(word("unknown"), None, Some(0.5)), (word("available"), Some(0.0), None), (word("unknown"), None, None)]);
    rows.push(line(
        "/nodes/pve2/storage",
        &json!([{ "storage": "nfs", "enabled": 1, "active": 0 }, { "storage": "other", "enabled": 0, "active": 0 }]),
    ));
    assert_eq!(
        look(&rows),
        [(word("inactive"), Some(2.0), Some(0.5)), (word("available"), Some(0.0), None), (word("disabled"), Some(0.0), None)]
    );
    assert!(of(&rows, "storage").0[0].detail.contains("not active on pve2"));
}

/// What nobody knows is not well.
#[test]
fn unknown_types_and_states() {
    let (guests, why) =
        of(&cluster(&[guest("qemu", 100, "pve1", json!({ "status": "dreaming" })), json!({ "type": "quantum", "id": "q/1" })]), "guest");
    assert_eq!((number(&guests[0], "verdict"), text(&guests[0], "status"), why.len()), (None, "dreaming".to_owned(), 0));
    let broken = assembled(&cluster(&[json!({ "id": "x" })]));
    assert!(broken.unreadable == 1 && broken.records.iter().filter(|record| record.unseen).count() >= 15);
}

/// The zoo of disks.
#[test]
fn disks() {
    let look = |more: Value| {
        let disk =
            with(json!({ "devpath": "/dev/sda", "model": "SSD", "serial": "S1", "size": 1_000, "health": "PASSED", "wearout": 100 }), more);
        let mut rows = cluster(&[]);
        rows.push(line("/nodes/pve1/disks/list", &json!([disk])));
        of(&rows, "disk").0.remove(0)
    };
    for (wearout, want) in [
        (json!(0), Some(1.0)),
        (json!(1), Some(0.99)),
        (json!(100), Some(0.0)),
        (json!("97.5"), Some(0.025)),
        (json!(-3), Some(1.0)),
        (json!("x"), None),
    ] {
        assert_eq!(number(&look(json!({ "wearout": wearout })), "wear"), want, "{wearout}");
    }
    assert_eq!(field(&look(json!({ "wearout": "N/A" })), "wear"), &Told::Absent);
    for (health, want) in [("PASSED", Some(0.0)), ("OK", Some(0.0)), ("FAILED!", Some(2.0)), ("UNKNOWN", None), ("SMART Disabled", None)] {
        assert_eq!(number(&look(json!({ "health": health })), "verdict"), want, "{health}");
    }
    assert_eq!(look(json!({})).id, look(json!({ "devpath": "/dev/sdb" })).id);
    // The other node was not asked: its disks are not told.
    let mut rows = cluster(&[]);
    rows.push(line("/nodes/pve1/disks/list", &json!([])));
    let (seen, why) = of(&rows, "disk");
    assert!(seen.is_empty() && why.len() == 1 && why[0].contains("pve2"), "{why:?}");
}

/// ZFS and Ceph that are not there, muted and broken.
#[test]
fn zfs_and_ceph() {
    let with_line = |one: Value| {
        let mut rows = cluster(&[]);
        rows.push(one);
        rows
    };
    let none = with_line(json!({ "call": "/nodes/pve1/disks/zfs", "status": 500, "error": "zfsutils-linux not installed" }));
    assert_eq!(of(&none, "pool").1.len(), 1, "of the other node only");
    let broken = with_line(json!({ "call": "/nodes/pve1/disks/zfs", "status": 500, "error": "timeout" }));
    assert_eq!(of(&broken, "pool").1.len(), 2);
    let suspended = with_line(line("/nodes/pve1/disks/zfs", &json!([{ "name": "a", "size": 10, "alloc": 5, "health": "SUSPENDED" }])));
    assert_eq!(number(&of(&suspended, "pool").0[0], "verdict"), Some(2.0));
    let absent = with_line(json!({ "call": "/cluster/ceph/status", "status": 500, "error": "binary not installed: /usr/bin/ceph-mon" }));
    assert_eq!(of(&absent, "ceph"), (vec![], vec![]));
    let muted =
        |muted: bool| json!({ "health": { "status": "HEALTH_WARN", "checks": { "X": { "severity": "HEALTH_WARN", "muted": muted } } } });
    let verdicts = |rows: &[Value]| -> Vec<Option<f64>> { of(rows, "ceph").0.iter().map(|one| number(one, "verdict")).collect() };
    assert_eq!(verdicts(&with_line(line("/cluster/ceph/status", &muted(true)))), [Some(0.0)]);
    assert_eq!(verdicts(&with_line(line("/cluster/ceph/status", &muted(false)))), [Some(1.0), Some(1.0)]);
    let err = json!({ "health": { "status": "HEALTH_ERR" }, "osdmap": { "osdmap": { "num_osds": 3, "num_up_osds": 1 } } });
    let rows = with_line(line("/cluster/ceph/status", &err));
    assert_eq!((verdicts(&rows), number(&of(&rows, "ceph").0[0], "osds_down")), (vec![Some(2.0)], Some(2.0)));
}

/// Which guests the enabled jobs have.
#[test]
fn backup_jobs() {
    let look = |jobs: Value, more: Value| {
        let mut rows = cluster(&[guest("qemu", 100, "pve1", more)]);
        rows.push(line("/cluster/backup", &jobs));
        number(&of(&rows, "guest").0[0], "unprotected")
    };
    let many: Vec<String> = (1_000..1_200).map(|vmid| vmid.to_string()).collect();
    for (job, more, want) in [
        (json!({ "id": "a", "enabled": 0, "all": 1 }), json!({}), Some(1.0)),
        (json!({ "id": "a", "all": 1 }), json!({}), Some(0.0)),
        (json!({ "id": "a", "all": "1", "exclude": "99,100" }), json!({}), Some(1.0)),
        (json!({ "id": "a", "vmid": "99,100" }), json!({}), Some(0.0)),
        (json!({ "id": "a", "vmid": format!("{},100", many.join(",")) }), json!({}), Some(0.0)),
        (json!({ "id": "a", "pool": "web" }), json!({ "pool": "web" }), Some(0.0)),
        (json!({ "id": "a", "pool": "web" }), json!({}), Some(1.0)),
        (json!({ "id": "a", "vmid": "100", "node": "pve2" }), json!({}), Some(1.0)),
        (json!({ "id": "a", "vmid": "99" }), json!({ "template": 1 }), Some(0.0)),
        (json!({ "id": "a" }), json!({}), None),
    ] {
        assert_eq!(look(json!([job]), more), want, "{job}");
    }
    assert_eq!(number(&of(&cluster(&[guest("qemu", 100, "pve1", json!({}))]), "guest").0[0], "unprotected"), None);
}

/// Replication, certificates, HA, QDevice.
#[test]
fn replication_certificates_and_ha() {
    let with_line = |one: Value| {
        let mut rows = cluster(&[]);
        rows.push(one);
        rows
    };
    let job = |more: Value| {
        let job =
            with(json!({ "id": "100-0", "guest": 100, "target": "pve2", "last_sync": SECOND - 60, "fail_count": 0, "duration": 2 }), more);
        of(&with_line(line("/nodes/pve1/replication", &json!([job]))), "replication").0.remove(0)
    };
    assert_eq!((number(&job(json!({})), "age"), number(&job(json!({})), "verdict")), (Some(60.0), Some(0.0)));
    assert_eq!(number(&job(json!({ "fail_count": 3 })), "verdict"), Some(2.0));
    assert_eq!(field(&job(json!({ "disable": 1, "fail_count": 3 })), "failures"), &Told::Absent);
    let new = job(json!({ "last_sync": 0, "duration": null }));
    assert_eq!((text(&new, "status"), field(&new, "age"), field(&new, "duration")), ("never".to_owned(), &Told::NotTold, &Told::Absent));
    let files = json!([
        { "filename": "pve-root-ca.pem", "notafter": SECOND + 1 }, { "filename": "pve-ssl.pem", "notafter": SECOND - 5 },
        { "filename": "pveproxy-ssl.pem", "notbefore": SECOND - 300, "notafter": SECOND + 100 },
    ]);
    let (served, _) = of(&with_line(line("/nodes/pve1/certificates/info", &files)), "certificate");
    assert_eq!((served.len(), number(&served[0], "cert_expiry"), number(&served[0], "cert_life")), (1, Some(100.0), Some(0.25)));
    let ha = |item: Value| {
        let (seen, _) = of(&with_line(line("/cluster/ha/status/current", &json!([item]))), "ha");
        number(&seen[0], "verdict")
    };
    assert_eq!(
        ha(json!({ "type": "lrm", "id": "lrm:pve1", "node": "pve1", "status": "pve1 (active)", "timestamp": SECOND - 40 })),
        Some(2.0)
    );
    assert_eq!(
        ha(json!({ "type": "lrm", "id": "lrm:pve1", "node": "pve1", "status": "pve1 (active)", "timestamp": SECOND - 4 })),
        Some(0.0)
    );
    assert_eq!(ha(json!({ "type": "service", "id": "service:vm:1", "node": "pve1", "state": "error", "status": "x" })), Some(2.0));
    let maintenance = with_line(json!({})).remove(0);
    assert!(maintenance.is_object());
    let mut rows = cluster(&[]);
    rows[2] = resources(&[node("pve1", json!({ "hastate": "maintenance" })), node("pve2", json!({}))]);
    assert_eq!(number(&of(&rows, "node").0[0], "verdict"), Some(0.0));
    for (device, count, margin) in
        [(json!({}), 0, Some(0.0)), (json!({ "State": "Connected" }), 1, Some(1.0)), (json!({ "State": "Not connected" }), 1, Some(0.0))]
    {
        let mut rows = with_line(line("/cluster/config/qdevice", &device));
        assert_eq!(number(&of(&rows, "cluster").0[0], "votes_margin"), None);
        rows.push(line("/cluster/config/nodes", &json!([{ "node": "pve1", "quorum_votes": "1" }, { "name": "pve2" }])));
        let (seen, why) = of(&rows, "qdevice");
        assert_eq!((seen.len(), why.len(), number(&of(&rows, "cluster").0[0], "votes_margin")), (count, 0, margin), "{device}");
    }
    assert_eq!(NOW.parse::<jiff::Timestamp>().unwrap().as_second(), SECOND);
}
