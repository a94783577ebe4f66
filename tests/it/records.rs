//! Targets and the source `records`: files and standard input, judged like everything else.

use crate::support::cli::Room;
use serde_json::json;

const RULES: &str = r#"
[[targets]]
name = "backups"
type = "records"
from = { glob = "backups-*.ndjson" }
labels = { tenant = "acme" }
[[targets]]
name = "disks"
type = "records"
from = { file = "disks.csv" }
[[rules]]
name = "Failed"
source = "records"
targets = ["backups"]
match = { status = ["failed"] }
group_by = ["host"]
window = "1d"
warning = ">= 1"
[[rules]]
name = "Full"
source = "records"
match = { target = ["disks"] }
metric = "max:used"
critical = ">= 90"
"#;

const CHECK: [&str; 5] = ["check", "-o", "json", "--now", "2026-11-20T10:00:00Z"];

fn room() -> Room {
    let room = Room::new();
    room.config(RULES);
    room.write(
        "backups-1.ndjson",
        "{\"host\":\"db-01\",\"status\":\"failed\",\"timestamp\":\"2026-11-20T03:00:00Z\"}\n{\"host\":\"db-02\",\"status\":\"done\",\"timestamp\":\"2026-11-20T03:00:00Z\"}\n",
    );
    room.write("backups-2.ndjson", "{\"host\":\"db-03\",\"status\":\"failed\",\"timestamp\":\"2026-11-12T03:00:00Z\"}\n");
    room.write("disks.csv", "mount,used\n/,40\n/data,95\n");
    room
}

/// Who has to be looked at is said by name, for machines as well.
#[test]
fn what_could_not_be_read_names_the_party_that_failed() {
    let room = room();
    let party = |arguments: &[&str], target: &str| {
        let report = room.run(arguments).json().0;
        let source = report["sources"].as_array().unwrap().iter().find(|source| source["target"] == target).unwrap().clone();
        (source["status"].clone(), source["party"].clone(), source["error"].to_string())
    };
    assert_eq!(party(&CHECK, "disks"), (json!("ok"), json!(null), "null".to_owned()));
    room.config(&RULES.replace("disks.csv", "other.csv"));
    let (status, own, error) = party(&CHECK, "disks");
    assert_eq!((status, own), (json!("failed"), json!("config")), "another file than before: {error}");
    room.run(&["state", "reset", "--target", "disks", "--yes"]).exits(0);
    let (status, own, error) = party(&CHECK, "disks");
    assert_eq!((status, own), (json!("failed"), json!("file")), "{error}");
    room.write("cut.json", "[{\"mount\": \"/\"}, {");
    let (status, own, error) = party(&[&CHECK[..], &["--input", "records@backups=cut.json"]].concat(), "backups");
    assert_eq!((status, own), (json!("failed"), json!("file")), "{error}");
}

/// A group that was not seen now has its alert still: there are no fewer groups than alerts.
#[test]
fn a_group_that_is_not_seen_counts_among_the_groups() {
    let room = Room::new();
    let rule = "[[rules]]\nname = \"Full\"\nsource = \"records\"\nmetric = \"max:used\"\ngroup_by = [\"target\"]\nwarning = \">= 90\"\n";
    let target = |name: &str| format!("[[targets]]\nname = \"{name}\"\ntype = \"records\"\nfrom = {{ file = \"{name}.csv\" }}\n");
    room.config(&format!("{}{}{rule}", target("one"), target("two")));
    room.write("one.csv", "used\n95\n");
    room.write("two.csv", "used\n97\n");
    room.run(&CHECK).exits(1);
    std::fs::remove_file(room.path("two.csv")).unwrap();
    let out = room.run(&["check", "-o", "nagios", "--now", "2026-11-20T10:05:00Z"]).out;
    assert!(out.contains("2 of 2 groups not ok"), "{out}");
}

