//! `pcemon demo --with`: what is simulated beside the PCE.

use crate::support::cli::{Checked, Room};

const NOW: &str = "2026-11-20T10:10:00Z";

fn states(report: &Checked) -> Vec<(String, String)> {
    let rules = report.0["rules"].as_array().unwrap();
    rules.iter().map(|rule| (rule["name"].as_str().unwrap().to_owned(), rule["state"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn a_cluster_beside_the_pce() {
    let room = Room::new();
    let ran = room.run(&["demo", "--with", "proxmox", "--now", NOW]).exits(0);
    for words in ["Proxmox node offline", "node pve2", "No vote to spare", "Proxmox VE  ", "pve2 failed, the quorum held"] {
        assert!(ran.out.contains(words), "'{words}' is not in {}", ran.out);
    }
    assert!(!ran.out.contains("0e8b3c5a"), "{}", ran.out);
    let with = room.run(&["demo", "--with", "proxmox", "--now", NOW, "-o", "json"]).exits(0).json();
    let state = |name: &str| with.rule(name)["state"].as_str().unwrap().to_owned();
    for (name, want) in [
        ("Proxmox quorum", "ok"),
        ("Proxmox node offline", "firing"),
        ("No vote to spare", "firing"),
        ("Failed tasks", "firing"),
        ("Storage filling", "firing"),
        ("Proxmox HA trouble", "ok"),
        // HA started two guests elsewhere. The third was on the node that failed, and nobody knows of it.
        ("Guest down", "unknown"),
    ] {
        assert_eq!(state(name), want, "{name}: {:#}", with.rule(name));
    }
    assert!(with.rule("Guest down").to_string().contains("build-01"), "{:#}", with.rule("Guest down"));
    // The PCE's part is what it is without.
    let without = room.run(&["demo", "--now", NOW, "-o", "json"]).exits(0).json();
    let ours = states(&with);
    assert!(states(&without).iter().all(|rule| ours.contains(rule)) && without.0["sources"].as_array().unwrap().len() == 5);
    assert!(std::fs::read_dir(room.path("tmp")).unwrap().next().is_none(), "the demo leaves something behind");
}
