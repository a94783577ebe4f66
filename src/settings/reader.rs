//! Reading TOML tables key by key, gathering every complaint instead of stopping at the first.
//!
//! A family member (a rule kind, a channel) reads its own settings with a [`Reader`]; whatever it
//! does not ask for is reported as unknown, with the nearest known key as a hint.

use super::shape::{Shape, Shared, Want};
use crate::domain::time::parse_duration;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How bad a problem of the config is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The config is refused.
    Error,
    /// Said on every run.
    Warning,
}

/// One complaint about the config, at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Error or warning.
    pub level: Level,
    /// Byte range in the file.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Another place that belongs to it, with a word about it (the first of two equal names).
    pub also: Option<(Range<usize>, String)>,
}

/// All complaints of one file.
#[derive(Debug, Default)]
pub struct Problems {
    list: RefCell<Vec<Problem>>,
    /// Whether everybody on this machine can read the file.
    exposed: bool,
    /// What is to be said of every command in it.
    commands: Option<String>,
    /// Whether somebody wants to know what the readers ask for, down to the last table of a list.
    shapes: bool,
}

impl Problems {
    /// Those of a file that is only read to learn what the readers ask for.
    pub fn of_probe() -> Problems {
        Problems { shapes: true, ..Problems::default() }
    }

    /// Those of a file that everybody on this machine can read, or not. `commands` is said of every command in it.
    pub fn of_file(exposed: bool, commands: Option<String>) -> Problems {
        Problems { exposed, commands, ..Problems::default() }
    }

    /// A command stands here, which whoever can write the file has written.
    pub fn command(&self, span: Range<usize>) {
        if let Some(remark) = &self.commands {
            self.warn(span, remark, Some(tr!("chown it to root or to the user that runs pcemon, and chmod go-w")));
        }
    }

    /// Whether everybody on this machine can read the file.
    pub fn exposed(&self) -> bool {
        self.exposed
    }

    /// Adds an error.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>, hint: Option<String>) {
        self.add(Level::Error, span, message.into(), hint);
    }

    /// Adds an error that has two places: here, and an earlier one described by `label`.
    pub fn clash(&self, span: Range<usize>, message: impl Into<String>, hint: Option<String>, first: Range<usize>, label: &str) {
        let also = Some((first, label.to_owned()));
        self.list.borrow_mut().push(Problem { level: Level::Error, span, message: message.into(), hint, also });
    }

    /// Adds a warning.
    pub fn warn(&self, span: Range<usize>, message: impl Into<String>, hint: Option<String>) {
        self.add(Level::Warning, span, message.into(), hint);
    }

    fn add(&self, level: Level, span: Range<usize>, message: String, hint: Option<String>) {
        self.list.borrow_mut().push(Problem { level, span, message, hint, also: None });
    }

    /// Everything gathered, in the order of the file.
    pub fn into_sorted(self) -> Vec<Problem> {
        let mut list = self.list.into_inner();
        list.sort_by_key(|problem| problem.span.start);
        list
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.list.borrow().len()
    }

    /// Whether an error is among them.
    pub fn has_errors(&self) -> bool {
        self.list.borrow().iter().any(|problem| problem.level == Level::Error)
    }
}

/// A value with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Byte range in the file.
    pub span: Range<usize>,
}

/// Reads one table. Every getter reports what is wrong and returns `None` then.
pub struct Reader<'d> {
    table: &'d DeTable<'d>,
    fallback: Option<&'d DeTable<'d>>,
    span: Range<usize>,
    name: String,
    key: String,
    shape: Shared,
    problems: &'d Problems,
}

impl<'d> Reader<'d> {
    /// A reader of `table`, called `name` in messages.
    pub fn new(table: &'d DeTable<'d>, span: Range<usize>, name: impl Into<String>, problems: &'d Problems) -> Self {
        Self { table, fallback: None, span, name: name.into(), key: String::new(), shape: Rc::default(), problems }
    }

    /// Values that are missing are taken from this table (`[defaults]`), which reports its own unknown keys.
    pub fn with_fallback(mut self, defaults: Option<&'d DeTable<'d>>) -> Self {
        self.fallback = defaults;
        self
    }

