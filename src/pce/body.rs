//! Bodies of answers: compressed or not, bounded, kept on disk when asked for.
//!
//! Nothing here knows what the bytes mean.

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Cursor, Read, Write};
use std::path::{Path, PathBuf};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The plain bytes of something that may be gzip, whatever a header says about it.
/// More than `limit` of them are an error.
pub(super) fn plain_bytes(mut body: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    body.by_ref().take(2).read_to_end(&mut head)?;
    let is_gzip = head == GZIP_MAGIC;
    let whole = Cursor::new(head).chain(body);
    if is_gzip { bounded(MultiGzDecoder::new(whole), limit) } else { bounded(whole, limit) }
}

/// All bytes of `body`; more than `limit` are an error.
pub(super) fn bounded(body: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    body.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, tr!("larger than the {limit} bytes that make sense here", limit)));
    }
    Ok(bytes)
}

/// Whether a body begins like a page for people instead of data.
pub(super) fn looks_like_html(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

/// The directory that raw answers are kept in.
#[derive(Debug)]
pub(super) struct Recorder {
    dir: PathBuf,
}

impl Recorder {
    /// Makes the directory ready: answers of an earlier run are removed, so that a replay never mixes two runs.
    pub(super) fn new(dir: &Path) -> io::Result<Recorder> {
        std::fs::create_dir_all(dir)?;
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(is_own_name) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(Recorder { dir: dir.to_owned() })
    }

    /// Begins a file. What goes wrong on disk is told in the log and never stops the run.
    pub(super) fn begin(&self, name: &str) -> Recording {
        let path = self.dir.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let state = match options.open(&path) {
            Ok(file) => State::Undecided(Vec::new(), BufWriter::new(file)),
            Err(error) => {
                log::warn!("{}", tr!("cannot record {path}: {error}", path = path.display(), error));
                State::Off
            }
        };
        Recording { path, state }
    }

    /// Removes what was kept under a name: something better came.
    pub(super) fn forget(&self, name: &str) {
        Recording { path: self.dir.join(name), state: State::Off }.remove();
    }

    /// Keeps a whole body.
    pub(super) fn keep(&self, name: &str, body: &[u8]) {
        let mut recording = self.begin(name);
        recording.write(body);
        recording.finish();
    }
}

fn is_own_name(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".json.gz") else { return false };
    let numbered = |prefix| {
        stem.strip_prefix(prefix).is_some_and(|number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    ["health", "database"].contains(&stem) || ["traffic-", "events-", "vens-", "workloads-"].into_iter().any(numbered)
}

/// One raw answer on its way to disk: compressed answers as they are, others compressed here.
#[derive(Debug)]
pub(super) struct Recording {
    path: PathBuf,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The first two bytes are not known yet.
    Undecided(Vec<u8>, BufWriter<File>),
    AsIs(BufWriter<File>),
    Compress(GzEncoder<BufWriter<File>>),
    Off,
}

impl Recording {
    /// Takes the next bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let result = match &mut self.state {
            State::Off => return,
            State::AsIs(file) => file.write_all(bytes),
            State::Compress(encoder) => encoder.write_all(bytes),
            State::Undecided(head, _) => {
                head.extend_from_slice(bytes);
                if head.len() < GZIP_MAGIC.len() {
                    return;
                }
                self.decide()
            }
        };
        if let Err(error) = result {
            self.fail(&error);
        }
    }

    fn decide(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.state, State::Off) {
            State::Undecided(head, mut file) if head.starts_with(&GZIP_MAGIC) => {
                file.write_all(&head)?;
                self.state = State::AsIs(file);
            }
            State::Undecided(head, file) => {
                let mut encoder = GzEncoder::new(file, Compression::fast());
                encoder.write_all(&head)?;
                self.state = State::Compress(encoder);
            }
            decided => self.state = decided,
        }
        Ok(())
    }

    /// The answer came whole.
    pub(super) fn finish(mut self) {
        let result = self.decide().and_then(|()| match std::mem::replace(&mut self.state, State::Off) {
            State::AsIs(mut file) => file.flush(),
            State::Compress(encoder) => encoder.finish().and_then(|mut file| file.flush()),
            State::Undecided(..) | State::Off => Ok(()),
        });
        if let Err(error) = result {
            self.fail(&error);
        }
    }

    /// The answer was cut or is none: nothing of it is kept.
    pub(super) fn discard(mut self) {
        self.remove();
    }

    fn fail(&mut self, error: &io::Error) {
        log::warn!("{}", tr!("cannot record {path}: {error}", path = self.path.display(), error));
        self.remove();
    }

    fn remove(&mut self) {
        self.state = State::Off;
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            log::warn!("{}", tr!("cannot remove {path}: {error}", path = self.path.display(), error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_recognised_by_its_first_bytes() {
        let two = [gzip("[1,"), gzip("2]")].concat();
        for (body, want) in [(two.as_slice(), "[1,2]"), (b"[]", "[]"), (b"[", "["), (b"", "")] {
            assert_eq!(plain_bytes(body, 100).unwrap(), want.as_bytes());
        }
        let cut = &gzip("a text of some length")[..20];
        assert!(plain_bytes(cut, 100).is_err());
        let bomb = gzip(&"0".repeat(100_000));
        assert_eq!(plain_bytes(bomb.as_slice(), 1_000).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn recordings_are_gzip_however_the_body_came() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("traffic-7.json.gz"), "of an earlier run").unwrap();
        std::fs::write(dir.path().join("notes.txt"), "the user's own").unwrap();
        let recorder = Recorder::new(dir.path()).unwrap();
        recorder.keep("events-0.json.gz", b"[1]");
        recorder.keep("events-1.json.gz", &gzip("[2]"));
        recorder.keep("events-2.json.gz", b"");
        let mut bytewise = recorder.begin("traffic-0.json.gz");
        gzip("[3]").chunks(1).for_each(|byte| bytewise.write(byte));
        bytewise.finish();
        recorder.begin("traffic-1.json.gz").discard();
        for (name, want) in [("events-0", "[1]"), ("events-1", "[2]"), ("events-2", ""), ("traffic-0", "[3]")] {
            let bytes = std::fs::read(dir.path().join(format!("{name}.json.gz"))).unwrap();
            let mut text = String::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
            assert_eq!(text, want, "{name}");
        }
        let mut left: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, ["events-0.json.gz", "events-1.json.gz", "events-2.json.gz", "notes.txt", "traffic-0.json.gz"]);
    }
}
