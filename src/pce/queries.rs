//! Which traffic queries and jobs of ours exist at the PCE, and how they are removed again.
//!
//! A query is written down before it is submitted, so that whatever happens it can be found by
//! its unique name even if its address never arrived.

use super::error::PceError;
use super::exchange::Line;
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use url::Url;

/// Below the organisation.
pub(super) const COLLECTION: &str = "traffic_flows/async_queries";
/// The list holds all queries of the user, with all their parameters.
pub(super) const LIST_LIMIT: u64 = 64 << 20;
/// Longest time for deleting one of them.
const ONE_DELETION: Duration = Duration::from_secs(5);

/// A query or a job that exists or may exist.
#[derive(Debug, Clone)]
struct Entry {
    name: String,
    urls: Vec<Url>,
    /// A submission got no answer: there may be more than is known of.
    doubtful: bool,
    /// The PCE has shown the query under this address and its name; before that the address may be anybody's.
    confirmed: bool,
}

/// What is not deleted yet.
#[derive(Debug, Default)]
pub(super) struct Outstanding(Mutex<Vec<Entry>>);

impl Outstanding {
    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A submission begins.
    pub(super) fn begin(&self, name: &str) {
        self.entries().push(Entry { name: name.to_owned(), urls: Vec::new(), doubtful: true, confirmed: false });
    }

    /// A job exists.
    pub(super) fn job(&self, name: &str, url: &Url) {
        self.entries().push(Entry { name: name.to_owned(), urls: vec![url.clone()], doubtful: false, confirmed: true });
    }

    /// The submission was refused; nothing exists.
    pub(super) fn refused(&self, name: &str) {
        self.entries().retain(|entry| entry.name != name);
    }

    /// The query is known. `doubtful`: another one of the same name may exist.
    pub(super) fn known(&self, name: &str, url: &Url, doubtful: bool) {
        for entry in self.entries().iter_mut().filter(|entry| entry.name == name) {
            entry.urls.push(url.clone());
            entry.doubtful = doubtful;
        }
    }

    /// The query was seen under its address.
    pub(super) fn confirmed(&self, name: &str) {
        for entry in self.entries().iter_mut().filter(|entry| entry.name == name) {
            entry.confirmed = true;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    fn take(&self, name: Option<&str>) -> Vec<Entry> {
        let mut entries = self.entries();
        match name {
            None => std::mem::take(&mut *entries),
            Some(name) => entries.extract_if(.., |entry| entry.name == name).collect(),
        }
    }
}

/// Deletes traffic queries and jobs, whatever else is going on.
#[derive(Clone)]
pub struct Cleaner {
    line: Arc<Line>,
    outstanding: Arc<Outstanding>,
}

impl Cleaner {
    pub(super) fn new(line: Arc<Line>, outstanding: Arc<Outstanding>) -> Self {
        Self { line, outstanding }
    }

    /// Whether anything of this run may be at the PCE.
    pub fn has_work(&self) -> bool {
        !self.outstanding.entries().is_empty()
    }

    /// Deletes everything that is outstanding at the PCE, taking no longer than about `limit`.
    /// Heeds neither the stop flag nor the deadline. May be called by several threads, and again.
    pub fn delete_all(&self, limit: Duration) {
        for error in self.delete(None, limit) {
            log::warn!("{}", tr!("a query of this run may be left at the PCE: {error}", error));
        }
    }

    /// Deletes one query or job; a failure leaves it for [`Cleaner::delete_all`].
    pub(super) fn delete_one(&self, name: &str) {
        for error in self.delete(Some(name), ONE_DELETION) {
            log::info!("something of this run could not be deleted yet: {error}");
        }
    }

    fn delete(&self, name: Option<&str>, limit: Duration) -> Vec<PceError> {
        let until = Instant::now() + limit;
        let mut errors = Vec::new();
        let mut failed = Vec::new();
        for mut entry in self.outstanding.take(name) {
            match self.delete_entry(&mut entry, until) {
                Ok(()) => {}
                Err(error) => {
                    errors.push(error);
                    failed.push(entry);
                }
            }
        }
        self.outstanding.entries().extend(failed);
        errors
    }

    fn delete_entry(&self, entry: &mut Entry, until: Instant) -> Result<(), PceError> {
        let left = || until.saturating_duration_since(Instant::now()).max(Duration::from_millis(50));
        if !entry.confirmed {
            entry.urls.clear();
        }
        if entry.doubtful || !entry.confirmed {
            let list = self.line.get_now(self.line.org_url(COLLECTION), LIST_LIMIT, left())?;
            for url in named(&self.line, &list, &entry.name) {
                if !entry.urls.contains(&url) {
                    entry.urls.push(url);
                }
            }
            (entry.doubtful, entry.confirmed) = (false, true);
        }
        while let Some(url) = entry.urls.last() {
            self.line.delete_now(url.clone(), left())?;
            entry.urls.pop();
        }
        Ok(())
    }
}

/// The name of a query, wherever the PCE tells it.
pub(super) fn name_of(query: &Value) -> Option<&str> {
    [query.get("query_name"), query.pointer("/query_parameters/query_name")].into_iter().flatten().find_map(Value::as_str)
}

/// The addresses of the queries that carry our unique name, out of the list of all.
pub(super) fn named(line: &Line, list: &Value, name: &str) -> Vec<Url> {
    chosen(line, list, |have| have == name)
}

/// The addresses of the queries that carry a mark in their names.
pub(super) fn marked(line: &Line, list: &Value, mark: &str) -> Vec<Url> {
    let beginning = marked_name(mark, "");
    chosen(line, list, |have| have.starts_with(&beginning))
}

/// The name of a query of runs with this mark.
pub(super) fn marked_name(mark: &str, unique: &str) -> String {
    format!("pcemon {mark} {unique}")
}

fn chosen(line: &Line, list: &Value, wanted: impl Fn(&str) -> bool) -> Vec<Url> {
    let ours = list.as_array().into_iter().flatten().filter(|query| name_of(query).is_some_and(&wanted));
    ours.filter_map(|query| query_url(line, query.get("href")?.as_str()?).ok().flatten()).collect()
}

/// The address of one query, from an href, a header or a bare id. `None`: it is no address of a
/// query, and must neither be polled nor deleted. Another origin is an error.
pub(super) fn query_url(line: &Line, href: &str) -> Result<Option<Url>, PceError> {
    let href = href.trim();
    let is_id = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if is_id(href) {
        return Ok(Some(line.org_url(&format!("{COLLECTION}/{href}"))));
    }
    if href.is_empty() {
        return Ok(None);
    }
    let mut url = line.resolve(href)?;
    // The address of a query has neither; what an answer puts there would be sent along.
    url.set_query(None);
    url.set_fragment(None);
    let prefix = format!("{}/", line.org_url(COLLECTION).path());
    Ok(url.path().strip_prefix(&prefix).is_some_and(is_id).then_some(url))
}
