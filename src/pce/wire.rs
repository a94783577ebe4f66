//! Field names of a flow record as the PCE sends them, and what they become.
//!
//! Unknown keys and words are kept out of the way, `null` is absence; a value of the wrong type
//! makes the record unreadable, which is counted and said.

use crate::domain::record::{Decision, Direction, Endpoint, Flow, Interned, Workload};
use crate::domain::time::parse_pce_time;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

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
    num_connections: Option<u64>,
    #[serde(borrow, default)]
    policy_decision: Option<Text<'a>>,
    #[serde(borrow, default)]
    timestamp_range: Option<RawRange<'a>>,
    #[serde(borrow, default)]
    state: Option<Text<'a>>,
    #[serde(borrow, default)]
    flow_direction: Option<Text<'a>>,
    #[serde(default)]
    dst_bi: Option<u64>,
    #[serde(default)]
    dst_bo: Option<u64>,
    #[serde(borrow, default)]
    network: Option<RawNetwork<'a>>,
    #[serde(borrow, default)]
    client_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    transmission: Option<Text<'a>>,
    #[serde(default)]
    icmp_type: Option<u8>,
    #[serde(default)]
    icmp_code: Option<u8>,
}

#[derive(Debug, Deserialize)]
struct RawService<'a> {
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
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

    /// The record in the program's own terms.
    pub fn flow(&self, src: Rc<Interned>, dst: Rc<Interned>) -> Flow<'_> {
        let service = self.service.as_ref();
        let range = self.timestamp_range.as_ref();
        let parts = Parts {
            port: service.and_then(|service| service.port),
            proto: service.and_then(|service| service.proto),
            process: service.map_or("", |service| text(&service.process_name)),
            service: service.map_or("", |service| text(&service.windows_service_name)),
            user: service.map_or("", |service| text(&service.user_name)),
            decision: text(&self.policy_decision),
            direction: text(&self.flow_direction),
            state: text(&self.state),
            transmission: text(&self.transmission),
            network: self.network.as_ref().map_or("", |network| text(&network.name)),
            client_type: text(&self.client_type),
            connections: self.num_connections.unwrap_or(0),
            bytes_in: self.dst_bi.unwrap_or(0),
            bytes_out: self.dst_bo.unwrap_or(0),
            icmp_type: self.icmp_type,
            icmp_code: self.icmp_code,
            first: range.and_then(|range| time(&range.first_detected)),
            last: range.and_then(|range| time(&range.last_detected)),
        };
        flow_of(parts, src, dst)
    }
}

/// What a record says, as it says it; an absent text is empty.
pub struct Parts<'a> {
    pub port: Option<u16>,
    pub proto: Option<i16>,
    pub process: &'a str,
    pub service: &'a str,
    pub user: &'a str,
    pub decision: &'a str,
    pub direction: &'a str,
    pub state: &'a str,
    pub transmission: &'a str,
    pub network: &'a str,
    pub client_type: &'a str,
    pub connections: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub icmp_type: Option<u8>,
    pub icmp_code: Option<u8>,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

/// What the parts of a record mean.
pub fn flow_of<'a>(parts: Parts<'a>, src: Rc<Interned>, dst: Rc<Interned>) -> Flow<'a> {
    let proto = parts.proto.unwrap_or(-1);
    let is_icmp = matches!(proto, 1 | 58);
    Flow {
        src,
        dst,
        port: parts.port.filter(|port| *port != 0 || matches!(proto, 6 | 17 | 132)),
        proto,
        process: parts.process,
        service: parts.service,
        user: parts.user,
        decision: Decision::parse(parts.decision).unwrap_or(Decision::Unknown),
        direction: if parts.direction == "inbound" { Direction::Inbound } else { Direction::Outbound },
        state: parts.state,
        transmission: parts.transmission,
        network: parts.network,
        client_type: parts.client_type,
        connections: parts.connections,
        bytes_in: parts.bytes_in,
        bytes_out: parts.bytes_out,
        icmp: if is_icmp { u16::from_be_bytes([parts.icmp_type.unwrap_or(0), parts.icmp_code.unwrap_or(0)]) } else { 0 },
        first: parts.first,
        last: parts.last,
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
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    hostname: Option<String>,
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
    key: Option<String>,
    #[serde(default)]
    value: Option<String>,
}

/// Reads one end of a flow.
pub fn endpoint(raw: &str) -> Result<Endpoint, serde_json::Error> {
    let raw: RawEndpoint = serde_json::from_str(raw)?;
    let ip_text = raw.ip.unwrap_or_default();
    Ok(Endpoint {
        ip: ip_text.parse().ok(),
        ip_text,
        workload: raw.workload.map(|workload| Workload {
            href: workload.href.unwrap_or_default(),
            name: workload.name.unwrap_or_default(),
            hostname: workload.hostname.unwrap_or_default(),
            labels: workload.labels.unwrap_or_default().into_iter().filter_map(|label| Some((label.key?, label.value?))).collect(),
            managed: workload.managed,
            enforcement: workload.enforcement_mode.unwrap_or_default(),
            os: workload.os_type.unwrap_or_default(),
        }),
        ip_lists: raw.ip_lists.unwrap_or_default().into_iter().filter_map(|list| list.name).collect(),
        fqdn: raw.fqdn.unwrap_or_default(),
    })
}
