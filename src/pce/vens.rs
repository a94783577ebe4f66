//! The PCE's lists of VENs and of workloads, whole. What their records are, whoever takes the parts knows.

use super::answer::{AnswerSink, BodyError};
use super::client::{Client, Listed, Take};
use super::collection::{Collected, Collection, collect};
use super::decode::DecodeError;
use super::error::{ErrorKind, PceError};
use std::io::Read;

/// The lists, as the PCE names them.
const VENS: Collection = Collection { name: "vens", query: &[] };
const WORKLOADS: Collection = Collection { name: "workloads", query: &[("managed", "true")] };

/// Hands the parts of one list on.
pub(super) struct Sink<'s, 't>(pub(super) &'static str, pub(super) &'s mut Take<'t>);

impl AnswerSink for Sink<'_, '_> {
    fn part(&mut self, _part: u32, body: &mut (dyn Read + Send)) -> Result<u64, BodyError> {
        let decoded = (self.1)(self.0, &mut { body }).map_err(|error| match error {
            DecodeError::Read(error) => BodyError::Network(error.to_string()),
            error => BodyError::Content(error.to_string()),
        })?;
        Ok(decoded.rows)
    }
}

impl Client {
    /// Asks for all VENs, and for the workloads they manage when somebody wants to know what only those tell.
    pub fn vens(&self, workloads: bool, take: &mut Take<'_>) -> Result<Listed, PceError> {
        fetch(self, workloads, take)
    }
}

/// Has all VENs, and the workloads when they are wanted.
fn fetch(client: &Client, workloads: bool, take: &mut Take<'_>) -> Result<Listed, PceError> {
    let list = |list: &Collection, take: &mut Take<'_>| -> Result<Collected, PceError> {
        collect(client, list, &mut Sink(list.name, take)).map_err(explained)
    };
    let mut collected = list(&VENS, take)?;
    if workloads {
        match list(&WORKLOADS, take) {
            Ok(more) => {
                collected.queries += more.queries;
                collected.bytes += more.bytes;
                collected.missing = [collected.missing, more.missing].into_iter().flatten().reduce(|all, more| format!("{all}; {more}"));
            }
            Err(error) if error.kind == ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let told = format!("enforcement, sync_state and online are not known, because the workloads could not be read: {error}");
                collected.missing = Some(collected.missing.map_or(told.clone(), |missing| format!("{missing}; {told}")));
            }
        }
    }
    Ok(Listed { queries: collected.queries, bytes: collected.bytes, whole_until: None, missing: collected.missing })
}

/// A refusal, with what to do about it.
fn explained(error: PceError) -> PceError {
    match error.kind {
        ErrorKind::Forbidden => {
            error.hint("the key needs a role that may view VENs and workloads, such as Global Viewer; check org_id, too")
        }
        _ => error,
    }
}
