//! What real payloads of flows showed: labels by their addresses, services without workloads, numbers in odd notations.

use crate::support::cli::{Bench, at, knock, knocks};
use crate::support::tape::Tape;
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use serde_json::{Value, json};

const BY_ROLE: &str = r#"
[[rules]]
name = "web"
source = "traffic"
match = { src_label = ["role=web"] }
group_by = ["dst_label:role"]
warning = ">= 5"
[[rules]]
name = "db"
source = "traffic"
match = { src_label = ["role=db"] }
warning = ">= 1"
[[rules]]
name = "port"
source = "traffic"
match = { port = [443] }
warning = ">= 5"
"#;

/// An old PCE at which a web server knocks at another one.
fn old_pce(labels_by_href: bool) -> Bench {
    let world = knocks(&[knock("09:55", "web-01", 443, 7)]);
    Bench::new(
        Options { labels_by_href, ..Options::new(world, at("10:00")) },
        &format!("[traffic]\naccounting = \"as_reported\"\n{BY_ROLE}"),
    )
}

fn asked_for_labels(bench: &Bench) -> usize {
    bench.sim.requests().iter().filter(|request| request.path == "/api/v2/orgs/1/labels").count()
}

fn states(report: &crate::support::cli::Checked) -> [String; 3] {
    ["web", "db", "port"].map(|name| report.rule(name)["state"].as_str().unwrap().to_owned())
}

/// W11: the flows of an old PCE tell of labels by their addresses.
#[test]
fn labels_by_their_addresses_are_looked_up_once() {
    let bench = old_pce(true);
    let live = bench.check(at("10:00"), &["--record", "answers"]).exits(1).json();
    assert_eq!(states(&live), ["firing", "ok", "firing"]);
    assert_eq!(live.rule("web")["instances"][0]["group"], json!({ "dst_label:role": "web" }));
    assert_eq!(asked_for_labels(&bench), 1);

    // The same is judged of its recording, without asking anybody.
    let answers = bench.room.path("answers");
    let replayed =
        Bench::new(Options::new(Default::default(), at("10:00")), &format!("[traffic]\naccounting = \"as_reported\"\n{BY_ROLE}"));
    let again = replayed.check(at("10:00"), &["--flows", answers.to_str().unwrap()]).exits(1).json();
    assert_eq!(states(&again), states(&live));
    assert_eq!(replayed.sim.requests(), []);

    // A PCE that tells labels whole is asked for them once, when it is looked whether what the rules name is there.
    let bench = old_pce(false);
    assert_eq!(states(&bench.check(at("10:00"), &[]).exits(1).json()), ["firing", "ok", "firing"]);
    assert_eq!(asked_for_labels(&bench), 1);
    bench.check(at("10:01"), &[]);
    assert_eq!(asked_for_labels(&bench), 1);
}

/// W11: where labels cannot be looked up, rules on labels are unknown, and the others are not.
#[test]
fn labels_that_nobody_can_look_up_leave_their_rules_unknown() {
    let bench = old_pce(true);
    let forbidden = vec![Fault::new(Endpoint::Labels, .., Action::error(403, "forbidden_error", "Forbidden"))];
    let ran = bench.check_with(at("10:00"), forbidden, &[]);
    assert!(ran.out.contains("the labels could not be read") && ran.out.contains("a role that may view labels"), "{}", ran.out);
    let report = ran.exits(1).json();
    assert_eq!(states(&report), ["unknown", "unknown", "firing"]);
    let web = report.rule("web");
    assert_eq!((&web["value"], &web["value_max"]), (&json!(0), &json!(7)), "{web:#}");
    assert!(web["note"].as_str().unwrap().contains("1 of 1 flows have no"), "{web:#}");

    // `undecided = "no"` lets a rule opt out.
    let rules = BY_ROLE.replace("name = \"db\"", "name = \"db\"\nundecided = \"no\"");
    bench.config(&format!("[traffic]\naccounting = \"as_reported\"\n{rules}"));
    let forbidden = vec![Fault::new(Endpoint::Labels, .., Action::error(403, "forbidden_error", "Forbidden"))];
    assert_eq!(states(&bench.check_with(at("10:00"), forbidden, &[]).json()), ["unknown", "ok", "firing"]);
}

