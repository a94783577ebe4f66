//! The language in which the program speaks to people. The English text is the key: `tr!` takes it with its
//! named parts, and the catalogue `src/lang/zh-TW.toml` holds what it becomes.
//!
//! There is one language for the whole process, chosen once when it starts. Machine formats and `--help` stay English.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// What an English text becomes in the language now spoken; `None`: it stays. For `tr!`.
pub fn translation(text: &str) -> Option<&'static str> {
    static CATALOGUE: OnceLock<HashMap<String, String>> = OnceLock::new();
    if current() == Language::English {
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
            Some(template) => $crate::lang::fill(template, &[
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
            (Some(template), number) => $crate::lang::fill(template, &[
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
