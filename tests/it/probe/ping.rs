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

/// What a router says of a packet is a word about the way to the host, not about the rights of this machine.
#[test]
fn a_router_that_says_no_is_told() {
    let room = Room::new();
    let urls = "urls = [\"ping://192.0.2.9\", \"ping://198.51.100.9\", \"ping://[2001:db8:1::9]\", \"ping://[2001:db8:2::9]\", \"ping://10.9.0.2\"]";
    room.config(&target("t", &format!("{urls}\ncount = 2")));
    // Two networks of their own: this one, and a router that has no way to two of them and forbids the others.
    let script = "set -e; ip link set lo up; ip link add v0 type veth peer name v1; unshare -n cat /dev/zero >/dev/null & peer=$!\n\
        trap 'kill $peer' EXIT; own=$(readlink /proc/self/ns/net)\n\
        while [ \"$(readlink /proc/$peer/ns/net)\" = \"$own\" ]; do :; done\n\
        ip link set v1 netns $peer; ip address add 10.9.0.1/24 dev v0; ip address add 2001:db8::1/64 dev v0 nodad; ip link set v0 up\n\
        nsenter -t $peer -n sh -ec 'ip address add 10.9.0.2/24 dev v1; ip address add 2001:db8::2/64 dev v1 nodad; ip link set v1 up\n\
        echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding\n\
        ip route add unreachable 192.0.2.0/24; ip route add prohibit 198.51.100.0/24\n\
        ip -6 route add unreachable 2001:db8:1::/48; ip -6 route add prohibit 2001:db8:2::/48'\n\
        ip route add default via 10.9.0.2; ip -6 route add default via 2001:db8::2\n\
        echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range; \"$0\" \"$@\"";
    let inner = room.command(&["show", "probe", "-o", "ndjson"]);
    let mut command = Command::new("unshare");
    command.env_clear().current_dir(room.path(".")).envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").args(["-n", "sh", "-c", script]).arg(inner.get_program()).args(inner.get_args());
    let ran = Ran::of(&mut command);
    let all = records(&ran.out);
    if all.is_empty() {
        use std::io::Write;
        writeln!(std::io::stderr(), "\nNOT RUN: no two networks can be made here: {}", ran.err).unwrap();
        return;
    }
    let of = |part: &str| all.iter().find(|one| one["name"].as_str().unwrap().contains(part)).map(super::outcome).unwrap();
    for part in ["198.51.100.9", "2001:db8:2::9"] {
        let (outcome, reason) = of(part);
        assert!(outcome == "unreachable" && reason.contains("cannot be reached"), "{part}: {outcome}: {reason}");
    }
    // That there is no way the kernel does not pass on to such a socket: silence is down, too.
    for part in ["192.0.2.9", "2001:db8:1::9"] {
        assert!(matches!(of(part).0, "unreachable" | "timeout"), "{part}: {:?}", of(part));
    }
    assert_eq!(of("10.9.0.2").0, "ok", "{all:#?}");
}
