//! A config that cannot be used: every complaint, where it is and what to do about it.
//!
//! The text kept here is already masked: it holds no secret and nothing a terminal would obey.

use super::mask::{self, floor_char};
use crate::domain::text::visible;
use crate::settings::reader::{Level, Problem};
use annotate_snippets::{AnnotationKind, Group, Level as Shown, Renderer, Snippet};
use std::fmt::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Nobody reads more than this; the rest is counted.
const MOST_SHOWN: usize = 100;

/// Why a config was refused.
#[derive(Debug)]
pub struct ConfigError {
    path: PathBuf,
    /// The masked text; the offsets are those of the file.
    text: String,
    problems: Vec<Problem>,
    /// Set when there is no text at all.
    unreadable: Option<String>,
}

/// One complaint with its place as an editor counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Error or warning.
    pub level: Level,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl ConfigError {
    /// All complaints about a text.
    pub(crate) fn new(path: &Path, text: &str, problems: Vec<Problem>, secrets: &[Range<usize>]) -> Self {
        let mut text = mask::harmless(text, secrets);
        if !problems.is_empty() {
            text = only_lines_of(&text, &problems);
        }
        Self { path: path.to_owned(), text, problems, unreadable: None }
    }

    /// The file cannot even be read.
    pub(crate) fn unreadable(path: &Path, reason: String) -> Self {
        Self { path: path.to_owned(), text: String::new(), problems: Vec::new(), unreadable: Some(reason) }
    }

    /// Every complaint, in the order of the file. Empty when the file could not be read.
    pub fn problems(&self) -> Vec<Located> {
        let lines = Lines::of(&self.text);
        self.problems.iter().map(|problem| locate(&self.text, &lines, problem)).collect()
    }

    /// What the first complaint says, without its place.
    pub fn first(&self) -> Option<String> {
        self.unreadable.clone().or_else(|| self.problems().into_iter().next().map(|problem| problem.message))
    }

    /// One line for each complaint: `file:line:column: error: message (hint)`.
    pub fn lines(&self) -> Vec<String> {
        if let Some(reason) = &self.unreadable {
            return vec![format!("error: {reason}")];
        }
        let lines = Lines::of(&self.text);
        self.problems.iter().map(|problem| one_line(&self.path, &self.text, &lines, problem)).collect()
    }

    /// For people: each complaint with the offending line and a hint.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        if let Some(reason) = &self.unreadable {
            return renderer.render(&[Group::with_title(Shown::ERROR.primary_title(reason.as_str()))]) + "\n";
        }
        let path = visible(&self.path.display().to_string());
        let mut out = String::new();
        let lines = Lines::of(&self.text);
        for problem in self.problems.iter().take(MOST_SHOWN) {
            out.push_str(&self.render_one(&renderer, &path, &lines, problem));
            out.push_str("\n\n");
        }
        if self.problems.len() > MOST_SHOWN {
            let _ = writeln!(out, "{}\n", tr!("and {count} more", count = self.problems.len() - MOST_SHOWN));
        }
        let count = |level| self.problems.iter().filter(|problem| problem.level == level).count();
        let (errors, warnings) = (count(Level::Error), count(Level::Warning));
        let _ = write!(out, "{path}: {}", trn!("{count} error", "{count} errors", count = errors));
        if warnings > 0 {
            let _ = write!(out, ", {}", trn!("{count} warning", "{count} warnings", count = warnings));
        }
        out.push('\n');
        out
    }

    fn render_one(&self, renderer: &Renderer, path: &str, lines: &Lines, problem: &Problem) -> String {
        let level = match problem.level {
            Level::Error => Shown::ERROR,
            Level::Warning => Shown::WARNING,
        };
        let message = visible(&problem.message);
        let span = within_one_line(&self.text, &problem.span);
        // Only the line at hand, where nothing else is shown: a library that reads a megabyte for each of a hundred takes long.
        let (from, to) = match problem.also {
            Some(_) => (0, self.text.len()),
            None => around(&self.text, &span),
        };
        let number = lines.number(from);
        let mut snippet = Snippet::source(&self.text[from..to])
            .path(path)
            .line_start(number)
            .annotation(AnnotationKind::Primary.span(span.start - from..span.end - from));
        if let Some((span, label)) = &problem.also {
            snippet = snippet.annotation(AnnotationKind::Context.span(within_one_line(&self.text, span)).label(visible(label)));
        }
        let mut group = level.primary_title(message).element(snippet);
        if let Some(hint) = &problem.hint {
            group = group.element(Shown::HELP.message(visible(hint)));
        }
        renderer.render(&[group])
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for ConfigError {}

/// `file:line:column: error: message (hint)`, without anything a terminal would obey.
pub(crate) fn one_line(path: &Path, text: &str, lines: &Lines, problem: &Problem) -> String {
    let at = locate(text, lines, problem);
    let level = match at.level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let mut out = format!("{}:{}:{}: {level}: {}", visible(&path.display().to_string()), at.line, at.column, at.message);
    if let Some(hint) = &at.hint {
        let _ = write!(out, " ({hint})");
    }
    out
}

/// Blanks the lines that no complaint is about (but for table heads): what is never shown need not be kept.
fn only_lines_of(text: &str, problems: &[Problem]) -> String {
    let mut starts: Vec<usize> = problems.iter().map(|problem| problem.span.start).collect();
    starts.extend(problems.iter().filter_map(|problem| problem.also.as_ref().map(|(span, _)| span.start)));
    starts.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let next = starts.partition_point(|start| *start < at);
        let last = at + line.len() == text.len();
        let wanted = starts.get(next).is_some_and(|start| *start < at + line.len() || last);
        if wanted || (line.starts_with('[') && !line.contains(['=', '"'])) {
            out.push_str(line);
        } else {
            out.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        }
        at += line.len();
    }
    out
}

