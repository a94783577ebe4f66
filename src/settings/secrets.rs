//! Secrets: how the config names them, and how they are fetched when a run begins.
//!
//! No value of a secret ever becomes part of a message here.

use super::reader::Reader;
use super::shape::Want;
use crate::domain::secret::{Secret, SecretSource};
use crate::domain::spelling::remember;
use crate::domain::text::visible;
use crate::files::read_patiently;
use crate::process::{children, patience};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use toml::Spanned;
use toml::de::DeValue;

/// How a secret can be written.
fn forms() -> String {
    tr!("write {{ env = \"NAME\" }}, {{ file = \"/path\" }} or {{ cmd = [\"program\", \"argument\"] }}")
}

/// A command that prints a secret must be done by then.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// Nothing that is a key, a password or a token is longer.
const LONGEST: u64 = 64 * 1024;

impl<'d> Reader<'d> {
    /// A secret: a plain text (warns), `{ env = .. }`, `{ file = .. }` or `{ cmd = [..] }`.
    pub fn secret(&mut self, key: &str) -> Option<SecretSource> {
        self.want(key, Want::Secret);
        let value = self.raw(key)?;
        self.secret_of(key, value)
    }

    /// A secret that must be there.
    pub fn required_secret(&mut self, key: &str) -> Option<SecretSource> {
        if self.raw(key).is_none() {
            self.missing(key, "{ env = \"NAME\" }");
        }
        self.secret(key)
    }

    /// A list of secrets, or one.
    pub fn secrets(&mut self, key: &str) -> Option<Vec<SecretSource>> {
        self.want(key, Want::Secrets);
        let value = self.raw(key)?;
        match value.get_ref() {
            DeValue::Array(items) => {
                let read: Vec<_> = items.iter().map(|item| self.secret_of(key, item)).collect();
                read.into_iter().collect()
            }
            _ => self.secret_of(key, value).map(|one| vec![one]),
        }
    }

    fn secret_of(&self, key: &str, value: &'d Spanned<DeValue<'d>>) -> Option<SecretSource> {
        let refuse = |message: String| {
            self.problems().error(value.span(), message, Some(forms()));
            None
        };
        match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => refuse(tr!("`{key}` in {name} is empty", key, name = self.name())),
            DeValue::String(text) => {
                if tells_a_secret(text) {
                    let name = self.name();
                    let message = if self.problems().exposed() {
                        tr!("`{key}` in {name} is plain text in the config, which every user of this machine can read", key, name)
                    } else {
                        tr!("`{key}` in {name} is written in the config as plain text", key, name)
                    };
                    self.problems().warn(value.span(), message, Some(forms()));
                }
                Some(SecretSource::Plain(Secret::new(text.to_string())))
            }
            DeValue::Table(table) => {
                let mut reader = Reader::new(table, value.span(), tr!("`{key}` of {name}", key, name = self.name()), self.problems());
                if reader.raw("vault").is_some() {
                    reader.error_at("vault", tr!("secrets from Vault are not supported by this version"), Some(forms()));
                    return None;
                }
                let given = ["env", "file", "cmd"].iter().filter(|form| reader.has(form)).count();
                let (env, file, command) = (reader.string("env"), reader.string("file"), reader.strings("cmd"));
                reader.finish();
                if given != 1 {
                    return refuse(tr!("`{key}` in {name} must name exactly one place to take the secret from", key, name = self.name()));
                }
                let source = if let Some(name) = env {
                    children::keep_from_children(&name.value);
                    SecretSource::Env(name.value)
                } else if let Some(path) = file {
                    SecretSource::File(path.value.into())
                } else {
                    self.problems().command(value.span());
                    SecretSource::Command(command?.into_iter().map(|word| word.value).collect())
                };
                let empty = match &source {
                    SecretSource::Env(name) => name.is_empty() || name.contains(['=', '\0']),
                    SecretSource::File(path) => path.as_os_str().is_empty(),
                    SecretSource::Command(argv) => argv.first().is_none_or(String::is_empty),
                    SecretSource::Plain(_) => false,
                };
                if empty {
                    refuse(tr!("`{key}` in {name} names no place to take the secret from", key, name = self.name()))
                } else {
                    Some(source)
                }
            }
            other => self.wrong_type(key, value, other, &tr!("a secret: {forms}", forms = forms())),
        }
    }
}

