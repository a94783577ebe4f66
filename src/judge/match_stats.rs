//! For explanations: how many records a filter keeps, and which of its keys keep out the others. It stands beside the
//! judge, which needs no such thing to count.

use crate::domain::asks::Asks;
use crate::domain::estimate::Truth;
use crate::domain::filter::Filter;

/// Examples kept for each key.
const SAMPLES: usize = 3;

/// What became of the records at one filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct MatchStats {
    /// Records met.
    pub seen: u64,
    /// Those that meet every key of `match` and none of `exclude`.
    pub matched: u64,
    /// Those that do not say what some key asks for, and are kept out by no other.
    pub undecided: u64,
    /// The keys of `match`, in the order in which they are tested.
    pub failed: Vec<ConditionStats>,
    /// The keys of `exclude`.
    pub excluded: Vec<ConditionStats>,
}

/// What one key kept out.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ConditionStats {
    /// The key as written.
    pub key: String,
    /// What it asks for.
    pub wanted: String,
    /// Records of which it was the first key to keep them out. These add up to all that were kept out.
    pub first: u64,
    /// Records that only this key kept out: without it they would match.
    pub only: u64,
    /// A few of those that it was the first to keep out, and what they had there; those that only it kept out come first.
    pub samples: Vec<Sample>,
}

/// One record that was kept out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Sample {
    /// The record, safe to show.
    pub record: String,
    /// What it had where the key looked.
    pub found: String,
    /// Only this key kept it out.
    pub only: bool,
}

impl MatchStats {
    /// A match_stats for a filter, nothing counted yet.
    pub fn of<C: crate::domain::asks::Wanted>(filter: &Filter<C>) -> MatchStats {
        let conditions = |conditions: &[(String, C)]| {
            conditions
                .iter()
                .map(|(key, condition)| ConditionStats { key: key.clone(), wanted: condition.wanted(), ..ConditionStats::default() })
                .collect()
        };
        MatchStats { failed: conditions(&filter.all), excluded: conditions(&filter.none), ..MatchStats::default() }
    }

    /// Counts one record.
    pub fn take<R, C: Asks<R>>(&mut self, filter: &Filter<C>, record: &R, describe: &dyn Fn(&R) -> String) {
        self.seen += 1;
        let failing = filter.all.iter().zip(&mut self.failed).filter(|((_, condition), _)| condition.truth(record).is_no());
        let holding = filter.none.iter().zip(&mut self.excluded).filter(|((_, condition), _)| condition.truth(record).is_yes());
        let mut against = failing.chain(holding);
        let Some(((_, condition), mesh)) = against.next() else {
            let conditions = filter.all.iter().chain(&filter.none);
            if conditions.map(|(_, condition)| condition.truth(record)).any(|truth| truth == Truth::Unknown) {
                self.undecided += 1;
            } else {
                self.matched += 1;
            }
            return;
        };
        mesh.first += 1;
        let only = against.next().is_none();
        mesh.only += u64::from(only);
        // The near misses are what one asks for; others stand in until there are enough of them.
        let place = mesh.samples.iter().position(|sample| only && !sample.only).unwrap_or(mesh.samples.len());
        if place < SAMPLES {
            mesh.samples.insert(place, Sample { record: describe(record), found: condition.found(record), only });
            mesh.samples.truncate(SAMPLES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::filter::TrafficCondition;
    use crate::domain::record::{Decision, Direction, Flow, Interned};
    use proptest::prelude::*;

    fn condition(number: usize, word: usize) -> (String, TrafficCondition) {
        match number {
            0 => ("decision".to_owned(), TrafficCondition::Decision(vec![Decision::ALL[word]])),
            1 => ("proto".to_owned(), TrafficCondition::Proto(vec![word as i16])),
            _ => ("state".to_owned(), TrafficCondition::State(vec![format!("s{word}")])),
        }
    }

    proptest! {
        /// Every record is accounted for once, and what the filter says is what was counted.
        #[test]
        fn nothing_is_lost(
            all in prop::collection::vec((0usize..3, 0usize..3), 0..4),
            none in prop::collection::vec((0usize..3, 0usize..3), 0..3),
            flows in prop::collection::vec((0usize..3, 0i16..3, 0usize..3), 0..30),
        ) {
            let of = |list: &[(usize, usize)]| list.iter().map(|(number, word)| condition(*number, *word)).collect::<Vec<_>>();
            let filter = Filter { all: of(&all), none: of(&none) };
            let mut match_stats = MatchStats::of(&filter);
            let mut matching = 0;
            let end = Interned { endpoint: Default::default(), name: "".into(), marks: Box::new([]), ip_key: 0, href_key: 0 };
            for (decision, proto, state) in flows {
                let state = format!("s{state}");
                let flow = Flow {
                    src: &end, dst: &end, port: None, proto, process: "", service: "", user: "",
                    decision: Decision::ALL[decision], direction: Direction::Inbound, state: &state, transmission: "", network: "",
                    client_type: "", connections: 1, bytes_in: 0, bytes_out: 0, icmp: 0, first: None, last: None, own_not_told: Default::default(),
                };
                matching += u64::from(filter.truth(&flow).is_yes());
                match_stats.take(&filter, &flow, &|flow| flow.state.to_owned());
            }
            prop_assert_eq!(match_stats.matched, matching);
            let conditions = || match_stats.failed.iter().chain(&match_stats.excluded);
            prop_assert_eq!(match_stats.seen, match_stats.matched + match_stats.undecided + conditions().map(|mesh| mesh.first).sum::<u64>());
            prop_assert!(conditions().all(|mesh| mesh.only <= mesh.first && mesh.samples.len() as u64 == mesh.first.min(3)));
            // Of the near misses as many as there are room for, and before all others.
            let near = |mesh: &ConditionStats| mesh.samples.iter().take_while(|sample| sample.only).count() as u64;
            prop_assert!(conditions().all(|mesh| near(mesh) == mesh.only.min(3)));
            prop_assert!(conditions().all(|mesh| mesh.samples.iter().filter(|sample| sample.only).count() as u64 == near(mesh)));
        }
    }
}
