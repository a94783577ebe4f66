//! What a test expected against what came, and how that is shown.

use crate::config::cases::{Expect, Wanted};
use crate::domain::alert::{Group, Reason};
use crate::domain::report::RuleState;
use crate::domain::text::visible;
use crate::domain::threshold::Severity;
use crate::lang::for_machines;
use crate::run::simulate::Simulated;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// How one test went.
pub struct Outcome {
    /// Its file.
    pub file: PathBuf,
    /// What it shows.
    pub name: String,
    /// Its line.
    pub line: usize,
    /// How many steps it has.
    pub steps: usize,
    /// What was not as expected; none: it passed.
    pub faults: Vec<Fault>,
    /// How long it took.
    pub took: Duration,
}

/// What was not as expected in one step.
pub struct Fault {
    step: usize,
    line: usize,
    /// `firing`, `pending`, `sent` ...
    what: &'static str,
    /// Lines that begin with `-` (expected and not there) or `+` (there and not expected).
    lines: Vec<String>,
}

/// The values of a group, by field.
type Values = BTreeMap<String, Option<String>>;

/// Something that came: an instance, or an alert that was told.
struct Found {
    rule: String,
    group: Values,
    severity: Option<Severity>,
    value: Option<f64>,
    channel: Option<String>,
    reason: Option<Reason>,
}

/// Compares a step with what was expected of it; exactly, where something was.
pub fn compare(rehearsed: &Simulated, expect: &Expect, step: usize, line: usize) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut add = |what: &'static str, lines: Vec<String>| {
        if !lines.is_empty() {
            faults.push(Fault { step, line, what, lines });
        }
    };
    let report = &rehearsed.report;
    let instances = |state: RuleState| -> Vec<Found> {
        let of = |rule: &crate::domain::report::RuleReport| {
            let name = rule.name.clone();
            let own = rule.instances.iter().filter(|instance| instance.state == state);
            own.map(|instance| Found {
                rule: name.clone(),
                group: map(&instance.group),
                severity: instance.severity,
                value: instance.value,
                channel: None,
                reason: None,
            })
            .collect::<Vec<_>>()
        };
        report.rules.iter().flat_map(of).collect()
    };
    if let Some(wanted) = &expect.firing {
        add("firing", differ(wanted, instances(RuleState::Firing)));
    }
    if let Some(wanted) = &expect.pending {
        add("pending", differ(wanted, instances(RuleState::Pending)));
    }
    if let Some(wanted) = &expect.sent {
        let told = rehearsed.told.iter().flat_map(|notification| notification.alerts.iter().map(|alert| (&notification.channel, alert)));
        let found = told.map(|(channel, alert)| Found {
            rule: alert.rule.clone(),
            group: map(&alert.group),
            severity: Some(alert.severity),
            value: alert.value,
            channel: Some(channel.clone()),
            reason: Some(alert.reason),
        });
        add("sent", differ(wanted, found.collect()));
    }
    for wanted in &expect.values {
        let rule = report.rules.iter().find(|rule| rule.name == wanted.rule);
        let found = Found {
            rule: wanted.rule.clone(),
            group: wanted.group.clone(),
            severity: None,
            value: rule.and_then(|rule| rule.value),
            channel: None,
            reason: None,
        };
        add("values", differ(std::slice::from_ref(wanted), vec![found]));
    }
    if let Some(code) = expect.exit_code
        && code != i64::from(report.exit_code)
    {
        add("exit_code", vec![format!("- {code}"), format!("+ {}", report.exit_code)]);
    }
    faults
}

fn map(group: &Group) -> BTreeMap<String, Option<String>> {
    group.iter().cloned().collect()
}

fn differ(wanted: &[Wanted], found: Vec<Found>) -> Vec<String> {
    let mut missing = Vec::new();
    // By rule and group, which have to be the same: each is compared with those that it could be, not with all.
    let mut places: BTreeMap<(&str, &Values), Vec<usize>> = BTreeMap::new();
    for (place, found) in found.iter().enumerate() {
        places.entry((&found.rule, &found.group)).or_default().push(place);
    }
    let mut met = BTreeSet::new();
    for wanted in wanted {
        let own = places.get_mut(&(wanted.rule.as_str(), &wanted.group));
        let own = own.and_then(|own| Some(own.remove(own.iter().position(|place| meets(wanted, &found[*place]))?)));
        match own {
            Some(place) => drop(met.insert(place)),
            None => missing.push(wanted),
        }
    }
    let left = found.iter().enumerate().filter(|(place, _)| !met.contains(place)).map(|(_, found)| found);
    let mut lines: Vec<String> = missing
        .iter()
        .map(|wanted| {
            let Wanted { rule, group, severity, value, channel, reason, line } = (*wanted).clone();
            format!("- {}  (line {line})", describe(&Found { rule, group, severity, value, channel, reason }))
        })
        .collect();
    lines.extend(left.map(|found| format!("+ {}", describe(found))));
    lines
}