#[test]
fn records_of_two_targets_without_a_pce() {
    let room = room();
    let report = room.run(&CHECK).exits(2).json();
    let failed = report.rule("Failed");
    assert_eq!((&failed["state"], &failed["value"], &failed["unit"]), (&json!("firing"), &json!(1), &json!("records")), "{failed:#}");
    assert_eq!(failed["instances"].as_array().unwrap().len(), 1, "what lies before the window does not count");
    assert_eq!(failed["instances"][0]["group"], json!({ "host": "db-01" }));
    assert_eq!((&report.rule("Full")["value"], &report.rule("Full")["severity"]), (&json!(95), &json!("critical")));
    let targets: Vec<_> = report.0["sources"].as_array().unwrap().iter().map(|source| source["target"].clone()).collect();
    assert_eq!(targets, ["backups", "disks"]);
    // The next run reads the files anew: what stands in them counts once.
    let again = room.run(&[&CHECK[..4], &["2026-11-20T10:05:00Z"]].concat()).exits(2).json();
    assert_eq!(again.rule("Failed")["value"], 1);
}

#[test]
fn a_target_that_fails_makes_unknown_what_depends_on_it_and_nothing_else() {
    let room = room();
    std::fs::remove_file(room.path("disks.csv")).unwrap();
    let report = room.run(&CHECK).exits(1).json();
    assert_eq!(report.rule("Failed")["state"], "firing");
    assert_eq!(report.rule("Full")["state"], "unknown", "{}", report.rule("Full"));
    let disks = report.0["sources"].as_array().unwrap().iter().find(|source| source["target"] == "disks").unwrap();
    assert_eq!(disks["status"], "failed");
    assert!(disks["error"].as_str().unwrap().contains("disks.csv"), "{disks}");
}

#[test]
fn a_line_that_is_no_record_is_not_calm() {
    let room = room();
    room.write("backups-1.ndjson", "{\"host\":\"db-01\",\"status\":\"done\",\"timestamp\":\"2026-11-20T03:00:00Z\"}\n{\"host\":\n");
    room.write("disks.csv", "mount,used\n/,40\n");
    let report = room.run(&CHECK).exits(3).json();
    assert_eq!(report.rule("Failed")["state"], "unknown");
    assert_eq!(report.rule("Full")["state"], "ok");
    let source = report.0["sources"].as_array().unwrap().iter().find(|source| source["target"] == "backups").unwrap();
    assert!(source["error"].as_str().unwrap().contains("line 2"), "{source}");
}

#[test]
fn a_field_that_no_record_has_is_undecided_and_never_zero() {
    let room = room();
    room.config(
        "[[targets]]\nname = \"disks\"\ntype = \"records\"\nfrom = { file = \"disks.csv\" }\n\
         [[rules]]\nname = \"slip\"\nsource = \"records\"\nmatch = { muont = [\"/data\"] }\nwarning = \">= 1\"\n\
         [[rules]]\nname = \"opted out\"\nsource = \"records\"\nmatch = { muont = [\"/data\"] }\nundecided = \"no\"\nwarning = \">= 1\"\n\
         [[rules]]\nname = \"no number\"\nsource = \"records\"\nmetric = \"max:usde\"\nwarning = \"> 10\"\n",
    );
    let report = room.run(&CHECK).exits(3).json();
    assert_eq!(report.rule("slip")["state"], "unknown");
    assert!(report.rule("slip")["error"].as_str().unwrap().contains("2 of 2 records have no `muont`"), "{}", report.rule("slip"));
    assert_eq!(report.rule("opted out")["state"], "ok");
    assert_eq!(report.rule("no number")["state"], "unknown");
}

#[test]
fn answers_are_given_by_input_and_need_no_target() {
    let room = Room::new();
    room.config("[[rules]]\nname = \"x\"\nsource = \"records\"\nmatch = { level = [\"error\"] }\nwarning = \">= 1\"\n");
    room.write("app.json", "[{\"level\":\"error\",\"timestamp\":\"2026-11-20T09:59:00Z\"}]");
    let report = room.run(&[&CHECK[..], &["--input", "records=app.json"]].concat()).exits(1).json();
    assert_eq!(report.value("x"), 1.0);
    let refused = room.run(&[&CHECK[..], &["--input", "recrods=app.json"]].concat());
    assert!(refused.code == 3 && refused.err.contains("did you mean `records`"), "{} {}", refused.code, refused.err);
    // Without a target and without an answer nothing is known.
    let room = Room::new();
    room.config("[[rules]]\nname = \"x\"\nsource = \"records\"\nwarning = \">= 1\"\n");
    let none = room.run(&CHECK).exits(3).json();
    assert_eq!(none.rule("x")["state"], "unknown");
}

