//! One endpoint of Proxmox, asked with a token. It reads only.

use super::line::{Line, words};
use super::settings::{Product, ProxmoxSettings};
use crate::domain::foreign::Foreign;
use crate::domain::secret::Secret;
use crate::domain::spelling::hide;
use crate::domain::text::visible;
use crate::http::{self, fault};
use crate::process::patience;
use crate::settings::fetch_secret_with;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::io::{ErrorKind, Read};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use url::Url;

/// Bytes of one answer, as it came and when it is unpacked.
const BODY: u64 = 64 << 20;
/// Connections to one endpoint that may be kept open.
const KEPT: usize = 3;
/// Requests at the same time to one endpoint: it has three workers.
const AT_ONCE: usize = 3;
/// Characters of a refusal that are shown.
const EXCERPT: usize = 200;

/// A token as it is sent.
pub(super) struct Token {
    header: Secret,
    secret: String,
    /// USER@REALM!NAME, for advice.
    pub name: String,
}

impl Token {
    /// Fetches it. One that Proxmox would read in another way than it is written is refused, without showing it.
    pub fn fetch(settings: &ProxmoxSettings) -> Result<Token, String> {
        // The name before it is told in advice, and is what Proxmox calls whoever stops a guest with it.
        let product = settings.product;
        let text = fetch_secret_with(&settings.token, |text| Some(parts(text.trim(), product)?.1))?;
        let (name, secret) = parts(text.expose().trim(), product).ok_or_else(|| match product {
            Product::Ve => {
                tr!("the token is not of the form user@realm!name=secret, or holds characters that Proxmox would read in another way")
            }
            Product::BackupServer => {
                tr!("the token is not of the form user@realm!name:secret, or holds characters that Proxmox would read in another way")
            }
        })?;
        let (scheme, between) = product.login();
        Ok(Token { header: Secret::new(format!("{scheme}={name}{between}{secret}")), secret: secret.to_owned(), name: visible(name) })
    }
}

/// Name and secret. Proxmox ends the value at a semicolon and undoes percent signs.
fn parts(text: &str, product: Product) -> Option<(&str, &str)> {
    let clean = text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, ';' | '%' | ',' | '"' | '\'' | '\\'));
    let (name, secret) = text.split_once(product.login().1)?;
    let (user, id) = name.split_once('!')?;
    let (user, realm) = user.rsplit_once('@')?;
    let whole = [user, realm, id, secret].iter().all(|part| !part.is_empty());
    (clean && whole && !secret.contains(['=', ':']) && !id.contains(['!', '@'])).then_some((name, secret))
}

/// Whether the other side closed the connection instead of answering.
fn is_closed(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Io(error)
        if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe))
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nobody there, or nobody who speaks as Proxmox does: another endpoint may know better.
    Lost(String),
    /// Its certificate is not to be trusted.
    Distrusted(String),
    /// Its node belongs to a cluster and does not see it.
    Alone(String),
    /// There was no time.
    NoTime,
}

impl Trouble {
    pub fn words(&self) -> String {
        match self {
            Trouble::Lost(why) | Trouble::Distrusted(why) | Trouble::Alone(why) => why.clone(),
            Trouble::NoTime => tr!("there was no time left for it: give the target a longer `timeout`, or the run a longer deadline"),
        }
    }
}

/// The time of the run, which goes on while it asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    now: Timestamp,
    began: Instant,
}

impl Clock {
    pub fn of(now: Timestamp) -> Clock {
        Clock { now, began: Instant::now() }
    }

    fn at(self) -> Option<Timestamp> {
        let now = self.now.checked_add(self.began.elapsed()).unwrap_or(self.now);
        Timestamp::from_second(now.as_second()).ok()
    }
}

/// One endpoint.
pub(super) struct Endpoint<'s> {
    pub url: &'s Url,
    /// For people.
    pub shown: String,
    agent: ureq::Agent,
    settings: &'s ProxmoxSettings,
    clock: Clock,
    /// By how many seconds its clock is ahead, as its last answer says.
    skew: Mutex<Option<f64>>,
}

