//! The settings of the older Python monitor, as a config: what can be said the same way, and what means something else here.
//!
//! Every piece is proven by the config's own reader before it is taken; one that it refuses is told and left out, so that
//! whatever comes out can be loaded.

mod json;
mod place;
mod rules;

use crate::config;
use crate::domain::text::{shorten, visible};
use json::Object;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;
use toml_edit::Value as Toml;

/// What came of the settings.
#[derive(Debug)]
pub struct Imported {
    /// The config.
    pub config: String,
    /// What is not as it was.
    pub differences: Vec<Difference>,
    /// Secrets that were not copied.
    pub variables: Vec<Variable>,
}

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
            Kind::Meaning => tr!("Means something else here"),
            Kind::Changed => tr!("Was changed"),
            Kind::NotCarriedOver => tr!("Was not carried over"),
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

/// Turns the settings into a config. The error says why they are no such settings.
pub fn import(bytes: &[u8], keep_secrets: bool) -> Result<Imported, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| tr!("it is not UTF-8"))?;
    let value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| tr!("it is not JSON: {error}", error))?;
    let root = Object::new(&value, tr!("the settings")).ok_or_else(|| tr!("it is no JSON object; give the monitor's config.json"))?;
    if !["api", "rules", "alerts", "email", "smtp", "settings"].iter().any(|key| root.has(key)) {
        return Err(tr!("it has none of `api`, `rules`, `alerts`; give the monitor's config.json"));
    }
    let mut draft = Draft { keep_secrets, ..Draft::default() };
    let pce = place::pce(&root, &mut draft);
    let run = place::run(&root, &mut draft);
    let channels = place::channels(&root, &mut draft);
    let rules = rules::all(&root, &mut draft);
    draft.left(&root);

    let mut config = String::from("# Taken over from the settings of the older monitor. `pcemon rules example` explains every key.\n");
    for part in [pce, run].into_iter().flatten().chain(channels).chain(rules) {
        config.push('\n');
        config.push_str(&part);
    }
    config::parse(Path::new("config"), &config).map_err(|error| tr!("it cannot be put into a config: {error}", error))?;
    draft.variables.retain(|variable| config.contains(&format!("env = {}", quoted(&variable.name))));
    draft.differences.sort_by_key(|difference| difference.kind);
    draft.differences.dedup();
    Ok(Imported { config, differences: draft.differences, variables: draft.variables })
}

/// What is gathered on the way.
#[derive(Debug, Default)]
struct Draft {
    keep_secrets: bool,
    differences: Vec<Difference>,
    variables: Vec<Variable>,
    names: BTreeSet<String>,
    /// Names of the channels that take part.
    channels: Vec<String>,
}

impl Draft {
    fn say(&mut self, kind: Kind, place: &str, text: String) {
        self.differences.push(Difference { kind, place: shorten(&visible(place), 120), text });
    }

    /// Tells of the keys that nobody asked for.
    fn left(&mut self, object: &Object<'_>) {
        self.left_at(object, object.place());
    }

    fn left_at(&mut self, object: &Object<'_>, place: &str) {
        for key in object.left() {
            self.say(Kind::NotCarriedOver, place, tr!("`{key}` has no counterpart", key = shorten(&visible(&key), 80)));
        }
    }

    /// A secret as it is written in the config: the name of a variable, or the text itself when that was asked for.
    fn secret(&mut self, text: &str, variable: &str, was: &str) -> String {
        if self.keep_secrets {
            return quoted(text);
        }
        self.variables.push(Variable { name: variable.to_owned(), was: was.to_owned() });
        format!("{{ env = {} }}", quoted(variable))
    }

    /// Takes a piece when the config takes it; `around` is what it cannot stand without.
    fn proven(&mut self, place: &str, piece: String, around: &str) -> Option<String> {
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
    fn unique(&mut self, wanted: &str, place: &str) -> String {
        let clean: String = wanted.chars().map(|c| if c.is_control() { ' ' } else { c }).take(150).collect();
        let clean = clean.trim().to_owned();
        let mut name = clean.clone();
        let mut number = 2;
        while !self.names.insert(name.clone()) {
            name = format!("{clean} ({number})");
            number += 1;
        }
        if name != wanted {
            self.say(Kind::Changed, place, tr!("is called `{name}` now; names are unique here", name = visible(&name)));
        }
        name
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    Toml::from(text).to_string()
}

/// A list of texts as TOML writes it.
fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}
