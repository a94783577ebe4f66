//! The text of a config with its rules marked in it, so that one rule can change and every other byte stays.

pub mod save;
pub mod values;

use crate::domain::text::visible;
use crate::settings::reader::which_of;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A config file as text.
pub struct Sheet {
    text: String,
    rules: Vec<Block>,
    /// `source` in `[defaults]`.
    source: Option<String>,
}

/// Where one rule stands.
#[derive(Debug, Clone)]
pub struct Block {
    /// Its name, if it has one.
    pub name: String,
    /// Its `source`, its own or that of the defaults.
    pub source: Option<String>,
    /// From the comment right above it to the end of its last line.
    whole: Range<usize>,
    /// From `[[rules]]` on.
    table: Range<usize>,
}

impl Sheet {
    /// Finds the rules in a text. The error says why nothing can be changed in it.
    pub fn read(text: &str) -> Result<Sheet, String> {
        let document = DeTable::parse(text).map_err(|error| tr!("the file is not TOML: {error}", error = visible(error.message())))?;
        let root = document.get_ref();
        let word = |table: &DeTable<'_>, key: &str| Some(table.get(key)?.get_ref().as_str()?.to_owned());
        let source = root.get("defaults").and_then(|value| word(value.get_ref().as_table()?, "source"));
        let mut rules = Vec::new();
        if let Some(list) = root.get("rules") {
            let DeValue::Array(items) = list.get_ref() else { return Err(tr!("`rules` is not a list of tables")) };
            for item in items.iter() {
                let (Some(table), true) = (item.get_ref().as_table(), text[item.span().start..].starts_with('[')) else {
                    return Err(tr!("the rules stand in one list in brackets; write [[rules]] before each, or change them by hand"));
                };
                let head = line_start(text, item.span().start);
                let end = line_end(text, last_byte(item));
                let name = word(table, "name").unwrap_or_default();
                let own = word(table, "source").or_else(|| source.clone());
                rules.push(Block { name, source: own, whole: comment_above(text, head)..end, table: head..end });
            }
        }
        Ok(Sheet { text: text.to_owned(), rules, source })
    }

    /// The rules, in the order of the file.
    pub fn rules(&self) -> &[Block] {
        &self.rules
    }

    /// The `source` that holds for a rule that does not say.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// The rule of this name; the error names the nearest.
    pub fn find(&self, name: &str) -> Result<&Block, String> {
        self.rules.iter().find(|block| block.name == name).ok_or_else(|| unknown(name, &self.names()))
    }

    /// All names.
    pub fn names(&self) -> Vec<&str> {
        self.rules.iter().map(|block| block.name.as_str()).collect()
    }

    /// A rule as it is written, from `[[rules]]` on.
    pub fn text_of(&self, block: &Block) -> &str {
        &self.text[block.table.clone()]
    }

    /// Line of a rule's `[[rules]]`, from 1.
    pub fn line_of(&self, block: &Block) -> usize {
        self.text[..block.table.start].matches('\n').count() + 1
    }

    /// The text with some rules written anew.
    pub fn with(&self, changes: &[(&Block, String)]) -> String {
        let mut out = self.text.clone();
        let mut changes: Vec<_> = changes.iter().collect();
        changes.sort_by_key(|(block, _)| std::cmp::Reverse(block.table.start));
        for (block, text) in changes {
            out.replace_range(block.table.clone(), &self.as_lines(text));
        }
        out
    }

    /// The text without a rule, the comment above it and one of the empty lines around it.
    pub fn without(&self, block: &Block) -> String {
        let (before, after) = (&self.text[..block.whole.start], &self.text[block.whole.end..]);
        let empty = |line: Option<&str>| line.is_none_or(|line| line.trim().is_empty());
        if after.trim().is_empty() {
            let kept = before.trim_end();
            return if kept.is_empty() { String::new() } else { format!("{kept}{}", self.newline()) };
        }
        let rest = match after.split_inclusive('\n').next() {
            Some(line) if line.trim().is_empty() && empty(before.lines().next_back()) => &after[line.len()..],
            _ => after,
        };
        format!("{before}{rest}")
    }

    /// The text with more rules behind the last one.
    pub fn and(&self, rules: &str) -> String {
        let at = self.rules.iter().map(|block| block.whole.end).max().unwrap_or(self.text.len());
        let (before, after) = self.text.split_at(at);
        let newline = self.newline();
        let mut out = before.to_owned();
        if !out.is_empty() {
            if !out.ends_with('\n') {
                out.push_str(newline);
            }
            out.push_str(newline);
        }
        out.push_str(&self.as_lines(rules.trim_matches(['\n', '\r'])));
        if !after.is_empty() && !after.starts_with(['\n', '\r']) {
            out.push_str(newline);
        }
        out.push_str(after);
        out
    }

