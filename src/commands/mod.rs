//! One file for each command.

pub mod adhoc;
pub mod channel;
pub mod check;
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

use crate::app::{Failure, UNKNOWN};
use crate::channels::template;
use crate::process::worker;
use crate::run::output::print;
use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::PathBuf;

use comfy_table::{ContentArrangement, Table, presets};

/// The program as its own helper, bounded by the system; no command for people. The exit code, when it is asked to be that.
pub fn worker(what: &OsStr, memory: &OsStr) -> Option<u8> {
    let served = (what == template::WORKER).then(|| worker::serve(&memory.to_string_lossy(), template::work));
    served.map(|well| if well { 0 } else { UNKNOWN })
}

/// A listing for people: aligned columns, a head, no boxes.
fn listing(head: impl IntoIterator<Item = String>, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(head.into_iter().map(|text| text.to_uppercase()));
    for row in rows {
        table.add_row(row);
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// One document for a program.
fn print_json(value: &serde_json::Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    Ok(print(&format!("{text}\n"))?)
}

/// Standard input can be read once: of the recorded answers only one can be it.
fn one_from_stdin<'p>(files: impl IntoIterator<Item = &'p Option<PathBuf>>) -> Result<(), Failure> {
    if files.into_iter().flatten().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(tr!("only one of the recorded answers can be standard input").into());
    }
    Ok(())
}

/// Whether a person said yes; nobody is asked where nobody sits.
fn asked(question: &str) -> Result<bool, Failure> {
    if !attended() {
        return Ok(false);
    }
    Ok(matches!(answer(question)?.to_lowercase().as_str(), "y" | "yes"))
}

/// Whether there is a person to talk to.
fn attended() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// What a person answers; the end of the input is no answer.
fn answer(question: &str) -> Result<String, Failure> {
    print(question)?;
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer) {
        Ok(0) => Err(Failure(tr!("no answer; nothing was written"))),
        Ok(_) => Ok(answer.trim().to_owned()),
        Err(error) => Err(Failure(tr!("cannot read the answer: {error}", error))),
    }
}
