//! The schema for editors: it takes what the program takes, refuses what can be seen to be wrong, and is made of what the
//! readers ask for.

use crate::support::schemas::Validator;
use pcemon::config::shape::{members, whole};
use pcemon::config::{parse, reference, schema};
use pcemon::settings::shape::{Shape, Want};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn validator() -> Validator {
    Validator::new(serde_json::from_str(&schema::text()).unwrap())
}

fn complaints(validator: &Validator, text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().unwrap();
    validator.complaints(&serde_json::to_value(table).unwrap())
}

#[test]
fn what_the_program_takes_the_schema_takes() {
    let validator = validator();
    let example = std::fs::read_to_string(root().join("rules.example.toml")).unwrap();
    let start = example.find("# >>> channels and routes\n").unwrap();
    let live: String = example[start..]
        .lines()
        .skip(1)
        .map(|line| format!("{}\n", line.strip_prefix("# ").or(line.strip_prefix('#')).unwrap_or(line)))
        .collect();
    let book = ["docs/src/guide/rules.md", "docs/src/guide/cookbook.md", "docs/src/channels.md", "docs/src/guide/first-run.md"];
    let book: String = book.iter().map(|page| std::fs::read_to_string(root().join(page)).unwrap()).collect();
    let mut good: Vec<String> = vec![
        format!("{}{}", &example[..start], live.replace("\n<<< channels", "\n# <<< channels")),
        example.clone(),
        pcemon::sim::estate::demo_rules().to_owned(),
    ];
    good.extend(book.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap().to_owned()));
    good.extend(pcemon::channels::KINDS.iter().map(|kind| kind.example.to_owned()));
    // Kinds of rule that the example does not use.
    for keys in [
        "source = \"traffic\"\nratio_to = { decision = [\"allowed\"] }\nmin_total = 100\nwarning = \"> 5 %\"",
        "source = \"traffic\"\nwarning = \"> 3x\"\nbaseline = { against = \"previous\", samples = 50, min_samples = 20, stat = \"median\", floor = 100 }",
        "source = \"events\"\ngroup_by = [\"type\", \"actor\"]\ncritical = \"< 1\"\nexpect = [[\"a\", \"b\"]]\nremember = \"7d\"",
        "source = \"events\"\nmetric = \"new:actor\"\nwarning = \">= 1\"\nrecovery = \"< 1\"\nlearn = \"2h\"",
        "source = \"traffic\"\nmatch.port = 22\nmatch.src_managed = true\ngroup_by = \"src_label:app\"\nwarning = \">1_000\"",
    ] {
        good.push(format!("[[rules]]\nname = \"a\"\n{keys}\n"));
        parse(Path::new("rules.toml"), good.last().unwrap()).unwrap_or_else(|error| panic!("{}", error.render(false)));
    }
    for text in good {
        assert_eq!(complaints(&validator, &text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_the_schema_refuses_the_program_refuses() {
    let validator = validator();
    let mut refused = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("tests/data/bad")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_none_or(|end| end != "toml") || text.parse::<toml::Table>().is_err() {
            continue;
        }
        let said = complaints(&validator, &text);
        if !said.is_empty() {
            assert!(parse(Path::new("rules.toml"), &text).is_err(), "{name} is accepted by the program: {said:#?}");
            refused.insert(name);
        }
    }
    // Unknown keys, wrong types, wrong words: everything that can be seen without knowing what it means.
    for name in [
        "unknown-key",
        "unknown-table",
        "rules-as-table",
        "org-id-text",
        "org-id-zero",
        "max-results-too-many",
        "name-missing",
        "source-unknown",
        "metric-unknown",
        "metric-of-another-source",
        "group-by-unknown",
        "match-decision",
        "match-wrong-source",
        "channel-unknown",
        "channel-slack-no-url",
        "secret-two-places",
        "threshold-number",
        "window-unit",
        "route-severity",
        "route-without-channels",
        "report-unknown-key",
    ] {
        assert!(refused.contains(name), "the schema takes tests/data/bad/{name}.toml");
    }
}

/// The words in help and schema come from the example; every key must be in it, and nothing else.
#[test]
fn every_key_that_is_read_is_documented_in_the_example() {
    let whole = whole();
    let usable = |shape: &Shape| -> BTreeSet<String> {
        shape.keys.iter().filter(|(_, key)| !matches!(key.want, Want::Unsaid)).map(|(name, _)| name.clone()).collect()
    };
    let documented = |table: &str| -> BTreeSet<String> {
        reference::entries().iter().filter(|entry| entry.table == table).map(|entry| entry.key.to_owned()).collect()
    };
    for table in ["pce", "run", "heartbeat", "traffic", "events"] {
        assert_eq!(usable(&whole.table(table).unwrap()), documented(table), "[{table}]");
    }
    let rules = members(&whole, "rules");
    assert!(rules.len() >= 3);
    let all: BTreeSet<String> = rules.iter().flat_map(|(_, shape)| usable(shape)).collect();
    assert_eq!(all, documented("rule"), "keys of a rule");
    let conditions: BTreeSet<String> =
        rules.iter().filter_map(|(_, shape)| shape.table("match")).flat_map(|shape| usable(&shape)).collect();
    assert_eq!(conditions, documented("match"), "keys of `match`");
}

/// What the readers ask for is found whatever a table needs first: nested tables, required keys, keys of one kind only.
#[test]
fn the_look_at_the_readers_sees_everything() {
    let whole = whole();
    let email = members(&whole, "channels").into_iter().find(|(kind, _)| *kind == "email").unwrap().1;
    let smtp = email.table("smtp").unwrap();
    assert!(email.get("to").unwrap().required && email.get("smtp").unwrap().required && !email.get("cc").unwrap().required);
    assert!(smtp.get("host").unwrap().required && matches!(smtp.get("password").unwrap().want, Want::Secret));
    assert_eq!(smtp.get("tls").unwrap().words, ["starttls", "implicit", "none"]);
    let traffic = members(&whole, "rules").into_iter().find(|(source, _)| *source == "traffic").unwrap().1;
    assert!(traffic.get("metric").unwrap().words.contains(&"distinct:FIELD".to_owned()));
    assert!(matches!(traffic.table("match").unwrap().get("port").unwrap().want, Want::Texts(true)));
    assert!(matches!(traffic.table("ratio_to").unwrap().get("decision").unwrap().want, Want::Texts(false)));
    assert!(matches!(traffic.table("baseline").unwrap().get("floor").unwrap().want, Want::Number));
    let health = members(&whole, "rules").into_iter().find(|(source, _)| *source == "health").unwrap().1;
    assert!(health.get("match").is_some_and(|key| matches!(key.want, Want::Unsaid)), "a health rule matches nothing");
    for (name, kind) in members(&whole, "channels") {
        let known = kind.keys.iter().filter(|(_, key)| matches!(key.want, Want::Unsaid)).map(|(key, _)| key.as_str()).collect::<Vec<_>>();
        assert!(known.is_empty() || known == ["template"], "{name}: nothing says what {known:?} take");
    }
}
