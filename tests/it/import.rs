//! The settings of the older monitor: what they become, what is said to be different, and that no settings do harm.

use crate::support::budget;
use crate::support::cli::{Ran, Room};
use pcemon::config::parse;
use pcemon::import::import;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(name)
}

fn sample() -> String {
    std::fs::read_to_string(data("config.json")).unwrap()
}

/// A golden file is what comes out, or is made so.
fn golden(name: &str, text: &str) {
    if std::env::var_os("PCEMON_BLESS").is_some() {
        std::fs::write(data(name), text).unwrap();
    }
    let have = std::fs::read_to_string(data(name)).unwrap_or_default();
    assert!(have == text, "tests/data/import/{name} is not what comes out; look at it, then rewrite with PCEMON_BLESS=1:\n{text}");
}

#[test]
fn every_field_is_carried_over_or_told_of() {
    let room = Room::new();
    room.write("config.json", sample());
    let ran = room.run(&["rules", "import", "config.json"]).exits(0);
    golden("rules.toml", &ran.out);
    golden("differences.txt", &ran.err);
    assert!(!ran.out.contains("hunter2") && !ran.err.contains("hunter2"), "a secret was copied");
    room.write("rules.toml", &ran.out);
    room.run(&["rules", "validate"]).exits(0);
    // Every key of the sample that means something is found in one of the two.
    let told = format!("{}{}", ran.out, ran.err);
    for word in [
        "retries",
        "theme",
        "colour",
        "oracle",
        "perhaps",
        "pigeon",
        "production",
        "http",
        "Look at the workload",
        "Etc/GMT-8",
        "1024.5 MiB",
    ] {
        assert!(told.contains(word), "{word} got lost without a word");
    }
    let json = room.run(&["rules", "import", "config.json", "-o", "json"]).exits(0);
    let value: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(value["config"].as_str().unwrap(), ran.out);
    assert_eq!(value["variables"][0], json!({ "name": "PCE_API_KEY", "was": "api.key" }));
    assert!(value["differences"].as_array().unwrap().iter().any(|one| one["kind"] == "not_carried_over" && one["place"] == "api"));
    assert!(json.err.is_empty());
}

#[test]
fn it_is_written_where_nothing_is_yet() {
    let room = Room::new();
    room.write("config.json", sample());
    room.run(&["rules", "import", "config.json", "--to", "rules.toml", "-q"]).exits(0);
    room.run(&["rules", "validate"]).exits(0);
    let ran = room.run(&["rules", "import", "config.json", "--to", "rules.toml"]).exits(3);
    assert!(ran.err.contains("exists; nothing was written") && !ran.err.contains("--force"), "{}", ran.err);
    let ran = Ran::fed(&mut room.command(&["rules", "import", "-", "--keep-secrets"]), sample().as_bytes()).exits(0);
    assert_eq!(ran.out.matches("hunter2").count(), 4, "{}", ran.out);
    assert!(!ran.err.contains("hunter2"));
    for (text, want) in [("[]", "is not a JSON object"), ("{\"a\": 1}", "none of"), ("{", "not JSON"), ("\u{fffd}", "not JSON")] {
        room.write("bad.json", text);
        let ran = room.run(&["rules", "import", "bad.json"]).exits(3);
        assert!(ran.err.contains(want) && ran.out.is_empty(), "{want} is not in {}", ran.err);
    }
    assert!(room.run(&["rules", "import", "missing.json"]).exits(3).err.contains("missing.json"));
}

/// Thousands of rules may have one name; what is left out gives its name back.
#[test]
fn rules_of_one_name_are_numbered() {
    let rule = |name: &str, port: &str| json!({ "type": "traffic", "name": name, "port": port, "threshold_count": 1 });
    let rules =
        [rule("a", "22"), rule("a", "23"), rule("a (3)", "x"), rule("a", "24"), rule("a (4)", "25"), rule("a", "x"), rule("a", "26")];
    let out = import(json!({ "rules": rules }).to_string().as_bytes(), false).unwrap();
    let names: Vec<&str> = out.config.lines().filter_map(|line| line.strip_prefix("name = ")).collect();
    assert_eq!(names[..5], ["\"a\"", "\"a (2)\"", "\"a (3)\"", "\"a (4)\"", "\"a (5)\""], "{}", out.config);
    assert_eq!(out.config.matches("port = ").count(), 5, "{}", out.config);
}

