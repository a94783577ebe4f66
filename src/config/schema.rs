//! A JSON Schema of the config, for editors: made of what the readers ask for and of what the example says.

use super::defaults;
use super::reference;
use super::shape::{members, whole};
use crate::channels::KINDS;
use crate::domain::threshold::Op;
use crate::settings::shape::{Key, Shape, Want};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The schema as it is shipped.
pub fn text() -> String {
    format!("{:#}\n", schema())
}

fn schema() -> Value {
    let shape = whole();
    let mut definitions = definitions();
    let mut properties = Map::new();
    for (name, key) in &shape.keys {
        let described = match name.as_str() {
            "channels" => list("Where alerts go.", json!({ "oneOf": members(&shape, name).iter().map(channel).collect::<Vec<_>>() })),
            "targets" => {
                let kinds: Vec<Value> = members(&shape, name).iter().map(|(kind, shape)| table(shape, kind)).collect();
                list("What rules read besides the PCE.", json!({ "anyOf": kinds }))
            }
            "rules" => list("What is counted, and when it is too much.", rule(&members(&shape, name), &mut definitions)),
            "routes" | "maintenance" | "inhibit" => {
                let text = match name.as_str() {
                    "routes" => "Where alerts go whose rule has no `notify`: in order, the first that matches wins.",
                    "maintenance" => "When alerts send no messages.",
                    _ => "Which alerts explain others, so that those send no messages.",
                };
                let member = members(&shape, name).pop().map(|(_, shape)| shape).unwrap_or_default();
                list(text, table(&member, name))
            }
            "defaults" => table_of(key, "rule"),
            _ => table_of(key, name),
        };
        properties.insert(name.clone(), described);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pcemon",
        "description": "Configuration of pcemon, which watches an Illumio PCE.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "$defs": definitions,
    })
}

/// What is said in several places.
fn definitions() -> Value {
    json!({
        "secret": {
            "description": "Where a secret is taken from. Plain text works and warns on every run.",
            "anyOf": [
                { "type": "string", "minLength": 1 },
                place("env", json!({ "type": "string", "minLength": 1 }), "Name of an environment variable."),
                place("file", json!({ "type": "string", "minLength": 1 }), "A file; one line end is dropped."),
                place("cmd", texts(json!({ "type": "string" })), "A program and its arguments; its output is the secret."),
            ]
        },
        "duration": {
            "type": "string",
            "pattern": r"^\s*([0-9]+\s*(ms|s|min|m|h|d|w)\s*)+$",
            "examples": ["90s", "10m", "1h 30m", "2d"]
        },
        "threshold": {
            "type": "string",
            "pattern": format!(r"^\s*({})\s*[-+]?[0-9._]+\s*[A-Za-z%]*\s*$", Op::SPELLINGS.map(|(spelling, _)| spelling).join("|")),
            "examples": ["> 10", ">= 90 %", "> 500 Mbps", "> 10 GB"]
        }
    })
}

fn place(name: &str, value: Value, text: &str) -> Value {
    json!({ "type": "object", "description": text, "properties": { name: value }, "required": [name], "additionalProperties": false })
}

fn list(text: &str, items: Value) -> Value {
    json!({ "description": text, "type": "array", "items": items })
}

fn table_of(key: &Key, name: &str) -> Value {
    match &key.want {
        Want::Table(shape) => table(&shape.borrow(), name),
        _ => value(key),
    }
}

/// A table in which only these keys may stand. `name` is what the example calls it.
fn table(shape: &Shape, name: &str) -> Value {
    let usable = shape.keys.iter().filter(|(_, key)| !matches!(key.want, Want::Unsaid));
    let properties: Map<String, Value> = usable.map(|(key, known)| (key.clone(), described(known, name, key))).collect();
    let required: Vec<&str> = shape.keys.iter().filter(|(_, key)| key.required).map(|(name, _)| name.as_str()).collect();
    let others = match (shape.open, shape.fields) {
        (true, _) => json!({ "$ref": "#/$defs/secret" }),
        // Fields of records: texts, numbers, true or false.
        (_, true) => json!({ "type": ["string", "integer", "boolean", "array"], "items": { "type": ["string", "integer"] } }),
        _ => json!(false),
    };
    let mut out = json!({ "type": "object", "properties": properties, "additionalProperties": others });
    if !required.is_empty() {
        out["required"] = json!(required);
    }
    out
}

fn described(known: &Key, table: &str, key: &str) -> Value {
    let mut out = match &known.want {
        Want::Table(inner) if table == "rule" && matches!(key, "match" | "exclude" | "ratio_to") => self::table(&inner.borrow(), "match"),
        Want::Table(inner) if matches!(key, "match" | "source" | "target") => self::table(&inner.borrow(), "selector"),
        Want::Table(inner) => self::table(&inner.borrow(), key),
        _ => value(known),
    };
    let tables = if KINDS.iter().any(|kind| kind.name == table) { vec![table, "channel"] } else { vec![table] };
    let own = defaults::about(&tables, key).map(str::to_owned);
    let about = if table == "rule" { own.or_else(|| reference::text(table, key)) } else { reference::text(table, key).or(own) };
    let text = defaults::stated(&about.unwrap_or_default(), defaults::otherwise(&tables, key).filter(|_| !known.required));
    if !text.is_empty() && out.get("$ref").is_none() {
        out["description"] = json!(text);
    }
    if let Some(usual) = defaults::of(&tables, key).and_then(|text| serde_json::from_str::<Value>(text).ok())
        && out.get("$ref").is_none()
    {
        out["default"] = usual;
    }
    out
}

