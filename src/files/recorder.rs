//! Raw answers kept on disk: below one folder for each run, a folder for each source, `SOURCE` or `SOURCE@TARGET`.
//!
//! Nothing here knows what the bytes mean.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The note of a run about its answers.
pub const NOTE: &str = "run.json";

/// Which source a file is of, by its name; `None`: it is nobody's.
pub type SourceOf = fn(&str) -> Option<&'static str>;

/// The folder that the raw answers of one run are kept in.
#[derive(Debug, Clone)]
pub struct Recorder {
    dir: PathBuf,
    source_of: SourceOf,
}

impl Recorder {
    /// Makes the folder ready: answers of an earlier run are removed, so that a replay never mixes two runs.
    pub fn new(dir: &Path, source_of: SourceOf) -> io::Result<Recorder> {
        std::fs::create_dir_all(dir)?;
        let recorder = Recorder { dir: dir.to_owned(), source_of };
        recorder.clear(dir, None)?;
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let source = name.to_str().map(|name| name.split_once('@').map_or(name, |(source, _)| source));
            if let Some(source) = source.filter(|_| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
                recorder.clear(&entry.path(), Some(source))?;
            }
        }
        Ok(recorder)
    }

    /// Removes what a run before left, of one source or of all.
    fn clear(&self, dir: &Path, source: Option<&str>) -> io::Result<()> {
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let own = |name: &str| match (self.source_of)(name) {
                Some(of) => source.is_none_or(|source| source == of),
                None => source.is_none() && name == NOTE,
            };
            if name.to_str().is_some_and(own) && !entry.file_type()?.is_dir() {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Where a file of this name is kept; what is of no source is not.
    fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.dir.join((self.source_of)(name)?).join(name))
    }

    /// Begins a file. What goes wrong on disk is told in the log and never stops the run.
    pub fn begin(&self, name: &str) -> Recording {
        self.path(name).map_or(Recording { path: PathBuf::new(), state: State::Off }, Recording::begin)
    }

    /// Begins a file of a target.
    pub fn begin_of(&self, target: &str, name: &str) -> Recording {
        let source = (self.source_of)(name).unwrap_or_default();
        Recording::begin(self.dir.join(format!("{source}@{target}")).join(name))
    }

    /// Removes what was kept under a name: something better came.
    pub fn forget(&self, name: &str) {
        if let Some(path) = self.path(name) {
            Recording { path, state: State::Off }.remove();
        }
    }

    /// Keeps a whole body.
    pub fn keep(&self, name: &str, body: &[u8]) {
        let mut recording = self.begin(name);
        recording.write(body);
        recording.finish();
    }
}

/// One raw answer on its way to disk: compressed answers as they are, others compressed here.
#[derive(Debug)]
pub struct Recording {
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
    fn begin(path: PathBuf) -> Recording {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| options.open(&path));
        let state = match opened {
            Ok(file) => State::Undecided(Vec::new(), BufWriter::new(file)),
            Err(error) => {
                log::warn!("{}", tr!("cannot record {path}: {error}", path = path.display(), error));
                State::Off
            }
        };
        Recording { path, state }
    }

    /// Takes the next bytes.
    pub fn write(&mut self, bytes: &[u8]) {
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
    pub fn finish(mut self) {
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
    pub fn discard(mut self) {
        if !self.path.as_os_str().is_empty() {
            self.remove();
        }
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

/// A body that is kept while it is read.
pub struct Kept<'b> {
    body: &'b mut dyn Read,
    recording: &'b mut Recording,
}

impl<'b> Kept<'b> {
    /// What is read of `body` goes into `recording` as well.
    pub fn new(body: &'b mut dyn Read, recording: &'b mut Recording) -> Kept<'b> {
        Kept { body, recording }
    }
}

impl Read for Kept<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(buffer)?;
        self.recording.write(&buffer[..count]);
        Ok(count)
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

    fn source_of(name: &str) -> Option<&'static str> {
        ["traffic", "events"].into_iter().find(|source| name.strip_prefix(source).is_some_and(|rest| rest.starts_with('-')))
    }

    #[test]
    fn recordings_are_gzip_however_the_body_came() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for folder in ["traffic", "events@lab", "mine"] {
            std::fs::create_dir(path(folder)).unwrap();
        }
        for old in ["traffic-7.json.gz", "traffic/traffic-7.json.gz", "events@lab/events-0.json.gz", "run.json"] {
            std::fs::write(path(old), "of an earlier run").unwrap();
        }
        for own in ["notes.txt", "mine/traffic-1.json.gz", "traffic/notes.txt"] {
            std::fs::write(path(own), "the user's own").unwrap();
        }
        let recorder = Recorder::new(dir.path(), source_of).unwrap();
        recorder.keep("events-0.json.gz", b"[1]");
        recorder.keep("events-1.json.gz", &gzip("[2]"));
        recorder.keep("events-2.json.gz", b"");
        let mut bytewise = recorder.begin("traffic-0.json.gz");
        gzip("[3]").chunks(1).for_each(|byte| bytewise.write(byte));
        bytewise.finish();
        recorder.begin("traffic-1.json.gz").discard();
        let mut kept = recorder.begin_of("lab", "events-0.json.gz");
        let mut text = String::new();
        Kept::new(&mut &b"[4]"[..], &mut kept).read_to_string(&mut text).unwrap();
        kept.finish();
        for (name, want) in [
            ("events/events-0", "[1]"),
            ("events/events-1", "[2]"),
            ("events/events-2", ""),
            ("traffic/traffic-0", "[3]"),
            ("events@lab/events-0", "[4]"),
        ] {
            let bytes = std::fs::read(path(&format!("{name}.json.gz"))).unwrap();
            let mut text = String::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
            assert_eq!(text, want, "{name}");
        }
        let names = |folder: &str| {
            let mut left: Vec<_> =
                std::fs::read_dir(path(folder)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            left.sort();
            left
        };
        assert_eq!(names("."), ["events", "events@lab", "mine", "notes.txt", "traffic"]);
        assert_eq!(names("traffic"), ["notes.txt", "traffic-0.json.gz"]);
        assert_eq!(names("mine"), ["traffic-1.json.gz"]);
    }
}
