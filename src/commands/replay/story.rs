//! What a replay tells: a timeline, counts for each rule, and the values that were seen.

use crate::config::Config;
use crate::domain::alert::{Group, Reason};
use crate::domain::report::RuleState;
use crate::domain::rule::Rule;
use crate::domain::text::{quantity, visible};
use crate::domain::threshold::{Op, Severity};
use crate::domain::time::{format_duration, since};
use crate::lang::in_english;
use crate::run::simulate::Simulated;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Most lines of the timeline that a person is shown.
const MOST_SHOWN: usize = 200;

/// One thing that a channel would have been told.
#[derive(Debug, Clone, PartialEq)]
struct Moment {
    at: Timestamp,
    rule: String,
    group: Group,
    severity: Severity,
    reason: Reason,
    value: Option<f64>,
    channels: BTreeSet<String>,
}

/// What became of one rule.
#[derive(Debug, Default)]
struct Course {
    runs: u64,
    fired: u64,
    unknown: u64,
    firing_for: Duration,
    /// Its value in each run, where it was known exactly.
    values: Vec<f64>,
    /// Instances that fire now, by fingerprint.
    live: BTreeSet<String>,
}

/// Everything that happened.
#[derive(Debug, Default)]
pub struct Story {
    moments: Vec<Moment>,
    courses: BTreeMap<String, Course>,
    messages: BTreeMap<String, u64>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    runs: u64,
    /// What the reader has to know of the input.
    pub notes: Vec<String>,
}

impl Story {
    /// Adds one run.
    pub fn add(&mut self, now: Timestamp, rehearsed: &Simulated) {
        let passed = self.last.map_or(Duration::ZERO, |last| since(now, last));
        self.first.get_or_insert(now);
        self.last = Some(now);
        self.runs += 1;
        for rule in &rehearsed.report.rules {
            let course = self.courses.entry(rule.name.clone()).or_default();
            course.runs += 1;
            // A rule that fires goes on to, with the value it had, when its source cannot be read.
            let unsaid = rule.state == RuleState::Unknown || rule.error.is_some();
            course.unknown += u64::from(unsaid);
            if !course.live.is_empty() {
                course.firing_for += passed;
            }
            let live: BTreeSet<String> = rule
                .instances
                .iter()
                .filter(|instance| instance.state == RuleState::Firing)
                .map(|instance| instance.fingerprint.clone())
                .collect();
            course.fired += live.difference(&course.live).count() as u64;
            course.live = live;
            course.values.extend(rule.value.filter(|_| !rule.lower_bound && !unsaid));
        }
        for notification in &rehearsed.told {
            *self.messages.entry(notification.channel.clone()).or_default() += 1;
            for alert in &notification.alerts {
                let moment = Moment {
                    at: now,
                    rule: alert.rule.clone(),
                    group: alert.group.clone(),
                    severity: alert.severity,
                    reason: alert.reason,
                    value: alert.value,
                    channels: BTreeSet::new(),
                };
                let same = |have: &&mut Moment| {
                    have.at == now && have.rule == moment.rule && have.group == moment.group && have.reason == moment.reason
                };
                let known = self.moments.iter_mut().rev().take_while(|have| have.at == now).find(same);
                match known {
                    Some(known) => drop(known.channels.insert(notification.channel.clone())),
                    None => self.moments.push(Moment { channels: BTreeSet::from([notification.channel.clone()]), ..moment }),
                }
            }
        }
    }
}

type Form = fn(&Story, &Config) -> String;
const FORMS: [(&str, Form); 2] = [("table", text), ("json", json_text)];

/// Finds a format.
pub fn form(name: Option<&str>) -> Result<Form, String> {
    let name = name.unwrap_or("table");
    FORMS.iter().find(|(have, _)| *have == name).map(|(_, form)| *form).ok_or_else(|| {
        let names = FORMS.map(|(name, _)| name);
        tr!("a replay cannot be shown as '{name}'; {hint}", name, hint = crate::settings::reader::did_you_mean(name, &names))
    })
}

/// The value below which this share of the sorted values lies (nearest rank).
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank.min(sorted.len()).checked_sub(1)?).copied()
}

/// A threshold that would have been crossed in about one run of a hundred.
fn suggestion(rule: &Rule, sorted: &[f64]) -> Option<(Op, f64)> {
    let (_, mildest) = rule.thresholds.worst_first().last()?;
    // Too few runs say nothing about one in a hundred.
    if mildest.relative || sorted.len() < 20 {
        return None;
    }
    match mildest.op {
        Op::Above | Op::AtLeast => Some((Op::Above, percentile(sorted, 0.99)?)),
        Op::Below | Op::AtMost => Some((Op::Below, percentile(sorted, 0.01)?)),
        Op::Equal | Op::Unequal => None,
    }
}

