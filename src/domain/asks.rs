//! Conditions in words: what a key of `match` wants, and what a record has there.

use super::condition::{Condition, Test};
use super::estimate::Truth;
use super::filter::{End, EndCondition, Filter, IpSet, Pattern, PortRange, TrafficCondition};
use super::record::{Endpoint, Flow, NotTold, proto_name};
use super::source::SourceKind;
use super::text::visible;
use super::time::{format_duration, since};
use super::value::{Record, Value, plain_number};
use jiff::Timestamp;

/// A record at a point in time: how long ago something was depends on when one asks.
#[derive(Debug, Clone, Copy)]
pub struct RecordAt<'r> {
    /// Its source.
    pub source: SourceKind,
    /// The record.
    pub record: &'r Record,
    /// When one asks.
    pub now: Timestamp,
}

/// What a condition asks for, in words.
pub trait Wanted {
    /// The values that satisfy it, safe to show.
    fn wanted(&self) -> String;
}

/// A condition on records of one kind.
pub trait Asks<R>: Wanted {
    /// Whether the record satisfies it.
    fn truth(&self, record: &R) -> Truth;
    /// What the record has there, safe to show; `-` for nothing.
    fn found(&self, record: &R) -> String;
}

/// One condition tried on one record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Trial {
    /// The key as written.
    pub key: String,
    /// Whether it stands in `exclude`.
    pub exclude: bool,
    /// What it asks for.
    pub wanted: String,
    /// What the record has.
    pub found: String,
    /// Whether the record satisfies it; `None`: it does not say.
    pub holds: Option<bool>,
}

impl Trial {
    /// Whether the condition keeps the record out.
    pub fn keeps_out(&self) -> bool {
        self.holds == Some(self.exclude)
    }

    /// Whether that cannot be said.
    pub fn is_undecided(&self) -> bool {
        self.holds.is_none()
    }
}

/// Tries every condition of a filter on a record, in the order in which they are tested.
pub fn try_all<R, C: Asks<R>>(filter: &Filter<C>, record: &R) -> Vec<Trial> {
    let one = |exclude: bool| {
        move |(key, condition): &(String, C)| Trial {
            key: key.clone(),
            exclude,
            wanted: condition.wanted(),
            found: condition.found(record),
            holds: match condition.truth(record) {
                Truth::Yes => Some(true),
                Truth::No => Some(false),
                Truth::Unknown => None,
            },
        }
    };
    filter.all.iter().map(one(false)).chain(filter.none.iter().map(one(true))).collect()
}

fn list<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(", ")
}

fn patterns(patterns: &[Pattern]) -> String {
    list(patterns, |pattern| visible(pattern.text()))
}

fn words(words: &[String]) -> String {
    list(words, |word| visible(word))
}

