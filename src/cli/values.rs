//! What values of flags are, shared by the commands.

use jiff::Timestamp;
use std::path::PathBuf;

pub(super) const COMMON_HEADING: &str = "Options of every command";

/// A file to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Out {
    /// The format; `None`: by the path's ending.
    pub format: Option<String>,
    /// The file.
    pub path: PathBuf,
}

pub(super) fn names_of_formats() -> Vec<&'static str> {
    crate::render::FORMATS.iter().map(|format| format.name).collect()
}

pub(super) fn no_format(format: &str, names: &[&str]) -> String {
    tr!("'{format}' is not a format; {hint}", format, hint = crate::settings::reader::did_you_mean(format, names))
}

pub(super) fn parse_now(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("'{text}' is not a timestamp; write for example 2026-11-20T10:00:00Z"))
}
