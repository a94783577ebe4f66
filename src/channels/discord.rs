//! Discord, through a webhook: one message of embeds for each notification, one embed for each alert.
//!
//! The webhook makes a new message of every attempt. Names are shown and never obeyed: Markdown is escaped and
//! nobody is mentioned.

use super::json::{JsonChannel, Request, Speech, View};
use super::post::{Answer, Endpoint, Poster, seconds};
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
pub const KIND: Kind = Kind { name: "discord", summary: "Discord, through a webhook", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "discord"
type = "discord"
url = { env = "DISCORD_WEBHOOK_URL" }   # https://discord.com/api/webhooks/..., a secret; add ?thread_id=... for a thread
"#;

const EMBEDS: usize = 10;
const CONTENT: usize = 2000;
const TITLE: usize = 256;
const DESCRIPTION: usize = 4096;
/// Characters of all embeds together.
const ALL: usize = 6000;

#[derive(Debug)]
struct DiscordSettings {
    url: SecretSource,
    trust: Trust,
    words: Words,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let url = super::address::read_url(reader, "url", "{ env = \"DISCORD_WEBHOOK_URL\" }");
    let words = Words::read(reader);
    let trust = Trust::read(reader);
    Some(Box::new(DiscordSettings { url: url?, trust: trust?, words: words? }))
}

impl Settings for DiscordSettings {
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        // Discord then answers when the message stands there, not before.
        let endpoint = super::address::open_url(common, &self.url, secrets)?.with_query("wait", "true");
        let poster = Poster::new(endpoint, &self.trust, common.timeout, &[], took)?;
        Ok(Box::new(JsonChannel { poster, headers: Vec::new(), speech: Discord { words: self.words.clone() } }))
    }

    fn destination(&self) -> String {
        super::address::shown_url(&self.url)
    }
}

struct Discord {
    words: Words,
}

impl Speech for Discord {
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
            404 => poster.permanent(answer, &tr!("the webhook was deleted; create a new one")),
            429 => {
                let said: Option<Value> = serde_json::from_str(answer.body.for_reading()).ok();
                let wish = said.as_ref().and_then(|said| said["retry_after"].as_f64()).and_then(seconds);
                answer.retry_after = answer.retry_after.max(wish);
                poster.outcome(answer)
            }
            _ => poster.outcome(answer),
        }
    }
}

fn message(notification: &Notification, own: Option<String>) -> Value {
    if let Some(own) = own {
        let head = text::cut(&format!("[pcemon] {}", text::headline(notification)), CONTENT, cost);
        let colour = text::sorted(notification).first().map_or(0, |alert| colour(alert));
        let embed = json!({ "description": escape(&text::cut(&own, DESCRIPTION, cost)), "color": colour });
        return json!({ "content": escape(&head), "embeds": [embed], "allowed_mentions": { "parse": [] } });
    }
    let alerts = text::sorted(notification);
    let mut embeds = Vec::new();
    let mut left = ALL;
    for alert in alerts.iter().take(EMBEDS) {
        let block = text::block(notification, alert);
        let (title, rest) = block.split_once('\n').unwrap_or((&block, ""));
        let title = escape(&text::cut(title, TITLE, cost));
        let mut rest = text::cut(rest, DESCRIPTION, cost);
        let room = left.saturating_sub(title.encode_utf16().count());
        if text::size(&rest, cost) > room {
            if !embeds.is_empty() {
                break;
            }
            rest = text::cut(&rest, room, cost);
        }
        left = room - text::size(&rest, cost);
        embeds.push(json!({ "title": title, "description": escape(&rest), "color": colour(alert) }));
    }
    let more = text::more((alerts.len() - embeds.len()).saturating_add(notification.left_out));
    let mut lines = vec![format!("[pcemon] {}", text::headline(notification))];
    lines.extend(text::origin(notification));
    let head = text::cut(&lines.join("\n"), CONTENT - text::MORE, cost);
    let content: Vec<String> = std::iter::once(escape(&head)).chain(more).collect();
    json!({ "content": content.join("\n"), "embeds": embeds, "allowed_mentions": { "parse": [] } })
}

fn colour(alert: &Alert) -> u32 {
    match (alert.state, alert.severity) {
        (AlertState::Resolved, _) => 0x002e_a043,
        (AlertState::Firing, Severity::Critical) => 0x00d1_2d2d,
        (AlertState::Firing, Severity::Warning) => 0x00e3_a008,
        (AlertState::Firing, Severity::Info) => 0x0036_80c9,
    }
}

/// Whether Discord would make something of the character.
fn is_markup(c: char) -> bool {
    matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '#' | '[' | ']' | '(' | ')' | '@')
}

/// UTF-16 units of a character once it is escaped.
fn cost(c: char) -> usize {
    c.len_utf16() + usize::from(is_markup(c))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_markup(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The message as it stands in the channel (Discord's "Execute Webhook" with `wait=true`).
fn took(answer: &Answer) -> bool {
    answer.json()["id"].is_string()
}
