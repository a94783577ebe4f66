//! Records that came to be known late: the windows that ended with them are looked at once more, so that everything is judged
//! at least once.

use crate::domain::value::Record;
use crate::judge::measurement::GroupMeasurement;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Most windows of the past that are looked at.
const MOST_ENDS: usize = 100;

/// The ends of windows that lie before the present one, which begins at `start`, and hold what the run before did not know of.
pub(super) fn ends<'r>(late: impl Iterator<Item = &'r Record>, start: Timestamp) -> BTreeSet<Timestamp> {
    let mut ends: BTreeSet<Timestamp> = late.filter_map(|record| record.at.filter(|at| *at <= start)).collect();
    while ends.len() > MOST_ENDS {
        ends.pop_first();
    }
    ends
}

/// Of each group the window with the most counts. What may be more in another one is not known to be less, also where
/// nothing but what is being learned is left out.
pub(super) fn most_of(groups: &mut Vec<GroupMeasurement>, others: Vec<GroupMeasurement>) {
    for other in others {
        let Some(group) = groups.iter_mut().find(|group| group.key == other.key) else {
            groups.push(other);
            continue;
        };
        let estimate = group.estimate.larger(other.estimate);
        let besides_learning = group.besides_learning.larger(other.besides_learning);
        if other.estimate.low > group.estimate.low {
            *group = other;
        }
        (group.estimate, group.besides_learning) = (estimate, besides_learning);
    }
}
