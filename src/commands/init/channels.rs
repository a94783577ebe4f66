//! Where alerts go: channels by flag or by asking.

use super::ask::{NONE, complain, question};
use super::ask::{SOME_RULE, quoted};
use super::draft::{Asking, is_place};
use super::secrets::{Keeper, Place};
use crate::channels::KINDS;
use crate::cli::Global;
use crate::commands::common::{Failure, refused};
use crate::config;

use crate::domain::text::visible;
use crate::edit::values::{new_table, shape_of_channel, split_pairs};
use crate::run::output::print;
use crate::settings::reader::did_you_mean;
use crate::settings::shape::{Shape, Want};
use std::collections::BTreeMap;
use std::path::Path;

/// A channel as it was chosen.
pub struct Chosen {
    name: String,
    text: String,
    /// Its secrets.
    pub places: Vec<Place>,
}

/// `type=slack,url=SLACK_WEBHOOK_URL`
pub fn from_flag(text: &str, keeper: &Keeper) -> Result<Chosen, Failure> {
    let kind = text.split(',').find_map(|piece| piece.trim().strip_prefix("type=")).unwrap_or_default();
    let shape = shape_of_channel(kind).ok_or_else(|| no_kind(kind))?;
    channel(kind, &shape, split_pairs(text, |name| want(&shape, name).is_some())?, keeper)
}

fn no_kind(kind: &str) -> Failure {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    Failure(tr!("there is no type of channel '{kind}'; {hint}", kind = visible(kind), hint = did_you_mean(kind, &names)))
}

/// What kind of value a key takes; `smtp.host` is one of a table.
fn want(shape: &Shape, path: &str) -> Option<Want> {
    match path.split_once('.') {
        Some((table, key)) => want(&shape.table(table)?, key),
        None => shape.get(path).map(|key| key.want.clone()),
    }
}

fn channel(kind: &str, shape: &Shape, mut pairs: Vec<(String, String)>, keeper: &Keeper) -> Result<Chosen, Failure> {
    if !pairs.iter().any(|(key, _)| key == "name") {
        pairs.push(("name".to_owned(), kind.to_owned()));
    }
    let name = pairs.iter().find(|(key, _)| key == "name").map(|(_, name)| name.clone()).unwrap_or_default();
    let places = placed(&mut pairs, shape, &name, keeper)?.into_iter().map(|(_, place)| place).collect();
    Ok(Chosen { text: new_table("channels", &pairs, shape)?, name, places })
}

/// Puts the place of each secret where the secret was named; the places, each with its number among the pairs.
pub(super) fn placed(pairs: &mut [(String, String)], shape: &Shape, name: &str, keeper: &Keeper) -> Result<Vec<(usize, Place)>, Failure> {
    let mut places = Vec::new();
    for (at, (key, value)) in pairs.iter_mut().enumerate() {
        if matches!(want(shape, key), Some(Want::Secret | Want::Secrets)) {
            let place = keeper.place(&format!("{name}.{key}"), value)?;
            *value = place.text.clone();
            places.push((at, place));
        }
    }
    Ok(places)
}

/// All channels, and a route to them.
pub fn text(channels: &[Chosen]) -> String {
    let mut text: String = channels.iter().map(|channel| format!("\n{}", channel.text)).collect();
    if !channels.is_empty() {
        let names: Vec<String> = channels.iter().map(|channel| quoted(&channel.name)).collect();
        text.push_str(&format!(
            "\n# Everything goes everywhere; see [[routes]] in the example.\n[[routes]]\nchannels = [{}]\n",
            names.join(", ")
        ));
    }
    text
}

/// Asks for channels until there are enough.
pub fn ask(asking: Asking<'_>) -> Result<Vec<Chosen>, Failure> {
    let draft = asking.draft;
    let mut out: Vec<Chosen> = Vec::new();
    print(&format!("\n{}", kinds()))?;
    loop {
        let place = format!("channel.{}.", out.len());
        let key = format!("{place}type");
        let before = draft.of(&key).filter(|kind| !kind.is_empty());
        let text = match (out.is_empty(), before.is_some()) {
            (true, false) => tr!("Where do alerts go? Empty for none"),
            (true, true) => tr!("Where do alerts go? - for none"),
            (false, false) => tr!("Where else? Empty for none"),
            (false, true) => tr!("Where else? - for none"),
        };
        let chosen = question(&text, Some(before.as_deref().unwrap_or_default()), |given| match given {
            "" | NONE => Ok(None),
            kind => shape_of_channel(kind).map(|shape| Some((kind.to_owned(), shape))).ok_or_else(|| no_kind(kind)),
        })?;
        let kept = chosen.as_ref().map(|(kind, _)| kind.as_str());
        if kept != before.as_deref() {
            draft.forget(&place);
        }
        let Some((kind, shape)) = chosen else { return Ok(out) };
        draft.keep(&key, &kind);
        let taken: Vec<String> = out.iter().map(|channel| channel.name.clone()).collect();
        out.push(ask_one(asking, &kind, &shape, &taken, &place)?);
    }
}

