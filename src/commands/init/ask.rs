//! One question, asked until the answer will do. What was answered before is kept.

use crate::commands::common::Failure;
use crate::commands::common::answer;
use std::io::Write;
use toml_edit::Value;

/// What is typed for none where nothing typed means something else.
pub const NONE: &str = "-";

/// Asks until `check` takes the answer. Nothing typed is the usual value, where there is one; the end of the input ends it all.
pub fn question<T>(text: &str, usual: Option<&str>, check: impl Fn(&str) -> Result<T, Failure>) -> Result<T, Failure> {
    loop {
        let prompt = match usual {
            Some(usual) if !usual.is_empty() => format!("{text} [{usual}]: "),
            _ => format!("{text}: "),
        };
        let given = answer(&prompt)?;
        let given = if given.is_empty() { usual.unwrap_or_default() } else { given.as_str() };
        match check(given) {
            Ok(value) => return Ok(value),
            Err(Failure(said)) => complain(&said),
        }
    }
}

/// Says what is wrong with an answer.
pub fn complain(text: &str) {
    let _nobody_left_to_tell = writeln!(std::io::stderr().lock(), "  {}", text.trim_end().replace('\n', "\n  "));
}

/// A yes or a no; nothing typed is no.
pub fn yes(text: &str) -> Result<bool, Failure> {
    question(text, Some(""), |given| match given.to_lowercase().as_str() {
        "y" | "yes" | "是" => Ok(true),
        "" | "n" | "no" | "否" => Ok(false),
        _ => Err(Failure(tr!("y or n"))),
    })
}

/// A rule that lets a part of the config be proven on its own.
pub(super) const SOME_RULE: &str = "\n[[rules]]\nname = \"x\"\nsource = \"health\"\n";

pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
