//! What endpoints do on a bad day, over their real sockets: refusals, closed connections, certificates, nodes that hang.

use crate::support::cli::{Checked, Ran, Room, at};
use jiff::{SignedDuration, Timestamp};
use pcemon::sim::proxmox::access::Entry;
use pcemon::sim::proxmox::cluster::{Cluster, Guest};
use pcemon::sim::proxmox::fault::{Action, Fault, Habits, Wording};
use pcemon::sim::proxmox::server::Proxmox;
use pcemon::sim::proxmox::tls::Authority;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const TOKEN: &str = "pcemon@pve!cron=0e8b3c5a-5d1f-4f6e-9a57-2b7f1c9d4e60";

fn rule(name: &str, kind: &str, more: &str) -> String {
    format!("[[rules]]\nname = \"{name}\"\nsource = \"proxmox\"\nmatch = {{ kind = [\"{kind}\"] }}\n{more}\n")
}

fn now() -> Timestamp {
    at("12:00")
}

fn cluster(nodes: u8) -> Cluster {
    let mut cluster = Cluster::new("lab", nodes, now());
    cluster.guests = vec![Guest::vm(100, "web", "pve1", now() - MINUTE * 600)];
    cluster
}

struct Lab {
    sim: Proxmox,
    room: Room,
    rules: String,
}

impl Lab {
    fn new(cluster: Cluster, rules: &[String]) -> Lab {
        let lab = Lab { sim: Proxmox::start(cluster, now()).unwrap(), room: Room::new(), rules: rules.join("") };
        lab.room.write("ca.pem", lab.sim.ca_pem());
        lab.room.write("token", format!("{TOKEN}\n"));
        lab.config(&["pve1", "pve2"], "ca_file = \"ca.pem\"\nrequest_timeout = \"700ms\"");
        lab
    }

    fn config(&self, endpoints: &[&str], more: &str) {
        let urls = json!(endpoints.iter().map(|node| self.sim.url(node)).collect::<Vec<_>>());
        let target = format!("name = \"dc1\"\ntype = \"proxmox\"\nurls = {urls}\ntoken = {{ file = \"token\" }}\n{more}\n");
        self.room.config(&format!("[run]\nsite = \"test\"\n[[targets]]\n{target}\n{}", self.rules));
    }

    fn look(&self, minutes: i32) -> Ran {
        let now = now() + MINUTE * minutes;
        self.sim.set_now(now).unwrap();
        self.room.run(&["check", "-o", "json", "--now", &now.to_string()])
    }

    fn faults(&self, faults: Vec<Fault>) {
        self.sim.set_faults(faults);
        self.sim.forget_calls();
    }

    /// Whom the calls went to.
    fn asked(&self, endpoint: &str) -> usize {
        self.sim.calls().iter().filter(|call| call.endpoint == endpoint).count()
    }
}

#[track_caller]
fn is(report: &Checked, name: &str, state: &str, words: &str) {
    let rule = report.rule(name);
    assert_eq!(rule["state"], state, "{rule:#}");
    assert!(rule.to_string().contains(words), "'{words}': {rule:#}");
}

/// What is said of the only target.
fn said(ran: &Ran) -> String {
    ran.json().0["sources"][0]["error"].to_string()
}

/// A refusal comes late, with a body or without, and in three spellings: it is told the same way.
#[test]
fn refusals_in_every_spelling() {
    let lab = Lab::new(cluster(2), &[rule("quorum", "cluster", ""), rule("disks", "disk", "")]);
    lab.sim.change(|cluster| cluster.access.tokens[0].refused = Some("token expired".to_owned())).unwrap();
    for login_body in [true, false] {
        lab.sim.set_habits(Habits { login_body, login_delay: Duration::from_millis(300), ..Habits::default() });
        lab.faults(Vec::new());
        let ran = lab.look(0).exits(3);
        assert!(said(&ran).contains("refuses the token pcemon@pve!cron (401)"), "{}", said(&ran));
        assert_eq!((lab.asked("pve1"), lab.asked("pve2")), (1, 0), "a wrong token is wrong everywhere");
    }
    lab.sim
        .change(|cluster| {
            cluster.access.tokens[0].refused = None;
            cluster.access.entries = vec![Entry::new("/vms", "pcemon@pve", &["VM.Audit"])];
        })
        .unwrap();
    for wording in [Wording::Message, Wording::DataNull, Wording::PhraseOnly] {
        lab.sim.set_habits(Habits { wording, ..Habits::default() });
        let report = lab.look(1).exits(3).json();
        is(&report, "quorum", "unknown", "Sys.Audit on /: pveum acl modify");
        is(&report, "disks", "unknown", "Sys.Audit on /nodes/pve");
    }
}

