//! `cef`: one line per firing instance and per rule that cannot be judged, for SIEM forwarders.

use super::Style;
use super::words;
use crate::domain::alert::Contributor;
use crate::domain::report::{InstanceReport, Report, RuleReport, RuleState};
use crate::domain::text::{shorten, visible};
use crate::domain::threshold::Severity;
use std::net::IpAddr;

/// Longest `msg` of the format.
const MESSAGE: usize = 1023;

/// Nothing when nothing is wrong.
pub fn render(report: &Report, _: &Style) -> String {
    let mut out = String::new();
    for rule in words::worst_first(&report.rules) {
        match rule.state {
            RuleState::Unknown => out.push_str(&unknown(report, rule)),
            RuleState::Firing => {
                for instance in rule.instances.iter().filter(|instance| instance.state == RuleState::Firing) {
                    out.push_str(&firing(report, rule, instance));
                }
            }
            RuleState::Ok | RuleState::Pending | RuleState::NotJudged | RuleState::Disabled => {}
        }
    }
    out
}

fn firing(report: &Report, rule: &RuleReport, instance: &InstanceReport) -> String {
    let severity = match instance.severity {
        Some(Severity::Info) => 3,
        Some(Severity::Warning) => 6,
        Some(Severity::Critical) | None => 9,
    };
    let mut extension = common(report, rule, &instance.threshold, &words::instance_sentence(rule, instance));
    extension.push(("externalId", instance.fingerprint.clone()));
    extension.push(("cs4", report.run.identity().key(&instance.fingerprint)));
    extension.push(("cs4Label", "key".to_owned()));
    if let Some(since) = instance.since {
        extension.push(("start", since.as_millisecond().to_string()));
    }
    if let Some(value) = instance.value.filter(|value| value.is_finite()) {
        extension.push(("cfp1", value.to_string()));
        extension.push(("cfp1Label", rule.unit.name().to_owned()));
    }
    if !instance.group.is_empty() {
        extension.push(("cs1", words::named_group(&instance.group)));
        extension.push(("cs1Label", "group".to_owned()));
    }
    if let Some(top) = instance.top.first().or_else(|| rule.top.first()) {
        extension.extend(ends(top));
    }
    line(rule, "firing", severity, extension)
}

fn unknown(report: &Report, rule: &RuleReport) -> String {
    line(rule, "unknown", 5, common(report, rule, &rule.threshold, &words::sentence(rule)))
}

fn common(report: &Report, rule: &RuleReport, threshold: &str, message: &str) -> Vec<(&'static str, String)> {
    let mut extension = vec![
        ("rt", report.run.finished_at.as_millisecond().to_string()),
        ("cat", rule.source.name().to_owned()),
        ("msg", shorten(message, MESSAGE)),
        ("cs2", threshold.to_owned()),
        ("cs2Label", "threshold".to_owned()),
    ];
    if let Some(accounting) = rule.accounting {
        extension.push(("cs3", accounting.name().to_owned()));
        extension.push(("cs3Label", "accounting".to_owned()));
    }
    let host = url::Url::parse(&report.run.pce).ok().and_then(|url| url.host_str().map(str::to_owned));
    extension.extend(host.map(|host| ("dvchost", host)));
    if let Some(org) = report.run.org_id {
        extension.extend([("cs5", org.to_string()), ("cs5Label", "org".to_owned())]);
    }
    extension
}

/// An end goes where SIEMs look for it: an address to `src` and `dst`, a name to `shost` and `dhost`.
fn ends(top: &Contributor) -> Vec<(&'static str, String)> {
    let key = |name: &str, address, host| if name.parse::<IpAddr>().is_ok() { address } else { host };
    let mut out = vec![(key(&top.src, "src", "shost"), top.src.clone()), (key(&top.dst, "dst", "dhost"), top.dst.clone())];
    out.extend(top.port.map(|port| ("dpt", port.to_string())));
    out.push(("proto", top.proto.clone()));
    out.push(("act", top.decision.clone()));
    out.retain(|(_, text)| !text.is_empty());
    out
}

fn line(rule: &RuleReport, word: &str, severity: u8, extension: Vec<(&'static str, String)>) -> String {
    let pairs: Vec<String> = extension.iter().map(|(key, text)| format!("{key}={}", escape(text, '='))).collect();
    let name = escape(&rule.name, '|');
    format!("CEF:0|pcemon|pcemon|{}|{name}|{name} {word}|{severity}|{}\n", env!("CARGO_PKG_VERSION"), pairs.join(" "))
}

/// The backslash and the sign that ends a field here.
fn escape(text: &str, sign: char) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if c == '\\' || c == sign {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
