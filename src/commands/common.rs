//! What the commands share: how they end, which config and state they use, how they print and ask.

use crate::cli::{Color, Global, LogFormat};
use crate::config::{self, Config, ConfigError};
use crate::render::Style;
use crate::run::output::{harmless, print};
use comfy_table::{ContentArrangement, Table, presets};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// The exit code of everything that could not be done.
pub const UNKNOWN: u8 = 3;

/// Why a command could not do its work, for people; may be several lines.
#[derive(Debug)]
pub struct Failure(pub String);

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Failure(text)
    }
}

impl From<crate::run::RunError> for Failure {
    fn from(error: crate::run::RunError) -> Self {
        Failure(error.to_string())
    }
}

impl From<crate::state::StateError> for Failure {
    fn from(error: crate::state::StateError) -> Self {
        Failure(error.to_string())
    }
}

/// What a command returns.
pub type Exit = Result<u8, Failure>;

/// Says something about a result whose own format has no room for it.
pub fn note(global: &Global, text: &str) {
    match global.log_format {
        _ if global.quiet => {}
        LogFormat::Json => log::warn!("{text}"),
        LogFormat::Text => {
            let _nobody_left_to_tell = writeln!(std::io::stderr().lock(), "pcemon: note: {}", harmless(text));
        }
    }
}

/// The config the flags name, proven.
pub fn load_config(global: &Global) -> Result<Config, Failure> {
    let path = config::find(global.config.as_deref())?;
    let config = config::load(&path).map_err(|error| refused(global, &error))?;
    crate::domain::time::read_in(config.run.timezone.clone());
    Ok(config)
}

/// Everything that is wrong with a config, in the form the reader wants.
pub fn refused(global: &Global, error: &ConfigError) -> Failure {
    match global.log_format {
        LogFormat::Json => Failure(error.lines().join("\n")),
        LogFormat::Text => Failure(error.render(colors(global.color, std::io::stderr().is_terminal()))),
    }
}

/// The config, or the defaults where there is none and none is needed.
pub fn config_or_none(global: &Global, not_needed: bool) -> Result<Config, Failure> {
    if not_needed && global.config.is_none() && config::find(None).is_err() {
        let none = config::parse(std::path::Path::new("the config"), "").map_err(|error| Failure(error.render(false)))?;
        return Ok(Config { warnings: Vec::new(), ..none });
    }
    load_config(global)
}

/// Whether colours may be used.
pub fn colors(when: Color, is_terminal: bool) -> bool {
    match when {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

/// How the reader of standard output wants it.
pub fn style(global: &Global, config: &Config) -> Style {
    let is_terminal = std::io::stdout().is_terminal();
    Style {
        color: colors(global.color, is_terminal),
        width: if is_terminal { terminal_width() } else { None },
        timezone: config.run.timezone.clone(),
        quiet: global.quiet,
        verbose: global.verbose > 0,
        config_path: config.path.display().to_string(),
        perfdata: Default::default(),
    }
}

fn terminal_width() -> Option<u16> {
    terminal_size::terminal_size().map(|(width, _)| width.0)
}

/// Where the state is: the flag, the config, the system's places.
pub fn state_path(global: &Global, config: Option<&Config>) -> Result<PathBuf, Failure> {
    if let Some(path) = global.state.clone().or_else(|| config.and_then(|config| config.run.state.clone())) {
        return Ok(path);
    }
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folders) = variable("STATE_DIRECTORY") {
        // systemd gives several, separated by colons; the first is the unit's own.
        if let Some(first) = std::env::split_paths(&folders).next() {
            return Ok(first.join("state.json"));
        }
    }
    let base =
        variable("XDG_STATE_HOME").map(PathBuf::from).or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".local/state")));
    base.map(|base| base.join("pcemon/state.json"))
        .ok_or_else(|| Failure(tr!("no place for the state: give --state FILE, or `state` in [run]")))
}

/// A listing for people: aligned columns, a head, no boxes.
pub(super) fn listing(head: impl IntoIterator<Item = String>, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(head.into_iter().map(|text| text.to_uppercase()));
    for row in rows {
        table.add_row(row);
    }
    // Flush left, two blanks between columns.
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// One document for a program.
pub(super) fn print_json(value: &serde_json::Value) -> Result<(), Failure> {
    Ok(print(&machine_text(value.clone()))?)
}

/// Keys under which documents hold our own words; names of others stand under other keys.
const WORDS: &[&str] = &["error", "last_error", "note", "warnings", "detail", "what", "advice", "why", "only"];

/// A document as programs read it: our words are English whatever the language of people.
pub(super) fn machine_text(mut document: serde_json::Value) -> String {
    fn say(value: &mut serde_json::Value, ours: bool) {
        match value {
            serde_json::Value::Object(map) => map.iter_mut().for_each(|(key, value)| say(value, WORDS.contains(&key.as_str()))),
            serde_json::Value::Array(list) => list.iter_mut().for_each(|value| say(value, ours)),
            serde_json::Value::String(text) if ours => *text = crate::lang::in_english(text),
            _ => {}
        }
    }
    say(&mut document, false);
    format!("{document:#}\n")
}

/// Whether a person said yes; nobody is asked where nobody sits.
pub(super) fn asked(question: &str) -> Result<bool, Failure> {
    if !attended() {
        return Ok(false);
    }
    Ok(matches!(answer(question)?.to_lowercase().as_str(), "y" | "yes"))
}

/// Whether there is a person to talk to.
pub(super) fn attended() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// What a person answers; the end of the input is no answer.
pub(super) fn answer(question: &str) -> Result<String, Failure> {
    print(question)?;
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer) {
        Ok(0) => Err(Failure(tr!("no answer; nothing was written"))),
        Ok(_) => Ok(answer.trim().to_owned()),
        Err(error) => Err(Failure(tr!("cannot read the answer: {error}", error))),
    }
}
