//! Whom a channel trusts and what it shows of itself: `ca_file`, `cert_file` and `key_file`, all PEM.

use crate::settings::reader::Reader;
use std::path::{Path, PathBuf};

/// The files; they are read when the channel is opened.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    ca_file: Option<PathBuf>,
    client: Option<(PathBuf, PathBuf)>,
}

impl Trust {
    /// Reads the three keys.
    pub fn read(reader: &mut Reader<'_>) -> Option<Trust> {
        let path = |reader: &mut Reader<'_>, key: &str| reader.string(key).map(|path| PathBuf::from(path.value));
        let ca_file = path(reader, "ca_file");
        let (cert, key) = (path(reader, "cert_file"), path(reader, "key_file"));
        let client = match (cert, key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            (Some(_), None) => {
                reader.missing("key_file", "\"/etc/pcemon/client.key\"");
                return None;
            }
            (None, Some(_)) => {
                reader.missing("cert_file", "\"/etc/pcemon/client.pem\"");
                return None;
            }
        };
        Some(Trust { ca_file, client })
    }

    /// The key of the first file that is named.
    pub fn named(&self) -> Option<&'static str> {
        self.ca_file.as_ref().map(|_| "ca_file").or(self.client.as_ref().map(|_| "cert_file"))
    }

    /// A private CA.
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// Certificate and key of this client.
    pub fn client(&self) -> Option<(&Path, &Path)> {
        self.client.as_ref().map(|(cert, key)| (cert.as_path(), key.as_path()))
    }
}
