//! What is written correctly and still cannot be meant: names of the wrong list, rules that nothing can satisfy.

use super::catalogue::{NOTIFICATION_TYPES, event_types};
use super::thresholds::within_reach;
use crate::domain::condition::{Place, Test};
use crate::domain::field::Field;
use crate::domain::filter::{Pattern, TrafficCondition};
use crate::domain::metric::Metric;
use crate::domain::report::Accounting;
use crate::domain::rule::{Matcher, Rule};
use crate::domain::source::{Agg, Nature, SourceKind};
use crate::domain::time::format_duration;
use crate::settings::reader::{Placed, Reader, nearest};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Looks an event type up. False after an error: the name is one that no event ever has.
pub(super) fn event_type(reader: &Reader<'_>, text: &Placed<String>, pattern: &Pattern) -> bool {
    if event_types().any(|name| pattern.matches(name)) {
        return true;
    }
    if NOTIFICATION_TYPES.iter().any(|name| pattern.matches(name)) {
        let mut hint = tr!("write notification = [\"{text}\"]", text = text.value);
        if text.value == "user.login_failed" {
            hint.push_str(&tr!(", or type = [\"user.sign_in\"] with status = [\"failure\"]"));
        }
        let message = tr!(
            "'{text}' in {name} is not an event type: the PCE sends it only as a notification inside an event",
            text = text.value,
            name = reader.name()
        );
        reader.problems().error(text.span.clone(), message, Some(hint));
        return false;
    }
    let names: Vec<&str> = event_types().chain(NOTIFICATION_TYPES.iter().copied()).collect();
    warn_unknown(reader, text, pattern, true, &names);
    true
}

/// Looks a notification type up. Never false: a newer PCE may send others.
pub(super) fn notification(reader: &Reader<'_>, text: &Placed<String>, pattern: &Pattern) -> bool {
    if NOTIFICATION_TYPES.iter().any(|name| pattern.matches(name)) {
        return true;
    }
    if event_types().any(|name| pattern.matches(name)) {
        let message = tr!("'{text}' in {name} is an event type, and not known as a notification", text = text.value, name = reader.name());
        reader.problems().warn(text.span.clone(), message, Some(tr!("write type = [\"{text}\"]", text = text.value)));
    } else {
        warn_unknown(reader, text, pattern, false, NOTIFICATION_TYPES);
    }
    true
}

fn warn_unknown(reader: &Reader<'_>, text: &Placed<String>, pattern: &Pattern, is_type: bool, names: &[&str]) {
    let (written, name) = (&text.value, reader.name());
    let message = match (is_type, pattern.is_exact()) {
        (true, true) => tr!("'{written}' in {name} is not an event type that a PCE is known to send", written, name),
        (true, false) => tr!("'{written}' in {name} matches no event type that a PCE is known to send", written, name),
        (false, true) => tr!("'{written}' in {name} is not a notification that a PCE is known to send", written, name),
        (false, false) => tr!("'{written}' in {name} matches no notification that a PCE is known to send", written, name),
    };
    let hint = match nearest(text.value.trim_end_matches(['*', '.']), names) {
        Some(name) if is_type && NOTIFICATION_TYPES.contains(&name) && !event_types().any(|event| event == name) => {
            tr!("did you mean notification = [\"{name}\"]?", name)
        }
        Some(name) => tr!("did you mean `{name}`?", name),
        None => tr!("check what your PCE sends: `pcemon check --dry-run --record DIR` stores its answers"),
    };
    reader.problems().warn(text.span.clone(), message, Some(hint));
}

/// Whether flows of this protocol have ports: TCP, UDP, DCCP, SCTP, UDP-Lite.
pub(super) fn has_ports(proto: i16) -> bool {
    matches!(proto, 6 | 17 | 33 | 132 | 136)
}

/// Complains when `port` and `proto` of one `match` rule each other out.
pub(super) fn ports_and_protocols(reader: &Reader<'_>, conditions: &[(String, TrafficCondition)]) {
    let ports = conditions.iter().find_map(|(_, condition)| if let TrafficCondition::Port(ports) = condition { Some(ports) } else { None });
    let protos =
        conditions.iter().find_map(|(_, condition)| if let TrafficCondition::Proto(protos) = condition { Some(protos) } else { None });
    let (Some(ports), Some(protos)) = (ports, protos) else { return };
    if !protos.iter().any(|proto| has_ports(*proto)) {
        let hint = tr!("remove `port`, or name a protocol that has ports");
        reader.error_at(
            "port",
            tr!("nothing can satisfy both `port` and `proto` in {name}: the protocol has no ports", name = reader.name()),
            Some(hint),
        );
    } else if !ports.iter().any(|range| range.proto.is_none_or(|proto| protos.contains(&proto))) {
        let hint = tr!("specify the protocol in only one of the two");
        reader.error_at(
            "port",
            tr!("nothing can satisfy both `port` and `proto` in {name}: they name different protocols", name = reader.name()),
            Some(hint),
        );
    }
}

/// What only shows when the whole rule is known.
pub(super) fn whole_rule(reader: &Reader<'_>, rule: &Rule) {
    if let Metric::Distinct(field) = &rule.metric {
        if rule.group_by.contains(field) {
            within_reach(reader, &rule.thresholds, 1, &tr!("it is grouped by the field that it counts"));
        } else if let Some((most, why)) = most_values(field, &rule.matcher) {
            within_reach(reader, &rule.thresholds, most, &why);
        }
    }
}

