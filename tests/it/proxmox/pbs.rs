//! Proxmox Backup Server: a simulated one asked over its real socket, and what its answers mean.

use super::fixture::{SECOND, line};
use crate::support::cli::{Checked, Ran, Room, at};
use jiff::{SignedDuration, Timestamp};
use pcemon::sim::pbs::server::BackupServer;
use pcemon::sim::pbs::world::{Backup, Job, Store, World};
use pcemon::sim::proxmox::cluster::{Cluster, Guest};
use pcemon::sim::proxmox::server::Proxmox;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const SECRET: &str = "7d0f5e6a-1c2b-4e3d-8f9a-0b1c2d3e4f50";

/// Places where a server says "none" by leaving a key out.
pub const NONE: &[&str] = &[
    "data/0/maintenance",
    "data/1/maintenance",
    "data/0/error",
    "data/1/error",
    "data/0/mount-status",
    "data/0/gc-status/still-bad",
    "data/0/ns",
    "data/0/comment",
    "data/1/comment",
];

/// The answer of a server with two datastores.
pub fn rows() -> Vec<Value> {
    let verified =
        |state: &str| json!({ "state": state, "upid": format!("UPID:b:1:2:3:{:08X}:verificationjob:main:root@pam:", SECOND - 40_000) });
    vec![
        line("/access/permissions", &json!({ "/": { "Sys.Audit": true, "Datastore.Audit": true } })),
        line(
            "/status/datastore-usage",
            &json!([
                { "store": "main", "total": 1_000, "used": 900, "avail": 100, "estimated-full-date": SECOND + 500_000,
                    "gc-status": { "pending-bytes": 7, "still-bad": 0 } },
                { "store": "away", "error": "datastore 'away' is in offline maintenance mode" },
            ]),
        ),
        line("/admin/datastore", &json!([{ "store": "main" }, { "store": "away", "maintenance": "offline" }])),
        line("/admin/gc", &json!([{ "store": "main", "last-run-endtime": SECOND - 86_400 * 9, "last-run-state": "OK" }])),
        line("/admin/verify", &json!([])),
        line("/admin/datastore/main/namespace", &json!([{ "ns": "taipei" }])),
        line(
            "/admin/datastore/main/groups?ns=taipei",
            &json!([
                { "backup-type": "vm", "backup-id": "100", "last-backup": SECOND - 36_000, "backup-count": 2, "owner": "a@pbs", "comment": "web" },
                { "backup-type": "host", "backup-id": "db", "last-backup": SECOND - 200_000, "backup-count": 1, "owner": "a@pbs" },
            ]),
        ),
        line(
            "/admin/datastore/main/snapshots?ns=taipei",
            &json!([
                { "backup-type": "vm", "backup-id": "100", "backup-time": SECOND - 36_000, "verification": verified("ok") },
                { "backup-type": "vm", "backup-id": "100", "backup-time": SECOND - 136_000, "verification": verified("failed") },
                { "backup-type": "host", "backup-id": "db", "backup-time": SECOND - 200_000, "verification": verified("ok") },
            ]),
        ),
    ]
}

/// Rules on it.
pub const RULES: &str = r#"
[[rules]]
name = "stores"
source = "proxmox"
match = { kind = ["datastore"] }
group_by = ["storage"]
[[rules]]
name = "used"
source = "proxmox"
metric = "used"
match = { kind = ["datastore"], storage = ["main"] }
warning = "> 85 %"
[[rules]]
name = "free"
source = "proxmox"
metric = "free"
match = { kind = ["datastore"], storage = ["main"] }
warning = "< 1 GiB"
[[rules]]
name = "full"
source = "proxmox"
metric = "fill_time"
match = { storage = ["main"] }
warning = "< 7d"
[[rules]]
name = "garbage"
source = "proxmox"
metric = "gc_age"
match = { storage = ["main"] }
warning = "> 8d"
[[rules]]
name = "damaged"
source = "proxmox"
match = { kind = ["backup"] }
group_by = ["id"]
critical = ">= 2"
[[rules]]
name = "ages"
source = "proxmox"
metric = "backup_age"
match = { kind = ["backup"] }
group_by = ["guest"]
warning = "> 26h"
[[rules]]
name = "few"
source = "proxmox"
metric = "backups"
match = { namespace = ["taipei"], owner = ["a@*"] }
warning = "< 2"
"#;

