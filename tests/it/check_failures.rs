//! A PCE that fails is not a calm one: what could not be read changes no verdict, and the next good
//! run loses nothing of what came to pass meanwhile.

use crate::support::cli::{Bench, Ran, at, knock, knocks};
use pcemon::domain::time::Window;
use pcemon::judge::transition::Stage;
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::{Options, SimEvent};
use pcemon::sim::world::World;
use serde_json::json;

/// One rule that will fire, one that will wait, one that only counts.
const RULES: &str = r#"
[run]
deadline = "10s"
[defaults]
window = "10m"
[[rules]]
name = "Fires"
source = "traffic"
match = { decision = ["blocked"], port = ["3306/tcp"] }
group_by = ["src_workload"]
critical = "> 5"
[[rules]]
name = "Waits"
source = "traffic"
match = { decision = ["blocked"], port = ["5432/tcp"] }
warning = "> 5"
for = "1h"
[[rules]]
name = "Counts"
source = "traffic"
match = { decision = ["blocked"], port = ["22/tcp", "3306/tcp", "5432/tcp"] }
window = "2h"
info = "> 1000000"
"#;

/// Trouble before 10:10, more of it before 10:20, a little before 10:30.
fn story() -> World {
    knocks(&[
        knock("09:30", "web-09", 22, 50),
        knock("10:05", "web-01", 3306, 20),
        knock("10:06", "web-02", 5432, 20),
        knock("10:07", "web-09", 22, 3),
        knock("10:14", "web-03", 3306, 30),
        knock("10:15", "web-02", 5432, 7),
        knock("10:25", "web-02", 5432, 4),
    ])
}

/// A bench after two good cycles: one instance fires, one is pending.
fn troubled(more: &str) -> Bench {
    let bench = Bench::new(Options::new(story(), at("10:00")), &format!("{more}{RULES}"));
    bench.check(at("10:00"), &[]).exits(0);
    bench.check(at("10:10"), &[]).exits(2);
    let stages: Vec<Stage> = bench.loaded().state.instances.values().map(|instance| instance.stage).collect();
    assert!(stages.len() == 2 && stages.contains(&Stage::Firing) && stages.contains(&Stage::Pending), "{stages:?}");
    bench
}

/// What a good cycle at 10:30 must find when the one at 10:20 found nothing, or half of it.
#[track_caller]
fn caught_up(bench: &Bench, ran: Ran) {
    let report = ran.exits(2).json();
    let fires = report.rule("Fires");
    let firing = fires["instances"].as_array().unwrap();
    assert_eq!(firing.len(), 1, "web-01 is quiet again: {fires:#}");
    assert_eq!((&firing[0]["group"]["src_workload"], &firing[0]["value"]), (&json!("web-03"), &json!(30)));
    // Ten minutes were asked for; what nobody looked at in between is in there too, and the value says so.
    assert_eq!(fires["covers_from"], json!(at("10:10")), "{fires:#}");
    assert_eq!(report.value("Waits"), 11.0);
    let counts = report.rule("Counts");
    let span = Window {
        from: serde_json::from_value(counts["covers_from"].clone()).unwrap(),
        to: serde_json::from_value(counts["covers_to"].clone()).unwrap(),
    };
    assert_eq!(span.to, at("10:30"));
    let truth = story().truth(span, &|_| true).connections;
    assert_eq!((report.value("Counts"), truth), (134.0, 134), "{counts:#}");
    assert_eq!(report.source("traffic")["status"], "ok");
    let waiting: Vec<_> = bench.loaded().state.instances.into_values().filter(|instance| instance.stage == Stage::Pending).collect();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].since, at("10:10"), "it has been pending all the time");
}

fn everywhere(endpoints: &[Endpoint], action: &Action) -> Vec<Fault> {
    endpoints.iter().map(|endpoint| Fault::new(*endpoint, .., action.clone())).collect()
}

