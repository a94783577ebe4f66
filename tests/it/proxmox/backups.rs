//! When each guest was backed up last: the simulated cluster asked over its real sockets, at several times.

use crate::support::cli::{Checked, Ran, Room, at};
use jiff::{SignedDuration, Timestamp};
use pcemon::sim::proxmox::access::Entry;
use pcemon::sim::proxmox::cluster::{Cluster, Guest};
use pcemon::sim::proxmox::server::Proxmox;
use pcemon::sim::proxmox::task::Task;
use serde_json::{Value, json};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const RULE: &str = "[[rules]]\nname = \"age\"\nsource = \"proxmox\"\nmetric = \"backup_age\"\ngroup_by = [\"guest\"]\nwarning = \"> 26h\"\ncritical = \"> 50h\"\n";

struct Lab {
    sim: Proxmox,
    room: Room,
}

fn now() -> Timestamp {
    at("12:00")
}

/// Three nodes; guests 100, 101, ... live on two of them by turns and have run for long.
fn cluster(guests: u32) -> Cluster {
    let mut cluster = Cluster::new("lab", 3, now());
    let node = |number: u32| if number.is_multiple_of(2) { "pve1" } else { "pve2" };
    cluster.guests = (100..100 + guests).map(|vmid| Guest::vm(vmid, &format!("vm{vmid}"), node(vmid), now() - HOUR * 500)).collect();
    cluster
}

impl Lab {
    fn new(cluster: Cluster) -> Lab {
        Lab::with(cluster, RULE)
    }

    fn with(cluster: Cluster, rules: &str) -> Lab {
        let lab = Lab { sim: Proxmox::start(cluster, now()).unwrap(), room: Room::new() };
        lab.room.write("ca.pem", lab.sim.ca_pem());
        lab.room.write("token", "pcemon@pve!cron=0e8b3c5a-5d1f-4f6e-9a57-2b7f1c9d4e60\n");
        let urls = json!(lab.sim.urls()).to_string();
        lab.room.config(&format!(
            "[run]\nsite = \"test\"\n[[targets]]\nname = \"dc1\"\ntype = \"proxmox\"\nurls = {urls}\ntoken = {{ file = \"token\" }}\nca_file = \"ca.pem\"\n{rules}"
        ));
        lab
    }

    fn add(&self, tasks: impl IntoIterator<Item = Task>) {
        self.sim.change(|cluster| cluster.tasks.extend(tasks)).unwrap();
    }

    /// One cycle so many hours later, with more arguments.
    fn look_with(&self, hours: i32, more: &[&str]) -> Ran {
        let now = now() + HOUR * hours;
        self.sim.set_now(now).unwrap();
        self.room.run(&[&["check", "-o", "json", "--now", &now.to_string()], more].concat())
    }

    fn look(&self, hours: i32) -> Checked {
        self.look_with(hours, &[]).json()
    }

    /// The logs that were read since the last time.
    fn logs(&self) -> usize {
        let read = self.sim.calls().into_iter().filter(|call| call.path.ends_with("/log")).count();
        self.sim.forget_calls();
        read
    }
}

/// Hours since the last good backup of a guest: the lower and the upper end.
fn hours(report: &Checked, guest: &str) -> (f64, Option<f64>) {
    let rule = report.rule("age");
    let found = rule["instances"].as_array().unwrap().iter().find(|one| one["group"]["guest"] == guest);
    let one = found.unwrap_or_else(|| panic!("{guest}: {rule:#}"));
    let low = one["value"].as_f64().unwrap_or_else(|| panic!("{one:#}"));
    let high = if one.get("value_max").is_none() { Some(low) } else { one["value_max"].as_f64() };
    let short = |seconds: f64| (seconds / 360.0).round() / 10.0;
    (short(low), high.map(short))
}

