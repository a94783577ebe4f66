//! The PCE: the way to it, what the key may do there, and what its numbers are.

use super::findings::{Findings, Subject, Verdict, span};
use crate::config::Config;
use crate::domain::counted;
use crate::domain::filter::Filter;
use crate::domain::record::{Flow, FlowSink};
use crate::domain::report::Accounting;
use crate::domain::text::quantity;
use crate::domain::time::{after, before, since};
use crate::domain::unit::Unit;
use crate::http::reach;
use crate::judge::identity::flow_key;
use crate::judge::plan::Plan;
use crate::pce::PceSettings;
use crate::pce::decode::Endpoints;
use crate::pce::probe::{Question, Sampled};
use crate::pce::traffic::{ServiceFilter, TrafficQuery};
use crate::pce::{Client, ClientOptions, ErrorKind, PceError, RealPace, ca_setting};
use crate::run::names::{Wanted, bearers, missing_labels, missing_lists, missing_workloads};
use crate::run::offered::remark;
use crate::run::sources::FlowReader;
use crate::settings::fetch_secret;
use crate::sources::HEALTH;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A certificate that ends sooner wants attention.
const SOON: Duration = Duration::from_secs(14 * 86_400);
/// Clocks may differ by this much before it is said.
const SKEW: i64 = 60;
/// How far back the first sample reaches.
const SHORT: Duration = Duration::from_secs(30 * 60);
/// How far back the second one reaches, for records of the same service.
const LONG: Duration = Duration::from_secs(24 * 3_600);
/// Rows of a sample.
const ROWS: u64 = 2_000;
/// VENs report every ten minutes; more than this is late.
const LATE: Duration = Duration::from_secs(45 * 60);

/// Looks at everything about the PCE. Returns how long a small traffic query took.
pub(super) fn examine(
    subject: &Subject<'_>,
    config: &Config,
    settings: &PceSettings,
    now: Timestamp,
    findings: &mut Findings,
) -> Option<Duration> {
    (subject.progress)(&tr!("testing the connection to the PCE"));
    if !way(subject, settings, now, findings) {
        findings.skip("pce.credentials", &tr!("credentials"), &tr!("the PCE cannot be reached"));
        return None;
    }
    let (Ok(key), Ok(secret)) = (fetch_secret(&settings.api_key), fetch_secret(&settings.api_secret)) else {
        findings.skip("pce.credentials", &tr!("credentials"), &tr!("they could not be read"));
        return None;
    };
    let options = ClientOptions {
        now,
        deadline: Instant::now() + subject.timeout.saturating_mul(6),
        stop: Arc::clone(&subject.interrupt.stop),
        record: None,
        pace: Arc::new(RealPace),
    };
    let quick = PceSettings {
        request_timeout: settings.request_timeout.min(subject.timeout),
        query_timeout: settings.query_timeout.min(subject.timeout.saturating_mul(6)),
        ..settings.clone()
    };
    let client = match Client::new(&quick, key, secret, options) {
        Ok(client) => client,
        Err(error) => {
            findings.fail("pce.credentials", &tr!("credentials"), error.to_string(), &tr!("see [pce] in the config"));
            return None;
        }
    };
    subject.interrupt.cleans_with(client.cleaner());
    (subject.progress)(&tr!("testing the credentials"));
    let may_ask = credentials(&client, subject.timeout, settings, findings);
    clock(&client, findings);
    if !may_ask {
        return None;
    }
    permissions(&client, subject.timeout, config, findings);
    (subject.progress)(&tr!("checking the names in the rules"));
    names_of_rules(&client, config, findings);
    let here = now.checked_add(client.clock_skew().unwrap_or_default()).unwrap_or(now);
    (subject.progress)(&tr!("querying a little traffic"));
    traffic(&client, config, here, findings)
}

