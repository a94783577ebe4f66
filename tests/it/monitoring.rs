//! What the packaging has for Prometheus and Grafana fits what pcemon writes.

use crate::support::dummy;
use pcemon::render::{Style, find};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(name)
}

fn exposition() -> String {
    find("prometheus").unwrap().text_of(&dummy::rich(), &Style::default())
}

/// Every name that begins like a metric of ours.
fn metrics(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let words = text.split(|c| !is_part(c)).filter(|word| word.starts_with("pcemon_"));
    words.map(str::to_owned).collect()
}

#[test]
fn thresholds_groups_outbox_and_silences_are_metrics() {
    let text = exposition();
    for sample in [
        "pcemon_rule_threshold{",
        "severity=\"critical\",op=\">\"}",
        "pcemon_instance_value{",
        "fingerprint=\"",
        "channel=\"pager\",status=\"waiting\"} 2",
        "channel=\"pager\"} 600",
        "pcemon_silences",
    ] {
        assert!(text.contains(sample), "{sample} is not in\n{text}");
    }
}

#[test]
fn the_dashboard_and_the_alerts_ask_for_metrics_that_exist() {
    let known = metrics(&exposition());
    let board = std::fs::read_to_string(path("grafana/pcemon-dashboard.json")).unwrap();
    let json: Value = serde_json::from_str(&board).unwrap();
    assert!(json["panels"].as_array().unwrap().len() >= 8);
    let asked: String = json["panels"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap())
        .map(|target| format!("{} ", target["expr"].as_str().unwrap()))
        .collect();
    let alerts = std::fs::read_to_string(path("prometheus/pcemon-alerts.yml")).unwrap();
    for (place, wanted) in [("dashboard", metrics(&asked)), ("alerts", metrics(&alerts))] {
        assert!(wanted.len() >= 5, "{wanted:?}");
        assert!(wanted.is_subset(&known), "{place}: {:?}", wanted.difference(&known).collect::<Vec<_>>());
    }
}

#[test]
fn promtool_takes_the_alert_rules_and_their_tests() {
    let found =
        std::env::var_os("PATH").and_then(|paths| std::env::split_paths(&paths).map(|dir| dir.join("promtool")).find(|file| file.exists()));
    let Some(promtool) = found else {
        let said = "\nNOT RUN: promtool (Debian package prometheus) is not there\n";
        assert!(std::env::var_os("PCEMON_REQUIRE_REAL").is_none(), "{said}");
        eprintln!("{said}");
        return;
    };
    for arguments in [["check", "rules", "pcemon-alerts.yml"], ["test", "rules", "pcemon-alerts.test.yml"]] {
        let out = Command::new(&promtool).args(arguments).current_dir(path("prometheus")).output().unwrap();
        assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    }
}
