//! The PCE's audit events -> [`Event`], and how to have all of a span. The reading knows no HTTP.
//!
//! The PCE gives the newest events up to a cap and says nothing of the others, so a full answer
//! is asked for again in halves.

use super::ask::{Ask, Size};
use super::body::plain_bytes;
use super::error::{ErrorKind, PceError};
use super::{Client, EventsAnswer};
use crate::domain::record::Event;
use crate::domain::time::{parse_pce_time, pce_format};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::io::Read;

/// The most events the PCE gives at once.
const CAP: usize = 10_000;
/// Larger answers make no sense.
const LIMIT: u64 = 64 << 20;
/// Recorded files may hold many answers.
const FILE_LIMIT: u64 = 1 << 30;
/// Most questions for one span.
const MAX_QUERIES: u32 = 64;

/// Reads events: an array, one object, or one object a line; gzip or plain. Also says how many
/// of them could not be read.
pub fn parse_events(json: impl Read) -> Result<(Vec<Event>, u64), String> {
    let bytes = plain_bytes(json, FILE_LIMIT).map_err(|error| tr!("the events cannot be read: {error}", error))?;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Result<(Vec<Event>, u64), String> {
    let text = String::from_utf8_lossy(bytes);
    let mut events = Vec::new();
    let mut unreadable = 0;
    let mut take = |raw: &RawValue| match serde_json::from_str::<Value>(raw.get()).ok().and_then(|value| event(&value)) {
        Some(event) => events.push(event),
        None => unreadable += 1,
    };
    let broken = |error| tr!("the events are not JSON: {error}", error);
    let mut documents = 0;
    for document in serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}')).into_iter::<&RawValue>() {
        let document = document.map_err(broken)?;
        documents += 1;
        if document.get().starts_with('[') {
            serde_json::from_str::<Vec<&RawValue>>(document.get()).map_err(broken)?.into_iter().for_each(&mut take);
        } else {
            take(document);
        }
    }
    // An empty answer is no list of events; an empty list is `[]`.
    if documents == 0 { Err(tr!("the events are an empty text")) } else { Ok((events, unreadable)) }
}

fn event(value: &Value) -> Option<Event> {
    let event_type = text(value, "event_type");
    let mut href = text(value, "href");
    if href.is_empty() {
        if event_type.is_empty() {
            return None;
        }
        // Something must tell it from others when the same event is read again.
        href = format!("content:{:032x}", xxhash_rust::xxh3::xxh3_128(value.to_string().as_bytes()));
    }
    let changes = list(value, "resource_changes");
    Some(Event {
        href,
        timestamp: value.get("timestamp").and_then(Value::as_str).and_then(parse_pce_time),
        pce_fqdn: text(value, "pce_fqdn"),
        event_type,
        status: text(value, "status"),
        severity: text(value, "severity"),
        actors: value.get("created_by").map_or_else(Vec::new, actors),
        src_ip: value.get("action").map_or_else(String::new, |action| text(action, "src_ip")),
        notifications: unique(list(value, "notifications").iter().map(|item| text(item, "notification_type"))),
        resources: unique(changes.iter().filter_map(|change| change.get("resource")).flat_map(names_of_each)),
        workloads_affected: changes.iter().filter_map(affected).max(),
    })
}

/// Names first, hrefs after them: the first actor is the one shown.
fn actors(created_by: &Value) -> Vec<String> {
    let system = created_by.get("system").is_some().then(|| "system".to_owned());
    let mut found = names_of_each(created_by);
    found.sort_by_key(|name| name.starts_with("/orgs/") || name.starts_with("/users/"));
    unique(system.into_iter().chain(found))
}