/// Name, connection, certificate.
fn way(subject: &Subject<'_>, settings: &PceSettings, now: Timestamp, findings: &mut Findings) -> bool {
    let url = &settings.url;
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(443);
    let proxy = reach::proxy_of(url, settings.proxy.as_deref(), crate::pce::is_loopback(url));
    let (first, first_port) = proxy.clone().unwrap_or_else(|| (host.to_owned(), port));
    let whose = if proxy.is_some() { tr!("the proxy's name") } else { tr!("the PCE's name") };
    let addresses = match reach::resolve(&first, first_port, subject.timeout) {
        Ok(addresses) => {
            let list: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
            findings.ok("pce.name", &whose, tr!("{host} resolves to {addresses}", host = first, addresses = list.join(", ")));
            addresses
        }
        Err(error) => {
            findings.fail("pce.name", &whose, error, &tr!("check url and proxy in [pce], and name resolution (/etc/resolv.conf, VPN)"));
            return false;
        }
    };
    let stream = match reach::connect(&addresses, subject.timeout) {
        Ok(stream) => {
            findings.ok("pce.connection", &tr!("connection"), tr!("{host}:{port} accepts connections", host = first, port = first_port));
            stream
        }
        Err(error) => {
            findings.fail("pce.connection", &tr!("connection"), error, &tr!("check port and proxy in [pce], routes and firewalls"));
            return false;
        }
    };
    let what = &tr!("certificate");
    if proxy.is_some() {
        findings.skip("pce.certificate", what, &tr!("behind a proxy it is checked with the first request"));
        return true;
    }
    if url.scheme() != "https" {
        findings.skip("pce.certificate", what, &tr!("plain http to this machine itself"));
        return true;
    }
    match reach::shake_hands(stream, host, &ca_setting(), settings.ca_file.as_deref(), subject.timeout) {
        Err(error) => {
            findings.fail("pce.certificate", what, error, &tr!("check url in [pce], and ca_file if it is set: this port may not use TLS"));
            false
        }
        Ok(shown) => {
            let until = shown.not_after.map_or_else(String::new, |at| tr!(", valid until {at}", at = format!("{at:.0}")));
            let issuer = if shown.issuer.is_empty() { tr!("an unknown issuer") } else { shown.issuer };
            let told = tr!("signed by {issuer}{until}", issuer, until);
            match shown.trusted {
                Err(refused) if !settings.insecure_skip_verify => {
                    let by = settings.ca_file.as_ref().map_or(tr!("the CAs of this system"), |path| path.display().to_string());
                    let told = tr!("not trusted by {by} ({why}); {told}", by, why = refused.why, told);
                    findings.fail("pce.certificate", what, told, &refused.advice);
                    return false;
                }
                Err(_) => findings.warn(
                    "pce.certificate",
                    what,
                    tr!("not checked; {told}", told),
                    &tr!("set ca_file to its CA and remove insecure_skip_verify"),
                ),
                Ok(()) if shown.not_after.is_some_and(|at| at < after(now, SOON)) => {
                    findings.warn("pce.certificate", what, told, &tr!("renew it at the PCE before it expires"));
                }
                Ok(()) => findings.ok("pce.certificate", what, told),
            }
            true
        }
    }
}

/// Whether the key is taken, and the organisation is one it may look at.
fn credentials(client: &Client, limit: Duration, settings: &PceSettings, findings: &mut Findings) -> bool {
    match client.once(Question::Version, limit) {
        Ok(version) => {
            let name = version
                .get("long_display")
                .or(version.get("version"))
                .and_then(serde_json::Value::as_str)
                .map_or_else(|| tr!("unknown"), str::to_owned);
            findings.ok("pce.credentials", &tr!("credentials"), tr!("the PCE accepts the API key"));
            findings.ok("pce.version", &tr!("PCE version"), name);
        }
        Err(error) if error.kind == ErrorKind::Unauthorized => {
            let advice = &tr!("check api_key and api_secret in [pce]; the key may have been deleted or have expired");
            findings.fail("pce.credentials", &tr!("credentials"), error.message, advice);
            return false;
        }
        Err(error) => {
            // Some PCEs keep their version to themselves; what follows decides.
            let fatal = matches!(error.kind, ErrorKind::Unreachable | ErrorKind::Network | ErrorKind::Timeout | ErrorKind::BadAnswer);
            if fatal {
                findings.fail(
                    "pce.credentials",
                    &tr!("credentials"),
                    error.message,
                    error.hint.as_deref().unwrap_or(&tr!("check url in [pce]")),
                );
                return false;
            }
            findings.warn("pce.version", &tr!("PCE version"), error.message, &tr!("only for information"));
        }
    }
    let what = &tr!("organisation");
    match client.once(Question::Labels, limit) {
        Ok(_) => {
            findings.ok("pce.org", what, tr!("org {id} lets the key read", id = settings.org_id));
            true
        }
        Err(error) => {
            let advice = &tr!(
                "check org_id in [pce] (it is in the URL of the console), the roles of the key, and the addresses it may be used from"
            );
            findings.fail("pce.org", what, format!("org {}: {}", settings.org_id, error.message), advice);
            false
        }
    }
}

fn clock(client: &Client, findings: &mut Findings) {
    let what = &tr!("clock");
    let Some(skew) = client.clock_skew() else { return };
    let much = span(skew.unsigned_abs());
    let detail = if skew.is_negative() { tr!("the PCE's is {much} behind", much) } else { tr!("the PCE's is {much} ahead", much) };
    if skew.as_secs().abs() > SKEW {
        findings.warn("pce.clock", what, detail, &tr!("synchronise both clocks (NTP); windows follow the PCE's meanwhile"));
    } else {
        findings.ok("pce.clock", what, detail);
    }
}

