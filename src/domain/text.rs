//! Foreign text made harmless, and numbers made readable.

use super::time::format_duration;
use super::unit::Unit;
use std::borrow::Cow;
use std::time::Duration;
use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_segmentation::UnicodeSegmentation;

/// Makes text from the outside safe for one line of a terminal, a log or a mail header: control
/// characters (escape sequences, line ends, tabs), bidirectional overrides and everything else that is not seen,
/// or that no version of Unicode has yet, is shown as `\u{..}` instead of being obeyed.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hostile(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a character would be obeyed instead of shown, or not be seen at all: by its general category, and by the
/// property `Default_Ignorable_Code_Point` of the Unicode Character Database.
pub fn is_hostile(c: char) -> bool {
    if matches!(c, ' '..='~') {
        return false;
    }
    matches!(
        get_general_category(c),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned
    ) || is_ignorable(c)
}

/// `Default_Ignorable_Code_Point`, as far as its members are letters or marks.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}')
}

/// Cuts text to at most `max` characters, the last one being `…` when something was cut. What is seen as one sign (a
/// flag, a letter and its accent) stays whole or goes whole.
pub fn shorten(text: &str, max: usize) -> String {
    if text.len() <= max || text.chars().count() <= max {
        return text.to_owned();
    }
    let mut out = text[..prefix_within(text, max.saturating_sub(1), |_| 1)].to_owned();
    out.push('…');
    out
}

/// Marks of one sign that are looked at together; nobody writes more, and no sign may grow without end.
const SIGN: usize = 32;

/// How many bytes of a text fit into `room` units, between two signs.
pub fn prefix_within(text: &str, room: usize, cost: impl Fn(char) -> usize) -> usize {
    let mut used = 0;
    let mut end = 0;
    for sign in text.graphemes(true) {
        if sign.chars().nth(SIGN).is_some() {
            // A heap of marks is cut anywhere.
            for c in sign.chars() {
                used += cost(c);
                if used > room {
                    return end;
                }
                end += c.len_utf8();
            }
            continue;
        }
        used += sign.chars().map(&cost).sum::<usize>();
        if used > room {
            return end;
        }
        end += sign.len();
    }
    end
}

/// What looks like an order to the program that reads the log of a CI job: `##[..]` (GitHub, its older form),
/// `##vso[..]` (Azure Pipelines) and `##teamcity[..]` anywhere in a line, `::..::` (GitHub) at the beginning of one.
const ORDERS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// The places of all orders that are read anywhere in a line.
fn orders(text: &str) -> Vec<usize> {
    let is_order = |at: &usize| {
        let rest = &text.as_bytes()[*at..];
        ORDERS.iter().any(|order| rest.get(..order.len()).is_some_and(|head| head.eq_ignore_ascii_case(order.as_bytes())))
    };
    text.match_indices("##").map(|(at, _)| at).chain(text.match_indices("###").map(|(at, _)| at + 1)).filter(is_order).collect()
}

/// The same text without orders to a CI job: their first sign is written as `hash`, that of a line's beginning as
/// `\u003a`. Where `own` is set, lines that begin with `::` are our own words.
pub fn without_orders<'t>(text: &'t str, hash: &str, own: bool) -> Cow<'t, str> {
    let mut places = orders(text);
    places.sort_unstable();
    places.dedup();
    let begins = |line: &str| {
        let rest = line.trim_start();
        rest.starts_with("::") && rest[2..].contains("::")
    };
    let lines = !own && text.lines().any(begins);
    if places.is_empty() && !lines {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut done = 0;
    for at in places {
        out.push_str(&text[done..at]);
        out.push_str(hash);
        done = at + 1;
    }
    out.push_str(&text[done..]);
    if !lines {
        return Cow::Owned(out);
    }
    let neutral = |line: &str| {
        if begins(line) { line.replacen("::", "\\u003a:", 1) } else { line.to_owned() }
    };
    Cow::Owned(out.split_inclusive('\n').map(neutral).collect())
}

/// Seconds from here on are shown as minutes, hours and days.
const LONG: f64 = 120.0;

