//! What the readers ask for, written down while they ask: the one source of the schema and of what can be set by hand.
//!
//! The readers are run over a config that has one of everything and whose values are all of a wrong kind. What they
//! ask for then is what a config can hold, whoever added the key.

use super::tables::{Circumstances, tables};
use crate::channels::KINDS;
use crate::settings::reader::{Problems, Reader};
use crate::settings::shape::{Shape, Want};
use crate::sources::{SOURCES, TARGET_TYPES};
use std::path::Path;
use toml::de::DeTable;
use toml::{Table, Value};

/// What no key takes.
const NOT_WANTED: toml::value::Datetime =
    toml::value::Datetime { date: Some(toml::value::Date { year: 1970, month: 1, day: 1 }), time: None, offset: None };

/// The tables of a list, each with what tells it from the others: `channels` by `type`, `rules` by `source`.
pub fn members(shape: &Shape, key: &str) -> Vec<(&'static str, Shape)> {
    let names: Vec<&'static str> = match key {
        "channels" => KINDS.iter().map(|kind| kind.name).collect(),
        "rules" => SOURCES.iter().map(|source| source.name()).collect(),
        "targets" => TARGET_TYPES.iter().map(|kind| kind.name).collect(),
        _ => vec![""],
    };
    match shape.get(key).map(|key| &key.want) {
        Some(Want::Tables(list)) => names.into_iter().zip(list.iter().map(|shape| shape.borrow().clone())).collect(),
        _ => Vec::new(),
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
    let problems = Problems::of_probe();
    let root = Reader::new(document.get_ref(), 0..0, "the config", &problems);
    let shape = root.shape();
    tables(Path::new("probe"), &text, root, &Circumstances::default());
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
