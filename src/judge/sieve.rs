//! For explanations: how many records a filter keeps, and which of its keys keep out the others. It stands beside the
//! judge, which needs no such thing to count.

use crate::domain::asks::Asks;
use crate::domain::filter::Filter;

/// Examples kept for each key.
const SAMPLES: usize = 3;

/// What became of the records at one filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Sieve {
    /// Records met.
    pub seen: u64,
    /// Those that meet every key of `match` and none of `exclude`.
    pub matched: u64,
    /// The keys of `match`, in the order in which they are tested.
    pub failed: Vec<Mesh>,
    /// The keys of `exclude`.
    pub excluded: Vec<Mesh>,
}

/// What one key kept out.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Mesh {
    /// The key as written.
    pub key: String,
    /// What it asks for.
    pub wanted: String,
    /// Records of which it was the first key to keep them out. These add up to all that were kept out.
    pub first: u64,
    /// Records that only this key kept out: without it they would match.
    pub only: u64,
    /// A few of those that it was the first to keep out, and what they had there.
    pub samples: Vec<Sample>,
}

/// One record that was kept out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Sample {
    /// The record, safe to show.
    pub record: String,
    /// What it had where the key looked.
    pub found: String,
}

impl Sieve {
    /// A sieve for a filter, nothing counted yet.
    pub fn of<C: crate::domain::asks::Wanted>(filter: &Filter<C>) -> Sieve {
        let meshes = |conditions: &[(String, C)]| {
            conditions.iter().map(|(key, condition)| Mesh { key: key.clone(), wanted: condition.wanted(), ..Mesh::default() }).collect()
        };
        Sieve { failed: meshes(&filter.all), excluded: meshes(&filter.none), ..Sieve::default() }
    }

    /// Counts one record.
    pub fn take<R, C: Asks<R>>(&mut self, filter: &Filter<C>, record: &R, describe: &dyn Fn(&R) -> String) {
        self.seen += 1;
        let failing = filter.all.iter().zip(&mut self.failed).filter(|((_, condition), _)| !condition.holds(record));
        let holding = filter.none.iter().zip(&mut self.excluded).filter(|((_, condition), _)| condition.holds(record));
        let mut against = failing.chain(holding);
        let Some(((_, condition), mesh)) = against.next() else {
            self.matched += 1;
            return;
        };
        mesh.first += 1;
        mesh.only += u64::from(against.next().is_none());
        if mesh.samples.len() < SAMPLES {
            mesh.samples.push(Sample { record: describe(record), found: condition.found(record) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::filter::{EventCondition, Pattern};
    use crate::domain::record::Event;
    use proptest::prelude::*;

    fn words() -> impl Strategy<Value = String> {
        prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned)
    }

    fn condition(number: usize, word: &str) -> (String, EventCondition) {
        let wanted = vec![Pattern::new(word, false).unwrap()];
        match number {
            0 => ("type".to_owned(), EventCondition::Type(wanted)),
            1 => ("severity".to_owned(), EventCondition::Severity(vec![word.to_owned()])),
            _ => ("pce_fqdn".to_owned(), EventCondition::PceFqdn(wanted)),
        }
    }

    proptest! {
        /// Every record is accounted for once, and what the filter says is what was counted.
        #[test]
        fn nothing_is_lost(
            all in prop::collection::vec((0usize..3, words()), 0..4),
            none in prop::collection::vec((0usize..3, words()), 0..3),
            events in prop::collection::vec((words(), words(), words()), 0..30),
        ) {
            let of = |list: &[(usize, String)]| list.iter().map(|(number, word)| condition(*number, word)).collect::<Vec<_>>();
            let filter = Filter { all: of(&all), none: of(&none) };
            let mut sieve = Sieve::of(&filter);
            let mut matching = 0;
            for (event_type, severity, pce_fqdn) in events {
                let event = Event { event_type, severity, pce_fqdn, ..Event::default() };
                matching += u64::from(filter.matches(&event));
                sieve.take(&filter, &event, &|event| event.event_type.clone());
            }
            prop_assert_eq!(sieve.matched, matching);
            let meshes = || sieve.failed.iter().chain(&sieve.excluded);
            prop_assert_eq!(sieve.seen, sieve.matched + meshes().map(|mesh| mesh.first).sum::<u64>());
            prop_assert!(meshes().all(|mesh| mesh.only <= mesh.first && mesh.samples.len() as u64 == mesh.first.min(3)));
        }
    }
}
