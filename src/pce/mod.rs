//! The client of the PCE: what it is asked, how patiently, and what is left behind there (nothing).
//!
//! The PCE is only ever read, except for traffic queries, which are submitted (POST) and deleted
//! again (DELETE), and jobs that list things, which are deleted too. This room knows nothing of rules, state or channels.

mod ask;
mod body;
mod bounds;
mod collection;
pub mod database;
pub mod decode;
mod download;
mod endpoints;
mod error;
pub mod events;
mod exchange;
mod gather;
pub mod health;
mod job;
mod pace;
pub mod probe;
mod pump;
mod queries;
mod quick;
pub mod records;
mod split;
pub mod traffic;
pub mod vens;
mod wire;

pub use error::{ErrorKind, PceError};
pub use pace::{Pace, RealPace};
pub use queries::Cleaner;

use crate::config::PceSettings;
use crate::domain::record::{Event, Health};
use crate::domain::secret::Secret;
use crate::domain::ven::{Database, Inventory};
use crate::http;
use ask::{Ask, Size};
use body::Recorder;
use exchange::{Line, LineParts};
use jiff::{SignedDuration, Timestamp};
use queries::Outstanding;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Longest time that cleaning up takes when a client goes out of use.
const LAST_CLEANING: Duration = Duration::from_secs(5);

/// What a client needs beside the settings.
#[derive(Clone)]
pub struct ClientOptions {
    /// The run's clock when the client is made; it goes on by the time that really passes.
    pub now: Timestamp,
    /// Nothing is waited for beyond this.
    pub deadline: Instant,
    /// Set by others to end all waiting.
    pub stop: Arc<AtomicBool>,
    /// Directory to keep raw answers in.
    pub record: Option<PathBuf>,
    /// Who lets time pass; [`RealPace`] except in tests.
    pub pace: Arc<dyn Pace>,
}

/// A conversation with one PCE. Several threads may use it at once.
pub struct Client {
    line: Arc<Line>,
    outstanding: Arc<Outstanding>,
    /// What tells the queries of one state's runs from all others, and stays the same from run to run.
    mark: Option<String>,
    events_files: AtomicU32,
}

/// What the PCE says about its health.
#[derive(Debug, Clone, PartialEq)]
pub enum HealthAnswer {
    /// One for each cluster.
    Clusters(Vec<Health>),
    /// This PCE does not tell (SaaS), with the reason for people. That is not "down".
    Unavailable(String),
}

/// The events of a span.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventsAnswer {
    /// Sorted by time, each once. May hold some of the second around either end.
    pub events: Vec<Event>,
    /// Questions asked.
    pub queries: u32,
    /// Bytes received.
    pub bytes: u64,
    /// Events that could not be read.
    pub unreadable: u64,
    /// Up to here every event of the span was had.
    pub whole_until: Option<Timestamp>,
    /// Why it is partial, for people; `None`: it is whole.
    pub missing: Option<String>,
}

/// The VENs of the organisation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VensAnswer {
    /// The VENs, joined with their workloads if those were asked for.
    pub inventory: Inventory,
    /// Records that came: VENs and workloads.
    pub records: u64,
    /// Records that could not be read.
    pub unreadable: u64,
    /// Questions asked.
    pub queries: u32,
    /// Bytes received.
    pub bytes: u64,
    /// Why it is partial, for people; `None`: it is whole.
    pub missing: Option<String>,
}

impl Client {
    /// Makes a client; asks nothing yet.
    pub fn new(settings: &PceSettings, key: Secret, secret: Secret, options: ClientOptions) -> Result<Client, PceError> {
        let setup = |message: String| PceError::new(ErrorKind::Setup, message);
        if !matches!(settings.url.scheme(), "http" | "https") || settings.url.host_str().is_none() {
            return Err(setup(tr!("url in [pce] is not an address such as https://pce.example.com:8443")));
        }
        let agent = http::agent(&http::AgentOptions {
            client: None,
            target: Some(&settings.url),
            ca_file: settings.ca_file.as_deref(),
            insecure: settings.insecure_skip_verify,
            proxy: settings.proxy.as_deref(),
            direct: is_loopback(&settings.url),
            timeout: settings.request_timeout,
            total: None,
        })
        .map_err(setup)?;
        let recorder = match &options.record {
            Some(dir) => {
                Some(Recorder::new(dir).map_err(|error| setup(tr!("cannot record into {dir}: {error}", dir = dir.display(), error)))?)
            }
            None => None,
        };
        let line = Arc::new(Line::new(LineParts {
            agent,
            base: settings.url.clone(),
            org_id: settings.org_id,
            key,
            secret,
            request_timeout: settings.request_timeout,
            query_timeout: settings.query_timeout,
            recorder,
            pace: options.pace,
            deadline: options.deadline,
            stop: options.stop,
            now: options.now,
        }));
        Ok(Client { outstanding: Arc::new(Outstanding::default()), line, mark: None, events_files: AtomicU32::new(0) })
    }