fn locate(text: &str, lines: &Lines, problem: &Problem) -> Located {
    let (line, column) = lines.position(text, problem.span.start);
    Located { level: problem.level, line, column, message: visible(&problem.message), hint: problem.hint.as_deref().map(visible) }
}

/// Where the lines of a text begin: counting them anew for each of a thousand complaints takes minutes.
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    /// Those of a text.
    pub(crate) fn of(text: &str) -> Lines {
        Lines(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line of a byte offset, from 1.
    pub(crate) fn number(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }

    /// Line and column (in characters) of a byte offset, both from 1.
    fn position(&self, text: &str, offset: usize) -> (usize, usize) {
        let at = floor_char(text, offset);
        let line = self.number(at);
        let start = self.0.get(line - 1).copied().unwrap_or(0);
        (line, text[start..at].chars().count() + 1)
    }
}

/// The whole line on which a span lies.
fn around(text: &str, span: &Range<usize>) -> (usize, usize) {
    let from = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    (from, text[span.end..].find('\n').map_or(text.len(), |at| span.end + at))
}

/// The part of a span that lies on its first line: a complaint never drags a page along.
fn within_one_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = floor_char(text, span.start);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    start..floor_char(text, span.end).clamp(start, line_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(span: Range<usize>, message: &str) -> Problem {
        Problem { level: Level::Error, span, message: message.to_owned(), hint: Some("do this".to_owned()), also: None }
    }

    #[test]
    fn places_count_characters() {
        let position = |text: &str, offset: usize| Lines::of(text).position(text, offset);
        assert_eq!(position("a\né = 1\n", 0), (1, 1));
        assert_eq!(position("a\né = 1\n", 4), (2, 2));
        assert_eq!(position("a\n", 2), (2, 1));
        assert_eq!(position("é", 1), (1, 1));
        assert_eq!(position("", 9), (1, 1));
    }

    #[test]
    fn a_span_of_many_lines_shows_the_first() {
        assert_eq!(within_one_line("ab\ncd\n", &(1..5)), 1..2);
        assert_eq!(within_one_line("ab", &(9..12)), 2..2);
    }

    #[test]
    fn rendering_obeys_nothing_from_the_file() {
        let text = "x = \"\u{1b}[31m\u{202e}\"\n";
        let error = ConfigError::new(Path::new("a\u{1b}b.toml"), text, vec![problem(4..10, "bad \u{7}")], &[]);
        for shown in [error.render(false), error.to_string()] {
            assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
            assert!(shown.contains(":1:5") && shown.contains("do this"), "{shown}");
        }
        assert!(error.render(true).contains("\u{1b}["));
    }
}