/// Events, workloads and health. A PCE that does not tell of its health is no fault of the key.
fn permissions(client: &Client, limit: Duration, config: &Config, findings: &mut Findings) {
    match client.once(Question::Events, limit) {
        Ok(_) => findings.ok("pce.events", &tr!("events"), tr!("may be read")),
        Err(error) => findings.fail(
            "pce.events",
            &tr!("events"),
            error.message,
            &tr!("give the key a role that may read events, or disable the rules on events"),
        ),
    }
    let needed = config.rules.iter().any(|rule| rule.enabled && rule.source == crate::sources::VENS);
    match client.once(Question::Workloads, limit) {
        Ok(_) => findings.ok("pce.workloads", &tr!("workloads"), tr!("may be read")),
        Err(error) if needed => {
            findings.fail(
                "pce.workloads",
                &tr!("workloads"),
                error.message,
                &tr!("give the key a role that may read workloads, or disable the rules on vens"),
            );
        }
        Err(_) => findings.skip("pce.workloads", &tr!("workloads"), &tr!("may not be read, and no rule needs them")),
    }
    match client.once(Question::Health, limit) {
        Ok(_) => findings.ok("pce.health", &tr!("health"), tr!("may be read")),
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Forbidden) => {
            let why = tr!("not offered by this PCE (SaaS ones do not), or not to this key");
            let advice = remark(HEALTH, config.rules.iter().filter(|rule| rule.enabled));
            findings.add("pce.health", &tr!("health"), Verdict::Skipped, why, advice.as_deref());
        }
        Err(error) => {
            findings.fail("pce.health", &tr!("health"), error.message, &tr!("check the PCE itself, or disable the rules on health"))
        }
    }
}

/// Labels, IP lists and workloads that rules name and nothing at the PCE bears.
fn names_of_rules(client: &Client, config: &Config, findings: &mut Findings) {
    let what = &tr!("names in rules");
    let wanted = Wanted::of(config.rules.iter().filter(|rule| rule.enabled));
    let advice = &tr!("the rule can never match; write the name as the PCE does (it is case-sensitive), or remove it");
    let (mut missing, mut silent) = (Vec::new(), Vec::new());
    if wanted.has_labels() {
        match client.all_labels() {
            Ok(labels) => missing.extend(missing_labels(&wanted, &labels, &|label| bearers(client, label))),
            Err(error) => silent.push(error.message),
        }
    }
    if wanted.has_lists() {
        match client.all_ip_lists() {
            Ok(lists) => missing.extend(missing_lists(&wanted, &lists)),
            Err(error) => silent.push(error.message),
        }
    }
    match missing_workloads(&wanted, client) {
        Ok(names) => missing.extend(names),
        Err(error) => silent.push(error.message),
    }
    for text in &missing {
        findings.warn("pce.names", what, text.clone(), advice);
    }
    for why in &silent {
        findings.skip("pce.names", what, why);
    }
    if missing.is_empty() && silent.is_empty() {
        findings.ok("pce.names", what, tr!("all names in the rules exist"));
    }
}

/// What is remembered of a record: the totals by identity, and one service to ask for again.
#[derive(Default)]
struct Totals {
    rows: BTreeMap<(u64, i128, String), [u64; 3]>,
    newest: Option<Timestamp>,
    /// The record that began first: the longer a record lives, the more there is to clip.
    oldest: Option<(Timestamp, i16, Option<u16>)>,
}

impl FlowSink for Totals {
    fn flow(&mut self, flow: &Flow<'_>) {
        let (Some(first), Some(last)) = (flow.first, flow.last) else { return };
        let identity = format!("{}|{}|{}|{}|{}", flow.direction.name(), flow.process, flow.user, flow.state, flow.network);
        let totals = [flow.connections, flow.bytes_in, flow.bytes_out];
        self.rows.insert((flow_key(flow), first.as_nanosecond(), identity), totals);
        self.newest = self.newest.max(Some(last));
        if flow.proto >= 0 && self.oldest.is_none_or(|(oldest, ..)| first < oldest) {
            self.oldest = Some((first, flow.proto, flow.port));
        }
    }
}

fn sample(client: &Client, from: Timestamp, to: Timestamp, services: Vec<ServiceFilter>) -> Result<(Totals, Sampled), PceError> {
    let mut totals = Totals::default();
    let plan = Plan::new([&Filter { all: Vec::new(), none: Vec::new() }]);
    let mut endpoints = Endpoints::new(plan.marker());
    let query = TrafficQuery { from, to, decisions: Vec::new(), services, max_results: ROWS };
    let sampled = client.sample(&query, &mut FlowReader::new(&mut totals, &mut endpoints))?;
    Ok((totals, sampled))
}

