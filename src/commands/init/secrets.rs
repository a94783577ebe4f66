//! Where a secret is: named as a variable or a file, or given by value and then kept in a file of its own, never in the config.

use crate::commands::common::Failure;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use toml_edit::Value;

/// A secret as the config names it.
#[derive(Clone)]
pub struct Place {
    /// What stands in the config.
    pub text: String,
    /// The value, when it was given by value.
    value: Option<Kept>,
}

#[derive(Clone)]
struct Kept {
    path: PathBuf,
    value: String,
}

impl Place {
    /// What a config on trial holds in its place, so that it can be tried before anything is written.
    pub fn on_trial(&self) -> String {
        self.value.as_ref().map_or_else(|| self.text.clone(), |kept| Value::from(kept.value.as_str()).to_string())
    }

    /// The same as it is typed.
    pub fn typed(&self) -> &str {
        self.value.as_ref().map_or(&self.text, |kept| &kept.value)
    }

    /// The file that will hold what was given by value.
    pub fn path(&self) -> Option<&Path> {
        self.value.as_ref().map(|kept| kept.path.as_path())
    }
}

/// Where values are kept: a folder beside the config, with a file for each.
#[derive(Clone)]
pub struct Keeper {
    folder: PathBuf,
}

impl Keeper {
    /// For a config at this path.
    pub fn beside(config: &Path) -> Result<Keeper, Failure> {
        let absolute = std::path::absolute(config).map_err(|error| tr!("cannot write {path}: {error}", path = config.display(), error))?;
        Ok(Keeper { folder: absolute.with_extension("secrets") })
    }

    /// Reads `NAME`, `file:PATH`, a URL or `plain:TEXT`. A value is never repeated in a message: it may well be the secret.
    pub fn place(&self, label: &str, text: &str) -> Result<Place, Failure> {
        if let Some(path) = text.strip_prefix("file:") {
            return Ok(Place { text: format!("{{ file = {} }}", Value::from(path)), value: None });
        }
        if let Some(plain) = text.strip_prefix("plain:") {
            return Ok(self.kept(label, plain));
        }
        if text.contains("://") || is_value(text) {
            return Ok(self.kept(label, text));
        }
        if !is_name(text) {
            return Err(Failure(tr!(
                "give a secret as the name of an environment variable, as file:PATH, or as plain:TEXT, which is then stored in a separate file"
            )));
        }
        Ok(Place { text: format!("{{ env = {} }}", Value::from(text)), value: None })
    }

    fn kept(&self, label: &str, value: &str) -> Place {
        let harmless = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
        let path = self.folder.join(label.chars().map(harmless).collect::<String>());
        let text = format!("{{ file = {} }}", Value::from(path.display().to_string()));
        Place { text, value: Some(Kept { path, value: value.to_owned() }) }
    }
}

/// Writes what was given by value, readable by its owner only. A file that is there is another secret's, unless `force` is given.
pub fn write<'p>(places: impl IntoIterator<Item = &'p Place>, force: bool) -> Result<Vec<PathBuf>, Failure> {
    let mut written = Vec::new();
    for kept in places.into_iter().filter_map(|place| place.value.as_ref()) {
        let failed = |error: std::io::Error| tr!("cannot write {path}: {error}", path = kept.path.display(), error);
        if let Some(folder) = kept.path.parent() {
            match std::fs::DirBuilder::new().mode(0o700).create(folder) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(error).into()),
                _ => {}
            }
        }
        if force && kept.path.is_file() {
            std::fs::remove_file(&kept.path).map_err(failed)?;
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&kept.path).map_err(failed)?;
        file.write_all(format!("{}\n", kept.value).as_bytes()).map_err(failed)?;
        written.push(kept.path.clone());
    }
    Ok(written)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Keys and tokens can look like names: long, with small letters and digits, and no variable is called so. Or they bear the
/// name of a user before the secret.
fn is_value(text: &str) -> bool {
    let has = |wanted: fn(&char) -> bool| text.chars().any(|c| wanted(&c));
    let is_named = text.split_once('=').is_some_and(|(name, secret)| name.contains('@') && name.contains('!') && !secret.is_empty());
    is_named
        || text.len() >= 16
            && has(char::is_ascii_lowercase)
            && has(char::is_ascii_digit)
            && is_name(text)
            && std::env::var_os(text).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_stands_in_the_config() {
        let keeper = Keeper::beside(Path::new("/etc/pcemon/rules.toml")).unwrap();
        let text = |given: &str| keeper.place("slack.url", given).map(|place| place.text).map_err(|failure| failure.0);
        assert_eq!(text("SLACK_URL").unwrap(), "{ env = \"SLACK_URL\" }");
        assert_eq!(text("file:/run/x").unwrap(), "{ file = \"/run/x\" }");
        for value in ["https://hooks.slack.com/services/T0/B0/hunter2", "plain:hunter2", "api_1f2e3d4c5b6a79880", "a@pve!cron=hunter2"] {
            assert_eq!(text(value).unwrap(), "{ file = \"/etc/pcemon/rules.secrets/slack.url\" }");
        }
        let refused = text("hunter2 hunter2").unwrap_err();
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}
