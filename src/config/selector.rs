//! Which alerts something is about: `match` of a route or a maintenance window, both sides of an inhibition.

use super::conditions::label;
use crate::domain::filter::Pattern;
use crate::domain::rule::{Rule, Selector};
use crate::domain::threshold::Severity;
use crate::settings::reader::{Placed, Problems, Reader, did_you_mean, meant};

const KEYS: [&str; 4] = ["severity", "rule", "labels", "source"];

/// Reads the table. `None` only after a complaint.
pub(super) fn read(mut reader: Reader<'_>) -> Option<Selector> {
    let mut selector = Selector::default();
    let mut sound = true;
    let severities = Severity::ALL.map(|severity| (severity.name(), severity));
    sound &= words(&mut reader, "severity", &severities, &mut selector.severities);
    let sources = crate::sources::SOURCES.map(|source| (source.name(), source));
    sound &= words(&mut reader, "source", &sources, &mut selector.sources);
    let problems = reader.problems();
    for item in reader.strings("rule").unwrap_or_default() {
        match Pattern::new(&item.value, false) {
            Ok(pattern) => selector.rules.push(pattern),
            Err(message) => {
                problems.error(item.span, format!("`rule` in {}: {message}", reader.name()), None);
                sound = false;
            }
        }
    }
    for item in reader.strings("labels").unwrap_or_default() {
        match label(&item.value) {
            Ok((key, value)) => selector.labels.entry(key.to_owned()).or_default().push(value.to_owned()),
            Err((message, hint)) => {
                problems.error(item.span, format!("`labels` in {}: {message}", reader.name()), hint);
                sound = false;
            }
        }
    }
    // An empty list would be read as "all", which is the opposite of what it says.
    for key in KEYS {
        if reader.has(key) && reader.strings(key).is_some_and(|list| list.is_empty()) {
            let hint = Some("leave the key out to take everything".to_owned());
            reader.error_at(key, format!("`{key}` in {} is an empty list, which nothing can match", reader.name()), hint);
            sound = false;
        }
    }
    reader.finish();
    sound.then_some(selector)
}

fn words<T: Copy>(reader: &mut Reader<'_>, key: &str, choices: &[(&str, T)], into: &mut Vec<T>) -> bool {
    let mut sound = true;
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    reader.words(key, &names, true);
    for item in reader.strings(key).unwrap_or_default() {
        match choices.iter().find(|(name, _)| *name == item.value) {
            Some((_, value)) => into.push(*value),
            None => {
                let message = format!("`{key}` in {} cannot be '{}'", reader.name(), item.value);
                reader.problems().error(item.span, message, Some(did_you_mean(&item.value, &names)));
                sound = false;
            }
        }
    }
    sound
}

/// Warns when a selector names what no rule has. `what` says whose selector it is.
pub(super) fn reach(selector: &Placed<Selector>, what: &str, rules: &[Placed<Rule>], problems: &Problems) {
    if rules.is_empty() || rules.iter().any(|rule| selector.value.could_take(&rule.value)) {
        return;
    }
    let names: Vec<&str> = rules.iter().map(|rule| rule.value.name.as_str()).collect();
    let unknown = selector.value.rules.iter().find(|pattern| !names.iter().any(|name| pattern.matches(name)));
    let hint = unknown.and_then(|pattern| meant(pattern.text(), &names));
    problems.warn(selector.span.clone(), tr!("no alert of any rule can match {what}", what), hint);
}
