//! Changing rules: the new file is proven, shown and agreed to before it is written.

use crate::cli::{Global, How, RuleKeys, Switch};
use crate::commands::common::{Exit, Failure, colors, refused, state_path};
use crate::commands::common::{answer, asked, attended};
use crate::config::{self, Config};
use crate::domain::filter::Pattern;
use crate::domain::text::visible;
use crate::edit::save::Original;
use crate::edit::values::{Change, changed, new_table, shape_of_rule};
use crate::edit::{Block, Sheet, unknown};
use crate::judge::transition::Stage;
use crate::run::output::print;
use crate::state::Store;
use similar::{ChangeTag, TextDiff};
use std::io::{IsTerminal, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A config that is being changed.
pub(in crate::commands) struct Work<'g> {
    global: &'g Global,
    path: PathBuf,
    original: Original,
    /// What it means now, if it means anything.
    pub config: Option<Config>,
    sheet: Sheet,
}

impl<'g> Work<'g> {
    pub fn begin(global: &'g Global) -> Result<Self, Failure> {
        let path = config::find(global.config.as_deref())?;
        let original = Original::read(&path)?;
        let text = original.text()?;
        let sheet = match (Sheet::read(text), config::parse(&path, text)) {
            (Ok(sheet), _) => sheet,
            // The config's own complaint shows the place.
            (Err(_), Err(error)) => return Err(refused(global, &error)),
            (Err(error), Ok(_)) => return Err(Failure(format!("{}: {error}", path.display()))),
        };
        let config = config::parse(&path, text).ok();
        Ok(Work { global, path, original, config, sheet })
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its text as it is.
    pub fn text(&self) -> Result<&str, String> {
        self.original.text()
    }

    /// Proves the new text, shows what is different, asks, writes.
    pub fn finish(&self, new: &str, how: How, done: &str, remarks: &[String]) -> Exit {
        if self.is_agreed(new, how, remarks)? { self.write(new, done) } else { Ok(0) }
    }

    /// Writes the new text.
    pub fn write(&self, new: &str, done: &str) -> Exit {
        self.original.replace(new)?;
        self.say(done)
    }

    /// Proves the new text, shows what is different, asks; whether it is to be written.
    pub fn is_agreed(&self, new: &str, how: How, remarks: &[String]) -> Result<bool, Failure> {
        let old = self.original.text()?;
        let config = config::parse(&self.path, new).map_err(|error| refused(self.global, &error))?;
        if old == new {
            self.say(&tr!("nothing to change"))?;
            return Ok(false);
        }
        if !self.global.quiet || how.dry_run {
            print(&difference(&self.path, old, new, colors(self.global.color, std::io::stdout().is_terminal())))?;
        }
        let known = self.config.as_ref().map(|config| config.warnings.as_slice()).unwrap_or_default();
        // A warning that only moved to another line is not new.
        let bare = |warning: &str| warning.splitn(4, ':').last().unwrap_or_default().to_owned();
        let known: Vec<String> = known.iter().map(|warning| bare(warning)).collect();
        for warning in config.warnings.iter().filter(|warning| !known.contains(&bare(warning))) {
            log::warn!("{warning}");
        }
        if !self.global.quiet {
            for remark in remarks {
                print(&format!("{remark}\n"))?;
            }
        }
        if how.dry_run {
            return Ok(false);
        }
        if !how.yes {
            if !attended() {
                return Err(Failure(tr!("nothing was written: this is not a terminal; use --yes to write, --dry-run to see the change")));
            }
            if !asked(&tr!("Write this to {path}? [y/N] ", path = visible(&self.path.display().to_string())))? {
                return Err(Failure(tr!("nothing was written")));
            }
        }
        Ok(true)
    }

    fn say(&self, what: &str) -> Exit {
        if !self.global.quiet {
            print(&format!("{}: {what}\n", visible(&self.path.display().to_string())))?;
        }
        Ok(0)
    }

    /// What becomes of alerts that are firing for rules that will be no more.
    fn end_of(&self, names: &[&str]) -> Vec<String> {
        let state = state_path(self.global, self.config.as_ref()).ok().and_then(|path| Store::read_only(&path).read().ok().flatten());
        let firing = state.map_or(0, |state| {
            let ended = |rule: &str| names.contains(&rule);
            state.instances.values().filter(|instance| instance.stage == Stage::Firing && ended(&instance.rule)).count()
        });
        match firing {
            0 => Vec::new(),
            count => vec![trn!(
                "{count} alert of it is firing: the next run ends it, and sends that to the channels that received it.",
                "{count} alerts of it are firing: the next run ends them, and sends that to the channels that received them.",
                count = count
            )],
        }
    }
}

/// `rules add`
pub fn add(global: &Global, keys: &RuleKeys, from: Option<&Path>, how: How) -> Exit {
    let work = Work::begin(global)?;
    let text = match from {
        Some(path) => read_rules(path)?,
        None if keys.0.is_empty() => {
            return Err(Failure(tr!("say what the rule is, by flags or with --from FILE; see `pcemon rules add --help`")));
        }
        None => {
            let source = keys.0.iter().find(|(key, _)| key == "source").map(|(_, value)| value.as_str()).or(work.sheet.source());
            new_table("rules", &keys.0, &shape_of_rule(source))?
        }
    };
    let names: Vec<String> = Sheet::read(&text)?.names().iter().map(|name| visible(name)).collect();
    if names.is_empty() {
        return Err(Failure(tr!("there is no [[rules]] in what was given")));
    }
    let done = tr!("added {names}", names = names.join(", "));
    work.finish(&work.sheet.and(&text), how, &done, &[])
}

/// A piece of TOML that holds rules and nothing else.
fn read_rules(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text).map(|_| ())
    } else {
        std::fs::read_to_string(path).map(|read| text = read)
    };
    read.map_err(|error| tr!("cannot read {path}: {error}", path = path.display(), error))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| format!("{}: {}", path.display(), visible(error.message())))?;
    if let Some(other) = table.keys().find(|key| *key != "rules") {
        return Err(Failure(tr!("{path} contains `{key}`; only [[rules]] can be added", path = path.display(), key = visible(other))));
    }
    Ok(text)
}

