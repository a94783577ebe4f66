//! Icinga 2, through its API: one passive check result that says how everything stands, on every run.
//!
//! The last result wins, so each one is made of everything that fires. Its `ttl` is some runs long: when no further
//! one comes, Icinga itself finds the service overdue. The service must exist and take passive results.

use super::json::{JsonChannel, Request, Speech, View};
use super::login::{self, Login};
use super::post::{Answer, Endpoint, Poster};
use super::trust::Trust;
use super::{Channel, Common, Kind, Outcome, Secrets, Settings, text};
use crate::domain::alert::{Notification, NotificationKind, SendMode};
use crate::domain::entry::AlertState;
use crate::domain::secret::SecretSource;
use crate::domain::threshold::Severity;
use crate::domain::time::since;
use crate::settings::reader::Reader;
use serde_json::{Value, json};
use ureq::http::{HeaderName, HeaderValue};

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "icinga", summary: "Icinga 2, as a passive check result on every run", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "icinga"
type = "icinga"
url = "https://icinga.example.com:5665"
user = "pcemon"                        # an ApiUser with the permission actions/process-check-result
password = { env = "ICINGA_PASSWORD" }
host = "pce.example.com"               # host and service must exist in Icinga, with passive checks enabled
service = "pcemon"
ca_file = "/etc/pcemon/icinga-ca.pem"  # Icinga's own CA signs its API
"#;

/// Characters of the output; databases behind Icinga take more.
const OUTPUT: usize = 8000;
/// Alerts told one by one.
const ALERTS: usize = 50;
/// Seconds that a result holds that is no snapshot, such as a test.
const TTL: u64 = 600;

#[derive(Debug)]
struct IcingaSettings {
    url: SecretSource,
    login: Login,
    target: Target,
    trust: Trust,
}

#[derive(Debug, Clone)]
struct Target {
    host: String,
    service: String,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let url = super::address::read_url(reader, "url", "\"https://icinga.example.com:5665\"");
    let login = if reader.raw("user").is_none() && reader.raw("password").is_none() {
        reader.missing("user", "\"pcemon\"");
        None
    } else {
        login::read_basic(reader)
    };
    let host = reader.required_string("host", "\"pce.example.com\"");
    let service = reader.required_string("service", "\"pcemon\"");
    let trust = Trust::read(reader);
    let target = Target { host: host?.value, service: service?.value };
    Some(Box::new(IcingaSettings { url: url?, login: login?, target, trust: trust? }))
}

impl Settings for IcingaSettings {
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        let endpoint = super::address::open_url(common, &self.url, secrets)?.join(&["v1", "actions", "process-check-result"]);
        let credentials = self.login.open(secrets)?;
        let secrets: Vec<_> = credentials.secrets.iter().collect();
        let poster = Poster::new(endpoint, &self.trust, common.timeout, &secrets, took)?;
        let mut headers = vec![(HeaderName::from_static("accept"), HeaderValue::from_static("application/json"))];
        headers.extend(credentials.headers);
        Ok(Box::new(JsonChannel { poster, headers, speech: self.target.clone() }))
    }

    fn destination(&self) -> String {
        let Target { host, service } = &self.target;
        format!("{}!{} via {}", text::name(host), text::name(service), super::address::shown_url(&self.url))
    }

    fn send_mode(&self) -> SendMode {
        SendMode::Full
    }
}

impl Speech for Target {
    fn requests(&self, notification: &Notification, base: &Endpoint, _view: View) -> Vec<Request> {
        let ttl = notification.expires.map_or(TTL, |expires| since(expires, notification.created).as_secs());
        let body = json!({
            "type": "Service",
            // As variables: a name is never read as a part of the expression.
            "filter": "host.name == pcemon_host && service.name == pcemon_service",
            "filter_vars": { "pcemon_host": self.host, "pcemon_service": self.service },
            "exit_status": exit_status(notification),
            "plugin_output": output(notification),
            "performance_data": performance(notification),
            "check_source": "pcemon",
            "ttl": ttl,
        });
        vec![Request {
            endpoint: base.clone(),
            path: Some("/v1/actions/process-check-result".to_owned()),
            body: body.to_string(),
            part: None,
            then: None,
        }]
    }

