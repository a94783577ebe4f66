//! Who contributed speaks of the same window as the value.

use crate::support::cli::Checked;
use crate::support::tape::{Tape, event};
use serde_json::{Value, json};

const RULES: &str = r#"
[[rules]]
name = "By source"
source = "traffic"
match = { decision = ["blocked"] }
group_by = ["src_workload"]
window = "1h"
warning = "> 100"
[[rules]]
name = "All"
source = "traffic"
match = { decision = ["blocked"] }
window = "1h"
warning = "> 100"
[[rules]]
name = "Ports"
source = "traffic"
metric = "flows"
group_by = ["src_workload"]
window = "1h"
warning = "> 2"
[[rules]]
name = "Who fails"
source = "events"
match = { type = ["user.sign_in"] }
group_by = ["actor"]
window = "1h"
warning = ">= 3"
"#;

/// Source, port or second part, and value of the contributors.
fn top(of: &Value) -> Vec<(String, Value, f64)> {
    let list = of["top"].as_array().unwrap().iter();
    list.map(|one| (one["src"].as_str().unwrap().to_owned(), one["port"].clone(), one["value"].as_f64().unwrap())).collect()
}

fn instance<'r>(report: &'r Checked, rule: &str, group: &Value) -> &'r Value {
    let list = report.rule(rule)["instances"].as_array().unwrap();
    list.iter().find(|instance| instance["group"] == *group).unwrap_or_else(|| panic!("{rule}: {list:?}"))
}

/// The worst came three runs ago, a trifle in the last: the alert is about both, and so are those whom it names.
#[test]
fn they_cover_the_window_of_the_value() {
    let tape = Tape::new("delta", RULES);
    tape.traffic("10:00", &[]);
    tape.traffic("10:10", &[("web-01", 22, "blocked", 90), ("web-02", 80, "blocked", 5)]);
    tape.traffic("10:20", &[("web-01", 443, "blocked", 30)]);
    let report = tape.traffic("10:30", &[("web-01", 22, "blocked", 2), ("web-02", 80, "blocked", 4)]);
    let web_01 = json!({ "src_workload": "web-01" });
    let of_web_01 = vec![("web-01".to_owned(), json!(22), 92.0), ("web-01".to_owned(), json!(443), 30.0)];
    assert_eq!(instance(&report, "By source", &web_01)["value"], 122);
    assert_eq!(top(instance(&report, "By source", &web_01)), of_web_01);
    // The line of the rule is that of its worst group.
    assert_eq!(top(report.rule("By source")), of_web_01);
    let all = [&of_web_01[..], &[("web-02".to_owned(), json!(80), 9.0)]].concat();
    assert_eq!((&report.rule("All")["value"], top(report.rule("All"))), (&json!(131), all));
    // A run in which nothing came tells of the same.
    let report = tape.traffic("10:40", &[]);
    assert_eq!(top(instance(&report, "By source", &web_01)), of_web_01);
    // What left the window is no part of it any more.
    let report = tape.traffic("11:20", &[("web-01", 443, "blocked", 200)]);
    assert_eq!(instance(&report, "By source", &web_01)["value"], 202);
    let of_web_01 = vec![("web-01".to_owned(), json!(443), 200.0), ("web-01".to_owned(), json!(22), 2.0)];
    assert_eq!(top(instance(&report, "By source", &web_01)), of_web_01);
}

/// A different value counts once, however often it comes; those who brought it are told by their connections.
#[test]
fn they_cover_the_window_of_different_values() {
    let tape = Tape::new("delta", RULES);
    tape.traffic("10:00", &[]);
    tape.traffic("10:10", &[("web-01", 22, "allowed", 7), ("web-01", 23, "allowed", 1)]);
    let report = tape.traffic("10:20", &[("web-01", 80, "allowed", 3), ("web-01", 22, "allowed", 1)]);
    let rule = report.rule("Ports");
    assert_eq!(rule["value"], 3);
    let ports: Vec<(Value, f64)> = top(rule).into_iter().map(|(_, port, value)| (port, value)).collect();
    assert_eq!(ports, [(json!(22), 8.0), (json!(80), 3.0), (json!(23), 1.0)]);
}

/// The largest rate of a flow is no sum, and neither are its parts.
#[test]
fn nobody_contributes_more_than_the_largest() {
    let rules = "[[rules]]\nname = \"Rate\"\nsource = \"traffic\"\nmetric = \"bandwidth\"\nwindow = \"1h\"\nwarning = \"> 1\"\n";
    let tape = Tape::new("delta", rules);
    let mut answer = tape.flows("10:00", &[("web-01", 443, "allowed", 1)]);
    let mut report = None;
    for (look, bytes) in (0..).zip([0, 6_000, 9_000, 12_000]) {
        answer[0]["dst_bi"] = json!(0);
        answer[0]["dst_bo"] = json!(bytes);
        answer[0]["timestamp_range"]["last_detected"] = json!(format!("2026-11-20T10:{look}0:00Z"));
        report = Some(tape.check(&format!("10:{look}0"), "flows", &answer));
    }
    let report = report.unwrap();
    let rule = report.rule("Rate");
    assert_eq!(rule["value"], 80);
    assert_eq!(top(rule).first().map(|(_, _, value)| *value), Some(80.0));
}

#[test]
fn they_cover_the_window_of_events() {
    let tape = Tape::new("delta", RULES);
    let sign_in = |id: u32, time: &str, who: &str| event(id, time, who, "user.sign_in", "info");
    tape.check("10:00", "events", &json!([]));
    tape.check("10:10", "events", &json!([sign_in(1, "10:03", "eve"), sign_in(2, "10:05", "eve"), sign_in(3, "10:06", "bob")]));
    let events = json!([sign_in(1, "10:03", "eve"), sign_in(2, "10:05", "eve"), sign_in(3, "10:06", "bob"), sign_in(4, "10:14", "eve")]);
    let report = tape.check("10:20", "events", &events);
    let rule = report.rule("Who fails");
    assert_eq!(rule["value"], 3);
    assert_eq!(top(rule).iter().map(|(_, _, value)| value).sum::<f64>(), 3.0, "{rule}");
}
