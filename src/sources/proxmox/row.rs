//! The row: kinds, fields, keys and metrics, and which kind has which.

use crate::domain::source::{Agg, Catalogue, FieldDef, Holds, Input, KeyDef, MetricDef, Nature, Needs, ReadFrom, SourceDef, Takes};
use crate::domain::unit::Unit;

/// Kinds of record.
pub(super) mod kind {
    pub const CLUSTER: u8 = 0;
    pub const NODE: u8 = 1;
    pub const GUEST: u8 = 2;
    pub const STORAGE: u8 = 3;
    pub const DISK: u8 = 4;
    pub const POOL: u8 = 5;
    pub const HA: u8 = 6;
    pub const REPLICATION: u8 = 7;
    pub const BACKUP_JOB: u8 = 8;
    pub const CEPH: u8 = 9;
    pub const CERTIFICATE: u8 = 10;
    pub const SERVICE: u8 = 11;
    pub const UPDATE: u8 = 12;
    pub const SUBSCRIPTION: u8 = 13;
    pub const QDEVICE: u8 = 14;
    pub const DATASTORE: u8 = 15;
    pub const BACKUP: u8 = 16;
}

/// Their names, in the order of their numbers.
pub(super) const KINDS: [&str; 17] = [
    "cluster",
    "node",
    "guest",
    "storage",
    "disk",
    "pool",
    "ha",
    "replication",
    "backup_job",
    "ceph",
    "certificate",
    "service",
    "update",
    "subscription",
    "qdevice",
    "datastore",
    "backup",
];

/// Those that Proxmox VE tells, and those that Proxmox Backup Server does.
const OF_TYPES: (&[&str], &[&str]) = KINDS.as_slice().split_at(kind::DATASTORE as usize);

/// Places of the fields.
pub(super) mod slot {
    pub const CLUSTER: u8 = 0;
    pub const NODE: u8 = 1;
    pub const GUEST: u8 = 2;
    pub const STATUS: u8 = 3;
    pub const VERDICT: u8 = 4;
    pub const CPU: u8 = 5;
    pub const MEMORY: u8 = 6;
    pub const USED: u8 = 7;
    pub const ID: u8 = 8;
    pub const VMID: u8 = 9;
    pub const GUEST_TYPE: u8 = 10;
    pub const HA_STATE: u8 = 11;
    pub const LOCK: u8 = 12;
    pub const TEMPLATE: u8 = 13;
    pub const POOL: u8 = 14;
    pub const TAG: u8 = 15;
    pub const STORAGE: u8 = 16;
    pub const STORAGE_TYPE: u8 = 17;
    pub const SHARED: u8 = 18;
    pub const CONTENT: u8 = 19;
    pub const DISK: u8 = 20;
    pub const MODEL: u8 = 21;
    pub const SERVICE: u8 = 22;
    pub const JOB: u8 = 23;
    pub const VERSION: u8 = 24;
    pub const CHECK: u8 = 25;
    pub const DISK_USED: u8 = 26;
    pub const MEMORY_BYTES: u8 = 27;
    pub const UPTIME: u8 = 28;
    pub const STALE: u8 = 29;
    pub const LOAD: u8 = 30;
    pub const IOWAIT: u8 = 31;
    pub const SWAP: u8 = 32;
    pub const NET_IN: u8 = 33;
    pub const NET_OUT: u8 = 34;
    pub const DISK_READ: u8 = 35;
    pub const DISK_WRITE: u8 = 36;
    pub const RESTARTS: u8 = 37;
    pub const DOWN: u8 = 38;
    pub const UNPROTECTED: u8 = 39;
    pub const FREE: u8 = 40;
    pub const WEAR: u8 = 41;
    pub const SIZE: u8 = 42;
    pub const FRAGMENTATION: u8 = 43;
    pub const AGE: u8 = 44;
    pub const FAILURES: u8 = 45;
    pub const DURATION: u8 = 46;
    pub const NODES: u8 = 47;
    pub const ONLINE: u8 = 48;
    pub const VOTES_MARGIN: u8 = 49;
    pub const VIEWS: u8 = 50;
    pub const SPARE_MEMORY: u8 = 51;
    pub const N_PLUS_1: u8 = 52;
    pub const OVERCOMMIT: u8 = 53;
    pub const OSDS_DOWN: u8 = 54;
    pub const PGS_DEGRADED: u8 = 55;
    pub const CERT_EXPIRY: u8 = 56;
    pub const CERT_LIFE: u8 = 57;
    pub const EXPIRY: u8 = 58;
    pub const BACKUP_AGE: u8 = 59;
    pub const NAMESPACE: u8 = 60;
    pub const OWNER: u8 = 61;
    pub const FILL_TIME: u8 = 62;
    pub const GC_AGE: u8 = 63;
    pub const PENDING: u8 = 64;
    pub const VERIFY_AGE: u8 = 65;
    pub const BACKUPS: u8 = 66;
}

