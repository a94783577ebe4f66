//! Traffic: submit a query, wait for it, hand its body to a sink, ask again in parts when the
//! answer is not whole, leave nothing behind. Knows no flow records; the sink does.

use super::Client;
use super::body::Recording;
use super::body::looks_like_html;
use super::error::{ErrorKind, PceError};
use super::exchange::{Ask, Line, Size, Watched, text_header};
use super::pace::poll_delay;
use super::queries::{COLLECTION, LIST_LIMIT, named, query_url};
use super::split::{Dimension, Piece};
use crate::domain::record::{Decision, proto_name};
use crate::domain::text::visible;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::time::{Duration, Instant};
use url::Url;

/// Bounds the answers about a query.
const STATUS_LIMIT: u64 = 1 << 20;
/// Most parts that one question is cut into.
const MAX_PARTS: usize = 64;
/// Pauses before an empty file is asked for again: the PCE may say `completed` before it exists.
const EMPTY_PAUSES: [u64; 3] = [2, 4, 6];
/// How often a body that breaks off is asked for again, and the pause before.
const BROKEN_PAUSES: [u64; 2] = [2, 4];
/// How often a submission without an answer, and without a trace at the PCE, is repeated.
const LOST_SUBMISSIONS: u32 = 2;

/// What to ask.
#[derive(Debug, Clone, PartialEq)]
pub struct TrafficQuery {
    /// Start; records that overlap the span are selected.
    pub from: Timestamp,
    /// End.
    pub to: Timestamp,
    /// Empty: all.
    pub decisions: Vec<Decision>,
    /// Empty: all.
    pub services: Vec<ServiceFilter>,
    /// Rows one answer may hold.
    pub max_results: u64,
}

/// A port, a range of ports, a protocol, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServiceFilter {
    /// First port.
    pub from_port: Option<u16>,
    /// Last port; `None`: only the first.
    pub to_port: Option<u16>,
    /// IANA protocol number.
    pub proto: Option<i16>,
}

impl ServiceFilter {
    pub(super) fn proto(proto: i16) -> Self {
        Self { from_port: None, to_port: None, proto: Some(proto) }
    }

    /// First and last port.
    pub(super) fn ports(&self) -> (u16, u16) {
        match (self.from_port, self.to_port) {
            (None, None) => (1, u16::MAX),
            (None, Some(to)) => (1, to),
            (Some(from), to) => (from, to.unwrap_or(from)),
        }
    }

