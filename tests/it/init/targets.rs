//! A target is added to a config: tried at once, its certificate shown first, its secret kept out of the config, rules beside it.

use super::unfinished::Person;
use crate::support::cli::Room;
use jiff::Timestamp;
use pcemon::config::Config;
use pcemon::sim::proxmox::access::{AUDITOR, Entry};
use pcemon::sim::proxmox::scene;
use pcemon::sim::proxmox::server::Proxmox;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

const TOKEN: &str = "pcemon@pve!cron=0e8b3c5a-5d1f-4f6e-9a57-2b7f1c9d4e60";
const STARTERS: [&str; 10] = [
    "Proxmox quorum",
    "Proxmox node offline",
    "Proxmox figures stale",
    "Guest down",
    "Storage filling",
    "Storage inactive",
    "Failed tasks",
    "Proxmox HA trouble",
    "Node certificate expires",
    "Target unreachable",
];

fn cluster() -> Proxmox {
    // Its clock is compared with that of this machine.
    Proxmox::start(scene::calm(Timestamp::now()), Timestamp::now()).unwrap()
}

/// A config with a rule that reads no target.
fn room() -> Room {
    let room = Room::new();
    room.config("# mine\n[[rules]]\nname = \"a\"\nsource = \"records\"\nmetric = \"count\"\nwarning = \">= 1\"\nenabled = false\n");
    room
}

#[track_caller]
fn written(room: &Room) -> Config {
    pcemon::config::load(&room.path("rules.toml")).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

fn on(config: &Config) -> Vec<&str> {
    config.rules.iter().filter(|rule| rule.enabled).map(|rule| rule.name.as_str()).collect()
}

/// The certificate is shown before the token is sent; what the token lacks is told, and once it has it, all is well.
#[test]
fn a_cluster_is_added_by_asking() {
    let sim = cluster();
    sim.change(|cluster| cluster.access.tokens[0].separated = true).unwrap();
    let room = room();
    let mut person = Person::at(&room, "init target proxmox");
    person
        .answers("Name of the target [proxmox]", "dc1\n")
        .answers("urls", &format!("{}\n", sim.url("pve1")))
        .answers("token", &format!("{TOKEN}\n"));
    person.answers("Trust it?", "y\n");
    person.answers("Keep these answers anyway?", "n\n");
    sim.change(|cluster| cluster.access.entries.push(Entry::new("/", "pcemon@pve!cron", &AUDITOR))).unwrap();
    person.answers("Name of the target [dc1]", "\n").answers("urls", "\n").answers("token", "\n");
    person.answers("Which rules on it: starter (Proxmox quorum", "\n").answers("Write this to", "y\n");
    let (code, text) = person.leaves();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("SHA-256 {}", sim.fingerprint("pve1"))), "{text}");
    assert!(text.contains("pveum acl modify / --tokens 'pcemon@pve!cron' --roles PVEAuditor"), "{text}");
    assert!(text.contains("token (name of a variable, or file:PATH) [as before]") && text.contains("cluster taipei has quorum"), "{text}");

    let config = written(&room);
    assert_eq!(on(&config), STARTERS);
    let kept = room.path("rules.secrets/dc1.token");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&kept).unwrap().trim(), TOKEN);
    let text = std::fs::read_to_string(room.path("rules.toml")).unwrap();
    assert!(text.contains(&sim.fingerprint("pve1")) && !text.contains("0e8b3c5a"), "{text}");
    room.run(&["check", "--now", "2026-11-20T12:00:00Z"]).exits(0);
}

/// Who does not trust the certificate sends no token.
#[test]
fn nothing_is_sent_to_a_stranger() {
    let sim = cluster();
    let room = room();
    let mut person = Person::at(&room, "init target proxmox");
    person
        .answers("Name of the target", "dc1\n")
        .answers("urls", &format!("{}\n", sim.url("pve1")))
        .answers("token", &format!("{TOKEN}\n"));
    person
        .answers("Trust it?", "\n")
        .answers("Keep these answers anyway?", "y\n")
        .answers("Which rules", "none\n")
        .answers("Write this to", "n\n");
    let (code, text) = person.leaves();
    assert_eq!((code, sim.calls().len()), (3, 0), "{text}");
    assert!(!room.path("rules.secrets").exists() && !std::fs::read_to_string(room.path("rules.toml")).unwrap().contains("targets"));
}

