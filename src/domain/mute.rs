//! Why an alert may fire and yet be told to nobody: silences of people, maintenance windows, and alerts
//! that explain it.

use super::alert::Group;
use super::calendar::Calendar;
use super::field::Field;
use super::filter::Pattern;
use super::rule::{Rule, Selector};
use super::source::SourceKind;
use super::text::visible;
use super::threshold::Severity;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// How long a silence that is over is still shown.
pub const SILENCES_KEPT: Duration = Duration::from_secs(7 * 86_400);

/// What can be asked of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Property {
    /// `rule`: the rule's name.
    Rule,
    /// `source`: what the rule reads.
    Source,
    /// `severity`: how bad it is now.
    Severity,
    /// `label.KEY`: a label of the rule.
    Label(String),
    /// `group.FIELD`: what the instance is about.
    Group(String),
}

impl Property {
    /// Reads a name; `None` for one that no record of these sources has. Without sources any field will do.
    pub fn parse(text: &str, sources: &[SourceKind]) -> Option<Property> {
        let in_a_row = |name: &str| {
            let named = |source: &SourceKind| Field::parse(*source, name).is_some_and(|field| !matches!(field, Field::Open(_)));
            sources.iter().any(named)
        };
        // A name that is nearly one of a row is a slip; any other may be a field of records that have no row.
        let open = |name: &str| {
            let near = |known: &String| strsim::osa_distance(name, known) <= 2 || known.contains(name);
            sources.iter().any(|source| source.open_fields)
                && !sources.iter().flat_map(|source| Field::names(*source)).any(|known| near(&known))
        };
        let is_field = |name: &str| sources.is_empty() || in_a_row(name) || open(name);
        match (text, text.split_once('.')) {
            ("rule", _) => Some(Property::Rule),
            ("source", _) => Some(Property::Source),
            ("severity", _) => Some(Property::Severity),
            (_, Some(("label", key))) if !key.is_empty() => Some(Property::Label(key.to_owned())),
            (_, Some(("group", field))) if is_field(field) => Some(Property::Group(field.to_owned())),
            _ => None,
        }
    }

    /// All names, for messages.
    pub fn names(sources: &[SourceKind]) -> Vec<String> {
        let mut names: Vec<String> = ["rule", "source", "severity", "label.KEY"].map(str::to_owned).into();
        for field in sources.iter().flat_map(|source| Field::names(*source)) {
            let name = format!("group.{field}");
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// What an alert has here; empty when it has nothing.
    pub fn of<'s>(&self, subject: &Subject<'s>) -> &'s str {
        match self {
            Property::Rule => &subject.rule.name,
            Property::Source => subject.rule.source.name(),
            Property::Severity => subject.severity.name(),
            Property::Label(key) => subject.rule.labels.get(key).map_or("", String::as_str),
            Property::Group(field) => {
                subject.group.iter().find(|(name, _)| name == field).and_then(|(_, value)| value.as_deref()).unwrap_or("")
            }
        }
    }

    /// Names of workloads are the same in upper and lower case, as in `match` of a rule.
    fn folds_case(&self) -> bool {
        matches!(self, Property::Group(field) if field.ends_with("_workload"))
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Property::Rule => f.write_str("rule"),
            Property::Source => f.write_str("source"),
            Property::Severity => f.write_str("severity"),
            Property::Label(key) => write!(f, "label.{key}"),
            Property::Group(field) => write!(f, "group.{field}"),
        }
    }
}

/// An alert, as far as muting asks.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'s> {
    /// Its rule.
    pub rule: &'s Rule,
    /// How bad it is now.
    pub severity: Severity,
    /// Which group.
    pub group: &'s Group,
}

/// `PROPERTY=PATTERN` or `PROPERTY!=PATTERN`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Matcher {
    /// What is looked at.
    pub property: Property,
    /// Whether it must differ from the pattern.
    pub differs: bool,
    /// What it is held against; an empty one is for what has no such thing.
    pub pattern: Pattern,
}

/// Why a matcher cannot be read, with what might have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongMatcher {
    /// What is wrong.
    pub message: String,
    /// The word to look for in a list of those that would be right, if there is one.
    pub word: Option<String>,
    /// That list.
    pub choices: Vec<String>,
}

