//! The whole file: parse, hand every table to its reader, look at what lies between them, then all or nothing.

use super::error::{ConfigError, Lines, one_line};
use super::model::Config;
use super::tables::{Circumstances, tables};
use super::{declared, mask};
use crate::settings::reader::{Level, Problem, Problems, Reader};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use toml::de::DeTable;

/// More complaints than anybody reads, and few enough to place each of them quickly.
const MOST_KEPT: usize = 1000;

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
    let meaning = Problems::of_file(!circumstances.private, circumstances.commands.clone());
    let mut config = tables(path, text, Reader::new(document.get_ref(), 0..0, tr!("the config"), &meaning), circumstances);

    let mut problems = without_echoes(meaning.into_sorted(), text, &broken, &defaults_spans(document.get_ref()));
    // What else the parser says about a line mostly follows from the first.
    syntax.sort_by_key(|(span, _)| span.start);
    syntax.dedup_by(|later, first| !text.as_bytes().get(first.0.start..later.0.start).unwrap_or_default().contains(&b'\n'));
    problems.extend(syntax.into_iter().take(MOST_KEPT).map(|(span, message)| syntax_problem(message, span)));
    if let Some(at) = circumstances.broken_at {
        let hint = Some(tr!("save the file as UTF-8"));
        let message = tr!("the file is not UTF-8 from here");
        problems.push(Problem { level: Level::Error, span: at..at, message, hint, also: None });
    }
    // Errors stay when there are too many: what is refused must never look like a mere warning.
    problems.sort_by_key(|problem| problem.level == Level::Warning);
    problems.truncate(MOST_KEPT);
    problems.sort_by_key(|problem| problem.span.start);
    for problem in &mut problems {
        problem.message = mask::message(&problem.message);
        problem.hint = problem.hint.as_deref().map(mask::hint);
    }
    if problems.iter().any(|problem| problem.level == Level::Error) {
        return Err(ConfigError::new(path, text, problems, &secrets(document.get_ref(), text, &broken)));
    }
    let lines = Lines::of(text);
    config.warnings = problems.iter().map(|problem| one_line(path, text, &lines, problem)).collect();
    Ok(config)
}

