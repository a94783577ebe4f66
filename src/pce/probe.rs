//! Single questions about the PCE itself and small samples of its traffic, for finding out what is wrong.
//! Nothing is asked twice, and no answer is completed.

use super::answer::AnswerSink;
use super::client::Client;
use super::download::{Failed, download};
use super::error::PceError;
use super::job::{completed, submit_piece};
use super::query::TrafficQuery;
use super::split::Piece;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Bounds an answer.
const LIMIT: u64 = 16 << 20;

/// A question that costs the PCE next to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Which version it is.
    Version,
    /// One label of the organisation.
    Labels,
    /// One event of the organisation.
    Events,
    /// One workload of the organisation.
    Workloads,
    /// Its health.
    Health,
    /// How much traffic it holds.
    Database,
}

/// What a sample of traffic came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampled {
    /// Rows that match, by the PCE's own count.
    pub matches: Option<u64>,
    /// Rows it gives.
    pub flows: Option<u64>,
    /// From the question to the last row.
    pub took: Duration,
}

impl Client {
    /// Asks once, without patience.
    pub fn once(&self, question: Question, limit: Duration) -> Result<Value, PceError> {
        let mut url = match question {
            Question::Version => self.line.api_url("product_version"),
            Question::Health => self.line.api_url("health"),
            Question::Database => self.line.org_url("traffic_flows/database_metrics"),
            Question::Labels => self.line.org_url("labels"),
            Question::Events => self.line.org_url("events"),
            Question::Workloads => self.line.org_url("workloads"),
        };
        if !matches!(question, Question::Version | Question::Health | Question::Database) {
            url.query_pairs_mut().append_pair("max_results", "1");
        }
        self.line.get_now(url, LIMIT, limit)
    }

    /// Has one query answered as far as its row limit goes, and deletes it.
    pub fn sample(&self, query: &TrafficQuery, sink: &mut dyn AnswerSink) -> Result<Sampled, PceError> {
        let begun = Instant::now();
        let submitted = submit_piece(self, Piece::whole(query))?;
        let result = completed(self, &submitted, &|_| {}).and_then(|job| {
            let downloaded = download(&self.line, &job.result, 0, sink).rows;
            downloaded.map_err(|(Failed::Again(error) | Failed::Final(error))| error)?;
            Ok(Sampled { matches: job.matches, flows: job.flows, took: begun.elapsed() })
        });
        self.cleaner().delete_one(&submitted.name);
        result
    }
}
