//! What is typed on a command line, as a value of a rule.

use crate::config::shape::{members, whole};
use crate::domain::text::visible;
use crate::settings::reader::did_you_mean;
use crate::settings::shape::{Key, Shape, Want};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

/// What a rule of this source can hold; of traffic when the source is not known.
pub fn shape_of_rule(source: Option<&str>) -> Shape {
    let mut members = members(&whole(), "rules");
    let at = members.iter().position(|(name, _)| Some(*name) == source);
    let usual = members.iter().position(|(name, _)| *name == "traffic").unwrap_or(0);
    members.swap_remove(at.unwrap_or(usual)).1
}

/// One thing to change in a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Give a key this value; a pair of a table (`match`, `labels`) leaves its other keys as they are.
    Set(String, String),
    /// Take a key away.
    Unset(String),
}

/// A rule's text with the changes made to it; comments stay.
pub fn changed(text: &str, changes: &[Change], shape: &Shape) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|_| tr!("the rule is not TOML"))?;
    let rule = document
        .get_mut("rules")
        .and_then(Item::as_array_of_tables_mut)
        .and_then(|rules| rules.get_mut(0))
        .ok_or_else(|| tr!("the rule does not begin with [[rules]]"))?;
    for change in changes {
        match change {
            Change::Set(path, text) => set(rule, path, text, shape)?,
            Change::Unset(path) => unset(rule, path)?,
        }
    }
    Ok(document.to_string())
}

/// What a channel of this kind can hold.
pub fn shape_of_channel(kind: &str) -> Option<Shape> {
    members(&whole(), "channels").into_iter().find(|(name, _)| *name == kind).map(|(_, shape)| shape)
}

/// What a target of this type can hold.
pub fn shape_of_target(kind: &str) -> Option<Shape> {
    members(&whole(), "targets").into_iter().find(|(name, _)| *name == kind).map(|(_, shape)| shape)
}

/// A new table of a list (`rules`, `channels`) with these values, the keys in their usual order.
pub fn new_table(list: &str, pairs: &[(String, String)], shape: &Shape) -> Result<String, String> {
    let mut table = Table::new();
    let order = |key: &str| match key {
        "name" => 0,
        "source" | "type" => 1,
        "metric" => 2,
        "match" => 3,
        "exclude" => 4,
        _ => 5 + shape.keys.iter().position(|(name, _)| name == key).unwrap_or(shape.keys.len()),
    };
    let mut pairs: Vec<&(String, String)> = pairs.iter().collect();
    pairs.sort_by_key(|(key, _)| order(key));
    for (key, text) in pairs {
        set(&mut table, key, text, shape)?;
    }
    Ok(format!("[[{list}]]\n{table}"))
}

fn set(rule: &mut dyn TableLike, path: &str, text: &str, shape: &Shape) -> Result<(), String> {
    let (key, inner) = path.split_once('.').map_or((path, None), |(key, inner)| (key, Some(inner)));
    let known = known(shape, key)?;
    let (Some(inner), true) = (inner, matches!(known.want, Want::Table(_) | Want::TextMap)) else {
        if inner.is_some() {
            return Err(tr!("`{key}` is not a table: `{path}` cannot be set", key, path = visible(path)));
        }
        // A pair adds to what is there; a table in braces takes its place.
        if matches!(known.want, Want::Table(_) | Want::TextMap) && !text.trim_start().starts_with('{') {
            for (inner, text) in pairs(text, known)? {
                set(rule, &format!("{key}.{inner}"), &text, shape)?;
            }
            return Ok(());
        }
        put(rule, key, value(key, text, known)?);
        return Ok(());
    };
    let value = match &known.want {
        Want::Table(inside) => {
            let inside = inside.borrow();
            // A key that nobody knows is left to the config's own complaint, which shows its place.
            let guessed = Key { want: Want::Texts(true), ..Key::default() };
            value(inner, text, inside.get(inner).unwrap_or(&guessed))?
        }
        _ => Value::from(text),
    };
    if rule.get(key).is_none() {
        rule.insert(key, Item::Value(Value::InlineTable(InlineTable::new())));
    }
    let table = rule.get_mut(key).ok_or_else(|| tr!("`{key}` is not there", key))?;
    match table.as_inline_table_mut() {
        Some(table) if !table.contains_key(inner) => put_last(table, inner, value),
        _ => put(table.as_table_like_mut().ok_or_else(|| tr!("`{key}` of the rule is not a table", key))?, inner, value),
    }
    Ok(())
}

