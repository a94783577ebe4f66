//! The simulated Proxmox has the habits of a real one. Whoever reads it here knows nothing of pcemon's own reader.

use crate::support::cli::at;
use jiff::{SignedDuration, Timestamp};
use pcemon::sim::proxmox::access::{Entry, Token};
use pcemon::sim::proxmox::cluster::{Ceph, Cluster, Covers, Guest, Job, Pool, Storage, Unreachable, disks_of_all_kinds};
use pcemon::sim::proxmox::fault::{Action, Fault, Habits, Wording};
use pcemon::sim::proxmox::scene;
use pcemon::sim::proxmox::server::Proxmox;
use pcemon::sim::proxmox::task::Task;
use serde_json::{Value, json};
use std::time::Duration;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const TOKEN: &str = "PVEAPIToken=pcemon@pve!cron=0e8b3c5a-5d1f-4f6e-9a57-2b7f1c9d4e60";

/// A client that trusts the CA of the cluster.
struct Client<'s> {
    sim: &'s Proxmox,
    agent: ureq::Agent,
    token: String,
}

struct Got {
    status: u16,
    body: String,
    headers: ureq::http::HeaderMap,
}

impl Got {
    fn data(&self) -> Value {
        let mut whole: Value = serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body));
        whole["data"].take()
    }
}

impl<'s> Client<'s> {
    fn new(sim: &'s Proxmox) -> Client<'s> {
        let ca = ureq::tls::Certificate::from_pem(sim.ca_pem().as_bytes()).unwrap();
        let tls = ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::new_with_certs(&[ca])).build();
        let config =
            ureq::Agent::config_builder().tls_config(tls).http_status_as_error(false).timeout_global(Some(Duration::from_secs(30)));
        Client { sim, agent: config.build().new_agent(), token: TOKEN.to_owned() }
    }

    fn try_get(&self, node: &str, path: &str) -> Result<Got, ureq::Error> {
        let url = format!("{}/api2/json/{path}", self.sim.url(node));
        let mut answer = self.agent.get(&url).header("Authorization", &self.token).call()?;
        let body = answer.body_mut().with_config().limit(1 << 30).read_to_string()?;
        Ok(Got { status: answer.status().as_u16(), headers: answer.headers().clone(), body })
    }

    #[track_caller]
    fn get(&self, node: &str, path: &str) -> Got {
        self.try_get(node, path).unwrap()
    }

    #[track_caller]
    fn data(&self, node: &str, path: &str) -> Value {
        let got = self.get(node, path);
        assert_eq!(got.status, 200, "{path}: {}", got.body);
        got.data()
    }

