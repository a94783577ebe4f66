//! Echo requests in network namespaces: who may send them differs, and nobody is called down for it.

use super::{CHECK, DOWN, records, shown, target};
use crate::support::cli::{Ran, Room};
use std::path::Path;
use std::process::Command;

#[test]
fn loopback_answers() {
    let all = shown(&target("t", "urls = [\"ping://127.0.0.1\", \"ping://[::1]\"]\ncount = 3"));
    for one in &all {
        let (outcome, _) = super::outcome(one);
        assert!(outcome == "ok" && one["numbers"]["loss"] == 0.0 && one["numbers"]["rtt"].is_number(), "{one:#}");
    }
    // Where nobody may ping there is no record, and a sentence.
    assert!(all.len() == 2 || all.is_empty(), "{all:#?}");
}

/// The program in a network of its own, in which loopback alone is up, with these settings and this path.
fn inside(room: &Room, range: &str, drop: bool, path: &str, arguments: &[&str]) -> Option<Ran> {
    let works = Command::new("unshare").args(["-n", "true"]).status().is_ok_and(|status| status.success());
    if !works {
        use std::io::Write;
        std::io::stderr().write_all(b"\nNOT RUN: no network namespace can be made here\n").unwrap();
        return None;
    }
    let setup = format!("ip link set lo up 2>/dev/null || ifconfig lo up; echo '{range}' > /proc/sys/net/ipv4/ping_group_range");
    let run = if drop { "exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs \"$0\" \"$@\"" } else { "exec \"$0\" \"$@\"" };
    let script = format!("{setup}; PATH={path} {}", run.replace("exec setpriv", "exec /usr/bin/setpriv"));
    let mut command = room.command(&[]);
    let program = command.get_program().to_owned();
    let mut outer = Command::new("unshare");
    outer.env_clear().current_dir(room.path("."));
    for (name, value) in command.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        outer.env(name, value);
    }
    command = outer;
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").args(["-n", "sh", "-c", &script]).arg(program).args(arguments);
    Some(Ran::of(&mut command))
}

#[test]
fn each_way_of_asking_and_none() {
    let room = Room::new();
    room.config(&format!("{}{DOWN}", target("t", "url = \"ping://127.0.0.1\"\ncount = 2")));
    let show = ["show", "probe", "-o", "ndjson"];
    let method =
        |ran: &Ran| records(&ran.out).first().map(|one| one["fields"]["method"].as_str().unwrap_or("").to_owned()).unwrap_or_default();
    // As root without the kernel's leave: a raw socket.
    let Some(ran) = inside(&room, "1 0", false, "/nowhere", &show) else { return };
    if !ran.err.contains("lo up") {
        assert_eq!(method(&ran), "raw", "{}{}", ran.out, ran.err);
    }
    let ran = inside(&room, "0 2147483647", true, "/nowhere", &show).unwrap();
    assert_eq!(method(&ran), "datagram", "{}{}", ran.out, ran.err);
    // None at all: not down, and what to do about it.
    let ran = inside(&room, "1 0", true, "/nowhere", &CHECK).unwrap();
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("ping_group_range"), "{}", ran.out);
    assert_eq!(ran.json().rule("down")["state"], "unknown");
}

/// A program in place of the system's, in the words of busybox.
#[test]
fn the_program_is_asked_where_sockets_are_refused() {
    let room = Room::new();
    room.config(&target("t", "url = \"ping://127.0.0.1\"\ncount = 2"));
    std::fs::create_dir(room.path("bin")).unwrap();
    let path = room.write("bin/ping", "#!/bin/sh\necho '64 bytes from 127.0.0.1: seq=0 ttl=64 time=0.250 ms'\necho '64 bytes from 127.0.0.1: seq=0 ttl=64 time=0.260 ms (DUP!)'\nexit 0\n");
    std::os::unix::fs::PermissionsExt::set_mode(&mut std::fs::metadata(&path).unwrap().permissions(), 0o755);
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let folder = path.parent().unwrap_or(Path::new("/")).display().to_string();
    let Some(ran) = inside(&room, "1 0", true, &folder, &["show", "probe", "-o", "ndjson"]) else { return };
    let all = records(&ran.out);
    assert_eq!(all.len(), 1, "{}{}", ran.out, ran.err);
    assert_eq!((&all[0]["fields"]["method"], &all[0]["numbers"]["loss"]), (&"program".into(), &0.5.into()), "{:#}", all[0]);
}
