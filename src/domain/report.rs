//! Everything one run learned, as a value. Renderers read it; nothing is decided after it exists.

use super::alert::{Contributor, Group, PceIdentity};
use super::estimate::Estimate;
use super::fault::Fault;
use super::source::SourceKind;
use super::threshold::{Severity, Thresholds};
use super::unit::Unit;
use jiff::Timestamp;
use std::time::Duration;

/// The verdict of a run or of a rule as the monitoring world numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// 0
    Ok,
    /// 1
    Warning,
    /// 2
    Critical,
    /// 3
    Unknown,
}

impl Status {
    /// The process exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Status::Ok => 0,
            Status::Warning => 1,
            Status::Critical => 2,
            Status::Unknown => 3,
        }
    }

    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Critical => "critical",
            Status::Unknown => "unknown",
        }
    }
}

/// How the traffic numbers were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Accounting {
    /// Increases since the previous look.
    Delta,
    /// The plain sum of what the PCE sent.
    AsReported,
}

impl Accounting {
    /// The name in the config and in every output.
    pub fn name(self) -> &'static str {
        match self {
            Accounting::Delta => "delta",
            Accounting::AsReported => "as_reported",
        }
    }
}

/// The run itself.
#[derive(Debug, Clone)]
pub struct RunInfo {
    /// Unique id of this run.
    pub id: String,
    /// Start.
    pub started_at: Timestamp,
    /// End.
    pub finished_at: Timestamp,
    /// Real time it took.
    pub duration: Duration,
    /// Base URL, or empty when everything came from files.
    pub pce: String,
    /// Organisation; `None` without a `[pce]`.
    pub org_id: Option<u64>,
    /// What a state without a PCE is called; empty: nothing.
    pub site: String,
    /// Whether nothing was written or sent.
    pub dry_run: bool,
}

impl RunInfo {
    /// Which PCE it asked.
    pub fn identity(&self) -> PceIdentity {
        PceIdentity { url: self.pce.clone(), org_id: self.org_id.unwrap_or_default(), site: self.site.clone() }
    }
}

/// Whether a source was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceStatus {
    /// Read whole.
    Ok,
    /// Read, but something is missing.
    Partial,
    /// Not read.
    Failed,
    /// The PCE does not offer it (health on SaaS).
    Unavailable,
}

impl SourceStatus {
    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            SourceStatus::Ok => "ok",
            SourceStatus::Partial => "partial",
            SourceStatus::Failed => "failed",
            SourceStatus::Unavailable => "unavailable",
        }
    }

    /// The word for people.
    pub fn localized(self) -> String {
        match self {
            SourceStatus::Ok => tr!("ok"),
            SourceStatus::Partial => tr!("partial"),
            SourceStatus::Failed => tr!("failed"),
            SourceStatus::Unavailable => tr!("unavailable"),
        }
    }
}

/// What one source gave.
#[derive(Debug, Clone)]
pub struct SourceReport {
    /// Which source.
    pub source: SourceKind,
    /// The target it was read from; empty: the run itself.
    pub target: String,
    /// The kinds of record that it could tell, one bit each.
    pub kinds: u32,
    /// Whether it was read.
    pub status: SourceStatus,
    /// Records read.
    pub records: u64,
    /// Records that could not be understood.
    pub unreadable: u64,
    /// Queries it took.
    pub queries: u32,
    /// Bytes received (as sent, so compressed if it was).
    pub bytes: u64,
    /// Span asked for.
    pub from: Option<Timestamp>,
    /// End of the span asked for.
    pub to: Option<Timestamp>,
    /// Who failed, and what went wrong or is missing.
    pub error: Option<Fault>,
    /// Of flows: the decisions, by number, of which rows are missing; none of them: of any.
    pub short: [bool; 4],
    /// Of a stream: up to here everything was read.
    pub whole_until: Option<Timestamp>,
}

impl SourceReport {
    /// Of a source of which nothing was read so far.
    pub fn blank(source: SourceKind) -> SourceReport {
        SourceReport {
            source,
            target: source.target_type().to_owned(),
            kinds: u32::MAX,
            status: SourceStatus::Failed,
            records: 0,
            unreadable: 0,
            queries: 0,
            bytes: 0,
            from: None,
            to: None,
            error: None,
            short: [false; 4],
            whole_until: None,
        }
    }

    /// Of a source that was not read, for this reason.
    pub fn failed(source: SourceKind, fault: Fault) -> SourceReport {
        SourceReport { error: Some(fault), ..SourceReport::blank(source) }
    }

