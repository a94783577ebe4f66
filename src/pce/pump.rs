//! Reads and inflates a stream on a thread of its own, a few chunks ahead of whoever reads them.
//!
//! A few buffers go round: filled here, read there, given back. Before every chunk there is room for
//! what was left of the one before, so that a record cut in two can be put together without copying
//! a whole chunk. Knows nothing of what the bytes mean.

use super::inflate::inflate;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, Scope};

/// Free bytes before every chunk.
pub(super) const ROOM: usize = 32 * 1024;
const CHUNK: usize = 256 * 1024;
/// One is filled, one waits, one is read.
const BUFFERS: usize = 3;

/// Bytes of the stream, from [`ROOM`] to `end`.
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    pub(super) end: usize,
}

/// Where chunks come from.
pub(super) trait Chunks {
    /// The next chunk; `None` at the end of the stream.
    fn next(&mut self) -> io::Result<Option<Chunk>>;
    /// Gives a buffer back. One of another size was not made here, and is dropped.
    fn give_back(&mut self, bytes: Vec<u8>);
}

/// The other end of the thread. Dropping it ends the thread at its next chunk.
pub(super) struct Pumped {
    filled: Receiver<io::Result<Option<Chunk>>>,
    empty: SyncSender<Vec<u8>>,
}

/// The same without a thread: a chunk is filled when it is asked for.
pub(super) struct Here<R> {
    reader: R,
    spare: Option<Vec<u8>>,
    /// What ended the stream, behind the chunk that was filled before.
    last: Option<io::Result<()>>,
}

/// Reads and inflates on the thread that asks.
pub(super) fn here<'s>(stream: impl Read + 's) -> io::Result<Here<impl Read + 's>> {
    Ok(Here { reader: inflate(stream)?, spare: None, last: None })
}

impl<R: Read> Chunks for Here<R> {
    fn next(&mut self) -> io::Result<Option<Chunk>> {
        if self.last.is_none() {
            let mut bytes = self.spare.take().unwrap_or_else(|| vec![0; ROOM + CHUNK]);
            let (end, last) = fill(&mut self.reader, &mut bytes);
            self.last = last;
            if end > ROOM {
                return Ok(Some(Chunk { bytes, end }));
            }
        }
        // Whoever asks again learns the same but for the reason.
        self.last.replace(Ok(())).transpose().map(|_| None)
    }

    fn give_back(&mut self, bytes: Vec<u8>) {
        if bytes.len() == ROOM + CHUNK {
            self.spare = Some(bytes);
        }
    }
}

/// Starts the thread.
pub(super) fn start<'scope>(scope: &'scope Scope<'scope, '_>, stream: impl Read + Send + 'scope) -> io::Result<Pumped> {
    let (empty, empties) = sync_channel(BUFFERS);
    let (send, filled) = sync_channel(BUFFERS);
    for _ in 0..BUFFERS {
        // There is place for all of them: this neither blocks nor fails.
        let _ = empty.try_send(vec![0; ROOM + CHUNK]);
    }
    Builder::new().name("inflate".to_owned()).spawn_scoped(scope, move || pump(stream, &empties, &send))?;
    Ok(Pumped { filled, empty })
}

impl Chunks for Pumped {
    fn next(&mut self) -> io::Result<Option<Chunk>> {
        self.filled.recv().unwrap_or_else(|_| Err(io::Error::other(tr!("reading stopped without a reason"))))
    }

    fn give_back(&mut self, bytes: Vec<u8>) {
        if bytes.len() == ROOM + CHUNK {
            let _ = self.empty.try_send(bytes);
        }
    }
}

/// Fills buffers until the stream ends, fails, or nobody wants any more.
fn pump(stream: impl Read, empties: &Receiver<Vec<u8>>, send: &SyncSender<io::Result<Option<Chunk>>>) {
    let mut reader = match inflate(stream) {
        Ok(reader) => reader,
        Err(error) => {
            let _ = send.send(Err(error));
            return;
        }
    };
    while let Ok(mut bytes) = empties.recv() {
        let (end, last) = fill(&mut reader, &mut bytes);
        if end > ROOM && send.send(Ok(Some(Chunk { bytes, end }))).is_err() {
            return;
        }
        if let Some(last) = last {
            let _ = send.send(last.map(|()| None));
            return;
        }
    }
}

/// Fills a buffer behind its room: where its bytes end, and what ended the stream. What was read before an error counts.
fn fill(reader: &mut impl Read, bytes: &mut [u8]) -> (usize, Option<io::Result<()>>) {
    let mut end = ROOM;
    while end < bytes.len() {
        match reader.read(&mut bytes[end..]) {
            Ok(0) => return (end, Some(Ok(()))),
            Ok(count) => end += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (end, Some(Err(error))),
        }
    }
    (end, None)
}
