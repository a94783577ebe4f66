//! One question on its way to a whole answer: judged by its counts, downloaded, asked again in
//! parts when rows are missing. What stays missing is told, not hidden.

use super::answer::{AnswerSink, TrafficAnswer};
use super::client::Client;
use super::download::{Failed, download};
use super::error::{ErrorKind, PceError};
use super::exchange::took;
use super::job::{Completed, Submitted, completed, submit_piece};
use super::split::{Dimension, Piece};
use std::collections::BTreeSet;
use std::time::Duration;

/// Most parts that one question is cut into.
const MAX_PARTS: usize = 64;
/// Pauses before an empty file is asked for again: the PCE may say `completed` before it exists.
const EMPTY_PAUSES: [u64; 3] = [2, 4, 6];
/// Pauses before a body that broke off is asked for again.
const BROKEN_PAUSES: [u64; 2] = [2, 4];

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

/// Has a question answered, as whole as it can be had.
pub(super) fn gather(
    client: &Client,
    submitted: Submitted,
    sink: &mut dyn AnswerSink,
    progress: &dyn Fn(&str),
) -> Result<TrafficAnswer, PceError> {
    let mut gathering =
        Gathering { client, sink, progress, part: 0, queries: 1, budget: MAX_PARTS, rows: 0, bytes: 0, missing: Missing::default() };
    gathering.piece(submitted, None)?;
    let Gathering { rows, queries, bytes, missing, .. } = gathering;
    let short = missing.short;
    Ok(TrafficAnswer { rows, queries, bytes, missing: missing.told(), short })
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
        let job = completed(self.client, submitted, self.progress)?;
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
        (self.progress)(&tr!(
            "traffic: {rows} rows exceed one answer, querying in {parts} parts",
            rows = job.matches.map_or_else(|| "?".to_owned(), |rows| rows.to_string()),
            parts = parts.len()
        ));
        self.budget = self.budget.saturating_sub(parts.len());
        // All at once, so that the PCE works on the next while this one is read.
        let asked: Vec<_> = parts
            .into_iter()
            .map(|part| {
                let what = (part.describe(), part.decisions());
                self.queries += 1;
                (what, submit_piece(self.client, part))
            })
            .collect();
        let mut matched = Some(0u64);
        let mut failures = Vec::new();
        let mut stopped = None;
        for ((what, decisions), submitted) in asked {
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
                Err(error) => {
                    failures.push(format!("{what}: {error}"));
                    self.missing.of(decisions);
                }
            }
        }
        if let Some(error) = stopped {
            return Err(error);
        }
        if failures.is_empty() {
            if let (Some(sum), Some(all)) = (matched, job.matches)
                && sum < all
            {
                self.missing.of(whole.piece.decisions());
                self.missing.reason(tr!(
                    "{sum} of {all} rows of {piece} are in none of its parts",
                    sum = all - sum,
                    all,
                    piece = whole.piece.describe()
                ));
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
        failures.into_iter().for_each(|failure| self.missing.reason(tr!("one part could not be read: {failure}", failure)));
        Ok(())
    }

    /// Hands the rows to the sink, as often as it takes to have them.
    fn download(&mut self, job: &Completed) -> Result<u64, PceError> {
        let mut empty = EMPTY_PAUSES.iter();
        let mut broken = BROKEN_PAUSES.iter();
        loop {
            (self.progress)(&tr!(
                "traffic: downloading {rows} rows",
                rows = job.flows.map_or_else(|| "?".to_owned(), |rows| rows.to_string())
            ));
            let begun = self.client.line.pace.now();
            let downloaded = download(&self.client.line, &job.result, self.part, self.sink);
            if let Ok(rows) = &downloaded.rows {
                let spent = self.client.line.pace.now().saturating_duration_since(begun);
                log::info!("traffic: downloaded {rows} records, {} bytes in {}", downloaded.bytes, took(spent));
            }
            self.bytes += downloaded.bytes;
            self.part += u32::from(downloaded.used);
            let pause = match downloaded.rows {
                Ok(0) if job.matches.unwrap_or(0) > 0 => match empty.next() {
                    Some(pause) => pause,
                    None if job.flows == Some(0) => return Ok(0),
                    None => {
                        return Err(PceError::new(
                            ErrorKind::BadAnswer,
                            tr!("the PCE reports {matches} matching rows, but their file stays empty", matches = job.matches.unwrap_or(0)),
                        )
                        .hint(tr!("run again later; the PCE may be short of disk or busy")));
                    }
                },
                Ok(rows) => return Ok(rows),
                Err(Failed::Again(error)) => match broken.next() {
                    Some(pause) => {
                        log::info!("{error}; downloading again");
                        pause
                    }
                    None => return Err(error),
                },
                Err(Failed::Final(error)) => return Err(error),
            };
            self.client.line.wait(Duration::from_secs(*pause))?;
        }
    }
}

/// What could not be had, for people.
#[derive(Debug, Default)]
struct Missing {
    reasons: Vec<String>,
    silent: BTreeSet<String>,
    /// Decisions of which rows are missing, by number.
    short: [bool; 4],
}

impl Missing {
    fn reason(&mut self, reason: String) {
        self.reasons.push(reason);
    }

    fn of(&mut self, decisions: [bool; 4]) {
        self.short.iter_mut().zip(decisions).for_each(|(short, missing)| *short |= missing);
    }

    fn rows(&mut self, piece: &Piece, job: &Completed, rows: u64) {
        let told = self.reasons.len();
        self.silent.extend(job.silent_regions.iter().cloned());
        let what = piece.describe();
        let capped = job.flows.unwrap_or(rows) >= piece.max_results();
        let known = job.matches.unwrap_or(0).max(job.flows.unwrap_or(0));
        let why = if capped {
            tr!("row limit of {max_results}", max_results = piece.max_results())
        } else {
            tr!("a cap of the PCE or the permissions (RBAC) of the API key")
        };
        if known > rows {
            self.reasons.push(tr!("{rows} of {known} rows are missing ({what}; {why})", rows = known - rows, known, what, why));
        } else if capped {
            self.reasons.push(tr!("there may be more than these {rows} rows ({what}; {why})", rows, what, why));
        }
        if self.reasons.len() > told || !job.silent_regions.is_empty() {
            self.of(piece.decisions());
        }
    }

    fn told(mut self) -> Option<String> {
        if !self.silent.is_empty() {
            let names: Vec<String> = std::mem::take(&mut self.silent).into_iter().collect();
            self.reasons.insert(0, tr!("these members of the Supercluster did not respond: {names}", names = names.join(", ")));
        }
        let more = self.reasons.len().saturating_sub(5);
        self.reasons.truncate(5);
        if more > 0 {
            self.reasons.push(tr!("and {count} more", count = more));
        }
        (!self.reasons.is_empty()).then(|| self.reasons.join("; "))
    }
}
