//! ServiceNow Event Management: one event for each alert, all in one request, cleared when it is over.
//!
//! The fingerprint and the PCE make the message key: what is sent again updates the same event, so a repetition is harmless,
//! and the alert takes the severity of its last event (ServiceNow's "Alert and event fields").

use super::json::{Event, JsonChannel, Request, Speech, View, events};
use super::login::{self, Login};
use super::post::{Answer, Endpoint, Poster};
use super::trust::Trust;
use super::{Channel, Common, Kind, Outcome, Secrets, Settings, text};
use crate::domain::alert::Notification;
use crate::domain::entry::AlertState;
use crate::domain::secret::SecretSource;
use crate::domain::threshold::Severity;
use crate::settings::reader::Reader;
use serde_json::{Value, json};

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "servicenow", summary: "ServiceNow Event Management", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "servicenow"
type = "servicenow"
url = "https://instance.service-now.com"       # or the whole URL of a MID server's event listener
user = "pcemon"                                # with the role evt_mgmt_integration
password = { env = "SERVICENOW_PASSWORD" }
"#;

/// Characters of a field, and of the description.
const FIELD: usize = 100;
const DESCRIPTION: usize = 4000;

#[derive(Debug)]
struct ServiceNowSettings {
    url: SecretSource,
    login: Login,
    trust: Trust,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let url = super::address::read_url(reader, "url", "\"https://instance.service-now.com\"");
    if reader.raw("user").is_none() && reader.raw("password").is_none() {
        reader.missing("user", "\"pcemon\"");
        return None;
    }
    let login = login::read_basic(reader);
    let trust = Trust::read(reader);
    Some(Box::new(ServiceNowSettings { url: url?, login: login?, trust: trust? }))
}

impl Settings for ServiceNowSettings {
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        let mut endpoint = super::address::open_url(common, &self.url, secrets)?;
        if endpoint.url().path() == "/" {
            endpoint = endpoint.join(&["api", "global", "em", "jsonv2"]);
        }
        let credentials = self.login.open(secrets)?;
        let poster = Poster::new(endpoint, &self.trust, common.timeout, &credentials.secrets.iter().collect::<Vec<_>>(), took)?;
        Ok(Box::new(JsonChannel { poster, headers: credentials.headers, speech: ServiceNow }))
    }

    fn destination(&self) -> String {
        super::address::shown_url(&self.url)
    }

    fn one_event_per_alert(&self) -> bool {
        true
    }
}

struct ServiceNow;

impl Speech for ServiceNow {
    fn requests(&self, notification: &Notification, base: &Endpoint, _view: View) -> Vec<Request> {
        let records: Vec<Value> = events(notification).iter().map(|event| record(event, notification)).collect();
        vec![Request { endpoint: base.clone(), path: None, body: json!({ "records": records }).to_string(), part: None, then: None }]
    }

    fn judge(&self, poster: &Poster, answer: &mut Answer) -> Outcome {
        match answer.status {
            401 | 403 => poster.permanent(answer, &tr!("are user and password right, and has the user the role evt_mgmt_integration?")),
            _ => poster.outcome(answer),
        }
    }
}

fn record(event: &Event<'_>, notification: &Notification) -> Value {
    let cut = |text: &str, room: usize| text::cut(text, room, char::len_utf16);
    let severity = match (event.state, event.severity) {
        (AlertState::Resolved, _) => "0",
        (AlertState::Firing, Severity::Critical) => "1",
        (AlertState::Firing, Severity::Warning) => "4",
        (AlertState::Firing, Severity::Info) => "5",
    };
    let node = url::Url::parse(&notification.pce.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let mut record = json!({
        "source": "pcemon",
        "event_class": "pcemon",
        "node": cut(&text::name(node.as_deref().unwrap_or("pcemon")), FIELD),
        "type": "PCE alert",
        "message_key": text::key(event.fingerprint, &notification.pce),
        "severity": severity,
        "resolution_state": if event.state == AlertState::Resolved { "Closing" } else { "New" },
        "time_of_event": notification.created.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        "description": tr!("An alert that did not fit into the digest; `pcemon check` shows it"),
    });
    if let Some(alert) = event.alert {
        record["resource"] = json!(cut(&text::group(&alert.group), FIELD));
        record["metric_name"] = json!(cut(&text::name(&alert.rule), FIELD));
        record["description"] = json!(cut(&text::block(notification, alert), DESCRIPTION));
        // The service wants a text that holds JSON.
        let more = json!({
            "value": text::value(alert),
            "threshold": text::threshold(alert),
            "since": text::time(notification.began(alert)),
            "runbook": text::runbook(alert),
            "also": text::more(notification.left_out.saturating_sub(notification.counted.len())),
        });
        record["additional_info"] = json!(more.to_string());
    }
    record
}

/// `{"result":{"Default Bulk Endpoint":"1 events were inserted"}}` of an instance, `records` with a `sys_id` each of
/// its older address, or nothing but the status from a MID server's listener. An `error` says no.
fn took(answer: &Answer) -> bool {
    let said = answer.json();
    let inserted = |record: &Value| record["sys_id"].is_string() && record["__error"].is_null();
    let records = said["records"].as_array().is_some_and(|records| !records.is_empty() && records.iter().all(inserted));
    let result = !said["result"].is_null() && said["result"]["error"].is_null();
    said["error"].is_null() && (records || result || answer.body.for_reading().trim().is_empty())
}
