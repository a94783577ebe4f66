//! How long the process may live, and work that may never come back.

use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// When the command has to be over.
static DEADLINE: Mutex<Option<Instant>> = Mutex::new(None);

/// Everything has to be over by then.
pub fn set_deadline(at: Instant) {
    *DEADLINE.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
}

/// Answers are read no longer than that: telling what was found needs time, too.
static READING: Mutex<Option<Instant>> = Mutex::new(None);

/// Until when answers may be read.
pub fn set_reading(until: Instant) {
    *READING.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
}

/// Whether the time for reading answers is over.
pub fn is_over() -> bool {
    READING.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| Instant::now() >= until)
}

/// What one of several waits may take: its own limit, and never more than half of the time that is left.
pub fn share(limit: Duration) -> Duration {
    let deadline = *DEADLINE.lock().unwrap_or_else(PoisonError::into_inner);
    deadline.map_or(limit, |at| limit.min(at.saturating_duration_since(Instant::now()) / 2))
}

/// What is left of the time for reading answers, and of the whole; `None`: nobody has set an end.
pub fn left() -> Option<Duration> {
    let ends = [&READING, &DEADLINE].map(|end| *end.lock().unwrap_or_else(PoisonError::into_inner));
    ends.into_iter().flatten().min().map(|end| end.saturating_duration_since(Instant::now()))
}

/// Does something that may block for ever on a thread of its own. `None`: it was not done in time, and is left behind.
pub fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (send, receive) = mpsc::channel();
    let spawned = std::thread::Builder::new().name("patience".to_owned()).spawn(move || {
        // Nobody listens any more once the limit has passed.
        let _ = send.send(work());
    });
    spawned.ok()?;
    receive.recv_timeout(limit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_left_behind() {
        assert_eq!(within(Duration::from_secs(60), || 7), Some(7));
        let (_keep, never) = mpsc::channel::<()>();
        assert_eq!(within(Duration::from_millis(1), move || never.recv().is_ok()), None);
    }
}
