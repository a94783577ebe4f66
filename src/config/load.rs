//! A config from its file or from memory, whole or refused.

use super::document;
use super::error::ConfigError;
use super::mask;
use super::model::Config;
use super::tables::Circumstances;
use crate::settings::secrets;
use std::path::Path;

/// A config longer than this, in bytes, is a mistake (a wrong file, a device).
pub const LONGEST: u64 = 1024 * 1024;

/// Reads and proves a config file.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let refuse = |why: String| ConfigError::unreadable(path, tr!("{why}. Use another one with --config FILE", why));
    let shown = crate::domain::text::visible(&path.display().to_string());
    let private = !std::fs::metadata(path).is_ok_and(|metadata| secrets::open_to_all(&metadata));
    let bytes = crate::files::read_patiently(path, LONGEST).map_err(|error| match error.kind() {
        std::io::ErrorKind::FileTooLarge => refuse(tr!("the config {shown} is longer than {longest} bytes", shown, longest = LONGEST)),
        _ => refuse(tr!("cannot read the config {shown}: {error}", shown, error)),
    })?;
    // Bad bytes become replacement characters; the first of them stands where the text stops being UTF-8.
    let broken_at = std::str::from_utf8(&bytes).err().map(|error| error.valid_up_to());
    let commands = trust(path);
    document::read(path, &String::from_utf8_lossy(&bytes), &Circumstances { broken_at, private, commands, ..Default::default() })
}

/// A config that others can write may say rules. Its commands would run as whoever starts pcemon: they are refused, unless the
/// environment says otherwise. What is to be said of each of them.
fn trust(path: &Path) -> Option<String> {
    let why = crate::files::written_by_others(path).unwrap_or_else(|error| Some(error.to_string()));
    let trusted = std::env::var_os(TRUST).is_some_and(|value| value == "1");
    crate::process::children::refuse(
        why.as_ref()
            .filter(|_| !trusted)
            .map(|why| tr!("commands of this config are not run, because {why} ({variable}=1 allows them anyway)", why, variable = TRUST)),
    );
    why.map(|why| {
        if trusted {
            tr!("this command is run only because {variable}=1 is set: {why}", why, variable = TRUST)
        } else {
            tr!("this command is not run, because {why} ({variable}=1 allows it anyway)", why, variable = TRUST)
        }
    })
}

/// Lets commands of a config run that others can write.
const TRUST: &str = "PCEMON_TRUST_CONFIG";

/// What can be used of a config that is refused: those of its tables that are right by themselves. For finding out
/// what else is wrong, never for a run.
pub fn usable_part(path: &Path) -> Option<Config> {
    let text = String::from_utf8(crate::files::read_patiently(path, LONGEST).ok()?).ok()?;
    let whole: toml::Table = text.parse().ok()?;
    let mut kept = toml::Table::new();
    let mut usable = None;
    for key in ["pce", "run", "heartbeat", "traffic", "events", "channels"] {
        let Some(value) = whole.get(key) else { continue };
        kept.insert(key.to_owned(), value.clone());
        match parse(path, &kept.to_string()) {
            Ok(config) => usable = Some(config),
            Err(_) => drop(kept.remove(key)),
        }
    }
    usable
}

/// Whether everybody on this machine may read a file.
pub fn is_open_to_all(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| secrets::open_to_all(&metadata))
}

/// Proves a config that is already in memory; `path` only names it.
pub fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
    document::read(path, text, &Circumstances::default())
}

/// A text of a config as it may be shown: as long as it was, without secrets and without anything a terminal would obey.
pub fn shown(text: &str) -> String {
    let (document, errors) = toml::de::DeTable::parse_recoverable(text);
    let broken: Vec<_> = errors.iter().filter_map(toml::de::Error::span).collect();
    mask::harmless(text, &document::secrets(document.get_ref(), text, &broken))
}
