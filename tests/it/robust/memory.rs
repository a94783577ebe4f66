//! No command takes more than 256 MiB for an input of 20 MB, and nothing of a process that has read a secret gets into a file.

use crate::support::cli::{Ran, Room};
use pcemon::sources::Assembler;
use pcemon::sources::events::Events;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

/// Bytes of each input; less for a build that is made for finding faults, which takes its time.
const INPUT: usize = if cfg!(debug_assertions) { 1 << 20 } else { 20_000_000 };
/// The longest config, file of tests and settings that are read; what is longer is refused.
const CONFIG: usize = 1 << 20;
const TESTS: usize = 2 << 20;
const SETTINGS: usize = 4 << 20;
/// What a process may have, in KiB: all that it writes to in memory, which is more than what it holds at any time.
const LIMIT: u64 = 256 << 10;

/// The program with that limit. Beyond it an allocation fails, which ends the process with a signal.
fn bounded(room: &Room, arguments: &[&str]) -> Ran {
    bounded_to(room, arguments, "exec \"$@\"")
}

fn bounded_to(room: &Room, arguments: &[&str], how: &str) -> Ran {
    let inner = room.command(arguments);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -d {LIMIT}; ulimit -c 0; {how}"), "sh"]).arg(inner.get_program()).args(inner.get_args());
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(room.path(""));
    Ran::of(&mut command)
}

/// As many of these items as fit, in an array; the number stands for `#`.
fn array(item: &str) -> String {
    listed(item, "[", ",", "]")
}

fn listed(item: &str, open: &str, between: &str, close: &str) -> String {
    listed_to(INPUT, item, open, between, close)
}

/// The same up to a size.
fn listed_to(size: usize, item: &str, open: &str, between: &str, close: &str) -> String {
    let mut text = String::with_capacity(size + 1_000);
    text.push_str(open);
    for number in 0u64.. {
        if number > 0 {
            text.push_str(between);
        }
        for (place, part) in item.split('#').enumerate() {
            if place > 0 {
                write!(text, "{number}").unwrap();
            }
            text.push_str(part);
        }
        if text.len() >= size {
            break;
        }
    }
    text + close
}

const FLOW: &str = r#"{"src":{"ip":"10.1.2.3","workload":{"href":"/orgs/1/workloads/#","name":"w#","hostname":"h#"}},"dst":{"ip":"10.0.0.2"},"service":{"port":443,"proto":6,"process_name":"p#"},"num_connections":5,"policy_decision":"blocked","flow_direction":"outbound","timestamp_range":{"first_detected":"2026-11-20T09:55:00Z","last_detected":"2026-11-20T09:58:00Z"}}"#;
const EVENT: &str = r#"{"href":"/orgs/1/events/#","timestamp":"2026-11-20T09:55:00Z","event_type":"e.#","status":"success","severity":"err","created_by":{"user":{"href":"/users/#","username":"u#"}},"action":null,"resource_changes":[],"notifications":[]}"#;

const RULES: &str = "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\ngroup_by = [\"src_workload\", \"process\"]\nwarning = \"> 1\"\n\
    [[rules]]\nname = \"Scan\"\nsource = \"traffic\"\nmetric = \"distinct:process\"\ngroup_by = [\"src_workload\"]\nwarning = \"> 1\"\n\
    [[rules]]\nname = \"New\"\nsource = \"traffic\"\nmetric = \"new:src_workload,process\"\nwarning = \"> 1\"\n\
    [[rules]]\nname = \"Events\"\nsource = \"events\"\ngroup_by = [\"type\", \"actor\"]\nwarning = \"> 1\"\n\
    [[rules]]\nname = \"VENs\"\nsource = \"vens\"\ngroup_by = [\"version\"]\nwarning = \"> 1\"\n";