fn addresses(set: &IpSet) -> String {
    list(&set.ranges, |(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") })
}

fn labels(wanted: &std::collections::BTreeMap<String, Vec<Pattern>>) -> String {
    let one = |(key, values): (&String, &Vec<Pattern>)| {
        let key = visible(key);
        values.iter().map(|value| format!("{key}={}", visible(value.text()))).collect::<Vec<_>>().join(" | ")
    };
    wanted.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn pairs<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let all: Vec<String> = pairs.into_iter().map(|(key, value)| format!("{}={}", visible(key), visible(value))).collect();
    or_nothing(all.join(", "))
}

fn or_nothing(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}

fn plain(text: &str) -> String {
    or_nothing(visible(text))
}

fn ports(ranges: &[PortRange]) -> String {
    list(ranges, |range| {
        let ports = if range.from == range.to { range.from.to_string() } else { format!("{}-{}", range.from, range.to) };
        range.proto.map_or(ports.clone(), |proto| format!("{ports}/{}", proto_name(proto)))
    })
}

fn flag(flag: bool) -> String {
    if flag { "true" } else { "false" }.to_owned()
}

impl Wanted for EndCondition {
    fn wanted(&self) -> String {
        match self {
            EndCondition::Labels(wanted) => labels(wanted),
            EndCondition::Ip(set) => addresses(set),
            EndCondition::IpList(names) | EndCondition::Workload(names) => patterns(names),
            EndCondition::Managed(wanted) => flag(*wanted),
            EndCondition::Enforcement(wanted) | EndCondition::Os(wanted) => words(wanted),
        }
    }
}

impl Asks<Endpoint> for EndCondition {
    fn truth(&self, end: &Endpoint) -> Truth {
        EndCondition::truth(self, end)
    }

    fn found(&self, end: &Endpoint) -> String {
        let workload = end.workload.as_ref();
        let is_missing = end.not_told.any(self.asks());
        let told = match self {
            EndCondition::Labels(_) => {
                let labels = workload.map(|workload| workload.labels.as_slice()).unwrap_or_default();
                pairs(labels.iter().map(|(key, value)| (key.as_str(), value.as_str())))
            }
            EndCondition::Ip(_) if !end.ip_text.is_empty() => return plain(&end.ip_text),
            EndCondition::Ip(_) => "-".to_owned(),
            EndCondition::IpList(_) => or_nothing(words(&end.ip_lists)),
            EndCondition::Workload(_) => {
                let mut names: Vec<String> = end.names().map(visible).collect();
                names.dedup();
                or_nothing(names.join(", "))
            }
            EndCondition::Managed(_) if is_missing => "-".to_owned(),
            EndCondition::Managed(_) => flag(end.is_managed()),
            EndCondition::Enforcement(_) => workload.map_or("-".to_owned(), |workload| plain(&workload.enforcement)),
            EndCondition::Os(_) => workload.map_or("-".to_owned(), |workload| plain(&workload.os)),
        };
        told_or_not(told, is_missing)
    }
}

/// What was found, and that it may not be all.
fn told_or_not(told: String, is_missing: bool) -> String {
    match (is_missing, told.as_str()) {
        (false, _) => told,
        (true, "-") => tr!("unknown"),
        (true, _) => tr!("{told}, the rest is not sent", told),
    }
}

impl Wanted for TrafficCondition {
    fn wanted(&self) -> String {
        match self {
            TrafficCondition::End(_, condition) => condition.wanted(),
            TrafficCondition::Decision(wanted) => list(wanted, |decision| decision.name().to_owned()),
            TrafficCondition::Port(wanted) => ports(wanted),
            TrafficCondition::Proto(wanted) => list(wanted, |proto| proto_name(*proto)),
            TrafficCondition::Process(wanted)
            | TrafficCondition::Service(wanted)
            | TrafficCondition::User(wanted)
            | TrafficCondition::Fqdn(wanted)
            | TrafficCondition::Network(wanted) => patterns(wanted),
            TrafficCondition::Direction(wanted) => list(wanted, |direction| direction.name().to_owned()),
            TrafficCondition::State(wanted) | TrafficCondition::Transmission(wanted) | TrafficCondition::ClientType(wanted) => {
                words(wanted)
            }
        }
    }
}

impl Asks<Flow<'_>> for TrafficCondition {
    fn truth(&self, flow: &Flow<'_>) -> Truth {
        TrafficCondition::truth(self, flow)
    }

    fn found(&self, flow: &Flow<'_>) -> String {
        let (src, dst) = (&flow.src.endpoint, &flow.dst.endpoint);
        let missing = |what: NotTold| flow.own_not_told.any(what);
        let told = match self {
            TrafficCondition::End(End::Src, condition) => return condition.found(src),
            TrafficCondition::End(End::Dst, condition) => return condition.found(dst),
            TrafficCondition::End(End::Any, condition) => return format!("{} | {}", condition.found(src), condition.found(dst)),
            TrafficCondition::Port(_) => {
                let port = flow.port.map_or_else(|| told_or_not("-".to_owned(), missing(NotTold::PORT)), |port| port.to_string());
                return format!("{port}/{}", if missing(NotTold::PROTO) { tr!("unknown") } else { proto_name(flow.proto) });
            }
            TrafficCondition::Decision(_) | TrafficCondition::Direction(_) | TrafficCondition::Proto(_) if missing(self.asks()) => {
                "-".to_owned()
            }
            TrafficCondition::Decision(_) => flow.decision.name().to_owned(),
            TrafficCondition::Proto(_) => proto_name(flow.proto),
            TrafficCondition::Process(_) => plain(flow.process),
            TrafficCondition::Service(_) => plain(flow.service),
            TrafficCondition::User(_) => plain(flow.user),
            TrafficCondition::Fqdn(_) => plain(if dst.fqdn.is_empty() { &src.fqdn } else { &dst.fqdn }),
            TrafficCondition::Direction(_) => flow.direction.name().to_owned(),
            TrafficCondition::State(_) => plain(flow.state),
            TrafficCondition::Transmission(_) => plain(if flow.transmission.is_empty() { "unicast" } else { flow.transmission }),
            TrafficCondition::Network(_) => plain(flow.network),
            TrafficCondition::ClientType(_) => plain(flow.client_type),
        };
        told_or_not(told, missing(self.asks()))
    }
}

impl Wanted for Condition {
    fn wanted(&self) -> String {
        match &self.test {
            Test::Words(wanted, _) => words(wanted),
            Test::Patterns(wanted) => patterns(wanted),
            Test::Addresses(set) => addresses(set),
            Test::Pairs(wanted) => labels(wanted),
            Test::Flag(wanted) => flag(*wanted),
            Test::Older(span) => format!("> {}", format_duration(*span)),
        }
    }
}

impl Asks<RecordAt<'_>> for Condition {
    fn truth(&self, record: &RecordAt<'_>) -> Truth {
        Condition::truth(self, record.source, record.record, record.now)
    }

    fn found(&self, record: &RecordAt<'_>) -> String {
        match &*Condition::found(self, record.record) {
            Value::NotTold => tr!("unknown"),
            Value::Absent => "-".to_owned(),
            Value::Text(text) => plain(text),
            Value::Texts(list, _) => or_nothing(words(list)),
            Value::Pairs(list, _) => pairs(list.iter().map(|(key, value)| (key.as_str(), value.as_str()))),
            Value::Addresses(list, _) => or_nothing(list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
            Value::Flag(have) => flag(*have),
            Value::Time(at) if matches!(self.test, Test::Older(_)) => format_duration(since(record.now, *at)),
            Value::Time(at) => at.to_string(),
            Value::Number(number) => number.value().map_or_else(|| tr!("unknown"), plain_number),
        }
    }
}
