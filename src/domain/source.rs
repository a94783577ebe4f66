//! What a source is, as plain data: its fields, the keys that choose records, its metrics. Everything that speaks of
//! sources (config, help, schema, manual, judge, explain, tests) walks these rows; none of it names a member.

use super::unit::Unit;
use std::fmt;
use std::ops::Deref;

/// How a source tells things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Totals that grow between two looks: the flows of the traffic query.
    Flows,
    /// Happenings, each at its own time; counted over a window.
    Stream {
        /// How long a rule's window may be without a remark, in days.
        kept_days: u32,
        /// How long it may be at all, in days.
        most_days: u32,
    },
    /// Records with a time of their own, of which each answer holds all: a window is counted anew in every run.
    Window,
    /// How things are now. What is not in an answer is gone.
    Snapshot,
}

/// One source.
#[derive(Debug)]
pub struct SourceDef {
    /// As config and outputs name it.
    pub name: &'static str,
    /// For people.
    pub title: fn() -> String,
    /// Types of the targets it is read from, the usual one first; none: it is the run itself.
    pub targets: &'static [ReadFrom],
    /// How it tells things.
    pub nature: Nature,
    /// The kinds of its records; empty: all are alike.
    pub kinds: &'static [&'static str],
    /// Its fields; a record's slots are in this order.
    pub fields: &'static [FieldDef],
    /// Any other name is a field as well, with text or number as the record has it.
    pub open_fields: bool,
    /// Its metrics, the usual one first.
    pub metrics: &'static [MetricDef],
    /// The flag that gives a recorded answer, without the dashes.
    pub flag: &'static str,
    /// How files of a recorded answer begin.
    pub files: &'static [&'static str],
    /// How the memory of rules is keyed since 0.1: source and matcher.
    pub key: (&'static str, &'static str),
}

/// A type of target that a source is read from.
#[derive(Debug)]
pub struct ReadFrom {
    /// As `type` of `[[targets]]` names it; `pce` is the PCE.
    pub target_type: &'static str,
    /// The kinds of record that such a target tells; empty: all.
    pub kinds: &'static [&'static str],
}

impl ReadFrom {
    /// A type that tells everything there is of a source.
    pub const fn whole(target_type: &'static str) -> ReadFrom {
        ReadFrom { target_type, kinds: &[] }
    }
}

/// One field of a record.
#[derive(Debug)]
pub struct FieldDef {
    /// As `group_by`, `distinct:` and `show` name it.
    pub name: &'static str,
    /// For help.
    pub about: &'static str,
    /// What its values are.
    pub holds: Holds,
    /// The keys of `match` and `exclude` that look at it.
    pub keys: &'static [KeyDef],
    /// Whether it can make groups and be counted.
    pub groups: bool,
    /// Which further question a rule causes that names it.
    pub needs: Needs,
    /// The service itself says "none" by leaving it out.
    pub told_by_absence: bool,
    /// How the memory of rules is keyed since 0.1; empty: by name.
    pub key: &'static str,
}

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A text, or several of which each counts.
    Text,
    /// Keys with values; `name:KEY` is one of them.
    Pairs,
    /// True or false.
    Flag,
    /// A point in time.
    Time,
    /// An amount.
    Number(Unit),
}

/// Which further question a rule causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// None.
    Nothing,
    /// The second list of the source (the workloads of VENs).
    Second,
}

/// One key of `match` and `exclude`.
#[derive(Debug)]
pub struct KeyDef {
    /// As written.
    pub name: &'static str,
    /// What it looks at, for help.
    pub about: &'static str,
    /// How it is tested.
    pub takes: Takes,
    /// How the memory of rules is keyed since 0.1; empty: by name.
    pub key: &'static str,
}

/// What the values of a key are, and how they are tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Words of which some are known. A closed set refuses the others.
    Words {
        /// What stands for a value in help.
        value: &'static str,
        /// The words.
        known: &'static [&'static str],
        /// There are no others.
        closed: bool,
        /// Other spellings and the word each stands for.
        synonyms: &'static [(&'static str, &'static str)],
    },
    /// Text patterns; `fold` makes them blind to upper and lower case.
    Patterns {
        /// Blind to case.
        fold: bool,
        /// The catalogue in which they are looked up.
        catalogue: Catalogue,
    },
    /// Addresses, CIDR blocks and ranges.
    Addresses,
    /// `key=value` pairs.
    Pairs,
    /// True or false; `opposite` asks for the other one.
    Flag {
        /// `true` asks for a field that is false.
        opposite: bool,
    },
    /// Longer ago than this.
    Older,
}

impl Takes {
    /// What stands for a value in help.
    pub fn value(&self) -> &'static str {
        match self {
            Takes::Words { value, .. } => value,
            Takes::Patterns { .. } => "PATTERN",
            Takes::Addresses => "ADDRESS",
            Takes::Pairs => "KEY=VALUE",
            Takes::Flag { .. } => "BOOL",
            Takes::Older => "DURATION",
        }
    }
}

/// A catalogue of known names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Catalogue {
    /// None: any name will do.
    Open,
    /// Event types of a PCE.
    EventTypes,
    /// Notification types of a PCE.
    Notifications,
}

