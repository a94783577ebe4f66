//! The program under a tracer that makes system calls fail. What cannot be had is said aloud, and is a failure where
//! `PCEMON_REQUIRE_REAL=1` demands it.

use super::cli::Ran;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether this machine lets a process be traced.
pub fn to_be_had() -> bool {
    let works =
        Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !works {
        eprintln!("NOT TESTED: strace or ptrace is not to be had on this machine");
        assert!(std::env::var_os("PCEMON_REQUIRE_REAL").is_none(), "strace has to be had here");
    }
    works
}

/// The command, each of `faults` (as `strace --inject` writes them: `rename:error=ENOSPC`) striking where `paths` are concerned; without any, everywhere.
pub fn run(command: &Command, faults: &[&str], paths: &[&Path]) -> Ran {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-o", "/dev/null"]);
    for fault in faults {
        traced.args(["-e", &format!("inject={fault}")]);
    }
    for path in paths {
        traced.arg("-P").arg(path);
    }
    traced.arg("--").arg(command.get_program()).args(command.get_args()).env_clear().stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            traced.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        traced.current_dir(folder);
    }
    Ran::of(&mut traced)
}