    pub(super) fn describe(&self) -> String {
        let proto = self.proto.map(proto_name);
        let ports = match (self.from_port, self.to_port) {
            (None, None) => None,
            _ => Some(match self.ports() {
                (from, to) if from == to => format!("port {from}"),
                (from, to) => format!("ports {from}-{to}"),
            }),
        };
        [proto, ports].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// Takes the bodies of answers.
pub trait AnswerSink {
    /// One downloaded body, raw as sent (gzip or not, whatever a header says). Returns the rows read.
    ///
    /// `part` is 0 for the first and grows with each further one; a record may come again in a later part.
    fn part(&mut self, part: u32, body: &mut dyn Read) -> Result<u64, BodyError>;
}

/// Why a body could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// Reading failed.
    Network(String),
    /// It is cut or not what it should be.
    Content(String),
}

/// A query that exists at the PCE. Dropping the client deletes it.
#[derive(Debug)]
pub struct Submitted {
    piece: Piece,
    name: String,
    url: Url,
    since: Instant,
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficAnswer {
    /// Rows downloaded; a record that came in two parts counts twice.
    pub rows: u64,
    /// Queries submitted.
    pub queries: u32,
    /// Bytes downloaded.
    pub bytes: u64,
    /// Why the answer is partial, for people; `None`: it is whole.
    pub missing: Option<String>,
}

/// Submits a query and returns at once; others may be asked meanwhile.
pub fn submit(client: &Client, query: &TrafficQuery) -> Result<Submitted, PceError> {
    if query.from > query.to {
        return Err(PceError::new(ErrorKind::Setup, format!("a traffic query from {} to {} ends before it begins", query.from, query.to)));
    }
    submit_piece(client, Piece::whole(query))
}

/// Waits for a query, hands its rows to the sink, and asks again in parts when they are not all.
pub fn collect(
    client: &Client,
    submitted: Submitted,
    sink: &mut dyn AnswerSink,
    progress: &dyn Fn(&str),
) -> Result<TrafficAnswer, PceError> {
    let mut gathering =
        Gathering { client, sink, progress, part: 0, queries: 1, budget: MAX_PARTS, rows: 0, bytes: 0, missing: Missing::default() };
    gathering.piece(submitted, None)?;
    Ok(TrafficAnswer { rows: gathering.rows, queries: gathering.queries, bytes: gathering.bytes, missing: gathering.missing.told() })
}

fn submit_piece(client: &Client, piece: Piece) -> Result<Submitted, PceError> {
    let line = &client.line;
    let name = format!("pcemon {}", uuid::Uuid::new_v4());
    let body = piece.body(&name);
    let since = line.pace.now();
    let mut lost = 0;
    client.outstanding.begin(&name);
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
                Some(url.ok_or_else(|| fetched.bad_answer("does not say where the query is"))?)
            }
            // Nobody knows whether the PCE acted on it: look before asking again.
            Err(error) if matches!(error.kind, ErrorKind::Network | ErrorKind::Server) => {
                log::info!("{error}; looking whether the query was created all the same");
                let found = find(client, &name).map_err(|_| error.clone())?;
                lost += 1;
                if found.is_none() && lost > LOST_SUBMISSIONS {
                    return Err(error);
                }
                found
            }
            Err(error) => {
                if lost == 0 && !matches!(error.kind, ErrorKind::BadAnswer | ErrorKind::Interrupted | ErrorKind::Timeout) {
                    client.outstanding.refused(&name);
                }
                return Err(error);
            }
        };
        if let Some(url) = found {
            client.outstanding.known(&name, &url, lost > 0);
            log::debug!("traffic query {} is {}", name, url.path());
            return Ok(Submitted { piece, name, url, since });
        }
        line.wait(Duration::from_secs(1))?;
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

/// A completed query.
#[derive(Debug, Clone)]
struct Completed {
    matches: Option<u64>,
    flows: Option<u64>,
    silent_regions: Vec<String>,
    result: Url,
    took: Duration,
}

/// Why an answer is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shortfall {
    /// The row limit was reached: smaller questions help.
    Cap,
    /// Rows are missing below the limit: permissions, a region, a part of the PCE. Smaller questions may help.
    Other,
}

impl Completed {
    fn shortfall(&self, max_results: u64) -> Option<Shortfall> {
        if self.flows.is_some_and(|flows| flows >= max_results) {
            return Some(Shortfall::Cap);
        }
        let short = matches!((self.matches, self.flows), (Some(matches), Some(flows)) if matches > flows);
        (short || !self.silent_regions.is_empty()).then_some(Shortfall::Other)
    }
}

/// What the part that a question was cut from had found.
#[derive(Debug, Clone, Copy)]
struct Parent {
    by: Dimension,
    matches: Option<u64>,
}

/// One question on its way, with all its parts.
struct Gathering<'a> {
    client: &'a Client,
    sink: &'a mut dyn AnswerSink,
    progress: &'a dyn Fn(&str),
    part: u32,
    queries: u32,
    /// Parts that may still be asked for.
    budget: usize,
    rows: u64,
    bytes: u64,
    missing: Missing,
}

