//! Everything machine-readable has a published schema, and keeps to it.

use crate::support::cli::{Bench, Ran, at};
use crate::support::closed::ClosedPort;
use crate::support::receivers::{Receiver, Reply, SmtpReceiver};
use crate::support::schemas::Validator;
use pcemon::schemas::{SCHEMAS, find};
use pcemon::sim::estate::{self, Estate};
use pcemon::sim::options::Options;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

const NOW: &str = "2026-11-20T10:10:00Z";

fn bench(more: &str) -> Bench {
    let Estate { world, events, health, vens, database } = estate::world(at("10:00"));
    let options = Options { events, health, vens, database, ..Options::new(world, at("10:10")) };
    let bench = Bench::new(options, &format!("{}\n{more}", estate::demo_rules()));
    bench.sim.set_now(at("10:10"));
    bench
}

fn parsed(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}\n{}", ran.out, ran.err))
}

/// Real documents of every kind, by the name of their schema.
fn documents() -> Vec<(String, Value)> {
    let receiver = Receiver::http([Reply::status(200)]);
    let mail = SmtpReceiver::start(&[("RCPT TO:<b@", "550 no such user")]);
    let closed = ClosedPort::new();
    let bench = bench("");
    let room = &bench.room;
    bench.config(&format!(
        "{}\n[[channels]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"{}/hook\"\n\n[[channels]]\nname = \"log\"\ntype = \"file\"\npath = \"{}\"\n\n\
         [[channels]]\nname = \"mail\"\ntype = \"email\"\nfrom = \"a@example.com\"\nto = [\"a@example.com\", \"b@example.com\"]\n\
         smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}\n\n\
         [[channels]]\nname = \"down\"\ntype = \"webhook\"\nurl = \"http://{}/\"\n\n\
         [[routes]]\nchannels = [\"hook\", \"log\", \"mail\", \"down\"]\n",
        estate::demo_rules(),
        receiver.url(),
        room.path("alerts.ndjson").display(),
        mail.port(),
        closed
    ));
    let import = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import/config.json");
    let mut out = Vec::new();
    let mut keep = |ran: Ran| -> Value {
        let document = parsed(&ran);
        let schema = document["schema"].as_str().unwrap_or_else(|| panic!("no schema in {document:#}"));
        out.push((schema.split_once('/').unwrap().0.strip_prefix("pcemon.").unwrap().to_owned(), document.clone()));
        document
    };
    keep(bench.check(at("10:00"), &["--dry-run"]));
    keep(bench.check(at("10:00"), &["--record", "runs/1"]));
    keep(bench.check(at("10:10"), &["--record", "runs/2"]));
    let silence = ["silence", "add", "--reason", "x", "--for", "1h", "--now", NOW, "--by", "anna"];
    room.run(&[&silence[..], &["--match", "rule=Port*"]].concat()).exits(0);
    let firing =
        keep(room.run(&["explain", "--last", "-o", "json"]))["rules"][0]["instances"][0]["fingerprint"].as_str().map(str::to_owned);
    if let Some(fingerprint) = firing {
        room.run(&[&silence[..], &["--fingerprint", &fingerprint]].concat()).exits(0);
    }
    for words in [
        "flows --window 1h --limit 20",
        "flows --window 1h --decision blocked",
        "top --window 1h",
        "top ports --window 1h",
        "events --window 24h",
        "vens",
        "health",
        "show traffic --window 1h --limit 20",
        "show events",
        "show vens",
        "show health",
        "show database",
        "doctor",
        "report --since 1d --no-save",
        "rules list",
        "rules validate",
        "channel list",
        "replay runs",
    ] {
        let mut arguments: Vec<&str> = words.split(' ').collect();
        arguments.extend(["-o", "json"]);
        if !matches!(arguments[0], "rules" | "channel" | "replay") {
            arguments.extend(["--now", NOW]);
        }
        keep(room.run(&arguments));
    }
    // Lists without a name in them, as they have always been.
    let list = |name: &str, ran: Ran| (name.to_owned(), parsed(&ran));
    let lists = [
        list("outbox_list", room.run(&["outbox", "list", "-o", "json"])),
        list("silence_list", room.run(&["silence", "list", "-o", "json", "--now", NOW])),
    ];
    assert!(lists.iter().all(|(_, list)| list.as_array().is_some_and(|list| !list.is_empty())), "{lists:#?}");
    // A waiting message is what the state keeps of it, and more.
    let message = &lists[0].1[0];
    for place in ["/pce/url", "/not_before", "/alerts/0/value", "/alerts/0/threshold", "/alerts/0/top", "/status", "/next_attempt"] {
        assert!(message.pointer(place).is_some(), "{place}: {message:#}");
    }
    for rule in ["Port scan", "Login failures", "PCE health"] {
        keep(room.run(&["explain", rule, "-o", "json", "--now", NOW]));
        keep(room.run(&["rules", "show", rule, "-o", "json"]));
    }
    keep(room.run(&["explain", "--last", "-o", "json"]));
    keep(room.run(&["rules", "import", import.to_str().unwrap(), "-o", "json"]));
    keep(room.run(&["rules", "import", import.to_str().unwrap(), "--to", "imported.toml", "-o", "json"]));
    let example = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = example.join("rules.example.toml");
    keep(room.run(&["test", example.join("rules.example.test.toml").to_str().unwrap(), "-c", config.to_str().unwrap(), "-o", "json"]));
    // A test that fails says how.
    room.write(
        "bad.test.toml",
        "config = \"rules.toml\"\n[[test]]\nname = \"wrong\"\nrules = [\"Port scan\"]\n[[test.step]]\nat = \"0m\"\nexpect.firing = [{ rule = \"Port scan\", severity = \"warning\", value = 1 }]\n",
    );
    keep(room.run(&["test", "bad.test.toml", "-o", "json"]));
    let lines = std::fs::read_to_string(room.path("alerts.ndjson")).unwrap();
    let mut alerts: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    alerts.extend(receiver.requests().iter().map(|request| serde_json::from_str(&request.body).unwrap()));
    assert!(alerts.len() > 3, "{lines}");
    out.extend(lists);
    out.extend(alerts.into_iter().map(|alert| ("alert".to_owned(), alert)));
    out
}

