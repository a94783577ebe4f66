//! Opsgenie and the alerts of Jira Service Management: one alert for each alert, closed when it is over.
//!
//! The fingerprint and the PCE make the alias: what is created again is the same alert. A digest is sent alert by alert; what
//! was taken is not sent again. The service works in the background, so delivered means taken.

use super::json::{Event, JsonChannel, Request, Speech, View, events};
use super::post::{Answer, Endpoint, Poster, authorization};
use super::trust::Trust;
use super::{Channel, Common, Kind, Outcome, Secrets, Settings, text};
use crate::domain::alert::Notification;
use crate::domain::entry::AlertState;
use crate::domain::secret::SecretSource;
use crate::domain::threshold::Severity;
use crate::settings::reader::Reader;
use serde_json::{Value, json};
use ureq::http::header::AUTHORIZATION;

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "opsgenie", summary: "Opsgenie or Jira Service Management alerts", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "opsgenie"
type = "opsgenie"
api_key = { env = "OPSGENIE_API_KEY" }                             # of an API integration
# base_url = "https://api.eu.opsgenie.com"                         # service region EU
# base_url = "https://api.atlassian.com/jsm/ops/integration"       # Jira Service Management
"#;

const DEFAULT_BASE: &str = "https://api.opsgenie.com";
const MESSAGE: usize = 130;
const DESCRIPTION: usize = 15_000;
/// Characters of the entity and of a detail.
const FIELD: usize = 500;

#[derive(Debug)]
struct OpsgenieSettings {
    api_key: SecretSource,
    base_url: SecretSource,
    trust: Trust,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let api_key = super::address::required_secret(reader, "api_key", "{ env = \"OPSGENIE_API_KEY\" }");
    let base_url = super::address::read_base(reader, DEFAULT_BASE);
    let trust = Trust::read(reader);
    Some(Box::new(OpsgenieSettings { api_key: api_key?, base_url: base_url?, trust: trust? }))
}

impl Settings for OpsgenieSettings {
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        let api_key = secrets(&self.api_key)?;
        let endpoint = super::address::open_url(common, &self.base_url, secrets)?.join(&["v2", "alerts"]);
        let headers = vec![(AUTHORIZATION, authorization("GenieKey", &api_key)?)];
        let poster = Poster::new(endpoint, &self.trust, common.timeout, &[&api_key], took)?;
        Ok(Box::new(JsonChannel { poster, headers, speech: Opsgenie }))
    }

    fn destination(&self) -> String {
        super::address::shown_url(&self.base_url)
    }

    fn one_event_per_alert(&self) -> bool {
        true
    }
}

struct Opsgenie;

impl Speech for Opsgenie {
    fn requests(&self, notification: &Notification, base: &Endpoint, _view: View) -> Vec<Request> {
        events(notification).iter().map(|event| request(event, notification, base)).collect()
    }

    fn judge(&self, poster: &Poster, answer: &mut Answer) -> Outcome {
        match answer.status {
            401 | 403 => poster.permanent(answer, &tr!("is api_key the key of an API integration that may create alerts, in this region?")),
            _ => poster.outcome(answer),
        }
    }
}

fn request(event: &Event<'_>, notification: &Notification, base: &Endpoint) -> Request {
    let alias = text::key(event.fingerprint, &notification.pce);
    match event.state {
        AlertState::Firing => {
            let body = created(event, &alias, notification).to_string();
            // Creating an open alias anew only counts it up (Opsgenie's "Alert deduplication"): its priority is set beside it.
            // What is told for the first time has the priority it was created with, unless an alias was left open; of
            // what is critical nobody may think that it is less.
            let stale = event.known || event.severity == Severity::Critical;
            let then = stale.then(|| {
                Box::new(Request {
                    endpoint: base.join(&[&alias, "priority"]).with_query("identifierType", "alias").putting(),
                    path: Some(format!("/v2/alerts/{alias}/priority?identifierType=alias")),
                    body: json!({ "priority": priority(event.severity) }).to_string(),
                    part: None,
                    then: None,
                })
            });
            Request { endpoint: base.clone(), path: Some("/v2/alerts".to_owned()), body, part: Some(event.part()), then }
        }
        AlertState::Resolved => Request {
            endpoint: base.join(&[&alias, "close"]).with_query("identifierType", "alias"),
            path: Some(format!("/v2/alerts/{alias}/close?identifierType=alias")),
            body: json!({ "source": "pcemon", "note": tr!("The alert is over.") }).to_string(),
            part: Some(event.part()),
            then: None,
        },
    }
}

fn priority(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "P1",
        Severity::Warning => "P3",
        Severity::Info => "P5",
    }
}

fn created(event: &Event<'_>, alias: &str, notification: &Notification) -> Value {
    let cut = |text: &str, room: usize| text::cut(text, room, char::len_utf16);
    let title = event.alert.map_or_else(|| tr!("An alert that did not fit into the digest; `pcemon check` shows it"), text::title);
    let mut body = json!({
        "message": cut(&title, MESSAGE),
        "alias": alias,
        "source": "pcemon",
        "priority": priority(event.severity),
        "tags": ["pcemon", event.severity.name()],
    });
    if let Some(alert) = event.alert {
        let more = text::more(notification.left_out.saturating_sub(notification.counted.len())).unwrap_or_default();
        let origin = text::origin(notification).unwrap_or_default();
        let parts = [text::block(notification, alert), origin, more];
        let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        body["description"] = json!(cut(&parts.join("\n\n"), DESCRIPTION));
        body["entity"] = json!(cut(&text::name(&alert.rule), FIELD));
        body["details"] = json!({
            "value": cut(&text::value(alert), FIELD),
            "threshold": cut(&text::threshold(alert), FIELD),
            "group": cut(&text::group(&alert.group), FIELD),
            "since": text::time(notification.began(alert)),
        });
    }
    body
}

/// The id of the request, which is worked on in the background (Opsgenie's "Alert API", 202).
fn took(answer: &Answer) -> bool {
    answer.json()["requestId"].is_string()
}