impl Gathering<'_> {
    /// Has one question answered and deletes its query. Returns how many rows matched, if the PCE said.
    fn piece(&mut self, submitted: Submitted, parent: Option<Parent>) -> Result<Option<u64>, PceError> {
        let mut current = submitted;
        let mut second_chance = true;
        loop {
            let result = self.attempt(&current, parent);
            self.client.cleaner().delete_one(&current.name);
            match result {
                // An expired query is gone with its rows; once, it is asked for anew.
                Err(error) if error.kind == ErrorKind::NotFound && second_chance => {
                    log::info!("{error}; submitting the query again");
                    second_chance = false;
                    current = submit_piece(self.client, current.piece)?;
                    self.queries += 1;
                }
                result => return result,
            }
        }
    }

    fn attempt(&mut self, submitted: &Submitted, parent: Option<Parent>) -> Result<Option<u64>, PceError> {
        let job = self.completed(submitted)?;
        let piece = &submitted.piece;
        let shortfall = job.shortfall(piece.max_results());
        if let Some(shortfall) = shortfall
            && let Some((by, parts)) = self.worth_splitting(piece, &job, shortfall, parent)
        {
            self.parts(submitted, &job, by, parts)?;
            return Ok(job.matches);
        }
        let rows = self.download(&job)?;
        let wanted = job.flows.unwrap_or(0);
        let shortfall = match shortfall {
            None if rows < wanted => Some(Shortfall::Other),
            // A PCE that gives no counts: a full answer is taken for a cut one.
            None if job.flows.is_none() && rows >= piece.max_results() => Some(Shortfall::Cap),
            found => {
                self.rows += rows;
                if found.is_some() {
                    self.missing.rows(piece, &job, rows);
                }
                return Ok(job.matches);
            }
        };
        match shortfall.and_then(|shortfall| self.worth_splitting(piece, &job, shortfall, parent)) {
            Some((by, parts)) => self.parts(submitted, &job, by, parts)?,
            None => {
                self.rows += rows;
                self.missing.rows(piece, &job, rows);
            }
        }
        Ok(job.matches)
    }

    /// Whether smaller questions may bring more, and which.
    fn worth_splitting(
        &self,
        piece: &Piece,
        job: &Completed,
        shortfall: Shortfall,
        parent: Option<Parent>,
    ) -> Option<(Dimension, Vec<Piece>)> {
        // A part takes about as long as the whole did; without the time for it, what is there must do.
        if job.took >= self.client.line.remaining() {
            return None;
        }
        // Records come in whole days, so half the time may hold all the rows.
        let no_better =
            parent.is_some_and(|parent| parent.by == Dimension::Time && parent.matches.is_some() && job.matches >= parent.matches);
        let (by, parts) = piece.split()?;
        let allowed = match shortfall {
            Shortfall::Cap => !no_better,
            // Where the limit is not the reason, one look at the decisions apart is enough.
            Shortfall::Other => by == Dimension::Decision,
        };
        (allowed && parts.len() <= self.budget).then_some((by, parts))
    }

    /// Asks for the parts of a question. The whole is kept meanwhile, for the case that a part fails.
    fn parts(&mut self, whole: &Submitted, job: &Completed, by: Dimension, parts: Vec<Piece>) -> Result<(), PceError> {
        (self.progress)(&format!(
            "traffic: {} rows do not fit into one answer, asking in {} parts",
            job.matches.map_or("the".to_owned(), |rows| rows.to_string()),
            parts.len()
        ));
        self.budget = self.budget.saturating_sub(parts.len());
        // All at once, so that the PCE works on the next while this one is read.
        let asked: Vec<_> = parts
            .into_iter()
            .map(|part| {
                let what = part.describe();
                self.queries += 1;
                (what, submit_piece(self.client, part))
            })
            .collect();
        let mut matched = Some(0u64);
        let mut failures = Vec::new();
        let mut stopped = None;
        for (what, submitted) in asked {
            let result = match (submitted, &stopped) {
                (Ok(submitted), Some(_)) => {
                    self.client.cleaner().delete_one(&submitted.name);
                    continue;
                }
                (Err(_), Some(_)) => continue,
                (Ok(submitted), None) => self.piece(submitted, Some(Parent { by, matches: job.matches })),
                (Err(error), None) => Err(error),
            };
            match result {
                Ok(found) => matched = matched.zip(found).map(|(sum, found)| sum.saturating_add(found)),
                Err(error) if error.kind == ErrorKind::Interrupted => stopped = Some(error),
                Err(error) => failures.push(format!("{what}: {error}")),
            }
        }
        if let Some(error) = stopped {
            return Err(error);
        }
        if failures.is_empty() {
            if let (Some(sum), Some(all)) = (matched, job.matches)
                && sum < all
            {
                self.missing.reason(format!("{} of {all} rows of {} belong to no part of it", all - sum, whole.piece.describe()));
            }
            return Ok(());
        }
        // The whole, cut as it is, may hold some of the rows that the failed parts owe.
        let rows = match self.download(job) {
            Ok(rows) => rows,
            Err(error) if self.part == 0 || error.kind == ErrorKind::Interrupted => return Err(error),
            Err(_) => 0,
        };
        self.rows += rows;
        failures.into_iter().for_each(|failure| self.missing.reason(format!("one part could not be had: {failure}")));
        Ok(())
    }

    /// Polls until the query is completed.
    fn completed(&mut self, submitted: &Submitted) -> Result<Completed, PceError> {
        let line = &self.client.line;
        let mut last_state = String::new();
        loop {
            let elapsed = line.pace.now().saturating_duration_since(submitted.since);
            let out_of_time = elapsed >= line.query_timeout;
            // A query that has been waiting for its turn to be read may be completed long since.
            if elapsed < Duration::from_millis(250) || !last_state.is_empty() {
                if out_of_time {
                    return Err(PceError::new(
                        ErrorKind::Timeout,
                        format!(
                            "the traffic query for {} was still '{last_state}' after {} s",
                            submitted.piece.describe(),
                            elapsed.as_secs()
                        ),
                    )
                    .hint("raise query_timeout in [pce], or shorten windows and lookback"));
                }
                line.wait(poll_delay(elapsed).min(line.query_timeout.saturating_sub(elapsed).max(Duration::from_millis(50))))?;
            }
            let fetched = line.fetch(&Ask::get(submitted.url.clone(), Size::Small), STATUS_LIMIT)?;
            let job = fetched.json()?;
            let state = job.get("status").and_then(Value::as_str).unwrap_or("unknown").to_ascii_lowercase();
            if state != last_state {
                (self.progress)(&format!("traffic: query {}", visible(&state)));
            }
            match state.as_str() {
                "completed" => return read_completed(line, submitted, &job),
                "failed" | "cancelled" | "canceled" | "cancel_requested" => {
                    return Err(PceError::new(
                        ErrorKind::Server,
                        format!("the traffic query for {} ended as '{state}' at the PCE", submitted.piece.describe()),
                    )
                    .hint("run again; if it stays so, ask for less or look at the PCE's health"));
                }
                _ => last_state = super::error::line(&state),
            }
        }
    }

    /// Hands the rows to the sink, as often as it takes to have them.
    fn download(&mut self, job: &Completed) -> Result<u64, PceError> {
        let mut empty = EMPTY_PAUSES.iter();
        let mut broken = BROKEN_PAUSES.iter();
        loop {
            let pause = match self.body(job) {
                Ok(0) if job.matches.unwrap_or(0) > 0 => match empty.next() {
                    Some(pause) => pause,
                    None if job.flows == Some(0) => return Ok(0),
                    None => {
                        return Err(PceError::new(
                            ErrorKind::BadAnswer,
                            format!("the PCE says that {} rows match, but their file stays empty", job.matches.unwrap_or(0)),
                        )
                        .hint("run again later; the PCE may be short of disk or busy"));
                    }
                },
                Ok(rows) => return Ok(rows),
                Err((true, error)) => match broken.next() {
                    Some(pause) => {
                        log::info!("{error}; downloading again");
                        pause
                    }
                    None => return Err(error),
                },
                Err((false, error)) => return Err(error),
            };
            self.client.line.wait(Duration::from_secs(*pause))?;
        }
    }

    /// One download. The error says whether another one may go better.
    fn body(&mut self, job: &Completed) -> Result<u64, (bool, PceError)> {
        let line = &self.client.line;
        (self.progress)(&format!("traffic: downloading {} rows", job.flows.map_or("the".to_owned(), |rows| rows.to_string())));
        let response = line.open(&Ask::get(job.result.clone(), Size::Large)).map_err(|error| (false, error))?;
        let asked = format!("GET {}", super::error::line(job.result.path()));
        let kind = text_header(response.headers(), "content-type").unwrap_or("").to_ascii_lowercase();
        let recording = line.recorder.as_ref().map(|recorder| recorder.begin(&format!("traffic-{}.json.gz", self.part)));
        let mut body = Download {
            source: Watched { inner: response.into_body().into_reader(), line, stopped: None },
            recording,
            bytes: 0,
            broken: None,
        };
        let mut head = [0; 64];
        let length = body.read(&mut head).unwrap_or(0);
        let head = &head[..length];
        let foreign = if kind.contains("html") || looks_like_html(head) {
            Some((
                "an HTML page came instead of flow records",
                "a proxy or a login page answered in place of the PCE; check url and proxy in [pce]",
            ))
        } else if kind.contains("csv") {
            Some(("CSV came instead of JSON", "something between here and the PCE drops the Accept header"))
        } else {
            None
        };
        if let Some((what, hint)) = foreign {
            body.discard();
            return Err((false, PceError::new(ErrorKind::BadAnswer, format!("{asked}: {what}")).hint(hint)));
        }
        // A body that fails before its first byte has nothing to hand over.
        let result = if body.broken.is_some() {
            Err(BodyError::Network(String::new()))
        } else {
            self.sink.part(self.part, &mut head.chain(&mut body))
        };
        let started = body.bytes > 0;
        self.bytes += body.bytes;
        if let Some(error) = body.source.stopped.take() {
            body.discard();
            return Err((false, error));
        }
        match result {
            Ok(rows) => {
                body.drain();
                body.finish();
                if rows > 0 {
                    self.part += 1;
                }
                Ok(rows)
            }
            Err(error) => {
                // Its rows may be with the sink already: what comes next is a later part.
                self.part += u32::from(started);
                let (kind, why) = match (body.broken.take(), error) {
                    (Some(why), _) | (None, BodyError::Network(why)) => {
                        (ErrorKind::Network, format!("the body broke off ({})", super::error::line(&why)))
                    }
                    (None, BodyError::Content(why)) => {
                        (ErrorKind::BadAnswer, format!("the body cannot be read ({})", super::error::line(&why)))
                    }
                };
                body.discard();
                Err((true, PceError::new(kind, format!("{asked}: {why}"))))
            }
        }
    }
}

