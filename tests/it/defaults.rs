//! What counts where a key is left out: the manual states it for every key, and it is true.

use crate::support::cli::Room;
use pcemon::channels::KINDS;
use pcemon::config::defaults::DEFAULTS;
use pcemon::config::shape::{members, whole};
use pcemon::config::{Config, parse};
use pcemon::settings::shape::{Shape, Want};
use std::path::Path;

/// An entry of the manual: section, part of it, key, kind, text.
#[derive(Debug)]
struct Entry {
    section: String,
    part: String,
    key: String,
    kind: String,
    text: String,
}

fn entries() -> Vec<Entry> {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("man/pcemon.toml.5")).unwrap();
    let plain = |line: &str| line.replace("\\*(Aq", "'").replace("\\-", "-").replace("\\(aq", "'").replace("\\&", "");
    let title = |line: &str| plain(line[4..].trim_matches('"'));
    let (mut section, mut part, mut out) = (String::new(), String::new(), Vec::<Entry>::new());
    let mut lines = page.lines().peekable();
    // Text belongs to an entry until the next order to the formatter.
    let mut open = false;
    while let Some(line) = lines.next() {
        if line.starts_with(".SH ") {
            (section, part, open) = (title(line), String::new(), false);
        } else if line.starts_with(".SS ") {
            (part, open) = (title(line), false);
        } else if line == ".TP" {
            let head = plain(lines.next().unwrap());
            let Some((key, kind)) = head.strip_prefix("\\fB").and_then(|rest| rest.split_once("\\fR")) else { continue };
            let (key, kind) = (key.to_owned(), kind.trim().to_owned());
            out.push(Entry { section: section.clone(), part: part.clone(), key, kind, text: String::new() });
            open = true;
        } else if line.starts_with('.') {
            open = false;
        } else if open {
            let entry = out.last_mut().unwrap();
            entry.text = format!("{} {}", entry.text, plain(line)).trim().to_owned();
        }
    }
    out
}

/// Every key of a table, those of tables within it by `outer.inner`.
fn keys(shape: &Shape, place: &str, conditions: bool) -> Vec<String> {
    let mut out = Vec::new();
    for (name, key) in shape.keys.iter().filter(|(_, key)| !matches!(key.want, Want::Unsaid)) {
        out.push(format!("{place}{name}"));
        if let Want::Table(inner) = &key.want
            && !(conditions && matches!(name.as_str(), "match" | "exclude" | "ratio_to"))
        {
            out.extend(keys(&inner.borrow(), &format!("{name}."), conditions));
        }
    }
    out
}

#[test]
fn the_manual_states_a_default_for_every_key() {
    let entries = entries();
    let stated = |entry: &Entry| entry.kind.ends_with(", required)") || entry.text.contains("Default: ");
    for entry in entries.iter().filter(|entry| entry.section.starts_with('[') && !entry.part.starts_with("Rules on")) {
        assert!(stated(entry), "neither required nor a default: {entry:?}");
    }
    // What the program reads is in the manual, whatever table it stands in.
    let whole = whole();
    for (table, key) in &whole.keys {
        let members = members(&whole, table);
        let section = if members.is_empty() { format!("[{table}]") } else { format!("[[{table}]]") };
        let shapes: Vec<Shape> = if members.is_empty() {
            whole.table(table).into_iter().filter(|_| table != "defaults").collect()
        } else {
            members.into_iter().map(|(_, shape)| shape).collect()
        };
        for name in shapes.iter().flat_map(|shape| keys(shape, "", table == "rules")) {
            let found = entries.iter().any(|entry| entry.section == section && entry.key == name);
            assert!(found, "{section} {name} is not in the manual ({key:?})");
        }
    }
    // Conditions have no value of their own; what is left out is said once for each list of them.
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("man/pcemon.toml.5")).unwrap();
    let lists = entries.iter().filter(|entry| entry.part.starts_with("Rules on") && entry.kind.starts_with('('));
    let parts: std::collections::BTreeSet<&str> = lists.map(|entry| entry.part.as_str()).collect();
    assert_eq!(page.matches("A key that is left out is no condition").count(), parts.len(), "{parts:?}");
}

const RULE: &str = "[[rules]]\nname = \"a\"\nsource = \"traffic\"\nwarning = \"> 5\"\n";
const FILE: &str = "[[channels]]\nname = \"c\"\ntype = \"file\"\npath = \"/tmp/x\"\n";

