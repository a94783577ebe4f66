//! Text that must never be shown: keys, passwords, tokens, URLs that carry them.

use std::fmt;
use std::path::PathBuf;

/// A secret value. It prints as `[hidden]`; only [`Secret::expose`] gives the text.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// Where a secret comes from, as the config says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// Written into the config file itself (works, and warns).
    Plain(Secret),
    /// `{ env = "NAME" }`
    Env(String),
    /// `{ file = "/path" }`; one trailing line end is dropped.
    File(PathBuf),
    /// `{ cmd = ["program", "arg"] }`; standard output without its trailing line end.
    Command(Vec<String>),
}

impl SecretSource {
    /// How the source is named in listings, without the secret.
    pub fn describe(&self) -> String {
        match self {
            SecretSource::Plain(_) => tr!("written in the config"),
            SecretSource::Env(name) => tr!("environment variable {name}", name),
            SecretSource::File(path) => tr!("file {path}", path = path.display()),
            SecretSource::Command(argv) => tr!("command {first}", first = argv.first().map_or("", String::as_str)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_printed() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?} {:?}", SecretSource::Plain(secret.clone())), "[hidden] [hidden] Plain([hidden])");
        assert_eq!(secret.expose(), "hunter2");
    }
}
