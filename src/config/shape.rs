//! What the readers ask for, written down while they ask: the one source of the schema and of what can be set by hand.
//!
//! The readers are run over a config that has one of everything and whose values are all of a wrong kind. What they
//! ask for then is what a config can hold, whoever added the key.

use super::document;
use super::reader::{Problems, Reader};
use crate::channels::KINDS;
use crate::sources::{SOURCES, TARGET_TYPES};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use toml::de::DeTable;
use toml::{Table, Value};

/// What no key takes.
const NOT_WANTED: toml::value::Datetime =
    toml::value::Datetime { date: Some(toml::value::Date { year: 1970, month: 1, day: 1 }), time: None, offset: None };

/// A table as it is being read.
pub(super) type Shared = Rc<RefCell<Shape>>;

/// What may stand in one table.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// Every key that somebody asked for, in that order.
    pub keys: Vec<(String, Key)>,
    /// Takes names that the user chooses as well, each with a secret.
    pub open: bool,
    /// Takes the names of fields as well, each with texts, numbers, true or false.
    pub fields: bool,
}

/// What is known about one key.
#[derive(Debug, Clone, Default)]
pub struct Key {
    /// The kind of value.
    pub want: Want,
    /// Words that can stand there; a part in capitals stands for any text.
    pub words: Vec<String>,
    /// No other words.
    pub closed: bool,
    /// Nothing works without it.
    pub required: bool,
}

/// A kind of value.
#[derive(Debug, Clone, Default)]
pub enum Want {
    /// Nobody said: nothing can stand there.
    #[default]
    Unsaid,
    /// A text.
    Text,
    /// A text, or the file it is in.
    TextOrFile,
    /// `> 10`
    Threshold,
    /// `10m`
    Duration,
    /// `true` or `false`.
    Boolean,
    /// A whole number within a range.
    Integer(i64, i64),
    /// A number of zero or more, or a text with a unit.
    Number,
    /// Values of groups: texts, or lists of texts.
    Groups,
    /// One text or several; with numbers among them when true.
    Texts(bool),
    /// A map of texts.
    TextMap,
    /// Where a secret is.
    Secret,
    /// One secret or several.
    Secrets,
    /// A table.
    Table(Shared),
    /// A list of tables.
    Tables(Vec<Shared>),
}

impl Shape {
    /// What is known about a key.
    pub fn get(&self, key: &str) -> Option<&Key> {
        self.keys.iter().find(|(name, _)| name == key).map(|(_, key)| key)
    }

    pub(super) fn key(&mut self, key: &str) -> &mut Key {
        let at = self.keys.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
            self.keys.push((key.to_owned(), Key::default()));
            self.keys.len() - 1
        });
        &mut self.keys[at].1
    }

    pub(super) fn want(&mut self, key: &str, want: Want) {
        let entry = self.key(key);
        match (&entry.want, &want) {
            (Want::Unsaid | Want::Table(_) | Want::Tables(_), _) if !matches!(want, Want::Unsaid) => entry.want = want,
            // A comparison and a duration are texts of which more is known.
            (Want::Text, Want::Threshold | Want::Duration) => entry.want = want,
            _ => {}
        }
    }

    pub(super) fn words(&mut self, key: &str, words: &[&str], closed: bool) {
        let entry = self.key(key);
        for word in words {
            if !entry.words.iter().any(|have| have == word) {
                entry.words.push((*word).to_owned());
            }
        }
        entry.closed = closed;
    }

    /// Takes over what a later look saw. What was missing is only believed of a table that is seen for the first time,
    /// because then nothing stands in it that would call for something else.
    fn learn(&mut self, seen: &Shape) {
        let first = self.keys.is_empty();
        self.open |= seen.open;
        self.fields |= seen.fields;
        for (name, key) in &seen.keys {
            let known = self.key(name);
            known.required |= first && key.required;
            let words: Vec<&str> = key.words.iter().map(String::as_str).collect();
            let closed = known.closed || key.closed;
            match (&known.want, &key.want) {
                (Want::Table(have), Want::Table(new)) => have.borrow_mut().learn(&new.borrow()),
                (Want::Tables(have), Want::Tables(new)) if have.len() == new.len() => {
                    have.iter().zip(new).for_each(|(have, new)| have.borrow_mut().learn(&new.borrow()));
                }
                _ => self.want(name, key.want.clone()),
            }
            self.words(name, &words, closed);
        }
    }

    /// The table of this name, if it is one.
    pub fn table(&self, key: &str) -> Option<Shape> {
        match &self.get(key)?.want {
            Want::Table(shape) => Some(shape.borrow().clone()),
            _ => None,
        }
    }

    /// The tables of a list, each with what tells it from the others: `channels` by `type`, `rules` by `source`.
    pub fn members(&self, key: &str) -> Vec<(&'static str, Shape)> {
        let names: Vec<&'static str> = match key {
            "channels" => KINDS.iter().map(|kind| kind.name).collect(),
            "rules" => SOURCES.iter().map(|source| source.name()).collect(),
            "targets" => TARGET_TYPES.iter().map(|kind| kind.name).collect(),
            _ => vec![""],
        };
        match self.get(key).map(|key| &key.want) {
            Some(Want::Tables(list)) => names.into_iter().zip(list.iter().map(|shape| shape.borrow().clone())).collect(),
            _ => Vec::new(),
        }
    }
}

