//! Finished tasks: the simulated cluster asked over its real sockets, and what its answers mean.

use super::fixture::{SECOND, line, permissions, status};
use crate::support::cli::{Checked, Ran, Room, at};
use jiff::{SignedDuration, Timestamp};
use pcemon::sim::proxmox::access::Entry;
use pcemon::sim::proxmox::cluster::{Cluster, Guest};
use pcemon::sim::proxmox::server::Proxmox;
use pcemon::sim::proxmox::task::Task;
use serde_json::{Value, json};

/// Places where Proxmox says "none" by leaving a key out.
pub const NONE: &[&str] = &["data/nodes/pve1/tried", "data/nodes/pve2/tried"];

fn row(node: &str, kind: &str, id: &str, (started, ended): (i64, i64), outcome: &str) -> Value {
    json!({ "upid": format!("UPID:{node}:00001ABC:0012D687:{started:08X}:{kind}:{id}:root@pam:"), "node": node, "pid": 6844,
        "starttime": started, "type": kind, "id": id, "user": "root@pam", "endtime": ended, "status": outcome })
}

/// The answer of a cluster of two nodes.
pub fn rows() -> Vec<Value> {
    let resources = json!([
        { "type": "node", "node": "pve1", "status": "online" },
        { "type": "node", "node": "pve2", "status": "online" },
        { "type": "qemu", "vmid": 100, "name": "web" },
    ]);
    let first = json!([
        row("pve1", "vzdump", "100", (SECOND - 1_800, SECOND - 100), "OK"),
        row("pve1", "qmstart", "100", (SECOND - 130, SECOND - 120), "start failed: QEMU exited with code 1"),
    ]);
    let second = json!([row("pve2", "vzdump", "", (SECOND - 2_400, SECOND - 200), "WARNINGS: 2")]);
    vec![
        line("asked", &json!({ "token": "pcemon@pve!cron", "from": "2026-11-19T08:00:00Z" })),
        permissions(),
        status(1, &[("pve1", 1), ("pve2", 1)]),
        line("/cluster/resources", &resources),
        line("/nodes/pve1/tasks?source=archive&start=0&limit=50", &first),
        line("/nodes/pve2/tasks?source=archive&start=0&limit=50", &second),
    ]
}

/// Rules on it.
pub const RULES: &str = r#"
[[rules]]
name = "failed"
source = "proxmox_tasks"
match = { status = ["error", "unknown"] }
window = "1h"
group_by = ["task_type"]
warning = ">= 1"
[[rules]]
name = "no backup"
source = "proxmox_tasks"
match = { task_type = ["vzdump"], status = ["ok", "warnings"] }
window = "26h"
critical = "< 1"
[[rules]]
name = "long"
source = "proxmox_tasks"
metric = "duration"
window = "26h"
warning = "> 4h"
[[rules]]
name = "web"
source = "proxmox_tasks"
match = { guest = ["web"] }
window = "26h"
warning = ">= 2"
[[rules]]
name = "users"
source = "proxmox_tasks"
metric = "distinct:user"
window = "26h"
warning = ">= 2"
[[rules]]
name = "of the second node"
source = "proxmox_tasks"
match = { node = ["pve2"], status = ["error"] }
window = "1h"
warning = ">= 1"
"#;

const FAILED: &str = "[[rules]]\nname = \"failed\"\nsource = \"proxmox_tasks\"\nmatch = { status = [\"error\"] }\nwindow = \"1h\"\nwarning = \">= 1\"\ncritical = \">= 10\"\n";
const BACKUP: &str = "[[rules]]\nname = \"no backup\"\nsource = \"proxmox_tasks\"\nmatch = { task_type = [\"vzdump\"], status = [\"ok\", \"warnings\"] }\nwindow = \"26h\"\ncritical = \"< 1\"\n";

/// A simulated cluster and a room that watches it.
struct Lab {
    sim: Proxmox,
    room: Room,
}

