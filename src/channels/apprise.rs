//! The Apprise API: one notification for each notification, to whatever services stand behind its key.
//!
//! Apprise tells nothing apart: every attempt is a new notification to all services of the key.

use super::json::{JsonChannel, Request, Speech, View};
use super::post::{Answer, Endpoint, Poster};
use super::template::Words;
use super::trust::Trust;
use super::{Channel, Common, Kind, Outcome, Secrets, Settings, text};
use crate::domain::alert::Notification;
use crate::domain::entry::AlertState;
use crate::domain::secret::SecretSource;
use crate::domain::threshold::Severity;
use crate::settings::reader::Reader;
use serde_json::{Value, json};
use ureq::http::header::ACCEPT;
use ureq::http::{HeaderName, HeaderValue};

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "apprise", summary: "the Apprise API and the services behind it", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "apprise"
type = "apprise"
url = { env = "APPRISE_URL" }   # https://apprise.example.com/notify/KEY, a secret
tag = "soc"                     # optional
"#;

/// Characters of title and body; Apprise cuts further where a service takes less.
const TITLE: usize = 250;
const BODY: usize = 10_000;

#[derive(Debug)]
struct AppriseSettings {
    url: SecretSource,
    trust: Trust,
    tag: Option<String>,
    words: Words,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let url = super::address::read_url(reader, "url", "{ env = \"APPRISE_URL\" }");
    let tag = if reader.raw("tag").is_some() { reader.required_string("tag", "\"soc\"").map(|tag| Some(tag.value)) } else { Some(None) };
    let words = Words::read(reader);
    let trust = Trust::read(reader);
    Some(Box::new(AppriseSettings { url: url?, trust: trust?, tag: tag?, words: words? }))
}

impl Settings for AppriseSettings {
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        let endpoint = super::address::open_url(common, &self.url, secrets)?;
        let poster = Poster::new(endpoint, &self.trust, common.timeout, &[], took)?;
        // Older versions answer with a page to whoever takes one.
        let json = HeaderValue::from_static("application/json");
        let headers = vec![(ACCEPT, json), (HeaderName::from_static("x-apprise-log-level"), HeaderValue::from_static("INFO"))];
        Ok(Box::new(JsonChannel { poster, headers, speech: Apprise { tag: self.tag.clone(), words: self.words.clone() } }))
    }

    fn destination(&self) -> String {
        super::address::shown_url(&self.url)
    }
}

struct Apprise {
    tag: Option<String>,
    words: Words,
}

impl Speech for Apprise {
    fn requests(&self, notification: &Notification, base: &Endpoint, _view: View) -> Vec<Request> {
        let kind = match text::sorted(notification).first().map(|alert| (alert.state, alert.severity)) {
            Some((AlertState::Resolved, _)) => "success",
            Some((AlertState::Firing, Severity::Critical)) => "failure",
            Some((AlertState::Firing, Severity::Warning)) => "warning",
            Some((AlertState::Firing, Severity::Info)) | None => "info",
        };
        let mut body = json!({
            "title": text::cut(&format!("[pcemon] {}", text::headline(notification)), TITLE, |_| 1),
            "body": self.words.packed(notification, BODY, |_| 1),
            "type": kind,
            "format": "text",
        });
        if let Some(tag) = &self.tag {
            body["tag"] = json!(tag);
        }
        vec![Request { endpoint: base.clone(), path: None, body: body.to_string(), part: None, then: None }]
    }

    fn remark(&self, notification: &Notification) -> Option<String> {
        self.words.remark(notification)
    }

    fn judge(&self, poster: &Poster, answer: &mut Answer) -> Outcome {
        match answer.status {
            204 => poster.permanent(answer, &tr!("no service is configured for this key")),
            424 if nobody_sent(answer) => poster.retry(answer, &tr!("no service accepted the message; check the tag")),
            // To tell it again would tell all of them again, at every attempt.
            424 => poster.warned(answer, &tr!("some services accepted the message and some did not; it is not sent again")),
            _ => poster.outcome(answer),
        }
    }
}

/// `"error": null` (`StatefulNotifyView` of the Apprise API, when it is asked for JSON).
fn took(answer: &Answer) -> bool {
    answer.json().get("error").is_some_and(Value::is_null)
}

/// Whether the log that comes with a 424 knows of no service that took the message. Apprise answers 424 when one of
/// them failed, and when none has the tag; each that takes one writes "Sent ... notification" at the level INFO.
fn nobody_sent(answer: &Answer) -> bool {
    let said = answer.json();
    let sent = |line: &Value| line[0] == "INFO" && line[2].as_str().is_some_and(|text| text.starts_with("Sent "));
    said["details"].as_array().is_some_and(|lines| !lines.iter().any(sent))
}