fn group_text(group: &Group) -> String {
    group.iter().map(|(key, value)| format!("{}={}", visible(key), visible(value.as_deref().unwrap_or("-")))).collect::<Vec<_>>().join(" ")
}

fn text(story: &Story, config: &Config) -> String {
    let zone = &config.run.timezone;
    let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let mut out = String::new();
    if let (Some(first), Some(last)) = (story.first, story.last) {
        out.push_str(&tr!("{runs} runs from {first} to {last}", runs = story.runs, first = clock(first), last = clock(last)));
        out.push_str("\n\n");
    }
    let unit = |name: &str| config.rules.iter().find(|rule| rule.name == name).map(Rule::unit);
    let shown = |value: Option<f64>, name: &str| match (value, unit(name)) {
        (Some(value), Some(unit)) => quantity(value, unit),
        _ => "-".to_owned(),
    };
    if story.moments.is_empty() {
        out.push_str(&tr!("No message would have been sent."));
        out.push('\n');
    } else {
        let rows = story.moments.iter().take(MOST_SHOWN).map(|moment| {
            vec![
                clock(moment.at),
                moment.severity.localized(),
                moment.reason.localized(),
                visible(&moment.rule),
                group_text(&moment.group),
                shown(moment.value, &moment.rule),
                moment.channels.iter().map(|channel| visible(channel)).collect::<Vec<_>>().join(" "),
            ]
        });
        let head = [tr!("time"), tr!("severity"), tr!("why"), tr!("rule"), tr!("group"), tr!("value"), tr!("notified")];
        out.push_str(&crate::commands::common::listing(head, rows.collect()));
        if story.moments.len() > MOST_SHOWN {
            out.push_str(&tr!("... and {count} more (-o json has all)", count = story.moments.len() - MOST_SHOWN));
            out.push('\n');
        }
    }
    out.push('\n');
    let rows = config.rules.iter().filter_map(|rule| {
        let course = story.courses.get(&rule.name)?;
        let mut sorted = course.values.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| percentile(&sorted, share).map_or("-".to_owned(), |value| quantity(value, rule.unit()));
        let thresholds = rule.thresholds.worst_first().map(|(_, threshold)| threshold.text.clone()).collect::<Vec<_>>().join(" / ");
        let suggested =
            suggestion(rule, &sorted).map_or("-".to_owned(), |(op, value)| format!("{} {}", op.symbol(), quantity(value, rule.unit())));
        Some(vec![
            visible(&rule.name),
            course.fired.to_string(),
            format_duration(course.firing_for),
            at(0.5),
            at(0.95),
            at(0.99),
            at(1.0),
            if thresholds.is_empty() { "-".to_owned() } else { thresholds },
            suggested,
        ])
    });
    let [p50, p95, p99] = ["p50", "p95", "p99"].map(str::to_owned);
    let head = [tr!("rule"), tr!("fired"), tr!("for"), p50, p95, p99, tr!("largest"), tr!("threshold"), tr!("1 run in 100")];
    out.push_str(&crate::commands::common::listing(head, rows.collect()));
    for (channel, count) in &story.messages {
        out.push_str(&trn!(
            "{channel} would have got {count} message.",
            "{channel} would have got {count} messages.",
            count = *count,
            channel = visible(channel)
        ));
        out.push('\n');
    }
    for note in &story.notes {
        out.push_str(note);
        out.push('\n');
    }
    out
}

fn json_text(story: &Story, config: &Config) -> String {
    let moment = |moment: &Moment| {
        let group: serde_json::Map<String, Value> = moment.group.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        json!({
            "at": moment.at.to_string(), "rule": moment.rule, "group": group, "severity": moment.severity, "reason": moment.reason,
            "value": moment.value, "channels": moment.channels,
        })
    };
    let rule = |rule: &Rule| {
        let course = story.courses.get(&rule.name)?;
        let mut sorted = course.values.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| percentile(&sorted, share);
        Some(json!({
            "name": rule.name, "runs": course.runs, "fired": course.fired, "unknown": course.unknown,
            "firing_seconds": course.firing_for.as_secs(), "unit": rule.unit().name(),
            "values": { "count": sorted.len(), "p50": at(0.5), "p90": at(0.9), "p95": at(0.95), "p99": at(0.99), "max": at(1.0), "min": sorted.first() },
            "suggestion": suggestion(rule, &sorted).map(|(op, value)| json!({ "op": op.symbol(), "value": value })),
        }))
    };
    let whole = json!({
        "schema": "pcemon.replay/1",
        "runs": story.runs,
        "from": story.first.map(|at| at.to_string()),
        "to": story.last.map(|at| at.to_string()),
        "timeline": story.moments.iter().map(moment).collect::<Vec<_>>(),
        "rules": config.rules.iter().filter_map(rule).collect::<Vec<_>>(),
        "messages": story.messages,
        "notes": story.notes.iter().map(|note| in_english(note)).collect::<Vec<_>>(),
    });
    format!("{whole:#}\n")
}
