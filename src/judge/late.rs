//! VENs that tell later than `lookback`: who is cut off, and how far back must be asked for what they have to tell.
//!
//! A usual question goes back `lookback` before the previous whole answer. What a VEN was cut off with for longer lies before
//! that when it arrives, and would never be asked for. So the list of VENs is remembered as far as they were silent: when one
//! of them is heard of again, the question reaches back to when it fell silent, until `lookback` has passed. A backlog of
//! the traffic database does the same. Once an hour the question reaches back to the start of the UTC day, whatever is told.
//!
//! Example: a VEN is heard of at 09:33 and again at 10:12. The look at 10:20 asks from 09:03 on, and so do the others up to the
//! first after 10:50.
//!
//! Half of `lookback` is for the usual delay of a VEN (it waits for its turn, and then its report travels), the other half for
//! a short silence. Between two looks that are far apart any VEN may have been silent for longer than that, and nobody saw it:
//! so the looks after such a pause ask from before it, until what was late in it has arrived.
//!
//! Example, with a lookback of 30 minutes: at 09:50 every VEN was heard of since 09:48, the next look is at 10:25. The looks up
//! to the first after 10:40 ask from 09:33 on.

use crate::domain::time::{after, before, since, utc_day_start};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often the question reaches back to the start of the UTC day at least, less what a timer may be early.
const EVERY: Duration = Duration::from_secs(3_600 - 60);
/// A VEN is heard of every five minutes: one that was not for this long is silent, and is remembered by itself.
const SILENT: Duration = Duration::from_secs(600);
/// Looks of a day that is over are kept so long for a VEN that fell silent on it.
const KEPT: Duration = Duration::from_secs(6 * 3_600);
/// Most pauses remembered one by one.
const MOST_PAUSES: usize = 8;
/// Most silent VENs remembered.
const MOST_SILENT: usize = 50_000;
/// So much more than twice the usual waits when a database is behind.
const SLACK: u64 = 10;
const DAY: Duration = Duration::from_secs(86_400);

/// What is known of what comes late.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Late {
    /// VENs that were silent when they were listed last, by id: the second when they were heard of.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    silent: BTreeMap<u64, i64>,
    /// Since when all others had been heard of, when they were listed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    heard_since: Option<Timestamp>,
    /// What may be arriving from VENs that were silent between two looks, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pauses: Vec<Arriving>,
    /// Something may be arriving now.
    #[serde(skip_serializing_if = "Option::is_none")]
    arriving: Option<Arriving>,
    /// How much usually waits to be taken in.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<u64>,
    /// When all of it was told last.
    #[serde(skip_serializing_if = "Option::is_none")]
    told_at: Option<Timestamp>,
    /// When the question reached back to the start of its UTC day last.
    #[serde(skip_serializing_if = "Option::is_none")]
    whole_day_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Arriving {
    /// It reaches back to here.
    since: Timestamp,
    /// It goes on arriving until then.
    until: Timestamp,
}

impl Arriving {
    /// Whether some of it may have arrived since the previous look.
    fn goes_on_at(&self, looked_at: Option<Timestamp>) -> bool {
        looked_at.is_some_and(|at| at <= self.until)
    }
}

/// What the other sources tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// VENs by id, and when they were heard of; `None`: they were not listed whole.
    pub vens: Option<Vec<(u64, Timestamp)>>,
    /// How much waits to be taken in; `None`: not told.
    pub waiting: Option<u64>,
}

impl Told {
    /// Whether nothing can be late without being told.
    pub fn is_all(&self) -> bool {
        self.vens.is_some() && self.waiting.is_some()
    }
}

impl Late {
    /// With what is told at `now`. `looked_at`: the previous look.
    #[must_use]
    pub fn told(&self, told: &Told, looked_at: Option<Timestamp>, now: Timestamp, lookback: Duration) -> Late {
        let mut late = self.clone();
        late.arriving = self.arriving.filter(|arriving| arriving.goes_on_at(looked_at));
        late.pauses.retain(|pause| pause.goes_on_at(looked_at));
        if let Some(vens) = &told.vens {
            late.hears_of(vens, now, lookback);
        }
        if let Some(waiting) = told.waiting {
            let usual = self.waits.unwrap_or(waiting);
            let long = self.arriving.is_some_and(|arriving| since(now, arriving.since) > DAY);
            if waiting <= usual.saturating_mul(2).saturating_add(SLACK) || long {
                // What is usual follows slowly, so that a backlog that grows slowly is one, too.
                late.waits = Some(if long { waiting } else { waiting.min(usual.saturating_add(usual / 10 + 1)) });
            } else {
                late.arrives(Some(before(looked_at.unwrap_or(now), lookback)), now, lookback);
            }
        }
        if told.is_all() {
            if self.told_at.is_none() || self.told_at < looked_at {
                // Of whoever was late since it was told before nothing is known.
                late.arrives(Some(self.told_at.map_or(utc_day_start(now), |at| before(at, lookback))), now, lookback);
            }
            late.told_at = Some(now);
        }
        late
    }

