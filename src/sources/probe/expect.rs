//! What an answer must be, and the first thing that it is not.

use super::failure::Failure;
use crate::domain::foreign::Foreign;
use crate::domain::text::{shorten, visible};
use regex::{Regex, RegexBuilder};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Characters of an answer that are shown.
const EXCERPT: usize = 80;
/// Memory of a compiled expression.
const SIZE: usize = 1 << 20;

/// A text to be found in an answer, or an expression between slashes.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Text(String),
    Expression(Regex),
}

impl Pattern {
    pub fn read(text: &str) -> Result<Pattern, String> {
        match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).filter(|inner| !inner.is_empty()) {
            // Takes time with the length of the text, whatever the expression.
            Some(inner) => match RegexBuilder::new(inner).size_limit(SIZE).build() {
                Ok(expression) => Ok(Pattern::Expression(expression)),
                Err(error) => Err(tr!(
                    "'{text}' is not a valid expression: {why}",
                    text = visible(text),
                    why = shorten(&visible(error.to_string().lines().last().unwrap_or_default()), 200)
                )),
            },
            None => Ok(Pattern::Text(text.to_owned())),
        }
    }

    pub fn is_in(&self, text: &str) -> bool {
        match self {
            Pattern::Text(part) => text.contains(part.as_str()),
            Pattern::Expression(expression) => expression.is_match(text),
        }
    }

    pub fn shown(&self) -> String {
        match self {
            Pattern::Text(text) => format!("'{}'", excerpt(text)),
            Pattern::Expression(expression) => format!("/{}/", excerpt(expression.as_str())),
        }
    }
}

/// What a target expects.
#[derive(Debug, Clone, Default)]
pub(super) struct Expect {
    pub status: Vec<RangeInclusive<u16>>,
    pub body: Option<Pattern>,
    pub not_body: Option<Pattern>,
    pub header: BTreeMap<String, Pattern>,
    pub json: BTreeMap<String, String>,
    pub banner: Option<Pattern>,
    pub answer: Option<Vec<String>>,
    pub rcode: Option<String>,
}

/// Shown text of others.
pub(super) fn excerpt(text: &str) -> String {
    Foreign::new(text).words(&[], EXCERPT)
}

/// The head and body of an answer.
pub(super) struct Answer<'a> {
    pub status: u16,
    pub headers: &'a [(String, String)],
    pub body: &'a str,
    /// More of the body came than is read.
    pub cut: bool,
}

impl Expect {
    pub fn takes_status(&self, status: u16) -> bool {
        if self.status.is_empty() { (200..300).contains(&status) } else { self.status.iter().any(|range| range.contains(&status)) }
    }

