//! Conditions on records, and what they mean. `config` reads them; `judge` plans how to test them fast.

use super::estimate::Truth;
use super::record::{Decision, Direction, Endpoint, Flow, NotTold, Workload};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// A text pattern: an exact text, or a glob with `*`, `?`, `[..]`, `{a,b}`.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    fold_case: bool,
    glob: Option<globset::GlobMatcher>,
}

/// By hand, because this text is part of what a rule's memory is stored under (`Rule::definition`): a compiled glob
/// shows which thread used it last, and how its library is made.
impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let glob = if self.glob.is_some() { "Some(..)" } else { "None" };
        write!(f, "Pattern {{ text: {:?}, fold_case: {:?}, glob: {glob} }}", self.text, self.fold_case)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.fold_case) == (&other.text, other.fold_case)
    }
}
impl Eq for Pattern {}
impl std::hash::Hash for Pattern {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.text, self.fold_case).hash(state);
    }
}

impl Pattern {
    /// Compiles a pattern. `fold_case` makes it blind to upper and lower case.
    pub fn new(text: &str, fold_case: bool) -> Result<Self, String> {
        let special = text.contains(['*', '?', '[', '{', '\\']);
        if !special && !fold_case {
            return Ok(Self { text: text.to_owned(), fold_case, glob: None });
        }
        let glob = match super::glob::matcher(text, fold_case) {
            Ok(glob) => Some(glob),
            // A name such as `LAB\` is no glob: its backslash escapes nothing.
            Err(_) if !text.contains(['*', '?', '[', '{']) => super::glob::matcher(&text.replace('\\', "\\\\"), fold_case).ok(),
            Err(error) => {
                let text = super::text::shorten(text, 100);
                return Err(tr!("'{text}' is not a valid pattern: {error}", text, error));
            }
        };
        Ok(Self { text: text.to_owned(), fold_case, glob })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        match &self.glob {
            None => self.text == text,
            // A name matches itself, whatever glob or escape characters it holds.
            Some(glob) => self.text == text || (self.fold_case && self.text.eq_ignore_ascii_case(text)) || glob.is_match(text),
        }
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the pattern is one exact text.
    pub fn is_exact(&self) -> bool {
        !self.text.contains(['*', '?', '[', '{', '\\'])
    }
}

/// A set of addresses as inclusive ranges.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct IpSet {
    /// Inclusive ranges; both ends are of one family.
    pub ranges: Vec<(IpAddr, IpAddr)>,
}

impl IpSet {
    /// Reads an address, a CIDR block or an `a-b` range.
    pub fn parse_item(text: &str) -> Result<(IpAddr, IpAddr), String> {
        let wrong = || {
            tr!("'{text}' is not an address, a CIDR block or a range; write for example 10.1.2.3, 10.0.0.0/8 or 10.1.0.1-10.1.0.9", text)
        };
        let text = text.trim();
        if let Ok(one) = text.parse::<IpAddr>() {
            return Ok((one, one));
        }
        if let Ok(net) = text.parse::<ipnet::IpNet>() {
            return Ok((net.network(), net.broadcast()));
        }
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let (from, to): (IpAddr, IpAddr) = (from.trim().parse().map_err(|_| wrong())?, to.trim().parse().map_err(|_| wrong())?);
        if from.is_ipv4() != to.is_ipv4() {
            return Err(tr!("'{text}' mixes IPv4 and IPv6", text));
        }
        if from > to {
            return Err(tr!("'{text}' ends before it begins", text));
        }
        Ok((from, to))
    }

    /// Whether the address is in the set. IPv4-mapped IPv6 counts as IPv4.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.ranges.iter().any(|(from, to)| from.is_ipv4() == ip.is_ipv4() && *from <= ip && ip <= *to)
    }
}

/// A port, a range of ports, with or without a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PortRange {
    /// First port.
    pub from: u16,
    /// Last port.
    pub to: u16,
    /// Only this protocol, when said.
    pub proto: Option<i16>,
}

