//! How the rules stand, as the previous check left them.

use super::model::{Moment, Named, Pair, Rule, Rules, Service, Standing};
use crate::domain;
use crate::domain::alert::Contributor;
use crate::domain::text::visible;
use crate::domain::threshold::Severity;
use crate::judge::transition::Instances;
use crate::judge::transition::{Instance, Stage};
use jiff::Timestamp;

/// Reads the config's rules and the state's instances together.
pub fn standing(rules: &[domain::rule::Rule], instances: &Instances, judged_at: Option<Timestamp>) -> Rules {
    let mut list: Vec<Rule> = rules.iter().map(|rule| one(rule, instances)).collect();
    list.sort_by_key(|rule| rule.state);
    Rules { judged_at, rules: list, history: Vec::new() }
}

fn one(rule: &domain::rule::Rule, instances: &Instances) -> Rule {
    let own = |stage: Stage| instances.values().filter(move |instance| instance.rule == rule.name && instance.stage == stage);
    let worst = |stage: Stage| {
        own(stage).max_by(|a, b| a.severity.cmp(&b.severity).then(a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0))))
    };
    let shown: Option<&Instance> = worst(Stage::Firing).or_else(|| worst(Stage::Pending)).filter(|_| rule.enabled);
    let state = match shown {
        _ if !rule.enabled => Standing::Disabled,
        None => Standing::Ok,
        Some(instance) => match (instance.stage, instance.severity) {
            (Stage::Firing, Severity::Critical) => Standing::Critical,
            (Stage::Firing, Severity::Warning) => Standing::Warning,
            (Stage::Firing, Severity::Info) => Standing::Info,
            (Stage::Pending | Stage::Resolved, _) => Standing::Pending,
        },
    };
    let thresholds: Vec<String> = rule.thresholds.worst_first().map(|(severity, threshold)| format!("{severity} {threshold}")).collect();
    Rule {
        name: visible(&rule.name),
        state,
        thresholds: thresholds.join(", "),
        value: shown.and_then(|instance| instance.value),
        unit: rule.unit(),
        since: shown.map(|instance| instance.fired_at.unwrap_or(instance.since)),
        firing: if rule.enabled { own(Stage::Firing).count() as u64 } else { 0 },
        pending: if rule.enabled { own(Stage::Pending).count() as u64 } else { 0 },
        top: shown.and_then(|instance| instance.top.first()).map(talker),
    }
}

fn talker(talker: &Contributor) -> String {
    let service = Service { port: talker.port, proto: visible(&talker.proto) };
    Pair { src: visible(&talker.src), dst: visible(&talker.dst), service }.line()
}

/// The rules that are not ok, to be remembered.
pub fn moment(rules: &Rules, at: Timestamp) -> Moment {
    let standing = rules.rules.iter().filter(|rule| !matches!(rule.state, Standing::Ok | Standing::Disabled));
    Moment { at, rules: standing.map(|rule| (rule.name.clone(), rule.state)).collect() }
}
