//! Field names of a flow record as the PCE sends them, and what they become.
//!
//! Unknown keys and words are kept out of the way, `null` is absence, a number is a number in every notation; a value of the
//! wrong type makes the record unreadable, which is counted and said. What is absent is noted as not told, but for what
//! the PCE says by leaving it out; see [`NotTold`].

use crate::domain::record::{Decision, Direction, Endpoint, FlowOf, NotTold, WITH_PORTS, Workload};
use crate::domain::time::parse_pce_time;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A text that borrows from the buffer unless it holds escapes.
#[derive(Debug, Default, Clone)]
pub struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;
        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowing)
    }
}

fn text<'x>(value: &'x Option<Text<'_>>) -> &'x str {
    value.as_ref().map_or("", Text::as_str)
}

fn time(value: &Option<Text<'_>>) -> Option<Timestamp> {
    parse_pce_time(value.as_ref()?.as_str())
}

/// One flow record as sent, borrowing from the buffer.
#[derive(Debug, Deserialize)]
pub struct RawFlow<'a> {
    #[serde(borrow, default)]
    src: Option<&'a RawValue>,
    #[serde(borrow, default)]
    dst: Option<&'a RawValue>,
    #[serde(borrow, default)]
    service: Option<RawService<'a>>,
    #[serde(default, deserialize_with = "any_number")]
    num_connections: Option<u64>,
    #[serde(borrow, default)]
    policy_decision: Option<Text<'a>>,
    #[serde(borrow, default)]
    timestamp_range: Option<RawRange<'a>>,
    #[serde(borrow, default)]
    state: Option<Text<'a>>,
    #[serde(borrow, default)]
    flow_direction: Option<Text<'a>>,
    #[serde(default, deserialize_with = "any_number")]
    dst_bi: Option<u64>,
    #[serde(default, deserialize_with = "any_number")]
    dst_bo: Option<u64>,
    #[serde(borrow, default)]
    network: Option<RawNetwork<'a>>,
    #[serde(borrow, default)]
    client_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    transmission: Option<Text<'a>>,
    #[serde(default, deserialize_with = "any_number")]
    icmp_type: Option<u8>,
    #[serde(default, deserialize_with = "any_number")]
    icmp_code: Option<u8>,
}

#[derive(Debug, Deserialize)]
struct RawService<'a> {
    #[serde(default, deserialize_with = "any_number")]
    port: Option<u16>,
    #[serde(default, deserialize_with = "any_number")]
    proto: Option<i16>,
    #[serde(borrow, default)]
    process_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    windows_service_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    user_name: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
struct RawRange<'a> {
    #[serde(borrow, default)]
    first_detected: Option<Text<'a>>,
    #[serde(borrow, default)]
    last_detected: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
struct RawNetwork<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
}

/// A number in any notation: 3, 3.0, 3e0 and "3" are the same.
fn any_number<'de, D: Deserializer<'de>, T: TryFrom<i128>>(deserializer: D) -> Result<Option<T>, D::Error> {
    struct AnyNotation;
    impl Visitor<'_> for AnyNotation {
        type Value = Option<i128>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number")
        }
        fn visit_unit<E: Error>(self) -> Result<Option<i128>, E> {
            Ok(None)
        }
        fn visit_u64<E: Error>(self, number: u64) -> Result<Option<i128>, E> {
            Ok(Some(i128::from(number)))
        }
        fn visit_i64<E: Error>(self, number: i64) -> Result<Option<i128>, E> {
            Ok(Some(i128::from(number)))
        }
        fn visit_f64<E: Error>(self, number: f64) -> Result<Option<i128>, E> {
            // Beyond the largest counter it is refused below; a fraction is no count.
            if number.fract() == 0.0 { Ok(Some(number as i128)) } else { Err(E::custom("not a whole number")) }
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Option<i128>, E> {
            let text = text.trim();
            match text.parse::<i128>() {
                Ok(number) => Ok(Some(number)),
                Err(_) => match text.parse::<f64>() {
                    Ok(number) if number.is_finite() => self.visit_f64(number),
                    _ => Err(E::custom("not a number")),
                },
            }
        }
    }
    let number = deserializer.deserialize_any(AnyNotation)?;
    number.map(|number| T::try_from(number).map_err(|_| D::Error::custom("a number out of range"))).transpose()
}

impl<'a> RawFlow<'a> {
    /// Whether it has what every flow record has.
    pub fn is_complete(&self) -> bool {
        self.src.is_some() && self.dst.is_some() && self.num_connections.is_some() && self.policy_decision.is_some()
    }

