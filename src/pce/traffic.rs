//! Traffic, as the rest of the program asks for it: submit a query, do something else, collect
//! its rows into a sink. Knows no flow records; the sink does.

use super::Client;
use super::error::{ErrorKind, PceError};
use super::gather::gather;
use super::job::submit_piece;
use super::split::Piece;
use crate::domain::record::{Decision, proto_name};
use jiff::Timestamp;
use std::io::Read;
use std::time::Instant;
use url::Url;

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
                (from, to) if from == to => tr!("port {from}", from),
                (from, to) => tr!("ports {from}-{to}", from, to),
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
    fn part(&mut self, part: u32, body: &mut (dyn Read + Send)) -> Result<u64, BodyError>;
}

/// Why a body could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// Reading failed.
    Network(String),
    /// It is cut or not what it should be.
    Content(String),
    /// Nobody wants the rest.
    Enough,
}

/// A query that exists at the PCE. Dropping the client deletes it.
#[derive(Debug)]
pub struct Submitted {
    pub(super) piece: Piece,
    pub(super) name: String,
    pub(super) url: Url,
    pub(super) since: Instant,
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
    /// Decisions of which rows are missing, by number.
    pub short: [bool; 4],
}

/// Submits a query and returns at once; others may be asked meanwhile.
pub fn submit(client: &Client, query: &TrafficQuery) -> Result<Submitted, PceError> {
    if query.from > query.to {
        return Err(PceError::new(
            ErrorKind::Setup,
            tr!("a traffic query from {from} to {to} ends before it begins", from = query.from, to = query.to),
        ));
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
    gather(client, submitted, sink, progress)
}
