//! The settings of the older Python monitor, as a config: what can be said the same way, and what means something else here.
//!
//! Every piece is proven by the config's own reader before it is taken; one that it refuses is told and left out, so that
//! whatever comes out can be loaded.

mod draft;
mod json;
mod place;
mod rules;

pub use draft::{Difference, Kind, Variable};

use crate::config;
use draft::{Draft, quoted};
use json::Object;
use std::path::Path;

/// What came of the settings.
#[derive(Debug)]
pub struct Imported {
    /// The config.
    pub config: String,
    /// What is not as it was.
    pub differences: Vec<Difference>,
    /// Secrets that were not copied.
    pub variables: Vec<Variable>,
}

/// Turns the settings into a config. The error says why they are no such settings.
pub fn import(bytes: &[u8], keep_secrets: bool) -> Result<Imported, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| tr!("it is not UTF-8"))?;
    let value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| tr!("it is not JSON: {error}", error))?;
    let root = Object::new(&value, tr!("the settings")).ok_or_else(|| tr!("it is not a JSON object; give the monitor's config.json"))?;
    if !["api", "rules", "alerts", "email", "smtp", "settings"].iter().any(|key| root.has(key)) {
        return Err(tr!("it has none of `api`, `rules`, `alerts`; give the monitor's config.json"));
    }
    let mut draft = Draft::new(keep_secrets);
    let pce = place::pce(&root, &mut draft);
    let run = place::run(&root, &mut draft);
    let channels = place::channels(&root, &mut draft);
    let rules = rules::all(&root, &mut draft);
    draft.left(&root);

    let mut config = String::from("# Taken over from the settings of the older monitor. `pcemon rules example` explains every key.\n");
    for part in [pce, run].into_iter().flatten().chain(channels).chain(rules) {
        config.push('\n');
        config.push_str(&part);
    }
    if config.len() as u64 > config::LONGEST {
        let (length, longest) = (config.len(), config::LONGEST);
        return Err(tr!(
            "the converted config has {length} bytes, and the limit is {longest}: import the rules in several parts",
            length,
            longest
        ));
    }
    config::parse(Path::new("config"), &config).map_err(|error| tr!("it cannot be put into a config: {error}", error))?;
    draft.variables.retain(|variable| config.contains(&format!("env = {}", quoted(&variable.name))));
    draft.differences.sort_by_key(|difference| difference.kind);
    draft.differences.dedup();
    Ok(Imported { config, differences: draft.differences, variables: draft.variables })
}
