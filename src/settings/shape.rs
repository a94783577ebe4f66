//! What the readers ask for, written down while they ask: the kinds of values that may stand in a table.

use std::cell::RefCell;
use std::rc::Rc;

/// A table as it is being read.
pub type Shared = Rc<RefCell<Shape>>;

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

    /// What is known about a key, made when it is new.
    pub fn key(&mut self, key: &str) -> &mut Key {
        let at = self.keys.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
            self.keys.push((key.to_owned(), Key::default()));
            self.keys.len() - 1
        });
        &mut self.keys[at].1
    }

    /// Somebody asks for a kind of value.
    pub fn want(&mut self, key: &str, want: Want) {
        let entry = self.key(key);
        match (&entry.want, &want) {
            (Want::Unsaid | Want::Table(_) | Want::Tables(_), _) if !matches!(want, Want::Unsaid) => entry.want = want,
            // A comparison and a duration are texts of which more is known.
            (Want::Text, Want::Threshold | Want::Duration) => entry.want = want,
            _ => {}
        }
    }

    /// Words that can stand there.
    pub fn words(&mut self, key: &str, words: &[&str], closed: bool) {
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
    pub fn learn(&mut self, seen: &Shape) {
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
}
