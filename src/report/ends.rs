//! What the two ends of a pair told on one UTC day, and how many connections that is.
//!
//! A connection between two VENs is told twice, and the two may disagree about the decision. What the source blocked never
//! reached the destination: it stands alone. Of the rest, equal decisions are the same connections; what remains of one end
//! meets what remains of the other and takes the decision that took effect. What remains even then, only one end told of.

use crate::domain::record::Decision;

/// Numbers by decision, in the order of `Decision::ALL`.
pub type Each = [u64; 4];

const BLOCKED: usize = Decision::Blocked as usize;
/// What takes effect when the ends disagree: the first of these that either of them tells.
const EFFECTIVE: [usize; 4] = [BLOCKED, Decision::PotentiallyBlocked as usize, Decision::Allowed as usize, Decision::Unknown as usize];

/// Each connection once, under the decision that took effect.
pub fn paired(source: &Each, destination: &Each) -> Each {
    let (mut source, mut destination, mut out) = (*source, *destination, Each::default());
    let mut count = |decision: usize, number: u64| out[decision] = u64::saturating_add(out[decision], number);
    count(BLOCKED, std::mem::take(&mut source[BLOCKED]));
    for (decision, (source, destination)) in source.iter_mut().zip(&mut destination).enumerate() {
        let both = (*source).min(*destination);
        (*source, *destination) = (*source - both, *destination - both);
        count(decision, both);
    }
    // The worst of one end meets the best of the other: whatever took effect is counted as often as it can have been.
    let mut meet = |from: &mut Each, with: &mut Each, worst: usize| {
        for other in EFFECTIVE.into_iter().rev() {
            let both = from[worst].min(with[other]);
            (from[worst], with[other]) = (from[worst] - both, with[other] - both);
            count(worst, both);
        }
    };
    for worst in EFFECTIVE {
        meet(&mut destination, &mut source, worst);
        meet(&mut source, &mut destination, worst);
    }
    for (decision, rest) in
        source.into_iter().zip(destination).map(|(source, destination)| u64::saturating_add(source, destination)).enumerate()
    {
        count(decision, rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALLOWED: usize = Decision::Allowed as usize;
    const POTENTIALLY: usize = Decision::PotentiallyBlocked as usize;

    fn of(list: &[(usize, u64)]) -> Each {
        let mut each = Each::default();
        list.iter().for_each(|(decision, number)| each[*decision] += number);
        each
    }

    #[test]
    fn disagreeing_ends() {
        for (source, destination, want) in [
            // Both tell the same, one of them late.
            (&[(ALLOWED, 10)][..], &[(ALLOWED, 9)][..], &[(ALLOWED, 10)][..]),
            // The destination blocks what the source let go.
            (&[(ALLOWED, 10)], &[(BLOCKED, 10)], &[(BLOCKED, 10)]),
            (&[(ALLOWED, 10)], &[(ALLOWED, 4), (BLOCKED, 6)], &[(ALLOWED, 4), (BLOCKED, 6)]),
            (&[(POTENTIALLY, 10)], &[(ALLOWED, 10)], &[(POTENTIALLY, 10)]),
            // What the source blocked, the destination never saw.
            (&[(BLOCKED, 10)], &[], &[(BLOCKED, 10)]),
            (&[(BLOCKED, 10), (ALLOWED, 5)], &[(BLOCKED, 5)], &[(BLOCKED, 15)]),
            (&[(BLOCKED, 10)], &[(BLOCKED, 5)], &[(BLOCKED, 15)]),
            // Only one end has a VEN.
            (&[], &[(ALLOWED, 7), (BLOCKED, 2)], &[(ALLOWED, 7), (BLOCKED, 2)]),
        ] {
            assert_eq!(paired(&of(source), &of(destination)), of(want), "{source:?} {destination:?}");
        }
    }

    proptest! {
        /// True connections, told by both ends whole, come out as they were; and nothing is ever counted that nobody told.
        #[test]
        fn every_connection_counts_once(
            // Decisions at the source and at the destination, and how many connections had both.
            met in prop::collection::vec((0usize..4, 0usize..4, 0u64..1_000), 0..6),
            dropped in 0u64..1_000,
        ) {
            let (mut source, mut destination) = (Each::default(), Each::default());
            let mut total = dropped;
            source[BLOCKED] += dropped;
            for (at_source, at_destination, number) in met.into_iter().filter(|(at_source, ..)| *at_source != BLOCKED) {
                source[at_source] += number;
                destination[at_destination] += number;
                total += number;
            }
            let out = paired(&source, &destination);
            prop_assert_eq!(out.iter().sum::<u64>(), total);
            prop_assert!((0..4).all(|decision| out[decision] <= source[decision] + destination[decision]));
            prop_assert_eq!(out[BLOCKED], source[BLOCKED] + destination[BLOCKED]);
        }
    }
}
