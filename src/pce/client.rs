//! A conversation with one PCE: how it is opened, what is asked in one piece, and that nothing is left behind there.

use super::ask::{self, Ask, Size};
use super::decode::{DecodeError, Decoded};
use super::error::{ErrorKind, PceError};
use super::exchange::{Line, LineParts};
use super::health;
use super::label::Label;
use super::pace::Pace;
use super::queries::{self, Cleaner, Outstanding};
use super::settings::PceSettings;
use crate::domain::secret::Secret;
use crate::files::recorder::Recorder;
use crate::http;
use jiff::{SignedDuration, Timestamp};
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Larger answers about the traffic database make no sense.
const DATABASE_LIMIT: u64 = 1 << 20;

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
    pub record: Option<Recorder>,
    /// Who lets time pass; [`RealPace`](super::RealPace) except in tests.
    pub pace: Arc<dyn Pace>,
}

/// A conversation with one PCE. Several threads may use it at once.
pub struct Client {
    pub(super) line: Arc<Line>,
    pub(super) outstanding: Arc<Outstanding>,
    /// What tells the queries of one state's runs from all others, and stays the same from run to run.
    pub(super) mark: Option<String>,
    events_files: AtomicU32,
    /// All labels, when they were read whole.
    pub(super) labels: OnceLock<Vec<Label>>,
}

/// Where the parts of an answer go: the name under which it would be recorded, and its bytes.
pub type Take<'t> = dyn FnMut(&str, &mut dyn Read) -> Result<Decoded, DecodeError> + 't;

/// How asking for a list went.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listed {
    /// Questions asked.
    pub queries: u32,
    /// Bytes received.
    pub bytes: u64,
    /// Of a span: up to here everything was had.
    pub whole_until: Option<Timestamp>,
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
            ..http::AgentOptions::default()
        })
        .map_err(setup)?;
        let line = Arc::new(Line::new(LineParts {
            agent,
            ca_file: settings.ca_file.clone(),
            proxy: http::reach::proxy_of(&settings.url, settings.proxy.as_deref(), is_loopback(&settings.url)),
            base: settings.url.clone(),
            org_id: settings.org_id,
            key,
            secret,
            request_timeout: settings.request_timeout,
            query_timeout: settings.query_timeout,
            recorder: options.record,
            pace: options.pace,
            deadline: options.deadline,
            stop: options.stop,
            now: options.now,
        }));
        Ok(Client {
            outstanding: Arc::new(Outstanding::default()),
            line,
            mark: None,
            events_files: AtomicU32::new(0),
            labels: OnceLock::new(),
        })
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
    pub fn health(&self, take: &mut Take<'_>) -> Result<Listed, PceError> {
        let fetched = self.line.fetch(&Ask::get(self.line.api_url("health"), Size::Small), health::LIMIT)?;
        self.handed("health.json.gz", &fetched, take, |error| tr!("has no readable health: {error}", error))
    }

    /// Asks how the traffic database is.
    pub fn database(&self, take: &mut Take<'_>) -> Result<Listed, PceError> {
        let url = self.line.org_url("traffic_flows/database_metrics");
        let fetched = self.line.fetch(&Ask::get(url, Size::Small), DATABASE_LIMIT).map_err(|error| match error.kind {
            ErrorKind::Forbidden => {
                error.hint("the key needs a global role, such as Global Viewer: one for some labels only does not do; check org_id, too")
            }
            _ => error,
        })?;
        self.handed("database.json.gz", &fetched, take, |error| format!("has no readable database metrics: {error}"))
    }

    /// Hands over an answer that came in one piece.
    fn handed(
        &self,
        name: &str,
        fetched: &ask::Fetched,
        take: &mut Take<'_>,
        explain: impl Fn(DecodeError) -> String,
    ) -> Result<Listed, PceError> {
        if let Some(recorder) = &self.line.recorder {
            recorder.keep(name, &fetched.raw);
        }
        take(name, &mut fetched.plain.as_slice()).map_err(|error| fetched.bad_answer(&explain(error)))?;
        Ok(Listed { queries: 1, bytes: fetched.raw.len() as u64, ..Listed::default() })
    }

    pub(super) fn next_events_file(&self) -> u32 {
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
