//! Where the config is looked for when nobody says.

use std::path::{Path, PathBuf};

/// The places a config is looked for, in order. Only `$PCEMON_CONFIG`, when it is set: who sets it means it.
pub fn default_paths() -> Vec<PathBuf> {
    paths_from(|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
}

/// The config to load: the one that was asked for, else the first that exists. The error says what was tried and how to begin.
pub fn find(explicit: Option<&Path>) -> Result<PathBuf, String> {
    choose(explicit, default_paths())
}

fn paths_from(variable: impl Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    if let Some(path) = variable("PCEMON_CONFIG") {
        return vec![path];
    }
    let home = variable("XDG_CONFIG_HOME").filter(|dir| dir.is_absolute()).or_else(|| Some(variable("HOME")?.join(".config")));
    let mut out = vec![PathBuf::from("rules.toml")];
    out.extend(home.map(|dir| dir.join("pcemon").join("rules.toml")));
    out.push(PathBuf::from("/etc/pcemon/rules.toml"));
    out
}

fn choose(explicit: Option<&Path>, mut places: Vec<PathBuf>) -> Result<PathBuf, String> {
    if let Some(path) = explicit {
        return Ok(path.to_owned());
    }
    if places.len() == 1 {
        return Ok(places.remove(0));
    }
    if let Some(path) = places.iter().find(|path| path.exists()) {
        return Ok(path.clone());
    }
    let tried: Vec<String> = places.iter().map(|path| path.display().to_string()).collect();
    Err(tr!("no config found; tried {tried}. Name one with --config FILE, or create one with: pcemon init", tried = tried.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(variables: &[(&str, &str)]) -> Vec<String> {
        let lookup = |name: &str| variables.iter().find(|(have, _)| *have == name).map(|(_, value)| PathBuf::from(value));
        paths_from(lookup).iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn order() {
        assert_eq!(paths(&[("PCEMON_CONFIG", "/a.toml"), ("HOME", "/h")]), ["/a.toml"]);
        assert_eq!(paths(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]), ["rules.toml", "/x/pcemon/rules.toml", "/etc/pcemon/rules.toml"]);
        assert_eq!(paths(&[("HOME", "/h")]), ["rules.toml", "/h/.config/pcemon/rules.toml", "/etc/pcemon/rules.toml"]);
        assert_eq!(paths(&[("XDG_CONFIG_HOME", "relative")]), ["rules.toml", "/etc/pcemon/rules.toml"]);
    }

    #[test]
    fn the_first_that_exists_or_what_was_tried() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second) = (dir.path().join("a.toml"), dir.path().join("b.toml"));
        let error = choose(None, vec![first.clone(), second.clone()]).unwrap_err();
        assert!(error.contains("a.toml") && error.contains("b.toml") && error.contains("pcemon init"), "{error}");
        std::fs::write(&second, "").unwrap();
        assert_eq!(choose(None, vec![first.clone(), second.clone()]).unwrap(), second);
        assert_eq!(choose(Some(&first), vec![second]).unwrap(), first);
    }
}