/// A config in which the key may stand, without it, with it, or with any value of it.
fn config(table: &str, key: &str, value: Option<&str>) -> String {
    let line = value.map(|value| format!("{key} = {value}\n")).unwrap_or_default();
    let within = |rest: &str| format!("{{ {rest}{} }}", value.map(|value| format!("{key} = {value}")).unwrap_or_default());
    let pce = "[pce]\nurl = \"http://127.0.0.1:8443/\"\norg_id = 1\napi_key = { env = \"A\" }\napi_secret = { env = \"B\" }\n";
    let rule = |source: &str, rest: &str| format!("[[rules]]\nname = \"a\"\nsource = \"{source}\"\n{rest}\n");
    let target = |from: &str| format!("{RULE}[[targets]]\nname = \"t\"\ntype = \"records\"\nfrom = {from}\n");
    match (table, key) {
        ("pce", _) => format!("{pce}{line}{RULE}"),
        ("rule", "min_total") => format!("{}{line}", rule("traffic", "ratio_to = { }\nwarning = \"> 5 %\"")),
        ("rule", "remember" | "cooldown_max") => {
            format!("{}{line}", rule("traffic", "group_by = [\"src_ip\"]\ncooldown_backoff = 2.0\nwarning = \"< 1\""))
        }
        ("rule", "learn") => format!("{}{line}", rule("events", "metric = \"new:type\"\nwarning = \">= 1\"")),
        ("rule", _) => format!("{RULE}{line}"),
        ("baseline", _) => rule("traffic", &format!("warning = \"> 3x\"\nbaseline = {}", within(""))),
        ("channel", _) => format!("{FILE}{line}{RULE}notify = [\"c\"]\n"),
        ("routes", _) => format!("{RULE}{FILE}[[routes]]\nchannels = [\"c\"]\n{line}"),
        ("records", _) => format!("{}{line}", target("{ file = \"/tmp/x\" }")),
        ("probe", "concurrency") => format!("{}[probe]\n{line}", config("probe", "", None)),
        ("probe", _) => {
            let urls = "urls = [\"https://a.example.com/\", \"ping://192.0.2.1\"]";
            format!("{RULE}[[targets]]\nname = \"t\"\ntype = \"probe\"\n{urls}\n{line}")
        }
        ("proxmox", _) => {
            let own = "urls = [\"https://a.example.com/\"]\ntoken = { env = \"A\" }";
            format!("{RULE}[[targets]]\nname = \"t\"\ntype = \"proxmox\"\n{own}\n{line}")
        }
        ("pbs", _) => config("proxmox", key, value).replace("type = \"proxmox\"", "type = \"pbs\""),
        ("from", _) => target(&within("file = \"/tmp/x\", ").replace(", }", " }")),
        (kind, _) if KINDS.iter().any(|one| one.name == kind) => {
            let example = KINDS.iter().find(|one| one.name == kind).unwrap().example;
            let own: String =
                example.lines().filter(|line| !line.starts_with(&format!("{key} = "))).map(|line| format!("{line}\n")).collect();
            let name = example.lines().find_map(|line| line.strip_prefix("name = ")).unwrap();
            format!("{own}{line}{RULE}notify = [{name}]\n")
        }
        (table, _) => format!("{RULE}[{table}]\n{line}"),
    }
}

/// What was read, without the lines it stood on.
fn shown(text: &str) -> String {
    let text = format!("{:?}", parsed(text));
    text.split(", line: ").map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit())).collect()
}

fn parsed(text: &str) -> Config {
    parse(Path::new("rules.toml"), text).unwrap_or_else(|error| panic!("{}\n{text}", error.render(false)))
}

/// Another value of the same kind: the comparison must be able to see a difference.
fn others(value: &str) -> Vec<String> {
    let texts = [
        "3h",
        "100s",
        "Asia/Taipei",
        "as_reported",
        "no",
        "same_hour",
        "max",
        "warning",
        "alertmanager",
        "tcp",
        "cef",
        "mail",
        "csv",
        "de",
        "4",
        "HEAD",
    ];
    match (value, value.parse::<f64>()) {
        ("true", _) => vec!["false".to_owned()],
        ("false", _) => vec!["true".to_owned()],
        (_, Ok(number)) => vec![format!("{}", number + 1.0), format!("{}", number - 1.0)],
        _ => texts.map(|text| format!("\"{text}\"")).into_iter().filter(|text| text != value).collect(),
    }
}

#[test]
fn stated_defaults_are_those_that_count() {
    for (table, key, value) in DEFAULTS.iter().filter(|(_, key, _)| *key != "base_url") {
        let without = shown(&config(table, key, None));
        assert_eq!(shown(&config(table, key, Some(value))), without, "{table}.{key} = {value}");
        // `stdin = true` beside a file is refused, which is a difference as well.
        let differs = |other: String| {
            let text = config(table, key, Some(&other));
            if parse(Path::new("rules.toml"), &text).is_err() { *table == "from" } else { shown(&text) != without }
        };
        assert!(others(value).into_iter().any(differs), "{table}.{key}: no value makes a difference");
    }
}

