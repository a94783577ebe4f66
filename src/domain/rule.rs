//! A rule, as proven by the config: what to count, when it is too much, whom to tell.

use super::condition::Condition;
use super::field::Field;
use super::filter::{Filter, Pattern, TrafficCondition};
use super::metric::Metric;
use super::source::{Agg, Input, Needs, SourceKind};
use super::threshold::{OWN_STATUS, PCE_STATUS, Severity, Threshold, Thresholds};
use super::unit::Unit;
use std::collections::BTreeMap;
use std::time::Duration;

/// Which records a rule counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Matcher {
    /// Flow records.
    Traffic(Filter<TrafficCondition>),
    /// Records of any other source.
    Records(Filter<Condition>),
}

impl Matcher {
    /// The conditions on records, if it has such.
    pub fn records(&self) -> Option<&Filter<Condition>> {
        if let Matcher::Records(filter) = self { Some(filter) } else { None }
    }

    /// How the memory of rules is keyed: the text of earlier versions.
    fn key(&self, source: SourceKind) -> String {
        match self {
            Matcher::Traffic(filter) => format!("Traffic({filter:?})"),
            Matcher::Records(filter) if filter.all.is_empty() && filter.none.is_empty() && source.key.1 == "Everything" => {
                source.key.1.to_owned()
            }
            Matcher::Records(filter) => format!("{}({filter:?})", source.key.1),
        }
    }
}

/// The value is a quotient: the rule's metric over what it matches, by the same metric over another match.
#[derive(Debug, Clone)]
pub struct Ratio {
    /// Counts what is divided by: the rule with `ratio_to` in place of `match` and `exclude`.
    pub over: Box<Rule>,
    /// Below this total nothing is judged.
    pub min_total: f64,
}

/// Which earlier values are what is usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The windows before this one.
    Previous,
    /// The same hour of the days before.
    SameHour,
}

impl Against {
    /// How it is written.
    pub const SPELLINGS: [(&'static str, Against); 2] = [("previous", Against::Previous), ("same_hour", Against::SameHour)];
}

/// How earlier values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stat {
    /// The middle one.
    Median,
    /// Their mean.
    Mean,
    /// The largest.
    Max,
}

impl Stat {
    /// How it is written.
    pub const SPELLINGS: [(&'static str, Stat); 3] = [("median", Stat::Median), ("mean", Stat::Mean), ("max", Stat::Max)];
}

/// How a rule knows what is usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    /// Which earlier values.
    pub against: Against,
    /// How many of them.
    pub samples: usize,
    /// With fewer nothing is judged.
    pub min_samples: usize,
    /// How they become one.
    pub stat: Stat,
    /// What is usual counts as at least this much.
    pub floor: f64,
}

/// Groups that a rule misses when they are silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedGroups {
    /// These, whether they were ever seen or not; with none, every group that was seen.
    pub expect: Vec<Vec<Option<String>>>,
}

/// A proven rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Unique; the rule's identity in the state.
    pub name: String,
    /// Where its records come from.
    pub source: SourceKind,
    /// What it measures.
    pub metric: Metric,
    /// Which records it counts.
    pub matcher: Matcher,
    /// Only these targets; empty: all of its source's type.
    pub targets: Vec<Pattern>,
    /// A condition that cannot be decided counts as one that does not hold.
    pub undecided_is_no: bool,
    /// How records become one value, when that is not the metric's own way.
    pub agg: Option<Agg>,
    /// One alert instance for each combination; empty: one for the rule.
    pub group_by: Vec<Field>,
    /// Over how much time.
    pub window: Duration,
    /// When it is too much. A health `status` rule without any follows the PCE's own status.
    pub thresholds: Thresholds,
    /// The value is a quotient.
    pub ratio: Option<Ratio>,
    /// How it knows what is usual; set when a threshold is relative.
    pub baseline: Option<Baseline>,
    /// Set when silent groups are missed.
    pub expected_groups: Option<ExpectedGroups>,
    /// How long groups and combinations are remembered after they were seen last.
    pub remember: Duration,
    /// How long a `new:` rule only learns.
    pub learn: Duration,
    /// A firing instance is not over before this holds.
    pub recovery: Option<Threshold>,
    /// Must hold this long before it fires (`for`).
    pub pending_for: Duration,
    /// Stays firing this long after it last held.
    pub keep_firing_for: Duration,
    /// No repeated notification sooner.
    pub cooldown: Duration,
    /// Each repeated notification makes the wait for the next one longer by this factor.
    pub cooldown_backoff: f64,
    /// The longest such wait.
    pub cooldown_max: Duration,
    /// Channels by name; `None`: the routes decide; empty: nobody, on purpose.
    pub notify: Option<Vec<String>>,
    /// For routes and receivers.
    pub labels: BTreeMap<String, String>,
    /// For the person who is woken.
    pub description: Option<String>,
    /// Where to read what to do.
    pub runbook: Option<String>,
    /// Whether it takes part.
    pub enabled: bool,
    /// Line of its `[[rules]]` in the config.
    pub line: usize,
}