fn flow(more: Value) -> Value {
    let mut row = json!({
        "src": { "ip": "10.0.0.1" }, "dst": { "ip": "10.0.0.9" }, "service": { "port": 443, "proto": 6 }, "num_connections": 3,
        "state": "closed", "policy_decision": "blocked", "flow_direction": "outbound", "client_type": "server", "dst_bi": 0, "dst_bo": 0,
        "timestamp_range": { "first_detected": "2026-11-20T09:51:00Z", "last_detected": "2026-11-20T09:58:00Z" },
        "network": { "name": "Corporate" },
    });
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

/// State, value, its upper end and the first group of the one rule over these flows, as they are reported.
fn judged(rule: &str, rows: Value) -> (String, Value, Value, Value) {
    let tape = Tape::new("as_reported", &format!("[[rules]]\nname = \"r\"\nsource = \"traffic\"\nwindow = \"30m\"\n{rule}\n"));
    let report = tape.ran("10:00", "flows", Some(&rows), &["--dry-run"]).json();
    let rule = report.rule("r");
    (rule["state"].as_str().unwrap().to_owned(), rule["value"].clone(), rule["value_max"].clone(), rule["instances"][0]["group"].clone())
}

/// W9: a count in another notation is the same count.
#[test]
fn a_count_in_another_notation_is_the_same_count() {
    for count in ["3", "3.0", "3e0", "0.3e1", "\"3\""] {
        let text = json!([flow(json!({ "num_connections": 0 }))])
            .to_string()
            .replace("\"num_connections\":0", &format!("\"num_connections\":{count}"));
        let found = judged("warning = \">= 3\"", serde_json::from_str(&text).unwrap());
        assert_eq!(found.0, "firing", "{count}");
    }
    for count in [json!(3.5), json!(-3), json!("three"), json!(1e300), json!(true)] {
        assert_eq!(judged("warning = \">= 3\"", json!([flow(json!({ "num_connections": count }))])).0, "unknown", "{count}");
    }
}

/// W14: a virtual service or server is shown, matched and grouped by its name.
#[test]
fn virtual_services_and_servers_have_names() {
    for kind in ["virtual_service", "virtual_server"] {
        let shop = json!([flow(json!({ "dst": { "ip": "10.0.0.9", kind: { "href": "/orgs/1/x/1", "name": "shop" } } }))]);
        let found = judged("match = { dst_workload = [\"sh*\"] }\ngroup_by = [\"dst_workload\"]\nwarning = \">= 3\"", shop);
        assert_eq!((found.0.as_str(), &found.3), ("firing", &json!({ "dst_workload": "shop" })), "{kind}");
        let nameless = json!([flow(json!({ "dst": { "ip": "10.0.0.9", kind: { "href": "/orgs/1/x/1" } } }))]);
        assert_eq!(judged("match = { dst_workload = [\"sh*\"] }\nwarning = \">= 3\"", nameless).0, "unknown", "{kind}");
    }
}

/// A label of which key or value is an empty text is a label that is not told; a list of none is none.
#[test]
fn a_label_without_words_may_be_any() {
    let labelled = |labels: Value| {
        let workload = json!({ "href": "/orgs/1/workloads/1", "name": "web-01", "hostname": "", "labels": labels });
        judged(
            "match = { src_label = [\"role=web\"] }\nwarning = \">= 3\"",
            json!([flow(json!({ "src": { "ip": "10.0.0.1", "workload": workload } }))]),
        )
        .0
    };
    assert_eq!(labelled(json!([{ "key": "role", "value": "web" }])), "firing");
    for label in [
        json!({ "key": "", "value": "web" }),
        json!({ "key": "role", "value": "" }),
        json!({ "key": "", "value": "", "href": "/orgs/1/labels/1" }),
    ] {
        assert_eq!(labelled(json!([label])), "unknown", "{label}");
    }
    assert_eq!(labelled(json!([])), "ok");
}

/// An old PCE does not say which end reported, nor whether a VEN manages a workload.
#[test]
fn what_an_old_pce_does_not_say_is_no_no() {
    let mut row = flow(
        json!({ "src": { "ip": "10.0.0.1", "workload": { "href": "/orgs/1/workloads/1", "name": "web-01", "hostname": null, "labels": [] } } }),
    );
    row.as_object_mut().unwrap().remove("flow_direction");
    let rows = json!([row]);
    for (rule, state) in [
        ("match = { direction = [\"inbound\"] }", "unknown"),
        ("exclude = { direction = [\"outbound\"] }", "unknown"),
        ("match = { src_managed = true }", "unknown"),
        ("match = { src_managed = false }", "unknown"),
        ("match = { src_os = [\"linux\"] }", "unknown"),
        ("match = { src_label = [\"role=web\"] }", "ok"),
        ("match = { src_workload = [\"web-01\"] }", "firing"),
        ("match = { dst_managed = false }", "firing"),
    ] {
        assert_eq!(judged(&format!("{rule}\nwarning = \">= 3\""), rows.clone()).0, state, "{rule}");
    }
    // A decision of which this program has never heard may be any.
    let odd = json!([flow(json!({ "policy_decision": "blocked_by_moon" }))]);
    let found = judged("match = { decision = [\"blocked\"] }\nwarning = \">= 3\"", odd);
    assert_eq!((found.0.as_str(), found.1, found.2), ("unknown", json!(0), json!(3)));
}

/// Over runs: what is told in one and not in the next counts once, as what it is.
#[test]
fn what_is_told_in_one_run_and_not_in_the_next_counts_once() {
    let tape = Tape::new(
        "delta",
        "[[rules]]\nname = \"r\"\nsource = \"traffic\"\nwindow = \"2h\"\nmatch = { src_label = [\"role=web\"] }\nwarning = \">= 20\"\n",
    );
    let told = |labels: Value, count: u64, last: &str| {
        json!([flow(json!({
            "src": { "ip": "10.0.0.1", "workload": { "href": "/w/1", "name": "a", "hostname": "a", "managed": true, "labels": labels } },
            "num_connections": count,
            "timestamp_range": { "first_detected": "2026-11-20T09:51:00Z", "last_detected": format!("2026-11-20T{last}:00Z") },
        }))])
    };
    let web = json!([{ "key": "role", "value": "web" }]);
    let found = |report: crate::support::cli::Checked| {
        let rule = report.rule("r");
        (rule["state"].as_str().unwrap().to_owned(), rule["value"].clone(), rule["value_max"].clone())
    };
    let run = |now: &str, labels: &Value, count: u64| found(tape.check(now, "flows", &told(labels.clone(), count, now)));
    assert_eq!(run("10:00", &web, 3), ("ok".to_owned(), json!(3), json!(3)));
    assert_eq!(run("10:10", &web, 7), ("ok".to_owned(), json!(7), json!(7)));
    // Not told for a while: what came meanwhile may or may not belong to it.
    assert_eq!(run("10:20", &Value::Null, 17), ("ok".to_owned(), json!(7), json!(17)));
    assert_eq!(run("10:30", &Value::Null, 21), ("unknown".to_owned(), json!(7), json!(21)));
    // Told again: what has grown since is certain, what came in between stays open.
    assert_eq!(run("10:40", &web, 24), ("unknown".to_owned(), json!(10), json!(24)));
    assert_eq!(run("10:50", &web, 34), ("firing".to_owned(), json!(20), json!(34)));
}
