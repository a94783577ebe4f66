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

/// What a killed run has left at the PCE, the next run of the same state deletes, and of no other.
#[test]
fn queries_of_killed_runs_are_swept_by_the_next() {
    use crate::support::cli::{Bench, at, knocks};
    use pcemon::sim::options::{Life, Options};
    let mut options = Options::new(knocks(&[]), at("10:00"));
    options.life = Life::Lasts(Duration::from_secs(600));
    let mut bench =
        Bench::new(options, "[run]\ndeadline = \"2s\"\n[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\nwarning = \"> 1\"\n");
    bench.may_leave_queries = true;
    let kill_one = |bench: &Bench, more: &[&str], count: usize| {
        let mut child = bench.command(at("10:00"), more).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until("the query is at the PCE", || bench.sim.queries_left() == count);
        child.kill().unwrap();
        child.wait().unwrap();
    };
    let other = bench.room.path("other/state.json");
    kill_one(&bench, &["--state", other.to_str().unwrap()], 1);
    kill_one(&bench, &[], 2);
    assert_eq!(bench.sim.queries_left(), 2);
    // This one asks in vain, too, but cleans up: its own query and the one of the killed run.
    bench.check(at("10:10"), &[]).exits(3);
    assert_eq!(bench.sim.queries_left(), 1, "the query of the other state stays");
    let listed = |bench: &Bench| {
        let lists = "/api/v2/orgs/1/traffic_flows/async_queries";
        bench.sim.requests().iter().filter(|request| request.method == "GET" && request.path == lists).count()
    };
    // After a run that left nothing, nobody looks.
    let before = listed(&bench);
    bench.check(at("10:20"), &[]).exits(3);
    assert_eq!(listed(&bench), before);
}

/// Hangs up without a word, as a terminal that is closed, or dumps: what was submitted is deleted.
#[test]
fn every_signal_deletes_what_was_submitted() {
    use crate::support::cli::{Bench, at, knocks};
    use pcemon::sim::options::{Life, Options};
    for signal in ["HUP", "QUIT", "TERM", "INT"] {
        let mut options = Options::new(knocks(&[]), at("10:00"));
        options.life = Life::Lasts(Duration::from_secs(600));
        let bench = Bench::new(options, "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\nwarning = \"> 1\"\n");
        let mut child = bench.command(at("10:00"), &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until("the query was asked about", || bench.sim.requests().iter().filter(|request| request.method == "GET").count() > 0);
        assert!(Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(3), "{signal}");
        assert_eq!(bench.sim.queries_left(), 0, "{signal}");
    }
}

/// A config that others can write says rules, and no commands.
#[test]
fn commands_of_a_config_that_others_can_write_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let room = room(
        "[[rules]]\nname = \"Health\"\nsource = \"health\"\nnotify = [\"run\", \"chat\"]\n[[channels]]\nname = \"run\"\ntype = \"exec\"\ncommand = [\"touch\", \"by-exec\"]\n\
        [[channels]]\nname = \"chat\"\ntype = \"slack\"\nurl = { cmd = [\"touch\", \"by-cmd\"] }\n",
    );
    let config = room.path("rules.toml");
    let set = |mode: u32| std::fs::set_permissions(&config, std::fs::Permissions::from_mode(mode)).unwrap();
    let ran_something = || ["by-exec", "by-cmd"].map(|name| room.path(name).exists());
    set(0o666);
    for arguments in
        [&["check", "--health", "health.json", "-o", "json"][..], &["check", "--health", "health.json", "-c", config.to_str().unwrap()]]
    {
        let ran = room.run(arguments).exits(2);
        assert_eq!(ran_something(), [false, false]);
        assert!(ran.out.contains("every user can write") && ran.out.contains("PCEMON_TRUST_CONFIG"), "{}\n{}", ran.out, ran.err);
    }
    let said = room.run(&["rules", "validate"]);
    assert!(format!("{}{}", said.out, said.err).contains("every user can write"), "{said:?}");
    // Whoever starts it may vouch for it, and is told so.
    let mut command = room.command(&["check", "--state", "c.json", "--health", "health.json", "-o", "json"]);
    let trusting = crate::support::cli::Ran::of(command.env("PCEMON_TRUST_CONFIG", "1")).exits(2);
    assert_eq!(ran_something(), [true, true]);
    assert!(trusting.out.contains("every user can write"), "{}", trusting.out);
    // A folder that others can write is as good as the file.
    for name in ["by-exec", "by-cmd"] {
        std::fs::remove_file(room.path(name)).unwrap();
    }
    set(0o600);
    let folder = room.path("");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    room.run(&["check", "--state", "d.json", "--health", "health.json"]).exits(2);
    assert_eq!(ran_something(), [false, false]);
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let ran = room.run(&["check", "--state", "e.json", "--health", "health.json", "-o", "json"]).exits(2);
    assert_eq!(ran_something(), [true, true]);
    assert!(!ran.out.contains("every user can write"), "{}", ran.out);
}
