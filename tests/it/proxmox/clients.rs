//! Two clients that others wrote read the simulated cluster as they read a real one: proxmoxer and prometheus-pve-exporter.
//!
//! `PCEMON_REAL_PARTS` names a Python environment with `tests/real/requirements-proxmox.txt` installed. Without it these
//! tests say that they did not run; with `PCEMON_REQUIRE_REAL=1` they fail then.

use crate::support::cli::at;
use jiff::SignedDuration;
use pcemon::sim::proxmox::cluster::{Cluster, Guest};
use pcemon::sim::proxmox::scene;
use pcemon::sim::proxmox::server::Proxmox;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// What the clients read at a node; nothing when they are missing.
fn read(sim: &Proxmox, node: &str, secret: &str) -> Option<Value> {
    let Some(parts) = std::env::var_os("PCEMON_REAL_PARTS") else {
        let required = std::env::var_os("PCEMON_REQUIRE_REAL").is_some_and(|value| value == "1");
        assert!(!required, "PCEMON_REQUIRE_REAL=1, but PCEMON_REAL_PARTS is not set");
        // Not by a macro: what those write is swallowed when the test passes.
        let said = "\nNOT RUN: proxmoxer and prometheus-pve-exporter need PCEMON_REAL_PARTS, with tests/real/requirements-proxmox.txt\n";
        std::io::stderr().write_all(said.as_bytes()).unwrap();
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("pve-root-ca.pem");
    std::fs::write(&ca, sim.ca_pem()).unwrap();
    let output = Command::new(Path::new(&parts).join("bin/python"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/proxmox_clients.py"))
        .arg(sim.url(node).trim_start_matches("https://"))
        .arg(&ca)
        .args(["pcemon@pve", "cron", secret])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

const SECRET: &str = "0e8b3c5a-5d1f-4f6e-9a57-2b7f1c9d4e60";

/// The value of a metric of the exporter for this id, where the other labels are these.
#[track_caller]
fn metric(told: &Value, name: &str, id: &str, more: &[(&str, &str)]) -> f64 {
    let all = told["metrics"].as_array().unwrap();
    let fits = |row: &&Value| {
        row["name"] == name && row["labels"]["id"] == id && more.iter().all(|(label, value)| row["labels"][*label] == *value)
    };
    all.iter().find(fits).unwrap_or_else(|| panic!("no {name} of {id}"))["value"].as_f64().unwrap()
}

#[test]
fn both_clients_see_the_guests_their_figures_and_states() {
    let now = at("12:00");
    let mut cluster = scene::calm(now);
    cluster.guests.push(Guest { memory_used: 9 << 30, ..Guest::vm(200, "full", "pve1", now - SignedDuration::from_mins(5)) });
    cluster.guests.push(Guest { lock: Some("backup".into()), ..Guest::vm(201, "locked", "pve1", now) });
    cluster.replicate(101, "pve3", now, &json!({ "fail_count": 2 }));
    cluster.qdevice = json!({ "State": "Connected", "QNetd host": "192.0.2.99:5403", "Model": "Net", "Algorithm": "Fifty-Fifty split" });
    let sim = Proxmox::start(cluster.clone(), now).unwrap();
    let Some(told) = read(&sim, "pve1", SECRET) else { return };

    // Whoever reads the simulated cluster sees what it is made of.
    let seen: Vec<&Value> = told["resources"].as_array().unwrap().iter().filter(|row| row["vmid"].is_number()).collect();
    assert_eq!(seen.len(), cluster.guests.len());
    for guest in &cluster.guests {
        let id = format!("{}/{}", guest.kind.word(), guest.vmid);
        let row = seen.iter().find(|row| row["id"] == id.as_str()).unwrap();
        let up = guest.state == "running";
        assert_eq!((&row["name"], &row["status"], &row["node"]), (&json!(guest.name), &json!(guest.state), &json!(guest.node)), "{row:#}");
        assert_eq!(row["cpu"], json!(if up { guest.cpu } else { 0.0 }), "{row:#}");
        assert_eq!(row["mem"], json!(if up { guest.memory_used } else { 0 }), "{row:#}");
        assert_eq!(metric(&told, "pve_up", &id, &[]), f64::from(u8::from(up)));
        assert_eq!(metric(&told, "pve_memory_usage_bytes", &id, &[]), if up { guest.memory_used as f64 } else { 0.0 });
        assert_eq!(metric(&told, "pve_cpu_usage_ratio", &id, &[]), if up { guest.cpu } else { 0.0 });
        assert_eq!(metric(&told, "pve_guest_info", &id, &[("name", &guest.name)]), 1.0);
    }
    assert_eq!(metric(&told, "pve_up", "cluster/taipei", &[]), 1.0);
    assert_eq!(metric(&told, "pve_up", "node/pve2", &[]), 1.0);
    assert_eq!(metric(&told, "pve_up", "storage/pve2/nfs", &[]), 1.0);
    assert_eq!(metric(&told, "pve_lock_state", "qemu/201", &[("state", "backup")]), 1.0);
    assert_eq!(metric(&told, "pve_ha_state", "qemu/101", &[("state", "started")]), 1.0);
    assert_eq!(metric(&told, "pve_qdevice_up", "cluster/taipei", &[]), 1.0);
    assert_eq!(metric(&told, "pve_replication_failed_syncs", "101-0", &[]), 2.0);
    assert_eq!(metric(&told, "pve_onboot_status", "lxc/107", &[]), 1.0);
    assert_eq!(metric(&told, "pve_uptime_seconds", "qemu/200", &[]), 300.0);
    assert_eq!(metric(&told, "pve_not_backed_up_info", "qemu/109", &[]), 1.0);
    assert_eq!(told["nodes"]["pve3"]["guests"], json!([104, 105, 108]));
}

#[test]
fn both_clients_see_a_node_fail_and_a_backup_go_wrong() {
    let (now, later) = (at("12:00"), at("12:10"));
    let sim = Proxmox::start(scene::calm(now), now).unwrap();
    sim.set_now(later).unwrap();
    sim.change(|cluster| scene::fail(cluster, later)).unwrap();
    let Some(told) = read(&sim, "pve1", SECRET) else { return };
    assert_eq!(metric(&told, "pve_up", "node/pve2", &[]), 0.0);
    assert_eq!(metric(&told, "pve_up", "cluster/taipei", &[]), 1.0);
    assert_eq!(metric(&told, "pve_up", "qemu/103", &[]), 1.0);
    assert_eq!(metric(&told, "pve_up", "qemu/106", &[]), 0.0);
    assert_eq!(told["nodes"]["pve2"]["error"], 595);
    assert_eq!(told["nodes"]["pve3"]["failed"], json!(["job errors"]));
    let lines = told["nodes"]["pve3"]["log"].as_array().unwrap();
    assert!(lines.contains(&json!("ERROR: Backup of VM 104 failed - job failed with err -5 - Input/output error")), "{lines:?}");
}

#[test]
fn both_clients_are_refused_and_left_with_little_as_by_a_real_one() {
    let now = at("12:00");
    let sim = Proxmox::start(Cluster::large(2, 20, now), now).unwrap();
    let Some(told) = read(&sim, "pve1", "wrong") else { return };
    assert_eq!(told["error"], 401, "{told:#}");
    // Separated, without an entry of its own.
    sim.change(|cluster| cluster.access.tokens[0].separated = true).unwrap();
    let told = read(&sim, "pve1", SECRET).unwrap();
    assert_eq!((&told["error"], told["said"].as_str().unwrap().contains("Permission check failed (/, Sys.Audit)")), (&json!(403), true));
}