    /// The PCE's clock minus the run's, in whole seconds, by the latest answer.
    pub fn clock_skew(&self) -> Option<SignedDuration> {
        self.line.clock_skew()
    }

    /// Something to clean up with from elsewhere, such as a signal handler's thread.
    pub fn cleaner(&self) -> Cleaner {
        Cleaner::new(Arc::clone(&self.line), Arc::clone(&self.outstanding))
    }

    /// From now on queries carry this mark in their names.
    pub fn set_mark(&mut self, mark: &str) {
        self.mark = Some(mark.to_owned());
    }

    /// Deletes what killed runs with the same mark have left at the PCE. The caller holds what keeps such a run from being at work.
    pub fn sweep(&self) -> Result<usize, PceError> {
        let Some(mark) = &self.mark else { return Ok(0) };
        let fetched = self.line.fetch(&Ask::get(self.line.org_url(queries::COLLECTION), Size::Small), queries::LIST_LIMIT)?;
        let left = queries::marked(&self.line, &fetched.json()?, mark);
        for url in &left {
            self.line.delete_now(url.clone(), LAST_CLEANING)?;
        }
        Ok(left.len())
    }

    /// Whether everything that was made at the PCE is gone again. Deletes what is not.
    pub fn leaves_nothing(&self) -> bool {
        self.cleaner().delete_all(LAST_CLEANING);
        self.outstanding.is_empty()
    }

    /// Asks for the PCE's health.
    pub fn health(&self) -> Result<HealthAnswer, PceError> {
        let fetched = match self.line.fetch(&Ask::get(self.line.api_url("health"), Size::Small), health::LIMIT) {
            Ok(fetched) => fetched,
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Forbidden) => {
                return Ok(HealthAnswer::Unavailable(error.message));
            }
            Err(error) => return Err(error),
        };
        if let Some(recorder) = &self.line.recorder {
            recorder.keep("health.json.gz", &fetched.raw);
        }
        health::parse_health(fetched.plain.as_slice())
            .map(HealthAnswer::Clusters)
            .map_err(|error| fetched.bad_answer(&tr!("tells no health: {error}", error)))
    }

    /// Asks for all events of a span.
    pub fn events(&self, from: Timestamp, to: Timestamp) -> Result<EventsAnswer, PceError> {
        events::fetch(self, from, to)
    }

    /// Asks for all VENs, and for the workloads they manage when somebody wants to know what only those tell.
    pub fn vens(&self, workloads: bool) -> Result<VensAnswer, PceError> {
        vens::fetch(self, workloads)
    }

    /// Asks how the traffic database is.
    pub fn database(&self) -> Result<Vec<Database>, PceError> {
        let url = self.line.org_url("traffic_flows/database_metrics");
        let fetched = self.line.fetch(&Ask::get(url, Size::Small), database::LIMIT).map_err(|error| match error.kind {
            ErrorKind::Forbidden => {
                error.hint("the key needs a global role, such as Global Viewer: one for some labels only does not do; check org_id, too")
            }
            _ => error,
        })?;
        if let Some(recorder) = &self.line.recorder {
            recorder.keep("database.json.gz", &fetched.raw);
        }
        database::parse_database(fetched.plain.as_slice())
            .map_err(|error| fetched.bad_answer(&format!("tells no database metrics: {error}")))
    }

    fn next_events_file(&self) -> u32 {
        self.events_files.fetch_add(1, Ordering::Relaxed)
    }
}

/// Whether an address is this machine itself: then no proxy is asked.
pub fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.cleaner().delete_all(LAST_CLEANING);
    }
}
