//! One report that has everything a renderer can meet, with names as hostile as a PCE may send them.

use jiff::Timestamp;
use pcemon::domain::alert::{Contributor, Group};
use pcemon::domain::fault::{Fault, Party};
use pcemon::domain::report::{
    Accounting, DeliveryReport, DeliveryStatus, InstanceReport, Report, RuleReport, RuleState, RunInfo, SourceReport, SourceStatus,
    Standing, Status, Suppression, Waiting,
};
use pcemon::domain::source::SourceKind;
use pcemon::domain::threshold::{Severity, Threshold, Thresholds};
use pcemon::domain::unit::Unit;
use pcemon::sources;
use std::time::Duration;

/// Names that break one format each, or more.
pub const HOSTILE: [&str; 9] = [
    "esc\u{1b}[31mred\u{1b}]0;title\u{7}",
    "line\r\n::error::injected\nok 1",
    "rtl\u{202e}txt.exe\u{200b}\u{9b}31m",
    "pipe|and,comma;semi=eq\\back\\n",
    "\"double\" and 'single' `tick`",
    "=cmd|'/c calc'!A1",
    "<script>alert(1)</script>&amp;]]>",
    "資料庫伺服器-東京-01",
    "@everyone #12 **bold** [x](http://evil.example) %0A",
];

/// An instant in words.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn threshold(text: &str, unit: Unit) -> Option<Threshold> {
    Some(Threshold::parse(text, unit).unwrap())
}

/// A talker.
pub fn talker(src: &str, dst: &str, port: Option<u16>, proto: &str, decision: &str, value: f64) -> Contributor {
    Contributor { src: src.to_owned(), dst: dst.to_owned(), port, proto: proto.to_owned(), decision: decision.to_owned(), value }
}

fn group(pairs: &[(&str, Option<&str>)]) -> Group {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned))).collect()
}

/// A firing instance.
pub fn instance(number: usize, group: Group, severity: Severity, value: f64) -> InstanceReport {
    InstanceReport {
        fingerprint: format!("{number:012x}"),
        group,
        state: RuleState::Firing,
        severity: Some(severity),
        value: Some(value),
        value_max: None,
        lower_bound: false,
        threshold: if severity == Severity::Critical { "> 100" } else { "> 10" }.to_owned(),
        since: Some(at("2026-11-20T09:40:00Z")),
        notified: true,
        suppressed_by: None,
        suppressed_reason: None,
        is_new: false,
        top: Vec::new(),
    }
}

/// A calm traffic rule.
pub fn rule(name: &str, line: usize) -> RuleReport {
    RuleReport {
        name: name.to_owned(),
        source: sources::TRAFFIC,
        metric: "connections".to_owned(),
        unit: Unit::Connections,
        window: Some(Duration::from_secs(600)),
        state: RuleState::Ok,
        severity: None,
        value: Some(0.0),
        value_max: None,
        lower_bound: false,
        covers_from: Some(at("2026-11-20T09:50:00Z")),
        covers_to: Some(at("2026-11-20T10:00:00Z")),
        accounting: Some(Accounting::Delta),
        threshold: "> 10".to_owned(),
        thresholds: Thresholds {
            info: None,
            warning: threshold("> 10", Unit::Connections),
            critical: threshold("> 100", Unit::Connections),
        },
        groups: 1,
        matched: 0,
        instances: Vec::new(),
        top: Vec::new(),
        error: None,
        note: None,
        line,
    }
}

fn grouped() -> RuleReport {
    let mut instances: Vec<InstanceReport> = HOSTILE
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let severity = if index < 4 { Severity::Critical } else { Severity::Warning };
            let mut one = instance(index, group(&[("src_workload", Some(name)), ("port", None)]), severity, 1200.0 - 100.0 * index as f64);
            one.top.push(talker(name, HOSTILE[(index + 1) % HOSTILE.len()], Some(3306), "tcp", "blocked", 900.0));
            one
        })
        .collect();
    instances[0].is_new = true;
    instances[1].suppressed_by = Some(Suppression::Cooldown);
    instances[2].suppressed_by = Some(Suppression::Silence);
    instances[3].suppressed_by = Some(Suppression::Inhibited);
    instances[3].notified = false;
    instances[4].lower_bound = true;
    instances[5].since = Some(at("2026-11-18T23:59:59Z"));
    RuleReport {
        state: RuleState::Firing,
        severity: Some(Severity::Critical),
        value: Some(1200.0),
        threshold: "> 100".to_owned(),
        groups: 14,
        matched: 3210,
        top: vec![
            talker(HOSTILE[0], HOSTILE[7], Some(3306), "tcp", "blocked", 900.0),
            talker(HOSTILE[5], "10.0.0.9", None, "icmp", "potentially_blocked", 12.5),
        ],
        instances,
        ..rule("Blocked traffic to databases", 12)
    }
}