/// A value with its unit, for people: `1.2 GB`, `408 Mbps`, `93 %`, `1 234`.
pub fn quantity(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Bytes => scaled(value, &["B", "kB", "MB", "GB", "TB", "PB"]),
        Unit::BitsPerSecond => scaled(value, &["bps", "kbps", "Mbps", "Gbps", "Tbps"]),
        Unit::Ratio => format!("{} %", decimal(value * 100.0)),
        Unit::Seconds if value < LONG => format!("{} s", decimal(value)),
        // Nobody counts the seconds of hours.
        Unit::Seconds => {
            let step = if value >= 86_400.0 {
                3_600.0
            } else if value >= 3_600.0 {
                60.0
            } else {
                1.0
            };
            // A peer may say anything: a number beyond every duration is the longest one.
            format_duration(Duration::try_from_secs_f64((value / step).round() * step).unwrap_or(Duration::MAX))
        }
        Unit::Status => match value as i64 {
            0 => tr!("normal"),
            1 => tr!("warning"),
            _ => tr!("critical"),
        },
        Unit::Connections
        | Unit::Flows
        | Unit::Values
        | Unit::Events
        | Unit::Workloads
        | Unit::Vens
        | Unit::Days
        | Unit::Files
        | Unit::Sources
        | Unit::Records
        | Unit::Messages => grouped(value),
        Unit::Plain if value.fract() == 0.0 => grouped(value),
        Unit::Plain => decimal(value),
    }
}

/// What was counted, behind its number: `1,234 connections`, `1 flow`. Other units stand in the number already.
pub fn counted(amount: &str, value: f64, unit: Unit) -> String {
    let one = value == 1.0;
    match unit {
        Unit::Connections if one => tr!("{amount} connection", amount),
        Unit::Connections => tr!("{amount} connections", amount),
        Unit::Flows if one => tr!("{amount} flow", amount),
        Unit::Flows => tr!("{amount} flows", amount),
        Unit::Values if one => tr!("{amount} value", amount),
        Unit::Values => tr!("{amount} values", amount),
        Unit::Events if one => tr!("{amount} event", amount),
        Unit::Events => tr!("{amount} events", amount),
        Unit::Workloads if one => tr!("{amount} workload", amount),
        Unit::Workloads => tr!("{amount} workloads", amount),
        Unit::Vens if one => tr!("{amount} VEN", amount),
        Unit::Vens => tr!("{amount} VENs", amount),
        Unit::Days if one => tr!("{amount} day", amount),
        Unit::Days => tr!("{amount} days", amount),
        Unit::Files if one => tr!("{amount} file", amount),
        Unit::Files => tr!("{amount} files", amount),
        Unit::Sources if one => tr!("{amount} source", amount),
        Unit::Sources => tr!("{amount} sources", amount),
        Unit::Messages if one => tr!("{amount} message", amount),
        Unit::Messages => tr!("{amount} messages", amount),
        Unit::Records if one => tr!("{amount} record", amount),
        Unit::Records => tr!("{amount} records", amount),
        Unit::Plain | Unit::Bytes | Unit::BitsPerSecond | Unit::Status | Unit::Ratio | Unit::Seconds => amount.to_owned(),
    }
}

fn scaled(value: f64, names: &[&str]) -> String {
    let mut value = value;
    let mut name = names[0];
    for next in &names[1..] {
        // 999.5 would be rounded to 1000 of the smaller unit.
        if value.abs() < 999.5 {
            break;
        }
        value /= 1000.0;
        name = next;
    }
    format!("{} {name}", decimal(value))
}

/// From here on a double does not tell whole numbers apart, and a row of zeros is hard to read.
const HUGE: f64 = 1e18;

