//! What is remembered between runs survives everything, is never guessed, and is written by one run at a time.

use crate::support::cli::{Bench, Ran, Room, at, knock, knocks, listing, until};
use pcemon::judge::transition::Stage;
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::{Life, Options};
use pcemon::sim::world::World;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const RULES: &str = r#"
[[rules]]
name = "Blocked"
source = "traffic"
match = { decision = ["blocked"] }
group_by = ["src_workload"]
window = "10m"
warning = "> 5"
[[rules]]
name = "All day"
source = "traffic"
match = { decision = ["blocked"] }
window = "12h"
cooldown = "12h"
info = "> 1000000"
"#;

fn story() -> World {
    knocks(&[knock("09:30", "web-09", 22, 50), knock("10:05", "web-01", 3306, 20), knock("10:15", "web-01", 3306, 7)])
}

fn bench() -> Bench {
    Bench::new(Options::new(story(), at("10:00")), RULES)
}

/// A bench with one instance that fires.
fn firing() -> Bench {
    let bench = bench();
    bench.check(at("10:00"), &[]).exits(0);
    bench.check(at("10:10"), &[]).exits(1);
    bench
}

#[test]
fn a_state_that_is_cut_anywhere_is_refused_and_left_as_it_is() {
    let bench = firing();
    let state = bench.room.state();
    let whole = std::fs::read(&state).unwrap();
    let looks = bench.room.path("state/state.json.looks-2");
    let beside = std::fs::read(&looks).unwrap();
    // Every cut is read the way a run reads it; some of them by a run.
    for length in 0..whole.len() {
        std::fs::write(&state, &whole[..length]).unwrap();
        let error = bench.room.load(&bench.pce()).expect_err("a cut state was taken for a whole one");
        assert!(error.contains(&state.display().to_string()) && error.contains("damaged") && error.contains("state reset"), "{error}");
    }
    let requests = bench.sim.requests().len();
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&state, &whole[..length]).unwrap();
        let ran = bench.check(at("10:20"), &[]).exits(3);
        assert!(ran.err.contains(&state.display().to_string()) && ran.err.contains("damaged"), "{}", ran.err);
        let report = ran.json();
        assert_eq!((report.0["status"].clone(), report.rule("Blocked")["state"].clone()), (json!("unknown"), json!("unknown")));
        assert_eq!(std::fs::read(&state).unwrap(), whole[..length], "the state was touched");
        assert_eq!(std::fs::read(&looks).unwrap(), beside, "the looks were touched");
    }
    assert_eq!(bench.sim.requests().len(), requests, "nothing is asked that could not be remembered");
    // Put back, all goes on where it was.
    std::fs::write(&state, &whole).unwrap();
    assert_eq!(bench.check(at("10:20"), &[]).exits(1).json().value("Blocked"), 7.0);
}

#[test]
fn a_newer_state_and_another_pces_state_are_refused_with_advice() {
    let bench = firing();
    let state = bench.room.state();
    let whole = String::from_utf8(std::fs::read(&state).unwrap()).unwrap();
    let newer = whole.replace("pcemon.state/1", "pcemon.state/2");
    let other = whole.replace(&bench.sim.url(), "https://other.example.com:8443");
    for (text, parts) in [
        (newer, &["pcemon.state/2", "state reset"][..]),
        (other, &["https://other.example.com:8443 org 1", "--state", "state reset"][..]),
        ("{}".to_owned(), &["damaged"][..]),
        (whole.replace("\"generation\": 2", "\"generation\": \"two\""), &["damaged"][..]),
    ] {
        std::fs::write(&state, &text).unwrap();
        for more in [&[][..], &["--dry-run"][..]] {
            let ran = bench.check(at("10:20"), more).exits(3);
            for part in parts.iter().copied().chain([state.display().to_string().as_str()]) {
                assert!(ran.err.contains(part), "{part} is not in {}", ran.err);
            }
            assert_eq!(std::fs::read_to_string(&state).unwrap(), text, "the state was touched");
        }
    }
    std::fs::write(&state, &whole).unwrap();
    // A state of its own for the other one is what the advice says.
    let own = bench.room.path("other.json");
    for (path, more) in [(&own, &["--state", own.to_str().unwrap()][..]), (&state, &[])] {
        bench.room.run(&[&["state", "reset", "--yes"], more].concat()).exits(0);
        let report = bench.check(at("10:20"), more).exits(0).json();
        assert!(report.rule("Blocked")["note"].as_str().unwrap().contains("learning"), "{:#}", report.0);
        assert!(path.exists());
    }
}

