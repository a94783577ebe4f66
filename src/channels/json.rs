//! A channel that posts JSON: what every such kind does the same way.
//!
//! A kind gives the requests for a notification and says what an answer means; sending, the time limit, what
//! becomes of several requests together, and the preview stand here.

use super::post::{Answer, Endpoint, Poster};
use super::{Channel, Entry, Outcome, Part, SendContext};
use crate::domain::alert::{Alert, Counted, Notification, Reason};
use crate::domain::entry::AlertState;
use crate::domain::secret::Secret;
use crate::domain::text::visible;
use crate::domain::threshold::Severity;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
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
    /// Which part of the notification it tells, when others tell the rest; `None`: it tells all of it.
    pub part: Option<Part>,
    /// What follows it when it was taken, and belongs to the same part.
    pub then: Option<Box<Request>>,
}

/// What one kind has to say.
pub trait Speech: Send {
    /// The requests that tell this notification to the service at `base`; the same on every attempt.
    fn requests(&self, notification: &Notification, base: &Endpoint, view: View) -> Vec<Request>;
    /// Why the user's own words cannot be used for this notification, if they cannot.
    fn remark(&self, _parcel: &Notification) -> Option<String> {
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

    /// One request: status (0 when there was no answer) and what became of it.
    fn tell(&self, request: &Request, headers: &[(HeaderName, HeaderValue)], now: Timestamp, left: Duration) -> (u16, Outcome) {
        match self.poster.post_to(&request.endpoint, headers, &request.body, now, left) {
            Ok(mut answer) => (answer.status, self.speech.judge(&self.poster, &mut answer)),
            Err(outcome) => (0, outcome),
        }
    }
}

impl<S: Speech> Channel for JsonChannel<S> {
    /// Sends every request, even behind one that failed by itself, and says which parts were taken: the next attempt
    /// goes on from there.
    fn send(&self, notification: &Notification, context: &SendContext) -> Outcome {
        let begun = Instant::now();
        let headers = self.headers();
        let has_it = |request: &Request| matches!(&request.part, Some(Part::Recipient(who)) if notification.taken_by.contains(who));
        let mut requests = self.speech.requests(notification, self.poster.endpoint(), View::Service);
        requests.retain(|request| !has_it(request));
        let mut progress = Progress { total: requests.len(), ..Progress::default() };
        for request in requests {
            if progress.must_wait(&request) {
                continue;
            }
            let left = || context.timeout.saturating_sub(begun.elapsed());
            let (mut status, mut outcome) = self.tell(&request, &headers, context.now, left());
            if let (Outcome::Delivered, Some(then)) = (&outcome, &request.then) {
                (status, outcome) = match self.tell(then, &headers, context.now, left()) {
                    // The message itself was taken.
                    (status, Outcome::Permanent { error }) => (status, Outcome::warned(error)),
                    told => told,
                };
            }
            if progress.note(request.part, status, outcome) {
                break;
            }
        }
        progress.outcome()
    }

    fn remark(&self, notification: &Notification) -> Option<String> {
        self.speech.remark(notification)
    }

    fn preview(&self, notification: &Notification, _now: Timestamp) -> String {
        let mut out = String::new();
        let requests = self.speech.requests(notification, self.poster.endpoint(), View::Person);
        for request in requests.iter().flat_map(|request| std::iter::once(request).chain(request.then.as_deref())) {
            let url = match &request.path {
                Some(path) => format!("{}{}", request.endpoint.origin(), visible(path)),
                None => request.endpoint.shown(),
            };
            out.push_str(&format!("{} {url}\ncontent-type: application/json\n", request.endpoint.method()));
            for (name, value) in &self.headers {
                let value = if value.is_sensitive() { "[hidden]" } else { value.to_str().unwrap_or_default() };
                out.push_str(&format!("{name}: {value}\n"));
            }
            out.push_str(&format!("\n{}\n", visible(&request.body)));
        }
        out
    }
}

/// How far one attempt came.
#[derive(Default)]
struct Progress {
    total: usize,
    told: usize,
    taken: Vec<Part>,
    warnings: Vec<String>,
    /// What is worth another try, and what is not; the first of each speaks for the others.
    retry: Option<Outcome>,
    refused: Option<Outcome>,
    /// Alerts of which something was not taken.
    behind: BTreeSet<String>,
    failures_in_a_row: u32,
}

impl Progress {
    /// What is said of an alert keeps its order: its end behind a beginning that was not taken would be stale.
    fn must_wait(&self, request: &Request) -> bool {
        matches!(&request.part, Some(Part::Alert(entry)) if self.behind.contains(&entry.fingerprint))
    }