    /// What went wrong or is missing, for people.
    pub fn trouble(&self) -> Option<&str> {
        self.error.as_ref().map(|fault| fault.message.as_str())
    }

    /// Read, at least in part.
    pub fn is_read(&self) -> bool {
        matches!(self.status, SourceStatus::Ok | SourceStatus::Partial)
    }

    /// The same where more turned out to be missing.
    #[must_use]
    pub fn lacking(self, fault: Fault) -> SourceReport {
        let status = if self.status == SourceStatus::Ok { SourceStatus::Partial } else { self.status };
        SourceReport { status, error: Fault::together(self.error.into_iter().chain([fault])), ..self }
    }
}

/// State of a rule or of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleState {
    /// Below its thresholds.
    Ok,
    /// Above, but not yet for long enough.
    Pending,
    /// Above.
    Firing,
    /// Cannot be said.
    Unknown,
    /// Switched off.
    Disabled,
    /// Recorded answers were given, and none of its source.
    NotJudged,
}

impl RuleState {
    /// All of them.
    pub const ALL: [RuleState; 5] = [RuleState::Ok, RuleState::Pending, RuleState::Firing, RuleState::Unknown, RuleState::Disabled];

    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            RuleState::Ok => "ok",
            RuleState::Pending => "pending",
            RuleState::Firing => "firing",
            RuleState::Unknown => "unknown",
            RuleState::Disabled => "disabled",
            RuleState::NotJudged => "not_judged",
        }
    }

    /// The word for people.
    pub fn localized(self) -> String {
        match self {
            RuleState::Ok => tr!("ok"),
            RuleState::Pending => tr!("pending"),
            RuleState::Firing => tr!("firing"),
            RuleState::Unknown => tr!("unknown"),
            RuleState::Disabled => tr!("disabled"),
            RuleState::NotJudged => tr!("not judged"),
        }
    }
}

/// Why a firing instance was not told in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suppression {
    /// Told recently.
    Cooldown,
    /// Silenced by a person.
    Silence,
    /// Another alert explains it.
    Inhibited,
}

impl Suppression {
    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            Suppression::Cooldown => "cooldown",
            Suppression::Silence => "silence",
            Suppression::Inhibited => "inhibited",
        }
    }

    /// The word for people.
    pub fn localized(self) -> String {
        match self {
            Suppression::Cooldown => tr!("cooldown"),
            Suppression::Silence => tr!("silence"),
            Suppression::Inhibited => tr!("inhibited"),
        }
    }
}

/// One group of a rule that is not ok.
#[derive(Debug, Clone)]
pub struct InstanceReport {
    /// Identity.
    pub fingerprint: String,
    /// Which group.
    pub group: Group,
    /// Its state.
    pub state: RuleState,
    /// How bad; `None` when not known.
    pub severity: Option<Severity>,
    /// Its value; `None` when nothing was measured.
    pub value: Option<f64>,
    /// The most the value may be; `None`: nobody knows how much.
    pub value_max: Option<f64>,
    /// Whether the true value may be higher.
    pub lower_bound: bool,
    /// The threshold it crossed; a multiple of what is usual says what that was.
    pub threshold: String,
    /// Since when it is in this state.
    pub since: Option<Timestamp>,
    /// Whether a notification was made in this run or before.
    pub notified: bool,
    /// Why nothing was told now.
    pub suppressed_by: Option<Suppression>,
    /// Which silence, maintenance window or alert that is, for people.
    pub suppressed_reason: Option<String>,
    /// Whether it started firing in this run.
    pub is_new: bool,
    /// The instance's largest contributors.
    pub top: Vec<Contributor>,
}

impl InstanceReport {
    /// Whether somebody or something decided that it is told to nobody. It does not count for the verdict then.
    pub fn is_muted(&self) -> bool {
        matches!(self.suppressed_by, Some(Suppression::Silence | Suppression::Inhibited))
    }
}

