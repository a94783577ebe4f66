//! What a JSON answer says in one place: a value, none, or nothing at all. Null, an empty text, `{}` and an empty list
//! are read as if the key were missing, unless the reader of a field knows that its service says "none" that way.

use crate::domain::estimate::Estimate;
use crate::domain::time::parse_pce_time;
use crate::domain::value::Value;
use jiff::Timestamp;
use serde_json::Value as Json;

/// Whether a value stands for nothing.
pub fn is_empty(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(list) => list.is_empty(),
        Json::Object(keys) => keys.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

/// The value of a key, unless it stands for nothing.
pub fn told<'j>(json: &'j Json, key: &str) -> Option<&'j Json> {
    json.get(key).filter(|value| !is_empty(value))
}

/// Whether the key is there and says "none" by null.
pub fn is_null(json: &Json, key: &str) -> bool {
    json.get(key).is_some_and(Json::is_null)
}

/// A text as it is, or empty.
pub fn text(json: &Json, key: &str) -> String {
    json.get(key).and_then(Json::as_str).unwrap_or("").to_owned()
}

/// A text.
pub fn text_value(json: &Json, key: &str) -> Value {
    Value::text(text(json, key))
}

/// A list as it is, or empty.
pub fn list<'j>(json: &'j Json, key: &str) -> &'j [Json] {
    json.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// True or false, also in quotes.
pub fn flag(json: &Json, key: &str) -> Option<bool> {
    match json.get(key)? {
        Json::Bool(flag) => Some(*flag),
        Json::String(text) if text == "true" => Some(true),
        Json::String(text) if text == "false" => Some(false),
        _ => None,
    }
}

/// A point in time.
pub fn time(json: &Json, key: &str) -> Option<Timestamp> {
    json.get(key).and_then(Json::as_str).and_then(parse_pce_time)
}

/// A number in every notation: `3`, `3.0`, `3e0`, `"3"`.
pub fn number(json: &Json) -> Option<f64> {
    let number = json.as_f64().or_else(|| json.as_str()?.trim().parse().ok());
    number.filter(|number: &f64| number.is_finite())
}

/// A whole number of zero or more in every notation.
pub fn count(json: &Json) -> Option<u64> {
    json.as_u64().or_else(|| number(json).filter(|number| *number >= 0.0 && number.fract() == 0.0).map(|number| number as u64))
}

/// An amount, or not told.
pub fn amount(number: Option<f64>) -> Value {
    number.map_or(Value::NotTold, |number| Value::Number(Estimate::exact(number)))
}

/// The labels of a thing: pairs of key and value. A label that is told only by its href makes the list not whole.
pub fn labels(json: &Json, key: &str) -> Value {
    let Some(Json::Array(items)) = json.get(key) else { return Value::NotTold };
    let mut pairs = Vec::new();
    let mut whole = true;
    for item in items {
        match (text(item, "key"), text(item, "value")) {
            (key, value) if !key.is_empty() && !value.is_empty() => pairs.push((key, value)),
            _ => whole = false,
        }
    }
    Value::Pairs(pairs, whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_is_a_number_in_every_notation() {
        for json in [json!(3), json!(3.0), json!("3"), json!("3.0"), json!(" 3e0 "), serde_json::from_str("3e0").unwrap()] {
            assert_eq!((number(&json), count(&json)), (Some(3.0), Some(3)), "{json}");
        }
        for json in [json!(null), json!(""), json!("three"), json!([3]), json!(true)] {
            assert_eq!((number(&json), count(&json)), (None, None), "{json}");
        }
        assert_eq!((count(&json!(-1)), count(&json!(1.5))), (None, None));
    }

    #[test]
    fn what_stands_for_nothing_is_not_told() {
        for json in [json!({ "a": null }), json!({ "a": "" }), json!({ "a": [] }), json!({ "a": {} }), json!({})] {
            assert_eq!(told(&json, "a"), None, "{json}");
        }
        assert!(told(&json!({ "a": false }), "a").is_some());
        assert_eq!(labels(&json!({ "labels": [{ "href": "/x" }] }), "labels"), Value::Pairs(vec![], false));
        assert_eq!(labels(&json!({ "labels": [] }), "labels"), Value::Pairs(vec![], true));
        assert_eq!(labels(&json!({ "labels": null }), "labels"), Value::NotTold);
    }
}
