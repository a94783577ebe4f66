//! LINE, through a push of the Messaging API to one user, group or room.
//!
//! One notification is one push of at most five texts: the quota counts recipients, not texts. The retry
//! key goes along from the first attempt on, so that a push whose answer was lost is not repeated.

use super::post::{Answer, Endpoint, Poster};
use super::template::Words;
use super::trust::Trust;
use super::{Channel, Common, Kind, Outcome, SendContext, Settings, text};
use crate::domain::alert::Notification;
use crate::domain::secret::{Secret, SecretSource};
use crate::domain::text::visible;
use crate::settings::reader::Reader;
use jiff::Timestamp;
use serde_json::json;
use ureq::http::{HeaderName, HeaderValue};

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "line", summary: "LINE Messaging API, to a user, group or room", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "line"
type = "line"
token = { env = "LINE_CHANNEL_TOKEN" }
to = "U4af4980629d1a0"              # id of a user, group or room from a webhook event of the bot
"#;

const DEFAULT_BASE: &str = "https://api.line.me";
/// Texts in one push.
const TEXTS: usize = 5;
/// UTF-16 units in one text.
const UNITS: usize = 5000;

#[derive(Debug)]
struct LineSettings {
    token: SecretSource,
    to: String,
    base_url: SecretSource,
    trust: Trust,
    words: Words,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let token = super::address::required_secret(reader, "token", "{ env = \"LINE_CHANNEL_TOKEN\" }");
    let to = reader.required_string("to", "\"U4af4980629...\"").and_then(|to| {
        let id = to.value.trim().to_owned();
        if id.starts_with(['U', 'C', 'R']) && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Some(id);
        }
        reader.problems().error(
            to.span,
            tr!("`to` in {name} is not the id of a LINE user, group or room", name = reader.name()),
            Some(tr!("ids start with U, C or R and come from a webhook event of the bot; this is not the LINE ID that people search for")),
        );
        None
    });
    let base_url = super::address::read_base(reader, DEFAULT_BASE);
    let words = Words::read(reader);
    let trust = Trust::read(reader);
    Some(Box::new(LineSettings { token: token?, to: to?, base_url: base_url?, trust: trust?, words: words? }))
}

impl Settings for LineSettings {
    fn open(&self, common: &Common, secrets: &dyn Fn(&SecretSource) -> Result<Secret, String>) -> Result<Box<dyn Channel>, String> {
        let token = secrets(&self.token)?;
        let base = secrets(&self.base_url)?;
        let endpoint = Endpoint::parse(&format!("{}/v2/bot/message/push", base.expose().trim().trim_end_matches('/')))?;
        if endpoint.is_exposed() {
            log::warn!(
                "{}",
                tr!(
                    "channel '{name}': {endpoint} is not encrypted; anyone on the network path can read the token",
                    name = common.name,
                    endpoint = endpoint.origin()
                )
            );
        }
        let authorization = HeaderValue::from_str(&format!("Bearer {}", token.expose().trim()))
            .map_err(|_| tr!("the token contains characters that are not allowed in a header"))?;
        let poster = Poster::new(endpoint, &self.trust, common.timeout, &[&token], took)?;
        Ok(Box::new(Line { poster, authorization, to: self.to.clone(), words: self.words.clone() }))
    }

    fn destination(&self) -> String {
        super::address::shown_url(&self.base_url)
    }
}

struct Line {
    poster: Poster,
    authorization: HeaderValue,
    to: String,
    words: Words,
}

impl Line {
    fn body(&self, notification: &Notification) -> String {
        let texts = self.words.own(notification).map_or_else(|| texts(notification), |own| pieces(&own));
        let messages: Vec<_> = texts.into_iter().map(|text| json!({ "type": "text", "text": text })).collect();
        json!({ "to": self.to, "messages": messages }).to_string()
    }

