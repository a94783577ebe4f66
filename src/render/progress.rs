//! One line on a terminal that says what a run waits for, and is gone when it no longer waits.
//!
//! It is conversation, not result: never written when nobody looks. It knows no clock; the caller says what to show.

use crate::domain::text::{shorten, visible};
use std::io::Write;
use unicode_width::UnicodeWidthStr;

/// Longest line: one that wraps could not be erased.
const WIDTH: usize = 78;

/// The line. Dropping it erases it.
#[derive(Debug)]
pub struct Progress<W: Write> {
    out: W,
    shown: bool,
    width: usize,
}

impl<W: Write> Progress<W> {
    /// `shown` says whether a person looks: the writer is a terminal and quiet was not asked for.
    pub fn new(out: W, shown: bool) -> Self {
        Progress { out, shown, width: 0 }
    }

    /// Shows this instead of what was there.
    pub fn show(&mut self, text: &str) {
        self.show_with(text, "");
    }

    /// The same with an end that stays whole however long the text is.
    pub fn show_with(&mut self, text: &str, end: &str) {
        if !self.shown {
            return;
        }
        let room = WIDTH.saturating_sub(end.width());
        let mut text = shorten(&visible(text), room);
        while text.width() > room {
            text.pop();
        }
        text.push_str(end);
        let width = text.width();
        let blanks = " ".repeat(self.width.saturating_sub(width));
        self.write(&format!("\r{text}{blanks}"));
        self.width = width;
    }

    /// Erases the line, so that something else can be written.
    pub fn clear(&mut self) {
        if self.width > 0 {
            let blanks = " ".repeat(self.width);
            self.write(&format!("\r{blanks}\r"));
            self.width = 0;
        }
    }

    fn write(&mut self, text: &str) {
        // A terminal that went away is no reason to stop a run.
        if self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).is_err() {
            self.shown = false;
        }
    }
}

impl<W: Write> Drop for Progress<W> {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(shown: bool, steps: impl FnOnce(&mut Progress<&mut Vec<u8>>)) -> String {
        let mut out = Vec::new();
        let mut progress = Progress::new(&mut out, shown);
        steps(&mut progress);
        drop(progress);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rewrites_and_erases() {
        let text = written(true, |progress| {
            progress.show("query working, 12 s");
            progress.show("query done");
        });
        assert_eq!(text, "\rquery working, 12 s\rquery done         \r          \r");
    }

    #[test]
    fn says_nothing_when_nobody_looks() {
        assert_eq!(written(false, |progress| progress.show("query working")), "");
        assert_eq!(written(true, |progress| progress.clear()), "");
    }

    #[test]
    fn obeys_nothing_and_never_wraps() {
        let text = written(true, |progress| progress.show(&format!("\u{1b}[2J\n{}", "資".repeat(200))));
        assert!(!text.contains(['\u{1b}', '\n']));
        assert!(text.split('\r').all(|line| line.width() <= WIDTH));
    }
}
