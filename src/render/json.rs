//! `json`: the documented, versioned shape, apart from the domain so that one can change without the other.

use super::Style;
use crate::domain::alert::{Contributor, Group, PceIdentity, group_serde};
use crate::domain::report::{DeliveryReport, InstanceReport, Report, RuleReport, RunInfo, SourceReport};
use crate::domain::text::{is_hostile, without_orders};
use crate::domain::time::format_duration;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// Changes when a key changes its meaning, not when one is added.
pub const SCHEMA: &str = "pcemon.check/1";

/// The whole report.
pub fn render(report: &Report, _: &Style) -> String {
    let pce = report.run.identity();
    let wire = Check {
        schema: SCHEMA,
        run: Run::of(&report.run),
        status: report.status.name(),
        exit_code: report.exit_code,
        sources: report.sources.iter().map(Source::of).collect(),
        rules: report.rules.iter().map(|rule| Rule::of(rule, &pce)).collect(),
        deliveries: report.deliveries.iter().map(Delivery::of).collect(),
        warnings: &report.warnings,
    };
    let mut out = to_text(serde_json::to_string_pretty(&wire));
    out.push('\n');
    out
}

/// JSON text in which even the characters that JSON allows raw but a terminal obeys are escaped.
pub fn to_text(json: serde_json::Result<String>) -> String {
    // Plain structs with text keys cannot fail; an empty object would be a lie, so the error is shown if they ever do.
    let json = json.unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string());
    // Nor do logs of CI jobs find orders in it.
    let json = without_orders(&json, "\\u0023", true);
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // Outside of strings serde_json writes nothing hostile but line ends.
        if c == '\n' || !is_hostile(c) {
            out.push(c);
        } else {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

#[derive(Serialize)]
struct Check<'a> {
    schema: &'static str,
    run: Run<'a>,
    status: &'static str,
    exit_code: u8,
    sources: Vec<Source<'a>>,
    rules: Vec<Rule<'a>>,
    deliveries: Vec<Delivery<'a>>,
    warnings: &'a [String],
}

/// The run.
#[derive(Serialize)]
pub struct Run<'a> {
    id: &'a str,
    started_at: Timestamp,
    finished_at: Timestamp,
    duration_ms: u64,
    version: &'static str,
    pce: &'a str,
    org_id: Option<u64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    site: &'a str,
    dry_run: bool,
}

impl<'a> Run<'a> {
    /// From the domain.
    pub fn of(run: &'a RunInfo) -> Self {
        Run {
            id: &run.id,
            started_at: run.started_at,
            finished_at: run.finished_at,
            duration_ms: u64::try_from(run.duration.as_millis()).unwrap_or(u64::MAX),
            version: env!("CARGO_PKG_VERSION"),
            pce: &run.pce,
            org_id: run.org_id,
            site: &run.site,
            dry_run: run.dry_run,
        }
    }
}

/// A source.
#[derive(Serialize)]
pub struct Source<'a> {
    source: &'static str,
    target: &'a str,
    status: &'static str,
    records: u64,
    unreadable: u64,
    queries: u32,
    bytes: u64,
    partial: bool,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    error: Option<&'a str>,
    /// Who failed, where there is an error.
    party: Option<&'static str>,
}

impl<'a> Source<'a> {
    /// From the domain.
    pub fn of(source: &'a SourceReport) -> Self {
        Source {
            source: source.source.name(),
            target: &source.target,
            status: source.status.name(),
            records: source.records,
            unreadable: source.unreadable,
            queries: source.queries,
            bytes: source.bytes,
            partial: source.status == crate::domain::report::SourceStatus::Partial,
            from: source.from,
            to: source.to,
            error: source.trouble(),
            party: source.error.as_ref().map(|fault| fault.party.name()),
        }
    }
}

/// A rule with its instances.
#[derive(Serialize)]
pub struct Rule<'a> {
    name: &'a str,
    source: &'static str,
    metric: &'a str,
    window: Option<String>,
    state: &'static str,
    severity: Option<&'static str>,
    value: Option<Number>,
    value_max: Option<Number>,
    unit: &'static str,
    lower_bound: bool,
    covers_from: Option<Timestamp>,
    covers_to: Option<Timestamp>,
    accounting: Option<&'static str>,
    threshold: &'a str,
    groups: u64,
    matched: u64,
    instances: Vec<Instance<'a>>,
    top: Vec<Top<'a>>,
    error: Option<&'a str>,
    note: Option<&'a str>,
}