/// What is worst about an input, where it goes, how it is made, and which commands read its like.
type Worst = (&'static str, &'static str, fn() -> String, Vec<Vec<&'static str>>);

const NOW: [&str; 2] = ["--now", "2026-11-20T10:00:00Z"];

fn check(source: &'static str) -> Vec<&'static str> {
    [&["check", source, "in.json", "-o", "json"][..], &NOW].concat()
}

/// The worst inputs that are known, of records.
fn records() -> Vec<Worst> {
    let replay = vec!["replay", "--flows", "in.json"];
    vec![
        (
            "flows, each a group of its own",
            "in.json",
            || array(FLOW),
            vec![
                check("--flows"),
                vec!["flows", "--flows", "in.json"],
                vec!["flows", "--flows", "in.json", "-o", "json"],
                vec!["flows", "--flows", "in.json", "-o", "json", "--raw", "--sort", "bytes", "--limit", "0"],
                vec!["top", "--flows", "in.json"],
                vec!["report", "--flows", "in.json", "--now", "2026-11-20T10:00:00Z", "-o", "json"],
                replay.clone(),
            ],
        ),
        (
            "nothing, many times",
            "in.json",
            || listed_to(INPUT / 4, "[]", "[", ",", "]"),
            vec![
                check("--flows"),
                check("--events"),
                check("--vens"),
                replay,
                vec!["flows", "--flows", "in.json"],
                vec!["show", "vens", "--input", "vens=in.json"],
            ],
        ),
        (
            "events, each of its own",
            "in.json",
            || array(EVENT),
            vec![check("--events"), vec!["events", "--events", "in.json"], vec!["replay", "--events", "in.json"]],
        ),
        ("events with next to nothing in them", "in.json", || array("{\"href\":\"#\"}"), vec![check("--events")]),
        (
            "VENs of as many versions",
            "in.json",
            || array(r#"{"href":"/orgs/1/vens/#","name":"v#","status":"active","version":"v#"}"#),
            vec![check("--vens"), vec!["show", "vens", "--input", "vens=in.json", "-o", "json"]],
        ),
        ("workloads of no VEN", "in.json", || array("{\"href\":\"/o/1/workloads/#\"}"), vec![check("--vens")]),
        (
            "one VEN with millions of interfaces",
            "in.json",
            || format!("[{{\"href\":\"/o/1/vens/1\",\"interfaces\":{}}}]", listed_to(INPUT * 3 / 4, "{}", "[", ",", "]")),
            vec![check("--vens")],
        ),
        ("what is no record, never the same", "in.json", || array("[#]"), vec![check("--events"), check("--vens")]),
        (
            "records of one field",
            "in.json",
            || listed("{\"a\":#}\n", "", "", ""),
            vec![vec!["show", "records", "--input", "records=in.json", "-o", "csv"]],
        ),
        ("lists in lists", "in.json", || "[".repeat(INPUT), vec![check("--events")]),
        ("a word without end", "in.json", || format!("[\"{}", "a".repeat(INPUT)), vec![check("--flows")]),
    ]
}

/// The worst inputs that are known, of what people write and of what pcemon wrote itself.
fn files() -> Vec<Worst> {
    let few = [&["check", "--vens", "few.json", "-o", "json"][..], &NOW].concat();
    let validate = vec!["rules", "validate", "-c", "big.toml"];
    vec![
        (
            "a config of rules",
            "big.toml",
            || listed_to(CONFIG - 100, "[[rules]]\nname = \"n#\"\nsource = \"health\"\n", "", "", ""),
            vec![validate.clone(), vec!["check", "-c", "big.toml"]],
        ),
        ("a config of faults", "big.toml", || "x = = 1\n".repeat(CONFIG / 8), vec![validate.clone()]),
        ("what is too long for a config", "big.toml", || "x = = 1\n".repeat(INPUT / 8), vec![validate]),
        (
            "settings of another monitor",
            "in.json",
            || listed_to(SETTINGS - 100, r#"{"id":#,"type":"event","name":"n#"}"#, r#"{"rules":["#, ",", "]}"),
            vec![vec!["rules", "import", "in.json"]],
        ),
        (
            "settings that no config could hold",
            "in.json",
            || listed(r#"{"id":#,"type":"event","name":"n#"}"#, r#"{"rules":["#, ",", "]}"),
            vec![vec!["rules", "import", "in.json"]],
        ),
        (
            "a state of instances",
            "state/state.json",
            || {
                let open = r#"{"schema":"pcemon.state/1","pce":{"url":"","org_id":0},"generation":0,"last_run":null,"instances":{"#;
                listed(r##""#":{}"##, open, ",", "}}")
            },
            vec![vec!["state", "show"], vec!["outbox", "list"], few.clone()],
        ),
        (
            "silences",
            "state/state.json.silences",
            || listed("{}", r#"{"schema":"pcemon.silences/1","silences":["#, ",", "]}"),
            vec![vec!["silence", "list"], few],
        ),
        ("tests of rules", "in.toml", || listed_to(TESTS - 100, "[[test]]\nname = \"#\"\n", "", "", ""), vec![vec!["test", "in.toml"]]),
        ("what is too long for tests", "in.toml", || listed("[[test]]\nname = \"#\"\n", "", "", ""), vec![vec!["test", "in.toml"]]),
    ]
}

/// The worst inputs that are known, each to every command that reads its like. As many side by side as there are processors.
#[test]
fn no_command_takes_more_than_its_share_of_memory() {
    let waiting = std::sync::Mutex::new(records().into_iter().chain(files()));
    let next = || waiting.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(|| {
                while let Some((what, name, text, commands)) = next() {
                    let room = Room::new();
                    std::fs::create_dir(room.path("state")).unwrap();
                    room.config(&format!("[run]\nstate = \"{}\"\n{RULES}", room.state().display()));
                    room.write("few.json", "[]");
                    room.write(name, text());
                    for arguments in commands {
                        let ran = bounded(&room, &arguments);
                        let said: String = ran.err.chars().take(500).collect();
                        assert!((0..=3).contains(&ran.code), "{what}, {arguments:?}: {} {said}", ran.code);
                        assert!(!ran.err.contains("internal fault"), "{what}, {arguments:?}: {said}");
                    }
                }
            });
        }
    });
}

/// Bytes of each input that is compressed; less for a build that takes its time.
const PACKED: usize = if cfg!(debug_assertions) { 200_000 } else { 19_900_000 };
/// Flows, each of its own pair of addresses.
const PACKED_FLOW: &str = r#"{"src":{"ip":"@","workload":{"href":"/orgs/1/workloads/#","name":"w#","hostname":"h#"}},"dst":{"ip":"10.0.0.2"},"service":{"port":443,"proto":6,"process_name":"p#"},"num_connections":%,"policy_decision":"blocked","flow_direction":"outbound","timestamp_range":{"first_detected":"2026-11-20T09:55:00Z","last_detected":"2026-11-20T09:58:00Z"}}"#;
/// Flows of one pair of addresses and one port, each of its own process.
const PACKED_PAIR: &str = r#"{"src":{"ip":"10.1.1.1"},"dst":{"ip":"10.0.0.2"},"service":{"port":443,"proto":6,"process_name":"p#"},"num_connections":%,"policy_decision":"blocked","flow_direction":"outbound","timestamp_range":{"first_detected":"2026-11-20T09:55:00Z","last_detected":"2026-11-20T09:58:00Z"}}"#;
const PACKED_VEN: &str = r#"{"href":"/orgs/1/vens/#","name":"v#","status":"active","version":"v#"}"#;

/// As many of these records as fit once they are compressed. `#` stands for the number, `@` for an address
/// of its own, `%` for an amount, to which `more` is added.
fn packed(item: &str, more: u64) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::with_capacity(PACKED + (1 << 20)), flate2::Compression::fast());
    let mut text = String::new();
    let mut number = 0u64;
    while out.get_ref().len() < PACKED {
        text.clear();
        for _ in 0..500 {
            text.push_str(if number == 0 { "[" } else { "," });
            for part in item.split_inclusive(['#', '@', '%']) {
                let end = part.len() - usize::from(part.ends_with(['#', '@', '%']));
                text.push_str(&part[..end]);
                match &part[end..] {
                    "#" => write!(text, "{number}").unwrap(),
                    "@" => write!(text, "10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255).unwrap(),
                    "%" => write!(text, "{}", number * 7_919 % 1_000 + more).unwrap(),
                    _ => {}
                }
            }
            number += 1;
        }
        out.write_all(text.as_bytes()).unwrap();
    }
    out.write_all(b"]").unwrap();
    out.finish().unwrap()
}

/// Input that is compressed: about a million records, each of its own. Either all of it is judged or it is said that it was not.
#[test]
fn no_command_takes_more_for_what_is_compressed() {
    let made = std::thread::scope(|scope| {
        let all = [(PACKED_FLOW, 1), (PACKED_FLOW, 5), (PACKED_PAIR, 1), (EVENT, 0), (PACKED_VEN, 0)];
        let running = all.map(|(item, more)| scope.spawn(move || packed(item, more)));
        running.map(|one| one.join().unwrap())
    });
    let later = ["--now", "2026-11-20T10:10:00Z"];
    let (flows, grown, events, vens) = (["--flows", "flows.gz"], ["--flows", "grown.gz"], ["--events", "events.gz"], ["--vens", "vens.gz"]);
    let of = |start: &[&'static str], input: [&'static str; 2], end: &[&'static str]| [start, &input, end].concat();
    let (plain, pair) = (["-c", "plain.toml"], ["--flows", "pair.gz"]);
    let works: Vec<Vec<Vec<&str>>> = vec![
        // First look, and one at which all have grown.
        vec![of(&["check"], flows, &NOW), of(&["check"], grown, &later)],
        vec![of(&["replay", "--rule", "Blocked"], flows, &[])],
        vec![of(&["explain", "Blocked"], flows, &NOW), of(&["explain", "New"], flows, &NOW)],
        vec![of(&["check"], pair, &NOW), of(&["check"], pair, &later)],
        vec![of(&["check"], events, &NOW), of(&["check"], events, &later), of(&["replay"], events, &[])],
        vec![of(&["check"], flows, &[&plain[..], &NOW].concat()), of(&["replay"], flows, &plain)],
        vec![
            of(&["flows"], flows, &[]),
            of(&["flows", "-o", "json", "--sort", "bytes", "--limit", "0"], flows, &[]),
            of(&["top"], flows, &[]),
        ],
        vec![of(&["report", "-o", "json"], flows, &NOW), of(&["show", "traffic", "-o", "json"], flows, &[])],
        vec![of(&["check"], vens, &NOW), of(&["show", "vens", "-o", "json"], vens, &[]), of(&["explain", "VENs"], vens, &NOW)],
        vec![of(&["show", "events", "-o", "json"], events, &[])],
    ];
    let waiting = std::sync::Mutex::new(works.into_iter());
    let next = || waiting.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(|| {
                while let Some(commands) = next() {
                    let room = Room::new();
                    std::fs::create_dir(room.path("state")).unwrap();
                    let config = format!("[run]\nstate = \"{}\"\n{RULES}", room.state().display());
                    room.config(&config);
                    room.write("plain.toml", format!("[traffic]\naccounting = \"as_reported\"\n{config}"));
                    for (name, bytes) in ["flows.gz", "grown.gz", "pair.gz", "events.gz", "vens.gz"].into_iter().zip(&made) {
                        if commands.iter().flatten().any(|argument| *argument == name) {
                            room.write(name, bytes);
                        }
                    }
                    for arguments in commands {
                        // What is printed is as long as what was read.
                        let is_pair = arguments.contains(&"pair.gz");
                        let ran = bounded_to(&room, &arguments, if is_pair { "exec \"$@\"" } else { "exec \"$@\" >/dev/null" });
                        let said: String = ran.err.chars().take(500).collect();
                        assert!((0..=3).contains(&ran.code), "{arguments:?}: {} {said}", ran.code);
                        assert!(!ran.err.contains("internal fault"), "{arguments:?}: {said}");
                        // Of a smaller input there are fewer.
                        let is_told = ran.out.contains("more than 100000 different ones");
                        assert!(!is_pair || is_told || cfg!(debug_assertions), "{arguments:?}: {}", ran.out);
                    }
                }
            });
        }
    });
}

/// What is left out is said, and nothing is calm by it.
#[test]
fn what_there_is_no_place_for_is_not_calm() {
    let room = Room::new();
    room.config(&format!("[run]\nstate = \"{}\"\n{RULES}", room.state().display()));
    // Groups that are not told apart any more; 50,000 are.
    room.write("in.json", listed_to(5 << 20, r#"{"href":"/orgs/1/vens/#","status":"active","version":"v#"}"#, "[", ",", "]"));
    let ran = room.run(&check("--vens")).exits(3);
    let report = ran.json();
    let rule = report.rule("VENs");
    assert_eq!(rule["state"], "unknown", "{rule}");
    assert!(rule["error"].as_str().unwrap().contains("too many groups or values"), "{rule}");
}

/// Of events that there is no place for the latest are left to the next run, which begins where they do: none is lost.
#[test]
fn what_happened_last_is_left_to_the_next_run() {
    let long = "x".repeat(50_000);
    let minute = |number: i64| jiff::Timestamp::from_second(1_760_000_000 + 60 * number).unwrap();
    // The latest first, as a PCE tells them.
    let all: Vec<jiff::Timestamp> = (0..1_400).rev().map(minute).collect();
    let one = |at: &jiff::Timestamp| format!("{{\"href\":\"/e/{at}\",\"timestamp\":\"{at}\",\"event_type\":\"{long}\"}}");
    let text = format!("[{}]", all.iter().map(one).collect::<Vec<_>>().join(","));
    let mut events: Box<dyn Assembler> = Box::<Events>::default();
    events.part("events", &mut text.as_bytes()).unwrap();
    let assembled = events.finish();
    let from = assembled.left_from.unwrap();
    let kept: Vec<jiff::Timestamp> = assembled.records.iter().filter_map(|record| record.at).collect();
    assert!((300..1_400).contains(&kept.len()), "{}", kept.len());
    assert_eq!(kept, all.iter().copied().filter(|at| *at < from).collect::<Vec<_>>());
    assert_eq!(assembled.rows, 1_400);
    assert!(assembled.missing.unwrap().contains(&from.to_string()));
}

/// How a process ends that is told to dump, and may.
fn dumped(mut command: Command) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    crate::support::cli::until("it runs the program", || {
        std::fs::read_to_string(format!("/proc/{}/comm", child.id())).is_ok_and(|name| !name.starts_with("sh"))
            && std::fs::read_to_string(format!("/proc/{}/stat", child.id())).is_ok_and(|stat| stat.contains(") S "))
    });
    assert!(Command::new("kill").args(["-SEGV", &child.id().to_string()]).status().unwrap().success());
    child.wait().unwrap().core_dumped()
}

#[test]
fn a_process_with_secrets_leaves_no_core_file() {
    let room = Room::new();
    // Waits for a program that hands out a secret, with others in its hands.
    room.config(&format!(
        "[pce]\nurl = \"https://127.0.0.1:9\"\norg_id = 1\napi_key = \"plain-5ECRET\"\napi_secret = {{ cmd = [\"sleep\", \"20\"] }}\n\
         [run]\nstate = \"{}\"\n[[rules]]\nname = \"Health\"\nsource = \"health\"\n",
        room.state().display()
    ));
    let freely = |program: &std::ffi::OsStr, arguments: &[&str]| {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh"]).arg(program).args(arguments).current_dir(room.path("tmp"));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", room.path(""));
        command
    };
    if !dumped(freely("sleep".as_ref(), &["300"])) {
        eprintln!("NOT TESTED: nothing is dumped on this machine");
        return;
    }
    let config = room.path("rules.toml").display().to_string();
    assert!(!dumped(freely(env!("CARGO_BIN_EXE_pcemon").as_ref(), &["check", "-c", &config])));
}
