//! The configuration: text in, proven values or all complaints at once out.
//!
//! It never talks to the PCE, never fetches a secret while reading, and never lets a half-read file through:
//! either everything is proven or nothing is returned.

pub mod cases;
pub mod catalogue;
pub mod conditions;
pub mod error;
pub mod flags;
pub mod paths;
pub mod reader;
pub mod reference;
pub mod schema;
pub mod secrets;
pub mod shape;

mod calendar;
mod channels;
mod declared;
mod document;
mod kinds;
mod lint;
mod mask;
mod mutes;
mod pce;
mod report;
mod routes;
mod rules;
mod run;
mod selector;
mod sources;
mod targets;
mod thresholds;

pub use error::{ConfigError, Located};
pub use paths::{default_paths, find};
pub use report::ReportSettings;
pub use secrets::fetch_secret;

use crate::channels::ChannelConfig;
use crate::domain::alert::PceIdentity;
use crate::domain::mute::{Inhibition, Maintenance};
use crate::domain::report::Accounting;
use crate::domain::rule::{Route, Rule};
use crate::domain::secret::SecretSource;
use crate::lang::Language;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// How to reach the PCE.
#[derive(Debug, Clone)]
pub struct PceSettings {
    /// Base URL: scheme, host, port. Never a path.
    pub url: Url,
    /// Organisation.
    pub org_id: u64,
    /// Key id.
    pub api_key: SecretSource,
    /// Key secret.
    pub api_secret: SecretSource,
    /// Private CA bundle (PEM).
    pub ca_file: Option<PathBuf>,
    /// No certificate check at all; warns on every run.
    pub insecure_skip_verify: bool,
    /// Proxy; `None`: the usual variables.
    pub proxy: Option<String>,
    /// Time-out of one request.
    pub request_timeout: Duration,
    /// From submitting a traffic query to its completion.
    pub query_timeout: Duration,
    /// Rows one traffic query may return.
    pub max_results: u64,
}

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
    /// Dead-man's switch URL (may carry a secret).
    pub heartbeat: Option<SecretSource>,
    /// Prometheus textfile.
    pub textfile: Option<PathBuf>,
    /// Undelivered messages older than this are given up.
    pub give_up_after: Duration,
    /// Most alerts told to one channel in one message.
    pub max_alerts: usize,
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
    /// Which PCE the config is about; the empty one when everything comes from files.
    pub fn identity(&self) -> PceIdentity {
        self.pce.as_ref().map_or_else(PceIdentity::default, |pce| PceIdentity {
            url: pce.url.as_str().trim_end_matches('/').to_owned(),
            org_id: pce.org_id,
        })
    }
}

/// A config longer than this is a mistake (a wrong file, a device).
const LONGEST: u64 = 1024 * 1024;

/// Reads and proves a config file.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let refuse = |why: String| ConfigError::unreadable(path, tr!("{why}. Name another with --config FILE", why));
    let shown = crate::domain::text::visible(&path.display().to_string());
    let private = !std::fs::metadata(path).is_ok_and(|metadata| secrets::open_to_all(&metadata));
    let bytes = crate::files::read_patiently(path, LONGEST).map_err(|error| match error.kind() {
        std::io::ErrorKind::FileTooLarge => refuse(tr!("the config {shown} is longer than {longest} bytes", shown, longest = LONGEST)),
        _ => refuse(tr!("cannot read the config {shown}: {error}", shown, error)),
    })?;
    // Bad bytes become replacement characters; the first of them stands where the text stops being UTF-8.
    let broken_at = std::str::from_utf8(&bytes).err().map(|error| error.valid_up_to());
    let commands = trust(path);
    document::read(path, &String::from_utf8_lossy(&bytes), &document::Circumstances { broken_at, private, commands, ..Default::default() })
}

/// A config that others can write may say rules. Its commands would run as whoever starts pcemon: they are refused, unless the
/// environment says otherwise. What is to be said of each of them.
fn trust(path: &Path) -> Option<String> {
    let why = crate::files::written_by_others(path).unwrap_or_else(|error| Some(error.to_string()));
    let trusted = std::env::var_os(TRUST).is_some_and(|value| value == "1");
    crate::process::children::refuse(why.as_ref().filter(|_| !trusted).map(|why| {
        tr!("commands of this config are not run, because {why} ({variable}=1 lets them run all the same)", why, variable = TRUST)
    }));
    why.map(|why| {
        if trusted {
            tr!("this command is run only because {variable}=1 is set: {why}", why, variable = TRUST)
        } else {
            tr!("this command is not run, because {why} ({variable}=1 lets it run all the same)", why, variable = TRUST)
        }
    })
}

/// Lets commands of a config run that others can write.
const TRUST: &str = "PCEMON_TRUST_CONFIG";

/// What can be used of a config that is refused: those of its tables that are right by themselves. For finding out
/// what else is wrong, never for a run.
pub fn usable_part(path: &Path) -> Option<Config> {
    let text = String::from_utf8(crate::files::read_patiently(path, LONGEST).ok()?).ok()?;
    let whole: toml::Table = text.parse().ok()?;
    let mut kept = toml::Table::new();
    let mut usable = None;
    for key in ["pce", "run", "traffic", "events", "channels"] {
        let Some(value) = whole.get(key) else { continue };
        kept.insert(key.to_owned(), value.clone());
        match parse(path, &kept.to_string()) {
            Ok(config) => usable = Some(config),
            Err(_) => drop(kept.remove(key)),
        }
    }
    usable
}

/// Whether everybody on this machine may read a file.
pub fn is_open_to_all(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| secrets::open_to_all(&metadata))
}

/// Proves a config that is already in memory; `path` only names it.
pub fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
    document::read(path, text, &document::Circumstances::default())
}

/// A text of a config as it may be shown: as long as it was, without secrets and without anything a terminal would obey.
pub fn shown(text: &str) -> String {
    let (document, errors) = toml::de::DeTable::parse_recoverable(text);
    let broken: Vec<_> = errors.iter().filter_map(toml::de::Error::span).collect();
    mask::harmless(text, &document::secrets(document.get_ref(), text, &broken))
}
