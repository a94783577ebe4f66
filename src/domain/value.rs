//! A record of a source, and what a field of it can be: told, none, or not told.

use super::estimate::Estimate;
use super::field::Field;
use super::source::SourceKind;
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;

/// What a value takes beside its letters: its place in a list, and what the allocator adds.
const ENTRY: usize = 48;

/// What a record says in one place. A reader fills the places it finds; a place that it forgets is not told.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// The answer does not say: no right to see it, an older version, a cut answer.
    #[default]
    NotTold,
    /// The thing has none.
    Absent,
    /// A text.
    Text(String),
    /// Several texts; not whole: there may be more.
    Texts(Vec<String>, bool),
    /// Keys with values; not whole: there may be more.
    Pairs(Vec<(String, String)>, bool),
    /// Addresses; not whole: there may be more.
    Addresses(Vec<IpAddr>, bool),
    /// True or false.
    Flag(bool),
    /// A point in time.
    Time(Timestamp),
    /// An amount, as far as it is known.
    Number(Estimate),
}

/// What a group of records has in common in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupValue {
    /// This; `None`: the thing has none.
    Known(Option<String>),
    /// The answer does not say.
    NotTold,
}

impl Value {
    /// A text, or not told when it is empty.
    pub fn text(text: impl Into<String>) -> Value {
        let text = text.into();
        if text.is_empty() { Value::NotTold } else { Value::Text(text) }
    }

    /// An amount, or not told.
    pub fn number(number: Option<f64>) -> Value {
        number.map_or(Value::NotTold, |number| Value::Number(Estimate::exact(number)))
    }

    /// The first text of it.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Texts(list, _) => list.first().map(String::as_str),
            _ => None,
        }
    }

    /// All its texts.
    pub fn texts(&self) -> &[String] {
        match self {
            Value::Text(text) => std::slice::from_ref(text),
            Value::Texts(list, _) => list,
            _ => &[],
        }
    }

    /// As a word of a group or of a list of different values.
    pub fn group(&self) -> GroupValue {
        GroupValue::Known(match self {
            Value::NotTold => return GroupValue::NotTold,
            Value::Absent => None,
            Value::Text(text) => Some(text.clone()),
            Value::Texts(list, whole) => match list.first() {
                Some(first) => Some(first.clone()),
                None if *whole => None,
                None => return GroupValue::NotTold,
            },
            Value::Pairs(..) => None,
            Value::Addresses(list, _) => list.first().map(ToString::to_string),
            Value::Flag(flag) => Some(flag.to_string()),
            Value::Time(at) => Some(at.to_string()),
            Value::Number(number) => match number.value() {
                Some(value) if number.is_exact() => Some(plain_number(value)),
                _ => return GroupValue::NotTold,
            },
        })
    }

    /// How many bytes hang on it, roughly.
    fn weight(&self) -> usize {
        match self {
            Value::Text(text) => text.capacity(),
            Value::Texts(texts, _) => texts.iter().map(|text| ENTRY + text.capacity()).sum(),
            Value::Pairs(pairs, _) => pairs.iter().map(|(key, value)| 2 * ENTRY + key.capacity() + value.capacity()).sum(),
            Value::Addresses(list, _) => list.capacity() * size_of::<IpAddr>(),
            Value::NotTold | Value::Absent | Value::Flag(_) | Value::Time(_) | Value::Number(_) => 0,
        }
    }

    /// The value of one key of its pairs.
    pub fn pair(&self, key: &str) -> GroupValue {
        match self {
            Value::Pairs(pairs, whole) => match pairs.iter().find(|(have, _)| have == key) {
                Some((_, value)) => GroupValue::Known(Some(value.clone())),
                None if *whole => GroupValue::Known(None),
                None => GroupValue::NotTold,
            },
            Value::Absent => GroupValue::Known(None),
            _ => GroupValue::NotTold,
        }
    }
}

/// A number without needless digits.
pub fn plain_number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 9e15 { format!("{value:.0}") } else { value.to_string() }
}