#[test]
fn a_failed_source_resolves_nothing_begins_nothing_and_is_made_up_for() {
    use Endpoint::{Download, List, Status, Submit};
    let error = Action::error(500, "internal_error", "Something went wrong");
    let short = "query_timeout = \"3s\"\n";
    let impatient = "request_timeout = \"1s\"\n";
    let scenarios: Vec<(&str, &str, Vec<Fault>)> = vec![
        ("500 to every query", "", everywhere(&[Submit], &error)),
        ("500 to every poll", "", everywhere(&[Status], &error)),
        ("500 to every download", "", everywhere(&[Download], &error)),
        ("a gzip stream that is cut", "", everywhere(&[Download], &Action::TruncatePacked)),
        ("an array that is cut", "", everywhere(&[Download], &Action::TruncateText)),
        ("a connection that breaks off", "", everywhere(&[Download], &Action::DropMidBody)),
        ("a page instead of the rows", "", everywhere(&[Download], &Action::html(200))),
        ("a page instead of the status", "", everywhere(&[Status], &Action::html(200))),
        ("a page instead of the query", "", everywhere(&[Submit, List], &Action::html(200))),
        ("an empty body", "", everywhere(&[Download], &Action::EmptyBody)),
        ("rows that never come", "", everywhere(&[Download], &Action::NoRows)),
        ("an empty status", "", everywhere(&[Status], &Action::EmptyBody)),
        ("a query that takes too long", short, everywhere(&[Status], &Action::QueryState("working".into()))),
        ("a query that failed", "", everywhere(&[Status], &Action::QueryState("failed".into()))),
        ("a query that was cancelled", "", everywhere(&[Status], &Action::QueryState("cancelled".into()))),
        ("a state nobody knows", short, everywhere(&[Status], &Action::QueryState("paused".into()))),
        ("silence", impatient, everywhere(&[Status], &Action::Hang)),
        ("no answer at all", "", everywhere(&[Submit, List, Status], &Action::DropBeforeAnswer)),
        ("wrong credentials", "", everywhere(&[Submit], &Action::error(401, "", ""))),
        ("a redirect", "", everywhere(&[Submit], &Action::redirect("http://127.0.0.1:1/"))),
        ("too many requests", "", everywhere(&[Submit], &Action::too_many(Some("60")))),
    ];
    std::thread::scope(|scope| {
        for (name, settings, faults) in &scenarios {
            std::thread::Builder::new()
                .name((*name).to_owned())
                .spawn_scoped(scope, move || {
                    let mut bench = troubled(settings);
                    let before = bench.loaded();
                    let ran = bench.check_with(at("10:20"), faults.clone(), &[]);
                    if bench.sim.queries_left() > 0 {
                        // Neither the query's address nor the list of all ever arrived: it can only be told.
                        assert_eq!(*name, "no answer at all");
                        assert!(ran.err.contains("left at the PCE"), "{}", ran.err);
                        bench.may_leave_queries = true;
                    }
                    let report = ran.json();
                    let source = report.source("traffic");
                    assert_eq!(source["status"], "failed", "{name}: {source:#}");
                    assert!(source["error"].as_str().is_some_and(|error| error.len() > 10), "{name}: {source:#}");
                    // What fires goes on firing, and that outranks not knowing.
                    assert_eq!((ran.code, &report.0["status"]), (2, &json!("critical")), "{name}");
                    assert_eq!(report.rule("Fires")["instances"][0]["group"]["src_workload"], "web-01", "{name}");
                    assert_eq!(report.rule("Counts")["state"], "unknown", "{name}");
                    assert_eq!(report.rule("Counts")["value"], json!(null), "{name}: nothing was counted, not zero");
                    let after = bench.loaded();
                    assert_eq!(after.memory_lost, None, "{name}");
                    assert_eq!(after.memory, before.memory, "{name}");
                    assert_eq!(after.state.instances, before.state.instances, "{name}");
                    assert_eq!(after.state.traffic, before.state.traffic, "{name}");
                    assert_eq!(after.state.outbox, before.state.outbox, "{name}");
                    caught_up(&bench, bench.check(at("10:30"), &[]));
                })
                .unwrap();
        }
    });
}

