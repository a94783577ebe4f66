//! The whole file: parse, hand every table to its reader, look at what lies between them, then all or nothing.

use super::error::one_line;
use super::reader::{Level, Placed, Problem, Problems, Reader};
use super::secrets::AS_PLAIN_TEXT;
use super::{Config, ConfigError, EventSettings, RunSettings, TrafficSettings, channels, mask, pce, routes, rules, run, sources};
use crate::channels::{KINDS, Kind};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use toml::de::DeTable;

/// More complaints than anybody reads, and few enough to place each of them quickly.
const MOST_KEPT: usize = 1000;

/// What is known about the file beyond its text.
pub(super) struct Circumstances<'a> {
    /// Where it stops being UTF-8.
    pub broken_at: Option<usize>,
    /// Whether others on the machine are kept from reading it.
    pub private: bool,
    /// The kinds of channel there are.
    pub kinds: &'a [Kind],
}

impl Default for Circumstances<'_> {
    fn default() -> Self {
        Self { broken_at: None, private: true, kinds: KINDS }
    }
}

/// Proves a config, or says everything that is wrong with it.
pub(super) fn read(path: &Path, text: &str, circumstances: &Circumstances<'_>) -> Result<Config, ConfigError> {
    let (mut document, errors) = DeTable::parse_recoverable(text);
    let mut syntax: Vec<(Range<usize>, String)> = errors.iter().map(placed).collect();
    let blanked = without_keys_alone(text, &syntax);
    if let Some(blanked) = &blanked {
        let errors;
        (document, errors) = DeTable::parse_recoverable(blanked);
        syntax.extend(errors.iter().map(placed));
        syntax.sort_by_key(|(span, _)| (span.start, span.end));
        syntax.dedup();
    }
    let broken: Vec<Range<usize>> = syntax.iter().map(|(span, _)| span.clone()).collect();
    let secrets = mask::secret_spans(document.get_ref(), text, &broken);

    let meaning = Problems::default();
    let mut config = tables(path, text, Reader::new(document.get_ref(), 0..0, "the config", &meaning), circumstances);

    let mut problems = without_echoes(meaning.into_sorted(), text, &broken, &defaults_spans(document.get_ref()));
    if !circumstances.private {
        for problem in problems.iter_mut().filter(|problem| problem.message.ends_with(AS_PLAIN_TEXT)) {
            problem.message.push_str(", which everybody on this machine can read");
        }
    }
    // What else the parser says about a line mostly follows from the first.
    syntax.sort_by_key(|(span, _)| span.start);
    syntax.dedup_by(|later, first| !text.as_bytes().get(first.0.start..later.0.start).unwrap_or_default().contains(&b'\n'));
    problems.extend(syntax.into_iter().take(MOST_KEPT).map(|(span, message)| syntax_problem(message, span)));
    if let Some(at) = circumstances.broken_at {
        let hint = Some("save the file as UTF-8".to_owned());
        let message = "the file is not UTF-8 from here on".to_owned();
        problems.push(Problem { level: Level::Error, span: at..at, message, hint, also: None });
    }
    // Errors stay when there are too many: what is refused must never look like a mere warning.
    problems.sort_by_key(|problem| problem.level == Level::Warning);
    problems.truncate(MOST_KEPT);
    problems.sort_by_key(|problem| problem.span.start);
    if problems.iter().any(|problem| problem.level == Level::Error) {
        return Err(ConfigError::new(path, text, problems, &secrets));
    }
    config.warnings = problems.iter().map(|problem| one_line(path, text, problem)).collect();
    Ok(config)
}