    /// The part of the text that holds the rules, with the banner above the first; `bare`: without it.
    pub fn section(&self, bare: bool) -> &str {
        let Some(first) = self.rules.first() else { return "" };
        let end = self.rules.iter().map(|block| block.whole.end).max().unwrap_or(first.whole.end);
        let above = self.text[..first.whole.start].trim_end();
        let banner = comment_above(&self.text, line_end(&self.text, above.len()));
        let start = if bare || !self.text[banner..].starts_with("# ---") { first.whole.start } else { banner };
        &self.text[start..end]
    }

    fn newline(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// A piece of text with an end to its last line, and the line ends that the file has.
    fn as_lines(&self, text: &str) -> String {
        text.lines().map(|line| format!("{line}{}", self.newline())).collect()
    }
}

/// Which rules may have been meant, or how to see their names.
pub fn nearest_rules(name: &str, names: &[&str]) -> String {
    which_of(name, names, tr!("`pcemon rules list` shows the names"))
}

/// That there is no such rule, and which one may have been meant.
pub fn unknown(name: &str, names: &[&str]) -> String {
    if names.is_empty() {
        return tr!("the config has no [[rules]]");
    }
    tr!("there is no rule '{name}'; {hint}", name = visible(name), hint = visible(&nearest_rules(name, names)))
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// The last place that belongs to a table, its tables included.
fn last_byte(item: &Spanned<DeValue<'_>>) -> usize {
    let inner = match item.get_ref() {
        DeValue::Table(table) => table.iter().map(|(_, value)| last_byte(value)).max(),
        DeValue::Array(items) => items.iter().map(last_byte).max(),
        _ => None,
    };
    inner.unwrap_or(0).max(item.span().end)
}

/// Where the comment begins that stands right above a line, without an empty line between them.
fn comment_above(text: &str, head: usize) -> usize {
    let mut at = head;
    while at > 0 {
        let start = line_start(text, at - 1);
        let line = text[start..at].trim_start();
        // A line for editors is about the file.
        if !line.starts_with('#') || line.starts_with("#:") {
            break;
        }
        at = start;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "#:schema x\n# about the file\n\n[defaults]\nsource = \"events\" # all\n\n# ---\n# Section\n# ---\n\n# Why a.\n[[rules]]\n\
                        name = \"a\"\nwarning = \"> 1\" # tuned\n\n# Why b.\n[[rules]]\nname = \"b\"\n[rules.match]\ntype = [\n  \"x\", # one\n]\n\n\
                        # about channels\n[[channels]]\nname = \"c\"\n";

    fn sheet() -> Sheet {
        Sheet::read(TEXT).unwrap()
    }

    #[test]
    fn a_rule_is_found_with_its_tables() {
        let sheet = sheet();
        assert_eq!(sheet.names(), ["a", "b"]);
        assert_eq!(sheet.text_of(sheet.find("a").unwrap()), "[[rules]]\nname = \"a\"\nwarning = \"> 1\" # tuned\n");
        assert!(sheet.text_of(sheet.find("b").unwrap()).ends_with("# one\n]\n"));
        assert_eq!((sheet.line_of(&sheet.rules()[0]), sheet.source()), (12, Some("events")));
        assert!(sheet.find("A").err().unwrap().contains("there is no rule"));
    }

    #[test]
    fn what_goes_takes_its_comment_along_and_nothing_else() {
        let sheet = sheet();
        assert_eq!(sheet.without(&sheet.rules()[0]), TEXT.replace("# Why a.\n[[rules]]\nname = \"a\"\nwarning = \"> 1\" # tuned\n\n", ""));
        let b = "# Why b.\n[[rules]]\nname = \"b\"\n[rules.match]\ntype = [\n  \"x\", # one\n]\n\n";
        assert_eq!(sheet.without(&sheet.rules()[1]), TEXT.replace(b, ""));
        let last = Sheet::read("a = 1\n\n# why\n[[rules]]\nname = \"x\"").unwrap();
        assert_eq!(last.without(&last.rules()[0]), "a = 1\n");
    }

    #[test]
    fn what_comes_stands_behind_the_last() {
        let new = "[[rules]]\nname = \"n\"";
        assert_eq!(sheet().and(new), TEXT.replace("# one\n]\n", "# one\n]\n\n[[rules]]\nname = \"n\"\n"));
        assert_eq!(Sheet::read("").unwrap().and(new), format!("{new}\n"));
        assert_eq!(Sheet::read("a = 1").unwrap().and(new), format!("a = 1\n\n{new}\n"));
        let windows = Sheet::read("a = 1\r\n[[rules]]\r\nname = \"x\"\r\n").unwrap();
        assert_eq!(windows.and(new), "a = 1\r\n[[rules]]\r\nname = \"x\"\r\n\r\n[[rules]]\r\nname = \"n\"\r\n");
    }

    #[test]
    fn a_list_in_brackets_is_left_alone() {
        assert!(Sheet::read("rules = [{ name = \"a\" }]").err().unwrap().contains("by hand"));
        assert!(Sheet::read("rules = 1").is_err() && Sheet::read("a = ").is_err());
    }
}
