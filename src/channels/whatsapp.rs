//! WhatsApp, through the Cloud API: one template message for each notification.
//!
//! A business may write first only with an approved template; the alert fills its one body parameter, which takes
//! no line breaks. The service says later, and elsewhere, whether the message arrived: delivered means taken. Every
//! attempt is a new message.

use super::json::{JsonChannel, Request, Speech, View};
use super::login::Login;
use super::post::{Answer, Endpoint, Poster};
use super::trust::Trust;
use super::{Channel, Common, Kind, Outcome, Secrets, Settings, text};
use crate::domain::alert::Notification;
use crate::domain::secret::SecretSource;
use crate::settings::reader::Reader;
use serde_json::{Value, json};

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "whatsapp", summary: "WhatsApp, through the Cloud API and a template", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "whatsapp"
type = "whatsapp"
token = { env = "WHATSAPP_TOKEN" }
phone_number_id = "106540352242922"
to = "+886912345678"
template = "pcemon_alert"                # an approved utility template with one body parameter
language = "en"
# base_url = "https://graph.facebook.com/v23.0"   # the version of the API is part of it
"#;

const DEFAULT_BASE: &str = "https://graph.facebook.com/v23.0";
/// UTF-16 units of the parameter; the body may have 1024 with the template's own words.
const UNITS: usize = 900;

#[derive(Debug)]
struct WhatsAppSettings {
    login: Login,
    base_url: SecretSource,
    trust: Trust,
    phone_number_id: String,
    recipient: Recipient,
}

/// Who gets what.
#[derive(Debug, Clone)]
struct Recipient {
    to: String,
    template: String,
    language: String,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let token = super::address::required_secret(reader, "token", "{ env = \"WHATSAPP_TOKEN\" }");
    let phone_number_id = digits(reader, "phone_number_id", "\"106540352242922\"");
    let to = digits(reader, "to", "\"+886912345678\"");
    let template = reader.required_string("template", "\"pcemon_alert\"").map(|text| text.value);
    let language = reader.string("language").map_or_else(|| "en".to_owned(), |text| text.value);
    let base_url = super::address::read_base(reader, DEFAULT_BASE);
    let trust = Trust::read(reader);
    Some(Box::new(WhatsAppSettings {
        login: Login::Bearer(token?),
        base_url: base_url?,
        trust: trust?,
        phone_number_id: phone_number_id?,
        recipient: Recipient { to: to?, template: template?, language },
    }))
}

/// A number of digits, as a text because of its length; a plus sign in front belongs to telephone numbers.
fn digits(reader: &mut Reader<'_>, key: &str, example: &str) -> Option<String> {
    let text = reader.required_string(key, example)?;
    let bare = text.value.trim().trim_start_matches('+').to_owned();
    if (5..=30).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(bare);
    }
    let hint = Some(tr!("write for example {key} = {example}", key, example));
    reader.problems().error(text.span, tr!("`{key}` in {name} must be digits only", key, name = reader.name()), hint);
    None
}

impl Settings for WhatsAppSettings {
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        let credentials = self.login.open(secrets)?;
        let endpoint = super::address::open_url(common, &self.base_url, secrets)?.join(&[&self.phone_number_id, "messages"]);
        let poster = Poster::new(endpoint, &self.trust, common.timeout, &credentials.secrets.iter().collect::<Vec<_>>(), took)?;
        Ok(Box::new(JsonChannel { poster, headers: credentials.headers, speech: self.recipient.clone() }))
    }

    fn destination(&self) -> String {
        tr!("{to} via {host}", to = format_args!("+{}", self.recipient.to), host = super::address::shown_url(&self.base_url))
    }
}

impl Speech for Recipient {
    fn requests(&self, notification: &Notification, base: &Endpoint, _view: View) -> Vec<Request> {
        // Line breaks, tabs and runs of spaces are refused.
        let text = text::packed(notification, UNITS, |c| if c == '\n' { 3 } else { c.len_utf16() });
        let lines: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|line| !line.is_empty()).collect();
        let body = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": self.to,
            "type": "template",
            "template": {
                "name": self.template,
                "language": { "code": self.language },
                "components": [{ "type": "body", "parameters": [{ "type": "text", "text": lines.join(" | ") }] }],
            },
        });
        vec![Request { endpoint: base.clone(), path: Some(base.url().path().to_owned()), body: body.to_string(), part: None, then: None }]
    }

    fn judge(&self, poster: &Poster, answer: &mut Answer) -> Outcome {
        let said: Value = serde_json::from_str(answer.body.for_reading()).unwrap_or_default();
        match said["error"]["code"].as_i64() {
            // Too many messages, or a fault of theirs, whatever the status says.
            Some(4 | 80_007 | 130_429 | 131_000 | 131_016 | 131_056) => poster.retry(answer, &tr!("it will be tried again")),
            Some(190) => poster.permanent(answer, &tr!("the token is no longer valid; create a new one")),
            Some(132_000..=132_999) => {
                poster.permanent(answer, &tr!("is the template approved, in this language, with one body parameter?"))
            }
            _ => poster.outcome(answer),
        }
    }
}

/// The id of the message (the Cloud API's "Messages").
fn took(answer: &Answer) -> bool {
    answer.json()["messages"][0]["id"].is_string()
}
