//! Calendars against a clock of their own: every minute counted by hand, with the rules of two time zones
//! written down here and not taken from any database.

use crate::support::budget;
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use pcemon::domain::calendar::{Calendar, Days, Schedule, TimeRange};
use proptest::prelude::*;

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// Days since 1970 as year, month, day, by counting.
fn civil(days: i64) -> (i64, i8, i8) {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (mut year, mut left) = (1970, days);
    while left >= 365 + i64::from(leap(year)) {
        left -= 365 + i64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    while left >= i64::from(length(year, month)) {
        left -= i64::from(length(year, month));
        month += 1;
    }
    (year, month, left as i8 + 1)
}

fn length(year: i64, month: i8) -> i8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Monday is 1; the first of January 1970 was a Thursday.
fn weekday(days: i64) -> i8 {
    ((days + 3).rem_euclid(7) + 1) as i8
}

/// The day number of the `nth` Sunday of a month (-1: the last).
fn sunday(year: i64, month: i8, nth: i64) -> i64 {
    let before: i64 = (1970..year).flat_map(|year| (1..=12).map(move |month| i64::from(length(year, month)))).sum();
    let first = before + (1..month).map(|month| i64::from(length(year, month))).sum::<i64>();
    let sundays: Vec<i64> = (first..first + i64::from(length(year, month))).filter(|days| weekday(*days) == 7).collect();
    if nth < 0 { *sundays.last().unwrap() } else { sundays[nth as usize - 1] }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Zone {
    Berlin,
    NewYork,
}

impl Zone {
    fn name(self) -> &'static str {
        if self == Zone::Berlin { "Europe/Berlin" } else { "America/New_York" }
    }

    fn zone(self) -> TimeZone {
        TimeZone::get(self.name()).unwrap()
    }

    /// When summer time begins and ends, in UTC.
    fn changes(self, year: i64) -> (i64, i64) {
        match self {
            Zone::Berlin => (sunday(year, 3, -1) * DAY + 3600, sunday(year, 10, -1) * DAY + 3600),
            Zone::NewYork => (sunday(year, 3, 2) * DAY + 7 * 3600, sunday(year, 11, 1) * DAY + 6 * 3600),
        }
    }

    /// Seconds of the local clock, as if they were UTC. `changes` are those of the instant's year.
    fn local(self, at: i64, changes: (i64, i64)) -> i64 {
        let winter = if self == Zone::Berlin { 3600 } else { -5 * 3600 };
        at + winter + if (changes.0..changes.1).contains(&at) { 3600 } else { 0 }
    }
}

/// What a calendar means, minute by minute.
fn oracle(calendar: &Calendar, local: i64) -> bool {
    let (today, minute) = (local.div_euclid(DAY), local.rem_euclid(DAY) / MINUTE);
    let fits = |days: i64| {
        let (year, month, day) = civil(days);
        let back = day - length(year, month) - 1;
        let own = &calendar.days;
        (own.weekdays.is_empty() || own.weekdays.iter().any(|one| one.to_monday_one_offset() == weekday(days)))
            && (own.months.is_empty() || own.months.contains(&month))
            && (own.of_month.is_empty()
                || own.of_month.iter().any(|(from, to)| {
                    let after = if *from > 0 { day >= *from } else { back >= *from };
                    let before = if *to > 0 { day <= *to } else { back <= *to };
                    after && before
                }))
    };
    if calendar.times.is_empty() {
        return fits(today);
    }
    // Each range is laid on the days it can begin on, past midnight included.
    [today - 1, today].into_iter().any(|begin| {
        fits(begin)
            && calendar.times.iter().any(|range| {
                let from = (begin - today) * 1440 + i64::from(range.from);
                let to = (begin - today) * 1440 + i64::from(range.to) + if range.to <= range.from { 1440 } else { 0 };
                (from..to).contains(&minute)
            })
    })
}

fn ranges() -> impl Strategy<Value = Vec<TimeRange>> {
    let range = (0u16..1440, 0u16..=1440).prop_filter("empty", |(from, to)| from != to).prop_map(|(from, to)| TimeRange { from, to });
    // Mostly around the hours at which clocks change.
    let near = (0u16..240, 0u16..300).prop_filter("empty", |(from, to)| from != to).prop_map(|(from, to)| TimeRange { from, to });
    prop::collection::vec(prop_oneof![range, near], 0..3)
}

fn days() -> impl Strategy<Value = Days> {
    let weekdays = prop::collection::vec((1i8..=7).prop_map(|day| Weekday::from_monday_one_offset(day).unwrap()), 0..4);
    let same = (1i8..=31, 1i8..=31).prop_map(|(a, b)| (a.min(b), a.max(b)));
    let of_month = prop_oneof![same.clone(), same.prop_map(|(a, b)| (-b, -a)), (1i8..=31, -31i8..=-1)];
    (weekdays, prop::collection::vec(of_month, 0..2), prop::collection::vec(prop_oneof![Just(3i8), Just(10), Just(11), 1i8..=12], 0..3))
        .prop_map(|(weekdays, of_month, months)| Days { weekdays, of_month, months })
}

fn zone() -> impl Strategy<Value = Zone> {
    prop_oneof![Just(Zone::Berlin), Just(Zone::NewYork)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(60), failure_persistence: None, ..ProptestConfig::default() })]

    /// Every minute of four days around a change of the clocks, in spring and in autumn.
    #[test]
    fn a_calendar_is_never_off(zone in zone(), year in 2020i64..2037, autumn in any::<bool>(), times in ranges(), days in days()) {
        let changes = zone.changes(year);
        let change = if autumn { changes.1 } else { changes.0 };
        let calendar = Calendar { times, days, zone: zone.zone() };
        for minute in -2 * 1440..2 * 1440 {
            let at = change + minute * MINUTE;
            let wanted = oracle(&calendar, zone.local(at, changes));
            let found = calendar.holds(Timestamp::from_second(at).unwrap());
            prop_assert_eq!(found, wanted, "{} at {}", zone.name(), Timestamp::from_second(at).unwrap());
        }
    }

    /// The next instant is the first minute whose local time is the wanted one; where the clocks skip that time, the
    /// one that comes as long after the change as the wanted time lies after the gap's beginning.
    #[test]
    fn a_schedule_is_never_off(zone in zone(), year in 2020i64..2037, autumn in any::<bool>(), time in 0u16..1440, from in 0i64..2880) {
        let changes = zone.changes(year);
        let change = if autumn { changes.1 } else { changes.0 };
        let schedule = Schedule { times: vec![time], days: Days::default(), zone: zone.zone() };
        let start = change + (from - 2880) * MINUTE;
        let mut at = Timestamp::from_second(start).unwrap();
        let mut found = Vec::new();
        for _ in 0..4 {
            at = schedule.next_after(at).unwrap();
            found.push(at.as_second());
        }
        let mut wanted = Vec::new();
        let mut seen = Vec::new();
        // From a day earlier on, so that what was served on the first day is known.
        for minute in 0..8 * 1440 {
            let at = start - DAY + minute * MINUTE;
            let local = zone.local(at, changes);
            let day = local.div_euclid(DAY);
            let skipped = at == changes.0 && (local.rem_euclid(DAY) / MINUTE - 60..local.rem_euclid(DAY) / MINUTE).contains(&i64::from(time));
            let hit = local.rem_euclid(DAY) / MINUTE == i64::from(time);
            let instant = if skipped { at + (i64::from(time) - (local.rem_euclid(DAY) / MINUTE - 60)) * MINUTE } else { at };
            if (hit || skipped) && !seen.contains(&day) {
                seen.push(day);
                if instant > start {
                    wanted.push(instant);
                }
            }
        }
        prop_assert_eq!(&found[..], &wanted[..4], "{} {:?}", zone.name(), time);
    }
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_began() {
    let days = Days { weekdays: vec![Weekday::Friday], ..Days::default() };
    let calendar = Calendar { times: vec![TimeRange { from: 22 * 60, to: 6 * 60 }], days, zone: TimeZone::UTC };
    // The 20th of November 2026 was a Friday.
    for (at, want) in [
        ("2026-11-20T05:59:59Z", false),
        ("2026-11-20T21:59:59Z", false),
        ("2026-11-20T22:00:00Z", true),
        ("2026-11-21T05:59:59Z", true),
        ("2026-11-21T06:00:00Z", false),
        ("2026-11-21T22:00:00Z", false),
    ] {
        assert_eq!(calendar.holds(at.parse().unwrap()), want, "{at}");
    }
}
