//! `pcemon rules import`: the settings of the older Python monitor.

use crate::app::{Exit, Failure};
use crate::cli::Global;
use crate::domain::text::visible;
use crate::edit::save::create;
use crate::import::{Imported, import};
use crate::run::output::print;
use serde_json::json;
use std::io::{Read, Write};
use std::path::Path;

/// Longer settings are something else.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Reads the settings, writes the config, says what is different.
pub fn run(global: &Global, file: &Path, to: Option<&Path>, keep_secrets: bool) -> Exit {
    let cannot = |error: std::io::Error| Failure(tr!("cannot read {path}: {error}", path = file.display(), error));
    let mut bytes = Vec::new();
    let input: Box<dyn Read> =
        if file.as_os_str() == "-" { Box::new(std::io::stdin()) } else { Box::new(std::fs::File::open(file).map_err(cannot)?) };
    input.take(LONGEST).read_to_end(&mut bytes).map_err(cannot)?;
    let imported = import(&bytes, keep_secrets).map_err(|error| Failure(format!("{}: {error}", file.display())))?;
    if let Some(path) = to {
        create(path, &imported.config, false)?;
    }
    if global.output.as_deref() == Some("json") {
        let mut out = json!({ "schema": "pcemon.import/1", "differences": imported.differences, "variables": imported.variables });
        if to.is_none() {
            out["config"] = json!(imported.config);
        }
        let text = serde_json::to_string_pretty(&out).map_err(|error| error.to_string())?;
        print(&format!("{text}\n"))?;
        return Ok(0);
    }
    if to.is_none() {
        print(&imported.config)?;
    }
    if !global.quiet {
        let _nobody_left_to_tell = std::io::stderr().lock().write_all(in_words(&imported).as_bytes());
    }
    Ok(0)
}

fn in_words(imported: &Imported) -> String {
    let mut out = String::new();
    let mut last = None;
    for difference in &imported.differences {
        if last != Some(difference.kind) {
            last = Some(difference.kind);
            out.push_str(&format!("\n{}\n", difference.kind.heading()));
        }
        out.push_str(&format!("  {}: {}\n", visible(&difference.place), visible(&difference.text)));
    }
    if !imported.variables.is_empty() {
        out.push_str(&tr!("\nSet these before the first run; their values were not copied\n"));
        for variable in &imported.variables {
            out.push_str(&tr!("  {name}  (was {was})\n", name = visible(&variable.name), was = visible(&variable.was)));
        }
    }
    out
}
