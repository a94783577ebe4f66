//! Microsoft Teams, through the workflow "When a Teams webhook request is received": one adaptive card for each notification.
//!
//! The signature in the URL is the secret and its query string goes out byte for byte. The workflow answers before
//! it posts, so delivered means taken. All text stands in text runs, which know no Markdown.

use super::json::{JsonChannel, Request, Speech, View};
use super::post::{Answer, Endpoint, Poster};
use super::template::Words;
use super::trust::Trust;
use super::{Channel, Common, Kind, Outcome, Secrets, Settings, text};
use crate::domain::alert::{Alert, Notification};
use crate::domain::entry::AlertState;
use crate::domain::secret::SecretSource;
use crate::domain::threshold::Severity;
use crate::settings::reader::Reader;
use serde_json::{Value, json};

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "teams", summary: "Microsoft Teams, through a workflow's webhook", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "teams"
type = "teams"
url = { env = "TEAMS_WORKFLOW_URL" }   # of the workflow "When a Teams webhook request is received", a secret
"#;

/// Bytes of the whole body: 28 KB are documented, from 21 KB on some senders were refused.
const BODY: usize = 20_000;
/// Bytes kept free for the envelope and "+N more".
const ENVELOPE: usize = 1_000;
/// Bytes of one line of text.
const LINE: usize = 1_200;
/// Buttons on one card.
const BUTTONS: usize = 3;

#[derive(Debug)]
struct TeamsSettings {
    url: SecretSource,
    trust: Trust,
    words: Words,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let url = super::address::read_url(reader, "url", "{ env = \"TEAMS_WORKFLOW_URL\" }");
    let words = Words::read(reader);
    let trust = Trust::read(reader);
    Some(Box::new(TeamsSettings { url: url?, trust: trust?, words: words? }))
}

impl Settings for TeamsSettings {
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        let endpoint = super::address::open_url(common, &self.url, secrets)?;
        let poster = Poster::new(endpoint, &self.trust, common.timeout, &[], took)?;
        Ok(Box::new(JsonChannel { poster, headers: Vec::new(), speech: Teams { words: self.words.clone() } }))
    }

    fn destination(&self) -> String {
        super::address::shown_url(&self.url)
    }
}

struct Teams {
    words: Words,
}

impl Speech for Teams {
    fn requests(&self, notification: &Notification, base: &Endpoint, _view: View) -> Vec<Request> {
        vec![Request {
            endpoint: base.clone(),
            path: None,
            body: card(notification, self.words.own(notification)).to_string(),
            part: None,
            then: None,
        }]
    }

    fn remark(&self, notification: &Notification) -> Option<String> {
        self.words.remark(notification)
    }

    fn judge(&self, poster: &Poster, answer: &mut Answer) -> Outcome {
        match answer.status {
            400..=404 => poster.permanent(answer, &tr!("was the workflow deleted or switched off, or has its owner left?")),
            _ => poster.outcome(answer),
        }
    }
}

fn card(notification: &Notification, own: Option<String>) -> Value {
    let mut items = Vec::new();
    let mut left = BODY - ENVELOPE;
    let headline = line(&text::headline(notification), &json!({ "weight": "Bolder", "size": "Medium" }), "Default");
    left -= bytes(&headline);
    items.push(headline);
    if let Some(origin) = text::origin(notification) {
        let origin = line(&origin, &json!({ "isSubtle": true }), "None");
        left -= bytes(&origin);
        items.push(origin);
    }
    if let Some(own) = own {
        for (number, text) in own.lines().enumerate() {
            let line = line(text, &json!({}), if number == 0 { "Medium" } else { "None" });
            let Some(rest) = left.checked_sub(bytes(&line)) else {
                items.push(self::line("…", &json!({ "isSubtle": true }), "Default"));
                break;
            };
            left = rest;
            items.push(line);
        }
        return envelope(&items, &[]);
    }
    let alerts = text::sorted(notification);
    let mut buttons: Vec<Value> = Vec::new();
    let mut told = 0;
    for alert in &alerts {
        // A button takes its room from the text.
        let button = text::runbook(alert).filter(|_| buttons.len() < BUTTONS).map(button).filter(|button| !buttons.contains(button));
        let button_bytes = button.as_ref().map_or(0, bytes);
        let lines = lines(notification, alert);
        let size: usize = lines.iter().map(bytes).sum::<usize>() + button_bytes;
        if size <= left {
            left -= size;
            items.extend(lines);
            buttons.extend(button);
        } else if told == 0 {
            // The worst alert is told as far as there is room.
            for line in lines {
                let Some(rest) = left.checked_sub(bytes(&line)) else { break };
                left = rest;
                items.push(line);
            }
            told = 1;
            break;
        } else {
            break;
        }
        told += 1;
    }
    if let Some(more) = text::more((alerts.len() - told).saturating_add(notification.left_out)) {
        items.push(line(&more, &json!({ "isSubtle": true }), "Default"));
    }
    envelope(&items, &buttons)
}

fn envelope(items: &[Value], buttons: &[Value]) -> Value {
    json!({ "type": "message", "attachments": [{
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": null,
        "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "msteams": { "width": "Full" },
            "body": items,
            "actions": buttons,
        },
    }] })
}

fn lines(notification: &Notification, alert: &Alert) -> Vec<Value> {
    let block = text::block(notification, alert);
    let style = json!({ "weight": "Bolder", "color": colour(alert) });
    block
        .lines()
        .enumerate()
        .map(|(number, text)| if number == 0 { line(text, &style, "Medium") } else { line(text, &json!({}), "None") })
        .collect()
}

fn colour(alert: &Alert) -> &'static str {
    match (alert.state, alert.severity) {
        (AlertState::Resolved, _) => "Good",
        (AlertState::Firing, Severity::Critical) => "Attention",
        (AlertState::Firing, Severity::Warning) => "Warning",
        (AlertState::Firing, Severity::Info) => "Accent",
    }
}

/// One line of text; `spacing` stands above it.
fn line(text: &str, style: &Value, spacing: &str) -> Value {
    let mut run = style.clone();
    run["type"] = json!("TextRun");
    run["text"] = json!(text::cut(text, LINE, cost));
    json!({ "type": "RichTextBlock", "spacing": spacing, "inlines": [run] })
}

fn button(link: &str) -> Value {
    json!({ "type": "Action.OpenUrl", "title": tr!("Runbook"), "url": link })
}

/// Bytes of a character within a JSON text.
fn cost(c: char) -> usize {
    match c {
        '"' | '\\' => 2,
        c if c.is_ascii_control() => 6,
        c => c.len_utf8(),
    }
}

/// Bytes of a value and the comma behind it.
fn bytes(value: &Value) -> usize {
    value.to_string().len() + 1
}

/// 202 of a workflow, which answers before it posts (Microsoft's "Workflows trigger and action types"); "1" of the
/// older connector, which says failures in words under the status 200.
fn took(answer: &Answer) -> bool {
    match answer.status {
        202 => answer.json()["error"].is_null(),
        200 => answer.body.for_reading().trim() == "1",
        _ => false,
    }
}
