//! A valid configuration, as the rest of the program uses it.

use super::report::ReportSettings;
use crate::channels::ChannelConfig;
use crate::channels::post::Trust;
use crate::domain::alert::PceIdentity;
use crate::domain::mute::{Inhibition, Maintenance};
use crate::domain::report::Accounting;
use crate::domain::rule::{Route, Rule};
use crate::domain::secret::SecretSource;
use crate::domain::source::SourceKind;
use crate::lang::Language;
use crate::pce::PceSettings;
use std::path::PathBuf;
use std::time::Duration;

/// What holds for the whole run.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// The whole run gives up cleanly by then.
    pub deadline: Duration,
    /// State file; `None`: the usual places.
    pub state: Option<PathBuf>,
    /// For display; stored times are UTC.
    pub timezone: jiff::tz::TimeZone,
    /// The language chosen here, which a flag outranks.
    pub language: Option<Language>,
    /// The dead-man's switch.
    pub heartbeat: Option<HeartbeatSettings>,
    /// Prometheus textfile.
    pub textfile: Option<PathBuf>,
    /// Undelivered messages older than this are given up.
    pub give_up_after: Duration,
    /// Most alerts told to one channel in one message.
    pub max_alerts: usize,
    /// What a state without a PCE is called.
    pub site: Option<String>,
}

/// Who is told that pcemon runs at all.
#[derive(Debug, Clone)]
pub struct HeartbeatSettings {
    /// Its URL, which may carry a secret.
    pub url: SecretSource,
    /// Whom it trusts, and what it shows of itself.
    pub trust: Trust,
    /// Where it stands, for what is said of it: `heartbeat in [run]`.
    pub place: &'static str,
}

/// How traffic is counted.
#[derive(Debug, Clone)]
pub struct TrafficSettings {
    /// How far before the window to ask, because VENs report late.
    pub lookback: Duration,
    /// Increases or plain sums.
    pub accounting: Accounting,
    /// A longer pause between two complete looks starts the accounting anew from the start of the UTC day.
    pub max_gap: Duration,
    /// Most records remembered between looks.
    pub max_looks: usize,
    /// Most records that one run begins to remember.
    pub max_new_looks: usize,
}

/// How events are read.
#[derive(Debug, Clone)]
pub struct EventSettings {
    /// How far before the previous look to ask, because events arrive late.
    pub lookback: Duration,
}

/// One of `[[targets]]`.
#[derive(Debug)]
pub struct TargetConfig {
    /// Unique name; field `target` of its records.
    pub name: String,
    /// Its type.
    pub target_type: &'static str,
    /// For `target_label:KEY`, routes and silences.
    pub labels: std::collections::BTreeMap<String, String>,
    /// Whether it takes part.
    pub enabled: bool,
    /// What its type knows of it.
    pub settings: Box<dyn crate::sources::Settings>,
}

/// A proven configuration.
#[derive(Debug)]
pub struct Config {
    /// Where it was read from.
    pub path: PathBuf,
    /// `[pce]`; absent when every source comes from a file.
    pub pce: Option<PceSettings>,
    /// `[[targets]]`, also the disabled ones.
    pub targets: Vec<TargetConfig>,
    /// `[run]`
    pub run: RunSettings,
    /// `[traffic]`
    pub traffic: TrafficSettings,
    /// `[events]`
    pub events: EventSettings,
    /// `[report]`
    pub report: ReportSettings,
    /// `[[rules]]`, also the disabled ones.
    pub rules: Vec<Rule>,
    /// `[[channels]]`, also the disabled ones.
    pub channels: Vec<ChannelConfig>,
    /// `[[routes]]`
    pub routes: Vec<Route>,
    /// `[[maintenance]]`
    pub maintenance: Vec<Maintenance>,
    /// `[[inhibit]]`
    pub inhibitions: Vec<Inhibition>,
    /// What the reader should know on every run, each one line with its place.
    pub warnings: Vec<String>,
}

impl Config {
    /// The targets of `[[targets]]` that a source is read from, by name.
    pub fn targets_of(&self, source: SourceKind) -> Vec<&str> {
        self.targets.iter().filter(|target| source.is_read_from(target.target_type)).map(|target| target.name.as_str()).collect()
    }

    /// Which PCE the config is about; the empty one when everything comes from files.
    pub fn identity(&self) -> PceIdentity {
        match &self.pce {
            Some(pce) => PceIdentity { url: pce.url.as_str().trim_end_matches('/').to_owned(), org_id: pce.org_id, site: String::new() },
            None => PceIdentity { site: self.run.site.clone().unwrap_or_default(), ..PceIdentity::default() },
        }
    }
}
