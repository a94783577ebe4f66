//! Reading a config to change it, and writing it back: whole or not at all, and never over somebody else's change.

use crate::files::{New, Room, replace};
use std::io;
use std::path::{Path, PathBuf};

/// A file as it was read.
pub struct Original {
    /// The file itself, behind any links.
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Original {
    /// Reads a file that is going to be changed.
    pub fn read(path: &Path) -> Result<Original, String> {
        let cannot = |error: io::Error| tr!("cannot read {path}: {error}", path = path.display(), error);
        let path = path.canonicalize().map_err(cannot)?;
        let bytes = std::fs::read(&path).map_err(cannot)?;
        Ok(Original { path, bytes })
    }

    /// Its text.
    pub fn text(&self) -> Result<&str, String> {
        std::str::from_utf8(&self.bytes).map_err(|_| tr!("{path} is not UTF-8", path = self.path.display()))
    }

    /// Puts a new text in its place. Mode and owner stay, links keep leading to it, and what changed meanwhile is not lost.
    pub fn replace(&self, text: &str) -> Result<(), String> {
        let now = std::fs::read(&self.path).map_err(|error| tr!("cannot read {path} again: {error}", path = self.path.display(), error))?;
        if now != self.bytes {
            return Err(tr!("{path} was changed by another program meanwhile; nothing was written, try again", path = self.path.display()));
        }
        put(&self.path, text, Room::Taken)
    }
}

/// Writes a new file that only its owner can read. Unless `force` is set it must not be there yet.
pub fn create(path: &Path, text: &str, force: bool) -> Result<(), String> {
    put(path, text, if force { Room::Taken } else { Room::Free })
}

fn put(path: &Path, text: &str, room: Room) -> Result<(), String> {
    replace(path, text.as_bytes(), New::Private, room).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            tr!("{path} exists; nothing was written", path = path.display())
        }
        _ => tr!("cannot write {path}: {error}", path = path.display(), error),
    })
}