fn read_completed(line: &Line, submitted: &Submitted, job: &Value) -> Result<Completed, PceError> {
    let count = |key: &str| job.get(key).and_then(Value::as_u64);
    let regions = job.get("regions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let silent = |region: &&Value| region.get("responded").and_then(Value::as_bool) == Some(false);
    let name = |region: &Value| super::error::line(region.get("pce_fqdn").and_then(Value::as_str).unwrap_or("a region"));
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

/// A body being downloaded: watched, counted, kept on disk when asked for.
struct Download<'a, R> {
    source: Watched<'a, R>,
    recording: Option<Recording>,
    bytes: u64,
    broken: Option<String>,
}

impl<R: Read> Read for Download<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer).inspect_err(|error| self.broken = Some(error.to_string()))?;
        self.bytes += length as u64;
        if let Some(recording) = &mut self.recording {
            recording.write(&buffer[..length]);
        }
        Ok(length)
    }
}

impl<R: Read> Download<'_, R> {
    /// Reads what the sink had no use for: a line end, the end of the compression.
    fn drain(&mut self) {
        let _ = io::copy(&mut self.take(1 << 20), &mut io::sink());
    }

    fn finish(&mut self) {
        if let Some(recording) = self.recording.take() {
            recording.finish();
        }
    }

    fn discard(&mut self) {
        if let Some(recording) = self.recording.take() {
            recording.discard();
        }
    }
}

