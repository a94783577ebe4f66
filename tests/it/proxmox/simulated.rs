//! The built program against the simulated cluster, over TLS and in the cluster's own time.

use crate::support::cli::{Checked, Ran, Room, at};
use jiff::{SignedDuration, Timestamp};
use pcemon::sim::proxmox::access::Entry;
use pcemon::sim::proxmox::cluster::{Cluster, Guest, Storage};
use pcemon::sim::proxmox::server::Proxmox;
use pcemon::sim::proxmox::task::Task;
use serde_json::json;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const SECRET: &str = "0e8b3c5a-5d1f-4f6e-9a57-2b7f1c9d4e60";

/// A rule for each of these, named after itself: `KIND METRIC`, with a threshold or without.
fn rule(kind: &str, metric: &str, more: &str) -> String {
    let group = if matches!(kind, "node" | "guest" | "storage" | "cluster") { kind } else { "node" };
    format!(
        "[[rules]]\nname = \"{kind} {metric}\"\nsource = \"proxmox\"\nmetric = \"{metric}\"\nmatch = {{ kind = [\"{kind}\"] }}\ngroup_by = [\"{group}\"]\n{more}\n"
    )
}

/// A cluster of three nodes, and the program that looks at it.
struct Lab {
    sim: Proxmox,
    room: Room,
}

fn now() -> Timestamp {
    at("12:00")
}

fn three(guests: Vec<Guest>) -> Cluster {
    let mut cluster = Cluster::new("lab", 3, now());
    cluster.guests = guests;
    cluster
}

fn vm(vmid: u32, node: &str) -> Guest {
    Guest::vm(vmid, &format!("vm{vmid}"), node, now() - MINUTE * 60)
}

impl Lab {
    fn new(cluster: Cluster, rules: &[String]) -> Lab {
        let lab = Lab { sim: Proxmox::start(cluster, now()).unwrap(), room: Room::new() };
        lab.room.write("ca.pem", lab.sim.ca_pem());
        lab.room.write("token", format!("pcemon@pve!cron={SECRET}\n"));
        lab.rules(rules);
        lab
    }

    fn rules(&self, rules: &[String]) {
        let urls = json!(self.sim.urls()).to_string();
        let target = format!("name = \"dc1\"\ntype = \"proxmox\"\nurls = {urls}\ntoken = {{ file = \"token\" }}\nca_file = \"ca.pem\"\n");
        self.room.config(&format!("[run]\nsite = \"test\"\n[[targets]]\n{target}\n{}", rules.join("")));
    }

    /// Moves the clock of the cluster and of the program, and looks.
    fn look(&self, minutes: i64) -> Ran {
        let now = now() + MINUTE * minutes as i32;
        self.sim.set_now(now).unwrap();
        self.room.run(&["check", "-o", "json", "--now", &now.to_string()])
    }

    fn change(&self, change: impl FnOnce(&mut Cluster)) {
        self.sim.change(change).unwrap();
    }
}

/// State and severity of a rule, and its remark.
fn told(report: &Checked, name: &str) -> (String, String, String) {
    let rule = report.rule(name);
    let text = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
    (text("state"), text("severity"), text("note"))
}

#[track_caller]
fn is(report: &Checked, name: &str, state: &str) {
    assert_eq!(report.rule(name)["state"], state, "{:#}", report.rule(name));
}

/// Times are those of the run: a guest that somebody stopped is not down, and rates and restarts are per simulated second.
#[test]
fn the_clock_is_that_of_the_run() {
    let rules = [
        rule("guest", "down", "critical = \">= 1\""),
        rule("guest", "net_in", "warning = \"> 100 Mbps\""),
        rule("guest", "restarts", "warning = \">= 1\""),
    ];
    let lab = Lab::new(three(vec![vm(100, "pve1"), vm(101, "pve2")]), &rules);
    lab.look(0).exits(0);
    lab.change(|cluster| cluster.guest(101).unwrap().start(now() + MINUTE * 5));
    let report = lab.look(10).exits(1).json();
    let first = &report.rule("guest net_in")["top"][0];
    assert_eq!((&first["src"], &first["value"]), (&json!("vm100 (100)"), &json!(16_000)), "{first:#}");
    is(&report, "guest restarts", "firing");
    lab.change(|cluster| {
        cluster.guest(100).unwrap().stop();
        cluster.tasks.push(Task { user: "alice@pam".into(), ..Task::new("pve1", "qmstop", "100", now() + MINUTE * 12) });
    });
    let report = lab.look(20).exits(0).json();
    is(&report, "guest down", "ok");
}

