//! What machines read is the same in every language: every command with every form it has, as the command line lists them.

use super::look;
use crate::support::cli::Room;
use pcemon::schemas::SCHEMAS;
use serde_json::Value;
use std::fmt::Write as _;

/// What differs from run to run.
const OWN: [&str; 7] = ["id", "started_at", "finished_at", "duration_ms", "startTimeUtc", "endTimeUtc", "uri"];

fn without(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !keys.contains(&key.as_str()));
            map.values_mut().for_each(|value| without(value, keys));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| without(value, keys)),
        _ => {}
    }
}

/// A document or lines of documents without what is a run's own, and without the preview of a message, which is for people;
/// anything else without ids, durations and times of day.
fn lasting(text: &str) -> String {
    let mut out = String::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let Ok(mut value) = value else { return timeless(text) };
        if !(value.is_object() || value.is_array()) {
            return timeless(text);
        }
        without(&mut value, &[&["preview"][..], &OWN[..]].concat());
        let _infallible = writeln!(out, "{value:#}");
    }
    out
}

/// Digits stand for themselves no more, and neither do the hexadecimal digits of an id, nor what comes and goes with time.
fn timeless(text: &str) -> String {
    let lines = text.lines().filter(|line| {
        !line.contains("_timestamp_seconds") && !line.contains("endTimeUtc") && !line.contains("duration") || line.contains("PCEMON")
    });
    let hidden = |line: &str| -> String {
        line.split_inclusive(|c: char| !c.is_ascii_alphanumeric())
            .map(|word| {
                // The folder of the test is its own.
                let word = if word.starts_with("tmp") { "tmp" } else { word };
                let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
                // A part of an id may have no digit in it.
                let has_digit = bare.chars().any(|c| c.is_ascii_digit());
                let is_own = bare.chars().all(|c| c.is_ascii_hexdigit()) && (bare.len() >= 4 || bare.len() == 3 && has_digit);
                if is_own { word.replacen(bare, "#", 1) } else { word.to_owned() }
            })
            .collect()
    };
    lines
        .map(hidden)
        .map(|line| if line.contains("PCEMON") { line.split(" | ").next().unwrap().to_owned() } else { line })
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

/// Lines in which the two differ; whatever one has and the other lacks is one, too.
fn differences(english: &str, chinese: &str) -> Vec<String> {
    let (mut left, mut right) = (english.lines(), chinese.lines());
    let mut out = Vec::new();
    loop {
        match (left.next(), right.next()) {
            (None, None) => return out,
            (one, other) if one == other => {}
            (one, other) => out.push(format!("{} | {}", one.unwrap_or("(nothing)"), other.unwrap_or("(nothing)"))),
        }
    }
}

fn is_for_people(format: &str) -> bool {
    matches!(format, "table" | "markdown" | "html" | "md")
}

/// A20: a source that is partial, alerts that are due, a channel that nobody can reach, in every form of a run.
#[test]
fn every_form_of_a_run_is_the_same() {
    for format in pcemon::render::FORMATS.iter().filter(|format| !is_for_people(format.name)) {
        let [english, chinese] = ["en", "zh-TW"].map(|language| look(language, format.name, &[]));
        assert_eq!((english.code, chinese.code), (Some(2), Some(2)), "{}", format.name);
        if format.name == "json" {
            assert!(english.stdout.contains("could not be read"), "{}", english.stdout);
        }
        let differs = differences(&lasting(&english.stdout), &lasting(&chinese.stdout));
        assert!(differs.is_empty(), "{}: {differs:#?}", format.name);
        assert!(!english.stdout.is_empty(), "{}", format.name);
    }
}

/// The command line as it is: every command that prints something, with the formats of its `-o`.
fn commands() -> Vec<(String, Vec<String>)> {
    fn walk(command: &clap::Command, path: &str, out: &mut Vec<(String, Vec<String>)>) {
        let inner: Vec<&clap::Command> = command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
        if inner.is_empty() {
            let output = command.get_arguments().find(|arg| arg.get_id() == "output").unwrap_or_else(|| panic!("{path} has no -o"));
            let formats = output.get_possible_values().into_iter().map(|value| value.get_name().to_owned());
            out.push((path.trim().to_owned(), formats.filter(|format| !is_for_people(format)).collect()));
        }
        inner.into_iter().for_each(|sub| walk(sub, &format!("{path} {}", sub.get_name()), out));
    }
    let mut out = Vec::new();
    walk(&pcemon::cli::command(), "", &mut out);
    out
}

const NOW: &str = "2026-11-20T10:00:00Z";

/// How each command is called; several ways where they say different things. FILES are recorded answers of every source.
const CALLS: &[(&str, &[&str])] = &[
    ("check", &["--dry-run FILES", "--explain --dry-run FILES", "--dry-run --flows missing.json --events events.json --now NOW"]),
    ("report", &["--no-save --since 1d FILES", "--no-save --since 7d --flows flows.json --now NOW"]),
    // All forms of `check`, with names that hold the port of its PCE, which is another one each time.
    ("demo", &[]),
    ("flows", &["--flows flows.json --now NOW", "--raw --flows flows.json --since 2h --now NOW"]),
    ("top", &["--flows flows.json --now NOW", "pairs --flows flows.json --raw --now NOW"]),
    ("events", &["--events events.json --now NOW"]),
    ("vens", &["--vens vens.json --now NOW"]),
    ("health", &["--health health.json --now NOW"]),
    ("doctor", &["--offline", "--timeout 1s"]),
    ("explain", &["many FILES", "logins FILES", "sick FILES", "--last", "many --record-file flows.json --now NOW"]),
    ("replay", &["runs", "--flows flows.json"]),
    ("test", &["good.test.toml", "bad.test.toml"]),
    ("rules explain", &["many FILES", "--last"]),
    ("rules replay", &["runs"]),
    ("rules test", &["bad.test.toml"]),
    ("rules list", &[""]),
    ("rules show", &["many", "sick"]),
    ("rules validate", &[""]),
    ("rules import", &["import.json"]),
    ("channel list", &[""]),
    ("outbox list", &[""]),
    ("silence list", &[""]),
    ("state show", &[""]),
];

/// A room in which every command has something to say.
fn room() -> Room {
    let room = Room::new();
    room.config(&format!(
        "[pce]\nurl = \"https://127.0.0.1:1\"\norg_id = 1\napi_key = {{ env = \"PCE_KEY\" }}\napi_secret = {{ env = \"PCE_SECRET\" }}\n\
         [run]\nstate = \"{}\"\n[traffic]\naccounting = \"as_reported\"\n\
         [[channels]]\nname = \"log\"\ntype = \"file\"\npath = \"{}\"\n\
         [[channels]]\nname = \"mail\"\ntype = \"email\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]\ntimeout = \"1s\"\n\
         smtp = {{ host = \"127.0.0.1\", port = 1, tls = \"none\" }}\n\
         [[rules]]\nname = \"many\"\nsource = \"traffic\"\nwindow = \"1h\"\ngroup_by = [\"src_ip\"]\nwarning = \"> 5\"\nnotify = [\"log\", \"mail\"]\n\
         [[rules]]\nname = \"logins\"\nsource = \"events\"\nmatch = {{ severity = [\"err\"] }}\nwarning = \">= 1\"\nnotify = []\n\
         [[rules]]\nname = \"sick\"\nsource = \"health\"\nnotify = [\"log\"]\n\
         [[rules]]\nname = \"gone\"\nsource = \"vens\"\nmatch.online = false\nwarning = \">= 1\"\nnotify = [\"log\"]\nenabled = false\n",
        room.state().display(),
        room.path("log.ndjson").display()
    ));
    let flow = r#"{"src":{"ip":"10.0.0.1"},"dst":{"ip":"10.0.0.2"},"service":{"port":22,"proto":6},"num_connections":9,"policy_decision":"blocked","flow_direction":"outbound","timestamp_range":{"first_detected":"2026-11-20T09:50:00Z","last_detected":"2026-11-20T09:55:00Z"}}"#;
    // A record that cannot be read makes the source partial, which is told, too.
    room.write("flows.json", format!(r#"[{flow},{{"src":1}}]"#));
    room.write("proxmox.json", Value::from(crate::proxmox::fixture::rows()).to_string());
    room.write("proxmox_tasks.json", Value::from(crate::proxmox::tasks::rows()).to_string());
    room.write("events.json", r#"[{"href":"/orgs/1/events/1","timestamp":"x","event_type":"user.login","severity":"err","status":null},{"href":"/orgs/1/events/2","timestamp":"2026-11-20T09:58:00Z","event_type":"user.login","severity":"err","status":"failure"}]"#);
    room.write("health.json", r#"[{"fqdn":"pce.example.com","status":"warning","type":"standalone","notifications":[],"nodes":[]}]"#);
    room.write("probe.json", r#"[{"probe":"shop","outcome":"timeout","reason":"late"},{"probe":"wiki","outcome":"ok","latency":0.1}]"#);
    room.write("vens.json", r#"[{"href":"/orgs/1/vens/1","hostname":"web-01","status":"active"},{"href":1}]"#);
    room.write("database.json", r#"{"flows_size_gb":90,"flows_size_gb_limit":100}"#);
    let import = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import/config.json");
    room.write("import.json", std::fs::read(import).unwrap());
    for (name, value) in [("good", 9), ("bad", 8)] {
        room.write(
            &format!("{name}.test.toml"),
            format!(
                "config = \"rules.toml\"\n[[test]]\nname = \"{name}\"\nrules = [\"many\"]\n[[test.step]]\nat = \"{NOW}\"\nflows_file = \"flows.json\"\n\
                 expect.values = [{{ rule = \"many\", value = {value} }}]\nexpect.sent = []\nexpect.pending = []\n"
            ),
        );
    }
    std::fs::create_dir_all(room.path("runs")).unwrap();
    for (run, time) in ["09:50", "10:00"].iter().enumerate() {
        let folder = format!("runs/{run}");
        std::fs::create_dir_all(room.path(&folder)).unwrap();
        room.write(&format!("{folder}/run.json"), format!(r#"{{"schema":"pcemon.run/1","at":"2026-11-20T{time}:00Z","sources":[{{"source":"traffic","status":"partial","error":"x"}}]}}"#));
        room.write(&format!("{folder}/traffic-0.json"), format!(r#"[{flow},{{"src":1}}]"#));
    }
    room.run(&["check", "--flows", "flows.json", "--events", "events.json", "--health", "health.json", "--now", NOW, "--lang", "zh-TW"]);
    room.run(&["silence", "add", "--match", "rule=many", "--for", "1h", "--reason", "x", "--now", NOW]);
    room
}

/// Recorded answers of the sources that a command reads.
fn files(path: &str) -> String {
    let of: &[&str] = match path {
        "report" => &["flows", "events", "health", "vens"],
        _ => &["flows", "events", "health"],
    };
    let files: Vec<String> = of.iter().map(|source| format!("--{source} {source}.json")).collect();
    format!("{} --now {NOW}", files.join(" "))
}

/// How a command is called; a command that nobody here knows is not passed over.
fn calls(path: &str) -> Vec<String> {
    if let Some(source) = path.strip_prefix("show ") {
        let kind = pcemon::sources::find(source).unwrap();
        let wanted = if kind.is_flows() { "flows" } else { source };
        let own = format!("{wanted}.json");
        let answer = if room().path(&own).exists() { own.as_str() } else { "events.json" };
        return vec![format!("--input {source}={answer} --now NOW{}", if kind.is_snapshot() { "" } else { " --since 365d" })];
    }
    let known = CALLS.iter().find(|(known, _)| *known == path);
    let (_, calls) = known.unwrap_or_else(|| panic!("`pcemon {path}` has forms for machines: say in CALLS how it is called"));
    calls.iter().map(|call| (*call).to_owned()).collect()
}

#[test]
fn every_form_of_every_command_is_the_same() {
    let room = room();
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (path, formats) in commands() {
        if formats.is_empty() {
            continue;
        }
        for call in calls(&path) {
            let files = files(&path);
            let words = format!("{path} {}", call.replace("FILES", &files).replace("NOW", NOW));
            for format in &formats {
                let arguments: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
                let [english, chinese] =
                    ["en", "zh-TW"].map(|language| room.run(&[&arguments[..], &["-o", format, "--lang", language]].concat()));
                if english.code != chinese.code || english.out.is_empty() {
                    wrong.push(format!("{words} -o {format}: {} | {}: {}{}", english.code, chinese.code, english.err, chinese.err));
                }
                let differs = differences(&lasting(&english.out), &lasting(&chinese.out));
                wrong.extend(differs.into_iter().map(|line| format!("{words} -o {format}: {line}")));
                compared += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 100, "{compared}");
}

/// Commands with one form only whose output a program reads.
#[test]
fn what_has_one_form_only_is_the_same() {
    let room = room();
    let mut calls: Vec<Vec<&str>> = SCHEMAS.iter().map(|schema| vec!["schema", schema.name]).collect();
    calls.extend([vec!["schema", "--list"], vec!["rules", "schema"], vec!["completions", "bash"], vec!["--version"], vec!["man"]]);
    for call in calls {
        let [english, chinese] = ["en", "zh-TW"].map(|language| {
            let mut command = room.command(&call);
            crate::support::cli::Ran::of(command.env("LC_ALL", if language == "en" { "C" } else { "zh_TW.UTF-8" })).exits(0)
        });
        assert!(english.out == chinese.out && !english.out.is_empty(), "{call:?}");
    }
}
