//! Recorded answers that are given instead of asked for: `--input SOURCE[@TARGET]=PATH` and the older flags.

use super::CheckArgs;
use std::path::{Path, PathBuf};

/// A recorded answer, given for a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Which source.
    pub source: &'static str,
    /// Which of its targets; `None`: all.
    pub target: Option<String>,
    /// A file, a folder of `--record`, or `-`.
    pub path: PathBuf,
}

/// Reads `SOURCE[@TARGET]=PATH`.
pub(super) fn parse(text: &str) -> Result<Input, String> {
    let (name, path) = text.split_once('=').ok_or_else(|| tr!("'{text}' names no file; write for example records=app.ndjson", text))?;
    let (name, target) = name.split_once('@').map_or((name, None), |(name, target)| (name, Some(target.to_owned())));
    let names: Vec<&str> = crate::sources::asked().map(|source| source.name()).collect();
    let source = crate::sources::asked().find(|source| source.name() == name || source.flag == name).ok_or_else(|| {
        let hint = crate::config::reader::did_you_mean(name, &names);
        tr!("there is no source '{name}'; {hint}", name, hint)
    })?;
    if path.is_empty() {
        return Err(tr!("'{text}' names no file; write for example records=app.ndjson", text));
    }
    Ok(Input { source: source.0.name, target, path: PathBuf::from(path) })
}

impl CheckArgs {
    /// Every recorded answer that is given: source, target, path.
    pub fn recorded(&self) -> impl Iterator<Item = (&str, Option<&str>, &Path)> {
        let own = [
            ("traffic", &self.flows),
            ("events", &self.events),
            ("health", &self.health),
            ("vens", &self.vens),
            ("database", &self.database),
        ];
        let own = own.into_iter().filter_map(|(source, path)| Some((source, None, path.as_deref()?)));
        own.chain(self.input.iter().map(|input| (input.source, input.target.as_deref(), input.path.as_path())))
    }
}
