//! Secrets in text from outside, found in every spelling that a peer may repeat them in.
//!
//! A character may stand as it is, or as JSON, a URL, HTML or a debugging text writes it, each by itself; besides there are the
//! forms in which Basic and PLAIN carry a secret whole. Whatever is hidden is hidden before a text is cut.

use base64::Engine;
use std::sync::{Mutex, PoisonError};

/// What stands in the place of a secret.
const HIDDEN: &str = "[hidden]";
/// Shorter secrets are words, and hiding them would garble every message.
const SHORTEST: usize = 6;
/// The end of a text that was cut may hold this much of the beginning of a secret.
const TELLING: usize = 8;

/// Every secret of this process.
static KNOWN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From now on this is hidden in whatever peers say.
pub fn remember(secret: &str) {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if secret.chars().count() >= SHORTEST && !known.iter().any(|have| have == secret) {
        known.push(secret.to_owned());
    }
}

/// A text from outside without any secret of this process.
pub fn hide(text: &str) -> String {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    hide_all(text, &known)
}

/// A text from outside without these secrets.
pub fn hide_all(text: &str, secrets: &[String]) -> String {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    let mut forms: Vec<Vec<char>> = Vec::new();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        forms.push(secret.chars().collect());
        for encoded in [STANDARD.encode(secret), URL_SAFE.encode(secret), STANDARD_NO_PAD.encode(secret), URL_SAFE_NO_PAD.encode(secret)] {
            forms.push(encoded.chars().collect());
        }
    }
    // Longest first: a secret that contains another one goes whole.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    'next: while let Some(first) = rest.chars().next() {
        for form in &forms {
            if let Some(length) = begins(rest, form) {
                out.push_str(HIDDEN);
                rest = &rest[length..];
                continue 'next;
            }
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    out
}

/// The length of a text's beginning that spells these characters, or a telling part of them to the text's end.
fn begins(text: &str, form: &[char]) -> Option<usize> {
    let mut at = 0;
    for (number, wanted) in form.iter().enumerate() {
        if at == text.len() {
            return (number >= TELLING).then_some(at);
        }
        at += spelled(&text[at..], *wanted)?;
    }
    Some(at)
}

/// The length of one spelling of a character at the beginning of a text.
fn spelled(text: &str, wanted: char) -> Option<usize> {
    let first = text.chars().next()?;
    // A mark that begins a spelling may itself be the character: the longer reading goes first.
    let longer = match first {
        '\\' => escaped(text, wanted),
        '%' => percent(text, wanted),
        '&' => entity(text, wanted),
        '+' if wanted == ' ' => Some(1),
        _ => None,
    };
    longer.or((first == wanted).then_some(first.len_utf8()))
}

/// `\"`, `\/`, `\n`, `\u00e4`, `\ud83d\ude00`, `\u{e4}`, `\xe4`; also with its backslash doubled, as JSON in JSON has it.
fn escaped(text: &str, wanted: char) -> Option<usize> {
    let slashes = text.bytes().take_while(|byte| *byte == b'\\').count();
    let rest = &text[slashes..];
    if wanted == '\\' {
        return (slashes >= 2).then_some(2);
    }
    let letter = rest.chars().next()?;
    let short = match wanted {
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\0' => '0',
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        other => other,
    };
    if letter == short && !matches!(letter, 'u' | 'x') {
        return Some(slashes + letter.len_utf8());
    }
    let hex = |text: &str, digits: usize| u32::from_str_radix(text.get(..digits)?, 16).ok();
    let code = wanted as u32;
    match letter {
        'u' if rest[1..].starts_with('{') => {
            let end = rest.find('}')?;
            (u32::from_str_radix(&rest[2..end], 16).ok()? == code).then_some(slashes + end + 1)
        }
        'u' if code > 0xffff => {
            let high = hex(&rest[1..], 4)?;
            let second = rest.get(5..)?;
            let more = second.bytes().take_while(|byte| *byte == b'\\').count();
            let low = hex(second.get(more..)?.strip_prefix('u')?, 4)?;
            let both = 0x10000 + (high.checked_sub(0xd800)? << 10) + low.checked_sub(0xdc00)?;
            (more > 0 && both == code).then_some(slashes + 5 + more + 5)
        }
        'u' => (hex(&rest[1..], 4)? == code).then_some(slashes + 5),
        'x' => (hex(&rest[1..], 2)? == code).then_some(slashes + 3),
        _ => None,
    }
}

/// `%C3%A4`
fn percent(text: &str, wanted: char) -> Option<usize> {
    let mut buffer = [0; 4];
    let mut at = 0;
    for byte in wanted.encode_utf8(&mut buffer).bytes() {
        let digits = text.get(at..)?.strip_prefix('%')?.get(..2)?;
        if u8::from_str_radix(digits, 16).ok()? != byte {
            return None;
        }
        at += 3;
    }
    Some(at)
}

/// `&quot;`, `&#34;`, `&#x22;`
fn entity(text: &str, wanted: char) -> Option<usize> {
    let end = text.bytes().take(12).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let code = match name {
        "quot" => '"' as u32,
        "amp" => '&' as u32,
        "lt" => '<' as u32,
        "gt" => '>' as u32,
        "apos" => '\'' as u32,
        _ => {
            let number = name.strip_prefix('#')?;
            match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            }
        }
    };
    (code == wanted as u32).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirteen_spellings_of_one_secret() {
        let secret = "hüb\"sch/ge\\heim&<😀>";
        let json = serde_json::to_string(secret).unwrap();
        let ascii = |upper: bool| -> String {
            let unit = |unit: &u16| if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
            json.chars()
                .map(|c| if c.is_ascii() { c.to_string() } else { c.encode_utf16(&mut [0; 2]).iter().map(unit).collect() })
                .collect()
        };
        let encode = |alphabet: base64::engine::GeneralPurpose| alphabet.encode(secret);
        let spellings = [
            secret.to_owned(),
            json.clone(),
            json.replace('/', "\\/"),
            ascii(false),
            ascii(true),
            serde_json::to_string(&json).unwrap(),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>(),
            secret.bytes().map(|byte| format!("%{byte:02x}")).collect(),
            secret.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;"),
            secret.chars().map(|c| format!("&#{};", c as u32)).collect(),
            secret.chars().map(|c| format!("&#x{:x};", c as u32)).collect(),
            format!("{secret:?}"),
            encode(base64::engine::general_purpose::STANDARD),
            encode(base64::engine::general_purpose::URL_SAFE_NO_PAD),
        ];
        for spelling in &spellings {
            let said = hide_all(&format!("you sent {spelling}, sorry"), &[secret.to_owned()]);
            assert!(said.contains("[hidden]") && !said.contains("sch") && said.contains("you sent"), "{spelling} became {said}");
        }
    }

    #[test]
    fn a_secret_that_was_cut_is_hidden_too_and_words_are_not() {
        let secrets = ["planted-secret-5ECRET".to_owned(), "other".to_owned()];
        assert_eq!(hide_all("said planted-sec", &secrets), "said [hidden]");
        assert_eq!(hide_all("said plant", &secrets), "said plant");
        assert_eq!(hide_all("", &secrets), "");
        assert_eq!(hide_all("a planted tree", &secrets), "a planted tree");
        assert_eq!(hide_all("\\", &["\\\\\\\\\\\\\\\\".to_owned()]), "\\");
    }
}