/// What no config could hold is refused with its size, before anything is made of it.
#[test]
fn settings_that_no_config_could_hold_are_refused() {
    let room = Room::new();
    let rule = "{\"type\":\"event\",\"filter_value\":\"user.sign_in\",\"threshold_count\":3},";
    for (times, want) in [(11_000, "the converted config has"), (70_000, "the settings are longer than 4194304 bytes")] {
        let text = format!("{{\"rules\":[{}{{}}]}}", rule.repeat(times));
        room.write("big.json", &text);
        let from_file = room.run(&["rules", "import", "big.json"]).exits(3);
        // What is too long is not read to its end.
        let from_pipe = (times < 20_000).then(|| Ran::fed(&mut room.command(&["rules", "import", "-"]), text.as_bytes()).exits(3));
        for ran in std::iter::once(from_file).chain(from_pipe) {
            assert!(ran.err.contains(want) && ran.err.contains("in several parts") && ran.out.is_empty(), "{want} is not in {}", ran.err);
        }
    }
}

/// The policy decision in each of its forms, and what a filter that cannot be read does to its rule.
#[test]
fn decisions_and_what_is_wider_than_it_was() {
    let rule = |more: Value| {
        let mut rule = json!({ "type": "traffic", "name": "a", "threshold_count": 1 });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        import(json!({ "rules": [rule] }).to_string().as_bytes(), false).unwrap().config
    };
    for (pd, want) in [(json!(2), "blocked"), (json!("1"), "potentially_blocked"), (json!(0.0), "allowed"), (json!("Unknown"), "unknown")] {
        assert!(rule(json!({ "pd": pd })).contains(&format!("decision = [\"{want}\"]")), "{pd}");
    }
    for pd in [json!(3), json!(-1), json!("all"), json!(""), Value::Null] {
        let text = rule(json!({ "pd": pd }));
        assert!(!text.contains("decision") && !text.contains("enabled = false"), "{pd}: {text}");
    }
    // Without its filter a rule would count everything: it waits for a person.
    for broken in [json!({ "pd": "x" }), json!({ "src_label": "production" }), json!({ "ex_dst_label": "=" })] {
        assert!(rule(broken).contains("enabled = false"));
    }
    assert!(
        rule(json!({ "src_label": "app:shop=2*" })).contains("\"app:shop=2[*]\"")
            || rule(json!({ "src_label": "app=shop:2*" })).contains("\"app=shop:2[*]\"")
    );
}

/// What may stand in the place of any value.
fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "0",
            "-1",
            "any",
            "tcp",
            "*",
            "[",
            "{",
            "\\",
            "a=b",
            "a:b",
            "10.0.0.0/8",
            "2001:db8::1",
            "1-0",
            "65536",
            "\u{1b}[31m",
            "\"'\n",
            "\u{202e}",
            "user.login_failed",
            "agent.*",
            "https://h/x?y"
        ])
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::collection::vec(any::<String>().prop_map(Value::from), 0..3).prop_map(Value::from),
        Just(json!({})),
        Just(json!({ "a": [1, {}] })),
    ]
}

/// Every place in a value, as a JSON pointer.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| places(value, &format!("{at}/{key}"), out)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), out)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(300), ..ProptestConfig::default() })]

    #[test]
    fn mangled_settings_are_refused_or_give_a_config_that_loads(
        changes in prop::collection::vec((any::<prop::sample::Index>(), anything()), 0..6),
        keep in any::<bool>(),
    ) {
        let mut value: Value = serde_json::from_str(&sample()).unwrap();
        for (index, new) in changes {
            let mut all = Vec::new();
            places(&value, "", &mut all);
            let place = index.get(&all).clone();
            *value.pointer_mut(&place).unwrap() = new;
        }
        match import(value.to_string().as_bytes(), keep) {
            Ok(imported) => {
                if let Err(error) = parse(Path::new("rules.toml"), &imported.config) {
                    prop_assert!(false, "{}\n{}", error.render(false), imported.config);
                }
                let escape = imported.config.contains('\u{1b}');
                prop_assert!(!escape, "an escape sequence came through");
            }
            Err(error) => prop_assert!(error.starts_with("it "), "{error}"),
        }
    }
}

