//! Services looked at from here: HTTP, TCP, TLS, ping and DNS. One target lists many addresses, each of which is a record.
//!
//! A target hands over one part: a line of JSON for each probe with what was found (`found.rs`), the certificate's dates
//! among it. What that means for numbers is decided here alone, so that a recorded answer means the same as a live one.
//! In these lines null says that the thing has none (a ping has no certificate); a key that is missing was not found out.

mod address;
mod certificate;
mod expect;
mod failure;
mod found;
mod http;
mod names;
mod ping;
mod place;
mod protocol;
mod proxy;
mod round;
mod row;
mod settings;
mod starttls;
mod stream;
mod target;
mod tcp;

pub use row::SOURCE;
pub use settings::{ProbeSettings, read_settings, read_table};

use super::json::{count, number, text, text_value, time, told};
use super::{Allowance, Assembled, Assembler, DecodeError, Decoded, Settings, Unreadable, json_of};
use crate::domain::estimate::Estimate;
use crate::domain::foreign::Foreign;
use crate::domain::source::SourceKind;
use crate::domain::value::{Record, Value};
use jiff::Timestamp;
use row::slot;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::Read;
use xxhash_rust::xxh3::xxh3_64;

/// Characters of a foreign text that are kept.
const EXCERPT: usize = 300;

/// Reads what a target found.
#[derive(Default)]
pub struct Probes {
    /// By their identity: what comes twice counts once.
    records: BTreeMap<u64, Record>,
    unreadable: Unreadable,
    allowance: Allowance,
    left: u64,
}

/// An assembler; every answer says all that there is to know.
pub fn assembler(_second: bool, _settings: Option<&dyn Settings>) -> Box<dyn Assembler> {
    Box::<Probes>::default()
}

impl Assembler for Probes {
    fn part(&mut self, _name: &str, body: &mut dyn Read) -> Result<Decoded, DecodeError> {
        let body = crate::pce::inflate(body).map_err(|error| DecodeError::Format(error.to_string()))?;
        super::read_records(body, &mut |raw| {
            let Some(mut record) = json_of(raw).and_then(|json| record(&json)) else {
                self.unreadable.add(raw);
                return false;
            };
            if self.allowance.takes(record.close()) {
                self.records.insert(record.id, record);
            } else {
                self.left += 1;
            }
            true
        })
    }

    fn limit(&mut self, bytes: usize) {
        self.allowance = Allowance::of(bytes);
    }

    fn finish(self: Box<Self>) -> Assembled {
        let unreadable = self.unreadable.count();
        let rows = self.records.len() as u64 + self.left + unreadable;
        let records = self.records.into_values().collect();
        Assembled { records, rows, unreadable, missing: self.allowance.remark(), held: self.allowance.held(), ..Assembled::default() }
    }
}

/// One probe. `None`: it does not say which.
fn record(json: &Json) -> Option<Record> {
    let (name, url) = (text(json, "probe"), text(json, "url"));
    if name.is_empty() && url.is_empty() && json.get("outcome").is_none() {
        return None;
    }
    let key = if json.get("id").is_some() { text(json, "id") } else { format!("{name}\n{url}") };
    let mut record = Record::of(SourceKind(&SOURCE), xxh3_64(key.as_bytes()));
    record.name = if name.is_empty() { url } else { name };
    for (slot, key) in row::TEXTS {
        record.set(slot, texts(json, key));
    }
    for (slot, key) in row::NUMBERS {
        record.set(slot, amount(json, key));
    }
    record.set(slot::ADDRESS, address(json));
    let answers = match json.get("answer") {
        Some(Json::Array(list)) => {
            let mut texts: Vec<String> = list.iter().filter_map(|one| one.as_str().map(foreign)).collect();
            let whole = texts.len() == list.len();
            texts.sort();
            // As a set: whoever turns the order around has not changed the answer.
            Value::text(texts.join(" ")).or(whole)
        }
        Some(Json::Null) => Value::Absent,
        _ => Value::NotTold,
    };
    record.set(slot::ANSWER, answers);
    certificate(&mut record, json);
    verdict(&mut record, json);
    Some(record)
}

trait Or {
    fn or(self, whole: bool) -> Value;
}

impl Or for Value {
    /// Nothing at all where it is not whole; where it is and empty, the thing has none.
    fn or(self, whole: bool) -> Value {
        match self {
            _ if !whole => Value::NotTold,
            Value::NotTold => Value::Absent,
            told => told,
        }
    }
}

fn foreign(text: &str) -> String {
    Foreign::new(text).words(&[], EXCERPT)
}