/// Everything a config can hold.
pub fn whole() -> Shape {
    let mut known = Shape::default();
    let mut tried = one_of_everything();
    // Each round opens what the one before found; nothing lies deeper than a few tables.
    for _ in 0..8 {
        let seen = look(&tried);
        known.learn(&seen);
        let mut next = one_of_everything();
        fill(&mut next, &known);
        if next == tried {
            break;
        }
        tried = next;
    }
    known
}

/// One channel of each kind and one rule of each source, with nothing in them.
fn one_of_everything() -> Table {
    let member =
        |pairs: &[(&str, String)]| Value::Table(pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone().into())).collect());
    let channels = KINDS.iter().map(|kind| member(&[("name", format!("channel {}", kind.name)), ("type", kind.name.to_owned())]));
    let rules = SOURCES.iter().map(|source| member(&[("name", format!("rule {source}")), ("source", source.name().to_owned())]));
    let one = || vec![member(&[])];
    let targets = TARGET_TYPES.iter().map(|kind| member(&[("name", format!("target {}", kind.name)), ("type", kind.name.to_owned())]));
    let lists = [
        ("targets", targets.collect()),
        ("channels", channels.collect()),
        ("rules", rules.collect()),
        ("routes", one()),
        ("maintenance", one()),
        ("inhibit", one()),
    ];
    lists.into_iter().map(|(key, list)| (key.to_owned(), Value::Array(list))).collect()
}

fn look(config: &Table) -> Shape {
    let text = config.to_string();
    let Ok(document) = DeTable::parse(&text) else { return Shape::default() };
    let problems = Problems::default();
    let root = Reader::new(document.get_ref(), 0..0, "the config", &problems);
    let shape = root.shape();
    document::tables(Path::new("probe"), &text, root, &document::Circumstances::default());
    shape.replace(Shape::default())
}

/// Puts a table where one is wanted, and a date, which nobody wants, where nobody has said yet what is.
fn fill(table: &mut Table, shape: &Shape) {
    for (name, key) in &shape.keys {
        match &key.want {
            Want::Unsaid => {
                table.entry(name).or_insert_with(|| Value::Datetime(NOT_WANTED));
            }
            Want::Table(inner) => {
                if let Value::Table(table) = table.entry(name).or_insert_with(|| Value::Table(Table::new())) {
                    fill(table, &inner.borrow());
                }
            }
            Want::Tables(inner) => {
                if let Some(Value::Array(list)) = table.get_mut(name) {
                    for (item, inner) in list.iter_mut().zip(inner) {
                        if let Value::Table(table) = item {
                            fill(table, &inner.borrow());
                        }
                    }
                }
            }
            _ => {}
        }
    }
}
