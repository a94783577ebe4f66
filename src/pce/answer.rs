//! What takes the bodies of answers, and what became of a question.

use std::io::Read;

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