/// Addresses of services are secrets and hidden; the list of channels shows where they lead.
#[test]
fn stated_addresses_of_services_are_those_that_count() {
    let room = Room::new();
    let listed = |text: &str| {
        room.config(text);
        room.run(&["channel", "list", "-o", "json"]).exits(0).out
    };
    let addresses: Vec<_> = DEFAULTS.iter().filter(|(_, key, _)| *key == "base_url").collect();
    assert!(addresses.len() > 5);
    for (kind, key, value) in addresses {
        let without = listed(&config(kind, key, None));
        assert_eq!(listed(&config(kind, key, Some(value))), without, "{kind}.{key} = {value}");
        assert_ne!(listed(&config(kind, key, Some("\"https://other.example.com\""))), without, "{kind}.{key}");
    }
}

#[test]
fn defaults_that_depend_on_something_are_those_that_count() {
    let text_of = |section: &str, key: &str| {
        let entry = entries().into_iter().find(|entry| entry.section == section && entry.key == key);
        entry.unwrap_or_else(|| panic!("{section} {key}")).text
    };
    // The metric is that of the source.
    let metrics = text_of("[[rules]]", "metric");
    for (source, metric, words) in [
        ("traffic", "connections", "\"connections\" of traffic"),
        ("events", "count", "\"count\" of events, vens and records"),
        ("vens", "count", "\"count\" of events, vens and records"),
        ("records", "count", "\"count\" of events, vens and records"),
        ("health", "status", "\"status\" of health"),
        ("database", "used", "\"used\" of database"),
        ("probe", "down", "\"down\" of probe"),
        ("self", "failed_sources", "\"failed_sources\" of self"),
    ] {
        assert!(metrics.contains(words), "{metrics}");
        let threshold = if source == "database" { "> 5 %" } else { "> 5" };
        let rule = |line: &str| format!("[[rules]]\nname = \"a\"\nsource = \"{source}\"\n{line}warning = \"{threshold}\"\n");
        if source == "health" {
            let follows = "[[rules]]\nname = \"a\"\nsource = \"health\"\n";
            assert_eq!(shown(&format!("{follows}metric = \"{metric}\"\n")), shown(follows));
        } else {
            assert_eq!(shown(&rule(&format!("metric = \"{metric}\"\n"))), shown(&rule("")), "{source}");
        }
    }
    // Port and protection of mail follow each other.
    let mail = |smtp: &str| {
        let keys = "from = \"a@example.com\"\nto = [\"b@example.com\"]";
        format!("[[channels]]\nname = \"c\"\ntype = \"email\"\n{keys}\nsmtp = {{ host = \"127.0.0.1\"{smtp} }}\n{RULE}notify = [\"c\"]\n")
    };
    assert!(text_of("[[channels]]", "smtp.port").contains("587; 465 with tls = \"implicit\", 25 with tls = \"none\""));
    assert!(text_of("[[channels]]", "smtp.tls").contains("\"starttls\"; \"implicit\" with port = 465"));
    for (given, same) in [
        ("", ", port = 587, tls = \"starttls\""),
        (", tls = \"implicit\"", ", port = 465, tls = \"implicit\""),
        (", tls = \"none\"", ", port = 25, tls = \"none\""),
        (", port = 465", ", port = 465, tls = \"implicit\""),
        (", port = 2525", ", port = 2525, tls = \"starttls\""),
    ] {
        assert_eq!(shown(&mail(given)), shown(&mail(same)), "{given}");
    }
    // How many samples there are depends on what they are.
    let rule = |baseline: &str| format!("[[rules]]\nname = \"a\"\nsource = \"traffic\"\nwarning = \"> 3x\"\n{baseline}");
    assert!(text_of("[[rules]]", "baseline.samples").contains("12, with \"same_hour\" 7"));
    assert!(text_of("[[rules]]", "baseline.min_samples").contains("4, with \"same_hour\" 3"));
    for (given, same) in [
        ("", "baseline = { samples = 12, min_samples = 4 }"),
        ("baseline = { against = \"same_hour\" }", "baseline = { against = \"same_hour\", samples = 7, min_samples = 3 }"),
        ("baseline = { samples = 2 }", "baseline = { samples = 2, min_samples = 2 }"),
    ] {
        assert_eq!(shown(&rule(given)), shown(&rule(same)), "{given}");
    }
    // A maintenance window goes by the clock of the run.
    let window =
        |zone: &str| format!("{RULE}[run]\ntimezone = \"Asia/Taipei\"\n[[maintenance]]\nname = \"m\"\ntimes = [\"22:00-06:00\"]\n{zone}");
    assert_eq!(shown(&window("timezone = \"Asia/Taipei\"\n")), shown(&window("")));
    assert_ne!(shown(&window("timezone = \"UTC\"\n")), shown(&window("")));
}
