//! A certificate of a target that is not trusted yet: shown with its fingerprint before anything is sent there, as ssh does.

use super::ask::{complain, question};
use crate::commands::common::Failure;
use crate::domain::text::visible;
use crate::http::reach::{self, Presented};
use crate::run::output::print;
use crate::sources::Settings;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long an endpoint may take while somebody waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// An endpoint with such a certificate.
pub struct Unknown {
    endpoint: String,
    why: String,
    certificate: Presented,
}

impl Unknown {
    /// For people.
    pub fn described(&self) -> String {
        let Presented { subject, fingerprint, not_after, .. } = &self.certificate;
        let until = not_after.map_or_else(|| "?".to_owned(), |at| format!("{at:.0}"));
        tr!(
            "the certificate of {endpoint} is not trusted: {why}\n{subject}, valid until {until}\n  SHA-256 {fingerprint}",
            endpoint = visible(&self.endpoint),
            why = self.why,
            subject,
            until,
            fingerprint
        )
    }
}

/// All such endpoints of a target. Those that do not answer are left to the trial.
pub fn unknown(settings: &dyn Settings) -> Vec<Unknown> {
    let Some(trust) = settings.trust() else { return Vec::new() };
    let mut out = Vec::new();
    for url in trust.urls {
        let Some(shown) = reach::presented(url, trust.server_name, trust.ca_file, PATIENCE) else { continue };
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        let (Err(refused), Some(own)) = (shown.trusted, shown.certificates.into_iter().next()) else { continue };
        if !trust.knows(&own.fingerprint) {
            out.push(Unknown { endpoint: format!("{host}:{port}"), why: refused.why, certificate: own });
        }
    }
    out
}

/// Asks whether they are to be trusted; whether the answers are others now.
pub fn ask(settings: &dyn Settings, given: &mut BTreeMap<String, String>) -> Result<bool, Failure> {
    let before = given.clone();
    for unknown in unknown(settings) {
        print(&format!("  {}\n", unknown.described().replace('\n', "\n  ")))?;
        print(&tr!("Compare the fingerprint with that which the machine itself tells (openssl x509 -noout -fingerprint -sha256).\n"))?;
        let text = tr!("Trust it? y: the fingerprint is put into the config; or enter the path of a CA file; empty: no");
        let answer = question(&text, Some(""), |given| match given.to_lowercase().as_str() {
            "" | "n" | "no" | "否" => Ok(None),
            "y" | "yes" | "是" => Ok(Some(None)),
            _ => {
                let named = std::path::absolute(given).map_err(|error| error.to_string())?;
                crate::http::tls::client_config(Some(&named), None)?;
                Ok(Some(Some(named.display().to_string())))
            }
        })?;
        match answer {
            None => complain(&tr!("nothing is sent to {endpoint}", endpoint = visible(&unknown.endpoint))),
            Some(Some(file)) => {
                given.insert("ca_file".to_owned(), file);
                // It may vouch for the others as well.
                break;
            }
            Some(None) => {
                let pins = given.entry("fingerprint".to_owned()).or_default();
                let more = if pins.is_empty() { "" } else { "," };
                pins.push_str(&format!("{more}{}", unknown.certificate.fingerprint));
            }
        }
    }
    Ok(*given != before)
}