fn imported(settings: Value) -> String {
    let out = import(settings.to_string().as_bytes(), false).unwrap();
    parse(Path::new("rules.toml"), &out.config).unwrap_or_else(|error| panic!("{}", error.render(false)));
    out.config
}

/// The older monitor told in every cycle that the PCE did not answer; somebody still does, unless it was switched off.
#[test]
fn the_health_check_becomes_rules() {
    for settings in [json!({ "rules": [] }), json!({ "rules": [], "settings": { "enable_health_check": true } })] {
        let text = imported(settings);
        assert!(text.contains("source = \"health\"") && text.contains("metric = \"failed_sources\""), "{text}");
    }
    let off = imported(json!({ "rules": [], "settings": { "enable_health_check": false } }));
    assert!(!off.contains("[[rules]]"), "{off}");
    let own = imported(json!({ "rules": [{ "type": "system", "name": "PCE", "filter_value": "pce_health" }] }));
    assert_eq!(own.matches("source = \"health\"").count(), 1, "{own}");
}

#[test]
fn channels_that_are_known_are_carried_over() {
    let text = imported(json!({
        "rules": [],
        "alerts": {
            "active": ["teams", "telegram"], "teams_webhook_url": "https://example.com/hunter2",
            "telegram_bot_token": "123:hunter2", "telegram_chat_id": -100123,
        },
    }));
    assert!(text.contains("type = \"teams\"\nurl = { env = \"TEAMS_WEBHOOK_URL\" }"), "{text}");
    assert!(text.contains("type = \"telegram\"\ntoken = { env = \"TELEGRAM_TOKEN\" }\nchat_id = \"-100123\""), "{text}");
    assert!(text.contains("channels = [\"teams\", \"telegram\"]") && !text.contains("hunter2"), "{text}");
}

/// Every condition has its counterpart; a rule with a key that has none is off.
#[test]
fn no_rule_becomes_broader_than_it_was() {
    let rule = |more: Value| {
        let mut rule = json!({ "type": "traffic", "name": "a", "pd": 2, "threshold_count": 5 });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        imported(json!({ "rules": [rule], "settings": { "enable_health_check": false } }))
    };
    for (theirs, ours) in [
        (json!({ "src_labels": ["app=web", "env=prod"] }), "src_label = [\"app=web\", \"env=prod\"]"),
        (json!({ "any_label": "app=web" }), "any_label = [\"app=web\"]"),
        (json!({ "ports": [443, "8443"] }), "port = [\"443\", \"8443\"]"),
        (json!({ "ex_ports": [22] }), "exclude = { port = [\"22\"] }"),
        (json!({ "process_name": "sshd" }), "process = [\"sshd\"]"),
        (json!({ "transmission": "broadcast" }), "transmission = [\"broadcast\"]"),
        (json!({ "services": ["spooler"] }), "service = [\"spooler\"]"),
        (json!({ "src_workloads": ["web-01"] }), "src_workload = [\"web-01\"]"),
        (json!({ "dst_iplists": ["Partners"] }), "dst_ip_list = [\"Partners\"]"),
        (json!({ "ex_any_ip": ["10.0.0.1"] }), "exclude = { any_ip = [\"10.0.0.1\"] }"),
    ] {
        let text = rule(theirs.clone());
        assert!(text.contains(ours) && !text.contains("enabled = false"), "{theirs}: {ours} is not in\n{text}");
    }
    for unknown in [json!({ "src_moonphase": "full" }), json!({ "threshold_per": "host" })] {
        assert!(rule(unknown).contains("enabled = false"));
    }
}

#[test]
fn a_rule_without_a_name_is_called_by_its_key() {
    let text = imported(json!({ "rules": [{ "type": "event", "name_key": "rule_agent_tampering", "filter_value": "agent.tampering" }] }));
    assert!(text.contains("name = \"Agent tampering\""), "{text}");
}