/// What each kind has beside cluster, id, status and verdict; of all else it has none.
const OWN: [&[u8]; KINDS.len()] = {
    use slot::*;
    [
        &[NODES, ONLINE, VOTES_MARGIN, VIEWS, SPARE_MEMORY, N_PLUS_1, OVERCOMMIT],
        &[NODE, HA_STATE, CPU, MEMORY, DISK_USED, UPTIME, STALE, LOAD, IOWAIT, SWAP, VERSION],
        &[
            NODE,
            GUEST,
            VMID,
            GUEST_TYPE,
            HA_STATE,
            LOCK,
            TEMPLATE,
            POOL,
            TAG,
            CPU,
            MEMORY,
            MEMORY_BYTES,
            DISK_USED,
            NET_IN,
            NET_OUT,
            DISK_READ,
            DISK_WRITE,
            UPTIME,
            RESTARTS,
            DOWN,
            UNPROTECTED,
            BACKUP_AGE,
        ],
        &[NODE, STORAGE, STORAGE_TYPE, SHARED, CONTENT, USED, FREE],
        &[NODE, DISK, MODEL, WEAR, SIZE],
        &[NODE, POOL, USED, FRAGMENTATION],
        &[NODE, CHECK, AGE],
        &[NODE, GUEST, VMID, JOB, AGE, FAILURES, DURATION],
        &[JOB],
        &[CHECK, OSDS_DOWN, PGS_DEGRADED, USED],
        &[NODE, CHECK, CERT_EXPIRY, CERT_LIFE],
        &[NODE, SERVICE],
        &[NODE, VERSION, CHECK],
        &[NODE, EXPIRY],
        &[NODE],
        &[STORAGE, USED, FREE, FILL_TIME, GC_AGE, PENDING],
        &[STORAGE, NAMESPACE, OWNER, GUEST, VMID, GUEST_TYPE, BACKUP_AGE, VERIFY_AGE, BACKUPS],
    ]
};

/// The places of fields that a kind has none of, one bit each.
pub(super) fn none_of(kind: u8) -> u128 {
    let own = OWN.get(usize::from(kind)).copied().unwrap_or_default();
    let common = [slot::CLUSTER, slot::ID, slot::STATUS, slot::VERDICT];
    !own.iter().chain(&common).fold(0, |all, slot| all | 1u128 << slot)
}

const FOLDED: Takes = Takes::Patterns { fold: true, catalogue: Catalogue::Open };

const fn known(value: &'static str, known: &'static [&'static str]) -> Takes {
    Takes::Words { value, known, closed: false, synonyms: &[] }
}

const fn key(name: &'static str, about: &'static str, takes: Takes) -> KeyDef {
    KeyDef { name, about, takes, key: "" }
}

const fn field(name: &'static str, about: &'static str, keys: &'static [KeyDef]) -> FieldDef {
    FieldDef { name, about, holds: Holds::Text, keys, groups: true, needs: Needs::Nothing, told_by_absence: false, key: "" }
}

/// Proxmox says "none" by leaving it out.
const fn none_by_absence(field: FieldDef) -> FieldDef {
    FieldDef { told_by_absence: true, ..field }
}

const fn flag(name: &'static str, about: &'static str, keys: &'static [KeyDef]) -> FieldDef {
    FieldDef { holds: Holds::Flag, ..field(name, about, keys) }
}

const fn number(name: &'static str, about: &'static str, unit: Unit) -> FieldDef {
    FieldDef { holds: Holds::Number(unit), groups: false, ..field(name, about, &[]) }
}

/// A number that one more question to each node tells.
const fn asked(field: FieldDef) -> FieldDef {
    FieldDef { needs: Needs::Second, ..field }
}

const fn metric(name: &'static str, unit: Unit, slot: u8, agg: Agg) -> MetricDef {
    MetricDef { name, unit, kinds: &[], input: Input::Number(slot), agg, must_be_told: true, groups: true, key: "" }
}

const fn of(kinds: &'static [&'static str], metric: MetricDef) -> MetricDef {
    MetricDef { kinds, ..metric }
}