    /// With the whole list of VENs.
    fn hears_of(&mut self, vens: &[(u64, Timestamp)], now: Timestamp, lookback: Duration) {
        let short = lookback / 2;
        let silent_since = |(id, heard): &(u64, Timestamp)| {
            let last = Timestamp::from_second(*self.silent.get(id)?).ok()?;
            (since(*heard, last) > short).then_some(last)
        };
        let back = vens.iter().filter_map(silent_since).min();
        self.arrives(back.map(|last| before(last, lookback)), now, lookback);
        if let Some(last) = self.heard_since.filter(|last| since(now, *last) > short) {
            self.pauses.push(Arriving { since: before(last, short), until: after(now, short) });
            if self.pauses.len() > MOST_PAUSES {
                let oldest = self.pauses.remove(0);
                self.pauses[0].since = self.pauses[0].since.min(oldest.since);
            }
        }
        let silent_from = before(now, SILENT);
        let (silent, others): (Vec<_>, Vec<_>) = vens.iter().partition(|(_, heard)| *heard < silent_from);
        self.heard_since = others.iter().map(|(_, heard)| *heard).min();
        let mut silent: Vec<(u64, i64)> = silent.into_iter().map(|(id, heard)| (id, heard.as_second())).collect();
        silent.sort_unstable_by_key(|(_, heard)| std::cmp::Reverse(*heard));
        silent.truncate(MOST_SILENT);
        self.silent = silent.into_iter().collect();
    }

    /// Something late was found, of which nobody had told.
    pub fn found(&mut self, day_start: Timestamp, now: Timestamp, lookback: Duration) {
        let since = self.arriving.map_or(day_start, |arriving| arriving.since);
        self.arrives(Some(since), now, lookback);
    }

    /// The question reached back to the start of the day.
    pub(super) fn asked_for_the_day(&mut self, now: Timestamp) {
        self.whole_day_at = Some(now);
    }

    fn arrives(&mut self, since: Option<Timestamp>, now: Timestamp, lookback: Duration) {
        if let Some(since) = since {
            let since = self.arriving.map_or(since, |arriving| arriving.since.min(since));
            self.arriving = Some(Arriving { since, until: after(now, lookback) });
        }
    }

    fn all_arriving(&self) -> impl Iterator<Item = &Arriving> {
        self.arriving.iter().chain(&self.pauses)
    }

    /// From where on something may have arrived, as it was told last.
    pub(super) fn arriving_since(&self) -> Option<Timestamp> {
        self.all_arriving().map(|arriving| arriving.since).min()
    }

    /// From where on to ask at `now`, beyond the usual.
    pub(super) fn ask_from(&self, looked_at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let day = self.whole_day_at.is_none_or(|at| at > now || since(now, at) >= EVERY).then(|| utc_day_start(now));
        self.all_arriving().filter(|arriving| arriving.goes_on_at(looked_at)).map(|arriving| arriving.since).chain(day).min()
    }

    /// From where on looks must be kept, so that what may arrive can be compared with them.
    pub(super) fn keep_from(&self, now: Timestamp, lookback: Duration) -> Option<Timestamp> {
        let heard = self.silent.values().filter_map(|second| Timestamp::from_second(*second).ok()).map(|at| before(at, lookback));
        let others = self.heard_since.map(|at| before(at, lookback / 2));
        heard.chain(others).chain(self.arriving_since()).filter(|at| since(now, *at) <= KEPT.saturating_add(lookback)).min()
    }

