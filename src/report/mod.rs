//! The report: what happened in a span of time, for people who decide.
//!
//! Records go in one by one and are added up in bounded memory; what comes out is a plain value
//! ([`model::Report`]), which is also the JSON format. The other formats read it and decide nothing. Knows no PCE, no
//! files, no clock.

mod charts;
mod csv;
pub mod ends;
pub mod events;
pub mod gather;
pub mod heavy;
mod html;
mod markdown;
pub mod memory;
pub mod model;
pub mod rules;
mod tables;
pub mod vens;
mod view;
pub mod words;

use model::Report;
pub use view::View;

/// One form of the report.
pub struct Format {
    /// What is typed.
    pub name: &'static str,
    /// One line for the help.
    pub summary: &'static str,
    /// How its files end.
    pub extensions: &'static [&'static str],
    /// Writes it.
    pub render: fn(&Report, &View) -> String,
}

impl Format {
    /// The report in this form; what machines read is the same in every language.
    pub fn text_of(&self, report: &Report, view: &View) -> String {
        if matches!(self.name, "html" | "md") {
            return (self.render)(report, view);
        }
        let mut report = report.clone();
        for source in &mut report.sources {
            source.error = source.error.as_deref().map(crate::lang::in_english);
        }
        report.warnings.iter_mut().for_each(|warning| *warning = crate::lang::in_english(warning));
        crate::lang::for_machines(|| (self.render)(&report, view))
    }
}

/// All forms.
pub const FORMATS: &[Format] = &[
    Format { name: "html", summary: "one self-contained page with plots", extensions: &["html", "htm"], render: html::render },
    Format { name: "md", summary: "Markdown, without plots", extensions: &["md", "markdown"], render: markdown::render },
    Format { name: "csv", summary: "every number, one row each", extensions: &["csv"], render: csv::render },
    Format { name: "json", summary: "the whole report as one JSON object", extensions: &["json"], render: json },
];

/// A form by its name or by how its files end.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name || format.extensions.contains(&name))
}

fn json(report: &Report, _: &View) -> String {
    // Keys are texts and numbers are finite: there is nothing in it that JSON cannot say.
    serde_json::to_string_pretty(report).map(|text| text + "\n").unwrap_or_default()
}
