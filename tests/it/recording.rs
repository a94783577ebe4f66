//! What `--record` keeps, by source and target, and that reading it again says the same: completeness included.

use crate::support::cli::{Bench, Ran, Room, at};
use pcemon::sim::estate::{self, Estate};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use serde_json::{Value, json};

const RULES: &str = r#"
[traffic]
accounting = "as_reported"
[[rules]]
name = "Blocked"
source = "traffic"
match = { decision = ["blocked"] }
window = "1d"
warning = "> 1000000"
[[rules]]
name = "Events"
source = "events"
window = "1h"
warning = "> 1000000"
[[rules]]
name = "VENs"
source = "vens"
match = { offline = true }
warning = "> 1000"
[[rules]]
name = "Health"
source = "health"
[[rules]]
name = "Database"
source = "database"
metric = "used"
critical = "> 99 %"
"#;

const SOURCES: [&str; 5] = ["traffic", "events", "vens", "health", "database"];

fn bench() -> Bench {
    let Estate { world, events, health, vens, database } = estate::world(at("10:00"));
    let options = Options { events, health, vens, database, ..Options::new(world, at("10:10")) };
    let bench = Bench::new(options, RULES);
    bench.sim.set_now(at("10:10"));
    bench
}

/// The same run over what was recorded of it.
fn again(bench: &Bench, folder: &str) -> Ran {
    let inputs: Vec<String> = SOURCES.iter().map(|source| format!("--input={source}={folder}")).collect();
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let own = bench.room.path("again.json").display().to_string();
    let asked = bench.sim.requests().len();
    let ran = bench.check(at("10:10"), &[&["--state", own.as_str()], &inputs[..]].concat());
    assert_eq!(bench.sim.requests().len(), asked, "a recorded answer asks nobody");
    ran
}