#[test]
fn lost_looks_are_told_and_learned_anew() {
    for damage in [None, Some(0), Some(7), Some(30)] {
        let bench = firing();
        let looks = bench.room.path("state/state.json.looks-2");
        match damage {
            None => std::fs::remove_file(&looks).unwrap(),
            Some(place) => {
                let mut bytes = std::fs::read(&looks).unwrap();
                bytes[place] ^= 0x10;
                std::fs::write(&looks, bytes).unwrap();
            }
        }
        let ran = bench.check(at("10:20"), &[]);
        let report = ran.json();
        assert!(ran.out.contains("are learned anew") && ran.out.contains("looks-2"), "{}", ran.out);
        // What fires goes on firing: seven of the 27 are known to be new, the rest may be.
        let blocked = report.rule("Blocked");
        assert_eq!((&blocked["state"], ran.code), (&json!("firing"), 1), "{blocked:#}");
        assert_eq!(blocked["lower_bound"], true, "{blocked:#}");
        assert!(blocked["value"].as_f64().unwrap() <= 27.0, "{blocked:#}");
        // Learned: the next ones are exact again, and warn no more.
        let ran = bench.check(at("10:31"), &[]).exits(0);
        assert!(!ran.out.contains("are learned anew"), "{}", ran.out);
        let blocked = ran.json().rule("Blocked").clone();
        assert_eq!((&blocked["value"], &blocked["lower_bound"]), (&json!(0), &json!(false)), "{blocked:#}");
    }
}

#[test]
fn of_two_runs_at_once_one_waits_or_gives_up() {
    let bench = firing();
    bench.sim.set_faults(vec![Fault::new(Endpoint::Status, .., Action::QueryState("working".into()))]);
    let before = bench.sim.requests().len();
    let first = spawn(&mut bench.command(at("10:20"), &[]));
    until("the first run has its query", || bench.sim.requests()[before..].iter().any(|request| request.path.contains("async_queries/")));
    let state = std::fs::read(bench.room.state()).unwrap();
    let second = bench.check(at("10:20"), &[]).exits(3);
    assert!(second.err.contains("lock") && second.err.contains("--lock-wait"), "{}", second.err);
    assert_eq!(second.json().rule("Blocked")["state"], "unknown");
    bench.check(at("10:20"), &["--lock-wait", "200ms"]).exits(3);
    assert_eq!(std::fs::read(bench.room.state()).unwrap(), state);
    // One that only looks need not wait.
    let dry = spawn(&mut bench.command(at("10:20"), &["--dry-run"]));
    let patient = spawn(&mut bench.command(at("10:21"), &["--lock-wait", "60s"]));
    bench.sim.set_now(at("10:20"));
    bench.sim.set_faults(Vec::new());
    let first = Ran::from(first.wait_with_output().unwrap()).exits(1).json();
    Ran::from(dry.wait_with_output().unwrap()).exits(1);
    let patient = Ran::from(patient.wait_with_output().unwrap()).exits(1).json();
    assert_eq!(first.value("Blocked"), 7.0);
    assert_eq!((patient.value("Blocked"), &patient.rule("Blocked")["covers_from"]), (7.0, &json!(at("10:10"))), "{:#}", patient.0);
    assert_eq!(bench.loaded().state.generation, 4);
}

#[test]
fn many_runs_at_once_leave_one_good_state() {
    let bench = bench();
    bench.check(at("10:00"), &[]).exits(0);
    let runs: Vec<Child> = (0..8).map(|_| spawn(&mut bench.command(at("10:10"), &["--lock-wait", "60s"]))).collect();
    let codes: Vec<i32> = runs.into_iter().map(|run| Ran::from(run.wait_with_output().unwrap()).code).collect();
    assert_eq!(codes, [1; 8]);
    let loaded = bench.loaded();
    assert_eq!((loaded.state.generation, loaded.memory_lost), (9, None));
    // All eight looked at the same instant, and it was counted once.
    assert_eq!(bench.check(at("10:20"), &[]).exits(1).json().value("All day"), 77.0);
}

fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_run_killed_at_any_moment_leaves_the_old_state_or_the_new_one_and_no_number_is_lost() {
    let times: Vec<String> = (0..60).map(|minute| format!("10:{minute:02}:30")).collect();
    let world = knocks(&times.iter().map(|time| knock(time, "web-01", 3306, 1)).collect::<Vec<_>>());
    let mut bench = Bench::new(Options { life: Life::Polls(2), ..Options::new(world.clone(), at("10:00")) }, RULES);
    bench.may_leave_queries = true;
    bench.check(at("10:00"), &[]).exits(0);
    let (mut old, mut new) = (0, 0);
    for minute in 1..55 {
        let now = at(&format!("10:{minute:02}"));
        let state = std::fs::read(bench.room.state()).unwrap();
        let before = bench.sim.requests().len();
        let mut run = spawn(&mut bench.command(now, &[]));
        // The first dozen are killed between requests, the others while they decide and write.
        let begun = Instant::now();
        if minute <= 12 {
            until("the request came", || bench.sim.requests().len() >= before + (minute % 6) || begun.elapsed().as_secs() > 5);
        } else {
            until("the query was deleted", || bench.sim.requests()[before..].iter().any(|request| request.method == "DELETE"));
            let later = Instant::now() + Duration::from_micros(400 * (minute as u64 - 13));
            until("it is time", || Instant::now() >= later);
        }
        run.kill().unwrap();
        let output = run.wait_with_output().unwrap();
        let loaded = bench.loaded();
        assert_eq!(loaded.memory_lost, None, "after {minute} minutes");
        if std::fs::read(bench.room.state()).unwrap() == state {
            old += 1;
        } else {
            new += 1;
            assert_eq!(loaded.state.traffic.looked_at, Some(now));
        }
        drop(output);
    }
    assert!(old >= 6, "{old} old, {new} new");
    let report = bench.check(at("10:59"), &[]).json();
    assert_eq!(report.value("All day"), 59.0, "{old} old, {new} new: {:#}", report.rule("All day"));
    assert!(report.rule("All day")["covers_from"].as_str().unwrap() < "2026-11-20T10:00:00Z");
    let left: Vec<_> =
        listing(&bench.room.path("state")).into_keys().filter(|path| path.display().to_string().contains("looks-")).collect();
    assert_eq!(left.len(), 1, "binary files of killed runs are swept: {left:?}");
}

#[test]
fn what_a_run_killed_between_its_two_writes_left_counts_neither_twice_nor_not_at_all() {
    let bench = firing();
    let keep = |name: &str| std::fs::read(bench.room.path(name)).unwrap();
    let (state, looks) = (keep("state/state.json"), keep("state/state.json.looks-2"));
    let fired = bench.check(at("10:20"), &[]).exits(1).json();
    assert_eq!((fired.value("Blocked"), fired.value("All day")), (7.0, 77.0));
    assert!(bench.room.path("state/state.json.looks-3").exists());
    // The new looks were in place, the state file was not.
    bench.room.write("state/state.json", state);
    bench.room.write("state/state.json.looks-2", looks);
    let again = bench.check(at("10:20"), &[]).exits(1).json();
    assert_eq!(again.judgement(), fired.judgement());
    let next = bench.check(at("10:31"), &[]).exits(0).json();
    assert_eq!((next.value("Blocked"), next.value("All day")), (0.0, 77.0));
    assert!(!bench.room.path("state/state.json.looks-2").exists());
}