#[test]
fn not_knowing_is_unknown_when_nothing_fires() {
    let bench = troubled("");
    let faults = || everywhere(&[Endpoint::Status], &Action::QueryState("failed".into()));
    let report = bench.check_with(at("10:20"), faults(), &["--rule", "Waits"]).exits(3).json();
    assert_eq!((&report.0["status"], &report.0["exit_code"]), (&json!("unknown"), &json!(3)));
    assert_eq!(report.rule("Waits")["state"], "unknown");
    bench.check_with(at("10:20"), faults(), &["--rule", "Waits", "--fail-on", "warning"]).exits(0);
    bench.check_with(at("10:20"), faults(), &["--rule", "Waits", "--fail-on", "never"]).exits(0);
    caught_up(&bench, bench.check(at("10:30"), &[]));
}

#[test]
fn a_partial_answer_may_confirm_a_breach_but_never_ends_one() {
    let unreadable = {
        let mut rows: Vec<serde_json::Value> =
            story().record_set(at("10:20"), at("09:00"), at("10:20")).iter().map(|record| record.to_json()).collect();
        rows.push(json!({ "src": 7, "num_connections": "many" }));
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Action::Answer { status: 200, headers, body: serde_json::to_vec(&rows).unwrap() }
    };
    let scenarios = [
        ("rows that the key may not see", everywhere(&[Endpoint::Submit], &Action::Unseen(5))),
        ("a member that does not respond", everywhere(&[Endpoint::Submit], &Action::RegionSilent("eu.pce.example.com".into()))),
        ("a record that cannot be read", everywhere(&[Endpoint::Download], &unreadable)),
    ];
    std::thread::scope(|scope| {
        for (name, faults) in &scenarios {
            scope.spawn(move || {
                // Splitting asks for the same again and again: it takes its time.
                let bench = troubled("");
                bench.config(&RULES.replace("10s", "60s"));
                let before = bench.loaded();
                let ran = bench.check_with(at("10:20"), faults.clone(), &[]);
                let report = ran.json();
                assert_eq!(report.source("traffic")["status"], "partial", "{name}: {:#}", report.0);
                assert_eq!((&report.source("traffic")["partial"], ran.code), (&json!(true), 2), "{name}");
                let firing = report.rule("Fires")["instances"].as_array().unwrap().clone();
                let groups: Vec<_> = firing.iter().filter_map(|instance| instance["group"]["src_workload"].as_str()).collect();
                assert_eq!(groups.len(), 2, "{name}: {firing:#?}");
                assert!(groups.contains(&"web-01"), "{name}: not seen any more, which proves nothing: {firing:#?}");
                assert!(groups.contains(&"web-03"), "{name}: seen clearly: {firing:#?}");
                assert_eq!(report.rule("Counts")["lower_bound"], true, "{name}");
                let after = bench.loaded();
                assert_eq!(after.state.traffic.proofs, before.state.traffic.proofs, "{name}: it was no complete look");
                assert!(after.state.instances.values().all(|instance| instance.stage != Stage::Resolved), "{name}");
                // Nobody fires here but the answer has a hole.
                bench.check_with(at("10:20"), faults.clone(), &["--dry-run", "--rule", "Counts"]).exits(3);
                caught_up(&bench, bench.check(at("10:30"), &[]));
            });
        }
    });
}

#[test]
fn a_cap_that_splitting_cures_leaves_a_whole_answer() {
    let bench = troubled("max_results = 3\n");
    let report = bench.check(at("10:30"), &[]);
    assert!(report.json().source("traffic")["queries"].as_u64().unwrap() > 1, "{}", report.out);
    caught_up(&bench, report);
}