    /// The source as sent.
    pub fn src(&self) -> Option<&'a str> {
        self.src.map(RawValue::get)
    }

    /// The destination as sent.
    pub fn dst(&self) -> Option<&'a str> {
        self.dst.map(RawValue::get)
    }

    /// What it says beside its ends.
    pub fn parts(&self) -> Parts<'_> {
        let service = self.service.as_ref();
        let range = self.timestamp_range.as_ref();
        Parts {
            port: service.and_then(|service| service.port),
            proto: service.and_then(|service| service.proto),
            process: service.map_or("", |service| text(&service.process_name)),
            service: service.map_or("", |service| text(&service.windows_service_name)),
            user: service.map_or("", |service| text(&service.user_name)),
            decision: text(&self.policy_decision),
            direction: text(&self.flow_direction),
            state: self.state.as_ref().map(Text::as_str),
            transmission: text(&self.transmission),
            network: self.network.as_ref().map_or("", |network| text(&network.name)),
            client_type: text(&self.client_type),
            connections: self.num_connections.unwrap_or(0),
            bytes_in: self.dst_bi,
            bytes_out: self.dst_bo,
            icmp_type: self.icmp_type,
            icmp_code: self.icmp_code,
            first: range.and_then(|range| time(&range.first_detected)),
            last: range.and_then(|range| time(&range.last_detected)),
        }
    }
}

/// What a record says, as it says it; an absent text is empty where an empty one means the same.
pub struct Parts<'a> {
    pub port: Option<u16>,
    pub proto: Option<i16>,
    pub process: &'a str,
    pub service: &'a str,
    pub user: &'a str,
    pub decision: &'a str,
    pub direction: &'a str,
    pub state: Option<&'a str>,
    pub transmission: &'a str,
    pub network: &'a str,
    pub client_type: &'a str,
    pub connections: u64,
    pub bytes_in: Option<u64>,
    pub bytes_out: Option<u64>,
    pub icmp_type: Option<u8>,
    pub icmp_code: Option<u8>,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

/// What the parts of a record mean.
pub fn flow_of<E>(parts: Parts<'_>, src: E, dst: E) -> FlowOf<E, &str> {
    let proto = parts.proto.filter(|proto| *proto >= 0);
    let is_icmp = matches!(proto, Some(1 | 58));
    let has_ports = proto.is_none_or(|proto| WITH_PORTS.contains(&proto));
    let port = parts.port.filter(|port| *port != 0 || proto.is_some_and(|proto| WITH_PORTS.contains(&proto)));
    let decision = Decision::parse(parts.decision);
    let direction = Direction::parse(parts.direction);
    let not_told = [
        (NotTold::PORT, has_ports && port.is_none()),
        (NotTold::PROTO, proto.is_none()),
        (NotTold::DECISION, decision.is_none()),
        (NotTold::DIRECTION, direction.is_none()),
        (NotTold::STATE, parts.state.is_none()),
        (NotTold::NETWORK, parts.network.is_empty()),
        (NotTold::CLIENT_TYPE, parts.client_type.is_empty()),
        (NotTold::BYTES_IN, parts.bytes_in.is_none()),
        (NotTold::BYTES_OUT, parts.bytes_out.is_none()),
        (NotTold::REPORTER, parts.proto.is_none() && parts.port.is_none()),
    ];
    FlowOf {
        src,
        dst,
        port,
        proto: proto.unwrap_or(-1),
        process: parts.process,
        service: parts.service,
        user: parts.user,
        decision: decision.unwrap_or(Decision::Unknown),
        direction: direction.unwrap_or(Direction::Outbound),
        state: parts.state.unwrap_or(""),
        transmission: parts.transmission,
        network: parts.network,
        client_type: parts.client_type,
        connections: parts.connections,
        bytes_in: parts.bytes_in.unwrap_or(0),
        bytes_out: parts.bytes_out.unwrap_or(0),
        icmp: if is_icmp { u16::from_be_bytes([parts.icmp_type.unwrap_or(0), parts.icmp_code.unwrap_or(0)]) } else { 0 },
        first: parts.first,
        last: parts.last,
        own_not_told: not_told.into_iter().fold(NotTold::NOTHING, |all, (what, missing)| all.and(what.when(missing))),
    }
}

#[derive(Deserialize)]
struct RawEndpoint {
    #[serde(default)]
    ip: Option<String>,
    #[serde(default)]
    workload: Option<RawWorkload>,
    #[serde(default)]
    ip_lists: Option<Vec<RawNamed>>,
    #[serde(default)]
    fqdn: Option<String>,
    #[serde(default)]
    virtual_service: Option<RawNamed>,
    #[serde(default)]
    virtual_server: Option<RawNamed>,
}

