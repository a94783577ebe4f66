//! Hiding secrets in the text of a config before any of it is shown.
//!
//! Every mask keeps the number of bytes, so that places found in the file stay places in the masked text.

use crate::domain::text::{shorten, visible};
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Longer messages quote something that nobody reads.
const LONGEST_MESSAGE: usize = 400;

/// Parts of key names behind which a secret may stand, whatever table they are in.
const TELLING: [&str; 9] = ["secret", "passw", "pwd", "token", "key", "auth", "credential", "topic", "headers"];

/// The names as they should be written; a misspelt one hides its value too.
const NAMES: [&str; 6] = ["api_key", "api_secret", "secret", "password", "token", "routing_key"];

fn may_hold_secret(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    TELLING.iter().any(|part| lower.contains(part)) || NAMES.iter().any(|name| strsim::jaro_winkler(&lower, name) > 0.85)
}

/// The places of a document that must not be shown. Lines in `broken` could not be parsed; there the text itself is searched.
pub(super) fn secret_spans(document: &DeTable<'_>, text: &str, broken: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    in_table(document, false, text, !broken.is_empty(), &mut spans);
    for span in broken {
        in_broken_line(text, span, &mut spans);
    }
    if !broken.is_empty() {
        // A fault can cost the tree a value on another line than the one it is reported at.
        behind_telling_words(text, &mut spans);
    }
    spans
}

/// What stands behind a telling word, to the end of its line.
fn behind_telling_words(text: &str, spans: &mut Vec<Range<usize>>) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(word) = words(line).find(|word| may_hold_secret(&line[word.clone()])) {
            spans.push(at + word.end..at + line.trim_end().len().max(word.end));
        }
        at += line.len();
    }
}

fn in_table(table: &DeTable<'_>, secret: bool, text: &str, broken: bool, spans: &mut Vec<Range<usize>>) {
    for (key, value) in table.iter() {
        let key = key.get_ref().as_ref();
        // `{ env = .. }` and its like only say where the secret is.
        let place_only = matches!(key, "env" | "file" | "cmd" | "vault");
        let secret = (secret && !place_only) || may_hold_secret(key);
        in_value(key, value.get_ref(), value.span(), secret, text, broken, spans);
    }
}

#[expect(clippy::too_many_arguments, reason = "a walk over a document, and what it has found")]
fn in_value(key: &str, value: &DeValue<'_>, span: Range<usize>, secret: bool, text: &str, broken: bool, spans: &mut Vec<Range<usize>>) {
    match value {
        DeValue::Table(table) => in_table(table, secret, text, broken, spans),
        DeValue::Array(items) => {
            // What stands between the items of a broken list may be one that could not be read.
            if secret && broken {
                spans.push(span);
            }
            for item in items.iter() {
                in_value(key, item.get_ref(), item.span(), secret, text, broken, spans);
            }
        }
        _ if secret => spans.push(span),
        DeValue::String(_) if key != "runbook" => in_url(text, span, spans),
        _ => {}
    }
}

/// Everything of a URL but scheme, host and port can be a credential.
fn in_url(text: &str, span: Range<usize>, spans: &mut Vec<Range<usize>>) {
    let Some(shown) = text.get(span.clone()) else { return };
    let Some(scheme) = shown.find("://") else { return };
    let rest = scheme + 3;
    let authority = shown[rest..].find(['/', '?', '#', '\\']).map_or(shown.len(), |at| rest + at);
    if let Some(at) = shown.rfind('@').filter(|at| *at > rest) {
        spans.push(span.start + rest..span.start + at.max(rest));
    }
    if authority < shown.len() {
        // The closing quote stays, so that the line still looks like what it is.
        let end = if shown.ends_with(['"', '\'']) { span.end - 1 } else { span.end };
        spans.push(span.start + authority + 1..end.max(span.start + authority + 1));
    }
}

/// Everything behind a telling word, and everything of a line that only continues another.
fn in_broken_line(text: &str, span: &Range<usize>, spans: &mut Vec<Range<usize>>) {
    let (start, end) = (floor_char(text, span.start), floor_char(text, span.end.max(span.start)));
    let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let to = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let mut at = from;
    // A value may go on from the line before.
    let before = text[..from].lines().next_back().unwrap_or_default();
    let mut inside = words(before).any(|word| may_hold_secret(&before[word])) && !before.trim_end().ends_with(['"', '\'', '}', ']']);
    for line in text[from..to].split_inclusive('\n') {
        let kept = if inside {
            Some(0)
        } else if let Some(word) = words(line).find(|word| may_hold_secret(&line[word.clone()]) || line[word.end..].starts_with("://")) {
            Some(word.end)
        } else if line.contains('=') || line.trim_start().starts_with('[') {
            None
        } else {
            Some(first_key(line))
        };
        inside = false;
        if let Some(kept) = kept {
            spans.push(at + kept..at + line.len());
        }
        at += line.len();
    }
}