#[test]
fn what_is_written_keeps_to_its_schema() {
    let mut seen = BTreeSet::from(["rules".to_owned()]);
    for (name, document) in documents() {
        let schema = find(&name).unwrap_or_else(|| panic!("there is no schema for {name}"));
        let text: Value = serde_json::from_str(&(schema.text)()).unwrap();
        let complaints = Validator::new(text.clone()).complaints(&document);
        assert!(complaints.is_empty(), "{name}: {complaints:#?}\n{document:#}");
        // A schema that knows a part of the keys proves little: what is written is described.
        if let Some(unknown) = undescribed(&document, &text, &text, &name) {
            panic!("schema/{name}.schema.json does not describe {unknown}");
        }
        seen.insert(name);
    }
    let all: BTreeSet<String> = SCHEMAS.iter().map(|schema| schema.name.to_owned()).collect();
    assert_eq!(seen, all, "schemas without a real document");
}

/// The first key that the schema does not know.
fn undescribed(value: &Value, schema: &Value, root: &Value, path: &str) -> Option<String> {
    let schema = match schema["$ref"].as_str() {
        Some(place) => root.pointer(place.strip_prefix('#').unwrap()).unwrap(),
        None => schema,
    };
    match value {
        Value::Object(map) => map.iter().find_map(|(key, inner)| {
            let known = &schema["properties"][key];
            let open = &schema["additionalProperties"];
            match (known.is_null(), open.is_null()) {
                (false, _) => undescribed(inner, known, root, &format!("{path}.{key}")),
                // A table whose keys are not ours (labels, groups) says what its values are.
                (true, false) => None,
                (true, true) => Some(format!("{path}.{key}")),
            }
        }),
        Value::Array(list) => list.iter().find_map(|inner| undescribed(inner, &schema["items"], root, &format!("{path}[]"))),
        _ => None,
    }
}