/// Puts a value where one was, with the comment behind it, or at the end.
fn put(table: &mut dyn TableLike, key: &str, mut value: Value) {
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        _ => {
            table.insert(key, Item::Value(value));
        }
    }
}

/// Puts a value at the end of a table in braces, the blank before the closing brace behind it.
fn put_last(table: &mut InlineTable, key: &str, mut value: Value) {
    if let Some((_, last)) = table.iter_mut().last()
        && let Some(blank) = last.decor().suffix().cloned()
    {
        last.decor_mut().set_suffix("");
        value.decor_mut().set_suffix(blank);
    }
    table.insert(key, value);
}

fn unset(rule: &mut dyn TableLike, path: &str) -> Result<(), String> {
    let (key, inner) = path.split_once('.').map_or((path, None), |(key, inner)| (key, Some(inner)));
    let have: Vec<String> = rule.iter().map(|(key, _)| key.to_owned()).collect();
    let missing = |key: &str, have: &[String]| {
        let names: Vec<&str> = have.iter().map(String::as_str).collect();
        tr!("the rule has no `{key}` of its own; {hint}", key = visible(key), hint = visible(&did_you_mean(key, &names)))
    };
    match inner {
        None => rule.remove(key).map(|_| ()).ok_or_else(|| missing(key, &have)),
        Some(inner) => {
            let table = rule.get_mut(key).and_then(Item::as_table_like_mut).ok_or_else(|| missing(key, &have))?;
            let have: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
            table.remove(inner).map(|_| ()).ok_or_else(|| missing(inner, &have))?;
            // An empty `match` would read as if something were still chosen.
            if table.is_empty() {
                rule.remove(key);
            }
            Ok(())
        }
    }
}

fn known<'s>(shape: &'s Shape, key: &str) -> Result<&'s Key, String> {
    let usable = || shape.keys.iter().filter(|(_, key)| !matches!(key.want, Want::Unsaid));
    usable().find(|(name, _)| name == key).map(|(_, key)| key).ok_or_else(|| {
        let names: Vec<&str> = usable().map(|(name, _)| name.as_str()).collect();
        tr!("there is no key `{key}` here; {hint}", key = visible(key), hint = did_you_mean(key, &names))
    })
}

fn pairs(text: &str, known: &Key) -> Result<Vec<(String, String)>, String> {
    split_pairs(text, |name| match &known.want {
        Want::Table(shape) => shape.borrow().get(name).is_some(),
        _ => true,
    })
}

/// `decision=blocked,port=22,443`: a piece that begins with a known key and `=` begins a pair, others go on with a list.
pub fn split_pairs(text: &str, is_key: impl Fn(&str) -> bool) -> Result<Vec<(String, String)>, String> {
    let mut out: Vec<(String, String)> = Vec::new();
    for piece in text.split(',') {
        match (piece.split_once('='), out.last_mut()) {
            (Some((key, value)), last) if last.is_none() || is_key(key.trim()) => {
                out.push((key.trim().to_owned(), value.trim().to_owned()));
            }
            (_, Some((_, value))) => {
                value.push(',');
                value.push_str(piece);
            }
            (_, None) => return Err(tr!("'{text}' is not a pair; write key=value, or a table in braces", text = visible(text))),
        }
    }
    Ok(out)
}