/// What one rule found.
#[derive(Debug, Clone)]
pub struct RuleReport {
    /// Rule name.
    pub name: String,
    /// Its source.
    pub source: SourceKind,
    /// Its metric, as written.
    pub metric: String,
    /// Unit of its value.
    pub unit: Unit,
    /// Its window; `None` for a snapshot.
    pub window: Option<Duration>,
    /// State of its worst instance.
    pub state: RuleState,
    /// Severity of its worst instance.
    pub severity: Option<Severity>,
    /// Value of its worst instance; `None` when nothing could be measured.
    pub value: Option<f64>,
    /// The most the value may be; `None`: nobody knows how much.
    pub value_max: Option<f64>,
    /// Whether the true value may be higher.
    pub lower_bound: bool,
    /// Start of what the value covers.
    pub covers_from: Option<Timestamp>,
    /// End of what the value covers.
    pub covers_to: Option<Timestamp>,
    /// How traffic was counted; `None` for other sources.
    pub accounting: Option<Accounting>,
    /// The threshold that was crossed, or the mildest one.
    pub threshold: String,
    /// All its thresholds. The number of a relative one is a multiple of what is usual and no limit of the value;
    /// a rule that follows the PCE's own status has none.
    pub thresholds: Thresholds,
    /// Groups seen (1 without `group_by`).
    pub groups: u64,
    /// Records that matched in this run.
    pub matched: u64,
    /// Instances that are not ok, worst first.
    pub instances: Vec<InstanceReport>,
    /// Largest contributors.
    pub top: Vec<Contributor>,
    /// Why it cannot be said, for people.
    pub error: Option<String>,
    /// A remark for people that is no error (learning, shorter span).
    pub note: Option<String>,
    /// Line of the rule in the config.
    pub line: usize,
}

impl RuleReport {
    /// The interval that holds its value.
    pub fn estimate(&self) -> Estimate {
        Estimate::written(self.value, self.lower_bound, self.value_max)
    }
}

impl InstanceReport {
    /// The interval that holds its value.
    pub fn estimate(&self) -> Estimate {
        Estimate::written(self.value, self.lower_bound, self.value_max)
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryStatus {
    /// The channel took it.
    Sent,
    /// To be tried again by a later run.
    Queued,
    /// Given up.
    Failed,
    /// Only shown.
    DryRun,
}

impl DeliveryStatus {
    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            DeliveryStatus::Sent => "sent",
            DeliveryStatus::Queued => "queued",
            DeliveryStatus::Failed => "failed",
            DeliveryStatus::DryRun => "dry_run",
        }
    }

    /// The word for people.
    pub fn localized(self) -> String {
        match self {
            DeliveryStatus::Sent => tr!("sent"),
            DeliveryStatus::Queued => tr!("queued"),
            DeliveryStatus::Failed => tr!("failed"),
            DeliveryStatus::DryRun => tr!("dry-run"),
        }
    }
}

/// One message to one channel in this run.
#[derive(Debug, Clone)]
pub struct DeliveryReport {
    /// Channel name.
    pub channel: String,
    /// What became of it.
    pub status: DeliveryStatus,
    /// Alerts in it.
    pub alerts: usize,
    /// Attempts so far, over all runs.
    pub attempts: u32,
    /// What went wrong, without secrets.
    pub error: Option<String>,
    /// Where each recipient is taken or refused by itself: what became of them.
    pub recipients: Vec<RecipientReport>,
    /// In a dry run: exactly what would be sent, secrets hidden.
    pub preview: Option<String>,
    /// In a dry run: what the message is about, on one line.
    pub headline: Option<String>,
}

/// One of those who get a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientReport {
    /// The address in the config.
    pub recipient: String,
    /// What became of the message there; `failed` is for good.
    pub status: DeliveryStatus,
    /// What the service said, without secrets.
    pub error: Option<String>,
}

/// Messages to one channel that no run has delivered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Channel name.
    pub channel: String,
    /// Messages that will be tried again.
    pub waiting: usize,
    /// Messages that were given up.
    pub given_up: usize,
    /// When the oldest that waits was made.
    pub oldest: Option<Timestamp>,
}

/// What stands beside the rules when a run ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Every enabled channel, by name.
    pub outbox: Vec<Waiting>,
    /// Silences in force.
    pub silences: usize,
}

/// Everything one run learned.
#[derive(Debug, Clone)]
pub struct Report {
    /// The run.
    pub run: RunInfo,
    /// The verdict.
    pub status: Status,
    /// The exit code that follows from it and from `--fail-on`.
    pub exit_code: u8,
    /// Sources, in fixed order.
    pub sources: Vec<SourceReport>,
    /// Rules, in the order of the config.
    pub rules: Vec<RuleReport>,
    /// Messages.
    pub deliveries: Vec<DeliveryReport>,
    /// What the reader must know beyond that (clock skew, a plain-text secret, a state that was begun anew).
    pub warnings: Vec<String>,
    /// Whether something keeps the run from being complete although its sources are: a state that cannot be written, a
    /// memory that was lost, a deadline that came. A warning says what.
    pub incomplete: bool,
    /// Outbox and silences; `None`: the run did not get that far.
    pub standing: Option<Standing>,
}
