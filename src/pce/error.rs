//! What can go wrong between this program and the PCE, in words for people.
//!
//! A message says what was asked, what came back (status, the PCE's own token and message, its
//! request id) and what to do. It never holds credentials; foreign text in it is made harmless.

use crate::domain::fault::{Fault, Party};
use crate::domain::foreign::Foreign;
use serde_json::Value;
use std::fmt;

/// What kind of failure, for those who decide by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The credentials were refused (401).
    Unauthorized,
    /// The key may not do this (403).
    Forbidden,
    /// No such address or object (404), or nothing is done with it there (501).
    NotFound,
    /// The PCE did not accept the request (406 and other 4xx).
    Rejected,
    /// Too many requests, for longer than patience lasts (429).
    RateLimited,
    /// The PCE or something before it failed (5xx), or a query ended badly.
    Server,
    /// No connection could be made: the PCE saw nothing of the question.
    Unreachable,
    /// A connection was lost or fell silent: nobody knows what the PCE saw.
    Network,
    /// A query took longer than `query_timeout`, or the run's deadline came.
    Timeout,
    /// An answer came that cannot be what the PCE meant to say.
    BadAnswer,
    /// The user stopped the run.
    Interrupted,
    /// The settings cannot work.
    Setup,
}

impl ErrorKind {
    /// Who failed, unless more is known.
    fn party(self) -> Party {
        match self {
            ErrorKind::Unauthorized
            | ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Rejected
            | ErrorKind::RateLimited
            | ErrorKind::Server
            | ErrorKind::Timeout
            | ErrorKind::BadAnswer => Party::Target,
            ErrorKind::Unreachable | ErrorKind::Network => Party::Network,
            ErrorKind::Interrupted => Party::Program,
            ErrorKind::Setup => Party::Config,
        }
    }
}

/// A failure of a conversation with the PCE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PceError {
    /// What kind.
    pub kind: ErrorKind,
    /// Who failed.
    pub party: Party,
    /// What was asked and what came.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for PceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for PceError {}

impl PceError {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, party: kind.party(), message: message.into(), hint: None }
    }

    /// Of this party, whatever the kind says.
    #[must_use]
    pub(super) fn by(self, party: Party) -> Self {
        Self { party, ..self }
    }

    /// With this advice in place of any other.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<PceError> for Fault {
    fn from(error: PceError) -> Fault {
        Fault::of(error.party, error.to_string())
    }
}

/// An answer that is not the one asked for: its status, what its body says, its id.
pub(super) fn refusal(asked: &str, status: u16, body: &[u8], location: Option<&str>, request_id: Option<&str>) -> PceError {
    let (kind, hint) = match status {
        401 => (ErrorKind::Unauthorized, tr!("check api_key and api_secret in [pce]; keys of service accounts expire")),
        403 => (ErrorKind::Forbidden, tr!("check org_id, the key's permissions and the addresses it may be used from")),
        404 | 501 => (ErrorKind::NotFound, tr!("check url and org_id in [pce]")),
        407 => (ErrorKind::Unreachable, tr!("the proxy requires a user name and a password: http://NAME:PASSWORD@HOST:PORT")),
        429 => (
            ErrorKind::RateLimited,
            tr!("another program uses the request limit of the key (500 a minute); run less often or use a separate key"),
        ),
        300..=399 => (
            ErrorKind::BadAnswer,
            tr!("redirects are not followed, because credentials are only sent to one host; set url in [pce] to the final address"),
        ),
        400..=499 => (ErrorKind::Rejected, tr!("the PCE does not accept this request; is it version 21.2 or newer?")),
        500..=599 => (ErrorKind::Server, tr!("check the PCE's health and any load balancer in front of it")),
        _ => (ErrorKind::BadAnswer, tr!("another service may be listening at url in [pce]")),
    };
    let mut message = match status {
        407 => tr!("{asked}: the proxy answered {status}", asked, status),
        _ => tr!("{asked}: the PCE answered {status}", asked, status),
    };
    if let Some(target) = location.filter(|_| (300..400).contains(&status)) {
        // Only the origin: the rest of a login page's address may carry a session.
        let target = url::Url::parse(target).map_or_else(|_| tr!("another path"), |url| url.origin().ascii_serialization());
        message.push_str(&tr!(" redirecting to {target}", target = line(&target)));
    }
    let said = error_text(body);
    if !said.is_empty() {
        message.push_str(&format!(" ({said})"));
    }
    if let Some(id) = request_id {
        message.push_str(&tr!(" [request id {id}]", id = line(id)));
    }
    let error = PceError::new(kind, message).hint(hint);
    if status == 407 { error.by(Party::Proxy) } else { error }
}

/// What an error body says: `token: message`, whatever shape it came in.
fn error_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('<') {
        return tr!("an HTML page");
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            let mut parts = Vec::new();
            collect(&value, &mut parts);
            line(&parts.join(", "))
        }
        Err(_) => line(text),
    }
}

fn collect(value: &Value, parts: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().take(3).for_each(|item| collect(item, parts)),
        Value::Object(fields) => {
            let words: Vec<&str> =
                ["token", "message", "error", "error_message"].iter().filter_map(|key| fields.get(*key)?.as_str()).collect();
            if !words.is_empty() {
                parts.push(words.join(": "));
            }
            for key in ["error", "errors"] {
                if let Some(inner @ (Value::Array(_) | Value::Object(_))) = fields.get(key) {
                    collect(inner, parts);
                }
            }
        }
        Value::String(text) => parts.push(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Foreign text, harmless and short enough for one line.
pub(super) fn line(text: &str) -> String {
    Foreign::new(text).words(&[], 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_bodies_of_every_shape() {
        for (body, want) in [
            (r#"[{"token":"input_validation_error","message":"bad date"}]"#, "input_validation_error: bad date"),
            (r#"[{"token":"a","message":"b","extra":1},{"token":"c"}]"#, "a: b, c"),
            (r#"{"token":"invalid_uri","message":"no"}"#, "invalid_uri: no"),
            (r#"{"error":"gone"}"#, "gone"),
            (r#"[{"error":"gone"}]"#, "gone"),
            (r#"{"errors":[{"token":"t","message":null}]}"#, "t"),
            (r#"{"error":{"message":"deep"}}"#, "deep"),
            (r#""just text""#, "just text"),
            ("", ""),
            ("null", ""),
            ("  \n<!DOCTYPE html><html>", "an HTML page"),
            ("bad gateway\u{1b}[2J", "bad gateway\\u{1b}[2J"),
        ] {
            assert_eq!(error_text(body.as_bytes()), want, "{body}");
        }
    }

    #[test]
    fn a_redirect_shows_the_origin_only() {
        let error = refusal("GET /x", 302, b"", Some("https://sso.example.com/login?session=abc"), Some("id-1"));
        assert_eq!(error.kind, ErrorKind::BadAnswer);
        let text = error.to_string();
        assert!(text.contains("https://sso.example.com") && text.contains("id-1") && !text.contains("abc"), "{text}");
    }
}
