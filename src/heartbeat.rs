//! The dead-man's switch: tells a service such as healthchecks that a run began, ended well or failed,
//! so that the service raises the alarm when nothing is heard at all.
//!
//! A run never fails because of it; what went wrong is handed back for the log. It never learns what the alerts are.

use crate::channels::Outcome;
use crate::channels::post::{Endpoint, Poster, Trust, took_unless_denied};
use crate::domain::secret::Secret;
use crate::domain::text::{shorten, visible};
use jiff::Timestamp;
use std::time::Duration;
use ureq::http::{HeaderName, HeaderValue};
use uuid::Uuid;

/// Longest time for one ping.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest text sent along, in characters.
const SUMMARY: usize = 1000;

/// A URL to ping.
#[derive(Debug)]
pub struct Heartbeat {
    endpoint: Endpoint,
    trust: Trust,
    timeout: Duration,
}

impl Heartbeat {
    /// Reads the URL. The error does not repeat it.
    pub fn new(url: &Secret) -> Result<Heartbeat, String> {
        Ok(Heartbeat { endpoint: Endpoint::parse(url.expose())?, trust: Trust::default(), timeout: TIMEOUT })
    }

    /// With whom it trusts, and what it shows of itself.
    #[must_use]
    pub fn with_trust(mut self, trust: Trust) -> Heartbeat {
        self.trust = trust;
        self
    }

    /// Another time-out for one ping.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Heartbeat {
        self.timeout = timeout;
        self
    }

    /// A run began.
    pub fn start(&self, run_id: &str) -> Result<(), String> {
        self.ping("start", run_id, "")
    }

    /// A run saw everything it had to see, whatever it found.
    pub fn success(&self, run_id: &str, summary: &str) -> Result<(), String> {
        self.ping("", run_id, summary)
    }

    /// A run could not do its work.
    pub fn fail(&self, run_id: &str, summary: &str) -> Result<(), String> {
        self.ping("fail", run_id, summary)
    }

    /// One ping, tried once more when that can help.
    fn ping(&self, action: &str, run_id: &str, summary: &str) -> Result<(), String> {
        let mut url = self.endpoint.url().clone();
        if !action.is_empty() {
            url.set_path(&format!("{}/{action}", url.path().trim_end_matches('/')));
        }
        let run = Uuid::parse_str(run_id).unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_OID, run_id.as_bytes()));
        url.query_pairs_mut().append_pair("rid", &run.to_string());
        let poster = Poster::new(Endpoint::parse(url.as_str())?, &self.trust, self.timeout, &[], took_unless_denied)?;
        let headers = [(HeaderName::from_static("content-type"), HeaderValue::from_static("text/plain; charset=utf-8"))];
        let lines: Vec<String> = shorten(summary, SUMMARY).lines().map(visible).collect();
        let body = lines.join("\n");
        let attempt = || match poster.post(&headers, &body, Timestamp::now(), self.timeout) {
            Ok(answer) => poster.outcome(&answer),
            Err(outcome) => outcome,
        };
        let outcome = match attempt() {
            Outcome::Retry { .. } => attempt(),
            other => other,
        };
        match outcome {
            Outcome::Delivered | Outcome::Warned { .. } => Ok(()),
            failed => Err(failed.localized().unwrap_or_default().to_owned()),
        }
    }
}
