//! `[[maintenance]]` and `[[inhibit]]`: what keeps alerts from being told.

use super::{calendar, channels, run, selector};
use crate::domain::calendar::{Calendar, Days};
use crate::domain::mute::{Inhibition, Maintenance, Property};
use crate::domain::rule::{Rule, Selector};
use crate::settings::reader::{Placed, Problems, Reader, did_you_mean, meant};
use crate::settings::shape::Want;
use crate::sources::SOURCES;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Keys of which a maintenance window needs one.
const WHEN: [&str; 6] = ["times", "weekdays", "days_of_month", "months", "from", "to"];

/// The window's name, if it has a usable one.
pub(super) fn name(reader: &mut Reader<'_>) -> Option<Placed<String>> {
    channels::named(reader, |name| tr!("maintenance window `{name}`", name), "\"Patch night\"")
}

/// Reads one maintenance window whose name is known. `None` only after a complaint.
pub(super) fn maintenance(mut reader: Reader<'_>, name: Option<Placed<String>>, usual: &TimeZone) -> Option<Placed<Maintenance>> {
    let selector = match reader.raw("match") {
        Some(_) => reader.table("match").and_then(selector::read),
        None => Some(Selector::default()),
    };
    let zone = match reader.raw("timezone") {
        Some(_) => run::timezone(&mut reader),
        None => Some(usual.clone()),
    };
    let times = calendar::times(&mut reader, "times");
    let days = calendar::days(&mut reader);
    let instants = zone.as_ref().and_then(|zone| Some((instant(&mut reader, "from", zone)?, instant(&mut reader, "to", zone)?)));
    if zone.is_none() {
        reader.know("from");
        reader.know("to");
    }
    if !WHEN.iter().any(|key| reader.has(key)) {
        let hint = tr!("add `times`, `weekdays`, `days_of_month` or `months`, or `from` and `to` for once");
        reader.problems().error(reader.span(), tr!("{name} never ends: it does not say when it is", name = reader.name()), Some(hint));
    }
    if let Some((Some(from), Some(to))) = instants
        && from >= to
    {
        reader.error_at("to", tr!("`to` in {name} is not after `from`", name = reader.name()), None);
    }
    if days.as_ref().is_some_and(|days| !days.exist()) {
        let message = tr!("{name} never starts: no day matches `weekdays`, `days_of_month` and `months` together", name = reader.name());
        reader.error_at("days_of_month", message, None);
    }
    let span = reader.own_span_of("match");
    reader.finish();
    let ((from, to), times, days) = (instants?, times?, days?);
    let calendar = (!times.is_empty() || days != Days::default()).then_some(Calendar { times, days, zone: zone? });
    Some(Placed { value: Maintenance { name: name?.value, selector: selector?, calendar, from, to }, span })
}

/// An instant with its zone, or a date and time in the window's own. `None` after a complaint.
fn instant(reader: &mut Reader<'_>, key: &str, zone: &TimeZone) -> Option<Option<Timestamp>> {
    reader.want(key, Want::Text);
    let Some(text) = reader.raw(key).map(|value| value.get_ref()) else { return Some(None) };
    let text = match text {
        toml::de::DeValue::Datetime(at) => at.to_string(),
        _ => reader.string(key)?.value,
    };
    let civil = || {
        let civil: jiff::civil::DateTime = text.trim().parse().ok()?;
        Some(civil.to_zoned(zone.clone()).ok()?.timestamp())
    };
    let at = text.trim().parse::<Timestamp>().ok().or_else(civil);
    if at.is_none() {
        let hint = tr!("write for example \"2026-12-24T18:00:00+08:00\", or without the offset for the window's own time zone");
        reader.error_at(key, format!("`{key}` in {}: '{text}' is not a timestamp", reader.name()), Some(hint));
        return None;
    }
    Some(at)
}

/// An inhibition with the places of its two sides.
pub(super) struct PlacedInhibition {
    source: Placed<Selector>,
    target: Placed<Selector>,
    equal: Vec<Placed<Property>>,
}

impl PlacedInhibition {
    /// Without the places.
    pub(super) fn value(self) -> Inhibition {
        let equal = self.equal.into_iter().map(|property| property.value).collect();
        Inhibition { source: self.source.value, target: self.target.value, equal }
    }
}

/// Reads one inhibition. `None` only after a complaint.
pub(super) fn inhibition(mut reader: Reader<'_>) -> Option<PlacedInhibition> {
    let source = side(&mut reader, "source", "{ rule = [\"PCE health\"] }");
    let target = side(&mut reader, "target", "{ severity = [\"warning\"] }");
    let mut equal = Vec::new();
    let mut sound = true;
    for item in reader.strings("equal").unwrap_or_default() {
        match Property::parse(&item.value, &SOURCES) {
            Some(value) => equal.push(Placed { value, span: item.span }),
            None => {
                let names = Property::names(&SOURCES);
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let message = tr!("`equal` in {name}: an alert has no `{item}`", name = reader.name(), item = item.value);
                reader.problems().error(item.span, message, Some(did_you_mean(&item.value, &names)));
                sound = false;
            }
        }
    }
    reader.finish();
    let (source, target) = (source?, target?);
    sound.then_some(PlacedInhibition { source, target, equal })
}

fn side(reader: &mut Reader<'_>, key: &str, example: &str) -> Option<Placed<Selector>> {
    if reader.raw(key).is_none() {
        reader.missing(key, example);
        return None;
    }
    let span = reader.span_of(key);
    let selector = selector::read(reader.table(key)?)?;
    if selector.is_empty() {
        let message = tr!("`{key}` in {name} would match every alert", key, name = reader.name());
        reader.error_at(key, message, Some(tr!("write for example {key} = {example}", key, example)));
        return None;
    }
    Some(Placed { value: selector, span })
}

/// Warns of what can never mute anything.
pub(super) fn reach(maintenance: &[Placed<Maintenance>], inhibitions: &[PlacedInhibition], rules: &[Placed<Rule>], problems: &Problems) {
    for window in maintenance {
        let selector = Placed { value: window.value.selector.clone(), span: window.span.clone() };
        selector::reach(&selector, &tr!("maintenance window `{name}`", name = window.value.name), rules, problems);
    }
    for inhibition in inhibitions {
        selector::reach(&inhibition.source, "`source` of this inhibition", rules, problems);
        selector::reach(&inhibition.target, "`target` of this inhibition", rules, problems);
        for property in &inhibition.equal {
            let have: Vec<String> = rules.iter().flat_map(|rule| properties(&rule.value)).map(|property| property.to_string()).collect();
            let name = property.value.to_string();
            if !have.contains(&name) {
                let have: Vec<&str> = have.iter().map(String::as_str).collect();
                let hint = meant(&name, &have);
                problems.warn(property.span.clone(), tr!("no rule has `{name}`, so it is the same in all alerts", name), hint);
            }
        }
    }
}

/// What alerts of a rule have.
fn properties(rule: &Rule) -> Vec<Property> {
    let mut own = vec![Property::Rule, Property::Source, Property::Severity];
    own.extend(rule.labels.keys().map(|key| Property::Label(key.clone())));
    own.extend(rule.group_by.iter().map(|field| Property::Group(field.to_string())));
    own
}