fn words(line: &str) -> impl Iterator<Item = Range<usize>> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + line[at..].find(is_word)?;
        at = line[start..].find(|c| !is_word(c)).map_or(line.len(), |length| start + length);
        Some(start..at)
    })
}

/// The end of a first word that can only be a key, whose `=` is missing; else nothing of the line.
fn first_key(line: &str) -> usize {
    words(line)
        .next()
        .filter(|word| line[..word.start].trim().is_empty() && line[word.clone()].bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .map_or(0, |word| word.end)
}

/// A message that may quote a value. A quote that lost its end turns half a file into one value, keys and secrets included.
pub(super) fn message(text: &str) -> String {
    let mut spans = Vec::new();
    if text.contains('\n') {
        in_broken_line(text, &(0..text.len()), &mut spans);
    } else {
        let assigns = |word: &Range<usize>| text[word.end..].trim_start_matches(['"', '\'', ' ']).starts_with('=');
        spans.extend(words(text).find(|word| may_hold_secret(&text[word.clone()]) && assigns(word)).map(|word| word.end..text.len()));
    }
    shorten(&visible(&harmless(text, &spans)), LONGEST_MESSAGE)
}

/// A hint: our own words, unless it quotes a value of several lines.
pub(super) fn hint(text: &str) -> String {
    if text.contains('\n') { message(text) } else { shorten(&visible(text), LONGEST_MESSAGE) }
}

/// The text with the given spans starred out and nothing left that a terminal would obey; as long as before.
pub(super) fn harmless(text: &str, secrets: &[Range<usize>]) -> String {
    let mut hidden = vec![false; text.len()];
    for span in secrets {
        let (from, to) = (span.start.min(text.len()), span.end.min(text.len()));
        hidden[from..to.max(from)].fill(true);
    }
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let bytes = c.len_utf8();
        match c {
            '\n' | '\t' => out.push(c),
            '\r' => out.push(' '),
            _ if hidden[at] && !matches!(c, ' ' | '"' | '\'' | '=' | '[' | ']' | '{' | '}' | ',') => {
                out.extend(std::iter::repeat_n('*', bytes))
            }
            _ if visible(c.encode_utf8(&mut [0; 4])).len() != bytes => out.extend(std::iter::repeat_n('?', bytes)),
            _ => out.push(c),
        }
    }
    out
}

/// The nearest place at or before `at` where a character begins.
pub(super) fn floor_char(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let (document, errors) = DeTable::parse_recoverable(text);
        let broken: Vec<_> = errors.iter().map(|error| error.span().unwrap_or(0..0)).collect();
        let out = harmless(text, &secret_spans(document.get_ref(), text, &broken));
        assert_eq!(out.len(), text.len());
        out
    }

    #[test]
    fn secrets_are_starred_out() {
        for text in [
            "[pce]\napi_secret = \"hunter2\"\n",
            "[pce]\napi_secret = 'hunter2' junk\n",
            "[pce]\napi_secret = \"hunter2\n",
            "[pce]\napi_secret \"hunter2\"\n",
            "[pce]\napi_secrte = \"hunter2\"\n",
            "pce = { url = 1, api_key = \"hunter2\" }\n",
            "pce = { url = 1, api_key = \"hunter2\"\n",
            "secret = [\n \"hunter2\"\n \"hunter2\" ]\n",
            "token = \"\"\"\nline\nhunt\\x er2 hunter2\n\"\"\"\n",
            "url = \"https://hooks.example.com/services/hunter2\"\n",
            "url = \"https://me:hunter2@pce.example.com\"\n",
            "proxy = \"http://me:hunter2/@proxy:3128/\" x\n",
            "headers = { X-Any = \"hunter2\" }\n",
            "api_key = hunter2\n",
            "[[channels\nsecret = [\n \"a\" \"hunter2\"\n",
            "token = \"\nhunter2\"\n",
        ] {
            assert!(!masked(text).contains("hunter2"), "{text} became {}", masked(text));
        }
    }

    #[test]
    fn a_value_that_swallowed_a_secret_is_not_quoted() {
        for text in ["unknown type `smtp = { password = \"hunter2\" }`", "unknown type `a\ntoken = [\n \"hunter2\",\nhunter2 `"] {
            assert!(!message(text).contains("hunter2"), "{}", message(text));
        }
        assert_eq!(message("[pce] has no `api_key`"), "[pce] has no `api_key`");
        assert_eq!(hint("add api_key = { env = \"A\" }"), "add api_key = { env = \"A\" }");
    }

    #[test]
    fn everything_else_stays_readable() {
        for text in
            ["api_key = { env = \"PCE_API_KEY\" }\n", "[[rules]]\nname = \"VEN tampering\"\n", "url = \"https://pce.example.com:8443\"\n"]
        {
            assert_eq!(masked(text), text);
        }
        assert_eq!(masked("url = \"https://h/abc\"\n"), "url = \"https://h/***\"\n");
    }
}
