//! How a run is told: one file for each format and one row in [`FORMATS`].
//!
//! A renderer turns a finished [`Report`] into text. It decides nothing, reads no clock and no
//! environment, and never writes: the verdict and the exit code are in the report before it is asked.

mod cef;
mod checkmk;
pub mod csv;
mod github;
pub mod grid;
mod json;
mod junit;
pub mod markdown;
mod nagios;
mod ndjson;
pub mod progress;
mod prometheus;
mod sarif;
pub mod sheet;
mod table;
mod tap;
mod words;

pub use github::step_summary;

pub use words::{clock, named_group, value_of_what};

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
    /// Say nothing when the exit code is 0, else only what is not ok (only `table`; a machine that asks wants an answer).
    pub quiet: bool,
    /// Show what is left out otherwise: rules that are ok or switched off, and the messages of a dry run.
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
    Format { name: "ndjson", summary: "one JSON object per line", render: ndjson::render },
    Format { name: "csv", summary: "one row per rule and per instance", render: csv::render },
    Format { name: "markdown", summary: "GitHub-flavoured Markdown", render: markdown::render },
    Format { name: "nagios", summary: "Monitoring Plugins output with performance data", render: nagios::render },
    Format { name: "checkmk", summary: "Checkmk local check, one service per rule", render: checkmk::render },
    Format { name: "prometheus", summary: "metrics for node_exporter's textfile collector", render: prometheus::render },
    Format { name: "junit", summary: "JUnit XML, one test case per rule", render: junit::render },
    Format { name: "sarif", summary: "SARIF 2.1.0 for code scanning views", render: sarif::render },
    Format { name: "github", summary: "GitHub Actions annotations", render: github::render },
    Format { name: "tap", summary: "Test Anything Protocol 14", render: tap::render },
    Format { name: "cef", summary: "ArcSight CEF, one line per firing instance", render: cef::render },
];

/// The format of that name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
