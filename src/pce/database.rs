//! The PCE's answer about its traffic database -> [`Database`]. Knows no HTTP.

use super::records::read_records;
use crate::domain::ven::{Database, DatabasePart};
use serde_json::Value;
use std::io::Read;

/// Larger answers make no sense.
pub(super) const LIMIT: u64 = 1 << 20;
/// What the PCE means by a GB.
const GB: f64 = 1e9;

/// Reads the answer: an object, or several.
pub fn parse_database(json: impl Read) -> Result<Vec<Database>, String> {
    let mut found = Vec::new();
    let decoded = read_records(json, &mut |raw| {
        let database = serde_json::from_str::<Value>(raw.get()).ok().as_ref().and_then(database);
        let known = database.is_some();
        found.extend(database);
        known
    })
    .map_err(|error| error.to_string())?;
    if decoded.unreadable > 0 || found.is_empty() {
        return Err(tr!("it does not describe a traffic database"));
    }
    Ok(found)
}

fn database(value: &Value) -> Option<Database> {
    let named = |name: &str| value.get(name).filter(|part| part.is_object());
    let mut parts = vec![part("", value)];
    parts.extend(["server", "endpoint"].into_iter().filter_map(|name| Some(part(name, named(name)?))));
    let backlog = named("backlog");
    let says_something = |part: &DatabasePart| part.size.or(part.days).is_some();
    if backlog.is_none() && !parts.iter().any(says_something) {
        return None;
    }
    Some(Database {
        parts,
        backlog: backlog.and_then(|backlog| number(backlog, &["total_disk_used_gb"])).map(|gigabytes| gigabytes * GB),
        backlog_files: backlog.and_then(|backlog| number(backlog, &["total_file_count"])),
    })
}

fn part(name: &str, value: &Value) -> DatabasePart {
    DatabasePart {
        name: name.to_owned(),
        size: number(value, &["flows_size_gb"]).map(|gigabytes| gigabytes * GB),
        size_limit: number(value, &["flows_size_gb_limit"]).map(|gigabytes| gigabytes * GB),
        days: number(value, &["flows_days", "num_flows_days"]),
        days_limit: number(value, &["flows_days_limit", "num_flows_days_limit"]),
        oldest_day: value.get("flows_oldest_day").and_then(Value::as_str).unwrap_or("").to_owned(),
    }
}

/// The first of these keys that holds a number, also one in quotes. A negative one is no amount of anything.
fn number(value: &Value, keys: &[&str]) -> Option<f64> {
    keys.iter()
        .filter_map(|key| value.get(key))
        .find_map(|value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()))
        .filter(|number| number.is_finite() && *number >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_not_zero() {
        let body = br#"{"flows_size_gb":"12.5","flows_size_gb_limit":null,"flows_days":-1,"server":{"num_flows_days":40},"endpoint":null,"backlog":{"total_file_count":7}}"#;
        let database = parse_database(body.as_slice()).unwrap().remove(0);
        assert_eq!((database.backlog, database.backlog_files), (None, Some(7.0)));
        let [whole, server] = database.parts.as_slice() else { panic!("{database:?}") };
        assert_eq!((whole.size, whole.size_limit, whole.days), (Some(12.5e9), None, None));
        assert_eq!((server.name.as_str(), server.days, server.size), ("server", Some(40.0), None));
    }

    #[test]
    fn something_else_is_no_database() {
        for body in ["", "[]", "{}", "[null]", "<html>", "{\"status\":\"normal\"}", "{\"flows_size_gb\":\"much\"}"] {
            assert!(parse_database(body.as_bytes()).is_err(), "{body}");
        }
    }
}