fn ungrouped() -> RuleReport {
    let mut only = instance(90, Group::new(), Severity::Warning, 1_234_567_890.5);
    only.suppressed_by = Some(Suppression::Cooldown);
    only.threshold = ">= 1 GB".to_owned();
    only.lower_bound = true;
    RuleReport {
        metric: "bytes".to_owned(),
        unit: Unit::Bytes,
        state: RuleState::Firing,
        severity: Some(Severity::Warning),
        value: Some(1_234_567_890.5),
        value_max: None,
        lower_bound: true,
        covers_from: Some(at("2026-11-20T09:15:00Z")),
        threshold: ">= 1 GB".to_owned(),
        thresholds: Thresholds { info: None, warning: threshold(">= 1 GB", Unit::Bytes), critical: None },
        matched: 40,
        instances: vec![only],
        top: vec![talker("backup-01", "s3.example.com", Some(443), "tcp", "allowed", 1e9)],
        note: Some("the last look was 45 minutes ago, so the value covers more than the window".to_owned()),
        ..rule("Exfiltration: volume to the internet", 30)
    }
}

fn pending() -> RuleReport {
    let mut only = instance(91, Group::new(), Severity::Critical, 0.0);
    only.state = RuleState::Pending;
    only.threshold = "< 1".to_owned();
    only.notified = false;
    RuleReport {
        state: RuleState::Pending,
        severity: Some(Severity::Critical),
        threshold: "< 1".to_owned(),
        thresholds: Thresholds { info: None, warning: None, critical: threshold("< 1", Unit::Connections) },
        instances: vec![only],
        ..rule("Heartbeat of the payment service", 44)
    }
}

fn unknown() -> RuleReport {
    RuleReport {
        source: sources::EVENTS,
        metric: "count".to_owned(),
        unit: Unit::Events,
        state: RuleState::Unknown,
        value: None,
        covers_from: None,
        covers_to: None,
        accounting: None,
        threshold: ">= 5".to_owned(),
        thresholds: Thresholds { info: None, warning: None, critical: threshold(">= 5", Unit::Events) },
        groups: 0,
        error: Some("the events could not be read: 503 Service Unavailable\u{1b}[2J from pce.example.com, asked 3 times".to_owned()),
        ..rule("Login failures", 58)
    }
}

fn informing() -> RuleReport {
    let mut only = instance(92, group(&[("actor", Some("alice@example.com")), ("type", Some("sec_policy.create"))]), Severity::Info, 1.0);
    only.threshold = ">= 1".to_owned();
    only.top.push(talker("alice@example.com", "sec_policy.create", None, "", "success", 1.0));
    RuleReport {
        source: sources::EVENTS,
        metric: "count".to_owned(),
        unit: Unit::Events,
        state: RuleState::Firing,
        severity: Some(Severity::Info),
        value: Some(1.0),
        accounting: None,
        threshold: ">= 1".to_owned(),
        thresholds: Thresholds { info: threshold(">= 1", Unit::Events), warning: None, critical: None },
        matched: 1,
        top: only.top.clone(),
        instances: vec![only],
        ..rule("Policy was changed", 70)
    }
}

fn health() -> RuleReport {
    RuleReport {
        source: sources::HEALTH,
        metric: "disk".to_owned(),
        unit: Unit::Ratio,
        window: None,
        value: Some(0.615),
        covers_from: None,
        covers_to: None,
        accounting: None,
        threshold: ">= 90 %".to_owned(),
        thresholds: Thresholds { info: None, warning: threshold(">= 80 %", Unit::Ratio), critical: threshold(">= 90 %", Unit::Ratio) },
        ..rule("PCE disk", 82)
    }
}

