//! One file for each command.

pub mod adhoc;
pub mod channel;
pub mod check;
pub mod common;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod generate;
pub mod init;
mod manual;
pub mod outbox;
pub mod replay;
pub mod report;
pub mod rules;
pub mod silence;
pub mod state;
pub mod test;
mod waiting;

use crate::channels::template;
use crate::process::worker;
use common::UNKNOWN;
use std::ffi::OsStr;

/// The program as its own helper, bounded by the system; no command for people. The exit code, when it is asked to be that.
pub fn worker(what: &OsStr, memory: &OsStr) -> Option<u8> {
    let served = (what == template::WORKER).then(|| worker::serve(&memory.to_string_lossy(), template::work));
    served.map(|well| if well { 0 } else { UNKNOWN })
}