/// `rules edit`
pub fn edit(global: &Global, name: &str, set: &[(String, String)], unset: &[String], how: How) -> Exit {
    let work = Work::begin(global)?;
    let block = work.sheet.find(name)?;
    if set.is_empty() && unset.is_empty() {
        return in_editor(&work, block, how);
    }
    let mut changes: Vec<Change> = unset.iter().map(|key| Change::Unset(key.clone())).collect();
    changes.extend(set.iter().map(|(key, value)| Change::Set(key.clone(), value.clone())));
    let source = set.iter().find(|(key, _)| key == "source").map(|(_, value)| value.as_str()).or(block.source.as_deref());
    let text = changed(work.sheet.text_of(block), &changes, &shape_of_rule(source))?;
    changed_rule(&work, block, text, how)
}

fn changed_rule(work: &Work<'_>, block: &Block, text: String, how: How) -> Exit {
    let new = work.sheet.with(&[(block, text)]);
    let renamed = !Sheet::read(&new).is_ok_and(|sheet| sheet.names().contains(&block.name.as_str()));
    let mut remarks = Vec::new();
    if renamed {
        remarks.push(tr!("A renamed rule starts anew: the state of the old one is not carried over."));
        remarks.extend(work.end_of(&[&block.name]));
    }
    work.finish(&new, how, &tr!("changed {name}", name = visible(&block.name)), &remarks)
}

/// Opens the rule's text until it is right or the person gives up.
fn in_editor(work: &Work<'_>, block: &Block, how: How) -> Exit {
    if !attended() {
        return Err(Failure(tr!("say what to change with --set KEY=VALUE or --unset KEY; an editor needs a terminal")));
    }
    let mut text = work.sheet.text_of(block).to_owned();
    loop {
        text = edited(&text)?;
        if text.trim().is_empty() {
            return Err(Failure(tr!("nothing was written: the text is empty (`pcemon rules remove` takes a rule away)")));
        }
        match config::parse(&work.path, &work.sheet.with(&[(block, text.clone())])) {
            Ok(_) => return changed_rule(work, block, text, how),
            Err(error) => {
                let Failure(said) = refused(work.global, &error);
                let _nobody_left_to_tell = writeln!(std::io::stderr().lock(), "{}", said.trim_end());
                if matches!(answer(&tr!("Edit it again? [Y/n] "))?.to_lowercase().as_str(), "n" | "no") {
                    return Err(Failure(tr!("nothing was written")));
                }
            }
        }
    }
}

