//! A first config: what comes out loads without a warning, holds no secret, and nothing is written over.

use crate::support::cli::{Ran, Room};
use pcemon::config::{Config, load};
use pcemon::sim::estate::{self, Estate};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use pcemon::sim::server::Sim;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

mod targets;
mod unfinished;

const PCE: [&str; 4] = ["--url", "https://pce.example.com:8443", "--org", "3"];

fn init(room: &Room, more: &[&str]) -> Ran {
    room.run(&[&["init"], &PCE[..], more].concat())
}

/// The config that was written, proven.
#[track_caller]
fn written(room: &Room, name: &str) -> Config {
    let path = room.path(name);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let config = load(&path).unwrap_or_else(|error| panic!("{}", error.render(false)));
    assert_eq!(config.warnings, Vec::<String>::new());
    config
}

#[test]
fn flags_are_enough() {
    let room = Room::new();
    let ran = init(&room, &[]).exits(0);
    let config = written(&room, "rules.toml");
    let pce = config.pce.as_ref().unwrap();
    assert_eq!((pce.url.as_str(), pce.org_id), ("https://pce.example.com:8443/", 3));
    assert!(pce.api_key.describe().contains("PCE_API_KEY") && pce.api_secret.describe().contains("PCE_API_SECRET"));
    assert!(config.channels.is_empty() && config.rules.iter().all(|rule| rule.runbook.is_none()));
    for step in ["PCE_API_KEY", "pcemon rules validate", "pcemon doctor", "pcemon check --dry-run", "pcemon rules list"] {
        assert!(ran.out.contains(step), "{step} is not in {}", ran.out);
    }
    assert!(room.run(&["rules", "validate"]).exits(0).err.is_empty());

    let places = ["--api-key-env", "MY_KEY", "--api-secret-file", "/run/secrets/pce", "--rules", "none", "-c", "none.toml"];
    init(&room, &places).exits(0);
    let config = written(&room, "none.toml");
    assert!(!config.rules.is_empty() && config.rules.iter().all(|rule| rule.source.name() == "health"));
    assert!(config.pce.unwrap().api_secret.describe().contains("/run/secrets/pce"));

    init(&room, &["--rules", "all", "-c", "all.toml"]).exits(0);
    let example = load(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/rules.example.toml"))).unwrap();
    let names = |config: &Config| config.rules.iter().map(|rule| (rule.name.clone(), rule.enabled)).collect::<Vec<_>>();
    assert_eq!(names(&written(&room, "all.toml")), names(&example), "the rules are those of the example");
}

#[test]
fn channels_of_any_kind_by_flag() {
    let room = Room::new();
    let mail = "type=email,name=soc,from=pcemon@example.com,to=soc@example.com,noc@example.com,smtp.host=smtp.example.com,smtp.user=u,smtp.password=file:/run/mail";
    let ran = init(&room, &["--channel", "type=slack,url=SLACK_URL,min_severity=critical", "--channel", mail]).exits(0);
    let config = written(&room, "rules.toml");
    assert_eq!(config.channels.iter().map(|channel| channel.common.name.as_str()).collect::<Vec<_>>(), ["slack", "soc"]);
    assert_eq!(config.routes[0].channels, ["slack", "soc"]);
    assert!(ran.out.contains("pcemon channel test soc") && ran.out.contains("SLACK_URL"), "{}", ran.out);
    for (channel, want) in [
        ("type=slakc,url=X", "did you mean `slack`?"),
        ("type=slack", "has no `url`"),
        ("type=slack,url=not a name", "plain:TEXT"),
        ("type=email,from=x", "has no `to`"),
    ] {
        let ran = init(&room, &["-c", "new.toml", "--channel", channel]).exits(3);
        assert!(ran.err.contains(want) && !ran.err.contains("hunter2"), "{channel}: {want} is not in {}", ran.err);
        assert!(!room.path("new.toml").exists());
    }
}

/// A secret that is given by value is kept in a file of its own, readable by its owner only, and stands nowhere else.
#[test]
fn a_secret_never_stands_in_the_config() {
    let room = Room::new();
    let hook = "type=slack,url=https://hooks.slack.com/services/T0/B0/hunter2hunter2";
    let line = "type=line,token=plain:hunter2 with blanks,to=U0123456789abcdef0123456789abcdef";
    let ran = init(&room, &["--channel", hook, "--channel", line]).exits(0);
    let config = written(&room, "rules.toml");
    assert!(!std::fs::read_to_string(room.path("rules.toml")).unwrap().contains("hunter2"));
    assert!(!ran.out.contains("hunter2") && !ran.err.contains("hunter2") && ran.out.contains("rules.secrets/slack.url"), "{}", ran.out);
    for (name, value) in [("slack.url", "https://hooks.slack.com/services/T0/B0/hunter2hunter2\n"), ("line.token", "hunter2 with blanks\n")]
    {
        let path = room.path("rules.secrets").join(name);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), value);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(config.channels.len(), 2);
    // What is kept can be used: the channels open.
    let ran = room.run(&["channel", "test", "slack", "--no-send"]).exits(0);
    assert!(!ran.out.contains("hunter2"), "{}", ran.out);
    // A config that was not written leaves no secret behind.
    let ran = init(&room, &["--channel", hook]).exits(3);
    assert!(ran.err.contains("exists; nothing was written"), "{}", ran.err);
    init(&room, &["-c", "no/such/folder/a.toml", "--channel", hook]).exits(3);
    assert!(!room.path("no").exists(), "a folder was made");
}

