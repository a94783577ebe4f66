//! From what was found to the exit code. The precedence table lives here and nowhere else.

use crate::domain::report::{DeliveryStatus, InstanceReport, Report, RuleState, SourceStatus, Status};
use crate::domain::threshold::Severity;

/// What makes the exit code differ from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// Nothing.
    Never,
    /// Only critical.
    Critical,
    /// Warning and critical, not unknown.
    Warning,
    /// Everything that is not ok (the default).
    Unknown,
    /// Unknown, and instances that began to fire in this run.
    New,
}

/// The verdict of a run: critical over warning over unknown over ok; with `strict` unknown over warning.
pub fn status(report: &Report, strict: bool) -> Status {
    worst(report, strict, |_| true)
}

/// The exit code, as `--fail-on` narrows it.
pub fn exit_code(report: &Report, strict: bool, fail_on: FailOn) -> u8 {
    let status = match fail_on {
        FailOn::New => worst(report, strict, |instance| instance.is_new),
        _ => status(report, strict),
    };
    let counts = match fail_on {
        FailOn::Never => false,
        FailOn::Critical => status == Status::Critical,
        FailOn::Warning => matches!(status, Status::Critical | Status::Warning),
        FailOn::Unknown | FailOn::New => true,
    };
    if counts { status.exit_code() } else { 0 }
}

fn worst(report: &Report, strict: bool, counts: impl Fn(&InstanceReport) -> bool) -> Status {
    let firing = |severity: Severity| {
        report.rules.iter().flat_map(|rule| &rule.instances).any(|instance| {
            instance.state == RuleState::Firing && instance.severity == Some(severity) && !instance.is_muted() && counts(instance)
        })
    };
    let unknown = report.incomplete
        || report.sources.iter().any(|source| matches!(source.status, SourceStatus::Failed | SourceStatus::Partial))
        || report
            .rules
            .iter()
            .any(|rule| rule.state == RuleState::Unknown || rule.instances.iter().any(|instance| instance.state == RuleState::Unknown))
        || report.deliveries.iter().any(|delivery| matches!(delivery.status, DeliveryStatus::Queued | DeliveryStatus::Failed));
    if firing(Severity::Critical) {
        Status::Critical
    } else if unknown && strict {
        Status::Unknown
    } else if firing(Severity::Warning) {
        Status::Warning
    } else if unknown {
        Status::Unknown
    } else {
        Status::Ok
    }
}
