//! Files of rule tests: records at given times, and what the rules must say of them.

use super::error::{ConfigError, Lines};
use super::mask;
use crate::domain::alert::Reason;
use crate::domain::source::SourceKind;
use crate::domain::threshold::Severity;
use crate::domain::time::{after, parse_duration};
use crate::settings::reader::{Placed, Problems, Reader};
use crate::sources::asked;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// A file of tests longer than this is a mistake, or holds what belongs into files of its own.
const LONGEST: u64 = 2 * 1024 * 1024;

/// When a test begins unless it says otherwise: a Monday at noon.
const START: &str = "2026-01-05T12:00:00Z";

/// One file of tests.
#[derive(Debug)]
pub struct Suite {
    /// The config whose rules are tested, next to the file; `None`: the one in use.
    pub config: Option<PathBuf>,
    /// The tests.
    pub cases: Vec<Case>,
}

/// One test.
#[derive(Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// Its line in the file.
    pub line: usize,
    /// Rules that take part, as globs; empty: all.
    pub rules: Vec<String>,
    /// What happens, in order of time.
    pub steps: Vec<Step>,
}

/// One run of the program within a test.
#[derive(Debug)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Its line in the file.
    pub line: usize,
    /// Connections that happened since the step before.
    pub flows: Vec<BTreeMap<String, Value>>,
    /// Events that happened since the step before.
    pub events: Vec<BTreeMap<String, Value>>,
    /// What a snapshot says from now on, in the PCE's own fields.
    pub snapshots: BTreeMap<SourceKind, Value>,
    /// Answers as they were recorded.
    pub files: BTreeMap<SourceKind, PathBuf>,
    /// Sources that cannot be read in this step.
    pub failed: Vec<SourceKind>,
    /// Channels that take nothing in this step.
    pub down: BTreeSet<String>,
    /// What must come of it.
    pub expect: Expect,
}

/// What must come of a step. What is not named is not compared.
#[derive(Debug, Default)]
pub struct Expect {
    /// Exactly these instances fire.
    pub firing: Option<Vec<Wanted>>,
    /// Exactly these instances wait for their `for` to pass.
    pub pending: Option<Vec<Wanted>>,
    /// Exactly these alerts are told.
    pub sent: Option<Vec<Wanted>>,
    /// The values of these rules.
    pub values: Vec<Wanted>,
    /// The verdict.
    pub exit_code: Option<i64>,
}

impl Expect {
    /// Everything that is named.
    pub fn all(&self) -> impl Iterator<Item = &Wanted> {
        [&self.firing, &self.pending, &self.sent].into_iter().flatten().flatten().chain(&self.values)
    }
}

/// One thing that must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Rule name.
    pub rule: String,
    /// Which group.
    pub group: BTreeMap<String, Option<String>>,
    /// How bad, if that matters.
    pub severity: Option<Severity>,
    /// The value, if that matters.
    pub value: Option<f64>,
    /// To which channel, if that matters.
    pub channel: Option<String>,
    /// Why it is told, if that matters.
    pub reason: Option<Reason>,
    /// Its line in the file.
    pub line: usize,
}

/// Reads a file of tests, or says everything that is wrong with it.
pub fn read(path: &Path) -> Result<Suite, ConfigError> {
    let shown = crate::domain::text::visible(&path.display().to_string());
    let bytes = crate::files::read_patiently(path, LONGEST).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::FileTooLarge => tr!(
                "the tests {path} are longer than {longest} bytes: split them, and store answers in separate files (flows_file, events_file)",
                path = shown,
                longest = LONGEST
            ),
            _ => tr!("cannot read the tests {path}: {error}", path = shown, error),
        };
        ConfigError::unreadable(path, why)
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error());
        ConfigError::unreadable(path, tr!("cannot read the tests {path}: {error}", path = shown, error))
    })?;
    let (document, errors) = DeTable::parse_recoverable(&text);
    let problems = Problems::default();
    for error in errors.iter().take(100) {
        problems.error(error.span().unwrap_or(0..0), error.message().to_owned(), None);
    }
    let suite =
        suite(&Lines::of(&text), Reader::new(document.get_ref(), 0..0, "the file", &problems), path.parent().unwrap_or(Path::new(".")));
    if problems.has_errors() {
        let mut problems = problems.into_sorted();
        for problem in &mut problems {
            problem.message = mask::message(&problem.message);
        }
        return Err(ConfigError::new(path, &text, problems, &[]));
    }
    Ok(suite)
}

fn suite(lines: &Lines, mut root: Reader<'_>, folder: &Path) -> Suite {
    let config = root.string("config").map(|path| folder.join(path.value));
    let line = |reader: &Reader<'_>| lines.number(reader.span().start);
    let mut cases = Vec::new();
    for mut reader in root.tables("test") {
        let at = line(&reader);
        let name = reader.required_string("name", "\"a port scan fires\"").map_or_else(String::new, |name| name.value);
        reader.rename(format!("test `{name}`"));
        let rules = reader.strings("rules").unwrap_or_default().into_iter().map(|rule| rule.value).collect();
        let start = instant(&mut reader, "start", None).or_else(|| START.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH);
        let shared = reader.table("flow").map(map).unwrap_or_default();
        let mut steps: Vec<Step> = Vec::new();
        for step in reader.tables("step") {
            let span = step.span();
            let step = read_step(lines, step, start, folder, &shared);
            if steps.last().is_some_and(|last| last.at >= step.at) {
                reader.problems().error(span, format!("this step of {} is not later than the one before it", reader.name()), None);
            }
            steps.push(step);
        }
        if steps.is_empty() {
            reader.problems().error(reader.span(), format!("{} has no [[test.step]]", reader.name()), None);
        }
        reader.finish();
        cases.push(Case { name, line: at, rules, steps });
    }
    if cases.is_empty() {
        root.problems().error(0..0, "the file has no [[test]]", Some("see `pcemon test --help` for an example".to_owned()));
    }
    root.finish();
    Suite { config, cases }
}

