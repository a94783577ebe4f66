//! What a stream may cost: how much it may grow when it is inflated, and until when it may be read.
//!
//! The third bound, how long one record may be, is held where records are found.

use crate::process::patience;
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// No record is this long; a stream that claims so is not what it should be.
pub(super) const LONGEST_RECORD: usize = 16 << 20;
/// How many times as large as what came an answer may become: lists of much alike records stay far below.
const MOST_GROWTH: u64 = 400;
/// Bytes that an answer may become in any case.
const ALWAYS: u64 = 64 << 20;
/// Bytes between two looks at the clock.
const STEP: u64 = 256 << 10;

/// Why reading ends although there is more.
pub(super) fn too_late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, tr!("the deadline of the run was reached while it was read"))
}

/// Counts what comes from a source.
pub(super) struct Received<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Received<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count.set(self.count.get().saturating_add(count as u64));
        Ok(count)
    }
}

/// What is read of a source, inflated, within its bounds.
pub(super) struct Bounded<R> {
    inner: R,
    received: Rc<Cell<u64>>,
    given: u64,
    looked: u64,
}

/// Puts a source between the two ends: what `inflate` makes of it is bounded by what came.
pub(super) fn bound<'r, S: Read + 'r>(
    source: S,
    inflate: impl FnOnce(Received<S>) -> io::Result<Box<dyn Read + 'r>>,
) -> io::Result<Bounded<Box<dyn Read + 'r>>> {
    let received = Rc::new(Cell::new(0));
    let inner = inflate(Received { inner: source, count: Rc::clone(&received) })?;
    Ok(Bounded { inner, received, given: 0, looked: 0 })
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.given = self.given.saturating_add(count as u64);
        if self.given > ALWAYS && self.given / MOST_GROWTH > self.received.get() {
            let why = tr!(
                "{received} compressed bytes expand to more than {given}: possibly a decompression bomb",
                received = self.received.get(),
                given = self.given
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        if self.given - self.looked > STEP {
            self.looked = self.given;
            if patience::is_over() {
                return Err(too_late());
            }
        }
        Ok(count)
    }
}

/// A source of which one record may only have so many bytes. Whoever has taken a record [renews](Budget::renew) it.
pub(super) struct Budget {
    left: Cell<usize>,
}

impl Budget {
    pub(super) fn new() -> Budget {
        Budget { left: Cell::new(LONGEST_RECORD) }
    }

    pub(super) fn renew(&self) {
        self.left.set(LONGEST_RECORD);
    }

    /// The source, within the budget.
    pub(super) fn reader<'b, R: Read>(&'b self, inner: R) -> impl Read + use<'b, R> {
        Spending { inner, budget: self }
    }
}

struct Spending<'b, R> {
    inner: R,
    budget: &'b Budget,
}

impl<R: Read> Read for Spending<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.budget.left.get();
        if left == 0 {
            let why = tr!("a record is longer than {most} MiB", most = LONGEST_RECORD >> 20);
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let room = buffer.len().min(left);
        let count = self.inner.read(&mut buffer[..room])?;
        self.budget.left.set(left - count);
        Ok(count)
    }
}
