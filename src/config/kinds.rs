//! What makes a rule more than a number against a threshold: `ratio_to`, `baseline`, `expect`, `remember`, `learn`, `recovery`.

use super::{conditions, thresholds};
use crate::domain::metric::Metric;
use crate::domain::rule::{Against, Baseline, ExpectedGroups, Matcher, Ratio, Rule, Stat};
use crate::domain::source::{Agg, SourceKind};
use crate::domain::threshold::{Threshold, Thresholds};
use crate::domain::unit::Unit;
use crate::settings::reader::{Placed, Reader};
use crate::settings::shape::Want;
use std::time::Duration;
use toml::de::DeValue;

const DAY: Duration = Duration::from_secs(86_400);
/// Durations of a rule that have nothing to do with its window.
pub(super) const DURATIONS: [(&str, Duration); 2] = [("remember", Duration::from_secs(30 * 86_400)), ("learn", DAY)];
/// Longest that anything is remembered.
const LONGEST: Duration = Duration::from_secs(400 * 86_400);

/// Validates what `[defaults]` says of these keys.
pub(super) fn check_defaults(reader: &mut Reader<'_>) {
    alone(reader);
    for key in ["ratio_to", "expect"] {
        if reader.raw(key).is_some() {
            let hint = Some(tr!("add it to each rule that needs it"));
            reader.error_at(key, tr!("`{key}` in [defaults] would change what every rule counts", key), hint);
        }
    }
}

/// Validates what can be said of each key by itself, where the rest of the rule is not known.
pub(super) fn alone(reader: &mut Reader<'_>) {
    for (key, _) in DURATIONS {
        reader.duration(key);
    }
    number(reader, "min_total", None);
    reader.want("recovery", Want::Threshold);
    reader.string("recovery");
    if let Some(table) = reader.table("baseline") {
        baseline_table(table, None);
    }
    reader.know("ratio_to");
    reader.want("expect", Want::Groups);
}

/// What `ratio_to` divides by. The outer `None` stands for a complaint.
pub(super) fn ratio_to(
    reader: &mut Reader<'_>,
    source: SourceKind,
    metric: Option<&Metric>,
    matcher: Option<&Matcher>,
) -> Option<Option<Matcher>> {
    if reader.raw("ratio_to").is_none() {
        let min_total = reader.raw("min_total").map(|value| value.span()).filter(|_| reader.has("min_total"));
        if let Some(span) = min_total {
            let hint = Some(tr!("add ratio_to = {{ .. }}, or remove it"));
            reader.problems().error(span, tr!("`min_total` means nothing in {name}: nothing is divided", name = reader.name()), hint);
            return None;
        }
        return Some(None);
    }
    let over = conditions::matcher_of(reader, "ratio_to", source, matcher);
    let adds_up =
        |metric: &Metric| metric.adds_up() || (source.is_flows() && !metric.is_sighting()) || matches!(metric, Metric::Distinct(_));
    if let Some(metric) = metric.filter(|metric| !adds_up(metric)) {
        let hint = Some(tr!("divide a metric that adds up, for example connections, bytes or count"));
        reader.error_at("ratio_to", tr!("{metric} in {name} cannot be divided", metric, name = reader.name()), hint);
        return None;
    }
    over.map(Some)
}