fn value(key: &str, text: &str, known: &Key) -> Result<Value, String> {
    let trimmed = text.trim();
    let as_toml = || {
        trimmed
            .parse::<Value>()
            .map(Value::decorated_plainly)
            .map_err(|_| tr!("`{key}`: '{text}' is not TOML", key, text = visible(trimmed)))
    };
    match &known.want {
        Want::Boolean => trimmed.parse().map(|flag: bool| Value::from(flag)).map_err(|_| tr!("`{key}` is true or false", key)),
        Want::Integer(..) => trimmed.parse().map(|number: i64| Value::from(number)).map_err(|_| tr!("`{key}` is a whole number", key)),
        Want::Texts(_) | Want::Secrets | Want::Groups if trimmed.starts_with('[') => as_toml(),
        Want::Secret | Want::Secrets if trimmed.starts_with('{') => as_toml(),
        Want::Number if trimmed.parse::<f64>().is_ok() => as_toml(),
        Want::Groups => value(key, text, &Key { want: Want::Texts(false), ..Key::default() }),
        Want::Texts(numbers) => {
            let pieces = trimmed.split(',').map(str::trim).filter(|piece| !piece.is_empty());
            Ok(Value::Array(pieces.map(|piece| text_or_number(piece, *numbers)).collect::<Array>()))
        }
        Want::Table(_) | Want::Tables(_) | Want::TextMap => as_toml(),
        _ => Ok(Value::from(text)),
    }
}

fn text_or_number(piece: &str, numbers: bool) -> Value {
    match piece.parse::<i64>() {
        Ok(number) if numbers => Value::from(number),
        _ => Value::from(piece),
    }
}

/// A value without the blanks and comments it was typed with.
trait Plain {
    fn decorated_plainly(self) -> Self;
}

impl Plain for Value {
    fn decorated_plainly(mut self) -> Self {
        self.decor_mut().clear();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(key: &str, value: &str) -> Change {
        Change::Set(key.to_owned(), value.to_owned())
    }

    #[test]
    fn changes_leave_the_rest_as_it_is() {
        let text = "[[rules]]\nname = \"a\"   # the name\nsource = \"traffic\"\nmatch = { port = [22] } # where\nwarning = '> 1'\n";
        let shape = shape_of_rule(Some("traffic"));
        let out = changed(
            text,
            &[
                set("warning", "> 10"),
                set("match.decision", "blocked"),
                set("match", "port=22,443/tcp,dst_label=role=DB,env=x"),
                set("for", "5m"),
            ],
            &shape,
        )
        .unwrap();
        assert_eq!(
            out,
            "[[rules]]\nname = \"a\"   # the name\nsource = \"traffic\"\n\
             match = { port = [22, \"443/tcp\"], decision = [\"blocked\"], dst_label = [\"role=DB\", \"env=x\"] } # where\n\
             warning = \"> 10\"\nfor = \"5m\"\n"
        );
        let out = changed(text, &[Change::Unset("match.port".to_owned()), Change::Unset("warning".to_owned())], &shape).unwrap();
        assert_eq!(out, "[[rules]]\nname = \"a\"   # the name\nsource = \"traffic\"\n");
    }

    #[test]
    fn what_cannot_be_said_is_told() {
        let shape = shape_of_rule(Some("traffic"));
        let text = "[[rules]]\nname = \"a\"\n";
        for (change, want) in [
            (set("windwo", "1m"), "did you mean `window`?"),
            (set("enabled", "maybe"), "true or false"),
            (set("match", "nonsense"), "key=value"),
            (set("name.x", "1"), "not a table"),
            (set("match", "{ port"), "not TOML"),
            (Change::Unset("window".to_owned()), "has no `window` of its own"),
            (Change::Unset("match.port".to_owned()), "has no `match`"),
        ] {
            let error = changed(text, std::slice::from_ref(&change), &shape).unwrap_err();
            assert!(error.contains(want), "{change:?}: {error}");
        }
    }

    #[test]
    fn a_new_rule_begins_with_its_name() {
        let pairs = [
            ("warning", "> 1"),
            ("labels", "team=db,site=x"),
            ("name", "n \"q\""),
            ("notify", ""),
            ("match", "{ port = 22 }"),
            ("source", "traffic"),
        ];
        let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let text = new_table("rules", &pairs, &shape_of_rule(None)).unwrap();
        assert_eq!(
            text,
            "[[rules]]\nname = 'n \"q\"'\nsource = \"traffic\"\nmatch = { port = 22 }\nnotify = []\nlabels = { team = \"db\", site = \"x\" }\nwarning = \"> 1\"\n"
        );
    }
}
