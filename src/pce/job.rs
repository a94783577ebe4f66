//! One traffic query at the PCE: submitted, never twice by accident, and polled until it ends.

use super::ask::{Ask, Size};
use super::client::Client;
use super::error::{ErrorKind, PceError, line as harmless};
use super::exchange::{Line, text_header, took};
use super::member::explained;
use super::pace::{poll_delay, transient_delays};
use super::queries::{COLLECTION, LIST_LIMIT, marked_name, name_of, named, query_url};
use super::split::Piece;
use crate::domain::text::visible;
use serde_json::Value;
use std::time::{Duration, Instant};
use url::Url;

/// Bounds the answers about a query.
const STATUS_LIMIT: u64 = 1 << 20;

/// A completed query.
#[derive(Debug, Clone)]
pub(super) struct Completed {
    pub(super) matches: Option<u64>,
    pub(super) flows: Option<u64>,
    pub(super) silent_regions: Vec<String>,
    pub(super) result: Url,
    pub(super) took: Duration,
}

/// Submits one question.
pub(super) fn submit_piece(client: &Client, piece: Piece) -> Result<Submitted, PceError> {
    let line = &client.line;
    let unique = uuid::Uuid::new_v4().to_string();
    let name = client.mark.as_ref().map_or_else(|| format!("pcemon {unique}"), |mark| marked_name(mark, &unique));
    let body = piece.body(&name);
    let since = line.pace.now();
    let mut lost = false;
    let mut delays = transient_delays();
    client.outstanding.begin(&name);
    log::info!("traffic: querying {}", piece.describe());
    loop {
        let result = line.fetch(&Ask::post(line.org_url(COLLECTION), &body), STATUS_LIMIT);
        let found = match result {
            Ok(fetched) => {
                let url = match announced(line, &fetched.plain, &fetched.headers) {
                    Ok(Some(url)) => Some(url),
                    Ok(None) => find(client, &name)?,
                    Err(error) => {
                        client.cleaner().delete_one(&name);
                        return Err(error);
                    }
                };
                Some(url.ok_or_else(|| fetched.bad_answer(&tr!("does not say where the query is")))?)
            }
            // Nobody knows whether the PCE acted on it: look before asking again.
            Err(error) if matches!(error.kind, ErrorKind::Network | ErrorKind::Server) => {
                log::info!("{error}; checking whether the query was created anyway");
                lost = true;
                let found = find(client, &name).map_err(|looking| match looking.kind {
                    ErrorKind::Interrupted | ErrorKind::Timeout => looking,
                    _ => error.clone(),
                })?;
                if found.is_none() {
                    // Whoever waits for the deadline says why it waited; and others have a share of it, too.
                    let share = line.remaining() / 2;
                    let Some(delay) = delays.next().filter(|delay| *delay < share) else { return Err(error) };
                    line.wait(delay)?;
                }
                found
            }
            Err(error) => {
                if !lost && !matches!(error.kind, ErrorKind::BadAnswer | ErrorKind::Interrupted | ErrorKind::Timeout) {
                    client.outstanding.refused(&name);
                }
                return Err(explained(line, error));
            }
        };
        if let Some(url) = found {
            client.outstanding.known(&name, &url, lost);
            log::debug!("traffic query {} is {}", name, url.path());
            return Ok(Submitted { piece, name, url, since });
        }
    }
}

/// Where a submission's answer says the query is: in the body, else in a header.
fn announced(line: &Line, body: &[u8], headers: &ureq::http::HeaderMap) -> Result<Option<Url>, PceError> {
    let href = serde_json::from_slice::<Value>(body).ok().and_then(|value| Some(value.get("href")?.as_str()?.to_owned()));
    let places = [href.as_deref(), text_header(headers, "content-location"), text_header(headers, "location")];
    for place in places.into_iter().flatten() {
        if let Some(url) = query_url(line, place)? {
            return Ok(Some(url));
        }
    }
    Ok(None)
}