/// What the keys say of a rule that is otherwise whole. `None` after a complaint.
pub(super) fn read(reader: &mut Reader<'_>, rule: &mut Rule, over: Option<Matcher>) -> Option<()> {
    let unit = rule.metric.unit();
    let min_total = number(reader, "min_total", Some(unit)).unwrap_or(0.0);
    let [remember, learn] = DURATIONS.map(|(key, usual)| reader.duration(key).map_or(usual, |span| span.value));
    if remember > LONGEST || remember < DAY / 24 {
        let hint = Some(tr!("use something between 1h and 400d"));
        reader.error_at("remember", tr!("`remember` in {name} is out of range", name = reader.name()), hint);
    }
    (rule.remember, rule.learn) = (remember.min(LONGEST), learn);
    let needs = |reader: &Reader<'_>, key: &str, what: &str| {
        if reader.has(key) {
            reader.error_at(key, tr!("`{key}` means nothing in {name}: {what}", key, name = reader.name(), what), Some(tr!("remove it")));
        }
    };
    if !matches!(rule.metric, Metric::New(_)) {
        needs(reader, "learn", "only `new:` rules learn first");
    }
    if matches!(rule.metric, Metric::Changes(_)) && rule.group_by.is_empty() && !rule.source.is_snapshot() {
        let hint = Some(tr!("add group_by, for example group_by = [\"src_workload\"]"));
        reader.problems().error(reader.span(), tr!("{name} does not say whose changes it counts", name = reader.name()), hint);
        return None;
    }
    if let Some(matcher) = over {
        let counts = Rule { matcher, ratio: None, ..rule.clone() };
        rule.ratio = Some(Ratio { over: Box::new(counts), min_total });
    }
    rule.recovery = recovery(reader, rule.unit(), &rule.thresholds)?;
    rule.expected_groups = expected_groups(reader, rule)?;
    if rule.expected_groups.is_none() && !rule.metric.is_sighting() {
        needs(reader, "remember", "it neither misses silent groups nor asks what is new");
    }
    rule.baseline = baseline(reader, rule)?;
    Some(())
}

fn recovery(reader: &mut Reader<'_>, unit: Unit, thresholds: &Thresholds) -> Option<Option<Threshold>> {
    reader.want("recovery", Want::Threshold);
    if reader.raw("recovery").is_none() {
        return Some(None);
    }
    let text = reader.string("recovery")?;
    let recovery = thresholds::one(reader, &text, unit, None)?;
    let Some((_, mildest)) = thresholds.worst_first().last() else { return Some(Some(recovery)) };
    if thresholds::rises(mildest.op).is_some() && thresholds::rises(mildest.op) == thresholds::rises(recovery.op) {
        let hint = Some(tr!("it says when the alert ends, so it must be the opposite of \"{mildest}\"", mildest));
        reader.error_at(
            "recovery",
            tr!("`recovery` in {name} (\"{recovery}\") holds when the rule fires", name = reader.name(), recovery),
            hint,
        );
        return None;
    }
    Some(Some(recovery))
}

/// Whether nothing at all would make the rule fire.
fn misses_silence(thresholds: &Thresholds) -> bool {
    thresholds.worst_first().any(|(_, threshold)| !threshold.relative && threshold.holds(0.0))
}

fn expected_groups(reader: &mut Reader<'_>, rule: &Rule) -> Option<Option<ExpectedGroups>> {
    reader.want("expect", Want::Groups);
    let expect = reader.raw("expect").is_some();
    let watches = misses_silence(&rule.thresholds) && !rule.group_by.is_empty() && rule.ratio.is_none();
    if !expect {
        // Of what is measured and not added up, nothing is not zero: a certificate that is gone has not expired.
        let adds_up = rule.source.is_flows() || rule.aggregation() == Agg::Sum;
        return Some((watches && adds_up).then(|| ExpectedGroups { expect: Vec::new() }));
    }
    let refuse = |reader: &Reader<'_>, message: &str, hint: &str| {
        reader.error_at("expect", format!("`expect` in {} {message}", reader.name()), Some(hint.to_owned()));
        None
    };
    if rule.group_by.is_empty() {
        return refuse(reader, "names groups, and the rule has none", "add group_by, for example group_by = [\"src_workload\"]");
    }
    if rule.ratio.is_some() {
        return refuse(reader, "cannot stand beside `ratio_to`: of silent groups there is nothing to divide", "remove one of the two");
    }
    if !watches {
        return refuse(reader, "can never be missed: no threshold is met by nothing", "add for example critical = \"< 1\"");
    }
    let expect = groups(reader, rule.group_by.len())?;
    Some(Some(ExpectedGroups { expect }))
}