#[derive(Deserialize)]
struct RawNamed {
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct RawWorkload {
    #[serde(default)]
    href: Option<String>,
    #[serde(default, deserialize_with = "told")]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "told")]
    hostname: Option<Option<String>>,
    #[serde(default)]
    labels: Option<Vec<RawLabel>>,
    #[serde(default)]
    managed: Option<bool>,
    #[serde(default)]
    enforcement_mode: Option<String>,
    #[serde(default)]
    os_type: Option<String>,
}

#[derive(Deserialize)]
struct RawLabel {
    #[serde(default)]
    href: Option<String>,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    value: Option<String>,
}

/// Tells `null` from absence.
fn told<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What an end says, as it says it.
#[derive(Default)]
pub(super) struct EndParts {
    pub ip: String,
    pub workload: Option<WorkloadParts>,
    /// `None`: a list without a name.
    pub ip_lists: Vec<Option<String>>,
    pub fqdn: String,
    /// `None`: a virtual service or server without a name.
    pub virtual_names: Vec<Option<String>>,
}

/// What it says of its workload.
#[derive(Default)]
pub(super) struct WorkloadParts {
    pub href: String,
    /// An empty name is one that the workload does not have; `None`: it is not told.
    pub name: Option<String>,
    pub hostname: Option<String>,
    pub labels: Option<Vec<LabelParts>>,
    pub managed: Option<bool>,
    pub enforcement: String,
    pub os: String,
}

/// What it says of a label: often all, on old PCEs only where it is.
#[derive(Default)]
pub(super) struct LabelParts {
    pub href: Option<String>,
    pub key: Option<String>,
    pub value: Option<String>,
}

/// What the parts of an end mean. `labels` finds a label of which only the address is told.
pub(super) fn endpoint_of(parts: EndParts, labels: &mut dyn FnMut(&str) -> Option<(String, String)>) -> Endpoint {
    let ip = parts.ip.parse().ok();
    // An end that says neither an address nor a workload says nothing.
    let says_nothing = parts.ip.is_empty() && parts.workload.is_none();
    let mut not_told = if says_nothing { NotTold::END } else { NotTold::IP.when(ip.is_none()) };
    not_told = not_told.and(NotTold::IP_LISTS.when(parts.ip_lists.contains(&None)));
    let no_virtual_name = parts.virtual_names.contains(&None);
    let workload = parts.workload.map(|parts| {
        let (workload, missing) = workload_of(parts, labels);
        not_told = not_told.and(missing);
        workload
    });
    Endpoint {
        ip,
        ip_text: parts.ip,
        workload,
        ip_lists: parts.ip_lists.into_iter().flatten().collect(),
        fqdn: parts.fqdn,
        virtual_names: parts.virtual_names.into_iter().flatten().filter(|name| !name.is_empty()).collect(),
        not_told: not_told.and(NotTold::NAME.when(no_virtual_name)),
    }
}

fn workload_of(parts: WorkloadParts, labels: &mut dyn FnMut(&str) -> Option<(String, String)>) -> (Workload, NotTold) {
    let mut some_missing = parts.labels.is_none();
    let mut known = Vec::new();
    for label in parts.labels.unwrap_or_default() {
        match (label.key, label.value) {
            (Some(key), Some(value)) if !key.is_empty() && !value.is_empty() => known.push((key, value)),
            _ => match label.href.and_then(|href| labels(&href)) {
                Some(label) => known.push(label),
                None => some_missing = true,
            },
        }
    }
    let not_told = [
        (NotTold::NAME, parts.name.is_none() || parts.hostname.is_none()),
        (NotTold::LABELS, some_missing),
        (NotTold::MANAGED, parts.managed.is_none()),
        (NotTold::ENFORCEMENT, parts.enforcement.is_empty()),
        (NotTold::OS, parts.os.is_empty()),
    ];
    let workload = Workload {
        href: parts.href,
        name: parts.name.unwrap_or_default(),
        hostname: parts.hostname.unwrap_or_default(),
        labels: known,
        managed: parts.managed,
        enforcement: parts.enforcement,
        os: parts.os,
    };
    (workload, not_told.into_iter().fold(NotTold::NOTHING, |all, (what, missing)| all.and(what.when(missing))))
}

/// Reads one end of a flow.
pub(super) fn endpoint(raw: &str, labels: &mut dyn FnMut(&str) -> Option<(String, String)>) -> Result<Endpoint, serde_json::Error> {
    let raw: RawEndpoint = serde_json::from_str(raw)?;
    let workload = raw.workload.map(|workload| WorkloadParts {
        href: workload.href.unwrap_or_default(),
        name: workload.name.map(Option::unwrap_or_default),
        hostname: workload.hostname.map(Option::unwrap_or_default),
        labels: workload
            .labels
            .map(|labels| labels.into_iter().map(|label| LabelParts { href: label.href, key: label.key, value: label.value }).collect()),
        managed: workload.managed,
        enforcement: workload.enforcement_mode.unwrap_or_default(),
        os: workload.os_type.unwrap_or_default(),
    });
    let parts = EndParts {
        ip: raw.ip.unwrap_or_default(),
        workload,
        ip_lists: raw.ip_lists.unwrap_or_default().into_iter().map(|list| list.name).collect(),
        fqdn: raw.fqdn.unwrap_or_default(),
        virtual_names: raw.virtual_service.into_iter().chain(raw.virtual_server).map(|named| named.name).collect(),
    };
    Ok(endpoint_of(parts, labels))
}
