//! Prometheus Alertmanager, through its API v2: alerts go in, it groups, silences and tells them on.
//!
//! Every member of a cluster gets the same alerts, because members do not hand alerts on; one that takes them is
//! enough for delivered. Alertmanager identifies an alert by its labels: a repetition is the same alert.
//!
//! An alert ends when it is told so, or at its `endsAt`. Everything that fires is told on every run, so `endsAt`
//! lies some runs ahead: when pcemon itself dies, its alerts end then. As the severity is a label, an alert whose
//! severity changed ends the one it was told as before.

use super::json::Request;
use super::labels::{Map, annotations, labels};
use super::login::Login;
use super::post::{Answer, Poster};
use super::trust::Trust;
use super::{Channel, Common, Kind, Outcome, Secrets, SendContext, Settings, text};
use crate::domain::alert::{Alert, Notification, SendMode};
use crate::domain::entry::AlertState;
use crate::domain::secret::SecretSource;
use crate::domain::text::{shorten, visible};
use crate::domain::threshold::Severity;
use crate::domain::time::after;
use crate::settings::reader::Reader;
use jiff::Timestamp;
use serde::Serialize;
use std::time::{Duration, Instant};
use ureq::http::{HeaderName, HeaderValue};

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "alertmanager", summary: "alerts into Prometheus Alertmanager (API v2)", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "alertmanager"
type = "alertmanager"
urls = ["https://am-1.example.com:9093", "https://am-2.example.com:9093"]   # every member of the cluster
user = "pcemon"                                                             # with password; or use token; or neither
password = { env = "ALERTMANAGER_PASSWORD" }
"#;

/// How long a firing alert of a message lives that is no snapshot, such as a test.
const KEPT: Duration = Duration::from_secs(600);
/// Longest label or annotation value.
const TEXT: usize = 2000;

#[derive(Debug)]
struct AlertmanagerSettings {
    urls: Vec<SecretSource>,
    login: Login,
    trust: Trust,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let urls = super::address::read_urls(reader, "urls", "[\"https://alertmanager.example.com:9093\"]");
    let login = super::login::read(reader);
    let trust = Trust::read(reader);
    Some(Box::new(AlertmanagerSettings { urls: urls?, login: login?, trust: trust? }))
}

impl Settings for AlertmanagerSettings {
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        let credentials = self.login.open(secrets)?;
        let hidden: Vec<_> = credentials.secrets.iter().collect();
        let mut posters = Vec::new();
        for url in &self.urls {
            let endpoint = super::address::open_url(common, url, secrets)?.join(&["api", "v2", "alerts"]);
            posters.push(Poster::new(endpoint, &self.trust, common.timeout, &hidden, took)?);
        }
        let mut headers = vec![(HeaderName::from_static("content-type"), HeaderValue::from_static("application/json"))];
        headers.extend(credentials.headers);
        Ok(Box::new(Alertmanager { name: common.name.clone(), posters, headers }))
    }

    fn destination(&self) -> String {
        self.urls.iter().map(super::address::shown_url).collect::<Vec<_>>().join(", ")
    }

    fn one_event_per_alert(&self) -> bool {
        true
    }

    fn send_mode(&self) -> SendMode {
        SendMode::Firing
    }
}

struct Alertmanager {
    name: String,
    posters: Vec<Poster>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Alertmanager {
    fn request(poster: &Poster, notification: &Notification) -> Request {
        Request {
            endpoint: poster.endpoint().clone(),
            path: Some("/api/v2/alerts".to_owned()),
            body: body(notification),
            part: None,
            then: None,
        }
    }
}

impl Channel for Alertmanager {
    fn send(&self, notification: &Notification, context: &SendContext) -> Outcome {
        let begun = Instant::now();
        let mut taken = 0;
        let mut retry: Option<Outcome> = None;
        let mut refused: Option<Outcome> = None;
        let mut errors: Vec<String> = Vec::new();
        for (place, poster) in self.posters.iter().enumerate() {
            // A member that hangs must leave time for the others.
            let share = context.timeout.saturating_sub(begun.elapsed()) / u32::try_from(self.posters.len() - place).unwrap_or(u32::MAX);
            let request = Alertmanager::request(poster, notification);
            let outcome = match poster.post(&self.headers, &request.body, context.now, share) {
                Ok(answer) => poster.outcome(&answer),
                Err(outcome) => outcome,
            };
            match &outcome {
                Outcome::Delivered | Outcome::Warned { .. } => taken += 1,
                Outcome::Permanent { error } => {
                    errors.push(error.clone());
                    refused.get_or_insert(outcome);
                }
                Outcome::Retry { .. } | Outcome::Partly { .. } => {
                    errors.extend(outcome.localized().map(str::to_owned));
                    retry.get_or_insert(outcome);
                }
            }
        }
        if taken > 0 {
            for error in errors {
                log::warn!("{}", tr!("channel '{name}': another member has the alerts, but {error}", name = self.name, error));
            }
            return Outcome::Delivered;
        }
        retry.or(refused).unwrap_or(Outcome::Delivered)
    }

    fn preview(&self, notification: &Notification, _now: Timestamp) -> String {
        let mut out = String::new();
        for poster in &self.posters {
            let request = Alertmanager::request(poster, notification);
            out.push_str(&format!("POST {}\n", request.endpoint.shown()));
            for (name, value) in &self.headers {
                let value = if value.is_sensitive() { "[hidden]" } else { value.to_str().unwrap_or_default() };
                out.push_str(&format!("{name}: {value}\n"));
            }
            out.push_str(&format!("\n{}\n", visible(&request.body)));
        }
        out
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    labels: Map,
    annotations: Map,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    generator_url: Option<String>,
}

fn body(notification: &Notification) -> String {
    let alerts: Vec<Posted> = text::sorted(notification).into_iter().flat_map(|alert| posted(alert, notification)).collect();
    // Texts under text keys: nothing here can fail to serialise.
    serde_json::to_string(&alerts).unwrap_or_default()
}

/// The alert itself, and the end of the one whose place it takes.
fn posted(alert: &Alert, notification: &Notification) -> Vec<Posted> {
    let began = notification.began(alert);
    let end = alert.resolved_at.unwrap_or(notification.created).min(notification.created);
    let one = |severity: Severity, over: bool| Posted {
        labels: identity(alert, severity, notification),
        annotations: annotations(alert),
        starts_at: began.to_string(),
        // A clock that was set back must not make an end before the beginning: that is refused.
        ends_at: if over { end.max(began) } else { notification.expires.unwrap_or(after(notification.created, KEPT)).max(began) }
            .to_string(),
        generator_url: text::is_link(&notification.pce.url).then(|| notification.pce.url.clone()),
    };
    let mut all = vec![one(alert.severity, alert.state == AlertState::Resolved)];
    all.extend(alert.told_as.map(|severity| one(severity, true)));
    all
}

/// The labels, with those that tell this PCE's alerts from another one's.
fn identity(alert: &Alert, severity: Severity, notification: &Notification) -> Map {
    let mut map = labels(alert, &notification.pce);
    map.insert("severity".to_owned(), severity.name().to_owned());
    map.entry("job".to_owned()).or_insert_with(|| "pcemon".to_owned());
    if let Some(place) = notification.pce.place() {
        map.entry("instance".to_owned()).or_insert_with(|| shorten(&place, TEXT));
    }
    map
}

/// Nothing but the status (Alertmanager's API v2, `postAlerts`), or the `"status": "success"` of the older API.
fn took(answer: &Answer) -> bool {
    answer.body.for_reading().trim().is_empty() || answer.json()["status"] == "success"
}
