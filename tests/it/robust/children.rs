//! Programs that are started end with the run, and learn none of its secrets.

use crate::support::cli::{Room, until};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const HEALTH: &str = r#"[{"status":"critical","type":"standalone","fqdn":"pce.example.com","notifications":[],"nodes":[]}]"#;

fn room(more: &str) -> Room {
    let room = Room::new();
    room.config(&format!("[run]\nstate = \"{}\"\n{more}", room.state().display()));
    room.write("health.json", HEALTH);
    room
}

fn is_alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// Every signal that asks for the end ends what was started, too.
#[test]
fn children_do_not_outlive_a_signal() {
    for signal in ["TERM", "INT", "HUP", "QUIT"] {
        let room = room(
            "[[rules]]\nname = \"Health\"\nsource = \"health\"\nnotify = [\"run\"]\n[[channels]]\nname = \"run\"\ntype = \"exec\"\ntimeout = \"5m\"\ncommand = [\"sh\", \"-c\", \"sleep 300 & echo $! > pid; wait\"]\n",
        );
        let mut child = room.command(&["check", "--health", "health.json"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pid = || std::fs::read_to_string(room.path("pid")).ok().map(|text| text.trim().to_owned()).filter(|pid| !pid.is_empty());
        until("the program of the channel runs", || pid().is_some());
        let pid = pid().unwrap();
        assert!(is_alive(&pid));
        assert!(Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(3), "{signal}");
        until("the program of the channel is gone", || !is_alive(&pid));
    }
}

#[test]
fn children_do_not_see_the_secrets_of_the_environment() {
    let room = room(
        "[[rules]]\nname = \"Health\"\nsource = \"health\"\nnotify = [\"run\", \"chat\"]\n[[channels]]\nname = \"run\"\ntype = \"exec\"\ncommand = [\"sh\", \"-c\", \"env > seen\"]\n\
        [[channels]]\nname = \"chat\"\ntype = \"slack\"\nurl = { env = \"CHAT_URL\" }\n[pce]\nurl = \"https://pce.example.com:8443\"\norg_id = 1\napi_key = { env = \"PCE_KEY\" }\napi_secret = { env = \"PCE_SECRET\" }\n",
    );
    let mut command = room.command(&["check", "--health", "health.json"]);
    command.env("CHAT_URL", "http://127.0.0.1:9/canary-5ECRET").env("KEPT", "yes");
    assert_eq!(command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().code(), Some(2));
    let seen = std::fs::read_to_string(room.path("seen")).unwrap();
    assert!(seen.contains("KEPT=yes"));
    for secret in ["canary-5ECRET", "simulated-secret", "api_1f2e3d4c5b6a79880"] {
        assert!(!seen.contains(secret), "{seen}");
    }
}

/// Secrets that never come do not make the run longer than its deadline and the grace.
#[test]
fn secrets_that_never_come_are_given_up_in_time() {
    let channel = |name: &str, secret: &str| format!("[[channels]]\nname = \"{name}\"\ntype = \"slack\"\nurl = {secret}\n");
    let mut config =
        "deadline = \"2s\"\n[[rules]]\nname = \"Health\"\nsource = \"health\"\nnotify = [\"a\", \"b\", \"c\", \"d\"]\n".to_owned();
    for name in ["a", "b", "c"] {
        config += &channel(name, "{ cmd = [\"sh\", \"-c\", \"sleep 300; echo x\"] }");
    }
    config += &channel("d", "{ file = \"pipe\" }");
    let room = room(&config);
    assert!(Command::new("mkfifo").arg(room.path("pipe")).status().unwrap().success());
    let begun = Instant::now();
    let ran = room.run(&["check", "--health", "health.json", "-o", "json"]);
    assert!(begun.elapsed() < Duration::from_secs(2 + 5 + 3), "{:?}", begun.elapsed());
    assert_eq!(ran.code, 2, "{}\n{}", ran.out, ran.err);
    assert_eq!(ran.json().rule("Health")["state"], "firing");
}

/// A pipe in the place of a file of ours is no such file; one in the place of the config is waited for a little.
#[test]
fn pipes_instead_of_files_hold_up_nobody() {
    let room = room("[[rules]]\nname = \"Health\"\nsource = \"health\"\n");
    let pipe = room.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for name in ["state", "state.silences"] {
        let folder = room.path("s");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        assert!(Command::new("mkfifo").arg(folder.join(name)).status().unwrap().success());
        let begun = Instant::now();
        let state = folder.join("state");
        let ran = room.run(&["check", "--health", "health.json", "-o", "json", "--state", state.to_str().unwrap()]);
        assert!(begun.elapsed() < Duration::from_secs(10), "{name}");
        assert_eq!(ran.code, if name == "state" { 3 } else { 2 }, "{name}: {} {}", ran.out, ran.err);
    }
    let begun = Instant::now();
    let ran = room.run(&["check", "--health", "health.json", "-c", pipe.to_str().unwrap()]).exits(3);
    assert!(begun.elapsed() < Duration::from_secs(20) && ran.err.contains("nothing came"), "{}", ran.err);
}