/// One thing or happening that a source tells of.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Where it was seen.
    pub target: Arc<str>,
    /// Labels of that target.
    pub target_labels: Arc<Vec<(String, String)>>,
    /// Which kind of the source's kinds; 0 where there are none.
    pub kind: u8,
    /// Identity of the event, or of the subject.
    pub id: u64,
    /// What people call it.
    pub name: String,
    /// More about it, in one line.
    pub detail: String,
    /// More about what it says in a slot, where that is told apart.
    pub details: Vec<(u8, String)>,
    /// Its state in one word.
    pub word: String,
    /// When it happened; `None` for a snapshot, or when that cannot be read.
    pub at: Option<Timestamp>,
    /// What is said in the places of the source's fields, in their order; of the others nothing is told. Read by [`Record::slot`].
    pub slots: Vec<(u8, Value)>,
    /// Fields beyond the table, for sources that have such.
    pub open: Vec<(String, Value)>,
    /// Places of fields that its kind has none of, one bit each: absent unless they are filled.
    pub none: u128,
    /// Places of fields that need a second look, one bit each: what the first does not tell is no reason to doubt.
    pub learning: u128,
    /// It is no record but stands for those that the answer does not tell: any number of them that agree with what it says.
    pub unseen: bool,
    /// Of records with a window: the run before did not know of it, although it may have happened before that.
    pub late: bool,
}

impl Record {
    /// A record of which nothing is told yet.
    pub fn of(source: SourceKind, id: u64) -> Record {
        Record {
            target: Arc::from(source.target_type()),
            target_labels: Arc::default(),
            kind: 0,
            id,
            name: String::new(),
            detail: String::new(),
            details: Vec::new(),
            word: String::new(),
            at: None,
            slots: Vec::new(),
            open: Vec::new(),
            none: 0,
            learning: 0,
            unseen: false,
            late: false,
        }
    }

    /// What it says in a slot.
    pub fn slot(&self, slot: u8) -> &Value {
        match self.slots.iter().find(|(place, _)| *place == slot) {
            Some((_, value)) => value,
            None if slot < 128 && self.none >> slot & 1 == 1 => &Value::Absent,
            None => &Value::NotTold,
        }
    }

    /// What to show beside the value of a slot.
    pub fn detail_of(&self, slot: u8) -> String {
        if self.details.is_empty() {
            return self.detail.clone();
        }
        let own = self.details.iter().filter(|(of, _)| *of == slot).map(|(_, text)| text.as_str());
        own.collect::<Vec<_>>().join("; ")
    }

    /// Puts what it says into a slot.
    pub fn set(&mut self, slot: u8, value: Value) {
        match self.slots.binary_search_by_key(&slot, |(place, _)| *place) {
            Ok(at) if value == Value::NotTold => drop(self.slots.remove(at)),
            Ok(at) => self.slots[at].1 = value,
            Err(_) if value == Value::NotTold => {}
            Err(at) => self.slots.insert(at, (slot, value)),
        }
    }

    /// What it says in a slot is known from the next look on.
    pub fn learns(&mut self, slot: u8) {
        self.learning |= 1u128.checked_shl(slot.into()).unwrap_or_default();
    }

    /// Whether what it says in a slot is not known, or not wholly, because nobody looked before.
    pub fn is_learning(&self, slot: u8) -> bool {
        slot < 128 && self.learning >> slot & 1 == 1
    }

    /// How many bytes it takes in memory, roughly; nothing more will be put into it.
    pub fn close(&mut self) -> usize {
        self.slots.shrink_to_fit();
        let own = [&self.name, &self.detail, &self.word].map(String::capacity).into_iter();
        let details = self.details.iter().map(|(_, text)| ENTRY + text.capacity());
        let slots = self.slots.iter().map(|(_, value)| ENTRY + value.weight());
        let open = self.open.iter().map(|(name, value)| 2 * ENTRY + name.capacity() + value.weight());
        size_of::<Record>() + 4 * ENTRY + own.chain(details).chain(slots).chain(open).sum::<usize>()
    }

    /// A field beyond the table. What a record does not have there is not told.
    pub fn open(&self, name: &str) -> &Value {
        self.open.iter().find(|(have, _)| have == name).map_or(&Value::NotTold, |(_, value)| value)
    }

    /// What it has in a field, for groups and for counting different values.
    pub fn group(&self, source: SourceKind, field: &Field) -> GroupValue {
        match field {
            Field::Slot(slot, _) => self.slot(*slot).group(),
            Field::Label(slot, _, key) => self.slot(*slot).pair(key),
            Field::Open(name) => self.open(name).group(),
            Field::Target => GroupValue::Known(Some(self.target.to_string())),
            Field::TargetLabel(key) => {
                GroupValue::Known(self.target_labels.iter().find(|(have, _)| have == key).map(|(_, value)| value.clone()))
            }
            Field::Kind => GroupValue::Known(source.kinds.get(usize::from(self.kind)).map(|kind| (*kind).to_owned())),
            _ => GroupValue::Known(None),
        }
    }
}