#[test]
fn what_is_wrong_with_a_target_is_said_in_one_go() {
    let room = Room::new();
    room.config(
        "[[targets]]\nname = \"a\"\ntype = \"recrods\"\n[[targets]]\nname = \"a\"\ntype = \"records\"\nfrom = { file = \"x\", stdin = true }\nfrmat = \"csv\"\n\
         [[targets]]\nname = \"pce\"\ntype = \"records\"\nfrom = { stdin = true }\n\
         [[rules]]\nname = \"r\"\nsource = \"records\"\ntargets = [\"b\"]\nwarning = \">= 1\"\n",
    );
    let ran = room.run(&["rules", "validate"]);
    for part in [
        "did you mean `records`",
        "two targets are called `a`",
        "exactly one of file, glob and stdin",
        "did you mean `format`",
        "a target cannot have this name",
        "no target of type records is called 'b'",
    ] {
        assert!(ran.err.contains(part) || ran.out.contains(part), "{part}\n{}\n{}", ran.out, ran.err);
    }
    assert_eq!(ran.code, 3);
}

/// The latest of two hosts is the value of neither: whoever writes such a rule is told.
#[test]
fn one_value_of_several_targets_is_remarked_on() {
    let rule = |more: &str| {
        let target = |name: &str| format!("[[targets]]\nname = \"{name}\"\ntype = \"records\"\nfrom = {{ file = \"{name}.ndjson\" }}\n");
        format!("{}{}[[rules]]\nname = \"load\"\nsource = \"records\"\nwarning = \"> 5\"\n{more}", target("a"), target("b"))
    };
    let remark = |more: &str| {
        let room = Room::new();
        room.config(&rule(more));
        let ran = room.run(&["rules", "validate"]).exits(0);
        let said = format!("{}{}", ran.out, ran.err);
        said.contains("combines 2 targets into one value") && said.contains(": a, b")
    };
    assert!(remark("metric = \"load\"\nagg = \"last\"\n") && remark("metric = \"load\"\nagg = \"avg\"\n"));
    for told_apart in ["group_by = [\"target\"]\n", "targets = [\"b\"]\n", "match = { target = [\"a\"] }\n"] {
        assert!(!remark(&format!("metric = \"load\"\nagg = \"last\"\n{told_apart}")), "{told_apart}");
    }
    assert!(!remark("") && !remark("metric = \"load\"\nagg = \"max\"\n"), "a sum and the worst of all are values of all");
}

/// The whole of the window is read in every run, and what changed in it is counted once all the same.
#[test]
fn a_change_in_a_window_counts_once() {
    let room = Room::new();
    room.config(
        "[[targets]]\nname = \"jobs\"\ntype = \"records\"\nfrom = { file = \"jobs.ndjson\" }\n\
         [[rules]]\nname = \"Turned\"\nsource = \"records\"\nmetric = \"changes:status\"\ngroup_by = [\"host\"]\nwindow = \"2h\"\nwarning = \">= 1\"\n",
    );
    let one = |time: &str, status: &str| format!("{{\"host\":\"a\",\"status\":\"{status}\",\"timestamp\":\"2026-11-20T{time}:00Z\"}}\n");
    let (done, failed) = (one("08:50", "done"), one("09:01", "failed"));
    for (time, lines, code) in [
        ("09:00", done.clone(), 0),
        ("09:05", done.clone() + &failed, 1),
        ("09:10", failed.clone() + &done, 1),
        ("10:45", done.clone() + &failed, 1),
        // Only the later one still is in the window; then none is.
        ("10:55", done.clone() + &failed, 1),
        ("11:30", done.clone() + &failed, 0),
        ("11:31", done.clone() + &failed + &one("11:30", "failed"), 0),
        ("11:35", done + &failed + &one("11:30", "failed") + &one("11:32", "done"), 1),
    ] {
        room.write("jobs.ndjson", lines);
        let report = room.run(&["check", "-o", "json", "--now", &format!("2026-11-20T{time}:00Z")]).exits(code).json();
        assert_eq!(report.value("Turned"), f64::from(code), "{time}");
    }
}