impl Lab {
    fn new(cluster: Cluster, rules: &str) -> Lab {
        let sim = Proxmox::start(cluster, at("12:00")).unwrap();
        let room = Room::new();
        room.write("token", "pcemon@pve!cron=0e8b3c5a-5d1f-4f6e-9a57-2b7f1c9d4e60\n");
        room.write("ca.pem", sim.ca_pem());
        let url = sim.url("pve1");
        room.config(&format!(
            "[run]\nsite = \"test\"\n[[targets]]\nname = \"dc1\"\ntype = \"proxmox\"\nurls = [\"{url}\"]\ntoken = {{ file = \"token\" }}\nca_file = \"ca.pem\"\n{rules}"
        ));
        Lab { sim, room }
    }

    fn two(rules: &str) -> Lab {
        Lab::new(Cluster::new("dc1", 2, at("12:00")), rules)
    }

    fn add(&self, tasks: impl IntoIterator<Item = Task>) {
        self.sim.change(|cluster| cluster.tasks.extend(tasks)).unwrap();
    }

    /// One cycle at this time, with more arguments.
    fn check(&self, now: &str, more: &[&str]) -> Ran {
        let now = if now.len() == 5 { at(now) } else { now.parse().unwrap() };
        self.sim.set_now(now).unwrap();
        self.room.run(&[&["check", "-o", "json", "--now", &now.to_string()], more].concat())
    }

    /// The calls for tasks since the last time.
    fn asked(&self) -> Vec<String> {
        let whole =
            |path: String, query: Vec<(String, String)>| query.into_iter().fold(path, |path, (key, value)| format!("{path}&{key}={value}"));
        let calls =
            self.sim.calls().into_iter().filter(|call| call.path.contains("/tasks")).map(|call| whole(call.path, call.query)).collect();
        self.sim.forget_calls();
        calls
    }
}

fn ended(task: Task, end: Timestamp) -> Task {
    Task { end: Some(end), ..task }
}

fn failures(count: i64, node: &str, first: Timestamp) -> Vec<Task> {
    let one = |number: i64| {
        let task = Task::failed(node, "qmstart", &(100 + number).to_string(), first + SignedDuration::from_secs(number), "it broke");
        Task { pid: 5_000 + number as u32, ..task }
    };
    (0..count).map(one).collect()
}

fn state(report: &Checked, name: &str) -> (Value, f64, Value) {
    let rule = report.rule(name);
    (rule["state"].clone(), report.value(name), rule["severity"].clone())
}

/// The list of the cluster holds 25; every failure since the run before is found, page after page.
#[test]
fn every_failure_is_found() {
    let lab = Lab::two(FAILED);
    let report = lab.check("12:00", &[]).exits(0).json();
    assert_eq!(report.value("failed"), 0.0);
    lab.add(failures(30, "pve1", at("12:00:10")));
    lab.add([Task { status: "WARNINGS: 2".to_owned(), ..Task::new("pve2", "vzdump", "", at("12:00:10")) }]);
    lab.asked();
    let report = lab.check("12:05", &[]).exits(2).json();
    assert_eq!(state(&report, "failed"), (json!("firing"), 30.0, json!("critical")));
    assert!(lab.asked().iter().all(|path| path.contains("start=0") && path.starts_with("nodes/")), "one page is enough");
    lab.add(failures(70, "pve2", at("12:06")));
    let report = lab.check("12:10", &[]).exits(2).json();
    assert_eq!(report.value("failed"), 100.0);
    assert!(lab.asked().iter().any(|path| path.contains("start=50")));
    // What is known is not read again, and counts as long as the window lasts.
    let report = lab.check("12:15", &[]).exits(2).json();
    assert_eq!(report.value("failed"), 100.0);
    assert_eq!(lab.asked().len(), 2);
    let report = lab.check("13:30", &[]).exits(0).json();
    assert_eq!(report.value("failed"), 0.0);
}