/// What could not be had, for people.
#[derive(Debug, Default)]
struct Missing {
    reasons: Vec<String>,
    silent: BTreeSet<String>,
}

impl Missing {
    fn reason(&mut self, reason: String) {
        self.reasons.push(reason);
    }

    fn rows(&mut self, piece: &Piece, job: &Completed, rows: u64) {
        self.silent.extend(job.silent_regions.iter().cloned());
        let what = piece.describe();
        let capped = job.flows.unwrap_or(rows) >= piece.max_results();
        let known = job.matches.unwrap_or(0).max(job.flows.unwrap_or(0));
        let why = if capped {
            format!("row limit of {}", piece.max_results())
        } else {
            "a cap of the PCE or the permissions (RBAC) of the API key".to_owned()
        };
        if known > rows {
            self.reasons.push(format!("{} of {known} rows are missing ({what}; {why})", known - rows));
        } else if capped {
            self.reasons.push(format!("there may be more than the {rows} rows had ({what}; {why})"));
        }
    }

    fn told(mut self) -> Option<String> {
        if !self.silent.is_empty() {
            let names: Vec<String> = std::mem::take(&mut self.silent).into_iter().collect();
            self.reasons.insert(0, format!("these members of the Supercluster did not respond: {}", names.join(", ")));
        }
        let more = self.reasons.len().saturating_sub(5);
        self.reasons.truncate(5);
        if more > 0 {
            self.reasons.push(format!("and {more} more"));
        }
        (!self.reasons.is_empty()).then(|| self.reasons.join("; "))
    }
}
