//! Waiting: how long before the next try, and who really sleeps.
//!
//! Nothing here knows what is waited for.

use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};

/// The passing of time, so that tests need not wait for it.
pub trait Pace: Send + Sync {
    /// Now.
    fn now(&self) -> Instant;
    /// Lets `span` pass. Asked for in small steps, between which the caller looks whether to go on.
    fn sleep(&self, span: Duration);
}

/// Time as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealPace;

impl Pace for RealPace {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, span: Duration) {
        std::thread::sleep(span);
    }
}

/// A wait is cut into steps of this length, to notice a stop in time.
pub(super) const STEP: Duration = Duration::from_millis(100);

/// What the PCE wishes, made sane: at least a second, at most two minutes.
/// `None`: it does not say, or says nonsense.
pub(super) fn retry_after(header: Option<&str>, now: Timestamp) -> Option<Duration> {
    let text = header?.trim();
    let seconds = match text.parse::<f64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            at.duration_since(now).max(SignedDuration::ZERO).as_secs_f64()
        }
    };
    (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.clamp(1.0, 120.0)))
}

/// How soon to look again at something that has been going on for `elapsed`: its end is then
/// noticed within a fifth of the time it took.
pub(super) fn poll_delay(elapsed: Duration) -> Duration {
    (elapsed / 5).clamp(Duration::from_millis(250), Duration::from_secs(5))
}

/// Delays between tries of a request that met a passing failure.
pub(super) fn transient_delays() -> impl Iterator<Item = Duration> {
    use backon::BackoffBuilder;
    backon::ExponentialBuilder::new()
        .with_min_delay(Duration::from_secs(1))
        .with_max_delay(Duration::from_secs(10))
        .with_max_times(4)
        .with_jitter()
        .build()
}

/// Delays between tries to reach a PCE that refuses connections or whose name nobody knows: that is no wait for an answer.
pub(super) fn unreachable_delays() -> impl Iterator<Item = Duration> {
    [Duration::from_secs(1), Duration::from_secs(2)].into_iter()
}

/// Once trying has taken this long an unreachable PCE is not tried again.
pub(super) const UNREACHABLE_PATIENCE: Duration = Duration::from_secs(10);

/// Delays after 429 when the PCE does not say how long: the budget is counted by the minute.
pub(super) fn limited_delays() -> impl Iterator<Item = Duration> {
    use backon::BackoffBuilder;
    backon::ExponentialBuilder::new()
        .with_min_delay(Duration::from_secs(2))
        .with_max_delay(Duration::from_secs(30))
        .without_max_times()
        .with_jitter()
        .build()
}

/// Longest sum of waits for one request after 429.
pub(super) const LIMITED_PATIENCE: Duration = Duration::from_secs(180);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_clamped() {
        let now: Timestamp = "1994-11-06T08:49:07Z".parse().unwrap();
        for (text, want) in [
            ("5", Some(5)),
            ("0", Some(1)),
            ("1.5", Some(1)),
            ("86400", Some(120)),
            ("-3", None),
            ("inf", None),
            ("NaN", None),
            ("soon", None),
            ("", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(1)),
            ("Mon, 07 Nov 1994 08:00:00 GMT", Some(120)),
        ] {
            assert_eq!(retry_after(Some(text), now).map(|span| span.as_secs()), want, "{text}");
        }
        assert_eq!(retry_after(None, now), None);
    }

    #[test]
    fn patience_after_429_exceeds_the_minute_the_budget_is_counted_by() {
        let mut sum = Duration::ZERO;
        for delay in limited_delays() {
            if sum + delay > LIMITED_PATIENCE {
                break;
            }
            sum += delay;
        }
        assert!(sum > Duration::from_secs(60) && sum <= LIMITED_PATIENCE, "{sum:?}");
    }

    #[test]
    fn the_end_of_a_query_is_noticed_within_a_fifth_of_its_time() {
        for (elapsed, want) in [(0, 250), (1_000, 250), (10_000, 2_000), (25_000, 5_000), (600_000, 5_000)] {
            assert_eq!(poll_delay(Duration::from_millis(elapsed)), Duration::from_millis(want));
        }
    }
}