/// A task that runs over several runs and began before any of them counts once, when it has ended.
#[test]
fn a_long_task_counts_once() {
    let lab = Lab::two(&format!(
        "{FAILED}[[rules]]\nname = \"long\"\nsource = \"proxmox_tasks\"\nmetric = \"duration\"\nwindow = \"1h\"\nwarning = \"> 6h\"\n"
    ));
    let began = at("12:00") - SignedDuration::from_hours(50);
    lab.add([ended(Task::failed("pve1", "vzdump", "", began, "job errors"), at("12:12"))]);
    for time in ["12:00", "12:05", "12:10"] {
        assert_eq!(lab.check(time, &[]).exits(0).json().value("failed"), 0.0, "{time}");
    }
    for time in ["12:15", "12:20"] {
        let report = lab.check(time, &[]).exits(1).json();
        assert_eq!((report.value("failed"), report.value("long")), (1.0, 50.0 * 3600.0 + 720.0), "{time}");
    }
}

/// An index that lost tasks since the run before makes the value a lower bound, until the window has passed.
#[test]
fn an_index_that_rotated_is_told() {
    let lab = Lab::two(FAILED);
    lab.add([Task::new("pve1", "qmstart", "100", at("11:50"))]);
    lab.check("12:00", &[]).exits(0);
    lab.sim.change(|cluster| cluster.tasks_kept = 20).unwrap();
    let fine = |first: &str| failures(25, "pve1", at(first)).into_iter().map(|task| Task { status: "OK".to_owned(), ..task });
    lab.add(failures(3, "pve1", at("12:01")).into_iter().chain(fine("12:02")));
    for time in ["12:05", "12:10"] {
        let report = lab.check(time, &[]).exits(3).json();
        let rule = report.rule("failed");
        assert_eq!((&rule["state"], report.value("failed")), (&json!("unknown"), 0.0), "{rule:#}");
        assert!(rule["note"].as_str().unwrap().contains("does not reach back so far"), "{rule:#}");
    }
    // What can be seen counts, whatever else there may have been.
    lab.add(failures(1, "pve2", at("12:11")));
    let report = lab.check("12:15", &[]).json();
    assert_eq!(report.rule("failed")["state"], "firing");
    lab.check("13:30", &[]).exits(0);
}

/// Without the right to see the tasks of others a node is not calm; the other one still is what it is.
#[test]
fn a_node_that_may_not_be_looked_at() {
    let lab = Lab::two(&format!(
        "{FAILED}[[rules]]\nname = \"second\"\nsource = \"proxmox_tasks\"\nmatch = {{ node = [\"pve2\"] }}\nwindow = \"1h\"\nwarning = \">= 1\"\n"
    ));
    let audit = |cluster: &mut Cluster, paths: &[&str]| {
        cluster.access.entries = paths.iter().map(|path| Entry::new(path, "pcemon@pve", &["Sys.Audit"])).collect();
    };
    lab.sim.change(|cluster| audit(cluster, &["/nodes/pve2"])).unwrap();
    lab.add(failures(1, "pve1", at("11:59")));
    let report = lab.check("12:00", &[]).exits(3).json();
    assert_eq!((&report.rule("failed")["state"], &report.rule("second")["state"]), (&json!("unknown"), &json!("ok")));
    let note = report.rule("failed")["note"].to_string();
    assert!(note.contains("Sys.Audit on /nodes/pve1: pveum acl modify / --tokens 'pcemon@pve!cron' --roles PVEAuditor"), "{note}");
    assert!(lab.asked().iter().all(|path| !path.contains("pve1")), "what would be filtered is not asked for");
    lab.sim.change(|cluster| audit(cluster, &["/"])).unwrap();
    assert_eq!(lab.check("12:05", &[]).exits(1).json().value("failed"), 1.0);
}

