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
mod style;
mod table;
mod tap;
mod words;

pub use github::step_summary;
pub use style::{Perfdata, Style};

pub use words::{clock, named_group, talker, value_of_what};

use crate::domain::report::Report;
use crate::lang;

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

impl Format {
    /// Whether people read it, in their language. Everything else is the same in every language.
    pub fn is_for_people(&self) -> bool {
        matches!(self.name, "table" | "markdown")
    }

    /// The report in this format and its language.
    pub fn text_of(&self, report: &Report, style: &Style) -> String {
        if self.is_for_people() {
            return (self.render)(report, style);
        }
        let report = in_english(report.clone());
        lang::for_machines(|| (self.render)(&report, style))
    }
}

/// What the run said in words, for machines.
fn in_english(mut report: Report) -> Report {
    let english = |text: &mut Option<String>| {
        if let Some(text) = text {
            *text = lang::in_english(text);
        }
    };
    report.sources.iter_mut().for_each(|source| source.error = source.error.take().map(|fault| fault.said(lang::in_english)));
    for rule in &mut report.rules {
        english(&mut rule.error);
        english(&mut rule.note);
        rule.instances.iter_mut().for_each(|instance| english(&mut instance.suppressed_reason));
    }
    report.deliveries.iter_mut().for_each(|delivery| english(&mut delivery.error));
    report.warnings.iter_mut().for_each(|warning| *warning = lang::in_english(warning));
    report
}

/// The format of that name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
