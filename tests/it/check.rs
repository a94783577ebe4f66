//! `pcemon check` and `pcemon demo` as their users meet them: output, exit codes, files, pipes, signals.

use crate::support::cli::{Bench, Checked, Ran, Room, at, knock, knocks, listing, pce_table, until};
use crate::support::receivers::Receiver;
use pcemon::domain::record::Decision;
use pcemon::domain::text::is_hostile;
use pcemon::render::FORMATS;
use pcemon::sim::estate;
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::{Layout, Options, Packing};
use pcemon::sim::world::World;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// One rule for each severity, by port.
const RULES: &str = r#"
[defaults]
window = "10m"
[[rules]]
name = "Critical"
source = "traffic"
match = { port = ["1/tcp"] }
critical = "> 5"
[[rules]]
name = "Warning"
source = "traffic"
match = { port = ["2/tcp"] }
warning = "> 5"
[[rules]]
name = "Info"
source = "traffic"
match = { port = ["3/tcp"] }
info = "> 5"
[[rules]]
name = "Health"
source = "health"
"#;

/// A bench after a first look at 10:00; these ports have ten connections before 10:10.
fn with_ports(ports: &[u16]) -> Bench {
    let list: Vec<_> = ports.iter().map(|port| knock("10:05", "web-01", *port, 10)).collect();
    let bench = Bench::new(Options::new(knocks(&list), at("10:00")), RULES);
    bench.check(at("10:00"), &[]).exits(0);
    bench
}

fn failing_health() -> Vec<Fault> {
    vec![Fault::new(Endpoint::Health, .., Action::html(200))]
}

#[test]
fn the_exit_code_is_the_same_for_every_format() {
    for (ports, faults, code) in [
        (&[][..], vec![], 0),
        (&[3], vec![], 0),
        (&[2], vec![], 1),
        (&[1, 2], vec![], 2),
        (&[], failing_health(), 3),
        (&[2], failing_health(), 1),
    ] {
        let bench = with_ports(ports);
        bench.sim.set_now(at("10:10"));
        bench.sim.set_faults(faults);
        for format in FORMATS {
            let ran = bench.room.run(&["check", "--dry-run", "--now", "2026-11-20T10:10:00Z", "-o", format.name]);
            assert_eq!(ran.code, code, "{} for {ports:?}: {}", format.name, ran.err);
            assert!(code == 0 || !ran.out.is_empty(), "{} says nothing of {code}", format.name);
        }
        bench.sim.set_faults(Vec::new());
    }
}

#[test]
fn fail_on_and_strict_follow_the_table() {
    // What fires, whether a source fails, flags, code.
    let table: &[(&[u16], bool, &[&str], i32)] = &[
        (&[], false, &[], 0),
        (&[3], false, &[], 0),
        (&[2], false, &[], 1),
        (&[1, 2], false, &[], 2),
        (&[], true, &[], 3),
        (&[2], true, &[], 1),
        (&[1], true, &[], 2),
        (&[2], true, &["--strict"], 3),
        (&[1, 2], true, &["--strict"], 2),
        (&[2], false, &["--strict"], 1),
        (&[1], true, &["--fail-on", "never"], 0),
        (&[2], true, &["--fail-on", "never"], 0),
        (&[2], true, &["--fail-on", "critical"], 0),
        (&[1], false, &["--fail-on", "critical"], 2),
        (&[], true, &["--fail-on", "critical"], 0),
        (&[2], false, &["--fail-on", "warning"], 1),
        (&[1], false, &["--fail-on", "warning"], 2),
        (&[], true, &["--fail-on", "warning"], 0),
        (&[], true, &["--fail-on", "unknown"], 3),
        (&[2], false, &["--fail-on", "new"], 1),
        (&[], true, &["--fail-on", "new"], 3),
    ];
    for (ports, failing, flags, code) in table {
        let bench = with_ports(ports);
        let faults = if *failing { failing_health() } else { Vec::new() };
        let ran = bench.check_with(at("10:10"), faults, flags);
        assert_eq!(ran.code, *code, "{ports:?} {failing} {flags:?}: {}", ran.out);
        assert_eq!(ran.json().0["exit_code"], *code);
    }
    // What has been firing is not new.
    let bench = with_ports(&[1]);
    bench.check(at("10:10"), &["--fail-on", "new"]).exits(2);
    bench.check(at("10:11"), &["--fail-on", "new"]).exits(0);
    bench.check(at("10:12"), &[]).exits(2);
}

