//! `junit`: XML for CI servers. A suite per source and one for deliveries, a test case per rule.

use super::Style;
use super::words::{self, Badness, Unique};
use crate::domain::report::{DeliveryReport, DeliveryStatus, Report, RuleReport, SourceReport};
use crate::domain::text::{visible, without_orders};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

/// Instances told per rule.
const INSTANCES: usize = 50;

/// The whole report.
pub fn render(report: &Report, style: &Style) -> String {
    let mut xml = quick_junit::Report::new("pcemon");
    xml.set_time(report.run.duration);
    for kind in crate::sources::SOURCES {
        let source = report.sources.iter().find(|source| source.source == kind);
        let rules: Vec<&RuleReport> = report.rules.iter().filter(|rule| rule.source == kind).collect();
        if source.is_none() && rules.is_empty() {
            continue;
        }
        let mut suite = suite(report, kind.name());
        if let Some(accounting) = rules.iter().find_map(|rule| rule.accounting) {
            suite.add_property(("accounting", accounting.name()));
        }
        let mut names = Unique::new();
        if let Some(source) = source {
            let name = names.name(&format!("source {}", kind.name()), usize::MAX);
            suite.add_test_case(case(&name, kind.name(), source_status(source)));
        }
        for rule in rules {
            let name = names.name(&visible(&rule.name), usize::MAX);
            let mut case = case(&name, kind.name(), rule_status(rule));
            case.set_system_out(format!(
                "{}
{}:{}",
                words::sentence(rule),
                visible(&style.config_path),
                rule.line
            ));
            suite.add_test_case(case);
        }
        xml.add_test_suite(suite);
    }
    if !report.deliveries.is_empty() {
        let mut suite = suite(report, "deliveries");
        let mut names = Unique::new();
        for delivery in &report.deliveries {
            let name = names.name(&format!("delivery to {}", visible(&delivery.channel)), usize::MAX);
            suite.add_test_case(case(&name, "deliveries", delivery_status(delivery)));
        }
        xml.add_test_suite(suite);
    }
    // Writing to memory cannot fail; should it ever, a CI server must see a failure and not an empty, green report.
    let text =
        xml.to_string().unwrap_or_else(|error| format!("<error>{}</error>\n", quick_junit::XmlString::new(error.to_string()).as_str()));
    // As `visible` writes it: not every reader of this format knows character references.
    without_orders(&text, "\\u{23}", true).into_owned()
}

fn suite(report: &Report, name: &str) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.extra.insert("timestamp".into(), report.run.started_at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string().into());
    suite.add_property(("pce", visible(&report.run.pce).as_str()));
    if let Some(org) = report.run.org_id {
        suite.add_property(("org", org.to_string().as_str()));
    }
    if let Some(place) = report.run.identity().place() {
        suite.extra.insert("hostname".into(), visible(&place).into());
    }
    suite
}

fn case(name: &str, class: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(format!("pcemon.{class}"));
    case
}

fn failed(kind: NonSuccessKind, word: &str, message: String, description: Vec<String>) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(word).set_message(message);
    if !description.is_empty() {
        status.set_description(description.join("\n"));
    }
    status
}

fn rule_status(rule: &RuleReport) -> TestCaseStatus {
    let badness = Badness::of_rule(rule);
    match badness {
        Badness::Critical | Badness::Warning => {
            let told = rule.instances.iter().take(INSTANCES).map(|instance| words::instance_sentence(rule, instance));
            failed(NonSuccessKind::Failure, badness.word(), words::sentence(rule), told.collect())
        }
        Badness::Unknown => failed(NonSuccessKind::Error, badness.word(), words::sentence(rule), Vec::new()),
        Badness::Disabled | Badness::NotJudged => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(badness.word());
            status
        }
        Badness::Info | Badness::Muted | Badness::Pending | Badness::Ok => TestCaseStatus::success(),
    }
}

fn source_status(source: &SourceReport) -> TestCaseStatus {
    match words::source_trouble(source) {
        None => TestCaseStatus::success(),
        Some(trouble) => failed(NonSuccessKind::Error, source.status.name(), trouble, Vec::new()),
    }
}

fn delivery_status(delivery: &DeliveryReport) -> TestCaseStatus {
    match delivery.status {
        DeliveryStatus::Sent => TestCaseStatus::success(),
        DeliveryStatus::DryRun => {
            let mut status = TestCaseStatus::skipped();
            status.set_message("dry run");
            status
        }
        DeliveryStatus::Queued | DeliveryStatus::Failed => {
            let error = visible(delivery.error.as_deref().unwrap_or("no reason given"));
            failed(NonSuccessKind::Error, delivery.status.name(), error, Vec::new())
        }
    }
}
