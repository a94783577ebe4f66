//! Slack, through an incoming webhook: one message of blocks for each notification.
//!
//! The webhook gives no message back, so a repeated attempt is a second message and an alert that is over is a
//! new one. Names are shown and never obeyed: `& < >` are escaped and links are not made of plain text.

use super::json::{JsonChannel, Request, Speech, View};
use super::post::{Answer, Endpoint, Poster};
use super::template::Words;
use super::trust::Trust;
use super::{Channel, Common, Kind, Outcome, Secrets, Settings, text};
use crate::domain::alert::{Alert, Notification};
use crate::domain::secret::SecretSource;
use crate::settings::reader::Reader;
use serde_json::{Value, json};

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "slack", summary: "Slack, through an incoming webhook", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "slack"
type = "slack"
url = { env = "SLACK_WEBHOOK_URL" }   # https://hooks.slack.com/services/..., a secret
"#;

/// UTF-16 units of one section.
const SECTION: usize = 2900;
/// Units of the header, which is plain text.
const HEADER: usize = 150;
/// Units of the text that notifications show.
const FALLBACK: usize = 1000;
/// Units of all blocks together; Slack refuses some 13 000 and says so nowhere.
const ALL: usize = 10_000;
/// Blocks beside the sections: header, origin, "+N more".
const OTHER_BLOCKS: usize = 3;
const BLOCKS: usize = 50;

#[derive(Debug)]
struct SlackSettings {
    url: SecretSource,
    trust: Trust,
    words: Words,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let url = super::address::read_url(reader, "url", "{ env = \"SLACK_WEBHOOK_URL\" }");
    let words = Words::read(reader);
    let trust = Trust::read(reader);
    Some(Box::new(SlackSettings { url: url?, trust: trust?, words: words? }))
}

impl Settings for SlackSettings {
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        let endpoint = super::address::open_url(common, &self.url, secrets)?;
        let poster = Poster::new(endpoint, &self.trust, common.timeout, &[], took)?;
        Ok(Box::new(JsonChannel { poster, headers: Vec::new(), speech: Slack { words: self.words.clone() } }))
    }

    fn destination(&self) -> String {
        super::address::shown_url(&self.url)
    }
}

struct Slack {
    words: Words,
}

impl Speech for Slack {
    fn requests(&self, notification: &Notification, base: &Endpoint, _view: View) -> Vec<Request> {
        vec![Request {
            endpoint: base.clone(),
            path: None,
            body: message(notification, self.words.own(notification)).to_string(),
            part: None,
            then: None,
        }]
    }

    fn remark(&self, notification: &Notification) -> Option<String> {
        self.words.remark(notification)
    }

    fn judge(&self, poster: &Poster, answer: &mut Answer) -> Outcome {
        match answer.status {
            403 => poster.permanent(answer, &tr!("the webhook was revoked or may not post here; create a new one")),
            404 => poster.permanent(answer, &tr!("the webhook or its Slack channel was deleted; create a new one")),
            410 => poster.permanent(answer, &tr!("the Slack channel was archived")),
            _ => poster.outcome(answer),
        }
    }
}

fn message(notification: &Notification, own: Option<String>) -> Value {
    let headline = text::headline(notification);
    let mut blocks = vec![json!({ "type": "header", "text": plain(&text::cut(&headline, HEADER, char::len_utf16)) })];
    if let Some(origin) = text::origin(notification) {
        blocks.push(context(&origin));
    }
    let fallback = escape(&text::cut(&format!("[pcemon] {headline}"), FALLBACK, cost));
    if let Some(own) = own {
        let (pieces, rest) = text::pieces(&own, SECTION, ALL / SECTION, cost);
        blocks.extend(pieces.iter().map(|piece| mrkdwn(&escape(piece))));
        if !rest.is_empty() {
            blocks.push(context("…"));
        }
        return json!({ "text": fallback, "blocks": blocks });
    }
    let alerts = text::sorted(notification);
    let mut left = ALL;
    let mut told = 0;
    for alert in alerts.iter().take(BLOCKS - OTHER_BLOCKS) {
        let section = section(notification, alert);
        let Some(rest) = left.checked_sub(section.encode_utf16().count()) else { break };
        left = rest;
        told += 1;
        blocks.push(mrkdwn(&section));
    }
    if let Some(more) = text::more((alerts.len() - told).saturating_add(notification.left_out)) {
        blocks.push(context(&more));
    }
    json!({ "text": fallback, "blocks": blocks })
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

fn mrkdwn(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

fn context(text: &str) -> Value {
    json!({ "type": "context", "elements": [plain(text)] })
}

/// One alert with its title in bold and its runbook as a link.
fn section(notification: &Notification, alert: &Alert) -> String {
    let link = text::runbook(alert).map(|link| format!("\n<{}|{}>", escape(link).replace('|', "%7C"), tr!("runbook")));
    let link = link.filter(|link| link.len() <= SECTION / 2).unwrap_or_default();
    let block = if link.is_empty() { text::block(notification, alert) } else { text::body(notification, alert) };
    // Two stars go around the title.
    let block = text::cut(&block, SECTION - 2 - link.len(), cost);
    let (title, rest) = block.split_once('\n').map_or((block.as_str(), ""), |(title, rest)| (title, rest));
    let gap = if rest.is_empty() { "" } else { "\n" };
    format!("*{}*{gap}{}{link}", escape(title), escape(rest))
}

/// UTF-16 units of a character once it is escaped.
fn cost(c: char) -> usize {
    match c {
        '&' => "&amp;".len(),
        '<' | '>' => "&lt;".len(),
        _ => c.len_utf16(),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// "ok" as plain text (Slack's "Sending messages using incoming webhooks"; Mattermost says the same), `{"ok":true}`
/// (triggers of workflows), `{"success":true}` (Rocket.Chat).
fn took(answer: &Answer) -> bool {
    let said = answer.json();
    answer.body.for_reading().trim().eq_ignore_ascii_case("ok") || said["ok"] == true || said["success"] == true
}