#[test]
fn usage_is_unknown_and_help_is_not() {
    let room = Room::new();
    room.config("[[rules]]\nname = \"Health\"\nsource = \"health\"\n");
    for arguments in [
        &[][..],
        &["state", "show"],
        &["chek"],
        &["check", "--no-such-flag"],
        &["check", "--now", "yesterday"],
        &["check", "-o", "pdf"],
        &["check", "--out", "json"],
        &["check", "--out", "pdf=x"],
        &["check", "--fail-on", "sometimes"],
        &["check", "--lock-wait", "soon"],
        &["check", "-c", "missing.toml"],
        &["check", "--rule", "["],
        &["check", "--rule", "nothing"],
        &["check", "--health", "missing.json"],
        &["check", "--out", "json=missing/folder/x.json"],
        &["check", "--flows", "-", "--events", "-"],
        &["check"],
    ] {
        let ran = room.run(arguments).exits(3);
        assert!(
            !ran.err.is_empty() || ran.out.contains("Usage") || ran.out.contains("missing.json"),
            "{arguments:?} is refused without a word"
        );
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
    }
    for arguments in
        [&["--help"][..], &["-h"], &["--version"], &["-V"], &["check", "--help"], &["help", "check"], &["state", "reset", "--help"]]
    {
        let ran = room.run(arguments).exits(0);
        assert!(!ran.out.is_empty() && ran.err.is_empty(), "{arguments:?}");
    }
    room.config("[[rules]]\nname = \"Health\"\nsource = \"helth\"\n");
    let ran = room.run(&["check"]).exits(3);
    assert!(ran.err.contains("rules.toml:3:10") && ran.err.contains("did you mean"), "{}", ran.err);
}

