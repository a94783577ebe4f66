//! ntfy, the hosted service or one's own server: one notification for each notification.
//!
//! Who knows a topic that asks for no token can read it, so the topic is treated as a secret. Every attempt is a
//! notification of its own.

use super::json::{JsonChannel, Request, Speech, View};
use super::login::Login;
use super::post::{Answer, Endpoint, Poster};
use super::template::Words;
use super::trust::Trust;
use super::{Channel, Common, Kind, Secrets, Settings, text};
use crate::domain::alert::Notification;
use crate::domain::entry::AlertState;
use crate::domain::secret::{Secret, SecretSource};
use crate::domain::threshold::Severity;
use crate::settings::reader::Reader;
use serde_json::json;

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "ntfy", summary: "ntfy push notifications", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "ntfy"
type = "ntfy"
topic = { env = "NTFY_TOPIC" }          # on a public server, everyone who knows the topic can read it
token = { env = "NTFY_TOKEN" }          # optional
# base_url = "https://ntfy.example.com" # your own server
"#;

const DEFAULT_BASE: &str = "https://ntfy.sh";
/// Bytes of the message; a longer one becomes an attachment.
const MESSAGE: usize = 4096;
/// Bytes of the title.
const TITLE: usize = 250;

#[derive(Debug)]
struct NtfySettings {
    topic: SecretSource,
    login: Login,
    base_url: SecretSource,
    trust: Trust,
    words: Words,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let topic = super::address::required_secret(reader, "topic", "{ env = \"NTFY_TOPIC\" }");
    let login = if reader.raw("token").is_some() { reader.secret("token").map(Login::Bearer) } else { Some(Login::None) };
    let base_url = super::address::read_base(reader, DEFAULT_BASE);
    let words = Words::read(reader);
    let trust = Trust::read(reader);
    Some(Box::new(NtfySettings { topic: topic?, login: login?, base_url: base_url?, trust: trust?, words: words? }))
}

impl Settings for NtfySettings {
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        let topic = secrets(&self.topic)?;
        let credentials = self.login.open(secrets)?;
        let endpoint = super::address::open_url(common, &self.base_url, secrets)?.join(&[""]);
        let mut hidden: Vec<&Secret> = credentials.secrets.iter().collect();
        hidden.push(&topic);
        let poster = Poster::new(endpoint, &self.trust, common.timeout, &hidden, took)?;
        let speech = Ntfy { topic, words: self.words.clone() };
        Ok(Box::new(JsonChannel { poster, headers: credentials.headers, speech }))
    }

    fn destination(&self) -> String {
        super::address::shown_url(&self.base_url)
    }
}

struct Ntfy {
    topic: Secret,
    words: Words,
}

impl Speech for Ntfy {
    fn requests(&self, notification: &Notification, base: &Endpoint, view: View) -> Vec<Request> {
        let alerts = text::sorted(notification);
        let worst = alerts.first().map(|alert| (alert.state, alert.severity));
        let (priority, tag) = match worst {
            Some((AlertState::Firing, Severity::Critical)) => (5, "rotating_light"),
            Some((AlertState::Firing, Severity::Warning)) => (4, "warning"),
            Some((AlertState::Resolved, _)) => (3, "white_check_mark"),
            Some((AlertState::Firing, Severity::Info)) | None => (3, "information_source"),
        };
        let mut body = json!({
            "topic": view.secret(&self.topic),
            "title": text::cut(&text::headline(notification), TITLE, char::len_utf8),
            "message": self.words.packed(notification, MESSAGE, char::len_utf8),
            "priority": priority,
            "tags": [tag],
        });
        if let [only] = alerts.as_slice()
            && let Some(link) = text::runbook(only)
        {
            body["click"] = json!(link);
        }
        vec![Request { endpoint: base.clone(), path: Some("/".to_owned()), body: body.to_string(), part: None, then: None }]
    }

    fn remark(&self, notification: &Notification) -> Option<String> {
        self.words.remark(notification)
    }
}

/// The message as it was published, with its id (ntfy's "Publish as JSON").
fn took(answer: &Answer) -> bool {
    let said = answer.json();
    said["id"].is_string() && said["event"] == "message"
}