fn event(time: &str, late: i64, number: u32) -> SimEvent {
    let id = format!("/orgs/1/events/00000000-0000-4aaa-8bbb-{number:012}");
    let body = json!({
        "href": id, "timestamp": format!("{}", at(time)), "pce_fqdn": "pce.example.com", "event_type": "agent.tampering",
        "status": null, "severity": "err", "created_by": { "agent": { "href": "/orgs/1/agents/1", "hostname": "web-01" } },
        "action": null, "resource_changes": [], "notifications": []
    });
    SimEvent { arrival: at(time).checked_add(jiff::SignedDuration::from_secs(late)).unwrap(), body }
}

#[test]
fn events_and_health_that_could_not_be_read_are_unknown_and_are_made_up_for() {
    let rules = r#"
[run]
deadline = "5s"
[[rules]]
name = "Tampering"
source = "events"
match = { type = ["agent.tampering"] }
window = "10m"
warning = ">= 1"
[[rules]]
name = "Health"
source = "health"
"#;
    let error = Action::error(500, "internal_error", "Something went wrong");
    for fault in [error.clone(), Action::TruncateText, Action::html(200), Action::EmptyBody] {
        let options = Options {
            events: vec![event("10:03", 2, 1), event("10:14", 2, 2), event("10:16", 2, 3)],
            ..Options::new(World::default(), at("10:00"))
        };
        let bench = Bench::new(options, rules);
        bench.check(at("10:00"), &[]).exits(0);
        let report = bench.check(at("10:10"), &[]).exits(1).json();
        assert_eq!(report.value("Tampering"), 1.0);
        let before = bench.loaded();
        let report = bench.check_with(at("10:20"), everywhere(&[Endpoint::Events, Endpoint::Health], &fault), &[]).exits(1).json();
        assert_eq!((&report.source("events")["status"], &report.source("health")["status"]), (&json!("failed"), &json!("failed")));
        assert_eq!(report.rule("Health")["state"], "unknown");
        let after = bench.loaded();
        assert_eq!((&after.state.instances, &after.state.events), (&before.state.instances, &before.state.events), "{fault:?}");
        assert_eq!(after.memory, before.memory, "{fault:?}");
        bench.check_with(at("10:20"), everywhere(&[Endpoint::Health], &fault), &["--rule", "Health"]).exits(3);
        // Both that came during the outage are counted, each once.
        let report = bench.check(at("10:25"), &[]).exits(1).json();
        assert_eq!((report.value("Tampering"), &report.rule("Health")["state"]), (2.0, &json!("ok")), "{fault:?}");
        let report = bench.check(at("10:36"), &[]).exits(0).json();
        assert_eq!(report.value("Tampering"), 0.0);
    }
}

/// With a short deadline, a source that fails or hangs leaves the others their time, and says itself what is wrong with it.
#[test]
fn each_source_has_a_share_of_the_deadline_and_tells_its_own_failure() {
    let rules = "[run]\ndeadline = \"4s\"\n[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\nwarning = \"> 5\"\n\
        [[rules]]\nname = \"Tampering\"\nsource = \"events\"\nwindow = \"10m\"\nwarning = \">= 1\"\n\
        [[rules]]\nname = \"Health\"\nsource = \"health\"\n";
    let error = Action::error(500, "internal_error", "Something went wrong");
    let sources = [("traffic", Endpoint::Submit), ("events", Endpoint::Events), ("health", Endpoint::Health)];
    for (action, said) in [(error, "Something went wrong"), (Action::Hang, "did not answer in time")] {
        std::thread::scope(|scope| {
            for (failing, endpoint) in sources {
                let action = &action;
                // A query whose submission hung is found all the same.
                let endpoint = if (failing, action) == ("traffic", &Action::Hang) { Endpoint::Status } else { endpoint };
                scope.spawn(move || {
                    let bench = Bench::new(Options::new(story(), at("10:00")), rules);
                    let report = bench.check_with(at("10:00"), everywhere(&[endpoint], action), &[]).exits(3).json();
                    for (name, _) in sources {
                        let source = report.source(name);
                        let expected = if name == failing { "failed" } else { "ok" };
                        assert_eq!(source["status"], expected, "{failing} fails, {action:?}: {source:#}");
                        assert!(name != failing || source["error"].as_str().unwrap().contains(said), "{source:#}");
                    }
                });
            }
        });
    }
}