fn decimal(value: f64) -> String {
    if value.abs() >= HUGE {
        return format!("{value:.2e}");
    }
    let digits = if value.fract() == 0.0 || value.abs() >= 100.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    if digits > 0 { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn grouped(value: f64) -> String {
    let text = decimal(value);
    if value.abs() >= HUGE {
        return text;
    }
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(whole, fraction)| (whole, Some(fraction)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut out = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// What a source itself wrote into a record, in the language of its reader; a foreign text stays what it is.
pub fn said_by_source(text: &str) -> String {
    if let Some(rest) = text.strip_prefix("last heartbeat ") {
        return tr!("last heartbeat {rest}", rest);
    }
    // A day, not a name that begins so.
    if let Some(rest) = text.strip_prefix("since ").filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        return tr!("since {rest}", rest);
    }
    match text.strip_prefix("no heartbeat yet") {
        Some(rest) if rest.is_empty() || rest.starts_with(", ") => format!("{}{rest}", tr!("no heartbeat yet")),
        _ if text == "all traffic" => tr!("all traffic"),
        _ => text.to_owned(),
    }
}

/// A word as a shell reads it: in single quotes.
pub fn for_a_shell(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_not_obeyed() {
        assert_eq!(visible("web\u{1b}[31m\r\nx\u{202e}y\u{200b}"), "web\\u{1b}[31m\\u{d}\\u{a}x\\u{202e}y\\u{200b}");
        assert_eq!(visible("資料庫-01 é ｱ ① €"), "資料庫-01 é ｱ ① €");
        // Not in Unicode, never to be, not seen, or seen as nothing.
        for c in [
            '\u{fffe}',
            '\u{ffff}',
            '\u{378}',
            '\u{1fffe}',
            '\u{34f}',
            '\u{115f}',
            '\u{3164}',
            '\u{ffa0}',
            '\u{fe0f}',
            '\u{e0100}',
            '\u{1d173}',
        ] {
            assert!(is_hostile(c) && !visible(&c.to_string()).contains(c), "{c:?}");
        }
    }

    #[test]
    fn text_is_cut_between_signs() {
        // Two flags, a letter with two accents, a hand with its colour, a syllable of three letters.
        for sign in ["🇹🇼", "e\u{301}\u{323}", "👍🏽", "각"] {
            for count in 1..4 {
                let text = format!("ab{}", sign.repeat(count));
                for max in 2..=text.chars().count() {
                    let cut = shorten(&text, max);
                    assert!(cut.chars().count() <= max);
                    let rest = cut.strip_prefix("ab").map_or("", |rest| rest.trim_end_matches('…'));
                    assert!(rest.is_empty() || rest.len().is_multiple_of(sign.len()), "{sign} {max}: {cut}");
                }
            }
        }
        // A heap of marks is no sign that takes all the room.
        let heap = format!("a{}", "\u{301}".repeat(1000));
        assert_eq!(shorten(&heap, 10).chars().count(), 10);
    }

    #[test]
    fn orders_are_taken_apart() {
        let plain = |text: &str| without_orders(text, "\\u0023", false).into_owned();
        for text in ["web-01", "# #", "a::b::c", "::1", "## [x]", "x ::error::"] {
            assert_eq!(plain(text), text);
        }
        assert_eq!(plain("a ##[stop] ##vso[task.setvariable] ##VSO[x"), "a \\u0023#[stop] \\u0023#vso[task.setvariable] \\u0023#VSO[x");
        assert_eq!(plain("####[x]"), "##\\u0023#[x]");
        assert_eq!(plain("ok\n  ::stop-commands::t\nx"), "ok\n  \\u003a:stop-commands::t\nx");
        assert_eq!(without_orders("::error::x ##[y]", "&#35;", true), "::error::x &#35;#[y]");
    }

    #[test]
    fn quantities() {
        for (value, unit, want) in [
            (1_234.0, Unit::Connections, "1,234"),
            (0.0, Unit::Connections, "0"),
            (999.0, Unit::Bytes, "999 B"),
            (999.7, Unit::Bytes, "1 kB"),
            (1_234_567_890.0, Unit::Bytes, "1.23 GB"),
            (408e6, Unit::BitsPerSecond, "408 Mbps"),
            (0.925, Unit::Ratio, "92.5 %"),
            (1.0, Unit::Status, "warning"),
            (31.5, Unit::Seconds, "31.5 s"),
            (150.4, Unit::Seconds, "2m30s"),
            (3_659.9, Unit::Seconds, "1h1m"),
            (5_410.0, Unit::Seconds, "1h30m"),
            (180_061.0, Unit::Seconds, "2d2h"),
            (1_200.0, Unit::Vens, "1,200"),
            // Anybody may say anything: a number is never a line of its own.
            (1e17, Unit::Connections, "100,000,000,000,000,000"),
            (-7.379_258e297, Unit::Connections, "-7.38e297"),
            (1e300, Unit::Bytes, "1.00e285 PB"),
        ] {
            assert_eq!(quantity(value, unit), want);
        }
        assert_eq!(shorten("abcdef", 4), "abc…");
        assert_eq!(shorten("abcd", 4), "abcd");
    }
}