impl Matcher {
    /// Reads a matcher. Without sources any field and source will do.
    pub fn parse(text: &str, sources: &[SourceKind]) -> Result<Matcher, WrongMatcher> {
        let wrong = |message: String| WrongMatcher { message, word: None, choices: Vec::new() };
        let Some((name, pattern)) = text.split_once('=') else {
            return Err(wrong(format!("'{text}' has no `=`; write for example rule=GLOB, group.src_workload=web* or severity!=critical")));
        };
        let (name, differs) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
        let Some(property) = Property::parse(name.trim(), sources) else {
            let names = Property::names(sources);
            // The bare name of a field is what people forget the `group.` of.
            let bare = format!("group.{}", name.trim());
            let word = if names.contains(&bare) { bare } else { name.trim().to_owned() };
            return Err(WrongMatcher { message: format!("an alert has no `{name}`"), word: Some(word), choices: names });
        };
        let pattern = pattern.trim();
        let compiled = Pattern::new(pattern, property.folds_case()).map_err(wrong)?;
        let words: Vec<&str> = match property {
            Property::Severity => Severity::ALL.map(Severity::name).into(),
            Property::Source if !sources.is_empty() => sources.iter().map(|source| source.name()).collect(),
            _ => return Ok(Matcher { property, differs, pattern: compiled }),
        };
        if !words.iter().any(|word| compiled.matches(word)) {
            let message = format!("no {property} is called '{pattern}'");
            return Err(WrongMatcher { message, word: Some(pattern.to_owned()), choices: words.into_iter().map(str::to_owned).collect() });
        }
        Ok(Matcher { property, differs, pattern: compiled })
    }

    /// Whether an alert satisfies it.
    pub fn fits(&self, subject: &Subject<'_>) -> bool {
        self.pattern.matches(self.property.of(subject)) != self.differs
    }

    /// Whether some alert of the rule could satisfy it.
    fn could_fit(&self, rule: &Rule) -> bool {
        let fits = |severity: Severity| self.fits(&Subject { rule, severity, group: &Group::new() });
        match &self.property {
            Property::Rule | Property::Source | Property::Label(_) => fits(Severity::Info),
            Property::Severity => rule.severities().into_iter().any(fits),
            Property::Group(field) => rule.group_by.iter().any(|own| own.to_string() == *field) || fits(Severity::Info),
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.property, if self.differs { "!=" } else { "=" }, self.pattern.text())
    }
}

impl TryFrom<String> for Matcher {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        // What is stored was proven when it was made.
        Matcher::parse(&text, &[]).map_err(|wrong| wrong.message)
    }
}

impl From<Matcher> for String {
    fn from(matcher: Matcher) -> String {
        matcher.to_string()
    }
}

/// What a silence mutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Every alert that satisfies all of these.
    Matchers(Vec<Matcher>),
    /// One alert that somebody knows of, until it is over.
    Alert {
        /// Its identity.
        fingerprint: String,
        /// When it began to fire: the next time is another matter.
        episode: Timestamp,
        /// What it is, for people.
        summary: String,
    },
}

/// Somebody does not want to be told for a while, and said why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Stable id (UUID).
    pub id: String,
    /// What it mutes.
    pub target: Target,
    /// From when on.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Who, if they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl Silence {
    /// Whether it is in force.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }

    /// Whether it mutes this alert while it is in force.
    pub fn takes(&self, subject: &Subject<'_>, fingerprint: &str, fired_at: Option<Timestamp>) -> bool {
        match &self.target {
            Target::Matchers(matchers) => matchers.iter().all(|matcher| matcher.fits(subject)),
            Target::Alert { fingerprint: own, episode, .. } => own == fingerprint && Some(*episode) == fired_at,
        }
    }

    /// Whether some alert of the rule could be muted by it.
    pub fn could_take(&self, rule: &Rule) -> bool {
        match &self.target {
            Target::Matchers(matchers) => matchers.iter().all(|matcher| matcher.could_fit(rule)),
            Target::Alert { .. } => true,
        }
    }

    /// The beginning of its id, for people.
    pub fn short_id(&self) -> &str {
        self.id.get(..8).unwrap_or(&self.id)
    }

    /// What it mutes, for people; harmless.
    pub fn what(&self) -> String {
        match &self.target {
            Target::Matchers(matchers) => matchers.iter().map(|matcher| visible(&matcher.to_string())).collect::<Vec<_>>().join(", "),
            Target::Alert { fingerprint, summary, .. } => {
                format!("alert {} {}", visible(fingerprint.get(..12).unwrap_or(fingerprint)), visible(summary))
            }
        }
    }
}

/// A planned time in which nobody wants to be told.
#[derive(Debug, Clone)]
pub struct Maintenance {
    /// Unique name.
    pub name: String,
    /// Which alerts.
    pub selector: Selector,
    /// When it comes again; `None`: only once.
    pub calendar: Option<Calendar>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not from then on.
    pub to: Option<Timestamp>,
}

impl Maintenance {
    /// Whether it is in force.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now)
            && self.to.is_none_or(|to| now < to)
            && self.calendar.as_ref().is_none_or(|calendar| calendar.holds(now))
    }
}

/// Some alerts explain others: while one of the source fires, those of the target are told to nobody.
#[derive(Debug, Clone)]
pub struct Inhibition {
    /// What explains.
    pub source: Selector,
    /// What is explained.
    pub target: Selector,
    /// In what both must agree; what neither has agrees too.
    pub equal: Vec<Property>,
}