/// What is no such document is refused: a schema that takes anything is none.
#[test]
fn a_schema_refuses_what_is_something_else() {
    for schema in SCHEMAS.iter().filter(|schema| schema.name != "rules") {
        let validator = Validator::new(serde_json::from_str(&(schema.text)()).unwrap());
        for wrong in [serde_json::json!({}), serde_json::json!([{}]), serde_json::json!({ "schema": "pcemon.other/1" })] {
            assert!(!validator.complaints(&wrong).is_empty(), "{} takes {wrong}", schema.name);
        }
    }
}

#[test]
fn a_schema_is_printed_as_it_is_shipped() {
    let room = crate::support::cli::Room::new();
    for schema in SCHEMAS {
        let printed = room.run(&["schema", schema.name]).exits(0);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schema/{}.schema.json", schema.name));
        assert_eq!(printed.out, std::fs::read_to_string(path).unwrap(), "{}", schema.name);
    }
    let list = room.run(&["schema", "--list"]).exits(0);
    assert_eq!(list.out.lines().count(), SCHEMAS.len());
    room.run(&["schema", "chekc"]).exits(3);
    room.run(&["schema"]).exits(3);
}

/// What a command cannot do is refused before it does anything, and its help lists what it can.
#[test]
fn an_option_is_honoured_or_refused() {
    let bench = bench("");
    let room = &bench.room;
    for (words, form) in [
        ("rules list", "nagios"),
        ("rules validate", "sarif"),
        ("rules show x", "csv"),
        ("channel list", "csv"),
        ("outbox list", "csv"),
        ("silence list", "markdown"),
        ("state show", "nagios"),
        ("rules example", "json"),
        ("rules schema", "json"),
        ("init", "json"),
        ("doctor", "junit"),
        ("explain x", "csv"),
        ("flows", "junit"),
        ("report", "nagios"),
        ("replay runs", "csv"),
        ("test x", "csv"),
    ] {
        let before = bench.sim.requests().len();
        let words: Vec<&str> = words.split(' ').collect();
        let ran = room.run(&[&words[..], &["-o", form]].concat()).exits(3);
        assert!(ran.out.is_empty() && ran.err.contains("--output"), "{words:?} -o {form}: {}", ran.err);
        assert_eq!(bench.sim.requests().len(), before, "{words:?} -o {form} asked the PCE");
    }
    for (words, out) in [
        ("rules list", "json=x.json"),
        ("doctor", "json=x.json"),
        ("check", "html=x.html"),
        ("report", "nagios=x"),
        ("flows", "junit=x.xml"),
        ("explain x", "json=x.json"),
        ("state show", "json=x.json"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let ran = room.run(&[&words[..], &["--out", out]].concat()).exits(3);
        assert!(ran.err.contains("--out") && !room.path("x.json").exists(), "{words:?} --out {out}: {}", ran.err);
    }
    // The flag may stand before the command as well.
    assert!(room.run(&["-o", "json", "rules", "list"]).exits(0).out.starts_with('{'));
    let help = room.run(&["rules", "list", "--help"]).exits(0).out;
    assert!(help.contains("- json") && !help.contains("nagios") && !help.contains("--out "), "{help}");
    assert!(!room.run(&["init", "--help"]).exits(0).out.contains("--output"));
}

/// `--version` in its long form tells what the binary was built from and for, and which files it writes.
#[test]
fn the_version_tells_where_it_comes_from() {
    let room = crate::support::cli::Room::new();
    let short = room.run(&["-V"]).exits(0).out;
    assert_eq!(short.trim(), concat!("pcemon ", env!("CARGO_PKG_VERSION")));
    let long = room.run(&["--version"]).exits(0).out;
    for part in ["commit: ", "commit-date: ", "target: ", "profile: ", "state: pcemon.state/1, looks version "] {
        assert!(long.contains(part), "{part} is not in {long}");
    }
}
