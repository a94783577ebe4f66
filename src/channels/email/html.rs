//! The HTML part of a mail: one table, inline styles only, readable on a phone.
//!
//! [`Page`] takes markup only as text that stands in this source and escapes everything else, so
//! that no name of a workload can become markup.

use crate::channels::text;
use crate::domain::alert::{Alert, AlertState, Parcel};
use crate::domain::threshold::Severity;

/// HTML under construction.
struct Page(String);

impl Page {
    /// Markup written in this file.
    fn markup(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Text, escaped for element content and for quoted attributes.
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
    }

    /// A link, if the address is one; else its text alone.
    fn link(&mut self, address: &str, label: &str) {
        if text::is_link(address) {
            self.markup("<a style=\"color:#0b5cad\" href=\"");
            self.text(address);
            self.markup("\">");
            self.text(label);
            self.markup("</a>");
        } else {
            self.text(label);
        }
    }

    fn row(&mut self, label: &str, value: &str) {
        self.markup("<tr><td style=\"padding:2px 12px 2px 0;color:#666;vertical-align:top;white-space:nowrap\">");
        self.text(label);
        self.markup("</td><td style=\"padding:2px 0;word-break:break-word\">");
        self.text(value);
        self.markup("</td></tr>\n");
    }
}

/// Everything up to the headline.
fn begin(parcel: &Parcel) -> Page {
    let mut page = Page(String::new());
    page.markup("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"></head>\n");
    page.markup(
        "<body style=\"margin:0;padding:12px;background:#f4f4f4;font-family:Arial,Helvetica,sans-serif;font-size:15px;color:#222\">\n",
    );
    page.markup("<div style=\"max-width:640px;margin:0 auto\">\n<p style=\"margin:0 0 12px;font-size:17px;font-weight:bold\">");
    page.text(&text::headline(parcel));
    page.markup("</p>\n");
    page
}

/// The page of a text in the user's own words.
pub fn page_of(parcel: &Parcel, own: &str) -> String {
    let mut page = begin(parcel);
    page.markup("<div style=\"white-space:pre-wrap;word-break:break-word\">");
    page.text(own);
    page.markup("</div>\n</div></body></html>\n");
    page.0
}

/// The whole page with the first `shown` alerts, worst first.
pub fn page(parcel: &Parcel, shown: usize) -> String {
    let mut page = begin(parcel);
    let alerts = text::sorted(parcel);
    for alert in alerts.iter().take(shown) {
        card(&mut page, alert);
    }
    if let Some(more) = text::more(alerts.len().saturating_sub(shown).saturating_add(parcel.left_out)) {
        page.markup("<p style=\"font-weight:bold\">");
        page.text(&more);
        page.markup("</p>\n");
    }
    if let Some(origin) = text::origin(parcel) {
        page.markup("<p style=\"color:#666;font-size:13px\">");
        page.link(&parcel.pce.url, &origin);
        page.markup("</p>\n");
    }
    page.markup("</div></body></html>\n");
    page.0
}

fn card(page: &mut Page, alert: &Alert) {
    page.markup("<div style=\"background:#fff;margin:0 0 12px;padding:10px 12px;border-left:6px solid ");
    page.markup(colour(alert));
    page.markup("\">\n<div style=\"font-weight:bold;margin:0 0 6px\"><span style=\"color:");
    page.markup(colour(alert));
    page.markup("\">");
    page.text(&text::badge(alert));
    page.markup("</span> ");
    page.text(&text::name(&alert.rule));
    if let Some(note) = text::note(alert) {
        page.markup(" (");
        page.text(&note);
        page.markup(")");
    }
    page.markup(
        "</div>\n<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" style=\"border-collapse:collapse;font-size:14px\">\n",
    );
    let group = text::group(&alert.group);
    if !group.is_empty() {
        page.row(&tr!("group"), &group);
    }
    page.row(&tr!("value"), &text::value(alert));
    page.row(&tr!("threshold"), &text::threshold(alert));
    page.row(&tr!("window"), &text::window(alert));
    let since = if alert.state == AlertState::Resolved { tr!("fired since") } else { tr!("since") };
    page.row(&since, &text::time(alert.since));
    for (index, talker) in alert.top.iter().take(text::TALKERS).enumerate() {
        page.row(&if index == 0 { tr!("top") } else { String::new() }, &text::talker(talker, alert.unit));
    }
    page.markup("</table>\n");
    for line in text::description(alert) {
        page.markup("<div style=\"margin:6px 0 0\">");
        page.text(&line);
        page.markup("</div>\n");
    }
    if let Some(link) = text::runbook(alert) {
        page.markup("<div style=\"margin:6px 0 0\">");
        page.link(link, &tr!("Runbook"));
        page.markup("</div>\n");
    }
    page.markup("</div>\n");
}

fn colour(alert: &Alert) -> &'static str {
    match (alert.state, alert.severity) {
        (AlertState::Resolved, _) => "#1a7f37",
        (AlertState::Firing, Severity::Critical) => "#b42318",
        (AlertState::Firing, Severity::Warning) => "#b35900",
        (AlertState::Firing, Severity::Info) => "#0b5cad",
    }
}
