//! Each target tried once, in the way of its type.

use super::findings::{Findings, Subject, span};
use crate::config::{Config, TargetConfig};
use crate::domain::text::visible;
use crate::http::reach;
use jiff::Timestamp;
use std::time::Duration;

/// How long an endpoint may take to show its certificate.
const PATIENCE: Duration = Duration::from_secs(10);
/// A certificate with less left is worth a word.
const SOON: Duration = Duration::from_secs(14 * 86_400);

pub(super) fn targets(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(config) = subject.usable else { return };
    let now = subject.now.unwrap_or_else(Timestamp::now);
    for target in config.targets.iter().filter(|target| target.enabled) {
        let what = tr!("target {name}", name = visible(&target.name));
        match target.settings.examine(wanted(config, target), now) {
            Ok(found) => findings.ok("target", &what, found),
            Err(why) => {
                findings.fail("target", &what, why, &tr!("what the rules say of it will be UNKNOWN or an alert until this is settled"))
            }
        }
        certificates(target, now, findings);
    }
}

/// The kinds of record that enabled rules want of a target, one bit each.
fn wanted(config: &Config, target: &TargetConfig) -> u32 {
    let rules = config.rules.iter().filter(|rule| rule.enabled && rule.reads(&target.name));
    let rules = rules.flat_map(|rule| rule.counted());
    rules.map(|rule| rule.kinds(Timestamp::UNIX_EPOCH) & rule.source.kinds_of(target.target_type)).fold(0, |all, kinds| all | kinds)
}

/// How long the certificate of each endpoint is valid, with the fingerprint that can be copied.
fn certificates(target: &TargetConfig, now: Timestamp, findings: &mut Findings) {
    let Some(trust) = target.settings.trust() else { return };
    for url in trust.urls {
        let shown = reach::presented(url, trust.server_name, trust.ca_file, PATIENCE);
        let Some(own) = shown.and_then(|shown| shown.certificates.into_iter().next()) else { continue };
        let Some(end) = own.not_after else { continue };
        let what = tr!("certificate of {name}", name = visible(&target.name));
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        let left = Duration::try_from(end.duration_since(now)).unwrap_or_default();
        let detail = tr!(
            "{endpoint}: valid for {left}, until {end}; SHA-256 {fingerprint}",
            endpoint = format!("{host}:{port}"),
            left = span(left),
            end = format!("{end:.0}"),
            fingerprint = own.fingerprint
        );
        if left < SOON {
            findings.warn("target", &what, detail, &tr!("renew it, and give its new fingerprint to the config where one stands there"));
        } else {
            findings.ok("target", &what, detail);
        }
    }
}
