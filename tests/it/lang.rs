//! The languages: the catalogue has exactly what the sources say, and what people read is in the language they chose.

use crate::support::cli::{Ran, Room};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const CATALOGUE: &str = "src/lang/zh-TW.toml";

/// What may stay as it is: nothing in it is English.
const SAME: [&str; 0] = [];

const HEAD: &str = "\
# What the program says, in Traditional Chinese as written in Taiwan. The key is the English text of tr! and trn!.
# PCEMON_BLESS=1 cargo test --test it lang:: puts new keys here with an empty text and takes out those that nobody uses.
";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Every text of `tr!` and `trn!` in a stream of tokens, with its number of texts before the parts.
fn texts(tokens: TokenStream, place: &str, out: &mut BTreeMap<String, String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        texts(group.stream(), place, out);
        let [.., TokenTree::Ident(name), TokenTree::Punct(bang)] = &tokens[..at] else { continue };
        let many = name == "trn";
        if bang.as_char() != '!' || !(many || name == "tr") {
            continue;
        }
        let place = format!("{place}:{}", name.span().start().line);
        let inside: Vec<TokenTree> = group.stream().into_iter().collect();
        let literal = |index: usize| match inside.get(index) {
            Some(TokenTree::Literal(literal)) => syn::parse_str::<syn::LitStr>(&literal.to_string()).unwrap().value(),
            other => panic!("{place}: {name}! begins with its text as a literal, not with {other:?}"),
        };
        let text = literal(if many { 2 } else { 0 });
        if many {
            assert_eq!(parts(&literal(0), &place), parts(&text, &place), "{place}: the texts for one and for many have other parts");
        }
        out.insert(text, place);
    }
}