#[test]
fn a_cluster_is_added_by_pairs() {
    let sim = cluster();
    let room = room();
    let urls = format!("urls={},{}", sim.url("pve1"), sim.url("pve2"));
    room.write("ca.pem", sim.ca_pem());
    let token = room.write("token", TOKEN);
    let token = format!("token=file:{}", token.display());
    let call = |more: &[&str]| room.run(&[&["init", "target", "proxmox", "name=dc1", &urls, &token], more].concat());
    // Without a CA the fingerprints are told, and nothing is sent.
    let ran = call(&["--dry-run"]).exits(0);
    assert!(ran.err.contains(&sim.fingerprint("pve1")) && ran.err.contains(&sim.fingerprint("pve2")), "{}", ran.err);
    assert_eq!(sim.calls().len(), 0);
    let ran = call(&["ca_file=ca.pem", "--offline", "--dry-run"]).exits(0);
    assert_eq!((ran.err.as_str(), sim.calls().len()), ("", 0));
    let ran = call(&["ca_file=ca.pem", "--rules", "none", "--dry-run"]).exits(0);
    assert!(ran.out.contains("No rule reads it yet") && ran.out.contains("cluster taipei has quorum"), "{}", ran.out);
    let ran = call(&["ca_file=ca.pem", "--yes"]).exits(0);
    assert!(ran.err.is_empty() && !ran.out.contains("No rule reads it"), "{}{}", ran.out, ran.err);
    assert_eq!(on(&written(&room)), STARTERS);
    room.run(&["check", "--now", "2026-11-20T12:00:00Z"]).exits(0);
}

/// Rules that stand in the config already are switched on where they are.
#[test]
fn rules_are_not_written_twice() {
    let room = Room::new();
    room.run(&["init", "--url", "https://pce.example.com:8443", "--offline"]).exits(0);
    let count = written(&room).rules.len();
    room.run(&["init", "target", "proxmox", "urls=https://pve1.example.com", "token=PVE_TOKEN", "name=dc1", "--offline", "--yes"]).exits(0);
    let config = written(&room);
    assert_eq!(config.rules.len(), count);
    assert!(STARTERS.iter().all(|name| on(&config).contains(name)), "{:?}", on(&config));
    assert!(!on(&config).contains(&"Disk worn out"));
    room.run(&[
        "init",
        "target",
        "proxmox",
        "urls=https://pve9.example.com",
        "token=PVE_TOKEN",
        "name=dc2",
        "--offline",
        "--yes",
        "--rules",
        "all",
    ])
    .exits(0);
    assert!(on(&written(&room)).contains(&"Disk worn out"));
    assert_eq!(written(&room).rules.len(), count);
}

#[test]
fn a_probe_is_added() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let room = room();
    let ran = room.run(&["init", "target", "probe", "name=shop", &format!("url={url}"), "--yes"]).exits(0);
    assert!(ran.out.contains("1 probe answers as expected"), "{}", ran.out);
    assert_eq!(on(&written(&room)), ["Service down", "Certificate not renewed", "Certificate expires", "Target unreachable"]);
    drop(listener);
    let mut person = Person::at(&room, "init target probe");
    person.answers("Name of the target [probe]", "gone\n").answers("url", &format!("{url}\n"));
    person.answers("Keep these answers anyway?", "y\n").answers("Which rules", "\n").answers("Write this to", "y\n");
    let (code, text) = person.leaves();
    let config = written(&room);
    assert_eq!((code, config.targets.len(), config.rules.len()), (0, 2, 5), "{text}");
}
