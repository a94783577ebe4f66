//! `[[rules]]` and `[defaults]`: what is counted, when it is too much, whom to tell.

use super::error::Lines;
use super::{conditions, kinds, lint, thresholds};
use crate::domain::field::Field;
use crate::domain::filter::Pattern;
use crate::domain::metric::Metric;
use crate::domain::report::Accounting;
use crate::domain::rule::Rule;
use crate::domain::source::Agg;
use crate::domain::source::SourceKind;
use crate::domain::threshold::Severity;
use crate::settings::reader::{Placed, Reader, did_you_mean};
use crate::sources::SOURCES;
use std::time::Duration;

const DURATIONS: [(&str, Duration); 4] = [
    ("window", Duration::from_secs(600)),
    ("for", Duration::ZERO),
    ("keep_firing_for", Duration::ZERO),
    ("cooldown", Duration::from_secs(1800)),
];

/// What a rule needs to know of the rest of the file.
pub(super) struct Surroundings<'a> {
    /// The lines of the whole text.
    pub lines: &'a Lines,
    /// How traffic is counted.
    pub accounting: Accounting,
    /// Names of all channels, also of those that could not be read.
    pub channels: &'a [Placed<String>],
    /// Names of all targets with their types.
    pub targets: &'a [(Placed<String>, String)],
}

/// Validates `[defaults]` once; its values are then read again as part of each rule.
pub(super) fn check_defaults(mut reader: Reader<'_>) {
    reader.rename("[defaults]");
    if reader.raw("name").is_some() {
        let hint = Some(tr!("give every rule its own name"));
        reader.error_at("name", tr!("a name in [defaults] would be shared by all rules"), hint);
    }
    kinds::check_defaults(&mut reader);
    for (key, _) in DURATIONS {
        reader.duration(key);
    }
    growth(&mut reader);
    for severity in Severity::ALL {
        reader.string(severity.name());
    }
    source(&mut reader);
    reader.choice("undecided", &[("unknown", false), ("no", true)]);
    reader.string("metric");
    reader.strings("group_by");
    reader.strings("notify");
    reader.string_map("labels");
    reader.string("description");
    reader.string("runbook");
    reader.boolean("enabled");
    reader.table("match");
    reader.table("exclude");
    reader.finish();
}

