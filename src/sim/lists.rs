//! Lists of the simulated PCE: cut at the cap when asked for at once, or written into a file by a job.

use super::body::Body;
use super::exchange::{Reply, Request, gone};
use super::options::{Life, Options};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

/// The most that is given at once.
const CAP: usize = 500;

/// A job that writes a list into a file.
pub(super) struct ListJob {
    id: String,
    rows: Arc<Vec<Value>>,
    polls: usize,
    asked: Instant,
}

/// The jobs nobody has deleted.
#[derive(Default)]
pub(super) struct Lists {
    jobs: Vec<ListJob>,
    asked: usize,
}

impl Lists {
    /// How many jobs nobody has deleted.
    pub(super) fn left(&self) -> usize {
        self.jobs.len()
    }

    /// Answers a question for a list, at once or by a job.
    pub(super) fn ask(&mut self, request: &Request, rows: Vec<Value>, options: &Options) -> Reply {
        if request.header("prefer").is_some_and(|wish| wish.contains("respond-async")) {
            self.asked += 1;
            let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, self.asked.to_string().as_bytes()).to_string();
            let mut reply = Reply::empty(202);
            reply.headers = vec![("Location".into(), format!("/orgs/{}/jobs/{id}", options.org_id))];
            if let Life::Lasts(_) = options.life {
                reply.headers.push(("Retry-After".into(), "1".into()));
            }
            self.jobs.push(ListJob { id, rows: Arc::new(rows), polls: 0, asked: Instant::now() });
            return reply;
        }
        let most = request.parameter("max_results").and_then(|text| text.parse().ok()).unwrap_or(CAP).min(CAP);
        let total = rows.len();
        let mut reply = Reply::json(200, rows.into_iter().take(most).collect());
        reply.headers.push(("X-Total-Count".into(), total.to_string()));
        reply
    }

    /// Answers how a job is.
    pub(super) fn poll(&mut self, id: &str, options: &Options) -> Reply {
        let Some(job) = self.jobs.iter_mut().find(|job| job.id == id) else { return gone() };
        let done = match options.life {
            Life::Polls(polls) => job.polls >= polls,
            Life::Lasts(span) => job.asked.elapsed() >= span,
        };
        job.polls += 1;
        let href = format!("/orgs/{}/jobs/{id}", options.org_id);
        let result = if done { json!({ "href": format!("/orgs/{}/datafiles/{id}", options.org_id) }) } else { json!({}) };
        let status = if done { "done" } else { "running" };
        // No zone and a space, as the PCE writes it here.
        let at = options.now.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string();
        Reply::json(
            200,
            json!({ "href": href, "job_type": ":illumio/async_requests", "status": status, "result": result, "requested_at": at }),
        )
    }

    /// The file of a job.
    pub(super) fn file(&self, id: &str) -> Reply {
        let Some(job) = self.jobs.iter().find(|job| job.id == id) else { return gone() };
        Reply { status: 200, headers: vec![("Content-Type".into(), "application/json".into())], body: Body::List(job.rows.clone()) }
    }

    /// Deletes a job and its file.
    pub(super) fn delete(&mut self, id: &str) -> Reply {
        let before = self.jobs.len();
        self.jobs.retain(|job| job.id != id);
        if self.jobs.len() < before { Reply::empty(204) } else { gone() }
    }
}
