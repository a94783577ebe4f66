//! The keys of `[[targets]] type = "records"`, and how its files are opened.

use super::super::{Ask, Obtained, Settings, Take};
use crate::domain::fault::{Fault, Party};
use crate::settings::reader::Reader;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The field that holds the time, unless the target names another.
pub(super) const TIME: &str = "timestamp";
/// Most records of one target, unless it says otherwise.
pub(super) const MOST: u64 = 3_000_000;
/// Longest line.
pub(super) const LINE: u64 = 1 << 20;

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// By the name of the file.
    Auto,
    /// One JSON object a line.
    Ndjson,
    /// A JSON array, or one object.
    Json,
    /// A table with names in the first line.
    Csv,
}

impl Format {
    /// The format of a file.
    pub(super) fn of(self, name: &str) -> Format {
        let plain = name.strip_suffix(".gz").unwrap_or(name);
        match self {
            Format::Auto if plain.ends_with(".csv") => Format::Csv,
            Format::Auto if plain.ends_with(".json") => Format::Json,
            Format::Auto => Format::Ndjson,
            known => known,
        }
    }
}

/// Where records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// One file.
    File(PathBuf),
    /// All files that match.
    Glob(String),
    /// Standard input.
    Stdin,
}

/// The settings of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSettings {
    /// Where records come from.
    pub from: From,
    /// How they are written.
    pub format: Format,
    /// The field that holds the time.
    pub time: String,
    /// Most records that are read.
    pub max_records: u64,
}

/// Reads the keys; `None` after a complaint.
pub fn read_settings(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let spellings = [("auto", Format::Auto), ("ndjson", Format::Ndjson), ("json", Format::Json), ("csv", Format::Csv)];
    let format = reader.choice("format", &spellings).unwrap_or(Format::Auto);
    let time = reader.string("time").map_or_else(|| TIME.to_owned(), |text| text.value);
    let max_records = reader.integer("max_records", 1..=100_000_000).map_or(MOST, |number| number.value as u64);
    let example = "{ file = \"/var/log/app.ndjson\" }";
    if reader.raw("from").is_none() {
        reader.missing("from", example);
        return None;
    }
    let mut from = reader.table("from")?;
    let (file, glob, stdin) = (from.string("file"), from.string("glob"), from.boolean("stdin").unwrap_or(false));
    from.finish();
    let from = match (file, glob, stdin) {
        (Some(file), None, false) => From::File(PathBuf::from(file.value)),
        (None, Some(glob), false) => {
            if let Err(error) = globset::Glob::new(&glob.value) {
                let message = tr!("'{text}' is not a valid pattern: {error}", text = glob.value, error = error.kind());
                reader.problems().error(glob.span, message, None);
                return None;
            }
            From::Glob(glob.value)
        }
        (None, None, true) => From::Stdin,
        _ => {
            let hint = Some(tr!("write for example from = {example}", example));
            reader.error_at("from", tr!("`from` in {name} needs exactly one of file, glob and stdin", name = reader.name()), hint);
            return None;
        }
    };
    Some(Box::new(RecordSettings { from, format, time, max_records }))
}

impl RecordSettings {
    fn files(&self) -> Result<Vec<PathBuf>, String> {
        let pattern = match &self.from {
            From::File(path) => return Ok(vec![path.clone()]),
            From::Stdin => return Ok(vec![PathBuf::from("-")]),
            From::Glob(pattern) => pattern,
        };
        // Only the last part of the path may hold a pattern: a search through a whole disk is no monitoring.
        let path = Path::new(pattern);
        let (folder, name) = (path.parent().unwrap_or(Path::new(".")), path.file_name().and_then(|name| name.to_str()).unwrap_or("*"));
        let matcher = globset::Glob::new(name).map_err(|error| error.to_string())?.compile_matcher();
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries =
            std::fs::read_dir(folder).map_err(|error| tr!("cannot read the folder {path}: {error}", path = folder.display(), error))?;
        let mut files: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .filter(|entry| matcher.is_match(Path::new(&entry.file_name())))
            .map(|entry| entry.path())
            .collect();
        files.sort();
        if files.is_empty() {
            return Err(tr!("no file matches {pattern}", pattern));
        }
        Ok(files)
    }
}

impl Settings for RecordSettings {
    fn identity(&self) -> String {
        match &self.from {
            From::File(path) => path.display().to_string(),
            From::Glob(pattern) => pattern.clone(),
            From::Stdin => "-".to_owned(),
        }
    }

    fn obtain(&self, _ask: &Ask, take: &mut Take<'_>) -> Result<Obtained, Fault> {
        let wrong = |message: String| Fault::of(Party::File, message);
        let mut obtained = Obtained::default();
        for path in self.files().map_err(wrong)? {
            let name = path.display().to_string();
            let mut reader: Box<dyn Read> = if self.from == From::Stdin {
                Box::new(std::io::stdin().lock())
            } else {
                Box::new(File::open(&path).map_err(|error| wrong(tr!("cannot read {path}: {error}", path = name, error)))?)
            };
            take(&name, &mut reader).map_err(|error| wrong(format!("{name}: {error}")))?;
            obtained.queries += 1;
            obtained.bytes += std::fs::metadata(&path).map_or(0, |about| about.len());
        }
        Ok(obtained)
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn examine(&self, _kinds: u32, _now: jiff::Timestamp) -> Result<String, String> {
        if self.from == From::Stdin {
            return Ok(tr!("reads standard input"));
        }
        let files = self.files()?;
        for path in &files {
            File::open(path).map_err(|error| tr!("cannot read {path}: {error}", path = path.display(), error))?;
        }
        Ok(trn!("{count} file can be read", "{count} files can be read", count = files.len()))
    }
}