/// Whoever does not answer as Proxmox does is passed over for the next endpoint; a call of a node is not a call of the cluster.
#[test]
fn the_next_endpoint_is_asked() {
    let lab = Lab::new(cluster(3), &[rule("nodes", "node", "group_by = [\"node\"]")]);
    let answer = |status: u16, body: &str| Action::Answer(status, "Status".to_owned(), body.to_owned());
    let faults = [
        Action::Deny,
        Action::Drop,
        Action::Hang,
        Action::Cut,
        Action::Html(200),
        Action::Html(502),
        answer(595, ""),
        answer(596, ""),
        answer(200, ""),
        answer(500, "{\"data\":null}"),
    ];
    for action in faults {
        lab.faults(vec![Fault::new("pve1", if action == Action::Deny { "" } else { "cluster/status" }, .., action.clone())]);
        let ran = lab.look(0);
        assert_eq!(ran.code, 0, "{action:?}: {}{}", ran.out, ran.err);
        assert_eq!(lab.asked("pve2"), 3, "{action:?}");
    }
    lab.faults(Vec::new());
    lab.sim.change(|cluster| cluster.node("pve1").unwrap().down_since = Some(now())).unwrap();
    is(&lab.look(1).json(), "nodes", "firing", "pve1");
    lab.sim.change(|cluster| cluster.node("pve1").unwrap().down_since = None).unwrap();
    lab.look(2).exits(0);
    // Nobody is left.
    lab.faults(vec![Fault::new("", "", .., Action::Deny)]);
    let ran = lab.look(3).exits(3);
    assert!(said(&ran).contains("ALLOW_FROM"), "{}", said(&ran));
}

/// A certificate that is not the expected one is told, even when another endpoint works; a fingerprint has three spellings.
#[test]
fn fingerprints() {
    let lab = Lab::new(cluster(2), &[rule("nodes", "node", "group_by = [\"node\"]")]);
    let pin = lab.sim.fingerprint("pve2");
    for spelling in [pin.clone(), pin.to_lowercase(), pin.replace(':', ""), pin.replace(':', "").to_lowercase()] {
        lab.config(&["pve1", "pve2"], &format!("fingerprint = [\"{spelling}\"]"));
        lab.faults(Vec::new());
        let ran = lab.look(0);
        is(&ran.json(), "nodes", "ok", "");
        assert!(said(&ran).contains(lab.sim.url("pve1").trim_start_matches("https://")), "{spelling}: {}", said(&ran));
        assert_eq!((lab.asked("pve1"), lab.asked("pve2")), (0, 3), "the token was shown to a stranger");
    }
    let clock = Timestamp::now();
    lab.sim.certify("pve2", None, clock - DAY, clock + DAY * 700).unwrap();
    let ran = lab.look(1).exits(3);
    assert!(said(&ran).contains(&lab.sim.fingerprint("pve2")), "{}", said(&ran));
}