/// A dozen rules are on, each topic once, and nothing in them is a name of somebody else's estate.
#[test]
fn the_starter_rules_are_few_and_do_not_overlap() {
    let room = Room::new();
    init(&room, &[]).exits(0);
    let config = written(&room, "rules.toml");
    let on: Vec<&str> = config.rules.iter().filter(|rule| rule.enabled).map(|rule| rule.name.as_str()).collect();
    assert!((12..=15).contains(&on.len()), "{on:?}");
    assert!(config.rules.len() > 50, "the rest of the catalogue is there, switched off");
    // No event is the business of two of them.
    let text = std::fs::read_to_string(room.path("rules.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let mut seen: Vec<String> = Vec::new();
    for rule in table["rules"].as_array().unwrap().iter().filter(|rule| on.contains(&rule["name"].as_str().unwrap())) {
        assert!(!rule.to_string().contains("role=") && !rule.to_string().contains("192.0.2."), "{rule}");
        for key in ["type", "notification"] {
            for name in rule.get("match").and_then(|it| it.get(key)).and_then(toml::Value::as_array).into_iter().flatten() {
                let name = name.as_str().unwrap();
                let stem = |name: &str| name.split('*').next().unwrap().to_owned();
                let other = seen.iter().find(|other| stem(name).starts_with(&stem(other)) || stem(other).starts_with(&stem(name)));
                assert_eq!(other, None, "{name} is matched by two rules that are on");
                seen.push(name.to_owned());
            }
        }
    }
    assert!(seen.len() > 5);
    // One that is off is one command away.
    room.run(&["rules", "enable", "VEN suspended", "--yes"]).exits(0);
}

#[test]
fn nothing_is_written_over_unless_asked() {
    let room = Room::new();
    room.config("# mine\n");
    let ran = init(&room, &[]).exits(3);
    assert!(
        ran.err.contains("exists; nothing was written") && std::fs::read_to_string(room.path("rules.toml")).unwrap() == "# mine\n",
        "{}",
        ran.err
    );
    init(&room, &["--force", "-q"]).exits(0);
    written(&room, "rules.toml");
    for (arguments, want) in [
        (vec!["init", "-c", "a.toml"], "--url"),
        (vec!["init", "-c", "a.toml", "--url", "http://pce.example.com", "--org", "1"], "in clear text"),
        (vec!["init", "-c", "a.toml", "--url", "https://pce.example.com", "--org", "0"], "must be 1 or more"),
        (vec!["init", "-c", "a.toml", "--url", "two words"], "not the URL of a PCE"),
        (vec!["init", "-c", "no/such/folder/a.toml", "--url", "https://pce.example.com", "--org", "1"], "cannot write"),
        (
            vec!["init", "-c", "a.toml", "--url", "https://pce.example.com", "--org", "1", "--api-key-env", "api_12-34"],
            "name of an environment variable",
        ),
    ] {
        let ran = room.run(&arguments).exits(3);
        assert!(ran.err.contains(want) && !room.path("a.toml").exists(), "{want} is not in {}", ran.err);
    }
}

/// `pcemon init` at a terminal, with these answers.
fn at_a_terminal(room: &Room, more: &str, answers: &str) -> Ran {
    let mut command = Command::new("script");
    command.args(["-qec", &format!("{} init {more}", env!("CARGO_BIN_EXE_pcemon")), "/dev/null"]);
    command
        .env_clear()
        .current_dir(room.path(""))
        .env("HOME", room.path(""))
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("PCE_KEY", "api_1f2e3d4c5b6a79880")
        .env("PCE_SECRET", "simulated-secret")
        .env("TERM", "dumb");
    Ran::fed(&mut command, answers.as_bytes())
}

/// Each answer is checked when it is given; what was right before is not asked for again.
#[test]
fn a_person_is_asked_until_the_answers_are_right() {
    let room = Room::new();
    // A URL out of the browser is trimmed; the organisation, the type of a channel and a required key are asked for again.
    let answers =
        "two words\nhttps://pce.example.com:8443/#/map\nseven\n7\n\nfile:/run/secret\npigeon\nntfy\nphone\n\nNTFY_TOPIC\n\nmany\nstarter\n";
    let ran = at_a_terminal(&room, "--offline", answers);
    for said in
        ["not the URL of a PCE", "number of 1 or more", "no type of channel 'pigeon'", "`topic` is required", "starter, all or none"]
    {
        assert!(ran.out.contains(said), "{said} is not in {}", ran.out);
    }
    assert_eq!(ran.out.matches("URL of the PCE, for example").count(), 2, "{}", ran.out);
    let config = written(&room, "rules.toml");
    let pce = config.pce.as_ref().unwrap();
    assert_eq!((pce.url.as_str(), pce.org_id), ("https://pce.example.com:8443/", 7));
    assert!(pce.api_secret.describe().contains("/run/secret"));
    assert_eq!(config.channels[0].common.name, "phone");
    // The input ends: nothing is written.
    let room = Room::new();
    let ran = at_a_terminal(&room, "--offline", "https://pce.example.com\n\u{4}");
    assert!(!room.path("rules.toml").exists(), "{}", ran.out);
}

/// The credentials are tried at once, and what the PCE does not offer has no rules.
#[test]
fn credentials_are_tried_at_once() {
    let Estate { world, events, .. } = estate::world(jiff::Timestamp::now());
    let sim = Sim::start(Options { events, health: serde_json::Value::Null, ..Options::new(world, jiff::Timestamp::now()) }).unwrap();
    sim.set_faults(vec![Fault::new(Endpoint::Health, .., Action::error(404, "not_found", "no such thing"))]);
    let room = Room::new();
    // First the secret is wrong, then it is right.
    room.write("wrong", "nonsense");
    let ran = at_a_terminal(&room, "", &format!("{}\n1\nPCE_KEY\nfile:wrong\nn\nPCE_KEY\nPCE_SECRET\n\nstarter\nrole=dbb\n\n", sim.url()));
    assert!(ran.out.contains("401") && ran.out.contains("the PCE accepts the API key"), "{}", ran.out);
    let config = written(&room, "rules.toml");
    assert!(config.pce.as_ref().unwrap().api_secret.describe().contains("PCE_SECRET"));
    assert!(config.rules.iter().all(|rule| rule.source.name() != "health") && !config.rules.is_empty());
    assert_eq!(sim.queries_left(), 0);
    // Labels are those of this PCE: shown, checked, and in the rule on the databases, which is on because of them.
    for said in ["label role (", "no label role=dbb at this PCE; did you mean `role=db`?", "[role=db]"] {
        assert!(ran.out.contains(said), "{said} is not in {}", ran.out);
    }
    let text = std::fs::read_to_string(room.path("rules.toml")).unwrap();
    assert!(text.contains("dst_label = [\"role=db\"]") && !text.contains("role=DB") && text.contains("#   role ("), "{text}");
    assert!(config.rules.iter().any(|rule| rule.name == "Blocked traffic to databases" && rule.enabled));
    let on = config.rules.iter().filter(|rule| rule.enabled).count();
    assert!((12..=15).contains(&on), "{on}");
}

/// An unknown certificate is offered for trust with its fingerprint, and kept in a file that the config names.
#[test]
fn an_unknown_certificate_is_offered_for_trust() {
    let (port, pem) = crate::doctor::tls_server((2036, 1, 2));
    let room = Room::new();
    let url = format!("https://localhost:{port}");
    // No variable is set, so that the credentials are not tried.
    let ran = at_a_terminal(&room, "", &format!("{url}\ny\n\nNO_KEY\nNO_SECRET\n\nnone\n"));
    assert!(ran.out.contains("certificate is not trusted") && ran.out.contains("SHA-256 ") && ran.out.contains("Lab CA 7"), "{}", ran.out);
    assert!(ran.out.contains("the certificate of ") && ran.out.contains("not tried"), "{}", ran.out);
    let config = written(&room, "rules.toml");
    assert_eq!(config.pce.as_ref().unwrap().ca_file.as_deref(), Some(room.path("pce-ca.pem").canonicalize().unwrap().as_path()));
    let kept = std::fs::read_to_string(room.path("pce-ca.pem")).unwrap();
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(bare(&kept), bare(&pem));
    // Whoever does not trust it chooses another URL, or none.
    let room = Room::new();
    let ran = at_a_terminal(&room, "", &format!("{url}\nn\nn\n\u{4}"));
    assert!(!room.path("pce-ca.pem").exists() && !room.path("rules.toml").exists(), "{}", ran.out);
}

/// By flags the PCE is asked, too, when the credentials are there; what goes wrong is said and keeps nothing from being written.
#[test]
fn flags_ask_the_pce_when_the_credentials_are_there() {
    let Estate { world, events, .. } = estate::world(jiff::Timestamp::now());
    let sim = Sim::start(Options { events, ..Options::new(world, jiff::Timestamp::now()) }).unwrap();
    let room = Room::new();
    let flags = ["init", "--api-key-env", "PCE_KEY", "--api-secret-env", "PCE_SECRET", "--url"];
    let ran = room.run(&[&flags[..], &[sim.url().as_str()]].concat()).exits(0);
    assert!(ran.out.contains("label role (") && ran.err.is_empty(), "{}{}", ran.out, ran.err);
    written(&room, "rules.toml");
    assert!(std::fs::read_to_string(room.path("rules.toml")).unwrap().contains("[\"role=db\"]"));
    let asked = sim.requests().len();
    room.run(&[&flags[..], &[sim.url().as_str(), "--offline", "-c", "offline.toml"]].concat()).exits(0);
    assert_eq!(sim.requests().len(), asked, "nobody is contacted");
    room.write("wrong", "nonsense");
    let wrong = ["init", "--api-key-env", "PCE_KEY", "--api-secret-file", "wrong", "-c", "wrong.toml", "--url"];
    let ran = room.run(&[&wrong[..], &[sim.url().as_str()]].concat()).exits(0);
    assert!(ran.err.contains("401"), "{}", ran.err);
    written(&room, "wrong.toml");
}

/// Chinese readers get Chinese rules: names, descriptions, comments, and messages on every later run.
#[test]
fn the_rules_are_in_the_language_of_their_reader() {
    let room = Room::new();
    init(&room, &["-c", "en.toml"]).exits(0);
    init(&room, &["--lang", "zh-TW", "-c", "zh.toml"]).exits(0);
    let [english, chinese] = ["en.toml", "zh.toml"].map(|name| written(&room, name));
    assert_eq!(english.rules.len(), chinese.rules.len());
    let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for (one, other) in english.rules.iter().zip(&chinese.rules) {
        assert_eq!((one.enabled, one.source, one.definition()), (other.enabled, other.source, other.definition()), "{}", one.name);
        assert!(is_chinese(&other.name), "{}", other.name);
        assert!(is_chinese(other.description.as_deref().unwrap()), "{:?}", other.description);
    }
    let text = std::fs::read_to_string(room.path("zh.toml")).unwrap();
    for line in text.lines().filter(|line| line.starts_with("# ") && !line.starts_with("# ---")) {
        // Samples of TOML stay as they are typed.
        assert!(is_chinese(line) || line.contains(" = ") || ["# [[targets]]", "# [probe]"].contains(&line), "{line}");
    }
    let ran = room.run(&["-c", "zh.toml", "rules", "list"]).exits(0);
    assert!(ran.out.contains("連接埠掃描"), "{}", ran.out);
}

/// A VEN that the PCE lost is one alert, not two: that its policy is not in step follows from it.
#[test]
fn one_thing_that_goes_wrong_is_one_alert_of_the_starter_rules() {
    let room = Room::new();
    init(&room, &[]).exits(0);
    let vens = r#"[{"href":"/orgs/1/vens/1","name":"web-01","hostname":"web-01","status":"active","ven_type":"server","last_heartbeat_at":"2026-11-20T08:00:00Z","created_at":"2026-01-01T00:00:00Z","workloads":[{"href":"/orgs/1/workloads/1"}]},
      {"href":"/orgs/1/workloads/1","name":"web-01","online":false,"enforcement_mode":"full","agent":{"status":{"security_policy_sync_state":"error"}}}]"#;
    room.write("vens.json", vens);
    let ran = room.run(&["check", "--dry-run", "-o", "json", "--now", "2026-11-20T10:00:00Z", "--input", "vens=vens.json"]);
    let report = ran.json();
    let not_ok: Vec<(&str, &str)> = report.0["rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|rule| !matches!(rule["state"].as_str().unwrap(), "ok" | "disabled" | "not_judged"))
        .map(|rule| (rule["name"].as_str().unwrap(), rule["state"].as_str().unwrap()))
        .collect();
    assert_eq!(not_ok, [("VENs that are offline", "pending")], "{}", ran.err);
}
