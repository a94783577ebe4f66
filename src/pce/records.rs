//! The records of a list, one at a time: a JSON array, one object, or one object after the other;
//! plain or gzip. Memory holds one record; what a record means is the caller's.

use super::bounds::Budget;
use super::decode::{DecodeError, Decoded, named};
use super::inflate::inflate;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

/// Larger lists make no sense.
const LIMIT: u64 = 4 << 30;

/// Hands every record to `take`, which says whether it could make something of it.
pub fn read_records(body: impl Read, take: &mut dyn FnMut(&RawValue) -> bool) -> Result<Decoded, DecodeError> {
    let mut reader = BufReader::with_capacity(64 * 1024, inflate(body).map_err(|error| named(error, 0))?.take(LIMIT));
    let mut decoded = Decoded::default();
    let budget = Budget::new();
    let mut take = |raw: &RawValue| {
        budget.renew();
        decoded.rows += 1;
        decoded.unreadable += u64::from(!take(raw));
    };
    let mut documents = 0;
    let result = loop {
        match next_byte(&mut reader) {
            Err(error) => break Err(Broken::Read(error)),
            Ok(None) => break Ok(()),
            Ok(Some(b'[' | b'{')) => {}
            Ok(Some(b'<')) => break Err(Broken::Format("this is HTML, not JSON: a proxy or a login page answered")),
            Ok(Some(_)) => break Err(Broken::Format("this is not a list of JSON records")),
        }
        documents += 1;
        let is_list = reader.buffer().first() == Some(&b'[');
        let mut json = serde_json::Deserializer::from_reader(budget.reader(&mut reader));
        let read =
            if is_list { json.deserialize_seq(Records(&mut take)) } else { Box::<RawValue>::deserialize(&mut json).map(|raw| take(&raw)) };
        if let Err(error) = read {
            break Err(Broken::Json(error));
        }
    };
    let rows = decoded.rows;
    match result {
        Ok(()) if documents == 0 => Err(DecodeError::Format(tr!("there is nothing in it; an empty answer would be []"))),
        Ok(()) => Ok(decoded),
        Err(Broken::Read(error)) => Err(named(error, rows)),
        Err(Broken::Format(why)) => Err(DecodeError::Format(why.to_owned())),
        Err(Broken::Json(error)) if error.is_io() => Err(named(error.into(), rows)),
        Err(Broken::Json(error)) if error.is_eof() => Err(DecodeError::Cut { rows }),
        Err(Broken::Json(error)) => Err(DecodeError::Format(tr!("after {rows} records: {error}", rows, error))),
    }
}

enum Broken {
    Read(std::io::Error),
    Format(&'static str),
    Json(serde_json::Error),
}

/// The next byte that is neither blank nor a byte order mark, left where it is.
fn next_byte(reader: &mut impl BufRead) -> std::io::Result<Option<u8>> {
    loop {
        let length = match reader.fill_buf()? {
            [] => return Ok(None),
            [byte, ..] if byte.is_ascii_whitespace() => 1,
            // Byte by byte: a buffer may end within a mark.
            [0xef | 0xbb | 0xbf, ..] => 1,
            [byte, ..] => return Ok(Some(*byte)),
        };
        reader.consume(length);
    }
}

struct Records<'t>(&'t mut dyn FnMut(&RawValue));

impl<'de> Visitor<'de> for Records<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(raw) = list.next_element::<Box<RawValue>>()? {
            (self.0)(&raw);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<(Vec<String>, Decoded), DecodeError> {
        let mut seen = Vec::new();
        let decoded = read_records(body.as_bytes(), &mut |raw| {
            seen.push(raw.get().to_owned());
            raw.get().starts_with('{')
        })?;
        Ok((seen, decoded))
    }

    #[test]
    fn records_in_every_wrapping() {
        for body in ["[{\"a\":1},{\"b\":2}]", "\u{feff}{\"a\":1}\r\n{\"b\":2}\n", " [ {\"a\":1} ]\n[{\"b\":2}]", "{\"a\":1}{\"b\":2}"] {
            let (seen, decoded) = read(body).unwrap_or_else(|error| panic!("{body}: {error}"));
            assert_eq!(seen, ["{\"a\":1}", "{\"b\":2}"], "{body}");
            assert_eq!(decoded, Decoded { rows: 2, unreadable: 0 });
        }
        assert_eq!(read("[]").unwrap().1, Decoded::default());
        assert_eq!(read("[null, 7, \"x\", {\"a\":\"\\ud800\"}]").unwrap().1, Decoded { rows: 4, unreadable: 3 });
    }

    #[test]
    fn one_record_has_a_longest_length_and_many_have_none() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(9 << 20));
        assert_eq!(read(&format!("[{long},{long},{long}]")).unwrap().1.rows, 3);
        let endless = format!("[{{}},{{\"a\":\"{}\"}}]", "x".repeat(17 << 20));
        let error = read(&endless).unwrap_err().to_string();
        assert!(error.contains("a record is longer than 16 MiB"), "{error}");
    }

    #[test]
    fn a_list_that_is_cut_is_an_error() {
        for (body, cut) in [
            ("[{\"a\":1},", true),
            ("[{\"a\":", true),
            ("{\"a\"", true),
            ("", false),
            ("<html>", false),
            ("[{}] x", false),
            ("[1 2]", false),
        ] {
            match read(body) {
                Err(DecodeError::Cut { .. }) => assert!(cut, "{body}"),
                Err(DecodeError::Format(_)) => assert!(!cut, "{body}"),
                other => panic!("{body}: {other:?}"),
            }
        }
    }
}
