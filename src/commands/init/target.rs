//! `pcemon init target TYPE`: a target for a config that is there.

use super::ask::{complain, question};
use super::channels::{Before, ask_keys};
use super::draft::{Asking, Draft};
use super::secrets::Keeper;
use crate::cli::{Global, TargetArgs};
use crate::commands::common::{Exit, Failure, attended};
use crate::commands::rules::change::Work;
use crate::config;
use crate::domain::text::visible;
use crate::edit::values::{new_table, shape_of_target};
use crate::settings::shape::Shape;
use std::collections::BTreeMap;
use std::path::Path;

/// Adds it.
pub fn run(global: &Global, args: &TargetArgs) -> Exit {
    let work = Work::begin(global)?;
    let shape =
        shape_of_target(&args.kind).ok_or_else(|| Failure(tr!("there is no type of target '{kind}'", kind = visible(&args.kind))))?;
    let pair = |text: &String| {
        let (key, value) = text.split_once('=').ok_or_else(|| tr!("'{text}' is not a pair; write key=value", text = visible(text)))?;
        Ok((key.trim().to_owned(), value.trim().to_owned()))
    };
    let pairs = args.pairs.iter().map(pair).collect::<Result<BTreeMap<String, String>, String>>()?;
    let table =
        if pairs.is_empty() && attended() { asked_for(global, &work, &args.kind, &shape)? } else { table(&args.kind, &shape, &pairs)? };
    let name = table.parse::<toml::Table>().ok().and_then(|table| {
        let target = table.get("targets")?.as_array()?.first()?.get("name")?.as_str()?;
        Some(target.to_owned())
    });
    let source = crate::sources::find(&args.kind).map_or(args.kind.as_str(), |source| source.name());
    let is_read = work.config.iter().flat_map(|config| &config.rules).any(|rule| rule.enabled && rule.source.name() == source);
    let remark = tr!("No rule reads it yet; for example: pcemon rules add --name NAME --source {source} --warning '>= 1'", source);
    let remarks = if is_read { Vec::new() } else { vec![remark] };
    let done = tr!("target `{name}` was added", name = visible(name.as_deref().unwrap_or("?")));
    work.finish(&with(&work, &table)?, args.how, &done, &remarks)
}

fn table(kind: &str, shape: &Shape, pairs: &BTreeMap<String, String>) -> Result<String, Failure> {
    let mut pairs: Vec<(String, String)> =
        pairs.iter().filter(|(_, value)| !value.is_empty()).map(|(k, v)| (k.clone(), v.clone())).collect();
    pairs.push(("type".to_owned(), kind.to_owned()));
    Ok(new_table("targets", &pairs, shape)?)
}

/// The config with one target more.
fn with(work: &Work<'_>, table: &str) -> Result<String, Failure> {
    Ok(format!("{}\n\n{table}", work.text()?.trim_end()))
}

/// Asks until the config can be used with it.
fn asked_for(global: &Global, work: &Work<'_>, kind: &str, shape: &Shape) -> Result<String, Failure> {
    let keeper = Keeper::beside(work.path())?;
    let draft = Draft::in_memory();
    let mut before = Before { place: String::new(), given: BTreeMap::new() };
    loop {
        let name =
            question(
                &tr!("Name of the target"),
                Some(before.given.get("name").map_or(kind, String::as_str)),
                |given| Ok(given.to_owned()),
            )?;
        before.given.insert("name".to_owned(), name);
        ask_keys(Asking { global, keeper: &keeper, draft: &draft }, shape, "", &toml::Table::new(), &mut before)?;
        let table = table(kind, shape, &before.given)?;
        match config::parse(Path::new("answers"), &with(work, &table)?) {
            Ok(_) => return Ok(table),
            Err(error) => complain(&error.first().unwrap_or_else(|| error.render(false))),
        }
    }
}