const KINDS: [(&str, &str, &str); 9] = [
    ("stores", "status", "match = { kind = [\"datastore\"] }\ngroup_by = [\"storage\"]"),
    ("used", "used", "match = { kind = [\"datastore\"] }\ngroup_by = [\"storage\"]\nwarning = \"> 85 %\"\ncritical = \"> 95 %\""),
    ("full", "fill_time", "group_by = [\"storage\"]\nwarning = \"< 7d\""),
    ("garbage", "gc_age", "group_by = [\"storage\"]\nwarning = \"> 8d\""),
    ("damaged", "status", "match = { kind = [\"backup\"] }\ngroup_by = [\"id\"]\ncritical = \">= 2\""),
    ("ages", "backup_age", "match = { kind = [\"backup\"] }\ngroup_by = [\"id\"]\nwarning = \"> 26h\""),
    ("verified", "verify_age", "group_by = [\"id\"]\nwarning = \"> 40d\""),
    ("pending", "pending", "group_by = [\"storage\"]\nwarning = \"> 1 TiB\""),
    ("few", "backups", "group_by = [\"id\"]\nwarning = \"< 1\""),
];

fn rules(names: &[&str]) -> String {
    let wanted = KINDS.iter().filter(|(name, ..)| names.is_empty() || names.contains(name));
    wanted
        .map(|(name, metric, more)| format!("[[rules]]\nname = \"{name}\"\nsource = \"proxmox\"\nmetric = \"{metric}\"\n{more}\n"))
        .collect()
}

fn now() -> Timestamp {
    at("12:00")
}

/// A datastore in order with two guests whose backups were verified.
fn world() -> World {
    let mut store = Store::new("main", now());
    for vmid in [100, 101] {
        let backup = |night: i32| Backup::vm(vmid, now() - HOUR * (24 * night + 10));
        store.backups.extend([backup(0), backup(1).verified(now() - HOUR * 20, true)]);
    }
    World::new(vec![store])
}

struct Lab {
    sim: BackupServer,
    room: Room,
}

impl Lab {
    fn new(world: World, names: &[&str]) -> Lab {
        let lab = Lab { sim: BackupServer::start(world, now()).unwrap(), room: Room::new() };
        lab.token(&format!("pcemon@pbs!cron:{SECRET}"));
        lab.config("", &rules(names));
        lab
    }

    fn token(&self, text: &str) {
        self.room.write("token", format!("{text}\n"));
    }

    fn target(&self) -> String {
        let (url, pin) = (self.sim.url(), self.sim.fingerprint());
        format!(
            "[[targets]]\nname = \"backup\"\ntype = \"pbs\"\nurls = [\"{url}\"]\ntoken = {{ file = \"token\" }}\nfingerprint = [\"{pin}\"]\n"
        )
    }

    fn config(&self, more: &str, rules: &str) {
        self.room.config(&format!("[run]\nsite = \"test\"\n{}{more}{rules}", self.target()));
    }

    /// One cycle so many hours later.
    fn look(&self, hours: i32) -> Ran {
        self.look_with(hours, &[])
    }

    fn look_with(&self, hours: i32, more: &[&str]) -> Ran {
        let now = now() + HOUR * hours;
        self.sim.set_now(now);
        self.room.run(&[&["check", "-o", "json", "--now", &now.to_string()], more].concat())
    }

    fn change(&self, change: impl FnOnce(&mut Store)) {
        self.sim.change(|world| change(world.store("main").unwrap()));
    }
}

/// The state of a rule, and that its report says this.
#[track_caller]
fn is(report: &Checked, name: &str, state: &str, words: &str) {
    let rule = report.rule(name);
    assert_eq!(rule["state"], state, "{rule:#}");
    assert!(rule.to_string().contains(words), "'{words}': {rule:#}");
}

#[test]
fn a_server_in_order_and_what_goes_wrong_on_it() {
    let lab = Lab::new(world(), &[]);
    let report = lab.look(0).exits(0).json();
    for (name, ..) in KINDS {
        assert_eq!(report.rule(name)["state"], "ok", "{:#}", report.rule(name));
    }
    assert_eq!((report.value("used"), report.value("garbage"), report.value("few")), (0.5, 9.5 * 3_600.0, 2.0));
    assert_eq!((report.value("full"), report.value("ages"), report.value("verified")), (90.0 * 86_400.0, 36_000.0, 72_000.0));
    lab.change(|store| {
        store.used = store.total / 100 * 96;
        store.full = Some((now() + HOUR * 48).as_second());
        store.bad = 2;
        store.backups[1].verified = Some((now(), false));
    });
    let report = lab.look(1).exits(2).json();
    is(&report, "used", "firing", "main");
    is(&report, "full", "firing", "main");
    is(&report, "stores", "firing", "2 damaged chunks");
    is(&report, "damaged", "firing", "1 of 2 backups failed their verification");
    assert_eq!(report.rule("damaged")["instances"][0]["group"], json!({ "id": "backup/main/vm/100" }));
    lab.change(|store| *store = world().stores.remove(0));
    let report = lab.look(17).exits(1).json();
    is(&report, "ages", "firing", "backup/main/vm/101");
    for name in ["used", "full", "stores", "damaged"] {
        is(&report, name, "ok", "");
    }
}

