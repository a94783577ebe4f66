//! House rules that no compiler knows: who may import whom, how long a file may grow, what may not
//! stand in it, and under which licences the dependencies come.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file: its path below `src`, and its text without tests and comments. Lines keep their numbers.
pub fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let name = path.strip_prefix(root().join("src")).unwrap().to_str().unwrap().to_owned();
                files.push((name, text));
            }
        }
    }
    files.sort();
    assert!(files.len() > 80, "only {} files were found", files.len());
    files
}

/// Without the tests, which stand last in a file by custom.
pub fn without_tests(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].to_owned()
}

pub fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

/// The room a file belongs to: its folder, or its own name at the top.
fn room(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

/// What each room may import of the crate. A row names modules, or single things inside one.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // Ground: the language (whose macros need no import) and plain values. They import nothing of the crate but each other.
    ("lang", &["tr"]),
    ("domain", &[]),
    ("http", &["domain", "files"]),
    // The process and its files: they know nothing of what the program is about.
    ("process", &[]),
    ("files", &["process"]),
    // How a table of the config is read; it knows neither which tables nor which members there are.
    ("settings", &["domain", "files", "process"]),
    // Judgement is pure: it knows neither network nor disk nor config file.
    ("judge", &["domain", "lang"]),
    // Instruments, each for one outside thing.
    ("pce", &["domain", "files", "http", "process"]),
    ("state", &["domain", "judge", "files"]),
    ("channels", &["domain", "http", "process", "settings", "lang"]),
    ("heartbeat", &["domain", "channels::post", "channels::Outcome"]),
    ("render", &["domain", "sources", "lang"]),
    ("sim", &["domain"]),
    // A source is a folder with a row; the config asks each type of target to read its own table.
    ("sources", &["domain", "http", "pce", "process", "settings", "lang"]),
    // The config asks each kind of channel to read its own table; the kinds know only the reader.
    ("config", &["domain", "channels", "pce::PceSettings", "settings", "sources", "files", "process", "lang"]),
    // The flags that choose records are made from the keys of `match`.
    // A report is added up and told; it knows the rules only as the state left them.
    ("report", &["domain", "judge", "render", "sources", "lang"]),
    (
        "cli",
        &[
            "domain",
            "render",
            "report",
            "settings",
            "config::conditions",
            "config::flags",
            "config::reference",
            "config::find",
            "sources",
            "lang",
            // What `--version` tells, and which schemas there are.
            "schemas",
            "state::SCHEMA",
            "state::LOOKS_VERSION",
        ],
    ),
    // The text of a config, changed; and the older monitor's settings, turned into one.
    ("edit", &["domain", "config", "files", "settings"]),
    ("import", &["domain", "config"]),
    // One cycle brings everything together, but knows neither the front desk nor the simulated PCE.
    (
        "run",
        &[
            "domain",
            "lang",
            "http::reach",
            "files",
            "process",
            "cli",
            "config",
            "pce",
            "judge",
            "state",
            "channels",
            "heartbeat",
            "render",
            "settings",
            "sources",
            "report",
        ],
    ),
    // The front desk may import everything but the simulated PCE, which is the demo's and the rule tests'.
    ("app", &["cli", "run", "commands", "process", "lang"]),
    (
        "commands",
        &[
            // `init` shows the labels of a PCE, and proves first that its config can be written.
            "pce::Label",
            "files",
            "domain",
            "lang",
            "http::reach",
            "http::tls",
            "pce::is_loopback",
            "process",
            "cli",
            "config",
            "run",
            "state",
            "channels",
            "render",
            "settings",
            "sources",
            "judge",
            "edit",
            "import",
            "report",
            "schemas",
        ],
    ),
    // The published schemas; that of the config is made from its readers.
    ("schemas", &["config::schema"]),
    ("main", &[]),
    // Two crates: the lower floors, and the program on them.
    ("engine", &[]),
    ("lib", &[]),
];

