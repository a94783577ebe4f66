//! A question to the PCE and an answer read whole, as plain values.

use super::body::looks_like_html;
use super::error::{ErrorKind, PceError, line as harmless};
use serde_json::Value;
use ureq::http::HeaderMap;
use url::Url;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// How long the whole of an answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// `request_timeout`.
    Small,
    /// As long as bytes keep coming and the deadline is not reached.
    Large,
}

/// A question.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<&'a str>,
    pub(super) size: Size,
    /// Whether the answer shall be a job that writes a file.
    pub(super) as_job: bool,
}

impl<'a> Ask<'a> {
    pub(super) fn get(url: Url, size: Size) -> Self {
        Self { method: Method::Get, url, body: None, size, as_job: false }
    }

    pub(super) fn get_as_job(url: Url) -> Self {
        Self { as_job: true, ..Self::get(url, Size::Large) }
    }

    pub(super) fn post(url: Url, body: &'a str) -> Self {
        Self { method: Method::Post, url, body: Some(body), size: Size::Small, as_job: false }
    }

    pub(super) fn delete(url: Url) -> Self {
        Self { method: Method::Delete, url, body: None, size: Size::Small, as_job: false }
    }

    /// For messages: method and path.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method.name(), harmless(self.url.path()))
    }
}

/// A 2xx answer, read whole.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) asked: String,
    pub(super) request_id: Option<String>,
    pub(super) headers: HeaderMap,
    /// As it came.
    pub(super) raw: Vec<u8>,
    /// Decompressed.
    pub(super) plain: Vec<u8>,
}

impl Fetched {
    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Value, PceError> {
        serde_json::from_slice(self.plain.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.plain))
            .map_err(|error| self.bad_answer(&tr!("is not JSON ({error})", error)))
    }

    /// An error about this answer.
    pub(super) fn bad_answer(&self, what: &str) -> PceError {
        bad_answer(&self.asked, what, &self.plain, self.request_id.as_deref())
    }
}

/// An answer that cannot be what was asked for.
pub(super) fn bad_answer(asked: &str, what: &str, head: &[u8], request_id: Option<&str>) -> PceError {
    let id = request_id.map_or(String::new(), |id| tr!(" [request id {id}]", id = harmless(id)));
    if looks_like_html(head) {
        return PceError::new(ErrorKind::BadAnswer, tr!("{asked}: an HTML page came instead of data{id}", asked, id))
            .hint(tr!("a proxy or a login page answered in place of the PCE; check url and proxy in [pce]"));
    }
    PceError::new(ErrorKind::BadAnswer, tr!("{asked}: the answer {what}{id}", asked, what = harmless(what), id))
}
