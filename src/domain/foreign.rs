//! What a peer said: the body of an answer, a reply, an error that quotes one.

use super::spelling::{hide, hide_all};
use super::text::{shorten, visible};
use std::fmt;

/// What lies farther behind is not shown anyway.
const MOST_LOOKED_AT: usize = 4_000;

/// Text from a peer, which may hold secrets, orders for a terminal and any number of lines. It has no way into a message but
/// [`Foreign::words`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Foreign(String);

impl Foreign {
    /// A text as it came.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What came, read as UTF-8.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(String::from_utf8_lossy(bytes).into_owned())
    }

    /// To be read by this program, never by people.
    pub fn for_reading(&self) -> &str {
        &self.0
    }

    /// For a message: on one line, without the secrets of this process and these, nothing invisible, and then cut.
    pub fn words(&self, secrets: &[String], most: usize) -> String {
        let head: String = self.0.chars().take(MOST_LOOKED_AT).collect();
        let line = head.split_whitespace().collect::<Vec<_>>().join(" ");
        shorten(&visible(&hide(&hide_all(&line, secrets))), most)
    }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes from a peer]", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_in_one_way_only() {
        let said = Foreign::new("no\r\n\thunter2-long\u{1b}[2J and hunter2%2Dlong");
        assert_eq!(format!("{said:?}"), "[40 bytes from a peer]");
        assert_eq!(said.words(&["hunter2-long".to_owned()], 200), "no [hidden]\\u{1b}[2J and [hidden]");
        let secrets = ["hunter2".to_owned(), "hunter2-long".to_owned(), String::new()];
        let plain = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "hunter2");
        assert_eq!(Foreign::new(format!("no hunter2-long, {plain}")).words(&secrets, 200), "no [hidden], [hidden]");
        // Hidden before it is cut: no beginning of a secret is left over.
        assert_eq!(said.words(&["hunter2-long".to_owned()], 7), "no [hi…");
        assert_eq!(Foreign::of_bytes(b"\xff x").for_reading(), "\u{fffd} x");
    }
}