fn traffic(client: &Client, config: &Config, now: Timestamp, findings: &mut Findings) -> Option<Duration> {
    let from = before(now, SHORT);
    let (short, sampled) = match sample(client, from, now, Vec::new()) {
        Ok(answer) => answer,
        Err(error) => {
            let advice =
                &tr!("give the key a role that may view traffic; in a Supercluster, use the URL of the leader: members accept no queries");
            findings.fail("pce.traffic", &tr!("traffic queries"), error.message, advice);
            return None;
        }
    };
    let count = |number: u64| quantity(number as f64, Unit::Values);
    let detail = tr!(
        "{records} in {span}, {seconds} s; the query was deleted",
        records = counted::records(sampled.matches.unwrap_or(0)),
        span = span(SHORT),
        seconds = format!("{:.1}", sampled.took.as_secs_f64())
    );
    match (sampled.matches, sampled.flows) {
        (Some(matches), Some(flows)) if flows < matches && flows < ROWS => findings.warn(
            "pce.traffic",
            &tr!("traffic queries"),
            tr!("{detail}; only {shown} of them are shown to this key", detail, shown = count(flows)),
            &tr!("the scope of the key (RBAC) hides the rest: values are lower bounds, and the source is partial"),
        ),
        _ => findings.ok("pce.traffic", &tr!("traffic queries"), detail),
    }
    lag(&short, now, findings);
    totals(client, config, &short, from, now, findings);
    Some(sampled.took)
}

fn lag(short: &Totals, now: Timestamp, findings: &mut Findings) {
    let what = &tr!("age of the newest flow");
    let Some(newest) = short.newest else {
        findings.skip("pce.lag", what, &tr!("no flow in the last half hour"));
        return;
    };
    let lag = since(now, newest);
    if lag > LATE {
        findings.warn(
            "pce.lag",
            what,
            span(lag),
            &tr!("flows arrive late: check the PCE's traffic database, and set lookback in [traffic] to more than this"),
        );
    } else {
        findings.ok("pce.lag", what, tr!("{lag}; VENs report about every ten minutes", lag = span(lag)));
    }
}

/// Whether a record's totals depend on the span that is asked for: the same records are asked for with a longer one.
fn totals(client: &Client, config: &Config, short: &Totals, from: Timestamp, now: Timestamp, findings: &mut Findings) {
    let what = &tr!("kind of totals");
    let cannot_tell = &tr!("not known: no record started before the span and came twice");
    let Some((_, proto, port)) = short.oldest.filter(|(first, ..)| *first < from) else {
        findings.skip("pce.totals", what, cannot_tell);
        return;
    };
    let service = ServiceFilter { from_port: port, to_port: None, proto: Some(proto) };
    let long = match sample(client, before(now, LONG), now, vec![service]) {
        Ok((long, _)) => long,
        Err(error) => {
            findings.skip("pce.totals", what, &error.message);
            return;
        }
    };
    let begin = from.as_nanosecond();
    // Between the two questions a record may have grown, never shrunk.
    let both = short.rows.iter().filter(|((_, first, _), _)| *first < begin).filter_map(|(key, small)| Some((small, long.rows.get(key)?)));
    let (mut same, mut less) = (0u64, 0u64);
    for (small, large) in both {
        let much_less = small.iter().zip(large).any(|(small, large)| *small < large - large / 20);
        if much_less { less += 1 } else { same += 1 }
    }
    let delta = config.traffic.accounting == Accounting::Delta;
    let name = config.traffic.accounting.name();
    match (same, less) {
        (0, 0) => findings.skip("pce.totals", what, cannot_tell),
        _ if same >= less && delta => findings.ok(
            "pce.totals",
            what,
            tr!(
                "totals of whole days, whatever the span ({same} records compared); accounting = \"{name}\" counts their increases",
                same,
                name
            ),
        ),
        _ if same >= less => findings.warn(
            "pce.totals",
            what,
            tr!(
                "totals of whole days, whatever the span ({same} records compared), but accounting = \"{name}\" adds them up unchanged",
                same,
                name
            ),
            &tr!("set accounting = \"delta\" in [traffic]: a window then counts what arrived in it"),
        ),
        _ if delta => findings.warn(
            "pce.totals",
            what,
            tr!("clipped to the queried span ({less} records compared), but accounting = \"{name}\" expects totals of days", less, name),
            &tr!("set accounting = \"as_reported\" in [traffic] for this PCE"),
        ),
        _ => findings.ok(
            "pce.totals",
            what,
            tr!("clipped to the queried span ({less} records compared), as accounting = \"{name}\" expects", less, name),
        ),
    }
}