/// The places that are not shown: what the readers take for secrets, and what looks like one all the same.
pub(super) fn secrets(document: &DeTable<'_>, text: &str, broken: &[Range<usize>]) -> Vec<Range<usize>> {
    if !broken.is_empty() {
        return declared::of_broken(text);
    }
    let mut spans = mask::secret_spans(document, text, broken);
    spans.extend(declared::spans(document));
    spans
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
        text if text.contains("duplicate key") => tr!("a key can be only once in a table"),
        text if text.contains("string") || text.contains("quot") => tr!("strings need \"quotes\""),
        _ => tr!("this is not TOML; write key = value, with strings in \"quotes\" and lists in [brackets]"),
    };
    Problem { level: Level::Error, span, hint: Some(hint), message, also: None }
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
        broken_lines.contains(&line)
            || (text.as_bytes().get(span.start) == Some(&b'[')
                && heads.binary_search(&line).is_ok()
                && broken_lines.range(line..next).next().is_some())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::{Channel, Common, Kind, Settings};
    use crate::domain::secret::{Secret, SecretSource};
    use crate::domain::threshold::Severity;

    /// A kind of channel with one key, for the kinds this version has are not the business of these tests.
    #[derive(Debug)]
    struct Pigeon(SecretSource);

    impl Settings for Pigeon {
        fn open(&self, _: &Common, secrets: &dyn Fn(&SecretSource) -> Result<Secret, String>) -> Result<Box<dyn Channel>, String> {
            secrets(&self.0).and_then(|_| Err("pigeons do not fly in tests".to_owned()))
        }
        fn destination(&self) -> String {
            self.0.describe()
        }
    }

    const KINDS: &[Kind] = &[Kind {
        name: "pigeon",
        summary: "",
        example: "",
        read: |reader| reader.required_secret("home").map(|home| Box::new(Pigeon(home)) as Box<dyn Settings>),
    }];

    const CHANNELS: &str = "[[channels]]\nname = \"soc\"\ntype = \"pigeon\"\nhome = { env = \"HOME\" }\n\
        [[channels]]\nname = \"pager\"\ntype = \"pigeon\"\nmin_severity = \"critical\"\nhome = { env = \"HOME\" }\n";

    fn rule(name: &str, more: &str) -> String {
        format!("[[rules]]\nname = \"{name}\"\nsource = \"events\"\nwarning = \">= 1\"\n{more}\n")
    }

    fn read_text(text: &str) -> Result<Config, ConfigError> {
        read(Path::new("rules.toml"), text, &Circumstances { kinds: KINDS, ..Circumstances::default() })
    }

    /// All complaints, errors or warnings, as `LINE message`.
    fn complaints(text: &str) -> Vec<String> {
        match read_text(text) {
            Ok(config) => config.warnings,
            Err(error) => error.lines(),
        }
    }

    fn check(text: &str, line: usize, level: &str, wanted: &str) {
        let found = complaints(text);
        let start = format!("rules.toml:{line}:");
        assert!(
            found.len() == 1 && found[0].starts_with(&start) && found[0].contains(&format!(" {level}: ")) && found[0].contains(wanted),
            "line {line}, {level}, '{wanted}' is not what was said: {found:#?}"
        );
    }

    #[test]
    fn channels_take_their_common_keys_and_their_own() {
        let text = format!(
            "{}{}{}",
            CHANNELS,
            "[[channels]]\nname = \"c\"\ntype = \"pigeon\"\nhome = \"barn\"\nsend_resolved = false\ntimeout = \"3s\"\nenabled = false\n",
            rule("a", "notify = [\"soc\", \"pager\", \"c\"]")
        );
        let config = read_text(&text).unwrap();
        let [soc, pager, c] = config.channels.as_slice() else { panic!() };
        assert_eq!(
            (soc.common.kind, soc.common.min_severity, soc.common.send_resolved, soc.common.enabled),
            ("pigeon", Severity::Info, true, true)
        );
        assert_eq!((soc.common.timeout.as_secs(), pager.common.min_severity), (15, Severity::Critical));
        assert_eq!((c.common.timeout.as_secs(), c.common.send_resolved, c.common.enabled), (3, false, false));
        assert_eq!(soc.settings.destination(), "environment variable HOME");
        assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
        assert!(config.warnings[0].contains("`home` in channel `c`") && !config.warnings[0].contains("barn"));
    }

    #[test]
    fn what_is_wrong_with_a_channel() {
        let with = |more: &str| format!("[[channels]]\nname = \"x\"\n{more}\n{}", rule("a", "notify = [\"x\"]"));
        check(&with("type = \"pigeon\""), 1, "error", "channel `x` has no `home`");
        check(&with("type = \"pigeon\"\nhome = { env = \"A\" }\nhomes = 1"), 5, "error", "did you mean `home`");
        check(&with("type = \"pigoen\""), 3, "error", "did you mean `pigeon`");
        check(&with("type = \"pigeon\"\nhome = { env = \"A\" }\ntimeout = \"1h\""), 5, "error", "between 1s and 5m");
        check(&with("type = \"pigeon\"\nhome = { env = \"A\" }\nmin_severity = \"warn\""), 5, "error", "did you mean `warning`");
    }

    #[test]
    fn every_rule_reaches_somebody() {
        let all = "[[routes]]\nchannels = [\"soc\", \"pager\"]\n";
        assert_eq!(complaints(&format!("{CHANNELS}{}{all}", rule("a", ""))), Vec::<String>::new());
        assert_eq!(complaints(&format!("{CHANNELS}{}{}{all}", rule("a", ""), rule("quiet", "notify = []"))), Vec::<String>::new());
        // Lines 1 to 9 are the channels, 10 to 14 the rule.
        let critical = "[[routes]]\nmatch = { severity = [\"critical\"] }\nchannels = [\"soc\", \"pager\"]\n";
        check(&format!("{CHANNELS}{}{critical}", rule("a", "")), 11, "error", "rule `a` reaches no channel");
        assert_eq!(
            complaints(&format!("{CHANNELS}{}{critical}", rule("a", "critical = \">= 9\"\nnotify = [\"soc\", \"pager\"]"))),
            Vec::<String>::new()
        );
        check(
            &format!("{CHANNELS}{}{critical}", rule("a", "critical = \">= 9\"")),
            11,
            "warning",
            "no channel is notified when rule `a` is warning",
        );
        let off = format!("{CHANNELS}{}{critical}", rule("a", "enabled = false"));
        assert!(complaints(&off).iter().all(|line| line.contains("nothing is monitored")), "a disabled rule need not reach anybody");
    }

    #[test]
    fn a_channel_too_quiet_or_never_told() {
        check(
            &format!(
                "{CHANNELS}{}[[routes]]\nmatch = {{ severity = [\"critical\"] }}\nchannels = [\"soc\"]\n",
                rule("a", "notify = [\"pager\"]")
            ),
            11,
            "warning",
            "no channel is notified",
        );
        check(&format!("{CHANNELS}{}", rule("a", "notify = [\"soc\"]")), 6, "warning", "uses channel `pager`");
    }

    #[test]
    fn routes_that_are_never_taken() {
        let rule = rule("a", "");
        let all = "[[routes]]\nchannels = [\"soc\", \"pager\"]\n";
        check(&format!("{CHANNELS}{rule}{all}{all}"), 17, "warning", "never reached");
        check(
            &format!("{CHANNELS}{rule}[[routes]]\nmatch = {{ rule = [\"b*\"] }}\nchannels = [\"soc\"]\n{all}"),
            15,
            "warning",
            "no rule is called 'b*'",
        );
        check(
            &format!("{CHANNELS}{rule}{all}[[routes]]\nmatch = {{ labels = [\"team\"] }}\nchannels = [\"soc\"]\n"),
            18,
            "error",
            "is not a label",
        );
        check(&format!("{CHANNELS}{rule}{all}[[routes]]\nmatch = {{ rule = [] }}\nchannels = [\"soc\"]\n"), 18, "error", "empty list");
        check(
            &format!("{CHANNELS}{rule}[[routes]]\nmatch = {{ severity = [\"info\"] }}\nchannels = [\"sco\"]\n{all}"),
            17,
            "error",
            "there is no channel `sco` (did you mean `soc`?)",
        );
        let go_on = all.replace("channels =", "continue = true\nchannels =");
        assert_eq!(complaints(&format!("{CHANNELS}{rule}{go_on}{all}")), Vec::<String>::new());
    }

    #[test]
    fn two_equal_names_show_both_places() {
        let error = read_text(&format!("{CHANNELS}{}", CHANNELS.replace("pager", "third"))).unwrap_err();
        let shown = error.render(false);
        for part in ["two channels are called `soc`", " 2 | name = \"soc\"", "the first is here", "11 | name = \"soc\""] {
            assert!(shown.contains(part), "{part} is not in\n{shown}");
        }
    }

    #[test]
    fn the_parser_goes_on_behind_a_key_without_a_value() {
        let found = complaints("foo\n[[rules]]\nbar\nname = 1\n[runn]\nbaz");
        let lines: Vec<&str> = found.iter().map(|line| line.trim_start_matches("rules.toml:").split(':').next().unwrap()).collect();
        assert_eq!(lines, ["1", "3", "4", "5", "6"], "{found:#?}");
    }
}
