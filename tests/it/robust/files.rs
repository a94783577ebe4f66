//! Results go where they were asked for, and nothing else is touched.

use crate::support::cli::Room;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::process::{Command, Stdio};

fn room() -> Room {
    let room = Room::new();
    room.config(&format!("[run]\nstate = \"{}\"\n[[rules]]\nname = \"Health\"\nsource = \"health\"\n", room.state().display()));
    room.write("health.json", r#"[{"status":"normal","type":"standalone","fqdn":"pce.example.com","notifications":[],"nodes":[]}]"#);
    room
}

#[test]
fn devices_pipes_and_links_stay_what_they_are() {
    let room = room();
    room.run(&["check", "--health", "health.json", "-q", "--out", "json=/dev/null"]).exits(0);
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    // A link to a file of one's own is followed.
    let target = room.write("target.json", "old");
    std::os::unix::fs::symlink(&target, room.path("link.json")).unwrap();
    room.run(&["check", "--health", "health.json", "-q", "--out", "json=link.json"]).exits(0);
    assert!(std::fs::symlink_metadata(room.path("link.json")).unwrap().is_symlink());
    assert!(std::fs::read_to_string(&target).unwrap().contains("pcemon.check/1"));
    // A pipe that somebody reads gets the result; one that nobody reads is not waited for.
    let pipe = room.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let ran = room.run(&["check", "--health", "health.json", "-q", "--out", "json=pipe"]).exits(3);
    assert!(ran.err.contains("pipe"), "{}", ran.err);
    let reader = Command::new("cat").arg(&pipe).stdout(Stdio::piped()).spawn().unwrap();
    crate::support::cli::until("the pipe has a reader", || {
        let ran = room.run(&["check", "--health", "health.json", "-q", "--out", "json=pipe"]);
        ran.code == 0
    });
    let out = reader.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&out.stdout).contains("pcemon.check/1"));
    assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
}

#[test]
fn reset_removes_states_only() {
    let room = room();
    for text in ["root:x:0:0::/root:/bin/bash\n", "{\"schema\": \"other/1\"}", "[1, 2]"] {
        let path = room.write("precious", text);
        let ran = room.run(&["state", "reset", "--yes", "--state", path.to_str().unwrap()]).exits(3);
        assert!(ran.err.contains("nothing was removed"), "{}", ran.err);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    room.run(&["check", "--health", "health.json"]).exits(0);
    let whole = std::fs::read_to_string(room.state()).unwrap();
    // Also one that was cut, and one of a later version.
    for text in [whole.as_str(), &whole[..9], "", &whole.replace("pcemon.state/1", "pcemon.state/9")] {
        std::fs::write(room.state(), text).unwrap();
        room.run(&["state", "reset", "--yes"]).exits(0);
        assert!(!room.state().exists());
    }
}

#[test]
fn new_results_have_the_mode_that_the_umask_leaves() {
    let room = room();
    let run = |mask: &str, name: &str| {
        let script = format!("umask {mask}; exec \"$@\"");
        let mut command = Command::new("sh");
        let inner = room.command(&["check", "--health", "health.json", "-q", "--out", &format!("json={name}")]);
        command.args(["-c", &script, "sh"]).arg(inner.get_program()).args(inner.get_args()).current_dir(room.path("")).env_clear();
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        assert!(command.status().unwrap().success());
        std::fs::metadata(room.path(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(run("077", "private.json"), 0o600);
    assert_eq!(run("022", "shared.json"), 0o644);
    std::fs::set_permissions(room.path("private.json"), std::fs::Permissions::from_mode(0o664)).unwrap();
    assert_eq!(run("077", "private.json"), 0o664, "what is there keeps its mode");
}

/// A name of a state that is no UTF-8 is a name like any other: what older runs left beside it goes.
#[test]
fn a_state_may_have_any_name() {
    use std::os::unix::ffi::OsStrExt;
    let room = room();
    let name = std::ffi::OsStr::from_bytes(b"st\xffate.json");
    std::fs::create_dir(room.path("state")).unwrap();
    for _ in 0..3 {
        let mut command = room.command(&["check", "--health", "health.json", "-q", "--state"]);
        assert!(command.arg(room.path("state").join(name)).status().unwrap().success());
    }
    // State, lock and one generation of looks.
    assert_eq!(std::fs::read_dir(room.path("state")).unwrap().count(), 3);
}