    /// Remembers what became of one request. `true`: it makes no sense to go on.
    fn note(&mut self, part: Option<Part>, status: u16, outcome: Outcome) -> bool {
        if let Outcome::Delivered | Outcome::Warned { .. } = &outcome {
            (self.told, self.failures_in_a_row) = (self.told + 1, 0);
            self.taken.extend(part);
            if let Outcome::Warned { warning, .. } = outcome {
                self.warnings.push(warning);
            }
            return false;
        }
        self.failures_in_a_row += 1;
        if let Some(Part::Alert(entry)) = &part {
            self.behind.insert(entry.fingerprint.clone());
        }
        match outcome {
            // Nobody there, or a wish to be left alone: it holds for the others as well. Otherwise the service may
            // have choked on this one request; two in a row are its own fault.
            Outcome::Retry { after, .. } => {
                let over = status == 0 || status == 429 || after.is_some() || self.failures_in_a_row > 1;
                if over || self.retry.is_none() {
                    self.retry = Some(outcome);
                }
                over
            }
            _ => {
                self.refused.get_or_insert(outcome);
                // The same would be said to all the others.
                matches!(status, 300..=399 | 401 | 403 | 404 | 410)
            }
        }
    }

    fn outcome(self) -> Outcome {
        let Progress { total, told, taken, warnings, retry, refused, .. } = self;
        let rest = match retry.or(refused) {
            None if warnings.is_empty() => return Outcome::Delivered,
            None => return Outcome::warned(warnings.join("; ")),
            Some(Outcome::Retry { error, after }) => Outcome::Retry { error: of(told, total, error), after },
            Some(Outcome::Permanent { error }) => Outcome::Permanent { error: of(told, total, error) },
            Some(other) => other,
        };
        if taken.is_empty() { rest } else { Outcome::Partly { taken, rest: Box::new(rest), refused: Vec::new() } }
    }
}

/// Says how far it came, when there was more than one thing to send.
fn of(told: usize, total: usize, error: String) -> String {
    if total > 1 { tr!("{told} of {total} were accepted; {error}", told, total, error) } else { error }
}

/// One alert for a service that holds one thing for each: told in full, or known by its key alone.
pub struct Event<'p> {
    /// Identity.
    pub fingerprint: &'p str,
    /// How bad.
    pub severity: Severity,
    /// Firing or over.
    pub state: AlertState,
    /// Since when it fires.
    pub since: Timestamp,
    /// Whether the service may hold it under another severity: it was told before, or nobody knows.
    pub known: bool,
    /// All of it, unless the digest only counted it.
    pub alert: Option<&'p Alert>,
}

impl Event<'_> {
    /// The part of the notification that a request of its own tells.
    pub fn part(&self) -> Part {
        Part::Alert(Entry { fingerprint: self.fingerprint.to_owned(), since: self.since, state: self.state })
    }
}

/// Every alert of the notification, worst first, those that were only counted at the end. What ends an alert that the same
/// notification begins anew comes before everything else.
pub fn events(notification: &Notification) -> Vec<Event<'_>> {
    let whole = super::text::sorted(notification).into_iter().map(|alert| Event {
        fingerprint: &alert.fingerprint,
        severity: alert.severity,
        state: alert.state,
        since: alert.since,
        known: alert.reason != Reason::First || alert.told_as.is_some(),
        alert: Some(alert),
    });
    let counted = notification.counted.iter().map(|counted: &Counted| Event {
        fingerprint: &counted.fingerprint,
        severity: counted.severity,
        state: counted.state,
        since: counted.since,
        known: true,
        alert: None,
    });
    let mut events: Vec<Event<'_>> = whole.chain(counted).collect();
    let begins: BTreeSet<&str> = events.iter().filter(|event| event.state == AlertState::Firing).map(|event| event.fingerprint).collect();
    events.sort_by_key(|event| !(event.state == AlertState::Resolved && begins.contains(event.fingerprint)));
    events
}