/// What is only remembered of a node that is offline is not how its guests are now, whatever the cluster still repeats.
#[test]
fn guests_and_storages_of_an_offline_node_are_unknown_at_once() {
    let rules = [
        rule("node", "status", ""),
        rule("guest", "status", ""),
        rule("guest", "down", "critical = \">= 1\""),
        rule("guest", "cpu", "warning = \"> 90 %\""),
        rule("guest", "net_in", "warning = \"> 100 Mbps\""),
        rule("storage", "used", "warning = \"> 90 %\""),
    ];
    let mut cluster = three(vec![vm(100, "pve1"), vm(101, "pve2")]);
    cluster.storages.push(Storage::new("nfs", "nfs", "images", true));
    let lab = Lab::new(cluster, &rules);
    lab.look(0).exits(0);
    let report = lab.look(1).exits(0).json();
    assert_eq!(report.rule("node status")["threshold"], "the record's own status");
    lab.change(|cluster| cluster.node("pve2").unwrap().down_since = Some(now() + MINUTE));
    let report = lab.look(3).exits(2).json();
    is(&report, "node status", "firing");
    for name in ["guest status", "guest down", "guest cpu", "guest net_in", "storage used"] {
        is(&report, name, "unknown");
    }
    for name in ["guest status", "guest down", "guest cpu", "guest net_in"] {
        let (_, _, note) = told(&report, name);
        assert!(note.contains("vm101 (101)") && note.contains("its node pve2 is offline"), "{name}: {note}");
    }
    // What is well for certain does not stand before what is not known.
    for name in ["guest status", "guest down"] {
        assert_eq!(report.rule(name)["top"][0]["src"], "vm101 (101)", "{:#}", report.rule(name));
    }
    // Back again, everything is known again.
    lab.change(|cluster| {
        cluster.node("pve2").unwrap().down_since = None;
        cluster.guest(101).unwrap().start(now() + MINUTE * 4);
    });
    lab.look(6).exits(0);
}

/// A storage that nodes share is known by those that are there, for as long as another is not.
#[test]
fn a_shared_storage_is_known_without_the_offline_node() {
    let rules = [rule("storage", "status", "critical = \">= 2\""), rule("storage", "used", "warning = \"> 50 %\"")];
    let mut cluster = three(vec![]);
    cluster.storages = vec![Storage { used: 600 << 30, ..Storage::new("nfs", "nfs", "images", true) }];
    let lab = Lab::new(cluster, &rules);
    lab.look(0).exits(1);
    lab.change(|cluster| cluster.node("pve2").unwrap().down_since = Some(now()));
    for minutes in [2, 60 * 24 * 7] {
        let report = lab.look(minutes).exits(1).json();
        is(&report, "storage status", "ok");
        is(&report, "storage used", "firing");
    }
    lab.change(|cluster| cluster.nodes.iter_mut().skip(1).for_each(|node| node.down_since = Some(now())));
    lab.change(|cluster| cluster.storages[0].nodes = Some(vec!["pve2".to_owned(), "pve3".to_owned()]));
    is(&lab.look(60 * 24 * 8).json(), "storage status", "unknown");
}

/// Figures that nobody renews are not those of now: no rate is 0 because nothing was heard.
#[test]
fn counters_of_a_node_whose_figures_stopped() {
    let rules = [rule("guest", "net_in", "warning = \"< 1 kbps\""), rule("node", "stale", "warning = \"> 1m\"")];
    let lab = Lab::new(three(vec![vm(100, "pve1"), vm(101, "pve2")]), &rules);
    lab.look(0);
    lab.look(1).exits(0);
    lab.change(|cluster| cluster.node("pve2").unwrap().silent_since = Some(now() + MINUTE));
    lab.look(2).json();
    let report = lab.look(4).exits(1).json();
    is(&report, "guest net_in", "unknown");
    is(&report, "node stale", "firing");
    assert!(told(&report, "guest net_in").2.contains("statistics of node pve2 stopped"), "{:#}", report.rule("guest net_in"));
    // What was sent meanwhile counts over the whole time.
    lab.change(|cluster| cluster.node("pve2").unwrap().silent_since = None);
    let report = lab.look(5).exits(0).json();
    assert_eq!(report.rule("guest net_in")["value"], json!(16_000), "{:#}", report.rule("guest net_in"));
}