/// Whether a plain text is worth a warning. A URL is a secret only by what stands behind or before its host.
fn tells_a_secret(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return true };
    if !text.contains("://") || url.password().is_some() || url.query().is_some() {
        return true;
    }
    // A long path element with digits is the token of a webhook, not a word.
    url.path_segments().is_some_and(|mut parts| parts.any(|part| part.len() >= 16 && part.bytes().any(|b| b.is_ascii_digit())))
}

/// Fetches a secret. The error names its source and never its value.
pub fn fetch_secret(source: &SecretSource) -> Result<Secret, String> {
    fetch_secret_with(source, |_| None)
}

/// The same of a text of which only a part is secret; where the text has no such part, all of it is.
pub fn fetch_secret_with(source: &SecretSource, part: impl Fn(&str) -> Option<&str>) -> Result<Secret, String> {
    let text = match source {
        SecretSource::Plain(secret) => secret.expose().to_owned(),
        SecretSource::Env(name) => match std::env::var(name) {
            Ok(text) => text,
            Err(std::env::VarError::NotPresent) => return Err(tr!("the environment variable {name} is not set", name = visible(name))),
            Err(std::env::VarError::NotUnicode(_)) => {
                return Err(tr!("the environment variable {name} is not UTF-8", name = visible(name)));
            }
        },
        SecretSource::File(path) => from_file(path)?,
        SecretSource::Command(argv) => from_command(argv, patience::share(COMMAND_LIMIT))?,
    };
    if text.trim().is_empty() {
        return Err(tr!("the secret is empty: {source}", source = visible(&source.describe())));
    }
    remember(part(&text).unwrap_or(&text));
    Ok(Secret::new(text))
}

fn from_file(path: &Path) -> Result<String, String> {
    let shown = visible(&path.display().to_string());
    if std::fs::metadata(path).is_ok_and(|metadata| open_to_all(&metadata)) {
        log::warn!("{}", tr!("the secret file {shown} can be read by every user of this machine; make it private: chmod 600", shown));
    }
    let bytes = read_patiently(path, LONGEST).map_err(|error| tr!("cannot read the secret file {shown}: {error}", shown, error))?;
    into_text(bytes, &tr!("the secret file {shown}", shown))
}

/// Whether everybody on the machine may read the file.
#[cfg(unix)]
pub fn open_to_all(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.is_file() && metadata.permissions().mode() & 0o004 != 0
}

/// Other systems do not say it in a mode.
#[cfg(not(unix))]
pub fn open_to_all(_metadata: &std::fs::Metadata) -> bool {
    false
}