/// One metric.
#[derive(Debug)]
pub struct MetricDef {
    /// As written.
    pub name: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// The kinds of record that it is about; empty: whatever has the number.
    pub kinds: &'static [&'static str],
    /// What a record adds.
    pub input: Input,
    /// How records become one value.
    pub agg: Agg,
    /// Without a record there is nothing to measure, which is said; else the value is zero.
    pub must_be_told: bool,
    /// The groups of a rule may be made for it. (A single number of the run cannot be grouped.)
    pub groups: bool,
    /// How the memory of rules is keyed since 0.1.
    pub key: &'static str,
}

/// What a record adds to a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// One.
    Count,
    /// The number in a slot.
    Number(u8),
    /// How long ago the time in a slot was, in seconds.
    Age(u8),
    /// The record's own verdict in a slot: 0 well, 1 a warning, 2 critical. A rule needs no thresholds.
    Status(u8),
    /// What one number of all leaves of the other, both counted over the rule's window: 1 - bad / all.
    Rest {
        /// The slot of what does not count.
        bad: u8,
        /// The slot of what there is.
        all: u8,
    },
}

impl Input {
    /// Whether it is counted over a window, also where the source says how things are now.
    pub fn has_window(self) -> bool {
        matches!(self, Input::Rest { .. })
    }
}

/// How records become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Agg {
    /// Added up.
    Sum,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The mean.
    Avg,
    /// The one of the latest record.
    Last,
}

impl Agg {
    /// How they are written.
    pub const SPELLINGS: [(&'static str, Agg); 5] =
        [("sum", Agg::Sum), ("max", Agg::Max), ("min", Agg::Min), ("avg", Agg::Avg), ("last", Agg::Last)];

    /// How it is written.
    pub fn name(self) -> &'static str {
        Agg::SPELLINGS.iter().find(|(_, agg)| *agg == self).map_or("", |(name, _)| name)
    }
}

impl PartialEq for FieldDef {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.name == other.name && self.key == other.key
    }
}
impl Eq for FieldDef {}
impl std::hash::Hash for FieldDef {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.name, self.key).hash(state);
    }
}

impl PartialEq for MetricDef {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.name, self.key, self.kinds) == (other.name, other.key, other.kinds)
    }
}
impl Eq for MetricDef {}
impl std::hash::Hash for MetricDef {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.name, self.key).hash(state);
    }
}

/// A row of the table of sources.
#[derive(Clone, Copy)]
pub struct SourceKind(pub &'static SourceDef);

impl SourceKind {
    /// Whether an answer says how things are now. A rule on it has no window, and what is not in it is gone.
    pub fn is_snapshot(self) -> bool {
        self.0.nature == Nature::Snapshot
    }

    /// Whether it has totals that grow between two looks.
    pub fn is_flows(self) -> bool {
        self.0.nature == Nature::Flows
    }

    /// Whether its records happen, each at its own time.
    pub fn is_stream(self) -> bool {
        matches!(self.0.nature, Nature::Stream { .. })
    }

    /// Whether it is the run itself.
    pub fn is_run(self) -> bool {
        self.0.targets.is_empty()
    }

    /// Whether it is read from the PCE.
    pub fn is_of_pce(self) -> bool {
        self.is_read_from("pce")
    }

    /// Whether it is read from targets of this type.
    pub fn is_read_from(self, target_type: &str) -> bool {
        self.0.targets.iter().any(|of| of.target_type == target_type)
    }

    /// The usual type of its targets, which stands for all of them; empty: it is the run itself.
    pub fn target_type(self) -> &'static str {
        self.0.targets.first().map_or("", |of| of.target_type)
    }

    /// The kinds of record that a target of this type tells, one bit each.
    pub fn kinds_of(self, target_type: &str) -> u32 {
        let Some(of) = self.0.targets.iter().find(|of| of.target_type == target_type) else { return 0 };
        if of.kinds.is_empty() {
            return u32::MAX;
        }
        (0u8..32).zip(self.0.kinds).filter(|(_, kind)| of.kinds.contains(kind)).fold(0, |all, (kind, _)| all | 1 << kind)
    }

    /// The name used in the config and in every output.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The word for people.
    pub fn localized(self) -> String {
        (self.0.title)()
    }

    /// The slot and row of a field.
    pub fn field(self, name: &str) -> Option<(u8, &'static FieldDef)> {
        (0u8..).zip(self.0.fields).find(|(_, field)| field.name == name)
    }

    /// The key of `match` of this name, with the slot it looks at.
    pub fn key(self, name: &str) -> Option<(u8, &'static KeyDef)> {
        (0u8..).zip(self.0.fields).find_map(|(slot, field)| Some((slot, field.keys.iter().find(|key| key.name == name)?)))
    }
}

impl Deref for SourceKind {
    type Target = SourceDef;

    fn deref(&self) -> &SourceDef {
        self.0
    }
}

impl PartialEq for SourceKind {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}
impl Eq for SourceKind {}
impl PartialOrd for SourceKind {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for SourceKind {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.name.cmp(other.0.name)
    }
}
impl std::hash::Hash for SourceKind {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}
impl fmt::Debug for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}
impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}