/// The names of the parts of a text. A part has no format of its own, for a translation could not follow it.
fn parts(text: &str, place: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let plain = text.replace("{{", "").replace("}}", "");
    let mut rest = plain.as_str();
    while let Some((_, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or_else(|| panic!("{place}: a brace is not closed in '{text}'"));
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        assert!(is_name, "{place}: '{{{name}}}' is not the name of a part, in '{text}'");
        names.insert(name.to_owned());
        rest = after;
    }
    names
}

/// Every text of the sources and where it stands.
fn said() -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut folders = vec![path("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            if file.is_dir() {
                folders.push(file);
            } else if file.extension().is_some_and(|end| end == "rs") && !file.ends_with("src/lang.rs") {
                let tokens: TokenStream = std::fs::read_to_string(&file).unwrap().parse().unwrap();
                texts(tokens, &file.display().to_string(), &mut out);
            }
        }
    }
    out
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[test]
fn the_catalogue_has_what_the_sources_say_and_nothing_else() {
    let said = said();
    assert!(said.len() > 10, "only {} texts were found in the sources", said.len());
    let written = std::fs::read_to_string(path(CATALOGUE)).unwrap();
    let mut catalogue: BTreeMap<String, String> = toml::from_str(&written).unwrap();
    if std::env::var_os("PCEMON_BLESS").is_some() {
        catalogue.retain(|key, _| said.contains_key(key));
        for key in said.keys() {
            catalogue.entry(key.clone()).or_default();
        }
    }
    let mut wanted = HEAD.to_owned();
    for (key, text) in &catalogue {
        let key = serde_json::to_string(key).unwrap();
        let _infallible = writeln!(wanted, "{key} = {}", serde_json::to_string(text).unwrap());
    }
    if std::env::var_os("PCEMON_BLESS").is_some() {
        std::fs::write(path(CATALOGUE), &wanted).unwrap();
    } else {
        assert!(written == wanted, "{CATALOGUE} is not in order; PCEMON_BLESS=1 puts it there");
    }
    let mut wrong = Vec::new();
    for (key, place) in &said {
        let of_key = parts(key, place);
        match catalogue.get(key).map(String::as_str) {
            None => wrong.push(format!("{place}: not in {CATALOGUE}: {}", quoted(key))),
            Some("") => wrong.push(format!("{place}: not translated: {}", quoted(key))),
            Some(text) => {
                if parts(text, CATALOGUE) != of_key {
                    wrong.push(format!("{place}: other parts than {}: {}", quoted(key), quoted(text)));
                }
                if !SAME.contains(&key.as_str()) && !text.chars().any(is_chinese) {
                    wrong.push(format!("{place}: still English: {}", quoted(text)));
                }
                if key.ends_with('\n') != text.ends_with('\n') {
                    wrong.push(format!("{place}: one ends its line and the other does not: {} {}", quoted(key), quoted(text)));
                }
                let letters: Vec<char> = text.chars().collect();
                if letters.windows(2).any(|pair| matches!(pair, [c, sign] if is_chinese(*c) && ",:;?!()".contains(*sign))) {
                    wrong.push(format!("{place}: a narrow sign behind a Chinese one: {}", quoted(text)));
                }
            }
        }
    }
    wrong.extend(catalogue.keys().filter(|key| !said.contains_key(*key)).map(|key| format!("nobody says {}", quoted(key))));
    for (key, text) in &catalogue {
        // One word for one thing, and that of Taiwan: what is said across the strait gives itself away by these.
        for foreign in
            ["信息", "默认", "網絡", "服務器", "數據", "軟件", "文件夾", "當前", "支持", "连", "配置文件", "用戶", "字符", "鏈接"]
        {
            if text.contains(foreign) {
                wrong.push(format!("'{foreign}' is not said in Taiwan: {} = {}", quoted(key), quoted(text)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} texts:\n{}", wrong.len(), wrong.join("\n"));
    let left: Vec<&&str> = SAME.iter().filter(|text| !said.contains_key(**text)).collect();
    assert!(left.is_empty(), "{left:?} may stay as they are, but nobody says them");
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
}

#[test]
fn a_text_gives_itself_away() {
    let of = |source: &str| {
        let mut out = BTreeMap::new();
        texts(source.parse().unwrap(), "here", &mut out);
        out.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(
        of(r#"f(format!("{}", tr!("a \"b\" {c}", c = tr!("d \
        e"))), tr ! [r"x\y"])"#),
        [r#"a "b" {c}"#, "d e", r"x\y"]
    );
    assert_eq!(of(r#"trn!("{n} rule", "{n} rules", n = 1); other!("no")"#), ["{n} rules"]);
    assert_eq!(parts("{{x}} {a} {b_1}", ""), ["a", "b_1"].map(str::to_owned).into());
}

const CONFIG: &str = "[[rules]]\nname = \"a\"\nsource = \"events\"\nwarning = \">= 1\"\n";

/// What `rules list` says at the head of its first column, and so its language.
fn language(room: &Room, arguments: &[&str], environment: &[(&str, &str)]) -> &'static str {
    let mut command = room.command(&[&["rules", "list"], arguments].concat());
    let ran = Ran::of(command.envs(environment.iter().copied())).exits(0);
    match ran.out.split_whitespace().next() {
        Some("RULE") => "en",
        Some("規則") => "zh-TW",
        other => panic!("{other:?} in {ran:?}"),
    }
}

#[test]
fn the_flag_outranks_the_config_and_the_config_the_environment() {
    let room = Room::new();
    room.config(CONFIG);
    let taiwan = ("LANG", "zh_TW.UTF-8");
    for (arguments, environment, want) in [
        (&[][..], &[][..], "en"),
        (&["--lang", "zh-TW"], &[], "zh-TW"),
        (&["--lang", "en"], &[taiwan], "en"),
        (&[], &[taiwan], "zh-TW"),
        (&[], &[("LANG", "zh_CN.UTF-8")], "en"),
        (&[], &[("LANG", "nonsense")], "en"),
        // The first that is set decides, also against a language that is spoken here.
        (&[], &[taiwan, ("LC_MESSAGES", "en_US.UTF-8")], "en"),
        (&[], &[("LANG", "C"), ("LC_MESSAGES", "zh_Hant_TW")], "zh-TW"),
        (&[], &[("LANG", "C"), ("LC_MESSAGES", "C"), ("LC_ALL", "zh_TW")], "zh-TW"),
        (&[], &[taiwan, ("LC_ALL", "")], "zh-TW"),
    ] {
        assert_eq!(language(&room, arguments, environment), want, "{arguments:?} {environment:?}");
    }
    room.config(&format!("[run]\nlanguage = \"zh-TW\"\n{CONFIG}"));
    assert_eq!(language(&room, &[], &[]), "zh-TW");
    assert_eq!(language(&room, &["--lang", "en"], &[]), "en");
    room.config(&format!("[run]\nlanguage = \"en\"\n{CONFIG}"));
    assert_eq!(language(&room, &[], &[taiwan]), "en");
}

#[test]
fn a_language_that_is_not_spoken_is_refused() {
    let room = Room::new();
    room.config(CONFIG);
    let ran = room.run(&["rules", "list", "--lang", "zh-tw"]).exits(3);
    assert!(ran.err.contains("'zh-tw'") && ran.err.contains("zh-TW"), "{}", ran.err);
    room.config(&format!("[run]\nlanguage = \"zh_TW\"\n{CONFIG}"));
    let ran = room.run(&["rules", "list"]).exits(3);
    assert!(ran.err.contains("did you mean `zh-TW`?"), "{}", ran.err);
}
