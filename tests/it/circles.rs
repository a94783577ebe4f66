//! No file of the program imports itself by way of others: who reads one file reads downwards only.
//!
//! An import counts where its name is defined, not where it is handed on: a `pub use` that a file does not use itself is
//! no dependency of that file.

use crate::tidy::{is_comment, sources, without_tests};
use std::collections::{BTreeMap, BTreeSet};

type Names = Vec<String>;

/// One source file: its module path, what it imports under which name, and its text without imports, comments and tests.
struct File {
    module: Names,
    imports: BTreeMap<String, Names>,
    handed_on: BTreeMap<String, Names>,
    text: String,
}

fn names(path: &str) -> Names {
    path.split("::").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// The module of a file below `src`: `judge/mod.rs` is `judge`, `lib.rs` the root.
fn module_of(file: &str) -> Names {
    let path = file.strip_suffix(".rs").unwrap_or(file);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// Every path of a tree of imports: `a::{b, c::{self, d}}`.
fn flattened(tree: &str) -> Vec<Names> {
    let mut out = Vec::new();
    let mut part = String::new();
    let mut depth = 0;
    let mut parts = Vec::new();
    for c in tree.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part);
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        match part.split_once('{') {
            Some((before, rest)) => {
                let inner = &rest[..rest.rfind('}').unwrap_or(rest.len())];
                out.extend(flattened(inner).into_iter().map(|path| [names(before), path].concat()));
            }
            None => out.push(names(part.split(" as ").next().unwrap_or(part))),
        }
    }
    out
}

/// Words and what lies between them, so that `crate::a::B` is one word.
fn paths_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
        .map(|word| word.trim_matches(':'))
        .filter(|word| word.contains("::"))
}

struct Tree {
    files: BTreeMap<String, File>,
    /// The file of each module.
    modules: BTreeMap<Names, String>,
}

impl Tree {
    fn of(sources: &[(String, String)]) -> Tree {
        let modules: BTreeMap<Names, String> = sources.iter().map(|(file, _)| (module_of(file), file.clone())).collect();
        let mut tree = Tree { files: BTreeMap::new(), modules };
        for (name, text) in sources {
            let text = without_tests(text);
            let code = text.lines().filter(|line| !is_comment(line));
            let mut file = File { module: module_of(name), imports: BTreeMap::new(), handed_on: BTreeMap::new(), text: String::new() };
            let mut statement: Option<(bool, String)> = None;
            for line in code {
                let trimmed = line.trim_start();
                let plain = if trimmed.starts_with("pub") { trimmed.split_once(' ').map_or(trimmed, |(_, rest)| rest) } else { trimmed };
                if statement.is_none() {
                    match plain.strip_prefix("use ") {
                        Some(rest) => statement = Some((trimmed.starts_with("pub"), rest.to_owned())),
                        None => {
                            file.text.push_str(line);
                            file.text.push('\n');
                            continue;
                        }
                    }
                } else if let Some((_, so_far)) = &mut statement {
                    so_far.push_str(trimmed);
                }
                if let Some((handed_on, whole)) = statement.take_if(|(_, so_far)| so_far.trim_end().ends_with(';')) {
                    for mut path in flattened(whole.trim_end().trim_end_matches(';')) {
                        let is_self = path.last().is_some_and(|last| last == "self") && path.len() > 1;
                        path.truncate(path.len() - usize::from(is_self));
                        let Some(absolute) = tree.absolute(&file.module, &path) else { continue };
                        let Some(last) = path.last().cloned() else { continue };
                        if handed_on {
                            file.handed_on.insert(last.clone(), absolute.clone());
                        }
                        file.imports.insert(last, absolute);
                    }
                }
            }
            tree.files.insert(name.clone(), file);
        }
        tree
    }

