//! `pcemon completions` and `pcemon man`: what the shipped files are made from.

use crate::app::{Exit, Failure};
use crate::cli;
use crate::run::output::{print, write_file};
use std::path::Path;

/// Prints the completions of one shell.
pub fn completions(shell: clap_complete::Shell) -> Exit {
    print(&completion_text(shell))?;
    Ok(0)
}

/// The completions of one shell.
pub fn completion_text(shell: clap_complete::Shell) -> String {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "pcemon", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Prints the main page, or writes all pages into a folder.
pub fn man(folder: Option<&Path>) -> Exit {
    let pages = pages().map_err(|error| Failure(tr!("cannot make the manual: {error}", error)))?;
    match folder {
        None => {
            let main = pages.first().map(|(_, text)| text.as_str()).unwrap_or_default();
            print(main)?;
        }
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .map_err(|error| Failure(tr!("cannot make the folder {path}: {error}", path = folder.display(), error)))?;
            for (name, text) in pages {
                write_file(&folder.join(name), &text)?;
            }
        }
    }
    Ok(0)
}

/// Every manual page: file name and text; the main page first.
pub fn pages() -> std::io::Result<Vec<(String, String)>> {
    let mut command = cli::command();
    command.build();
    let mut out = Vec::new();
    add(&command, "pcemon", &mut out)?;
    Ok(out)
}

fn add(command: &clap::Command, name: &str, out: &mut Vec<(String, String)>) -> std::io::Result<()> {
    let mut page = Vec::new();
    // No date: the same source must make the same page.
    clap_mangen::Man::new(command.clone().display_name(name.to_owned()).name(name.to_owned())).date("").render(&mut page)?;
    out.push((format!("{name}.1"), String::from_utf8_lossy(&page).into_owned()));
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        add(sub, &format!("{name}-{}", sub.get_name()), out)?;
    }
    Ok(())
}
