//! Names that only the config knows, for the shell that asks while somebody types.

use crate::config::find;
use crate::domain::text::visible;
use clap_complete::engine::CompletionCandidate;
use std::ffi::OsStr;
use std::path::PathBuf;
use toml::{Table, Value};

/// Rules whose name begins like this, each with its description.
pub fn rules(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates("rules", "description", typed)
}

/// Channels whose name begins like this, each with its type.
pub fn channels(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates("channels", "type", typed)
}

/// Whoever presses a key wants names or nothing: a config that is missing, broken or wrong has none.
fn candidates(list: &str, remark: &str, typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let table = find(named_on_the_line().as_deref()).ok().and_then(|path| std::fs::read_to_string(path).ok());
    let table: Table = table.and_then(|text| text.parse().ok()).unwrap_or_default();
    let items = table.get(list).and_then(Value::as_array).into_iter().flatten();
    let word = |item: &Value, key: &str| Some(item.get(key)?.as_str()?.to_owned());
    items
        .filter_map(|item| Some((word(item, "name")?, word(item, remark))))
        .filter(|(name, _)| name.starts_with(&*typed) && !name.chars().any(char::is_control))
        .map(|(name, remark)| CompletionCandidate::new(name).help(remark.map(|text| visible(&text).into())))
        .collect()
}

/// `--config` of the command line that is being typed: the shell hands it over as arguments.
fn named_on_the_line() -> Option<PathBuf> {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let value = words.iter().enumerate().find_map(|(at, word)| match word.as_str() {
        "-c" | "--config" => words.get(at + 1).cloned(),
        _ => word.strip_prefix("--config=").map(str::to_owned),
    })?;
    Some(PathBuf::from(value))
}
