//! Which values of a config are secrets: those that its readers ask for as secrets, found by where they stand.
//!
//! Nothing is guessed from names: a misspelt key in a table that may hold secrets hides its value, too, and in a file that
//! cannot be parsed no value is shown at all.

use super::shape::{members, whole};
use crate::settings::shape::{Shape, Want};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Keys of every channel, which say nothing that is secret.
const OF_EVERY_CHANNEL: [&str; 9] =
    ["name", "type", "min_severity", "send_resolved", "timeout", "enabled", "digest", "digest_weekdays", "digest_below"];
/// Ways to name a secret without saying it.
const NAMED: [&str; 2] = ["env", "file"];

/// The places of secrets in a config that could be parsed.
pub(super) fn spans(document: &DeTable<'_>) -> Vec<Range<usize>> {
    // The same for every config; an import reads thousands of small ones.
    thread_local!(static WHOLE: Shape = whole());
    let mut out = Vec::new();
    WHOLE.with(|whole| walk(document, whole, true, &mut out));
    out
}

/// Whether secrets may stand directly in a table of this shape.
fn may_hold(shape: &Shape) -> bool {
    shape.open || shape.keys.iter().any(|(_, key)| matches!(key.want, Want::Secret | Want::Secrets))
}

/// `private`: what nobody asked for in this table may be a secret under a wrong name.
fn walk(table: &DeTable<'_>, shape: &Shape, private: bool, out: &mut Vec<Range<usize>>) {
    for (name, value) in table.iter() {
        let name: &str = name.get_ref().as_ref();
        match shape.get(name).map(|key| &key.want) {
            Some(Want::Secret | Want::Secrets) => secret(value, out),
            Some(Want::Table(inner)) => match value.get_ref() {
                DeValue::Table(table) => walk(table, &inner.borrow(), may_hold(&inner.borrow()), out),
                _ if may_hold(&inner.borrow()) => everything(value, out),
                _ => {}
            },
            Some(Want::Tables(_)) if name == "channels" => channels(value, shape, out),
            Some(Want::TextMap) if private => everything(value, out),
            Some(_) if name == "proxy" => proxy(value, out),
            Some(_) => {}
            None if shape.open => secret(value, out),
            None if private => everything(value, out),
            None => {}
        }
    }
}

/// Each by the shape of its kind; of an unknown kind only what every channel has is known.
fn channels(value: &Spanned<DeValue<'_>>, shape: &Shape, out: &mut Vec<Range<usize>>) {
    let kinds = members(shape, "channels");
    let DeValue::Array(list) = value.get_ref() else { return everything(value, out) };
    for item in list.iter() {
        let DeValue::Table(table) = item.get_ref() else {
            everything(item, out);
            continue;
        };
        let kind = table.get("type").and_then(|value| value.get_ref().as_str()).unwrap_or_default();
        match kinds.iter().find(|(name, _)| *name == kind) {
            Some((name, shape)) => {
                walk(table, shape, true, out);
                // The first word names a program; the others are its business.
                if *name == "exec"
                    && let Some(DeValue::Array(words)) = table.get("command").map(|value| value.get_ref())
                {
                    words.iter().skip(1).for_each(|word| everything(word, out));
                }
            }
            None => {
                let others = table.iter().filter(|(name, _)| !OF_EVERY_CHANNEL.contains(&name.get_ref().as_ref()));
                others.for_each(|(_, value)| everything(value, out));
            }
        }
    }
}

/// A secret as it is written, or where it is taken from, which may be shown.
fn secret(value: &Spanned<DeValue<'_>>, out: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => {
            for (name, value) in table.iter() {
                match (name.get_ref().as_ref(), value.get_ref()) {
                    (name, DeValue::String(_)) if NAMED.contains(&name) => {}
                    ("cmd", DeValue::Array(words)) => words.iter().skip(1).for_each(|word| everything(word, out)),
                    _ => everything(value, out),
                }
            }
        }
        DeValue::Array(items) => items.iter().for_each(|item| secret(item, out)),
        _ => out.push(value.span()),
    }
}

/// The address of a proxy may carry a password.
fn proxy(value: &Spanned<DeValue<'_>>, out: &mut Vec<Range<usize>>) {
    let plain = value.get_ref().as_str().is_some_and(|text| text.contains("://") && !text.contains('@'));
    if !plain {
        everything(value, out);
    }
}

fn everything(value: &Spanned<DeValue<'_>>, out: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => table.iter().for_each(|(_, value)| everything(value, out)),
        DeValue::Array(items) => items.iter().for_each(|item| everything(item, out)),
        _ => out.push(value.span()),
    }
}

