//! What a rule has ever seen: for rules that ask for what is new (`new:`) and for what is different (`changes:`).
//!
//! Sightings do not depend on how much a record grew: every matching record of an answer is one, also one
//! that is told again. The outcome is the same whatever the order of the records.

use super::measurement::Span;
use crate::domain::time::{after, before, since};
use hashbrown::HashMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Most combinations, and most values, that one rule remembers: what fills a table, of which the next larger one takes twice as much.
const MOST_KNOWN: usize = (1 << 20) / 8 * 7;
/// Earlier values that are named when there is a new one.
const NAMED: usize = 3;

/// The values of one group, by their hashes.
type Values = BTreeMap<u64, String>;

/// What one rule has seen, and when it saw it last (in hours, which is fine enough to forget by).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Sightings {
    began: Option<Timestamp>,
    looked: Option<Timestamp>,
    /// For `new:`: hashes of combinations.
    #[serde(with = "sorted")]
    known: HashMap<u64, u32>,
    /// For `changes:`: the values each group had when it was seen last.
    #[serde(with = "sorted")]
    had: HashMap<u64, (u32, Values)>,
    /// For `changes:`: the values each group has in this look.
    #[serde(skip)]
    has: HashMap<u64, Values>,
    /// How many values `has` holds.
    #[serde(skip)]
    held: usize,
    #[serde(skip)]
    hour: u32,
    /// The look before this one.
    #[serde(skip)]
    previous: Option<Timestamp>,
    #[serde(skip)]
    learning_until: Option<Timestamp>,
    #[serde(skip)]
    full: bool,
}

fn hour_of(at: Timestamp) -> u32 {
    u32::try_from(at.as_second().div_euclid(3600)).unwrap_or(0)
}

/// By how much what is remembered is made younger after a pause in which nobody looked. A pause ages it by no
/// more than a quarter of `remember`: nothing is forgotten before several looks have missed it, and where runs
/// are always far apart it is forgotten all the same.
pub(super) fn unwatched(pause: Duration, remember: Duration) -> Duration {
    pause.saturating_sub(remember / 4)
}

impl Sightings {
    /// Opens a look at `now`. What was not seen for `remember` is forgotten; long pauses do not count whole.
    pub fn open(&mut self, learn: Duration, remember: Duration, now: Timestamp) {
        self.hour = hour_of(now);
        // A clock that was set back leaves nothing in the future.
        (self.began, self.looked) = (self.began.map(|at| at.min(now)), self.looked.map(|at| at.min(now)));
        let began = *self.began.get_or_insert(now);
        self.learning_until = (self.looked.is_none() || since(now, began) < learn).then(|| after(began, learn));
        let pause = self.looked.map_or(Duration::ZERO, |looked| since(now, looked));
        let younger = u32::try_from(unwatched(pause, remember).as_secs() / 3600).unwrap_or(u32::MAX);
        let oldest = hour_of(before(now, remember));
        let newest = self.hour;
        let remembered = |hour: &mut u32| {
            *hour = hour.saturating_add(younger).min(newest);
            *hour >= oldest
        };
        self.known.retain(|_, hour| remembered(hour));
        self.had.retain(|_, (hour, _)| remembered(hour));
        self.previous = self.looked.replace(now);
    }

    /// What this look covers: what came since the one before it.
    pub fn span(&self, now: Timestamp) -> Span {
        Span { from: self.previous, to: now }
    }

    /// Until when the rule only learns; `None` once it knows enough.
    pub fn learning_until(&self) -> Option<Timestamp> {
        self.learning_until
    }

    /// Whether more came than can be remembered.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// A combination was seen: whether it is new.
    pub fn is_new(&mut self, combination: u64) -> bool {
        if let Some(hour) = self.known.get_mut(&combination) {
            *hour = self.hour;
            return false;
        }
        if self.known.len() >= MOST_KNOWN {
            self.full = true;
            return false;
        }
        self.known.insert(combination, self.hour);
        self.learning_until.is_none()
    }

    /// A group was seen with a value, given by its hash: what it had before and what this is, if it was not
    /// among that. A group that is met for the first time has nothing to differ from.
    pub fn change(&mut self, group: u64, value: u64, text: impl FnOnce() -> String) -> Option<(String, String)> {
        let room = self.held < MOST_KNOWN && (self.had.len() < MOST_KNOWN || self.had.contains_key(&group));
        let has = self.has.entry(group).or_default();
        if has.contains_key(&value) {
            return None;
        }
        if !room {
            self.full = true;
            return None;
        }
        self.held += 1;
        let text = text();
        has.insert(value, text.clone());
        let (_, before) = self.had.get(&group)?;
        (!before.contains_key(&value)).then(|| (list(before), text))
    }

    /// Ends a look: what each group has now is what it had, next time. `whole`: the answer was. What an answer
    /// left out is neither gone nor new when it is seen again.
    pub fn close(&mut self, whole: bool) {
        let hour = self.hour;
        for (group, mut values) in self.has.drain() {
            match self.had.get_mut(&group) {
                Some((seen, had)) if !whole => {
                    *seen = hour;
                    had.append(&mut values);
                }
                _ => {
                    self.had.insert(group, (hour, values));
                }
            }
        }
        self.held = 0;
        if !whole && self.previous.is_none() {
            // What there is was not seen whole yet: the next look is the first one again.
            (self.began, self.looked) = (None, None);
        }
    }
}

/// The values a group had, in an order of their own.
fn list(values: &Values) -> String {
    let mut texts: Vec<&str> = values.values().map(String::as_str).collect();
    texts.sort_unstable();
    let more = texts.len().saturating_sub(NAMED);
    texts.truncate(NAMED);
    let named = texts.join(" and ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}

/// Maps in the order of their keys, so that equal contents are equal bytes.
mod sorted {
    use hashbrown::HashMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<V: Serialize, S: Serializer>(map: &HashMap<u64, V>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list: Vec<(&u64, &V)> = map.iter().collect();
        list.sort_unstable_by_key(|(key, _)| **key);
        list.serialize(serializer)
    }

    pub fn deserialize<'de, V: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<HashMap<u64, V>, D::Error> {
        Ok(Vec::<(u64, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
