//! A JSON body posted to a URL of the user's own, signed as Standard Webhooks when a secret is set.
//!
//! The body of one notification is the same on every attempt; only the time stamp of the attempt and the
//! signature differ. A secret is `whsec_` and base64, as the specification has it, or any other
//! text, whose bytes are then the key.

mod alertmanager;

use super::body;
use super::post::{Endpoint, Poster, took_unless_denied};
use super::template::{self, Template};
use super::trust::Trust;
use super::{Channel, Common, Kind, Outcome, SendContext, Settings};
use crate::domain::alert::Notification;
use crate::domain::secret::{Secret, SecretSource};
use crate::domain::text::visible;
use crate::settings::reader::Reader;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use ureq::http::{HeaderName, HeaderValue};

/// The row in the table of channels.
pub const KIND: Kind = Kind {
    name: "webhook",
    summary: "JSON to a URL of your own, optionally signed (Standard Webhooks) or as Alertmanager sends it",
    example: EXAMPLE,
    read,
};

const EXAMPLE: &str = r#"[[channels]]
name = "hook"
type = "webhook"
url = "https://hooks.example.com/pcemon"
secret = { env = "WEBHOOK_SECRET" }   # signs as Standard Webhooks; a list while keys are rotated
headers = { Authorization = { env = "WEBHOOK_AUTHORIZATION" } }
format = "pcemon"                     # or "alertmanager": the body of its webhook receivers; or "template"
"#;

/// Headers that this program sets itself.
const OWN_HEADERS: [&str; 8] =
    ["content-type", "content-length", "transfer-encoding", "host", "connection", "webhook-id", "webhook-timestamp", "webhook-signature"];

#[derive(Debug, Clone)]
enum Format {
    Pcemon,
    Alertmanager,
    Template(Template),
}

#[derive(Debug)]
struct WebhookSettings {
    url: SecretSource,
    secrets: Vec<SecretSource>,
    headers: Vec<(HeaderName, SecretSource)>,
    format: Format,
    trust: Trust,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let url = super::address::read_url(reader, "url", "\"https://hooks.example.com/pcemon\"");
    let secrets = if reader.raw("secret").is_some() { reader.secrets("secret") } else { Some(Vec::new()) };
    for source in secrets.iter().flatten() {
        if let SecretSource::Plain(secret) = source
            && let Err(error) = key_of(secret)
        {
            reader.error_at("secret", tr!("`secret` in {name}: {error}", name = reader.name(), error), None);
        }
    }
    let headers = read_headers(reader);
    let trust = Trust::read(reader);
    let format = read_format(reader);
    Some(Box::new(WebhookSettings { url: url?, secrets: secrets?, headers: headers?, format: format?, trust: trust? }))
}

fn read_format(reader: &mut Reader<'_>) -> Option<Format> {
    let formats = ["pcemon", "alertmanager", "template"].map(|name| (name, name));
    let format = if reader.raw("format").is_some() { reader.choice("format", &formats)? } else { "pcemon" };
    reader.takes_text_or_file("template");
    if format == "template" {
        return template::read_json(reader).map(Format::Template);
    }
    if reader.raw("template").is_some() {
        let hint = Some(tr!("add format = \"template\", or remove it"));
        reader.error_at(
            "template",
            tr!("`template` in {name} means nothing with format = \"{format}\"", name = reader.name(), format),
            hint,
        );
        return None;
    }
    Some(if format == "alertmanager" { Format::Alertmanager } else { Format::Pcemon })
}

fn read_headers(reader: &mut Reader<'_>) -> Option<Vec<(HeaderName, SecretSource)>> {
    if reader.raw("headers").is_none() {
        return Some(Vec::new());
    }
    let mut inner = reader.table("headers")?;
    let mut headers = Vec::new();
    for (name, span) in inner.names_of_the_user() {
        let source = inner.secret(name);
        match HeaderName::from_bytes(name.as_bytes()) {
            Ok(header) if OWN_HEADERS.contains(&header.as_str()) => {
                reader.problems().error(span, tr!("the header `{name}` is set by pcemon itself", name), Some(tr!("remove it")));
            }
            Ok(header) => headers.extend(source.map(|source| (header, source))),
            Err(_) => reader.problems().error(span, tr!("`{name}` is not the name of a header", name = visible(name)), None),
        }
    }
    // `headers` is a map of the user's own names: none of them is unknown.
    headers.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
    Some(headers)
}

/// The bytes that sign.
fn key_of(secret: &Secret) -> Result<Vec<u8>, String> {
    let text = secret.expose();
    let key = match text.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).map_err(|_| tr!("what follows whsec_ is not base64"))?,
        None => text.as_bytes().to_vec(),
    };
    if key.is_empty() { Err(tr!("the secret is empty")) } else { Ok(key) }
}

