//! A channel that posts JSON: what every such kind does the same way.
//!
//! A kind gives the requests for a parcel and says what an answer means; sending, the time limit, what
//! becomes of several requests together, and the preview stand here.

use super::post::{Answer, Endpoint, Poster};
use super::{Channel, Outcome, SendContext};
use crate::domain::alert::{Alert, AlertState, Counted, Parcel};
use crate::domain::secret::Secret;
use crate::domain::text::visible;
use crate::domain::threshold::Severity;
use jiff::Timestamp;
use std::time::Instant;
use ureq::http::{HeaderName, HeaderValue};

/// Who a body is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The service.
    Service,
    /// A person who must not see secrets.
    Person,
}

impl View {
    /// The secret, or a word in its place.
    pub fn secret(self, secret: &Secret) -> &str {
        match self {
            View::Service => secret.expose().trim(),
            View::Person => "[hidden]",
        }
    }
}

/// One request.
pub struct Request {
    /// Where to.
    pub endpoint: Endpoint,
    /// Path for people, without secrets; `None`: all of it is secret.
    pub path: Option<String>,
    /// JSON.
    pub body: String,
}

/// What one kind has to say.
pub trait Speech: Send {
    /// The requests that tell this parcel to the service at `base`; the same on every attempt.
    fn requests(&self, parcel: &Parcel, base: &Endpoint, view: View) -> Vec<Request>;
    /// Why the user's own words cannot be used for this parcel, if they cannot.
    fn remark(&self, _parcel: &Parcel) -> Option<String> {
        None
    }
    /// What an answer means.
    fn judge(&self, poster: &Poster, answer: &mut Answer) -> Outcome {
        poster.outcome(answer)
    }
}

/// A channel made of a poster and something to say.
pub struct JsonChannel<S> {
    /// Who posts.
    pub poster: Poster,
    /// Headers beside the content type; those that are secret are marked sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What is said.
    pub speech: S,
}

impl<S: Speech> JsonChannel<S> {
    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = vec![(HeaderName::from_static("content-type"), HeaderValue::from_static("application/json"))];
        headers.extend(self.headers.iter().cloned());
        headers
    }
}

impl<S: Speech> Channel for JsonChannel<S> {
    /// Sends every request, even behind one that was refused. A parcel that is tried again begins anew: the
    /// services that take several requests know an alert by its key and take a repetition for the same thing.
    fn send(&self, parcel: &Parcel, context: &SendContext) -> Outcome {
        let begun = Instant::now();
        let headers = self.headers();
        let mut requests = self.speech.requests(parcel, self.poster.endpoint(), View::Service);
        if parcel.attempts % 2 == 1 {
            // From the other end: what one attempt has no time for is told by the next.
            requests.reverse();
        }
        let total = requests.len();
        let mut told = 0;
        let mut refused: Option<String> = None;
        for request in requests {
            let left = context.timeout.saturating_sub(begun.elapsed());
            let answer = self.poster.post_to(&request.endpoint, &headers, &request.body, context.now, left);
            let (status, outcome) = match answer {
                Ok(mut answer) => (answer.status, self.speech.judge(&self.poster, &mut answer)),
                Err(outcome) => (0, outcome),
            };
            match outcome {
                Outcome::Delivered => told += 1,
                Outcome::Retry { error, after } => return Outcome::Retry { error: of(told, total, error), after },
                // The same would be said to all the others.
                Outcome::Permanent { error } if matches!(status, 300..=399 | 401 | 403 | 404 | 410) => {
                    return Outcome::Permanent { error: of(told, total, error) };
                }
                Outcome::Permanent { error } => {
                    refused.get_or_insert(error);
                }
            }
        }
        match refused {
            Some(error) => Outcome::Permanent { error: of(told, total, error) },
            None => Outcome::Delivered,
        }
    }

    fn remark(&self, parcel: &Parcel) -> Option<String> {
        self.speech.remark(parcel)
    }

    fn preview(&self, parcel: &Parcel, _now: Timestamp) -> String {
        let mut out = String::new();
        for request in self.speech.requests(parcel, self.poster.endpoint(), View::Person) {
            let url = match &request.path {
                Some(path) => format!("{}{}", request.endpoint.origin(), visible(path)),
                None => request.endpoint.shown(),
            };
            out.push_str(&format!("POST {url}\ncontent-type: application/json\n"));
            for (name, value) in &self.headers {
                let value = if value.is_sensitive() { "[hidden]" } else { value.to_str().unwrap_or_default() };
                out.push_str(&format!("{name}: {value}\n"));
            }
            out.push_str(&format!("\n{}\n", visible(&request.body)));
        }
        out
    }
}

/// Says how far it came, when there was more than one thing to send.
fn of(told: usize, total: usize, error: String) -> String {
    if total > 1 { tr!("{told} of {total} were taken; {error}", told, total, error) } else { error }
}

/// One alert for a service that holds one thing for each: told in full, or known by its key alone.
pub struct Event<'p> {
    /// Identity.
    pub fingerprint: &'p str,
    /// How bad.
    pub severity: Severity,
    /// Firing or over.
    pub state: AlertState,
    /// All of it, unless the digest only counted it.
    pub alert: Option<&'p Alert>,
}

/// Every alert of the parcel, worst first, those that were only counted at the end.
pub fn events(parcel: &Parcel) -> Vec<Event<'_>> {
    let whole = super::text::sorted(parcel).into_iter().map(|alert| Event {
        fingerprint: &alert.fingerprint,
        severity: alert.severity,
        state: alert.state,
        alert: Some(alert),
    });
    let counted = parcel.counted.iter().map(|counted: &Counted| Event {
        fingerprint: &counted.fingerprint,
        severity: counted.severity,
        state: counted.state,
        alert: None,
    });
    whole.chain(counted).collect()
}
