//! `metric`, `info`, `warning` and `critical` of a rule.

use crate::domain::field::Field;
use crate::domain::metric::Metric;
use crate::domain::source::Agg;
use crate::domain::source::SourceKind;
use crate::domain::text::quantity;
use crate::domain::threshold::{Op, Severity, Threshold, Thresholds};
use crate::domain::unit::Unit;
use crate::settings::reader::{Placed, Reader, did_you_mean};
use crate::settings::shape::Want;
use crate::sources::SOURCES;
use toml::de::DeValue;

/// Reads `metric`; the source's own default when absent.
pub(super) fn metric(reader: &mut Reader<'_>, source: SourceKind) -> Option<Metric> {
    let names = metric_names(source);
    reader.words("metric", &names.iter().map(String::as_str).collect::<Vec<_>>(), !source.open_fields);
    if reader.raw("metric").is_none() {
        return Some(Metric::default_for(source));
    }
    let text = reader.string("metric")?;
    if let Some(metric) = Metric::find(source, &text.value) {
        return Some(metric);
    }
    let fields_of = || Field::names(source);
    let nearest = |word: &str| did_you_mean(word, &fields_of().iter().map(String::as_str).collect::<Vec<_>>());
    let (message, hint) = match text.value.split_once(':') {
        Some(("distinct", field)) if has_fields(source) => match Field::parse(source, field) {
            Some(field) => return Some(Metric::Distinct(field)),
            None => (tr!("{source} records have no field `{field}` to count", source, field), nearest(field)),
        },
        Some((kind @ ("new" | "changes"), names)) if has_fields(source) => match fields(source, names) {
            Ok(fields) if kind == "new" => return Some(Metric::New(fields)),
            Ok(fields) => return Some(Metric::Changes(fields)),
            Err(wrong) => (tr!("{source} records have no field `{wrong}`", source, wrong), nearest(wrong)),
        },
        Some((kind, field)) if source.open_fields && !field.is_empty() => match Agg::SPELLINGS.iter().find(|(name, _)| *name == kind) {
            Some((_, agg)) => return Some(Metric::Over(*agg, field.to_owned())),
            // A name with a colon in it is a name.
            None => return Some(Metric::Over(Agg::Last, text.value)),
        },
        _ if source.open_fields && !text.value.is_empty() => return Some(Metric::Over(Agg::Last, text.value)),
        _ => match SOURCES.iter().find(|other| Metric::find(**other, &text.value).is_some()) {
            Some(other) => (
                tr!("`{name}` is measured on {other}, and the rule's source is {source}", name = text.value, other, source),
                tr!("{source} rules measure one of: {metrics}", source, metrics = metric_names(source).join(", ")),
            ),
            None => {
                let names = metric_names(source);
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                (tr!("unknown metric `{text}`", text = text.value), did_you_mean(&text.value, &names))
            }
        },
    };
    reader.problems().error(text.span, format!("{message} ({})", reader.name()), Some(hint));
    None
}

/// Whether records of this source have fields that can be counted or remembered.
fn has_fields(source: SourceKind) -> bool {
    !source.is_run() && (source.open_fields || !Field::names(source).is_empty())
}

/// Fields as `new:` and `changes:` list them; the error is the one that is none.
fn fields(source: SourceKind, text: &str) -> Result<Vec<Field>, &str> {
    let mut out = Vec::new();
    for name in text.split(',').map(str::trim) {
        let field = Field::parse(source, name).ok_or(name)?;
        if !out.contains(&field) {
            out.push(field);
        }
    }
    Ok(out)
}

fn metric_names(source: SourceKind) -> Vec<String> {
    let mut names: Vec<String> = Metric::names(source).into_iter().map(str::to_owned).collect();
    if has_fields(source) {
        names.extend(["distinct:FIELD", "new:FIELD[,FIELD]", "changes:FIELD[,FIELD]"].map(str::to_owned));
    }
    if source.open_fields {
        names.extend(Agg::SPELLINGS.iter().map(|(name, _)| format!("{name}:FIELD")));
    }
    names
}