/// `{"user": {"href", "username"}, ...}` -> the names and hrefs of all that is inside.
fn names_of_each(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Object(kinds) => kinds
            .values()
            .flat_map(|thing| match thing {
                Value::String(text) => vec![text.clone()],
                thing => ["username", "hostname", "name", "value", "href"].iter().map(|key| text(thing, key)).collect(),
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => Vec::new(),
    }
}

fn affected(change: &Value) -> Option<u64> {
    fn count(value: &Value) -> Option<u64> {
        match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            // Seen as an object too; its numbers are shares of the whole.
            Value::Object(fields) => {
                fields.values().filter_map(count).reduce(u64::saturating_add).or((!fields.is_empty()).then_some(fields.len() as u64))
            }
            Value::Array(items) => Some(items.len() as u64),
            Value::Null | Value::Bool(_) => None,
        }
    }
    let value = change.get("changes")?.get("workloads_affected")?;
    match value.get("after") {
        Some(after) => count(after),
        None => count(value),
    }
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or("").to_owned()
}

fn unique(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    names.into_iter().filter(|name| !name.is_empty() && seen.insert(name.clone())).collect()
}

/// All events of a span, asked for in as many parts as it takes.
pub(super) fn fetch(client: &Client, from: Timestamp, to: Timestamp) -> Result<EventsAnswer, PceError> {
    // Whole seconds, outwards: an event too many is told apart by its href, one too few is lost.
    let from = floor(from);
    let to = if floor(to) == to { to } else { floor(to) + SignedDuration::from_secs(1) };
    let mut answer = EventsAnswer::default();
    let mut seen = HashSet::new();
    let mut lost_from: Option<Timestamp> = None;
    let mut reasons = Vec::new();
    // The oldest part is on top, so that what was had whole grows from the start.
    let mut parts = vec![(from, to)];
    while let Some((from, to)) = parts.pop() {
        if answer.queries >= MAX_QUERIES {
            lost_from.get_or_insert(from);
            reasons.push(tr!(
                "more than {max_queries} questions would be needed; the rest from {from} on was not asked for",
                max_queries = MAX_QUERIES,
                from = pce_format(from)
            ));
            break;
        }
        let (events, unreadable) = match slice(client, from, to, &mut answer) {
            Ok(read) => read,
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
        let full = events.len() as u64 + unreadable >= CAP as u64;
        let seconds = to.duration_since(from).as_secs();
        answer.events.extend(events.into_iter().filter(|event| seen.insert(event.href.clone())));
        if full && seconds > 1 {
            let middle = from + SignedDuration::from_secs(seconds / 2);
            // Both halves hold the second between them: its fractions belong to either.
            parts.push((middle, to));
            parts.push((from, middle));
        } else {
            answer.unreadable += unreadable;
            if full {
                lost_from.get_or_insert(from);
                reasons.push(tr!(
                    "the PCE holds more than {cap} events within one second from {from} and gives only the newest",
                    cap = CAP,
                    from = pce_format(from)
                ));
            }
        }
    }
    answer.events.sort_by_key(|event| event.timestamp);
    answer.whole_until = Some(lost_from.unwrap_or(to));
    answer.missing = (!reasons.is_empty()).then(|| reasons.join("; "));
    Ok(answer)
}

fn slice(client: &Client, from: Timestamp, to: Timestamp, answer: &mut EventsAnswer) -> Result<(Vec<Event>, u64), PceError> {
    let line = &client.line;
    let mut url = line.org_url("events");
    url.query_pairs_mut()
        .append_pair("timestamp[gte]", &pce_format(from))
        .append_pair("timestamp[lte]", &pce_format(to))
        .append_pair("max_results", &CAP.to_string());
    answer.queries += 1;
    let fetched = line.fetch(&Ask::get(url, Size::Large), LIMIT)?;
    answer.bytes += fetched.raw.len() as u64;
    if let Some(recorder) = &line.recorder {
        let number = client.next_events_file();
        recorder.keep(&format!("events-{number}.json.gz"), &fetched.raw);
    }
    if !fetched.plain.trim_ascii_start().starts_with(b"[") {
        return Err(fetched.bad_answer(&tr!("is not a list of events")));
    }
    parse(&fetched.plain).map_err(|error| fetched.bad_answer(&error))
}

fn floor(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() - i64::from(at.subsec_nanosecond() < 0)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGN_IN: &str = r#"{"href":"/orgs/1/events/5b","timestamp":"2026-08-03T06:20:01.120Z","pce_fqdn":"pce.example.com","created_by":{"system":{}},"event_type":"user.sign_in","status":"failure","severity":"err","action":{"src_ip":"192.0.2.44","errors":[]},"resource_changes":[],"notifications":[{"notification_type":"user.login_failed","info":null}]}"#;

    #[test]
    fn an_event_in_every_wrapping() {
        for body in [format!("[{SIGN_IN}]"), SIGN_IN.to_owned(), format!("\u{feff}{SIGN_IN}\r\n"), format!("[\n{SIGN_IN}\n]\n")] {
            let (events, unreadable) = parse_events(body.as_bytes()).unwrap();
            assert_eq!((events.len(), unreadable), (1, 0), "{body}");
            let event = &events[0];
            assert_eq!(event.actors, ["system"]);
            assert_eq!(event.notifications, ["user.login_failed"]);
            assert_eq!((event.src_ip.as_str(), event.status.as_str(), event.severity.as_str()), ("192.0.2.44", "failure", "err"));
            assert_eq!(event.timestamp, Some("2026-08-03T06:20:01.120Z".parse().unwrap()));
        }
        assert_eq!(parse_events(format!("{SIGN_IN}\n{SIGN_IN}\n").as_bytes()).unwrap().0.len(), 2);
        assert_eq!(parse_events(b"[]".as_slice()).unwrap(), (vec![], 0));
        for body in ["", "  \n", "[{", "[{}] x", "<html>"] {
            assert!(parse_events(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn one_bad_event_does_not_cost_the_others() {
        let body = format!(
            r#"[null, 7, [], {{}}, {{"href":"x","event_type":"\ud800"}}, {SIGN_IN}, {{"event_type":"a.b"}}, {{"href":"/e/1","event_type":null,"timestamp":"never","created_by":null,"action":null,"resource_changes":null,"notifications":null,"status":null,"new":[1]}}]"#
        );
        let (events, unreadable) = parse_events(body.as_bytes()).unwrap();
        assert_eq!(unreadable, 5);
        assert_eq!(events.len(), 3);
        assert!(events[1].href.starts_with("content:"));
        assert_eq!((events[2].timestamp, events[2].actor()), (None, None));
    }

    #[test]
    fn actors_resources_and_counts() {
        let body = r#"{"href":"/e/2","event_type":"sec_policy.create","created_by":{"ven":{"href":"/orgs/1/vens/7","hostname":"web-01"},"agent":{"href":"/orgs/1/agents/2","hostname":"web-01"},"robot":{"name":"r2"}},
          "action":{"src_ip":"FILTERED"},
          "resource_changes":[{"resource":{"sec_policy":{"href":"/orgs/1/sec_policy/9","commit_message":"x"},"label":{"href":"/orgs/1/labels/1","value":"db"}},"changes":{"workloads_affected":{"before":0,"after":120}}},
             {"resource":"loose","changes":{"workloads_affected":{"after":{"added":3,"removed":4}}}},{"resource":null,"changes":null},null]}"#;
        let event = parse_events(body.as_bytes()).unwrap().0.remove(0);
        assert_eq!(event.actors, ["web-01", "r2", "/orgs/1/agents/2", "/orgs/1/vens/7"]);
        assert_eq!(event.resources, ["db", "/orgs/1/labels/1", "/orgs/1/sec_policy/9", "loose"]);
        assert_eq!(event.workloads_affected, Some(120));
        assert_eq!(event.src_ip, "FILTERED");
        for (after, want) in
            [("7", Some(7)), (r#""8""#, Some(8)), (r#"{"a":1,"b":2}"#, Some(3)), ("null", None), ("-1", None), ("true", None)]
        {
            let body = format!(r#"{{"href":"x","resource_changes":[{{"changes":{{"workloads_affected":{{"after":{after}}}}}}}]}}"#);
            assert_eq!(parse_events(body.as_bytes()).unwrap().0[0].workloads_affected, want, "{after}");
        }
    }
}