fn tables(path: &Path, text: &str, mut root: Reader<'_>, circumstances: &Circumstances<'_>) -> Config {
    let problems = root.problems();
    let run = root.table("run").map_or_else(RunSettings::default, run::read);
    let traffic = root.table("traffic").map_or_else(TrafficSettings::default, sources::read_traffic);
    let events = root.table("events").map_or_else(EventSettings::default, sources::read_events);
    let pce = root.table("pce").and_then(pce::read);

    let mut channel_readers = root.tables("channels");
    let channel_names: Vec<Option<Placed<String>>> = channel_readers.iter_mut().map(channels::name).collect();
    let known: Vec<Placed<String>> = channel_names.iter().flatten().cloned().collect();
    unique(&known, "channel", problems);
    let mut channel_list = Vec::new();
    for (reader, name) in channel_readers.into_iter().zip(&channel_names) {
        let span = name.as_ref().map_or(0..0, |name| name.span.clone());
        let read = channels::read(reader, name.as_ref().map(|name| name.value.as_str()), circumstances.kinds);
        channel_list.extend(read.map(|value| Placed { value, span }));
    }

    let defaults = root.table("defaults");
    let fallback = defaults.as_ref().map(Reader::as_fallback);
    defaults.into_iter().for_each(rules::check_defaults);
    let around = rules::Surroundings { text, accounting: traffic.accounting, channels: &known };
    let rule_readers = root.tables("rules");
    let rules_written = rule_readers.len();
    let rule_list: Vec<Placed<_>> =
        rule_readers.into_iter().filter_map(|reader| rules::read(reader.with_fallback(fallback), &around)).collect();
    let rule_names: Vec<_> = rule_list.iter().map(|rule| Placed { value: rule.value.name.clone(), span: rule.span.clone() }).collect();
    unique(&rule_names, "rule", problems);

    let route_readers = root.tables("routes");
    let routes_written = route_readers.len();
    let route_list: Vec<Placed<_>> = route_readers
        .into_iter()
        .filter_map(|reader| {
            let span = reader.span();
            routes::read(reader, &known).map(|value| Placed { value, span })
        })
        .collect();
    let complete = route_list.len() == routes_written && rule_list.len() == rules_written;
    if !known.is_empty() || routes_written > 0 {
        // With a rule or route missing from the picture, "nobody names it" would be a guess.
        if complete {
            routes::reach(&rule_list, &channel_list, &route_list, problems);
        }
    }
    if !rule_list.iter().any(|rule| rule.value.enabled) && !problems.has_errors() {
        let hint = Some("begin with the examples: pcemon rules example".to_owned());
        problems.warn(0..0, "the config has no enabled rule: nothing is watched", hint);
    }
    let has_pce = root.has("pce");
    root.finish();
    // A reader that gives up without a word would drop a rule in silence.
    if !problems.has_errors() && !(complete && channel_list.len() == channel_names.len() && pce.is_some() == has_pce) {
        problems.error(0..0, "part of the config could not be read, and nothing says why; this is a fault of pcemon", None);
    }
    Config {
        path: path.to_owned(),
        pce,
        run,
        traffic,
        events,
        rules: rule_list.into_iter().map(|rule| rule.value).collect(),
        channels: channel_list.into_iter().map(|channel| channel.value).collect(),
        routes: route_list.into_iter().map(|route| route.value).collect(),
        warnings: Vec::new(),
    }
}

fn unique(names: &[Placed<String>], what: &str, problems: &Problems) {
    for (index, name) in names.iter().enumerate() {
        if let Some(first) = names[..index].iter().find(|earlier| earlier.value == name.value) {
            let message = format!("two {what}s are called `{}`", name.value);
            let hint = Some("give one of them another name".to_owned());
            problems.clash(name.span.clone(), message, hint, first.span.clone(), "the first is here");
        }
    }
}

fn placed(error: &toml::de::Error) -> (Range<usize>, String) {
    (error.span().unwrap_or(0..0), error.message().to_owned())
}

/// The parser gives up at a key without a `=` and would keep quiet about the rest of the file:
/// such lines are blanked, with every other byte staying in its place.
fn without_keys_alone(text: &str, syntax: &[(Range<usize>, String)]) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let mut changed = false;
    for (span, _) in syntax.iter().filter(|(_, message)| message.contains("key with no value") || message.contains("missing value for key"))
    {
        let at = span.start.min(bytes.len());
        let from = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let to = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |newline| at + newline);
        changed |= from < to;
        bytes[from..to].fill(b' ');
    }
    if changed { String::from_utf8(bytes).ok() } else { None }
}

fn syntax_problem(message: String, span: Range<usize>) -> Problem {
    let hint = match message.as_str() {
        text if text.contains("duplicate key") => "every key can stand only once in its table",
        text if text.contains("string") || text.contains("quot") => "texts stand in \"quotes\"",
        _ => "this is not TOML; a line reads key = value, texts stand in \"quotes\", lists in [brackets]",
    };
    Problem { level: Level::Error, span, hint: Some(hint.to_owned()), message, also: None }
}

fn defaults_spans(root: &DeTable<'_>) -> Vec<Range<usize>> {
    let Some(table) = root.get("defaults").and_then(|value| value.get_ref().as_table()) else { return Vec::new() };
    table.iter().map(|(_, value)| value.span()).collect()
}

/// Drops complaints that only echo another: those of each rule about one value of `[defaults]` but the first,
/// and those that merely follow from a line that could not be parsed.
fn without_echoes(problems: Vec<Problem>, text: &str, broken: &[Range<usize>], defaults: &[Range<usize>]) -> Vec<Problem> {
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let line_of = |offset: usize| starts.partition_point(|start| *start <= offset);
    let broken_lines: BTreeSet<usize> = broken.iter().map(|span| line_of(span.start)).collect();
    let heads: Vec<usize> =
        text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with('[')).map(|(index, _)| index + 1).collect();
    let spoiled = |span: &Range<usize>| {
        if broken_lines.is_empty() {
            return false;
        }
        let line = line_of(span.start);
        let next = heads.get(heads.partition_point(|head| *head <= line)).copied().unwrap_or(usize::MAX);
        // A complaint about a table as a whole may come from any broken line in it.
        broken_lines.contains(&line) || (heads.binary_search(&line).is_ok() && broken_lines.range(line..next).next().is_some())
    };
    let mut seen = BTreeSet::new();
    problems
        .into_iter()
        .filter(|problem| {
            let shared = defaults.iter().any(|span| span.start <= problem.span.start && problem.span.end <= span.end);
            !spoiled(&problem.span) && (!shared || seen.insert(problem.span.start))
        })
        .collect()
}
