//! `[[channels]]`: what all kinds share; the rest is read by the kind itself.

use super::calendar;
use crate::channels::{ChannelConfig, Common, Kind, Settings};
use crate::domain::alert::SendMode;
use crate::domain::calendar::{Days, Digest, Schedule};
use crate::domain::threshold::Severity;
use crate::settings::reader::{Placed, Reader, did_you_mean};
use jiff::tz::TimeZone;
use std::time::Duration;

/// The channel's name, if it has a usable one; it counts as known even when the rest is wrong.
pub(super) fn name(reader: &mut Reader<'_>) -> Option<Placed<String>> {
    named(reader, |name| tr!("channel `{name}`", name), "\"soc\"")
}

/// A usable name of such a thing.
pub(super) fn named(reader: &mut Reader<'_>, called: impl Fn(&str) -> String, example: &str) -> Option<Placed<String>> {
    let name = reader.required_string("name", example)?;
    if name.value.chars().any(char::is_control) || name.value.trim() != name.value {
        let hint = Some(tr!("use one line without spaces around it"));
        reader.problems().error(name.span, tr!("{name} cannot have this name", name = reader.name()), hint);
        return None;
    }
    reader.rename(called(&name.value));
    Some(name)
}

/// Reads one channel whose name is known. `None` only after a complaint.
pub(super) fn read(mut reader: Reader<'_>, name: Option<&str>, kinds: &[Kind], zone: &TimeZone) -> Option<ChannelConfig> {
    let min_severity = reader.choice("min_severity", &Severity::ALL.map(|severity| (severity.name(), severity))).unwrap_or(Severity::Info);
    let send_resolved = reader.boolean("send_resolved").unwrap_or(true);
    let timeout = reader.duration("timeout").map_or(Duration::from_secs(15), |span| span.value);
    if timeout < Duration::from_secs(1) || timeout > Duration::from_secs(300) {
        reader.error_at("timeout", tr!("`timeout` in {name} must lie between 1s and 5m", name = reader.name()), None);
    }
    let enabled = reader.boolean("enabled").unwrap_or(true);
    let digest = digest(&mut reader, zone);
    // The other keys belong to the kind: without one there is nothing to hold them against.
    let kind = kind(&mut reader, kinds)?;
    let settings = (kind.read)(&mut reader);
    if digest.as_ref().is_some_and(Option::is_some) {
        settings.as_deref().into_iter().for_each(|settings| fits_digest(&reader, kind, settings));
    }
    reader.finish();
    let common = Common { name: name?.to_owned(), kind: kind.name, min_severity, send_resolved, timeout, enabled, digest: digest? };
    Some(ChannelConfig { common, settings: settings? })
}

/// Reads `digest` and what belongs to it. `None` after a complaint.
fn digest(reader: &mut Reader<'_>, zone: &TimeZone) -> Option<Option<Digest>> {
    let times = calendar::instants(reader, "digest");
    let weekdays = calendar::weekdays(reader, "digest_weekdays");
    let below = reader.choice("digest_below", &Severity::ALL.map(|severity| (severity.name(), severity)));
    if !reader.has("digest") {
        for key in ["digest_weekdays", "digest_below"] {
            if reader.has(key) {
                let hint = Some(tr!("add for example digest = [\"08:00\"]"));
                reader.error_at(key, tr!("`{key}` in {name} needs a `digest`", key, name = reader.name()), hint);
            }
        }
        return Some(None);
    }
    let (times, weekdays) = (times?, weekdays?);
    let days = Days { weekdays, ..Days::default() };
    Some(Some(Digest { schedule: Schedule { times, days, zone: zone.clone() }, below }))
}

fn fits_digest(reader: &Reader<'_>, kind: &Kind, settings: &dyn Settings) {
    if settings.one_event_per_alert() || settings.send_mode() != SendMode::Changes {
        let message = tr!(
            "`digest` in {name}: {kind} tracks each alert separately, a digest would delay them",
            name = reader.name(),
            kind = kind.name
        );
        reader.error_at("digest", message, Some(tr!("remove `digest`, or use another channel for the digest")));
    }
}

fn kind<'k>(reader: &mut Reader<'_>, kinds: &'k [Kind]) -> Option<&'k Kind> {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
    reader.words("type", &names, true);
    let wanted = reader.required_string("type", "\"email\"")?;
    if let Some(kind) = kinds.iter().find(|kind| kind.name == wanted.value) {
        return Some(kind);
    }
    let message = tr!("unknown channel type `{wanted}`", wanted = wanted.value);
    reader.problems().error(wanted.span, message, Some(did_you_mean(&wanted.value, &names)));
    None
}