/// Certificates as Proxmox makes them: of the cluster's CA, for the address that a node had when they were made.
#[test]
fn certificates() {
    let lab = Lab::new(cluster(2), &[rule("nodes", "node", "group_by = [\"node\"]")]);
    lab.look(0).exits(0);
    let clock = Timestamp::now();
    lab.config(&["pve1"], "ca_file = \"ca.pem\"");
    // It has another address than when it was made: its names are told, and one of them can be asked for.
    lab.sim.certify("pve1", Some(&["pve1", "pve1.example.com", "192.0.2.1"]), clock - DAY, clock + DAY * 700).unwrap();
    let ran = lab.look(1).exits(3);
    assert!(said(&ran).contains("pve1.example.com"), "{}", said(&ran));
    lab.config(&["pve1"], "ca_file = \"ca.pem\"\nserver_name = \"pve1.example.com\"");
    lab.look(1).exits(0);
    // It has expired. The certificate of the other node is good.
    lab.sim.certify("pve1", None, clock - DAY * 700, clock - DAY * 2).unwrap();
    lab.config(&["pve1"], "ca_file = \"ca.pem\"");
    let ran = lab.look(2).exits(3);
    assert!(said(&ran).contains("expired"), "{}", said(&ran));
    lab.config(&["pve1", "pve2"], "ca_file = \"ca.pem\"");
    let ran = lab.look(3);
    is(&ran.json(), "nodes", "ok", "");
    assert!(said(&ran).contains("expired"), "{}", said(&ran));
    // One node has a certificate of somebody else, which is known by its fingerprint.
    let other = Authority::new(clock - DAY, clock + DAY).unwrap().sign("pve1", "192.0.2.1", None, clock - DAY, clock + DAY * 90).unwrap();
    lab.sim.serve("pve1", &other).unwrap();
    let ran = lab.look(4);
    is(&ran.json(), "nodes", "ok", "");
    assert!(said(&ran).contains("CA"), "{}", said(&ran));
    lab.config(&["pve1", "pve2"], &format!("ca_file = \"ca.pem\"\nfingerprint = [\"{}\"]", other.fingerprint()));
    lab.faults(Vec::new());
    let ran = lab.look(5).exits(0);
    assert_eq!((said(&ran).as_str(), lab.asked("pve1")), ("null", 3));
}

/// Connections are closed after some requests, answers come in chunks and packed, and clocks differ: none of that matters.
#[test]
fn connections_as_in_the_field() {
    let mut cluster = Cluster::large(9, 300, now());
    cluster.guests[0].name = "first".to_owned();
    let rules = ["disk", "certificate", "service", "subscription", "replication"];
    let lab = Lab::new(cluster, &rules.map(|kind| rule(kind, kind, "metric = \"count\"\nwarning = \"> 1000000\"")));
    let usual = lab.look(0);
    let values = |ran: &Ran| rules.map(|kind| ran.json().rule(kind)["value"].clone());
    let skew = vec![("pve1".to_owned(), SignedDuration::from_secs(90))];
    for (requests, idle, chunked) in [(1, 5_000, false), (2, 5_000, true), (100, 1, true)] {
        let idle = Duration::from_millis(idle);
        lab.sim.set_habits(Habits { requests, idle, chunked, skew: skew.clone(), ..Habits::default() });
        let ran = lab.look(1);
        assert_eq!((ran.code, values(&ran)), (usual.code, values(&usual)), "{requests} {idle:?} {chunked}: {}", said(&ran));
    }
}

/// A node that cannot be reached, at once, late or never: its own records are unknown, and no others.
#[test]
fn a_node_that_cannot_be_reached() {
    let lab = Lab::new(
        cluster(3),
        &[
            rule("nodes", "node", "group_by = [\"node\"]"),
            rule("services", "service", "group_by = [\"node\"]\ncritical = \">= 2\""),
            rule("of the first", "service", "targets = [\"dc1\"]\ncritical = \">= 2\"")
                .replace("[\"service\"] }", "[\"service\"], node = [\"pve1\"] }"),
        ],
    );
    let away = |status: u16| Action::Answer(status, "No route to host".to_owned(), String::new());
    for action in [away(595), away(596), away(599), Action::Hang, Action::Drop] {
        lab.faults(vec![Fault::new("pve1", "nodes/pve2/", .., action.clone())]);
        let report = lab.look(0).exits(3).json();
        is(&report, "nodes", "ok", "");
        is(&report, "of the first", "ok", "");
        is(&report, "services", "unknown", "nodes/pve2/services");
        assert_eq!(lab.asked("pve2"), 0, "{action:?}: that is the node's trouble, not the endpoint's");
    }
    lab.faults(Vec::new());
    lab.look(1).exits(0);
}

