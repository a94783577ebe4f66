//! What ends a run from outside: signals, and the watchdog at its deadline. Queries are deleted, children are ended, and
//! whatever is known is said.

use crate::domain::report::Report;
use crate::pce::Cleaner;
use crate::process::{children, panics, patience};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Prints a report and returns the exit code.
type Speaker = Box<dyn FnOnce(Report) -> u8 + Send>;

/// Shared between the run and the threads that wait for signals and for the deadline.
#[derive(Clone, Default)]
pub struct Interrupt {
    /// Set when the run is to end.
    pub stop: Arc<AtomicBool>,
    cleaner: Arc<Mutex<Option<Cleaner>>>,
    /// Goes when the process goes.
    folder: Arc<Mutex<Option<PathBuf>>>,
    /// Held while the state is being written: a signal waits for that.
    writing: Arc<Mutex<()>>,
    /// What is known by now, and who can say it.
    verdict: Arc<Mutex<Option<Report>>>,
    nothing_known: Arc<Mutex<Option<Report>>>,
    speaker: Arc<Mutex<Option<Speaker>>>,
    /// What is said on the way out.
    farewell: Arc<Mutex<Option<String>>>,
    /// Somebody is ending the process already.
    leaving: Arc<AtomicBool>,
}

/// How long an end waits for queries to be deleted, for a write to end, and for the verdict to be said: each.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long after its deadline a run may still end by itself. With the three waits above it is over within five seconds.
const GRACE: Duration = Duration::from_millis(1500);

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Interrupt {
    /// Begins to listen.
    pub fn listen() -> std::io::Result<Self> {
        let interrupt = Self::default();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT])?;
        let shared = interrupt.clone();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            if signals.forever().next().is_some() {
                shared.leave(shared.farewell(), false);
            }
        })?;
        Ok(interrupt)
    }

    /// Whatever hangs, the process is over by then and a few seconds.
    pub fn ends_by(&self, deadline: Instant) -> std::io::Result<()> {
        patience::set_deadline(deadline);
        let shared = self.clone();
        let watch = move || {
            loop {
                let left = (deadline + GRACE).saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                std::thread::sleep(left);
            }
            shared.leave(late(), true);
        };
        std::thread::Builder::new().name("watchdog".to_owned()).spawn(watch).map(|_| ())
    }

    /// Tells what to clean up at the PCE.
    pub fn cleans_with(&self, cleaner: Cleaner) {
        *held(&self.cleaner) = Some(cleaner);
    }

    /// What a signal makes the program say, when nothing of it is at the PCE.
    pub fn says(&self, text: String) {
        *held(&self.farewell) = Some(text);
    }

    fn farewell(&self) -> String {
        if held(&self.cleaner).as_ref().is_some_and(Cleaner::has_work) {
            return tr!("interrupted: deleting the queries at the PCE; the state is unchanged");
        }
        held(&self.farewell).take().unwrap_or_else(|| tr!("interrupted; no query is left at the PCE, and the state is unchanged"))
    }

    /// Tells which folder is to be gone afterwards.
    pub fn removes(&self, folder: PathBuf) {
        *held(&self.folder) = Some(folder);
    }

    /// Tells who says the verdict when the run cannot, and what it is as long as nothing better is known.
    pub fn speaks_with(&self, nothing_known: Report, speaker: impl FnOnce(Report) -> u8 + Send + 'static) {
        *held(&self.nothing_known) = Some(nothing_known);
        *held(&self.speaker) = Some(Box::new(speaker));
    }

    /// What the run has found out by now.
    pub fn knows(&self, report: Report) {
        *held(&self.verdict) = Some(report);
    }

    /// Takes back what the run has found out.
    pub fn known(&self) -> Option<Report> {
        held(&self.verdict).take()
    }

    /// Whether the run may say its verdict itself; otherwise the watchdog is saying it, and ends the process.
    pub fn may_speak(&self) -> bool {
        held(&self.speaker).take().is_some()
    }

    /// Lets the thread that ends the process do so: who leaves first would cut its cleaning short.
    pub fn wait_for_the_end(&self) {
        let begun = Instant::now();
        while begun.elapsed() < 4 * PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Keeps a signal from ending the process while the guard lives.
    pub fn writing(&self) -> MutexGuard<'_, ()> {
        held(&self.writing)
    }

    #[allow(clippy::exit, reason = "the run may be blocked in a read that nothing can break")]
    fn leave(&self, why: String, speak: bool) {
        if self.leaving.swap(true, Ordering::SeqCst) {
            return;
        }
        self.stop.store(true, Ordering::SeqCst);
        log::error!("{why}");
        children::end_all();
        let cleaner = held(&self.cleaner).clone();
        if let Some(cleaner) = cleaner {
            // What it waits for may drip as well.
            patience::within(PATIENCE + PATIENCE / 4, move || cleaner.delete_all(PATIENCE));
        }
        if let Some(folder) = held(&self.folder).take()
            && let Err(error) = std::fs::remove_dir_all(&folder)
        {
            log::warn!("{}", tr!("cannot remove {path}: {error}", path = folder.display(), error));
        }
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && self.writing.try_lock().is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let code = if speak { self.say(why) } else { None };
        std::process::exit(i32::from(code.unwrap_or(3)));
    }

    /// Says what is known. A reader who takes nothing is not waited for.
    fn say(&self, why: String) -> Option<u8> {
        let speaker = held(&self.speaker).take()?;
        let known = held(&self.verdict).take();
        let mut report = known.or_else(|| held(&self.nothing_known).take())?;
        if !report.warnings.contains(&why) {
            report.warnings.push(why);
        }
        patience::within(PATIENCE, move || panics::contained(move || speaker(report)).ok())?
    }
}

/// Why the watchdog ends a run.
pub fn late() -> String {
    tr!("the run exceeded its deadline and was stopped; it is not known what it did not do (see deadline in [run])")
}
