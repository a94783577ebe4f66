//! `[run]`: what holds for the whole run.

use super::model::{HeartbeatSettings, RunSettings};
use super::pce::at_least_a_second;
use crate::channels::post::Trust;
use crate::domain::secret::SecretSource;
use crate::lang::{self, LANGUAGES};
use crate::settings::reader::{Reader, nearest};
use jiff::tz::TimeZone;
use std::path::PathBuf;
use std::time::Duration;

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(20 * 60),
            state: None,
            timezone: TimeZone::UTC,
            language: None,
            heartbeat: None,
            textfile: None,
            give_up_after: Duration::from_secs(2 * 86_400),
            max_alerts: 50,
            site: None,
        }
    }
}

/// Reads the table; what is wrong has been complained about and takes its default.
pub(super) fn read(mut reader: Reader<'_>) -> RunSettings {
    reader.rename("[run]");
    let usual = RunSettings::default();
    // First of all: the complaints that follow are already told in it.
    let language = reader.choice("language", &LANGUAGES);
    language.into_iter().for_each(lang::prefer);
    let settings = RunSettings {
        deadline: at_least_a_second(&mut reader, "deadline", usual.deadline.as_secs()),
        state: path(&mut reader, "state"),
        timezone: timezone(&mut reader).unwrap_or(usual.timezone),
        language,
        heartbeat: heartbeat_url(&mut reader, "heartbeat").map(|url| HeartbeatSettings {
            url,
            trust: Trust::default(),
            place: "heartbeat in [run]",
        }),
        textfile: path(&mut reader, "textfile"),
        give_up_after: at_least_a_second(&mut reader, "give_up_after", usual.give_up_after.as_secs()),
        max_alerts: reader
            .integer("max_alerts", 1..=1000)
            .and_then(|number| usize::try_from(number.value).ok())
            .unwrap_or(usual.max_alerts),
        site: site(&mut reader),
    };
    if settings.state.as_deref().is_some_and(std::path::Path::is_relative) {
        // Started from another directory, a run would find no state and tell everything again.
        let hint = tr!("write an absolute path, for example /var/lib/pcemon/state.json");
        reader.problems().warn(
            reader.span_of("state"),
            tr!("`state` in [run] is a relative path: it depends on where the run is started"),
            Some(hint),
        );
    }
    if let Some(folder) = settings.textfile.as_deref().and_then(std::path::Path::parent).filter(|folder| !folder.as_os_str().is_empty())
        && !folder.is_dir()
    {
        let message = tr!("`textfile` in [run]: there is no folder {folder}", folder = folder.display());
        let hint = tr!("create it, or use the folder of the collector; until then the file is not written, and everything else continues");
        reader.problems().warn(reader.span_of("textfile"), message, Some(hint));
    }
    reader.finish();
    settings
}

fn site(reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.string("site")?;
    let wrong = |c: char| c.is_control() || c.is_whitespace();
    if text.value.is_empty() || text.value.contains(wrong) || text.value.chars().count() > 100 {
        let hint = tr!("write a short name, for example site = \"taipei\"");
        reader.error_at("site", tr!("`site` in [run] cannot have this value"), Some(hint));
        return None;
    }
    Some(text.value)
}

fn path(reader: &mut Reader<'_>, key: &str) -> Option<PathBuf> {
    let text = reader.string(key)?;
    if text.value.trim().is_empty() {
        reader.error_at(key, tr!("`{key}` in {name} is empty", key, name = reader.name()), Some(tr!("give a file, or remove the key")));
        return None;
    }
    Some(text.value.into())
}

/// Reads the `timezone` of any table. `None` when it is absent or unknown.
pub(super) fn timezone(reader: &mut Reader<'_>) -> Option<TimeZone> {
    let name = reader.string("timezone")?;
    if name.value == "UTC" {
        return Some(TimeZone::UTC);
    }
    match TimeZone::get(&name.value) {
        Ok(zone) => Some(zone),
        Err(_) => {
            let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.as_str().to_owned()).collect();
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let hint = match nearest(&name.value, &names) {
                Some(name) => tr!("did you mean `{name}`?", name),
                None => tr!("write a name such as Asia/Taipei, Europe/Berlin or UTC"),
            };
            reader.problems().error(
                name.span,
                tr!("`timezone` in {table}: this machine knows no '{value}'", table = reader.name(), value = name.value),
                Some(hint),
            );
            None
        }
    }
}

/// Reads `[heartbeat]`, the long form of `heartbeat` in `[run]`. An empty table is none.
pub(super) fn heartbeat(mut reader: Reader<'_>) -> Option<HeartbeatSettings> {
    reader.rename("[heartbeat]");
    let url = heartbeat_url(&mut reader, "url");
    let trust = Trust::read(&mut reader);
    if !reader.has("url") && trust.as_ref().is_none_or(|trust| trust.named().is_some()) {
        reader.missing("url", "{ env = \"HEARTBEAT_URL\" }");
    }
    reader.finish();
    Some(HeartbeatSettings { url: url?, trust: trust?, place: "url in [heartbeat]" })
}

fn heartbeat_url(reader: &mut Reader<'_>, key: &str) -> Option<SecretSource> {
    let written = reader.raw(key)?.get_ref().as_str();
    if written.is_some_and(|text| !url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))) {
        let hint = tr!("write for example {key} = {{ env = \"HEARTBEAT_URL\" }}", key);
        reader.error_at(key, tr!("`{key}` in {table} is not an http(s) URL", key, table = reader.name()), Some(hint));
        return None;
    }
    reader.secret(key)
}
