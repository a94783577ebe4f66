//! One question to the PCE and its answer: credentials, addresses, patience, and what counts as an answer.
//!
//! Credentials leave for the PCE's own origin only. Only GET and DELETE are asked again after a
//! failure that may have happened after the PCE acted; a POST only where it surely has not.

use super::ask::{Ask, Fetched, Method, Size, bad_answer};
use super::body::{bounded, plain_bytes};
use super::error::{ErrorKind, PceError, line as harmless, refusal};
use super::pace::{LIMITED_PATIENCE, Pace, STEP, UNREACHABLE_PATIENCE, limited_delays, retry_after, transient_delays, unreachable_delays};
use crate::domain::fault::Party;
use crate::domain::secret::Secret;
use crate::domain::spelling::{hide_all, remember};
use crate::files::recorder::Recorder;
use crate::http::{fault, names};
use crate::process::aloud;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, Response};
use ureq::{Body, Timeout};
use url::Url;

/// Error bodies larger than this are cut.
const ERROR_LIMIT: u64 = 64 << 10;
/// What names a private CA, for people.
pub fn ca_setting() -> String {
    tr!("ca_file in [pce]")
}

/// No skew measured yet.
const NO_SKEW: i64 = i64::MIN;

/// Why a try gave no answer.
enum Failure {
    /// A status other than 2xx.
    Refused { status: u16, wish: Option<Duration>, error: PceError },
    /// No connection or a lost one.
    Lost(PceError),
    /// Asking again would not help.
    Final(PceError),
}

/// The line to one PCE.
pub(super) struct Line {
    agent: ureq::Agent,
    ca_file: Option<PathBuf>,
    /// Host and port of the proxy on the way.
    proxy: Option<(String, u16)>,
    base: Url,
    org_id: u64,
    authorization: Secret,
    /// Never to be seen in a message, should the PCE echo them.
    hidden: Vec<Secret>,
    request_timeout: Duration,
    pub(super) query_timeout: Duration,
    pub(super) recorder: Option<Recorder>,
    pub(super) pace: Arc<dyn Pace>,
    deadline: Instant,
    stop: Arc<AtomicBool>,
    started: Instant,
    now: Timestamp,
    skew: AtomicI64,
}

/// How long a request may take.
#[derive(Debug, Clone, Copy)]
enum Limit {
    /// So long, to the last byte.
    Whole(Duration),
    /// So long until an answer begins; a small one ends by then, too.
    Share(Duration),
}

/// What a line is made of.
pub(super) struct LineParts {
    pub(super) agent: ureq::Agent,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) proxy: Option<(String, u16)>,
    pub(super) base: Url,
    pub(super) org_id: u64,
    pub(super) key: Secret,
    pub(super) secret: Secret,
    pub(super) request_timeout: Duration,
    pub(super) query_timeout: Duration,
    pub(super) recorder: Option<Recorder>,
    pub(super) pace: Arc<dyn Pace>,
    pub(super) deadline: Instant,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) now: Timestamp,
}

impl Line {
    pub(super) fn new(parts: LineParts) -> Line {
        use base64::Engine;
        let pair = format!("{}:{}", parts.key.expose(), parts.secret.expose());
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
        remember(&encoded);
        Line {
            authorization: Secret::new(format!("Basic {encoded}")),
            hidden: vec![parts.secret, Secret::new(encoded)],
            agent: parts.agent,
            ca_file: parts.ca_file,
            proxy: parts.proxy,
            base: parts.base,
            org_id: parts.org_id,
            request_timeout: parts.request_timeout,
            query_timeout: parts.query_timeout,
            recorder: parts.recorder,
            started: parts.pace.now(),
            pace: parts.pace,
            deadline: parts.deadline,
            stop: parts.stop,
            now: parts.now,
            skew: AtomicI64::new(NO_SKEW),
        }
    }