    fn outcome(&self, answer: &Answer) -> Outcome {
        match answer.status {
            // An earlier attempt with this retry key was accepted; its answer was lost.
            409 if took_before(answer) => Outcome::Delivered,
            429 if answer.body.for_reading().contains("monthly limit") => self.poster.permanent(
                answer,
                &tr!("the monthly quota of the LINE account is used up; no messages until next month or with a larger plan"),
            ),
            401 => self.poster.permanent(answer, &tr!("it does not accept the token; issue a new channel access token")),
            400 => self
                .poster
                .permanent(answer, &tr!("it does not accept the message; is `to` right, and is the bot a friend or in the group?")),
            _ => self.poster.outcome(answer),
        }
    }
}

impl Channel for Line {
    fn send(&self, notification: &Notification, context: &SendContext) -> Outcome {
        let key = super::channel::stable_id(notification).to_string();
        let Ok(key) = HeaderValue::from_str(&key) else {
            return Outcome::Permanent { error: tr!("the retry key cannot be written") };
        };
        let headers = [
            (HeaderName::from_static("content-type"), HeaderValue::from_static("application/json")),
            (HeaderName::from_static("authorization"), self.authorization.clone()),
            (HeaderName::from_static("x-line-retry-key"), key),
        ];
        match self.poster.post(&headers, &self.body(notification), context.now, context.timeout) {
            Ok(answer) => self.outcome(&answer),
            Err(outcome) => outcome,
        }
    }

    fn remark(&self, notification: &Notification) -> Option<String> {
        self.words.remark(notification)
    }

    fn preview(&self, notification: &Notification, _now: Timestamp) -> String {
        format!(
            "POST {}/v2/bot/message/push\ncontent-type: application/json\nauthorization: Bearer [hidden]\nx-line-retry-key: {}\n\n{}\n",
            self.poster.endpoint().origin(),
            super::channel::stable_id(notification),
            visible(&self.body(notification)),
        )
    }
}

/// The notification as at most five texts, worst alerts first; what does not fit is counted at the end.
fn texts(notification: &Notification) -> Vec<String> {
    let room = UNITS - text::MORE;
    let mut texts: Vec<String> = vec![text::cut(&format!("[pcemon] {}", text::headline(notification)), 400, char::len_utf16)];
    if let Some(origin) = text::origin(notification) {
        texts[0].push('\n');
        texts[0].push_str(&origin);
    }
    let alerts = text::sorted(notification);
    let mut told = 0;
    for alert in &alerts {
        let block = text::cut(&text::block(notification, alert), room, char::len_utf16);
        if texts.last().is_some_and(|last| text::size(last, char::len_utf16) + 2 + text::size(&block, char::len_utf16) <= room) {
            append(&mut texts, &block);
        } else if texts.len() < TEXTS {
            texts.push(block);
        } else {
            break;
        }
        told += 1;
    }
    if let Some(more) = text::more((alerts.len() - told).saturating_add(notification.left_out)) {
        append(&mut texts, &more);
    }
    texts
}

/// A text as at most five, cut between lines where that is possible.
fn pieces(text: &str) -> Vec<String> {
    let (mut texts, rest) = text::pieces(text, UNITS, TEXTS, char::len_utf16);
    if let Some(last) = texts.last_mut()
        && !rest.is_empty()
    {
        *last = text::cut(&format!("{last}\n{rest}"), UNITS, char::len_utf16);
    }
    texts
}

/// Adds a paragraph to the last text.
fn append(texts: &mut [String], paragraph: &str) {
    if let Some(last) = texts.last_mut() {
        last.push_str("\n\n");
        last.push_str(paragraph);
    }
}

/// The ids of the messages (LINE's "Send push message").
fn took(answer: &Answer) -> bool {
    answer.json()["sentMessages"].is_array()
}

/// That a push with this retry key was taken before (LINE's "Retry failed API requests").
fn took_before(answer: &Answer) -> bool {
    let said = answer.json();
    said["sentMessages"].is_array() || said["message"].as_str().is_some_and(|words| words.contains("already accepted"))
}