/// Reads one rule. `None` only after a complaint.
pub(super) fn read(mut reader: Reader<'_>, name: Option<Placed<String>>, around: &Surroundings<'_>) -> Option<Placed<Rule>> {
    if let Some(name) = &name {
        reader.rename(tr!("rule `{value}`", value = name.value));
    }
    let durations = DURATIONS.map(|(key, usual)| duration(&mut reader, key, usual));
    let (cooldown_backoff, cooldown_max) = growth(&mut reader);
    lint::growth(&reader, durations[3], cooldown_backoff, cooldown_max);
    let notify = channel_names(&mut reader, "notify", around.channels);
    let labels = reader.string_map("labels").unwrap_or_default();
    let description = reader.string("description").map(|text| text.value);
    let runbook = reader.string("runbook").map(|text| text.value);
    let enabled = reader.boolean("enabled").unwrap_or(true);
    if reader.raw("source").is_none() {
        let names: Vec<String> = SOURCES.iter().map(|source| format!("\"{source}\"")).collect();
        reader.missing("source", &names.join(", "));
    }
    let Some(source) = source(&mut reader) else {
        // Without a source nothing can be said about these; they are known all the same.
        for key in ["metric", "match", "exclude", "group_by", "info", "warning", "critical", "targets", "undecided", "agg"] {
            reader.know(key);
        }
        kinds::alone(&mut reader);
        reader.finish();
        return None;
    };
    lint::window(&reader, source, durations[0], around.accounting);
    let metric = thresholds::metric(&mut reader, source);
    let matcher = conditions::matcher(&mut reader, source);
    let group_by = group_by(&mut reader, source);
    let targets = targets(&mut reader, source, around);
    let undecided = reader.choice("undecided", &[("unknown", false), ("no", true)]).unwrap_or(false);
    let agg = agg(&mut reader, source);
    let over = kinds::ratio_to(&mut reader, source, metric.as_ref(), matcher.as_ref());
    let divided = reader.raw("ratio_to").is_some();
    let thresholds = match &metric {
        Some(metric) => thresholds::thresholds(&mut reader, metric, divided),
        None => {
            Severity::ALL.iter().for_each(|severity| reader.know(severity.name()));
            None
        }
    };
    let name_span = name.as_ref().map(|name| name.span.clone());
    let [window, hold, keep_firing_for, cooldown] = durations;
    let parts = (name, metric, matcher, group_by, thresholds, over);
    let rule = if let (Some(name), Some(metric), Some(matcher), Some(group_by), Some(thresholds), Some(over)) = parts {
        let mut rule = Rule {
            group_by,
            targets: targets.unwrap_or_default(),
            undecided_is_no: undecided,
            agg,
            window,
            thresholds,
            pending_for: hold,
            keep_firing_for,
            cooldown,
            cooldown_backoff,
            notify,
            labels,
            description,
            runbook,
            enabled,
            line: around.lines.number(reader.span().start),
            ..Rule::counting(name.value, source, metric, matcher)
        };
        rule.cooldown_max = cooldown_max.unwrap_or(rule.cooldown_max);
        by_source(&reader, &rule);
        let whole = kinds::read(&mut reader, &mut rule, over);
        lint::whole_rule(&reader, &rule);
        let targets = around.targets.iter().filter(|(_, kind)| rule.wants(source.kinds_of(kind))).map(|(name, _)| name.value.as_str());
        lint::several_targets(&reader, &rule, targets);
        whole.map(|()| rule)
    } else {
        kinds::alone(&mut reader);
        None
    };
    reader.finish();
    Some(Placed { value: rule?, span: name_span? })
}

/// Reads a rule's name; all names are read before the rules, so that doubles are seen whatever else is wrong.
pub(super) fn name(reader: &mut Reader<'_>) -> Option<Placed<String>> {
    reader.know("name");
    if !reader.has("name") {
        reader.missing("name", "\"Blocked traffic to databases\"");
        return None;
    }
    let name = reader.required_string("name", "\"Blocked traffic to databases\"")?;
    if name.value.chars().any(char::is_control) || name.value.trim() != name.value || name.value.chars().count() > 200 {
        let hint = Some(tr!("use one line of at most 200 characters, without spaces around it"));
        reader.problems().error(name.span, tr!("a rule cannot have this name"), hint);
        return None;
    }
    Some(name)
}

/// How the pauses between repetitions grow: factor and limit.
fn growth(reader: &mut Reader<'_>) -> (f64, Option<Duration>) {
    let factor = reader.number("cooldown_backoff", 1.0..=100.0).map_or(1.0, |number| number.value);
    (factor, reader.duration("cooldown_max").map(|span| span.value))
}

fn duration(reader: &mut Reader<'_>, key: &str, usual: Duration) -> Duration {
    reader.duration(key).map_or(usual, |span| span.value)
}

fn source(reader: &mut Reader<'_>) -> Option<SourceKind> {
    reader.choice("source", &SOURCES.map(|source| (source.name(), source)))
}

