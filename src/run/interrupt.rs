//! What happens on SIGINT and SIGTERM: waiting ends, queries are deleted, the process leaves with 3.

use crate::pce::Cleaner;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Shared between the run and the thread that waits for signals.
#[derive(Clone, Default)]
pub struct Interrupt {
    /// Set when the run is to end.
    pub stop: Arc<AtomicBool>,
    cleaner: Arc<Mutex<Option<Cleaner>>>,
    /// Goes when the process goes.
    folder: Arc<Mutex<Option<PathBuf>>>,
    /// Held while the state is being written: a signal waits for that.
    writing: Arc<Mutex<()>>,
}

/// How long a signal waits for queries to be deleted, and for a write to end.
const PATIENCE: Duration = Duration::from_secs(1);

impl Interrupt {
    /// Begins to listen.
    pub fn listen() -> std::io::Result<Self> {
        let interrupt = Self::default();
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let shared = interrupt.clone();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            if signals.forever().next().is_some() {
                shared.leave();
            }
        })?;
        Ok(interrupt)
    }

    /// Tells what to clean up at the PCE.
    pub fn cleans_with(&self, cleaner: Cleaner) {
        *self.cleaner.lock().unwrap_or_else(PoisonError::into_inner) = Some(cleaner);
    }

    /// Tells which folder is to be gone afterwards.
    pub fn removes(&self, folder: PathBuf) {
        *self.folder.lock().unwrap_or_else(PoisonError::into_inner) = Some(folder);
    }

    /// Lets the thread that got the signal end the process: who leaves first would cut its cleaning short.
    pub fn wait_for_the_end(&self) {
        let begun = Instant::now();
        while begun.elapsed() < 3 * PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Keeps a signal from ending the process while the guard lives.
    pub fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[allow(clippy::exit, reason = "the run may be blocked in a read that nothing can break")]
    fn leave(&self) {
        self.stop.store(true, Ordering::SeqCst);
        log::error!("{}", tr!("interrupted: deleting what was submitted to the PCE; the state stays as it was"));
        let cleaner = self.cleaner.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(cleaner) = cleaner {
            cleaner.delete_all(PATIENCE);
        }
        if let Some(folder) = self.folder.lock().unwrap_or_else(PoisonError::into_inner).take()
            && let Err(error) = std::fs::remove_dir_all(&folder)
        {
            log::warn!("{}", tr!("cannot remove {path}: {error}", path = folder.display(), error));
        }
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Ok(_guard) = self.writing.try_lock() {
                std::process::exit(3);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        std::process::exit(3);
    }
}
