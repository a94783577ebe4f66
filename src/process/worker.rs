//! Work that cannot be trusted with our memory, time and stack: done by a process of its own that the system bounds.

use super::children::{self, Family};
use super::patience;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The program that this is. Unset where this is a library.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Bytes that an answer may have.
const LONGEST: u64 = 8 << 20;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The process could not be started.
    Unavailable(String),
    /// It took too much of something, and was ended.
    TooMuch,
}

/// From now on work is given to processes that run this same program.
pub fn start_with_own_program() {
    // This name leads to us even when a newer version lies in our place by now.
    let own = PathBuf::from("/proc/self/exe");
    if let Some(program) = own.exists().then_some(own).or_else(|| std::env::current_exe().ok()) {
        let _said_before = PROGRAM.set(program);
    }
}

/// Starts this program with one argument, gives it the job and reads its answer. `None`: it is not known which program this is.
pub fn ask(argument: &str, job: Vec<u8>, memory: u64, time: Duration) -> Option<Result<Vec<u8>, Failure>> {
    let program = PROGRAM.get()?;
    let mut command = Command::new(program);
    command.arg(argument).arg(memory.to_string()).env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let family = match children::start_own(command) {
        Ok(family) => family,
        Err(error) => return Some(Err(Failure::Unavailable(error.to_string()))),
    };
    Some(converse(family, job, patience::share(time)))
}

fn converse(mut family: Family, job: Vec<u8>, time: Duration) -> Result<Vec<u8>, Failure> {
    let until = Instant::now() + time;
    if let Some(mut input) = family.child.stdin.take() {
        // What it thinks of a job that it does not read to the end, its answer says.
        std::thread::spawn(move || input.write_all(&job));
    }
    let Some(output) = family.child.stdout.take() else { return Err(Failure::TooMuch) };
    let read = patience::within(time, move || {
        let mut bytes = Vec::new();
        output.take(LONGEST).read_to_end(&mut bytes).map(|_| bytes)
    });
    let Some(Ok(bytes)) = read else { return Err(Failure::TooMuch) };
    loop {
        match family.child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(bytes),
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(1)),
            _ => return Err(Failure::TooMuch),
        }
    }
}

/// The other end: bounds itself, reads the job, and writes what `work` makes of it. Whether that went well.
pub fn serve(memory: &str, work: impl FnOnce(&[u8]) -> Vec<u8>) -> bool {
    bound(memory.parse().unwrap_or(64 << 20));
    let mut job = Vec::new();
    std::io::stdin().take(LONGEST).read_to_end(&mut job).is_ok() && std::io::stdout().write_all(&work(&job)).is_ok()
}

#[cfg(unix)]
fn bound(memory: u64) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let most = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    // Where a limit cannot be set, the time still is.
    let _ = setrlimit(Resource::As, most(memory));
    let _ = setrlimit(Resource::Core, most(0));
}

#[cfg(not(unix))]
fn bound(_memory: u64) {}
