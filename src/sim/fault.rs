//! What can go wrong at a PCE, as a list that a test writes down and the server looks up in one place.

use jiff::Timestamp;
use std::ops::{Bound, RangeBounds};

/// What the simulated PCE serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// POST of a traffic query.
    Submit,
    /// List of traffic queries.
    List,
    /// Status of a traffic query.
    Status,
    /// Rows of a traffic query.
    Download,
    /// DELETE of a traffic query.
    Delete,
    /// Audit events.
    Events,
    /// Health.
    Health,
    /// `node_available`.
    NodeAvailable,
    /// `product_version`.
    ProductVersion,
    /// `noop`, which only proves the credentials.
    Noop,
    /// Labels of the org, at once or by a job.
    Labels,
    /// IP lists, at once or by a job.
    IpLists,
    /// VENs, at once or by a job.
    Vens,
    /// Managed workloads, at once or by a job.
    Workloads,
    /// Metrics of the traffic database.
    Database,
    /// A job that writes a list into a file.
    Job,
    /// The file of a job.
    Datafile,
    /// DELETE of a job.
    DeleteJob,
}

/// What happens instead of, or on top of, the proper answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// This answer; the request is not processed.
    Answer {
        /// Status code.
        status: u16,
        /// Headers beside the usual ones.
        headers: Vec<(String, String)>,
        /// Body as sent.
        body: Vec<u8>,
    },
    /// The request is processed, the answer's body stays empty.
    EmptyBody,
    /// The request is processed, the connection closes without an answer.
    DropBeforeAnswer,
    /// The whole length is announced, half is sent, the connection closes.
    DropMidBody,
    /// The text ends half-way; compression and length are in order.
    TruncateText,
    /// The compressed bytes end half-way; the length is in order.
    TruncatePacked,
    /// The request is processed, no answer comes until the simulation stops.
    Hang,
    /// The `Date` header says this.
    Date(Timestamp),
    /// [`Endpoint::Submit`]: the query silently keeps this many rows.
    Cap(usize),
    /// [`Endpoint::Submit`]: this many rows more match than the user may see.
    Unseen(u64),
    /// [`Endpoint::Submit`]: this member of a Supercluster does not respond.
    RegionSilent(String),
    /// [`Endpoint::Status`] and [`Endpoint::Job`]: the status is this word, and there is no result.
    QueryState(String),
    /// [`Endpoint::Status`] and [`Endpoint::Job`]: the result is said to be here.
    ResultHref(String),
    /// [`Endpoint::Download`]: the file is not there yet, which looks like an empty one.
    NoRows,
}

impl Action {
    /// An error as the PCE words it.
    pub fn error(status: u16, token: &str, message: &str) -> Action {
        let body = serde_json::json!([{ "token": token, "message": message }]).to_string();
        Action::Answer { status, headers: vec![("Content-Type".into(), "application/json".into())], body: body.into_bytes() }
    }

    /// Too many requests, with or without a `Retry-After`.
    pub fn too_many(retry_after: Option<&str>) -> Action {
        let Action::Answer { status, mut headers, body } = Action::error(429, "too_many_requests_error", "Too many requests") else {
            unreachable!("error() makes an answer")
        };
        headers.extend(retry_after.map(|text| ("Retry-After".to_owned(), text.to_owned())));
        Action::Answer { status, headers, body }
    }

    /// A page of a load balancer or a login form.
    pub fn html(status: u16) -> Action {
        let headers = vec![("Content-Type".into(), "text/html".into())];
        Action::Answer { status, headers, body: b"<html><body><h1>Please wait</h1></body></html>".to_vec() }
    }

    /// A redirect.
    pub fn redirect(location: &str) -> Action {
        Action::Answer { status: 302, headers: vec![("Location".into(), location.into())], body: Vec::new() }
    }
}

/// One thing that goes wrong, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub endpoint: Endpoint,
    /// First call, counted from 1.
    pub first: usize,
    /// Last call.
    pub last: usize,
    /// What.
    pub action: Action,
}

impl Fault {
    /// `Fault::new(Endpoint::Status, 1..=2, ...)` is about the first two calls, `..` about all of them.
    pub fn new(endpoint: Endpoint, calls: impl RangeBounds<usize>, action: Action) -> Fault {
        let first = match calls.start_bound() {
            Bound::Included(first) => *first,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 1,
        };
        let last = match calls.end_bound() {
            Bound::Included(last) => *last,
            Bound::Excluded(after) => after.saturating_sub(1),
            Bound::Unbounded => usize::MAX,
        };
        Fault { endpoint, first, last, action }
    }

    /// Whether it strikes at this call.
    pub fn strikes(&self, endpoint: Endpoint, call: usize) -> bool {
        self.endpoint == endpoint && (self.first..=self.last).contains(&call)
    }
}
