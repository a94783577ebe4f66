//! `pcemon explain --last`: what the latest runs found, out of the state; nobody is asked.

use super::words::group;
use crate::cli::{ExplainArgs, Global};
use crate::commands::common::{Exit, Failure, UNKNOWN, state_path, style};
use crate::config::Config;
use crate::domain::alert::Notification;
use crate::domain::report::RuleState;
use crate::domain::rule::Rule;
use crate::domain::text::visible;
use crate::domain::threshold;
use crate::judge::recent::Stretch;
use crate::judge::transition::{Instance, Stage};
use crate::render::{Style, clock, talker, value_of_what};
use crate::run::output;
use crate::state::{State, Store};
use jiff::Timestamp;
use serde_json::{Value, json};

const SCHEMA: &str = "pcemon.explain_last/1";
/// Alerts of a rule that a person is shown.
const MOST_ALERTS: usize = 10;

/// What is told, and as of when.
struct Account<'a> {
    state: &'a State,
    /// When the latest run looked.
    looked: Timestamp,
    /// The time that is asked about; `None`: the latest run.
    at: Option<Timestamp>,
    style: &'a Style,
}

/// Runs it for one rule, or for all that are not ok.
pub fn run(global: &Global, args: &ExplainArgs, config: &Config, chosen: Option<usize>, as_json: bool) -> Exit {
    let path = state_path(global, Some(config))?;
    let state = Store::read_only(&path).read()?;
    let Some((state, looked)) = state.and_then(|state| state.last_run.as_ref().map(|run| run.at).map(|at| (state, at))) else {
        return Err(Failure(tr!("there is no state at {path} yet; `pcemon check` writes it", path = path.display())));
    };
    let style = style(global, config);
    let account = Account { state: &state, looked, at: args.at, style: &style };
    let rules: Vec<&Rule> = match chosen {
        Some(place) => vec![&config.rules[place]],
        None => config.rules.iter().filter(|rule| account.is_worth_telling(rule)).collect(),
    };
    let known = rules.iter().all(|rule| account.found(rule).is_some());
    if as_json {
        let list: Vec<Value> = rules.iter().map(|rule| account.machine(rule)).collect();
        let document = json!({ "schema": SCHEMA, "last_run": looked, "at": args.at.unwrap_or(looked), "rules": list });
        output::print(&crate::commands::common::machine_text(document))?;
    } else if rules.is_empty() {
        output::print(&tr!("Every rule was ok in the run of {at}.\n", at = account.clock(looked)))?;
    } else {
        let told: Vec<String> = rules.iter().map(|rule| account.words(rule)).collect();
        output::print(&told.join("\n"))?;
    }
    Ok(if known { 0 } else { UNKNOWN })
}

