//! One question to the PCE and its answer: credentials, addresses, patience, and what counts as an answer.
//!
//! Credentials leave for the PCE's own origin only. Only GET and DELETE are asked again after a
//! failure that may have happened after the PCE acted; a POST only where it surely has not.

use super::ask::{Ask, Fetched, Method, Size, bad_answer};
use super::body::{Recorder, bounded, plain_bytes};
use super::error::{ErrorKind, PceError, line as harmless, refusal};
use super::pace::{LIMITED_PATIENCE, Pace, STEP, limited_delays, retry_after, transient_delays};
use crate::domain::secret::Secret;
use crate::domain::spelling::remember;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, Response};
use ureq::{Body, Timeout};
use url::Url;

/// Error bodies larger than this are cut.
const ERROR_LIMIT: u64 = 64 << 10;
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

/// What a line is made of.
pub(super) struct LineParts {
    pub(super) agent: ureq::Agent,
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
            return Err(PceError::new(ErrorKind::Timeout, tr!("the deadline of the run came while waiting for the PCE"))
                .hint(tr!("raise deadline in [run] or ask for less")));
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
            let read = bounded(&mut reader, limit);
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
        let mut waited = Duration::ZERO;
        let mut second_chance = true;
        let repeatable = ask.method != Method::Post;
        loop {
            self.check()?;
            let failure = match self.once(ask, None).and_then(&mut read) {
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
                Failure::Lost(error) => {
                    let safe = repeatable || error.kind == ErrorKind::Unreachable;
                    (if safe { transient.next() } else { None }, error)
                }
            };
            match delay {
                Some(delay) if delay < self.remaining() => {
                    log::info!("{error}; next try in {:.1} s", delay.as_secs_f64());
                    self.wait(delay)?;
                }
                _ => return Err(error),
            }
        }
    }

    /// One DELETE that heeds neither stop nor deadline. Gone already is as good.
    pub(super) fn delete_now(&self, url: Url, limit: Duration) -> Result<(), PceError> {
        let delete = || self.once(&Ask::delete(url.clone()), Some(limit));
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
        let response = self.once(&ask, Some(limit)).map_err(|failure| match failure {
            Failure::Refused { error, .. } | Failure::Lost(error) | Failure::Final(error) => error,
        })?;
        let bytes = plain_bytes(response.into_body().into_reader(), size_limit).unwrap_or_default();
        serde_json::from_slice(&bytes).map_err(|_| bad_answer(&ask.name(), &tr!("cannot be read"), &bytes, None))
    }

    fn once(&self, ask: &Ask<'_>, limit: Option<Duration>) -> Result<Response<Body>, Failure> {
        debug_assert_eq!(ask.url.origin(), self.base.origin());
        let total = limit.unwrap_or_else(|| match ask.size {
            Size::Small => self.request_timeout.min(self.remaining()),
            Size::Large => self.remaining(),
        });
        let before = self.clock();
        let url = ask.url.as_str();
        let agent = &self.agent;
        let result = match ask.method {
            Method::Get if ask.as_job => self.dress(agent.get(url), total).header("Prefer", "respond-async").call(),
            Method::Get => self.dress(agent.get(url), total).call(),
            Method::Delete => self.dress(agent.delete(url), total).call(),
            Method::Post => {
                // A kept connection may have died unnoticed; a POST shall not find that out.
                let request = self.dress(agent.post(url), total).header("Content-Type", "application/json");
                request.config().max_idle_age(Duration::ZERO).build().send(ask.body.unwrap_or("{}"))
            }
        };
        let response = result.map_err(|error| self.lost(ask, &error))?;
        let after = self.clock();
        self.measure_skew(response.headers(), before, after);
        let status = response.status().as_u16();
        let request_id = text_header(response.headers(), "x-request-id").map(str::to_owned);
        log::debug!("{}: {status}, request id {}", ask.name(), harmless(request_id.as_deref().unwrap_or("-")));
        if (200..300).contains(&status) {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let date = text_header(&parts.headers, "date").and_then(http_date).unwrap_or(after);
        let wish = retry_after(text_header(&parts.headers, "retry-after"), date);
        let raw = cut(body.into_reader(), ERROR_LIMIT);
        let plain = plain_bytes(raw.as_slice(), ERROR_LIMIT).unwrap_or(raw);
        let mut error = refusal(&ask.name(), status, &plain, text_header(&parts.headers, "location"), request_id.as_deref());
        error.message = self.hide(error.message);
        Err(Failure::Refused { status, wish, error })
    }

    fn dress<B>(&self, request: ureq::RequestBuilder<B>, total: Duration) -> ureq::RequestBuilder<B> {
        request
            .header("Authorization", self.authorization.expose())
            .header("Accept", "application/json")
            .header("Accept-Encoding", "gzip")
            .config()
            .timeout_global(Some(total.max(Duration::from_millis(1))))
            .build()
    }

    /// A lost connection while the answer was being read.
    fn broken(&self, ask: &Ask<'_>, error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::FileTooLarge {
            return Failure::Final(bad_answer(&ask.name(), &tr!("is {error}", error), b"", None));
        }
        Failure::Lost(PceError::new(
            ErrorKind::Network,
            tr!("{name}: the answer broke off ({error})", name = ask.name(), error = harmless(&error.to_string())),
        ))
    }

    fn lost(&self, ask: &Ask<'_>, error: &ureq::Error) -> Failure {
        let host = harmless(&self.base.origin().ascii_serialization());
        let failed = |kind, why: String| PceError::new(kind, format!("{}: {why}", ask.name()));
        let unreachable = |why: String| {
            failed(ErrorKind::Unreachable, why).hint(tr!("check url and proxy in [pce], name resolution, routes and firewalls"))
        };
        Failure::Lost(match error {
            ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => unreachable(tr!("no connection to {host} in time", host)),
            ureq::Error::Timeout(_) => failed(ErrorKind::Network, tr!("{host} did not answer in time", host))
                .hint(tr!("raise request_timeout in [pce] if the PCE is slow")),
            ureq::Error::HostNotFound => unreachable(tr!("the name of {host} cannot be resolved", host)),
            ureq::Error::ConnectionFailed | ureq::Error::ConnectProxyFailed(_) => unreachable(tr!("no connection to {host}", host)),
            ureq::Error::Io(io) if io.kind() == io::ErrorKind::ConnectionRefused => unreachable(tr!("{host} refuses connections", host)),
            other => {
                let text = harmless(&self.hide(other.to_string()));
                if matches!(other, ureq::Error::Rustls(_) | ureq::Error::Tls(_)) || text.contains("certificate") {
                    return Failure::Final(
                        failed(ErrorKind::Unreachable, tr!("no trusted connection to {host} ({text})", host, text))
                            .hint(tr!("if the PCE's certificate comes from a private CA, name it with ca_file in [pce]")),
                    );
                }
                failed(ErrorKind::Network, tr!("the connection to {host} was lost ({text})", host, text))
            }
        })
    }

    fn hide(&self, text: String) -> String {
        self.hidden.iter().filter(|secret| secret.expose().len() >= 4).fold(text, |text, secret| text.replace(secret.expose(), "[hidden]"))
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