impl PortRange {
    fn truth(&self, flow: &Flow<'_>) -> Truth {
        let port = flow.port.is_some_and(|port| self.from <= port && port <= self.to);
        let proto = self.proto.is_none_or(|proto| proto == flow.proto);
        let missing = |what| flow.own_not_told.any(what);
        let port = Truth::from(port).unless_missing(missing(NotTold::PORT));
        port.and(Truth::from(proto).unless_missing(self.proto.is_some() && missing(NotTold::PROTO)))
    }
}

/// Which end of a flow a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The source.
    Src,
    /// The destination.
    Dst,
    /// Either; one end must satisfy the whole condition.
    Any,
}

/// A condition on one end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EndCondition {
    /// Label key to wanted values: any value within a key, every key.
    Labels(BTreeMap<String, Vec<Pattern>>),
    /// Address in a set.
    Ip(IpSet),
    /// In one of the named IP lists, as far as the PCE mentions it.
    IpList(Vec<Pattern>),
    /// Workload name or host name.
    Workload(Vec<Pattern>),
    /// Managed by a VEN or not.
    Managed(bool),
    /// Enforcement mode.
    Enforcement(Vec<String>),
    /// Operating system.
    Os(Vec<String>),
}

impl EndCondition {
    /// Whether this end satisfies the condition.
    pub fn truth(&self, end: &Endpoint) -> Truth {
        let word = |wanted: &[String], have: &dyn Fn(&Workload) -> &str| {
            Truth::from(end.workload.as_ref().is_some_and(|workload| wanted.iter().any(|word| word == have(workload))))
        };
        let known = match self {
            EndCondition::Labels(wanted) => {
                return Truth::all(wanted.iter().map(|(key, values)| match end.label(key) {
                    Some(have) => Truth::from(any_matches(values, have)),
                    None => Truth::No.unless_missing(end.not_told.any(self.asks())),
                }));
            }
            EndCondition::Ip(set) => return end.ip.map_or(Truth::Unknown, |ip| Truth::from(set.contains(ip))),
            EndCondition::IpList(names) => Truth::from(end.ip_lists.iter().any(|have| any_matches(names, have))),
            EndCondition::Workload(names) => Truth::from(end.names().any(|have| any_matches(names, have))),
            EndCondition::Managed(wanted) => {
                // Neither answer is the default.
                if end.not_told.any(self.asks()) {
                    return Truth::Unknown;
                }
                Truth::from(end.is_managed() == *wanted)
            }
            EndCondition::Enforcement(modes) => word(modes, &|workload| &workload.enforcement),
            EndCondition::Os(systems) => word(systems, &|workload| &workload.os),
        };
        known.unless_missing(end.not_told.any(self.asks()))
    }

    /// What must be told of an end, so that the condition can be decided.
    pub fn asks(&self) -> NotTold {
        let own = match self {
            EndCondition::Ip(_) => return NotTold::IP,
            EndCondition::IpList(_) => return NotTold::IP_LISTS,
            EndCondition::Labels(_) => NotTold::LABELS,
            EndCondition::Workload(_) => NotTold::NAME,
            EndCondition::Managed(_) => NotTold::MANAGED,
            EndCondition::Enforcement(_) => NotTold::ENFORCEMENT,
            EndCondition::Os(_) => NotTold::OS,
        };
        own.and(NotTold::WORKLOAD)
    }
}

/// One key of a traffic rule's `match` or `exclude`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TrafficCondition {
    /// Something about an end.
    End(End, EndCondition),
    /// Reported policy decision.
    Decision(Vec<Decision>),
    /// Destination port.
    Port(Vec<PortRange>),
    /// Protocol.
    Proto(Vec<i16>),
    /// Process on the reporting side.
    Process(Vec<Pattern>),
    /// Windows service on the reporting side.
    Service(Vec<Pattern>),
    /// User on the reporting side.
    User(Vec<Pattern>),
    /// Domain name at the destination (or source).
    Fqdn(Vec<Pattern>),
    /// Which end reported.
    Direction(Vec<Direction>),
    /// Connection state.
    State(Vec<String>),
    /// Broadcast, multicast, unicast.
    Transmission(Vec<String>),
    /// Network name.
    Network(Vec<Pattern>),
    /// Kind of reporter.
    ClientType(Vec<String>),
}