/// A node that is offline is unknown; when it is back, what failed meanwhile is told, however long ago.
#[test]
fn a_node_that_was_away() {
    let lab = Lab::two(FAILED);
    lab.check("12:00", &[]).exits(0);
    lab.add(failures(2, "pve2", at("12:01")));
    lab.sim.change(|cluster| cluster.node("pve2").unwrap().down_since = Some(at("12:02"))).unwrap();
    for time in ["12:05", "12:30", "14:00"] {
        let report = lab.check(time, &[]).exits(3).json();
        assert_eq!(report.rule("failed")["state"], "unknown", "{time}");
        assert!(report.rule("failed")["note"].to_string().contains("pve2"), "{:#}", report.rule("failed"));
    }
    lab.sim.change(|cluster| cluster.node("pve2").unwrap().down_since = None).unwrap();
    let report = lab.check("14:05", &[]).exits(1).json();
    assert_eq!((&report.rule("failed")["state"], report.value("failed")), (&json!("firing"), 2.0));
    lab.check("14:10", &[]).exits(0);
}

/// A window of which it is not told how its tasks ended is not calm, however certain the one of now is.
#[test]
fn what_came_late_and_is_not_told_is_not_calm() {
    let lab = Lab::two(&FAILED.replace(">= 1\"", ">= 2\""));
    lab.check("12:00", &[]).exits(0);
    let untold = |task: Task| Task { status: String::new(), ..task };
    lab.add(failures(2, "pve2", at("12:01")).into_iter().map(untold));
    lab.sim.change(|cluster| cluster.node("pve2").unwrap().down_since = Some(at("12:02"))).unwrap();
    lab.check("12:05", &[]).exits(3);
    lab.sim.change(|cluster| cluster.node("pve2").unwrap().down_since = None).unwrap();
    lab.add(failures(1, "pve1", at("14:04")));
    let report = lab.check("14:05", &[]).exits(3).json();
    let rule = report.rule("failed");
    assert_eq!((&rule["state"], report.value("failed"), &rule["value_max"]), (&json!("unknown"), 1.0, &json!(2)), "{rule:#}");
}

/// A window is looked at anew in every run, and what changed in it is counted once all the same.
#[test]
fn a_change_in_a_window_counts_once() {
    let lab = Lab::two(
        "[[rules]]\nname = \"turned\"\nsource = \"proxmox_tasks\"\nmetric = \"changes:status\"\ngroup_by = [\"node\"]\nwindow = \"2h\"\nwarning = \">= 1\"\n",
    );
    lab.add([Task::new("pve1", "qmstart", "100", at("11:50"))]);
    lab.check("12:00", &[]).exits(0);
    lab.add(failures(2, "pve1", at("12:01")));
    // Both stand in the window, then the later one alone.
    for time in ["12:05", "12:10", "13:45", "13:55"] {
        assert_eq!(lab.check(time, &[]).exits(1).json().value("turned"), 1.0, "{time}");
    }
    lab.check("14:06", &[]).exits(0);
}

/// The nightly job did not run. The first run looks back over the window.
#[test]
fn the_job_that_did_not_run() {
    let lab = Lab::two(BACKUP);
    lab.sim.change(|cluster| cluster.guests.push(Guest::vm(100, "web", "pve1", at("11:00")))).unwrap();
    lab.add([Task::backup("pve1", &[100], &[], at("12:00") - SignedDuration::from_hours(15))]);
    let report = lab.check("12:00", &["--record", "kept"]).exits(0).json();
    assert_eq!(report.value("no backup"), 1.0);
    // A recording says the same, whoever reads it.
    let again =
        lab.room.run(&["check", "-o", "json", "--now", "2026-11-20T12:00:00Z", "--state", "other.json", "--input", "proxmox_tasks=kept"]);
    assert_eq!(again.exits(0).json().value("no backup"), 1.0);
    let replayed = lab.room.run(&["replay", "kept", "-o", "json"]);
    assert!(replayed.out.contains("no backup"), "{}{}", replayed.out, replayed.err);
    let report = lab.check("2026-11-21T00:30:00Z", &[]).exits(2).json();
    assert_eq!(state(&report, "no backup"), (json!("firing"), 0.0, json!("critical")));
    let shown = lab.room.run(&["show", "proxmox_tasks", "-o", "ndjson"]);
    assert!(shown.out.contains("\"task_type\":\"vzdump\"") && shown.out.contains("\"guest\":\"web\""), "{}{}", shown.out, shown.err);
}