fn into_text(bytes: Vec<u8>, what: &str) -> Result<String, String> {
    if bytes.len() as u64 > LONGEST {
        return Err(tr!("{what} gives more than {longest} bytes; that cannot be a secret", what, longest = LONGEST));
    }
    let mut text = String::from_utf8(bytes).map_err(|_| tr!("{what} gives something that is not UTF-8", what))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

fn from_command(argv: &[String], limit: Duration) -> Result<String, String> {
    let (program, arguments) = argv.split_first().ok_or_else(|| tr!("the secret command names no program"))?;
    let what = tr!("the secret command {program}", program = visible(program));
    children::allowed()?;
    let started = Instant::now();
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    // Dropped, it is ended, with everything it started.
    let mut family = children::start(command).map_err(|error| tr!("cannot start {what}: {error}", what, error))?;
    let Some(output) = family.child.stdout.take() else { return Err(tr!("{what} has no output", what)) };
    // Reading in a thread of its own: a program that never ends must not hold up the run.
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = output.take(LONGEST + 1).read_to_end(&mut bytes).map(|_| bytes);
        let _ = send.send(read);
    });
    let received = receive.recv_timeout(limit);
    let status = loop {
        match family.child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if received.is_ok() && started.elapsed() < limit => std::thread::sleep(Duration::from_millis(5)),
            _ => break None,
        }
    };
    let Some(status) = status else {
        return Err(tr!("{what} was not done after {seconds} s", what, seconds = limit.as_secs_f32()));
    };
    if !status.success() {
        return Err(tr!("{what} failed: {status}", what, status));
    }
    match received {
        Ok(Ok(bytes)) => into_text(bytes, &what),
        Ok(Err(error)) => Err(tr!("cannot read from {what}: {error}", what, error)),
        Err(_) => {
            // What it left behind holds our standard error, too, and whoever reads that waits for its end.
            family.end();
            Err(tr!("{what} keeps its output open after {seconds} s", what, seconds = limit.as_secs_f32()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(argv: &[&str]) -> SecretSource {
        SecretSource::Command(argv.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn a_file_loses_one_line_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        for (content, want) in [("hunter2\n", "hunter2"), ("hunter2\r\n", "hunter2"), ("hunter2", "hunter2"), ("hunter2\n\n", "hunter2\n")]
        {
            std::fs::write(&path, content).unwrap();
            assert_eq!(fetch_secret(&SecretSource::File(path.clone())).unwrap().expose(), want);
        }
        std::fs::write(&path, "\n").unwrap();
        assert!(fetch_secret(&SecretSource::File(path.clone())).unwrap_err().contains("empty"));
        std::fs::write(&path, b"hunter2\xff").unwrap();
        let error = fetch_secret(&SecretSource::File(path.clone())).unwrap_err();
        assert!(error.contains("UTF-8") && !error.contains("hunter2"), "{error}");
        std::fs::remove_file(&path).unwrap();
        let error = fetch_secret(&SecretSource::File(path.clone())).unwrap_err();
        assert!(error.contains(&path.display().to_string()), "{error}");
    }

    #[test]
    fn an_unset_variable_is_named() {
        let error = fetch_secret(&SecretSource::Env("PCEMON_TEST_SURELY_UNSET".to_owned())).unwrap_err();
        assert_eq!(error, "the environment variable PCEMON_TEST_SURELY_UNSET is not set");
        assert!(fetch_secret(&SecretSource::Env("PATH".to_owned())).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_command_gives_its_output_or_its_status() {
        assert_eq!(fetch_secret(&command(&["printf", "%s\\n", "$HOME; hunter2"])).unwrap().expose(), "$HOME; hunter2");
        let error = fetch_secret(&command(&["sh", "-c", "echo hunter2; exit 3"])).unwrap_err();
        assert!(error.contains("exit status: 3") && !error.contains("hunter2"), "{error}");
        let error = fetch_secret(&command(&["pcemon-no-such-program"])).unwrap_err();
        assert!(error.contains("pcemon-no-such-program"), "{error}");
        // Standard input is closed: `cat` ends at once instead of waiting for a person.
        assert!(fetch_secret(&command(&["cat"])).unwrap_err().contains("empty"));
        assert!(fetch_secret(&command(&["head", "-c", "70000", "/dev/zero"])).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_never_ends_is_stopped() {
        let limit = Duration::from_millis(50);
        for script in ["exec sleep 600", "exec sleep 600 >&-"] {
            let argv = ["sh".to_owned(), "-c".to_owned(), script.to_owned()];
            assert!(from_command(&argv, limit).unwrap_err().contains("was not done after"), "{script}");
        }
    }

    #[test]
    fn which_plain_texts_warn() {
        for text in
            ["hunter2", "https://u:p@h.example.com", "https://h.example.com/a?token=1", "https://h.example.com/ping/8a1f0c2e-77aa-4b0e"]
        {
            assert!(tells_a_secret(text), "{text}");
        }
        for text in ["https://alerts.example.com/pcemon", "http://127.0.0.1:9093/"] {
            assert!(!tells_a_secret(text), "{text}");
        }
    }
}
