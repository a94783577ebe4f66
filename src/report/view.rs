//! How the reader of a report wants it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// How the reader wants it.
#[derive(Debug, Clone)]
pub struct View {
    /// For every instant that is shown.
    pub timezone: TimeZone,
}

impl View {
    /// `2026-11-20 10:00 +08:00`
    pub fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.timezone.clone()).strftime("%Y-%m-%d %H:%M %:z").to_string()
    }
}