/// One of nine nodes hangs: the run ends in time, names it, and knows what the others say.
#[test]
fn one_of_nine_nodes_hangs() {
    let kinds = ["disk", "certificate", "service", "subscription", "replication"];
    let lab = Lab::new(
        Cluster::large(9, 50, now()),
        &kinds.map(|kind| rule(kind, kind, "group_by = [\"node\"]\nmetric = \"count\"\nwarning = \"> 1000000\"")),
    );
    lab.config(&["pve1"], "ca_file = \"ca.pem\"\nrequest_timeout = \"1s\"\ntimeout = \"6s\"");
    lab.faults(vec![Fault::new("pve1", "nodes/pve5/", .., Action::Hang)]);
    let began = Instant::now();
    let ran = lab.look(0).exits(3);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(said(&ran).contains("/nodes/pve5/"), "{}", said(&ran));
    for other in ["pve4", "pve6"] {
        assert!(!said(&ran).contains(other), "{}", said(&ran));
    }
    for kind in kinds {
        is(&ran.json(), kind, "unknown", "pve5");
    }
    let calls = lab.sim.calls().iter().filter(|call| call.path.starts_with("nodes/") && call.status == 200).count();
    assert_eq!(calls, 8 * kinds.len());
    // Those that hang stay with the simulated endpoint, though nobody waits for them any more.
    assert!(lab.sim.most_at_once("pve1") <= 3 + kinds.len());
}

/// A node for itself is fine without a cluster, and stays fine when it joins one.
#[test]
fn a_lone_node_joins_a_cluster() {
    let mut lone = cluster(1);
    lone.name = None;
    let lab = Lab::new(
        lone,
        &[
            rule("quorum", "cluster", "group_by = [\"cluster\"]"),
            rule("guests", "guest", "group_by = [\"guest\"]"),
            rule("nodes", "node", "group_by = [\"node\"]"),
        ],
    );
    lab.config(&["pve1"], "ca_file = \"ca.pem\"");
    for minutes in [0, 1] {
        lab.look(minutes).exits(0);
    }
    lab.sim.change(|cluster| cluster.name = Some("lab".to_owned())).unwrap();
    let report = lab.look(2).exits(0).json();
    assert_eq!(report.rule("quorum")["matched"], 1);
    lab.look(3).exits(0);
    // Now it is one: looking like a lone node again is not calm.
    lab.sim.change(|cluster| cluster.node("pve1").unwrap().pmxcfs_down_since = Some(now() + MINUTE * 3)).unwrap();
    let report = lab.look(4).exits(3).json();
    for name in ["quorum", "guests"] {
        is(&report, name, "unknown", "pmxcfs");
    }
}

/// The same number in two clusters, the same name twice in one, and names that would write all over a terminal.
#[test]
fn names_and_numbers() {
    let down = |vmid: u32, name: &str| Guest { state: "io-error".to_owned(), ..Guest::vm(vmid, name, "pve1", now() - MINUTE * 600) };
    let mut first = cluster(1);
    let hostile = format!("a\nb\u{1b}[2Jc\u{202e}d{}", "x".repeat(10_000));
    first.guests = vec![down(100, "db"), down(101, "twin"), down(102, "twin"), down(103, &hostile), down(104, "")];
    let mut second = Cluster::new("other", 1, now());
    second.guests = vec![down(100, "mail")];
    let other = Proxmox::start(second, now()).unwrap();
    let by = |name: &str, group: &str| {
        format!("[[rules]]\nname = \"{name}\"\nsource = \"proxmox\"\nmetric = \"down\"\ngroup_by = [{group}]\ncritical = \">= 1\"\n")
    };
    let lab = Lab::new(first, &[by("number", "\"cluster\", \"vmid\""), by("name", "\"cluster\", \"guest\"")]);
    lab.room.write("other.pem", other.ca_pem());
    let more = format!(
        "ca_file = \"ca.pem\"\n[[targets]]\nname = \"dc2\"\ntype = \"proxmox\"\nurls = [\"{}\"]\ntoken = {{ file = \"token\" }}\nca_file = \"other.pem\"",
        other.url("pve1")
    );
    lab.config(&["pve1"], &more);
    let ran = lab.look(0).exits(2);
    let report = ran.json();
    let groups = |name: &str| report.rule(name)["instances"].as_array().unwrap().clone();
    assert_eq!((groups("number").len(), groups("name").len()), (6, 5), "{:#}", report.rule("name"));
    let twins: Vec<Value> = groups("name").into_iter().filter(|one| one["group"]["guest"] == "twin").collect();
    assert_eq!((twins.len(), &twins[0]["value"]), (1, &json!(2)));
    assert!(groups("name").iter().any(|one| one["group"]["guest"] == "104"), "{:#}", report.rule("name"));
    let table = lab.room.run(&["check", "--now", &now().to_string(), "--state", "other.json"]);
    for text in [&ran.out, &table.out, &table.err] {
        assert!(!text.contains(['\u{1b}', '\u{202e}']) && !text.contains(&"x".repeat(1_000)), "{text}");
    }
}

