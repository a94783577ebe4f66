//! Foreign text made harmless, and numbers made readable.

use super::metric::Unit;
use super::time::format_duration;
use std::time::Duration;

/// Makes text from the outside safe for one line of a terminal, a log or a mail header: control
/// characters (escape sequences, line ends, tabs), bidirectional overrides and other invisible
/// format characters are shown as `\u{..}` instead of being obeyed.
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

/// Whether a character would be obeyed instead of shown.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Cuts text to at most `max` characters, the last one being `…` when something was cut.
pub fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(max.saturating_sub(1)).collect();
    out.push('…');
    out
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

fn decimal(value: f64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_not_obeyed() {
        assert_eq!(visible("web\u{1b}[31m\r\nx\u{202e}y\u{200b}"), "web\\u{1b}[31m\\u{d}\\u{a}x\\u{202e}y\\u{200b}");
        assert_eq!(visible("資料庫-01 é"), "資料庫-01 é");
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
        ] {
            assert_eq!(quantity(value, unit), want);
        }
        assert_eq!(shorten("abcdef", 4), "abc…");
        assert_eq!(shorten("abcd", 4), "abcd");
    }
}
