//! `[report]`: what `pcemon report` covers and who gets it by mail.

use crate::channels::ChannelConfig;
use crate::domain::time::LONGEST_REPORT;
use crate::settings::reader::{Placed, Reader, did_you_mean};
use std::time::Duration;

/// The settings of `pcemon report`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSettings {
    /// Its title; `None`: the usual one.
    pub title: Option<String>,
    /// How far back it looks.
    pub since: Duration,
    /// The label whose value names an application.
    pub label: String,
    /// Channels that carry it when it is mailed.
    pub mail: Vec<String>,
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self { title: None, since: Duration::from_secs(86_400), label: "app".to_owned(), mail: Vec::new() }
    }
}

/// Reads the table; what is wrong has been complained about and takes its default.
pub(super) fn read(mut reader: Reader<'_>, channels: &[Placed<ChannelConfig>]) -> ReportSettings {
    reader.rename("[report]");
    let usual = ReportSettings::default();
    let mut filled = |key: &str| -> Option<String> {
        let text = reader.string(key)?;
        if text.value.trim().is_empty() {
            reader.error_at(key, format!("`{key}` in {} is empty", reader.name()), Some("leave the key out".to_owned()));
        }
        Some(text.value)
    };
    let (title, label) = (filled("title"), filled("label"));
    let since = reader.duration("since");
    if let Some(since) = &since
        && !(Duration::from_secs(60)..=LONGEST_REPORT).contains(&since.value)
    {
        let hint = Some("the PCE keeps flows for 90 days; write for example since = \"7d\"".to_owned());
        reader.problems().error(since.span.clone(), "`since` in [report] must lie between 1m and 90d", hint);
    }
    let mail = reader.strings("mail").unwrap_or_default();
    for name in &mail {
        match channels.iter().find(|channel| channel.value.common.name == name.value) {
            None => {
                let names: Vec<&str> = channels.iter().map(|channel| channel.value.common.name.as_str()).collect();
                reader.problems().error(
                    name.span.clone(),
                    format!("`mail` in [report]: there is no channel `{}`", name.value),
                    Some(did_you_mean(&name.value, &names)),
                );
            }
            Some(channel) if !channel.value.settings.carries_files() => reader.problems().error(
                name.span.clone(),
                format!("`mail` in [report]: channel `{}` is of type {}, which cannot carry a file", name.value, channel.value.common.kind),
                Some("name a channel of type email".to_owned()),
            ),
            Some(channel) if !channel.value.common.enabled => {
                let hint = Some("write enabled = true in the channel, or take it out of `mail`".to_owned());
                let message = format!("`mail` in [report]: channel `{}` is switched off and gets no report", name.value);
                reader.problems().warn(name.span.clone(), message, hint);
            }
            Some(_) => {}
        }
    }
    reader.finish();
    ReportSettings {
        title,
        since: since.map_or(usual.since, |since| since.value),
        label: label.unwrap_or(usual.label),
        mail: mail.into_iter().map(|name| name.value).collect(),
    }
}
