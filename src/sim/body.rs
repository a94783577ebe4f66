//! Bodies of answers in all the shapes a PCE has been seen to send.

use super::options::{Layout, Options, Packing};
use super::record::FlowRecord;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::io::Write;
use std::sync::Arc;

/// What an answer says, before it is put into bytes.
pub(super) enum Body {
    /// Nothing.
    Empty,
    /// A JSON value.
    Json(Value),
    /// Bytes as they are.
    Bytes(Vec<u8>),
    /// A download; JSON, or else CSV.
    Rows(Arc<Vec<FlowRecord>>, bool),
    /// The file of a list.
    List(Arc<Vec<Value>>),
}

/// The body as text.
pub(super) fn text(body: Body, options: &Options) -> Vec<u8> {
    match body {
        Body::Empty => Vec::new(),
        Body::Bytes(bytes) => bytes,
        Body::Json(value) => value.to_string().into_bytes(),
        Body::List(rows) => Value::Array(rows.to_vec()).to_string().into_bytes(),
        Body::Rows(rows, false) => std::iter::once(FlowRecord::CSV_HEAD.to_owned())
            .chain(rows.iter().map(FlowRecord::to_csv))
            .collect::<Vec<_>>()
            .join("\n")
            .into_bytes(),
        Body::Rows(rows, true) => {
            let row = |record: &FlowRecord| {
                let mut row = record.to_json();
                if options.labels_by_href {
                    super::record::leave_hrefs(&mut row);
                }
                if let Value::Object(row) = &mut row {
                    row.extend(options.row_extras.clone());
                }
                if options.layout == Layout::Pretty { format!("{row:#}") } else { row.to_string() }
            };
            let (open, between, close) = match options.layout {
                Layout::OneLine => ("[", ",", "]"),
                Layout::RowPerLine | Layout::Pretty => ("[\n", ",\n", "\n]\n"),
                Layout::Ndjson => ("", "\n", "\n"),
            };
            let mut out = open.as_bytes().to_vec();
            for (index, record) in rows.iter().enumerate() {
                if index > 0 {
                    out.extend_from_slice(between.as_bytes());
                }
                out.extend_from_slice(row(record).as_bytes());
            }
            out.extend_from_slice(close.as_bytes());
            out
        }
    }
}

/// The body of a download as it is sent.
pub(super) fn pack(text: Vec<u8>, packing: Packing) -> Vec<u8> {
    match packing {
        Packing::Identity => text,
        Packing::Gzip | Packing::GzipUnmarked => gzip(&text),
        Packing::GzipMembers => {
            let (first, second) = text.split_at(text.len() / 2);
            [gzip(first), gzip(second)].concat()
        }
    }
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory cannot fail; should it, the answer is visibly broken, which is all a test needs.
    let written = encoder.write_all(bytes);
    encoder.finish().ok().filter(|_| written.is_ok()).unwrap_or_default()
}