impl Rule {
    /// A rule with nothing but what it counts; every other key as when it is left out.
    pub fn counting(name: impl Into<String>, source: SourceKind, metric: Metric, matcher: Matcher) -> Rule {
        Rule {
            name: name.into(),
            source,
            metric,
            matcher,
            targets: Vec::new(),
            undecided_is_no: false,
            agg: None,
            group_by: Vec::new(),
            window: Duration::from_secs(600),
            thresholds: Thresholds::default(),
            ratio: None,
            baseline: None,
            expected_groups: None,
            remember: Duration::from_secs(30 * 86_400),
            learn: Duration::from_secs(86_400),
            recovery: None,
            pending_for: Duration::ZERO,
            keep_firing_for: Duration::ZERO,
            cooldown: Duration::from_secs(1800),
            cooldown_backoff: 1.0,
            cooldown_max: Duration::from_secs(86_400),
            notify: None,
            labels: BTreeMap::new(),
            description: None,
            runbook: None,
            enabled: true,
            line: 1,
        }
    }

    /// The base unit of its values.
    pub fn unit(&self) -> Unit {
        if self.ratio.is_some() { Unit::Ratio } else { self.metric.unit() }
    }

    /// The rule itself, and what it is divided by.
    pub fn counted(&self) -> impl Iterator<Item = &Rule> {
        std::iter::once(self).chain(self.ratio.as_ref().map(|ratio| &*ratio.over))
    }

    /// A stable fingerprint of *what is counted* (not of thresholds, names or windows): what is
    /// remembered under one fingerprint keeps its meaning when a rule is renamed or its threshold moves.
    pub fn definition(&self) -> u64 {
        // The text is that of 0.1, where it was made of the code's own names; they live on as keys in the rows.
        let over = self.ratio.as_ref().map_or_else(|| "None".to_owned(), |ratio| format!("Some({})", ratio.over.matcher.key(self.source)));
        let groups = self.group_by.iter().map(Field::key).collect::<Vec<_>>().join(", ");
        let (source, metric, matcher) = (self.source.key.0, self.metric.key(), self.matcher.key(self.source));
        let mut text = format!("{source}|{metric}|{matcher}|[{groups}]|{over}");
        if !self.targets.is_empty() || self.agg.is_some() {
            text.push_str(&format!("|{:?}|{:?}", self.targets, self.agg));
        }
        xxhash_rust::xxh3::xxh3_64(text.as_bytes())
    }

    /// The fields of its source that it names, one bit each.
    pub fn fields(&self) -> u128 {
        let bit = |slot: u8| 1u128.checked_shl(slot.into()).unwrap_or_default();
        let asked = self.matcher.records().into_iter().flat_map(|filter| filter.all.iter().chain(&filter.none));
        let asked = asked.map(|(_, condition)| if let super::condition::Place::Slot(slot) = condition.place { bit(slot) } else { 0 });
        let counted: &[Field] = match &self.metric {
            Metric::Distinct(field) => std::slice::from_ref(field),
            Metric::New(fields) | Metric::Changes(fields) => fields,
            _ => &[],
        };
        let named = self.group_by.iter().chain(counted);
        let named = named.map(|field| if let Field::Slot(slot, _) | Field::Label(slot, ..) = field { bit(*slot) } else { 0 });
        let measured = match &self.metric {
            Metric::Row(def) => match def.input {
                Input::Number(slot) | Input::Status(slot) | Input::Age(slot) => bit(slot),
                Input::Rest { bad, all } => bit(bad) | bit(all),
                Input::Count => 0,
            },
            _ => 0,
        };
        asked.chain(named).fold(measured, |all, bit| all | bit)
    }

    /// Whether it names something that only the second list of its source tells.
    pub fn needs_second(&self) -> bool {
        let second = |(slot, field): (usize, &super::source::FieldDef)| field.needs == Needs::Second && self.fields() >> slot & 1 == 1;
        self.source.fields.iter().enumerate().take(128).any(second)
    }