fn group_by(reader: &mut Reader<'_>, source: SourceKind) -> Option<Vec<Field>> {
    // What all others are grouped by cannot be meant for the PCE's health or database, which have nothing to group by,
    // nor for the monitoring itself.
    let names = Field::names(source);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let only_shared = ((names.is_empty() && !source.open_fields) || source.is_run()) && !reader.has("group_by");
    reader.words("group_by", &names, !source.open_fields);
    if reader.raw("group_by").is_none() || only_shared {
        return Some(Vec::new());
    }
    let mut out = Vec::new();
    let mut sound = true;
    for item in reader.strings("group_by")? {
        let (message, hint) = match Field::parse(source, &item.value) {
            Some(field) if !out.contains(&field) => {
                out.push(field);
                continue;
            }
            Some(_) => (tr!("`{item}` is twice in `group_by` of {name}", item = item.value, name = reader.name()), tr!("remove one")),
            None if names.is_empty() => {
                (tr!("{name} cannot be grouped: its source is {source}", name = reader.name(), source), tr!("remove `group_by`"))
            }
            None => (
                tr!("`group_by` in {name}: {source} records have no field `{item}`", name = reader.name(), source, item = item.value),
                did_you_mean(&item.value, &names),
            ),
        };
        reader.problems().error(item.span, message, Some(hint));
        sound = false;
    }
    sound.then_some(out)
}

/// The targets that a rule reads; each pattern must stand for one.
fn targets(reader: &mut Reader<'_>, source: SourceKind, around: &Surroundings<'_>) -> Option<Vec<Pattern>> {
    let list = reader.strings("targets")?;
    if source.is_run() || source.is_of_pce() {
        let hint = Some(tr!("remove it"));
        reader.error_at("targets", tr!("`targets` means nothing in {name}: there is one PCE", name = reader.name()), hint);
        return None;
    }
    let mut out = Vec::new();
    for item in list {
        let known: Vec<&str> =
            around.targets.iter().filter(|(_, kind)| source.is_read_from(kind)).map(|(name, _)| name.value.as_str()).collect();
        match Pattern::new(&item.value, false) {
            Ok(pattern) if known.iter().any(|name| pattern.matches(name)) => out.push(pattern),
            Ok(_) => {
                let message = tr!(
                    "`targets` in {name}: no target of type {kind} is called '{item}'",
                    name = reader.name(),
                    kind = source.targets.iter().map(|of| of.target_type).collect::<Vec<_>>().join(&tr!(" or ")),
                    item = item.value
                );
                reader.problems().error(item.span, message, Some(did_you_mean(&item.value, &known)));
            }
            Err(message) => reader.problems().error(item.span, message, None),
        }
    }
    Some(out)
}

/// How records become one value, where that is not the metric's own way.
fn agg(reader: &mut Reader<'_>, source: SourceKind) -> Option<Agg> {
    let agg = reader.choice("agg", &Agg::SPELLINGS)?;
    if source.is_flows() || source.is_stream() {
        let hint = Some(tr!("remove it"));
        reader.error_at("agg", tr!("`agg` means nothing in {name}: its source is {source}", name = reader.name(), source), hint);
        return None;
    }
    Some(agg)
}

/// Of the monitoring itself only sources can be told apart.
fn by_source(reader: &Reader<'_>, rule: &Rule) {
    let tells_apart = !matches!(&rule.metric, Metric::Row(def) if !def.groups);
    if !rule.group_by.is_empty() && !tells_apart {
        let hint = Some(tr!("remove `group_by`"));
        reader.error_at(
            "group_by",
            tr!("{name} cannot be grouped: {metric} is one number", name = reader.name(), metric = rule.metric),
            hint,
        );
    }
}

/// A list of channel names, each of which must exist.
pub(super) fn channel_names(reader: &mut Reader<'_>, key: &str, known: &[Placed<String>]) -> Option<Vec<String>> {
    let list = reader.strings(key)?;
    let names: Vec<&str> = known.iter().map(|name| name.value.as_str()).collect();
    for item in list.iter().filter(|item| !names.contains(&item.value.as_str())) {
        let hint = if names.is_empty() {
            tr!("the config has no [[channels]]; add one with this name")
        } else {
            did_you_mean(&item.value, &names)
        };
        reader.problems().error(
            item.span.clone(),
            tr!("`{key}` in {name}: there is no channel `{item}`", key, name = reader.name(), item = item.value),
            Some(hint),
        );
    }
    Some(list.into_iter().map(|item| item.value).collect())
}
