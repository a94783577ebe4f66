//! One answer of Proxmox as recordings hold it: which call, when, of which node, and what came.

use super::super::{Allowance, DecodeError, Decoded, Unreadable, json, read_records};
use crate::domain::foreign::Foreign;
use crate::domain::value::Value;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

/// Characters of a name that are kept.
const EXCERPT: usize = 200;

/// The names of lines that are no calls.
pub(super) mod own {
    /// What the run before wanted to be known.
    pub const MEMORY: &str = "memory";
    /// What each endpoint that was asked thinks of the cluster.
    pub const VIEWS: &str = "views";
    /// What the config says: the token's name, the nodes that are expected.
    pub const ASKED: &str = "asked";
}

/// The calls that tell of the whole cluster.
pub(super) mod call {
    pub const RESOURCES: &str = "/cluster/resources";
    pub const STATUS: &str = "/cluster/status";
    pub const PERMISSIONS: &str = "/access/permissions";
    pub const HA: &str = "/cluster/ha/status/current";
    pub const BACKUP: &str = "/cluster/backup";
    pub const QDEVICE: &str = "/cluster/config/qdevice";
    pub const VOTES: &str = "/cluster/config/nodes";
    pub const CEPH: &str = "/cluster/ceph/status";
}

/// One answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub call: String,
    /// When it came.
    pub at: Option<Timestamp>,
    /// Status of HTTP; 0 where none came.
    pub status: u16,
    pub data: Option<Box<RawValue>>,
    /// What went wrong, for people.
    pub error: String,
}

/// All that a target answered.
#[derive(Default)]
pub(super) struct Lines {
    /// By call: what comes twice counts once.
    pub by_call: BTreeMap<String, Line>,
    pub unreadable: Unreadable,
    pub allowance: Allowance,
}

impl Lines {
    /// Reads one part of the answer.
    pub fn read(&mut self, body: &mut dyn Read) -> Result<Decoded, DecodeError> {
        read_records(body, &mut |raw| {
            let Some(line) = Line::read(raw) else {
                self.unreadable.add(raw);
                return false;
            };
            if self.allowance.takes(raw.get().len()) {
                self.by_call.entry(line.call.clone()).or_insert(line);
            }
            true
        })
    }
}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    call: Cow<'a, str>,
    #[serde(default)]
    at: Option<Json>,
    #[serde(default)]
    status: Option<Json>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<Json>,
}

impl Line {
    /// Reads a line. `None`: it is none.
    pub fn read(raw: &RawValue) -> Option<Line> {
        let written: Written<'_> = serde_json::from_str(raw.get()).ok()?;
        let data = written.data.filter(|data| data.get() != "null").map(RawValue::to_owned);
        let status = match &written.status {
            None | Some(Json::Null) => 0,
            Some(status) => u16::try_from(json::count(status)?).ok()?,
        };
        let status = if status == 0 && data.is_some() { 200 } else { status };
        let at = match &written.at {
            None | Some(Json::Null) => None,
            Some(at) => Some(at.as_str()?.parse().ok()?),
        };
        let error = written.error.as_ref().and_then(Json::as_str).map_or_else(String::new, words);
        Some(Line { call: written.call.into_owned(), at, status, data, error })
    }

    /// How it is written.
    pub fn text(&self) -> String {
        let mut text = format!("{{\"call\":{}", Json::from(self.call.as_str()));
        if let Some(at) = self.at {
            text.push_str(&format!(",\"at\":\"{at}\""));
        }
        text.push_str(&format!(",\"status\":{}", self.status));
        if !self.error.is_empty() {
            text.push_str(&format!(",\"error\":{}", Json::from(self.error.as_str())));
        }
        if let Some(data) = &self.data {
            text.push_str(",\"data\":");
            text.push_str(data.get());
        }
        text.push_str("}\n");
        text
    }

    /// What it says, if it says anything.
    pub fn told(&self) -> Option<&RawValue> {
        self.data.as_deref().filter(|_| self.status == 200)
    }

    /// Its items, where it is a list; `None`: it is none.
    pub fn items(&self) -> Option<Vec<&RawValue>> {
        serde_json::from_str(self.told()?.get()).ok()
    }

    /// What it says as a whole.
    pub fn whole(&self) -> Option<Json> {
        super::super::json_of(self.told()?)
    }

    /// Why it says nothing.
    pub fn why(&self) -> String {
        match self.status {
            _ if !self.error.is_empty() => self.error.clone(),
            0 => tr!("{call} was not answered", call = self.call),
            200 => tr!("{call}: the answer holds no data", call = self.call),
            595..=599 => tr!("{call}: the node cannot be reached ({status})", call = self.call, status = self.status),
            501 => tr!("{call} is not offered by this version (501)", call = self.call),
            status => tr!("{call}: status {status}", call = self.call, status),
        }
    }
}

/// What a peer called something, on one line.
pub(super) fn words(text: &str) -> String {
    Foreign::new(text).words(&[], EXCERPT)
}