impl<'a> Rule<'a> {
    /// From the domain.
    pub fn of(rule: &'a RuleReport, pce: &PceIdentity) -> Self {
        Rule {
            name: &rule.name,
            source: rule.source.name(),
            metric: &rule.metric,
            window: rule.window.map(format_duration),
            state: rule.state.name(),
            severity: rule.severity.map(|severity| severity.name()),
            value: rule.value.map(Number),
            value_max: rule.estimate().value_max().map(Number),
            unit: rule.unit.name(),
            lower_bound: rule.lower_bound,
            covers_from: rule.covers_from,
            covers_to: rule.covers_to,
            accounting: rule.accounting.map(|accounting| accounting.name()),
            threshold: &rule.threshold,
            groups: rule.groups,
            matched: rule.matched,
            instances: rule.instances.iter().map(|instance| Instance::of(instance, pce)).collect(),
            top: rule.top.iter().map(Top::of).collect(),
            error: rule.error.as_deref(),
            note: rule.note.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Instance<'a> {
    fingerprint: &'a str,
    key: String,
    #[serde(with = "group_serde")]
    group: &'a Group,
    state: &'static str,
    severity: Option<&'static str>,
    value: Option<Number>,
    value_max: Option<Number>,
    lower_bound: bool,
    since: Option<Timestamp>,
    notified: bool,
    suppressed_by: Option<&'static str>,
    suppressed_reason: Option<&'a str>,
    is_new: bool,
    top: Vec<Top<'a>>,
}

impl<'a> Instance<'a> {
    fn of(instance: &'a InstanceReport, pce: &PceIdentity) -> Self {
        Instance {
            fingerprint: &instance.fingerprint,
            key: pce.key(&instance.fingerprint),
            group: &instance.group,
            state: instance.state.name(),
            severity: instance.severity.map(|severity| severity.name()),
            value: instance.value.map(Number),
            value_max: instance.estimate().value_max().map(Number),
            lower_bound: instance.lower_bound,
            since: instance.since,
            notified: instance.notified,
            suppressed_by: instance.suppressed_by.map(|suppression| suppression.name()),
            suppressed_reason: instance.suppressed_reason.as_deref(),
            is_new: instance.is_new,
            top: instance.top.iter().map(Top::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Top<'a> {
    src: &'a str,
    dst: &'a str,
    port: Option<u16>,
    proto: &'a str,
    decision: &'a str,
    value: Number,
}

impl<'a> Top<'a> {
    fn of(talker: &'a Contributor) -> Self {
        Top {
            src: &talker.src,
            dst: &talker.dst,
            port: talker.port,
            proto: &talker.proto,
            decision: &talker.decision,
            value: Number(talker.value),
        }
    }
}

/// What became of a message.
#[derive(Serialize)]
pub struct Delivery<'a> {
    channel: &'a str,
    status: &'static str,
    alerts: usize,
    attempts: u32,
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recipients: Vec<Recipient<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<&'a str>,
}

/// What became of it at one of those it is for.
#[derive(Serialize)]
struct Recipient<'a> {
    recipient: &'a str,
    status: &'static str,
    error: Option<&'a str>,
}

impl<'a> Delivery<'a> {
    /// From the domain.
    pub fn of(delivery: &'a DeliveryReport) -> Self {
        Delivery {
            channel: &delivery.channel,
            status: delivery.status.name(),
            alerts: delivery.alerts,
            attempts: delivery.attempts,
            error: delivery.error.as_deref(),
            recipients: delivery
                .recipients
                .iter()
                .map(|one| Recipient { recipient: &one.recipient, status: one.status.name(), error: one.error.as_deref() })
                .collect(),
            preview: delivery.preview.as_deref(),
        }
    }
}

/// A number in base units: whole ones without a fraction, what is no number as `null`.
pub(super) struct Number(pub(super) f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Above 2^53 not every whole number exists as f64, so nothing is gained by writing digits.
        if self.0.fract() == 0.0 && self.0.abs() <= 9_007_199_254_740_992.0 {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}