    /// What stands where a threshold would.
    pub fn own_status(&self) -> &'static str {
        if self.source.is_of_pce() { PCE_STATUS } else { OWN_STATUS }
    }

    /// The kinds of its source's records that it may count, one bit each.
    pub fn kinds(&self, now: jiff::Timestamp) -> u32 {
        let own = if let Metric::Row(def) = &self.metric { def.kinds } else { &[] };
        let measured = (0u8..32).zip(self.source.kinds).filter(|(_, kind)| own.is_empty() || own.contains(kind));
        let measured = measured.fold(0, |all, (kind, _)| all | 1 << kind);
        self.matcher.records().map_or(measured, |filter| filter.kinds(self.source, now) & measured)
    }

    /// Whether something of these kinds, one bit each, could matter to it. Of which kind something is does not change.
    pub fn wants(&self, kinds: u32) -> bool {
        if self.source.kinds.is_empty() { kinds != 0 } else { self.kinds(jiff::Timestamp::UNIX_EPOCH) & kinds != 0 }
    }

    /// Whether what this target tells could matter to it.
    pub fn depends_on(&self, target: &str) -> bool {
        let asks_for_others = self.matcher.records().is_some_and(|filter| {
            let names = filter.all.iter().filter(|(_, condition)| condition.place == super::condition::Place::Target);
            names.into_iter().any(|(_, condition)| !condition.takes_text(target))
        });
        self.reads(target) && !asks_for_others
    }

    /// The target it reads, when that can be no other.
    pub fn only_target(&self) -> Option<&str> {
        match &self.targets[..] {
            // What is of no outside target is of the PCE, or of the run itself.
            [] => Some(self.source.target_type()).filter(|of| *of == "pce"),
            [one] if one.is_exact() => Some(one.text()),
            _ => None,
        }
    }

    /// Whether it reads this target.
    pub fn reads(&self, target: &str) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|pattern| pattern.matches(target))
    }

    /// How the records of a group become one value.
    pub fn aggregation(&self) -> Agg {
        match (&self.metric, self.agg) {
            (_, Some(agg)) => agg,
            (Metric::Row(def), None) => def.agg,
            (Metric::Over(agg, _), None) => *agg,
            _ => Agg::Sum,
        }
    }

    /// The span that the value covers; `None`: it is what stands at each run.
    pub fn span(&self) -> Option<Duration> {
        (!self.source.is_snapshot() || self.metric.is_sighting() || self.metric.has_window()).then_some(self.window)
    }

    /// The severities its alerts can have.
    pub fn severities(&self) -> Vec<Severity> {
        let set: Vec<Severity> = self.thresholds.worst_first().map(|(severity, _)| severity).collect();
        if set.is_empty() && self.metric.follows_status() { vec![Severity::Critical, Severity::Warning] } else { set }
    }

    /// How long to wait after a notification until it is repeated, when it was repeated so often already.
    pub fn repeat_interval(&self, reminders: u32) -> Duration {
        let grown = self.cooldown.as_secs_f64() * self.cooldown_backoff.powf(f64::from(reminders));
        Duration::try_from_secs_f64(grown).unwrap_or(Duration::MAX).min(self.cooldown_max.max(self.cooldown))
    }
}

/// Which alerts: all that are given must fit.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    /// Any of these severities; empty: all.
    pub severities: Vec<Severity>,
    /// Rule name patterns; empty: all.
    pub rules: Vec<super::filter::Pattern>,
    /// `key=value` pairs, same key or, different keys and; empty: all.
    pub labels: BTreeMap<String, Vec<String>>,
    /// Any of these sources; empty: all.
    pub sources: Vec<SourceKind>,
}

impl Selector {
    /// Whether it takes every alert.
    pub fn is_empty(&self) -> bool {
        self.severities.is_empty() && self.rules.is_empty() && self.labels.is_empty() && self.sources.is_empty()
    }

    /// Whether it takes an alert of this rule and severity.
    pub fn takes(&self, rule: &Rule, severity: Severity) -> bool {
        (self.severities.is_empty() || self.severities.contains(&severity))
            && (self.sources.is_empty() || self.sources.contains(&rule.source))
            && (self.rules.is_empty() || self.rules.iter().any(|pattern| pattern.matches(&rule.name)))
            && self.labels.iter().all(|(key, values)| rule.labels.get(key).is_some_and(|have| values.contains(have)))
    }

    /// Whether it takes some alert of the rule.
    pub fn could_take(&self, rule: &Rule) -> bool {
        rule.severities().into_iter().any(|severity| self.takes(rule, severity))
    }
}

/// Where alerts go when the rule does not say: ordered, first match wins unless `continue`.
#[derive(Debug, Clone, Default)]
pub struct Route {
    /// Which alerts it takes.
    pub selector: Selector,
    /// Where to.
    pub channels: Vec<String>,
    /// Go on to the next route after a match.
    pub continue_matching: bool,
}

/// The channels an alert of this rule and severity goes to, before each channel's own `min_severity`.
pub fn channels_for<'a>(rule: &'a Rule, severity: Severity, routes: &'a [Route]) -> Vec<&'a str> {
    let mut out: Vec<&str> = Vec::new();
    if let Some(named) = &rule.notify {
        out.extend(named.iter().map(String::as_str));
    } else {
        for route in routes {
            if route.selector.takes(rule, severity) {
                out.extend(route.channels.iter().map(String::as_str));
                if !route.continue_matching {
                    break;
                }
            }
        }
    }
    let mut seen = Vec::new();
    out.retain(|name| {
        !seen.contains(name) && {
            seen.push(*name);
            true
        }
    });
    out
}
