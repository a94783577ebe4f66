//! How a run is told: one file for each format and one row in [`FORMATS`].
//!
//! A renderer turns a finished [`Report`] into text. It decides nothing, reads no clock and no
//! environment, and never writes: the verdict and the exit code are in the report before it is asked.

mod grid;
mod json;
mod table;
mod words;

use crate::domain::report::Report;

/// How the reader wants it.
#[derive(Debug, Clone)]
pub struct Style {
    /// Whether colours may be used (only `table` does).
    pub color: bool,
    /// Columns of the terminal; `None`: no limit.
    pub width: Option<u16>,
    /// Zone of the times shown to people. Machines get UTC.
    pub timezone: jiff::tz::TimeZone,
    /// Say nothing when all is well (only `table`; a machine that asks wants an answer).
    pub quiet: bool,
    /// Show what is left out otherwise: rules that are switched off.
    pub verbose: bool,
    /// Where the rules are, for formats that point at a line of a file.
    pub config_path: String,
}

impl Default for Style {
    fn default() -> Self {
        Style {
            color: false,
            width: None,
            timezone: jiff::tz::TimeZone::UTC,
            quiet: false,
            verbose: false,
            config_path: "rules.toml".to_owned(),
        }
    }
}

/// One output format.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// What `--output` takes.
    pub name: &'static str,
    /// One line for help and manual.
    pub summary: &'static str,
    /// The report as text; empty, or complete lines.
    pub render: fn(&Report, &Style) -> String,
}

/// All formats of this version.
pub const FORMATS: &[Format] = &[
    Format { name: "table", summary: "aligned columns for people", render: table::render },
    Format { name: "json", summary: "the whole report as one JSON object", render: json::render },
];

/// The format of that name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