fn states(report: &Checked) -> Vec<(String, String)> {
    let instances = report.rule("age")["instances"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    instances.iter().map(|one| (text(&one["group"]["guest"]), text(&one["state"]))).collect()
}

/// A backup of forty guests whose name tells none of them, and one that failed; the log has more lines than one page
/// of Proxmox usually shows, and is read once.
#[test]
fn one_of_forty_failed() {
    let lab = Lab::new(cluster(40));
    let all: Vec<u32> = (100..140).collect();
    lab.add([
        Task::backup("pve1", &all, &[], now() - HOUR * 40),
        Task::backup("pve1", &all, &[(117, "no space left on device")], now() - HOUR * 16),
    ]);
    let report = lab.look_with(0, &[]).exits(1).json();
    assert_eq!(states(&report).into_iter().filter(|(_, state)| state == "firing").count(), 1);
    // Forty guests took eighty minutes.
    assert_eq!(hours(&report, "vm117"), (38.7, Some(38.7)));
    assert_eq!(lab.logs(), 2);
    let report = lab.look_with(1, &["-vv"]).exits(1).json();
    assert_eq!(hours(&report, "vm117"), (39.7, Some(39.7)));
    assert_eq!(lab.logs(), 0);
    // It is made up for by hand, and the guest has moved meanwhile: the task is on the node where it ran.
    lab.add([Task::backup("pve2", &[117], &[], now() + HOUR)]);
    lab.sim.change(|cluster| cluster.guest(117).unwrap().migrate("pve1", now() + HOUR)).unwrap();
    let report = lab.look_with(2, &[]).exits(0).json();
    assert_eq!((report.rule("age")["state"].as_str(), lab.logs()), (Some("ok"), 0));
}

/// A task that goes on says nothing yet; one that ended with warnings did back up.
#[test]
fn what_goes_on_and_what_ended_with_warnings() {
    let lab = Lab::new(cluster(2));
    lab.add([
        Task::backup("pve1", &[100, 101], &[], now() - HOUR * 27),
        Task { end: None, ..Task::backup("pve1", &[100, 101], &[], now() - HOUR) },
        Task { status: "WARNINGS: 1".to_owned(), ..Task::backup("pve2", &[101], &[], now() - HOUR * 2) },
    ]);
    let report = lab.look_with(0, &[]).exits(1).json();
    assert_eq!(hours(&report, "vm100"), (26.9, Some(26.9)));
    assert_eq!(states(&report).iter().filter(|(_, state)| state == "firing").count(), 1, "{:#}", report.rule("age"));
}

/// Of a guest without any backup the age counts from where tasks are known; of one that came to be, from then on.
#[test]
fn a_guest_without_any_backup() {
    let lab = Lab::new(cluster(2));
    let ok = |hour: i32| Task::backup("pve1", &[100], &[], now() + HOUR * hour);
    // All nodes know tasks of the last thirty hours.
    let other = |node: &str| Task::new(node, "qmstart", "100", now() - HOUR * 31);
    lab.add([ok(-30), other("pve2"), other("pve3"), ok(-6)]);
    let report = lab.look(0);
    assert_eq!(hours(&report, "vm101"), (30.0, None));
    assert_eq!(report.rule("age")["severity"], "warning");
    lab.sim.change(|cluster| cluster.guests.push(Guest::vm(102, "vm102", "pve1", now() + HOUR))).unwrap();
    lab.look(1);
    lab.add([ok(18)]);
    let report = lab.look(21);
    assert_eq!(states(&report).iter().filter(|(_, state)| state == "firing").count(), 1, "{:#}", report.rule("age"));
    let report = lab.look(28);
    assert_eq!(hours(&report, "vm102"), (27.0, Some(27.0)));
    assert!(report.rule("age").to_string().contains("vm102"));
    assert_eq!(hours(&report, "vm101").0, 58.0);
}

/// Without a right to see the tasks of others nothing is known, and it is said what grants it; never that nobody has a backup.
#[test]
fn without_the_right_nothing_is_known() {
    let lab = Lab::new(cluster(2));
    lab.add([Task::backup("pve1", &[100, 101], &[], now() - HOUR * 3)]);
    lab.sim
        .change(|cluster| {
            cluster.access.entries =
                ["/vms", "/storage"].map(|path| Entry::new(path, "pcemon@pve", &["VM.Audit", "Datastore.Audit"])).to_vec();
        })
        .unwrap();
    let ran = lab.look_with(0, &[]).exits(3);
    let report = ran.json();
    assert_eq!(report.rule("age")["state"], "unknown");
    assert!(report.0.to_string().contains("Sys.Audit on /nodes/pve1: pveum acl modify"), "{:#}", report.0);
}

/// A node that is off may have made a backup before it went; while that would be young enough, nobody knows.
#[test]
fn a_node_that_is_off_may_have_made_one() {
    let lab = Lab::new(cluster(2));
    lab.add([Task::backup("pve1", &[100, 101], &[], now() - HOUR * 20)]);
    lab.look_with(0, &[]).exits(0);
    lab.sim.change(|cluster| cluster.node("pve2").unwrap().down_since = Some(now() + HOUR)).unwrap();
    // Nothing is too old yet, whoever made what.
    assert_eq!(lab.look(2).rule("age")["state"], "ok");
    let report = lab.look(8);
    assert_eq!(report.rule("age")["state"], "unknown", "{:#}", report.rule("age"));
    assert!(report.rule("age").to_string().contains("node pve2 is offline"), "{:#}", report.rule("age"));
    // What it can have made is too old, too.
    let report = lab.look(30);
    assert_eq!((report.rule("age")["state"].as_str(), hours(&report, "vm100").0), (Some("firing"), 28.0), "{:#}", report.rule("age"));
}

/// More logs than one run reads: the latest first, and what is not read yet may hold anything.
#[test]
fn logs_that_are_still_to_be_read() {
    let lab = Lab::new(cluster(2));
    // Sixty nights of a job that has both, of which 101 fails but for the first.
    let nights = (0..60).map(|night| {
        let failed: &[(u32, &str)] = if night == 59 { &[] } else { &[(101, "it broke")] };
        Task { pid: 5_000 + night as u32, ..Task::backup("pve1", &[100, 101], failed, now() - HOUR * (24 * night + 3)) }
    });
    lab.add(nights.chain(["pve2", "pve3"].map(|node| Task::new(node, "qmstart", "100", now() - HOUR * 2_000))));
    let report = lab.look(0);
    assert_eq!((lab.logs(), hours(&report, "vm101")), (50, (1_202.9, None)));
    assert_eq!(report.rule("age")["severity"], "critical", "as young as the last log that was read it is not");
    let report = lab.look(1);
    assert_eq!((lab.logs(), hours(&report, "vm101")), (10, (1_419.9, Some(1_419.9))));
    assert_eq!(states(&report).iter().filter(|(_, state)| state == "firing").count(), 1);
}

/// A recorded run says the same as the run that made it, and what is remembered goes with it.
#[test]
fn a_recording_says_the_same() {
    let lab = Lab::new(cluster(3));
    lab.add([Task::backup("pve1", &[100, 101, 102], &[(101, "it broke")], now() - HOUR * 30)]);
    lab.look(0);
    let live = lab.look_with(1, &["--record", "kept"]).json();
    let now = (now() + HOUR).to_string();
    let again = lab.room.run(&["check", "-o", "json", "--state", "other.json", "--input", "proxmox=kept", "--now", &now]).json();
    let ages = |report: &Checked| ["vm100", "vm102"].map(|guest| hours(report, guest));
    assert_eq!((ages(&live), ages(&again)), ([(30.9, Some(30.9)); 2], [(30.9, Some(30.9)); 2]));
}

/// An index that rotated may have lost a backup, though none was ever in it: what ended before its oldest task is not known.
#[test]
fn an_index_without_a_backup_that_rotated() {
    let first = RULE.replace("\"age\"", "\"first\"").replace("group_by", "match = { vmid = [\"100\"] }\ngroup_by");
    let lab = Lab::with(cluster(2), &format!("{RULE}{first}"));
    lab.add(["pve1", "pve2", "pve3"].map(|node| Task::new(node, "qmstart", "100", now() - HOUR * 60)));
    lab.add([Task::backup("pve1", &[100], &[], now() - HOUR * 6)]);
    let report = lab.look(0);
    assert_eq!((hours(&report, "vm101"), states(&report).len()), ((60.0, None), 1));
    // Both are backed up on the other node, and that is forgotten before anybody looks.
    lab.add([Task::backup("pve2", &[100, 101], &[], now() + SignedDuration::from_mins(1))]);
    lab.add((0..25).map(|number| Task::new("pve2", "qmstart", "100", now() + SignedDuration::from_mins(30 + number))));
    lab.sim.change(|cluster| cluster.tasks_kept = 20).unwrap();
    let report = lab.look(2);
    assert_eq!((hours(&report, "vm101"), states(&report).len()), ((1.4, None), 1), "{:#}", report.rule("age"));
    let report = lab.look(24);
    let rule = report.rule("first");
    assert_eq!((&rule["state"], &rule["value"], &rule["value_max"]), (&json!("unknown"), &json!(84_290), &json!(107_880)), "{rule:#}");
    assert!(rule["note"].to_string().contains("the task index of node pve2 has lost"), "{rule:#}");
    // What is known to be good is good, whatever was lost; what was lost is too old in the end.
    lab.add([Task::backup("pve1", &[100], &[], now() + HOUR * 24)]);
    let report = lab.look(30);
    assert_eq!((hours(&report, "vm101"), states(&report).len()), ((29.4, None), 1), "{:#}", report.rule("age"));
    assert_eq!(report.rule("age")["state"], "firing");
}

/// A backup that took longer than a run is apart from the next is found by its end, however long ago it began.
#[test]
fn a_backup_that_took_days() {
    let lab = Lab::new(cluster(1));
    lab.add([Task { end: Some(now() + HOUR), ..Task::backup("pve1", &[100], &[], now() - HOUR * 24 * 9) }]);
    lab.add((0..700).map(|number| Task::new("pve1", "qmstart", "100", now() - HOUR * 24 - SignedDuration::from_mins(number))));
    lab.look(0);
    lab.sim.forget_calls();
    assert_eq!(hours(&lab.look(30), "vm100"), (29.0, Some(29.0)));
    let pages = lab.sim.calls().into_iter().filter(|call| call.path.ends_with("pve1/tasks")).count();
    assert_eq!(pages, 1, "what is known is not read again");
}
