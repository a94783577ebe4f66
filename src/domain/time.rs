//! Instants and durations as users write them and as the PCE sends them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// The longest span a report covers: the PCE keeps flows for 90 days.
pub const LONGEST_REPORT: Duration = Duration::from_secs(90 * 86_400);

/// A half-open span of time, `from < t <= to`, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Window {
    /// Start, exclusive.
    pub from: Timestamp,
    /// End, inclusive.
    pub to: Timestamp,
}

/// `at - span`, saturating at the earliest instant that can be represented.
pub fn before(at: Timestamp, span: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(span).ok().and_then(|span| at.checked_sub(span).ok()).unwrap_or(Timestamp::MIN)
}

/// `at + span`, saturating at the latest instant that can be represented.
pub fn after(at: Timestamp, span: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(span).ok().and_then(|span| at.checked_add(span).ok()).unwrap_or(Timestamp::MAX)
}

/// `later - earlier`, or zero when the clock ran backwards.
pub fn since(later: Timestamp, earlier: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or(Duration::ZERO)
}

/// The start of the UTC day that contains `at`.
pub fn utc_day_start(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(86_400) * 86_400).unwrap_or(Timestamp::MIN)
}

/// Reads a duration such as `90s`, `10m`, `1h 30m`, `2d`, `500ms`. A bare number is refused: it has no unit.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, u64); 7] =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];
    let wrong = || tr!("'{text}' is not a duration; write for example 90s, 10m, 1h 30m or 2d", text);
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = &rest[..letters];
        let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        total = number.checked_mul(*millis).and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
        rest = rest[letters..].trim_start();
    }
    // A century is longer than anything this program can be asked to remember.
    if total > 100 * 366 * 86_400_000 {
        return Err(tr!("'{text}' is longer than a hundred years", text));
    }
    Ok(Duration::from_millis(total))
}

/// Writes a duration as briefly as it can be read back: `10m`, `1h30m`, `0s`.
pub fn format_duration(span: Duration) -> String {
    let mut rest = span.as_secs();
    if rest == 0 {
        let millis = span.subsec_millis();
        return if millis == 0 { "0s".to_owned() } else { format!("{millis}ms") };
    }
    let mut out = String::new();
    for (unit, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        let count = rest / seconds;
        rest %= seconds;
        if count > 0 {
            out.push_str(&format!("{count}{unit}"));
        }
    }
    out
}

/// Reads the time formats seen from a PCE: RFC 3339 with any fraction and offset, or a space
/// instead of the `T` and no zone (meaning UTC). Anything else is no time.
pub fn parse_pce_time(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let civil: jiff::civil::DateTime = text.trim().parse().ok()?;
    Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// Seconds precision with `Z`, the only form the PCE accepts without argument.
pub fn pce_format(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

static ZONE: RwLock<Option<TimeZone>> = RwLock::new(None);

/// From now on people read times in this zone. There is one for the process, as there is one language.
pub fn read_in(zone: TimeZone) {
    *ZONE.write().unwrap_or_else(PoisonError::into_inner) = Some(zone).filter(|zone| *zone != TimeZone::UTC);
}

/// A time in a message, in the zone of whoever reads it. Machines get UTC.
pub fn for_people(at: Timestamp) -> String {
    match &*ZONE.read().unwrap_or_else(PoisonError::into_inner) {
        None => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Some(zone) => at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
    }
}

/// From when to when in a message, to the minute, with the day said once and the zone at the end.
pub fn span_for_people(from: Timestamp, to: Timestamp) -> String {
    let zone = ZONE.read().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or(TimeZone::UTC);
    let (from, to) = (from.to_zoned(zone.clone()), to.to_zoned(zone));
    let minute = "%Y-%m-%d %H:%M";
    let end = if from.date() == to.date() { to.strftime("%H:%M") } else { to.strftime(minute) };
    if from == to {
        return format!("{end} ({zone})", end = to.strftime(minute), zone = offset(&to));
    }
    format!("{from} – {end} ({zone})", from = from.strftime(minute), zone = offset(&to))
}

/// A time in a message, to the minute.
pub fn minute_for_people(at: Timestamp) -> String {
    span_for_people(at, at)
}

/// `UTC`, `UTC+08:00`
fn offset(at: &jiff::Zoned) -> String {
    if at.offset().seconds() == 0 { "UTC".to_owned() } else { format!("UTC{}", at.strftime("%:z")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_write() {
        for (text, millis) in
            [("90s", 90_000), ("10m", 600_000), ("1h 30m", 5_400_000), ("1h30m", 5_400_000), ("2d", 172_800_000), ("500ms", 500), ("0s", 0)]
        {
            assert_eq!(parse_duration(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
        for text in ["", "10", "m", "10 parsecs", "-5m", "1.5h", "99999999999999999999s", "9999999w"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert_eq!(format_duration(Duration::from_secs(5_400)), "1h30m");
        assert_eq!(format_duration(Duration::ZERO), "0s");
    }

    #[test]
    fn pce_times_of_every_shape_seen() {
        let want: Timestamp = "2026-08-02T00:06:11Z".parse().unwrap();
        for text in [
            "2026-08-02T00:06:11Z",
            "2026-08-02T00:06:11.000Z",
            "2026-08-02T00:06:11+00:00",
            "2026-08-02T08:06:11+08:00",
            "2026-08-02 00:06:11.000000",
            "2026-08-02T00:06:11",
        ] {
            assert_eq!(parse_pce_time(text), Some(want), "{text}");
        }
        for text in ["", "yesterday", "1722556800", "2026-13-02T00:00:00Z"] {
            assert_eq!(parse_pce_time(text), None, "{text}");
        }
        assert_eq!(pce_format(want), "2026-08-02T00:06:11Z");
    }

    #[test]
    fn day_starts() {
        let at: Timestamp = "2026-08-02T23:59:59.5Z".parse().unwrap();
        assert_eq!(utc_day_start(at), "2026-08-02T00:00:00Z".parse().unwrap());
    }
}