/// Whether something of the same rule and group is what was wanted.
fn meets(wanted: &Wanted, found: &Found) -> bool {
    let same = |wanted: f64, found: Option<f64>| found.is_some_and(|found| (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0));
    wanted.severity.is_none_or(|severity| Some(severity) == found.severity)
        && wanted.value.is_none_or(|value| same(value, found.value))
        && wanted.channel.as_ref().is_none_or(|channel| Some(channel) == found.channel.as_ref())
        && wanted.reason.is_none_or(|reason| Some(reason) == found.reason)
}

fn describe(found: &Found) -> String {
    let mut text = format!("rule \"{}\"", visible(&found.rule));
    for (key, value) in &found.group {
        text.push_str(&format!(" {key}={}", visible(value.as_deref().unwrap_or("-"))));
    }
    let mut more = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            text.push_str(&format!(", {name} {value}"));
        }
    };
    more("severity", found.severity.map(|severity| severity.to_string()));
    more("value", found.value.map(|value| value.to_string()));
    more("channel", found.channel.as_deref().map(visible));
    more("reason", found.reason.map(|reason| reason.name().to_owned()));
    text
}

type Format = fn(&[Outcome]) -> String;

/// The formats that tests are shown in.
const FORMATS: [(&str, Format); 4] = [
    ("table", text),
    ("json", |outcomes| for_machines(|| json_text(outcomes))),
    ("junit", |outcomes| for_machines(|| junit(outcomes))),
    ("tap", |outcomes| for_machines(|| tap(outcomes))),
];

/// Finds a format.
pub fn format(name: Option<&str>) -> Result<Format, String> {
    let name = name.unwrap_or("table");
    FORMATS.iter().find(|(have, _)| *have == name).map(|(_, format)| *format).ok_or_else(|| {
        let names = FORMATS.map(|(name, _)| name);
        tr!("tests cannot be shown as '{name}'; {hint}", name, hint = crate::settings::reader::did_you_mean(name, &names))
    })
}

fn place(outcome: &Outcome) -> String {
    format!("{}:{}", visible(&outcome.file.display().to_string()), outcome.line)
}

fn faults(outcome: &Outcome, indent: &str) -> String {
    let one = |fault: &Fault| {
        let lines: String = fault.lines.iter().map(|line| format!("{indent}  {line}\n")).collect();
        let head = tr!("step {step} (line {line}), {what}: - expected, + found", step = fault.step, line = fault.line, what = fault.what);
        format!("{indent}{head}\n{lines}")
    };
    outcome.faults.iter().map(one).collect()
}

fn text(outcomes: &[Outcome]) -> String {
    let mut out = String::new();
    for outcome in outcomes {
        let mark = if outcome.faults.is_empty() { "ok  " } else { "FAIL" };
        out.push_str(&format!("{mark} {}  {}\n{}", place(outcome), visible(&outcome.name), faults(outcome, "       ")));
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.faults.is_empty()).count();
    out.push_str(&tr!("{passed} passed, {failed} failed", passed = outcomes.len() - failed, failed));
    out.push('\n');
    out
}

fn json_text(outcomes: &[Outcome]) -> String {
    let fault = |fault: &Fault| json!({ "step": fault.step, "line": fault.line, "what": fault.what, "difference": fault.lines });
    let one = |outcome: &Outcome| {
        json!({
            "file": outcome.file.display().to_string(),
            "line": outcome.line,
            "name": outcome.name,
            "passed": outcome.faults.is_empty(),
            "steps": outcome.steps,
            "faults": outcome.faults.iter().map(fault).collect::<Vec<_>>(),
        })
    };
    let failed = outcomes.iter().filter(|outcome| !outcome.faults.is_empty()).count();
    let whole = json!({ "schema": "pcemon.test/1", "passed": outcomes.len() - failed, "failed": failed, "tests": outcomes.iter().map(one).collect::<Vec<_>>() });
    format!("{whole:#}\n")
}

fn junit(outcomes: &[Outcome]) -> String {
    let mut report = Report::new("pcemon test");
    let mut suites: BTreeMap<String, TestSuite> = BTreeMap::new();
    for outcome in outcomes {
        let file = outcome.file.display().to_string();
        let mut status = TestCaseStatus::success();
        if !outcome.faults.is_empty() {
            status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(tr!("not as expected, see {place}", place = place(outcome))).set_description(faults(outcome, ""));
        }
        let mut case = TestCase::new(visible(&outcome.name), status);
        case.set_classname(visible(&file)).set_time(outcome.took);
        suites.entry(file.clone()).or_insert_with(|| TestSuite::new(visible(&file))).add_test_case(case);
    }
    report.add_test_suites(suites.into_values());
    report.to_string().unwrap_or_default()
}

fn tap(outcomes: &[Outcome]) -> String {
    let mut out = format!("TAP version 13\n1..{}\n", outcomes.len());
    for (number, outcome) in (1..).zip(outcomes) {
        let mark = if outcome.faults.is_empty() { "ok" } else { "not ok" };
        out.push_str(&format!("{mark} {number} - {}\n", visible(&outcome.name).replace('#', "\\#")));
        out.extend(faults(outcome, "").lines().map(|line| format!("# {line}\n")));
    }
    out
}
