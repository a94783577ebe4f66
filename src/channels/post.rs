//! One HTTP POST and what its answer means; shared by every channel that speaks HTTP.
//!
//! It follows no redirect, reads a bounded answer, holds one limit for the whole exchange and never
//! lets a part of the URL other than `scheme://host` out. It knows no service's own meaning of a status.

use super::Outcome;
pub use super::trust::Trust;
use crate::domain::foreign::Foreign;
use crate::domain::secret::Secret;
use crate::http::{AgentOptions, agent, fault, names, reach};
use base64::Engine;
use jiff::Timestamp;
use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::http::{HeaderName, HeaderValue};
use url::Url;

/// A service that asks for a longer pause is asked again after this.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// Bytes of an answer that are looked at: services repeat the message, each letter as up to twelve bytes.
const ANSWER_BYTES: u64 = 256 * 1024;
/// Characters of an answer that are shown.
const EXCERPT: usize = 200;

/// A URL to post to. Everything but scheme, host and port is taken for secret.
#[derive(Clone)]
pub struct Endpoint {
    url: Url,
    put: bool,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Endpoint {
    /// Reads a URL. The error does not repeat it.
    pub fn parse(text: &str) -> Result<Endpoint, String> {
        let url = Url::parse(text.trim()).map_err(|_| tr!("this is not a URL; write for example https://hooks.example.com/alerts"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(tr!("the URL must start with https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(tr!("the URL must not contain a user and a password; send them in an Authorization header"));
        }
        Ok(Endpoint { url, put: false })
    }

    /// The URL itself, for deriving another one from it.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The same with more path elements at its end.
    pub fn join(&self, segments: &[&str]) -> Endpoint {
        let mut url = self.url.clone();
        // Only a URL that cannot be a base has no path, and those are not HTTP.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        Endpoint { url, put: self.put }
    }

    /// The same with one more parameter in its query.
    pub fn with_query(&self, name: &str, value: &str) -> Endpoint {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair(name, value);
        Endpoint { url, put: self.put }
    }

    /// The same for `PUT` in place of `POST`.
    #[must_use]
    pub fn putting(mut self) -> Endpoint {
        self.put = true;
        self
    }

    /// `POST` or `PUT`.
    pub fn method(&self) -> &'static str {
        if self.put { "PUT" } else { "POST" }
    }

    /// Scheme, host and port: what may be shown.
    pub fn origin(&self) -> String {
        let host = self.url.host_str().unwrap_or("");
        match self.url.port() {
            Some(port) => format!("{}://{host}:{port}", self.url.scheme()),
            None => format!("{}://{host}", self.url.scheme()),
        }
    }

    /// The URL with its secret part hidden.
    pub fn shown(&self) -> String {
        let bare = self.url.path() == "/" && self.url.query().is_none();
        format!("{}/{}", self.origin(), if bare { "" } else { "[hidden]" })
    }

    /// Whether what is sent can be read on the way: plain HTTP to another machine.
    pub fn is_exposed(&self) -> bool {
        self.url.scheme() == "http" && !is_loopback(self.url.host_str().unwrap_or(""))
    }

    /// Parts that a service might repeat in its answer.
    fn secrets(&self) -> Vec<String> {
        let mut parts = vec![self.url.to_string(), self.url.path().to_owned()];
        parts.extend(self.url.query().map(str::to_owned));
        parts.extend(self.url.path_segments().into_iter().flatten().map(str::to_owned));
        parts.extend(self.url.query_pairs().map(|(_, value)| value.into_owned()));
        // Shorter parts are words such as `api` or `v1`, and hiding them would garble the message.
        parts.retain(|part| part.chars().count() >= 8);
        parts
    }
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Who posts: an agent and the endpoint it posts to.
pub struct Poster {
    agent: ureq::Agent,
    ca_file: Option<PathBuf>,
    endpoint: Endpoint,
    timeout: Duration,
    secrets: Vec<String>,
    took: Took,
}

/// Whether an answer with a 2xx status says, in the service's own way, that it took the message. Proxies, portals
/// and login pages answer 200, too.
pub type Took = fn(&Answer) -> bool;

/// For a receiver whose words nobody knows: a 2xx status is its yes, unless it says no in JSON.
pub fn took_unless_denied(answer: &Answer) -> bool {
    let said = answer.json();
    let is = |key: &str, no: &[Value]| no.contains(&said[key]);
    !is("ok", &[false.into()]) && !is("success", &[false.into()]) && !is("status", &["error".into(), "fail".into(), "failed".into()])
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Beginning of the body as it came.
    pub body: Foreign,
    /// How long the service wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl Answer {
    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(self.body.for_reading()).unwrap_or_default()
    }

    /// Whether the body is a page for people. No service answers a message with one, whatever the status says.
    pub fn is_page(&self) -> bool {
        let start: String =
            self.body.for_reading().trim_start_matches('\u{feff}').trim_start().chars().take(4096).collect::<String>().to_ascii_lowercase();
        // Comments and the XML declaration may stand before the page itself.
        let begins = ["<!doctype html", "<html", "<head", "<body", "<title", "<script", "<meta", "<form", "<style", "<frameset", "<iframe"];
        let first = ["<!--", "<?xml"].iter().any(|prefix| start.starts_with(prefix));
        begins.iter().any(|tag| start.starts_with(tag) || (first && start.contains(tag)))
    }
}

impl Poster {
    /// Makes ready to post. `secrets` are taken out of everything that is reported; `took` knows the service's yes.
    pub fn new(endpoint: Endpoint, trust: &Trust, timeout: Duration, secrets: &[&Secret], took: Took) -> Result<Poster, String> {
        let (ca_file, client) = (trust.ca_file(), trust.client());
        let agent = agent(&AgentOptions {
            ca_file,
            client,
            target: Some(&endpoint.url),
            timeout,
            total: Some(timeout),
            ..AgentOptions::default()
        })?;
        let mut hidden: Vec<String> = secrets.iter().map(|secret| secret.expose().to_owned()).collect();
        hidden.extend(endpoint.secrets());
        Ok(Poster { agent, ca_file: ca_file.map(Path::to_owned), endpoint, timeout, secrets: hidden, took })
    }

    /// Where it posts.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// One exchange, over within the shorter of both limits. An error of the way there is worth another try.
    pub fn post(&self, headers: &[(HeaderName, HeaderValue)], body: &str, now: Timestamp, limit: Duration) -> Result<Answer, Outcome> {
        self.post_to(&self.endpoint, headers, body, now, limit)
    }

    /// One exchange with another path of the same service.
    pub fn post_to(
        &self,
        endpoint: &Endpoint,
        headers: &[(HeaderName, HeaderValue)],
        body: &str,
        now: Timestamp,
        limit: Duration,
    ) -> Result<Answer, Outcome> {
        let limit = limit.min(self.timeout);
        if limit.is_zero() {
            return Err(Outcome::Retry {
                error: tr!("no time was left to reach {endpoint}", endpoint = self.endpoint.origin()),
                after: None,
            });
        }
        let url = endpoint.url.as_str();
        let request = if endpoint.put { self.agent.put(url) } else { self.agent.post(url) };
        let mut request = request.config().timeout_global(Some(limit)).build();
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send(body).map_err(|error| Outcome::Retry { error: self.broken(&error), after: None })?;
        let status = response.status().as_u16();
        let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let retry_after = text("retry-after").and_then(|wish| pause(&wish, text("date").and_then(|date| http_date(&date)).unwrap_or(now)));
        let mut bytes = Vec::new();
        // Of a body that breaks off the beginning counts: whether there is a yes in it is looked at later.
        let _ = response.into_body().into_reader().take(ANSWER_BYTES).read_to_end(&mut bytes);
        Ok(Answer { status, body: Foreign::of_bytes(&bytes), retry_after })
    }

    /// The usual meaning of an answer: 2xx with the service's own yes delivered, any other 2xx, 408, 425, 429 and 5xx
    /// worth another try, all else not.
    pub fn outcome(&self, answer: &Answer) -> Outcome {
        match answer.status {
            200..=299 if answer.is_page() => self.retry(
                answer,
                &tr!("this is a web page, not an answer of the service; check the URL, and for a portal or login page in between"),
            ),
            200..=299 if (self.took)(answer) => Outcome::Delivered,
            200..=299 => self.retry(answer, &tr!("this is not the answer of this service to an accepted message")),
            408 | 425 | 429 | 500..=599 => self.retry(answer, &tr!("it will be tried again")),
            300..=399 => self.permanent(answer, &tr!("redirects are not followed; give the final URL")),
            401 | 403 => self.permanent(answer, &tr!("it does not accept the credentials")),
            404 => self.permanent(answer, &tr!("nothing exists at this URL")),
            410 => self.permanent(answer, &tr!("the endpoint was removed; create a new one or disable the channel")),
            _ => self.permanent(answer, &tr!("it does not accept the message")),
        }
    }

    /// Worth another try.
    pub fn retry(&self, answer: &Answer, hint: &str) -> Outcome {
        Outcome::Retry { error: self.describe(answer, hint), after: answer.retry_after }
    }

    /// Taken, with something to know about it.
    pub fn warned(&self, answer: &Answer, hint: &str) -> Outcome {
        Outcome::warned(self.describe(answer, hint))
    }

    /// Not worth another try.
    pub fn permanent(&self, answer: &Answer, hint: &str) -> Outcome {
        Outcome::Permanent { error: self.describe(answer, hint) }
    }

    fn describe(&self, answer: &Answer, hint: &str) -> String {
        let excerpt = answer.body.words(&self.secrets, EXCERPT);
        let said = if excerpt.is_empty() { String::new() } else { tr!(" and said: {excerpt}", excerpt) };
        tr!("{endpoint} answered {status} ({hint}){said}", endpoint = self.endpoint.origin(), status = answer.status, hint, said)
    }

    fn broken(&self, error: &ureq::Error) -> String {
        let origin = self.endpoint.origin();
        let host = self.endpoint.url.host_str().unwrap_or_default();
        let place = fault::Place { host, setting: "ca_file", ca_file: self.ca_file.as_deref() };
        if let Some(refused) = fault::sentence(fault::of_http(error), &origin, place) {
            return refused;
        }
        if let Some(name) = names::unknown(error) {
            return tr!("{origin}: the name {name} cannot be resolved", origin, name = self.harmless(name));
        }
        let text = self.harmless(&error.to_string());
        // With a proxy on the way it may be that one which failed.
        let way = match reach::proxy_of(&self.endpoint.url, None, false) {
            Some((name, port)) => tr!("{host} through the proxy {name}:{port}", host = origin, name = self.harmless(&name), port),
            None => origin.clone(),
        };
        match error {
            ureq::Error::Timeout(_) => tr!("{origin} did not answer in time", origin = way),
            ureq::Error::HostNotFound => tr!("{origin}: the host name is not known", origin),
            _ => tr!("cannot reach {origin}: {text}", origin = way, text),
        }
    }

    fn harmless(&self, text: &str) -> String {
        Foreign::new(text).words(&self.secrets, EXCERPT)
    }
}

/// A pause that a service names in the body of its answer, in seconds.
pub fn seconds(wish: f64) -> Option<Duration> {
    // Rounded up: asking a moment too early is asking in vain.
    Duration::try_from_secs_f64(wish.ceil()).ok().map(|span| span.min(LONGEST_PAUSE))
}

/// `Authorization` as `SCHEME SECRET`.
pub fn authorization(scheme: &str, secret: &Secret) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(&format!("{scheme} {}", secret.expose().trim()))
        .map_err(|_| tr!("the secret contains characters that are not allowed in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// User and password as they follow `Basic`.
pub fn basic(user: &str, password: &Secret) -> Secret {
    Secret::new(base64::engine::general_purpose::STANDARD.encode(format!("{user}:{}", password.expose())))
}

/// Reads `Retry-After`: seconds, or an HTTP date as seen from `now`.
fn pause(wish: &str, now: Timestamp) -> Option<Duration> {
    let wish = wish.trim();
    let span = if !wish.is_empty() && wish.bytes().all(|byte| byte.is_ascii_digit()) {
        // Too many digits for a number is a very long time.
        Duration::from_secs(wish.parse().unwrap_or(u64::MAX))
    } else {
        Duration::try_from(http_date(wish)?.duration_since(now)).unwrap_or(Duration::ZERO)
    };
    Some(span.min(LONGEST_PAUSE))
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses() {
        let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        for (wish, want) in [
            ("0", Some(0)),
            (" 30 ", Some(30)),
            ("99999999999999999999999", Some(3600)),
            ("Fri, 20 Nov 2026 10:02:00 GMT", Some(120)),
            ("Fri, 20 Nov 2026 09:00:00 GMT", Some(0)),
            ("Fri, 20 Nov 2099 09:00:00 GMT", Some(3600)),
            ("soon", None),
            ("-5", None),
            ("", None),
        ] {
            assert_eq!(pause(wish, now), want.map(Duration::from_secs), "{wish}");
        }
    }

    #[test]
    fn endpoints_show_only_the_origin() {
        let endpoint = Endpoint::parse("https://hooks.example.com:8443/T000/B000/XXXXXXXX?sig=abc").unwrap();
        assert_eq!(format!("{endpoint:?} {}", endpoint.origin()), "https://hooks.example.com:8443/[hidden] https://hooks.example.com:8443");
        for text in ["", "hooks.example.com/x", "ftp://example.com/x", "file:///etc/passwd", "https://user:hunter2@example.com/x"] {
            let error = Endpoint::parse(text).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(Endpoint::parse("http://hooks.example.com/").unwrap().is_exposed());
        assert!(!Endpoint::parse("http://[::1]:80/").unwrap().is_exposed());
        assert!(!Endpoint::parse("http://127.0.0.1/").unwrap().is_exposed());
    }
}