/// One value of several targets that says nothing of any of them.
pub(super) fn several_targets<'t>(reader: &Reader<'_>, rule: &Rule, targets: impl Iterator<Item = &'t str>) {
    let read: Vec<&str> = targets.filter(|target| rule.depends_on(target)).collect();
    let told_apart = rule.group_by.iter().any(|field| matches!(field, Field::Target | Field::TargetLabel(_)));
    if read.len() < 2 || told_apart || !matches!(rule.aggregation(), Agg::Last | Agg::Avg) {
        return;
    }
    let how = rule.aggregation().name();
    let message = tr!(
        "{name} combines {count} targets into one value (`{how}`): {targets}",
        name = reader.name(),
        how,
        count = read.len(),
        targets = read.join(", ")
    );
    let hint = Some(tr!("add \"target\" to `group_by`, or name one of them in `targets`"));
    reader.problems().warn(reader.span(), message, hint);
}

/// Pauses that are to grow and cannot.
pub(super) fn growth(reader: &Reader<'_>, cooldown: Duration, backoff: f64, longest: Option<Duration>) {
    let Some(longest) = longest else { return };
    if longest < cooldown {
        let hint = format!("write {} or more", format_duration(cooldown));
        let message = format!("`cooldown_max` of {} ({}) is shorter than its `cooldown`", reader.name(), format_duration(longest));
        reader.problems().error(reader.own_span_of("cooldown_max"), message, Some(hint));
    } else if backoff <= 1.0 && reader.has("cooldown_max") {
        let hint = "add for example cooldown_backoff = 2.0".to_owned();
        let message = format!("`cooldown_max` of {} has no effect: its pauses do not grow", reader.name());
        reader.problems().warn(reader.own_span_of("cooldown_max"), message, Some(hint));
    }
}

/// A window that can hold nothing, or more than there is.
pub(super) fn window(reader: &Reader<'_>, source: SourceKind, window: Duration, accounting: Accounting) {
    let (problems, at) = (reader.problems(), reader.own_span_of("window"));
    let shown = format_duration(window);
    // Default retention: traffic is kept 90 days, events 30 (200 at the most).
    let (kept, most) = match source.nature {
        Nature::Flows => (90 * DAY, 90 * DAY),
        Nature::Stream { kept_days, most_days } => (kept_days * DAY, most_days * DAY),
        Nature::Snapshot | Nature::Window => return,
    };
    if window.is_zero() {
        problems.error(at, tr!("the window of {name} is empty", name = reader.name()), Some(tr!("write for example window = \"10m\"")));
    } else if window > most {
        let hint = tr!("use {kept} at the most", kept = format_duration(kept));
        problems.error(
            at,
            tr!("the window of {name} ({shown}) is longer than the PCE keeps {source}", name = reader.name(), shown, source),
            Some(hint),
        );
    } else if window > kept {
        let hint = tr!("the PCE keeps events for 30 days unless its event settings say otherwise");
        problems.warn(
            at,
            tr!("the window of {name} ({shown}) is longer than a PCE usually keeps events", name = reader.name(), shown),
            Some(hint),
        );
    } else if window < MINUTE && source.is_flows() && accounting == Accounting::AsReported {
        let hint = tr!("make the window at least as long as the interval between runs");
        problems.warn(
            at,
            tr!(
                "the window of {name} ({shown}) is shorter than a minute: what happens between two runs is missed",
                name = reader.name(),
                shown
            ),
            Some(hint),
        );
    } else if source.is_flows() && window > 7 * DAY && accounting == Accounting::Delta {
        let hint = tr!("older flows are in weekly buckets; use at most 7d");
        problems.warn(
            at,
            tr!("the window of {name} ({shown}) is longer than a week: its number will only be a lower bound", name = reader.name(), shown),
            Some(hint),
        );
    }
}

/// How many different values a field can have at most, when what the rule matches limits them.
fn most_values(field: &Field, matcher: &Matcher) -> Option<(u64, String)> {
    let exact = |patterns: &[Pattern]| patterns.iter().all(Pattern::is_exact).then_some(patterns.len() as u64);
    let matched = match (field, matcher) {
        (Field::Decision, Matcher::Traffic(filter)) => filter.all.iter().find_map(|(_, c)| match c {
            TrafficCondition::Decision(list) => Some(list.len() as u64),
            _ => None,
        }),
        (Field::Proto, Matcher::Traffic(filter)) => filter.all.iter().find_map(|(_, c)| match c {
            TrafficCondition::Proto(list) => Some(list.len() as u64),
            _ => None,
        }),
        (Field::Port, Matcher::Traffic(filter)) => filter.all.iter().find_map(|(_, c)| match c {
            TrafficCondition::Port(list) => Some(list.iter().map(|range| u64::from(range.to - range.from) + 1).sum()),
            _ => None,
        }),
        (Field::Slot(slot, _), Matcher::Records(filter)) => filter.all.iter().find_map(|(_, condition)| match &condition.test {
            Test::Patterns(list) if condition.place == Place::Slot(*slot) => exact(list),
            _ => None,
        }),
        _ => None,
    };
    match (matched, field) {
        (Some(most), _) => Some((most, tr!("`match` lets no others through"))),
        (None, Field::Decision) => Some((4, tr!("there are no other decisions"))),
        (None, Field::Port) => Some((65_535, tr!("there are no other ports"))),
        (None, Field::Proto) => Some((256, tr!("there are no other protocols"))),
        _ => None,
    }
}