impl TrafficCondition {
    /// Whether the flow satisfies the condition. A text that it does not have satisfies no pattern.
    pub fn truth(&self, flow: &Flow<'_>) -> Truth {
        let text = |wanted: &[Pattern], have: &str| Truth::from(!have.is_empty() && any_matches(wanted, have));
        let word = |wanted: &[String], have: &str| Truth::from(wanted.iter().any(|word| word == have));
        let known = match self {
            TrafficCondition::End(End::Src, condition) => return condition.truth(&flow.src.endpoint),
            TrafficCondition::End(End::Dst, condition) => return condition.truth(&flow.dst.endpoint),
            TrafficCondition::End(End::Any, condition) => {
                return condition.truth(&flow.src.endpoint).or(condition.truth(&flow.dst.endpoint));
            }
            TrafficCondition::Port(wanted) => return Truth::any(wanted.iter().map(|range| range.truth(flow))),
            TrafficCondition::Fqdn(wanted) => {
                return flow.dst.endpoint.is_called(wanted).or(flow.src.endpoint.is_called(wanted));
            }
            TrafficCondition::Decision(_) | TrafficCondition::Direction(_) if flow.own_not_told.any(self.asks()) => return Truth::Unknown,
            TrafficCondition::Decision(wanted) => Truth::from(wanted.contains(&flow.decision)),
            TrafficCondition::Proto(wanted) => Truth::from(wanted.contains(&flow.proto)),
            TrafficCondition::Process(wanted) => text(wanted, flow.process),
            TrafficCondition::Service(wanted) => text(wanted, flow.service),
            TrafficCondition::User(wanted) => text(wanted, flow.user),
            TrafficCondition::Direction(wanted) => Truth::from(wanted.contains(&flow.direction)),
            TrafficCondition::State(wanted) => word(wanted, flow.state),
            TrafficCondition::Transmission(wanted) => {
                word(wanted, if flow.transmission.is_empty() { "unicast" } else { flow.transmission })
            }
            TrafficCondition::Network(wanted) => text(wanted, flow.network),
            TrafficCondition::ClientType(wanted) => word(wanted, flow.client_type),
        };
        known.unless_missing(flow.own_not_told.any(self.asks()))
    }

    /// What must be told of a flow, so that the condition can be decided.
    pub fn asks(&self) -> NotTold {
        match self {
            TrafficCondition::End(End::Src, condition) => condition.asks().of_src(),
            TrafficCondition::End(End::Dst, condition) => condition.asks().of_dst(),
            TrafficCondition::End(End::Any, condition) => condition.asks().of_src().and(condition.asks().of_dst()),
            TrafficCondition::Decision(_) => NotTold::DECISION,
            TrafficCondition::Port(_) => NotTold::PORT.and(NotTold::PROTO),
            TrafficCondition::Proto(_) => NotTold::PROTO,
            TrafficCondition::Direction(_) => NotTold::DIRECTION,
            TrafficCondition::State(_) => NotTold::STATE,
            TrafficCondition::Network(_) => NotTold::NETWORK,
            TrafficCondition::ClientType(_) => NotTold::CLIENT_TYPE,
            TrafficCondition::Process(_) | TrafficCondition::Service(_) | TrafficCondition::User(_) => NotTold::REPORTER,
            TrafficCondition::Fqdn(_) => NotTold::FQDN.of_src().and(NotTold::FQDN.of_dst()),
            TrafficCondition::Transmission(_) => NotTold::NOTHING,
        }
    }

    /// Whether the two ends of a managed pair can answer differently, and a count of a pair
    /// must therefore remember which of its records matched. (Decision, direction and state
    /// differ too, but the accounting keeps those in the clear.)
    pub fn is_reporter_side(&self) -> bool {
        matches!(
            self,
            TrafficCondition::Process(_)
                | TrafficCondition::Service(_)
                | TrafficCondition::User(_)
                | TrafficCondition::Fqdn(_)
                | TrafficCondition::Transmission(_)
                | TrafficCondition::Network(_)
                | TrafficCondition::ClientType(_)
                | TrafficCondition::End(_, EndCondition::IpList(_))
        )
    }
}

