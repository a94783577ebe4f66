//! What the process is waiting for, said where somebody watches: there is one terminal, and one line on it.

use std::sync::{Arc, Mutex, PoisonError};

type Ear = Arc<dyn Fn(&str) + Send + Sync>;

static EAR: Mutex<Option<Ear>> = Mutex::new(None);

/// From now on this hears what is said.
pub fn listen(ear: impl Fn(&str) + Send + Sync + 'static) {
    *EAR.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(ear));
}

/// Nobody listens any more.
pub fn fall_silent() {
    *EAR.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// Says what is waited for.
pub fn say(text: &str) {
    let ear = EAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(ear) = ear {
        ear(text);
    }
}