impl Account<'_> {
    fn clock(&self, at: Timestamp) -> String {
        clock(at, self.looked, &self.style.timezone)
    }

    /// What was found at the time that is asked about.
    fn found(&self, rule: &Rule) -> Option<&Stretch> {
        let at = self.at.unwrap_or(self.looked);
        // Between two runs what the earlier one found is all that is known.
        self.state.recent.of(&rule.name).find(|stretch| stretch.from <= at)
    }

    fn is_worth_telling(&self, rule: &Rule) -> bool {
        rule.enabled && !self.found(rule).is_some_and(|stretch| stretch.state() == Some(RuleState::Ok))
    }

    fn alerts<'s>(&'s self, rule: &'s Rule) -> impl Iterator<Item = &'s Instance> {
        self.state.instances.values().filter(|instance| instance.rule == rule.name)
    }

    fn waiting<'s>(&'s self, rule: &'s Rule) -> impl Iterator<Item = &'s Notification> {
        self.state.outbox.iter().filter(|notification| notification.alerts.iter().any(|alert| alert.rule == rule.name))
    }

    fn words(&self, rule: &Rule) -> String {
        let name = visible(&rule.name);
        let mut out = match (self.found(rule), self.at) {
            (Some(found), None) => {
                tr!(
                    "{name} (line {line}): {state} in the run of {at}",
                    name,
                    line = rule.line,
                    state = state(found),
                    at = self.clock(self.looked)
                )
            }
            (Some(found), Some(at)) => {
                tr!("{name} (line {line}): {state} at {at}", name, line = rule.line, state = state(found), at = self.clock(at))
            }
            (None, None) => tr!("{name} (line {line}): not judged in the latest runs", name, line = rule.line),
            (None, Some(at)) => {
                tr!("{name} (line {line}): the findings of {at} are no longer stored", name, line = rule.line, at = self.clock(at))
            }
        };
        out.push('\n');
        let mut line = |indent: usize, text: String| out.push_str(&format!("{:indent$}{text}\n", ""));
        line(0, tr!("1 What the latest runs found"));
        for stretch in self.state.recent.of(&rule.name) {
            let (from, to) = (self.clock(stretch.from), self.clock(stretch.to));
            let span = if stretch.from == stretch.to { from } else { format!("{from} – {to}") };
            line(4, format!("{span}  {}", self.finding(stretch, rule)));
        }
        line(0, tr!("2 Alerts after the latest run"));
        for instance in self.alerts(rule).take(MOST_ALERTS) {
            line(4, self.alert(instance, rule));
            for top in instance.top.iter().take(3) {
                line(6, tr!("top {talker}", talker = talker(top)));
            }
            for (channel, told) in &instance.told {
                let (channel, at, severity) = (visible(channel), self.clock(told.at), told.severity.localized());
                line(
                    6,
                    tr!(
                        "{channel} was notified at {at}: {severity}, {reminders} reminders since it fires",
                        channel,
                        at,
                        severity,
                        reminders = told.reminders
                    ),
                );
            }
        }
        let more = self.alerts(rule).count().saturating_sub(MOST_ALERTS);
        if more > 0 {
            line(4, tr!("and {count} more", count = more));
        } else if self.alerts(rule).next().is_none() {
            line(4, tr!("none"));
        }
        for notification in self.waiting(rule) {
            line(4, self.notification(notification));
        }
        out
    }

    fn finding(&self, stretch: &Stretch, rule: &Rule) -> String {
        let mut parts = vec![state(stretch)];
        if stretch.value.is_some() {
            parts.push(value_of_what(stretch.estimate(), rule.metric.unit()));
        }
        if !stretch.threshold.is_empty() {
            parts.push(tr!("threshold {threshold}", threshold = visible(&threshold::said(&stretch.threshold))));
        }
        parts.extend(stretch.error.as_deref().map(visible));
        parts.join(", ")
    }

    fn alert(&self, instance: &Instance, rule: &Rule) -> String {
        let stage = match instance.stage {
            Stage::Pending => tr!("pending"),
            Stage::Firing => tr!("firing"),
            Stage::Resolved => tr!("resolved"),
        };
        tr!(
            "{group}: {stage} since {at}, {severity} {threshold}, {value}",
            group = group(&instance.group),
            stage,
            at = self.clock(instance.resolved_at.or(instance.fired_at).unwrap_or(instance.since)),
            severity = instance.severity.localized(),
            threshold = visible(&threshold::said(&instance.threshold)),
            value = value_of_what(instance.estimate(), rule.metric.unit())
        )
    }

    fn notification(&self, notification: &Notification) -> String {
        let channel = visible(&notification.channel);
        let error = notification.last_error.as_deref().map_or_else(String::new, |error| format!(": {}", visible(error)));
        match (notification.given_up, notification.not_before.max(notification.held_until)) {
            (Some(at), _) => tr!("a message to {channel} was given up at {at}{error}", channel, at = self.clock(at), error),
            (None, Some(next)) => {
                tr!("a message to {channel} waits, not before {at}{error}", channel, at = self.clock(next), error)
            }
            (None, None) => tr!("a message to {channel} goes out in the next run{error}", channel, error),
        }
    }

    fn machine(&self, rule: &Rule) -> Value {
        let finding = |stretch: &Stretch| {
            json!({
                "from": stretch.from, "to": stretch.to, "state": stretch.state, "severity": stretch.severity, "value": stretch.value,
                "value_max": stretch.estimate().value_max(), "threshold": stretch.threshold, "error": stretch.error,
            })
        };
        let alert = |instance: &Instance| {
            let group: serde_json::Map<String, Value> = instance.group.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
            let told: serde_json::Map<String, Value> = instance
                .told
                .iter()
                .map(|(channel, told)| (channel.clone(), json!({ "at": told.at, "severity": told.severity, "reminders": told.reminders })))
                .collect();
            json!({
                "group": group, "stage": instance.stage, "severity": instance.severity, "since": instance.since,
                "fired_at": instance.fired_at, "resolved_at": instance.resolved_at, "value": instance.value,
                "value_max": instance.estimate().value_max(), "threshold": instance.threshold, "told": told,
            })
        };
        let notification = |notification: &Notification| {
            json!({
                "id": notification.id, "channel": notification.channel, "attempts": notification.attempts, "given_up": notification.given_up,
                "not_before": notification.not_before.max(notification.held_until), "error": notification.last_error,
            })
        };
        json!({
            "name": rule.name, "line": rule.line, "enabled": rule.enabled, "unit": rule.metric.unit().name(),
            "then": self.found(rule).map(finding),
            "found": self.state.recent.of(&rule.name).map(finding).collect::<Vec<_>>(),
            "alerts": self.alerts(rule).map(alert).collect::<Vec<_>>(),
            "waiting": self.waiting(rule).map(notification).collect::<Vec<_>>(),
        })
    }
}

fn state(stretch: &Stretch) -> String {
    let said = stretch.state().map_or_else(|| visible(&stretch.state), RuleState::localized);
    stretch.severity.map_or(said.clone(), |severity| format!("{said} {}", severity.localized()))
}