impl Settings for WebhookSettings {
    fn open(&self, common: &Common, secrets: &dyn Fn(&SecretSource) -> Result<Secret, String>) -> Result<Box<dyn Channel>, String> {
        let url = secrets(&self.url)?;
        let endpoint = Endpoint::parse(url.expose())?;
        if endpoint.is_exposed() {
            log::warn!(
                "{}",
                tr!(
                    "channel '{name}': {endpoint} is not encrypted; anyone on the network path can read the alerts",
                    name = common.name,
                    endpoint = endpoint.origin()
                )
            );
        }
        let mut hidden: Vec<Secret> = Vec::new();
        let mut keys = Vec::new();
        for source in &self.secrets {
            let secret = secrets(source)?;
            keys.push(key_of(&secret).map_err(|error| format!("secret: {error}"))?);
            hidden.push(secret);
        }
        let mut headers = Vec::new();
        for (name, source) in &self.headers {
            let secret = secrets(source)?;
            let value = HeaderValue::from_str(secret.expose().trim())
                .map_err(|_| tr!("the value of the header {name} contains characters that are not allowed in a header", name))?;
            headers.push((name.clone(), value));
            hidden.extend(header_secrets(secret.expose()));
        }
        let poster = Poster::new(endpoint, &self.trust, common.timeout, &hidden.iter().collect::<Vec<_>>(), took_unless_denied)?;
        Ok(Box::new(Webhook { poster, keys, headers, format: self.format.clone() }))
    }

    fn destination(&self) -> String {
        super::address::shown_url(&self.url)
    }
}

/// What a service might repeat of a header's value: all of it, and what follows `Bearer` or `Basic`.
fn header_secrets(value: &str) -> Vec<Secret> {
    let parts = [Some(value.trim()), value.trim().split_once(' ').map(|(_, rest)| rest.trim())];
    parts.into_iter().flatten().filter(|part| part.len() >= 8).map(Secret::new).collect()
}

struct Webhook {
    poster: Poster,
    keys: Vec<Vec<u8>>,
    headers: Vec<(HeaderName, HeaderValue)>,
    format: Format,
}

/// The program's own body.
fn usual(notification: &Notification) -> String {
    body::body(notification, &super::channel::stable_id(notification).to_string())
}

impl Webhook {
    fn body(&self, notification: &Notification) -> String {
        match &self.format {
            Format::Pcemon => usual(notification),
            Format::Alertmanager => alertmanager::body(notification),
            Format::Template(template) => template.render(notification).unwrap_or_else(|_| usual(notification)),
        }
    }

    /// The headers of the specification: id, time of this attempt, one signature for each key.
    fn signed(&self, notification: &Notification, body: &str, now: Timestamp) -> Vec<(&'static str, String)> {
        let id = super::channel::stable_id(notification).to_string();
        let seconds = now.as_second();
        let mut headers =
            vec![("content-type", "application/json".to_owned()), ("webhook-id", id.clone()), ("webhook-timestamp", seconds.to_string())];
        let signatures: Vec<String> = self.keys.iter().map(|key| sign(key, &id, seconds, body)).collect();
        if !signatures.is_empty() {
            headers.push(("webhook-signature", signatures.join(" ")));
        }
        headers
    }
}

/// `v1,` and the signature of one key.
fn sign(key: &[u8], id: &str, seconds: i64, body: &str) -> String {
    // HMAC takes keys of any length, so this cannot fail.
    let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

impl Channel for Webhook {
    fn send(&self, notification: &Notification, context: &SendContext) -> Outcome {
        let body = self.body(notification);
        let mut headers = self.headers.clone();
        for (name, value) in self.signed(notification, &body, context.now) {
            match HeaderValue::from_str(&value) {
                Ok(value) => headers.push((HeaderName::from_static(name), value)),
                Err(_) => return Outcome::Permanent { error: tr!("the header {name} cannot be written", name) },
            }
        }
        match self.poster.post(&headers, &body, context.now, context.timeout) {
            Ok(answer) => self.poster.outcome(&answer),
            Err(outcome) => outcome,
        }
    }

    fn remark(&self, notification: &Notification) -> Option<String> {
        match &self.format {
            Format::Template(template) => template.remark(notification),
            Format::Pcemon | Format::Alertmanager => None,
        }
    }

    fn preview(&self, notification: &Notification, now: Timestamp) -> String {
        let body = self.body(notification);
        let mut out = format!("POST {}\n", self.poster.endpoint().shown());
        for (name, value) in self.signed(notification, &body, now) {
            // A signature would let a reader of the preview replay the message.
            let value = if name == "webhook-signature" { "[hidden]".to_owned() } else { value };
            out.push_str(&format!("{name}: {value}\n"));
        }
        for (name, _) in &self.headers {
            out.push_str(&format!("{name}: [hidden]\n"));
        }
        out.push_str(&format!("\n{}\n", visible(&body)));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn signs_as_the_specification_does() {
        let key = key_of(&Secret::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")).unwrap();
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        assert_eq!(sign(&key, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body), "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn keys() {
        assert_eq!(key_of(&Secret::new("whsec_aGVsbG8=")).unwrap(), b"hello");
        assert_eq!(key_of(&Secret::new("any other text")).unwrap(), b"any other text");
        assert!(key_of(&Secret::new("whsec_???")).is_err());
        assert!(key_of(&Secret::new("")).is_err());
        assert!(key_of(&Secret::new("whsec_")).is_err());
    }
}