fn texts(json: &Json, key: &str) -> Value {
    match json.get(key) {
        Some(Json::Null) => Value::Absent,
        _ => match text_value(json, key) {
            Value::Text(text) => Value::Text(foreign(&text)),
            other => other,
        },
    }
}

fn amount(json: &Json, key: &str) -> Value {
    match json.get(key) {
        Some(Json::Null) => Value::Absent,
        Some(value) => Value::number(number(value)),
        None => Value::NotTold,
    }
}

fn address(json: &Json) -> Value {
    match text(json, "address").parse() {
        Ok(address) => Value::Addresses(vec![address], true),
        Err(_) => Value::NotTold,
    }
}

/// Days left, of what was seen of the certificate: it is judged by no means here.
fn certificate(record: &mut Record, json: &Json) {
    let places = [slot::CERT_EXPIRY, slot::CERT_LIFE, slot::CHAIN_EXPIRY];
    let facts = match json.get("certificate") {
        // A service without encryption has none.
        Some(Json::Null) => {
            for slot in places.into_iter().chain([slot::ISSUER, slot::SUBJECT, slot::TLS_VERSION]) {
                record.set(slot, Value::Absent);
            }
            return;
        }
        _ => told(json, "certificate"),
    };
    let (Some(facts), Some(at)) = (facts, time(json, "at")) else { return };
    let left = |end: Option<Timestamp>| end.map(|end| end.duration_since(at).as_secs() as f64);
    let leaf = time(facts, "not_after");
    let path = time(facts, "path_not_after");
    record.set(slot::CERT_EXPIRY, Value::number(left(leaf.min(path).filter(|_| leaf.is_some() && path.is_some()))));
    record.set(slot::CHAIN_EXPIRY, Value::number(left(time(facts, "sent_not_after"))));
    if let (Some(begin), Some(end)) = (time(facts, "not_before"), leaf) {
        let whole = end.duration_since(begin).as_secs_f64();
        let share = if whole > 0.0 { end.duration_since(at).as_secs_f64() / whole } else { 0.0 };
        record.set(slot::CERT_LIFE, Value::number(Some(share.clamp(-1.0, 1.0))));
    }
    record.set(slot::ISSUER, texts(facts, "issuer"));
    record.set(slot::SUBJECT, texts(facts, "subject"));
    record.set(slot::TLS_VERSION, texts(facts, "tls_version"));
}

/// Whether the service is there. An outcome that nobody knows says nothing.
fn verdict(record: &mut Record, json: &Json) {
    let outcome = text(json, "outcome");
    let down = match outcome.as_str() {
        "ok" => Some(0.0),
        known if failure::DOWN.contains(&known) => Some(1.0),
        _ => None,
    };
    record.set(slot::DOWN, Value::number(down));
    if down.is_none() {
        // What failed by our own fault, or may have, says nothing of the service: it failed never, or every time.
        let attempts = json.get("attempts").and_then(count);
        record.set(slot::FAILURES, attempts.map_or(Value::NotTold, |most| Value::Number(Estimate { low: 0.0, high: most as f64 })));
    }
    record.set(slot::STATUS, down.map_or(Value::NotTold, |down| Value::Number(Estimate::exact(2.0 * down))));
    record.word = foreign(&outcome);
    let reason = foreign(&text(json, "reason"));
    let tries = json.get("failures").and_then(count).filter(|failures| *failures > 0 && outcome == "ok");
    record.detail = match tries {
        Some(failures) if reason.is_empty() => {
            trn!("up after {count} failed attempt", "up after {count} failed attempts", count = failures)
        }
        Some(failures) => {
            let first = trn!("up after {count} failed attempt", "up after {count} failed attempts", count = failures);
            format!("{first}: {reason}")
        }
        None => reason,
    };
    // What is said beside a value, and where a rule cannot be judged for want of one.
    let failed = [slot::DOWN, slot::STATUS, slot::LATENCY, slot::LOSS, slot::FAILURES].map(|slot| (slot, record.detail.clone()));
    let end = told(json, "certificate").and_then(|facts| {
        let end = time(facts, "not_after").into_iter().chain(time(facts, "path_not_after")).min()?;
        Some(tr!("valid until {end}, issued by {issuer}", end = format!("{end:.0}"), issuer = foreign(&text(facts, "issuer"))))
    });
    let of_certificate = if outcome == "certificate" { None } else { end }.unwrap_or_else(|| record.detail.clone());
    let own = [slot::CERT_EXPIRY, slot::CERT_LIFE, slot::CHAIN_EXPIRY].map(|slot| (slot, of_certificate.clone()));
    record.details = failed.into_iter().chain(own).filter(|(_, text)| !text.is_empty()).collect();
}