const SAAS: &str = "[[rules]]\nname = \"Events\"\nsource = \"events\"\nwarning = \"> 1000\"\n\
    [[rules]]\nname = \"Health\"\nsource = \"health\"\n[[rules]]\nname = \"Bob's node\"\nsource = \"health\"\nfor = \"5m\"\n";

fn no_health(status: u16) -> Vec<Fault> {
    everywhere(&[Endpoint::Health], &Action::error(status, "not_found_error", "Not found"))
}

/// One cycle without health, told to a person.
fn told(bench: &Bench, minute: &str, status: u16, more: &[&str]) -> Ran {
    bench.sim.set_now(at(minute));
    bench.sim.set_faults(no_health(status));
    let ran = bench.room.run(&[&["check", "--now", &at(minute).to_string()], more].concat());
    bench.sim.set_faults(Vec::new());
    ran.exits(0)
}

/// What a PCE never had cannot be missed: a remark says what to do, and the command in it does it.
#[test]
fn health_that_a_pce_does_not_offer_is_a_remark() {
    for status in [403, 404, 501] {
        let bench = Bench::new(Options::new(World::default(), at("10:00")), SAAS);
        for minute in ["10:00", "10:05", "10:10"] {
            let ran = told(&bench, minute, status, &[]);
            let command = "pcemon rules disable 'Health' 'Bob'\\''s node'";
            assert!(ran.out.contains(command) && ran.out.contains("2 rules are not judged"), "{status}: {}", ran.out);
            assert!(!ran.out.contains("was given"), "{}", ran.out);
        }
        let report = bench.check_with(at("10:15"), no_health(status), &[]).exits(0).json();
        assert_eq!(report.source("health")["status"], "unavailable", "{:#}", report.0);
        assert_eq!(report.0["status"], "ok");
        for rule in ["Health", "Bob's node"] {
            assert_eq!(report.rule(rule)["state"], "not_judged", "{:#}", report.0);
        }
        assert_eq!(told(&bench, "10:20", status, &["-q"]).out, "");
        bench.room.run(&["rules", "disable", "Health", "Bob's node", "--yes"]).exits(0);
        let ran = told(&bench, "10:25", status, &[]);
        assert!(!ran.out.contains("does not offer"), "{}", ran.out);
    }
}

/// What was there before and is gone is missed, on every run, until it is back.
#[test]
fn health_that_was_read_before_and_is_gone_is_unknown() {
    let bench = Bench::new(Options::new(World::default(), at("10:00")), SAAS);
    bench.check(at("10:00"), &[]).exits(0);
    for minute in ["10:05", "10:10"] {
        let report = bench.check_with(at(minute), no_health(404), &[]).exits(3).json();
        assert_eq!(report.source("health")["status"], "failed", "{:#}", report.0);
        assert_eq!(report.rule("Health")["state"], "unknown");
        let error = report.rule("Health")["error"].as_str().unwrap();
        assert!(error.contains("before") && error.contains("404"), "{error}");
    }
    bench.check(at("10:15"), &[]).exits(0);
    // A state of an older version does not say what was read: what its rules were is proof enough.
    let mut state: serde_json::Value = serde_json::from_slice(&std::fs::read(bench.room.state()).unwrap()).unwrap();
    state.as_object_mut().unwrap().remove("offered").unwrap();
    std::fs::write(bench.room.state(), state.to_string()).unwrap();
    for minute in ["10:20", "10:25"] {
        bench.check_with(at(minute), no_health(404), &[]).exits(3);
    }
}