/// The types of channels in columns, none broken.
fn kinds() -> String {
    let widest = KINDS.iter().map(|kind| kind.name.len()).max().unwrap_or(0) + 2;
    KINDS
        .chunks(5)
        .map(|row| format!("  {}\n", row.iter().map(|kind| format!("{:widest$}", kind.name)).collect::<String>().trim_end()))
        .collect()
}

/// Asks for one channel until it is right; what was answered before is offered again.
fn ask_one(asking: Asking<'_>, kind: &str, shape: &Shape, taken: &[String], place: &str) -> Result<Chosen, Failure> {
    let example: toml::Table = KINDS
        .iter()
        .find(|known| known.name == kind)
        .and_then(|known| known.example.parse::<toml::Table>().ok())
        .and_then(|table| table.get("channels")?.as_array()?.first()?.as_table().cloned())
        .unwrap_or_default();
    let mut before = Before { place: place.to_owned(), given: asking.draft.below(place) };
    before.given.remove("type");
    loop {
        let name = question(&tr!("Name of the channel"), Some(before.given.get("name").map_or(kind, String::as_str)), |given| {
            let is_taken = taken.iter().any(|name| name == given);
            if is_taken { Err(Failure(tr!("there is a channel '{name}' already", name = visible(given)))) } else { Ok(given.to_owned()) }
        })?;
        asking.draft.keep(&format!("{place}name"), &name);
        before.given.insert("name".to_owned(), name);
        ask_keys(asking, shape, "", &example, &mut before)?;
        let mut pairs: Vec<(String, String)> = before.given.clone().into_iter().filter(|(_, value)| !value.is_empty()).collect();
        pairs.push(("type".to_owned(), kind.to_owned()));
        match channel(kind, shape, pairs, asking.keeper).and_then(|channel| proven(asking.global, channel)) {
            Ok(channel) => return Ok(channel),
            Err(Failure(said)) => complain(&said),
        }
    }
}

fn proven(global: &Global, channel: Chosen) -> Result<Chosen, Failure> {
    let text = format!("{}\n[[routes]]\nchannels = [{}]\n{SOME_RULE}", channel.text, quoted(&channel.name));
    config::parse(Path::new("answers"), &text).map_err(|error| refused(global, &error))?;
    Ok(channel)
}

/// What was answered of one table before.
pub(super) struct Before {
    /// Where it stands in the draft.
    pub place: String,
    /// The answers by key.
    pub given: BTreeMap<String, String>,
}

/// Asks for what a table cannot do without; of a table within it, for all of it.
pub(super) fn ask_keys(asking: Asking<'_>, shape: &Shape, prefix: &str, example: &toml::Table, before: &mut Before) -> Result<(), Failure> {
    for (key, known) in shape.keys.iter().filter(|(key, _)| !matches!(key.as_str(), "name" | "type")) {
        let path = format!("{prefix}{key}");
        match &known.want {
            Want::Table(inner) if known.required => {
                let inside = example.get(key).and_then(toml::Value::as_table).cloned().unwrap_or_default();
                ask_keys(asking, &inner.borrow(), &format!("{path}."), &inside, before)?;
            }
            Want::Unsaid | Want::Table(_) | Want::Tables(_) => {}
            want if known.required || !prefix.is_empty() => {
                let is_secret = matches!(want, Want::Secret | Want::Secrets);
                let sample = example.get(key).and_then(sample).filter(|_| !is_secret && !known.closed);
                let how = match sample {
                    _ if is_secret => tr!(" (name of a variable, or file:PATH)"),
                    _ if known.closed => format!(" ({})", known.words.join(", ")),
                    Some(sample) => tr!(" (for example {sample})", sample),
                    None => String::new(),
                };
                let usual = before.given.get(&path).cloned().unwrap_or_default();
                let optional = match (known.required, usual.is_empty()) {
                    (true, _) => String::new(),
                    (false, true) => tr!(", if any"),
                    (false, false) => tr!(", - for none"),
                };
                // A secret that was typed is not shown again.
                let is_hidden = is_secret && !usual.is_empty() && !is_place(&usual);
                let again = if is_hidden { tr!(" [as before]") } else { String::new() };
                let shown = if is_hidden { "" } else { usual.as_str() };
                let given = question(&format!("{path}{how}{optional}{again}"), Some(shown), |given| {
                    let given = if given.is_empty() && is_hidden { usual.as_str() } else { given };
                    let given = if given == NONE && !known.required { "" } else { given };
                    if given.is_empty() && known.required {
                        return Err(Failure(tr!("`{key}` is required", key)));
                    }
                    if is_secret && !given.is_empty() {
                        asking.keeper.place(&path, given)?;
                    }
                    Ok(given.to_owned())
                })?;
                let at = format!("{}{path}", before.place);
                if is_secret && !is_place(&given) {
                    asking.draft.forget(&at)
                } else {
                    asking.draft.keep(&at, &given)
                }
                before.given.insert(path, given);
            }
            _ => {}
        }
    }
    Ok(())
}

/// A value of the example as it is typed.
fn sample(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Array(list) => list.first().and_then(sample),
        _ => None,
    }
}
