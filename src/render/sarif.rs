//! `sarif` 2.1.0: findings that point at the rule's line in the config, for code scanning views.

use super::Style;
use super::json::to_text;
use super::words::{self, Badness, Unique};
use crate::domain::alert::PceIdentity;
use crate::domain::report::{DeliveryStatus, InstanceReport, Report, RuleReport, RuleState};
use crate::domain::text::visible;
use serde_json::{Value, json};

/// One run; a result per firing instance and one per rule that cannot be judged.
pub fn render(report: &Report, style: &Style) -> String {
    let pce = report.run.identity();
    let mut ids = Unique::new();
    let rules: Vec<(String, &RuleReport)> = report.rules.iter().map(|rule| (ids.name(&visible(&rule.name), usize::MAX), rule)).collect();
    let descriptors: Vec<Value> = rules.iter().map(|(id, rule)| descriptor(id, rule)).collect();
    let mut results = Vec::new();
    for (index, (id, rule)) in rules.iter().enumerate() {
        let about = Finding { id, index, rule, style, pce: &pce };
        match rule.state {
            RuleState::Unknown => results.push(about.unknown()),
            RuleState::Firing => {
                results.extend(
                    rule.instances.iter().filter(|instance| instance.state == RuleState::Firing).map(|instance| about.firing(instance)),
                );
            }
            RuleState::Ok | RuleState::Pending | RuleState::NotJudged | RuleState::Disabled => {}
        }
    }
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "pcemon", "version": env!("CARGO_PKG_VERSION"), "rules": descriptors } },
            "automationDetails": { "id": category(report) },
            "invocations": [{
                "executionSuccessful": notifications(report).is_empty(),
                "exitCode": report.exit_code,
                "startTimeUtc": report.run.started_at.to_string(),
                "endTimeUtc": report.run.finished_at.to_string(),
                "toolExecutionNotifications": notifications(report),
            }],
            "results": results,
            "properties": { "status": report.status.name(), "verdict": words::verdict(report) },
        }],
    });
    let mut out = to_text(serde_json::to_string_pretty(&log));
    out.push('\n');
    out
}

fn descriptor(id: &str, rule: &RuleReport) -> Value {
    let level = if rule.thresholds.critical.is_some() {
        "error"
    } else if rule.thresholds.warning.is_some() {
        "warning"
    } else {
        "note"
    };
    json!({
        "id": id,
        "shortDescription": { "text": id },
        "help": { "text": format!("{} of {}, threshold {}, window {}", visible(&rule.metric), rule.source, words::or_nothing(&rule.threshold), words::window(rule)) },
        "defaultConfiguration": { "level": level, "enabled": rule.state != RuleState::Disabled },
    })
}

/// What kept the run from seeing or telling everything.
fn notifications(report: &Report) -> Vec<Value> {
    let mut texts: Vec<String> = report.sources.iter().filter_map(words::source_trouble).collect();
    for delivery in report.deliveries.iter().filter(|delivery| matches!(delivery.status, DeliveryStatus::Failed | DeliveryStatus::Queued)) {
        let error = visible(delivery.error.as_deref().unwrap_or("no reason given"));
        texts.push(format!("delivery to {} {}: {error}", visible(&delivery.channel), delivery.status.name()));
    }
    texts.into_iter().map(|text| json!({ "level": "error", "message": { "text": plain(&text) } })).collect()
}

struct Finding<'a> {
    id: &'a str,
    index: usize,
    rule: &'a RuleReport,
    style: &'a Style,
    pce: &'a PceIdentity,
}

impl Finding<'_> {
    fn firing(&self, instance: &InstanceReport) -> Value {
        let level = match Badness::of(instance.state, instance.severity) {
            Badness::Critical => "error",
            Badness::Warning => "warning",
            _ => "note",
        };
        let text = words::instance_sentence(self.rule, instance);
        let mut result = self.result(level, &text, &visible(&instance.fingerprint));
        result["baselineState"] = json!(if instance.is_new { "new" } else { "unchanged" });
        if let Some(suppression) = instance.suppressed_by {
            result["properties"] = json!({ "suppressed_by": suppression.name() });
        }
        if instance.is_muted() {
            let reason = instance.suppressed_reason.as_deref().map_or_else(String::new, visible);
            result["suppressions"] = json!([{ "kind": "external", "justification": reason }]);
        }
        result
    }

    fn unknown(&self) -> Value {
        self.result("warning", &words::sentence(self.rule), "unknown")
    }

    fn result(&self, level: &str, text: &str, fingerprint: &str) -> Value {
        let key = format!("{}:{}", self.id, self.pce.key(fingerprint));
        let hash = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, key.as_bytes()).simple().to_string();
        let mut location = json!({ "artifactLocation": { "uri": uri(&self.style.config_path) } });
        if self.rule.line > 0 {
            location["region"] = json!({ "startLine": self.rule.line });
        }
        json!({
            "ruleId": self.id,
            "ruleIndex": self.index,
            "level": level,
            "message": { "text": plain(&format!("{}: {text}", self.id)) },
            "locations": [{ "physicalLocation": location }],
            // GitHub's code scanning reads `primaryLocationLineHash` and no other ("SARIF support for code scanning"):
            // one value for each group, or all groups of a rule are one finding.
            "partialFingerprints": { "primaryLocationLineHash": format!("{}:1", &hash[..16]), "pcemon/v1": key },
        })
    }
}

/// Text that makes no link: brackets are escaped as the standard has it (3.11.6, "embedded links").
fn plain(text: &str) -> String {
    text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

/// What stands before the last slash is the category to which a later upload is compared: one for each PCE.
fn category(report: &Report) -> String {
    let part = |text: &str| visible(text).replace('/', "_");
    let pce = report.run.identity().place().map(|place| format!("{}:{}/", part(&place), report.run.org_id.unwrap_or_default()));
    format!("pcemon/{}{}", pce.unwrap_or_default(), part(&report.run.id))
}

/// A path as a URI reference: relative ones stay relative to the repository.
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