/// Paths that begin at the crate's root, with their lines.
fn crate_paths(text: &str) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !is_comment(line)) {
        for (at, _) in line.match_indices("crate::") {
            if line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let path: String = line[at + 7..].chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect();
            out.push((number + 1, path.trim_end_matches(':').to_owned()));
        }
    }
    out
}

#[test]
fn every_room_imports_only_what_its_floor_allows() {
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (file, text) in sources() {
        let room = room(&file);
        let Some(allowed) = table.get(room) else {
            wrong.push(format!("{file}: the room `{room}` is not in the table of this test"));
            continue;
        };
        for (line, path) in crate_paths(&without_tests(&text)) {
            assert!(!path.is_empty(), "src/{file}:{line}: write one `use` for each module, so that this test can read it");
            let inside = |prefix: &str| path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with("::"));
            let demo = ["commands/demo.rs", "commands/test/answers.rs"].contains(&file.as_str()) && inside("sim");
            if let Some(row) = allowed.iter().find(|prefix| inside(prefix)) {
                seen.insert((room.to_owned(), *row));
            } else if !inside(room) && !demo {
                wrong.push(format!("src/{file}:{line}: {room} may not import {path}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unused: Vec<String> = MAY_IMPORT
        .iter()
        .flat_map(|(room, rows)| rows.iter().map(move |row| ((*room).to_owned(), *row)))
        .filter(|pair| !seen.contains(pair) && pair != &("http".to_owned(), "domain"))
        .map(|(room, row)| format!("{room} does not import {row}: take it out of the table"))
        .collect();
    assert!(unused.is_empty(), "{}", unused.join("\n"));
}

/// `super::super::` must not climb out of the room, where the table above would not see it.
#[test]
fn nobody_climbs_out_of_a_room() {
    for (file, text) in sources() {
        let depth = file.matches('/').count() + usize::from(!file.ends_with("mod.rs"));
        for (number, line) in without_tests(&text).lines().enumerate().filter(|(_, line)| !is_comment(line)) {
            let climbed = (1..6).take_while(|steps| line.contains(&"super::".repeat(*steps))).count();
            let allowed = if file.contains('/') { depth - 1 } else { 0 };
            assert!(climbed <= allowed, "src/{file}:{}: {}", number + 1, line.trim());
        }
    }
}

/// One kind of channel or format never leans on another; what they share stands in a file of its own.
#[test]
fn members_of_a_family_do_not_import_each_other() {
    // The shapes of the versioned JSON are one contract, whichever format carries a part of it.
    const EXCEPTIONS: [(&str, &str); 3] = [("ndjson", "json"), ("sarif", "json"), ("tap", "json")];
    let channels: Vec<&str> = pcemon::channels::KINDS.iter().map(|kind| kind.name).collect();
    let formats: Vec<&str> = pcemon::render::FORMATS.iter().map(|format| format.name).collect();
    let all = sources();
    for (family, members) in [("channels", channels), ("render", formats)] {
        for member in &members {
            let own: Vec<&(String, String)> = all
                .iter()
                .filter(|(file, _)| *file == format!("{family}/{member}.rs") || file.starts_with(&format!("{family}/{member}/")))
                .collect();
            assert!(!own.is_empty(), "{family} has a row for {member}, but no file {family}/{member}.rs");
            for (file, text) in own {
                for other in members.iter().filter(|other| *other != member && !EXCEPTIONS.contains(&(member, other))) {
                    for path in [format!("crate::{family}::{other}"), format!("super::{other}::"), format!("super::{other};")] {
                        assert!(!without_tests(text).contains(&path), "src/{file} imports {path}");
                    }
                }
            }
        }
    }
}

/// A source that is no PCE's is a folder (or a file) and a row: nothing else of the program knows that there is one.
#[test]
fn a_source_from_outside_is_one_folder_and_one_row() {
    for kind in pcemon::sources::TARGET_TYPES {
        let name = kind.name;
        // A source that reads several types has a folder for each that is not its usual one.
        let beside = pcemon::sources::SOURCES.into_iter().find(|source| source.is_read_from(name) && source.target_type() != name);
        let own = match beside {
            Some(source) => [format!("sources/{}/", source.target_type()), format!("sources/{name}.rs"), "sources/mod.rs".to_owned()],
            None => [format!("sources/{name}/"), format!("sources/{name}.rs"), "sources/mod.rs".to_owned()],
        };
        let folder = if beside.is_some() { format!("{}{name}/", own[0]) } else { own[0].clone() };
        let all = sources();
        assert!(all.iter().any(|(file, _)| file.starts_with(&folder) || *file == own[1]), "{name} has no folder and no file");
        for (file, text) in all.iter().filter(|(file, _)| !own.iter().any(|own| file.starts_with(own))) {
            let text = without_tests(text);
            for word in [format!("sources::{name}"), format!("sources::{}", name.to_uppercase()), format!("type = \"{name}\"")] {
                let line = text.lines().find(|line| !is_comment(line) && line.contains(&word));
                assert_eq!(line, None, "src/{file} knows of {name}");
            }
        }
    }
}

#[test]
fn no_file_grows_without_a_reason() {
    const MOST: usize = 700;
    // File, and why it may be longer.
    const LONG: [(&str, &str); 0] = [];
    for (file, text) in sources() {
        let lines = text.lines().count();
        let listed = LONG.iter().any(|(name, _)| *name == file);
        assert!(lines <= MOST || listed, "src/{file} has {lines} lines: find the wall, or list it here with a reason");
        assert!(lines > MOST || !listed, "src/{file} has {lines} lines and needs no exception any more");
    }
}

#[test]
fn nothing_panics_without_saying_why() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let text = without_tests(&text);
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate().filter(|(_, line)| !is_comment(line)) {
            let at = |what: &str| format!("src/{file}:{}: {what}: {}", number + 1, line.trim());
            for never in ["todo!", "unimplemented!", "dbg!", ".unwrap()", "std::process::exit", "println!", "print!(", "eprint!("] {
                // Leaving at once is what a signal asks for.
                let excused = never == "std::process::exit" && file == "run/interrupt.rs";
                if line.contains(never) && !excused {
                    wrong.push(at(never));
                }
            }
            for reasoned in [".expect(", "panic!(", "unreachable!("] {
                // The words in it, or a comment above.
                let explained = |at: usize| line[at + reasoned.len()..].len() > 12 || number > 0 && is_comment(lines[number - 1]);
                if line.find(reasoned).is_some_and(|at| !explained(at)) {
                    wrong.push(at("does not say why it cannot happen"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every module says in its first line what it does.
#[test]
fn every_module_introduces_itself() {
    for (file, text) in sources() {
        assert!(text.starts_with("//! "), "src/{file} does not begin with what it does");
    }
}

/// Whether a licence expression can be satisfied with the allowed licences.
fn satisfied(expression: &str, allowed: &BTreeSet<String>, used: &mut BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let result = any_of(&words, &mut at, allowed, used);
    assert_eq!(at, words.len(), "cannot read the licence '{expression}'");
    result
}

fn any_of(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>, used: &mut BTreeSet<String>) -> bool {
    let mut result = all_of(words, at, allowed, used);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        result |= all_of(words, at, allowed, used);
    }
    result
}

fn all_of(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>, used: &mut BTreeSet<String>) -> bool {
    let mut result = one(words, at, allowed, used);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        result &= one(words, at, allowed, used);
    }
    result
}

fn one(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>, used: &mut BTreeSet<String>) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let result = any_of(words, at, allowed, used);
        *at += usize::from(words.get(*at) == Some(&")"));
        return result;
    }
    let mut licence = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        licence = format!("{licence} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    let fits = allowed.contains(&licence);
    if fits {
        used.insert(licence);
    }
    fits
}

#[test]
fn licence_expressions_are_read_as_they_are_meant() {
    let allowed: BTreeSet<String> = ["MIT", "ISC"].map(str::to_owned).into();
    for (expression, want) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT/Apache-2.0", true),
        ("Apache-2.0 AND ISC", false),
        ("MIT AND ISC", true),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("(GPL-3.0 OR MIT) AND Zlib", false),
        ("Apache-2.0 WITH LLVM-exception OR ISC", true),
        ("Apache-2.0 WITH LLVM-exception", false),
    ] {
        assert_eq!(satisfied(expression, &allowed, &mut BTreeSet::new()), want, "{expression}");
    }
}

fn deny_table() -> toml::Table {
    std::fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap()
}

/// The allow list of `deny.toml`, held against what is really built here; needs no cargo-deny and no network.
#[test]
fn every_dependency_has_an_allowed_licence() {
    let deny = deny_table();
    let allowed: BTreeSet<String> =
        deny["licenses"]["allow"].as_array().unwrap().iter().map(|licence| licence.as_str().unwrap().to_owned()).collect();
    let banned: Vec<&str> = deny["bans"]["deny"].as_array().unwrap().iter().map(|row| row["crate"].as_str().unwrap()).collect();
    let version = Command::new(env!("CARGO")).arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let metadata: Value = serde_json::from_slice(&out.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "only {} packages", packages.len());
    let mut used = BTreeSet::new();
    for package in packages {
        let name = format!("{} {}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        let licence = package["license"].as_str().unwrap_or_else(|| panic!("{name} states no licence"));
        assert!(satisfied(licence, &allowed, &mut used), "{name} is under {licence}, which deny.toml does not allow");
        assert!(!banned.contains(&package["name"].as_str().unwrap()), "{name} is banned in deny.toml");
    }
    let unused: Vec<&String> = allowed.difference(&used).collect();
    assert!(unused.is_empty(), "no dependency needs {unused:?}: take it out of deny.toml");
}

/// Every dependency comes from the default registry and has a checksum.
#[test]
fn every_dependency_comes_from_the_registry() {
    let lock: toml::Table = std::fs::read_to_string(root().join("Cargo.lock")).unwrap().parse().unwrap();
    let mut sources = BTreeSet::new();
    for package in lock["package"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let Some(source) = package.get("source").and_then(toml::Value::as_str) else {
            assert!(["pcemon", "pcemon-engine"].contains(&name), "{name} is no part of a registry");
            continue;
        };
        assert!(source.starts_with("registry+"), "{name} comes from {source}");
        assert!(package.get("checksum").is_some(), "{name} has no checksum");
        sources.insert(source);
    }
    assert_eq!(sources.len(), 1, "more than one registry: {sources:?}");
}

/// The two licences that Cargo.toml names are there, whole.
#[test]
fn the_licence_texts_are_there() {
    let read = |name: &str| std::fs::read_to_string(Path::new(&root()).join(name)).unwrap();
    assert!(read("Cargo.toml").contains("license = \"MIT OR Apache-2.0\""));
    let (mit, apache) = (read("LICENSE-MIT"), read("LICENSE-APACHE"));
    assert!(mit.contains("Permission is hereby granted, free of charge") && mit.contains("USE OR OTHER DEALINGS IN THE\nSOFTWARE."));
    for part in [
        "1. Definitions.",
        "9. Accepting Warranty or Additional Liability.",
        "END OF TERMS AND CONDITIONS",
        "limitations under the License.",
    ] {
        assert!(apache.contains(part), "LICENSE-APACHE lacks '{part}'");
    }
}

/// The README promises the Rust version that Cargo.toml asks for.
#[test]
fn the_minimum_rust_version_is_told() {
    let manifest: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let version = manifest["workspace"]["package"]["rust-version"].as_str().unwrap();
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains(&format!("({version} or newer)")), "README.md does not say that Rust {version} is needed");
}

/// What a peer said goes into a message by `Foreign::words` alone.
#[test]
fn what_peers_say_is_read_but_never_shown() {
    let shown = |line: &str| ["tr!", "trn!", "format!", "push_str", "log::", "error:"].iter().any(|word| line.contains(word));
    for (file, text) in sources() {
        for (number, line) in without_tests(&text).lines().enumerate() {
            assert!(
                !line.contains(".for_reading()") || !shown(line),
                "src/{file}:{}: shows what a peer said as it came: {line}",
                number + 1
            );
        }
    }
}