/// Everything of a text that cannot be parsed but keys and heads of tables: who knows where a value ends.
pub(super) fn of_broken(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.trim_end().len();
        let body = line.trim();
        let head = body.starts_with('[')
            && body.bytes().all(|byte| matches!(byte, b'[' | b']' | b'.' | b'_' | b'-') || byte.is_ascii_alphanumeric());
        let comment = body.starts_with('#');
        let key = line.find('=').filter(|place| {
            let key = line[..*place].trim();
            !key.is_empty() && key.len() <= 40 && key.bytes().all(|byte| matches!(byte, b'.' | b'_' | b'-') || byte.is_ascii_alphanumeric())
        });
        match key {
            _ if head || comment || body.is_empty() => {}
            Some(place) => out.push((at + place + 1).min(end)..end),
            None => out.push(at + first_word(line)..end),
        }
        at += line.len();
    }
    out
}

/// The end of a first word that can only be a key whose `=` is missing.
fn first_word(line: &str) -> usize {
    let start = line.len() - line.trim_start().len();
    let length = line[start..].find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(line.len() - start);
    let next = line[start + length..].chars().next();
    if length > 0 && next == Some(' ') { start + length } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::mask::harmless;

    fn masked(text: &str) -> String {
        let (document, errors) = DeTable::parse_recoverable(text);
        harmless(text, &if errors.is_empty() { spans(document.get_ref()) } else { of_broken(text) })
    }

    /// One secret in every place and spelling that people have found for it.
    #[test]
    fn no_spelling_of_a_secret_is_shown() {
        let places = |value: &str| {
            vec![
                format!("[pce]\napi_secret = {value}\n"),
                format!("[pce]\napi_sercet = {value}\n"),
                format!("[pce]\napi_secret = {{ evn = {value} }}\n"),
                format!("[pce]\napi_key = {{ cmd = [\"pass\", {value}] }}\n"),
                format!("[pec]\napi_key = {value}\n"),
                format!("[pce]\nproxy = {value}\n"),
                format!("[run]\nheartbeat = {value}\n"),
                format!("[heartbeat]\nurl = {value}\n"),
                format!("[heartbeat]\nulr = {value}\n"),
                format!("[[channels]]\ntype = \"slack\"\nurl = {value}\n"),
                format!("[[channels]]\ntype = \"slcak\"\nurl = {value}\n"),
                format!("[[chanels]]\ntype = \"slack\"\nurl = {value}\n"),
                format!("[[channels]]\ntype = \"ntfy\"\ntoopic = {value}\n"),
                format!("[[channels]]\ntype = \"webhook\"\nheaders = {{ X-Any = {value} }}\n"),
                format!("[[channels]]\ntype = \"webhook\"\nsecret = [\"a\", {value}]\n"),
                format!("[[channels]]\ntype = \"exec\"\ncommand = [\"curl\", {value}]\n"),
                format!("[[channels]]\ntype = \"email\"\nsmtp = {{ host = \"a\", password = {value} }}\n"),
                format!("[[channels]]\ntype = \"email\"\nsmtp = {{ host = \"a\", pasword = {value} }}\n"),
                format!("[[channels]]\ntype = \"email\"\nsmpt = {{ host = \"a\", password = {value} }}\n"),
            ]
        };
        for value in [
            "\"hunter2\"",
            "'hunter2'",
            "\"https//hooks.example.com/hunter2\"",
            "\"https:/hooks.example.com/hunter2\"",
            "\"hooks.example.com/hunter2\"",
            "\"me:hunter2@proxy.example.com:3128\"",
            "\"http://me:hunter2@proxy.example.com:3128\"",
            "\"\"\"\none\nhunter2\n\"\"\"",
            "'''\nhunter2'''",
            "\"hunter2\" # hunter2x",
        ] {
            for text in places(value) {
                let broken = format!("{text}\nbroken = = \"x\n");
                for text in [&text, &broken] {
                    // A comment is nobody's value.
                    let out = masked(text).replace("# hunter2x", "");
                    assert_eq!(masked(text).len(), text.len());
                    assert!(!out.contains("hunter2"), "{text} became {out}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_secret_stays_readable() {
        for text in [
            "[pce]\nurl = \"https://pce.example.com:8443\"\nproxy = \"http://proxy.example.com:3128\"\n",
            "[pce]\napi_key = { env = \"PCE_KEY\" }\napi_secret = { file = \"/run/secret\" }\n",
            "[[rules]]\nname = \"Health\"\nsource = \"health\"\nlabels = { team = \"db\" }\ndescripton = \"x\"\n",
            "[[channels]]\nname = \"soc\"\ntype = \"email\"\nto = [\"soc@example.com\"]\n",
            "[run]\nstate = \"/var/lib/pcemon/state.json\"\n",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