    /// A clock was wrong: nothing of it lies in the future.
    pub fn clamp_to(&mut self, now: Timestamp) {
        let second = now.as_second();
        self.silent.values_mut().for_each(|heard| *heard = (*heard).min(second));
        for Arriving { since, until } in self.arriving.iter_mut().chain(&mut self.pauses) {
            (*since, *until) = ((*since).min(now), (*until).min(after(now, DAY)));
        }
        for at in [&mut self.whole_day_at, &mut self.told_at, &mut self.heard_since].into_iter().flatten() {
            *at = (*at).min(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn listed(vens: &[(u64, i64)]) -> Told {
        Told { vens: Some(vens.iter().map(|(id, heard)| (*id, at(*heard))).collect()), waiting: None }
    }

    const LOOKBACK: Duration = Duration::from_secs(1_800);

    /// From where on the next look asks, when the previous one was at that minute.
    fn asked(late: &Late, looked_at: i64) -> Option<Timestamp> {
        let late = Late { whole_day_at: Some(at(looked_at)), ..late.clone() };
        late.ask_from(Some(at(looked_at)), at(looked_at + 10))
    }

    #[test]
    fn a_ven_that_is_heard_of_again_is_asked_for_until_the_lookback_has_passed() {
        let late = Late::default().told(&listed(&[(1, 0), (2, 38)]), None, at(40), LOOKBACK);
        assert_eq!(asked(&late, 40), None);
        let late = late.told(&listed(&[(1, 0), (2, 48)]), Some(at(40)), at(50), LOOKBACK);
        assert_eq!(asked(&late, 50), None);
        let late = late.told(&listed(&[(1, 59), (2, 58)]), Some(at(50)), at(60), LOOKBACK);
        assert_eq!(late.arriving_since(), Some(at(-30)));
        assert_eq!((asked(&late, 60), asked(&late, 90), asked(&late, 91)), (Some(at(-30)), Some(at(-30)), None));
    }

    #[test]
    fn after_looks_that_are_far_apart_whoever_was_silent_in_between_is_asked_for() {
        let late = Late::default().told(&listed(&[(1, 0), (2, 1)]), None, at(2), LOOKBACK);
        // Silent for as long as the usual question allows for.
        assert_eq!(late.told(&listed(&[(1, 15), (2, 14)]), Some(at(2)), at(15), LOOKBACK).arriving_since(), None);
        let late = late.told(&listed(&[(1, 35), (2, 37)]), Some(at(2)), at(37), LOOKBACK);
        assert_eq!(late.arriving_since(), Some(at(-15)));
        assert_eq!((asked(&late, 37), asked(&late, 52), asked(&late, 53)), (Some(at(-15)), Some(at(-15)), None));
        // Another pause replaces it.
        let late = late.told(&listed(&[(1, 60), (2, 60)]), Some(at(37)), at(60), LOOKBACK);
        assert_eq!(late.told(&listed(&[(1, 65), (2, 65)]), Some(at(60)), at(65), LOOKBACK).arriving_since(), Some(at(20)));
    }

    #[test]
    fn what_is_not_listed_whole_tells_nothing_and_forgets_nothing() {
        let late = Late::default().told(&listed(&[(1, 0)]), None, at(40), LOOKBACK);
        let same = late.told(&Told::default(), Some(at(40)), at(50), LOOKBACK);
        assert_eq!(same, late);
        // Unpaired: it has nothing more to tell.
        let late = late.told(&listed(&[]), Some(at(40)), at(50), LOOKBACK);
        assert_eq!(late.told(&listed(&[(1, 60)]), Some(at(50)), at(60), LOOKBACK).arriving_since(), None);
    }

    #[test]
    fn a_backlog_is_more_than_what_usually_waits() {
        let waiting = |files: u64| Told { vens: None, waiting: Some(files) };
        let mut late = Late::default();
        for (look, files) in [3, 9, 4, 12, 2].into_iter().enumerate() {
            late = late.told(&waiting(files), Some(at(10 * look as i64 - 10)), at(10 * look as i64), LOOKBACK);
            assert_eq!(late.arriving_since(), None, "{files}");
        }
        late = late.told(&waiting(400), Some(at(40)), at(50), LOOKBACK);
        assert_eq!(late.arriving_since(), Some(at(10)));
        late = late.told(&waiting(300), Some(at(50)), at(60), LOOKBACK);
        assert_eq!(late.arriving_since(), Some(at(10)));
        late = late.told(&waiting(2), Some(at(60)), at(70), LOOKBACK);
        assert_eq!((asked(&late, 90), asked(&late, 91)), (Some(at(10)), None));
    }

    #[test]
    fn after_a_look_that_was_told_nothing_whoever_was_late_since_is_asked_for() {
        let all = |heard: i64| Told { waiting: Some(0), ..listed(&[(1, heard)]) };
        let mut late = Late::default().told(&all(0), None, at(0), LOOKBACK);
        // Nothing is known of the day before the first look.
        assert_eq!(late.arriving_since(), Some(utc_day_start(at(0))));
        for look in [10, 20, 30, 40, 50] {
            late = late.told(&all(look), Some(at(look - 10)), at(look), LOOKBACK);
        }
        assert_eq!(late.arriving_since(), None);
        let late = late.told(&Told::default(), Some(at(50)), at(60), LOOKBACK);
        let late = late.told(&all(70), Some(at(60)), at(70), LOOKBACK);
        assert_eq!(late.arriving_since(), Some(at(20)));
    }

    #[test]
    fn once_an_hour_the_whole_day_is_asked_for() {
        let (mut late, day) = (Late::default(), utc_day_start(at(0)));
        assert_eq!(late.ask_from(Some(at(-10)), at(0)), Some(day));
        late.asked_for_the_day(at(0));
        assert_eq!((late.ask_from(Some(at(40)), at(50)), late.ask_from(Some(at(50)), at(60))), (None, Some(day)));
    }
}