/// `expect`: texts for one field, lists of texts for several.
fn groups(reader: &mut Reader<'_>, fields: usize) -> Option<Vec<Vec<Option<String>>>> {
    let value = reader.raw("expect")?;
    let wrong = |span: std::ops::Range<usize>| {
        let (what, hint) = if fields == 1 {
            ("a list of texts", tr!("write for example expect = [\"db-01\", \"db-02\"]"))
        } else {
            ("a list of lists", tr!("write for each group its {fields} values, for example expect = [[\"db-01\", \"3306\"]]", fields))
        };
        reader.problems().error(
            span,
            tr!("`expect` in {name} must be {what}, in the order of `group_by`", name = reader.name(), what),
            Some(hint),
        );
    };
    let text = |value: &toml::Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::String(text) => Some(Some(text.to_string()).filter(|text| text != "-")),
        DeValue::Integer(number) => Some(Some(number.to_string())),
        _ => None,
    };
    let DeValue::Array(items) = value.get_ref() else {
        wrong(value.span());
        return None;
    };
    let mut out = Vec::new();
    for item in items.iter() {
        let group: Option<Vec<Option<String>>> = match item.get_ref() {
            DeValue::Array(values) if fields > 1 => values.iter().map(text).collect(),
            _ if fields == 1 => text(item).map(|value| vec![value]),
            _ => None,
        };
        match group.filter(|group| group.len() == fields) {
            Some(group) if !out.contains(&group) => out.push(group),
            Some(_) => {}
            None => {
                wrong(item.span());
                return None;
            }
        }
    }
    if out.is_empty() {
        wrong(value.span());
        return None;
    }
    Some(out)
}

fn baseline(reader: &mut Reader<'_>, rule: &Rule) -> Option<Option<Baseline>> {
    let relative = rule.thresholds.worst_first().map(|(_, threshold)| threshold).chain(&rule.recovery).any(|threshold| threshold.relative);
    let own = reader.has("baseline");
    let table = reader.table("baseline");
    if !relative {
        if own {
            let hint = Some(tr!("compare with it, for example warning = \"> 3x\", or remove it"));
            reader.error_at("baseline", tr!("`baseline` means nothing in {name}: no threshold has the unit x", name = reader.name()), hint);
            return None;
        }
        return Some(None);
    }
    if table.is_none() && own {
        return None;
    }
    let baseline = match table {
        Some(table) => baseline_table(table, Some(rule.unit()))?,
        None => usual(Against::Previous),
    };
    Some(Some(baseline))
}

fn usual(against: Against) -> Baseline {
    let (samples, min_samples) = match against {
        Against::Previous => (12, 4),
        Against::SameHour => (7, 3),
    };
    Baseline { against, samples, min_samples, stat: Stat::Median, floor: 0.0 }
}

fn baseline_table(mut reader: Reader<'_>, unit: Option<Unit>) -> Option<Baseline> {
    let before = reader.problems().count();
    let against = reader.choice("against", &Against::SPELLINGS).unwrap_or(Against::Previous);
    let most = if against == Against::Previous { 200 } else { 28 };
    let count = |placed: Option<Placed<i64>>| placed.and_then(|placed| usize::try_from(placed.value).ok());
    let mut out = usual(against);
    // How far each may go depends on the others; by itself it may go as far as this.
    reader.want("samples", Want::Integer(1, 200));
    reader.want("min_samples", Want::Integer(1, 200));
    out.samples = count(reader.integer("samples", 1..=most)).unwrap_or(out.samples);
    let fewest = out.min_samples.min(out.samples);
    out.min_samples = count(reader.integer("min_samples", 1..=out.samples as i64)).unwrap_or(fewest);
    out.stat = reader.choice("stat", &Stat::SPELLINGS).unwrap_or(out.stat);
    out.floor = number(&mut reader, "floor", unit).unwrap_or(out.floor);
    let sound = reader.problems().count() == before;
    reader.finish();
    sound.then_some(out)
}

/// A number of zero or more; in quotes it may have a unit.
fn number(reader: &mut Reader<'_>, key: &str, unit: Option<Unit>) -> Option<f64> {
    reader.want(key, Want::Number);
    let value = reader.raw(key)?;
    let read = match value.get_ref() {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number as f64),
        DeValue::Float(number) => number.as_str().parse().ok(),
        DeValue::String(text) => match unit {
            Some(unit) => {
                Threshold::parse(&format!("> {text}"), unit).ok().filter(|threshold| !threshold.relative).map(|threshold| threshold.value)
            }
            None => Some(0.0),
        },
        _ => None,
    };
    let read = read.filter(|number: &f64| number.is_finite() && *number >= 0.0);
    if read.is_none() {
        let hint = Some(tr!("write a number of zero or more, for example {key} = 100", key));
        reader.problems().error(value.span(), tr!("`{key}` in {name} is not a valid number", key, name = reader.name()), hint);
    }
    read
}
