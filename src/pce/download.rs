//! One body on its way from the PCE to the sink: watched, counted, kept on disk when asked for,
//! and refused when it is not what was asked for. Knows no queries.

use super::answer::{AnswerSink, BodyError};
use super::ask::{Ask, Size};
use super::body::looks_like_html;
use super::error::{ErrorKind, PceError, line as harmless};
use super::exchange::{Line, Watched, text_header};
use crate::files::recorder::Recording;
use std::io::{self, Read};
use ureq::Body;
use ureq::http::Response;
use url::Url;

/// What one download came to.
pub(super) struct Downloaded {
    /// Bytes received.
    pub(super) bytes: u64,
    /// The sink may hold rows of it: the next body is a later part.
    pub(super) used: bool,
    /// Rows read.
    pub(super) rows: Result<u64, Failed>,
}

/// Why a download failed.
pub(super) enum Failed {
    /// Another one may go better.
    Again(PceError),
    /// Another one would fail the same way.
    Final(PceError),
}

/// Downloads flow records once.
pub(super) fn download(line: &Line, url: &Url, part: u32, sink: &mut dyn AnswerSink) -> Downloaded {
    let ask = Ask::get(url.clone(), Size::Large);
    match line.open(&ask) {
        Ok(response) => receive(line, &ask.name(), response, &format!("traffic-{part}.json.gz"), "flow records", part, sink),
        Err(error) => Downloaded { bytes: 0, used: false, rows: Err(Failed::Final(error)) },
    }
}

/// Hands an answer's body to the sink. `what` it should be is said when it is something else; `file` is the name it is kept under.
#[expect(clippy::too_many_arguments, reason = "one answer, where it is recorded and who takes it")]
pub(super) fn receive(
    line: &Line,
    asked: &str,
    response: Response<Body>,
    file: &str,
    what: &str,
    part: u32,
    sink: &mut dyn AnswerSink,
) -> Downloaded {
    let unused = |error| Downloaded { bytes: 0, used: false, rows: Err(Failed::Final(error)) };
    let kind = text_header(response.headers(), "content-type").unwrap_or("").to_ascii_lowercase();
    let mut body = Download {
        source: Watched { inner: response.into_body().into_reader(), line, stopped: None },
        recording: line.recorder.as_ref().map(|recorder| recorder.begin(file)),
        bytes: 0,
        broken: None,
    };
    let mut head = [0; 64];
    let length = body.read(&mut head).unwrap_or(0);
    let head = &head[..length];
    if let Some(error) = foreign(asked, what, &kind, head) {
        body.discard();
        return unused(error);
    }
    // A body that fails before its first byte has nothing to hand over.
    let mut result = if body.broken.is_some() { Ok(0) } else { sink.part(part, &mut head.chain(&mut body)) };
    if let Some(why) = body.broken.take() {
        // Whatever the sink made of it, the body was not whole.
        result = Err(BodyError::Network(why));
    }
    let stopped = body.source.stopped.take();
    let bytes = body.bytes;
    let rows = match (stopped, result) {
        (Some(error), _) => Err(Failed::Final(error)),
        (None, Ok(rows)) => Ok(rows),
        (None, Err(error)) => {
            let failed = |kind, why: String| PceError::new(kind, format!("{asked}: {why}"));
            Err(match error {
                BodyError::Network(why) => {
                    Failed::Again(failed(ErrorKind::Network, tr!("the body is incomplete ({why})", why = harmless(&why))))
                }
                BodyError::Content(why) => {
                    Failed::Again(failed(ErrorKind::BadAnswer, tr!("the body cannot be read ({why})", why = harmless(&why))))
                }
                BodyError::Enough => Failed::Final(failed(ErrorKind::Interrupted, tr!("the reader has seen enough"))),
            })
        }
    };
    if rows.is_ok() {
        body.finish();
    } else {
        body.discard();
    }
    let used = rows.as_ref().map_or(bytes > 0, |rows| *rows > 0);
    Downloaded { bytes, used, rows }
}

/// What is plainly not a list of JSON records.
fn foreign(asked: &str, wanted: &str, kind: &str, head: &[u8]) -> Option<PceError> {
    let bad = |what: String, hint: String| Some(PceError::new(ErrorKind::BadAnswer, format!("{asked}: {what}")).hint(hint));
    if kind.contains("html") || looks_like_html(head) {
        bad(
            tr!("an HTML page came instead of {wanted}", wanted),
            tr!("a proxy or a login page answered in place of the PCE; check url and proxy in [pce]"),
        )
    } else if kind.contains("csv") {
        bad(tr!("CSV came instead of JSON"), tr!("a proxy or firewall on the path to the PCE removes the Accept header"))
    } else {
        None
    }
}

/// A body being downloaded: watched, counted, kept on disk when asked for.
struct Download<'a, R> {
    source: Watched<'a, R>,
    recording: Option<Recording>,
    bytes: u64,
    broken: Option<String>,
}

impl<R: Read> Read for Download<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer).inspect_err(|error| self.broken = Some(error.to_string()))?;
        self.bytes += length as u64;
        if let Some(recording) = &mut self.recording {
            recording.write(&buffer[..length]);
        }
        Ok(length)
    }
}

impl<R: Read> Download<'_, R> {
    /// The sink has what it wants; what it had no use for (a line end, the end of the compression) belongs to the recording.
    fn finish(&mut self) {
        let drained = io::copy(&mut self.take(1 << 20), &mut io::sink());
        if let Some(recording) = self.recording.take() {
            if drained.is_ok() { recording.finish() } else { recording.discard() }
        }
    }

    fn discard(&mut self) {
        if let Some(recording) = self.recording.take() {
            recording.discard();
        }
    }
}
