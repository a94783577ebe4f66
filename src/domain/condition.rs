//! Conditions on the records of a source, made of its row. What a record does not tell neither matches nor fails to.

use super::estimate::Truth;
use super::filter::{Filter, IpSet, Pattern};
use super::source::{KeyDef, SourceKind};
use super::value::{GroupValue, Record, Value};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Where a condition looks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// A field of the table.
    Slot(u8),
    /// A field beyond it.
    Open(String),
    /// The name of the target.
    Target,
    /// The labels of the target.
    TargetLabels,
    /// The kind of record.
    Kind,
}

/// How it tests what it finds there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// One of these words. Other spellings and the word each stands for come with them.
    Words(Vec<String>, &'static [(&'static str, &'static str)]),
    /// One of these patterns.
    Patterns(Vec<Pattern>),
    /// In a set of addresses.
    Addresses(IpSet),
    /// Key to wanted values: any value within a key, every key.
    Pairs(BTreeMap<String, Vec<Pattern>>),
    /// True or false.
    Flag(bool),
    /// Longer ago than this.
    Older(Duration),
}

/// One key of a rule's `match` or `exclude`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// Where it looks.
    pub place: Place,
    /// How it tests.
    pub test: Test,
    /// How the memory of rules is keyed.
    key: String,
}

/// The key under which a rule's memory is stored is made of this text: it must not change with a name in the code.
impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.test {
            Test::Words(words, _) => write!(f, "{key}({words:?})"),
            Test::Patterns(patterns) => write!(f, "{key}({patterns:?})"),
            Test::Addresses(set) => write!(f, "{key}({set:?})"),
            Test::Pairs(pairs) => write!(f, "{key}({pairs:?})"),
            Test::Flag(flag) => write!(f, "{key}({flag:?})"),
            Test::Older(span) => write!(f, "{key}({span:?})"),
        }
    }
}

impl Condition {
    /// A condition made of a row.
    pub fn of(slot: u8, def: &'static KeyDef, test: Test) -> Condition {
        Condition { place: Place::Slot(slot), test, key: if def.key.is_empty() { def.name } else { def.key }.to_owned() }
    }

    /// A condition beyond the rows.
    pub fn beyond(place: Place, name: &str, test: Test) -> Condition {
        Condition { place, test, key: name.to_owned() }
    }

    /// Whether the record satisfies it at `now`.
    pub fn truth(&self, source: SourceKind, record: &Record, now: Timestamp) -> Truth {
        match &self.place {
            Place::Slot(slot) => self.test.truth(record.slot(*slot), now),
            Place::Open(name) => self.test.truth(record.open(name), now),
            Place::Target => self.test.truth(&Value::Text(record.target.to_string()), now),
            Place::TargetLabels => self.test.truth(&Value::Pairs(record.target_labels.to_vec(), true), now),
            Place::Kind => {
                let kind = source.kinds.get(usize::from(record.kind)).map_or(Value::Absent, |kind| Value::text(*kind));
                self.test.truth(&kind, now)
            }
        }
    }

    /// Whether a text satisfies its test.
    pub fn takes_text(&self, text: &str) -> bool {
        !self.test.text(text).is_no()
    }

    /// What the record has where it looks.
    pub fn found<'r>(&self, record: &'r Record) -> std::borrow::Cow<'r, Value> {
        use std::borrow::Cow;
        match &self.place {
            Place::Slot(slot) => Cow::Borrowed(record.slot(*slot)),
            Place::Open(name) => Cow::Borrowed(record.open(name)),
            Place::Target | Place::Kind => Cow::Owned(Value::Text(record.target.to_string())),
            Place::TargetLabels => Cow::Owned(Value::Pairs(record.target_labels.to_vec(), true)),
        }
    }
}

impl Filter<Condition> {
    /// The kinds of a source's records that it lets through, one bit each.
    pub fn kinds(&self, source: SourceKind, now: Timestamp) -> u32 {
        let lets = |kind: u8| {
            let record = Record { kind, ..Record::of(source, 0) };
            let truths = |list: &[(String, Condition)]| -> Vec<Truth> {
                let own = list.iter().filter(|(_, condition)| condition.place == Place::Kind);
                own.map(|(_, condition)| condition.truth(source, &record, now)).collect()
            };
            !truths(&self.all).iter().any(|truth| truth.is_no()) && !truths(&self.none).iter().any(|truth| truth.is_yes())
        };
        (0u8..32).zip(source.kinds).filter(|(kind, _)| lets(*kind)).fold(0, |all, (kind, _)| all | 1 << kind)
    }
}

impl Test {
    fn truth(&self, value: &Value, now: Timestamp) -> Truth {
        match (self, value) {
            (_, Value::NotTold) => Truth::Unknown,
            (Test::Pairs(wanted), value) => Truth::all(wanted.iter().map(|(key, patterns)| match value.pair(key) {
                GroupValue::Known(Some(have)) => Truth::from(any_matches(patterns, &have)),
                GroupValue::Known(None) => Truth::No,
                GroupValue::NotTold => Truth::Unknown,
            })),
            (_, Value::Absent) => Truth::No,
            (Test::Older(span), Value::Time(at)) => Truth::from(super::time::since(now, *at) > *span),
            (Test::Flag(wanted), Value::Flag(have)) => Truth::from(wanted == have),
            (Test::Addresses(set), Value::Addresses(list, whole)) => some(list.iter().map(|ip| Truth::from(set.contains(*ip))), *whole),
            (test, Value::Text(text)) => test.text(text),
            (test, Value::Texts(list, whole)) => some(list.iter().map(|text| test.text(text)), *whole),
            (test, value) => match value.group() {
                GroupValue::Known(Some(text)) => test.text(&text),
                GroupValue::Known(None) => Truth::No,
                GroupValue::NotTold => Truth::Unknown,
            },
        }
    }

    fn text(&self, text: &str) -> Truth {
        match self {
            Test::Words(words, synonyms) => {
                let folded = |word: &str| -> String {
                    let same = |(other, _): &&(&str, &str)| other.eq_ignore_ascii_case(word);
                    synonyms.iter().find(same).map_or_else(|| word.to_owned(), |(_, stands_for)| (*stands_for).to_owned())
                };
                let have = folded(text);
                Truth::from(words.iter().any(|word| word == text || folded(word) == have))
            }
            Test::Patterns(patterns) => Truth::from(any_matches(patterns, text)),
            // What is no address may stand for one that is hidden.
            Test::Addresses(set) => text.parse().map_or(Truth::Unknown, |ip| Truth::from(set.contains(ip))),
            Test::Flag(wanted) => match text {
                "true" => Truth::from(*wanted),
                "false" => Truth::from(!*wanted),
                _ => Truth::Unknown,
            },
            Test::Older(_) | Test::Pairs(_) => Truth::Unknown,
        }
    }
}

/// Whether one of them holds; of a list that is not whole the rest is not known.
fn some(truths: impl IntoIterator<Item = Truth>, whole: bool) -> Truth {
    Truth::any(truths).or(if whole { Truth::No } else { Truth::Unknown })
}

fn any_matches(patterns: &[Pattern], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(text))
}

impl Filter<Condition> {
    /// Whether the record is one the rule counts.
    pub fn truth(&self, source: SourceKind, record: &Record, now: Timestamp) -> Truth {
        let all = Truth::all(self.all.iter().map(|(_, condition)| condition.truth(source, record, now)));
        let none = Truth::any(self.none.iter().map(|(_, condition)| condition.truth(source, record, now)));
        all.and(!none)
    }
}
