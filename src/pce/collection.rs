//! A list of things, whole. The PCE gives a list at once up to its cap and cuts it there without a word;
//! beyond it a job of the PCE writes the list into a file. The job is deleted, however this ends.

use super::answer::AnswerSink;
use super::ask::{Ask, Size};
use super::client::Client;
use super::download::{Downloaded, Failed, receive};
use super::error::{ErrorKind, PceError, line as harmless};
use super::exchange::text_header;
use super::pace::{poll_delay, retry_after};
use serde_json::Value;
use std::time::Duration;
use ureq::Body;
use ureq::http::Response;
use url::Url;

/// The most that the PCE gives at once.
const CAP: u64 = 500;
/// Bounds the answers about a job.
const STATUS_LIMIT: u64 = 1 << 20;
/// Pauses before a body that broke off is asked for again.
const BROKEN_PAUSES: [u64; 2] = [1, 3];

/// A list below the organisation.
pub(super) struct Collection {
    /// The last part of its address, which also names its recordings and messages.
    pub(super) name: &'static str,
    /// What to ask for.
    pub(super) query: &'static [(&'static str, &'static str)],
}

/// What became of a list. Its last part in the sink stands for all that came.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) queries: u32,
    pub(super) bytes: u64,
    /// Why it is not whole, for people.
    pub(super) missing: Option<String>,
}

/// Has the whole list read by the sink. Each part that the sink is given takes the place of the one before.
pub(super) fn collect(client: &Client, list: &Collection, sink: &mut dyn AnswerSink) -> Result<Collected, PceError> {
    let mut collected = Collected::default();
    let mut url = client.line.org_url(list.name);
    url.query_pairs_mut().extend_pairs(list.query).append_pair("max_results", &CAP.to_string());
    let page = file(list, 0);
    let (rows, total) = read(client, &Ask::get(url, Size::Large), &page, 0, list, sink, &mut collected)?;
    // With a filter the PCE counts without it: only a full answer can be a cut one.
    if rows < CAP || total.is_some_and(|total| total <= rows) {
        return Ok(collected);
    }
    log::info!("{} {} or more: requesting all of them as a file", rows, list.name);
    let whole = whole(client, list, sink, &mut collected);
    match whole {
        Ok(()) => {
            if let Some(recorder) = &client.line.recorder {
                recorder.forget(&page);
            }
        }
        Err(error) if error.kind == ErrorKind::Interrupted => return Err(error),
        Err(error) => {
            let of = total.map_or(String::new(), |total| format!(" of {total}"));
            collected.missing =
                Some(format!("only the first {rows}{of} {} are known, because all of them could not be had: {error}", list.name));
        }
    }
    Ok(collected)
}

fn file(list: &Collection, part: u32) -> String {
    format!("{}-{part}.json.gz", list.name)
}

/// Asks for the list as a file.
fn whole(client: &Client, list: &Collection, sink: &mut dyn AnswerSink, collected: &mut Collected) -> Result<(), PceError> {
    let line = &client.line;
    let mut url = line.org_url(list.name);
    url.query_pairs_mut().extend_pairs(list.query);
    if list.query.is_empty() {
        url.set_query(None);
    }
    let ask = Ask::get_as_job(url);
    collected.queries += 1;
    let response = line.open(&ask)?;
    if response.status().as_u16() != 202 {
        // Some answer at once. Whether that is all of it only the number of rows can tell.
        let total = count(&response);
        let rows = finished(receive(line, &ask.name(), response, &file(list, 1), list.name, 1, sink), collected)?;
        if rows == CAP && total.is_none_or(|total| total > rows) {
            return Err(PceError::new(ErrorKind::BadAnswer, format!("{}: the PCE gives no more than {CAP} at once", ask.name())));
        }
        return Ok(());
    }
    let wish = retry_after(text_header(response.headers(), "retry-after"), line.clock());
    let place = text_header(response.headers(), "location").unwrap_or("").to_owned();
    let job = job_url(client, &ask, &place)?;
    client.outstanding.job(job.path(), &job);
    let result = file_of(client, &job, list, wish)
        .and_then(|url| read(client, &Ask::get(url, Size::Large), &file(list, 1), 1, list, sink, collected).map(|_| ()));
    client.cleaner().delete_one(job.path());
    result
}

