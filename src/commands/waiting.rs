//! What a command waits for, on one line of the terminal, with the time it has been waiting.

use crate::cli::Global;
use crate::render::progress::Progress;
use std::io::{IsTerminal, Stderr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often the line is written anew while nothing happens.
const TICK: Duration = Duration::from_secs(1);

/// The line. Dropping it erases it.
pub struct Waiting {
    shared: Arc<Shared>,
    ticker: Option<JoinHandle<()>>,
}

struct Shared {
    line: Mutex<Line>,
    over: Condvar,
}

struct Line {
    progress: Progress<Stderr>,
    /// What is waited for, and since when.
    now: Option<(String, Instant)>,
    ended: bool,
}

impl Line {
    fn write(&mut self) {
        if let Some((text, since)) = &self.now {
            self.progress.show(&with_time(text, since.elapsed()));
        }
    }
}

/// The first second is nobody's patience.
fn with_time(text: &str, elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0 => text.to_owned(),
        seconds if seconds < 60 => format!("{text} ({seconds} s)"),
        seconds => format!("{text} ({} min {:02} s)", seconds / 60, seconds % 60),
    }
}

impl Waiting {
    /// Shown only to a person at a terminal who did not ask for quiet or for the log instead.
    pub fn new(global: &Global) -> Waiting {
        let shown = std::io::stderr().is_terminal() && !global.quiet && global.verbose == 0;
        let line = Line { progress: Progress::new(std::io::stderr(), shown), now: None, ended: false };
        let shared = Arc::new(Shared { line: Mutex::new(line), over: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let tick = move || {
            let mut line = theirs.lock();
            while !line.ended {
                line = theirs.over.wait_timeout(line, TICK).unwrap_or_else(PoisonError::into_inner).0;
                line.write();
            }
        };
        // Without a thread the line stands still, which is no reason not to run.
        let ticker = shown.then(|| std::thread::Builder::new().name("progress".to_owned()).spawn(tick).ok()).flatten();
        Waiting { shared, ticker }
    }

    /// Shows this from now on.
    pub fn show(&self, text: &str) {
        let mut line = self.shared.lock();
        if line.now.as_ref().is_none_or(|(shown, _)| shown != text) {
            line.now = Some((text.to_owned(), Instant::now()));
        }
        line.write();
    }

    /// Erases the line; what follows on the terminal begins at its left.
    pub fn clear(&self) {
        let mut line = self.shared.lock();
        line.now = None;
        line.progress.clear();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.clear();
        self.shared.lock().ended = true;
        self.shared.over.notify_all();
        if let Some(ticker) = self.ticker.take() {
            // It ends at once; a thread that died has nothing to say.
            let _ = ticker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_told_after_a_second() {
        let told = |seconds| with_time("traffic: query working", Duration::from_secs(seconds));
        assert_eq!(told(0), "traffic: query working");
        assert_eq!(told(12), "traffic: query working (12 s)");
        assert_eq!(told(125), "traffic: query working (2 min 05 s)");
    }
}
