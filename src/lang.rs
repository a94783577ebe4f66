//! The language in which the program speaks to people. The English text is the key: `tr!` takes it with its
//! named parts, and the catalogue `src/lang/zh-TW.toml` holds what it becomes.
//!
//! There is one language for the whole process, chosen once when it starts. Machine formats and `--help` stay English: what a
//! format says itself is said [`for_machines`], and what was said before, such as an error on its way into a report, is
//! remembered with its English ([`in_english`]).

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// A language that the program speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English, the language of the sources.
    English,
    /// Traditional Chinese as it is written in Taiwan.
    TraditionalChinese,
}

/// What may be typed as a language, and what it means.
pub const LANGUAGES: [(&str, Language); 2] = [("en", Language::English), ("zh-TW", Language::TraditionalChinese)];

static CHINESE: AtomicBool = AtomicBool::new(false);
/// Whether the config may still choose. Never in a process that did not [`start`]: there it is a library, and speaks English.
static OPEN: AtomicBool = AtomicBool::new(false);

impl Language {
    /// The language of that name.
    pub fn named(name: &str) -> Option<Language> {
        LANGUAGES.iter().find(|(known, _)| *known == name).map(|(_, language)| *language)
    }

    /// The name as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::TraditionalChinese => "zh-TW",
        }
    }

    /// The language of a POSIX locale or a language tag: `zh_TW.UTF-8`, `zh-Hant`, `C`. What is not spoken here is English.
    pub fn of_locale(locale: &str) -> Language {
        let locale = locale.replace('-', "_").to_ascii_lowercase();
        let is = |name: &str| locale.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
        if is("zh_tw") || is("zh_hant") { Language::TraditionalChinese } else { Language::English }
    }
}

/// Chooses the language before anything is said: the one typed, else that of the environment.
pub fn start(typed: Option<Language>) {
    OPEN.store(typed.is_none(), Ordering::Relaxed);
    // The first that is set and not empty decides, as everywhere.
    let of_environment = || {
        let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
        ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set).map_or(Language::English, |locale| Language::of_locale(&locale))
    };
    speak(typed.unwrap_or_else(of_environment));
}

/// The config's choice: it outranks the environment, and what was typed outranks it.
pub fn prefer(language: Language) {
    if OPEN.load(Ordering::Relaxed) {
        speak(language);
    }
}

fn speak(language: Language) {
    CHINESE.store(language == Language::TraditionalChinese, Ordering::Relaxed);
}

/// The language now spoken.
pub fn current() -> Language {
    if CHINESE.load(Ordering::Relaxed) { Language::TraditionalChinese } else { Language::English }
}

thread_local! {
    static FOR_MACHINES: Cell<bool> = const { Cell::new(false) };
}

/// What is said within is English, whatever people read.
pub fn for_machines<T>(say: impl FnOnce() -> T) -> T {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            FOR_MACHINES.with(|machines| machines.set(self.0));
        }
    }
    let _back_even_after_a_panic = Before(FOR_MACHINES.with(|machines| machines.replace(true)));
    say()
}

/// Texts that are remembered with their English. When there are more, the memory begins anew.
const MOST_SAID: usize = 50_000;
/// Longest text that is remembered, in bytes.
const LONGEST_SAID: usize = 8 << 10;
/// Shorter texts are words that a name may consist of, too: within another text they stay.
const LEAST_WITHIN: usize = 4;

static SAID: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);

/// A text in English that may have been said in another language: as a whole, or with such texts in it.
pub fn in_english(text: &str) -> String {
    if current() == Language::English || text.is_ascii() {
        return text.to_owned();
    }
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(said) = said.as_ref() else { return text.to_owned() };
    if let Some(english) = said.get(text) {
        return english.clone();
    }
    let mut within: Vec<(&String, &String)> =
        said.iter().filter(|(foreign, _)| foreign.chars().count() >= LEAST_WITHIN && text.contains(foreign.as_str())).collect();
    // The longest first, so that no part of a text is taken out of it.
    within.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
    within.into_iter().fold(text.to_owned(), |text, (foreign, english)| text.replace(foreign, english))
}

/// Puts the named parts into a translation and remembers what that is in English. For `tr!`.
pub fn said(english: &str, template: &str, parts: &[(&str, &dyn Display)]) -> String {
    let out = fill(template, parts);
    if out.len() <= LONGEST_SAID && !out.is_ascii() {
        let texts: Vec<(&str, String)> = parts.iter().map(|(name, part)| (*name, exactly(&part.to_string()))).collect();
        let parts: Vec<(&str, &dyn Display)> = texts.iter().map(|(name, text)| (*name, text as &dyn Display)).collect();
        let english = fill(english, &parts);
        let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
        let said = said.get_or_insert_default();
        if said.len() >= MOST_SAID {
            said.clear();
        }
        said.insert(out.clone(), english);
    }
    out
}

