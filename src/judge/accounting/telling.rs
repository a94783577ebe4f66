//! How much each subset of a pair has grown by a record that moved, and whom that is told.

use super::*;

/// What the pair at hand told before its record moved.
#[derive(Debug, Default)]
pub(super) struct Counting {
    /// Only the record's own end tells of the pair, and nothing is left out: whatever it grows by is what all have grown by.
    alone: bool,
    /// Rules are told apart by what they ask for.
    by_asks: bool,
    /// Each different subset.
    counted: Vec<Counted>,
    /// The subset of each hit.
    of_hit: Vec<usize>,
}

/// One subset of the pair at hand.
#[derive(Debug)]
struct Counted {
    subset: usize,
    sides: Sides,
    /// What it has grown by, once that is known.
    by: Ways,
    /// Other records of the pair leave out other things: whether they speak of the same connections cannot be told.
    is_mixed: bool,
    /// Counters that some record of the pair leaves out: what of the others' is new cannot be told.
    open: [bool; 3],
}

/// What happened to a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    pub(super) from: Counters,
    pub(super) to: Counters,
    /// It came after this.
    pub(super) since: Timestamp,
}

impl Ledger {
    /// What the pair tells before something changes, for each hit's subset. Must be followed by [`Ledger::tell`].
    pub(super) fn count_before(&mut self, record: &Seen, hits: &[Hit], rules: &[RuleAccount]) {
        let (alone, told) = self.tells(record);
        self.counting.alone = alone && told;
        self.counting.counted.clear();
        self.counting.of_hit.clear();
        if alone && told {
            return;
        }
        let Self { looks, hot, room, subsets, counting: Counting { counted, of_hit, by_asks, .. }, coverage, terms, any_unproven, .. } =
            self;
        let mut hot = hot.get_mut(&record.pair);
        *by_asks = !told;
        if let Some(hot) = &mut hot {
            if !told {
                hot.tell_apart();
            }
            *by_asks = hot.is_by_asks();
        }
        let timed = Timed { now: terms.now, looked_at: coverage.looked_at, forgotten_before: coverage.forgotten_before };
        let subsets = subsets.get_or_insert_with(|| Subsets::both(rules, any_unproven.then_some(timed)));
        let subsets = &subsets[usize::from(*by_asks)];
        let of_pair = || looks.places(record.of_pair).map(|place| looks.at(place));
        // What the looks of the pair leave out that have the ends of the record.
        let ends = record.detail.ends();
        let left_out = match &mut hot {
            _ if told => Vec::new(),
            Some(hot) => hot.left_out(ends, of_pair()),
            None => of_pair().filter(|look| look.detail.ends() == ends).map(|look| look.not_told).collect(),
        };
        let open = [0, 1, 2].map(|counter: usize| left_out.iter().any(|not_told| is_missing(*not_told, counter)));
        for hit in hits {
            let Some(subset) = subsets.of_rule(hit.rule) else {
                of_hit.push(usize::MAX);
                continue;
            };
            let number = counted.iter().position(|counted| counted.subset == subset).unwrap_or_else(|| {
                let selector = subsets.account(subset).map(|account| &account.selector);
                let is_other =
                    |not_told| selector.is_some_and(|selector| selector.missing(not_told) != selector.missing(record.noted.not_told));
                let is_mixed = left_out.iter().any(|not_told| is_other(*not_told));
                let sides = match &mut hot {
                    Some(hot) => hot.sides(subset, record.like(), subsets, of_pair(), room),
                    None => subsets.sum(subset, record.like(), of_pair()),
                };
                counted.push(Counted { subset, sides, by: Ways::default(), is_mixed, open });
                counted.len() - 1
            });
            of_hit.push(number);
        }
    }

    /// Whether only the end of this record tells of its pair, and whether nothing is left out by it and by the looks of the pair.
    fn tells(&self, record: &Seen) -> (bool, bool) {
        let (inbound, told) = (record.detail.inbound(), record.noted.not_told == NotTold::NOTHING);
        match self.hot.get(&record.pair) {
            Some(hot) => (hot.tells_alone(inbound), told && hot.is_told()),
            None => self.places(record).map(|place| self.looks.at(place)).fold((true, told), |(alone, told), look| {
                (alone && look.detail.inbound() == inbound, told && look.not_told == NotTold::NOTHING)
            }),
        }
    }

    /// Tells what the pair has grown by, now that its record has moved.
    pub(super) fn tell(&mut self, record: &Seen, moved: Moved, hits: &[Hit], rules: &[RuleAccount], out: &mut dyn Increases) {
        let Moved { from, to, since } = moved;
        let own = [0, 1, 2].map(|counter: usize| to[counter].saturating_sub(from[counter]));
        let late = record.late_since.is_some();
        self.found_late |= late && from != to;
        if !self.counting.alone {
            self.compare(record, from, to);
        }
        let looked_at = self.coverage.looked_at;
        let Counting { alone, counted, of_hit, .. } = &self.counting;
        for (number, hit) in hits.iter().enumerate() {
            let Some(rule) = rules.get(hit.rule as usize) else { continue };
            let (by, is_mixed) = if *alone {
                ([own; 4], false)
            } else {
                let Some(Counted { by, is_mixed, .. }) = of_hit.get(number).and_then(|subset| counted.get(*subset)) else { continue };
                (*by, *is_mixed)
            };
            let hit = Hit { undecided: hit.undecided || is_mixed, ..*hit };
            let counts = late || rule.counts(since, looked_at);
            if !counts || (rule.unmarked && looked_at.is_some()) {
                // What ended long before the window cannot have arrived in it.
                if looked_at.is_some() || record.last > rule.late_start {
                    out.learning(hit);
                }
            } else if by == Ways::default() {
                continue;
            } else if let Some(since) = looked_at.filter(|at| late && since < *at).map(|_| since) {
                out.late(hit, &by, since, record.talk);
            } else {
                out.grown(hit, &by, looked_at.map_or(since, |at| at.min(since)), record.talk);
            }
        }
    }

    /// What each subset has grown by, given what both ends tell of it.
    fn compare(&mut self, record: &Seen, from: Counters, to: Counters) {
        let reading = self.terms.reading;
        let subsets = self.subsets.as_ref().map(|subsets| &subsets[usize::from(self.counting.by_asks)]);
        for Counted { subset, sides, by, is_mixed, open } in &mut self.counting.counted {
            let Some(rule) = subsets.and_then(|subsets| subsets.account(*subset)) else { continue };
            let compares = rule.selector.decisions != BLOCKED && sides.compares(record.detail);
            if compares {
                if record.is_first_of_its_end {
                    sides.lead_has_aged(record.detail);
                }
                let own = self.leads.of(sides, &rule.selector, (record.pair, record.like(), record.day), rule.mark_of);
                let before = sides.count(&own, reading);
                sides.moved(record.detail, from, to);
                *by = grown(&before, &sides.count(&own, reading));
            } else {
                // Nothing is made up for: what one end tells adds up.
                *by = grown(&[from; 4], &[to; 4]);
            }
            // Where nobody can say which records speak of the same connections, each may speak of others: what the other end
            // told of a connection may be in another subset, and make up for nothing of this one.
            let missing = |what| record.noted.not_told.any(what);
            if *is_mixed || missing(NotTold::REPORTING_END) || (missing(NotTold::PAIRING) && sides.compares(record.detail)) {
                *is_mixed = true;
                *by = grown(&[from; 4], &[to; 4]);
            }
            for way in [0, 2] {
                (0..3).filter(|counter| open[*counter]).for_each(|counter| by[way][counter] = 0);
            }
        }
    }
}
