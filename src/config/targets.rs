//! `[[targets]]`: what stands around the PCE, each with a name, a type and the keys of that type.

use super::model::TargetConfig;
use crate::settings::reader::{Placed, Reader, did_you_mean};
use crate::sources::{Settings, TABLES, TARGET_TYPES};

/// Reads a target's name; all names are read first, so that doubles are seen whatever else is wrong.
pub(super) fn name(reader: &mut Reader<'_>) -> Option<Placed<String>> {
    let name = reader.required_string("name", "\"lab\"")?;
    let wrong = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '@' | '=' | '/');
    if name.value.contains(wrong) || name.value.chars().count() > 100 || name.value == "pce" {
        let hint = Some(tr!("use letters, digits, dots and dashes; `pce` is the target of [pce]"));
        reader.problems().error(name.span, tr!("a target cannot have this name"), hint);
        return None;
    }
    Some(name)
}

/// The type as written, for what has to know it before the rest is read.
pub(super) fn type_of(reader: &mut Reader<'_>) -> Option<String> {
    reader.raw("type").and_then(|value| value.get_ref().as_str().map(str::to_owned))
}

/// Reads one target. `None` only after a complaint.
pub(super) fn read(mut reader: Reader<'_>, name: Option<&str>) -> Option<TargetConfig> {
    if let Some(name) = name {
        reader.rename(tr!("target `{name}`", name));
    }
    let names = TARGET_TYPES.map(|kind| kind.name);
    reader.words("type", &names, true);
    let written = reader.required_string("type", "\"records\"");
    let labels = reader.string_map("labels").unwrap_or_default();
    let enabled = reader.boolean("enabled").unwrap_or(true);
    let Some(kind) = written.as_ref().and_then(|written| TARGET_TYPES.iter().find(|kind| kind.name == written.value)) else {
        if let Some(written) = written {
            let message = tr!("`type` in {name} cannot be '{written}'", name = reader.name(), written = written.value);
            reader.problems().error(written.span, message, Some(did_you_mean(&written.value, &names)));
        }
        // Without a type nothing can be said about the rest.
        return None;
    };
    let settings = (kind.read)(&mut reader);
    reader.finish();
    Some(TargetConfig { name: name?.to_owned(), target_type: kind.name, labels, enabled, settings: settings? })
}

/// Reads the tables that hold for all targets of a type.
pub(super) fn common(root: &mut Reader<'_>, targets: &[TargetConfig]) {
    let named: Vec<(&str, &dyn Settings)> = targets.iter().map(|target| (target.name.as_str(), &*target.settings)).collect();
    for table in &TABLES {
        let Some(mut reader) = root.table(table.name) else { continue };
        reader.rename(format!("[{}]", table.name));
        (table.read)(&mut reader, &named);
        reader.finish();
    }
}