/// The row.
pub const SOURCE: SourceDef = SourceDef {
    name: "proxmox",
    title: || tr!("Proxmox"),
    targets: &[ReadFrom { target_type: "proxmox", kinds: OF_TYPES.0 }, ReadFrom { target_type: "pbs", kinds: OF_TYPES.1 }],
    nature: Nature::Snapshot,
    kinds: &KINDS,
    fields: &[
        none_by_absence(field("cluster", "Cluster; a standalone node has none", &[key("cluster", "Cluster", FOLDED)])),
        field("node", "Node", &[key("node", "Node", FOLDED)]),
        field("guest", "Guest: its name, else its last known name, else its number", &[key("guest", "Guest", FOLDED)]),
        field("status", "Its state, as Proxmox calls it", &[key("status", "State, as Proxmox calls it", FOLDED)]),
        number("verdict", "0 well, 1 a warning, 2 critical", Unit::Status),
        number("cpu", "Share of its processors in use", Unit::Ratio),
        number("memory", "Share of its memory in use", Unit::Ratio),
        number("used", "Share of a storage, pool or datastore in use", Unit::Ratio),
        field("id", "Identity: node/NAME, qemu/NUMBER, lxc/NUMBER, storage/NODE/NAME and others", &[key("id", "Identity", FOLDED)]),
        field("vmid", "Number of a guest", &[key("vmid", "Number of a guest", FOLDED)]),
        field(
            "guest_type",
            "qemu or lxc; host, of backups",
            &[key("guest_type", "qemu, lxc or host", known("TYPE", &["qemu", "lxc", "host"]))],
        ),
        none_by_absence(field("ha_state", "State in high availability", &[key("ha_state", "State in high availability", FOLDED)])),
        none_by_absence(field(
            "lock",
            "What a guest is locked by: backup, migrate, snapshot and others",
            &[key("lock", "What a guest is locked by", FOLDED)],
        )),
        none_by_absence(flag(
            "template",
            "Whether a guest is a template",
            &[key("template", "Is a template", Takes::Flag { opposite: false })],
        )),
        none_by_absence(field("pool", "Resource pool of a guest; name of a ZFS pool", &[key("pool", "Pool", FOLDED)])),
        none_by_absence(field("tag", "Tags of a guest", &[key("tag", "Tag of a guest", FOLDED)])),
        field("storage", "Storage; datastore", &[key("storage", "Storage; datastore", FOLDED)]),
        field("storage_type", "Type of a storage", &[key("storage_type", "Type of a storage", FOLDED)]),
        none_by_absence(flag(
            "shared",
            "Whether nodes share a storage",
            &[key("shared", "Nodes share it", Takes::Flag { opposite: false })],
        )),
        field("content", "What a storage may hold", &[key("content", "What a storage may hold", FOLDED)]),
        field("disk", "Device of a disk", &[key("disk", "Device of a disk", FOLDED)]),
        field("model", "Model of a disk", &[key("model", "Model of a disk", FOLDED)]),
        field("service", "Service of a node", &[key("service", "Service of a node", FOLDED)]),
        field("job", "Job of a backup or replication", &[key("job", "Job", FOLDED)]),
        asked(field("version", "Version of Proxmox VE on a node; that an update brings", &[key("version", "Version", FOLDED)])),
        field(
            "check",
            "Check of Ceph, part of HA, file of a certificate, package of an update",
            &[key("check", "Check, part, file or package", FOLDED)],
        ),
        number("disk_used", "Share of the root file system in use; of a virtual machine it is not known", Unit::Ratio),
        number("memory_bytes", "Memory of a guest in use", Unit::Bytes),
        number("uptime", "Since it was started", Unit::Seconds),
        number("stale", "Since when the figures of a node do not move", Unit::Seconds),
        asked(number("load", "Load of a node for each processor", Unit::Plain)),
        asked(number("iowait", "Share of time waiting for disks", Unit::Ratio)),
        asked(number("swap", "Share of swap in use", Unit::Ratio)),
        number("net_in", "Received by a guest since the previous run", Unit::BitsPerSecond),
        number("net_out", "Sent by a guest since the previous run", Unit::BitsPerSecond),
        number("disk_read", "Read by a guest since the previous run", Unit::BitsPerSecond),
        number("disk_write", "Written by a guest since the previous run", Unit::BitsPerSecond),
        number("restarts", "1 when a guest was restarted since the previous run", Unit::Plain),
        number("down", "1 when a guest should run and does not", Unit::Records),
        number("unprotected", "1 when no enabled backup job has the guest", Unit::Records),
        number("free", "Free space of a storage or datastore", Unit::Bytes),
        number("wear", "Share of a disk's endurance that is used up", Unit::Ratio),
        number("size", "Size of a disk", Unit::Bytes),
        number("fragmentation", "Fragmentation of a ZFS pool", Unit::Ratio),
        number("age", "Since the last replication, or the last sign of a part of HA", Unit::Seconds),
        number("failures", "Failures of a replication in a row", Unit::Plain),
        number("duration", "Duration of the last replication", Unit::Seconds),
        number("nodes", "Nodes of a cluster", Unit::Plain),
        number("online", "Nodes of a cluster that are online", Unit::Plain),
        number("votes_margin", "Votes that can be lost before quorum is lost", Unit::Plain),
        number("views", "Different opinions of the endpoints on who is online", Unit::Plain),
        number("spare_memory", "Free memory of all nodes that are online", Unit::Bytes),
        number("n_plus_1", "Memory of the fullest node's guests, divided by what is free on the others", Unit::Plain),
        number("overcommit", "Memory promised to running guests, divided by what there is", Unit::Plain),
        number("osds_down", "OSDs of Ceph that are down", Unit::Plain),
        number("pgs_degraded", "Placement groups of Ceph that are degraded", Unit::Plain),
        number("cert_expiry", "Until a certificate expires", Unit::Seconds),
        number("cert_life", "Share of a certificate's lifetime that is left", Unit::Ratio),
        number("expiry", "Until a subscription is due", Unit::Seconds),
        asked(number(
            "backup_age",
            "Since the last good backup of a guest ended; of a group of backups since the latest began",
            Unit::Seconds,
        )),
        none_by_absence(field(
            "namespace",
            "Namespace of a group of backups; that at the top has none",
            &[key("namespace", "Namespace of a group of backups", FOLDED)],
        )),
        field("owner", "Who may change a group of backups: a user or token", &[key("owner", "Owner of a group of backups", FOLDED)]),
        number("fill_time", "Until a datastore is full, as it estimates from the last month", Unit::Seconds),
        number("gc_age", "Since garbage was last collected in a datastore", Unit::Seconds),
        number("pending", "Bytes of a datastore that the next garbage collections free", Unit::Bytes),
        number("verify_age", "Since a backup of a group was last verified; without any, since its oldest backup", Unit::Seconds),
        number("backups", "Backups of a group", Unit::Plain),
    ],
    open_fields: false,
    metrics: &[
        MetricDef { input: Input::Status(slot::VERDICT), must_be_told: false, ..metric("status", Unit::Status, slot::VERDICT, Agg::Max) },
        MetricDef { input: Input::Count, must_be_told: false, ..metric("count", Unit::Records, slot::ID, Agg::Sum) },
        MetricDef { must_be_told: false, ..of(&["guest"], metric("down", Unit::Records, slot::DOWN, Agg::Sum)) },
        MetricDef { must_be_told: false, ..of(&["guest"], metric("unprotected", Unit::Records, slot::UNPROTECTED, Agg::Sum)) },
        of(&["guest", "backup"], metric("backup_age", Unit::Seconds, slot::BACKUP_AGE, Agg::Max)),
        MetricDef { must_be_told: false, ..of(&["guest"], metric("restarts", Unit::Plain, slot::RESTARTS, Agg::Sum)) },
        metric("cpu", Unit::Ratio, slot::CPU, Agg::Max),
        metric("memory", Unit::Ratio, slot::MEMORY, Agg::Max),
        metric("disk", Unit::Ratio, slot::DISK_USED, Agg::Max),
        metric("used", Unit::Ratio, slot::USED, Agg::Max),
        metric("uptime", Unit::Seconds, slot::UPTIME, Agg::Min),
        of(&["guest"], metric("memory_bytes", Unit::Bytes, slot::MEMORY_BYTES, Agg::Max)),
        of(&["guest"], metric("net_in", Unit::BitsPerSecond, slot::NET_IN, Agg::Max)),
        of(&["guest"], metric("net_out", Unit::BitsPerSecond, slot::NET_OUT, Agg::Max)),
        of(&["guest"], metric("disk_read", Unit::BitsPerSecond, slot::DISK_READ, Agg::Max)),
        of(&["guest"], metric("disk_write", Unit::BitsPerSecond, slot::DISK_WRITE, Agg::Max)),
        of(&["node"], metric("stale", Unit::Seconds, slot::STALE, Agg::Max)),
        of(&["node"], metric("load", Unit::Plain, slot::LOAD, Agg::Max)),
        of(&["node"], metric("iowait", Unit::Ratio, slot::IOWAIT, Agg::Max)),
        of(&["node"], metric("swap", Unit::Ratio, slot::SWAP, Agg::Max)),
        of(&["storage", "datastore"], metric("free", Unit::Bytes, slot::FREE, Agg::Min)),
        of(&["disk"], metric("wear", Unit::Ratio, slot::WEAR, Agg::Max)),
        of(&["disk"], metric("size", Unit::Bytes, slot::SIZE, Agg::Max)),
        of(&["pool"], metric("fragmentation", Unit::Ratio, slot::FRAGMENTATION, Agg::Max)),
        metric("age", Unit::Seconds, slot::AGE, Agg::Max),
        of(&["replication"], metric("failures", Unit::Plain, slot::FAILURES, Agg::Max)),
        of(&["replication"], metric("duration", Unit::Seconds, slot::DURATION, Agg::Max)),
        of(&["cluster"], metric("nodes", Unit::Plain, slot::NODES, Agg::Min)),
        of(&["cluster"], metric("online", Unit::Plain, slot::ONLINE, Agg::Min)),
        of(&["cluster"], metric("votes_margin", Unit::Plain, slot::VOTES_MARGIN, Agg::Min)),
        of(&["cluster"], metric("views", Unit::Plain, slot::VIEWS, Agg::Max)),
        of(&["cluster"], metric("spare_memory", Unit::Bytes, slot::SPARE_MEMORY, Agg::Min)),
        of(&["cluster"], metric("n_plus_1", Unit::Plain, slot::N_PLUS_1, Agg::Max)),
        of(&["cluster"], metric("overcommit", Unit::Plain, slot::OVERCOMMIT, Agg::Max)),
        of(&["ceph"], metric("osds_down", Unit::Plain, slot::OSDS_DOWN, Agg::Max)),
        of(&["ceph"], metric("pgs_degraded", Unit::Plain, slot::PGS_DEGRADED, Agg::Max)),
        of(&["certificate"], metric("cert_expiry", Unit::Seconds, slot::CERT_EXPIRY, Agg::Min)),
        of(&["certificate"], metric("cert_life", Unit::Ratio, slot::CERT_LIFE, Agg::Min)),
        of(&["datastore"], metric("fill_time", Unit::Seconds, slot::FILL_TIME, Agg::Min)),
        of(&["datastore"], metric("gc_age", Unit::Seconds, slot::GC_AGE, Agg::Max)),
        of(&["datastore"], metric("pending", Unit::Bytes, slot::PENDING, Agg::Max)),
        of(&["backup"], metric("verify_age", Unit::Seconds, slot::VERIFY_AGE, Agg::Max)),
        of(&["backup"], metric("backups", Unit::Plain, slot::BACKUPS, Agg::Min)),
        of(&["subscription"], metric("expiry", Unit::Seconds, slot::EXPIRY, Agg::Min)),
    ],
    flag: "proxmox",
    files: &["proxmox-"],
    key: ("Proxmox", "Proxmox"),
};