fn value(key: &Key) -> Value {
    match &key.want {
        Want::Unsaid => json!(false),
        Want::Text => word(key, json!({ "type": "string" })),
        Want::TextOrFile => {
            let text = json!({ "type": "string", "minLength": 1 });
            json!({ "anyOf": [text, place("file", text.clone(), "A file that holds it.")] })
        }
        Want::Threshold => json!({ "$ref": "#/$defs/threshold" }),
        Want::Duration => json!({ "$ref": "#/$defs/duration" }),
        Want::Boolean => json!({ "type": "boolean" }),
        Want::Integer(low, high) if *high == i64::MAX => json!({ "type": "integer", "minimum": low }),
        Want::Integer(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Want::Number => json!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "string", "pattern": r"^\s*[0-9]" }] }),
        Want::Groups => {
            let one = json!({ "type": ["string", "integer"] });
            json!({ "type": "array", "minItems": 1, "items": { "anyOf": [one, { "type": "array", "items": one }] } })
        }
        Want::Texts(numbers) => {
            texts(word(key, if *numbers { json!({ "type": ["string", "integer"] }) } else { json!({ "type": "string" }) }))
        }
        Want::TextMap => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Want::Secret => json!({ "$ref": "#/$defs/secret" }),
        Want::Secrets => texts(json!({ "$ref": "#/$defs/secret" })),
        Want::Table(shape) => table(&shape.borrow(), ""),
        Want::Tables(shapes) => list("", json!({ "anyOf": shapes.iter().map(|shape| table(&shape.borrow(), "")).collect::<Vec<_>>() })),
    }
}

/// One, or a list of them.
fn texts(item: Value) -> Value {
    json!({ "anyOf": [item, { "type": "array", "items": item }] })
}

/// A text that is one of a few words. What ends in capitals (`distinct:FIELD`) takes any text there.
fn word(key: &Key, any: Value) -> Value {
    if key.words.is_empty() {
        return any;
    }
    let (open, plain): (Vec<&String>, Vec<&String>) = key.words.iter().partition(|word| word.contains(|c: char| c.is_ascii_uppercase()));
    // `zh-TW` is a word as it stands.
    let (open, named): (Vec<&String>, Vec<&String>) = open.into_iter().partition(|word| word.contains(':'));
    let plain: Vec<&String> = plain.into_iter().chain(named).collect();
    let mut forms = Vec::new();
    if !plain.is_empty() {
        forms.push(json!({ "enum": plain }));
    }
    forms.extend(open.iter().map(|word| {
        let fixed = word.split_inclusive(':').next().unwrap_or_default();
        json!({ "type": "string", "pattern": format!("^{fixed}.+"), "examples": [word] })
    }));
    if !key.closed {
        forms.push(any);
    }
    if forms.len() == 1 { forms.remove(0) } else { json!({ "anyOf": forms }) }
}

fn channel((kind, shape): &(&'static str, Shape)) -> Value {
    let mut out = table(shape, kind);
    out["title"] = json!(kind);
    out["description"] = json!(KINDS.iter().find(|one| one.name == *kind).map(|one| one.summary));
    out["properties"]["type"] = json!({ "const": kind });
    out["required"] = json!(["name", "type"].into_iter().chain(required(shape)).collect::<BTreeSet<_>>());
    out
}

fn required(shape: &Shape) -> impl Iterator<Item = &str> {
    shape.keys.iter().filter(|(_, key)| key.required).map(|(name, _)| name.as_str())
}

/// The keys that choose records take the same conditions; those are written once for each source.
fn once(source: &str, properties: &mut Value, definitions: &mut Value) {
    let name = format!("conditions on {source}").replace(' ', "_");
    let Some(mut conditions) = properties.get("match").cloned() else { return };
    conditions["description"] = json!(format!("Which records of {source}: any value within a key, all keys."));
    for key in ["match", "exclude", "ratio_to"] {
        let Some(own) = properties.get(key).cloned() else { continue };
        if own["properties"] == conditions["properties"] {
            properties[key] = json!({ "$ref": format!("#/$defs/{name}"), "description": own["description"] });
        }
    }
    definitions[name] = conditions;
}

/// A rule: every key of any source, and for each source only what it takes. (`source` may come from the defaults.)
fn rule(members: &[(&'static str, Shape)], definitions: &mut Value) -> Value {
    let mut tables: Vec<(&str, Value)> = members.iter().map(|(source, shape)| (*source, table(shape, "rule"))).collect();
    for (source, table) in &mut tables {
        once(source, &mut table["properties"], definitions);
    }
    let mut variants: Vec<(&String, Vec<&Value>)> = Vec::new();
    for (name, own) in tables.iter().flat_map(|(_, table)| table["properties"].as_object().into_iter().flatten()) {
        match variants.iter_mut().find(|(have, _)| *have == name) {
            None => variants.push((name, vec![own])),
            Some((_, list)) if !list.contains(&own) => list.push(own),
            Some(_) => {}
        }
    }
    let any = |list: Vec<&Value>| if let [one] = list.as_slice() { (*one).clone() } else { json!({ "anyOf": list }) };
    let properties: Map<String, Value> = variants.into_iter().map(|(name, list)| (name.clone(), any(list))).collect();
    let narrowed: Vec<Value> = tables
        .iter()
        .map(|(source, table)| {
            let then: Map<String, Value> = properties
                .iter()
                .filter(|(name, all)| table["properties"].get(name.as_str()) != Some(*all))
                .map(|(name, _)| (name.clone(), table["properties"].get(name).cloned().unwrap_or(json!(false))))
                .collect();
            json!({ "if": { "properties": { "source": { "const": source } }, "required": ["source"] }, "then": { "properties": then } })
        })
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false, "required": ["name"], "allOf": narrowed })
}
