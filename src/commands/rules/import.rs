//! `pcemon rules import`: the settings of the older Python monitor.

use crate::cli::Global;
use crate::commands::common::{Exit, Failure};
use crate::domain::text::visible;
use crate::edit::save::create;
use crate::files::read_patiently;
use crate::import::{Imported, import};
use crate::lang;
use crate::run::output::print;
use serde_json::json;
use std::io::{Read, Write};
use std::path::Path;

/// Longer settings, in bytes, are something else, or become no config that could be loaded.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Reads the settings, writes the config, says what is different.
pub fn run(global: &Global, file: &Path, to: Option<&Path>, keep_secrets: bool) -> Exit {
    let cannot = |error: std::io::Error| Failure(tr!("cannot read {path}: {error}", path = file.display(), error));
    let bytes = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().take(LONGEST + 1).read_to_end(&mut bytes).map(|_| bytes)
    } else {
        read_patiently(file, LONGEST)
    };
    let bytes = match bytes {
        Ok(bytes) if bytes.len() as u64 <= LONGEST => bytes,
        Err(error) if error.kind() != std::io::ErrorKind::FileTooLarge => return Err(cannot(error)),
        _ => {
            let path = file.display();
            return Err(Failure(tr!(
                "{path}: the settings are longer than {longest} bytes: import their rules in several parts",
                path,
                longest = LONGEST
            )));
        }
    };
    let as_json = global.output.as_deref() == Some("json");
    let read = || import(&bytes, keep_secrets);
    let imported = if as_json { lang::for_machines(read) } else { read() };
    let imported = imported.map_err(|error| Failure(format!("{}: {error}", file.display())))?;
    if let Some(path) = to {
        create(path, &imported.config, false)?;
    }
    if as_json {
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