/// The data of every answer.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    message: Option<Json>,
}

impl<'s> Endpoint<'s> {
    pub fn of(settings: &'s ProxmoxSettings, url: &'s Url, clock: Clock) -> Result<Endpoint<'s>, String> {
        let options = http::AgentOptions {
            ca_file: settings.ca_file.as_deref(),
            insecure: settings.insecure,
            pins: &settings.pins,
            server_name: settings.server_name.as_deref(),
            direct: true,
            timeout: settings.request_timeout,
            ..http::AgentOptions::default()
        };
        let port = url.port_or_known_default().unwrap_or(settings.product.port());
        let shown = visible(&format!("{}:{port}", url.host_str().unwrap_or_default()));
        Ok(Endpoint { url, shown, agent: http::agent(&options)?, settings, clock, skew: Mutex::default() })
    }

    /// Longest time of a usual request.
    pub fn limit(&self) -> Duration {
        self.settings.request_timeout
    }

    /// By how many seconds its clock is ahead of the run's, if it told the time.
    pub fn skew(&self) -> Option<f64> {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks; the answer as a line, whatever its status.
    pub fn get(&self, token: &Token, path: &str, limit: Duration, until: Instant) -> Result<Line, Trouble> {
        let left = until.saturating_duration_since(Instant::now());
        let left = patience::left().map_or(left, |whole| whole.min(left));
        if left < Duration::from_millis(5) {
            return Err(Trouble::NoTime);
        }
        let short = left < limit;
        let url = format!("{}api2/json{path}", self.url);
        let send = || {
            let request = self.agent.get(&url).header("Authorization", token.header.expose()).header("Accept-Encoding", "gzip");
            request.config().timeout_global(Some(limit.min(left))).build().call()
        };
        let mut sent = send();
        // Connections that were kept are closed after an error, after 5 s and after 100 requests: each of them may be.
        for _ in 0..KEPT {
            if !sent.as_ref().is_err_and(is_closed) {
                break;
            }
            sent = send();
        }
        let response = sent.map_err(|error| self.trouble(&error, short))?;
        let status = response.status().as_u16();
        let date = response.headers().get("date").and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
        if let Some((date, now)) = date.zip(self.clock.at()) {
            *self.skew.lock().unwrap_or_else(PoisonError::into_inner) = Some(date.duration_since(now).as_secs_f64());
        }
        let mut bytes = Vec::new();
        let read = response.into_body().into_reader().take(BODY).read_to_end(&mut bytes);
        read.map_err(|error| {
            Trouble::Lost(tr!("{peer} breaks off within its answer: {error}", peer = self.shown, error = words(&error.to_string())))
        })?;
        let mut body = Vec::new();
        let unpacked = crate::pce::inflate(bytes.as_slice()).and_then(|reader| reader.take(BODY).read_to_end(&mut body));
        unpacked.map_err(|error| Trouble::Lost(tr!("{peer}: {error}", peer = self.shown, error = words(&error.to_string()))))?;
        self.line(token, path, status, &body)
    }

    fn line(&self, token: &Token, path: &str, status: u16, body: &[u8]) -> Result<Line, Trouble> {
        let text = String::from_utf8_lossy(body);
        // Whatever comes back is kept and shown: the secret must not be in it.
        let text = if text.contains(token.secret.as_str()) { hide(&text) } else { text.into_owned() };
        let mut line = Line { call: path.to_owned(), at: self.clock.at(), status, ..Line::default() };
        match serde_json::from_str::<Envelope<'_>>(&text) {
            Ok(envelope) => {
                line.data = envelope.data.filter(|data| data.get() != "null").map(RawValue::to_owned);
                line.error = envelope.message.as_ref().and_then(Json::as_str).map_or_else(String::new, words);
            }
            Err(_) if status == 200 => {
                let said = Foreign::new(text).words(&[], EXCERPT);
                return Err(Trouble::Lost(tr!("{peer} does not answer as Proxmox does: '{said}'", peer = self.shown, said)));
            }
            // Refusals are of any form, or of none.
            Err(_) => line.error = Foreign::new(text).words(&[], EXCERPT),
        }
        if status != 200 {
            line.data = None;
            line.error = if line.error.is_empty() { String::new() } else { format!("{} ({status}): {}", line.call, line.error) };
        }
        Ok(line)
    }

    fn trouble(&self, error: &ureq::Error, short: bool) -> Trouble {
        let peer = &self.shown;
        let host = self.settings.server_name.as_deref().or(self.url.host_str()).unwrap_or_default();
        let setting = tr!("ca_file of target {name}", name = self.settings.name);
        let place = fault::Place { host, setting: &setting, ca_file: self.settings.ca_file.as_deref() };
        if let Some(why) = fault::sentence(fault::of_http(error), peer, place) {
            return Trouble::Distrusted(why);
        }
        match error {
            ureq::Error::Timeout(_) if short => Trouble::NoTime,
            ureq::Error::Timeout(_) => {
                let seconds = self.settings.request_timeout.as_secs_f64();
                Trouble::Lost(tr!("{peer} does not answer within {seconds} s", peer, seconds))
            }
            error if is_closed(error) => Trouble::Lost(match self.settings.product {
                Product::Ve => {
                    tr!("{peer} closes the connection at once: look at ALLOW_FROM and DENY_FROM in /etc/default/pveproxy there", peer)
                }
                Product::BackupServer => tr!("{peer} closes the connection at once", peer),
            }),
            ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
                let service = self.settings.product.service();
                Trouble::Lost(tr!("{peer} refuses the connection: {service} does not run there, or a firewall says no", peer, service))
            }
            other => Trouble::Lost(tr!("{peer}: {why}", peer, why = words(&other.to_string()))),
        }
    }
}

