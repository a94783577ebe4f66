//! Times that come again: when a maintenance window holds and when a digest goes out.
//!
//! Everything is asked in the civil time of one zone, so that "22:00" stays 22:00 when the clocks change:
//! an hour that is skipped is in no window, an hour that comes twice is in the window twice.

use super::threshold::Severity;
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

/// Minutes of a day.
pub const DAY: u16 = 24 * 60;

/// From one minute of the day (inclusive) to another (exclusive). One that ends before it begins goes past
/// midnight and belongs to the day on which it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// First minute.
    pub from: u16,
    /// The minute after the last; 24:00 at the most.
    pub to: u16,
}

/// Which days. Within one list any may hold, all lists must; an empty list holds always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Days {
    /// Days of the week.
    pub weekdays: Vec<Weekday>,
    /// First and last day of the month, both inclusive; negative ones count from its end.
    pub of_month: Vec<(i8, i8)>,
    /// Months, 1 to 12.
    pub months: Vec<i8>,
}

impl Days {
    /// Whether the day is one of them.
    pub fn has(&self, date: Date) -> bool {
        let length = date.days_in_month();
        let day = |number: i8| if number < 0 { length + 1 + number } else { number };
        (self.weekdays.is_empty() || self.weekdays.contains(&date.weekday()))
            && (self.of_month.is_empty() || self.of_month.iter().any(|(from, to)| (day(*from)..=day(*to)).contains(&date.day())))
            && (self.months.is_empty() || self.months.contains(&date.month()))
    }

    /// Whether there is any such day at all: the thirtieth of February is none.
    pub fn exist(&self) -> bool {
        // After 28 years every date has been on every day of the week, leap days too.
        let first = jiff::civil::date(2000, 1, 1);
        first.series(jiff::Span::new().days(1)).take(28 * 366).any(|date| self.has(date))
    }
}

/// Spans of time that come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Parts of the day; empty: all of it.
    pub times: Vec<TimeRange>,
    /// On which days.
    pub days: Days,
    /// Whose civil time.
    pub zone: TimeZone,
}

impl Calendar {
    /// Whether the instant lies in one of the spans.
    pub fn holds(&self, at: Timestamp) -> bool {
        let local = at.to_zoned(self.zone.clone());
        let today = self.days.has(local.date());
        if self.times.is_empty() {
            return today;
        }
        let minute = minutes(local.hour(), local.minute());
        let yesterday = || local.date().yesterday().is_ok_and(|date| self.days.has(date));
        self.times.iter().any(|range| {
            if range.from < range.to {
                today && (range.from..range.to).contains(&minute)
            } else {
                (today && minute >= range.from) || (minute < range.to && yesterday())
            }
        })
    }
}

/// Instants that come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Minutes of the day.
    pub times: Vec<u16>,
    /// On which days.
    pub days: Days,
    /// Whose civil time.
    pub zone: TimeZone,
}

impl Schedule {
    /// The first such instant after `at`. A time that the clocks skip comes when it would have come, one
    /// that comes twice comes at the first.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let start = at.to_zoned(self.zone.clone()).date();
        // The day before: where clocks go back at midnight a time of yesterday may still lie ahead.
        let first = start.yesterday().unwrap_or(start);
        let instant = |date: Date, time: u16| {
            let civil = date.at(i8::try_from(time / 60).ok()?, i8::try_from(time % 60).ok()?, 0, 0);
            Some(civil.to_zoned(self.zone.clone()).ok()?.timestamp())
        };
        // A month is more than any set of days of the week leaves out.
        first
            .series(jiff::Span::new().days(1))
            .take(31)
            .filter(|date| self.days.has(*date))
            .flat_map(|date| self.times.iter().filter_map(move |time| instant(date, *time)))
            .filter(|instant| *instant > at)
            .min()
    }
}

fn minutes(hour: i8, minute: i8) -> u16 {
    u16::from(hour.unsigned_abs()) * 60 + u16::from(minute.unsigned_abs())
}

/// Reads `HH:MM`; `24:00` is the end of the day.
pub fn parse_time(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str| (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<u16>().ok())?;
    let (hour, minute) = (number(hour)?, number(minute)?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= DAY).then_some(total)
}

/// A channel that hears everything at once, now and then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// When.
    pub schedule: Schedule,
    /// Alerts that are this bad or worse do not wait for it.
    pub below: Option<Severity>,
}