#[test]
fn quiet_says_nothing_when_all_is_well_and_enough_when_not() {
    let bench = with_ports(&[2]);
    let quiet = |time: &str, more: &[&str]| {
        bench.sim.set_now(at(time));
        let now = at(time).to_string();
        bench.room.run(&[&["check", "-q", "--now", now.as_str()], more].concat())
    };
    let ran = quiet("10:01", &[]).exits(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
    let ran = quiet("10:01", &["-o", "json"]).exits(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
    assert!(quiet("10:10", &["--dry-run"]).exits(1).out.contains("Warning"));
    // What `--fail-on` makes no failure is no mail either.
    assert_eq!(quiet("10:10", &["--dry-run", "--fail-on", "never"]).exits(0).out, "");
    assert_eq!(quiet("10:10", &["--dry-run", "--fail-on", "critical"]).exits(0).out, "");
    // News are told once: the run in which it begins, not the next ones.
    assert!(quiet("10:10", &["--fail-on", "new"]).exits(1).out.contains("Warning"));
    assert_eq!(quiet("10:11", &["--fail-on", "new"]).exits(0).out, "");
    assert!(quiet("10:12", &[]).exits(1).out.contains("Warning"));
}

/// Escape sequences, line ends, invisible and reversing marks, a formula, quotes, markup.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}evil\r\nX-Injected: yes\n::error::\u{202e}txt.exe\u{200b}\t|<b>&\"'`=cmd()";

#[test]
fn hostile_names_show_harmlessly_everywhere() {
    let world = knocks(&[knock("10:05", HOSTILE, 1, 10)]);
    let rules =
        "[[rules]]\nname = \"Critical\"\nsource = \"traffic\"\ngroup_by = [\"src_workload\"]\nwindow = \"10m\"\ncritical = \"> 5\"\n";
    let bench = Bench::new(Options::new(world, at("10:00")), rules);
    bench.check(at("10:00"), &[]).exits(0);
    bench.sim.set_now(at("10:10"));
    for format in FORMATS {
        let ran = bench.room.run(&["check", "--dry-run", "--now", "2026-11-20T10:10:00Z", "-o", format.name, "-vv"]).exits(2);
        // RFC 4180 ends its rows with both characters: a header, the rule, its instance, and no row of the name's own.
        let rows = ran.out.matches("\r\n").count();
        assert_eq!(rows, if format.name == "csv" { 3 } else { 0 }, "{}: {}", format.name, ran.out);
        for text in [&ran.out.replace("\r\n", "\n"), &ran.err] {
            let bad = text.chars().find(|c| *c != '\n' && is_hostile(*c));
            assert_eq!(bad, None, "{}: {text:?}", format.name);
            assert!(
                !text.lines().any(|line| line.starts_with("X-Injected") || line.starts_with("::error::\\u")),
                "{}: {text}",
                format.name
            );
        }
        // A metric for each group would be one for each name that anybody makes up.
        assert!(ran.out.contains("evil") || format.name == "prometheus", "{} does not tell whom it is about: {}", format.name, ran.out);
    }
    // A machine gets the name as it is.
    let report = bench.check(at("10:10"), &[]).exits(2).json();
    assert_eq!(report.rule("Critical")["instances"][0]["group"]["src_workload"], HOSTILE);
    bench.check(at("10:11"), &[]).exits(2);
}

/// Every key of the contract and what it may hold.
fn shape() -> Value {
    json!({
        "schema": "s",
        "run": { "id": "s", "started_at": "t", "finished_at": "t", "duration_ms": "n", "version": "s", "pce": "s", "org_id": "n", "dry_run": "b" },
        "status": "s", "exit_code": "n",
        "sources": [{ "source": "s", "status": "s", "records": "n", "queries": "n", "bytes": "n", "partial": "b", "from": "t?", "to": "t?", "error": "s?" }],
        "rules": [{ "name": "s", "source": "s", "metric": "s", "window": "s?", "state": "s", "severity": "s?", "value": "n?", "unit": "s",
            "lower_bound": "b", "covers_from": "t?", "covers_to": "t?", "accounting": "s?", "threshold": "s", "groups": "n", "matched": "n",
            "instances": [{ "fingerprint": "s", "key": "s", "group": "o", "state": "s", "severity": "s", "value": "n?", "since": "t", "notified": "b", "suppressed_by": "s?" }],
            "top": [{ "src": "s", "dst": "s", "port": "n?", "proto": "s", "decision": "s", "value": "n" }],
            "error": "s?" }],
        "deliveries": [{ "channel": "s", "status": "s", "alerts": "n", "attempts": "n", "error": "s?" }]
    })
}

#[track_caller]
fn fits(place: &str, value: &Value, shape: &Value) {
    match shape {
        Value::Object(keys) => keys.iter().for_each(|(key, shape)| {
            let inner = value.get(key).unwrap_or_else(|| panic!("{place} lacks {key}: {value:#}"));
            fits(&format!("{place}.{key}"), inner, shape);
        }),
        Value::Array(list) => {
            value.as_array().unwrap_or_else(|| panic!("{place} is no array")).iter().for_each(|item| fits(place, item, &list[0]))
        }
        _ => {
            let kind = shape.as_str().unwrap();
            let right = match kind.trim_end_matches('?') {
                "n" => value.is_number(),
                "b" => value.is_boolean(),
                "o" => value.is_object(),
                "t" => value.as_str().is_some_and(|text| text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()),
                _ => value.is_string(),
            };
            assert!(right || (kind.ends_with('?') && value.is_null()), "{place} is {value}");
        }
    }
}

#[test]
fn json_keeps_its_contract() {
    let start = at("10:00");
    let world = estate::world(start);
    let options = Options { events: world.events, health: world.health, ..Options::new(world.world, start) };
    let receiver = Receiver::http([]);
    let rules = format!(
        "[[channels]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"{}/x\"\n[[routes]]\nchannels = [\"hook\"]\n{}",
        receiver.url(),
        estate::demo_rules()
    );
    let bench = Bench::new(options, &rules);
    fits("report", &bench.check(start, &["--dry-run"]).json().0, &shape());
    bench.check(start, &[]);
    let told = receiver.requests().len();
    let out = bench.room.path("result.json");
    let ran =
        bench.check(at("10:10"), &["--out", &format!("json={}", out.display()), "--out", &format!("junit={}.xml", out.display())]).exits(2);
    let report = ran.json();
    fits("report", &report.0, &shape());
    assert_eq!(
        (&report.0["schema"], &report.0["run"]["org_id"], &report.0["run"]["pce"]),
        (&json!("pcemon.check/1"), &json!(1), &json!(bench.sim.url()))
    );
    for (list, least) in [("sources", 3), ("rules", 5), ("deliveries", 1)] {
        assert!(report.0[list].as_array().unwrap().len() >= least, "{list}");
    }
    let allowed = |key: &str, words: &[&str]| {
        for rule in report.0["rules"].as_array().unwrap() {
            for item in rule["instances"].as_array().unwrap().iter().chain([rule]) {
                assert!(item.get(key).is_none_or(|value| value.is_null() || words.contains(&value.as_str().unwrap())), "{key}: {item:#}");
            }
        }
    };
    allowed("state", &["ok", "pending", "firing", "unknown", "disabled"]);
    allowed("severity", &["info", "warning", "critical"]);
    allowed("suppressed_by", &["cooldown", "silence", "inhibited"]);
    let firing = report.0["rules"].as_array().unwrap().iter().flat_map(|rule| rule["instances"].as_array().unwrap()).collect::<Vec<_>>();
    assert!(firing.iter().any(|instance| instance["notified"] == true), "{firing:#?}");
    assert_eq!(report.0["deliveries"][0]["status"], "sent");
    assert_eq!(receiver.requests().len(), told + 1);
    // The file holds the same report.
    let file: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(file, report.0);
    assert!(std::fs::read_to_string(bench.room.path("result.json.xml")).unwrap().contains("<testsuite"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let list: Vec<String> = (0..3_000).map(|number| format!("workload-with-a-rather-long-name-{number:05}")).collect();
    let world = knocks_of(&list);
    let rules = "[[rules]]\nname = \"Many\"\nsource = \"traffic\"\ngroup_by = [\"src_workload\"]\nwindow = \"10m\"\ncritical = \"> 5\"\n";
    let bench = Bench::new(Options::new(world, at("10:00")), rules);
    bench.check(at("10:00"), &["-q"]).exits(0);
    let mut child = bench.command(at("10:10"), &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut reader = BufReader::with_capacity(16, child.stdout.take().unwrap());
    reader.read_line(&mut line).unwrap();
    drop(reader);
    let ran = Ran::from(child.wait_with_output().unwrap()).exits(2);
    assert_eq!((line.trim(), ran.err.as_str()), ("{", ""));
    // More than a pipe holds would have come.
    assert!(bench.check(at("10:10"), &["--dry-run"]).out.len() > 200_000);
}

fn knocks_of(names: &[String]) -> World {
    use pcemon::sim::world::{Host, Point, Report};
    let base = knocks(&[knock("10:05", "web-01", 1, 10)]);
    let point = base.points()[0].clone();
    let mut hosts: Vec<Host> = vec![(*base.hosts()[0]).clone()];
    let mut points: Vec<Point> = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let mut host = crate::support::cli::workload(name, 9);
        host.ip = std::net::Ipv4Addr::from(0x0a01_0000 + number as u32).into();
        if let Some(workload) = &mut host.workload {
            workload.href = format!("/orgs/1/workloads/many-{number}");
        }
        hosts.push(host);
        let by_src = point.by_src.clone().map(|report| Report { decision: Decision::Blocked, ..report });
        points.push(Point { src: number + 1, by_src, ..point.clone() });
    }
    World::new(hosts, points)
}

#[test]
fn in_github_actions_annotations_and_a_summary_come_along() {
    let bench = with_ports(&[1]);
    bench.sim.set_now(at("10:10"));
    let summary = bench.room.path("summary.md");
    let mut command = bench.room.command(&["check", "--now", "2026-11-20T10:10:00Z"]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary);
    let ran = Ran::of(&mut command).exits(2);
    assert!(ran.out.lines().any(|line| line.starts_with("::error") && line.contains("Critical")), "{}", ran.out);
    assert!(std::fs::read_to_string(&summary).unwrap().contains("Critical"));
    // A machine's format stays what it is.
    let mut command = bench.command(at("10:11"), &[]);
    command.env("GITHUB_ACTIONS", "true");
    Ran::of(&mut command).exits(2).json();
}

#[test]
fn credentials_never_reach_another_server() {
    for href in ["", "/api/v2/elsewhere"] {
        let other = Receiver::http([]);
        let bench = with_ports(&[1]);
        let away = format!("{}{href}", other.url());
        for faults in [
            vec![Fault::new(Endpoint::Status, .., Action::ResultHref(away.clone()))],
            vec![Fault::new(Endpoint::Submit, .., Action::redirect(&away))],
            vec![Fault::new(Endpoint::Status, .., Action::redirect(&away))],
            vec![Fault::new(Endpoint::Download, .., Action::redirect(&away))],
            vec![Fault::new(Endpoint::Health, .., Action::redirect(&away))],
        ] {
            let ran = bench.check_with(at("10:10"), faults, &["--dry-run", "-vv"]);
            assert_ne!(ran.code, 0, "{}", ran.out);
            assert!(!ran.err.contains("simulated-secret") && !ran.out.contains("simulated-secret"));
        }
        assert_eq!(other.requests(), []);
    }
}

/// Two looks, ten minutes apart, live and recorded.
#[test]
fn what_was_recorded_gives_the_same_report() {
    let start = at("10:00");
    let estate = estate::world(start);
    let options = Options {
        events: estate.events,
        health: estate.health,
        vens: estate.vens,
        database: estate.database,
        ..Options::new(estate.world, start)
    };
    let bench = Bench::new(options, estate::demo_rules());
    let (mut live, mut recorded) = (Vec::new(), Vec::new());
    for (number, time) in ["10:00", "10:10"].into_iter().enumerate() {
        let folder = bench.room.path(&format!("look-{number}")).display().to_string();
        live.push(bench.check(at(time), &["--record", &folder]));
        let own = bench.room.path("replayed.json").display().to_string();
        let sources = ["--flows", "--events", "--health", "--vens", "--database"].map(|flag| [flag, folder.as_str()]);
        recorded.push(bench.check(at(time), &[&["--state", own.as_str()], sources.as_flattened()].concat()));
    }
    // The first answer alone gives nothing to compare with: what a live run may call learning, a recorded one must not call ok.
    let (live_rules, mut recorded_rules) = (live[0].json().judgement(), recorded[0].json().judgement());
    let mut only_learned = 0;
    for (live, recorded) in live_rules.as_array().unwrap().iter().zip(recorded_rules.as_array_mut().unwrap()) {
        if recorded["state"] == "unknown" && live["state"] == "ok" {
            assert!(live["source"] == "traffic" && recorded["error"].as_str().unwrap().contains("as_reported"), "{recorded:#}");
            only_learned += 1;
            (recorded["state"], recorded["error"]) = (live["state"].clone(), live["error"].clone());
        }
    }
    assert!(only_learned > 0);
    assert_eq!(live_rules, recorded_rules);
    assert_eq!(live[1].code, recorded[1].code);
    assert_eq!(live[1].json().judgement(), recorded[1].json().judgement());
    assert_eq!(live[1].code, 2);
    assert!(
        live[1].json().0["rules"]
            .as_array()
            .unwrap()
            .iter()
            .any(|rule| rule["metric"] == "connections" && rule["value"].as_f64() > Some(0.0))
    );
    let asked = bench.sim.requests().len();
    let folder = bench.room.path("look-1").display().to_string();
    let again = ["--flows", "--events", "--health", "--vens", "--database"].map(|flag| [flag, folder.as_str()]);
    bench.check(at("10:10"), &[&["--dry-run"], again.as_flattened()].concat());
    assert_eq!(bench.sim.requests().len(), asked, "a recorded answer needs no PCE");
}

#[test]
fn a_file_may_be_an_array_or_lines_plain_or_packed_and_come_through_a_pipe() {
    let world = knocks(&[knock("10:05", "web-01", 1, 10), knock("10:06", "web-02", 2, 4), knock("10:07", "web-02", 1, 3)]);
    let rows: Vec<Value> = world.record_set(at("10:10"), at("09:00"), at("10:10")).iter().map(|record| record.to_json()).collect();
    let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let texts = [
        serde_json::to_string(&rows).unwrap(),
        serde_json::to_string_pretty(&rows).unwrap(),
        lines.clone(),
        lines.trim_end().replace('\n', "\r\n"),
        format!("\u{feff}{}", serde_json::to_string(&rows).unwrap()),
    ];
    let room = Room::new();
    let rules = RULES.replace("[[rules]]\nname = \"Health\"\nsource = \"health\"\n", "");
    room.config(&rules);
    let judged = |ran: Ran| -> Checked {
        let report = ran.exits(2).json();
        assert_eq!((report.value("Critical"), report.value("Warning")), (13.0, 4.0));
        assert_eq!(report.source("traffic")["records"], 3);
        report
    };
    let check = ["check", "-o", "json", "--dry-run", "--now", "2026-11-20T10:10:00Z", "--flows"];
    for (number, text) in texts.iter().enumerate() {
        let packed = gzip(text.as_bytes());
        let mut both = gzip(&text.as_bytes()[..text.len() / 2]);
        both.extend(gzip(&text.as_bytes()[text.len() / 2..]));
        for (kind, bytes) in [("plain", text.clone().into_bytes()), ("gz", packed), ("members.gz", both)] {
            let name = format!("flows-{number}.{kind}");
            room.write(&name, &bytes);
            judged(room.run(&[&check[..], &[name.as_str()]].concat()));
            judged(Ran::fed(&mut room.command(&[&check[..], &["-"]].concat()), &bytes));
        }
    }
    // Cut files are refused.
    let whole = &texts[0];
    for bytes in [&whole.as_bytes()[..whole.len() - 1], &gzip(whole.as_bytes())[..200], b"", b"<html></html>"] {
        let ran = Ran::fed(&mut room.command(&[&check[..], &["-"]].concat()), bytes).exits(3);
        assert_eq!(ran.json().source("traffic")["status"], "failed", "{}", ran.out);
    }
    // An empty answer is an answer.
    let report = Ran::fed(&mut room.command(&[&check[..], &["-"]].concat()), b"[]").exits(0).json();
    assert_eq!(report.value("Critical"), 0.0);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn however_the_pce_lays_out_its_answer_it_is_the_same_answer() {
    let mut seen: Vec<Value> = Vec::new();
    for layout in [Layout::OneLine, Layout::RowPerLine, Layout::Pretty, Layout::Ndjson] {
        for packing in [Packing::Identity, Packing::Gzip, Packing::GzipUnmarked, Packing::GzipMembers] {
            let world = knocks(&[knock("10:05", "web-01", 1, 10), knock("10:06", "web-02", 2, 4)]);
            let options = Options { layout, packing, chunked: packing == Packing::Gzip, ..Options::new(world, at("10:10")) };
            let bench = Bench::new(options, RULES);
            seen.push(bench.check(at("10:10"), &[]).exits(2).json().judgement());
        }
    }
    assert!(seen.iter().all(|judgement| *judgement == seen[0]));
}

#[test]
fn without_a_pce_a_rule_that_needs_one_is_told_what_to_do() {
    let room = Room::new();
    room.config(RULES);
    let ran = room.run(&["check"]).exits(3);
    assert!(ran.err.contains("[pce]") && ran.err.contains("--input traffic=FILE"), "{}", ran.err);
    // A secret that is not there is named, and nothing is asked.
    room.config(&format!("{}{RULES}", pce_table("http://127.0.0.1:9")));
    let ran = Ran::of(room.command(&["check"]).env_remove("PCE_SECRET")).exits(3);
    assert!(ran.err.contains("PCE_SECRET"), "{}", ran.err);
}

#[test]
fn the_demo_needs_nothing_is_quick_and_leaves_nothing() {
    let room = Room::new();
    let before = room.files();
    let mut command = room.command(&["demo"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        command.env(name, "http://127.0.0.1:1");
    }
    let begun = Instant::now();
    let ran = Ran::of(&mut command).exits(0);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(ran.out.contains("Blocked traffic to databases") && ran.out.contains("deleted its queries"), "{}", ran.out);
    assert_eq!(ran.err, "");
    assert_eq!(room.files(), before);
    // As JSON it is a report like any other.
    let report = Ran::of(&mut room.command(&["demo", "-o", "json"])).exits(0).json();
    fits("report", &report.0, &shape());
    assert_eq!(report.0["status"], "critical");
    assert_eq!(room.files(), before);
}

#[test]
fn an_interrupted_demo_leaves_nothing_either() {
    let room = Room::new();
    let tmp = room.path("tmp");
    let child = room.command(&["demo"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("it has begun", || listing(&tmp).keys().any(|path| path.ends_with("state.json.lock")));
    let sent = std::process::Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    assert!(sent.success());
    Ran::from(child.wait_with_output().unwrap()).exits(3);
    assert_eq!(listing(&tmp).len(), 0, "{:?}", listing(&tmp).keys());
}
