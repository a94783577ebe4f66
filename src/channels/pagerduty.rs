//! PagerDuty, through the Events API v2: one event for each alert, an incident that ends with the alert.
//!
//! The alert's fingerprint and the PCE make the key of the incident: a repeated event is the same incident, and `resolve` ends it.
//! An event with another severity changes that of the open alert, and the urgency of its incident follows where the service
//! takes it from the severity (PagerDuty's "Dynamic Notifications").
//! A digest is sent event by event; what was taken is not sent again.

use super::json::{Event, JsonChannel, Request, Speech, View, events};
use super::post::{Answer, Endpoint, Poster};
use super::trust::Trust;
use super::{Channel, Common, Kind, Outcome, Secrets, Settings, text};
use crate::domain::alert::{Alert, Notification};
use crate::domain::entry::AlertState;
use crate::domain::secret::{Secret, SecretSource};
use crate::settings::reader::Reader;
use serde_json::{Map, Value, json};

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "pagerduty", summary: "PagerDuty incidents, through the Events API v2", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "pager"
type = "pagerduty"
min_severity = "critical"
routing_key = { env = "PAGERDUTY_ROUTING_KEY" }   # integration key of an Events API v2 integration
# base_url = "https://events.eu.pagerduty.com"    # service region EU
"#;

const DEFAULT_BASE: &str = "https://events.pagerduty.com";
/// Characters of the summary.
const SUMMARY: usize = 1024;
/// Characters of the source and of a group value.
const FIELD: usize = 255;

#[derive(Debug)]
struct PagerDutySettings {
    routing_key: SecretSource,
    base_url: SecretSource,
    trust: Trust,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let routing_key = super::address::required_secret(reader, "routing_key", "{ env = \"PAGERDUTY_ROUTING_KEY\" }");
    let base_url = super::address::read_base(reader, DEFAULT_BASE);
    let trust = Trust::read(reader);
    Some(Box::new(PagerDutySettings { routing_key: routing_key?, base_url: base_url?, trust: trust? }))
}

impl Settings for PagerDutySettings {
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        let routing_key = secrets(&self.routing_key)?;
        let endpoint = super::address::open_url(common, &self.base_url, secrets)?.join(&["v2", "enqueue"]);
        let poster = Poster::new(endpoint, &self.trust, common.timeout, &[&routing_key], took)?;
        Ok(Box::new(JsonChannel { poster, headers: Vec::new(), speech: PagerDuty { routing_key } }))
    }

    fn destination(&self) -> String {
        super::address::shown_url(&self.base_url)
    }

    fn one_event_per_alert(&self) -> bool {
        true
    }
}

struct PagerDuty {
    routing_key: Secret,
}

impl Speech for PagerDuty {
    fn requests(&self, notification: &Notification, base: &Endpoint, view: View) -> Vec<Request> {
        let request = |event: Event<'_>| Request {
            endpoint: base.clone(),
            path: Some("/v2/enqueue".to_owned()),
            body: body(&event, notification, view.secret(&self.routing_key)).to_string(),
            part: Some(event.part()),
            then: None,
        };
        events(notification).into_iter().map(request).collect()
    }

    fn judge(&self, poster: &Poster, answer: &mut Answer) -> Outcome {
        match answer.status {
            400 => poster.permanent(answer, &tr!("is routing_key the key of an Events API v2 integration?")),
            _ => poster.outcome(answer),
        }
    }
}

fn body(event: &Event<'_>, notification: &Notification, routing_key: &str) -> Value {
    let key = text::key(event.fingerprint, &notification.pce);
    if event.state == AlertState::Resolved {
        return json!({ "routing_key": routing_key, "event_action": "resolve", "dedup_key": key });
    }
    let source = text::origin(notification).map_or_else(|| "pcemon".to_owned(), |_| notification.pce.url.clone());
    let mut payload = json!({
        "summary": text::cut(&event.alert.map_or_else(unseen, text::title), SUMMARY, |_| 1),
        "source": text::cut(&text::name(&source), FIELD, |_| 1),
        // PagerDuty's own words happen to be ours.
        "severity": event.severity.name(),
        "component": "pcemon",
    });
    let mut out = json!({ "routing_key": routing_key, "event_action": "trigger", "dedup_key": key, "client": "pcemon" });
    if let Some(alert) = event.alert {
        payload["timestamp"] = json!(text::time(notification.began(alert)));
        payload["class"] = json!(text::name(&alert.rule));
        payload["custom_details"] = details(alert, notification);
        if let Some(link) = text::runbook(alert) {
            out["links"] = json!([{ "href": link, "text": tr!("Runbook") }]);
        }
    }
    out["payload"] = payload;
    out
}

fn unseen() -> String {
    tr!("An alert that did not fit into the digest; `pcemon check` shows it")
}

fn details(alert: &Alert, notification: &Notification) -> Value {
    let mut details = Map::new();
    details.insert("value".to_owned(), json!(text::value(alert)));
    details.insert("threshold".to_owned(), json!(text::threshold(alert)));
    details.insert("window".to_owned(), json!(text::window(alert)));
    if !alert.group.is_empty() {
        details.insert("group".to_owned(), json!(text::group(&alert.group)));
    }
    if !text::contributors(alert).is_empty() {
        let top: Vec<String> = text::contributors(alert).iter().map(|one| text::talker(one, alert.unit)).collect();
        details.insert("top".to_owned(), json!(top));
    }
    let description = text::description(alert);
    if !description.is_empty() {
        details.insert("description".to_owned(), json!(description.join("\n")));
    }
    if let Some(more) = text::more(notification.left_out.saturating_sub(notification.counted.len())) {
        details.insert("also".to_owned(), json!(more));
    }
    Value::Object(details)
}

/// `"status": "success"` (PagerDuty's "Send an event", 202).
fn took(answer: &Answer) -> bool {
    answer.json()["status"] == "success"
}
