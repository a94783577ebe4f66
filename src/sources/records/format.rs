//! NDJSON, JSON and CSV -> fields. One record in memory at a time, and no line without an end.

use super::settings::Format;
use crate::domain::estimate::Estimate;
use crate::domain::value::Value;
use serde_json::Value as Json;
use std::io::{BufRead, BufReader, Read};

/// What a reader may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Most records.
    pub most: u64,
    /// Longest line in bytes.
    pub line: u64,
}

/// The fields of a record, or why it is none.
pub(super) type Read1 = Result<Vec<(String, Value)>, String>;

/// Nested tables deeper than this are shown as text.
const DEEPEST: usize = 8;

/// Reads records until `take` has enough.
pub(super) fn read(format: Format, body: impl Read, line: u64, take: &mut dyn FnMut(Read1) -> bool) -> Result<(), String> {
    match format {
        Format::Csv => csv(body, take),
        Format::Json => json(body, take),
        Format::Ndjson | Format::Auto => ndjson(body, line, take),
    }
}

fn ndjson(body: impl Read, most: u64, take: &mut dyn FnMut(Read1) -> bool) -> Result<(), String> {
    let mut reader = BufReader::new(body);
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        let read = (&mut reader).take(most).read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
        if read == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n') && read as u64 == most {
            skip_line(&mut reader)?;
            if !take(Err(tr!("line {number}: longer than {most} bytes", number, most))) {
                return Ok(());
            }
            continue;
        }
        let text = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| number == 1).unwrap_or(&line).trim_ascii();
        if text.is_empty() {
            continue;
        }
        let parsed = match serde_json::from_slice::<Json>(text) {
            Ok(Json::Object(map)) => Ok(fields(map)),
            Ok(Json::Array(list)) if number == 1 => {
                // A whole array on one line is a list of records.
                for item in list {
                    let one = if let Json::Object(map) = item { Ok(fields(map)) } else { Err(tr!("line {number}: not a record", number)) };
                    if !take(one) {
                        return Ok(());
                    }
                }
                continue;
            }
            Ok(_) => Err(tr!("line {number}: not a record", number)),
            Err(error) => Err(tr!("line {number}, column {column}: not JSON", number, column = error.column())),
        };
        if !take(parsed) {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads over the rest of a line without keeping it.
fn skip_line(reader: &mut impl BufRead) -> Result<(), String> {
    loop {
        let buffer = reader.fill_buf().map_err(|error| error.to_string())?;
        if buffer.is_empty() {
            return Ok(());
        }
        let (length, done) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), false),
        };
        reader.consume(length);
        if done {
            return Ok(());
        }
    }
}

fn json(body: impl Read, take: &mut dyn FnMut(Read1) -> bool) -> Result<(), String> {
    let mut number = 0u64;
    crate::pce::records::read_records(body, &mut |raw| {
        number += 1;
        let one = match serde_json::from_str::<Json>(raw.get()) {
            Ok(Json::Object(map)) => Ok(fields(map)),
            Ok(_) => Err(tr!("record {number}: not a table of fields", number)),
            Err(error) => Err(tr!("record {number}: {error}", number, error)),
        };
        let readable = one.is_ok();
        take(one);
        readable
    })
    .map(|_| ())
    .map_err(|error| error.to_string())
}

fn csv(body: impl Read, take: &mut dyn FnMut(Read1) -> bool) -> Result<(), String> {
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(body);
    let head = reader.headers().map_err(|error| tr!("the first line holds no names: {error}", error))?.clone();
    let names: Vec<String> = head.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) {
            return Err(tr!("the column '{name}' is twice in the first line", name = crate::domain::text::visible(name)));
        }
    }
    for row in reader.records() {
        let one = match row {
            Ok(row) => Ok(names.iter().cloned().zip(row.iter().map(cell)).collect()),
            Err(error) => Err(match error.position() {
                Some(at) => tr!("line {number}: not a row of this table", number = at.line()),
                None => error.to_string(),
            }),
        };
        if !take(one) {
            break;
        }
    }
    Ok(())
}

/// A cell is a number when it is written as one. A comma as decimal point is not guessed at.
fn cell(text: &str) -> Value {
    let text = text.trim();
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) => {
            Value::Number(Estimate::exact(number))
        }
        _ => Value::text(text),
    }
}

/// Strings are texts, numbers are numbers, the keys of inner tables are joined by a dot.
fn fields(map: serde_json::Map<String, Json>) -> Vec<(String, Value)> {
    let mut out = Vec::with_capacity(map.len());
    for (name, value) in map {
        add(name, value, 0, &mut out);
    }
    out
}

fn add(name: String, value: Json, depth: usize, out: &mut Vec<(String, Value)>) {
    let value = match value {
        Json::Null => Value::NotTold,
        Json::Bool(flag) => Value::Flag(flag),
        Json::Number(number) => {
            number.as_f64().filter(|number| number.is_finite()).map_or(Value::NotTold, |number| Value::Number(Estimate::exact(number)))
        }
        Json::String(text) => Value::text(text),
        Json::Array(items) => {
            let texts: Vec<String> = items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
            if items.is_empty() { Value::NotTold } else { Value::Texts(texts.clone(), texts.len() == items.len()) }
        }
        Json::Object(map) if depth < DEEPEST && !map.is_empty() => {
            for (inner, value) in map {
                add(format!("{name}.{inner}"), value, depth + 1, out);
            }
            return;
        }
        Json::Object(_) => Value::NotTold,
    };
    out.push((name, value));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(format: Format, body: &str) -> Vec<Read1> {
        let mut out = Vec::new();
        read(format, body.as_bytes(), 200, &mut |one| {
            out.push(one);
            true
        })
        .unwrap();
        out
    }

    #[test]
    fn seven_good_lines_of_ten() {
        let body = "\u{feff}{\"a\":1}\r\n\n{\"a\":\n{\"a\":2}\n[1]\n7\n{\"b\":{\"c\":\"x\"}}";
        let read = all(Format::Ndjson, body);
        let bad: Vec<&String> = read.iter().filter_map(|one| one.as_ref().err()).collect();
        assert_eq!((read.len(), bad.len()), (6, 3), "{bad:?}");
        assert!(bad[0].starts_with("line 3, column"), "{bad:?}");
        assert_eq!(read[5].as_ref().unwrap(), &[("b.c".to_owned(), Value::Text("x".to_owned()))]);
    }

    #[test]
    fn a_line_without_end_is_one_bad_record() {
        let body = format!("{{\"a\":\"{}\"}}\n{{\"a\":1}}\n", "x".repeat(5_000));
        let read = all(Format::Ndjson, &body);
        assert_eq!((read.len(), read[0].is_err(), read[1].is_ok()), (2, true, true));
    }

    #[test]
    fn tables_with_quotes_and_numbers() {
        let read = all(Format::Csv, "host,load,note\n\"a,b\",1.5,\"x\ny\"\nc,\"1.234,5\",\n");
        let first = read[0].as_ref().unwrap();
        assert_eq!(first[0].1, Value::Text("a,b".to_owned()));
        assert_eq!(first[1].1, Value::Number(Estimate::exact(1.5)));
        let second = read[1].as_ref().unwrap();
        assert_eq!((&second[1].1, &second[2].1), (&Value::Text("1.234,5".to_owned()), &Value::NotTold));
        assert!(super::read(Format::Csv, "a,a\n1,2\n".as_bytes(), 200, &mut |_| true).is_err());
    }
}
