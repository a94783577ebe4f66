//! The program under a tracer that makes system calls fail. What cannot be had is said aloud, and is a failure where
//! `PCEMON_REQUIRE_REAL=1` demands it.

use super::cli::Ran;
use std::collections::BTreeMap;
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

/// A system call of the first thread: its name, the how-manieth of that name it is, and what it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    pub number: usize,
    pub line: String,
}

/// Runs the command and lists the calls that have to do with something below a folder.
pub fn calls(command: &Command, folder: &Path) -> (Ran, Vec<Call>) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-y", "-s", "0", "-o"]).arg(log.path());
    let ran = Ran::of(carrying(&mut traced, command));
    let text = String::from_utf8_lossy(&std::fs::read(log.path()).unwrap()).into_owned();
    let folder = folder.display().to_string();
    let first = text.split_whitespace().next().unwrap_or_default().to_owned();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        let Some((name, _)) = call.split_once('(').filter(|_| thread == first) else { continue };
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            continue;
        }
        let number = counts.entry(name.to_owned()).or_default();
        *number += 1;
        if call.contains(&folder) {
            found.push(Call { name: name.to_owned(), number: *number, line: call.to_owned() });
        }
    }
    (ran, found)
}

/// The command, each of `faults` (as `strace --inject` writes them: `rename:error=ENOSPC`) striking where `paths` are concerned; without any, everywhere.
pub fn run(command: &Command, faults: &[&str], paths: &[&Path]) -> Ran {
    let mut traced = Command::new("strace");
    // Only what is to fail stops the program; all else runs at its own speed.
    let names: Vec<&str> = faults.iter().filter_map(|fault| fault.split(':').next()).collect();
    traced.args(["-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", &format!("trace={}", names.join(","))]);
    for fault in faults {
        traced.args(["-e", &format!("inject={fault}")]);
    }
    for path in paths {
        traced.arg("-P").arg(path);
    }
    Ran::of(carrying(&mut traced, command))
}

/// The tracer with the command behind it, in its environment.
fn carrying<'t>(traced: &'t mut Command, command: &Command) -> &'t mut Command {
    traced.arg("--").arg(command.get_program()).args(command.get_args()).env_clear().stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            traced.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        traced.current_dir(folder);
    }
    traced
}