    /// The record of `/cluster/resources` with this id.
    #[track_caller]
    fn resource(&self, node: &str, id: &str) -> Value {
        let all = self.data(node, "cluster/resources");
        all.as_array().unwrap().iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no {id} in {all:#}")).clone()
    }
}

fn now() -> Timestamp {
    at("12:00")
}

fn three() -> Proxmox {
    let mut cluster = Cluster::new("dc1", 3, now());
    cluster.guests = vec![Guest::vm(100, "web", "pve1", now() - MINUTE * 60), Guest::ct(101, "dns", "pve2", now() - MINUTE * 60)];
    Proxmox::start(cluster, now()).unwrap()
}

#[test]
fn a_client_that_trusts_the_clusters_ca_reads_every_node() {
    let sim = three();
    let client = Client::new(&sim);
    for node in ["pve1", "pve2", "pve3"] {
        let status = client.data(node, "cluster/status");
        assert_eq!((&status[0]["quorate"], &status[0]["name"]), (&json!(1), &json!("dc1")));
        let local: Vec<&Value> = status.as_array().unwrap().iter().filter(|row| row["local"] == 1).collect();
        assert_eq!((local.len(), &local[0]["name"]), (1, &json!(node)));
    }
    let guest = client.resource("pve1", "qemu/100");
    assert_eq!((&guest["uptime"], &guest["netin"], &guest["disk"]), (&json!(3600), &json!(3600 * 2000), &json!(0)), "{guest:#}");
    let pins: Vec<Value> = client.data("pve1", "nodes").as_array().unwrap().iter().map(|row| row["ssl_fingerprint"].clone()).collect();
    assert_eq!(pins, ["pve1", "pve2", "pve3"].map(|node| json!(sim.fingerprint(node))));
    assert_eq!(sim.calls().len(), 5);
}

#[test]
fn a_login_fails_with_words_in_the_status_line_and_a_refusal_comes_in_three_spellings() {
    let sim = three();
    let mut client = Client::new(&sim);
    client.token = "PVEAPIToken=pcemon@pve!cron=wrong".to_owned();
    let got = client.get("pve1", "version");
    assert_eq!((got.status, got.body.as_str()), (401, ""));
    sim.set_habits(Habits { login_body: true, ..Habits::default() });
    assert_eq!(client.get("pve1", "version").body, "invalid token value!\n");
    client.token = TOKEN.replacen("PVEAPIToken=", "PVEAPIToken ", 1).replace('!', "%21");
    assert_eq!(client.get("pve1", "version").status, 200, "a space and percent signs are read");
    sim.change(|cluster| cluster.access.entries.clear()).unwrap();
    for (wording, body) in [
        (Wording::Message, "{\"data\":null,\"message\":\"Permission check failed (/, Sys.Audit)\\n\"}"),
        (Wording::DataNull, "{\"data\":null}"),
        (Wording::PhraseOnly, ""),
    ] {
        sim.set_habits(Habits { wording, ..Habits::default() });
        let got = client.get("pve1", "cluster/status");
        assert_eq!((got.status, got.body.as_str()), (403, body));
        assert_eq!(got.headers["connection"], "close");
    }
}

#[test]
fn lists_are_filtered_and_a_separated_token_without_an_entry_sees_nothing() {
    let sim = three();
    let client = Client::new(&sim);
    sim.change(|cluster| cluster.access.tokens[0].separated = true).unwrap();
    let kinds = |all: &Value| all.as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(client.data("pve1", "access/permissions"), json!({}));
    assert_eq!(client.data("pve1", "cluster/resources?type=vm"), json!([]));
    // A node is listed without its figures.
    let node = client.resource("pve1", "node/pve1");
    assert_eq!((&node["status"], &node["cpu"]), (&json!("online"), &Value::Null));
    assert_eq!(client.get("pve1", "cluster/status").status, 403);
    // One pool, for user and token; the role without propagation holds at its path only.
    sim.change(|cluster| {
        cluster.pools = vec![Pool { name: "web".into(), guests: vec![100], storages: vec![] }];
        cluster.access.entries.push(Entry::new("/pool/web", "pcemon@pve!cron", &["VM.Audit", "Pool.Audit"]));
    })
    .unwrap();
    let all = client.data("pve1", "cluster/resources");
    assert_eq!(kinds(&all), ["pool", "qemu", "node", "node", "node", "sdn", "sdn", "sdn"], "{all:#}");
    let held = client.data("pve1", "access/permissions");
    assert_eq!(held["/vms/100"]["VM.Audit"], 1, "{held:#}");
    assert_eq!(held["/"], Value::Null);
    assert_eq!(client.data("pve1", "access/permissions?path=/vms/101"), json!({ "/vms/101": {} }));
    // NoAccess below a role.
    sim.change(|cluster| {
        cluster.access.tokens[0].separated = false;
        cluster.access.entries.push(Entry::new("/vms/101", "pcemon@pve", &[]));
    })
    .unwrap();
    assert_eq!(kinds(&client.data("pve1", "cluster/resources?type=vm")), ["qemu"]);
}

#[test]
fn figures_of_a_dead_node_freeze_and_then_vanish_with_the_names() {
    let sim = three();
    let client = Client::new(&sim);
    sim.change(|cluster| cluster.node("pve2").unwrap().down_since = Some(now())).unwrap();
    sim.set_now(now() + MINUTE * 4).unwrap();
    let guest = client.resource("pve1", "lxc/101");
    assert_eq!((&guest["status"], &guest["uptime"], &guest["name"]), (&json!("running"), &json!(3600), &json!("dns")));
    let node = client.resource("pve1", "node/pve2");
    assert_eq!((&node["status"], &node["cpu"], node["maxcpu"].is_null()), (&json!("offline"), &Value::Null, false));
    sim.set_now(now() + MINUTE * 6).unwrap();
    let guest = client.resource("pve1", "lxc/101");
    assert_eq!(guest, json!({ "id": "lxc/101", "node": "pve2", "status": "unknown", "type": "lxc", "vmid": 101 }));
    let storage = client.resource("pve1", "storage/pve2/local");
    assert_eq!((&storage["status"], &storage["maxdisk"]), (&json!("unknown"), &Value::Null));
    // Nobody listens there, and a call that is passed on ends as Proxmox says it.
    assert!(client.try_get("pve2", "version").is_err());
    let got = client.get("pve1", "nodes/pve2/status");
    assert_eq!((got.status, got.body.as_str()), (595, ""));
    sim.change(|cluster| cluster.node("pve2").unwrap().unreachable = Unreachable::TimedOut).unwrap();
    assert_eq!(client.get("pve1", "nodes/pve2/status").status, 596);
    // Back again.
    sim.change(|cluster| cluster.node("pve2").unwrap().down_since = None).unwrap();
    assert_eq!(client.resource("pve2", "lxc/101")["status"], "running");
}

#[test]
fn without_pmxcfs_a_member_looks_like_a_lone_host_and_a_minority_calls_the_rest_offline() {
    let sim = three();
    let client = Client::new(&sim);
    sim.change(|cluster| cluster.node("pve3").unwrap().pmxcfs_down_since = Some(now())).unwrap();
    let status = client.data("pve3", "cluster/status");
    assert_eq!(status.as_array().unwrap().len(), 1, "{status:#}");
    assert_eq!((&status[0]["type"], &status[0]["nodeid"], &status[0]["online"]), (&json!("node"), &json!(0), &json!(1)));
    assert_eq!(client.data("pve3", "cluster/resources?type=vm"), json!([]));
    sim.change(|cluster| {
        cluster.node("pve3").unwrap().pmxcfs_down_since = None;
        cluster.split = Some((now(), vec!["pve1".to_owned()]));
    })
    .unwrap();
    sim.set_now(now() + MINUTE).unwrap();
    let quorate = |node: &str| client.data(node, "cluster/status")[0]["quorate"].clone();
    assert_eq!([quorate("pve1"), quorate("pve2"), quorate("pve3")], [json!(0), json!(1), json!(1)]);
    assert_eq!(client.resource("pve1", "node/pve2")["status"], "offline");
    assert_eq!(client.resource("pve2", "node/pve1")["status"], "offline");
    // What HA starts elsewhere, the minority goes on seeing at home.
    sim.change(|cluster| cluster.guest(100).unwrap().migrate("pve2", now() + MINUTE)).unwrap();
    assert_eq!(client.resource("pve1", "qemu/100")["node"], "pve1");
    assert_eq!(client.resource("pve2", "qemu/100")["node"], "pve2");
}

#[test]
fn counters_begin_anew_with_a_restart_and_with_a_migration() {
    let sim = three();
    let client = Client::new(&sim);
    sim.change(|cluster| cluster.guest(100).unwrap().migrate("pve3", now())).unwrap();
    sim.set_now(now() + MINUTE).unwrap();
    let guest = client.resource("pve1", "qemu/100");
    assert_eq!((&guest["node"], &guest["uptime"], &guest["netin"]), (&json!("pve3"), &json!(3660), &json!(60 * 2000)));
    sim.change(|cluster| cluster.guest(100).unwrap().start(now() + MINUTE)).unwrap();
    let guest = client.resource("pve1", "qemu/100");
    assert_eq!((&guest["uptime"], &guest["netin"]), (&json!(0), &json!(0)));
    sim.change(|cluster| {
        let guest = cluster.guest(100).unwrap();
        (guest.state, guest.lock) = ("prelaunch".to_owned(), Some("backup".to_owned()));
        guest.overlay = json!({ "vmid": "100", "cpu": "0.03", "uptime": null, "template": "1", "disk": "" }).as_object().unwrap().clone();
    })
    .unwrap();
    let guest = client.resource("pve1", "qemu/100");
    assert_eq!((&guest["status"], &guest["lock"], &guest["cpu"]), (&json!("prelaunch"), &json!("backup"), &json!("0.03")));
}

#[test]
fn the_short_list_of_tasks_ends_at_25_and_the_long_one_has_pages() {
    let sim = three();
    let client = Client::new(&sim);
    sim.change(|cluster| {
        cluster.tasks = (0..60).map(|at| Task::failed("pve1", "vzdump", "100", now() - MINUTE * (100 - at), "no space left")).collect();
        cluster.tasks.push(Task { end: None, ..Task::new("pve1", "qmigrate", "100", now() - MINUTE) });
        cluster.tasks.push(Task { status: "WARNINGS: 2".into(), ..Task::new("pve2", "vzdump", "101", now() - MINUTE * 3) });
    })
    .unwrap();
    assert_eq!(client.data("pve1", "cluster/tasks").as_array().unwrap().len(), 27);
    let page = client.get("pve1", "nodes/pve1/tasks");
    let whole: Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!((whole["data"].as_array().unwrap().len(), &whole["total"]), (50, &json!(60)));
    assert_eq!(client.data("pve1", "nodes/pve1/tasks?start=50").as_array().unwrap().len(), 10);
    let since = (now() - MINUTE * 50).as_second();
    assert_eq!(client.data("pve1", &format!("nodes/pve1/tasks?since={since}&limit=500")).as_array().unwrap().len(), 10);
    assert_eq!(client.data("pve1", "nodes/pve1/tasks?source=active")[0]["status"], Value::Null);
    assert_eq!(client.data("pve1", "nodes/pve2/tasks?statusfilter=warning").as_array().unwrap().len(), 1);
    assert_eq!(client.data("pve1", "nodes/pve2/tasks?errors=1").as_array().unwrap().len(), 1);
    // The log, in pages, on the node where it ran.
    let guests: Vec<u32> = (100..140).collect();
    let backup = Task::backup("pve1", &guests, &[(117, "no space left")], now() - MINUTE * 90);
    let upid = backup.upid();
    assert!(upid.starts_with("UPID:pve1:") && upid.ends_with(":vzdump::root@pam:"), "{upid}");
    sim.change(|cluster| cluster.tasks.push(backup)).unwrap();
    let log = |query: &str| client.data("pve2", &format!("nodes/pve1/tasks/{}/log{query}", upid.replace(':', "%3A")));
    assert_eq!(log("").as_array().unwrap().len(), 50);
    let rest = log("?start=50&limit=1000");
    assert_eq!(rest[0]["n"], 51);
    let failed = "ERROR: Backup of VM 117 failed - no space left";
    assert!(rest.as_array().unwrap().iter().chain(log("").as_array().unwrap()).any(|line| line["t"] == failed));
    // Without rights: one's own tasks only, and no log.
    sim.change(|cluster| cluster.access.entries.clear()).unwrap();
    assert_eq!(client.data("pve1", "nodes/pve1/tasks"), json!([]));
    assert_eq!(client.get("pve1", &format!("nodes/pve1/tasks/{upid}/log")).status, 403);
}

#[test]
fn a_disabled_job_counts_as_cover_and_templates_are_listed() {
    let sim = three();
    let client = Client::new(&sim);
    sim.change(|cluster| {
        cluster.guests.push(Guest { template: true, ..Guest::vm(900, "tpl", "pve1", now()) });
        cluster.jobs = vec![Job { enabled: Some(false), ..Job::nightly("a", Covers::Listed(vec![100, 101]), "local") }];
    })
    .unwrap();
    assert_eq!(client.data("pve1", "cluster/backup-info/not-backed-up"), json!([{ "vmid": 900, "name": "tpl", "type": "qemu" }]));
    let jobs = client.data("pve1", "cluster/backup");
    assert_eq!(
        (&jobs[0]["enabled"], &jobs[0]["vmid"], &jobs[0]["next-run"]),
        (&json!(0), &json!("100,101"), &json!(at("21:00").as_second()))
    );
}

#[test]
fn what_is_missing_is_an_error_of_its_kind() {
    let sim = three();
    let client = Client::new(&sim);
    let status = |path: &str| client.get("pve1", path).status;
    assert_eq!([status("nodes/pve1/disks/zfs"), status("cluster/ceph/status"), status("nodes/nowhere/status")], [500, 500, 500]);
    assert_eq!([status("nodes/pve1/apt/update"), status("cluster/nothing"), status("cluster/status?x=1")], [403, 501, 400]);
    sim.change(|cluster| "8.1.4".clone_into(&mut cluster.version)).unwrap();
    assert_eq!(status("cluster/metrics/export"), 501);
    assert_eq!(client.resource("pve1", "qemu/100")["memhost"], Value::Null);
    sim.change(|cluster| cluster.nodes[0].pvedaemon_down = true).unwrap();
    assert_eq!([status("cluster/status"), status("cluster/resources")], [595, 200]);
    sim.change(|cluster| {
        cluster.nodes[0].pvedaemon_down = false;
        cluster.ceph = Ceph::Status(json!({ "health": { "status": "HEALTH_WARN" } }));
        cluster.nodes[0].disks = disks_of_all_kinds();
        cluster.storages.push(Storage { size: 0, used: 0, ..Storage::new("san", "iscsi", "none", true) });
        cluster.storages.push(Storage { inactive_on: vec!["pve1".into()], ..Storage::new("nfs", "nfs", "backup", true) });
        cluster.storages.push(Storage { nodes: Some(vec!["pve2".into()]), ..Storage::new("other", "dir", "iso", false) });
    })
    .unwrap();
    assert_eq!(status("cluster/ceph/status"), 200);
    assert_eq!(client.data("pve1", "nodes/pve1/disks/list").as_array().unwrap().len(), 14);
    let told = client.data("pve1", "nodes/pve1/storage");
    let row = |name: &str| told.as_array().unwrap().iter().find(|row| row["storage"] == name).unwrap().clone();
    let flags = |name: &str| (row(name)["enabled"].clone(), row(name)["active"].clone(), row(name)["total"].clone());
    assert_eq!(flags("nfs"), (json!(1), json!(0), json!(0)));
    assert_eq!(flags("other"), (json!(0), json!(0), json!(0)));
    assert_eq!(row("san")["used_fraction"], Value::Null);
    assert_eq!(client.resource("pve1", "storage/pve1/san")["maxdisk"], 0);
    let all = client.data("pve1", "cluster/resources?type=storage");
    assert!(!all.as_array().unwrap().iter().any(|row| row["id"] == "storage/pve1/other"), "{all:#}");
    assert_eq!(client.data("pve1", "nodes/pve1/status")["loadavg"], json!(["1.25", "1.25", "1.25"]));
}

#[test]
fn ha_tells_times_and_moves_guests_in_the_scene_of_the_demo() {
    let sim = Proxmox::start(scene::calm(now()), now()).unwrap();
    let client = Client::new(&sim);
    let later = now() + MINUTE * 10;
    sim.set_now(later).unwrap();
    sim.change(|cluster| scene::fail(cluster, later)).unwrap();
    assert_eq!(client.data("pve1", "cluster/status")[0]["quorate"], 1);
    assert_eq!(client.resource("pve1", "node/pve2")["status"], "offline");
    assert_eq!(client.resource("pve1", "qemu/103")["node"], "pve3");
    assert_eq!(client.resource("pve1", "qemu/106")["status"], "unknown");
    let ha = client.data("pve1", "cluster/ha/status/current");
    let lrm = ha.as_array().unwrap().iter().find(|row| row["id"] == "lrm:pve2").unwrap();
    assert!(later.as_second() - lrm["timestamp"].as_i64().unwrap() > 400, "{lrm:#}");
    let failed = client.data("pve1", "nodes/pve3/tasks?errors=1");
    assert_eq!(failed[0]["status"], "job errors");
    assert_eq!(client.get("pve1", "nodes/pve2/tasks").status, 595);
}

#[test]
fn samples_of_half_an_hour_leave_out_a_node_without_a_word() {
    let sim = three();
    let client = Client::new(&sim);
    sim.change(|cluster| {
        cluster.guest(100).unwrap().spikes = vec![(now() - MINUTE * 10, now() - MINUTE * 9, 0.97)];
        cluster.node("pve2").unwrap().down_since = Some(now() - MINUTE);
    })
    .unwrap();
    let told = client.data("pve1", "cluster/metrics/export?history=1");
    let rows = told["data"].as_array().unwrap();
    let of = |id: &str, metric: &str| rows.iter().filter(|row| row["id"] == id && row["metric"] == metric).collect::<Vec<_>>();
    let cpu = of("qemu/100", "cpu_current");
    assert_eq!((cpu.len(), cpu.iter().filter(|row| row["value"] == 0.97).count()), (181, 6));
    assert!(of("lxc/101", "uptime").is_empty() && of("node/pve2", "uptime").is_empty());
    assert_eq!(of("node/pve1", "net_in")[0]["type"], "derive");
    let since = (now() - MINUTE).as_second();
    let told = client.data("pve1", &format!("cluster/metrics/export?history=1&start-time={since}&local-only=1"));
    assert_eq!(told["data"].as_array().unwrap().iter().filter(|row| row["id"] == "node/pve1" && row["metric"] == "uptime").count(), 7);
}

#[test]
fn connections_end_as_they_do_in_the_field() {
    let sim = three();
    let client = Client::new(&sim);
    sim.set_faults(vec![Fault::new("pve1", "", .., Action::Deny)]);
    assert!(client.try_get("pve1", "version").is_err());
    assert_eq!(client.get("pve2", "version").status, 200);
    sim.set_faults(vec![Fault::new("", "version", 1..=9, Action::Html(502)), Fault::new("", "nodes", .., Action::Cut)]);
    assert!(client.get("pve1", "version").body.starts_with("<html>"));
    assert!(client.try_get("pve1", "nodes").is_err());
    sim.set_faults(vec![Fault::new("pve3", "", .., Action::Drop)]);
    assert!(client.try_get("pve3", "version").is_err());
    sim.set_faults(vec![]);
    sim.set_habits(Habits { chunked: true, skew: vec![("pve1".into(), SignedDuration::from_secs(90))], ..Habits::default() });
    let got = client.get("pve1", "cluster/resources");
    assert_eq!(
        (&got.headers["transfer-encoding"], got.headers["date"].to_str().unwrap()),
        (&"chunked".parse().unwrap(), "Fri, 20 Nov 2026 12:01:30 GMT")
    );
    assert!(got.data().as_array().unwrap().len() > 5);
}

#[test]
fn tokens_expire_and_certificates_are_renewed() {
    let sim = three();
    let mut client = Client::new(&sim);
    sim.change(|cluster| {
        let token = Token { name: "old".into(), refused: Some("token expired".into()), ..cluster.access.tokens[0].clone() };
        cluster.access.tokens.push(token);
    })
    .unwrap();
    client.token = TOKEN.replace("cron", "old");
    assert_eq!(client.get("pve1", "version").status, 401);
    client.token = TOKEN.to_owned();
    let before = sim.fingerprint("pve1");
    let (from, end) = (Timestamp::now() - MINUTE * 60 * 24, Timestamp::now() + MINUTE * 60 * 24 * 30);
    sim.certify("pve1", None, from, end).unwrap();
    assert_ne!(before, sim.fingerprint("pve1"));
    let fresh = Client::new(&sim);
    let info = fresh.data("pve1", "nodes/pve1/certificates/info");
    assert_eq!(info[0]["fingerprint"], sim.fingerprint("pve1"));
    // A name that is not in the certificate.
    sim.certify("pve1", Some(&["pve1.example.com"]), from, end).unwrap();
    assert!(Client::new(&sim).try_get("pve1", "version").is_err());
}

#[test]
fn ten_thousand_guests_are_answered() {
    let sim = Proxmox::start(Cluster::large(16, 10_000, now()), now()).unwrap();
    let all = Client::new(&sim).data("pve1", "cluster/resources");
    assert_eq!(all.as_array().unwrap().len(), 10_000 + 16 + 16 + 16);
}