    /// The run's clock.
    pub(super) fn clock(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.pace.now().saturating_duration_since(self.started)).unwrap_or(SignedDuration::ZERO);
        self.now.saturating_add(elapsed).unwrap_or(self.now)
    }

    pub(super) fn clock_skew(&self) -> Option<SignedDuration> {
        match self.skew.load(Ordering::Relaxed) {
            NO_SKEW => None,
            seconds => Some(SignedDuration::from_secs(seconds)),
        }
    }

    /// `/api/v2/<path>`
    pub(super) fn api_url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("/api/v2/{path}"));
        url.set_query(None);
        url.set_fragment(None);
        url
    }

    /// `/api/v2/orgs/N/<path>`
    pub(super) fn org_url(&self, path: &str) -> Url {
        self.api_url(&format!("orgs/{}/{path}", self.org_id))
    }

    /// Where an href of the PCE leads: absolute, `/api/v2/...` or `/orgs/...`, at the PCE's own origin.
    pub(super) fn resolve(&self, href: &str) -> Result<Url, PceError> {
        let refuse = |why: &str| {
            PceError::new(ErrorKind::BadAnswer, tr!("the PCE points to {href} ({why})", href = harmless(href), why))
                .hint(tr!("credentials are only sent to url in [pce]; check it and any proxy that rewrites addresses"))
        };
        let origin = self.base.origin().ascii_serialization();
        let absolute = match href {
            _ if href.starts_with("/api/v2/") => format!("{origin}{href}"),
            _ if href.starts_with("/orgs/") => format!("{origin}/api/v2{href}"),
            _ => href.to_owned(),
        };
        let url = Url::parse(&absolute).map_err(|_| refuse(&tr!("no address this program understands")))?;
        if url.origin() != self.base.origin() || !url.username().is_empty() || url.password().is_some() {
            return Err(refuse(&tr!("another host")));
        }
        if !url.path().starts_with("/api/v2/") {
            return Err(refuse(&tr!("not a part of the API")));
        }
        Ok(url)
    }

    /// Whether the run may go on.
    pub(super) fn check(&self) -> Result<(), PceError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(PceError::new(ErrorKind::Interrupted, tr!("stopped by the user")));
        }
        if self.pace.now() >= self.deadline {
            return Err(PceError::new(ErrorKind::Timeout, tr!("the deadline of the run was reached while waiting for the PCE"))
                .hint(tr!("raise deadline in [run], or query less"))
                .by(Party::Program));
        }
        Ok(())
    }

    /// Time left until the deadline.
    pub(super) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(self.pace.now())
    }

    /// Lets time pass, but never longer than the run may go on.
    pub(super) fn wait(&self, span: Duration) -> Result<(), PceError> {
        let until = self.pace.now() + span;
        loop {
            self.check()?;
            let left = until.saturating_duration_since(self.pace.now());
            if left.is_zero() {
                return Ok(());
            }
            self.pace.sleep(left.min(STEP));
        }
    }

    /// Asks and reads the whole answer; `limit` bounds it compressed and decompressed.
    pub(super) fn fetch(&self, ask: &Ask<'_>, limit: u64) -> Result<Fetched, PceError> {
        self.persist(ask, |response| {
            let (parts, body) = response.into_parts();
            let mut reader = Watched { inner: body.into_reader(), line: self, stopped: None };
            let request_id = text_header(&parts.headers, "x-request-id").map(str::to_owned);
            let begun = self.pace.now();
            let read = bounded(&mut reader, limit);
            if let Ok(raw) = &read {
                log::debug!("{}: read {} bytes in {}", ask.name(), raw.len(), took(self.pace.now().saturating_duration_since(begun)));
            }
            if let Some(stopped) = reader.stopped.take() {
                return Err(Failure::Final(stopped));
            }
            let raw = read.map_err(|error| self.broken(ask, &error))?;
            let plain = plain_bytes(raw.as_slice(), limit).map_err(|error| {
                Failure::Final(bad_answer(&ask.name(), &tr!("cannot be decompressed ({error})", error), b"", request_id.as_deref()))
            })?;
            Ok(Fetched { asked: ask.name(), request_id, headers: parts.headers, raw, plain })
        })
    }

    /// Asks and hands over the body unread.
    pub(super) fn open(&self, ask: &Ask<'_>) -> Result<Response<Body>, PceError> {
        self.persist(ask, Ok)
    }

    fn persist<T>(&self, ask: &Ask<'_>, mut read: impl FnMut(Response<Body>) -> Result<T, Failure>) -> Result<T, PceError> {
        let mut transient = transient_delays();
        let mut limited = limited_delays();
        let mut unreachable = unreachable_delays();
        let (begun, mut tries) = (self.pace.now(), 1u32);
        // Others have a share of the deadline, too: what hangs or fails again and again leaves them their time.
        let share_ends = begun + self.remaining() / 2;
        let mut waited = Duration::ZERO;
        let mut second_chance = true;
        let repeatable = ask.method != Method::Post;
        loop {
            self.check()?;
            let failure = match self.once(ask, Limit::Share(share_ends.saturating_duration_since(self.pace.now()))).and_then(&mut read) {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let (delay, error) = match failure {
                Failure::Final(error) => return Err(error),
                Failure::Refused { status: 429, wish, error } => {
                    // 429 means that the request was not processed: a POST may go again too.
                    let delay = wish.or_else(|| limited.next()).filter(|delay| waited + *delay <= LIMITED_PATIENCE);
                    waited += delay.unwrap_or_default();
                    (delay, error)
                }
                Failure::Refused { status: 401, error, .. } if second_chance => {
                    second_chance = false;
                    (Some(Duration::from_secs(1)), error)
                }
                Failure::Refused { status: 500 | 502 | 503 | 504, wish, error } if repeatable => {
                    (transient.next().map(|delay| wish.map_or(delay, |wish| delay.max(wish))), error)
                }
                Failure::Refused { error, .. } => return Err(error),
                Failure::Lost(error) if error.kind == ErrorKind::Unreachable => {
                    let soon = self.pace.now().saturating_duration_since(begun) < UNREACHABLE_PATIENCE;
                    (unreachable.next().filter(|_| soon), error)
                }
                Failure::Lost(error) => (if repeatable { transient.next() } else { None }, error),
            };
            match delay {
                Some(delay) if self.pace.now() + delay < share_ends => {
                    tries += 1;
                    self.announce(&error, tries, delay);
                    self.wait(delay)?;
                }
                _ if tries > 1 && error.kind == ErrorKind::Unreachable => {
                    let message = tr!("{message} ({tries} tries)", message = error.message, tries);
                    return Err(PceError { message, ..error });
                }
                _ => return Err(error),
            }
        }
    }

    /// Says at once what failed and that it is tried again.
    fn announce(&self, error: &PceError, next: u32, delay: Duration) {
        let seconds = format!("{:.0}", delay.as_secs_f64().ceil());
        let text = match error.kind {
            ErrorKind::Unreachable => {
                tr!("{error}; try {next} of {most} in {seconds} s", error = error.message, next, most = 3, seconds)
            }
            _ => tr!("{error}; try {next} in {seconds} s", error = error.message, next, seconds),
        };
        log::info!("{text}");
        aloud::say(&text);
    }

    /// The host of the PCE's URL.
    pub(super) fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// One DELETE that heeds neither stop nor deadline. Gone already is as good.
    pub(super) fn delete_now(&self, url: Url, limit: Duration) -> Result<(), PceError> {
        let delete = || self.once(&Ask::delete(url.clone()), Limit::Whole(limit));
        // A kept connection may have died unnoticed; the second try takes another one.
        let result = match delete() {
            Err(Failure::Lost(error)) if error.kind == ErrorKind::Network => delete(),
            result => result,
        };
        match result {
            Ok(_) | Err(Failure::Refused { status: 404, .. }) => Ok(()),
            Err(Failure::Refused { error, .. } | Failure::Lost(error) | Failure::Final(error)) => Err(error),
        }
    }

    /// One GET of a small JSON answer that heeds neither stop nor deadline.
    pub(super) fn get_now(&self, url: Url, size_limit: u64, limit: Duration) -> Result<Value, PceError> {
        let ask = Ask::get(url, Size::Small);
        let response = self.once(&ask, Limit::Whole(limit)).map_err(|failure| match failure {
            Failure::Refused { error, .. } | Failure::Lost(error) | Failure::Final(error) => error,
        })?;
        let bytes = plain_bytes(response.into_body().into_reader(), size_limit).unwrap_or_default();
        serde_json::from_slice(&bytes).map_err(|_| bad_answer(&ask.name(), &tr!("cannot be read"), &bytes, None))
    }

    fn once(&self, ask: &Ask<'_>, limit: Limit) -> Result<Response<Body>, Failure> {
        debug_assert_eq!(ask.url.origin(), self.base.origin());
        let (first, total) = match limit {
            Limit::Whole(limit) => (limit, limit),
            Limit::Share(share) => match ask.size {
                Size::Small => (self.request_timeout.min(share), self.request_timeout.min(share)),
                Size::Large => (share, self.remaining()),
            },
        };
        let before = self.clock();
        let url = ask.url.as_str();
        let agent = &self.agent;
        let begun = self.pace.now();
        if let Some(body) = ask.body {
            log::debug!("{}: query {}", ask.name(), harmless(&self.hide(body)));
        }
        let result = match ask.method {
            Method::Get if ask.as_job => self.dress(agent.get(url), (first, total)).header("Prefer", "respond-async").call(),
            Method::Get => self.dress(agent.get(url), (first, total)).call(),
            Method::Delete => self.dress(agent.delete(url), (first, total)).call(),
            Method::Post => {
                // A kept connection may have died unnoticed; a POST shall not find that out.
                let request = self.dress(agent.post(url), (first, total)).header("Content-Type", "application/json");
                request.config().max_idle_age(Duration::ZERO).build().send(ask.body.unwrap_or("{}"))
            }
        };
        let response = result.map_err(|error| self.lost(ask, &error))?;
        let after = self.clock();
        self.measure_skew(response.headers(), before, after);
        let status = response.status().as_u16();
        let request_id = text_header(response.headers(), "x-request-id").map(str::to_owned);
        log::debug!(
            "{}{}: {status} after {}, {}, request id {}",
            ask.name(),
            ask.url.query().map_or_else(String::new, |query| format!("?{}", harmless(query))),
            took(self.pace.now().saturating_duration_since(begun)),
            text_header(response.headers(), "content-length")
                .map_or_else(|| "length unknown".to_owned(), |length| format!("{} bytes", harmless(length))),
            harmless(request_id.as_deref().unwrap_or("-"))
        );
        if (200..300).contains(&status) {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let date = text_header(&parts.headers, "date").and_then(http_date).unwrap_or(after);
        let wish = retry_after(text_header(&parts.headers, "retry-after"), date);
        let raw = cut(body.into_reader(), ERROR_LIMIT);
        let plain = plain_bytes(raw.as_slice(), ERROR_LIMIT).unwrap_or(raw);
        let mut error = refusal(&ask.name(), status, &plain, text_header(&parts.headers, "location"), request_id.as_deref());
        error.message = self.hide(&error.message);
        Err(Failure::Refused { status, wish, error })
    }

    /// `limits`: how long until an answer begins, and until it ends.
    fn dress<B>(&self, request: ureq::RequestBuilder<B>, limits: (Duration, Duration)) -> ureq::RequestBuilder<B> {
        let (first, total) = limits;
        request
            .header("Authorization", self.authorization.expose())
            .header("Accept", "application/json")
            .header("Accept-Encoding", "gzip")
            .config()
            .timeout_global(Some(total.max(Duration::from_millis(1))))
            .timeout_recv_response(Some(first.max(Duration::from_millis(1))))
            .build()
    }

    /// A lost connection while the answer was being read.
    fn broken(&self, ask: &Ask<'_>, error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::FileTooLarge {
            return Failure::Final(bad_answer(&ask.name(), &tr!("is {error}", error), b"", None));
        }
        Failure::Lost(PceError::new(
            ErrorKind::Network,
            tr!("{name}: the answer is incomplete ({error})", name = ask.name(), error = harmless(&error.to_string())),
        ))
    }

    fn lost(&self, ask: &Ask<'_>, error: &ureq::Error) -> Failure {
        let host = harmless(&self.base.origin().ascii_serialization());
        let failed = |kind, why: String| PceError::new(kind, format!("{}: {why}", ask.name()));
        // Whoever is behind a proxy resolves its name and connects to it alone.
        let (nearest, whole_way, party, advice) = match &self.proxy {
            Some((name, port)) => (
                tr!("the proxy {name}:{port}", name = harmless(name), port),
                tr!("{host} through the proxy {name}:{port}", host, name = harmless(name), port),
                Party::Proxy,
                tr!("check proxy in [pce], or HTTPS_PROXY if it is not set there"),
            ),
            None => {
                (host.clone(), host.clone(), Party::Network, tr!("check url and proxy in [pce], name resolution, routes and firewalls"))
            }
        };
        let unreachable = |why: String| failed(ErrorKind::Unreachable, why).by(party).hint(advice.as_str());
        Failure::Lost(match error {
            ureq::Error::ConnectProxyFailed(why) => {
                unreachable(tr!("{proxy} made no connection to {host} ({why})", proxy = nearest, host, why = harmless(&self.hide(why))))
            }
            ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                unreachable(tr!("no connection to {host} in time", host = whole_way))
            }
            ureq::Error::Timeout(_) => failed(ErrorKind::Network, tr!("{host} did not answer in time", host))
                .hint(tr!("raise request_timeout in [pce] if the PCE is slow")),
            ureq::Error::HostNotFound => unreachable(tr!("the name {name} cannot be resolved", name = harmless(self.host()))),
            ureq::Error::ConnectionFailed => unreachable(tr!("no connection to {host}", host = whole_way)),
            ureq::Error::Io(io) if io.kind() == io::ErrorKind::ConnectionRefused => {
                unreachable(tr!("{host} refuses connections", host = nearest))
            }
            other => {
                if let Some(name) = names::unknown(other) {
                    return Failure::Lost(unreachable(tr!("the name {name} cannot be resolved", name = harmless(name))));
                }
                let text = harmless(&self.hide(&other.to_string()));
                if let Some(refused) = self.refused(other) {
                    let why = tr!("no trusted connection to {host}: its certificate was refused, {why}", host, why = refused.why);
                    return Failure::Final(failed(ErrorKind::Unreachable, why).by(Party::Target).hint(refused.advice));
                }
                if matches!(other, ureq::Error::Tls(_)) || fault::of_http(other).is_some() {
                    let why = tr!("no encrypted connection to {host} ({text})", host, text);
                    let hint = tr!("check url in [pce]: this port may not use TLS");
                    return Failure::Final(failed(ErrorKind::Unreachable, why).by(Party::Target).hint(hint));
                }
                failed(ErrorKind::Network, tr!("the connection to {host} was lost ({text})", host = whole_way, text))
            }
        })
    }

    fn refused(&self, error: &ureq::Error) -> Option<fault::Refused> {
        let host = self.base.host_str().unwrap_or_default();
        let setting = &ca_setting();
        let place = fault::Place { host, setting, ca_file: self.ca_file.as_deref() };
        fault::of_http(error).and_then(|error| fault::refused(error, place))
    }

    fn hide(&self, text: &str) -> String {
        let secrets = self.hidden.iter().map(|secret| secret.expose().to_owned()).filter(|secret| secret.len() >= 4);
        hide_all(text, &secrets.collect::<Vec<_>>())
    }

    fn measure_skew(&self, headers: &HeaderMap, before: Timestamp, after: Timestamp) {
        let Some(date) = text_header(headers, "date").and_then(http_date) else { return };
        let middle = before + after.duration_since(before) / 2;
        // A `Date` has lost its fraction, so equal clocks differ by up to a second less than nothing: rounding up sets that right.
        let millis = date.duration_since(middle).as_millis();
        let seconds = -(-millis).div_euclid(1_000);
        self.skew.store(i64::try_from(seconds).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

/// A duration for the log.
pub(super) fn took(span: Duration) -> String {
    match span.as_millis() {
        millis if millis < 1_000 => format!("{millis} ms"),
        _ => format!("{:.1} s", span.as_secs_f64()),
    }
}

/// A body that is read only as long as the run may go on.
pub(super) struct Watched<'a, R> {
    pub(super) inner: R,
    pub(super) line: &'a Line,
    pub(super) stopped: Option<PceError>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Err(error) = self.line.check() {
            self.stopped = Some(error);
            // Not `Interrupted`, which readers take as a wish to be asked again.
            return Err(io::Error::other(tr!("the run has to end")));
        }
        self.inner.read(buffer)
    }
}

pub(super) fn text_header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// As much of a body as comes, up to `limit`.
fn cut(body: impl Read, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What came before a failure is still worth showing.
    let _ = body.take(limit).read_to_end(&mut bytes);
    bytes
}