/// The token is written with a colon; what is none is refused without being sent, and its secret is nowhere.
#[test]
fn a_token_with_a_colon() {
    let lab = Lab::new(world(), &["stores"]);
    lab.look_with(0, &["--record", "kept", "--state", "s.json"]).exits(0);
    for wrong in [format!("pcemon@pbs!cron={SECRET}"), format!("pcemon@pbs!cron:{SECRET};x"), SECRET.to_owned()] {
        lab.token(&wrong);
        lab.sim.calls();
        let ran = lab.look(0).exits(3);
        assert!(ran.json().0["sources"][0]["error"].to_string().contains("user@realm!name:secret"), "{}", ran.out);
        assert!(!format!("{}{}", ran.out, ran.err).contains(SECRET), "{}{}", ran.out, ran.err);
        assert_eq!(lab.sim.calls(), Vec::<String>::new(), "{wrong}");
    }
    lab.token("pcemon@pbs!cron:another");
    let ran = lab.look(0).exits(3);
    assert!(ran.out.contains("refuses the token pcemon@pbs!cron (401)"), "{}", ran.out);
    let kept = std::fs::read_dir(lab.room.path("kept")).unwrap().flatten();
    assert!(kept.count() > 0);
    assert!(!std::fs::read_to_string(lab.room.path("s.json")).unwrap().contains(SECRET));
}

#[test]
fn a_datastore_in_maintenance() {
    let lab = Lab::new(world(), &["stores", "used", "full", "garbage", "damaged"]);
    lab.change(|store| store.maintenance = Some("offline".to_owned()));
    let report = lab.look(0).exits(2).json();
    is(&report, "stores", "firing", "in maintenance: offline");
    for name in ["used", "full", "damaged"] {
        is(&report, name, "unknown", "offline");
    }
    // What nobody writes to fills no more, and says so.
    lab.change(|store| store.maintenance = Some("read-only".to_owned()));
    let report = lab.look(1).exits(1).json();
    is(&report, "stores", "firing", "in maintenance: read-only");
    assert_eq!(report.rule("stores")["severity"], "warning");
    for name in ["used", "full", "damaged"] {
        is(&report, name, "ok", "");
    }
    lab.change(|store| store.maintenance = None);
    lab.look(2).exits(0);
}

/// What a token may not see is not well: lists leave it out, and figures are missing.
#[test]
fn without_a_right_nothing_is_calm() {
    let lab = Lab::new(world(), &["stores", "used", "full", "garbage", "damaged", "ages"]);
    let grant = |path: &str, right: &str| lab.sim.change(|world| world.grants = vec![(path.to_owned(), vec![right.to_owned()], true)]);
    lab.sim.change(|world| world.grants.clear());
    let report = lab.look(0).exits(3).json();
    for name in ["stores", "used", "full", "garbage", "damaged", "ages"] {
        is(&report, name, "unknown", "Datastore.Audit on /datastore");
    }
    let advice = "proxmox-backup-manager acl update / Audit --auth-id 'pcemon@pbs!cron' (and the same with --auth-id pcemon@pbs)";
    assert!(report.0["sources"][0]["error"].to_string().contains(advice), "{:#}", report.0["sources"]);
    // One who writes backups sees the datastore, and of the backups those of its own: the others are not missing.
    grant("/datastore", "Datastore.Backup");
    let report = lab.look(1).exits(3).json();
    for name in ["damaged", "ages"] {
        is(&report, name, "unknown", "Datastore.Audit on /datastore");
    }
    // A datastore of which only a namespace may be seen comes without figures.
    lab.change(|store| store.namespaces = vec!["taipei".to_owned()]);
    grant("/datastore/main/taipei", "Datastore.Audit");
    let report = lab.look(2).exits(3).json();
    for name in ["stores", "used", "full", "garbage", "damaged"] {
        is(&report, name, "unknown", "Datastore.Audit on /datastore/main");
    }
    // A token for one datastore has no business with another.
    lab.sim.change(|world| world.stores.push(Store { used: 9 << 40, ..Store::new("other", now()) }));
    grant("/datastore/main", "Datastore.Audit");
    lab.look(3).exits(0);
    // With the right to see more it is seen; when the right is lost again, that is told.
    grant("/", "Datastore.Audit");
    is(&lab.look(4).exits(1).json(), "used", "firing", "other");
    grant("/datastore/main", "Datastore.Audit");
    let report = lab.look(5).exits(1).json();
    is(&report, "stores", "unknown", "lost a right that it had: Datastore.Audit");
    is(&report, "used", "firing", "other");
}