/// How each source fared, without how it was had.
fn fared(ran: &Ran) -> Vec<Value> {
    let json = ran.json().0;
    let one = |source: &Value| {
        json!([
            source["source"],
            source["target"],
            source["status"],
            source["records"],
            source["unreadable"],
            source["error"],
            source["party"]
        ])
    };
    json["sources"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn what_a_run_keeps_lies_in_a_folder_for_each_source() {
    let bench = bench();
    let live = bench.check(at("10:10"), &["--record", "kept"]);
    for file in ["traffic/traffic-0", "events/events-0", "vens/vens-0", "vens/workloads-0", "health/health", "database/database"] {
        assert!(bench.room.path(&format!("kept/{file}.json.gz")).is_file(), "{file}");
    }
    let ran = again(&bench, "kept");
    assert_eq!((ran.code, ran.json().judgement(), fared(&ran)), (live.code, live.json().judgement(), fared(&live)));
    // The folder of one source alone, and the layout of 0.1: all files side by side.
    let now = at("10:10").to_string();
    let vens = |input: &str| bench.room.run(&["vens", "-o", "json", "--now", &now, "--input", input]).exits(0).out;
    let (whole, one) = (vens("vens=kept"), vens("vens=kept/vens"));
    std::fs::create_dir(bench.room.path("flat")).unwrap();
    for file in ["vens-0", "workloads-0"] {
        std::fs::copy(bench.room.path(&format!("kept/vens/{file}.json.gz")), bench.room.path(&format!("flat/{file}.json.gz"))).unwrap();
    }
    assert_eq!((one, vens("vens=flat")), (whole.clone(), whole));
}

#[test]
fn what_was_not_whole_is_not_whole_when_it_is_read_again() {
    let fault = |endpoint, action| Fault::new(endpoint, .., action);
    for (what, faults, status) in [
        ("vens", vec![fault(Endpoint::Vens, Action::error(500, "down", "down"))], "failed"),
        ("health", vec![fault(Endpoint::Health, Action::error(404, "none", "none"))], "unavailable"),
        ("events", vec![fault(Endpoint::Events, Action::error(403, "forbidden", "not for you"))], "failed"),
        ("traffic", vec![fault(Endpoint::Submit, Action::Cap(5))], "partial"),
    ] {
        let bench = bench();
        let live = bench.check_with(at("10:10"), faults, &["--record", "kept"]);
        let told = live.json().source(what).clone();
        assert_eq!((&told["status"], &told["party"]), (&json!(status), &json!("target")), "{what}: {told:#}");
        let ran = again(&bench, "kept");
        assert_eq!((fared(&ran), ran.code), (fared(&live), live.code), "{what}");
        assert_eq!(ran.json().judgement(), live.json().judgement(), "{what}");
        // A replay knows it as well.
        std::fs::create_dir(bench.room.path("runs")).unwrap();
        std::fs::rename(bench.room.path("kept"), bench.room.path("runs/1")).unwrap();
        let story = bench.room.run(&["replay", "runs", "-o", "json"]).exits(0).json().0;
        let unknown = |rules: &Value, key: &str, of: &dyn Fn(&Value) -> bool| -> Vec<String> {
            rules.as_array().unwrap().iter().filter(|rule| of(rule)).map(|rule| rule[key].as_str().unwrap().to_owned()).collect()
        };
        let live_rules = live.json().0["rules"].clone();
        assert_eq!(
            unknown(&story["rules"], "name", &|rule| rule["unknown"] == 1),
            unknown(&live_rules, "name", &|rule| rule["state"] == "unknown" || !rule["error"].is_null()),
            "{what}: {story:#}"
        );
    }
}

#[test]
fn an_answer_of_one_command_is_kept_with_what_was_missing_in_it() {
    let bench = bench();
    let now = ["--now", "2026-11-20T10:10:00Z"];
    bench.sim.set_faults(vec![Fault::new(Endpoint::Submit, .., Action::Cap(100))]);
    let live =
        bench.room.run(&[&["flows", "-o", "json", "--window", "1d", "--limit", "0", "--record", "kept"][..], &now].concat()).exits(3);
    let ran = bench.room.run(&[&["flows", "-o", "json", "--limit", "0", "--input", "traffic=kept"][..], &now].concat()).exits(3);
    let source = |ran: &Ran| -> Value { serde_json::from_str::<Value>(&ran.out).unwrap()["source"].clone() };
    for key in ["status", "partial", "error"] {
        assert_eq!(source(&ran)[key], source(&live)[key], "{key}");
    }
    // The folder of another run is cleared first: two runs never mix.
    bench.sim.set_faults(Vec::new());
    bench.room.run(&[&["events", "--record", "kept"][..], &now].concat()).exits(0);
    assert!(!bench.room.path("kept/traffic/traffic-0.json.gz").exists());
    let gone = bench.room.run(&["flows", "--input", "traffic=kept"]).exits(3);
    assert!(gone.err.contains("traffic-"), "{}", gone.err);
}

const TARGETS: &str = r#"
[[targets]]
name = "a"
type = "records"
from = { glob = "a-*" }
labels = { tenant = "acme" }
[[targets]]
name = "b"
type = "records"
from = { file = "b.csv" }
[[targets]]
name = "c"
type = "records"
from = { file = "c.ndjson" }
[[rules]]
name = "errors"
source = "records"
targets = ["a", "c"]
match = { level = ["error"] }
group_by = ["target", "target_label:tenant"]
window = "1h"
warning = ">= 1"
[[rules]]
name = "full"
source = "records"
targets = ["b"]
metric = "max:used"
critical = ">= 90"
"#;

#[test]
fn answers_of_targets_are_kept_and_read_like_the_others() {
    let room = Room::new();
    room.config(TARGETS);
    let error = json!({ "level": "error", "timestamp": "2026-11-20T09:59:00Z" }).to_string();
    room.write("a-1.ndjson", format!("{error}\n{error}x\n"));
    room.write("a-2.json", format!("[{error}]"));
    room.write("b.csv", "mount,used\n/,40\n/data,95\n");
    let check = ["check", "-o", "json", "--now", "2026-11-20T10:00:00Z"];
    let live = room.run(&[&check[..], &["--record", "runs/1"]].concat()).exits(2);
    for file in ["records@a/records-0.ndjson.gz", "records@a/records-1.json.gz", "records@b/records-0.csv.gz", "run.json"] {
        assert!(room.path(&format!("runs/1/{file}")).is_file(), "{file}");
    }
    assert_eq!(
        live.json().0["sources"].as_array().unwrap().iter().map(|source| source["status"].clone()).collect::<Vec<_>>(),
        ["partial", "ok", "failed"]
    );
    for file in ["a-1.ndjson", "a-2.json", "b.csv"] {
        std::fs::remove_file(room.path(file)).unwrap();
    }
    let statuses = |ran: &Ran| -> Vec<Value> {
        ran.json().0["sources"].as_array().unwrap().iter().map(|one| json!([one["target"], one["status"], one["records"]])).collect()
    };
    let again = room.run(&[&check[..], &["--state", "own.json", "--input", "records=runs/1"]].concat()).exits(2);
    assert_eq!((again.json().judgement(), statuses(&again)), (live.json().judgement(), statuses(&live)));
    let one = room.run(&[&check[..], &["--state", "one.json", "--input", "records@b=runs/1"]].concat()).exits(2);
    assert_eq!((one.json().value("full"), &one.json().rule("errors")["state"]), (95.0, &json!("not_judged")));
    let folder = room.run(&[&check[..], &["--state", "two.json", "--input", "records@b=runs/1/records@b"]].concat()).exits(2);
    assert_eq!(folder.json().judgement(), one.json().judgement());
    let story = room.run(&["replay", "runs", "-o", "json"]).exits(0).json().0;
    let fired: Vec<&Value> = story["rules"].as_array().unwrap().iter().map(|rule| &rule["fired"]).collect();
    assert_eq!(fired, [1, 1], "{story:#}");
    let refused = room.run(&[&check[..], &["--input", "records=runs/1", "--record", "more"]].concat()).exits(3);
    assert!(refused.err.contains("--record stores answers of the PCE") && !room.path("more").exists(), "{}", refused.err);
}
