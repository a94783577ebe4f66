//! `[[routes]]`, and whether every rule reaches somebody.

use super::rules::channel_names;
use super::selector;
use crate::channels::ChannelConfig;
use crate::domain::rule::{Route, Rule, channels_for};
use crate::settings::reader::{Placed, Problems, Reader};

/// Reads one route. `None` only after a complaint.
pub(super) fn read(mut reader: Reader<'_>, channels: &[Placed<String>]) -> Option<Route> {
    reader.rename(tr!("route {name}", name = reader.name()));
    let mut route = Route { continue_matching: reader.boolean("continue").unwrap_or(false), ..Route::default() };
    let mut sound = true;
    if reader.raw("match").is_some() {
        match reader.table("match").and_then(selector::read) {
            Some(selector) => route.selector = selector,
            None => sound = false,
        }
    }
    if reader.raw("channels").is_none() {
        reader.missing("channels", "[\"soc\"]");
        sound = false;
    }
    match channel_names(&mut reader, "channels", channels) {
        Some(names) => route.channels = names,
        None => sound = false,
    }
    reader.finish();
    sound.then_some(route)
}

/// Complaints that need rules, channels and routes together.
pub(super) fn reach(
    rules: &[Placed<Rule>],
    channels: &[Placed<ChannelConfig>],
    routes: &[Placed<Route>],
    reports: &[String],
    problems: &Problems,
) {
    let plain: Vec<Route> = routes.iter().map(|route| route.value.clone()).collect();
    let mut told: Vec<&str> = plain.iter().flat_map(|route| route.channels.iter().map(String::as_str)).collect();
    // A channel may be there for reports alone.
    told.extend(reports.iter().map(String::as_str));
    for rule in rules.iter().filter(|rule| rule.value.enabled) {
        told.extend(rule.value.notify.iter().flatten().map(String::as_str));
        rule_reaches(rule, channels, &plain, problems);
    }
    for channel in channels.iter().filter(|channel| channel.value.common.enabled) {
        let name = channel.value.common.name.as_str();
        if !told.contains(&name) {
            let hint = tr!("add it to `notify` of a rule or to a route, or remove it");
            problems.warn(channel.span.clone(), tr!("no rule and no route uses channel `{name}`", name), Some(hint));
        }
    }
    for (number, route) in routes.iter().enumerate() {
        for pattern in &route.value.selector.rules {
            if !rules.iter().any(|rule| pattern.matches(&rule.value.name)) {
                problems.warn(
                    route.span.clone(),
                    tr!("no rule is called '{text}', so this route never matches it", text = pattern.text()),
                    None,
                );
            }
        }
        let takes_all = |route: &Route| !route.continue_matching && route.selector.is_empty();
        if plain[..number].iter().any(takes_all) {
            let hint = tr!("move it up, or set continue = true in the route that matches everything");
            problems.warn(route.span.clone(), tr!("this route is never reached: an earlier one matches everything"), Some(hint));
        }
    }
}

fn rule_reaches(rule: &Placed<Rule>, channels: &[Placed<ChannelConfig>], routes: &[Route], problems: &Problems) {
    let name = &rule.value.name;
    if rule.value.notify.as_ref().is_some_and(Vec::is_empty) {
        return;
    }
    let severities = rule.value.severities();
    let mut silent = Vec::new();
    let mut nobody = true;
    for severity in &severities {
        let reached = channels_for(&rule.value, *severity, routes);
        nobody &= reached.is_empty();
        let heard = reached.iter().any(|name| {
            // A channel that could not be read has been complained about already.
            channels
                .iter()
                .find(|channel| channel.value.common.name == *name)
                .is_none_or(|channel| channel.value.common.enabled && *severity >= channel.value.common.min_severity)
        });
        if !heard {
            silent.push(severity.name());
        }
    }
    if nobody {
        let hint = tr!("add `notify`, or a route that matches it; use notify = [] to send no messages");
        problems.error(
            rule.span.clone(),
            tr!("rule `{name}` reaches no channel: it has no `notify` and no route matches it", name),
            Some(hint),
        );
    } else if !silent.is_empty() {
        let hint = tr!("check `min_severity` and `enabled` of its channels, and the routes");
        problems.warn(
            rule.span.clone(),
            tr!("no channel is notified when rule `{name}` is {silent}", name, silent = silent.join(" or ")),
            Some(hint),
        );
    }
}
