//! Traffic, as the rest of the program asks for it: submit a query, do something else, collect
//! its rows into a sink. Knows no flow records; the sink does.

pub use super::answer::{AnswerSink, BodyError, TrafficAnswer};
use super::client::Client;
use super::error::{ErrorKind, PceError};
use super::gather::gather;
pub use super::job::Submitted;
use super::job::submit_piece;
pub use super::query::{ServiceFilter, TrafficQuery};
use super::split::Piece;

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