/// An estimate that is missing is not "never"; one in the past is.
#[test]
fn when_it_is_full() {
    let lab = Lab::new(world(), &["full"]);
    lab.change(|store| store.full = None);
    is(&lab.look(0).exits(3).json(), "full", "unknown", "too few figures");
    for never in [0, (now() - HOUR * 24 * 400).as_second()] {
        lab.change(|store| store.full = Some(never));
        is(&lab.look(1).exits(0).json(), "full", "ok", "");
    }
}

/// Garbage that was never collected has no age; it gets one while somebody looks.
#[test]
fn garbage_that_was_never_collected() {
    let lab = Lab::new(world(), &["garbage"]);
    lab.change(|store| store.garbage = None);
    is(&lab.look(0).exits(3).json(), "garbage", "unknown", "garbage was never collected");
    is(&lab.look(24 * 7).exits(3).json(), "garbage", "unknown", "garbage was never collected");
    is(&lab.look(24 * 9).exits(1).json(), "garbage", "firing", "garbage was never collected");
    // One that failed frees nothing.
    lab.change(|store| store.garbage = Some((now(), now() + HOUR * 24 * 9, "chunk store is locked".to_owned())));
    let report = lab.look(24 * 9 + 1).json();
    assert_ne!(report.rule("garbage")["state"], "ok");
    lab.change(|store| store.garbage = Some((now() + HOUR * 24 * 9, now() + HOUR * 24 * 9, "OK".to_owned())));
    lab.look(24 * 9 + 2).exits(0);
    // An older server does not have the list; its datastores know all the same.
    lab.sim.change(|world| world.lacks = vec!["admin/gc".to_owned()]);
    let report = lab.look(24 * 9 + 3).exits(0).json();
    assert_eq!(report.value("garbage"), 3.0 * 3_600.0);
    lab.change(|store| store.garbage = None);
    is(&lab.look(24 * 20).exits(1).json(), "garbage", "firing", "garbage was never collected");
}

/// A backup that was never verified is not known to be good, unless a job is still to come to it.
#[test]
fn backups_that_were_never_verified() {
    let lab = Lab::new(world(), &["damaged", "verified"]);
    lab.change(|store| store.backups.iter_mut().for_each(|backup| backup.verified = None));
    is(&lab.look(0).exits(3).json(), "damaged", "unknown", "never verified");
    let job = |ended: SignedDuration, next: SignedDuration| {
        lab.sim.change(|world| world.jobs = vec![Job { store: "main".to_owned(), ended: Some(now() - ended), next: Some(now() + next) }]);
    };
    job(HOUR * 100, HOUR * 24);
    is(&lab.look(0).exits(0).json(), "damaged", "ok", "");
    // It came, and left them out.
    job(HOUR, HOUR * 24);
    is(&lab.look(0).exits(3).json(), "damaged", "unknown", "never verified");
    // It does not run any more.
    job(HOUR * 100, -HOUR);
    is(&lab.look(0).exits(3).json(), "damaged", "unknown", "never verified");
    is(&lab.look(24 * 40).json(), "verified", "firing", "vm/100");
    // Without the list of jobs, nothing is to come.
    job(HOUR * 100, HOUR * 24);
    lab.sim.change(|world| world.lacks = vec!["admin/verify".to_owned()]);
    is(&lab.look(0).exits(3).json(), "damaged", "unknown", "never verified");
}

