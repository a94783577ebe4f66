//! Reading JSON that was written by hand and by several versions: numbers as texts, texts as lists, keys that may be missing.

use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// An object, and which of its keys were asked for.
pub struct Object<'v> {
    map: &'v Map<String, Value>,
    place: String,
    asked: RefCell<BTreeSet<String>>,
}

impl<'v> Object<'v> {
    /// An object called `place` in messages.
    pub fn new(value: &'v Value, place: impl Into<String>) -> Option<Self> {
        Some(Object { map: value.as_object()?, place: place.into(), asked: RefCell::default() })
    }

    /// What it is called.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether a key is there.
    pub fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// The raw value, unless it says nothing.
    pub fn get(&self, key: &str) -> Option<&'v Value> {
        self.asked.borrow_mut().insert(key.to_owned());
        self.map.get(key).filter(|value| !says_nothing(value))
    }

    /// An object in this one.
    pub fn object(&self, key: &str) -> Option<Object<'v>> {
        let value = self.map.get(key)?;
        let inner = Object::new(value, key);
        // What is no object stays unasked, and so is told of.
        if inner.is_some() {
            self.asked.borrow_mut().insert(key.to_owned());
        }
        inner
    }

    /// A text, also one that was written as a number.
    pub fn text(&self, key: &str) -> Option<String> {
        match self.get(key)? {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// Texts: a list, or one text with commas.
    pub fn texts(&self, key: &str) -> Vec<String> {
        let one = |value: &Value| match value {
            Value::String(text) => text.split([',', ';']).map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect(),
            Value::Number(number) => vec![number.to_string()],
            _ => Vec::new(),
        };
        match self.get(key) {
            Some(Value::Array(items)) => items.iter().flat_map(one).collect(),
            Some(value) => one(value),
            None => Vec::new(),
        }
    }

    /// A number, also one that was written as a text.
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.get(key)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
        .filter(|number| number.is_finite())
    }

    /// Yes or no in any of the forms people write.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => Some(number.as_f64() != Some(0.0)),
            Value::String(text) => match text.trim().to_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Some(true),
                "false" | "no" | "off" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Keys that hold something and that nobody asked for.
    pub fn left(&self) -> Vec<String> {
        let asked = self.asked.borrow();
        self.map.iter().filter(|(key, value)| !asked.contains(*key) && !says_nothing(value)).map(|(key, _)| key.clone()).collect()
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
