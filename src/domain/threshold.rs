//! Thresholds such as `> 10`, `>= 100 MB`, `> 500 Mbps`, `>= 90 %`, and severities.

use super::estimate::{Estimate, Truth};
use super::unit::Unit;
use std::fmt;

/// How bad it is. The order is the order of badness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth telling, does not change the exit code.
    Info,
    /// Exit code 1.
    Warning,
    /// Exit code 2.
    Critical,
}

/// What stands where a threshold would for a rule that follows the PCE's own status, the same in every language.
pub const PCE_STATUS: &str = "the PCE's own status";
/// The same for records of other sources.
pub const OWN_STATUS: &str = "the record's own status";
/// What such a rule crossed when the status is the worst one.
pub const PCE_CRITICAL: &str = "critical";
/// What it crossed when the status is neither normal nor the worst one.
pub const PCE_NOT_NORMAL: &str = "not normal";

/// A threshold as people read it: comparisons have no language, the PCE's own status has.
pub fn said(text: &str) -> String {
    match text {
        PCE_STATUS => tr!("the PCE's own status"),
        OWN_STATUS => tr!("the record's own status"),
        PCE_CRITICAL => tr!("critical"),
        PCE_NOT_NORMAL => tr!("not normal"),
        comparison => comparison.to_owned(),
    }
}