    /// The first thing that is not as expected.
    pub fn check(&self, answer: &Answer<'_>) -> Result<(), Failure> {
        if !self.takes_status(answer.status) {
            let wanted = match self.status.as_slice() {
                [] => "200-299".to_owned(),
                ranges => ranges.iter().map(shown_range).collect::<Vec<_>>().join(", "),
            };
            return Err(Failure::of(
                "status",
                tr!("it answered with status {status}, expected is {wanted}", status = answer.status, wanted),
            ));
        }
        for (name, pattern) in &self.header {
            let own: Vec<&str> =
                answer.headers.iter().filter(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect();
            if own.is_empty() {
                return Err(Failure::of("header", tr!("the answer has no header {name}", name = visible(name))));
            }
            if !own.iter().any(|value| pattern.is_in(value)) {
                let found = excerpt(&own.join(", "));
                return Err(Failure::of(
                    "header",
                    tr!("the header {name} does not hold {wanted} but '{found}'", name = visible(name), wanted = pattern.shown(), found),
                ));
            }
        }
        self.check_body(answer)
    }

    fn check_body(&self, answer: &Answer<'_>) -> Result<(), Failure> {
        let wrong = |why: String| Err(Failure::of("body", why));
        if let Some(pattern) = self.body.as_ref().filter(|pattern| !pattern.is_in(answer.body)) {
            let (wanted, found) = (pattern.shown(), excerpt(answer.body));
            return wrong(match answer.cut {
                true => tr!("{wanted} is not in the first MiB of the body, and no more is read", wanted),
                false => tr!("{wanted} is not in the body, which begins with '{found}'", wanted, found),
            });
        }
        if let Some(pattern) = &self.not_body {
            if pattern.is_in(answer.body) {
                return wrong(tr!("{wanted} is in the body and must not be", wanted = pattern.shown()));
            }
            if answer.cut {
                let wanted = pattern.shown();
                return Err(Failure::of(
                    "own_fault",
                    tr!("whether {wanted} is in the body is not known: only its first MiB is read", wanted),
                ));
            }
        }
        if self.json.is_empty() {
            return Ok(());
        }
        if answer.cut {
            return Err(Failure::of("own_fault", tr!("the body is longer than the MiB that is read: `json` cannot be looked up in it")));
        }
        let Ok(json) = serde_json::from_str::<Json>(answer.body) else {
            return wrong(tr!("the body is not JSON; it begins with '{found}'", found = excerpt(answer.body)));
        };
        for (pointer, wanted) in &self.json {
            let found = match json.pointer(pointer) {
                None => return wrong(tr!("the body has nothing at {pointer}", pointer = visible(pointer))),
                Some(Json::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            let same_number = wanted.parse::<f64>().is_ok_and(|wanted| found.parse::<f64>().is_ok_and(|found| found == wanted));
            if found != *wanted && !same_number {
                return wrong(tr!(
                    "{pointer} in the body is '{found}', expected is '{wanted}'",
                    pointer = visible(pointer),
                    found = excerpt(&found),
                    wanted = visible(wanted)
                ));
            }
        }
        Ok(())
    }
}

/// `200`, `200-299` or `2xx`.
pub(super) fn status_range(text: &str) -> Option<RangeInclusive<u16>> {
    let number = |text: &str| text.trim().parse::<u16>().ok().filter(|status| (100..600).contains(status));
    if let Some(class) = text.strip_suffix("xx").and_then(|class| class.parse::<u16>().ok()).filter(|class| (1..6).contains(class)) {
        return Some(class * 100..=class * 100 + 99);
    }
    match text.split_once('-') {
        Some((from, to)) => Some(number(from)?..=number(to)?).filter(|range| !range.is_empty()),
        None => number(text).map(|status| status..=status),
    }
}

fn shown_range(range: &RangeInclusive<u16>) -> String {
    if range.start() == range.end() { range.start().to_string() } else { format!("{}-{}", range.start(), range.end()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(expect: &Expect, status: u16, body: &str, cut: bool) -> &'static str {
        expect.check(&Answer { status, headers: &[], body, cut }).map_or_else(|failure| failure.outcome, |()| "ok")
    }

    #[test]
    fn ranges_of_status() {
        assert_eq!(
            (status_range("2xx"), status_range("401"), status_range("200-204")),
            (Some(200..=299), Some(401..=401), Some(200..=204))
        );
        assert_eq!((status_range("9xx"), status_range("x"), status_range("300-200"), status_range("1000")), (None, None, None, None));
    }

    #[test]
    fn numbers_texts_and_what_was_cut_off() {
        let json = BTreeMap::from([("/db".to_owned(), "up".to_owned()), ("/n".to_owned(), "3".to_owned())]);
        let expect = Expect { json, ..Expect::default() };
        for (body, want) in [
            ("{\"db\":\"up\",\"n\":3}", "ok"),
            ("{\"db\":\"up\",\"n\":\"3.0\"}", "ok"),
            ("{\"db\":1,\"n\":3}", "body"),
            ("{\"n\":3}", "body"),
            ("<", "body"),
        ] {
            assert_eq!(outcome(&expect, 200, body, false), want, "{body}");
        }
        let absent = Expect { not_body: Some(Pattern::read("error").unwrap()), ..Expect::default() };
        assert_eq!((outcome(&absent, 200, "fine", false), outcome(&absent, 200, "fine", true)), ("ok", "own_fault"));
        let there = Expect { body: Some(Pattern::read("fine").unwrap()), ..Expect::default() };
        assert_eq!((outcome(&there, 200, "fine", true), outcome(&there, 503, "fine", true)), ("ok", "status"));
        // The classical one that takes for ever elsewhere.
        let slow = Expect { body: Some(Pattern::read("/^(a+)+$/").unwrap()), ..Expect::default() };
        assert_eq!(outcome(&slow, 200, &format!("{}b", "a".repeat(100_000)), false), "body");
        assert!(Pattern::read("/(/").is_err());
    }
}
