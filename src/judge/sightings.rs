//! What a rule has ever seen: for rules that ask for what is new (`new:`) and for what is different (`changes:`).
//!
//! Sightings do not depend on how much a record grew: every matching record of an answer is one, also one
//! that is told again. The outcome is the same whatever the order of the records.

use crate::domain::time::{after, before, since};
use hashbrown::HashMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Most combinations, and most values, that one rule remembers.
const MOST_KNOWN: usize = 1_000_000;
/// A pause longer than this is no reason to forget: nobody looked.
const NOBODY_LOOKED: Duration = Duration::from_secs(2 * 3600);

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
    had: HashMap<u64, (u32, Vec<String>)>,
    /// For `changes:`: the values each group has in this look.
    #[serde(skip)]
    has: HashMap<u64, Vec<String>>,
    #[serde(skip)]
    hour: u32,
    #[serde(skip)]
    learning_until: Option<Timestamp>,
    #[serde(skip)]
    full: bool,
}

fn hour_of(at: Timestamp) -> u32 {
    u32::try_from(at.as_second().div_euclid(3600)).unwrap_or(0)
}

impl Sightings {
    /// Opens a look at `now`. What was not seen for `remember` is forgotten; long pauses do not count.
    pub fn open(&mut self, learn: Duration, remember: Duration, now: Timestamp) {
        self.hour = hour_of(now);
        let began = *self.began.get_or_insert(now);
        self.learning_until = (self.looked.is_none() || since(now, began) < learn).then(|| after(began, learn));
        let pause = self.looked.map_or(Duration::ZERO, |looked| since(now, looked));
        if pause > NOBODY_LOOKED {
            let hours = u32::try_from(pause.as_secs() / 3600).unwrap_or(u32::MAX);
            let all = self.known.values_mut().chain(self.had.values_mut().map(|(hour, _)| hour));
            all.for_each(|hour| *hour = hour.saturating_add(hours).min(self.hour));
        }
        let oldest = hour_of(before(now, remember));
        self.known.retain(|_, hour| *hour >= oldest);
        self.had.retain(|_, (hour, _)| *hour >= oldest);
        self.looked = Some(now);
    }

    /// When the rule looked last; `None` before its first look.
    pub fn looked(&self) -> Option<Timestamp> {
        self.looked
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

    /// A group was seen with a value: what it had before, if that value was not among it. A group that is
    /// met for the first time has nothing to differ from.
    pub fn change(&mut self, group: u64, value: &str) -> Option<String> {
        if let Some(values) = self.has.get(&group)
            && values.iter().any(|have| have == value)
        {
            return None;
        }
        if self.has.len() >= MOST_KNOWN {
            self.full = true;
            return None;
        }
        self.has.entry(group).or_default().push(value.to_owned());
        let (_, before) = self.had.get(&group)?;
        (!before.iter().any(|have| have == value)).then(|| before.join(" and "))
    }

    /// Ends a look: what each group has now is what it had, next time.
    pub fn close(&mut self) {
        let hour = self.hour;
        for (group, mut values) in self.has.drain() {
            values.sort_unstable();
            self.had.insert(group, (hour, values));
        }
    }
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