/// Runs the user's editor on a text.
fn edited(text: &str) -> Result<String, Failure> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let editor = variable("VISUAL").or_else(|| variable("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    let path = std::env::temp_dir().join(format!("pcemon-rule-{}.toml", uuid::Uuid::new_v4()));
    let cannot = |error: std::io::Error| Failure(tr!("cannot use {path}: {error}", path = path.display(), error));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(cannot)?;
    let result = file.write_all(text.as_bytes()).and_then(|()| {
        // As git does: the variable may hold flags.
        let ended = Command::new("sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(&path).status()?;
        if ended.success() {
            std::fs::read_to_string(&path)
        } else {
            Err(std::io::Error::other(tr!("the editor ended with {status}", status = ended)))
        }
    });
    std::fs::remove_file(&path).map_err(cannot)?;
    result.map_err(|error| Failure(tr!("nothing was written: {error}", error)))
}

/// `rules remove`
pub fn remove(global: &Global, name: &str, how: How) -> Exit {
    let work = Work::begin(global)?;
    let block = work.sheet.find(name)?;
    let new = work.sheet.without(block);
    work.finish(&new, how, &tr!("removed {name}", name = visible(name)), &work.end_of(&[name]))
}

/// `rules enable` and `rules disable`
pub fn switch(global: &Global, switch: &Switch, on: bool) -> Exit {
    let work = Work::begin(global)?;
    let mut chosen: Vec<&Block> = Vec::new();
    for name in &switch.names {
        for block in named(&work.sheet, name)? {
            if !chosen.iter().any(|known| std::ptr::eq(*known, block)) {
                chosen.push(block);
            }
        }
    }
    let is_on = |block: &Block| {
        work.config.as_ref().and_then(|config| config.rules.iter().find(|rule| rule.name == block.name)).map(|rule| rule.enabled)
    };
    let moved: Vec<&Block> = chosen.into_iter().filter(|block| is_on(block) != Some(on)).collect();
    if moved.is_empty() {
        return work.say(&if on { tr!("nothing to change: it is on already") } else { tr!("nothing to change: it is off already") });
    }
    let mut changes = Vec::new();
    for block in &moved {
        let change = Change::Set("enabled".to_owned(), on.to_string());
        changes.push((*block, changed(work.sheet.text_of(block), &[change], &shape_of_rule(block.source.as_deref()))?));
    }
    let names: Vec<&str> = moved.iter().map(|block| block.name.as_str()).collect();
    let shown: Vec<String> = names.iter().map(|name| visible(name)).collect();
    let remarks = if on { Vec::new() } else { work.end_of(&names) };
    let names = shown.join(", ");
    let done = if on { tr!("switched on {names}", names) } else { tr!("switched off {names}", names) };
    work.finish(&work.sheet.with(&changes), switch.how, &done, &remarks)
}

/// The rule of that name, else those whose names match the pattern.
fn named<'s>(sheet: &'s Sheet, name: &str) -> Result<Vec<&'s Block>, Failure> {
    let pattern = Pattern::new(name, false).map_err(|error| format!("'{}': {error}", visible(name)))?;
    let exact: Vec<&Block> = sheet.rules().iter().filter(|block| block.name == name).collect();
    let chosen = if exact.is_empty() { sheet.rules().iter().filter(|block| pattern.matches(&block.name)).collect() } else { exact };
    if chosen.is_empty() { Err(Failure(unknown(name, &sheet.names()))) } else { Ok(chosen) }
}

/// What is different, as `diff -u` shows it, with secrets hidden.
fn difference(path: &Path, old: &str, new: &str, color: bool) -> String {
    let (old, new) = (config::shown(old), config::shown(new));
    let diff = TextDiff::from_lines(&old, &new);
    let path = visible(&path.display().to_string());
    let mut out = format!("--- {path}\n+++ {path}\n");
    let paint = |code: &str, text: &str| if color { format!("\u{1b}[{code}m{text}\u{1b}[0m\n") } else { format!("{text}\n") };
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        out.push_str(&paint("36", &hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let (sign, code) = match change.tag() {
                ChangeTag::Delete => ('-', "31"),
                ChangeTag::Insert => ('+', "32"),
                ChangeTag::Equal => (' ', "0"),
            };
            let line = format!("{sign}{}", change.value().trim_end_matches(['\n', '\r']));
            out.push_str(&if sign == ' ' { format!("{line}\n") } else { paint(code, &line) });
        }
    }
    out
}