/// `match` (all must hold) and `exclude` (none may hold) of a rule, one entry for each key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Filter<C> {
    /// Every one must hold. The first word is the key as written, for explanations.
    pub all: Vec<(String, C)>,
    /// A record is left out when any holds.
    pub none: Vec<(String, C)>,
}

impl<C> Default for Filter<C> {
    fn default() -> Self {
        Filter { all: Vec::new(), none: Vec::new() }
    }
}

impl Filter<TrafficCondition> {
    /// Whether the flow is one the rule counts.
    pub fn truth(&self, flow: &Flow<'_>) -> Truth {
        let all = Truth::all(self.all.iter().map(|(_, condition)| condition.truth(flow)));
        all.and(!Truth::any(self.none.iter().map(|(_, condition)| condition.truth(flow))))
    }

    /// What must be told of a flow, so that this can be decided.
    pub fn asks(&self) -> NotTold {
        self.all.iter().chain(&self.none).fold(NotTold::NOTHING, |asks, (_, condition)| asks.and(condition.asks()))
    }
}

impl Endpoint {
    /// Whether its domain name matches one of these.
    pub fn is_called(&self, wanted: &[Pattern]) -> Truth {
        let matches = !self.fqdn.is_empty() && any_matches(wanted, &self.fqdn);
        Truth::from(matches).unless_missing(self.not_told.any(NotTold::FQDN))
    }
}

fn any_matches(patterns: &[Pattern], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::Workload;

    fn end(ip: &str, labels: &[(&str, &str)]) -> Endpoint {
        Endpoint {
            ip_text: ip.to_owned(),
            ip: ip.parse().ok(),
            workload: (!labels.is_empty()).then(|| Workload {
                labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
                ..Workload::default()
            }),
            ..Endpoint::default()
        }
    }

    #[test]
    fn address_items() {
        let set = IpSet {
            ranges: ["10.0.0.0/8", "192.0.2.1-192.0.2.9", "2001:db8::/32"].iter().map(|item| IpSet::parse_item(item).unwrap()).collect(),
        };
        for (ip, want) in [
            ("10.9.9.9", true),
            ("11.0.0.1", false),
            ("192.0.2.5", true),
            ("192.0.2.10", false),
            ("2001:db8::1", true),
            ("::ffff:10.1.1.1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(set.contains(ip.parse().unwrap()), want, "{ip}");
        }
        for text in ["10.0.0.300", "10.0.0.0/33", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", ""] {
            assert!(IpSet::parse_item(text).is_err(), "{text}");
        }
        assert!(EndCondition::Ip(set).truth(&end("FILTERED", &[])) == Truth::Unknown);
    }

    #[test]
    fn labels_are_or_within_a_key_and_and_across_keys() {
        let wanted = EndCondition::Labels(BTreeMap::from([
            ("role".to_owned(), vec![Pattern::new("DB", false).unwrap(), Pattern::new("cache*", false).unwrap()]),
            ("env".to_owned(), vec![Pattern::new("prod", false).unwrap()]),
        ]));
        assert!(wanted.truth(&end("10.0.0.1", &[("role", "cache-2"), ("env", "prod"), ("x=y", "a=b")])).is_yes());
        assert!(wanted.truth(&end("10.0.0.1", &[("role", "DB"), ("env", "dev")])).is_no());
        assert!(wanted.truth(&end("10.0.0.1", &[("role", "DB")])).is_no());
        assert!(wanted.truth(&end("10.0.0.1", &[])).is_no());
    }

    #[test]
    fn patterns() {
        assert!(Pattern::new("web-*", true).unwrap().matches("WEB-01"));
        assert!(!Pattern::new("web-*", false).unwrap().matches("WEB-01"));
        assert!(Pattern::new("agent.*", false).unwrap().matches("agent.tampering"));
        assert!(Pattern::new("a/*", false).unwrap().matches("a/b/c"));
        assert!(Pattern::new("web-[", false).is_err());
    }
}
