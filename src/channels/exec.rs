//! A program of the user's own: it gets the notification as JSON on its standard input.
//!
//! No shell is involved. Exit code 0 means delivered, 75 (`EX_TEMPFAIL`) try again, any other one that another try
//! would fail the same way. A program that is not done in time is killed with everything it started.

use super::{Channel, Common, Kind, Outcome, Secrets, SendContext, Settings, body};
use crate::domain::alert::Notification;
use crate::domain::foreign::Foreign;
use crate::domain::secret::Secret;
use crate::domain::text::visible;
use crate::process::children;
use crate::settings::reader::Reader;
use jiff::Timestamp;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "exec", summary: "a program of your own, JSON on its standard input", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "ticket"
type = "exec"
command = ["/usr/local/bin/open-ticket", "--queue", "soc"]   # no shell; exit 0 = delivered, 75 = try again
timeout = "30s"
"#;

/// `EX_TEMPFAIL` of sysexits.h.
const TRY_AGAIN: i32 = 75;
/// Bytes of the error output that are looked at, and characters that are shown.
const ERROR_BYTES: u64 = 4096;
const EXCERPT: usize = 200;

/// Arguments may hold secrets and are never shown.
#[derive(Debug, Clone)]
struct ExecSettings {
    program: String,
    arguments: Vec<Secret>,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    const EXAMPLE: &str = "[\"/usr/local/bin/notify\", \"--queue\", \"soc\"]";
    if reader.raw("command").is_none() {
        reader.missing("command", EXAMPLE);
        return None;
    }
    reader.problems().command(reader.span_of("command"));
    let words = reader.strings("command")?;
    match words.split_first() {
        Some((program, arguments)) if !program.value.trim().is_empty() && words.iter().all(|word| !word.value.contains('\0')) => {
            let arguments = arguments.iter().map(|word| Secret::new(word.value.as_str())).collect();
            Some(Box::new(ExecSettings { program: program.value.clone(), arguments }))
        }
        _ => {
            let hint = Some(tr!("write for example command = {example}", example = EXAMPLE));
            reader.error_at("command", tr!("`command` in {name} names no program", name = reader.name()), hint);
            None
        }
    }
}

impl Settings for ExecSettings {
    fn open(&self, common: &Common, _secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        children::allowed()?;
        Ok(Box::new(Exec { settings: self.clone(), timeout: common.timeout }))
    }

    fn destination(&self) -> String {
        visible(&self.program)
    }
}

struct Exec {
    settings: ExecSettings,
    timeout: Duration,
}

impl Exec {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.settings.program);
        command.args(self.settings.arguments.iter().map(Secret::expose));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    fn judge(&self, status: ExitStatus, said: &Receiver<Vec<u8>>) -> Outcome {
        if status.success() {
            return Outcome::Delivered;
        }
        // What it started may keep the pipe open; its last words are not worth waiting for.
        let bytes = said.recv_timeout(Duration::from_millis(200)).unwrap_or_default();
        let secrets: Vec<String> =
            self.settings.arguments.iter().map(|secret| secret.expose().to_owned()).filter(|secret| secret.len() >= 8).collect();
        let text = Foreign::of_bytes(&bytes).words(&secrets, EXCERPT);
        let said = if text.is_empty() { String::new() } else { tr!(" and said: {text}", text) };
        let program = visible(&self.settings.program);
        match status.code() {
            Some(TRY_AGAIN) => Outcome::Retry {
                error: tr!("{program} requests a retry (exit code {try_again}){said}", program, try_again = TRY_AGAIN, said),
                after: None,
            },
            Some(code) => Outcome::Permanent { error: tr!("{program} ended with exit code {code}{said}", program, code, said) },
            None => Outcome::Retry { error: tr!("{program} was ended by a signal ({status}){said}", program, status, said), after: None },
        }
    }
}

impl Channel for Exec {
    fn send(&self, notification: &Notification, context: &SendContext) -> Outcome {
        let deadline = Instant::now() + context.timeout.min(self.timeout);
        let program = visible(&self.settings.program);
        let mut family = match children::start(self.command()) {
            Ok(family) => family,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied) => {
                return Outcome::Permanent {
                    error: tr!("cannot start {program}: {error}; check the path and its permissions", program, error),
                };
            }
            Err(error) => return Outcome::Retry { error: tr!("cannot start {program}: {error}", program, error), after: None },
        };
        if let Some(mut input) = family.child.stdin.take() {
            let body = format!("{}\n", body::body(notification, &super::channel::stable_id(notification).to_string()));
            // A program may decide without reading everything; its exit code says what it thinks.
            std::thread::spawn(move || input.write_all(body.as_bytes()));
        }
        let said = last_words(&mut family.child);
        loop {
            match family.child.try_wait() {
                Ok(Some(status)) => return self.judge(status, &said),
                Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
                Ok(None) => {
                    family.end();
                    return Outcome::Retry { error: tr!("{program} exceeded the time limit and was killed", program), after: None };
                }
                Err(error) => {
                    family.end();
                    return Outcome::Retry { error: tr!("cannot wait for {program}: {error}", program, error), after: None };
                }
            }
        }
    }

    fn preview(&self, notification: &Notification, _now: Timestamp) -> String {
        let arguments = " [hidden]".repeat(self.settings.arguments.len());
        let body = body::body(notification, &super::channel::stable_id(notification).to_string());
        format!("{}{arguments}\n\n{}\n", visible(&self.settings.program), visible(&body))
    }
}

/// The beginning of what it writes to its error output; the rest is read and dropped, so that it never blocks.
fn last_words(child: &mut Child) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut errors) = child.stderr.take() {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = errors.by_ref().take(ERROR_BYTES).read_to_end(&mut bytes);
            // Nobody waits for it when all went well.
            let _ = sender.send(bytes);
            let _ = std::io::copy(&mut errors, &mut std::io::sink());
        });
    }
    receiver
}