/// Two clusters with a guest of the same number, each in its namespace: neither hides the other.
#[test]
fn the_same_guest_of_two_clusters() {
    let mut world = World::new(vec![Store { namespaces: vec!["tpe".to_owned(), "tpe/lab".to_owned()], ..Store::new("main", now()) }]);
    let backup = |namespace: &str, hours: i32| {
        let made = now() - HOUR * hours;
        Backup { namespace: namespace.to_owned(), owner: format!("{}@pbs", namespace.replace('/', "-")), ..Backup::vm(100, made) }
            .verified(made, true)
    };
    world.stores[0].backups = vec![backup("tpe", 3), backup("tpe/lab", 30)];
    let lab = Lab::new(world, &["ages"]);
    let report = lab.look(0).exits(1).json();
    assert_eq!(report.rule("ages")["instances"].as_array().unwrap().len(), 1);
    assert_eq!(report.rule("ages")["instances"][0]["group"], json!({ "id": "backup/main/tpe/lab/vm/100" }));
    let shown = lab.room.run(&["show", "proxmox", "--kind", "backup", "-o", "ndjson"]);
    let records: Vec<Value> =
        shown.out.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(|line: &Value| line["fields"].is_object()).collect();
    let told: Vec<(&Value, &Value)> = records.iter().map(|one| (&one["fields"]["namespace"], &one["fields"]["owner"])).collect();
    assert_eq!(told, [(&json!("tpe"), &json!("tpe@pbs")), (&json!("tpe/lab"), &json!("tpe-lab@pbs"))], "{}", shown.out);
}

/// What no rule reads is not asked: backups are listed only where somebody wants to know whether they are good.
#[test]
fn what_is_asked() {
    let lab = Lab::new(world(), &["used"]);
    let asked = |names: &[&str]| {
        lab.config("", &rules(names));
        lab.sim.calls();
        lab.look(0).exits(0);
        lab.sim.calls()
    };
    let first = ["access/permissions", "status/datastore-usage", "admin/datastore"];
    assert_eq!(asked(&["used"]), first);
    assert_eq!(asked(&["garbage"])[3..], ["admin/gc"]);
    assert_eq!(asked(&["ages"])[3..], ["admin/datastore/main/namespace", "admin/datastore/main/groups"]);
    assert!(asked(&["damaged"]).contains(&"admin/datastore/main/snapshots".to_owned()));
}

/// A target of another type that fails concerns the rules on its kinds alone, and one that is missing those that need it.
#[test]
fn beside_a_cluster() {
    let mut cluster = Cluster::new("lab", 2, now());
    cluster.guests.push(Guest::vm(100, "web", "pve1", now() - HOUR * 100));
    let cluster = Proxmox::start(cluster, now()).unwrap();
    let lab = Lab::new(world(), &[]);
    let guests = "[[rules]]\nname = \"guests\"\nsource = \"proxmox\"\nmatch = { kind = [\"guest\"] }\ngroup_by = [\"guest\"]\n";
    lab.room.write("pve", "pcemon@pve!cron=0e8b3c5a-5d1f-4f6e-9a57-2b7f1c9d4e60\n");
    lab.room.write("ca.pem", cluster.ca_pem());
    let urls = json!(cluster.urls()).to_string();
    let pve =
        format!("[[targets]]\nname = \"dc1\"\ntype = \"proxmox\"\nurls = {urls}\ntoken = {{ file = \"pve\" }}\nca_file = \"ca.pem\"\n");
    let both = format!("{}{guests}", rules(&["used", "damaged"]));
    lab.config(&pve, &both);
    let report = lab.look(0).exits(0).json();
    assert_eq!(report.0["sources"].as_array().unwrap().len(), 2, "{:#}", report.0["sources"]);
    lab.sim.change(|world| world.token.1 = "changed".to_owned());
    let report = lab.look(1).exits(3).json();
    is(&report, "guests", "ok", "");
    is(&report, "used", "unknown", "refuses the token");
    lab.sim.change(|world| world.token.1 = SECRET.to_owned());
    cluster.change(|cluster| cluster.access.tokens.clear()).unwrap();
    let report = lab.look(2).exits(3).json();
    is(&report, "guests", "unknown", "refuses the token");
    is(&report, "used", "ok", "");
    is(&report, "damaged", "ok", "");
    // Whom no rule reads is not asked.
    cluster.forget_calls();
    lab.config(&pve, &rules(&["used"]));
    lab.look(3).exits(0);
    assert_eq!(cluster.calls(), vec![]);
    // Without a target that could tell it, nothing is calm.
    lab.config("", &both);
    let report = lab.look(4).exits(3).json();
    is(&report, "guests", "unknown", "no target of type proxmox");
    is(&report, "used", "ok", "");
}

