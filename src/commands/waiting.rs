//! What a command waits for, on one line of the terminal, with the time it has been waiting.

use crate::cli::Global;
use crate::process::aloud;
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
    /// What is waited for.
    now: Option<String>,
    /// Since when something is.
    since: Option<Instant>,
    ended: bool,
}

impl Line {
    fn write(&mut self) {
        if let Some(text) = &self.now {
            self.progress.show_with(text, &time(self.since.map(|since| since.elapsed()).unwrap_or_default()));
        }
    }
}

/// The first second is nobody's patience.
fn time(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0 => String::new(),
        seconds if seconds < 60 => format!(" ({seconds} s)"),
        seconds => format!(" ({} min {:02} s)", seconds / 60, seconds % 60),
    }
}

/// What is said of a request, without its method and path: the line is short, and -v shows them.
fn without_path(text: &str) -> &str {
    let is_request = |head: &str| {
        head.split_once(' ').is_some_and(|(method, path)| {
            !method.is_empty() && method.chars().all(|c| c.is_ascii_uppercase()) && path.starts_with('/') && !path.contains(' ')
        })
    };
    text.split_once(": ").filter(|(head, _)| is_request(head)).map_or(text, |(_, said)| said)
}

impl Waiting {
    /// Shown only to a person at a terminal who did not ask for quiet or for the log instead.
    pub fn new(global: &Global) -> Waiting {
        let shown = std::io::stderr().is_terminal() && !global.quiet && global.verbose == 0;
        let line = Line { progress: Progress::new(std::io::stderr(), shown), now: None, since: None, ended: false };
        let shared = Arc::new(Shared { line: Mutex::new(line), over: Condvar::new() });
        let theirs = Arc::clone(&shared);
        if shown {
            let ear = Arc::clone(&shared);
            aloud::listen(move |text| ear.show(without_path(text)));
        }
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
        self.shared.show(text);
    }

    /// Erases the line; what follows on the terminal begins at its left.
    pub fn clear(&self) {
        let mut line = self.shared.lock();
        line.now = None;
        line.progress.clear();
    }
}

impl Shared {
    fn show(&self, text: &str) {
        let mut line = self.lock();
        // The whole wait counts, however often its reason changes.
        line.since.get_or_insert_with(Instant::now);
        line.now = Some(text.to_owned());
        line.write();
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        aloud::fall_silent();
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
        let told = |seconds| time(Duration::from_secs(seconds));
        assert_eq!((told(0).as_str(), told(12).as_str(), told(125).as_str()), ("", " (12 s)", " (2 min 05 s)"));
    }

    #[test]
    fn a_retry_fits_the_line() {
        let said = "GET /api/v2/orgs/1/traffic_flows/async_queries/1: the PCE answered 503; try 2 in 2 s";
        assert_eq!(without_path(said), "the PCE answered 503; try 2 in 2 s");
        for whole in ["traffic: query working", "pce.example.com: refused", "GET it: now", "a /b: c"] {
            assert_eq!(without_path(whole), whole);
        }
    }
}
