//! The HTML part of a mail: tables and inline styles only, nothing loaded from anywhere, readable on a phone and without images.
//!
//! [`Page`] takes markup only as text that stands in this source and escapes everything else, so
//! that no name of a workload can become markup.

use super::letter;
use crate::channels::text;
use crate::domain::alert::{Alert, Notification};
use crate::domain::entry::AlertState;
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

    /// Text in an element of its own.
    fn element(&mut self, begin: &'static str, text: &str, end: &'static str) {
        self.markup(begin);
        self.text(text);
        self.markup(end);
        self.markup("\n");
    }

    /// A link, if the address is one; else its text alone.
    fn link(&mut self, address: &str, label: &str, style: &'static str) {
        if text::is_link(address) {
            self.markup("<a style=\"");
            self.markup(style);
            self.markup("\" href=\"");
            self.text(address);
            self.markup("\">");
            self.text(label);
            self.markup("</a>");
        } else {
            self.text(label);
        }
    }

    fn row(&mut self, label: &str, value: &str) {
        self.markup("<tr><td style=\"padding:3px 14px 3px 0;color:#59636e;vertical-align:top;white-space:nowrap\">");
        self.text(label);
        self.markup("</td><td style=\"padding:3px 0;vertical-align:top;word-break:break-word\">");
        self.text(value);
        self.markup("</td></tr>\n");
    }
}

/// What opens a section of the white body.
const SECTION: &str = "<tr><td style=\"background:#ffffff;padding:14px 16px 0\">";
const LINK: &str = "color:#0b5cad;text-decoration:underline";