/// A live node whose statistics stopped for good: its figures are gone, and why is known, because the right to see them is.
#[test]
fn a_node_that_is_forgotten_is_stale() {
    let rules = [rule("node", "stale", "warning = \"> 3m\""), rule("node", "status", "critical = \">= 2\"")];
    let lab = Lab::new(three(vec![vm(100, "pve2")]), &rules);
    lab.look(0).exits(0);
    lab.change(|cluster| cluster.node("pve2").unwrap().silent_since = Some(now()));
    for minutes in [10, 20] {
        let report = lab.look(minutes).exits(1).json();
        is(&report, "node stale", "firing");
        is(&report, "node status", "ok");
        let top = report.rule("node stale").to_string();
        assert!(top.contains("pve2") && top.contains("statistics stopped") && !top.contains("Sys.Audit"), "{top}");
    }
    // Where the right is missing, that is the reason.
    lab.change(|cluster| cluster.access.entries.push(Entry::new("/nodes/pve3", "pcemon@pve", &[])));
    let report = lab.look(21).json();
    assert!(!report.rule("node stale")["top"].to_string().contains("pve3"), "{:#}", report.rule("node stale"));
}

/// A lock that a killed backup left behind holds nothing: the guest does not run, and no task is at work.
#[test]
fn a_lock_that_was_left_behind() {
    let rules = [rule("guest", "down", "critical = \">= 1\"")];
    let lab = Lab::new(three(vec![vm(100, "pve1")]), &rules);
    lab.look(0).exits(0);
    // A backup that stops it: the state before holds for as long as it is at work.
    lab.change(|cluster| {
        let guest = cluster.guest(100).unwrap();
        guest.stop();
        guest.lock = Some("backup".to_owned());
        cluster.tasks.push(Task { end: None, ..Task::new("pve1", "vzdump", "", now() + MINUTE) });
    });
    lab.look(5).exits(0);
    lab.look(60 * 30).exits(0);
    // It is killed.
    lab.change(|cluster| cluster.tasks[0].end = Some(now() + MINUTE * 60 * 30));
    lab.look(60 * 31).exits(0);
    let report = lab.look(60 * 31 + 5).exits(2).json();
    assert!(report.rule("guest down").to_string().contains("left behind"), "{:#}", report.rule("guest down"));
}

/// Without the right to see tasks a lock holds for a day.
#[test]
fn a_lock_without_a_view_of_tasks_holds_for_a_day() {
    let rules = [rule("guest", "down", "critical = \">= 1\"")];
    let mut cluster = three(vec![vm(100, "pve1")]);
    cluster.access.entries = vec![Entry::new("/vms", "pcemon@pve", &["VM.Audit"])];
    let lab = Lab::new(cluster, &rules);
    lab.look(0).exits(0);
    lab.change(|cluster| {
        let guest = cluster.guest(100).unwrap();
        guest.stop();
        guest.lock = Some("backup".to_owned());
    });
    lab.look(5).exits(0);
    lab.look(60 * 23).exits(0);
    lab.look(60 * 25).exits(2);
}

/// The name of a token is no secret: the line that grants a right can be copied.
#[test]
fn advice_names_the_token() {
    let lab = Lab::new(three(vec![vm(100, "pve1")]), &[rule("guest", "down", "critical = \">= 1\"")]);
    lab.change(|cluster| cluster.access.tokens[0].separated = true);
    let ran = lab.look(0).exits(3);
    let said = ran.json().0["sources"][0]["error"].to_string();
    assert!(said.contains("pveum acl modify / --tokens 'pcemon@pve!cron' --roles PVEAuditor"), "{said}");
    assert!(said.contains("--users pcemon@pve)"), "{said}");
    lab.change(|cluster| cluster.access.tokens[0].refused = Some("token expired".to_owned()));
    let refused = lab.look(1).exits(3);
    let said = refused.json().0["sources"][0]["error"].to_string();
    assert!(said.contains("refuses the token pcemon@pve!cron (401)"), "{said}");
    let found = lab.room.run(&["doctor"]);
    for text in [ran.out, ran.err, refused.out, refused.err, found.out, found.err] {
        assert!(!text.contains(SECRET) && !text.contains("[hidden]"), "{text}");
    }
}

/// A rate is known from the second look on; until then a rule on it learns, and so it does of a guest that has just started.
#[test]
fn rates_are_learned() {
    let rules = [rule("guest", "net_in", "warning = \"> 100 Mbps\"")];
    let lab = Lab::new(three(vec![vm(100, "pve1"), Guest { state: "stopped".to_owned(), ..vm(101, "pve1") }]), &rules);
    let report = lab.look(0).exits(0).json();
    let (state, _, note) = told(&report, "guest net_in");
    assert_eq!(state, "ok");
    assert!(note.contains("vm100 (100)") && note.contains("from the second run on"), "{note}");
    assert_eq!(report.rule("guest net_in")["lower_bound"], true, "{:#}", report.rule("guest net_in"));
    let report = lab.look(5).exits(0).json();
    assert_eq!((told(&report, "guest net_in").2, report.value("guest net_in")), (String::new(), 16_000.0));
    lab.change(|cluster| cluster.guest(101).unwrap().start(now() + MINUTE * 6));
    let report = lab.look(10).exits(0).json();
    assert!(told(&report, "guest net_in").2.contains("vm101 (101)"), "{:#}", report.rule("guest net_in"));
    assert_eq!(told(&lab.look(15).exits(0).json(), "guest net_in").2, "");
}

