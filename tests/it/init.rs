//! A first config: what comes out loads without a warning, holds no secret, and nothing is written over.

use crate::support::cli::{Ran, Room};
use pcemon::config::{Config, load};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

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
    assert!(
        config.channels.is_empty() && config.rules.len() > 30 && config.rules.iter().all(|rule| rule.enabled && rule.runbook.is_none())
    );
    for step in ["PCE_API_KEY", "pcemon check --dry-run", "pcemon rules list"] {
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
        ("type=slack,url=https://hooks.slack.com/services/T0/B0/hunter2hunter2hunter2", "plain text"),
        ("type=email,from=x", "has no `to`"),
    ] {
        let ran = init(&room, &["-c", "new.toml", "--channel", channel]).exits(3);
        assert!(ran.err.contains(want) && !ran.err.contains("hunter2"), "{channel}: {want} is not in {}", ran.err);
        assert!(!room.path("new.toml").exists());
    }
    // Who asks for it gets it, and is warned.
    let ran =
        init(&room, &["-c", "plain.toml", "--channel", "type=line,token=plain:hunter2,to=U0123456789abcdef0123456789abcdef"]).exits(0);
    assert!(
        ran.err.contains("plain text") && std::fs::read_to_string(room.path("plain.toml")).unwrap().contains("token = \"hunter2\""),
        "{}",
        ran.err
    );
}

#[test]
fn nothing_is_written_over_unless_asked() {
    let room = Room::new();
    room.config("# mine\n");
    let ran = init(&room, &[]).exits(3);
    assert!(ran.err.contains("there already") && std::fs::read_to_string(room.path("rules.toml")).unwrap() == "# mine\n", "{}", ran.err);
    init(&room, &["--force", "-q"]).exits(0);
    written(&room, "rules.toml");
    for (arguments, want) in [
        (vec!["init", "-c", "a.toml"], "--url"),
        (vec!["init", "-c", "a.toml", "--url", "http://pce.example.com", "--org", "1"], "in the clear"),
        (vec!["init", "-c", "a.toml", "--url", "https://pce.example.com", "--org", "0"], "must be 1 or more"),
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

#[test]
fn a_person_is_asked_until_the_answers_are_right() {
    let room = Room::new();
    let mut command = Command::new("script");
    command.args(["-qec", &format!("{} init", env!("CARGO_BIN_EXE_pcemon")), "/dev/null"]);
    command
        .env_clear()
        .current_dir(room.path(""))
        .env("HOME", room.path(""))
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("TERM", "dumb");
    // A URL with a path is refused and asked for again; so is a channel that does not exist.
    let answers = "https://pce.example.com/login\n\n\n\nhttps://pce.example.com:8443\n7\n\nfile:/run/secret\npigeon\nntfy\nphone\nNTFY_TOPIC\n\nstarter\n";
    let ran = Ran::fed(&mut command, answers.as_bytes());
    assert!(ran.out.contains("must end after host and port") && ran.out.contains("no type of channel 'pigeon'"), "{}", ran.out);
    let config = written(&room, "rules.toml");
    let pce = config.pce.as_ref().unwrap();
    assert_eq!((pce.org_id, pce.api_secret.describe().contains("/run/secret")), (7, true));
    assert_eq!(config.channels[0].common.name, "phone");
    // The input ends: nothing is written.
    let room = Room::new();
    command.current_dir(room.path(""));
    let ran = Ran::fed(&mut command, b"https://pce.example.com\n\x04");
    assert!(!room.path("rules.toml").exists(), "{}", ran.out);
}