/// Everything up to the alerts: the frame, the line that a list of mails shows, and a band in the colour of the worst alert.
fn begin(notification: &Notification) -> Page {
    let headline = text::headline(notification);
    let mut page = Page(String::new());
    page.markup("<!DOCTYPE html>\n<html lang=\"");
    page.text(crate::lang::current().name());
    page.markup("\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    page.markup("<meta name=\"color-scheme\" content=\"light\"></head>\n");
    page.markup("<body style=\"margin:0;padding:0;background:#eef0f2\">\n");
    if let Some(worst) = text::sorted(notification).first() {
        page.element(
            "<div style=\"display:none;max-height:0;overflow:hidden;font-size:1px;line-height:1px;color:#eef0f2\">",
            &letter::preview(worst),
            "</div>",
        );
    }
    page.markup("<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"background:#eef0f2\">");
    page.markup("<tr><td align=\"center\" style=\"padding:12px 6px\">\n");
    page.markup("<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:640px;text-align:left;");
    page.markup("font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans TC','Microsoft JhengHei',Helvetica,Arial,sans-serif;");
    page.markup("font-size:15px;line-height:1.45;color:#1f2328\">\n<tr><td style=\"color:#ffffff;padding:14px 16px;background:");
    page.markup(text::sorted(notification).first().map_or("#0b5cad", |worst| colour(worst)));
    page.markup("\">\n");
    page.element("<div style=\"font-size:18px;font-weight:bold;word-break:break-word\">", &headline, "</div>");
    page.element("<div style=\"font-size:14px\">", &letter::below_the_headline(notification), "</div>");
    page.markup("</td></tr>\n");
    page
}

/// The links and everything below the alerts.
fn end(mut page: Page, notification: &Notification) -> String {
    if let Some((heading, lines)) = text::standing(notification) {
        page.markup(SECTION);
        page.element("<div style=\"font-weight:bold\">", &heading, "</div>");
        for line in lines {
            page.element("<div style=\"color:#59636e;font-size:14px;word-break:break-word\">", &line, "</div>");
        }
        page.markup("</td></tr>\n");
    }
    page.markup("<tr><td style=\"background:#ffffff;padding:14px 16px\">");
    if let Some(origin) = text::origin(notification) {
        page.link(&notification.pce.url, &origin, LINK);
    }
    page.markup("</td></tr>\n<tr><td style=\"padding:12px 16px;color:#59636e;font-size:13px\">");
    page.text(&letter::signature(notification));
    page.markup("</td></tr>\n</table>\n</td></tr></table>\n</body></html>\n");
    page.0
}

/// The page of a text in the user's own words.
pub fn page_of(notification: &Notification, own: &str) -> String {
    let mut page = begin(notification);
    page.markup(SECTION);
    page.element("<div style=\"white-space:pre-wrap;word-break:break-word\">", own, "</div></td></tr>");
    end(page, notification)
}

/// The whole page with the first `shown` alerts.
pub fn page(notification: &Notification, shown: usize) -> String {
    let mut page = begin(notification);
    let alone = notification.size() == 1;
    let mut left = shown;
    for (news, alerts) in text::arranged(notification) {
        if left == 0 {
            break;
        }
        if !alone {
            page.markup(SECTION);
            page.element(
                "<div style=\"font-size:16px;font-weight:bold;border-bottom:1px solid #d1d9e0\">",
                &news.heading(alerts.len()),
                "</div></td></tr>",
            );
        }
        for alert in alerts.iter().take(left) {
            card(&mut page, notification, alert, alone);
        }
        left = left.saturating_sub(alerts.len());
    }
    if let Some(more) = text::more(notification.alerts.len().saturating_sub(shown).saturating_add(notification.left_out)) {
        page.markup(SECTION);
        page.element("<div style=\"font-weight:bold\">", &more, "</div></td></tr>");
    }
    end(page, notification)
}

fn card(page: &mut Page, notification: &Notification, alert: &Alert, alone: bool) {
    page.markup(SECTION);
    page.markup("<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr><td style=\"padding:2px 0 2px 12px;border-left:4px solid ");
    page.markup(colour(alert));
    page.markup("\">\n");
    if !alone {
        page.markup("<div style=\"font-weight:bold;word-break:break-word\"><span style=\"color:");
        page.markup(colour(alert));
        page.markup("\">");
        page.text(&text::badge(alert));
        page.markup("</span> ");
        page.text(&text::name(&alert.rule));
        page.markup("</div>\n");
    }
    page.element("<div style=\"font-size:17px\">", &letter::finding(alert), "</div>");
    for line in text::description(alert) {
        page.element("<div style=\"margin:4px 0 0;word-break:break-word\">", &line, "</div>");
    }
    page.markup("<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:6px 0 0;font-size:14px\">\n");
    for (label, value) in letter::facts(notification, alert) {
        page.row(&label, &value);
    }
    page.markup("</table>\n");
    talkers(page, alert);
    let console = text::console(alert).map(|link| (link, tr!("In the PCE's console")));
    for (link, label) in console.into_iter().chain(text::runbook(alert).map(|link| (link, tr!("Runbook")))) {
        page.markup("<div style=\"margin:6px 0 0\">");
        page.link(link, &label, LINK);
        page.markup("</div>\n");
    }
    page.element(
        "<div style=\"margin:6px 0 0;font-family:Consolas,Menlo,monospace;font-size:13px;color:#59636e;word-break:break-word\">",
        &letter::next_step(alert),
        "</div>",
    );
    page.markup("</td></tr></table></td></tr>\n");
}

/// Who contributes most, with how much.
fn talkers(page: &mut Page, alert: &Alert) {
    if text::contributors(alert).is_empty() {
        return;
    }
    page.markup(
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:6px 0 0;font-size:14px\">\n",
    );
    for talker in text::contributors(alert) {
        page.markup("<tr><td style=\"padding:3px 14px 3px 0;border-top:1px solid #eef0f2;vertical-align:top;word-break:break-word\">");
        page.text(&text::contributor(talker, alert.unit).replace(" -> ", " → "));
        page.markup(
            "</td><td style=\"padding:3px 0;border-top:1px solid #eef0f2;text-align:right;vertical-align:top;white-space:nowrap\">",
        );
        page.text(&text::share(talker, alert.unit));
        page.markup("</td></tr>\n");
    }
    page.markup("</table>\n");
}

fn colour(alert: &Alert) -> &'static str {
    match (alert.state, alert.severity) {
        (AlertState::Resolved, _) => "#1a7f37",
        (AlertState::Firing, Severity::Critical) => "#b42318",
        (AlertState::Firing, Severity::Warning) => "#9a4d00",
        (AlertState::Firing, Severity::Info) => "#0b5cad",
    }
}