/// A text, also one that is written as a number.
pub(super) fn text(json: &Json, key: &str) -> Option<String> {
    let text = match json.get(key)? {
        Json::String(text) => words(text),
        Json::Number(number) => match number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15) {
            Some(whole) => format!("{whole:.0}"),
            None => number.to_string(),
        },
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// The same for a place of a record.
pub(super) fn told_text(json: &Json, key: &str) -> Value {
    text(json, key).map_or(Value::NotTold, Value::Text)
}

/// A text that is left out, or empty, where there is none.
pub(super) fn optional_text(json: &Json, key: &str) -> Value {
    match json.get(key) {
        None | Some(Json::Null) => Value::Absent,
        Some(Json::String(text)) if text.is_empty() => Value::Absent,
        Some(_) => told_text(json, key),
    }
}

/// A number in any notation.
pub(super) fn num(json: &Json, key: &str) -> Option<f64> {
    json.get(key).and_then(json::number)
}

/// A flag: true, 1, "1", "true" and their opposites.
pub(super) fn flag(json: &Json, key: &str) -> Option<bool> {
    match json.get(key)? {
        Json::Bool(flag) => Some(*flag),
        Json::String(text) if text == "true" || text == "yes" => Some(true),
        Json::String(text) if text == "false" || text == "no" => Some(false),
        other => match json::number(other)? {
            1.0 => Some(true),
            0.0 => Some(false),
            _ => None,
        },
    }
}

/// A flag that is left out where it is false.
pub(super) fn optional_flag(json: &Json, key: &str) -> Value {
    match json.get(key) {
        None | Some(Json::Null) => Value::Flag(false),
        Some(Json::String(text)) if text.is_empty() => Value::Flag(false),
        Some(_) => flag(json, key).map_or(Value::NotTold, Value::Flag),
    }
}

/// Words in a list that is written as one text.
pub(super) fn list(json: &Json, key: &str, missing: Value) -> Value {
    match json.get(key) {
        None | Some(Json::Null) => missing,
        Some(Json::String(text)) if text.trim().is_empty() => missing,
        Some(Json::String(text)) => {
            let mut all: Vec<String> = text.split([';', ',', ' ']).filter(|word| !word.is_empty()).map(words).collect();
            all.sort();
            Value::Texts(all, true)
        }
        Some(_) => Value::NotTold,
    }
}

/// A share, or not told where it cannot be made.
pub(super) fn share(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    part.zip(whole).filter(|(part, whole)| *part >= 0.0 && *whole > 0.0).map(|(part, whole)| part / whole)
}

/// Seconds between two points in time.
pub(super) fn seconds(later: Timestamp, earlier: Timestamp) -> f64 {
    later.duration_since(earlier).as_secs_f64()
}

/// A point in time as Proxmox writes it: seconds since 1970.
pub(super) fn epoch(json: &Json, key: &str) -> Option<Timestamp> {
    let seconds = num(json, key).filter(|seconds| *seconds > 0.0 && *seconds < 1e11)?;
    Timestamp::from_second(seconds as i64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn odd_types_are_read_or_not_told() {
        for (json, want) in [
            (json!(1), Some(true)),
            (json!("1"), Some(true)),
            (json!(true), Some(true)),
            (json!("0"), Some(false)),
            (json!("x"), None),
            (json!(null), None),
            (json!(7), None),
        ] {
            assert_eq!(flag(&json!({ "a": json }), "a"), want, "{json}");
        }
        assert_eq!(text(&json!({ "vmid": 100 }), "vmid"), text(&json!({ "vmid": "100" }), "vmid"));
        assert_eq!(text(&json!({ "vmid": 1e2 }), "vmid"), Some("100".to_owned()));
        assert_eq!((num(&json!({ "cpu": "0.03" }), "cpu"), num(&json!({ "disk": "" }), "disk")), (Some(0.03), None));
        assert_eq!(share(Some(1.0), Some(0.0)), None);
        let long = text(&json!({ "name": format!("a\n\u{1b}[2J{}", "x".repeat(10_000)) }), "name").unwrap();
        assert!(long.chars().count() <= EXCERPT + 20 && !long.contains(['\n', '\u{1b}']), "{long}");
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let raw =
            RawValue::from_string("{\"call\":\"/x\",\"at\":\"2026-11-20T10:00:00Z\",\"status\":200,\"data\":[1]}".to_owned()).unwrap();
        let line = Line::read(&raw).unwrap();
        let again = Line::read(&RawValue::from_string(line.text().trim().to_owned()).unwrap()).unwrap();
        assert_eq!((line.call, line.at, line.status), (again.call.clone(), again.at, again.status));
        assert_eq!(again.items().unwrap().len(), 1);
        let untold = RawValue::from_string("{\"call\":\"/x\",\"status\":403,\"data\":[]}".to_owned()).unwrap();
        assert!(Line::read(&untold).unwrap().told().is_none());
    }
}