/// Asks for one thing; what went wrong is a line as well.
pub(super) fn ask_one(endpoint: &Endpoint<'_>, token: &Token, (path, limit): (&str, Duration), until: Instant) -> Line {
    endpoint.get(token, path, limit, until).unwrap_or_else(|trouble| Line {
        call: path.to_owned(),
        error: format!("{path}: {}", trouble.words()),
        ..Line::default()
    })
}

/// Does each job, up to three at the same time; what they give in their order.
pub(super) fn each<J: Sync, T: Send>(jobs: &[J], work: &(dyn Fn(&J) -> T + Sync)) -> Vec<T> {
    let (next, done) = (Mutex::new(0usize), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let number = {
                let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
                *next += 1;
                *next - 1
            };
            let Some(job) = jobs.get(number) else { return };
            let given = work(job);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((number, given));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..AT_ONCE.min(jobs.len()) {
            if std::thread::Builder::new().name("proxmox".to_owned()).spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, given)| given).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_that_would_be_torn_are_refused() {
        assert_eq!(parts("pcemon@pve!cron=12345678-aaaa", Product::Ve), Some(("pcemon@pve!cron", "12345678-aaaa")));
        assert_eq!(parts("a@b@ldap!t=s", Product::Ve), Some(("a@b@ldap!t", "s")));
        assert_eq!(parts("a@pbs!t:s", Product::BackupServer), Some(("a@pbs!t", "s")));
        assert_eq!(parts("a@pbs!t=s", Product::BackupServer), None);
        for torn in [
            "",
            "secret",
            "a@pve!t",
            "a@pve!t=",
            "a@pve=s",
            "a!t=s",
            "a@pve!t=s;x",
            "a@pve!t=%41",
            "a@pve!t=a=b",
            "a@pve!t=a:b",
            "a@pve!t=a\nb",
            "a@pve!t=a b",
            "a@pve!t=é",
        ] {
            assert_eq!(parts(torn, Product::Ve), None, "{torn}");
        }
    }
}