    /// Where complaints go.
    pub fn problems(&self) -> &'d Problems {
        self.problems
    }

    /// The key under which the table stands in another one; empty elsewhere. The name is for people only.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What was asked for, growing while more is.
    pub fn shape(&self) -> Shared {
        Rc::clone(&self.shape)
    }

    /// Tells what kind of value a key takes; every getter does.
    pub fn want(&self, key: &str, want: Want) {
        self.shape.borrow_mut().want(key, want);
    }

    /// Tells that a key takes a text, or a table that names the file it is in.
    pub fn takes_text_or_file(&self, key: &str) {
        self.want(key, Want::TextOrFile);
    }

    /// Tells the words that can stand behind a key; when `closed`, no others.
    pub fn words(&self, key: &str, words: &[&str], closed: bool) {
        if self.problems.shapes {
            self.shape.borrow_mut().words(key, words, closed);
        }
    }

    /// What the table is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The keys of a table in which the user chooses the names, with their places, in alphabetical order.
    pub fn names_of_the_user(&self) -> impl Iterator<Item = (&'d str, Range<usize>)> + use<'d> {
        self.shape.borrow_mut().open = true;
        self.table.iter().map(|(key, _)| (key.get_ref().as_ref(), key.span()))
    }

    /// The keys of a table in which fields of records stand as well.
    pub fn names_of_fields(&self) -> impl Iterator<Item = &'d str> + use<'d> {
        self.shape.borrow_mut().fields = true;
        self.table.iter().map(|(key, _)| key.get_ref().as_ref())
    }

    /// The table itself, to be the fallback of others.
    pub fn as_fallback(&self) -> &'d DeTable<'d> {
        self.table
    }

    /// Renames the table once its own name is known.
    pub fn rename(&mut self, name: impl Into<String>) {
        self.name = name.into();
    }

    /// Place of the whole table's head.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Place of a key's value, or of the table when the key is absent.
    pub fn span_of(&self, key: &str) -> Range<usize> {
        self.lookup(key).map_or_else(|| self.span(), Spanned::span)
    }

    /// Place of a key's value in the table itself, or of the table: where a complaint about one rule belongs
    /// even when the value comes from the defaults.
    pub fn own_span_of(&self, key: &str) -> Range<usize> {
        self.table.get(key).map_or_else(|| self.span(), Spanned::span)
    }

    /// Whether the key is present in the table itself.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Reports an error at a key's value.
    pub fn error_at(&self, key: &str, message: impl Into<String>, hint: Option<String>) {
        self.problems.error(self.span_of(key), message, hint);
    }

    /// The raw value of a key, now known.
    pub fn raw(&mut self, key: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.know(key);
        self.lookup(key)
    }

    /// A text.
    pub fn string(&mut self, key: &str) -> Option<Placed<String>> {
        self.want(key, Want::Text);
        let value = self.raw(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Placed { value: text.to_string(), span: value.span() }),
            other => self.wrong_type(key, value, other, &tr!("a text in quotes")),
        }
    }

    /// A text that must be there and not empty.
    pub fn required_string(&mut self, key: &str, example: &str) -> Option<Placed<String>> {
        if self.raw(key).is_none() {
            self.missing(key, example);
            return None;
        }
        let text = self.string(key)?;
        if text.value.trim().is_empty() {
            self.problems.error(
                text.span.clone(),
                tr!("`{key}` in {name} is empty", key, name = self.name),
                Some(tr!("write for example {key} = {example}", key, example)),
            );
            return None;
        }
        Some(text)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, key: &str) -> Option<bool> {
        self.want(key, Want::Boolean);
        let value = self.raw(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => self.wrong_type(key, value, other, &tr!("true or false")),
        }
    }

    /// A whole number within a range.
    pub fn integer(&mut self, key: &str, range: std::ops::RangeInclusive<i64>) -> Option<Placed<i64>> {
        self.want(key, Want::Integer(*range.start(), *range.end()));
        let value = self.raw(key)?;
        match value.get_ref() {
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) if range.contains(&number) => Some(Placed { value: number, span: value.span() }),
                _ => {
                    let (low, high) = (range.start(), range.end());
                    let message = if *high == i64::MAX {
                        tr!("`{key}` in {name} must be {low} or more", key, name = self.name, low)
                    } else {
                        tr!("`{key}` in {name} must lie between {low} and {high}", key, name = self.name, low, high)
                    };
                    self.problems.error(value.span(), message, None);
                    None
                }
            },
            other => self.wrong_type(key, value, other, &tr!("a whole number")),
        }
    }

    /// A number within a range, with or without a fraction.
    pub fn number(&mut self, key: &str, range: std::ops::RangeInclusive<f64>) -> Option<Placed<f64>> {
        self.want(key, Want::Number);
        let value = self.raw(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number as f64),
            DeValue::Float(number) => number.as_str().parse().ok(),
            other => return self.wrong_type(key, value, other, "a number"),
        };
        if let Some(number) = number.filter(|number| range.contains(number)) {
            return Some(Placed { value: number, span: value.span() });
        }
        let message =
            tr!("`{key}` in {name} must lie between {start} and {end}", key, name = self.name, start = range.start(), end = range.end());
        self.problems.error(value.span(), message, None);
        None
    }

    /// A duration such as `"10m"`.
    pub fn duration(&mut self, key: &str) -> Option<Placed<Duration>> {
        self.want(key, Want::Duration);
        let value = self.raw(key)?;
        match value.get_ref() {
            DeValue::String(text) => match parse_duration(text) {
                Ok(span) => Some(Placed { value: span, span: value.span() }),
                Err(message) => {
                    self.problems.error(value.span(), tr!("`{key}` in {name}: {message}", key, name = self.name, message), None);
                    None
                }
            },
            other => self.wrong_type(key, value, other, &tr!("a duration in quotes, for example \"10m\"")),
        }
    }

    /// One text or a list of texts.
    pub fn strings(&mut self, key: &str) -> Option<Vec<Placed<String>>> {
        self.want(key, Want::Texts(false));
        let value = self.raw(key)?;
        self.texts_of(key, value, false)
    }

    /// One text or number, or a list of such; numbers become their digits.
    pub fn strings_or_numbers(&mut self, key: &str) -> Option<Vec<Placed<String>>> {
        self.want(key, Want::Texts(true));
        let value = self.raw(key)?;
        self.texts_of(key, value, true)
    }

    fn texts_of(&self, key: &str, value: &'d Spanned<DeValue<'d>>, numbers: bool) -> Option<Vec<Placed<String>>> {
        let one = |item: &'d Spanned<DeValue<'d>>| -> Option<Placed<String>> {
            match item.get_ref() {
                DeValue::String(text) => Some(Placed { value: text.to_string(), span: item.span() }),
                DeValue::Integer(number) if numbers => Some(Placed { value: number.to_string(), span: item.span() }),
                other => self.wrong_type(key, item, other, &if numbers { tr!("a text or a number") } else { tr!("a text in quotes") }),
            }
        };
        match value.get_ref() {
            DeValue::Array(items) => {
                let read: Vec<_> = items.iter().map(one).collect();
                read.into_iter().collect()
            }
            _ => one(value).map(|item| vec![item]),
        }
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        self.words(key, &names, true);
        let text = self.string(key)?;
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text.value) {
            return Some(*value);
        }
        self.problems.error(
            text.span,
            tr!("`{key}` in {name} cannot be '{text}'", key, name = self.name, text = text.value),
            Some(did_you_mean(&text.value, &names)),
        );
        None
    }

    /// A table within this one, to be read by its own reader.
    pub fn table(&mut self, key: &str) -> Option<Reader<'d>> {
        self.want(key, Want::Table(Rc::default()));
        let value = self.raw(key)?;
        match value.get_ref() {
            DeValue::Table(table) => {
                let name = tr!("`{key}` of {name}", key, name = self.name);
                let inner = Reader { key: key.to_owned(), ..Reader::new(table, value.span(), name, self.problems) };
                self.want(key, Want::Table(inner.shape()));
                Some(inner)
            }
            other => self.wrong_type(key, value, other, &tr!("a table, for example {{ key = \"value\" }}")),
        }
    }

    /// The elements of `[[key]]`, each with its own reader, called by its number.
    pub fn tables(&mut self, key: &str) -> Vec<Reader<'d>> {
        self.want(key, Want::Tables(Vec::new()));
        let Some(value) = self.raw(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            let hint = Some(tr!("write [[{key}]] before each of them", key));
            self.problems.error(
                value.span(),
                tr!("`{key}` must be a list of tables, not {found}", key, found = type_name(value.get_ref())),
                hint,
            );
            return Vec::new();
        };
        let mut out = Vec::new();
        for (number, item) in items.iter().enumerate() {
            let name = tr!("number {number} of [[{key}]]", number = number + 1, key);
            match item.get_ref() {
                DeValue::Table(table) => out.push(Reader::new(table, item.span(), name, self.problems)),
                other => {
                    let _: Option<()> = self.wrong_type(key, item, other, &tr!("a list of tables"));
                }
            }
        }
        if self.problems.shapes {
            self.want(key, Want::Tables(out.iter().map(Reader::shape).collect()));
        }
        out
    }

    /// A map of texts.
    pub fn string_map(&mut self, key: &str) -> Option<BTreeMap<String, String>> {
        self.want(key, Want::TextMap);
        let value = self.raw(key)?;
        let DeValue::Table(table) = value.get_ref() else {
            return self.wrong_type(key, value, value.get_ref(), &tr!("a table, for example {{ team = \"db\" }}"));
        };
        let mut out = BTreeMap::new();
        for (name, item) in table.iter() {
            match item.get_ref() {
                DeValue::String(text) => {
                    out.insert(name.get_ref().to_string(), text.to_string());
                }
                other => {
                    let _: Option<()> = self.wrong_type(key, item, other, &tr!("a text in quotes"));
                }
            }
        }
        Some(out)
    }

    /// Reports that a key is missing.
    pub fn missing(&self, key: &str, example: &str) {
        self.shape.borrow_mut().key(key).required = true;
        self.problems.error(
            self.span(),
            tr!("{name} has no `{key}`", name = self.name, key),
            Some(tr!("add for example {key} = {example}", key, example)),
        );
    }

    /// Tells that a key is known without reading it.
    pub fn know(&mut self, key: &str) {
        self.want(key, Want::Unsaid);
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self) {
        let shape: &Shape = &self.shape.borrow();
        let names: Vec<&str> = shape.keys.iter().map(|(name, _)| name.as_str()).collect();
        for (key, _) in self.table.iter() {
            if !names.contains(&key.get_ref().as_ref()) {
                self.problems.error(
                    key.span(),
                    tr!("unknown key `{key}` in {name}", key = key.get_ref(), name = self.name),
                    Some(did_you_mean(key.get_ref(), &names)),
                );
            }
        }
    }

    fn lookup(&self, key: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.table.get(key).or_else(|| self.fallback.and_then(|defaults| defaults.get(key)))
    }

    /// Reports a value of the wrong type.
    pub fn wrong_type<T>(&self, key: &str, at: &Spanned<DeValue<'_>>, found: &DeValue<'_>, wanted: &str) -> Option<T> {
        self.problems.error(
            at.span(),
            tr!("`{key}` in {name} must be {wanted}, not {found}", key, name = self.name, wanted, found = type_name(found)),
            None,
        );
        None
    }
}

