//! Programs that are started: each in a group of its own that ends with us, and none learns the secrets of our environment.

use std::collections::BTreeSet;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Groups that are running.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());
/// Variables that hold secrets.
static SECRETS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The config takes a secret from this variable: no child gets it.
pub fn keep_from_children(variable: &str) {
    held(&SECRETS).insert(variable.to_owned());
}

/// Why no program is started in this process, if none is.
static REFUSED: Mutex<Option<String>> = Mutex::new(None);

/// From now on no program is started, for this reason; or programs are started again.
pub fn refuse(why: Option<String>) {
    *held(&REFUSED) = why;
}

/// Whether programs may be started, or why not.
pub fn allowed() -> Result<(), String> {
    held(&REFUSED).clone().map_or(Ok(()), Err)
}

/// A program that was started. Dropping this while it runs ends it and everything it started.
pub struct Family {
    /// The program.
    pub child: Child,
    group: i32,
}

/// Starts a program that the config names.
pub fn start(mut command: Command) -> std::io::Result<Family> {
    allowed().map_err(|why| std::io::Error::new(std::io::ErrorKind::PermissionDenied, why))?;
    for variable in held(&SECRETS).iter() {
        command.env_remove(variable);
    }
    start_own(command)
}

/// Starts a program of our own.
pub fn start_own(mut command: Command) -> std::io::Result<Family> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    // Held over the start, so that an end of the process that comes now waits for the group to be known.
    let mut groups = held(&GROUPS);
    let child = command.spawn()?;
    let group = i32::try_from(child.id()).unwrap_or(0);
    groups.insert(group);
    drop(groups);
    Ok(Family { child, group })
}

impl Family {
    /// Ends all of it.
    pub fn end(&mut self) {
        kill(self.group);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end();
        }
        // What a program that ended well has left in the background is its own affair.
        held(&GROUPS).remove(&self.group);
    }
}

/// Ends whatever is still running: the process is about to end.
pub fn end_all() {
    for group in held(&GROUPS).iter() {
        kill(*group);
    }
}

#[cfg(unix)]
fn kill(group: i32) {
    // 1 and below stand for others, or for everybody.
    if let Some(pid) = rustix::process::Pid::from_raw(group).filter(|_| group > 1) {
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill(_group: i32) {}