/// Reads the thresholds. `None` after a complaint; a rule needs one unless it follows the PCE's own status.
pub(super) fn thresholds(reader: &mut Reader<'_>, metric: &Metric, divided: bool) -> Option<Thresholds> {
    let unit = if divided { Unit::Ratio } else { metric.unit() };
    // Of two counts neither need be part of the other.
    let highest = if divided { None } else { unit.highest() };
    let mut read = Thresholds::default();
    let mut sound = true;
    for severity in Severity::ALL {
        let key = severity.name();
        reader.want(key, Want::Threshold);
        let Some(value) = reader.raw(key) else { continue };
        let DeValue::String(text) = value.get_ref() else {
            let hint = Some(tr!("write for example {key} = \"{unit}\"", key, unit = example(unit)));
            reader.problems().error(
                value.span(),
                tr!("`{key}` in {name} must be a comparison, as a string", key, name = reader.name()),
                hint,
            );
            sound = false;
            continue;
        };
        let text = Placed { value: text.to_string(), span: value.span() };
        match one(reader, &text, unit, highest) {
            Some(threshold) => {
                *match severity {
                    Severity::Info => &mut read.info,
                    Severity::Warning => &mut read.warning,
                    Severity::Critical => &mut read.critical,
                } = Some(threshold);
            }
            None => sound = false,
        }
    }
    if !sound {
        return None;
    }
    if read.worst_first().next().is_none() && !metric.follows_status() {
        let hint = tr!("add for example warning = \"{unit}\"", unit = example(unit));
        reader.problems().error(reader.span(), tr!("{name} has no threshold, so it can never fire", name = reader.name()), Some(hint));
        return None;
    }
    order(reader, &read);
    Some(read)
}

/// Reads one threshold. `highest`: the largest value there can be.
pub(super) fn one(reader: &Reader<'_>, text: &Placed<String>, unit: Unit, highest: Option<f64>) -> Option<Threshold> {
    let refuse = |message: String, hint: Option<String>| {
        reader.problems().error(text.span.clone(), format!("{message} ({})", reader.name()), hint);
        None
    };
    let hint = || Some(tr!("write for example \"{unit}\"", unit = example(unit)));
    match Threshold::parse(&text.value, unit) {
        Err(message) => refuse(message, hint()),
        Ok(threshold) => match threshold.is_constant(unit, if threshold.relative { None } else { highest }) {
            None => Some(threshold),
            Some(true) => refuse(tr!("'{text}' always holds, so the rule would always fire", text = text.value.trim()), hint()),
            Some(false) => refuse(tr!("'{text}' can never hold, so the rule could never fire", text = text.value.trim()), hint()),
        },
    }
}

fn example(unit: Unit) -> &'static str {
    match unit {
        Unit::Bytes => "> 10 GB",
        Unit::BitsPerSecond => "> 500 Mbps",
        Unit::Ratio => ">= 90 %",
        Unit::Seconds => "> 30 s",
        Unit::Days => "< 30",
        Unit::Status => ">= 1",
        Unit::Connections | Unit::Flows | Unit::Values => "> 100",
        Unit::Plain => "> 100",
        Unit::Records | Unit::Events | Unit::Workloads | Unit::Vens | Unit::Files | Unit::Sources | Unit::Messages => ">= 5",
    }
}

/// Warns when a worse severity is reached no later than a milder one.
fn order(reader: &Reader<'_>, thresholds: &Thresholds) {
    let set: Vec<(Severity, &Threshold)> = thresholds.worst_first().collect();
    for pair in set.windows(2) {
        let [(worse, high), (milder, low)] = pair else { continue };
        if high.relative != low.relative {
            continue;
        }
        let useless = match (rises(high.op), rises(low.op)) {
            (Some(true), Some(true)) => {
                high.value < low.value || (high.value == low.value && !(high.op == Op::Above && low.op == Op::AtLeast))
            }
            (Some(false), Some(false)) => {
                high.value > low.value || (high.value == low.value && !(high.op == Op::Below && low.op == Op::AtMost))
            }
            _ => high.op == low.op && high.value == low.value,
        };
        if useless {
            reader.problems().warn(
                reader.own_span_of(worse.name()),
                tr!(
                    "in {name} {worse} (\"{high}\") is reached no later than {milder} (\"{low}\"), so {milder} never fires",
                    name = reader.name(),
                    worse,
                    high,
                    milder,
                    low
                ),
                Some(tr!("swap the two, or leave one out")),
            );
        }
    }
}

/// Whether more makes it hold.
pub(super) fn rises(op: Op) -> Option<bool> {
    match op {
        Op::Above | Op::AtLeast => Some(true),
        Op::Below | Op::AtMost => Some(false),
        Op::Equal | Op::Unequal => None,
    }
}

/// Complains when no more than `most` different values can exist and no threshold can be met by so few.
pub(super) fn within_reach(reader: &Reader<'_>, thresholds: &Thresholds, most: u64, why: &str) {
    for (severity, threshold) in thresholds.worst_first() {
        if (0..=most.min(1 << 16)).all(|count| !threshold.holds(count as f64)) {
            reader.problems().error(
                reader.own_span_of(severity.name()),
                tr!(
                    "'{threshold}' can never hold in {name}: there are at most {most} values, because {why}",
                    threshold,
                    name = reader.name(),
                    most = quantity(most as f64, Unit::Values),
                    why
                ),
                Some(tr!("lower the threshold, or count another field")),
            );
        }
    }
}