    fn judge(&self, poster: &Poster, answer: &mut Answer) -> Outcome {
        const NOBODY: &str = "Icinga has no such service; are `host` and `service` written as there?";
        let said = answer.json();
        // Icinga writes its codes as 200.0.
        let code = |result: &Value| result["code"].as_f64().map_or(0, |code| code as u16);
        let codes: Option<Vec<u16>> = said["results"].as_array().map(|results| results.iter().map(code).collect());
        match (answer.status, codes.as_deref()) {
            (401 | 403, _) => {
                poster.permanent(answer, "are user and password right, and has the ApiUser the permission actions/process-check-result?")
            }
            // Some versions answer 500 to this.
            (_, Some([])) => poster.permanent(answer, NOBODY),
            (404, _) if said["status"].is_string() => poster.permanent(answer, NOBODY),
            (200..=299, Some(codes)) => match codes.iter().find(|code| !(200..=299).contains(*code)) {
                None => Outcome::Delivered,
                Some(500..=599) => poster.retry(answer, "it will be tried again"),
                Some(_) => poster.permanent(answer, "the result itself was refused; does the service take passive check results?"),
            },
            // What is no answer of Icinga is no yes.
            _ => poster.outcome(answer),
        }
    }
}

fn firing(notification: &Notification, severity: Severity) -> usize {
    notification.alerts.iter().filter(|alert| alert.state == AlertState::Firing && alert.severity == severity).count()
}

/// As the exit code of a plugin; what is only information is no trouble.
fn exit_status(notification: &Notification) -> u8 {
    match () {
        () if firing(notification, Severity::Critical) > 0 => 2,
        () if firing(notification, Severity::Warning) > 0 => 1,
        () if !notification.unknown.is_empty() => 3,
        () => 0,
    }
}

/// The first line sums up; a line for each alert follows.
fn output(notification: &Notification) -> String {
    let word = ["OK", "WARNING", "CRITICAL", "UNKNOWN"][usize::from(exit_status(notification))];
    let counts: Vec<String> = [Severity::Critical, Severity::Warning, Severity::Info]
        .into_iter()
        .filter_map(|severity| Some(firing(notification, severity)).filter(|count| *count > 0).map(|count| format!("{count} {severity}")))
        .collect();
    let test = if notification.kind == NotificationKind::Test { "TEST: " } else { "" };
    let mut first = format!("PCEMON {word}: {test}{}", if counts.is_empty() { "nothing fires".to_owned() } else { counts.join(", ") });
    for trouble in &notification.unknown {
        first.push_str(&format!("; {}", text::name(trouble)));
    }
    let alerts: Vec<_> = text::sorted(notification).into_iter().filter(|alert| alert.state == AlertState::Firing).collect();
    let mut lines = vec![first];
    lines.extend(
        alerts
            .iter()
            .take(ALERTS)
            .map(|alert| format!("{}: {} (threshold {})", text::title(alert), text::value(alert), text::name(&alert.threshold))),
    );
    lines.extend(text::more(alerts.len().saturating_sub(ALERTS).saturating_add(notification.left_out)));
    // `|` begins performance data wherever it stands.
    text::cut(&lines.join("\n"), OUTPUT, |_| 1).replace('|', "/")
}

fn performance(notification: &Notification) -> Vec<String> {
    [Severity::Critical, Severity::Warning, Severity::Info]
        .map(|severity| format!("{}={};;;0", severity.name(), firing(notification, severity)))
        .to_vec()
}

/// Results, each with a code of its own, which is judged elsewhere.
fn took(answer: &Answer) -> bool {
    answer.json()["results"].is_array()
}