/// A QDevice: none at all is in order, a vote that is missing is not, while the quorum still holds.
#[test]
fn a_device_that_votes() {
    let lab = Lab::new(cluster(2), &[rule("device", "qdevice", ""), rule("quorum", "cluster", "group_by = [\"cluster\"]")]);
    lab.look(0).exits(0);
    for (state, code) in [("Connected", 0), ("Not connected", 1), ("Connecting", 1), ("Connected", 0)] {
        lab.sim.change(|cluster| cluster.qdevice = json!({ "State": state, "QNetd host": "192.0.2.9:5403" })).unwrap();
        let report = lab.look(1).exits(code).json();
        is(&report, "quorum", "ok", "");
    }
    lab.sim.change(|cluster| cluster.access.entries = vec![Entry::new("/vms", "pcemon@pve", &["VM.Audit"])]).unwrap();
    is(&lab.look(2).exits(3).json(), "device", "unknown", "Sys.Audit on /");
}

/// Ten thousand guests are three calls, and a few seconds.
#[test]
fn ten_thousand_guests() {
    let down = "metric = \"down\"\ngroup_by = [\"guest\"]\ncritical = \">= 1\"";
    let lab = Lab::new(Cluster::large(16, 10_000, now()), &[rule("down", "guest", down)]);
    lab.config(&["pve1"], "ca_file = \"ca.pem\"");
    let began = Instant::now();
    for minutes in [0, 1] {
        lab.sim.forget_calls();
        let report = lab.look(minutes).json();
        assert_eq!(report.rule("down")["matched"], 10_000);
        assert_eq!(lab.sim.calls().len(), 3);
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

/// What `doctor` says of each endpoint: certificate, version, clock, and rights for what rules want.
#[test]
fn doctor_names_certificate_version_clock_and_rights() {
    let lab = Lab::new(
        cluster(2),
        &[rule("disks", "disk", ""), rule("ceph", "ceph", ""), rule("updates", "update", "metric = \"count\"\nwarning = \">= 1\"")],
    );
    let doctor = |at: Timestamp| lab.room.run(&["doctor", "--now", &at.to_string()]);
    lab.sim.set_now(now()).unwrap();
    let found = doctor(now());
    assert!(found.out.contains("Sys.Modify on /nodes: pveum acl modify / --tokens 'pcemon@pve!cron' --roles PVEAdmin"), "{}", found.out);
    assert!(!found.out.contains("Sys.Audit on"), "{}", found.out);
    assert!(found.out.contains("Proxmox VE 9.") && found.out.contains("cluster lab has quorum"), "{}", found.out);
    for node in ["pve1", "pve2"] {
        assert!(found.out.contains(&lab.sim.fingerprint(node)), "{}", found.out);
    }
    // Without the rule, the right is not missed; without another right, what the rules want of it is.
    let rules = lab.rules.replace("[\"update\"]", "[\"disk\"]");
    let lab = Lab { rules, ..lab };
    lab.config(&["pve1"], "ca_file = \"ca.pem\"");
    let doctor = |at: Timestamp| lab.room.run(&["doctor", "--now", &at.to_string()]);
    assert!(!doctor(now()).out.contains("pveum"), "{}", doctor(now()).out);
    lab.sim.change(|cluster| cluster.access.entries = vec![Entry::new("/nodes", "pcemon@pve", &["Sys.Audit"])]).unwrap();
    let found = doctor(now());
    assert!(found.out.contains("Sys.Audit on /: pveum acl modify") && !found.out.contains("VM.Audit"), "{}", found.out);
    lab.sim.change(|cluster| cluster.access.entries = pcemon::sim::proxmox::access::Access::auditor().entries).unwrap();
    // Clocks, before and behind.
    for (seconds, words) in [(90, "its clock is 90 s ahead"), (-90, "its clock is 90 s behind"), (10, "")] {
        lab.sim.set_habits(Habits { skew: vec![("pve1".to_owned(), SignedDuration::from_secs(seconds))], ..Habits::default() });
        let found = doctor(now());
        let near = found.out.replace("89 s", "90 s").replace("91 s", "90 s");
        assert!(near.contains(words) && (!words.is_empty() || !near.contains("its clock")), "{}", found.out);
    }
    // Days that are left.
    let clock = Timestamp::now();
    lab.sim.set_habits(Habits::default());
    lab.sim.certify("pve1", None, clock - DAY, clock + DAY * 40).unwrap();
    lab.sim.set_now(clock + DAY * 30).unwrap();
    let found = doctor(clock + DAY * 30);
    let line = found.out.lines().find(|line| line.contains("certificate of dc1")).unwrap_or_else(|| panic!("{}", found.out));
    assert!(line.starts_with("warn") && line.contains("valid for 9d"), "{line}");
    lab.sim.set_now(clock).unwrap();
    let line = doctor(clock).out;
    assert!(
        line.lines().any(|line| line.starts_with("ok") && line.contains("certificate of dc1") && line.contains("valid for 39d")),
        "{line}"
    );
}

/// A target needs a config to stand in; where there is none, the command that makes one is named.
#[test]
fn without_a_config_the_first_command_is_named() {
    let room = Room::new();
    let path = room.path("none.toml");
    let init = || {
        let target = ["name=dc1", "urls=https://pve1.example.com", "token=PVE_TOKEN", "--offline", "--yes"];
        room.run(&[&["--config", path.to_str().unwrap(), "init", "target", "proxmox"][..], &target].concat())
    };
    let ran = init();
    let text = format!("{}{}", ran.out, ran.err);
    assert!(ran.code != 0 && text.contains("pcemon init") && text.contains(&format!("> {}", path.display())), "{text}");
    // As it says.
    room.write("none.toml", "[run]\nsite = \"lab\"\n");
    let ran = init();
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let config = std::fs::read_to_string(&path).unwrap();
    for name in ["Failed tasks", "Target unreachable", "Guest down"] {
        assert!(config.contains(&format!("name = \"{name}\"")), "{config}");
    }
    assert!(!config.contains("Backup datastore filling"), "{config}");
}

/// A config that an earlier version began has that rule under another name: it stays the only one.
#[test]
fn a_rule_of_another_name_that_does_the_same_is_enough() {
    let room = Room::new();
    let rule = "[[rules]]\nname = \"PCE unreachable\"\nsource = \"self\"\nmetric = \"failed_sources\"\ngroup_by = [\"target\"]\ncritical = \">= 1\"\n";
    room.config(&format!("[run]\nsite = \"lab\"\n{rule}"));
    room.run(&["init", "target", "proxmox", "name=dc1", "urls=https://pve1.example.com", "token=PVE_TOKEN", "--offline", "--yes"]).exits(0);
    let config = std::fs::read_to_string(room.path("rules.toml")).unwrap();
    assert!(config.contains("PCE unreachable") && !config.contains("Target unreachable"), "{config}");
    assert_eq!(config.matches("failed_sources").count(), 1, "{config}");
}
