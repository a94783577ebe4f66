//! All audit events of a span. What an event is, whoever takes the parts knows.
//!
//! The PCE gives the newest events up to a cap and says nothing of the others, so a full answer
//! is asked for again in halves.

use super::ask::{Ask, Size};
use super::client::{Client, Listed, Take};
use super::error::{ErrorKind, PceError};
use crate::domain::time::pce_format;
use jiff::{SignedDuration, Timestamp};

/// The most events the PCE gives at once.
const CAP: usize = 10_000;
/// Larger answers make no sense.
const LIMIT: u64 = 64 << 20;
/// Most questions for one span.
const MAX_QUERIES: u32 = 64;

impl Client {
    /// Asks for all events of a span.
    pub fn events(&self, from: Timestamp, to: Timestamp, take: &mut Take<'_>) -> Result<Listed, PceError> {
        fetch(self, from, to, take)
    }
}

/// All events of a span, asked for in as many parts as it takes.
fn fetch(client: &Client, from: Timestamp, to: Timestamp, take: &mut Take<'_>) -> Result<Listed, PceError> {
    // Whole seconds, outwards: an event too many is told apart by its href, one too few is lost.
    let from = floor(from);
    let to = if floor(to) == to { to } else { floor(to) + SignedDuration::from_secs(1) };
    let mut answer = Listed::default();
    let mut lost_from: Option<Timestamp> = None;
    let mut reasons = Vec::new();
    // The oldest part is on top, so that what was had whole grows from the start.
    let mut parts = vec![(from, to)];
    while let Some((from, to)) = parts.pop() {
        if answer.queries >= MAX_QUERIES {
            lost_from.get_or_insert(from);
            reasons.push(tr!(
                "more than {max_queries} queries would be needed; the rest from {from} on was not queried",
                max_queries = MAX_QUERIES,
                from = pce_format(from)
            ));
            break;
        }
        let rows = match slice(client, from, to, &mut answer, take) {
            Ok(rows) => rows,
            Err(error) if answer.queries <= 1 || error.kind == ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                lost_from.get_or_insert(from);
                reasons.push(tr!(
                    "events from {from} to {to} could not be read: {error}",
                    from = pce_format(from),
                    to = pce_format(to),
                    error
                ));
                if error.kind == ErrorKind::Timeout {
                    break;
                }
                continue;
            }
        };
        let full = rows >= CAP as u64;
        let seconds = to.duration_since(from).as_secs();
        if full && seconds > 1 {
            let middle = from + SignedDuration::from_secs(seconds / 2);
            // Both halves hold the second between them: its fractions belong to either.
            parts.push((middle, to));
            parts.push((from, middle));
        } else if full {
            lost_from.get_or_insert(from);
            reasons.push(tr!(
                "the PCE has more than {cap} events within one second from {from} and returns only the newest",
                cap = CAP,
                from = pce_format(from)
            ));
        }
    }
    answer.whole_until = Some(lost_from.unwrap_or(to));
    answer.missing = (!reasons.is_empty()).then(|| reasons.join("; "));
    Ok(answer)
}

/// One question; how many events came.
fn slice(client: &Client, from: Timestamp, to: Timestamp, answer: &mut Listed, take: &mut Take<'_>) -> Result<u64, PceError> {
    let line = &client.line;
    let mut url = line.org_url("events");
    url.query_pairs_mut()
        .append_pair("timestamp[gte]", &pce_format(from))
        .append_pair("timestamp[lte]", &pce_format(to))
        .append_pair("max_results", &CAP.to_string());
    answer.queries += 1;
    let fetched = line.fetch(&Ask::get(url, Size::Large), LIMIT)?;
    answer.bytes += fetched.raw.len() as u64;
    let name = format!("events-{}.json.gz", client.next_events_file());
    if let Some(recorder) = &line.recorder {
        recorder.keep(&name, &fetched.raw);
    }
    if !fetched.plain.trim_ascii_start().starts_with(b"[") {
        return Err(fetched.bad_answer(&tr!("is not a list of events")));
    }
    take(&name, &mut fetched.plain.as_slice()).map(|decoded| decoded.rows).map_err(|error| fetched.bad_answer(&error.to_string()))
}

fn floor(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() - i64::from(at.subsec_nanosecond() < 0)).unwrap_or(at)
}
