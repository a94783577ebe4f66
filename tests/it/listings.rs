//! What people read of a run and in listings: each sentence once, flush left, and names that are near.

use crate::support::cli::{Bench, Room, at, knock, knocks, pce_table};
use crate::support::closed::ClosedPort;
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;

const RULES: &str = r#"
[traffic]
accounting = "as_reported"
[[rules]]
name = "Blocked"
source = "traffic"
match = { decision = ["blocked"] }
warning = "> 1"
[[rules]]
name = "Blocked by port"
source = "traffic"
match = { port = [22] }
warning = "> 1"
[[rules]]
name = "Tampering"
source = "events"
match = { type = ["agent.tampering"] }
warning = ">= 1"
"#;

/// The line of this remark, and the lines below `Sources`.
fn parts<'t>(table: &'t str, what: &str) -> (&'t str, Vec<&'t str>) {
    let remark = table.lines().skip_while(|line| *line != "Remarks").find(|line| line.contains(what));
    let sources = table.lines().skip_while(|line| *line != "Sources").skip(1).take_while(|line| !line.is_empty());
    (remark.unwrap_or_else(|| panic!("no {what} in\n{table}")), sources.collect())
}

#[test]
fn what_went_wrong_with_a_source_is_said_once() {
    let closed = ClosedPort::new();
    let room = Room::new();
    room.config(&format!("{}{RULES}", pce_table(&format!("http://127.0.0.1:{}", closed.port()))));
    let ran = |more: &[&str]| room.run(&[&["check", "--state", "state.json", "--now", "2026-11-20T10:00:00Z"], more].concat()).exits(3);
    for more in [&[][..], &["-q"], &["-v"]] {
        let table = ran(more).out;
        // One sentence for each of the two requests.
        assert_eq!(table.matches("refuses connections").count(), 2, "{table}");
        let (remark, sources) = parts(&table, "traffic");
        assert!(remark.contains("2 rules") && remark.ends_with("traffic could not be read, see Sources"), "{remark}");
        assert!(sources.iter().any(|line| line.contains("refuses connections")), "{table}");
    }
    // Whoever reads it by rule has the reason with each rule.
    let report = ran(&["-o", "json"]).json();
    assert!(report.rule("Blocked")["error"].as_str().unwrap().contains("refuses connections"), "{:#}", report.0);
}

#[test]
fn what_an_answer_lacks_is_said_once() {
    let world = knocks(&[knock("09:50", "web-01", 22, 5)]);
    let bench = Bench::new(Options::new(world, at("10:00")), &RULES.replace("> 1", "> 100"));
    bench.sim.set_faults(vec![Fault::new(Endpoint::Submit, .., Action::RegionSilent("eu.pce.example.com".to_owned()))]);
    let table = bench.room.run(&["check", "--now", "2026-11-20T10:00:00Z"]).exits(3).out;
    assert_eq!(table.matches("eu.pce.example.com").count(), 1, "{table}");
    let (remark, sources) = parts(&table, "traffic");
    assert!(remark.ends_with("traffic was read in part, see Sources"), "{remark}");
    assert!(sources.iter().any(|line| line.contains("eu.pce.example.com")), "{table}");
}

/// A verdict says how traffic was counted only where some was.
#[test]
fn traffic_that_was_not_judged_was_not_counted() {
    let world = knocks(&[knock("09:55", "web-01", 22, 5)]);
    let delta = RULES.replace("as_reported", "delta");
    for (rules, words) in [(RULES, "traffic summed as reported"), (&delta, "traffic counted as increases")] {
        let bench = Bench::new(Options::new(world.clone(), at("10:00")), rules);
        let table = |more: &[&str]| bench.room.run(&[&["check", "--now", "2026-11-20T10:00:00Z"], more].concat()).out;
        assert!(table(&[]).contains(words), "{}", table(&[]));
        assert!(!table(&["--rule", "Tampering"]).contains("traffic "), "{}", table(&["--rule", "Tampering"]));
        bench.sim.set_faults(vec![Fault::new(Endpoint::Submit, .., Action::error(403, "forbidden", "no"))]);
        let failed = table(&[]);
        assert!(failed.contains("1 source failed") && !failed.contains(words), "{failed}");
    }
}

#[test]
fn listings_begin_at_the_left() {
    let room = Room::new();
    let channel = "[[channels]]\nname = \"soc\"\ntype = \"webhook\"\nurl = \"http://127.0.0.1:1/\"\n[[routes]]\nchannels = [\"soc\"]\n";
    room.config(&format!("{}{RULES}{channel}", pce_table("http://127.0.0.1:1")));
    room.write("events.json", r#"[{"href": "/e/1", "event_type": "agent.tampering", "timestamp": "2026-11-20T09:59:00Z"}]"#);
    room.run(&["check", "--state", "state.json", "--events", "events.json", "--now", "2026-11-20T10:00:00Z"]);
    room.run(&["silence", "add", "--state", "state.json", "--match", "rule=Tampering", "--for", "1h", "--reason", "test"]).exits(0);
    for (command, head) in [
        (&["rules", "list"][..], "RULE "),
        (&["channel", "list"], "CHANNEL "),
        (&["silence", "list", "--state", "state.json"], "ID "),
        (&["outbox", "list", "--state", "state.json"], ""),
        (&["state", "show", "--state", "state.json"], "state file "),
        (&["rules", "show", "Blocked"], "Blocked "),
    ] {
        let out = room.run(command).exits(0).out;
        assert!(out.starts_with(head) && !out.starts_with(' ') && out.lines().count() > 1, "{command:?}\n{out}");
        if command[1] == "list" && !head.is_empty() {
            assert!(out.lines().all(|line| !line.starts_with(' ') && line.trim_end() == line), "{command:?}\n{out}");
        }
    }
}

#[test]
fn names_of_rules_that_are_near_are_suggested_and_no_others() {
    let room = Room::new();
    room.write("rules.toml", room.run(&["rules", "example"]).exits(0).out);
    let said = |name: &str| room.run(&["explain", name, "-c", "rules.toml"]).exits(3).err;
    let none = "`pcemon rules list` shows the names";
    for far in ["nosuch", "xyzzy", "quarterly revenue"] {
        let said = said(far);
        assert!(said.contains(none) && !said.contains("did you mean"), "{said}");
    }
    for (typed, first) in
        [("VEN ofline", "`VENs offline`"), ("prot scan", "`Port scan`"), ("blocked trafic to databse", "Blocked traffic to databases")]
    {
        let said = said(typed);
        let suggested = said.split_once("did you mean ").unwrap_or_else(|| panic!("{said}")).1;
        let nearest = suggested.split([',', '?']).next().unwrap();
        assert!(nearest.contains(first) && suggested.matches('`').count() <= 10 && !said.contains("more"), "{said}");
    }
    // The other commands that take the name of a rule say the same.
    for command in [&["rules", "show", "VEN ofline"][..], &["rules", "disable", "VEN ofline", "--yes"], &["check", "--rule", "VEN ofline"]]
    {
        let ran = room.run(&[command, &["-c", "rules.toml"]].concat()).exits(3);
        assert!(ran.err.contains("`VENs offline`") && !ran.err.contains("use one of"), "{}", ran.err);
    }
}