fn read_step(lines: &Lines, mut reader: Reader<'_>, start: Timestamp, folder: &Path, shared: &BTreeMap<String, Value>) -> Step {
    let line = lines.number(reader.span().start);
    let at = instant(&mut reader, "at", Some(start)).unwrap_or(start);
    reader.rename(format!("the step at line {line}"));
    let flows = reader.tables("flows").into_iter().map(|flow| {
        let mut all = shared.clone();
        all.extend(map(flow));
        all
    });
    let flows = flows.collect();
    let events = reader.tables("events").into_iter().map(map).collect();
    let mut snapshots = BTreeMap::new();
    let mut files = BTreeMap::new();
    for source in asked() {
        let name = source.flag;
        if !source.is_flows()
            && !source.is_stream()
            && let Some(value) = reader.raw(name)
        {
            snapshots.insert(source, json(value.get_ref()));
        }
        if let Some(file) = reader.string(&format!("{name}_file")) {
            files.insert(source, folder.join(file.value));
        }
    }
    let names: Vec<&str> = asked().map(SourceKind::name).collect();
    let mut failed = Vec::new();
    for Placed { value, span } in reader.strings("failed").unwrap_or_default() {
        match asked().find(|source| source.name() == value) {
            Some(source) => failed.push(source),
            None => reader.problems().error(
                span,
                format!("'{value}' is no source"),
                Some(crate::settings::reader::did_you_mean(&value, &names)),
            ),
        }
    }
    let down = reader.strings("down").unwrap_or_default().into_iter().map(|channel| channel.value).collect();
    let expect = reader.table("expect").map(|expect| read_expect(lines, expect)).unwrap_or_default();
    reader.finish();
    Step { at, line, flows, events, snapshots, files, failed, down, expect }
}

fn read_expect(lines: &Lines, mut reader: Reader<'_>) -> Expect {
    let mut list = |key: &str| {
        reader.raw(key)?;
        Some(reader.tables(key).into_iter().map(|wanted| read_wanted(lines, wanted)).collect::<Vec<_>>())
    };
    let (firing, pending, sent, values) = (list("firing"), list("pending"), list("sent"), list("values"));
    let exit_code = reader.integer("exit_code", 0..=3).map(|code| code.value);
    reader.finish();
    Expect { firing, pending, sent, values: values.unwrap_or_default(), exit_code }
}

fn read_wanted(lines: &Lines, mut reader: Reader<'_>) -> Wanted {
    let line = lines.number(reader.span().start);
    let rule = reader.required_string("rule", "\"Port scan\"").map_or_else(String::new, |rule| rule.value);
    let group = reader.table("group").map(map).unwrap_or_default();
    let group = group.into_iter().map(|(key, value)| (key, plain(&value).filter(|text| text != "-"))).collect();
    let severity = reader.choice("severity", &Severity::ALL.map(|severity| (severity.name(), severity)));
    let value = reader.raw("value").map(|value| (json(value.get_ref()).as_f64(), value.span()));
    if let Some((None, span)) = &value {
        reader.problems().error(span.clone(), "`value` must be a number, in base units".to_owned(), None);
    }
    let channel = reader.string("channel").map(|channel| channel.value);
    let reasons = [Reason::First, Reason::Escalated, Reason::Reminder, Reason::Resolved];
    let reason = reader.choice("reason", &reasons.map(|reason| (reason.name(), reason)));
    reader.finish();
    Wanted { rule, group, severity, value: value.and_then(|(value, _)| value), channel, reason, line }
}

/// An instant, or a duration after `start`.
fn instant(reader: &mut Reader<'_>, key: &str, start: Option<Timestamp>) -> Option<Timestamp> {
    let Some(start) = start else {
        let text = reader.string(key)?;
        return parsed(reader, key, &text, text.value.parse().ok(), "2026-01-05T12:00:00Z");
    };
    let text = reader.required_string(key, "\"10m\"")?;
    let instant = text.value.parse().ok().or_else(|| parse_duration(&text.value).ok().map(|span| after(start, span)));
    parsed(reader, key, &text, instant, "10m, counted from the start of the test")
}

fn parsed<T>(reader: &Reader<'_>, key: &str, text: &Placed<String>, value: Option<T>, example: &str) -> Option<T> {
    if value.is_none() {
        let hint = Some(format!("write for example {example}"));
        reader.problems().error(text.span.clone(), format!("`{key}` in {}: '{}' is no time", reader.name(), text.value), hint);
    }
    value
}

/// A table as it is; whoever uses it says which keys it knows.
fn map(mut reader: Reader<'_>) -> BTreeMap<String, Value> {
    let keys: Vec<String> = reader.names_of_the_user().map(|(key, _)| key.to_owned()).collect();
    keys.into_iter().filter_map(|key| reader.raw(&key).map(|value| json(value.get_ref())).map(|value| (key, value))).collect()
}

/// A scalar as text.
pub fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Null, Value::from),
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(at) => Value::String(at.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => {
            Value::Object(table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref()))).collect())
        }
    }
}
