//! The answers of an `init` that was not finished, kept beside the config until it is written. A secret is never among them.

use super::ask;
use super::secrets::{Keeper, Place};
use crate::cli::Global;
use crate::commands::common::Failure;
use crate::domain::text::visible;
use crate::files::{self, New, Room};
use crate::run::interrupt::Interrupt;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What every question needs.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// The flags of every command.
    pub global: &'a Global,
    /// Where secrets are kept.
    pub keeper: &'a Keeper,
    /// What was answered so far.
    pub draft: &'a Draft,
}

/// What was answered so far, in this run or in one before.
pub struct Draft {
    /// `None`: nowhere.
    path: Option<PathBuf>,
    answers: RefCell<BTreeMap<String, String>>,
    /// Something stands in the file.
    kept: Cell<bool>,
    interrupt: Interrupt,
}

impl Draft {
    /// That of a config at this path.
    pub fn beside(config: &Path, interrupt: &Interrupt) -> Draft {
        let path = config.with_extension("answers.toml");
        let text = files::read_regular(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        // What cannot be read is no answer; it is asked for as if it were the first time.
        let answers: BTreeMap<String, String> = text.and_then(|text| toml::from_str(&text).ok()).unwrap_or_default();
        let draft =
            Draft { path: Some(path), kept: Cell::new(!answers.is_empty()), answers: RefCell::new(answers), interrupt: interrupt.clone() };
        draft.interrupt.says(draft.farewell(&tr!("interrupted; no config was written")));
        draft
    }

    /// One that lasts as long as the program.
    pub fn in_memory() -> Draft {
        Draft { path: None, answers: RefCell::default(), kept: Cell::new(false), interrupt: Interrupt::default() }
    }

    /// Whether there is anything in it.
    pub fn is_empty(&self) -> bool {
        self.answers.borrow().is_empty()
    }

    /// Who ends the program from outside.
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// What was answered.
    pub fn of(&self, key: &str) -> Option<String> {
        self.answers.borrow().get(key).cloned()
    }

    /// Everything that was answered below a key, by the rest of its name.
    pub fn below(&self, prefix: &str) -> BTreeMap<String, String> {
        let answers = self.answers.borrow();
        answers.iter().filter_map(|(key, value)| Some((key.strip_prefix(prefix)?.to_owned(), value.clone()))).collect()
    }

    /// Keeps an answer.
    pub fn keep(&self, key: &str, value: &str) {
        self.answers.borrow_mut().insert(key.to_owned(), value.to_owned());
        self.write();
    }

    /// Keeps no answer below this.
    pub fn forget(&self, prefix: &str) {
        self.answers.borrow_mut().retain(|key, _| !key.starts_with(prefix));
        self.write();
    }

    /// Asks; what was answered before is the usual answer.
    pub fn question<T>(
        &self,
        key: &str,
        text: &str,
        usual: Option<&str>,
        check: impl Fn(&str) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let before = self.of(key);
        let said = RefCell::new(String::new());
        let value = ask::question(text, before.as_deref().or(usual), |given| {
            let value = check(given)?;
            *said.borrow_mut() = given.to_owned();
            Ok(value)
        })?;
        self.keep(key, &said.into_inner());
        Ok(value)
    }

    /// Asks where a secret is. Kept is the name of a place, never what may be the secret itself.
    pub fn secret(&self, key: &str, text: &str, usual: Option<&str>, keeper: &Keeper) -> Result<Place, Failure> {
        let before = self.of(key);
        let (place, given) = ask::question(text, before.as_deref().or(usual), |given| {
            let place = keeper.place(key, given)?;
            Ok((place, given.to_owned()))
        })?;
        if is_place(&given) {
            self.keep(key, &given)
        } else {
            self.forget(key)
        }
        Ok(place)
    }

    /// The config is written: nothing is left to be finished.
    pub fn done(&self) {
        if let Some(path) = self.path.as_ref().filter(|_| self.kept.get()) {
            let _gone_already = std::fs::remove_file(path);
        }
    }

    /// How an `init` without an end is told.
    pub fn farewell(&self, what: &str) -> String {
        let Some(path) = self.path.as_ref().filter(|_| self.kept.get()) else { return what.to_owned() };
        let path = visible(&path.display().to_string());
        format!(
            "{what}\n{}",
            tr!("the answers so far are in {path}; the next `pcemon init` offers them again, secrets are not among them", path)
        )
    }

    fn write(&self) {
        let Some(path) = &self.path else { return };
        let mut text = tr!("# Answers of a `pcemon init` that was not finished; the next one offers them again and removes this file.\n");
        for (key, value) in self.answers.borrow().iter() {
            text.push_str(&format!("{} = {}\n", ask::quoted(key), ask::quoted(value)));
        }
        // Who cannot write here is told so when the config is written; until then the answers are in memory.
        if files::replace(path, text.as_bytes(), New::Private, Room::Taken).is_ok() {
            self.kept.set(true);
            self.interrupt.says(self.farewell(&tr!("interrupted; no config was written")));
        }
    }
}

/// Whether this names a place and can be nothing else: a file, or a variable as variables are usually called or that is set.
pub(super) fn is_place(text: &str) -> bool {
    let usual = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_name = text.contains('_') && text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(usual);
    text.starts_with("file:") || is_name || (!text.contains(['=', '\0']) && !text.is_empty() && std::env::var_os(text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_no_place() {
        for place in ["file:/run/secret", "PCE_API_KEY", "SLACK_URL"] {
            assert!(is_place(place), "{place}");
        }
        for secret in
            ["", "hunter2", "plain:hunter2", "https://hooks.slack.com/services/T0/B0/X", "AKIAIOSFODNN7EXAMPLE", "api_1f2e3d4c5b6a79880"]
        {
            assert!(!is_place(secret), "{secret}");
        }
    }
}
