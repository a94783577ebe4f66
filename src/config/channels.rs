//! `[[channels]]`: what all kinds share; the rest is read by the kind itself.

use super::reader::{Placed, Reader, did_you_mean};
use crate::channels::{ChannelConfig, Common, Kind};
use crate::domain::threshold::Severity;
use std::time::Duration;

/// Kinds that the contract names, whether this version has them or not.
const CONTRACT: [&str; 18] = [
    "email",
    "webhook",
    "line",
    "slack",
    "teams",
    "discord",
    "telegram",
    "whatsapp",
    "pagerduty",
    "opsgenie",
    "servicenow",
    "alertmanager",
    "syslog",
    "ntfy",
    "icinga",
    "apprise",
    "exec",
    "file",
];

/// The channel's name, if it has a usable one; it counts as known even when the rest is wrong.
pub(super) fn name(reader: &mut Reader<'_>) -> Option<Placed<String>> {
    let name = reader.required_string("name", "\"soc\"")?;
    if name.value.chars().any(char::is_control) || name.value.trim() != name.value {
        let hint = Some(tr!("use one line without spaces around it"));
        reader.problems().error(name.span, tr!("a channel's name cannot be written like this"), hint);
        return None;
    }
    reader.rename(tr!("channel `{value}`", value = name.value));
    Some(name)
}

/// Reads one channel whose name is known. `None` only after a complaint.
pub(super) fn read(mut reader: Reader<'_>, name: Option<&str>, kinds: &[Kind]) -> Option<ChannelConfig> {
    let min_severity = reader.choice("min_severity", &Severity::ALL.map(|severity| (severity.name(), severity))).unwrap_or(Severity::Info);
    let send_resolved = reader.boolean("send_resolved").unwrap_or(true);
    let timeout = reader.duration("timeout").map_or(Duration::from_secs(15), |span| span.value);
    if timeout < Duration::from_secs(1) || timeout > Duration::from_secs(300) {
        reader.error_at("timeout", tr!("`timeout` in {name} must lie between 1s and 5m", name = reader.name()), None);
    }
    let enabled = reader.boolean("enabled").unwrap_or(true);
    // The other keys belong to the kind: without one there is nothing to hold them against.
    let kind = kind(&mut reader, kinds)?;
    let settings = (kind.read)(&mut reader);
    reader.finish();
    let common = Common { name: name?.to_owned(), kind: kind.name, min_severity, send_resolved, timeout, enabled };
    Some(ChannelConfig { common, settings: settings? })
}

fn kind<'k>(reader: &mut Reader<'_>, kinds: &'k [Kind]) -> Option<&'k Kind> {
    let wanted = reader.required_string("type", "\"email\"")?;
    if let Some(kind) = kinds.iter().find(|kind| kind.name == wanted.value) {
        return Some(kind);
    }
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
    let (message, hint) = if CONTRACT.contains(&wanted.value.as_str()) {
        let have =
            if names.is_empty() { tr!("this version has no channels") } else { tr!("use one of: {names}", names = names.join(", ")) };
        (tr!("channel type `{wanted}` is not supported by this version", wanted = wanted.value), have)
    } else {
        (tr!("unknown channel type `{wanted}`", wanted = wanted.value), did_you_mean(&wanted.value, &names))
    };
    reader.problems().error(wanted.span, message, Some(hint));
    None
}
