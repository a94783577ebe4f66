//! `pcemon completions` and `pcemon man`: what the shipped files are made from.

use crate::cli;
use crate::commands::common::{Exit, Failure};
use crate::commands::manual;
use crate::run::output::{print, write_file};
use crate::schemas::{self, SCHEMAS};
use clap_complete::env::{Bash, CompleteEnv, Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

/// Prints the completions of one shell.
pub fn completions(shell: clap_complete::Shell) -> Exit {
    print(&completion_text(shell))?;
    Ok(0)
}

/// The variable by which a shell asks for candidates.
const VARIABLE: &str = "PCEMON_COMPLETE";

/// The shells, each with the way it wants to be answered.
const SHELLS: &[&dyn EnvCompleter] = &[&Shell(&Bash, QUOTES), &Elvish, &Fish, &Powershell, &Shell(&Zsh, AUTOLOADS)];

/// Bash inserts what it is given as it stands, and names have spaces in them: it is told to quote them as it does with files.
const QUOTES: &str = r#"
_pcemon() {
    _clap_complete_pcemon "$@"
    case "${COMPREPLY[*]-}" in
    *[[:space:]]*) compopt -o filenames 2>/dev/null ;;
    esac
}
complete -o nospace -o bashdefault -F _pcemon pcemon
"#;

/// Zsh runs the file itself when a completion is wanted for the first time.
const AUTOLOADS: &str = r#"
if [[ "${funcstack[1]}" == _pcemon ]]; then
    _clap_dynamic_completer_pcemon "$@"
fi
"#;

/// The completions of one shell: a few lines that ask the program itself, because only the config knows the names in it.
pub fn completion_text(shell: clap_complete::Shell) -> String {
    let mut out = Vec::new();
    let shells = Shells(SHELLS);
    if let Some(shell) = shells.completer(&shell.to_string()) {
        let _memory_takes_all = shell.write_registration(VARIABLE, "pcemon", "pcemon", "pcemon", &mut out);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Gives a shell the candidates it asks for. False when none asks.
pub fn answer_the_shell(arguments: &[OsString]) -> Result<bool, String> {
    let environment = CompleteEnv::with_factory(cli::command).var(VARIABLE).completer("pcemon").shells(Shells(SHELLS));
    let folder = std::env::current_dir().ok();
    environment.try_complete(arguments, folder.as_deref()).map_err(|error| error.to_string())
}

/// A shell whose script needs a few lines more.
struct Shell(&'static dyn EnvCompleter, &'static str);

impl EnvCompleter for Shell {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn is(&self, name: &str) -> bool {
        self.0.is(name)
    }

    fn write_registration(&self, variable: &str, name: &str, program: &str, completer: &str, out: &mut dyn Write) -> io::Result<()> {
        self.0.write_registration(variable, name, program, completer, out)?;
        out.write_all(self.1.trim_start_matches('\n').as_bytes())
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        words: Vec<OsString>,
        folder: Option<&Path>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        // What stands unquoted on the line comes with its backslashes.
        let words = words.into_iter().map(|word| word.to_str().map_or_else(|| word.clone(), |text| unescaped(text).into())).collect();
        self.0.write_complete(command, words, folder, out)
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        out.extend(if c == '\\' { characters.next() } else { Some(c) });
    }
    out
}

/// Prints a schema, or the names of all.
pub fn schema(name: Option<&str>, list: bool) -> Exit {
    match name.and_then(schemas::find) {
        Some(schema) if !list => print(&(schema.text)())?,
        _ => print(&SCHEMAS.iter().map(|schema| format!("{}\n", schema.name)).collect::<String>())?,
    }
    Ok(0)
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
                .map_err(|error| Failure(tr!("cannot create the folder {path}: {error}", path = folder.display(), error)))?;
            for (name, text) in pages {
                write_file(&folder.join(name), &text)?;
            }
        }
    }
    Ok(0)
}

/// Every manual page: file name and text; the main page first, that of the config last.
pub fn pages() -> std::io::Result<Vec<(String, String)>> {
    let mut command = cli::command();
    command.build();
    let mut out = Vec::new();
    add(&command, "pcemon", &mut out)?;
    out.push(("pcemon.toml.5".to_owned(), manual::config_page()));
    Ok(out)
}

fn add(command: &clap::Command, name: &str, out: &mut Vec<(String, String)>) -> std::io::Result<()> {
    let mut page = Vec::new();
    // No date: the same source must make the same page. An empty one must be said, or the next argument takes its place.
    clap_mangen::Man::new(command.clone().display_name(name.to_owned()).name(name.to_owned()))
        .date("\"\"")
        .source(concat!("pcemon ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)?;
    out.push((format!("{name}.1"), String::from_utf8_lossy(&page).into_owned()));
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        add(sub, &format!("{name}-{}", sub.get_name()), out)?;
    }
    Ok(())
}