fn type_name(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(_) => tr!("a string"),
        DeValue::Integer(_) => tr!("an integer"),
        DeValue::Float(_) => tr!("a float"),
        DeValue::Boolean(_) => tr!("a boolean"),
        DeValue::Datetime(_) => tr!("a datetime"),
        DeValue::Array(_) => tr!("an array"),
        DeValue::Table(_) => tr!("a table"),
    }
}

/// "did you mean `x`?" when something is near, else the list of what would be right.
pub fn did_you_mean(text: &str, names: &[&str]) -> String {
    match nearest(text, names) {
        _ if names.is_empty() => tr!("nothing can stand here"),
        Some(name) => tr!("did you mean `{name}`?", name),
        None => tr!("use one of: {names}", names = few(&by_likeness(text, names))),
    }
}

/// The same for names that people gave, which may be many, long and of several words: at most five that are near, the nearest
/// first; where none is, `otherwise` says where they are listed.
pub fn which_of(text: &str, names: &[&str], otherwise: String) -> String {
    match near(text, names)[..] {
        [] => otherwise,
        [name] => tr!("did you mean `{name}`?", name),
        ref several => {
            let names = several.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            tr!("did you mean one of these: {names}?", names)
        }
    }
}

/// The names that are near, the nearest first. One that is far nearer than all others stands alone.
fn near<'n>(text: &str, names: &[&'n str]) -> Vec<&'n str> {
    let typed: String = text.to_lowercase().chars().filter(|c| !matches!(c, '*' | '?')).collect();
    let mut scored: Vec<(f64, &str)> = names
        .iter()
        .filter(|name| text.len() <= 100 && name.len() <= 300)
        .map(|name| (likeness(&typed, &name.to_lowercase()), *name))
        .filter(|(score, _)| *score >= 0.65)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    // Where one letter is wrong, nothing else was meant.
    let slip = |name: &str| typed.len() > 2 && strsim::osa_distance(&typed, &name.to_lowercase()) <= 1;
    let only_slips = scored.first().is_some_and(|(_, name)| slip(name));
    let near = scored.into_iter().filter(|(score, name)| if only_slips { slip(name) } else { *score > best - 0.15 });
    near.take(FEW).map(|(_, name)| name).collect()
}