fn disabled() -> RuleReport {
    RuleReport { state: RuleState::Disabled, value: None, covers_from: None, covers_to: None, ..rule("Port scan (tuning)", 90) }
}

fn source(source: SourceKind, status: SourceStatus, records: u64, error: Option<&str>) -> SourceReport {
    SourceReport {
        source,
        target: source.target_type().to_owned(),
        kinds: u32::MAX,
        status,
        records,
        unreadable: 0,
        queries: 1,
        bytes: records * 82,
        from: Some(at("2026-11-20T09:20:00Z")),
        to: Some(at("2026-11-20T10:00:00Z")),
        error: error.map(|text| Fault::of(Party::Target, text)),
        short: [false; 4],
        whole_until: None,
    }
}

fn delivery(channel: &str, status: DeliveryStatus, attempts: u32, error: Option<&str>) -> DeliveryReport {
    DeliveryReport {
        channel: channel.to_owned(),
        status,
        alerts: 2,
        attempts,
        error: error.map(str::to_owned),
        recipients: Vec::new(),
        preview: None,
        headline: None,
    }
}

/// Everything at once.
pub fn rich() -> Report {
    let mut traffic =
        source(sources::TRAFFIC, SourceStatus::Partial, 200_000, Some("200,000 of 214,003 flows: the PCE's limit, also after splitting"));
    traffic.queries = 7;
    traffic.unreadable = 3;
    let mut health_source = source(sources::HEALTH, SourceStatus::Ok, 1, None);
    health_source.from = None;
    health_source.to = None;
    let mut preview = delivery("chat", DeliveryStatus::DryRun, 0, None);
    preview.preview = Some("POST https://chat.example.com/[hidden]\n{\"text\":\"web\u{1b}[31m-01\"}".to_owned());
    Report {
        run: RunInfo {
            site: String::new(),
            id: "0193497c-0000-7000-8000-000000000001".to_owned(),
            started_at: at("2026-11-20T10:00:00Z"),
            finished_at: at("2026-11-20T10:00:01.234Z"),
            duration: Duration::from_millis(1234),
            pce: "https://pce.example.com:8443".to_owned(),
            org_id: Some(1),
            dry_run: false,
        },
        status: Status::Critical,
        exit_code: 2,
        sources: vec![
            traffic,
            source(sources::EVENTS, SourceStatus::Failed, 0, Some("503 Service Unavailable\u{1b}[2J | asked 3 times")),
            health_source,
        ],
        rules: vec![
            rule("Allowed to the crown jewels", 5),
            grouped(),
            ungrouped(),
            pending(),
            unknown(),
            informing(),
            health(),
            disabled(),
        ],
        deliveries: vec![
            delivery("soc", DeliveryStatus::Sent, 1, None),
            delivery("pager", DeliveryStatus::Queued, 2, Some("connection refused\r\nby pager.example.com")),
            delivery("mail", DeliveryStatus::Failed, 9, Some("550 no such user <soc@example.com>")),
            preview,
        ],
        warnings: vec![
            "the PCE's clock is 95 seconds ahead of this machine's".to_owned(),
            "[pce] api_secret is written in the config".to_owned(),
        ],
        incomplete: false,
        standing: Some(Standing {
            outbox: vec![
                Waiting { channel: "pager".to_owned(), waiting: 2, given_up: 0, oldest: Some(at("2026-11-20T09:50:00Z")) },
                Waiting { channel: HOSTILE[4].to_owned(), waiting: 0, given_up: 1, oldest: None },
            ],
            silences: 1,
        }),
    }
}

/// A run in which all is well.
pub fn calm() -> Report {
    let mut report = rich();
    report.status = Status::Ok;
    report.exit_code = 0;
    report.rules = vec![rule("Allowed to the crown jewels", 5), health()];
    report.sources.remove(1);
    report.sources[0].status = SourceStatus::Ok;
    report.sources[0].error = None;
    report.sources[0].unreadable = 0;
    report.deliveries.clear();
    report.warnings.clear();
    report
}
