//! What is gathered while the settings are read, and how texts are written.

use super::json::Object;
use crate::config;
use crate::domain::text::{shorten, visible};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml_edit::Value as Toml;

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// Which sort.
    pub kind: Kind,
    /// Where it stood: `rules[3] Port scan`.
    pub place: String,
    /// What is different.
    pub text: String,
}

/// Sorts of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Carried over, and counts or behaves otherwise.
    Meaning,
    /// Written otherwise than it was.
    Changed,
    /// Left out.
    NotCarriedOver,
}

impl Kind {
    /// What stands above them in a list.
    pub fn heading(self) -> String {
        match self {
            Kind::Meaning => tr!("Has a different meaning"),
            Kind::Changed => tr!("Was changed"),
            Kind::NotCarriedOver => tr!("Not converted"),
        }
    }
}

/// A variable to set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Where the value stands in the old settings.
    pub was: String,
}

/// What is gathered on the way.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) keep_secrets: bool,
    pub(super) differences: Vec<Difference>,
    pub(super) variables: Vec<Variable>,
    /// Names that are taken.
    names: BTreeSet<String>,
    /// The number that the next rule of a name tries first, where the name was wanted before.
    numbers: BTreeMap<String, u64>,
    /// Names of the channels that take part.
    pub(super) channels: Vec<String>,
}

impl Draft {
    pub(super) fn new(keep_secrets: bool) -> Draft {
        Draft { keep_secrets, ..Draft::default() }
    }

    pub(super) fn say(&mut self, kind: Kind, place: &str, text: String) {
        self.differences.push(Difference { kind, place: shorten(&visible(place), 120), text });
    }

    /// Tells of the keys that nobody asked for.
    pub(super) fn left(&mut self, object: &Object<'_>) {
        self.left_at(object, object.place());
    }

    pub(super) fn left_at(&mut self, object: &Object<'_>, place: &str) {
        for key in object.left() {
            self.say(Kind::NotCarriedOver, place, tr!("`{key}` has no counterpart", key = shorten(&visible(&key), 80)));
        }
    }

    /// A secret as it is written in the config: the name of a variable, or the text itself when that was asked for.
    pub(super) fn secret(&mut self, text: &str, variable: &str, was: &str) -> String {
        if self.keep_secrets {
            return quoted(text);
        }
        self.variables.push(Variable { name: variable.to_owned(), was: was.to_owned() });
        format!("{{ env = {} }}", quoted(variable))
    }

    /// Takes a piece when the config takes it; `around` is what it cannot stand without.
    pub(super) fn proven(&mut self, place: &str, piece: String, around: &str) -> Option<String> {
        match config::parse(Path::new("config"), &format!("{piece}{around}")) {
            Ok(_) => Some(piece),
            Err(error) => {
                let why: Vec<String> = error.problems().into_iter().map(|problem| problem.message).collect();
                self.say(Kind::NotCarriedOver, place, shorten(&why.join("; "), 400));
                None
            }
        }
    }

    /// A name that nothing else has yet.
    pub(super) fn unique(&mut self, wanted: &str, place: &str) -> String {
        let clean: String = wanted.chars().map(|c| if c.is_control() { ' ' } else { c }).take(150).collect();
        let clean = clean.trim().to_owned();
        let mut name = clean.clone();
        // Those below are all taken: thousands of rules may have one name.
        let mut number = self.numbers.get(&clean).copied().unwrap_or(2);
        while !self.names.insert(name.clone()) {
            name = format!("{clean} ({number})");
            number += 1;
        }
        if number > 2 {
            self.numbers.insert(clean, number);
        }
        if name != wanted {
            self.say(Kind::Changed, place, tr!("is called `{name}` now; names are unique here", name = visible(&name)));
        }
        name
    }

    /// A name is free again: what was called so is left out.
    pub(super) fn give_back(&mut self, name: &str) {
        self.names.remove(name);
        let numbered = name.strip_suffix(')').and_then(|name| name.rsplit_once(" ("));
        if let Some((clean, number)) = numbered
            && let (Some(next), Ok(number)) = (self.numbers.get_mut(clean), number.parse::<u64>())
        {
            *next = number.clamp(2, *next);
        }
    }
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    Toml::from(text).to_string()
}

/// A list of texts as TOML writes it.
pub(super) fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The work: which number a name tries first.
    #[test]
    fn a_name_that_many_have_is_not_counted_from_the_start() {
        let mut draft = Draft::new(false);
        for _ in 0..2_000 {
            draft.unique("n", "rules");
        }
        assert_eq!((draft.numbers["n"], draft.names.contains("n (2000)")), (2_001, true));
        draft.give_back("n (7)");
        assert_eq!((draft.numbers["n"], draft.unique("n", "rules")), (7, "n (7)".to_owned()));
        assert_eq!(draft.unique("n", "rules"), "n (2001)");
        assert_eq!(draft.unique("n (7) (2)", "rules"), "n (7) (2)");
    }
}