/// From 0 to 1: of the whole names, or of the words typed, each with the word of the name that is nearest to it.
fn likeness(typed: &str, name: &str) -> f64 {
    let alike = |a: &str, b: &str| {
        let longer = a.chars().count().max(b.chars().count()).max(1);
        1.0 - strsim::osa_distance(a, b) as f64 / longer as f64
    };
    let words =
        |text: &str| text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let have = words(name);
    let of_words: Vec<f64> = words(typed)
        .iter()
        .map(|word| {
            let begins = |other: &str| if word.chars().count() > 2 && other.starts_with(word.as_str()) { 0.9 } else { 0.0 };
            have.iter().map(|other| alike(word, other).max(begins(other))).fold(0.0, f64::max)
        })
        .collect();
    let mean = of_words.iter().sum::<f64>() / of_words.len().max(1) as f64;
    // All words of a longer name are less than the name itself.
    alike(typed, name).max(mean * 0.95)
}

/// The likeliest first, where not all of them are going to be named.
fn by_likeness<'n>(text: &str, names: &[&'n str]) -> Vec<&'n str> {
    let mut sorted = names.to_vec();
    if sorted.len() > FEW + 1 && text.len() <= 100 {
        let score = |name: &str| strsim::jaro_winkler(&text.to_lowercase(), &name.to_lowercase());
        sorted.sort_by(|a, b| score(b).total_cmp(&score(a)));
    }
    sorted
}

/// Names that a sentence holds.
const FEW: usize = 5;

/// Names in a sentence: at most five, the rest as a number. Longer lists are lists, not sentences.
pub fn few(names: &[&str]) -> String {
    // A sixth takes no more room than the words that count it.
    if names.len() <= FEW + 1 {
        return names.join(", ");
    }
    tr!("{names} and {count} more", names = names[..FEW].join(", "), count = names.len() - FEW)
}

/// The same, only where there is a name that was probably meant.
pub fn meant(text: &str, names: &[&str]) -> Option<String> {
    nearest(text, names).map(|name| tr!("did you mean `{name}`?", name))
}

/// The name that was probably meant.
pub fn nearest<'n>(text: &str, names: &[&'n str]) -> Option<&'n str> {
    // Comparing takes time with the square of the length, and nobody mistypes a name of that size.
    names
        .iter()
        .filter(|_| text.len() <= 100)
        .map(|name| {
            // In short words Jaro-Winkler does not see two letters that changed places.
            let slip = text.len() > 2 && strsim::osa_distance(text, name) == 1;
            (if slip { 0.95 } else { strsim::jaro_winkler(text, name) }, *name)
        })
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
