//! How far back the PCE holds traffic, so that a question about earlier days is not sent in vain.

use crate::domain::time::before;
use crate::pce::Client;
use crate::pce::probe::Question;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::time::Duration;

/// A span that begins later than this is asked for as it is.
const RECENT: Duration = Duration::from_secs(7 * 86_400);
/// How long a PCE usually holds traffic.
pub const USUAL_DAYS: i64 = 90;
/// Longest time for finding out.
const PATIENCE: Duration = Duration::from_secs(15);

/// The first instant of which the PCE still holds traffic, where somebody asks for a time that long ago and may know it.
pub fn oldest(client: &Client, from: Timestamp, now: Timestamp) -> Option<Timestamp> {
    if from >= before(now, RECENT) {
        return None;
    }
    match client.once(Question::Database, PATIENCE) {
        Ok(answer) => first_day(&answer),
        Err(error) => {
            log::info!("the oldest day of traffic at the PCE is not known: {error}");
            None
        }
    }
}

/// Whether a refused question reached further back than a PCE usually holds traffic.
pub fn is_long_ago(from: Timestamp, now: Timestamp) -> bool {
    now.duration_since(from) > SignedDuration::from_hours(24 * USUAL_DAYS)
}

/// The earliest day that any part of the database names.
fn first_day(answer: &Value) -> Option<Timestamp> {
    let day = |part: &Value| part.get("flows_oldest_day")?.as_str()?.parse::<Date>().ok();
    let parts = ["server", "endpoint"].iter().filter_map(|part| answer.get(part));
    let first = std::iter::once(answer).chain(parts).filter_map(day).min()?;
    first.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
