//! Telegram, through a bot: one plain text for each notification.
//!
//! The text goes without a parse mode, so nothing in it is markup. Every attempt is a new message. The token is
//! part of the URL, which is never shown.

use super::json::{JsonChannel, Request, Speech, View};
use super::post::{Answer, Endpoint, Poster, seconds};
use super::template::Words;
use super::trust::Trust;
use super::{Channel, Common, Kind, Outcome, Secrets, Settings};
use crate::domain::alert::Notification;
use crate::domain::secret::SecretSource;
use crate::settings::reader::Reader;
use serde_json::{Value, json};

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "telegram", summary: "Telegram, through a bot", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "telegram"
type = "telegram"
token = { env = "TELEGRAM_BOT_TOKEN" }
chat_id = -1001234567890                # or "@name_of_a_public_channel"
"#;

const DEFAULT_BASE: &str = "https://api.telegram.org";
/// UTF-16 units of one text.
const UNITS: usize = 4096;

#[derive(Debug)]
struct TelegramSettings {
    token: SecretSource,
    chat_id: String,
    base_url: SecretSource,
    trust: Trust,
    words: Words,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let token = super::address::required_secret(reader, "token", "{ env = \"TELEGRAM_BOT_TOKEN\" }");
    let chat_id = read_chat_id(reader);
    let base_url = super::address::read_base(reader, DEFAULT_BASE);
    let words = Words::read(reader);
    let trust = Trust::read(reader);
    Some(Box::new(TelegramSettings { token: token?, chat_id: chat_id?, base_url: base_url?, trust: trust?, words: words? }))
}

fn read_chat_id(reader: &mut Reader<'_>) -> Option<String> {
    const EXAMPLE: &str = "-1001234567890";
    if reader.raw("chat_id").is_none() {
        reader.missing("chat_id", EXAMPLE);
        return None;
    }
    let given = reader.strings_or_numbers("chat_id")?;
    let right = |id: &str| id.parse::<i64>().is_ok() || id.strip_prefix('@').is_some_and(|name| !name.is_empty() && is_name(name));
    match given.as_slice() {
        [one] if right(one.value.trim()) => Some(one.value.trim().to_owned()),
        _ => {
            let hint = Some(tr!(
                "write for example chat_id = {example} or chat_id = \"@name\"; the id of a group starts with a minus sign",
                example = EXAMPLE
            ));
            reader.error_at("chat_id", tr!("`chat_id` in {name} is not one Telegram chat", name = reader.name()), hint);
            None
        }
    }
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Settings for TelegramSettings {
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        let token = secrets(&self.token)?;
        let method = format!("bot{}", token.expose().trim());
        let endpoint = super::address::open_url(common, &self.base_url, secrets)?.join(&[&method, "sendMessage"]);
        let poster = Poster::new(endpoint, &self.trust, common.timeout, &[&token], took)?;
        let speech = Telegram { chat_id: self.chat_id.clone(), words: self.words.clone() };
        Ok(Box::new(JsonChannel { poster, headers: Vec::new(), speech }))
    }

    fn destination(&self) -> String {
        tr!("chat {chat_id} via {host}", chat_id = self.chat_id, host = super::address::shown_url(&self.base_url))
    }
}

struct Telegram {
    chat_id: String,
    words: Words,
}

impl Speech for Telegram {
    fn requests(&self, notification: &Notification, base: &Endpoint, _view: View) -> Vec<Request> {
        let text = self.words.packed(notification, UNITS, char::len_utf16);
        let body = json!({ "chat_id": self.chat_id, "text": text, "link_preview_options": { "is_disabled": true } });
        vec![Request {
            endpoint: base.clone(),
            path: Some("/bot[hidden]/sendMessage".to_owned()),
            body: body.to_string(),
            part: None,
            then: None,
        }]
    }

    fn remark(&self, notification: &Notification) -> Option<String> {
        self.words.remark(notification)
    }

    fn judge(&self, poster: &Poster, answer: &mut Answer) -> Outcome {
        let said: Value = serde_json::from_str(answer.body.for_reading()).unwrap_or_default();
        match answer.status {
            400 if said["parameters"]["migrate_to_chat_id"].is_i64() => {
                let id = &said["parameters"]["migrate_to_chat_id"];
                poster.permanent(answer, &tr!("the group became a supergroup; set chat_id = {id}", id))
            }
            400 => poster.permanent(answer, &tr!("is chat_id right, and is the bot in that chat?")),
            401 | 404 => poster.permanent(answer, &tr!("it does not accept the token")),
            403 => poster.permanent(answer, &tr!("the bot was blocked or removed from the chat")),
            429 => {
                answer.retry_after = answer.retry_after.max(said["parameters"]["retry_after"].as_f64().and_then(seconds));
                poster.outcome(answer)
            }
            _ => poster.outcome(answer),
        }
    }
}

/// `"ok": true` (Telegram's "Making requests").
fn took(answer: &Answer) -> bool {
    answer.json()["ok"] == true
}
