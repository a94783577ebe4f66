//! What one probe found, and how it is written: the line that recordings hold.

use super::address::Probe;
use super::certificate::Facts;
use super::failure::Failure;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use std::net::IpAddr;
use std::time::Duration;

/// How long each part took, over all hops.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Phases {
    pub resolve: Option<Duration>,
    pub connect: Option<Duration>,
    pub tls: Option<Duration>,
    pub first_byte: Option<Duration>,
    pub transfer: Option<Duration>,
}

/// Adds to what there is.
pub(super) fn add(to: &mut Option<Duration>, more: Duration) {
    *to = Some(to.unwrap_or_default() + more);
}

/// What one attempt found, as far as it came.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    pub address: Option<IpAddr>,
    pub phases: Phases,
    pub certificate: Option<Facts>,
    pub http_status: Option<u16>,
    pub size: Option<u64>,
    pub redirects: Option<u32>,
    pub banner: Option<String>,
    pub answer: Option<Vec<String>>,
    pub rcode: Option<String>,
    pub ttl: Option<u32>,
    pub serial: Option<u32>,
    pub method: Option<&'static str>,
    pub loss: Option<f64>,
    pub rtt: Option<f64>,
    pub jitter: Option<f64>,
    /// Duration of the whole attempt.
    pub took: Duration,
    pub failure: Option<Failure>,
}

/// The attempts of one probe in a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Done {
    /// The last attempt, which decides; a certificate seen by an earlier one is kept.
    pub last: Found,
    pub attempts: u32,
    pub failures: u32,
    /// Why the first failed, where a later one did not.
    pub first_failure: Option<Failure>,
}

impl Done {
    /// Takes one more attempt.
    pub fn add(&mut self, mut found: Found) {
        self.attempts += 1;
        if let Some(failure) = &found.failure {
            self.failures += 1;
            self.first_failure.get_or_insert_with(|| failure.clone());
        }
        found.certificate = found.certificate.take().or_else(|| self.last.certificate.take());
        self.last = found;
    }

    /// How it went.
    pub fn outcome(&self) -> &'static str {
        self.last.failure.as_ref().map_or("ok", |failure| failure.outcome)
    }

    /// The line of a recording.
    pub fn line(&self, probe: &Probe, at: Timestamp) -> Json {
        let last = &self.last;
        let kind = probe.ask.kind();
        let mut line = Map::new();
        let mut put = |key: &str, value: Json| drop(line.insert(key.to_owned(), value));
        put("probe", json!(probe.name));
        put("id", json!(format!("{:016x}", probe.id())));
        put("type", json!(kind));
        put("url", json!(probe.shown));
        put("host", json!(probe.host));
        put("port", probe.port.map_or(Json::Null, |port| json!(port.to_string())));
        put("at", json!(at.to_string()));
        put("outcome", json!(self.outcome()));
        let reason = last.failure.as_ref().or(self.first_failure.as_ref());
        put("reason", reason.map_or(Json::Null, |failure| json!(failure.why)));
        put("attempts", json!(self.attempts));
        put("failures", json!(self.failures));
        if let Some(address) = last.address {
            put("address", json!(address.to_string()));
            put("ip_version", json!(if address.is_ipv4() { "4" } else { "6" }));
        }
        let good = last.failure.is_none();
        let encrypted = probe.is_encrypted();
        // What a kind of probe has none of is null; what was not found out is left out.
        let mut fact = |key: &str, has: bool, value: Option<Json>| match value {
            _ if !has => put(key, Json::Null),
            Some(value) => put(key, value),
            None => {}
        };
        let seconds = |span: Option<Duration>| span.filter(|_| good).map(|span| json!(rounded(span.as_secs_f64())));
        let (http, dns, ping) = (kind == "http", kind == "dns", kind == "ping");
        fact("latency", true, seconds(Some(last.took)));
        fact("resolve", !dns, seconds(last.phases.resolve));
        fact("connect", !dns && !ping, seconds(last.phases.connect));
        fact("tls", encrypted, seconds(last.phases.tls));
        fact("first_byte", http, seconds(last.phases.first_byte));
        fact("transfer", http, seconds(last.phases.transfer));
        fact("http_status", http, last.http_status.map(|status| json!(status)));
        fact("size", http, last.size.map(|size| json!(size)));
        fact("redirects", http, last.redirects.map(|count| json!(count)));
        fact("banner", kind == "tcp" && probe.expect.banner.is_some(), last.banner.as_ref().map(|text| json!(text)));
        fact("answer", dns, last.answer.as_ref().map(|list| json!(list)));
        fact("answers", dns, last.answer.as_ref().map(|list| json!(list.len())));
        fact("rcode", dns, last.rcode.as_ref().map(|text| json!(text)));
        fact("ttl", dns && last.answer.as_ref().is_none_or(|list| !list.is_empty()), last.ttl.map(|ttl| json!(ttl)));
        fact("serial", probe.is_soa(), last.serial.map(|serial| json!(serial)));
        fact("method", ping, last.method.map(|method| json!(method)));
        fact("loss", ping, last.loss.map(|loss| json!(rounded(loss))));
        fact("rtt", ping, last.rtt.map(|rtt| json!(rounded(rtt))));
        fact("jitter", ping, last.jitter.map(|jitter| json!(rounded(jitter))));
        fact("certificate", encrypted, last.certificate.as_ref().map(Facts::json));
        Json::Object(line)
    }
}

/// To the microsecond.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