/// A recording says the same as the run that made it.
#[test]
fn a_recording_says_the_same() {
    let lab = Lab::new(world(), &[]);
    lab.change(|store| {
        store.garbage = None;
        store.backups[0].verified = Some((now(), false));
    });
    lab.look(0);
    let live = lab.look_with(24 * 9, &["--record", "kept"]).json();
    let when = (now() + HOUR * 24 * 9).to_string();
    let again = lab.room.run(&["check", "-o", "json", "--state", "other.json", "--input", "proxmox=kept", "--now", &when]).json();
    for (name, ..) in KINDS {
        let [a, b] = [&live, &again].map(|report| (report.rule(name)["state"].clone(), report.rule(name)["value"].clone()));
        assert_eq!(a, b, "{name}");
    }
    is(&again, "garbage", "firing", "garbage was never collected");
    let replayed = lab.room.run(&["replay", "kept", "-o", "json"]);
    assert!(replayed.out.contains("damaged"), "{}{}", replayed.out, replayed.err);
}

#[test]
fn shown_explained_examined_and_set_up() {
    let lab = Lab::new(world(), &["used", "damaged"]);
    let shown = lab.room.run(&["show", "proxmox", "--kind", "datastore"]).exits(0);
    assert!(shown.out.contains("main") && shown.out.contains("available"), "{}", shown.out);
    let found = lab.room.run(&["doctor", "--now", &now().to_string()]);
    assert!(found.out.contains("Proxmox Backup Server 3.4.1; 1 datastores seen"), "{}", found.out);
    let explained = lab.room.run(&["explain", "used", "--now", &now().to_string()]);
    assert!(explained.out.contains("main"), "{}{}", explained.out, explained.err);
    lab.sim.set_now(Timestamp::now());
    // A target is added, tried, and gets the rules on what it tells.
    let room = Room::new();
    room.config("[run]\nsite = \"test\"\n");
    room.write("token", format!("pcemon@pbs!cron:{SECRET}\n"));
    let (url, pin) = (format!("urls={}", lab.sim.url()), format!("fingerprint={}", lab.sim.fingerprint()));
    let token = format!("token=file:{}", room.path("token").display());
    let ran = room.run(&["init", "target", "pbs", "name=backup", &url, &token, &pin, "--yes"]).exits(0);
    assert!(ran.out.contains("Proxmox Backup Server 3.4.1"), "{}{}", ran.out, ran.err);
    let config = std::fs::read_to_string(room.path("rules.toml")).unwrap_or_else(|_| ran.out.clone());
    for rule in ["Backup datastore filling", "Backup verification failed", "Backup garbage not collected"] {
        assert!(config.contains(&format!("name = \"{rule}\"")), "{config}");
    }
    assert!(!config.contains("Guest down"), "{config}");
    lab.sim.set_now(now());
    lab.sim.change(|world| world.grants.clear());
    let found = lab.room.run(&["doctor", "--now", &now().to_string()]);
    assert!(found.out.contains("Datastore.Audit on /datastore: proxmox-backup-manager acl update"), "{}", found.out);
}

/// A client that others wrote reads the simulated server as it reads a real one.
#[test]
fn proxmoxer_sees_the_same() {
    let Some(parts) = std::env::var_os("PCEMON_REAL_PARTS") else {
        let required = std::env::var_os("PCEMON_REQUIRE_REAL").is_some_and(|value| value == "1");
        assert!(!required, "PCEMON_REQUIRE_REAL=1, but PCEMON_REAL_PARTS is not set");
        return;
    };
    let mut world = world();
    world.stores[0].backups[1].verified = Some((now(), false));
    let sim = BackupServer::start(world, now()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let pem = folder.path().join("pbs.pem");
    std::fs::write(&pem, sim.pem()).unwrap();
    let output = Command::new(Path::new(&parts).join("bin/python"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/pbs_client.py"))
        .arg(sim.url().trim_start_matches("https://"))
        .args(["pcemon@pbs", "cron", SECRET])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["version"], &told["stores"], &told["full"]), (&json!("3.4.1"), &json!(["main"]), &json!([0.5])), "{told:#}");
    assert_eq!(told["groups"], json!([["vm", "100", 2], ["vm", "101", 2]]), "{told:#}");
    assert_eq!(told["failed"], json!(["100"]), "{told:#}");
    assert_eq!(told["refused"], 401);
}