/// A node may have more than one vote.
#[test]
fn votes_are_those_of_the_config() {
    let lab = Lab::new(three(vec![]), &[rule("cluster", "votes_margin", "warning = \"< 1\"")]);
    assert_eq!(lab.look(0).exits(0).json().value("cluster votes_margin"), 1.0);
    lab.change(|cluster| cluster.node("pve1").unwrap().votes = 3);
    assert_eq!(lab.look(1).exits(0).json().value("cluster votes_margin"), 2.0);
    // The one with most of them left: what is still there has no vote to lose.
    lab.change(|cluster| {
        cluster.node("pve1").unwrap().votes = 2;
        cluster.node("pve1").unwrap().down_since = Some(now());
        cluster.qdevice = json!({ "State": "Connected" });
    });
    assert_eq!(lab.look(2).exits(1).json().value("cluster votes_margin"), 0.0);
    // Whoever may not read them does not know.
    lab.change(|cluster| cluster.access.entries = vec![Entry::new("/vms", "pcemon@pve", &["VM.Audit"])]);
    assert_eq!(lab.look(3).json().rule("cluster votes_margin")["state"], "firing");
}

/// Calls that only one metric needs are made for that metric alone.
#[test]
fn what_no_rule_reads_is_not_asked() {
    let plain = [
        rule("cluster", "status", ""),
        rule("node", "status", ""),
        rule("guest", "down", "warning = \">= 1\""),
        rule("storage", "status", ""),
    ];
    let lab = Lab::new(three(vec![vm(100, "pve1")]), &plain);
    let asked = |rules: &[String]| -> Vec<String> {
        lab.rules(rules);
        lab.sim.forget_calls();
        lab.look(0);
        let mut paths: Vec<String> = lab.sim.calls().into_iter().map(|call| call.path).collect();
        paths.sort();
        paths
    };
    let three = ["access/permissions", "cluster/resources", "cluster/status"];
    assert_eq!(asked(&plain), three);
    let more = |metric: &str, more: &[&str]| {
        let kind = if metric == "unprotected" { "guest" } else { "cluster" };
        let mut want: Vec<&str> = three.iter().chain(more).copied().collect();
        want.sort();
        assert_eq!(asked(&[rule(kind, metric, "warning = \"> 99\"")]), want, "{metric}");
    };
    more("votes_margin", &["cluster/config/nodes", "cluster/config/qdevice"]);
    more("unprotected", &["cluster/backup"]);
    more("nodes", &[]);
}

/// An endpoint whose pmxcfs is down is told of, though another one answers for the cluster.
#[test]
fn pmxcfs_is_down_on_the_first_endpoint() {
    let rules = [rule("node", "status", "warning = \">= 1\""), rule("guest", "down", "critical = \">= 1\"")];
    let lab = Lab::new(three(vec![vm(100, "pve1"), vm(101, "pve2")]), &rules);
    lab.look(0).exits(0);
    lab.change(|cluster| cluster.node("pve1").unwrap().pmxcfs_down_since = Some(now() + MINUTE));
    let report = lab.look(2).exits(1).json();
    is(&report, "node status", "firing");
    let rule = report.rule("node status").to_string();
    assert!(rule.contains("pve1") && rule.contains("pmxcfs does not answer there (systemctl status pve-cluster)"), "{rule}");
    is(&report, "guest down", "ok");
}

/// Three calls for the whole cluster, one for each kind that is asked once, one for each node and kind that is asked there:
/// guests cost nothing.
#[test]
fn calls_of_a_large_cluster() {
    let rules = [
        rule("guest", "down", "critical = \">= 1\""),
        rule("storage", "used", "warning = \"> 90 %\""),
        rule("ha", "status", ""),
        rule("disk", "status", ""),
        rule("certificate", "cert_expiry", "warning = \"< 3d\""),
    ];
    let lab = Lab::new(Cluster::large(16, 500, now()), &rules);
    let report = lab.look(0).json();
    assert!(report.rule("guest down")["matched"].as_u64() == Some(500), "{:#}", report.rule("guest down"));
    let calls: Vec<String> = lab.sim.calls().into_iter().map(|call| call.path).collect();
    let of_nodes = |end: &str| calls.iter().filter(|path| path.starts_with("nodes/") && path.ends_with(end)).count();
    assert_eq!((calls.len(), of_nodes("/disks/list"), of_nodes("/certificates/info")), (3 + 1 + 16 * 2, 16, 16), "{calls:?}");
    assert!(lab.sim.most_at_once("pve1") <= 3);
}