/// Looks for a query of ours in the list of all.
fn find(client: &Client, name: &str) -> Result<Option<Url>, PceError> {
    let fetched = client.line.fetch(&Ask::get(client.line.org_url(COLLECTION), Size::Small), LIST_LIMIT)?;
    Ok(named(&client.line, &fetched.json()?, name).into_iter().next())
}

/// Polls until the query is completed.
pub(super) fn completed(client: &Client, submitted: &Submitted, progress: &dyn Fn(&str)) -> Result<Completed, PceError> {
    let line = &client.line;
    let mut last_state = String::new();
    loop {
        let elapsed = line.pace.now().saturating_duration_since(submitted.since);
        let out_of_time = elapsed >= line.query_timeout;
        // A query that has been waiting for its turn to be read may be completed long since.
        if elapsed < Duration::from_millis(250) || !last_state.is_empty() {
            if out_of_time {
                return Err(PceError::new(
                    ErrorKind::Timeout,
                    tr!(
                        "the traffic query for {piece} was still '{last_state}' after {elapsed} s",
                        piece = submitted.piece.describe(),
                        last_state,
                        elapsed = elapsed.as_secs()
                    ),
                )
                .hint(tr!("raise query_timeout in [pce], or shorten windows and lookback")));
            }
            line.wait(poll_delay(elapsed).min(line.query_timeout.saturating_sub(elapsed).max(Duration::from_millis(50))))?;
        }
        let fetched = line.fetch(&Ask::get(submitted.url.clone(), Size::Small), STATUS_LIMIT)?;
        let job = fetched.json()?;
        if name_of(&job).is_some_and(|name| name != submitted.name) {
            return Err(fetched.bad_answer(&tr!("returned another user's query in place of ours")));
        }
        client.outstanding.confirmed(&submitted.name);
        let state = job.get("status").and_then(Value::as_str).unwrap_or("unknown").to_ascii_lowercase();
        let found = ["matches_count", "flows_count"]
            .iter()
            .find_map(|key| job.get(key)?.as_u64())
            .filter(|found| *found > 0 && state != "completed");
        progress(&match found {
            Some(found) => tr!("traffic: query {state}, {found} records so far", state = visible(&state), found),
            None => tr!("traffic: query {state}", state = visible(&state)),
        });
        match state.as_str() {
            "completed" => {
                let completed = read_completed(line, submitted, &job)?;
                let matches = completed.matches.map_or_else(|| "an unknown number of".to_owned(), |matches| matches.to_string());
                log::info!("traffic: the query was completed after {}, {matches} records match", took(completed.took));
                return Ok(completed);
            }
            "failed" | "cancelled" | "canceled" | "cancel_requested" => {
                return Err(PceError::new(
                    ErrorKind::Server,
                    tr!("the traffic query for {piece} ended as '{state}' at the PCE", piece = submitted.piece.describe(), state),
                )
                .hint(tr!("run again; if the error remains, query less or check the PCE's health")));
            }
            _ => last_state = harmless(&state),
        }
    }
}

fn read_completed(line: &Line, submitted: &Submitted, job: &Value) -> Result<Completed, PceError> {
    let count = |key: &str| job.get(key).and_then(Value::as_u64);
    let regions = job.get("regions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let silent = |region: &&Value| region.get("responded").and_then(Value::as_bool) == Some(false);
    let name = |region: &Value| harmless(region.get("pce_fqdn").and_then(Value::as_str).unwrap_or("a region"));
    let result = match job.get("result").and_then(Value::as_str).filter(|href| !href.is_empty()) {
        Some(href) => line.resolve(href)?,
        None => {
            let mut url = submitted.url.clone();
            url.set_path(&format!("{}/download", submitted.url.path()));
            url
        }
    };
    Ok(Completed {
        matches: count("matches_count"),
        flows: count("flows_count"),
        silent_regions: regions.iter().filter(silent).map(name).collect(),
        result,
        took: line.pace.now().saturating_duration_since(submitted.since),
    })
}

/// A query that exists at the PCE. Dropping the client deletes it.
#[derive(Debug)]
pub struct Submitted {
    pub(super) piece: Piece,
    pub(super) name: String,
    pub(super) url: Url,
    pub(super) since: Instant,
}