/// The address of a job. Anything else must neither be polled nor deleted.
fn job_url(client: &Client, ask: &Ask<'_>, place: &str) -> Result<Url, PceError> {
    let bad = || PceError::new(ErrorKind::BadAnswer, format!("{}: the PCE points to '{}', which is no job", ask.name(), harmless(place)));
    let url = client.line.resolve(place)?;
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let jobs = client.line.org_url("jobs/");
    url.path().strip_prefix(jobs.path()).is_some_and(is_id).then_some(url.clone()).ok_or_else(bad)
}

/// Polls a job until its file is there.
fn file_of(client: &Client, job: &Url, list: &Collection, wish: Option<Duration>) -> Result<Url, PceError> {
    let line = &client.line;
    let since = line.pace.now();
    let mut wish = wish;
    loop {
        let elapsed = line.pace.now().saturating_duration_since(since);
        let left = line.query_timeout.saturating_sub(elapsed);
        if left.is_zero() {
            let message = format!("the job that lists {} was not done after {} s", list.name, elapsed.as_secs());
            return Err(PceError::new(ErrorKind::Timeout, message).hint("raise query_timeout in [pce]"));
        }
        line.wait(wish.take().unwrap_or_else(|| poll_delay(elapsed)).min(left))?;
        let fetched = line.fetch(&Ask::get(job.clone(), Size::Small), STATUS_LIMIT)?;
        wish = retry_after(text_header(&fetched.headers, "retry-after"), line.clock());
        let status = fetched.json()?;
        let state = status.get("status").and_then(Value::as_str).unwrap_or("unknown").to_ascii_lowercase();
        let ended = |how: &str| {
            Err(PceError::new(ErrorKind::Server, format!("the job that lists {} {how}", list.name))
                .hint("run again; if it stays so, look at the PCE's health"))
        };
        match state.as_str() {
            // `done` also stands for jobs that came to nothing.
            "done" | "completed" => match status.pointer("/result/href").and_then(Value::as_str).filter(|href| !href.is_empty()) {
                Some(href) => return line.resolve(href),
                None => return ended(&format!("ended without a file ({})", harmless(&status["result"].to_string()))),
            },
            "failed" | "cancelled" | "canceled" | "cancel_requested" => return ended(&format!("ended as '{state}' at the PCE")),
            _ => {}
        }
    }
}

/// Reads a list into the sink, again when it breaks off. Its rows, and how many there are if the PCE says.
#[expect(clippy::too_many_arguments, reason = "one step of a conversation, and everything that it writes into")]
fn read(
    client: &Client,
    ask: &Ask<'_>,
    file: &str,
    part: u32,
    list: &Collection,
    sink: &mut dyn AnswerSink,
    collected: &mut Collected,
) -> Result<(u64, Option<u64>), PceError> {
    let mut pauses = BROKEN_PAUSES.iter();
    loop {
        collected.queries += 1;
        let response = client.line.open(ask)?;
        let total = count(&response);
        let downloaded = receive(&client.line, &ask.name(), response, file, list.name, part, sink);
        collected.bytes += downloaded.bytes;
        match (downloaded.rows, pauses.next()) {
            (Ok(rows), _) => return Ok((rows, total)),
            (Err(Failed::Again(error)), Some(pause)) => {
                log::info!("{error}; requesting again");
                client.line.wait(Duration::from_secs(*pause))?;
            }
            (Err(Failed::Again(error) | Failed::Final(error)), _) => return Err(error),
        }
    }
}

fn finished(downloaded: Downloaded, collected: &mut Collected) -> Result<u64, PceError> {
    collected.bytes += downloaded.bytes;
    downloaded.rows.map_err(|(Failed::Again(error) | Failed::Final(error))| error)
}

fn count(response: &Response<Body>) -> Option<u64> {
    text_header(response.headers(), "x-total-count")?.trim().parse().ok()
}