/// A part that was said as a whole, in English; a name stays what it is.
fn exactly(text: &str) -> String {
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.as_ref().and_then(|said| said.get(text)).map_or_else(|| text.to_owned(), String::clone)
}

/// What an English text becomes in the language now spoken; `None`: it stays. For `tr!`.
pub fn translation(text: &str) -> Option<&'static str> {
    static CATALOGUE: OnceLock<HashMap<String, String>> = OnceLock::new();
    if current() == Language::English || FOR_MACHINES.with(Cell::get) {
        return None;
    }
    // A test proves that the catalogue can be read and lacks nothing.
    let catalogue = CATALOGUE.get_or_init(|| toml::from_str(include_str!("lang/zh-TW.toml")).unwrap_or_default());
    catalogue.get(text).map(String::as_str)
}

/// Puts the named parts into a translation. For `tr!`.
pub fn fill(template: &str, parts: &[(&str, &dyn Display)]) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let named = rest[at..].strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let part = named.and_then(|(name, after)| Some((parts.iter().find(|(known, _)| *known == name)?.1, after)));
        rest = match part {
            Some((part, after)) => {
                out.push_str(&part.to_string());
                after
            }
            None => {
                // A doubled brace stands for one, as in English.
                let brace = &rest[at..=at];
                out.push_str(brace);
                let after = &rest[at + 1..];
                after.strip_prefix(brace).unwrap_or(after)
            }
        };
    }
    out.push_str(rest);
    out
}

/// A text for people in their language, as a `String`: `tr!("{count} of {total}", count, total = list.len())`.
///
/// The text is a literal in English and the key of the catalogue; its parts have names and no format of their own.
#[macro_export]
macro_rules! tr {
    (@part $name:ident) => { $name };
    (@part $name:ident $value:expr) => { $value };
    ($text:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        match $crate::lang::translation($text) {
            None => ::std::fmt::format(format_args!($text $(, $name = $crate::tr!(@part $name $($value)?))*)),
            Some(template) => $crate::lang::said($text, template, &[
                $((stringify!($name), &$crate::tr!(@part $name $($value)?) as &dyn ::std::fmt::Display)),*
            ]),
        }
    };
}

/// The same for a text with a number: `trn!("{count} rule", "{count} rules", count = n)`. The first part decides,
/// and the text for many is the key of the catalogue.
#[macro_export]
macro_rules! trn {
    ($one:literal, $many:literal, $count:ident = $number:expr $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        match ($crate::lang::translation($many), $number) {
            (None, 1) => ::std::fmt::format(format_args!($one, $count = 1 $(, $name = $crate::tr!(@part $name $($value)?))*)),
            (None, number) => ::std::fmt::format(format_args!($many, $count = number $(, $name = $crate::tr!(@part $name $($value)?))*)),
            (Some(template), number) => $crate::lang::said(if number == 1 { $one } else { $many }, template, &[
                (stringify!($count), &number as &dyn ::std::fmt::Display),
                $((stringify!($name), &$crate::tr!(@part $name $($value)?) as &dyn ::std::fmt::Display)),*
            ]),
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales() {
        for locale in ["zh_TW", "zh_TW.UTF-8", "zh_TW.Big5", "zh-TW", "zh_Hant", "zh_Hant_TW", "zh-Hant-TW", "zh_TW@radical", "ZH_tw"] {
            assert_eq!(Language::of_locale(locale), Language::TraditionalChinese, "{locale}");
        }
        for locale in ["", "C", "POSIX", "en_US.UTF-8", "zh_CN.UTF-8", "zh", "zh_Hans_TW", "zh_TWX", "de_DE"] {
            assert_eq!(Language::of_locale(locale), Language::English, "{locale}");
        }
        for (name, language) in LANGUAGES {
            assert_eq!((Language::named(name), language.name()), (Some(language), name));
        }
    }

    #[test]
    fn parts_are_put_where_their_names_stand() {
        let parts: [(&str, &dyn Display); 2] = [("a", &1), ("b", &"{a}")];
        for (template, want) in [
            ("{b} and {a}, {a}", "{a} and 1, 1"),
            ("{{a}} {a}", "{a} 1"),
            ("資料 {a} 筆", "資料 1 筆"),
            ("", ""),
            ("{", "{"),
            ("}", "}"),
            ("{a", "{a"),
            ("{資", "{資"),
        ] {
            assert_eq!(fill(template, &parts), want, "{template}");
        }
    }
}
