//! What things at a PCE are called: labels, IP lists, workloads. Only what was read whole proves that something is not there.

use super::answer::{AnswerSink, BodyError};
use super::ask::{Ask, Size};
use super::client::Client;
use super::collection::{Collection, collect};
use super::decode::{DecodeError, Decoded};
use super::error::{ErrorKind, PceError};
use super::label::Label;
use super::records::read_records;
use serde_json::Value;
use std::io::Read;

const LABELS: Collection = Collection { name: "labels", query: &[] };
const IP_LISTS: Collection = Collection { name: "sec_policy/draft/ip_lists", query: &[] };
/// Rows of a look-up: what the PCE gives at once.
const ROWS: usize = 500;
/// Bounds the answer of a look-up.
const LIMIT: u64 = 16 << 20;

/// The rows of a list. Each part takes the place of the one before.
#[derive(Default)]
struct Rows(Vec<Value>);

impl AnswerSink for Rows {
    fn part(&mut self, _part: u32, body: &mut (dyn Read + Send)) -> Result<u64, BodyError> {
        match read_rows(&mut { body }) {
            Ok((_, decoded)) if decoded.unreadable > 0 => Err(BodyError::Content(tr!("is not a list of things"))),
            Ok((rows, decoded)) => {
                self.0 = rows;
                Ok(decoded.rows)
            }
            Err(DecodeError::Read(error)) => Err(BodyError::Network(error.to_string())),
            Err(error) => Err(BodyError::Content(error.to_string())),
        }
    }
}

/// The rows of a list.
pub(super) fn read_rows(body: &mut dyn Read) -> Result<(Vec<Value>, Decoded), DecodeError> {
    let mut rows = Vec::new();
    let decoded = read_records(body, &mut |raw| serde_json::from_str(raw.get()).map(|row| rows.push(row)).is_ok())?;
    Ok((rows, decoded))
}

/// Labels of a list, without those that were deleted.
pub(super) fn labels_of(rows: &[Value]) -> Vec<Label> {
    let there = rows.iter().filter(|row| row.get("deleted").and_then(Value::as_bool) != Some(true));
    there.map(|row| Label { href: text(row, "href"), key: text(row, "key"), value: text(row, "value") }).collect()
}

fn text(row: &Value, key: &str) -> String {
    row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Client {
    /// All labels; a list that is not whole is an error.
    pub fn all_labels(&self) -> Result<Vec<Label>, PceError> {
        if let Some(known) = self.labels.get() {
            return Ok(known.clone());
        }
        let rows = self.whole(&LABELS)?;
        Ok(self.labels.get_or_init(|| labels_of(&rows)).clone())
    }

    /// The names of all IP lists, drafts included; a list that is not whole is an error.
    pub fn all_ip_lists(&self) -> Result<Vec<String>, PceError> {
        Ok(self.whole(&IP_LISTS)?.iter().map(|row| text(row, "name")).collect())
    }

    fn whole(&self, list: &Collection) -> Result<Vec<Value>, PceError> {
        let mut rows = Rows::default();
        let collected = collect(self, list, &mut rows)?;
        match collected.missing {
            None => Ok(rows.0),
            Some(missing) => Err(PceError::new(ErrorKind::BadAnswer, missing)),
        }
    }

    /// The rows of a list below the organisation that one filter chooses; `None`: there are more than are given at once.
    pub fn look_up(&self, list: &str, key: &str, value: &str) -> Result<Option<Vec<Value>>, PceError> {
        let mut url = self.line.org_url(list);
        url.query_pairs_mut().append_pair(key, value).append_pair("max_results", &ROWS.to_string());
        let rows = self.line.fetch(&Ask::get(url, Size::Large), LIMIT)?.json()?;
        let Value::Array(rows) = rows else {
            return Err(PceError::new(ErrorKind::BadAnswer, tr!("the PCE's answer about {list} is not a list", list)));
        };
        Ok((rows.len() < ROWS).then_some(rows))
    }
}
