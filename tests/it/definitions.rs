//! Under what a rule's memory is stored: the same before and after it was used, and the same as in earlier versions.

use crate::support::tape::{Tape, instant};
use pcemon::config::parse;
use serde_json::json;
use std::path::Path;

const RULES: &str = r#"
[[rules]]
name = "exact"
source = "events"
match = { actor = ["ann"], pce_fqdn = ["pce.example.com"] }
warning = ">= 2"

[[rules]]
name = "globs"
source = "events"
match = { actor = ["an*"], resource = ["*db*"], type = ["user.*"] }
warning = ">= 2"

[[rules]]
name = "vens"
source = "vens"
match = { ven = ["web-*"], label = ["role=w*", "env=prod"], version = ["22.*"], online = false, heartbeat_older = "1h" }
exclude = { os = ["win*"], ip = ["10.0.0.0/8"] }
group_by = ["label:role", "status"]
metric = "changes:version"
warning = ">= 1"

[[rules]]
name = "traffic"
source = "traffic"
match = { src_workload = ["WEB-*"], process = ["ssh?"], port = [22, "80-90/tcp"], decision = ["blocked"], fqdn = ["*.example.com"] }
ratio_to = { dst_ip_list = ["Any*"] }
group_by = ["src_label:app", "port"]
warning = "> 10 %"

[[rules]]
name = "health"
source = "health"

[[rules]]
name = "database"
source = "database"
metric = "days"
warning = "< 30"

[[rules]]
name = "self"
source = "self"
group_by = ["source"]
critical = ">= 1"
"#;

/// A rule with a glob remembers its window from run to run, as one with an exact text does.
#[test]
fn a_glob_remembers_like_an_exact_text() {
    let rule = |name: &str, rest: &str| format!("[[rules]]\nname = \"{name}\"\nsource = \"events\"\n{rest}\n");
    let tape = Tape::new(
        "delta",
        &[
            rule("exact", "match = { actor = [\"ann\"] }\nwindow = \"1h\"\nwarning = \">= 2\""),
            rule("glob", "match = { actor = [\"an*\"] }\nwindow = \"1h\"\nwarning = \">= 2\""),
            rule("folded", "match = { pce_fqdn = [\"PCE.example.com\"] }\nwindow = \"1h\"\nwarning = \">= 2\""),
            rule(
                "silent",
                "match = { actor = [\"an*\"] }\ngroup_by = [\"actor\"]\nremember = \"1d\"\nwindow = \"10m\"\ncritical = \"< 1\"",
            ),
        ]
        .concat(),
    );
    let event = |time: &str| {
        json!([{ "href": format!("/orgs/1/events/{time}"), "timestamp": instant(time).to_string(), "pce_fqdn": "pce.example.com",
            "event_type": "user.update", "severity": "info", "status": "success", "created_by": { "user": { "username": "ann" } },
            "action": null, "notifications": [], "resource_changes": [] }])
    };
    tape.check("10:00", "events", &event("09:59"));
    let second = tape.check("10:05", "events", &event("10:04"));
    for name in ["exact", "glob", "folded"] {
        assert_eq!((&second.rule(name)["state"], &second.rule(name)["value"]), (&json!("firing"), &json!(2)), "{name}");
    }
    let quiet = tape.check("10:30", "events", &json!([]));
    assert_eq!(quiet.rule("silent")["state"], "firing", "{}", quiet.rule("silent"));
}

/// What is stored under these numbers is lost when they change: windows, baselines, what is known as seen.
#[test]
fn definitions_are_those_of_earlier_versions() {
    let example = std::fs::read_to_string("rules.example.toml").unwrap();
    let mut text = String::new();
    for (name, rules) in [("example", example.as_str()), ("here", RULES)] {
        for rule in parse(Path::new("rules.toml"), rules).unwrap().rules {
            text.push_str(&format!("{name} {:016x} {}\n", rule.definition(), rule.name));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden/definitions.txt");
    if std::env::var_os("PCEMON_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "a rule would lose what it remembers");
}