/// Sends a signal.
fn signal(child: &Child, name: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn a_signal_ends_the_run_soon_cleans_up_and_changes_nothing() {
    let stages = [
        ("polling", Endpoint::Status, Action::QueryState("working".into())),
        ("waiting for an answer", Endpoint::Status, Action::Hang),
        ("waiting for the rows", Endpoint::Download, Action::Hang),
        ("submitting", Endpoint::Submit, Action::Hang),
        ("pausing", Endpoint::Submit, Action::too_many(Some("60"))),
    ];
    for name in ["INT", "TERM"] {
        for (what, endpoint, action) in &stages {
            let bench = firing();
            // The lock says that something may be left at the PCE, which the next run looks after.
            let files = || bench.room.files().into_iter().filter(|(path, _)| !path.ends_with("state.json.lock")).collect::<Vec<_>>();
            let before = files();
            let seen = bench.sim.requests().len();
            bench.sim.set_faults(vec![Fault::new(*endpoint, .., action.clone())]);
            let child = spawn(&mut bench.command(at("10:20"), &[]));
            let (method, end) = match endpoint {
                Endpoint::Status => ("GET", ""),
                Endpoint::Download => ("GET", "/download"),
                _ => ("POST", ""),
            };
            until("it is there", || {
                bench.sim.requests()[seen..]
                    .iter()
                    .any(|request| request.method == method && request.path.contains("async_queries") && request.path.ends_with(end))
            });
            let begun = Instant::now();
            signal(&child, name);
            let ran = Ran::from(child.wait_with_output().unwrap()).exits(3);
            assert!(begun.elapsed() < Duration::from_secs(3), "{what}: {:?}", begun.elapsed());
            assert!(ran.err.contains("interrupted"), "{what}: {}", ran.err);
            assert_eq!(bench.sim.queries_left(), 0, "{name} while {what}: {}", ran.err);
            assert_eq!(files(), before, "{name} while {what}");
            bench.sim.set_faults(Vec::new());
            assert_eq!(bench.check(at("10:20"), &[]).exits(1).json().value("Blocked"), 7.0);
        }
    }
}

#[test]
fn the_state_is_for_its_owner_alone() {
    let bench = firing();
    let modes: Vec<(String, u32)> = std::fs::read_dir(bench.room.path("state"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().permissions().mode() & 0o777))
        .collect();
    assert_eq!(modes.len(), 3, "{modes:?}");
    assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
}

#[test]
fn a_dry_run_writes_nothing_at_all() {
    let bench = firing();
    bench.config(&format!("[run]\ntextfile = \"{}\"\n{RULES}", bench.room.path("metrics.prom").display()));
    let before = bench.room.files();
    let dry = bench.check(at("10:20"), &["--dry-run"]).exits(1);
    assert_eq!(bench.room.files(), before);
    assert_eq!(bench.room.files().keys().filter(|path| path.starts_with(bench.room.path("tmp"))).count(), 1, "only the folder itself");
    // It judges like the run it stands for.
    assert_eq!(dry.json().judgement(), bench.check(at("10:20"), &[]).exits(1).json().judgement());
    assert!(bench.room.path("metrics.prom").exists());
    // Without any state it leaves no folder behind either.
    let fresh = self::bench();
    let before = fresh.room.files();
    fresh.check(at("10:00"), &["--dry-run"]).exits(0);
    assert_eq!(fresh.room.files(), before);
}

#[test]
fn the_state_lies_where_the_system_wants_it() {
    let room = Room::new();
    room.config("[[rules]]\nname = \"Health\"\nsource = \"health\"\n");
    room.write(
        "health.json",
        r#"[{ "status": "normal", "type": "standalone", "fqdn": "pce.example.com", "notifications": [], "nodes": [] }]"#,
    );
    let check = |set: &dyn Fn(&mut Command)| {
        let mut command = room.command(&["check", "--health", "health.json", "-q"]);
        set(&mut command);
        Ran::of(&mut command).exits(0)
    };
    check(&|command| {
        command.env("STATE_DIRECTORY", room.path("unit")).env("XDG_STATE_HOME", room.path("xdg"));
    });
    assert!(room.path("unit/state.json").exists() && !room.path("xdg").exists());
    check(&|command| {
        command.env("XDG_STATE_HOME", room.path("xdg"));
    });
    assert!(room.path("xdg/pcemon/state.json").exists());
    check(&|command| {
        command.env_remove("XDG_STATE_HOME");
    });
    assert!(room.path(".local/state/pcemon/state.json").exists());
    let instances = Path::new("unit/state.json");
    let shown = room.run(&["state", "show", "-o", "json", "--state", instances.to_str().unwrap()]).exits(0);
    let state: pcemon::state::State = serde_json::from_str(&shown.out).unwrap();
    assert!(state.instances.values().all(|instance| instance.stage != Stage::Firing));
}