    /// A path from the root; `None` when it leads out of the crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Names> {
        let mut base = module.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (base, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    base.pop()?;
                    rest = &rest[1..];
                }
            }
            first => {
                self.modules.get(&[module, &[first.to_owned()]].concat())?;
            }
        }
        Some([base.as_slice(), rest].concat())
    }

    /// The file in which a path's name is defined, followed through what is handed on.
    fn home(&self, path: &[String], steps: u32) -> Option<&str> {
        let length = (1..=path.len()).rev().find(|length| self.modules.contains_key(&path[..*length]))?;
        let file = self.modules.get(&path[..length])?;
        let handed = path.get(length).and_then(|name| self.files.get(file)?.handed_on.get(name));
        match handed.filter(|_| steps > 0) {
            Some(from) => self.home(&[from.as_slice(), &path[length + 1..]].concat(), steps - 1).or(Some(file)),
            None => Some(file),
        }
    }

    /// For each file those that it needs.
    fn needs(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut out = BTreeMap::new();
        for (name, file) in &self.files {
            let own: &mut BTreeSet<&str> = out.entry(name.as_str()).or_default();
            let words: BTreeSet<&str> = file.text.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
            for (local, path) in file.imports.iter().filter(|(local, _)| words.contains(local.as_str())) {
                // A module is needed for what is taken from it.
                if !self.modules.contains_key(path) {
                    own.extend(self.home(path, 8));
                    continue;
                }
                for word in paths_in(&file.text).filter(|word| word.split("::").next() == Some(local)) {
                    own.extend(self.home(&[path.as_slice(), &names(word)[1..]].concat(), 8));
                }
            }
            for word in paths_in(&file.text) {
                let path = names(word);
                if let Some(path) = self.absolute(&file.module, &path).filter(|_| !file.imports.contains_key(&path[0])) {
                    own.extend(self.home(&path, 8));
                }
            }
            own.remove(name.as_str());
        }
        // They gather everything and are needed by nobody.
        out.retain(|file, _| !["lib.rs", "main.rs"].contains(file));
        out
    }

    /// Every circle, by the files in it.
    fn circles(&self) -> Vec<Vec<&str>> {
        let needs = self.needs();
        let reach = |from: &str| {
            let mut seen = BTreeSet::new();
            let mut next: Vec<&str> = needs.get(from).into_iter().flatten().copied().collect();
            while let Some(file) = next.pop() {
                if seen.insert(file) {
                    next.extend(needs.get(file).into_iter().flatten());
                }
            }
            seen
        };
        let reached: BTreeMap<&str, BTreeSet<&str>> = needs.keys().map(|file| (*file, reach(file))).collect();
        let mut circles: BTreeSet<Vec<&str>> = BTreeSet::new();
        for (file, of) in reached.iter().filter(|(file, of)| of.contains(*file)) {
            circles.insert(of.iter().copied().filter(|other| reached.get(other).is_some_and(|back| back.contains(file))).collect());
        }
        circles.into_iter().collect()
    }
}

#[test]
fn no_file_needs_itself_by_way_of_others() {
    let sources = sources();
    let tree = Tree::of(&sources);
    let needs = tree.needs();
    // What it finds is real: imports, paths in the code, names that are handed on.
    for (file, other) in [("app.rs", "commands/common.rs"), ("channels/slack.rs", "channels/address.rs"), ("run/mod.rs", "run/cycle.rs")] {
        assert!(needs[file].contains(other), "{file} needs {:?}", needs[file]);
    }
    let arrows: usize = needs.values().map(BTreeSet::len).sum();
    assert!(arrows > 1_000, "only {arrows} imports were found");
    let circles = tree.circles();
    assert!(
        circles.is_empty(),
        "files that need each other:\n{}",
        circles.iter().map(|circle| circle.join(" ")).collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn circles_are_found_however_they_are_written() {
    let tree =
        |files: &[(&str, &str)]| Tree::of(&files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<Vec<_>>());
    let mut found = Vec::new();
    for (name, a, b) in [
        ("imports", "use super::b::B;\npub struct A(B);\n", "use crate::x::a::A;\npub struct B(A);\n"),
        ("groups", "use super::{b::{self, B}, c};\npub struct A(B);\n", "fn f() -> crate::x::a::A { todo() }\npub struct B;\n"),
        ("handed on", "use crate::x::B;\npub struct A(B);\n", "use super::A;\npub struct B(A);\n"),
        (
            "a module's function",
            "use super::b;\nfn a() { b::b() }\npub struct A;\n",
            "use super::a;\nfn b() -> a::A { a::A }\npub struct B;\n",
        ),
    ] {
        let made = tree(&[
            ("lib.rs", "pub mod x;\n"),
            ("x/mod.rs", "mod a;\nmod b;\nmod c;\npub use a::A;\npub use b::B;\n"),
            ("x/a.rs", a),
            ("x/b.rs", b),
            ("x/c.rs", ""),
        ]);
        found.push((name, made.circles().len()));
    }
    assert!(found.iter().all(|(_, circles)| *circles == 1), "{found:?}");
    // Handing a name on, a test, a comment and the standard library make none.
    let made = tree(&[
        ("lib.rs", "pub mod x;\n"),
        ("x/mod.rs", "mod a;\nmod b;\npub use a::A;\npub use b::B;\n"),
        ("x/a.rs", "use super::B;\nuse std::fmt;\npub struct A(B);\n"),
        ("x/b.rs", "// use super::A;\npub struct B;\n#[cfg(test)]\nmod tests {\n    use super::super::A;\n}\n"),
    ]);
    assert_eq!(made.circles(), Vec::<Vec<&str>>::new());
}
