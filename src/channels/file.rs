//! A file that grows by one line of JSON for each alert, for whoever ships logs.
//!
//! Each line is the program's own body with one alert in it, written at once and brought to the disk before the
//! message counts as delivered. A line that a full disk tore is closed before the next one. When a message is
//! tried again its lines are repeated: `id` and `fingerprint` together tell a repetition.

use super::{Channel, Common, Kind, Outcome, Secrets, SendContext, Settings, body};
use crate::domain::alert::Notification;
use crate::domain::text::visible;
use crate::settings::reader::Reader;
use jiff::Timestamp;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "file", summary: "a file with one line of JSON for each alert", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "log"
type = "file"
path = "/var/log/pcemon/alerts.ndjson"
"#;

#[derive(Debug)]
struct FileSettings {
    path: PathBuf,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    const EXAMPLE: &str = "\"/var/log/pcemon/alerts.ndjson\"";
    let path = reader.required_string("path", EXAMPLE)?;
    let buf = PathBuf::from(&path.value);
    if buf.is_relative() || path.value.ends_with('/') {
        let hint = Some(tr!("write for example path = {example}", example = EXAMPLE));
        reader.problems().error(path.span, tr!("`path` in {name} must be an absolute path", name = reader.name()), hint);
        return None;
    }
    Some(Box::new(FileSettings { path: buf }))
}

impl Settings for FileSettings {
    fn open(&self, _common: &Common, _secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        Ok(Box::new(Lines { path: self.path.clone() }))
    }

    fn destination(&self) -> String {
        visible(&self.path.display().to_string())
    }
}

struct Lines {
    path: PathBuf,
}

impl Channel for Lines {
    fn send(&self, notification: &Notification, _context: &SendContext) -> Outcome {
        let shown = visible(&self.path.display().to_string());
        let retry = |error: String| Outcome::Retry { error, after: None };
        // A pipe without a reader would hold up the run for ever.
        if std::fs::metadata(&self.path).is_ok_and(|metadata| !metadata.is_file()) {
            return Outcome::Permanent { error: tr!("{path} is not a regular file", path = shown) };
        }
        let mut file = match open(&self.path) {
            Ok(file) => file,
            Err(error) => return retry(tr!("cannot open {path}: {error}", path = shown, error)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return retry(tr!("cannot write to {path}: another process is writing to it", path = shown)),
            Err(TryLockError::Error(error)) => return retry(tr!("cannot lock {path}: {error}", path = shown, error)),
        }
        match append(&mut file, &lines(notification)) {
            Ok(()) => Outcome::Delivered,
            Err(error) => retry(tr!("cannot write to {path}: {error}", path = shown, error)),
        }
    }

    fn preview(&self, notification: &Notification, _now: Timestamp) -> String {
        let lines: Vec<String> = lines(notification).iter().map(|line| visible(line)).collect();
        format!("APPEND {}\n\n{}\n", visible(&self.path.display().to_string()), lines.join("\n"))
    }
}

/// Private when it is new: it names workloads.
fn open(path: &std::path::Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).read(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn append(file: &mut File, lines: &[String]) -> std::io::Result<()> {
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    for line in lines {
        file.write_all(format!("{line}\n").as_bytes())?;
    }
    file.sync_all()
}

/// One body for each alert; what was left out is told with the last one.
fn lines(notification: &Notification) -> Vec<String> {
    let id = super::channel::stable_id(notification).to_string();
    let one = |alerts, left_out| body::body(&Notification { alerts, left_out, counted: Vec::new(), ..notification.clone() }, &id);
    let Some((last, others)) = notification.alerts.split_last() else { return vec![one(Vec::new(), notification.left_out)] };
    let mut lines: Vec<String> = others.iter().map(|alert| one(vec![alert.clone()], 0)).collect();
    lines.push(one(vec![last.clone()], notification.left_out));
    lines
}
