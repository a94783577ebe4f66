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

/// The other end of the thread. Dropping it ends the thread at its next chunk.
pub(super) struct Pumped {
    filled: Receiver<io::Result<Option<Chunk>>>,
    empty: SyncSender<Vec<u8>>,
}

/// Starts the thread.
pub(super) fn start<'scope>(scope: &'scope Scope<'scope, '_>, stream: impl Read + Send + 'scope) -> io::Result<Pumped> {
    let (empty, empties) = sync_channel(BUFFERS);
    let (fill, filled) = sync_channel(BUFFERS);
    for _ in 0..BUFFERS {
        // There is place for all of them: this neither blocks nor fails.
        let _ = empty.try_send(vec![0; ROOM + CHUNK]);
    }
    Builder::new().name("inflate".to_owned()).spawn_scoped(scope, move || pump(stream, &empties, &fill))?;
    Ok(Pumped { filled, empty })
}

impl Pumped {
    /// The next chunk; `None` at the end of the stream.
    pub(super) fn next(&self) -> io::Result<Option<Chunk>> {
        self.filled.recv().unwrap_or_else(|_| Err(io::Error::other(tr!("reading stopped without a reason"))))
    }

    /// Gives a buffer back. One of another size was not made here, and is dropped.
    pub(super) fn give_back(&self, bytes: Vec<u8>) {
        if bytes.len() == ROOM + CHUNK {
            let _ = self.empty.try_send(bytes);
        }
    }
}

/// Fills buffers until the stream ends, fails, or nobody wants any more.
fn pump(stream: impl Read, empties: &Receiver<Vec<u8>>, fill: &SyncSender<io::Result<Option<Chunk>>>) {
    let mut reader = match inflate(stream) {
        Ok(reader) => reader,
        Err(error) => {
            let _ = fill.send(Err(error));
            return;
        }
    };
    while let Ok(mut bytes) = empties.recv() {
        let mut end = ROOM;
        let mut last = None;
        while end < bytes.len() && last.is_none() {
            match reader.read(&mut bytes[end..]) {
                Ok(0) => last = Some(Ok(None)),
                Ok(count) => end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => last = Some(Err(error)),
            }
        }
        // What was read before an error counts.
        if end > ROOM && fill.send(Ok(Some(Chunk { bytes, end }))).is_err() {
            return;
        }
        if let Some(last) = last {
            let _ = fill.send(last);
            return;
        }
    }
}
