//! What a wrong clock did to the memory, the next run with a right one mends.
//!
//! Whatever lies in the future cannot be: it is moved to now. Where it made the accounting forget, the accounting begins
//! anew, as after a reset: what was not forgotten would be compared with what was.

use super::looks::Memory;
use super::{State, TrafficCursor};
use crate::judge::attempts;
use jiff::Timestamp;

/// Runs are never farther apart than this for those who want to know how often they come, in seconds.
const LONGEST_RHYTHM: u64 = 86_400;

/// Clamps what does not depend on the PCE's clock. Whether the clock went back since the previous run.
pub fn to_now(state: &mut State, now: Timestamp) -> bool {
    let back = state.last_run.as_ref().is_some_and(|last| last.at > now);
    // `outbox retry` and its like are no runs and have a clock, too.
    if back || state.outbox.iter().any(|notification| notification.created > now || notification.revived.is_some_and(|at| at > now)) {
        attempts::clamp_to(&mut state.instances, &mut state.outbox, now);
    }
    for remark in state.remarks.values_mut() {
        remark.at = remark.at.min(now);
    }
    if let Some(last) = &mut state.last_run {
        last.at = last.at.min(now);
        last.run_interval = last.run_interval.map(|run_interval| run_interval.min(LONGEST_RHYTHM));
    }
    back
}

/// Clamps what was counted, to `now` of the PCE. Whether the accounting of traffic begins anew.
pub fn counted(state: &mut State, memory: &mut Memory, now: Timestamp) -> bool {
    let mut coverage = state.traffic.coverage();
    let anew = coverage.clamp_to(now);
    if anew {
        memory.looks.clear();
    }
    state.traffic = TrafficCursor::of(coverage, state.traffic.learned);
    state.events.read_to = state.events.read_to.map(|at| at.min(now));
    memory.clamp_to(now);
    anew
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::PceIdentity;
    use crate::judge::coverage::{Coverage, Proof, Scope};
    use crate::judge::reading::Learned;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn some_time() -> impl Strategy<Value = Option<Timestamp>> {
        prop::option::of((0i64..10_000_000_000).prop_map(at))
    }

    proptest! {
        #[test]
        fn nothing_is_left_in_the_future(proofs in prop::array::uniform4(prop::option::of((some_time(), some_time()))), looked_at in some_time(), read_to in some_time(), forgotten in -5i32..120_000, now in 0i64..10_000_000_000) {
            let mut state = State::new(PceIdentity::default());
            let proof = |(since, at): (Option<Timestamp>, Option<Timestamp>)| Some(Proof { since: since?, at: at?, scope: Scope::Everything, swept: None });
            let proofs = proofs.map(|times| proof(times?));
            state.traffic = TrafficCursor::of(Coverage { proofs, forgotten_before: forgotten, looked_at, scope: Scope::Everything, ..Coverage::default() }, Learned::default());
            state.events.read_to = read_to;
            let before = state.traffic.clone();
            let now = at(now);
            let anew = counted(&mut state, &mut Memory::default(), now);
            let proved = state.traffic.proofs.iter().flatten().flat_map(|proof| [&proof.since, &proof.at]);
            let times = proved.chain(&state.traffic.looked_at).chain(&state.events.read_to);
            prop_assert!(times.into_iter().all(|at| *at <= now));
            prop_assert!(i64::from(state.traffic.forgotten_before) * 86_400 <= now.as_second());
            // What is right is left alone.
            if !anew && before.looked_at.iter().chain(before.proofs.iter().flatten().map(|proof| &proof.at)).all(|at| *at <= now) {
                prop_assert_eq!(&state.traffic, &before);
            }
        }
    }
}
