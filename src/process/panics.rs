//! A panic is the failure of one part and never the end of the process.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// Where this thread panicked last.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
    /// Whether somebody on this thread waits for a panic and will tell of it.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// From now on a panic says where it happened and nothing else: its message may quote foreign text or a secret.
pub fn keep_quiet() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        // Paths of the machine that built a library say nothing to anybody.
        let place = place.rsplit_once("/src/").map_or(place.clone(), |(before, file)| {
            let library = before.rsplit('/').next().unwrap_or_default();
            if library.is_empty() { file.to_owned() } else { format!("{library}/{file}") }
        });
        if !EXPECTED.get() {
            log::error!("{}", said(&place));
        }
        PLACE.with_borrow_mut(|kept| *kept = place);
    }));
}

fn said(place: &str) -> String {
    tr!("an internal fault of this program ({place}); please report it", place)
}

/// Does a part of the work. A panic in it becomes an error that says where it happened.
pub fn contained<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let before = EXPECTED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    EXPECTED.set(before);
    result.map_err(|_| said(&PLACE.with_borrow_mut(std::mem::take)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_that_says_where_and_never_what() {
        keep_quiet();
        assert_eq!(contained(|| 7), Ok(7));
        let error = contained(|| {
            if PLACE.with_borrow(String::is_empty) {
                panic!("hunter2")
            }
        })
        .unwrap_err();
        assert!(error.contains("panics.rs:") && !error.contains("hunter2"), "{error}");
        let nested = contained(|| contained(|| panic!("a")).is_err());
        assert_eq!(nested, Ok(true));
    }
}
