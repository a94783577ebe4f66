//! Conditions in words: what a key of `match` wants, and what a record has there.

use super::filter::{End, EndCondition, EventCondition, Filter, IpSet, Pattern, PortRange, TrafficCondition, VenCondition};
use super::record::{Endpoint, Event, Flow, proto_name};
use super::text::visible;
use super::time::format_duration;
use super::ven::Ven;
use jiff::Timestamp;

/// A VEN at an instant: how long it has been silent depends on when one asks.
pub type VenAt<'v> = (&'v Ven, Timestamp);

/// What a condition asks for, in words.
pub trait Wanted {
    /// The values that satisfy it, safe to show.
    fn wanted(&self) -> String;
}

/// A condition on records of one kind.
pub trait Asks<R>: Wanted {
    /// Whether the record satisfies it.
    fn holds(&self, record: &R) -> bool;
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
    /// Whether the record satisfies it.
    pub holds: bool,
}

impl Trial {
    /// Whether the condition keeps the record out.
    pub fn keeps_out(&self) -> bool {
        self.holds == self.exclude
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
            holds: condition.holds(record),
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
    fn holds(&self, end: &Endpoint) -> bool {
        self.matches(end)
    }

    fn found(&self, end: &Endpoint) -> String {
        let workload = end.workload.as_ref();
        match self {
            EndCondition::Labels(_) => {
                let labels = workload.map(|workload| workload.labels.as_slice()).unwrap_or_default();
                pairs(labels.iter().map(|(key, value)| (key.as_str(), value.as_str())))
            }
            EndCondition::Ip(_) => plain(&end.ip_text),
            EndCondition::IpList(_) => or_nothing(words(&end.ip_lists)),
            EndCondition::Workload(_) => workload.map_or("-".to_owned(), |workload| {
                let names = [&workload.name, &workload.hostname].into_iter().filter(|name| !name.is_empty());
                let mut names: Vec<String> = names.map(|name| visible(name)).collect();
                names.dedup();
                or_nothing(names.join(", "))
            }),
            EndCondition::Managed(_) => flag(end.is_managed()),
            EndCondition::Enforcement(_) => workload.map_or("-".to_owned(), |workload| plain(&workload.enforcement)),
            EndCondition::Os(_) => workload.map_or("-".to_owned(), |workload| plain(&workload.os)),
        }
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
    fn holds(&self, flow: &Flow<'_>) -> bool {
        self.matches(flow)
    }

    fn found(&self, flow: &Flow<'_>) -> String {
        let (src, dst) = (&flow.src.endpoint, &flow.dst.endpoint);
        match self {
            TrafficCondition::End(End::Src, condition) => condition.found(src),
            TrafficCondition::End(End::Dst, condition) => condition.found(dst),
            TrafficCondition::End(End::Any, condition) => format!("{} | {}", condition.found(src), condition.found(dst)),
            TrafficCondition::Decision(_) => flow.decision.name().to_owned(),
            TrafficCondition::Port(_) => flow.port.map_or("-".to_owned(), |port| format!("{port}/{}", proto_name(flow.proto))),
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
        }
    }
}

impl Wanted for EventCondition {
    fn wanted(&self) -> String {
        match self {
            EventCondition::Type(wanted)
            | EventCondition::Notification(wanted)
            | EventCondition::Actor(wanted)
            | EventCondition::PceFqdn(wanted)
            | EventCondition::Resource(wanted) => patterns(wanted),
            EventCondition::Severity(wanted) | EventCondition::Status(wanted) => words(wanted),
            EventCondition::SrcIp(set) => addresses(set),
        }
    }
}

impl Asks<Event> for EventCondition {
    fn holds(&self, event: &Event) -> bool {
        self.matches(event)
    }

    fn found(&self, event: &Event) -> String {
        match self {
            EventCondition::Type(_) => plain(&event.event_type),
            EventCondition::Severity(_) => plain(&event.severity),
            EventCondition::Status(_) => plain(&event.status),
            EventCondition::Notification(_) => or_nothing(words(&event.notifications)),
            EventCondition::Actor(_) => or_nothing(words(&event.actors)),
            EventCondition::SrcIp(_) => plain(&event.src_ip),
            EventCondition::PceFqdn(_) => plain(&event.pce_fqdn),
            EventCondition::Resource(_) => or_nothing(words(&event.resources)),
        }
    }
}

impl Wanted for VenCondition {
    fn wanted(&self) -> String {
        match self {
            VenCondition::Ven(wanted)
            | VenCondition::Version(wanted)
            | VenCondition::Os(wanted)
            | VenCondition::Condition(wanted)
            | VenCondition::ActivePce(wanted) => patterns(wanted),
            VenCondition::Labels(wanted) => labels(wanted),
            VenCondition::Status(wanted)
            | VenCondition::Enforcement(wanted)
            | VenCondition::SyncState(wanted)
            | VenCondition::VenType(wanted) => words(wanted),
            VenCondition::Online(wanted) => if *wanted { "online" } else { "offline" }.to_owned(),
            VenCondition::Ip(set) => addresses(set),
            VenCondition::HeartbeatOlder(span) => format!("> {}", format_duration(*span)),
        }
    }
}

impl Asks<VenAt<'_>> for VenCondition {
    fn holds(&self, (ven, now): &VenAt<'_>) -> bool {
        self.matches(ven, *now)
    }

    fn found(&self, (ven, now): &VenAt<'_>) -> String {
        let workload = ven.workload.as_ref();
        match self {
            VenCondition::Ven(_) => plain(ven.display_name()),
            VenCondition::Labels(_) => pairs(ven.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()))),
            VenCondition::Status(_) => plain(&ven.status),
            VenCondition::Version(_) => plain(&ven.version),
            VenCondition::Os(_) => or_nothing(words(&ven.os)),
            VenCondition::Enforcement(_) => workload.map_or("-".to_owned(), |workload| plain(&workload.enforcement)),
            VenCondition::SyncState(_) => workload.map_or("-".to_owned(), |workload| plain(&workload.sync_state)),
            VenCondition::Condition(_) => or_nothing(words(&ven.conditions)),
            VenCondition::Online(_) => match workload.and_then(|workload| workload.online) {
                Some(true) => "online".to_owned(),
                Some(false) => "offline".to_owned(),
                None => "-".to_owned(),
            },
            VenCondition::VenType(_) => plain(&ven.ven_type),
            VenCondition::ActivePce(_) => plain(&ven.active_pce),
            VenCondition::Ip(_) => or_nothing(list(&ven.addresses, ToString::to_string)),
            VenCondition::HeartbeatOlder(_) => ven.heartbeat_age(*now).map_or("-".to_owned(), format_duration),
        }
    }
}