impl Severity {
    /// All severities, mildest first.
    pub const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];

    /// The name in the config and in every output.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|severity| severity.name() == text)
    }

    /// The word for people.
    pub fn localized(self) -> String {
        match self {
            Severity::Info => tr!("info"),
            Severity::Warning => tr!("warning"),
            Severity::Critical => tr!("critical"),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

impl Op {
    /// Longest spelling first, so that `>=` is not read as `>`.
    pub const SPELLINGS: [(&'static str, Op); 6] =
        [(">=", Op::AtLeast), ("<=", Op::AtMost), ("==", Op::Equal), ("!=", Op::Unequal), (">", Op::Above), ("<", Op::Below)];

    /// How it is written.
    pub fn symbol(self) -> &'static str {
        Op::SPELLINGS.iter().find(|(_, op)| *op == self).map_or("", |(text, _)| text)
    }
}

/// What is usual for a rule or group.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum BaselineValue {
    /// No threshold asks.
    #[default]
    NotAsked,
    /// Not known yet.
    Learning,
    /// This much. Below the floor, a rise is compared with the floor, and a fall says nothing.
    Is {
        /// What is usual.
        usual: f64,
        /// What it counts as at least.
        floor: f64,
    },
}

impl BaselineValue {
    /// Nothing at all: no number is a multiple of that.
    pub const NOTHING: BaselineValue = BaselineValue::Is { usual: 0.0, floor: 0.0 };

    /// What a threshold with this comparison multiplies. Zero: there is nothing to compare with; `None`: not known.
    pub fn counted(self, op: Op) -> Option<f64> {
        match (self, op) {
            (BaselineValue::Is { usual, floor }, Op::Below | Op::AtMost) => Some(if usual < floor { 0.0 } else { usual }),
            (BaselineValue::Is { usual, floor }, _) => Some(usual.max(floor)),
            (BaselineValue::NotAsked | BaselineValue::Learning, _) => None,
        }
    }
}

/// One threshold, its number already in the metric's base unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The comparison.
    pub op: Op,
    /// The number in base units (bytes, bits per second, ratio 0..1 for `%`), or how many times the usual (`x`).
    pub value: f64,
    /// The number is a multiple of what is usual for the rule or group.
    pub relative: bool,
    /// As the user wrote it, for people.
    pub text: String,
}

impl Threshold {
    /// Whether less is worse.
    pub fn is_falling(&self) -> bool {
        matches!(self.op, Op::Below | Op::AtMost)
    }

    /// Judges a value that is exact.
    pub fn holds(&self, value: f64) -> bool {
        match self.op {
            Op::Above => value > self.value,
            Op::AtLeast => value >= self.value,
            Op::Below => value < self.value,
            Op::AtMost => value <= self.value,
            Op::Equal => value == self.value,
            Op::Unequal => value != self.value,
        }
    }

    /// Judges a value of which an interval is known: whether every value of it crosses the threshold, some do, or none.
    pub fn judge(&self, estimate: Estimate) -> Truth {
        let Estimate { low, high } = estimate;
        let limit = self.value;
        let (every, none) = match self.op {
            Op::Above => (low > limit, high <= limit),
            Op::AtLeast => (low >= limit, high < limit),
            Op::Below => (high < limit, low >= limit),
            Op::AtMost => (high <= limit, low > limit),
            Op::Equal => (low == limit && high == limit, limit < low || high < limit),
            Op::Unequal => (limit < low || high < limit, low == limit && high == limit),
        };
        match (every, none) {
            (true, _) => Truth::Yes,
            (false, true) => Truth::No,
            (false, false) => Truth::Unknown,
        }
    }

    /// Judges a value against this number, or against this many times what is usual.
    pub fn judge_against(&self, estimate: Estimate, usual: BaselineValue) -> Truth {
        if !self.relative {
            return self.judge(estimate);
        }
        match usual.counted(self.op) {
            Some(usual) if usual > 0.0 => Threshold { value: self.value * usual, ..self.clone() }.judge(estimate),
            // Anything is more than any multiple of nothing; and nothing is less than nothing.
            Some(_) if matches!(self.op, Op::Above | Op::AtLeast) => {
                Threshold { op: Op::Above, value: 0.0, ..self.clone() }.judge(estimate)
            }
            Some(_) => Truth::No,
            None => Truth::Unknown,
        }
    }

    /// Reads `OP VALUE [UNIT]` for values of the given unit. The error says what would be right.
    pub fn parse(text: &str, unit: Unit) -> Result<Threshold, String> {
        let trimmed = text.trim();
        let Some((spelling, op)) = Op::SPELLINGS.iter().find(|(spelling, _)| trimmed.starts_with(spelling)) else {
            return Err(tr!("'{text}' has no comparison; write one of > >= < <= == != before the number, for example '> 10'", text));
        };
        let rest = trimmed[spelling.len()..].trim_start();
        let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '+'))).unwrap_or(rest.len());
        let number: f64 =
            rest[..end].replace('_', "").parse().map_err(|_| tr!("'{text}' has no number after '{spelling}'", text, spelling))?;
        if !number.is_finite() {
            return Err(tr!("the number in '{text}' is too large", text));
        }
        let suffix = rest[end..].trim();
        if suffix == "x" {
            return Ok(Threshold { op: *op, value: number, relative: true, text: trimmed.to_owned() });
        }
        let scale = scale_of(suffix, unit).ok_or_else(|| {
            let allowed = units_of(unit);
            if suffix.is_empty() {
                tr!("'{text}' has no unit; a {name} needs {allowed}", text, name = unit.name().replace('_', " "), allowed)
            } else if allowed.is_empty() {
                tr!("'{suffix}' is not a unit here: a number of {name} takes none", suffix, name = unit.name().replace('_', " "))
            } else {
                tr!("'{suffix}' is not a unit of {name}; use {allowed}", suffix, name = unit.name().replace('_', " "), allowed)
            }
        })?;
        Ok(Threshold { op: *op, value: number * scale, relative: false, text: trimmed.to_owned() })
    }

    /// Whether the threshold says nothing, because values of this unit can never or must always meet it.
    pub fn is_constant(&self, unit: Unit, highest: Option<f64>) -> Option<bool> {
        let whole = !self.relative && !matches!(unit, Unit::Ratio | Unit::BitsPerSecond | Unit::Seconds);
        let at_zero = self.holds(0.0);
        match self.op {
            Op::Above if self.value < 0.0 => Some(true),
            Op::AtLeast if self.value <= 0.0 => Some(true),
            Op::Below if self.value <= 0.0 => Some(false),
            Op::AtMost if self.value < 0.0 => Some(false),
            Op::Equal | Op::Unequal if self.value < 0.0 || (whole && self.value.fract() != 0.0) => Some(self.op == Op::Unequal),
            Op::Above | Op::AtLeast if highest.is_some_and(|top| !self.holds(top)) => Some(false),
            Op::Below | Op::AtMost if highest.is_some_and(|top| self.holds(top)) && at_zero => Some(true),
            Op::Equal | Op::Unequal if highest.is_some_and(|top| self.value > top) => Some(self.op == Op::Unequal),
            _ => None,
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const BYTE_UNITS: [(&str, f64); 9] = [
    ("B", 1.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
];
const RATE_UNITS: [(&str, f64); 4] = [("bps", 1.0), ("kbps", 1e3), ("Mbps", 1e6), ("Gbps", 1e9)];
const TIME_UNITS: [(&str, f64); 5] = [("s", 1.0), ("m", 60.0), ("min", 60.0), ("h", 3600.0), ("d", 86_400.0)];

/// A number of which nothing is known may be any of these.
const ANY_UNITS: [(&str, f64); 13] = [
    ("%", 0.01),
    ("B", 1.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("ms", 0.001),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3_600.0),
    ("d", 86_400.0),
];

fn unit_table(unit: Unit) -> &'static [(&'static str, f64)] {
    match unit {
        Unit::Bytes => &BYTE_UNITS,
        Unit::BitsPerSecond => &RATE_UNITS,
        Unit::Ratio => &[("%", 0.01)],
        Unit::Seconds => &TIME_UNITS,
        Unit::Days => &[("d", 1.0)],
        Unit::Connections
        | Unit::Flows
        | Unit::Values
        | Unit::Events
        | Unit::Workloads
        | Unit::Vens
        | Unit::Files
        | Unit::Sources
        | Unit::Records
        | Unit::Messages
        | Unit::Status => &[],
        Unit::Plain => &ANY_UNITS,
    }
}

fn scale_of(suffix: &str, unit: Unit) -> Option<f64> {
    // A ratio without `%` would be read as 0..1 by some and as percent by others.
    if suffix.is_empty() {
        return (unit != Unit::Ratio).then_some(1.0);
    }
    unit_table(unit).iter().find(|(name, _)| *name == suffix).map(|(_, scale)| *scale)
}

fn units_of(unit: Unit) -> String {
    unit_table(unit).iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
}

/// The thresholds of a rule. At least one is set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thresholds {
    /// Told, but not counted in the exit code.
    pub info: Option<Threshold>,
    /// Exit code 1.
    pub warning: Option<Threshold>,
    /// Exit code 2.
    pub critical: Option<Threshold>,
}

