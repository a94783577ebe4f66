//! Flow records on their way from the thread that reads them to the one that judges them.
//!
//! A few batches go round: filled by the reader, looked at by the judge, given back. What a batch holds of ends is let go
//! by the reader, so that only one thread counts who holds an end.

use crate::domain::record::{Flow, FlowOf, Interned};
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Records of a batch.
const MOST_ROWS: usize = 256;
/// Bytes of their texts, beside the record that goes beyond.
const MOST_TEXT: usize = 64 * 1024;
/// One is filled, one waits, one is looked at.
const BATCHES: usize = 3;

/// Records in the order of the answer.
#[derive(Default)]
struct Batch {
    rows: Vec<FlowOf<Arc<Interned>, Range<usize>>>,
    text: String,
}

impl Batch {
    fn push(&mut self, flow: FlowOf<Arc<Interned>, &str>) {
        let text = &mut self.text;
        let row = flow.held(Arc::clone, |piece| {
            let from = text.len();
            text.push_str(piece);
            from..text.len()
        });
        self.rows.push(row);
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= MOST_ROWS || self.text.len() >= MOST_TEXT
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.text.clear();
        // One long record must not take its room for ever.
        self.text.shrink_to(2 * MOST_TEXT);
    }
}

/// The reader's end.
pub(super) struct Handover {
    batch: Batch,
    filled: SyncSender<Batch>,
    empty: Receiver<Batch>,
}

/// The judge's end. Dropping it tells the reader that nobody wants more.
pub(super) struct Batches {
    filled: Receiver<Batch>,
    empty: SyncSender<Batch>,
}

/// Nobody wants more.
pub(super) struct Unwanted;

/// Both ends.
pub(super) fn between() -> (Handover, Batches) {
    let (fill, filled) = sync_channel(BATCHES);
    let (empty, empties) = sync_channel(BATCHES);
    for _ in 1..BATCHES {
        // There is place for all of them: this neither blocks nor fails.
        let _ = empty.try_send(Batch::default());
    }
    (Handover { batch: Batch::default(), filled: fill, empty: empties }, Batches { filled, empty })
}

impl Handover {
    /// One more record.
    pub(super) fn push(&mut self, flow: FlowOf<Arc<Interned>, &str>) -> Result<(), Unwanted> {
        self.batch.push(flow);
        if self.batch.is_full() { self.flush() } else { Ok(()) }
    }

    /// Hands over what there is.
    pub(super) fn flush(&mut self) -> Result<(), Unwanted> {
        if self.batch.rows.is_empty() {
            return Ok(());
        }
        self.filled.send(std::mem::take(&mut self.batch)).map_err(|_| Unwanted)?;
        self.batch = self.empty.recv().map_err(|_| Unwanted)?;
        self.batch.clear();
        Ok(())
    }
}

impl Batches {
    /// Shows every record, in order, until the reader is done or somebody has an error.
    pub(super) fn each<X>(self, mut look: impl FnMut(&Flow<'_>) -> Result<(), X>) -> Result<(), X> {
        while let Ok(batch) = self.filled.recv() {
            for row in &batch.rows {
                look(&row.held(|end| &**end, |range| batch.text.get(range.clone()).unwrap_or_default()))?;
            }
            let _ = self.empty.try_send(batch);
        }
        Ok(())
    }
}
