//! Which look a record continues, and whether it may be the first word of its end.

use super::{Ledger, Place, Seen, not_above};
use crate::judge::identity::Detail;

impl Ledger {
    /// The look this record continues when nothing about it has moved. Of several alike the one
    /// whose counters are nearest from below; one that went down was corrected.
    pub(super) fn exact(&self, record: &Seen) -> Option<Place> {
        let alike = |place: &Place| {
            let look = self.looks.at(*place);
            look.detail == record.detail && look.part != record.part
        };
        match self.hot.get(&record.pair) {
            Some(hot) => self.nearest(record, || hot.alike(record.detail).map(Place::of).filter(alike)),
            None => self.nearest(record, || self.places(record).filter(alike)),
        }
    }

    fn nearest<I: Iterator<Item = Place>>(&self, record: &Seen, alike: impl Fn() -> I) -> Option<Place> {
        alike()
            .filter(|place| not_above(&self.looks.at(*place).shown, &record.shown))
            .max_by_key(|place| (self.looks.at(*place).shown, *place))
            .or_else(|| alike().min_by_key(|place| (self.looks.at(*place).shown, *place)))
    }

    /// Looks that this record may have grown from although something about it moved. Whatever is fresh was claimed when it came.
    fn unclaimed(&self, record: &Seen) -> impl Iterator<Item = Place> {
        let detail = record.detail;
        (record.of_pair.known.0..record.of_pair.known.1).map(Place::Known).filter(move |place| {
            let look = self.looks.at(*place);
            look.part == 0
                && look.detail.inbound() == detail.inbound()
                && look.detail.decision_bit() == detail.decision_bit()
                && detail.seconds_until(look.detail) >= 0
        })
    }

    pub(super) fn may_continue(&self, record: &Seen) -> bool {
        match self.hot.get(&record.pair) {
            Some(hot) => hot.open(record.detail).next().is_some(),
            None => self.unclaimed(record).next().is_some(),
        }
    }

    /// What the other end had told by the previous look is nothing of what this record tells, which began only then.
    pub(super) fn is_first_of_its_end(&self, record: &Seen) -> bool {
        self.coverage.looked_at.is_some_and(|at| record.first >= at)
            && match self.hot.get(&record.pair) {
                Some(hot) => hot.is_first_of_its_end(record.detail),
                None => {
                    let own = usize::from(record.detail.inbound());
                    let had_told = self.had_told(record);
                    !had_told[own] && had_told[1 - own]
                }
            }
    }

    /// Which ends tell of the pair from before the previous look.
    pub(super) fn had_told(&self, record: &Seen) -> [bool; 2] {
        let mut had_told = [false; 2];
        for place in self.places(record) {
            let look = self.looks.at(place);
            had_told[usize::from(look.detail.inbound())] |= matches!(place, Place::Known(_)) || self.began_before(look.detail);
        }
        had_told
    }

    /// Whether something began before the previous look.
    fn began_before(&self, detail: Detail) -> bool {
        self.coverage.looked_at.is_some_and(|at| detail.first_near(self.terms.now) < at.as_second())
    }

    /// The unclaimed look this record has most likely grown from, and how much they are alike.
    pub(super) fn heir(&mut self, record: &Seen) -> Option<(u32, Place)> {
        let Self { looks, hot, room, .. } = self;
        if let Some(hot) = hot.get_mut(&record.pair) {
            let found = hot.likeliest(record.detail, record.shown, |spot| looks.at(Place::of(spot)), room);
            return found.map(|(likeness, spot)| (likeness, Place::of(spot)));
        }
        let fits = |place: &Place| not_above(&self.looks.at(*place).shown, &record.shown);
        // Of those equal in everything that matters the last one, wherever they stand.
        let likely = |place: Place| (self.looks.at(place).detail.likeness(record.detail), self.looks.at(place).shown, place);
        self.unclaimed(record).filter(fits).map(likely).max().map(|(likeness, _, place)| (likeness, place))
    }
}