impl Thresholds {
    /// Whether less is worse, as the worst of them has it.
    pub fn are_falling(&self) -> bool {
        self.worst_first().next().is_some_and(|(_, threshold)| threshold.is_falling())
    }

    /// Worst first.
    pub fn worst_first(&self) -> impl Iterator<Item = (Severity, &Threshold)> {
        [(Severity::Critical, &self.critical), (Severity::Warning, &self.warning), (Severity::Info, &self.info)]
            .into_iter()
            .filter_map(|(severity, threshold)| threshold.as_ref().map(|threshold| (severity, threshold)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units() {
        for (text, unit, value) in [
            ("> 10", Unit::Connections, 10.0),
            (">=1_000", Unit::Events, 1000.0),
            ("> 1.5 GB", Unit::Bytes, 1.5e9),
            (">= 2 MiB", Unit::Bytes, 2_097_152.0),
            ("> 500 Mbps", Unit::BitsPerSecond, 5e8),
            (">= 90 %", Unit::Ratio, 0.9),
            ("> 30s", Unit::Seconds, 30.0),
            ("> 90", Unit::Seconds, 90.0),
            (">= 1.5 h", Unit::Seconds, 5_400.0),
            ("> 2d", Unit::Seconds, 172_800.0),
            ("< 30", Unit::Days, 30.0),
            ("< 30d", Unit::Days, 30.0),
        ] {
            assert_eq!(Threshold::parse(text, unit).unwrap().value, value, "{text}");
        }
        for (text, unit) in [
            ("10", Unit::Events),
            ("> ten", Unit::Events),
            ("> 10 MB", Unit::Events),
            ("> 1w", Unit::Seconds),
            ("< 30h", Unit::Days),
            ("> 3 d", Unit::Vens),
            ("> 10 MBps", Unit::BitsPerSecond),
            ("> 0.9", Unit::Ratio),
            ("> 1e999", Unit::Events),
            ("=> 3", Unit::Events),
        ] {
            assert!(Threshold::parse(text, unit).is_err(), "{text}");
        }
    }

    #[test]
    fn constants_are_seen() {
        for (text, unit, want) in [
            (">= 0", Unit::Events, Some(true)),
            ("> -1", Unit::Events, Some(true)),
            ("< 0", Unit::Events, Some(false)),
            ("> 0", Unit::Events, None),
            ("< 1", Unit::Events, None),
            ("> 100 %", Unit::Ratio, Some(false)),
            ("> 2", Unit::Status, Some(false)),
            ("== 1.5", Unit::Events, Some(false)),
            ("!= 0", Unit::Events, None),
        ] {
            assert_eq!(Threshold::parse(text, unit).unwrap().is_constant(unit, unit.highest()), want, "{text}");
        }
    }

    #[test]
    fn an_interval_confirms_only_what_all_of_it_says() {
        let judge = |text: &str, low: f64, high: f64| Threshold::parse(text, Unit::Events).unwrap().judge(Estimate { low, high });
        let more = f64::INFINITY;
        for (text, low, high, want) in [
            ("> 10", 11.0, more, Truth::Yes),
            ("> 10", 10.0, more, Truth::Unknown),
            ("> 10", 3.0, 10.0, Truth::No),
            (">= 10", 3.0, 10.0, Truth::Unknown),
            (">= 10", 10.0, 12.0, Truth::Yes),
            ("< 10", 9.0, more, Truth::Unknown),
            ("< 10", 10.0, more, Truth::No),
            ("< 1", 0.0, more, Truth::Unknown),
            ("< 10", 0.0, 9.0, Truth::Yes),
            ("<= 10", 0.0, 10.0, Truth::Yes),
            ("<= 10", 10.0, 11.0, Truth::Unknown),
            ("== 10", 11.0, more, Truth::No),
            ("== 10", 9.0, 11.0, Truth::Unknown),
            ("== 10", 10.0, 10.0, Truth::Yes),
            ("!= 10", 11.0, more, Truth::Yes),
            ("!= 10", 9.0, more, Truth::Unknown),
            ("!= 10", 10.0, 10.0, Truth::No),
        ] {
            assert_eq!(judge(text, low, high), want, "{text} on {low} to {high}");
        }
    }
}
